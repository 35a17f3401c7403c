#include "core/view/layout.hpp"
#include "core/view/layout_bends.hpp"
#include "core/view/layout_rank.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <limits>

namespace rnnscope::view {
namespace {

using Layer = std::span<std::uint32_t>;

/// Crossing reduction: barycenter sweeps over a fixed graph of layers. No node changes its layer, so all layers are one
/// array, and the best order so far is kept by copying that.
class Ordering {
  public:
    Ordering(LayoutOrder& order, std::span<const LayoutEdge> edges, const LayoutLimits& limits)
        : order_(order), limits_(limits), segments_(segments_of(order, edges)), nodes_(order.rank.size()),
          slots_(order.rank.size()), ends_(2 * segments_.size()) {
        const std::uint32_t ranks = nodes_.empty() ? 0 : *std::max_element(order.rank.begin(), order.rank.end()) + 1;
        first_.assign(ranks + 1, 0);
        for (const std::uint32_t rank : order.rank) ++first_[rank + 1];
        for (std::size_t r = 0; r < ranks; ++r) first_[r + 1] += first_[r];
        for (std::size_t v = 0; v < nodes_.size(); ++v)
            nodes_[v].layer_size = first_[order.rank[v] + 1] - first_[order.rank[v]];
        for (const Segment& s : segments_) {
            ++nodes_[s.lower].ups;
            ++nodes_[s.upper].downs;
        }
        std::uint32_t next = 0;
        for (Node& node : nodes_) {
            node.up = next;
            node.down = next + node.ups;
            next = node.down + node.downs;
            node.ups = node.downs = 0;
        }
        for (const Segment& s : segments_) {
            Node& upper = nodes_[s.upper];
            Node& lower = nodes_[s.lower];
            ends_[lower.up + lower.ups++] = s.upper;
            ends_[upper.down + upper.downs++] = s.lower;
        }
    }

    /// Several starts and two ways to sort, because each gets stuck elsewhere; the best counts.
    void run() {
        Found best;
        best.spread = std::numeric_limits<std::uint64_t>::max();
        work_ = segments_.size();
        const int starts = small() ? 4 : 1;
        for (int start = 0; start < starts && (best.crossings > 0 || (start < 2 && best.spread > 0)); ++start) {
            initial_order(start % 2 == 1);
            improve(start / 2 == 1, best);
        }
        slots_ = std::move(best.slots);
        order_.crossings = best.crossings;
        note_positions();
        if (!small()) return;
        sift();
        order_.crossings -= transpose(false);
    }

    /// Up to the first place in their ranks that costs no crossing. From the last one on, so that they keep their
    /// order.
    void move_first(std::span<const std::uint32_t> nodes) {
        note_positions();
        work_ = 0;
        for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
            const std::uint32_t v = *node;
            const Layer layer = this->layer(order_.rank[v]);
            const std::uint32_t start = position(v);
            std::uint32_t best = start;
            std::int64_t gain = 0, most = 0;
            for (std::uint32_t i = start; i > 0 && work_ < limits_.order_work; --i) {
                const std::uint32_t above = layer[i - 1];
                gain += swap_gain(above, v);
                if (gain < most) continue;
                most = gain;
                best = i - 1;
            }
            move(layer, start, best);
            order_.crossings -= static_cast<std::uint64_t>(most);
        }
    }

    /// What leads no further stands beside the bends of its rank where that costs no crossing, on the nearer side:
    /// lines need not part around it, which are far apart when it is large. It never passes a node, which may be large,
    /// too.
    void free_dead_ends() {
        if (!small()) return;
        const std::vector<std::uint32_t> before = slots_;
        for (const std::uint32_t v : before) {
            if (up(v).empty() == down(v).empty()) continue;
            const Layer layer = this->layer(order_.rank[v]);
            if (!move_out(layer, position(v), true)) move_out(layer, position(v), false);
        }
    }

