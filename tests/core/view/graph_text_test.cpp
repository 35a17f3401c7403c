#include "core/view/graph_text.hpp"

#include <gtest/gtest.h>

namespace rnnscope {
namespace {

TEST(GraphText, SummaryAndDot) {
    Graph graph;
    Node variable;
    variable.name = "rnn/v";
    variable.op = "VariableV2";
    variable.outputs = {{DType::float32, true, Shape{2, 3}}};
    const NodeId v = graph.append(variable);
    Node read;
    read.name = "rnn/v/read";
    read.op = "Identity";
    read.inputs = {Output{v, 0}};
    read.outputs = {{DType::float32, false, Shape{2, 3}}};
    graph.append(read);
    Variable info;
    info.name = "rnn/v";
    info.op = v;
    info.dtype = DType::float32;
    info.shape = Shape{2, 3};
    graph.add_variable(info);
    EXPECT_EQ(graph_summary(graph),
              "2 nodes, 1 variables\n\nop types\n     1  Identity\n     1  VariableV2\n\nscopes\n     2  "
              "rnn/  1 variables\n\nvariables\n  rnn/v  float32 [2,3]\n");
    const std::string dot = graph_dot(graph);
    EXPECT_NE(dot.find("subgraph \"cluster_rnn/v\""), std::string::npos);
    EXPECT_NE(dot.find("\"rnn/v\" -> \"rnn/v/read\" [arrowtail=odot, dir=both]"), std::string::npos);
}

} // namespace
} // namespace rnnscope
