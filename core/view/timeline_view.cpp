#include "core/view/timeline_view.hpp"

#include "core/debug/questions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace rnnscope::view {

using debug::Debugger;
using record::HistoryEntry;

namespace {

class TimelineBuilder {
  public:
    explicit TimelineBuilder(const Debugger& debugger) : debugger_(debugger), recording_(debugger.recording()) {}

    TimelineView build() {
        view_.end = recording_.end().ticks;
        view_.now = debugger_.position().ticks;
        add_statements();
        add_runs();
        choose_run();
        if (view_.run.valid()) add_events();
        add_lanes();
        add_bookmarks();
        add_flag();
        return std::move(view_);
    }

  private:
    BoxTone tone_of(StatementId statement) const {
        for (const debug::Diagnosis& diagnosis : debugger_.diagnoses()) {
            if (diagnosis.failed_at == statement) return BoxTone::failed;
            if (diagnosis.fix_at == statement) return BoxTone::to_change;
        }
        return BoxTone::plain;
    }

    void add_statements() {
        StatementId last;
        for (const record::RecordedStep& step : recording_.steps()) {
            const StatementId statement = step.step.statement;
            if (!statement.valid()) continue;
            last = statement;
            if (!view_.statements.empty()) {
                TimelineBox& before = view_.statements.back();
                if (before.last >= step.first_tick && step.first_tick > before.first)
                    before.last = step.first_tick - 1; // a call: its body's statements follow one by one
                if (before.statement == statement) {
                    before.last = std::max(before.last, step.last_tick);
                    continue;
                }
            }
            view_.statements.push_back({fmt::format("{}", line_of(debugger_, statement)), step.first_tick,
                                        std::max(step.first_tick, step.last_tick), statement, step.run,
                                        tone_of(statement), true});
        }
        const auto& program = debugger_.program();
        for (const StatementId id : program.body)
            if (!last.valid() || id > last)
                view_.statements.push_back(
                    {fmt::format("{}", line_of(debugger_, id)), view_.end, view_.end, id, {}, tone_of(id), false});
    }

    void add_runs() {
        std::uint64_t from = 0;
        std::size_t nodes = 0;
        for (const record::RecordedStep& step : recording_.steps()) nodes = std::max(nodes, step.nodes_after);
        for (const record::RecordedRun& run : recording_.runs()) {
            if (run.first_tick > from + 1 || (from == 0 && run.first_tick > 0))
                view_.runs.push_back({from == 0 ? "building, " + count_text(nodes, "node") : std::string(),
                                      from,
                                      run.first_tick - 1,
                                      {},
                                      {},
                                      BoxTone::plain,
                                      true});
            TimelineBox box;
            box.label = fmt::format("{}", run.info.id.index() + 1);
            box.first = run.first_tick;
            box.last = std::max(run.first_tick, run.last_tick);
            box.run = run.info.id;
            if (run.outcome.error) box.tone = BoxTone::failed;
            view_.runs.push_back(std::move(box));
            from = view_.runs.back().last + 1;
        }
        if (from < view_.end)
            view_.runs.push_back({recording_.runs().empty() ? "building, " + count_text(nodes, "node") : "",
                                  from,
                                  view_.end - 1,
                                  {},
                                  {},
                                  BoxTone::plain,
                                  true});
    }

    void choose_run() {
        view_.run = debugger_.current_run();
        view_.inside = view_.run.valid();
        if (view_.inside) return;
        for (const record::RecordedRun& run : recording_.runs())
            if (run.first_tick < view_.now && recording_.event_count(run.info.id) > 0) view_.run = run.info.id;
    }

    void add_events() {
        const auto& run = recording_.run(view_.run);
        view_.events = recording_.event_count(view_.run);
        view_.planned = std::max(view_.events, run.done && !run.outcome.error ? view_.events : run.info.planned_nodes);
        for (const record::EventPiece& piece : recording_.pieces(view_.run)) {
            // The rounds of a block are alike: the first tells what comes out.
            const std::size_t begin = view_.heights.size();
            const std::uint32_t looked_at = piece.block != nullptr ? piece.visits : piece.count;
            for (std::uint32_t i = 0; i < looked_at; ++i) add_height(recording_.event(view_.run, piece.first + i));
            for (std::uint32_t i = looked_at; i < piece.count; ++i)
                view_.heights.push_back(view_.heights[begin + i % piece.visits]);
        }
        const float highest = view_.heights.empty() ? 0 : *std::ranges::max_element(view_.heights);
        if (highest > 0)
            for (float& height : view_.heights) height /= highest;
        if (view_.inside)
            view_.now_event = debugger_.current_event();
        else
            view_.now_event = static_cast<std::uint32_t>(view_.events);
        add_time_steps(run);
    }