    void write_layers() {
        order_.layers.clear();
        order_.layers.reserve(layer_count());
        for (std::size_t r = 0; r < layer_count(); ++r) order_.layers.emplace_back(layer(r).begin(), layer(r).end());
    }
    void read_layers() {
        auto slot = slots_.begin();
        for (const auto& layer : order_.layers) slot = std::copy(layer.begin(), layer.end(), slot);
        note_positions();
    }

    std::uint64_t crossings() {
        std::uint64_t total = 0;
        for (std::size_t r = 0; r + 1 < layer_count(); ++r) total += crossings_below(r);
        return total;
    }

  private:
    /// Of a layer that is sorted.
    struct Entry {
        double center;
        std::uint32_t node;
    };

    /// Its neighbours are in ends_.
    struct Node {
        std::uint32_t up = 0, ups = 0, down = 0, downs = 0;
        std::uint32_t position = 0, layer_size = 0;
    };

    bool small() const { return order_.rank.size() < 1000; }
    std::size_t layer_count() const { return first_.size() - 1; }
    Layer layer(std::size_t rank) { return {slots_.data() + first_[rank], first_[rank + 1] - first_[rank]}; }
    std::uint32_t position(std::uint32_t v) const { return nodes_[v].position; }

    /// The best order so far: fewest crossings, and then least spread.
    struct Found {
        std::vector<std::uint32_t> slots;
        std::uint64_t crossings = std::numeric_limits<std::uint64_t>::max(), spread = 0;
    };

    /// Sweeps until they gain no more.
    void improve(bool by_median, Found& best) {
        std::uint64_t now = crossings(), own = now, own_spread = spread();
        const auto keep = [&](std::uint64_t wide) {
            if (now > best.crossings || (now == best.crossings && wide >= best.spread)) return;
            best.slots = slots_;
            best.crossings = now;
            best.spread = wide;
        };
        keep(own_spread);
        int without_gain = 0;
        for (int sweep = 0; sweep < limits_.sweeps && without_gain < 4 && (now > 0 || own_spread > 0); ++sweep) {
            work_ += 4 * segments_.size() + order_.rank.size();
            if (work_ > limits_.order_work) break;
            sweep_once(sweep % 2 == 0, (sweep / 2) % 2 == 1, by_median);
            now = crossings();
            if (small()) now -= transpose(now > 0 && (sweep / 2) % 2 == 0);
            const std::uint64_t wide = spread();
            keep(wide);
            const bool gains = now < own || (now == own && wide < own_spread);
            without_gain = gains ? 0 : without_gain + 1;
            if (gains) own = now, own_spread = wide;
        }
    }

    /// In half places, with the layers' middles above each other.
    std::int64_t place(std::uint32_t v) const {
        return 2 * static_cast<std::int64_t>(nodes_[v].position) - static_cast<std::int64_t>(nodes_[v].layer_size);
    }

    /// How far edges lead from straight.
    std::uint64_t spread() const {
        std::int64_t sum = 0;
        for (const Segment& s : segments_) sum += std::abs(place(s.upper) - place(s.lower));
        return static_cast<std::uint64_t>(sum);
    }

    /// Edges of a and of b, its right neighbour, lead less far when both change places.
    bool straightens(std::uint32_t a, std::uint32_t b) const {
        std::int64_t change = 0;
        const auto move = [&](std::uint32_t v, std::int64_t by) {
            const std::int64_t own = place(v);
            for (const auto neighbours : {up(v), down(v)})
                for (const std::uint32_t n : neighbours)
                    change += std::abs(own + by - place(n)) - std::abs(own - place(n));
        };
        move(a, 2);
        move(b, -2);
        return change < 0;
    }

    std::span<const std::uint32_t> up(std::uint32_t v) const { return {ends_.data() + nodes_[v].up, nodes_[v].ups}; }
    std::span<const std::uint32_t> down(std::uint32_t v) const {
        return {ends_.data() + nodes_[v].down, nodes_[v].downs};
    }

    void note_positions() {
        for (std::size_t r = 0; r < layer_count(); ++r) note_positions(layer(r));
    }
    void note_positions(Layer layer) {
        for (std::uint32_t i = 0; i < layer.size(); ++i) nodes_[layer[i]].position = i;
    }

