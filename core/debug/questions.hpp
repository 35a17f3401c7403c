#pragma once

#include "core/debug/condition.hpp"
#include "core/debug/debugger.hpp"
#include "core/debug/pause.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

struct Answer;
struct AnswerRow;

/// Something that happened, and the position just after it.
struct Happening {
    Position after;
    SessionId session;
    StatementId statement;
    RunId run; ///< invalid: a statement did it without a run
    std::uint32_t event = 0;
    NodeId node;                 ///< invalid: no op did it, or a feed or fetch
    std::int64_t iteration = -1; ///< of a loop; -1 outside of loops
};

// --- variables ------------------------------------------------------------------------------------------------------

/// As Recording::history, with the state `poisoned` after writes of poisoned values (Debugger::poison).
std::vector<record::HistoryEntry> history_of(const Debugger& debugger, SessionId session, const Variable& variable);

/// What happened to a variable, in all sessions, oldest first.
struct AccessEntry : Happening {
    record::HistoryEntry::Kind kind = record::HistoryEntry::Kind::declared;
    record::InitState state = record::InitState::declared; ///< after it
    Tensor value;
};
std::vector<AccessEntry> accesses_of(const Debugger& debugger, const Variable& variable);

/// Who gave the variable its first value in the session, and who the value that it has at the position.
struct Initialization {
    std::optional<AccessEntry> first, last;
    bool is_elsewhere = false; ///< another session has a value for it
};
Initialization initialization_of(const Debugger& debugger, const Variable& variable);

// --- where values come from and go to
// ---------------------------------------------------------------------------------

/// A value of an event, and how it is reached.
struct SliceEntry : Happening {
    enum class Kind { op, feed, variable, restored, random, constant, fetch } kind = Kind::op;
    std::string name;       ///< op, placeholder, variable, or what is fetched
    std::size_t copies = 0; ///< ops between that only pass the value on: Identity, Switch, Enter, ...
    std::size_t times = 1;  ///< so often, with other positions of which this is the first
};

/// Backwards: what a value was computed from. Forwards: what was computed from it.
struct Slice {
    SliceEntry start;
    std::vector<SliceEntry> nearest; ///< the ops that are next to it, past those that only copy
    std::vector<SliceEntry> ends;    ///< feeds, constants, writes of variables; forwards: fetches, writes of variables
    std::size_t ops = 0;             ///< events in between, all of them
    std::int64_t time_steps = 0;     ///< loop iterations that they are in
    bool is_complete = true;         ///< false: there are more than are looked at
};
/// Of the newest value that the output had before the position; of a variable, of the one that it has. Follows the
/// run's events through loops and branches; a variable that is read leads to its last write, where a question can be
/// asked anew. Looks at `most` events; the nearest come first.
constexpr std::size_t most_slice_events = 20'000;
Result<Slice> where_from(const Debugger& debugger, Output output, std::size_t most = most_slice_events,
                         const Pause& pause = {});
/// Writes of variables and fetches end it.
Result<Slice> where_to(const Debugger& debugger, Output output, std::size_t most = most_slice_events,
                       const Pause& pause = {});

// --- when was it right
// ------------------------------------------------------------------------------------------------

struct LastRight {
    std::optional<Happening> right; ///< the newest value before the position that was right; nullopt: none was
    std::optional<Happening> wrong; ///< the first that was not, after it
    std::size_t values = 0;         ///< that were looked at
};
/// Right is what has no NaN and no infinity or, with a condition, fulfils it. Of an op's output or a variable.
LastRight last_right(const Debugger& debugger, Output output, const std::optional<Condition>& condition,
                     const Pause& pause = {});

// --- as answers
// ----------------------------------------------------------------------------------------------------------

/// "run 2, event 230, t=3, line 36, at 812": the position is the one just after it.
std::string place_text(const Debugger& debugger, const Happening& happening);

/// "(14, 20) from -0.4682 to 0.4303". Looks at every element.
std::string value_summary(const Tensor& value);

/// The newest rows of what ask.history answers about a variable.
struct AccessRows {
    std::vector<AnswerRow> rows; ///< oldest first
    std::size_t before = 0;      ///< how many rows there are before them
};
/// Nothing is summarised but the values in those rows, by `summary` or else as value_summary() does.
AccessRows newest_accesses(const Debugger& debugger, const Variable& variable, std::size_t most,
                           const std::function<std::string(const AccessEntry&)>& summary = nullptr);

/// Each with a name (op, tensor or variable), or "" for the selection.
Result<Answer> answer_accesses(const Debugger& debugger, std::string_view name);
Result<Answer> answer_initialization(const Debugger& debugger, std::string_view name);
Result<Answer> answer_where_from(const Debugger& debugger, std::string_view name, const Pause& pause = {});
Result<Answer> answer_where_to(const Debugger& debugger, std::string_view name, const Pause& pause = {});
/// What other orders of a run would do (order.hpp): of a run that happened, by its number; of fetches and targets, by
/// their names, in the current session as it is at the position; "" for the run at the position, or the last before.
Result<Answer> answer_orders(const Debugger& debugger, std::string_view argument, const Pause& pause = {});
/// NAME, then perhaps "if" and a condition.
Result<Answer> answer_last_right(const Debugger& debugger, std::string_view argument, const Pause& pause = {});

} // namespace rnnscope::debug
