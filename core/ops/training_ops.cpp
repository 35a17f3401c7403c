#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include <array>
#include <cmath>
#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

/// The first input is the variable; slots before `scalars_from` and the gradient (input `grad`) have its shape.
Status apply_shape(ShapeContext& ctx, std::size_t slots, std::size_t grad) {
    Shape shape = ctx.input(0);
    for (std::size_t i = 1; i < ctx.inputs(); ++i) {
        if (i < slots || i == grad) {
            auto merged = merge_shapes(shape, ctx.input(i));
            if (!merged) return merged.error();
            shape = *std::move(merged);
        } else {
            RNNSCOPE_TRY(with_rank(ctx.input(i), 0));
        }
    }
    if (ctx.outputs() > 0) ctx.set_output(0, std::move(shape));
    return {};
}

Status descent_shape(ShapeContext& ctx) {
    return apply_shape(ctx, 1, 2);
}
Status momentum_shape(ShapeContext& ctx) {
    return apply_shape(ctx, 2, 3);
}
Status adam_shape(ShapeContext& ctx) {
    return apply_shape(ctx, 3, 9);
}
Status rms_prop_shape(ShapeContext& ctx) {
    return apply_shape(ctx, 3, 7);
}
Status adagrad_shape(ShapeContext& ctx) {
    return apply_shape(ctx, 2, 3);
}

/// The references among the inputs, all with values of one type and shape, the one of the gradient.
Result<std::vector<VariableStorage*>> slots_of(KernelContext& ctx, std::size_t count, std::size_t grad) {
    std::vector<VariableStorage*> slots;
    for (std::size_t i = 0; i < count; ++i) {
        if (!ctx.input_is_ref(i)) return invalid_argument(fmt::format("{}-th input expects a ref type", i));
        VariableStorage& slot = ctx.input_ref(i);
        if (!slot.value)
            return Error{"FailedPreconditionError", fmt::format("Attempting to use uninitialized variables: {}",
                                                                ctx.graph().input_text(ctx.node().inputs[i]))};
        if (slot.value->shape() != ctx.input(grad).shape() || slot.value->dtype() != ctx.input(grad).dtype())
            return invalid_argument(fmt::format("var and grad do not have the same shape{} {}",
                                                to_text(slot.value->shape()), to_text(ctx.input(grad).shape())));
        slots.push_back(&slot);
    }
    for (std::size_t i = count; i < ctx.inputs(); ++i)
        if (i != grad && ctx.input(i).elements() != 1)
            return invalid_argument(fmt::format("input {} is not a scalar: {}", i, to_text(ctx.input(i).shape())));
    return slots;
}

/// Computes new values of all slots, element by element: update(slots' numbers, gradient), in double.
template <class Update> Status apply(KernelContext& ctx, std::size_t count, std::size_t grad, Update&& update) {
    const auto slots = slots_of(ctx, count, grad);
    if (!slots) return slots.error();
    const Tensor gradient = ctx.input(grad);
    const bool known = visit_float(gradient.dtype(), [&](auto zero) {
        using T = decltype(zero);
        std::vector<T*> data(count, nullptr);
        std::vector<Tensor> before, after;
        for (std::size_t s = 0; s < count; ++s) {
            before.push_back(*(*slots)[s]->value);
            after.push_back(Tensor::make<T>(gradient.shape(), data[s]));
        }
        std::array<double, 3> numbers{};
        for (std::size_t i = 0; i < static_cast<std::size_t>(gradient.elements()); ++i) {
            for (std::size_t s = 0; s < count; ++s) numbers[s] = static_cast<double>(before[s].values<T>()[i]);
            update(numbers, static_cast<double>(gradient.values<T>()[i]));
            for (std::size_t s = 0; s < count; ++s) data[s][i] = static_cast<T>(numbers[s]);
        }
        for (std::size_t s = 0; s < count; ++s) ctx.write(*(*slots)[s], after[s]);
    });
    if (!known) return no_kernel(ctx, gradient.dtype());
    ctx.set_output_ref(0, *(*slots)[0]);
    return {};
}

double number_input(const KernelContext& ctx, std::size_t i) {
    return ctx.input(i).elements() == 1 ? ctx.input(i).number(0) : 0;
}

Status gradient_descent(KernelContext& ctx) {
    const double alpha = number_input(ctx, 1);
    return apply(ctx, 1, 2, [&](auto& x, double g) { x[0] -= alpha * g; });
}

