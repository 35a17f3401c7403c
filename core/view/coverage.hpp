#pragma once

#include "core/debug/debugger.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::view {

/// Which variables an init op, a collection or a scope string takes in: the question behind most variables that were
/// never initialized.
struct Coverage {
    std::string what;       ///< "init", "trainable_variables", "scope=rnn/cell_0"
    std::string problem;    ///< why nothing is known: "re.error: …", "there is no op or collection …"; then no hits
    std::vector<bool> hits; ///< by variable of graph()
    std::size_t count = 0, of = 0; ///< of those that exist at the position
};
/// `text` is the name of an op (the variables whose initializers run with it), of a collection, "scope=REGEX", or
/// "COLLECTION scope=REGEX". Scopes match as tf.get_collection matches them: Python's re.match on the full name, so
/// anchored at the start only, and every character of a regular expression counts. Without a collection: "variables".
Coverage coverage_of(const debug::Debugger& debugger, std::string_view text);
std::string to_text(const Coverage& coverage); ///< "init takes in 4 of 8"

/// What can be asked about in this graph: its init ops, and its collections of variables.
std::vector<std::string> coverage_choices(const debug::Debugger& debugger);

} // namespace rnnscope::view
