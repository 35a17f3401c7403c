#include "core/debug/terminal_text.hpp"

#include "core/base/suggest.hpp"

#include <fmt/format.h>

namespace rnnscope::debug {
namespace {

std::string_view stop_text(StopReason reason) {
    switch (reason) {
    case StopReason::none:
        return "";
    case StopReason::opened:
        return "opened";
    case StopReason::step:
        return "";
    case StopReason::breakpoint:
        return "breakpoint";
    case StopReason::watchpoint:
        return "watchpoint";
    case StopReason::not_found:
        return "there is no such time; the position is as it was";
    case StopReason::uninitialized_read:
        return "uninitialized read";
    case StopReason::error:
        return "error";
    case StopReason::finished:
        return "the program is done";
    case StopReason::recording_end:
        return "the recording ends here; the program went on";
    case StopReason::paused:
        return "paused";
    }
    return "";
}

/// Breaks at spaces so that no line is longer than `width`, unless a word is.
std::string wrapped(std::string_view paragraph, std::size_t width) {
    std::string text;
    std::size_t column = 0;
    while (!paragraph.empty()) {
        const std::size_t end = std::min(paragraph.find(' '), paragraph.size());
        const std::string_view word = paragraph.substr(0, end);
        if (column > 0 && column + 1 + word.size() > width) {
            text += '\n';
            column = 0;
        } else if (column > 0) {
            text += ' ';
            ++column;
        }
        text += word;
        column += word.size();
        paragraph.remove_prefix(std::min(end + 1, paragraph.size()));
    }
    return text;
}

} // namespace

Error no_such_name(const Graph& graph, std::string_view name) {
    if (graph.find_tensor(name)) return {"command.unknown-name", fmt::format("the graph has no \"{}\" yet", name)};
    std::vector<std::string> names;
    for (const Node& node : graph.nodes()) names.push_back(node.name);
    const std::string near = nearest(name, names);
    return {"command.unknown-name", near.empty()
                                        ? fmt::format("the graph has no \"{}\"", name)
                                        : fmt::format("the graph has no \"{}\"; did you mean {}?", name, near)};
}

std::string location_text(const Debugger& debugger) {
    if (!debugger.is_open()) return "nothing is open\n";
    std::string text;
    const std::string_view why = stop_text(debugger.stop_reason());
    std::string which;
    // A plain breakpoint is where the position is; of others it is said.
    if (debugger.stop_reason() == StopReason::breakpoint || debugger.stop_reason() == StopReason::watchpoint)
        if (const Breakpoint* here = debugger.breakpoint_here();
            here != nullptr && (here->is_watchpoint() || !here->condition.always()))
            which = ": " + to_text(*here, debugger.program());
    if (!why.empty()) text += fmt::format("-- {}{}\n", why, which);
    const program::Program& program = debugger.program();
    const StatementId statement = debugger.current_statement();
    if (!statement.valid()) return text + fmt::format("{}: at the end\n", program.file);
    const SourcePosition& where = program.statement(statement).where;
    text += fmt::format("{}:{}", where.file, where.line);
    if (debugger.current_run().valid()) {
        const record::RecordedRun& run = debugger.recording().run(debugger.current_run());
        text += fmt::format("  run {}, event {}", run.info.id.value + 1, debugger.current_event());
        if (debugger.current_event() < debugger.recording().event_count(run.info.id)) {
            const record::RecordedVisit event = debugger.recording().visit(run.info.id, debugger.current_event());
            if (event.node.valid()) {
                text += "  " + debugger.evaluator().graph(run.info.graph).node(event.node).name;
                if (event.frame != 0) text += fmt::format("  t={}", event.iteration);
            }
        }
    }
    text += '\n';
    const program::PythonText::Range lines = program.python.statements[statement.index()];
    for (int line = lines.first; line <= lines.last && line >= 1; ++line)
        text += fmt::format("{:>5}  {}\n", line, program.python.lines[static_cast<std::size_t>(line - 1)]);
    if (debugger.error_at_position()) {
        const program::ProgramError& error = *debugger.error_at_position();
        text += fmt::format("{}: {}\n", error.error_class, error.message);
    }
    if (const Diagnosis* diagnosis = debugger.current_diagnosis(); diagnosis != nullptr && !diagnosis->cause.empty())
        text += fmt::format("cause: {} [{}]\n", diagnosis->summary, diagnosis->cause);
    return text;
}

std::string explain_text(const CauseDef& cause) {
    std::string text = fmt::format("{}: {}\n\n", cause.code, cause.title);
    constexpr std::size_t width = 79;
    std::string_view rest = cause.explanation;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find("\n\n"), rest.size());
        text += wrapped(rest.substr(0, end), width) + "\n\n";
        rest.remove_prefix(std::min(end + 2, rest.size()));
    }
    if (!cause.remedy.empty()) text += "What to do\n" + wrapped(cause.remedy, width) + "\n\n";
    if (!cause.example.empty()) text += fmt::format("{}\n", cause.example);
    return text;
}

} // namespace rnnscope::debug
