#include "core/view/graph_scene.hpp"

#include <algorithm>
#include <cctype>

namespace rnnscope::view {
namespace {

bool passes_through(const Node& node) {
    return node.op == "Identity" || node.op == "Enter" || node.op == "RefEnter" || node.op == "Switch" ||
           node.op == "RefSwitch" || node.op == "Merge" || node.op == "RefIdentity" || node.op == "ReadVariableOp";
}

} // namespace

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

} // namespace rnnscope::view
