#include "ui/panels/cell_panel.hpp"
#include "ui/theme/icons.hpp"
#include "ui/widgets/axis.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rnnscope::ui {

namespace {

constexpr float label_width = 92, bars_width = 216, flag_height = 26, lines_height = 150, map_gap = 24;

std::string short_number(double value) {
    return std::fabs(value) < 1e-12 ? "0.0" : view::number_text(value, std::fabs(value) < 0.1 ? 2 : 1);
}

} // namespace

void CellPanel::draw_states_header(const PanelContext& ctx, const view::CellView& view, const Rect& rect, float left) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float header = look.whole_px(panel_header_height);
    const std::string size = view.units >= 0
                                 ? fmt::format("{} units × {}", view.units, view::count_text(view.steps, "time step"))
                                 : view::count_text(view.steps, "time step");
    const float room = rect.b.x - look.px(92) - left;
    if (text_width(look, TextRole::body, size) <= room) {
        const float w = draw_text_in_row(list, look, TextRole::body, left, rect.a.y, header, Token::text2, size);
        const float reading = maps_.is_complete() ? 0 : look.px(110);
        if (view.run.valid() && w + look.px(14) + text_width(look, TextRole::caption, view.whose) + reading < room)
            draw_text_in_row(list, look, TextRole::caption, left + w + look.px(14), rect.a.y, header,
                             view.is_of_older_run && !view.is_coming ? Token::warn : Token::text2, view.whose);
    }
    const float middle = rect.a.y + header / 2;
    float x = rect.b.x - look.px(20);
    const bool can_play = view.run.valid() && view.steps > 1;
    if (icon_button(look, "next", {x, middle}, icon::to_access, true, "Step one time step, F7"))
        ctx.commands.push("step.time", "", "panel:cell");
    if (icon_button(look, "play", {x - look.px(28), middle}, is_playing_ ? icon::pause : icon::resume, can_play,
                    is_playing_ ? "Pause, Alt+P" : "Play the time steps, Alt+P"))
        ctx.commands.push("cell.play", "", "panel:cell");
    if (icon_button(look, "previous", {x - look.px(56), middle}, icon::reverse_continue, true,
                    "Step back one time step, Shift+F7"))
        ctx.commands.push("step.back-time", "", "panel:cell");
    if (!maps_.is_complete() && room > text_width(look, TextRole::body, size) + look.px(110))
        draw_text_right(list, look, TextRole::caption, x - look.px(80), rect.a.y, header, Token::text2,
                        fmt::format("reading, {} %", maps_.filled() * 100 / std::max<std::size_t>(maps_.columns(), 1)));
}

void CellPanel::draw_maps(const PanelContext& ctx, const view::CellView& view, const Rect& body) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float bars = body.width() > look.px(640) ? look.px(bars_width) : 0;
    const float left = std::floor(body.a.x + look.px(label_width)), right = std::floor(body.b.x - bars - look.px(28));
    const float lines_top = std::floor(body.b.y - look.px(lines_height));
    const float top = body.a.y + look.px(flag_height);
    const auto count = static_cast<float>(std::max<std::size_t>(view.quantities.size(), 1));
    // Few units do not become slabs.
    const float pitch =
        std::min(std::floor((lines_top - top) / count),
                 look.px(map_gap + 28 * static_cast<float>(std::clamp<std::int64_t>(view.units, 3, 100))));
    const Axis axis{left, right, std::max<std::size_t>(maps_.steps(), 1)};
    if (maps_.maps().empty() || maps_.steps() == 0) {
        draw_hint(ctx, view, {{left, top}, {right, lines_top - look.px(12)}});
        for (std::size_t i = 0; i < view.quantities.size(); ++i) {
            const float y = top + pitch * static_cast<float>(i);
            draw_text(list, look, TextRole::section, {body.a.x + look.px(16), y}, Token::text3,
                      std::string(1, view.quantities[i].letter));
            draw_text(list, look, TextRole::caption, {body.a.x + look.px(16), y + look.px(28)}, Token::text3,
                      view.quantities[i].word);
        }
        return;
    }
    if (bars > 0)
        draw_text_in_row(list, look, TextRole::caption, right + look.px(28), body.a.y + look.px(2), look.px(18),
                         Token::text2, fmt::format("all units at t = {}", view.step));
    for (std::size_t i = 0; i < maps_.maps().size(); ++i) {
        const float y = top + pitch * static_cast<float>(i);
        ImGui::PushID(static_cast<int>(i));
        draw_map(ctx, view, i, axis, y, y + pitch - look.px(map_gap), body);
        if (bars > 0)
            draw_units_now(ctx, view, maps_.maps()[i],
                           {{right + look.px(28), y}, {body.b.x - look.px(14), y + pitch - look.px(map_gap)}});
        ImGui::PopID();
    }
    draw_lines(ctx, view, axis, {{body.a.x, lines_top}, body.b});
    // The maps are windows of their own: what lies over them must be one, too.
    Child overlay("overlay", body,
                  ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoInputs |
                      ImGuiWindowFlags_NoBackground);
    for (std::size_t i = 0; i < maps_.maps().size(); ++i) {
        const float y = top + pitch * static_cast<float>(i);
        draw_unit_row(look, view, maps_.maps()[i], axis, y, y + pitch - look.px(map_gap));
    }
    draw_steps(ctx, view, axis, {top, pitch, body.b.y - look.px(28), maps_.maps().size()});
}