    /// Depth first from the nodes in their order, along the edges or against them: connected things start side by side.
    void initial_order(bool from_below) {
        std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
        std::vector<bool> placed(nodes_.size(), false);
        std::vector<std::uint32_t> stack;
        const auto place = [&](std::uint32_t v) { slots_[next[order_.rank[v]]++] = v; };
        for (std::uint32_t root = 0; root < order_.nodes; ++root) {
            // What has no edges would only push apart what has: it comes last.
            if (up(root).empty() && down(root).empty()) continue;
            if (placed[root] || !(from_below ? down(root) : up(root)).empty()) continue;
            stack.push_back(root);
            while (!stack.empty()) {
                const std::uint32_t v = stack.back();
                stack.pop_back();
                if (placed[v]) continue;
                placed[v] = true;
                place(v);
                const auto onward = from_below ? up(v) : down(v);
                for (auto it = onward.rbegin(); it != onward.rend(); ++it)
                    if (!placed[*it]) stack.push_back(*it);
            }
        }
        for (std::uint32_t v = 0; v < nodes_.size(); ++v)
            if (!placed[v]) place(v);
        note_positions();
    }

    void sweep_once(bool downwards, bool ties_reversed, bool by_median) {
        const std::size_t ranks = layer_count();
        for (std::size_t step = 1; step < ranks; ++step) {
            const Layer layer = this->layer(downwards ? step : ranks - 1 - step);
            sort_layer(layer, downwards, ties_reversed, by_median);
            note_positions(layer);
        }
    }

    /// Sorts by the mean or the median of the neighbours' positions; nodes without neighbours keep their places.
    void sort_layer(Layer layer, bool by_upper, bool ties_reversed, bool by_median) {
        movable_.clear();
        places_.clear();
        for (std::uint32_t i = 0; i < layer.size(); ++i) {
            const auto neighbours = by_upper ? up(layer[i]) : down(layer[i]);
            if (neighbours.empty()) continue;
            movable_.push_back({by_median ? median(neighbours) : mean(neighbours), layer[i]});
            places_.push_back(i);
        }
        if (ties_reversed) std::reverse(movable_.begin(), movable_.end());
        sort_stable();
        for (std::size_t i = 0; i < movable_.size(); ++i) layer[places_[i]] = movable_[i].node;
    }

    /// Layers are short: no need for a sort that allocates.
    void sort_stable() {
        if (movable_.size() > 32) {
            std::stable_sort(movable_.begin(), movable_.end(),
                             [](const Entry& a, const Entry& b) { return a.center < b.center; });
            return;
        }
        for (std::size_t i = 1; i < movable_.size(); ++i) {
            const Entry entry = movable_[i];
            std::size_t at = i;
            for (; at > 0 && entry.center < movable_[at - 1].center; --at) movable_[at] = movable_[at - 1];
            movable_[at] = entry;
        }
    }

    double mean(std::span<const std::uint32_t> neighbours) const {
        double sum = 0;
        for (const std::uint32_t n : neighbours) sum += position(n);
        return sum / static_cast<double>(neighbours.size());
    }

    /// Of an even number, between the middle two, nearer to where the others are denser (Gansner et al. 1993).
    double median(std::span<const std::uint32_t> neighbours) {
        sorted_.clear();
        for (const std::uint32_t n : neighbours) sorted_.push_back(position(n));
        std::sort(sorted_.begin(), sorted_.end());
        const std::size_t m = sorted_.size() / 2;
        const double low = sorted_[m > 0 ? m - 1 : 0], high = sorted_[m];
        if (sorted_.size() % 2 == 1) return high;
        const double left = low - sorted_.front(), right = sorted_.back() - high;
        return sorted_.size() == 2 || left + right == 0 ? (low + high) / 2
                                                        : (low * right + high * left) / (left + right);
    }

