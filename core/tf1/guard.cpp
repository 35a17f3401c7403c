#include "core/tf1/control_flow.hpp"
#include "core/tf1/op_call.hpp"
#include "core/tf1/variables.hpp"

#include <algorithm>
#include <array>
#include <string_view>

/// variables._try_guard_against_uninitialized_dependencies of 1.15. Python recurses over the graph; graphs are of any
/// depth, so here it is a walk with a stack, in the same order.
namespace rnnscope::tf1 {

namespace {

/// variables._has_cycle: is there a loop among what the op depends on?
bool has_cycle(const Graph& graph, NodeId root) {
    enum class Mark : char { unseen, started, finished };
    std::vector<Mark> marks(graph.size(), Mark::unseen);
    struct Frame {
        NodeId op;
        std::size_t next = 0;
    };
    std::vector<Frame> stack{{root}};
    marks[root.index()] = Mark::started;
    while (!stack.empty()) {
        Frame& frame = stack.back();
        const Node& node = graph.node(frame.op);
        const std::size_t inputs = node.inputs.size();
        if (frame.next == inputs + node.control_inputs.size()) {
            marks[frame.op.index()] = Mark::finished;
            stack.pop_back();
            continue;
        }
        const NodeId next =
            frame.next < inputs ? node.inputs[frame.next].node : node.control_inputs[frame.next - inputs];
        ++frame.next;
        if (marks[next.index()] == Mark::started) return true;
        if (marks[next.index()] == Mark::finished) continue;
        marks[next.index()] = Mark::started;
        stack.push_back({next});
    }
    return false;
}

bool is_one_of(std::string_view op, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), op) != names.end();
}

/// variables._find_initialized_value_for_variable: only of variables that are in one of the two collections.
std::optional<NodeId> initialized_value_of(GraphState& state, NodeId op) {
    const std::string name = state.graph.node(op).name;
    for (const std::string_view key : {"variables", "local_variables"})
        for (const VariableId id : collection_variables(state, key))
            if (state.graph.variable(id).name == name) return initialized_value(state, id).node;
    return std::nullopt;
}

/// _safe_initial_value_from_op with its inputs already replaced: the op itself, or a clone on the new inputs.
NodeId with_inputs(GraphState& state, const std::string& name, NodeId op, std::vector<Output> inputs) {
    const Node& node = state.graph.node(op);
    if (inputs == node.inputs) return op;
    std::string clone = node.name + "_" + name;
    std::replace(clone.begin(), clone.end(), ':', '_');
    return state.create_op(
        {node.op == "RefSwitch" ? "Switch" : node.op, std::move(inputs), node.attrs, std::move(clone)});
}

} // namespace

Output guard_initial_value(GraphState& state, const std::string& name, Output initial_value) {
    if (has_cycle(state.graph, initial_value.node)) return initial_value;
    std::unordered_map<NodeId, NodeId> replaced;
    struct Frame {
        NodeId op;
        std::size_t next = 0;
    };
    std::vector<Frame> stack{{initial_value.node}};
    while (!stack.empty()) {
        Frame& frame = stack.back();
        const NodeId op = frame.op;
        const Node& node = state.graph.node(op);
        if (is_one_of(node.op, {"IsVariableInitialized", "VarIsInitializedOp", "ReadVariableOp", "If"})) {
            replaced[op] = op;
            stack.pop_back();
            continue;
        }
        if (is_one_of(node.op, {"Variable", "VariableV2", "VarHandleOp"})) {
            replaced[op] = initialized_value_of(state, op).value_or(op);
            stack.pop_back();
            continue;
        }
        if (frame.next < node.inputs.size()) {
            const NodeId next = node.inputs[frame.next++].node;
            if (replaced.count(next) == 0) stack.push_back({next});
            continue;
        }
        std::vector<Output> inputs;
        for (const Output input : node.inputs) inputs.push_back({replaced.at(input.node), input.index});
        replaced[op] = with_inputs(state, name, op, std::move(inputs));
        stack.pop_back();
    }
    return Output{replaced.at(initial_value.node), initial_value.index};
}

Output initialized_value(GraphState& state, VariableId id) {
    const InitScope lifted(state);
    const Value initialized = wrap(state, is_variable_initialized(state, id));
    const Value value = cond(
        state, initialized, [&] { return wrap(state, read_value(state, id)); },
        [&] { return wrap(state, state.graph.variable(id).initial_value); });
    return value.as<TensorValue>()->output;
}

} // namespace rnnscope::tf1
