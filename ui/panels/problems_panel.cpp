#include "ui/panels/problems_panel.hpp"

#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <algorithm>

namespace rnnscope::ui {

namespace {

constexpr float card_padding = 14, code_height = 22, code_left = 82, code_right = 8, button_height = 26;

} // namespace

const view::ProblemsView& ProblemsPanel::shown(const PanelContext& ctx) {
    if (!ctx.stamp.busy) // while it runs the last findings stay: they cost an evaluation of their own
        shown_ = view_.get(ctx.stamp, 0, [&] { return view::build_problems(ctx.debugger); });
    return shown_;
}

void ProblemsPanel::draw(const PanelContext& ctx, const Rect& rect) {
    Child panel("problems", rect, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const Rect body = panel_header(ctx, rect, icon::problems, "Problems");
    draw_cards(ctx, body, shown(ctx));
}

void ProblemsPanel::draw_preflight(const PanelContext& ctx, const Rect& rect) {
    Child panel("preflight", rect, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const Rect body = panel_header(ctx, rect, icon::preflight, "Preflight");
    draw_reads(ctx, body, shown(ctx));
}

void ProblemsPanel::draw_cards(const PanelContext& ctx, const Rect& body, const view::ProblemsView& view) {
    const Look& look = ctx.look;
    if (view.cards.empty() && view.warnings.empty()) {
        if (view.next.empty() && view.quiet.size() == 1 && view.quiet[0].size() == 1)
            return draw_empty(look, body, view.quiet[0][0].text);
        return draw_quiet(ctx, body, view);
    }
    Child cards("cards", body);
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    float y = origin.y + look.px(8);
    const float x = origin.x + look.px(10), width = body.width() - look.px(20);
    bool any_current = false;
    for (const view::ProblemCard& card : view.cards) any_current |= card.is_current;
    for (std::size_t i = 0; i < view.cards.size(); ++i) {
        ImGui::PushID(static_cast<int>(i));
        const bool open = open_ == i || (open_ == SIZE_MAX && (view.cards[i].is_current || (!any_current && i == 0)));
        y += draw_card(ctx, view.cards[i], {x, y}, width, open) + look.px(8);
        ImGui::PopID();
    }
    for (std::size_t i = 0; i < view.warnings.size(); ++i) {
        ImGui::PushID(static_cast<int>(view.cards.size() + i));
        y += draw_warning(ctx, view.warnings[i], {x, y}, width) + look.px(8);
        ImGui::PopID();
    }
    ImGui::SetCursorScreenPos({origin.x, y});
    ImGui::Dummy({1, 1});
}

/// A graph that nobody has run: what to do first.
void ProblemsPanel::draw_quiet(const PanelContext& ctx, const Rect& body, const view::ProblemsView& view) {
    const Look& look = ctx.look;
    Child quiet("quiet", body);
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    const float left = origin.x + look.px(16), width = body.width() - look.px(32);
    float y = origin.y + look.px(14);
    for (std::size_t i = 0; i < view.quiet.size(); ++i) {
        ImGui::PushID(static_cast<int>(i));
        y += draw_why(ctx, view.quiet[i], {left, y}, width) + look.px(4);
        ImGui::PopID();
    }
    y += look.px(8);
    // To go on is what the graph offers meanwhile, in the accent.
    const bool goes_on = !view.next.empty() && view.next.front().command == "run.continue";
    y += draw_actions(ctx, view.next, {left, y}, width, goes_on ? ButtonTone::idle : ButtonTone::accent);
    ImGui::SetCursorScreenPos({origin.x, y + look.px(12)});
    ImGui::Dummy({1, 1});
}

namespace {

/// Where the next of several buttons goes: beside the last one, or in a row of its own when it does not fit there.
class ButtonRows {
  public:
    ButtonRows(const Look& look, ImVec2 at, float width)
        : look_(look), left_(at.x), right_(at.x + width), top_(at.y), next_(at) {}

    ImVec2 place(std::string_view icon, std::string_view label) {
        const float needs = button_width(look_, icon, label);
        if (next_.x > left_ && next_.x + needs > right_) next_ = {left_, next_.y + row_height() + look_.px(6)};
        const ImVec2 here = next_;
        next_.x += needs + look_.px(8);
        return here;
    }
    ImVec2 next() const { return next_; }
    bool has_room(std::string_view icon, std::string_view label) const {
        return next_.x <= left_ || next_.x + button_width(look_, icon, label) <= right_;
    }
    float row_height() const { return look_.whole_px(button_height); }
    float height() const { return next_.y + row_height() - top_; }

  private:
    const Look& look_;
    float left_, right_, top_;
    ImVec2 next_;
};

} // namespace

/// The first in `first_tone`. Returns the height.
float ProblemsPanel::draw_actions(const PanelContext& ctx, const std::vector<view::ProblemAction>& actions, ImVec2 at,
                                  float width, ButtonTone first_tone) {
    const Look& look = ctx.look;
    ButtonRows rows(look, at, width);
    for (std::size_t i = 0; i < actions.size(); ++i) {
        const std::string title = fit_path(look, TextRole::body, actions[i].title, width - look.px(24));
        ImGui::PushID(static_cast<int>(i) + 200);
        if (button(look, "action", rows.place("", title), rows.row_height(), "", title,
                   i == 0 ? first_tone : ButtonTone::idle, !ctx.stamp.busy, nullptr))
            ctx.commands.push(actions[i].command, actions[i].argument, "panel:problems");
        if (title != actions[i].title) tooltip(look, actions[i].title);
        ImGui::PopID();
    }
    return actions.empty() ? 0 : rows.height();
}

float ProblemsPanel::draw_card(const PanelContext& ctx, const view::ProblemCard& card, ImVec2 at, float width,
                               bool open) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    list.ChannelsSplit(3); // the card, what stands on it, and what stands before that
    list.ChannelsSetCurrent(1);
    const float pad = look.px(card_padding), left = at.x + look.px(4) + pad, right = at.x + width - pad;
    const float inner = right - left;
    float y = at.y + look.px(10);

    // 1. what happened, and the code of the cause
    const float head = look.whole_px(22);
    draw_state(list, look, StateMark::uninitialized, {left + look.px(5), y + head / 2}, 5.5f, Token::bg2);
    float cause_width = 0;
    const float chip_width = text_width(look, TextRole::mono_small, card.cause) + look.px(12);
    const float title_needs = look.px(28) + text_width(look, TextRole::title, card.headline);
    if (!card.cause.empty() && title_needs + chip_width <= inner) { // else the button below explains it
        cause_width = chip_width;
        const ImVec2 chip_at{right - cause_width, y + look.px(2)};
        const Hit state = hit("cause", chip_at, {right, chip_at.y + look.px(18)});
        chip(list, look, chip_at, look.px(18), card.cause);
        if (state.hovered) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
        tooltip(look, "Explain this cause");
        if (state.clicked) ctx.commands.push("help.explain", card.cause, "panel:problems");
    }
    const float title_width = inner - look.px(18) - cause_width - look.px(10);
    const float title_height = draw_wrapped(&list, look, TextRole::title, {left + look.px(18), y}, title_width, head,
                                            Token::text1, card.headline, 3);
    const Hit headline = hit("headline", {left, y}, {left + title_width, y + title_height});
    if (headline.clicked && !open) open_ = card.diagnosis;
    tooltip(look, card.headline);
    y += title_height + look.px(4);
    if (open) y += draw_open_card(ctx, card, {left, y}, at.y, inner);
    const ImVec2 end{at.x + width, y + look.px(8)};
    list.ChannelsSetCurrent(0);
    draw_box(list, at, end, look[Token::bg2], look[Token::line1], look.px(6));
    list.AddRectFilled(at, {at.x + look.px(4), end.y}, look[Token::fail], look.px(2));
    list.ChannelsMerge();
    return end.y - at.y;
}

/// Below its headline, at `at`; `top` is where the card begins. Returns the height.
float ProblemsPanel::draw_open_card(const PanelContext& ctx, const view::ProblemCard& card, ImVec2 at, float top,
                                    float width) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    // However long the card is, what to do about it stays in sight: then it stands at the end of the panel, and the
    // card goes on behind it.
    const float panel_end = ImGui::GetWindowPos().y + ImGui::GetWindowSize().y;
    const float pinned_y = panel_end - look.whole_px(button_height) - look.px(8);
    const bool is_pinned = are_buttons_below_ && pinned_y > top + look.px(60);
    if (is_pinned) {
        list.ChannelsSetCurrent(2);
        const ImVec2 low{at.x - look.px(8), std::floor(pinned_y - look.px(8))};
        list.AddRectFilled(low, {at.x + width + look.px(8), panel_end}, look[Token::bg2]);
        draw_hline(list, low.x, at.x + width + look.px(8), low.y, look[Token::line1]);
        (void)draw_buttons(ctx, card, {at.x, pinned_y}, width, true);
        list.ChannelsSetCurrent(1);
        ImGui::PushClipRect(ImGui::GetWindowPos(), {at.x + width + look.px(8), low.y}, true);
    }
    float y = at.y;
    const float why_end = y + look.whole_px(20) * 1.5f; // two lines at most
    for (std::size_t i = 0; i < card.why.size() && y < why_end && i < 2; ++i) {
        ImGui::PushID(static_cast<int>(i));
        y += draw_why(ctx, card.why[i], {at.x, y}, width);
        ImGui::PopID();
    }
    y += draw_code(ctx, card, {at.x, y + look.px(6)}, width) + look.px(14);
    if (!is_pinned) buttons_height_ = draw_buttons(ctx, card, {at.x, y}, width, false);
    y += buttons_height_;
    are_buttons_below_ = y > panel_end;
    y += draw_more(ctx, card, {at.x, y + look.px(6)}, width) + look.px(6);
    if (is_pinned) ImGui::PopClipRect();
    return y - at.y;
}

/// Other reads and other causes. Returns the height.
float ProblemsPanel::draw_more(const PanelContext& ctx, const view::ProblemCard& card, ImVec2 at, float width) {
    const Look& look = ctx.look;
    float y = at.y;
    if (!card.more.empty()) {
        std::vector<view::Link> parts{view::Link::plain(card.more + " ")};
        for (const view::Link& part : card.more_links) {
            if (parts.size() > 1) parts.push_back(view::Link::plain(", "));
            parts.push_back(part);
        }
        ImGui::PushID("more");
        y += draw_why(ctx, parts, {at.x, y}, width);
        ImGui::PopID();
    }
    for (const std::string& cause : card.other_causes)
        y += draw_wrapped(ImGui::GetWindowDrawList(), look, TextRole::secondary, {at.x, y}, width, look.px(18),
                          Token::text3, "also applies: " + cause);
    return y - at.y;
}

/// Words wrap one by one, because parts of the sentence are links.
float ProblemsPanel::draw_why(const PanelContext& ctx, const std::vector<view::Link>& parts, ImVec2 at, float width) {
    const Look& look = ctx.look;
    const float height = look.whole_px(20), space = text_width(look, TextRole::body, " ");
    float x = at.x, y = at.y;
    int word_id = 0;
    for (const view::Link& part : parts) {
        std::string_view rest = part.text;
        while (!rest.empty()) {
            const bool is_link = part.target.kind != debug::Selection::Kind::none;
            const std::size_t stop = is_link ? std::string_view::npos : rest.find(' ');
            const std::string_view word = rest.substr(0, stop);
            rest = stop == std::string_view::npos ? std::string_view() : rest.substr(stop + 1);
            const float w = text_width(look, TextRole::body, word);
            if (x > at.x && x + w > at.x + width) {
                x = at.x;
                y += height;
            }
            ImGui::PushID(word_id++);
            x += link(ctx, "word", TextRole::body, x, y, height, {std::string(word), part.target}, "panel:problems",
                      width);
            ImGui::PopID();
            if (stop != std::string_view::npos) x += space;
        }
    }
    return y + height - at.y;
}

float ProblemsPanel::draw_code(const PanelContext& ctx, const view::ProblemCard& card, ImVec2 at, float width) {
    const Look& look = ctx.look;
    // Where it is narrow smaller letters say as much in fewer lines.
    const float room = width - look.px(code_left + code_right);
    const bool is_narrow = std::ranges::any_of(
        card.code, [&](const view::CardLine& line) { return text_width(look, TextRole::mono, line.code) > room; });
    float y = at.y;
    for (std::size_t i = 0; i < card.code.size(); ++i) {
        ImGui::PushID(static_cast<int>(i));
        y += draw_code_line(ctx, card.code[i], is_narrow ? TextRole::mono_small : TextRole::mono, {at.x, y}, width) +
             look.px(3);
        ImGui::PopID();
    }
    return y - at.y;
}

namespace {

/// Wrapped as people break code: after a blank, a comma or a bracket; what goes on below is indented.
std::vector<std::string_view> code_lines(const Look& look, TextRole role, float room, float indent,
                                         std::string_view code) {
    std::vector<std::string_view> lines;
    while (!code.empty()) {
        const float width = lines.empty() ? room : room - indent;
        std::size_t end = code.size();
        if (text_width(look, role, code) > width) {
            end = std::max<std::size_t>(fitting_size(look, role, code, width), 1);
            const std::size_t border = code.substr(0, end).find_last_of(" ,([{");
            if (border != std::string_view::npos && border > 0) end = border + 1;
        }
        lines.push_back(code.substr(0, end));
        code.remove_prefix(end);
        code.remove_prefix(std::min(code.find_first_not_of(' '), code.size()));
    }
    return lines;
}

} // namespace

float ProblemsPanel::draw_code_line(const PanelContext& ctx, const view::CardLine& line, TextRole role, ImVec2 at,
                                    float width) {
    using Kind = view::CardLine::Kind;
    constexpr std::size_t most = 2; // lines on the screen
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float first = look.whole_px(code_height), next = look.whole_px(18), left = at.x + look.px(code_left);
    const float room = at.x + width - look.px(code_right) - left, indent = look.px(16);
    std::vector<std::string_view> lines = code_lines(look, role, room, indent, line.code);
    const bool is_cut = lines.size() > most;
    if (is_cut) lines.resize(most);
    const float height = first + next * static_cast<float>(std::max<std::size_t>(lines.size(), 1) - 1);
    const ImVec2 end{at.x + width, at.y + height};
    const Hit row = hit("code", at, end);
    const bool failed = line.kind == Kind::failed, added = line.kind == Kind::added;
    list.AddRectFilled(at, end, look[failed ? Token::fail_bg : added ? Token::fix_bg : Token::bg3], look.px(3));
    const Token ink = failed ? Token::fail : added ? Token::fix : Token::text2;
    draw_text_in_row(list, look, TextRole::caption, at.x + look.px(8), at.y, first, ink, line.word);
    draw_text_right(list, look, TextRole::mono_small, at.x + look.px(74), at.y, first, Token::text3,
                    line.line > 0 ? std::to_string(line.line) : "");
    const Token code_ink = line.kind == Kind::removed ? Token::text2 : Token::text1;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const float x = left + (i > 0 ? indent : 0), y = at.y + next * static_cast<float>(i);
        std::string text(lines[i]);
        if (is_cut && i + 1 == most) text = fit_text(look, role, text + "…", room - indent);
        const float w = draw_text_in_row(list, look, role, x, y, first, code_ink, text);
        if (line.kind == Kind::removed) draw_hline(list, x, x + w, y + first / 2, look[Token::text2]);
    }
    if (row.hovered) ctx.hovered = view::select_statement(line.statement);
    if (is_cut) tooltip(look, line.code);
    if (row.clicked && line.statement.valid())
        push_select(ctx, view::select_statement(line.statement), "panel:problems");
    return height;
}

