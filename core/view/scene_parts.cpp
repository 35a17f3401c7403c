#include "core/view/layout_rank.hpp"
#include "core/view/scene_builder.hpp"

#include <algorithm>
#include <string>
#include <utility>

/// A scene's boxes, ports and edges, once the contents of all open scopes have their places.
namespace rnnscope::view {

void SceneBuilder::emit_boxes() {
    struct Todo {
        std::uint32_t item, parent_box;
        Point at;
    };
    std::vector<Todo> stack{{0, 0, {}}};
    while (!stack.empty()) {
        const Todo todo = stack.back();
        stack.pop_back();
        const SceneItem& item = tree_->item(todo.item);
        const auto index = static_cast<std::uint32_t>(scene_.boxes.size());
        box_of_item_[todo.item] = index;
        SceneBox box;
        box.kind = item.kind;
        box.fold = item.fold;
        box.repeats = item.repeats;
        box.expanded = is_open(todo.item);
        box.depth = item.depth;
        box.item = todo.item;
        box.parent = todo.parent_box;
        box.end = index + 1;
        box.x = todo.at.x;
        box.y = todo.at.y;
        box.width = size_of(todo.item).width;
        box.height = size_of(todo.item).height;
        box.node = item.node;
        box.path = item.path;
        box.title = item.title;
        box.detail = item.detail;
        if (item.repeats > 0)
            box.count = "×" + std::to_string(item.repeats);
        else if (item.kind == BoxKind::scope)
            box.count = std::to_string(item.ops) + (item.ops == 1 ? " op" : " ops");
        box.chips = item.chips;
        scene_.boxes.push_back(std::move(box));
        if (!is_open(todo.item)) continue;
        const ItemLayout& own = layout(todo.item);
        for (std::size_t c = item.children.size(); c-- > 0;)
            stack.push_back({item.children[c],
                             index,
                             {own.layout.nodes[c].x + own.lanes.left, own.layout.nodes[c].y + own.lanes.top}});
    }
    for (std::size_t i = scene_.boxes.size(); i-- > 1;) {
        SceneBox& parent = scene_.boxes[scene_.boxes[i].parent];
        parent.end = std::max(parent.end, scene_.boxes[i].end);
    }
}

/// Each is where the scope around it has it, and edges of both sides meet there.
void SceneBuilder::emit_ports() {
    for (std::uint32_t i = 0; i < scene_.boxes.size(); ++i) {
        SceneBox& box = scene_.boxes[i];
        box.first_port = static_cast<std::uint32_t>(scene_.ports.size());
        if (box.expanded)
            for (const bool out : layout(box.item).ports.out) scene_.ports.push_back({i, out, {}});
        box.last_port = static_cast<std::uint32_t>(scene_.ports.size());
    }
    for (const SceneBox& box : scene_.boxes) {
        if (!box.expanded) continue;
        const ItemLayout& own = layout(box.item);
        const std::vector<std::uint32_t>& children = tree_->item(box.item).children;
        for (std::size_t i = 0; i < own.ends.from_port.size(); ++i) {
            if (own.layout.edges[i].empty()) continue;
            emit_port(box_of_item_[children[own.edges[i].from]], own.ends.from_port[i], own.layout.edges[i].front());
            emit_port(box_of_item_[children[own.edges[i].to]], own.ends.to_port[i], own.layout.edges[i].back());
        }
        for (std::size_t i = 0; i < own.ends.outer.size(); ++i)
            emit_port(box_of_item_[children[own.ends.outer[i].node]], own.ends.outer[i].port, own.layout.outer[i]);
    }
}

void SceneBuilder::emit_port(std::uint32_t index, std::uint32_t port, Point at) {
    if (port == LayoutEnds::own_place) return;
    const SceneBox& box = scene_.boxes[index];
    const SceneLanes& lanes = layout(scene_.boxes[box.parent].item).lanes;
    scene_.ports[box.first_port + port].at = {at.x + lanes.left - box.x, at.y + lanes.top - box.y};
}

std::uint32_t SceneBuilder::scene_port(std::uint32_t box, std::uint32_t port) const {
    return port == LayoutEnds::own_place ? no_port : scene_.boxes[box].first_port + port;
}

void SceneBuilder::emit_edges() {
    for (std::uint32_t i = 0; i < scene_.boxes.size(); ++i) {
        SceneBox& box = scene_.boxes[i];
        box.first_edge = static_cast<std::uint32_t>(scene_.edges.size());
        if (box.expanded) {
            emit_port_edges(i);
            emit_inner_edges(i);
        }
        box.last_edge = static_cast<std::uint32_t>(scene_.edges.size());
    }
}

/// To the edge whose lines are the last so far.
void SceneBuilder::add_lines(SceneEdge& edge, const LocalEdge& local) {
    for (std::uint32_t line = local.first; line < local.last; ++line) scene_.lines.push_back(line);
    edge.last_line = static_cast<std::uint32_t>(scene_.lines.size());
}

void SceneBuilder::emit_inner_edges(std::uint32_t index) {
    const SceneItem& item = tree_->item(scene_.boxes[index].item);
    const ItemLayout& own = layout(scene_.boxes[index].item);
    const SceneFrame frame = frame_of(scene_.boxes[index].item);
    std::uint32_t low_lane = 0, high_lane = 0, drawn = no_box;
    for (std::size_t i = 0; i < item.edges.size(); ++i) {
        const LocalEdge& local = item.edges[i];
        if (local.from == local.to) continue;
        SceneEdge edge;
        edge.kind = local.kind;
        edge.portal = local.portal;
        edge.down = own.direction == Direction::down;
        edge.from = box_of_item_[item.children[local.from]];
        edge.to = box_of_item_[item.children[local.to]];
        edge.count = local.count;
        edge.source = local.source;
        edge.target = local.target;
        if (!local.portal) {
            const std::uint32_t at = own.edge_of[i];
            // Several kinds between the same two share one line: the first says the most.
            if (at == drawn) {
                add_lines(scene_.edges.back(), local);
                continue;
            }
            drawn = at;
            edge.around = runs_around(*own.order, own.edges, at);
            edge.points = edge.around ? around_route(frame, at, own.layout.low_side[at] ? low_lane++ : high_lane++)
                                      : straight_route(frame, at);
            if (!own.ends.from_port.empty()) {
                edge.from_port = scene_port(edge.from, own.ends.from_port[at]);
                edge.to_port = scene_port(edge.to, own.ends.to_port[at]);
            }
        }
        edge.label = local.label;
        edge.first_line = static_cast<std::uint32_t>(scene_.lines.size());
        add_lines(edge, local);
        scene_.edges.push_back(std::move(edge));
    }
}

void SceneBuilder::emit_port_edges(std::uint32_t index) {
    const SceneItem& item = tree_->item(scene_.boxes[index].item);
    const ItemLayout& own = layout(scene_.boxes[index].item);
    const SceneFrame frame = frame_of(scene_.boxes[index].item);
    const auto first_line = static_cast<std::uint32_t>(scene_.lines.size());
    scene_.lines.insert(scene_.lines.end(), own.ports.lines.begin(), own.ports.lines.end());
    std::uint32_t drawn = 0;
    for (const PortPlan::Edge& planned : own.ports.edges) {
        const bool out = own.ports.out[planned.port];
        const std::uint32_t port = scene_.boxes[index].first_port + planned.port,
                            child = box_of_item_[item.children[planned.child]];
        SceneEdge edge;
        edge.kind = planned.kind;
        edge.portal = planned.portal;
        edge.down = own.direction == Direction::down;
        edge.from = out ? child : index;
        edge.to = out ? index : child;
        (out ? edge.to_port : edge.from_port) = port;
        edge.count = planned.count;
        edge.source = planned.source;
        edge.target = planned.target;
        edge.first_line = first_line + planned.first;
        edge.last_line = first_line + planned.last;
        if (!planned.portal) {
            (out ? edge.from_port : edge.to_port) = scene_port(child, own.ends.outer[drawn].port);
            PortRoute route = port_route(frame, drawn++, scene_.ports[port].at);
            edge.around = route.straight_pieces;
            edge.points = std::move(route.points);
        }
        scene_.edges.push_back(std::move(edge));
    }
}

} // namespace rnnscope::view
