#include "core/tf1/api_families.hpp"
#include "core/tf1/sums.hpp"
#include "core/tf1/variables.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// math_ops.divide without a name is Python's operator, with one it is truediv under that name.
Value true_divide(GraphState& state, const Value& x_value, const Value& y_value, const std::string& name) {
    const NameScope scope(state, name);
    Value x = wrap(state, to_tensor(state, x_value, DType::invalid, "x"));
    Value y = wrap(state, to_tensor(state, y_value, DType::invalid, "y"));
    const DType x_type = state.graph.info(x.as<TensorValue>()->output).dtype;
    const DType y_type = state.graph.info(y.as<TensorValue>()->output).dtype;
    if (x_type != y_type)
        raise("TypeError",
              fmt::format("x and y must have the same dtype, got {} != {}", repr(Value(x_type)), repr(Value(y_type))));
    if (is_integer(x_type)) {
        const DType divided = dtype_size(x_type) <= 2 ? DType::float32 : DType::float64;
        x = wrap(state, cast(state, x, divided));
        y = wrap(state, cast(state, y, divided));
    }
    return op_value(state, "RealDiv", {x, y}, {}, scope.scope());
}

Value truediv(Context& context, const Arguments& a) {
    return true_divide(context.default_graph(), a[0], a[1], text_or(a[2], "truediv"));
}

Value divide(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    if (!a[2].is_none()) return true_divide(state, a[0], a[1], text_or(a[2], ""));
    Result<Value> result = apply_operator(context, "/", {a[0], a[1]});
    if (!result) raise(result.error().code, result.error().message);
    return *result;
}

/// math_ops.div: Python 2's, which floors integers.
Value div(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const NameScope scope(state, text_or(a[2], "div"));
    const Output x = to_tensor(state, a[0], DType::invalid, "x");
    const DType dtype = state.graph.info(x).dtype;
    const Output y = to_tensor(state, a[1], dtype, "y");
    return op_value(state, is_integer(dtype) ? "FloorDiv" : "RealDiv", {wrap(state, x), wrap(state, y)}, {},
                    scope.scope());
}

template <OpName op, OpName scope_name> Value scoped_binary(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const NameScope scope(state, text_or(a[2], scope_name.view()));
    return op_value(state, op.view(), {a[0], a[1]}, {}, scope.scope());
}

Value cast_function(Context& context, const Arguments& a) {
    const DType dtype = to_dtype(a[1]);
    // A resource variable of that type comes back as it is, unread.
    if (const auto* x = a[0].as<VariableValue>()) {
        const Variable& variable = x->graph->graph.variable(x->id);
        if (variable.is_resource && variable.dtype == dtype) return a[0];
    }
    GraphState& state = context.default_graph();
    return wrap(state, cast(state, a[0], dtype, text_or(a[2], "")));
}

template <DType dtype> Value cast_to(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    return wrap(state, cast(state, a[0], dtype, text_or(a[1], "")));
}

Value matmul_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const bool transpose_a = a[2].truthy(), transpose_b = a[3].truthy(), adjoint_a = a[4].truthy(),
               adjoint_b = a[5].truthy();
    if (transpose_a && adjoint_a) raise("ValueError", "Only one of transpose_a and adjoint_a can be True.");
    if (transpose_b && adjoint_b) raise("ValueError", "Only one of transpose_b and adjoint_b can be True.");
    // The conjugate of a real matrix is itself.
    return wrap(state,
                matmul(state, a[0], a[1], transpose_a || adjoint_a, transpose_b || adjoint_b, text_or(a[8], "")));
}

Value range_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    return wrap(state, range(state, a[0], a[1], a[2], optional_dtype(a[3]), text_or(a[4], "")));
}

Value softmax(Context& context, const Arguments& a, std::string_view op) {
    GraphState& state = context.default_graph();
    const std::int64_t axis = optional_int(a[1].is_none() ? a[3] : a[1]).value_or(-1);
    const Value logits = wrap(state, to_tensor(state, a[0]));
    const Shape& shape = state.graph.info(logits.as<TensorValue>()->output).shape;
    const bool is_last = axis == -1 || (shape.has_rank() && axis == static_cast<std::int64_t>(shape.rank()) - 1);
    if (!is_last) raise("NotImplementedError", "softmax along an axis other than the last is not supported");
    return op_value(state, op, {logits}, {}, text_or(a[2], ""));
}

Value bias_add_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const std::string format = text_or(a[2], "NHWC");
    const NameScope scope(state, text_or(a[3], "BiasAdd"));
    const Output value = to_tensor(state, a[0], DType::invalid, "input");
    const Output bias = to_tensor(state, a[1], state.graph.info(value).dtype, "bias");
    return tensor_value(state, state.op({"BiasAdd", {value, bias}, {{"data_format", format}}, scope.scope()}));
}

} // namespace

