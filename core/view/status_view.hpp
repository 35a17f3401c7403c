#pragma once

#include "core/view/common.hpp"

#include <string>
#include <vector>

namespace rnnscope::view {

/// The status line: where we are at the left, how much there is at the right.
struct StatusView {
    StateMark mark = StateMark::none;
    bool failed = false;
    std::vector<Link> left;
    std::vector<std::string> right;
};
StatusView build_status(const debug::Debugger& debugger);
std::string to_text(const StatusView& view);

} // namespace rnnscope::view
