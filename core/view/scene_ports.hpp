#pragma once

#include "core/view/graph_scene_tree.hpp"

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

namespace rnnscope::view {

/// Where edges cross the border of an item when it is open. Depends on topology only: on no sizes, and not on what is
/// open. Edges of neighbours that lead to the same children share a port, and when there are very many, so do others.
struct PortPlan {
    static constexpr std::uint32_t none = no_box;

    /// From a port to a child, or from a child to a port.
    struct Edge {
        std::uint32_t port = 0, child = 0; ///< ordinal
        EdgeKind kind = EdgeKind::data;
        std::uint32_t count = 0;
        NodeId source, target;             ///< of the first of them
        bool portal = false;               ///< one of very many at its port: not drawn by itself
        std::uint32_t first = 0, last = 0; ///< of `lines`: [first, last)
    };
    std::vector<bool> out;              ///< by port; those that lead in come first
    std::vector<Edge> edges;            ///< by port and child
    std::vector<std::uint32_t> lines;   ///< by edge of the plan: the base edges that it stands for
    std::vector<std::uint32_t> port_of; ///< by crossing of the item; `none`: it is not drawn

    /// Outside, a neighbour is a sibling by its ordinal, or a port of the item around, counted on from its children.
    /// `back`: by an edge that closes a loop.
    std::uint32_t port_for(bool leads_out, std::uint32_t neighbour, bool back) const {
        const auto it = by_neighbour.find({leads_out, neighbour, back});
        return it == by_neighbour.end() ? none : it->second;
    }
    std::map<std::tuple<bool, std::uint32_t, bool>, std::uint32_t> by_neighbour;
};

/// `around`: the plan of the item around this one.
PortPlan plan_ports(const SceneTree& tree, std::uint32_t item, const PortPlan& around);

} // namespace rnnscope::view
