#include "ui/panels/answers_panel.hpp"

#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <algorithm>

namespace rnnscope::ui {

using debug::AnswerColumn;
using debug::AnswerRow;

namespace {

constexpr float answer_row_height = 22, answer_head_height = 20, answer_tab_height = 26;
constexpr const char* from_answers = "panel:answers";

bool is_number_column(AnswerColumn column) {
    return column >= AnswerColumn::session;
}

/// Names in mono, words in the body's font, numbers small.
TextRole role_of(const debug::AnswerPart& part) {
    if (is_number_column(part.column)) return TextRole::mono_small;
    if (part.column == AnswerColumn::value) return TextRole::mono_small;
    return part.target.kind != debug::Selection::Kind::none ? TextRole::mono : TextRole::body;
}

float cell_width(const Look& look, const AnswerRow& row, AnswerColumn column) {
    float width = 0;
    bool is_apart = false;
    for (const debug::AnswerPart& part : row.parts) {
        if (part.is_glue || part.column != column || part.text.empty()) continue;
        if (is_apart) width += text_width(look, TextRole::mono_small, ", ");
        width += text_width(look, role_of(part), part.text);
        is_apart = !part.text.ends_with(' ');
    }
    if (column == AnswerColumn::at && width == 0)
        width = text_width(look, TextRole::mono_small, view::cell_text(row, column));
    return width;
}

} // namespace

void AnswersPanel::draw(const PanelContext& ctx, const Rect& rect) {
    Child panel("answers", rect, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const std::uint64_t revision = ctx.debugger.answers().revision();
    if (revision != revision_ || !(ctx.stamp == stamp_) || filter_ != built_filter_) {
        if (revision != revision_) { // another answer is read from its beginning
            cursor_ = 0;
            show_cursor_ = true;
            followed_ = ctx.debugger.position();
        }
        view_ = view::build_answers(ctx.debugger, filter_);
        revision_ = revision;
        stamp_ = ctx.stamp;
        built_filter_ = filter_;
        laid_out_width_ = 0;
    }
    is_focused_ = ImGui::IsWindowFocused(ImGuiFocusedFlags_ChildWindows);
    const PanelHeader header = panel_header(ctx, rect, icon::answers, "Answers", 34);
    draw_header(ctx, {{header.left + ctx.look.px(16), rect.a.y}, {rect.b.x, header.a.y}});
    Rect body = draw_tabs(ctx, header);
    if (!view_.answer) return draw_empty(ctx.look, body, view_.empty);
    body = draw_head(ctx, body);
    draw_list(ctx, body);
}

/// The filter, and what it hides.
void AnswersPanel::draw_header(const PanelContext& ctx, const Rect& header) {
    const Look& look = ctx.look;
    if (!view_.answer || header.width() < look.px(26)) return;
    const float height = header.height(), y = header.a.y + std::floor((height - look.px(22)) / 2);
    float right = header.b.x - look.px(10);
    if (icon_button(look, "copy", {right - look.px(12), header.a.y + height / 2}, icon::copy, true, "Copy as text"))
        ImGui::SetClipboardText(to_text(*view_.answer).c_str());
    right -= look.px(32);
    const float field = std::min(look.px(200), right - header.a.x);
    if (field < look.px(60)) return;
    text_field(look, "##filter", {right - field, y}, {right, y + look.px(22)}, filter_, "Filter, Ctrl+F", icon::filter,
               std::exchange(focus_filter_, false));
}

/// The answers that are kept, and the way back and forward through them.
Rect AnswersPanel::draw_tabs(const PanelContext& ctx, const Rect& rect) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(answer_tab_height);
    const Rect body{{rect.a.x, rect.a.y + height}, rect.b};
    if (view_.tabs.empty()) return body;
    draw_hline(list, rect.a.x, rect.b.x, rect.a.y + height - 1, look[Token::line1]);
    const debug::AnswerShelf& shelf = ctx.debugger.answers();
    const float middle = rect.a.y + height / 2;
    if (icon_button(look, "back", {rect.a.x + look.px(20), middle}, icon::back, shelf.can_go(-1),
                    "Answer before, Alt+Shift+Left"))
        ctx.commands.push("answer.back", "", from_answers);
    if (icon_button(look, "forward", {rect.a.x + look.px(44), middle}, icon::forward, shelf.can_go(+1),
                    "Answer after, Alt+Shift+Right"))
        ctx.commands.push("answer.forward", "", from_answers);
    const float left = rect.a.x + look.px(64), right = rect.b.x - look.px(8), gap = look.px(14);
    const auto width_of = [&](const view::AnswerTab& tab) {
        return text_width(look, tab.is_shown ? TextRole::body_bold : TextRole::body, tab.title) + look.px(18);
    };
    // The newest stand at the right; the shown one is always there.
    std::size_t first = 0;
    const auto end_of = [&](std::size_t from) {
        float x = left;
        for (std::size_t i = from; i < view_.tabs.size() && i <= shelf.index(); ++i) x += width_of(view_.tabs[i]) + gap;
        return x;
    };
    while (first < shelf.index() && end_of(first) > right) ++first;
    float x = left;
    for (std::size_t i = first; i < view_.tabs.size(); ++i) {
        const view::AnswerTab& tab = view_.tabs[i];
        const float close = look.px(16);
        const float width = std::min(width_of(tab), right - x);
        if (width < look.px(60) && i > first) break;
        const TextRole role = tab.is_shown ? TextRole::body_bold : TextRole::body;
        ImGui::PushID(static_cast<int>(i));
        const Hit state = hit("tab", {x, rect.a.y}, {x + width - close, rect.a.y + height});
        tooltip(look, tab.whole);
        if (state.clicked) ctx.commands.push("answer.show", std::to_string(i + 1), from_answers);
        draw_text_in_row(list, look, role, x, rect.a.y, height,
                         tab.is_shown || state.hovered ? Token::text1 : Token::text2,
                         fit_text(look, role, tab.title, width - close));
        if (tab.is_shown)
            list.AddRectFilled({x, rect.a.y + height - look.px(2)}, {x + width - close, rect.a.y + height},
                               look[Token::accent]);
        if (icon_button(look, "close", {x + width - close / 2 + look.px(2), middle}, icon::close, true, "Close answer",
                        10, Token::text3))
            ctx.commands.push("answer.close", std::to_string(i + 1), from_answers);
        ImGui::PopID();
        x += width + gap;
    }
    return body;
}

/// The names of the columns, and before them why something cannot be seen.
Rect AnswersPanel::draw_head(const PanelContext& ctx, const Rect& body) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float head = look.whole_px(answer_head_height);
    std::string note = view_.other;
    if (note.empty() && view_.hidden > 0) note = view::count_text(view_.hidden, "row") + " hidden";
    measure(look);
    const Rect rows{{body.a.x, body.a.y + head}, body.b};
    const Columns columns = place_columns(look, rows);
    for (std::size_t c = 0; c < debug::answer_columns; ++c) {
        const auto column = static_cast<AnswerColumn>(c);
        const std::string_view name = view::name_of(*view_.answer, column);
        if (!columns.is_shown[c] || name.empty()) continue;
        if (is_number_column(column))
            draw_text_right(list, look, TextRole::caption, columns.x[c] + columns.width[c], body.a.y, head,
                            Token::text2, name);
        else if (note.empty())
            draw_text_in_row(list, look, TextRole::caption, columns.x[c], body.a.y, head, Token::text2,
                             fit_text(look, TextRole::caption, name, columns.width[c]));
    }
    if (!note.empty()) {
        float end = columns.right;
        for (std::size_t c = debug::answer_columns; c-- > static_cast<std::size_t>(AnswerColumn::session);)
            if (columns.is_shown[c]) end = columns.x[c];
        const float room = end - columns.marks - look.px(30);
        draw_text_in_row(list, look, TextRole::caption, columns.marks + look.px(16), body.a.y, head,
                         view_.other.empty() ? Token::text2 : Token::warn,
                         fit_text(look, TextRole::caption, note, room));
    }
    draw_hline(list, body.a.x, body.b.x, rows.a.y - 1, look[Token::line1]);
    return rows;
}

