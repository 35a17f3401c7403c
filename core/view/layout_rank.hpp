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

} // namespace rnnscope::view
