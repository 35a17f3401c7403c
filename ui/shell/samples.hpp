#pragma once

#include "core/view/common.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::ui {

/// An embedded program (samples/programs).
struct Sample {
    std::string file, title, description, fixed_twin;
    std::vector<std::string> tags;
    std::string_view text;
    bool healthy() const;
};

/// All of them, by file name.
std::span<const Sample> all_samples();
const Sample* find_sample(std::string_view file);

/// The samples that the welcome screen shows as cards, each with a small picture of its fault: the marks of two
/// variables, and whether what they feed fails.
struct Featured {
    std::string_view file;
    std::string_view title; ///< short
    std::string_view about;
    view::StateMark first, second;
    bool fails_first, fails_second;
    std::string_view cause; ///< code, or "no problem"
};
std::span<const Featured> featured_samples();

} // namespace rnnscope::ui
