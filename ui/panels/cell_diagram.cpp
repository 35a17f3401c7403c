#include "core/view/cell_diagram.hpp"
#include "ui/panels/cell_panel.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace rnnscope::ui {

namespace {

using view::SheetBox, view::SheetKernel, view::SheetSign, view::SheetWire;

/// The cell's own function where the equations know it: not every cell's candidate goes through tanh.
std::string function_in(const view::CellView& view, char letter, const char* usual) {
    for (const view::CellEquation& equation : view.equations)
        if (equation.letter == letter && !equation.function.empty()) return equation.function;
    return usual;
}

/// From sheet to screen: the sheet is centred and never larger than drawn for.
struct Placement {
    ImVec2 origin;
    float zoom;
    ImVec2 operator()(view::SheetPoint p) const { return {origin.x + p.x * zoom, origin.y + p.y * zoom}; }
};

void draw_wire(ImDrawList& list, const Look& look, const Placement& at, const SheetWire& wire, Color color) {
    std::array<ImVec2, 4> points;
    for (std::size_t i = 0; i < points.size(); ++i) {
        points[i] = at(wire.points[i]);
        points[i] = {std::round(points[i].x), std::round(points[i].y)};
    }
    std::size_t count = points.size();
    while (count > 2 && points[count - 1].x == points[count - 2].x && points[count - 1].y == points[count - 2].y)
        --count;
    compat::add_polyline(list, points.data(), static_cast<int>(count), color, look.px(1.6f));
    if (!wire.arrow) return;
    const ImVec2 tip = points[count - 1], from = points[count - 2];
    const float dx = tip.x > from.x   ? 1.0f
                     : tip.x < from.x ? -1.0f
                                      : 0.0f,
                dy = tip.y > from.y   ? 1.0f
                     : tip.y < from.y ? -1.0f
                                      : 0.0f,
                s = look.px(6);
    list.AddTriangleFilled(tip, {tip.x - dx * s + dy * s * 0.6f, tip.y - dy * s + dx * s * 0.6f},
                           {tip.x - dx * s - dy * s * 0.6f, tip.y - dy * s - dx * s * 0.6f}, color);
}

std::string letters_of(const SheetBox& box) {
    return (box.lower != 0 ? std::string(1, box.lower) : std::string()) + box.letter;
}

/// Draws one sheet, from back to front.
class DiagramPainter {
  public:
    DiagramPainter(const PanelContext& ctx, const view::CellView& view, const Rect& rect)
        : ctx_(ctx), view_(view), look_(ctx.look), list_(*ImGui::GetWindowDrawList()), sheet_(view::cell_sheet(view)) {
        const float zoom = std::min({rect.width() / (view::sheet_width + 20),
                                     (rect.height() - look_.px(8)) / view::sheet_height, look_.scale * 1.25f});
        at_ = {{std::floor(rect.a.x + (rect.width() - view::sheet_width * zoom) / 2 - 8 * zoom),
                std::floor(rect.a.y + (rect.height() - view::sheet_height * zoom) / 2)},
               zoom};
        right_ = rect.b.x;
    }
    const view::CellSheet& sheet() const { return sheet_; }
    const Placement& placement() const { return at_; }

    void draw_wires() {
        const bool live = view_.previous_known;
        for (const SheetWire& wire : sheet_.wires)
            draw_wire(list_, look_, at_, wire, look_[wire.out ? Token::text2 : live ? Token::line3 : Token::line2]);
        for (const view::SheetPoint& gap : sheet_.gaps) { // the wire across goes on top
            const ImVec2 p = at_(gap);
            list_.AddRectFilled({p.x - look_.px(3), p.y - look_.px(5)}, {p.x + look_.px(3), p.y + look_.px(5)},
                                look_[Token::bg1]);
            list_.AddLine({p.x - look_.px(8), std::round(p.y)}, {p.x + look_.px(8), std::round(p.y)},
                          look_[live ? Token::line3 : Token::line2], look_.px(1.6f));
        }
        for (const view::SheetPoint& dot : sheet_.dots)
            list_.AddCircleFilled(at_(dot), look_.px(2.8f), look_[live ? Token::text3 : Token::line3]);
    }

    void draw_op(const SheetSign& op) {
        const ImVec2 p = at_(op.at);
        const float radius = view::sign_radius * at_.zoom;
        const bool lit = op.letter != 0 && select(op.letter, {p.x - radius, p.y - radius}, {p.x + radius, p.y + radius},
                                                  fmt::format("gives {}", op.letter));
        list_.AddCircleFilled(p, radius, look_[lit ? Token::bg3 : Token::bg1]);
        list_.AddCircle(p, radius, look_[lit ? Token::accent : Token::line3], 0, look_.px(1.5f));
        // What an LSTM's state goes through on its way out is what its candidate goes through.
        const std::string sign = op.sign == std::string_view("tanh") ? function_in(view_, 'j', op.sign) : op.sign;
        const TextRole role = sign.size() > 3 || radius < look_.px(9) ? TextRole::caption : TextRole::mono_bold;
        write(role, p.x, p.y - radius, radius * 2, Token::text1, sign);
    }

