#include "ui/panels/comparison_panel.hpp"

#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/heat_map.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <algorithm>

namespace rnnscope::ui {

namespace {

constexpr float compared_row_height = 22;
constexpr const char* from_comparison = "panel:comparison";

/// A position that is gone to by a click. Returns whether the pointer is over it.
bool place_link(const PanelContext& ctx, const char* id, float right, float y, float height, record::Position at,
                bool can_go) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const std::string text = std::to_string(at.ticks);
    const float width = text_width(look, TextRole::mono_small, text);
    if (!can_go) {
        draw_text_in_row(list, look, TextRole::mono_small, right - width, y, height, Token::text2, text);
        return false;
    }
    const Hit state = hit(id, {right - width, y}, {right, y + height});
    draw_text_in_row(list, look, TextRole::mono_small, right - width, y, height, Token::accent, text);
    if (state.hovered) {
        ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
        draw_hline(list, right - width, right, y + height - look.px(4), look[Token::accent]);
    }
    if (state.clicked) ctx.commands.push("go.position", text, from_comparison);
    return state.hovered;
}

} // namespace

void ComparisonPanel::draw(const PanelContext& ctx, const Rect& rect) {
    const Look& look = ctx.look;
    Child panel("comparison", rect, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const PanelHeader header = panel_header(ctx, rect, icon::compare, "Comparison");
    const Rect& body = header;
    const std::uint64_t revision = ctx.debugger.answers().revision();
    if (revision != revision_ || !(options_ == built_options_) || !(ctx.stamp == stamp_)) {
        const bool is_same_list = revision == revision_ && options_ == built_options_;
        view_ = view::build_comparison(ctx.debugger, options_);
        revision_ = revision;
        built_options_ = options_;
        stamp_ = ctx.stamp;
        if (!is_same_list) chosen_ = values_of_ = SIZE_MAX;
    }
    if (!view_.answer)
        return draw_empty(look, body, "Compare with another program, or run a what-if: both sides are shown here.");
    const float field = std::min(look.px(180), rect.b.x - header.left - look.px(28)), field_y = rect.a.y + look.px(4);
    if (field > look.px(60))
        text_field(look, "##filter", {rect.b.x - look.px(10) - field, field_y},
                   {rect.b.x - look.px(10), field_y + look.px(22)}, options_.filter, "Filter, Ctrl+F", icon::filter,
                   std::exchange(focus_filter_, false));
    if (answer_ != view_.answer.get()) { // another comparison begins where it differs first
        answer_ = view_.answer.get();
        tolerance_ = view_.tolerance;
        show_ = view_.first;
    }
    if (chosen_ == SIZE_MAX && view_.first < view_.rows.size()) chosen_ = view_.first;
    const float bar = look.whole_px(30), head = look.whole_px(38);
    draw_bar(ctx, {body.a, {body.b.x, body.a.y + bar}});
    const bool is_below = body.height() > look.px(420), has_room = is_below || body.width() > look.px(620);
    const float side = std::floor(std::clamp(body.width() * 0.34f, look.px(220), look.px(420)));
    const float strip = look.whole_px(172);
    Rect list{{body.a.x, body.a.y + bar + head}, body.b}, values{{body.a.x, body.a.y + bar}, body.b};
    if (is_below)
        list.b.y = values.a.y = body.b.y - strip;
    else if (has_room)
        list.b.x = values.a.x = body.b.x - side;
    const Columns columns = place_columns(look, list);
    draw_names(ctx, {{body.a.x, body.a.y + bar}, {list.b.x, list.a.y}}, columns);
    read_keys(ctx);
    draw_rows(ctx, list, columns);
    if (!has_room) return;
    ImDrawList& lines = *ImGui::GetWindowDrawList();
    if (is_below)
        draw_hline(lines, body.a.x, body.b.x, values.a.y, look[Token::line1]);
    else
        draw_vline(lines, values.a.x, values.a.y, body.b.y, look[Token::line1]);
    draw_values(ctx, {{values.a.x + 1, values.a.y + 1}, values.b}, is_below);
}

/// What was compared, how closely, and which rows are shown.
void ComparisonPanel::draw_bar(const PanelContext& ctx, const Rect& bar) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(22), y = bar.a.y + look.px(4);
    float x = bar.a.x + look.px(12);
    float button_wide = 0;
    const char* what = options_.only_differing ? "All rows" : "Only differences";
    if (button(look, "only", {x, y}, height, "", what, ButtonTone::idle, true, &button_wide))
        options_.only_differing = !options_.only_differing;
    x += button_wide + look.px(12);
    x += draw_text_in_row(list, look, TextRole::secondary, x, y, height, Token::text2, "within") + look.px(6);
    const float number = look.px(64);
    text_field(look, "##tolerance", {x, y}, {x + number, y + height}, tolerance_, "0", "");
    const bool entered = ImGui::IsItemDeactivatedAfterEdit();
    tooltip(look, "Equal is what is no farther apart than this, relative or absolute");
    if (entered && tolerance_ != view_.tolerance)
        ctx.commands.push("ask.tolerance", tolerance_.empty() ? "0" : tolerance_, from_comparison);
    x += number + look.px(14);
    const debug::Comparison& result = view_.compared().result;
    const bool differ = result.differing > 0;
    draw_text_in_row(list, look, TextRole::secondary, x, y, height, differ ? Token::warn : Token::text2,
                     fit_text(look, TextRole::secondary, view_.summary, bar.b.x - look.px(12) - x));
}