void CellPanel::draw_map_legend(const PanelContext& ctx, const view::CellMap& map, float x, float top, float bottom) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    draw_text(list, look, TextRole::section, {x, top - look.px(6)}, Token::text1, std::string(1, map.letter));
    draw_text(list, look, TextRole::caption, {x, top + look.px(22)}, Token::text2, map.word);
    const float y0 = top + look.px(46), y1 = std::min(y0 + look.px(72), bottom - look.px(4));
    if (y1 - y0 < look.px(20)) return;
    const int steps = 24;
    for (int i = 0; i < steps; ++i) {
        const float a = y1 - (y1 - y0) * static_cast<float>(i) / steps,
                    b = y1 - (y1 - y0) * static_cast<float>(i + 1) / steps;
        list.AddRectFilled(
            {x, std::floor(b)}, {x + look.px(8), std::floor(a)},
            cell_color(look, map.scale, map.middle + map.range * ((i + 0.5) / steps * 2 - 1), map.middle, map.range));
    }
    const float row = look.px(14);
    const bool has_middle = y1 - y0 > look.px(44);
    for (const int end : {1, 0, -1}) {
        if (end == 0 && !has_middle) continue;
        const float y = end == 1 ? y0 : end == 0 ? (y0 + y1) / 2 - row / 2 : y1 - row;
        draw_text_in_row(list, look, TextRole::mono_small, x + look.px(14), y, row, Token::text2,
                         short_number(map.middle + map.range * end));
    }
}

