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

/// A graph in connected parts, in the order of their first nodes, each with its nodes renumbered.
struct ConnectedParts {
    struct Part {
        std::vector<std::uint32_t> nodes;
        std::vector<RankEdge> edges;
    };
    std::vector<Part> parts;

    ConnectedParts(std::size_t nodes, std::span<const RankEdge> edges);
};

/// The cheapest positions of one connected graph, from feasible ones. Takes what it uses from `work` (node and edge
/// visits); positions stay feasible when that runs out.
void network_simplex(std::span<const RankEdge> edges, std::vector<std::int64_t>& position, std::uint64_t& work);

} // namespace rnnscope::view
