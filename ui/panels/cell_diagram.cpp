#include "ui/panels/cell_panel.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace rnnscope::ui {

namespace {

// The drawing of a cell, in look pixels on a sheet of 620 × 400: states along the top from left to right, x along the
// bottom, gates between. What a person learns once stays where it is for every cell of the kind.
struct Point {
    float x, y;
};
struct Wire {
    std::array<Point, 4> points; ///< repeated at the end when there are fewer
    bool arrow = true, out = false;
};
struct Op {
    Point at;
    const char* sign;
    char letter = 0; ///< of the quantity whose op this is; 0: none
};
struct Box {
    Point a, b;
    const char* sign;
    char letter;
    bool is_candidate; ///< which kernel it names
};
struct ChipPlace {
    char letter; ///< H, C: the states before the time step
    Point at;
};
struct Label {
    Point at;
    const char* name;
    const char* time;
};
struct Sheet {
    std::span<const Wire> wires;
    std::span<const Point> dots;
    std::span<const Point> gaps; ///< where a wire from top to bottom passes behind another
    std::span<const Op> ops;
    std::span<const Box> boxes;
    std::span<const ChipPlace> chips;
    std::span<const Label> labels;
    Point x_at;
};

constexpr Wire wire(Point a, Point b) {
    return {{a, b, b, b}};
}
constexpr Wire wire(Point a, Point b, Point c) {
    return {{a, b, c, c}};
}
constexpr Wire plain(Point a, Point b) {
    return {{a, b, b, b}, false};
}

constexpr float r = 13; ///< of the round signs

constexpr Wire gru_wires[] = {{{{{64, 62}, {430 - r, 62}, {430 - r, 62}, {430 - r, 62}}}},
                              wire({430 + r, 62}, {545 - r, 62}),
                              {{{{545 + r, 62}, {590, 62}, {590, 62}, {590, 62}}}, true, true},
                              wire({84, 62}, {84, 213}, {126 - r, 213}),
                              wire({126 + r, 213}, {164, 213}),
                              wire({338, 62}, {338, 307 - r}),
                              wire({289, 193}, {480 - r, 193}),
                              wire({480 + r, 193}, {545 - r, 193}),
                              wire({430, 193}, {430, 62 + r}),
                              wire({545, 193 - r}, {545, 62 + r}),
                              {{{{289, 235}, {310, 235}, {310, 307}, {338 - r, 307}}}},
                              wire({338 + r, 307}, {384 - r, 307}),
                              wire({384 + r, 307}, {412, 307}),
                              wire({515, 307}, {545, 307}, {545, 193 + r}),
                              wire({126, 358}, {126, 213 + r}),
                              wire({60, 358}, {384, 358}, {384, 307 + r})};
constexpr Point gru_dots[] = {{84, 62}, {338, 62}, {430, 193}, {126, 358}};
constexpr Point gru_gaps[] = {{338, 193}};
constexpr Op gru_ops[] = {{{430, 62}, "×"},  {{545, 62}, "+", 'h'}, {{126, 213}, "[ ]"}, {{480, 193}, "1−"},
                          {{545, 193}, "×"}, {{338, 307}, "×"},     {{384, 307}, "[ ]"}};
constexpr Box gru_boxes[] = {{{164, 174}, {289, 251}, "σ", 'u', false}, {{412, 271}, {515, 342}, "tanh", 'c', true}};
constexpr ChipPlace gru_chips[] = {
    {'H', {110, 32}}, {'r', {212, 261}}, {'u', {346, 164}}, {'c', {454, 237}}, {'h', {462, 20}}};
constexpr Label gru_labels[] = {{{50, 62}, "h", "t−1"}, {{602, 62}, "h", "t"}, {{48, 358}, "x", "t"}};

constexpr Wire lstm_wires[] = {wire({64, 62}, {170 - r, 62}),
                               wire({170 + r, 62}, {320 - r, 62}),
                               {{{{320 + r, 62}, {590, 62}, {590, 62}, {590, 62}}}, true, true},
                               wire({170, 250}, {170, 62 + r}),
                               wire({275, 250}, {275, 165}, {320 - r, 165}),
                               wire({365, 250}, {365, 165}, {320 + r, 165}),
                               wire({320, 165 - r}, {320, 62 + r}),
                               wire({480, 62}, {480, 112 - r}),
                               wire({480, 112 + r}, {480, 180 - r}),
                               wire({480, 250}, {480, 180 + r}),
                               {{{{480 + r, 180}, {590, 180}, {590, 180}, {590, 180}}}, true, true},
                               wire({64, 338}, {100, 338}, {100, 348 - r}),
                               wire({60, 384}, {100, 384}, {100, 348 + r}),
                               plain({100 + r, 348}, {480, 348}),
                               wire({170, 348}, {170, 306}),
                               wire({275, 348}, {275, 306}),
                               wire({365, 348}, {365, 306}),
                               wire({480, 348}, {480, 306})};
constexpr Point lstm_dots[] = {{480, 62}, {170, 348}, {275, 348}, {365, 348}};
constexpr Op lstm_ops[] = {{{170, 62}, "×"},     {{320, 62}, "+", 'c'},  {{320, 165}, "×"},
                           {{480, 112}, "tanh"}, {{480, 180}, "×", 'h'}, {{100, 348}, "[ ]"}};
constexpr Box lstm_boxes[] = {{{133, 250}, {207, 306}, "σ", 'f', false},
                              {{238, 250}, {312, 306}, "σ", 'i', false},
                              {{328, 250}, {402, 306}, "tanh", 'j', false},
                              {{443, 250}, {517, 306}, "σ", 'o', false}};
constexpr ChipPlace lstm_chips[] = {{'C', {80, 20}},   {'f', {82, 150}}, {'i', {196, 196}}, {'j', {372, 196}},
                                    {'o', {488, 214}}, {'c', {510, 20}}, {'h', {510, 138}}, {'H', {14, 296}}};
constexpr Label lstm_labels[] = {{{50, 62}, "c", "t−1"},
                                 {{602, 62}, "c", "t"},
                                 {{50, 338}, "h", "t−1"},
                                 {{602, 180}, "h", "t"},
                                 {{48, 384}, "x", "t"}};

constexpr Wire basic_wires[] = {wire({64, 180}, {200 - r, 180}),
                                wire({60, 320}, {200, 320}, {200, 180 + r}),
                                wire({200 + r, 180}, {290, 180}),
                                {{{{400, 180}, {590, 180}, {590, 180}, {590, 180}}}, true, true}};
constexpr Op basic_ops[] = {{{200, 180}, "[ ]"}};
constexpr Box basic_boxes[] = {{{290, 142}, {400, 218}, "tanh", 'h', false}};
constexpr ChipPlace basic_chips[] = {{'H', {90, 140}}, {'h', {450, 140}}};
constexpr Label basic_labels[] = {{{50, 180}, "h", "t−1"}, {{602, 180}, "h", "t"}, {{48, 320}, "x", "t"}};

/// The cell's own function where the equations know it: not every cell's candidate goes through tanh.
std::string function_in(const view::CellView& view, char letter, const char* usual) {
    for (const view::CellEquation& equation : view.equations)
        if (equation.letter == letter && !equation.function.empty()) return equation.function;
    return usual;
}

const Sheet& sheet_of(CellKind kind) {
    static const Sheet gru{gru_wires, gru_dots, gru_gaps, gru_ops, gru_boxes, gru_chips, gru_labels, {64, 378}};
    static const Sheet lstm{lstm_wires, lstm_dots, {}, lstm_ops, lstm_boxes, lstm_chips, lstm_labels, {140, 378}};
    static const Sheet basic{basic_wires, {}, {}, basic_ops, basic_boxes, basic_chips, basic_labels, {64, 340}};
    return kind == CellKind::gru ? gru : kind == CellKind::lstm ? lstm : basic;
}

/// From sheet to screen: the sheet is centred and never larger than drawn for.
struct Placement {
    ImVec2 origin;
    float zoom;
    ImVec2 operator()(Point p) const { return {origin.x + p.x * zoom, origin.y + p.y * zoom}; }
};

void draw_wire(ImDrawList& list, const Look& look, const Placement& at, const Wire& wire, Color color) {
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

std::string letters_of(const Box& box, CellKind kind) {
    return kind == CellKind::gru && box.letter == 'u' ? "ru" : std::string(1, box.letter);
}

/// Draws one sheet, from back to front.
class DiagramPainter {
  public:
    DiagramPainter(const PanelContext& ctx, const view::CellView& view, const Rect& rect)
        : ctx_(ctx), view_(view), look_(ctx.look), list_(*ImGui::GetWindowDrawList()), sheet_(sheet_of(view.kind)) {
        const float zoom = std::min({rect.width() / 640, (rect.height() - look_.px(8)) / 400, look_.scale * 1.25f});
        at_ = {{std::floor(rect.a.x + (rect.width() - 620 * zoom) / 2 - 8 * zoom),
                std::floor(rect.a.y + (rect.height() - 400 * zoom) / 2)},
               zoom};
        right_ = rect.b.x;
    }
    const Sheet& sheet() const { return sheet_; }
    const Placement& placement() const { return at_; }

    void draw_wires() {
        const bool live = view_.previous_known;
        for (const Wire& wire : sheet_.wires)
            draw_wire(list_, look_, at_, wire, look_[wire.out ? Token::text2 : live ? Token::line3 : Token::line2]);
        for (const Point& gap : sheet_.gaps) { // the wire across goes on top
            const ImVec2 p = at_(gap);
            list_.AddRectFilled({p.x - look_.px(3), p.y - look_.px(5)}, {p.x + look_.px(3), p.y + look_.px(5)},
                                look_[Token::bg1]);
            list_.AddLine({p.x - look_.px(8), std::round(p.y)}, {p.x + look_.px(8), std::round(p.y)},
                          look_[live ? Token::line3 : Token::line2], look_.px(1.6f));
        }
        for (const Point& dot : sheet_.dots)
            list_.AddCircleFilled(at_(dot), look_.px(2.8f), look_[live ? Token::text3 : Token::line3]);
    }

    void draw_op(const Op& op) {
        const ImVec2 p = at_(op.at);
        const float radius = r * at_.zoom;
        const bool lit = op.letter != 0 && select(op.letter, {p.x - radius, p.y - radius}, {p.x + radius, p.y + radius},
                                                  fmt::format("gives {}", op.letter));
        list_.AddCircleFilled(p, radius, look_[lit ? Token::bg3 : Token::bg1]);
        list_.AddCircle(p, radius, look_[lit ? Token::accent : Token::line3], 0, look_.px(1.5f));
        // What an LSTM's state goes through on its way out is what its candidate goes through.
        const std::string sign = op.sign == std::string_view("tanh") ? function_in(view_, 'j', op.sign) : op.sign;
        const TextRole role = sign.size() > 3 || radius < look_.px(9) ? TextRole::caption : TextRole::mono_bold;
        write(role, p.x, p.y - radius, radius * 2, Token::text1, sign);
    }

    void draw_gate(const Box& box) {
        const ImVec2 a = at_(box.a), b = at_(box.b);
        const bool lit = select(box.letter, a, b, fmt::format("gives {}", letters_of(box, view_.kind)));
        draw_box(list_, a, b, look_[lit ? Token::bg3 : Token::bg2], look_[lit ? Token::accent : Token::line3],
                 look_.px(4));
        const std::string below =
            view_.kind == CellKind::lstm ? std::string(1, box.letter) : kernel_in(box, b.x - a.x - look_.px(4));
        const float middle = (a.y + b.y) / 2, row = look_.px(20), x = (a.x + b.x) / 2;
        const float top = below.empty() ? middle - row / 2 : middle - row;
        write(TextRole::title, x, top, row, Token::text1, function_in(view_, box.letter, box.sign));
        write(TextRole::mono_small, x, top + row, row, Token::text2, below);
    }

    void draw_label(const Label& label) {
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

    /// The name of a gate's kernel; "" where it does not fit.
    std::string kernel_in(const Box& box, float room) const {
        std::string kernel = box.is_candidate ? view_.candidate_weight : view_.gates_weight;
        if (text_width(look_, TextRole::mono_small, kernel) > room && kernel.starts_with("candidate"))
            kernel.replace(0, std::string_view("candidate").size(), "cand.");
        return text_width(look_, TextRole::mono_small, kernel) < room ? kernel : std::string();
    }

    const PanelContext& ctx_;
    const view::CellView& view_;
    const Look& look_;
    ImDrawList& list_;
    const Sheet& sheet_;
    Placement at_{};
    float right_ = 0;
    int id_ = 0;
};

} // namespace

void CellPanel::draw_diagram(const PanelContext& ctx, const view::CellView& view, const Rect& rect) {
    DiagramPainter painter(ctx, view, rect);
    painter.draw_wires();
    for (const Op& op : painter.sheet().ops) painter.draw_op(op);
    for (const Box& box : painter.sheet().boxes) painter.draw_gate(box);
    for (const Label& label : painter.sheet().labels) painter.draw_label(label);
    for (const ChipPlace& chip : painter.sheet().chips) {
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
