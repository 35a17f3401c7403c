#include "core/tf1/gradient_registry.hpp"
#include "core/tf1/op_helpers.hpp"

#include <cassert>
#include <numeric>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// Gradients of reductions: python/ops/math_grad.py, 1.15.

/// _safe_shape_div(x, y): x // maximum(y, 1).
Value safe_divided(GraphState& state, const Value& x, const Value& y) {
    const Value at_least_one = op_value(state, "Maximum", {y, Value(1)});
    return wrap(state, binary_operator(state, "//", x, at_least_one));
}

Value static_vector(GraphState& state, const Value& value) {
    const std::optional<Tensor> tensor = ops::evaluate_constant(state.graph, value.as<TensorValue>()->output);
    assert(tensor && "computed from constants");
    std::vector<Value> items;
    for (std::int64_t i = 0; i < tensor->elements(); ++i) items.emplace_back(tensor->integer(i));
    return Value::list(std::move(items));
}

/// The shape with reduced dimensions kept, and how often to repeat along each. TensorFlow keeps them per graph: an
/// equal shape and axes make no more nodes.
std::pair<Value, Value> static_reduction(GraphState& state, const Shape& shape, const Tensor& axes) {
    std::vector<std::int32_t> numbers;
    for (std::int64_t i = 0; i < axes.elements(); ++i) numbers.push_back(static_cast<std::int32_t>(axes.integer(i)));
    const std::string key = fmt::format("_reduced_shape_cache {} {}", to_text(shape), fmt::join(numbers, ","));
    if (const auto found = state.attached.find(key); found != state.attached.end()) {
        const std::vector<Value>& pair = *items_of(found->second);
        return {pair[0], pair[1]};
    }
    const Value dims = Value::list({shape.dims().begin(), shape.dims().end()});
    const Value axis_list = Value::list({numbers.begin(), numbers.end()});
    const Value kept = static_vector(state, reduced_shape(state, dims, axis_list));
    const Value repeats = static_vector(state, safe_divided(state, dims, kept));
    state.attached[key] = Value::tuple({kept, repeats});
    return {kept, repeats};
}

bool is_all_axes(const Tensor& axes, std::size_t rank) {
    if (axes.shape().rank() != 1 || axes.elements() != static_cast<std::int64_t>(rank)) return false;
    for (std::int64_t i = 0; i < axes.elements(); ++i)
        if (axes.integer(i) != i) return false;
    return true;
}

Output sum_grad_of(GradientCall& call) {
    GraphState& state = call.state;
    const Shape shape = call.shape(0);
    Value grad = call.dy();
    const auto tiled = [&](const Value& x, const Value& multiples) { return op_output(state, "Tile", {x, multiples}); };
    if (shape.has_rank()) {
        if (const std::optional<Tensor> axes = ops::constant_value(state.graph, call.input(1))) {
            if (is_all_axes(*axes, shape.rank())) {
                const std::vector<Value> ones(shape.rank(), Value(1));
                grad = wrap(state, reshape(state, grad, Value::list(ones)));
                if (!shape.fully_defined()) return tiled(grad, wrap(state, shape_of(state, call.x(0))));
                std::vector<std::int32_t> dims(shape.dims().begin(), shape.dims().end());
                const Shape length{static_cast<std::int64_t>(dims.size())};
                return tiled(grad, wrap(state, state.constant(Tensor::of<std::int32_t>(length, std::move(dims)))));
            }
            if (shape.fully_defined()) {
                const auto [kept, repeats] = static_reduction(state, shape, *axes);
                return tiled(wrap(state, reshape(state, grad, kept)), repeats);
            }
        }
    }
    const Value input_shape = wrap(state, shape_of(state, call.x(0)));
    Value kept, repeats;
    {
        const ColocateScope beside(state, input_shape.as<TensorValue>()->output.node);
        kept = reduced_shape(state, input_shape, call.x(1));
        repeats = safe_divided(state, input_shape, kept);
    }
    return tiled(wrap(state, reshape(state, grad, kept)), repeats);
}

std::vector<Gradient> sum_grad(GradientCall& call) {
    return {sum_grad_of(call), Gradient{}};
}

std::vector<Gradient> mean_grad(GradientCall& call) {
    GraphState& state = call.state;
    const Value sum = wrap(state, sum_grad_of(call));
    const DType dtype = state.graph.info(sum.as<TensorValue>()->output).dtype;
    const Shape& input = call.shape(0);
    const Shape& output = state.graph.info(call.output()).shape;
    Value factor;
    if (input.fully_defined() && output.fully_defined()) {
        const std::int64_t count = input.elements() / std::max<std::int64_t>(output.elements(), 1);
        factor = wrap(state, state.constant(make_tensor(Value(count), dtype)));
    } else {
        const Value in_shape = wrap(state, shape_of(state, call.x(0)));
        const Value out_shape = wrap(state, shape_of(state, call.y()));
        const Value in_size = wrap(state, reduce(state, "Prod", in_shape));
        const Value out_size = wrap(state, reduce(state, "Prod", out_shape));
        factor = safe_divided(state, in_size, out_size);
    }
    const Value divisor = wrap(state, cast(state, factor, dtype));
    return {call.made(call.binary("/", sum, divisor)), Gradient{}};
}

