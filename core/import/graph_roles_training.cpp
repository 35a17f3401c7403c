#include "core/import/role_finder.hpp"

#include <algorithm>

namespace rnnscope::roles {
namespace {

constexpr std::size_t most_candidates = 64; ///< scalars that are looked at for one loss

/// The 1 with which tf.gradients begins: Fill(Shape(loss), 1), a scalar.
bool is_seed(const Facts& facts, const Node& node) {
    if (node.op != "Fill" && node.op != "OnesLike") return false;
    const OutputInfo& info = node.outputs[0];
    return info.shape.is_scalar() && facts.is_float({node.id, 0}) && facts.flow.constant({node.id, 0}) == 1.0;
}

/// All that the inputs of `nodes` are computed from.
std::vector<bool> ancestors(const Graph& graph, std::vector<NodeId> nodes) {
    std::vector<bool> result(graph.size(), false);
    while (!nodes.empty()) {
        const NodeId at = nodes.back();
        nodes.pop_back();
        for (const Output& input : graph.node(at).inputs)
            if (!result[input.node.index()]) {
                result[input.node.index()] = true;
                nodes.push_back(input.node);
            }
    }
    return result;
}

/// How many of `variables` a tensor depends on in a way that has a gradient: through floats, and what holds them.
std::size_t reached(const Facts& facts, Output from, const std::set<NodeId>& variables) {
    std::vector<bool> seen(facts.graph.size(), false);
    std::vector<NodeId> waiting = {from.node};
    seen[from.node.index()] = true;
    std::size_t count = 0;
    while (!waiting.empty()) {
        const Node& node = facts.graph.node(waiting.back());
        waiting.pop_back();
        if (variables.contains(node.id)) ++count;
        if (node.op == "StopGradient" || is_assign(node.op)) continue;
        for (const Output& input : node.inputs) {
            const DType dtype = facts.graph.info(input).dtype;
            const bool carries = facts.is_float(input) || dtype == DType::resource || dtype == DType::invalid;
            if (!carries || seen[input.node.index()]) continue;
            seen[input.node.index()] = true;
            waiting.push_back(input.node);
        }
    }
    return count;
}

bool may_be_loss(const Facts& facts, const Node& node) {
    if (node.outputs.empty() || node.inputs.empty()) return false;
    if (const Shape& shape = node.outputs[0].shape; shape.has_rank() && !shape.is_scalar()) return false;
    if (!facts.is_float({node.id, 0}) || node.outputs[0].is_ref) return false;
    if (facts.roles.is_gradient[node.id.index()] || facts.roles.loops.frame_of[node.id.index()] >= 0) return false;
    if (node.op.starts_with("Placeholder") || facts.flow.parameter({node.id, 0})) return false;
    // Nor is what is only computed to update a running mean.
    const auto users = facts.flow.users(node.id);
    const auto updates = [&](NodeId id) { return facts.graph.node(id).op.starts_with("Assign"); };
    if (!users.empty() && std::ranges::all_of(users, updates)) return false;
    // Copies of the loss are not it.
    return node.op != "Identity" && node.op != "Assign" && !is_apply(node.op) && !node.op.starts_with("TensorArray");
}

/// A scalar from before the gradients that depends on most of what is trained; the last of those, because a sum with
/// its regularizers comes after it.
Output find_loss(const Facts& facts, const std::vector<NodeId>& applies, const std::set<NodeId>& variables) {
    const std::vector<bool> used = ancestors(facts.graph, applies);
    std::size_t first = facts.graph.size(); // of this optimizer's gradients
    for (std::size_t i = facts.graph.size(); i-- > 0;)
        if (used[i] && facts.roles.is_gradient[i]) first = i;
    Output best;
    std::size_t most = 0, looked_at = 0;
    for (std::size_t i = first; i-- > 0 && looked_at < most_candidates;) {
        const Node& node = facts.graph.node(NodeId(i));
        if (!may_be_loss(facts, node)) continue;
        ++looked_at;
        if (const std::size_t count = reached(facts, {node.id, 0}, variables); count > most) {
            most = count;
            best = {node.id, 0};
        }
    }
    return best;
}

std::string optimizer_of(std::string op) {
    for (const std::string_view part : {"Resource", "Sparse", "Apply"})
        if (op.starts_with(part)) op.erase(0, part.size());
    return op;
}

TrainRole train_role(const Facts& facts, NodeId op, const std::vector<NodeId>& applies) {
    TrainRole role;
    role.op = role.update = op;
    role.optimizer = optimizer_of(facts.graph.node(applies[0]).op);
    std::set<NodeId> variables;
    for (const NodeId apply : applies) {
        const Node& node = facts.graph.node(apply);
        if (node.inputs.empty()) continue;
        if (const NodeId variable = facts.variable_of(node.inputs[0]); variable.valid()) variables.insert(variable);
    }
    role.variables.assign(variables.begin(), variables.end());
    // apply_gradients(global_step=...) counts the step when the updates are done: AssignAdd or the 1 that it adds
    // waits.
    std::vector<NodeId> next = facts.waiters[op.index()];
    for (const NodeId waiter : facts.waiters[op.index()])
        if (facts.graph.node(waiter).op == "Const") {
            const auto users = facts.flow.users(waiter);
            next.insert(next.end(), users.begin(), users.end());
        }
    for (const NodeId id : next) {
        const Node& node = facts.graph.node(id);
        if ((node.op != "AssignAdd" && node.op != "AssignAddVariableOp") || node.inputs.empty()) continue;
        role.op = id;
        role.global_step = facts.variable_of(node.inputs[0]);
        break;
    }
    role.loss = find_loss(facts, applies, variables);
    return role;
}

} // namespace

void find_gradients(Facts& facts) {
    std::vector<bool>& result = facts.roles.is_gradient;
    result.assign(facts.graph.size(), false);
    std::vector<NodeId> applies, waiting;
    for (const Node& node : facts.graph.nodes())
        if (is_apply(node.op)) applies.push_back(node.id);
    const std::vector<bool> used = ancestors(facts.graph, applies);
    for (const Node& node : facts.graph.nodes()) {
        // Seeds of gradients that no optimizer uses are told by the ops that only gradients have.
        const bool begins =
            node.op.ends_with("Grad") || (used[node.id.index()] && !node.outputs.empty() && is_seed(facts, node));
        if (!begins) continue;
        result[node.id.index()] = true;
        waiting.push_back(node.id);
    }
    while (!waiting.empty()) {
        const NodeId at = waiting.back();
        waiting.pop_back();
        for (const NodeId user : facts.flow.users(at)) {
            if (result[user.index()] || is_apply(facts.graph.node(user).op)) continue;
            result[user.index()] = true;
            waiting.push_back(user);
        }
    }
}

void find_trains(Facts& facts) {
    std::vector<bool> is_grouped(facts.graph.size(), false);
    for (const Node& node : facts.graph.nodes()) {
        if (node.op != "NoOp") continue;
        std::vector<NodeId> applies;
        for (const NodeId control : node.control_inputs)
            if (is_apply(facts.graph.node(control).op)) applies.push_back(control);
        if (applies.empty()) continue;
        for (const NodeId apply : applies) is_grouped[apply.index()] = true;
        facts.roles.trains.push_back(train_role(facts, node.id, applies));
    }
    for (const Node& node : facts.graph.nodes())
        if (is_apply(node.op) && !is_grouped[node.id.index()])
            facts.roles.trains.push_back(train_role(facts, node.id, {node.id}));
    std::ranges::stable_sort(facts.roles.trains, {}, &TrainRole::op);
}

} // namespace rnnscope::roles
