#include "core/view/graph_scene.hpp"
#include "core/view/scene_builder.hpp"

#include "tests/core/view/generated_graphs.hpp"
#include "tests/core/view/scene_checks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

/// Runs of equal steps that are drawn as one box.
namespace rnnscope::view {
namespace {

/// An unrolled loop: every step has its scope, or all their ops stand in one.
class Unrolled {
  public:
    explicit Unrolled(int steps, bool scopes, bool own_variables = false) {
        NodeId h = add("zeros", "Fill", {});
        const NodeId x = add("x", "Placeholder", {}), kernel = add("kernel", "VariableV2", {});
        for (int t = 0; t < steps; ++t) {
            const std::string number = t == 0 ? "" : "_" + std::to_string(t);
            const auto name = [&](const std::string& op, const std::string& end) {
                return scopes ? "rnn/cell" + number + "/" + op : "rnn/" + op + end;
            };
            // Two multiplications in a step: with one scope the numbers go on.
            const auto count = [](int n) { return n == 0 ? std::string() : "_" + std::to_string(n); };
            NodeId weight = kernel;
            if (own_variables) weight = add(name("kernel", number), "VariableV2", {});
            const NodeId mul = add(name("mul", count(2 * t)), "Mul", {x, weight});
            const NodeId last = add(name(scopes ? "mul_1" : "mul", count(2 * t + 1)), "Mul", {h, mul});
            h = add(name("Tanh", number), "Tanh", {last});
            tanh.push_back(h);
        }
        add("out", "Softmax", {h});
    }
    SceneInput input() const {
        SceneInput in;
        in.graph = &graph;
        in.nodes = graph.size();
        return in;
    }

    Graph graph;
    std::vector<NodeId> tanh; ///< the last op of every step