ComparisonPanel::Columns ComparisonPanel::place_columns(const Look& look, const Rect& list) const {
    Columns out;
    const float gap = look.px(14), digit = text_width(look, TextRole::mono_small, "0");
    const float number = digit * 5, ulps = digit * 9, value = digit * 13, apart = digit * 8;
    out.step_r = list.a.x + look.px(12) + digit * 4;
    out.mark = out.step_r + gap;
    out.op = out.mark + look.px(14);
    float right = list.b.x - look.px(14);
    // The op's name is what a row is known by: where it is narrow, columns give way to it one after another.
    bool has_events = true, has_ulps = true, has_values = true;
    const auto others = [&] {
        const float side = number + gap + (has_values ? value + gap : 0) + (has_events ? number + gap : 0);
        return 2 * side + apart + gap + (has_ulps ? ulps + gap : 0);
    };
    for (bool* column : {&has_events, &has_ulps, &has_values})
        if (right - others() - out.op < look.px(150)) *column = false;
    out.ulps_r = has_ulps ? right : 0;
    if (has_ulps) right -= ulps + gap;
    out.apart_r = right;
    right -= apart + gap;
    for (Columns::Side* side : {&out.right, &out.left}) {
        side->end = right;
        side->value = has_values ? right - value : right;
        if (has_values) right -= value + gap;
        side->at_r = right;
        right -= number + gap;
        side->event_r = has_events ? right : 0;
        if (has_events) right -= number + gap;
    }
    out.op_end = right;
    return out;
}

