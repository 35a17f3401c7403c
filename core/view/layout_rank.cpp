#include "core/view/layout_rank.hpp"
#include "core/view/layout_simplex.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <set>
#include <utility>

namespace rnnscope::view {
namespace {

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
    std::vector<std::int64_t> rank = longest_paths(nodes, edges);
    const ConnectedParts parts(nodes, edges);
    std::vector<std::uint32_t> result(nodes);
    std::vector<std::int64_t> own;
    NetworkSimplex simplex;
    for (const ConnectedParts::Part& part : parts.parts) {
        own.clear();
        for (const std::uint32_t v : part.nodes) own.push_back(rank[v]);
        if (own.size() > 2 && own.size() <= limits.simplex_nodes) {
            std::uint64_t work = limits.simplex_work;
            simplex.run(part.edges, own, work);
        }
        const std::int64_t lowest = *std::min_element(own.begin(), own.end());
        for (std::size_t i = 0; i < own.size(); ++i)
            result[part.nodes[i]] = static_cast<std::uint32_t>(own[i] - lowest);
    }
    return result;
}

} // namespace rnnscope::view