std::vector<ApiDef> math_api() {
    const std::vector<Param> x = params("x, name=None"), xy = params("x, y, name=None");
    return {
        {"abs", x, "Absolute value.", unary_op<"Abs">},
        {"negative", x, "The negative.", unary_op<"Neg">},
        {"sign", x, "-1, 0 or 1.", unary_op<"Sign">},
        {"square", x, "x * x.", unary_op<"Square">},
        {"sqrt", x, "Square root.", unary_op<"Sqrt">},
        {"rsqrt", x, "1 / square root.", unary_op<"Rsqrt">},
        {"exp", x, "e to the power of x.", unary_op<"Exp">},
        {"log", x, "Natural logarithm.", unary_op<"Log">},
        {"log1p", x, "Natural logarithm of 1 + x.", unary_op<"Log1p">},
        {"sin", x, "Sine.", unary_op<"Sin">},
        {"cos", x, "Cosine.", unary_op<"Cos">},
        {"floor", x, "Largest integer not above x.", unary_op<"Floor">},
        {"tanh", x, "Hyperbolic tangent.", unary_op<"Tanh">},
        {"sigmoid", x, "1 / (1 + exp(-x)).", unary_op<"Sigmoid">},
        {"is_nan", x, "True where x is not a number.", unary_op<"IsNan">},
        {"nn.tanh", x, "Hyperbolic tangent.", unary_op<"Tanh">},
        {"nn.sigmoid", x, "1 / (1 + exp(-x)).", unary_op<"Sigmoid">},
        {"nn.relu", params("features, name=None"), "max(x, 0).", unary_op<"Relu">},
        {"nn.relu6", params("features, name=None"), "min(max(x, 0), 6).", unary_op<"Relu6">},
        {"nn.elu", params("features, name=None"), "exp(x) - 1 below zero, x above.", unary_op<"Elu">},
        {"nn.selu", params("features, name=None"), "Scaled exponential linear unit.", unary_op<"Selu">},
        {"nn.softplus", params("features, name=None"), "log(exp(x) + 1).", unary_op<"Softplus">},
        {"nn.softsign", params("features, name=None"), "x / (|x| + 1).", unary_op<"Softsign">},
        {"nn.softmax", params("logits, axis=None, name=None, dim=None"), "exp(x), normalised along an axis.",
         [](Context& context, const Arguments& a) { return softmax(context, a, "Softmax"); }},
        {"nn.log_softmax", params("logits, axis=None, name=None, dim=None"), "Logarithm of softmax.",
         [](Context& context, const Arguments& a) { return softmax(context, a, "LogSoftmax"); }},
        {"nn.bias_add", params("value, bias, data_format=None, name=None"), "Adds a vector along the last dimension.",
         bias_add_function},
        {"add", xy, "x + y.", binary_op<"Add">},
        {"subtract", xy, "x - y.", binary_op<"Sub">},
        {"multiply", xy, "x * y.", binary_op<"Mul">},
        {"divide", xy, "x / y as Python divides.", divide},
        {"truediv", xy, "x / y, integers as floats.", truediv},
        {"div", xy, "x / y, integers rounded down.", div},
        {"floordiv", xy, "x / y rounded down.", scoped_binary<"FloorDiv", "floordiv">},
        {"floormod", xy, "Remainder with the sign of y.", binary_op<"FloorMod">},
        {"mod", xy, "Remainder with the sign of y.", binary_op<"FloorMod">},
        {"pow", xy, "x to the power of y.", scoped_binary<"Pow", "Pow">},
        {"maximum", xy, "The larger of x and y.", binary_op<"Maximum">},
        {"minimum", xy, "The smaller of x and y.", binary_op<"Minimum">},
        {"squared_difference", xy, "(x - y) squared.", binary_op<"SquaredDifference">},
        {"equal", xy, "x == y, elementwise.", binary_op<"Equal">},
        {"not_equal", xy, "x != y, elementwise.", binary_op<"NotEqual">},
        {"less", xy, "x < y.", binary_op<"Less">},
        {"less_equal", xy, "x <= y.", binary_op<"LessEqual">},
        {"greater", xy, "x > y.", binary_op<"Greater">},
        {"greater_equal", xy, "x >= y.", binary_op<"GreaterEqual">},
        {"logical_and", xy, "True where both are.", binary_op<"LogicalAnd">},
        {"logical_or", xy, "True where one is.", binary_op<"LogicalOr">},
        {"logical_not", x, "True where x is not.", unary_op<"LogicalNot">},
        {"cast", params("x, dtype, name=None"), "Converts to another type.", cast_function},
        {"to_float", params("x, name='ToFloat'"), "Converts to float32.", cast_to<DType::float32>},
        {"to_double", params("x, name='ToDouble'"), "Converts to float64.", cast_to<DType::float64>},
        {"to_int32", params("x, name='ToInt32'"), "Converts to int32.", cast_to<DType::int32>},
        {"to_int64", params("x, name='ToInt64'"), "Converts to int64.", cast_to<DType::int64>},
        {"matmul",
         params("a, b, transpose_a=False, transpose_b=False, adjoint_a=False, adjoint_b=False, a_is_sparse=False, "
                "b_is_sparse=False, name=None"),
         "Matrix product.", matmul_function},
        {"add_n", params("inputs, name=None"), "The sum of all tensors of a list.",
         [](Context& context, const Arguments& a) { return add_n(context.default_graph(), a[0], text_or(a[1], "")); }},
        {"accumulate_n", params("inputs, shape=None, tensor_dtype=None, name=None"),
         "The sum of all tensors of a list, added up in any order.",
         [](Context& context, const Arguments& a) {
             return accumulate_n(context.default_graph(), a[0], a[1], a[2], text_or(a[3], ""));
         }},
        {"range", params("start, limit=None, delta=1, dtype=None, name='range'"), "Numbers from start up to limit.",
         range_function},
    };
}

