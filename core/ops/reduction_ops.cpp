#include "core/ops/elementwise.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

namespace rnnscope::ops {
namespace {

Status arg_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    if (!input.has_rank()) {
        ctx.set_output(0, Shape::unknown_rank());
        return {};
    }
    const auto rank = static_cast<std::int64_t>(input.rank());
    if (rank <= 1) { // a scalar or vector has one dimension to reduce at most
        ctx.set_output(0, Shape{});
        return {};
    }
    const auto axis = ctx.constant_input(1);
    if (axis && axis->elements() != 1)
        return invalid_argument(fmt::format("Input must be scalar but has rank {}", axis->shape().rank()));
    if (!axis) {
        ctx.set_output(0, Shape::unknown_dims(input.rank() - 1));
        return {};
    }
    const std::int64_t given = axis->integer(0);
    const std::int64_t at = given < 0 ? given + rank : given;
    if (at < 0 || at >= rank)
        return invalid_argument(fmt::format("Dimension ({}) must be in the range [{}, {}), where {} is the number of "
                                            "dimensions in the input.",
                                            at, -rank, rank, rank));
    const auto dim = static_cast<std::size_t>(at);
    ctx.set_output(0, concatenated(subshape(input, 0, dim), subshape(input, dim + 1)));
    return {};
}

/// Which dimensions a reduction removes, and the shape without them.
struct ReductionPlan {
    std::vector<bool> reduced;
    Shape result;
    std::vector<std::int64_t> strides; ///< of the result, for each dimension of the input; 0 where it is reduced
};

Result<ReductionPlan> plan_reduction(const KernelContext& ctx) {
    const Shape& input = ctx.input(0).shape();
    const auto rank = static_cast<std::int64_t>(input.rank());
    if (ctx.input(1).shape().rank() > 1)
        return invalid_argument("Only scalar or vector reduction indices are supported");
    ReductionPlan plan;
    plan.reduced.assign(input.rank(), false);
    for (const std::int64_t given : integers_of(ctx.input(1))) {
        const std::int64_t axis = given < 0 ? given + rank : given;
        if (axis < 0 || axis >= rank)
            return invalid_argument(
                fmt::format("Invalid reduction dimension ({} for input with {} dimension(s)", given, rank));
        if (plan.reduced[static_cast<std::size_t>(axis)])
            return invalid_argument(
                fmt::format("Invalid reduction arguments: Axes contains duplicate dimension: {}", axis));
        plan.reduced[static_cast<std::size_t>(axis)] = true;
    }
    std::vector<std::int64_t> kept, with_ones;
    for (std::size_t i = 0; i < input.rank(); ++i) {
        if (!plan.reduced[i]) kept.push_back(input.dim(i));
        with_ones.push_back(plan.reduced[i] ? 1 : input.dim(i));
    }
    const Shape stretched(std::move(with_ones));
    plan.strides = strides_of(stretched);
    for (std::size_t i = 0; i < input.rank(); ++i)
        if (plan.reduced[i]) plan.strides[i] = 0;
    plan.result = ctx.attr<bool>("keep_dims") ? stretched : Shape(std::move(kept));
    return plan;
}

/// Calls visit(index in the input, index in the result) in the order of the input.
template <class Visit> void visit_reduced(const Shape& input, const std::vector<std::int64_t>& strides, Visit&& visit) {
    std::vector<std::int64_t> at(input.rank(), 0);
    std::int64_t to = 0;
    const std::int64_t elements = input.elements();
    for (std::int64_t from = 0; from < elements; ++from) {
        visit(static_cast<std::size_t>(from), static_cast<std::size_t>(to));
        for (std::size_t d = input.rank(); d-- > 0;) {
            to += strides[d];
            if (++at[d] < input.dim(d)) break;
            to -= strides[d] * input.dim(d);
            at[d] = 0;
        }
    }
}

template <class F> Status reduction_kernel(KernelContext& ctx) {
    const auto plan = plan_reduction(ctx);
    if (!plan) return plan.error();
    const Tensor& x = ctx.input(0);
    RNNSCOPE_TRY(check_allocation(x.dtype(), plan->result));
    const auto compute = [&](auto zero) {
        using T = decltype(zero);
        using Sum = Wide<T>;
        std::vector<Sum> sums(static_cast<std::size_t>(plan->result.elements()), F::template start<Sum>());
        const auto values = x.values<T>();
        visit_reduced(x.shape(), plan->strides, [&](std::size_t from, std::size_t to) {
            sums[to] = F::join(sums[to], static_cast<Sum>(values[from]));
        });
        const auto count = sums.empty() ? 0 : x.elements() / static_cast<std::int64_t>(sums.size());
        T* data = nullptr;
        Tensor result = Tensor::make<T>(plan->result, data);
        for (std::size_t i = 0; i < sums.size(); ++i) data[i] = static_cast<T>(F::finish(sums[i], count));
        ctx.set_output(0, std::move(result));
    };
    if (!visit_number(x.dtype(), compute)) return no_kernel(ctx, x.dtype());
    return {};
}

struct PlainReduction {
    template <class T> static T finish(T sum, std::int64_t) { return sum; }
};
struct SumOf : PlainReduction {
    template <class T> static T start() { return T{}; }
    template <class T> static T join(T a, T b) { return wrapped_add(a, b); }
};
struct MeanOf : SumOf {
    template <class T> static T finish(T sum, std::int64_t count) {
        if constexpr (std::is_floating_point_v<T>)
            return sum / static_cast<T>(count);
        else
            return count == 0 ? T{} : static_cast<T>(sum / static_cast<T>(count));
    }
};
struct ProductOf : PlainReduction {
    template <class T> static T start() { return T{1}; }
    template <class T> static T join(T a, T b) { return wrapped_mul(a, b); }
};
struct LargestOf : PlainReduction {
    template <class T> static T start() {
        return std::is_floating_point_v<T> ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::lowest();
    }
    template <class T> static T join(T a, T b) { return a < b || b != b ? b : a; }
};
struct SmallestOf : PlainReduction {
    template <class T> static T start() {
        return std::is_floating_point_v<T> ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();
    }
    template <class T> static T join(T a, T b) { return b < a || b != b ? b : a; }
};

template <bool all> Status bool_reduction_kernel(KernelContext& ctx) {
    const auto plan = plan_reduction(ctx);
    if (!plan) return plan.error();
    RNNSCOPE_TRY(check_allocation(DType::boolean, plan->result));
    bool* data = nullptr;
    Tensor result = Tensor::make<bool>(plan->result, data);
    std::fill_n(data, result.elements(), all);
    const auto values = ctx.input(0).values<bool>();
    visit_reduced(ctx.input(0).shape(), plan->strides, [&](std::size_t from, std::size_t to) {
        data[to] = all ? data[to] && values[from] : data[to] || values[from];
    });
    ctx.set_output(0, std::move(result));
    return {};
}

template <bool largest> Status arg_kernel(KernelContext& ctx) {
    const Tensor& x = ctx.input(0);
    const auto rank = static_cast<std::int64_t>(x.shape().rank());
    if (ctx.input(1).elements() != 1)
        return invalid_argument(
            fmt::format("dim must be a scalar, but received tensor of shape: {}", to_text(ctx.input(1).shape())));
    const std::int64_t given = scalar_input(ctx, 1), axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis >= rank)
        return invalid_argument(
            fmt::format("Expected dimension in the range [{}, {}), but got {}", -rank, rank, given));
    const auto at = static_cast<std::size_t>(axis);
    const std::int64_t size = x.shape().dim(at);
    if (size == 0)
        return invalid_argument(fmt::format("Reduction axis {} is empty in shape {}", axis, to_text(x.shape())));
    const Shape shape = concatenated(subshape(x.shape(), 0, at), subshape(x.shape(), at + 1));
    const std::int64_t inner = strides_of(x.shape())[at];
    std::vector<std::int64_t> best(static_cast<std::size_t>(shape.elements()), 0);
    const bool known = visit_number(x.dtype(), [&](auto zero) {
        const auto values = x.values<decltype(zero)>();
        for (std::size_t i = 0; i < best.size(); ++i) {
            const std::int64_t to = static_cast<std::int64_t>(i);
            const std::int64_t base = to / inner * inner * size + to % inner;
            for (std::int64_t k = 1; k < size; ++k) {
                const auto a = values[static_cast<std::size_t>(base + best[i] * inner)];
                const auto b = values[static_cast<std::size_t>(base + k * inner)];
                if (largest ? b > a : b < a) best[i] = k;
            }
        }
    });
    if (!known) return no_kernel(ctx, x.dtype());
    ctx.set_output(0, integer_vector(ctx.attr<DType>("output_type"), best).reshaped(shape));
    return {};
}

