#include "core/ops/elementwise.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include "core/ops/simd_kernels.hpp"
#include "core/ops/summarize.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

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

/// Elements per channel run, and where the channel dimension is.
std::size_t channel_dim(const KernelContext& ctx, const Shape& shape) {
    return ctx.attr<std::string>("data_format") == "NCHW" ? 1 : shape.rank() - 1;
}

Status bias_add(KernelContext& ctx) {
    const Tensor& value = ctx.input(0);
    const Tensor& bias = ctx.input(1);
    if (value.shape().rank() < 2)
        return invalid_argument("Input tensor must be at least 2D: " + to_text(value.shape()));
    if (bias.shape().rank() != 1) return invalid_argument("Biases must be 1D: " + to_text(bias.shape()));
    const std::size_t channel = channel_dim(ctx, value.shape());
    const std::int64_t channels = value.shape().dim(channel);
    if (channels != bias.elements())
        return invalid_argument(
            fmt::format("Must provide as many biases as the {} dimension of the input tensor: {} vs. {}",
                        channel == 1 && value.shape().rank() > 2 ? "channel" : "last", to_text(bias.shape()),
                        to_text(value.shape())));
    const std::int64_t inner = strides_of(value.shape())[channel];
    if (value.dtype() == DType::float32 && inner == 1 && channels > 0) {
        float* data = nullptr;
        Tensor result = Tensor::make<float>(value.shape(), data);
        simd::kernels().bias_add(value.values<float>().data(), bias.values<float>().data(), data,
                                 static_cast<std::size_t>(value.elements() / channels),
                                 static_cast<std::size_t>(channels));
        ctx.set_output(0, std::move(result));
        return {};
    }
    const bool known = visit_number(value.dtype(), [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        Tensor result = Tensor::make<T>(value.shape(), data);
        const auto x = value.values<T>(), b = bias.values<T>();
        for (std::size_t i = 0; i < x.size(); ++i)
            data[i] = wrapped_add(x[i], b[static_cast<std::size_t>(static_cast<std::int64_t>(i) / inner % channels)]);
        ctx.set_output(0, std::move(result));
    });
    if (!known) return no_kernel(ctx, value.dtype());
    return {};
}

Status bias_add_grad(KernelContext& ctx) {
    const Tensor& gradient = ctx.input(0);
    if (gradient.shape().rank() < 2)
        return invalid_argument("Input tensor must be at least 2D: " + to_text(gradient.shape()));
    const std::size_t channel = channel_dim(ctx, gradient.shape());
    const std::int64_t channels = gradient.shape().dim(channel), inner = strides_of(gradient.shape())[channel];
    const bool known = visit_number(gradient.dtype(), [&](auto zero) {
        using T = decltype(zero);
        std::vector<Wide<T>> sums(static_cast<std::size_t>(channels), Wide<T>{});
        const auto x = gradient.values<T>();
        for (std::size_t i = 0; i < x.size(); ++i) {
            auto& sum = sums[static_cast<std::size_t>(static_cast<std::int64_t>(i) / inner % channels)];
            sum = wrapped_add(sum, static_cast<Wide<T>>(x[i]));
        }
        ctx.set_output(0, Tensor::of<T>({channels}, std::vector<T>(sums.begin(), sums.end())));
    });
    if (!known) return no_kernel(ctx, gradient.dtype());
    return {};
}

/// Largest element of a row, and the sum of exp(x - largest).
struct RowSum {
    double largest = -std::numeric_limits<double>::infinity();
    double sum = 0;
};
template <class T> RowSum row_sum(const T* row, std::int64_t columns) {
    RowSum result;
    for (std::int64_t j = 0; j < columns; ++j) result.largest = std::max(result.largest, static_cast<double>(row[j]));
    for (std::int64_t j = 0; j < columns; ++j) result.sum += std::exp(static_cast<double>(row[j]) - result.largest);
    return result;
}

