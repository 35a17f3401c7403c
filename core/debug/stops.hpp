#pragma once

#include "core/debug/debugger.hpp"
#include "core/debug/evaluation.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

/// Where in the rounds of a block breakpoints could stop, as far as the ops tell: not of variables, and not of what is
/// before the block.
struct RoundStops {
    std::vector<std::uint32_t> offsets; ///< before these visits, ascending
    /// And after those of these visits, ascending, that have given a NaN or an infinity.
    std::vector<std::uint32_t> after_unfinite;
};

/// An event of a run.
struct RecordedOp {
    RunId run;
    std::uint32_t event = 0;
    record::RecordedVisit visit;
};

/// Finds where breakpoints stop. Looks up what they name once for each graph, not at each op.
class StopFinder {
  public:
    StopFinder() = default;
    /// They must stay as they are.
    explicit StopFinder(std::span<const Breakpoint> breakpoints);

    /// The breakpoint that stops at the position, or null. It depends on nothing but what happened up to the position
    /// and what comes next, so that both directions find the same.
    const Breakpoint* at(const Evaluation& evaluation, Position position);
    /// Adds what stops in the rounds of the block.
    void add_stops_of_round(const Graph& graph, const runtime::EventBlock& block, RoundStops& stops);

  private:
    struct InGraph {
        std::size_t size = 0;      ///< of the graph when it was asked
        std::vector<NodeId> named; ///< by breakpoint: the op that it names
    };
    std::span<const NodeId> named_in(const Graph& graph);
    /// What is at a tick of the recording.
    struct Seen {
        std::uint64_t ticks = UINT64_MAX;
        std::optional<RecordedOp> op;
    };
    static void look(const record::Recording& recording, std::uint64_t ticks, Seen& seen);
    const RecordedOp* op_behind(const record::Recording& recording, Position position);
    std::pair<RunId, NodeId> op_ahead(const Evaluation& evaluation, Position position);

    std::span<const Breakpoint> breakpoints_;
    std::vector<InGraph> graphs_; ///< by graph
    bool wants_ahead_ = false, wants_behind_ = false;
    bool has_variables_ = false, has_others_ = false; ///< others than of ops, tensors and variables
    Seen behind_, ahead_;                             ///< last: whoever goes on asks again for what was ahead
};

/// The nearest position after (or before) `position` at which a watchpoint on a variable stops.
std::optional<Position> next_access(const Evaluation& evaluation, std::span<const Breakpoint> breakpoints,
                                    Position position, bool forward);

/// The value that the node's output had last at the position, in any run of its graph; empty: none.
Tensor last_output(const record::Recording& recording, GraphId graph, Output output, Position position);

/// Just before the first event of the moment; nullopt when there is none in what was recorded so far.
std::optional<Position> find_moment(const Evaluation& evaluation, const Moment& moment);

} // namespace rnnscope::debug
