#pragma once

#include "core/tf1/graph_state.hpp"

/// Functions that check or adapt shapes, at graph construction where they are known, else by ops (1.15:
/// python/ops/weights_broadcast_ops.py, confusion_matrix.py, check_ops.py).
namespace rnnscope::tf1 {

/// weights_broadcast_ops.assert_broadcastable: the op that fails where `weights` is neither a scalar nor of the rank of
/// `values` with every dimension 1 or equal. Throws ValueError where that is known already.
NodeId assert_broadcastable(GraphState& state, const Value& weights, const Value& values);
/// weights_broadcast_ops.broadcast_weights: a tensor of the shape of `values`.
Output broadcast_weights(GraphState& state, const Value& weights, const Value& values);

/// check_ops.assert_equal of two tensors of integers of which one is not known before the run.
NodeId assert_equal(GraphState& state, Output x, Output y);

/// confusion_matrix.remove_squeezable_dimensions: the last dimension goes where the ranks of the two differ from
/// `expected_rank_difference` (predictions minus labels) by one. Gives back labels and predictions.
struct LabelsAndPredictions {
    Output labels, predictions;
};
LabelsAndPredictions remove_squeezable_dimensions(GraphState& state, const Value& labels, const Value& predictions,
                                                  std::int64_t expected_rank_difference = 0);

/// TensorShape.assert_is_compatible_with: ValueError "Shapes (2,) and (3,) are incompatible".
void assert_compatible(GraphState& state, Output x, Output y);

} // namespace rnnscope::tf1
