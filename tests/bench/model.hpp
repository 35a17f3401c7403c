#pragma once

#include "core/program/document.hpp"
#include "core/program/evaluator.hpp"
#include "core/record/recording.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

/// Recurrent models as benchmarks run them: Session.run of tf.nn.dynamic_rnn over stacked cells, on the graph that
/// TensorFlow 1.15 builds, while loop included.
namespace rnnscope::bench {

struct Case {
    const char* name;
    const char* cell;
    int inputs, hidden, layers, batch, steps;
};
inline constexpr Case cases[] = {
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

/// The gradients of the sum of the squared outputs, as tensors "gradient:0", "gradient_1:0", ...
inline constexpr const char* training_text = R"(
        {"let": "loss", "call": "reduce_sum", "args": [{"call": "square", "args": ["$outputs"]}]},
        {"for": "gradient", "in": {"call": "gradients", "args": ["$loss", {"call": "trainable_variables"}]}, "body": [
            {"call": "identity", "args": ["$gradient"], "kwargs": {"name": "gradient"}}]},)";

/// The program: the model, its variables initialized and, with `runs`, one run of it. `trains`: with training_text.
inline std::string program_text(const Case& model, bool runs = false, bool trains = false) {
    const std::string run = !runs ? ""
                                  : fmt::format(R"(,
        {{"let": "values", "generate": "sin", "shape": [{}, {}, {}], "step": 0.1}},
        {{"call": "$session.run", "args": ["$outputs"], "kwargs": {{"feed_dict": {{"$x": "$values"}}}}}})",
                                                model.batch, model.steps, model.inputs);
    return fmt::format(
        R"({{"format": "rnnscope/1", "title": "bench", "tensorflow": "1.15", "graph_seed": 42, "program": [
        {{"let": "x", "call": "placeholder", "args": ["$tf.float32", [null, null, {}]], "kwargs": {{"name": "x"}}}},
        {{"let": "cells", "value": []}},
        {{"for": "_", "in": {{"range": [{}]}}, "body": [
            {{"let": "cell", "call": "nn.rnn_cell.{}", "args": [{}]}},
            {{"call": "$cells.append", "args": ["$cell"]}}]}},
        {{"let": "stacked", "call": "nn.rnn_cell.MultiRNNCell", "args": ["$cells"]}},
        {{"let": ["outputs", "state"], "call": "nn.dynamic_rnn", "args": ["$stacked", "$x"],
          "kwargs": {{"dtype": "$tf.float32"}}}},{}
        {{"let": "init", "call": "global_variables_initializer"}},
        {{"let": "session", "call": "Session"}},
        {{"call": "$session.run", "args": ["$init"]}}{}]}})",
        model.inputs, model.layers, model.cell, model.hidden, trains ? training_text : "", run);
}

struct Silent : program::EvaluationObserver {
    void on_event(const runtime::Event&) override {}
    runtime::Keep keep() const override { return {runtime::Keep::What::nothing, 1}; }
};

/// The model, initialized, and what its benchmarks run: all outputs, or the gradients of all variables.
class Model {
  public:
    explicit Model(const Case& model, bool trains = false) {
        const auto document = program::Document::read(program_text(model, false, trains), "bench.json", "");
        if (const auto* problems = std::get_if<Diagnostics>(&document)) {
            std::fprintf(stderr, "%s\n", to_text(*problems).c_str());
            std::exit(1);
        }
        evaluator_ = std::make_unique<program::Evaluator>(std::get<0>(document)->program_ptr());
        Silent silent;
        evaluator_->finish(silent);
        const Graph& graph = evaluator_->graph(GraphId(0));
        if (!trains) request_.fetches = {*graph.find_tensor("rnn/transpose_1:0")};
        for (std::size_t i = 0; trains && i < graph.variables().size(); ++i)
            request_.fetches.push_back(
                *graph.find_tensor(i == 0 ? std::string("gradient:0") : fmt::format("gradient_{}:0", i)));
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

/// Runs the model once, all of it heard by the recording.
inline void record(Model& model, record::Recording& recording) {
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
}

} // namespace rnnscope::bench
