#include "ui/shell/samples.hpp"
#include "ui/shell/shell.hpp"
#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string_view>

namespace rnnscope::ui {

namespace {

/// Two variables and what they feed: solid red where the read fails, dashed where nothing ever ran.
void draw_picture(ImDrawList& list, const Look& look, const Rect& rect, const Featured& sample) {
    draw_box(list, rect.a, rect.b, look[Token::bg1], look[Token::line1], look.px(3));
    const float middle = (rect.a.y + rect.b.y) / 2, left = rect.a.x + look.px(14), pill = look.px(54),
                high = look.px(14);
    const float target = rect.b.x - look.px(96);
    draw_box(list, {target, rect.a.y + look.px(8)}, {rect.b.x - look.px(12), rect.b.y - look.px(8)}, look[Token::bg2],
             look[Token::line2], look.px(3));
    for (int i = 0; i < 5; ++i) {
        const float x = target + look.px(9 + 14 * static_cast<float>(i));
        list.AddRectFilled({x, rect.a.y + look.px(16)}, {x + look.px(9), rect.b.y - look.px(16)}, look[Token::bg3]);
    }
    const auto edge = [&](float y0, float y1, bool fails, bool never) {
        const ImVec2 a{left + pill, y0}, b{target - look.px(5), y1};
        const Color color = look[fails ? Token::fail : Token::e_data];
        if (never)
            draw_dashed_line(list, a, b, color, look.px(2), look.px(3), look.px(2));
        else
            list.AddLine(a, b, color, look.px(fails ? 2.0f : 1.5f));
        list.AddTriangleFilled({target, y1}, {target - look.px(6), y1 - look.px(3)},
                               {target - look.px(6), y1 + look.px(3)}, color);
    };
    const auto variable = [&](float y, StateMark mark) {
        draw_box(list, {left, y - high / 2}, {left + pill, y + high / 2}, look[Token::bg2], look[Token::line2],
                 high / 2);
        draw_state(list, look, mark, {left + look.px(10), y}, 4.0f, Token::bg2);
    };
    if (sample.second == StateMark::none) { // one variable, used more than once or asked for again
        edge(middle, middle - look.px(9), false, false);
        edge(middle, middle + look.px(9), sample.fails_second, sample.fails_second);
        variable(middle, sample.first);
        return;
    }
    const bool never = sample.first == StateMark::declared;
    edge(middle - look.px(11), middle - look.px(11), sample.fails_first, never);
    edge(middle + look.px(11), middle + look.px(11), sample.fails_second, never);
    variable(middle - look.px(11), sample.first);
    variable(middle + look.px(11), sample.second);
}

/// A card; `twin` is set when the link to the fixed twin was clicked.
bool draw_card(const Look& look, const Rect& rect, const Featured& featured, const Sample& sample, bool* twin) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    ImGui::PushID(sample.file.c_str());
    const float pad = look.px(12), inner = rect.width() - 2 * pad;
    ImGui::SetItemAllowOverlap();
    bool twin_clicked = false, twin_hovered = false;
    const std::string twin_text = sample.fixed_twin.empty() ? "" : "fixed twin";
    const float twin_width = text_width(look, TextRole::caption, twin_text), foot = rect.b.y - look.px(26);
    if (!twin_text.empty()) { // first, so that it wins over the card
        const Hit state = hit("twin", {rect.b.x - pad - twin_width, foot}, {rect.b.x - pad, rect.b.y - look.px(4)});
        twin_clicked = state.clicked;
        twin_hovered = state.hovered;
    }
    const Hit state = hit("card", rect.a, {rect.b.x, foot - look.px(2)});
    draw_box(list, rect.a, rect.b, look[Token::bg2], look[state.hovered ? Token::accent : Token::line1], look.px(6),
             state.hovered ? look.px(1.5f) : 1);
    draw_picture(list, look, {{rect.a.x + pad, rect.a.y + pad}, {rect.b.x - pad, rect.a.y + pad + look.px(54)}},
                 featured);
    const float y = rect.a.y + look.px(74);
    draw_text_in_row(list, look, TextRole::body_bold, rect.a.x + pad + look.px(2), y, look.px(20), Token::text1,
                     fit_text(look, TextRole::body_bold, featured.title, inner));
    draw_wrapped(&list, look, TextRole::secondary, {rect.a.x + pad + look.px(2), y + look.px(21)}, inner - look.px(4),
                 look.px(17), Token::text2, featured.about, 2);
    draw_text_in_row(list, look, TextRole::mono_small, rect.a.x + pad + look.px(2), foot, look.px(20), Token::text2,
                     fit_text(look, TextRole::mono_small, featured.cause, inner - twin_width - look.px(12)));
    draw_text_right(list, look, TextRole::caption, rect.b.x - pad, foot, look.px(20), Token::accent, twin_text);
    if (twin_hovered) {
        draw_hline(list, rect.b.x - pad - twin_width, rect.b.x - pad, foot + look.px(17), look[Token::accent]);
        ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    }
    *twin = twin_clicked;
    ImGui::PopID();
    return state.clicked;
}

} // namespace

