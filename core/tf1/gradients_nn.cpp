#include "core/tf1/api_families.hpp"
#include "core/tf1/gradient_registry.hpp"
#include "core/tf1/op_helpers.hpp"

namespace rnnscope::tf1 {

namespace {

/// Gradients of python/ops/nn_grad.py, 1.15.

std::vector<Gradient> bias_add_grad(GradientCall& call) {
    const Gradient bias =
        op_output(call.state, "BiasAddGrad", {call.dy()}, {{"data_format", call.attr<std::string>("data_format")}});
    return {call.grads[0], bias};
}

template <OpName op> std::vector<Gradient> of_output(GradientCall& call) {
    return {call.made(call.call(op.view(), {call.dy(), call.y()}))};
}

template <OpName op> std::vector<Gradient> of_input(GradientCall& call) {
    return {call.made(call.call(op.view(), {call.dy(), call.x()}))};
}

std::vector<Gradient> softplus_grad(GradientCall& call) {
    return {call.made(call.binary("*", call.dy(), call.call("Sigmoid", {call.x()})))};
}

/// Of the gradients of Relu and Relu6, which are straight: nothing for where they are.
template <OpName op> std::vector<Gradient> straight_grad_grad(GradientCall& call) {
    GraphState& state = call.state;
    const Gradient first = call.made(call.call(op.view(), {call.dy(), call.x(1)}));
    const Value shape = wrap(state, shape_of(state, call.x(1)));
    return {first, zeros(state, shape, state.graph.info(call.input(1)).dtype)};
}

/// Of the gradients of Elu and Selu, which bend below 0.
template <OpName op> std::vector<Gradient> bent_grad_grad(GradientCall& call) {
    const Gradient first = call.made(call.call(op.view(), {call.dy(), call.x(1)}));
    const Value below = call.binary("<", call.x(1), Value(0));
    const Value product = call.binary("*", call.dy(), call.x(0));
    const Value zero = wrap(call.state, zeros_like(call.state, call.x(1)));
    return {first, call.made(call.call("Select", {below, product, zero}))};
}

std::vector<Gradient> softplus_grad_grad(GradientCall& call) {
    const ControlDependenciesScope waiting(call.state, {call.grad().node});
    const Value dy = call.x(0), x = call.x(1);
    const Gradient first = call.made(call.call("SoftplusGrad", {call.dy(), x}));
    const Value product = call.binary("*", call.dy(), dy);
    const Value falling = call.call("Exp", {call.call("Neg", {x})});
    const Value sum = call.binary("+", call.binary("+", falling, Value(2.0)), call.call("Exp", {x}));
    return {first, call.made(call.binary("/", product, sum))};
}

/// The vector's gradient for everything that was summed up into it.
std::vector<Gradient> bias_add_grad_grad(GradientCall& call) {
    GraphState& state = call.state;
    const Value shape = wrap(state, shape_of(state, call.x())), bias = wrap(state, shape_of(state, call.dy()));
    const auto part = [&](const Value& begin, const Value& end) {
        return wrap(state, strided_slice(state, shape, Value::list({Value::tuple({begin, end, {}})})));
    };
    const auto ones = [&](const Value& x) { return wrap(state, ones_like(state, x)); };
    const auto together = [&](std::vector<Value> parts) {
        return wrap(state, concat(state, Value::list(std::move(parts)), Value(0)));
    };
    const Value one = Value::list({Value(1)});
    Value expanded, repeats;
    if (call.attr<std::string>("data_format") == "NCHW") {
        const Value before = ones(part({}, 1));
        expanded = together({before, bias, ones(part(2, {}))});
        const Value rows = part({}, 1);
        repeats = together({rows, one, part(2, {})});
    } else {
        expanded = together({ones(part({}, -1)), bias});
        repeats = together({part({}, -1), one});
    }
    const Value grad = wrap(state, reshape(state, call.dy(), expanded));
    return {call.made(call.call("Tile", {grad, repeats}))};
}

/// An op that is there to forbid.
std::vector<Gradient> prevent_gradient_grad(GradientCall& call) {
    raise("LookupError", "Gradient explicitly disabled. Reason: " + call.attr<std::string>("message"));
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

/// The gradients of a linear map of `rows`: of its weights and of its bias.
std::pair<Gradient, Gradient> map_grads(const GradientCall& call, const Value& rows, const Value& dy) {
    const Gradient weights = matmul(call.state, rows, dy, true, false);
    return {weights, call.made(call.call("BiasAddGrad", {dy}))};
}

/// contrib/rnn/python/ops/gru_ops.py: only what arrives at h counts.
std::vector<Gradient> gru_block_cell_grad(GradientCall& call) {
    std::vector<Value> arguments;
    for (std::size_t i = 0; i < 6; ++i) arguments.push_back(call.x(i));
    for (int i = 0; i < 3; ++i) arguments.push_back(call.y(i));
    arguments.push_back(call.dy(3));
    const NodeId op = call_op(call.state, "GRUBlockCellGrad", arguments);
    const Value d_c_bar = call.wrapped({op, 2}), d_r_bar_u_bar = call.wrapped({op, 3});
    const Value x = call.x(0), h_prev = call.x(1), r = call.y(0);
    const auto beside_x = [&](const Value& h) {
        return call.wrapped(concat(call.state, Value::list({x, h}), Value(1)));
    };
    const auto [d_w_ru, d_b_ru] = map_grads(call, beside_x(h_prev), d_r_bar_u_bar);
    const Value h_prevr = call.binary("*", h_prev, r);
    const auto [d_w_c, d_b_c] = map_grads(call, beside_x(h_prevr), d_c_bar);
    return {Output{op, 0}, Output{op, 1}, d_w_ru, d_w_c, d_b_ru, d_b_c};
}

/// contrib/rnn/python/ops/lstm_ops.py: only what arrives at cs and h counts.
std::vector<Gradient> lstm_block_cell_grad(GradientCall& call) {
    const std::int64_t batch = call.shape(0).dim_or_unknown(0), inputs = call.shape(0).dim_or_unknown(1),
                       cells = call.shape(1).dim_or_unknown(1);
    if (inputs == Shape::unknown) raise("ValueError", "input_size from `x` should not be None.");
    if (cells == Shape::unknown) raise("ValueError", "cell_size from `cs_prev` should not be None.");
    std::vector<Value> arguments;
    for (std::size_t i = 0; i < 8; ++i) arguments.push_back(call.x(i));
    for (int i = 0; i < 6; ++i) arguments.push_back(call.y(i));
    arguments.push_back(call.dy(1));
    arguments.push_back(call.dy(6));
    const NodeId op =
        call_op(call.state, "LSTMBlockCellGrad", arguments, {{"use_peephole", call.attr<bool>("use_peephole")}});
    const Value dicfo = call.wrapped({op, 1});
    const Output xh = matmul(call.state, dicfo, call.x(3), false, true);
    const Output x = slice(call.state, xh, {0, 0}, {batch, inputs});
    const Output h_prev = slice(call.state, xh, {0, inputs}, {batch, cells});
    const Value rows = call.wrapped(concat(call.state, Value::list({call.x(0), call.x(2)}), Value(1)));
    const auto [w, b] = map_grads(call, rows, dicfo);
    return {x, Output{op, 0}, h_prev, w, Output{op, 2}, Output{op, 3}, Output{op, 4}, b};
}

/// python/ops/rnn_grad.py: only what arrives at cs and h counts.
std::vector<Gradient> block_lstm_grad(GradientCall& call) {
    std::vector<Value> arguments;
    for (std::size_t i = 0; i < 9; ++i) arguments.push_back(call.x(i));
    for (int i = 0; i < 7; ++i) arguments.push_back(call.y(i));
    arguments.push_back(call.dy(1));
    arguments.push_back(call.dy(6));
    const NodeId op =
        call_op(call.state, "BlockLSTMGrad", arguments, {{"use_peephole", call.attr<bool>("use_peephole")}});
    std::vector<Gradient> grads{Gradient{}}; // the length
    for (int i = 0; i < 8; ++i) grads.emplace_back(Output{op, i});
    return grads;
}

} // namespace

std::vector<GradientDef> nn_gradients() {
    return {
        {"BlockLSTM", block_lstm_grad},
        {"GRUBlockCell", gru_block_cell_grad},
        {"LSTMBlockCell", lstm_block_cell_grad},
        {"BiasAdd", bias_add_grad},
        {"BiasAddGrad", bias_add_grad_grad},
        {"Relu", of_output<"ReluGrad">},
        {"Relu6", of_output<"Relu6Grad">},
        {"Elu", of_output<"EluGrad">},
        {"Selu", of_output<"SeluGrad">},
        {"Softplus", softplus_grad},
        {"Softsign", of_input<"SoftsignGrad">},
        {"ReluGrad", straight_grad_grad<"ReluGrad">},
        {"Relu6Grad", straight_grad_grad<"Relu6Grad">},
        {"EluGrad", bent_grad_grad<"EluGrad">},
        {"SeluGrad", bent_grad_grad<"SeluGrad">},
        {"SoftplusGrad", softplus_grad_grad},
        {"PreventGradient", prevent_gradient_grad},
        {"Softmax", softmax_grad},
        {"LogSoftmax", log_softmax_grad},
        {"SoftmaxCrossEntropyWithLogits", softmax_cross_entropy_grad},
        {"SparseSoftmaxCrossEntropyWithLogits", sparse_softmax_cross_entropy_grad},
        {"L2Loss", l2_loss_grad},
    };
}

} // namespace rnnscope::tf1
