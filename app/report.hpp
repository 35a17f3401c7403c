#pragma once

#include "core/debug/debugger.hpp"

#include <string>

namespace rnnscope::app {

/// What `rnnscope run` says about a program that was evaluated to its end, in the two forms of the command line.
/// JSON: assets/schema/run.schema.json (design: "Command line", stable fields).
std::string run_json(const debug::Debugger& debugger);
std::string run_text(const debug::Debugger& debugger);

/// What `rnnscope check` says: every uninitialized read a run would meet, and the warnings.
/// JSON: assets/schema/check.schema.json.
std::string check_json(const debug::Debugger& debugger);
std::string check_text(const debug::Debugger& debugger);

/// A file that could not be read, as JSON: {"diagnostics": [{code, message, file, line, column, pointer, fix}]}.
std::string diagnostics_json(const Diagnostics& diagnostics);

} // namespace rnnscope::app
