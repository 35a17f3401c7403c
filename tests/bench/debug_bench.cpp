#include "core/base/process_memory.hpp"
#include "core/debug/movement.hpp"
#include "tests/bench/clock.hpp"
#include "tests/bench/model.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <string_view>

/// Looking at recordings of long runs, and what breakpoints cost that are not hit. Prints one line for each question;
/// times are CPU time of this thread, except those of single looks, which are too short for its clock.
namespace rnnscope {
namespace {

using bench::Case;
using bench::cpu_seconds;
using bench::Model;
using Clock = std::chrono::steady_clock;

template <class Work> double median_ms(int repetitions, Work&& work) {
    std::vector<double> times;
    for (int i = 0; i < repetitions; ++i) {
        const double begin = cpu_seconds();
        work();
        times.push_back((cpu_seconds() - begin) * 1e3);
    }
    std::ranges::nth_element(times, times.begin() + repetitions / 2);
    return times[static_cast<std::size_t>(repetitions / 2)];
}

/// The blocks that a run gives an observer that wants so much kept.
class Kept : public record::Recording {
  public:
    Kept(const program::Evaluator& evaluator, runtime::Keep keep) : Recording(evaluator), keep_(keep) {}
    runtime::Keep keep() const override { return keep_; }

  private:
    runtime::Keep keep_;
};

/// Looks at an output of events anywhere in the run.
void seeks(const char* what, const record::Recording& recording) {
    std::mt19937 random(1);
    const auto events = static_cast<std::uint32_t>(recording.event_count(RunId(0)));
    std::vector<double> times;
    for (int i = 0; i < 20'000; ++i) {
        const std::uint32_t event = std::uniform_int_distribution<std::uint32_t>(0, events - 1)(random);
        const auto begin = Clock::now();
        const Tensor value = recording.output(RunId(0), event, 0);
        times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
    }
    std::ranges::sort(times);
    std::size_t of_loops = 0; // the rest: weights, feeds, results, which a run has anyway
    for (const record::EventPiece& piece : recording.pieces(RunId(0)))
        if (piece.block != nullptr) of_loops += piece.block->bytes();
    std::printf("%-44s p50 %8.2f us, p99 %8.2f us, longest %8.1f us; %.2f MiB of %.1f\n", what, times[times.size() / 2],
                times[times.size() * 99 / 100], times.back(), static_cast<double>(of_loops) / 0x1p20,
                static_cast<double>(recording.bytes()) / 0x1p20);
}

Case with(Case model, int hidden, int steps) {
    model.hidden = hidden;
    model.steps = steps;
    return model;
}

const Case& case_of(std::string_view name) {
    return *std::ranges::find_if(bench::cases, [&](const Case& model) { return model.name == name; });
}

NodeId find(const Graph& graph, std::string_view end) {
    for (const Node& node : graph.nodes())
        if (node.name.ends_with(end)) return node.id;
    std::fprintf(stderr, "the graph has no %s\n", std::string(end).c_str());
    std::exit(1);
}

void look_at_all() {
    Model model(case_of("x1"));
    record::Recording recording(model.evaluator());
    bench::record(model, recording);
    seeks("seek, 10000 steps, hidden 64, all kept", recording);
    const Graph& graph = model.evaluator().graph(GraphId(0));
    const NodeId node = find(graph, "/Tanh");
    std::size_t found = 0, blocks = 0;
    const double unit = median_ms(21, [&] { found = recording.elements(RunId(0), {node, 0}, 17).size(); });
    std::printf("%-44s %.3f ms (%zu values)\n", "one unit of one op over all steps", unit, found);
    const double scan = median_ms(21, [&] {
        blocks = 0;
        for (const record::EventPiece& piece : recording.pieces(RunId(0)))
            if (piece.block != nullptr) blocks += piece.block->next_unfinite(0, {}) == piece.block->events();
    });
    std::printf("%-44s %.2f ms (none in %zu blocks)\n", "NaN in any value of the recording", scan, blocks);
}

void look_at_states(int hidden) {
    Model model(with(case_of("x1"), hidden, 10'000));
    Kept recording(model.evaluator(), {runtime::Keep::What::states, 1});
    bench::record(model, recording);
    seeks(fmt::format("seek, 10000 steps, hidden {}, states kept", hidden).c_str(), recording);
}

void look_within_budget() {
    Model model(with(case_of("x1"), 64, 100'000));
    record::Recording recording(model.evaluator());
    recording.set_budget(std::size_t{64} << 20);
    bench::record(model, recording);
    seeks("seek, 100000 steps, hidden 64, budget 64 MiB", recording);
}

debug::Breakpoint breakpoint(debug::Breakpoint::Kind kind, std::string name, std::string_view condition = {}) {
    debug::Breakpoint made;
    made.kind = kind;
    made.name = std::move(name);
    if (!condition.empty()) made.condition = *debug::parse_condition(condition);
    return made;
}

/// CPU time of continuing through the run of a program, with the breakpoints.
double continue_ms(const std::shared_ptr<const program::Document>& document,
                   const std::vector<debug::Breakpoint>& breakpoints) {
    debug::Evaluation evaluation(document);
    debug::Position position;
    debug::StopReason reason = debug::StopReason::none;
    const auto drive = [&](debug::Movement movement) {
        while (!movement.pump(evaluation, breakpoints, position, reason, Clock::time_point::max())) {
        }
    };
    while (evaluation.recording().runs().size() < 2)
        drive(debug::Movement::by(evaluation, position, debug::Granularity::statement_into, true));
    const double begin = cpu_seconds();
    drive(debug::Movement::run_on(evaluation, position, true));
    return (cpu_seconds() - begin) * 1e3;
}

void breakpoints_not_hit(const char* name) {
    using Kind = debug::Breakpoint::Kind;
    const auto document = std::get<0>(program::Document::read(program_text(case_of(name), true), "bench.json", ""));
    Model model(case_of(name));
    const Graph& graph = model.evaluator().graph(GraphId(0));
    const std::vector<debug::Breakpoint> none,
        three{breakpoint(Kind::op, "gradients/never"),
              breakpoint(Kind::op, graph.node(find(graph, "/Tanh")).name, "nan"),
              breakpoint(Kind::variable, "rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel")},
        everywhere{breakpoint(Kind::scope, "", "bad")};
    std::vector<double> times[3];
    for (int i = 0; i < 51; ++i) {
        times[0].push_back(continue_ms(document, none));
        times[1].push_back(continue_ms(document, three));
        times[2].push_back(continue_ms(document, everywhere));
    }
    double median[3];
    for (int i = 0; i < 3; ++i) {
        std::ranges::sort(times[i]);
        median[i] = times[i][times[i].size() / 2];
    }
    std::printf("%-44s %.2f ms without, %.2f with 3, %.2f looking at every value; %.2f, %.2f\n",
                fmt::format("{}: breakpoints that are not hit", name).c_str(), median[0], median[1], median[2],
                median[1] / median[0], median[2] / median[0]);
}

} // namespace
} // namespace rnnscope

int main(int argc, char** argv) {
    using namespace rnnscope;
    keep_freed_memory(); // as the program does
    if (argc > 1) {      // CASE...: only what breakpoints cost
        for (int i = 1; i < argc; ++i) breakpoints_not_hit(argv[i]);
        return 0;
    }
    look_at_all();
    for (const int hidden : {64, 256, 1024}) look_at_states(hidden);
    look_within_budget();
    for (const char* name : {"s1", "m1", "x1"}) breakpoints_not_hit(name);
    return 0;
}
