#pragma once

#include "core/debug/answer.hpp"
#include "core/debug/questions.hpp"
#include "core/view/inspector_view.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rnnscope::view {

/// What happened to a variable, oldest first: the newest `most` rows of the answer to "History of the variable", each
/// as one line. Panels that tell a history get it from here, so that all of them say the same, in the same words.
struct VariableHistory {
    std::vector<HistoryRow> rows;
    std::size_t before = 0; ///< rows that come before these
};
VariableHistory variable_history(const debug::Debugger& debugger, const Variable& variable, std::size_t most,
                                 ValueSummaries* summaries = nullptr);

/// What was said of the values of one variable: what was recorded never changes, and to look at a large value takes
/// longer than all the rest. Only of the newest values that were asked for, and of one recording.
class ValueSummaries {
  public:
    const std::string& of(const debug::Debugger& debugger, const Variable& variable, const debug::AccessEntry& entry);
    std::size_t looked_at() const { return looked_at_; } ///< values, so far

  private:
    std::weak_ptr<const debug::Evaluation> evaluation_;
    GraphId graph_;
    VariableId variable_;
    std::map<std::pair<std::size_t, std::uint64_t>, std::string> said_; ///< by session, and the position after it
    std::size_t looked_at_ = 0;
};

/// "read too early by kernel/read, run 2, event 46": the row's columns in their order, names by their last two parts.
/// Line and position are left out: a row of a list has them for themselves.
std::string history_text(const debug::AnswerRow& row);

} // namespace rnnscope::view
