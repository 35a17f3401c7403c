#include "core/debug/movement.hpp"

#include <algorithm>
#include <utility>

namespace rnnscope::debug {

namespace {

constexpr int pieces_between_looks = 16; // reading the clock costs as much as a small op

bool is_in_scope(std::string_view name, std::string_view scope) {
    return name == scope || (name.size() > scope.size() && name.starts_with(scope) && name[scope.size()] == '/');
}

std::string_view name_of(const Evaluation& evaluation, const Ahead& ahead) {
    if (ahead.kind != Ahead::Kind::event || !ahead.node.valid()) return {};
    const GraphId graph = evaluation.recording().run(ahead.run).info.graph;
    return evaluation.evaluator().graph(graph).node(ahead.node).name;
}

/// Name of the op that ran just before the position in the same run; "" for none.
std::string_view name_before(const Evaluation& evaluation, const Ahead& ahead) {
    if (ahead.event == 0) return {};
    const NodeId node = evaluation.recording().visit(ahead.run, ahead.event - 1).node;
    if (!node.valid()) return {};
    return evaluation.evaluator().graph(evaluation.recording().run(ahead.run).info.graph).node(node).name;
}

} // namespace

bool stops_between(const Breakpoint& breakpoint, std::string_view before, std::string_view name) {
    if (breakpoint.kind == Breakpoint::Kind::op) return name == breakpoint.name;
    // A scope is stopped at where it is entered, not at each of its ops.
    return breakpoint.kind == Breakpoint::Kind::scope && is_in_scope(name, breakpoint.name) &&
           !is_in_scope(before, breakpoint.name);
}

bool hits_breakpoint(const Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position position) {
    if (breakpoints.empty()) return false;
    const Ahead ahead = evaluation.ahead(position);
    return std::ranges::any_of(breakpoints, [&](const Breakpoint& breakpoint) {
        if (!breakpoint.enabled) return false;
        if (breakpoint.kind == Breakpoint::Kind::statement)
            return ahead.kind == Ahead::Kind::statement && ahead.statement == breakpoint.statement;
        return ahead.kind == Ahead::Kind::event &&
               stops_between(breakpoint, name_before(evaluation, ahead), name_of(evaluation, ahead));
    });
}

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

/// The visits of a block's round at which breakpoints can stop, and whether the block was entered with one is not
/// asked here: the first event of a block is always looked at.
const std::vector<std::uint32_t>& Movement::looked_at(const Evaluation& evaluation,
                                                      std::span<const Breakpoint> breakpoints, RunId run,
                                                      const record::EventPiece& piece) {
    if (look_.block == piece.block) return look_.offsets;
    look_ = {piece.block, {}};
    if (goal_ == Goal::finish || (goal_ == Goal::granular && !forward_)) return look_.offsets;
    const Graph& graph = evaluation.evaluator().graph(evaluation.recording().run(run).info.graph);
    const auto visits = piece.block->visits();
    for (std::uint32_t i = 0; i < visits.size(); ++i) {
        const std::string_view before = graph.node(visits[(i + visits.size() - 1) % visits.size()].node).name;
        const std::string_view name = graph.node(visits[i].node).name;
        if (std::ranges::any_of(breakpoints, [&](const Breakpoint& breakpoint) {
                return breakpoint.enabled && stops_between(breakpoint, before, name);
            }))
            look_.offsets.push_back(i);
    }
    return look_.offsets;
}

/// From a position that does not stop, the farthest one up to which none does as far as the rounds of its block tell:
/// `position` itself outside of blocks.
Position Movement::passed(const Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position position) {
    const record::Recording& recording = evaluation.recording();
    if (stops_at_every_op() || goal_ == Goal::position || position >= recording.end()) return position;
    const record::Tick tick = recording.tick(position.ticks);
    if (tick.kind != record::TickKind::event) return position;
    const record::EventPiece& piece = recording.piece_of(tick.run, tick.event);
    if (piece.block == nullptr) return position;
    const std::vector<std::uint32_t>& offsets = looked_at(evaluation, breakpoints, tick.run, piece);
    const std::uint32_t offset = piece.offset(tick.event), round = tick.event - offset;
    const bool by_time = goal_ == Goal::granular && granularity_ == Granularity::time_step;
    const record::EventNumbers times = by_time ? recording.time_steps_of(tick.run) : record::EventNumbers();
    if (forward_) {
        std::uint32_t next = piece.end();
        const auto here = std::ranges::upper_bound(offsets, offset);
        if (here != offsets.end())
            next = std::min(next, round + *here);
        else if (!offsets.empty())
            next = std::min(next, round + piece.visits + offsets.front());
        const std::size_t time = times.lower_bound(tick.event + 1);
        if (time < times.size()) next = std::min(next, times[time]);
        return {position.ticks + (next - tick.event) - 1};
    }
    if (tick.event == piece.first) return position;
    std::uint32_t next = piece.first;
    const auto here = std::ranges::lower_bound(offsets, offset);
    if (here != offsets.begin())
        next = std::max(next, round + *std::prev(here));
    else if (!offsets.empty() && round > piece.first)
        next = std::max(next, round - piece.visits + offsets.back());
    const std::size_t time = times.lower_bound(tick.event);
    if (time > 0) next = std::max(next, times[time - 1]);
    return {position.ticks - (tick.event - next) + 1};
}

bool Movement::step_forward(Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position& position,
                            StopReason& reason) {
    if (!reach(evaluation, position)) {
        reason = evaluation.evaluator().error() ? StopReason::error : StopReason::finished;
        return true;
    }
    ++position.ticks;
    if (goal_ == Goal::position) {
        reason = StopReason::step;
        position = std::max(position, std::min(target_, evaluation.recording().end()));
        return position >= target_;
    }
    if (const record::RecordedError* error = evaluation.error_stop(position)) {
        reason = evaluation.is_uninitialized_read(*error) ? StopReason::uninitialized_read : StopReason::error;
        return true;
    }
    if (goal_ != Goal::finish && hits_breakpoint(evaluation, breakpoints, position)) {
        reason = StopReason::breakpoint;
        return true;
    }
    if (goal_ == Goal::granular && stops_at(evaluation, position)) {
        reason = StopReason::step;
        return true;
    }
    return false;
}

bool Movement::step_back(Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position& position,
                         StopReason& reason) const {
    reason = StopReason::step;
    if (goal_ == Goal::position) return position = std::min(position, target_), true;
    if (position.ticks == 0) return true;
    --position.ticks;
    if (position.ticks == 0) return true;
    if (goal_ == Goal::granular) return stops_at(evaluation, position);
    if (const record::RecordedError* error = evaluation.error_stop(position)) {
        reason = evaluation.is_uninitialized_read(*error) ? StopReason::uninitialized_read : StopReason::error;
        return true;
    }
    if (!hits_breakpoint(evaluation, breakpoints, position)) return false;
    reason = StopReason::breakpoint;
    return true;
}

bool Movement::step(Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position& position,
                    StopReason& reason) {
    return forward_ ? step_forward(evaluation, breakpoints, position, reason)
                    : step_back(evaluation, breakpoints, position, reason);
}

bool Movement::pump(Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position& position,
                    StopReason& reason, std::chrono::steady_clock::time_point deadline) {
    look_ = {}; // the breakpoints may be others
    for (int piece = 1;; ++piece) {
        if (step(evaluation, breakpoints, position, reason)) return true;
        position = passed(evaluation, breakpoints, position);
        const bool was_long = std::exchange(evaluated_much_, false);
        const bool over =
            (was_long || piece % pieces_between_looks == 0) && std::chrono::steady_clock::now() >= deadline;
        if (was_long) pace_.learn(!over);
        if (over) return false;
    }
}

} // namespace rnnscope::debug
