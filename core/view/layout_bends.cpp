#include "core/view/layout_bends.hpp"

#include <algorithm>
#include <cmath>

namespace rnnscope::view {

std::vector<Segment> segments_of(const LayoutOrder& order, std::span<const LayoutEdge> edges) {
    std::vector<Segment> segments;
    for (std::size_t i = 0; i < edges.size(); ++i) {
        if (edges[i].back || edges[i].from == edges[i].to) continue;
        std::uint32_t above = order.against[i] ? edges[i].to : edges[i].from;
        const std::uint32_t last = order.against[i] ? edges[i].from : edges[i].to;
        for (const std::uint32_t bend : order.bends[i]) {
            segments.push_back({above, bend, edges[i].weight});
            above = bend;
        }
        if (order.rank[last] == order.rank[above] + 1) segments.push_back({above, last, edges[i].weight});
    }
    return segments;
}

void add_bends(LayoutOrder& order, std::span<const LayoutEdge> edges, const LayoutLimits& limits) {
    order.bends.resize(edges.size());
    for (std::size_t i = 0; i < edges.size(); ++i) {
        if (edges[i].back || edges[i].from == edges[i].to) continue;
        const std::uint32_t a = order.rank[edges[i].from], b = order.rank[edges[i].to];
        const std::uint32_t top = std::min(a, b), span = std::max(a, b) - top;
        if (span > limits.max_span) continue;
        for (std::uint32_t r = top + 1; r < top + span; ++r) {
            order.bends[i].push_back(static_cast<std::uint32_t>(order.rank.size()));
            order.rank.push_back(r);
        }
    }
}

void spread_loose_nodes(LayoutOrder& order, std::span<const LayoutEdge> edges) {
    constexpr std::size_t few = 8;
    std::vector<bool> loose(order.nodes, true);
    for (const LayoutEdge& e : edges)
        if (e.from != e.to) loose[e.from] = loose[e.to] = false;
    const auto count = static_cast<std::size_t>(std::count(loose.begin(), loose.end(), true));
    if (count <= few) return;
    const auto ranks = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(count) / 2.0)));
    const std::size_t per_rank = (count + ranks - 1) / ranks;
    std::size_t n = 0;
    for (std::size_t v = 0; v < order.nodes; ++v)
        if (loose[v]) order.rank[v] = static_cast<std::uint32_t>(n++ / per_rank);
}

} // namespace rnnscope::view
