#pragma once

#include "core/view/graph_scene.hpp"
#include "core/view/layout.hpp"
#include "core/view/scene_ports.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace rnnscope::view {

/// What stands around the contents of an open scope, in the look's pixels: lanes beside the ranks, and room before the
/// first and after the last of them.
struct SceneLanes {
    static constexpr std::uint32_t most = 6; ///< lanes of one kind and side; more share them
    enum class Side : std::uint8_t { none, low, high };
    struct Lane {
        Side side = Side::none; ///< none: all edges of the port lead straight on
        std::uint32_t nth = 0;  ///< from the contents outwards
    };
    float low_around = 0, high_around = 0; ///< for edges between children that run around
    float low = 0, high = 0;               ///< those and the lanes of ports
    float start = 0, end = 0;              ///< along the flow
    float left = 0, top = 0;               ///< of the contents, in the scope
    std::vector<Lane> ports;               ///< by port
};

/// The inside of an open scope, for lines that are led around its contents.
struct SceneFrame {
    Direction direction = Direction::down; ///< inside
    Direction outer = Direction::down;     ///< of the scope around it: on which sides the ports are
    Size size;
    const LayoutOrder& order;
    std::span<const LayoutEdge> edges;
    const Layout& layout;
    const PortPlan& plan;
    std::span<const std::uint32_t> port_edges; ///< of the plan: those that are drawn
    const SceneLanes& lanes;
};

/// By port. From topology alone: opening something moves no line to another side.
std::vector<SceneLanes::Lane> port_lanes(const SceneFrame& frame);
/// From which side a line of the port edge comes to its child, or leaves it: see LayoutEnds::Outer.
float comes_from(const SceneFrame& frame, const PortPlan::Edge& edge, const std::vector<SceneLanes::Lane>& ports);
/// What depends on the layout: all but `left` and `top`.
SceneLanes lanes_of(const SceneFrame& frame, std::vector<SceneLanes::Lane> ports);

/// From child to child, as laid out.
std::vector<Point> straight_route(const SceneFrame& frame, std::uint32_t edge);
/// Out at the end of its rank, back beside everything, and in at the start of the other rank.
std::vector<Point> around_route(const SceneFrame& frame, std::uint32_t edge, std::uint32_t lane);
/// Between a port at `at` and the child's end of the `nth` of the port edges; leads straight on, or in a lane.
struct PortRoute {
    std::vector<Point> points;
    bool straight_pieces = false;
};
PortRoute port_route(const SceneFrame& frame, std::uint32_t nth, Point at);

} // namespace rnnscope::view
