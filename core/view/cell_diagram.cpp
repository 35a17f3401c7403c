#include "core/view/cell_diagram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

namespace rnnscope::view {

namespace {

constexpr float sign_r = sign_radius;

SheetWire wire_of(SheetPoint a, SheetPoint b) {
    return {{a, b, b, b}};
}
SheetWire wire_of(SheetPoint a, SheetPoint b, SheetPoint c) {
    return {{a, b, c, c}};
}
SheetWire wire_of(SheetPoint a, SheetPoint b, SheetPoint c, SheetPoint d) {
    return {{a, b, c, d}};
}
SheetWire plain_wire(SheetPoint a, SheetPoint b) {
    return {{a, b, b, b}, false};
}
SheetWire leaving_wire(SheetPoint a, SheetPoint b) {
    return {{a, b, b, b}, true, true};
}

template <typename T> void add_to(std::vector<T>& to, std::initializer_list<T> what) {
    to.insert(to.end(), what);
}

/// c of h that was reset, as GRUCell computes it: one kernel for it and x.
void add_reset_state(CellSheet& sheet) {
    add_to(sheet.wires,
           {wire_of({338, 62}, {338, 307 - sign_r}), wire_of({289, 235}, {310, 235}, {310, 307}, {338 - sign_r, 307}),
            wire_of({338 + sign_r, 307}, {384 - sign_r, 307}), wire_of({384 + sign_r, 307}, {412, 307}),
            wire_of({60, 358}, {384, 358}, {384, 307 + sign_r})});
    add_to(sheet.dots, {{338, 62}});
    sheet.gaps = {{338, 193}};
    add_to<SheetSign>(sheet.signs, {{{338, 307}, "×"}, {{384, 307}, "[ ]"}});
    add_to<SheetBox>(sheet.boxes, {{{412, 271}, {515, 342}, "tanh", SheetKernel::candidate, 'c'}});
}

/// c of a product that was reset, as CuDNN and Keras' reset_after compute it: h and x have kernels of their own.
void add_reset_product(CellSheet& sheet) {
    add_to(sheet.wires, {wire_of({352, 62}, {352, 222}), wire_of({352, 254}, {352, 307 - sign_r}),
                         wire_of({289, 235}, {303, 235}, {303, 307}, {352 - sign_r, 307}),
                         wire_of({352 + sign_r, 307}, {404 - sign_r, 307}), wire_of({404 + sign_r, 307}, {432, 307}),
                         wire_of({60, 358}, {315, 358}), wire_of({389, 358}, {404, 358}, {404, 307 + sign_r})});
    add_to(sheet.dots, {{352, 62}});
    sheet.gaps = {{352, 193}};
    add_to<SheetSign>(sheet.signs, {{{352, 307}, "×"}, {{404, 307}, "+"}});
    add_to<SheetBox>(sheet.boxes, {{{432, 271}, {515, 342}, "tanh", SheetKernel::none, 'c'},
                                   {{315, 222}, {389, 254}, "·U", SheetKernel::of_state},
                                   {{315, 342}, {389, 374}, "·W + b", SheetKernel::of_input}});
}

CellSheet gru_sheet(bool resets_product, bool keeps) {
    CellSheet sheet;
    sheet.wires = {wire_of({64, 62}, {430 - sign_r, 62}),
                   wire_of({430 + sign_r, 62}, {545 - sign_r, 62}),
                   leaving_wire({545 + sign_r, 62}, {590, 62}),
                   wire_of({84, 62}, {84, 213}, {126 - sign_r, 213}),
                   wire_of({126 + sign_r, 213}, {164, 213}),
                   wire_of({545, 193 - sign_r}, {545, 62 + sign_r}),
                   wire_of({515, 307}, {545, 307}, {545, 193 + sign_r}),
                   wire_of({126, 358}, {126, 213 + sign_r})};
    sheet.dots = {{84, 62}, {430, 193}, {126, 358}};
    sheet.signs = {{{430, 62}, "×"}, {{545, 62}, "+", 'h'}, {{126, 213}, "[ ]"}, {{545, 193}, "×"}};
    sheet.boxes = {{{164, 174}, {289, 251}, "σ", SheetKernel::gates, 'u', 'r'}};
    // u weighs the old state and 1−u the candidate, or the other way round.
    sheet.signs.push_back({keeps ? SheetPoint{480, 193} : SheetPoint{430, 128}, "1−"});
    if (keeps)
        add_to(sheet.wires,
               {wire_of({289, 193}, {480 - sign_r, 193}), wire_of({480 + sign_r, 193}, {545 - sign_r, 193}),
                wire_of({430, 193}, {430, 62 + sign_r})});
    else
        add_to(sheet.wires, {wire_of({289, 193}, {545 - sign_r, 193}), wire_of({430, 193}, {430, 128 + sign_r}),
                             wire_of({430, 128 - sign_r}, {430, 62 + sign_r})});
    if (resets_product)
        add_reset_product(sheet);
    else
        add_reset_state(sheet);
    sheet.chips = {{'H', {110, 32}}, {'r', {212, 261}}, {'u', {440, 152}}, {'c', {454, 237}}, {'h', {462, 20}}};
    sheet.labels = {{{50, 62}, "h", "t−1"}, {{602, 62}, "h", "t"}, {{48, 358}, "x", "t"}};
    sheet.x_at = {64, 378};
    return sheet;
}

CellSheet lstm_sheet() {
    CellSheet sheet;
    sheet.wires = {wire_of({64, 62}, {170 - sign_r, 62}),
                   wire_of({170 + sign_r, 62}, {320 - sign_r, 62}),
                   leaving_wire({320 + sign_r, 62}, {590, 62}),
                   wire_of({170, 250}, {170, 62 + sign_r}),
                   wire_of({275, 250}, {275, 165}, {320 - sign_r, 165}),
                   wire_of({365, 250}, {365, 165}, {320 + sign_r, 165}),
                   wire_of({320, 165 - sign_r}, {320, 62 + sign_r}),
                   wire_of({480, 62}, {480, 112 - sign_r}),
                   wire_of({480, 112 + sign_r}, {480, 180 - sign_r}),
                   wire_of({480, 250}, {480, 180 + sign_r}),
                   leaving_wire({480 + sign_r, 180}, {590, 180}),
                   wire_of({64, 338}, {100, 338}, {100, 348 - sign_r}),
                   wire_of({60, 384}, {100, 384}, {100, 348 + sign_r}),
                   plain_wire({100 + sign_r, 348}, {480, 348}),
                   wire_of({170, 348}, {170, 306}),
                   wire_of({275, 348}, {275, 306}),
                   wire_of({365, 348}, {365, 306}),
                   wire_of({480, 348}, {480, 306})};
    sheet.dots = {{480, 62}, {170, 348}, {275, 348}, {365, 348}};
    sheet.signs = {{{170, 62}, "×"},     {{320, 62}, "+", 'c'},  {{320, 165}, "×"},
                   {{480, 112}, "tanh"}, {{480, 180}, "×", 'h'}, {{100, 348}, "[ ]"}};
    sheet.boxes = {{{133, 250}, {207, 306}, "σ", SheetKernel::none, 'f'},
                   {{238, 250}, {312, 306}, "σ", SheetKernel::none, 'i'},
                   {{328, 250}, {402, 306}, "tanh", SheetKernel::none, 'j'},
                   {{443, 250}, {517, 306}, "σ", SheetKernel::none, 'o'}};
    sheet.chips = {{'C', {80, 20}},   {'f', {82, 150}}, {'i', {196, 196}}, {'j', {372, 196}},
                   {'o', {488, 214}}, {'c', {510, 20}}, {'h', {510, 138}}, {'H', {14, 296}}};
    sheet.labels = {{{50, 62}, "c", "t−1"},
                    {{602, 62}, "c", "t"},
                    {{50, 338}, "h", "t−1"},
                    {{602, 180}, "h", "t"},
                    {{48, 384}, "x", "t"}};
    sheet.x_at = {140, 378};
    return sheet;
}

CellSheet basic_sheet() {
    CellSheet sheet;
    sheet.wires = {wire_of({64, 180}, {200 - sign_r, 180}), wire_of({60, 320}, {200, 320}, {200, 180 + sign_r}),
                   wire_of({200 + sign_r, 180}, {290, 180}), leaving_wire({400, 180}, {590, 180})};
    sheet.signs = {{{200, 180}, "[ ]"}};
    sheet.boxes = {{{290, 142}, {400, 218}, "tanh", SheetKernel::gates, 'h'}};
    sheet.chips = {{'H', {90, 140}}, {'h', {450, 140}}};
    sheet.labels = {{{50, 180}, "h", "t−1"}, {{602, 180}, "h", "t"}, {{48, 320}, "x", "t"}};
    sheet.x_at = {64, 340};
    return sheet;
}

/// Follows the wires of a sheet from what comes out back to what goes in.
class SheetReader {
  public:
    explicit SheetReader(const CellSheet& sheet) : sheet_(sheet) {}

