#include "core/debug/answer.hpp"
#include "core/view/status_view.hpp"
#include "ui/shell/shell.hpp"
#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"

#include <algorithm>

namespace rnnscope::ui {

void Shell::draw_status(const PanelContext& ctx, const Rect& rect) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    list.AddRectFilled(rect.a, rect.b, look_[Token::bg0]);
    draw_hline(list, rect.a.x, rect.b.x, rect.a.y, look_[Token::line1]);
    const float height = rect.height();
    const view::StatusView status = view::build_status(debugger_);
    float x = rect.a.x + look_.px(16);
    draw_state(list, look_, status.mark, {x, rect.a.y + height / 2}, 4.0f, Token::bg0);
    x += look_.px(12);
    for (std::size_t i = 0; i < status.left.size(); ++i) {
        ImGui::PushID(static_cast<int>(i));
        const view::Link& part = status.left[i];
        const float w =
            draw_text_in_row(list, look_, TextRole::mono_small, x, rect.a.y, height, Token::text1, part.text);
        if (part.target.kind != debug::Selection::Kind::none) {
            const Hit state = hit("part", {x, rect.a.y}, {x + w, rect.b.y});
            if (state.hovered) draw_hline(list, x, x + w, rect.b.y - look_.px(5), look_[Token::accent]);
            if (state.clicked) push_select(ctx, part.target, "status");
        }
        x += w + look_.px(16);
        ImGui::PopID();
    }
    float right = rect.b.x - look_.px(12);
    for (auto part = status.right.rbegin(); part != status.right.rend(); ++part) {
        right -= text_width(look_, TextRole::caption, *part);
        if (right < x) break;
        draw_text_in_row(list, look_, TextRole::caption, right, rect.a.y, height, Token::text2, *part);
        right -= look_.px(14);
    }
    if (debugger_.busy()) {
        if (button(look_, "cancel", {x, rect.a.y + look_.px(2)}, height - look_.px(4), "", "Cancel", ButtonTone::idle,
                   true, nullptr))
            queue_.push("run.stop", "", "status");
        x += look_.px(70);
        if (const debug::Inquiry* inquiry = debugger_.inquiry())
            x += draw_text_in_row(list, look_, TextRole::caption, x, rect.a.y, height, Token::text1,
                                  inquiry->progress()) +
                 look_.px(16);
        const float y = look_.whole_px(40) - look_.px(2);
        ImGui::GetForegroundDrawList()->AddRectFilled({0, y}, {rect.b.x, y + look_.px(2)}, look_[Token::accent]);
    }
    if (!message_.empty() && right - x > look_.px(80))
        draw_text_in_row(list, look_, TextRole::caption, x + look_.px(8), rect.a.y, height, Token::text2,
                         fit_text(look_, TextRole::caption, message_, right - x - look_.px(24)));
}

void Shell::draw_notices(const PanelContext& ctx, const Rect& body) {
    (void)ctx;
    float y = body.b.y - look_.px(12);
    int closed = -1;
    for (auto notice = notices_.rbegin(); notice != notices_.rend(); ++notice) {
        const float width = std::min(look_.px(560), body.width() - look_.px(24)), inner = width - look_.px(60);
        const float text_height =
            draw_wrapped(nullptr, look_, TextRole::mono_small, {}, inner, look_.px(16), Token::text1, notice->text, 16);
        const ImVec2 size{width, text_height + look_.px(44)};
        y -= size.y;
        const ImVec2 at{body.b.x - width - look_.px(12), y};
        ImGui::SetNextWindowPos(at);
        ImGui::SetNextWindowSize(size);
        ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0)); // which would cut its frame off
        ImGui::PushID(notice->id);
        const std::string id = "##notice" + std::to_string(notice->id);
        ImGui::Begin(id.c_str(), nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                         ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoBackground);
        ImGui::PopStyleVar();
        ImDrawList& list = *ImGui::GetWindowDrawList();
        const ImVec2 end{at.x + size.x, at.y + size.y};
        draw_box(list, at, end, look_[Token::bg2], look_[Token::line2], look_.px(6));
        list.AddRectFilled(at, {at.x + look_.px(4), end.y}, look_[Token::fail], look_.px(2));
        draw_text_in_row(list, look_, TextRole::body_bold, at.x + look_.px(18), at.y + look_.px(6), look_.px(24),
                         Token::text1, notice->title);
        draw_wrapped(&list, look_, TextRole::mono_small, {at.x + look_.px(18), at.y + look_.px(32)}, inner,
                     look_.px(16), Token::text1, notice->text, 16);
        if (icon_button(look_, "copy", {end.x - look_.px(44), at.y + look_.px(18)}, icon::copy, true, "Copy"))
            ImGui::SetClipboardText(notice->text.c_str());
        if (icon_button(look_, "close", {end.x - look_.px(18), at.y + look_.px(18)}, icon::close, true, "Close"))
            closed = notice->id;
        ImGui::End();
        ImGui::PopID();
        y -= look_.px(8);
    }
    std::erase_if(notices_, [&](const Notice& notice) { return notice.id == closed; });
}

} // namespace rnnscope::ui
