#include "core/debug/preflight_program.hpp"

#include "core/debug/diagnose.hpp"

namespace rnnscope::debug {

namespace {

/// A copy that only serves the preflight stops here: some 10,000 time steps of a recurrent layer.
constexpr std::uint64_t max_ticks = 2'000'000;

} // namespace

PreflightJob::PreflightJob(const Evaluation& evaluation) : original_(evaluation) {
    if (!evaluation.evaluator().done()) copy_ = std::make_unique<Evaluation>(evaluation.document_ptr());
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
    return true;
}

void PreflightJob::look_at_run(const record::RecordedRun& run) {
    const Evaluation& evaluation = looked_at();
    const record::Recording& recording = evaluation.recording();
    const Graph& graph = evaluation.evaluator().graph(run.info.graph);
    const auto reads = preflight(graph, run.info.request, [&](const Variable& variable) {
        const std::string storage = record::storage_name(graph, variable);
        return static_cast<bool>(recording.value_at(run.info.session, storage, {run.first_tick}));
    });
    const std::vector<std::string> causes = causes_of_reads(evaluation, run, reads);
    const StatementId statement = recording.step(run.info.step).step.statement;
    for (std::size_t i = 0; i < reads.size(); ++i)
        report_.reads.push_back({reads[i], run.info.id, statement, causes[i]});
}

} // namespace rnnscope::debug
