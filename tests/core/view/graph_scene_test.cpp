#include "core/view/graph_scene.hpp"

#include "tests/core/view/golden_graph.hpp"
#include "tests/core/view/scene_checks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace rnnscope::view {
namespace {

using test::expect_well_formed;

/// The variable part of a GRU cell, and a consumer behind a loop's Enter; `init` covers nothing.
struct SmallGraph {
    Graph graph;
    NodeId init, kernel, assign, read, enter, matmul;

    NodeId add(std::string name, std::string op, std::vector<Output> inputs = {}, std::vector<NodeId> controls = {}) {
        Node node;
        node.name = std::move(name);
        node.op = std::move(op);
        node.inputs = std::move(inputs);
        node.control_inputs = std::move(controls);
        node.outputs.resize(1);
        return graph.append(std::move(node));
    }
    SmallGraph() {
        const NodeId x = add("x", "Placeholder");
        init = add("init", "NoOp");
        const NodeId shape = add("rnn/cell/kernel/Initializer/shape", "Const");
        const NodeId random = add("rnn/cell/kernel/Initializer/RandomUniform", "RandomUniform", {{shape, 0}});
        const NodeId scaled = add("rnn/cell/kernel/Initializer/mul", "Mul", {{random, 0}, {random, 0}});
        kernel = add("rnn/cell/kernel", "VariableV2");
        assign = add("rnn/cell/kernel/Assign", "Assign", {{kernel, 0}, {scaled, 0}});
        read = add("rnn/cell/kernel/read", "Identity", {{kernel, 0}});
        const NodeId axis = add("rnn/while/concat/axis", "Const");
        const NodeId concat = add("rnn/while/concat", "ConcatV2", {{x, 0}, {axis, 0}});
        enter = add("rnn/while/MatMul/Enter", "Enter", {{read, 0}});
        matmul = add("rnn/while/MatMul", "MatMul", {{concat, 0}, {enter, 0}});
        const NodeId merge = add("rnn/while/Merge", "Merge", {{x, 0}, {x, 0}});
        const NodeId next = add("rnn/while/NextIteration", "NextIteration", {{matmul, 0}});
        graph.set_input(merge, 1, {next, 0});
        Variable variable;
        variable.name = "rnn/cell/kernel";
        variable.op = kernel;
        variable.initializer = assign;
        graph.add_variable(variable);
    }
    SceneInput input() const {
        SceneInput in;
        in.graph = &graph;
        in.nodes = graph.size();
        return in;
    }
    SceneInput failed() const {
        SceneInput in = input();
        in.states = {StateMark::uninitialized};
        in.runs.assign(graph.size(), RunMark::not_reached);
        in.runs[0] = RunMark::ran;
        SceneFailure failure;
        failure.node = read;
        failure.variable = VariableId(0);
        failure.path = path_to_first_computation(graph, read, in.nodes);
        failure.tag = "failed, event 1";
        failure.init = init;
        failure.uncovered = {assign};
        in.failure = failure;
        return in;
    }
};

TEST(GraphScene, ShowsTheFailureAsText) {
    const SmallGraph g;
    GraphView view;
    const SceneInput in = g.failed();
    view.auto_expand_to(in);
    const Scene& scene = view.scene(in);
    expect_well_formed(scene);
    EXPECT_EQ(to_text(scene),
              "scope graph (14 ops) open, ran, uninitialized\n"
              "  placeholder x (Placeholder), ran\n"
              "  op init (NoOp), not reached\n"
              "  scope rnn (12 ops) open, not reached, uninitialized, failure inside\n"
              "    scope cell / kernel (6 ops) open, not reached, uninitialized, failure inside, frames failure\n"
              "      scope Initializer (3 ops), not reached\n"
              "      variable kernel (VariableV2), not reached, uninitialized\n"
              "      op Assign, not reached\n"
              "      op read (Identity), failed\n"
              "    scope while (6 ops) open, not reached\n"
              "      op concat [axis], not reached\n"
              "      op MatMul/Enter, not reached, on the failing path\n"
              "      op MatMul, not reached, on the failing path\n"
              "      op Merge, not reached\n"
              "      op NextIteration, not reached\n"
              "data: x -> rnn x2\n"
              "data: into rnn -> rnn/while x2, around\n"
              "data: rnn/cell/kernel -> rnn/while\n"
              "data: rnn/cell/kernel/read -> out of rnn/cell/kernel\n"
              "data: rnn/cell/kernel/Initializer -> rnn/cell/kernel/Assign\n"
              "reference: rnn/cell/kernel -> rnn/cell/kernel/Assign\n"
              "reference: rnn/cell/kernel -> rnn/cell/kernel/read\n"
              "data: into rnn/while -> rnn/while/concat, around\n"
              "data: into rnn/while -> rnn/while/Merge, around\n"
              "data: into rnn/while -> rnn/while/MatMul/Enter, around\n"
              "data: rnn/while/concat -> rnn/while/MatMul\n"
              "data: rnn/while/MatMul/Enter -> rnn/while/MatMul\n"
              "data: rnn/while/MatMul -> rnn/while/NextIteration\n"
              "back: rnn/while/NextIteration -> rnn/while/Merge, around\n"
              "failing: rnn/cell/kernel -> rnn/cell/kernel/read\n"
              "failing: rnn/cell/kernel/read -> rnn/while/MatMul/Enter\n"
              "failing: rnn/while/MatMul/Enter -> rnn/while/MatMul\n"
              "missing: rnn/cell/kernel/Assign -> init\n");
}

TEST(GraphScene, AClosedScopeStandsForWhatIsInside) {
    const SmallGraph g;
    GraphView view;
    const Scene& scene = view.scene(g.failed());
    const std::uint32_t rnn = scene.box_of_scope("rnn");
    ASSERT_NE(rnn, no_box);
    EXPECT_EQ(scene.box_of(g.read), rnn);
    EXPECT_EQ(scene.failed_box, rnn);
    EXPECT_TRUE(scene.boxes[rnn].failed_inside);
    EXPECT_EQ(scene.boxes[rnn].state, StateMark::uninitialized);
    EXPECT_TRUE(scene.failing_path.empty()); // all of it is inside one box
    ASSERT_EQ(scene.missing.size(), 1u);
    EXPECT_EQ(scene.missing[0].from, rnn);
}

TEST(GraphScene, ATraceLeavesWhatDependsAndDimsTheRest) {
    const SmallGraph g;
    SceneInput in = g.input();
    GraphView view;
    view.expand_all(in);
    const auto trace = [&](NodeId node, TraceWay way) { return trace_nodes(g.graph, std::array{node}, way, in.nodes); };
    in.traced = trace(g.read, TraceWay::inputs);
    EXPECT_EQ(std::ranges::count(in.traced, off_trace), static_cast<std::ptrdiff_t>(in.nodes - 2)) << "itself, kernel";
    const Scene& scene = view.scene(in);
    const auto distance = [&](NodeId node) { return int{scene.boxes[scene.box_of(node)].trace}; };
    EXPECT_EQ(distance(g.read), 0);
    EXPECT_EQ(distance(g.kernel), 1);
    for (const NodeId other : {g.assign, g.matmul, g.init}) EXPECT_EQ(distance(other), int{off_trace});
    EXPECT_TRUE(scene.is_traced);
    EXPECT_EQ(scene.boxes[scene.box_of_scope("rnn")].trace, 0) << "it holds what is traced";
    EXPECT_EQ(scene.boxes[scene.box_of_scope("rnn/while")].trace, off_trace);

    in.traced = trace(g.read, TraceWay::outputs);
    const Scene& forward = view.scene(in);
    EXPECT_EQ(forward.boxes[forward.box_of(g.matmul)].trace, 1) << "Enter only passes the value on";
    EXPECT_EQ(forward.boxes[forward.box_of(g.kernel)].trace, off_trace);
    EXPECT_TRUE(trace(g.read, TraceWay::none).empty());
    EXPECT_TRUE(trace_nodes(g.graph, {}, TraceWay::inputs, in.nodes).empty());
    in.traced.clear();
    EXPECT_FALSE(view.scene(in).is_traced);
}

TEST(GraphScene, ATraceDoesNotGoOnToOtherTimeSteps) {
    Graph graph;
    const auto add = [&](const char* name, const char* op, std::vector<NodeId> inputs) {
        Node node;
        node.name = name;
        node.op = op;
        for (const NodeId input : inputs) node.inputs.push_back({input, 0});
        return graph.append(std::move(node));
    };
    const NodeId start = add("zeros", "Const", {}), enter = add("while/Enter", "Enter", {start});
    const NodeId merge = add("while/Merge", "Merge", {enter, enter}), tanh = add("while/Tanh", "Tanh", {merge});
    const NodeId next = add("while/NextIteration", "NextIteration", {tanh});
    graph.set_input(merge, 1, {next, 0});
    const auto inputs = trace_nodes(graph, std::array{tanh}, TraceWay::inputs, graph.size());
    EXPECT_EQ(inputs[start.index()], 1) << "Merge and Enter pass the value on";
    EXPECT_EQ(inputs[next.index()], off_trace);
    const auto outputs = trace_nodes(graph, std::array{tanh}, TraceWay::outputs, graph.size());
    EXPECT_EQ(outputs[next.index()], 0);
    EXPECT_EQ(outputs[merge.index()], off_trace);
}

TEST(GraphScene, ASearchIsByNameOrTypeAndCountsInClosedScopes) {
    const SmallGraph g;
    SceneInput in = g.input();
    EXPECT_EQ(search_nodes(g.graph, "MATMUL", in.nodes), (std::vector<NodeId>{g.enter, g.matmul}));
    EXPECT_EQ(search_nodes(g.graph, "enter", in.nodes), (std::vector<NodeId>{g.enter}));
    EXPECT_EQ(search_nodes(g.graph, "variablev2", in.nodes), (std::vector<NodeId>{g.kernel}));
    EXPECT_TRUE(search_nodes(g.graph, "", in.nodes).empty());
    EXPECT_TRUE(search_nodes(g.graph, "variablev2", g.kernel.index()).empty()) << "it did not exist yet";
    in.found.assign(in.nodes, false);
    in.found[g.enter.index()] = in.found[g.matmul.index()] = true;
    GraphView view;
    const Scene& scene = view.scene(in);
    EXPECT_EQ(scene.boxes[scene.box_of_scope("rnn")].found, 2u);
}

TEST(GraphScene, MarksStandOnTheBoxThatShowsTheOp) {
    const SmallGraph g;
    SceneInput in = g.failed();
    in.recent = {g.assign, g.matmul};
    in.breakpoints = {g.read};
    GraphView view;
    const Scene& closed = view.scene(in);
    const SceneBox& rnn = closed.boxes[closed.box_of_scope("rnn")];
    EXPECT_EQ(rnn.recent, 1u) << "of several inside, the latest counts";
    EXPECT_TRUE(rnn.has_breakpoint);
    EXPECT_EQ(rnn.variables, 1u);
    EXPECT_EQ(rnn.with_value, 0u);
    in.states = {StateMark::updated};
    view.expand_all(in);
    const Scene& open = view.scene(in);
    EXPECT_EQ(open.boxes[open.box_of(g.matmul)].recent, 2u);
    EXPECT_TRUE(open.boxes[open.box_of(g.read)].has_breakpoint);
    EXPECT_FALSE(open.boxes[open.box_of_scope("rnn")].has_breakpoint);
    EXPECT_EQ(open.boxes[open.box_of_scope("rnn")].with_value, 1u);
}

TEST(GraphScene, AnEarlierPositionHasFewerNodes) {
    const SmallGraph g;
    GraphView view;
    SceneInput in = g.input();
    view.expand_all(in);
    const std::string all = to_text(view.scene(in), true);
    in.nodes = 2;
    EXPECT_EQ(view.scene(in).boxes.size(), 3u);
    in.nodes = 0;
    EXPECT_EQ(view.scene(in).boxes.size(), 1u);
    in.nodes = g.graph.size();
    EXPECT_EQ(to_text(view.scene(in), true), all);
}

TEST(GraphScene, WorksWithoutAGraph) {
    GraphView view;
    EXPECT_EQ(view.scene(SceneInput{}).boxes.size(), 1u);
    EXPECT_EQ(to_text(view.scene(SceneInput{})), "scope graph (0 ops) open\n");
}

std::vector<std::string> golden_files() {
    std::vector<std::string> files;
    const std::string folder = std::string(RNNSCOPE_SHARED_DIR) + "/golden";
    for (const char* name : {"gru1_seqlen", "gru1_static", "lstm2_train_full_adam", "bidir", "cond_var"})
        files.push_back(folder + "/" + name + ".graphdef.json");
    for (const char* name : {"seed_a_ok", "seed_c_ok", "D03_optimizer_after_init"})
        files.push_back(folder + "/programs/" + name + ".graphdef.json");
    return files;
}

TEST(GraphScene, GoldenGraphsOpenWithoutOverlaps) {
    if (!std::filesystem::exists(RNNSCOPE_SHARED_DIR)) GTEST_SKIP() << "the golden graphs are not here";
    for (const std::string& file : golden_files()) {
        SCOPED_TRACE(file);
        const auto graph = test::load_graph(file);
        ASSERT_NE(graph, nullptr);
        SceneInput in;
        in.graph = graph.get();
        in.nodes = graph->size();
        GraphView view;
        expect_well_formed(view.scene(in));
        view.expand_outer(in);
        expect_well_formed(view.scene(in));
        view.expand_all(in);
        expect_well_formed(view.scene(in));
        // Every op has its box or stands as a chip in another's.
        const Scene& scene = view.scene(in);
        for (const Node& node : graph->nodes()) {
            const SceneBox& box = scene.boxes[scene.box_of(node.id)];
            const bool chip = std::ranges::any_of(box.chips, [&](const SceneChip& c) { return c.node == node.id; });
            EXPECT_TRUE(box.node == node.id || chip || box.chips.size() > 3) << node.name;
        }
        GraphView other;
        other.expand_all(in);
        EXPECT_EQ(to_text(other.scene(in), true), to_text(scene, true));
    }
}

/// Pairs of children of the box that stand side by side across the flow (which runs to the right), upper one first.
std::set<std::pair<std::uint32_t, std::uint32_t>> stacked(const Scene& scene, std::uint32_t parent) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
    for (std::uint32_t i = parent + 1; i < scene.boxes[parent].end; i = scene.boxes[i].end)
        for (std::uint32_t j = parent + 1; j < scene.boxes[parent].end; j = scene.boxes[j].end) {
            const SceneBox &a = scene.boxes[i], &b = scene.boxes[j];
            if (i != j && a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y) pairs.emplace(a.item, b.item);
        }
    return pairs;
}

