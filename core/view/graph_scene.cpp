#include "core/view/graph_scene.hpp"
#include "core/view/graph_scene_tree.hpp"

#include <algorithm>
#include <cassert>
#include <cctype>
#include <functional>

#include <fmt/format.h>

namespace rnnscope::view {
namespace {

/// What one item needs to be open.
struct ItemLayout {
    std::shared_ptr<const LayoutOrder> order;
    std::vector<LayoutEdge> edges;
    std::vector<std::uint32_t> edge_of; ///< by local edge
    Direction direction = Direction::down;
    std::vector<Size> sizes; ///< that `layout` was made for
    Layout layout;
    Size size;
    float left = 0, top = 0; ///< of the contents
    bool placed = false;
};

std::uint64_t fingerprint(const Graph& graph, std::size_t nodes) {
    std::uint64_t hash = 14695981039346656037u;
    const auto mix = [&](std::uint64_t value) { hash = (hash ^ value) * 1099511628211u; };
    mix(graph.id().value);
    for (std::size_t i = 0; i < nodes; ++i) {
        const Node& node = graph.node(NodeId(i));
        mix(std::hash<std::string>{}(node.name));
        for (const Output& input : node.inputs) mix(input.node.value * 8ull + static_cast<std::uint64_t>(input.index));
        mix(~0ull);
        for (const NodeId control : node.control_inputs) mix(control.value);
    }
    return hash;
}

bool passes_through(const Node& node) {
    return node.op == "Identity" || node.op == "Enter" || node.op == "RefEnter" || node.op == "Switch" ||
           node.op == "RefSwitch" || node.op == "Merge" || node.op == "RefIdentity" || node.op == "ReadVariableOp";
}

} // namespace

Scene::Corner Scene::corner(std::uint32_t box) const {
    Corner corner;
    for (; box != 0; box = boxes[box].parent) {
        corner.x += boxes[box].x;
        corner.y += boxes[box].y;
    }
    return corner;
}

std::uint32_t Scene::box_of(NodeId node) const {
    return node.valid() && node.index() < box_by_node.size() ? box_by_node[node.index()] : 0;
}

std::uint32_t Scene::box_of_scope(std::string_view path) const {
    for (std::uint32_t i = 0; i < boxes.size(); ++i)
        if (boxes[i].kind == BoxKind::scope && boxes[i].path == path) return i;
    return no_box;
}

std::vector<NodeId> path_to_first_computation(const Graph& graph, NodeId read, std::size_t nodes) {
    constexpr std::size_t most = 24;
    std::vector<NodeId> path;
    std::vector<NodeId> todo{read};
    std::set<NodeId> seen{read};
    for (std::size_t i = 0; i < todo.size(); ++i)
        for (const NodeId user : graph.consumers(todo[i])) {
            const Node& node = graph.node(user);
            const bool uses_value = std::any_of(node.inputs.begin(), node.inputs.end(),
                                                [&](const Output& input) { return input.node == todo[i]; });
            if (user.index() >= nodes || !uses_value || path.size() >= most || !seen.insert(user).second) continue;
            path.push_back(user);
            if (passes_through(node)) todo.push_back(user);
        }
    return path;
}

std::vector<bool> trace_nodes(const Graph& graph, NodeId node, TraceWay way, std::size_t nodes) {
    if (way == TraceWay::none || !node.valid() || node.index() >= nodes) return {};
    std::vector<bool> reached(nodes, false);
    std::vector<NodeId> todo{node};
    reached[node.index()] = true;
    const auto reach = [&](NodeId other) {
        if (other.index() >= nodes || reached[other.index()]) return;
        reached[other.index()] = true;
        todo.push_back(other);
    };
    while (!todo.empty()) {
        const NodeId at = todo.back();
        todo.pop_back();
        if (way == TraceWay::outputs) {
            for (const NodeId user : graph.consumers(at)) reach(user);
            continue;
        }
        for (const Output& input : graph.node(at).inputs) reach(input.node);
        for (const NodeId control : graph.node(at).control_inputs) reach(control);
    }
    return reached;
}

std::vector<NodeId> search_nodes(const Graph& graph, std::string_view text, std::size_t nodes) {
    const auto lower = [](std::string_view from) {
        std::string to(from);
        std::ranges::transform(to, to.begin(),
                               [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
        return to;
    };
    std::vector<NodeId> found;
    const std::string wanted = lower(text);
    if (wanted.empty()) return found;
    for (std::size_t i = 0; i < std::min(nodes, graph.size()); ++i) {
        const Node& node = graph.node(NodeId(i));
        if (lower(node.name).find(wanted) != std::string::npos || lower(node.op) == wanted) found.push_back(node.id);
    }
    return found;
}

class GraphView::Impl {
  public:
    std::set<std::string, std::less<>> expanded;

    const Scene& update(const SceneInput& input) {
        if (tree_ && !dirty_ && input.version != 0 && input.version == version_) return scene_;
        set_graph(input);
        if (dirty_) build_geometry(graph_of(input));
        apply_states(scene_, *tree_, input);
        version_ = input.version;
        return scene_;
    }

    const SceneTree& tree(const SceneInput& input) {
        set_graph(input);
        return *tree_;
    }

    void touch() { dirty_ = true; }

    void open(std::string_view path) {
        // All scopes around it too: a chain drawn as one box can split when the graph grows.
        for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1))
            dirty_ |= expanded.emplace(path.substr(0, slash)).second;
        dirty_ |= expanded.emplace(path).second;
    }

  private:
    bool is_open(std::uint32_t item) const {
        return item == 0 || (tree_->item(item).kind == BoxKind::scope && expanded.contains(tree_->item(item).path));
    }

    /// Before anything was built there is no graph, and nothing to draw.
    static const Graph& graph_of(const SceneInput& input) {
        static const Graph empty;
        return input.graph ? *input.graph : empty;
    }

    void set_graph(const SceneInput& input) {
        // Of one version the graph is the same too, and need not be read through.
        if (tree_ && input.version != 0 && input.version == version_) return;
        const std::size_t nodes = input.graph ? std::min(input.nodes, input.graph->size()) : 0;
        const std::uint64_t print = input.graph ? fingerprint(*input.graph, nodes) : 0;
        if (tree_ && print == fingerprint_) return;
        tree_ = std::make_unique<SceneTree>(graph_of(input), nodes);
        fingerprint_ = print;
        layouts_.assign(tree_->items().size(), {});
        ++scene_.topology;
        dirty_ = true;
    }

    ItemLayout& ordered(std::uint32_t index) {
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
    static std::pair<float, float> lane_widths(const ItemLayout& own) {
        std::size_t low = 0, high = 0;
        for (std::size_t i = 0; i < own.edges.size(); ++i)
            if (own.order->against[i] && !own.layout.edges[i].empty()) ++(own.layout.low_side[i] ? low : high);
        const auto gutter = [](std::size_t lanes) {
            return lanes > 0 ? static_cast<float>(std::min<std::size_t>(lanes, most_lanes)) * SceneMetrics::lane + 10
                             : 0;
        };
        return {gutter(low), gutter(high)};
    }

    Size size_of(std::uint32_t item) const { return is_open(item) ? layouts_[item].size : tree_->item(item).closed; }

    /// Sizes and contents of one open item; those inside it are done.
    void place(std::uint32_t index) {
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
        const float side = index == 0 ? M::root_padding : M::padding,
                    top = index == 0 ? M::root_padding : M::header + 8,
                    bottom = index == 0 ? M::root_padding : M::bottom;
        const auto [low, high] = lane_widths(own);
        const bool down = own.direction == Direction::down;
        const float contents = own.layout.size.width + (down ? low + high : 0);
        const float least = index == 0 ? 0 : item.closed.width;
        own.size = {std::max(contents + 2 * side, least),
                    top + own.layout.size.height + (down ? 0 : low + high) + bottom};
        own.left = (own.size.width - contents) / 2 + (down ? low : 0);
        own.top = top + (down ? 0 : low);
    }

    void build_geometry(const Graph& graph) {
        // Open items, outer before inner; sizes come from the inside.
        std::vector<std::uint32_t> open{0};
        for (std::size_t i = 0; i < open.size(); ++i)
            for (const std::uint32_t child : tree_->item(open[i]).children)
                if (is_open(child)) open.push_back(child);
        for (auto it = open.rbegin(); it != open.rend(); ++it) place(*it);
        scene_.boxes.clear();
        scene_.edges.clear();
        box_of_item_.assign(tree_->items().size(), no_box);
        emit_boxes();
        emit_edges(graph);
        scene_.box_by_node.assign(tree_->nodes(), 0);
        for (std::size_t i = 0; i < tree_->nodes(); ++i) {
            std::uint32_t item = tree_->item_of(NodeId(i));
            while (box_of_item_[item] == no_box) item = tree_->item(item).parent;
            scene_.box_by_node[i] = box_of_item_[item];
        }
        ++scene_.revision;
        dirty_ = false;
    }

    void emit_boxes() {
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
            if (item.kind == BoxKind::scope) box.count = fmt::format("{} op{}", item.ops, item.ops == 1 ? "" : "s");
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

    void emit_edges(const Graph& graph) {
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
                    edge.around = own.order->against[at];
                    edge.points = edge.around ? around(own, at, own.layout.low_side[at] ? low_lane++ : high_lane++)
                                              : shifted(own, own.layout.edges[at]);
                }
                if (local.count == 1 && local.kind == EdgeKind::data) edge.label = edge_label(graph, local);
                scene_.edges.push_back(std::move(edge));
            }
            box.last_edge = static_cast<std::uint32_t>(scene_.edges.size());
        }
    }