OpBuilder reduction(std::string_view name, KernelFn kernel, std::string_view type, std::string_view summary) {
    return OpBuilder(name)
        .input("input: T")
        .input("reduction_indices: Tidx")
        .output("output: T")
        .attr("keep_dims: bool = false")
        .attr(type)
        .attr("Tidx: {int32, int64} = DT_INT32")
        .summary(summary)
        .shape(reduction_shape)
        .kernel(kernel);
}

OpBuilder bool_reduction(std::string_view name, KernelFn kernel, std::string_view summary) {
    return OpBuilder(name)
        .input("input: bool")
        .input("reduction_indices: Tidx")
        .output("output: bool")
        .attr("keep_dims: bool = false")
        .attr("Tidx: {int32, int64} = DT_INT32")
        .summary(summary)
        .shape(reduction_shape)
        .kernel(kernel);
}

OpBuilder arg_reduction(std::string_view name, KernelFn kernel, std::string_view summary) {
    return OpBuilder(name)
        .input("input: T")
        .input("dimension: Tidx")
        .output("output: output_type")
        .attr("T: numbertype")
        .attr("Tidx: {int32, int64} = DT_INT32")
        .attr("output_type: {int32, int64} = DT_INT64")
        .summary(summary)
        .shape(arg_shape)
        .kernel(kernel);
}

