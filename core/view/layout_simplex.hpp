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

    template <class Edges, class End> Incidence(std::size_t nodes, const Edges& edges, End end) : first(nodes + 2, 0) {
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

/// The cheapest positions of one connected graph, from feasible ones. Takes what it uses from `work` (node and edge
/// visits); positions stay feasible when that runs out.
void network_simplex(std::span<const RankEdge> edges, std::vector<std::int64_t>& position, std::uint64_t& work);

} // namespace rnnscope::view
