#include "core/view/layout_simplex.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>

namespace rnnscope::view {
namespace {

constexpr auto simplex_from = [](const RankEdge& e) { return e.from; };
constexpr auto simplex_to = [](const RankEdge& e) { return e.to; };

/// Network simplex on one connected graph (Gansner, Koutsofios, North, Vo 1993). The cut value of a tree edge is the
/// sum, over the nodes on its far side, of outgoing minus incoming weight (inner edges cancel), so all of them are
/// sums over subtrees and no incremental update can go wrong.
class NetworkSimplex {
  public:
    NetworkSimplex(std::size_t nodes, std::span<const RankEdge> edges, std::vector<std::int64_t>& rank,
                   std::uint64_t& work)
        : edges_(edges), rank_(rank), out_(nodes, edges, simplex_from), in_(nodes, edges, simplex_to),
          in_tree_(edges.size()), parent_(nodes), parent_edge_(nodes), low_(nodes), high_(nodes), surplus_(nodes, 0),
          cut_(nodes), work_left_(work) {
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

    std::int64_t slack(const RankEdge& e) const { return rank_[e.to] - rank_[e.from] - e.length; }

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
    std::uint64_t& work_left_;
    std::size_t next_ = 0;
};

} // namespace

ConnectedParts::ConnectedParts(std::size_t nodes, std::span<const RankEdge> edges) {
    std::vector<std::uint32_t> parent(nodes), part(nodes), local(nodes);
    std::iota(parent.begin(), parent.end(), 0u);
    const auto find = [&](std::uint32_t v) {
        while (parent[v] != v) v = parent[v] = parent[parent[v]];
        return v;
    };
    for (const RankEdge& e : edges) {
        const std::uint32_t a = find(e.from), b = find(e.to);
        parent[std::max(a, b)] = std::min(a, b);
    }
    for (std::uint32_t v = 0; v < nodes; ++v) {
        const bool first = find(v) == v;
        part[v] = first ? static_cast<std::uint32_t>(parts.size()) : part[find(v)];
        if (first) parts.emplace_back();
        local[v] = static_cast<std::uint32_t>(parts[part[v]].nodes.size());
        parts[part[v]].nodes.push_back(v);
    }
    for (const RankEdge& e : edges)
        parts[part[e.from]].edges.push_back({local[e.from], local[e.to], e.weight, e.length});
}

void network_simplex(std::span<const RankEdge> edges, std::vector<std::int64_t>& position, std::uint64_t& work) {
    NetworkSimplex(position.size(), edges, position, work).run();
}

} // namespace rnnscope::view
