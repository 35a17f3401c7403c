#include "ui/panels/lesson_panel.hpp"

#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"

#include <algorithm>

namespace rnnscope::ui {

namespace {

/// What a word between backticks names in the graph; nothing for keys and code.
debug::Selection named(const debug::Debugger& debugger, std::string_view word) {
    const Graph* graph = debugger.is_open() ? debugger.graph() : nullptr;
    if (!graph) return {};
    for (const VariableId id : view::visible_variables(debugger))
        if (graph->variable(id).name == word) return view::select_variable(debugger, id);
    const NodeId node = graph->find(word);
    const bool visible = node.valid() && node.index() < debugger.visible_nodes();
    return visible ? view::select_node(debugger, node) : debug::Selection{};
}

} // namespace

void LessonPanel::start(const Lesson& lesson) {
    lesson_ = &lesson;
    step_ = 0;
    done_.assign(lesson.steps.size(), false);
    commands_left_ = lesson.steps[0].commands.size();
}

void LessonPanel::go_next() {
    if (!lesson_ || step_ >= lesson_->steps.size()) return;
    done_[step_] = true;
    ++step_;
    commands_left_ = current() ? current()->commands.size() : 0;
}

void LessonPanel::go_back() {
    if (!lesson_ || step_ == 0) return;
    --step_;
    commands_left_ = 0;
}

void LessonPanel::note(const debug::Command& command) {
    const LessonStep* step = current();
    if (!step || commands_left_ == 0) return;
    const std::string& wanted = step->commands[step->commands.size() - commands_left_];
    const std::size_t blank = wanted.find(' ');
    if (wanted.substr(0, blank) != command.id) return;
    if (blank != std::string::npos && wanted.substr(blank + 1) != command.argument) return;
    if (--commands_left_ == 0) done_[step_] = true;
}

void LessonPanel::draw(const PanelContext& ctx, const Rect& rect) {
    const Look& look = ctx.look;
    Child panel("lesson", rect, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const Rect body = panel_header(ctx, rect, icon::lesson, "Lesson");
    if (!lesson_) return draw_choice(ctx, body);
    const float progress = look.whole_px(26), foot = look.whole_px(46);
    draw_progress(look, {body.a, {body.b.x, body.a.y + progress}});
    {
        Child text("text", {{body.a.x, body.a.y + progress}, {body.b.x, body.b.y - foot}});
        const ImVec2 origin = ImGui::GetCursorScreenPos();
        const float x = origin.x + look.px(16), width = body.width() - look.px(36);
        float y = origin.y + look.px(6);
        y += draw_wrapped(ImGui::GetWindowDrawList(), look, TextRole::title, {x, y}, width, look.px(24), Token::text1,
                          lesson_->title) +
             look.px(8);
        const LessonStep* step = current();
        static const std::vector<std::string> finished = {
            "That is all of it. Every command stays reachable with `Ctrl+P`, every key is listed with `F1`."};
        int id = 0;
        for (const std::string& paragraph : step ? step->say : finished) {
            ImGui::PushID(id++);
            y += draw_paragraph(ctx, paragraph, {x, y}, width) + look.px(10);
            ImGui::PopID();
        }
        ImGui::SetCursorScreenPos({origin.x, y});
        ImGui::Dummy({1, 1});
    }
    draw_hline(*ImGui::GetWindowDrawList(), body.a.x, body.b.x, body.b.y - foot, look[Token::line1]);
    draw_buttons(ctx, {body.a.x + look.px(16), body.b.y - foot + look.px(10)});
}

/// A dash for each step: done, the current one, to come.
void LessonPanel::draw_progress(const Look& look, const Rect& rect) const {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const std::size_t n = lesson_->steps.size();
    const std::string text = std::to_string(std::min(step_ + 1, n)) + " of " + std::to_string(n);
    const float words = text_width(look, TextRole::caption, text);
    draw_text_right(list, look, TextRole::caption, rect.b.x - look.px(16), rect.a.y, rect.height(), Token::text2, text);
    const float left = rect.a.x + look.px(16), right = rect.b.x - look.px(28) - words, gap = look.px(3);
    const float each = (right - left + gap) / static_cast<float>(n), y = std::floor((rect.a.y + rect.b.y) / 2);
    for (std::size_t i = 0; i < n; ++i) {
        const float x = left + each * static_cast<float>(i);
        const Token color = i == step_ ? Token::accent : done_[i] ? Token::line3 : Token::line2;
        list.AddRectFilled({x, y - look.px(1.5f)}, {x + each - gap, y + look.px(1.5f)}, look[color]);
    }
}

/// Words between backticks are mono; those that name something in the graph are links.
float LessonPanel::draw_paragraph(const PanelContext& ctx, const std::string& text, ImVec2 at, float width) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float line = look.px(21), space = text_width(look, TextRole::body, " ");
    float x = at.x, y = at.y;
    bool code = false;
    std::size_t from = 0;
    int id = 0;
    const auto word = [&](std::string_view part, bool space_after) {
        if (part.empty()) {
            if (space_after) x += space;
            return;
        }
        const TextRole role = code ? TextRole::mono : TextRole::body;
        const float w = text_width(look, role, part);
        if (x > at.x && x + w > at.x + width) {
            x = at.x;
            y += line;
        }
        const debug::Selection target = code ? named(ctx.debugger, part) : debug::Selection{};
        if (target.kind != debug::Selection::Kind::none) {
            ImGui::PushID(id++);
            link(ctx, "name", role, x, y, line, {std::string(part), target}, "panel:lesson");
            ImGui::PopID();
        } else {
            draw_text_in_row(list, look, role, x, y, line, Token::text1, part);
        }
        x += w + (space_after ? space : 0);
    };
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const bool end = i == text.size(), tick = !end && text[i] == '`', blank = !end && text[i] == ' ' && !code;
        if (!end && !tick && !blank) continue;
        word(std::string_view(text).substr(from, i - from), blank);
        from = i + 1;
        if (tick) code = !code;
    }
    return y + line - at.y;
}

