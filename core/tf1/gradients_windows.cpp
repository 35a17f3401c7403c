#include "core/tf1/gradient_registry.hpp"

#include <initializer_list>

namespace rnnscope::tf1 {
namespace {

/// Gradients of convolutions and pooling: python/ops/nn_grad.py, 1.15.

/// What the op and the ops of its gradient have in common.
AttrMap shared_attrs(const GradientCall& call) {
    AttrMap attrs;
    for (const char* key :
         {"ksize", "dilations", "strides", "padding", "explicit_paddings", "use_cudnn_on_gpu", "data_format"})
        if (const auto it = call.node().attrs.find(key); it != call.node().attrs.end()) attrs[key] = it->second;
    return attrs;
}

/// An op with the attributes of the one whose gradient it is for.
Value alike(const GradientCall& call, const std::string& op, const std::vector<Value>& arguments) {
    return call.call(op, arguments, shared_attrs(call));
}

Value shape_of_input(const GradientCall& call, std::size_t i) {
    return call.wrapped(shape_of(call.state, call.x(i)));
}

std::vector<Gradient> conv2d_grad(GradientCall& call) {
    const NodeId shapes = call_op(call.state, "ShapeN", {Value::list({call.x(0), call.x(1)})});
    const Value of_input = alike(call, "Conv2DBackpropInput", {call.wrapped({shapes, 0}), call.x(1), call.dy()});
    const Value of_filter = alike(call, "Conv2DBackpropFilter", {call.x(0), call.wrapped({shapes, 1}), call.dy()});
    return {call.made(of_input), call.made(of_filter)};
}

std::vector<Gradient> depthwise_grad(GradientCall& call) {
    const std::string op = call.node().op;
    const Value of_input = alike(call, op + "BackpropInput", {shape_of_input(call, 0), call.x(1), call.dy()});
    const Value of_filter = alike(call, op + "BackpropFilter", {call.x(0), shape_of_input(call, 1), call.dy()});
    return {call.made(of_input), call.made(of_filter)};
}

/// The convolution itself is linear in its input and in its filter, so its gradients lead back to it.
std::vector<Gradient> backprop_input_grad(GradientCall& call) {
    const std::string op = call.node().op, forward = op.substr(0, op.find("Backprop"));
    const Value of_filter = alike(call, forward + "BackpropFilter", {call.dy(), shape_of_input(call, 1), call.x(2)});
    return {Gradient{}, call.made(of_filter), call.made(alike(call, forward, {call.dy(), call.x(1)}))};
}

std::vector<Gradient> backprop_filter_grad(GradientCall& call) {
    const std::string op = call.node().op, forward = op.substr(0, op.find("Backprop"));
    const Value of_input = alike(call, forward + "BackpropInput", {shape_of_input(call, 0), call.dy(), call.x(2)});
    return {call.made(of_input), Gradient{}, call.made(alike(call, forward, {call.x(0), call.dy()}))};
}

std::vector<Gradient> max_pool_grad(GradientCall& call) {
    return {call.made(alike(call, "MaxPoolGrad", {call.x(), call.y(), call.dy()}))};
}

/// Which number of a window is the largest does not change, so the first two inputs get nothing.
template <bool of_gradient> std::vector<Gradient> pooled_grad_grad(GradientCall& call) {
    const auto nothing = [&](std::size_t i) {
        return zeros(call.state, shape_of_input(call, i), call.state.graph.info(call.input(i)).dtype);
    };
    const Gradient input = nothing(0), output = nothing(1);
    const char* op = of_gradient ? "MaxPoolGradGrad" : "MaxPoolGrad";
    return {input, output, call.made(alike(call, op, {call.x(0), call.x(1), call.dy()}))};
}

} // namespace

std::vector<GradientDef> window_gradients() {
    return {
        {"Conv2D", conv2d_grad},
        {"Conv2DBackpropInput", backprop_input_grad},
        {"Conv2DBackpropFilter", backprop_filter_grad},
        {"DepthwiseConv2dNative", depthwise_grad},
        {"DepthwiseConv2dNativeBackpropInput", backprop_input_grad},
        {"DepthwiseConv2dNativeBackpropFilter", backprop_filter_grad},
        {"MaxPool", max_pool_grad},
        {"MaxPoolGrad", pooled_grad_grad<true>},
        {"MaxPoolGradGrad", pooled_grad_grad<false>},
    };
}

} // namespace rnnscope::tf1
