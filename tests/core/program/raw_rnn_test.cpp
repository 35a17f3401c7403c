// tf.nn.raw_rnn as programs use it: its nodes in TensorFlow's order, what it computes, what it refuses.

#include "core/program/document.hpp"
#include "core/program/evaluator.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rnnscope::program {
namespace {

struct Quiet : EvaluationObserver {
    void on_event(const runtime::Event&) override {}
};

class RawRnn : public ::testing::Test {
  protected:
    void evaluate(const std::string& statements) {
        auto read = Document::read(R"({"format": "rnnscope/1", "graph_seed": 5, "program": [)" + statements + "]}",
                                   "test.json", ".");
        if (const auto* mistakes = std::get_if<Diagnostics>(&read)) FAIL() << to_text(*mistakes);
        document_ = std::get<std::shared_ptr<const Document>>(read);
        evaluator_ = std::make_unique<Evaluator>(document_->program_ptr());
        Quiet quiet;
        evaluator_->finish(quiet);
    }
    std::string error() const {
        return evaluator_->error() ? evaluator_->error()->error_class + ": " + evaluator_->error()->text : "";
    }
    tf1::Value value(std::string_view name) const {
        for (const auto& [key, value] : evaluator_->locals())
            if (key == name) return value;
        ADD_FAILURE() << "no name " << name;
        return {};
    }
    const Graph& graph() const { return evaluator_->graph(GraphId(0)); }

    /// Names of the nodes under "rnn/", without what a variable is made of.
    std::string nodes() const {
        std::string names;
        for (const Node& node : graph().nodes()) {
            if (!node.name.starts_with("rnn/") || node.name.starts_with("rnn/gru_cell/")) continue;
            names += node.name.substr(4) + "\n";
        }
        return names;
    }
    const Node& node(const std::string& name) const {
        const NodeId id = graph().find(name);
        EXPECT_TRUE(id.valid()) << name;
        return graph().node(id.valid() ? id : NodeId(0));
    }
    std::string inputs(const std::string& name) const {
        std::string text;
        for (const Output input : node(name).inputs)
            text += fmt::format("{}{}:{}", text.empty() ? "" : " ", graph().node(input.node).name, input.index);
        return text;
    }

    std::shared_ptr<const Document> document_;
    std::unique_ptr<Evaluator> evaluator_;
};

/// A loop that hears itself; "BATCH" is the batch size of its input.
constexpr const char* const hears_itself = R"(
    {"let": "x", "call": "placeholder", "args": ["$tf.float32", [BATCH, 3]], "kwargs": {"name": "x"}},
    {"let": "lengths", "call": "placeholder", "args": ["$tf.int32", [BATCH]], "kwargs": {"name": "lengths"}},
    {"let": "cell", "call": "nn.rnn_cell.GRUCell", "args": [3]},
    {"let": "zeros", "call": "zeros", "args": [[2, 3]]},
    {"def": "choose", "params": ["time", "output", "state", "loop_state"], "body": [
        {"let": "finished", "value": {">=": ["$time", "$lengths"]}},
        {"if": {"is": ["$output", null]}, "body": [
            {"return": {"tuple": ["$finished", "$x", "$zeros", null, null]}}]},
        {"return": {"tuple": ["$finished", "$output", "$state", "$output", null]}}]},
    {"let": ["emitted", "state", "last"], "call": "nn.raw_rnn", "args": ["$cell", "$choose"]})";

std::string with_batch(std::string_view batch) {
    std::string text = hears_itself;
    for (std::size_t at = text.find("BATCH"); at != std::string::npos; at = text.find("BATCH"))
        text.replace(at, 5, batch);
    return text;
}

constexpr const char* const loop_nodes = R"(while/Enter
while/Enter_1
while/Enter_2
while/Enter_3
while/Enter_4
while/Enter_5
while/Merge
while/Merge_1
while/Merge_2
while/Merge_3
while/Merge_4
while/Merge_5
while/Const
while/All
while/LogicalNot
while/LoopCond
while/Switch
while/Switch_1
while/Switch_2
while/Switch_3
while/Switch_4
while/Switch_5
while/Identity
while/Identity_1
while/Identity_2
while/Identity_3
while/Identity_4
while/Identity_5
)";

