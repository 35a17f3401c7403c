#include "core/debug/stops.hpp"

#include "core/debug/value_health.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace rnnscope::debug {

namespace {

using record::EventNumbers;
using record::HistoryEntry;
using record::Recording;

bool is_in_scope(std::string_view name, std::string_view scope) {
    return scope.empty() || name == scope ||
           (name.size() > scope.size() && name.starts_with(scope) && name[scope.size()] == '/');
}

/// Does it stop after an op, by its values?
bool stops_after(const Breakpoint& breakpoint) {
    return !breakpoint.condition.always() || breakpoint.kind == Breakpoint::Kind::tensor;
}

/// Would it stop between two ops? `before` is invalid where no op of the run is before.
bool stops_between(const Breakpoint& breakpoint, NodeId named, const Graph& graph, NodeId before, NodeId node) {
    if (stops_after(breakpoint) || !node.valid()) return false;
    if (breakpoint.kind == Breakpoint::Kind::op) return node == named;
    // A scope is stopped at where it is entered, not at each of its ops.
    return breakpoint.kind == Breakpoint::Kind::scope && is_in_scope(graph.node(node).name, breakpoint.name) &&
           !is_in_scope(before.valid() ? std::string_view(graph.node(before).name) : "", breakpoint.name);
}

/// Does it look at what the op gives?
bool looks_at(const Breakpoint& breakpoint, NodeId named, const Graph& graph, NodeId node) {
    if (!stops_after(breakpoint) || !node.valid()) return false;
    if (breakpoint.kind == Breakpoint::Kind::scope) return is_in_scope(graph.node(node).name, breakpoint.name);
    return node == named;
}

/// "a:1" means output 1, "a" all of them.
std::optional<std::size_t> output_of(std::string_view tensor) {
    const std::size_t colon = tensor.rfind(':');
    std::size_t index = 0;
    if (colon == std::string_view::npos) return std::nullopt;
    std::from_chars(tensor.data() + colon + 1, tensor.data() + tensor.size(), index);
    return index;
}

/// The output in the time step before: of the last event of the node in the same frame.
Tensor in_step_before(const Recording& recording, const RecordedOp& now, std::size_t output) {
    const EventNumbers events = recording.events_of(now.run, now.visit.node);
    for (std::size_t i = events.lower_bound(now.event); i-- > 0;) {
        const record::RecordedVisit visit = recording.visit(now.run, events[i]);
        if (visit.frame == now.visit.frame) return recording.output(now.run, events[i], output);
    }
    return {};
}

bool value_stops(const Recording& recording, const Graph& graph, const Breakpoint& breakpoint, const RecordedOp& now) {
    if (now.visit.dead || now.visit.failed) return false;
    const std::optional<std::size_t> only = output_of(breakpoint.name);
    const bool is_watch = breakpoint.kind == Breakpoint::Kind::tensor;
    for (std::size_t i = 0; i < graph.node(now.visit.node).outputs.size(); ++i) {
        if (only && *only != i) continue;
        Watched watched{recording.output(now.run, now.event, i), {}, false};
        if (!watched.value) continue;
        if (is_watch) {
            const Position before{recording.tick_of(now.run, now.event)};
            const Tensor last = last_output(recording, graph.id(), {now.visit.node, static_cast<int>(i)}, before);
            if (!last || last.identical(watched.value)) continue;
        }
        if (breakpoint.condition.kind == Condition::Kind::changed) watched.previous = in_step_before(recording, now, i);
        if (breakpoint.condition.kind == Condition::Kind::saturated)
            watched.is_sigmoid = gate_range(graph, now.visit.node) == GateRange::sigmoid;
        if (fulfils(watched, breakpoint.condition)) return true;
    }
    return false;
}

bool statement_stops(const Evaluation& evaluation, const Breakpoint& breakpoint, Position position) {
    const Ahead ahead = evaluation.ahead(position);
    if (ahead.kind != Ahead::Kind::statement || ahead.statement != breakpoint.statement) return false;
    if (breakpoint.condition.always()) return true;
    const Recording& recording = evaluation.recording();
    for (std::size_t i = 0; i < evaluation.evaluator().graph_count(); ++i) {
        const Graph& graph = evaluation.evaluator().graph(GraphId(i));
        const Variable* variable = graph.variable_of(graph.find(breakpoint.name));
        const Result<Output> output = graph.find_tensor(breakpoint.name);
        Watched watched;
        for (std::size_t s = 0; variable != nullptr && s < recording.sessions() && !watched.value; ++s)
            if (recording.graph_of(SessionId(s)) == graph.id())
                watched.value = recording.value_at(SessionId(s), record::storage_name(graph, *variable), position);
        if (variable == nullptr && output) watched.value = last_output(recording, graph.id(), *output, position);
        if (output) watched.is_sigmoid = gate_range(graph, output->node) == GateRange::sigmoid;
        if (fulfils(watched, breakpoint.condition)) return true;
    }
    return false;
}

bool is_watched(const Breakpoint& breakpoint, const HistoryEntry& entry) {
    const bool writes = entry.kind == HistoryEntry::Kind::write;
    if (entry.kind == HistoryEntry::Kind::declared) return false;
    if (breakpoint.access != Breakpoint::Access::any && (breakpoint.access == Breakpoint::Access::write) != writes)
        return false;
    return fulfils({entry.value, {}, false}, breakpoint.condition);
}

/// The histories of the variable in all sessions that have it.
std::vector<std::span<const HistoryEntry>> histories(const Evaluation& evaluation, std::string_view name) {
    const Recording& recording = evaluation.recording();
    std::vector<std::span<const HistoryEntry>> found;
    for (std::size_t i = 0; i < recording.sessions(); ++i) {
        const Graph& graph = evaluation.evaluator().graph(recording.graph_of(SessionId(i)));
        if (const Variable* variable = graph.variable_of(graph.find(name)))
            found.push_back(recording.history(SessionId(i), record::storage_name(graph, *variable)));
    }
    return found;
}

bool access_stops(const Evaluation& evaluation, const Breakpoint& breakpoint, Position position) {
    if (position.ticks == 0) return false;
    for (const auto history : histories(evaluation, breakpoint.name)) {
        auto entry = std::ranges::lower_bound(history, position.ticks - 1, {}, &HistoryEntry::tick);
        for (; entry != history.end() && entry->tick == position.ticks - 1; ++entry)
            if (is_watched(breakpoint, *entry)) return true;
    }
    return false;
}

} // namespace

