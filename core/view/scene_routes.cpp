#include "core/view/scene_routes.hpp"
#include "core/view/layout_rank.hpp"

#include <algorithm>
#include <utility>

namespace rnnscope::view {
namespace {

using M = SceneMetrics;
using Side = SceneLanes::Side;

constexpr float track = 3;       ///< between lines of several ports in one gap between ranks
constexpr float first_track = 8; ///< from a box: room for an arrowhead
constexpr float direct = 30;     ///< where lines of ports run straight on: as a gap between ranks

bool is_down(const SceneFrame& f) {
    return f.direction == Direction::down;
}

bool follows_flow(const SceneFrame& f) {
    return f.direction == f.outer;
}

/// Along and across the flow of the inside.
Point flow(const SceneFrame& f, Point p) {
    return is_down(f) ? Point{p.y, p.x} : p;
}
Point turned(const SceneFrame& f, float along, float across) {
    return is_down(f) ? Point{across, along} : Point{along, across};
}

/// Lines of the port run around the contents: those to the first rank, or from the last, need not.
bool leads_on(const SceneFrame& f, const PortPlan::Edge& edge) {
    if (!follows_flow(f)) return false;
    const std::uint32_t rank = f.order.rank[edge.child];
    return f.plan.out[edge.port] ? rank + 1 == f.order.layers.size() : rank == 0;
}

float gutter(std::size_t lanes) {
    return lanes > 0 ? static_cast<float>(std::min<std::size_t>(lanes, SceneLanes::most)) * M::lane + 10 : 0;
}

float nth_track(std::uint32_t port) {
    return first_track + track * static_cast<float>(port % SceneLanes::most);
}

float lane_across(const SceneFrame& f, std::uint32_t port) {
    const SceneLanes::Lane lane = f.lanes.ports[port];
    const float origin = flow(f, {f.lanes.left, f.lanes.top}).y;
    const float out = 6 + M::lane * static_cast<float>(lane.nth);
    if (lane.side == Side::low) return origin - f.lanes.low_around - out;
    return origin + flow(f, {f.layout.size.width, f.layout.size.height}).y + f.lanes.high_around + out;
}

} // namespace

/// On the nearer side, or, where ports are beside the flow, on their own side.
std::vector<SceneLanes::Lane> port_lanes(const SceneFrame& f) {
    std::vector<SceneLanes::Lane> lanes(f.plan.out.size());
    std::vector<float> place(f.order.nodes, 0), sum(lanes.size(), 0);
    std::vector<std::uint32_t> count(lanes.size(), 0);
    if (follows_flow(f))
        for (const auto& layer : f.order.layers)
            for (std::size_t i = 0; i < layer.size(); ++i)
                if (layer[i] < place.size())
                    place[layer[i]] = (static_cast<float>(i) + 0.5f) / static_cast<float>(layer.size());
    for (const std::uint32_t e : f.port_edges) {
        const PortPlan::Edge& edge = f.plan.edges[e];
        if (leads_on(f, edge)) continue;
        sum[edge.port] += place[edge.child];
        ++count[edge.port];
    }
    std::uint32_t low = 0, high = 0;
    for (std::size_t p = 0; p < lanes.size(); ++p) {
        if (count[p] == 0) continue;
        const bool at_low = follows_flow(f) ? sum[p] / static_cast<float>(count[p]) < 0.5f : !f.plan.out[p];
        lanes[p] = {at_low ? Side::low : Side::high, at_low ? low++ : high++};
    }
    return lanes;
}

float comes_from(const SceneFrame& f, const PortPlan::Edge& edge, const std::vector<SceneLanes::Lane>& ports) {
    if (leads_on(f, edge)) return 0;
    return ports[edge.port].side == Side::low ? -1.f : 1.f;
}

SceneLanes lanes_of(const SceneFrame& f, std::vector<SceneLanes::Lane> ports) {
    SceneLanes lanes;
    lanes.ports = std::move(ports);
    const std::size_t last = f.order.layers.size();
    std::size_t low = 0, high = 0;
    for (std::size_t i = 0; i < f.edges.size(); ++i) {
        if (!runs_around(f.order, f.edges, i)) continue;
        ++(f.layout.low_side[i] ? low : high);
        if (f.order.rank[f.edges[i].to] == 0) lanes.start = 14;
        if (f.order.rank[f.edges[i].from] + 1 == last) lanes.end = 14;
    }
    lanes.low_around = gutter(low);
    lanes.high_around = gutter(high);
    const auto width = [&](Side side) {
        const auto n = std::count_if(lanes.ports.begin(), lanes.ports.end(),
                                     [&](const SceneLanes::Lane& lane) { return lane.side == side; });
        return n > 0 ? 6 + M::lane * static_cast<float>(n) : 0;
    };
    lanes.low = lanes.low_around + width(Side::low);
    lanes.high = lanes.high_around + width(Side::high);
    for (const std::uint32_t e : f.port_edges) {
        const PortPlan::Edge& edge = f.plan.edges[e];
        const bool out = f.plan.out[edge.port];
        float& room = out ? lanes.end : lanes.start;
        const std::uint32_t rank = f.order.rank[edge.child];
        // Beside the flow a line turns once before the first rank; with the flow also where it leaves its port.
        if (follows_flow(f))
            room = std::max(room, direct);
        else if (out ? rank + 1 == last : rank == 0)
            room = std::max(room, nth_track(edge.port) + 4);
    }
    return lanes;
}

std::vector<Point> straight_route(const SceneFrame& f, std::uint32_t edge) {
    std::vector<Point> points = f.layout.edges[edge];
    for (Point& p : points) p = {p.x + f.lanes.left, p.y + f.lanes.top};
    return points;
}

std::vector<Point> around_route(const SceneFrame& f, std::uint32_t edge, std::uint32_t lane) {
    const std::vector<Point> ends = straight_route(f, edge);
    const auto n = static_cast<float>(lane % SceneLanes::most);
    const float out = 8 + 2 * n, beside = 10 + M::lane * n;
    const float origin = flow(f, {f.lanes.left, f.lanes.top}).y;
    const float across = f.layout.low_side[edge]
                             ? origin - beside
                             : origin + flow(f, {f.layout.size.width, f.layout.size.height}).y + beside;
    const Point from = flow(f, ends[0]), to = flow(f, ends[3]);
    const float leave = flow(f, ends[1]).x + out, enter = flow(f, ends[2]).x - out;
    return {
        ends[0], turned(f, leave, from.y), turned(f, leave, across), turned(f, enter, across), turned(f, enter, to.y),
        ends[3]};
}

PortRoute port_route(const SceneFrame& f, std::uint32_t nth, Point at) {
    const PortPlan::Edge& edge = f.plan.edges[f.port_edges[nth]];
    const bool out = f.plan.out[edge.port];
    const Point inner{f.layout.outer[nth].x + f.lanes.left, f.layout.outer[nth].y + f.lanes.top};
    const Point port = flow(f, at), end = flow(f, inner);
    const std::uint32_t rank = f.order.rank[edge.child];
    const float first = flow(f, {f.lanes.left, f.lanes.top}).x; // where the contents start along the flow
    const float gap = first + (out ? f.layout.rank_end[rank] : f.layout.rank_start[rank]);
    const float sign = out ? 1.f : -1.f;
    const float below_header = is_down(f) && !out ? M::header : 0;
    PortRoute route;
    // From the port to the child; turned around at the end for edges that lead out.
    std::vector<Point>& points = route.points;
    points.push_back(at);
    if (leads_on(f, edge)) {
        if (below_header > 0) points.push_back(turned(f, below_header, port.y));
        if ((gap - end.x) * sign > 1) points.push_back(turned(f, gap, end.y));
    } else {
        const float across = lane_across(f, edge.port), turn = gap + sign * nth_track(edge.port);
        route.straight_pieces = true;
        if (follows_flow(f)) {
            const float off = port.x - sign * (below_header + nth_track(edge.port) - 2);
            points.push_back(turned(f, off, port.y));
            points.push_back(turned(f, off, across));
        } else {
            points.push_back(turned(f, port.x, across));
        }
        points.push_back(turned(f, turn, across));
        points.push_back(turned(f, turn, end.y));
    }
    points.push_back(inner);
    if (out) std::reverse(points.begin(), points.end());
    return route;
}

} // namespace rnnscope::view
