#include "core/view/graph_scene_tree.hpp"

#include "core/view/common.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <tuple>

#include <fmt/format.h>

namespace rnnscope::view {
namespace {

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
    const auto next = [](std::string_view text, std::size_t& at) {
        while (at < text.size() && text[at] == '_') ++at;
        return at < text.size() ? std::tolower(static_cast<unsigned char>(text[at++])) : 0;
    };
    for (std::size_t i = 0, j = 0;;) {
        const int a = next(word, i), b = next(type, j);
        if (a == 0 || b == 0) return true; // all of the one stands in the other
        if (a != b) return false;
    }
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

bool is_variable_node(const GraphSnapshot::Node& node) {
    return node.op == "VariableV2" || node.op == "Variable" || node.op == "VarHandleOp";
}

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
        const bool has_face = scope.self.valid() && !is_variable_node(graph.node(scope.self));
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
    set_places();
    if (stop.stop_requested()) return;
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
    items_.reserve(graph.size() + scopes.size() + scopes.size() / 4); // with room for folds
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
            items_[child].is_variable_group = self.valid() && is_variable_node(graph.node(self));
            items_[item].children.push_back(child);
            todo.emplace_back(inner, child);
        }
    }
}

std::uint32_t SceneTree::add_op(const GraphSnapshot& graph, NodeId id, std::uint32_t parent) {
    const GraphSnapshot::Node node = graph.node(id);
    SceneItem item;
    item.kind = is_variable_node(node) ? BoxKind::variable
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
void SceneTree::set_places() {
    places_.assign(items_.size(), {});
    outer_first_.assign(1, 0);
    for (std::size_t i = 0; i < outer_first_.size(); ++i) {
        const std::uint32_t index = outer_first_[i];
        const SceneItem& item = items_[index];
        for (std::uint32_t c = 0; c < item.children.size(); ++c) {
            const std::uint32_t child = item.children[c];
            items_[child].depth = item.depth + 1;
            places_[child] = {index, item.depth + 1, c};
            outer_first_.push_back(child);
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