TEST_F(RawRnn, MakesTensorFlowsNodesInItsOrder) {
    evaluate(with_batch("2"));
    ASSERT_EQ(error(), "");
    EXPECT_TRUE(value("last").is_none());
    const std::string expected = std::string("Const\nGreaterEqual\nConst_1\nrnn_output_0/size\nrnn_output_0\nConst_2\n"
                                             "Const_3\nconcat/axis\nconcat\nzeros/Const\nzeros\n") +
                                 loop_nodes;
    EXPECT_EQ(nodes().substr(0, expected.size()), expected);
    std::string rest;
    for (const char* name : {"add/y",
                             "add",
                             "GreaterEqual",
                             "GreaterEqual/Enter",
                             "Select",
                             "Select/Enter",
                             "Select_1",
                             "TensorArrayWrite/TensorArrayWriteV3",
                             "TensorArrayWrite/TensorArrayWriteV3/Enter",
                             "LogicalOr",
                             "NextIteration",
                             "NextIteration_1",
                             "NextIteration_2",
                             "NextIteration_3",
                             "NextIteration_4",
                             "NextIteration_5",
                             "Exit",
                             "Exit_1",
                             "Exit_2",
                             "Exit_3",
                             "Exit_4",
                             "Exit_5"})
        rest += fmt::format("while/{}\n", name);
    EXPECT_TRUE(nodes().ends_with(rest)) << nodes();
}

TEST_F(RawRnn, ItsLoopIsWiredAsTensorFlowsIs) {
    evaluate(with_batch("2"));
    ASSERT_EQ(error(), "");
    const Node& array = node("rnn/rnn_output_0");
    EXPECT_EQ(std::get<bool>(array.attrs.at("dynamic_size").value), true);
    EXPECT_EQ(std::get<Shape>(array.attrs.at("element_shape").value), (Shape{2, 3}));
    EXPECT_EQ(std::get<std::string>(array.attrs.at("tensor_array_name").value), "");
    EXPECT_EQ(std::get<std::int64_t>(node("rnn/while/Enter").attrs.at("parallel_iterations").value), 32);
    EXPECT_EQ(inputs("rnn/while/Enter"), "rnn/Const:0");
    EXPECT_EQ(inputs("rnn/while/Enter_1"), "rnn/GreaterEqual:0");
    EXPECT_EQ(inputs("rnn/while/Enter_2"), "x:0");
    EXPECT_EQ(inputs("rnn/while/Enter_3"), "rnn/rnn_output_0:1");
    EXPECT_EQ(inputs("rnn/while/Enter_4"), "zeros:0");
    EXPECT_EQ(inputs("rnn/while/Enter_5"), "rnn/Const_1:0");
    EXPECT_EQ(inputs("rnn/while/LogicalNot"), "rnn/while/All:0");
    EXPECT_EQ(inputs("rnn/while/GreaterEqual"), "rnn/while/add:0 rnn/while/GreaterEqual/Enter:0");
    const std::string output = "rnn/while/gru_cell/add:0";
    EXPECT_EQ(inputs("rnn/while/Select"), "rnn/while/Identity_1:0 rnn/while/Select/Enter:0 " + output);
    EXPECT_EQ(inputs("rnn/while/Select/Enter"), "rnn/zeros:0");
    EXPECT_EQ(inputs("rnn/while/Select_1"), "rnn/while/Identity_1:0 rnn/while/Identity_4:0 " + output);
    EXPECT_EQ(inputs("rnn/while/TensorArrayWrite/TensorArrayWriteV3"),
              "rnn/while/TensorArrayWrite/TensorArrayWriteV3/Enter:0 rnn/while/Identity:0 rnn/while/Select:0 "
              "rnn/while/Identity_3:0");
    EXPECT_EQ(inputs("rnn/while/LogicalOr"), "rnn/while/Identity_1:0 rnn/while/GreaterEqual:0");
    EXPECT_EQ(inputs("rnn/while/NextIteration_2"), output);
    EXPECT_EQ(inputs("rnn/while/NextIteration_4"), "rnn/while/Select_1:0");
    EXPECT_EQ(inputs("rnn/while/NextIteration_5"), "rnn/while/Identity_5:0");
    // The cell's variables are read outside of the loop, into the caching device.
    EXPECT_FALSE(node("rnn/gru_cell/gates/kernel/read").attrs.contains("_class"));
}

