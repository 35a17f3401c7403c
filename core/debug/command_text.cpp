#include "core/debug/arrangement.hpp"
#include "core/debug/command.hpp"
#include "core/debug/newest_event.hpp"
#include "core/debug/poison.hpp"
#include "core/debug/terminal_text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rnnscope::debug {

namespace {

int line_of(const Debugger& debugger, StatementId statement) {
    if (!statement.valid()) return 0;
    return debugger.program().statement(statement).where.python_line;
}

std::string reads_text(const std::vector<UninitializedRead>& reads) {
    std::string text;
    for (const UninitializedRead& read : reads)
        text += fmt::format("    {} reads {}{}\n", read.op, read.variable_name,
                            read.behind_another ? " (after an earlier read is repaired)" : "");
    return text;
}

std::string_view check_text(Fix::Check check) {
    switch (check) {
    case Fix::Check::verified:
        return "verified";
    case Fix::Check::failed:
        return "does not repair it alone";
    case Fix::Check::not_run:
        break;
    }
    return "not checked";
}

std::string tensor_text(const Tensor& tensor) {
    return fmt::format("{} {}\n{}", dtype_name(tensor.dtype()), to_python(tensor.shape()), to_text(tensor));
}

/// "  (poisoned: 3 of 6 elements)", or "".
std::string poisoned_text(const PoisonMask& mask, const Tensor& value) {
    if (!mask.any()) return {};
    const std::int64_t elements = value ? value.elements() : 0;
    return fmt::format("  (poisoned: {} of {} elements)", mask.count(elements), elements);
}

/// The newest event of the node that happened before the position, in any run of the graph.
struct LastEvent {
    RunId run;
    std::uint32_t index = 0;
};
std::optional<LastEvent> last_event(const Debugger& debugger, GraphId graph, NodeId node) {
    const record::Recording& recording = debugger.recording();
    const auto runs = recording.runs();
    for (std::size_t i = runs.size(); i-- > 0;) {
        if (runs[i].info.graph != graph || runs[i].first_tick >= debugger.position().ticks) continue;
        if (const auto newest = newest_event(recording, runs[i].info.id, node, debugger.position()))
            return LastEvent{runs[i].info.id, *newest};
    }
    return std::nullopt;
}

} // namespace

