#include "app/report.hpp"

#include "core/debug/answer.hpp"
#include "core/debug/poison.hpp"
#include "core/debug/selection_commands.hpp"

#include <fmt/format.h>

namespace rnnscope::app {
namespace {

using debug::Debugger;
using debug::Diagnosis;

/// "FILE:LINE" of the statement, the form that terminals and editors turn into a link.
std::string place(const program::Program& program, StatementId id) {
    if (!id.valid()) return program.file;
    const SourcePosition& where = program.statement(id).where;
    return fmt::format("{}:{}", where.file, where.line);
}

std::string count(std::size_t n, std::string_view noun) {
    return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

/// "  failed    9  y = sess.run(out)": sentences speak of the lines of the Python form, so rows show their numbers.
std::string python_row(const program::Program& program, std::string_view word, StatementId statement) {
    if (!statement.valid()) return {};
    return fmt::format("  {:<8}{:>4}  {}\n", word, program.statement(statement).where.python_line,
                       program::python_line(program, statement));
}

/// `earlier`: the previous failure, whose story is not told twice when it is the same.
std::string diagnosis_text(const program::Program& program, const Diagnosis& diagnosis, const Diagnosis* earlier) {
    std::string text = fmt::format("\n{}: {}: {}\n", place(program, diagnosis.failed_at), diagnosis.error.error_class,
                                   diagnosis.error.message);
    if (!diagnosis.error.op.empty()) text += fmt::format("  at op {}\n", diagnosis.error.op);
    if (!diagnosis.error.message.starts_with(diagnosis.headline)) text += fmt::format("  {}\n", diagnosis.headline);
    if (earlier != nullptr && !diagnosis.summary.empty() && earlier->summary == diagnosis.summary)
        return text + fmt::format("  cause: as above [{}]\n", diagnosis.cause);
    if (!diagnosis.cause.empty()) text += fmt::format("  cause: {} [{}]\n", diagnosis.summary, diagnosis.cause);
    for (const debug::Evidence& evidence : diagnosis.evidence) text += fmt::format("    - {}\n", evidence.text);
    text += python_row(program, "failed", diagnosis.failed_at);
    if (diagnosis.fix_at != diagnosis.failed_at) text += python_row(program, "change", diagnosis.fix_at);
    for (const debug::Fix& fix : diagnosis.fixes) {
        const bool verified = fix.check == debug::Fix::Check::verified;
        text += fmt::format("  fix: {}{}\n", fix.title, verified ? " (verified: the program then succeeds)" : "");
        if (!fix.new_line.empty()) text += fmt::format("                {}\n", fix.new_line);
    }
    if (diagnosis.reads.size() > 1) {
        text += fmt::format("  {} that this run would meet:\n", count(diagnosis.reads.size(), "uninitialized read"));
        for (const debug::UninitializedRead& read : diagnosis.reads)
            text += fmt::format("    {} reads {}\n", read.op, read.variable_name);
    }
    if (!diagnosis.cause.empty()) text += fmt::format("  more: rnnscope explain {}\n", diagnosis.cause);
    return text;
}

std::string warnings_text(const Debugger& debugger) {
    std::string text;
    for (const debug::Warning& warning : debugger.preflight().warnings)
        text += fmt::format("{}: warning [{}] {}\n", place(debugger.program(), warning.statement), warning.code,
                            warning.summary);
    return text;
}

std::string values_text(const Graph& graph, const record::RecordedRun& run) {
    std::string text;
    for (std::size_t i = 0; i < run.outcome.results.size(); ++i) {
        const Tensor& tensor = run.outcome.results[i];
        text += fmt::format("  {} {} {}\n", graph.tensor_name(run.info.request.fetches[i]), dtype_name(tensor.dtype()),
                            to_text(tensor.shape()));
        PrintOptions options;
        options.threshold = 40;
        std::string values = to_text(tensor, options);
        for (std::size_t at = 0; (at = values.find('\n', at)) != std::string::npos; at += 5)
            values.replace(at, 1, "\n    ");
        text += "    " + values + "\n";
    }
    return text;
}

} // namespace

std::string run_text(const Debugger& debugger) {
    const program::Program& program = debugger.program();
    const record::Recording& recording = debugger.recording();
    const Graph* graph = debugger.graph();
    std::string text = fmt::format("{}: {}, {}\n", program.file, count(graph == nullptr ? 0 : graph->size(), "node"),
                                   count(graph == nullptr ? 0 : graph->variables().size(), "variable"));
    for (const record::RecordedRun& run : recording.runs()) {
        const StatementId statement = recording.step(run.info.step).step.statement;
        text += fmt::format("run {} in {}: {}  {}  {}\n", run.info.id.value + 1, debug::session_text(run.info.session),
                            program::python_line(program, statement), run.outcome.error ? "FAILED" : "ok",
                            count(recording.event_count(run.info.id), "event"));
        text += values_text(debugger.evaluator().graph(run.info.graph), run);
    }
    const Diagnosis* earlier = nullptr;
    for (const Diagnosis& diagnosis : debugger.diagnoses()) {
        text += diagnosis_text(program, diagnosis, earlier);
        earlier = &diagnosis;
    }
    if (debugger.poisons()) text += "\npoison: " + debug::to_text(debug::answer_poison(debugger)) + "\n";
    const std::string warnings = warnings_text(debugger);
    if (!warnings.empty()) text += "\n" + warnings;
    return text;
}

std::string check_text(const Debugger& debugger) {
    const program::Program& program = debugger.program();
    const Debugger::PreflightReport& report = debugger.preflight();
    std::string text;
    for (const Debugger::PreflightItem& item : report.reads)
        text += fmt::format("{}: run {}: {} reads {} before it has a value [{}]\n", place(program, item.statement),
                            item.run.value + 1, item.read.op, item.read.variable_name, item.cause);
    text += warnings_text(debugger);
    if (text.empty()) return fmt::format("{}: no uninitialized reads, no warnings\n", program.file);
    return text + fmt::format("{}, {}\n", count(report.reads.size(), "uninitialized read"),
                              count(report.warnings.size(), "warning"));
}

} // namespace rnnscope::app
