#include "core/view/layout_rank.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <set>
#include <utility>

namespace rnnscope::view {
namespace {

/// Edge indices by node, as one array.
struct Incidence {
    std::vector<std::uint32_t> first, edge;

    template <class Edges, class End> Incidence(std::size_t nodes, const Edges& edges, End end) : first(nodes + 1, 0) {
        for (const auto& e : edges) ++first[end(e) + 1];
        for (std::size_t v = 0; v < nodes; ++v) first[v + 1] += first[v];
        edge.resize(edges.size());
        std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
        for (std::uint32_t i = 0; i < edges.size(); ++i) edge[next[end(edges[i])]++] = i;
    }
    std::span<const std::uint32_t> of(std::uint32_t node) const {
        return {edge.data() + first[node], first[node + 1] - first[node]};
    }
};

constexpr auto edge_from = [](const auto& e) { return e.from; };
constexpr auto edge_to = [](const auto& e) { return e.to; };

/// Eades, Lin and Smyth: an order of the nodes that few edges run against. Only called for graphs with cycles.
class FeedbackOrder {
  public:
    FeedbackOrder(std::size_t nodes, std::span<const LayoutEdge> edges)
        : edges_(edges), out_(nodes, edges, edge_from), in_(nodes, edges, edge_to), out_degree_(nodes, 0),
          in_degree_(nodes, 0), position_(nodes, 0), removed_(nodes, false) {
        for (const LayoutEdge& e : edges) {
            if (!counts(e)) continue;
            ++out_degree_[e.from];
            ++in_degree_[e.to];
        }
    }

    std::vector<std::uint32_t> positions() {
        const auto nodes = static_cast<std::uint32_t>(position_.size());
        for (std::uint32_t v = 0; v < nodes; ++v) enqueue(v);
        std::uint32_t head = 0, tail = nodes;
        for (std::uint32_t left = nodes; left > 0; --left) {
            if (!sinks_.empty()) {
                const std::uint32_t v = *sinks_.rbegin();
                remove(v);
                position_[v] = --tail;
            } else {
                const std::uint32_t v = !sources_.empty() ? *sources_.begin() : others_.begin()->second;
                remove(v);
                position_[v] = head++;
            }
        }
        return position_;
    }

  private:
    static bool counts(const LayoutEdge& e) { return !e.back && e.from != e.to; }
    std::pair<int, std::uint32_t> key(std::uint32_t v) const { return {in_degree_[v] - out_degree_[v], v}; }

    // Nodes without edges count as sources, so that they keep their order.
    void enqueue(std::uint32_t v) {
        if (in_degree_[v] == 0)
            sources_.insert(v);
        else if (out_degree_[v] == 0)
            sinks_.insert(v);
        else
            others_.insert(key(v));
    }
    void dequeue(std::uint32_t v) {
        sources_.erase(v);
        sinks_.erase(v);
        others_.erase(key(v));
    }
    void remove(std::uint32_t v) {
        dequeue(v);
        removed_[v] = true;
        const auto drop = [&](std::uint32_t other, std::vector<int>& degree) {
            if (removed_[other]) return;
            dequeue(other);
            --degree[other];
            enqueue(other);
        };
        for (const std::uint32_t i : out_.of(v))
            if (counts(edges_[i])) drop(edges_[i].to, in_degree_);
        for (const std::uint32_t i : in_.of(v))
            if (counts(edges_[i])) drop(edges_[i].from, out_degree_);
    }

    std::span<const LayoutEdge> edges_;
    Incidence out_, in_;
    std::vector<int> out_degree_, in_degree_;
    std::vector<std::uint32_t> position_;
    std::vector<bool> removed_;
    std::set<std::uint32_t> sources_, sinks_;
    std::set<std::pair<int, std::uint32_t>> others_;
};

template <class Edges, class Skip>
std::vector<std::uint32_t> topological_order(std::size_t nodes, const Edges& edges, Skip skip) {
    const Incidence out(nodes, edges, edge_from);
    std::vector<std::uint32_t> waiting(nodes, 0), order;
    for (const auto& e : edges)
        if (!skip(e)) ++waiting[e.to];
    order.reserve(nodes);
    for (std::uint32_t v = 0; v < nodes; ++v)
        if (waiting[v] == 0) order.push_back(v);
    for (std::size_t i = 0; i < order.size(); ++i)
        for (const std::uint32_t e : out.of(order[i]))
            if (!skip(edges[e]) && --waiting[edges[e].to] == 0) order.push_back(edges[e].to);
    return order; // shorter than `nodes` when there is a cycle
}

/// Connected parts: by node, the number of its part, in order of their first nodes.
std::vector<std::uint32_t> connected_parts(std::size_t nodes, std::span<const RankEdge> edges, std::uint32_t& count) {
    std::vector<std::uint32_t> parent(nodes);
    for (std::uint32_t v = 0; v < nodes; ++v) parent[v] = v;
    const auto find = [&](std::uint32_t v) {
        while (parent[v] != v) v = parent[v] = parent[parent[v]];
        return v;
    };
    for (const RankEdge& e : edges) {
        const std::uint32_t a = find(e.from), b = find(e.to);
        parent[std::max(a, b)] = std::min(a, b);
    }
    std::vector<std::uint32_t> part(nodes);
    count = 0;
    for (std::uint32_t v = 0; v < nodes; ++v) part[v] = find(v) == v ? count++ : part[find(v)];
    return part;
}

/// Network simplex on one connected graph (Gansner, Koutsofios, North, Vo 1993). The cut value of a tree edge is the
/// sum, over the nodes on its far side, of outgoing minus incoming weight (inner edges cancel), so all of them are
/// sums over subtrees and no incremental update can go wrong.
class NetworkSimplex {
  public:
    NetworkSimplex(std::size_t nodes, std::span<const RankEdge> edges, std::vector<std::int64_t>& rank,
                   std::uint64_t work)
        : edges_(edges), rank_(rank), out_(nodes, edges, edge_from), in_(nodes, edges, edge_to), in_tree_(edges.size()),
          parent_(nodes), parent_edge_(nodes), low_(nodes), high_(nodes), surplus_(nodes, 0), cut_(nodes),
          work_left_(work) {
        for (const RankEdge& e : edges) {
            surplus_[e.from] += e.weight;
            surplus_[e.to] -= e.weight;
        }
    }

