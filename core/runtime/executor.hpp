#pragma once

#include "core/ops/kernel.hpp"
#include "core/runtime/dataflow.hpp"
#include "core/runtime/plan.hpp"
#include "core/runtime/session.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace rnnscope::runtime {

/// TensorFlow's dataflow executor (tf1-semantics 7) as a machine that visits one node per step, in a fixed order: a
/// first-in-first-out queue that starts with the nodes that wait for nothing, in creation order.
class Executor {
  public:
    struct Environment {
        const Graph& graph;
        ops::ResourceContainer& session;
        std::vector<std::unique_ptr<ops::KernelState>>& kernel_states; ///< by NodeId
        SessionOptions options;
    };
    Executor(Environment environment, Plan plan, RunRequest request);

    bool done() const { return done_; }
    void step(RunObserver& observer);
    std::optional<Run::Next> next() const;
    const Plan& plan() const { return plan_; }
    const std::optional<RunError>& error() const { return error_; }
    const std::vector<Tensor>& results() const { return results_; }
    std::size_t live_frames() const { return live_frames_; }

  private:
    using Task = Dataflow<ops::Value>::Task;

    // One visit.
    Run::Next visit_of(const Task& task) const;
    Task take_task(); ///< takes the first task and computes it
    bool must_wait() const;
    void put_back(const Task& task); ///< behind all others
    void propagate(const Task& task, RunObserver& observer);
    void compute(const PlanNode& node, bool dead);
    Status run_kernel(const PlanNode& node);
    Status prepare_inputs(const PlanNode& node);
    Status check_outputs(const PlanNode& node) const;
    void fail(const PlanNode& node, const Error& error);
    void note_missing_variable(const PlanNode& node, RunError& error) const;
    void finish_run();

    Environment env_;
    Plan plan_;
    RunRequest request_;
    ops::ResourceContainer step_; ///< tensor arrays and stacks of this run
    Dataflow<ops::Value> dataflow_;
    std::size_t live_frames_ = 0;
    bool started_ = false, done_ = false;

    // Of the visit in progress; members so that they are allocated once.
    std::vector<ops::Value> inputs_, outputs_;
    std::vector<ops::VariableAccess> accesses_;

    std::optional<RunError> error_;
    std::vector<Tensor> fetched_; ///< by distinct fetch; invalid while there is none
    std::vector<Tensor> results_;
};

} // namespace rnnscope::runtime
