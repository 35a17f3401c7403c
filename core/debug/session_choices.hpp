#pragma once

#include "core/debug/debugger.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

/// What a session could do with a place in the graph, and why not: context menus, commands on the selection and the
/// Problems panel of a graph that nobody has run ask the same questions. The debugger must have a graph.

/// Every reason is one sentence in the user's words; nullopt when it can be done.
std::optional<std::string> cannot_fetch(const Debugger& debugger, Output output);
std::optional<std::string> cannot_feed(const Debugger& debugger, Output output);

/// The tensor that stands for what is selected: output 0 of an op; of a variable what reads its value. Invalid when
/// there is none: scopes, statements, ops without outputs.
Output selected_tensor(const Debugger& debugger, const Selection& selection);
/// The op to run for what is selected: an op itself, of a variable its initializer. Invalid when there is none.
NodeId selected_target(const Debugger& debugger, const Selection& selection);

/// What a run that fetches tensors and runs ops has to have first.
struct Needs {
    std::vector<NodeId> placeholders;  ///< to be fed: those without a default; ascending
    std::vector<VariableId> variables; ///< with a value; ascending
    std::vector<bool> nodes;           ///< by node: takes part
};
Needs needs_of(const Graph& graph, const std::vector<NodeId>& wanted);

/// Something that could be typed where a value or a file is asked for.
struct Proposal {
    std::string text;  ///< "zeros(1,74)"
    std::string about; ///< "zeros of the proposed shape"
};
/// Values for NAME=VALUE of session.feed, the safest first: formulas of the tensor's shape with unknown dimensions
/// as 1, literals, and the data files beside the program. `shape` is what they have.
struct FeedProposals {
    std::string tensor; ///< "x:0"
    Shape shape;
    bool is_guess = false; ///< the rank is not declared, so `shape` may be wrong
    std::vector<Proposal> values;
};
FeedProposals feed_proposals(const Debugger& debugger, Output output);
/// Prefixes of the checkpoints beside the program.
std::vector<Proposal> checkpoint_proposals(const Debugger& debugger);

} // namespace rnnscope::debug
