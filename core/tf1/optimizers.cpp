#include "core/tf1/optimizers.hpp"

#include "core/tf1/array_ops.hpp"
#include "core/tf1/initializers.hpp"
#include "core/tf1/nest.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/variable_scope.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// Python's `[str(v) for v in variables]`, printed.
std::string variable_list(GraphState& state, const std::vector<GradAndVar>& grads) {
    std::vector<Value> texts;
    for (const auto& [grad, variable] : grads) texts.emplace_back(str(Value(variable)));
    static_cast<void>(state);
    return repr(Value::list(std::move(texts)));
}

void check_dtype(GraphState& state, const Value& tensor) {
    const Output output = to_tensor(state, tensor);
    const DType dtype = state.graph.info(output).dtype;
    if (is_floating(dtype)) return;
    raise("ValueError", fmt::format("Invalid type {} for {}, expected: ['float32', 'float64', 'float16', 'bfloat16', "
                                    "'complex64', 'complex128'].",
                                    repr(Value(dtype)), state.graph.tensor_name(output)));
}

} // namespace

Optimizer::Optimizer(std::string class_name, std::string name, bool use_locking)
    : class_name_(std::move(class_name)), name_(std::move(name)), use_locking_(use_locking) {
    if (name_.empty()) raise("ValueError", "Must specify the optimizer name");
}

std::string Optimizer::repr() const {
    return fmt::format("<tensorflow.python.training.{} object>", class_name_);
}

std::vector<GradAndVar> Optimizer::compute_gradients(GraphState& state, const ComputeArgs& args) const {
    if (args.gate_gradients < 0 || args.gate_gradients > 2)
        raise("ValueError", fmt::format("gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, "
                                        "Optimizer.GATE_GRAPH.  Not {}",
                                        args.gate_gradients));
    check_dtype(state, args.loss);
    if (!args.grad_loss.is_none()) check_dtype(state, args.grad_loss);
    std::vector<VariableValue> variables;
    if (args.var_list.is_none()) {
        for (const char* key : {"trainable_variables", "trainable_resource_variables"})
            for (const VariableId id : collection_variables(state, key)) variables.push_back({&state, id});
    } else {
        for (const Value& item : nest::flatten(args.var_list)) {
            const auto* variable = item.as<VariableValue>();
            if (variable == nullptr)
                raise("NotImplementedError", "('Trying to optimize unsupported type ', " + tf1::repr(item) + ")");
            variables.push_back(*variable);
        }
    }
    if (variables.empty()) raise("ValueError", "No variables to optimize.");
    GradientsArgs gradients_args;
    gradients_args.ys = {args.loss};
    for (const VariableValue& variable : variables) gradients_args.xs.emplace_back(variable);
    if (!args.grad_loss.is_none()) gradients_args.grad_ys = {args.grad_loss};
    gradients_args.gate_gradients = args.gate_gradients == static_cast<std::int64_t>(Gate::op);
    gradients_args.aggregation_method = args.aggregation_method;
    gradients_args.colocate_gradients_with_ops = args.colocate_gradients_with_ops;
    std::vector<Gradient> grads = gradients(state, gradients_args);
    if (args.gate_gradients == static_cast<std::int64_t>(Gate::graph)) grads = gate(state, grads);
    std::vector<GradAndVar> result;
    for (std::size_t i = 0; i < variables.size(); ++i) result.emplace_back(grads[i], variables[i]);
    return result;
}

NodeId Optimizer::update(GraphState& state, VariableId variable, const Gradient& grad) {
    if (const auto* slices = std::get_if<IndexedSlices>(&grad)) return apply_rows(state, variable, *slices);
    return apply_dense(state, variable, std::get<Output>(grad));
}

NodeId Optimizer::apply_sparse(GraphState& state, VariableId variable, const IndexedSlices&) {
    // The dense gradient would train alike, in another graph than TensorFlow's.
    raise("NotImplementedError", fmt::format("{} cannot apply the gradient of rows of {} yet", class_name_,
                                             state.graph.variable(variable).name));
}

/// _deduplicate_indexed_slices
NodeId Optimizer::apply_rows(GraphState& state, VariableId variable, const IndexedSlices& grad) {
    const NodeId unique = call_op(state, "Unique", {wrap(state, grad.indices)}, {{"out_idx", DType::int32}});
    const Value rows = wrap(state, Output{unique, 0}), positions = wrap(state, Output{unique, 1});
    const Value shape = wrap(state, shape_of(state, rows));
    const Value count = wrap(state, strided_slice(state, shape, Value(0)));
    const Output sums = op_output(state, "UnsortedSegmentSum", {wrap(state, grad.values), positions, count});
    return apply_sparse(state, variable, {sums, Output{unique, 0}, grad.dense_shape});
}

