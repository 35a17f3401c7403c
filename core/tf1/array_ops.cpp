#include "core/tf1/array_ops.hpp"
#include "core/tf1/variables.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

std::string scope_name(std::string_view name, std::string_view default_name) {
    return std::string(name.empty() ? default_name : name);
}

const Shape& static_shape(const GraphState& state, Output output) {
    return state.graph.info(output).shape;
}

Output int32_constant(GraphState& state, const std::vector<std::int64_t>& values, DType dtype, std::string_view name) {
    return state.constant(make_tensor(Value::list({values.begin(), values.end()}), dtype), name);
}

/// np.prod(shape) < 1000, where the shape may hold tensors: Python then multiplies tensors and compares, and finds that
/// a tensor has no truth value. The nodes of that attempt stay.
bool is_small(GraphState& state, const Value& shape) {
    if (const auto* known = shape.as<Shape>()) return known->fully_defined() && known->elements() < 1000;
    const std::vector<Value>* items = items_of(shape);
    const bool has_tensors = items != nullptr && std::any_of(items->begin(), items->end(), [](const Value& item) {
                                 return item.is<TensorValue>() || item.is<VariableValue>();
                             });
    if (!has_tensors) return to_shape(shape).fully_defined() && to_shape(shape).elements() < 1000;
    Value product = items->front();
    for (std::size_t i = 1; i < items->size(); ++i) {
        const Value& factor = (*items)[i];
        const auto *a = product.as<std::int64_t>(), *b = factor.as<std::int64_t>();
        product =
            a != nullptr && b != nullptr ? Value(*a * *b) : wrap(state, binary_operator(state, "*", product, factor));
    }
    binary_operator(state, "<", product, 1000);
    return false;
}

/// zeros and ones: one Const when it is small, else a Fill.
Output filled(GraphState& state, const Value& value, const Value& shape, DType dtype, const std::string& name) {
    const NameScope scope(state, name);
    Output dims;
    if (const auto* tensor = shape.as<TensorValue>()) {
        dims = tensor->output;
    } else if (shape.is<VariableValue>()) {
        dims = to_tensor(state, shape, DType::int32);
    } else {
        if (is_small(state, shape)) return state.constant(make_tensor(value, dtype, to_shape(shape)), scope.scope());
        const std::vector<Value>* items = items_of(shape);
        const bool has_tensors = items != nullptr && std::any_of(items->begin(), items->end(), [](const Value& item) {
                                     return item.is<TensorValue>() || item.is<VariableValue>();
                                 });
        dims = has_tensors ? to_tensor(state, shape, DType::int32) : to_tensor(state, Value(to_shape(shape)));
    }
    if (static_shape(state, dims).is_scalar()) dims = reshape(state, wrap(state, dims), Value::list({Value(-1)}));
    const Output constant = state.constant(make_tensor(value, dtype));
    return op_output(state, "Fill", {wrap(state, dims), wrap(state, constant)}, {}, scope.scope());
}

} // namespace

Output zeros(GraphState& state, const Value& shape, DType dtype, std::string_view name) {
    Value zero = 0;
    if (dtype == DType::boolean) zero = false;
    if (dtype == DType::string) zero = "";
    return filled(state, zero, shape, dtype, scope_name(name, "zeros"));
}

Output ones(GraphState& state, const Value& shape, DType dtype, std::string_view name) {
    return filled(state, dtype == DType::boolean ? Value(true) : Value(1), shape, dtype, scope_name(name, "ones"));
}

Output shape_of(GraphState& state, const Value& input, std::string_view name, DType out_type, bool optimize) {
    const NameScope scope(state, scope_name(name, "Shape"));
    const Output tensor = to_tensor(state, input);
    const Shape& shape = static_shape(state, tensor);
    if (optimize && shape.fully_defined())
        return int32_constant(state, {shape.dims().begin(), shape.dims().end()}, out_type, scope.scope());
    return op_output(state, "Shape", {input}, {{"out_type", out_type}}, scope.scope());
}

Output rank_of(GraphState& state, const Value& input, std::string_view name, bool optimize) {
    const NameScope scope(state, scope_name(name, "Rank"));
    const Output tensor = to_tensor(state, input);
    const Shape& shape = static_shape(state, tensor);
    if (optimize && shape.has_rank())
        return state.constant(Tensor::scalar(static_cast<std::int32_t>(shape.rank())), scope.scope());
    return op_output(state, "Rank", {input}, {}, scope.scope());
}

Output size_of(GraphState& state, const Value& input, std::string_view name, DType out_type, bool optimize) {
    const NameScope scope(state, scope_name(name, "Size"));
    const Output tensor = to_tensor(state, input);
    const Shape& shape = static_shape(state, tensor);
    const auto dims = shape.dims();
    const bool is_empty = std::find(dims.begin(), dims.end(), 0) != dims.end();
    if (optimize && (shape.fully_defined() || is_empty))
        return state.constant(make_tensor(is_empty ? std::int64_t{0} : shape.elements(), out_type), scope.scope());
    return op_output(state, "Size", {input}, {{"out_type", out_type}}, scope.scope());
}

