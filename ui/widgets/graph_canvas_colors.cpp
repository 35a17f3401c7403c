#include "ui/widgets/graph_canvas_colors.hpp"

#include "ui/widgets/draw.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <algorithm>
#include <cmath>

namespace rnnscope::ui {

using debug::ValueHealth;
using view::ColorBy;

namespace {

constexpr float legend_row_height = 16, legend_swatch = 12;

/// Hues that are told apart whatever the vision, and the colours that poison has everywhere.
Color health_color(const Look& look, ValueHealth health) {
    switch (health) {
    case ValueHealth::poisoned:
        return look[Token::s_pois];
    case ValueHealth::nan:
        return look.theme->categorical(4);
    case ValueHealth::infinite:
        return look.theme->categorical(1);
    case ValueHealth::saturated:
        return look.theme->categorical(2);
    default:
        return look[Token::text3];
    }
}

/// A step of the sequential scale. Its middle is neither light nor dark, so that the nearest place where a mark can be
/// read is taken.
Color scale_color(const Look& look, std::size_t step) {
    constexpr double first = 0.25, least_contrast = 4.5, nudge = 0.01;
    const double wanted = first + (1 - first) * static_cast<double>(step) / (view::color_scale - 1);
    for (double away = 0; away < 0.2; away += nudge)
        for (const double t : {wanted - away, wanted + away})
            if (const Color color = look.theme->sequential(t);
                contrast(look.theme->text_on(color), color) >= least_contrast)
                return color;
    return look.theme->sequential(wanted);
}

bool is_listed(const view::ColorClass& row) {
    return row.nodes > 0;
}

} // namespace

std::string color_mark(const view::ColorClass& row, const view::BoxColor& box, ColorBy by) {
    if (by != ColorBy::executions) return row.mark;
    if (box.executed < 1000) return std::to_string(box.executed);
    return box.executed < 1000000 ? std::to_string(box.executed / 1000) + "k"
                                  : std::to_string(box.executed / 1000000) + "M";
}

std::optional<Color> class_color(const Look& look, ColorBy by, const view::ColorClass& row) {
    if (!row.tone) return std::nullopt;
    if (by == ColorBy::health) return health_color(look, static_cast<ValueHealth>(*row.tone));
    if (by == ColorBy::executions) return scale_color(look, *row.tone);
    return look.theme->categorical(*row.tone);
}

std::vector<ClassLook> class_looks(const Look& look, const view::NodeColors& colors) {
    std::vector<ClassLook> looks;
    for (const view::ColorClass& row : colors.classes) {
        ClassLook& made = looks.emplace_back();
        made.hue = class_color(look, colors.by, row);
        if (made.hue) made.tint = look.theme->tint(*made.hue);
    }
    return looks;
}

ImVec2 color_legend_size(const Look& look, const view::NodeColors& colors) {
    float width = text_width(look, TextRole::caption, colors.title), rows = 1;
    for (const view::ColorClass& row : colors.classes) {
        if (!is_listed(row)) continue;
        const float count = text_width(look, TextRole::caption, view::grouped(row.nodes));
        width =
            std::max(width, look.px(legend_swatch + 6 + 14) + text_width(look, TextRole::caption, row.label) + count);
        ++rows;
    }
    return {std::ceil(width) + look.px(16), look.px(12) + rows * look.px(legend_row_height)};
}

void paint_color_legend(ImDrawList& list, const Look& look, const view::NodeColors& colors, ImVec2 at) {
    const ImVec2 size = color_legend_size(look, colors);
    draw_box(list, at, {at.x + size.x, at.y + size.y}, look[Token::bg1], look[Token::line2], look.px(4));
    const float left = at.x + look.px(8), right = at.x + size.x - look.px(8), high = look.px(legend_row_height);
    float y = at.y + look.px(6);
    draw_text_in_row(list, look, TextRole::caption, left, y, high, Token::text2, colors.title);
    for (const view::ColorClass& row : colors.classes) {
        if (!is_listed(row)) continue;
        y += high;
        const ImVec2 center{left + look.px(legend_swatch / 2), y + high / 2};
        const float half = look.px(legend_swatch / 2);
        if (row.state != view::StateMark::none) {
            draw_state(list, look, row.state, center);
        } else if (const auto color = class_color(look, colors.by, row)) {
            list.AddRectFilled({center.x - half, center.y - half}, {center.x + half, center.y + half}, *color,
                               look.px(3));
            const ImVec2 letter = text_size(look, TextRole::mono_small, row.mark);
            if (!row.mark.empty())
                list.AddText(look.font(TextRole::mono_small), look.font(TextRole::mono_small)->FontSize,
                             {std::round(center.x - letter.x / 2), std::round(center.y - letter.y / 2)},
                             look.theme->text_on(*color), row.mark.c_str());
        } else {
            compat::add_rect(list, {center.x - half, center.y - half}, {center.x + half, center.y + half},
                             look[Token::line2], look.px(3), 1);
        }
        draw_text_in_row(list, look, TextRole::caption, left + look.px(legend_swatch + 6), y, high, Token::text1,
                         row.label);
        draw_text_right(list, look, TextRole::caption, right, y, high, Token::text2, view::grouped(row.nodes));
    }
}

float paint_color_mark(ImDrawList& list, const Look& look, ImVec2 corner, float unit, Color color,
                       std::string_view text) {
    const ImFont* font = look.font(unit > 1.3f * look.scale ? TextRole::mono : TextRole::mono_small);
    const float em = std::max(9 * unit, 8 * look.scale);
    const float size = std::round(em * 16 / 12),
                width = font->CalcTextSizeA(size, FLT_MAX, 0, text.data(), text.data() + text.size()).x +
                        std::round(em * 0.6f);
    const float height = std::round(em * 1.35f);
    const ImVec2 p{std::round(corner.x - width), std::round(corner.y)}, q{std::round(corner.x), p.y + height};
    list.AddRectFilled(p, q, color, std::min(look.px(3), height / 3));
    list.AddText(font, size, {std::round(p.x + em * 0.3f), std::round((p.y + q.y - size) / 2)},
                 look.theme->text_on(color), text.data(), text.data() + text.size());
    return q.x - p.x;
}

} // namespace rnnscope::ui
