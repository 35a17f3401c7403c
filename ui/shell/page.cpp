#include "ui/shell/page.hpp"

#include "core/view/answers_view.hpp"
#include "core/view/source_view.hpp"
#include "ui/shell/ui_commands.hpp"
#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/syntax.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace rnnscope::ui {

namespace {

constexpr float page_head = 46, page_line = 20, page_code_line = 18, page_key_row = 26, page_key_width = 150;
constexpr const char* from_page = "page";

/// A key as it is printed on the keyboard: each in a field of its own. Returns the width.
float draw_key(ImDrawList& list, const Look& look, ImVec2 at, float height, std::string_view key) {
    float x = at.x;
    while (!key.empty()) {
        const std::size_t plus = key.find('+', 1); // "Ctrl+Plus" is written out, so "+" only joins
        const std::string_view part = key.substr(0, plus);
        x += chip(list, look, {x, at.y + look.px(3)}, height - look.px(6), part) + look.px(4);
        key.remove_prefix(plus == std::string_view::npos ? key.size() : plus + 1);
    }
    return x - at.x;
}

} // namespace

void Page::show(view::PageView page) {
    page_ = std::move(page);
    is_open_ = true;
    is_keys_ = false;
    content_ = 0;
    heights_.clear();
    to_top_ = true;
}

void Page::show_keys() {
    page_ = {};
    page_.title = "Keys";
    for (const std::string_view menu : menu_names())
        for (const CommandInfo& command : every_command())
            if (command.menu == menu && !command.key.empty())
                page_.text += std::string(command.key) + "\t" + std::string(command.title) + "\n";
    is_open_ = is_keys_ = focus_search_ = to_top_ = true;
    search_.clear();
}

void Page::close() {
    is_open_ = false;
}

void Page::draw(const PanelContext& ctx, const Rect& body) {
    if (!is_open_) return;
    const Look& look = ctx.look;
    const float width = std::min(look.px(760), body.width() - look.px(32));
    const float most = body.height() - std::min(look.px(80), body.height() * 0.16f);
    const bool is_measured = content_ > 0 || is_keys_;
    const float height = is_measured && !is_keys_ ? std::min(most, content_) : most;
    const float left = is_measured ? std::floor((body.width() - width) / 2) : 2 * body.b.x; // out of sight until then
    ImGui::SetNextWindowPos({left, std::floor(body.a.y + (body.height() - height) / 2)});
    ImGui::SetNextWindowSize({width, height});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1.0f);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, look.px(6));
    ImGui::PushStyleColor(ImGuiCol_WindowBg, look[Token::bg2]);
    ImGui::Begin("##page", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
    const ImVec2 at = ImGui::GetWindowPos();
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float head = look.whole_px(page_head), middle = at.y + head / 2;
    float right = at.x + width - look.px(24);
    bool close = icon_button(look, "close", {right, middle}, icon::close, true, "Close, Escape");
    right -= look.px(28);
    if (icon_button(look, "copy", {right, middle}, icon::copy, true, "Copy as text"))
        ImGui::SetClipboardText(page_.text.c_str());
    right -= look.px(24);
    float x = at.x + look.px(20);
    if (is_keys_ && right - x > look.px(190)) {
        const float field = std::min(look.px(260), right - x - look.px(80));
        text_field(look, "##search", {right - field, middle - look.px(12)}, {right, middle + look.px(12)}, search_,
                   "Key or command", icon::find, std::exchange(focus_search_, false));
        right -= field + look.px(12);
    }
    const float code = page_.code.empty() ? 0 : text_width(look, TextRole::mono_small, page_.code) + look.px(24);
    const bool has_code = code > 0 && right - x > code + look.px(160);
    x += draw_text_in_row(list, look, TextRole::title, x, at.y, head, Token::text1,
                          fit_text(look, TextRole::title, page_.title, right - x - (has_code ? code : 0)));
    if (has_code) chip(list, look, {x + look.px(12), middle - look.px(10)}, look.px(20), page_.code);
    draw_hline(list, at.x, at.x + width, at.y + head, look[Token::line1]);
    bool followed_link = false; // what it leads to lies below the page
    {
        const Rect inner{{at.x, at.y + head + 1}, {at.x + width, at.y + height - look.px(6)}};
        Child text("text", inner);
        if (std::exchange(to_top_, false)) ImGui::SetScrollY(0);
        const ImVec2 origin = ImGui::GetCursorScreenPos();
        const ImVec2 start{origin.x + look.px(20), origin.y + look.px(12)};
        const float room = width - look.px(48);
        const bool asked_nothing = ctx.commands.empty();
        const float end = is_keys_ ? draw_keys(look, start, room) : draw_blocks(ctx, start, room);
        content_ = end + look.px(30) - start.y + look.whole_px(page_head);
        followed_link = asked_nothing && !ctx.commands.empty();
        ImGui::SetCursorScreenPos({origin.x, end + look.px(16)});
        ImGui::Dummy({1, 1});
    }
    const bool outside = clicked_outside();
    ImGui::End();
    ImGui::PopStyleColor();
    ImGui::PopStyleVar(2);
    if (close || outside || followed_link) is_open_ = false;
}

