#include "core/import/graph_roles.hpp"

#include "core/import/role_finder.hpp"

#include <algorithm>
#include <map>

namespace rnnscope::roles {

bool is_variable(std::string_view op) {
    return op == "VariableV2" || op == "Variable" || op == "VarHandleOp";
}
bool is_assign(std::string_view op) {
    return op == "Assign" || op == "AssignVariableOp";
}
bool is_apply(std::string_view op) {
    for (const std::string_view prefix : {"Apply", "ResourceApply", "SparseApply", "ResourceSparseApply"})
        if (op.starts_with(prefix)) return true;
    return false;
}
bool is_summary(std::string_view op) {
    return op.ends_with("Summary") || op.ends_with("SummaryV2");
}

Facts::Facts(const Graph& g) : graph(g), flow(g), waiters(g.size()) {
    for (const Node& node : g.nodes())
        for (const NodeId control : node.control_inputs) waiters[control.index()].push_back(node.id);
}

NodeId Facts::variable_of(Output output) const {
    const auto parameter = flow.parameter(output);
    if (!parameter || !is_variable(graph.node(parameter->source.node).op)) return {};
    return parameter->source.node;
}

std::vector<NodeId> Facts::effects(NodeId group) const {
    std::set<NodeId> seen = {group}, result;
    std::vector<NodeId> waiting = {group};
    while (!waiting.empty()) {
        const Node& node = graph.node(waiting.back());
        waiting.pop_back();
        for (const NodeId control : node.control_inputs) {
            if (!seen.insert(control).second) continue;
            if (graph.node(control).op == "NoOp")
                waiting.push_back(control);
            else
                result.insert(control);
        }
    }
    return {result.begin(), result.end()};
}

bool Facts::is_float(Output output) const {
    const DType dtype = graph.info(output).dtype;
    return dtype == DType::float32 || dtype == DType::float64 || dtype == DType::half || dtype == DType::bfloat16;
}

namespace {

/// Without a declared rank, the ops that use a placeholder say what they take.
Shape shape_from_uses(const Facts& facts, Output output) {
    for (const NodeId id : facts.flow.users(output.node)) {
        const Node& user = facts.graph.node(id);
        if (user.op == "MatMul" && user.inputs[0] == output)
            if (const auto weight = facts.flow.parameter(user.inputs[1])) {
                const Shape shape = parameter_shape(facts.graph, weight->source);
                return {1, shape.has_rank() && shape.rank() == 2 ? std::max<std::int64_t>(shape.dim(0), 1) : 1};
            }
        if (user.op == "MatMul") return {1, 1};
        if (user.op == "Conv2D" && user.inputs[0] == output) return {1, 1, 1, 1};
        if (user.op == "Transpose" && user.inputs[0] == output) {
            const Shape& perm = facts.graph.info(user.inputs[1]).shape;
            if (perm.has_rank() && perm.rank() == 1 && perm.dim(0) > 0 && perm.dim(0) < 8)
                return Shape(std::vector<std::int64_t>(static_cast<std::size_t>(perm.dim(0)), 1));
        }
    }
    return {};
}

bool is_restored(const Facts& facts, const Node& assign) {
    if (assign.inputs.size() < 2) return false;
    Output value = assign.inputs[1];
    for (int i = 0; i < 4; ++i) {
        const Node& node = facts.flow.node(value);
        if (node.op.starts_with("Restore")) return true;
        if ((node.op != "Identity" && node.op != "Reshape" && node.op != "Cast") || node.inputs.empty()) return false;
        value = node.inputs[0];
    }
    return false;
}

bool is_initializer(const Facts& facts, const Node& node) {
    if (!is_assign(node.op) || node.inputs.empty()) return false;
    const Variable* variable = facts.graph.variable_of(facts.variable_of(node.inputs[0]));
    return variable != nullptr && variable->initializer == node.id && !is_restored(facts, node);
}

/// The tensor that is fed with a checkpoint's name: behind ShardedFilename and what composes the name.
Output filename_of(const Facts& facts, Output output) {
    for (int i = 0; i < 16; ++i) {
        const Node& node = facts.flow.node(output);
        const bool passes = node.op == "ShardedFilename" || node.op == "StringJoin" || node.op == "Identity";
        if (!passes || node.inputs.empty()) break;
        output = node.inputs[0];
    }
    return output;
}

/// The Identity that waits for `op`, which is what a saver fetches.
Output fetched_after(const Facts& facts, NodeId op) {
    for (const NodeId id : facts.waiters[op.index()])
        if (facts.graph.node(id).op == "Identity") return {id, 0};
    return {};
}

void add_saved(const Facts& facts, SaverRole& saver, const Node& save) {
    std::set<NodeId> variables(saver.variables.begin(), saver.variables.end());
    for (std::size_t i = 3; i < save.inputs.size(); ++i)
        if (const NodeId variable = facts.variable_of(save.inputs[i]); variable.valid()) variables.insert(variable);
    saver.variables.assign(variables.begin(), variables.end());
    if (!saver.save_tensor.valid()) saver.save_tensor = fetched_after(facts, save.id);
}

} // namespace

void find_inputs(Facts& facts) {
    for (const Node& node : facts.graph.nodes()) {
        if (!node.op.starts_with("Placeholder") || node.outputs.empty()) continue;
        InputRole role;
        role.node = node.id;
        role.has_default = node.op == "PlaceholderWithDefault";
        role.shape = node.outputs[0].shape;
        role.is_guess = !role.shape.has_rank();
        std::vector<std::int64_t> dims(role.shape.dims().begin(), role.shape.dims().end());
        for (std::int64_t& dim : dims) dim = std::max<std::int64_t>(dim, dim < 0 ? 1 : 0);
        role.proposed = role.is_guess ? shape_from_uses(facts, {node.id, 0}) : Shape(std::move(dims));
        facts.roles.inputs.push_back(std::move(role));
    }
}

void find_inits(Facts& facts) {
    std::set<std::vector<NodeId>> known; // a group of one group adds nothing
    for (const Node& node : facts.graph.nodes()) {
        if (node.op != "NoOp" || node.control_inputs.empty()) continue;
        InitRole role;
        role.op = node.id;
        bool is_init = true;
        std::set<NodeId> variables;
        for (const NodeId id : facts.effects(node.id)) {
            const Node& effect = facts.graph.node(id);
            if (is_initializer(facts, effect))
                variables.insert(facts.variable_of(effect.inputs[0]));
            else if (effect.op.find("Table") != std::string::npos)
                ++role.others;
            else
                is_init = false;
        }
        role.variables.assign(variables.begin(), variables.end());
        if (!is_init || (role.variables.empty() && role.others == 0)) continue;
        if (role.others == 0 && !known.insert(role.variables).second) continue;
        facts.roles.inits.push_back(std::move(role));
    }
    // report_uninitialized_variables packs one answer for each variable and selects names by them.
    for (const Node& node : facts.graph.nodes()) {
        if (node.op != "Pack" || !std::ranges::all_of(node.inputs, [&](Output input) {
                const std::string& op = facts.flow.node(input).op;
                return op == "IsVariableInitialized" || op == "VarIsInitializedOp";
            }))
            continue;
        std::set<NodeId> seen = {node.id};
        std::vector<NodeId> waiting = {node.id};
        while (!waiting.empty() && seen.size() < 64) {
            const NodeId at = waiting.back();
            waiting.pop_back();
            if (facts.flow.users(at).empty() && facts.graph.info({at, 0}).dtype == DType::string)
                facts.roles.uninitialized_reports.push_back({at, 0});
            for (const NodeId user : facts.flow.users(at))
                if (!facts.graph.node(user).outputs.empty() && seen.insert(user).second) waiting.push_back(user);
        }
    }
    std::ranges::sort(facts.roles.uninitialized_reports);
}

void find_savers(Facts& facts) {
    std::map<Output, SaverRole> savers;     // by filename
    std::map<Output, std::size_t> restored; // filename: ops that the best restore op runs
    for (const Node& node : facts.graph.nodes()) {
        if ((node.op == "SaveV2" || node.op == "SaveSlices" || node.op == "Save") && node.inputs.size() >= 3) {
            const Output filename = filename_of(facts, node.inputs[0]);
            savers[filename].filename = filename;
            add_saved(facts, savers[filename], node);
        }
        // A sharded saver is done when the shards are merged.
        if (node.op == "MergeV2Checkpoints" && node.inputs.size() == 2)
            if (const Output fetched = fetched_after(facts, node.id); fetched.valid())
                savers[filename_of(facts, node.inputs[1])].save_tensor = fetched;
        if (node.op != "NoOp") continue;
        const std::vector<NodeId> effects = facts.effects(node.id);
        Output filename;
        for (const NodeId id : effects) {
            const Node& assign = facts.graph.node(id);
            if (!is_assign(assign.op) || !is_restored(facts, assign)) continue;
            Output value = assign.inputs[1];
            while (!facts.flow.node(value).op.starts_with("Restore")) value = facts.flow.node(value).inputs[0];
            if (!facts.flow.node(value).inputs.empty()) filename = filename_of(facts, facts.flow.node(value).inputs[0]);
        }
        // The last of the largest groups is the outermost: restore_all rather than restore_shard.
        if (!filename.valid() || effects.size() < restored[filename]) continue;
        restored[filename] = effects.size();
        savers[filename].filename = filename;
        savers[filename].restore_op = node.id;
    }
    for (auto& [filename, saver] : savers)
        if (saver.filename.valid()) facts.roles.savers.push_back(std::move(saver));
}

void find_summaries(Facts& facts) {
    for (const Node& node : facts.graph.nodes()) {
        if (!is_summary(node.op)) continue;
        SummaryRole role{node.id, "", node.op == "MergeSummary"};
        if (!role.is_merged && !node.inputs.empty()) {
            const auto* tag = facts.flow.node(node.inputs[0]).attr<Tensor>("value");
            if (tag != nullptr && tag->dtype() == DType::string && tag->elements() == 1) role.tag = tag->strings()[0];
        }
        facts.roles.summaries.push_back(std::move(role));
    }
}

} // namespace rnnscope::roles

namespace rnnscope {

GraphRoles graph_roles(const Graph& graph) {
    roles::Facts facts(graph);
    facts.roles.cells = recognize_cells(graph);
    facts.roles.loops = loop_frames(graph);
    roles::find_inputs(facts);
    roles::find_inits(facts);
    roles::find_savers(facts);
    roles::find_summaries(facts);
    roles::find_gradients(facts);
    roles::find_trains(facts);
    roles::find_outputs(facts);
    return std::move(facts.roles);
}

} // namespace rnnscope
