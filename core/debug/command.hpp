#pragma once

#include "core/base/result.hpp"
#include "core/debug/debugger.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

/// A request to do something, from a menu, key, palette, panel, terminal or lesson. Plain data: a log of them is a
/// macro, a bug report and a test.
struct Command {
    std::string id;       ///< "step.over"
    std::string argument; ///< what the CommandDef asks for; may be empty
    std::string origin;   ///< "menu", "key", "palette", "panel:graph", "terminal", "lesson"
};

/// One row of the command table: everything that can be done to a Debugger. Menus, toolbar, palette, keys, terminal and
/// manual are views of this table.
struct CommandDef {
    std::string_view id;
    std::string_view title;    ///< sentence case, no full stop; ends in "…" when it asks for an argument
    std::string_view summary;  ///< one sentence with a full stop
    std::string_view menu;     ///< "Run"; "" when in no menu
    std::string_view key;      ///< "F10", "Shift+F10", "Ctrl+P"; "" when none. Unique.
    std::string_view argument; ///< what it asks for: "op name"; "" when nothing
    /// Why it cannot be done now, in the user's words; nullopt when it can.
    std::optional<std::string> (*blocked)(const Debugger&) = nullptr;
    /// Does it, or starts a movement or an inquiry. The text of a success is what the terminal prints; may be empty.
    Result<std::string> (*run)(Debugger&, std::string_view argument) = nullptr;
};

std::span<const CommandDef> all_commands();
const CommandDef* find_command(std::string_view id);

/// Unknown ids: "command.unknown" with the nearest one; commands that cannot run now: "command.blocked" with the
/// reason. A question that takes long is only begun: pump works on it, take_outcome tells the answer.
Result<std::string> begin(Debugger& debugger, const Command& command);
/// The same, with questions answered to the end.
Result<std::string> execute(Debugger& debugger, const Command& command);

/// What the terminal prints: where the debugger stands and, with a failure, its whole diagnosis (terminal_text.hpp has
/// the short form).
std::string where_text(const Debugger& debugger);
std::string to_terminal_text(const Debugger& debugger, const Diagnosis& diagnosis);
std::string problems_text(const Debugger& debugger);
std::string preflight_text(const Debugger& debugger);
std::string variables_text(const Debugger& debugger); ///< a table: state, name, shape, type
std::string locals_text(const Debugger& debugger);
std::string source_text(const Debugger& debugger); ///< with line numbers; "->" marks the current line, "o" breakpoints
/// The value of a tensor ("a:0"), op or variable as it was last seen at the position.
Result<std::string> value_text(const Debugger& debugger, std::string_view name);
/// All writes and reads of a variable in the current session.
Result<std::string> history_text(const Debugger& debugger, std::string_view variable);

} // namespace rnnscope::debug
