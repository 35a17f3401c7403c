#include "core/view/scene_builder.hpp"

#include "core/view/layout_rank.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace rnnscope::view {
namespace {

constexpr std::size_t most_lanes = 6;

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

bool SceneBuilder::is_open(std::uint32_t item) const {
    return item == 0 || (tree_->item(item).kind == BoxKind::scope && open_->contains(tree_->item(item).path));
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
    return own;
}

/// The widths of the lanes for edges that run around, on the low and on the high side.
std::pair<float, float> SceneBuilder::lane_widths(const ItemLayout& own) {
    std::size_t low = 0, high = 0;
    for (std::size_t i = 0; i < own.edges.size(); ++i)
        if (runs_around(*own.order, own.edges, i)) ++(own.layout.low_side[i] ? low : high);
    const auto gutter = [](std::size_t lanes) {
        return lanes > 0 ? static_cast<float>(std::min<std::size_t>(lanes, most_lanes)) * SceneMetrics::lane + 10 : 0;
    };
    return {gutter(low), gutter(high)};
}

/// Sizes and contents of one open item; those inside it are done.
void SceneBuilder::place(std::uint32_t index) {
    ItemLayout& own = ordered(index);
    const SceneItem& item = tree_->item(index);
    std::vector<Size> sizes;
    for (const std::uint32_t child : item.children) sizes.push_back(size_of(child));
    if (own.placed && own.sizes == sizes) return;
    LayoutSpacing spacing;
    if (own.direction == Direction::right) spacing = {14, 10, 40};
    own.layout = place_graph(*own.order, own.edges, sizes, own.direction, spacing);
    own.sizes = std::move(sizes);
    own.placed = true;
    using M = SceneMetrics;
    const float side = index == 0 ? M::root_padding : M::padding, top = index == 0 ? M::root_padding : M::header + 8,
                bottom = index == 0 ? M::root_padding : M::bottom;
    const auto [low, high] = lane_widths(own);
    const bool down = own.direction == Direction::down;
    const float contents = own.layout.size.width + (down ? low + high : 0);
    const float least = index == 0 ? 0 : item.closed.width;
    own.size = {std::max(contents + 2 * side, least), top + own.layout.size.height + (down ? 0 : low + high) + bottom};
    own.left = (own.size.width - contents) / 2 + (down ? low : 0);
    own.top = top + (down ? 0 : low);
}

bool SceneBuilder::build(const std::stop_token& stop) {
    // Open items, outer before inner; sizes come from the inside.
    std::vector<std::uint32_t> open{0};
    for (std::size_t i = 0; i < open.size(); ++i)
        for (const std::uint32_t child : tree_->item(open[i]).children)
            if (is_open(child)) open.push_back(child);
    for (auto it = open.rbegin(); it != open.rend(); ++it) {
        if (stop.stop_requested()) return false; // what is placed is kept
        place(*it);
    }
    scene_ = {};
    box_of_item_.assign(tree_->items().size(), no_box);
    emit_boxes();
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
            stack.push_back(
                {item.children[c], index, {own.layout.nodes[c].x + own.left, own.layout.nodes[c].y + own.top}});
    }
    for (std::size_t i = scene_.boxes.size(); i-- > 1;) {
        SceneBox& parent = scene_.boxes[scene_.boxes[i].parent];
        parent.end = std::max(parent.end, scene_.boxes[i].end);
    }
}

void SceneBuilder::emit_edges() {
    for (SceneBox& box : scene_.boxes) {
        box.first_edge = box.last_edge = static_cast<std::uint32_t>(scene_.edges.size());
        if (!box.expanded) continue;
        const SceneItem& item = tree_->item(box.item);
        const ItemLayout& own = layouts_[box.item];
        std::size_t low_lane = 0, high_lane = 0;
        std::uint32_t drawn = no_box;
        for (std::size_t i = 0; i < item.edges.size(); ++i) {
            const LocalEdge& local = item.edges[i];
            if (local.from == local.to) continue;
            SceneEdge edge;
            edge.kind = local.kind;
            edge.portal = local.portal;
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
                edge.points = edge.around ? around(own, at, own.layout.low_side[at] ? low_lane++ : high_lane++)
                                          : shifted(own, own.layout.edges[at]);
            }
            edge.label = local.label;
            scene_.edges.push_back(std::move(edge));
        }
        box.last_edge = static_cast<std::uint32_t>(scene_.edges.size());
    }
}

std::vector<Point> SceneBuilder::shifted(const ItemLayout& own, std::vector<Point> points) {
    for (Point& p : points) p = {p.x + own.left, p.y + own.top};
    return points;
}

/// Out at the end of its rank, back beside everything, and in at the start of the other rank.
std::vector<Point> SceneBuilder::around(const ItemLayout& own, std::uint32_t edge, std::size_t lane) {
    const std::vector<Point> ends = shifted(own, own.layout.edges[edge]);
    const auto n = static_cast<float>(lane % most_lanes);
    const float out = 8 + 2 * n, beside = 10 + SceneMetrics::lane * n;
    const bool low = own.layout.low_side[edge];
    if (own.direction == Direction::down) {
        const float x = low ? own.left - beside : own.left + own.layout.size.width + beside;
        return {ends[0],
                {ends[0].x, ends[1].y + out},
                {x, ends[1].y + out},
                {x, ends[2].y - out},
                {ends[3].x, ends[2].y - out},
                ends[3]};
    }
    const float y = low ? own.top - beside : own.top + own.layout.size.height + beside;
    return {
        ends[0], {ends[1].x + out, ends[0].y}, {ends[1].x + out, y}, {ends[2].x - out, y}, {ends[2].x - out, ends[3].y},
        ends[3]};
}

} // namespace rnnscope::view
