#include "core/import/graph_file.hpp"
#include "core/program/evaluator.hpp"
#include "core/program/graph_program.hpp"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <filesystem>
#include <string>

/// From a file on disk to a graph that is ready to step, on one core. usage: bench_import FILE... [--benchmark_...]
namespace rnnscope {
namespace {

/// Nodes of the file, those of its functions included.
double nodes_of(const GraphFile& file) {
    std::size_t nodes = file.nodes.size();
    for (const FunctionData& function : file.functions) nodes += function.nodes.size();
    return static_cast<double>(nodes);
}

void read_file(benchmark::State& state, const std::string& path) {
    for (auto _ : state) {
        const LoadedGraph loaded = load_graph_file(path);
        if (std::holds_alternative<Diagnostics>(loaded)) return state.SkipWithError("cannot be read");
        benchmark::DoNotOptimize(loaded);
        state.counters["nodes"] = nodes_of(*std::get<std::shared_ptr<const GraphFile>>(loaded));
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
        state.counters["in the graph"] = static_cast<double>(evaluator.graph(GraphId(0)).size());
    }
}

} // namespace
} // namespace rnnscope

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (argc < 2) return std::fprintf(stderr, "usage: bench_import FILE... [--benchmark_...]\n"), 1;
    for (int i = 1; i < argc; ++i) {
        const std::string path = argv[i];
        if (std::error_code failure; !std::filesystem::exists(path, failure))
            return std::fprintf(stderr, "bench_import: %s is missing\n", argv[i]), 1;
        benchmark::RegisterBenchmark(("read/" + path).c_str(), rnnscope::read_file, path)
            ->Unit(benchmark::kMillisecond);
        benchmark::RegisterBenchmark(("ready/" + path).c_str(), rnnscope::ready_to_step, path)
            ->Unit(benchmark::kMillisecond);
    }
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
