#include "core/debug/questions.hpp"

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace rnnscope::debug {

namespace {

using record::EventNumbers;
using record::HistoryEntry;
using record::RecordedVisit;
using record::Recording;

bool is_one_of(std::string_view op, std::initializer_list<std::string_view> ops) {
    return std::ranges::find(ops, op) != ops.end();
}
bool is_switch(std::string_view op) {
    return op == "Switch" || op == "RefSwitch";
}
bool is_enter(std::string_view op) {
    return op == "Enter" || op == "RefEnter";
}
bool is_exit(std::string_view op) {
    return op == "Exit" || op == "RefExit";
}
bool is_next_iteration(std::string_view op) {
    return op == "NextIteration" || op == "RefNextIteration";
}
bool is_copy(std::string_view op) {
    return is_switch(op) || is_enter(op) || is_exit(op) || is_next_iteration(op) ||
           is_one_of(op, {"Identity", "RefIdentity", "Merge", "RefMerge", "StopGradient", "PreventGradient", "Snapshot",
                          "LoopCond"});
}
bool is_variable_op(std::string_view op) {
    return is_one_of(op, {"VariableV2", "Variable", "VarHandleOp", "TemporaryVariable"});
}
bool is_random(std::string_view op) {
    return op.starts_with("Random") ||
           is_one_of(op, {"TruncatedNormal", "Multinomial", "ParameterizedTruncatedNormal"});
}

/// Follows the edges of one run from event to event.
class Slicer {
  public:
    Slicer(const Debugger& debugger, RunId run, bool forward, std::size_t most, const Pause& pause)
        : recording_(debugger.recording()), run_(recording_.run(run)),
          graph_(debugger.evaluator().graph(run_.info.graph)), forward_(forward), most_(most), pause_(pause) {
        for (const runtime::FrameInfo& frame : run_.frames) frames_.emplace(frame.id, frame);
    }

    /// `only`: the output that the answer is about, of forward slices.
    Slice slice(std::uint32_t event, std::optional<int> only) {
        slice_.start = entry(SliceEntry::Kind::op, event);
        visited_.insert(event);
        look_at({event, true, 0}, only);
        while (!todo_.empty()) {
            pause_.here();
            const Item item = todo_.front();
            todo_.pop_front();
            look_at(item, std::nullopt);
        }
        visited_.erase(event);
        slice_.ops = visited_.size();
        std::set<std::pair<std::uint32_t, std::int64_t>> steps;
        for (const std::uint32_t seen : visited_) {
            pause_.here();
            if (const RecordedVisit visit = recording_.visit(run_.info.id, seen); visit.frame != 0)
                steps.emplace(visit.frame, visit.iteration);
        }
        slice_.time_steps = static_cast<std::int64_t>(steps.size());
        std::ranges::stable_sort(slice_.ends, {}, [](const SliceEntry& end) { return std::pair(end.kind, end.after); });
        return std::move(slice_);
    }

  private:
    struct Item {
        std::uint32_t event = 0;
        bool is_near = false; ///< nothing but copies are between it and the start
        std::size_t copies = 0;
    };

    void look_at(const Item& item, std::optional<int> only) {
        const RecordedVisit visit = recording_.visit(run_.info.id, item.event);
        if (!visit.node.valid()) return;
        if (forward_)
            look_forward(item, visit, only);
        else
            look_back(item, visit);
    }

    // --- backwards ---------------------------------------------------------------------------------------------------
    void look_back(const Item& item, const RecordedVisit& visit) {
        const Node& node = graph_.node(visit.node);
        for_each_access(item.event, [&](const record::RecordedAccess& access) {
            if (!access.write) add_last_write(access.variable, item.event);
        });
        if (item.event != slice_.start.event || !slice_.start.node.valid()) {
            if (is_random(node.op)) return add_end(entry(SliceEntry::Kind::random, item.event));
            if (node.op.starts_with("Restore")) return add_end(entry(SliceEntry::Kind::restored, item.event));
        }
        if (node.inputs.empty() && !is_variable_op(node.op))
            return add_end(entry(SliceEntry::Kind::constant, item.event));
        const std::size_t values = is_switch(node.op) ? 1 : node.inputs.size(); // what decides is no source
        for (std::size_t i = 0; i < values; ++i) {
            const Output source = node.inputs[i];
            const std::optional<std::uint32_t> producer = producer_of(item.event, visit, source.node);
            if (producer)
                follow(item, *producer);
            else if (is_fed(source))
                add_feed(source);
        }
    }

    std::optional<std::uint32_t> producer_of(std::uint32_t consumer, const RecordedVisit& at, NodeId producer) const {
        const Node& node = graph_.node(producer);
        const EventNumbers events = recording_.events_of(run_.info.id, producer);
        const auto* constant = node.attr<bool>("is_constant");
        for (std::size_t i = events.lower_bound(consumer); i-- > 0;) {
            pause_.here();
            const RecordedVisit visit = recording_.visit(run_.info.id, events[i]);
            bool fits = visit.frame == at.frame && visit.iteration == at.iteration;
            if (is_enter(node.op))
                fits = (at.iteration == 0 || (constant != nullptr && *constant)) && is_inside(at.frame, visit);
            if (is_exit(node.op)) fits = is_inside(visit.frame, at);
            if (is_next_iteration(node.op)) fits = visit.frame == at.frame && visit.iteration + 1 == at.iteration;
            if (fits && !visit.dead) return events[i];
        }
        return std::nullopt;
    }

    /// Was the frame opened from where `outer` is?
    bool is_inside(std::uint32_t frame, const RecordedVisit& outer) const {
        const auto found = frames_.find(frame);
        return frame != 0 && found != frames_.end() && found->second.parent == outer.frame &&
               found->second.parent_iteration == outer.iteration;
    }

    bool is_fed(Output output) const {
        return std::ranges::find(run_.info.request.feeds, output, &runtime::RunRequest::Feed::output) !=
               run_.info.request.feeds.end();
    }

    void add_feed(Output output) {
        SliceEntry end = entry(SliceEntry::Kind::feed, 0);
        end.node = output.node;
        end.name = graph_.tensor_name(output);
        end.iteration = -1;
        end.after = {run_.first_tick + 1};
        add_end(std::move(end));
    }

    void add_last_write(const std::string& variable, std::uint32_t event) {
        const auto history = recording_.history(run_.info.session, variable);
        const std::uint64_t tick = recording_.tick_of(run_.info.id, event);
        auto before = std::ranges::lower_bound(history, tick, {}, &HistoryEntry::tick);
        while (before != history.begin())
            if ((--before)->kind == HistoryEntry::Kind::write) return add_write(variable, *before);
    }

    void add_write(const std::string& variable, const HistoryEntry& write) {
        SliceEntry end;
        end.kind = SliceEntry::Kind::variable;
        end.name = variable;
        end.after = {write.tick + 1};
        end.session = run_.info.session;
        end.statement = recording_.step(recording_.tick(write.tick).step).step.statement;
        end.run = write.run;
        end.event = write.event;
        end.node = write.node;
        add_end(std::move(end));
    }

    // --- forwards ----------------------------------------------------------------------------------------------------
    void look_forward(const Item& item, const RecordedVisit& visit, std::optional<int> only) {
        const Node& node = graph_.node(visit.node);
        const bool is_start = item.event == slice_.start.event;
        bool writes = false;
        for_each_access(item.event, [&](const record::RecordedAccess& access) {
            if (!access.write || is_start) return;
            writes = true;
            SliceEntry end = entry(SliceEntry::Kind::variable, item.event);
            end.name = access.variable;
            add_end(std::move(end));
        });
        if (writes) return;
        add_fetches(visit, only);
        const auto readers = graph_.consumers(visit.node);
        for (const NodeId reader : readers) {
            const Node& consumer = graph_.node(reader);
            const std::size_t values = is_switch(consumer.op) ? 1 : consumer.inputs.size();
            bool uses = false;
            for (std::size_t i = 0; i < values; ++i)
                uses |= consumer.inputs[i].node == visit.node && (!only || consumer.inputs[i].index == *only);
            if (uses) follow_consumers(item, visit, node, reader);
        }
    }

    void follow_consumers(const Item& item, const RecordedVisit& from, const Node& producer, NodeId reader) {
        const EventNumbers events = recording_.events_of(run_.info.id, reader);
        const auto* constant = producer.attr<bool>("is_constant");
        const bool to_all = is_enter(producer.op) && constant != nullptr && *constant;
        for (std::size_t i = events.lower_bound(item.event); i < events.size() && slice_.is_complete; ++i) {
            pause_.here();
            const RecordedVisit visit = recording_.visit(run_.info.id, events[i]);
            bool fits = visit.frame == from.frame && visit.iteration == from.iteration;
            if (is_enter(producer.op)) fits = (to_all || visit.iteration == 0) && is_inside(visit.frame, from);
            if (is_exit(producer.op)) fits = is_inside(from.frame, visit);
            if (is_next_iteration(producer.op))
                fits = visit.frame == from.frame && visit.iteration == from.iteration + 1;
            if (!fits || visit.dead) continue;
            follow(item, events[i]);
            if (!to_all) return;
        }
    }

    void add_fetches(const RecordedVisit& visit, std::optional<int> only) {
        // An Exit is visited inside of the loop that it leaves.
        const bool leaves = is_exit(graph_.node(visit.node).op) && frames_.contains(visit.frame);
        if ((leaves ? frames_.at(visit.frame).parent : visit.frame) != 0) return;
        for (const Output fetch : run_.info.request.fetches) {
            if (fetch.node != visit.node || (only && fetch.index != *only)) continue;
            SliceEntry end = entry(SliceEntry::Kind::fetch, 0);
            end.node = fetch.node;
            end.name = graph_.tensor_name(fetch);
            end.iteration = -1;
            end.after = {run_.last_tick};
            add_end(std::move(end));
        }
    }

    // --- both --------------------------------------------------------------------------------------------------------
    void follow(const Item& from, std::uint32_t event) {
        if (visited_.contains(event)) return;
        if (visited_.size() >= most_) {
            slice_.is_complete = false;
            return;
        }
        visited_.insert(event);
        const NodeId id = recording_.visit(run_.info.id, event).node;
        const bool copies = is_copy(graph_.node(id).op);
        if (from.is_near && !copies && !is_variable_op(graph_.node(id).op)) {
            slice_.nearest.push_back(entry(SliceEntry::Kind::op, event));
            slice_.nearest.back().copies = from.copies;
        }
        todo_.push_back({event, from.is_near && copies, from.copies + (copies ? 1 : 0)});
    }

    void add_end(SliceEntry end) {
        // A constant in a loop is one.
        const Position where = end.kind == SliceEntry::Kind::constant ? Position() : end.after;
        const auto [at, is_new] = ends_.emplace(std::tuple(end.kind, end.name, where), slice_.ends.size());
        if (is_new)
            slice_.ends.push_back(std::move(end));
        else
            ++slice_.ends[at->second].times;
    }

    SliceEntry entry(SliceEntry::Kind kind, std::uint32_t event) const {
        SliceEntry entry;
        const RecordedVisit visit = recording_.visit(run_.info.id, event);
        entry.kind = kind;
        entry.after = {recording_.tick_of(run_.info.id, event) + 1};
        entry.session = run_.info.session;
        entry.statement = recording_.step(run_.info.step).step.statement;
        entry.run = run_.info.id;
        entry.event = event;
        entry.node = visit.node;
        if (visit.frame != 0) entry.iteration = visit.iteration;
        if (visit.node.valid()) entry.name = graph_.node(visit.node).name;
        return entry;
    }

    template <class Look> void for_each_access(std::uint32_t event, Look&& look) const {
        const record::EventPiece& piece = recording_.piece_of(run_.info.id, event);
        if (piece.block != nullptr && !piece.block->visits()[piece.offset(event)].may_access_variables) return;
        for (const record::RecordedAccess& access : recording_.event(run_.info.id, event).accesses) look(access);
    }

    const Recording& recording_;
    const record::RecordedRun& run_;
    const Graph& graph_;
    bool forward_;
    std::size_t most_;
    const Pause& pause_;
    std::unordered_map<std::uint32_t, runtime::FrameInfo> frames_;
    Slice slice_;
    std::deque<Item> todo_;
    std::unordered_set<std::uint32_t> visited_;
    std::map<std::tuple<SliceEntry::Kind, std::string, Position>, std::size_t> ends_;
};

/// The newest event of the node before the position.
struct At {
    RunId run;
    std::uint32_t event = 0;
};
std::optional<At> newest_in_any_run(const Debugger& debugger, NodeId node, const Pause& pause) {
    const Recording& recording = debugger.recording();
    const auto runs = recording.runs();
    for (std::size_t i = runs.size(); i-- > 0;) {
        pause.here();
        if (runs[i].info.graph != debugger.current_graph() || runs[i].first_tick >= debugger.position().ticks) continue;
        const RunId run = runs[i].info.id;
        const EventNumbers events = recording.events_of(run, node);
        for (std::size_t k = events.lower_bound(recording.events_at(run, debugger.position())); k-- > 0;)
            if (!recording.visit(run, events[k]).dead) return At{run, events[k]};
    }
    return std::nullopt;
}

std::optional<HistoryEntry> newest_write(const Debugger& debugger, const Variable& variable) {
    const auto history =
        debugger.recording().history(debugger.current_session(), record::storage_name(*debugger.graph(), variable));
    for (std::size_t i = history.size(); i-- > 0;)
        if (history[i].kind == HistoryEntry::Kind::write && history[i].tick < debugger.position().ticks)
            return history[i];
    return std::nullopt;
}

Result<Slice> slice(const Debugger& debugger, Output output, bool forward, std::size_t most, const Pause& pause) {
    const Graph& graph = *debugger.graph();
    const Variable* variable = graph.variable_of(output.node);
    if (variable != nullptr && !forward) {
        const std::optional<HistoryEntry> write = newest_write(debugger, *variable);
        if (!write) return Error{"question.no-value", fmt::format("{} has no value at this position", variable->name)};
        if (!write->run.valid())
            return Error{"question.restored", fmt::format("{} was restored from a checkpoint without any op, at {}",
                                                          variable->name, write->tick + 1)};
        return Slicer(debugger, write->run, false, most, pause).slice(write->event, std::nullopt);
    }
    const NodeId node = variable != nullptr && variable->snapshot.valid() ? variable->snapshot.node : output.node;
    const std::optional<At> at = newest_in_any_run(debugger, node, pause);
    if (!at) return Error{"question.no-value", fmt::format("{} has not run at this position", graph.node(node).name)};
    return Slicer(debugger, at->run, forward, most, pause)
        .slice(at->event, forward ? std::optional(node == output.node ? output.index : 0) : std::nullopt);
}

} // namespace

Result<Slice> where_from(const Debugger& debugger, Output output, std::size_t most, const Pause& pause) {
    return slice(debugger, output, false, most, pause);
}
Result<Slice> where_to(const Debugger& debugger, Output output, std::size_t most, const Pause& pause) {
    return slice(debugger, output, true, most, pause);
}

} // namespace rnnscope::debug