std::string to_text(const Breakpoint& breakpoint, const program::Program& program) {
    using Kind = Breakpoint::Kind;
    static constexpr std::string_view accesses[] = {"writes of ", "reads of ", "accesses of "};
    std::string text = breakpoint.name;
    if (breakpoint.kind == Kind::statement)
        text = fmt::format("line {}", program.statement(breakpoint.statement).where.python_line);
    if (breakpoint.kind == Kind::tensor) text = "changes of " + breakpoint.name;
    if (breakpoint.kind == Kind::variable)
        text = std::string(accesses[static_cast<std::size_t>(breakpoint.access)]) + breakpoint.name;
    if (breakpoint.kind == Kind::scope && breakpoint.name.empty()) text = "any op";
    if (breakpoint.condition.always()) return text;
    const bool names = breakpoint.kind == Kind::statement;
    return fmt::format("{} if {}{}", text, names ? breakpoint.name + " " : "", to_text(breakpoint.condition));
}

StopFinder::StopFinder(std::span<const Breakpoint> breakpoints) : breakpoints_(breakpoints) {
    using Kind = Breakpoint::Kind;
    for (const Breakpoint& b : breakpoints) {
        if (!b.enabled) continue;
        has_variables_ = has_variables_ || b.kind == Kind::variable;
        has_others_ = has_others_ || b.kind == Kind::statement || b.kind == Kind::scope;
        if (b.kind == Kind::statement) continue;
        const bool before = (b.kind == Kind::op || b.kind == Kind::scope) && !stops_after(b);
        wants_ahead_ = wants_ahead_ || before;
        wants_behind_ = wants_behind_ || !before || b.kind == Kind::scope;
    }
}

