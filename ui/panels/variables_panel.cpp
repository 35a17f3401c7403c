#include "ui/panels/variables_panel.hpp"

#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <imgui_stdlib.h>

#include <algorithm>
#include <array>

namespace rnnscope::ui {

namespace {

constexpr float variable_row_height = 22, header_height = 23, legend_height = 24, choices_height = 28;
constexpr float usual_indent = 16, tight_indent = 10;
constexpr float column_gap = 14, marks_width = 46; ///< marks: what stands before a name at the root of the tree

float shared_badge_width(const Look& look, const view::VariableRow& row) {
    if (row.shared_by <= 1) return 0;
    return text_width(look, TextRole::caption, "shared ×" + std::to_string(row.shared_by)) + look.px(12);
}

void draw_coverage_mark(ImDrawList& list, const Look& look, const view::VariableRow& row, ImVec2 at, float height) {
    const float width = look.px(3);
    if (row.covered_count == row.count && row.count > 0)
        list.AddRectFilled(at, {at.x + width, at.y + height}, look[Token::fix], look.px(1));
    else if (row.covered_count > 0)
        list.AddRectFilled({at.x, at.y + height / 2}, {at.x + width, at.y + height}, look[Token::fix], look.px(1));
    if (row.covered_count < row.count)
        draw_dashed_line(list, {at.x + width / 2, at.y},
                         {at.x + width / 2, at.y + (row.covered_count > 0 ? height / 2 : height)}, look[Token::warn],
                         look.px(1.5f), look.px(2), look.px(2));
}

} // namespace

VariablesPanel::Widths VariablesPanel::measure(const Look& look, const view::VariablesView& view) {
    constexpr std::size_t most = 2000; // rows: what is wider further down is cut
    Widths widths;
    const auto widen = [&](float& width, TextRole role, std::string_view text) {
        width = std::max(width, text_width(look, role, text));
    };
    widen(widths.shape, TextRole::caption, "shape");
    widen(widths.written, TextRole::caption, "written");
    widen(widths.read, TextRole::caption, "read");
    for (std::size_t i = 0; i < std::min(view.rows.size(), most); ++i) {
        const view::VariableRow& row = view.rows[i];
        if (row.is_scope) continue; // no columns
        const float name = look.px(marks_width + column_gap) + text_width(look, TextRole::mono, row.label) +
                           shared_badge_width(look, row),
                    depth = static_cast<float>(row.depth);
        widths.name = std::max(widths.name, name + look.px(usual_indent) * depth);
        widths.tight_name = std::max(widths.tight_name, name + look.px(tight_indent) * depth);
        widen(widths.shape, TextRole::mono, row.shape);
        widen(widths.written, TextRole::caption, row.written);
        widen(widths.read, TextRole::caption, row.read);
    }
    return widths;
}

/// Columns are as wide as what stands in them, and names get the rest. Where that is little, first the lines give way,
/// then the shape; a tree that is drawn tightly leaves its names more.
VariablesPanel::Columns VariablesPanel::columns(const Look& look, const Rect& rect, const Widths& widths) {
    const float gap = look.px(column_gap), right = rect.b.x - look.px(12);
    const float shape = std::min(widths.shape, rect.width() * 0.35f), lines = widths.written + gap + widths.read + gap;
    const float wanted = std::clamp(widths.tight_name, look.px(130), rect.width() * 0.5f);
    const bool has_shape = right - rect.a.x - shape >= wanted;
    const bool has_lines = has_shape && right - rect.a.x - shape - lines >= wanted;
    Columns at{right, right, right, right, usual_indent, has_shape, has_lines};
    if (has_lines) {
        at.read = right - widths.read;
        at.written = at.read - gap - widths.written;
    }
    if (has_shape) at.shape = (has_lines ? at.written - gap : right) - shape;
    if (rect.a.x + widths.name > at.shape) at.indent = tight_indent;
    return at;
}

void VariablesPanel::draw(const PanelContext& ctx, const Rect& rect) {
    const Look& look = ctx.look;
    Child panel("variables", rect, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    PanelHeader body = panel_header(ctx, rect, icon::variables, "Variables");
    const float field = std::min(look.px(220), rect.b.x - body.left - look.px(28));
    const float field_y = rect.a.y + look.px(4);
    if (field > look.px(60))
        text_field(look, "##filter", {rect.b.x - look.px(12) - field, field_y},
                   {rect.b.x - look.px(12), field_y + look.px(22)}, options_.filter, "Filter by name, shape or state",
                   icon::filter, std::exchange(focus_, false));
    const view::VariablesView& view =
        view_.get(ctx.stamp, options_, [&] { return view::build_variables(ctx.debugger, options_); });

    ImDrawList& list = *ImGui::GetWindowDrawList();
    const Columns at =
        columns(look, rect, widths_.get(ctx.stamp, {options_, look.scale}, [&] { return measure(look, view); }));
    const float head = look.whole_px(header_height), choices = look.whole_px(choices_height);
    draw_choices(ctx, view, {body.a, {body.b.x, body.a.y + choices}});
    body.a.y += choices;
    draw_text_in_row(list, look, TextRole::caption, rect.a.x + look.px(12), body.a.y, head, Token::text2, "name");
    if (at.has_shape) draw_text_in_row(list, look, TextRole::caption, at.shape, body.a.y, head, Token::text2, "shape");
    if (at.has_lines) {
        draw_text_in_row(list, look, TextRole::caption, at.written, body.a.y, head, Token::text2, "written");
        draw_text_right(list, look, TextRole::caption, at.right, body.a.y, head, Token::text2, "read");
    }
    draw_hline(list, body.a.x, body.b.x, body.a.y + head - 1, look[Token::line1]);
    body.a.y += head;
    if (body.height() > look.px(legend_height + variable_row_height) && !view.rows.empty()) { // rows come first
        body.b.y -= look.whole_px(legend_height);
        draw_legend(look, view, {{rect.a.x, body.b.y}, rect.b});
    }

    if (view.rows.empty()) {
        if (!view.empty.empty()) draw_empty(look, body, view.empty);
        const bool is_filtered = !options_.filter.empty() || options_.only_uninitialized || options_.only_trainable;
        if (is_filtered &&
            button(look, "clear",
                   {body.a.x + (body.width() - look.px(60)) / 2, body.a.y + body.height() / 3 + look.px(44)},
                   look.px(26), "", "Clear", ButtonTone::idle, true, nullptr)) {
            options_.filter.clear();
            options_.only_uninitialized = options_.only_trainable = false;
        }
        return;
    }
    Child rows("rows", body);
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    const float height = look.whole_px(variable_row_height), top = look.px(4);
    if (followed_ != ctx.debugger.selection()) { // the selected row comes into sight once
        followed_ = ctx.debugger.selection();
        const auto& error = ctx.debugger.error_at_position();
        const bool at_failure =
            error && followed_.kind == debug::Selection::Kind::node && followed_.node == error->node;
        for (std::size_t i = 0; i < view.rows.size(); ++i) {
            const bool failed = at_failure && !view.rows[i].is_scope && view.rows[i].read_failed;
            if (!view.rows[i].selected && !failed) continue;
            const float y = top + static_cast<float>(i) * height;
            if (y < ImGui::GetScrollY() || y + height > ImGui::GetScrollY() + body.height())
                ImGui::SetScrollY(std::max(0.0f, y - body.height() / 2));
        }
    }
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    ImGui::Dummy({1, top});
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(view.rows.size()), height);
    while (clipper.Step())
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
            draw_row(ctx, view.rows[static_cast<std::size_t>(i)],
                     {origin.x, origin.y + top + static_cast<float>(i) * height}, rect, at);
    clipper.End();
    ImGui::PopStyleVar();
    ImGui::SetCursorScreenPos({origin.x, origin.y + top + static_cast<float>(view.rows.size()) * height + look.px(8)});
    ImGui::Dummy({1, 1});
}

void VariablesPanel::draw_choices(const PanelContext& ctx, const view::VariablesView& view, const Rect& strip) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float top = strip.a.y + look.px(4), height = look.whole_px(20);
    float x = strip.a.x + look.px(12);
    const auto toggle = [&](const char* id, const std::string& text, const char* tip, bool on) {
        const float width = text_width(look, TextRole::caption, text) + look.px(14);
        const ImVec2 a{x, top}, b{x + width, top + height};
        const Hit state = hit(id, a, b);
        draw_box(list, a, b,
                 look[on              ? Token::accent_bg
                      : state.hovered ? Token::bg3
                                      : Token::bg2],
                 look[on ? Token::accent : Token::line2], look.px(3));
        draw_text_in_row(list, look, TextRole::caption, x + look.px(7), top, height, on ? Token::text1 : Token::text2,
                         text);
        tooltip(look, tip);
        x += width + look.px(6);
        return state.clicked;
    };
    if (toggle("uninitialized", std::to_string(view.uninitialized) + " uninitialized",
               "Show only variables without a value", options_.only_uninitialized))
        ctx.commands.push("variables.uninitialized", "", "panel:variables");
    if (toggle("trainable", std::to_string(view.trainable) + " trainable", "Show only trainable variables",
               options_.only_trainable))
        ctx.commands.push("variables.trainable", "", "panel:variables");
    const std::string coverage = view.coverage ? view::to_text(*view.coverage) : std::string("covered by…");
    const float room = strip.b.x - look.px(12) - x;
    if (room > look.px(70) &&
        drop_button(look, "coverage", {x, top},
                    {x + std::min(room, text_width(look, TextRole::body, coverage) + look.px(44)), top + height},
                    coverage, view.coverage ? coverage : "What an init op, a collection or a scope string takes in"))
        ImGui::OpenPopup("coverage-popup");
    draw_coverage_popup(ctx);
}

