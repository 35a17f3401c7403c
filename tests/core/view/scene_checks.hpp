#pragma once

#include "core/view/graph_scene.hpp"
#include "core/view/graph_scene_tree.hpp"
#include "core/view/scene_portals.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace rnnscope::view::test {

/// An op with one output.
inline NodeId append(Graph& graph, std::string name, std::string op, std::vector<Output> inputs) {
    Node node;
    node.name = std::move(name);
    node.op = std::move(op);
    node.inputs = std::move(inputs);
    node.outputs.resize(1);
    return graph.append(std::move(node));
}

inline std::string described(const Scene& scene, const SceneEdge& edge) {
    return scene.boxes[edge.from].path + " -> " + scene.boxes[edge.to].path;
}

/// Edges begin and end at boxes, or at ports on the borders of open scopes where others go on.
inline void expect_borders_crossed_at_ports(const Scene& scene) {
    std::vector<int> outside(scene.ports.size(), 0), inside(scene.ports.size(), 0);
    for (const SceneEdge& edge : scene.edges) {
        const std::uint32_t scope = scene.scope_of(edge);
        const auto check_end = [&](std::uint32_t end, std::uint32_t port, const Point* at, bool leaves) {
            const SceneBox& box = scene.boxes[end];
            EXPECT_EQ(box.expanded && !edge.portal, port != no_port && !edge.portal) << described(scene, edge);
            if (port == no_port) return;
            ASSERT_GE(port, box.first_port);
            ASSERT_LT(port, box.last_port);
            const bool own = end == scope;
            ++(own ? inside : outside)[port];
            EXPECT_EQ(scene.ports[port].out, own ? !leaves : leaves) << described(scene, edge);
            if (at == nullptr) return;
            EXPECT_NEAR(at->x, scene.ports[port].at.x + (own ? 0 : box.x), 0.1f) << described(scene, edge);
            EXPECT_NEAR(at->y, scene.ports[port].at.y + (own ? 0 : box.y), 0.1f) << described(scene, edge);
        };
        check_end(edge.from, edge.from_port, edge.points.empty() ? nullptr : &edge.points.front(), true);
        check_end(edge.to, edge.to_port, edge.points.empty() ? nullptr : &edge.points.back(), false);
    }
    for (std::uint32_t p = 0; p < scene.ports.size(); ++p) {
        const SceneBox& box = scene.boxes[scene.ports[p].box];
        const Point at = scene.ports[p].at;
        EXPECT_GT(outside[p], 0) << "a port of " << box.path << " that nothing outside leads to";
        EXPECT_GT(inside[p], 0) << "a port of " << box.path << " that nothing inside leads to";
        const bool on_border = std::abs(at.x) < 0.1f || std::abs(at.y) < 0.1f || std::abs(at.x - box.width) < 0.1f ||
                               std::abs(at.y - box.height) < 0.1f;
        EXPECT_TRUE(on_border) << box.path << ": " << at.x << ", " << at.y;
    }
}

/// What leads into a port leads out of it: the same edges of the graph on both sides of a border.
inline void expect_lines_lead_on(const Scene& scene) {
    std::vector<std::vector<std::uint32_t>> outside(scene.ports.size()), inside(scene.ports.size());
    const std::vector<BaseEdge>& base = scene.tree->base_edges();
    for (const SceneEdge& edge : scene.edges) {
        const std::uint32_t scope = scene.scope_of(edge);
        EXPECT_LT(edge.first_line, edge.last_line) << described(scene, edge);
        EXPECT_LE(edge.count, edge.last_line - edge.first_line) << described(scene, edge);
        for (std::uint32_t l = edge.first_line; l < edge.last_line; ++l) {
            const BaseEdge& line = base[scene.lines[l]];
            for (const auto& [end, node] : {std::pair(edge.from, line.source), std::pair(edge.to, line.target)})
                EXPECT_EQ(scene.holds(end, scene.box_of(node)), end != scope) << described(scene, edge);
        }
        for (const auto& [end, port] : {std::pair(edge.from, edge.from_port), std::pair(edge.to, edge.to_port)}) {
            if (port == no_port) continue;
            auto& lines = (end == scope ? inside : outside)[port];
            lines.insert(lines.end(), scene.lines.begin() + edge.first_line, scene.lines.begin() + edge.last_line);
        }
    }
    for (std::uint32_t p = 0; p < scene.ports.size(); ++p) {
        std::sort(outside[p].begin(), outside[p].end());
        std::sort(inside[p].begin(), inside[p].end());
        EXPECT_EQ(outside[p], inside[p]) << "a port of " << scene.boxes[scene.ports[p].box].path;
    }
}

