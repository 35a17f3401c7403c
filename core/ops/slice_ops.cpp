#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include "core/ops/strided_slice.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

SliceMasks masks_of(const Node& node) {
    const auto mask = [&](const char* key) { return *node.attr<std::int64_t>(key); };
    return {mask("begin_mask"), mask("end_mask"), mask("ellipsis_mask"), mask("new_axis_mask"),
            mask("shrink_axis_mask")};
}

Status strided_slice_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    Shape spec = Shape::unknown_dims(1);
    for (std::size_t i = 1; i <= 3; ++i) {
        const auto vector = with_rank(ctx.input(i), 1);
        if (!vector) return vector.error();
        auto merged = merge_shapes(spec, *vector);
        if (!merged) return merged.error();
        spec = *std::move(merged);
    }
    const auto strides = ctx.constant_input(3);
    if (!input.has_rank() || spec.dim(0) == Shape::unknown || !strides) {
        ctx.set_output(0, Shape::unknown_rank());
        return {};
    }
    const auto begin = ctx.constant_input(1), end = ctx.constant_input(2);
    auto plan =
        plan_strided_slice(input, begin ? &*begin : nullptr, end ? &*end : nullptr, *strides, masks_of(ctx.node()));
    if (!plan) return plan.error();
    ctx.set_output(0, std::move(plan->result));
    return {};
}

Status slice_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    const auto begin_shape = with_rank(ctx.input(1), 1);
    if (!begin_shape) return begin_shape.error();
    const auto size_shape = with_rank(ctx.input(2), 1);
    if (!size_shape) return size_shape.error();
    const auto count = merge_dims(begin_shape->dim(0), size_shape->dim(0));
    if (!count) return count.error();
    if (input.has_rank() && *count != Shape::unknown)
        RNNSCOPE_TRY(dim_is(*count, static_cast<std::int64_t>(input.rank())));
    const auto begin = ctx.constant_input(1), sizes = ctx.constant_input(2);
    if (!sizes) {
        if (input.has_rank())
            ctx.set_output(0, Shape::unknown_dims(input.rank()));
        else
            ctx.set_output(0, *count == Shape::unknown || *count > 254
                                  ? Shape::unknown_rank()
                                  : Shape::unknown_dims(static_cast<std::size_t>(*count)));
        return {};
    }
    std::vector<std::int64_t> dims = integers_of(*sizes);
    for (std::size_t i = 0; i < dims.size(); ++i) {
        if (dims[i] < -1) return invalid_argument(fmt::format("size[{}] must be >= -1", i));
        const std::int64_t whole = input.dim_or_unknown(i);
        if (dims[i] != -1 && (!begin || whole == Shape::unknown)) continue;
        if (!begin || whole == Shape::unknown) {
            dims[i] = Shape::unknown;
            continue;
        }
        const std::int64_t from = begin->integer(static_cast<std::int64_t>(i));
        if (from < 0 || from > whole)
            return invalid_argument(fmt::format("Expected begin[{}] in [0, {}], but got {}", i, whole, from));
        if (dims[i] == -1)
            dims[i] = whole - from;
        else if (dims[i] > whole - from)
            return invalid_argument(fmt::format("Expected size[{}] in [0, {}], but got {}", i, whole - from, dims[i]));
    }
    ctx.set_output(0, Shape(std::move(dims)));
    return {};
}

/// A constant axis made positive. Nothing when it is not known; TensorFlow's text when it is out of range.
Result<std::optional<std::size_t>> known_axis(ShapeContext& ctx, std::size_t input, std::size_t rank) {
    const auto axis = ctx.constant_input(input);
    if (!axis) return std::optional<std::size_t>{};
    if (axis->elements() != 1) // MakeDimForScalarInput
        return invalid_argument(fmt::format("Input must be scalar but has rank {}", axis->shape().rank()));
    const auto limit = static_cast<std::int64_t>(rank);
    const std::int64_t given = axis->integer(0);
    if (given < -limit)
        return invalid_argument(
            fmt::format("Dimension size, given by scalar input {} must be in range [-{}, {})", given, rank, rank));
    if (given >= limit)
        return invalid_argument(
            fmt::format("Dimension size, given by scalar input {} must be in range [-{}, {})", given, rank, rank));
    return std::optional(static_cast<std::size_t>(given < 0 ? given + limit : given));
}

