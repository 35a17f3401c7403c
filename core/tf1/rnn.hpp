#pragma once

#include "core/tf1/api.hpp"
#include "core/tf1/cells.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rnnscope::tf1 {

/// The arguments of tf.nn.dynamic_rnn and static_rnn; None is "not given".
struct RnnArgs {
    Value cell, inputs, sequence_length, initial_state;
    DType dtype = DType::invalid;
    std::optional<std::int64_t> parallel_iterations;
    bool swap_memory = false;
    bool time_major = false;
    Value scope;
};
/// A pair (outputs, state). Both throw what TensorFlow 1.15 raises.
Value dynamic_rnn(GraphState& state, const RnnArgs& args);
Value static_rnn(GraphState& state, const RnnArgs& args);

/// The arguments of tf.nn.raw_rnn.
struct RawRnnArgs {
    Value cell;
    Value loop_fn; ///< (time, cell_output, cell_state, loop_state) to (finished, input, cell_state, emit, loop_state)
    std::optional<std::int64_t> parallel_iterations;
    bool swap_memory = false;
    Value scope;
};
/// (emit_ta, final_state, final_loop_state): TensorArrays, one for each emitted tensor.
Value raw_rnn(GraphState& state, const RawRnnArgs& args);

struct BidirectionalArgs {
    Value cell_fw, cell_bw, initial_state_fw, initial_state_bw;
    RnnArgs common; ///< its cell and initial_state are not used
};
/// ((output_fw, output_bw), (state_fw, state_bw)).
Value bidirectional_dynamic_rnn(GraphState& state, const BidirectionalArgs& args);
/// (outputs, state_fw, state_bw): the outputs of a step are joined.
Value static_bidirectional_rnn(GraphState& state, const BidirectionalArgs& args);

/// The records of tf.while_loop, tf.cond, tf.TensorArray, tf.nn.rnn_cell.* and tf.nn.*_rnn.
std::vector<ApiDef> control_flow_api();
std::vector<ApiDef> rnn_cell_api();
std::vector<ApiDef> rnn_api();

} // namespace rnnscope::tf1
