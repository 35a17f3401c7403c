// Gradients of whole graphs: the slope of the loss along a direction in each variable's space, by gradients and by
// differences, in float64.

#include "core/debug/evaluation.hpp"
#include "tests/core/debug/command_test.hpp"

#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rnnscope::debug {
namespace {

struct Network {
    const char* name;
    const char* build;     ///< statements that give "out" and "state", from "x" [batch, 4, 2] and "n" [batch]
    std::size_t variables; ///< that it trains
};

constexpr Network networks[] = {
    {"gru", R"({"let": "cell", "call": "nn.rnn_cell.GRUCell", "args": [3]},
       {"let": ["out", "state"], "call": "nn.dynamic_rnn", "args": ["$cell", "$x"], "kwargs": {"dtype": "$tf.float64"}})",
     4},
    {"gru_with_lengths", R"({"let": "cell", "call": "nn.rnn_cell.GRUCell", "args": [3]},
       {"let": ["out", "state"], "call": "nn.dynamic_rnn", "args": ["$cell", "$x"],
        "kwargs": {"dtype": "$tf.float64", "sequence_length": "$n"}})",
     4},
    {"two_layers", R"({"let": "cell", "call": "nn.rnn_cell.MultiRNNCell", "args": [[
         {"call": "nn.rnn_cell.GRUCell", "args": [3]}, {"call": "nn.rnn_cell.BasicRNNCell", "args": [2]}]]},
       {"let": ["out", "state"], "call": "nn.dynamic_rnn", "args": ["$cell", "$x"], "kwargs": {"dtype": "$tf.float64"}})",
     6},
    {"lstm", R"({"let": "cell", "call": "nn.rnn_cell.LSTMCell", "args": [3]},
       {"let": ["out", "state"], "call": "nn.dynamic_rnn", "args": ["$cell", "$x"], "kwargs": {"dtype": "$tf.float64"}})",
     2},
    {"bidirectional", R"({"let": ["outs", "state"], "call": "nn.bidirectional_dynamic_rnn", "args": [
         {"call": "nn.rnn_cell.GRUCell", "args": [3]}, {"call": "nn.rnn_cell.GRUCell", "args": [3]}, "$x"],
        "kwargs": {"dtype": "$tf.float64", "sequence_length": "$n"}},
       {"let": "out", "call": "concat", "args": ["$outs", 2]})",
     8},
    {"projections", R"({"let": "cell", "call": "contrib.rnn.OutputProjectionWrapper", "args": [
         {"call": "contrib.rnn.InputProjectionWrapper", "args": [{"call": "nn.rnn_cell.GRUCell", "args": [3]}, 5, "$tf.nn.tanh"]},
         2]},
       {"let": ["out", "state"], "call": "nn.dynamic_rnn", "args": ["$cell", "$x"], "kwargs": {"dtype": "$tf.float64"}})",
     8},
    {"static_bidirectional", R"({"let": "steps", "call": "unstack", "args": ["$x"], "kwargs": {"axis": 1}},
       {"let": ["outs", "fw", "bw"], "call": "nn.static_bidirectional_rnn", "args": [
         {"call": "nn.rnn_cell.GRUCell", "args": [3]}, {"call": "nn.rnn_cell.GRUCell", "args": [3]}, "$steps"],
        "kwargs": {"dtype": "$tf.float64", "sequence_length": "$n"}},
       {"let": "out", "call": "concat", "args": ["$outs", 1]})",
     8},
    {"by_hand", R"({"let": "w", "call": "get_variable", "args": ["w", [2, 2]], "kwargs": {"dtype": "$tf.float64"}},
       {"def": "goes_on", "params": ["t", "h"], "body": [{"return": {"<": ["$t", 3]}}]},
       {"def": "step", "params": ["t", "h"], "body": [
         {"return": [{"+": ["$t", 1]}, {"call": "tanh", "args": [{"call": "matmul", "args": ["$h", "$w"]}]}]}]},
       {"let": "h0", "index": "$x", "at": [{"slice": [null, null, null]}, 0]},
       {"let": ["t", "out"], "call": "while_loop", "args": ["$goes_on", "$step", [0, "$h0"]]})",
     1},
    {"cond",
     R"({"let": "w", "call": "get_variable", "args": ["w", [2, 2]], "kwargs": {"dtype": "$tf.float64"}},
       {"let": "h0", "index": "$x", "at": [{"slice": [null, null, null]}, 0]},
       {"def": "yes", "params": [], "body": [{"return": {"call": "tanh", "args": [{"call": "matmul", "args": ["$h0", "$w"]}]}}]},
       {"def": "no", "params": [], "body": [{"return": {"call": "square", "args": ["$h0"]}}]},
       {"let": "out", "call": "cond", "args": [{">": [{"call": "reduce_sum", "args": ["$x"]}, 0.0]}, "$yes", "$no"]})",
     1},
    {"loop_in_loop",
     R"({"let": "w", "call": "get_variable", "args": ["w", [2, 2]], "kwargs": {"dtype": "$tf.float64"}},
       {"def": "goes_on", "params": ["t", "h"], "body": [{"return": {"<": ["$t", 2]}}]},
       {"def": "inner", "params": ["t", "h"], "body": [
         {"return": [{"+": ["$t", 1]}, {"call": "tanh", "args": [{"call": "matmul", "args": ["$h", "$w"]}]}]}]},
       {"def": "outer", "params": ["t", "h"], "body": [
         {"let": ["k", "g"], "call": "while_loop", "args": ["$goes_on", "$inner", [0, "$h"]]},
         {"return": [{"+": ["$t", 1]}, {"call": "multiply", "args": ["$g", 1.5]}]}]},
       {"let": "h0", "index": "$x", "at": [{"slice": [null, null, null]}, 0]},
       {"let": ["t", "out"], "call": "while_loop", "args": ["$goes_on", "$outer", [0, "$h0"]]})",
     1},
    {"dense",
     R"({"let": "wide", "call": "layers.dense", "args": ["$x", 3], "kwargs": {"activation": "$tf.nn.softplus"}},
       {"let": "out", "call": "layers.dense", "args": ["$wide", 2], "kwargs": {"activation": "$tf.nn.elu"}})",
     4},
    {"resource", R"({"with": {"call": "variable_scope", "args": ["r"], "kwargs": {"use_resource": true}}, "body": [
         {"let": "h0", "index": "$x", "at": [{"slice": [null, null, null]}, 0]},
         {"let": "out", "call": "layers.dense", "args": ["$h0", 3], "kwargs": {"activation": "$tf.nn.tanh"}}]})",
     2},
    {"embedding_in_parts",
     R"({"let": "a", "call": "get_variable", "args": ["a", [3, 2]], "kwargs": {"dtype": "$tf.float64"}},
       {"let": "b", "call": "get_variable", "args": ["b", [2, 2]], "kwargs": {"dtype": "$tf.float64"}},
       {"let": "out", "call": "nn.embedding_lookup", "args": [[{"*": ["$a", 1.5]}, {"*": ["$b", 0.5]}],
         [[0, 1, 4], [3, 2, 0]]], "kwargs": {"partition_strategy": "div"}})",
     2},
};

