#include "ui/panels/value_panel.hpp"

#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/heat_map.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rnnscope::ui {

namespace {

constexpr float value_row_height = 22, grid_row = 18, grid_height = 236, value_line_height = 120;

} // namespace

float ValuePanel::draw(const PanelContext& ctx, const std::string& name, float left, float right, float y) {
    if (name_ != name) {
        if (!name_.empty()) { // what was asked for before anything was drawn stays
            options_.at.clear();
            options_.row = options_.column = 0;
        }
        name_ = name;
    }
    const view::ValueDetail& detail =
        detail_.get(ctx.stamp, {name, options_}, [&] { return view::build_value(ctx.debugger, name, options_); });
    const Look& look = ctx.look;
    const Room room{left, right};
    y = draw_forms(ctx, detail, room, y);
    y = draw_axes(ctx, detail, room, y);
    if (!detail.missing.empty()) {
        const float height = look.whole_px(50);
        draw_hatched(*ImGui::GetWindowDrawList(), look, {left, y}, {right, y + height}, detail.missing);
        return y + height + look.px(10);
    }
    if (!detail.shown.numeric) return y;
    switch (detail.form) {
    case view::ValueForm::map:
    case view::ValueForm::change:
        y = draw_map(ctx, detail, room, y);
        break;
    case view::ValueForm::numbers:
        y = draw_numbers(ctx, detail, room, y);
        break;
    case view::ValueForm::histogram:
        draw_histogram(*ImGui::GetWindowDrawList(), look, {left, y}, {right, y + look.px(value_line_height)},
                       detail.shown);
        y += look.px(value_line_height + 10);
        break;
    case view::ValueForm::over_time:
        y = draw_line(ctx, detail, room, y);
        break;
    }
    return draw_statistics(ctx, detail, room, y);
}

float ValuePanel::draw_forms(const PanelContext& ctx, const view::ValueDetail& detail, Room room, float y) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(value_row_height);
    float x = room.left;
    for (std::size_t i = 0; i < view::value_forms; ++i) {
        const auto form = static_cast<view::ValueForm>(i);
        const std::string_view title = view::value_form_title(form);
        const bool chosen = detail.form == form;
        const float width = text_width(look, TextRole::secondary, title) + look.px(12);
        if (x + width > room.right - look.px(44)) break;
        ImGui::PushID(static_cast<int>(i));
        const Hit state = hit("form", {x, y}, {x + width, y + height});
        ImGui::PopID();
        if (chosen || state.hovered)
            list.AddRectFilled({x, y + 1}, {x + width, y + height - 1}, look[Token::bg3], look.px(3));
        draw_text_in_row(list, look, TextRole::secondary, x + look.px(6), y, height,
                         chosen ? Token::text1 : Token::text2, title);
        if (state.clicked) ctx.commands.push("value.form", std::string(view::value_form_name(form)), "panel:inspector");
        x += width + look.px(2);
    }
    const float middle = y + height / 2;
    if (icon_button(look, "copy-value", {room.right - look.px(32), middle}, icon::copy, true, "Copy as numpy", 13))
        ctx.commands.push("value.copy", detail.name, "panel:inspector");
    if (icon_button(look, "save-value", {room.right - look.px(8), middle}, icon::save, true,
                    "Export as .npy, .csv or .png", 13))
        ctx.commands.push("value.export", "", "panel:inspector");
    return y + height + look.px(6);
}

/// One stepper for each axis that is held at an index.
float ValuePanel::draw_axes(const PanelContext& ctx, const view::ValueDetail& detail, Room room, float y) {
    if (detail.leading.empty()) return y;
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(value_row_height);
    float x = room.left +
              draw_text_in_row(list, look, TextRole::mono_small, room.left, y, height, Token::text1, detail.slice);
    x += look.px(12);
    const auto go = [&](std::size_t axis, std::int64_t index) {
        std::string text;
        for (std::size_t i = 0; i < detail.at.size(); ++i)
            text += fmt::format("{}{}", i > 0 ? " " : "", i == axis ? index : detail.at[i]);
        ctx.commands.push("value.slice", text, "panel:inspector");
    };
    for (std::size_t axis = 0; axis < detail.leading.size(); ++axis) {
        if (x + look.px(90) > room.right) break;
        ImGui::PushID(static_cast<int>(axis) + 100);
        const float middle = y + height / 2;
        const std::int64_t at = detail.at[axis], last = detail.leading[axis] - 1;
        if (icon_button(look, "less", {x + look.px(6), middle}, icon::back, at > 0, "Index before", 11))
            go(axis, at - 1);
        const std::string text = fmt::format("{} of {}", at, detail.leading[axis]);
        const float width = text_width(look, TextRole::mono_small, text);
        draw_text_in_row(list, look, TextRole::mono_small, x + look.px(20), y, height, Token::text2, text);
        if (icon_button(look, "more", {x + width + look.px(34), middle}, icon::forward, at < last, "Next index", 11))
            go(axis, at + 1);
        x += width + look.px(52);
        ImGui::PopID();
    }
    return y + height + look.px(4);
}

