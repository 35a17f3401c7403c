#pragma once

#include "core/view/graph_colors.hpp"
#include "ui/theme/look.hpp"

#include <imgui.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::ui {

/// The full colour of a class of nodes; nothing where it has none of its own. A mark on it is readable.
std::optional<Color> class_color(const Look& look, view::ColorBy by, const view::ColorClass& row);
/// In a frame it is asked for often: of all classes, with the tint of each as a fill.
struct ClassLook {
    std::optional<Color> hue, tint;
};
std::vector<ClassLook> class_looks(const Look& look, const view::NodeColors& colors);

/// What a box of the class is marked with besides the colour: its letter, or how often it ran ("412", "36k").
std::string color_mark(const view::ColorClass& row, const view::BoxColor& box, view::ColorBy by);

/// What the colours mean and how many ops have each: its size, and the drawing of it.
ImVec2 color_legend_size(const Look& look, const view::NodeColors& colors);
void paint_color_legend(ImDrawList& list, const Look& look, const view::NodeColors& colors, ImVec2 at);

/// The letter or number of a colour, in a field of that colour whose right upper corner is `corner`. `unit`: screen
/// pixels of a look pixel. Returns its width.
float paint_color_mark(ImDrawList& list, const Look& look, ImVec2 corner, float unit, Color color,
                       std::string_view text);

} // namespace rnnscope::ui
