#include "core/view/scene_ports.hpp"

#include <algorithm>
#include <utility>

namespace rnnscope::view {
namespace {

/// A crossing, with what it looks like from outside.
struct Seen {
    bool out = false;
    std::uint32_t neighbour = 0;
    bool back = false;
    std::uint32_t child = 0;
    EdgeKind kind = EdgeKind::data;
    std::uint32_t crossing = 0;

    auto group() const { return std::tuple(out, neighbour, back); }
    auto key() const { return std::tuple(out, neighbour, back, child, kind, crossing); }
};

/// The edge between siblings is one of a portal.
bool is_portal(const SceneItem& around, const BaseEdge& edge) {
    const auto ends = [](const auto& e) { return std::pair(e.from, e.to); };
    auto it = std::lower_bound(around.edges.begin(), around.edges.end(), edge,
                               [&](const LocalEdge& a, const BaseEdge& b) { return ends(a) < ends(b); });
    // What has no edge of its own kind goes with the first of the pair.
    bool portal = it != around.edges.end() && it->portal;
    for (; it != around.edges.end() && ends(*it) == ends(edge); ++it)
        if (it->kind == edge.kind) portal = it->portal;
    return portal;
}

std::vector<Seen> look_from_outside(const SceneTree& tree, std::uint32_t index, const PortPlan& around) {
    const SceneItem &item = tree.item(index), &parent = tree.item(item.parent);
    std::vector<Seen> seen;
    seen.reserve(item.crossings.size());
    std::size_t next = 0; // of the parent's crossings: both are sorted by edge
    for (std::uint32_t c = 0; c < item.crossings.size(); ++c) {
        const Crossing& crossing = item.crossings[c];
        const BaseEdge& edge = tree.base_edges()[crossing.edge];
        std::uint32_t neighbour = crossing.out ? edge.to : edge.from;
        if (edge.around == item.parent) {
            if (is_portal(parent, edge)) continue;
        } else {
            while (parent.crossings[next].edge != crossing.edge) ++next;
            if (around.port_of[next] == PortPlan::none) continue;
            neighbour = static_cast<std::uint32_t>(parent.children.size()) + around.port_of[next];
        }
        seen.push_back({crossing.out, neighbour, edge.kind == EdgeKind::back, crossing.child, edge.kind, c});
    }
    std::sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) { return a.key() < b.key(); });
    return seen;
}

/// Of edges with the same ends, the one that says the most.
EdgeKind stronger(EdgeKind a, EdgeKind b) {
    return a == EdgeKind::control ? b : b == EdgeKind::control ? a : std::min(a, b);
}

} // namespace

PortPlan plan_ports(const SceneTree& tree, std::uint32_t index, const PortPlan& around) {
    constexpr std::size_t most_ports = 6, many_children = 15, many_edges = 8; // ports of a side; see make_portals
    const SceneItem& item = tree.item(index);
    PortPlan plan;
    plan.port_of.assign(item.crossings.size(), PortPlan::none);
    const std::vector<Seen> seen = look_from_outside(tree, index, around);

    // Neighbours by what they lead to.
    using Targets = std::vector<std::pair<std::uint32_t, EdgeKind>>;
    std::map<std::pair<bool, Targets>, std::vector<std::pair<std::size_t, std::size_t>>> groups;
    for (std::size_t begin = 0, end = 0; begin < seen.size(); begin = end) {
        Targets targets;
        for (end = begin; end < seen.size() && seen[end].group() == seen[begin].group(); ++end) {
            if (!targets.empty() && targets.back().first == seen[end].child)
                targets.back().second = stronger(targets.back().second, seen[end].kind);
            else
                targets.emplace_back(seen[end].child, seen[end].kind);
        }
        groups[{seen[begin].out, std::move(targets)}].emplace_back(begin, end);
    }
    const auto leads_out = [](const auto& group) { return group.first.first; };
    const auto outs = static_cast<std::size_t>(std::count_if(groups.begin(), groups.end(), leads_out));
    std::map<std::pair<std::uint32_t, std::uint32_t>, PortPlan::Edge> edges; // by port and child
    std::size_t place = 0;
    for (const auto& [key, members] : groups) {
        const bool out = key.first;
        const std::size_t all = out ? outs : groups.size() - outs, nth = out ? place - (groups.size() - outs) : place;
        const std::size_t ports = std::min(all, most_ports), ins = std::min(groups.size() - outs, most_ports);
        const auto port = static_cast<std::uint32_t>((out ? ins : 0) + nth * ports / all);
        ++place;
        if (port == plan.out.size()) plan.out.push_back(out);
        for (const auto& [begin, end] : members) {
            plan.by_neighbour[seen[begin].group()] = port;
            for (std::size_t i = begin; i < end; ++i) {
                plan.port_of[seen[i].crossing] = port;
                const BaseEdge& base = tree.base_edges()[item.crossings[seen[i].crossing].edge];
                const auto [it, added] =
                    edges.try_emplace({port, seen[i].child},
                                      PortPlan::Edge{port, seen[i].child, seen[i].kind, 0, base.source, base.target});
                it->second.kind = stronger(it->second.kind, seen[i].kind);
                ++it->second.count;
            }
        }
    }
    std::vector<std::size_t> degree(plan.out.size(), 0);
    std::uint32_t lines = 0;
    for (auto& [ends, edge] : edges) {
        ++degree[edge.port];
        edge.first = edge.last = std::exchange(lines, lines + edge.count);
    }
    plan.lines.resize(lines);
    for (std::size_t c = 0; c < item.crossings.size(); ++c)
        if (plan.port_of[c] != PortPlan::none)
            plan.lines[edges.at({plan.port_of[c], item.crossings[c].child}).last++] = item.crossings[c].edge;
    for (auto& [ends, edge] : edges) {
        edge.portal = item.children.size() > many_children && degree[edge.port] >= many_edges;
        plan.edges.push_back(edge);
    }
    // Scopes further inside see nothing of what is not drawn here.
    if (item.children.size() > many_children)
        for (std::uint32_t& port : plan.port_of)
            if (port != PortPlan::none && degree[port] >= many_edges) port = PortPlan::none;
    return plan;
}

} // namespace rnnscope::view
