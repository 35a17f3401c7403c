#include "core/tf1/api_families.hpp"
#include "core/tf1/collections.hpp"
#include "core/tf1/variable_scope.hpp"
#include "core/tf1/variables.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// Metrics of python/ops/metrics_impl.py, 1.15: local variables that runs of an update op add to.

/// metric_variable([], float32, name).
VariableValue metric_variable(GraphState& state, const char* name) {
    NewVariable args;
    args.make_initial_value = [&state] { return wrap(state, zeros(state, Value(Shape{}))); };
    args.name = name;
    args.trainable = false;
    args.collections = Value::list({"local_variables", "metric_variables"});
    return make_variable(state, std::move(args));
}

Value quotient(GraphState& state, const Value& total, const Value& count, std::string_view name) {
    const Value divisor = op_value(state, "Maximum", {count, Value(0)});
    return op_value(state, "DivNoNan", {total, divisor}, {}, name);
}

void add_to(GraphState& state, const Value& collections, const Value& value) {
    if (!collections.truthy()) return;
    if (const std::vector<Value>* keys = items_of(collections))
        for (const Value& key : *keys) add_to_collection(state, text_or(key, ""), value);
    else
        add_to_collection(state, text_or(collections, ""), value);
}

Value streaming_mean(GraphState& state, const Value& given, const Arguments& a, std::string_view name) {
    VariableScopeArgs scope_args;
    scope_args.name_or_scope = name.empty() ? Value() : Value(std::string(name));
    scope_args.default_name = "mean";
    const VariableScopeEntry scope(state, scope_args);
    const Value values = wrap(state, cast(state, given, DType::float32));
    const VariableValue total = metric_variable(state, "total"), count = metric_variable(state, "count");
    const Value size = wrap(state, size_of(state, values));
    const Value number = wrap(state, cast(state, size, DType::float32));
    const Value sum = wrap(state, reduce(state, "Sum", values));
    const Value new_total = wrap(state, assign(state, total.id, sum, "AssignAdd"));
    Value new_count;
    {
        const ControlDependenciesScope after(state, {values.as<TensorValue>()->output.node});
        new_count = wrap(state, assign(state, count.id, number, "AssignAdd"));
    }
    const Value mean = quotient(state, Value(total), Value(count), "value");
    const Value update = quotient(state, new_total, new_count, "update_op");
    add_to(state, a[a.size() - 3], mean);
    add_to(state, a[a.size() - 2], update);
    return Value::tuple({mean, update});
}

void refuse_weights(const Value& weights) {
    if (!weights.is_none()) raise("NotImplementedError", "metrics with weights are not supported");
}

Value mean(Context& context, const Arguments& a) {
    refuse_weights(a[1]);
    GraphState& state = context.default_graph();
    return streaming_mean(state, wrap(state, to_tensor(state, a[0])), a, text_or(a[4], ""));
}

Value accuracy(Context& context, const Arguments& a) {
    refuse_weights(a[2]);
    GraphState& state = context.default_graph();
    Value predictions = wrap(state, to_tensor(state, a[1])), labels = wrap(state, to_tensor(state, a[0]));
    const auto info = [&](const Value& x) { return state.graph.info(x.as<TensorValue>()->output); };
    if (!info(predictions).shape.compatible(info(labels).shape))
        raise("ValueError", fmt::format("Shapes {} and {} are incompatible", to_python(info(predictions).shape),
                                        to_python(info(labels).shape)));
    if (info(predictions).dtype != info(labels).dtype)
        predictions = wrap(state, cast(state, predictions, info(labels).dtype));
    const Value is_equal = op_value(state, "Equal", {predictions, labels});
    const Value is_correct = wrap(state, cast(state, is_equal, DType::float32));
    return streaming_mean(state, is_correct, a, text_or(a[5], "accuracy"));
}

} // namespace

std::vector<ApiDef> metrics_api() {
    return {
        {"metrics.mean", params("values, weights=None, metrics_collections=None, updates_collections=None, name=None"),
         "The mean of all values of all runs, and the op that adds a run.", mean},
        {"metrics.accuracy",
         params("labels, predictions, weights=None, metrics_collections=None, updates_collections=None, name=None"),
         "How often predictions were right in all runs, and the op that adds a run.", accuracy},
    };
}

} // namespace rnnscope::tf1
