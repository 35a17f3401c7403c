#include "core/view/graph_scene.hpp"

#include <algorithm>
#include <cctype>
#include <deque>
#include <map>

namespace rnnscope::view {
namespace {

bool passes_through(const Node& node) {
    return node.op == "Identity" || node.op == "Enter" || node.op == "RefEnter" || node.op == "Switch" ||
           node.op == "RefSwitch" || node.op == "Merge" || node.op == "RefIdentity" || node.op == "ReadVariableOp";
}

/// Of a trace: also what leads out of a loop, or on to its next time step.
bool costs_nothing(const Node& node) {
    return passes_through(node) || node.op == "Exit" || node.op == "NextIteration";
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

std::vector<NodeId> way_to_read(const Graph& graph, NodeId variable, NodeId read) {
    std::vector<NodeId> todo{read};
    std::map<NodeId, NodeId> next;
    for (std::size_t i = 0; i < todo.size(); ++i) {
        if (todo[i] == variable) {
            std::vector<NodeId> way{variable};
            while (way.back() != read) way.push_back(next.at(way.back()));
            return way;
        }
        if (todo[i] != read && !passes_through(graph.node(todo[i]))) continue;
        for (const Output& input : graph.node(todo[i]).inputs)
            if (input.node != read && next.emplace(input.node, todo[i]).second) todo.push_back(input.node);
    }
    return {};
}

std::vector<TraceDistance> trace_nodes(const Graph& graph, std::span<const NodeId> from, TraceWay way,
                                       std::size_t nodes) {
    if (way == TraceWay::none) return {};
    std::vector<TraceDistance> distance(nodes, off_trace);
    std::deque<NodeId> todo; // ascending distances, of which there are never more than two
    for (const NodeId node : from) {
        if (!node.valid() || node.index() >= nodes) continue;
        distance[node.index()] = 0;
        todo.push_back(node);
    }
    if (todo.empty()) return {};
    const auto reach = [&](NodeId at, NodeId other) {
        if (other.index() >= nodes) return;
        const bool is_free = costs_nothing(graph.node(other));
        const auto far = static_cast<TraceDistance>(std::min(distance[at.index()] + (is_free ? 0 : 1), off_trace - 1));
        if (far >= distance[other.index()]) return;
        distance[other.index()] = far;
        if (is_free)
            todo.push_front(other);
        else
            todo.push_back(other);
    };
    const auto is_back = [&](NodeId source, NodeId user) {
        return graph.node(source).op == "NextIteration" && graph.node(user).op == "Merge";
    };
    while (!todo.empty()) {
        const NodeId at = todo.front();
        todo.pop_front();
        if (way == TraceWay::outputs) {
            for (const NodeId user : graph.consumers(at))
                if (!is_back(at, user)) reach(at, user);
            continue;
        }
        for (const Output& input : graph.node(at).inputs)
            if (!is_back(input.node, at)) reach(at, input.node);
        for (const NodeId control : graph.node(at).control_inputs) reach(at, control);
    }
    return distance;
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
