// What the fills of the graph say. Health is checked against values that are made to be so; what is kept from position
// to position against what is found anew.

#include "core/debug/command.hpp"
#include "core/view/graph_colors.hpp"
#include "tests/core/golden_text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>

using namespace rnnscope;

namespace {

void run(debug::Debugger& debugger, const std::string& id, const std::string& argument = "") {
    const auto result = debug::execute(debugger, {id, argument, "test"});
    ASSERT_TRUE(result.ok()) << result.error().message;
    debugger.wait();
}

void open_sample(debug::Debugger& debugger, const std::string& sample) {
    const Diagnostics mistakes = debugger.open(std::string(RNNSCOPE_SOURCE_DIR) + "/samples/programs/" + sample);
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
}

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

TEST(GraphColors, EveryWayHasANameThatIsRead) {
    for (const view::ColorBy by : view::all_color_by()) {
        EXPECT_EQ(view::color_by(view::name_of(by)), by);
        EXPECT_FALSE(view::describe(by).empty());
    }
    EXPECT_FALSE(view::color_by("hue"));
}

TEST(GraphColors, HealthIsWhatTheValuesAre) {
    debug::Debugger debugger;
    ASSERT_TRUE(debugger.open_text(sick, "t.json", "").empty());
    run(debugger, "run.continue");
    view::GraphColors colors;
    const view::NodeColors& nodes = whole(colors, debugger, view::ColorBy::health);
    const std::array<std::pair<const char*, const char*>, 7> expected = {{{"layer/log", "NaN"},
                                                                          {"layer/exp", "infinite"},
                                                                          {"layer/gate", "saturated"},
                                                                          {"layer/open", "fine"},
                                                                          {"layer/zero", "all zero"},
                                                                          {"never", "no value"},
                                                                          {"x", "fine"}}};
    for (const auto& [name, label] : expected) EXPECT_EQ(label_of(nodes, *debugger.graph(), name), label) << name;
    EXPECT_EQ(std::accumulate(nodes.classes.begin(), nodes.classes.end(), std::size_t{0},
                              [](std::size_t sum, const view::ColorClass& row) { return sum + row.nodes; }),
              debugger.visible_nodes());
}

TEST(GraphColors, AClosedScopeHasTheWorstHealthInsideAndTheMostFrequentType) {
    debug::Debugger debugger;
    ASSERT_TRUE(debugger.open_text(sick, "t.json", "").empty());
    run(debugger, "run.continue");
    view::GraphView view;
    const view::Scene& scene = view.scene(view::scene_input(debugger));
    const std::uint32_t layer = scene.box_of_scope("layer");
    ASSERT_NE(layer, view::no_box);
    view::GraphColors colors;
    const view::NodeColors& health = whole(colors, debugger, view::ColorBy::health);
    const view::SceneColors by_health = view::scene_colors(scene, health);
    EXPECT_EQ(health.classes[by_health.boxes[layer].of].label, "NaN");
    EXPECT_TRUE(by_health.boxes[layer].mixed);
    std::size_t shared = 0;
    for (std::uint32_t s = by_health.boxes[layer].first; s < by_health.boxes[layer].last; ++s)
        shared += by_health.shares[s].nodes;
    EXPECT_EQ(shared, 5u);
    const std::uint32_t never = scene.box_of(debugger.graph()->find("never"));
    EXPECT_EQ(health.classes[by_health.boxes[never].of].label, "no value");

    const view::NodeColors& ops = whole(colors, debugger, view::ColorBy::op);
    const view::SceneColors by_op = view::scene_colors(scene, ops);
    EXPECT_EQ(ops.classes[by_op.boxes[0].of].nodes, ops.classes.front().nodes) << "the root has all of them";
    EXPECT_TRUE(view::scene_colors(scene, whole(colors, debugger, view::ColorBy::state)).shares.empty());
}

TEST(GraphColors, PoisonIsWorseThanAnyNumber) {
    debug::Debugger debugger;
    open_sample(debugger, "seed_b_scope_miss_layer1.json");
    run(debugger, "poison.on");
    run(debugger, "go.end");
    run(debugger, "run.continue");
    view::GraphColors colors;
    const view::NodeColors& nodes = whole(colors, debugger, view::ColorBy::health);
    EXPECT_EQ(nodes.classes.front().label, "poisoned");
    EXPECT_GT(nodes.classes.front().nodes, 10u);
}

// Whatever way a position was reached, it looks the same: in a run and outside, forwards and backwards, near and far.
TEST(GraphColors, WhatIsKeptFromPositionToPositionIsWhatIsFoundAnew) {
    debug::Debugger debugger;
    open_sample(debugger, "X01_static_batch_train.json");
    run(debugger, "run.continue");
    const std::uint64_t end = debugger.recording().end().ticks;
    ASSERT_GT(end, 600u);
    view::GraphColors health, executions;
    const auto compare = [&](std::uint64_t tick) {
        debugger.go({tick});
        debugger.wait();
        if (!debugger.graph()) return;
        view::GraphColors fresh;
        EXPECT_EQ(text_of(health, debugger, view::ColorBy::health), text_of(fresh, debugger, view::ColorBy::health))
            << "at " << tick;
        EXPECT_EQ(text_of(executions, debugger, view::ColorBy::executions),
                  text_of(fresh, debugger, view::ColorBy::executions))
            << "at " << tick;
    };
    for (std::uint64_t tick = 0; tick <= end; tick += 7) compare(tick);
    for (std::uint64_t tick = end; tick > 0; tick -= std::min<std::uint64_t>(tick, 13)) compare(tick);
    for (const std::uint64_t tick : {end, end / 2, end / 2 + 1, end / 2, std::uint64_t{3}, end - 1}) compare(tick);
}

TEST(GraphColors, ExecutionsAreTheEventsOfTheRun) {
    debug::Debugger debugger;
    open_sample(debugger, "seed_a_ok.json");
    run(debugger, "run.continue");
    view::GraphColors colors;
    const view::NodeColors& nodes = whole(colors, debugger, view::ColorBy::executions);
    const record::Recording& recording = debugger.recording();
    for (std::size_t i = 0; i < debugger.visible_nodes(); ++i) {
        std::uint64_t times = 0;
        for (const record::RecordedRun& each : recording.runs())
            for (const std::uint32_t event : recording.events_of(each.info.id, NodeId(i)))
                times += !recording.visit(each.info.id, event).dead;
        EXPECT_EQ(nodes.executed[i], times) << debugger.graph()->node(NodeId(i)).name;
    }
}

TEST(GraphColors, LegendsInWords) {
    debug::Debugger debugger;
    open_sample(debugger, "seed_a_init_early.json");
    run(debugger, "run.continue");
    std::string text;
    for (const view::ColorBy by : view::all_color_by()) {
        view::GraphColors colors;
        std::string all = text_of(colors, debugger, by);
        if (by != view::ColorBy::executions) all.resize(all.find("\n", all.rfind("\n  ") + 1) + 1); // the legend alone
        text += "--- " + std::string(view::name_of(by)) + "\n" + all;
    }
    rnnscope::testing::expect_golden("view", "graph_colors", text);
}
