#include "core/view/variable_history.hpp"

#include "core/view/answers_view.hpp"

#include <fmt/format.h>

#include <array>

namespace rnnscope::view {

using debug::AnswerColumn;
using debug::AnswerRow;

namespace {

/// The session matters only where there are several.
std::string history_text(const AnswerRow& row, bool names_session) {
    std::string text = cell_text(row, AnswerColumn::what);
    if (const std::string by = cell_text(row, AnswerColumn::by); !by.empty())
        text += fmt::format(" by {}", last_segments(by, 2));
    static constexpr std::array<std::pair<AnswerColumn, std::string_view>, 4> columns{
        {{AnswerColumn::session, "session "},
         {AnswerColumn::run, "run "},
         {AnswerColumn::event, "event "},
         {AnswerColumn::step, "t = "}}};
    for (const auto& [column, word] : columns)
        if (const std::string cell = cell_text(row, column);
            !cell.empty() && (column != AnswerColumn::session || names_session))
            text += fmt::format(", {}{}", word, cell);
    if (const std::string value = cell_text(row, AnswerColumn::value); !value.empty()) text += ", " + value;
    return text;
}

Link line_of_row(const AnswerRow& row) {
    for (const debug::AnswerPart& part : row.parts)
        if (part.column == AnswerColumn::line && part.target.kind == debug::Selection::Kind::statement)
            return {"line " + part.text, part.target};
    return Link::plain("");
}

} // namespace

std::string history_text(const AnswerRow& row) {
    return history_text(row, true);
}

const std::string& ValueSummaries::of(const debug::Debugger& debugger, const Variable& variable,
                                      const debug::AccessEntry& entry) {
    constexpr std::size_t most_said = 2000;
    const std::shared_ptr<const debug::Evaluation> evaluation = debugger.shared_evaluation();
    if (evaluation_.lock() != evaluation || graph_ != debugger.current_graph() || variable_ != variable.id ||
        said_.size() >= most_said) {
        evaluation_ = evaluation;
        graph_ = debugger.current_graph();
        variable_ = variable.id;
        said_.clear();
    }
    const auto [place, is_new] =
        said_.try_emplace({entry.session.valid() ? entry.session.index() : SIZE_MAX, entry.after.ticks});
    if (is_new) {
        place->second = debug::value_summary(entry.value);
        ++looked_at_;
    }
    return place->second;
}

VariableHistory variable_history(const debug::Debugger& debugger, const Variable& variable, std::size_t most,
                                 ValueSummaries* summaries) {
    ValueSummaries own;
    ValueSummaries& said = summaries != nullptr ? *summaries : own;
    const debug::AccessRows newest = debug::newest_accesses(
        debugger, variable, most, [&](const debug::AccessEntry& entry) { return said.of(debugger, variable, entry); });
    VariableHistory out;
    out.before = newest.before;
    for (const AnswerRow& row : newest.rows)
        out.rows.push_back({mark_of(row.mark), line_of_row(row), history_text(row, debugger.recording().sessions() > 1),
                            row.at->ticks - 1, row.at <= debugger.position()});
    return out;
}

} // namespace rnnscope::view
