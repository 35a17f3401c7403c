#include "core/ops/op_list.hpp"

#include <map>

namespace rnnscope::ops {
namespace {

OpRecords make_records() {
    OpRecords ops;
    add_array_ops(ops);
    add_reshape_ops(ops);
    add_transpose_ops(ops);
    add_slice_ops(ops);
    add_concat_ops(ops);
    add_gather_ops(ops);
    add_unary_ops(ops);
    add_binary_ops(ops);
    add_math_ops(ops);
    add_select_ops(ops);
    add_reduction_ops(ops);
    add_matmul_ops(ops);
    add_linalg_ops(ops);
    add_diagonal_ops(ops);
    add_activation_ops(ops);
    add_nn_ops(ops);
    add_lstm_ops(ops);
    add_gru_ops(ops);
    add_random_ops(ops);
    add_state_ops(ops);
    add_resource_ops(ops);
    add_control_flow_ops(ops);
    add_tensor_array_ops(ops);
    add_stack_ops(ops);
    add_logging_ops(ops);
    add_save_ops(ops);
    add_training_ops(ops);
    add_pad_ops(ops);
    add_segment_ops(ops);
    add_string_ops(ops);
    add_conv_ops(ops);
    add_pool_ops(ops);
    add_queue_ops(ops);
    add_lookup_ops(ops);
    add_summary_ops(ops);
    add_functional_ops(ops);
    add_audio_ops(ops);
    add_tensor_list_ops(ops);
    add_set_ops(ops);
    return ops;
}

using Index = std::map<std::string_view, const OpDef*, std::less<>>;

Index make_index() {
    Index index;
    for (const OpDef& op : all_ops()) {
        [[maybe_unused]] const bool is_new = index.emplace(op.name, &op).second;
        assert(is_new && "every op is registered once");
    }
    return index;
}

} // namespace

std::span<const OpDef> all_ops() {
    static const OpRecords ops = make_records();
    return ops;
}

const OpDef* find_op(std::string_view name) {
    static const Index index = make_index();
    const auto it = index.find(name);
    return it == index.end() ? nullptr : it->second;
}

} // namespace rnnscope::ops