void ComparisonPanel::draw_names(const PanelContext& ctx, const Rect& head, const Columns& columns) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float top = look.whole_px(20), low = head.height() - top, y = head.a.y + top;
    const auto side = [&](const Columns::Side& at, float from, const std::string& name, const std::string& other) {
        const float left = from + look.px(14);
        const std::string text = other.empty() ? name : name + ", not shown";
        draw_text_in_row(list, look, TextRole::body_bold, left, head.a.y, top,
                         other.empty() ? Token::text1 : Token::text2,
                         fit_text(look, TextRole::body_bold, text, at.end - left));
        if (ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect({left, head.a.y}, {at.end, head.a.y + top}))
            ImGui::SetTooltip("%s", other.empty() ? name.c_str() : other.c_str());
        if (at.event_r > 0) draw_text_right(list, look, TextRole::caption, at.event_r, y, low, Token::text2, "event");
        draw_text_right(list, look, TextRole::caption, at.at_r, y, low, Token::text2, "at");
        if (at.value < at.end) draw_text_in_row(list, look, TextRole::caption, at.value, y, low, Token::text2, "value");
    };
    side(columns.left, columns.op_end, view_.left_name, view_.left_other);
    side(columns.right, columns.left.end, view_.right_name, view_.right_other);
    draw_text_right(list, look, TextRole::caption, columns.step_r, y, low, Token::text2, "t");
    draw_text_in_row(list, look, TextRole::caption, columns.op, y, low, Token::text2, "op");
    draw_text_right(list, look, TextRole::caption, columns.apart_r, y, low, Token::text2, "apart");
    if (columns.ulps_r > 0) draw_text_right(list, look, TextRole::caption, columns.ulps_r, y, low, Token::text2, "ulp");
    draw_hline(list, head.a.x, head.b.x, head.b.y - 1, look[Token::line1]);
}

void ComparisonPanel::draw_rows(const PanelContext& ctx, const Rect& rows, const Columns& columns) {
    const Look& look = ctx.look;
    if (view_.rows.empty()) return draw_empty(look, rows, view_.empty);
    Child child("compared-rows", rows);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float height = look.whole_px(compared_row_height), visible = rows.height();
    if (show_ < view_.rows.size()) {
        const float y = height * static_cast<float>(show_), scroll = ImGui::GetScrollY();
        if (y < scroll || y + height > scroll + visible) ImGui::SetScrollY(std::max(0.0f, y - 2 * height));
        show_ = SIZE_MAX;
    }
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(view_.rows.size()), height);
    while (clipper.Step())
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
            ImGui::PushID(i);
            draw_row(ctx, static_cast<std::size_t>(i), {at.x, at.y + static_cast<float>(i) * height}, rows.b.x,
                     columns);
            ImGui::PopID();
        }
    clipper.End();
    ImGui::PopStyleVar();
    ImGui::SetCursorScreenPos({at.x, at.y + height * static_cast<float>(view_.rows.size()) + look.px(6)});
    ImGui::Dummy({1, 1});
}

