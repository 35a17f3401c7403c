#pragma once

#include "core/debug/debugger.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace rnnscope::view {

/// The mark of a state: one drawing in every panel. `partly` is for scopes only; `none` for what does not exist yet.
enum class StateMark : std::uint8_t { none, declared, initialized, updated, restored, partly, uninitialized, poisoned };

/// For text: ○ ● ● ◆ ◐ ✕ ▲, "·" for none.
std::string_view glyph(StateMark mark);
/// In words: "declared", "read while uninitialized".
std::string_view describe(StateMark mark);
/// At the position, in the session that is looked at.
StateMark mark_of(const debug::Debugger& debugger, const Variable& variable);
/// The next of 1, 2 and 5 times a power of ten: what the end and the steps of a scale are; 1 for 0 and for what is not
/// finite. A float32 that is nearly one of them is taken for it.
double rounded_up(double value);
/// Of a scope: ✕ if one inside has it, else ▲; with and without values mixed: ◐; otherwise the common state.
StateMark combine(std::span<const StateMark> marks);

/// A name that can be clicked.
struct Link {
    std::string text;
    debug::Selection target; ///< kind none: plain text

    static Link plain(std::string text) { return {std::move(text), {}}; }
};

/// What a view was built from. Equal stamps give equal views, so a panel rebuilds its rows only when this changes.
struct Stamp {
    std::shared_ptr<const program::Program> program; ///< held, so that no other one can get its address
    record::Position position, end;
    SessionId session;
    debug::Selection selection;
    std::vector<debug::Breakpoint> breakpoints;
    std::vector<debug::Bookmark> bookmarks;
    std::size_t diagnoses = 0, verified = 0, preflight = 0;
    bool busy = false, poison = false; ///< poison: it is known how far missing values reach
    friend bool operator==(const Stamp&, const Stamp&) = default;
};
Stamp stamp(const debug::Debugger& debugger);

debug::Selection select_node(const debug::Debugger& debugger, NodeId node);
debug::Selection select_variable(const debug::Debugger& debugger, VariableId variable);
debug::Selection select_scope(const debug::Debugger& debugger, std::string path);
debug::Selection select_statement(StatementId statement);

/// Python line of a statement, from 1; 0 when the statement is invalid.
int line_of(const debug::Debugger& debugger, StatementId statement);
StatementId statement_of(const debug::Debugger& debugger, RunId run);
/// "line 23", or "" for an invalid statement.
std::string line_text(const debug::Debugger& debugger, StatementId statement);
Link line_link(const debug::Debugger& debugger, StatementId statement);

/// "run 2": runs count from 1 for people.
std::string run_text(RunId run);
/// "1 variable", "1 204 ops".
std::string count_text(std::size_t count, std::string_view singular);
std::string grouped(std::uint64_t number); ///< "1 204"
/// The last `segments` parts of a path, without a mark of what was left out.
std::string_view last_segments(std::string_view path, int segments);
std::string_view last_segment(std::string_view path); ///< after the last "/"
/// Under which a session keeps the variable.
std::string storage_name(const debug::Debugger& debugger, const Variable& variable);
std::string shape_text(const Shape& shape);             ///< "[74, 128]", "[?, 10]", "scalar", "?"
std::string type_text(DType dtype, const Shape& shape); ///< "float32 [74, 128]"
std::string type_text(const OutputInfo& info);          ///< "float32_ref [74, 128]" for references
/// Signed, with a true minus sign, `digits` significant digits: "+0.1526", "−0.0089".
std::string number_text(double value, int digits = 4, bool plus = false);
std::string bytes_text(std::size_t bytes); ///< "0.3 MB"

/// Variables of graph() that exist at the position, creation order.
std::vector<VariableId> visible_variables(const debug::Debugger& debugger);
/// The event that the position shows: the last one that happened in current_run(), or the failed one; nullopt before
/// the first.
struct EventAt {
    RunId run;
    std::uint32_t index = 0;
};
std::optional<EventAt> shown_event(const debug::Debugger& debugger);

} // namespace rnnscope::view