TEST(GraphScene, OpeningKeepsTheOrderAndClosingRestoresThePicture) {
    if (!std::filesystem::exists(RNNSCOPE_SHARED_DIR)) GTEST_SKIP() << "the golden graphs are not here";
    const auto graph = test::load_graph(std::string(RNNSCOPE_SHARED_DIR) + "/golden/programs/seed_a_ok.graphdef.json");
    ASSERT_NE(graph, nullptr);
    SceneInput in;
    in.graph = graph.get();
    in.nodes = graph->size();
    GraphView view;
    view.set_expanded("rnn/rnn", true);
    const std::string closed = to_text(view.scene(in), true);
    const std::uint32_t rnn = view.scene(in).box_of_scope("rnn/rnn");
    ASSERT_NE(rnn, no_box);
    const auto order = stacked(view.scene(in), rnn);
    ASSERT_GT(order.size(), 10u);
    view.set_expanded("rnn/rnn/MultiRNNCellZeroState", true);
    view.set_expanded("rnn/rnn/TensorArrayStack", true);
    const Scene& opened = view.scene(in);
    EXPECT_NE(to_text(opened, true), closed);
    const auto after = stacked(opened, opened.box_of_scope("rnn/rnn"));
    for (const auto& [upper, lower] : order) EXPECT_FALSE(after.contains({lower, upper})) << upper << " and " << lower;
    view.set_expanded("rnn/rnn/MultiRNNCellZeroState", false);
    view.set_expanded("rnn/rnn/TensorArrayStack", false);
    EXPECT_EQ(to_text(view.scene(in), true), closed);
}

