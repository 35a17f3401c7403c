#pragma once

#include "core/debug/debugger.hpp"
#include "core/debug/pause.hpp"
#include "core/debug/poison_mask.hpp"
#include "core/debug/questions.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

class Evaluation;

/// What is derived from values that were missing, element by element: a run that reads a variable without a value goes
/// on with zeros in its place (runtime::SessionOptions::passes_missing_values), and whatever they reach is poisoned.
/// A pure function of the recording: runs are followed event by event with masks in place of values, by the executor's
/// own rules (runtime::Dataflow), from the first missing value on. Grows with the recording. Of an opened recording it
/// is what its file keeps: there a run is not followed once more, because its values are not to be trusted.
class Poison {
  public:
    explicit Poison(const Evaluation& evaluation);
    ~Poison();
    Poison(const Poison&) = delete;
    Poison& operator=(const Poison&) = delete;

    /// Follows what was recorded since the last call; true when there is nothing more.
    bool catch_up(std::chrono::steady_clock::time_point deadline);
    bool is_caught_up() const;

    /// A read of a variable that had no value.
    struct Read : Happening {
        std::string variable; ///< storage name
    };
    std::span<const Read> reads() const;

    /// An event that poison reached.
    struct Mark {
        std::uint32_t event = 0;
        NodeId node; ///< invalid: a fetch
        std::uint32_t frame = 0;
        std::int64_t iteration = 0;
        std::vector<PoisonMask> outputs; ///< of a fetch: of the value; empty: it did something, but computed nothing
        bool decides = false;            ///< the poisoned value chose a branch, or whether a loop goes on
        bool writes = false;             ///< of a variable
        bool fails = false;              ///< an error, with a poisoned input
    };
    /// In order.
    std::span<const Mark> marks(RunId run) const;
    /// Of one event; null when it has nothing poisoned.
    const Mark* mark(RunId run, std::uint32_t event) const;
    PoisonMask output(RunId run, std::uint32_t event, std::size_t output) const;
    /// By fetch of the request, of those that have come.
    PoisonMask fetch(RunId run, std::size_t fetch) const;

    /// Of a variable, by name of its storage: of its value, or because it was read without one.
    PoisonMask variable_at(SessionId session, std::string_view storage, Position position) const;
    struct VariableChange {
        std::uint64_t tick = 0; ///< of the write or read that made it so
        PoisonMask mask;
        bool is_read = false; ///< read without a value
        RunId run;
        std::uint32_t event = 0;
        NodeId node;
    };
    /// By session and storage, in order of names; those that were ever poisoned.
    using Variables = std::map<std::pair<std::uint32_t, std::string>, std::vector<VariableChange>>;
    const Variables& variables() const;

    /// False: a run could not be followed to its end, or a file says of it what nobody wrote.
    bool is_complete() const;
    /// All of it, as a recording's file keeps it (poison_coding.hpp). The same poison gives the same bytes.
    std::string encoded() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// The blast radius up to the position: which reads, variables, ops, time steps and fetches, and how much of them.
struct PoisonReport {
    struct Variable {
        SessionId session;
        std::string name;
        Poison::VariableChange change;
        std::int64_t poisoned = 0, elements = 0;
        Shape shape;
    };
    struct Scope {
        std::string path; ///< "" for ops outside of any
        std::size_t ops = 0, events = 0;
    };
    struct Loop {
        RunId run;
        std::string frame; ///< name: "rnn/while/while_context"
        std::int64_t first = 0, last = 0;
        std::size_t time_steps = 0, of = 0; ///< poisoned, and all so far
    };
    struct Fetch {
        RunId run;
        Output output;
        std::string name;
        std::int64_t poisoned = 0, elements = 0;
        Shape shape;
        Position after;
    };
    struct Source {
        Poison::Read read;     ///< the first of this variable in its session
        std::size_t times = 1; ///< it was read so often
        std::string name;      ///< of the variable
        Shape shape;
    };
    std::vector<Source> sources;
    std::vector<Variable> variables; ///< that have a poisoned value
    std::size_t ops = 0, events = 0;
    std::size_t all_events = 0; ///< of the runs that poison reached
    std::vector<Scope> scopes;  ///< most first
    std::vector<Loop> loops;
    std::vector<Fetch> fetches; ///< of the same runs, clean ones too
    std::vector<Happening> decisions, failures;
    std::vector<std::string> refused; ///< reads that ended a run all the same, and why
};
PoisonReport poison_report(const Debugger& debugger, const Pause& pause = {});
/// The same as rows; says how to switch poison on where it is off.
Answer answer_poison(const Debugger& debugger, const Pause& pause = {});

} // namespace rnnscope::debug
