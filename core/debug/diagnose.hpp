#pragma once

#include "core/debug/diagnosis.hpp"
#include "core/debug/evaluation.hpp"

#include <chrono>
#include <memory>

namespace rnnscope::debug {

/// Finds why the error happened: the cause, the evidence and the fixes, none of them checked yet.
Diagnosis diagnose(const Evaluation& evaluation, const record::RecordedError& error);

/// Silent problems of what was evaluated so far: sharing, copies, filters that take too much, lost restores.
std::vector<Warning> find_warnings(const Evaluation& evaluation);

/// Tries a fix: applies it to a copy of the document and evaluates that to its end. A fix counts as verified when its
/// failure is gone and the program then ends without an error; errors that a try block catches are allowed when they
/// happened before, too, and are not the failure that was to be repaired; so are other failures that were there before.
class FixCheck {
  public:
    FixCheck(const Evaluation& evaluation, const program::ProgramError& error, const Fix& fix);
    ~FixCheck();
    /// True when the answer is known.
    bool pump(std::chrono::steady_clock::time_point deadline);
    Fix::Check result() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// Codes of the likeliest causes of reads that `run` would meet or met, one for each.
std::vector<std::string> causes_of_reads(const Evaluation& evaluation, const record::RecordedRun& run,
                                         const std::vector<UninitializedRead>& reads);

} // namespace rnnscope::debug