NodeId Optimizer::finish(GraphState& state, const std::vector<NodeId>& updates, const std::string& scope) {
    return group(state, updates, scope);
}

Value Optimizer::apply_gradients(GraphState& state, const std::vector<GradAndVar>& grads, const Value& global_step,
                                 const std::string& name) {
    if (grads.empty()) raise("ValueError", "No variables provided.");
    std::vector<VariableId> variables;
    for (const auto& [grad, variable] : grads)
        if (!is_none(grad)) variables.push_back(variable.id);
    if (variables.empty())
        raise("ValueError", fmt::format("No gradients provided for any variable: {}.", variable_list(state, grads)));
    {
        const InitScope lifted(state);
        create_slots(state, variables);
    }
    const NameScope scope(state, name.empty() ? name_ : name);
    prepare(state);
    std::vector<NodeId> updates;
    for (const auto& [grad, variable] : grads) {
        if (is_none(grad)) continue;
        const Variable& target = state.graph.variable(variable.id);
        const NameScope update_scope(state, "update_" + target.name);
        const ColocateScope beside(state, target.op);
        updates.push_back(update(state, variable.id, grad));
    }
    NodeId done;
    Value result;
    if (global_step.is_none()) {
        done = finish(state, updates, scope.scope());
        result = OperationValue{&state, done};
    } else {
        const auto* step = global_step.as<VariableValue>();
        if (step == nullptr) raise("TypeError", "global_step must be a variable: " + str(global_step));
        const ControlDependenciesScope after(state, {finish(state, updates, "update")});
        const Variable& variable = state.graph.variable(step->id);
        const ColocateScope beside(state, variable.op);
        if (variable.is_resource) {
            const Value one = wrap(state, state.constant(make_tensor(Value(1), variable.dtype)));
            done = call_op(state, "AssignAddVariableOp", {buffer(state, step->id), one}, {{"dtype", variable.dtype}},
                           scope.scope());
            result = OperationValue{&state, done};
        } else {
            const Output added = assign(state, step->id, Value(1), "AssignAdd", scope.scope());
            done = added.node;
            result = wrap(state, added);
        }
    }
    const auto train_ops = state.graph.collection("train_op");
    const bool is_known = std::any_of(train_ops.begin(), train_ops.end(), [&](const CollectionItem& item) {
        const auto* op = std::get_if<NodeId>(&item);
        return op != nullptr && *op == done;
    });
    if (!is_known) state.graph.add_to_collection("train_op", done);
    return result;
}

Value Optimizer::minimize(GraphState& state, const ComputeArgs& args, const Value& global_step,
                          const std::string& name) {
    const std::vector<GradAndVar> grads = compute_gradients(state, args);
    if (std::all_of(grads.begin(), grads.end(), [](const GradAndVar& pair) { return is_none(pair.first); }))
        raise("ValueError",
              fmt::format("No gradients provided for any variable, check your graph for ops that do not support "
                          "gradients, between variables {} and loss {}.",
                          variable_list(state, grads), str(args.loss)));
    return apply_gradients(state, grads, global_step, name);
}

// --- slots ----------------------------------------------------------------------------------------------------

VariableId Optimizer::make_slot(GraphState& state, VariableId id, const std::string& slot_name,
                                const Value& initializer) {
    auto known =
        std::find_if(slots_.begin(), slots_.end(), [&](const auto& entry) { return entry.first == slot_name; });
    if (known == slots_.end()) known = slots_.insert(slots_.end(), {slot_name, {}});
    const auto index = known - slots_.begin();
    if (const auto found = known->second.find(id); found != known->second.end()) return found->second;
    const Variable variable = state.graph.variable(id);
    // slot_creator.create_slot_with_initializer
    VariableScopeArgs scope_args;
    scope_args.default_name = variable.name + "/" + name_;
    const VariableScopeEntry scope(state, scope_args);
    const ColocateScope beside(state, variable.op);
    GetVariableArgs args;
    args.shape = variable.shape;
    args.dtype = variable.dtype;
    args.initializer = initializer;
    args.trainable = false;
    args.use_resource = variable.is_resource;
    const VariableId slot = get_variable(state, std::move(args)).id;
    slots_[static_cast<std::size_t>(index)].second[id] = slot;
    return slot;
}