    void add_height(const record::RecordedEvent& event) {
        double bytes = 0;
        for (const auto& value : event.outputs) bytes += static_cast<double>(value.tensor.byte_size());
        view_.heights.push_back(event.dead ? 0 : static_cast<float>(std::log2(1 + bytes) / 24));
        view_.failed = event.failed;
    }

    template <class Look> void for_each_visit(Look&& look) const {
        for (const record::EventPiece& piece : recording_.pieces(view_.run))
            if (piece.block == nullptr)
                for (std::uint32_t i = piece.first; i < piece.end(); ++i) look(i, recording_.visit(view_.run, i));
            else
                look_at_rounds(piece, look);
    }
    template <class Look> static void look_at_rounds(const record::EventPiece& piece, Look&& look) {
        record::RecordedVisit visit;
        visit.frame = piece.block->frame();
        for (std::uint32_t i = piece.first; i < piece.end(); ++i) {
            const runtime::BlockVisit& visited = piece.block->visits()[piece.offset(i)];
            visit.node = visited.node;
            visit.dead = visited.dead;
            visit.iteration = piece.block->iteration(i - piece.first);
            look(i, visit);
        }
    }

    /// The loop with the most iterations cuts the run into time steps.
    void add_time_steps(const record::RecordedRun& run) {
        std::map<std::uint32_t, std::int64_t> iterations; // by frame
        for_each_visit([&](std::uint32_t, const record::RecordedVisit& event) {
            if (event.frame != 0 && !event.dead)
                iterations[event.frame] = std::max(iterations[event.frame], event.iteration);
        });
        const auto main = std::ranges::max_element(iterations, {}, [](const auto& entry) { return entry.second; });
        if (main == iterations.end()) {
            if (view_.events > 0)
                view_.time_steps.push_back({"no loop reached", 0, static_cast<std::uint32_t>(view_.events - 1), true});
            if (view_.planned > view_.events && run.outcome.error)
                view_.time_steps.push_back({"not reached", static_cast<std::uint32_t>(view_.events),
                                            static_cast<std::uint32_t>(view_.planned - 1), false});
            return;
        }
        const std::uint32_t loop = main->first;
        std::int64_t current = -1; // -1: before the loop
        for_each_visit([&](std::uint32_t i, const record::RecordedVisit& event) {
            if (event.frame == loop && event.iteration > current && !event.dead) {
                current = event.iteration;
                if (current == 0 && i > 0) view_.time_steps.push_back({"before the loop", 0, i - 1, true});
                view_.time_steps.push_back({fmt::format("t = {}", current), i, i, true});
            } else if (!view_.time_steps.empty()) {
                view_.time_steps.back().last = i;
            }
        });
        // The last turn only asks the condition, which says no.
        if (run.done && !run.outcome.error && current > 0) view_.time_steps.back().label = "after";
    }

    void add_lanes() {
        const Graph* graph = debugger_.graph();
        if (!graph) return;
        const auto& selection = debugger_.selection();
        VariableId pinned;
        if (selection.kind == debug::Selection::Kind::variable) pinned = selection.variable;
        if (selection.kind == debug::Selection::Kind::node && selection.node.index() < graph->size()) {
            const NodeId node = selection.node;
            if (const Variable* variable = graph->variable_of(node))
                pinned = variable->id;
            else if (!graph->node(node).inputs.empty())
                if (const Variable* source = graph->variable_of(graph->node(node).inputs[0].node)) pinned = source->id;
        }
        if (!pinned.valid())
            if (const auto& error = debugger_.error_at_position(); error && !error->variable.empty())
                for (const Variable& variable : graph->variables())
                    if (variable.name == error->variable) pinned = variable.id;
        if (pinned.valid() && pinned.index() < graph->variables().size()) add_lane(graph->variable(pinned));
    }

