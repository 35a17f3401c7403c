#pragma once

#include "core/tf1/graph_state.hpp"

#include <string>

/// Cross entropies of python/ops/nn_ops.py and nn_impl.py, 1.15, for the functions of tf.nn and those of tf.losses.
/// `name` "" is None.
namespace rnnscope::tf1 {

Output sigmoid_cross_entropy(GraphState& state, const Value& labels, const Value& logits, const std::string& name = "");
/// softmax_cross_entropy_with_logits_v2: `labels` are distributions along `axis` and get a gradient, too.
Output softmax_cross_entropy(GraphState& state, const Value& labels, const Value& logits, std::int64_t axis = -1,
                             const std::string& name = "");
/// sparse_softmax_cross_entropy_with_logits: `labels` are classes.
Output sparse_softmax_cross_entropy(GraphState& state, const Value& labels, const Value& logits,
                                    const std::string& name = "");

} // namespace rnnscope::tf1
