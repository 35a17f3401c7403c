#include "core/tf1/api_families.hpp"
#include "core/tf1/collections.hpp"
#include "core/tf1/initializers.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/variable_scope.hpp"
#include "core/tf1/variables.hpp"

#include <algorithm>

#include <fmt/format.h>

/// tf.train.ExponentialMovingAverage: python/training/moving_averages.py and slot_creator.py, 1.15.
namespace rnnscope::tf1 {

namespace {

class ExponentialMovingAverage : public Object {
  public:
    ExponentialMovingAverage(Value decay, Value num_updates, bool zero_debias, std::string name)
        : decay_(std::move(decay)), num_updates_(std::move(num_updates)), zero_debias_(zero_debias),
          name_(std::move(name)) {}

    Value apply(GraphState& state, const Value& var_list);
    Value average(const Value& variable) const; ///< None: it has none
    std::string average_name(GraphState& state, const Value& variable) const;
    Value variables_to_restore(GraphState& state, const Value& with_averages) const;

    std::string type_name() const override { return "ExponentialMovingAverage"; }
    std::string repr() const override {
        return "<tensorflow.python.training.moving_averages.ExponentialMovingAverage object>";
    }
    Value attribute(Context& context, std::string_view name) override {
        return name == "name" ? Value(name_) : Object::attribute(context, name);
    }
    std::vector<std::string> attribute_names() const override { return {"name"}; }

  private:
    VariableId shadow(GraphState& state, const Value& of, bool& must_debias) const;
    Value decay(GraphState& state) const;