    /// Barth, Juenger and Mutzel: inversions of the lower ends, counted in a tree of partial sums.
    std::uint64_t crossings_below(std::size_t r) {
        const Layer upper = layer(r);
        const std::size_t width = layer(r + 1).size();
        if (width <= 64) return crossings_below_few(upper);
        std::size_t leaves = 1;
        while (leaves < width) leaves *= 2;
        tree_.assign(2 * leaves, 0);
        std::uint64_t total = 0;
        std::vector<std::uint32_t>& ends = sorted_;
        for (const std::uint32_t v : upper) {
            ends.clear();
            for (const std::uint32_t n : down(v)) ends.push_back(position(n));
            std::sort(ends.begin(), ends.end());
            for (const std::uint32_t end : ends)
                for (std::size_t at = leaves + end; at > 1; at /= 2)
                    if (at % 2 == 0) total += tree_[at + 1];
            for (const std::uint32_t end : ends)
                for (std::size_t at = leaves + end; at >= 1; at /= 2) ++tree_[at];
        }
        return total;
    }

    /// The same for few places below: a bit for each that has an end, and counts only where several share one.
    std::uint64_t crossings_below_few(Layer upper) const {
        std::array<std::uint32_t, 64> ends_at; // where it is used
        std::uint64_t used = 0, total = 0;
        for (const std::uint32_t v : upper) {
            // All ends of one node see only those of the nodes before it.
            for (const std::uint32_t n : down(v))
                for (std::uint64_t right = position(n) < 63 ? used >> (position(n) + 1) << (position(n) + 1) : 0;
                     right != 0; right &= right - 1)
                    total += ends_at[static_cast<std::size_t>(std::countr_zero(right))];
            for (const std::uint32_t n : down(v)) {
                const std::uint64_t bit = std::uint64_t{1} << position(n);
                ends_at[position(n)] = (used & bit) != 0 ? ends_at[position(n)] + 1 : 1;
                used |= bit;
            }
        }
        return total;
    }

    /// Swaps neighbours while that removes crossings, or straightens edges; with `ties`, in the first round also where
    /// it changes nothing. Returns how many crossings are gone.
    std::uint64_t transpose(bool ties) {
        std::int64_t total = 0;
        bool improved = true;
        for (int round = 0; improved && round < 8 && work_ < limits_.order_work; ++round) {
            improved = false;
            for (std::size_t r = 0; r < layer_count(); ++r) {
                const Layer layer = this->layer(r);
                for (std::size_t i = 0; i + 1 < layer.size(); ++i) {
                    const std::uint32_t a = layer[i], b = layer[i + 1];
                    const std::int64_t gain = swap_gain(a, b);
                    if (gain < 0) continue;
                    const bool better = gain > 0 || straightens(a, b);
                    if (!better && !(ties && round == 0)) continue;
                    std::swap(layer[i], layer[i + 1]);
                    std::swap(nodes_[a].position, nodes_[b].position);
                    total += gain;
                    improved = improved || better;
                }
            }
        }
        return static_cast<std::uint64_t>(total);
    }

    /// Moves every node to the place in its layer where it crosses least.
    void sift() {
        bool improved = order_.crossings > 0;
        for (int round = 0; improved && round < 6 && work_ < limits_.order_work; ++round) {
            improved = false;
            for (std::uint32_t v = 0; v < order_.rank.size() && order_.crossings > 0; ++v) {
                const Layer layer = this->layer(order_.rank[v]);
                const std::size_t start = position(v);
                std::size_t best = start;
                std::int64_t gain = 0, most = 0;
                const auto look = [&](std::size_t at, std::int64_t change) {
                    gain += change;
                    if (gain <= most) return;
                    most = gain;
                    best = at;
                };
                for (std::size_t i = start; i > 0; --i) look(i - 1, swap_gain(layer[i - 1], v));
                gain = 0;
                for (std::size_t i = start + 1; i < layer.size(); ++i) look(i, swap_gain(v, layer[i]));
                if (most == 0) continue;
                move(layer, start, best);
                order_.crossings -= static_cast<std::uint64_t>(most);
                improved = true;
            }
        }
    }

