#include "core/debug/stop_commands.hpp"

#include "core/debug/command_argument.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::debug {

namespace {

using Text = Result<std::string>;

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

/// Cuts off the first word.
std::string_view take_word(std::string_view& text) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text = trimmed(text.substr(end));
    return word;
}

/// What stands before and after the word "if".
std::pair<std::string_view, std::optional<std::string_view>> split_condition(std::string_view argument) {
    if (argument.starts_with("if ")) return {{}, trimmed(argument.substr(3))};
    const std::size_t at = argument.find(" if ");
    if (at == std::string_view::npos) return {trimmed(argument), std::nullopt};
    return {trimmed(argument.substr(0, at)), trimmed(argument.substr(at + 4))};
}

Result<StatementId> statement_at_line(const Debugger& debugger, std::uint64_t line) {
    const StatementId statement =
        debugger.program().python.statement_at(static_cast<int>(std::min<std::uint64_t>(line, 1'000'000)));
    if (statement.valid()) return statement;
    return bad_argument(fmt::format("line {} holds no statement", line));
}

Breakpoint named(const Debugger& debugger, std::string_view name) {
    // An op or scope may be built later: the name alone is enough.
    Breakpoint breakpoint;
    breakpoint.name = name;
    breakpoint.kind = Breakpoint::Kind::op;
    if (name == "*") {
        breakpoint.kind = Breakpoint::Kind::scope;
        breakpoint.name.clear();
        return breakpoint;
    }
    const Graph* graph = debugger.graph();
    if (graph != nullptr && !graph->find(name.substr(0, name.find(':'))).valid()) {
        const bool is_scope = ScopeTree(*graph).find(name).valid() || name.ends_with('/');
        if (is_scope) breakpoint.kind = Breakpoint::Kind::scope;
    }
    while (breakpoint.name.ends_with('/')) breakpoint.name.pop_back();
    return breakpoint;
}

Text toggle(Debugger& debugger, const Breakpoint& breakpoint) {
    const std::vector<Breakpoint> before = debugger.breakpoints();
    debugger.toggle_breakpoint(breakpoint);
    const std::size_t now = debugger.breakpoints().size();
    const std::string_view done = now > before.size() ? "set" : now < before.size() ? "cleared" : "changed";
    return fmt::format("{} {} at {}", breakpoint.is_watchpoint() ? "watchpoint" : "breakpoint", done,
                       to_text(breakpoint, debugger.program()));
}

/// The selected variable, or the one that is named.
Result<std::string> variable_name(const Debugger& debugger, std::string_view name) {
    const Graph* graph = debugger.graph();
    if (name.empty()) {
        const Selection& selection = debugger.selection();
        if (graph != nullptr && selection.kind == Selection::Kind::variable && selection.graph == graph->id())
            return graph->variable(selection.variable).name;
        if (graph != nullptr && selection.kind == Selection::Kind::node && selection.graph == graph->id())
            if (const Variable* variable = graph->variable_of(selection.node)) return variable->name;
        return bad_argument("select a variable, or name one");
    }
    if (name.ends_with(":0")) name.remove_suffix(2);
    const bool may_be_built_later = !debugger.evaluator().done();
    if (graph == nullptr || may_be_built_later || graph->variable_of(graph->find(name)) != nullptr)
        return std::string(name);
    std::vector<std::string> names;
    for (const Variable& variable : graph->variables()) names.push_back(variable.name);
    return unknown_name("variable", name, names);
}

} // namespace

Result<Breakpoint> breakpoint_of(const Debugger& debugger, std::string_view argument) {
    auto [place, condition] = split_condition(argument);
    Breakpoint breakpoint;
    if (place.empty()) {
        breakpoint.statement = debugger.current_statement();
        if (!breakpoint.statement.valid()) return bad_argument("the program is finished; name a line, op or scope");
    } else if (const auto line = whole_number(place)) {
        const Result<StatementId> statement = statement_at_line(debugger, *line);
        if (!statement) return statement.error();
        breakpoint.statement = *statement;
    } else {
        breakpoint = named(debugger, place);
    }
    if (!condition) {
        if (place == "*") return bad_argument("\"*\" is every op; give a condition, such as: * if bad");
        if (breakpoint.name.find(':') != std::string::npos) breakpoint.name.resize(breakpoint.name.find(':'));
        return breakpoint;
    }
    std::string_view rest = *condition;
    if (breakpoint.kind == Breakpoint::Kind::statement) breakpoint.name = take_word(rest);
    const Result<Condition> parsed = parse_condition(rest);
    if (!parsed && breakpoint.kind == Breakpoint::Kind::statement)
        return bad_argument("the condition of a line is about a tensor or variable: 17 if logits:0 nan; " +
                            parsed.error().message);
    if (!parsed) return parsed.error();
    if (breakpoint.kind == Breakpoint::Kind::statement && parsed->kind == Condition::Kind::changed)
        return bad_argument("at a line nothing is compared with the time step before; name the op instead");
    breakpoint.condition = *parsed;
    return breakpoint;
}

