#include "core/tf1/variables.hpp"

#include "core/tf1/array_ops.hpp"
#include "core/tf1/variable_scope.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

std::string without_slash(const std::string& scope) {
    return scope.substr(0, scope.size() - 1);
}

AttrList location(const std::string& name) {
    return attr_list(std::vector<std::string>{"loc:@" + name});
}

std::vector<std::string> collection_keys(const Value& collections, bool trainable) {
    std::vector<std::string> keys;
    if (collections.is_none()) {
        keys.push_back("variables");
    } else {
        const std::vector<Value>* items = items_of(collections);
        if (items == nullptr)
            raise("ValueError",
                  fmt::format("collections argument to Variable constructor must be a list, tuple, or set. Got {} of "
                              "type <class '{}'>",
                              str(collections), python_type_name(collections)));
        for (const Value& item : *items) {
            const std::string key = str(item);
            if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
        }
    }
    if (trainable && std::find(keys.begin(), keys.end(), "trainable_variables") == keys.end())
        keys.push_back("trainable_variables");
    return keys;
}

void check_outside_control_flow(GraphState& state, const std::string& name, Output initial_value) {
    const auto inside = state.context_of.find(initial_value.node);
    if (inside != state.context_of.end() && inside->second != nullptr)
        raise("ValueError",
              fmt::format("Initializer for variable {} is from inside a control-flow construct, such as a loop or "
                          "conditional. When creating a variable inside a loop or conditional, use a lambda as the "
                          "initializer.",
                          name));
}

/// The reading Identity with a caching device: "" is RNN's function that leaves the device as it is.
class CachingDevice {
  public:
    CachingDevice(GraphState& state, const std::string& device) {
        if (!device.empty()) scope_.emplace(state, device);
    }

  private:
    std::optional<DeviceScope> scope_;
};

/// RefVariable._init_from_args.
Variable make_ref(GraphState& state, const NewVariable& args, const NameScope& scope) {
    const std::string name = without_slash(scope.scope());
    Variable made;
    Output variable;
    const auto make_op = [&] {
        const OutputInfo& info = state.graph.info(made.initial_value);
        variable =
            state.op({"VariableV2",
                      {},
                      {{"shape", args.validate_shape ? info.shape : Shape::unknown_rank()}, {"dtype", info.dtype}},
                      scope.scope()});
    };
    if (args.make_initial_value) {
        const AttrScope colocated(state, "_class", location(name));
        {
            const NameScope initializer(state, "Initializer");
            const DeviceScope any_device(state, std::nullopt);
            made.initial_value = to_tensor(state, args.make_initial_value(), args.dtype, "initial_value");
        }
        make_op();
    } else {
        made.initial_value = to_tensor(state, args.initial_value, args.dtype, "initial_value");
        check_outside_control_flow(state, scope.scope(), made.initial_value);
        make_op();
    }
    const OutputInfo info = state.graph.info(made.initial_value);
    if (args.validate_shape && !info.shape.fully_defined())
        raise("ValueError", fmt::format("initial_value must have a shape specified: {}",
                                        str(tensor_value(state, made.initial_value))));
    made.op = variable.node;
    made.name = state.graph.node(made.op).name;
    made.dtype = info.dtype;
    made.shape = args.validate_shape ? info.shape : Shape::unknown_rank();
    const Output guarded = guard_initial_value(state, scope.scope(), made.initial_value);
    made.initializer = state.apply_op(
        {"Assign", {variable, guarded}, {{"validate_shape", args.validate_shape}, {"use_locking", true}}, {}});
    if (args.caching_device) {
        const CachingDevice device(state, *args.caching_device);
        made.snapshot = state.op({"Identity", {variable}, {}, "read"});
    } else {
        const ColocateScope colocated(state, variable.node);
        made.snapshot = state.op({"Identity", {variable}, {}, "read"});
    }
    return made;
}

Output read_op(GraphState& state, Output handle, DType dtype) {
    return state.op({"ReadVariableOp", {handle}, {{"dtype", dtype}}, {}});
}

/// `with ops.device(handle.device)`, which says nothing when the handle has none.
DeviceScope on_device_of(GraphState& state, NodeId handle) {
    return DeviceScope(state, state.graph.node(handle).device);
}

/// ResourceVariable._init_from_args.
Variable make_resource(GraphState& state, const NewVariable& args, const NameScope& scope) {
    const std::string name = without_slash(scope.scope());
    Variable made;
    made.is_resource = true;
    Output handle;
    {
        const AttrScope colocated(state, "_class", location(name));
        {
            const NameScope initializer(state, "Initializer");
            const DeviceScope any_device(state, std::nullopt);
            made.initial_value =
                to_tensor(state, args.make_initial_value ? args.make_initial_value() : args.initial_value, args.dtype,
                          "initial_value");
        }
        const OutputInfo& info = state.graph.info(made.initial_value);
        made.dtype = info.dtype;
        made.shape = info.shape;
        handle = state.op(
            {"VarHandleOp", {}, {{"shape", made.shape}, {"dtype", made.dtype}, {"shared_name", name}}, scope.scope()});
    }
    check_outside_control_flow(state, scope.scope(), made.initial_value);
    made.op = handle.node;
    made.name = state.graph.node(made.op).name;
    {
        const NameScope inner(state, "IsInitialized");
        made.is_initialized = state.op({"VarIsInitializedOp", {handle}, {}, {}});
    }
    {
        const NameScope inner(state, "Assign");
        const DeviceScope device = on_device_of(state, handle.node);
        const Output guarded = guard_initial_value(state, scope.scope(), made.initial_value);
        made.initializer =
            state.apply_op({"AssignVariableOp", {handle, guarded}, {{"dtype", made.dtype}}, inner.scope()});
    }
    const NameScope inner(state, "Read");
    {
        const DeviceScope device = on_device_of(state, handle.node);
        made.snapshot = read_op(state, handle, made.dtype);
    }
    if (args.caching_device) {
        const ColocateScope anywhere(state, NodeId{}, true);
        const CachingDevice device(state, *args.caching_device);
        made.cached = state.op({"Identity", {made.snapshot}, {}, {}});
    }
    return made;
}

} // namespace