void CellPanel::draw_map(const PanelContext& ctx, const view::CellView& view, std::size_t index, const Axis& axis,
                         float top, float bottom, const Rect& rect) {
    const Look& look = ctx.look;
    const view::CellMap& map = maps_.maps()[index];
    draw_map_legend(ctx, map, rect.a.x + look.px(16), top, bottom);
    if (map.units <= 0 || bottom - top < look.px(8)) return;
    {
        Child picture("map", {{axis.left, top}, {axis.right, bottom}},
                      ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoInputs);
        ImDrawList& list = *ImGui::GetWindowDrawList();
        draw_hatched(list, look, {axis.left, top}, {axis.right, bottom}, "");
        pictures_[index].draw(list, look, {axis.left, top}, {axis.right, bottom}, maps_, map);
    }
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float each = (bottom - top) / static_cast<float>(map.units);
    const auto y_of = [&](std::int64_t unit) { return top + each * static_cast<float>(unit); };
    const std::size_t marks = mark_distance(static_cast<std::size_t>(map.units), bottom - top, look.px(32));
    for (std::int64_t unit = 0; unit < map.units; unit += static_cast<std::int64_t>(marks))
        draw_text_right(list, look, TextRole::mono_small, axis.left - look.px(10), y_of(unit) + each / 2 - look.px(8),
                        look.px(16), Token::text2, std::to_string(unit));
    // How many units are saturated in each column.
    const std::size_t columns = maps_.columns();
    for (std::size_t c = 0; c < std::min(columns, maps_.filled()); ++c) {
        if (map.saturation[c] <= 0) continue;
        const float x0 = axis.x_of(static_cast<double>(maps_.first_step(c))),
                    x1 = std::max(x0 + 1, axis.x_of(static_cast<double>(maps_.end_step(c))));
        list.AddRectFilled({std::floor(x0), bottom + look.px(2)},
                           {std::floor(x1), bottom + look.px(2) + std::max(1.0f, look.px(5) * map.saturation[c])},
                           look[Token::text2]);
    }

    const Hit state = hit("over", {axis.left, top}, {axis.right, bottom + look.px(8)});
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    if (state.hovered) {
        const auto step = static_cast<std::size_t>(
            std::clamp((mouse.x - axis.left) / (axis.right - axis.left) * static_cast<float>(axis.columns), 0.0f,
                       static_cast<float>(axis.columns - 1)));
        const auto unit =
            static_cast<std::int64_t>(std::clamp((mouse.y - top) / each, 0.0f, static_cast<float>(map.units - 1)));
        next_peek_.step = step;
        next_peek_.unit = unit;
        if (view.run.valid() && step < view.steps) {
            const view::CellSteps steps(ctx.debugger, view.tracks[view.track], view.run);
            ctx.hovered_time = {view.run, steps.tick_after(step) - 1, unit, map.units};
        }
        const std::size_t column = maps_.column_of(step), at = map.at(column, unit);
        const bool computed = column < maps_.filled() && (map.flags[at] & view::CellMap::computed) != 0;
        std::string text = fmt::format("{}, unit {}, t = {}", map.letter, unit, step);
        const view::CellQuantity* shown = view.quantity(map.letter);
        const bool is_exact = view.step == step && view.unit == unit && shown != nullptr && shown->known;
        text += computed ? fmt::format("\n{}{}", view::number_text(is_exact ? shown->value : map.values[at], 6, true),
                                       is_exact && shown->poisoned ? ", poisoned" : "")
                         : "\nnot computed";
        if (map.saturation[column] > 0)
            text += fmt::format("\n{:.0f} % of the units saturated", map.saturation[column] * 100);
        ImGui::SetTooltip("%s", text.c_str());
        if (state.clicked) {
            ctx.commands.push("cell.unit", std::to_string(unit), "panel:cell");
            go_to_step(ctx, view, step);
        }
    }
}

void CellPanel::draw_unit_row(const Look& look, const view::CellView& view, const view::CellMap& map, const Axis& axis,
                              float top, float bottom) {
    if (map.units <= 0) return;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float each = (bottom - top) / static_cast<float>(map.units);
    const std::int64_t unit = std::min(view.unit, map.units - 1);
    const float y0 = std::floor(top + each * static_cast<float>(unit)),
                y1 = std::max(y0 + look.px(2), std::floor(top + each * static_cast<float>(unit + 1)));
    compat::add_rect(list, {axis.left - 1, y0 - 1}, {axis.right + 1, y1 + 1}, look[Token::accent], 0, 1);
    const float middle = (y0 + y1) / 2, s = look.px(5);
    list.AddTriangleFilled({axis.left - s - 2, middle - s * 0.7f}, {axis.left - 2, middle},
                           {axis.left - s - 2, middle + s * 0.7f}, look[Token::accent]);
}

void CellPanel::draw_units_now(const PanelContext& ctx, const view::CellView& view, const view::CellMap& map,
                               const Rect& rect) {
    const view::CellQuantity* quantity = view.quantity(map.letter);
    if (quantity == nullptr) return;
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float middle = std::floor((rect.a.x + rect.b.x) / 2), half = rect.width() / 2;
    const float row = look.px(15);
    for (const int end : {-1, 0, 1}) {
        const std::string text = short_number(map.middle + map.range * end);
        const float w = text_width(look, TextRole::mono_small, text);
        draw_text_in_row(list, look, TextRole::mono_small,
                         end < 0    ? rect.a.x
                         : end == 0 ? middle - w / 2
                                    : rect.b.x - w,
                         rect.b.y + look.px(6), row, Token::text2, text);
    }
    if (quantity->units.empty()) {
        draw_hatched(list, look, rect.a, rect.b, "");
        return;
    }
    draw_vline(list, middle, rect.a.y, rect.b.y, look[Token::line3]);
    const auto count = static_cast<float>(quantity->units.size());
    const float each = rect.height() / count;
    const auto bar = [&](std::size_t unit, float y0, float y1, Color color) {
        const double t = std::clamp((quantity->units[unit] - map.middle) / map.range, -1.0, 1.0);
        if (std::isnan(t)) return;
        const float x = middle + half * static_cast<float>(t);
        list.AddRectFilled({std::min(x, middle), y0}, {std::max(x, middle + 1), std::max(y1, y0 + 1)}, color);
    };
    const std::size_t stride =
        std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(1.5f / std::max(each, 0.01f))));
    for (std::size_t first = 0; first < quantity->units.size(); first += stride) {
        std::size_t shown = first;
        for (std::size_t unit = first; unit < std::min(first + stride, quantity->units.size()); ++unit)
            if (std::fabs(quantity->units[unit] - map.middle) > std::fabs(quantity->units[shown] - map.middle))
                shown = unit;
        const float y0 = std::floor(rect.a.y + each * static_cast<float>(first)),
                    y1 = std::floor(rect.a.y + each * static_cast<float>(first + stride)) - (each > 3 ? 1 : 0);
        bar(shown, y0, y1, cell_color(look, map.scale, quantity->units[shown], map.middle, map.range));
    }
    const auto unit = std::min(static_cast<std::size_t>(view.unit), quantity->units.size() - 1);
    const float y0 = std::floor(rect.a.y + each * static_cast<float>(unit));
    bar(unit, y0, y0 + std::max(each, look.px(2)), look[Token::now]);
    const float s = look.px(5), y = y0 + std::max(each, look.px(2)) / 2;
    list.AddTriangleFilled({rect.b.x + s + 2, y - s * 0.7f}, {rect.b.x + 2, y}, {rect.b.x + s + 2, y + s * 0.7f},
                           look[Token::accent]);
}

