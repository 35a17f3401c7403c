#include "core/debug/movement.hpp"
#include "core/debug/stops.hpp"

#include <algorithm>
#include <utility>

namespace rnnscope::debug {

namespace {

constexpr int pieces_between_looks = 16; // reading the clock costs as much as a small op

StopReason reason_of(const Breakpoint& breakpoint) {
    return breakpoint.is_watchpoint() ? StopReason::watchpoint : StopReason::breakpoint;
}

} // namespace

Movement Movement::by(Evaluation& evaluation, Position origin, Granularity granularity, bool forward) {
    Movement movement;
    movement.granularity_ = granularity;
    movement.forward_ = forward;
    const bool needs_depth = granularity == Granularity::statement_over || granularity == Granularity::statement_out;
    if (needs_depth && forward) evaluation.reach(origin);
    const Ahead ahead = evaluation.ahead(origin);
    movement.in_run_ = ahead.kind == Ahead::Kind::event || ahead.kind == Ahead::Kind::run_end;
    if (ahead.step.valid()) {
        const program::Step& step = evaluation.recording().step(ahead.step).step;
        movement.depth_ = step.depth;
        movement.call_depth_ = step.call_depth;
    }
    return movement;
}

Movement Movement::run_on(Evaluation& evaluation, Position origin, bool forward) {
    Movement movement = by(evaluation, origin, Granularity::op, forward);
    movement.goal_ = Goal::run_on;
    return movement;
}

Movement Movement::finish(Evaluation& evaluation, Position origin) {
    Movement movement = run_on(evaluation, origin, true);
    movement.goal_ = Goal::finish;
    return movement;
}

Movement Movement::run_to(Evaluation& evaluation, Position origin, Breakpoint target, bool forward) {
    Movement movement = run_on(evaluation, origin, forward);
    movement.target_breakpoint_.push_back(std::move(target));
    return movement;
}

Movement Movement::seek(Evaluation& evaluation, Position origin, Sought sought, bool forward) {
    Movement movement = run_on(evaluation, origin, forward);
    movement.goal_ = Goal::finish;
    movement.heeds_passed_ = true;
    movement.only_uninitialized_ = sought == Sought::uninitialized_read;
    return movement;
}

Movement Movement::to(Moment moment) {
    Movement movement;
    movement.goal_ = Goal::moment;
    movement.moment_ = std::move(moment);
    return movement;
}

Movement Movement::to(Position origin, Position target) {
    Movement movement;
    movement.goal_ = Goal::position;
    movement.forward_ = target > origin;
    movement.target_ = target;
    return movement;
}

bool Movement::stops_at_statement(const program::Step& step) const {
    switch (granularity_) {
    case Granularity::statement_over:
        return step.call_depth <= call_depth_;
    case Granularity::statement_out:
        if (in_run_) return step.call_depth <= call_depth_;
        return call_depth_ > 0 ? step.call_depth < call_depth_ : step.depth < depth_;
    case Granularity::run:
        return false;
    default:
        return true;
    }
}

bool Movement::stops_at(Evaluation& evaluation, Position position) const {
    const record::Recording& recording = evaluation.recording();
    if (granularity_ == Granularity::run)
        return position.ticks > 0 && recording.tick(position.ticks - 1).kind == record::TickKind::run_end;

    const bool inside_runs = granularity_ == Granularity::op || granularity_ == Granularity::time_step;
    const bool needs_tick = granularity_ == Granularity::time_step || granularity_ == Granularity::statement_over ||
                            granularity_ == Granularity::statement_out;
    if (needs_tick) evaluation.reach(position);
    const Ahead ahead = evaluation.ahead(position);
    switch (ahead.kind) {
    case Ahead::Kind::statement:
        return !ahead.step.valid() || stops_at_statement(recording.step(ahead.step).step);
    case Ahead::Kind::event:
        if (granularity_ == Granularity::time_step) return recording.time_steps_of(ahead.run).contains(ahead.event);
        if (granularity_ == Granularity::statement_into) return in_run_ || ahead.event == 0;
        return inside_runs;
    default:
        return false;
    }
}

/// Does this movement go through runs op by op?
bool Movement::stops_at_every_op() const {
    return goal_ == Goal::granular &&
           (granularity_ == Granularity::op || (granularity_ == Granularity::statement_into && in_run_));
}

/// As Evaluation::reach. Whoever goes far evaluates many events at once: the recording may then be ahead of the
/// position, but the stops are the same.
bool Movement::reach(Evaluation& evaluation, Position position) {
    const bool goes_step_by_step = stops_at_every_op() || granularity_ == Granularity::time_step;
    const std::uint64_t before = evaluation.recording().end().ticks;
    const bool reached = evaluation.reach(position, goal_ == Goal::granular && goes_step_by_step ? 1 : pace_.most());
    if (evaluation.recording().end().ticks > before + pieces_between_looks) evaluated_much_ = true;
    return reached;
}

/// Where in the rounds of a block breakpoints can stop. What is before the block they do not tell: its first event is
/// always looked at.
const RoundStops& Movement::looked_at(const Evaluation& evaluation, RunId run, const record::EventPiece& piece) {
    if (look_.run == run && look_.first == piece.first) return look_.stops;
    look_ = {run, piece.first, {}};
    if (!heeds_breakpoints()) return look_.stops;
    const Graph& graph = evaluation.evaluator().graph(evaluation.recording().run(run).info.graph);
    finder_.add_stops_of_round(graph, *piece.block, look_.stops);
    target_finder_.add_stops_of_round(graph, *piece.block, look_.stops);
    return look_.stops;
}

/// The next event of the block, in the direction of the movement, before which a breakpoint could stop: its end, or its
/// first, when none could.
std::uint32_t Movement::next_look(const record::EventPiece& piece, const RoundStops& stops, std::uint32_t event) const {
    const std::uint32_t offset = piece.offset(event), round = event - offset;
    const std::vector<std::uint32_t>& offsets = stops.offsets;
    std::uint32_t next = forward_ ? piece.end() : piece.first;
    if (forward_) {
        const auto here = std::ranges::upper_bound(offsets, offset);
        if (here != offsets.end())
            next = std::min(next, round + *here);
        else if (!offsets.empty())
            next = std::min(next, round + piece.visits + offsets.front());
    } else {
        const auto here = std::ranges::lower_bound(offsets, offset);
        if (here != offsets.begin())
            next = std::max(next, round + *std::prev(here));
        else if (!offsets.empty() && round > piece.first)
            next = std::max(next, round - piece.visits + offsets.back());
    }
    if (stops.after_unfinite.empty()) return next;
    // A breakpoint that looks at values stops after the event that gave them.
    const std::uint64_t at = event - piece.first, none = piece.block->events();
    // All of them are looked at in fewer places: what one passes on to another shows there.
    const std::span<const std::uint32_t> only = 2 * stops.after_unfinite.size() < piece.visits
                                                    ? std::span(stops.after_unfinite)
                                                    : std::span<const std::uint32_t>();
    const std::uint64_t unfinite = forward_ ? piece.block->next_unfinite(at, only)
                                            : piece.block->last_unfinite(std::max<std::uint64_t>(at, 1) - 1, only);
    if (unfinite == none) return next;
    const auto after = static_cast<std::uint32_t>(piece.first + unfinite + 1);
    return forward_ ? std::min(next, after) : std::max(next, after);
}

/// From a position that does not stop, the farthest one up to which none does as far as the rounds of its block tell:
/// `position` itself outside of blocks.
Position Movement::passed(const Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position position) {
    const record::Recording& recording = evaluation.recording();
    if (stops_at_every_op() || goal_ == Goal::position || goal_ == Goal::moment || position >= recording.end())
        return position;
    const record::Tick tick = recording.tick(position.ticks);
    if (tick.kind != record::TickKind::event) return position;
    const record::EventPiece& piece = recording.piece_of(tick.run, tick.event);
    if (piece.block == nullptr || (!forward_ && tick.event == piece.first)) return position;
    std::uint32_t next = next_look(piece, looked_at(evaluation, tick.run, piece), tick.event);
    const std::optional<Position> access = next_access_stop(evaluation, breakpoints, position);
    const bool by_time = goal_ == Goal::granular && granularity_ == Granularity::time_step;
    const record::EventNumbers times = by_time ? recording.time_steps_of(tick.run) : record::EventNumbers();
    if (forward_) {
        const std::size_t time = times.lower_bound(tick.event + 1);
        if (time < times.size()) next = std::min(next, times[time]);
        const Position stop{position.ticks + (next - tick.event)};
        return {(access ? std::min(*access, stop) : stop).ticks - 1};
    }
    const std::size_t time = times.lower_bound(tick.event);
    if (time > 0) next = std::max(next, times[time - 1]);
    const Position stop{position.ticks - (tick.event - next)};
    return {(access ? std::max(*access, stop) : stop).ticks + 1};
}

/// Of watchpoints on variables, where this movement heeds them.
std::optional<Position> Movement::next_access_stop(const Evaluation& evaluation,
                                                   std::span<const Breakpoint> breakpoints, Position position) const {
    if (!heeds_breakpoints()) return std::nullopt;
    const std::optional<Position> a = next_access(evaluation, breakpoints, position, forward_);
    const std::optional<Position> b = next_access(evaluation, target_breakpoint_, position, forward_);
    if (!a || !b) return a ? a : b;
    return forward_ ? std::min(*a, *b) : std::max(*a, *b);
}

bool Movement::heeds_breakpoints() const {
    return goal_ == Goal::run_on || (goal_ == Goal::granular && forward_);
}

/// The breakpoint that this movement stops at here, or null.
const Breakpoint* Movement::breakpoint_at(const Evaluation& evaluation, Position position) {
    if (!heeds_breakpoints()) return nullptr;
    if (const Breakpoint* found = finder_.at(evaluation, position)) return found;
    return target_finder_.at(evaluation, position);
}

/// Does it stop at errors such as the one at this position?
const record::RecordedError* Movement::error_at(const Evaluation& evaluation, Position position) const {
    const record::RecordedError* error = evaluation.error_stop(position);
    if (error == nullptr || (error->passed && !heeds_passed_)) return nullptr;
    return only_uninitialized_ && !evaluation.is_uninitialized_read(*error) ? nullptr : error;
}

bool Movement::step_forward(Evaluation& evaluation, Position& position, StopReason& reason) {
    if (!reach(evaluation, position)) {
        reason = evaluation.evaluator().error()                         ? StopReason::error
                 : evaluation.was_opened() && !evaluation.is_finished() ? StopReason::recording_end
                                                                        : StopReason::finished;
        return true;
    }
    ++position.ticks;
    if (goal_ == Goal::position) {
        reason = StopReason::step;
        position = std::max(position, std::min(target_, evaluation.recording().end()));
        return position >= target_;
    }
    if (const record::RecordedError* error = error_at(evaluation, position)) {
        reason = evaluation.is_uninitialized_read(*error) ? StopReason::uninitialized_read : StopReason::error;
        return true;
    }
    if (const Breakpoint* breakpoint = breakpoint_at(evaluation, position)) {
        reason = reason_of(*breakpoint);
        return true;
    }
    if (goal_ == Goal::granular && stops_at(evaluation, position)) {
        reason = StopReason::step;
        return true;
    }
    return false;
}

bool Movement::step_back(Evaluation& evaluation, Position& position, StopReason& reason) {
    reason = StopReason::step;
    if (goal_ == Goal::position) return position = std::min(position, target_), true;
    if (position.ticks == 0) return true;
    --position.ticks;
    if (position.ticks == 0) return true;
    if (goal_ == Goal::granular) return stops_at(evaluation, position);
    if (const record::RecordedError* error = error_at(evaluation, position)) {
        reason = evaluation.is_uninitialized_read(*error) ? StopReason::uninitialized_read : StopReason::error;
        return true;
    }
    const Breakpoint* breakpoint = breakpoint_at(evaluation, position);
    if (breakpoint != nullptr) reason = reason_of(*breakpoint);
    return breakpoint != nullptr;
}

/// The position stays until the moment is there.
bool Movement::step_to_moment(Evaluation& evaluation, Position& position, StopReason& reason) {
    const auto runs = evaluation.recording().runs();
    const std::uint64_t end = evaluation.recording().end().ticks;
    const bool is_over =
        evaluation.evaluator().done() || (moment_.run.index() < runs.size() && runs[moment_.run.index()].done);
    // Asking takes as long as the run is: it is asked when there is much more of it, or all.
    if (is_over || end >= ask_at_) {
        ask_at_ = end + end / 2;
        if (const std::optional<Position> found = find_moment(evaluation, moment_)) {
            position = *found;
            reason = StopReason::step;
            return true;
        }
    }
    reason = StopReason::not_found;
    return is_over || !reach(evaluation, {end});
}

bool Movement::step(Evaluation& evaluation, Position& position, StopReason& reason) {
    if (goal_ == Goal::moment) return step_to_moment(evaluation, position, reason);
    return forward_ ? step_forward(evaluation, position, reason) : step_back(evaluation, position, reason);
}

bool Movement::pump(Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position& position,
                    StopReason& reason, std::chrono::steady_clock::time_point deadline) {
    look_ = {}; // the breakpoints may be others
    finder_ = StopFinder(breakpoints);
    target_finder_ = StopFinder(target_breakpoint_);
    for (int piece = 1;; ++piece) {
        if (step(evaluation, position, reason)) return true;
        position = passed(evaluation, breakpoints, position);
        const bool was_long = std::exchange(evaluated_much_, false);
        const bool over =
            (was_long || piece % pieces_between_looks == 0) && std::chrono::steady_clock::now() >= deadline;
        if (was_long) pace_.learn(!over);
        if (over) return false;
    }
}

} // namespace rnnscope::debug
