#include "core/view/graph_scene_tree.hpp"
#include "tests/core/view/generated_graphs.hpp"
#include "tests/core/view/scene_checks.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

/// What layout promises, on generated graphs with all scopes open.
namespace rnnscope::view {
namespace {

struct Case {
    const char* name;
    std::unique_ptr<Graph> (*make)(int ops);
    int ops;
    std::uint64_t crossings; ///< recorded: over all scopes, between neighbouring ranks
};

void PrintTo(const Case& c, std::ostream* out) {
    *out << c.name;
}

SceneInput input_of(const Graph& graph) {
    SceneInput input;
    input.graph = &graph;
    input.nodes = graph.size();
    return input;
}

class GeneratedLayout : public testing::TestWithParam<Case> {};

TEST_P(GeneratedLayout, IsWellFormedAndTheSameTwice) {
    const auto graph = GetParam().make(GetParam().ops);
    const SceneInput input = input_of(*graph);
    GraphView view, other;
    view.expand_all(input);
    test::expect_well_formed(view.scene(input));
    other.expand_all(input);
    EXPECT_EQ(to_text(view.scene(input), true), to_text(other.scene(input), true));
}

TEST_P(GeneratedLayout, CrossesNoMoreThanRecorded) {
    const auto graph = GetParam().make(GetParam().ops);
    const SceneTree tree(*graph, graph->size());
    std::uint64_t crossings = 0;
    for (const SceneItem& item : tree.items()) {
        std::vector<std::uint32_t> edge_of;
        const std::vector<LayoutEdge> edges = layout_edges(item, edge_of);
        const LayoutOrder order = order_graph(item.children.size(), edges);
        EXPECT_EQ(order.crossings, count_crossings(order, edges)) << item.path;
        crossings += order.crossings;
    }
    EXPECT_LE(crossings, GetParam().crossings);
}

/// By pair of siblings: on which side of the first the second stands, across and along.
using Places = std::map<std::pair<std::uint32_t, std::uint32_t>, std::pair<int, int>>;

Places sibling_places(const Scene& scene) {
    Places places;
    for (std::uint32_t parent = 0; parent < scene.boxes.size(); ++parent)
        for (std::uint32_t i = parent + 1; i < scene.boxes[parent].end; i = scene.boxes[i].end)
            for (std::uint32_t j = scene.boxes[i].end; j < scene.boxes[parent].end; j = scene.boxes[j].end) {
                const SceneBox &a = scene.boxes[i], &b = scene.boxes[j];
                places[{a.item, b.item}] = {a.x + a.width <= b.x   ? 1
                                            : b.x + b.width <= a.x ? -1
                                                                   : 0,
                                            a.y + a.height <= b.y   ? 1
                                            : b.y + b.height <= a.y ? -1
                                                                    : 0};
            }
    return places;
}

TEST_P(GeneratedLayout, ClosingRestoresAndOpeningReordersNothing) {
    const auto graph = GetParam().make(GetParam().ops);
    const SceneInput input = input_of(*graph);
    GraphView view;
    view.expand_outer(input, 40);
    const std::string closed = to_text(view.scene(input), true);
    const Places before = sibling_places(view.scene(input));
    std::vector<std::string> opened;
    for (const SceneBox& box : view.scene(input).boxes)
        if (box.kind == BoxKind::scope && !box.expanded && opened.size() < 5) opened.emplace_back(box.path);
    ASSERT_FALSE(opened.empty());
    for (const std::string& path : opened) view.set_expanded(path, true);
    const Scene& scene = view.scene(input);
    EXPECT_NE(to_text(scene, true), closed);
    const Places after = sibling_places(scene);
    for (const auto& [pair, where] : before) {
        const auto it = after.find(pair);
        if (it == after.end()) continue;
        // Of one rank they stay side by side, of different ranks one after the other.
        const auto [x, y] = where;
        const auto [new_x, new_y] = it->second;
        EXPECT_TRUE((x != 0 && x == new_x) || (y != 0 && y == new_y))
            << pair.first << " and " << pair.second << " changed places";
    }
    for (const std::string& path : opened) view.set_expanded(path, false);
    EXPECT_EQ(to_text(view.scene(input), true), closed);
}

INSTANTIATE_TEST_SUITE_P(
    All, GeneratedLayout,
    testing::Values(Case{"rnn_100", test::rnn_graph, 100, 0}, Case{"rnn_300", test::rnn_graph, 300, 0},
                    Case{"rnn_1000", test::rnn_graph, 1000, 0}, Case{"wide_100", test::wide_graph, 100, 7},
                    Case{"wide_300", test::wide_graph, 300, 20}, Case{"wide_1000", test::wide_graph, 1000, 48}),
    [](const auto& one) { return one.param.name; });

} // namespace
} // namespace rnnscope::view
