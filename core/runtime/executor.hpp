#pragma once

#include "core/ops/kernel.hpp"
#include "core/runtime/dataflow.hpp"
#include "core/runtime/plan.hpp"
#include "core/runtime/round_run.hpp"
#include "core/runtime/session.hpp"
#include "core/runtime/trace.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace rnnscope::runtime {

struct Change;

/// TensorFlow's dataflow executor (tf1-semantics 7) as a machine that visits one node per step, in a fixed order: a
/// first-in-first-out queue that starts with the nodes that wait for nothing, in creation order.
class Executor {
  public:
    struct Environment {
        const Graph& graph;
        ops::ResourceContainer& session;
        std::vector<std::unique_ptr<ops::KernelState>>& kernel_states; ///< by NodeId
        SessionOptions options;
        RowPool& rows;    ///< memory for what loops compute in rounds
        RowPool& scratch; ///< and for what nobody keeps of it
        PackCache& packs;
    };
    Executor(Environment environment, std::shared_ptr<CompiledPlan> plan, RunRequest request);
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;

    bool done() const { return done_; }
    void step(RunObserver& observer);
    /// One visit, or many where a loop can be executed in rounds; about `most`.
    void advance(RunObserver& observer, std::uint64_t most);
    std::optional<Run::Next> next() const;
    const Plan& plan() const { return plan_; }
    const std::optional<RunError>& error() const { return error_; }
    const std::vector<RunError>& passed_over() const { return passed_over_; }
    const std::vector<Tensor>& results() const { return results_; }
    std::size_t live_frames() const { return live_frames_; }

  private:
    using Task = Dataflow<ops::Value>::Task;

    /// How this run gets on with the rounds of a loop of the graph.
    struct Loop {
        int failures = 0; ///< in a row; a loop that goes another way each time is left to single visits
        std::uint64_t next_rounds = first_rounds;
    };
    static constexpr std::uint64_t first_rounds = 64;
    /// The visits since a loop's condition was tested the last time.
    struct Watch {
        bool is_on = false;
        std::uint32_t frame = 0; ///< position
        std::uint32_t frame_id = 0;
        std::vector<std::uint32_t> image;
        std::vector<LoggedVisit> log;
    };

    // Rounds (executor_rounds.cpp).
    bool is_round_start() const;
    void watch(const Task& task);
    void start_watch(std::uint32_t frame, std::vector<std::uint32_t> image);
    bool run_rounds(RunObserver& observer, std::uint64_t most, std::uint64_t room);
    std::shared_ptr<const Round> round_for(std::uint32_t frame, std::vector<std::uint32_t> image);
    void finish_partial_round(RoundRun& run, RunObserver& observer);

    // What runs do outside rounds (executor_traces.cpp).
    bool begin_trace(RunObserver& observer, std::uint64_t most);
    void start_log(std::vector<std::uint32_t> image);
    void end_log();
    bool follow(const Trace& trace, RunObserver& observer);
    bool compute_traced(const Trace& trace, const TraceVisit& visit);
    void leave(const Trace& trace, std::size_t at, RunObserver& observer);
    void end_trace(const Trace& trace, std::int64_t later);
    std::span<const ops::Value> outputs_of(const Trace& trace, const TraceVisit& visit) const;
    const ops::Value& value_of(const Trace& trace, const TraceName& name) const;

    // What a what-if changes (executor_changes.cpp).
    std::uint64_t room() const; ///< events that may go by before one at which something could change
    void compute_changed(const Task& task);
    NodeId node_of(const PlanNode& node) const;
    bool replace_output(const PlanNode& node, const Change& change);
    void skip(const PlanNode& node);

    // One visit.
    void begin(RunObserver& observer);
    void report(const Run::Next& visit, std::span<const ops::Value> inputs, std::span<const ops::Value> outputs,
                RunObserver& observer) const;
    Run::Next visit_of(const Task& task) const { return visit_of(task, dataflow_.frame(task.frame).id); }
    Run::Next visit_of(const Task& task, std::uint32_t frame_id) const;
    Task take_task(); ///< takes the first task and computes it
    bool must_wait() const;
    void put_back(const Task& task); ///< behind all others
    void finish_step(const Task& task, RunObserver& observer);
    void propagate(const Task& task, RunObserver& observer);
    void compute(const PlanNode& node, bool dead);
    Status run_kernel(const PlanNode& node);
    Status call_kernel(const PlanNode& node, std::span<const ops::Value> inputs, std::span<ops::Value> outputs,
                       std::vector<ops::VariableAccess>& accesses);
    Status prepare_inputs(const PlanNode& node);
    Status check_outputs(const PlanNode& node) const;
    void fail(const PlanNode& node, const Error& error);
    RunError error_of(const PlanNode& node, const Error& error) const;
    void note_missing_variable(const PlanNode& node, RunError& error) const;
    void finish_run(std::size_t live_frames);

    // Going on without values (executor_missing.cpp).
    bool can_go_on_without(const ops::VariableStorage& storage) const;
    void go_on_without(const PlanNode& node, std::uint32_t input, ops::VariableStorage& storage, const Error& error);
    void lend(ops::VariableStorage& storage);
    ops::VariableStorage* missing_resource(const PlanNode& node, std::uint32_t input);
    Status run_with_lent_values(const PlanNode& node, Status status);
    void take_lent_values_back();

    Environment env_;
    std::shared_ptr<CompiledPlan> compiled_;
    const Plan& plan_; ///< of compiled_
    RunRequest request_;
    ops::ResourceContainer step_; ///< tensor arrays and stacks of this run
    Dataflow<ops::Value> dataflow_;
    std::size_t live_frames_ = 0;
    bool started_ = false, done_ = false;

    std::vector<Loop> loops_; ///< by static frame
    Watch watch_;
    RunKernel kernel_caller_;
    bool may_begin_trace_ = true; ///< here a trace can begin
    std::optional<TraceLog> log_;
    std::vector<ops::Value> traced_;                ///< outputs of the trace that is followed, but for the known ones
    std::vector<const ops::Value*> traced_waiting_; ///< what waited when it began

    // Of the visit in progress; members so that they are allocated once.
    std::vector<ops::Value> inputs_, outputs_;
    std::vector<ops::VariableAccess> accesses_;
    std::vector<ops::VariableAccess> set_; ///< what a what-if set just before

    std::vector<ops::VariableStorage*> lent_; ///< have a value for the time of this visit only
    std::vector<RunError> passed_over_;

    std::optional<RunError> error_;
    std::vector<Tensor> fetched_; ///< by distinct fetch; invalid while there is none
    std::vector<Tensor> results_;
};

} // namespace rnnscope::runtime
