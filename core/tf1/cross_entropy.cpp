#include "core/tf1/api_families.hpp"
#include "core/tf1/checks.hpp"
#include "core/tf1/control_flow.hpp"
#include "core/tf1/losses.hpp"
#include "core/tf1/op_helpers.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// `[x[from] - 1]`-like lists of begin and size, of which one holds a tensor: array_ops.slice.
Value slice_of(GraphState& state, const Value& x, const Value& begin, const Value& size) {
    return op_value(state, "Slice", {x, Value::list({begin}), Value::list({size})});
}

Value one_less(GraphState& state, const Value& x) {
    return op_value(state, "Sub", {x, Value(1)});
}

/// Python's shape[i] and `del shape[i]` of a list.
std::size_t position_in(const Shape& shape, std::int64_t index) {
    const auto rank = static_cast<std::int64_t>(shape.rank());
    if (index < -rank || index >= rank) raise("IndexError", "list index out of range");
    return static_cast<std::size_t>(index < 0 ? index + rank : index);
}

/// nn_ops._flatten_outer_dims: a matrix.
Value flattened(GraphState& state, const Value& logits) {
    const Value rank = wrap(state, rank_of(state, logits));
    const Value dims = wrap(state, shape_of(state, logits));
    const Value classes = slice_of(state, dims, one_less(state, rank), Value(1));
    const Value wanted = wrap(state, concat(state, Value::list({Value::list({Value(-1)}), classes}), Value(0)));
    const Output output = reshape(state, logits, wanted);
    const Shape shape = state.graph.info(logits.as<TensorValue>()->output).shape;
    if (!shape.has_rank()) return wrap(state, output);
    std::int64_t rows = 1;
    const std::size_t last = position_in(shape, -1);
    for (std::size_t i = 0; i < last; ++i) {
        if (shape.dim(i) == Shape::unknown) return wrap(state, output);
        rows *= shape.dim(i);
    }
    set_shape(state, output, {rows, shape.dim(last)});
    return wrap(state, output);
}

/// softmax_cross_entropy's _move_dim_to_end.
Value moved_to_end(GraphState& state, const Value& tensor, std::int64_t axis, const Value& rank) {
    const Value before = wrap(state, range(state, Value(axis)));
    const Value after = wrap(state, range(state, Value(axis + 1), rank));
    const Value moved = Value::list({Value(axis)});
    const Value order = wrap(state, concat(state, Value::list({before, after, moved}), Value(0)));
    return wrap(state, transpose(state, tensor, order));
}

DType dtype_of(GraphState& state, const Value& tensor) {
    return state.graph.info(tensor.as<TensorValue>()->output).dtype;
}

/// _ensure_xent_args
void check_arguments(const char* name, const Value& sentinel, const Value& labels, const Value& logits) {
    if (!sentinel.is_none())
        raise("ValueError", fmt::format("Only call `{}` with named arguments (labels=..., logits=..., ...)", name));
    if (labels.is_none() || logits.is_none()) raise("ValueError", "Both labels and logits must be provided.");
}

/// deprecated_argument_lookup("axis", axis, "dim", dim)
Value axis_argument(const Value& axis, const Value& dim) {
    if (dim.is_none()) return axis;
    if (!axis.is_none()) raise("ValueError", "Cannot specify both 'dim' and 'axis'");
    return dim;
}

Value sigmoid_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    check_arguments("sigmoid_cross_entropy_with_logits", a[0], a[1], a[2]);
    return wrap(state, sigmoid_cross_entropy(state, a[1], a[2], text_or(a[3], "")));
}

Value softmax_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const Value axis = axis_argument(a[2], a[4]);
    return wrap(state, softmax_cross_entropy(state, a[0], a[1], optional_int(axis).value_or(-1), text_or(a[3], "")));
}

/// The older function, which stops the gradient of the labels.
Value softmax_function_of_fixed_labels(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const Value axis = axis_argument(a[5], a[3]);
    check_arguments("softmax_cross_entropy_with_logits", a[0], a[1], a[2]);
    std::string name;
    Value labels;
    {
        const NameScope scope(state, text_or(a[4], "softmax_cross_entropy_with_logits_sg"));
        name = scope.scope();
        labels = op_value(state, "StopGradient", {a[1]}, {}, "labels_stop_gradient");
    }
    return wrap(state, softmax_cross_entropy(state, labels, a[2], optional_int(axis).value_or(-1), name));
}

