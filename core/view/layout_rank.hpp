#pragma once

#include "core/view/layout.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace rnnscope::view {

/// An edge that points from a lower to a higher rank.
struct RankEdge {
    std::uint32_t from = 0, to = 0;
    std::int64_t weight = 1;
};

/// By edge: must be turned around so that the rest has no cycle. Edges marked `back` are taken as already turned.
std::vector<bool> break_cycles(std::size_t nodes, std::span<const LayoutEdge> edges);

/// Ranks with the least total weighted edge length (network simplex), or longest paths above the limits. `edges` must
/// be free of cycles. Every connected part starts at rank 0.
std::vector<std::uint32_t> assign_ranks(std::size_t nodes, std::span<const RankEdge> edges, const LayoutLimits& limits);

} // namespace rnnscope::view