std::span<const NodeId> StopFinder::named_in(const Graph& graph) {
    if (graphs_.size() <= graph.id().index()) graphs_.resize(graph.id().index() + 1);
    InGraph& in_graph = graphs_[graph.id().index()];
    if (in_graph.size == graph.size()) return in_graph.named;
    in_graph = {graph.size(), std::vector<NodeId>(breakpoints_.size())};
    for (std::size_t i = 0; i < breakpoints_.size(); ++i) {
        const Breakpoint& b = breakpoints_[i];
        if (b.kind != Breakpoint::Kind::op && b.kind != Breakpoint::Kind::tensor) continue;
        // By its values an op is stopped after for one output, too: "a:1".
        const std::string_view name = b.name;
        in_graph.named[i] = graph.find(stops_after(b) ? name.substr(0, name.find(':')) : name);
    }
    return in_graph.named;
}

void StopFinder::look(const Recording& recording, std::uint64_t ticks, Seen& seen) {
    if (seen.ticks == ticks) return;
    const record::Tick tick = recording.tick(ticks);
    seen.ticks = ticks;
    seen.op.reset();
    if (tick.kind == record::TickKind::event)
        seen.op = RecordedOp{tick.run, tick.event, recording.visit(tick.run, tick.event)};
}

const RecordedOp* StopFinder::op_behind(const Recording& recording, Position position) {
    if (!wants_behind_ || position.ticks == 0) return nullptr;
    if (ahead_.ticks == position.ticks - 1) std::swap(ahead_, behind_);
    look(recording, position.ticks - 1, behind_);
    return behind_.op ? &*behind_.op : nullptr;
}

std::pair<RunId, NodeId> StopFinder::op_ahead(const Evaluation& evaluation, Position position) {
    if (!wants_ahead_) return {};
    if (position >= evaluation.recording().end()) return evaluation.op_behind_end();
    look(evaluation.recording(), position.ticks, ahead_);
    return ahead_.op ? std::pair(ahead_.op->run, ahead_.op->visit.node) : std::pair<RunId, NodeId>();
}

const Breakpoint* StopFinder::at(const Evaluation& evaluation, Position position) {
    if (breakpoints_.empty()) return nullptr;
    const Recording& recording = evaluation.recording();
    const RecordedOp* const now = op_behind(recording, position);
    const auto [run_ahead, next] = op_ahead(evaluation, position);
    // Between the ops of two runs are their ends: where there is one on either side, they are of the same.
    const RunId run = now != nullptr ? now->run : run_ahead;
    const NodeId last = now != nullptr ? now->visit.node : NodeId();
    const Graph* graph = run.valid() ? &evaluation.evaluator().graph(recording.run(run).info.graph) : nullptr;
    const std::span<const NodeId> named = graph != nullptr ? named_in(*graph) : std::span<const NodeId>();
    // Most ops have nothing to do with any breakpoint, and access no variable: that is known without looking further.
    const bool may_access = has_variables_ && (now == nullptr || now->visit.may_access_variables);
    const auto is_here = [&, ahead = next](NodeId node) { return node == last || node == ahead; };
    if (!has_others_ && !may_access && std::none_of(named.begin(), named.end(), is_here)) return nullptr;
    for (std::size_t i = 0; i < breakpoints_.size(); ++i) {
        const Breakpoint& breakpoint = breakpoints_[i];
        if (!breakpoint.enabled) continue;
        if (breakpoint.kind == Breakpoint::Kind::statement) {
            if (statement_stops(evaluation, breakpoint, position)) return &breakpoint;
        } else if (breakpoint.kind == Breakpoint::Kind::variable) {
            if (may_access && access_stops(evaluation, breakpoint, position)) return &breakpoint;
        } else if (graph != nullptr) {
            if (stops_between(breakpoint, named[i], *graph, last, next)) return &breakpoint;
            if (looks_at(breakpoint, named[i], *graph, last) && value_stops(recording, *graph, breakpoint, *now))
                return &breakpoint;
        }
    }
    return nullptr;
}