VariableValue make_variable(GraphState& state, NewVariable args) {
    if (!args.make_initial_value && args.initial_value.is_none())
        raise("ValueError", "initial_value must be specified.");
    const std::vector<std::string> keys = collection_keys(args.collections, args.trainable);
    if (!args.use_resource) args.use_resource = state.variable_scope->use_resource.value_or(false);
    const InitScope lifted(state);
    const NameScope scope(state, args.name.value_or("Variable"));
    Variable made = *args.use_resource ? make_resource(state, args, scope) : make_ref(state, args, scope);
    made.trainable = args.trainable;
    made.origin = state.context.origin();
    const VariableId id = state.graph.add_variable(std::move(made));
    for (const std::string& key : keys) state.graph.add_to_collection(key, id);
    return VariableValue{&state, id};
}

Output variable_value(GraphState& state, VariableId id) {
    const Variable variable = state.graph.variable(id);
    if (!variable.is_resource) return variable.snapshot;
    if (variable.cached.valid()) return variable.cached;
    const ColocateScope anywhere(state, NodeId{}, true);
    const DeviceScope device = on_device_of(state, variable.op);
    return read_op(state, Output{variable.op, 0}, variable.dtype);
}

Output read_value(GraphState& state, VariableId id) {
    const Variable variable = state.graph.variable(id);
    if (!variable.is_resource) return state.op({"Identity", {Output{variable.op, 0}}, {}, "read"});
    Output value;
    {
        const NameScope scope(state, "Read");
        const DeviceScope device = on_device_of(state, variable.op);
        value = read_op(state, Output{variable.op, 0}, variable.dtype);
    }
    return state.op({"Identity", {value}, {}, {}});
}

Output is_variable_initialized(GraphState& state, VariableId id, std::string_view name) {
    const Variable& variable = state.graph.variable(id);
    if (variable.is_resource) return state.op({"VarIsInitializedOp", {Output{variable.op, 0}}, {}, std::string(name)});
    return state.op(
        {"IsVariableInitialized", {Output{variable.op, 0}}, {{"dtype", variable.dtype}}, std::string(name)});
}

Output graph_element(const GraphState& state, VariableId id) {
    const Variable& variable = state.graph.variable(id);
    return variable.is_resource ? variable.snapshot : Output{variable.op, 0};
}

NodeId group(GraphState& state, const std::vector<NodeId>& inputs, std::string_view name) {
    const NameScope scope(state, std::string(name.empty() ? "group_deps" : name));
    const auto no_op = [&](const std::string& op_name) { return state.apply_op({"NoOp", {}, {}, op_name}); };
    if (inputs.empty()) return no_op(scope.scope());
    std::map<std::string, std::vector<NodeId>> by_device;
    for (const NodeId op : inputs) by_device[state.graph.node(op).device].push_back(op);
    const auto waiting_for = [&](const std::string& device, const std::vector<NodeId>& ops,
                                 const std::string& op_name) {
        const ControlDependenciesScope wait(state, ops);
        const DeviceScope on(state, device);
        return no_op(op_name);
    };
    if (by_device.size() == 1) return waiting_for(by_device.begin()->first, by_device.begin()->second, scope.scope());
    std::vector<NodeId> parts;
    for (const auto& [device, ops] : by_device) parts.push_back(waiting_for(device, ops, ""));
    const ControlDependenciesScope wait(state, parts);
    return no_op(scope.scope());
}

NodeId variables_initializer(GraphState& state, const std::vector<VariableId>& variables, std::string_view name) {
    if (variables.empty()) return state.apply_op({"NoOp", {}, {}, std::string(name)});
    std::vector<NodeId> initializers;
    for (const VariableId id : variables) initializers.push_back(state.graph.variable(id).initializer);
    return group(state, initializers, name);
}

std::vector<VariableId> collection_variables(const GraphState& state, std::string_view key) {
    std::vector<VariableId> variables;
    for (const CollectionItem& item : state.graph.collection(key))
        if (const auto* id = std::get_if<VariableId>(&item)) variables.push_back(*id);
    return variables;
}

Output assign(GraphState& state, VariableId id, const Value& value, std::string_view op, std::string_view name,
              bool use_locking, bool validate_shape) {
    const Variable variable = state.graph.variable(id);
    const Value handle = wrap(state, Output{variable.op, 0});
    if (!variable.is_resource) {
        AttrMap attrs{{"use_locking", use_locking}};
        if (op == "Assign") attrs["validate_shape"] = validate_shape;
        return op_output(state, op, {handle, value}, std::move(attrs), name);
    }
    const Value tensor = wrap(state, to_tensor(state, value, variable.dtype));
    const Shape& given = state.graph.info(tensor.as<TensorValue>()->output).shape;
    if (op == "Assign" && !given.compatible(variable.shape))
        raise("ValueError",
              fmt::format("Shapes {} and {} are incompatible", to_python(variable.shape), to_python(given)));
    const NodeId done =
        call_op(state, std::string(op) + "VariableOp", {handle, tensor}, {{"dtype", variable.dtype}}, name);
    // _UnreadVariable: its value, read after the assignment.
    const ControlDependenciesScope after(state, {done});
    return read_op(state, Output{variable.op, 0}, variable.dtype);
}

} // namespace rnnscope::tf1
