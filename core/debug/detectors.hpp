#pragma once

#include "core/debug/fixes.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rnnscope::debug {

/// What a detector found: one cause with its sentence, evidence and fixes, best first.
struct Finding {
    std::string cause;
    std::string summary;
    std::vector<Evidence> evidence;
    StatementId fix_at;
    std::vector<Fix> fixes;
};

/// One read of a variable without a value, and all that the run would meet.
struct ReadCase {
    const Facts& facts;
    const record::RecordedRun& run;
    const UninitializedRead& read;
    const std::vector<UninitializedRead>& all;

    const Graph& graph() const { return facts.graph(run.info.graph); }
    /// Null when the storage belongs to no tf.Variable.
    const Variable* variable() const { return read.variable.valid() ? &graph().variable(read.variable) : nullptr; }
    Position start() const { return {run.first_tick}; }
    StatementId statement() const { return facts.statement_of_run(run); }
};

/// What runs in the session before the failing run and could have set the variable.
std::vector<Facts::InitRun> earlier_init_runs(const ReadCase& read);
std::string session_of(const ReadCase& read);
/// Where a run is to be added so that it happens once: outside of the loops around the statement, as far as the session
/// is known there.
StatementId outside_of_loops(const Facts& facts, StatementId statement, const std::string& session);
/// "Run init before line 21": the repair that always applies, with an initializer that exists or a new one.
std::optional<Fix> run_initializer(const ReadCase& read, InitOp::Kind kind = InitOp::Kind::global);

// Sessions, graphs and restores: detectors_sessions.cpp.
std::optional<Finding> wrong_session(const ReadCase& read);
std::optional<Finding> wrong_graph(const ReadCase& read);
std::optional<Finding> partial_restore(const ReadCase& read);
std::optional<Finding> collections_lost(const ReadCase& read);

/// One known reason of an uninitialized read. The table is ordered: the first that applies is the most specific.
struct ReadDetector {
    std::string_view cause;
    std::optional<Finding> (*detect)(const ReadCase&);
};
std::span<const ReadDetector> read_detectors();

/// Reasons of every other failure: building, fetching, feeding, shapes.
struct FailureCase {
    const Facts& facts;
    const record::RecordedError& recorded;

    const program::ProgramError& error() const { return recorded.error; }
    const program::Statement& statement() const { return facts.program().statement(error().statement); }
    /// The graph that the error speaks of, else the default graph of the failed step.
    GraphId graph() const {
        if (error().graph.valid()) return error().graph;
        return error().step.valid() ? facts.recording().step(error().step).graph : GraphId(0);
    }
};
struct FailureDetector {
    std::string_view cause;
    std::optional<Finding> (*detect)(const FailureCase&);
};
std::span<const FailureDetector> failure_detectors();

// Building: detectors_building.cpp.
std::optional<Finding> already_exists(const FailureCase& failure);
std::optional<Finding> leaked_reuse(const FailureCase& failure);
std::optional<Finding> does_not_exist(const FailureCase& failure);
std::optional<Finding> dtype_mismatch(const FailureCase& failure);
std::optional<Finding> control_flow_initializer(const FailureCase& failure);
// Tables and session managers: detectors_readiness.cpp.
std::optional<Finding> table_not_initialized(const FailureCase& failure);
std::optional<Finding> model_not_ready(const FailureCase& failure);
// Restores: detectors_restores.cpp.
std::optional<Finding> names_moved(const FailureCase& failure);
std::optional<Finding> not_in_checkpoint(const FailureCase& failure);
std::optional<Finding> shape_changed(const FailureCase& failure);
// Graphs, sessions and feeds: detectors_client.cpp.
std::optional<Finding> wrong_graph(const FailureCase& failure);
std::optional<Finding> placeholder_not_fed(const FailureCase& failure);
/// Gives a run the placeholder that it misses, as another run does or with made-up data.
void offer_feeds(const Facts& facts, const Graph& graph, NodeId placeholder, StatementId run, Finding& finding);
/// The placeholder of "You must feed a value for placeholder tensor 'x'"; "" for other messages.
std::string unfed_placeholder(const std::string& message);

/// Runs that TensorFlow would spread over devices in such a way that their order is open. device_warnings.cpp.
void several_devices(const Facts& facts, std::vector<Warning>& warnings);

/// Adds a fix if there is one.
void offer(Finding& finding, std::optional<Fix> fix);

/// A cell object that stands for several layers of a MultiRNNCell.
struct SharedCell {
    StatementId statement;               ///< that holds the list
    const program::Expr* list = nullptr; ///< `[cell] * 3` or `[cell, cell]`
    std::string cell;                    ///< its name in the program
    StatementId made_at;                 ///< the assignment of the cell
    std::size_t layers = 0;
};
std::vector<SharedCell> shared_cells(const Facts& facts);

} // namespace rnnscope::debug
