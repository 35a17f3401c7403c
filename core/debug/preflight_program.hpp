#pragma once

#include "core/debug/debugger.hpp"
#include "core/debug/evaluation.hpp"
#include "core/debug/order.hpp"

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace rnnscope::debug {

/// Finds all uninitialized reads and warnings of a program, in pieces. An evaluation that is at its end already is
/// looked at as it is; else a copy of the program is evaluated.
class PreflightJob {
  public:
    /// `evaluation` has to live as long as this.
    explicit PreflightJob(const Evaluation& evaluation);
    ~PreflightJob();
    /// True when the report is complete.
    bool pump(std::chrono::steady_clock::time_point deadline);
    Debugger::PreflightReport take() { return std::move(report_); }

  private:
    void look_at_run(const record::RecordedRun& run);
    void warn_of_orders(const Graph& graph, const OrderReport& orders, const std::vector<UninitializedRead>& too_early,
                        StatementId statement);
    const Evaluation& looked_at() const { return copy_ ? *copy_ : original_; }

    const Evaluation& original_;
    std::unique_ptr<Evaluation> copy_;
    Pace pace_;
    std::size_t next_run_ = 0;
    Debugger::PreflightReport report_;
    std::vector<Warning> order_warnings_;
    std::set<std::tuple<StatementId, std::string, std::string>> warned_; ///< a run in a loop warns once
};

} // namespace rnnscope::debug