/// How wide each column would like to be.
void AnswersPanel::measure(const Look& look) {
    if (measured_ == view_.answer.get() && measured_scale_ == look.scale) return;
    measured_ = view_.answer.get();
    measured_scale_ = look.scale;
    laid_out_width_ = 0;
    wanted_.fill(0);
    for (std::size_t c = 0; c < debug::answer_columns; ++c) {
        const auto column = static_cast<AnswerColumn>(c);
        wanted_[c] = text_width(look, TextRole::caption, view::name_of(*view_.answer, column));
        for (const AnswerRow& row : view_.answer->rows)
            if (row.kind == AnswerRow::Kind::entry && row.shown != AnswerRow::Shown::in_terminal)
                wanted_[c] = std::max(wanted_[c], std::ceil(cell_width(look, row, column)));
    }
}

AnswersPanel::Columns AnswersPanel::place_columns(const Look& look, const Rect& body) const {
    Columns out;
    const float gap = look.px(16);
    out.marks = body.a.x + look.px(18);
    out.right = body.b.x - look.px(14);
    out.is_shown = view_.columns;
    const auto is_shown = [&](AnswerColumn column) -> bool& { return out.is_shown[static_cast<std::size_t>(column)]; };
    // Names keep a width that can be read. Numbers give way to them, the place to go to last of all.
    const auto room_of_names = [&] {
        float room = out.right - body.a.x - look.px(34);
        for (std::size_t c = 0; c < debug::answer_columns; ++c)
            if (out.is_shown[c] && (c == 0 || is_number_column(static_cast<AnswerColumn>(c)))) room -= wanted_[c] + gap;
        const float names = static_cast<float>(is_shown(AnswerColumn::what) + is_shown(AnswerColumn::by) +
                                               is_shown(AnswerColumn::value));
        return names > 0 ? room / names : room;
    };
    for (const AnswerColumn column : {AnswerColumn::session, AnswerColumn::run, AnswerColumn::event, AnswerColumn::step,
                                      AnswerColumn::line, AnswerColumn::by, AnswerColumn::lead, AnswerColumn::at})
        if (room_of_names() < look.px(84)) is_shown(column) = false;
    float right = out.right;
    for (std::size_t c = debug::answer_columns; c-- > static_cast<std::size_t>(AnswerColumn::session);) {
        if (!out.is_shown[c]) continue;
        out.width[c] = wanted_[c];
        out.x[c] = right - wanted_[c];
        right = out.x[c] - gap;
    }
    float x = body.a.x + look.px(34);
    const auto place = [&](AnswerColumn column, float width) {
        const auto c = static_cast<std::size_t>(column);
        if (!out.is_shown[c]) return;
        out.x[c] = x;
        out.width[c] = std::max(0.0f, width);
        x += out.width[c] + gap;
    };
    const auto wanted = [&](AnswerColumn column) {
        const auto c = static_cast<std::size_t>(column);
        return out.is_shown[c] ? wanted_[c] : 0.0f;
    };
    place(AnswerColumn::lead, wanted(AnswerColumn::lead));
    // What does not fit is taken from the names, which can be cut from the left, and last from the values.
    const int flexible = (out.is_shown[1] ? 1 : 0) + (out.is_shown[2] ? 1 : 0) + (out.is_shown[3] ? 1 : 0);
    const float room = right - x - gap * static_cast<float>(std::max(0, flexible - 1));
    float what = wanted(AnswerColumn::what), by = wanted(AnswerColumn::by), value = wanted(AnswerColumn::value);
    if (what + by + value > room) {
        value = std::min(value, std::max(room * 0.35f, room - what - by));
        const float names = room - value, all = what + by;
        if (all > names && all > 0) {
            const float least = std::min(by, names * 0.5f);
            what = std::max(names * what / all, std::min(what, names - least));
            by = names - what;
        }
    }
    place(AnswerColumn::what, what);
    place(AnswerColumn::by, by);
    place(AnswerColumn::value, value);
    return out;
}