void StopFinder::add_stops_of_round(const Graph& graph, const runtime::EventBlock& block, RoundStops& stops) {
    const auto visits = block.visits();
    const std::span<const NodeId> named = named_in(graph);
    for (std::uint32_t i = 0; i < visits.size(); ++i) {
        const auto last = static_cast<std::uint32_t>((i + visits.size() - 1) % visits.size());
        bool stops_here = false, stops_if_unfinite = false;
        for (std::size_t k = 0; k < breakpoints_.size(); ++k) {
            const Breakpoint& breakpoint = breakpoints_[k];
            if (!breakpoint.enabled) continue;
            if (stops_between(breakpoint, named[k], graph, visits[last].node, visits[i].node))
                stops_here = true;
            else if (looks_at(breakpoint, named[k], graph, visits[last].node))
                (breakpoint.condition.wants_unfinite() ? stops_if_unfinite : stops_here) = true;
        }
        if (stops_here) stops.offsets.push_back(i);
        if (stops_if_unfinite) stops.after_unfinite.push_back(last);
    }
    std::ranges::sort(stops.offsets);
    std::ranges::sort(stops.after_unfinite);
}

std::optional<Position> next_access(const Evaluation& evaluation, std::span<const Breakpoint> breakpoints,
                                    Position position, bool forward) {
    std::optional<Position> nearest;
    for (const Breakpoint& breakpoint : breakpoints) {
        if (!breakpoint.enabled || breakpoint.kind != Breakpoint::Kind::variable) continue;
        for (const auto history : histories(evaluation, breakpoint.name)) {
            // The entry of tick t stops at position t + 1.
            auto entry = std::ranges::lower_bound(history, position.ticks - (forward ? 0 : 1), {}, &HistoryEntry::tick);
            std::optional<Position> found;
            for (; forward && entry != history.end() && !found; ++entry)
                if (is_watched(breakpoint, *entry)) found = Position{entry->tick + 1};
            while (!forward && entry != history.begin() && !found)
                if (is_watched(breakpoint, *--entry)) found = Position{entry->tick + 1};
            if (found && (!nearest || (forward ? *found < *nearest : *found > *nearest))) nearest = found;
        }
    }
    return nearest;
}

Tensor last_output(const Recording& recording, GraphId graph, Output output, Position position) {
    const auto runs = recording.runs();
    for (std::size_t i = runs.size(); i-- > 0;) {
        if (runs[i].info.graph != graph || runs[i].first_tick >= position.ticks) continue;
        const RunId run = runs[i].info.id;
        const EventNumbers events = recording.events_of(run, output.node);
        for (std::size_t k = events.lower_bound(recording.events_at(run, position)); k-- > 0;)
            if (Tensor value = recording.output(run, events[k], static_cast<std::size_t>(output.index))) return value;
    }
    return {};
}

std::optional<Position> find_moment(const Evaluation& evaluation, const Moment& moment) {
    const Recording& recording = evaluation.recording();
    if (moment.run.index() >= recording.runs().size()) return std::nullopt;
    const bool is_time_step = moment.op.empty() && moment.iteration;
    if (moment.op.empty() && !is_time_step) return Position{recording.run(moment.run).first_tick + 1};
    const Graph& graph = evaluation.evaluator().graph(recording.run(moment.run).info.graph);
    const NodeId node = graph.find(moment.op);
    if (!is_time_step && !node.valid()) return std::nullopt;
    for (const std::uint32_t event :
         is_time_step ? recording.time_steps_of(moment.run) : recording.events_of(moment.run, node)) {
        const record::RecordedVisit visit = recording.visit(moment.run, event);
        if (is_time_step && visit.frame == 0) continue;
        if (!moment.iteration || visit.iteration == *moment.iteration)
            return Position{recording.tick_of(moment.run, event)};
    }
    return std::nullopt;
}

} // namespace rnnscope::debug
