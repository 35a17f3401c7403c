#include "core/debug/questions.hpp"

#include "core/debug/poison.hpp"

#include <algorithm>
#include <cmath>

namespace rnnscope::debug {

namespace {

using record::HistoryEntry;
using record::Recording;

AccessEntry entry_of(const Recording& recording, SessionId session, const HistoryEntry& from) {
    AccessEntry entry;
    entry.after = {from.tick + 1};
    entry.session = session;
    if (from.tick < recording.end().ticks)
        entry.statement = recording.step(recording.tick(from.tick).step).step.statement;
    entry.run = from.run;
    entry.event = from.event;
    entry.node = from.node;
    if (from.run.valid())
        if (const record::RecordedVisit visit = recording.visit(from.run, from.event); visit.frame != 0)
            entry.iteration = visit.iteration;
    entry.kind = from.kind;
    entry.state = from.state;
    entry.value = from.value;
    return entry;
}

bool is_right(const Tensor& value, const std::optional<Condition>& condition) {
    if (condition) return fulfils({value, {}, false}, *condition);
    Condition bad;
    bad.kind = Condition::Kind::not_finite;
    return !fulfils({value, {}, false}, bad);
}

/// Looks at values from the newest to the oldest.
class RightFinder {
  public:
    explicit RightFinder(const std::optional<Condition>& condition) : condition_(condition) {}
    /// True when the search is over.
    bool look(const Tensor& value, const Happening& happening) {
        ++found_.values;
        if (is_right(value, condition_)) return found_.right = happening, true;
        found_.wrong = happening;
        return false;
    }
    LastRight take() { return std::move(found_); }

  private:
    const std::optional<Condition>& condition_;
    LastRight found_;
};

} // namespace

std::vector<HistoryEntry> history_of(const Debugger& debugger, SessionId session, const Variable& variable) {
    const Graph& graph = debugger.evaluator().graph(debugger.recording().graph_of(session));
    const std::string storage = record::storage_name(graph, variable);
    const auto recorded = debugger.recording().history(session, storage);
    std::vector<HistoryEntry> entries(recorded.begin(), recorded.end());
    if (debugger.poison() == nullptr) return entries;
    for (HistoryEntry& entry : entries) {
        const bool has_value = entry.kind == HistoryEntry::Kind::write || entry.kind == HistoryEntry::Kind::read;
        if (has_value && debugger.poison()->variable_at(session, storage, {entry.tick + 1}).any())
            entry.state = record::InitState::poisoned;
    }
    return entries;
}

std::vector<AccessEntry> accesses_of(const Debugger& debugger, const Variable& variable) {
    const Recording& recording = debugger.recording();
    const Graph& graph = *debugger.graph();
    std::vector<AccessEntry> entries;
    for (std::size_t i = 0; i < recording.sessions(); ++i) {
        const SessionId session(i);
        if (recording.graph_of(session) != graph.id()) continue;
        for (const HistoryEntry& from : history_of(debugger, session, variable))
            entries.push_back(entry_of(recording, session, from));
    }
    std::ranges::stable_sort(entries, {}, &AccessEntry::after);
    return entries;
}

Initialization initialization_of(const Debugger& debugger, const Variable& variable) {
    Initialization answer;
    for (AccessEntry& entry : accesses_of(debugger, variable)) {
        if (entry.kind != HistoryEntry::Kind::write || entry.after > debugger.position()) continue;
        if (entry.session != debugger.current_session()) {
            answer.is_elsewhere = true;
            continue;
        }
        if (!answer.first) answer.first = entry;
        answer.last = std::move(entry);
    }
    return answer;
}

LastRight last_right(const Debugger& debugger, Output output, const std::optional<Condition>& condition,
                     const Pause& pause) {
    const Recording& recording = debugger.recording();
    RightFinder finder(condition);
    if (const Variable* variable = debugger.graph()->variable_of(output.node)) {
        const std::vector<AccessEntry> entries = accesses_of(debugger, *variable);
        for (std::size_t i = entries.size(); i-- > 0;) {
            pause.here();
            const bool counts = entries[i].kind == HistoryEntry::Kind::write &&
                                entries[i].session == debugger.current_session() &&
                                entries[i].after <= debugger.position();
            if (counts && finder.look(entries[i].value, entries[i])) break;
        }
        return finder.take();
    }
    const auto runs = recording.runs();
    for (std::size_t i = runs.size(); i-- > 0;) {
        const record::RecordedRun& run = runs[i];
        if (run.info.graph != debugger.current_graph() || run.first_tick >= debugger.position().ticks) continue;
        const record::EventNumbers events = recording.events_of(run.info.id, output.node);
        for (std::size_t k = events.lower_bound(recording.events_at(run.info.id, debugger.position())); k-- > 0;) {
            pause.here();
            const Tensor value = recording.output(run.info.id, events[k], static_cast<std::size_t>(output.index));
            if (!value) continue;
            const record::RecordedVisit visit = recording.visit(run.info.id, events[k]);
            Happening happening;
            happening.after = {recording.tick_of(run.info.id, events[k]) + 1};
            happening.session = run.info.session;
            happening.statement = recording.step(run.info.step).step.statement;
            happening.run = run.info.id;
            happening.event = events[k];
            happening.node = output.node;
            if (visit.frame != 0) happening.iteration = visit.iteration;
            if (finder.look(value, happening)) return finder.take();
        }
    }
    return finder.take();
}

} // namespace rnnscope::debug
