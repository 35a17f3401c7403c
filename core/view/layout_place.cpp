#include "core/view/layout.hpp"
#include "core/view/layout_ends.hpp"
#include "core/view/layout_rank.hpp"
#include "core/view/layout_tighten.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <unordered_set>
#include <utility>

namespace rnnscope::view {
namespace {

/// Brandes and Koepf's horizontal coordinates. Works on ranks from top to bottom; the caller turns drawings that run to
/// the right.
class Coordinates {
  public:
    Coordinates(const LayoutOrder& order, std::span<const LayoutEdge> edges, std::vector<float> widths,
                const LayoutSpacing& spacing)
        : order_(order), spacing_(spacing), widths_(std::move(widths)), position_(order.rank.size()) {
        for (const auto& layer : order.layers)
            for (std::uint32_t i = 0; i < layer.size(); ++i) position_[layer[i]] = i;
        pieces_.reserve(edges.size() + order.bend_count());
        for (std::size_t i = 0; i < edges.size(); ++i) connect(i, edges[i]);
        up_ = neighbours_of([](const Piece& p) { return p.lower; }, [](const Piece& p) { return p.upper; });
        down_ = neighbours_of([](const Piece& p) { return p.upper; }, [](const Piece& p) { return p.lower; });
        mark_conflicts();
        gap_.assign(order.rank.size(), 0);
        for (const auto& layer : order.layers)
            for (std::size_t i = 1; i < layer.size(); ++i) gap_[layer[i]] = separation(layer[i - 1], layer[i]);
        blocks_.resize(order.rank.size());
        sorted_.reserve(order.rank.size());
    }

    /// Centers.
    std::vector<double> run() {
        const std::size_t all = order_.rank.size();
        std::array<std::vector<double>, 4> x;
        std::array<double, 4> low{}, high{};
        std::size_t narrowest = 0;
        for (std::size_t a = 0; a < 4; ++a) {
            x[a] = alignment(a / 2 == 1, a % 2 == 1);
            low[a] = std::numeric_limits<double>::max();
            high[a] = std::numeric_limits<double>::lowest();
            for (std::size_t v = 0; v < all; ++v) {
                low[a] = std::min(low[a], x[a][v] - widths_[v] / 2.0);
                high[a] = std::max(high[a], x[a][v] + widths_[v] / 2.0);
            }
            if (high[a] - low[a] < high[narrowest] - low[narrowest]) narrowest = a;
        }
        for (std::size_t a = 0; a < 4; ++a) {
            const double shift = a % 2 == 0 ? low[narrowest] - low[a] : high[narrowest] - high[a];
            if (a != narrowest)
                for (double& value : x[a]) value += shift;
        }
        std::vector<double> center(all);
        for (std::size_t v = 0; v < all; ++v) {
            std::array<double, 4> four{x[0][v], x[1][v], x[2][v], x[3][v]};
            std::sort(four.begin(), four.end());
            center[v] = (four[1] + four[2]) / 2;
        }
        return center;
    }

    /// By node: how far its center must be from that of its left neighbour.
    const std::vector<double>& gaps() const { return gap_; }

  private:
    /// Of an edge, between neighbouring ranks.
    struct Piece {
        std::uint32_t upper, lower;
    };
    /// By node, in their order.
    struct Neighbours {
        std::vector<std::uint32_t> first, node;
        std::span<const std::uint32_t> operator[](std::uint32_t v) const {
            return {node.data() + first[v], first[v + 1] - first[v]};
        }
    };

    bool is_bend(std::uint32_t v) const { return v >= order_.nodes; }
    static std::uint64_t key(std::uint32_t upper, std::uint32_t lower) { return (std::uint64_t{upper} << 32) | lower; }
    double separation(std::uint32_t a, std::uint32_t b) const {
        const float gap = (is_bend(a) ? spacing_.bend_gap : spacing_.node_gap) / 2 +
                          (is_bend(b) ? spacing_.bend_gap : spacing_.node_gap) / 2;
        return (widths_[a] + widths_[b]) / 2.0 + gap;
    }

