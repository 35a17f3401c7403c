#pragma once

#include "core/base/result.hpp"
#include "core/debug/condition.hpp"
#include "core/debug/diagnosis.hpp"
#include "core/debug/diversion.hpp"
#include "core/graph/scope_tree.hpp"
#include "core/import/graph_roles.hpp"
#include "core/program/document.hpp"
#include "core/program/evaluator.hpp"
#include "core/program/graph_program.hpp"
#include "core/record/recording.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace rnnscope::debug {

using record::Position;
class AnswerShelf;
class Inquiry;
class Poison;

/// What the user has selected: everything that can be a link.
struct Selection {
    enum class Kind { none, node, variable, scope, statement } kind = Kind::none;
    GraphId graph;
    NodeId node;
    VariableId variable;
    std::string scope; ///< path
    StatementId statement;
    friend bool operator==(const Selection&, const Selection&) = default;
};

/// Where movements stop. Without a condition just before the statement or op, or where the scope is entered; with one
/// just after the op (or an op of the scope) that gave such a value. Watchpoints stop just after what they watch for.
struct Breakpoint {
    enum class Kind { statement, op, scope, variable, tensor } kind = Kind::statement;
    StatementId statement;
    /// Op (all its outputs) or tensor ("a:1"), scope path, variable; of a statement with a condition, the tensor or
    /// variable whose last value it is about.
    std::string name = {};
    bool enabled = true;
    Condition condition = {}; ///< of tensors: also of the new value; of variables: of what was read or written
    enum class Access { write, read, any } access = Access::write; ///< of variables
    friend auto operator<=>(const Breakpoint&, const Breakpoint&) = default;

    bool is_watchpoint() const { return kind == Kind::variable || kind == Kind::tensor; }
};
/// "line 17", "rnn/while/MatMul if nan", "writes of kernel".
std::string to_text(const Breakpoint& breakpoint, const program::Program& program);

/// A position to come back to.
struct Bookmark {
    Position at;
    std::string name;
    friend bool operator==(const Bookmark&, const Bookmark&) = default;
};

enum class StopReason {
    none,
    opened,
    step,
    breakpoint,
    watchpoint,
    uninitialized_read,
    error,
    finished,
    recording_end, ///< of an opened recording, which ends before its program
    paused,
    not_found ///< the time that was gone to does not exist
};

/// A time inside a run: before its first event, the first of a time step, or the first of an op (in that time step).
struct Moment {
    RunId run;
    std::optional<std::int64_t> iteration;
    std::string op; ///< ""
};
/// What a search stops at.
enum class Sought { error, uninitialized_read };

/// How far a movement goes. Each works forwards and backwards.
enum class Granularity { op, time_step, statement_into, statement_over, statement_out, run };

/// One debugged program: its document, the evaluation so far, the recording, and the position that is looked at.
/// Moving within the recording never runs anything; moving past its end evaluates.
class Debugger {
  public:
    Debugger();
    ~Debugger();
    Debugger(const Debugger&) = delete;
    Debugger& operator=(const Debugger&) = delete;

    // --- the document -------------------------------------------------------------------------------------------
    /// Replaces what is open and stops before the first statement. On failure what was open stays untouched.
    /// A program, a graph, or a recording (the content tells): of a graph, the program that imports it.
    Diagnostics open(const std::string& path);
    /// A recording is looked at and asked, but its program cannot be changed or run on.
    Diagnostics open_recording(const std::string& path);
    /// The file of the recording that is open; "" when it is a program.
    const std::string& recording_file() const;
    /// What is wrong with that file: it was opened as far as it is whole.
    const Diagnostics& damage() const;
    /// Writes what happened so far (record::save_recording).
    Status save_recording(const std::string& path) const;
    /// A graph, and what to do with it.
    Diagnostics open_graph(const std::string& path, const program::GraphSession& session);
    Diagnostics open_text(std::string text, std::string file, std::string directory);
    bool is_open() const;
    const program::Document& document() const;
    const program::Program& program() const { return document().program(); }
    bool modified() const; ///< a fix or an edit was applied since it was opened or saved
    /// Where the program was saved last, or read from: where "Save" writes.
    const std::string& file() const;
    /// A program names its files relative to its own folder: saved in another one it must find them there, too, else
    /// "file.elsewhere" says which are missing.
    Status save(const std::string& path);
    void restart(); ///< to position 0; the recording starts anew, unless it was opened