  private:
    NodeId add(std::string name, std::string op, const std::vector<NodeId>& inputs) {
        Node node;
        node.name = std::move(name);
        node.op = std::move(op);
        for (const NodeId input : inputs) node.inputs.push_back({input, 0});
        node.outputs.resize(1);
        const NodeId id = graph.append(std::move(node));
        if (graph.node(id).op == "VariableV2") {
            Variable variable;
            variable.name = graph.node(id).name;
            variable.op = id;
            graph.add_variable(std::move(variable));
        }
        return id;
    }
};

std::uint32_t series_of(const Scene& scene) {
    for (std::uint32_t i = 0; i < scene.boxes.size(); ++i)
        if (scene.boxes[i].repeats > 0) return i;
    return no_box;
}

TEST(Series, ScopesOfStepsAreOneBox) {
    const Unrolled rnn(8, true);
    GraphView view;
    view.expand_outer(rnn.input());
    const Scene& scene = view.scene(rnn.input());
    test::expect_well_formed(scene);
    EXPECT_EQ(to_text(scene), "scope graph (28 ops) open\n"
                              "  op zeros (Fill)\n"
                              "  placeholder x (Placeholder)\n"
                              "  variable kernel (VariableV2)\n"
                              "  scope rnn (24 ops) open\n"
                              "    series cell (×8)\n"
                              "  op out (Softmax)\n"
                              "data: zeros -> rnn\n"
                              "data: x -> rnn x8\n"
                              "reference: kernel -> rnn x8\n"
                              "data: rnn -> out\n"
                              "data: into rnn -> rnn/cell… x9\n"
                              "reference: into rnn -> rnn/cell… x8\n"
                              "data: rnn/cell… -> out of rnn\n");
}

TEST(Series, StepsWithoutScopesAreFoundByTheirOrder) {
    const Unrolled rnn(200, false);
    GraphView view;
    view.expand_outer(rnn.input());
    const Scene& closed = view.scene(rnn.input());
    const std::uint32_t series = series_of(closed);
    ASSERT_NE(series, no_box);
    EXPECT_EQ(closed.boxes[series].repeats, 200u);
    EXPECT_EQ(closed.boxes[series].count, "×200");
    EXPECT_LT(closed.boxes.size(), 10u);
    // Opened, every step is a box, one after another; and opened again, it has its three ops.
    view.toggle(closed.boxes[series].path);
    const Scene& open = view.scene(rnn.input());
    test::expect_well_formed(open);
    const std::uint32_t seventh = open.box_of(rnn.tanh[7]);
    EXPECT_EQ(open.boxes[seventh].title, "step 7");
    EXPECT_EQ(open.boxes[seventh].count, "3 ops");
    EXPECT_LT(open.boxes[seventh].x, open.boxes[open.box_of(rnn.tanh[8])].x);
    view.toggle(open.boxes[seventh].path);
    const Scene& inner = view.scene(rnn.input());
    EXPECT_EQ(inner.boxes[inner.box_of(rnn.tanh[7])].node, rnn.tanh[7]);
    test::expect_well_formed(inner);
}

TEST(Series, WhatWasOpenInsideIsRemembered) {
    const Unrolled rnn(8, true);
    GraphView view;
    view.reveal(rnn.input(), rnn.tanh[3]);
    const std::string before = to_text(view.scene(rnn.input()), true);
    EXPECT_EQ(view.scene(rnn.input()).boxes[view.scene(rnn.input()).box_of(rnn.tanh[3])].node, rnn.tanh[3])
        << "who asks for an op sees it";
    const std::string path = view.scene(rnn.input()).boxes[series_of(view.scene(rnn.input()))].path;
    view.toggle(path);
    EXPECT_NE(to_text(view.scene(rnn.input()), true), before);
    view.toggle(path);
    EXPECT_EQ(to_text(view.scene(rnn.input()), true), before);
}

TEST(Series, ShowsThatSomethingFailedOrRunsInside) {
    const Unrolled rnn(8, false);
    SceneInput in = rnn.input();
    in.failure = SceneFailure{};
    in.failure->node = rnn.tanh[5];
    in.failure->tag = "failed, event 17";
    in.runs.assign(in.nodes, RunMark::ran);
    GraphView view;
    view.auto_expand_to(in);
    const Scene& scene = view.scene(in);
    const std::uint32_t series = series_of(scene);
    ASSERT_NE(series, no_box);
    EXPECT_FALSE(scene.boxes[series].expanded) << "the steps are not opened for one of them";
    EXPECT_EQ(scene.failed_box, series);
    EXPECT_TRUE(scene.boxes[series].failed_inside);
    in = rnn.input();
    in.current = rnn.tanh[2];
    view.unfold(in, in.current);
    EXPECT_EQ(view.scene(in).current_box, series);
    EXPECT_TRUE(view.scene(in).boxes[series].is_current);
}

TEST(Series, LayersFewStepsAndSingleOpsAreNone) {
    const auto has_series = [](const Unrolled& rnn) {
        const SceneInput in = rnn.input();
        GraphView view;
        view.expand_all(in);
        return series_of(view.scene(in)) != no_box;
    };
    EXPECT_TRUE(has_series(Unrolled(5, true)));
    EXPECT_TRUE(has_series(Unrolled(5, false)));
    EXPECT_FALSE(has_series(Unrolled(4, true)));
    EXPECT_FALSE(has_series(Unrolled(4, false)));
    EXPECT_FALSE(has_series(Unrolled(8, true, true))) << "scopes with variables of their own are layers";
    EXPECT_FALSE(has_series(Unrolled(8, false, true)));
    const Unrolled rnn(8, true);
    SceneInput unfolded = rnn.input();
    unfolded.fold_series = false;
    GraphView view;
    view.expand_all(unfolded);
    EXPECT_EQ(series_of(view.scene(unfolded)), no_box) << "not wanted";
    EXPECT_NE(series_of(view.scene(rnn.input())), no_box) << "wanted again";
}

TEST(Series, AnOddStepStandsByItself) {
    Unrolled rnn(12, true);
    Node node;
    node.name = "rnn/cell_12/extra";
    node.op = "Neg";
    node.inputs.push_back({rnn.tanh[11], 0});
    node.outputs.resize(1);
    rnn.graph.append(std::move(node));
    GraphView view;
    view.expand_outer(rnn.input());
    const Scene& scene = view.scene(rnn.input());
    EXPECT_EQ(scene.boxes[series_of(scene)].repeats, 12u);
    EXPECT_NE(scene.box_of(NodeId(rnn.graph.size() - 1)), series_of(scene));
}

/// Two rows of steps, in scopes of their own: layers, where one uses what the other computes, or both directions.
struct TwoRows {
    Graph graph;
    std::array<std::vector<NodeId>, 2> last; ///< by row and step: an op of it

