#include "core/view/graph_text.hpp"

#include "core/debug/command.hpp"
#include "core/graph/graphdef.hpp"
#include "core/ops/op_def.hpp"
#include "core/view/inspector_view.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

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

/// The inputs of a GRUBlockCell of one unit and one feature.
std::vector<Output> cell_inputs(Graph& graph) {
    std::vector<Output> inputs;
    for (const Shape& shape : {Shape{1, 1}, Shape{1, 1}, Shape{2, 2}, Shape{2, 1}, Shape{2}, Shape{1}}) {
        ops::NodeSpec spec;
        spec.name = "c" + std::to_string(inputs.size());
        spec.op = "Const";
        spec.attrs = {{"dtype", DType::float32}, {"value", Tensor::zeros(DType::float32, shape)}};
        inputs.push_back({*ops::add_node(graph, spec), 0});
    }
    return inputs;
}

TEST(GraphText, FusedOpsAreOpenedUp) {
    Graph graph;
    ops::NodeSpec spec;
    spec.name = "cell";
    spec.op = "GRUBlockCell";
    spec.inputs = cell_inputs(graph);
    ASSERT_TRUE(ops::add_node(graph, spec).ok());
    EXPECT_NE(graph_summary(graph).find("fused ops\n"
                                        "  GRUBlockCell: One step of a GRU: h = u h_prev + (1 - u) c.\n"
                                        "      r_bar, u_bar = split(concat([x, h_prev], 1) @ w_ru + b_ru, 2, 1)\n"
                                        "      r = sigmoid(r_bar)\n"
                                        "      u = sigmoid(u_bar)\n"
                                        "      c = tanh(concat([x, r * h_prev], 1) @ w_c + b_c)\n"
                                        "      h = u * h_prev + (1 - u) * c\n"
                                        "\nscopes\n"),
              std::string::npos)
        << graph_summary(graph);

    const auto file =
        std::filesystem::temp_directory_path() / ("rnnscope_fused_ops_" + std::to_string(::getpid()) + ".pb");
    std::ofstream(file, std::ios::binary) << to_graphdef_binary(graph);
    debug::Debugger debugger;
    ASSERT_TRUE(debugger.open(file.string()).empty());
    debugger.run_on(true);
    debugger.wait();
    ASSERT_TRUE(debug::execute(debugger, {"select.node", "cell", "test"}).ok());
    const std::string inspector = to_text(view::build_inspector(debugger));
    std::filesystem::remove(file);
    for (const char* line : {"formula       r_bar, u_bar = split(", "h = u * h_prev + (1 - u) * c"})
        EXPECT_NE(inspector.find(line), std::string::npos) << inspector;
}

} // namespace
} // namespace rnnscope
