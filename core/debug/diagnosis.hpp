#pragma once

#include "core/debug/preflight.hpp"
#include "core/program/document.hpp"
#include "core/record/recording.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

/// One known reason why a program fails or is silently wrong (design.md section 5). `rnnscope explain CODE` prints it.
struct CauseDef {
    std::string_view code;        ///< "init-built-too-early"
    std::string_view title;       ///< sentence case, no full stop
    std::string_view explanation; ///< the page: paragraphs separated by blank lines
    std::string_view remedy;
    std::string_view example; ///< TF1 Python, the fault and its repair
};
std::span<const CauseDef> all_causes();
const CauseDef* find_cause(std::string_view code);

/// A repair as a change of the program.
struct Fix {
    std::string title; ///< "Move init after line 17"
    std::string patch; ///< JSON Patch (RFC 6902) of the document, as JSON text
    enum class Check {
        not_run,
        verified,
        failed
    } check = Check::not_run; ///< verified: applied and run, the failure is gone
    StatementId changed;      ///< the statement to change, of the unrepaired program; invalid when one is only added
    StatementId after;        ///< where the new or moved statement goes; invalid when nothing moves
    std::string new_line;     ///< the Python line as it will be
};

/// Evidence: a sentence and the places it speaks of.
struct Evidence {
    std::string text;
    StatementId statement; ///< may be invalid
    NodeId node;           ///< may be invalid
};

/// Cause code + evidence + the two lines + fixes for one failure.
struct Diagnosis {
    std::string cause;    ///< code; "" when none applies
    std::string summary;  ///< subject first: "init was built at line 6, when the graph had no variables, so running it
                          ///< sets none."
    std::string headline; ///< "gates/kernel was read before it had a value"
    std::vector<Evidence> evidence;
    StatementId failed_at, fix_at;
    std::vector<Fix> fixes;                ///< best first
    std::vector<std::string> other_causes; ///< codes that apply too, less specific
    program::ProgramError error;
    std::vector<UninitializedRead> reads; ///< all that the run would meet
};

/// A silent problem: nothing fails, but something is probably not as meant (design.md section 5, "Silent").
struct Warning {
    std::string code; ///< "shared-weights"
    std::string summary;
    StatementId statement;
    std::vector<std::string> variables;
};

} // namespace rnnscope::debug
