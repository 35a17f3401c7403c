#include "core/view/answers_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace rnnscope::view {

using debug::Answer;
using debug::AnswerColumn;
using debug::AnswerRow;

namespace {

char folded(char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool contains(std::string_view text, std::string_view word) {
    const auto same = [](char a, char b) { return folded(a) == folded(b); };
    return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

/// Why the answer's positions are not those of what is looked at.
std::string why_elsewhere(const debug::Debugger& debugger, const Answer& answer) {
    if (debug::is_of_what_is_shown(debugger, answer.source)) return {};
    if (answer.source.is_diversion) return "This is about the what-if: switch recordings to go there.";
    if (debugger.shows_diversion()) return "This is about the original: switch recordings to go there.";
    return "This is about the program as it was before: ask again to go there.";
}

std::string_view short_subject(std::string_view subject) {
    const bool is_name = subject.find(' ') == std::string_view::npos;
    return is_name ? last_segments(subject, 2) : subject;
}

bool is_told_in_order(const Answer& answer) {
    const record::Position* before = nullptr;
    for (const AnswerRow& row : answer.rows) {
        if (!row.at || row.kind != AnswerRow::Kind::entry) continue;
        if (before != nullptr && *row.at < *before) return false;
        before = &*row.at;
    }
    return true;
}

void add_lines(const debug::Debugger& debugger, std::string_view filter, AnswersView& view) {
    const record::Position now = debugger.position();
    const bool can_go = view.other.empty();
    for (const AnswerRow& row : view.answer->rows) {
        if (row.shown == AnswerRow::Shown::in_terminal) continue;
        const bool is_entry = row.kind == AnswerRow::Kind::entry;
        if (is_entry)
            for (const debug::AnswerPart& part : row.parts)
                if (!part.is_glue && !part.text.empty()) view.columns[static_cast<std::size_t>(part.column)] = true;
        if (is_entry && row.at) view.columns[static_cast<std::size_t>(AnswerColumn::at)] = true;
        // Headings stay: they say what the rows below are.
        if (is_entry && !passes(to_text(row), filter)) {
            ++view.hidden;
            continue;
        }
        AnswerLine line;
        line.row = &row;
        line.mark = mark_of(row.mark);
        line.is_now = can_go && row.at == now;
        line.is_past = can_go && row.at && *row.at <= now;
        view.lines.push_back(line);
    }
    if (!can_go || !is_told_in_order(*view.answer)) return;
    const bool is_exact = std::ranges::any_of(view.lines, &AnswerLine::is_now);
    for (std::size_t i = 0; i + 1 < view.lines.size() && !is_exact; ++i)
        view.lines[i].now_follows = view.lines[i].is_past && view.lines[i + 1].row->at && !view.lines[i + 1].is_past;
}

} // namespace

bool passes(std::string_view text, std::string_view filter) {
    while (!filter.empty()) {
        const std::size_t size = std::min(filter.find(' '), filter.size());
        if (size > 0 && !contains(text, filter.substr(0, size))) return false;
        filter.remove_prefix(std::min(size + 1, filter.size()));
    }
    return true;
}

StateMark mark_of(AnswerRow::Mark mark) {
    switch (mark) {
    case AnswerRow::Mark::declared:
        return StateMark::declared;
    case AnswerRow::Mark::initialized:
        return StateMark::initialized;
    case AnswerRow::Mark::updated:
        return StateMark::updated;
    case AnswerRow::Mark::restored:
        return StateMark::restored;
    case AnswerRow::Mark::uninitialized:
        return StateMark::uninitialized;
    case AnswerRow::Mark::poisoned:
        return StateMark::poisoned;
    case AnswerRow::Mark::none:
    case AnswerRow::Mark::fails:
    case AnswerRow::Mark::works:
        break;
    }
    return StateMark::none;
}

std::string_view name_of(const Answer& answer, AnswerColumn column) {
    switch (column) {
    case AnswerColumn::by:
        return answer.by;
    case AnswerColumn::session:
        return "session";
    case AnswerColumn::run:
        return "run";
    case AnswerColumn::event:
        return "event";
    case AnswerColumn::step:
        return "t";
    case AnswerColumn::line:
        return "line";
    case AnswerColumn::at:
        return "at";
    case AnswerColumn::lead:
    case AnswerColumn::what:
    case AnswerColumn::value:
        break;
    }
    return {};
}

std::string cell_text(const AnswerRow& row, AnswerColumn column) {
    std::string text;
    for (const debug::AnswerPart& part : row.parts) {
        if (part.is_glue || part.column != column || part.text.empty()) continue;
        if (!text.empty() && !text.ends_with(' ') && row.kind == AnswerRow::Kind::entry) text += ", ";
        text += part.text;
    }
    // Where a row is about, it says, even if the terminal does not.
    const bool lacks_place = column == AnswerColumn::at && text.empty() && row.kind == AnswerRow::Kind::entry && row.at;
    return lacks_place ? fmt::format("{}", row.at->ticks) : text;
}

bool is_link(const debug::Debugger& debugger, const debug::AnswerPart& part) {
    using Kind = debug::Selection::Kind;
    if (part.target.kind == Kind::none) return false;
    if (part.target.kind == Kind::statement) return true;
    const Graph* graph = debugger.graph();
    if (graph == nullptr || part.target.graph != graph->id()) return false;
    if (part.target.kind == Kind::node) return part.target.node.index() < debugger.visible_nodes();
    if (part.target.kind != Kind::variable) return true;
    return part.target.variable.index() < graph->variables().size() &&
           graph->variable(part.target.variable).op.index() < debugger.visible_nodes();
}

AnswersView build_answers(const debug::Debugger& debugger, std::string_view filter) {
    AnswersView view;
    view.columns.fill(false);
    const debug::AnswerShelf& shelf = debugger.answers();
    for (std::size_t i = 0; i < shelf.all().size(); ++i) {
        const Answer& answer = *shelf.all()[i];
        const bool has_subject = !answer.subject.empty();
        view.tabs.push_back(
            {has_subject ? fmt::format("{} · {}", answer.title, short_subject(answer.subject)) : answer.title,
             has_subject ? fmt::format("{}: {}", answer.title, answer.subject) : answer.title, i == shelf.index()});
    }
    if (shelf.shown() == nullptr) {
        view.empty = "Ask where a value came from, who initialized it, or what another order would do: every name's "
                     "menu has the questions.";
        return view;
    }
    view.answer = shelf.all()[shelf.index()];
    view.other = why_elsewhere(debugger, *view.answer);
    add_lines(debugger, filter, view);
    const auto is_entry = [](const AnswerLine& line) { return line.row->kind == AnswerRow::Kind::entry; };
    if (view.hidden > 0 && std::ranges::none_of(view.lines, is_entry))
        view.empty = fmt::format("No row matches “{}”.", filter);
    return view;
}

namespace {

std::string laid_out(const AnswerLine& line, const AnswersView& view,
                     const std::array<std::size_t, debug::answer_columns>& widths) {
    const AnswerRow& row = *line.row;
    std::string text = line.is_now ? "now " : "    ";
    text += line.mark != StateMark::none         ? fmt::format("{} ", glyph(line.mark))
            : row.mark == AnswerRow::Mark::fails ? "! "
            : row.mark == AnswerRow::Mark::works ? "= "
                                                 : "  ";
    if (row.kind != AnswerRow::Kind::entry) {
        const std::string all = to_text(row);
        return text + all.substr(std::min(all.find_first_not_of(' '), all.size()));
    }
    text += std::string(static_cast<std::size_t>(2 * row.indent), ' ');
    for (std::size_t c = 0; c < debug::answer_columns; ++c)
        if (view.columns[c]) text += fmt::format("{:<{}}", cell_text(row, static_cast<AnswerColumn>(c)), widths[c] + 2);
    return text.substr(0, text.find_last_not_of(' ') + 1);
}

} // namespace

std::string to_text(const AnswersView& view) {
    std::string text;
    for (const AnswerTab& tab : view.tabs) text += fmt::format("{} {}\n", tab.is_shown ? ">" : " ", tab.title);
    if (!view.other.empty()) text += view.other + "\n";
    if (!view.answer) return text + view.empty + "\n";
    std::array<std::size_t, debug::answer_columns> widths{};
    std::string head = "      ";
    for (std::size_t c = 0; c < debug::answer_columns; ++c) {
        widths[c] = name_of(*view.answer, static_cast<AnswerColumn>(c)).size();
        for (const AnswerLine& line : view.lines)
            if (line.row->kind == AnswerRow::Kind::entry)
                widths[c] = std::max(widths[c], cell_text(*line.row, static_cast<AnswerColumn>(c)).size());
        if (view.columns[c])
            head += fmt::format("{:<{}}", name_of(*view.answer, static_cast<AnswerColumn>(c)), widths[c] + 2);
    }
    head.resize(head.find_last_not_of(' ') + 1);
    if (!head.empty()) text += head + "\n";
    for (const AnswerLine& line : view.lines) {
        text += laid_out(line, view, widths) + "\n";
        if (line.now_follows) text += "now --\n";
    }
    if (view.hidden > 0) text += fmt::format("{} hidden\n", count_text(view.hidden, "row"));
    if (!view.empty.empty()) text += view.empty + "\n";
    return text;
}

} // namespace rnnscope::view
