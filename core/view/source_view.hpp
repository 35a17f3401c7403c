#pragma once

#include "core/view/common.hpp"

#include <string>
#include <vector>

namespace rnnscope::view {

enum class Syntax : std::uint8_t { plain, keyword, string, number, function, comment };
/// Bytes [begin, end) of a line.
struct SyntaxSpan {
    std::size_t begin = 0, end = 0;
    Syntax kind = Syntax::plain;
    friend bool operator==(const SyntaxSpan&, const SyntaxSpan&) = default;
};
/// Covers the line without gaps. Python of programs: no strings over several lines.
std::vector<SyntaxSpan> highlight_python(std::string_view line);

enum class LineRole : std::uint8_t { plain, failed, to_change };
enum class NoteTone : std::uint8_t { plain, fail, fix };

struct SourceLine {
    int number = 0;
    std::string text;
    std::vector<SyntaxSpan> syntax;
    StatementId statement; ///< invalid for blank lines and imports
    bool first = false;    ///< first line of its statement: carries note, breakpoint and arrow
    bool current = false;  ///< of the statement that is about to execute, or executing
    bool selected = false;
    LineRole role = LineRole::plain;
    bool has_breakpoint = false, breakpoint_enabled = false;
    std::string note; ///< "sets 0 of 8", "+8 variables", "ran, wrote 0"
    NoteTone tone = NoteTone::plain;
};

/// The program as Python, with what is known of each line at the position.
struct SourceView {
    std::string title; ///< "seed_a_init_early.json as Python"
    std::vector<SourceLine> lines;
    int current_line = 0, failed_line = 0; ///< first lines; 0: none
};
SourceView build_source(const debug::Debugger& debugger);
std::string to_text(const SourceView& view);

} // namespace rnnscope::view
