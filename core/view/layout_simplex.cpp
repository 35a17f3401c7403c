#include "core/view/layout_simplex.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

namespace rnnscope::view {
namespace {

constexpr auto simplex_from = [](const RankEdge& e) { return e.from; };
constexpr auto simplex_to = [](const RankEdge& e) { return e.to; };

} // namespace

void NetworkSimplex::run(std::span<const RankEdge> edges, std::vector<std::int64_t>& position, std::uint64_t& work) {
    if (position.size() < 2) return;
    edges_ = edges;
    rank_ = position;
    // None costs more than it must: nothing is to be gained.
    if (std::all_of(edges.begin(), edges.end(), [&](const RankEdge& e) { return e.weight == 0 || slack(e) == 0; }))
        return;
    work_left_ = work;
    next_ = 0;
    out_.build(position.size(), edges, simplex_from);
    in_.build(position.size(), edges, simplex_to);
    in_tree_.assign(edges.size(), 0);
    nodes_.assign(position.size(), {});
    marked_.assign(position.size(), 0);
    for (const RankEdge& e : edges) {
        nodes_[e.from].surplus += e.weight;
        nodes_[e.to].surplus -= e.weight;
    }
    improve();
    work = work_left_;
}

void NetworkSimplex::improve() {
    if (!make_tight_tree()) return;
    marked_.assign(rank_.size(), 0);
    const std::uint64_t pivot = rank_.size() + edges_.size();
    root_tree();
    std::uint32_t child = 0;
    while (work_left_ >= pivot && find_leaving(child)) {
        work_left_ -= pivot;
        if (!exchange(child)) return;
    }
}

/// Grows a tree of edges without slack over all nodes, moving what is already in it towards the nearest outside
/// edge. False when the work budget runs out first.
bool NetworkSimplex::make_tight_tree() {
    std::vector<std::uint32_t>& members = order_; // in order of joining
    std::vector<std::uint32_t>& search = search_; // those that may have edges to the outside; also the queue
    std::vector<std::uint32_t>& loose = loose_;   // edges that may lead out of the tree, in their order
    std::vector<char>& inside = marked_;
    members.reserve(rank_.size());
    search.reserve(rank_.size());
    members.assign(1, 0);
    search.assign(1, 0);
    loose.resize(edges_.size());
    std::iota(loose.begin(), loose.end(), 0u);
    inside[0] = 1;
    const auto join = [&](std::uint32_t node, std::uint32_t edge) {
        inside[node] = in_tree_[edge] = 1;
        members.push_back(node);
        search.push_back(node);
    };
    while (true) {
        std::size_t kept = 0;
        for (std::size_t searched = 0; searched < search.size(); ++searched) {
            const std::uint32_t v = search[searched];
            bool leads_out = false;
            for (const Incidence* incidence : {&out_, &in_})
                for (const std::uint32_t i : incidence->of(v)) {
                    const RankEdge& e = edges_[i];
                    const std::uint32_t other = e.from == v ? e.to : e.from;
                    if (inside[other]) continue;
                    if (slack(e) == 0)
                        join(other, i);
                    else
                        leads_out = true;
                }
            if (leads_out) search[kept++] = v;
        }
        search.resize(kept);
        if (members.size() == rank_.size()) return true;
        if (work_left_ < edges_.size()) return false;
        work_left_ -= edges_.size();
        std::uint32_t best = none;
        std::int64_t least = 0;
        std::size_t still = 0;
        for (const std::uint32_t i : loose) {
            const RankEdge& e = edges_[i];
            if (inside[e.from] && inside[e.to]) continue;
            loose[still++] = i;
            if (inside[e.from] == inside[e.to]) continue;
            const std::int64_t own = slack(e);
            if (best != none && own >= least) continue;
            best = i;
            least = own;
        }
        loose.resize(still);
        assert(best != none && "the graph is connected");
        const std::int64_t delta = inside[edges_[best].from] ? least : -least;
        for (const std::uint32_t v : members) rank_[v] += delta;
        join(inside[edges_[best].from] ? edges_[best].to : edges_[best].from, best);
        // The shift may have made other edges of the members tight: they are searched again.
    }
}

void NetworkSimplex::hang(std::uint32_t child, std::uint32_t parent, std::uint32_t edge) {
    TreeNode& node = nodes_[child];
    node.parent = parent;
    node.edge = edge;
    node.before = none;
    node.next = nodes_[parent].child;
    if (node.next != none) nodes_[node.next].before = child;
    nodes_[parent].child = child;
}
void NetworkSimplex::unhang(std::uint32_t child) {
    const TreeNode& node = nodes_[child];
    (node.before == none ? nodes_[node.parent].child : nodes_[node.before].next) = node.next;
    if (node.next != none) nodes_[node.next].before = node.before;
}

/// Parents and cut values of the tree.
void NetworkSimplex::root_tree() {
    order_.assign(1, 0);
    for (std::size_t at = 0; at < order_.size(); ++at) {
        const std::uint32_t v = order_[at];
        nodes_[v].cut = nodes_[v].surplus;
        for (const Incidence* incidence : {&out_, &in_})
            for (const std::uint32_t i : incidence->of(v)) {
                if (!in_tree_[i] || i == nodes_[v].edge) continue;
                const std::uint32_t child = edges_[i].from == v ? edges_[i].to : edges_[i].from;
                hang(child, v, i);
                order_.push_back(child);
            }
    }
    for (std::size_t at = order_.size(); at-- > 1;) nodes_[nodes_[order_[at]].parent].cut += nodes_[order_[at]].cut;
}

/// The next node whose parent edge has a negative cut value, in rotation: picking always the first could cycle.
bool NetworkSimplex::find_leaving(std::uint32_t& child) {
    for (std::size_t n = 0; n < rank_.size(); ++n) {
        next_ = next_ + 1 < rank_.size() ? next_ + 1 : 0;
        const auto v = static_cast<std::uint32_t>(next_);
        const TreeNode& node = nodes_[v];
        if (node.parent == none) continue;
        const std::int64_t value = edges_[node.edge].from == v ? node.cut : -node.cut;
        if (value < 0) return child = v, true;
    }
    return false;
}

/// All nodes that hang from `top`, in order_ and marked in below_.
void NetworkSimplex::gather_below(std::uint32_t top) {
    order_.assign(1, top);
    for (std::size_t at = 0; at < order_.size(); ++at) {
        marked_[order_[at]] = 1;
        for (std::uint32_t c = nodes_[order_[at]].child; c != none; c = nodes_[c].next) order_.push_back(c);
    }
}

/// With the least slack, and of those the first, among the edges that lead the other way between what hangs from
/// the child and the rest.
std::uint32_t NetworkSimplex::find_entering(bool leads_in) const {
    std::uint32_t best = none;
    std::int64_t least = 0;
    const auto look = [&](std::uint32_t i) {
        const RankEdge& e = edges_[i];
        if (marked_[e.from] == marked_[e.to] || (marked_[e.from] == 0) != leads_in) return;
        const std::int64_t own = slack(e);
        if (best != none && (own > least || (own == least && i > best))) return;
        best = i;
        least = own;
    };
    if (2 * order_.size() > rank_.size()) {
        for (std::uint32_t i = 0; i < edges_.size(); ++i) look(i);
    } else {
        for (const std::uint32_t v : order_)
            for (const std::uint32_t i : (leads_in ? in_ : out_).of(v)) look(i);
    }
    return best;
}

bool NetworkSimplex::exchange(std::uint32_t child) {
    const std::uint32_t leaving = nodes_[child].edge;
    gather_below(child);
    const std::uint32_t entering = find_entering(marked_[edges_[leaving].from] != 0);
    if (entering != none) {
        const bool from_below = marked_[edges_[entering].from] != 0;
        const std::int64_t delta = from_below ? slack(edges_[entering]) : -slack(edges_[entering]);
        for (const std::uint32_t v : order_) rank_[v] += delta;
        in_tree_[leaving] = 0;
        in_tree_[entering] = 1;
        const RankEdge& e = edges_[entering];
        move_below(child, from_below ? e.from : e.to, from_below ? e.to : e.from, entering);
    }
    for (const std::uint32_t v : order_) marked_[v] = 0;
    return entering != none;
}

/// What hangs from `top` hangs from `other` afterwards, by the edge to `node`, which is among it.
void NetworkSimplex::move_below(std::uint32_t top, std::uint32_t node, std::uint32_t other, std::uint32_t edge) {
    const std::int64_t sum = nodes_[top].cut;
    for (std::uint32_t v = nodes_[top].parent; v != none; v = nodes_[v].parent) nodes_[v].cut -= sum;
    for (std::uint32_t v = other; v != none; v = nodes_[v].parent) nodes_[v].cut += sum;
    // From the node up to the top, parents and children change places.
    std::int64_t above = 0; // what hung from the node before
    for (std::uint32_t v = node, parent = other;;) {
        const std::uint32_t old_parent = nodes_[v].parent, old_edge = nodes_[v].edge;
        unhang(v);
        hang(v, parent, edge);
        const std::int64_t old_cut = nodes_[v].cut;
        nodes_[v].cut = sum - above;
        if (v == top) break;
        above = old_cut;
        parent = v;
        edge = old_edge;
        v = old_parent;
    }
}

ConnectedParts::ConnectedParts(std::size_t nodes, std::span<const RankEdge> edges)
    : nodes_(nodes), edges_(edges.size()) {
    struct Member {
        std::uint32_t parent, part = 0, local = 0;
    };
    std::vector<Member> members(nodes);
    for (std::uint32_t v = 0; v < nodes; ++v) members[v].parent = v;
    const auto find = [&](std::uint32_t v) {
        while (members[v].parent != v) v = members[v].parent = members[members[v].parent].parent;
        return v;
    };
    for (const RankEdge& e : edges) {
        const std::uint32_t a = find(e.from), b = find(e.to);
        members[std::max(a, b)].parent = std::min(a, b);
    }
    struct Count {
        std::uint32_t nodes = 0, edges = 0;
    };
    std::vector<Count> counts;
    for (std::uint32_t v = 0; v < nodes; ++v) {
        const std::uint32_t top = find(v);
        members[v].part = top == v ? static_cast<std::uint32_t>(counts.size()) : members[top].part;
        if (top == v) counts.emplace_back();
        members[v].local = counts[members[v].part].nodes++;
    }
    for (const RankEdge& e : edges) ++counts[members[e.from].part].edges;
    parts.reserve(counts.size());
    Count begin;
    for (Count& count : counts) {
        parts.push_back({{nodes_.data() + begin.nodes, count.nodes}, {edges_.data() + begin.edges, count.edges}});
        begin = {begin.nodes + std::exchange(count.nodes, begin.nodes),
                 begin.edges + std::exchange(count.edges, begin.edges)};
    }
    for (std::uint32_t v = 0; v < nodes; ++v) nodes_[counts[members[v].part].nodes + members[v].local] = v;
    for (const RankEdge& e : edges)
        edges_[counts[members[e.from].part].edges++] = {members[e.from].local, members[e.to].local, e.weight, e.length};
}

} // namespace rnnscope::view