    /// `deep`: the row that lies a scope deeper, if any.
    TwoRows(bool layers, int steps, int deep = -1) {
        const NodeId x = add("x", {});
        std::array<NodeId, 2> h{add("state_0", {}), add("a_state_with_a_longer_name", {})};
        for (int row = 0; row < 2; ++row)
            for (int t = 0; t < steps; ++t) {
                const std::string scope = "rnn/cell_" + std::to_string(row) + (row == deep ? "/inner" : "") + "/lstm" +
                                          (t > 0 ? "_" + std::to_string(t) : "");
                const auto r = static_cast<std::size_t>(row);
                const NodeId in = layers && row == 1 ? last[0][static_cast<std::size_t>(t)] : x;
                const NodeId a = add(scope + "/a", {in}), b = add(scope + "/b", {h[r]});
                add(scope + "/c", {a});
                h[r] = add(scope + "/d", {a, b});
                last[r].push_back(h[r]);
            }
        add("out", {h[0], h[1]});
    }
    NodeId add(std::string name, const std::vector<NodeId>& inputs) {
        Node node;
        node.name = std::move(name);
        node.op = "AddN";
        for (const NodeId input : inputs) node.inputs.push_back({input, 0});
        node.outputs.resize(1);
        return graph.append(std::move(node));
    }
};

TEST(Series, SeveralStandBelowEachOtherStepByStep) {
    for (const bool layers : {true, false}) {
        const TwoRows rnn(layers, 7);
        SceneInput input;
        input.graph = &rnn.graph;
        input.nodes = rnn.graph.size();
        GraphView view;
        view.expand_all(input);
        std::vector<std::string> series;
        for (const SceneBox& box : view.scene(input).boxes)
            if (box.repeats > 0) series.push_back(box.path);
        ASSERT_EQ(series.size(), 2u);
        for (const std::string& path : series) view.set_expanded(path, true);
        const auto expect_columns = [&](const char* when) {
            const Scene& scene = view.scene(input);
            test::expect_well_formed(scene);
            const auto step_of = [&](NodeId node) {
                std::uint32_t box = scene.box_of(node);
                while (scene.boxes[scene.boxes[box].parent].repeats == 0) box = scene.boxes[box].parent;
                return box;
            };
            for (std::size_t t = 0; t < 7; ++t) {
                const std::uint32_t a = step_of(rnn.last[0][t]), b = step_of(rnn.last[1][t]);
                const Scene::Corner first = scene.corner(a), second = scene.corner(b);
                EXPECT_NEAR(first.x + scene.boxes[a].width / 2, second.x + scene.boxes[b].width / 2,
                            std::abs(scene.boxes[a].width - scene.boxes[b].width) / 2 + 0.5)
                    << when << ", step " << t;
                EXPECT_GT(std::abs(first.y - second.y), scene.boxes[a].height) << when << ", step " << t;
            }
        };
        expect_columns("closed steps");
        view.reveal(input, rnn.last[0][3]);
        expect_columns("an open step");
        for (const std::string& path : series) view.set_expanded(path, false);
        for (const std::string& path : series) view.set_expanded(path, true);
        expect_columns("again");
    }
}

/// Where things are depends on what is open, not on what was open before.
TEST(Series, RowsOfDifferentDepthStandTheSameHoweverTheyWereOpened) {
    for (const bool layers : {true, false})
        for (const int deep : {-1, 0, 1}) {
            const TwoRows rnn(layers, 7, deep);
            SceneInput input;
            input.graph = &rnn.graph;
            input.nodes = rnn.graph.size();
            GraphView stepwise, afresh;
            stepwise.expand_all(input);
            std::vector<std::string> open;
            for (const SceneBox& box : stepwise.scene(input).boxes)
                if (box.repeats > 0) open.push_back(box.path);
            for (const std::string& path : open) stepwise.set_expanded(path, true);
            stepwise.scene(input);
            for (const auto& [row, step] : {std::pair{0, 3}, {1, 5}, {0, 1}}) {
                stepwise.reveal(input, rnn.last[static_cast<std::size_t>(row)][static_cast<std::size_t>(step)]);
                stepwise.scene(input);
            }
            afresh.expand_outer(input);
            for (const SceneBox& box : stepwise.scene(input).boxes)
                if (box.expanded) afresh.set_expanded(box.path, true);
            const Scene &a = stepwise.scene(input), &b = afresh.scene(input);
            ASSERT_EQ(a.boxes.size(), b.boxes.size());
            for (std::uint32_t i = 0; i < a.boxes.size(); ++i) {
                ASSERT_EQ(a.boxes[i].path, b.boxes[i].path);
                EXPECT_EQ(a.corner(i).x, b.corner(i).x) << a.boxes[i].path << ", deep " << deep;
                EXPECT_EQ(a.boxes[i].width, b.boxes[i].width) << a.boxes[i].path << ", deep " << deep;
            }
        }
}

TEST(Series, OfTheGeneratedNetworkFoldForwardAndBackward) {
    const auto graph = test::rnn_graph(1000);
    SceneInput input;
    input.graph = graph.get();
    input.nodes = graph->size();
    const SceneTree folded(*graph, graph->size());
    std::size_t ops = 0;
    for (const SceneItem& item : folded.items())
        if (item.repeats > 0) {
            ops += item.ops;
            EXPECT_EQ(item.children.size(), item.repeats);
        }
    EXPECT_GT(ops, graph->size() / 2) << "most of an unrolled network is steps";
}

} // namespace
} // namespace rnnscope::view
