// The edges that an init op lacks run around boxes and names.

#include "core/view/graph_scene.hpp"
#include "core/view/graph_scene_tree.hpp"
#include "tests/core/view/sample_test.hpp"
#include "tests/core/view/scene_checks.hpp"

#include <filesystem>
#include <set>

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

void expect_routed(const Scene& scene, const SceneLink& link) {
    ASSERT_GE(link.points.size(), 2U);
    EXPECT_TRUE(is_on_border(link.points.front(), area_of(scene, link.from)));
    EXPECT_TRUE(is_on_border(link.points.back(), area_of(scene, link.to)));
    for (std::size_t p = 1; p < link.points.size(); ++p) {
        const Point a = link.points[p - 1], b = link.points[p];
        EXPECT_TRUE(a.x == b.x || a.y == b.y);
        for (std::uint32_t box = 1; box < scene.boxes.size(); ++box) {
            const Area area = area_of(scene, box);
            const auto is_around = [&](std::uint32_t end) { return box < end && end < scene.boxes[box].end; };
            if (is_around(link.from) && is_around(link.to)) continue;
            const bool is_open = std::ranges::any_of(
                scene.missing, [&](const SceneLink& any) { return is_around(any.from) || is_around(any.to); });
            std::vector<Area> spared{area};
            if (is_open) { // lines enter it, but spare its name and its count
                Area title = area, count = area;
                title.y1 = count.y1 = area.y0 + SceneMetrics::header;
                title.x1 = area.x0 + 24 + mono_width(scene.boxes[box].title);
                count.x0 = area.x1 - 10 - sans_width(scene.boxes[box].count);
                spared = {title, count};
            }
            for (const Area& one : spared)
                EXPECT_FALSE(crosses(a, b, one)) << scene.boxes[link.from].path << " -> " << scene.boxes[link.to].path
                                                 << " through " << scene.boxes[box].path;
        }
    }
}

/// All programs of the samples that fail; whatever is open.
TEST(MissingRoutes, RunAroundBoxesAndNames) {
    std::size_t routes = 0;
    const std::string folder = std::string(RNNSCOPE_SOURCE_DIR) + "/samples/programs";
    std::set<std::filesystem::path> programs;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (!entry.path().filename().string().starts_with("train_")) programs.insert(entry.path());
    for (const std::filesystem::path& program : programs) {
        SCOPED_TRACE(program.filename());
        debug::Debugger debugger;
        if (!debugger.open(program.string()).empty()) continue;
        ASSERT_TRUE(debug::execute(debugger, {"run.continue", "", "test"}));
        debugger.wait();
        const SceneInput input = scene_input(debugger);
        if (!input.failure || !input.failure->init.valid()) continue;
        for (const bool all : {false, true}) {
            GraphView view, again;
            for (GraphView* either : {&view, &again})
                if (all) either->expand_all(input);
            const Scene& scene = view.scene(input);
            for (const SceneLink& link : scene.missing) {
                if (all && link.points.empty()) continue; // too much stands around
                expect_routed(scene, link);
                ++routes;
            }
            EXPECT_EQ(to_svg(scene), to_svg(again.scene(input)));
        }
    }
    EXPECT_GE(routes, 10U);
}

} // namespace
} // namespace rnnscope::view
