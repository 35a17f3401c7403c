#include "ui/shell/shell.hpp"
#include "ui/shell/ui_commands.hpp"
#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace rnnscope::ui {

namespace {

constexpr float settings_width = 356, settings_head = 42, settings_row = 38, settings_pad = 16;

/// The command's row in the table: what a setting is called, and what its tooltip says.
const CommandInfo& setting_command(std::string_view id) {
    return *std::ranges::find(every_command(), id, &CommandInfo::id);
}

struct SettingChoice {
    std::string_view label, tip;
    bool is_chosen = false, is_enabled = true;
};

/// Fields in one frame, ending at `right`. Returns which one was clicked, or `choices.size()`.
std::size_t setting_choices(const Look& look, const char* id, float right, float y, float width,
                            std::span<const SettingChoice> choices) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(26), top = std::floor(y + (look.px(settings_row) - height) / 2);
    const float each = std::floor(width / static_cast<float>(choices.size()));
    const float left = right - each * static_cast<float>(choices.size());
    std::size_t clicked = choices.size();
    draw_box(list, {left, top}, {right, top + height}, look[Token::bg1], look[Token::line2], look.px(4));
    ImGui::PushID(id);
    for (std::size_t i = 0; i < choices.size(); ++i) {
        const SettingChoice& choice = choices[i];
        const float x = left + each * static_cast<float>(i);
        const ImVec2 a{x, top}, b{x + each, top + height};
        ImGui::PushID(static_cast<int>(i));
        const Hit state = hit("choice", a, b);
        ImGui::PopID();
        tooltip(look, choice.tip);
        if (choice.is_chosen)
            draw_box(list, a, b, look[Token::accent_bg], look[Token::accent], look.px(4));
        else if (state.hovered && choice.is_enabled)
            list.AddRectFilled({a.x + 1, a.y + 1}, {b.x - 1, b.y - 1}, look[Token::bg3], look.px(4));
        const TextRole role = choice.is_chosen ? TextRole::body_bold : TextRole::body;
        const Token ink = !choice.is_enabled                  ? Token::text3
                          : choice.is_chosen || state.hovered ? Token::text1
                                                              : Token::text2;
        const float wide = text_width(look, role, choice.label);
        draw_text_in_row(list, look, role, std::floor(x + (each - wide) / 2), top, height, ink, choice.label);
        if (state.clicked && choice.is_enabled) clicked = i;
    }
    ImGui::PopID();
    return clicked;
}

/// On is filled with its knob at the right, off is a frame with its knob at the left. True: it was clicked, which the
/// whole row hears.
bool setting_switch(const Look& look, const char* id, const Rect& row, bool is_on, bool is_enabled,
                    std::string_view tip) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const Hit state = hit(id, row.a, row.b);
    tooltip(look, tip);
    const float height = look.whole_px(18), width = look.whole_px(32), r = height / 2;
    const ImVec2 a{row.b.x - width, std::floor((row.a.y + row.b.y - height) / 2)}, b{row.b.x, a.y + height};
    const Color frame = look[state.hovered && is_enabled ? Token::accent : Token::line3];
    draw_box(list, a, b, look[is_on ? Token::accent : Token::bg1], is_on ? look[Token::accent] : frame, r);
    const Token knob = is_on ? Token::on_accent : is_enabled ? Token::text2 : Token::text3;
    list.AddCircleFilled({is_on ? b.x - r : a.x + r, a.y + r}, r - look.px(4), look[knob], 24);
    return state.clicked && is_enabled;
}

/// As one writes it: "~/.config/…".
std::string settings_place() {
    std::string path = settings_path();
    const char* home = std::getenv("HOME");
    if (home && *home && path.starts_with(std::string(home) + "/")) path.replace(0, std::string(home).size(), "~");
    return path;
}

} // namespace

