#include "core/view/scene_builder.hpp"

#include "core/view/layout_rank.hpp"
#include "core/view/scene_routes.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace rnnscope::view {
namespace {

/// Where lines from above may pass through the header of an open scope: between its title and its count.
LayoutEnds::Range between_header_texts(const SceneItem& item, float width) {
    const float title = 8 + 16 + (item.variables.empty() ? 0.f : 16.f) + mono_width(item.title);
    const float count = sans_width(fmt::format("{} ops", item.ops)) + 10;
    return {title + 10, width - count - 10};
}
constexpr float port_gap = 14;

} // namespace

std::vector<std::string> scopes_to_open(const SceneTree& tree, const SceneWish& wish,
                                        const std::function<bool(std::string_view)>& is_open) {
    using Kind = SceneWish::Kind;
    std::vector<std::string> paths;
    if (wish.kind == Kind::open) paths.push_back(wish.path);
    for (const NodeId node : wish.nodes) {
        if (!node.valid() || node.index() >= tree.nodes()) continue;
        const std::uint32_t inner = tree.item(tree.item_of(node)).parent;
        if (wish.kind == Kind::unfold) {
            const SceneItem &fold = tree.item(inner), &around = tree.item(fold.parent);
            const bool is_step = fold.repeats > 0 || around.repeats > 0;
            if (fold.fold && !is_step && (fold.parent == 0 || is_open(around.path))) paths.push_back(fold.path);
            continue;
        }
        const std::size_t before = paths.size();
        for (std::uint32_t item = inner; item != 0; item = tree.item(item).parent) {
            if (wish.kind == Kind::mark && tree.item(item).repeats > 0)
                paths.resize(before); // nor what is inside it
            else
                paths.push_back(tree.item(item).path);
        }
    }
    if (wish.kind == Kind::open_outer) {
        std::vector<std::uint32_t> closed = tree.item(0).children;
        std::size_t boxes = closed.size();
        for (std::size_t i = 0; i < closed.size(); ++i) {
            const SceneItem& item = tree.item(closed[i]);
            if (item.kind != BoxKind::scope || item.fold || item.is_variable_group ||
                boxes + item.children.size() > wish.most_boxes)
                continue;
            boxes += item.children.size();
            paths.push_back(item.path);
            closed.insert(closed.end(), item.children.begin(), item.children.end());
        }
    }
    return paths;
}

SceneBuilder::SceneBuilder() : tree_(std::make_shared<SceneTree>(GraphSnapshot())) {
    layouts_.resize(tree_->items().size());
}

bool SceneBuilder::set_graph(const GraphSnapshot& graph, bool fold_series, const std::stop_token& stop) {
    auto tree = std::make_shared<const SceneTree>(graph, fold_series, stop);
    if (stop.stop_requested()) return false;
    tree_ = std::move(tree);
    layouts_.assign(tree_->items().size(), {});
    ++topology_;
    dirty_ = true;
    return true;
}

void SceneBuilder::carry_out(const SceneWish& wish) {
    using Kind = SceneWish::Kind;
    auto scopes = std::make_shared<OpenScopes>(*open_);
    const auto open = [&](std::string_view path) {
        // All scopes around it too: a chain drawn as one box can split when the graph grows.
        for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1))
            scopes->emplace(path.substr(0, slash));
        scopes->emplace(path);
    };
    if (wish.kind == Kind::close) {
        scopes->erase(wish.path);
    } else if (wish.kind == Kind::close_all) {
        scopes->clear();
    } else if (wish.kind == Kind::open_all) {
        std::vector<std::uint32_t> todo{0};
        for (std::size_t i = 0; i < todo.size(); ++i) {
            const SceneItem& item = tree_->item(todo[i]);
            if (item.kind != BoxKind::scope || item.repeats > 0) continue;
            if (!item.path.empty()) open(item.path);
            todo.insert(todo.end(), item.children.begin(), item.children.end());
        }
    } else {
        for (const std::string& path :
             scopes_to_open(*tree_, wish, [&](std::string_view scope) { return scopes->contains(scope); }))
            open(path);
    }
    if (*scopes == *open_) return;
    open_ = std::move(scopes);
    dirty_ = true;
}

