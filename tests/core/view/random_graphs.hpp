#pragma once

#include "core/view/layout.hpp"

#include <cstdint>
#include <random>
#include <vector>

namespace rnnscope::view::test {

struct RandomGraph {
    std::vector<Size> sizes;
    std::vector<LayoutEdge> edges;
};

/// A random acyclic graph with local edges; `loops` more run backwards and are not marked.
inline RandomGraph random_graph(std::uint32_t seed, std::uint32_t nodes, double edges_per_node, std::uint32_t loops) {
    // Own arithmetic instead of distributions: those differ between standard libraries.
    std::mt19937 engine(seed);
    const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(engine()) % n; };
    RandomGraph graph;
    for (std::uint32_t v = 0; v < nodes; ++v)
        graph.sizes.push_back({static_cast<float>(40 + below(160)), static_cast<float>(20 + below(300))});
    const auto count = static_cast<std::uint32_t>(edges_per_node * nodes);
    for (std::uint32_t i = 0; i < count && nodes > 1; ++i) {
        const std::uint32_t a = below(nodes - 1);
        const std::uint32_t b = a + 1 + below(std::min<std::uint32_t>(nodes - a - 1, 12));
        graph.edges.push_back({a, b, 1 + below(3), false});
    }
    for (std::uint32_t i = 0; i < loops && nodes > 1; ++i) {
        const std::uint32_t a = below(nodes - 1);
        graph.edges.push_back({a + 1 + below(nodes - a - 1), a, 1, false});
    }
    return graph;
}

} // namespace rnnscope::view::test
