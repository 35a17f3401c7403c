#pragma once

#include "core/debug/debugger.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rnnscope::debug {

/// Commands that go on where a program ends, by adding a statement to it: how an imported graph is worked with. What
/// was done is the program, and can be saved, undone and repaired like any other.

/// Why nothing can be added now.
std::optional<std::string> cannot_add_statements(const Debugger& debugger);

/// `names`: tensors and ops, separated by blanks: `session.run logits:0 train_op`.
Result<std::string> run_names(Debugger& debugger, std::string_view names);
/// NAME=VALUE, as the command line's --feed, for the last run of the program.
Result<std::string> feed_last_run(Debugger& debugger, std::string_view feed);
/// Runs the graph's initializers of all variables, or of those that the regular expression matches.
Result<std::string> run_initializers(Debugger& debugger, std::string_view pattern);
/// Restores a checkpoint with the graph's own saver.
Result<std::string> restore_checkpoint(Debugger& debugger, std::string_view prefix);

} // namespace rnnscope::debug
