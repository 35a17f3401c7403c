#include "core/program/document.hpp"
#include "core/program/evaluator.hpp"
#include "core/record/recording.hpp"

#include <benchmark/benchmark.h>

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <vector>

/// Session.run of tf.nn.dynamic_rnn over stacked cells, on the graph that TensorFlow 1.15 builds, while loop included.
/// Names are CASE/MODE: `visits` one node at a time, `rounds` loops in rounds, nothing kept, `record` the same with
/// everything kept in a Recording.
namespace rnnscope {
namespace {

struct Case {
    const char* name;
    const char* cell;
    int inputs, hidden, layers, batch, steps;
};
constexpr Case cases[] = {
    {"s1", "GRUCell", 10, 64, 2, 1, 100},
    {"s32", "GRUCell", 10, 64, 2, 32, 100},
    {"m1", "GRUCell", 10, 256, 2, 1, 100},
    {"m32", "GRUCell", 10, 256, 2, 32, 100},
    {"l1", "GRUCell", 10, 1024, 2, 1, 50},
    {"l32", "GRUCell", 10, 1024, 2, 32, 50},
    {"x1", "GRUCell", 10, 64, 2, 1, 10000},
    {"h128x3", "GRUCell", 10, 128, 3, 1, 100},
    {"h512", "GRUCell", 10, 512, 2, 1, 100},
    {"lstm64", "BasicLSTMCell", 10, 64, 2, 1, 100},
    {"lstm256", "BasicLSTMCell", 10, 256, 2, 1, 100},
};

std::string program_text(const Case& model) {
    return fmt::format(
        R"({{"format": "rnnscope/1", "title": "bench", "tensorflow": "1.15", "graph_seed": 42, "program": [
        {{"let": "x", "call": "placeholder", "args": ["$tf.float32", [null, null, {}]], "kwargs": {{"name": "x"}}}},
        {{"let": "cells", "value": []}},
        {{"for": "_", "in": {{"range": [{}]}}, "body": [
            {{"let": "cell", "call": "nn.rnn_cell.{}", "args": [{}]}},
            {{"call": "$cells.append", "args": ["$cell"]}}]}},
        {{"let": "stacked", "call": "nn.rnn_cell.MultiRNNCell", "args": ["$cells"]}},
        {{"let": ["outputs", "state"], "call": "nn.dynamic_rnn", "args": ["$stacked", "$x"],
          "kwargs": {{"dtype": "$tf.float32"}}}},
        {{"let": "init", "call": "global_variables_initializer"}},
        {{"let": "session", "call": "Session"}},
        {{"call": "$session.run", "args": ["$init"]}}]}})",
        model.inputs, model.layers, model.cell, model.hidden);
}

struct Silent : program::EvaluationObserver {
    void on_event(const runtime::Event&) override {}
    runtime::Keep keep() const override { return {runtime::Keep::What::nothing, 1}; }
};

/// Keeps what went from round to round and forgets it with the run.
struct Lean : Silent {
    std::vector<std::shared_ptr<const runtime::EventBlock>> blocks;
    void on_block(std::shared_ptr<const runtime::EventBlock> block) override { blocks.push_back(std::move(block)); }
    runtime::Keep keep() const override { return {runtime::Keep::What::states, 1}; }
};

/// The model, initialized, and what its benchmarks run.
class Model {
  public:
    explicit Model(const Case& model) {
        const auto document = program::Document::read(program_text(model), "bench.json", "");
        if (const auto* problems = std::get_if<Diagnostics>(&document)) {
            std::fprintf(stderr, "%s\n", to_text(*problems).c_str());
            std::exit(1);
        }
        evaluator_ = std::make_unique<program::Evaluator>(std::get<0>(document)->program_ptr());
        Silent silent;
        evaluator_->finish(silent);
        const Graph& graph = evaluator_->graph(GraphId(0));
        request_.fetches = {*graph.find_tensor("rnn/transpose_1:0")};
        std::vector<float> values;
        for (int i = 0; i < model.batch * model.steps * model.inputs; ++i)
            values.push_back(std::sin(0.1F * static_cast<float>(i)));
        request_.feeds.push_back({*graph.find_tensor("x:0"),
                                  Tensor::of<float>({model.batch, model.steps, model.inputs}, std::move(values))});
    }
    runtime::Session& session() { return evaluator_->session(SessionId(0)); }
    const program::Evaluator& evaluator() const { return *evaluator_; }
    const runtime::RunRequest& request() const { return request_; }

  private:
    std::unique_ptr<program::Evaluator> evaluator_;
    runtime::RunRequest request_;
};

void visits(benchmark::State& state, const Case& wanted) {
    Model model(wanted);
    Silent silent;
    for (auto _ : state) {
        const auto run = model.session().start(model.request());
        while (!(*run)->done()) (*run)->step(silent);
        benchmark::DoNotOptimize((*run)->results());
    }
}

void rounds(benchmark::State& state, const Case& wanted) {
    Model model(wanted);
    Silent silent;
    for (auto _ : state) {
        const auto run = model.session().start(model.request());
        (*run)->finish(silent);
        benchmark::DoNotOptimize((*run)->results());
    }
}

void lean(benchmark::State& state, const Case& wanted) {
    Model model(wanted);
    std::size_t bytes = 0;
    for (auto _ : state) {
        Lean kept;
        const auto run = model.session().start(model.request());
        (*run)->finish(kept);
        benchmark::DoNotOptimize((*run)->results());
        bytes = 0;
        for (const auto& block : kept.blocks) bytes += block->bytes();
    }
    state.counters["bytes"] = static_cast<double>(bytes);
}

/// One recording for each run: made and thrown away with it.
void recorded(benchmark::State& state, const Case& wanted) {
    Model model(wanted);
    std::size_t bytes = 0, events = 0;
    const auto once = [&] {
        record::Recording recording(model.evaluator());
        recording.on_session(SessionId(0), GraphId(0));
        recording.on_step({StepId(0), {}, StatementId(0), 0, 0});
        const auto run = model.session().start(model.request());
        program::RunInfo info;
        info.id = RunId(0);
        info.step = StepId(0);
        info.session = SessionId(0);
        info.graph = GraphId(0);
        recording.on_run(info);
        (*run)->finish(recording);
        recording.on_run_done(RunId(0), {});
        bytes = recording.bytes();
        events = recording.event_count(RunId(0));
    };
    once(); // touches the memory that later recordings use again
    for (auto _ : state) once();
    state.counters["bytes"] = static_cast<double>(bytes);
    state.counters["events"] = static_cast<double>(events);
}

} // namespace
} // namespace rnnscope

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    for (const rnnscope::Case& model : rnnscope::cases) {
        const std::string name = model.name;
        benchmark::RegisterBenchmark((name + "/visits").c_str(), rnnscope::visits, model)
            ->Unit(benchmark::kMicrosecond);
        benchmark::RegisterBenchmark((name + "/rounds").c_str(), rnnscope::rounds, model)
            ->Unit(benchmark::kMicrosecond);
        benchmark::RegisterBenchmark((name + "/lean").c_str(), rnnscope::lean, model)->Unit(benchmark::kMicrosecond);
        benchmark::RegisterBenchmark((name + "/record").c_str(), rnnscope::recorded, model)
            ->Unit(benchmark::kMicrosecond);
    }
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
