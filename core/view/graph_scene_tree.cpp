#include "core/view/graph_scene_tree.hpp"

#include "core/view/common.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <tuple>

#include <fmt/format.h>

namespace rnnscope::view {
namespace {

bool is_variable_op(const GraphSnapshot::Node& node) {
    return node.op == "VariableV2" || node.op == "Variable" || node.op == "VarHandleOp";
}

bool is_placeholder(const GraphSnapshot::Node& node) {
    return node.op == "Placeholder" || node.op == "PlaceholderV2" || node.op == "PlaceholderWithDefault";
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// `path` without `scope/`, at most its last two segments.
std::string short_name(std::string_view path, std::string_view scope, std::string_view separator) {
    std::string_view rest = path;
    if (!scope.empty() && path.size() > scope.size() && path.starts_with(scope) && path[scope.size()] == '/')
        rest = path.substr(scope.size() + 1);
    else if (path == scope)
        rest = last_segment(path);
    const std::size_t last = rest.rfind('/');
    if (last == std::string_view::npos) return std::string(rest);
    const std::size_t before = last == 0 ? std::string_view::npos : rest.rfind('/', last - 1);
    std::string text = before == std::string_view::npos ? "" : "…/";
    text += rest.substr(before == std::string_view::npos ? 0 : before + 1,
                        last - (before == std::string_view::npos ? 0 : before + 1));
    return text.append(separator).append(rest.substr(last + 1));
}

/// "concat_1" says "ConcatV2" already.
bool name_implies_type(std::string_view name, std::string_view type) {
    std::string_view word = last_segment(name);
    const std::size_t end = word.find_last_not_of("0123456789");
    if (end != std::string_view::npos && word[end] == '_' && end > 0) word = word.substr(0, end);
    const auto fold = [](std::string_view text) {
        std::string folded;
        for (const char c : text)
            if (c != '_') folded += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        return folded;
    };
    const std::string a = fold(word), b = fold(type);
    return b.starts_with(a) || a.starts_with(b);
}

std::string type_and_shape(const GraphSnapshot::Node& node) {
    if (!node.outputs.empty() && node.outputs[0].dtype != DType::invalid)
        return fmt::format("{} {}", dtype_name(node.outputs[0].dtype), shape_label(node.outputs[0].shape));
    return {};
}

std::string constant_text(const GraphSnapshot& graph, const GraphSnapshot::Node& node) {
    const AttrValue& attr = graph.value_of(node.id);
    std::string value = attr.as<std::monostate>() != nullptr ? "" : to_text(attr);
    if (characters(value) > 14 || value.find('\n') != std::string::npos) {
        const Tensor* tensor = attr.as<Tensor>();
        value = tensor ? shape_label(tensor->shape()) : "";
    }
    const std::string_view name = last_segment(node.name);
    if (name.starts_with("Const") || value.empty()) return value.empty() ? std::string(name) : value;
    return fmt::format("{} {}", name, value);
}

} // namespace

std::string shape_label(const Shape& shape) {
    if (!shape.has_rank()) return "?";
    std::string text = "[";
    for (std::size_t i = 0; i < shape.rank(); ++i) {
        if (i > 0) text += ", ";
        text += shape.dim(i) == Shape::unknown ? "?" : std::to_string(shape.dim(i));
    }
    return text + "]";
}

float mono_width(std::string_view text, float em) {
    return static_cast<float>(characters(text)) * em * 0.6f;
}

float sans_width(std::string_view text, float em) {
    return static_cast<float>(characters(text)) * em * 0.54f;
}

struct SceneTree::Plan {
    std::vector<bool> dissolved;   ///< its contents stand in the scope around it
    std::vector<NodeId> first;     ///< the first node inside
    std::vector<std::size_t> live; ///< child scopes that are not dissolved