float ValuePanel::draw_map(const PanelContext& ctx, const view::ValueDetail& detail, Room room, float y) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const view::ValueView& value = detail.shown;
    const float width = room.right - room.left;
    const float ideal = width * static_cast<float>(value.rows) / static_cast<float>(value.columns);
    const float height = std::floor(std::clamp(ideal, look.px(18), look.px(180)));
    const ImVec2 a{room.left, y}, b{room.right, y + height};
    const Hit state = hit("map", a, b);
    const HeatMapCell cell = draw_heat_map(list, look, a, b, value, ImGui::GetIO().MousePos);
    if (state.hovered && cell.row >= 0) {
        ImGui::SetTooltip("[%lld, %lld]  %s%s\nClick: over time", static_cast<long long>(cell.row),
                          static_cast<long long>(cell.column),
                          view::number_text(value.cell(cell.row, cell.column), 6, true).c_str(),
                          value.is_poisoned(cell.row, cell.column) ? ", poisoned" : "");
        if (state.clicked)
            ctx.commands.push("value.element", fmt::format("{} {}", cell.row, cell.column), "panel:inspector");
    }
    if (ctx.lit_time.unit && ctx.lit_time.units == value.columns) { // the unit under the pointer elsewhere
        const float each = width / static_cast<float>(value.columns),
                    x = a.x + each * static_cast<float>(*ctx.lit_time.unit);
        compat::add_rect(list, {std::floor(x) - 1, a.y - 1}, {std::floor(x + each) + 1, b.y + 1}, look[Token::accent],
                         0, 1);
    }
    y = b.y + look.px(8);
    const float scale = std::min(look.px(180), width * 0.5f);
    draw_map_scale(list, look, {room.left, y}, scale, value);
    draw_wrapped(&list, look, TextRole::caption, {room.left + scale + look.px(16), y - look.px(4)},
                 width - scale - look.px(16), look.px(15), Token::text2, view::gate_text(value), 2);
    return y + look.whole_px(30);
}

float ValuePanel::draw_numbers(const PanelContext& ctx, const view::ValueDetail& detail, Room room, float y) {
    const Look& look = ctx.look;
    const view::ValueView& value = detail.shown;
    const float row = look.whole_px(grid_row), index = look.px(44);
    const float column = text_width(look, TextRole::mono_small, "−0.0000e−00") + look.px(8);
    const float height = std::min(look.px(grid_height), row * static_cast<float>(value.rows + 1) + look.px(14));
    const Rect rect{{room.left, y}, {room.right, y + height}};
    Child grid("numbers", rect, ImGuiWindowFlags_HorizontalScrollbar);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    const auto rows = static_cast<float>(value.rows), columns = static_cast<float>(value.columns);
    ImGui::Dummy({index + column * columns, row * (rows + 1)});
    const float top = rect.a.y + row; // below the column numbers, which stay
    const auto first_row = static_cast<std::int64_t>(std::max(0.0f, (top - origin.y - row) / row));
    const auto first_column = static_cast<std::int64_t>(std::max(0.0f, (rect.a.x - origin.x) / column));
    const std::int64_t last_row = std::min(value.rows, first_row + static_cast<std::int64_t>(height / row) + 2);
    const std::int64_t last_column =
        std::min(value.columns, first_column + static_cast<std::int64_t>(rect.width() / column) + 2);
    list.PushClipRect({rect.a.x, top}, rect.b, true);
    for (std::int64_t r = first_row; r < last_row; ++r)
        for (std::int64_t c = first_column; c < last_column; ++c) {
            const float right = origin.x + index + column * static_cast<float>(c + 1) - look.px(4);
            const float at = origin.y + row * static_cast<float>(r + 1);
            const double number = value.cell(r, c);
            draw_text_right(list, look, TextRole::mono_small, right, at, row,
                            std::isfinite(number) ? Token::text1 : Token::fail, view::number_text(number, 4, true));
            if (value.is_poisoned(r, c)) draw_state(list, look, view::StateMark::poisoned, {right, at + look.px(4)}, 3);
        }
    list.PopClipRect();
    list.AddRectFilled({rect.a.x, rect.a.y}, {rect.b.x, top}, look[Token::bg2]);
    list.PushClipRect(rect.a, rect.b, true);
    for (std::int64_t c = first_column; c < last_column; ++c)
        draw_text_right(list, look, TextRole::mono_small,
                        origin.x + index + column * static_cast<float>(c + 1) - look.px(4), rect.a.y, row, Token::text3,
                        std::to_string(c));
    list.AddRectFilled({rect.a.x, top}, {rect.a.x + index, rect.b.y}, look[Token::bg1]);
    for (std::int64_t r = first_row; r < last_row; ++r)
        if (const float at = origin.y + row * static_cast<float>(r + 1); at >= top - 1)
            draw_text_right(list, look, TextRole::mono_small, rect.a.x + index - look.px(8), at, row, Token::text3,
                            std::to_string(r));
    list.PopClipRect();
    return rect.b.y + look.px(10);
}

