#include "core/view/layout_tighten.hpp"
#include "core/view/layout_rank.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace rnnscope::view {
namespace {

/// Above this, Brandes and Koepf's drawing is good enough: every opened scope is placed again.
constexpr std::size_t most_nodes = 300;
constexpr std::uint64_t most_work = 400'000;
constexpr double steps_per_pixel = 2;
constexpr std::int64_t around_pull = 5; ///< of a line that is led around, next to 8 of a bent one
constexpr std::int64_t port_pull = 4;   ///< between lines of one port

/// Bent edges should be straight before short ones are.
std::int64_t stiffness(bool upper_bend, bool lower_bend) {
    return upper_bend && lower_bend ? 3 : upper_bend || lower_bend ? 2 : 2;
}

/// One piece of an edge between neighbouring ranks. An edge may touch a long side anywhere, so up to `free` its ends
/// may be apart at little cost.
struct Step {
    std::uint32_t upper, lower;
    std::int64_t weight, free;

    static constexpr std::int64_t strong = 4;
};

std::int64_t to_steps(double pixels) {
    return std::llround(pixels * steps_per_pixel);
}

std::vector<Step> steps_of(const LayoutOrder& order, std::span<const LayoutEdge> edges, std::span<const float> reach) {
    std::vector<Step> steps;
    steps.reserve(edges.size() + order.bend_count());
    for (std::size_t i = 0; i < edges.size(); ++i) {
        const LayoutEdge& e = edges[i];
        if (e.back || e.from == e.to) continue;
        std::uint32_t above = order.against[i] ? e.to : e.from;
        const std::uint32_t last = order.against[i] ? e.from : e.to;
        const auto step = [&](std::uint32_t to) {
            steps.push_back({above, to, stiffness(above >= order.nodes, to >= order.nodes),
                             to_steps(reach[above]) + to_steps(reach[to])});
            above = to;
        };
        for (const std::uint32_t bend : order.bends[i]) step(bend);
        if (order.rank[last] == order.rank[above] + 1) step(last);
    }
    return steps;
}

/// What the lines of one port lead to in the next rank, one after the other where they share the port.
std::vector<std::array<std::uint32_t, 2>> port_neighbours(const LayoutOrder& order, std::span<const LayoutEdge> edges,
                                                          const LayoutEnds& ends) {
    std::vector<std::array<std::uint32_t, 2>> pairs;
    for (const bool leaves : {true, false}) {
        const std::vector<std::uint32_t>& ports = leaves ? ends.from_port : ends.to_port;
        std::map<std::array<std::uint32_t, 2>, std::uint32_t> last; // by node and port
        for (std::size_t i = 0; i < ports.size(); ++i) {
            const LayoutEdge& e = edges[i];
            if (ports[i] == LayoutEnds::own_place || e.from == e.to || runs_around(order, edges, i)) continue;
            const std::vector<std::uint32_t>& bends = order.bends[i];
            const std::uint32_t next = bends.empty() ? (leaves ? e.to : e.from) : leaves ? bends.front() : bends.back();
            const auto [it, is_first] = last.try_emplace({leaves ? e.from : e.to, ports[i]}, next);
            if (!is_first) pairs.push_back({std::exchange(it->second, next), next});
        }
    }
    return pairs;
}

std::int64_t cost(std::span<const RankEdge> edges, const std::vector<std::int64_t>& at) {
    std::int64_t sum = 0;
    for (const RankEdge& e : edges) sum += e.weight * (at[e.to] - at[e.from]);
    return sum;
}

/// A node where the ranks begin, and one where they end.
std::array<std::uint32_t, 2> add_borders(const LayoutOrder& order, std::span<const float> width, std::int64_t low,
                                         std::int64_t high, std::vector<std::int64_t>& at,
                                         std::vector<RankEdge>& constraints) {
    const auto first = static_cast<std::uint32_t>(at.size());
    at.insert(at.end(), {low, high});
    for (const auto& layer : order.layers) {
        if (layer.empty()) continue;
        constraints.push_back({first, layer.front(), 0, to_steps(width[layer.front()] / 2)});
        constraints.push_back({layer.back(), first + 1, 0, to_steps(width[layer.back()] / 2)});
    }
    return {first, first + 1};
}

} // namespace

