#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

/// What an error text says that was printed by a real TensorFlow (0.7 to 1.15) and pasted by a person, traceback and
/// all. Names are the program's own; empty when the text does not say.
struct PastedError {
    std::string error_class;         ///< "FailedPreconditionError"
    std::string message;             ///< the line that was recognised
    std::string variable;            ///< variable, checkpoint key or placeholder that it names
    std::string op;                  ///< op that failed
    std::string defined_at;          ///< "model.py:12"; from 1.12 on
    std::string versions;            ///< which TensorFlow prints it so: "1.14 to 1.15"; "" when all do
    std::string reading;             ///< what it means, one or two sentences
    std::vector<std::string> causes; ///< codes for `explain`, likeliest first
};

/// Finds the first known message in the text; nullopt when there is none. Linear in the length of the text.
std::optional<PastedError> recognize_error(std::string_view text);
std::string to_text(const PastedError& error);

} // namespace rnnscope::debug
