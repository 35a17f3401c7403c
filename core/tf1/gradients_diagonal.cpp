#include "core/tf1/gradient_registry.hpp"

#include <algorithm>

namespace rnnscope::tf1 {
namespace {

/// Gradients of diagonals and limits: python/ops/array_grad.py and clip_ops.py, 1.15.

/// array_ops.matrix_diag, matrix_diag_part and matrix_set_diag, which name their ops otherwise than the ops' types.
Value named_diagonal(const GradientCall& call, std::string_view type, const std::vector<Value>& arguments) {
    const std::string_view name = type == "MatrixDiag" ? "diag" : type == "MatrixDiagPart" ? "diag_part" : "set_diag";
    return op_value(call.state, type, arguments, {}, name);
}

std::vector<Gradient> diag_grad(GradientCall& call) {
    return {call.made(call.call("DiagPart", {call.dy()}))};
}

std::vector<Gradient> diag_part_grad(GradientCall& call) {
    return {call.made(call.call("Diag", {call.dy()}))};
}

std::vector<Gradient> matrix_diag_grad(GradientCall& call) {
    return {call.made(named_diagonal(call, "MatrixDiagPart", {call.dy()}))};
}

std::vector<Gradient> matrix_diag_part_grad(GradientCall& call) {
    const Shape& shape = call.shape(0);
    const std::size_t rank = shape.rank();
    const bool is_square = rank >= 2 && shape.dim(rank - 1) >= 0 && shape.dim(rank - 2) == shape.dim(rank - 1);
    if (is_square) return {call.made(named_diagonal(call, "MatrixDiag", {call.dy()}))};
    const Value zero = call.wrapped(zeros_like(call.state, call.x()));
    return {call.made(named_diagonal(call, "MatrixSetDiag", {zero, call.dy()}))};
}

/// The shape of the diagonals in a gradient where all of it is known.
std::optional<Value> known_diagonal_shape(const Shape& input, const Shape& diagonal) {
    if (input.rank() < 2) return {};
    const std::size_t batch = input.rank() - 2;
    std::vector<Value> dims;
    for (std::size_t i = 0; i < batch; ++i)
        dims.emplace_back(input.dim(i) >= 0 ? input.dim(i) : diagonal.dim_or_unknown(i));
    dims.emplace_back(std::min(input.dim(batch), input.dim(batch + 1)));
    const bool is_known = std::ranges::all_of(dims, [](const Value& dim) { return *dim.as<std::int64_t>() >= 0; });
    return is_known ? std::optional(Value::list(std::move(dims))) : std::nullopt;
}

/// And computed from the gradient where it is not.
Value computed_diagonal_shape(GradientCall& call) {
    GraphState& state = call.state;
    const Output grad = call.grad();
    const ColocateScope beside(state, grad.node);
    const Value shape = wrap(state, shape_of(state, wrap(state, grad)));
    const Value rank = wrap(state, rank_of(state, wrap(state, grad)));
    const Value zero = Value::list({Value(0)}), two = Value::list({Value(2)});
    const Value batch = call.call("Slice", {shape, zero, Value::list({call.binary("-", rank, Value(2))})});
    const Value matrix = call.call("Slice", {shape, Value::list({call.binary("-", rank, Value(2))}), two});
    const Value length = wrap(state, reduce(state, "Min", matrix));
    return wrap(state, concat(state, Value::list({batch, Value::list({length})}), Value(0)));
}

std::vector<Gradient> matrix_set_diag_grad(GradientCall& call) {
    GraphState& state = call.state;
    const OutputInfo& grad = state.graph.info(call.grad());
    const DType dtype = grad.dtype;
    const Shape input = call.shape(0).merged(grad.shape).value_or(grad.shape);
    const std::optional<Value> known = known_diagonal_shape(input, call.shape(1));
    const Value shape = known ? *known : computed_diagonal_shape(call);
    const Value zero = wrap(state, zeros(state, shape, dtype));
    const Value rest = named_diagonal(call, "MatrixSetDiag", {call.dy(), zero});
    return {call.made(rest), call.made(named_diagonal(call, "MatrixDiagPart", {call.dy()}))};
}

/// _ClipByValueGrad: to the limit where it was reached, else to what was limited.
std::vector<Gradient> clip_by_value_grad(GradientCall& call) {
    GraphState& state = call.state;
    const Value grad = call.dy();
    std::vector<Value> shapes;
    for (std::size_t i = 0; i < 3; ++i) shapes.push_back(wrap(state, shape_of(state, call.x(i))));
    const Value grad_shape = wrap(state, shape_of(state, grad));
    const Value zero = wrap(state, zeros(state, grad_shape, state.graph.info(call.grad()).dtype));
    const Value below = call.call("Less", {call.x(0), call.x(1)});
    const Value above = call.call("Greater", {call.x(0), call.x(2)});
    const NodeId lower = call_op(state, "BroadcastGradientArgs", {shapes[0], shapes[1]});
    const NodeId upper = call_op(state, "BroadcastGradientArgs", {shapes[0], shapes[2]});
    const Value x = call.call("Select", {call.call("LogicalOr", {below, above}), zero, grad});
    const Value low = call.call("Select", {below, grad, zero});
    const Value high = call.call("Select", {above, grad, zero});
    const auto reduced = [&](const Value& part, Output axes, const Value& shape) {
        const Value sum = wrap(state, reduce(state, "Sum", part, wrap(state, axes)));
        return Gradient(reshape(state, sum, shape));
    };
    const Gradient of_x = reduced(x, {lower, 0}, shapes[0]);
    const Gradient of_low = reduced(low, {lower, 1}, shapes[1]);
    return {of_x, of_low, reduced(high, {upper, 1}, shapes[2])};
}

} // namespace

std::vector<GradientDef> diagonal_gradients() {
    return {
        {"Diag", diag_grad},
        {"DiagPart", diag_part_grad},
        {"MatrixDiag", matrix_diag_grad},
        {"MatrixDiagPart", matrix_diag_part_grad},
        {"MatrixSetDiag", matrix_set_diag_grad},
        {"ClipByValue", clip_by_value_grad},
    };
}

} // namespace rnnscope::tf1