Value sparse_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    check_arguments("sparse_softmax_cross_entropy_with_logits", a[0], a[1], a[2]);
    return wrap(state, sparse_softmax_cross_entropy(state, a[1], a[2], text_or(a[3], "")));
}

/// All dimensions but the last.
Shape rows_of(const Shape& shape) {
    return Shape(std::vector<std::int64_t>(shape.dims().begin(), shape.dims().end() - 1));
}

/// What sparse_softmax_cross_entropy_with_logits asks of static shapes.
void check_sparse_shapes(const Shape& labels, const Shape& logits) {
    if (!logits.has_rank()) return;
    if (logits.rank() == 0)
        raise("ValueError", fmt::format("Logits cannot be scalars - received shape {}.", to_python(logits)));
    if (!labels.has_rank()) return;
    if (labels.rank() != logits.rank() - 1)
        raise("ValueError", fmt::format("Rank mismatch: Rank of labels (received {}) should equal rank of logits minus "
                                        "1 (received {}).",
                                        labels.rank(), logits.rank()));
    const Shape rows = rows_of(logits);
    if (labels.fully_defined() && rows.fully_defined() && labels != rows)
        raise("ValueError", fmt::format("Shape mismatch: The shape of labels (received {}) should equal the shape of "
                                        "logits except for the last dimension (received {}).",
                                        to_python(labels), to_python(logits)));
}

} // namespace

Output sigmoid_cross_entropy(GraphState& state, const Value& labels_value, const Value& logits_value,
                             const std::string& name) {
    const NameScope scope(state, name.empty() ? "logistic_loss" : name);
    const Value logits = wrap(state, to_tensor(state, logits_value, DType::invalid, "logits"));
    const Value labels = wrap(state, to_tensor(state, labels_value, DType::invalid, "labels"));
    const auto shape = [&](const Value& x) { return state.graph.info(x.as<TensorValue>()->output).shape; };
    if (!shape(labels).compatible(shape(logits)))
        raise("ValueError", fmt::format("logits and labels must have the same shape ({} vs {})",
                                        to_python(shape(logits)), to_python(shape(labels))));
    const Value zeros = wrap(state, zeros_like(state, logits, dtype_of(state, logits)));
    const auto binary = [&](const char* op, const Value& x, const Value& y) {
        return wrap(state, binary_operator(state, op, x, y));
    };
    const Value is_positive = binary(">=", logits, zeros);
    const Value positive = op_value(state, "Select", {is_positive, logits, zeros});
    const Value negative = op_value(state, "Neg", {logits});
    const Value minus_absolute = op_value(state, "Select", {is_positive, negative, logits});
    const Value linear = binary("-", positive, binary("*", logits, labels));
    const Value rest = op_value(state, "Log1p", {op_value(state, "Exp", {minus_absolute})});
    return op_output(state, "Add", {linear, rest}, {}, scope.scope());
}

Output softmax_cross_entropy(GraphState& state, const Value& labels_value, const Value& logits_value, std::int64_t axis,
                             const std::string& name) {
    const NameScope scope(state, name.empty() ? "softmax_cross_entropy_with_logits" : name);
    const Value given = wrap(state, to_tensor(state, logits_value, DType::invalid, "logits"));
    Value labels = wrap(state, to_tensor(state, labels_value, DType::invalid, "labels"));
    const DType dtype = dtype_of(state, given);
    const bool is_short = dtype == DType::half || dtype == DType::bfloat16;
    Value logits = is_short ? wrap(state, cast(state, given, DType::float32)) : given;
    labels = wrap(state, cast(state, labels, dtype_of(state, logits)));
    const Value rank = wrap(state, rank_of(state, logits));
    const Shape shape = state.graph.info(given.as<TensorValue>()->output).shape;
    if (axis != -1) {
        logits = moved_to_end(state, logits, axis, rank);
        labels = moved_to_end(state, labels, axis, rank);
    }
    const Value dims = wrap(state, shape_of(state, logits));
    logits = flattened(state, logits);
    labels = flattened(state, labels);
    const Value losses = op_value(state, "SoftmaxCrossEntropyWithLogits", {logits, labels}, {}, scope.scope());
    const Value wanted = slice_of(state, dims, Value(0), one_less(state, rank));
    const Output cost = reshape(state, losses, wanted);
    if (shape.has_rank()) {
        std::vector<std::int64_t> known(shape.dims().begin(), shape.dims().end());
        known.erase(known.begin() + static_cast<std::ptrdiff_t>(position_in(shape, axis)));
        set_shape(state, cost, Shape(std::move(known)));
    }
    return is_short ? cast(state, wrap(state, cost), dtype) : cost;
}

