#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include <algorithm>
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
Status adadelta_shape(ShapeContext& ctx) {
    return apply_shape(ctx, 3, 6);
}

Status sparse_adadelta_shape(ShapeContext& ctx) {
    Shape shape = ctx.input(0);
    for (std::size_t i = 1; i < 3; ++i) {
        auto merged = merge_shapes(shape, ctx.input(i));
        if (!merged) return merged.error();
        shape = *std::move(merged);
    }
    for (std::size_t i = 3; i < 6; ++i) RNNSCOPE_TRY(with_rank(ctx.input(i), 0));
    const auto indices = with_rank(ctx.input(7), 1);
    if (!indices) return indices.error();
    const Shape& gradient = ctx.input(6);
    if (gradient.has_rank()) {
        RNNSCOPE_TRY(with_rank_at_least(gradient, 1));
        RNNSCOPE_TRY(merge_dims(indices->dim(0), gradient.dim(0)));
        RNNSCOPE_TRY(merge_shapes(subshape(shape, 1), subshape(gradient, 1)));
    }
    ctx.set_output(0, std::move(shape));
    return {};
}

/// The first `count` inputs, which are references to variables with values.
Result<std::vector<VariableStorage*>> references_of(KernelContext& ctx, std::size_t count) {
    std::vector<VariableStorage*> slots;
    for (std::size_t i = 0; i < count; ++i) {
        if (!ctx.input_is_ref(i)) return invalid_argument(fmt::format("{}-th input expects a ref type", i));
        VariableStorage& slot = ctx.input_ref(i);
        if (!slot.value)
            return Error{"FailedPreconditionError", fmt::format("Attempting to use uninitialized variables: {}",
                                                                ctx.graph().input_text(ctx.node().inputs[i]))};
        slots.push_back(&slot);
    }
    return slots;
}

