#pragma once

#include "core/debug/debugger.hpp"
#include "core/debug/evaluation.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

/// The breakpoint that stops at the position, or null. It depends on nothing but what happened up to the position and
/// what comes next, so that both directions find the same.
const Breakpoint* stop_at(const Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position position);

/// Where in the rounds of a block breakpoints could stop, as far as the ops tell: not of variables, and not of what is
/// before the block.
struct RoundStops {
    std::vector<std::uint32_t> offsets; ///< before these visits, ascending
    /// And after those of these visits, ascending, that have given a NaN or an infinity.
    std::vector<std::uint32_t> after_unfinite;
};
RoundStops stops_of_round(std::span<const Breakpoint> breakpoints, const Graph& graph,
                          const runtime::EventBlock& block);

/// The nearest position after (or before) `position` at which a watchpoint on a variable stops.
std::optional<Position> next_access(const Evaluation& evaluation, std::span<const Breakpoint> breakpoints,
                                    Position position, bool forward);

/// The value that the node's output had last at the position, in any run of its graph; empty: none.
Tensor last_output(const record::Recording& recording, GraphId graph, Output output, Position position);

/// Just before the first event of the moment; nullopt when there is none in what was recorded so far.
std::optional<Position> find_moment(const Evaluation& evaluation, const Moment& moment);

} // namespace rnnscope::debug
