#include "ui/shell/context_menu.hpp"

#include "ui/shell/shell.hpp"
#include "ui/shell/ui_commands.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <algorithm>
#include <cmath>

namespace rnnscope::ui {

namespace {

constexpr float item_height = 26, title_height = 40, group_gap = 9, edge = 6;

/// The key that does the same. A breakpoint's key is for the current line while a line is selected.
std::string_view key_of(const view::MenuItem& item, const view::ContextMenu& menu) {
    if (item.command == "break.toggle" && menu.detail == "statement") return {};
    for (const CommandInfo& command : every_command())
        if (command.id == item.command) return command.key;
    return {};
}

std::string_view summary_of(std::string_view id) {
    for (const CommandInfo& command : every_command())
        if (command.id == id) return command.summary;
    return {};
}

} // namespace

void ContextMenu::open() {
    open_ = true;
    chosen_ = SIZE_MAX;
    at_ = ImGui::GetIO().MousePos;
}

float ContextMenu::width_of(const Look& look, const view::ContextMenu& menu) const {
    float widest = look.px(240);
    for (const view::MenuItem& item : menu.items) {
        const std::string_view key = key_of(item, menu);
        const float keys = key.empty() ? 0 : text_width(look, TextRole::mono_small, key) + look.px(24);
        const float detail =
            item.detail.empty() ? 0 : text_width(look, TextRole::mono_small, item.detail) + look.px(14);
        widest = std::max(widest, text_width(look, TextRole::body, item.title) + detail + keys);
    }
    widest = std::max(widest, std::min(text_width(look, TextRole::mono, menu.title), look.px(460)));
    return std::min(std::ceil(widest + look.px(32)), look.px(520));
}

void ContextMenu::step(const view::ContextMenu& menu, bool forward) {
    const std::size_t count = menu.items.size();
    for (std::size_t tried = 0; tried < count; ++tried) {
        const bool is_first = chosen_ >= count;
        chosen_ =
            forward ? (is_first ? 0 : (chosen_ + 1) % count) : (is_first ? count - 1 : (chosen_ + count - 1) % count);
        if (!menu.items[chosen_].blocked) return;
    }
    chosen_ = SIZE_MAX;
}

void ContextMenu::draw(const PanelContext& ctx, const Shell& shell) {
    if (!open_) return;
    view::ContextMenu menu = view::build_context_menu(ctx.debugger);
    if (menu.items.empty()) {
        open_ = false;
        return;
    }
    for (view::MenuItem& item : menu.items)
        if (find_ui_command(item.command) != nullptr && !item.blocked) item.blocked = why_blocked(shell, item.command);
    const Look& look = ctx.look;
    const float row = look.whole_px(item_height), gap = look.whole_px(group_gap), title = look.whole_px(title_height);
    const float width = width_of(look, menu);
    const auto groups =
        static_cast<float>(std::ranges::count_if(menu.items, [](const auto& item) { return item.begins_group; }));
    const float height = title + row * static_cast<float>(menu.items.size()) + gap * groups + look.px(2 * edge);
    const ImVec2 display = ImGui::GetIO().DisplaySize;
    ImVec2 at = at_;
    if (at.x < 0 || at.y < 0 || at.x > display.x || at.y > display.y) at = {display.x / 3, display.y / 4};
    at = {std::floor(std::clamp(at.x, 0.0f, std::max(display.x - width - look.px(4), 0.0f))),
          std::floor(std::clamp(at.y, 0.0f, std::max(display.y - height - look.px(4), 0.0f)))};

    ImGui::SetNextWindowPos(at);
    ImGui::SetNextWindowSize({width, height});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1.0f);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, look.px(6));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::PushStyleColor(ImGuiCol_WindowBg, look[Token::bg2]);
    ImGui::Begin("##names-menu", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
    draw_title(ctx, menu, at, width);
    if (compat::key_pressed(compat::key_down)) step(menu, true);
    if (compat::key_pressed(compat::key_up)) step(menu, false);
    std::size_t picked = SIZE_MAX;
    float y = at.y + title + look.px(edge);
    for (std::size_t i = 0; i < menu.items.size(); ++i) {
        if (menu.items[i].begins_group) {
            draw_hline(*ImGui::GetWindowDrawList(), at.x, at.x + width, y + std::floor(gap / 2), look[Token::line1]);
            y += gap;
        }
        if (draw_item(ctx, menu, i, {at.x, y}, width)) picked = i;
        y += row;
    }
    if (compat::key_pressed(compat::key_enter, false) && chosen_ < menu.items.size()) picked = chosen_;
    const bool outside = clicked_outside();
    ImGui::End();
    ImGui::PopStyleColor();
    ImGui::PopStyleVar(3);
    if (outside || compat::key_pressed(compat::key_escape, false)) open_ = false;
    if (picked == SIZE_MAX || menu.items[picked].blocked) return;
    open_ = false;
    ctx.commands.push(menu.items[picked].command, menu.items[picked].argument, "context menu");
}

void ContextMenu::draw_title(const PanelContext& ctx, const view::ContextMenu& menu, ImVec2 at, float width) const {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float left = at.x + look.px(16), room = width - look.px(32);
    draw_text_in_row(list, look, TextRole::mono, left, at.y + look.px(4), look.px(18), Token::text1,
                     fit_path(look, TextRole::mono, menu.title, room));
    draw_text_in_row(list, look, TextRole::caption, left, at.y + look.px(21), look.px(14), Token::text2,
                     fit_text(look, TextRole::caption, menu.detail, room));
    draw_hline(list, at.x, at.x + width, at.y + look.whole_px(title_height), look[Token::line1]);
}

bool ContextMenu::draw_item(const PanelContext& ctx, const view::ContextMenu& menu, std::size_t index, ImVec2 at,
                            float width) {
    const view::MenuItem& item = menu.items[index];
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float row = look.whole_px(item_height), left = at.x + look.px(16), right = at.x + width - look.px(16);
    const ImVec2 end{at.x + width, at.y + row};
    ImGui::PushID(static_cast<int>(index));
    const Hit state = hit("item", at, end);
    const float moved = std::abs(ImGui::GetIO().MouseDelta.x) + std::abs(ImGui::GetIO().MouseDelta.y);
    if (state.hovered && moved > 0) chosen_ = item.blocked ? SIZE_MAX : index;
    const bool chosen = chosen_ == index && !item.blocked;
    if (chosen) list.AddRectFilled(at, end, look[Token::accent_bg]);
    const float w = draw_text_in_row(list, look, TextRole::body, left, at.y, row,
                                     item.blocked ? Token::text3 : Token::text1, item.title);
    const std::string_view key = key_of(item, menu);
    const float key_width = key.empty() ? 0 : text_width(look, TextRole::mono_small, key) + look.px(24);
    draw_text_in_row(list, look, TextRole::mono_small, left + w + look.px(14), at.y, row,
                     item.blocked ? Token::text3 : Token::text2,
                     fit_path(look, TextRole::mono_small, item.detail, right - left - w - look.px(14) - key_width));
    draw_text_right(list, look, TextRole::mono_small, right, at.y, row, Token::text3, key);
    tooltip(look, item.blocked ? std::string_view(*item.blocked) : summary_of(item.command));
    ImGui::PopID();
    return state.clicked;
}

} // namespace rnnscope::ui