    void connect(std::size_t i, const LayoutEdge& e) {
        if (e.back || e.from == e.to) return;
        std::uint32_t above = order_.against[i] ? e.to : e.from;
        const std::uint32_t last = order_.against[i] ? e.from : e.to;
        for (const std::uint32_t bend : order_.bends[i]) {
            pieces_.push_back({above, bend});
            above = bend;
        }
        if (order_.rank[last] == order_.rank[above] + 1) pieces_.push_back({above, last});
    }

    template <class End, class Other> Neighbours neighbours_of(End end, Other other) const {
        Neighbours all;
        all.first.assign(order_.rank.size() + 1, 0);
        for (const Piece& p : pieces_) ++all.first[end(p) + 1];
        for (std::size_t v = 0; v + 1 < all.first.size(); ++v) all.first[v + 1] += all.first[v];
        all.node.resize(pieces_.size());
        std::vector<std::uint32_t> next(all.first.begin(), all.first.end() - 1);
        for (const Piece& p : pieces_) all.node[next[end(p)]++] = other(p);
        const auto begin = all.node.begin();
        for (std::size_t v = 0; v + 1 < all.first.size(); ++v)
            std::sort(begin + all.first[v], begin + all.first[v + 1],
                      [&](std::uint32_t a, std::uint32_t b) { return position_[a] < position_[b]; });
        return all;
    }

    /// Type 1: a segment with an end at a node crosses one between two bends. The long edge stays straight.
    void mark_conflicts() {
        for (std::size_t r = 1; r + 1 < order_.layers.size(); ++r) {
            const auto& upper = order_.layers[r];
            const auto& lower = order_.layers[r + 1];
            std::size_t low = 0, scanned = 0;
            for (std::size_t i = 0; i < lower.size(); ++i) {
                std::uint32_t inner = std::numeric_limits<std::uint32_t>::max();
                if (is_bend(lower[i]))
                    for (const std::uint32_t u : up_[lower[i]])
                        if (is_bend(u)) inner = u;
                const bool last = i + 1 == lower.size();
                if (inner == std::numeric_limits<std::uint32_t>::max() && !last) continue;
                const std::size_t high =
                    inner == std::numeric_limits<std::uint32_t>::max() ? upper.size() - 1 : position_[inner];
                for (; scanned <= i; ++scanned)
                    for (const std::uint32_t u : up_[lower[scanned]])
                        if ((position_[u] < low || position_[u] > high) && !(is_bend(u) && is_bend(lower[scanned])))
                            conflicts_.insert(key(u, lower[scanned]));
                low = high;
            }
        }
    }

    /// A vertical line of aligned nodes, by its nodes.
    struct Block {
        std::uint32_t root, next; ///< its first node; the next one, and after the last one the first
        std::uint32_t waiting;    ///< of the root: neighbours before the block that have no place yet
    };

    /// One of the four: blocks grow upwards or downwards, and prefer the left or the right.
    std::vector<double> alignment(bool upwards, bool to_right) {
        find_blocks(upwards, to_right);
        std::vector<double> x = compact(to_right);
        if (to_right)
            for (double& value : x) value = -value;
        return x;
    }