void ComparisonPanel::draw_row(const PanelContext& ctx, std::size_t index, ImVec2 at, float right,
                               const Columns& columns) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(compared_row_height);
    const ImVec2 end{right, at.y + height};
    const view::ComparisonRow row = view::comparison_row(ctx.debugger, view_, index);
    if (!row.head.empty()) {
        draw_text_in_row(list, look, TextRole::caption, at.x + look.px(12), at.y + look.px(2), height, Token::text2,
                         row.head);
        draw_hline(list, at.x, right, end.y - 1, look[Token::line1]);
        return;
    }
    const bool hovered = ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(at, end);
    const bool is_now = row.left.is_now || row.right.is_now, is_chosen = index == chosen_;
    const Token under = is_chosen ? Token::accent_bg : hovered ? Token::bg3 : Token::bg1;
    if (under != Token::bg1) list.AddRectFilled(at, end, look[under]);
    if (is_now) list.AddRectFilled(at, {at.x + look.px(3), end.y}, look[Token::now]);
    if (row.is_first) { // nothing above it differs
        draw_hline(list, at.x, right, at.y, look[Token::warn]);
        list.AddRectFilled({at.x + look.px(is_now ? 4 : 0), at.y}, {at.x + look.px(is_now ? 8 : 4), end.y},
                           look[Token::warn]);
    }
    over_link_ = false;
    const Token ink = row.differs ? Token::text1 : Token::text2;
    draw_text_right(list, look, TextRole::mono_small, columns.step_r, at.y, height, Token::text2, row.step);
    const view::StateMark mark = row.left.exists ? row.left.mark : row.right.mark;
    if (mark != view::StateMark::none)
        draw_state(list, look, mark, {columns.mark + look.px(4), at.y + height / 2}, 4.5f, under);
    const float room = columns.op_end - columns.op - look.px(8);
    const view::ComparisonSide& named = view_.left_other.empty() && row.left.exists ? row.left : row.right;
    const bool can_select = (&named == &row.left ? view_.left_other.empty() : view_.right_other.empty()) &&
                            named.node.valid() && ctx.debugger.graph() != nullptr &&
                            named.node.index() < ctx.debugger.visible_nodes() &&
                            row.op.starts_with(ctx.debugger.graph()->node(named.node).name);
    const std::string shown = fit_path(look, TextRole::mono, row.op, room);
    const float width = text_width(look, TextRole::mono, shown);
    Token name_ink = ink;
    if (can_select && width > 0) {
        const debug::Selection target = view::select_node(ctx.debugger, named.node);
        const Hit state = hit("op", {columns.op, at.y}, {columns.op + width, end.y});
        if (state.hovered) {
            over_link_ = true;
            ctx.hovered = target;
            name_ink = Token::accent;
            ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
        }
        if (shown != row.op) tooltip(look, row.op);
        if (state.clicked) {
            choose(index);
            push_select(ctx, target, from_comparison);
        }
        if (state.wants_menu) push_menu(ctx, target, from_comparison);
    }
    draw_text_in_row(list, look, TextRole::mono, columns.op, at.y, height, name_ink, shown);
    ImGui::PushID("left");
    draw_side(ctx, row.left, columns.left, view_.left_other, row.differs, at.y);
    ImGui::PopID();
    ImGui::PushID("right");
    draw_side(ctx, row.right, columns.right, view_.right_other, row.differs, at.y);
    ImGui::PopID();
    if (row.differs) {
        draw_text_right(list, look, TextRole::mono_small, columns.apart_r, at.y, height, Token::warn, row.largest);
        if (columns.ulps_r > 0)
            draw_text_right(list, look, TextRole::mono_small, columns.ulps_r, at.y, height, Token::text2, row.ulps);
    }
    if (hovered && !over_link_ && ImGui::IsMouseReleased(0)) choose(index);
}

void ComparisonPanel::draw_side(const PanelContext& ctx, const view::ComparisonSide& side, const Columns::Side& columns,
                                const std::string& other, bool differs, float y) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(compared_row_height);
    if (!side.exists) {
        const float left = columns.value < columns.end ? columns.value : columns.at_r - look.px(40);
        draw_text_in_row(list, look, TextRole::caption, left, y, height, Token::text3, "did not run");
        return;
    }
    if (columns.event_r > 0)
        draw_text_right(list, look, TextRole::mono_small, columns.event_r, y, height, Token::text2,
                        std::to_string(side.event));
    over_link_ |= place_link(ctx, "at", columns.at_r, y, height, side.at, other.empty());
    if (columns.value < columns.end)
        draw_text_in_row(list, look, TextRole::mono_small, columns.value, y, height,
                         differs ? Token::text1 : Token::text2,
                         fit_text(look, TextRole::mono_small, side.value, columns.end - columns.value));
}

