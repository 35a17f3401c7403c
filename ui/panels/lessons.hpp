#pragma once

#include "core/base/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::ui {

/// One thing to see or to do.
struct LessonStep {
    std::vector<std::string> say;      ///< paragraphs; what stands between backticks is a name or a key
    std::vector<std::string> commands; ///< "id argument": what "Show me" does, and what ticks the step off by hand
    std::string look_at;               ///< a panel that is outlined meanwhile; "": none
};

/// A guided walk through a sample (assets/lessons/*.json). The tour is the one named "tour.json".
struct Lesson {
    std::string file, title, about;
    int minutes = 0;
    std::string sample; ///< the embedded program that it opens
    std::vector<LessonStep> steps;
};

/// `file` is only its name. What is wrong with a lesson is said with the place in it.
Result<Lesson> read_lesson(std::string file, std::string_view text);

/// The embedded ones: the tour first, then by file name.
std::span<const Lesson> all_lessons();
const Lesson* find_lesson(std::string_view file);

} // namespace rnnscope::ui
