#include "core/debug/selection_commands.hpp"

#include "core/debug/command_argument.hpp"
#include "core/graph/scope_tree.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::debug {

Result<std::string> select_node(Debugger& debugger, std::string_view name) {
    const Graph& graph = *debugger.graph();
    const NodeId node = graph.find(name.substr(0, name.find(':')));
    if (!node.valid()) {
        std::vector<std::string> names;
        for (const Node& other : graph.nodes()) names.push_back(other.name);
        return unknown_name("op", name, names);
    }
    debugger.select({.kind = Selection::Kind::node,
                     .graph = graph.id(),
                     .node = node,
                     .variable = {},
                     .scope = {},
                     .statement = {}});
    return fmt::format("selected op {}", graph.node(node).name);
}

Result<std::string> select_variable(Debugger& debugger, std::string_view name) {
    if (name.ends_with(":0")) name.remove_suffix(2);
    const Graph& graph = *debugger.graph();
    std::vector<std::string> names;
    for (const Variable& variable : graph.variables()) {
        names.push_back(variable.name);
        if (variable.name != name) continue;
        debugger.select({.kind = Selection::Kind::variable,
                         .graph = graph.id(),
                         .node = variable.op,
                         .variable = variable.id,
                         .scope = {},
                         .statement = {}});
        return fmt::format("selected variable {}", name);
    }
    return unknown_name("variable", name, names);
}

Result<std::string> select_scope(Debugger& debugger, std::string_view path) {
    while (path.ends_with('/')) path.remove_suffix(1);
    const Graph& graph = *debugger.graph();
    const ScopeTree tree(graph);
    if (!tree.find(path).valid()) {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < tree.size(); ++i) names.push_back(tree.scope(ScopeId(i)).path);
        return unknown_name("scope", path, names);
    }
    debugger.select({.kind = Selection::Kind::scope,
                     .graph = graph.id(),
                     .node = {},
                     .variable = {},
                     .scope = std::string(path),
                     .statement = {}});
    return fmt::format("selected scope {}", path);
}

Result<std::string> select_statement(Debugger& debugger, std::string_view argument) {
    const auto line = whole_number(argument);
    const StatementId statement =
        line ? debugger.program().python.statement_at(static_cast<int>(std::min<std::uint64_t>(*line, 1'000'000)))
             : StatementId();
    if (!statement.valid()) return bad_argument(fmt::format("line {} holds no statement", argument));
    debugger.select({.kind = Selection::Kind::statement,
                     .graph = {},
                     .node = {},
                     .variable = {},
                     .scope = {},
                     .statement = statement});
    return fmt::format("selected line {}", *line);
}

Result<std::string> choose_session(Debugger& debugger, std::string_view argument) {
    const auto number = whole_number(argument);
    if (!number || *number < 1 || *number > debugger.recording().sessions())
        return bad_argument(fmt::format("there are {} sessions, numbered from 1", debugger.recording().sessions()));
    const SessionId session(static_cast<std::size_t>(*number) - 1);
    debugger.choose_session(session);
    return session_text(session);
}

} // namespace rnnscope::debug
