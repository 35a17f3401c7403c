#include "core/debug/answer.hpp"
#include "core/debug/command_argument.hpp"
#include "core/debug/order.hpp"
#include "core/debug/preflight.hpp"
#include "core/debug/program_facts.hpp"
#include "core/debug/questions.hpp"
#include "core/debug/terminal_text.hpp"
#include "core/runtime/plan.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

namespace rnnscope::debug {

namespace {

/// A run to explore: one that happened, or one that could.
struct AskedRun {
    const record::RecordedRun* happened = nullptr;
    const Graph* graph = nullptr;
    runtime::RunRequest request;
    SessionId session; ///< invalid: none has been made yet, and no variable has a value
    Position before;
    std::string title; ///< "run 2", "init"
};

AskedRun asked_run(const Debugger& debugger, const record::RecordedRun& run) {
    AskedRun asked;
    asked.happened = &run;
    asked.graph = &debugger.evaluator().graph(run.info.graph);
    asked.request = run.info.request;
    asked.session = run.info.session;
    asked.before = {run.first_tick};
    const StatementId statement = debugger.recording().step(run.info.step).step.statement;
    asked.title = fmt::format("run {} (line {})", run.info.id.index() + 1,
                              debugger.program().statement(statement).where.python_line);
    return asked;
}

/// What a name in `fetches` stands for: a tensor, an op, a variable.
Status add_wanted(const Debugger& debugger, const std::string& name, AskedRun& asked) {
    const Graph& graph = *asked.graph;
    const NodeId node = graph.find(name);
    const bool is_visible = node.valid() && node.index() < debugger.visible_nodes();
    if (is_visible && graph.node(node).outputs.empty()) {
        asked.request.targets.push_back(node);
        return {};
    }
    if (const Variable* variable = is_visible ? graph.variable_of(node) : nullptr; variable && variable->is_resource) {
        asked.request.fetches.push_back(variable->snapshot);
        return {};
    }
    if (const Result<Output> output = graph.find_tensor(name);
        output && output->node.index() < debugger.visible_nodes()) {
        asked.request.fetches.push_back(*output);
        return {};
    }
    return no_such_name(graph, name);
}

Result<AskedRun> asked_run(const Debugger& debugger, std::string_view argument) {
    const auto runs = debugger.recording().runs();
    if (argument.empty()) {
        if (debugger.current_run().valid()) return asked_run(debugger, runs[debugger.current_run().index()]);
        for (std::size_t i = runs.size(); i-- > 0;)
            if (runs[i].first_tick < debugger.position().ticks) return asked_run(debugger, runs[i]);
        return Error{"command.argument", "nothing ran before this position; say what would run: ask.order init"};
    }
    if (const auto number = whole_number(argument)) {
        if (*number == 0 || *number > runs.size())
            return bad_argument(fmt::format("there is no run {}; {} so far", *number, counted(runs.size(), "run")));
        return asked_run(debugger, runs[*number - 1]);
    }
    AskedRun asked;
    asked.graph = debugger.graph();
    asked.session = debugger.current_session();
    asked.before = debugger.position();
    asked.title = argument;
    for (std::string_view rest = argument; !rest.empty();) {
        const std::size_t size = std::min(rest.find(' '), rest.size());
        if (size > 0)
            if (const Status added = add_wanted(debugger, std::string(rest.substr(0, size)), asked); !added.ok())
                return added.error();
        rest.remove_prefix(std::min(size + 1, rest.size()));
    }
    return asked;
}

std::vector<std::string> names_of_writes(const OrderedRead& read, const Graph& graph) {
    std::vector<std::string> names;
    for (const NodeId write : read.writes) names.push_back(graph.node(write).name);
    return names;
}

/// Of a long order its end, and before that the writes that matter: for the terminal in one line.
void add_order(Answer& answer, const Graph& graph, const OrderedRead& read, bool fails) {
    constexpr std::size_t most = 8;
    const OrderedRead::Order& order = fails ? read.fails : read.works;
    const std::vector<std::string> writes = names_of_writes(read, graph);
    const std::size_t first = order.ops.size() - std::min(order.ops.size(), most);
    AnswerRow& row = answer.add(AnswerRow::Kind::sentence);
    row.shown = AnswerRow::Shown::in_terminal;
    row.say(fails ? "    fails  " : "    works  ");
    std::size_t hidden = 0;
    bool is_first = true;
    const auto separate = [&] {
        if (!std::exchange(is_first, false)) row.say(", ");
    };
    for (std::size_t i = 0; i < order.ops.size(); ++i) {
        if (i < first && std::ranges::find(writes, order.ops[i]) == writes.end()) {
            ++hidden;
            continue;
        }
        if (hidden > 0) separate(), row.say(counted(std::exchange(hidden, 0), "op"));
        separate();
        row.name(graph, order.ops[i]);
    }
    if (order.contradicts)
        row.say("\n           not decided: this takes both sides of a branch");
    else if (!order.is_sure())
        row.say(fmt::format("\n           if {}", fmt::join(order.if_taken, " and ")));
}

/// The same for the window: an op a row, the read at the end.
void add_schedule(Answer& answer, const Graph& graph, const OrderedRead& read, bool fails, const Pause& pause) {
    const OrderedRead::Order& order = fails ? read.fails : read.works;
    const std::vector<std::string> writes = names_of_writes(read, graph);
    const auto add = [&](std::string_view lead) -> AnswerRow& {
        AnswerRow& row = answer.add(AnswerRow::Kind::entry);
        row.shown = AnswerRow::Shown::in_window;
        row.indent = 1;
        row.say(std::string(lead), AnswerColumn::lead);
        return row;
    };
    const std::string_view word = fails ? "fails" : "works";
    for (std::size_t i = 0; i < order.ops.size(); ++i) {
        pause.here();
        const bool is_read = i + 1 == order.ops.size();
        AnswerRow& row = add(i == 0 ? word : "").name(graph, order.ops[i]);
        if (is_read) {
            row.mark = fails ? AnswerRow::Mark::uninitialized : AnswerRow::Mark::works;
            row.say("reads ", AnswerColumn::by).name(graph, read.variable_name, AnswerColumn::by);
        } else if (order.ops[i] == read.variable_name) {
            row.mark = AnswerRow::Mark::declared;
            row.say("the variable", AnswerColumn::by);
        } else if (std::ranges::find(writes, order.ops[i]) != writes.end()) {
            row.mark = AnswerRow::Mark::initialized;
            row.say("sets ", AnswerColumn::by).name(graph, read.variable_name, AnswerColumn::by);
        }
    }
    if (order.contradicts) add("").say("not decided: this takes both sides of a branch");
    for (const std::string& condition : order.if_taken)
        if (!order.contradicts) add("if").say(condition);
}

/// What became of the read in the order that rnnscope takes.
void say_outcome(AnswerRow& row, const Debugger& debugger, const AskedRun& asked, const OrderedRead& read,
                 const std::vector<UninitializedRead>& too_early) {
    const auto is_it = [&](const UninitializedRead& other) {
        return other.op == read.op && other.variable_name == read.variable_name;
    };
    const bool fails = std::ranges::any_of(too_early, is_it);
    row.mark = fails ? AnswerRow::Mark::fails : AnswerRow::Mark::works;
    row.glue("    ").say("here", AnswerColumn::lead).glue("   ");
    if (asked.happened == nullptr) {
        row.say(fails ? "would fail" : "would work");
        return;
    }
    const RunId run = asked.happened->info.id;
    const record::EventNumbers events = debugger.recording().events_of(run, read.node);
    if (!read.node.valid() || events.size() == 0) {
        row.mark = AnswerRow::Mark::none;
        row.say(asked.happened->done ? "never came to it" : "not yet");
        return;
    }
    Happening happening;
    happening.after = {debugger.recording().tick_of(run, events[0]) + 1};
    happening.statement = debugger.recording().step(asked.happened->info.step).step.statement;
    happening.run = run;
    happening.event = events[0];
    const bool failed = debugger.recording().visit(run, events[0]).failed;
    row.mark = failed ? AnswerRow::Mark::fails : AnswerRow::Mark::works;
    row.say(failed ? "failed" : "worked").glue("  (").place(debugger, happening).glue(")");
}

void add_read(Answer& answer, const Debugger& debugger, const AskedRun& asked, const OrderedRead& read,
              const std::vector<UninitializedRead>& too_early, const Pause& pause) {
    const Graph& graph = *asked.graph;
    AnswerRow& verdict = answer.add(AnswerRow::Kind::heading, AnswerRow::Mark::uninitialized);
    verdict.glue("  ").name(graph, read.op).say(" reads ").name(graph, read.variable_name).say(", set by ");
    for (std::size_t i = 0; i < read.writes.size(); ++i) {
        if (i > 0) verdict.say(i + 1 == read.writes.size() ? " and " : ", ");
        verdict.name(graph, read.writes[i]);
    }
    verdict.say(read.verdict == OrderedRead::Verdict::sometimes ? ": some orders fail" : ": every order fails");
    add_order(answer, graph, read, true);
    add_schedule(answer, graph, read, true, pause);
    if (!read.works.ops.empty()) {
        add_order(answer, graph, read, false);
        add_schedule(answer, graph, read, false, pause);
    }
    AnswerRow& outcome = answer.add(AnswerRow::Kind::entry);
    outcome.indent = 1;
    say_outcome(outcome, debugger, asked, read, too_early);
}

} // namespace

Result<Answer> answer_orders(const Debugger& debugger, std::string_view argument, const Pause& pause) {
    const Result<AskedRun> asked = asked_run(debugger, argument);
    if (!asked) return asked.error();
    const Graph& graph = *asked->graph;
    const Result<runtime::Plan> plan = runtime::make_plan(graph, asked->request);
    pause.here();
    if (!plan) return plan.error();
    const std::function<bool(const Variable&)> has_value = [&](const Variable& variable) {
        return asked->session.valid() &&
               debugger.recording().value_at(asked->session, record::storage_name(graph, variable), asked->before);
    };
    const OrderReport report = explore_orders(graph, asked->request, *plan, has_value, pause);
    pause.here();
    const auto too_early = preflight(graph, asked->request, *plan, has_value);
    Answer answer = new_answer(debugger, "Orders", asked->title);
    answer.by.clear();
    std::string text = asked->title;
    if (report.reads.empty())
        text += report.safe == 0 ? ": no variable without a value before is read, whatever the order"
                                 : ": no order reads a variable before it has a value";
    else
        text += fmt::format(": {} not ordered after a write of the variable",
                            report.reads.size() == 1 ? "1 read is" : fmt::format("{} reads are", report.reads.size()));
    answer.add(AnswerRow::Kind::title).say(std::move(text));
    // Where nothing sets the variable no order is better than another: those are counted.
    std::vector<std::string> hopeless;
    std::size_t unreached = 0, listed = 0;
    constexpr std::size_t most_listed = 20, most_named = 3;
    for (const OrderedRead& read : report.reads) {
        if (read.verdict == OrderedRead::Verdict::unreached)
            ++unreached;
        else if (read.writes.empty())
            hopeless.push_back(read.op);
        else if (listed++ < most_listed)
            add_read(answer, debugger, *asked, read, too_early, pause);
    }
    if (listed > most_listed) answer.sentence(fmt::format("  and {} more", listed - most_listed));
    if (!hopeless.empty()) {
        const std::size_t others = hopeless.size() - std::min(hopeless.size(), most_named);
        hopeless.resize(hopeless.size() - others);
        answer.sentence(fmt::format("  nothing in this run sets what {}{} {}: every order that gets there fails",
                                    joined(hopeless),
                                    others > 0 ? fmt::format(" (and {} more)", others) : std::string(),
                                    hopeless.size() + others == 1 ? "reads" : "read"));
    }
    if (unreached > 0)
        answer.sentence(fmt::format("  every order fails before it gets to {}", counted(unreached, "read")));
    if (report.safe > 0)
        answer.sentence(fmt::format("  {} of variables without a value before {} after a write in every order",
                                    counted(report.safe, "read"), report.safe == 1 ? "comes" : "come"));
    for (const std::string& sentence : report.not_decided) answer.sentence("  not decided: " + sentence);
    return answer;
}

} // namespace rnnscope::debug