    void run() {
        if (rank_.size() < 2 || !make_tight_tree()) return;
        const std::uint64_t pivot = rank_.size() + edges_.size();
        walk_tree();
        std::uint32_t child = 0;
        while (work_left_ >= pivot && find_leaving(child)) {
            work_left_ -= pivot;
            if (!exchange(child)) return;
            walk_tree();
        }
    }

  private:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    std::int64_t slack(const RankEdge& e) const { return rank_[e.to] - rank_[e.from] - 1; }

    /// Grows a tree of edges without slack over all nodes, moving what is already in it towards the nearest outside
    /// edge. False when the work budget runs out first.
    bool make_tight_tree() {
        std::vector<bool> inside(rank_.size(), false);
        std::vector<std::uint32_t> members{0}; // in order of joining; also the queue of the search
        inside[0] = true;
        std::size_t searched = 0;
        while (true) {
            for (; searched < members.size(); ++searched)
                for (const Incidence* incidence : {&out_, &in_})
                    for (const std::uint32_t i : incidence->of(members[searched])) {
                        const RankEdge& e = edges_[i];
                        const std::uint32_t other = e.from == members[searched] ? e.to : e.from;
                        if (inside[other] || slack(e) != 0) continue;
                        inside[other] = in_tree_[i] = true;
                        members.push_back(other);
                    }
            if (members.size() == rank_.size()) return true;
            if (work_left_ < edges_.size()) return false;
            work_left_ -= edges_.size();
            std::uint32_t best = none;
            for (std::uint32_t i = 0; i < edges_.size(); ++i)
                if (inside[edges_[i].from] != inside[edges_[i].to] &&
                    (best == none || slack(edges_[i]) < slack(edges_[best])))
                    best = i;
            assert(best != none && "the graph is connected");
            const std::int64_t delta = inside[edges_[best].from] ? slack(edges_[best]) : -slack(edges_[best]);
            for (const std::uint32_t v : members) rank_[v] += delta;
            const std::uint32_t joined = inside[edges_[best].from] ? edges_[best].to : edges_[best].from;
            inside[joined] = in_tree_[best] = true;
            members.push_back(joined);
            // The shift may have made other edges of the members tight: search them again.
            searched = 0;
        }
    }

    /// Parents, subtree intervals in preorder, and cut values of the tree rooted at node 0.
    void walk_tree() {
        preorder_.clear();
        std::vector<std::uint32_t>& stack = stack_;
        stack.assign(1, 0);
        parent_[0] = parent_edge_[0] = none;
        while (!stack.empty()) {
            const std::uint32_t v = stack.back();
            stack.pop_back();
            low_[v] = static_cast<std::uint32_t>(preorder_.size());
            preorder_.push_back(v);
            for (const Incidence* incidence : {&out_, &in_})
                for (const std::uint32_t i : incidence->of(v)) {
                    if (!in_tree_[i] || i == parent_edge_[v]) continue;
                    const std::uint32_t child = edges_[i].from == v ? edges_[i].to : edges_[i].from;
                    parent_[child] = v;
                    parent_edge_[child] = i;
                    stack.push_back(child);
                }
        }
        cut_ = surplus_;
        for (std::uint32_t v = 0; v < rank_.size(); ++v) high_[v] = low_[v];
        for (auto it = preorder_.rbegin(); it != preorder_.rend(); ++it) {
            if (parent_[*it] == none) continue;
            cut_[parent_[*it]] += cut_[*it];
            high_[parent_[*it]] = std::max(high_[parent_[*it]], high_[*it]);
        }
    }

