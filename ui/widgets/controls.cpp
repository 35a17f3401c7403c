#include "ui/widgets/controls.hpp"

#include "ui/theme/icons.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <imgui_internal.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace rnnscope::ui {

namespace {

constexpr float tooltip_after_s = 0.35f;

bool rested() {
    return ImGui::GetCurrentContext()->HoveredIdTimer >= tooltip_after_s;
}

} // namespace

Hit hit(const char* id, ImVec2 a, ImVec2 b) {
    Hit out;
    ImGui::SetCursorScreenPos(a);
    out.clicked = ImGui::InvisibleButton(id, {std::max(b.x - a.x, 1.0f), std::max(b.y - a.y, 1.0f)});
    out.hovered = ImGui::IsItemHovered();
    out.held = ImGui::IsItemActive();
    out.double_clicked = out.hovered && ImGui::IsMouseDoubleClicked(0);
    out.wants_menu = out.hovered && ImGui::IsMouseReleased(1);
    return out;
}

Hit row_hit(const Look& look, const char* id, ImVec2 a, ImVec2 b) {
    const Hit state = hit(id, a, b);
    if (state.hovered) ImGui::GetWindowDrawList()->AddRectFilled(a, b, look[Token::bg3], look.px(4));
    return state;
}

bool clicked_outside() {
    // A press on one of the window's own items makes it active: that is inside, too.
    constexpr ImGuiHoveredFlags inside =
        ImGuiHoveredFlags_RootAndChildWindows | ImGuiHoveredFlags_AllowWhenBlockedByActiveItem;
    const bool pressed = ImGui::IsMouseClicked(0) || ImGui::IsMouseClicked(1);
    return pressed && !ImGui::IsWindowAppearing() && !ImGui::IsWindowHovered(inside);
}

void tooltip(const Look& look, std::string_view text) {
    if (text.empty() || !ImGui::IsItemHovered() || !rested()) return;
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, look.px(8, 6));
    ImGui::BeginTooltip();
    ImGui::PushFont(look.font(TextRole::secondary));
    ImGui::PushTextWrapPos(look.px(420));
    ImGui::TextUnformatted(text.data(), text.data() + text.size());
    ImGui::PopTextWrapPos();
    ImGui::PopFont();
    ImGui::EndTooltip();
    ImGui::PopStyleVar();
}

float button_width(const Look& look, std::string_view icon, std::string_view label) {
    const float icon_width = icon.empty() ? 0 : text_width(look, TextRole::body, icon) + look.px(6);
    return std::ceil(icon_width + text_width(look, TextRole::body_bold, label) + look.px(20)); // as filled ones have it
}

bool button(const Look& look, const char* id, ImVec2 at, float height, std::string_view icon, std::string_view label,
            ButtonTone tone, bool enabled, float* width) {
    const float w = button_width(look, icon, label);
    if (width) *width = w;
    const ImVec2 end{at.x + w, at.y + height};
    const Hit state = hit(id, at, end);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const bool filled = tone != ButtonTone::idle && enabled;
    const Token fill = !filled ? Token::bg3 : tone == ButtonTone::fix ? Token::fix : Token::accent;
    const Color hovered = mix(look[fill], look[Token::text1], 0.12);
    draw_box(list, at, end, state.hovered && enabled ? hovered : look[fill], filled ? 0 : look[Token::line2],
             look.px(4));
    const Token ink = filled ? Token::on_accent : enabled ? Token::text1 : Token::text3;
    float x = at.x + look.px(10);
    if (!icon.empty()) x += draw_text_in_row(list, look, TextRole::body, x, at.y, height, ink, icon) + look.px(6);
    draw_text_in_row(list, look, filled ? TextRole::body_bold : TextRole::body, x, at.y, height, ink, label);
    return state.clicked && enabled;
}

bool icon_button(const Look& look, const char* id, ImVec2 center, std::string_view icon, bool enabled,
                 std::string_view tip, float, Token idle) {
    const float half = look.px(12);
    const Hit state = hit(id, {center.x - half, center.y - half}, {center.x + half, center.y + half});
    ImDrawList& list = *ImGui::GetWindowDrawList();
    if (state.hovered && enabled)
        list.AddRectFilled({center.x - half, center.y - half}, {center.x + half, center.y + half}, look[Token::bg3],
                           look.px(4));
    const ImVec2 size = text_size(look, TextRole::icons, icon);
    draw_text(list, look, TextRole::icons, {center.x - size.x / 2, center.y - size.y / 2},
              !enabled        ? Token::text3
              : state.hovered ? Token::text1
                              : idle,
              icon);
    tooltip(look, tip);
    return state.clicked && enabled;
}

