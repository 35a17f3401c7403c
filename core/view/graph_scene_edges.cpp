#include "core/view/common.hpp"
#include "core/view/graph_scene_tree.hpp"

#include <algorithm>
#include <tuple>

/// The edges of the graph, lifted to the items that they lead between.
namespace rnnscope::view {

void SceneTree::lift_edges(const GraphSnapshot& graph) {
    std::vector<BaseEdge> all;
    all.reserve(2 * item_of_.size());
    const auto lift = [&](Output from, NodeId to, EdgeKind kind) {
        if (from.node.index() >= item_of_.size()) return;
        std::uint32_t a = item_of_[from.node.index()], b = item_of_[to.index()];
        if (a == b) return;
        while (places_[a].parent != places_[b].parent) {
            std::uint32_t& deeper = places_[a].depth >= places_[b].depth ? a : b;
            deeper = places_[deeper].parent;
        }
        if (a != b)
            all.push_back({places_[a].parent, places_[a].ordinal, places_[b].ordinal, kind, from.node, to, from.index});
    };
    for (std::uint32_t i = 0; i < item_of_.size(); ++i) {
        const GraphSnapshot::Node node = graph.node(NodeId(i));
        for (const Output input : node.inputs) {
            const GraphSnapshot::Node source = graph.node(input.node);
            const EdgeKind kind = node.op == "Merge" && source.op == "NextIteration" ? EdgeKind::back
                                  : is_variable_node(source)                         ? EdgeKind::reference
                                                                                     : EdgeKind::data;
            lift(input, node.id, kind);
        }
        // What a docked constant waits for is noise: TensorFlow ties every constant of a loop to its first Identity.
        if (node.op == "Const" && items_[item_of_[i]].node != node.id) continue;
        for (const NodeId control : node.control_inputs) lift({control, 0}, node.id, EdgeKind::control);
    }
    sort_base_edges(all);
    add_local_edges();
    note_crossings();
}

/// Stable: first by the item around them, of which there are so many that counting is quicker than comparing.
void SceneTree::sort_base_edges(const std::vector<BaseEdge>& edges) {
    std::vector<std::uint32_t> next(items_.size() + 1, 0);
    for (const BaseEdge& e : edges) ++next[e.around + 1];
    for (std::size_t i = 1; i < next.size(); ++i) next[i] += next[i - 1];
    base_edges_.resize(edges.size());
    for (const BaseEdge& e : edges) base_edges_[next[e.around]++] = e;
    const auto ends = [](const BaseEdge& e) { return std::tuple(e.from, e.to, e.kind); };
    const auto before = [&](const BaseEdge& a, const BaseEdge& b) { return ends(a) < ends(b); };
    constexpr std::ptrdiff_t few = 16; // a stable sort of more gets memory for itself
    for (std::uint32_t begin = 0, item = 0; item < items_.size(); begin = next[item++]) {
        const auto first = base_edges_.begin() + begin, last = base_edges_.begin() + next[item];
        if (last - first > few) {
            std::stable_sort(first, last, before);
            continue;
        }
        for (auto at = first; at != last; ++at) std::rotate(std::upper_bound(first, at, *at, before), at, at + 1);
    }
}

/// One after another for all items, which then know their part.
void SceneTree::add_local_edges() {
    const std::vector<BaseEdge>& all = base_edges_;
    std::vector<std::uint32_t> end(items_.size(), 0);
    for (std::uint32_t i = 0; i < all.size(); ++i) {
        const bool same_ends =
            i > 0 && all[i - 1].around == all[i].around && all[i - 1].from == all[i].from && all[i - 1].to == all[i].to;
        const bool same_kind = same_ends && all[i - 1].kind == all[i].kind;
        // A control edge beside a data edge says nothing new.
        if (same_kind || (same_ends && all[i].kind == EdgeKind::control)) {
            LocalEdge& last = local_edges_.back();
            if (last.kind == all[i].kind) ++last.count;
            last.last = i + 1;
            continue;
        }
        local_edges_.push_back(
            {all[i].from, all[i].to, all[i].kind, false, 1, i, i + 1, all[i].source, all[i].target, all[i].output, {}});
        end[all[i].around] = static_cast<std::uint32_t>(local_edges_.size());
    }
    std::size_t begin = 0;
    for (std::size_t i = 0; i < items_.size(); ++i) {
        if (end[i] == 0) continue;
        items_[i].edges = std::span(local_edges_).subspan(begin, end[i] - begin);
        begin = end[i];
    }
}

/// Likewise; those of an item by their edges.
void SceneTree::note_crossings() {
    const auto for_all = [&](auto&& use) {
        for (std::uint32_t i = 0; i < base_edges_.size(); ++i) {
            const BaseEdge& edge = base_edges_[i];
            for (const bool out : {true, false}) {
                std::uint32_t inner = item_of(out ? edge.source : edge.target);
                for (std::uint32_t item = places_[inner].parent; item != edge.around; item = places_[item].parent) {
                    use(item, Crossing{i, places_[inner].ordinal, out});
                    inner = item;
                }
            }
        }
    };
    std::vector<std::uint32_t> next(items_.size() + 1, 0);
    for_all([&](std::uint32_t item, const Crossing&) { ++next[item + 1]; });
    for (std::size_t i = 1; i < next.size(); ++i) next[i] += next[i - 1];
    crossings_.resize(next.back());
    for (std::size_t i = 0; i < items_.size(); ++i)
        items_[i].crossings = std::span(crossings_).subspan(next[i], next[i + 1] - next[i]);
    for_all([&](std::uint32_t item, const Crossing& crossing) { crossings_[next[item]++] = crossing; });
}

void SceneTree::label_edges(const GraphSnapshot& graph) {
    for (LocalEdge& edge : local_edges_) {
        if (edge.count != 1 || edge.kind != EdgeKind::data) continue;
        const auto outputs = graph.node(edge.source).outputs;
        if (static_cast<std::size_t>(edge.output) >= outputs.size()) continue;
        const Shape& shape = outputs[static_cast<std::size_t>(edge.output)].shape;
        if (!shape.has_rank() || shape.rank() == 0) continue;
        for (const std::int64_t dim : shape.dims()) {
            if (!edge.label.empty()) edge.label += "×";
            edge.label += dim == Shape::unknown ? "?" : std::to_string(dim);
        }
        if (shape.rank() == 1) edge.label = "[" + edge.label + "]"; // a number alone would read as a count
    }
}

/// TensorBoard's rule for ops that are used far more often than their neighbours.
void SceneTree::make_portals(const GraphSnapshot& graph) {
    constexpr std::size_t many_children = 15, least = 8;
    for (SceneItem& item : items_) {
        if (item.children.size() <= many_children) continue;
        std::vector<std::size_t> degree(item.children.size(), 0);
        for (const LocalEdge& e : item.edges)
            if (e.kind == EdgeKind::data || e.kind == EdgeKind::control) ++degree[e.from];
        std::vector<std::size_t> sorted = degree;
        std::sort(sorted.begin(), sorted.end());
        const std::size_t q1 = sorted[sorted.size() / 4], q3 = sorted[sorted.size() * 3 / 4];
        const std::size_t threshold = std::max(least, q3 + 4 * (q3 - q1) + 1);
        for (LocalEdge& e : item.edges) {
            if (degree[e.from] < threshold || (e.kind != EdgeKind::data && e.kind != EdgeKind::control)) continue;
            e.portal = true;
            SceneItem& user = items_[item.children[e.to]];
            const SceneItem& hub = items_[item.children[e.from]];
            if (user.kind != BoxKind::scope && hub.kind != BoxKind::scope && user.chips.size() < 4)
                user.chips.push_back({std::string(last_segment(graph.node(hub.node).name)), hub.node, true, 0});
        }
    }
}

} // namespace rnnscope::view
