#pragma once

#include "core/ops/kernel_util.hpp"
#include "core/ops/simd_kernels.hpp"

#include <cstdint>
#include <type_traits>

/// Elementwise computations with numpy's broadcasting.
namespace rnnscope::ops {

/// Floats are computed with `f` in double and rounded once, which is what TensorFlow's results are compared with.
/// Integers wrap around, so `f` gets them as they are.
template <class T> using Wide = std::conditional_t<std::is_integral_v<T>, T, double>;

/// Sum, difference and product of integers without undefined overflow.
template <class T> T wrapped_add(T a, T b) {
    if constexpr (std::is_integral_v<T>)
        return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
    else
        return a + b;
}
template <class T> T wrapped_sub(T a, T b) {
    if constexpr (std::is_integral_v<T>)
        return static_cast<T>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
    else
        return a - b;
}
template <class T> T wrapped_mul(T a, T b) {
    if constexpr (std::is_integral_v<T>)
        return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
    else
        return a * b;
}

template <class Out, class In, class F> Tensor map_unary(const Tensor& x, F&& f) {
    Out* data = nullptr;
    Tensor result = Tensor::make<Out>(x.shape(), data);
    const auto values = x.values<In>();
    for (std::size_t i = 0; i < values.size(); ++i) data[i] = static_cast<Out>(f(static_cast<Wide<In>>(values[i])));
    return result;
}

/// A kernel that applies F to every number, or with F::floats_only to floating-point numbers.
template <class F> Status unary_kernel(KernelContext& ctx) {
    const Tensor& x = ctx.input(0);
    const auto compute = [&](auto zero) {
        using T = decltype(zero);
        ctx.set_output(0, map_unary<T, T>(x, F{}));
    };
    bool known = false;
    if constexpr (F::floats_only)
        known = visit_float(x.dtype(), compute);
    else
        known = visit_number(x.dtype(), compute);
    if (!known) return no_kernel(ctx, x.dtype());
    return {};
}

/// A float32 tensor through a vector kernel: the same bits as in loops that run without the op's kernel.
Tensor map_floats(const Tensor& x, simd::Kernels::Unary kernel);

/// The shape of two tensors broadcast: "Incompatible shapes: [2,3] vs. [4,5]".
Result<Shape> broadcast_at_run_time(const Shape& a, const Shape& b);
/// Strides with which a tensor is read so that it has `shape`: 0 where it is stretched.
std::vector<std::int64_t> broadcast_strides(const Shape& own, const Shape& shape);

/// Walks the elements of `shape` and where they lie in two broadcast tensors: calls visit(i, index in a, index in b).
template <class Visit> void visit_broadcast(const Shape& a, const Shape& b, const Shape& shape, Visit&& visit) {
    const std::int64_t elements = shape.elements();
    if (a == shape && b == shape) {
        for (std::int64_t i = 0; i < elements; ++i) visit(i, i, i);
        return;
    }
    const std::vector<std::int64_t> a_strides = broadcast_strides(a, shape), b_strides = broadcast_strides(b, shape);
    std::vector<std::int64_t> at(shape.rank(), 0);
    std::int64_t ia = 0, ib = 0;
    for (std::int64_t i = 0; i < elements; ++i) {
        visit(i, ia, ib);
        for (std::size_t d = shape.rank(); d-- > 0;) {
            ia += a_strides[d];
            ib += b_strides[d];
            if (++at[d] < shape.dim(d)) break;
            ia -= a_strides[d] * shape.dim(d);
            ib -= b_strides[d] * shape.dim(d);
            at[d] = 0;
        }
    }
}

template <class Out, class In, class F> Tensor map_binary(const Tensor& a, const Tensor& b, const Shape& shape, F&& f) {
    Out* data = nullptr;
    Tensor result = Tensor::make<Out>(shape, data);
    const In* x = a.values<In>().data();
    const In* y = b.values<In>().data();
    visit_broadcast(a.shape(), b.shape(), shape, [&](std::int64_t i, std::int64_t ia, std::int64_t ib) {
        data[i] = static_cast<Out>(f(static_cast<Wide<In>>(x[ia]), static_cast<Wide<In>>(y[ib])));
    });
    return result;
}

} // namespace rnnscope::ops
