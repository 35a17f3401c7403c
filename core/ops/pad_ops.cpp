#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include "core/ops/strided_slice.hpp"

#include <fmt/format.h>

// Ops that put a tensor into a larger one.
namespace rnnscope::ops {
namespace {

Status pad_shape(ShapeContext& ctx) {
    const auto paddings = with_rank(ctx.input(1), 2);
    if (!paddings) return paddings.error();
    RNNSCOPE_TRY(dim_is(paddings->dim(1), 2));
    if (ctx.inputs() > 2) RNNSCOPE_TRY(with_rank(ctx.input(2), 0));
    Shape input = ctx.input(0);
    std::int64_t rank = paddings->dim(0);
    const auto values = ctx.constant_input(1);
    if (values) rank = values->shape().dim(0);
    if (rank != Shape::unknown) {
        auto with = with_rank(input, static_cast<std::size_t>(rank));
        if (!with) return with.error();
        input = *std::move(with);
    }
    if (!input.has_rank() || !values) {
        ctx.set_output(0, input.has_rank() ? Shape::unknown_dims(input.rank()) : Shape::unknown_rank());
        return {};
    }
    std::vector<std::int64_t> dims(input.dims().begin(), input.dims().end());
    for (std::size_t i = 0; i < dims.size(); ++i) {
        const auto at = static_cast<std::int64_t>(2 * i);
        if (values->integer(at) < 0 || values->integer(at + 1) < 0)
            return invalid_argument("Paddings must be non-negative");
        if (dims[i] == Shape::unknown) continue;
        if (__builtin_add_overflow(dims[i], values->integer(at), &dims[i]) ||
            __builtin_add_overflow(dims[i], values->integer(at + 1), &dims[i]))
            return invalid_argument("Paddings are larger than any tensor");
    }
    ctx.set_output(0, Shape(std::move(dims)));
    return {};
}

Status strided_slice_grad_shape(ShapeContext& ctx) {
    ctx.set_output(0, ctx.input_as_shape(0));
    return {};
}

/// Element c of `source` becomes element `offset + sum(c[d] * strides[d])` of a tensor of `shape` that is `filler`
/// everywhere else. The reverse of take_strided.
Tensor put_strided(const Tensor& source, const Tensor& filler, const Shape& shape, std::int64_t offset,
                   const std::vector<std::int64_t>& strides) {
    ElementWriter writer(source.dtype(), shape);
    writer.copy(0, filled(filler, shape), 0, shape.elements());
    const std::size_t rank = source.shape().rank();
    const std::int64_t run = rank == 0 ? 1 : source.shape().dim(rank - 1);
    const std::int64_t run_stride = rank == 0 ? 1 : strides[rank - 1];
    std::vector<std::int64_t> at(rank, 0);
    for (std::int64_t from = 0; from < source.elements(); from += run) {
        if (run_stride == 1)
            writer.copy(offset, source, from, run);
        else
            for (std::int64_t i = 0; i < run; ++i) writer.copy(offset + i * run_stride, source, from + i);
        for (std::size_t d = rank < 2 ? 0 : rank - 1; d-- > 0;) {
            offset += strides[d];
            if (++at[d] < source.shape().dim(d)) break;
            offset -= strides[d] * source.shape().dim(d);
            at[d] = 0;
        }
    }
    return std::move(writer).finish();
}

/// Pad and PadV2, which says what to pad with.
Status pad(KernelContext& ctx) {
    const Tensor& input = ctx.input(0);
    const Tensor& paddings = ctx.input(1);
    const auto rank = static_cast<std::int64_t>(input.shape().rank());
    if (paddings.shape().rank() != 2 || paddings.shape().dim(1) != 2)
        return invalid_argument(fmt::format("paddings must be a matrix with 2 columns: {}", to_text(paddings.shape())));
    if (paddings.shape().dim(0) != rank)
        return invalid_argument(fmt::format("The first dimension of paddings must be the rank of inputs{} {}",
                                            to_text(paddings.shape()), to_text(input.shape())));
    if (ctx.inputs() > 2 && ctx.input(2).shape().rank() != 0)
        return invalid_argument(
            fmt::format("constant_values must be a scalar. Found: {}", to_text(ctx.input(2).shape())));
    std::vector<std::int64_t> dims(input.shape().dims().begin(), input.shape().dims().end());
    for (std::int64_t i = 0; i < rank; ++i) {
        const std::int64_t before = paddings.integer(2 * i), after = paddings.integer(2 * i + 1);
        if (before < 0 || after < 0)
            return invalid_argument(fmt::format("Paddings must be non-negative: {} {}", before, after));
        std::int64_t& dim = dims[static_cast<std::size_t>(i)];
        if (__builtin_add_overflow(dim, before, &dim) || __builtin_add_overflow(dim, after, &dim))
            return invalid_argument(fmt::format("Paddings are too large: {} {}", before, after));
    }
    const Shape shape(std::move(dims));
    RNNSCOPE_TRY(check_allocation(input.dtype(), shape));
    const std::vector<std::int64_t> strides = strides_of(shape);
    std::int64_t offset = 0;
    for (std::int64_t i = 0; i < rank; ++i) offset += paddings.integer(2 * i) * strides[static_cast<std::size_t>(i)];
    const Tensor filler = ctx.inputs() > 2 ? ctx.input(2) : Tensor::zeros(input.dtype(), {});
    ctx.set_output(0, put_strided(input, filler, shape, offset, strides));
    return {};
}

Status strided_slice_grad(KernelContext& ctx) {
    const Tensor& sizes = ctx.input(0);
    const Tensor& gradient = ctx.input(4);
    if (sizes.shape().rank() != 1)
        return invalid_argument(fmt::format("shape must be 1-D, got shape.shape = {} instead", to_text(sizes.shape())));
    for (std::size_t i = 1; i <= 3; ++i)
        if (ctx.input(i).shape().rank() != 1 || ctx.input(i).elements() != ctx.input(1).elements())
            return invalid_argument(fmt::format(
                "Expected begin, end, and strides to be 1D equal size tensors, but got shapes {}, {}, and {} instead.",
                to_text(ctx.input(1).shape()), to_text(ctx.input(2).shape()), to_text(ctx.input(3).shape())));
    const Shape shape(integers_of(sizes));
    RNNSCOPE_TRY(check_allocation(gradient.dtype(), shape));
    const auto mask = [&](const char* key) { return ctx.attr<std::int64_t>(key); };
    const auto plan = plan_strided_slice(
        shape, &ctx.input(1), &ctx.input(2), ctx.input(3),
        {mask("begin_mask"), mask("end_mask"), mask("ellipsis_mask"), mask("new_axis_mask"), mask("shrink_axis_mask")});
    if (!plan) return plan.error();
    if (gradient.shape() != plan->result)
        return invalid_argument(
            fmt::format("shape of dy was {} instead of {}", to_text(gradient.shape()), to_text(plan->result)));
    std::vector<std::int64_t> strides = strides_of(shape);
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < strides.size() && gradient.elements() > 0; ++i) {
        offset += plan->ranges[i].begin * strides[i];
        strides[i] = plan->ranges[i].length > 1 ? strides[i] * plan->strides[i] : 0;
    }
    ctx.set_output(0, put_strided(gradient.reshaped(plan->processed), Tensor::zeros(gradient.dtype(), {}), shape,
                                  offset, strides));
    return {};
}

} // namespace

