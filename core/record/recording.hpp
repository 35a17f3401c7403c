#pragma once

#include "core/base/id.hpp"
#include "core/program/evaluator.hpp"
#include "core/record/event_numbers.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::record {

/// A point in the recording: so many ticks have happened. Positions compare by time; 0 is before everything.
struct Position {
    std::uint64_t ticks = 0;
    friend auto operator<=>(const Position&, const Position&) = default;
};

enum class TickKind : std::uint8_t { statement, run_begin, event, run_end };

/// The smallest thing that happens: a statement (or a block's header), the start of a run, one event, the end of a run.
struct Tick {
    TickKind kind = TickKind::statement;
    StepId step;
    RunId run;               ///< invalid for statements
    std::uint32_t event = 0; ///< for events: index into the run's events
};

/// A value that was seen: a tensor, a reference to a variable, or nothing (dead).
struct RecordedValue {
    Tensor tensor;        ///< empty for references to variables without value, and for nothing
    std::string variable; ///< storage name when it was a reference
    bool present = false;
};

struct RecordedAccess {
    std::string variable; ///< storage name
    bool write = false;
    Tensor value; ///< read, or written; empty: read while uninitialized
};

/// A sequence that keeps what it shows alive.
template <class T> class Kept {
  public:
    Kept() = default;
    explicit Kept(std::span<const T> values, std::shared_ptr<const void> owner = nullptr)
        : values_(values), owner_(std::move(owner)) {}
    std::size_t size() const { return values_.size(); }
    bool empty() const { return values_.empty(); }
    const T& operator[](std::size_t i) const { return values_[i]; }
    const T* data() const { return values_.data(); }
    auto begin() const { return values_.begin(); }
    auto end() const { return values_.end(); }

  private:
    std::span<const T> values_;
    std::shared_ptr<const void> owner_; ///< null: the recording
};

/// An event without its values: all that looking for one needs, and cheap.
struct RecordedVisit {
    NodeId node;
    int slot = -1; ///< of a _retval or _arg when `node` is invalid
    std::uint32_t frame = 0;
    std::int64_t iteration = 0;
    bool dead = false;
    bool failed = false;
    bool may_access_variables = false; ///< false: there is no access, known without looking for them
};

struct RecordedEvent : RecordedVisit {
    Kept<RecordedValue> inputs, outputs;
    Kept<RecordedAccess> accesses;
};

/// Events of a run that follow one another: heard singly, or the rounds of one block.
struct EventPiece {
    std::uint32_t first = 0, count = 0;
    std::uint32_t visits = 1; ///< of a round; event e and e + visits differ in nothing but iteration and values
    const runtime::EventBlock* block = nullptr; ///< null: heard singly

    std::uint32_t end() const { return first + count; }
    std::uint32_t offset(std::uint32_t event) const { return (event - first) % visits; } ///< in its round
};

struct RecordedStep {
    program::Step step;
    std::uint64_t first_tick = 0, last_tick = 0; ///< inclusive
    GraphId graph;                               ///< the default graph
    std::size_t nodes_before = 0, nodes_after = 0;
    RunId run; ///< the run that it performed, if any
    std::optional<program::ProgramError> error;
    bool error_caught = false;
};

struct RecordedRun {
    program::RunInfo info;
    std::uint64_t first_tick = 0, last_tick = 0; ///< run_begin, run_end (or the last so far)
    std::vector<runtime::FrameInfo> frames;
    bool done = false;
    program::RunOutcome outcome;
};

/// Life of a variable in a session.
enum class InitState : std::uint8_t { absent, declared, initialized, updated, restored, poisoned };
std::string_view init_state_name(InitState state); ///< "declared": also the command line's spelling

struct HistoryEntry {
    enum class Kind : std::uint8_t { declared, write, read, uninitialized_read } kind = Kind::declared;
    std::uint64_t tick = 0;
    RunId run; ///< invalid: restored without any op, by the statement of `tick`
    std::uint32_t event = 0;
    NodeId node;                           ///< who wrote or read
    InitState state = InitState::declared; ///< after this entry
    Tensor value;                          ///< read or written
};

/// An error that ended a statement, and the positions at which it is "here".
struct RecordedError {
    program::ProgramError error;
    bool caught = false; ///< by a try block: the program went on
    bool passed = false; ///< a variable without a value was read, and the run went on (program::EvaluatorOptions)
    Position first;      ///< just after the failing event; for build and client errors just after the statement's tick
    Position last;       ///< after the run's end, or `first`: it ended nothing, or not a run
};