template <bool logarithm> Status softmax(KernelContext& ctx) {
    const Tensor& logits = ctx.input(0);
    if (logits.shape().rank() < 1)
        return invalid_argument(fmt::format("logits must have >= 1 dimension, got {}", to_text(logits.shape())));
    const std::int64_t columns = logits.shape().dim(logits.shape().rank() - 1);
    const std::int64_t rows = columns == 0 ? 0 : logits.elements() / columns;
    const bool known = visit_float(logits.dtype(), [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        Tensor result = Tensor::make<T>(logits.shape(), data);
        for (std::int64_t i = 0; i < rows; ++i) {
            const T* row = logits.values<T>().data() + i * columns;
            const RowSum total = row_sum(row, columns);
            for (std::int64_t j = 0; j < columns; ++j) {
                const double shifted = static_cast<double>(row[j]) - total.largest;
                data[i * columns + j] =
                    static_cast<T>(logarithm ? shifted - std::log(total.sum) : std::exp(shifted) / total.sum);
            }
        }
        ctx.set_output(0, std::move(result));
    });
    if (!known) return no_kernel(ctx, logits.dtype());
    return {};
}

Status softmax_cross_entropy(KernelContext& ctx) {
    const auto shape = broadcast_at_run_time(ctx.input(0).shape(), ctx.input(1).shape());
    if (!shape)
        return invalid_argument(fmt::format("logits and labels must be broadcastable: logits_size={} labels_size={}",
                                            to_text(ctx.input(0).shape()), to_text(ctx.input(1).shape())));
    if (shape->rank() != 2)
        return invalid_argument("logits and labels must be either 2-dimensional, or broadcasted to be 2-dimensional");
    RNNSCOPE_TRY(check_allocation(ctx.input(0).dtype(), *shape));
    const Tensor logits = take_strided(ctx.input(0), *shape, 0, broadcast_strides(ctx.input(0).shape(), *shape));
    const Tensor labels = take_strided(ctx.input(1), *shape, 0, broadcast_strides(ctx.input(1).shape(), *shape));
    const std::int64_t rows = shape->dim(0), columns = shape->dim(1);
    const bool known = visit_float(logits.dtype(), [&](auto zero) {
        using T = decltype(zero);
        T *loss = nullptr, *back = nullptr;
        Tensor losses = Tensor::make<T>({rows}, loss), backprop = Tensor::make<T>(*shape, back);
        for (std::int64_t i = 0; i < rows; ++i) {
            const T* x = logits.values<T>().data() + i * columns;
            const T* label = labels.values<T>().data() + i * columns;
            const RowSum total = row_sum(x, columns);
            double sum = 0;
            for (std::int64_t j = 0; j < columns; ++j) {
                const double shifted = static_cast<double>(x[j]) - total.largest;
                sum += static_cast<double>(label[j]) * (std::log(total.sum) - shifted);
                back[i * columns + j] = static_cast<T>(std::exp(shifted) / total.sum - static_cast<double>(label[j]));
            }
            loss[i] = static_cast<T>(sum);
        }
        ctx.set_output(0, std::move(losses));
        ctx.set_output(1, std::move(backprop));
    });
    if (!known) return no_kernel(ctx, logits.dtype());
    return {};
}

