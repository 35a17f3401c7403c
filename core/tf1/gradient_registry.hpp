#pragma once

#include "core/tf1/array_ops.hpp"
#include "core/tf1/gradients.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace rnnscope::tf1 {

class LoopGrad;

/// One call of a gradient function: `op` of the forward graph, and the gradients of its outputs. Nodes that it makes
/// are named in the scope "<gradients>/<op>_grad", which is open.
struct GradientCall {
    GraphState& state;
    NodeId op;
    std::vector<Gradient> grads; ///< one per output
    LoopGrad* loop = nullptr;    ///< of the loop whose gradients are being built; null outside of loops

    const Node& node() const { return state.graph.node(op); }
    Output input(std::size_t i) const { return node().inputs[i]; }
    Output output(int i = 0) const { return Output{op, i}; }
    Value x(std::size_t i = 0) const { return wrap(state, input(i)); }
    Value y(int i = 0) const { return wrap(state, output(i)); }
    const Shape& shape(std::size_t i) const { return state.graph.info(input(i)).shape; }
    /// The gradient of output `i` as a tensor.
    Output grad(std::size_t i = 0) const { return to_dense(state, grads[i]); }
    Value dy(std::size_t i = 0) const { return wrap(state, grad(i)); }
    template <class T> const T& attr(std::string_view key) const { return *node().attr<T>(key); }
    std::int64_t integer(std::string_view key) const { return attr<std::int64_t>(key); }

    // Short spellings of what gradient functions are written with.
    Value wrapped(Output output) const { return wrap(state, output); }
    Value call(std::string_view op_name, const std::vector<Value>& arguments, AttrMap attrs = {}) const {
        return op_value(state, op_name, arguments, std::move(attrs));
    }
    Value binary(std::string_view symbol, const Value& left, const Value& right) const {
        return wrap(state, binary_operator(state, symbol, left, right));
    }
    Gradient made(const Value& value) const { return value.as<TensorValue>()->output; }
};

/// A gradient for every input of the op; none at all means None for every input.
using GradientFn = std::vector<Gradient> (*)(GradientCall& call);

/// What is registered for one op type. `gradient` null: not differentiable (@ops.NotDifferentiable), None flows back.
struct GradientDef {
    std::string_view op;
    GradientFn gradient = nullptr;
};

/// All records. An op type without one has no gradient in TensorFlow either, or is in `unsupported_gradients`.
std::span<const GradientDef> all_gradients();
const GradientDef* find_gradient(std::string_view op); ///< null when unknown
/// Op types that TensorFlow differentiates and we do not. None of them has a kernel: graph files with such ops are
/// shown, not run, and no function that a program can call builds one. A gradient of them could neither be computed nor
/// be compared with anything.
std::span<const std::string_view> unsupported_gradients();

// One function per family file.
std::vector<GradientDef> math_gradients();
std::vector<GradientDef> reduction_gradients();
std::vector<GradientDef> array_gradients();
std::vector<GradientDef> shape_gradients();
std::vector<GradientDef> nn_gradients();
std::vector<GradientDef> diagonal_gradients();
std::vector<GradientDef> linalg_gradients();
std::vector<GradientDef> window_gradients();
std::vector<GradientDef> control_flow_gradients();
std::vector<GradientDef> tensor_array_gradients();

/// math_ops.reduced_shape: what a shape becomes when `axes` are reduced and kept as 1.
Value reduced_shape(GraphState& state, const Value& input_shape, const Value& axes);

} // namespace rnnscope::tf1