class TrainingTest : public tests::CommandTest, public ::testing::WithParamInterface<Network> {
  protected:
    /// What run `number` (from 1) fetched.
    double fetched(std::size_t number, std::size_t result = 0) const {
        const auto& results = debugger_.recording().run(RunId(number - 1)).outcome.results;
        return result < results.size() ? results[result].number(0) : std::nan("");
    }
};

std::string program(const Network& network, const char* batch) {
    std::string text = fmt::format(R"({{"format": "rnnscope/1", "graph_seed": 7, "program": [
       {{"let": "x", "call": "placeholder", "args": ["$tf.float64", [{0}, 4, 2]], "kwargs": {{"name": "x"}}}},
       {{"let": "n", "call": "constant", "args": [[4, 2]]}},
       {{"let": "h", "call": "placeholder", "args": ["$tf.float64", []], "kwargs": {{"name": "h"}}}},
       {1},
       {{"let": "loss", "call": "reduce_mean", "args": [{{"call": "square", "args": [{{"-": ["$out", 0.3]}}]}}]}},
       {{"let": "vars", "call": "trainable_variables"}},
       {{"let": "grads", "call": "gradients", "args": ["$loss", "$vars"]}})",
                                   batch, network.build);
    std::string slopes, runs;
    const std::string x = R"("$x": {"generate": "sin", "shape": [2, 4, 2], "step": 0.7})";
    for (std::size_t k = 0; k < network.variables; ++k) {
        text += fmt::format(R"(,
       {{"let": "v{0}", "index": "$vars", "at": [{0}]}},
       {{"let": "g{0}", "index": "$grads", "at": [{0}]}},
       {{"let": "along{0}", "call": "reshape", "args": [{{"call": "cos", "args": [
          {{"*": [{{"call": "cast", "args": [{{"call": "range", "args": [{{"call": "size", "args": ["$v{0}"]}}]}},
                                          "$tf.float64"]}}, 1.7]}}]}}, {{"call": "shape", "args": ["$v{0}"]}}]}},
       {{"let": "slope{0}", "call": "reduce_sum", "args": [{{"*": ["$g{0}", "$along{0}"]}}]}},
       {{"let": "move{0}", "call": "assign_add", "args": ["$v{0}", {{"*": ["$along{0}", "$h"]}}]}})",
                            k);
        slopes += fmt::format("{}\"$slope{}\"", k > 0 ? ", " : "", k);
        for (const char* by : {"1e-5", "-2e-5", "1e-5"})
            runs += fmt::format(R"(,
       {{"call": "$sess.run", "args": ["$move{}"], "kwargs": {{"feed_dict": {{"$h": {}}}}}}},
       {{"call": "$sess.run", "args": ["$loss"], "kwargs": {{"feed_dict": {{{}}}}}}})",
                                k, by, x);
    }
    return text + fmt::format(R"(,
       {{"let": "init", "call": "global_variables_initializer"}},
       {{"with": {{"call": "Session"}}, "as": "sess", "body": [
       {{"call": "$sess.run", "args": ["$init"]}},
       {{"call": "$sess.run", "args": [[{}]], "kwargs": {{"feed_dict": {{{}}}}}}}{}]}}]}})",
                              slopes, x, runs);
}

} // namespace

TEST_P(TrainingTest, GradientsAreSlopes) {
    for (const char* batch : {"2", "null"}) {
        SCOPED_TRACE(batch);
        open_text(program(GetParam(), batch));
        ASSERT_EQ(debugger_.stop_reason(), StopReason::finished) << run("print.problems");
        ASSERT_EQ(debugger_.graph()->variables().size(), GetParam().variables);
        for (std::size_t k = 0; k < GetParam().variables; ++k) {
            const std::size_t first = 3 + 6 * k; // moves and losses take turns: up, down, and back
            const double difference = (fetched(first + 1) - fetched(first + 3)) / 2e-5, slope = fetched(2, k);
            EXPECT_NEAR(slope, difference, 1e-8 * (1 + std::fabs(difference))) << "variable " << k;
            EXPECT_GT(std::fabs(slope), 1e-6) << "variable " << k << " reaches the loss";
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Networks, TrainingTest, ::testing::ValuesIn(networks),
                         [](const auto& network) { return std::string(network.param.name); });

} // namespace rnnscope::debug
