#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

/// Joins inputs along dimension `axis` of `shape`, the shape of the result. Each input contributes as many elements per
/// outer index as its share of the result says.
Tensor joined(const KernelContext& ctx, std::size_t first, std::size_t count, std::size_t axis, const Shape& shape) {
    ElementWriter writer(ctx.input(first).dtype(), shape);
    std::int64_t outer = 1;
    for (std::size_t d = 0; d < axis; ++d) outer *= shape.dim(d);
    std::int64_t to = 0;
    for (std::int64_t o = 0; o < outer; ++o)
        for (std::size_t i = first; i < first + count; ++i) {
            const std::int64_t block = ctx.input(i).elements() / outer;
            writer.copy(to, ctx.input(i), o * block, block);
            to += block;
        }
    return std::move(writer).finish();
}

/// `first`, `count`: the inputs to be joined; `axis_input`: where the axis is. After ConcatShapeHelper.
Status concat_shape_of(ShapeContext& ctx, std::size_t first, std::size_t count, std::size_t axis_input) {
    RNNSCOPE_TRY(with_rank(ctx.input(axis_input), 0));
    const auto axis_value = ctx.constant_input(axis_input);
    if (axis_value && axis_value->elements() != 1)
        return invalid_argument(fmt::format("Input must be scalar but has rank {}", axis_value->shape().rank()));
    if (!axis_value) {
        // Whichever axis it is, all inputs and the output have one rank.
        std::optional<std::size_t> rank;
        for (std::size_t i = first; i < first + count; ++i) {
            const Shape& input = ctx.input(i);
            if (!input.has_rank()) continue;
            if (!rank) rank = input.rank();
            RNNSCOPE_TRY(with_rank(input, *rank));
            if (*rank == 0) return invalid_argument("Can't concatenate scalars (use tf.stack instead)");
        }
        ctx.set_output(0, rank ? Shape::unknown_dims(*rank) : Shape::unknown_rank());
        return {};
    }
    const std::int64_t axis = axis_value->integer(0);
    const std::size_t min_rank = static_cast<std::size_t>(axis < 0 ? -axis : axis + 1);
    Shape before = Shape::unknown_rank(), after = Shape::unknown_rank();
    std::int64_t middle = 0;
    for (std::size_t i = first; i < first + count; ++i) {
        const Shape& input = ctx.input(i);
        RNNSCOPE_TRY(with_rank_at_least(input, min_rank));
        if (!input.has_rank()) {
            middle = Shape::unknown;
            continue;
        }
        const std::size_t at =
            axis < 0 ? input.rank() - static_cast<std::size_t>(-axis) : static_cast<std::size_t>(axis);
        const std::int64_t size = input.dim(at);
        if (middle == Shape::unknown || size == Shape::unknown)
            middle = Shape::unknown;
        else if (const std::int64_t sum = middle; __builtin_add_overflow(sum, size, &middle))
            return invalid_argument(fmt::format("Dimension size overflow from adding {} and {}", sum, size));
        auto merged_before = merge_shapes(before, subshape(input, 0, at));
        auto merged_after = merge_shapes(after, subshape(input, at + 1));
        if (!merged_before) return merged_before.error();
        if (!merged_after) return merged_after.error();
        before = *std::move(merged_before);
        after = *std::move(merged_after);
    }
    ctx.set_output(0, concatenated(concatenated(before, Shape{middle}), after));
    return {};
}

Status concat_inputs(KernelContext& ctx, std::size_t first, std::size_t count, std::size_t axis_input) {
    const Tensor& axis_tensor = ctx.input(axis_input);
    if (axis_tensor.shape().rank() != 0)
        return invalid_argument(fmt::format("{} tensor should be a scalar integer, but got shape {}",
                                            axis_input == 0 ? "concat_dim" : "axis", to_text(axis_tensor.shape())));
    const Shape& shape = ctx.input(first).shape();
    const auto rank = static_cast<std::int64_t>(shape.rank());
    const std::int64_t given = axis_tensor.integer(0);
    const std::int64_t axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis >= rank)
        return invalid_argument(fmt::format(
            "ConcatOp : Expected concatenating dimensions in the range [{}, {}), but got {}", -rank, rank, given));
    const auto at = static_cast<std::size_t>(axis);
    std::int64_t total = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const Shape& other = ctx.input(first + i).shape();
        if (other.rank() != shape.rank())
            return invalid_argument(
                fmt::format("ConcatOp : Ranks of all input tensors should match: shape[0] = {} vs. shape[{}] = {}",
                            to_text(shape), i, to_text(other)));
        for (std::size_t d = 0; d < shape.rank(); ++d)
            if (d != at && other.dim(d) != shape.dim(d))
                return invalid_argument(
                    fmt::format("ConcatOp : Dimensions of inputs should match: shape[0] = {} vs. shape[{}] = {}",
                                to_text(shape), i, to_text(other)));
        if (__builtin_add_overflow(total, other.dim(at), &total)) total = INT64_MAX;
    }
    const Shape result = with_dim(shape, at, total);
    RNNSCOPE_TRY(check_allocation(ctx.input(first).dtype(), result));
    ctx.set_output(0, joined(ctx, first, count, at, result));
    return {};
}