    /// Past the bends beside it, unless there are fewer on its other side. False when it stays.
    bool move_out(Layer layer, std::size_t start, bool to_left) {
        const auto bends = [&](bool left) {
            std::size_t count = 0;
            while (left ? count < start : start + count + 1 < layer.size()) {
                if (layer[left ? start - count - 1 : start + count + 1] < order_.nodes) break;
                ++count;
            }
            return count;
        };
        const std::size_t passed = bends(to_left), other = bends(!to_left);
        const std::size_t others = to_left ? layer.size() - 1 - start : start;
        if (passed == 0 || others == 0 || (other > 0 && other < passed)) return false;
        const std::size_t beyond = to_left ? start - passed - 1 : start + passed + 1; // wraps around before the first
        if (beyond < layer.size() && !up(layer[beyond]).empty() && !down(layer[beyond]).empty()) return false;
        std::int64_t gain = 0;
        for (std::size_t n = 1; n <= passed; ++n)
            gain += to_left ? swap_gain(layer[start - n], layer[start]) : swap_gain(layer[start], layer[start + n]);
        if (gain < 0 || work_ > limits_.order_work) return false;
        move(layer, start, to_left ? start - passed : start + passed);
        order_.crossings -= static_cast<std::uint64_t>(gain);
        return true;
    }

    void move(Layer layer, std::size_t from, std::size_t to) {
        const auto at = [&](std::size_t i) { return layer.begin() + static_cast<std::ptrdiff_t>(i); };
        if (to < from)
            std::rotate(at(to), at(from), at(from + 1));
        else
            std::rotate(at(from), at(from + 1), at(to + 1));
        for (std::size_t i = std::min(from, to); i <= std::max(from, to); ++i)
            nodes_[layer[i]].position = static_cast<std::uint32_t>(i);
    }

    /// Crossings that are gone when b, right of a, comes to its left.
    std::int64_t swap_gain(std::uint32_t a, std::uint32_t b) {
        work_ += 1 + up(a).size() * up(b).size() + down(a).size() * down(b).size();
        return pair_gain(up(a), up(b)) + pair_gain(down(a), down(b));
    }

    /// Crossings between the edges of a and b with a to the left, minus those with b to the left.
    std::int64_t pair_gain(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) const {
        std::int64_t gain = 0;
        for (const std::uint32_t u : a)
            for (const std::uint32_t v : b) {
                if (position(u) > position(v)) ++gain;
                if (position(u) < position(v)) --gain;
            }
        return gain;
    }

    LayoutOrder& order_;
    const LayoutLimits& limits_;
    std::vector<Segment> segments_;
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> first_, slots_; ///< where every layer begins, and their nodes
    std::vector<std::uint32_t> ends_;          ///< of segments, by node
    std::vector<std::uint32_t> sorted_, places_;
    std::vector<Entry> movable_;
    std::vector<std::uint64_t> tree_;
    std::uint64_t work_ = 0;
};

} // namespace

LayoutOrder order_graph(std::size_t nodes, std::span<const LayoutEdge> edges, const LayoutLimits& limits,
                        std::span<const std::uint32_t> first) {
    LayoutOrder order;
    order.nodes = nodes;
    const std::vector<bool> turned = break_cycles(nodes, edges);
    order.against.resize(edges.size());
    std::vector<RankEdge> ranked;
    for (std::size_t i = 0; i < edges.size(); ++i) {
        const LayoutEdge& e = edges[i];
        assert(e.from < nodes && e.to < nodes);
        order.against[i] = e.back || turned[i];
        if (e.back || e.from == e.to) continue;
        ranked.push_back({turned[i] ? e.to : e.from, turned[i] ? e.from : e.to, e.weight});
    }
    order.rank = assign_ranks(nodes, ranked, limits);
    spread_loose_nodes(order, edges);
    add_bends(order, edges, limits);
    Ordering ordering(order, edges, limits);
    ordering.run();
    ordering.move_first(first);
    ordering.free_dead_ends();
    ordering.write_layers();
    return order;
}

std::uint64_t count_crossings(const LayoutOrder& order, std::span<const LayoutEdge> edges) {
    LayoutOrder copy = order;
    Ordering ordering(copy, edges, LayoutLimits{});
    ordering.read_layers();
    return ordering.crossings();
}

} // namespace rnnscope::view
