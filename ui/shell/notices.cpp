#include "ui/shell/shell.hpp"
#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"

#include <algorithm>
#include <cmath>

namespace rnnscope::ui {

namespace {

// Look pixels.
constexpr float notice_row = 32, notice_line = 16, notice_left = 18, notice_tools = 76;
constexpr int most_notice_lines = 16;

} // namespace

/// They stand in a strip of their own above the status line, and the workspace gets what is left: whatever a notice is
/// about, it covers nothing that the person may want to read or click next. The newest has room in any case, older ones
/// as long as the strip stays a third of the window.
Shell::NoticeStrip Shell::plan_notices(const Rect& body) const {
    NoticeStrip strip;
    const float width = body.width() - look_.px(notice_left + notice_tools), most = body.height() / 3;
    for (auto notice = notices_.rbegin(); notice != notices_.rend(); ++notice) {
        PlacedNotice placed{&*notice};
        const float title = text_width(look_, TextRole::body_bold, notice->title) + look_.px(14);
        placed.is_one_line = notice->text.find('\n') == std::string::npos &&
                             title + text_width(look_, TextRole::mono_small, notice->text) <= width;
        placed.height = look_.whole_px(notice_row);
        if (!placed.is_one_line) {
            const float room = (most - strip.height - placed.height) / look_.px(notice_line);
            placed.lines = std::clamp(static_cast<int>(room), 2, most_notice_lines);
            placed.height += std::ceil(draw_wrapped(nullptr, look_, TextRole::mono_small, {}, width,
                                                    look_.px(notice_line), Token::text1, notice->text, placed.lines) +
                                       look_.px(6));
        }
        if (!strip.shown.empty() && strip.height + placed.height > most) break;
        strip.height += placed.height;
        strip.shown.push_back(placed);
    }
    std::ranges::reverse(strip.shown);
    return strip;
}

void Shell::draw_notices(const NoticeStrip& strip, const Rect& rect) {
    if (strip.shown.empty()) return;
    Child child("notices", rect, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    float y = rect.a.y;
    int closed = -1;
    for (const PlacedNotice& placed : strip.shown) {
        ImGui::PushID(placed.notice->id);
        const std::size_t hidden = &placed == &strip.shown.front() ? notices_.size() - strip.shown.size() : 0;
        if (draw_notice(placed, {{rect.a.x, y}, {rect.b.x, y + placed.height}}, hidden)) closed = placed.notice->id;
        ImGui::PopID();
        y += placed.height;
    }
    std::erase_if(notices_, [&](const Notice& notice) { return notice.id == closed; });
}

/// Returns whether it is to be closed. `hidden`: how many older ones there is no room for.
bool Shell::draw_notice(const PlacedNotice& placed, const Rect& rect, std::size_t hidden) const {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const Notice& notice = *placed.notice;
    const float left = rect.a.x + look_.px(notice_left), row = look_.whole_px(notice_row), middle = rect.a.y + row / 2;
    list.AddRectFilled(rect.a, rect.b, look_[Token::bg2]);
    draw_hline(list, rect.a.x, rect.b.x, rect.a.y, look_[Token::line2]);
    list.AddRectFilled(rect.a, {rect.a.x + look_.px(4), rect.b.y}, look_[Token::fail]);
    const float tools = rect.b.x - look_.px(notice_tools);
    const float title = draw_text_in_row(list, look_, TextRole::body_bold, left, rect.a.y, row, Token::text1,
                                         fit_text(look_, TextRole::body_bold, notice.title, tools - left));
    if (placed.is_one_line)
        draw_text_in_row(list, look_, TextRole::mono_small, left + title + look_.px(14), rect.a.y, row, Token::text1,
                         notice.text);
    else
        draw_wrapped(&list, look_, TextRole::mono_small, {left, rect.a.y + row - look_.px(2)}, tools - left,
                     look_.px(notice_line), Token::text1, notice.text, placed.lines);
    const std::string older = hidden > 0 ? std::to_string(hidden) + " older" : "";
    const float older_width = text_width(look_, TextRole::caption, older) + look_.px(12);
    if (hidden > 0 && !placed.is_one_line && left + title + look_.px(14) + older_width < tools)
        draw_text_right(list, look_, TextRole::caption, tools, rect.a.y, row, Token::text2, older);
    if (icon_button(look_, "copy", {rect.b.x - look_.px(48), middle}, icon::copy, true, "Copy"))
        ImGui::SetClipboardText(notice.text.c_str());
    return icon_button(look_, "close", {rect.b.x - look_.px(20), middle}, icon::close, true, "Close, Escape");
}

} // namespace rnnscope::ui