void shorten_edges(const LayoutOrder& order, std::span<const LayoutEdge> edges, std::span<const double> gap,
                   std::span<const float> width, std::span<const float> reach, const LayoutEnds& ends,
                   std::vector<double>& center) {
    const std::vector<Step> steps = steps_of(order, edges, reach);
    if (center.size() + steps.size() > most_nodes) return;

    std::vector<RankEdge> constraints;
    std::vector<std::int64_t> at(center.size());
    at.reserve(center.size() + 3 * steps.size());
    constraints.reserve(center.size() + 2 * steps.size());
    for (const auto& layer : order.layers)
        for (std::size_t i = 0; i < layer.size(); ++i) {
            const std::uint32_t v = layer[i];
            at[v] = to_steps(center[v]);
            if (i == 0) continue;
            const auto length = static_cast<std::int64_t>(std::ceil(gap[v] * steps_per_pixel));
            at[v] = std::max(at[v], at[layer[i - 1]] + length);
            constraints.push_back({layer[i - 1], v, 0, length});
        }
    const auto add_node = [&](std::int64_t position) {
        at.push_back(position);
        return static_cast<std::uint32_t>(at.size() - 1);
    };
    for (const Step& s : steps) {
        // A node left of both ends and pulled to the right by both: the cost is their distance.
        const std::uint32_t left = add_node(std::min(at[s.upper], at[s.lower]));
        const std::int64_t pull = s.free == 0 ? Step::strong * s.weight : s.weight;
        constraints.push_back({left, s.upper, pull, 0});
        constraints.push_back({left, s.lower, pull, 0});
        if (s.free == 0) continue;
        // Right of one end, and of the other one less what is free: the cost is how far it must be from the first.
        for (const auto& [a, b] : {std::pair(s.upper, s.lower), std::pair(s.lower, s.upper)}) {
            const std::uint32_t over = add_node(std::max(at[a], at[b] - s.free));
            constraints.push_back({a, over, Step::strong * s.weight, 0});
            constraints.push_back({b, over, 0, -s.free});
        }
    }
    // Lines from one place on a long side, however far they may reach, do not part before they must.
    for (const auto& [a, b] : port_neighbours(order, edges, ends)) {
        const std::uint32_t left = add_node(std::min(at[a], at[b]));
        constraints.push_back({left, a, port_pull, 0});
        constraints.push_back({left, b, port_pull, 0});
    }
    // Lines that are led around everything get shorter the nearer to their side their ends are.
    std::int64_t low = std::numeric_limits<std::int64_t>::max(), high = std::numeric_limits<std::int64_t>::min();
    for (std::size_t v = 0; v < center.size(); ++v) {
        low = std::min(low, at[v] - to_steps(width[v] / 2));
        high = std::max(high, at[v] + to_steps(width[v] / 2));
    }
    std::array<std::uint32_t, 2> border{};
    for (std::size_t i = 0; i < edges.size(); ++i) {
        if (!runs_around(order, edges, i)) continue;
        const bool at_low = at[edges[i].from] + at[edges[i].to] < low + high;
        if (border[0] == 0) border = add_borders(order, width, low, high, at, constraints);
        for (const std::uint32_t v : {edges[i].from, edges[i].to})
            constraints.push_back(at_low ? RankEdge{border[0], v, around_pull, 0}
                                         : RankEdge{v, border[1], around_pull, 0});
    }
    std::uint64_t work = most_work;
    std::vector<std::int64_t> best = at, own;
    NetworkSimplex simplex;
    for (const ConnectedParts::Part& part : ConnectedParts(at.size(), constraints).parts) {
        own.clear();
        for (const std::uint32_t v : part.nodes) own.push_back(at[v]);
        simplex.run(part.edges, own, work);
        for (std::size_t i = 0; i < own.size(); ++i) best[part.nodes[i]] = own[i];
    }
    if (cost(constraints, best) >= cost(constraints, at)) return;
    for (std::size_t v = 0; v < center.size(); ++v) center[v] = static_cast<double>(best[v]) / steps_per_pixel;
}

} // namespace rnnscope::view