float ValuePanel::draw_line(const PanelContext& ctx, const view::ValueDetail& detail, Room room, float y) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float row = look.whole_px(18);
    draw_text_in_row(list, look, TextRole::mono_small, room.left, y, row, Token::text1, detail.element);
    y += row + look.px(2);
    const ImVec2 a{room.left + look.px(52), y}, b{room.right - look.px(4), y + look.px(value_line_height)};
    double low = 0, high = 0;
    for (const double value : detail.line)
        if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
    if (high == low) high = low + 1;
    const auto count = static_cast<double>(detail.line.size());
    const auto x_of = [&](double i) { return a.x + (b.x - a.x) * static_cast<float>((i + 0.5) / count); };
    const auto y_of = [&](double value) {
        return b.y - (b.y - a.y) * static_cast<float>((value - low) / (high - low));
    };
    for (const double mark : {low, 0.0, high}) {
        draw_hline(list, a.x, b.x, y_of(mark), look[mark == 0 ? Token::line2 : Token::line1]);
        if (mark != 0 || (low == 0 || high == 0))
            draw_text_right(list, look, TextRole::mono_small, a.x - look.px(6), y_of(mark) - row / 2, row, Token::text2,
                            view::number_text(mark, 3));
    }
    const std::size_t stride =
        std::max<std::size_t>(1, detail.line.size() / static_cast<std::size_t>(std::max(b.x - a.x, 1.0f)));
    for (std::size_t i = 0; i + stride < detail.line.size(); i += stride) {
        const double from = detail.line[i], to = detail.line[i + stride];
        if (!std::isfinite(from) || !std::isfinite(to)) continue;
        list.AddLine({x_of(static_cast<double>(i)), y_of(from)}, {x_of(static_cast<double>(i + stride)), y_of(to)},
                     look[Token::accent], look.px(1.5f));
    }
    if (detail.line_at && *detail.line_at < detail.line.size()) {
        const float x = x_of(static_cast<double>(*detail.line_at));
        list.AddRectFilled({x - look.px(1), a.y}, {x + look.px(1), b.y}, look[Token::now]);
        if (const double value = detail.line[*detail.line_at]; std::isfinite(value))
            list.AddCircleFilled({x, y_of(value)}, look.px(3), look[Token::now]);
    }
    // What the pointer is over, here or in another panel.
    if (const auto lit = view::line_index_at(ctx.debugger, detail, ctx.lit_time); lit && *lit < detail.line.size()) {
        const float x = x_of(static_cast<double>(*lit));
        draw_vline(list, x, a.y, b.y, look[Token::accent]);
        if (const double value = detail.line[*lit]; std::isfinite(value))
            list.AddCircle({x, y_of(value)}, look.px(4), look[Token::accent], 16, look.px(1.5f));
    }
    const Hit state = hit("line", a, b);
    if (state.hovered) {
        const float part = (ImGui::GetIO().MousePos.x - a.x) / (b.x - a.x);
        const auto at = std::min(static_cast<std::size_t>(std::max(0.0f, part) * static_cast<float>(count)),
                                 detail.line.size() - 1);
        ctx.hovered_time = view::spot_of_line(ctx.debugger, detail, at);
        ImGui::SetTooltip("%zu: %s\nClick: go there", at, view::number_text(detail.line[at], 6, true).c_str());
        if (state.clicked && at < detail.line_ticks.size())
            ctx.commands.push("go.position", std::to_string(detail.line_ticks[at]), "panel:inspector");
    }
    return b.y + look.px(10);
}

float ValuePanel::draw_statistics(const PanelContext& ctx, const view::ValueDetail& detail, Room room, float y) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float row = look.whole_px(16), column = std::floor((room.right - room.left) / 3);
    const auto rows = view::statistics_text(detail.shown.statistics);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const float x = room.left + column * static_cast<float>(i % 3), top = y + row * static_cast<float>(i / 3);
        draw_text_in_row(list, look, TextRole::mono_small, x, top, row, Token::text2, rows[i].first);
        const bool is_bad = rows[i].first == "NaN" || rows[i].first == "∞";
        draw_text_right(list, look, TextRole::mono_small, x + column - look.px(14), top, row,
                        is_bad ? Token::fail : Token::text1, rows[i].second);
    }
    return y + row * static_cast<float>((rows.size() + 2) / 3) + look.px(12);
}

} // namespace rnnscope::ui
