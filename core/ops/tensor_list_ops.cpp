#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

// Lists of tensors in variants, with which the loops of TensorFlow 2 do what TensorArrays did. They load and are shown;
// they have no kernels, because the loops that use them are functions.
namespace rnnscope::ops {
namespace {

/// The element shape that input `i` holds; a scalar stands for anything.
Shape element_shape(ShapeContext& ctx, std::size_t i) {
    const Shape& given = ctx.input(i);
    if (!given.has_rank() || given.rank() == 0) return Shape::unknown_rank();
    return ctx.input_as_shape(i);
}

Status item_shape(ShapeContext& ctx) {
    ctx.set_output(0, element_shape(ctx, 2));
    return {};
}

Status list_stack_shape(ShapeContext& ctx) {
    const auto count = ctx.attr<std::int64_t>("num_elements");
    ctx.set_output(0, concatenated({count < 0 ? Shape::unknown : count}, element_shape(ctx, 1)));
    return {};
}

} // namespace

void add_tensor_list_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("TensorListReserve")
                      .input("element_shape: shape_type")
                      .input("num_elements: int32")
                      .output("handle: variant")
                      .attr("element_dtype: type")
                      .attr("shape_type: {int32, int64}")
                      .summary("A list of the given length.")
                      .shape(scalar_shape));
    ops.push_back(OpBuilder("TensorListFromTensor")
                      .input("tensor: element_dtype")
                      .input("element_shape: shape_type")
                      .output("output_handle: variant")
                      .attr("element_dtype: type")
                      .attr("shape_type: {int32, int64}")
                      .summary("The list of a tensor's rows.")
                      .shape(scalar_shape));
    ops.push_back(OpBuilder("TensorListGetItem")
                      .input("input_handle: variant")
                      .input("index: int32")
                      .input("element_shape: int32")
                      .output("item: element_dtype")
                      .attr("element_dtype: type")
                      .summary("An element of a list.")
                      .shape(item_shape));
    ops.push_back(OpBuilder("TensorListSetItem")
                      .input("input_handle: variant")
                      .input("index: int32")
                      .input("item: element_dtype")
                      .output("output_handle: variant")
                      .attr("element_dtype: type")
                      .summary("The list with one element replaced.")
                      .shape(scalar_shape));
    ops.push_back(OpBuilder("TensorListStack")
                      .input("input_handle: variant")
                      .input("element_shape: int32")
                      .output("tensor: element_dtype")
                      .attr("element_dtype: type")
                      .attr("num_elements: int = -1")
                      .summary("The elements of a list, stacked.")
                      .shape(list_stack_shape));
    ops.push_back(OpBuilder("TensorListLength")
                      .input("input_handle: variant")
                      .output("length: int32")
                      .summary("The number of elements of a list.")
                      .shape(scalar_shape));
}

} // namespace rnnscope::ops