/// What depends on topology only. The item around it has it already.
SceneBuilder::ItemLayout& SceneBuilder::ordered(std::uint32_t index) {
    ItemLayout& own = layouts_[index];
    if (own.order) return own;
    const SceneItem& item = tree_->item(index);
    own.edges = layout_edges(item, own.edge_of);
    std::vector<std::uint32_t> key{static_cast<std::uint32_t>(item.children.size())};
    for (const LayoutEdge& e : own.edges) {
        const std::uint32_t flags = e.back ? 1 : 0;
        key.insert(key.end(), {e.from, e.to, e.weight * 2 + flags});
    }
    // Variables are what most questions are about: at the top, where the flow starts.
    std::vector<std::uint32_t> first;
    for (std::uint32_t c = 0; c < item.children.size(); ++c)
        if (const SceneItem& child = tree_->item(item.children[c]);
            child.kind == BoxKind::scope && !child.variables.empty())
            first.push_back(c);
    key.insert(key.end(), first.begin(), first.end());
    auto& cached = orders_[std::move(key)];
    if (!cached) cached = std::make_shared<LayoutOrder>(order_graph(item.children.size(), own.edges, {}, first));
    own.order = cached;
    own.direction = flow_direction(*tree_, index, *own.order);
    own.rows = series_rows(*tree_, index);
    const bool below = rows_depend(*tree_, index, own.rows) == (own.direction == Direction::down);
    // Of rows in rows the outer ones count.
    std::erase_if(own.rows, [&](const SeriesRow& row) { return !below || layouts_[row.back()].row_of != no_box; });
    for (const SeriesRow& row : own.rows) layouts_[row.back()].row_of = index;
    if (index == 0) return own;
    own.ports = plan_ports(*tree_, index, layouts_[item.parent].ports);
    for (std::uint32_t e = 0; e < own.ports.edges.size(); ++e)
        if (!own.ports.edges[e].portal) own.port_edges.push_back(e);
    return own;
}

SceneFrame SceneBuilder::frame_of(std::uint32_t index) const {
    const ItemLayout& own = layouts_[index];
    return {own.direction, layouts_[tree_->item(index).parent].direction,
            own.size,      *own.order,
            own.edges,     own.layout,
            own.ports,     own.port_edges,
            own.lanes};
}

/// Where edges end at open scopes, and those from the ports of this one.
LayoutEnds SceneBuilder::ends_of(std::uint32_t index) const {
    const ItemLayout& own = layouts_[index];
    const SceneItem& item = tree_->item(index);
    LayoutEnds ends;
    const auto port = [&](std::uint32_t child, bool out, std::uint32_t neighbour, bool back) {
        return is_open(item.children[child]) ? layouts_[item.children[child]].ports.port_for(out, neighbour, back)
                                             : LayoutEnds::own_place;
    };
    if (std::any_of(item.children.begin(), item.children.end(), [&](std::uint32_t child) { return is_open(child); })) {
        for (const LayoutEdge& e : own.edges) {
            ends.from_port.push_back(port(e.from, true, e.to, e.back));
            ends.to_port.push_back(port(e.to, false, e.from, e.back));
        }
        ends.start.resize(item.children.size());
        ends.end.resize(item.children.size());
        for (std::size_t c = 0; c < item.children.size(); ++c) {
            if (!is_open(item.children[c])) continue;
            const Size size = size_of(item.children[c]);
            const bool down = own.direction == Direction::down;
            const LayoutEnds::Range side{SceneMetrics::header + 8, size.height - 10};
            ends.start[c] = down ? between_header_texts(tree_->item(item.children[c]), size.width) : side;
            ends.end[c] = down ? LayoutEnds::Range{10, size.width - 10} : side;
        }
    }
    const auto outside = static_cast<std::uint32_t>(item.children.size());
    for (const std::uint32_t e : own.port_edges) {
        const PortPlan::Edge& edge = own.ports.edges[e];
        const bool out = own.ports.out[edge.port];
        float towards = comes_from(frame_of(index), edge, own.lanes.ports);
        // Into a scope that may be very wide: where its text is, and where lines from outside come in.
        const bool is_wide = own.direction == Direction::down && is_open(item.children[edge.child]);
        if (towards == 0 && is_wide) towards = -1;
        ends.outer.push_back(
            {edge.child, out, port(edge.child, out, outside + edge.port, edge.kind == EdgeKind::back), towards});
    }
    return ends;
}