TEST(GraphScene, HubsBecomePortals) {
    Graph graph;
    const auto add = [&](std::string name, std::string op, std::vector<Output> inputs) {
        return test::append(graph, std::move(name), std::move(op), std::move(inputs));
    };
    const NodeId hub = add("hub", "Identity", {});
    NodeId last = hub;
    for (int i = 0; i < 30; ++i) last = add("op_" + std::to_string(i), "Add", {{last, 0}, {hub, 0}});
    SceneInput in;
    in.graph = &graph;
    in.nodes = graph.size();
    GraphView view;
    const Scene& scene = view.scene(in);
    expect_well_formed(scene);
    EXPECT_EQ(std::ranges::count_if(scene.edges, [](const SceneEdge& e) { return e.portal; }), 30);
    EXPECT_TRUE(scene.boxes[scene.box_of(last)].chips.at(0).portal);
}

TEST(GraphScene, ScopesThatDependOnEachOtherStayDrawable) {
    // A/x -> B -> A/y: no cycle in the graph, but one between the scopes.
    Graph graph;
    const auto add = [&](std::string name, std::vector<Output> inputs) {
        Node node;
        node.name = std::move(name);
        node.op = "Add";
        node.inputs = std::move(inputs);
        node.outputs.resize(1);
        return graph.append(std::move(node));
    };
    const NodeId x = add("A/x", {});
    const NodeId b = add("B/b", {{x, 0}});
    const NodeId c = add("B/c", {{b, 0}});
    const NodeId y = add("A/y", {{c, 0}});
    add("A/z", {{y, 0}});
    SceneInput in;
    in.graph = &graph;
    in.nodes = graph.size();
    GraphView view;
    const Scene& scene = view.scene(in);
    expect_well_formed(scene);
    EXPECT_EQ(std::ranges::count_if(scene.edges, [](const SceneEdge& e) { return e.around; }), 1);
}