    void draw_box_of(const SheetBox& box) {
        if (box.letter == 0) return draw_product(box);
        const ImVec2 a = at_(box.a), b = at_(box.b);
        const bool lit = select(box.letter, a, b, fmt::format("gives {}", letters_of(box)));
        draw_box(list_, a, b, look_[lit ? Token::bg3 : Token::bg2], look_[lit ? Token::accent : Token::line3],
                 look_.px(4));
        const std::string below =
            view_.kind == CellKind::lstm ? std::string(1, box.letter) : kernel_in(box, b.x - a.x - look_.px(4));
        const float middle = (a.y + b.y) / 2, row = look_.px(20), x = (a.x + b.x) / 2;
        const float top = below.empty() ? middle - row / 2 : middle - row;
        write(TextRole::title, x, top, row, Token::text1, function_in(view_, box.letter, box.sign));
        write(TextRole::mono_small, x, top + row, row, Token::text2, below);
    }

    /// A product with a kernel that is reset or added before it goes through anything.
    void draw_product(const SheetBox& box) {
        const ImVec2 a = at_(box.a), b = at_(box.b);
        ImGui::PushID(++id_);
        const Hit state = hit("product", a, b);
        ImGui::PopID();
        draw_box(list_, a, b, look_[state.hovered ? Token::bg3 : Token::bg2], look_[Token::line3], look_.px(4));
        std::string sign = box.sign;
        if (box.kernel == SheetKernel::of_state && view_.has_recurrent_bias) sign += " + b′";
        const bool is_tight = text_width(look_, TextRole::title, sign) > b.x - a.x - look_.px(6);
        write(is_tight ? TextRole::caption : TextRole::title, (a.x + b.x) / 2, a.y, b.y - a.y, Token::text1, sign);
        if (state.hovered) tooltip(look_, kernel_of(box));
    }

    void draw_label(const view::SheetLabel& label) {
        const ImVec2 p = at_(label.at);
        write(TextRole::title, p.x, p.y - look_.px(22), look_.px(20), Token::text1, label.name);
        write(TextRole::caption, p.x, p.y - look_.px(4), look_.px(16), Token::text2, label.time);
    }

    void draw_inputs() {
        constexpr std::size_t most = 4;
        std::string x =
            view_.inputs >= 0 ? view::count_text(static_cast<std::size_t>(view_.inputs), "input") : "inputs";
        for (std::size_t i = 0; i < std::min(view_.x.size(), most); ++i)
            x += fmt::format("{} {}", i == 0 ? ":" : "", view::number_text(view_.x[i], 3));
        if (view_.x.size() > most) x += " …";
        const ImVec2 at = at_(sheet_.x_at);
        draw_text(list_, look_, TextRole::mono_small, at, Token::text2,
                  fit_text(look_, TextRole::mono_small, x, right_ - look_.px(8) - at.x));
    }

  private:
    /// The place is a link to the op that gives the quantity. True: it is to be lit.
    bool select(char letter, ImVec2 a, ImVec2 b, std::string_view tip) {
        const view::CellQuantity* quantity = view_.quantity(letter);
        if (quantity == nullptr || !quantity->output.valid()) return false;
        ImGui::PushID(++id_);
        const Hit state = hit("op", a, b);
        ImGui::PopID();
        const debug::Selection& target = quantity->link.target;
        if (state.hovered) {
            ctx_.hovered = target;
            tooltip(look_, tip);
        }
        if (state.clicked) push_select(ctx_, target, "panel:cell");
        if (state.wants_menu) push_menu(ctx_, target, "panel:cell");
        return state.hovered || ctx_.lit == target;
    }

    /// Centred about `x`.
    void write(TextRole role, float x, float y, float height, Token color, std::string_view text) {
        draw_text_in_row(list_, look_, role, x - text_width(look_, role, text) / 2, y, height, color, text);
    }

    const std::string& kernel_of(const SheetBox& box) const {
        static const std::string none;
        switch (box.kernel) {
        case SheetKernel::none:
            return none;
        case SheetKernel::gates:
            return view_.gates_weight;
        case SheetKernel::candidate:
            return view_.candidate_weight;
        case SheetKernel::of_input: // one kernel for all gates, as Keras has it, or one of its own
            return view_.candidate_weight.empty() ? view_.gates_weight : view_.candidate_weight;
        case SheetKernel::of_state:
            return view_.recurrent_weight;
        }
        return none;
    }

