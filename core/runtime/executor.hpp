#pragma once

#include "core/ops/kernel.hpp"
#include "core/runtime/plan.hpp"
#include "core/runtime/session.hpp"

#include <cstdint>
#include <deque>
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
    /// A visit that can happen: all that the node waits for has come.
    struct Task {
        std::uint32_t node = 0;
        std::uint32_t frame = 0; ///< position in frames_
        std::int64_t iteration = 0;
        bool dead = false;
    };
    struct Iteration {
        std::vector<std::uint32_t> pending, dead; ///< by node of the static frame
        std::vector<ops::Value> inputs;
        std::uint32_t tasks = 0;    ///< queued or running
        std::uint32_t children = 0; ///< frames opened from here that still live
    };
    struct Invariant {
        std::uint32_t node = 0;
        ops::Value value;
    };
    struct Frame {
        std::uint32_t id = 0;     ///< never used twice in a run
        std::uint32_t kind = 0;   ///< static frame
        std::uint32_t parent = 0; ///< position in frames_
        std::int64_t parent_iteration = 0;
        std::int64_t max_parallel = 1;
        std::uint32_t missing_inputs = 0; ///< Enters that have not come yet
        std::int64_t first = 0;           ///< oldest iteration that lives; iterations end in order
        std::deque<std::unique_ptr<Iteration>> iterations;
        std::vector<Invariant> invariants;
        std::vector<Invariant> deferred;       ///< NextIterations that wait for a free place
        std::vector<std::uint32_t> dead_exits; ///< of the newest iteration
        std::vector<std::uint32_t> children;   ///< frames that live, by position in frames_

        std::int64_t newest() const { return first + static_cast<std::int64_t>(iterations.size()) - 1; }
        Iteration& at(std::int64_t iteration) { return *iterations[static_cast<std::size_t>(iteration - first)]; }
        bool done() const { return missing_inputs == 0 && iterations.empty(); }
    };

    // One visit.
    Run::Next visit_of(const Task& task) const;
    Task take_task(); ///< takes the first task and computes it
    bool must_wait() const;
    void put_back(const Task& task); ///< behind all others
    void compute(const PlanNode& node, bool dead);
    Status run_kernel(const PlanNode& node);
    Status prepare_inputs(const PlanNode& node);
    Status check_outputs(const PlanNode& node) const;
    void fail(const PlanNode& node, const Error& error);
    void note_missing_variable(const PlanNode& node, RunError& error) const;
    void finish_run();

    // Propagation (7.4).
    void propagate(const Task& task, RunObserver& observer);
    void activate(const PlanNode& source, std::uint32_t frame, std::int64_t iteration, bool dead,
                  std::span<const ops::Value> outputs);
    void enter(const Task& task, const PlanNode& node, RunObserver& observer);
    void next_iteration(const Task& task, const PlanNode& node);
    std::uint32_t find_or_open(const Task& task, const PlanNode& node, RunObserver& observer);
    void start_iteration(std::uint32_t frame);
    void end_task(std::uint32_t frame, std::int64_t iteration);
    /// Ends what can end in this frame from `iteration` on, and in its parents where that ends the frame.
    void clean_up(std::uint32_t frame, std::int64_t iteration);
    bool iteration_done(Frame& frame, std::int64_t iteration);
    void close(std::uint32_t frame);

    std::unique_ptr<Iteration> new_iteration(std::uint32_t kind);
    void recycle(std::unique_ptr<Iteration> iteration, std::uint32_t kind);
    std::uint32_t new_frame(std::uint32_t kind);

    Environment env_;
    Plan plan_;
    RunRequest request_;
    ops::ResourceContainer step_; ///< tensor arrays and stacks of this run
    std::vector<std::unique_ptr<Frame>> frames_;
    std::vector<std::uint32_t> free_frames_;
    std::vector<std::vector<std::unique_ptr<Iteration>>> spare_; ///< by static frame
    std::deque<Task> queue_;
    std::uint32_t next_frame_id_ = 0;
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