Status split_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank(ctx.input(0), 0));
    const Shape& input = ctx.input(1);
    const auto parts = ctx.attr<std::int64_t>("num_split");
    Shape part = input.has_rank() ? Shape::unknown_dims(input.rank()) : Shape::unknown_rank();
    if (input.has_rank()) {
        const auto axis = known_axis(ctx, 0, input.rank());
        if (!axis) return axis.error();
        if (*axis) {
            const std::int64_t size = input.dim(**axis);
            if (size != Shape::unknown && size % parts != 0)
                return invalid_argument(fmt::format(
                    "Number of ways to split should evenly divide the split dimension, but got split_dim {} "
                    "(size = {}) and num_split {}",
                    **axis, size, parts));
            part = with_dim(input, **axis, size == Shape::unknown ? size : size / parts);
        }
    }
    for (std::size_t i = 0; i < ctx.outputs(); ++i) ctx.set_output(i, part);
    return {};
}

Status split_v_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    RNNSCOPE_TRY(with_rank(ctx.input(2), 0));
    const auto sizes = ctx.constant_input(1);
    std::optional<std::size_t> axis;
    if (input.has_rank()) {
        const auto known = known_axis(ctx, 2, input.rank());
        if (!known) return known.error();
        axis = *known;
    }
    if (!sizes || !axis) {
        const Shape part = input.has_rank() ? Shape::unknown_dims(input.rank()) : Shape::unknown_rank();
        for (std::size_t i = 0; i < ctx.outputs(); ++i) ctx.set_output(i, part);
        return {};
    }
    std::vector<std::int64_t> parts = integers_of(*sizes);
    if (parts.size() != ctx.outputs()) return invalid_argument("Length of size_splits should be equal to num_outputs");
    const std::int64_t whole = input.dim(*axis);
    std::int64_t total = 0;
    std::optional<std::size_t> open;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (parts[i] == -1) {
            if (open) return invalid_argument("size_splits can only have one -1");
            open = i;
        } else {
            total += parts[i];
        }
    }
    if (whole != Shape::unknown && (open ? total > whole : total != whole))
        return invalid_argument(open ? "size_splits must sum to less than the dimension size if it contains -1"
                                     : "Sum of output sizes must match the size of the original Tensor along the split "
                                       "dimension or the sum of the positive sizes must be less if it contains a -1");
    if (open) parts[*open] = whole == Shape::unknown ? Shape::unknown : whole - total;
    for (std::size_t i = 0; i < parts.size(); ++i) ctx.set_output(i, with_dim(input, *axis, parts[i]));
    return {};
}

Status strided_slice(KernelContext& ctx) {
    const Tensor& input = ctx.input(0);
    for (std::size_t i = 1; i <= 3; ++i)
        if (ctx.input(i).shape().rank() != 1 || ctx.input(i).elements() != ctx.input(1).elements())
            return invalid_argument(fmt::format(
                "Expected begin, end, and strides to be 1D equal size tensors, but got shapes {}, {}, and {} instead.",
                to_text(ctx.input(1).shape()), to_text(ctx.input(2).shape()), to_text(ctx.input(3).shape())));
    const auto plan =
        plan_strided_slice(input.shape(), &ctx.input(1), &ctx.input(2), ctx.input(3), masks_of(ctx.node()));
    if (!plan) return plan.error();
    std::vector<std::int64_t> strides = strides_of(input.shape());
    std::int64_t offset = 0;
    const bool is_empty = plan->processed.elements() == 0;
    for (std::size_t i = 0; i < strides.size() && !is_empty; ++i) {
        offset += plan->ranges[i].begin * strides[i];
        // A single step is never taken, and a huge stride must not overflow.
        strides[i] = plan->ranges[i].length > 1 ? strides[i] * plan->strides[i] : 0;
    }
    ctx.set_output(0, take_strided(input, plan->processed, offset, strides).reshaped(plan->result));
    return {};
}

