#pragma once

#include "core/view/cell_view.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace rnnscope::view {

// The drawing of a cell, in look pixels on a sheet of 620 × 400: states along the top from left to right, x along the
// bottom, gates between. What a person learns once stays where it is for every cell of the kind.

constexpr float sheet_width = 620, sheet_height = 400;
constexpr float sign_radius = 13; ///< of the round signs

struct SheetPoint {
    float x, y;
    friend bool operator==(const SheetPoint&, const SheetPoint&) = default;
};
struct SheetWire {
    std::array<SheetPoint, 4> points; ///< the last is repeated when there are fewer
    bool arrow = true, out = false;
};
struct SheetSign { ///< a round sign: what is done with single numbers
    SheetPoint at;
    const char* sign;
    char letter = 0; ///< of the quantity that comes out; 0: none
};
/// Which kernel a box multiplies with: that of all its inputs, or, where r comes after the product, one of the two.
enum class SheetKernel : std::uint8_t { none, gates, candidate, of_input, of_state };
struct SheetBox { ///< sums of products, and what they go through
    SheetPoint a, b;
    const char* sign;
    SheetKernel kernel;
    char letter = 0; ///< of the quantity that comes out; 0: none
    char lower = 0;  ///< of a second one, which comes out of the lower half; 0: none
};
struct SheetChip {
    char letter; ///< of the quantity; H, C: the states before the time step
    SheetPoint at;
};
struct SheetLabel {
    SheetPoint at;
    const char* name;
    const char* time;
};
struct CellSheet {
    std::vector<SheetWire> wires;
    std::vector<SheetPoint> dots; ///< where wires part
    std::vector<SheetPoint> gaps; ///< where a wire from top to bottom passes behind another
    std::vector<SheetSign> signs;
    std::vector<SheetBox> boxes;
    std::vector<SheetChip> chips;
    std::vector<SheetLabel> labels;
    SheetPoint x_at; ///< of the numbers of x
};

/// What the cell computes, as it computes it: a GRU resets h, or the product of h and its weights (`resets_product`).
const CellSheet& cell_sheet(const CellView& view);

/// What the wires of the drawing say, as formulas: "c = tanh([h t−1 × r, x t])".
std::string to_text(const CellSheet& sheet);

} // namespace rnnscope::view