void VariablesPanel::draw_coverage_popup(const PanelContext& ctx) {
    const Look& look = ctx.look;
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, look.px(8, 4));
    if (ImGui::BeginPopup("coverage-popup")) {
        if (ImGui::MenuItem("nothing", nullptr, options_.coverage.empty()))
            ctx.commands.push("variables.coverage", "none", "panel:variables");
        for (const std::string& choice : view::coverage_choices(ctx.debugger))
            if (ImGui::MenuItem(choice.c_str(), nullptr, options_.coverage == choice))
                ctx.commands.push("variables.coverage", choice, "panel:variables");
        ImGui::Separator();
        ImGui::TextDisabled("scope= as tf.get_collection matches it");
        ImGui::SetNextItemWidth(look.px(260));
        if (ImGui::InputText("##scope", &typed_scope_)) options_.coverage = "scope=" + typed_scope_; // as it is typed
        ImGui::EndPopup();
    }
    ImGui::PopStyleVar();
}

void VariablesPanel::draw_row(const PanelContext& ctx, const view::VariableRow& row, ImVec2 at, const Rect& rect,
                              const Columns& column) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(variable_row_height), right = rect.b.x;
    ImGui::PushID(row.path.c_str());
    ImGui::PushID(row.is_scope ? 1 : 0);
    const Hit state = hit("row", at, {right, at.y + height});
    const debug::Selection target =
        row.is_scope ? view::select_scope(ctx.debugger, row.path) : view::select_variable(ctx.debugger, row.variable);
    const Token under = row.selected ? Token::accent_bg : state.hovered ? Token::bg3 : Token::bg1;
    if (under != Token::bg1) list.AddRectFilled(at, {right, at.y + height}, look[under]);
    if (row.selected) list.AddRectFilled(at, {at.x + look.px(2), at.y + height}, look[Token::accent]);
    if (!row.selected && ctx.lit == target)
        compat::add_rect(list, {at.x + 1, at.y}, {right - 1, at.y + height}, look[Token::accent], look.px(3));

    for (int level = 0; level < row.depth; ++level)
        draw_vline(list, at.x + look.px(18 + column.indent * static_cast<float>(level)), at.y, at.y + height,
                   look[row.selected ? Token::line2 : Token::line1]);
    float x = at.x + look.px(12 + column.indent * static_cast<float>(row.depth));
    if (row.is_scope)
        draw_triangle(list, {x + look.px(6), at.y + height / 2}, look.px(8), row.open, look[Token::text2]);
    x += look.px(16);
    if (row.mark != view::StateMark::none)
        draw_state(list, look, row.mark, {x + look.px(6), at.y + height / 2}, 4.5f, under);
    x += look.px(18);
    const bool exists = row.mark != view::StateMark::none;
    const Token ink = !exists ? Token::text3 : row.is_scope ? Token::text2 : Token::text1;
    const std::string badge = row.shared_by > 1 ? "shared ×" + std::to_string(row.shared_by) : "";
    // A scope has no columns: its name may be as long as how many are in it leaves room for.
    const bool is_wide = row.is_scope && column.has_shape && options_.coverage.empty();
    const float end = is_wide ? column.right - text_width(look, TextRole::caption, row.shape) : column.shape;
    const float room = end - x - look.px(column_gap) - shared_badge_width(look, row);
    const std::string label = fit_path(look, TextRole::mono, row.label, room); // never inside the last segment
    x +=
        draw_text_in_row(list, look, TextRole::mono, x, at.y, height, ink, fit_text(look, TextRole::mono, label, room));
    if (!badge.empty())
        draw_text_in_row(list, look, TextRole::caption, x + look.px(8), at.y, height, Token::warn, badge);
    if (!options_.coverage.empty()) // a bar before the shape: taken in, or dashed for what is missed
        draw_coverage_mark(list, look, row, {column.shape - look.px(9), at.y + look.px(4)}, height - look.px(8));

    const float shape_room = (column.has_lines ? column.written - look.px(6) : column.right) - column.shape;
    if (row.is_scope && column.has_shape) {
        draw_text_right(list, look, TextRole::caption, column.right, at.y, height, Token::text2, row.shape);
    } else if (!row.is_scope && column.has_shape) {
        draw_text_in_row(list, look, TextRole::mono, column.shape, at.y, height, Token::text1,
                         fit_text(look, TextRole::mono, row.shape, shape_room));
    }
    if (!row.is_scope && column.has_lines) {
        draw_text_in_row(list, look, TextRole::caption, column.written, at.y, height,
                         row.written_at.valid() ? Token::text1 : Token::text2, row.written);
        draw_text_right(list, look, TextRole::caption, column.right, at.y, height,
                        row.read_failed       ? Token::fail
                        : row.read_at.valid() ? Token::text1
                                              : Token::text2,
                        row.read);
    }
    if (state.hovered) {
        ctx.hovered = target;
        tooltip(look, row.path + "\n" + std::string(view::describe(row.mark)));
    }
    const bool on_triangle =
        row.is_scope && ImGui::GetIO().MousePos.x < at.x + look.px(28 + column.indent * static_cast<float>(row.depth));
    if (state.clicked && (on_triangle || (row.is_scope && row.selected))) {
        if (!options_.collapsed.erase(row.path)) options_.collapsed.insert(row.path);
    } else if (state.clicked) {
        push_select(ctx, target, "panel:variables");
    }
    if (state.wants_menu) push_menu(ctx, target, "panel:variables");
    ImGui::PopID();
    ImGui::PopID();
}

