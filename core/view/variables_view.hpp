#pragma once

#include "core/view/common.hpp"
#include "core/view/coverage.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace rnnscope::view {

/// What the user arranged in the tree of variables.
struct VariablesOptions {
    std::string filter;              ///< matches name, shape or state; case ignored
    std::set<std::string> collapsed; ///< scope paths
    bool only_uninitialized = false; ///< without a value, or read before it had one
    bool only_trainable = false;
    std::string coverage = {}; ///< coverage_of this is shown; "": none
    friend bool operator==(const VariablesOptions&, const VariablesOptions&) = default;
};

struct VariableRow {
    bool is_scope = false;
    std::string path;  ///< full: the row's identity
    std::string label; ///< what is left of the path below its parent row: "cell_0/gru_cell"
    int depth = 0;
    bool open = false; ///< scopes
    StateMark mark = StateMark::none;
    VariableId variable;       ///< invalid for scopes
    std::string shape;         ///< "[74, 128]"; scopes: "8 variables"
    std::string written, read; ///< "line 21", "never", "not yet"; "" for scopes
    StatementId written_at, read_at;
    bool read_failed = false; ///< the read happened while it had no value
    int shared_by = 0;        ///< more than 1: so many layers use this one variable
    bool selected = false;
    /// Of the coverage: is the variable taken in? Scopes: how many of theirs are.
    bool covered = false;
    std::size_t covered_count = 0, count = 0;
};

struct VariablesView {
    std::vector<VariableRow> rows;
    std::size_t total = 0;                        ///< variables before the filter
    std::size_t shown = 0;                        ///< and after it
    std::size_t uninitialized = 0, trainable = 0; ///< of all
    std::optional<Coverage> coverage;
    std::string suggestion; ///< a name near the filter, when nothing matches
    std::string empty;      ///< why there are no rows, in a sentence
    struct Session {
        SessionId id;
        std::string name; ///< the name the program gives it, or "session 1"
    };
    std::vector<Session> sessions;
    SessionId session;
};
VariablesView build_variables(const debug::Debugger& debugger, const VariablesOptions& options = {});
std::string to_text(const VariablesView& view);

} // namespace rnnscope::view
