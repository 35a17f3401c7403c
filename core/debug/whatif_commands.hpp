#pragma once

#include "core/debug/debugger.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rnnscope::debug {

// What if: the program evaluated once more, with changes that are made from the position on. Each happens once, at the
// first occasion: a tensor at the next event that gives it (the current one, too), a variable just before the next op
// of its session, a feed in the current run or else the next. Values are as in feeds: a JSON literal, @file, a formula.

/// NAME VALUE, of a tensor or variable.
Result<std::string> change_value(Debugger& debugger, std::string_view argument);
/// NAME VALUE.
Result<std::string> change_feed(Debugger& debugger, std::string_view argument);
/// The name of an op. Without outputs it is not executed; references it hands on as they came; all else is zeros of the
/// output's static shape, or, where that is not known before, of the shape that the op gives.
Result<std::string> change_skip(Debugger& debugger, std::string_view name);

std::optional<std::string> nothing_changes(const Debugger& debugger); ///< why a diversion cannot be run
std::optional<std::string> no_diversion(const Debugger& debugger);
std::optional<std::string> nothing_to_discard(const Debugger& debugger);
/// Asks for a run of the diversion: the answer says when each change happened, how the two ended, and where they
/// differ.
Result<std::string> run_what_if(Debugger& debugger);
/// Shows the diversion as a second recording, at the same position, or the original again.
Result<std::string> keep_what_if(Debugger& debugger);
Result<std::string> switch_recording(Debugger& debugger);
Result<std::string> discard_what_if(Debugger& debugger);

} // namespace rnnscope::debug
