#include "core/ops/elementwise.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <cmath>

#include <algorithm>
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
    if (count && count->elements() != 1)
        return invalid_argument(fmt::format("Input must be scalar but has rank {}", count->shape().rank()));
    if (count && count->integer(0) <= 0)
        return invalid_argument(fmt::format("Requires num > 0: {}", count->integer(0)));
    ctx.set_output(0, {count ? count->integer(0) : Shape::unknown});
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

Status accumulate_n_shape(ShapeContext& ctx) {
    ctx.set_output(0, ctx.attr<Shape>("shape"));
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

Status lin_space(KernelContext& ctx) {
    for (std::size_t i = 0; i < 3; ++i)
        if (ctx.input(i).shape().rank() != 0)
            return invalid_argument(fmt::format("{} must be a scalar, not shape {}",
                                                i == 2   ? "num"
                                                : i == 1 ? "stop"
                                                         : "start",
                                                to_text(ctx.input(i).shape())));
    const std::int64_t count = scalar_input(ctx, 2);
    if (count <= 0) return invalid_argument(fmt::format("Requires num > 0: {}", count));
    const DType dtype = ctx.input(0).dtype();
    RNNSCOPE_TRY(check_allocation(dtype, {count}));
    const bool known = visit_float(dtype, [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        Tensor result = Tensor::make<T>({count}, data);
        const T start = ctx.input(0).values<T>()[0], stop = ctx.input(1).values<T>()[0];
        const T step = count > 1 ? (stop - start) / static_cast<T>(count - 1) : T{};
        for (std::int64_t i = 0; i < count; ++i) data[i] = start + step * static_cast<T>(i);
        if (count > 1) data[count - 1] = stop;
        ctx.set_output(0, std::move(result));
    });
    if (!known) return no_kernel(ctx, dtype);
    return {};
}

Status add_n(KernelContext& ctx) {
    for (std::size_t i = 1; i < ctx.inputs(); ++i) RNNSCOPE_TRY(same_shapes(ctx, 0, i));
    const DType dtype = ctx.input(0).dtype();
    const bool known = visit_number(dtype, [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        Tensor result = Tensor::make<T>(ctx.input(0).shape(), data);
        for (std::size_t e = 0; e < static_cast<std::size_t>(result.elements()); ++e) {
            Wide<T> sum{};
            for (std::size_t i = 0; i < ctx.inputs(); ++i)
                sum = wrapped_add(sum, static_cast<Wide<T>>(ctx.input(i).values<T>()[e]));
            data[e] = static_cast<T>(sum);
        }
        ctx.set_output(0, std::move(result));
    });
    if (!known) return no_kernel(ctx, dtype);
    return {};
}

Status broadcast_gradient_args(KernelContext& ctx) {
    for (std::size_t i = 0; i < 2; ++i)
        if (ctx.input(i).shape().rank() != 1)
            return invalid_argument(fmt::format("In[{}] must be a vector.{}", i, to_text(ctx.input(i).shape())));
    const std::vector<std::int64_t> s0 = integers_of(ctx.input(0)), s1 = integers_of(ctx.input(1));
    std::vector<std::int64_t> r0, r1;
    const std::size_t rank = std::max(s0.size(), s1.size());
    for (std::size_t i = 0; i < rank && s0 != s1; ++i) {
        const std::int64_t a = i + s0.size() < rank ? 1 : s0[i + s0.size() - rank];
        const std::int64_t b = i + s1.size() < rank ? 1 : s1[i + s1.size() - rank];
        if (a != b && a != 1 && b != 1)
            return invalid_argument(
                fmt::format("Incompatible shapes: {} vs. {}", to_text(Shape(s0)), to_text(Shape(s1))));
        if (a == 1) r0.push_back(static_cast<std::int64_t>(i));
        if (b == 1) r1.push_back(static_cast<std::int64_t>(i));
    }
    ctx.set_output(0, integer_vector(ctx.input(0).dtype(), r0));
    ctx.set_output(1, integer_vector(ctx.input(0).dtype(), r1));
    return {};
}

Status clip_by_value(KernelContext& ctx) {
    const Tensor& x = ctx.input(0);
    for (std::size_t i = 1; i <= 2; ++i)
        if (ctx.input(i).elements() != 1) RNNSCOPE_TRY(same_shapes(ctx, 0, i));
    const bool known = visit_number(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        const auto low = ctx.input(1).values<T>(), high = ctx.input(2).values<T>();
        T* data = nullptr;
        Tensor result = Tensor::make<T>(x.shape(), data);
        const auto values = x.values<T>();
        for (std::size_t i = 0; i < values.size(); ++i) {
            const T least = low[low.size() == 1 ? 0 : i], most = high[high.size() == 1 ? 0 : i];
            const T capped = most < values[i] ? most : values[i];
            data[i] = capped < least ? least : capped;
        }
        ctx.set_output(0, std::move(result));
    });
    if (!known) return no_kernel(ctx, x.dtype());
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
                      .kernel(range)
                      .example({{example::ints({}, {2}), example::ints({}, {9}), example::ints({}, {3})},
                                {},
                                {example::ints({3}, {2, 5, 8})}}));
    ops.push_back(OpBuilder("LinSpace")
                      .input("start: T")
                      .input("stop: T")
                      .input("num: Tidx")
                      .output("output: T")
                      .attr("T: {bfloat16, float, double}")
                      .attr("Tidx: {int32, int64} = DT_INT32")
                      .summary("Evenly spaced numbers from start to stop.")
                      .shape(lin_space_shape)
                      .kernel(lin_space)
                      .example({{example::floats({}, {0.0F}), example::floats({}, {1.0F}), example::ints({}, {3})},
                                {},
                                {example::floats({3}, {0.0F, 0.5F, 1.0F})}}));
    ops.push_back(OpBuilder("AddN")
                      .input("inputs: N * T")
                      .output("sum: T")
                      .attr("N: int >= 1")
                      .attr("T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, "
                            "bfloat16, uint16, complex128, half, uint32, uint64, variant}")
                      .summary("The sum of all inputs, elementwise.")
                      .shape(add_n_shape)
                      .kernel(add_n)
                      .example({{example::floats({2}, {1.0F, 2.0F}), example::floats({2}, {3.0F, 4.0F}),
                                 example::floats({2}, {5.0F, 6.0F})},
                                {},
                                {example::floats({2}, {9.0F, 12.0F})}}));
    ops.push_back(OpBuilder("AccumulateNV2")
                      .input("inputs: N * T")
                      .output("sum: T")
                      .attr("N: int >= 1")
                      .attr("T: numbertype")
                      .attr("shape: shape")
                      .summary("The sum of all inputs, elementwise, added up in any order.")
                      .shape(accumulate_n_shape)
                      .kernel(add_n)
                      .example({{example::floats({2}, {1.0F, 2.0F}), example::floats({2}, {3.0F, 4.0F})},
                                {{"shape", Shape{2}}},
                                {example::floats({2}, {4.0F, 6.0F})}}));
    ops.push_back(OpBuilder("BroadcastGradientArgs")
                      .input("s0: T")
                      .input("s1: T")
                      .output("r0: T")
                      .output("r1: T")
                      .attr("T: {int32, int64} = DT_INT32")
                      .summary("The dimensions along which a gradient is summed to undo a broadcast.")
                      .shape(broadcast_gradient_args_shape)
                      .kernel(broadcast_gradient_args)
                      .example({{example::ints({3}, {2, 1, 3}), example::ints({2}, {4, 3})},
                                {},
                                {example::ints({1}, {1}), example::ints({1}, {0})}}));
    ops.push_back(OpBuilder("ClipByValue")
                      .input("t: T")
                      .input("clip_value_min: T")
                      .input("clip_value_max: T")
                      .output("output: T")
                      .attr("T: numbertype")
                      .summary("Limits every element to a range.")
                      .shape(clip_shape)
                      .kernel(clip_by_value)
                      .example({{example::floats({3}, {-5.0F, 0.0F, 5.0F}), example::floats({}, {-1.0F}),
                                 example::floats({}, {1.0F})},
                                {},
                                {example::floats({3}, {-1.0F, 0.0F, 1.0F})}}));
}

} // namespace rnnscope::ops
