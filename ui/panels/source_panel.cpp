#include "ui/panels/source_panel.hpp"

#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/imgui_compat.hpp"
#include "ui/widgets/syntax.hpp"

#include <algorithm>
#include <cmath>

namespace rnnscope::ui {

namespace {

constexpr float line_height = 19, text_x = 54, lines_top = 4;
constexpr float flash_seconds = 0.6f;

} // namespace

void SourcePanel::draw(const PanelContext& ctx, const Rect& rect) {
    const Look& look = ctx.look;
    Child panel("source", rect, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const PanelHeader body = panel_header(ctx, rect, icon::source, "Source");
    const view::SourceView& view = view_.get(ctx.stamp, 0, [&] { return view::build_source(ctx.debugger); });
    if (const float room = rect.b.x - body.left - look.px(36); room > look.px(40))
        draw_text_right(*ImGui::GetWindowDrawList(), look, TextRole::caption, rect.b.x - look.px(12), rect.a.y,
                        look.px(panel_header_height), Token::text2,
                        fit_text(look, TextRole::caption, view.title, room));
    if (view.lines.empty()) return draw_empty(look, body, "No program is open.");

    Child lines("lines", body, ImGuiWindowFlags_HorizontalScrollbar);
    const float height = look.whole_px(line_height), top = look.px(lines_top);
    follow(ctx, view, body.height());
    const float scroll = ImGui::GetScrollY();
    in_sight_ = {static_cast<int>(std::ceil((scroll - top) / height)) + 1,
                 static_cast<int>(std::floor((scroll + body.height() - top) / height))};
    const ImVec2 origin{body.a.x, ImGui::GetCursorScreenPos().y};
    scrolled_ = ImGui::GetScrollX();
    std::size_t longest = 0;
    for (const view::SourceLine& line : view.lines) longest = std::max(longest, line.text.size());
    const float all = look.px(text_x + 24) + static_cast<float>(longest) * text_width(look, TextRole::mono, "m");
    ImGui::Dummy({all, top});
    ImGuiListClipper clipper;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    clipper.Begin(static_cast<int>(view.lines.size()), height);
    while (clipper.Step())
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
            draw_line(ctx, view.lines[static_cast<std::size_t>(i)],
                      {origin.x, origin.y + top + static_cast<float>(i) * height}, body.width());
    clipper.End();
    ImGui::PopStyleVar();
    ImGui::SetCursorScreenPos(
        {origin.x, origin.y + top + static_cast<float>(view.lines.size()) * height + look.px(12)});
    ImGui::Dummy({1, 1});
}

/// The current line stays in sight, and so does some line of a statement that was selected somewhere else; but only
/// when it changes: scrolling belongs to the person.
void SourcePanel::follow(const PanelContext& ctx, const view::SourceView& view, float visible_height) {
    const float height = ctx.look.whole_px(line_height), top = ctx.look.px(lines_top);
    const auto bring_into_sight = [&](int line) {
        const float at = top + static_cast<float>(line - 1) * height;
        if (at < ImGui::GetScrollY() || at + 3 * height > ImGui::GetScrollY() + visible_height)
            ImGui::SetScrollY(std::max(0.0f, at - visible_height / 2));
    };
    if (followed_program_ != ctx.stamp.program) note_change(view);
    if (followed_line_ != view.current_line || followed_program_ != ctx.stamp.program) {
        followed_line_ = view.current_line;
        followed_program_ = ctx.stamp.program;
        const int line = view.current_line > 0 ? view.current_line : std::exchange(changed_line_, 0);
        if (line > 0) bring_into_sight(line);
    }
    const debug::Selection& selection = ctx.debugger.selection();
    const bool is_own = pushed_.kind == selection.kind && pushed_.statement == selection.statement;
    const bool is_other = !(selection == followed_selection_) && !is_own;
    if (!(selection == followed_selection_)) pushed_ = {};
    followed_selection_ = selection;
    const bool is_asked = std::exchange(shows_selected_, false);
    drawn_ = true;
    if (flash_ < 1) flash_ = std::min(1.0f, flash_ + ImGui::GetIO().DeltaTime / flash_seconds);
    const auto selected = std::ranges::find(view.lines, true, &view::SourceLine::selected);
    if (selected == view.lines.end()) {
        flash_ = 1;
        return;
    }
    const auto is_seen = [&](const view::SourceLine& line) {
        const float at = top + static_cast<float>(line.number - 1) * height;
        return line.selected && at >= ImGui::GetScrollY() && at + height <= ImGui::GetScrollY() + visible_height;
    };
    if (is_asked || (is_other && std::ranges::none_of(view.lines, is_seen))) bring_into_sight(selected->number);
    if (is_asked) flash_ = reduce_motion_ ? 1 : 0;
}

/// A fix, or its undoing, changed the program: where, is what one wants to see once it has run.
void SourcePanel::note_change(const view::SourceView& view) {
    std::vector<std::string> text;
    for (const view::SourceLine& line : view.lines) text.push_back(line.text);
    changed_line_ = 1; // another file is shown from its start
    if (title_ == view.title) {
        const auto differs = std::ranges::mismatch(text_, text).in2;
        changed_line_ = differs == text.end() ? 0 : static_cast<int>(differs - text.begin()) + 1;
    }
    title_ = view.title;
    text_ = std::move(text);
}

void SourcePanel::draw_line(const PanelContext& ctx, const view::SourceLine& line, ImVec2 at, float width) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(line_height);
    ImGui::PushID(line.number);
    const Hit row = hit("line", {at.x + look.px(22), at.y}, {at.x + width, at.y + height});
    const debug::Selection target = view::select_statement(line.statement);
    const Token fill = line.role == view::LineRole::failed      ? Token::fail_bg
                       : line.role == view::LineRole::to_change ? Token::fix_bg
                       : line.current                           ? Token::now_bg
                       : line.selected                          ? Token::accent_bg
                       : row.hovered && line.statement.valid()  ? Token::bg3
                                                                : Token::bg1;
    if (fill != Token::bg1) list.AddRectFilled(at, {at.x + width, at.y + height}, look[fill]);
    if (line.selected && flash_ < 1)
        list.AddRectFilled(at, {at.x + width, at.y + height}, with_alpha(look[Token::accent], 0.45f * (1 - flash_)));
    if (line.role != view::LineRole::plain)
        list.AddRectFilled(at, {at.x + look.px(3), at.y + height},
                           look[line.role == view::LineRole::failed ? Token::fail : Token::fix]);
    else if (line.selected)
        list.AddRectFilled(at, {at.x + look.px(2), at.y + height}, look[Token::accent]);
    draw_gutter(ctx, line, at, height);

    const float text_left = at.x + look.px(text_x);
    list.PushClipRect({text_left - look.px(2), at.y}, {at.x + width, at.y + height}, true);
    const float x =
        text_left - scrolled_ + draw_python(list, look, line.text, line.syntax, {text_left - scrolled_, at.y}, height);
    list.PopClipRect();
    if (!line.note.empty()) {
        const float room = at.x + width - look.px(12) - text_width(look, TextRole::caption, line.note);
        const Token tone = line.tone == view::NoteTone::fail  ? Token::fail
                           : line.tone == view::NoteTone::fix ? Token::fix
                                                              : Token::text3;
        if (room > x + look.px(8)) // a note that does not fit is dropped, not overlapped
            draw_text_in_row(list, look, TextRole::caption, room, at.y, height, tone, line.note);
    }
    if (row.hovered && line.statement.valid()) ctx.hovered = target;
    if (target.kind != debug::Selection::Kind::none && ctx.lit == target && line.first)
        compat::add_rect(list, {at.x + look.px(text_x - 4), at.y}, {at.x + width - look.px(4), at.y + height},
                         look[Token::accent], look.px(3));
    if ((row.clicked || row.wants_menu) && line.statement.valid()) pushed_ = target;
    if (row.clicked && line.statement.valid()) push_select(ctx, target, "panel:source");
    if (row.wants_menu && line.statement.valid()) push_menu(ctx, target, "panel:source");
    ImGui::PopID();
}

void SourcePanel::draw_gutter(const PanelContext& ctx, const view::SourceLine& line, ImVec2 at, float height) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const Hit gutter = hit("gutter", at, {at.x + look.px(22), at.y + height});
    const ImVec2 center{at.x + look.px(13), at.y + height / 2};
    if (line.first && line.has_breakpoint) {
        if (line.breakpoint_enabled)
            list.AddCircleFilled(center, look.px(4.5f), look[Token::accent]);
        else
            list.AddCircle(center, look.px(4), look[Token::accent], 0, look.px(1.5f));
    } else if (line.first && line.role == view::LineRole::failed) {
        draw_state(list, look, view::StateMark::uninitialized, center);
    } else if (line.first && line.role == view::LineRole::to_change) {
        const float w = text_width(look, TextRole::caption, icon::apply_fix);
        draw_text_in_row(list, look, TextRole::caption, center.x - w / 2, at.y, height, Token::fix, icon::apply_fix);
    } else if (gutter.hovered && line.first) {
        list.AddCircle(center, look.px(4), look[Token::line3], 0, look.px(1));
    }
    if (line.first) tooltip(look, line.has_breakpoint ? "Clear the breakpoint, F9" : "Set a breakpoint, F9");
    if (gutter.clicked && line.first) ctx.commands.push("break.toggle", std::to_string(line.number), "panel:source");

    const Token number = line.role == view::LineRole::failed      ? Token::fail
                         : line.role == view::LineRole::to_change ? Token::fix
                                                                  : Token::text3;
    draw_text_right(list, look, TextRole::mono_small, at.x + look.px(40), at.y, height, number,
                    std::to_string(line.number));
    if (line.current && line.first) { // the arrow of now
        const float x = at.x + look.px(44), s = look.px(4);
        list.AddTriangleFilled({x, center.y - s}, {x + look.px(6), center.y}, {x, center.y + s}, look[Token::now]);
    }
}

} // namespace rnnscope::ui