/// Left: what this is, files, lessons, keys. Returns where it ends.
float Shell::draw_welcome_left(float left, float y, float width, bool wide) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    draw_text(list, look_, TextRole::product, {left, y}, Token::text1, "rnnscope");
    draw_text(list, look_, TextRole::body, {left, y + look_.px(40)}, Token::text2,
              "Your RNN program under a debugger.");
    y += look_.px(92);
    float x = left, taken = 0;
    const bool newcomer = settings_.lessons_done.empty() && settings_.recent.empty();
    const auto next = [&] { x += taken + look_.px(10); };
    if (newcomer) {
        if (button(look_, "tour", {x, y}, look_.px(32), icon::lesson, "Take the tour", ButtonTone::accent, true,
                   &taken))
            queue_.push("lesson.start", all_lessons().front().file, "welcome");
        tooltip(look_, all_lessons().front().about);
        next();
    }
    if (button(look_, "open", {x, y}, look_.px(32), icon::open, "Open file",
               newcomer ? ButtonTone::idle : ButtonTone::accent, true, &taken))
        queue_.push("file.open", "", "menu");
    tooltip(look_, "Open…, Ctrl+O");
    next();
    if (debugger_.is_open() && button(look_, "return", {x, y}, look_.px(32), icon::back, "Back to the program",
                                      ButtonTone::idle, true, nullptr))
        welcome_ = false;
    y += look_.px(44);
    y += draw_wrapped(&list, look_, TextRole::secondary, {left, y}, width, look_.px(17), Token::text3,
                      "Drop a program or a graph anywhere in the window.");
    y += look_.px(24);
    if (!settings_.recent.empty()) y = draw_recent(left, y, width) + look_.px(22);
    y = draw_lesson_rows(left, y, width) + look_.px(22);
    return wide ? draw_first_keys(left, y, width) : y;
}

namespace {

/// A title with a line below it; returns where what follows begins.
float section(const Look& look, float left, float y, float width, std::string_view title) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    draw_text(list, look, TextRole::body_bold, {left, y}, Token::text1, title);
    draw_hline(list, left, left + width, y + look.px(24), look[Token::line1]);
    return y + look.px(30);
}

} // namespace

