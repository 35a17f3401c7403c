// What the fills of the graph say. Health is checked against values that are made to be so; what is kept from position
// to position against what is found anew.

#include "core/view/graph_colors.hpp"
#include "tests/core/debug/command_test.hpp"
#include "tests/core/golden_text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>

using namespace rnnscope;

namespace {

class GraphColors : public tests::CommandTest {};

/// All values are read.
const view::NodeColors& whole(view::GraphColors& colors, const debug::Debugger& debugger, view::ColorBy by) {
    const view::NodeColors* nodes = &colors.get(debugger, debugger.visible_nodes(), by);
    while (!colors.is_complete()) nodes = &colors.get(debugger, debugger.visible_nodes(), by);
    return *nodes;
}

std::string text_of(view::GraphColors& colors, const debug::Debugger& debugger, view::ColorBy by) {
    return to_text(whole(colors, debugger, by), *debugger.graph());
}

std::string label_of(const view::NodeColors& colors, const Graph& graph, std::string_view name) {
    const std::uint8_t index = colors.class_of.at(graph.find(name).index());
    return index == view::no_class ? "" : colors.classes.at(index).label;
}

/// A loss that becomes NaN and infinite, a gate at its end, a tensor of zeros, and an op that nobody asks for.
constexpr const char* sick = R"({
  "format": "rnnscope/1", "title": "t", "tensorflow": "1.15",
  "program": [
    {"let": "x", "call": "placeholder", "args": ["$tf.float32", [2]], "kwargs": {"name": "x"}},
    {"let": "nan", "call": "log", "args": ["$x"], "kwargs": {"name": "layer/log"}},
    {"let": "inf", "call": "exp", "args": [{"*": ["$x", -1000.0]}], "kwargs": {"name": "layer/exp"}},
    {"let": "gate", "call": "sigmoid", "args": [{"*": ["$x", 100.0]}], "kwargs": {"name": "layer/gate"}},
    {"let": "open", "call": "tanh", "args": [{"*": ["$x", 0.1]}], "kwargs": {"name": "layer/open"}},
    {"let": "zero", "call": "zeros_like", "args": ["$x"], "kwargs": {"name": "layer/zero"}},
    {"let": "never", "call": "square", "args": ["$x"], "kwargs": {"name": "never"}},
    {"let": "sess", "call": "Session"},
    {"call": "$sess.run", "args": [["$nan", "$inf", "$gate", "$open", "$zero"]], "kwargs": {"feed_dict": {"$x": [-1.0, -2.0]}}}
  ]})";

} // namespace

TEST_F(GraphColors, EveryWayHasANameThatIsRead) {
    for (const view::ColorBy by : view::all_color_by()) {
        EXPECT_EQ(view::color_by(view::name_of(by)), by);
        EXPECT_FALSE(view::describe(by).empty());
    }
    EXPECT_FALSE(view::color_by("hue"));
}

TEST_F(GraphColors, HealthIsWhatTheValuesAre) {
    open_text(sick);
    view::GraphColors colors;
    const view::NodeColors& nodes = whole(colors, debugger_, view::ColorBy::health);
    const std::array<std::pair<const char*, const char*>, 7> expected = {{{"layer/log", "NaN"},
                                                                          {"layer/exp", "infinite"},
                                                                          {"layer/gate", "saturated"},
                                                                          {"layer/open", "fine"},
                                                                          {"layer/zero", "all zero"},
                                                                          {"never", "no value"},
                                                                          {"x", "fine"}}};
    for (const auto& [name, label] : expected) EXPECT_EQ(label_of(nodes, *debugger_.graph(), name), label) << name;
    EXPECT_EQ(std::accumulate(nodes.classes.begin(), nodes.classes.end(), std::size_t{0},
                              [](std::size_t sum, const view::ColorClass& row) { return sum + row.nodes; }),
              debugger_.visible_nodes());
}

