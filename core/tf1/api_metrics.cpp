#include "core/tf1/api_families.hpp"
#include "core/tf1/checks.hpp"
#include "core/tf1/collections.hpp"
#include "core/tf1/control_flow.hpp"
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

/// metrics_impl._remove_squeezable_dimensions of weights: with a dimension of size 1 more or less at the end where that
/// gives them the rank of the values.
Value fitting_weights(GraphState& state, const Value& given, const Value& values) {
    const Value weights = wrap(state, to_tensor(state, given));
    const auto shape_of_value = [&](const Value& x) { return state.graph.info(x.as<TensorValue>()->output).shape; };
    const Shape shape = shape_of_value(weights), values_shape = shape_of_value(values);
    if (shape.has_rank() && shape.rank() == 0) return weights;
    const auto without_last = [&] {
        return op_value(state, "Squeeze", {weights}, {{"squeeze_dims", attr_list(std::vector<std::int64_t>{-1})}});
    };
    const auto expanded = [&] { return wrap(state, expand_dims(state, weights, Value::list({Value(-1)}))); };
    const auto unchanged = [&] { return weights; };
    if (shape.has_rank() && values_shape.has_rank()) {
        if (shape.rank() == values_shape.rank() + 1) return without_last();
        return shape.rank() + 1 == values_shape.rank() ? expanded() : weights;
    }
    const Value rank = wrap(state, rank_of(state, weights)), values_rank = wrap(state, rank_of(state, values));
    const Value difference = wrap(state, binary_operator(state, "-", rank, values_rank));
    const auto is = [&](const Value& x, int number) { return op_value(state, "Equal", {x, Value(number)}); };
    const std::int64_t last = shape.has_rank() ? shape.dim(shape.rank() - 1) : Shape::unknown;
    const auto less = [&] { return last == 1 || last == Shape::unknown ? without_last() : weights; };
    const auto more = [&] { return cond(state, is(difference, -1), expanded, unchanged); };
    const auto adjusted = [&] { return cond(state, is(difference, 1), less, more); };
    return cond(state, is(rank, 0), unchanged, adjusted);
}

Value streaming_mean(GraphState& state, const Value& given, const Value& given_weights, const Arguments& a,
                     std::string_view name) {
    VariableScopeArgs scope_args;
    scope_args.name_or_scope = name.empty() ? Value() : Value(std::string(name));
    scope_args.default_name = "mean";
    const VariableScopeEntry scope(state, scope_args);
    Value values = wrap(state, cast(state, given, DType::float32));
    const VariableValue total = metric_variable(state, "total"), count = metric_variable(state, "count");
    Value number;
    if (given_weights.is_none()) {
        const Value size = wrap(state, size_of(state, values));
        number = wrap(state, cast(state, size, DType::float32));
    } else {
        const Value fitted = wrap(state, cast(state, fitting_weights(state, given_weights, values), DType::float32));
        const Value weights = wrap(state, broadcast_weights(state, fitted, values));
        values = op_value(state, "Mul", {values, weights});
        number = wrap(state, reduce(state, "Sum", weights));
    }
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

Value mean(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    return streaming_mean(state, a[0], a[1], a, text_or(a[4], ""));
}

Value accuracy(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const Value given = wrap(state, to_tensor(state, a[1]));
    LabelsAndPredictions pair = remove_squeezable_dimensions(state, a[0], given);
    assert_compatible(state, pair.predictions, pair.labels);
    Value weights = a[2];
    if (!weights.is_none()) weights = fitting_weights(state, weights, wrap(state, pair.predictions));
    const DType dtype = state.graph.info(pair.labels).dtype;
    const Value predictions = wrap(state, cast(state, wrap(state, pair.predictions), dtype));
    const Value is_equal = op_value(state, "Equal", {predictions, wrap(state, pair.labels)});
    const Value is_correct = wrap(state, cast(state, is_equal, DType::float32));
    const std::string name = text_or(a[5], "");
    return streaming_mean(state, is_correct, weights, a, name.empty() ? "accuracy" : name);
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