/// One time step through all maps: a frame around its column in each, and a line that joins them.
void CellPanel::draw_step(const Look& look, const Axis& axis, const Rows& rows, std::size_t step, Color color,
                          float thickness) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float x0 = std::floor(axis.x_of(static_cast<double>(step))),
                x1 = std::floor(axis.x_of(static_cast<double>(step + 1)));
    const float middle = std::floor((x0 + x1) / 2);
    const bool is_wide = x1 - x0 >= look.px(6);
    float from = rows.top - look.px(5);
    for (std::size_t i = 0; i < rows.count && is_wide; ++i) {
        const float y = rows.top + rows.pitch * static_cast<float>(i), end = y + rows.pitch - look.px(map_gap);
        list.AddRectFilled({middle - thickness / 2, from}, {middle + thickness / 2, y - 1}, color);
        compat::add_rect(list, {x0 - 1, y - 1}, {x1 + 1, end + 1}, color, 0, thickness);
        from = end + 1;
    }
    list.AddRectFilled({middle - thickness / 2, from}, {middle + thickness / 2, rows.bottom}, color);
}

void CellPanel::draw_steps(const PanelContext& ctx, const view::CellView& view, const Axis& axis, const Rows& rows) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const auto flag = [&](std::size_t step, Token fill, Token ink) {
        const std::string text = fmt::format("t = {}", step);
        const float width = text_width(look, TextRole::caption, text) + look.px(14), height = look.px(18);
        const float middle = axis.x_of(static_cast<double>(step) + 0.5);
        const float x = std::clamp(middle - width / 2, axis.left, axis.right - width), y = rows.top - look.px(23);
        list.AddRectFilled({x, y}, {x + width, y + height}, look[fill], look.px(3));
        draw_text_in_row(list, look, TextRole::caption, x + look.px(7), y, height, ink, text);
    };
    if (view.is_peek) {
        draw_step(look, axis, rows, view.step, look[Token::text3], 1);
        flag(view.step, Token::bg3, Token::text1);
    }
    if (!view.now) return;
    draw_step(look, axis, rows, *view.now, look[Token::now], std::max(1.0f, std::floor(look.px(1.5f))));
    flag(*view.now, Token::now, Token::on_accent);
}

