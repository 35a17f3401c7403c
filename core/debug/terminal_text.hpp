#pragma once

#include "core/debug/debugger.hpp"

#include <string>
#include <string_view>

namespace rnnscope::debug {

/// Where the debugger is, as the terminal prints it after every command: position, why it stopped, the line.
std::string location_text(const Debugger& debugger);

/// "the graph has no "x"; did you mean y?"
Error no_such_name(const Graph& graph, std::string_view name);

/// The page of a cause, wrapped for a terminal.
std::string explain_text(const CauseDef& cause);

} // namespace rnnscope::debug
