#pragma once

#include "core/view/common.hpp"
#include "ui/theme/look.hpp"

#include <imgui.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::ui {

/// Drawing that every panel shares. Positions are screen pixels; text is placed by its top left corner unless said
/// otherwise, always on whole pixels.
ImVec2 text_size(const Look& look, TextRole role, std::string_view text);
float text_width(const Look& look, TextRole role, std::string_view text);
/// Draws and returns the width.
float draw_text(ImDrawList& list, const Look& look, TextRole role, ImVec2 at, Token color, std::string_view text);
float draw_text(ImDrawList& list, const Look& look, TextRole role, ImVec2 at, Color color, std::string_view text);
/// Vertically centred in [y, y + height).
float draw_text_in_row(ImDrawList& list, const Look& look, TextRole role, float x, float y, float height, Token color,
                       std::string_view text);
float draw_text_right(ImDrawList& list, const Look& look, TextRole role, float right, float y, float height,
                      Token color, std::string_view text);
/// How many bytes of a text, from its beginning, are no wider than `width`.
std::size_t fitting_size(const Look& look, TextRole role, std::string_view text, float width);
/// Cut at the end with "…" so that it fits `width`.
std::string fit_text(const Look& look, TextRole role, std::string_view text, float width);
/// Path elided from the left by whole segments, never inside the last one: "…/cell_0/gru_cell".
std::string fit_path(const Look& look, TextRole role, std::string_view path, float width);
/// The lines of a text that is wrapped by words at `width`, or within a word that is wider.
std::vector<std::string_view> wrapped_lines(const Look& look, TextRole role, float width, std::string_view text);
/// Wrapped by words at `width`; returns the height. Draws nothing when `list` is null.
float draw_wrapped(ImDrawList* list, const Look& look, TextRole role, ImVec2 at, float width, float line_height,
                   Token color, std::string_view text, int max_lines = 0);

/// The marks of the states: the same drawing in tree, node, pip, inspector and card (look: "Init states").
using view::StateMark;
Token state_token(StateMark mark);
/// Around `center`, nominal radius `r` in look pixels: 4.5 in rows, 5 to 6 in nodes. `under` is the fill below it.
void draw_state(ImDrawList& list, const Look& look, StateMark mark, ImVec2 center, float r = 4.5f,
                Token under = Token::bg1);

void draw_box(ImDrawList& list, ImVec2 a, ImVec2 b, Color fill, Color border, float rounding, float thickness = 1);
void draw_hline(ImDrawList& list, float x0, float x1, float y, Color color); ///< one pixel, on a half pixel
void draw_vline(ImDrawList& list, float x, float y0, float y1, Color color);
void draw_dashed_line(ImDrawList& list, ImVec2 a, ImVec2 b, Color color, float thickness, float dash, float gap);
void draw_dashed_rect(ImDrawList& list, ImVec2 a, ImVec2 b, Color color, float thickness, float dash, float gap);
void draw_dashed_bezier(ImDrawList& list, ImVec2 p0, ImVec2 p1, ImVec2 p2, ImVec2 p3, Color color, float thickness,
                        float dash, float gap);
void draw_triangle(ImDrawList& list, ImVec2 center, float size, bool pointing_down, Color color); ///< of a tree row
/// "No value": lines at 45 degrees, with a sentence.
void draw_hatched(ImDrawList& list, const Look& look, ImVec2 a, ImVec2 b, std::string_view sentence);

} // namespace rnnscope::ui