    void find_blocks(bool upwards, bool to_right) {
        for (std::uint32_t v = 0; v < blocks_.size(); ++v) blocks_[v] = {v, v, 0};
        const std::size_t ranks = order_.layers.size();
        for (std::size_t r = 1; r < ranks; ++r) {
            const auto& layer = order_.layers[upwards ? ranks - 1 - r : r];
            std::int64_t reached = std::numeric_limits<std::int64_t>::min();
            for (std::size_t i = 0; i < layer.size(); ++i) {
                const std::uint32_t v = layer[to_right ? layer.size() - 1 - i : i];
                const auto list = upwards ? down_[v] : up_[v];
                const std::size_t degree = list.size();
                if (degree == 0) continue;
                std::array<std::size_t, 2> medians{(degree - 1) / 2, degree / 2};
                if (to_right) std::swap(medians[0], medians[1]);
                for (const std::size_t m : medians) {
                    const std::uint32_t u = list[m];
                    const std::int64_t at = to_right ? -std::int64_t{position_[u]} : std::int64_t{position_[u]};
                    if (blocks_[v].next != v || reached >= at) continue;
                    if (!conflicts_.empty() && conflicts_.contains(upwards ? key(v, u) : key(u, v))) continue;
                    blocks_[u].next = v;
                    blocks_[v].next = blocks_[v].root = blocks_[u].root;
                    reached = at;
                }
            }
        }
    }

    /// Longest paths over the graph of blocks, first pushed to the left, then pulled towards their right neighbours;
    /// mirrored, the other way. The published compaction has flaws (arXiv 2008.01252) that this form cannot have.
    std::vector<double> compact(bool mirrored) {
        const auto all = static_cast<std::uint32_t>(blocks_.size());
        for (const auto& layer : order_.layers)
            for (std::size_t i = 1; i < layer.size(); ++i) ++blocks_[blocks_[layer[mirrored ? i - 1 : i]].root].waiting;
        std::vector<double> x(all, 0);
        // Calls for what stands right of the block, and how far.
        const auto each_right = [&](std::uint32_t root, auto&& call) {
            std::uint32_t v = root;
            do {
                const auto& layer = order_.layers[order_.rank[v]];
                if (mirrored && position_[v] > 0)
                    call(blocks_[layer[position_[v] - 1]].root, gap_[v]);
                else if (!mirrored && position_[v] + 1 < layer.size())
                    call(blocks_[layer[position_[v] + 1]].root, gap_[layer[position_[v] + 1]]);
                v = blocks_[v].next;
            } while (v != root);
        };
        sorted_.clear();
        for (std::uint32_t v = 0; v < all; ++v)
            if (blocks_[v].root == v && blocks_[v].waiting == 0) sorted_.push_back(v);
        for (std::size_t at = 0; at < sorted_.size(); ++at)
            each_right(sorted_[at], [&, left = x[sorted_[at]]](std::uint32_t root, double gap) {
                x[root] = std::max(x[root], left + gap);
                if (--blocks_[root].waiting == 0) sorted_.push_back(root);
            });
        for (auto it = sorted_.rbegin(); it != sorted_.rend(); ++it) {
            double limit = std::numeric_limits<double>::max();
            each_right(*it, [&](std::uint32_t root, double gap) { limit = std::min(limit, x[root] - gap); });
            if (limit != std::numeric_limits<double>::max()) x[*it] = std::max(x[*it], limit);
        }
        for (std::uint32_t v = 0; v < all; ++v) x[v] = x[blocks_[v].root];
        return x;
    }

