#include "ui/panels/inspector_panel.hpp"

#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/heat_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rnnscope::ui {

namespace {

constexpr float inspector_row_height = 22, inspector_label_width = 92;

std::string_view tab_name(std::size_t index, const view::InspectorView& view) {
    const bool statement = view.kind == debug::Selection::Kind::statement;
    const bool scope = view.kind == debug::Selection::Kind::scope;
    switch (index) {
    case 0:
        return statement ? "Results" : "Value";
    case 1:
        return statement ? "Made" : scope ? "Variables" : view.kind == debug::Selection::Kind::node ? "Inputs" : "Ops";
    case 2:
        return scope ? "Op types" : "Attributes";
    default:
        return statement ? "Runs" : "History";
    }
}

/// Of the selected op's first output, or the variable; "" for what has no name of its own.
std::string value_name(const PanelContext& ctx) {
    const debug::Selection& selection = ctx.debugger.selection();
    const Graph* graph = ctx.debugger.graph();
    if (!graph) return {};
    if (selection.kind == debug::Selection::Kind::variable && selection.variable.index() < graph->variables().size())
        return graph->variable(selection.variable).name;
    if (selection.kind == debug::Selection::Kind::node && selection.node.index() < graph->size())
        return graph->tensor_name({selection.node, 0});
    return {};
}

} // namespace

void InspectorPanel::draw(const PanelContext& ctx, const Rect& rect) {
    const Look& look = ctx.look;
    Child panel("inspector", rect, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const bool has_tools = rect.width() > look.px(170);
    const Rect body = panel_header(ctx, rect, icon::inspector, "Inspector", has_tools ? 54 : 0);
    const float header = look.px(panel_header_height), middle = rect.a.y + header / 2;
    const auto tool = [&](const char* id, float from_right, std::string_view icon, bool enabled, const char* tip) {
        return has_tools && icon_button(look, id, {rect.b.x - look.px(from_right), middle}, icon, enabled, tip);
    };
    if (tool("back", 46, icon::back, ctx.debugger.can_select_back(), "Back, Alt+Left"))
        ctx.commands.push("select.back", "", "panel:inspector");
    if (tool("forward", 20, icon::forward, ctx.debugger.can_select_forward(), "Forward, Alt+Right"))
        ctx.commands.push("select.forward", "", "panel:inspector");
    const view::InspectorView& view =
        view_.get(ctx.stamp, 0, [&] { return view::build_inspector(ctx.debugger, &summaries_); });
    const bool is_overview = view.kind == debug::Selection::Kind::none;
    if (is_overview && view.links.empty()) return draw_empty(look, body, "Select an op or a variable.");

    Child scroll("content", body);
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    Pen pen{origin.x + look.px(16), origin.x + body.width() - look.px(16), origin.y + look.px(10)};
    draw_title(ctx, view, pen);
    if (is_overview)
        draw_rows(ctx, view.links, pen, SIZE_MAX);
    else
        draw_tab(ctx, view, pen);
    ImGui::SetCursorScreenPos({origin.x, pen.y + look.px(12)});
    ImGui::Dummy({1, 1});
}

void InspectorPanel::draw_tab(const PanelContext& ctx, const view::InspectorView& view, Pen& pen) {
    draw_tabs(ctx, view, pen);
    switch (tab_) {
    case Tab::value:
        for (std::size_t i = 0; i < view.values.size(); ++i) {
            ImGui::PushID(static_cast<int>(i));
            draw_value(ctx, view.values[i], pen, i == 0 ? value_name(ctx) : std::string());
            ImGui::PopID();
        }
        draw_rows(ctx, view.links, pen, view.values.empty() ? 60 : 6);
        draw_history(ctx, view, pen, 8);
        break;
    case Tab::inputs:
        draw_rows(ctx, view.links, pen, SIZE_MAX);
        break;
    case Tab::attributes:
        draw_rows(ctx, view.attributes, pen, SIZE_MAX);
        break;
    case Tab::history:
        draw_history(ctx, view, pen, SIZE_MAX);
        break;
    }
}

void InspectorPanel::draw_title(const PanelContext& ctx, const view::InspectorView& view, Pen& pen) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float head = look.whole_px(22);
    float x = pen.left;
    if (view.mark != view::StateMark::none) {
        draw_state(list, look, view.mark, {x + look.px(5), pen.y + head / 2}, 5.5f);
        x += look.px(20);
    }
    const float subtitle = text_width(look, TextRole::body, view.subtitle) + look.px(8);
    const std::string title = fit_text(look, TextRole::title, view.title, pen.right - x - subtitle);
    x += draw_text_in_row(list, look, TextRole::title, x, pen.y, head, Token::text1, title) + look.px(6);
    draw_text_in_row(list, look, TextRole::body, x, pen.y + look.px(1), head, Token::text2,
                     fit_text(look, TextRole::body, view.subtitle, pen.right - x));
    pen.y += head + look.px(4);
    const bool has_path = !view.path.empty();
    const std::string path = fit_path(look, TextRole::mono_small, view.path, pen.right - pen.left);
    const std::string_view tail = view::last_segments(path, 2);
    const std::string_view lead = std::string_view(path).substr(0, path.size() - tail.size());
    const float w =
        draw_text_in_row(list, look, TextRole::mono_small, pen.left, pen.y, look.px(18), Token::text3, lead);
    draw_text_in_row(list, look, TextRole::mono_small, pen.left + w, pen.y, look.px(18), Token::text1, tail);
    if (has_path) pen.y += look.whole_px(18);
    const Hit name = hit("name", {pen.left, pen.y - head - look.px(22)}, {pen.right, pen.y});
    if (name.wants_menu && view.kind != debug::Selection::Kind::none)
        push_menu(ctx, ctx.debugger.selection(), "panel:inspector");
    x = pen.left;
    for (std::size_t i = 0; i < view.facts.size(); ++i) {
        ImGui::PushID(static_cast<int>(i));
        x += link(ctx, "fact", TextRole::secondary, x, pen.y, look.px(18), view.facts[i], "panel:inspector");
        ImGui::PopID();
    }
    pen.y += look.whole_px(22);
}