    static std::string edge_label(const Graph& graph, const LocalEdge& edge) {
        const auto& outputs = graph.node(edge.source).outputs;
        if (static_cast<std::size_t>(edge.output) >= outputs.size()) return {};
        const Shape& shape = outputs[static_cast<std::size_t>(edge.output)].shape;
        if (!shape.has_rank() || shape.rank() == 0) return {};
        std::string text;
        for (const std::int64_t dim : shape.dims()) {
            if (!text.empty()) text += "×";
            text += dim == Shape::unknown ? "?" : std::to_string(dim);
        }
        return shape.rank() == 1 ? "[" + text + "]" : text; // a number alone would read as a count
    }

    static std::vector<Point> shifted(const ItemLayout& own, std::vector<Point> points) {
        for (Point& p : points) p = {p.x + own.left, p.y + own.top};
        return points;
    }

    /// Out at the end of its rank, back beside everything, and in at the start of the other rank.
    static std::vector<Point> around(const ItemLayout& own, std::uint32_t edge, std::size_t lane) {
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
        return {ends[0],
                {ends[1].x + out, ends[0].y},
                {ends[1].x + out, y},
                {ends[2].x - out, y},
                {ends[2].x - out, ends[3].y},
                ends[3]};
    }

    static constexpr std::size_t most_lanes = 6;
    std::unique_ptr<SceneTree> tree_;
    std::uint64_t fingerprint_ = 0, version_ = 0;
    bool dirty_ = true;
    std::vector<ItemLayout> layouts_; ///< by item
    std::map<std::vector<std::uint32_t>, std::shared_ptr<const LayoutOrder>> orders_;
    std::vector<std::uint32_t> box_of_item_;
    Scene scene_;
};

