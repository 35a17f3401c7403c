#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <cmath>

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

Status range_shape(ShapeContext& ctx) {
    static constexpr const char* names[] = {"start", "limit", "delta"};
    for (std::size_t i = 0; i < 3; ++i)
        if (const Shape& input = ctx.input(i); input.has_rank() && input.rank() != 0)
            return invalid_argument(
                fmt::format("Shape must be rank 0 but is rank {}\n\t for '{}'", input.rank(), names[i]));
    const auto start = ctx.constant_input(0), limit = ctx.constant_input(1), delta = ctx.constant_input(2);
    if (!start || !limit || !delta) {
        ctx.set_output(0, Shape::unknown_dims(1));
        return {};
    }
    const auto size = range_size(*start, *limit, *delta);
    if (!size) return size.error();
    ctx.set_output(0, {*size});
    return {};
}

Status range(KernelContext& ctx) {
    static constexpr const char* names[] = {"start", "limit", "delta"};
    for (std::size_t i = 0; i < 3; ++i)
        if (ctx.input(i).shape().rank() != 0)
            return invalid_argument(
                fmt::format("{} must be a scalar, not shape {}", names[i], to_text(ctx.input(i).shape())));
    const auto size = range_size(ctx.input(0), ctx.input(1), ctx.input(2));
    if (!size) return size.error();
    const DType dtype = ctx.input(0).dtype();
    RNNSCOPE_TRY(check_allocation(dtype, {*size}));
    const bool known = visit_number(dtype, [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        Tensor result = Tensor::make<T>({*size}, data);
        // As TensorFlow: repeated addition, which for floats is not start + i * delta.
        T value = ctx.input(0).values<T>()[0];
        const T delta = ctx.input(2).values<T>()[0];
        for (std::int64_t i = 0; i < *size; ++i) {
            data[i] = value;
            if (i + 1 < *size) value = static_cast<T>(value + delta);
        }
        ctx.set_output(0, std::move(result));
    });
    if (!known) return no_kernel(ctx, dtype);
    return {};
}

Status lin_space_shape(ShapeContext& ctx) {
    for (std::size_t i = 0; i < 3; ++i) RNNSCOPE_TRY(with_rank(ctx.input(i), 0));
    const auto count = ctx.constant_input(2);
    if (count && count->integer(0) <= 0)
        return invalid_argument(fmt::format("Requires num > 0: {}", count->integer(0)));
    ctx.set_output(0, {count ? count->integer(0) : Shape::unknown});
    return {};
}

Status select_shape(ShapeContext& ctx) {
    auto merged = merge_shapes(ctx.input(1), ctx.input(2));
    if (!merged) return merged.error();
    const Shape data = *std::move(merged);
    const Shape& condition = ctx.input(0);
    ctx.set_output(0, data);
    if (!condition.has_rank() || !data.has_rank() || condition.rank() == 0) return {};
    if (condition.rank() == 1) { // a vector chooses rows
        RNNSCOPE_TRY(with_rank_at_least(data, 1));
        RNNSCOPE_TRY(merge_dims(condition.dim(0), data.dim(0)));
        return {};
    }
    auto whole = merge_shapes(data, condition);
    if (!whole) return whole.error();
    ctx.set_output(0, *std::move(whole));
    return {};
}

Status add_n_shape(ShapeContext& ctx) {
    Shape shape = ctx.input(ctx.inputs() - 1);
    for (std::size_t i = ctx.inputs() - 1; i-- > 0;) {
        auto merged = merge_shapes(ctx.input(i), shape);
        if (!merged)
            return invalid_argument(
                fmt::format("{}\n\tFrom merging shape {} with other shapes.", merged.error().message, i));
        shape = *std::move(merged);
    }
    ctx.set_output(0, std::move(shape));
    return {};
}

Status broadcast_gradient_args_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank(ctx.input(0), 1));
    RNNSCOPE_TRY(with_rank(ctx.input(1), 1));
    ctx.set_output(0, Shape::unknown_dims(1));
    ctx.set_output(1, Shape::unknown_dims(1));
    return {};
}

Status clip_shape(ShapeContext& ctx) {
    ctx.set_output(0, ctx.input(0));
    return {};
}

} // namespace

void add_math_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("Range")
                      .input("start: Tidx")
                      .input("limit: Tidx")
                      .input("delta: Tidx")
                      .output("output: Tidx")
                      .attr("Tidx: {bfloat16, float, double, int32, int64} = DT_INT32")
                      .summary("Numbers from start up to limit in steps of delta.")
                      .shape(range_shape)
                      .kernel(range));
    ops.push_back(OpBuilder("LinSpace")
                      .input("start: T")
                      .input("stop: T")
                      .input("num: Tidx")
                      .output("output: T")
                      .attr("T: {bfloat16, float, double}")
                      .attr("Tidx: {int32, int64} = DT_INT32")
                      .summary("Evenly spaced numbers from start to stop.")
                      .shape(lin_space_shape));
    ops.push_back(OpBuilder("Select")
                      .input("condition: bool")
                      .input("t: T")
                      .input("e: T")
                      .output("output: T")
                      .attr("T: type")
                      .summary("Elements of t where the condition holds, else of e; a vector chooses whole rows.")
                      .shape(select_shape));
    ops.push_back(OpBuilder("AddN")
                      .input("inputs: N * T")
                      .output("sum: T")
                      .attr("N: int >= 1")
                      .attr("T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, "
                            "bfloat16, uint16, complex128, half, uint32, uint64, variant}")
                      .summary("The sum of all inputs, elementwise.")
                      .shape(add_n_shape));
    ops.push_back(OpBuilder("BroadcastGradientArgs")
                      .input("s0: T")
                      .input("s1: T")
                      .output("r0: T")
                      .output("r1: T")
                      .attr("T: {int32, int64} = DT_INT32")
                      .summary("The dimensions along which a gradient is summed to undo a broadcast.")
                      .shape(broadcast_gradient_args_shape));
    ops.push_back(OpBuilder("ClipByValue")
                      .input("t: T")
                      .input("clip_value_min: T")
                      .input("clip_value_max: T")
                      .output("output: T")
                      .attr("T: numbertype")
                      .summary("Limits every element to a range.")
                      .shape(clip_shape));
}

} // namespace rnnscope::ops