    // --- where we are -------------------------------------------------------------------------------------------
    Position position() const;
    const Evaluation& evaluation() const; ///< that is looked at
    std::shared_ptr<const Evaluation> shared_evaluation() const;
    const record::Recording& recording() const;
    const program::Evaluated& evaluator() const;
    bool at_start() const;
    bool at_end() const; ///< at the end of the recording, and the program is done
    StopReason stop_reason() const;
    StatementId current_statement() const; ///< about to execute (or executing, inside a run); invalid at the end
    RunId current_run() const;             ///< the run that the position is inside of; invalid outside
    /// Index of the event that is about to happen in current_run(); the failed event when stopped at an error.
    std::uint32_t current_event() const;
    GraphId current_graph() const;
    const Graph* graph() const;        ///< current_graph(), or null before anything was made
    std::size_t visible_nodes() const; ///< of graph(), at the position
    SessionId current_session() const; ///< chosen by the user, else the latest one used at the position
    const std::optional<program::ProgramError>& error_at_position() const;
    /// Names visible to the statement at the position, innermost first; empty where they were not kept.
    std::vector<std::pair<std::string, tf1::Value>> locals() const;

    // --- moving -------------------------------------------------------------------------------------------------
    /// Starts a movement; pump() performs it. Only one at a time.
    void move(Granularity granularity, bool forward);
    void run_on(bool forward); ///< continue, to the next breakpoint, uninitialized read, error or end
    void go(Position position);
    /// To the next or last occurrence of `target`, and no farther than run_on() goes.
    void run_to(Breakpoint target, bool forward);
    /// To the time, wherever it is. Where there is none: stays, StopReason::not_found.
    void go_to(Moment moment);
    /// To the next or last error, or uninitialized read, past everything else. False: there is none before this.
    bool seek(Sought sought, bool forward);
    bool busy() const;
    /// Works on the movement for at most `budget`; true when it is over.
    bool pump(std::chrono::microseconds budget);
    /// Is there work that nobody waits for: fixes to check, the preflight? The user can go on meanwhile.
    bool has_background_work() const;
    /// Works on that for about `budget`; true when nothing is left of it.
    bool pump_background(std::chrono::microseconds budget);
    /// Finishes the movement and all background work.
    void wait() {
        while (!pump(std::chrono::seconds(1)) || !pump_background(std::chrono::seconds(1))) {
        }
    }
    /// Stops the movement where it is, or gives up the question that is worked on.
    void cancel();

    // --- questions ------------------------------------------------------------------------------------------------
    /// Works on a question that takes long; pump() performs it, as it performs a movement, and puts the answer on the
    /// shelf. Only one at a time.
    void ask(std::unique_ptr<Inquiry> inquiry);
    /// The question that is worked on, or null.
    const Inquiry* inquiry() const;
    /// What came of the last question that was worked on: the text of its answer, or why there is none. Told once.
    std::optional<Result<std::string>> take_outcome();
    /// The answers so far. They are about the program and not part of it: kept until another one is opened.
    AnswerShelf& answers();
    const AnswerShelf& answers() const;