Status momentum(KernelContext& ctx) {
    const double lr = number_input(ctx, 2), decay = number_input(ctx, 4);
    const bool nesterov = ctx.attr<bool>("use_nesterov");
    return apply(ctx, 2, 3, [&](auto& x, double g) {
        x[1] = x[1] * decay + g;
        x[0] -= nesterov ? g * lr + x[1] * decay * lr : lr * x[1];
    });
}

Status adam(KernelContext& ctx) {
    const double beta1_power = number_input(ctx, 3), beta2_power = number_input(ctx, 4), lr = number_input(ctx, 5),
                 beta1 = number_input(ctx, 6), beta2 = number_input(ctx, 7), epsilon = number_input(ctx, 8);
    const double step = lr * std::sqrt(1 - beta2_power) / (1 - beta1_power);
    const bool nesterov = ctx.attr<bool>("use_nesterov");
    return apply(ctx, 3, 9, [&](auto& x, double g) {
        x[1] += (g - x[1]) * (1 - beta1);
        x[2] += (g * g - x[2]) * (1 - beta2);
        const double direction = nesterov ? g * (1 - beta1) + beta1 * x[1] : x[1];
        x[0] -= direction * step / (std::sqrt(x[2]) + epsilon);
    });
}

Status rms_prop(KernelContext& ctx) {
    const double lr = number_input(ctx, 3), rho = number_input(ctx, 4), decay = number_input(ctx, 5),
                 epsilon = number_input(ctx, 6);
    return apply(ctx, 3, 7, [&](auto& x, double g) {
        x[1] += (g * g - x[1]) * (1 - rho);
        x[2] = x[2] * decay + lr * g / std::sqrt(x[1] + epsilon);
        x[0] -= x[2];
    });
}

Status adagrad(KernelContext& ctx) {
    const double lr = number_input(ctx, 2);
    const bool update_slots = ctx.attr<bool>("update_slots");
    return apply(ctx, 2, 3, [&](auto& x, double g) {
        if (update_slots) x[1] += g * g;
        x[0] -= lr * g / std::sqrt(x[1]);
    });
}

} // namespace

void add_training_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("ApplyGradientDescent")
                      .input("var: Ref(T)")
                      .input("alpha: T")
                      .input("delta: T")
                      .output("out: Ref(T)")
                      .attr("T: numbertype")
                      .attr("use_locking: bool = false")
                      .summary("One step of gradient descent: var -= alpha * delta.")
                      .shape(descent_shape)
                      .kernel(gradient_descent));
    ops.push_back(OpBuilder("ApplyMomentum")
                      .input("var: Ref(T)")
                      .input("accum: Ref(T)")
                      .input("lr: T")
                      .input("grad: T")
                      .input("momentum: T")
                      .output("out: Ref(T)")
                      .attr("T: numbertype")
                      .attr("use_locking: bool = false")
                      .attr("use_nesterov: bool = false")
                      .summary("One step of gradient descent with momentum.")
                      .shape(momentum_shape)
                      .kernel(momentum));
    ops.push_back(OpBuilder("ApplyAdam")
                      .input("var: Ref(T)")
                      .input("m: Ref(T)")
                      .input("v: Ref(T)")
                      .input("beta1_power: T")
                      .input("beta2_power: T")
                      .input("lr: T")
                      .input("beta1: T")
                      .input("beta2: T")
                      .input("epsilon: T")
                      .input("grad: T")
                      .output("out: Ref(T)")
                      .attr("T: numbertype")
                      .attr("use_locking: bool = false")
                      .attr("use_nesterov: bool = false")
                      .summary("One step of the Adam optimizer.")
                      .shape(adam_shape)
                      .kernel(adam));
    ops.push_back(OpBuilder("ApplyRMSProp")
                      .input("var: Ref(T)")
                      .input("ms: Ref(T)")
                      .input("mom: Ref(T)")
                      .input("lr: T")
                      .input("rho: T")
                      .input("momentum: T")
                      .input("epsilon: T")
                      .input("grad: T")
                      .output("out: Ref(T)")
                      .attr("T: numbertype")
                      .attr("use_locking: bool = false")
                      .summary("One step of the RMSProp optimizer.")
                      .shape(rms_prop_shape)
                      .kernel(rms_prop));
    ops.push_back(OpBuilder("ApplyAdagrad")
                      .input("var: Ref(T)")
                      .input("accum: Ref(T)")
                      .input("lr: T")
                      .input("grad: T")
                      .output("out: Ref(T)")
                      .attr("T: numbertype")
                      .attr("use_locking: bool = false")
                      .attr("update_slots: bool = true")
                      .summary("One step of the Adagrad optimizer.")
                      .shape(adagrad_shape)
                      .kernel(adagrad));
}

} // namespace rnnscope::ops