/// Where each line begins: sentences wrap.
void AnswersPanel::lay_out(const Look& look, float width) {
    if (laid_out_width_ == width && tops_.size() == view_.lines.size() + 1) return;
    laid_out_width_ = width;
    tops_.clear();
    float y = look.px(4);
    for (std::size_t i = 0; i < view_.lines.size(); ++i) {
        const AnswerRow& row = *view_.lines[i].row;
        if (row.kind == AnswerRow::Kind::heading && i > 0) y += look.px(8);
        tops_.push_back(y);
        y += look.whole_px(answer_row_height);
    }
    tops_.push_back(y);
}

void AnswersPanel::draw_list(const PanelContext& ctx, const Rect& body) {
    const Look& look = ctx.look;
    Child rows("answer-rows", body);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const Columns columns = place_columns(look, body);
    const float width = body.width() - look.px(34 + 14);
    const bool lays_out = laid_out_width_ != width;
    lay_out(look, width);
    if (lays_out) { // sentences that need more than a line
        float more = 0;
        for (std::size_t i = 0; i < view_.lines.size(); ++i) {
            tops_[i] += more;
            if (view_.lines[i].row->kind == AnswerRow::Kind::entry) continue;
            more += draw_sentence(ctx, view_.lines[i], {0, 0}, width, false) - look.whole_px(answer_row_height);
        }
        tops_.back() += more;
    }
    read_keys(ctx);
    const float scroll = ImGui::GetScrollY(), visible = body.height();
    std::size_t follow = std::exchange(show_cursor_, false) ? cursor_ : SIZE_MAX;
    if (followed_ != ctx.debugger.position()) { // the row at the position comes into sight once
        followed_ = ctx.debugger.position();
        for (std::size_t i = 0; i < view_.lines.size(); ++i)
            if (view_.lines[i].is_now || view_.lines[i].now_follows) follow = i;
    }
    if (follow < view_.lines.size() && (tops_[follow] < scroll || tops_[follow + 1] > scroll + visible))
        ImGui::SetScrollY(std::max(0.0f, tops_[follow] - visible / 2));
    const auto first = std::ranges::upper_bound(tops_, scroll);
    for (std::size_t i = first == tops_.begin() ? 0 : static_cast<std::size_t>(first - tops_.begin()) - 1;
         i < view_.lines.size() && tops_[i] < scroll + visible; ++i) {
        ImGui::PushID(static_cast<int>(i));
        draw_line(ctx, i, {at.x, at.y + tops_[i]}, columns);
        ImGui::PopID();
    }
    if (!view_.empty.empty()) draw_empty(look, body, view_.empty);
    ImGui::SetCursorScreenPos({at.x, at.y + tops_.back() + look.px(8)});
    ImGui::Dummy({1, 1});
}

