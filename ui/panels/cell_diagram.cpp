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

} // namespace

void CellPanel::draw_diagram(const PanelContext& ctx, const view::CellView& view, const Rect& rect) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const Sheet& sheet = sheet_of(view.kind);
    const float zoom = std::min({rect.width() / 640, (rect.height() - look.px(8)) / 400, look.scale * 1.25f});
    const Placement at{{std::floor(rect.a.x + (rect.width() - 620 * zoom) / 2 - 8 * zoom),
                        std::floor(rect.a.y + (rect.height() - 400 * zoom) / 2)},
                       zoom};
    const bool live = view.previous_known;
    for (const Wire& wire : sheet.wires)
        draw_wire(list, look, at, wire, look[wire.out ? Token::text2 : live ? Token::line3 : Token::line2]);
    for (const Point& gap : sheet.gaps) { // the wire across goes on top
        const ImVec2 p = at(gap);
        list.AddRectFilled({p.x - look.px(3), p.y - look.px(5)}, {p.x + look.px(3), p.y + look.px(5)},
                           look[Token::bg1]);
        list.AddLine({p.x - look.px(8), std::round(p.y)}, {p.x + look.px(8), std::round(p.y)},
                     look[live ? Token::line3 : Token::line2], look.px(1.6f));
    }
    for (const Point& dot : sheet.dots)
        list.AddCircleFilled(at(dot), look.px(2.8f), look[live ? Token::text3 : Token::line3]);

    int id = 0;
    const auto select = [&](char letter, ImVec2 a, ImVec2 b, std::string_view tip) {
        const view::CellQuantity* quantity = view.quantity(letter);
        if (quantity == nullptr || !quantity->output.valid()) return false;
        ImGui::PushID(++id);
        const Hit state = hit("op", a, b);
        ImGui::PopID();
        if (state.hovered) {
            ctx.hovered = quantity->link.target;
            tooltip(look, tip);
        }
        if (state.clicked) push_select(ctx, quantity->link.target, "panel:cell");
        if (state.wants_menu) push_menu(ctx, quantity->link.target, "panel:cell");
        return state.hovered || ctx.lit == quantity->link.target;
    };
    for (const Op& op : sheet.ops) {
        const ImVec2 p = at(op.at);
        const float radius = r * zoom;
        const bool lit = op.letter != 0 && select(op.letter, {p.x - radius, p.y - radius}, {p.x + radius, p.y + radius},
                                                  fmt::format("gives {}", op.letter));
        list.AddCircleFilled(p, radius, look[lit ? Token::bg3 : Token::bg1]);
        list.AddCircle(p, radius, look[lit ? Token::accent : Token::line3], 0, look.px(1.5f));
        // What an LSTM's state goes through on its way out is what its candidate goes through.
        const std::string sign = op.sign == std::string_view("tanh") ? function_in(view, 'j', op.sign) : op.sign;
        const TextRole role = sign.size() > 3 ? TextRole::caption : TextRole::mono_bold;
        draw_text_in_row(list, look, role, p.x - text_width(look, role, sign) / 2, p.y - radius, radius * 2,
                         Token::text1, sign);
    }
    for (const Box& box : sheet.boxes) {
        const ImVec2 a = at(box.a), b = at(box.b);
        const bool lit = select(box.letter, a, b, fmt::format("gives {}", letters_of(box, view.kind)));
        draw_box(list, a, b, look[lit ? Token::bg3 : Token::bg2], look[lit ? Token::accent : Token::line3], look.px(4));
        std::string kernel = box.is_candidate ? view.candidate_weight : view.gates_weight;
        if (text_width(look, TextRole::mono_small, kernel) > b.x - a.x - look.px(4) && kernel.starts_with("candidate"))
            kernel.replace(0, std::string_view("candidate").size(), "cand.");
        const bool has_kernel = text_width(look, TextRole::mono_small, kernel) < b.x - a.x - look.px(4);
        const bool is_lstm = view.kind == CellKind::lstm;
        const std::string below = is_lstm ? std::string(1, box.letter) : has_kernel ? kernel : std::string();
        const float middle = (a.y + b.y) / 2, row = look.px(20);
        const float top = below.empty() ? middle - row / 2 : middle - row;
        const std::string sign = function_in(view, box.letter, box.sign);
        draw_text_in_row(list, look, TextRole::title, (a.x + b.x - text_width(look, TextRole::title, sign)) / 2, top,
                         row, Token::text1, sign);
        draw_text_in_row(list, look, TextRole::mono_small,
                         (a.x + b.x - text_width(look, TextRole::mono_small, below)) / 2, top + row, row, Token::text2,
                         below);
    }
    for (const Label& label : sheet.labels) {
        const ImVec2 p = at(label.at);
        const float name = text_width(look, TextRole::title, label.name);
        draw_text_in_row(list, look, TextRole::title, p.x - name / 2, p.y - look.px(22), look.px(20), Token::text1,
                         label.name);
        const float time = text_width(look, TextRole::caption, label.time);
        draw_text_in_row(list, look, TextRole::caption, p.x - time / 2, p.y - look.px(4), look.px(16), Token::text2,
                         label.time);
    }
    for (const ChipPlace& chip : sheet.chips) draw_chip(ctx, view, chip.letter, at(chip.at), zoom);
    std::string x = view.inputs >= 0 ? fmt::format("{} inputs", view.inputs) : "inputs";
    for (std::size_t i = 0; i < std::min<std::size_t>(view.x.size(), 4); ++i)
        x += fmt::format("{} {}", i == 0 ? ":" : "", view::number_text(view.x[i], 3));
    if (view.x.size() > 4) x += " …";
    const ImVec2 x_at = at(sheet.x_at);
    draw_text(list, look, TextRole::mono_small, x_at, Token::text2, x);
}

void CellPanel::draw_chip(const PanelContext& ctx, const view::CellView& view, char letter, ImVec2 at, float zoom) {
    (void)zoom;
    const Look& look = ctx.look;
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
    const float width = swatch + name_w + number_w + look.px(26);
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
    draw_text_in_row(list, look, TextRole::mono, x, at.y, height, known ? Token::text1 : Token::text3, number);
    if (!is_before && quantity->poisoned) draw_state(list, look, view::StateMark::poisoned, {end.x, at.y}, 4.0f);
    if (is_before) return;
    if (state.hovered) {
        ctx.hovered = target;
        tooltip(look, fmt::format("{}, {}{}", quantity->word, quantity->link.text,
                                  quantity->saturated ? "\nsaturated: it hardly changes any more" : ""));
    }
    if (state.clicked) push_select(ctx, target, "panel:cell");
    if (state.wants_menu) push_menu(ctx, target, "panel:cell");
}

} // namespace rnnscope::ui
