// What the drawing of a cell says, read off its wires.

#include "core/view/cell_diagram.hpp"

#include <gtest/gtest.h>

using namespace rnnscope;

namespace {

struct DiagramCase {
    const char* name;
    CellKind kind;
    bool resets_product, update_keeps;
    const char* formulas;
};

const DiagramCase diagram_cases[] = {
    {"GRU that resets h", CellKind::gru, false, true,
     "r = σ([h t−1, x t])\n"
     "u = σ([h t−1, x t])\n"
     "c = tanh([(h t−1 × r), x t])\n"
     "h = (h t−1 × u) + (c × 1−(u))\n"},
    {"GRU that resets the product", CellKind::gru, true, true,
     "r = σ([h t−1, x t])\n"
     "u = σ([h t−1, x t])\n"
     "c = tanh(((·U(h t−1) × r) + ·W + b(x t)))\n"
     "h = (h t−1 × u) + (c × 1−(u))\n"},
    {"GRU whose u weighs the candidate", CellKind::gru, false, false,
     "r = σ([h t−1, x t])\n"
     "u = σ([h t−1, x t])\n"
     "c = tanh([(h t−1 × r), x t])\n"
     "h = (h t−1 × 1−(u)) + (c × u)\n"},
    {"GRU that resets the product, u weighs the candidate", CellKind::gru, true, false,
     "r = σ([h t−1, x t])\n"
     "u = σ([h t−1, x t])\n"
     "c = tanh(((·U(h t−1) × r) + ·W + b(x t)))\n"
     "h = (h t−1 × 1−(u)) + (c × u)\n"},
    {"LSTM", CellKind::lstm, false, true,
     "f = σ([h t−1, x t])\n"
     "i = σ([h t−1, x t])\n"
     "j = tanh([h t−1, x t])\n"
     "o = σ([h t−1, x t])\n"
     "c = (c t−1 × f) + (i × j)\n"
     "h = tanh(c) × o\n"},
    {"BasicRNN", CellKind::basic_rnn, false, true, "h = tanh([h t−1, x t])\n"},
};

view::CellView view_of(const DiagramCase& wanted) {
    view::CellView view;
    view.kind = wanted.kind;
    view.resets_product = wanted.resets_product;
    view.update_keeps = wanted.update_keeps;
    return view;
}

} // namespace

TEST(CellDiagram, WiresSayWhatTheCellComputes) {
    for (const DiagramCase& wanted : diagram_cases)
        EXPECT_EQ(to_text(view::cell_sheet(view_of(wanted))), wanted.formulas) << wanted.name;
}

TEST(CellDiagram, NothingLiesOnAnythingElse) {
    for (const DiagramCase& wanted : diagram_cases) {
        const view::CellSheet& sheet = view::cell_sheet(view_of(wanted));
        for (const view::SheetBox& box : sheet.boxes) {
            EXPECT_GE(box.a.x, 0) << wanted.name;
            EXPECT_LE(box.b.x, view::sheet_width) << wanted.name;
            EXPECT_LE(box.b.y, view::sheet_height) << wanted.name;
            for (const view::SheetBox& other : sheet.boxes)
                EXPECT_TRUE(&box == &other || box.b.x <= other.a.x || other.b.x <= box.a.x || box.b.y <= other.a.y ||
                            other.b.y <= box.a.y)
                    << wanted.name << ": " << box.sign << " and " << other.sign;
            for (const view::SheetSign& sign : sheet.signs)
                EXPECT_TRUE(sign.at.x + view::sign_radius <= box.a.x || sign.at.x - view::sign_radius >= box.b.x ||
                            sign.at.y + view::sign_radius <= box.a.y || sign.at.y - view::sign_radius >= box.b.y)
                    << wanted.name << ": " << box.sign << " and " << sign.sign;
        }
    }
}
