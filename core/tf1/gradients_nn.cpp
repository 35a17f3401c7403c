#include "core/tf1/gradient_registry.hpp"

namespace rnnscope::tf1 {

namespace {

/// Gradients of python/ops/nn_grad.py, 1.15.

std::vector<Gradient> bias_add_grad(GradientCall& call) {
    const Gradient bias =
        op_output(call.state, "BiasAddGrad", {call.dy()}, {{"data_format", call.attr<std::string>("data_format")}});
    return {call.grads[0], bias};
}

std::vector<Gradient> relu_grad(GradientCall& call) {
    return {call.made(call.call("ReluGrad", {call.dy(), call.y()}))};
}

std::vector<Gradient> softmax_grad(GradientCall& call) {
    const Value grad = call.dy(), softmax = call.y();
    const Value product = call.binary("*", grad, softmax);
    const Value sums = wrap(call.state, reduce(call.state, "Sum", product, Value(-1), true));
    const Value centred = call.binary("-", grad, sums);
    return {call.made(call.binary("*", centred, softmax))};
}

std::vector<Gradient> log_softmax_grad(GradientCall& call) {
    const Value grad = call.dy();
    const Value softmax = call.call("Exp", {call.y()});
    const Value sums = wrap(call.state, reduce(call.state, "Sum", grad, Value(-1), true));
    return {call.made(call.binary("-", grad, call.binary("*", sums, softmax)))};
}

/// _BroadcastMul: every row of `matrix` times its number.
Value scaled_rows(const GradientCall& call, const Value& vector, const Value& matrix) {
    const Value column = wrap(call.state, expand_dims(call.state, vector, Value(-1)));
    return call.binary("*", column, matrix);
}

std::vector<Gradient> softmax_cross_entropy_grad(GradientCall& call) {
    const Value loss = call.dy(0), logits = call.x(0);
    Value grad = scaled_rows(call, loss, call.y(1));
    // The second output is the gradient; somebody may have differentiated it.
    const Output second = call.grad(1);
    const auto is_zero = [&] {
        if (call.state.graph.node(second.node).op == "ZerosLike") return true;
        const std::optional<Tensor> value = ops::constant_value(call.state.graph, second);
        if (!value) return false;
        for (std::int64_t i = 0; i < value->elements(); ++i)
            if (value->number(i) != 0) return false;
        return true;
    };
    if (!is_zero()) {
        GraphState& state = call.state;
        const Value softmax = call.call("Softmax", {logits}), more = wrap(state, second);
        const Value row = wrap(state, expand_dims(state, more, Value(1)));
        const Value column = wrap(state, expand_dims(state, softmax, Value(2)));
        const Value product = wrap(state, matmul(state, row, column));
        const Value mean = call.call("Squeeze", {product}, {{"squeeze_dims", attr_list(std::vector<std::int64_t>{1})}});
        const Value centred = call.binary("-", more, mean);
        grad = call.binary("+", grad, call.binary("*", centred, softmax));
    }
    const Value log_softmax = call.call("LogSoftmax", {logits});
    const Value labels = scaled_rows(call, loss, call.call("Neg", {log_softmax}));
    return {call.made(grad), call.made(labels)};
}

std::vector<Gradient> sparse_softmax_cross_entropy_grad(GradientCall& call) {
    const Value softmax_grad =
        call.call("PreventGradient", {call.y(1)},
                  {{"message", "Currently there is no way to take the second derivative of "
                               "sparse_softmax_cross_entropy_with_logits due to the fused implementation's interaction "
                               "with tf.gradients()"}});
    return {call.made(scaled_rows(call, call.dy(0), softmax_grad)), Gradient{}};
}

std::vector<Gradient> l2_loss_grad(GradientCall& call) {
    return {call.made(call.binary("*", call.x(), call.dy()))};
}

} // namespace

std::vector<GradientDef> nn_gradients() {
    return {
        {"BiasAdd", bias_add_grad},
        {"Relu", relu_grad},
        {"Softmax", softmax_grad},
        {"LogSoftmax", log_softmax_grad},
        {"SoftmaxCrossEntropyWithLogits", softmax_cross_entropy_grad},
        {"SparseSoftmaxCrossEntropyWithLogits", sparse_softmax_cross_entropy_grad},
        {"L2Loss", l2_loss_grad},
    };
}

} // namespace rnnscope::tf1
