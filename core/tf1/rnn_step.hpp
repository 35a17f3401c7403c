#pragma once

#include "core/tf1/cells.hpp"

#include <functional>
#include <optional>
#include <utility>

namespace rnnscope::tf1 {

/// variable_scope(scope or "rnn"), with variables cached in it unless a loop is being built around (_should_cache).
VariableScopeArgs rnn_scope_args(const Value& scope, std::string_view default_scope = "rnn");
void set_rnn_caching(GraphState& state, VariableScope& scope);
/// _infer_state_dtype.
DType state_dtype(GraphState& state, DType given, const Value& cell_state);

/// `value.get_shape()` or `value.shape`, which only tensors and variables have. Throws AttributeError.
Shape shape_attribute(GraphState& state, const Value& value, std::string_view attribute);

/// Rows that have ended keep `old`, the others take `renewed`. TensorArrays and scalars are renewed as a whole.
Value copy_one_through(GraphState& state, Output ended, const Value& old, const Value& renewed);
/// The state as the cell takes it, and back to what a run gives: cells of Keras have a list even of one tensor.
Value state_for_cell(const RnnCell& cell, const Value& cell_state);
Value state_of_run(const RnnCell& cell, const Value& cell_state);

/// rnn._rnn_step: what happens to the rows of a batch whose sequence has ended.
struct RnnStep {
    Value time;                                                     ///< an int, or an int32 scalar
    Output sequence_length;                                         ///< int32 [batch]
    std::optional<Output> min_sequence_length, max_sequence_length; ///< only without skip_conditionals
    Value zero_output, state;
    std::function<std::pair<Value, Value>()> call_cell;
    bool skip_conditionals = false;
};
std::pair<Value, Value> rnn_step(GraphState& state, const RnnStep& step);

} // namespace rnnscope::tf1