Status concat(KernelContext& ctx) {
    return concat_inputs(ctx, 1, ctx.inputs() - 1, 0);
}

Status concat_v2(KernelContext& ctx) {
    return concat_inputs(ctx, 0, ctx.inputs() - 1, ctx.inputs() - 1);
}

Status concat_shape(ShapeContext& ctx) {
    return concat_shape_of(ctx, 1, ctx.inputs() - 1, 0);
}

Status concat_v2_shape(ShapeContext& ctx) {
    return concat_shape_of(ctx, 0, ctx.inputs() - 1, ctx.inputs() - 1);
}

Status concat_offset_shape(ShapeContext& ctx) {
    for (std::size_t i = 0; i < ctx.outputs(); ++i) ctx.set_output(i, ctx.input(i + 1));
    return {};
}

Result<std::size_t> axis_within(std::int64_t axis, std::size_t rank) {
    const auto limit = static_cast<std::int64_t>(rank);
    if (axis < -limit || axis >= limit)
        return invalid_argument(fmt::format("Invalid axis: {}; must be in [{},{})", axis, -limit, limit));
    return static_cast<std::size_t>(axis < 0 ? axis + limit : axis);
}

Status pack_shape(ShapeContext& ctx) {
    Shape element = ctx.input(ctx.inputs() - 1);
    for (std::size_t i = ctx.inputs() - 1; i-- > 0;) {
        auto merged = merge_shapes(ctx.input(i), element);
        if (!merged)
            return invalid_argument(
                fmt::format("{}\n\tFrom merging shape {} with other shapes.", merged.error().message, i));
        element = *std::move(merged);
    }
    if (!element.has_rank()) {
        ctx.set_output(0, Shape::unknown_rank());
        return {};
    }
    const auto axis = axis_within(ctx.attr<std::int64_t>("axis"), element.rank() + 1);
    if (!axis) return axis.error();
    std::vector<std::int64_t> dims(element.dims().begin(), element.dims().end());
    dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(*axis), static_cast<std::int64_t>(ctx.inputs()));
    ctx.set_output(0, Shape(std::move(dims)));
    return {};
}

Status pack(KernelContext& ctx) {
    const Shape& element = ctx.input(0).shape();
    const auto rank = static_cast<std::int64_t>(element.rank()) + 1;
    const auto given = ctx.attr<std::int64_t>("axis");
    const std::int64_t axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis >= rank) return invalid_argument(fmt::format("axis = {} not in [{}, {})", given, -rank, rank));
    for (std::size_t i = 1; i < ctx.inputs(); ++i)
        if (ctx.input(i).shape() != element)
            return invalid_argument(
                fmt::format("Shapes of all inputs must match: values[0].shape = {} != values[{}].shape = {}",
                            to_text(element), i, to_text(ctx.input(i).shape())));
    std::vector<std::int64_t> dims(element.dims().begin(), element.dims().end());
    dims.insert(dims.begin() + axis, static_cast<std::int64_t>(ctx.inputs()));
    const Shape result(std::move(dims));
    RNNSCOPE_TRY(check_allocation(ctx.input(0).dtype(), result));
    ctx.set_output(0, joined(ctx, 0, ctx.inputs(), static_cast<std::size_t>(axis), result));
    return {};
}

Status unpack_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    Shape part = Shape::unknown_rank();
    if (input.has_rank()) {
        const auto axis = axis_within(ctx.attr<std::int64_t>("axis"), input.rank());
        if (!axis) return axis.error();
        RNNSCOPE_TRY(dim_is(input.dim(*axis), static_cast<std::int64_t>(ctx.outputs())));
        part = concatenated(subshape(input, 0, *axis), subshape(input, *axis + 1));
    }
    for (std::size_t i = 0; i < ctx.outputs(); ++i) ctx.set_output(i, part);
    return {};
}

Status concat_offset(KernelContext& ctx) {
    const Tensor& first = ctx.input(1);
    if (ctx.input(0).shape().rank() != 0)
        return invalid_argument(fmt::format("Concat dim tensor should be a scalar integer, but got shape {}",
                                            to_text(ctx.input(0).shape())));
    const std::int64_t rank = first.elements();
    const std::int64_t given = scalar_input(ctx, 0), axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis >= rank)
        return invalid_argument(fmt::format("Concat dim is out of range: {} vs. {}", given, rank));
    std::int64_t offset = 0;
    for (std::size_t i = 0; i + 1 < ctx.inputs(); ++i) {
        const Tensor& shape = ctx.input(i + 1);
        if (shape.shape().rank() != 1)
            return invalid_argument(
                fmt::format("input {} should be a vector, but got shape {}", i, to_text(shape.shape())));
        if (shape.elements() != rank)
            return invalid_argument(
                fmt::format("input {} should contain {} elements, but got {}", i, rank, shape.elements()));
        for (std::int64_t d = 0; d < rank; ++d)
            if (d != axis && shape.integer(d) != first.integer(d))
                return invalid_argument(fmt::format("All dimensions except {} must match. Input {} has shape {} and "
                                                    "doesn't match input 0 with shape {}.",
                                                    axis, i, to_text(Shape(integers_of(shape))),
                                                    to_text(Shape(integers_of(first)))));
        std::vector<std::int64_t> offsets(static_cast<std::size_t>(rank), 0);
        offsets[static_cast<std::size_t>(axis)] = offset;
        ctx.set_output(i, integer_vector(DType::int32, offsets));
        offset += shape.integer(axis);
    }
    return {};
}

