#pragma once

#include "core/view/common.hpp"

#include <string>
#include <vector>

namespace rnnscope::view {

/// One line of a card's code: what happens to it, its number, its text.
struct CardLine {
    enum class Kind : std::uint8_t { failed, removed, added } kind = Kind::failed;
    std::string word;      ///< "failed", "move", "to after", "change", "new", "remove"
    int line = 0;          ///< Python line; for added lines the one it follows
    StatementId statement; ///< to go to
    std::string code;
};

/// Something to do about it, as a button.
struct ProblemAction {
    std::string title;             ///< sentence case; ends in "…" when it asks for something
    std::string command, argument; ///< of the debugger's table
};

/// A diagnosis as a card (look: section 8).
struct ProblemCard {
    std::size_t diagnosis = 0; ///< index into Debugger::diagnoses()
    bool is_current = false;   ///< the failure at the position: drawn open
    std::string headline;
    std::string cause;                  ///< code; its page is a link
    std::vector<std::vector<Link>> why; ///< paragraphs, each in parts: lines are links
    std::vector<CardLine> code;
    enum class Check : std::uint8_t { no_fix, checking, verified, failed } check = Check::no_fix;
    std::string check_text; ///< "verified: run 2 succeeds"
    std::string error_text; ///< TensorFlow's text, whole
    std::string more;       ///< "7 more reads would fail the same way:"; "" when there are none
    std::vector<Link> more_links;
    std::vector<std::string> other_causes; ///< codes
    std::vector<std::string> fix_titles;   ///< all of them, best first
    std::vector<ProblemAction> actions;    ///< beside the fix
};

/// A silent problem.
struct WarningCard {
    std::string code, summary;
    StatementId statement;
    Link where;
};

struct PreflightRow {
    std::string op;
    std::string variable;
    NodeId node;
    VariableId variable_id;
    StatementId statement;
    std::string line, run, cause;
    bool behind_another = false;
};

struct ProblemsView {
    std::vector<ProblemCard> cards;
    std::vector<WarningCard> warnings;
    std::vector<PreflightRow> preflight;
    /// Without cards and warnings: what that means here, in paragraphs, and what could be done next.
    std::vector<std::vector<Link>> quiet;
    std::vector<ProblemAction> next;
    std::string no_preflight; ///< why there is no row; "" when there are some
};
ProblemsView build_problems(const debug::Debugger& debugger);
std::string to_text(const ProblemsView& view);

/// Splits a sentence where it names a line ("line 6"), so that the line can be a link.
std::vector<Link> link_lines(const debug::Debugger& debugger, std::string_view sentence);

} // namespace rnnscope::view
