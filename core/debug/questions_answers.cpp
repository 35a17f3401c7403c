#include "core/debug/answer.hpp"
#include "core/debug/questions.hpp"
#include "core/debug/selection_commands.hpp"
#include "core/debug/terminal_text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace rnnscope::debug {

namespace {

using record::HistoryEntry;

constexpr std::size_t most_lines = 12;         ///< in the terminal
constexpr std::size_t most_window_rows = 5000; ///< of a history

int code_line(const Debugger& debugger, StatementId statement) {
    return statement.valid() ? debugger.program().statement(statement).where.python_line : 0;
}

std::string count_of(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// What is asked about: what is named, or else selected.
Result<Output> asked(const Debugger& debugger, std::string_view name) {
    const Graph* graph = debugger.graph();
    if (graph == nullptr || debugger.visible_nodes() == 0)
        return Error{"command.nothing-built", "nothing was built yet"};
    if (!name.empty()) {
        const Result<Output> output = graph->find_tensor(name);
        if (output && output->node.index() < debugger.visible_nodes()) return *output;
        return no_such_name(*graph, name);
    }
    const Selection& selection = debugger.selection();
    const bool is_here = selection.graph == graph->id();
    if (is_here && selection.kind == Selection::Kind::node) return Output{selection.node, 0};
    if (is_here && selection.kind == Selection::Kind::variable)
        return Output{graph->variable(selection.variable).op, 0};
    return Error{"command.argument", "select an op or a variable, or name one"};
}

/// The variable, or the one whose value the op passes on.
Result<const Variable*> asked_variable(const Debugger& debugger, std::string_view name) {
    const Result<Output> output = asked(debugger, name);
    if (!output) return output.error();
    const Graph& graph = *debugger.graph();
    if (const Variable* variable = graph.variable_of(output->node)) return variable;
    const Node& node = graph.node(output->node);
    for (const Variable& variable : graph.variables())
        if (variable.initializer == node.id || (variable.snapshot.valid() && variable.snapshot.node == node.id))
            return &variable;
    return Error{"command.argument", fmt::format("{} is no variable", node.name)};
}

/// What a history tells: an access, or that an init op ran and left the variable out.
struct StoryEntry : AccessEntry {
    bool is_left_out = false; ///< by the init op `node`
};

std::string_view verb_of(const StoryEntry& entry) {
    if (entry.is_left_out) return "not written";
    switch (entry.kind) {
    case HistoryEntry::Kind::declared:
        return "declared";
    case HistoryEntry::Kind::read:
        return "read";
    case HistoryEntry::Kind::uninitialized_read:
        return "read too early";
    case HistoryEntry::Kind::write:
        break;
    }
    return record::init_state_name(entry.state);
}

/// Who did it. A run hands out a reference to a variable that it fetches, and no op reads it.
void say_who(AnswerRow& row, const Debugger& debugger, const Happening& happening, AnswerColumn column) {
    if (happening.node.valid())
        row.name(*debugger.graph(), happening.node, column);
    else if (happening.run.valid())
        row.say("the fetch", column);
    else
        row.say("a checkpoint", column);
}

AnswerRow::Mark access_mark(const AccessEntry& entry) {
    if (entry.kind == HistoryEntry::Kind::uninitialized_read) return AnswerRow::Mark::uninitialized;
    return entry.kind == HistoryEntry::Kind::read ? AnswerRow::Mark::none : debug::mark_of(entry.state);
}

/// A sentence about what a list leaves out, for the terminal.
void say_left_out(Answer& answer, std::string text) {
    answer.sentence(std::move(text)).shown = AnswerRow::Shown::in_terminal;
}

void list_end(Answer& answer, const Debugger& debugger, const SliceEntry& end, bool forward, AnswerRow::Shown shown) {
    static constexpr std::string_view words[] = {"op", "feed", "variable", "restored", "random", "constant", "fetch"};
    AnswerRow& row = answer.add(AnswerRow::Kind::entry);
    row.shown = shown;
    row.indent = 1;
    const std::string_view word = words[static_cast<std::size_t>(end.kind)];
    row.glue("  ").say(std::string(word), AnswerColumn::lead).glue(std::string(10 - word.size(), ' '));
    row.name(*debugger.graph(), end.name);
    if (end.kind == SliceEntry::Kind::variable) {
        if (const Variable* variable = debugger.graph()->variable_of(debugger.graph()->find(end.name)))
            row.mark = debug::mark_of(debugger.recording().state_at(end.session, *variable, end.after));
        row.glue(", written by ");
        say_who(row, debugger, end, AnswerColumn::by);
    }
    row.glue("  (");
    if (end.kind == SliceEntry::Kind::feed || end.kind == SliceEntry::Kind::fetch)
        row.run_place(debugger, end.run, end.after);
    else
        row.place(debugger, end);
    row.glue(")");
    if (end.times > 1)
        row.glue("  ").say(fmt::format("{} {} times", forward ? "reached" : "used", end.times), AnswerColumn::value);
}

void add_constants(Answer& answer, const Debugger& debugger, const std::vector<std::string>& constants,
                   const Pause& pause) {
    const std::size_t few = std::min<std::size_t>(constants.size(), 3);
    say_left_out(answer,
                 fmt::format("  {}: {}{}", count_of(constants.size(), "constant"),
                             fmt::join(constants.begin(), constants.begin() + static_cast<std::ptrdiff_t>(few), ", "),
                             few < constants.size() ? ", ..." : ""));
    for (const std::string& constant : constants) {
        pause.here();
        AnswerRow& row = answer.add(AnswerRow::Kind::entry);
        row.shown = AnswerRow::Shown::in_window;
        row.indent = 1;
        row.say("constant", AnswerColumn::lead).name(*debugger.graph(), constant);
    }
}

Answer answer_of_slice(const Debugger& debugger, const Slice& slice, Output about, bool forward, const Pause& pause) {
    Answer answer = new_answer(debugger, forward ? "Goes to" : "Comes from", debugger.graph()->node(about.node).name);
    AnswerRow& start = answer.add(AnswerRow::Kind::title);
    start.name(*debugger.graph(), slice.start.name).glue(" (").place(debugger, slice.start).glue(")");
    answer.add(AnswerRow::Kind::heading).say(forward ? "goes to" : "comes from");
    for (std::size_t i = 0; i < slice.nearest.size(); ++i) {
        pause.here();
        const SliceEntry& near = slice.nearest[i];
        AnswerRow& row = answer.add(AnswerRow::Kind::entry);
        row.indent = 1;
        if (i >= most_lines) row.shown = AnswerRow::Shown::in_window;
        row.glue("  ").name(*debugger.graph(), near.name).glue("  (").place(debugger, near).glue(")");
        if (near.copies > 0)
            row.glue("  ").say(fmt::format("through {} {}", near.copies, near.copies == 1 ? "copy" : "copies"),
                               AnswerColumn::value);
    }
    if (slice.nearest.size() > most_lines)
        say_left_out(answer, fmt::format("  and {} more", slice.nearest.size() - most_lines));
    if (slice.nearest.empty()) answer.sentence("  no op");
    std::string text = fmt::format("in all {}", count_of(slice.ops, "op"));
    if (slice.time_steps > 0)
        text += fmt::format(" in {}", count_of(static_cast<std::size_t>(slice.time_steps), "time step"));
    if (!slice.is_complete) text += ", and more that were not looked at";
    if (!slice.ends.empty()) text += forward ? ", up to" : ", back to";
    answer.add(AnswerRow::Kind::heading).say(std::move(text));
    std::vector<std::string> constants;
    std::size_t others = 0;
    for (const SliceEntry& end : slice.ends) {
        pause.here();
        if (end.kind == SliceEntry::Kind::constant)
            constants.push_back(end.name);
        else
            list_end(answer, debugger, end, forward,
                     others++ < most_lines ? AnswerRow::Shown::everywhere : AnswerRow::Shown::in_window);
    }
    if (others > most_lines) say_left_out(answer, fmt::format("  and {} more", others - most_lines));
    if (!constants.empty()) add_constants(answer, debugger, constants, pause);
    return answer;
}

} // namespace

std::string value_summary(const Tensor& value) {
    if (!value) return "no value";
    if (value.dtype() == DType::string || value.dtype() == DType::resource) return to_python(value.shape());
    const TensorStatistics seen = statistics(value);
    std::string text = fmt::format("{} from {:.4g} to {:.4g}", to_python(value.shape()), seen.minimum, seen.maximum);
    if (seen.nans > 0) text += fmt::format(", {} NaN", seen.nans);
    if (seen.infinities > 0) text += fmt::format(", {} infinite", seen.infinities);
    return text;
}

std::string place_text(const Debugger& debugger, const Happening& happening) {
    std::string text;
    if (happening.run.valid()) text = fmt::format("run {}, event {}, ", happening.run.index() + 1, happening.event);
    if (happening.iteration >= 0) text += fmt::format("t={}, ", happening.iteration);
    if (happening.statement.valid()) text += fmt::format("line {}, ", code_line(debugger, happening.statement));
    return text + fmt::format("at {}", happening.after.ticks);
}

namespace {

/// Reads by one op in one run, one after another, are one line: in a loop there are as many as time steps.
struct FoldedAccess {
    const StoryEntry* first = nullptr;
    const StoryEntry* last = nullptr;
    std::size_t count = 0;
};

std::vector<FoldedAccess> fold(const std::vector<StoryEntry>& entries) {
    std::vector<FoldedAccess> out;
    for (const StoryEntry& entry : entries) {
        const StoryEntry* before = out.empty() ? nullptr : out.back().last;
        const bool again = before != nullptr && entry.kind == HistoryEntry::Kind::read &&
                           before->kind == HistoryEntry::Kind::read && entry.run.valid() && entry.run == before->run &&
                           entry.node == before->node && entry.session == before->session;
        if (!again) out.push_back({&entry, &entry, 0});
        out.back().last = &entry;
        ++out.back().count;
    }
    return out;
}

using ValueSummary = std::function<std::string(const AccessEntry&)>;

AnswerRow access_row(const Debugger& debugger, const FoldedAccess& folded, const ValueSummary& summary) {
    const StoryEntry& entry = *folded.first;
    AnswerRow row;
    row.mark = access_mark(entry);
    const std::string number = fmt::format("{}", entry.after.ticks);
    row.glue(entry.after <= debugger.position() ? "  " : "> ")
        .glue(std::string(6 - std::min<std::size_t>(number.size(), 6), ' '));
    row.parts.push_back({number, AnswerColumn::at, {}, entry.after});
    row.at = entry.after;
    if (entry.session.valid()) row.glue("  session ").say(session_number(entry.session), AnswerColumn::session);
    row.glue("  ").say(std::string(verb_of(entry)));
    if (entry.kind != HistoryEntry::Kind::declared || entry.is_left_out) {
        row.glue(" by ");
        say_who(row, debugger, entry, AnswerColumn::by);
    }
    if (entry.run.valid()) {
        row.glue(", run ").say(fmt::format("{}", entry.run.index() + 1), AnswerColumn::run);
        if (!entry.is_left_out) row.glue(", event ").say(fmt::format("{}", entry.event), AnswerColumn::event);
    }
    if (entry.iteration >= 0) row.glue(", t=").say(fmt::format("{}", entry.iteration), AnswerColumn::step);
    if (folded.count > 1)
        row.glue(", ").say(fmt::format("{} times up to event {}", folded.count, folded.last->event),
                           AnswerColumn::value);
    row.glue(", line ");
    if (entry.statement.valid())
        row.line(debugger, entry.statement);
    else
        row.say("0", AnswerColumn::line);
    if (entry.kind == HistoryEntry::Kind::write)
        row.glue(": ").say(summary ? summary(entry) : value_summary(entry.value), AnswerColumn::value);
    return row;
}

/// Does the op run initializers of variables and nothing else, in groups of groups perhaps? Or none at all: "init" is
/// what TensorFlow calls those.
bool is_init(const Graph& graph, NodeId op, const std::set<NodeId>& initializers) {
    std::set<NodeId> seen;
    std::vector<NodeId> to_visit{op};
    bool has_initializer = false;
    while (!to_visit.empty()) {
        const NodeId at = to_visit.back();
        to_visit.pop_back();
        if (!seen.insert(at).second) continue;
        const bool is_initializer = initializers.contains(at);
        has_initializer = has_initializer || is_initializer;
        if (is_initializer) continue;
        if (graph.node(at).op != "NoOp") return false;
        for (const NodeId control : graph.node(at).control_inputs) to_visit.push_back(control);
    }
    const std::string& name = graph.node(op).name;
    return has_initializer || name.substr(name.rfind('/') + 1).starts_with("init");
}

/// The statement that made the variable; in a session that was opened later it is declared from the start.
std::optional<StoryEntry> declaration_of(const Debugger& debugger, const Variable& variable) {
    const GraphId graph = debugger.graph()->id();
    std::optional<StoryEntry> found;
    for (const record::RecordedStep& step : debugger.recording().steps()) {
        const std::size_t op = variable.op.index();
        if (step.graph != graph || op < step.nodes_before || op >= step.nodes_after) continue;
        found.emplace(); // of a call and the statements that it called the innermost, which comes last
        found->after = {step.first_tick + 1};
        found->statement = step.step.statement;
    }
    return found;
}

/// All that a history tells, oldest first: accesses, and the runs of init ops that leave the variable out.
std::vector<StoryEntry> story_of(const Debugger& debugger, const Variable& variable) {
    std::vector<StoryEntry> entries;
    for (const AccessEntry& entry : accesses_of(debugger, variable)) entries.push_back({entry, false});
    if (const auto declared = declaration_of(debugger, variable)) {
        std::erase_if(entries, [](const StoryEntry& e) { return e.kind == HistoryEntry::Kind::declared; });
        entries.insert(entries.begin(), *declared);
    }
    std::set<RunId> touching;
    for (const StoryEntry& entry : entries) touching.insert(entry.run);
    const Graph& graph = *debugger.graph();
    std::set<NodeId> initializers;
    for (const Variable& other : graph.variables()) initializers.insert(other.initializer);
    for (const record::RecordedRun& run : debugger.recording().runs()) {
        const bool is_over = run.done && !run.outcome.error; // else it may have been going to
        if (run.info.graph != graph.id() || touching.contains(run.info.id) || !is_over) continue;
        const auto init =
            std::ranges::find_if(run.info.request.targets, [&](NodeId op) { return is_init(graph, op, initializers); });
        if (init == run.info.request.targets.end()) continue;
        StoryEntry entry;
        entry.after = {run.first_tick + 1};
        entry.session = run.info.session;
        entry.run = run.info.id;
        entry.node = *init;
        entry.statement = debugger.recording().step(debugger.recording().tick(run.first_tick).step).step.statement;
        entry.is_left_out = true;
        entry.state = debugger.recording().state_at(entry.session, variable, entry.after);
        entries.push_back(std::move(entry));
    }
    std::ranges::stable_sort(entries, {}, &StoryEntry::after);
    return entries;
}

/// "X was restored by save/Assign_14 (run 1, ...): (14, 20) from -0.4682 to 0.4303".
void say_write(AnswerRow& row, const Debugger& debugger, const AccessEntry& entry) {
    row.mark = access_mark(entry);
    row.say(fmt::format(" was {} by ", record::init_state_name(entry.state)));
    say_who(row, debugger, entry, AnswerColumn::by);
    row.say(" (").place(debugger, entry).say("): " + value_summary(entry.value), AnswerColumn::value);
}

} // namespace

AccessRows newest_accesses(const Debugger& debugger, const Variable& variable, std::size_t most,
                           const ValueSummary& summary) {
    const std::vector<StoryEntry> accesses = story_of(debugger, variable);
    const std::vector<FoldedAccess> entries = fold(accesses);
    AccessRows newest;
    newest.before = entries.size() > most ? entries.size() - most : 0;
    for (std::size_t i = newest.before; i < entries.size(); ++i)
        newest.rows.push_back(access_row(debugger, entries[i], summary));
    return newest;
}

Result<Answer> answer_accesses(const Debugger& debugger, std::string_view name) {
    const Result<const Variable*> variable = asked_variable(debugger, name);
    if (!variable) return variable.error();
    Answer answer = new_answer(debugger, "History", (*variable)->name);
    AccessRows newest = newest_accesses(debugger, **variable, most_window_rows);
    if (newest.rows.empty()) {
        answer.add(AnswerRow::Kind::sentence).name(*debugger.graph(), (*variable)->op).say(": no session has it");
        return answer;
    }
    answer.add(AnswerRow::Kind::title).name(*debugger.graph(), (*variable)->op);
    // The newest are what a question is about; of a long history the beginning is left out.
    const std::size_t all = newest.before + newest.rows.size();
    const std::size_t terminal = all > 4 * most_lines ? all - 4 * most_lines : 0;
    const auto say_before = [&](std::size_t count, AnswerRow::Shown shown) {
        if (count == 0) return;
        answer.sentence(fmt::format("  {} {} before", count, count == 1 ? "entry" : "entries")).shown = shown;
    };
    say_before(terminal, AnswerRow::Shown::in_terminal);
    say_before(newest.before, AnswerRow::Shown::in_window);
    for (std::size_t i = newest.before; i < all; ++i) {
        answer.rows.push_back(std::move(newest.rows[i - newest.before]));
        if (i < terminal) answer.rows.back().shown = AnswerRow::Shown::in_window;
    }
    return answer;
}

Result<Answer> answer_initialization(const Debugger& debugger, std::string_view name) {
    const Result<const Variable*> variable = asked_variable(debugger, name);
    if (!variable) return variable.error();
    const Graph& graph = *debugger.graph();
    const Initialization found = initialization_of(debugger, **variable);
    Answer answer = new_answer(debugger, "Who initialized", (*variable)->name);
    AnswerRow& row = answer.add(AnswerRow::Kind::sentence);
    if (!found.first) {
        row.say("nobody has initialized ").name(graph, (*variable)->op).say(" at this position");
        if (found.is_elsewhere) row.say(", in this session; another session has a value of it");
        if ((*variable)->initializer.valid())
            answer.sentence("its initializer is ").name(graph, (*variable)->initializer);
        return answer;
    }
    row.name(graph, (*variable)->op);
    say_write(row, debugger, *found.first);
    if (found.last->after != found.first->after) {
        say_write(answer.sentence("its value now"), debugger, *found.last);
    }
    return answer;
}

Result<Answer> answer_where_from(const Debugger& debugger, std::string_view name, const Pause& pause) {
    const Result<Output> output = asked(debugger, name);
    if (!output) return output.error();
    const Result<Slice> slice = where_from(debugger, *output, most_slice_events, pause);
    return slice ? Result<Answer>(answer_of_slice(debugger, *slice, *output, false, pause)) : slice.error();
}

Result<Answer> answer_where_to(const Debugger& debugger, std::string_view name, const Pause& pause) {
    const Result<Output> output = asked(debugger, name);
    if (!output) return output.error();
    const Result<Slice> slice = where_to(debugger, *output, most_slice_events, pause);
    return slice ? Result<Answer>(answer_of_slice(debugger, *slice, *output, true, pause)) : slice.error();
}

Result<Answer> answer_last_right(const Debugger& debugger, std::string_view argument, const Pause& pause) {
    std::string_view name = argument;
    std::optional<Condition> condition;
    const std::size_t at = argument.starts_with("if ") ? 0 : argument.find(" if ");
    if (at != std::string_view::npos) {
        const Result<Condition> parsed = parse_condition(argument.substr(at + (at == 0 ? 3 : 4)));
        if (!parsed) return parsed.error();
        if (parsed->kind == Condition::Kind::changed)
            return Error{"command.argument", "\"changed\" is no property of one value"};
        condition = *parsed;
        name = argument.substr(0, at);
    }
    const Result<Output> output = asked(debugger, name);
    if (!output) return output.error();
    const Graph& graph = *debugger.graph();
    const std::string tensor =
        graph.variable_of(output->node) != nullptr ? graph.node(output->node).name : graph.tensor_name(*output);
    const std::string right = condition ? "fulfilled \"" + to_text(*condition) + "\"" : "was finite";
    const LastRight found = last_right(debugger, *output, condition, pause);
    Answer answer = new_answer(debugger, "Last right", tensor);
    AnswerRow& row = answer.add(AnswerRow::Kind::sentence).name(graph, tensor);
    if (found.values == 0) {
        row.say(" has had no value at this position");
        return answer;
    }
    if (!found.right) {
        row.mark = AnswerRow::Mark::fails;
        row.say(fmt::format(" never {}: {} looked at", right, count_of(found.values, "value")));
        return answer;
    }
    row.mark = AnswerRow::Mark::works;
    row.say(fmt::format(" last {} ", right)).place(debugger, *found.right);
    if (!found.wrong) {
        row.say(", which is its newest value");
        return answer;
    }
    AnswerRow& wrong = answer.sentence("the first after it that is not right: ").place(debugger, *found.wrong);
    wrong.mark = AnswerRow::Mark::fails;
    return answer;
}

} // namespace rnnscope::debug
