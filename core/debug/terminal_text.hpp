#pragma once

#include "core/debug/debugger.hpp"

#include <string>

namespace rnnscope::debug {

/// Where the debugger is, as the terminal prints it after every command: position, why it stopped, the line.
std::string location_text(const Debugger& debugger);

/// The page of a cause, wrapped for a terminal.
std::string explain_text(const CauseDef& cause);

} // namespace rnnscope::debug