    std::string formulas() const {
        std::string text;
        for (const SheetBox& box : sheet_.boxes) {
            if (box.lower != 0) text += fmt::format("{} = {}\n", box.lower, through(box));
            if (box.letter != 0) text += fmt::format("{} = {}\n", box.letter, through(box));
        }
        for (const SheetSign& sign : sheet_.signs)
            if (sign.letter != 0) text += fmt::format("{} = {}\n", sign.letter, through(sign, false));
        return text;
    }

  private:
    static bool touches(const SheetBox& box, SheetPoint p) {
        return p.x >= box.a.x && p.x <= box.b.x && p.y >= box.a.y && p.y <= box.b.y;
    }
    static bool touches(const SheetSign& sign, SheetPoint p) {
        return std::hypot(p.x - sign.at.x, p.y - sign.at.y) <= sign_r;
    }
    static bool lies_on(const SheetWire& wire, SheetPoint p) {
        for (std::size_t i = 0; i + 1 < wire.points.size(); ++i) {
            const auto [low_x, high_x] = std::minmax(wire.points[i].x, wire.points[i + 1].x);
            const auto [low_y, high_y] = std::minmax(wire.points[i].y, wire.points[i + 1].y);
            if (p.x >= low_x && p.x <= high_x && p.y >= low_y && p.y <= high_y) return true;
        }
        return false;
    }

