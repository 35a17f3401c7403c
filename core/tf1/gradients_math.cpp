#include "core/tf1/api_families.hpp"
#include "core/tf1/gradient_registry.hpp"

#include <cassert>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// Gradients of python/ops/math_grad.py, 1.15, elementwise and matrix products. The conjugates that TensorFlow takes
/// are left out: of real numbers they make no node.

/// One operand of a broadcast: how its gradient comes back to its shape.
struct Operand {
    Value shape; ///< a tensor, or the static shape
    Value axes;  ///< axes to sum over: a tensor, or numbers
    bool must_reduce = true;
};

Value dimensions(const Shape& shape) {
    return Value::list({shape.dims().begin(), shape.dims().end()});
}

Value numbers(const Tensor& tensor) {
    std::vector<Value> items;
    for (std::int64_t i = 0; i < tensor.elements(); ++i) items.emplace_back(tensor.integer(i));
    return Value::list(std::move(items));
}

/// The axes of two static shapes. TensorFlow keeps them per graph: an equal pair makes no more nodes.
std::pair<Value, Value> static_axes(GraphState& state, const Shape& x, const Shape& y) {
    const std::string key = fmt::format("_bcast_grad_args_cache {} {}", to_text(x), to_text(y));
    if (const auto found = state.attached.find(key); found != state.attached.end()) {
        const std::vector<Value>& pair = *items_of(found->second);
        return {pair[0], pair[1]};
    }
    const auto as_int32 = [](const Shape& shape) {
        std::vector<std::int32_t> dims(shape.dims().begin(), shape.dims().end());
        const Shape length{static_cast<std::int64_t>(dims.size())};
        return Value(Tensor::of<std::int32_t>(length, std::move(dims)));
    };
    const NodeId node = call_op(state, "BroadcastGradientArgs", {as_int32(x), as_int32(y)});
    const auto value = [&](int i) {
        const std::optional<Tensor> tensor = ops::evaluate_constant(state.graph, Output{node, i});
        assert(tensor && "both shapes are constants that fit");
        return numbers(*tensor);
    };
    const Value first = value(0), second = value(1);
    state.attached[key] = Value::tuple({first, second});
    return {first, second};
}

/// array_ops.shape of both operands and the op that compares them.
std::pair<Operand, Operand> broadcast(const GradientCall& call, bool optimize) {
    GraphState& state = call.state;
    const Value sx = wrap(state, shape_of(state, call.x(0), "", DType::int32, optimize));
    const Value sy = wrap(state, shape_of(state, call.x(1), "", DType::int32, optimize));
    const NodeId node = call_op(state, "BroadcastGradientArgs", {sx, sy});
    return {{sx, wrap(state, Output{node, 0}), true}, {sy, wrap(state, Output{node, 1}), true}};
}

/// SmartBroadcastGradientArgs.
std::pair<Operand, Operand> smart_broadcast(const GradientCall& call) {
    if (!std::holds_alternative<Output>(call.grads[0])) return broadcast(call, true);
    const Shape& x = call.shape(0);
    const Shape& y = call.shape(1);
    if (!x.fully_defined() || !y.fully_defined()) return broadcast(call, false);
    const Shape& grad = call.state.graph.info(call.grad()).shape;
    const auto [rx, ry] = static_axes(call.state, x, y);
    return {{dimensions(x), rx, x != grad}, {dimensions(y), ry, y != grad}};
}

/// reshape(reduce_sum(grad, axes), shape).
Value reduced(const GradientCall& call, const Value& grad, const Operand& operand) {
    const Output sum = reduce(call.state, "Sum", grad, operand.axes);
    return wrap(call.state, reshape(call.state, wrap(call.state, sum), operand.shape));
}

/// _ShapesFullySpecifiedAndEqual.
bool equal_shapes(const GradientCall& call) {
    const auto* grad = std::get_if<Output>(&call.grads[0]);
    if (grad == nullptr) return false;
    const Shape& shape = call.state.graph.info(*grad).shape;
    return shape.fully_defined() && call.shape(0) == shape && call.shape(1) == shape;
}

Value negative(const GradientCall& call, const Value& x) {
    return call.call("Neg", {x});
}

// --- two operands ---------------------------------------------------------------------------------------------