Status sparse_softmax_cross_entropy(KernelContext& ctx) {
    const Tensor& logits = ctx.input(0);
    const Tensor& labels = ctx.input(1);
    if (logits.shape().rank() != 2)
        return invalid_argument(fmt::format("logits must be 2-D, but got shape {}", to_text(logits.shape())));
    if (labels.shape().rank() != 1)
        return invalid_argument(fmt::format("labels must be 1-D, but got shape {}", to_text(labels.shape())));
    const std::int64_t rows = logits.shape().dim(0), columns = logits.shape().dim(1);
    if (rows != labels.elements())
        return invalid_argument(
            fmt::format("logits and labels must have the same first dimension, got logits shape {} and labels shape {}",
                        to_text(logits.shape()), to_text(labels.shape())));
    if (columns == 0 && rows > 0)
        return invalid_argument(
            fmt::format("Must have at least one class, but got logits shape {}", to_text(logits.shape())));
    for (std::int64_t i = 0; i < rows; ++i)
        if (labels.integer(i) < 0 || labels.integer(i) >= columns)
            return invalid_argument(fmt::format(
                "Received a label value of {} which is outside the valid range of [0, {}).  Label values: {}",
                labels.integer(i), columns, summarize_value(labels, rows)));
    const bool known = visit_float(logits.dtype(), [&](auto zero) {
        using T = decltype(zero);
        T *loss = nullptr, *back = nullptr;
        Tensor losses = Tensor::make<T>({rows}, loss), backprop = Tensor::make<T>(logits.shape(), back);
        for (std::int64_t i = 0; i < rows; ++i) {
            const T* x = logits.values<T>().data() + i * columns;
            const RowSum total = row_sum(x, columns);
            const std::int64_t label = labels.integer(i);
            loss[i] = static_cast<T>(std::log(total.sum) - (static_cast<double>(x[label]) - total.largest));
            for (std::int64_t j = 0; j < columns; ++j)
                back[i * columns + j] = static_cast<T>(std::exp(static_cast<double>(x[j]) - total.largest) / total.sum -
                                                       (j == label ? 1 : 0));
        }
        ctx.set_output(0, std::move(losses));
        ctx.set_output(1, std::move(backprop));
    });
    if (!known) return no_kernel(ctx, logits.dtype());
    return {};
}

Status l2_loss(KernelContext& ctx) {
    const bool known = visit_float(ctx.input(0).dtype(), [&](auto zero) {
        using T = decltype(zero);
        double sum = 0;
        for (const T x : ctx.input(0).values<T>()) sum += static_cast<double>(x) * static_cast<double>(x);
        ctx.set_output(0, Tensor::scalar(static_cast<T>(sum / 2)));
    });
    if (!known) return no_kernel(ctx, ctx.input(0).dtype());
    return {};
}

