#include "core/tf1/api_families.hpp"
#include "core/tf1/variables.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

Value outputs_value(GraphState& state, const std::vector<Output>& outputs) {
    std::vector<Value> list;
    for (const Output output : outputs) list.push_back(wrap(state, output));
    return Value::list(std::move(list));
}

AttrList int_list(const Value& value) {
    std::vector<std::int64_t> integers;
    if (const std::vector<Value>* items = items_of(value))
        for (const Value& item : *items) integers.push_back(optional_int(item).value_or(0));
    else if (!value.is_none())
        integers.push_back(optional_int(value).value_or(0));
    return attr_list(integers);
}

Value placeholder(Context& context, const Arguments& a) {
    return op_value(context.default_graph(), "Placeholder", {}, {{"dtype", to_dtype(a[0])}, {"shape", to_shape(a[1])}},
                    text_or(a[2], ""));
}

Value constant(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const std::optional<Shape> shape = a[2].is_none() ? std::nullopt : std::optional(to_shape(a[2]));
    const std::string name = text_or(a[3], "Const");
    return wrap(state, state.constant(make_tensor(a[0], optional_dtype(a[1]), shape, a[4].truthy()), name));
}

Value one_hot(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const NameScope scope(state, text_or(a[6], "one_hot"));
    const DType given = optional_dtype(a[5]);
    const auto type_of = [&](const Value& value) {
        return value.is_none() ? DType::invalid : state.graph.info(to_tensor(state, value, given)).dtype;
    };
    DType on_type = type_of(a[2]), off_type = type_of(a[3]);
    DType dtype = given != DType::invalid ? given : on_type != DType::invalid ? on_type : off_type;
    if (dtype == DType::invalid) dtype = DType::float32;
    Value on = a[2], off = a[3];
    if (on.is_none()) {
        on = wrap(state, to_tensor(state, 1, dtype, "on_value"));
        on_type = dtype;
    }
    if (off.is_none()) {
        off = wrap(state, to_tensor(state, 0, dtype, "off_value"));
        off_type = dtype;
    }
    if (on_type != off_type)
        raise("TypeError", fmt::format("dtype {} of on_value does not match dtype {} of off_value",
                                       repr(Value(on_type)), repr(Value(off_type))));
    return op_value(state, "OneHot", {a[0], a[1], on, off}, {{"axis", optional_int(a[4]).value_or(-1)}}, scope.scope());
}

/// array_ops.gather: a resource variable is read sparsely, anything else by GatherV2.
Value gather(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const std::int64_t batch_dims = optional_int(a[5]).value_or(0);
    const Value axis = a[4].is_none() ? Value(batch_dims) : a[4];
    const auto* variable = a[0].as<VariableValue>();
    const bool is_first_axis = axis.is<std::int64_t>() && *axis.as<std::int64_t>() == 0;
    if (variable != nullptr && is_first_axis && state.graph.variable(variable->id).is_resource) {
        const Variable& v = state.graph.variable(variable->id);
        const NameScope scope(state, text_or(a[3], "Gather"));
        const Value value = op_value(state, "ResourceGather", {wrap(state, Output{v.op, 0}), a[1]},
                                     {{"dtype", v.dtype}}, scope.scope());
        return op_value(state, "Identity", {value});
    }
    return op_value(state, "GatherV2", {a[0], a[1], axis}, {{"batch_dims", is_first_axis ? 0 : batch_dims}},
                    text_or(a[3], ""));
}

/// array_ops.where with "Select", where_v2 with "SelectV2".
template <OpName op> Value where(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    if (a[1].is_none() != a[2].is_none()) raise("ValueError", "x and y must both be non-None or both be None.");
    if (!a[1].is_none()) return op_value(state, op.view(), {a[0], a[1], a[2]}, {}, text_or(a[3], ""));
    const NameScope scope(state, text_or(a[3], "Where"));
    const Output condition = to_tensor(state, a[0], DType::boolean, "condition");
    return op_value(state, "Where", {wrap(state, condition)}, {}, scope.scope());
}

Value strided_slice_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const Value begin = wrap(state, to_tensor(state, a[1]));
    const Value strides = a[3].is_none() ? wrap(state, ones_like(state, begin)) : a[3];
    AttrMap attrs;
    const char* masks[] = {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"};
    for (std::size_t i = 0; i < std::size(masks); ++i) attrs[masks[i]] = optional_int(a[4 + i]).value_or(0);
    return op_value(state, "StridedSlice", {a[0], a[3].is_none() ? begin : a[1], a[2], strides}, std::move(attrs),
                    text_or(a[10], ""));
}

Value linspace(Context& context, const Arguments& a) {
    return op_value(context.default_graph(), "LinSpace", {a[0], a[1], a[2]}, {}, text_or(a[3], ""));
}

} // namespace

