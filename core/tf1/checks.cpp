#include "core/tf1/checks.hpp"

#include "core/tf1/array_ops.hpp"
#include "core/tf1/control_flow.hpp"
#include "core/tf1/op_helpers.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

constexpr std::string_view broadcast_error = "weights can not be broadcast to values.";

/// A tensor with its shape and rank as tensors, made in a scope of its own.
struct Measured {
    Output tensor, shape, rank;
};

Measured measured(GraphState& state, const Value& value, const char* name) {
    const NameScope scope(state, name);
    Measured result;
    result.tensor = to_tensor(state, value, DType::invalid, scope.scope());
    result.shape = shape_of(state, wrap(state, result.tensor), "shape");
    result.rank = rank_of(state, wrap(state, result.tensor), "rank");
    return result;
}

NodeId make_no_op(GraphState& state, const char* name) {
    return state.apply_op({.op = "NoOp", .inputs = {}, .attrs = {}, .name = name});
}

/// The op that says that the static check went well; invalid where it has to wait for the run.
NodeId check_statically(GraphState& state, const Measured& weights, const Measured& values) {
    const auto weights_rank = ops::constant_value(state.graph, weights.rank);
    const auto values_rank = ops::constant_value(state.graph, values.rank);
    if (!weights_rank || !values_rank) return {};
    if (weights_rank->integer(0) == 0) return make_no_op(state, "static_scalar_check_success");
    if (weights_rank->integer(0) != values_rank->integer(0)) {
        const auto shape = [&](const Measured& x) { return to_python(state.graph.info(x.tensor).shape); };
        raise("ValueError",
              fmt::format("{} values.rank={}. weights.rank={}. values.shape={}. weights.shape={}.", broadcast_error,
                          values_rank->integer(0), weights_rank->integer(0), shape(values), shape(weights)));
    }
    const auto weights_shape = ops::constant_value(state.graph, weights.shape);
    const auto values_shape = ops::constant_value(state.graph, values.shape);
    if (!weights_shape || !values_shape) return {};
    for (std::int64_t i = 0; i < values_shape->elements(); ++i) {
        const std::int64_t dim = weights_shape->integer(i);
        if (dim != 1 && dim != values_shape->integer(i))
            raise("ValueError", fmt::format("{} Mismatch at dim {}. values.shape={} weights.shape={}.", broadcast_error,
                                            i, to_text(*values_shape), to_text(*weights_shape)));
    }
    return make_no_op(state, "static_dims_check_success");
}

/// _has_valid_dims: every dimension of the weights is 1 or that of the values.
Value has_valid_dims(GraphState& state, const Measured& weights, const Measured& values) {
    const NameScope scope(state, "has_invalid_dims");
    const Value values_column = wrap(state, expand_dims(state, wrap(state, values.shape), Value(-1)));
    const Value ones = wrap(state, ones_like(state, values_column));
    const Value valid = wrap(state, concat(state, Value::tuple({values_column, ones}), Value(1)));
    const Value weights_column = wrap(state, expand_dims(state, wrap(state, weights.shape), Value(-1)));
    const NodeId invalid =
        call_op(state, "DenseToDenseSetOperation", {weights_column, valid}, {{"set_operation", "a-b"}});
    { const NameScope sparse_tensor(state, "SparseTensor"); } // which Python makes of it: a name in use, no op
    const Value count = wrap(state, size_of(state, wrap(state, Output{invalid, 1}), "num_invalid_dims"));
    return op_value(state, "Equal", {Value(0), count}, {}, scope.scope());
}

Value has_valid_nonscalar_shape(GraphState& state, const Measured& weights, const Measured& values) {
    const NameScope scope(state, "has_valid_nonscalar_shape");
    const Value is_same_rank =
        op_value(state, "Equal", {wrap(state, values.rank), wrap(state, weights.rank)}, {}, "is_same_rank");
    return cond(
        state, is_same_rank, [&] { return has_valid_dims(state, weights, values); }, [&] { return is_same_rank; },
        false, scope.scope());
}

Output squeezed(GraphState& state, Output x) {
    return op_output(state, "Squeeze", {wrap(state, x)}, {{"squeeze_dims", attr_list(std::vector<std::int64_t>{-1})}});
}

/// Is a last dimension of size 1 possible? Of a scalar Python asks in vain.
bool may_be_squeezed(const Shape& shape) {
    if (!shape.has_rank()) return true;
    if (shape.rank() == 0) raise("IndexError", "list index out of range");
    const std::int64_t last = shape.dim(shape.rank() - 1);
    return last == 1 || last == Shape::unknown;
}

} // namespace

