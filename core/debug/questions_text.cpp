#include "core/debug/questions.hpp"

#include "core/debug/terminal_text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rnnscope::debug {

namespace {

using record::HistoryEntry;

constexpr std::size_t most_lines = 12;

int code_line(const Debugger& debugger, StatementId statement) {
    return statement.valid() ? debugger.program().statement(statement).where.python_line : 0;
}

std::string count_of(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string node_name(const Debugger& debugger, const Happening& happening) {
    return happening.node.valid() ? debugger.graph()->node(happening.node).name : std::string("a checkpoint");
}

std::string value_summary(const Tensor& value) {
    if (!value) return "no value";
    if (value.dtype() == DType::string || value.dtype() == DType::resource) return to_python(value.shape());
    const TensorStatistics seen = statistics(value);
    std::string text = fmt::format("{} from {:.4g} to {:.4g}", to_python(value.shape()), seen.minimum, seen.maximum);
    if (seen.nans > 0) text += fmt::format(", {} NaN", seen.nans);
    if (seen.infinities > 0) text += fmt::format(", {} infinite", seen.infinities);
    return text;
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

std::string_view verb_of(const AccessEntry& entry) {
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

std::string end_text(const Debugger& debugger, const SliceEntry& end, bool forward) {
    static constexpr std::string_view words[] = {"op", "feed", "variable", "restored", "random", "constant", "fetch"};
    std::string text = fmt::format("  {:<9} {}", words[static_cast<std::size_t>(end.kind)], end.name);
    if (end.kind == SliceEntry::Kind::variable) text += fmt::format(", written by {}", node_name(debugger, end));
    const bool has_event = end.kind != SliceEntry::Kind::feed && end.kind != SliceEntry::Kind::fetch;
    text += has_event ? "  (" + place_text(debugger, end) + ")"
                      : fmt::format("  (run {}, line {}, at {})", end.run.index() + 1,
                                    code_line(debugger, end.statement), end.after.ticks);
    if (end.times > 1) text += fmt::format("  {} {} times", forward ? "reached" : "used", end.times);
    return text + "\n";
}

std::string slice_text(const Debugger& debugger, const Slice& slice, bool forward) {
    std::string text = fmt::format("{} ({})\n", slice.start.name, place_text(debugger, slice.start));
    text += forward ? "goes to\n" : "comes from\n";
    for (std::size_t i = 0; i < slice.nearest.size() && i < most_lines; ++i) {
        const SliceEntry& near = slice.nearest[i];
        text += fmt::format("  {}  ({})", near.name, place_text(debugger, near));
        if (near.copies > 0) text += fmt::format("  through {} {}", near.copies, near.copies == 1 ? "copy" : "copies");
        text += "\n";
    }
    if (slice.nearest.size() > most_lines) text += fmt::format("  and {} more\n", slice.nearest.size() - most_lines);
    if (slice.nearest.empty()) text += "  no op\n";
    text += fmt::format("in all {}", count_of(slice.ops, "op"));
    if (slice.time_steps > 0)
        text += fmt::format(" in {}", count_of(static_cast<std::size_t>(slice.time_steps), "time step"));
    if (!slice.is_complete) text += ", and more that were not looked at";
    text += slice.ends.empty() ? "\n" : forward ? ", up to\n" : ", back to\n";
    std::vector<std::string> constants;
    std::size_t others = 0;
    for (const SliceEntry& end : slice.ends)
        if (end.kind == SliceEntry::Kind::constant)
            constants.push_back(end.name);
        else if (others++ < most_lines)
            text += end_text(debugger, end, forward);
    if (others > most_lines) text += fmt::format("  and {} more\n", others - most_lines);
    if (!constants.empty()) {
        const std::size_t shown = std::min<std::size_t>(constants.size(), 3);
        text += fmt::format("  {}: {}{}\n", count_of(constants.size(), "constant"),
                            fmt::join(constants.begin(), constants.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                            shown < constants.size() ? ", ..." : "");
    }
    text.pop_back();
    return text;
}

} // namespace

std::string place_text(const Debugger& debugger, const Happening& happening) {
    std::string text;
    if (happening.run.valid()) text = fmt::format("run {}, event {}, ", happening.run.index() + 1, happening.event);
    if (happening.iteration >= 0) text += fmt::format("t={}, ", happening.iteration);
    if (happening.statement.valid()) text += fmt::format("line {}, ", code_line(debugger, happening.statement));
    return text + fmt::format("at {}", happening.after.ticks);
}

Result<std::string> accesses_text(const Debugger& debugger, std::string_view name) {
    const Result<const Variable*> variable = asked_variable(debugger, name);
    if (!variable) return variable.error();
    const std::vector<AccessEntry> entries = accesses_of(debugger, **variable);
    if (entries.empty()) return fmt::format("{}: no session has it", (*variable)->name);
    std::string text = fmt::format("{}\n", (*variable)->name);
    // The newest are what a question is about; of a long history the beginning is left out.
    const std::size_t first = entries.size() > 4 * most_lines ? entries.size() - 4 * most_lines : 0;
    if (first > 0) text += fmt::format("  {} {} before\n", first, first == 1 ? "entry" : "entries");
    for (std::size_t i = first; i < entries.size(); ++i) {
        const AccessEntry& entry = entries[i];
        text += fmt::format("{} {:>6}  session {}  {}", entry.after <= debugger.position() ? " " : ">",
                            entry.after.ticks, entry.session.index(), verb_of(entry));
        if (entry.kind != HistoryEntry::Kind::declared) text += fmt::format(" by {}", node_name(debugger, entry));
        if (entry.run.valid()) text += fmt::format(", run {}, event {}", entry.run.index() + 1, entry.event);
        if (entry.iteration >= 0) text += fmt::format(", t={}", entry.iteration);
        text += fmt::format(", line {}", code_line(debugger, entry.statement));
        if (entry.kind == HistoryEntry::Kind::write) text += fmt::format(": {}", value_summary(entry.value));
        text += "\n";
    }
    text.pop_back();
    return text;
}

Result<std::string> initialization_text(const Debugger& debugger, std::string_view name) {
    const Result<const Variable*> variable = asked_variable(debugger, name);
    if (!variable) return variable.error();
    const Initialization answer = initialization_of(debugger, **variable);
    const std::string& named = (*variable)->name;
    if (!answer.first) {
        std::string text = fmt::format("nobody has initialized {} at this position", named);
        if (answer.is_elsewhere) text += ", in this session; another session has a value of it";
        if ((*variable)->initializer.valid())
            text += fmt::format("\nits initializer is {}", debugger.graph()->node((*variable)->initializer).name);
        return text;
    }
    std::string text = fmt::format("{} was {} by {} ({}): {}", named, record::init_state_name(answer.first->state),
                                   node_name(debugger, *answer.first), place_text(debugger, *answer.first),
                                   value_summary(answer.first->value));
    if (answer.last->after != answer.first->after)
        text += fmt::format("\nits value now was {} by {} ({}): {}", record::init_state_name(answer.last->state),
                            node_name(debugger, *answer.last), place_text(debugger, *answer.last),
                            value_summary(answer.last->value));
    return text;
}

Result<std::string> where_from_text(const Debugger& debugger, std::string_view name) {
    const Result<Output> output = asked(debugger, name);
    if (!output) return output.error();
    const Result<Slice> answer = where_from(debugger, *output);
    return answer ? Result<std::string>(slice_text(debugger, *answer, false)) : answer.error();
}

Result<std::string> where_to_text(const Debugger& debugger, std::string_view name) {
    const Result<Output> output = asked(debugger, name);
    if (!output) return output.error();
    const Result<Slice> answer = where_to(debugger, *output);
    return answer ? Result<std::string>(slice_text(debugger, *answer, true)) : answer.error();
}

Result<std::string> last_right_text(const Debugger& debugger, std::string_view argument) {
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
    const std::string tensor = debugger.graph()->variable_of(output->node) != nullptr
                                   ? debugger.graph()->node(output->node).name
                                   : debugger.graph()->tensor_name(*output);
    const std::string right = condition ? "fulfilled \"" + to_text(*condition) + "\"" : "was finite";
    const LastRight answer = last_right(debugger, *output, condition);
    if (answer.values == 0) return fmt::format("{} has had no value at this position", tensor);
    std::string text = answer.right
                           ? fmt::format("{} last {} {}", tensor, right, place_text(debugger, *answer.right))
                           : fmt::format("{} never {}: {} looked at", tensor, right, count_of(answer.values, "value"));
    if (answer.right && !answer.wrong) text += ", which is its newest value";
    if (answer.right && answer.wrong)
        text += fmt::format("\nthe first after it that is not right: {}", place_text(debugger, *answer.wrong));
    return text;
}

} // namespace rnnscope::debug
