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

/// One known reason of an uninitialized read. The table is ordered: the first that applies is the most specific.
struct ReadDetector {
    std::string_view cause;
    std::optional<Finding> (*detect)(const ReadCase&);
};
std::span<const ReadDetector> read_detectors();

/// Reasons of every other failure: building, fetching, feeding, shapes.
struct FailureCase {
    const Facts& facts;
    const record::RecordedError& error;
};
struct FailureDetector {
    std::string_view cause;
    std::optional<Finding> (*detect)(const FailureCase&);
};
std::span<const FailureDetector> failure_detectors();

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
