#include "core/view/coverage.hpp"

#include "core/base/suggest.hpp"
#include "core/view/common.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rnnscope::view {

namespace {

constexpr std::string_view all_variables = "variables";

/// Everything that runs when `op` does.
std::vector<bool> run_with(const Graph& graph, NodeId op) {
    std::vector<bool> runs(graph.size(), false);
    std::vector<NodeId> waiting = {op};
    runs[op.index()] = true;
    const auto add = [&](NodeId id) {
        if (runs[id.index()]) return;
        runs[id.index()] = true;
        waiting.push_back(id);
    };
    while (!waiting.empty()) {
        const Node& node = graph.node(waiting.back());
        waiting.pop_back();
        for (const Output& input : node.inputs) add(input.node);
        for (const NodeId control : node.control_inputs) add(control);
    }
    return runs;
}

void take_items(Coverage& coverage, std::span<const CollectionItem> items) {
    for (const CollectionItem& item : items)
        if (const auto* id = std::get_if<VariableId>(&item)) coverage.hits[id->index()] = true;
}

void take_collection(Coverage& coverage, const Graph& graph, std::string_view key, std::string_view scope,
                     bool has_scope) {
    if (!has_scope) return take_items(coverage, graph.collection(key));
    const auto items = graph.collection(key, scope);
    if (items)
        take_items(coverage, *items);
    else
        coverage.problem = items.error().message;
}

bool has_variables(std::span<const CollectionItem> items) {
    return std::ranges::any_of(items,
                               [](const CollectionItem& item) { return std::holds_alternative<VariableId>(item); });
}

} // namespace

Coverage coverage_of(const debug::Debugger& debugger, std::string_view text) {
    Coverage coverage;
    coverage.what = text;
    const Graph* graph = debugger.is_open() ? debugger.graph() : nullptr;
    if (!graph) {
        coverage.problem = "nothing was built yet";
        return coverage;
    }
    coverage.hits.assign(graph->variables().size(), false);
    const std::size_t at = text.find("scope=");
    const bool has_scope = at == 0 || (at != std::string_view::npos && text[at - 1] == ' ');
    if (has_scope) {
        std::string_view key = text.substr(0, at);
        while (key.ends_with(' ')) key.remove_suffix(1);
        take_collection(coverage, *graph, key.empty() ? all_variables : key, text.substr(at + 6), true);
    } else if (graph->collections().contains(text)) {
        take_collection(coverage, *graph, text, {}, false);
    } else if (const NodeId op = graph->find(text); op.valid() && op.index() < debugger.visible_nodes()) {
        const std::vector<bool> runs = run_with(*graph, op);
        for (const Variable& variable : graph->variables())
            coverage.hits[variable.id.index()] = variable.initializer.valid() && runs[variable.initializer.index()];
    } else {
        const std::string near = nearest(text, coverage_choices(debugger));
        coverage.problem = fmt::format("there is no op or collection \"{}\"", text);
        if (!near.empty()) coverage.problem += fmt::format("; did you mean {}?", near);
    }
    for (const VariableId id : visible_variables(debugger)) {
        ++coverage.of;
        coverage.count += coverage.hits[id.index()];
    }
    return coverage;
}

std::string to_text(const Coverage& coverage) {
    if (!coverage.problem.empty()) return coverage.problem;
    return fmt::format("{} takes in {} of {}", coverage.what, coverage.count, coverage.of);
}

std::vector<std::string> coverage_choices(const debug::Debugger& debugger) {
    std::vector<std::string> choices;
    if (!debugger.is_open() || debugger.graph() == nullptr || debugger.visible_nodes() == 0) return choices;
    const Graph& graph = *debugger.graph();
    for (const InitRole& init : debugger.graph_roles().inits)
        if (init.op.index() < debugger.visible_nodes()) choices.push_back(graph.node(init.op).name);
    // An init op that was built before there were variables is a bare NoOp, and no role of the graph.
    for (std::size_t i = 0; i < debugger.visible_nodes() && choices.size() < 50; ++i) {
        const Node& node = graph.node(NodeId(i));
        const bool is_bare =
            node.op == "NoOp" && node.control_inputs.empty() && node.name.find('/') == std::string::npos;
        if (is_bare && std::ranges::find(choices, node.name) == choices.end()) choices.push_back(node.name);
    }
    for (const auto& [key, items] : graph.collections())
        if (has_variables(items)) choices.push_back(key);
    return choices;
}

} // namespace rnnscope::view
