#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

namespace rnnscope::ops {
namespace {

Status handle_is_pair(ShapeContext& ctx) {
    // A TensorArray's handle has the static shape [2], a relic of its string form.
    const auto handle = with_rank(ctx.input(0), 1);
    if (!handle) return handle.error();
    return dim_is(handle->dim(0), 2);
}

Status array_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank(ctx.input(0), 0));
    ctx.set_output(0, {2});
    ctx.set_output(1, Shape{});
    return {};
}

Status grad_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    ctx.set_output(0, {2});
    ctx.set_output(1, Shape{});
    return {};
}

std::optional<HandleData> element_data(ShapeContext& ctx) {
    return handle_data(ctx.graph(), ctx.node().inputs[0]);
}

Status write_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    RNNSCOPE_TRY(with_rank(ctx.input(3), 0));
    if (const auto data = element_data(ctx)) RNNSCOPE_TRY(merge_shapes(data->shape, ctx.input(2)));
    return scalar_shape(ctx);
}

Status read_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    RNNSCOPE_TRY(with_rank(ctx.input(2), 0));
    const auto data = element_data(ctx);
    ctx.set_output(0, data ? data->shape : Shape::unknown_rank());
    return {};
}

Status gather_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    const auto indices = with_rank(ctx.input(1), 1);
    if (!indices) return indices.error();
    RNNSCOPE_TRY(with_rank(ctx.input(2), 0));
    const auto data = element_data(ctx);
    ctx.set_output(0, concatenated(*indices, data ? data->shape : ctx.attr<Shape>("element_shape")));
    return {};
}

Status scatter_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    const auto indices = with_rank(ctx.input(1), 1);
    if (!indices) return indices.error();
    RNNSCOPE_TRY(with_rank(ctx.input(3), 0));
    const Shape& value = ctx.input(2);
    RNNSCOPE_TRY(with_rank_at_least(value, 1));
    if (value.has_rank()) RNNSCOPE_TRY(merge_dims(indices->dim(0), value.dim(0)));
    if (const auto data = element_data(ctx)) RNNSCOPE_TRY(merge_shapes(data->shape, subshape(value, 1)));
    return scalar_shape(ctx);
}

Status size_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    return scalar_shape(ctx);
}

Status concat_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    ctx.set_output(1, Shape::unknown_dims(1));
    return {};
}

Status split_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    RNNSCOPE_TRY(with_rank(ctx.input(2), 1));
    RNNSCOPE_TRY(with_rank(ctx.input(3), 0));
    return scalar_shape(ctx);
}

} // namespace

void add_tensor_array_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("TensorArrayV3")
                      .input("size: int32")
                      .output("handle: resource")
                      .output("flow: float")
                      .attr("dtype: type")
                      .attr("element_shape: shape = { unknown_rank: true }")
                      .attr("dynamic_size: bool = false")
                      .attr("clear_after_read: bool = true")
                      .attr("identical_element_shapes: bool = false")
                      .attr("tensor_array_name: string = ''")
                      .stateful()
                      .summary("A new array of tensors, which lives as long as the run.")
                      .shape(array_shape));
    ops.push_back(OpBuilder("TensorArrayGradV3")
                      .input("handle: resource")
                      .input("flow_in: float")
                      .output("grad_handle: resource")
                      .output("flow_out: float")
                      .attr("source: string")
                      .stateful()
                      .summary("The array that gathers the gradients of an array's elements.")
                      .shape(grad_shape));
    ops.push_back(OpBuilder("TensorArrayWriteV3")
                      .input("handle: resource")
                      .input("index: int32")
                      .input("value: T")
                      .input("flow_in: float")
                      .output("flow_out: float")
                      .attr("T: type")
                      .stateful()
                      .summary("Stores a tensor in an array.")
                      .shape(write_shape));
    ops.push_back(OpBuilder("TensorArrayReadV3")
                      .input("handle: resource")
                      .input("index: int32")
                      .input("flow_in: float")
                      .output("value: dtype")
                      .attr("dtype: type")
                      .stateful()
                      .summary("Takes a tensor from an array.")
                      .shape(read_shape));
    ops.push_back(OpBuilder("TensorArrayGatherV3")
                      .input("handle: resource")
                      .input("indices: int32")
                      .input("flow_in: float")
                      .output("value: dtype")
                      .attr("dtype: type")
                      .attr("element_shape: shape = { unknown_rank: true }")
                      .stateful()
                      .summary("Stacks elements of an array into one tensor.")
                      .shape(gather_shape));
    ops.push_back(OpBuilder("TensorArrayScatterV3")
                      .input("handle: resource")
                      .input("indices: int32")
                      .input("value: T")
                      .input("flow_in: float")
                      .output("flow_out: float")
                      .attr("T: type")
                      .stateful()
                      .summary("Stores the rows of a tensor as elements of an array.")
                      .shape(scatter_shape));
    ops.push_back(OpBuilder("TensorArrayConcatV3")
                      .input("handle: resource")
                      .input("flow_in: float")
                      .output("value: dtype")
                      .output("lengths: int64")
                      .attr("dtype: type")
                      .attr("element_shape_except0: shape = { unknown_rank: true }")
                      .stateful()
                      .summary("Joins the elements of an array along their first dimension.")
                      .shape(concat_shape));
    ops.push_back(OpBuilder("TensorArraySplitV3")
                      .input("handle: resource")
                      .input("value: T")
                      .input("lengths: int64")
                      .input("flow_in: float")
                      .output("flow_out: float")
                      .attr("T: type")
                      .stateful()
                      .summary("Cuts a tensor into the elements of an array.")
                      .shape(split_shape));
    ops.push_back(OpBuilder("TensorArraySizeV3")
                      .input("handle: resource")
                      .input("flow_in: float")
                      .output("size: int32")
                      .stateful()
                      .summary("Number of elements of an array.")
                      .shape(size_shape));
    ops.push_back(OpBuilder("TensorArrayCloseV3")
                      .input("handle: resource")
                      .stateful()
                      .summary("Frees an array before the run ends.")
                      .shape(handle_is_pair));
}

} // namespace rnnscope::ops