    Plan(const GraphSnapshot& graph, const ScopeTree& scopes)
        : dissolved(scopes.size(), false), first(scopes.size()), live(scopes.size(), 0) {
        // Children have higher ids than their parents, so they are settled first.
        for (std::size_t i = scopes.size(); i-- > 0;) settle(graph, scopes, scopes.scope(ScopeId(i)));
    }

  private:
    void settle(const GraphSnapshot& graph, const ScopeTree& scopes, const ScopeTree::Scope& scope) {
        const std::size_t i = scope.id.index();
        NodeId lowest = scope.self;
        std::size_t helpers = 0;
        const auto count = [&](NodeId node) {
            if (!lowest.valid() || node < lowest) lowest = node;
            if (graph.node(node).op != "Const") ++helpers;
        };
        for (const NodeId node : scope.ops) count(node);
        std::vector<ScopeId> inside(scope.scopes);
        for (std::size_t n = 0; n < inside.size(); ++n) {
            const ScopeTree::Scope& child = scopes.scope(inside[n]);
            if (first[child.id.index()].valid() && (!lowest.valid() || first[child.id.index()] < lowest))
                lowest = first[child.id.index()];
            if (!dissolved[child.id.index()]) {
                ++live[i];
                continue;
            }
            if (child.self.valid()) count(child.self);
            for (const NodeId node : child.ops) count(node);
            inside.insert(inside.end(), child.scopes.begin(), child.scopes.end());
        }
        first[i] = lowest;
        if (i == 0 || live[i] > 0) return;
        const bool has_face = scope.self.valid() && !is_variable_op(graph.node(scope.self));
        dissolved[i] = has_face ? helpers <= 3 && scope.total_ops <= 8
                                : !scope.self.valid() && scope.total_ops <= 2 && helpers <= 1;
    }
};

SceneTree::SceneTree(const GraphSnapshot& graph, bool series, const std::stop_token& stop) {
    item_of_.assign(graph.size(), 0);
    const ScopeTree scopes(graph.names(), graph.variables());
    if (stop.stop_requested()) return;
    add_items(graph, scopes, Plan(graph, scopes));
    if (stop.stop_requested()) return;
    dock_constants(graph);
    if (series) fold_series(graph);
    fold_helpers(graph);
    set_depths();
    if (stop.stop_requested()) return;
    ordinal_.assign(items_.size(), 0);
    for (const SceneItem& item : items_)
        for (std::uint32_t i = 0; i < item.children.size(); ++i) ordinal_[item.children[i]] = i;
    lift_edges(graph);
    if (stop.stop_requested()) return;
    label_edges(graph);
    make_portals(graph);
    measure();
}

void SceneTree::add_items(const GraphSnapshot& graph, const ScopeTree& scopes, const Plan& plan) {
    struct Entry {
        NodeId first;
        NodeId node;   ///< an op, or
        ScopeId scope; ///< a scope
    };
    add_scope(scopes, scopes.root(), scopes.root(), 0);
    std::vector<std::pair<ScopeId, std::uint32_t>> todo{{scopes.root(), 0}};
    for (std::size_t t = 0; t < todo.size(); ++t) {
        const auto [id, item] = todo[t];
        std::vector<Entry> entries;
        std::vector<ScopeId> contents{id};
        for (std::size_t c = 0; c < contents.size(); ++c) {
            const ScopeTree::Scope& scope = scopes.scope(contents[c]);
            if (scope.self.valid()) entries.push_back({scope.self, scope.self, {}});
            for (const NodeId node : scope.ops) entries.push_back({node, node, {}});
            for (const ScopeId child : scope.scopes) {
                if (plan.dissolved[child.index()])
                    contents.push_back(child);
                else
                    entries.push_back({plan.first[child.index()], {}, child});
            }
        }
        std::stable_sort(entries.begin(), entries.end(),
                         [](const Entry& a, const Entry& b) { return a.first < b.first; });
        for (const Entry& entry : entries) {
            if (entry.node.valid()) {
                const std::uint32_t op = add_op(graph, entry.node, item); // first: it moves the items
                items_[item].children.push_back(op);
                continue;
            }
            ScopeId inner = entry.scope;
            while (true) {
                const ScopeTree::Scope& scope = scopes.scope(inner);
                if (scope.self.valid() || !scope.ops.empty() || scope.scopes.size() != 1 ||
                    plan.live[inner.index()] != 1)
                    break;
                inner = scope.scopes[0];
            }
            const std::uint32_t child = add_scope(scopes, entry.scope, inner, item);
            const NodeId self = scopes.scope(inner).self;
            items_[child].is_variable_group = self.valid() && is_variable_op(graph.node(self));
            items_[item].children.push_back(child);
            todo.emplace_back(inner, child);
        }
    }
}

std::uint32_t SceneTree::add_op(const GraphSnapshot& graph, NodeId id, std::uint32_t parent) {
    const GraphSnapshot::Node node = graph.node(id);
    SceneItem item;
    item.kind = is_variable_op(node)   ? BoxKind::variable
                : is_placeholder(node) ? BoxKind::placeholder
                : node.op == "Const"   ? BoxKind::constant
                                       : BoxKind::op;
    item.depth = items_[parent].depth + 1;
    item.parent = parent;
    item.node = id;
    item.path = std::string(node.name);
    item.title = short_name(node.name, items_[parent].path, "/");
    item.ops = 1;
    if (item.kind == BoxKind::placeholder) item.detail = type_and_shape(node);
    if (item.kind == BoxKind::constant) item.detail = constant_text(graph, node);
    if (item.detail == item.title) item.detail.clear();
    if (item.detail.empty() && !name_implies_type(node.name, node.op)) item.detail = std::string(node.op);
    if (item.kind == BoxKind::variable) {
        item.detail = std::string(node.op);
        if (const VariableId variable = graph.variable_of(id); variable.valid()) item.variables.push_back(variable);
    }
    if (node.op == "NextIteration") items_[parent].has_loop = true;
    items_.push_back(std::move(item));
    return item_of_[id.index()] = static_cast<std::uint32_t>(items_.size() - 1);
}

std::uint32_t SceneTree::add_scope(const ScopeTree& scopes, ScopeId outer, ScopeId inner, std::uint32_t parent) {
    const ScopeTree::Scope& scope = scopes.scope(inner);
    SceneItem item;
    item.kind = BoxKind::scope;
    item.parent = parent;
    item.scope = inner;
    item.node = scope.self;
    item.path = scope.path;
    item.ops = scopes.scope(outer).total_ops;
    item.variables = scope.variables;
    if (!items_.empty()) {
        item.depth = items_[parent].depth + 1;
        item.title = short_name(scope.path, items_[parent].path, " / ");
    }
    items_.push_back(std::move(item));
    return static_cast<std::uint32_t>(items_.size() - 1);
}

void SceneTree::dock_constants(const GraphSnapshot& graph) {
    constexpr std::size_t most_chips = 3;
    std::vector<bool> docked(items_.size(), false);
    std::map<std::uint32_t, std::size_t> left_out;
    for (std::uint32_t i = 0; i < item_of_.size(); ++i) {
        const GraphSnapshot::Node node = graph.node(NodeId(i));
        if (node.op != "Const") continue;
        NodeId consumer;
        std::size_t count = 0;
        for (const NodeId user : graph.consumers(node.id))
            if (++count == 1) consumer = user;
        if (count != 1) continue;
        const std::uint32_t own = item_of_[i], host = item_of_[consumer.index()];
        if (items_[own].parent != items_[host].parent || items_[host].kind != BoxKind::op) continue;
        docked[own] = true;
        item_of_[i] = host;
        if (items_[host].chips.size() < most_chips)
            items_[host].chips.push_back({constant_text(graph, node), node.id, false, 0});
        else
            ++left_out[host];
    }
    for (const auto& [host, more] : left_out) items_[host].chips.push_back({fmt::format("+{}", more), {}, false, 0});
    for (SceneItem& item : items_) std::erase_if(item.children, [&](std::uint32_t child) { return docked[child]; });
}

/// Folds put what they hold one deeper.
void SceneTree::set_depths() {
    std::vector<std::uint32_t> todo{0};
    while (!todo.empty()) {
        const SceneItem& item = items_[todo.back()];
        todo.pop_back();
        for (const std::uint32_t child : item.children) {
            items_[child].depth = item.depth + 1;
            todo.push_back(child);
        }
    }
}

void SceneTree::lift_edges(const GraphSnapshot& graph) {
    std::vector<BaseEdge>& all = base_edges_;
    const auto lift = [&](Output from, NodeId to, EdgeKind kind) {
        if (from.node.index() >= item_of_.size()) return;
        std::uint32_t a = item_of_[from.node.index()], b = item_of_[to.index()];
        if (a == b) return;
        while (items_[a].parent != items_[b].parent) {
            std::uint32_t& deeper = items_[a].depth >= items_[b].depth ? a : b;
            deeper = items_[deeper].parent;
        }
        if (a != b) all.push_back({items_[a].parent, ordinal_[a], ordinal_[b], kind, from.node, to, from.index});
    };
    for (std::uint32_t i = 0; i < item_of_.size(); ++i) {
        const GraphSnapshot::Node node = graph.node(NodeId(i));
        for (const Output input : node.inputs) {
            const GraphSnapshot::Node source = graph.node(input.node);
            const EdgeKind kind = node.op == "Merge" && source.op == "NextIteration" ? EdgeKind::back
                                  : is_variable_op(source)                           ? EdgeKind::reference
                                                                                     : EdgeKind::data;
            lift(input, node.id, kind);
        }
        // What a docked constant waits for is noise: TensorFlow ties every constant of a loop to its first Identity.
        if (node.op == "Const" && items_[item_of_[i]].node != node.id) continue;
        for (const NodeId control : node.control_inputs) lift({control, 0}, node.id, EdgeKind::control);
    }
    const auto pair = [](const BaseEdge& e) { return std::tuple(e.around, e.from, e.to, e.kind); };
    std::stable_sort(all.begin(), all.end(), [&](const BaseEdge& a, const BaseEdge& b) { return pair(a) < pair(b); });
    for (std::uint32_t i = 0; i < all.size(); ++i) {
        auto& edges = items_[all[i].around].edges;
        const bool same_ends =
            i > 0 && all[i - 1].around == all[i].around && all[i - 1].from == all[i].from && all[i - 1].to == all[i].to;
        const bool same_kind = same_ends && all[i - 1].kind == all[i].kind;
        // A control edge beside a data edge says nothing new.
        if (same_kind || (same_ends && all[i].kind == EdgeKind::control)) {
            if (edges.back().kind == all[i].kind) ++edges.back().count;
            edges.back().last = i + 1;
            continue;
        }
        edges.push_back(
            {all[i].from, all[i].to, all[i].kind, false, 1, i, i + 1, all[i].source, all[i].target, all[i].output, {}});
    }
    note_crossings();
}

void SceneTree::note_crossings() {
    for (std::uint32_t i = 0; i < base_edges_.size(); ++i) {
        const BaseEdge& edge = base_edges_[i];
        for (const bool out : {true, false}) {
            std::uint32_t inner = item_of(out ? edge.source : edge.target);
            for (std::uint32_t item = items_[inner].parent; item != edge.around; item = items_[item].parent) {
                items_[item].crossings.push_back({i, ordinal_[inner], out});
                inner = item;
            }
        }
    }
}

void SceneTree::label_edges(const GraphSnapshot& graph) {
    for (SceneItem& item : items_)
        for (LocalEdge& edge : item.edges) {
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

void SceneTree::measure() {
    for (SceneItem& item : items_) {
        float chips = 0;
        for (SceneChip& chip : item.chips) {
            chip.width = mono_width(chip.text, 11) + (chip.portal ? 26.f : 12.f);
            chips += chip.width + 4;
        }
        const std::string count = item.repeats > 0 ? fmt::format("×{}", item.repeats) : fmt::format("{} ops", item.ops);
        switch (item.kind) {
        case BoxKind::scope:
            item.closed = {46 + (item.variables.empty() ? 0.f : 16.f) + mono_width(item.title) + sans_width(count) + 24,
                           32};
            item.closed.width = std::max(item.closed.width, 132.f);
            break;
        case BoxKind::variable:
            item.closed = {std::max(mono_width(item.title), sans_width(item.detail)) + 56, 42};
            break;
        default:
            item.closed = {std::max({mono_width(item.title) + 24, sans_width(item.detail) + 24, chips + 12, 64.f}),
                           item.detail.empty() ? 28.f : 42.f};
            if (item.kind == BoxKind::placeholder) item.closed.width += 8;
            if (!item.chips.empty()) item.closed.height += 20;
        }
        item.closed.width = std::ceil(item.closed.width);
    }
}

std::vector<LayoutEdge> layout_edges(const SceneItem& item, std::vector<std::uint32_t>& edge_of) {
    std::vector<LayoutEdge> result;
    edge_of.assign(item.edges.size(), no_box);
    for (std::size_t i = 0; i < item.edges.size(); ++i) {
        const LocalEdge& e = item.edges[i];
        if (e.portal || e.from == e.to) continue;
        const std::uint32_t weight = e.kind == EdgeKind::data        ? std::min(e.count + 1, 6u)
                                     : e.kind == EdgeKind::reference ? 2
                                                                     : 1;
        const bool back = e.kind == EdgeKind::back;
        // Edges of one pair follow each other; a way back is drawn by itself.
        if (!result.empty() && result.back().from == e.from && result.back().to == e.to && result.back().back == back)
            result.back().weight += weight;
        else
            result.push_back({e.from, e.to, weight, back});
        edge_of[i] = static_cast<std::uint32_t>(result.size() - 1);
    }
    return result;
}

std::vector<SeriesRow> series_rows(const SceneTree& tree, std::uint32_t index) {
    std::map<std::uint32_t, std::vector<SeriesRow>> by_steps;
    for (const std::uint32_t child : tree.item(index).children) {
        SeriesRow row{child};
        while (tree.item(row.back()).repeats == 0) {
            const SceneItem& item = tree.item(row.back());
            const auto next = std::find_if(item.children.begin(), item.children.end(), [&](std::uint32_t inner) {
                return tree.item(inner).kind == BoxKind::scope && 2 * tree.item(inner).ops > item.ops;
            });
            if (next == item.children.end()) break;
            row.push_back(*next);
        }
        if (const std::uint32_t steps = tree.item(row.back()).repeats; steps > 0)
            by_steps[steps].push_back(std::move(row));
    }
    std::vector<SeriesRow> rows;
    for (auto& [steps, some] : by_steps)
        if (some.size() > std::max<std::size_t>(rows.size(), 1)) rows = std::move(some);
    return rows;
}

bool rows_depend(const SceneTree& tree, std::uint32_t index, const std::vector<SeriesRow>& rows) {
    const SceneItem& item = tree.item(index);
    const auto is_row = [&](std::uint32_t child) {
        return std::any_of(rows.begin(), rows.end(),
                           [&](const SeriesRow& row) { return row[0] == item.children[child]; });
    };
    return std::any_of(item.edges.begin(), item.edges.end(),
                       [&](const LocalEdge& e) { return e.from != e.to && is_row(e.from) && is_row(e.to); });
}

} // namespace rnnscope::view