/// Shape arithmetic of a dynamic loop in small: the batch size of x, from which a zero state is made.
struct ShapeGraph {
    Graph graph;
    NodeId x, shape, slice, pack, fill, unused, tanh;

    NodeId add(std::string name, std::string op, DType dtype, const std::vector<NodeId>& inputs) {
        Node node;
        node.name = std::move(name);
        node.op = std::move(op);
        for (const NodeId input : inputs) node.inputs.push_back({input, 0});
        node.outputs.push_back({dtype, false, Shape::unknown_rank()});
        return graph.append(std::move(node));
    }
    ShapeGraph() {
        x = add("x", "Placeholder", DType::float32, {});
        shape = add("cell/Shape", "Shape", DType::int32, {x});
        slice = add("cell/size", "Size", DType::int32, {x});
        pack = add("cell/pack", "Pack", DType::int32, {shape, slice});
        const NodeId zero = add("cell/zero", "Const", DType::float32, {});
        fill = add("cell/zeros", "Fill", DType::float32, {pack, zero});
        unused = add("cell/Rank", "Rank", DType::int32, {x});
        add("cell/Rank_1", "Rank", DType::int32, {x});
        tanh = add("cell/sum", "Add", DType::float32, {x, fill});
    }
    SceneInput input() const {
        SceneInput in;
        in.graph = &graph;
        in.nodes = graph.size();
        return in;
    }
};

