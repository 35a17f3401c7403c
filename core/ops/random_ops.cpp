#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

Status random_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank(ctx.input(0), 1));
    ctx.set_output(0, ctx.input_as_shape(0));
    return {};
}

Status random_uniform_int_shape(ShapeContext& ctx) {
    for (std::size_t i = 1; i <= 2; ++i) RNNSCOPE_TRY(with_rank(ctx.input(i), 0));
    return random_shape(ctx);
}

Status multinomial_shape(ShapeContext& ctx) {
    const auto logits = with_rank(ctx.input(0), 2);
    if (!logits) return logits.error();
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    const auto samples = ctx.constant_input(1);
    if (samples && samples->integer(0) < 0)
        return invalid_argument(fmt::format("Dimension size, given by scalar input 1, must be non-negative but is {}",
                                            samples->integer(0)));
    ctx.set_output(0, {logits->dim(0), samples ? samples->integer(0) : Shape::unknown});
    return {};
}

Status shuffle_shape(ShapeContext& ctx) {
    return unchanged_shape(ctx);
}

OpBuilder random_op(std::string_view name, std::string_view summary) {
    return OpBuilder(name)
        .input("shape: T")
        .output("output: dtype")
        .attr("seed: int = 0")
        .attr("seed2: int = 0")
        .attr("dtype: {half, bfloat16, float, double}")
        .attr("T: {int32, int64}")
        .stateful()
        .summary(summary)
        .shape(random_shape);
}

} // namespace

void add_random_ops(OpRecords& ops) {
    ops.push_back(random_op("RandomUniform", "Random numbers, uniform in [0, 1)."));
    ops.push_back(random_op("RandomStandardNormal", "Random numbers, normal with mean 0 and deviation 1."));
    ops.push_back(random_op("TruncatedNormal", "Normal random numbers, drawn again until they lie within (-2, 2)."));
    ops.push_back(OpBuilder("RandomUniformInt")
                      .input("shape: T")
                      .input("minval: Tout")
                      .input("maxval: Tout")
                      .output("output: Tout")
                      .attr("seed: int = 0")
                      .attr("seed2: int = 0")
                      .attr("Tout: {int32, int64}")
                      .attr("T: {int32, int64}")
                      .stateful()
                      .summary("Random integers, uniform in [minval, maxval).")
                      .shape(random_uniform_int_shape));
    ops.push_back(OpBuilder("Multinomial")
                      .input("logits: T")
                      .input("num_samples: int32")
                      .output("output: output_dtype")
                      .attr("seed: int = 0")
                      .attr("seed2: int = 0")
                      .attr("T: realnumbertype")
                      .attr("output_dtype: {int32, int64} = DT_INT64")
                      .stateful()
                      .summary("Classes drawn with the probabilities of a softmax.")
                      .shape(multinomial_shape));
    ops.push_back(OpBuilder("RandomShuffle")
                      .input("value: T")
                      .output("output: T")
                      .attr("seed: int = 0")
                      .attr("seed2: int = 0")
                      .attr("T: type")
                      .stateful()
                      .summary("The rows of a tensor in random order.")
                      .shape(shuffle_shape));
}

} // namespace rnnscope::ops
