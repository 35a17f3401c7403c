#pragma once

#include "core/debug/debugger.hpp"

#include <string>
#include <string_view>

namespace rnnscope::debug {

/// What a bookmark at the position is called when nobody names it: "run 2, event 46", "line 17", "end".
std::string position_name(const Debugger& debugger);
/// Sets one at the position, under a name if one is given, or clears the one that is there.
Result<std::string> toggle_bookmark(Debugger& debugger, std::string_view name);
/// To the next or last one, and from the last one to the first.
template <bool forward> Result<std::string> go_bookmark(Debugger& debugger, std::string_view argument);
std::string bookmarks_text(const Debugger& debugger);

} // namespace rnnscope::debug