/// The references among the inputs, all with values of one type and shape, the one of the gradient.
Result<std::vector<VariableStorage*>> slots_of(KernelContext& ctx, std::size_t count, std::size_t grad) {
    auto found = references_of(ctx, count);
    if (!found) return found.error();
    for (const VariableStorage* reference : *found) {
        const VariableStorage& slot = *reference;
        if (slot.value->shape() != ctx.input(grad).shape() || slot.value->dtype() != ctx.input(grad).dtype())
            return invalid_argument(fmt::format("var and grad do not have the same shape{} {}",
                                                to_text(slot.value->shape()), to_text(ctx.input(grad).shape())));
    }
    for (std::size_t i = count; i < ctx.inputs(); ++i)
        if (i != grad && ctx.input(i).elements() != 1)
            return invalid_argument(fmt::format("input {} is not a scalar: {}", i, to_text(ctx.input(i).shape())));
    return found;
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

/// One number of Adadelta's three slots: the variable, the mean square of gradients and that of updates.
void adadelta_step(std::array<double, 3>& x, double g, double lr, double rho, double epsilon) {
    x[1] = x[1] * rho + g * g * (1 - rho);
    const double update = std::sqrt(x[2] + epsilon) / std::sqrt(x[1] + epsilon) * g;
    x[0] -= update * lr;
    x[2] = x[2] * rho + update * update * (1 - rho);
}

Status adadelta(KernelContext& ctx) {
    const double lr = number_input(ctx, 3), rho = number_input(ctx, 4), epsilon = number_input(ctx, 5);
    return apply(ctx, 3, 6, [&](auto& x, double g) { adadelta_step(x, g, lr, rho, epsilon); });
}

Status check_sparse(KernelContext& ctx, const std::vector<VariableStorage*>& slots) {
    const Tensor& gradient = ctx.input(6);
    const Tensor& indices = ctx.input(7);
    const Shape& shape = slots[0]->value->shape();
    for (const VariableStorage* slot : slots)
        if (slot->value->shape() != shape || slot->value->dtype() != gradient.dtype())
            return invalid_argument(fmt::format("var and accum do not have the same shape{} {}", to_text(shape),
                                                to_text(slot->value->shape())));
    if (shape.rank() < 1) return invalid_argument("var must be at least 1 dimensional");
    for (std::size_t i = 3; i < 6; ++i)
        if (ctx.input(i).elements() != 1)
            return invalid_argument(fmt::format("input {} is not a scalar: {}", i, to_text(ctx.input(i).shape())));
    if (indices.shape().rank() != 1) return invalid_argument("indices must be one-dimensional");
    if (gradient.shape() != concatenated(indices.shape(), subshape(shape, 1)))
        return invalid_argument("grad must be the same size as indices in the first dimension.");
    for (std::int64_t i = 0; i < indices.elements(); ++i)
        if (indices.integer(i) < 0 || indices.integer(i) >= shape.dim(0))
            return invalid_argument(
                fmt::format("Index {} at offset {} in indices is out of range", indices.integer(i), i));
    return {};
}

/// Rows that `indices` names several times are updated several times, one after the other.
Status sparse_adadelta(KernelContext& ctx) {
    const auto slots = references_of(ctx, 3);
    if (!slots) return slots.error();
    RNNSCOPE_TRY(check_sparse(ctx, *slots));
    const double lr = number_input(ctx, 3), rho = number_input(ctx, 4), epsilon = number_input(ctx, 5);
    const Tensor gradient = ctx.input(6), indices = ctx.input(7);
    const Shape shape = (*slots)[0]->value->shape();
    const auto row = static_cast<std::size_t>(subshape(shape, 1).elements());
    const bool known = visit_float(gradient.dtype(), [&](auto zero) {
        using T = decltype(zero);
        std::array<T*, 3> data{};
        std::array<Tensor, 3> after;
        for (std::size_t s = 0; s < 3; ++s) {
            after[s] = Tensor::make<T>(shape, data[s]);
            const auto before = (*slots)[s]->value->values<T>();
            std::copy(before.begin(), before.end(), data[s]);
        }
        for (std::int64_t i = 0; i < indices.elements(); ++i)
            for (std::size_t k = 0; k < row; ++k) {
                const std::size_t at = static_cast<std::size_t>(indices.integer(i)) * row + k;
                std::array<double, 3> numbers{};
                for (std::size_t s = 0; s < 3; ++s) numbers[s] = static_cast<double>(data[s][at]);
                const auto g = static_cast<double>(gradient.values<T>()[static_cast<std::size_t>(i) * row + k]);
                adadelta_step(numbers, g, lr, rho, epsilon);
                for (std::size_t s = 0; s < 3; ++s) data[s][at] = static_cast<T>(numbers[s]);
            }
        for (std::size_t s = 0; s < 3; ++s) ctx.write(*(*slots)[s], after[s]);
    });
    if (!known) return no_kernel(ctx, gradient.dtype());
    ctx.set_output_ref(0, *(*slots)[0]);
    return {};
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
    ops.push_back(OpBuilder("ApplyAdadelta")
                      .input("var: Ref(T)")
                      .input("accum: Ref(T)")
                      .input("accum_update: Ref(T)")
                      .input("lr: T")
                      .input("rho: T")
                      .input("epsilon: T")
                      .input("grad: T")
                      .output("out: Ref(T)")
                      .attr("T: numbertype")
                      .attr("use_locking: bool = false")
                      .summary("One step of the Adadelta optimizer.")
                      .shape(adadelta_shape)
                      .kernel(adadelta));
    ops.push_back(OpBuilder("SparseApplyAdadelta")
                      .input("var: Ref(T)")
                      .input("accum: Ref(T)")
                      .input("accum_update: Ref(T)")
                      .input("lr: T")
                      .input("rho: T")
                      .input("epsilon: T")
                      .input("grad: T")
                      .input("indices: Tindices")
                      .output("out: Ref(T)")
                      .attr("T: numbertype")
                      .attr("Tindices: {int32, int64}")
                      .attr("use_locking: bool = false")
                      .summary("One step of the Adadelta optimizer for some rows.")
                      .shape(sparse_adadelta_shape)
                      .kernel(sparse_adadelta));
}

} // namespace rnnscope::ops