void InspectorPanel::draw_tabs(const PanelContext& ctx, const view::InspectorView& view, Pen& pen) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(28);
    float x = pen.left;
    for (std::size_t i = 0; i < 4; ++i) {
        const std::string_view name = tab_name(i, view);
        const bool chosen = tab_ == static_cast<Tab>(i);
        const TextRole role = chosen ? TextRole::body_bold : TextRole::body;
        const float width = text_width(look, role, name);
        ImGui::PushID(static_cast<int>(i));
        const Hit state = hit("tab", {x, pen.y}, {x + width, pen.y + height});
        ImGui::PopID();
        draw_text_in_row(list, look, role, x, pen.y, height, chosen || state.hovered ? Token::text1 : Token::text2,
                         name);
        if (chosen)
            list.AddRectFilled({x, pen.y + height - look.px(2)}, {x + width, pen.y + height}, look[Token::accent]);
        if (state.clicked) tab_ = static_cast<Tab>(i);
        x += width + look.px(18);
    }
    draw_hline(list, pen.left - look.px(16), pen.right + look.px(16), pen.y + height, look[Token::line1]);
    pen.y += height + look.px(8);
}

void InspectorPanel::draw_value(const PanelContext& ctx, const view::ValueView& value, Pen& pen,
                                const std::string& name) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float row = look.whole_px(inspector_row_height), width = pen.right - pen.left;
    draw_text_in_row(list, look, TextRole::secondary, pen.left, pen.y, row, Token::text2,
                     fit_text(look, TextRole::secondary, value.label, look.px(inspector_label_width - 4)));
    const float type_x = pen.left + look.px(inspector_label_width);
    const float type = draw_text_in_row(list, look, TextRole::mono, type_x, pen.y, row, Token::text1,
                                        fit_text(look, TextRole::mono, value.type, pen.right - type_x));
    const float absent = text_width(look, TextRole::secondary, "no value") + look.px(10);
    if (!value.absent.empty() && type_x + type + absent < pen.right) // the box below says so, too
        draw_text_right(list, look, TextRole::secondary, pen.right, pen.y, row,
                        value.failed ? Token::fail : Token::text3, "no value");
    pen.y += row + look.px(6);
    if (!value.absent.empty()) {
        const float height = look.whole_px(50);
        draw_hatched(list, look, {pen.left, pen.y}, {pen.right, pen.y + height}, value.absent);
        pen.y += height + look.px(12);
        return;
    }
    if (value.poisoned > 0) {
        draw_state(list, look, view::StateMark::poisoned, {pen.left + look.px(6), pen.y + look.px(10)}, 4.5f,
                   Token::bg1);
        draw_text_in_row(list, look, TextRole::secondary, pen.left + look.px(18), pen.y, look.px(20), Token::text1,
                         view::poison_text(value));
        pen.y += look.whole_px(24);
    }
    if (!value.numeric) {
        pen.y += draw_wrapped(&list, look, TextRole::mono, {pen.left, pen.y}, width, look.px(19), Token::text1,
                              value.first_row, 12) +
                 look.px(8);
        return;
    }
    if (value.tensor.elements() == 1) {
        draw_text_in_row(list, look, TextRole::mono_result, pen.left, pen.y, look.px(24), Token::text1,
                         view::number_text(value.cell(0, 0), 6));
        pen.y += look.whole_px(32);
        return;
    }
    if (!name.empty()) {
        pen.y = value_.draw(ctx, name, pen.left, pen.right, pen.y);
        return;
    }
    const float ideal = width * static_cast<float>(value.rows) / static_cast<float>(value.columns);
    const float height = std::floor(std::clamp(ideal, look.px(18), look.px(150)));
    const ImVec2 a{pen.left, pen.y}, b{pen.right, pen.y + height};
    const Hit state = hit("map", a, b);
    if (as_histogram_) {
        draw_histogram(list, look, a, {b.x, std::max(b.y, a.y + look.px(60))}, value);
        pen.y = std::max(b.y, a.y + look.px(60));
    } else {
        const HeatMapCell cell = draw_heat_map(list, look, a, b, value, ImGui::GetIO().MousePos);
        if (state.hovered && cell.row >= 0)
            ImGui::SetTooltip("[%lld, %lld]  %s%s", static_cast<long long>(cell.row),
                              static_cast<long long>(cell.column),
                              view::number_text(value.cell(cell.row, cell.column), 6, true).c_str(),
                              value.is_poisoned(cell.row, cell.column) ? ", poisoned" : "");
        pen.y = b.y;
    }
    if (state.clicked) as_histogram_ = !as_histogram_;
    pen.y += look.px(6);
    draw_text_in_row(list, look, TextRole::mono_small, pen.left, pen.y, look.px(18), Token::text1,
                     fit_text(look, TextRole::mono_small, value.first_row, width));
    pen.y += look.whole_px(24);
    const float scale = std::min(look.px(180), width * 0.5f);
    draw_map_scale(list, look, {pen.left, pen.y}, scale, value);
    const TensorStatistics& s = value.statistics;
    const auto fact = [&](float y, std::string_view word, const std::string& text) {
        draw_text_in_row(list, look, TextRole::mono_small, pen.left + scale + look.px(24), y, look.px(14), Token::text2,
                         word);
        draw_text_right(list, look, TextRole::mono_small, pen.right, y, look.px(14), Token::text1, text);
    };
    fact(pen.y - look.px(4), "mean", view::number_text(s.mean, 4, true));
    fact(pen.y + look.px(12), "std", view::number_text(s.standard_deviation));
    if (s.nans + s.infinities > 0) {
        pen.y += look.whole_px(16);
        fact(pen.y + look.px(12), "NaN, ∞", fmt::format("{}, {}", s.nans, s.infinities));
    }
    if (value.is_gate) { // what the other scale is for
        pen.y += look.whole_px(16);
        fact(pen.y + look.px(12), "at 0 or 1", fmt::format("{} of {}", value.saturated, s.elements));
    }
    pen.y += look.whole_px(38);
}