/// Equal extremes share the gradient.
std::vector<Gradient> extreme_grad(GradientCall& call) {
    GraphState& state = call.state;
    const Value shape = wrap(state, shape_of(state, call.x(0)));
    const Value kept = reduced_shape(state, shape, call.x(1));
    const Value y = wrap(state, reshape(state, call.y(), kept));
    const Value grad = wrap(state, reshape(state, call.dy(), kept));
    const DType dtype = state.graph.info(grad.as<TensorValue>()->output).dtype;
    const Value is_extreme = call.call("Equal", {y, call.x(0)});
    const Value indicators = wrap(state, cast(state, is_extreme, dtype));
    const Value count = wrap(state, reduce(state, "Sum", indicators, call.x(1)));
    const Value selected = wrap(state, reshape(state, count, kept));
    const Value share = call.binary("/", indicators, selected);
    return {call.made(call.binary("*", share, grad)), Gradient{}};
}

/// The product of all others for each number, by cumulative products from both sides: zeros do no harm.
std::vector<Gradient> prod_grad(GradientCall& call) {
    GraphState& state = call.state;
    const Value shape = wrap(state, shape_of(state, call.x(0)));
    Value axes = wrap(state, reshape(state, call.x(1), Value::list({Value(-1)})));
    const Value kept = reduced_shape(state, shape, call.x(1));
    const Value repeats = safe_divided(state, shape, kept);
    const Value reshaped_grad = wrap(state, reshape(state, call.dy(), kept));
    const Value grad = call.call("Tile", {reshaped_grad, repeats});
    Value order, reduced_size, other_size;
    {
        const DeviceScope host(state, "/cpu:0");
        const Value rank = wrap(state, rank_of(state, call.x(0)));
        axes = call.binary("%", call.binary("+", axes, rank), rank);
        const Value reduced = wrap(state, cast(state, axes, DType::int32));
        const Value all = wrap(state, range(state, Value(0), rank));
        const Value other = call.call("ListDiff", {all, reduced});
        order = wrap(state, concat(state, Value::list({reduced, other}), Value(0)));
        const auto size_at = [&](const Value& dims) {
            return wrap(state, reduce(state, "Prod", call.call("GatherV2", {shape, dims, Value(0)})));
        };
        reduced_size = size_at(reduced);
        other_size = size_at(other);
    }
    const Value turned = wrap(state, transpose(state, call.x(0), order));
    const Value turned_shape = wrap(state, shape_of(state, turned));
    const Value matrix = wrap(state, reshape(state, turned, Value::tuple({reduced_size, other_size})));
    const auto products = [&](bool reverse) {
        return call.call("Cumprod", {matrix, Value(0)}, {{"exclusive", true}, {"reverse", reverse}});
    };
    const Value before = products(false), after = products(true);
    const Value others = wrap(state, reshape(state, call.binary("*", before, after), turned_shape));
    const Value back = call.call("InvertPermutation", {order});
    const Value placed = wrap(state, transpose(state, others, back));
    return {reshape(state, call.binary("*", grad, placed), shape), Gradient{}};
}

Value cumulative_sum(GradientCall& call, const Value& x) {
    return call.call("Cumsum", {x, call.x(1)},
                     {{"exclusive", call.attr<bool>("exclusive")}, {"reverse", !call.attr<bool>("reverse")}});
}

std::vector<Gradient> cumsum_grad(GradientCall& call) {
    return {call.made(cumulative_sum(call, call.dy())), Gradient{}};
}

std::vector<Gradient> cumprod_grad(GradientCall& call) {
    const Value product =
        call.call("Cumprod", {call.x(0), call.x(1)},
                  {{"exclusive", call.attr<bool>("exclusive")}, {"reverse", call.attr<bool>("reverse")}});
    const Value sums = cumulative_sum(call, call.binary("*", product, call.dy()));
    return {call.made(call.binary("/", sums, call.x(0))), Gradient{}};
}

} // namespace

Value reduced_shape(GraphState& state, const Value& input_shape, const Value& axes) {
    const Value shape = wrap(state, cast(state, input_shape, DType::int32));
    const Value axis = wrap(state, cast(state, axes, DType::int32));
    const Value rank = wrap(state, size_of(state, shape));
    const Value shifted = wrap(state, binary_operator(state, "+", axis, rank));
    const Value positive = wrap(state, binary_operator(state, "%", shifted, rank));
    const Value axes_shape = wrap(state, shape_of(state, positive));
    const Value all = wrap(state, range(state, Value(0), rank));
    const Value one = op_value(state, "Fill", {axes_shape, Value(1)});
    return op_value(state, "DynamicStitch", {Value::list({all, positive}), Value::list({shape, one})});
}

std::vector<GradientDef> reduction_gradients() {
    return {
        {"Sum", sum_grad},   {"Mean", mean_grad},     {"Max", extreme_grad},     {"Min", extreme_grad},
        {"Prod", prod_grad}, {"Cumsum", cumsum_grad}, {"Cumprod", cumprod_grad},
    };
}

} // namespace rnnscope::tf1