Status unpack(KernelContext& ctx) {
    const Tensor& value = ctx.input(0);
    const auto rank = static_cast<std::int64_t>(value.shape().rank());
    const auto given = ctx.attr<std::int64_t>("axis"), count = ctx.attr<std::int64_t>("num");
    const std::int64_t axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis >= rank) return invalid_argument(fmt::format("axis = {} not in [{}, {})", given, -rank, rank));
    const auto at = static_cast<std::size_t>(axis);
    if (value.shape().dim(at) != count)
        return invalid_argument(
            fmt::format("Input shape axis {} must equal {}, got shape {}", axis, count, to_text(value.shape())));
    std::vector<std::int64_t> strides = strides_of(value.shape());
    const std::int64_t step = strides[at];
    strides.erase(strides.begin() + axis);
    const Shape part = concatenated(subshape(value.shape(), 0, at), subshape(value.shape(), at + 1));
    for (std::int64_t i = 0; i < count; ++i)
        ctx.set_output(static_cast<std::size_t>(i), take_strided(value, part, i * step, strides));
    return {};
}

} // namespace

void add_concat_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("Concat")
                      .input("concat_dim: int32")
                      .input("values: N * T")
                      .output("output: T")
                      .attr("N: int >= 2")
                      .attr("T: type")
                      .summary("Joins tensors along one dimension (the form of before 1.0).")
                      .shape(concat_shape)
                      .kernel(concat)
                      .example({{example::ints({}, {0}), example::floats({1, 2}, {1.0F, 2.0F}),
                                 example::floats({1, 2}, {3.0F, 4.0F})},
                                {},
                                {example::floats({2, 2}, {1.0F, 2.0F, 3.0F, 4.0F})}}));
    ops.push_back(OpBuilder("ConcatV2")
                      .input("values: N * T")
                      .input("axis: Tidx")
                      .output("output: T")
                      .attr("N: int >= 2")
                      .attr("T: type")
                      .attr("Tidx: {int32, int64} = DT_INT32")
                      .summary("Joins tensors along one dimension.")
                      .shape(concat_v2_shape)
                      .kernel(concat_v2)
                      .example({{example::floats({2, 1}, {1.0F, 2.0F}),
                                 example::floats({2, 2}, {3.0F, 4.0F, 5.0F, 6.0F}), example::ints({}, {-1})},
                                {},
                                {example::floats({2, 3}, {1.0F, 3.0F, 4.0F, 2.0F, 5.0F, 6.0F})}}));
    ops.push_back(OpBuilder("ConcatOffset")
                      .input("concat_dim: int32")
                      .input("shape: N * int32")
                      .output("offset: N * int32")
                      .attr("N: int >= 2")
                      .summary("Where each of the joined tensors begins in the result of a concatenation.")
                      .shape(concat_offset_shape)
                      .kernel(concat_offset)
                      .example({{example::ints({}, {1}), example::ints({2}, {2, 3}), example::ints({2}, {2, 5})},
                                {},
                                {example::ints({2}, {0, 0}), example::ints({2}, {0, 3})}}));
    ops.push_back(OpBuilder("Pack")
                      .input("values: N * T")
                      .output("output: T")
                      .attr("N: int >= 1")
                      .attr("T: type")
                      .attr("axis: int = 0")
                      .summary("Stacks tensors of one shape along a new dimension.")
                      .shape(pack_shape)
                      .kernel(pack)
                      .example({{example::floats({2}, {1.0F, 2.0F}), example::floats({2}, {3.0F, 4.0F})},
                                {{"axis", 1}},
                                {example::floats({2, 2}, {1.0F, 3.0F, 2.0F, 4.0F})}}));
    ops.push_back(OpBuilder("Unpack")
                      .input("value: T")
                      .output("output: num * T")
                      .attr("num: int >= 0")
                      .attr("T: type")
                      .attr("axis: int = 0")
                      .summary("Takes a tensor apart along one dimension.")
                      .shape(unpack_shape)
                      .kernel(unpack)
                      .example({{example::floats({2, 2}, {1.0F, 2.0F, 3.0F, 4.0F})},
                                {{"axis", 1}, {"num", 2}},
                                {example::floats({2}, {1.0F, 3.0F}), example::floats({2}, {2.0F, 4.0F})}}));
}

} // namespace rnnscope::ops
