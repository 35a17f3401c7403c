#include "ui/widgets/heat_map.hpp"

#include "ui/widgets/draw.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <algorithm>
#include <cmath>

namespace rnnscope::ui {

namespace {

/// The value of a block of cells that is farthest from the middle of the scale; a NaN wins, because it is what one
/// looks for.
double strongest(const view::ValueView& value, std::int64_t row0, std::int64_t row1, std::int64_t col0,
                 std::int64_t col1) {
    const double middle = value.is_gate ? 0.5 : 0;
    double out = middle;
    for (std::int64_t r = row0; r < row1; ++r)
        for (std::int64_t c = col0; c < col1; ++c) {
            const double v = value.cell(r, c);
            if (std::isnan(v)) return v;
            if (std::fabs(v - middle) > std::fabs(out - middle)) out = v;
        }
    return out;
}

bool any_poisoned(const view::ValueView& value, std::int64_t row0, std::int64_t row1, std::int64_t col0,
                  std::int64_t col1) {
    if (value.poisoned == 0 || value.poison.whole()) return value.poisoned > 0;
    for (std::int64_t r = row0; r < row1; ++r)
        for (std::int64_t c = col0; c < col1; ++c)
            if (value.is_poisoned(r, c)) return true;
    return false;
}

/// In a corner of the cell, so that its colour stays to be seen.
void mark_poisoned(ImDrawList& list, const Look& look, ImVec2 p, ImVec2 q) {
    const float size = std::max(2.0f, std::min({q.x - p.x, q.y - p.y, look.px(14)}) * 0.5f);
    list.AddTriangleFilled({q.x - size, q.y}, {q.x, q.y - size}, {q.x, q.y}, look[Token::s_pois]);
}

Color map_color(const Look& look, const view::ValueView& value, double number) {
    return value.is_gate ? look.theme->sequential(number) : look.theme->diverging(number / value.range);
}

/// In the other corner, where there is room: as in the maps of cells.
void mark_saturated(ImDrawList& list, const Look& look, ImVec2 p, ImVec2 q, Color fill) {
    if (q.x - p.x < look.px(5) || q.y - p.y < look.px(5)) return;
    list.AddRectFilled({p.x + 1, p.y + 1}, {p.x + 1 + look.px(2), p.y + 1 + look.px(2)}, look.theme->text_on(fill));
}

} // namespace

HeatMapCell draw_heat_map(ImDrawList& list, const Look& look, ImVec2 a, ImVec2 b, const view::ValueView& value,
                          ImVec2 pointer) {
    HeatMapCell under;
    if (!value.numeric || value.rows <= 0 || value.columns <= 0) return under;
    const auto most = [&](float pixels) {
        return std::max<std::int64_t>(1, static_cast<std::int64_t>(pixels / look.px(2)));
    };
    const std::int64_t rows = std::min(value.rows, most(b.y - a.y)), columns = std::min(value.columns, most(b.x - a.x));
    const float cell_w = (b.x - a.x) / static_cast<float>(columns), cell_h = (b.y - a.y) / static_cast<float>(rows);
    for (std::int64_t r = 0; r < rows; ++r) {
        const std::int64_t row0 = r * value.rows / rows, row1 = std::max(row0 + 1, (r + 1) * value.rows / rows);
        const float y0 = std::floor(a.y + cell_h * static_cast<float>(r)),
                    y1 = std::floor(a.y + cell_h * static_cast<float>(r + 1));
        for (std::int64_t c = 0; c < columns; ++c) {
            const std::int64_t col0 = c * value.columns / columns,
                               col1 = std::max(col0 + 1, (c + 1) * value.columns / columns);
            const float x0 = std::floor(a.x + cell_w * static_cast<float>(c)),
                        x1 = std::floor(a.x + cell_w * static_cast<float>(c + 1));
            const double v = strongest(value, row0, row1, col0, col1);
            const bool nan = std::isnan(v);
            const Color fill = nan ? look[Token::bg2] : map_color(look, value, v);
            list.AddRectFilled({x0, y0}, {x1, y1}, fill);
            if (value.is_saturated(v)) mark_saturated(list, look, {x0, y0}, {x1, y1}, fill);
            if (nan)
                list.AddLine({x0, y1}, {x1, y0}, look[Token::fail], 1);
            else if (std::isinf(v))
                list.AddLine({x0, y1}, {x1, y0}, look[Token::text1], 1);
            if (any_poisoned(value, row0, row1, col0, col1)) mark_poisoned(list, look, {x0, y0}, {x1, y1});
            if (pointer.x >= x0 && pointer.x < x1 && pointer.y >= y0 && pointer.y < y1) under = {row0, col0};
        }
    }
    return under;
}

float draw_map_scale(ImDrawList& list, const Look& look, ImVec2 at, float width, const view::ValueView& value) {
    const int steps = 32;
    const float height = look.px(7), step = width / steps;
    for (int i = 0; i < steps; ++i)
        list.AddRectFilled({std::floor(at.x + step * static_cast<float>(i)), at.y},
                           {std::floor(at.x + step * static_cast<float>(i + 1)), at.y + height},
                           value.is_gate ? look.theme->sequential((i + 0.5) / steps)
                                         : look.theme->diverging((i + 0.5) / steps * 2 - 1));
    if (value.clipped > 0) { // cells beyond the ends keep the end's colour
        draw_vline(list, at.x, at.y - look.px(2), at.y + height + look.px(2), look[Token::text1]);
        draw_vline(list, at.x + width - 1, at.y - look.px(2), at.y + height + look.px(2), look[Token::text1]);
    }
    const float text_y = at.y + height + look.px(2), row = look.px(16);
    const std::string end = value.is_gate ? "1" : view::number_text(value.range, 4);
    const std::string start = value.is_gate ? "0" : "−" + end, middle = value.is_gate ? "0.5" : "0";
    draw_text_in_row(list, look, TextRole::mono_small, at.x, text_y, row, Token::text2, start);
    const float half = text_width(look, TextRole::mono_small, middle) / 2;
    draw_text_in_row(list, look, TextRole::mono_small, at.x + width / 2 - half, text_y, row, Token::text2, middle);
    draw_text_right(list, look, TextRole::mono_small, at.x + width, text_y, row, Token::text2, end);
    return width;
}

void draw_histogram(ImDrawList& list, const Look& look, ImVec2 a, ImVec2 b, const view::ValueView& value) {
    if (value.histogram.empty()) return;
    const std::size_t most = std::max<std::size_t>(1, *std::ranges::max_element(value.histogram));
    const float row = look.px(16), floor_y = b.y - row;
    const float step = (b.x - a.x) / static_cast<float>(value.histogram.size());
    for (std::size_t i = 0; i < value.histogram.size(); ++i) {
        const float height = (floor_y - a.y) * static_cast<float>(value.histogram[i]) / static_cast<float>(most);
        const float x = a.x + step * static_cast<float>(i);
        list.AddRectFilled({std::floor(x), std::floor(floor_y - height)}, {std::floor(x + step) - 1, floor_y},
                           look[Token::line3]);
    }
    draw_hline(list, a.x, b.x, floor_y, look[Token::line2]);
    draw_text_in_row(list, look, TextRole::mono_small, a.x, floor_y, row, Token::text2,
                     view::number_text(value.statistics.minimum));
    draw_text_right(list, look, TextRole::mono_small, b.x, floor_y, row, Token::text2,
                    view::number_text(value.statistics.maximum));
}

} // namespace rnnscope::ui
