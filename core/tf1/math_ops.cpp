#include "core/tf1/array_ops.hpp"
#include "core/tf1/variables.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace rnnscope::tf1 {

bool is_tensor_value(const Value& value) {
    return value.is<TensorValue>() || value.is<VariableValue>();
}

namespace {

/// One of Python's operators: the name scope that it opens, and the op behind it.
struct Operator {
    std::string_view symbol, scope, op;
};
constexpr Operator operators[] = {
    {"+", "add", "AddV2"},          {"-", "sub", "Sub"},      {"*", "mul", "Mul"},  {"/", "truediv", "RealDiv"},
    {"//", "floordiv", "FloorDiv"}, {"%", "mod", "FloorMod"}, {"**", "pow", "Pow"}, {"@", "matmul", "MatMul"},
    {"&", "and", "LogicalAnd"},     {"|", "or", "LogicalOr"},
};
/// These are generated functions without a wrapper, and their mirror image when the tensor stands on the right.
struct Comparison {
    std::string_view symbol, op, mirrored;
};
constexpr Comparison comparisons[] = {
    {"<", "Less", "Greater"},
    {"<=", "LessEqual", "GreaterEqual"},
    {">", "Greater", "Less"},
    {">=", "GreaterEqual", "LessEqual"},
};

/// A variable that stands where Python calls its method is read before anything else happens.
Value read_first(GraphState& state, const Value& value) {
    if (const auto* variable = value.as<VariableValue>()) return wrap(state, variable_value(state, variable->id));
    return value;
}

/// convert_to_tensor_v2(value, dtype_hint=...).
Output converted(GraphState& state, const Value& value, DType hint, std::string_view name) {
    try {
        return to_tensor(state, value, hint, name);
    } catch (const PythonError& error) {
        if (is_tensor_value(value) || (error.type != "TypeError" && error.type != "ValueError")) throw;
    }
    return to_tensor(state, value, DType::invalid, name);
}

Output true_divide(GraphState& state, Output x, Output y, const std::string& name) {
    const NameScope scope(state, name);
    const DType x_type = state.graph.info(x).dtype, y_type = state.graph.info(y).dtype;
    if (x_type != y_type)
        raise("TypeError",
              fmt::format("x and y must have the same dtype, got {} != {}", repr(Value(x_type)), repr(Value(y_type))));
    const bool is_small =
        x_type == DType::uint8 || x_type == DType::int8 || x_type == DType::uint16 || x_type == DType::int16;
    if (is_integer(x_type)) {
        const DType divided = is_small ? DType::float32 : DType::float64;
        x = cast(state, wrap(state, x), divided);
        y = cast(state, wrap(state, y), divided);
    }
    return state.op({"RealDiv", {x, y}, {}, scope.scope()});
}

} // namespace

Output binary_operator(GraphState& state, std::string_view symbol, const Value& left_value, const Value& right_value) {
    const bool is_reflected = !is_tensor_value(left_value);
    const Value left = read_first(state, left_value);
    const Value right = is_reflected ? read_first(state, right_value) : right_value;
    for (const Comparison& comparison : comparisons)
        if (symbol == comparison.symbol)
            return is_reflected ? op_output(state, comparison.mirrored, {right, left})
                                : op_output(state, comparison.op, {left, right});
    const auto* found = std::find_if(std::begin(operators), std::end(operators),
                                     [&](const Operator& candidate) { return candidate.symbol == symbol; });
    if (found == std::end(operators))
        raise("TypeError", fmt::format("unsupported operand type(s) for {}: 'Tensor'", symbol));
    const NameScope scope(state, std::string(found->scope));
    Output x, y;
    if (is_reflected) {
        y = right.as<TensorValue>()->output;
        x = to_tensor(state, left, state.graph.info(y).dtype, "x");
    } else {
        x = left.as<TensorValue>()->output;
        y = right.is<TensorValue>() ? to_tensor(state, right) : converted(state, right, state.graph.info(x).dtype, "y");
    }
    const Value x_value = wrap(state, x), y_value = wrap(state, y);
    if (symbol == "/") return true_divide(state, x, y, scope.scope());
    if (symbol == "@") return matmul(state, x_value, y_value, false, false, scope.scope());
    return op_output(state, symbol == "+" && state.graph.info(x).dtype == DType::string ? "Add" : found->op,
                     {x_value, y_value}, {}, scope.scope());
}