void InspectorPanel::draw_rows(const PanelContext& ctx, const std::vector<view::PropertyRow>& rows, Pen& pen,
                               std::size_t most) {
    if (rows.empty()) return;
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(inspector_row_height);
    if (tab_ == Tab::value) {
        draw_hline(list, pen.left - look.px(16), pen.right + look.px(16), pen.y, look[Token::line1]);
        pen.y += look.px(8);
    }
    for (std::size_t i = 0; i < rows.size() && i < most; ++i) {
        const view::PropertyRow& row = rows[i];
        ImGui::PushID(static_cast<int>(i) + 1000);
        draw_text_in_row(list, look, TextRole::secondary, pen.left, pen.y, height, Token::text2,
                         fit_text(look, TextRole::secondary, row.name, look.px(inspector_label_width - 6)));
        float x = pen.left + look.px(inspector_label_width);
        if (row.mark != view::StateMark::none) {
            draw_state(list, look, row.mark, {x + look.px(5), pen.y + height / 2});
            x += look.px(16);
        }
        float detail = text_width(look, TextRole::mono_small, row.detail);
        const bool has_detail = pen.right - x - detail > look.px(90); // a name is worth more than its type
        if (!has_detail) detail = 0;
        const float room = pen.right - x - (detail > 0 ? detail + look.px(10) : 0);
        if (row.value.target.kind == debug::Selection::Kind::none) {
            pen.y += std::max(height, draw_wrapped(&list, look, TextRole::mono, {x, pen.y + look.px(3)}, room,
                                                   look.px(18), Token::text1, row.value.text, 6) +
                                          look.px(4)) -
                     height;
        } else {
            link(ctx, "value", TextRole::mono, x, pen.y, height, row.value, "panel:inspector", room);
            if (has_detail)
                draw_text_right(list, look, TextRole::mono_small, pen.right, pen.y, height, Token::text2, row.detail);
        }
        ImGui::PopID();
        pen.y += height;
    }
    if (rows.size() > most) {
        draw_text_in_row(list, look, TextRole::caption, pen.left + look.px(inspector_label_width), pen.y, height,
                         Token::text3, fmt::format("and {} more", view::grouped(rows.size() - most)));
        pen.y += height;
    }
    pen.y += look.px(6);
}