void CellPanel::draw_lines(const PanelContext& ctx, const view::CellView& view, const Axis& axis, const Rect& rect) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    draw_hline(list, rect.a.x, rect.b.x, rect.a.y, look[Token::line1]);
    draw_text_in_row(list, look, TextRole::body_bold, rect.a.x + look.px(16), rect.a.y + look.px(8), look.px(20),
                     Token::text1, fmt::format("unit {}", view.unit));
    const float top = rect.a.y + look.px(10), bottom = rect.b.y - look.px(30);
    double range = 1;
    for (const view::CellMap& map : maps_.maps()) range = std::max(range, map.middle + map.range);
    const auto y_of = [&](double value) {
        return static_cast<float>((top + bottom) / 2 -
                                  std::clamp(value / range, -1.0, 1.0) * static_cast<double>(bottom - top) / 2);
    };
    for (const int end : {1, 0, -1}) {
        draw_hline(list, axis.left, axis.right, y_of(end * range), look[end == 0 ? Token::line2 : Token::line1]);
        draw_text_right(list, look, TextRole::mono_small, axis.left - look.px(6), y_of(end * range) - look.px(8),
                        look.px(16), Token::text2, end == 0 ? "0" : fmt::format("{}{:.3g}", end < 0 ? "−" : "", range));
    }
    const std::size_t marks = mark_distance(axis.columns, axis.right - axis.left, look.px(26));
    for (std::size_t t = 0; t < axis.columns; t += marks) {
        const std::string text = std::to_string(t);
        const float middle = axis.x_of(static_cast<double>(t) + 0.5);
        const bool is_now = view.now && *view.now == t;
        draw_text_in_row(list, look, TextRole::mono_small, middle - text_width(look, TextRole::mono_small, text) / 2,
                         rect.b.y - look.px(24), look.px(16), is_now ? Token::now : Token::text2, text);
    }
    draw_text_in_row(list, look, TextRole::mono_small, axis.left - look.px(16), rect.b.y - look.px(24), look.px(16),
                     Token::text2, "t");

    struct Stroke {
        float width, dash, gap;
    };
    constexpr Stroke strokes[] = {{1.6f, 0, 0}, {1.5f, 5, 3}, {1.5f, 2, 2}, {1.6f, 8, 3}, {1.6f, 5, 2}, {2.4f, 0, 0}};
    const std::size_t count = maps_.maps().size();
    float legend_y = rect.a.y + look.px(8);
    for (std::size_t i = 0; i < count; ++i) {
        const view::CellMap& map = maps_.maps()[i];
        const bool is_state = map.letter == 'h';
        const Stroke& stroke = is_state ? strokes[5] : strokes[i % 5];
        const Color color = is_state ? look[Token::now]
                            : map.scale == view::CellScale::gate
                                ? look.theme->sequential(0.85 - 0.2 * static_cast<double>(i % 3))
                                : look.theme->diverging(i % 2 == 0 ? 0.9 : -0.9);
        const float pixels = axis.right - axis.left;
        const auto steps = static_cast<double>(map.of_unit.size());
        const std::size_t stride =
            std::max<std::size_t>(1, static_cast<std::size_t>(steps / std::max(pixels * 2.0, 1.0)));
        ImVec2 before{};
        bool has_before = false;
        for (std::size_t t = 0; t < map.of_unit.size(); t += stride) {
            const double value = map.of_unit[t];
            if (std::isnan(value)) {
                has_before = false;
                continue;
            }
            const ImVec2 here{axis.x_of(static_cast<double>(t) + 0.5), y_of(value)};
            const bool is_dense = pixels / static_cast<float>(steps) < look.px(4);
            if (has_before && (stroke.dash == 0 || is_dense))
                list.AddLine(before, here, color, look.px(stroke.width));
            else if (has_before)
                draw_dashed_line(list, before, here, color, look.px(stroke.width), look.px(stroke.dash),
                                 look.px(stroke.gap));
            before = here;
            has_before = true;
        }
        const view::CellQuantity* quantity = view.quantity(map.letter);
        const std::size_t at = view.step;
        if (quantity != nullptr && quantity->known && at < map.of_unit.size())
            list.AddCircleFilled({axis.x_of(static_cast<double>(at) + 0.5), y_of(quantity->value)}, look.px(3), color);
        const float x = axis.right + look.px(28), row = look.whole_px(20);
        if (x + look.px(100) > rect.b.x) continue;
        const float line_y = legend_y + row / 2;
        if (stroke.dash == 0)
            list.AddLine({x, line_y}, {x + look.px(22), line_y}, color, look.px(stroke.width));
        else
            draw_dashed_line(list, {x, line_y}, {x + look.px(22), line_y}, color, look.px(stroke.width),
                             look.px(stroke.dash), look.px(stroke.gap));
        draw_text_in_row(list, look, TextRole::body, x + look.px(32), legend_y, row, Token::text1,
                         fmt::format("{} {}", map.letter, map.word));
        const bool known = quantity != nullptr && quantity->known;
        draw_text_right(list, look, TextRole::mono, rect.b.x - look.px(14), legend_y, row,
                        known ? Token::text1 : Token::text3, known ? view::number_text(quantity->value, 4, true) : "—");
        legend_y += row;
    }
}

} // namespace rnnscope::ui
