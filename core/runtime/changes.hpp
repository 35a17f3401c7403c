#pragma once

#include "core/base/id.hpp"
#include "core/graph/graph.hpp"
#include "core/runtime/session.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rnnscope::runtime {

/// One thing that a what-if does differently. It is due from an event of a run on, and happens once: at the first
/// occasion from there, in that run or a later one.
struct Change {
    enum class Kind {
        output,   ///< an op gives another value: it is executed as ever, then its output is replaced; also of a feed
        skip,     ///< an op is not executed (skipped_outputs says what it gives)
        variable, ///< a variable has another value, from just before the next event of a run in its session
        feed      ///< a run of the graph is fed another value, or one more; `event` does not count
    } kind = Kind::output;
    RunId run; ///< the first in which it is due
    std::uint64_t event = 0;
    GraphId graph;
    SessionId session; ///< of variables
    Output output;     ///< what is set or fed; of `skip` and `variable` its op
    Tensor value;      ///< of the output's type; none of `skip`
};

/// When a change happened.
struct ChangeTime {
    RunId run;
    std::uint64_t event = 0;
    std::int64_t iteration = -1; ///< of a loop; -1 outside of loops
};

/// The changes of one evaluation and what became of them. The evaluator says which run begins; its executor counts
/// events and asks.
class Changes {
  public:
    explicit Changes(std::vector<Change> changes) : changes_(std::move(changes)), times_(changes_.size()) {}
    std::span<const Change> all() const { return changes_; }
    /// nullopt: not so far.
    const std::optional<ChangeTime>& time_of(std::size_t change) const { return times_[change]; }

    /// A run is about to start: changes what it is fed.
    void begin_run(RunId run, SessionId session, GraphId graph, RunRequest& request);
    /// Of the run that began last: after how many more events the change may happen in it; nullopt: not in this run.
    std::optional<std::uint64_t> wait(std::size_t change) const;
    void pass(std::uint64_t events) { event_ += events; }
    void happened(std::size_t change, std::int64_t iteration) { times_[change] = {run_, event_, iteration}; }

  private:
    std::vector<Change> changes_;
    std::vector<std::optional<ChangeTime>> times_;
    RunId run_;
    SessionId session_;
    GraphId graph_;
    std::uint64_t event_ = 0;
};

/// Why an op cannot be skipped, or an output not be set, in the user's words; nullopt when it can.
std::optional<std::string> cannot_skip(const Node& node);
std::optional<std::string> cannot_set(const Graph& graph, Output output);

/// What a skipped op gives: references are handed on as they came, of the first input that is one; all else is zeros of
/// the output's static shape. nullopt where a shape is not known before: then the op is executed for its shapes.
std::optional<std::vector<ops::Value>> skipped_outputs(const Node& node, std::span<const ops::Value> inputs);

} // namespace rnnscope::runtime
