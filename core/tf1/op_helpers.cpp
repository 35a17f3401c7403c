#include "core/tf1/op_helpers.hpp"

#include "core/ops/op_def.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

Value ints(const std::vector<std::int64_t>& values) {
    std::vector<Value> items(values.begin(), values.end());
    return Value::list(std::move(items));
}

/// One half of rnn_cell_impl._concat.
struct SizePart {
    std::optional<Output> tensor; ///< absent when it is neither a tensor nor fully known
    Shape known;
};

SizePart size_part(GraphState& state, const Value& size, std::string_view role) {
    if (const TensorValue* tensor = size.as<TensorValue>()) {
        SizePart part{tensor->output, Shape::unknown_rank()};
        if (const std::optional<Tensor> value = ops::constant_value(state.graph, tensor->output)) {
            std::vector<std::int64_t> dims;
            for (std::int64_t i = 0; i < value->elements(); ++i) dims.push_back(value->integer(i));
            part.known = Shape(std::move(dims));
        }
        const Shape& shape = state.graph.info(tensor->output).shape;
        if (shape.is_scalar()) {
            part.tensor = expand_dims(state, size, Value(0));
        } else if (!shape.has_rank() || shape.rank() != 1) {
            raise("ValueError",
                  fmt::format("{} tensor must be either a scalar or vector, but saw tensor: {}", role, str(size)));
        }
        return part;
    }
    SizePart part{{}, to_shape(size)};
    if (part.known.fully_defined()) {
        std::vector<std::int32_t> dims;
        for (const std::int64_t dim : part.known.dims()) dims.push_back(static_cast<std::int32_t>(dim));
        const Shape length{static_cast<std::int64_t>(dims.size())};
        part.tensor = state.constant(Tensor::of<std::int32_t>(length, std::move(dims)));
    }
    return part;
}

} // namespace

Output op1(GraphState& state, std::string_view op, Output x, std::string_view name) {
    return op_output(state, op, {wrap(state, x)}, {}, name);
}

Output op2(GraphState& state, std::string_view op, Output x, Output y, std::string_view name) {
    return op_output(state, op, {wrap(state, x), wrap(state, y)}, {}, name);
}

Output int32_constant(GraphState& state, std::int64_t value, std::string_view name) {
    return state.constant(Tensor::scalar(static_cast<std::int32_t>(value)), name);
}

Output slice(GraphState& state, Output x, const std::vector<std::int64_t>& begin,
             const std::vector<std::int64_t>& size) {
    return op_output(state, "Slice", {wrap(state, x), ints(begin), ints(size)});
}

Output clip_symmetric(GraphState& state, Output x, double limit) {
    const NameScope scope(state, "clip_by_value");
    const Output below = op_output(state, "Minimum", {wrap(state, x), Value(limit)});
    return op_output(state, "Maximum", {wrap(state, below), Value(-limit)}, {}, scope.scope());
}

NodeId assignment(const GraphState& state, Output assigned) {
    const Node& node = state.graph.node(assigned.node);
    return node.op == "ReadVariableOp" ? node.control_inputs.back() : node.id;
}

Output prefixed_shape(GraphState& state, const Value& prefix, const Value& suffix) {
    const SizePart first = size_part(state, prefix, "prefix");
    const SizePart second = size_part(state, suffix, "suffix");
    if (!first.tensor || !second.tensor)
        raise("ValueError", fmt::format("Provided a prefix or suffix of None: {} and {}", str(prefix), str(suffix)));
    return concat(state, Value::list({wrap(state, *first.tensor), wrap(state, *second.tensor)}), Value(0));
}

Shape static_prefixed_shape(GraphState& state, const Value& prefix, const Value& suffix) {
    const Shape first = size_part(state, prefix, "prefix").known;
    const Shape second = size_part(state, suffix, "suffix").known;
    if (!first.has_rank() || !second.has_rank()) return Shape::unknown_rank();
    std::vector<std::int64_t> dims(first.dims().begin(), first.dims().end());
    dims.insert(dims.end(), second.dims().begin(), second.dims().end());
    return Shape(std::move(dims));
}

} // namespace rnnscope::tf1