TEST_F(RawRnn, AnUnknownBatchSizeIsAskedOfTheFirstInput) {
    evaluate(with_batch("null"));
    ASSERT_EQ(error(), "");
    const std::string expected =
        "Const\nGreaterEqual\nConst_1\nShape\nstrided_slice/stack\nstrided_slice/stack_1\n"
        "strided_slice/stack_2\nstrided_slice\nrnn_output_0/size\nrnn_output_0\n"
        "ExpandDims/dim\nExpandDims\nConst_2\nconcat/axis\nconcat\nzeros/Const\nzeros\nwhile/Enter\n";
    EXPECT_EQ(nodes().substr(0, expected.size()), expected);
    EXPECT_EQ(std::get<Shape>(node("rnn/rnn_output_0").attrs.at("element_shape").value), (Shape{Shape::unknown, 3}));
    EXPECT_EQ(inputs("rnn/Shape"), "x:0");
}

/// The example of TensorFlow's documentation: dynamic_rnn by raw_rnn, with the same cell.
constexpr const char* const as_dynamic_rnn = R"(
    {"let": "x", "call": "placeholder", "args": ["$tf.float32", [4, 2, 3]], "kwargs": {"name": "x"}},
    {"let": "lengths", "call": "constant", "args": [[2, 4]]},
    {"let": "cell", "call": "nn.rnn_cell.CELL", "args": [5]},
    {"let": ["outputs", "state"], "call": "nn.dynamic_rnn", "args": ["$cell", "$x"],
     "kwargs": {"dtype": "$tf.float32", "sequence_length": "$lengths", "time_major": true}},
    {"let": "array", "call": "TensorArray", "kwargs": {"dtype": "$tf.float32", "size": 4, "clear_after_read": false}},
    {"let": "inputs", "call": "$array.unstack", "args": ["$x"]},
    {"def": "loop_fn", "params": ["time", "cell_output", "cell_state", "loop_state"], "body": [
        {"let": "emit", "value": "$cell_output"},
        {"if": {"is": ["$cell_output", null]},
         "body": [{"let": "next_state", "call": "$cell.zero_state", "args": [2, "$tf.float32"]}],
         "else": [{"let": "next_state", "value": "$cell_state"}]},
        {"let": "finished", "value": {">=": ["$time", "$lengths"]}},
        {"let": "next_input", "call": "$inputs.read", "args": [{"call": "minimum", "args": ["$time", 3]}]},
        {"return": {"tuple": ["$finished", "$next_input", "$next_state", "$emit", null]}}]},
    {"let": ["emitted", "raw_state", "_"], "call": "nn.raw_rnn", "args": ["$cell", "$loop_fn"]},
    {"let": "raw_outputs", "call": "$emitted.stack"},
    {"let": "kernel", "index": {"call": "trainable_variables"}, "at": 0},
    {"let": "gradient", "call": "gradients", "args": [{"call": "square", "args": ["$outputs"]}, ["$kernel", "$x"]]},
    {"let": "raw_gradient", "call": "gradients", "args": [{"call": "square", "args": ["$raw_outputs"]}, ["$kernel", "$x"]]},
    {"let": "init", "call": "global_variables_initializer"},
    {"let": "sess", "call": "Session"},
    {"call": "$sess.run", "args": ["$init"]},
    {"let": "values", "call": "$sess.run", "args": [[["$outputs", "$state", "$gradient"], ["$raw_outputs", "$raw_state", "$raw_gradient"]],
        {"$x": {"generate": "sin", "shape": [4, 2, 3]}}]})";

