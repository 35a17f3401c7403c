#include "core/view/graph_scene.hpp"

#include "tests/core/view/scene_checks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>
#include <string>

/// How edges cross the borders of open scopes.
namespace rnnscope::view {
namespace {

struct Ops {
    Graph graph;

    NodeId add(std::string name, std::initializer_list<NodeId> inputs, std::string op = "AddN") {
        Node node;
        node.name = std::move(name);
        node.op = std::move(op);
        for (const NodeId input : inputs) node.inputs.push_back({input, 0});
        node.outputs.push_back({DType::float32, false, Shape({2, 3})});
        return graph.append(std::move(node));
    }
    const Scene& opened(GraphView& view, std::initializer_list<const char*> scopes) {
        SceneInput input;
        input.graph = &graph;
        input.nodes = graph.size();
        for (const char* scope : scopes) view.set_expanded(scope, true);
        const Scene& scene = view.scene(input);
        test::expect_well_formed(scene);
        return scene;
    }
};

std::ptrdiff_t ports_of(const Scene& scene, std::string_view scope, bool out) {
    return std::count_if(scene.ports.begin(), scene.ports.end(),
                         [&](const ScenePort& port) { return port.out == out && scene.boxes[port.box].path == scope; });
}

/// Two sources of the same op, a third of another one, and scopes in scopes.
struct Nested : Ops {
    NodeId a = add("a", {}), b = add("b", {}), c = add("c", {});
    NodeId x = add("s/t/x", {a, b}), y = add("s/t/y", {c, x}), z = add("s/z", {y}), spare = add("s/t/u", {x});
    NodeId end = add("end", {z});
};

TEST(ScenePorts, NeighboursThatLeadToTheSameShareOne) {
    Nested g;
    GraphView view;
    const Scene& outer = g.opened(view, {"s"});
    EXPECT_EQ(ports_of(outer, "s", false), 1) << "all three lead to t";
    EXPECT_EQ(ports_of(outer, "s", true), 1);
    for (const char* name : {"d", "e", "f"}) g.add(std::string("s/") + name, {g.c});
    g.add("s/g", {g.a});
    const Scene& wider = g.opened(view, {"s"});
    EXPECT_EQ(ports_of(wider, "s", false), 3) << "a, b and c lead to different things now";
}

TEST(ScenePorts, ThereAreFewOfThem) {
    Ops g;
    std::vector<NodeId> sources;
    for (int i = 0; i < 20; ++i) sources.push_back(g.add("in" + std::to_string(i), {}));
    for (int i = 0; i < 20; ++i) {
        const NodeId op = g.add("s/op" + std::to_string(i), {sources[static_cast<std::size_t>(i)]});
        if (i < 7) g.add("out" + std::to_string(i), {op}); // of more, the scope would be a portal
    }
    GraphView view;
    const Scene& scene = g.opened(view, {"s"});
    EXPECT_EQ(ports_of(scene, "s", false), 6);
    EXPECT_EQ(ports_of(scene, "s", true), 6);
}

TEST(ScenePorts, APortOfVeryManyLeavesOutItsLines) {
    Ops g;
    const NodeId hub = g.add("hub", {}), one = g.add("one", {});
    for (int i = 0; i < 20; ++i) g.add("s/op" + std::to_string(i), {hub});
    g.add("s/other", {one});
    GraphView view;
    const Scene& scene = g.opened(view, {"s"});
    std::size_t drawn = 0, portals = 0;
    for (const SceneEdge& edge : scene.edges)
        if (scene.boxes[scene.scope_of(edge)].path == "s") ++(edge.portal ? portals : drawn);
    EXPECT_EQ(drawn, 1u);
    EXPECT_EQ(portals, 20u);
}

using Edges = std::vector<std::string>;

TEST(ScenePorts, EdgesOfABoxLeadThroughAllBordersAndNowhereElse) {
    Nested g;
    GraphView view;
    const Scene& scene = g.opened(view, {"s", "s/t"});
    struct Case {
        NodeId node;
        Edges edges;
    };
    // All that comes into s/t comes through the same ports.
    for (const Case& c : {Case{g.a, {"a -> s", "s -> s/t", "s/t -> s/t/x"}},
                          {g.b, {"b -> s", "s -> s/t", "s/t -> s/t/x"}},
                          {g.c, {"c -> s", "s -> s/t", "s/t -> s/t/y"}},
                          {g.x, {"a -> s", "b -> s", "s -> s/t", "s/t -> s/t/x", "s/t/x -> s/t/u", "s/t/x -> s/t/y"}},
                          {g.y, {"c -> s", "s -> s/t", "s/t -> s/t/y", "s/t -> s/z", "s/t/x -> s/t/y", "s/t/y -> s/t"}},
                          {g.z, {"s -> end", "s/t -> s/z", "s/t/y -> s/t", "s/z -> s"}},
                          {g.spare, {"s/t/x -> s/t/u"}},
                          {g.end, {"s -> end", "s/z -> s"}}}) {
        Edges ends;
        for (const std::uint32_t e : edges_of(scene, PortEdges(scene), scene.box_of(c.node)))
            ends.push_back(test::described(scene, scene.edges[e]));
        std::sort(ends.begin(), ends.end());
        EXPECT_EQ(ends, c.edges) << g.graph.node(c.node).name;
    }
    EXPECT_TRUE(edges_of(scene, PortEdges(scene), 0).empty());
}

TEST(ScenePorts, EdgesOfAnOpenScopeAreThoseThatCrossItsBorder) {
    Nested g;
    GraphView view;
    const Scene& scene = g.opened(view, {"s", "s/t"});
    Edges ends;
    for (const std::uint32_t e : edges_of(scene, PortEdges(scene), scene.box_of_scope("s/t")))
        ends.push_back(test::described(scene, scene.edges[e]));
    std::sort(ends.begin(), ends.end());
    EXPECT_EQ(ends, (Edges{"a -> s", "b -> s", "c -> s", "s -> s/t", "s/t -> s/t/x", "s/t -> s/t/y", "s/t -> s/z",
                           "s/t/y -> s/t"}));
}

/// A box that holds something near does not make an edge a part of the trace.
TEST(ScenePorts, AnEdgeIsOnATraceAsItsLinesAre) {
    Ops g;
    const NodeId p = g.add("s/p", {}), id = g.add("s/id", {p}, "Identity"), other = g.add("s/other", {p});
    const NodeId q = g.add("r/q", {id, other}), side = g.add("r/side", {});
    const NodeId back = g.add("s/back", {side});
    g.add("s/merge", {back}, "Merge");
    g.add("end", {q, back});
    constexpr int off = off_trace;
    struct Edge {
        int distance;
        bool next = false;
    };
    struct Case {
        std::vector<const char*> open;
        TraceWay way;
        NodeId of;
        std::map<std::string, Edge> edges;
    };
    for (const Case& c : {
             Case{{}, TraceWay::inputs, q, {{"s -> r", {0, true}}, {"r -> s", {off}}, {"r -> end", {off}}}},
             {{}, TraceWay::outputs, p, {{"s -> r", {1, true}}, {"r -> s", {off}}, {"r -> end", {2}}}},
             {{}, TraceWay::outputs, side, {{"s -> r", {off}}, {"r -> s", {1, true}}, {"s -> end", {2}}}},
             {{"r"}, TraceWay::inputs, q, {{"r -> r/q", {0, true}}, {"r -> s", {off}}, {"r/side -> r", {off}}}},
             {{"s"},
              TraceWay::inputs,
              id,
              {{"s/p -> s/id", {1, true}}, {"s/p -> s/other", {off}}, {"s/id -> s", {off}}}},
             {{"s"},
              TraceWay::inputs,
              q,
              {{"s/p -> s/id", {1, true}}, {"s/p -> s/other", {1}}, {"s/id -> s", {0, true}}}},
         }) {
        SceneInput input;
        input.graph = &g.graph;
        input.nodes = g.graph.size();
        input.traced = trace_nodes(g.graph, std::array{c.of}, c.way, input.nodes);
        GraphView view;
        for (const char* scope : c.open) view.set_expanded(scope, true);
        std::map<std::string, SceneEdge> found;
        for (const SceneEdge& edge : view.scene(input).edges) found[test::described(view.scene(input), edge)] = edge;
        for (const auto& [name, edge] : c.edges) {
            EXPECT_EQ(found.at(name).trace, edge.distance) << name;
            EXPECT_EQ(found.at(name).next_on_trace, edge.next) << name;
        }
        input.traced.clear();
        for (const SceneEdge& edge : view.scene(input).edges) EXPECT_EQ(edge.trace, 0);
    }
}

TEST(ScenePorts, AWayLeadsFromPortToPort) {
    Nested g;
    GraphView view;
    const Scene& scene = g.opened(view, {"s", "s/t"});
    const auto way = [&](NodeId from, NodeId to) {
        std::vector<std::string> ends;
        for (const std::uint32_t e : way_between(scene, PortEdges(scene), scene.box_of(from), scene.box_of(to)))
            ends.push_back(test::described(scene, scene.edges[e]));
        return ends;
    };
    EXPECT_EQ(way(g.c, g.y), (std::vector<std::string>{"c -> s", "s -> s/t", "s/t -> s/t/y"}));
    EXPECT_EQ(way(g.y, g.z), (std::vector<std::string>{"s/t/y -> s/t", "s/t -> s/z"}));
    EXPECT_TRUE(way(g.y, g.a).empty());
    const std::uint32_t inner = scene.box_of_scope("s/t");
    EXPECT_TRUE(way_between(scene, PortEdges(scene), scene.box_of(g.a), inner).empty())
        << "nothing ends at an open scope";
    const std::string svg = to_svg(scene);
    std::ptrdiff_t circles = 0;
    for (std::size_t at = svg.find("<circle"); at != std::string::npos; at = svg.find("<circle", at + 1)) ++circles;
    EXPECT_EQ(circles, static_cast<std::ptrdiff_t>(scene.ports.size()));
}

/// Loops flow down: lines come from above, through the header.
TEST(ScenePorts, LinesFromAbovePassBetweenTheTextsOfAHeader) {
    Ops g;
    std::vector<NodeId> sources;
    for (int i = 0; i < 4; ++i) sources.push_back(g.add("while/in" + std::to_string(i), {}));
    g.add("while/next", {sources[0]}, "NextIteration");
    for (int i = 0; i < 4; ++i)
        g.add("while/inner_scope_with_a_name/op" + std::to_string(i), {sources[static_cast<std::size_t>(i)]});
    GraphView view;
    const Scene& scene = g.opened(view, {"while", "while/inner_scope_with_a_name"});
    ASSERT_EQ(ports_of(scene, "while/inner_scope_with_a_name", false), 4);
    for (const ScenePort& port : scene.ports) EXPECT_NEAR(port.at.y, 0, 0.1f);
}

} // namespace
} // namespace rnnscope::view