bool SceneBuilder::is_open(const SeriesRow& row) const {
    return std::all_of(row.begin(), row.end(), [&](std::uint32_t item) { return is_open(item); });
}

/// By rank of a series in a row: how wide its steps are in the widest of the rows.
std::vector<float> SceneBuilder::step_widths(std::uint32_t series) const {
    std::vector<float> widths;
    if (layouts_[series].row_of == no_box) return widths;
    for (const SeriesRow& row : layouts_[layouts_[series].row_of].rows) {
        if (!is_open(row)) continue;
        const std::vector<std::uint32_t>& steps = tree_->item(row.back()).children;
        const LayoutOrder& order = *layouts_[row.back()].order;
        widths.resize(std::max(widths.size(), order.layers.size()), 0);
        for (std::size_t s = 0; s < steps.size(); ++s) {
            float& width = widths[order.rank[s]];
            width = std::max(width, size_of(steps[s]).width);
        }
    }
    return widths;
}

/// Open rows get the same width and their steps the same place in it.
void SceneBuilder::align_rows(const std::vector<SeriesRow>& rows) {
    std::vector<float> start(rows.size(), 0);
    float most = 0, width = 0;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        if (!is_open(rows[r][0])) continue;
        ItemLayout& outer = layouts_[rows[r][0]];
        outer.lanes.left -= std::exchange(outer.moved, 0.f);
        outer.size.width = outer.unaligned;
        if (!is_open(rows[r])) continue;
        for (std::size_t i = 0; i < rows[r].size(); ++i) {
            const ItemLayout& own = layouts_[rows[r][i]];
            start[r] += own.lanes.left;
            if (i + 1 == rows[r].size()) break;
            const std::vector<std::uint32_t>& children = tree_->item(rows[r][i]).children;
            const auto at = std::find(children.begin(), children.end(), rows[r][i + 1]) - children.begin();
            start[r] += own.layout.nodes[static_cast<std::size_t>(at)].x;
        }
        most = std::max(most, start[r]);
    }
    for (std::size_t r = 0; r < rows.size(); ++r)
        if (is_open(rows[r])) width = std::max(width, layouts_[rows[r][0]].unaligned + most - start[r]);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        if (!is_open(rows[r])) continue;
        ItemLayout& outer = layouts_[rows[r][0]];
        outer.moved = most - start[r];
        outer.lanes.left += outer.moved;
        outer.size.width = width;
    }
}

/// Sizes and contents of one open item; those inside it are done.
void SceneBuilder::place(std::uint32_t index) {
    ItemLayout& own = layouts_[index];
    const SceneItem& item = tree_->item(index);
    align_rows(own.rows);
    std::vector<Size> sizes;
    std::vector<bool> open;
    for (const std::uint32_t child : item.children) {
        sizes.push_back(size_of(child));
        open.push_back(is_open(child));
    }
    std::vector<float> rank_depth = step_widths(index);
    if (own.placed && own.sizes == sizes && own.open == open && own.rank_depth == rank_depth) return;
    LayoutSpacing spacing;
    if (own.direction == Direction::right) spacing = {14, 10, 40};
    spacing.rank_depth = rank_depth;
    own.rank_depth = std::move(rank_depth);
    own.lanes.ports = port_lanes(frame_of(index));
    own.ends = ends_of(index);
    own.layout = place_graph(*own.order, own.edges, sizes, own.direction, spacing, own.ends);
    own.sizes = std::move(sizes);
    own.open = std::move(open);
    own.placed = true;
    own.lanes = lanes_of(frame_of(index), std::move(own.lanes.ports));
    using M = SceneMetrics;
    const float side = index == 0 ? M::root_padding : M::padding, top = index == 0 ? M::root_padding : M::header + 8,
                bottom = index == 0 ? M::root_padding : M::bottom;
    const bool down = own.direction == Direction::down;
    SceneLanes& lanes = own.lanes;
    const float before = down ? lanes.low : lanes.start, above = down ? lanes.start : lanes.low;
    const float contents = before + own.layout.size.width + (down ? lanes.high : lanes.end);
    float least = index == 0 ? 0 : item.closed.width;
    if (frame_of(index).outer == Direction::down) {
        const auto ins = std::count(own.ports.out.begin(), own.ports.out.end(), false);
        const LayoutEnds::Range free = between_header_texts(item, 0);
        if (ins > 0) least = std::max(least, free.low - free.high + port_gap * static_cast<float>(ins - 1));
    }
    own.size = {std::max(contents + 2 * side, least),
                top + above + own.layout.size.height + (down ? lanes.end : lanes.high) + bottom};
    lanes.left = (own.size.width - contents) / 2 + before;
    lanes.top = top + above;
    own.unaligned = own.size.width;
    own.moved = 0;
}

