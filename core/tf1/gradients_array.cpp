#include "core/tf1/control_flow.hpp"
#include "core/tf1/gradient_registry.hpp"

namespace rnnscope::tf1 {

namespace {

/// Gradients of python/ops/array_grad.py, 1.15.

std::vector<Gradient> identity_grad(GradientCall& call) {
    return {call.grads[0]};
}

std::vector<Gradient> none_grad(GradientCall&) {
    return {};
}

/// reshape(grad, shape(inputs[0])).
std::vector<Gradient> reshape_grad(GradientCall& call) {
    const Value grad = call.dy();
    return {reshape(call.state, grad, wrap(call.state, shape_of(call.state, call.x())))};
}

std::vector<Gradient> transpose_grad(GradientCall& call) {
    const Value inverse = call.call("InvertPermutation", {call.x(1)});
    return {transpose(call.state, call.dy(), inverse)};
}

/// Shapes of all inputs: constants when all are known, else one ShapeN. Shape ops that were tried stay.
std::vector<Value> shapes_of(GradientCall& call, const std::vector<Value>& inputs) {
    std::vector<Value> sizes;
    for (const Value& input : inputs) {
        const Output shape = shape_of(call.state, input);
        if (call.state.graph.node(shape.node).op != "Const") break;
        sizes.push_back(wrap(call.state, shape));
    }
    if (sizes.size() == inputs.size()) return sizes;
    const NodeId node = call_op(call.state, "ShapeN", {Value::list(inputs)});
    sizes.clear();
    for (std::size_t i = 0; i < inputs.size(); ++i)
        sizes.push_back(wrap(call.state, Output{node, static_cast<int>(i)}));
    return sizes;
}

/// _ConcatGradHelper for inputs `first`, ... with the axis at `dim`.
std::vector<Gradient> concat_grad_of(GradientCall& call, std::size_t first, std::size_t count, std::size_t dim) {
    GraphState& state = call.state;
    std::vector<Gradient> grads(call.node().inputs.size());
    if (count == 1) {
        grads[first] = call.grads[0];
        return grads;
    }
    Value axis = call.x(dim);
    const Node& axis_node = state.graph.node(call.input(dim).node);
    const Output grad = call.grad();
    // A constant of another context is made again in this one.
    if (axis_node.op == "Const" && output_context(state, axis_node.id) != output_context(state, grad.node))
        axis = wrap(state, state.constant(*axis_node.attr<Tensor>("value")));
    std::vector<Value> inputs;
    for (std::size_t i = 0; i < count; ++i) inputs.push_back(call.x(first + i));
    const Value rank = wrap(state, rank_of(state, inputs[0]));
    const Value positive_axis = call.binary("%", axis, rank);
    const std::vector<Value> sizes = shapes_of(call, inputs);
    if (count > 16) { // TensorFlow found one Split to be faster from here on
        const Value table = wrap(state, stack(state, Value::list(sizes), 1));
        const Value row = call.call("Slice", {table, Value::list({positive_axis, Value(0)}), Value::list({1, -1})});
        const Value lengths = call.call("Squeeze", {row});
        const std::vector<Output> parts = split(state, wrap(state, grad), lengths, positive_axis);
        for (std::size_t i = 0; i < count; ++i) grads[first + i] = parts[i];
        return grads;
    }
    const NodeId offsets = call_op(state, "ConcatOffset", {positive_axis, Value::list(sizes)});
    for (std::size_t i = 0; i < count; ++i) {
        const Value begin = wrap(state, Output{offsets, static_cast<int>(i)});
        grads[first + i] = op_output(state, "Slice", {wrap(state, grad), begin, sizes[i]});
    }
    return grads;
}

std::vector<Gradient> concat_v2_grad(GradientCall& call) {
    const std::size_t count = call.node().inputs.size() - 1;
    return concat_grad_of(call, 0, count, count);
}

std::vector<Gradient> concat_grad(GradientCall& call) {
    return concat_grad_of(call, 1, call.node().inputs.size() - 1, 0);
}

Value all_grads(GradientCall& call) {
    std::vector<Value> parts;
    for (std::size_t i = 0; i < call.grads.size(); ++i) parts.push_back(call.dy(i));
    return Value::list(std::move(parts));
}

std::vector<Gradient> split_grad(GradientCall& call) {
    return {Gradient{}, concat(call.state, all_grads(call), call.x(0))};
}

std::vector<Gradient> split_v_grad(GradientCall& call) {
    return {concat(call.state, all_grads(call), call.x(2)), Gradient{}, Gradient{}};
}

std::vector<Gradient> pack_grad(GradientCall& call) {
    std::vector<Gradient> grads;
    for (const Output part : unstack(call.state, call.dy(), call.integer("N"), call.integer("axis")))
        grads.emplace_back(part);
    return grads;
}

std::vector<Gradient> unpack_grad(GradientCall& call) {
    return {stack(call.state, all_grads(call), call.integer("axis"))};
}

std::vector<Gradient> slice_grad(GradientCall& call) {
    GraphState& state = call.state;
    const Value input = call.x(0), begin = call.x(1);
    const Value rank = wrap(state, rank_of(state, input));
    const Value size = wrap(state, shape_of(state, call.y()));
    const Value column = wrap(state, stack(state, Value::list({rank, Value(1)})));
    const Value before = wrap(state, reshape(state, begin, column));
    const Value shape = wrap(state, shape_of(state, input));
    const Value rest = call.binary("-", call.binary("-", shape, size), begin);
    const Value after = wrap(state, reshape(state, rest, column));
    const Value paddings = wrap(state, concat(state, Value::list({before, after}), Value(1)));
    return {op_output(state, "Pad", {call.dy(), paddings}), Gradient{}, Gradient{}};
}

AttrMap slice_masks(const GradientCall& call) {
    AttrMap masks;
    for (const char* mask : {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"})
        masks[mask] = call.integer(mask);
    return masks;
}

std::vector<Gradient> strided_slice_grad(GradientCall& call) {
    GraphState& state = call.state;
    // What is known is passed as new constants.
    const auto known = [&](const Value& value) {
        const std::optional<Tensor> tensor = ops::constant_value(state.graph, value.as<TensorValue>()->output);
        return tensor ? Value(*tensor) : value;
    };
    const DType dtype = state.graph.info(call.input(1)).dtype;
    const Value shape = known(wrap(state, shape_of(state, call.x(0), "", dtype)));
    const Value begin = known(call.x(1)), end = known(call.x(2)), strides = known(call.x(3));
    return {op_output(state, "StridedSliceGrad", {shape, begin, end, strides, call.dy()}, slice_masks(call))};
}

std::vector<Gradient> strided_slice_grad_grad(GradientCall& call) {
    return {Gradient{}, Gradient{}, Gradient{}, Gradient{},
            op_output(call.state, "StridedSlice", {call.dy(), call.x(1), call.x(2), call.x(3)}, slice_masks(call))};
}

std::vector<Gradient> tile_grad(GradientCall& call) {
    GraphState& state = call.state;
    const DType dtype = state.graph.info(call.input(1)).dtype;
    const Value shape = wrap(state, shape_of(state, call.x(0), "", dtype));
    const Value both = wrap(state, stack(state, Value::list({call.x(1), shape})));
    const Value turned = wrap(state, transpose(state, both));
    const Value split_shape = wrap(state, reshape(state, turned, Value::list({-1})));
    const Value size = wrap(state, size_of(state, split_shape));
    const Value axes = wrap(state, range(state, Value(0), size, Value(2)));
    const Value parts = wrap(state, reshape(state, call.dy(), split_shape));
    return {reduce(state, "Sum", parts, axes), Gradient{}};
}

/// Slices of the gathered rows of something whose shape is given as a tensor.
Gradient rows_of_shape(GradientCall& call, const Value& shape) {
    GraphState& state = call.state;
    const Value size = wrap(state, expand_dims(state, wrap(state, size_of(state, call.x(1))), Value(0)));
    const Value tail = wrap(state, strided_slice(state, shape, Value::list({Value::tuple({Value(1), {}, {}})})));
    const Value values_shape = wrap(state, concat(state, Value::list({size, tail}), Value(0)));
    IndexedSlices slices;
    slices.values = reshape(state, call.dy(), values_shape);
    slices.indices = reshape(state, call.x(1), size);
    slices.dense_shape = shape.as<TensorValue>()->output;
    return slices;
}

/// The shape of what is gathered from, computed beside it: it can be large.
Value shape_beside(GradientCall& call) {
    const ColocateScope beside(call.state, call.input(0).node);
    const Value shape = wrap(call.state, shape_of(call.state, call.x(0), "", DType::int64));
    return wrap(call.state, cast(call.state, shape, DType::int32));
}

/// Slices of the rows that were gathered.
Gradient gathered_rows(GradientCall& call) {
    return rows_of_shape(call, shape_beside(call));
}

/// python/ops/resource_variable_ops.py: the shape is a constant where the handle itself knows it.
std::vector<Gradient> resource_gather_grad(GradientCall& call) {
    const Node& handle = call.state.graph.node(call.input(0).node);
    const Shape* known = handle.op == "VarHandleOp" ? handle.attr<Shape>("shape") : nullptr;
    if (known == nullptr || !known->fully_defined())
        return {rows_of_shape(call, call.call("VariableShape", {call.x(0)})), Gradient{}};
    std::vector<std::int32_t> dims(known->dims().begin(), known->dims().end());
    const Shape length{static_cast<std::int64_t>(dims.size())};
    const Output shape = call.state.constant(Tensor::of<std::int32_t>(length, std::move(dims)));
    return {rows_of_shape(call, wrap(call.state, shape)), Gradient{}};
}

std::vector<Gradient> gather_grad(GradientCall& call) {
    return {gathered_rows(call), Gradient{}};
}

/// Slices are summed up by index with the gathered dimension in front, and turned back.
Gradient gathered_slices(GradientCall& call) {
    GraphState& state = call.state;
    const Value axis = call.x(2), shape = shape_beside(call), indices = call.x(1);
    const auto part = [&](const Value& dims, const Value& begin, const Value& end) {
        return wrap(state, strided_slice(state, dims, Value::list({Value::tuple({begin, end, {}})})));
    };
    const auto joined = [&](std::vector<Value> parts) {
        return wrap(state, concat(state, Value::list(std::move(parts)), Value(0)));
    };
    const auto count_of = [&](const Value& x) { return wrap(state, size_of(state, x)); };
    const auto length_of = [&](const Value& x) { return wrap(state, expand_dims(state, count_of(x), Value(0))); };
    length_of(indices); // made for the first axis, and here once more
    const Value outer_shape = part(shape, {}, axis);
    const Value inner_shape = part(part(shape, axis, {}), Value(1), {});
    const Value values_shape = joined({outer_shape, Value::list({Value(-1)}), inner_shape});
    const Value rank = count_of(values_shape), place = count_of(outer_shape);
    const Value batches = wrap(state, range(state, Value(0)));
    const Value outer_axes = wrap(state, range(state, Value(0), place));
    const Value inner_axes = wrap(state, range(state, call.binary("+", place, Value(1)), rank));
    const Value values = wrap(state, reshape(state, call.dy(), values_shape));
    const Value to_front = joined({batches, Value::list({place}), outer_axes, inner_axes});
    const Value turned = wrap(state, transpose(state, values, to_front));
    const Value count = wrap(state, strided_slice(state, shape, axis));
    const Value rows = wrap(state, reshape(state, indices, length_of(indices)));
    const Value sums = call.call("UnsortedSegmentSum", {turned, rows, count});
    const Value moved_outer = call.binary("+", outer_axes, Value(1));
    return transpose(state, sums, joined({batches, moved_outer, Value::list({Value(0)}), inner_axes}));
}

std::vector<Gradient> gather_v2_grad(GradientCall& call) {
    if (call.integer("batch_dims") != 0)
        raise("NotImplementedError", "the gradient of GatherV2 with batch_dims is not supported");
    const std::optional<Tensor> axis = ops::constant_value(call.state.graph, call.input(2));
    const bool is_first = axis && axis->integer(0) == 0;
    return {is_first ? gathered_rows(call) : gathered_slices(call), Gradient{}, Gradient{}};
}

std::vector<Gradient> identity_n_grad(GradientCall& call) {
    return call.grads;
}

/// _GatherDropNegatives: what a negative index took part in gets nothing.
std::vector<Gradient> unsorted_segment_sum_grad(GradientCall& call) {
    GraphState& state = call.state;
    const Value ids = call.x(1);
    const Value clipped = call.call("Maximum", {ids, wrap(state, zeros_like(state, ids))});
    const Value gathered = call.call("GatherV2", {call.dy(), clipped, Value(0)});
    Value is_positive = call.call("GreaterEqual", {ids, Value(0)});
    const Shape &rows = state.graph.info(gathered.as<TensorValue>()->output).shape, &known_ids = call.shape(1);
    if (!rows.has_rank() || !known_ids.has_rank())
        raise("TypeError", "unsupported operand type(s) for -: 'NoneType' and 'int'");
    for (std::size_t more = rows.rank() - known_ids.rank(); more > 0; --more)
        is_positive = wrap(state, expand_dims(state, is_positive, Value(-1)));
    const Value everywhere = wrap(state, ones_like(state, gathered, DType::boolean));
    is_positive = call.binary("&", is_positive, everywhere);
    const Value zero = wrap(state, zeros_like(state, gathered));
    return {call.made(call.call("Select", {is_positive, gathered, zero})), Gradient{}, Gradient{}};
}

std::vector<Gradient> pad_grad(GradientCall& call) {
    GraphState& state = call.state;
    const Value rank = wrap(state, rank_of(state, call.x(0)));
    const Value size = wrap(state, stack(state, Value::list({rank, Value(1)})));
    const Value before = call.call("Slice", {call.x(1), Value::list({0, 0}), size});
    const Value begin = wrap(state, reshape(state, before, Value::list({-1})));
    const Value shape = wrap(state, shape_of(state, call.x(0)));
    return {op_output(state, "Slice", {call.dy(), begin, shape})};
}

std::vector<Gradient> reverse_sequence_grad(GradientCall& call) {
    return {op_output(call.state, "ReverseSequence", {call.dy(), call.x(1)},
                      {{"seq_dim", call.integer("seq_dim")}, {"batch_dim", call.integer("batch_dim")}})};
}

std::vector<Gradient> reverse_grad(GradientCall& call) {
    return {op_output(call.state, "ReverseV2", {call.dy(), call.x(1)})};
}

std::vector<Gradient> fill_grad(GradientCall& call) {
    return {Gradient{}, reduce(call.state, "Sum", call.dy())};
}

std::vector<Gradient> select_grad(GradientCall& call) {
    const Value condition = call.x(0);
    const Value zero = wrap(call.state, zeros_like(call.state, call.x(1)));
    const Gradient chosen = call.made(call.call("Select", {condition, call.dy(), zero}));
    return {Gradient{}, chosen, call.made(call.call("Select", {condition, zero, call.dy()}))};
}

/// _SelectGradV2: what was broadcast is summed up.
std::vector<Gradient> select_v2_grad(GradientCall& call) {
    GraphState& state = call.state;
    const Value condition = call.x(0), grad = call.dy();
    const Value zero = call.wrapped(zeros(state, Value::list({}), state.graph.info(call.grad()).dtype));
    Value output_shape;
    const auto reduced = [&](const Value& chosen, const Value& x) {
        const Value shape = call.wrapped(shape_of(state, x));
        if (output_shape.is_none()) output_shape = call.wrapped(shape_of(state, call.y()));
        const Value axes = call.call("BroadcastGradientArgs", {shape, output_shape});
        return reshape(state, call.wrapped(reduce(state, "Sum", chosen, axes, true)), shape);
    };
    const Gradient yes = reduced(call.call("SelectV2", {condition, grad, zero}), call.x(1));
    return {Gradient{}, yes, reduced(call.call("SelectV2", {condition, zero, grad}), call.x(2))};
}

std::vector<Gradient> dynamic_stitch_grad(GradientCall& call) {
    const std::size_t count = call.node().inputs.size() / 2;
    std::vector<Gradient> grads(count);
    const Value grad = call.dy();
    for (std::size_t i = 0; i < count; ++i)
        grads.emplace_back(op_output(call.state, "GatherV2", {grad, call.x(i), Value(0)}));
    return grads;
}

/// The rows of all parts go back to where they were.
std::vector<Gradient> dynamic_partition_grad(GradientCall& call) {
    GraphState& state = call.state;
    const Value prefix = wrap(state, shape_of(state, call.x(1)));
    const Value count = wrap(state, reduce(state, "Prod", prefix));
    const Value numbers = wrap(state, range(state, count));
    const Value places = wrap(state, reshape(state, numbers, prefix));
    const std::int64_t parts = call.integer("num_partitions");
    const NodeId split = call_op(state, "DynamicPartition", {places, call.x(1)}, {{"num_partitions", parts}});
    std::vector<Value> indices;
    for (int i = 0; i < static_cast<int>(parts); ++i) indices.push_back(wrap(state, Output{split, i}));
    const Value joined = call.call("ParallelDynamicStitch", {Value::list(std::move(indices)), all_grads(call)});
    return {reshape(state, joined, wrap(state, shape_of(state, call.x(0)))), Gradient{}};
}

} // namespace

std::vector<GradientDef> array_gradients() {
    return {
        {"Identity", identity_grad},
        {"RefIdentity", identity_grad},
        {"ReadVariableOp", identity_grad},
        {"PlaceholderWithDefault", identity_grad},
        {"StopGradient", none_grad},
        {"Reshape", reshape_grad},
        {"ExpandDims", reshape_grad},
        {"Squeeze", reshape_grad},
        {"Transpose", transpose_grad},
        {"Concat", concat_grad},
        {"ConcatV2", concat_v2_grad},
        {"Split", split_grad},
        {"SplitV", split_v_grad},
        {"Pack", pack_grad},
        {"Unpack", unpack_grad},
        {"Slice", slice_grad},
        {"StridedSlice", strided_slice_grad},
        {"StridedSliceGrad", strided_slice_grad_grad},
        {"Tile", tile_grad},
        {"Gather", gather_grad},
        {"GatherV2", gather_v2_grad},
        {"Pad", pad_grad},
        {"PadV2", pad_grad},
        {"ReverseSequence", reverse_sequence_grad},
        {"ReverseV2", reverse_grad},
        {"Fill", fill_grad},
        {"Select", select_grad},
        {"SelectV2", select_v2_grad},
        {"DynamicStitch", dynamic_stitch_grad},
        {"ParallelDynamicStitch", dynamic_stitch_grad},
        {"DynamicPartition", dynamic_partition_grad},
        {"ResourceGather", resource_gather_grad},
        {"IdentityN", identity_n_grad},
        {"UnsortedSegmentSum", unsorted_segment_sum_grad},
    };
}

} // namespace rnnscope::tf1
