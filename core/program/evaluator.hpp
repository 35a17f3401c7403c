#pragma once

#include "core/base/id.hpp"
#include "core/program/ast.hpp"
#include "core/program/evaluated.hpp"
#include "core/runtime/restore.hpp"
#include "core/runtime/session.hpp"
#include "core/tf1/context.hpp"
#include "core/tf1/value.hpp"

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rnnscope::program {

/// One execution of one statement.
struct Step {
    StepId id;
    StepId parent; ///< the step of the block or call that encloses it; invalid at the top
    StatementId statement;
    int depth = 0;      ///< nesting of statements, calls included: what step over and step out compare
    int call_depth = 0; ///< nesting of function calls only
};

struct RunInfo {
    RunId id;
    StepId step;
    SessionId session;
    GraphId graph;
    std::size_t graph_nodes = 0;   ///< when it started
    std::size_t planned_nodes = 0; ///< after pruning
    runtime::RunRequest request;
};

struct RunOutcome {
    std::optional<ProgramError> error;
    std::vector<Tensor> results; ///< by fetch; empty on error
};

/// Hears what the evaluator does, in order. Events of runs arrive through RunObserver.
class EvaluationObserver : public runtime::RunObserver {
  public:
    virtual void on_step(const Step&) {} ///< the statement is about to execute
    virtual void on_step_done(StepId) {} ///< a plain statement is done; a block's header is done
    virtual void on_session(SessionId, GraphId) {}
    /// Variables, by name of their storage, got these values from a checkpoint without any op (EvaluatorOptions).
    virtual void on_restored(SessionId, std::span<const ops::NamedTensor>) {}
    virtual void on_run(const RunInfo&) {}
    virtual void on_run_done(RunId, const RunOutcome&) {}
    virtual void on_error(const ProgramError&, bool caught) { (void)caught; }
    /// The run that is going on would have ended with this error at its last event, and went on
    /// (SessionOptions::passes_missing_values).
    virtual void on_passed_over(const ProgramError&) {}
};

struct EvaluatorOptions {
    /// Without `checkpoints` what the program saves stays in memory, in an overlay over its folder that ends with the
    /// evaluation: programs are evaluated again and again (stepping back, checking fixes) and must not write files.
    runtime::SessionOptions session;
    /// Statements a program may execute before it is stopped ("program.too-long"): loops and calls are bounded, but a
    /// file can nest them.
    std::uint64_t max_steps = 1'000'000;
    int max_call_depth = 100;
    /// Prefix of a checkpoint from which every new session gets the values of the variables that are there, as if
    /// something had restored it before: for graphs that have no ops for it. Empty: none. A checkpoint that cannot be
    /// read is an error of the statement that makes the session.
    std::string restore;
};

/// Runs a program one statement at a time, and a Session.run one op at a time. Deterministic.
class Evaluator : public Evaluated {
  public:
    explicit Evaluator(std::shared_ptr<const Program> program, EvaluatorOptions options = {});
    ~Evaluator() override;

    const Program& program() const;
    bool done() const override; ///< finished, or ended by an error
    const std::optional<ProgramError>& error() const override;

    /// What the next call of advance() does.
    enum class Next { statement, run_event, run_end, done };
    Next next() const;
    StatementId next_statement() const;      ///< for Next::statement; else the one that is running
    const runtime::Run* current_run() const; ///< for run_event and run_end

    /// The smallest piece of work: a plain statement, a block's header, the start of a run (for a statement that calls
    /// Session.run), one event of it, or its end.
    void advance(EvaluationObserver& observer);
    /// The same, but inside a run about `most` events at once where the executor can (RunObserver::on_block).
    void advance(EvaluationObserver& observer, std::uint64_t most);
    void finish(EvaluationObserver& observer) {
        while (!done()) advance(observer, std::numeric_limits<std::uint64_t>::max());
    }

    const tf1::Context& context() const;
    const Graph& graph(GraphId id) const override;
    std::size_t graph_count() const override;
    runtime::Session& session(SessionId id);
    const runtime::Session& session(SessionId id) const;
    std::size_t session_count() const;
    /// What EvaluatorOptions::restore did for a session.
    const runtime::RestoreReport& restore_report(SessionId id) const;

    /// Names visible at the next statement, innermost first: for the inspector and the terminal.
    std::vector<std::pair<std::string, tf1::Value>> locals() const;
    std::vector<StatementId> origin_stack(OriginId origin) const override;

    class Impl;

  private:
    std::unique_ptr<Impl> impl_;
};

} // namespace rnnscope::program
