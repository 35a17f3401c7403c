#include "core/tf1/api_families.hpp"
#include "core/tf1/collections.hpp"
#include "core/tf1/variable_scope.hpp"
#include "core/tf1/variables.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

Value variable(Context& context, const Arguments& a) {
    NewVariable made;
    const auto* object = a[0].as<ObjectValue>();
    if (object != nullptr && (*object)->callable())
        made.make_initial_value = [callee = *object, &context]() { return callee->call(context, {}, {}); };
    else
        made.initial_value = a[0];
    made.trainable = a[1].is_none() || a[1].truthy();
    made.collections = a[2];
    made.validate_shape = a[3].truthy();
    made.caching_device = optional_text(a[4]);
    made.name = optional_text(a[5]);
    made.dtype = optional_dtype(a[7]);
    made.use_resource = optional_bool(a[11]);
    return make_variable(context.default_graph(), std::move(made));
}

Value get_variable_function(Context& context, const Arguments& a) {
    GetVariableArgs args;
    args.name = text_or(a[0], "");
    if (!a[1].is_none()) args.shape = to_shape(a[1]);
    args.dtype = optional_dtype(a[2]);
    args.initializer = a[3];
    args.regularizer = a[4];
    args.trainable = optional_bool(a[5]);
    args.collections = a[6];
    args.caching_device = optional_text(a[7]);
    args.validate_shape = a[9].truthy();
    args.use_resource = optional_bool(a[10]);
    args.constraint = a[12];
    return get_variable(context.default_graph(), std::move(args));
}

std::vector<VariableId> variables_of(GraphState& state, const Value& values) {
    const std::vector<Value>* items = items_of(values);
    if (items == nullptr) raise("TypeError", fmt::format("'{}' object is not iterable", python_type_name(values)));
    std::vector<VariableId> ids;
    for (const Value& item : *items) {
        const auto* x = item.as<VariableValue>();
        if (x == nullptr)
            raise("AttributeError", fmt::format("'{}' object has no attribute 'initializer'", python_type_name(item)));
        if (x->graph != &state) raise("ValueError", fmt::format("{} is not from the passed-in graph.", repr(item)));
        ids.push_back(x->id);
    }
    return ids;
}

Value variables_initializer_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    return OperationValue{&state, variables_initializer(state, variables_of(state, a[0]), text_or(a[1], "init"))};
}

/// global_variables_initializer() and its like: a snapshot of the collection as it is now.
template <OpName key> Value initialize_collection(Context& context, const Arguments&) {
    GraphState& state = context.default_graph();
    return OperationValue{&state, variables_initializer(state, collection_variables(state, key.view()))};
}

template <OpName key> Value collection(Context& context, const Arguments& a) {
    return get_collection(context.default_graph(), std::string(key.view()), a[0]);
}

std::vector<VariableId> global_and_local(const GraphState& state) {
    std::vector<VariableId> ids = collection_variables(state, "variables");
    const std::vector<VariableId> local = collection_variables(state, "local_variables");
    ids.insert(ids.end(), local.begin(), local.end());
    return ids;
}

Value report_uninitialized(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const std::vector<VariableId> ids = a[0].is_none() ? global_and_local(state) : variables_of(state, a[0]);
    const NameScope scope(state, text_or(a[1], "report_uninitialized_variables"));
    std::vector<Value> initialized, names;
    for (const VariableId id : ids) {
        initialized.push_back(wrap(state, is_variable_initialized(state, id)));
        names.emplace_back(state.graph.variable(id).name);
    }
    const DeviceScope device(state, "/cpu:0");
    if (ids.empty()) return wrap(state, state.constant(Tensor::zeros(DType::string, Shape{0})));
    const Value all = wrap(state, stack(state, Value::list(std::move(initialized))));
    const Value mask = op_value(state, "LogicalNot", {all});
    const Value known = wrap(state, state.constant(make_tensor(Value::list(std::move(names)))));
    return wrap(state, boolean_mask(state, known, mask));
}

/// Deprecated, but still met: fails with the usual error when run too early.
Value assert_initialized(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const std::vector<VariableId> ids = a[0].is_none() ? global_and_local(state) : variables_of(state, a[0]);
    if (ids.empty()) return None{};
    std::vector<Value> ranks;
    for (const VariableId id : ids)
        ranks.push_back(wrap(state, rank_of(state, Value(VariableValue{&state, id}), "", false)));
    if (ranks.size() == 1) return ranks[0];
    return wrap(state, stack(state, Value::list(std::move(ranks))));
}

Value is_initialized(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const auto* x = a[0].as<VariableValue>();
    if (x == nullptr)
        raise("AttributeError", fmt::format("'{}' object has no attribute 'is_initialized'", python_type_name(a[0])));
    return wrap(state, is_variable_initialized(state, x->id));
}

const VariableValue& assigned_variable(const Value& value, std::string_view method) {
    const auto* x = value.as<VariableValue>();
    if (x == nullptr)
        raise("AttributeError", fmt::format("'{}' object has no attribute '{}'", python_type_name(value), method));
    return *x;
}

Value assign_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const VariableId id = assigned_variable(a[0], "assign").id;
    return wrap(state, assign(state, id, a[1], "Assign", text_or(a[4], ""), bool_or(a[3], true), bool_or(a[2], true)));
}

template <OpName op, OpName method> Value update_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const VariableId id = assigned_variable(a[0], method.view()).id;
    return wrap(state, assign(state, id, a[1], op.view(), text_or(a[3], ""), bool_or(a[2], false)));
}

} // namespace

