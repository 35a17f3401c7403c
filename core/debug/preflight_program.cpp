#include "core/debug/preflight_program.hpp"

#include "core/debug/diagnose.hpp"
#include "core/debug/program_facts.hpp"
#include "core/runtime/plan.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace rnnscope::debug {

namespace {

/// A copy that only serves the preflight stops here: some 10,000 time steps of a recurrent layer.
constexpr std::uint64_t max_ticks = 2'000'000;

} // namespace

PreflightJob::PreflightJob(const Evaluation& evaluation) : original_(evaluation) {
    report_.is_complete = !evaluation.was_opened() || evaluation.is_finished();
    // What a program reads after it went on without a value tells nothing of the one that stops there; but the program
    // of a recording is not run.
    if (!evaluation.was_opened() && (!evaluation.evaluator().done() || evaluation.poisons()))
        copy_ = std::make_unique<Evaluation>(evaluation.document_ptr());
}

PreflightJob::~PreflightJob() = default;

bool PreflightJob::pump(std::chrono::steady_clock::time_point deadline) {
    constexpr int pieces_per_look = 16;
    const auto is_time = [&] { return std::chrono::steady_clock::now() >= deadline; };
    for (int piece = 1; copy_ && !copy_->evaluator().done() && report_.is_complete; ++piece) {
        const std::uint64_t before = copy_->recording().end().ticks;
        copy_->advance(pace_.most());
        const std::uint64_t after = copy_->recording().end().ticks;
        if (after >= max_ticks) report_.is_complete = false;
        const bool was_long = after - before > pieces_per_look;
        const bool over = (was_long || piece % pieces_per_look == 0) && is_time();
        if (was_long) pace_.learn(!over);
        if (over) return false;
    }
    const auto runs = looked_at().recording().runs();
    while (next_run_ < runs.size()) {
        look_at_run(runs[next_run_++]);
        if (is_time()) return false;
    }
    report_.warnings = find_warnings(looked_at());
    std::ranges::move(order_warnings_, std::back_inserter(report_.warnings));
    return true;
}

void PreflightJob::look_at_run(const record::RecordedRun& run) {
    const Evaluation& evaluation = looked_at();
    const record::Recording& recording = evaluation.recording();
    const Graph& graph = evaluation.evaluator().graph(run.info.graph);
    const Result<runtime::Plan> plan = runtime::make_plan(graph, run.info.request);
    if (!plan) return; // the run fails before anything is read
    const std::function<bool(const Variable&)> has_value = [&](const Variable& variable) {
        const std::string storage = record::storage_name(graph, variable);
        return static_cast<bool>(recording.value_at(run.info.session, storage, {run.first_tick}));
    };
    const auto reads = preflight(graph, run.info.request, *plan, has_value);
    const std::vector<std::string> causes = causes_of_reads(evaluation, run, reads);
    const StatementId statement = recording.step(run.info.step).step.statement;
    for (std::size_t i = 0; i < reads.size(); ++i)
        report_.reads.push_back({reads[i], run.info.id, statement, causes[i]});
    warn_of_orders(graph, explore_orders(graph, run.info.request, *plan, has_value), reads, statement);
}

/// Reads that work only because of the order that was taken.
void PreflightJob::warn_of_orders(const Graph& graph, const OrderReport& orders,
                                  const std::vector<UninitializedRead>& too_early, StatementId statement) {
    for (const OrderedRead& read : orders.reads) {
        const bool fails_here = std::ranges::any_of(too_early, [&](const UninitializedRead& other) {
            return other.op == read.op && other.variable_name == read.variable_name;
        });
        const bool is_luck = read.verdict == OrderedRead::Verdict::sometimes && read.fails.is_sure() && !fails_here;
        if (!is_luck || !warned_.emplace(statement, read.op, read.variable_name).second) continue;
        std::vector<std::string> writes;
        for (const NodeId write : read.writes) writes.push_back(graph.node(write).name);
        order_warnings_.push_back({"order-dependent",
                                   fmt::format("{} reads {} in the run that sets it, and nothing makes it wait for "
                                               "{}: it works in the order of rnnscope and fails in others.",
                                               read.op, read.variable_name, joined(writes)),
                                   statement,
                                   {read.variable_name}});
    }
}

} // namespace rnnscope::debug