bool menu_item(const Look& look, const std::string& title, std::string_view key, std::optional<bool> ticked,
               bool enabled) {
    // Dear ImGui begins all keys at the same place: it makes room for ours, and draws none.
    ImGui::PushStyleColor(ImGuiCol_TextDisabled, 0u);
    const bool chosen = ImGui::MenuItem(title.c_str(), std::string(key).c_str(), ticked.value_or(false), enabled);
    ImGui::PopStyleColor();
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    const float border = std::ceil(ImGui::GetStyle().ItemSpacing.x / 2), tick = std::floor(ImGui::GetFontSize() * 1.2f);
    draw_text_right(*ImGui::GetWindowDrawList(), look, TextRole::body, high.x - border - (ticked ? tick : 0), low.y,
                    high.y - low.y, enabled ? Token::text2 : Token::text3, key);
    return chosen;
}

float chip(ImDrawList& list, const Look& look, ImVec2 at, float height, std::string_view text) {
    const float width = std::ceil(text_width(look, TextRole::mono_small, text) + look.px(12));
    list.AddRectFilled(at, {at.x + width, at.y + height}, look[Token::bg3], look.px(3));
    draw_text_in_row(list, look, TextRole::mono_small, at.x + look.px(6), at.y, height, Token::text2, text);
    return width;
}

bool drop_button(const Look& look, const char* id, ImVec2 a, ImVec2 b, std::string_view text, std::string_view tip) {
    const Hit state = hit(id, a, b);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    draw_box(list, a, b, look[state.hovered ? Token::bg3 : Token::bg2], look[Token::line2], look.px(4));
    const float arrow = text_width(look, TextRole::body, icon::angle_down);
    const float room = b.x - a.x - look.px(22) - arrow;
    draw_text_in_row(list, look, TextRole::body, a.x + look.px(9), a.y, b.y - a.y, Token::text1,
                     fit_text(look, TextRole::body, text, room));
    draw_text_in_row(list, look, TextRole::body, b.x - look.px(8) - arrow, a.y, b.y - a.y, Token::text2,
                     icon::angle_down);
    tooltip(look, tip);
    return state.clicked;
}

bool text_field(const Look& look, const char* id, ImVec2 a, ImVec2 b, std::string& text, std::string_view hint,
                std::string_view icon, bool focus) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    draw_box(list, a, b, look[Token::bg2], look[Token::line2], look.px(3));
    float x = a.x + look.px(7);
    if (!icon.empty())
        x += draw_text_in_row(list, look, TextRole::caption, x, a.y, b.y - a.y, Token::text2, icon) + look.px(5);
    ImGui::PushFont(look.font(TextRole::secondary));
    const float font = ImGui::GetFontSize();
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(0, std::floor((b.y - a.y - font) / 2)));
    ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 0.0f);
    const ImVec4 clear{0, 0, 0, 0};
    ImGui::PushStyleColor(ImGuiCol_FrameBg, clear);
    ImGui::PushStyleColor(ImGuiCol_TextDisabled, look[Token::text3]);
    ImGui::SetCursorScreenPos({x, a.y});
    ImGui::SetNextItemWidth(b.x - x - look.px(6));
    if (focus) ImGui::SetKeyboardFocusHere();
    const std::string hint_text(hint);
    const bool changed = ImGui::InputTextWithHint(id, hint_text.c_str(), &text);
    if (ImGui::IsItemActive()) compat::add_rect(list, a, b, look[Token::accent], look.px(3), look.px(1.5f));
    ImGui::PopStyleColor(2);
    ImGui::PopStyleVar(2);
    ImGui::PopFont();
    return changed;
}

float link(const PanelContext& ctx, const char* id, TextRole role, float x, float y, float height,
           const view::Link& what, const char* origin, float max_width) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const bool mono = role >= TextRole::mono_small;
    const std::string shown = max_width <= 0 ? what.text
                              : mono         ? fit_path(look, role, what.text, max_width)
                                             : fit_text(look, role, what.text, max_width);
    const bool is_link = what.target.kind != debug::Selection::Kind::none;
    const float width = draw_text_in_row(list, look, role, x, y, height, is_link ? Token::accent : Token::text2, shown);
    if (!is_link || width <= 0) return width;
    const Hit state = hit(id, {x, y}, {x + width, y + height});
    const bool lit = ctx.lit == what.target;
    if (state.hovered) {
        ctx.hovered = what.target;
        ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    }
    if (state.hovered || lit) {
        const float base = y + (height + look.font(role)->FontSize) / 2 - look.px(2);
        draw_hline(list, x, x + width, base, look[Token::accent]);
    }
    if (shown != what.text) tooltip(look, what.text);
    if (state.clicked) push_select(ctx, what.target, origin);
    if (state.wants_menu) push_menu(ctx, what.target, origin);
    return width;
}

