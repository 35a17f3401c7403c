#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include "core/ops/summarize.hpp"
#include <fmt/format.h>

namespace rnnscope::ops {

namespace {

Status check_assertion(KernelContext& ctx) {
    const Tensor& condition = ctx.input(0);
    if (condition.elements() != 1)
        return invalid_argument(fmt::format("In[0] should be a scalar: {}", to_text(condition.shape())));
    if (condition.values<bool>()[0]) return {};
    std::string text = "assertion failed: ";
    for (std::size_t i = 1; i < ctx.inputs(); ++i) {
        text += "[" + summarize_value(ctx.input(i), ctx.attr<std::int64_t>("summarize")) + "]";
        if (i + 1 < ctx.inputs()) text += " ";
    }
    return invalid_argument(std::move(text));
}

/// The values can be seen on the op itself, so nothing is written anywhere.
Status print(KernelContext& ctx) {
    ctx.forward(0, 0);
    return {};
}

} // namespace

void add_logging_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("Assert")
                      .input("condition: bool")
                      .input("data: T")
                      .attr("T: list(type) >= 1")
                      .attr("summarize: int = 3")
                      .stateful()
                      .summary("Fails with the data unless the condition holds.")
                      .shape(no_outputs)
                      .kernel(check_assertion)
                      .example({{example::bools({}, {true}), example::floats({}, {1.0F})}, {}, {}}));
    ops.push_back(
        OpBuilder("Print")
            .input("input: T")
            .input("data: U")
            .output("output: T")
            .attr("T: type")
            .attr("U: list(type) >= 0")
            .attr("message: string = ''")
            .attr("first_n: int = -1")
            .attr("summarize: int = 3")
            .stateful()
            .summary("Passes its input on and prints the data.")
            .shape(unchanged_shape)
            .kernel(print)
            .example(
                {{example::floats({}, {1.0F}), example::strings({}, {"note"})}, {}, {example::floats({}, {1.0F})}}));
}

} // namespace rnnscope::ops