/// Sums or products of all numbers before (or, reversed, after) each along an axis; exclusive: without itself.
template <bool product> Status cumulative(KernelContext& ctx) {
    const Tensor& x = ctx.input(0);
    const auto rank = static_cast<std::int64_t>(x.shape().rank());
    if (ctx.input(1).elements() != 1)
        return invalid_argument(fmt::format("ScanOp: axis must be a scalar, not {}", to_text(ctx.input(1).shape())));
    const std::int64_t given = scalar_input(ctx, 1), axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis >= rank)
        return invalid_argument(
            fmt::format("ScanOp: Expected scan axis in the range [{}, {}), but got {}", -rank, rank, given));
    const auto exclusive = ctx.attr<bool>("exclusive"), reverse = ctx.attr<bool>("reverse");
    const std::int64_t length = x.shape().dim(static_cast<std::size_t>(axis));
    const std::int64_t stride = strides_of(x.shape())[static_cast<std::size_t>(axis)];
    const bool known = visit_number(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        Tensor result = Tensor::make<T>(x.shape(), data);
        const T* from = x.values<T>().data();
        const std::int64_t lines = length == 0 ? 0 : x.elements() / length;
        for (std::int64_t line = 0; line < lines; ++line) {
            const std::int64_t start = line / stride * stride * length + line % stride;
            Wide<T> sum = static_cast<Wide<T>>(product ? 1 : 0);
            for (std::int64_t k = 0; k < length; ++k) {
                const std::int64_t at = start + (reverse ? length - 1 - k : k) * stride;
                if (exclusive) data[at] = static_cast<T>(sum);
                const auto value = static_cast<Wide<T>>(from[at]);
                sum = product ? wrapped_mul(sum, value) : wrapped_add(sum, value);
                if (!exclusive) data[at] = static_cast<T>(sum);
            }
        }
        ctx.set_output(0, std::move(result));
    });
    if (!known) return no_kernel(ctx, x.dtype());
    return {};
}