float count_badge_width(const Look& look, std::size_t count) {
    const float text = text_width(look, TextRole::caption, view::grouped(count));
    return std::max(look.whole_px(18), text + look.px(10));
}

float count_badge(const Look& look, float x, float y, float height, std::size_t count, bool shouts) {
    const std::string text = view::grouped(count);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float text_w = text_width(look, TextRole::caption, text);
    const float h = look.whole_px(18), w = count_badge_width(look, count), top = std::floor(y + (height - h) / 2);
    list.AddRectFilled({x, top}, {x + w, top + h}, look[shouts ? Token::fail : Token::bg3], h / 2);
    draw_text_in_row(list, look, TextRole::caption, x + (w - text_w) / 2, top, h,
                     shouts ? Token::on_accent : Token::text2, text);
    return w;
}

namespace {

/// How much of a header's titles is shown.
struct TabsPlan {
    bool titles = true;           ///< else only the front one's
    float front_width = 1e6f;     ///< most for the front title's words
    std::vector<bool> is_shown{}; ///< the others are in the menu behind "more"
};

float tab_width(const Look& look, const PanelTabs& tabs, std::size_t index, const TabsPlan& plan) {
    const PanelTabs::Tab& tab = tabs.tabs[index];
    const bool front = index == tabs.front;
    float width = text_width(look, TextRole::body, tab.icon);
    if (front || plan.titles) {
        const float words = text_width(look, front ? TextRole::body_bold : TextRole::body, tab.title);
        width += look.px(7) + (front ? std::min(words, plan.front_width) : words);
    }
    if (tab.count > 0) width += look.px(8) + count_badge_width(look, tab.count);
    return width;
}

constexpr float tab_gap = 20, more_width = 26;

/// Where `room` is too little, first the words of the tabs behind go, then the last of these tabs, then a part of the
/// front one's words.
TabsPlan plan_tabs(const Look& look, const PanelTabs& tabs, float room) {
    TabsPlan plan;
    plan.is_shown.assign(tabs.tabs.size(), true);
    const auto needed = [&] {
        float width = 0;
        bool has_more = false;
        for (std::size_t i = 0; i < tabs.tabs.size(); ++i) {
            if (plan.is_shown[i]) width += tab_width(look, tabs, i, plan) + (width > 0 ? look.px(tab_gap) : 0);
            has_more = has_more || !plan.is_shown[i];
        }
        return width + (has_more ? look.px(more_width) : 0);
    };
    if (needed() <= room) return plan;
    plan.titles = false;
    for (std::size_t i = tabs.tabs.size(); i-- > 0 && needed() > room;)
        if (i != tabs.front) plan.is_shown[i] = false;
    const float over = needed() - room;
    const float words = text_width(look, TextRole::body_bold, tabs.tabs[tabs.front].title);
    if (over > 0) plan.front_width = std::max(0.0f, words - over);
    return plan;
}

/// One title of the header; returns where it ends.
float draw_panel_tab(const PanelContext& ctx, std::size_t index, const TabsPlan& plan, float x, float y, float height) {
    const Look& look = ctx.look;
    PanelTabs& tabs = *ctx.tabs;
    const PanelTabs::Tab& tab = tabs.tabs[index];
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const bool front = index == tabs.front, alone = tabs.tabs.size() == 1;
    const TextRole role = front ? TextRole::body_bold : TextRole::body;
    const float icon_width = text_width(look, TextRole::body, tab.icon) + look.px(7);
    const float width = tab_width(look, tabs, index, plan);
    ImGui::PushID(static_cast<int>(index));
    const Hit state = hit("tab", {x - look.px(6), y}, {x + width + look.px(4), y + height - 1});
    ImGui::PopID();
    if (state.hovered && !front)
        list.AddRectFilled({x - look.px(6), y + look.px(4)}, {x + width + look.px(4), y + height - look.px(4)},
                           look[Token::bg3], look.px(4));
    if (state.clicked) tabs.chosen = tab.name;
    if (state.double_clicked) tabs.maximized = tab.name;
    if (state.wants_menu) tabs.menu = tab.name;
    if (state.held && ImGui::IsMouseDragging(0, look.px(6))) tabs.dragged = tab.name;
    const Token ink = front && (tabs.focused || !alone) ? Token::text1 : Token::text2;
    draw_text_in_row(list, look, TextRole::body, x, y, height, Token::text3, tab.icon);
    const std::string title = front ? fit_text(look, role, tab.title, plan.front_width) : std::string(tab.title);
    if (front || plan.titles) draw_text_in_row(list, look, role, x + icon_width, y, height, ink, title);
    if (!(front || plan.titles) || title != tab.title) tooltip(look, tab.title);
    const float end = x + width;
    if (tab.count > 0) count_badge(look, end - count_badge_width(look, tab.count), y, height, tab.count, tab.shouts);
    if (front && !alone)
        list.AddRectFilled({x - look.px(4), y + height - look.px(2)}, {end + look.px(4), y + height},
                           look[tabs.focused ? Token::accent : Token::line3]);
    return end;
}

/// The titles that have no room, behind one button. Returns where it ends.
float draw_more_tabs(const PanelContext& ctx, const TabsPlan& plan, float x, float y, float height) {
    const Look& look = ctx.look;
    if (icon_button(look, "more", {x + look.px(more_width / 2), y + height / 2}, icon::more, true, "More panels"))
        ImGui::OpenPopup("more-tabs");
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, look.px(8, 4));
    if (ImGui::BeginPopup("more-tabs")) {
        for (std::size_t i = 0; i < ctx.tabs->tabs.size(); ++i) {
            const PanelTabs::Tab& tab = ctx.tabs->tabs[i];
            if (plan.is_shown[i]) continue;
            const std::string count = tab.count > 0 ? view::grouped(tab.count) : "";
            if (menu_item(look, std::string(tab.title), count)) ctx.tabs->chosen = tab.name;
        }
        ImGui::EndPopup();
    }
    ImGui::PopStyleVar();
    return x + look.px(more_width);
}

} // namespace