void expect_near(const tf1::Value& expected, const tf1::Value& actual, double& largest) {
    if (const auto* items = tf1::items_of(expected)) {
        const auto* others = tf1::items_of(actual);
        ASSERT_TRUE(others);
        ASSERT_EQ(items->size(), others->size());
        for (std::size_t i = 0; i < items->size(); ++i) expect_near((*items)[i], (*others)[i], largest);
        return;
    }
    const Tensor &a = *expected.as<Tensor>(), &b = *actual.as<Tensor>();
    ASSERT_EQ(a.shape(), b.shape());
    for (std::int64_t i = 0; i < a.elements(); ++i) {
        EXPECT_NEAR(a.number(i), b.number(i), 1e-6 + 1e-5 * std::abs(a.number(i)));
        largest = std::max(largest, std::abs(a.number(i)));
    }
}

TEST_F(RawRnn, ImitatesDynamicRnn) {
    for (const char* cell : {"GRUCell", "LSTMCell", "BasicRNNCell"}) {
        std::string text = as_dynamic_rnn;
        text.replace(text.find("CELL"), 4, cell);
        evaluate(text);
        ASSERT_EQ(error(), "") << cell;
        const auto& values = *tf1::items_of(value("values"));
        double largest = 0;
        expect_near(values[0], values[1], largest);
        EXPECT_GT(largest, 0.1) << cell;
        const Tensor& outputs = *(*tf1::items_of(values[1]))[0].as<Tensor>();
        EXPECT_EQ(outputs.shape(), (Shape{4, 2, 5}));
        for (std::int64_t i = 0; i < 5; ++i) EXPECT_EQ(outputs.number(2 * 10 + i), 0) << "after the end of a sequence";
    }
}

/// Emits a pair and counts the steps in its loop state.
TEST_F(RawRnn, EmitsAndCarriesStructures) {
    evaluate(R"(
        {"let": "x", "call": "ones", "args": [[2, 3]]},
        {"let": "cell", "call": "nn.rnn_cell.BasicRNNCell", "args": [3]},
        {"def": "choose", "params": ["time", "output", "state", "steps"], "body": [
            {"if": {"is": ["$output", null]}, "body": [
                {"let": "zeros", "call": "$cell.zero_state", "args": [2, "$tf.float32"]},
                {"let": "shapes", "value": {"tuple": [{"call": "zeros", "args": [[3]]}, {"call": "zeros", "args": [[1], "$tf.int32"]}]}},
                {"return": {"tuple": [{"call": "constant", "args": [[false, false]]}, "$x", "$zeros", "$shapes",
                                      {"call": "constant", "args": [10]}]}}]},
            {"let": "both", "value": {"tuple": ["$output", {"call": "fill", "args": [[2, 1], "$time"]}]}},
            {"let": "finished", "value": {">=": ["$time", {"call": "constant", "args": [[2, 3]]}]}},
            {"return": {"tuple": ["$finished", "$x", "$state", "$both", {"+": ["$steps", 1]}]}}]},
        {"let": ["emitted", "state", "steps"], "call": "nn.raw_rnn", "args": ["$cell", "$choose"], "kwargs": {"scope": "mine"}},
        {"let": "times", "call": "$emitted[1].stack"}, {"let": "outputs", "call": "$emitted[0].stack"},
        {"let": "init", "call": "global_variables_initializer"},
        {"let": "sess", "call": "Session"}, {"call": "$sess.run", "args": ["$init"]},
        {"let": ["t", "o", "s"], "call": "$sess.run", "args": [["$times", "$outputs", "$steps"]]})");
    ASSERT_EQ(error(), "");
    EXPECT_EQ(value("s").as<Tensor>()->integer(0), 13);
    const Tensor times = *value("t").as<Tensor>();
    ASSERT_EQ(times.shape(), (Shape{3, 2, 1}));
    std::vector<std::int64_t> seen;
    for (std::int64_t i = 0; i < 6; ++i) seen.push_back(times.integer(i));
    EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 1, 2, 2, 0, 3}));
    EXPECT_TRUE(graph().find("mine/rnn_output_1").valid());
    EXPECT_TRUE(graph().find("mine/while/Select_2").valid()); // the loop state is a scalar and passes
    EXPECT_FALSE(graph().find("mine/while/Select_3").valid());
}

