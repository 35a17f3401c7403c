#include "core/ops/elementwise.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace rnnscope::ops {
namespace {

/// As unary_kernel, but single precision is left to a vector kernel.
template <class F, simd::Kernels::Unary simd::Kernels::*Kernel> Status fast_unary_kernel(KernelContext& ctx) {
    const Tensor& x = ctx.input(0);
    if (x.dtype() != DType::float32) return unary_kernel<F>(ctx);
    ctx.set_output(0, map_floats(x, simd::kernels(ctx.rounding()).*Kernel));
    return {};
}

struct ForNumbers {
    static constexpr bool floats_only = false;
};
struct ForFloats {
    static constexpr bool floats_only = true;
};

struct Absolute : ForNumbers {
    template <class T> T operator()(T x) const { return x < T{} ? wrapped_sub(T{}, x) : (x == T{} ? T{} : x); }
};
struct Negative : ForNumbers {
    template <class T> T operator()(T x) const {
        if constexpr (std::is_floating_point_v<T>)
            return -x; // 0 - x would lose the sign of zero
        else
            return wrapped_sub(T{}, x);
    }
};
struct Signum : ForNumbers {
    template <class T> T operator()(T x) const {
        if (x != x) return x;
        return static_cast<T>((x > T{}) - (x < T{}));
    }
};
struct Squared : ForNumbers {
    template <class T> T operator()(T x) const { return wrapped_mul(x, x); }
};
struct Rounded : ForNumbers {
    template <class T> T operator()(T x) const {
        if constexpr (std::is_floating_point_v<T>)
            return std::nearbyint(x);
        else
            return x;
    }
};
struct Exponential : ForFloats {
    double operator()(double x) const { return std::exp(x); }
};
struct ExponentialMinus1 : ForFloats {
    double operator()(double x) const { return std::expm1(x); }
};
struct Logarithm : ForFloats {
    double operator()(double x) const { return std::log(x); }
};
struct Logarithm1Plus : ForFloats {
    double operator()(double x) const { return std::log1p(x); }
};
struct SquareRoot : ForFloats {
    double operator()(double x) const { return std::sqrt(x); }
};
struct InverseSquareRoot : ForFloats {
    double operator()(double x) const { return 1 / std::sqrt(x); }
};
struct Inverse : ForFloats {
    double operator()(double x) const { return 1 / x; }
};
struct Logistic : ForFloats {
    double operator()(double x) const { return 1 / (1 + std::exp(-x)); }
};
struct HyperbolicTangent : ForFloats {
    double operator()(double x) const { return std::tanh(x); }
};
struct Sine : ForFloats {
    double operator()(double x) const { return std::sin(x); }
};
struct Cosine : ForFloats {
    double operator()(double x) const { return std::cos(x); }
};
struct RoundDown : ForFloats {
    double operator()(double x) const { return std::floor(x); }
};
struct RoundUp : ForFloats {
    double operator()(double x) const { return std::ceil(x); }
};

Status logical_not(KernelContext& ctx) {
    ctx.set_output(0, map_unary<bool, bool>(ctx.input(0), [](bool x) { return !x; }));
    return {};
}

template <bool (*test)(double)> Status float_test(KernelContext& ctx) {
    const bool known = visit_float(ctx.input(0).dtype(), [&](auto zero) {
        ctx.set_output(0, map_unary<bool, decltype(zero)>(ctx.input(0), [](double x) { return test(x); }));
    });
    if (!known) return no_kernel(ctx, ctx.input(0).dtype());
    return {};
}
bool finite(double x) {
    return std::isfinite(x);
}
bool nan(double x) {
    return std::isnan(x);
}

/// A double as an integer: truncated; what does not fit becomes the least number, as the processor's conversion does.
template <class T> T truncated(double x) {
    if constexpr (sizeof(T) < sizeof(std::int32_t)) {
        return static_cast<T>(truncated<std::int32_t>(x));
    } else if constexpr (std::is_unsigned_v<T>) {
        constexpr double limit = 18446744073709551616.0;
        return static_cast<T>(x > -1 && x < limit ? static_cast<std::uint64_t>(x < 0 ? 0 : x)
                                                  : static_cast<std::uint64_t>(truncated<std::int64_t>(x)));
    } else {
        const double limit = std::ldexp(1.0, static_cast<int>(sizeof(T) * 8 - 1));
        return x > -limit - 1 && x < limit ? static_cast<T>(x) : std::numeric_limits<T>::min();
    }
}

template <class To> Tensor cast_to(const Tensor& x) {
    To* data = nullptr;
    Tensor result = Tensor::make<To>(x.shape(), data);
    const bool from_float = is_floating(x.dtype());
    for (std::int64_t i = 0; i < x.elements(); ++i) {
        if constexpr (std::is_same_v<To, bool>)
            data[i] = from_float ? x.number(i) != 0 : x.integer(i) != 0;
        else if constexpr (!std::is_integral_v<To>)
            data[i] = from_float                   ? static_cast<To>(x.number(i))
                      : x.dtype() == DType::uint64 ? static_cast<To>(static_cast<std::uint64_t>(x.integer(i)))
                                                   : static_cast<To>(x.integer(i));
        else
            data[i] = from_float ? truncated<To>(x.number(i)) : static_cast<To>(x.integer(i));
    }
    return result;
}

Status cast(KernelContext& ctx) {
    const Tensor& x = ctx.input(0);
    const auto to = ctx.attr<DType>("DstT");
    if (to == x.dtype()) {
        ctx.forward(0, 0);
        return {};
    }
    const bool readable = is_floating(x.dtype()) || is_integer(x.dtype()) || x.dtype() == DType::boolean;
    if (!readable)
        return Error{"UnimplementedError",
                     fmt::format("Cast {} to {} is not supported", dtype_cpp_name(x.dtype()), dtype_cpp_name(to))};
    if (to == DType::boolean) {
        ctx.set_output(0, cast_to<bool>(x));
        return {};
    }
    const bool known = visit_number(to, [&](auto zero) { ctx.set_output(0, cast_to<decltype(zero)>(x)); });
    if (!known)
        return Error{"UnimplementedError",
                     fmt::format("Cast {} to {} is not supported", dtype_cpp_name(x.dtype()), dtype_cpp_name(to))};
    return {};
}

constexpr auto floats_and_complex = "T: {bfloat16, half, float, double, complex64, complex128}";

OpBuilder unary(std::string_view name, KernelFn kernel, std::string_view types, std::string_view summary) {
    return OpBuilder(name)
        .input("x: T")
        .output("y: T")
        .attr(types)
        .summary(summary)
        .shape(unchanged_shape)
        .kernel(kernel);
}

} // namespace

