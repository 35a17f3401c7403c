#include "core/runtime/error_text.hpp"
#include "tests/core/runtime/small_graph.hpp"

#include <gtest/gtest.h>

namespace rnnscope::runtime {
namespace {

using rnnscope::testing::add;

/// The example of tf1-semantics 5.5: reading an uninitialized X.
struct ErrorTextTest : ::testing::Test {
    Graph graph;
    NodeId variable = add(graph, "X", "VariableV2", {},
                          {{"shape", Shape{2, 3}}, {"dtype", DType::float32}, {"container", ""}, {"shared_name", ""}},
                          {DType::float32, true, {2, 3}});
    NodeId read = add(graph, "X/read", "Identity", {{variable, 0}},
                      {{"T", DType::float32}, {"_class", attr_list(std::vector<std::string>{"loc:@X"})}});
    RunError error{"FailedPreconditionError", "Attempting to use uninitialized value X", read, "X/read", "X"};

    static std::string unknown(const Node&) { return ""; }
    static std::string one_line(const Node&) { return "model.py:7"; }
    static std::string two_lines(const Node& node) { return node.name == "X" ? "model.py:3" : "model.py:7"; }
};

constexpr const char* definition = " = Identity[T=DT_FLOAT, _class=[\"loc:@X\"], "
                                   "_device=\"/job:localhost/replica:0/task:0/device:CPU:0\"](X)";

TEST_F(ErrorTextTest, UpTo110TheNodeIsPrintedInFull) {
    const std::string expected =
        "Attempting to use uninitialized value X\n\t [[Node: X/read" + std::string(definition) + "]]";
    EXPECT_EQ(error_text(graph, error, 4, one_line), expected);
    EXPECT_EQ(error_text(graph, error, 8, one_line), expected);
    EXPECT_EQ(error_text(graph, error, 10, one_line), expected);
    EXPECT_NE(error_text(graph, error, 0, one_line).find("_device=\"/job:localhost/replica:0/task:0/cpu:0\""),
              std::string::npos);
}

TEST_F(ErrorTextTest, From112TheDefiningLineIsNamed) {
    EXPECT_EQ(error_text(graph, error, 11, one_line),
              "Attempting to use uninitialized value X\n\t [[{{node X/read}}" + std::string(definition) + "]]");
    EXPECT_EQ(error_text(graph, error, 12, one_line),
              "Attempting to use uninitialized value X\n\t [[node X/read (defined at model.py:7) " +
                  std::string(definition) + "]]");
    EXPECT_EQ(error_text(graph, error, 13, two_lines),
              "Attempting to use uninitialized value X\n\t [[node X/read (defined at model.py:7) ]]");
}

TEST_F(ErrorTextTest, From114InputsOfOtherLinesAreListed) {
    const std::string first = "Attempting to use uninitialized value X\n\t [[node X/read (defined at model.py:7) ]]";
    EXPECT_EQ(error_text(graph, error, 15, one_line), first);
    EXPECT_EQ(error_text(graph, error, 15, two_lines),
              first + "\n\nErrors may have originated from an input operation.\nInput Source operations connected to "
                      "node X/read:\n X (defined at model.py:3)");
    EXPECT_EQ(error_text(graph, error, 15, unknown), "Attempting to use uninitialized value X\n\t [[{{node X/read}}]]");
}

TEST_F(ErrorTextTest, NodesOfTheRunKeepTheirTag) {
    const RunError fetched{
        "FailedPreconditionError", "Attempting to use uninitialized value X", {}, "_retval_X_0_0", "X"};
    EXPECT_EQ(error_text(graph, fetched, 15, one_line),
              "Attempting to use uninitialized value X\n\t [[{{node _retval_X_0_0}}]]");
    EXPECT_EQ(error_text(graph, fetched, 8, one_line),
              "Attempting to use uninitialized value X\n\t [[Node: _retval_X_0_0 = _Retval[T=DT_FLOAT, index=0, "
              "_device=\"/job:localhost/replica:0/task:0/device:CPU:0\"](X)]]");
}

TEST_F(ErrorTextTest, ErrorsWithoutANodeAreTheirMessage) {
    const RunError dead{"InvalidArgumentError", "Retval[0] does not have value", {}, "", ""};
    EXPECT_EQ(error_text(graph, dead, 15, one_line), "Retval[0] does not have value");
}

TEST_F(ErrorTextTest, AttributesAreSummarisedAsTensorFlowDoes) {
    AttrList numbers;
    for (int i = 0; i < 16; ++i) numbers.entries.emplace_back(i);
    const NodeId control = add(graph, "b", "NoOp");
    const NodeId other = add(graph, "a", "NoOp");
    const NodeId node = add(graph, "n", "Odd", {{read, 0}},
                            {{"list", numbers},
                             {"long", std::string(40, 'a') + std::string(50, 'b')},
                             {"flag", true},
                             {"shape", Shape{Shape::unknown, 3}},
                             {"any", Shape::unknown_rank()},
                             {"quote", "say \"hi\""}},
                            {}, {control, other});
    const RunError failed{"InternalError", "no", node, "n", ""};
    EXPECT_EQ(error_text(graph, failed, 8, one_line),
              "no\n\t [[Node: n = Odd[any=<unknown>, flag=true, list=[0, 1, 2, 3, 4, ..., 11, 12, 13, 14, 15], "
              "long=\"aaaaaaaaaa...bbbbbbbbbb\", quote=\"say \\\"hi\\\"\", shape=[?,3], "
              "_device=\"/job:localhost/replica:0/task:0/device:CPU:0\"](X/read, ^a, ^b)]]");
}

} // namespace
} // namespace rnnscope::runtime
