#include "core/view/status_view.hpp"
#include "ui/shell/shell.hpp"
#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"

#include <algorithm>

namespace rnnscope::ui {

void Shell::draw_workspace(const PanelContext& ctx, const Rect& body) {
    const float width = body.width() / look_.scale, height = body.height() / look_.scale;
    const bool narrow = width < 1280; // then the Inspector is a tab beside Problems
    const float left = std::min(settings_.left, width * 0.45f),
                right = narrow ? 0 : std::min(settings_.right, width * 0.35f);
    const float bottom = std::min(settings_.bottom, height * 0.6f);
    const float x1 = std::floor(body.a.x + look_.px(left)), x2 = std::floor(body.b.x - look_.px(right));
    const float y1 = std::floor(body.b.y - look_.px(bottom));
    const float source_y = std::floor(body.a.y + body.height() * settings_.source_part);

    source_.draw(ctx, {body.a, {x1, source_y}});
    variables_.draw(ctx, {{body.a.x, source_y + 1}, {x1, body.b.y}});
    graph_.draw(ctx, {{x1 + 1, body.a.y}, {x2, y1}});
    if (!narrow) inspector_.draw(ctx, {{x2 + 1, body.a.y}, {body.b.x, y1}});
    draw_bottom(ctx, {{x1 + 1, y1 + 1}, body.b}, narrow);

    // After the panels, so that the hairlines are above them.
    float part = settings_.source_part * height;
    splitter(look_, "split-left", {{x1, body.a.y}, {x1, body.b.y}}, true, settings_.left, 260, width * 0.45f, false);
    splitter(look_, "split-source", {{body.a.x, source_y}, {x1, source_y}}, false, part, 100, height - 140, false);
    settings_.source_part = part / height;
    splitter(look_, "split-bottom", {{x1, y1}, {body.b.x, y1}}, false, settings_.bottom, 120, height * 0.6f, true);
    if (!narrow)
        splitter(look_, "split-right", {{x2, body.a.y}, {x2, y1}}, true, settings_.right, 260, width * 0.35f, true);
}

void Shell::draw_bottom(const PanelContext& ctx, const Rect& rect, bool with_inspector) {
    const float x = std::floor(rect.a.x + rect.width() * settings_.timeline_part);
    timeline_.draw(ctx, {rect.a, {x, rect.b.y}});
    Rect right{{x + 1, rect.a.y}, rect.b};
    if (with_inspector) {
        const float height = look_.whole_px(26), half = std::floor(right.width() / 2);
        ImDrawList& list = *ImGui::GetWindowDrawList();
        for (const bool inspector : {false, true}) {
            const ImVec2 a{right.a.x + (inspector ? half : 0), right.a.y},
                b{inspector ? right.b.x : right.a.x + half, right.a.y + height};
            const Hit state = hit(inspector ? "tab-inspector" : "tab-problems", a, b);
            if (state.clicked) inspector_tab_ = inspector;
            const bool chosen = inspector_tab_ == inspector;
            const std::string_view name = inspector ? "Inspector" : "Problems";
            const TextRole role = chosen ? TextRole::body_bold : TextRole::body;
            draw_text_in_row(list, look_, role, a.x + (b.x - a.x - text_width(look_, role, name)) / 2, a.y, height,
                             chosen ? Token::text1 : Token::text2, name);
            if (chosen) list.AddRectFilled({a.x, b.y - look_.px(2)}, b, look_[Token::accent]);
        }
        right.a.y += height;
    }
    if (with_inspector && inspector_tab_)
        inspector_.draw(ctx, right);
    else
        problems_.draw(ctx, right);
    float part = settings_.timeline_part * rect.width() / look_.scale;
    const float width = rect.width() / look_.scale;
    splitter(look_, "split-timeline", {{x, rect.a.y}, {x, rect.b.y}}, true, part, 200, width - 260, false);
    settings_.timeline_part = part / width;
}

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
        ImGui::PushID(notice->id);
        const std::string id = "##notice" + std::to_string(notice->id);
        ImGui::Begin(id.c_str(), nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                         ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoBackground);
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

void Shell::draw_page(const PanelContext& ctx, const Rect& body) {
    (void)ctx;
    if (page_title_.empty()) return;
    const float width = std::min(look_.px(760), body.width() - look_.px(60)), height = body.height() - look_.px(80);
    ImGui::SetNextWindowPos({std::floor((body.width() - width) / 2), std::floor(body.a.y + look_.px(40))});
    ImGui::SetNextWindowSize({width, height});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1.0f);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, look_.px(6));
    ImGui::PushStyleColor(ImGuiCol_WindowBg, look_[Token::bg2]);
    ImGui::Begin("##page", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
    const ImVec2 at = ImGui::GetWindowPos();
    ImDrawList& list = *ImGui::GetWindowDrawList();
    draw_text_in_row(list, look_, TextRole::title, at.x + look_.px(20), at.y + look_.px(10), look_.px(26), Token::text1,
                     page_title_);
    bool close = icon_button(look_, "close", {at.x + width - look_.px(24), at.y + look_.px(24)}, icon::close, true,
                             "Close, Escape");
    if (icon_button(look_, "copy", {at.x + width - look_.px(52), at.y + look_.px(24)}, icon::copy, true, "Copy"))
        ImGui::SetClipboardText(page_text_.c_str());
    draw_hline(list, at.x, at.x + width, at.y + look_.px(46), look_[Token::line1]);
    {
        Child text("text", {{at.x + look_.px(20), at.y + look_.px(54)},
                            {at.x + width - look_.px(8), at.y + height - look_.px(12)}});
        ImGui::PushFont(look_.font(TextRole::mono));
        ImGui::PushTextWrapPos(width - look_.px(48));
        ImGui::TextUnformatted(page_text_.data(), page_text_.data() + page_text_.size());
        ImGui::PopTextWrapPos();
        ImGui::PopFont();
    }
    const bool outside = clicked_outside();
    ImGui::End();
    ImGui::PopStyleColor();
    ImGui::PopStyleVar(2);
    if (close || outside) page_title_.clear();
}

} // namespace rnnscope::ui
