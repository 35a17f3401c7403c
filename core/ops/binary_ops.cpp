#include "core/ops/elementwise.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include "core/ops/simd_kernels.hpp"
#include <cmath>
#include <functional>

namespace rnnscope::ops {
namespace {

constexpr auto arithmetic_types =
    "T: {bfloat16, half, float, double, uint8, int8, uint16, int16, int32, int64, complex64, complex128}";
constexpr auto order_types = "T: realnumbertype";
constexpr auto equality_types =
    "T: {bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, quint8, "
    "qint8, qint32, string, bool, complex128}";

/// A kernel that applies F to pairs of numbers.
template <class F> Status binary_kernel(KernelContext& ctx) {
    const Tensor& x = ctx.input(0);
    const Tensor& y = ctx.input(1);
    const auto shape = broadcast_at_run_time(x.shape(), y.shape());
    if (!shape) return shape.error();
    RNNSCOPE_TRY(check_allocation(x.dtype(), *shape));
    if constexpr (F::divides) {
        if (is_integer(x.dtype()) && shape->elements() > 0)
            for (std::int64_t i = 0; i < y.elements(); ++i)
                if (y.integer(i) == 0) return invalid_argument("Integer division by zero");
    }
    const bool known = visit_number(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        ctx.set_output(0, map_binary<T, T>(x, y, *shape, F{}));
    });
    if (!known) return no_kernel(ctx, x.dtype());
    return {};
}

/// The vector kernels of an operation in single precision. Sums, differences and products of floats that are computed
/// in double and rounded are those that are computed in float (Figueroa 1995), so that it makes no difference but
/// speed.
struct FastForms {
    simd::Kernels::Binary simd::Kernels::*same;
    simd::Kernels::WithScalar simd::Kernels::*first_scalar, simd::Kernels::*second_scalar;
};

template <class F, FastForms Forms> Status fast_binary_kernel(KernelContext& ctx) {
    const Tensor& x = ctx.input(0);
    const Tensor& y = ctx.input(1);
    const bool first = x.shape().is_scalar(), second = y.shape().is_scalar(), same = x.shape() == y.shape();
    if (x.dtype() != DType::float32 || (!same && !first && !second)) return binary_kernel<F>(ctx);
    const auto& kernels = simd::kernels();
    const Shape& shape = first ? y.shape() : x.shape();
    RNNSCOPE_TRY(check_allocation(DType::float32, shape));
    float* data = nullptr;
    Tensor result = Tensor::make<float>(shape, data);
    const auto count = static_cast<std::size_t>(result.elements());
    const float* a = x.values<float>().data();
    const float* b = y.values<float>().data();
    if (same)
        (kernels.*Forms.same)(a, b, data, count);
    else if (first)
        (kernels.*Forms.first_scalar)(b, *a, data, count);
    else
        (kernels.*Forms.second_scalar)(a, *b, data, count);
    ctx.set_output(0, std::move(result));
    return {};
}
constexpr FastForms add_forms{&simd::Kernels::add, &simd::Kernels::add_scalar, &simd::Kernels::add_scalar};
constexpr FastForms sub_forms{&simd::Kernels::sub, &simd::Kernels::scalar_sub, &simd::Kernels::sub_scalar};
constexpr FastForms mul_forms{&simd::Kernels::mul, &simd::Kernels::mul_scalar, &simd::Kernels::mul_scalar};

struct Plain {
    static constexpr bool divides = false;
};
struct Divides {
    static constexpr bool divides = true;
};

struct Sum : Plain {
    template <class T> T operator()(T x, T y) const { return wrapped_add(x, y); }
};
struct Difference : Plain {
    template <class T> T operator()(T x, T y) const { return wrapped_sub(x, y); }
};
struct Product : Plain {
    template <class T> T operator()(T x, T y) const { return wrapped_mul(x, y); }
};
/// Quotient towards zero; the one that overflows (least number / -1) wraps.
template <class T> T quotient(T x, T y) {
    if constexpr (std::is_floating_point_v<T>)
        return x / y;
    else if constexpr (std::is_signed_v<T>)
        return y == T(-1) ? wrapped_sub(T{}, x) : static_cast<T>(x / y);
    else
        return static_cast<T>(x / y);
}
template <class T> T remainder(T x, T y) {
    if constexpr (std::is_floating_point_v<T>)
        return std::fmod(x, y);
    else if constexpr (std::is_signed_v<T>)
        return y == T(-1) ? T{} : static_cast<T>(x % y);
    else
        return static_cast<T>(x % y);
}
struct Quotient : Divides {
    template <class T> T operator()(T x, T y) const { return quotient(x, y); }
};
struct TruncatedQuotient : Divides {
    template <class T> T operator()(T x, T y) const {
        if constexpr (std::is_floating_point_v<T>)
            return std::trunc(x / y);
        else
            return quotient(x, y);
    }
};
struct FloorQuotient : Divides {
    template <class T> T operator()(T x, T y) const {
        if constexpr (std::is_floating_point_v<T>) {
            return std::floor(x / y);
        } else {
            const bool below = (x < T{}) != (y < T{}) && remainder(x, y) != T{};
            return static_cast<T>(quotient(x, y) - (below ? 1 : 0));
        }
    }
};
struct QuotientNoNan : Plain {
    template <class T> T operator()(T x, T y) const { return y == T{} ? T{} : quotient(x, y); }
};
struct Remainder : Divides {
    template <class T> T operator()(T x, T y) const { return remainder(x, y); }
};
struct FloorRemainder : Divides {
    template <class T> T operator()(T x, T y) const {
        const T rest = remainder(x, y);
        return rest != T{} && (rest < T{}) != (y < T{}) ? static_cast<T>(rest + y) : rest;
    }
};
struct Power : Plain {
    template <class T> T operator()(T x, T y) const {
        if constexpr (std::is_floating_point_v<T>) {
            return std::pow(x, y);
        } else {
            T result = 1, factor = x;
            for (auto n = static_cast<std::uint64_t>(y); n != 0; n >>= 1) {
                if ((n & 1) != 0) result = wrapped_mul(result, factor);
                factor = wrapped_mul(factor, factor);
            }
            return result;
        }
    }
};
struct DifferenceSquared : Plain {
    template <class T> T operator()(T x, T y) const {
        const T difference = wrapped_sub(x, y);
        return wrapped_mul(difference, difference);
    }
};
struct Larger : Plain {
    template <class T> T operator()(T x, T y) const { return x < y ? y : x; }
};
struct Smaller : Plain {
    template <class T> T operator()(T x, T y) const { return y < x ? y : x; }
};
struct OfSigmoid : Plain {
    template <class T> T operator()(T y, T dy) const { return static_cast<T>(dy * y * (1 - y)); }
};
struct OfTanh : Plain {
    template <class T> T operator()(T y, T dy) const { return static_cast<T>(dy * (1 - y * y)); }
};
struct OfSqrt : Plain {
    template <class T> T operator()(T y, T dy) const { return static_cast<T>(dy / 2 / y); }
};
struct OfRsqrt : Plain {
    template <class T> T operator()(T y, T dy) const { return static_cast<T>(-dy / 2 * y * y * y); }
};
struct OfReciprocal : Plain {
    template <class T> T operator()(T y, T dy) const { return static_cast<T>(-dy * y * y); }
};

Status integer_pow(KernelContext& ctx) {
    const Tensor& exponent = ctx.input(1);
    if (is_integer(exponent.dtype()))
        for (std::int64_t i = 0; i < exponent.elements(); ++i)
            if (exponent.integer(i) < 0) return invalid_argument("Integers to negative integer powers are not allowed");
    return binary_kernel<Power>(ctx);
}

/// Add also joins strings.
Status add(KernelContext& ctx) {
    const Tensor& x = ctx.input(0);
    const Tensor& y = ctx.input(1);
    if (x.dtype() != DType::string) return fast_binary_kernel<Sum, add_forms>(ctx);
    const auto shape = broadcast_at_run_time(x.shape(), y.shape());
    if (!shape) return shape.error();
    RNNSCOPE_TRY(check_allocation(x.dtype(), *shape));
    std::vector<std::string> joined(static_cast<std::size_t>(shape->elements()));
    visit_broadcast(x.shape(), y.shape(), *shape, [&](std::int64_t i, std::int64_t ix, std::int64_t iy) {
        joined[static_cast<std::size_t>(i)] =
            x.strings()[static_cast<std::size_t>(ix)] + y.strings()[static_cast<std::size_t>(iy)];
    });
    ctx.set_output(0, Tensor::of<std::string>(*shape, std::move(joined)));
    return {};
}

template <class F> Status comparison_kernel(KernelContext& ctx) {
    const Tensor& x = ctx.input(0);
    const Tensor& y = ctx.input(1);
    const auto shape = broadcast_at_run_time(x.shape(), y.shape());
    if (!shape) return shape.error();
    RNNSCOPE_TRY(check_allocation(DType::boolean, *shape));
    if (x.dtype() == DType::boolean) {
        ctx.set_output(0, map_binary<bool, bool>(x, y, *shape, F{}));
        return {};
    }
    if (x.dtype() == DType::string) {
        bool* data = nullptr;
        Tensor result = Tensor::make<bool>(*shape, data);
        visit_broadcast(x.shape(), y.shape(), *shape, [&](std::int64_t i, std::int64_t ix, std::int64_t iy) {
            data[i] = F{}(x.strings()[static_cast<std::size_t>(ix)], y.strings()[static_cast<std::size_t>(iy)]);
        });
        ctx.set_output(0, std::move(result));
        return {};
    }
    const bool known = visit_number(
        x.dtype(), [&](auto zero) { ctx.set_output(0, map_binary<bool, decltype(zero)>(x, y, *shape, F{})); });
    if (!known) return no_kernel(ctx, x.dtype());
    return {};
}

template <class F> Status logical_kernel(KernelContext& ctx) {
    const auto shape = broadcast_at_run_time(ctx.input(0).shape(), ctx.input(1).shape());
    if (!shape) return shape.error();
    RNNSCOPE_TRY(check_allocation(DType::boolean, *shape));
    ctx.set_output(0, map_binary<bool, bool>(ctx.input(0), ctx.input(1), *shape, F{}));
    return {};
}

OpBuilder binary(std::string_view name, KernelFn kernel, std::string_view types, std::string_view summary) {
    return OpBuilder(name)
        .input("x: T")
        .input("y: T")
        .output("z: T")
        .attr(types)
        .summary(summary)
        .shape(broadcast_shape)
        .kernel(kernel);
}

OpBuilder comparison(std::string_view name, KernelFn kernel, std::string_view summary) {
    return OpBuilder(name)
        .input("x: T")
        .input("y: T")
        .output("z: bool")
        .attr(order_types)
        .summary(summary)
        .shape(broadcast_shape)
        .kernel(kernel);
}

OpBuilder equality(std::string_view name, KernelFn kernel, std::string_view summary) {
    return OpBuilder(name)
        .input("x: T")
        .input("y: T")
        .output("z: bool")
        .attr(equality_types)
        .summary(summary)
        .shape(broadcast_shape)
        .kernel(kernel);
}

OpBuilder logical(std::string_view name, KernelFn kernel, std::string_view summary) {
    return OpBuilder(name)
        .input("x: bool")
        .input("y: bool")
        .output("z: bool")
        .summary(summary)
        .shape(broadcast_shape)
        .kernel(kernel);
}

/// A gradient that needs the forward result `y` and the incoming gradient `dy`.
OpBuilder gradient(std::string_view name, KernelFn kernel, std::string_view summary) {
    return OpBuilder(name)
        .input("y: T")
        .input("dy: T")
        .output("z: T")
        .attr("T: {bfloat16, half, float, double, complex64, complex128}")
        .summary(summary)
        .shape(unchanged_shape)
        .kernel(kernel);
}

} // namespace

