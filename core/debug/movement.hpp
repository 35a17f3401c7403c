#pragma once

#include "core/debug/debugger.hpp"
#include "core/debug/evaluation.hpp"

#include <chrono>
#include <span>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

/// One movement of the position, performed piece by piece. Every granularity is a set of positions at which it stops;
/// forwards and backwards look for the nearest one, so they meet at the same places.
class Movement {
  public:
    enum class Goal { granular, run_on, finish, position };

    static Movement by(Evaluation& evaluation, Position origin, Granularity granularity, bool forward);
    static Movement run_on(Evaluation& evaluation, Position origin, bool forward);
    /// To the end or the next error, past all breakpoints.
    static Movement finish(Evaluation& evaluation, Position origin);
    static Movement to(Position origin, Position target);

    /// Moves `position`; true when the movement is over, and `reason` then tells why it ended here.
    bool pump(Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position& position, StopReason& reason,
              std::chrono::steady_clock::time_point deadline);

  private:
    Movement() = default;
    bool step(Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position& position, StopReason& reason);
    bool step_forward(Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position& position,
                      StopReason& reason);
    bool step_back(Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position& position,
                   StopReason& reason) const;
    bool stops_at_every_op() const;
    bool reach(Evaluation& evaluation, Position position);
    Position passed(const Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position position);
    const std::vector<std::uint32_t>& looked_at(const Evaluation& evaluation, std::span<const Breakpoint> breakpoints,
                                                RunId run, const record::EventPiece& block);
    bool stops_at(Evaluation& evaluation, Position position) const;
    bool stops_at_statement(const program::Step& step) const;

    Goal goal_ = Goal::granular;
    Granularity granularity_ = Granularity::op;
    bool forward_ = true;
    Position target_;
    bool in_run_ = false; ///< the origin is inside a run
    int depth_ = 0, call_depth_ = 0;
    Pace pace_;
    bool evaluated_much_ = false; ///< since the clock was read
    /// Of one block: the visits of a round at which breakpoints can stop.
    struct BlockLook {
        const runtime::EventBlock* block = nullptr;
        std::vector<std::uint32_t> offsets;
    };
    BlockLook look_;
};

/// Would a breakpoint stop between two ops of these names? `before` is "" where no op of the run is before.
bool stops_between(const Breakpoint& breakpoint, std::string_view before, std::string_view name);
/// Is the position just before something that an enabled breakpoint names?
bool hits_breakpoint(const Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position position);

} // namespace rnnscope::debug
