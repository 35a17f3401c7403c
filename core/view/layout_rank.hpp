#pragma once

#include "core/view/layout_simplex.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace rnnscope::view {

/// By edge: must be turned around so that the rest has no cycle. Edges marked `back` are taken as already turned.
std::vector<bool> break_cycles(std::size_t nodes, std::span<const LayoutEdge> edges);

/// Ranks with the least total weighted edge length (network simplex), or longest paths above the limits. `edges` must
/// be free of cycles. Every connected part starts at rank 0.
std::vector<std::uint32_t> assign_ranks(std::size_t nodes, std::span<const RankEdge> edges, const LayoutLimits& limits);

/// The edge is led around everything: it runs against the ranks, or over so many of them that it has no bends, and a
/// line from end to end would run through whatever stands there.
inline bool runs_around(const LayoutOrder& order, std::span<const LayoutEdge> edges, std::size_t edge) {
    const LayoutEdge& e = edges[edge];
    if (e.from == e.to) return false;
    return order.against[edge] || (order.bends[edge].empty() && order.rank[e.to] > order.rank[e.from] + 1);
}

} // namespace rnnscope::view