VariableId Optimizer::zeros_slot(GraphState& state, VariableId variable, const std::string& slot_name) {
    return make_slot(state, variable, slot_name, zeros_initializer(state.graph.variable(variable).dtype));
}

VariableId Optimizer::make_non_slot(GraphState& state, const Value& value, const std::string& name, VariableId beside) {
    const auto key = std::pair(name, static_cast<const GraphState*>(&state));
    if (const auto found = non_slots_.find(key); found != non_slots_.end()) return found->second;
    const Variable& neighbour = state.graph.variable(beside);
    const ColocateScope together(state, neighbour.op);
    NewVariable args;
    args.initial_value = value;
    args.name = name;
    args.trainable = false;
    args.use_resource = neighbour.is_resource;
    const VariableId id = make_variable(state, std::move(args)).id;
    non_slots_[key] = id;
    return id;
}

std::vector<std::string> Optimizer::slot_names() const {
    std::vector<std::string> names;
    for (const auto& [name, slots] : slots_) names.push_back(name);
    std::sort(names.begin(), names.end());
    return names;
}

std::optional<VariableId> Optimizer::slot(VariableId variable, std::string_view slot_name) const {
    for (const auto& [name, slots] : slots_) {
        if (name != slot_name) continue;
        if (const auto found = slots.find(variable); found != slots.end()) return found->second;
    }
    return std::nullopt;
}

std::vector<VariableValue> Optimizer::variables(GraphState& state) const {
    std::vector<VariableId> ids;
    for (const auto& [key, id] : non_slots_)
        if (key.second == &state) ids.push_back(id);
    for (const auto& [name, slots] : slots_)
        for (const auto& [variable, id] : slots) ids.push_back(id);
    std::sort(ids.begin(), ids.end(),
              [&](VariableId a, VariableId b) { return state.graph.variable(a).name < state.graph.variable(b).name; });
    std::vector<VariableValue> result;
    for (const VariableId id : ids) result.push_back({&state, id});
    return result;
}

// --- for the optimizers ---------------------------------------------------------------------------------------

Output Optimizer::hyperparameter(GraphState& state, const Value& number, std::string_view name) const {
    return to_tensor(state, number, DType::invalid, std::string(name));
}

Value Optimizer::buffer(GraphState& state, VariableId id) {
    return wrap(state, Output{state.graph.variable(id).op, 0});
}

Value Optimizer::as_type_of(GraphState& state, VariableId variable, const Value& value) const {
    const DType dtype = state.graph.variable(variable).dtype;
    // A resource variable of the same type is read by the op that it is given to.
    if (const auto* source = value.as<VariableValue>()) {
        const Variable& read = state.graph.variable(source->id);
        if (read.is_resource && read.dtype == dtype) return value;
    }
    return wrap(state, cast(state, value, dtype));
}

NodeId Optimizer::call_apply(GraphState& state, std::string_view op, VariableId variable,
                             const std::vector<Value>& inputs, AttrMap attrs) const {
    attrs["use_locking"] = use_locking_;
    const bool is_resource = state.graph.variable(variable).is_resource;
    return call_op(state, is_resource ? "Resource" + std::string(op) : std::string(op), inputs, std::move(attrs));
}

std::vector<GradAndVar> grads_and_vars_of(GraphState& state, const Value& list) {
    const std::vector<Value>* items = items_of(list);
    if (items == nullptr) raise("TypeError", fmt::format("'{}' object is not iterable", python_type_name(list)));
    std::vector<GradAndVar> result;
    for (const Value& item : *items) {
        const std::vector<Value>* pair = items_of(item);
        if (pair == nullptr || pair->size() != 2)
            raise("TypeError", fmt::format("cannot unpack non-iterable {} object", python_type_name(item)));
        const auto* variable = (*pair)[1].as<VariableValue>();
        if (variable == nullptr)
            raise("NotImplementedError", "('Trying to optimize unsupported type ', " + repr((*pair)[1]) + ")");
        try {
            result.emplace_back(to_gradient(state, (*pair)[0]), *variable);
        } catch (const PythonError& error) {
            if (error.type != "TypeError") throw;
            raise("TypeError", fmt::format("Gradient must be convertible to a Tensor or IndexedSlices, or None: {}",
                                           str((*pair)[0])));
        }
    }
    return result;
}

} // namespace rnnscope::tf1
