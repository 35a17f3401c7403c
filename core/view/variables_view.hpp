#pragma once

#include "core/view/common.hpp"

#include <set>
#include <string>
#include <vector>

namespace rnnscope::view {

/// What the user arranged in the tree of variables.
struct VariablesOptions {
    std::string filter;              ///< matches name, shape or state; case ignored
    std::set<std::string> collapsed; ///< scope paths
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
};

struct VariablesView {
    std::vector<VariableRow> rows;
    std::size_t total = 0;  ///< variables before the filter
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
