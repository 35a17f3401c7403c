#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

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
                      .shape(descent_shape));
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
                      .shape(momentum_shape));
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
                      .shape(adam_shape));
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
                      .shape(rms_prop_shape));
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
                      .shape(adagrad_shape));
}

} // namespace rnnscope::ops
