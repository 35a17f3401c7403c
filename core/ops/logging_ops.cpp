#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

namespace rnnscope::ops {

void add_logging_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("Assert")
                      .input("condition: bool")
                      .input("data: T")
                      .attr("T: list(type) >= 1")
                      .attr("summarize: int = 3")
                      .stateful()
                      .summary("Fails with the data unless the condition holds.")
                      .shape(no_outputs));
    ops.push_back(OpBuilder("Print")
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
                      .shape(unchanged_shape));
}

} // namespace rnnscope::ops