OpBuilder scan(std::string_view name, KernelFn kernel, std::string_view summary) {
    return OpBuilder(name)
        .input("x: T")
        .input("axis: Tidx")
        .output("out: T")
        .attr("exclusive: bool = false")
        .attr("reverse: bool = false")
        .attr("T: numbertype")
        .attr("Tidx: {int32, int64} = DT_INT32")
        .summary(summary)
        .shape(unchanged_shape)
        .kernel(kernel);
}

} // namespace

void add_reduction_ops(OpRecords& ops) {
    ops.push_back(
        reduction("Sum", reduction_kernel<SumOf>, "T: numbertype", "Sum along dimensions.")
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::ints({1}, {1})},
                      {},
                      {example::floats({2}, {6.0F, 15.0F})}})
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::ints({}, {-2})},
                      {{"keep_dims", true}},
                      {example::floats({1, 3}, {5.0F, 7.0F, 9.0F})}}));
    ops.push_back(
        reduction("Mean", reduction_kernel<MeanOf>, "T: numbertype", "Mean along dimensions.")
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::ints({1}, {1})},
                      {},
                      {example::floats({2}, {2.0F, 5.0F})}}));
    ops.push_back(
        reduction("Prod", reduction_kernel<ProductOf>, "T: numbertype", "Product along dimensions.")
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::ints({1}, {1})},
                      {},
                      {example::floats({2}, {6.0F, 120.0F})}}));
    ops.push_back(
        reduction("Max", reduction_kernel<LargestOf>, "T: numbertype", "Largest element along dimensions.")
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::ints({1}, {1})},
                      {},
                      {example::floats({2}, {3.0F, 6.0F})}}));
    ops.push_back(
        reduction("Min", reduction_kernel<SmallestOf>, "T: numbertype", "Smallest element along dimensions.")
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::ints({1}, {1})},
                      {},
                      {example::floats({2}, {1.0F, 4.0F})}}));
    ops.push_back(bool_reduction("All", bool_reduction_kernel<true>, "Do all elements along dimensions hold?")
                      .example({{example::bools({2, 2}, {true, false, true, true}), example::ints({}, {1})},
                                {},
                                {example::bools({2}, {false, true})}}));
    ops.push_back(bool_reduction("Any", bool_reduction_kernel<false>, "Does any element along dimensions hold?")
                      .example({{example::bools({2, 2}, {true, false, true, true}), example::ints({}, {1})},
                                {},
                                {example::bools({2}, {true, true})}}));
    ops.push_back(arg_reduction("ArgMax", arg_kernel<true>, "Index of the largest element along a dimension.")
                      .example({{example::floats({2, 3}, {1.0F, 3.0F, 2.0F, 9.0F, 8.0F, 7.0F}), example::ints({}, {1})},
                                {},
                                {example::longs({2}, {1, 0})}}));
    ops.push_back(arg_reduction("ArgMin", arg_kernel<false>, "Index of the smallest element along a dimension.")
                      .example({{example::floats({2, 3}, {1.0F, 3.0F, 2.0F, 9.0F, 8.0F, 7.0F}), example::ints({}, {0})},
                                {},
                                {example::longs({3}, {0, 0, 0})}}));
    const Tensor table = example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F});
    ops.push_back(
        scan("Cumsum", cumulative<false>, "Sums of all numbers up to each along an axis.")
            .example(
                {{table, example::ints({}, {1})}, {}, {example::floats({2, 3}, {1.0F, 3.0F, 6.0F, 4.0F, 9.0F, 15.0F})}})
            .example({{table, example::ints({}, {-1})},
                      {{"exclusive", true}, {"reverse", true}},
                      {example::floats({2, 3}, {5.0F, 3.0F, 0.0F, 11.0F, 6.0F, 0.0F})}}));
    ops.push_back(scan("Cumprod", cumulative<true>, "Products of all numbers up to each along an axis.")
                      .example({{table, example::ints({}, {0})},
                                {},
                                {example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 10.0F, 18.0F})}})
                      .example({{table, example::ints({}, {1})},
                                {{"exclusive", true}},
                                {example::floats({2, 3}, {1.0F, 1.0F, 2.0F, 1.0F, 4.0F, 20.0F})}}));
}

} // namespace rnnscope::ops
