#include "core/view/scene_portals.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace rnnscope::view {
namespace {

constexpr float from_border = 5;            ///< of the scope, where no lane of a drawn edge is
constexpr float before_box = 14;            ///< room for an arrowhead, where the gap has it
constexpr float beside_box = 6;             ///< less than half of what is between two of a rank
constexpr std::size_t most_looked_at = 200; ///< boxes that a way finds its place between

/// Without what lies on a straight piece.
std::vector<Point> simplified(const std::vector<Point>& points) {
    std::vector<Point> kept;
    for (const Point at : points) {
        if (!kept.empty() && kept.back() == at) continue;
        if (kept.size() > 1) {
            const Point a = kept[kept.size() - 2], b = kept.back();
            if ((a.x == b.x && b.x == at.x) || (a.y == b.y && b.y == at.y)) kept.pop_back();
        }
        kept.push_back(at);
    }
    return kept;
}

} // namespace

PortalWays::PortalWays(const Scene& scene, std::uint32_t scope) : scene_(scene), scope_(scope) {
    const SceneBox& around = scene.boxes[scope];
    if (around.first_edge < around.last_edge) down_ = scene.edges[around.first_edge].down; // as all of its edges
    const float top = scope == 0 ? from_border : SceneMetrics::header + from_border - 1;
    inner_along_ = {top, around.height - from_border};
    inner_across_ = {from_border, around.width - from_border};
    if (!down_) std::swap(inner_along_, inner_across_);

    std::vector<std::uint32_t> boxes;
    for (std::uint32_t i = scope + 1; i < around.end; i = scene.boxes[i].end) boxes.push_back(i);
    std::ranges::sort(boxes, [&](std::uint32_t a, std::uint32_t b) { return along(a).low < along(b).low; });
    for (const std::uint32_t i : boxes) {
        const SceneBox& box = scene.boxes[i];
        const Range own = along(i);
        if (ranks_.empty() || own.low >= ranks_.back().along.high) ranks_.push_back({own, {}});
        ranks_.back().along.high = std::max(ranks_.back().along.high, own.high);
        ranks_.back().across.push_back(down_ ? Range{box.x, box.x + box.width} : Range{box.y, box.y + box.height});
    }
}

PortalWays::Range PortalWays::along(std::uint32_t index) const {
    const SceneBox& box = scene_.boxes[index];
    return down_ ? Range{box.y, box.y + box.height} : Range{box.x, box.x + box.width};
}

float PortalWays::gap(std::size_t before) const {
    if (before == ranks_.size()) return inner_along_.high;
    const float start = ranks_[before].along.low;
    if (before == 0) return std::max(inner_along_.low, start - before_box);
    return start - std::min(before_box, (start - ranks_[before - 1].along.high) / 2);
}

PortalWays::End PortalWays::end_at_box(std::uint32_t index, bool leaves) const {
    const SceneBox& box = scene_.boxes[index];
    const Range own = along(index);
    const auto after = std::ranges::upper_bound(ranks_, own.low, {}, [](const Rank& rank) { return rank.along.low; });
    const auto gap_at = static_cast<std::size_t>(after - ranks_.begin()) - (leaves ? 0 : 1);
    const float across = down_ ? box.x + box.width / 2 : box.y + box.height / 2;
    return {turned(leaves ? own.high : own.low, across), across, gap(gap_at), gap_at, {}};
}

/// On a border that the flow crosses, or on one beside it.
PortalWays::End PortalWays::end_at_port(const ScenePort& port) const {
    const SceneBox& box = scene_.boxes[scope_];
    const float at_along = down_ ? port.at.y : port.at.x, at_across = down_ ? port.at.x : port.at.y;
    const float length = down_ ? box.height : box.width, breadth = down_ ? box.width : box.height;
    const float beside = std::min(at_across, breadth - at_across);
    if (std::min(at_along, length - at_along) <= beside) {
        const std::size_t gap_at = at_along < length - at_along ? 0 : ranks_.size();
        return {port.at, at_across, gap(gap_at), gap_at, {}};
    }
    const float lane = at_across < breadth - at_across ? inner_across_.low : inner_across_.high;
    return {port.at, at_across, at_along, 0, lane};
}

/// Past all boxes of the ranks between the two gaps: where the way is shortest.
float PortalWays::column(const End& from, const End& to) const {
    if (from.lane || to.lane) return from.lane ? *from.lane : *to.lane;
    std::vector<Range> blocked;
    for (std::size_t r = std::min(from.gap, to.gap); r < std::max(from.gap, to.gap); ++r) {
        if (blocked.size() + ranks_[r].across.size() > most_looked_at) {
            blocked.assign(1, inner_across_);
            break;
        }
        for (const Range& box : ranks_[r].across) blocked.push_back({box.low - beside_box, box.high + beside_box});
    }
    std::ranges::sort(blocked, [](const Range& a, const Range& b) { return a.low < b.low; });
    float best = inner_across_.low, least = std::numeric_limits<float>::max();
    const auto consider = [&](float low, float high) { // what is free
        low = std::max(low, inner_across_.low);
        high = std::min(high, inner_across_.high);
        if (low > high) return;
        const float at = std::clamp(from.across, low, high); // all between the two ends is as short
        const float cost = std::abs(at - from.across) + std::abs(at - to.across);
        if (cost >= least) return;
        least = cost;
        best = at;
    };
    float free_from = -std::numeric_limits<float>::max();
    for (const Range& range : blocked) {
        consider(free_from, range.low);
        free_from = std::max(free_from, range.high);
    }
    consider(free_from, std::numeric_limits<float>::max());
    return best;
}

std::vector<Point> PortalWays::way(const SceneEdge& edge) const {
    const End from = edge.from == scope_ ? end_at_port(scene_.ports[edge.from_port]) : end_at_box(edge.from, true);
    const End to = edge.to == scope_ ? end_at_port(scene_.ports[edge.to_port]) : end_at_box(edge.to, false);
    const float across = column(from, to);
    return simplified({from.at, turned(from.along, from.across), turned(from.along, across), turned(to.along, across),
                       turned(to.along, to.across), to.at});
}

} // namespace rnnscope::view
