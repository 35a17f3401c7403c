#include "core/view/graph_scene_tree.hpp"
#include "tests/bench/clock.hpp"
#include "tests/bench/graphs.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

/// usage: bench_layout GRAPH...            CPU time of every stage with all scopes open
///        bench_layout --scopes GRAPH      the CPU time of laying out all scopes, then every scope's own graph and our
///                                         drawing of it, one JSON object a line
///
/// GRAPH is rnn_N or wide_N (generated, about N ops), har or dtln (real ones, beside the checkout), or a graph file.
/// layout_bench.mjs compares with other engines.
namespace rnnscope {
namespace {

using namespace view;
using bench::open_graph;

SceneInput input_of(const Graph& graph) {
    SceneInput input;
    input.graph = &graph;
    input.nodes = graph.size();
    return input;
}

/// One scope as its layout sees it, with all inside it open.
struct ScopeGraph {
    std::uint32_t box = 0; ///< in the scene
    std::size_t nodes = 0;
    std::vector<LayoutEdge> edges;
    std::vector<Size> sizes;
    Direction direction = Direction::down;
};

std::vector<ScopeGraph> scope_graphs(const SceneTree& tree, const Scene& scene) {
    std::vector<ScopeGraph> result;
    for (std::uint32_t i = 0; i < scene.boxes.size(); ++i) {
        if (!scene.boxes[i].expanded) continue;
        const SceneItem& item = tree.item(scene.boxes[i].item);
        ScopeGraph scope;
        scope.box = i;
        scope.nodes = item.children.size();
        std::vector<std::uint32_t> edge_of;
        scope.edges = layout_edges(item, edge_of);
        for (std::uint32_t c = i + 1; c < scene.boxes[i].end; c = scene.boxes[c].end)
            scope.sizes.push_back({scene.boxes[c].width, scene.boxes[c].height});
        result.push_back(std::move(scope));
    }
    return result;
}

/// The stages by themselves, without caches.
void measure(const std::string& name) {
    const std::unique_ptr<Graph> graph = open_graph(name);
    SceneInput input = input_of(*graph);
    input.version = 1; // as a window asks: of an equal one the graph is not read again
    double tree_ms = 0, first_ms = 0, all_ms = 0, again_ms = 0, order_ms = 0, place_ms = 0, one_ms = 0;
    const auto timed = [](double& ms, auto&& work) {
        const double begin = bench::cpu_seconds();
        work();
        ms += (bench::cpu_seconds() - begin) * 1e3;
    };
    std::unique_ptr<SceneTree> tree;
    timed(tree_ms, [&] { tree = std::make_unique<SceneTree>(*graph, graph->size()); });
    GraphView view;
    timed(first_ms, [&] { view.scene(input); });
    view.expand_all(input);
    timed(all_ms, [&] { view.scene(input); });
    const Scene& scene = view.scene(input);
    std::vector<ScopeGraph> scopes = scope_graphs(*tree, scene);
    std::uint64_t crossings = 0;
    for (ScopeGraph& scope : scopes) {
        LayoutOrder order;
        timed(order_ms, [&] { order = order_graph(scope.nodes, scope.edges); });
        scope.direction = flow_direction(*tree, scene.boxes[scope.box].item, order);
        timed(place_ms, [&] { place_graph(order, scope.edges, scope.sizes, scope.direction); });
        crossings += order.crossings;
    }
    // The deepest scope, closed and opened: its whole path to the root is placed again.
    std::uint32_t deepest = 0;
    for (std::uint32_t i = 0; i < scene.boxes.size(); ++i)
        if (scene.boxes[i].expanded && scene.boxes[i].depth > scene.boxes[deepest].depth) deepest = i;
    const std::string path = scene.boxes[deepest].path;
    view.set_expanded(path, false);
    timed(one_ms, [&] { view.scene(input); });
    view.set_expanded(path, true);
    timed(again_ms, [&] { view.scene(input); });
    std::printf("%-34s %7zu %6zu %9.1f %8.1f %9.1f %8.1f %8.1f %8.2f %8.2f %9llu\n",
                name.size() > 34 ? name.c_str() + name.size() - 34 : name.c_str(), graph->size(), scopes.size(),
                tree_ms, first_ms, all_ms, order_ms, place_ms, one_ms, again_ms,
                static_cast<unsigned long long>(crossings));
}

void print_scopes(const std::string& name) {
    const std::unique_ptr<Graph> graph = open_graph(name);
    const SceneInput input = input_of(*graph);
    const SceneTree tree(*graph, graph->size());
    GraphView view;
    view.expand_all(input);
    const Scene& scene = view.scene(input);
    // All of them at once, as the engines that are compared with; the median of some times, because ours are so short.
    std::vector<ScopeGraph> scopes = scope_graphs(tree, scene);
    std::vector<std::uint64_t> crossings(scopes.size(), 0);
    std::vector<double> times(5);
    for (double& ms : times) {
        const double begin = bench::cpu_seconds();
        for (std::size_t i = 0; i < scopes.size(); ++i) {
            ScopeGraph& scope = scopes[i];
            const LayoutOrder order = order_graph(scope.nodes, scope.edges);
            scope.direction = flow_direction(tree, scene.boxes[scope.box].item, order);
            place_graph(order, scope.edges, scope.sizes, scope.direction);
            crossings[i] = order.crossings;
        }
        ms = (bench::cpu_seconds() - begin) * 1e3;
    }
    std::ranges::sort(times);
    std::printf("{\"ms\":%.4f}\n", times[times.size() / 2]);
    for (std::size_t i = 0; i < scopes.size(); ++i) {
        const ScopeGraph& scope = scopes[i];
        std::string boxes, edges;
        std::vector<std::uint32_t> ordinal(scene.boxes.size(), 0);
        std::uint32_t count = 0;
        for (std::uint32_t c = scope.box + 1; c < scene.boxes[scope.box].end; c = scene.boxes[c].end) {
            const SceneBox& box = scene.boxes[c];
            ordinal[c] = count++;
            boxes += fmt::format("{}[{:.1f},{:.1f},{:.1f},{:.1f}]", boxes.empty() ? "" : ",", box.x, box.y, box.width,
                                 box.height);
        }
        for (std::uint32_t e = scene.boxes[scope.box].first_edge; e < scene.boxes[scope.box].last_edge; ++e) {
            const SceneEdge& edge = scene.edges[e];
            // Lines from the scope's own ports are led around what is laid out, and the other engines have none.
            if (edge.portal || edge.from == scope.box || edge.to == scope.box) continue;
            std::string points;
            for (const Point p : edge.points)
                points += fmt::format("{}[{:.1f},{:.1f}]", points.empty() ? "" : ",", p.x, p.y);
            edges +=
                fmt::format("{}[{},{},[{}]]", edges.empty() ? "" : ",", ordinal[edge.from], ordinal[edge.to], points);
        }
        std::printf("{\"down\":%s,\"layered\":%llu,\"boxes\":[%s],\"edges\":[%s]}\n",
                    scope.direction == Direction::down ? "true" : "false",
                    static_cast<unsigned long long>(crossings[i]), boxes.c_str(), edges.c_str());
    }
}

} // namespace
} // namespace rnnscope

int main(int argc, char** argv) {
    if (argc == 3 && std::strcmp(argv[1], "--scopes") == 0) {
        rnnscope::print_scopes(argv[2]);
        return 0;
    }
    std::printf("%-34s %7s %6s %9s %8s %9s %8s %8s %8s %8s %9s\n", "CPU ms", "ops", "scopes", "tree", "first",
                "open all", "order", "place", "close 1", "open 1", "crossings");
    std::vector<std::string> graphs(argv + 1, argv + argc);
    if (graphs.empty())
        for (const int size : {100, 1000, 5000, 10000, 50000, 100000})
            for (const char* family : {"rnn", "wide"}) graphs.push_back(fmt::format("{}_{}", family, size));
    for (const std::string& graph : graphs) rnnscope::measure(graph);
    return 0;
}
