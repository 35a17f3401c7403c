#pragma once

#include "core/tf1/graph_state.hpp"

#include <string>

namespace rnnscope::tf1 {

/// math_ops.add_n of a list (or tuple) of tensors; `name` "" is None.
Value add_n(GraphState& state, const Value& inputs, const std::string& name = "");
/// math_ops.accumulate_n: the same as one AccumulateNV2, whose shape is what `shape` and those of the inputs say.
/// `tensor_dtype`, unless None, must be theirs.
Value accumulate_n(GraphState& state, const Value& inputs, const Value& shape = {}, const Value& tensor_dtype = {},
                   const std::string& name = "");

} // namespace rnnscope::tf1
