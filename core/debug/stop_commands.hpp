#pragma once

#include "core/debug/debugger.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rnnscope::debug {

/// Commands that set where movements stop, and that go to a place which is searched for. Where a name is left out the
/// selection is meant.

/// "" (the current line), a line, op, tensor or scope; then "if" and a condition, of a line with the tensor or variable
/// that it is about: "17 if logits:0 nan", "rnn/while/Sigmoid if saturated 0.01", "* if bad" for all ops.
Result<Breakpoint> breakpoint_of(const Debugger& debugger, std::string_view argument);
Result<std::string> toggle_breakpoint(Debugger& debugger, std::string_view argument);
Result<std::string> toggle_conditional_breakpoint(Debugger& debugger, std::string_view argument);
/// A variable, then perhaps "if" and a condition.
template <Breakpoint::Access access> Result<std::string> watch_variable(Debugger& debugger, std::string_view argument);
/// A tensor or op.
Result<std::string> watch_tensor(Debugger& debugger, std::string_view argument);
std::string breakpoints_text(const Debugger& debugger);

/// To the next or last occurrence of the selected op, scope, variable's write or statement, or of what is named.
template <bool forward> Result<std::string> run_to_cursor(Debugger& debugger, std::string_view argument);
template <Sought sought, bool forward> Result<std::string> seek(Debugger& debugger, std::string_view argument);
/// RUN (from 1), then perhaps a time step (from 0), then perhaps an op.
Result<std::string> go_time(Debugger& debugger, std::string_view argument);

} // namespace rnnscope::debug
