#include "core/graph/graph.hpp"
#include "core/graph/scope_tree.hpp"

#include <gtest/gtest.h>

namespace rnnscope {
namespace {

NodeId add(Graph& graph, std::string name, std::vector<Output> inputs = {}, std::vector<NodeId> controls = {}) {
    Node node;
    node.name = std::move(name);
    node.op = "Identity";
    node.inputs = std::move(inputs);
    node.control_inputs = std::move(controls);
    node.outputs.resize(1);
    return graph.append(std::move(node));
}

Variable variable_at(NodeId op, std::string name) {
    Variable variable;
    variable.op = op;
    variable.name = std::move(name);
    return variable;
}

TEST(Graph, FindsTensorsByTensorFlowsNames) {
    Graph graph;
    const NodeId a = add(graph, "scope/a");
    EXPECT_EQ(graph.find_tensor("scope/a:0")->node, a);
    EXPECT_EQ(graph.find_tensor("scope/a")->index, 0);
    EXPECT_EQ(graph.find_tensor("scope/a:1").error().code, "graph.unknown-output");
    EXPECT_EQ(graph.find_tensor("b:0").error().code, "graph.unknown-op");
    for (const char* bad : {"a:", "a:x", "a:-1", "a:99999999999999999999"})
        EXPECT_EQ(graph.find_tensor(bad).error().code, "graph.tensor-name") << bad;
}

TEST(Graph, ConsumersFollowChangedInputs) {
    Graph graph;
    const NodeId a = add(graph, "a"), b = add(graph, "b");
    const NodeId merge = add(graph, "merge", {Output{a, 0}, Output{a, 0}});
    EXPECT_EQ(graph.consumers(a), std::vector{merge});
    graph.set_input(merge, 1, Output{b, 0});
    EXPECT_EQ(graph.consumers(a), std::vector{merge});
    EXPECT_EQ(graph.consumers(b), std::vector{merge});
    graph.add_control_input(b, a);
    graph.add_control_input(b, a);
    EXPECT_EQ(graph.node(b).control_inputs, std::vector{a});
    EXPECT_EQ(graph.consumers(a), (std::vector{b, merge}));
}

// tf1-semantics section 8: re.match on the full tensor name, anchored at the start only.
TEST(Graph, CollectionsAreFilteredAsReMatchDoes) {
    Graph graph;
    for (const char* name : {"rnn/v", "rnn_2/v", "x/rnn/v"})
        graph.add_to_collection("variables", graph.add_variable(variable_at(add(graph, name), name)));
    graph.add_to_collection("variables", std::string("no name"));
    const auto names = [&](std::string_view scope) {
        std::vector<std::string> found;
        const auto items = graph.collection("variables", scope);
        for (const CollectionItem& item : items.value()) found.push_back(graph.item_name(item));
        return found;
    };
    using Names = std::vector<std::string>;
    EXPECT_EQ(names("rnn"), (Names{"rnn/v:0", "rnn_2/v:0"}));
    EXPECT_EQ(names("rnn/"), Names{"rnn/v:0"});
    EXPECT_EQ(names(".*rnn"), (Names{"rnn/v:0", "rnn_2/v:0", "x/rnn/v:0"}));
    EXPECT_EQ(names("rnn/v:0$"), Names{"rnn/v:0"});
    EXPECT_EQ(names("RNN"), Names{});
    EXPECT_EQ(names("").size(), 3U);
    EXPECT_EQ(graph.collection("variables", "(").error().code, "re.error");
    EXPECT_TRUE(graph.collection("nothing", "a").value().empty());
}

TEST(ScopeTree, AnOpThatIsAlsoAScopeIsItsFace) {
    Graph graph;
    const NodeId v = add(graph, "rnn/v");
    const NodeId read = add(graph, "rnn/v/read");
    const NodeId x = add(graph, "x");
    graph.add_variable(variable_at(v, "rnn/v"));
    const ScopeTree tree(graph);
    const ScopeTree::Scope& scope = tree.scope(tree.find("rnn/v"));
    EXPECT_EQ(scope.self, v);
    EXPECT_EQ(scope.ops, std::vector{read});
    EXPECT_EQ(scope.total_ops, 2U);
    EXPECT_EQ(scope.variables.size(), 1U);
    EXPECT_EQ(tree.scope(tree.root()).ops, std::vector{x});
    EXPECT_EQ(tree.scope(tree.root()).total_ops, 3U);
    EXPECT_FALSE(tree.find("nowhere").valid());
    EXPECT_EQ(ScopeTree(graph, 1).scope(tree.root()).total_ops, 1U);
}

TEST(ScopeTree, SurvivesVeryDeepNames) {
    Graph graph;
    std::string name = "a";
    for (int i = 0; i < 2'000; ++i) name += "/a";
    add(graph, name);
    EXPECT_EQ(ScopeTree(graph).size(), 2'001U);
}

} // namespace
} // namespace rnnscope