/// What is chosen once and kept, below the gear.
void Shell::draw_settings_popup() {
    constexpr int windows_are_there = 2; // frames: a window that appears takes the focus, and that closes pop-ups
    if (open_settings_ && ImGui::GetFrameCount() > windows_are_there) {
        ImGui::OpenPopup("settings-popup");
        open_settings_ = false;
    }
    const ImVec2 display = ImGui::GetIO().DisplaySize;
    const float margin = look_.px(8), width = std::min(look_.px(settings_width), display.x - 2 * margin);
    const float head = look_.whole_px(settings_head), row = look_.whole_px(settings_row), pad = look_.px(settings_pad);
    const float gap = look_.whole_px(8), foot = look_.whole_px(84);
    constexpr float rows = 4;
    ImGui::SetNextWindowPos({display.x - margin, look_.whole_px(40) + look_.px(4)}, ImGuiCond_Always, {1, 0});
    ImGui::SetNextWindowSize({width, head + gap + rows * row + foot});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::PushStyleColor(ImGuiCol_PopupBg, look_[Token::bg2]);
    const bool is_open = ImGui::BeginPopup("settings-popup");
    ImGui::PopStyleColor();
    ImGui::PopStyleVar();
    if (!is_open) return;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetWindowPos();
    const float left = at.x + pad, right = at.x + width - pad, choices = look_.px(198);
    draw_text_in_row(list, look_, TextRole::title, left, at.y, head, Token::text1, "Settings");
    if (icon_button(look_, "close", {right - look_.px(8), at.y + head / 2}, icon::close, true, "Close, Escape"))
        ImGui::CloseCurrentPopup();
    draw_hline(list, at.x, at.x + width, at.y + head, look_[Token::line1]);
    float y = at.y + head + gap;
    const auto name = [&](std::string_view words, Token ink = Token::text1) {
        draw_text_in_row(list, look_, TextRole::body, left, y, row, ink,
                         fit_text(look_, TextRole::body, words, right - left - look_.px(40)));
    };

    name("Theme");
    const std::string chosen = settings_.theme;
    const std::array themes{SettingChoice{"Dark", "", chosen == "dark"}, SettingChoice{"Light", "", chosen == "light"},
                            SettingChoice{"Desktop", "As the desktop is", chosen == "desktop"}};
    constexpr std::array<const char*, 3> theme_names{"dark", "light", "desktop"};
    if (const std::size_t i = setting_choices(look_, "theme", right, y, choices, themes); i < themes.size())
        queue_.push("ui.theme", theme_names[i], "settings");
    y += row;

    name("Size of everything");
    const std::string percent = std::to_string(settings_.font_percent) + " %";
    constexpr std::array<const char*, 3> sizes{"ui.font-smaller", "ui.font-reset", "ui.font-larger"};
    const auto size_tip = [](const char* id) {
        const CommandInfo& command = setting_command(id);
        return std::string(command.title) + ", " + std::string(command.key);
    };
    const std::array size_tips{size_tip(sizes[0]), size_tip(sizes[1]), size_tip(sizes[2])};
    const std::array steps{SettingChoice{"Smaller", size_tips[0], false, !why_blocked(*this, sizes[0])},
                           SettingChoice{percent, size_tips[1]},
                           SettingChoice{"Larger", size_tips[2], false, !why_blocked(*this, sizes[2])}};
    if (const std::size_t i = setting_choices(look_, "size", right, y, choices, steps); i < steps.size())
        queue_.push(sizes[i], "", "settings");
    y += row;

    const auto toggle = [&](const char* id, bool is_on) {
        const CommandInfo& command = setting_command(id);
        const auto blocked = why_blocked(*this, id);
        const std::string tip = blocked ? *blocked : std::string(command.summary);
        if (setting_switch(look_, id, {{left, y}, {right, y + row}}, is_on, !blocked, tip))
            queue_.push(id, "", "settings");
        name(command.title, blocked ? Token::text3 : Token::text1);
        y += row;
    };
    toggle("ui.reduce-motion", settings_.reduce_motion);
    toggle("graph.series", settings_.fold_series);

    y += gap;
    draw_hline(list, at.x, at.x + width, y, look_[Token::line1]);
    const float buttons = y + look_.px(12), high = look_.px(26);
    float taken = 0;
    if (button(look_, "reset", {left, buttons}, high, icon::restart, "Reset workspace", ButtonTone::idle, true, &taken))
        queue_.push("ui.reset-layout", "", "settings");
    tooltip(look_, setting_command("ui.reset-layout").summary);
    if (button(look_, "keys", {left + taken + look_.px(8), buttons}, high, "", "Keys", ButtonTone::idle, true,
               nullptr)) {
        queue_.push("ui.keys", "", "settings");
        ImGui::CloseCurrentPopup();
    }
    tooltip(look_, "Every key, F1");
    const std::string place = settings_place();
    draw_text_in_row(list, look_, TextRole::caption, left, buttons + high + look_.px(8), look_.px(18), Token::text3,
                     fit_path(look_, TextRole::caption,
                              place.empty() ? "Not kept: there is no home folder" : "Kept in " + place, right - left));
    ImGui::EndPopup();
}

} // namespace rnnscope::ui
