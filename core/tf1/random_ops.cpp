#include "core/tf1/array_ops.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

Output shape_tensor(GraphState& state, const Value& shape) {
    const std::vector<Value>* items = items_of(shape);
    return to_tensor(state, shape, items != nullptr && items->empty() ? DType::int32 : DType::invalid, "shape");
}

/// random_normal and truncated_normal differ in the op and in names only.
Output normal(GraphState& state, std::string_view op, const std::string& scope_name, const Value& shape,
              const Value& mean, const Value& stddev, DType dtype, std::optional<std::int64_t> seed) {
    const NameScope scope(state, scope_name);
    const Output dims = shape_tensor(state, shape);
    const Output mean_tensor = to_tensor(state, mean, dtype, "mean");
    const Output stddev_tensor = to_tensor(state, stddev, dtype, "stddev");
    const auto [seed1, seed2] = state.get_seed(seed);
    const Output random =
        state.op({std::string(op), {dims}, {{"dtype", dtype}, {"seed", seed1}, {"seed2", seed2}}, {}});
    const Output scaled = binary_operator(state, "*", wrap(state, random), wrap(state, stddev_tensor));
    return state.op({"Add", {scaled, mean_tensor}, {}, scope.scope()});
}

} // namespace

Output random_uniform(GraphState& state, const Value& shape, const Value& minval, const Value& maxval, DType dtype,
                      std::optional<std::int64_t> seed, std::string_view name) {
    const bool is_whole = is_integer(dtype);
    if (maxval.is_none() && is_whole)
        raise("ValueError", fmt::format("Must specify maxval for integer dtype {}", repr(Value(dtype))));
    const NameScope scope(state, std::string(name.empty() ? "random_uniform" : name));
    const Output dims = shape_tensor(state, shape);
    const Output minimum = to_tensor(state, minval, dtype, "min");
    const Output maximum = to_tensor(state, maxval.is_none() ? Value(1) : maxval, dtype, "max");
    const auto [seed1, seed2] = state.get_seed(seed);
    if (is_whole)
        return state.op(
            {"RandomUniformInt", {dims, minimum, maximum}, {{"seed", seed1}, {"seed2", seed2}}, scope.scope()});
    const Output random =
        state.op({"RandomUniform", {dims}, {{"dtype", dtype}, {"seed", seed1}, {"seed2", seed2}}, {}});
    const Output width = binary_operator(state, "-", wrap(state, maximum), wrap(state, minimum));
    const Output scaled = binary_operator(state, "*", wrap(state, random), wrap(state, width));
    return state.op({"Add", {scaled, minimum}, {}, scope.scope()});
}

Output random_normal(GraphState& state, const Value& shape, const Value& mean, const Value& stddev, DType dtype,
                     std::optional<std::int64_t> seed, std::string_view name) {
    return normal(state, "RandomStandardNormal", std::string(name.empty() ? "random_normal" : name), shape, mean,
                  stddev, dtype, seed);
}

Output truncated_normal(GraphState& state, const Value& shape, const Value& mean, const Value& stddev, DType dtype,
                        std::optional<std::int64_t> seed, std::string_view name) {
    return normal(state, "TruncatedNormal", std::string(name.empty() ? "truncated_normal" : name), shape, mean, stddev,
                  dtype, seed);
}

} // namespace rnnscope::tf1
