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

} // namespace rnnscope::ui