std::string where_text(const Debugger& debugger) {
    std::string text = location_text(debugger);
    if (const Diagnosis* diagnosis = debugger.is_open() ? debugger.current_diagnosis() : nullptr)
        text += to_terminal_text(debugger, *diagnosis);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

std::string to_terminal_text(const Debugger& debugger, const Diagnosis& diagnosis) {
    std::string text = fmt::format("x {}", diagnosis.headline);
    if (!diagnosis.cause.empty()) text += fmt::format("  [{}]", diagnosis.cause);
    text += fmt::format("\n  {}: {}\n", diagnosis.error.error_class, diagnosis.error.message);
    if (!diagnosis.summary.empty()) text += "  " + diagnosis.summary + "\n";
    for (const Evidence& evidence : diagnosis.evidence) {
        text += "  - " + evidence.text;
        if (evidence.statement.valid()) text += fmt::format(" (line {})", line_of(debugger, evidence.statement));
        text += "\n";
    }
    if (diagnosis.failed_at.valid())
        text += fmt::format("  failed  {:>4}  {}\n", line_of(debugger, diagnosis.failed_at),
                            python_line(debugger.program(), diagnosis.failed_at));
    for (std::size_t i = 0; i < diagnosis.fixes.size(); ++i) {
        const Fix& fix = diagnosis.fixes[i];
        text += fmt::format("  fix {}: {} ({})\n", i + 1, fix.title, check_text(fix.check));
        if (fix.changed.valid())
            text += fmt::format("    change {:>4}  {}\n", line_of(debugger, fix.changed),
                                python_line(debugger.program(), fix.changed));
        if (!fix.new_line.empty()) text += fmt::format("    new          {}\n", fix.new_line);
        if (fix.after.valid())
            text += fmt::format("    after  {:>4}  {}\n", line_of(debugger, fix.after),
                                python_line(debugger.program(), fix.after));
    }
    if (diagnosis.reads.size() > 1)
        text +=
            fmt::format("  {} reads would fail in this run:\n{}", diagnosis.reads.size(), reads_text(diagnosis.reads));
    if (!diagnosis.other_causes.empty())
        text += fmt::format("  also possible: {}\n", fmt::join(diagnosis.other_causes, ", "));
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

std::string problems_text(const Debugger& debugger) {
    if (debugger.diagnoses().empty()) return "no failure so far";
    std::string text;
    for (const Diagnosis& diagnosis : debugger.diagnoses()) {
        if (!text.empty()) text += "\n\n";
        text += to_terminal_text(debugger, diagnosis);
    }
    return text;
}

std::string preflight_text(const Debugger& debugger) {
    const Debugger::PreflightReport& report = debugger.preflight();
    if (report.reads.empty() && report.warnings.empty()) return "no run reads a variable before it has a value";
    std::string text;
    for (const Debugger::PreflightItem& item : report.reads)
        text += fmt::format("run {}, line {}: {} reads {} before it has a value [{}]\n", item.run.index() + 1,
                            line_of(debugger, item.statement), item.read.op, item.read.variable_name, item.cause);
    for (const Warning& warning : report.warnings) {
        text += "warning: " + warning.summary + " [" + warning.code + "]";
        if (warning.statement.valid()) text += fmt::format(" (line {})", line_of(debugger, warning.statement));
        text += "\n";
    }
    text.pop_back();
    return text;
}

std::string variables_text(const Debugger& debugger) {
    const Graph* graph = debugger.graph();
    if (!graph || graph->variables().empty()) return "the graph has no variables";
    std::string text;
    for (const Variable& variable : graph->variables()) {
        const record::InitState state = debugger.state_of(variable);
        const bool exists = variable.op.index() < debugger.visible_nodes();
        if (!exists) continue;
        const std::string storage = record::storage_name(*graph, variable);
        const bool too_early =
            debugger.recording().read_uninitialized(debugger.current_session(), storage, debugger.position());
        // Without a session a variable that was built is declared; it can hold no value.
        const std::string_view word = state == record::InitState::absent ? "declared" : record::init_state_name(state);
        text += fmt::format("{:<12} {}{}  {} {}\n", word, variable.name, too_early ? "  (read too early)" : "",
                            dtype_name(variable.dtype), to_python(variable.shape));
    }
    if (text.empty()) return "the graph has no variables yet";
    text.pop_back();
    return text;
}

std::string locals_text(const Debugger& debugger) {
    std::string text;
    for (const auto& [name, value] : debugger.locals()) text += fmt::format("{} = {}\n", name, tf1::repr(value));
    if (text.empty()) return "no names are defined yet";
    text.pop_back();
    return text;
}

std::string source_text(const Debugger& debugger) {
    const program::PythonText& python = debugger.program().python;
    const int current = line_of(debugger, debugger.current_statement());
    std::string text;
    for (std::size_t i = 0; i < python.lines.size(); ++i) {
        const int line = static_cast<int>(i) + 1;
        const bool stops = std::ranges::any_of(debugger.breakpoints(), [&](const Breakpoint& breakpoint) {
            return breakpoint.kind == Breakpoint::Kind::statement && line_of(debugger, breakpoint.statement) == line;
        });
        text +=
            fmt::format("{}{} {:>4}  {}\n", line == current ? "->" : "  ", stops ? "o" : " ", line, python.lines[i]);
    }
    if (!text.empty()) text.pop_back();
    return text;
}

Result<std::string> value_text(const Debugger& debugger, std::string_view name) {
    const Graph* graph = debugger.graph();
    if (!graph) return Error{"command.nothing-built", "nothing was built yet"};
    if (const Variable* variable = graph->variable_of(graph->find(name))) {
        const std::string storage = record::storage_name(*graph, *variable);
        const Tensor value = debugger.recording().value_at(debugger.current_session(), storage, debugger.position());
        if (!value) return fmt::format("{} has no value at this position", variable->name);
        const PoisonMask mask =
            debugger.poison() == nullptr
                ? PoisonMask()
                : debugger.poison()->variable_at(debugger.current_session(), storage, debugger.position());
        return fmt::format("{}{}: {}", variable->name, poisoned_text(mask, value), tensor_text(value));
    }
    const Result<Output> output = graph->find_tensor(name);
    if (!output || output->node.index() >= debugger.visible_nodes()) return no_such_name(*graph, name);
    const std::optional<LastEvent> last = last_event(debugger, graph->id(), output->node);
    if (!last) return fmt::format("{} has not run at this position", name);
    const std::optional<record::RecordedEvent> event = debugger.recording().event(last->run, last->index);
    if (static_cast<std::size_t>(output->index) >= event->outputs.size())
        return fmt::format("{} gave no value: {}", name, event->failed ? "it failed" : "it has no outputs");
    const record::RecordedValue& value = event->outputs[static_cast<std::size_t>(output->index)];
    if (!value.present) return fmt::format("{} gave no value: its branch was not taken", name);
    if (!value.tensor) return fmt::format("{}: a reference to {}, which has no value", name, value.variable);
    const std::string when = event->frame != 0 ? fmt::format(" at t = {}", event->iteration) : std::string();
    const PoisonMask mask =
        debugger.poison() == nullptr
            ? PoisonMask()
            : debugger.poison()->output(last->run, last->index, static_cast<std::size_t>(output->index));
    return fmt::format("{}{}{}: {}", name, when, poisoned_text(mask, value.tensor), tensor_text(value.tensor));
}

Result<std::string> history_text(const Debugger& debugger, std::string_view name) {
    const Graph* graph = debugger.graph();
    const Variable* variable = graph ? graph->variable_of(graph->find(name)) : nullptr;
    if (!variable) return Error{"command.unknown-name", fmt::format("the graph has no variable \"{}\"", name)};
    const auto history =
        debugger.recording().history(debugger.current_session(), record::storage_name(*graph, *variable));
    if (history.empty()) return fmt::format("{} was never touched in this session", variable->name);
    using Kind = record::HistoryEntry::Kind;
    static constexpr std::string_view words[] = {"declared", "written", "read", "read too early"};
    std::string text;
    for (const record::HistoryEntry& entry : history) {
        text += fmt::format("{} {:>6}  {}", entry.tick < debugger.position().ticks ? " " : ">", entry.tick,
                            words[static_cast<std::size_t>(entry.kind)]);
        if (entry.kind != Kind::declared && entry.node.valid())
            text += fmt::format(" by {}, run {}, event {}", graph->node(entry.node).name, entry.run.index() + 1,
                                entry.event);
        text += "\n";
    }
    text.pop_back();
    return text;
}

} // namespace rnnscope::debug
