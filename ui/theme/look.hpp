#pragma once

#include "ui/theme/fonts.hpp"
#include "ui/theme/theme.hpp"

#include <imgui.h>

#include <cmath>

namespace rnnscope::ui {

/// How things look in this frame: every drawing function gets one. Measures are given in the look's pixels (1x) and
/// scaled by `px`; colours by meaning.
struct Look {
    const Theme* theme = nullptr;
    const Fonts* fonts = nullptr;
    float scale = 1; ///< font size setting times the screen's

    Color operator[](Token token) const { return (*theme)[token]; }
    ImFont* font(TextRole role) const { return (*fonts)[role]; }
    float px(float at_1x) const { return at_1x * scale; }
    float whole_px(float at_1x) const { return std::round(at_1x * scale); }
    ImVec2 px(float x, float y) const { return {x * scale, y * scale}; }
};

/// Makes Dear ImGui's own widgets (menus, fields, popups, scroll bars) follow the look. Call at the start of a frame.
void apply_style(const Look& look);

} // namespace rnnscope::ui
