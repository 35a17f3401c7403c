#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

Status switch_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    ctx.set_output(0, ctx.input(0));
    ctx.set_output(1, ctx.input(0));
    return {};
}

Status merge_shape(ShapeContext& ctx) {
    ctx.set_output(1, Shape{});
    Shape out = ctx.input(0);
    if (!out.has_rank()) return {};
    for (std::size_t i = 1; i < ctx.inputs(); ++i) {
        const Shape& input = ctx.input(i);
        if (!input.has_rank() || input.rank() != out.rank()) return {};
        for (std::size_t d = 0; d < out.rank(); ++d)
            if (input.dim(d) != out.dim(d)) out = with_dim(std::move(out), d, Shape::unknown);
    }
    ctx.set_output(0, std::move(out));
    return {};
}

Status enter_shape(ShapeContext& ctx) {
    if (handle_data(ctx.graph(), ctx.node().inputs[0])) return {}; // a handle: its data goes on, its shape does not
    if (ctx.attr<bool>("is_constant")) ctx.set_output(0, ctx.input(0));
    return {};
}

Status loop_cond_shape(ShapeContext& ctx) {
    auto shape = with_rank(ctx.input(0), 0);
    if (!shape) return shape.error();
    ctx.set_output(0, *std::move(shape));
    return {};
}

Status switch_on(KernelContext& ctx) {
    const Tensor& predicate = ctx.input(1);
    if (predicate.shape().rank() != 0)
        return invalid_argument(
            fmt::format("The second input must be a scalar, but it has shape {}", to_text(predicate.shape())));
    ctx.forward(0, predicate.values<bool>()[0] ? 1 : 0);
    return {};
}

Status merge(KernelContext& ctx) {
    std::optional<std::size_t> alive;
    for (std::size_t i = 0; i < ctx.inputs(); ++i) {
        if (!ctx.has_input(i)) continue;
        if (alive) return Error{"InternalError", "Merge can not have more than one valid input."};
        alive = i;
    }
    if (!alive) return {}; // dead: the executor does not run it
    ctx.forward(*alive, 0);
    ctx.set_output(1, Tensor::scalar(static_cast<std::int32_t>(*alive)));
    return {};
}

Status pass_on(KernelContext& ctx) {
    ctx.forward(0, 0);
    return {};
}

Status loop_cond(KernelContext& ctx) {
    if (ctx.input(0).shape().rank() != 0)
        return invalid_argument(
            fmt::format("The input must be a scalar, but it has shape {}", to_text(ctx.input(0).shape())));
    ctx.forward(0, 0);
    return {};
}

Status nothing(KernelContext&) {
    return {};
}

/// The plain form of an op and the one for references ("RefSwitch").
OpBuilder ref_form(std::string_view name, bool is_ref) {
    return OpBuilder(is_ref ? "Ref" + std::string(name) : std::string(name));
}
std::string data_arg(std::string_view name, bool is_ref) {
    return std::string(name) + (is_ref ? ": Ref(T)" : ": T");
}

void add_pair(OpRecords& ops, bool is_ref) {
    ops.push_back(ref_form("Switch", is_ref)
                      .input(data_arg("data", is_ref))
                      .input("pred: bool")
                      .output(data_arg("output_false", is_ref))
                      .output(data_arg("output_true", is_ref))
                      .attr("T: type")
                      .summary("Sends its input to one of two outputs; the other one is dead.")
                      .shape(switch_shape)
                      .kernel(switch_on)
                      .example({{example::floats({}, {1.0F}), example::bools({}, {true})}, {}, {}}));
    if (is_ref) ops.back().allows_uninitialized_input = true;
    ops.push_back(ref_form("Merge", is_ref)
                      .input(is_ref ? "inputs: Ref(N * T)" : "inputs: N * T")
                      .output(data_arg("output", is_ref))
                      .output("value_index: int32")
                      .attr("T: type")
                      .attr("N: int >= 1")
                      .summary("Passes on whichever input is alive, and its number.")
                      .shape(merge_shape)
                      .kernel(merge)
                      .example({{example::floats({2}, {1.0F, 2.0F})},
                                {},
                                {example::floats({2}, {1.0F, 2.0F}), example::ints({}, {0})}}));
    ops.push_back(ref_form("Enter", is_ref)
                      .input(data_arg("data", is_ref))
                      .output(data_arg("output", is_ref))
                      .attr("T: type")
                      .attr("frame_name: string")
                      .attr("is_constant: bool = false")
                      .attr("parallel_iterations: int = 10")
                      .summary("Brings a value into a loop; a constant one into every iteration.")
                      .shape(is_ref ? unchanged_shape : enter_shape)
                      .kernel(pass_on)
                      .example({{example::floats({}, {1.0F})},
                                {{"frame_name", "loop"}, {"is_constant", true}},
                                {example::floats({}, {1.0F})}}));
    ops.push_back(ref_form("Exit", is_ref)
                      .input(data_arg("data", is_ref))
                      .output(data_arg("output", is_ref))
                      .attr("T: type")
                      .summary("Brings a value out of a loop that has ended.")
                      .shape(unchanged_shape)
                      .kernel(pass_on)
                      .example({{example::floats({}, {1.0F})}, {}, {example::floats({}, {1.0F})}}));
    ops.push_back(ref_form("NextIteration", is_ref)
                      .input(data_arg("data", is_ref))
                      .output(data_arg("output", is_ref))
                      .attr("T: type")
                      .summary("Hands a value to the next iteration of a loop.")
                      .shape(unchanged_shape)
                      .kernel(pass_on)
                      .example({{example::floats({}, {1.0F})}, {}, {example::floats({}, {1.0F})}}));
}

} // namespace

void add_control_flow_ops(OpRecords& ops) {
    add_pair(ops, false);
    add_pair(ops, true);
    ops.push_back(OpBuilder("RefIdentity")
                      .input("input: Ref(T)")
                      .output("output: Ref(T)")
                      .attr("T: type")
                      .allows_uninitialized_input()
                      .summary("The reference, unchanged.")
                      .shape(unchanged_shape)
                      .kernel(pass_on));
    ops.push_back(OpBuilder("LoopCond")
                      .input("input: bool")
                      .output("output: bool")
                      .summary("Decides whether a loop goes on.")
                      .shape(loop_cond_shape)
                      .kernel(loop_cond)
                      .example({{example::bools({}, {true})}, {}, {example::bools({}, {true})}}));
    ops.push_back(OpBuilder("ControlTrigger")
                      .summary("Does nothing, even when what it waits for is dead.")
                      .shape(no_outputs)
                      .kernel(nothing)
                      .example({{}, {}, {}}));
    ops.push_back(OpBuilder("NoOp")
                      .summary("Does nothing: something to wait for.")
                      .shape(no_outputs)
                      .kernel(nothing)
                      .example({{}, {}, {}}));
}

} // namespace rnnscope::ops
