#include "core/view/source_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

namespace rnnscope::view {

using debug::Debugger;

namespace {

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::size_t end_of_string(std::string_view line, std::size_t at) {
    const char quote = line[at++];
    while (at < line.size() && line[at] != quote) at += line[at] == '\\' ? 2 : 1;
    return std::min(at + 1, line.size());
}

std::size_t end_of_number(std::string_view line, std::size_t at) {
    while (at < line.size() && (is_word(line[at]) || line[at] == '.' ||
                                ((line[at] == '-' || line[at] == '+') && (line[at - 1] == 'e' || line[at - 1] == 'E'))))
        ++at;
    return at;
}

Syntax word_kind(std::string_view word, std::string_view before) {
    constexpr std::array<std::string_view, 22> keywords = {
        "import", "as",     "from", "with", "for",  "in",    "def",    "return", "if", "else", "elif",
        "try",    "except", "pass", "None", "True", "False", "lambda", "and",    "or", "not",  "is"};
    if (std::ranges::find(keywords, word) != keywords.end()) return Syntax::keyword;
    return before.ends_with("tf.") || before.ends_with('.') ? Syntax::function : Syntax::plain;
}

/// What one statement did so far: summed over its executions.
struct Done {
    std::size_t variables = 0; ///< made
    int sets = -1;             ///< variables that an init op made here assigns; -1: made none
    RunId run;                 ///< the last one
};

class SourceBuilder {
  public:
    explicit SourceBuilder(const Debugger& debugger) : debugger_(debugger) {}

    SourceView build() {
        const program::Program& program = debugger_.program();
        view_.title = std::filesystem::path(program.file).filename().string() + " as Python";
        collect();
        const debug::Diagnosis* diagnosis = debugger_.current_diagnosis();
        const auto& lines = program.python.lines;
        StatementId previous;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            SourceLine line;
            line.number = static_cast<int>(i) + 1;
            line.text = lines[i];
            line.syntax = highlight_python(line.text);
            line.statement = program.python.statement_at(line.number);
            line.first = line.statement.valid() && line.statement != previous;
            previous = line.statement;
            if (line.statement.valid()) fill(line, diagnosis);
            view_.lines.push_back(std::move(line));
        }
        return std::move(view_);
    }

  private:
    void collect() {
        done_.resize(debugger_.program().statements.size());
        const auto& recording = debugger_.recording();
        const auto now = debugger_.position().ticks;
        for (const record::RecordedStep& step : recording.steps()) {
            if (step.first_tick >= now || !step.step.statement.valid()) break;
            Done& done = done_[step.step.statement.index()];
            if (step.run.valid()) done.run = step.run;
            if (step.graph.valid()) collect_nodes(step, done);
        }
    }

    void collect_nodes(const record::RecordedStep& step, Done& done) const {
        const Graph& graph = debugger_.evaluator().graph(step.graph);
        const std::size_t end = std::min(step.nodes_after, graph.size());
        for (std::size_t i = step.nodes_before; i < end; ++i) {
            const Node& node = graph.node(NodeId(i));
            if (graph.variable_of(node.id)) ++done.variables;
            if (node.op != "NoOp" || !node.name.starts_with("init")) continue;
            done.sets = 0;
            for (const NodeId input : node.control_inputs) done.sets += graph.node(input).op.starts_with("Assign");
        }
    }

    std::size_t written_by(RunId run) const {
        const auto& recorded = debugger_.recording().run(run);
        const SessionId session = recorded.info.session;
        std::size_t count = 0;
        const Graph& graph = debugger_.evaluator().graph(recorded.info.graph);
        for (const Variable& variable : graph.variables()) {
            const auto history = debugger_.recording().history(session, record::storage_name(graph, variable));
            count += std::ranges::any_of(history, [&](const record::HistoryEntry& entry) {
                return entry.run == run && entry.kind == record::HistoryEntry::Kind::write;
            });
        }
        return count;
    }