    // --- poison -----------------------------------------------------------------------------------------------------
    /// Does a run go on after it read a variable without a value? Then what is derived from it is followed.
    bool poisons() const;
    /// Switches that on or off, for this program and those that are opened later. The program is evaluated anew, up to
    /// the position (pump or wait for it), or up to the first uninitialized read where that would be another story.
    void set_poisons(bool on);
    /// What the missing values reached, in the recording up to its end. Null without a program, and where nothing is
    /// poisoned because runs stop.
    const Poison* poison() const;
    /// As Recording::state_at, in current_session() at the position; poisoned where poison() says so.
    record::InitState state_of(const Variable& variable) const;

    // --- what the user arranged (undoable) ------------------------------------------------------------------------
    const std::vector<Breakpoint>& breakpoints() const;
    /// Sets it, or clears the one that is at the same place. Where that one has another condition and the new one has
    /// one at all, it gets the new condition.
    void toggle_breakpoint(Breakpoint breakpoint);
    /// The one that stops at the position, or null.
    const Breakpoint* breakpoint_here() const;
    /// By position. They stay when the program is restarted, and go when it is changed: then the times are others.
    const std::vector<Bookmark>& bookmarks() const;
    /// Sets it, or clears the one at its position. True: it is set.
    bool toggle_bookmark(Bookmark bookmark);
    const Bookmark* bookmark_here() const; ///< null: there is none at the position
    const Selection& selection() const;
    void select(Selection selection);
    bool can_select_back() const;
    bool can_select_forward() const;
    void select_back();
    void select_forward();
    void choose_session(SessionId session);
    bool can_undo() const;
    bool can_redo() const;
    std::string undo_label() const;
    std::string redo_label() const;
    void undo();
    void redo();

    // --- what is wrong --------------------------------------------------------------------------------------------
    /// One for each error of the recording up to its end, in order; verified fixes included once checked.
    const std::vector<Diagnosis>& diagnoses() const;
    /// The one at the position, or null.
    const Diagnosis* current_diagnosis() const;
    /// All uninitialized reads of the program from start to end, found by evaluating a copy to its end once.
    struct PreflightItem {
        UninitializedRead read;
        RunId run;
        StatementId statement;
        std::string cause;
    };
    struct PreflightReport {
        std::vector<PreflightItem> reads;
        std::vector<Warning> warnings;
        bool is_complete = true; ///< false: the program is too long, and only its beginning was looked at
    };
    /// Finishes it first where it is not known yet, however long that takes.
    const PreflightReport& preflight() const;
    /// Null as long as the background work has not finished it.
    const PreflightReport* known_preflight() const;
    /// What graph() offers, which must be there; found again only when it is another or has grown.
    const GraphRoles& graph_roles() const;
    /// Applies the patch to the document and starts the movement from the start to the end or the next failure (pump
    /// or wait for it). Undoable.
    Status apply_fix(std::size_t diagnosis, std::size_t fix);
    /// Changes the program by a JSON Patch and runs it from the start. `label` is what undoing it is called.
    Status edit(const std::string& patch, std::string label);
    /// An edit: sessions round so. Nothing happens when they do already.
    Status set_rounding(ops::Rounding rounding);

    // --- what if ----------------------------------------------------------------------------------------------------
    /// What the next diversion does differently, in the order in which it was said. Gone with the recording: by
    /// restart, a fix or an edit.
    const std::vector<runtime::Change>& changes() const;
    void add_change(runtime::Change change);
    /// In place of an earlier diversion; shows the original.
    void set_diversion(Diversion diversion);
    const Diversion* diversion() const; ///< null: there is none
    const Evaluation& original() const; ///< of the program as it is; what is open
    std::shared_ptr<const Evaluation> shared_original() const;
    bool shows_diversion() const;
    /// The diversion, or else the original, is what all positions, values and movements are about. Where nothing was
    /// looked at yet, the same position is shown.
    void show_diversion(bool show);
    /// Forgets the diversion and the changes, and shows the original.
    void discard_diversion();

  private:
    bool pump_inquiry(std::chrono::steady_clock::time_point deadline);

    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace rnnscope::debug