/// Name of the variable's storage in a session: its shared_name, or the name of its node.
std::string storage_name(const Graph& graph, const Variable& variable);
std::string storage_name(const Node& variable_op);

/// The graphs of the program that is being recorded, which grow meanwhile.
struct GraphSource {
    std::function<std::size_t()> count;
    std::function<const Graph&(GraphId)> graph;
    std::function<GraphId()> current; ///< the default graph; invalid before there is one
};
GraphSource graphs_of(const program::Evaluator& evaluator);

/// Everything that happened, in order; grows as the evaluator goes on and is never changed. Moving in time is reading
/// it. Values inside events stay where they are; spans over whole tables (steps, runs, pieces, histories) are valid
/// until the recording grows. What it keeps of a block (runtime::EventBlock) is the block.
class Recording : public program::EvaluationObserver {
  public:
    /// What `source` asks must outlive the recording's growth.
    explicit Recording(GraphSource source);
    explicit Recording(const program::Evaluator& evaluator) : Recording(graphs_of(evaluator)) {}
    ~Recording() override;

    Position end() const;
    Tick tick(std::uint64_t index) const;
    std::span<const RecordedStep> steps() const;
    const RecordedStep& step(StepId id) const;
    std::span<const RecordedRun> runs() const;
    const RecordedRun& run(RunId id) const;
    std::size_t event_count(RunId id) const;
    /// With its values. Those of events in blocks are read from the block, which can compute them again.
    RecordedEvent event(RunId id, std::uint32_t index) const;
    RecordedVisit visit(RunId id, std::uint32_t index) const;
    /// One output of an event; of a reference, the variable's value. Empty: none.
    Tensor output(RunId id, std::uint32_t index, std::size_t output) const;
    /// One element (row-major) of an output in each event of its node, in their order: how one unit goes over the time
    /// steps. NaN where there is no value.
    std::vector<double> elements(RunId id, Output output, std::int64_t element) const;
    std::uint64_t tick_of(RunId id, std::uint32_t event) const;
    /// How many events of the run had happened at the position.
    std::uint32_t events_at(RunId id, Position position) const;
    /// The events of a run in their order, piece by piece.
    std::span<const EventPiece> pieces(RunId id) const;
    const EventPiece& piece_of(RunId id, std::uint32_t event) const;
    /// Events of one node in one run, in order.
    EventNumbers events_of(RunId id, NodeId node) const;
    /// Events that are the first of a loop iteration, and the first event of the run: where time steps begin.
    EventNumbers time_steps_of(RunId id) const;
    std::span<const RecordedError> errors() const;
    std::size_t sessions() const;
    GraphId graph_of(SessionId session) const;
    /// An estimate of the memory held by values, shared ones counted once; of blocks, what they say.
    std::size_t bytes() const;

    /// Memory for values, in bytes; at first a quarter of the machine's. When half of it is taken, loops are kept as
    /// states from which the rest is computed again when it is looked at, at intervals that grow; when all of it is
    /// taken, what was kept of loops before is thinned likewise. No position is lost.
    void set_budget(std::size_t bytes);
    std::size_t budget() const;
    bool keeps_states() const; ///< instead of all values, of some loop
    runtime::Keep keep() const override;

    /// Nodes of the graph that existed at the position.
    std::size_t nodes_at(GraphId graph, Position position) const;

    /// All entries of the variable, by name of its storage, in one session; oldest first.
    std::span<const HistoryEntry> history(SessionId session, std::string_view variable) const;
    InitState state_at(SessionId session, const Variable& variable, Position position) const;
    Tensor value_at(SessionId session, std::string_view variable, Position position) const; ///< empty: none
    /// Was the variable read while it had no value before or at the position?
    bool read_uninitialized(SessionId session, std::string_view variable, Position position) const;

    // EvaluationObserver
    void on_step(const program::Step&) override;
    void on_step_done(StepId) override;
    void on_session(SessionId, GraphId) override;
    void on_restored(SessionId, std::span<const ops::NamedTensor>) override;
    void on_run(const program::RunInfo&) override;
    void on_run_done(RunId, const program::RunOutcome&) override;
    void on_error(const program::ProgramError&, bool caught) override;
    void on_passed_over(const program::ProgramError&) override;
    void on_frame(const runtime::FrameInfo&) override;
    void on_event(const runtime::Event&) override;
    void on_block(std::shared_ptr<const runtime::EventBlock> block) override;

  private:
    friend class RecordingWriter; ///< recording_file.hpp
    friend class RecordingReader;
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace rnnscope::record