    void note(SourceLine& line, bool failed) const {
        const Done& done = done_[line.statement.index()];
        if (failed) {
            line.note = "failed";
            line.tone = NoteTone::fail;
            return;
        }
        if (done.sets >= 0) {
            line.note = fmt::format("sets {} of {}", done.sets, visible_variables(debugger_).size());
        } else if (done.run.valid() && done.run != debugger_.current_run()) {
            const auto& outcome = debugger_.recording().run(done.run).outcome;
            line.note = outcome.error ? "failed" : fmt::format("ran, wrote {}", written_by(done.run));
        } else if (done.variables > 0) {
            line.note = "+" + count_text(done.variables, "variable");
        }
        if (line.role == LineRole::to_change) line.tone = NoteTone::fix;
    }

    void fill(SourceLine& line, const debug::Diagnosis* diagnosis) {
        const auto& error = debugger_.error_at_position();
        const bool failed = (diagnosis && diagnosis->failed_at == line.statement) ||
                            (!diagnosis && error && error->statement == line.statement);
        if (failed)
            line.role = LineRole::failed;
        else if (diagnosis && diagnosis->fix_at == line.statement)
            line.role = LineRole::to_change;
        line.current = debugger_.current_statement() == line.statement;
        const auto& selection = debugger_.selection();
        line.selected = selection.kind == debug::Selection::Kind::statement && selection.statement == line.statement;
        if (!line.first) return;
        if (line.current) view_.current_line = line.number;
        if (failed) view_.failed_line = line.number;
        for (const debug::Breakpoint& breakpoint : debugger_.breakpoints()) {
            if (breakpoint.kind != debug::Breakpoint::Kind::statement || breakpoint.statement != line.statement)
                continue;
            line.has_breakpoint = true;
            line.breakpoint_enabled = breakpoint.enabled;
        }
        note(line, failed);
    }

    const Debugger& debugger_;
    SourceView view_;
    std::vector<Done> done_; ///< by statement
};

} // namespace

std::vector<SyntaxSpan> highlight_python(std::string_view line) {
    std::vector<SyntaxSpan> out;
    const auto add = [&](std::size_t begin, std::size_t end, Syntax kind) {
        if (begin >= end) return;
        if (!out.empty() && out.back().kind == kind && out.back().end == begin)
            out.back().end = end;
        else
            out.push_back({begin, end, kind});
    };
    std::size_t at = 0;
    while (at < line.size()) {
        const char c = line[at];
        std::size_t end = at + 1;
        Syntax kind = Syntax::plain;
        if (c == '#') {
            end = line.size();
            kind = Syntax::comment;
        } else if (c == '"' || c == '\'') {
            end = end_of_string(line, at);
            kind = Syntax::string;
        } else if (is_digit(c)) {
            end = end_of_number(line, at);
            kind = Syntax::number;
        } else if (is_word(c)) {
            while (end < line.size() && is_word(line[end])) ++end;
            kind = word_kind(line.substr(at, end - at), line.substr(0, at));
        }
        add(at, end, kind);
        at = end;
    }
    return out;
}

SourceView build_source(const Debugger& debugger) {
    return debugger.is_open() ? SourceBuilder(debugger).build() : SourceView{};
}

std::string to_text(const SourceView& view) {
    std::string out = view.title + "\n";
    for (const SourceLine& line : view.lines) {
        const char role = line.role == LineRole::failed ? 'x' : line.role == LineRole::to_change ? '!' : ' ';
        const char stop = !line.has_breakpoint ? ' ' : line.breakpoint_enabled ? '*' : 'o';
        std::string text =
            fmt::format("{}{}{}{:>3} {}", role, stop, line.current && line.first ? '>' : ' ', line.number, line.text);
        if (!line.note.empty()) text += "    # " + line.note;
        while (!text.empty() && text.back() == ' ') text.pop_back();
        out += text + "\n";
    }
    return out;
}

} // namespace rnnscope::view