void AnswersPanel::draw_line(const PanelContext& ctx, std::size_t index, ImVec2 at, const Columns& columns) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const view::AnswerLine& line = view_.lines[index];
    const float height = look.whole_px(answer_row_height), right = columns.right + look.px(14);
    const ImVec2 end{right, at.y + tops_[index + 1] - tops_[index]};
    const bool is_entry = line.row->kind == AnswerRow::Kind::entry;
    const ImVec2 row_end{right, is_entry ? at.y + height : end.y};
    const bool hovered = ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(at, row_end);
    const bool can_go = line.row->at && view_.other.empty();
    if (line.is_now)
        list.AddRectFilled(at, row_end, look[Token::now_bg]);
    else if (hovered && can_go)
        list.AddRectFilled(at, row_end, look[Token::bg3]);
    if (line.is_now) list.AddRectFilled(at, {at.x + look.px(3), row_end.y}, look[Token::now]);
    if (index == cursor_ && is_focused_ && is_entry)
        compat::add_rect(list, {at.x + 1, at.y}, {right - 1, row_end.y}, look[Token::accent], look.px(3));
    const ImVec2 mark{columns.marks, at.y + height / 2};
    if (line.mark != view::StateMark::none)
        draw_state(list, look, line.mark, mark, 4.5f, line.is_now ? Token::now_bg : Token::bg1);
    else if (line.row->mark == AnswerRow::Mark::fails || line.row->mark == AnswerRow::Mark::works) {
        const bool fails = line.row->mark == AnswerRow::Mark::fails;
        const char* sign = fails ? icon::close : icon::verified;
        const ImVec2 size = text_size(look, TextRole::caption, sign);
        draw_text(list, look, TextRole::caption, {mark.x - size.x / 2, mark.y - size.y / 2},
                  fails ? Token::fail : Token::text2, sign);
    }
    over_link_ = false;
    if (is_entry)
        draw_entry(ctx, line, at, columns);
    else
        draw_sentence(ctx, line, {at.x + look.px(34), at.y}, right - look.px(14) - at.x - look.px(34), true);
    if (line.now_follows) list.AddRectFilled({at.x, row_end.y - 1}, {right, row_end.y + 1}, look[Token::now]);
    if (!hovered || over_link_ || !ImGui::IsMouseReleased(0)) return;
    cursor_ = index;
    if (can_go) go(ctx, *line.row->at);
}

