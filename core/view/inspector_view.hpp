#pragma once

#include "core/debug/poison_mask.hpp"
#include "core/view/common.hpp"

#include <string>
#include <vector>

namespace rnnscope::view {

/// A tensor as a panel shows it: map, numbers, statistics, histogram. Folded to two dimensions: the last one is the
/// columns, all others are rows.
struct ValueView {
    std::string label;   ///< "output 0"; for variables "value"
    std::string type;    ///< "float32 [74, 128]"
    std::string absent;  ///< why there is no value: "kernel was never written"; "" when there is one
    bool failed = false; ///< the absence is the failure
    Tensor tensor;       ///< empty when absent, or not recorded
    std::int64_t rows = 0, columns = 0;
    double range = 0;           ///< the scale runs from -range to range
    std::int64_t clipped = 0;   ///< values outside of it
    bool is_gate = false;       ///< all values lie within 0 to 1, as those of a gate do: the scale is that instead
    std::int64_t saturated = 0; ///< of a gate: values at an end of it
    bool numeric = false;       ///< has a map, statistics and a histogram
    TensorStatistics statistics;
    std::vector<std::size_t> histogram; ///< of the finite values, from minimum to maximum
    std::string first_row;              ///< "row 0: −0.1456 −0.0089 …"
    debug::PoisonMask poison;           ///< elements that are derived from missing values
    std::int64_t poisoned = 0;          ///< how many

    double cell(std::int64_t row, std::int64_t column) const { return tensor.number(row * columns + column); }
    bool is_saturated(double value) const;
    bool is_poisoned(std::int64_t row, std::int64_t column) const { return poison.at(row * columns + column); }
};
ValueView view_value(std::string label, const Tensor& tensor, const debug::PoisonMask& poison = {});
/// "24 of 48 elements poisoned", or "".
std::string poison_text(const ValueView& value);
/// "scale of a gate, 12 of 48 at an end", or "".
std::string gate_text(const ValueView& value);
/// The 99th percentile of |v| rounded up to 1, 2 or 5 times a power of ten.
double map_range(const Tensor& tensor);

/// A line of the inspector: name, and what is there.
struct PropertyRow {
    std::string name; ///< "" continues the row above
    StateMark mark = StateMark::none;
    Link value;
    std::string detail; ///< right aligned
};

struct HistoryRow {
    StateMark mark = StateMark::none;
    Link where; ///< the line
    std::string text;
    std::uint64_t tick = 0; ///< where to go
    bool is_past = true;    ///< happened before or at the position
};

/// What is known of the selected op, variable, scope or statement.
struct InspectorView {
    debug::Selection::Kind kind = debug::Selection::Kind::none;
    StateMark mark = StateMark::none;
    std::string title, subtitle, path;
    std::vector<Link> facts; ///< one sentence, in parts: "Node 109 of 229, made by line 17"
    std::vector<ValueView> values;
    std::vector<PropertyRow> links;      ///< inputs, readers, colocation; of a statement: what it made
    std::vector<PropertyRow> attributes; ///< of the NodeDef
    std::string history_title;
    std::vector<HistoryRow> history;
};
class ValueSummaries;
/// With the summaries of the time before, values that were looked at are not looked at again.
InspectorView build_inspector(const debug::Debugger& debugger, ValueSummaries* summaries = nullptr);
std::string to_text(const InspectorView& view);

/// The variable whose value the node passes on (itself, or a `read` of it); null when there is none.
const Variable* variable_behind(const Graph& graph, NodeId node);

} // namespace rnnscope::view
