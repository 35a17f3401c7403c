#include "core/view/common.hpp"

#include "core/debug/poison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace rnnscope::view {

using debug::Debugger;
using debug::Selection;

std::string_view glyph(StateMark mark) {
    constexpr std::array<std::string_view, 8> glyphs = {"·", "○", "●", "●", "◆", "◐", "✕", "▲"};
    return glyphs[static_cast<std::size_t>(mark)];
}

std::string_view describe(StateMark mark) {
    constexpr std::array<std::string_view, 8> words = {
        "does not exist yet", "declared, no value",       "initialized", "updated", "restored",
        "partly with values", "read while uninitialized", "poisoned"};
    return words[static_cast<std::size_t>(mark)];
}

StateMark mark_of(const Debugger& debugger, const Variable& variable) {
    if (variable.op.index() >= debugger.visible_nodes()) return StateMark::none;
    const SessionId session = debugger.current_session();
    if (!session.valid()) return StateMark::declared;
    const auto& recording = debugger.recording();
    switch (debugger.state_of(variable)) {
    case record::InitState::absent:
    case record::InitState::declared:
        break; // the mark tells what is, not what was: a read that came too early stays in the history
    case record::InitState::initialized:
        return StateMark::initialized;
    case record::InitState::updated:
        return StateMark::updated;
    case record::InitState::restored:
        return StateMark::restored;
    case record::InitState::poisoned:
        return StateMark::poisoned;
    }
    const bool was_read = recording.read_uninitialized(session, storage_name(debugger, variable), debugger.position());
    return was_read ? StateMark::uninitialized : StateMark::declared;
}

double rounded_up(double value) {
    if (value <= 0 || !std::isfinite(value)) return 1;
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const double step : {1.0, 2.0, 5.0})
        if (value <= step * power * (1 + 1e-6)) return step * power;
    return 10 * power;
}

StateMark combine(std::span<const StateMark> marks) {
    const auto has = [&](StateMark mark) { return std::ranges::find(marks, mark) != marks.end(); };
    if (marks.empty()) return StateMark::none;
    if (has(StateMark::uninitialized)) return StateMark::uninitialized;
    if (has(StateMark::poisoned)) return StateMark::poisoned;
    const auto without = static_cast<std::size_t>(std::ranges::count_if(
        marks, [](StateMark mark) { return mark == StateMark::declared || mark == StateMark::none; }));
    if (without == marks.size()) return has(StateMark::declared) ? StateMark::declared : StateMark::none;
    if (without > 0) return StateMark::partly;
    const bool same = std::ranges::all_of(marks, [&](StateMark mark) { return mark == marks.front(); });
    return same ? marks.front() : StateMark::initialized;
}

Stamp stamp(const Debugger& debugger) {
    Stamp out;
    if (!debugger.is_open()) return out;
    out.program = debugger.document().program_ptr();
    out.position = debugger.position();
    out.end = debugger.recording().end();
    out.session = debugger.current_session();
    out.selection = debugger.selection();
    out.breakpoints = debugger.breakpoints();
    out.bookmarks = debugger.bookmarks();
    for (const debug::Diagnosis& diagnosis : debugger.diagnoses()) {
        ++out.diagnoses;
        for (const debug::Fix& fix : diagnosis.fixes) out.verified += fix.check != debug::Fix::Check::not_run;
    }
    if (const auto* report = debugger.known_preflight())
        out.preflight = 1 + report->reads.size() + report->warnings.size(); // it comes later, from the background
    out.busy = debugger.busy();
    out.poison = debugger.poison() != nullptr && debugger.poison()->is_caught_up();
    return out;
}

Selection select_node(const Debugger& debugger, NodeId node) {
    Selection out;
    if (!node.valid()) return out;
    out.kind = Selection::Kind::node;
    out.graph = debugger.current_graph();
    out.node = node;
    return out;
}

Selection select_variable(const Debugger& debugger, VariableId variable) {
    Selection out;
    if (!variable.valid()) return out;
    out.kind = Selection::Kind::variable;
    out.graph = debugger.current_graph();
    out.variable = variable;
    return out;
}

Selection select_scope(const Debugger& debugger, std::string path) {
    Selection out;
    out.kind = Selection::Kind::scope;
    out.graph = debugger.current_graph();
    out.scope = std::move(path);
    return out;
}

Selection select_statement(StatementId statement) {
    Selection out;
    if (!statement.valid()) return out;
    out.kind = Selection::Kind::statement;
    out.statement = statement;
    return out;
}