std::vector<Gradient> add_grad(GradientCall& call) {
    if (equal_shapes(call)) return {call.grads[0], call.grads[0]};
    const auto [x, y] = smart_broadcast(call);
    const Gradient gx = x.must_reduce ? call.made(reduced(call, call.dy(), x)) : call.grads[0];
    const Gradient gy = y.must_reduce ? call.made(reduced(call, call.dy(), y)) : call.grads[0];
    return {gx, gy};
}

std::vector<Gradient> sub_grad(GradientCall& call) {
    if (equal_shapes(call)) return {call.grads[0], call.made(negative(call, call.dy()))};
    const auto [x, y] = smart_broadcast(call);
    const Gradient gx = x.must_reduce ? call.made(reduced(call, call.dy(), x)) : call.grads[0];
    const Value minus = negative(call, call.dy());
    return {gx, call.made(y.must_reduce ? reduced(call, minus, y) : minus)};
}

std::vector<Gradient> mul_grad(GradientCall& call) {
    const Value grad = call.dy();
    const auto product = [&](const Value& a, const Value& b) { return call.call("Mul", {a, b}); };
    const DType dtype = call.state.graph.info(call.grad()).dtype;
    if (equal_shapes(call) && (dtype == DType::int32 || dtype == DType::float32)) {
        const Value first = product(grad, call.x(1));
        return {call.made(first), call.made(product(grad, call.x(0)))};
    }
    const auto [x, y] = smart_broadcast(call);
    Value gx = product(grad, call.x(1));
    if (x.must_reduce) gx = reduced(call, gx, x);
    Value gy = product(call.x(0), grad);
    if (y.must_reduce) gy = reduced(call, gy, y);
    return {call.made(gx), call.made(gy)};
}

/// grad / y, and grad * ((-x / y) / y), with the division that `divide` makes.
template <class Divide> std::vector<Gradient> quotient_grad(GradientCall& call, const Divide& divide) {
    const auto [x, y] = broadcast(call, true);
    const Value grad = call.dy();
    const Value gx = reduced(call, divide(grad, call.x(1)), x);
    const Value inner = divide(divide(negative(call, call.x(0)), call.x(1)), call.x(1));
    return {call.made(gx), call.made(reduced(call, call.binary("*", grad, inner), y))};
}

std::vector<Gradient> div_grad(GradientCall& call) {
    return quotient_grad(call, [&](const Value& a, const Value& b) { return call.binary("/", a, b); });
}

std::vector<Gradient> real_div_grad(GradientCall& call) {
    return quotient_grad(call, [&](const Value& a, const Value& b) { return call.call("RealDiv", {a, b}); });
}

std::vector<Gradient> div_no_nan_grad(GradientCall& call) {
    return quotient_grad(call, [&](const Value& a, const Value& b) {
        return op_value(call.state, "DivNoNan", {a, b}, {}, "div_no_nan");
    });
}

std::vector<Gradient> floor_mod_grad(GradientCall& call) {
    const auto [x, y] = broadcast(call, true);
    const Value floored = call.call("FloorDiv", {call.x(0), call.x(1)});
    const Value gx = reduced(call, call.dy(), x);
    const Value gy = reduced(call, call.binary("*", call.dy(), negative(call, floored)), y);
    return {call.made(gx), call.made(gy)};
}

std::vector<Gradient> pow_grad(GradientCall& call) {
    const Value base = call.x(0), exponent = call.x(1), grad = call.dy();
    const auto [x, y] = broadcast(call, true);
    const Value left = call.binary("*", grad, exponent);
    const Value lower = call.call("Pow", {base, call.binary("-", exponent, Value(1))});
    const Value gx = reduced(call, call.binary("*", left, lower), x);
    // The logarithm of what is not positive is left out.
    const Value positive = call.binary(">", base, Value(0));
    const Value one = wrap(call.state, ones_like(call.state, base));
    const Value safe = call.call("Select", {positive, base, one});
    const Value logarithm = call.call("Log", {safe});
    const Value zero = wrap(call.state, zeros_like(call.state, base));
    const Value log_x = call.call("Select", {positive, logarithm, zero});
    const Value product = call.binary("*", grad, call.y());
    return {call.made(gx), call.made(reduced(call, call.binary("*", product, log_x), y))};
}