NodeId assert_broadcastable(GraphState& state, const Value& weights_value, const Value& values_value) {
    const NameScope scope(state, "assert_broadcastable");
    const Measured weights = measured(state, weights_value, "weights");
    const Measured values = measured(state, values_value, "values");
    if (const NodeId checked = check_statically(state, weights, values); checked.valid()) return checked;
    const Value is_scalar = op_value(state, "Equal", {Value(0), wrap(state, weights.rank)}, {}, "is_scalar");
    const auto name = [&](const Measured& x) { return Value(state.graph.tensor_name(x.tensor)); };
    const std::vector<Value> data{Value(std::string(broadcast_error)), "weights.shape=", name(weights),
                                  wrap(state, weights.shape),          "values.shape=",  name(values),
                                  wrap(state, values.shape),           "is_scalar=",     is_scalar};
    const Value is_valid_shape = cond(
        state, is_scalar, [&] { return is_scalar; }, [&] { return has_valid_nonscalar_shape(state, weights, values); },
        false, "is_valid_shape");
    return assert_op(state, is_valid_shape, data, {}, scope.scope());
}

Output broadcast_weights(GraphState& state, const Value& weights_value, const Value& values_value) {
    const NameScope scope(state, "broadcast_weights");
    const Output values = to_tensor(state, values_value, DType::invalid, "values");
    const Output weights = to_tensor(state, weights_value, state.graph.info(values).dtype, "weights");
    const Shape &wanted = state.graph.info(values).shape, &found = state.graph.info(weights).shape;
    if (wanted.fully_defined() && found == wanted) return weights;
    const Value values_tensor = wrap(state, values), weights_tensor = wrap(state, weights);
    const ControlDependenciesScope checked(state, {assert_broadcastable(state, weights_tensor, values_tensor)});
    const Value ones = wrap(state, ones_like(state, values_tensor));
    return op_output(state, "Mul", {weights_tensor, ones}, {}, scope.scope());
}

NodeId assert_equal(GraphState& state, Output x, Output y) {
    const NameScope scope(state, "assert_equal");
    const auto named = [&](const char* letter, Output tensor) {
        return Value(fmt::format("{} ({}) = ", letter, state.graph.tensor_name(tensor)));
    };
    const std::vector<Value> data{"",
                                  "Condition x == y did not hold element-wise:",
                                  named("x", x),
                                  wrap(state, x),
                                  named("y", y),
                                  wrap(state, y)};
    const Value equal = op_value(state, "Equal", {wrap(state, x), wrap(state, y)});
    const Value condition = wrap(state, reduce(state, "All", equal));
    return assert_op(state, condition, data);
}

LabelsAndPredictions remove_squeezable_dimensions(GraphState& state, const Value& labels_value,
                                                  const Value& predictions_value,
                                                  std::int64_t expected_rank_difference) {
    const NameScope scope(state, "remove_squeezable_dimensions");
    Output predictions = to_tensor(state, predictions_value), labels = to_tensor(state, labels_value);
    const Shape predictions_shape = state.graph.info(predictions).shape, labels_shape = state.graph.info(labels).shape;
    if (predictions_shape.has_rank() && labels_shape.has_rank()) {
        const auto difference =
            static_cast<std::int64_t>(predictions_shape.rank()) - static_cast<std::int64_t>(labels_shape.rank());
        if (difference == expected_rank_difference + 1 && may_be_squeezed(predictions_shape))
            predictions = squeezed(state, predictions);
        else if (difference == expected_rank_difference - 1 && may_be_squeezed(labels_shape))
            labels = squeezed(state, labels);
        return {labels, predictions};
    }
    const Value predictions_rank = wrap(state, rank_of(state, wrap(state, predictions)));
    const Value labels_rank = wrap(state, rank_of(state, wrap(state, labels)));
    const Value difference = wrap(state, binary_operator(state, "-", predictions_rank, labels_rank));
    const auto squeezed_if = [&](Output x, std::int64_t wanted) {
        const Value must = op_value(state, "Equal", {Value(wanted), difference});
        const Value result = cond(
            state, must, [&] { return wrap(state, squeezed(state, x)); }, [&] { return wrap(state, x); });
        return result.as<TensorValue>()->output;
    };
    if (may_be_squeezed(predictions_shape)) predictions = squeezed_if(predictions, expected_rank_difference + 1);
    if (may_be_squeezed(labels_shape)) labels = squeezed_if(labels, expected_rank_difference - 1);
    return {labels, predictions};
}

void assert_compatible(GraphState& state, Output x, Output y) {
    const Shape &first = state.graph.info(x).shape, &second = state.graph.info(y).shape;
    if (!first.compatible(second))
        raise("ValueError", fmt::format("Shapes {} and {} are incompatible", to_python(first), to_python(second)));
}

} // namespace rnnscope::tf1