void AnswersPanel::draw_entry(const PanelContext& ctx, const view::AnswerLine& line, ImVec2 at,
                              const Columns& columns) {
    const Look& look = ctx.look;
    const float height = look.whole_px(answer_row_height);
    std::array<float, debug::answer_columns> used{};
    std::array<bool, debug::answer_columns> is_apart{}; ///< the last part of the column does not lead to the next
    const bool is_ahead = line.row->at && !line.is_past && view_.other.empty();
    for (std::size_t p = 0; p < line.row->parts.size(); ++p) {
        const debug::AnswerPart& part = line.row->parts[p];
        const auto c = static_cast<std::size_t>(part.column);
        if (part.is_glue || part.text.empty() || !columns.is_shown[c]) continue;
        const TextRole role = role_of(part);
        const Token ink = is_number_column(part.column) || part.column == AnswerColumn::lead ||
                                  part.column == AnswerColumn::value || is_ahead
                              ? Token::text2
                              : Token::text1;
        ImGui::PushID(static_cast<int>(p));
        if (is_number_column(part.column)) {
            const float width = text_width(look, role, part.text);
            draw_part(ctx, part, part.text, role, columns.x[c] + columns.width[c] - width, at.y, height, ink);
        } else {
            float x = columns.x[c] + used[c];
            const float room = columns.width[c] - used[c];
            if (is_apart[c])
                x += draw_text_in_row(*ImGui::GetWindowDrawList(), look, TextRole::mono_small, x, at.y, height, ink,
                                      ", ");
            const bool is_name = part.target.kind != debug::Selection::Kind::none;
            const std::string shown =
                fit_text(look, role, is_name ? fit_path(look, role, part.text, room) : part.text, room);
            x += draw_part(ctx, part, shown, role, x, at.y, height, ink);
            used[c] = x - columns.x[c];
            is_apart[c] = !part.text.ends_with(' ');
        }
        ImGui::PopID();
    }
    const auto at_column = static_cast<std::size_t>(AnswerColumn::at);
    const bool says_place =
        std::ranges::any_of(line.row->parts, [](const debug::AnswerPart& part) { return part.at.has_value(); });
    if (!line.row->at || says_place || !columns.is_shown[at_column]) return;
    debug::AnswerPart place{view::cell_text(*line.row, AnswerColumn::at), AnswerColumn::at};
    place.at = line.row->at;
    const float width = text_width(look, TextRole::mono_small, place.text);
    draw_part(ctx, place, place.text, TextRole::mono_small, columns.x[at_column] + columns.width[at_column] - width,
              at.y, height, Token::text2);
}

/// A piece of text that may be a link. Returns its width.
float AnswersPanel::draw_part(const PanelContext& ctx, const debug::AnswerPart& part, std::string_view shown,
                              TextRole role, float x, float y, float height, Token ink) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float width = text_width(look, role, shown);
    const bool is_place = part.at && view_.other.empty();
    const bool is_name = view::is_link(ctx.debugger, part);
    if (is_place) ink = Token::accent;
    bool lit = is_name && ctx.lit == part.target;
    if ((is_place || is_name) && width > 0) {
        const Hit state = hit("part", {x, y}, {x + width, y + height});
        if (state.hovered) {
            over_link_ = lit = true;
            ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
            if (is_name) ctx.hovered = part.target;
        }
        if (shown != part.text) tooltip(look, part.text);
        if (state.clicked && is_place) go(ctx, *part.at);
        if (state.clicked && is_name) push_select(ctx, part.target, from_answers);
        if (state.wants_menu && is_name) push_menu(ctx, part.target, from_answers);
    }
    draw_text_in_row(list, look, role, x, y, height, lit ? Token::accent : ink, shown);
    if (lit)
        draw_hline(list, x, x + width, y + (height + look.font(role)->FontSize) / 2 - look.px(2), look[Token::accent]);
    return width;
}

