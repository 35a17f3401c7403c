#pragma once

#include "core/debug/answer.hpp"
#include "core/view/inspector_view.hpp"

#include <string>
#include <vector>

namespace rnnscope::view {

/// What happened to a variable, oldest first: the rows of the answer to "History of the variable", each as one line.
/// Panels that tell a history get it from here, so that all of them say the same, in the same words.
std::vector<HistoryRow> variable_history(const debug::Debugger& debugger, const Variable& variable);
/// "read too early by kernel/read, run 2, event 46": the row's columns in their order, names by their last two parts.
/// Line and position are left out: a row of a list has them for themselves.
std::string history_text(const debug::AnswerRow& row);

} // namespace rnnscope::view
