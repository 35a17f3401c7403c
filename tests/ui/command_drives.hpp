#pragma once

#include "tests/ui/harness.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace rnnscope::ui {

/// How it was before a command was driven.
struct Before {
    record::Position position;
    float font_percent = 0;
    std::size_t answers = 0, runs = 0;
    std::string theme;
};

/// One command, done as a person does it: by its key, else by its title in the palette, with what is typed for its
/// argument. Folders are `@`: one of the test's own.
struct Drive {
    std::string_view id;
    /// Commands that lead to where it is possible, separated by "; ". `!`: as if by a key; `~`: it is not waited for.
    std::string before;
    std::string typed;
    std::function<bool(Harness&, const Before&)> has_come; ///< what it did can be seen
};

/// Of the debugger's table, and of the window's.
std::span<const Drive> debugger_drives();
std::span<const Drive> window_drives();

// Where commands are driven.
inline const std::string opened = "ui.sample seed_a_ok.json", ended = opened + "; run.continue",
                         failed = "ui.sample seed_a_init_early.json; run.continue",
                         trained = "ui.sample training_loop.json; run.continue",
                         cell = "rnn/rnn/multi_rnn_cell/cell_0/gru_cell", kernel = cell + "/gates/kernel",
                         product = "rnn/rnn/while/rnn/multi_rnn_cell/cell_0/gru_cell/MatMul",
                         on_kernel = "; select.variable " + kernel, on_product = "; select.node " + product,
                         in_the_loop = "; go.time 2 3";

} // namespace rnnscope::ui