    /// The next node whose parent edge has a negative cut value, in rotation: picking always the first could cycle.
    bool find_leaving(std::uint32_t& child) {
        for (std::size_t n = 0; n < rank_.size(); ++n) {
            next_ = next_ + 1 < rank_.size() ? next_ + 1 : 0;
            const auto v = static_cast<std::uint32_t>(next_);
            if (parent_[v] == none) continue;
            const std::int64_t value = edges_[parent_edge_[v]].from == v ? cut_[v] : -cut_[v];
            if (value < 0) return child = v, true;
        }
        return false;
    }

    bool exchange(std::uint32_t child) {
        const std::uint32_t leaving = parent_edge_[child];
        const auto below = [&](std::uint32_t v) { return low_[v] >= low_[child] && low_[v] <= high_[child]; };
        const bool leaving_goes_up = below(edges_[leaving].from);
        std::uint32_t entering = none;
        for (std::uint32_t i = 0; i < edges_.size(); ++i) {
            const RankEdge& e = edges_[i];
            if (in_tree_[i] || below(e.from) == below(e.to) || below(e.from) == leaving_goes_up) continue;
            if (entering == none || slack(e) < slack(edges_[entering])) entering = i;
        }
        if (entering == none) return false;
        const std::int64_t delta = below(edges_[entering].from) ? slack(edges_[entering]) : -slack(edges_[entering]);
        for (std::uint32_t at = low_[child]; at <= high_[child]; ++at) rank_[preorder_[at]] += delta;
        in_tree_[leaving] = false;
        in_tree_[entering] = true;
        return true;
    }

    std::span<const RankEdge> edges_;
    std::vector<std::int64_t>& rank_;
    Incidence out_, in_;
    std::vector<bool> in_tree_;
    std::vector<std::uint32_t> parent_, parent_edge_, low_, high_, preorder_, stack_;
    std::vector<std::int64_t> surplus_, cut_;
    std::uint64_t work_left_;
    std::size_t next_ = 0;
};

std::vector<std::int64_t> longest_paths(std::size_t nodes, std::span<const RankEdge> edges) {
    const auto order = topological_order(nodes, edges, [](const RankEdge&) { return false; });
    assert(order.size() == nodes && "cycles are broken before ranks");
    const Incidence out(nodes, edges, edge_from);
    std::vector<std::int64_t> rank(nodes, 0);
    for (const std::uint32_t v : order)
        for (const std::uint32_t i : out.of(v)) rank[edges[i].to] = std::max(rank[edges[i].to], rank[v] + 1);
    // Sources sit next to their first consumer, where the eye looks for them.
    const Incidence in(nodes, edges, edge_to);
    for (auto it = order.rbegin(); it != order.rend(); ++it) {
        if (!in.of(*it).empty() || out.of(*it).empty()) continue;
        std::int64_t nearest = std::numeric_limits<std::int64_t>::max();
        for (const std::uint32_t i : out.of(*it)) nearest = std::min(nearest, rank[edges[i].to]);
        rank[*it] = nearest - 1;
    }
    return rank;
}

} // namespace

std::vector<bool> break_cycles(std::size_t nodes, std::span<const LayoutEdge> edges) {
    std::vector<bool> turned(edges.size(), false);
    const auto skip = [](const LayoutEdge& e) { return e.back || e.from == e.to; };
    if (topological_order(nodes, edges, skip).size() == nodes) return turned;
    const std::vector<std::uint32_t> position = FeedbackOrder(nodes, edges).positions();
    for (std::size_t i = 0; i < edges.size(); ++i)
        turned[i] = !skip(edges[i]) && position[edges[i].from] > position[edges[i].to];
    return turned;
}

std::vector<std::uint32_t> assign_ranks(std::size_t nodes, std::span<const RankEdge> edges,
                                        const LayoutLimits& limits) {
    std::uint32_t parts = 0;
    const std::vector<std::uint32_t> part = connected_parts(nodes, edges, parts);
    std::vector<std::int64_t> rank = longest_paths(nodes, edges);

    // Each part is ranked by itself, with its nodes renumbered.
    std::vector<std::vector<std::uint32_t>> members(parts);
    std::vector<std::vector<RankEdge>> own(parts);
    std::vector<std::uint32_t> local(nodes);
    for (std::uint32_t v = 0; v < nodes; ++v) {
        local[v] = static_cast<std::uint32_t>(members[part[v]].size());
        members[part[v]].push_back(v);
    }
    for (const RankEdge& e : edges) own[part[e.from]].push_back({local[e.from], local[e.to], e.weight});

    std::vector<std::uint32_t> result(nodes);
    for (std::uint32_t p = 0; p < parts; ++p) {
        std::vector<std::int64_t> ranks;
        for (const std::uint32_t v : members[p]) ranks.push_back(rank[v]);
        if (members[p].size() > 2 && members[p].size() <= limits.simplex_nodes)
            NetworkSimplex(ranks.size(), own[p], ranks, limits.simplex_work).run();
        const std::int64_t lowest = *std::min_element(ranks.begin(), ranks.end());
        for (std::size_t i = 0; i < ranks.size(); ++i)
            result[members[p][i]] = static_cast<std::uint32_t>(ranks[i] - lowest);
    }
    return result;
}

} // namespace rnnscope::view
