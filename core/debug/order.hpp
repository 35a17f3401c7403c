#pragma once

#include "core/debug/pause.hpp"
#include "core/graph/graph.hpp"
#include "core/runtime/session.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace rnnscope::runtime {
struct Plan;
}

namespace rnnscope::debug {

// TensorFlow runs whatever is ready, in any order that data and control dependencies allow. rnnscope chooses one; what
// follows says what the others would do.

/// A read of a variable that had no value before the run, and that no write of it is sure to come before.
struct OrderedRead {
    NodeId node;    ///< who reads; invalid for a fetched reference
    std::string op; ///< its name: "w/read", "_retval_v_0_0"
    VariableId variable;
    std::string variable_name;
    std::vector<NodeId> writes; ///< that could give it its first value in this run, in creation order
    enum class Verdict {
        sometimes, ///< some orders fail here, others get past it
        always,    ///< every order that gets here fails here
        unreached  ///< every order fails at another read before it gets here
    } verdict = Verdict::sometimes;

    /// The beginning of an order, as ops: just what is needed to get here. The last one is the read itself.
    struct Order {
        std::vector<std::string> ops;
        /// Branches that it takes and that only the run can decide: "rnn/while goes on", "cond/pred_id is true".
        std::vector<std::string> if_taken;
        bool contradicts = false; ///< it takes both sides of a branch: whether there is such an order is not decided
        bool is_sure() const { return if_taken.empty(); }
    };
    Order fails; ///< empty when unreached
    Order works; ///< of `sometimes`
};

/// What the orders of one run have in common, and where they differ.
struct OrderReport {
    std::vector<OrderedRead> reads; ///< in creation order
    std::size_t safe = 0;           ///< other reads of variables without a value before: a write comes first always
    std::vector<std::string> not_decided; ///< sentences about what was not looked at
};

/// What the legal orders of a run do with variables that have no value before it: an order fails at the first read of a
/// variable without one. Exact for graphs without branches and loops. Loops count with their first time step, the only
/// one in which a variable can be without value; branches that are not known count as if either could be taken, so that
/// a read that is not listed never fails, and an order that depends on one says so (OrderedRead::Order). Queues are not
/// waited for: an order that a dequeue forbids may be listed. Works without running anything.
OrderReport explore_orders(const Graph& graph, const runtime::RunRequest& request, const runtime::Plan& plan,
                           const std::function<bool(const Variable&)>& is_initialized, const Pause& pause = {});

} // namespace rnnscope::debug