std::vector<Gradient> selected_grad(GradientCall& call, std::string_view comparison) {
    GraphState& state = call.state;
    const Value sx = wrap(state, shape_of(state, call.x(0)));
    const Value sy = wrap(state, shape_of(state, call.x(1)));
    const Value grad = call.dy();
    const Value grad_shape = wrap(state, shape_of(state, grad));
    const Value zero = wrap(state, zeros(state, grad_shape, state.graph.info(call.grad()).dtype));
    const Value mask = call.call(comparison, {call.x(0), call.x(1)});
    const NodeId node = call_op(state, "BroadcastGradientArgs", {sx, sy});
    const Operand x{sx, wrap(state, Output{node, 0}), true}, y{sy, wrap(state, Output{node, 1}), true};
    const Value gx = reduced(call, call.call("Select", {mask, grad, zero}), x);
    const Value gy = reduced(call, call.call("Select", {mask, zero, grad}), y);
    return {call.made(gx), call.made(gy)};
}

std::vector<Gradient> maximum_grad(GradientCall& call) {
    return selected_grad(call, "GreaterEqual");
}

std::vector<Gradient> minimum_grad(GradientCall& call) {
    return selected_grad(call, "LessEqual");
}

std::vector<Gradient> squared_difference_grad(GradientCall& call) {
    Value x_grad;
    {
        const ControlDependenciesScope waiting(call.state, {call.grad().node});
        const DType dtype = call.state.graph.info(call.grad()).dtype;
        const Value two = wrap(call.state, call.state.constant(make_tensor(Value(2.0), dtype), "scalar"));
        const Value doubled = call.call("Mul", {two, call.dy()});
        x_grad = call.binary("*", doubled, call.binary("-", call.x(0), call.x(1)));
    }
    if (equal_shapes(call)) return {call.made(x_grad), call.made(negative(call, x_grad))};
    const auto [x, y] = smart_broadcast(call);
    const Value gx = x.must_reduce ? reduced(call, x_grad, x) : x_grad;
    const Value gy = negative(call, y.must_reduce ? reduced(call, x_grad, y) : x_grad);
    return {call.made(gx), call.made(gy)};
}

std::vector<Gradient> matmul_grad(GradientCall& call) {
    const bool ta = call.attr<bool>("transpose_a"), tb = call.attr<bool>("transpose_b");
    const Value a = call.x(0), b = call.x(1), grad = call.dy();
    const auto product = [&](const Value& x, const Value& y, bool transpose_x, bool transpose_y) {
        return call.made(call.call("MatMul", {x, y}, {{"transpose_a", transpose_x}, {"transpose_b", transpose_y}}));
    };
    const Gradient grad_a = ta ? product(b, grad, tb, true) : product(grad, b, false, !tb);
    const Gradient grad_b = tb ? product(grad, a, true, ta) : product(a, grad, !ta, false);
    return {grad_a, grad_b};
}

/// Both products, as matmul writes them; "adj" transposes, for numbers are real.
std::pair<Value, Value> batch_products(GradientCall& call) {
    const bool adj_x = call.attr<bool>("adj_x"), adj_y = call.attr<bool>("adj_y");
    const Value x = call.x(0), y = call.x(1), grad = call.dy();
    const auto product = [&](const Value& a, const Value& b, bool transpose_a, bool transpose_b) {
        return wrap(call.state, matmul(call.state, a, b, transpose_a, transpose_b));
    };
    const Value grad_x = adj_x ? product(y, grad, adj_y, true) : product(grad, y, false, !adj_y);
    const Value grad_y = adj_y ? product(grad, x, true, adj_x) : product(x, grad, !adj_x, false);
    return {grad_x, grad_y};
}

std::vector<Gradient> batch_matmul_grad(GradientCall& call) {
    const auto [grad_x, grad_y] = batch_products(call);
    return {call.made(grad_x), call.made(grad_y)};
}