namespace {

template <OpName op> Value reduction(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const Value axis = a[1].is_none() ? a[4] : a[1];
    const bool keep = a[2].is_none() ? bool_or(a[5], false) : a[2].truthy();
    return wrap(state, reduce(state, op.view(), a[0], axis, keep, text_or(a[3], "")));
}

/// math_ops.cumsum and cumprod
template <OpName op> Value cumulative(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const NameScope scope(state, text_or(a[4], op.view()));
    const Value x = wrap(state, to_tensor(state, a[0], DType::invalid, "x"));
    return op_value(state, op.view(), {x, a[1]}, {{"exclusive", a[2].truthy()}, {"reverse", a[3].truthy()}},
                    scope.scope());
}

} // namespace

std::vector<ApiDef> reduction_api() {
    const std::vector<Param> p =
        params("input_tensor, axis=None, keepdims=None, name=None, reduction_indices=None, keep_dims=None");
    return {
        {"reduce_sum", p, "Sum along dimensions.", reduction<"Sum">},
        {"reduce_mean", p, "Mean along dimensions.", reduction<"Mean">},
        {"reduce_max", p, "Maximum along dimensions.", reduction<"Max">},
        {"reduce_min", p, "Minimum along dimensions.", reduction<"Min">},
        {"reduce_prod", p, "Product along dimensions.", reduction<"Prod">},
        {"reduce_all", p, "Logical and along dimensions.", reduction<"All">},
        {"reduce_any", p, "Logical or along dimensions.", reduction<"Any">},
        {"cumsum", params("x, axis=0, exclusive=False, reverse=False, name=None"), "Sums of all numbers up to each.",
         cumulative<"Cumsum">},
        {"cumprod", params("x, axis=0, exclusive=False, reverse=False, name=None"),
         "Products of all numbers up to each.", cumulative<"Cumprod">},
        {"argmax", params("input, axis=None, name=None, dimension=None, output_type=int64"),
         "Index of the largest value along a dimension.",
         [](Context& context, const Arguments& a) {
             const Value axis = !a[1].is_none() ? a[1] : !a[3].is_none() ? a[3] : Value(0);
             return op_value(context.default_graph(), "ArgMax", {a[0], axis}, {{"output_type", to_dtype(a[4])}},
                             text_or(a[2], ""));
         }},
        {"argmin", params("input, axis=None, name=None, dimension=None, output_type=int64"),
         "Index of the smallest value along a dimension.",
         [](Context& context, const Arguments& a) {
             const Value axis = !a[1].is_none() ? a[1] : !a[3].is_none() ? a[3] : Value(0);
             return op_value(context.default_graph(), "ArgMin", {a[0], axis}, {{"output_type", to_dtype(a[4])}},
                             text_or(a[2], ""));
         }},
    };
}

std::vector<ApiDef> random_api() {
    return {
        {"random_uniform", params("shape, minval=0, maxval=None, dtype=float32, seed=None, name=None"),
         "Uniform random numbers in [minval, maxval).",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return wrap(
                 state, random_uniform(state, a[0], a[1], a[2], to_dtype(a[3]), optional_int(a[4]), text_or(a[5], "")));
         }},
        {"random_normal", params("shape, mean=0.0, stddev=1.0, dtype=float32, seed=None, name=None"),
         "Normal random numbers.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return wrap(state,
                         random_normal(state, a[0], a[1], a[2], to_dtype(a[3]), optional_int(a[4]), text_or(a[5], "")));
         }},
        {"truncated_normal", params("shape, mean=0.0, stddev=1.0, dtype=float32, seed=None, name=None"),
         "Normal random numbers within two standard deviations.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return wrap(state, truncated_normal(state, a[0], a[1], a[2], to_dtype(a[3]), optional_int(a[4]),
                                                 text_or(a[5], "")));
         }},
        {"set_random_seed", params("seed"), "Sets the graph-level seed of the default graph.",
         [](Context& context, const Arguments& a) -> Value {
             context.default_graph().seed = optional_int(a[0]);
             return None{};
         }},
    };
}

} // namespace rnnscope::tf1
