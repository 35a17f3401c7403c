#include "core/debug/answer.hpp"
#include "core/debug/poison.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::debug {

namespace {

constexpr std::size_t most_rows = 12;

std::string so_many(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

const Graph& graph_of_run(const Debugger& debugger, RunId run) {
    return debugger.evaluator().graph(debugger.recording().run(run).info.graph);
}

/// With the line of its run.
Happening with_line(const Debugger& debugger, Happening happening) {
    const record::RecordedStep& step = debugger.recording().step(debugger.recording().run(happening.run).info.step);
    happening.statement = step.step.statement;
    return happening;
}

void say_op(AnswerRow& row, const Debugger& debugger, RunId run, NodeId node, AnswerColumn column) {
    if (node.valid())
        row.name(graph_of_run(debugger, run), node, column);
    else
        row.say("a fetch", column);
}

std::string share_text(std::int64_t poisoned, std::int64_t elements, const Shape& shape) {
    if (poisoned == 0) return fmt::format("clean, {}", to_python(shape));
    if (poisoned == elements) return fmt::format("all {} of {}", elements, to_python(shape));
    return fmt::format("{} of {} of {}", poisoned, elements, to_python(shape));
}

/// An entry of a list: the terminal shows the first of them.
AnswerRow& list_entry(Answer& answer, std::size_t i, AnswerRow::Mark mark) {
    AnswerRow& row = answer.add(AnswerRow::Kind::entry, mark);
    row.indent = 1;
    if (i >= most_rows) row.shown = AnswerRow::Shown::in_window;
    return row;
}

void say_more(Answer& answer, std::size_t count) {
    if (count > most_rows)
        answer.sentence(fmt::format("  and {} more", count - most_rows)).shown = AnswerRow::Shown::in_terminal;
}

AnswerRow& list_head(Answer& answer, std::string text) {
    return answer.add(AnswerRow::Kind::heading).say(std::move(text));
}

void list_sources(Answer& answer, const Debugger& debugger, const PoisonReport& report, const Pause& pause) {
    list_head(answer, fmt::format("{} without a value {} read", so_many(report.sources.size(), "variable"),
                                  report.sources.size() == 1 ? "was" : "were"));
    for (std::size_t i = 0; i < report.sources.size(); ++i) {
        pause.here();
        const PoisonReport::Source& source = report.sources[i];
        AnswerRow& row = list_entry(answer, i, AnswerRow::Mark::uninitialized);
        row.glue("  x ").name(graph_of_run(debugger, source.read.run), source.name);
        row.glue(" ").say(to_python(source.shape), AnswerColumn::value).glue(", by ");
        say_op(row, debugger, source.read.run, source.read.node, AnswerColumn::by);
        row.glue(" (").place(debugger, with_line(debugger, source.read)).glue(")");
        if (source.times > 1) row.glue(", ").say(fmt::format("{} times", source.times), AnswerColumn::value);
    }
    say_more(answer, report.sources.size());
}

void list_variables(Answer& answer, const Debugger& debugger, const PoisonReport& report, const Pause& pause) {
    if (report.variables.empty()) {
        answer.sentence("no variable holds a poisoned value");
        return;
    }
    list_head(answer, fmt::format("{} {} a poisoned value", so_many(report.variables.size(), "variable"),
                                  report.variables.size() == 1 ? "holds" : "hold"));
    for (std::size_t i = 0; i < report.variables.size(); ++i) {
        pause.here();
        const PoisonReport::Variable& variable = report.variables[i];
        Happening write;
        write.run = variable.change.run;
        write.event = variable.change.event;
        write.after = {variable.change.tick + 1};
        AnswerRow& row = list_entry(answer, i, AnswerRow::Mark::poisoned);
        row.glue("  ^ ").name(graph_of_run(debugger, write.run), variable.name).glue(": ");
        row.say(share_text(variable.poisoned, variable.elements, variable.shape), AnswerColumn::value);
        row.glue(", written by ");
        say_op(row, debugger, write.run, variable.change.node, AnswerColumn::by);
        row.glue(" (").place(debugger, with_line(debugger, write)).glue(")");
    }
    say_more(answer, report.variables.size());
}

void list_ops(Answer& answer, const Debugger& debugger, const PoisonReport& report, const Pause& pause) {
    list_head(answer, fmt::format("{} poisoned, in {} of {}", so_many(report.ops, "op"), report.events,
                                  so_many(report.all_events, "event")));
    for (std::size_t i = 0; i < report.scopes.size(); ++i) {
        pause.here();
        const PoisonReport::Scope& scope = report.scopes[i];
        AnswerRow& row = list_entry(answer, i, AnswerRow::Mark::poisoned);
        row.glue("  ");
        AnswerPart part{scope.path.empty() ? "(no scope)" : scope.path};
        if (!scope.path.empty() && debugger.graph() != nullptr) {
            part.target.kind = Selection::Kind::scope;
            part.target.graph = debugger.current_graph();
            part.target.scope = scope.path;
        }
        row.parts.push_back(std::move(part));
        row.glue("  ").say(so_many(scope.ops, "op"), AnswerColumn::value);
        row.glue(", ").say(so_many(scope.events, "event"), AnswerColumn::value);
    }
    say_more(answer, report.scopes.size());
}

void list_loops(Answer& answer, const PoisonReport& report, const Pause& pause) {
    if (report.loops.empty()) {
        answer.sentence("no time step is poisoned");
        return;
    }
    list_head(answer, "time steps");
    for (std::size_t i = 0; i < report.loops.size(); ++i) {
        pause.here();
        const PoisonReport::Loop& loop = report.loops[i];
        AnswerRow& row = list_entry(answer, i, AnswerRow::Mark::poisoned);
        row.glue("  ").say(loop.frame);
        row.glue(", run ").say(fmt::format("{}", loop.run.index() + 1), AnswerColumn::run);
        row.glue(": ").say(fmt::format("{} of {}, from t={} to t={}", loop.time_steps, loop.of, loop.first, loop.last),
                           AnswerColumn::value);
    }
    say_more(answer, report.loops.size());
}

void list_fetches(Answer& answer, const Debugger& debugger, const PoisonReport& report, const Pause& pause) {
    if (report.fetches.empty()) {
        answer.sentence("nothing was fetched");
        return;
    }
    list_head(answer, "fetches");
    for (std::size_t i = 0; i < report.fetches.size(); ++i) {
        pause.here();
        const PoisonReport::Fetch& fetch = report.fetches[i];
        const bool is_poisoned = fetch.poisoned > 0;
        AnswerRow& row = list_entry(answer, i, is_poisoned ? AnswerRow::Mark::poisoned : AnswerRow::Mark::none);
        row.glue(is_poisoned ? "  ^ " : "    ").name(graph_of_run(debugger, fetch.run), fetch.name).glue(": ");
        row.say(share_text(fetch.poisoned, fetch.elements, fetch.shape), AnswerColumn::value).glue(" (");
        row.run_place(debugger, fetch.run, fetch.after).glue(")");
    }
    say_more(answer, report.fetches.size());
}

void list_happenings(Answer& answer, const Debugger& debugger, const std::vector<Happening>& all,
                     std::string_view title, AnswerRow::Mark mark, const Pause& pause) {
    if (all.empty()) return;
    list_head(answer, std::string(title));
    for (std::size_t i = 0; i < all.size(); ++i) {
        pause.here();
        AnswerRow& row = list_entry(answer, i, mark);
        row.glue("  ");
        say_op(row, debugger, all[i].run, all[i].node, AnswerColumn::what);
        row.glue(" (").place(debugger, with_line(debugger, all[i])).glue(")");
    }
    say_more(answer, all.size());
}

void list_refusals(Answer& answer, const PoisonReport& report) {
    for (const std::string& variable : report.refused)
        answer
            .sentence(fmt::format("a run ended at {}: its shape is not known, so that nothing can stand in its place",
                                  variable))
            .mark = AnswerRow::Mark::fails;
}

/// Why nothing can be said of poison; "" when it can.
std::string_view no_poison(const Debugger& debugger) {
    if (!debugger.recording_file().empty() && !debugger.poisons())
        return "this recording holds no poison: open its program, and let it go on past missing values";
    if (!debugger.poisons()) return "runs stop at missing values; poison.on lets them go on, and marks what they reach";
    if (debugger.poison() == nullptr) return "poison is followed in the program as it is, not in what-ifs";
    return {};
}

} // namespace

Answer answer_poison(const Debugger& debugger, const Pause& pause) {
    Answer answer = new_answer(debugger, "Poison", "");
    if (const std::string_view reason = no_poison(debugger); !reason.empty()) {
        answer.sentence(std::string(reason));
        return answer;
    }
    const PoisonReport report = poison_report(debugger, pause);
    if (report.sources.empty()) {
        list_refusals(answer, report);
        if (debugger.poison()->is_complete())
            answer.sentence("no run has read a missing value at this position");
        else if (debugger.evaluation().was_opened())
            answer.sentence("what the recording says about missing values cannot be read");
        else
            answer.sentence("no run is known to have read a missing value, but one could not be followed to its end");
        return answer;
    }
    list_sources(answer, debugger, report, pause);
    list_refusals(answer, report);
    list_variables(answer, debugger, report, pause);
    list_ops(answer, debugger, report, pause);
    list_loops(answer, report, pause);
    list_happenings(answer, debugger, report.decisions, "a poisoned value decided what runs", AnswerRow::Mark::poisoned,
                    pause);
    list_happenings(answer, debugger, report.failures, "failed on poisoned values", AnswerRow::Mark::fails, pause);
    list_fetches(answer, debugger, report, pause);
    if (!debugger.poison()->is_complete()) answer.sentence("a run could not be followed to its end: there may be more");
    return answer;
}

} // namespace rnnscope::debug