/// The marks that are there, in words.
void VariablesPanel::draw_legend(const Look& look, const view::VariablesView& view, const Rect& rect) const {
    struct Entry {
        StateMark mark;
        const char* word;
    };
    constexpr std::array<Entry, 7> entries = {{{StateMark::uninitialized, "read too early"},
                                               {StateMark::declared, "no value"},
                                               {StateMark::partly, "partly"},
                                               {StateMark::poisoned, "poisoned"},
                                               {StateMark::initialized, "initialized"},
                                               {StateMark::restored, "restored"},
                                               {StateMark::updated, "updated"}}};
    ImDrawList& list = *ImGui::GetWindowDrawList();
    draw_hline(list, rect.a.x, rect.b.x, rect.a.y, look[Token::line1]);
    float x = rect.a.x + look.px(12);
    for (const Entry& entry : entries) {
        if (std::ranges::find(view.rows, entry.mark, &view::VariableRow::mark) == view.rows.end()) continue;
        const float width = look.px(14) + text_width(look, TextRole::caption, entry.word);
        if (x + width > rect.b.x - look.px(4)) break;
        draw_state(list, look, entry.mark, {x + look.px(4), (rect.a.y + rect.b.y) / 2}, 3.5f);
        draw_text_in_row(list, look, TextRole::caption, x + look.px(12), rect.a.y, rect.height(), Token::text2,
                         entry.word);
        x += width + look.px(10);
    }
}

} // namespace rnnscope::ui