Status slice(KernelContext& ctx) {
    const Tensor& input = ctx.input(0);
    const std::size_t rank = input.shape().rank();
    for (std::size_t i = 1; i <= 2; ++i)
        if (ctx.input(i).shape().rank() != 1 || static_cast<std::size_t>(ctx.input(i).elements()) != rank)
            return invalid_argument(fmt::format(
                "Expected begin and size arguments to be 1-D tensors of size {}, but got shapes {} and {} instead.",
                rank, to_text(ctx.input(1).shape()), to_text(ctx.input(2).shape())));
    std::vector<std::int64_t> dims = integers_of(ctx.input(2));
    const std::vector<std::int64_t> begin = integers_of(ctx.input(1)), strides = strides_of(input.shape());
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < rank; ++i) {
        const std::int64_t whole = input.shape().dim(i);
        if (begin[i] < 0 || begin[i] > whole)
            return invalid_argument(fmt::format("Expected begin[{}] in [0, {}], but got {}", i, whole, begin[i]));
        if (dims[i] == -1) dims[i] = whole - begin[i];
        if (dims[i] < 0 || dims[i] > whole - begin[i])
            return invalid_argument(
                fmt::format("Expected size[{}] in [0, {}], but got {}", i, whole - begin[i], dims[i]));
        offset += begin[i] * strides[i];
    }
    ctx.set_output(0, take_strided(input, Shape(std::move(dims)), offset, strides));
    return {};
}

/// Cuts `value` along `axis` into parts of the given sizes, which add up to the whole.
void cut(KernelContext& ctx, const Tensor& value, std::size_t axis, const std::vector<std::int64_t>& parts) {
    const std::vector<std::int64_t> strides = strides_of(value.shape());
    std::int64_t begin = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        ctx.set_output(i, take_strided(value, with_dim(value.shape(), axis, parts[i]), begin * strides[axis], strides));
        begin += parts[i];
    }
}

Status split(KernelContext& ctx) {
    const Tensor& value = ctx.input(1);
    if (ctx.input(0).elements() != 1)
        return invalid_argument("split_dim must be a scalar but has rank " +
                                std::to_string(ctx.input(0).shape().rank()));
    const auto rank = static_cast<std::int64_t>(value.shape().rank());
    const std::int64_t given = scalar_input(ctx, 0), axis = given < 0 ? given + rank : given;
    const auto parts = ctx.attr<std::int64_t>("num_split");
    if (axis < 0 || axis >= rank)
        return invalid_argument(
            fmt::format("-input rank(-{}) <= split_dim < input rank ({}), but got {}", rank, rank, given));
    const std::int64_t size = value.shape().dim(static_cast<std::size_t>(axis));
    if (size % parts != 0)
        return invalid_argument(fmt::format(
            "Number of ways to split should evenly divide the split dimension, but got split_dim {} (size = "
            "{}) and num_split {}",
            axis, size, parts));
    cut(ctx, value, static_cast<std::size_t>(axis),
        std::vector<std::int64_t>(static_cast<std::size_t>(parts), size / parts));
    return {};
}

Status split_v(KernelContext& ctx) {
    const Tensor& value = ctx.input(0);
    const Tensor& sizes = ctx.input(1);
    if (ctx.input(2).elements() != 1) return invalid_argument("split_dim_tensor must have exactly one element.");
    const auto rank = static_cast<std::int64_t>(value.shape().rank());
    const std::int64_t given = scalar_input(ctx, 2), axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis >= rank)
        return invalid_argument(
            fmt::format("-input rank(-{}) <= split_dim < input rank ({}), but got {}", rank, rank, given));
    const auto count = ctx.attr<std::int64_t>("num_split");
    if (sizes.shape().rank() != 1 || sizes.elements() != count)
        return invalid_argument(fmt::format("size_splits must be 1-D and have the same as num_split = {}", count));
    const std::int64_t whole = value.shape().dim(static_cast<std::size_t>(axis));
    std::vector<std::int64_t> parts = integers_of(sizes);
    std::int64_t total = 0;
    std::optional<std::size_t> open;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (parts[i] == -1 && !open) {
            open = i;
        } else if (parts[i] < 0 || parts[i] > whole - total) {
            return invalid_argument(
                fmt::format("Split size at index {} must be >= 0 and fit into {}. Got: {}", i, whole, parts[i]));
        } else {
            total += parts[i];
        }
    }
    if (!open && total != whole)
        return invalid_argument(fmt::format("Determined shape must either match input shape along split_dim exactly if "
                                            "fully specified, or be less than the size of the input along split_dim if "
                                            "not fully specified.  Got: {}",
                                            total));
    if (open) parts[*open] = whole - total;
    cut(ctx, value, static_cast<std::size_t>(axis), parts);
    return {};
}

} // namespace