/// Returns where it ends.
float Page::draw_blocks(const PanelContext& ctx, ImVec2 at, float width) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    using Kind = view::PageBlock::Kind;
    float y = at.y;
    // Long listings: what lies outside is only as high as it was when it was drawn.
    if (measured_at_ != std::pair(width, look.scale) || heights_.size() != page_.blocks.size())
        heights_.assign(page_.blocks.size(), -1);
    measured_at_ = {width, look.scale};
    const float top = list.GetClipRectMin().y, bottom = list.GetClipRectMax().y;
    for (std::size_t i = 0; i < page_.blocks.size(); ++i) {
        const view::PageBlock& block = page_.blocks[i];
        if (heights_[i] >= 0 && (y > bottom || y + heights_[i] < top)) {
            y += heights_[i];
            continue;
        }
        const float before = y;
        ImGui::PushID(static_cast<int>(i));
        switch (block.kind) {
        case Kind::heading:
            if (i > 0) y += look.px(8);
            draw_text_in_row(list, look, TextRole::body_bold, at.x, y, look.px(24), Token::text1, block.spans[0].text);
            y += look.whole_px(28);
            break;
        case Kind::paragraph:
            y += draw_spans(ctx, block, {at.x, y}, width) + look.px(10);
            break;
        case Kind::item:
            list.AddCircleFilled({at.x + look.px(7), y + look.px(page_line / 2)}, look.px(2), look[Token::text2]);
            y += draw_spans(ctx, block, {at.x + look.px(18), y}, width - look.px(18)) + look.px(4);
            break;
        case Kind::code:
            y += draw_code(look, block, {at.x, y}, width) + look.px(12);
            break;
        case Kind::listing:
            y += draw_spans(ctx, block, {at.x, y}, width);
            break;
        }
        heights_[i] = y - before;
        ImGui::PopID();
    }
    return y;
}

