#pragma once

#include "core/program/document.hpp"
#include "core/program/evaluator.hpp"
#include "core/record/recording.hpp"
#include "core/record/recording_file.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rnnscope::debug {

using record::Position;

/// What happens next at a position.
struct Ahead {
    enum class Kind { end, statement, run_begin, event, run_end } kind = Kind::end;
    StatementId statement; ///< about to execute, or executing
    StepId step;           ///< invalid for a statement that was not evaluated yet
    RunId run;             ///< of run_begin, event and run_end
    std::uint32_t event = 0;
    NodeId node; ///< of events; invalid for `_arg` and `_retval`
};

/// How many events at once fit into the time that someone has. It starts the same always: only long work learns.
class Pace {
  public:
    std::uint64_t most() const { return most_; }
    /// Were the last `most()` events done before the time was over?
    void learn(bool in_time) { most_ = in_time ? std::min(most_ * 2, largest) : std::max(most_ / 2, smallest); }

  private:
    static constexpr std::uint64_t smallest = 64, largest = 1 << 20;
    std::uint64_t most_ = 4096;
};

/// One evaluation of one document: the evaluator, what was recorded so far, and the seam between them. A position past
/// the recording's end is reached by evaluating. Or a recording that was opened: nothing comes behind its end.
class Evaluation {
  public:
    using Locals = std::vector<std::pair<std::string, tf1::Value>>;

    /// Goes on by about so many events at once; what Evaluator::advance does, unless a test wants something else.
    using Advance = std::function<void(program::Evaluator&, program::EvaluationObserver&, std::uint64_t most)>;

    explicit Evaluation(std::shared_ptr<const program::Document> document, Advance advance = nullptr,
                        program::EvaluatorOptions options = {});
    explicit Evaluation(record::OpenedRecording opened);

    const program::Document& document() const { return *document_; }
    std::shared_ptr<const program::Document> document_ptr() const { return document_; }
    const program::Evaluated& evaluator() const { return *evaluated_; }
    const record::Recording& recording() const { return *recording_; }
    bool was_opened() const { return evaluator_ == nullptr; } ///< as a recording
    /// Is the program done? An opened recording may end before it was.
    bool is_finished() const { return was_opened() ? is_finished_ : evaluator_->done(); }
    /// EvaluatorOptions: SessionOptions::passes_missing_values; an opened recording knows what was made of that.
    bool poisons() const { return poisons_; }
    const std::string& saved_poison() const { return saved_poison_; } ///< of an opened recording: encoded_poison

    Ahead ahead(Position position) const;
    /// The op of ahead(recording().end()) where that is an event, and its run; else invalid. Sooner known.
    std::pair<RunId, NodeId> op_behind_end() const;
    /// Evaluates the smallest piece; after a failed event, up to the end of its run, so that the error is known.
    /// With `most`: or about so many events of a run at once, where the executor can.
    void advance(std::uint64_t most = 1);
    /// Evaluates until there is a tick at `position` or the program is done; true when there is one.
    bool reach(Position position, std::uint64_t most = 1);
    bool is_end(Position position) const { return evaluated_->done() && position >= recording_->end(); }

    /// The error that a movement forwards stops at when it arrives here, or null.
    const record::RecordedError* error_stop(Position position) const;
    /// The error that is "here": from its stop to the end of its statement.
    const record::RecordedError* error_at(Position position) const;
    /// Does the error come from reading a variable without a value?
    bool is_uninitialized_read(const record::RecordedError& error) const;

    Locals locals(Position position) const;
    /// The same as text, wherever they change: what a recording's file keeps of them.
    std::vector<record::VisibleNames> visible_names() const;

  private:
    bool last_event_failed() const;
    Ahead ahead_of_recording() const;

    std::shared_ptr<const program::Document> document_;
    bool poisons_ = false;
    std::unique_ptr<program::Evaluator> evaluator_; ///< null: an opened recording
    std::shared_ptr<const program::Evaluated> evaluated_;
    std::unique_ptr<record::Recording> recording_;
    Advance advance_;
    bool is_finished_ = false;                ///< of an opened recording
    std::vector<record::VisibleNames> names_; ///< of an opened recording
    std::string saved_poison_;                ///< of an opened recording
    std::map<std::uint64_t, Locals> locals_;  ///< by position, of the first statements
};

} // namespace rnnscope::debug