Output reshape(GraphState& state, const Value& tensor, const Value& shape, std::string_view name) {
    return op_output(state, "Reshape", {tensor, shape}, {}, name);
}

Output transpose(GraphState& state, const Value& a, const Value& perm, std::string_view name) {
    const NameScope scope(state, scope_name(name, "transpose"));
    if (!perm.is_none()) return op_output(state, "Transpose", {a, perm}, {}, scope.scope());
    const Value x = wrap(state, to_tensor(state, a, DType::invalid, "a"));
    const Shape shape = static_shape(state, x.as<TensorValue>()->output);
    if (shape.has_rank() && shape.rank() > 0) {
        std::vector<Value> reversed;
        for (std::size_t i = shape.rank(); i-- > 0;) reversed.emplace_back(static_cast<std::int64_t>(i));
        return op_output(state, "Transpose", {x, Value::list(std::move(reversed))}, {}, scope.scope());
    }
    const Value rank = op_value(state, "Rank", {x});
    const Value last = wrap(state, binary_operator(state, "-", rank, 1));
    const Value all = op_value(state, "Range", {0, rank, 1});
    return op_output(state, "Transpose", {x, wrap(state, binary_operator(state, "-", last, all))}, {}, scope.scope());
}

Output matrix_transpose(GraphState& state, const Value& a, std::string_view name) {
    const NameScope scope(state, std::string(name));
    const Value x = wrap(state, to_tensor(state, a, DType::invalid, "a"));
    const Shape shape = static_shape(state, x.as<TensorValue>()->output);
    if (shape.has_rank()) {
        if (shape.rank() < 2)
            raise("ValueError",
                  fmt::format("Argument `a` should be a (batch) matrix, with rank >= 2.  Found: {}", to_python(shape)));
        std::vector<Value> order;
        for (std::size_t i = 0; i < shape.rank(); ++i) order.emplace_back(static_cast<std::int64_t>(i));
        std::swap(order[shape.rank() - 2], order[shape.rank() - 1]);
        return transpose(state, x, Value::list(std::move(order)));
    }
    const Value rank = wrap(state, rank_of(state, x));
    const auto before_end = [&](std::int64_t count) { return wrap(state, binary_operator(state, "-", rank, count)); };
    const Value batch = op_value(state, "Range", {0, before_end(2), 1});
    const Value last = before_end(1);
    const Value matrix = Value::list({last, before_end(2)});
    return transpose(state, x, wrap(state, concat(state, Value::list({batch, matrix}), Value(0))));
}

Output adjoint(GraphState& state, const Value& matrix, std::string_view name) {
    const NameScope scope(state, std::string(name));
    return matrix_transpose(state, wrap(state, to_tensor(state, matrix, DType::invalid, "matrix")));
}

Output concat(GraphState& state, const Value& values, const Value& axis, std::string_view name) {
    const std::vector<Value>* items = items_of(values);
    const std::vector<Value> list = items != nullptr ? *items : std::vector<Value>{values};
    if (list.size() == 1) {
        const NameScope scope(state, std::string(name));
        const Output dim = to_tensor(state, axis, DType::int32, "concat_dim");
        if (const Shape& shape = static_shape(state, dim); shape.has_rank() && shape.rank() != 0)
            raise("ValueError", fmt::format("Shape {} must have rank 0", to_python(shape)));
        return op_output(state, "Identity", {list[0]}, {}, name);
    }
    return op_output(state, "ConcatV2", {Value::list(list), axis}, {}, name);
}

namespace {

void check_axis(std::int64_t axis, std::size_t dims) {
    const auto limit = static_cast<std::int64_t>(dims);
    if (axis < -limit || axis >= limit)
        raise("ValueError", fmt::format("axis = {} not in [{}, {})", axis, -limit, limit));
}

} // namespace

Output stack(GraphState& state, const Value& values, std::int64_t axis, std::string_view name) {
    const std::vector<Value>* items = items_of(values);
    if (axis == 0) {
        try {
            return to_tensor(state, values, DType::invalid, name);
        } catch (const PythonError& error) {
            if (error.type != "TypeError" && error.type != "ValueError") throw;
        }
    }
    if (items == nullptr || items->empty()) raise("IndexError", "list index out of range");
    const Shape shape = static_shape(state, to_tensor(state, items->front(), DType::invalid, name));
    if (shape.has_rank()) check_axis(axis, shape.rank() + 1);
    return op_output(state, "Pack", {values}, {{"axis", axis}}, name);
}

