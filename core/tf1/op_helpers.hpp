#pragma once

#include "core/tf1/array_ops.hpp"
#include "core/tf1/graph_state.hpp"

#include <cstdint>
#include <vector>

/// Small functions on outputs that loops, TensorArrays and cells are written with.
namespace rnnscope::tf1 {

/// A generated function of one or two tensors; `name` "" is the op type.
Output op1(GraphState& state, std::string_view op, Output x, std::string_view name = "");
Output op2(GraphState& state, std::string_view op, Output x, Output y, std::string_view name = "");
Output int32_constant(GraphState& state, std::int64_t value, std::string_view name = "Const");
Output slice(GraphState& state, Output x, const std::vector<std::int64_t>& begin,
             const std::vector<std::int64_t>& size);
/// clip_ops.clip_by_value(x, -limit, limit).
Output clip_symmetric(GraphState& state, Output x, double limit);

/// The op behind what `assign` gave back: a resource variable's assignment comes back as a read that waits for it.
NodeId assignment(const GraphState& state, Output assigned);

/// rnn_cell_impl._concat with static=False: a batch size (int or int32 scalar) in front of a size (int, shape, tensor).
Output prefixed_shape(GraphState& state, const Value& prefix, const Value& suffix);
/// The same with static=True: the shape as far as it is known. Leaves orphan constants behind, as TensorFlow does.
Shape static_prefixed_shape(GraphState& state, const Value& prefix, const Value& suffix);

} // namespace rnnscope::tf1