Text toggle_breakpoint(Debugger& debugger, std::string_view argument) {
    const Result<Breakpoint> breakpoint = breakpoint_of(debugger, argument);
    return breakpoint ? toggle(debugger, *breakpoint) : Text(breakpoint.error());
}

Text toggle_conditional_breakpoint(Debugger& debugger, std::string_view argument) {
    if (!split_condition(argument).second)
        return bad_argument("give a place and a condition, such as: rnn/while/add if nan");
    return toggle_breakpoint(debugger, argument);
}

template <Breakpoint::Access access> Text watch_variable(Debugger& debugger, std::string_view argument) {
    const auto [place, condition] = split_condition(argument);
    const Result<std::string> name = variable_name(debugger, place);
    if (!name) return name.error();
    Breakpoint breakpoint;
    breakpoint.kind = Breakpoint::Kind::variable;
    breakpoint.name = *name;
    breakpoint.access = access;
    if (condition) {
        const Result<Condition> parsed = parse_condition(*condition);
        if (!parsed) return parsed.error();
        if (parsed->kind == Condition::Kind::changed)
            return bad_argument("a variable has no time steps; name the op instead");
        breakpoint.condition = *parsed;
    }
    return toggle(debugger, breakpoint);
}
template Text watch_variable<Breakpoint::Access::write>(Debugger&, std::string_view);
template Text watch_variable<Breakpoint::Access::read>(Debugger&, std::string_view);
template Text watch_variable<Breakpoint::Access::any>(Debugger&, std::string_view);

Text watch_tensor(Debugger& debugger, std::string_view argument) {
    auto [place, condition] = split_condition(argument);
    Breakpoint breakpoint;
    breakpoint.kind = Breakpoint::Kind::tensor;
    breakpoint.name = place;
    const Selection& selection = debugger.selection();
    if (place.empty()) {
        const Graph* graph = debugger.graph();
        if (graph == nullptr || selection.kind != Selection::Kind::node || selection.graph != graph->id())
            return bad_argument("select an op, or name a tensor");
        breakpoint.name = graph->node(selection.node).name;
    }
    if (condition) {
        const Result<Condition> parsed = parse_condition(*condition);
        if (!parsed) return parsed.error();
        breakpoint.condition = *parsed;
    }
    return toggle(debugger, breakpoint);
}

std::string breakpoints_text(const Debugger& debugger) {
    std::string text;
    for (const Breakpoint& breakpoint : debugger.breakpoints())
        text += fmt::format("{} at {}\n", breakpoint.is_watchpoint() ? "watchpoint" : "breakpoint",
                            to_text(breakpoint, debugger.program()));
    if (text.empty()) return "there are no breakpoints";
    text.pop_back();
    return text;
}

template <bool forward> Text run_to_cursor(Debugger& debugger, std::string_view argument) {
    const Selection& selection = debugger.selection();
    const Graph* graph = debugger.graph();
    const bool is_here = graph != nullptr && selection.graph == graph->id();
    Breakpoint target;
    if (!argument.empty()) {
        const Result<Breakpoint> named_one = breakpoint_of(debugger, argument);
        if (!named_one) return named_one.error();
        target = *named_one;
    } else if (selection.kind == Selection::Kind::statement) {
        target.statement = selection.statement;
    } else if (is_here && selection.kind == Selection::Kind::node) {
        target.kind = Breakpoint::Kind::op;
        target.name = graph->node(selection.node).name;
    } else if (is_here && selection.kind == Selection::Kind::scope) {
        target.kind = Breakpoint::Kind::scope;
        target.name = selection.scope;
    } else if (is_here && selection.kind == Selection::Kind::variable) {
        target.kind = Breakpoint::Kind::variable;
        target.name = graph->variable(selection.variable).name;
        target.access = Breakpoint::Access::any;
    } else {
        return bad_argument("select an op, scope, variable or line, or name one");
    }
    debugger.run_to(std::move(target), forward);
    return std::string();
}
template Text run_to_cursor<true>(Debugger&, std::string_view);
template Text run_to_cursor<false>(Debugger&, std::string_view);

template <Sought sought, bool forward> Text seek(Debugger& debugger, std::string_view) {
    if (debugger.seek(sought, forward)) return std::string();
    return fmt::format("there is no {} before this position", sought == Sought::error ? "error" : "uninitialized read");
}
template Text seek<Sought::error, true>(Debugger&, std::string_view);
template Text seek<Sought::error, false>(Debugger&, std::string_view);
template Text seek<Sought::uninitialized_read, true>(Debugger&, std::string_view);
template Text seek<Sought::uninitialized_read, false>(Debugger&, std::string_view);

Text go_time(Debugger& debugger, std::string_view argument) {
    const auto run = whole_number(take_word(argument));
    if (!run || *run == 0) return bad_argument("give the number of a run, from 1; then a time step and an op: 2 5 add");
    Moment moment;
    moment.run = RunId(static_cast<std::size_t>(*run - 1));
    std::string_view rest = argument;
    if (const auto iteration = whole_number(take_word(rest))) {
        moment.iteration = static_cast<std::int64_t>(*iteration);
        argument = rest;
    }
    moment.op = argument;
    debugger.go_to(std::move(moment));
    return std::string();
}

} // namespace rnnscope::debug
