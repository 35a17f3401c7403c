#include "ui/shell/keys.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace rnnscope::ui {

std::optional<Shortcut> parse_shortcut(std::string_view text) {
    Shortcut out;
    const auto take = [&](std::string_view prefix) {
        const bool has = text.starts_with(prefix);
        if (has) text.remove_prefix(prefix.size());
        return has;
    };
    for (bool more = true; more;) {
        more = false;
        if (take("Ctrl+")) more = out.ctrl = true;
        if (take("Shift+")) more = out.shift = true;
        if (take("Alt+")) more = out.alt = true;
    }
    using Named = std::pair<std::string_view, compat::Key>;
    const std::array<Named, 13> named = {{{"Left", compat::key_left},
                                          {"Right", compat::key_right},
                                          {"Up", compat::key_up},
                                          {"Down", compat::key_down},
                                          {"Home", compat::key_home},
                                          {"End", compat::key_end},
                                          {"Enter", compat::key_enter},
                                          {"Escape", compat::key_escape},
                                          {"Delete", compat::key_delete},
                                          {"Plus", compat::key_plus},
                                          {"Minus", compat::key_minus},
                                          {"Comma", compat::key_comma},
                                          {"Menu", compat::key_menu}}};
    for (const auto& [name, key] : named)
        if (text == name) {
            out.key = key;
            return out;
        }
    if (text.size() >= 2 && text[0] == 'F') {
        int number = 0;
        const auto [end, problem] = std::from_chars(text.data() + 1, text.data() + text.size(), number);
        if (problem != std::errc() || end != text.data() + text.size() || number < 1 || number > 12)
            return std::nullopt;
        out.key = compat::function_key(number);
        return out;
    }
    if (text.size() != 1) return std::nullopt;
    const char c = text[0];
    if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) return std::nullopt;
    out.key = compat::letter_key(c);
    return out;
}

bool pressed(const Shortcut& shortcut) {
    const ImGuiIO& io = ImGui::GetIO();
    return io.KeyCtrl == shortcut.ctrl && io.KeyShift == shortcut.shift && io.KeyAlt == shortcut.alt &&
           compat::key_pressed(shortcut.key);
}

bool is_typing(const Shortcut& shortcut) {
    if (shortcut.alt) return false;
    const bool function_key = shortcut.key >= compat::function_key(1) && shortcut.key <= compat::function_key(12);
    if (function_key) return false;
    if (!shortcut.ctrl) return true;
    for (const char c : {'A', 'C', 'V', 'X', 'Y', 'Z'}) // what text fields do with Ctrl
        if (shortcut.key == compat::letter_key(c)) return true;
    return shortcut.key == compat::key_left || shortcut.key == compat::key_right || shortcut.key == compat::key_home ||
           shortcut.key == compat::key_end;
}

} // namespace rnnscope::ui