    Value decay_, num_updates_;
    bool zero_debias_;
    std::string name_;
    std::vector<std::pair<Value, VariableId>> averages_; ///< of a variable or a tensor
};

bool is_same(const Value& a, const Value& b) {
    if (const auto* variable = a.as<VariableValue>())
        return b.is<VariableValue>() && *variable == *b.as<VariableValue>();
    const auto* tensor = a.as<TensorValue>();
    return tensor != nullptr && b.is<TensorValue>() && *tensor == *b.as<TensorValue>();
}

NodeId op_of(const Value& value) {
    if (const auto* variable = value.as<VariableValue>()) return variable->graph->graph.variable(variable->id).op;
    return value.as<TensorValue>()->output.node;
}

/// slot_creator.create_slot and create_zeros_slot: a variable "<primary>/<name>" that starts as `initial` says.
VariableId make_shadow(GraphState& state, const Value& primary, const std::string& name, GetVariableArgs args,
                       bool beside_primary) {
    VariableScopeArgs scope_args;
    scope_args.default_name = state.graph.node(op_of(primary)).name + "/" + name;
    const VariableScopeEntry scope(state, scope_args);
    std::optional<ColocateScope> beside;
    if (beside_primary) beside.emplace(state, op_of(primary));
    if (const auto* variable = primary.as<VariableValue>())
        args.use_resource = state.graph.variable(variable->id).is_resource;
    args.trainable = false;
    return get_variable(state, std::move(args)).id;
}

VariableId ExponentialMovingAverage::shadow(GraphState& state, const Value& of, bool& must_debias) const {
    const InitScope lifted(state);
    GetVariableArgs args;
    if (const auto* variable = of.as<VariableValue>()) {
        const Output initial = initialized_value(state, variable->id);
        args.initializer = wrap(state, initial);
        args.validate_shape = state.graph.info(initial).shape.fully_defined();
        const VariableId made = make_shadow(state, of, name_, std::move(args), true);
        add_to_collection(state, "moving_average_variables", of);
        return made;
    }
    const OutputInfo info = state.graph.info(of.as<TensorValue>()->output);
    const std::string& op = state.graph.node(op_of(of)).op;
    const bool is_variable = op == "Variable" || op == "VariableV2" || op == "VarHandleOp";
    if (info.shape.fully_defined()) {
        args.initializer = zeros_initializer();
        args.shape = info.shape;
        args.dtype = info.dtype;
    } else {
        args.initializer = wrap(state, zeros(state, wrap(state, shape_of(state, of)), info.dtype));
        args.validate_shape = false;
    }
    must_debias = zero_debias_;
    return make_shadow(state, of, name_, std::move(args), is_variable);
}

Value ExponentialMovingAverage::decay(GraphState& state) const {
    const Value given = wrap(state, to_tensor(state, decay_, DType::invalid, "decay"));
    if (num_updates_.is_none()) return given;
    const Value updates = wrap(state, cast(state, num_updates_, DType::float32, "num_updates"));
    const auto binary = [&](const char* op, const Value& x, const Value& y) {
        return wrap(state, binary_operator(state, op, x, y));
    };
    const Value above = binary("+", Value(1.0), updates), below = binary("+", Value(10.0), updates);
    return op_value(state, "Minimum", {given, binary("/", above, below)});
}

/// What `assign` gave back, as something to compute with: of a resource variable a read of its own.
Value updated_value(GraphState& state, VariableId id, Output assigned) {
    if (!state.graph.variable(id).is_resource) return wrap(state, assigned);
    const ControlDependenciesScope after(state, {assignment(state, assigned)});
    return wrap(state, variable_value(state, id));
}

/// "biased" and "local_step" have a number when there are such variables already.
std::string unused_name(GraphState& state, const std::string& name) {
    const VariableScope& scope = *state.variable_scope;
    if (truthy(scope.reuse)) return name;
    const auto is_used = [&](const std::string& full) {
        const std::vector<VariableId> variables = collection_variables(state, "variables");
        return std::any_of(variables.begin(), variables.end(),
                           [&](VariableId id) { return state.graph.variable(id).name == full; });
    };
    const std::string full = scope.name + "/" + name;
    if (!is_used(full)) return name;
    int number = 1;
    while (is_used(fmt::format("{}_{}", full, number))) ++number;
    return fmt::format("{}_{}", name, number);
}

/// _zero_debias: a zero at the start is divided away. `share` is 1 - decay, `scope` the scope that is open.
Output assign_debiased(GraphState& state, VariableId average, const Value& value, const Value& share,
                       const std::string& scope) {
    const Variable shadow = state.graph.variable(average);
    VariableId biased, local_step;
    {
        VariableScopeArgs scope_args;
        scope_args.name_or_scope = Value(shadow.name);
        const VariableScopeEntry entered(state, scope_args);
        const ColocateScope beside(state, shadow.op);
        const auto counter = [&](const char* name, const Shape& shape) {
            GetVariableArgs args;
            args.name = unused_name(state, name);
            args.initializer = zeros_initializer();
            args.shape = shape;
            args.dtype = shadow.dtype;
            args.trainable = false;
            return get_variable(state, std::move(args)).id;
        };
        biased = counter("biased", shadow.shape);
        local_step = counter("local_step", Shape{});
    }
    const ColocateScope beside(state, shadow.op);
    const auto binary = [&](const char* op, const Value& x, const Value& y) {
        return wrap(state, binary_operator(state, op, x, y));
    };
    const Value difference = binary("-", Value(VariableValue{&state, biased}), value);
    const Output biased_update = assign(state, biased, binary("*", difference, share), "AssignSub");
    const Output step_update = assign(state, local_step, Value(1), "AssignAdd");
    const Value base = binary("-", Value(1.0), share);
    Value power;
    {
        const NameScope pow(state, "Pow");
        power = op_value(state, "Pow", {base, updated_value(state, local_step, step_update)}, {}, pow.scope());
    }
    const Value factor = binary("-", Value(1), power);
    const Value unbiased = binary("/", updated_value(state, biased, biased_update), factor);
    return assign(state, average, unbiased, "Assign", scope, true);
}

/// assign_moving_average: the op that moves `average` towards `value`.
NodeId assign_moving_average(GraphState& state, VariableId average, const Value& value, const Value& decay,
                             bool zero_debias) {
    const NameScope scope(state, "AssignMovingAvg");
    const Variable shadow = state.graph.variable(average);
    const Value rest = wrap(state, binary_operator(state, "-", Value(1.0), decay));
    const Value share = wrap(state, cast(state, rest, shadow.dtype));
    if (zero_debias) return assignment(state, assign_debiased(state, average, value, share, scope.scope()));
    const ColocateScope beside(state, shadow.op);
    const Value difference = wrap(state, binary_operator(state, "-", Value(VariableValue{&state, average}), value));
    const Value step = wrap(state, binary_operator(state, "*", difference, share));
    return assignment(state, assign(state, average, step, "AssignSub", scope.scope()));
}

Value ExponentialMovingAverage::apply(GraphState& state, const Value& var_list) {
    std::vector<Value> values;
    if (var_list.is_none()) {
        for (const VariableId id : collection_variables(state, "trainable_variables"))
            values.emplace_back(VariableValue{&state, id});
    } else if (const std::vector<Value>* items = items_of(var_list)) {
        values = *items;
    } else {
        raise("TypeError", fmt::format("'{}' object is not iterable", python_type_name(var_list)));
    }
    std::vector<VariableId> debiased; ///< shadows that this call makes for tensors
    for (const Value& value : values) {
        if (!value.is<VariableValue>() && !value.is<TensorValue>())
            raise("AttributeError", fmt::format("'{}' object has no attribute 'dtype'", python_type_name(value)));
        check_graph(state, value);
        const auto* variable = value.as<VariableValue>();
        const DType dtype = variable != nullptr ? state.graph.variable(variable->id).dtype
                                                : state.graph.info(value.as<TensorValue>()->output).dtype;
        if (!is_floating(dtype))
            raise("TypeError",
                  fmt::format("The variables must be half, float, or double: {}",
                              variable != nullptr ? state.graph.variable(variable->id).name + ":0"
                                                  : state.graph.tensor_name(value.as<TensorValue>()->output)));
        if (!average(value).is_none()) continue;
        bool must_debias = false;
        averages_.emplace_back(value, shadow(state, value, must_debias));
        if (must_debias) debiased.push_back(averages_.back().second);
    }
    const NameScope scope(state, name_);
    const Value rate = decay(state);
    std::vector<NodeId> updates;
    for (const Value& value : values) {
        const Value shadow_value = average(value);
        const VariableId shadow_id = shadow_value.as<VariableValue>()->id;
        const bool must_debias = std::find(debiased.begin(), debiased.end(), shadow_id) != debiased.end();
        updates.push_back(assign_moving_average(state, shadow_id, value, rate, must_debias));
    }
    return OperationValue{&state, group(state, updates, scope.scope())};
}

Value ExponentialMovingAverage::average(const Value& variable) const {
    const auto found = std::find_if(averages_.begin(), averages_.end(),
                                    [&](const auto& entry) { return is_same(entry.first, variable); });
    if (found == averages_.end()) return {};
    const auto* of = variable.as<VariableValue>();
    GraphState* graph = of != nullptr ? of->graph : variable.as<TensorValue>()->graph;
    return VariableValue{graph, found->second};
}

std::string ExponentialMovingAverage::average_name(GraphState& state, const Value& variable) const {
    if (!variable.is<VariableValue>() && !variable.is<TensorValue>())
        raise("AttributeError", fmt::format("'{}' object has no attribute 'op'", python_type_name(variable)));
    check_graph(state, variable);
    const Value known = average(variable);
    if (const auto* found = known.as<VariableValue>()) return found->graph->graph.variable(found->id).name;
    return state.unique_name(state.graph.node(op_of(variable)).name + "/" + name_, false);
}

/// Python goes through sets, in no order; here it is that of creation.
Value ExponentialMovingAverage::variables_to_restore(GraphState& state, const Value& with_averages) const {
    std::vector<Value> averaged;
    const auto add = [&](const Value& value) {
        const bool is_new =
            std::none_of(averaged.begin(), averaged.end(), [&](const Value& other) { return is_same(value, other); });
        if (is_new) averaged.push_back(value);
    };
    if (const std::vector<Value>* items = items_of(with_averages))
        for (const Value& value : *items) add(value);
    else
        for (const char* key : {"trainable_variables", "moving_average_variables"})
            for (const VariableId id : collection_variables(state, key)) add(VariableValue{&state, id});
    std::vector<std::pair<Value, Value>> result;
    const auto has = [&](const std::string& name) {
        return std::any_of(result.begin(), result.end(), [&](const auto& entry) { return str(entry.first) == name; });
    };
    for (const Value& value : averaged) result.emplace_back(average_name(state, value), value);
    for (const VariableId id : collection_variables(state, "variables")) {
        const Value variable = VariableValue{&state, id};
        const bool is_averaged =
            std::any_of(averaged.begin(), averaged.end(), [&](const Value& other) { return is_same(variable, other); });
        const std::string& name = state.graph.variable(id).name;
        if (!is_averaged && !has(name)) result.emplace_back(name, variable);
    }
    return Value::dict(std::move(result));
}

ExponentialMovingAverage& average_of(const Arguments& a) {
    const auto self = a[0].object<ExponentialMovingAverage>();
    if (!self)
        raise("TypeError", fmt::format("descriptor requires an 'ExponentialMovingAverage' object but received a '{}'",
                                       python_type_name(a[0])));
    return *self;
}

} // namespace

std::vector<ApiDef> moving_average_api() {
    return {
        {"train.ExponentialMovingAverage",
         params("decay, num_updates=None, zero_debias=False, name='ExponentialMovingAverage'"),
         "Averages of variables that forget exponentially.",
         [](Context&, const Arguments& a) -> Value {
             return std::make_shared<ExponentialMovingAverage>(a[0], a[1], a[2].truthy(), text_or(a[3], ""));
         }},
        {"ExponentialMovingAverage.apply", params("self, var_list=None"),
         "Makes the averages of variables, and the op that updates them.",
         [](Context& context, const Arguments& a) { return average_of(a).apply(context.default_graph(), a[1]); }},
        {"ExponentialMovingAverage.average", params("self, var"), "The variable that holds the average, or None.",
         [](Context&, const Arguments& a) { return average_of(a).average(a[1]); }},
        {"ExponentialMovingAverage.average_name", params("self, var"),
         "The name of the variable that holds the average, or would.",
         [](Context& context, const Arguments& a) -> Value {
             return average_of(a).average_name(context.default_graph(), a[1]);
         }},
        {"ExponentialMovingAverage.variables_to_restore", params("self, moving_avg_variables=None"),
         "Names in a checkpoint, of averages where there are such, and the variables to restore from them.",
         [](Context& context, const Arguments& a) {
             return average_of(a).variables_to_restore(context.default_graph(), a[1]);
         }},
    };
}

} // namespace rnnscope::tf1