TEST_F(RawRnn, RefusesWhatTensorFlowRefuses) {
    const auto refusal = [&](const std::string& first, const std::string& later = "null",
                             const std::string& cell = R"({"call": "nn.rnn_cell.GRUCell", "args": [3]})") {
        evaluate(R"({"let": "x", "call": "ones", "args": [[2, 3]]}, {"let": "y", "call": "ones", "args": [[4, 3]]},
            {"let": "no", "call": "constant", "args": [[false, false]]},
            {"let": "zeros", "call": "zeros", "args": [[2, 3]]},
            {"let": "cell", "value": )" +
                 cell + R"(},
            {"def": "choose", "params": ["time", "output", "state", "loop_state"], "body": [
                {"if": {"is": ["$output", null]}, "body": [{"return": )" +
                 first + R"(}]}, {"return": )" + later + R"(}]},
            {"call": "nn.raw_rnn", "args": ["$cell", "$choose"]})");
        return error();
    };
    const std::string good = R"({"tuple": ["$no", "$x", "$zeros", null, null]})";
    EXPECT_EQ(refusal("null"), "TypeError: 'NoneType' object is not iterable");
    EXPECT_EQ(refusal("[1, 2]"), "ValueError: not enough values to unpack (expected 5, got 2)");
    EXPECT_EQ(refusal("[1, 2, 3, 4, 5, 6]"), "ValueError: too many values to unpack (expected 5)");
    EXPECT_EQ(refusal(R"(["$no", null, "$zeros", null, null])"),
              "AttributeError: 'NoneType' object has no attribute 'get_shape'");
    EXPECT_EQ(refusal(R"(["$no", {"tuple": ["$x", "$y"]}, "$zeros", null, null])"),
              "ValueError: Dimensions 2 and 4 are not compatible");
    EXPECT_EQ(refusal(R"(["$no", "$x", {"tuple": ["$zeros", "$zeros"]}, null, null])").substr(0, 12), "ValueError: ");
    EXPECT_EQ(refusal(R"(["$no", "$x", "$zeros", 1.5, null])"),
              "AttributeError: 'float' object has no attribute 'shape'");
    EXPECT_EQ(refusal(good, good).substr(0, 80),
              "ValueError: Trying to reset colocation (op is None) but ignore_existing is not T");
    EXPECT_EQ(refusal(good, "null"), "TypeError: 'NoneType' object is not iterable");
    // `finished` as a list of Python's bools is a structure of two, which LogicalOr makes one tensor of.
    const std::string listed = R"({"tuple": [[true, false], "$x", "$zeros", null, null]})";
    const std::string listed_later = R"({"tuple": [[true, false], "$output", "$state", "$output", null]})";
    EXPECT_TRUE(refusal(listed, listed_later)
                    .starts_with("ValueError: The two structures don't have the same nested structure."));
    EXPECT_TRUE(refusal(good, good, "3").starts_with("TypeError: The argument 'cell' (3) is not an RNNCell"));
    evaluate(
        R"({"let": "cell", "call": "nn.rnn_cell.GRUCell", "args": [3]}, {"call": "nn.raw_rnn", "args": ["$cell", 5]})");
    EXPECT_EQ(error(), "TypeError: loop_fn must be a callable");
}

} // namespace
} // namespace rnnscope::program
