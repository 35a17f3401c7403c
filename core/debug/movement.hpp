#pragma once

#include "core/debug/debugger.hpp"
#include "core/debug/evaluation.hpp"
#include "core/debug/stops.hpp"

#include <chrono>
#include <span>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

/// One movement of the position, performed piece by piece. Every granularity is a set of positions at which it stops;
/// forwards and backwards look for the nearest one, so they meet at the same places.
class Movement {
  public:
    enum class Goal { granular, run_on, finish, position, moment };

    static Movement by(Evaluation& evaluation, Position origin, Granularity granularity, bool forward);
    static Movement run_on(Evaluation& evaluation, Position origin, bool forward);
    /// To the end or the next error, past all breakpoints.
    static Movement finish(Evaluation& evaluation, Position origin);
    static Movement to(Position origin, Position target);
    /// As run_on, and stops at `target`, too.
    static Movement run_to(Evaluation& evaluation, Position origin, Breakpoint target, bool forward);
    static Movement seek(Evaluation& evaluation, Position origin, Sought sought, bool forward);
    static Movement to(Moment moment);

    /// Moves `position`; true when the movement is over, and `reason` then tells why it ended here.
    bool pump(Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position& position, StopReason& reason,
              std::chrono::steady_clock::time_point deadline);

  private:
    Movement() = default;
    bool step(Evaluation& evaluation, Position& position, StopReason& reason);
    bool step_forward(Evaluation& evaluation, Position& position, StopReason& reason);
    bool step_back(Evaluation& evaluation, Position& position, StopReason& reason);
    bool stops_at_every_op() const;
    bool reach(Evaluation& evaluation, Position position);
    Position passed(const Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position position);
    const RoundStops& looked_at(const Evaluation& evaluation, RunId run, const record::EventPiece& block);
    std::uint32_t next_look(const record::EventPiece& block, const RoundStops& stops, std::uint32_t event) const;
    bool heeds_breakpoints() const;
    const Breakpoint* breakpoint_at(const Evaluation& evaluation, Position position);
    std::optional<Position> next_access_stop(const Evaluation& evaluation, std::span<const Breakpoint> breakpoints,
                                             Position position) const;
    const record::RecordedError* error_at(const Evaluation& evaluation, Position position) const;
    bool step_to_moment(Evaluation& evaluation, Position& position, StopReason& reason);
    bool stops_at(Evaluation& evaluation, Position position) const;
    bool stops_at_statement(const program::Step& step) const;

    Goal goal_ = Goal::granular;
    Granularity granularity_ = Granularity::op;
    bool forward_ = true;
    Position target_;
    bool in_run_ = false; ///< the origin is inside a run
    int depth_ = 0, call_depth_ = 0;
    bool only_uninitialized_ = false; ///< stops at no other errors
    bool heeds_passed_ = false;       ///< stops at errors that the run passed over, too
    std::vector<Breakpoint> target_breakpoint_;
    Moment moment_;
    std::uint64_t ask_at_ = 0; ///< end of the recording at which the moment is looked for next
    Pace pace_;
    bool evaluated_much_ = false; ///< since the clock was read
    struct BlockLook { ///< at one block: its run and first event; the block itself may be replaced by a thinner one
        RunId run;
        std::uint32_t first = 0;
        RoundStops stops;
    };
    BlockLook look_;
    StopFinder finder_, target_finder_; ///< of the breakpoints of this pump, and of target_breakpoint_
};

} // namespace rnnscope::debug