std::vector<ApiDef> variable_api() {
    const std::vector<Param> scope = params("scope=None");
    return {
        {"Variable",
         params("initial_value=None, trainable=None, collections=None, validate_shape=True, caching_device=None, "
                "name=None, "
                "variable_def=None, dtype=None, expected_shape=None, import_scope=None, constraint=None, "
                "use_resource=None"),
         "A new variable.", variable},
        {"get_variable",
         params("name, shape=None, dtype=None, initializer=None, regularizer=None, trainable=None, collections=None, "
                "caching_device=None, partitioner=None, validate_shape=True, use_resource=None, custom_getter=None, "
                "constraint=None"),
         "The variable of that name in the current scope, new or shared.", get_variable_function},
        {"variables_initializer", params("var_list, name='init'"), "An op that initializes the given variables.",
         variables_initializer_function},
        {"initialize_variables", params("var_list, name='init'"), "Deprecated name of variables_initializer.",
         variables_initializer_function},
        {"global_variables_initializer",
         {},
         "An op that initializes all global variables that exist now.",
         initialize_collection<"variables">},
        {"initialize_all_variables",
         {},
         "Deprecated name of global_variables_initializer.",
         initialize_collection<"variables">},
        {"local_variables_initializer",
         {},
         "An op that initializes all local variables that exist now.",
         initialize_collection<"local_variables">},
        {"initialize_local_variables",
         {},
         "Deprecated name of local_variables_initializer.",
         initialize_collection<"local_variables">},
        {"global_variables", scope, "The global variables.", collection<"variables">},
        {"all_variables",
         {},
         "Deprecated name of global_variables.",
         [](Context& context, const Arguments&) { return get_collection(context.default_graph(), "variables", {}); }},
        {"local_variables", scope, "The local variables.", collection<"local_variables">},
        {"model_variables", scope, "The model variables.", collection<"model_variables">},
        {"trainable_variables", scope, "The trainable variables.", collection<"trainable_variables">},
        {"moving_average_variables", scope, "The variables with moving averages.",
         collection<"moving_average_variables">},
        {"report_uninitialized_variables", params("var_list=None, name='report_uninitialized_variables'"),
         "The names of the variables that have no value yet.", report_uninitialized},
        {"is_variable_initialized", params("variable"), "Has the variable a value?", is_initialized},
        {"assert_variables_initialized", params("var_list=None"), "Fails when a variable has no value.",
         assert_initialized},
        {"assign", params("ref, value, validate_shape=None, use_locking=None, name=None"), "Sets a variable.",
         assign_function},
        {"assign_add", params("ref, value, use_locking=None, name=None"), "Adds to a variable.",
         update_function<"AssignAdd", "assign_add">},
        {"assign_sub", params("ref, value, use_locking=None, name=None"), "Subtracts from a variable.",
         update_function<"AssignSub", "assign_sub">},
    };
}

namespace {

template <OpName op> Value assign_method(Context&, const Arguments& a) {
    const auto& self = *a[0].as<VariableValue>();
    GraphState& state = *self.graph;
    const Output result = assign(state, self.id, a[1], op.view(), text_or(a[3], ""), a[2].truthy());
    if (a[4].truthy()) return wrap(state, result);
    // read_value=False: the op alone. Of a resource variable the read that was made waits for it.
    const Node& node = state.graph.node(result.node);
    return OperationValue{&state, node.op == "ReadVariableOp" ? node.control_inputs.back() : node.id};
}

} // namespace

std::vector<ApiDef> variable_methods() {
    const std::vector<Param> value = params("self, value, use_locking=False, name=None, read_value=True");
    const std::vector<Param> delta = params("self, delta, use_locking=False, name=None, read_value=True");
    return {
        {"Variable.assign", value, "Sets the variable.", assign_method<"Assign">},
        {"Variable.assign_add", delta, "Adds to the variable.", assign_method<"AssignAdd">},
        {"Variable.assign_sub", delta, "Subtracts from the variable.", assign_method<"AssignSub">},
        {"Variable.value", params("self"), "The value as a tensor.",
         [](Context&, const Arguments& a) {
             const auto& self = *a[0].as<VariableValue>();
             return wrap(*self.graph, variable_value(*self.graph, self.id));
         }},
        {"Variable.read_value", params("self"), "The value as a tensor, read anew.",
         [](Context&, const Arguments& a) {
             const auto& self = *a[0].as<VariableValue>();
             return wrap(*self.graph, read_value(*self.graph, self.id));
         }},
        {"Variable.initialized_value", params("self"), "The value, or the initial value as long as there is none.",
         [](Context&, const Arguments& a) {
             const auto& self = *a[0].as<VariableValue>();
             return wrap(*self.graph, initialized_value(*self.graph, self.id));
         }},
        {"Variable.is_initialized", params("self, name=None"), "Has it a value?",
         [](Context&, const Arguments& a) {
             const auto& self = *a[0].as<VariableValue>();
             return wrap(*self.graph, is_variable_initialized(*self.graph, self.id, text_or(a[1], "")));
         }},
        {"Variable.get_shape", params("self"), "The static shape.",
         [](Context&, const Arguments& a) -> Value {
             const auto& self = *a[0].as<VariableValue>();
             return self.graph->graph.variable(self.id).shape;
         }},
    };
}

} // namespace rnnscope::tf1