void LessonPanel::draw_buttons(const PanelContext& ctx, ImVec2 at) {
    const Look& look = ctx.look;
    const LessonStep* step = current();
    float w = 0;
    const float height = look.px(26);
    if (step_ > 0) {
        if (button(look, "back", at, height, icon::back, "Back", ButtonTone::idle, true, &w))
            ctx.commands.push("lesson.back", "", "panel:lesson");
        at.x += w + look.px(8);
    }
    if (!step) {
        if (button(look, "end", at, height, icon::verified, "Finish", ButtonTone::accent, true, &w))
            ctx.commands.push("lesson.stop", "", "panel:lesson");
        return;
    }
    const bool to_do = !step->commands.empty() && !step_done();
    if (to_do) {
        if (button(look, "show", at, height, icon::resume, "Show me", ButtonTone::accent, !ctx.stamp.busy, &w))
            ctx.commands.push("lesson.show", "", "panel:lesson");
        at.x += w + look.px(8);
    }
    if (button(look, "next", at, height, icon::forward, to_do ? "Skip" : "Next",
               to_do ? ButtonTone::idle : ButtonTone::accent, !ctx.stamp.busy, &w))
        ctx.commands.push("lesson.next", "", "panel:lesson");
}

void LessonPanel::draw_choice(const PanelContext& ctx, const Rect& rect) {
    const Look& look = ctx.look;
    Child area("choice", rect);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    const float x = origin.x + look.px(8), right = origin.x + rect.width() - look.px(8);
    float y = origin.y + look.px(8);
    for (const Lesson& lesson : all_lessons()) {
        ImGui::PushID(lesson.file.c_str());
        const float row = look.px(46);
        const Hit state = row_hit(look, "lesson", {x, y}, {right, y + row});
        const std::string minutes = std::to_string(lesson.minutes) + " min";
        const float room = right - x - look.px(24) - text_width(look, TextRole::caption, minutes);
        draw_text_in_row(list, look, TextRole::body, x + look.px(8), y + look.px(3), look.px(20), Token::text1,
                         fit_text(look, TextRole::body, lesson.title, room));
        draw_text_right(list, look, TextRole::caption, right - look.px(8), y + look.px(3), look.px(20), Token::text2,
                        minutes);
        draw_text_in_row(list, look, TextRole::caption, x + look.px(8), y + look.px(23), look.px(18), Token::text2,
                         fit_text(look, TextRole::caption, lesson.about, right - x - look.px(16)));
        if (state.clicked) ctx.commands.push("lesson.start", lesson.file, "panel:lesson");
        ImGui::PopID();
        y += row + look.px(2);
    }
    ImGui::SetCursorScreenPos({origin.x, y});
    ImGui::Dummy({1, 1});
}

} // namespace rnnscope::ui
