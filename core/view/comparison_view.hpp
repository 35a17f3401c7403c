#pragma once

#include "core/debug/comparison.hpp"
#include "core/view/inspector_view.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::view {

/// Two recordings in lockstep. Rows are read one by one: there may be very many.
struct ComparisonView {
    std::shared_ptr<const debug::Answer> answer; ///< that compares; null: none
    std::string left_name, right_name;
    std::string left_other, right_other; ///< why a side's positions cannot be gone to; "" when they can
    std::string summary;                 ///< "2 454 values of 219 ops in 2 runs: 1 139 differ"
    std::string tolerance;               ///< "0", "1e-06"
    struct Index {
        std::uint32_t run = 0;  ///< of Comparison::runs
        std::int32_t pair = -1; ///< -1: the head of the run
    };
    std::vector<Index> rows;
    std::size_t first = SIZE_MAX; ///< the row that differs first
    std::string empty;            ///< why there are no rows

    const debug::ComparedRecordings& compared() const { return *answer->compared; }
};

struct ComparisonOptions {
    bool only_differing = false; ///< and what ran on one side only
    std::string filter;          ///< as for answers, of the ops' names
    friend bool operator==(const ComparisonOptions&, const ComparisonOptions&) = default;
};
/// Of AnswerShelf::comparison; without rows where there is none.
ComparisonView build_comparison(const debug::Debugger& debugger, const ComparisonOptions& options);

/// What happened on one side.
struct ComparisonSide {
    bool exists = false; ///< false: the op did not run here
    NodeId node;
    std::uint32_t event = 0;
    record::Position at;              ///< just after it
    StateMark mark = StateMark::none; ///< of ops of a variable: its state then
    std::string value;                ///< at the element that differs first, or the first one
    bool is_now = false;              ///< the position is there
};
struct ComparisonRow {
    std::string head; ///< "run 2, line 36, and run 2 of fixed.json": then the rest is empty
    std::string op;   ///< "rnn/while/MatMul", with the output where it is not the first
    std::string step; ///< time step, ""
    int output = 0;   ///< that the values are of: the one that differs most
    ComparisonSide left, right;
    bool differs = false, is_first = false;
    std::string largest, ulps; ///< how far apart, "" when equal
};
ComparisonRow comparison_row(const debug::Debugger& debugger, const ComparisonView& view, std::size_t row);
/// The row that is at the position, or the last before it; SIZE_MAX: none.
std::size_t row_at_position(const debug::Debugger& debugger, const ComparisonView& view);

/// Both values of a row, and left minus right where that can be said.
struct ComparedValues {
    ValueView left, right, difference;
    std::string sentence; ///< how they differ, or that they do not
};
ComparedValues compared_values(const debug::Debugger& debugger, const ComparisonView& view, std::size_t row);

/// At most so many rows from the first difference on, two before it included.
std::string to_text(const debug::Debugger& debugger, const ComparisonView& view, std::size_t most);

} // namespace rnnscope::view
