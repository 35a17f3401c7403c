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

} // namespace

void add_slice_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("StridedSlice")
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
                      .shape(strided_slice_shape));
    ops.push_back(OpBuilder("Slice")
                      .input("input: T")
                      .input("begin: Index")
                      .input("size: Index")
                      .output("output: T")
                      .attr("T: type")
                      .attr("Index: {int32, int64}")
                      .summary("A block of a tensor; size -1 reaches to the end.")
                      .shape(slice_shape));
    ops.push_back(OpBuilder("Split")
                      .input("split_dim: int32")
                      .input("value: T")
                      .output("output: num_split * T")
                      .attr("num_split: int >= 1")
                      .attr("T: type")
                      .summary("Equal parts along one dimension.")
                      .shape(split_shape));
    ops.push_back(OpBuilder("SplitV")
                      .input("value: T")
                      .input("size_splits: Tlen")
                      .input("split_dim: int32")
                      .output("output: num_split * T")
                      .attr("num_split: int >= 1")
                      .attr("T: type")
                      .attr("Tlen: {int32, int64} = DT_INT64")
                      .summary("Parts of given sizes along one dimension.")
                      .shape(split_v_shape));
}

} // namespace rnnscope::ops
