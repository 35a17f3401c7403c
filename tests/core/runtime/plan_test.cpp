#include "core/runtime/plan.hpp"
#include "tests/core/runtime/small_graph.hpp"

#include <gtest/gtest.h>

namespace rnnscope::runtime {
namespace {

using rnnscope::testing::add;

AttrMap frame(const char* name) {
    return {{"frame_name", name}, {"is_constant", false}, {"parallel_iterations", 10}};
}

std::vector<std::string> names(const Plan& plan) {
    std::vector<std::string> result;
    for (const PlanNode& node : plan.nodes)
        result.push_back(node.node != nullptr ? node.node->name : node.kind == PlanKind::arg ? "_arg" : "_retval");
    return result;
}

std::string refusal(const Graph& graph, const RunRequest& request) {
    const auto plan = make_plan(graph, request);
    return plan.ok() ? "fine" : plan.error().code + ": " + plan.error().message;
}

TEST(Plan, KeepsWhatTheFetchesNeedAndCountsControlEdges) {
    Graph graph;
    const NodeId a = add(graph, "a", "Const");
    add(graph, "unused", "Const");
    const NodeId waits = add(graph, "waits", "NoOp", {}, {}, {}, {a});
    const NodeId b = add(graph, "b", "Neg", {{a, 0}}, {}, {}, {waits});
    const auto plan = make_plan(graph, {{{b, 0}}, {}, {}});
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(names(*plan), (std::vector<std::string>{"a", "waits", "b", "_retval"}));
    EXPECT_EQ(plan->roots, (std::vector<std::uint32_t>{0}));
    EXPECT_EQ(plan->frames[0].pending, (std::vector<std::uint32_t>{0, 1, 2, 1}));
}

TEST(Plan, AFeedReplacesOneOutputAndForPlaceholdersTheControlEdgesToo) {
    Graph graph;
    const NodeId source = add(graph, "source", "Const");
    const NodeId x = add(graph, "x", "Placeholder", {}, {}, {}, {source});
    const NodeId after = add(graph, "after", "NoOp", {}, {}, {}, {x});
    const NodeId y = add(graph, "y", "Neg", {{x, 0}}, {}, {}, {after});
    const auto plan = make_plan(graph, {{{y, 0}}, {{{x, 0}, Tensor::scalar(1.0F)}}, {}});
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(names(*plan), (std::vector<std::string>{"after", "y", "_arg", "_retval"}));

    // Another op's control edges stay with it.
    Graph other;
    const NodeId c = add(other, "c", "Const");
    const NodeId next = add(other, "next", "Neg", {{c, 0}}, {}, {}, {c});
    const auto kept = make_plan(other, {{{next, 0}}, {{{c, 0}, Tensor::scalar(1.0F)}}, {}});
    ASSERT_TRUE(kept.ok());
    EXPECT_EQ(names(*kept), (std::vector<std::string>{"c", "next", "_arg", "_retval"}));
}

TEST(Plan, FeedsThatNothingNeedsAreDropped) {
    Graph graph;
    const NodeId x = add(graph, "x", "Placeholder");
    const NodeId c = add(graph, "c", "Const");
    const auto plan = make_plan(graph, {{{c, 0}}, {{{x, 0}, Tensor::scalar(1.0F)}}, {}});
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(names(*plan), (std::vector<std::string>{"c", "_retval"}));
}

TEST(Plan, TheSameFetchTwiceIsOneNode) {
    Graph graph;
    const NodeId a = add(graph, "a", "Const");
    const NodeId b = add(graph, "b", "Const");
    const auto plan = make_plan(graph, {{{b, 0}, {a, 0}, {b, 0}}, {}, {}});
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(plan->fetches, (std::vector<Output>{{b, 0}, {a, 0}}));
    EXPECT_EQ(plan->fetch_of, (std::vector<std::size_t>{0, 1, 0}));
}

TEST(Plan, RefusesRequestsAsTensorFlowDoes) {
    Graph graph;
    const NodeId x = add(graph, "x", "Placeholder");
    const RunRequest::Feed feed{{x, 0}, Tensor::scalar(1.0F)};
    EXPECT_EQ(refusal(graph, {}), "InvalidArgumentError: Must specify at least one target to fetch or execute.");
    EXPECT_EQ(refusal(graph, {{}, {feed, feed}, {x}}), "InvalidArgumentError: Endpoint \"x:0\" fed more than once.");
    EXPECT_EQ(refusal(graph, {{{x, 0}}, {feed}, {}}), "InvalidArgumentError: x:0 is both fed and fetched.");
}

TEST(Plan, ACycleThatIsNoLoopIsNamed) {
    Graph graph;
    const NodeId c = add(graph, "c", "Const");
    const NodeId a = add(graph, "a", "Add", {{c, 0}, {c, 0}});
    const NodeId b = add(graph, "b", "Neg", {{a, 0}});
    graph.set_input(a, 1, {b, 0});
    const NodeId d = add(graph, "d", "Neg", {{b, 0}});
    EXPECT_EQ(
        refusal(graph, {{{d, 0}}, {}, {}}),
        "graph.cycle: the graph has a cycle that is not a while loop, so none of its ops can ever run: a -> b -> a");
}

/// i = 0; while cond: i = next(i), nested once when asked.
struct LoopGraph {
    Graph graph;
    NodeId start = add(graph, "start", "Const");
    NodeId enter = add(graph, "enter", "Enter", {{start, 0}}, frame("f"));
    NodeId merge = add(graph, "merge", "Merge", {{enter, 0}, {enter, 0}});
    NodeId next = add(graph, "next", "NextIteration", {{merge, 0}});
    NodeId exit = add(graph, "exit", "Exit", {{merge, 0}});
    LoopGraph() { graph.set_input(merge, 1, {next, 0}); }
};

TEST(Plan, FindsFramesAndCountsMergesByTwo) {
    LoopGraph loop;
    const NodeId inner = add(loop.graph, "inner", "Enter", {{loop.merge, 0}}, frame("g"));
    const NodeId left = add(loop.graph, "left", "Exit", {{inner, 0}});
    loop.graph.add_control_input(loop.next, left);
    loop.graph.add_control_input(loop.merge, loop.enter);
    const auto plan = make_plan(loop.graph, {{{loop.exit, 0}}, {}, {}});
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    ASSERT_EQ(plan->frames.size(), 3U);
    EXPECT_EQ(plan->frames[1].name, "f");
    EXPECT_EQ(plan->frames[2].name, "g");
    EXPECT_EQ(plan->frames[2].parent, 1U);
    const auto frame_of = [&](NodeId node) { return plan->nodes[plan->by_node[node.index()]].frame; };
    EXPECT_EQ(frame_of(loop.enter), 0U); // an Enter is visited where it comes from
    EXPECT_EQ(frame_of(loop.merge), 1U);
    EXPECT_EQ(frame_of(inner), 1U);
    EXPECT_EQ(frame_of(left), 2U);
    EXPECT_EQ(frame_of(loop.exit), 1U);
    EXPECT_EQ(plan->nodes.back().frame, 0U);
    const PlanNode& merge = plan->nodes[plan->by_node[loop.merge.index()]];
    EXPECT_EQ(plan->frames[1].pending[merge.local], 3U); // one control edge: 1 + 2
}

TEST(Plan, RefusesFramesThatDoNotFit) {
    LoopGraph loop;
    const NodeId outside = add(loop.graph, "outside", "Const");
    const NodeId mixed = add(loop.graph, "mixed", "Add", {{loop.merge, 0}, {outside, 0}});
    EXPECT_EQ(
        refusal(loop.graph, {{{mixed, 0}}, {}, {}}),
        "InvalidArgumentError: {{node mixed}} has inputs from different frames. The input {{node merge}} is in frame "
        "'f'. The input {{node outside}} is in frame ''.");
    const NodeId stray = add(loop.graph, "stray", "Exit", {{outside, 0}});
    EXPECT_EQ(refusal(loop.graph, {{{stray, 0}}, {}, {}}),
              "InvalidArgumentError: {{node stray}} leaves a while loop that it is not in.");
    const NodeId forward = add(loop.graph, "forward", "NextIteration", {{outside, 0}});
    EXPECT_EQ(refusal(loop.graph, {{{forward, 0}}, {}, {}}),
              "InvalidArgumentError: {{node forward}} is not in a while loop.");
    const NodeId rootless = add(loop.graph, "rootless", "Merge", {{loop.next, 0}, {loop.next, 0}});
    EXPECT_EQ(refusal(loop.graph, {{{rootless, 0}}, {}, {}}),
              "InvalidArgumentError: {{node rootless}} is not in a while loop.");
}

} // namespace
} // namespace rnnscope::runtime