void add_slice_ops(OpRecords& ops) {
    ops.push_back(
        OpBuilder("StridedSlice")
            .input("input: T")
            .input("begin: Index")
            .input("end: Index")
            .input("strides: Index")
            .output("output: T")
            .attr("T: type")
            .attr("Index: {int32, int64}")
            .attr("begin_mask: int = 0")
            .attr("end_mask: int = 0")
            .attr("ellipsis_mask: int = 0")
            .attr("new_axis_mask: int = 0")
            .attr("shrink_axis_mask: int = 0")
            .summary("Python's x[begin:end:stride, ...].")
            .shape(strided_slice_shape)
            .kernel(strided_slice)
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::ints({2}, {0, -1}),
                       example::ints({2}, {0, 0}), example::ints({2}, {1, 1})},
                      {{"begin_mask", 1}, {"end_mask", 1}, {"shrink_axis_mask", 2}},
                      {example::floats({2}, {3.0F, 6.0F})}})
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::ints({3}, {0, 0, 3}),
                       example::ints({3}, {0, 0, 0}), example::ints({3}, {1, 1, -2})},
                      {{"ellipsis_mask", 1}, {"new_axis_mask", 2}, {"end_mask", 4}},
                      {example::floats({2, 1, 2}, {3.0F, 1.0F, 6.0F, 4.0F})}}));
    ops.push_back(OpBuilder("Slice")
                      .input("input: T")
                      .input("begin: Index")
                      .input("size: Index")
                      .output("output: T")
                      .attr("T: type")
                      .attr("Index: {int32, int64}")
                      .summary("A block of a tensor; size -1 reaches to the end.")
                      .shape(slice_shape)
                      .kernel(slice)
                      .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}),
                                 example::ints({2}, {0, 1}), example::ints({2}, {-1, 2})},
                                {},
                                {example::floats({2, 2}, {2.0F, 3.0F, 5.0F, 6.0F})}}));
    ops.push_back(OpBuilder("Split")
                      .input("split_dim: int32")
                      .input("value: T")
                      .output("output: num_split * T")
                      .attr("num_split: int >= 1")
                      .attr("T: type")
                      .summary("Equal parts along one dimension.")
                      .shape(split_shape)
                      .kernel(split)
                      .example({{example::ints({}, {1}),
                                 example::floats({2, 4}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F, 7.0F, 8.0F})},
                                {{"num_split", 2}},
                                {example::floats({2, 2}, {1.0F, 2.0F, 5.0F, 6.0F}),
                                 example::floats({2, 2}, {3.0F, 4.0F, 7.0F, 8.0F})}}));
    ops.push_back(
        OpBuilder("SplitV")
            .input("value: T")
            .input("size_splits: Tlen")
            .input("split_dim: int32")
            .output("output: num_split * T")
            .attr("num_split: int >= 1")
            .attr("T: type")
            .attr("Tlen: {int32, int64} = DT_INT64")
            .summary("Parts of given sizes along one dimension.")
            .shape(split_v_shape)
            .kernel(split_v)
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::ints({2}, {1, -1}),
                       example::ints({}, {1})},
                      {{"num_split", 2}},
                      {example::floats({2, 1}, {1.0F, 4.0F}), example::floats({2, 2}, {2.0F, 3.0F, 5.0F, 6.0F})}}));
}

} // namespace rnnscope::ops
