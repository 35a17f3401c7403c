#include "core/debug/order.hpp"
#include "core/debug/preflight.hpp"
#include "core/debug/program_facts.hpp"
#include "core/debug/questions.hpp"
#include "core/debug/terminal_text.hpp"
#include "core/runtime/plan.hpp"

#include <algorithm>
#include <charconv>
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
    std::size_t number = 0;
    const auto [end, problem] = std::from_chars(argument.data(), argument.data() + argument.size(), number);
    if (problem == std::errc() && end == argument.data() + argument.size()) {
        if (number == 0 || number > runs.size())
            return Error{"command.argument",
                         fmt::format("there is no run {}; {} so far", number, counted(runs.size(), "run"))};
        return asked_run(debugger, runs[number - 1]);
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

/// Of a long order its end, and before that the writes that matter.
std::string order_text(const OrderedRead::Order& order, const std::vector<std::string>& writes) {
    constexpr std::size_t most = 8;
    const std::size_t first = order.ops.size() - std::min(order.ops.size(), most);
    std::vector<std::string> shown;
    std::size_t hidden = 0;
    for (std::size_t i = 0; i < order.ops.size(); ++i) {
        if (i < first && std::ranges::find(writes, order.ops[i]) == writes.end()) {
            ++hidden;
            continue;
        }
        if (hidden > 0) shown.push_back(counted(std::exchange(hidden, 0), "op"));
        shown.push_back(order.ops[i]);
    }
    std::string text = fmt::format("{}", fmt::join(shown, ", "));
    if (order.contradicts) return text + "\n           not decided: this takes both sides of a branch";
    if (!order.is_sure()) text += fmt::format("\n           if {}", fmt::join(order.if_taken, " and "));
    return text;
}

std::string verdict_text(const OrderedRead& read, const Graph& graph) {
    return fmt::format("{} reads {}, set by {}: {}", read.op, read.variable_name, joined(names_of_writes(read, graph)),
                       read.verdict == OrderedRead::Verdict::sometimes ? "some orders fail" : "every order fails");
}

/// What became of the read in the order that rnnscope takes.
std::string outcome_text(const Debugger& debugger, const AskedRun& asked, const OrderedRead& read,
                         const std::vector<UninitializedRead>& too_early) {
    const auto is_it = [&](const UninitializedRead& other) {
        return other.op == read.op && other.variable_name == read.variable_name;
    };
    const bool fails = std::ranges::any_of(too_early, is_it);
    if (asked.happened == nullptr) return fails ? "would fail" : "would work";
    const RunId run = asked.happened->info.id;
    const record::EventNumbers events = debugger.recording().events_of(run, read.node);
    if (!read.node.valid() || events.size() == 0) return asked.happened->done ? "never came to it" : "not yet";
    Happening happening;
    happening.after = {debugger.recording().tick_of(run, events[0]) + 1};
    happening.statement = debugger.recording().step(asked.happened->info.step).step.statement;
    happening.run = run;
    happening.event = events[0];
    return fmt::format("{}  ({})", debugger.recording().visit(run, events[0]).failed ? "failed" : "worked",
                       place_text(debugger, happening));
}

} // namespace

Result<std::string> orders_text(const Debugger& debugger, std::string_view argument) {
    const Result<AskedRun> asked = asked_run(debugger, argument);
    if (!asked) return asked.error();
    const Graph& graph = *asked->graph;
    const Result<runtime::Plan> plan = runtime::make_plan(graph, asked->request);
    if (!plan) return plan.error();
    const std::function<bool(const Variable&)> has_value = [&](const Variable& variable) {
        return asked->session.valid() &&
               debugger.recording().value_at(asked->session, record::storage_name(graph, variable), asked->before);
    };
    const OrderReport report = explore_orders(graph, asked->request, *plan, has_value);
    const auto too_early = preflight(graph, asked->request, *plan, has_value);
    std::string text = asked->title;
    if (report.reads.empty())
        text += report.safe == 0 ? ": no variable without a value before is read, whatever the order"
                                 : ": no order reads a variable before it has a value";
    else
        text += fmt::format(": {} not ordered after a write of the variable",
                            report.reads.size() == 1 ? "1 read is" : fmt::format("{} reads are", report.reads.size()));
    // Where nothing sets the variable no order is better than another: those are counted.
    std::vector<std::string> hopeless;
    std::size_t unreached = 0, listed = 0;
    constexpr std::size_t most_listed = 20, most_named = 3;
    for (const OrderedRead& read : report.reads) {
        if (read.verdict == OrderedRead::Verdict::unreached) {
            ++unreached;
        } else if (read.writes.empty()) {
            hopeless.push_back(read.op);
        } else if (listed++ < most_listed) {
            const std::vector<std::string> writes = names_of_writes(read, graph);
            text += "\n  " + verdict_text(read, graph);
            text += "\n    fails  " + order_text(read.fails, writes);
            if (!read.works.ops.empty()) text += "\n    works  " + order_text(read.works, writes);
            text += "\n    here   " + outcome_text(debugger, *asked, read, too_early);
        }
    }
    if (listed > most_listed) text += fmt::format("\n  and {} more", listed - most_listed);
    if (!hopeless.empty()) {
        const std::size_t others = hopeless.size() - std::min(hopeless.size(), most_named);
        hopeless.resize(hopeless.size() - others);
        text += fmt::format("\n  nothing in this run sets what {}{} {}: every order that gets there fails",
                            joined(hopeless), others > 0 ? fmt::format(" (and {} more)", others) : std::string(),
                            hopeless.size() + others == 1 ? "reads" : "read");
    }
    if (unreached > 0) text += fmt::format("\n  every order fails before it gets to {}", counted(unreached, "read"));
    if (report.safe > 0)
        text += fmt::format("\n  {} of variables without a value before {} after a write in every order",
                            counted(report.safe, "read"), report.safe == 1 ? "comes" : "come");
    for (const std::string& sentence : report.not_decided) text += "\n  not decided: " + sentence;
    return text;
}

} // namespace rnnscope::debug
