#include "ui/shell/palette.hpp"

#include "ui/shell/shell.hpp"
#include "ui/shell/ui_commands.hpp"
#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <algorithm>

namespace rnnscope::ui {

void Palette::open() {
    open_ = focus_ = true;
    query_.clear();
    asking_ = {};
    built_for_ = "\n"; // differs from every query
    chosen_ = 0;
}

void Palette::ask(Question question) {
    open();
    asking_ = std::move(question);
}

void Palette::build(const PanelContext& ctx, const Shell& shell) {
    built_for_ = query_;
    chosen_ = 0;
    const bool finds = asking_.command.empty();
    std::vector<view::PaletteCommand> commands;
    if (finds)
        for (const CommandInfo& c : every_command())
            if (c.id != "ui.palette")
                commands.push_back({std::string(c.id), std::string(c.title), std::string(c.summary), std::string(c.key),
                                    std::string(c.argument), why_blocked(shell, c.id)});
    items_.clear();
    if (finds || asking_.names) items_ = view::build_palette(ctx.debugger, commands, query_, 60);
    if (finds) return;
    add_proposals();
}

/// What is typed is meant as it is typed; before that, and where it begins one, the proposals. Where only they are
/// possible, a few letters of them.
void Palette::add_proposals() {
    std::vector<view::PaletteItem> proposals;
    for (const Question::Answer& proposal : asking_.proposals) {
        view::PaletteItem item;
        item.title = proposal.text;
        item.detail = proposal.about;
        if (!asking_.closed) {
            if (proposal.text.starts_with(query_)) proposals.push_back(std::move(item));
            continue;
        }
        const auto by_name = view::fuzzy_match(query_, proposal.text),
                   by_text = view::fuzzy_match(query_, proposal.about);
        if (!by_name && !by_text) continue;
        item.score = 1 + std::max(by_name ? by_name->score : 0, by_text ? by_text->score : 0);
        if (by_name) item.matched = by_name->positions;
        proposals.push_back(std::move(item));
    }
    if (asking_.closed) std::ranges::stable_sort(proposals, std::ranges::greater(), &view::PaletteItem::score);
    items_.insert(items_.begin(), std::move_iterator(proposals.begin()), std::move_iterator(proposals.end()));
}

void Palette::draw(const PanelContext& ctx, const Shell& shell) {
    if (!open_) return;
    const Look& look = ctx.look;
    if (built_for_ != query_) build(ctx, shell);
    const ImVec2 display = ImGui::GetIO().DisplaySize;
    const float width = std::min(look.px(640), display.x - look.px(40)), row = look.whole_px(34);
    const std::size_t shown = std::min<std::size_t>(items_.size(), 12);
    const float list_height = std::max<float>(row, row * static_cast<float>(shown));
    const ImVec2 at{std::floor((display.x - width) / 2), look.whole_px(72)};
    const bool finds = asking_.command.empty();
    const float head = finds ? 0 : look.whole_px(30), field = head + look.whole_px(40);
    ImGui::SetNextWindowPos(at);
    ImGui::SetNextWindowSize({width, field + list_height + look.px(14)});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1.0f);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, look.px(6));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::PushStyleColor(ImGuiCol_WindowBg, look[Token::bg2]);
    ImGui::Begin("##palette", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
    if (!finds) draw_question(look, {at.x + look.px(16), at.y + look.px(8)}, width - look.px(32));
    text_field(look, "##query", {at.x + look.px(10), at.y + head + look.px(8)},
               {at.x + width - look.px(10), at.y + head + look.px(36)}, query_,
               finds ? std::string_view("Find a name or command") : std::string_view(asking_.what),
               finds ? std::string_view(icon::find) : std::string_view(), std::exchange(focus_, false));
    if (compat::key_pressed(compat::key_down)) chosen_ = items_.empty() ? 0 : std::min(chosen_ + 1, items_.size() - 1);
    if (compat::key_pressed(compat::key_up) && chosen_ > 0) --chosen_;
    {
        Child list("items", {{at.x, at.y + field}, {at.x + width, at.y + field + list_height}});
        const ImVec2 origin = ImGui::GetCursorScreenPos();
        for (std::size_t i = 0; i < items_.size(); ++i)
            draw_item(ctx, items_[i], i, origin.x, origin.y + row * static_cast<float>(i), width);
        if (items_.empty() && !query_.empty() && finds)
            draw_text_in_row(*ImGui::GetWindowDrawList(), look, TextRole::body, origin.x + look.px(16), origin.y, row,
                             Token::text3, "Nothing matches “" + query_ + "”.");
        const float y = row * static_cast<float>(chosen_);
        if (y < ImGui::GetScrollY()) ImGui::SetScrollY(y);
        if (y + row > ImGui::GetScrollY() + list_height &&
            (compat::key_pressed(compat::key_down) || compat::key_pressed(compat::key_up)))
            ImGui::SetScrollY(y + row - list_height);
    }
    if (compat::key_pressed(compat::key_enter, false)) read_enter(ctx);
    const bool outside = clicked_outside();
    if (compat::key_pressed(compat::key_escape, false) || outside) open_ = false;
    ImGui::End();
    ImGui::PopStyleColor();
    ImGui::PopStyleVar(3);
}