TEST(GraphScene, ShapeArithmeticFoldsAndWhatComputesDoesNot) {
    const ShapeGraph g;
    GraphView view;
    view.set_expanded("cell", true);
    const Scene& scene = view.scene(g.input());
    expect_well_formed(scene);
    EXPECT_EQ(to_text(scene), "scope graph (9 ops) open\n"
                              "  placeholder x (float32 ?)\n"
                              "  scope cell (8 ops) open\n"
                              "    fold shape of x (5 ops)\n"
                              "    fold unused (2 ops)\n"
                              "    op sum (Add)\n"
                              "data: x -> cell x5\n"
                              "data: into cell -> cell/Shape… x2\n"
                              "data: into cell -> cell/Rank… x2\n"
                              "data: into cell -> cell/sum, around\n"
                              "data: cell/Shape… -> cell/sum\n");
}

TEST(GraphScene, AFoldNeverHidesWhatIsAskedFor) {
    const ShapeGraph g;
    SceneInput in = g.input();
    GraphView view;
    view.unfold(in, g.pack); // its scope is closed: nothing opens
    EXPECT_TRUE(view.expanded().empty());
    view.set_expanded("cell", true);
    view.unfold(in, g.pack);
    EXPECT_EQ(view.scene(in).boxes[view.scene(in).box_of(g.pack)].node, g.pack);

    GraphView other;
    in.failure = SceneFailure{};
    in.failure->node = g.fill;
    other.auto_expand_to(in);
    const Scene& scene = other.scene(in);
    EXPECT_EQ(scene.boxes[scene.failed_box].node, g.fill);
    EXPECT_EQ(scene.boxes[scene.box_of(g.unused)].title, "unused") << "the other fold stays closed";

    // In an earlier, smaller graph the same fold has the same name.
    in = g.input();
    in.nodes = g.fill.index() + 1;
    const std::uint32_t earlier = view.scene(in).box_of(g.pack);
    EXPECT_EQ(view.scene(in).boxes[earlier].node, g.pack);
}

