#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

/// Does a read of `dtype` fit the variable? What is not known fits.
Status check_handle_dtype(const std::optional<HandleData>& data, DType dtype, std::string_view verb) {
    if (!data || data->dtype == dtype) return {};
    return invalid_argument(fmt::format("Trying to {} variable with wrong dtype. Expected {} got {}", verb,
                                        dtype_cpp_name(data->dtype), dtype_cpp_name(dtype)));
}

Status read_variable_shape(ShapeContext& ctx) {
    const auto data = handle_data(ctx.graph(), ctx.node().inputs[0]);
    RNNSCOPE_TRY(check_handle_dtype(data, ctx.attr<DType>("dtype"), "read"));
    ctx.set_output(0, data ? data->shape : Shape::unknown_rank());
    return {};
}

Status assign_variable_shape(ShapeContext& ctx) {
    const auto data = handle_data(ctx.graph(), ctx.node().inputs[0]);
    RNNSCOPE_TRY(check_handle_dtype(data, ctx.attr<DType>("dtype"), "read"));
    if (data) RNNSCOPE_TRY(merge_shapes(data->shape, ctx.input(1)));
    return {};
}

Status variable_shape_shape(ShapeContext& ctx) {
    const auto data = handle_data(ctx.graph(), ctx.node().inputs[0]);
    const bool known = data && data->shape.has_rank();
    ctx.set_output(0, {known ? static_cast<std::int64_t>(data->shape.rank()) : Shape::unknown});
    return {};
}

Status resource_gather_shape(ShapeContext& ctx) {
    const auto data = handle_data(ctx.graph(), ctx.node().inputs[0]);
    RNNSCOPE_TRY(check_handle_dtype(data, ctx.attr<DType>("dtype"), "read"));
    if (!data) return unknown_shape(ctx);
    RNNSCOPE_TRY(with_rank_at_least(data->shape, 1));
    ctx.set_output(0, concatenated(ctx.input(1), subshape(data->shape, 1)));
    return {};
}

OpBuilder assignment(std::string_view name, std::string_view summary) {
    return OpBuilder(name)
        .input("resource: resource")
        .input("value: dtype")
        .attr("dtype: type")
        .stateful()
        .summary(summary)
        .shape(assign_variable_shape);
}

} // namespace

void add_resource_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("VarHandleOp")
                      .output("resource: resource")
                      .attr("container: string = ''")
                      .attr("shared_name: string = ''")
                      .attr("dtype: type")
                      .attr("shape: shape")
                      .stateful()
                      .summary("A handle to a resource variable.")
                      .shape(scalar_shape));
    ops.push_back(OpBuilder("ReadVariableOp")
                      .input("resource: resource")
                      .output("value: dtype")
                      .attr("dtype: type")
                      .stateful()
                      .summary("The value of a resource variable.")
                      .shape(read_variable_shape));
    ops.push_back(assignment("AssignVariableOp", "Gives a resource variable a value."));
    ops.push_back(assignment("AssignAddVariableOp", "Adds to a resource variable."));
    ops.push_back(assignment("AssignSubVariableOp", "Subtracts from a resource variable."));
    ops.push_back(OpBuilder("VarIsInitializedOp")
                      .input("resource: resource")
                      .output("is_initialized: bool")
                      .stateful()
                      .summary("Has the resource variable a value?")
                      .shape(scalar_shape));
    ops.push_back(OpBuilder("VariableShape")
                      .input("input: resource")
                      .output("output: out_type")
                      .attr("out_type: {int32, int64} = DT_INT32")
                      .stateful()
                      .summary("Shape of a resource variable's value.")
                      .shape(variable_shape_shape));
    ops.push_back(OpBuilder("ResourceGather")
                      .input("resource: resource")
                      .input("indices: Tindices")
                      .output("output: dtype")
                      .attr("batch_dims: int = 0")
                      .attr("validate_indices: bool = true")
                      .attr("dtype: type")
                      .attr("Tindices: {int32, int64}")
                      .stateful()
                      .summary("Rows of a resource variable, picked by index.")
                      .shape(resource_gather_shape));
}

} // namespace rnnscope::ops
