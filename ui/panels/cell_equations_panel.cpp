#include "ui/panels/cell_panel.hpp"
#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rnnscope::ui {

namespace {

/// A number in a field of its own. Returns its width.
float number_chip(ImDrawList& list, const Look& look, ImVec2 at, double value) {
    const std::string text = view::number_text(value, 4, true);
    const float width = text_width(look, TextRole::mono_large, text) + look.px(8), height = look.whole_px(20);
    list.AddRectFilled(at, {at.x + width, at.y + height}, look[Token::bg3], look.px(3));
    draw_text_in_row(list, look, TextRole::mono_large, at.x + look.px(4), at.y, height, Token::text1, text);
    return width;
}

} // namespace

void CellPanel::draw_equations(const PanelContext& ctx, const view::CellView& view, const Rect& rect) {
    const Look& look = ctx.look;
    draw_hline(*ImGui::GetWindowDrawList(), rect.a.x, rect.b.x, rect.a.y, look[Token::line1]);
    PanelContext strip = ctx; // a title within the panel: the tabs are above
    strip.tabs = nullptr;
    const PanelHeader body = panel_header(strip, {{rect.a.x, rect.a.y + 1}, rect.b}, icon::equations, "Equations");
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(panel_header_height);
    std::string about = fmt::format("unit {}, t = {}, example {}", view.unit, view.step, view.example);
    if (!view.now && !view.is_peek) about = fmt::format("unit {}, example {}", view.unit, view.example);
    if (const float room = rect.b.x - look.px(26) - body.left; room > look.px(40))
        draw_text_right(list, look, TextRole::body, rect.b.x - look.px(12), rect.a.y, height,
                        view.is_peek || peek_.unit ? Token::accent : Token::text2,
                        fit_text(look, TextRole::body, about, room));

    Child scroll("equations", body);
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    const float right = origin.x + body.width() - look.px(12);
    float y = origin.y + look.px(8);
    for (const view::CellEquation& equation : view.equations) {
        ImGui::PushID(equation.letter);
        y += draw_equation(ctx, view, equation, {origin.x + look.px(16), y}, right);
        ImGui::PopID();
        draw_hline(*ImGui::GetWindowDrawList(), origin.x + look.px(16), right, y, look[Token::line1]);
        y += look.px(8);
    }
    y += draw_products(ctx, view, {origin.x + look.px(16), y}, right);
    ImGui::SetCursorScreenPos({origin.x, y + look.px(8)});
    ImGui::Dummy({1, 1});
}