/// Returns the height. `has_one_row`: those that do not fit beside the first are left out.
float ProblemsPanel::draw_buttons(const PanelContext& ctx, const view::ProblemCard& card, ImVec2 at, float width,
                                  bool has_one_row) {
    using Check = view::ProblemCard::Check;
    const Look& look = ctx.look;
    ButtonRows rows(look, at, width);
    const float height = rows.row_height();
    const auto add = [&](const char* id, std::string_view icon, std::string_view title, ButtonTone tone, bool enabled) {
        if (has_one_row && !rows.has_room(icon, title)) return false;
        return button(look, id, rows.place(icon, title), height, icon, title, tone, enabled, nullptr);
    };
    const auto push = [&](const std::string& command, const std::string& argument = "") {
        ctx.commands.push(command, argument, "panel:problems");
    };
    if (card.check != Check::no_fix) {
        const bool sure = card.check == Check::verified || card.check == Check::checking;
        const std::string_view title = card.check == Check::failed ? "Apply without check" : "Apply and rerun";
        if (add("apply", icon::apply_fix, title, sure ? ButtonTone::fix : ButtonTone::idle,
                !ctx.stamp.busy && card.is_current))
            push("fix.apply");
        tooltip(look, !card.is_current ? "Go to this failure first, F4"
                                       : card.fix_titles.front() + ", Ctrl+Enter\n" + card.check_text);
    }
    if (!card.is_current && add("go", icon::go_to_failure, "Go to failure", ButtonTone::idle, !ctx.stamp.busy))
        push("go.failure");
    for (std::size_t i = 0; i < card.actions.size(); ++i) {
        const view::ProblemAction& action = card.actions[i];
        ImGui::PushID(static_cast<int>(i));
        if (add("action", "", action.title, ButtonTone::idle, !ctx.stamp.busy)) push(action.command, action.argument);
        ImGui::PopID();
    }
    if (!card.cause.empty() && add("explain", "", "Explain", ButtonTone::idle, true)) push("help.explain", card.cause);
    if (add("copy", "", "Copy error", ButtonTone::idle, true)) ImGui::SetClipboardText(card.error_text.c_str());
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const Token ink = card.check == Check::verified ? Token::fix : Token::text3;
    const std::string mark = card.check == Check::verified ? std::string(icon::verified) + "  " : "";
    const std::string text = mark + card.check_text;
    if (rows.next().x + text_width(look, TextRole::body, text) <= at.x + width)
        draw_text_right(list, look, TextRole::body, at.x + width, rows.next().y, height, ink, text);
    return rows.height();
}

