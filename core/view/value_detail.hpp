#pragma once

#include "core/view/inspector_view.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::view {

/// The ways to look at one tensor.
enum class ValueForm : std::uint8_t { map, numbers, histogram, over_time, change };
constexpr std::size_t value_forms = 5;
std::string_view value_form_name(ValueForm form);  ///< "map": also the command line's spelling
std::string_view value_form_title(ValueForm form); ///< "Over time"
std::optional<ValueForm> value_form(std::string_view name);

struct ValueOptions {
    ValueForm form = ValueForm::map;
    std::vector<std::int64_t> at;     ///< index for each axis but the last two; missing ones are 0
    std::int64_t row = 0, column = 0; ///< the element of the slice that is followed over time
    friend bool operator==(const ValueOptions&, const ValueOptions&) = default;
};

/// A tensor of any rank as a person looks at it: two of its dimensions, the others held at an index.
struct ValueDetail {
    std::string name; ///< "a:0", or of a variable its name
    ValueForm form = ValueForm::map;
    std::vector<std::int64_t> leading, at; ///< sizes of the axes before the last two, and where they are held
    std::string slice;                     ///< "[1, :, :]"; "" for up to two dimensions
    ValueView shown;                       ///< the slice; of `change` what was added to it since before
    std::string missing;                   ///< why there is no change, or no line; then that is not set
    std::int64_t row = 0, column = 0;
    std::string element;      ///< "[1, 0, 3]"
    std::vector<double> line; ///< of the element in each event of the run, or after each write of the variable
    std::optional<std::size_t> line_at;    ///< which of them the position shows
    std::vector<std::uint64_t> line_ticks; ///< positions just after them
};
/// Of an op, tensor or variable by name. `missing` says when there is no value at all; then `name` alone is set, too.
ValueDetail build_value(const debug::Debugger& debugger, std::string_view name, const ValueOptions& options);
std::string to_text(const ValueDetail& detail);

/// Name and text: "min −0.1723", "mean …", "std", "zeros", "NaN", "∞"; the last two only where there are some.
std::vector<std::pair<std::string, std::string>> statistics_text(const TensorStatistics& statistics);

} // namespace rnnscope::view