float Shell::draw_recent(float left, float y, float width) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    y = section(look_, left, y, width, "Recent");
    for (const Settings::Recent& recent : settings_.recent) {
        ImGui::PushID(recent.path.c_str());
        const float row = look_.px(40);
        const Hit state = row_hit(look_, "recent", {left - look_.px(8), y}, {left + width + look_.px(8), y + row});
        const std::filesystem::path path(recent.path);
        draw_text_in_row(list, look_, TextRole::mono, left, y + look_.px(2), look_.px(20), Token::text1,
                         path.filename().string());
        draw_text_right(list, look_, TextRole::caption, left + width, y + look_.px(2), look_.px(20), Token::text3,
                        recent.when);
        draw_text_in_row(list, look_, TextRole::caption, left, y + look_.px(20), look_.px(16), Token::text3,
                         fit_path(look_, TextRole::caption, path.parent_path().string(), width));
        if (state.clicked) queue_.push("file.open", recent.path, "recent");
        ImGui::PopID();
        y += row + look_.px(2);
    }
    return y;
}

float Shell::draw_lesson_rows(float left, float y, float width) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    y = section(look_, left, y, width, "Lessons");
    for (const Lesson& lesson : all_lessons()) {
        ImGui::PushID(lesson.file.c_str());
        const float row = look_.px(30);
        const Hit state = row_hit(look_, "lesson", {left - look_.px(8), y}, {left + width + look_.px(8), y + row});
        const bool done = std::ranges::find(settings_.lessons_done, lesson.file) != settings_.lessons_done.end();
        draw_text_in_row(list, look_, TextRole::body, left, y, row, done ? Token::fix : Token::text3,
                         done ? icon::verified : icon::lesson);
        const std::string minutes = std::to_string(lesson.minutes) + " min";
        const float indent = look_.px(22), room = width - indent - text_width(look_, TextRole::caption, minutes);
        draw_text_in_row(list, look_, TextRole::body, left + indent, y, row, Token::text1,
                         fit_text(look_, TextRole::body, lesson.title, room - look_.px(10)));
        draw_text_right(list, look_, TextRole::caption, left + width, y, row, Token::text2, minutes);
        tooltip(look_, lesson.about);
        if (state.clicked) queue_.push("lesson.start", lesson.file, "welcome");
        ImGui::PopID();
        y += row;
    }
    return y;
}

float Shell::draw_first_keys(float left, float y, float width) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    y = section(look_, left, y, width, "Keys");
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> keys = {
        {{"F5", "continue"},
         {"F10", "step over"},
         {"F11", "step into"},
         {"Shift", "the same, backwards"},
         {"F9", "breakpoint"},
         {"Ctrl+P", "every command and name"},
         {"F1", "all keys"}}};
    for (const auto& [key, what] : keys) {
        const float w = text_width(look_, TextRole::mono_small, key) + look_.px(12);
        draw_box(list, {left, y + look_.px(3)}, {left + w, y + look_.px(22)}, look_[Token::bg2], look_[Token::line2],
                 look_.px(3));
        draw_text_in_row(list, look_, TextRole::mono_small, left + look_.px(6), y + look_.px(3), look_.px(19),
                         Token::text1, key);
        draw_text_in_row(list, look_, TextRole::secondary, left + look_.px(78), y + look_.px(3), look_.px(19),
                         Token::text2, what);
        y += look_.px(26);
    }
    return y;
}

/// Right: failures to start with. Returns where it ends.
float Shell::draw_welcome_samples(float x, float y, float width) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    draw_text(list, look_, TextRole::section, {x, y}, Token::text1, "Start with a failure");
    draw_text(list, look_, TextRole::body, {x, y + look_.px(36)}, Token::text2,
              "Each sample has a fixed twin. Run it, read the diagnosis, apply the fix.");
    y += look_.px(72);
    const int columns = std::clamp(static_cast<int>(width / look_.px(240)), 1, 3);
    const float gap = look_.px(16),
                card_w = std::floor((width - gap * static_cast<float>(columns - 1)) / static_cast<float>(columns)),
                card_h = look_.px(172);
    int index = 0;
    for (const Featured& featured : featured_samples()) {
        const Sample* sample = find_sample(featured.file);
        if (!sample) continue;
        const float cx = x + static_cast<float>(index % columns) * (card_w + gap),
                    cy = y + static_cast<float>(index / columns) * (card_h + gap);
        bool twin = false;
        if (draw_card(look_, {{cx, cy}, {cx + card_w, cy + card_h}}, featured, *sample, &twin))
            queue_.push("ui.sample", sample->file, "welcome");
        if (twin) queue_.push("ui.sample", sample->fixed_twin, "welcome");
        ++index;
    }
    y += static_cast<float>((index + columns - 1) / columns) * (card_h + gap) + look_.px(8);
    return draw_every_sample(x, y, width);
}

