#pragma once

#include "core/view/graph_scene.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace rnnscope::view {

/// Ways for the portal edges of an open scope. They are so many that a scene has no points of them; whoever points at
/// some of them gets these: level and upright pieces in the gaps between ranks and past the boxes of ranks, over no box
/// and no text of the scope's header. Of one revision of a scene.
class PortalWays {
  public:
    PortalWays(const Scene& scene, std::uint32_t scope);
    /// Relative to the scope's box, as SceneEdge::points.
    std::vector<Point> way(const SceneEdge& edge) const;

  private:
    struct Range {
        float low = 0, high = 0;
    };
    /// Along the flow: boxes that are side by side. Between two ranks there is no box.
    struct Rank {
        Range along;
        std::vector<Range> across; ///< by box
    };
    /// Where an edge begins or ends, and the gap (or, on a side of the scope, the lane) that it goes to first.
    struct End {
        Point at;
        float across = 0;
        float along = 0;           ///< of the gap
        std::size_t gap = 0;       ///< before this rank
        std::optional<float> lane; ///< across: beside all ranks
    };

    Point turned(float along, float across) const { return down_ ? Point{across, along} : Point{along, across}; }
    Range along(std::uint32_t box) const;
    float gap(std::size_t before) const;
    End end_at_box(std::uint32_t box, bool leaves) const;
    End end_at_port(const ScenePort& port) const;
    float column(const End& from, const End& to) const;

    const Scene& scene_;
    std::uint32_t scope_;
    bool down_ = true;
    Range inner_along_, inner_across_; ///< inside the scope's padding
    std::vector<Rank> ranks_;
};

} // namespace rnnscope::view