void add_unary_ops(OpRecords& ops) {
    ops.push_back(unary("Abs", unary_kernel<Absolute>, "T: {bfloat16, half, float, double, int8, int16, int32, int64}",
                        "Absolute value, elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {1.5F, 0.0F, 0.5F, 2.0F})}}));
    ops.push_back(unary("Neg", unary_kernel<Negative>,
                        "T: {bfloat16, half, float, double, int8, int16, int32, int64, complex64, complex128}",
                        "The negative, elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {1.5F, -0.0F, -0.5F, -2.0F})}}));
    ops.push_back(unary("Sign", unary_kernel<Signum>,
                        "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
                        "-1, 0 or 1, elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {-1.0F, 0.0F, 1.0F, 1.0F})}}));
    ops.push_back(unary("Exp", unary_kernel<Exponential>, floats_and_complex, "Exponential, elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {0.22313016F, 1.0F, 1.64872127F, 7.3890561F})}}));
    ops.push_back(unary("Expm1", unary_kernel<ExponentialMinus1>, floats_and_complex, "exp(x) - 1, elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {-0.77686984F, 0.0F, 0.648721271F, 6.3890561F})}}));
    ops.push_back(unary("Log", unary_kernel<Logarithm>, floats_and_complex, "Natural logarithm, elementwise.")
                      .example({{example::floats({4}, {0.25F, 0.5F, 1.0F, 4.0F})},
                                {},
                                {example::floats({4}, {-1.38629436F, -0.693147181F, 0.0F, 1.38629436F})}}));
    ops.push_back(unary("Log1p", unary_kernel<Logarithm1Plus>, floats_and_complex, "log(1 + x), elementwise.")
                      .example({{example::floats({4}, {0.25F, 0.5F, 1.0F, 4.0F})},
                                {},
                                {example::floats({4}, {0.223143551F, 0.405465108F, 0.693147181F, 1.60943791F})}}));
    ops.push_back(unary("Sqrt", unary_kernel<SquareRoot>, floats_and_complex, "Square root, elementwise.")
                      .example({{example::floats({4}, {0.25F, 0.5F, 1.0F, 4.0F})},
                                {},
                                {example::floats({4}, {0.5F, 0.707106781F, 1.0F, 2.0F})}}));
    ops.push_back(unary("Rsqrt", unary_kernel<InverseSquareRoot>, floats_and_complex, "1 / sqrt(x), elementwise.")
                      .example({{example::floats({4}, {0.25F, 0.5F, 1.0F, 4.0F})},
                                {},
                                {example::floats({4}, {2.0F, 1.41421356F, 1.0F, 0.5F})}}));
    ops.push_back(unary("Square", unary_kernel<Squared>,
                        "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
                        "The square, elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {2.25F, 0.0F, 0.25F, 4.0F})}}));
    ops.push_back(unary("Reciprocal", unary_kernel<Inverse>,
                        "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
                        "1 / x, elementwise.")
                      .example({{example::floats({4}, {0.25F, 0.5F, 1.0F, 4.0F})},
                                {},
                                {example::floats({4}, {4.0F, 2.0F, 1.0F, 0.25F})}}));
    ops.push_back(unary("Sigmoid", fast_unary_kernel<Logistic, &simd::Kernels::sigmoid>, floats_and_complex,
                        "1 / (1 + exp(-x)), elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {0.182425524F, 0.5F, 0.622459331F, 0.880797078F})}}));
    ops.push_back(unary("Tanh", fast_unary_kernel<HyperbolicTangent, &simd::Kernels::tanh>, floats_and_complex,
                        "Hyperbolic tangent, elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {-0.905148254F, 0.0F, 0.462117157F, 0.96402758F})}}));
    ops.push_back(unary("Sin", unary_kernel<Sine>, floats_and_complex, "Sine, elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {-0.997494987F, 0.0F, 0.479425539F, 0.909297427F})}}));
    ops.push_back(unary("Cos", unary_kernel<Cosine>, floats_and_complex, "Cosine, elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {0.0707372017F, 1.0F, 0.877582562F, -0.416146837F})}}));
    ops.push_back(
        unary("Floor", unary_kernel<RoundDown>, "T: {bfloat16, half, float, double}", "Rounds down, elementwise.")
            .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                      {},
                      {example::floats({4}, {-2.0F, 0.0F, 0.0F, 2.0F})}}));
    ops.push_back(unary("Ceil", unary_kernel<RoundUp>, "T: {bfloat16, half, float, double}", "Rounds up, elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {-1.0F, 0.0F, 1.0F, 2.0F})}}));
    ops.push_back(unary("Round", unary_kernel<Rounded>,
                        "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
                        "Rounds to the nearest integer, halves to even, elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {-2.0F, 0.0F, 0.0F, 2.0F})}}));
    ops.push_back(OpBuilder("LogicalNot")
                      .input("x: bool")
                      .output("y: bool")
                      .summary("Not, elementwise.")
                      .shape(unchanged_shape)
                      .kernel(logical_not)
                      .example({{example::bools({2}, {true, false})}, {}, {example::bools({2}, {false, true})}}));
    ops.push_back(
        OpBuilder("IsFinite")
            .input("x: T")
            .output("y: bool")
            .attr("T: {bfloat16, half, float, double}")
            .summary("Neither infinite nor NaN, elementwise.")
            .shape(unchanged_shape)
            .kernel(float_test<finite>)
            .example({{example::floats({3}, {1.0F, INFINITY, NAN})}, {}, {example::bools({3}, {true, false, false})}}));
    ops.push_back(
        OpBuilder("IsNan")
            .input("x: T")
            .output("y: bool")
            .attr("T: {bfloat16, half, float, double}")
            .summary("Is it NaN, elementwise.")
            .shape(unchanged_shape)
            .kernel(float_test<nan>)
            .example({{example::floats({3}, {1.0F, INFINITY, NAN})}, {}, {example::bools({3}, {false, false, true})}}));
    ops.push_back(OpBuilder("Cast")
                      .input("x: SrcT")
                      .output("y: DstT")
                      .attr("SrcT: type")
                      .attr("DstT: type")
                      .attr("Truncate: bool = false")
                      .summary("The same numbers in another type.")
                      .shape(unchanged_shape)
                      .kernel(cast)
                      .example({{example::floats({4}, {-1.7F, 0.0F, 2.9F, 3000000000.0F})},
                                {{"DstT", DType::int32}},
                                {example::ints({4}, {-1, 0, 2, INT32_MIN})}})
                      .example({{example::bools({2}, {true, false})},
                                {{"DstT", DType::float32}},
                                {example::floats({2}, {1.0F, 0.0F})}}));
}

} // namespace rnnscope::ops