float ProblemsPanel::draw_warning(const PanelContext& ctx, const view::WarningCard& warning, ImVec2 at, float width) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float left = at.x + look.px(18), right = at.x + width - look.px(14), line = look.whole_px(20);
    const float code_width = text_width(look, TextRole::mono_small, warning.code) + look.px(12);
    const float inner = right - left - code_width - look.px(12);
    const float text_height =
        draw_wrapped(nullptr, look, TextRole::body, {}, inner, line, Token::text1, warning.summary);
    const ImVec2 end{at.x + width, at.y + text_height + look.px(36)};
    draw_box(list, at, end, look[Token::bg2], look[Token::line1], look.px(6));
    list.AddRectFilled(at, {at.x + look.px(4), end.y}, look[Token::warn], look.px(2));
    draw_wrapped(&list, look, TextRole::body, {left, at.y + look.px(8)}, inner, line, Token::text1, warning.summary);
    const Hit state = hit("cause", {right - code_width, at.y + look.px(9)}, {right, at.y + look.px(27)});
    chip(list, look, {right - code_width, at.y + look.px(9)}, look.px(18), warning.code);
    tooltip(look, "Explain this warning");
    if (state.clicked) ctx.commands.push("help.explain", warning.code, "panel:problems");
    link(ctx, "where", TextRole::secondary, left, at.y + look.px(10) + text_height, look.px(18), warning.where,
         "panel:problems");
    return end.y - at.y;
}