std::vector<Output> unstack(GraphState& state, const Value& value, std::optional<std::int64_t> num, std::int64_t axis,
                            std::string_view name) {
    Value tensor = value;
    if (!num) {
        tensor = wrap(state, to_tensor(state, value));
        const Shape& shape = static_shape(state, tensor.as<TensorValue>()->output);
        if (shape.has_rank()) {
            check_axis(axis, shape.rank());
            const auto at = static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(shape.rank()) : axis);
            if (shape.dim(at) != Shape::unknown) num = shape.dim(at);
        }
        if (!num) raise("ValueError", fmt::format("Cannot infer num from shape {}", to_python(shape)));
    }
    const NodeId node = call_op(state, "Unpack", {tensor}, {{"num", *num}, {"axis", axis}}, name);
    std::vector<Output> outputs;
    for (int i = 0; i < static_cast<int>(*num); ++i) outputs.push_back({node, i});
    return outputs;
}

std::vector<Output> split(GraphState& state, const Value& value, const Value& num_or_size_splits, const Value& axis,
                          std::string_view name) {
    const Output sizes = to_tensor(state, num_or_size_splits); // an orphan when it is a number
    NodeId node;
    std::int64_t count = 0;
    if (const auto* num = num_or_size_splits.as<std::int64_t>()) {
        count = *num;
        node = call_op(state, "Split", {axis, value}, {{"num_split", count}}, name);
    } else {
        const Shape& shape = static_shape(state, sizes);
        if (shape.is_scalar())
            raise("ValueError", fmt::format("Rank-0 tensors are not supported as the num_or_size_splits argument to "
                                            "split. Argument provided: {}",
                                            str(num_or_size_splits)));
        if (shape.dim_or_unknown(0) == Shape::unknown)
            raise("ValueError", fmt::format("Cannot infer num from shape {}", str(num_or_size_splits)));
        count = shape.dim(0);
        node = call_op(state, "SplitV", {value, wrap(state, sizes), axis}, {{"num_split", count}}, name);
    }
    std::vector<Output> outputs;
    for (int i = 0; i < static_cast<int>(count); ++i) outputs.push_back({node, i});
    return outputs;
}

Output expand_dims(GraphState& state, const Value& input, const Value& axis, std::string_view name) {
    return op_output(state, "ExpandDims", {input, axis}, {}, name);
}

Output zeros_like(GraphState& state, const Value& input, DType dtype, std::string_view name, bool optimize) {
    const NameScope scope(state, scope_name(name, "zeros_like"));
    const Output tensor = to_tensor(state, input, DType::invalid, "tensor");
    const OutputInfo info = state.graph.info(tensor);
    const DType wanted = dtype == DType::invalid ? info.dtype : dtype;
    if (optimize && info.shape.fully_defined() && info.dtype != DType::variant)
        return zeros(state, Value(info.shape), wanted, scope.scope());
    if (wanted != info.dtype)
        return zeros(state, wrap(state, shape_of(state, wrap(state, tensor), "", DType::int32, optimize)), wanted,
                     scope.scope());
    return op_output(state, "ZerosLike", {wrap(state, tensor)}, {}, scope.scope());
}

Output ones_like(GraphState& state, const Value& input, DType dtype, std::string_view name, bool optimize) {
    const NameScope scope(state, scope_name(name, "ones_like"));
    const Output tensor = to_tensor(state, input, DType::invalid, "tensor");
    const OutputInfo info = state.graph.info(tensor);
    const Output shape = shape_of(state, wrap(state, tensor), "", DType::int32, optimize);
    const Output result = ones(state, wrap(state, shape), dtype == DType::invalid ? info.dtype : dtype, scope.scope());
    if (const auto merged = static_shape(state, result).merged(info.shape))
        state.graph.set_output_shape(result, *merged);
    return result;
}

namespace {

/// tensor[begin:end] of one dimension, as boolean_mask writes it.
Value part(GraphState& state, const Value& tensor, const Value& begin, const Value& end) {
    return wrap(state, strided_slice(state, tensor, Value::list({Value::tuple({begin, end, {}})})));
}

} // namespace

