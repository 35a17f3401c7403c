#pragma once

#include "core/program/evaluator.hpp"
#include "core/record/recording.hpp"
#include "core/runtime/session.hpp"

#include <functional>
#include <string>
#include <vector>

namespace rnnscope::runtime {
struct Plan;
}

namespace rnnscope::debug {

/// One read of a variable without a value that a run would meet (or met). Found without running.
struct UninitializedRead {
    NodeId node;                 ///< the node whose input is checked; invalid for a fetched reference ("_retval_v_0_0")
    std::string op;              ///< its name
    VariableId variable;         ///< invalid when the storage belongs to no tf.Variable
    std::string variable_name;   ///< as TensorFlow prints it: "rnn/gru_cell/gates/kernel"
    bool behind_another = false; ///< only reached when an earlier read of the list is repaired
};

/// Every uninitialized read that `request` would meet in `session` as it is now, in the executor's order. Considers
/// feeds, variables that the same run assigns before the read, ops that allow uninitialized inputs, references and
/// resources, and what the session already holds. Branches of cond count when they can be taken.
std::vector<UninitializedRead> preflight(const Graph& graph, const runtime::RunRequest& request,
                                         const std::function<bool(const Variable&)>& is_initialized);

/// The same, of a run that was planned already.
std::vector<UninitializedRead> preflight(const Graph& graph, const runtime::RunRequest& request,
                                         const runtime::Plan& plan,
                                         const std::function<bool(const Variable&)>& is_initialized);

} // namespace rnnscope::debug
