#include "core/import/loop_frames.hpp"

#include "tests/core/import/net.hpp"

namespace rnnscope {
namespace {

using testing::Net;

std::vector<std::string> ops_of(const Graph& graph, const std::vector<NodeId>& nodes) {
    std::vector<std::string> result;
    for (const NodeId id : nodes) result.push_back(graph.node(id).op);
    return result;
}
using Texts = std::vector<std::string>;

TEST(LoopFrames, OneLoop) {
    Net net;
    const Output start = net.number(1), factor = net.number(2);
    net.enter_loop(3);
    const auto variable = net.loop_variable(start);
    const Output exit = net.close(variable, net.mul(variable.value, net.enter(factor, true)));
    net.leave_loop();
    const Output result = net.identity(exit);
    const LoopFrames loops = loop_frames(net.graph);
    ASSERT_EQ(loops.frames.size(), 1U);
    const LoopFrame& loop = loops.frames[0];
    EXPECT_EQ(loop.name, "loop");
    EXPECT_EQ(loop.parent, -1);
    EXPECT_EQ(loop.enters.size(), 5U);
    EXPECT_EQ(ops_of(net.graph, loop.variables), (Texts{"Merge", "Merge"}));
    EXPECT_EQ(ops_of(net.graph, loop.exits), Texts{"Exit"});
    EXPECT_EQ(ops_of(net.graph, loop.condition_nodes), (Texts{"Less", "LoopCond"}));
    EXPECT_EQ(ops_of(net.graph, loop.body_nodes),
              (Texts{"Identity", "Add", "NextIteration", "Identity", "Mul", "NextIteration"}));
    EXPECT_EQ(loops.name_of(variable.value.node), "loop");
    EXPECT_EQ(loops.name_of(result.node), "");
    EXPECT_EQ(loops.name_of(start.node), "");
    EXPECT_EQ(loops.frame_of.size(), net.graph.size());
}

TEST(LoopFrames, NestedLoopsAndConstantsFromOutside) {
    Net net;
    const auto enter = [&](Output x, const char* frame) {
        return net.add("Enter", {x}, {{"frame_name", frame}, {"is_constant", true}});
    };
    const Output x = net.number(1);
    // The inner loop is found first, by a constant that enters it from outside of both.
    const Output constant = enter(net.number(2), "inner");
    const Output outer = enter(x, "outer");
    const Output inner = enter(net.identity(outer), "inner");
    const Output product = net.mul(constant, inner);
    const Output back = net.add("Exit", {product});
    const Output sum = net.sum(back, net.number(3));
    const Output out = net.identity(net.add("Exit", {sum}));
    const LoopFrames loops = loop_frames(net.graph);
    ASSERT_EQ(loops.frames.size(), 2U);
    EXPECT_EQ(loops.frames[0].name, "inner");
    EXPECT_EQ(loops.frames[0].parent, 1);
    EXPECT_EQ(loops.frames[1].parent, -1);
    EXPECT_EQ(loops.name_of(product.node), "inner");
    EXPECT_EQ(loops.name_of(back.node), "inner");
    EXPECT_EQ(loops.name_of(sum.node), "outer");
    EXPECT_EQ(loops.name_of(out.node), "");
}

TEST(LoopFrames, BrokenLoopsEnd) {
    Net net;
    // Two frames that each enter the other.
    const auto enter = [&](Output x, const char* frame) {
        return net.add("Enter", {x}, {{"frame_name", frame}, {"is_constant", false}});
    };
    const Output a = enter(net.number(1), "a");
    const Output b = enter(a, "b");
    net.graph.set_input(a.node, 0, b);
    EXPECT_EQ(loop_frames(net.graph).frames.size(), 2U);
    // An Exit outside of any loop.
    Net exit;
    exit.identity(exit.add("Exit", {exit.number(1)}));
    EXPECT_TRUE(loop_frames(exit.graph).frames.empty());
}

} // namespace
} // namespace rnnscope