Output sparse_softmax_cross_entropy(GraphState& state, const Value& labels_value, const Value& logits_value,
                                    const std::string& name) {
    const NameScope scope(state, name.empty() ? "SparseSoftmaxCrossEntropyWithLogits" : name);
    Value labels = wrap(state, to_tensor(state, labels_value));
    const Value given = wrap(state, to_tensor(state, logits_value));
    const bool is_half = dtype_of(state, given) == DType::half;
    Value logits = is_half ? wrap(state, cast(state, given, DType::float32)) : given;
    const auto shape = [&](const Value& x) { return state.graph.info(x.as<TensorValue>()->output).shape; };
    const Shape labels_shape = shape(labels), logits_shape = shape(given);
    const Value labels_dims = wrap(state, shape_of(state, labels));
    check_sparse_shapes(labels_shape, logits_shape);
    const auto loss = [&] {
        return op_value(state, "SparseSoftmaxCrossEntropyWithLogits", {logits, labels}, {}, name);
    };
    const auto as_given = [&](const Value& cost) {
        return is_half ? cast(state, cost, DType::half) : cost.as<TensorValue>()->output;
    };
    if (logits_shape.has_rank() && logits_shape.rank() == 2) return as_given(loss());
    const bool rows_are_known = logits_shape.has_rank() && rows_of(logits_shape).fully_defined();
    std::vector<NodeId> checks;
    if (!labels_shape.fully_defined() || !rows_are_known) {
        const Output found = shape_of(state, labels);
        const Value all = wrap(state, shape_of(state, given));
        const Value rows = Value::tuple({Value(), Value(-1), Value()});
        checks.push_back(assert_equal(state, found, strided_slice(state, all, rows)));
    }
    const ControlDependenciesScope checked(state, checks);
    const Value all = wrap(state, shape_of(state, given));
    const Value rank = wrap(state, rank_of(state, given));
    const Value last = wrap(state, binary_operator(state, "-", rank, Value(1)));
    const Value classes = wrap(state, strided_slice(state, all, last));
    logits = wrap(state, reshape(state, logits, Value::list({Value(-1), classes})));
    labels = wrap(state, reshape(state, labels, Value::list({Value(-1)})));
    const Output cost = reshape(state, loss(), labels_dims);
    set_shape(state, cost, labels_shape);
    return as_given(wrap(state, cost));
}

std::vector<ApiDef> cross_entropy_api() {
    return {
        {"nn.sigmoid_cross_entropy_with_logits", params("_sentinel=None, labels=None, logits=None, name=None"),
         "How far sigmoids of logits are from labels, each by itself.", sigmoid_function},
        {"nn.softmax_cross_entropy_with_logits",
         params("_sentinel=None, labels=None, logits=None, dim=-1, name=None, axis=None"),
         "How far the softmax of logits is from distributions, which get no gradient.",
         softmax_function_of_fixed_labels},
        {"nn.softmax_cross_entropy_with_logits_v2", params("labels, logits, axis=None, name=None, dim=None"),
         "How far the softmax of logits is from distributions.", softmax_function},
        {"nn.sparse_softmax_cross_entropy_with_logits", params("_sentinel=None, labels=None, logits=None, name=None"),
         "How far the softmax of logits is from classes.", sparse_function},
    };
}

} // namespace rnnscope::tf1
