#pragma once

#include "core/view/layout.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace rnnscope::view {

/// `to` stands at least `length` after `from`, and each step that they are apart costs `weight`.
struct RankEdge {
    std::uint32_t from = 0, to = 0;
    std::int64_t weight = 1;
    std::int64_t length = 1;
};

/// Edge indices by node, as one array.
struct Incidence {
    std::vector<std::uint32_t> first, edge;

    Incidence() = default;
    template <class Edges, class End> Incidence(std::size_t nodes, const Edges& edges, End end) {
        build(nodes, edges, end);
    }
    template <class Edges, class End> void build(std::size_t nodes, const Edges& edges, End end) {
        first.assign(nodes + 2, 0);
        for (const auto& e : edges) ++first[end(e) + 2];
        for (std::size_t v = 0; v < nodes; ++v) first[v + 2] += first[v + 1];
        edge.resize(edges.size());
        for (std::uint32_t i = 0; i < edges.size(); ++i) edge[first[end(edges[i]) + 1]++] = i; // now where v ends
    }
    std::span<const std::uint32_t> of(std::uint32_t node) const {
        return {edge.data() + first[node], first[node + 1] - first[node]};
    }
};

/// A graph in connected parts, in the order of their first nodes, each with its nodes renumbered.
class ConnectedParts {
  public:
    struct Part {
        std::span<const std::uint32_t> nodes;
        std::span<const RankEdge> edges;
    };
    std::vector<Part> parts; ///< views of what follows

    ConnectedParts(std::size_t nodes, std::span<const RankEdge> edges);
    ConnectedParts(const ConnectedParts&) = delete;
    ConnectedParts& operator=(const ConnectedParts&) = delete;

  private:
    std::vector<std::uint32_t> nodes_; ///< of one part after the other
    std::vector<RankEdge> edges_;
};

/// Network simplex (Gansner, Koutsofios, North, Vo 1993), on one connected graph after the other. The cut value of a
/// tree edge is the sum, over the nodes on its far side, of outgoing minus incoming weight (inner edges cancel). So it
/// is a sum over a subtree, and an exchange changes it only along the way between the ends of the edge that enters.
class NetworkSimplex {
  public:
    /// The cheapest positions of one connected graph, from feasible ones. Takes what it uses from `work` (node and edge
    /// visits); positions stay feasible when that runs out.
    void run(std::span<const RankEdge> edges, std::vector<std::int64_t>& position, std::uint64_t& work);

  private:
    static constexpr std::uint32_t none = UINT32_MAX;

    /// Of the tree, which hangs from node 0. Children of one node are a list in both directions.
    struct TreeNode {
        std::uint32_t parent = none, edge = none; ///< the edge to the parent
        std::uint32_t child = none, next = none, before = none;
        std::int64_t surplus = 0; ///< outgoing minus incoming weight
        std::int64_t cut = 0;     ///< the same of all below
    };

    std::int64_t slack(const RankEdge& e) const { return rank_[e.to] - rank_[e.from] - e.length; }
    void improve();
    bool make_tight_tree();
    void hang(std::uint32_t child, std::uint32_t parent, std::uint32_t edge);
    void unhang(std::uint32_t child);
    void root_tree();
    bool find_leaving(std::uint32_t& child);
    void gather_below(std::uint32_t top);
    std::uint32_t find_entering(bool leads_in) const;
    bool exchange(std::uint32_t child);
    void move_below(std::uint32_t top, std::uint32_t node, std::uint32_t other, std::uint32_t edge);

    std::span<const RankEdge> edges_;
    std::span<std::int64_t> rank_;
    Incidence out_, in_;
    std::vector<char> in_tree_; ///< by edge
    std::vector<TreeNode> nodes_;
    std::vector<char> marked_; ///< inside the tree that grows; below what leaves it
    std::vector<std::uint32_t> order_, search_, loose_;
    std::uint64_t work_left_ = 0;
    std::size_t next_ = 0;
};

} // namespace rnnscope::view
