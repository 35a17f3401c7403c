#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

namespace rnnscope::ops {
namespace {

Status variable_v2_shape(ShapeContext& ctx) {
    ctx.set_output(0, ctx.attr<Shape>("shape"));
    return {};
}

Status variable_v1_shape(ShapeContext& ctx) {
    // The old op could not say "unknown"; a scalar stood for it.
    const Shape& shape = ctx.attr<Shape>("shape");
    ctx.set_output(0, !shape.has_rank() || shape.rank() == 0 ? Shape::unknown_rank() : shape);
    return {};
}

Status assign_shape(ShapeContext& ctx) {
    if (ctx.attr<bool>("validate_shape")) return merge_both_shape(ctx);
    ctx.set_output(0, ctx.input(1));
    return {};
}

Status scatter_shape(ShapeContext& ctx) {
    const Shape& variable = ctx.input(0);
    const Shape& indices = ctx.input(1);
    const Shape& updates = ctx.input(2);
    RNNSCOPE_TRY(with_rank_at_least(variable, 1));
    if (updates.has_rank() && updates.rank() > 0)
        RNNSCOPE_TRY(merge_shapes(updates, concatenated(indices, subshape(variable, 1))));
    ctx.set_output(0, variable);
    return {};
}

OpBuilder update(std::string_view name, std::string_view summary) {
    return OpBuilder(name)
        .input("ref: Ref(T)")
        .input("value: T")
        .output("output_ref: Ref(T)")
        .attr("T: numbertype")
        .attr("use_locking: bool = false")
        .summary(summary)
        .shape(merge_both_shape);
}

OpBuilder scatter(std::string_view name, std::string_view type, std::string_view locking, std::string_view summary) {
    return OpBuilder(name)
        .input("ref: Ref(T)")
        .input("indices: Tindices")
        .input("updates: T")
        .output("output_ref: Ref(T)")
        .attr(type)
        .attr("Tindices: {int32, int64}")
        .attr(locking)
        .summary(summary)
        .shape(scatter_shape);
}

} // namespace

void add_state_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("VariableV2")
                      .output("ref: Ref(dtype)")
                      .attr("shape: shape")
                      .attr("dtype: type")
                      .attr("container: string = ''")
                      .attr("shared_name: string = ''")
                      .stateful()
                      .summary("A variable: a reference to its buffer in the session.")
                      .shape(variable_v2_shape));
    ops.push_back(OpBuilder("Variable")
                      .output("ref: Ref(dtype)")
                      .attr("shape: shape")
                      .attr("dtype: type")
                      .attr("container: string = ''")
                      .attr("shared_name: string = ''")
                      .stateful()
                      .summary("A variable (the form of before 1.0): a reference to its buffer in the session.")
                      .shape(variable_v1_shape));
    ops.push_back(OpBuilder("Assign")
                      .input("ref: Ref(T)")
                      .input("value: T")
                      .output("output_ref: Ref(T)")
                      .attr("T: type")
                      .attr("validate_shape: bool = true")
                      .attr("use_locking: bool = true")
                      .allows_uninitialized_input()
                      .summary("Gives a variable a value.")
                      .shape(assign_shape));
    ops.push_back(update("AssignAdd", "Adds to a variable."));
    ops.push_back(update("AssignSub", "Subtracts from a variable."));
    ops.push_back(OpBuilder("IsVariableInitialized")
                      .input("ref: Ref(dtype)")
                      .output("is_initialized: bool")
                      .attr("dtype: type")
                      .allows_uninitialized_input()
                      .summary("Has the variable a value?")
                      .shape(scalar_shape));
    ops.push_back(scatter("ScatterUpdate", "T: type", "use_locking: bool = true", "Replaces rows of a variable."));
    ops.push_back(scatter("ScatterAdd", "T: numbertype", "use_locking: bool = false", "Adds to rows of a variable."));
    ops.push_back(
        scatter("ScatterSub", "T: numbertype", "use_locking: bool = false", "Subtracts from rows of a variable."));
}

} // namespace rnnscope::ops
