#pragma once

#include "core/view/common.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rnnscope::view {

/// One entry of the menu that every name has.
struct MenuItem {
    std::string title;
    std::string detail;                 ///< what it would act on: "logits:0", "float32 [?, 74]"; may be empty
    std::string command, argument;      ///< of either command table
    std::optional<std::string> blocked; ///< why not
    bool begins_group = false;
};

struct ContextMenu {
    std::string title, detail; ///< the whole name; what it is: "MatMul", "variable", "scope"
    std::vector<MenuItem> items;
};

/// What can be done with what is selected. Empty when nothing is.
ContextMenu build_context_menu(const debug::Debugger& debugger);
std::string to_text(const ContextMenu& menu);

} // namespace rnnscope::view
