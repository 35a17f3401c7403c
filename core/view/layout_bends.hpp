#pragma once

#include "core/view/layout.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace rnnscope::view {

/// One step of an edge between two neighbouring layers.
struct Segment {
    std::uint32_t upper = 0, lower = 0;
    std::uint32_t weight = 1;
};
/// Of all edges that take part in orders.
std::vector<Segment> segments_of(const LayoutOrder& order, std::span<const LayoutEdge> edges);

/// Bends for edges over several ranks, unless they are too long for it.
void add_bends(LayoutOrder& order, std::span<const LayoutEdge> edges, const LayoutLimits& limits);

/// Nodes without edges would all pile up in rank 0: many of them are dealt out over several ranks, in their order.
void spread_loose_nodes(LayoutOrder& order, std::span<const LayoutEdge> edges);

} // namespace rnnscope::view