    const LayoutOrder& order_;
    const LayoutSpacing& spacing_;
    std::vector<float> widths_;
    std::vector<Piece> pieces_;
    Neighbours up_, down_;
    std::vector<std::uint32_t> position_;
    std::unordered_set<std::uint64_t> conflicts_;
    std::vector<double> gap_;
    std::vector<Block> blocks_;         ///< of the alignment that is worked on, like sorted_
    std::vector<std::uint32_t> sorted_; ///< roots, from the left
};

/// How far across a drawn curve has come, of 1, where it has come so far along.
float curve_at(float along) {
    float low = 0, high = 1;
    for (int step = 0; step < 12; ++step) {
        const float t = (low + high) / 2;
        (1.5f * t * (1 - t) + t * t * t < along ? low : high) = t;
    }
    return low * low * (3 - 2 * low);
}

} // namespace

Layout place_graph(const LayoutOrder& order, std::span<const LayoutEdge> edges, std::span<const Size> sizes,
                   Direction direction, const LayoutSpacing& spacing, const LayoutEnds& given) {
    assert(sizes.size() == order.nodes);
    const bool right = direction == Direction::right;
    std::vector<LayoutBox> boxes(order.rank.size());
    std::vector<float> widths(order.rank.size(), 0);
    for (std::size_t v = 0; v < order.nodes; ++v) {
        boxes[v].width = widths[v] = right ? sizes[v].height : sizes[v].width;
        boxes[v].depth = right ? sizes[v].width : sizes[v].height;
    }
    Coordinates coordinates(order, edges, widths, spacing);
    std::vector<double> center = coordinates.run();
    std::vector<float> reach(widths.size(), 0);
    for (std::size_t v = 0; v < order.nodes; ++v)
        if (widths[v] > LayoutBox::small) reach[v] = LayoutBox::reach_of(widths[v]);
    shorten_edges(order, edges, coordinates.gaps(), widths, reach, given, center);

    double low = std::numeric_limits<double>::max(), high = std::numeric_limits<double>::lowest();
    for (std::size_t v = 0; v < boxes.size(); ++v) {
        low = std::min(low, center[v] - widths[v] / 2.0);
        high = std::max(high, center[v] + widths[v] / 2.0);
    }
    if (boxes.empty()) low = high = 0;

    // Along the ranks: ranks of small things are centered; in others what starts the flow stands next to where it
    // flows, and the rest at the start.
    std::vector<bool> has_input(order.nodes, false), has_output(order.nodes, false);
    for (std::size_t i = 0; i < edges.size(); ++i) {
        if (edges[i].from == edges[i].to) continue;
        has_output[order.against[i] ? edges[i].to : edges[i].from] = true;
        has_input[order.against[i] ? edges[i].from : edges[i].to] = true;
    }
    float along = 0;
    std::vector<float> rank_start(order.layers.size()), rank_end(order.layers.size());
    for (std::size_t r = 0; r < order.layers.size(); ++r) {
        float depth = r < spacing.rank_depth.size() ? spacing.rank_depth[r] : 0;
        for (const std::uint32_t v : order.layers[r]) depth = std::max(depth, boxes[v].depth);
        for (const std::uint32_t v : order.layers[r]) {
            boxes[v].across = static_cast<float>(center[v] - low - widths[v] / 2.0);
            const bool centered = v >= order.nodes || depth <= 72;
            const bool source = !centered && has_output[v] && !has_input[v];
            boxes[v].along = along + (depth - boxes[v].depth) * (centered ? 0.5f : source ? 1 : 0);
        }
        rank_start[r] = along;
        rank_end[r] = along + depth;
        along += depth + (r + 1 < order.layers.size() ? spacing.rank_gap : 0);
    }

    Layout layout;
    layout.low_side.assign(edges.size(), false);
    const EdgeEnds found = find_ends(order, edges, boxes, static_cast<float>(high - low), given, layout.low_side);
    const std::vector<EdgeEnds::Pair>& ends = found.edges;
    std::vector<std::uint32_t> place(boxes.size());
    for (const auto& layer : order.layers)
        for (std::uint32_t n = 0; n < layer.size(); ++n) place[layer[n]] = n;
    // The curve between the side of v at (across, along) and its other end comes near to another box of the rank.
    const auto is_blocked = [&](std::uint32_t v, Point side, Point other_end) {
        const auto& layer = order.layers[order.rank[v]];
        const bool after = other_end.x > side.x, leaves = other_end.y > side.y;
        const auto count = static_cast<std::int64_t>(layer.size());
        for (std::int64_t n = place[v] + (after ? 1 : -1); n >= 0 && n < count; n += after ? 1 : -1) {
            const std::uint32_t neighbour = layer[static_cast<std::size_t>(n)];
            if (neighbour >= order.nodes) return true;
            const LayoutBox& other = boxes[neighbour];
            const float near = after ? other.across - 6 : other.across + other.width + 6;
            if (after ? near >= other_end.x : near <= other_end.x) return false;
            const float past = leaves ? other.along + other.depth - side.y : side.y - other.along;
            if (past <= 0) continue;
            const float at = side.x + (other_end.x - side.x) * curve_at(past / std::abs(other_end.y - side.y));
            if (after ? at > near : at < near) return true;
        }
        return false;
    };
    const auto turn = [&](float across, float at) { return right ? Point{at, across} : Point{across, at}; };
    layout.size = right ? Size{along, static_cast<float>(high - low)} : Size{static_cast<float>(high - low), along};
    layout.nodes.resize(order.nodes);
    for (std::size_t v = 0; v < order.nodes; ++v) layout.nodes[v] = turn(boxes[v].across, boxes[v].along);
    layout.edges.resize(edges.size());
    for (std::size_t i = 0; i < edges.size(); ++i) {
        const LayoutEdge& e = edges[i];
        if (e.from == e.to) continue;
        auto& points = layout.edges[i];
        const float leave = boxes[e.from].along + boxes[e.from].depth, open = rank_end[order.rank[e.from]];
        points.reserve(runs_around(order, edges, i) ? 4 : 2 + 2 * order.bends[i].size());
        points.push_back(turn(ends[i].from, leave));
        if (runs_around(order, edges, i)) {
            // At once where nothing stands in between.
            const bool low_side = layout.low_side[i];
            const auto at_side = [&](std::uint32_t v) {
                return low_side ? place[v] == 0 : place[v] + 1 == order.layers[order.rank[v]].size();
            };
            points.push_back(turn(ends[i].from, at_side(e.from) ? leave : open));
            points.push_back(turn(ends[i].to, at_side(e.to) ? boxes[e.to].along : rank_start[order.rank[e.to]]));
            points.push_back(turn(ends[i].to, boxes[e.to].along));
            continue;
        }
        // Straight on to the end of the rank, where the curve would run below a thick neighbour; and likewise at the
        // other end.
        const auto& bends = order.bends[i];
        const float enter = boxes[e.to].along, start = rank_start[order.rank[e.to]];
        const Point from{ends[i].from, leave}, to{ends[i].to, enter};
        const Point next =
            bends.empty() ? to : Point{boxes[bends.front()].across, rank_start[order.rank[bends.front()]]};
        bool opens = open > leave + 1 && is_blocked(e.from, from, next);
        const Point before = !bends.empty() ? Point{boxes[bends.back()].across, rank_end[order.rank[bends.back()]]}
                             : opens        ? Point{from.x, open}
                                            : from;
        const bool closes = start < enter - 1 && is_blocked(e.to, to, before);
        if (closes && bends.empty() && open > leave + 1) opens = opens || is_blocked(e.from, from, {to.x, start});
        if (opens) points.push_back(turn(from.x, open));
        for (const std::uint32_t bend : bends) {
            // Through the whole rank, so that an edge does not cut the corner of a thick neighbour.
            const std::uint32_t rank = order.rank[bend];
            points.push_back(turn(boxes[bend].across, rank_start[rank]));
            if (rank_end[rank] > rank_start[rank]) points.push_back(turn(boxes[bend].across, rank_end[rank]));
        }
        if (closes) points.push_back(turn(to.x, start));
        points.push_back(turn(to.x, enter));
    }
    for (std::size_t i = 0; i < given.outer.size(); ++i) {
        const LayoutBox& box = boxes[given.outer[i].node];
        layout.outer.push_back(turn(found.outer[i], box.along + (given.outer[i].leaves ? box.depth : 0)));
    }
    layout.rank_start = std::move(rank_start);
    layout.rank_end = std::move(rank_end);
    return layout;
}

} // namespace rnnscope::view
