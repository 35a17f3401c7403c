#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

bool is_nchw(ShapeContext& ctx) {
    return ctx.attr<std::string>("data_format") == "NCHW";
}

Status bias_add_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    const bool nchw = is_nchw(ctx);
    RNNSCOPE_TRY(with_rank_at_least(input, nchw ? 3 : 2));
    const auto bias = with_rank(ctx.input(1), 1);
    if (!bias) return bias.error();
    if (!input.has_rank()) return unknown_shape(ctx);
    const std::size_t channel = nchw ? input.rank() - 3 : input.rank() - 1;
    const auto merged = merge_dims(bias->dim(0), input.dim(channel));
    if (!merged) return merged.error();
    ctx.set_output(0, with_dim(input, channel, *merged));
    return {};
}

Status bias_add_grad_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    const bool nchw = is_nchw(ctx);
    RNNSCOPE_TRY(with_rank_at_least(input, nchw ? 3 : 2));
    ctx.set_output(0, {input.has_rank() ? input.dim(nchw ? input.rank() - 3 : input.rank() - 1) : Shape::unknown});
    return {};
}

Status softmax_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank_at_least(ctx.input(0), 1));
    return unchanged_shape(ctx);
}

Status softmax_cross_entropy_shape(ShapeContext& ctx) {
    const auto both = broadcast_shapes(ctx.input(0), ctx.input(1));
    if (!both) return both.error();
    const auto checked = with_rank(*both, 2);
    if (!checked) return checked.error();
    ctx.set_output(0, {checked->dim(0)});
    ctx.set_output(1, *checked);
    return {};
}

Status sparse_softmax_cross_entropy_shape(ShapeContext& ctx) {
    const auto features = with_rank(ctx.input(0), 2);
    if (!features) return features.error();
    const auto labels = with_rank(ctx.input(1), 1);
    if (!labels) return labels.error();
    const auto batch = merge_dims(features->dim(0), labels->dim(0));
    if (!batch) return batch.error();
    ctx.set_output(0, {*batch});
    ctx.set_output(1, with_dim(*features, 0, *batch));
    return {};
}

Status in_top_k_shape(ShapeContext& ctx) {
    const auto predictions = with_rank(ctx.input(0), 2);
    if (!predictions) return predictions.error();
    const auto targets = with_rank(ctx.input(1), 1);
    if (!targets) return targets.error();
    const auto batch = merge_dims(predictions->dim(0), targets->dim(0));
    if (!batch) return batch.error();
    ctx.set_output(0, {*batch});
    return {};
}

OpBuilder activation(std::string_view name, std::string_view types, std::string_view summary) {
    return OpBuilder(name)
        .input("features: T")
        .output("activations: T")
        .attr(types)
        .summary(summary)
        .shape(unchanged_shape);
}

} // namespace

void add_nn_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("BiasAdd")
                      .input("value: T")
                      .input("bias: T")
                      .output("output: T")
                      .attr("T: numbertype")
                      .attr("data_format: {'NHWC', 'NCHW'} = 'NHWC'")
                      .summary("Adds a vector along the channel dimension.")
                      .shape(bias_add_shape));
    ops.push_back(OpBuilder("BiasAddGrad")
                      .input("out_backprop: T")
                      .output("output: T")
                      .attr("T: numbertype")
                      .attr("data_format: {'NHWC', 'NCHW'} = 'NHWC'")
                      .summary("Gradient of BiasAdd for the vector: the sum over all other dimensions.")
                      .shape(bias_add_grad_shape));
    ops.push_back(activation(
        "Relu", "T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64, qint8}",
        "max(x, 0), elementwise."));
    ops.push_back(activation("Relu6", "T: realnumbertype", "min(max(x, 0), 6), elementwise."));
    ops.push_back(activation("Elu", "T: {half, bfloat16, float, double}", "x, or exp(x) - 1 below 0, elementwise."));
    ops.push_back(
        activation("Selu", "T: {half, bfloat16, float, double}", "Scaled exponential linear unit, elementwise."));
    ops.push_back(activation("Softplus", "T: {half, bfloat16, float, double}", "log(1 + exp(x)), elementwise."));
    ops.push_back(activation("Softsign", "T: {half, bfloat16, float, double}", "x / (1 + |x|), elementwise."));
    ops.push_back(OpBuilder("ReluGrad")
                      .input("gradients: T")
                      .input("features: T")
                      .output("backprops: T")
                      .attr("T: realnumbertype")
                      .summary("Gradient of Relu.")
                      .shape(merge_both_shape));
    ops.push_back(OpBuilder("Softmax")
                      .input("logits: T")
                      .output("softmax: T")
                      .attr("T: {half, bfloat16, float, double}")
                      .summary("exp(x) / sum(exp(x)) along the last dimension.")
                      .shape(softmax_shape));
    ops.push_back(OpBuilder("LogSoftmax")
                      .input("logits: T")
                      .output("logsoftmax: T")
                      .attr("T: {half, bfloat16, float, double}")
                      .summary("Logarithm of the softmax along the last dimension.")
                      .shape(softmax_shape));
    ops.push_back(OpBuilder("SoftmaxCrossEntropyWithLogits")
                      .input("features: T")
                      .input("labels: T")
                      .output("loss: T")
                      .output("backprop: T")
                      .attr("T: {half, bfloat16, float, double}")
                      .summary("Cross entropy of a softmax with given distributions, and its gradient.")
                      .shape(softmax_cross_entropy_shape));
    ops.push_back(OpBuilder("SparseSoftmaxCrossEntropyWithLogits")
                      .input("features: T")
                      .input("labels: Tlabels")
                      .output("loss: T")
                      .output("backprop: T")
                      .attr("T: {half, bfloat16, float, double}")
                      .attr("Tlabels: {int32, int64} = DT_INT64")
                      .summary("Cross entropy of a softmax with given classes, and its gradient.")
                      .shape(sparse_softmax_cross_entropy_shape));
    ops.push_back(OpBuilder("L2Loss")
                      .input("t: T")
                      .output("output: T")
                      .attr("T: {half, bfloat16, float, double}")
                      .summary("Half the sum of squares.")
                      .shape(scalar_shape));
    ops.push_back(OpBuilder("InTopKV2")
                      .input("predictions: float")
                      .input("targets: T")
                      .input("k: T")
                      .output("precision: bool")
                      .attr("T: {int32, int64} = DT_INT32")
                      .summary("Is the target among the k largest predictions?")
                      .shape(in_top_k_shape));
}

} // namespace rnnscope::ops
