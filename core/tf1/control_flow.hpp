#pragma once

#include "core/tf1/graph_state.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace rnnscope::tf1 {

class WhileContext;

/// What a loop of gradients knows of the loop it belongs to (GradLoopState of control_flow_state.py). Implemented by
/// the gradients; loops only ask it how to reach a value of the forward loop.
class LoopGradState {
  public:
    virtual ~LoopGradState() = default;
    virtual WhileContext& forward_context() = 0;
    virtual Output real_value(GraphState& state, Output value) = 0;
};

/// What loops and branches have in common (ControlFlowContext of control_flow_ops.py, 1.15).
class FlowContext : public ControlFlowContext {
  public:
    explicit FlowContext(GraphState& state); ///< inside of the context that is current
    std::string name() const override { return name_; }
    /// ControlFlowContext.ExitResult: the results are values of the context around this one.
    void exit_result(const std::vector<Output>& results);
    void add_name(Output value) { values_.insert(value); }

  protected:
    struct ControlInputs {
        std::vector<NodeId> internal, external;
    };
    /// _RemoveExternalControlEdges: takes control inputs from outside of the enclosing loop away from `op`.
    ControlInputs remove_external_control_edges(GraphState& state, NodeId op);
    FlowContext* outer_flow() const { return static_cast<FlowContext*>(outer); }

    std::string name_;
    std::set<Output> values_;                  ///< tensors that have been seen inside
    std::map<Output, Output> external_values_; ///< outside tensor -> how it is called inside

    friend class CondContext;
};

/// One branch of a tf.cond.
class CondContext : public FlowContext {
  public:
    CondContext(GraphState& state, Output pred, Output pivot, int branch);
    bool is_while() const override { return false; }
    void add_op(GraphState& state, NodeId op) override;
    Output add_value(GraphState& state, Output value) override;
    NodeId pivot() const override { return pivot_.node; }
    Output pred() const { return pred_; }
    int branch() const { return branch_; }
    /// _BuildCondTensor: what the branch returned, as a tensor of the branch.
    Output output(GraphState& state, const Value& value);

  private:
    Output pred_, pivot_;
    int branch_;
};

/// A tf.while_loop.
class WhileContext : public FlowContext {
  public:
    struct Options {
        std::optional<Output> maximum_iterations;
        std::int64_t parallel_iterations = 10;
        bool back_prop = true;
        bool swap_memory = false;
        std::string name = "while_context";
        LoopGradState* grad_state = nullptr;
    };
    WhileContext(GraphState& state, Options options);
    bool is_while() const override { return true; }
    void add_op(GraphState& state, NodeId op) override;
    Output add_value(GraphState& state, Output value) override;
    NodeId pivot() const override { return pivot_for_body.valid() ? pivot_for_body.node : pivot_for_pred.node; }

    /// `Enter` into this loop's frame; name "" is the op's type.
    Output enter_frame(GraphState& state, Output value, bool is_constant, std::string_view name = "");
    /// _FixControlInputsAndContext: the Enter belongs to this loop and waits only for what is outside of it.
    void adopt_enter(GraphState& state, Output enter);
    void initialize_values(const std::vector<Output>& values);

    const Options& options() const { return options_; }
    Output pivot_for_pred; ///< first Merge: constants of the condition wait for it
    Output pivot_for_body; ///< first Identity: constants of the body wait for it
    Output loop_cond;      ///< LoopCond (`_pivot`)
    std::vector<Output> loop_enters, loop_exits;

  private:
    void add_op_internal(GraphState& state, NodeId op);
    void pull_inside(GraphState& state, NodeId op, const std::vector<NodeId>& external);

    Options options_;
};

/// `context.Enter()` ... `context.Exit()`.
class InContext {
  public:
    InContext(GraphState& state, ControlFlowContext* context) : state_(state), before_(state.control_flow) {
        state.control_flow = context;
    }
    ~InContext() { state_.control_flow = before_; }
    InContext(const InContext&) = delete;
    InContext& operator=(const InContext&) = delete;

  private:
    GraphState& state_;
    ControlFlowContext* before_;
};

// --- control_flow_util.py -------------------------------------------------------------------------------------
/// The context of an op; null outside of any. `output_context` is the one its outputs belong to: an Exit's is outside.
ControlFlowContext* context_of(const GraphState& state, NodeId op);
ControlFlowContext* output_context(const GraphState& state, NodeId op);
/// The innermost loop around, `context` included; null when there is none.
WhileContext* while_context_of(ControlFlowContext* context);
bool is_loop_exit(const Node& node);
bool is_loop_constant_enter(const Node& node);
/// CheckInputFromValidContext. Throws ValueError "Cannot use 'a' as input to 'b' because 'a' is in a while loop. ...".
void check_input_context(const GraphState& state, NodeId op, NodeId input);

// --- single ops, for loops and gradients ----------------------------------------------------------------------
Output merge(GraphState& state, const std::vector<Output>& inputs, std::string_view name = ""); ///< its value output
/// _SwitchRefOrTensor: output 0 is the value when `pred` is false. Colocated with its data.
NodeId switch_ref_or_tensor(GraphState& state, Output data, Output pred);
NodeId switch_op(GraphState& state, Output data, Output pred);
Output next_iteration(GraphState& state, Output value);
Output exit_frame(GraphState& state, Output value, std::string_view name = "");
/// Tensor.set_shape: what is known already stays. Throws ValueError when the two contradict each other.
void set_shape(GraphState& state, Output output, const Shape& shape);

// --- tf.while_loop, tf.cond -----------------------------------------------------------------------------------
using BodyFunction = std::function<Value(const std::vector<Value>& loop_vars)>;
struct WhileLoopOptions {
    Value shape_invariants;
    std::int64_t parallel_iterations = 10;
    bool back_prop = true;
    bool swap_memory = false;
    std::string name;
    Value maximum_iterations;
    bool return_same_structure = false;
};
/// `loop_vars` is a list or tuple; so is the result, except that a single variable is returned by itself.
Value while_loop(GraphState& state, BodyFunction cond, BodyFunction body, Value loop_vars,
                 const WhileLoopOptions& options);
Value cond(GraphState& state, const Value& pred, const std::function<Value()>& true_fn,
           const std::function<Value()>& false_fn, bool strict = false, std::string_view name = "");
/// control_flow_ops.with_dependencies.
Output with_dependencies(GraphState& state, const std::vector<NodeId>& dependencies, Output output,
                         std::string_view name = "");
/// tf.Assert.
NodeId assert_op(GraphState& state, const Value& condition, const std::vector<Value>& data,
                 std::optional<std::int64_t> summarize = {}, std::string_view name = "");

} // namespace rnnscope::tf1