Status in_top_k(KernelContext& ctx) {
    const Tensor& predictions = ctx.input(0);
    const Tensor& targets = ctx.input(1);
    if (predictions.shape().rank() != 2) return invalid_argument("predictions must be 2-dimensional");
    if (targets.shape().rank() != 1) return invalid_argument("targets must be 1-dimensional");
    if (predictions.shape().dim(0) != targets.elements())
        return invalid_argument(fmt::format("First dimension of predictions {} must match length of targets {}",
                                            predictions.shape().dim(0), targets.elements()));
    if (ctx.input(2).elements() != 1)
        return invalid_argument(fmt::format("k must be 0-D, got shape {}", to_text(ctx.input(2).shape())));
    const std::int64_t k = scalar_input(ctx, 2), columns = predictions.shape().dim(1);
    std::vector<bool> result;
    for (std::int64_t i = 0; i < targets.elements(); ++i) {
        const float* row = predictions.values<float>().data() + i * columns;
        const std::int64_t target = targets.integer(i);
        bool countable = target >= 0 && target < columns && std::isfinite(row[target]);
        std::int64_t larger = 0;
        for (std::int64_t j = 0; countable && j < columns; ++j) {
            if (!std::isfinite(row[j])) countable = false;
            if (row[j] > row[target]) ++larger;
        }
        result.push_back(countable && larger < k);
    }
    ctx.set_output(0, Tensor::of_bools({targets.elements()}, result));
    return {};
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
                      .shape(bias_add_shape)
                      .kernel(bias_add)
                      .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}),
                                 example::floats({3}, {10.0F, 20.0F, 30.0F})},
                                {},
                                {example::floats({2, 3}, {11.0F, 22.0F, 33.0F, 14.0F, 25.0F, 36.0F})}}));
    ops.push_back(OpBuilder("BiasAddGrad")
                      .input("out_backprop: T")
                      .output("output: T")
                      .attr("T: numbertype")
                      .attr("data_format: {'NHWC', 'NCHW'} = 'NHWC'")
                      .summary("Gradient of BiasAdd for the vector: the sum over all other dimensions.")
                      .shape(bias_add_grad_shape)
                      .kernel(bias_add_grad)
                      .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F})},
                                {},
                                {example::floats({3}, {5.0F, 7.0F, 9.0F})}}));
    ops.push_back(OpBuilder("Softmax")
                      .input("logits: T")
                      .output("softmax: T")
                      .attr("T: {half, bfloat16, float, double}")
                      .summary("exp(x) / sum(exp(x)) along the last dimension.")
                      .shape(softmax_shape)
                      .kernel(softmax<false>)
                      .example({{example::floats({1, 3}, {1.0F, 2.0F, 3.0F})},
                                {},
                                {example::floats({1, 3}, {0.0900305732F, 0.244728471F, 0.665240956F})}}));
    ops.push_back(OpBuilder("LogSoftmax")
                      .input("logits: T")
                      .output("logsoftmax: T")
                      .attr("T: {half, bfloat16, float, double}")
                      .summary("Logarithm of the softmax along the last dimension.")
                      .shape(softmax_shape)
                      .kernel(softmax<true>)
                      .example({{example::floats({1, 3}, {1.0F, 2.0F, 3.0F})},
                                {},
                                {example::floats({1, 3}, {-2.40760596F, -1.40760596F, -0.407605964F})}}));
    ops.push_back(
        OpBuilder("SoftmaxCrossEntropyWithLogits")
            .input("features: T")
            .input("labels: T")
            .output("loss: T")
            .output("backprop: T")
            .attr("T: {half, bfloat16, float, double}")
            .summary("Cross entropy of a softmax with given distributions, and its gradient.")
            .shape(softmax_cross_entropy_shape)
            .kernel(softmax_cross_entropy)
            .example({{example::floats({1, 3}, {1.0F, 2.0F, 3.0F}), example::floats({1, 3}, {0.0F, 0.5F, 0.5F})},
                      {},
                      {example::floats({1}, {0.907605964F}),
                       example::floats({1, 3}, {0.0900305732F, -0.255271529F, 0.165240956F})}}));
    ops.push_back(OpBuilder("SparseSoftmaxCrossEntropyWithLogits")
                      .input("features: T")
                      .input("labels: Tlabels")
                      .output("loss: T")
                      .output("backprop: T")
                      .attr("T: {half, bfloat16, float, double}")
                      .attr("Tlabels: {int32, int64} = DT_INT64")
                      .summary("Cross entropy of a softmax with given classes, and its gradient.")
                      .shape(sparse_softmax_cross_entropy_shape)
                      .kernel(sparse_softmax_cross_entropy)
                      .example({{example::floats({1, 3}, {1.0F, 2.0F, 3.0F}), example::ints({1}, {2})},
                                {},
                                {example::floats({1}, {0.407605964F}),
                                 example::floats({1, 3}, {0.0900305732F, 0.244728471F, -0.334759044F})}}));
    ops.push_back(OpBuilder("L2Loss")
                      .input("t: T")
                      .output("output: T")
                      .attr("T: {half, bfloat16, float, double}")
                      .summary("Half the sum of squares.")
                      .shape(scalar_shape)
                      .kernel(l2_loss)
                      .example({{example::floats({3}, {1.0F, 2.0F, 3.0F})}, {}, {example::floats({}, {7.0F})}}));
    ops.push_back(OpBuilder("InTopKV2")
                      .input("predictions: float")
                      .input("targets: T")
                      .input("k: T")
                      .output("precision: bool")
                      .attr("T: {int32, int64} = DT_INT32")
                      .summary("Is the target among the k largest predictions?")
                      .shape(in_top_k_shape)
                      .kernel(in_top_k)
                      .example({{example::floats({2, 3}, {1.0F, 3.0F, 2.0F, 9.0F, 8.0F, 7.0F}),
                                 example::ints({2}, {2, 2}), example::ints({}, {2})},
                                {},
                                {example::bools({2}, {true, false})}}));
}

} // namespace rnnscope::ops