/// Every program but the twins, which are links beside what they repair.
float Shell::draw_every_sample(float x, float y, float width) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    std::set<std::string_view> twins;
    for (const Sample& sample : all_samples()) twins.insert(sample.fixed_twin);
    const std::string more = all_samples_ ? "Fewer samples" : "All samples";
    const Hit toggle = hit("all", {x, y}, {x + text_width(look_, TextRole::body, more), y + look_.px(22)});
    draw_text_in_row(list, look_, TextRole::body, x, y, look_.px(22), Token::accent, more);
    if (toggle.clicked) all_samples_ = !all_samples_;
    y += look_.px(30);
    if (!all_samples_) return y;
    for (const Sample& sample : all_samples()) {
        if (twins.contains(sample.file)) continue;
        draw_sample_row(sample, x, y, width);
        y += look_.px(26);
    }
    return y;
}

void Shell::draw_sample_row(const Sample& sample, float x, float y, float width) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float row = look_.px(26), right = x + width - look_.px(8);
    const std::string_view twin = sample.fixed_twin.empty() ? "" : "fixed twin";
    const float twin_width = text_width(look_, TextRole::caption, "fixed twin");
    ImGui::PushID(sample.file.c_str());
    Hit link;
    if (!twin.empty()) link = hit("twin", {right - twin_width, y}, {right, y + row}); // first, so that it wins
    const Hit state = row_hit(look_, "row", {x, y}, {x + width, y + row});
    draw_state(list, look_, sample.healthy() || twin.empty() ? StateMark::initialized : StateMark::uninitialized,
               {x + look_.px(12), y + row / 2});
    draw_text_in_row(list, look_, TextRole::body, x + look_.px(28), y, row, Token::text1,
                     fit_text(look_, TextRole::body, sample.title, width * 0.55f));
    draw_text_right(list, look_, TextRole::mono_small, right - twin_width - look_.px(16), y, row, Token::text2,
                    fit_text(look_, TextRole::mono_small, sample.file, width * 0.45f - twin_width - look_.px(60)));
    draw_text_right(list, look_, TextRole::caption, right, y, row, Token::accent, twin);
    if (link.hovered) draw_hline(list, right - twin_width, right, y + look_.px(20), look_[Token::accent]);
    tooltip(look_, sample.description);
    if (state.clicked) queue_.push("ui.sample", sample.file, "welcome");
    if (link.clicked) queue_.push("ui.sample", sample.fixed_twin, "welcome");
    ImGui::PopID();
}

void Shell::draw_welcome(const PanelContext& ctx, const Rect& body) {
    (void)ctx;
    Child area("welcome", body);
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    const float total = std::min(body.width() - look_.px(60), look_.px(1310));
    const bool wide = total > look_.px(900);
    const float left = origin.x + std::floor((body.width() - total) / 2), left_width = wide ? look_.px(400) : total;
    const float left_end = draw_welcome_left(left, origin.y + look_.px(wide ? 70 : 24), left_width, wide);
    const float x = wide ? left + left_width + look_.px(90) : left;
    const float end = draw_welcome_samples(x, wide ? origin.y + look_.px(72) : left_end, left + total - x);
    ImGui::SetCursorScreenPos({origin.x, std::max(end, left_end) + look_.px(24)});
    ImGui::Dummy({1, 1});
}

} // namespace rnnscope::ui
