#pragma once

#include "core/view/inspector_view.hpp"
#include "ui/theme/look.hpp"

namespace rnnscope::ui {

/// Draws the values as cells in [a, b). More cells than about two pixels each are summarised: each drawn cell then
/// shows the value of largest size below it. Returns the cell under `pointer` as (row, column), or (-1, -1).
struct HeatMapCell {
    std::int64_t row = -1, column = -1;
};
HeatMapCell draw_heat_map(ImDrawList& list, const Look& look, ImVec2 a, ImVec2 b, const view::ValueView& value,
                          ImVec2 pointer);
/// The scale below a map: colours, −range, 0, range; of gates 0, 0.5, 1. Returns its width.
float draw_map_scale(ImDrawList& list, const Look& look, ImVec2 at, float width, const view::ValueView& value);
void draw_histogram(ImDrawList& list, const Look& look, ImVec2 a, ImVec2 b, const view::ValueView& value);

} // namespace rnnscope::ui
