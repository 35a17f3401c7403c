#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

namespace rnnscope::ops {
namespace {

Status stack_shape(ShapeContext& ctx) {
    ctx.set_output(0, {2});
    return {};
}

Status push_shape(ShapeContext& ctx) {
    ctx.set_output(0, ctx.input(1));
    return {};
}

} // namespace

void add_stack_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("StackV2")
                      .input("max_size: int32")
                      .output("handle: resource")
                      .attr("elem_type: type")
                      .attr("stack_name: string = ''")
                      .stateful()
                      .summary("A new stack of tensors, which lives as long as the run.")
                      .shape(stack_shape));
    ops.push_back(OpBuilder("StackPushV2")
                      .input("handle: resource")
                      .input("elem: T")
                      .output("output: T")
                      .attr("T: type")
                      .attr("swap_memory: bool = false")
                      .stateful()
                      .summary("Puts a tensor on a stack.")
                      .shape(push_shape));
    ops.push_back(OpBuilder("StackPopV2")
                      .input("handle: resource")
                      .output("elem: elem_type")
                      .attr("elem_type: type")
                      .stateful()
                      .summary("Takes the last tensor from a stack.")
                      .shape(unknown_shape));
    ops.push_back(OpBuilder("StackCloseV2")
                      .input("handle: resource")
                      .stateful()
                      .summary("Frees a stack before the run ends.")
                      .shape(no_outputs));
}

} // namespace rnnscope::ops