void ProblemsPanel::draw_reads(const PanelContext& ctx, const Rect& body, const view::ProblemsView& view) {
    const Look& look = ctx.look;
    if (view.preflight.empty()) return draw_empty(look, body, view.no_preflight);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(22);
    // Where it is narrow the names come first: the cause gives way, then the run, then the line.
    const float width = body.width();
    const bool has_cause = width >= look.px(430), has_run = width >= look.px(290), has_line = width >= look.px(220);
    const float right = body.b.x - look.px(12), cause_x = has_cause ? right - look.px(150) : right,
                run_x = has_run ? cause_x - look.px(52) : cause_x, line_x = has_line ? run_x - look.px(60) : run_x,
                variable_x = body.a.x + look.px(32);
    const auto head = [&](float x, const char* word) {
        draw_text_in_row(list, look, TextRole::caption, x, body.a.y, height, Token::text2, word);
    };
    head(variable_x, width >= look.px(250) ? "variable, read by" : "variable");
    if (has_line) head(line_x, "line");
    if (has_run) head(run_x, "run");
    if (has_cause) head(cause_x, "cause");
    draw_hline(list, body.a.x, body.b.x, body.a.y + height - 1, look[Token::line1]);
    Child rows("preflight-rows", {{body.a.x, body.a.y + height}, body.b});
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    ImDrawList& inside = *ImGui::GetWindowDrawList();
    ImGuiListClipper clipper;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    clipper.Begin(static_cast<int>(view.preflight.size()), height);
    while (clipper.Step())
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
            const view::PreflightRow& row = view.preflight[static_cast<std::size_t>(i)];
            const float y = origin.y + static_cast<float>(i) * height;
            ImGui::PushID(i);
            draw_state(inside, look, row.behind_another ? StateMark::declared : StateMark::uninitialized,
                       {body.a.x + look.px(18), y + height / 2});
            (void)hit("mark", {body.a.x + look.px(8), y}, {variable_x, y + height});
            tooltip(look, std::string(row.behind_another ? "Fails once the reads before it are mended"
                                                         : "Can be the first read to fail") +
                              ": " + row.cause);
            const debug::Selection target = row.variable_id.valid()
                                                ? view::select_variable(ctx.debugger, row.variable_id)
                                                : view::select_node(ctx.debugger, row.node);
            link(ctx, "variable", TextRole::mono, variable_x, y, height, {row.variable, target}, "panel:problems",
                 line_x - variable_x - look.px(12));
            if (has_line)
                link(ctx, "line", TextRole::body, line_x, y, height, {row.line, view::select_statement(row.statement)},
                     "panel:problems");
            if (has_run) draw_text_in_row(inside, look, TextRole::body, run_x, y, height, Token::text2, row.run);
            if (has_cause)
                draw_text_in_row(inside, look, TextRole::mono_small, cause_x, y, height, Token::text2,
                                 fit_text(look, TextRole::mono_small, row.cause, right - cause_x));
            ImGui::PopID();
        }
    clipper.End();
    ImGui::PopStyleVar();
}

} // namespace rnnscope::ui
