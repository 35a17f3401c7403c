#pragma once

#include "ui/widgets/imgui_compat.hpp"

#include <optional>
#include <string_view>

namespace rnnscope::ui {

/// A key of the command tables: "Ctrl+Shift+F5".
struct Shortcut {
    bool ctrl = false, shift = false, alt = false;
    compat::Key key{};
    friend bool operator==(const Shortcut&, const Shortcut&) = default;
};
/// nullopt when the text names no key.
std::optional<Shortcut> parse_shortcut(std::string_view text);
/// Pressed in this frame, with exactly these modifiers.
bool pressed(const Shortcut& shortcut);
/// Would typing in a text field mean something else by it?
bool is_typing(const Shortcut& shortcut);

} // namespace rnnscope::ui
