#pragma once

#include "core/debug/answer.hpp"
#include "core/view/common.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::view {

/// One of the answers that are kept.
struct AnswerTab {
    std::string title; ///< "History · gates/kernel"
    std::string whole; ///< with the whole name
    bool is_shown = false;
};

/// A row of the answer that is shown, and where it stands in time.
struct AnswerLine {
    const debug::AnswerRow* row = nullptr; ///< of AnswersView::answer
    StateMark mark = StateMark::none;
    bool is_now = false;  ///< the position is its place
    bool is_past = false; ///< the position is at its place or behind
    /// The position is behind this line and before the next: where the answer is a story in order.
    bool now_follows = false;
};

/// What was asked, and the one answer that is shown.
struct AnswersView {
    std::shared_ptr<const debug::Answer> answer; ///< null: none
    std::vector<AnswerTab> tabs;
    std::vector<AnswerLine> lines;                   ///< that pass the filter
    std::array<bool, debug::answer_columns> columns; ///< those that entries use
    std::string other;                               ///< why the positions cannot be gone to; "" when they can
    std::string empty;                               ///< what to say when there are no lines
    std::size_t hidden = 0;                          ///< lines that the filter hides
};
/// `filter`: words that must all be in a row, case ignored.
AnswersView build_answers(const debug::Debugger& debugger, std::string_view filter);
/// As the window lays it out: marks, columns, and "now" at the position.
std::string to_text(const AnswersView& view);

/// "at": what a column is called above it; "" for those that need no name.
std::string_view name_of(const debug::Answer& answer, debug::AnswerColumn column);
/// The text of the entry's cell, without what only makes a sentence of it.
std::string cell_text(const debug::AnswerRow& row, debug::AnswerColumn column);
/// Can it be selected, as things are? It belongs to the graph that is looked at.
bool is_link(const debug::Debugger& debugger, const debug::AnswerPart& part);
StateMark mark_of(debug::AnswerRow::Mark mark);
/// Does the text have all of the filter's words?
bool passes(std::string_view text, std::string_view filter);

} // namespace rnnscope::view
