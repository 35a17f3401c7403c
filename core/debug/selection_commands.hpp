#pragma once

#include "core/debug/debugger.hpp"

#include <string>
#include <string_view>

namespace rnnscope::debug {

/// A session's number as session.choose takes it and everything shows it: from 1, as runs, in the order in which
/// they opened. JSON has the index.
inline std::string session_number(SessionId session) {
    return std::to_string(session.index() + 1);
}
/// "session 1"
inline std::string session_text(SessionId session) {
    return "session " + session_number(session);
}

/// Commands that select something of the current graph, or of the program, by its name. Unknown names are reported with
/// the nearest one that exists. Each says what it selected.

Result<std::string> select_node(Debugger& debugger, std::string_view name); ///< an op, or a tensor for its op
Result<std::string> select_variable(Debugger& debugger, std::string_view name);
Result<std::string> select_scope(Debugger& debugger, std::string_view path);
/// By its line in the Python form, from 1.
Result<std::string> select_statement(Debugger& debugger, std::string_view line);
/// The session whose values are shown, from 0.
Result<std::string> choose_session(Debugger& debugger, std::string_view index);

} // namespace rnnscope::debug