    /// The name of a gate's kernel; "" where it does not fit.
    std::string kernel_in(const SheetBox& box, float room) const {
        std::string kernel = kernel_of(box);
        if (text_width(look_, TextRole::mono_small, kernel) > room && kernel.starts_with("candidate"))
            kernel.replace(0, std::string_view("candidate").size(), "cand.");
        return text_width(look_, TextRole::mono_small, kernel) < room ? kernel : std::string();
    }

    const PanelContext& ctx_;
    const view::CellView& view_;
    const Look& look_;
    ImDrawList& list_;
    const view::CellSheet& sheet_;
    Placement at_{};
    float right_ = 0;
    int id_ = 0;
};

} // namespace

void CellPanel::draw_diagram(const PanelContext& ctx, const view::CellView& view, const Rect& rect) {
    DiagramPainter painter(ctx, view, rect);
    painter.draw_wires();
    for (const SheetSign& op : painter.sheet().signs) painter.draw_op(op);
    for (const SheetBox& box : painter.sheet().boxes) painter.draw_box_of(box);
    for (const view::SheetLabel& label : painter.sheet().labels) painter.draw_label(label);
    for (const view::SheetChip& chip : painter.sheet().chips) {
        const Placement& at = painter.placement();
        draw_chip(ctx, view, chip.letter, at(chip.at), at.zoom);
    }
    painter.draw_inputs();
}

void CellPanel::draw_chip(const PanelContext& ctx, const view::CellView& view, char letter, ImVec2 at, float zoom) {
    const Look& look = ctx.look;
    const bool is_small = zoom < look.scale * 0.8f; // the number is in the tooltip and in the equations
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const bool is_before = letter == 'H' || letter == 'C';
    const auto of = static_cast<char>(is_before ? letter - 'A' + 'a' : letter);
    const view::CellQuantity* quantity = view.quantity(of);
    if (quantity == nullptr) return;
    const double before = letter == 'H' ? view.previous : view.previous_c;
    const bool known = is_before ? view.previous_known && !std::isnan(before) : quantity->known;
    const double value = is_before ? before : quantity->value;
    std::string name(1, of);
    if (of == 'h' || (of == 'c' && view.kind == CellKind::lstm)) name += is_before ? " t−1" : " t";
    const std::string number = known ? view::number_text(value) : "—";
    const float height = look.whole_px(20), swatch = look.whole_px(10);
    const float name_w = text_width(look, TextRole::secondary, name),
                number_w = text_width(look, TextRole::mono, number);
    const float width = swatch + name_w + (is_small ? look.px(18) : number_w + look.px(26));
    at = {std::round(at.x), std::round(at.y)};
    const ImVec2 end{at.x + width, at.y + height};
    ImGui::PushID(letter);
    const Hit state = hit("chip", at, end);
    ImGui::PopID();
    const debug::Selection& target = quantity->link.target;
    const bool lit = !is_before && (state.hovered || ctx.lit == target);
    list.AddRectFilled(at, end, look[Token::bg3], look.px(3));
    if (lit) compat::add_rect(list, at, end, look[Token::accent], look.px(3));
    const ImVec2 s{at.x + look.px(6), at.y + (height - swatch) / 2};
    double range = 1;
    for (const view::CellMap& map : maps_.maps())
        if (map.letter == of) range = map.range;
    const Color fill =
        known ? cell_color(look, quantity->scale, value, quantity->scale == view::CellScale::gate ? 0.5 : 0, range)
              : look[Token::bg1];
    draw_box(list, s, {s.x + swatch, s.y + swatch}, fill, look[Token::line3], look.px(2));
    float x = s.x + swatch + look.px(6);
    draw_text_in_row(list, look, TextRole::secondary, x, at.y, height, Token::text2, name);
    x += name_w + look.px(6);
    if (!is_small)
        draw_text_in_row(list, look, TextRole::mono, x, at.y, height, known ? Token::text1 : Token::text3, number);
    else if (state.hovered && is_before)
        tooltip(look, name + " = " + number);
    if (!is_before && quantity->poisoned) draw_state(list, look, view::StateMark::poisoned, {end.x, at.y}, 4.0f);
    if (is_before) return;
    if (state.hovered) {
        ctx.hovered = target;
        tooltip(look, fmt::format("{}, {}{}{}", quantity->word, quantity->link.text, is_small ? "\n" + number : "",
                                  quantity->saturated ? "\nsaturated: it hardly changes any more" : ""));
    }
    if (state.clicked) push_select(ctx, target, "panel:cell");
    if (state.wants_menu) push_menu(ctx, target, "panel:cell");
}

} // namespace rnnscope::ui