void add_pad_ops(OpRecords& ops) {
    using example::floats;
    using example::ints;
    ops.push_back(
        OpBuilder("Pad")
            .input("input: T")
            .input("paddings: Tpaddings")
            .output("output: T")
            .attr("T: type")
            .attr("Tpaddings: {int32, int64} = DT_INT32")
            .summary("A tensor with zeros around it.")
            .shape(pad_shape)
            .kernel(pad)
            .example({{floats({1, 2}, {1.0F, 2.0F}), ints({2, 2}, {1, 0, 0, 1})},
                      {},
                      {floats({2, 3}, {0.0F, 0.0F, 0.0F, 1.0F, 2.0F, 0.0F})}})
            .example(
                {{example::strings({1}, {"a"}), ints({1, 2}, {1, 1})}, {}, {example::strings({3}, {"", "a", ""})}}));
    ops.push_back(OpBuilder("PadV2")
                      .input("input: T")
                      .input("paddings: Tpaddings")
                      .input("constant_values: T")
                      .output("output: T")
                      .attr("T: type")
                      .attr("Tpaddings: {int32, int64} = DT_INT32")
                      .summary("A tensor with one value all around it.")
                      .shape(pad_shape)
                      .kernel(pad)
                      .example({{floats({1, 2}, {1.0F, 2.0F}), ints({2, 2}, {1, 0, 0, 1}), floats({}, {7.0F})},
                                {},
                                {floats({2, 3}, {7.0F, 7.0F, 7.0F, 1.0F, 2.0F, 7.0F})}}));
    ops.push_back(OpBuilder("StridedSliceGrad")
                      .input("shape: Index")
                      .input("begin: Index")
                      .input("end: Index")
                      .input("strides: Index")
                      .input("dy: T")
                      .output("output: T")
                      .attr("T: type")
                      .attr("Index: {int32, int64}")
                      .attr("begin_mask: int = 0")
                      .attr("end_mask: int = 0")
                      .attr("ellipsis_mask: int = 0")
                      .attr("new_axis_mask: int = 0")
                      .attr("shrink_axis_mask: int = 0")
                      .summary("Gradient of StridedSlice: the gradient at the places that were taken, 0 elsewhere.")
                      .shape(strided_slice_grad_shape)
                      .kernel(strided_slice_grad)
                      .example({{ints({2}, {2, 3}), ints({2}, {0, -1}), ints({2}, {0, 0}), ints({2}, {1, 1}),
                                 floats({2}, {5.0F, 6.0F})},
                                {{"begin_mask", 1}, {"end_mask", 1}, {"shrink_axis_mask", 2}},
                                {floats({2, 3}, {0.0F, 0.0F, 5.0F, 0.0F, 0.0F, 6.0F})}})
                      .example({{ints({1}, {5}), ints({1}, {4}), ints({1}, {0}), ints({1}, {-2}),
                                 floats({3}, {1.0F, 2.0F, 3.0F})},
                                {{"end_mask", 1}},
                                {floats({5}, {3.0F, 0.0F, 2.0F, 0.0F, 1.0F})}}));
}

} // namespace rnnscope::ops
