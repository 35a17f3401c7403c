#include "core/view/graph_text.hpp"

#include "core/graph/scope_tree.hpp"
#include "core/import/graph_roles.hpp"
#include "core/ops/op_def.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace rnnscope {
namespace {

/// A Graphviz identifier: quoted, with quotes and backslashes escaped.
std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + "\"";
}

void write_dot_node(std::string& text, const Node& node, std::string_view label, int depth) {
    const bool is_variable = node.op == "VariableV2" || node.op == "Variable" || node.op == "VarHandleOp";
    const char* shape = is_variable ? "ellipse" : node.op == "Const" ? "plaintext" : "box";
    text += fmt::format("{:{}}{} [label={}, shape={}];\n", "", depth * 2, quoted(node.name),
                        quoted(fmt::format("{}\n{}", label, node.op)), shape);
}

std::string last_component(const std::string& name) {
    const std::size_t slash = name.rfind('/');
    return slash == std::string::npos ? name : name.substr(slash + 1);
}

void write_dot_scopes(std::string& text, const Graph& graph, const ScopeTree& tree) {
    // Explicit stack: names can nest arbitrarily deep. Each entry is a scope to open, or the end of one.
    std::vector<std::pair<ScopeId, bool>> stack{{tree.root(), false}};
    while (!stack.empty()) {
        const auto [id, closing] = stack.back();
        stack.pop_back();
        const ScopeTree::Scope& scope = tree.scope(id);
        if (closing) {
            text += fmt::format("{:{}}}}\n", "", scope.depth * 2);
            continue;
        }
        if (id != tree.root()) {
            text += fmt::format("{:{}}subgraph {} {{\n", "", scope.depth * 2, quoted("cluster_" + scope.path));
            text += fmt::format("{:{}}label={};\n", "", scope.depth * 2 + 2, quoted(scope.name));
            stack.emplace_back(id, true);
        }
        if (scope.self.valid()) write_dot_node(text, graph.node(scope.self), scope.name, scope.depth + 1);
        for (const NodeId op : scope.ops)
            write_dot_node(text, graph.node(op), last_component(graph.node(op).name), scope.depth + 1);
        for (auto child = scope.scopes.rbegin(); child != scope.scopes.rend(); ++child)
            stack.emplace_back(*child, false);
    }
}

/// What the fused ops among the types compute, which their names do not say.
std::string fused_ops_text(const std::map<std::string, std::size_t>& types) {
    std::string text;
    for (const auto& type : types) {
        const ops::OpDef* def = ops::find_op(type.first);
        if (def == nullptr || def->formula.empty()) continue;
        text += fmt::format("{}  {}: {}\n", text.empty() ? "\nfused ops\n" : "", def->name, def->summary);
        for (std::string_view lines = def->formula; !lines.empty();) {
            const std::string_view line = lines.substr(0, lines.find('\n'));
            text += fmt::format("      {}\n", line);
            lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        }
    }
    return text;
}

} // namespace

std::string graph_summary(const Graph& graph) {
    std::string text = fmt::format("{} nodes, {} variables\n", graph.size(), graph.variables().size());
    std::map<std::string, std::size_t> types;
    for (const Node& node : graph.nodes()) ++types[node.op];
    std::vector<std::pair<std::string, std::size_t>> by_count(types.begin(), types.end());
    std::stable_sort(by_count.begin(), by_count.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    text += "\nop types\n";
    for (const auto& [type, count] : by_count) text += fmt::format("{:>6}  {}\n", count, type);
    text += fused_ops_text(types);
    const ScopeTree tree(graph);
    text += "\nscopes\n";
    for (const ScopeId id : tree.scope(tree.root()).scopes) {
        const ScopeTree::Scope& scope = tree.scope(id);
        text += fmt::format("{:>6}  {}/", scope.total_ops, scope.path);
        if (!scope.variables.empty()) text += fmt::format("  {} variables", scope.variables.size());
        text += '\n';
    }
    if (!graph.variables().empty()) text += "\nvariables\n";
    for (const Variable& variable : graph.variables())
        text += fmt::format("  {}  {} {}{}{}\n", variable.name, dtype_name(variable.dtype), to_text(variable.shape),
                            variable.is_resource ? "  resource" : "", variable.trainable ? "" : "  not trainable");
    return text;
}

std::string graph_offer(const Graph& graph) {
    const std::string text = to_text(graph_roles(graph), graph);
    return text.empty() ? text : "\n" + text;
}

std::string graph_dot(const Graph& graph) {
    std::string text = "digraph {\n  rankdir=TB;\n  node [fontname=\"monospace\", fontsize=10];\n";
    const ScopeTree tree(graph);
    write_dot_scopes(text, graph, tree);
    for (const Node& node : graph.nodes()) {
        for (const Output& input : node.inputs)
            text += fmt::format("  {} -> {}{};\n", quoted(graph.node(input.node).name), quoted(node.name),
                                graph.info(input).is_ref ? " [arrowtail=odot, dir=both]" : "");
        for (const NodeId control : node.control_inputs)
            text += fmt::format("  {} -> {} [style=dashed];\n", quoted(graph.node(control).name), quoted(node.name));
    }
    return text + "}\n";
}

} // namespace rnnscope