Output boolean_mask(GraphState& state, const Value& input, const Value& mask_value, std::string_view name) {
    const NameScope scope(state, std::string(name));
    const Value tensor = wrap(state, to_tensor(state, input, DType::invalid, "tensor"));
    Value mask = wrap(state, to_tensor(state, mask_value, DType::invalid, "mask"));
    const Shape mask_shape = static_shape(state, mask.as<TensorValue>()->output);
    const Shape shape = static_shape(state, tensor.as<TensorValue>()->output);
    if (!mask_shape.has_rank())
        raise("ValueError", "Number of mask dimensions must be specified, even if some dimensions are None.  E.g. "
                            "shape=[None] is ok, but shape=None is not.");
    if (mask_shape.rank() == 0) raise("ValueError", "mask cannot be scalar.");
    const auto rank = static_cast<std::int64_t>(mask_shape.rank());
    const auto shape_again = [&] { return wrap(state, shape_of(state, tensor)); };
    const Value leading = part(state, shape_again(), 0, rank);
    const Value leading_size = op_value(state, "Prod", {leading, Value::list({Value(0)})}, {{"keep_dims", false}});
    const Value before = part(state, shape_again(), {}, 0);
    const Value after = part(state, shape_again(), rank, {});
    const Value dims = wrap(state, concat(state, Value::list({before, Value::list({leading_size}), after}), 0));
    const Output flat = reshape(state, tensor, dims);
    if (shape.has_rank()) {
        std::vector<std::int64_t> known{1};
        for (std::size_t i = 0; i < shape.rank(); ++i)
            if (i >= mask_shape.rank())
                known.push_back(shape.dim(i));
            else
                known[0] = known[0] == Shape::unknown || shape.dim(i) == Shape::unknown ? Shape::unknown
                                                                                        : known[0] * shape.dim(i);
        if (const auto merged = static_shape(state, flat).merged(Shape(known)))
            state.graph.set_output_shape(flat, *merged);
    }
    mask = wrap(state, reshape(state, mask, Value::list({Value(-1)})));
    const Value where = op_value(state, "Where", {mask});
    const Value indices =
        op_value(state, "Squeeze", {where}, {{"squeeze_dims", attr_list(std::vector<std::int64_t>{1})}});
    return op_output(state, "GatherV2", {wrap(state, flat), indices, 0}, {{"batch_dims", 0}});
}

Output strided_slice(GraphState& state, const Value& input, const Value& index) {
    Value tensor = input;
    if (const auto* variable = input.as<VariableValue>()) tensor = wrap(state, variable_value(state, variable->id));
    // A slice is a tuple of three; anything else in a tuple or list is one index per dimension.
    const auto is_slice = [](const Value& value) {
        const auto* tuple = value.as<TupleValue>();
        return tuple != nullptr && tuple->items->size() == 3;
    };
    const std::vector<Value>* items = is_slice(index) ? nullptr : items_of(index);
    const std::vector<Value> specs = items != nullptr ? *items : std::vector<Value>{index};
    std::vector<Value> begin, end, strides;
    std::int64_t begin_mask = 0, end_mask = 0, shrink_axis_mask = 0, new_axis_mask = 0, ellipsis_mask = 0;
    for (std::size_t i = 0; i < specs.size(); ++i) {
        const Value& spec = specs[i];
        const std::int64_t bit = std::int64_t{1} << i;
        if (is_slice(spec)) {
            const std::vector<Value>& slice = *items_of(spec);
            begin.push_back(slice[0].is_none() ? Value(0) : slice[0]);
            end.push_back(slice[1].is_none() ? Value(0) : slice[1]);
            strides.push_back(slice[2].is_none() ? Value(1) : slice[2]);
            if (slice[0].is_none()) begin_mask |= bit;
            if (slice[1].is_none()) end_mask |= bit;
            continue;
        }
        const auto* text = spec.as<std::string>();
        const bool is_ellipsis = text != nullptr && *text == "...";
        if (spec.is_none() || is_ellipsis) {
            begin.emplace_back(0);
            end.emplace_back(0);
            (is_ellipsis ? ellipsis_mask : new_axis_mask) |= bit;
        } else if (const auto* at = spec.as<std::int64_t>()) {
            begin.push_back(spec);
            end.emplace_back(*at + 1);
            shrink_axis_mask |= bit;
        } else if (spec.is<TensorValue>() || spec.is<VariableValue>()) {
            begin.push_back(spec);
            end.push_back(wrap(state, binary_operator(state, "+", spec, 1)));
            shrink_axis_mask |= bit;
        } else {
            raise("TypeError",
                  fmt::format("Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar "
                              "tf.int32/tf.int64 tensors are valid indices, got {}",
                              repr(spec)));
        }
        strides.emplace_back(1);
    }
    const NameScope scope(state, "strided_slice");
    const auto packed = [&](std::vector<Value> parts) {
        return wrap(state, stack(state, Value::list(std::move(parts))));
    };
    const Value packed_begin = packed(std::move(begin)), packed_end = packed(std::move(end)),
                packed_strides = packed(std::move(strides));
    return op_output(state, "StridedSlice", {tensor, packed_begin, packed_end, packed_strides},
                     {{"begin_mask", begin_mask},
                      {"end_mask", end_mask},
                      {"ellipsis_mask", ellipsis_mask},
                      {"new_axis_mask", new_axis_mask},
                      {"shrink_axis_mask", shrink_axis_mask}},
                     scope.scope());
}

} // namespace rnnscope::tf1
