#pragma once

#include "core/tf1/control_flow.hpp"
#include "core/tf1/gradients.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

/// Gradients of while loops: python/ops/control_flow_state.py, 1.15. Every loop that gradients pass through gets a loop
/// of its own that runs backwards. The forward loop is extended by a counter, and by a stack for every value that the
/// way back needs.
namespace rnnscope::tf1 {

/// _GradLoopState: a forward loop and the loop of its gradients.
class LoopGrad : public LoopGradState {
  public:
    /// Adds the counters of both loops. `outer` is the state of the loop around, or null. The object lives as long as
    /// its graph, for the contexts of loops refer to it.
    static LoopGrad& make(GraphState& state, WhileContext& forward, LoopGrad* outer);

    WhileContext& forward_context() override { return *forward_; }
    WhileContext& grad_context() { return *grad_; }
    LoopGrad* outer() const { return outer_; }
    /// GetRealValue: `value` of the forward loop as it is known in the gradients' loop.
    Output real_value(GraphState& state, Output value) override;
    /// AddForwardAccumulator: a stack that the forward loop pushes `value` on. `dead_branch`: of a cond's branch that
    /// was not taken.
    Output add_forward_accumulator(GraphState& state, Output value, bool dead_branch = false);
    /// AddBackpropAccumulatedValue: what was pushed, in the gradients' loop.
    Output add_backprop_value(GraphState& state, Output history, Output value, bool dead_branch = false);
    /// WhileContext.AddBackpropAccumulator: sums the gradients of a loop invariant, `enter`, over all rounds.
    Output add_backprop_accumulator(GraphState& state, NodeId enter, Output grad);
    /// The predicate of a cond inside of the loop.
    Output real_predicate(GraphState& state, Output pred);

    /// `grad_context.Enter()` and `Exit()`: Exit goes back to where the last Enter came from.
    void enter(GraphState& state);
    void exit(GraphState& state);

    std::map<NodeId, Output> switch_map; ///< Switch of the forward loop -> Merge of the gradients' loop
    std::vector<Output> unused_exits, deferred_exits, forward_loop_exits;
    std::int64_t pending_exits = 0;
    std::map<Output, Output> history; ///< forward value -> value in the gradients' loop

  private:
    void add_counters(GraphState& state, const std::shared_ptr<LoopGrad>& self);
    Output add_forward_counter(GraphState& state);
    void add_backprop_counter(GraphState& state, Output count);
    NodeId forward_sync(GraphState& state);
    NodeId grad_sync(GraphState& state);

    WhileContext* forward_ = nullptr;
    WhileContext* grad_ = nullptr;
    LoopGrad* outer_ = nullptr;
    Output forward_index_, grad_index_;
    NodeId forward_sync_, grad_sync_;
    std::vector<ControlFlowContext*> entered_from_;
};

/// _ControlFlowState: all loops of one call of gradients.
class LoopGrads {
  public:
    bool empty() const { return grads_.empty(); }
    /// AddWhileContext for the loop that `exit` leaves.
    void add_loop(GraphState& state, NodeId exit, std::vector<NodeId>& between, std::unordered_set<NodeId>& is_between);
    /// GetGradState; null when the op is in no loop of these. `before`: an Exit counts as outside of its loop.
    LoopGrad* find(const GraphState& state, NodeId op, bool before) const;
    /// ProcessUnusedLoopExits: exits that nothing uses but whose gradients are needed.
    std::vector<Output> unused_exits(std::unordered_map<NodeId, std::int64_t>& pending, const std::set<NodeId>& to_ops);
    Output zeros_for_exit(GraphState& state, Output exit);
    /// ZerosLike and ZerosLikeOutsideLoop: a gradient of nothing for an output; none for the Switch of a loop.
    Gradient zeros(GraphState& state, NodeId op, int index);
    /// PostProcessing: loop variables whose next value does not depend on this one.
    void finish(GraphState& state);

  private:
    LoopGrad* of(WhileContext* forward) const;
    Output zeros_in_loop(GraphState& state, LoopGrad& grad, NodeId op, int index, bool dead_branch);

    std::vector<std::pair<WhileContext*, LoopGrad*>> grads_;
};

// --- control_flow_util.py
bool is_switch(const Node& node);
bool is_loop_switch(const GraphState& state, NodeId op);
/// switch and _SwitchRefOrTensor with a name.
NodeId named_switch(GraphState& state, Output data, Output pred, std::string_view name);
NodeId colocated_switch(GraphState& state, Output data, Output pred, std::string_view name = "Switch");

} // namespace rnnscope::tf1