/// The second version broadcasts dimensions of batches.
std::vector<Gradient> batch_matmul_v2_grad(GradientCall& call) {
    GraphState& state = call.state;
    const auto [grad_x, grad_y] = batch_products(call);
    if (call.shape(0).fully_defined() && call.shape(0) == call.shape(1)) return {call.made(grad_x), call.made(grad_y)};
    const Value sx = wrap(state, shape_of(state, call.x(0))), sy = wrap(state, shape_of(state, call.x(1)));
    const auto batches = [&](const Value& shape) {
        return wrap(state, strided_slice(state, shape, Value::list({Value::tuple({{}, Value(-2), {}})})));
    };
    const Value bx = batches(sx), by = batches(sy);
    const NodeId node = call_op(state, "BroadcastGradientArgs", {bx, by});
    const Value first = reduced(call, grad_x, {sx, wrap(state, Output{node, 0}), true});
    return {call.made(first), call.made(reduced(call, grad_y, {sy, wrap(state, Output{node, 1}), true}))};
}

// --- one operand ----------------------------------------------------------------------------------------------

/// `with ops.control_dependencies([grad])`: what only the gradient needs is not computed before it is there.
std::vector<NodeId> after_grad(const GradientCall& call) {
    return {call.grad().node};
}

std::vector<Gradient> neg_grad(GradientCall& call) {
    return {call.made(negative(call, call.dy()))};
}

std::vector<Gradient> square_grad(GradientCall& call) {
    const ControlDependenciesScope waiting(call.state, after_grad(call));
    const DType dtype = call.state.graph.info(call.input(0)).dtype;
    const Value two = wrap(call.state, call.state.constant(make_tensor(Value(2.0), dtype)));
    return {call.made(call.call("Mul", {call.dy(), call.call("Mul", {call.x(), two})}))};
}

template <OpName op> std::vector<Gradient> fused_grad(GradientCall& call) {
    return {call.made(call.call(op.view(), {call.y(), call.dy()}))};
}

template <OpName op> std::vector<Gradient> fused_grad_after(GradientCall& call) {
    const ControlDependenciesScope waiting(call.state, after_grad(call));
    return {call.made(call.call(op.view(), {call.y(), call.dy()}))};
}

/// Of SigmoidGrad, whose inputs are y and dy.
std::vector<Gradient> sigmoid_grad_grad(GradientCall& call) {
    const ControlDependenciesScope waiting(call.state, after_grad(call));
    const Value product = call.binary("*", call.dy(), call.x(1));
    const Value twice = call.binary("*", call.binary("*", Value(2.0), product), call.x(0));
    const Gradient first = call.made(call.binary("-", product, twice));
    return {first, call.made(call.call("SigmoidGrad", {call.x(0), call.dy()}))};
}

/// Of TanhGrad and ReciprocalGrad, which are both squares of y.
template <OpName op> std::vector<Gradient> square_grad_grad(GradientCall& call) {
    const ControlDependenciesScope waiting(call.state, after_grad(call));
    const Value product = call.binary("*", call.binary("*", call.dy(), Value(-2.0)), call.x(1));
    const Gradient first = call.made(call.binary("*", product, call.x(0)));
    return {first, call.made(call.call(op.view(), {call.x(0), call.dy()}))};
}

/// Of SqrtGrad and RsqrtGrad, whose inputs are y and dy, too.
std::vector<Gradient> sqrt_grad_grad(GradientCall& call) {
    const ControlDependenciesScope waiting(call.state, after_grad(call));
    const Value slope = call.binary("/", call.dy(), call.x(0));
    const Value first = call.binary("*", negative(call, slope), call.y());
    return {call.made(first), call.made(call.binary("*", Value(0.5), slope))};
}

std::vector<Gradient> rsqrt_grad_grad(GradientCall& call) {
    const ControlDependenciesScope waiting(call.state, after_grad(call));
    const Value product = call.binary("*", call.binary("*", Value(-1.5), call.dy()), call.x(1));
    const Gradient first = call.made(call.binary("*", product, call.call("Square", {call.x(0)})));
    return {first, call.made(call.call("RsqrtGrad", {call.x(0), call.dy()}))};
}

std::vector<Gradient> exp_grad(GradientCall& call) {
    const ControlDependenciesScope waiting(call.state, after_grad(call));
    return {call.made(call.binary("*", call.dy(), call.y()))};
}

std::vector<Gradient> expm1_grad(GradientCall& call) {
    const ControlDependenciesScope waiting(call.state, after_grad(call));
    return {call.made(call.binary("*", call.dy(), call.call("Exp", {call.x()})))};
}

