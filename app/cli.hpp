#pragma once

#include "core/program/graph_program.hpp"

#include <string>
#include <vector>

namespace rnnscope::app {

/// Exit status of every command (stable interface).
enum ExitStatus : int {
    exit_ok = 0,
    exit_program_failed = 1, ///< the debugged program failed, or `check` found something
    exit_usage = 2,
    exit_unreadable = 3,
    exit_our_fault = 4,
};

/// `session` says what to do with a graph; programs say it themselves.
/// `poison`: goes on past reads of variables without a value, and says what is derived from those. `record`: the file
/// that the recording is saved to, or "". `rounding`: a name of ops::Rounding, or "" for what the program says.
int cli_run(const std::string& file, const program::GraphSession& session, bool json, bool poison,
            const std::string& record, const std::string& rounding);
int cli_check(const std::string& file, const program::GraphSession& session, bool json);
/// `output`: a file, or "" for standard output.
int cli_graph(const std::string& file, const std::string& format, const std::string& output);
int cli_python(const std::string& file);
/// Executes `commands`, then (when there are none) reads commands from standard input.
int cli_debug(const std::string& file, const std::vector<std::string>& commands, bool poison,
              const std::string& rounding);
int cli_explain(const std::string& code, const std::string& text);

} // namespace rnnscope::app