/// Words wrap one by one, links stay whole. Returns the height; with `draws` false only that.
float AnswersPanel::draw_sentence(const PanelContext& ctx, const view::AnswerLine& line, ImVec2 at, float width,
                                  bool draws) {
    const Look& look = ctx.look;
    const AnswerRow& row = *line.row;
    const float height = look.whole_px(answer_row_height);
    const bool has_links = std::ranges::any_of(row.parts, [](const debug::AnswerPart& part) {
        return part.target.kind != debug::Selection::Kind::none || part.at;
    });
    // The name is the title; what is said of it around stands back.
    const bool is_bold = row.kind == AnswerRow::Kind::heading || (row.kind == AnswerRow::Kind::title && !has_links);
    const TextRole words = is_bold ? TextRole::body_bold : TextRole::body;
    float x = at.x, y = at.y;
    bool is_start = true;
    for (std::size_t p = 0; p < row.parts.size(); ++p) {
        const debug::AnswerPart& part = row.parts[p];
        const bool is_link = part.target.kind != debug::Selection::Kind::none || part.at;
        const TextRole role =
            part.target.kind != debug::Selection::Kind::none && part.target.kind != debug::Selection::Kind::statement
                ? TextRole::mono
                : words;
        std::string_view rest = part.text;
        for (int word = 0; !rest.empty(); ++word) {
            const std::size_t size = is_link ? rest.size() : std::min(rest.find(' ', 1), rest.size());
            std::string piece(rest.substr(0, size));
            rest.remove_prefix(size);
            if (is_start) piece.erase(0, piece.find_first_not_of(' ')); // what indents it in the terminal
            if (piece.empty()) continue;
            if (is_link) piece = fit_text(look, role, fit_path(look, role, piece, width), width);
            float wide = text_width(look, role, piece);
            if (x + wide > at.x + width && x > at.x) {
                x = at.x;
                y += height;
                piece.erase(0, piece.find_first_not_of(' '));
                wide = text_width(look, role, piece);
            }
            is_start = false;
            if (draws) {
                ImGui::PushID(static_cast<int>(p) * 1000 + word);
                if (is_link)
                    draw_part(ctx, part, piece, role, x, y, height, Token::text1);
                else
                    draw_text_in_row(*ImGui::GetWindowDrawList(), look, role, x, y, height,
                                     is_bold ? Token::text1 : Token::text2, piece);
                ImGui::PopID();
            }
            x += wide;
        }
    }
    return y + height - at.y;
}

/// Up and Down move a cursor over the rows, Enter goes to the place of its row.
void AnswersPanel::read_keys(const PanelContext& ctx) {
    if (!is_focused_ || ImGui::GetIO().WantTextInput || view_.lines.empty()) return;
    const auto step = [&](int by) {
        for (std::size_t i = cursor_ == SIZE_MAX ? (by > 0 ? SIZE_MAX : view_.lines.size()) : cursor_;;) {
            i += static_cast<std::size_t>(by);
            if (i >= view_.lines.size()) return;
            if (view_.lines[i].row->kind != AnswerRow::Kind::entry) continue;
            cursor_ = i;
            show_cursor_ = true;
            return;
        }
    };
    const ImGuiIO& io = ImGui::GetIO();
    if (io.KeyAlt || io.KeyCtrl || io.KeyShift) return;
    if (compat::key_pressed(compat::key_down)) step(+1);
    if (compat::key_pressed(compat::key_up)) step(-1);
    if (cursor_ < view_.lines.size() && compat::key_pressed(compat::key_enter, false)) {
        const AnswerRow& row = *view_.lines[cursor_].row;
        if (row.at && view_.other.empty()) return go(ctx, *row.at);
        for (const debug::AnswerPart& part : row.parts)
            if (view::is_link(ctx.debugger, part)) return push_select(ctx, part.target, from_answers);
    }
}

void AnswersPanel::go(const PanelContext& ctx, record::Position position) {
    ctx.commands.push("go.position", std::to_string(position.ticks), from_answers);
}

} // namespace rnnscope::ui
