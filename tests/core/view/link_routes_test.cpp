// The failing path, and the edges that an init op lacks, run around boxes and names.

#include "core/view/graph_scene.hpp"
#include "tests/core/view/sample_test.hpp"
#include "tests/core/view/scene_checks.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace rnnscope::view {
namespace {

struct Area {
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

Area area_of(const Scene& scene, std::uint32_t box) {
    const Scene::Corner at = scene.corner(box);
    return {at.x, at.y, at.x + scene.boxes[box].width, at.y + scene.boxes[box].height};
}

bool crosses(Point a, Point b, const Area& area) {
    const auto [x0, x1] = std::minmax(a.x, b.x);
    const auto [y0, y1] = std::minmax(a.y, b.y);
    return x1 > area.x0 + 0.5 && x0 < area.x1 - 0.5 && y1 > area.y0 + 0.5 && y0 < area.y1 - 0.5;
}

bool is_on_border(Point at, const Area& area) {
    const bool upright = std::abs(at.x - area.x0) < 0.5 || std::abs(at.x - area.x1) < 0.5;
    const bool level = std::abs(at.y - area.y0) < 0.5 || std::abs(at.y - area.y1) < 0.5;
    return upright || level;
}

/// What lines must not cross of a box: nothing, all of it, or, where they enter it, its name and its count.
std::vector<Area> spared_of(const Scene& scene, std::uint32_t box, const std::vector<SceneLink>& links) {
    const auto is_around = [&](std::uint32_t end) { return box < end && end < scene.boxes[box].end; };
    const Area area = area_of(scene, box);
    if (std::ranges::none_of(links, [&](const SceneLink& any) { return is_around(any.from) || is_around(any.to); }))
        return {area};
    const HeaderTexts texts = header_texts(scene, box);
    Area title = area, count = area;
    title.y1 = count.y1 = area.y0 + SceneMetrics::header;
    title.x1 = area.x0 + texts.title_end;
    count.x0 = area.x0 + texts.count_start;
    return {title, count};
}

/// `links`: that are routed together.
void expect_routed(const Scene& scene, const SceneLink& link, const std::vector<SceneLink>& links) {
    ASSERT_GE(link.points.size(), 2U);
    EXPECT_TRUE(is_on_border(link.points.front(), area_of(scene, link.from)));
    EXPECT_TRUE(is_on_border(link.points.back(), area_of(scene, link.to)));
    for (std::size_t p = 1; p < link.points.size(); ++p) {
        const Point a = link.points[p - 1], b = link.points[p];
        EXPECT_TRUE(a.x == b.x || a.y == b.y);
        for (std::uint32_t box = 1; box < scene.boxes.size(); ++box)
            for (const Area& one : spared_of(scene, box, links))
                EXPECT_FALSE(crosses(a, b, one)) << scene.boxes[link.from].path << " -> " << scene.boxes[link.to].path
                                                 << " through " << scene.boxes[box].path;
    }
}

/// Edges from the one to the other, each beginning where the one before it ended, or behind the box that it ended at.
void expect_leads(const Scene& scene, const SceneLink& link) {
    EXPECT_EQ(scene.edges[link.edges.front()].from, link.from);
    EXPECT_EQ(scene.edges[link.edges.back()].to, link.to);
    for (std::size_t i = 1; i < link.edges.size(); ++i) {
        const SceneEdge &before = scene.edges[link.edges[i - 1]], &edge = scene.edges[link.edges[i]];
        EXPECT_EQ(before.to, edge.from);
        EXPECT_EQ(before.to_port, edge.from_port);
    }
}

struct Tally {
    std::size_t followed = 0, routed = 0, straight = 0;
};

/// All programs of the samples that fail; whatever is open.
TEST(LinkRoutes, RunAroundBoxesAndNames) {
    Tally path, missing;
    for (const std::filesystem::path& program : sample_programs()) {
        SCOPED_TRACE(program.filename());
        debug::Debugger debugger;
        if (!debugger.open(program.string()).empty()) continue;
        ASSERT_TRUE(debug::execute(debugger, {"run.continue", "", "test"}));
        debugger.wait();
        const SceneInput input = scene_input(debugger);
        if (!input.failure) continue;
        for (const bool all : {false, true}) {
            GraphView view, again;
            for (GraphView* either : {&view, &again}) {
                either->auto_expand_to(input);
                if (all) either->expand_all(input);
            }
            const Scene& scene = view.scene(input);
            const auto look_at = [&](const std::vector<SceneLink>& links, Tally& tally) {
                for (const SceneLink& link : links) {
                    EXPECT_TRUE(link.edges.empty() || link.points.empty());
                    if (!link.edges.empty()) expect_leads(scene, link);
                    if (!link.points.empty()) expect_routed(scene, link, links);
                    ++(!link.edges.empty() ? tally.followed : link.points.empty() ? tally.straight : tally.routed);
                }
            };
            look_at(scene.failing_path, path);
            look_at(scene.missing, missing);
            EXPECT_EQ(to_svg(scene), to_svg(again.scene(input)));
        }
    }
    EXPECT_GE(path.followed, 100U);
    EXPECT_EQ(path.routed, 0U) << "all of these reads have a way from their variable that the drawing shows";
    EXPECT_EQ(path.straight, 0U);
    EXPECT_GE(missing.routed, 80U);
    EXPECT_EQ(missing.straight, 0U);
}

/// The handle of a resource variable enters the loop before it is read.
TEST_F(SampleTest, TheFailingPathLeadsThroughEnter) {
    open("keras_gru_init_early.json");
    const SceneInput input = scene_input(debugger_);
    GraphView view;
    view.auto_expand_to(input);
    const Scene& scene = view.scene(input);
    ASSERT_FALSE(scene.failing_path.empty());
    std::vector<std::string> ends;
    for (const std::uint32_t e : scene.failing_path[0].edges) ends.push_back(test::described(scene, scene.edges[e]));
    const std::string cell = "rnn/while/gru_cell/";
    EXPECT_EQ(ends, (std::vector<std::string>{cell + "kernel -> " + cell + "kernel",
                                              cell + "kernel -> " + cell + "ReadVariableOp/Enter",
                                              cell + "ReadVariableOp/Enter -> " + cell + "ReadVariableOp"}));
    EXPECT_TRUE(scene.boxes[scene.box_of(input.graph->find(cell + "ReadVariableOp/Enter"))].on_path);
}

/// What fails is not always where a way leads to: then the path is routed as what is missing.
TEST(LinkRoutes, AFailingPathWithoutEdgesRunsAroundBoxes) {
    Graph graph;
    const auto add = [&](std::string name, std::string op, std::vector<Output> inputs) {
        return test::append(graph, std::move(name), std::move(op), std::move(inputs));
    };
    const NodeId kernel = add("a/kernel", "VariableV2", {}), used = add("a/used", "Neg", {{kernel, 0}});
    const NodeId middle = add("b/one", "Neg", {{used, 0}}), other = add("b/two", "Exp", {{middle, 0}});
    const NodeId read = add("c/read", "Neg", {{other, 0}});
    add("c/end", "Exp", {{read, 0}});
    Variable variable;
    variable.name = "a/kernel";
    variable.op = kernel;
    graph.add_variable(variable);
    SceneInput input;
    input.graph = &graph;
    input.nodes = graph.size();
    input.failure.emplace();
    input.failure->node = read;
    input.failure->variable = VariableId(0);
    GraphView view;
    view.expand_all(input);
    const Scene& scene = view.scene(input);
    ASSERT_EQ(scene.failing_path.size(), 1U);
    EXPECT_TRUE(scene.failing_path[0].edges.empty());
    expect_routed(scene, scene.failing_path[0], scene.failing_path);
}

} // namespace
} // namespace rnnscope::view
