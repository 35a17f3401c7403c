#pragma once

#include "core/view/layout.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace rnnscope::view {

/// A node or a bend in a drawing with ranks from top to bottom: `across` is x, `along` is y.
struct LayoutBox {
    float across = 0, along = 0, width = 0, depth = 0;
    float center() const { return across + width / 2; }

    static constexpr float small = 200;
    /// Small boxes take their edges near the middle; on the long side of an open scope edges run straight on.
    static float reach_of(float width) { return std::max(width * 0.3f, width / 2 - 24); }
};

/// Where edges touch the boxes, across.
struct EdgeEnds {
    struct Pair {
        float from = 0, to = 0;
    };
    std::vector<Pair> edges;
    std::vector<float> outer; ///< by LayoutEnds::outer
};

/// Spreads ends over the sides, in the order of where their edges go to, near to straight. `width` is that of all
/// ranks. Says of edges that are led around on which side that is: `low_side`.
EdgeEnds find_ends(const LayoutOrder& order, std::span<const LayoutEdge> edges, const std::vector<LayoutBox>& boxes,
                   float width, const LayoutEnds& given, std::vector<bool>& low_side);

} // namespace rnnscope::view
