#include "core/import/graph_file.hpp"
#include "core/program/evaluator.hpp"
#include "core/program/graph_program.hpp"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>

/// From a file on disk to a graph that is ready to step, on one core. usage: bench_import FILE... [--benchmark_...]
namespace rnnscope {
namespace {

void read_file(benchmark::State& state, const std::string& path) {
    for (auto _ : state) {
        const LoadedGraph loaded = load_graph_file(path);
        if (std::holds_alternative<Diagnostics>(loaded)) return state.SkipWithError("cannot be read");
        benchmark::DoNotOptimize(loaded);
    }
}

/// The whole way that `rnnscope FILE` goes: read, checked, made a program, and the program's import evaluated.
void ready_to_step(benchmark::State& state, const std::string& path) {
    struct Silent : program::EvaluationObserver {
        void on_event(const runtime::Event&) override {}
    } silent;
    for (auto _ : state) {
        const auto opened = program::open_file(path);
        if (std::holds_alternative<Diagnostics>(opened)) return state.SkipWithError("cannot be opened");
        program::Evaluator evaluator(std::get<0>(opened)->program_ptr());
        evaluator.finish(silent);
        if (evaluator.error()) return state.SkipWithError("cannot be imported");
        state.counters["nodes"] = static_cast<double>(evaluator.graph(GraphId(0)).size());
    }
}

} // namespace
} // namespace rnnscope

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    for (int i = 1; i < argc; ++i) {
        const std::string path = argv[i];
        benchmark::RegisterBenchmark(("read/" + path).c_str(), rnnscope::read_file, path)
            ->Unit(benchmark::kMillisecond);
        benchmark::RegisterBenchmark(("ready/" + path).c_str(), rnnscope::ready_to_step, path)
            ->Unit(benchmark::kMillisecond);
    }
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
