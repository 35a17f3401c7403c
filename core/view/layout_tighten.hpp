#pragma once

#include "core/view/layout.hpp"

#include <span>
#include <vector>

namespace rnnscope::view {

/// Moves nodes and bends along their ranks so that edges get as short and straight as their order allows (Gansner et
/// al. 1993, section 4: network simplex on positions). `center` must be feasible. By node: `gap` is how far its center
/// must be from that of its left neighbour, and `reach` how far from its center edges may touch it. `ends` says which
/// of them share a place. Large graphs are left as they are.
void shorten_edges(const LayoutOrder& order, std::span<const LayoutEdge> edges, std::span<const double> gap,
                   std::span<const float> width, std::span<const float> reach, const LayoutEnds& ends,
                   std::vector<double>& center);

} // namespace rnnscope::view
