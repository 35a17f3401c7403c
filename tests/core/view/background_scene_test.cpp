#include "core/view/graph_scene.hpp"

#include "tests/core/view/generated_graphs.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

/// Scenes that are made on another thread.
namespace rnnscope::view {
namespace {

using std::chrono::microseconds;

SceneInput input_of(const Graph& graph, std::size_t nodes) {
    SceneInput input;
    input.graph = &graph;
    input.nodes = nodes;
    return input;
}

/// As frames of a window do.
const Scene& wait_for_scene(GraphView& view, const SceneInput& input) {
    const Scene* scene = view.scene_soon(input, microseconds(0));
    while (view.is_waiting()) {
        std::this_thread::sleep_for(microseconds(200));
        scene = view.scene_soon(input, microseconds(0));
    }
    EXPECT_NE(scene, nullptr);
    return *scene;
}

/// Into an empty graph. Inputs that come later, of loops, are set at the end.
void copy(const Graph& from, Graph& to) {
    for (std::size_t i = 0; i < from.size(); ++i) {
        Node node = from.node(NodeId(i));
        for (Output& input : node.inputs)
            if (input.node.index() >= i) input = {NodeId(0), 0};
        to.append(std::move(node));
    }
    for (std::size_t i = 0; i < from.size(); ++i)
        for (std::size_t slot = 0; slot < from.node(NodeId(i)).inputs.size(); ++slot)
            if (const Output input = from.node(NodeId(i)).inputs[slot]; input.node.index() >= i)
                to.set_input(NodeId(i), slot, input);
}

class BackgroundScene : public testing::Test {
  protected:
    std::unique_ptr<Graph> graph_ = test::rnn_graph(1000);
    SceneInput input_ = input_of(*graph_, graph_->size());
    GraphView view_;
    void SetUp() override { view_.set_background(true); }
    std::string text() { return to_text(wait_for_scene(view_, input_), true); }
};

TEST_F(BackgroundScene, IsTheOneThatIsMadeAtOnce) {
    GraphView at_once;
    EXPECT_EQ(text(), to_text(at_once.scene(input_), true));
    view_.expand_outer(input_);
    at_once.expand_outer(input_);
    EXPECT_EQ(text(), to_text(at_once.scene(input_), true));
    view_.expand_all(input_);
    at_once.expand_all(input_);
    EXPECT_EQ(text(), to_text(at_once.scene(input_), true));
    const std::string scope = *at_once.expanded().begin();
    for (GraphView* view : {&view_, &at_once}) view->set_expanded(scope, false);
    EXPECT_EQ(text(), to_text(at_once.scene(input_), true));
    for (GraphView* view : {&view_, &at_once}) view->collapse_all();
    const NodeId last(graph_->size() - 1);
    for (GraphView* view : {&view_, &at_once}) view->reveal(input_, last);
    EXPECT_EQ(text(), to_text(at_once.scene(input_), true));
    EXPECT_EQ(wait_for_scene(view_, input_).box_of(last), at_once.scene(input_).box_of(last));
}

TEST_F(BackgroundScene, TheOneBeforeStaysAndCarriesTheStatesOfThePosition) {
    const std::size_t boxes = wait_for_scene(view_, input_).boxes.size();
    view_.expand_all(input_);
    SceneInput later = input_;
    later.current = NodeId(0);
    const Scene* scene = view_.scene_soon(later, microseconds(0));
    ASSERT_NE(scene, nullptr);
    if (view_.is_waiting()) { // else this machine was faster than the question
        EXPECT_EQ(scene->boxes.size(), boxes);
        EXPECT_NE(scene->current_box, no_box);
    }
    EXPECT_GT(wait_for_scene(view_, later).boxes.size(), boxes);
    EXPECT_NE(wait_for_scene(view_, later).current_box, no_box);
}

TEST_F(BackgroundScene, WhatWasOvertakenIsNotShown) {
    const std::string closed = text();
    const std::size_t boxes = GraphView().scene(input_).boxes.size();
    int overtaken = 0;
    for (int i = 0; i < 20; ++i) {
        view_.expand_all(input_);
        (void)view_.scene_soon(input_, microseconds(0)); // on its way
        const bool is_overtaken = view_.is_waiting();    // else this machine was faster than the question
        overtaken += is_overtaken ? 1 : 0;
        view_.collapse_all();
        while (view_.is_waiting()) {
            const std::size_t shown = view_.scene_soon(input_, microseconds(0))->boxes.size();
            if (is_overtaken) {
                EXPECT_EQ(shown, boxes);
            }
            std::this_thread::sleep_for(microseconds(100));
        }
        EXPECT_EQ(text(), closed);
    }
    EXPECT_GT(overtaken, 0);
}

TEST_F(BackgroundScene, ManyWishesInARowEndWithTheLast) {
    GraphView at_once;
    at_once.expand_all(input_);
    const auto open = at_once.expanded();
    view_.expand_all(input_);
    for (const std::string& path : open) {
        view_.toggle(path);
        (void)view_.scene_soon(input_, microseconds(0));
        EXPECT_FALSE(view_.is_expanded(path)) << path;
        at_once.toggle(path);
    }
    EXPECT_EQ(text(), to_text(at_once.scene(input_), true));
}

TEST_F(BackgroundScene, AnotherGraphIsNeverDrawnWithThisOne) {
    wait_for_scene(view_, input_);
    const auto other = test::wide_graph(300);
    const SceneInput next = input_of(*other, other->size());
    if (const Scene* scene = view_.scene_soon(next, microseconds(0))) {
        EXPECT_EQ(scene->box_by_node.size(), other->size());
    }
    EXPECT_EQ(to_text(wait_for_scene(view_, next), true), to_text(GraphView().scene(next), true));
}

TEST_F(BackgroundScene, AnotherGraphAtTheSameAddressIsAnotherGraph) {
    std::optional<Graph> place;
    for (const int size : {1000, 300, 3000}) {
        const auto graph = size == 300 ? test::wide_graph(size) : test::rnn_graph(size);
        place.emplace();
        copy(*graph, *place);
        const SceneInput input = input_of(*place, place->size());
        if (const Scene* scene = view_.scene_soon(input, microseconds(0))) {
            EXPECT_EQ(scene->box_by_node.size(), place->size());
        }
        EXPECT_EQ(to_text(wait_for_scene(view_, input), true), to_text(GraphView().scene(input), true));
    }
}

TEST_F(BackgroundScene, TheSameGraphElsewhereIsTheSame) {
    wait_for_scene(view_, input_);
    const auto again = test::rnn_graph(1000); // as after a restart of the program
    SceneInput next = input_of(*again, again->size() / 2);
    EXPECT_NE(view_.scene_soon(next, microseconds(0)), nullptr);
    EXPECT_EQ(wait_for_scene(view_, next).box_by_node.size(), next.nodes);
}

TEST_F(BackgroundScene, AGraphThatGrowsWhileItIsDrawnIsDrawnToo) {
    SceneInput growing = input_;
    std::size_t shown = 0;
    for (std::size_t nodes = 1; nodes <= graph_->size(); nodes += 40) {
        growing.nodes = nodes;
        if (const Scene* scene = view_.scene_soon(growing, std::chrono::seconds(10)); scene && !view_.is_waiting())
            ++shown;
    }
    EXPECT_GT(shown, graph_->size() / 80);
    EXPECT_EQ(to_text(wait_for_scene(view_, input_), true), to_text(GraphView().scene(input_), true));
    // And one that was cut off while an older scene was made: states past its end are no trouble.
    growing.nodes = 50;
    growing.current = NodeId(49);
    growing.runs.assign(50, RunMark::ran);
    (void)view_.scene_soon(growing, microseconds(0));
    EXPECT_EQ(wait_for_scene(view_, growing).box_by_node.size(), 50u);
}

TEST_F(BackgroundScene, TheGraphMayChangeWhileItIsDrawn) {
    GraphView at_once;
    const std::string before = to_text(at_once.scene(input_), true);
    (void)view_.scene_soon(input_, microseconds(0));
    for (int i = 0; i < 2000; ++i) {
        Node node;
        node.name = "late_" + std::to_string(i);
        node.op = "NoOp";
        graph_->append(std::move(node));
    }
    EXPECT_EQ(text(), before);
}

TEST_F(BackgroundScene, ClosingAtAnyMomentIsNoTrouble) {
    for (int i = 0; i < 20; ++i) {
        GraphView view;
        view.set_background(true);
        view.expand_all(input_);
        (void)view.scene_soon(input_, microseconds(i * 300));
    }
}

} // namespace
} // namespace rnnscope::view
