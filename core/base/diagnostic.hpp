#pragma once

#include <string>
#include <vector>

namespace rnnscope {

/// A place in a file the user wrote. Lines and columns count from 1 (0: unknown), columns in characters.
struct SourcePosition {
    std::string file;
    int line = 0;
    int column = 0;
    std::string pointer; ///< JSON Pointer (RFC 6901) into `file`; empty for files that are not JSON
    int python_line = 0; ///< line of the same statement in the program's Python form; 0: not a statement

    friend bool operator==(const SourcePosition&, const SourcePosition&) = default;
};

/// One complaint about a file: where, what, and what to do about it.
struct Diagnostic {
    std::string code; ///< stable, dotted: "program.unknown-argument"
    std::string message;
    SourcePosition where;
    std::string remedy; ///< one sentence without full stop; may be empty

    friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

/// Everything that is wrong with a file. Readers keep going and add, so that the user sees all of it at once.
using Diagnostics = std::vector<Diagnostic>;

/// The form editors jump to:
///   bad.json:4:36: error [program.unknown-argument] unknown argument "num_unit"
///     at /program/3/args/num_unit
///     fix: GRUCell has num_units
std::string to_text(const Diagnostic& diagnostic);
std::string to_text(const Diagnostics& diagnostics);

} // namespace rnnscope