/// Left, right, and what is between them.
void ComparisonPanel::draw_values(const PanelContext& ctx, const Rect& rect, bool is_wide) {
    const Look& look = ctx.look;
    if (chosen_ >= view_.rows.size() || view_.rows[chosen_].pair < 0)
        return draw_empty(look, rect, "Choose a row to see both values.");
    if (values_of_ != chosen_) {
        values_ = view::compared_values(ctx.debugger, view_, chosen_);
        values_of_ = chosen_;
    }
    Child child("compared-values", rect);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float left = at.x + look.px(16), width = rect.width() - look.px(32), gap = look.px(10);
    float y = at.y + look.px(6);
    const view::ComparisonRow row = view::comparison_row(ctx.debugger, view_, chosen_);
    draw_text_in_row(list, look, TextRole::mono, left, y, look.px(20), Token::text1,
                     fit_path(look, TextRole::mono, row.op, width));
    y += look.whole_px(22);
    y += draw_wrapped(&list, look, TextRole::mono_small, {left, y}, width, look.px(16), Token::text2, values_.sentence,
                      3) +
         look.px(8);
    const float columns = is_wide ? 3 : 2, part = std::floor((width - gap * (columns - 1)) / columns);
    const float map = look.whole_px(64), line = look.whole_px(18), scale = look.whole_px(34);
    const auto draw_one = [&](const char* id, const view::ValueView& value, float x) {
        draw_map(ctx, id, value, {{x, y}, {x + part, y + map + line}});
        if (value.numeric && value.tensor.elements() > 1)
            draw_map_scale(list, look, {x, y + map + line + look.px(6)}, std::min(part, look.px(180)), value);
    };
    draw_one("left", values_.left, left);
    draw_one("right", values_.right, left + part + gap);
    if (!is_wide) y += map + line + scale;
    draw_one("difference", values_.difference, is_wide ? left + 2 * (part + gap) : left);
    y += map + line + scale;
    ImGui::SetCursorScreenPos({at.x, y + look.px(6)});
    ImGui::Dummy({1, 1});
}

void ComparisonPanel::draw_map(const PanelContext& ctx, const char* id, const view::ValueView& value,
                               const Rect& rect) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float line = look.whole_px(18);
    draw_text_in_row(list, look, TextRole::caption, rect.a.x, rect.a.y, line, Token::text2,
                     fit_text(look, TextRole::caption, value.label + "  " + value.type, rect.width()));
    const ImVec2 a{rect.a.x, rect.a.y + line}, b = rect.b;
    if (!value.absent.empty()) return draw_hatched(list, look, a, b, value.absent);
    if (!value.numeric || value.tensor.elements() == 1) {
        const std::string text = value.numeric ? view::number_text(value.cell(0, 0), 8) : value.first_row;
        draw_wrapped(&list, look, value.numeric ? TextRole::mono_large : TextRole::mono_small, a, rect.width(), line,
                     Token::text1, text, 3);
        return;
    }
    const Hit state = hit(id, a, b);
    const HeatMapCell cell = draw_heat_map(list, look, a, b, value, ImGui::GetIO().MousePos);
    if (state.hovered && cell.row >= 0)
        ImGui::SetTooltip("[%lld, %lld]  %s", static_cast<long long>(cell.row), static_cast<long long>(cell.column),
                          view::number_text(value.cell(cell.row, cell.column), 8, true).c_str());
}

/// Up and Down choose a row, Enter goes to its place.
void ComparisonPanel::read_keys(const PanelContext& ctx) {
    const ImGuiIO& io = ImGui::GetIO();
    if (!ImGui::IsWindowFocused(ImGuiFocusedFlags_RootAndChildWindows) || io.WantTextInput || io.KeyAlt || io.KeyCtrl ||
        io.KeyShift || view_.rows.empty())
        return;
    const auto step = [&](int by) {
        for (std::size_t i = chosen_ == SIZE_MAX ? 0 : chosen_ + static_cast<std::size_t>(by); i < view_.rows.size();
             i += static_cast<std::size_t>(by)) {
            if (view_.rows[i].pair < 0) continue;
            choose(i);
            show_ = i;
            return;
        }
    };
    if (compat::key_pressed(compat::key_down)) step(+1);
    if (compat::key_pressed(compat::key_up)) step(-1);
    if (!compat::key_pressed(compat::key_enter, false) || chosen_ >= view_.rows.size()) return;
    const view::ComparisonRow row = view::comparison_row(ctx.debugger, view_, chosen_);
    for (const auto& [side, other] : {std::pair(&row.left, &view_.left_other), {&row.right, &view_.right_other}})
        if (side->exists && other->empty())
            return ctx.commands.push("go.position", std::to_string(side->at.ticks), from_comparison);
}

void ComparisonPanel::choose(std::size_t row) {
    chosen_ = row;
}

} // namespace rnnscope::ui