/// Points along an edge as it is drawn.
inline std::vector<Point> drawn_line(const SceneEdge& edge) {
    std::vector<Point> line;
    for (std::size_t i = 1; i < edge.points.size(); ++i) {
        const Point a = edge.points[i - 1], b = edge.points[i];
        Point c = a, d = b;
        if (!edge.around && edge.down) c.y = d.y = (a.y + b.y) / 2;
        if (!edge.around && !edge.down) c.x = d.x = (a.x + b.x) / 2;
        const float length = std::abs(a.x - b.x) + std::abs(a.y - b.y);
        const int steps = std::clamp(static_cast<int>(length / 6), 4, 400);
        for (int s = 0; s <= steps; ++s) {
            const float t = static_cast<float>(s) / static_cast<float>(steps), m = 1 - t;
            const float wa = m * m * m, wc = 3 * m * m * t, wd = 3 * m * t * t, wb = t * t * t;
            line.push_back(edge.around ? Point{a.x * m + b.x * t, a.y * m + b.y * t}
                                       : Point{a.x * wa + c.x * wc + d.x * wd + b.x * wb,
                                               a.y * wa + c.y * wc + d.y * wd + b.y * wb});
        }
    }
    return line;
}

/// What the edge runs over in its scope: the border, a text of the header, or a box; empty for nothing.
inline std::string runs_over(const Scene& scene, const SceneEdge& edge) {
    constexpr float border = 1;
    const std::uint32_t scope = scene.scope_of(edge);
    const SceneBox& around = scene.boxes[scope];
    const HeaderTexts texts = header_texts(scene, scope);
    for (const Point p : drawn_line(edge)) {
        if (p.x < -border || p.y < -border || p.x > around.width + border || p.y > around.height + border)
            return "the border";
        if (scope != 0 && p.y > 4 && p.y < SceneMetrics::header - 4 &&
            ((p.x > SceneMetrics::header_start && p.x < texts.title_end) ||
             (p.x > texts.count_start && p.x < around.width - SceneMetrics::header_end)))
            return "the header";
        for (std::uint32_t i = scope + 1; i < around.end; i = scene.boxes[i].end) {
            const SceneBox& box = scene.boxes[i];
            if (p.x > box.x + border && p.x < box.x + box.width - border && p.y > box.y + border &&
                p.y < box.y + box.height - border)
                return box.path;
        }
    }
    return {};
}

/// By edge that leaves its scope or runs over something in it. As edges are drawn nowhere else, all others are clear of
/// what is in other scopes, too. Portal edges as they are drawn when they are pointed at.
inline std::vector<std::string> edges_over_something(const Scene& scene) {
    std::vector<std::string> over;
    for (std::uint32_t scope = 0; scope < scene.boxes.size(); ++scope) {
        const PortalWays portals(scene, scope);
        for (std::uint32_t e = scene.boxes[scope].first_edge; e < scene.boxes[scope].last_edge; ++e) {
            SceneEdge edge = scene.edges[e];
            if (edge.portal) {
                edge.points = portals.way(edge);
                edge.around = true;
            }
            const std::string what = runs_over(scene, edge);
            if (!what.empty())
                over.push_back(described(scene, edge) + " runs over " + what + " in " + scene.boxes[scope].path);
        }
    }
    return over;
}

/// The first few say what is wrong.
inline void expect_none(const std::vector<std::string>& mistakes) {
    for (std::size_t i = 0; i < std::min<std::size_t>(mistakes.size(), 10); ++i) ADD_FAILURE() << mistakes[i];
    EXPECT_EQ(mistakes.size(), 0u);
}

/// Children inside their parents, no overlaps, edges between siblings, and along the flow unless they run around.
inline void expect_well_formed(const Scene& scene) {
    for (std::uint32_t i = 1; i < scene.boxes.size(); ++i) {
        const SceneBox& box = scene.boxes[i];
        const SceneBox& parent = scene.boxes[box.parent];
        ASSERT_LT(box.parent, i);
        EXPECT_LE(box.end, parent.end);
        EXPECT_TRUE(parent.expanded);
        EXPECT_GE(box.x, 0) << box.path;
        EXPECT_GE(box.y, 0) << box.path;
        EXPECT_LE(box.x + box.width, parent.width + 0.5f) << box.path;
        EXPECT_LE(box.y + box.height, parent.height + 0.5f) << box.path;
        for (std::uint32_t j = box.end; j < parent.end; j = scene.boxes[j].end) {
            const SceneBox& other = scene.boxes[j];
            const bool apart = box.x + box.width <= other.x + 0.01f || other.x + other.width <= box.x + 0.01f ||
                               box.y + box.height <= other.y + 0.01f || other.y + other.height <= box.y + 0.01f;
            EXPECT_TRUE(apart) << box.path << " overlaps " << other.path;
        }
    }
    for (const SceneEdge& edge : scene.edges) {
        EXPECT_NE(edge.from, edge.to);
        EXPECT_EQ(edge.points.empty(), edge.portal);
        const std::uint32_t scope = scene.scope_of(edge);
        if (scope == edge.from || scope == edge.to) continue; // from or to a port of its own
        EXPECT_EQ(scene.boxes[edge.from].parent, scene.boxes[edge.to].parent);
        if (edge.portal || edge.around) continue;
        const SceneBox &a = scene.boxes[edge.from], &b = scene.boxes[edge.to];
        EXPECT_TRUE(a.y + a.height <= b.y + 0.01f || a.x + a.width <= b.x + 0.01f)
            << a.path << " does not come before " << b.path;
    }
    expect_borders_crossed_at_ports(scene);
    expect_lines_lead_on(scene);
    expect_none(edges_over_something(scene));
}

} // namespace rnnscope::view::test