void InspectorPanel::draw_history(const PanelContext& ctx, const view::InspectorView& view, Pen& pen,
                                  std::size_t most) {
    if (view.history.empty()) return;
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(inspector_row_height);
    draw_hline(list, pen.left - look.px(16), pen.right + look.px(16), pen.y, look[Token::line1]);
    pen.y += look.px(6);
    draw_text_in_row(list, look, TextRole::secondary, pen.left, pen.y, height, Token::text2, view.history_title);
    pen.y += height;
    const std::size_t skipped = view.history.size() > most ? view.history.size() - most : 0;
    for (std::size_t i = skipped; i < view.history.size(); ++i) {
        const view::HistoryRow& row = view.history[i];
        ImGui::PushID(static_cast<int>(i) + 5000);
        const Hit state = hit("row", {pen.left + look.px(82), pen.y}, {pen.right, pen.y + height});
        if (state.hovered)
            list.AddRectFilled({pen.left - look.px(4), pen.y}, {pen.right + look.px(4), pen.y + height},
                               look[Token::bg3], look.px(3));
        if (i + 1 < view.history.size())
            draw_vline(list, pen.left + look.px(6), pen.y + height / 2 + look.px(6), pen.y + height * 1.5f - look.px(6),
                       look[Token::line2]);
        draw_state(list, look, row.mark, {pen.left + look.px(6), pen.y + height / 2});
        link(ctx, "line", TextRole::mono, pen.left + look.px(22), pen.y, height, row.where, "panel:inspector");
        const std::string text =
            fit_text(look, TextRole::secondary, row.text, pen.right - pen.left - look.px(inspector_label_width));
        draw_text_in_row(list, look, TextRole::secondary, pen.left + look.px(inspector_label_width), pen.y, height,
                         row.is_past ? Token::text1 : Token::text3, text);
        tooltip(look, text == row.text ? "Go there" : row.text + "\nGo there");
        if (state.clicked) ctx.commands.push("go.position", std::to_string(row.tick + 1), "panel:inspector");
        ImGui::PopID();
        pen.y += height;
    }
    if (skipped > 0) {
        draw_text_in_row(list, look, TextRole::caption, pen.left + look.px(22), pen.y, height, Token::text3,
                         fmt::format("{} earlier, see History", view::grouped(skipped)));
        pen.y += height;
    }
    pen.y += look.px(8);
}

} // namespace rnnscope::ui