TEST(GraphScene, ALongEdgeIsLedAroundWhatStandsBetweenItsEnds) {
    // A chain of 30 ops, and edges from its start that skip most of it, one of them with a bend in every rank.
    SmallGraph g;
    std::vector<NodeId> chain{g.add("chain/Relu", "Relu", {{NodeId(0), 0}})};
    for (int i = 1; i < 30; ++i) {
        std::vector<Output> inputs{{chain.back(), 0}};
        if (i == 10 || i == 20 || i == 25) inputs.push_back({chain.front(), 0});
        chain.push_back(g.add("chain/op_" + std::to_string(i), inputs.size() > 1 ? "Add" : "Tanh", inputs));
    }
    GraphView view;
    view.expand_all(g.input());
    const Scene& scene = view.scene(g.input());
    expect_well_formed(scene);
    const std::uint32_t scope = scene.box_of_scope("chain"), first = scene.box_of(chain[0]);
    std::size_t around = 0;
    for (std::uint32_t e = scene.boxes[scope].first_edge; e < scene.boxes[scope].last_edge; ++e) {
        const SceneEdge& edge = scene.edges[e];
        if (edge.from == first && edge.to != scene.box_of(chain[1])) {
            EXPECT_EQ(edge.around, edge.to != scene.box_of(chain[10])) << scene.boxes[edge.to].path;
        }
        if (!edge.around) continue;
        if (edge.from == first) ++around;
        for (std::size_t p = 1; p < edge.points.size(); ++p)
            for (std::uint32_t i = scope + 1; i < scene.boxes[scope].end; ++i) {
                const SceneBox& box = scene.boxes[i];
                const auto [x0, x1] = std::minmax(edge.points[p - 1].x, edge.points[p].x);
                const auto [y0, y1] = std::minmax(edge.points[p - 1].y, edge.points[p].y);
                const bool apart = x1 <= box.x || x0 >= box.x + box.width || y1 <= box.y || y0 >= box.y + box.height;
                EXPECT_TRUE(apart) << scene.boxes[edge.to].path << "'s edge runs through " << box.path;
            }
    }
    EXPECT_EQ(around, 2u);
}

} // namespace
} // namespace rnnscope::view
