#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include <fmt/format.h>

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

struct Stack {
    std::string name;
    DType dtype = DType::invalid;
    std::int64_t max_size = -1; ///< below 0: no limit
    std::vector<Tensor> values;
    bool closed = false;
    VariableStorage reference; ///< what the handle of a Stack of before 1.4 refers to: the strings "_stacks" and `name`
};

/// Under which key the step keeps the stack of the handle: a resource, or in the older ops a reference to two strings.
std::string key_of(const KernelContext& ctx) {
    if (!ctx.input_is_ref(0)) return ctx.input(0).strings()[0];
    const auto& value = ctx.input_ref(0).value;
    if (!value || value->dtype() != DType::string || value->elements() != 2) return {};
    return value->strings()[0] + "/" + value->strings()[1];
}

/// The stack behind a handle, which must be open.
Result<Stack*> stack_of(KernelContext& ctx) {
    const std::string handle = key_of(ctx);
    Stack* stack = ctx.step().find<Stack>(handle);
    if (stack == nullptr) return invalid_argument(fmt::format("Stack {} does not exist in this run", handle));
    if (stack->closed) return invalid_argument(fmt::format("Stack[{}] has already been closed.", stack->name));
    return stack;
}

std::shared_ptr<Stack> make_stack(KernelContext& ctx) {
    auto stack = std::make_shared<Stack>();
    const auto name = ctx.attr<std::string>("stack_name");
    stack->name = fmt::format("{}_{}", name.empty() ? ctx.node().name : name, ctx.step().next_id());
    stack->dtype = ctx.attr<DType>("elem_type");
    ctx.step().insert("_stacks/" + stack->name, stack);
    return stack;
}

Status new_stack(KernelContext& ctx) {
    const Tensor& size = ctx.input(0);
    if (size.shape().rank() != 0)
        return invalid_argument(
            fmt::format("Stack size must be a scalar, but is a tensor of shape {}", to_text(size.shape())));
    const auto stack = make_stack(ctx);
    stack->max_size = size.integer(0);
    ctx.set_output(0, Tensor::resource("_stacks/" + stack->name));
    return {};
}

Status new_stack_with_reference(KernelContext& ctx) {
    const auto stack = make_stack(ctx);
    VariableStorage& handle = stack->reference;
    handle.container = "_stacks";
    handle.name = stack->name;
    handle.dtype = DType::string;
    handle.shape = {2};
    handle.value = Tensor::of<std::string>({2}, {"_stacks", stack->name});
    handle.owner = ctx.node().id;
    ctx.set_output_ref(0, handle);
    return {};
}

Status push(KernelContext& ctx) {
    const auto stack = stack_of(ctx);
    if (!stack) return stack.error();
    Stack& s = **stack;
    if (ctx.input(1).dtype() != s.dtype)
        return invalid_argument(
            fmt::format("Must have type {} but got {}", dtype_cpp_name(s.dtype), dtype_cpp_name(ctx.input(1).dtype())));
    if (s.max_size >= 0 && static_cast<std::int64_t>(s.values.size()) >= s.max_size)
        return invalid_argument(fmt::format("Stack[{}] overflowed its max_size ({})", s.name, s.max_size));
    s.values.push_back(ctx.input(1));
    ctx.forward(1, 0);
    return {};
}

Status pop(KernelContext& ctx) {
    const auto stack = stack_of(ctx);
    if (!stack) return stack.error();
    Stack& s = **stack;
    if (s.values.empty()) return invalid_argument(fmt::format("Stack[{}] is empty when calling Pop().", s.name));
    if (s.dtype != ctx.attr<DType>("elem_type"))
        return invalid_argument(fmt::format("Must have type {} but got {}", dtype_cpp_name(s.dtype),
                                            dtype_cpp_name(ctx.attr<DType>("elem_type"))));
    ctx.set_output(0, std::move(s.values.back()));
    s.values.pop_back();
    return {};
}

Status close_stack(KernelContext& ctx) {
    const auto stack = stack_of(ctx);
    if (!stack) return stack.error();
    (*stack)->values.clear();
    (*stack)->closed = true;
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
                      .shape(stack_shape)
                      .kernel(new_stack)
                      .example({{example::ints({}, {-1})}, {{"elem_type", DType::float32}}, {}}));
    ops.push_back(OpBuilder("StackPushV2")
                      .input("handle: resource")
                      .input("elem: T")
                      .output("output: T")
                      .attr("T: type")
                      .attr("swap_memory: bool = false")
                      .stateful()
                      .summary("Puts a tensor on a stack.")
                      .shape(push_shape)
                      .kernel(push));
    ops.push_back(OpBuilder("StackPopV2")
                      .input("handle: resource")
                      .output("elem: elem_type")
                      .attr("elem_type: type")
                      .stateful()
                      .summary("Takes the last tensor from a stack.")
                      .shape(unknown_shape)
                      .kernel(pop));
    ops.push_back(OpBuilder("StackCloseV2")
                      .input("handle: resource")
                      .stateful()
                      .summary("Frees a stack before the run ends.")
                      .shape(no_outputs)
                      .kernel(close_stack));
    // The forms of before 1.4, whose handle is a reference to strings. Their stacks have no limit.
    ops.push_back(OpBuilder("Stack")
                      .output("handle: Ref(string)")
                      .attr("elem_type: type")
                      .attr("stack_name: string = ''")
                      .stateful()
                      .summary("A new stack of tensors, which lives as long as the run (the form of before 1.4).")
                      .shape(stack_shape)
                      .kernel(new_stack_with_reference)
                      .example({{}, {{"elem_type", DType::float32}}, {}}));
    ops.push_back(OpBuilder("StackPush")
                      .input("handle: Ref(string)")
                      .input("elem: T")
                      .output("output: T")
                      .attr("T: type")
                      .attr("swap_memory: bool = false")
                      .summary("Puts a tensor on a stack (the form of before 1.4).")
                      .shape(push_shape)
                      .kernel(push));
    ops.push_back(OpBuilder("StackPop")
                      .input("handle: Ref(string)")
                      .output("elem: elem_type")
                      .attr("elem_type: type")
                      .summary("Takes the last tensor from a stack (the form of before 1.4).")
                      .shape(unknown_shape)
                      .kernel(pop));
    ops.push_back(OpBuilder("StackClose")
                      .input("handle: Ref(string)")
                      .summary("Frees a stack before the run ends (the form of before 1.4).")
                      .shape(no_outputs)
                      .kernel(close_stack));
}

} // namespace rnnscope::ops
