#include "core/ops/elementwise.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <cmath>

#include <fmt/format.h>

// Activation functions and their gradients, elementwise.
namespace rnnscope::ops {
namespace {

constexpr double selu_scale = 1.0507009873554804934193349852946, selu_scaled_alpha = 1.7580993408473768599402175208123;

struct Relu {
    static constexpr bool floats_only = false;
    template <class T> T operator()(T x) const { return x < T{} ? T{} : x; }
};
Status relu(KernelContext& ctx) {
    const Tensor& x = ctx.input(0);
    if (x.dtype() != DType::float32) return unary_kernel<Relu>(ctx);
    ctx.set_output(0, map_floats(x, simd::kernels().relu));
    return {};
}
struct Relu6 {
    static constexpr bool floats_only = false;
    template <class T> T operator()(T x) const { return x < T{} ? T{} : (x > T{6} ? T{6} : x); }
};
struct Elu {
    static constexpr bool floats_only = true;
    double operator()(double x) const { return x < 0 ? std::expm1(x) : x; }
};
struct Selu {
    static constexpr bool floats_only = true;
    double operator()(double x) const { return x < 0 ? selu_scaled_alpha * std::expm1(x) : selu_scale * x; }
};
struct Softplus {
    static constexpr bool floats_only = true;
    double operator()(double x) const { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
};
struct Softsign {
    static constexpr bool floats_only = true;
    double operator()(double x) const { return x / (1 + std::abs(x)); }
};

// Gradients: of dy and of the function's input or output, whichever TensorFlow passes.
struct ReluGrad {
    static constexpr bool floats_only = false;
    template <class T> T operator()(T dy, T x) const { return x > T{} ? dy : T{}; }
};
struct Relu6Grad {
    static constexpr bool floats_only = false;
    template <class T> T operator()(T dy, T x) const { return x > T{} && x < T{6} ? dy : T{}; }
};
struct EluGrad {
    static constexpr bool floats_only = true;
    double operator()(double dy, double y) const { return y < 0 ? dy * (y + 1) : dy; }
};
struct SeluGrad {
    static constexpr bool floats_only = true;
    double operator()(double dy, double y) const { return dy * (y < 0 ? y + selu_scaled_alpha : selu_scale); }
};
struct SoftplusGrad {
    static constexpr bool floats_only = true;
    double operator()(double dy, double x) const { return dy / (std::exp(-x) + 1); }
};
struct SoftsignGrad {
    static constexpr bool floats_only = true;
    double operator()(double dy, double x) const { return dy / ((1 + std::abs(x)) * (1 + std::abs(x))); }
};

template <class F> Status activation_gradient(KernelContext& ctx) {
    const Tensor &gradients = ctx.input(0), &features = ctx.input(1);
    RNNSCOPE_TRY(same_shapes(ctx, 0, 1));
    const auto compute = [&](auto zero) {
        using T = decltype(zero);
        ctx.set_output(0, map_binary<T, T>(gradients, features, gradients.shape(), F{}));
    };
    bool known = false;
    if constexpr (F::floats_only)
        known = visit_float(gradients.dtype(), compute);
    else
        known = visit_number(gradients.dtype(), compute);
    if (!known) return no_kernel(ctx, gradients.dtype());
    return {};
}

OpBuilder activation(std::string_view name, KernelFn kernel, std::string_view types, std::string_view summary) {
    return OpBuilder(name)
        .input("features: T")
        .output("activations: T")
        .attr(types)
        .summary(summary)
        .shape(unchanged_shape)
        .kernel(kernel);
}

/// `of`: "features" or "outputs". The example is dy = 1, 2, 3, 4 at -1.5, -0.5, 0.5, 7.
OpBuilder gradient_of(std::string_view name, std::string_view of, KernelFn kernel, std::string_view types,
                      std::vector<float> expected) {
    return OpBuilder(fmt::format("{}Grad", name))
        .input("gradients: T")
        .input(fmt::format("{}: T", of))
        .output("backprops: T")
        .attr(types)
        .summary(fmt::format("Gradient of {}.", name))
        .shape(merge_both_shape)
        .kernel(kernel)
        .example({{example::floats({4}, {1.0F, 2.0F, 3.0F, 4.0F}), example::floats({4}, {-1.5F, -0.5F, 0.5F, 7.0F})},
                  {},
                  {example::floats({4}, std::move(expected))}});
}

} // namespace

void add_activation_ops(OpRecords& ops) {
    ops.push_back(
        activation(
            "Relu", relu,
            "T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64, qint8}",
            "max(x, 0), elementwise.")
            .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                      {},
                      {example::floats({4}, {0.0F, 0.0F, 0.5F, 2.0F})}}));
    ops.push_back(activation("Relu6", unary_kernel<Relu6>, "T: realnumbertype", "min(max(x, 0), 6), elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {0.0F, 0.0F, 0.5F, 2.0F})}}));
    ops.push_back(activation("Elu", unary_kernel<Elu>, "T: {half, bfloat16, float, double}",
                             "x, or exp(x) - 1 below 0, elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {-0.77686984F, 0.0F, 0.5F, 2.0F})}}));
    ops.push_back(activation("Selu", unary_kernel<Selu>, "T: {half, bfloat16, float, double}",
                             "Scaled exponential linear unit, elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {-1.36581435F, 0.0F, 0.525350494F, 2.10140197F})}}));
    ops.push_back(activation("Softplus", unary_kernel<Softplus>, "T: {half, bfloat16, float, double}",
                             "log(1 + exp(x)), elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {0.201413278F, 0.693147181F, 0.974076984F, 2.12692801F})}}));
    ops.push_back(activation("Softsign", unary_kernel<Softsign>, "T: {half, bfloat16, float, double}",
                             "x / (1 + |x|), elementwise.")
                      .example({{example::floats({4}, {-1.5F, 0.0F, 0.5F, 2.0F})},
                                {},
                                {example::floats({4}, {-0.6F, 0.0F, 0.333333333F, 0.666666667F})}}));
    constexpr std::string_view reals = "T: realnumbertype", floats = "T: {half, bfloat16, float, double}";
    ops.push_back(gradient_of("Relu", "features", activation_gradient<ReluGrad>, reals, {0.0F, 0.0F, 3.0F, 4.0F}));
    ops.push_back(gradient_of("Relu6", "features", activation_gradient<Relu6Grad>, reals, {0.0F, 0.0F, 3.0F, 0.0F}));
    ops.push_back(gradient_of("Elu", "outputs", activation_gradient<EluGrad>, floats, {-0.5F, 1.0F, 3.0F, 4.0F}));
    ops.push_back(gradient_of("Selu", "outputs", activation_gradient<SeluGrad>, floats,
                              {0.258099341F, 2.51619868F, 3.15210296F, 4.20280395F}));
    ops.push_back(gradient_of("Softplus", "features", activation_gradient<SoftplusGrad>, floats,
                              {0.182425524F, 0.755081338F, 1.86737799F, 3.99635578F}));
    ops.push_back(gradient_of("Softsign", "features", activation_gradient<SoftsignGrad>, floats,
                              {0.16F, 0.888888889F, 1.33333333F, 0.0625F}));
}

} // namespace rnnscope::ops
