#pragma once

#include "core/ops/op_def.hpp"

#include <vector>

/// The families of ops. Each function appends the records of its file; op_list.cpp calls them in order. To add an op,
/// add a record to the file of its family; to add a family, add a file, a line here and a line in op_list.cpp.
namespace rnnscope::ops {

using OpRecords = std::vector<OpDef>;

void add_array_ops(OpRecords& ops);
void add_reshape_ops(OpRecords& ops);
void add_transpose_ops(OpRecords& ops);
void add_slice_ops(OpRecords& ops);
void add_concat_ops(OpRecords& ops);
void add_gather_ops(OpRecords& ops);
void add_unary_ops(OpRecords& ops);
void add_binary_ops(OpRecords& ops);
void add_math_ops(OpRecords& ops);
void add_select_ops(OpRecords& ops);
void add_reduction_ops(OpRecords& ops);
void add_matmul_ops(OpRecords& ops);
void add_linalg_ops(OpRecords& ops);
void add_diagonal_ops(OpRecords& ops);
void add_activation_ops(OpRecords& ops);
void add_nn_ops(OpRecords& ops);
void add_lstm_ops(OpRecords& ops);
void add_gru_ops(OpRecords& ops);
void add_random_ops(OpRecords& ops);
void add_state_ops(OpRecords& ops);
void add_resource_ops(OpRecords& ops);
void add_control_flow_ops(OpRecords& ops);
void add_tensor_array_ops(OpRecords& ops);
void add_stack_ops(OpRecords& ops);
void add_logging_ops(OpRecords& ops);
void add_save_ops(OpRecords& ops);
void add_training_ops(OpRecords& ops);
void add_pad_ops(OpRecords& ops);
void add_segment_ops(OpRecords& ops);
void add_string_ops(OpRecords& ops);
void add_conv_ops(OpRecords& ops);
void add_pool_ops(OpRecords& ops);
void add_queue_ops(OpRecords& ops);
void add_lookup_ops(OpRecords& ops);
void add_summary_ops(OpRecords& ops);
void add_functional_ops(OpRecords& ops);
void add_audio_ops(OpRecords& ops);
void add_tensor_list_ops(OpRecords& ops);
void add_set_ops(OpRecords& ops);

} // namespace rnnscope::ops