std::vector<Gradient> log_grad(GradientCall& call) {
    const ControlDependenciesScope waiting(call.state, after_grad(call));
    return {call.made(call.binary("*", call.dy(), call.call("Reciprocal", {call.x()})))};
}

std::vector<Gradient> log1p_grad(GradientCall& call) {
    const ControlDependenciesScope waiting(call.state, after_grad(call));
    const Value shifted = call.binary("+", Value(1), call.x());
    return {call.made(call.binary("*", call.dy(), call.call("Reciprocal", {shifted})))};
}

std::vector<Gradient> sin_grad(GradientCall& call) {
    const ControlDependenciesScope waiting(call.state, after_grad(call));
    return {call.made(call.binary("*", call.dy(), call.call("Cos", {call.x()})))};
}

std::vector<Gradient> cos_grad(GradientCall& call) {
    const ControlDependenciesScope waiting(call.state, after_grad(call));
    const Value minus = negative(call, call.dy());
    return {call.made(call.binary("*", minus, call.call("Sin", {call.x()})))};
}

std::vector<Gradient> abs_grad(GradientCall& call) {
    return {call.made(call.binary("*", call.dy(), call.call("Sign", {call.x()})))};
}

std::vector<Gradient> sign_grad(GradientCall& call) {
    const Value shape = wrap(call.state, shape_of(call.state, call.x()));
    return {zeros(call.state, shape, call.state.graph.info(call.input(0)).dtype)};
}

std::vector<Gradient> no_grad(GradientCall&) {
    return {};
}

std::vector<Gradient> cast_grad(GradientCall& call) {
    const DType source = call.state.graph.info(call.input(0)).dtype;
    if (!is_floating(source) || !is_floating(call.state.graph.info(call.grad()).dtype)) return {};
    return {cast(call.state, call.dy(), source)};
}

std::vector<Gradient> add_n_grad(GradientCall& call) {
    return std::vector<Gradient>(call.node().inputs.size(), call.grads[0]);
}

} // namespace

std::vector<GradientDef> math_gradients() {
    return {
        {"Add", add_grad},
        {"AddV2", add_grad},
        {"Sub", sub_grad},
        {"Mul", mul_grad},
        {"Div", div_grad},
        {"RealDiv", real_div_grad},
        {"DivNoNan", div_no_nan_grad},
        {"FloorDiv", no_grad},
        {"FloorMod", floor_mod_grad},
        {"TruncateDiv", no_grad},
        {"Pow", pow_grad},
        {"Maximum", maximum_grad},
        {"Minimum", minimum_grad},
        {"SquaredDifference", squared_difference_grad},
        {"MatMul", matmul_grad},
        {"BatchMatMul", batch_matmul_grad},
        {"BatchMatMulV2", batch_matmul_v2_grad},
        {"AddN", add_n_grad},
        {"AccumulateNV2", add_n_grad},
        {"Neg", neg_grad},
        {"Square", square_grad},
        {"Sqrt", fused_grad<"SqrtGrad">},
        {"Rsqrt", fused_grad<"RsqrtGrad">},
        {"Reciprocal", fused_grad<"ReciprocalGrad">},
        {"Sigmoid", fused_grad_after<"SigmoidGrad">},
        {"Tanh", fused_grad_after<"TanhGrad">},
        {"SigmoidGrad", sigmoid_grad_grad},
        {"TanhGrad", square_grad_grad<"TanhGrad">},
        {"ReciprocalGrad", square_grad_grad<"ReciprocalGrad">},
        {"SqrtGrad", sqrt_grad_grad},
        {"RsqrtGrad", rsqrt_grad_grad},
        {"Exp", exp_grad},
        {"Expm1", expm1_grad},
        {"Log", log_grad},
        {"Log1p", log1p_grad},
        {"Sin", sin_grad},
        {"Cos", cos_grad},
        {"Abs", abs_grad},
        {"Sign", sign_grad},
        {"Floor", no_grad},
        {"Ceil", no_grad},
        {"Round", no_grad},
        {"Cast", cast_grad},
        {"Less"},
        {"LessEqual"},
        {"Greater"},
        {"GreaterEqual"},
        {"Equal"},
        {"NotEqual"},
        {"LogicalAnd"},
        {"LogicalOr"},
        {"LogicalNot"},
        {"IsNan"},
        {"IsFinite"},
    };
}

} // namespace rnnscope::tf1