Output cast(GraphState& state, const Value& x, DType dtype, std::string_view name) {
    if (const auto* tensor = x.as<TensorValue>(); tensor != nullptr && state.graph.info(tensor->output).dtype == dtype)
        return tensor->output;
    const NameScope scope(state, std::string(name.empty() ? "Cast" : name));
    const Output converted_x = to_tensor(state, x, DType::invalid, "x");
    if (state.graph.info(converted_x).dtype == dtype) return converted_x;
    return state.op({"Cast", {converted_x}, {{"DstT", dtype}}, scope.scope()});
}

Output range(GraphState& state, const Value& start, const Value& limit, const Value& delta, DType dtype,
             std::string_view name) {
    const Value first = limit.is_none() ? Value(0) : start;
    const Value last = limit.is_none() ? start : limit;
    const NameScope scope(state, std::string(name.empty() ? "Range" : name));
    std::vector<Output> parts{to_tensor(state, first, dtype, "start"), to_tensor(state, last, dtype, "limit"),
                              to_tensor(state, delta, dtype, "delta")};
    if (dtype == DType::invalid) {
        constexpr DType hierarchy[] = {DType::int32, DType::int64, DType::float32, DType::float64};
        std::ptrdiff_t highest = 0;
        for (const Output part : parts) {
            const auto* at = std::find(std::begin(hierarchy), std::end(hierarchy), state.graph.info(part).dtype);
            if (at == std::end(hierarchy))
                raise("ValueError", fmt::format("{} is not in list", repr(Value(state.graph.info(part).dtype))));
            highest = std::max(highest, at - std::begin(hierarchy));
        }
        for (Output& part : parts) part = cast(state, wrap(state, part), hierarchy[highest]);
    }
    return state.op({"Range", std::move(parts), {}, scope.scope()});
}

Output reduce(GraphState& state, std::string_view op, const Value& input, const Value& axis, bool keepdims,
              std::string_view name) {
    Value dims = axis;
    if (dims.is_none()) {
        const auto* tensor = input.as<TensorValue>();
        const Shape shape = tensor == nullptr ? Shape::unknown_rank() : state.graph.info(tensor->output).shape;
        if (shape.has_rank()) {
            std::vector<std::int32_t> all(shape.rank());
            std::iota(all.begin(), all.end(), 0);
            const auto count = static_cast<std::int64_t>(all.size());
            dims = wrap(state, state.constant(Tensor::of<std::int32_t>({count}, std::move(all))));
        } else { // also for variables and for what is not a tensor yet
            dims = wrap(state, range(state, 0, wrap(state, rank_of(state, input))));
        }
    }
    const Output result = op_output(state, op, {input, dims}, {{"keep_dims", keepdims}}, name);
    // _may_reduce_to_scalar: the shape function does not see through a Range of the rank.
    if (axis.is_none() && !keepdims) state.graph.set_output_shape(result, Shape{});
    return result;
}

Output matmul(GraphState& state, const Value& a, const Value& b, bool transpose_a, bool transpose_b,
              std::string_view name) {
    const NameScope scope(state, std::string(name.empty() ? "MatMul" : name));
    const Output x = to_tensor(state, a, DType::invalid, "a");
    const Output y = to_tensor(state, b, DType::invalid, "b");
    const Shape& x_shape = state.graph.info(x).shape;
    const Shape& y_shape = state.graph.info(y).shape;
    const bool is_batch = !x_shape.has_rank() || x_shape.rank() > 2 || !y_shape.has_rank() || y_shape.rank() > 2;
    const Value x_value = wrap(state, x), y_value = wrap(state, y);
    if (is_batch)
        return op_output(state, "BatchMatMulV2", {x_value, y_value}, {{"adj_x", transpose_a}, {"adj_y", transpose_b}},
                         scope.scope());
    return op_output(state, "MatMul", {x_value, y_value}, {{"transpose_a", transpose_a}, {"transpose_b", transpose_b}},
                     scope.scope());
}

Output bias_add(GraphState& state, const Value& value, const Value& bias, std::string_view name) {
    const NameScope scope(state, std::string(name.empty() ? "BiasAdd" : name));
    const Output input = to_tensor(state, value, DType::invalid, "input");
    const Output added = to_tensor(state, bias, state.graph.info(input).dtype, "bias");
    return state.op({"BiasAdd", {input, added}, {{"data_format", "NHWC"}}, scope.scope()});
}

} // namespace rnnscope::tf1