    void add_lane(const Variable& variable) {
        PipLane lane;
        lane.path = variable.name;
        lane.name = std::string(last_segments(variable.name, 1));
        lane.variable = variable.id;
        const StatementId declared = debugger_.evaluator().statement_of(debugger_.graph()->node(variable.op));
        Pip first{Pip::Kind::declared, 0, StateMark::declared, false, 0, "declared"};
        if (declared.valid()) first.caption += ", " + line_text(debugger_, declared);
        for (const record::RecordedStep& step : recording_.steps())
            if (step.nodes_before <= variable.op.index() && variable.op.index() < step.nodes_after &&
                step.graph == debugger_.current_graph())
                first.tick = step.first_tick;
        lane.pips.push_back(std::move(first));
        if (const SessionId session = debugger_.current_session(); session.valid())
            for (const HistoryEntry& entry : debug::history_of(debugger_, session, variable))
                if (entry.kind != HistoryEntry::Kind::declared) lane.pips.push_back(make_pip(entry));
        view_.lanes.push_back(std::move(lane));
    }

    Pip make_pip(const HistoryEntry& entry) const {
        Pip pip;
        pip.tick = entry.tick;
        pip.in_run = entry.run == view_.run;
        pip.event = entry.event;
        const std::string where = line_text(debugger_, statement_of(debugger_, entry.run));
        switch (entry.kind) {
        case HistoryEntry::Kind::declared:
            break;
        case HistoryEntry::Kind::write:
            pip.kind = Pip::Kind::write;
            pip.caption = entry.run.valid() ? "written, " + where : "restored from a checkpoint";
            break;
        case HistoryEntry::Kind::read:
            pip.kind = Pip::Kind::read;
            pip.caption = "read, " + where;
            break;
        case HistoryEntry::Kind::uninitialized_read:
            pip.kind = Pip::Kind::uninitialized_read;
            pip.mark = StateMark::uninitialized;
            pip.caption = "read, " + where;
            return pip;
        }
        pip.mark = entry.state == record::InitState::restored      ? StateMark::restored
                   : entry.state == record::InitState::poisoned    ? StateMark::poisoned
                   : entry.state == record::InitState::initialized ? StateMark::initialized
                   : entry.state == record::InitState::updated     ? StateMark::updated
                                                                   : StateMark::declared;
        return pip;
    }

    void add_bookmarks() {
        for (const debug::Bookmark& bookmark : debugger_.bookmarks()) {
            if (recording_.end() < bookmark.at) break;
            TimelineView::Mark mark{bookmark.at.ticks, false, 0, bookmark.name};
            if (view_.run.valid()) {
                const std::uint64_t first = recording_.run(view_.run).first_tick + 1; // its start is a tick of its own
                mark.in_run = mark.tick >= first && mark.tick <= first + view_.events;
                if (mark.in_run) mark.event = static_cast<std::uint32_t>(mark.tick - first);
            }
            view_.bookmarks.push_back(std::move(mark));
        }
    }

    void add_flag() {
        if (view_.inside)
            view_.flag = fmt::format("event {}", grouped(view_.now_event));
        else if (debugger_.at_end())
            view_.flag = "end";
        else
            view_.flag = line_text(debugger_, debugger_.current_statement());
    }

    const Debugger& debugger_;
    const record::Recording& recording_;
    TimelineView view_;
};

} // namespace

TimelineView build_timeline(const Debugger& debugger) {
    return debugger.is_open() ? TimelineBuilder(debugger).build() : TimelineView{};
}

std::string to_text(const TimelineView& view) {
    const auto mark = [](BoxTone tone) {
        return tone == BoxTone::failed ? "x" : tone == BoxTone::to_change ? "!" : "";
    };
    std::string out = "statements";
    for (const TimelineBox& box : view.statements)
        out += fmt::format(fmt::runtime(box.reached ? " {}{}" : " ({}{})"), mark(box.tone), box.label);
    out += "\nruns";
    for (const TimelineBox& box : view.runs) out += fmt::format(" [{}{}]", mark(box.tone), box.label);
    out += "\nsteps";
    for (const EventBox& box : view.time_steps)
        out += fmt::format(fmt::runtime(box.reached ? " [{} {}-{}]" : " ({} {}-{})"), box.label, box.first, box.last);
    out += fmt::format("\nat {}, {} of {} events\n", view.flag, view.events, view.planned);
    for (const TimelineView::Mark& bookmark : view.bookmarks) {
        out += fmt::format("bookmark {} at {}", bookmark.name, bookmark.tick);
        out += bookmark.in_run ? fmt::format(", event {}\n", bookmark.event) : "\n";
    }
    for (const PipLane& lane : view.lanes) {
        out += lane.path + ":";
        for (const Pip& pip : lane.pips) out += fmt::format(" {} {};", glyph(pip.mark), pip.caption);
        out += "\n";
    }
    return out;
}

} // namespace rnnscope::view