TEST_F(GraphColors, AClosedScopeHasTheWorstHealthInsideAndTheMostFrequentType) {
    open_text(sick);
    view::GraphView view;
    const view::Scene& scene = view.scene(view::scene_input(debugger_));
    const std::uint32_t layer = scene.box_of_scope("layer");
    ASSERT_NE(layer, view::no_box);
    view::GraphColors colors;
    const view::NodeColors& health = whole(colors, debugger_, view::ColorBy::health);
    const view::SceneColors by_health = view::scene_colors(scene, health);
    EXPECT_EQ(health.classes[by_health.boxes[layer].of].label, "NaN");
    EXPECT_TRUE(by_health.boxes[layer].mixed);
    std::size_t shared = 0;
    for (std::uint32_t s = by_health.boxes[layer].first; s < by_health.boxes[layer].last; ++s)
        shared += by_health.shares[s].nodes;
    EXPECT_EQ(shared, 5u);
    const std::uint32_t never = scene.box_of(debugger_.graph()->find("never"));
    EXPECT_EQ(health.classes[by_health.boxes[never].of].label, "no value");

    const view::NodeColors& ops = whole(colors, debugger_, view::ColorBy::op);
    const view::SceneColors by_op = view::scene_colors(scene, ops);
    EXPECT_EQ(ops.classes[by_op.boxes[0].of].nodes, ops.classes.front().nodes) << "the root has all of them";
    EXPECT_TRUE(view::scene_colors(scene, whole(colors, debugger_, view::ColorBy::state)).shares.empty());
}

TEST_F(GraphColors, PoisonIsWorseThanAnyNumber) {
    open("seed_b_scope_miss_layer1");
    run("poison.on");
    run("go.end");
    run("run.continue");
    view::GraphColors colors;
    const view::NodeColors& nodes = whole(colors, debugger_, view::ColorBy::health);
    EXPECT_EQ(nodes.classes.front().label, "poisoned");
    EXPECT_GT(nodes.classes.front().nodes, 10u);
}

// Whatever way a position was reached, it looks the same: in a run and outside, forwards and backwards, near and far.
TEST_F(GraphColors, WhatIsKeptFromPositionToPositionIsWhatIsFoundAnew) {
    open("X01_static_batch_train");
    const std::uint64_t end = debugger_.recording().end().ticks;
    ASSERT_GT(end, 600u);
    view::GraphColors health, executions;
    const auto compare = [&](std::uint64_t tick) {
        debugger_.go({tick});
        debugger_.wait();
        if (!debugger_.graph()) return;
        view::GraphColors fresh;
        EXPECT_EQ(text_of(health, debugger_, view::ColorBy::health), text_of(fresh, debugger_, view::ColorBy::health))
            << "at " << tick;
        EXPECT_EQ(text_of(executions, debugger_, view::ColorBy::executions),
                  text_of(fresh, debugger_, view::ColorBy::executions))
            << "at " << tick;
    };
    for (std::uint64_t tick = 0; tick <= end; tick += 7) compare(tick);
    for (std::uint64_t tick = end; tick > 0; tick -= std::min<std::uint64_t>(tick, 13)) compare(tick);
    for (const std::uint64_t tick : {end, end / 2, end / 2 + 1, end / 2, std::uint64_t{3}, end - 1}) compare(tick);
}

TEST_F(GraphColors, ExecutionsAreTheEventsOfTheRun) {
    open("seed_a_ok");
    view::GraphColors colors;
    const view::NodeColors& nodes = whole(colors, debugger_, view::ColorBy::executions);
    const record::Recording& recording = debugger_.recording();
    for (std::size_t i = 0; i < debugger_.visible_nodes(); ++i) {
        std::uint64_t times = 0;
        for (const record::RecordedRun& each : recording.runs())
            for (const std::uint32_t event : recording.events_of(each.info.id, NodeId(i)))
                times += !recording.visit(each.info.id, event).dead;
        EXPECT_EQ(nodes.executed[i], times) << debugger_.graph()->node(NodeId(i)).name;
    }
}

TEST_F(GraphColors, LegendsInWords) {
    open("seed_a_init_early");
    std::string text;
    for (const view::ColorBy by : view::all_color_by()) {
        view::GraphColors colors;
        std::string all = text_of(colors, debugger_, by);
        if (by != view::ColorBy::executions) all.resize(all.find("\n", all.rfind("\n  ") + 1) + 1); // the legend alone
        text += "--- " + std::string(view::name_of(by)) + "\n" + all;
    }
    rnnscope::testing::expect_golden("view", "graph_colors", text);
}