float CellPanel::draw_equation(const PanelContext& ctx, const view::CellView& view, const view::CellEquation& equation,
                               ImVec2 at, float right) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float row = look.whole_px(22), numbers = at.x + look.px(40);
    const view::CellQuantity* quantity = view.quantity(equation.letter);
    const Hit hover = hit("equation", at, {right, at.y + row});
    const debug::Selection target = quantity != nullptr ? quantity->link.target : debug::Selection{};
    const bool lit = target.kind != debug::Selection::Kind::none && (ctx.lit == target || hover.hovered);
    if (hover.hovered) {
        ctx.hovered = target;
        tooltip(look, "Click: its largest products. Right click: its op.");
    }
    if (hover.clicked && !equation.is_products())
        ctx.commands.push("cell.products", std::string(1, equation.letter), "panel:cell");
    if (hover.wants_menu) push_menu(ctx, target, "panel:cell");

    double range = 1;
    for (const view::CellMap& map : maps_.maps())
        if (map.letter == equation.letter) range = map.range;
    const float swatch = look.whole_px(11);
    const ImVec2 s{at.x, at.y + (row - swatch) / 2};
    const bool is_gate = quantity != nullptr && quantity->scale == view::CellScale::gate;
    const Color fill = equation.known ? cell_color(look, is_gate ? view::CellScale::gate : view::CellScale::state,
                                                   equation.result, is_gate ? 0.5 : 0, range)
                                      : look[Token::bg1];
    draw_box(list, s, {s.x + swatch, s.y + swatch}, fill, look[Token::line3], look.px(2));
    draw_text_in_row(list, look, TextRole::mono_bold, at.x + look.px(20), at.y, row, lit ? Token::accent : Token::text1,
                     std::string(1, equation.letter));
    const std::string result = equation.known ? view::number_text(equation.result) : "—";
    const float result_w = text_width(look, TextRole::mono_result, result);
    draw_text_right(list, look, TextRole::mono_result, right, at.y, row, equation.known ? Token::text1 : Token::text3,
                    result);
    draw_text_in_row(list, look, TextRole::mono, numbers, at.y, row, Token::text2,
                     fit_text(look, TextRole::mono, "= " + equation.symbols, right - result_w - look.px(10) - numbers));
    if (quantity != nullptr && quantity->saturated && equation.known) {
        const float word = text_width(look, TextRole::caption, "saturated");
        draw_text_in_row(list, look, TextRole::caption, right - result_w - look.px(12) - word, at.y, row, Token::text2,
                         "saturated");
    }
    float y = at.y + row, captions = numbers; // where the last line's captions end
    if (equation.explained) {
        float x = numbers + draw_text_in_row(list, look, TextRole::mono_large, numbers, y, row, Token::text2,
                                             equation.is_products() ? "= " : "= " + equation.function + "( ");
        for (std::size_t i = 0; i < equation.terms.size(); ++i) {
            const view::CellTerm& term = equation.terms[i];
            const float wide =
                std::max(text_width(look, TextRole::caption, term.caption),
                         text_width(look, TextRole::mono_large, view::number_text(term.value, 4, true)) + look.px(8)) +
                text_width(look, TextRole::mono_large, " + ");
            if (i > 0 && x + wide > right) { // the next term begins a line of its own
                x = numbers;
                y += row + look.px(15);
            }
            const bool is_factor = equation.is_products() && i % 2 == 1;
            if (i > 0)
                x += draw_text_in_row(list, look, TextRole::mono_large, x, y, row, Token::text2,
                                      is_factor ? " × " : " + ");
            const float width = number_chip(list, look, {x, y + look.px(1)}, term.value);
            const float caption = text_width(look, TextRole::caption, term.caption);
            if (x + std::max(width, caption) <= right + look.px(2))
                draw_text_in_row(list, look, TextRole::caption, x + std::max(0.0f, (width - caption) / 2), y + row,
                                 look.px(15), Token::text2, term.caption);
            x += std::max(width, caption);
        }
        const std::string end = equation.is_products() ? fmt::format(" = {}", view::number_text(equation.sum, 4, true))
                                                       : fmt::format(" ) = {}({})", equation.function,
                                                                     view::number_text(equation.sum, 4, true));
        if (x + text_width(look, TextRole::mono_large, end) <= right)
            draw_text_in_row(list, look, TextRole::mono_large, x, y, row, Token::text2, end);
        captions = std::max(captions, x);
        y += row + look.px(15);
    }
    const bool has_line = !equation.note.empty() || !equation.weight.text.empty();
    if (!has_line) return y - at.y + look.px(6);
    const float said = std::min(text_width(look, TextRole::mono_small, equation.weight.text), look.px(220)) +
                       (equation.note.empty() ? 0 : text_width(look, TextRole::caption, equation.note) + look.px(10));
    const bool is_beside = equation.explained && !equation.is_products() && captions + look.px(10) + said <= right;
    const float note_y = is_beside ? y - look.px(15) : y;
    float note_right = right;
    if (!equation.weight.text.empty()) {
        const float w = std::min(text_width(look, TextRole::mono_small, equation.weight.text), look.px(220));
        link(ctx, "weight", TextRole::mono_small, right - w, note_y, look.px(16), equation.weight, "panel:cell",
             look.px(220) + 1);
        note_right = right - w - look.px(10);
    }
    if (!equation.note.empty())
        draw_text_right(list, look, TextRole::caption, note_right, note_y, look.px(16), Token::text2, equation.note);
    return note_y + look.px(16) - at.y + look.px(6);
}

float CellPanel::draw_products(const PanelContext& ctx, const view::CellView& view, ImVec2 at, float right) {
    if (view.products.empty()) return 0;
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float row = look.whole_px(20);
    draw_text_in_row(
        list, look, TextRole::body_bold, at.x, at.y, row, Token::text1,
        fmt::format("Largest of {} products in {}", view::grouped(view.products_in_all), view.products_of));
    const float column = (right - at.x) / 2;
    double most = 1e-12;
    for (const view::CellProduct& product : view.products) most = std::max(most, std::fabs(product.product()));
    const std::size_t rows = (view.products.size() + 1) / 2;
    for (std::size_t i = 0; i < view.products.size(); ++i) {
        const view::CellProduct& product = view.products[i];
        const float x = at.x + (i < rows ? 0 : column), y = at.y + row + static_cast<float>(i % rows) * row;
        draw_text_in_row(list, look, TextRole::mono_small, x, y, row, Token::accent, product.operand);
        draw_text_in_row(list, look, TextRole::mono_small, x + look.px(52), y, row, Token::text2,
                         fmt::format("{} × {}", view::number_text(product.value, 3, true),
                                     view::number_text(product.weight, 3, true)));
        const float middle = x + look.px(190), half = look.px(20);
        const auto share = static_cast<float>(product.product() / most);
        const Color color = look.theme->diverging(share > 0 ? 0.8 : -0.8);
        list.AddRectFilled({std::min(middle, middle + share * half), y + look.px(5)},
                           {std::max(middle, middle + share * half), y + row - look.px(5)}, color);
        draw_vline(list, middle, y + look.px(3), y + row - look.px(3), look[Token::line3]);
        draw_text_right(list, look, TextRole::mono_small, x + column - look.px(16), y, row, Token::text1,
                        view::number_text(product.product(), 3, true));
    }
    return row * static_cast<float>(rows + 1);
}

} // namespace rnnscope::ui