PanelHeader panel_header(const PanelContext& ctx, const Rect& rect, std::string_view icon, std::string_view title,
                         float tools) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(panel_header_height);
    draw_hline(list, rect.a.x, rect.b.x, rect.a.y + height - 1, look[Token::line1]);
    float x = rect.a.x + look.px(12);
    if (ctx.tabs) {
        ctx.tabs->focused = ImGui::IsWindowFocused(ImGuiFocusedFlags_ChildWindows);
        ImGui::PushID("panel-tabs");
        const TabsPlan plan = plan_tabs(look, *ctx.tabs, rect.b.x - look.px(8 + tools) - x);
        bool is_first = true;
        for (std::size_t i = 0; i < ctx.tabs->tabs.size(); ++i) {
            if (!plan.is_shown[i]) continue;
            if (!is_first) x += look.px(tab_gap);
            is_first = false;
            x = draw_panel_tab(ctx, i, plan, x, rect.a.y, height);
        }
        if (std::ranges::find(plan.is_shown, false) != plan.is_shown.end())
            x = draw_more_tabs(ctx, plan, x, rect.a.y, height);
        ImGui::PopID();
    } else {
        x += draw_text_in_row(list, look, TextRole::body, x, rect.a.y, height, Token::text3, icon) + look.px(7);
        x += draw_text_in_row(list, look, TextRole::body_bold, x, rect.a.y, height, Token::text1,
                              fit_text(look, TextRole::body_bold, title, rect.b.x - look.px(8 + tools) - x));
    }
    return {{{rect.a.x, rect.a.y + height}, rect.b}, x};
}

void draw_empty(const Look& look, const Rect& rect, std::string_view text) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float width = std::min(text_width(look, TextRole::body, text), rect.width() - look.px(24));
    draw_wrapped(&list, look, TextRole::body, {rect.a.x + (rect.width() - width) / 2, rect.a.y + rect.height() / 3},
                 width + 1, look.px(20), Token::text3, text);
}

Child::Child(const char* id, const Rect& rect, ImGuiWindowFlags flags) {
    ImGui::SetCursorScreenPos(rect.a);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    compat::begin_child(id, {std::max(rect.width(), 1.0f), std::max(rect.height(), 1.0f)}, flags);
    ImGui::PopStyleVar();
}

Child::~Child() {
    ImGui::EndChild();
}

std::optional<float> drag_line(const Look& look, const char* id, const Rect& line, bool vertical) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float grab = look.px(3);
    const ImVec2 a = vertical ? ImVec2(line.a.x - grab, line.a.y) : ImVec2(line.a.x, line.a.y - grab);
    const ImVec2 b = vertical ? ImVec2(line.a.x + grab, line.b.y) : ImVec2(line.b.x, line.a.y + grab);
    const Hit state = hit(id, a, b);
    if (state.hovered || state.held)
        ImGui::SetMouseCursor(vertical ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
    const Color color = look[state.held ? Token::accent : Token::line1];
    if (vertical)
        draw_vline(list, line.a.x, line.a.y, line.b.y, color);
    else
        draw_hline(list, line.a.x, line.b.x, line.a.y, color);
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    return state.held ? std::optional(vertical ? mouse.x : mouse.y) : std::nullopt;
}

} // namespace rnnscope::ui