    std::string inputs(const auto& of, std::string_view between) const {
        std::string text;
        for (const SheetWire& wire : sheet_.wires)
            if (touches(of, wire.points.back()) && !touches(of, wire.points.front()))
                text += std::string(text.empty() ? "" : between) + from(wire.points.front());
        return text;
    }
    std::string through(const SheetBox& box) const { return fmt::format("{}({})", box.sign, inputs(box, ", ")); }
    std::string through(const SheetSign& sign, bool in_brackets) const {
        const std::string_view what = sign.sign;
        if (what == "[ ]") return fmt::format("[{}]", inputs(sign, ", "));
        if (what == "1−" || what == "tanh") return fmt::format("{}({})", what, inputs(sign, ", "));
        const std::string text = inputs(sign, fmt::format(" {} ", what));
        return in_brackets ? "(" + text + ")" : text;
    }

    /// What comes from there: an input, a quantity, or what some sign makes.
    std::string from(SheetPoint p) const {
        for (const SheetBox& box : sheet_.boxes)
            if (touches(box, p)) {
                const bool is_lower = box.lower != 0 && p.y > (box.a.y + box.b.y) / 2;
                return box.letter == 0 ? through(box) : std::string(1, is_lower ? box.lower : box.letter);
            }
        for (const SheetSign& sign : sheet_.signs)
            if (touches(sign, p)) return sign.letter == 0 ? through(sign, true) : std::string(1, sign.letter);
        for (const SheetLabel& label : sheet_.labels)
            if (label.at.y == p.y && label.at.x < p.x && p.x - label.at.x < 2 * sign_r)
                return fmt::format("{} {}", label.name, label.time);
        for (const SheetWire& wire : sheet_.wires)
            if (wire.points.front() != p && lies_on(wire, p)) return from(wire.points.front());
        return "?";
    }

    const CellSheet& sheet_;
};

} // namespace

const CellSheet& cell_sheet(const CellView& view) {
    static const CellSheet grus[2][2] = {{gru_sheet(false, false), gru_sheet(false, true)},
                                         {gru_sheet(true, false), gru_sheet(true, true)}};
    static const CellSheet lstm = lstm_sheet(), basic = basic_sheet();
    switch (view.kind) {
    case CellKind::gru:
        return grus[view.resets_product ? 1 : 0][view.update_keeps ? 1 : 0];
    case CellKind::lstm:
        return lstm;
    case CellKind::basic_rnn:
        return basic;
    }
    return basic;
}

std::string to_text(const CellSheet& sheet) {
    return SheetReader(sheet).formulas();
}

} // namespace rnnscope::view