int line_of(const Debugger& debugger, StatementId statement) {
    const auto& ranges = debugger.program().python.statements;
    return statement.valid() && statement.index() < ranges.size() ? ranges[statement.index()].first : 0;
}

StatementId statement_of(const Debugger& debugger, RunId run) {
    if (!run.valid()) return {};
    const auto& recording = debugger.recording();
    return recording.step(recording.run(run).info.step).step.statement;
}

std::string line_text(const Debugger& debugger, StatementId statement) {
    const int line = line_of(debugger, statement);
    return line > 0 ? fmt::format("line {}", line) : std::string();
}

Link line_link(const Debugger& debugger, StatementId statement) {
    return {line_text(debugger, statement), select_statement(statement)};
}

std::string run_text(RunId run) {
    return run.valid() ? fmt::format("run {}", run.index() + 1) : std::string();
}

std::string grouped(std::uint64_t number) {
    const std::string digits = fmt::format("{}", number);
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) text += ' ';
        text += digits[i];
    }
    return text;
}

std::string count_text(std::size_t count, std::string_view singular) {
    return fmt::format("{} {}{}", grouped(count), singular, count == 1 ? "" : "s");
}

std::string_view last_segment(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view last_segments(std::string_view path, int segments) {
    std::size_t at = path.size();
    for (int i = 0; i < segments; ++i) {
        if (at == 0) return path;
        const std::size_t slash = path.rfind('/', at - 1);
        if (slash == std::string_view::npos) return path;
        at = slash;
    }
    return path.substr(at + 1);
}

std::string shape_text(const Shape& shape) {
    if (!shape.has_rank()) return "unknown shape";
    if (shape.is_scalar()) return "scalar";
    std::string out = "[";
    for (std::size_t i = 0; i < shape.rank(); ++i) {
        if (i > 0) out += ", ";
        out += shape.dim(i) == Shape::unknown ? "?" : fmt::format("{}", shape.dim(i));
    }
    return out + "]";
}

std::string type_text(DType dtype, const Shape& shape) {
    return fmt::format("{} {}", dtype_name(dtype), shape_text(shape));
}

std::string type_text(const OutputInfo& info) {
    return fmt::format("{}{} {}", dtype_name(info.dtype), info.is_ref ? "_ref" : "", shape_text(info.shape));
}

std::string number_text(double value, int digits, bool plus) {
    if (std::isnan(value)) return "NaN";
    const bool negative = std::signbit(value);
    const std::string sign = negative ? "−" : plus ? "+" : "";
    const double size = std::fabs(value);
    if (std::isinf(size)) return sign + "∞";
    if (size == 0) return sign + fmt::format("{:.{}f}", 0.0, digits);
    if (size >= 1e7 || size < 1e-4) return sign + fmt::format("{:.{}e}", size, std::max(digits - 2, 1));
    const int before = size >= 1 ? static_cast<int>(std::floor(std::log10(size))) + 1 : 1;
    return sign + fmt::format("{:.{}f}", size, std::max(digits - before + 1, 0));
}

std::string storage_name(const Debugger& debugger, const Variable& variable) {
    return debugger.graph() ? record::storage_name(*debugger.graph(), variable) : variable.name;
}

std::string bytes_text(std::size_t bytes) {
    const double megabytes = static_cast<double>(bytes) / (1 << 20);
    return megabytes < 0.05 ? fmt::format("{} KB", (bytes + 1023) / 1024) : fmt::format("{:.1f} MB", megabytes);
}

std::vector<VariableId> visible_variables(const Debugger& debugger) {
    std::vector<VariableId> out;
    const Graph* graph = debugger.graph();
    if (!graph) return out;
    const std::size_t nodes = debugger.visible_nodes();
    for (const Variable& variable : graph->variables())
        if (variable.op.index() < nodes) out.push_back(variable.id);
    return out;
}

std::optional<EventAt> shown_event(const Debugger& debugger) {
    const RunId run = debugger.current_run();
    if (!run.valid()) return std::nullopt;
    const auto& recording = debugger.recording();
    const std::size_t count = recording.event_count(run);
    if (count == 0) return std::nullopt;
    const std::uint32_t next = debugger.current_event();
    const auto last = static_cast<std::uint32_t>(count - 1);
    if (next <= last && recording.visit(run, next).failed) return EventAt{run, next};
    return next == 0 ? std::nullopt : std::optional(EventAt{run, std::min(next - 1, last)});
}

} // namespace rnnscope::view