std::vector<ApiDef> array_api() {
    return {
        {"placeholder", params("dtype, shape=None, name=None"), "A tensor that must be fed.", placeholder},
        {"placeholder_with_default", params("input, shape, name=None"), "A tensor that may be fed.",
         [](Context& context, const Arguments& a) {
             return op_value(context.default_graph(), "PlaceholderWithDefault", {a[0]}, {{"shape", to_shape(a[1])}},
                             text_or(a[2], ""));
         }},
        {"constant", params("value, dtype=None, shape=None, name='Const', verify_shape=False"), "A constant tensor.",
         constant},
        {"convert_to_tensor", params("value, dtype=None, name=None, preferred_dtype=None, dtype_hint=None"),
         "A number, list, array or variable as a tensor.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return wrap(state, to_tensor(state, a[0], optional_dtype(a[1]), text_or(a[2], "")));
         }},
        {"zeros", params("shape, dtype=float32, name=None"), "A tensor of zeros.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return wrap(state, zeros(state, a[0], to_dtype(a[1]), text_or(a[2], "")));
         }},
        {"ones", params("shape, dtype=float32, name=None"), "A tensor of ones.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return wrap(state, ones(state, a[0], to_dtype(a[1]), text_or(a[2], "")));
         }},
        {"fill", params("dims, value, name=None"), "A tensor filled with one value.", binary_op<"Fill">},
        {"zeros_like", params("tensor, dtype=None, name=None, optimize=True"), "Zeros of a tensor's shape.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return wrap(state, zeros_like(state, a[0], optional_dtype(a[1]), text_or(a[2], ""), a[3].truthy()));
         }},
        {"ones_like", params("tensor, dtype=None, name=None, optimize=True"), "Ones of a tensor's shape.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return wrap(state, ones_like(state, a[0], optional_dtype(a[1]), text_or(a[2], ""), a[3].truthy()));
         }},
        {"identity", params("input, name=None"), "The same tensor under another name.", unary_op<"Identity">},
        {"stop_gradient", params("input, name=None"), "The same tensor, without gradient.", unary_op<"StopGradient">},
        {"shape", params("input, name=None, out_type=int32"), "The shape of a tensor, as a tensor.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return wrap(state, shape_of(state, a[0], text_or(a[1], ""), to_dtype(a[2])));
         }},
        {"rank", params("input, name=None"), "The number of dimensions, as a tensor.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return wrap(state, rank_of(state, a[0], text_or(a[1], "")));
         }},
        {"size", params("input, name=None, out_type=int32"), "The number of elements, as a tensor.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return wrap(state, size_of(state, a[0], text_or(a[1], ""), to_dtype(a[2])));
         }},
        {"reshape", params("tensor, shape, name=None"), "The same values under another shape.", binary_op<"Reshape">},
        {"transpose", params("a, perm=None, name='transpose', conjugate=False"), "Permutes dimensions.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return wrap(state, transpose(state, a[0], a[1], text_or(a[2], "")));
         }},
        {"expand_dims", params("input, axis=None, name=None, dim=None"), "Adds a dimension of size 1.",
         [](Context& context, const Arguments& a) {
             const Value axis = a[1].is_none() ? a[3] : a[1];
             if (axis.is_none()) raise("ValueError", "Must specify an axis argument to tf.expand_dims()");
             GraphState& state = context.default_graph();
             return wrap(state, expand_dims(state, a[0], axis, text_or(a[2], "")));
         }},
        {"squeeze", params("input, axis=None, name=None, squeeze_dims=None"), "Removes dimensions of size 1.",
         [](Context& context, const Arguments& a) {
             return op_value(context.default_graph(), "Squeeze", {a[0]},
                             {{"squeeze_dims", int_list(a[1].is_none() ? a[3] : a[1])}}, text_or(a[2], ""));
         }},
        {"concat", params("values, axis, name='concat'"), "Joins tensors along a dimension.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return wrap(state, concat(state, a[0], a[1], text_or(a[2], "concat")));
         }},
        {"stack", params("values, axis=0, name='stack'"), "Joins tensors along a new dimension.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return wrap(state, stack(state, a[0], optional_int(a[1]).value_or(0), text_or(a[2], "stack")));
         }},
        {"unstack", params("value, num=None, axis=0, name='unstack'"), "Splits a tensor along a dimension, which goes.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return outputs_value(state, unstack(state, a[0], optional_int(a[1]), optional_int(a[2]).value_or(0),
                                                 text_or(a[3], "unstack")));
         }},
        {"split", params("value, num_or_size_splits, axis=0, num=None, name='split'"),
         "Splits a tensor along a dimension.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return outputs_value(state, split(state, a[0], a[1], a[2], text_or(a[4], "split")));
         }},
        {"slice", params("input_, begin, size, name=None"), "A part of a tensor, by begin and size.",
         [](Context& context, const Arguments& a) {
             return op_value(context.default_graph(), "Slice", {a[0], a[1], a[2]}, {}, text_or(a[3], ""));
         }},
        {"strided_slice",
         params("input_, begin, end, strides=None, begin_mask=0, end_mask=0, ellipsis_mask=0, new_axis_mask=0, "
                "shrink_axis_mask=0, var=None, name=None"),
         "A part of a tensor, by begin, end and stride.", strided_slice_function},
        {"tile", params("input, multiples, name=None"), "Repeats a tensor along its dimensions.", binary_op<"Tile">},
        {"gather", params("params, indices, validate_indices=None, name=None, axis=None, batch_dims=0"),
         "Picks slices by index.", gather},
        {"one_hot", params("indices, depth, on_value=None, off_value=None, axis=None, dtype=None, name=None"),
         "Vectors that are 1 at an index and 0 elsewhere.", one_hot},
        {"where", params("condition, x=None, y=None, name=None"), "x where the condition holds, y elsewhere.",
         where<"Select">},
        {"where_v2", params("condition, x=None, y=None, name=None"),
         "x where the condition holds, y elsewhere; all three are broadcast.", where<"SelectV2">},
        {"boolean_mask", params("tensor, mask, name='boolean_mask', axis=None"), "The entries where the mask is true.",
         [](Context& context, const Arguments& a) {
             if (optional_int(a[3]).value_or(0) != 0)
                 raise("NotImplementedError", "boolean_mask along an axis other than the first is not supported");
             GraphState& state = context.default_graph();
             return wrap(state, boolean_mask(state, a[0], a[1], text_or(a[2], "boolean_mask")));
         }},
        {"linspace", params("start, stop, num, name=None"), "Evenly spaced numbers.", linspace},
        {"lin_space", params("start, stop, num, name=None"), "Evenly spaced numbers.", linspace},
    };
}

} // namespace rnnscope::tf1
