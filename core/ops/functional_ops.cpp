#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <algorithm>

// Ops that call functions. Graphs that hold them load and are shown; functions are not run.
namespace rnnscope::ops {
namespace {

/// What attribute output_shapes says, if it says anything.
Status while_shape(ShapeContext& ctx) {
    const auto* shapes = ctx.node().attr<AttrList>("output_shapes");
    if (shapes == nullptr || shapes->entries.size() != ctx.outputs()) return unknown_shape(ctx);
    for (std::size_t i = 0; i < ctx.outputs(); ++i)
        if (const auto* shape = shapes->entries[i].as<Shape>()) ctx.set_output(i, *shape);
    return {};
}

OpBuilder call(std::string_view name, std::string_view summary) {
    return OpBuilder(name)
        .input("args: Tin")
        .output("output: Tout")
        .attr("Tin: list(type) >= 0")
        .attr("Tout: list(type) >= 0")
        .attr("f: func")
        .attr("config: string = ''")
        .attr("config_proto: string = ''")
        .attr("executor_type: string = ''")
        .summary(summary)
        .shape(unknown_shape);
}

OpBuilder loop(std::string_view name, std::string_view summary) {
    return OpBuilder(name)
        .input("input: T")
        .output("output: T")
        .attr("T: list(type) >= 0")
        .attr("cond: func")
        .attr("body: func")
        .attr("output_shapes: list(shape) = []")
        .attr("parallel_iterations: int = 10")
        .summary(summary)
        .shape(while_shape);
}

OpBuilder choice(std::string_view name, std::string_view summary) {
    return OpBuilder(name)
        .input("cond: Tcond")
        .input("input: Tin")
        .output("output: Tout")
        .attr("Tcond: type")
        .attr("Tin: list(type) >= 0")
        .attr("Tout: list(type) >= 0")
        .attr("then_branch: func")
        .attr("else_branch: func")
        .attr("output_shapes: list(shape) = []")
        .summary(summary)
        .shape(while_shape);
}

} // namespace

void add_functional_ops(OpRecords& ops) {
    ops.push_back(call("PartitionedCall", "Calls a function."));
    ops.push_back(call("StatefulPartitionedCall", "Calls a function that may have state.").stateful());
    ops.push_back(loop("While", "Calls a function again and again while another one returns true.").stateful());
    ops.push_back(loop("StatelessWhile", "Calls a function without state again and again while another one returns "
                                         "true."));
    ops.push_back(choice("If", "Calls one of two functions.").stateful());
    ops.push_back(choice("StatelessIf", "Calls one of two functions without state."));
    // What stands for the arguments and results of a function when its body is a graph of its own.
    ops.push_back(OpBuilder("_Arg")
                      .output("output: T")
                      .attr("T: type")
                      .attr("index: int >= 0")
                      .stateful()
                      .summary("An argument of a function.")
                      .shape(unknown_shape));
    ops.push_back(OpBuilder("_Retval")
                      .input("input: T")
                      .attr("T: type")
                      .attr("index: int >= 0")
                      .stateful()
                      .summary("A result of a function.")
                      .shape(no_outputs));
}

} // namespace rnnscope::ops
