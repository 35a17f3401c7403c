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

/// `what`: tensors and ops, separated by blanks, then what is fed: `session.run logits:0 train_op x:0=sin(2,5,10)`. A
/// feed is NAME=VALUE, as of session.feed, and its value goes on to the next NAME=. What earlier runs fed to tensors
/// that these need is fed again, unless it is given here.
Result<std::string> run_names(Debugger& debugger, std::string_view what);

// On what is selected (session_choices.hpp says which tensor or op that is). `cannot_…` says why not, and must be
// asked before.
std::optional<std::string> cannot_fetch_selection(const Debugger& debugger);
Result<std::string> fetch_selection(Debugger& debugger); ///< in a run of its own
std::optional<std::string> cannot_fetch_too(const Debugger& debugger);
Result<std::string> fetch_selection_too(Debugger& debugger); ///< in the last run of the program
std::optional<std::string> cannot_run_selection(const Debugger& debugger);
Result<std::string> run_selection(Debugger& debugger); ///< as a target: nothing is fetched

std::optional<std::string> cannot_feed_now(const Debugger& debugger);
/// NAME=VALUE, as the command line's --feed, for the last run of the program.
Result<std::string> feed_last_run(Debugger& debugger, std::string_view feed);
/// Runs the graph's initializers of all variables, or of those that the regular expression matches.
Result<std::string> run_initializers(Debugger& debugger, std::string_view pattern);
/// Restores a checkpoint with the graph's own saver.
Result<std::string> restore_checkpoint(Debugger& debugger, std::string_view prefix);

} // namespace rnnscope::debug