/// Words wrap; code stays whole as long as it fits, and a link is one. Returns the height.
float Page::draw_spans(const PanelContext& ctx, const view::PageBlock& block, ImVec2 at, float width) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const bool is_listing = block.kind == view::PageBlock::Kind::listing;
    const float line = look.whole_px(is_listing ? page_code_line : page_line);
    float x = at.x, y = at.y;
    int id = 0;
    for (const view::PageSpan& span : block.spans) {
        const TextRole role = span.is_code ? TextRole::mono : TextRole::body;
        const bool is_link = span.target.kind != debug::Selection::Kind::none;
        std::string_view rest = span.text;
        while (!rest.empty()) {
            const std::size_t first = rest.find_first_not_of(' ');
            const std::size_t end = first == std::string_view::npos ? rest.size()
                                    : is_link                       ? rest.size()
                                                                    : std::min(rest.find(' ', first), rest.size());
            std::string_view piece = rest.substr(0, end);
            rest.remove_prefix(end);
            float wide = text_width(look, role, piece);
            if (x + wide > at.x + width && x > at.x) {
                piece.remove_prefix(std::min(piece.find_first_not_of(' '), piece.size()));
                wide = text_width(look, role, piece);
                x = at.x + (is_listing ? look.px(16) : 0); // what goes on is indented
                y += line;
            }
            if (piece.empty()) continue;
            ImGui::PushID(id++);
            if (is_link)
                link(ctx, "name", role, x, y, line, {std::string(piece), span.target}, from_page, at.x + width - x);
            else
                draw_text_in_row(list, look, role, x, y, line, Token::text1, piece);
            ImGui::PopID();
            x += wide;
        }
    }
    return y + line - at.y;
}

/// Python in its colours. Returns the height.
float Page::draw_code(const Look& look, const view::PageBlock& block, ImVec2 at, float width) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float line = look.whole_px(page_code_line), pad = look.whole_px(8);
    const float label = block.label.empty() ? 0 : look.whole_px(20);
    if (label > 0) draw_text_in_row(list, look, TextRole::caption, at.x, at.y, label, Token::text2, block.label);
    const std::string& code = block.spans[0].text;
    const auto lines = static_cast<float>(std::ranges::count(code, '\n') + 1);
    const ImVec2 low{at.x, at.y + label}, high{at.x + width, low.y + lines * line + 2 * pad};
    draw_box(list, low, high, look[Token::bg1], look[Token::line1], look.px(4));
    list.PushClipRect(low, high, true);
    std::string_view rest = code;
    for (float y = low.y + pad; !rest.empty(); y += line) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        draw_python(list, look, rest.substr(0, end), {low.x + look.px(10), y}, line);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    list.PopClipRect();
    return high.y - at.y;
}

/// By menu, which is what they are about. Returns where it ends.
float Page::draw_keys(const Look& look, ImVec2 at, float width) const {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float row = look.whole_px(page_key_row), key_width = std::min(look.px(page_key_width), width * 0.4f);
    float y = at.y;
    bool any = false;
    for (const std::string_view menu : menu_names()) {
        bool has_heading = false;
        for (const CommandInfo& command : every_command()) {
            if (command.menu != menu || command.key.empty()) continue;
            std::string words;
            for (const std::string_view part : {command.key, command.title, command.summary, menu})
                words += std::string(part) + " ";
            if (!view::passes(words, search_)) continue;
            if (!std::exchange(has_heading, true)) {
                if (any) y += look.px(10);
                draw_text_in_row(list, look, TextRole::body_bold, at.x, y, row, Token::text1, menu);
                y += row;
                draw_hline(list, at.x, at.x + width, y - 1, look[Token::line1]);
            }
            any = true;
            draw_key(list, look, {at.x, y}, row, command.key);
            std::string_view title = command.title;
            if (title.ends_with("…")) title.remove_suffix(std::string_view("…").size());
            float x = at.x + key_width;
            const float room = at.x + width - x;
            x += draw_text_in_row(list, look, TextRole::body, x, y, row, Token::text1,
                                  fit_text(look, TextRole::body, title, room)) +
                 look.px(14);
            if (const float left = at.x + width - x; left > look.px(90))
                draw_text_in_row(list, look, TextRole::caption, x, y, row, Token::text2,
                                 fit_text(look, TextRole::caption, command.summary, left));
            y += row;
        }
    }
    if (!any)
        draw_text_in_row(list, look, TextRole::body, at.x, y, row, Token::text2, "No key matches “" + search_ + "”.");
    return y + row;
}

} // namespace rnnscope::ui
