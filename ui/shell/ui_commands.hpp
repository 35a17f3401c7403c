#pragma once

#include "core/base/result.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rnnscope::ui {

class Shell;

/// A command of the window itself, in the same form as the debugger's: menus, palette and keys show both tables.
struct UiCommandDef {
    std::string_view id, title, summary, menu, key, argument;
    std::optional<std::string> (*blocked)(const Shell&) = nullptr;
    Result<std::string> (*run)(Shell&, std::string_view argument) = nullptr;
};

std::span<const UiCommandDef> ui_commands();
const UiCommandDef* find_ui_command(std::string_view id);

/// Either table's row, as menus and palette need it.
struct CommandInfo {
    std::string_view id, title, summary, menu, key, argument;
};
std::span<const CommandInfo> every_command(); ///< the debugger's, then the window's
std::optional<std::string> why_blocked(const Shell& shell, std::string_view id);
/// Menus in the order of the title bar.
std::span<const std::string_view> menu_names();

} // namespace rnnscope::ui