/// What is asked for stays in sight while the answer is typed.
void Palette::draw_question(const Look& look, ImVec2 at, float width) const {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float row = look.px(24);
    const float detail = text_width(look, TextRole::mono_small, asking_.detail);
    draw_text_in_row(list, look, TextRole::body_bold, at.x, at.y, row, Token::text1,
                     fit_text(look, TextRole::body_bold, asking_.title, width - detail - look.px(16)));
    draw_text_right(list, look, TextRole::mono_small, at.x + width, at.y, row, Token::text2, asking_.detail);
}

void Palette::draw_item(const PanelContext& ctx, const view::PaletteItem& item, std::size_t index, float x, float y,
                        float width) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float row = look.whole_px(34);
    ImGui::PushID(static_cast<int>(index));
    const Hit state = hit("item", {x, y}, {x + width, y + row});
    const bool chosen = index == chosen_;
    if (chosen || state.hovered)
        list.AddRectFilled({x, y}, {x + width, y + row}, look[chosen ? Token::accent_bg : Token::bg3]);
    if (chosen) list.AddRectFilled({x, y}, {x + look.px(2), y + row}, look[Token::accent]);
    const bool is_name = item.command.empty();
    const TextRole role = is_name ? TextRole::mono : TextRole::body;
    const float left = x + look.px(16), right = x + width - look.px(16);
    const float key = text_width(look, TextRole::mono_small, item.key);
    // A name may have what its detail leaves, and at least most of the row.
    const float detail =
        std::min(text_width(look, TextRole::caption, item.detail), (right - left) * 0.3f) + look.px(28);
    const std::string title = is_name ? fit_path(look, role, item.title, right - left - key - detail) : item.title;
    const float w = draw_text_in_row(list, look, role, left, y, row, item.blocked ? Token::text3 : Token::text1, title);
    // The letters that matched, underlined, as far as they are there.
    constexpr std::string_view elided = "…";
    const bool is_whole = title == item.title;
    const std::size_t skipped = is_whole ? 0 : item.title.size() - (title.size() - elided.size());
    if (is_whole || title.starts_with(elided))
        for (std::size_t at : item.matched) {
            if (at < skipped) continue;
            at = is_whole ? at : at - skipped + elided.size();
            const float from = text_width(look, role, std::string_view(title).substr(0, at));
            const float to = text_width(look, role, std::string_view(title).substr(0, at + 1));
            draw_hline(list, left + from, left + to, y + row / 2 + look.px(8), look[Token::accent]);
        }
    const float room = right - left - w - key - look.px(28);
    if (room > look.px(40))
        draw_text_in_row(list, look, TextRole::caption, left + w + look.px(12), y, row,
                         chosen ? Token::text2 : Token::text3, fit_text(look, TextRole::caption, item.detail, room));
    draw_text_right(list, look, TextRole::mono_small, right, y, row, Token::text2, item.key);
    if (item.blocked) tooltip(look, *item.blocked);
    if (state.clicked) choose(ctx, item);
    ImGui::PopID();
}

void Palette::read_enter(const PanelContext& ctx) {
    const bool has_item = chosen_ < items_.size();
    if (asking_.command.empty()) {
        if (has_item) choose(ctx, items_[chosen_]);
        return;
    }
    // A name is completed; anything else is taken as it stands, unless an entry was picked with the arrow keys.
    const bool takes_item = has_item && (query_.empty() || chosen_ > 0 || items_[chosen_].score > 0);
    if (asking_.closed && !has_item) return;
    if (takes_item || asking_.closed)
        choose(ctx, items_[chosen_]);
    else if (!query_.empty())
        answer(ctx, query_);
}

void Palette::answer(const PanelContext& ctx, const std::string& text) {
    open_ = false;
    ctx.commands.push(asking_.command, asking_.prefix + text, "palette-argument");
}

void Palette::choose(const PanelContext& ctx, const view::PaletteItem& item) {
    if (item.blocked) return;
    if (!asking_.command.empty()) return answer(ctx, item.title);
    open_ = false;
    if (item.command.empty())
        push_select(ctx, item.target, "palette");
    else
        ctx.commands.push(item.command, "", "palette");
}

} // namespace rnnscope::ui