GraphView::GraphView() : impl_(std::make_unique<Impl>()) {}
GraphView::~GraphView() = default;
GraphView::GraphView(GraphView&&) noexcept = default;
GraphView& GraphView::operator=(GraphView&&) noexcept = default;

bool GraphView::is_expanded(std::string_view path) const {
    return impl_->expanded.contains(path);
}

void GraphView::set_expanded(std::string_view path, bool expanded) {
    if (expanded) {
        impl_->open(path);
    } else if (const auto it = impl_->expanded.find(path); it != impl_->expanded.end()) {
        impl_->expanded.erase(it);
        impl_->touch();
    }
}

void GraphView::expand_all(const SceneInput& input) {
    for (const SceneItem& item : impl_->tree(input).items())
        if (item.kind == BoxKind::scope && !item.path.empty()) impl_->open(item.path);
}

void GraphView::collapse_all() {
    impl_->expanded.clear();
    impl_->touch();
}

const std::set<std::string, std::less<>>& GraphView::expanded() const {
    return impl_->expanded;
}

void GraphView::reveal(const SceneInput& input, NodeId node) {
    const SceneTree& tree = impl_->tree(input);
    if (!node.valid() || node.index() >= tree.nodes()) return;
    for (std::uint32_t item = tree.item(tree.item_of(node)).parent; item != 0; item = tree.item(item).parent)
        impl_->open(tree.item(item).path);
}

void GraphView::unfold(const SceneInput& input, NodeId node) {
    const SceneTree& tree = impl_->tree(input);
    if (!node.valid() || node.index() >= tree.nodes()) return;
    const SceneItem& around = tree.item(tree.item(tree.item_of(node)).parent);
    if (around.fold && (around.parent == 0 || is_expanded(tree.item(around.parent).path))) impl_->open(around.path);
}

void GraphView::auto_expand_to(const SceneInput& input) {
    if (!input.failure) return;
    reveal(input, input.failure->node);
    if (input.failure->variable.valid()) reveal(input, input.graph->variable(input.failure->variable).op);
    for (const NodeId node : input.failure->path) reveal(input, node);
}

void GraphView::expand_outer(const SceneInput& input, std::size_t most_boxes) {
    const SceneTree& tree = impl_->tree(input);
    std::vector<std::uint32_t> closed = tree.item(0).children;
    std::size_t boxes = closed.size();
    for (std::size_t i = 0; i < closed.size(); ++i) {
        const SceneItem& item = tree.item(closed[i]);
        if (item.kind != BoxKind::scope || item.fold || item.is_variable_group ||
            boxes + item.children.size() > most_boxes)
            continue;
        boxes += item.children.size();
        impl_->open(item.path);
        closed.insert(closed.end(), item.children.begin(), item.children.end());
    }
}

const Scene& GraphView::scene(const SceneInput& input) {
    return impl_->update(input);
}

} // namespace rnnscope::view
