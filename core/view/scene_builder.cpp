#include "core/view/scene_builder.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace rnnscope::view {
namespace {

/// Where lines from above may pass through the header of an open scope: between its title and its count.
LayoutEnds::Range between_header_texts(const SceneItem& item, float width) {
    const float title = SceneMetrics::title_start(!item.variables.empty()) + mono_width(item.title);
    const float count = sans_width(fmt::format("{} ops", item.ops)) + SceneMetrics::header_end;
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
    layouts_.clear();
    layouts_.resize(tree_->items().size());
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
    ItemLayout& own = layout(index);
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
    std::erase_if(own.rows, [&](const SeriesRow& row) { return !below || layout(row.back()).row_of != no_box; });
    for (const SeriesRow& row : own.rows) layout(row.back()).row_of = index;
    if (index == 0) return own;
    own.ports = plan_ports(*tree_, index, layout(item.parent).ports);
    for (std::uint32_t e = 0; e < own.ports.edges.size(); ++e)
        if (!own.ports.edges[e].portal) own.port_edges.push_back(e);
    return own;
}

SceneFrame SceneBuilder::frame_of(std::uint32_t index) const {
    const ItemLayout& own = layout(index);
    return {own.direction, layout(tree_->item(index).parent).direction,
            own.size,      *own.order,
            own.edges,     own.layout,
            own.ports,     own.port_edges,
            own.lanes};
}

/// Where edges end at open scopes, and those from the ports of this one.
LayoutEnds SceneBuilder::ends_of(std::uint32_t index) const {
    const ItemLayout& own = layout(index);
    const SceneItem& item = tree_->item(index);
    LayoutEnds ends;
    const auto port = [&](std::uint32_t child, bool out, std::uint32_t neighbour, bool back) {
        return is_open(item.children[child]) ? layout(item.children[child]).ports.port_for(out, neighbour, back)
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
    if (layout(series).row_of == no_box) return widths;
    for (const SeriesRow& row : layout(layout(series).row_of).rows) {
        if (!is_open(row)) continue;
        const std::vector<std::uint32_t>& steps = tree_->item(row.back()).children;
        const LayoutOrder& order = *layout(row.back()).order;
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
        ItemLayout& outer = layout(rows[r][0]);
        outer.lanes.left -= std::exchange(outer.moved, 0.f);
        outer.size.width = outer.unaligned;
        if (!is_open(rows[r])) continue;
        for (std::size_t i = 0; i < rows[r].size(); ++i) {
            const ItemLayout& own = layout(rows[r][i]);
            start[r] += own.lanes.left;
            if (i + 1 == rows[r].size()) break;
            const std::vector<std::uint32_t>& children = tree_->item(rows[r][i]).children;
            const auto at = std::find(children.begin(), children.end(), rows[r][i + 1]) - children.begin();
            start[r] += own.layout.nodes[static_cast<std::size_t>(at)].x;
        }
        most = std::max(most, start[r]);
    }
    for (std::size_t r = 0; r < rows.size(); ++r)
        if (is_open(rows[r])) width = std::max(width, layout(rows[r][0]).unaligned + most - start[r]);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        if (!is_open(rows[r])) continue;
        ItemLayout& outer = layout(rows[r][0]);
        outer.moved = most - start[r];
        outer.lanes.left += outer.moved;
        outer.size.width = width;
    }
}

/// Sizes and contents of one open item; those inside it are done.
void SceneBuilder::place(std::uint32_t index) {
    ItemLayout& own = layout(index);
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
        for (const SeriesRow& row : layout(item).rows)
            if (is_open(row)) first = std::min<std::size_t>(first, tree_->item(row.back()).depth);
        for (const SeriesRow& row : layout(item).rows)
            for (const std::uint32_t member : row)
                if (is_open(row)) turn[member] = std::min(turn[member], first);
    }
    std::vector<std::uint32_t> order(open.rbegin(), open.rend());
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return turn[a] != turn[b] ? turn[a] > turn[b] : tree_->item(a).depth > tree_->item(b).depth;
    });
    return order;
}

/// All room at once: scenes are large, and growing moves them several times.
void SceneBuilder::reserve(const std::vector<std::uint32_t>& open) {
    std::size_t boxes = 1, edges = 0, ports = 0, lines = 0;
    for (const std::uint32_t index : open) {
        const SceneItem& item = tree_->item(index);
        const PortPlan& plan = layout(index).ports;
        boxes += item.children.size();
        edges += item.edges.size() + plan.edges.size();
        ports += plan.out.size();
        lines += plan.lines.size();
        if (!item.edges.empty()) lines += item.edges.back().last - item.edges.front().first;
    }
    scene_.boxes.reserve(boxes);
    scene_.edges.reserve(edges);
    scene_.ports.reserve(ports);
    scene_.lines.reserve(lines);
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
    reserve(open);
    box_of_item_.assign(tree_->items().size(), no_box);
    emit_boxes();
    emit_ports();
    emit_edges();
    for (const std::uint32_t item : tree_->outer_first()) // what is not drawn is in what is around it
        if (box_of_item_[item] == no_box) box_of_item_[item] = box_of_item_[tree_->parent_of(item)];
    scene_.box_by_node.resize(tree_->nodes());
    for (std::size_t i = 0; i < tree_->nodes(); ++i) scene_.box_by_node[i] = box_of_item_[tree_->item_of(NodeId(i))];
    scene_.tree = tree_;
    scene_.topology = topology_;
    scene_.revision = ++revision_;
    dirty_ = false;
    return true;
}

} // namespace rnnscope::view