/// Open items, the first to be placed first: what is inside before what is around it, and steps of all rows before any
/// of the series that take their widths, however deep those lie.
std::vector<std::uint32_t> SceneBuilder::placing_order(const std::vector<std::uint32_t>& open) const {
    std::vector<std::size_t> turn(tree_->items().size()); // the highest comes first
    for (const std::uint32_t item : open) turn[item] = tree_->item(item).depth;
    for (const std::uint32_t item : open) {
        std::size_t first = tree_->items().size();
        for (const SeriesRow& row : layouts_[item].rows)
            if (is_open(row)) first = std::min<std::size_t>(first, tree_->item(row.back()).depth);
        for (const SeriesRow& row : layouts_[item].rows)
            for (const std::uint32_t member : row)
                if (is_open(row)) turn[member] = std::min(turn[member], first);
    }
    std::vector<std::uint32_t> order(open.rbegin(), open.rend());
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return turn[a] != turn[b] ? turn[a] > turn[b] : tree_->item(a).depth > tree_->item(b).depth;
    });
    return order;
}

bool SceneBuilder::build(const std::stop_token& stop) {
    // Open items, outer before inner; sizes come from the inside.
    std::vector<std::uint32_t> open{0};
    is_open_.assign(tree_->items().size(), false);
    is_open_[0] = true;
    for (std::size_t i = 0; i < open.size(); ++i)
        for (const std::uint32_t child : tree_->item(open[i]).children) {
            if (tree_->item(child).kind != BoxKind::scope || !open_->contains(tree_->item(child).path)) continue;
            is_open_[child] = true;
            open.push_back(child);
        }
    for (const std::uint32_t item : open) {
        if (stop.stop_requested()) return false;
        ordered(item);
    }
    for (const std::uint32_t item : placing_order(open)) {
        if (stop.stop_requested()) return false; // what is placed is kept
        place(item);
    }
    scene_ = {};
    box_of_item_.assign(tree_->items().size(), no_box);
    emit_boxes();
    emit_ports();
    emit_edges();
    scene_.box_by_node.assign(tree_->nodes(), 0);
    for (std::size_t i = 0; i < tree_->nodes(); ++i) {
        std::uint32_t item = tree_->item_of(NodeId(i));
        while (box_of_item_[item] == no_box) item = tree_->item(item).parent;
        scene_.box_by_node[i] = box_of_item_[item];
    }
    scene_.topology = topology_;
    scene_.revision = ++revision_;
    dirty_ = false;
    return true;
}

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
            box.count = fmt::format("×{}", item.repeats);
        else if (item.kind == BoxKind::scope)
            box.count = fmt::format("{} op{}", item.ops, item.ops == 1 ? "" : "s");
        box.chips = item.chips;
        scene_.boxes.push_back(std::move(box));
        if (!is_open(todo.item)) continue;
        const ItemLayout& own = layouts_[todo.item];
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
            for (const bool out : layouts_[box.item].ports.out) scene_.ports.push_back({i, out, {}});
        box.last_port = static_cast<std::uint32_t>(scene_.ports.size());
    }
    for (const SceneBox& box : scene_.boxes) {
        if (!box.expanded) continue;
        const ItemLayout& own = layouts_[box.item];
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
    const SceneLanes& lanes = layouts_[scene_.boxes[box.parent].item].lanes;
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

void SceneBuilder::emit_inner_edges(std::uint32_t index) {
    const SceneItem& item = tree_->item(scene_.boxes[index].item);
    const ItemLayout& own = layouts_[scene_.boxes[index].item];
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
            if (at == drawn) continue;
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
        scene_.edges.push_back(std::move(edge));
    }
}

void SceneBuilder::emit_port_edges(std::uint32_t index) {
    const SceneItem& item = tree_->item(scene_.boxes[index].item);
    const ItemLayout& own = layouts_[scene_.boxes[index].item];
    const SceneFrame frame = frame_of(scene_.boxes[index].item);
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
