#include "core/debug/movement.hpp"

#include <algorithm>

namespace rnnscope::debug {

namespace {

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
    const NodeId node = evaluation.recording().event(ahead.run, ahead.event - 1).node;
    if (!node.valid()) return {};
    return evaluation.evaluator().graph(evaluation.recording().run(ahead.run).info.graph).node(node).name;
}

} // namespace

bool hits_breakpoint(const Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position position) {
    if (breakpoints.empty()) return false;
    const Ahead ahead = evaluation.ahead(position);
    return std::ranges::any_of(breakpoints, [&](const Breakpoint& breakpoint) {
        if (!breakpoint.enabled) return false;
        if (breakpoint.kind == Breakpoint::Kind::statement)
            return ahead.kind == Ahead::Kind::statement && ahead.statement == breakpoint.statement;
        if (ahead.kind != Ahead::Kind::event) return false;
        const std::string_view name = name_of(evaluation, ahead);
        if (breakpoint.kind == Breakpoint::Kind::op) return name == breakpoint.name;
        // A scope is stopped at where it is entered, not at each of its ops.
        return is_in_scope(name, breakpoint.name) && !is_in_scope(name_before(evaluation, ahead), breakpoint.name);
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
        if (granularity_ == Granularity::time_step)
            return std::ranges::binary_search(recording.time_steps_of(ahead.run), ahead.event);
        if (granularity_ == Granularity::statement_into) return in_run_ || ahead.event == 0;
        return inside_runs;
    default:
        return false;
    }
}

bool Movement::step_forward(Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position& position,
                            StopReason& reason) const {
    if (!evaluation.reach(position)) {
        reason = evaluation.evaluator().error() ? StopReason::error : StopReason::finished;
        return true;
    }
    ++position.ticks;
    if (goal_ == Goal::position) {
        reason = StopReason::step;
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
    if (position.ticks == 0) return true;
    --position.ticks;
    if (position.ticks == 0) return true;
    if (goal_ == Goal::position) return position <= target_;
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
                    StopReason& reason) const {
    return forward_ ? step_forward(evaluation, breakpoints, position, reason)
                    : step_back(evaluation, breakpoints, position, reason);
}

bool Movement::pump(Evaluation& evaluation, std::span<const Breakpoint> breakpoints, Position& position,
                    StopReason& reason, std::chrono::steady_clock::time_point deadline) const {
    constexpr int pieces_between_looks = 16; // reading the clock costs as much as a small op
    for (int piece = 1;; ++piece) {
        if (step(evaluation, breakpoints, position, reason)) return true;
        if (piece % pieces_between_looks == 0 && std::chrono::steady_clock::now() >= deadline) return false;
    }
}

} // namespace rnnscope::debug