void add_binary_ops(OpRecords& ops) {
    ops.push_back(
        binary("Add", add,
               "T: {bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, complex128, string}",
               "The sum, elementwise.")
            .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                       example::floats({3}, {2.0F, -4.0F, 0.5F})},
                      {},
                      {example::floats({2, 3}, {3.0F, -6.0F, 4.0F, 6.0F, 1.0F, -5.5F})}})
            .example({{example::strings({2}, {"a", "b"}), example::strings({}, {"c"})},
                      {},
                      {example::strings({2}, {"ac", "bc"})}}));
    ops.push_back(binary("AddV2", fast_binary_kernel<Sum, add_forms>,
                         "T: {bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, complex128}",
                         "The sum, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {2.0F, -4.0F, 0.5F})},
                                {},
                                {example::floats({2, 3}, {3.0F, -6.0F, 4.0F, 6.0F, 1.0F, -5.5F})}}));
    ops.push_back(
        binary("Sub", fast_binary_kernel<Difference, sub_forms>, arithmetic_types, "The difference, elementwise.")
            .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                       example::floats({3}, {2.0F, -4.0F, 0.5F})},
                      {},
                      {example::floats({2, 3}, {-1.0F, 2.0F, 3.0F, 2.0F, 9.0F, -6.5F})}}));
    ops.push_back(binary("Mul", fast_binary_kernel<Product, mul_forms>, arithmetic_types, "The product, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {2.0F, -4.0F, 0.5F})},
                                {},
                                {example::floats({2, 3}, {2.0F, 8.0F, 1.75F, 8.0F, -20.0F, -3.0F})}}));
    ops.push_back(
        binary("Div", binary_kernel<Quotient>, arithmetic_types, "The quotient, elementwise; integers are truncated.")
            .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                       example::floats({3}, {2.0F, -4.0F, 0.5F})},
                      {},
                      {example::floats({2, 3}, {0.5F, 0.5F, 7.0F, 2.0F, -1.25F, -12.0F})}}));
    ops.push_back(
        binary("RealDiv", binary_kernel<Quotient>, arithmetic_types, "The quotient of real numbers, elementwise.")
            .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                       example::floats({3}, {2.0F, -4.0F, 0.5F})},
                      {},
                      {example::floats({2, 3}, {0.5F, 0.5F, 7.0F, 2.0F, -1.25F, -12.0F})}}));
    ops.push_back(
        binary("FloorDiv", binary_kernel<FloorQuotient>, arithmetic_types, "The quotient rounded down, elementwise.")
            .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                       example::floats({3}, {2.0F, -4.0F, 0.5F})},
                      {},
                      {example::floats({2, 3}, {0.0F, 0.0F, 7.0F, 2.0F, -2.0F, -12.0F})}})
            .example({{example::ints({4}, {7, -7, 7, -7}), example::ints({4}, {2, 2, -2, -2})},
                      {},
                      {example::ints({4}, {3, -4, -4, 3})}}));
    ops.push_back(binary("TruncateDiv", binary_kernel<TruncatedQuotient>, arithmetic_types,
                         "The quotient rounded towards zero, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {2.0F, -4.0F, 0.5F})},
                                {},
                                {example::floats({2, 3}, {0.0F, 0.0F, 7.0F, 2.0F, -1.0F, -12.0F})}}));
    ops.push_back(binary("DivNoNan", binary_kernel<QuotientNoNan>, "T: {half, float, double, complex64, complex128}",
                         "The quotient, 0 where the divisor is 0, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {2.0F, 0.0F, 0.5F})},
                                {},
                                {example::floats({2, 3}, {0.5F, 0.0F, 7.0F, 2.0F, 0.0F, -12.0F})}}));
    ops.push_back(binary("FloorMod", binary_kernel<FloorRemainder>, "T: {int32, int64, bfloat16, half, float, double}",
                         "Remainder of the division that rounds down, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {2.0F, -4.0F, 0.5F})},
                                {},
                                {example::floats({2, 3}, {1.0F, -2.0F, 0.0F, 0.0F, -3.0F, 0.0F})}})
                      .example({{example::ints({4}, {7, -7, 7, -7}), example::ints({4}, {2, 2, -2, -2})},
                                {},
                                {example::ints({4}, {1, 1, -1, -1})}}));
    ops.push_back(binary("Mod", binary_kernel<Remainder>, "T: {int32, int64, half, half, bfloat16, float, double}",
                         "Remainder of the division that rounds towards zero, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {2.0F, -4.0F, 0.5F})},
                                {},
                                {example::floats({2, 3}, {1.0F, -2.0F, 0.0F, 0.0F, 1.0F, -0.0F})}}));
    ops.push_back(binary("Pow", integer_pow, "T: {bfloat16, float, half, double, int32, int64, complex64, complex128}",
                         "Power, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {2.0F, 3.0F, 1.0F})},
                                {},
                                {example::floats({2, 3}, {1.0F, -8.0F, 3.5F, 16.0F, 125.0F, -6.0F})}}));
    ops.push_back(binary("SquaredDifference", binary_kernel<DifferenceSquared>,
                         "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
                         "Square of the difference, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {2.0F, -4.0F, 0.5F})},
                                {},
                                {example::floats({2, 3}, {1.0F, 4.0F, 9.0F, 4.0F, 81.0F, 42.25F})}}));
    ops.push_back(binary("Maximum", binary_kernel<Larger>, "T: {bfloat16, half, float, double, int32, int64}",
                         "The larger one, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {2.0F, -4.0F, 0.5F})},
                                {},
                                {example::floats({2, 3}, {2.0F, -2.0F, 3.5F, 4.0F, 5.0F, 0.5F})}}));
    ops.push_back(binary("Minimum", binary_kernel<Smaller>, "T: {bfloat16, half, float, double, int32, int64}",
                         "The smaller one, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {2.0F, -4.0F, 0.5F})},
                                {},
                                {example::floats({2, 3}, {1.0F, -4.0F, 0.5F, 2.0F, -4.0F, -6.0F})}}));
    ops.push_back(comparison("Greater", comparison_kernel<std::greater<>>, "x > y, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {1.0F, -2.0F, 4.0F})},
                                {},
                                {example::bools({2, 3}, {false, false, false, true, true, false})}}));
    ops.push_back(comparison("GreaterEqual", comparison_kernel<std::greater_equal<>>, "x >= y, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {1.0F, -2.0F, 4.0F})},
                                {},
                                {example::bools({2, 3}, {true, true, false, true, true, false})}}));
    ops.push_back(comparison("Less", comparison_kernel<std::less<>>, "x < y, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {1.0F, -2.0F, 4.0F})},
                                {},
                                {example::bools({2, 3}, {false, false, true, false, false, true})}}));
    ops.push_back(comparison("LessEqual", comparison_kernel<std::less_equal<>>, "x <= y, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {1.0F, -2.0F, 4.0F})},
                                {},
                                {example::bools({2, 3}, {true, true, true, false, false, true})}}));
    ops.push_back(equality("Equal", comparison_kernel<std::equal_to<>>, "x == y, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {1.0F, -2.0F, 4.0F})},
                                {},
                                {example::bools({2, 3}, {true, true, false, false, false, false})}})
                      .example({{example::strings({2}, {"a", "b"}), example::strings({}, {"a"})},
                                {},
                                {example::bools({2}, {true, false})}}));
    ops.push_back(equality("NotEqual", comparison_kernel<std::not_equal_to<>>, "x != y, elementwise.")
                      .example({{example::floats({2, 3}, {1.0F, -2.0F, 3.5F, 4.0F, 5.0F, -6.0F}),
                                 example::floats({3}, {1.0F, -2.0F, 4.0F})},
                                {},
                                {example::bools({2, 3}, {false, false, true, true, true, true})}}));
    ops.push_back(logical("LogicalAnd", logical_kernel<std::logical_and<>>, "And, elementwise.")
                      .example({{example::bools({4}, {false, false, true, true}),
                                 example::bools({4}, {false, true, false, true})},
                                {},
                                {example::bools({4}, {false, false, false, true})}}));
    ops.push_back(logical("LogicalOr", logical_kernel<std::logical_or<>>, "Or, elementwise.")
                      .example({{example::bools({4}, {false, false, true, true}),
                                 example::bools({4}, {false, true, false, true})},
                                {},
                                {example::bools({4}, {false, true, true, true})}}));
    ops.push_back(logical("LogicalXor", logical_kernel<std::not_equal_to<>>, "Exclusive or, elementwise.")
                      .example({{example::bools({4}, {false, false, true, true}),
                                 example::bools({4}, {false, true, false, true})},
                                {},
                                {example::bools({4}, {false, true, true, false})}}));
    ops.push_back(gradient("SigmoidGrad", binary_kernel<OfSigmoid>, "Gradient of Sigmoid: dy * y * (1 - y).")
                      .example({{example::floats({3}, {0.25F, 0.5F, 0.75F}), example::floats({3}, {1.0F, -2.0F, 4.0F})},
                                {},
                                {example::floats({3}, {0.1875F, -0.5F, 0.75F})}}));
    ops.push_back(gradient("TanhGrad", binary_kernel<OfTanh>, "Gradient of Tanh: dy * (1 - y * y).")
                      .example({{example::floats({3}, {0.25F, 0.5F, 0.75F}), example::floats({3}, {1.0F, -2.0F, 4.0F})},
                                {},
                                {example::floats({3}, {0.9375F, -1.5F, 1.75F})}}));
    ops.push_back(gradient("SqrtGrad", binary_kernel<OfSqrt>, "Gradient of Sqrt: dy / 2 / y.")
                      .example({{example::floats({3}, {0.25F, 0.5F, 0.75F}), example::floats({3}, {1.0F, -2.0F, 4.0F})},
                                {},
                                {example::floats({3}, {2.0F, -2.0F, 2.66666667F})}}));
    ops.push_back(gradient("RsqrtGrad", binary_kernel<OfRsqrt>, "Gradient of Rsqrt: -dy / 2 * y * y * y.")
                      .example({{example::floats({3}, {0.25F, 0.5F, 0.75F}), example::floats({3}, {1.0F, -2.0F, 4.0F})},
                                {},
                                {example::floats({3}, {-0.0078125F, 0.125F, -0.84375F})}}));
    ops.push_back(gradient("ReciprocalGrad", binary_kernel<OfReciprocal>, "Gradient of Reciprocal: -dy * y * y.")
                      .example({{example::floats({3}, {0.25F, 0.5F, 0.75F}), example::floats({3}, {1.0F, -2.0F, 4.0F})},
                                {},
                                {example::floats({3}, {-0.0625F, 0.5F, -2.25F})}}));
}

} // namespace rnnscope::ops
