#include "core/tf1/gradient_loops.hpp"

#include "core/tf1/array_ops.hpp"
#include "core/tf1/op_helpers.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// The loop of gradients, which keeps what belongs to it alive.
class BackwardContext : public WhileContext {
  public:
    BackwardContext(GraphState& state, Options options, std::shared_ptr<LoopGrad> grad)
        : WhileContext(state, std::move(options)), grad_(std::move(grad)) {}

  private:
    std::shared_ptr<LoopGrad> grad_;
};

/// `if context: context.Enter()` ... `context.Exit()`.
InContext in_outer(GraphState& state, ControlFlowContext* context) {
    return InContext(state, context != nullptr ? context : state.control_flow);
}

Output enter_named(GraphState& state, WhileContext& loop, Output value, std::string_view name) {
    const Shape shape = state.graph.info(value).shape;
    loop.add_name(value);
    const Output entered = loop.enter_frame(state, value, false, name);
    set_shape(state, entered, shape);
    loop.loop_enters.push_back(entered);
    return entered;
}

Output exit_named(GraphState& state, WhileContext& loop, Output value, std::string_view name) {
    const Output left = exit_frame(state, value, name);
    loop.loop_exits.push_back(left);
    loop.exit_result({left});
    return left;
}

Output shape_tensor(GraphState& state, Output value) {
    return shape_of(state, wrap(state, value), "", DType::int32, false);
}

Output zero_constant(GraphState& state, DType dtype, const Shape& shape, std::string_view name = "Const") {
    return state.constant(Tensor::zeros(dtype, shape), name);
}

/// util.GetLoopConstantEnter: the Enter of a loop invariant behind `value`; invalid when it is none.
NodeId loop_constant_enter(const GraphState& state, Output value) {
    const auto passes = [](const Node& node) {
        return is_switch(node) || node.op == "Identity" || node.op == "RefIdentity";
    };
    NodeId op = value.node;
    while (passes(state.graph.node(op))) op = state.graph.node(op).inputs[0].node;
    return is_loop_constant_enter(state.graph.node(op)) ? op : NodeId{};
}

} // namespace

bool is_switch(const Node& node) {
    return node.op == "Switch" || node.op == "RefSwitch";
}

bool is_loop_switch(const GraphState& state, NodeId op) {
    if (!is_switch(state.graph.node(op))) return false;
    const ControlFlowContext* const context = context_of(state, op);
    if (context == nullptr || !context->is_while()) return false;
    // A Switch of a cond is outside of the branches: all that uses it is inside of one.
    for (const NodeId consumer : state.graph.consumers(op)) {
        const Node& node = state.graph.node(consumer);
        if (std::none_of(node.inputs.begin(), node.inputs.end(), [&](Output x) { return x.node == op; })) continue;
        const ControlFlowContext* inside = context_of(state, consumer);
        if ((node.op == "Enter" || node.op == "RefEnter") && inside != nullptr) inside = inside->outer;
        if (inside == nullptr || inside->is_while()) return true;
    }
    return false;
}

NodeId named_switch(GraphState& state, Output data, Output pred, std::string_view name) {
    return state.apply_op({.op = "Switch", .inputs = {data, pred}, .attrs = {}, .name = std::string(name)});
}

NodeId colocated_switch(GraphState& state, Output data, Output pred, std::string_view name) {
    const ColocateScope colocated(state, data.node, true);
    return named_switch(state, data, pred, name);
}

// --- LoopGrad -------------------------------------------------------------------------------------------------

LoopGrad& LoopGrad::make(GraphState& state, WhileContext& forward, LoopGrad* outer) {
    const auto made = std::make_shared<LoopGrad>();
    made->forward_ = &forward;
    made->outer_ = outer;
    made->forward_loop_exits = forward.loop_exits;
    made->pending_exits = static_cast<std::int64_t>(forward.loop_exits.size());
    made->add_counters(state, made);
    return *made;
}

void LoopGrad::enter(GraphState& state) {
    entered_from_.push_back(state.control_flow);
    state.control_flow = grad_;
}

void LoopGrad::exit(GraphState& state) {
    assert(!entered_from_.empty());
    state.control_flow = entered_from_.back();
    entered_from_.pop_back();
}

void LoopGrad::add_counters(GraphState& state, const std::shared_ptr<LoopGrad>& self) {
    ControlFlowContext* const around = outer_ != nullptr ? &outer_->forward_context() : forward_->outer;
    Output count;
    {
        const InContext within = in_outer(state, around);
        count = add_forward_counter(state);
    }
    const auto make_context = [&] {
        const WhileContext::Options& options = forward_->options();
        auto context =
            std::make_unique<BackwardContext>(state,
                                              WhileContext::Options{.maximum_iterations = options.maximum_iterations,
                                                                    .parallel_iterations = options.parallel_iterations,
                                                                    .back_prop = options.back_prop,
                                                                    .swap_memory = options.swap_memory,
                                                                    .name = forward_->name(),
                                                                    .grad_state = this},
                                              self);
        grad_ = context.get();
        state.contexts.push_back(std::move(context));
    };
    if (outer_ == nullptr) {
        const InContext within = in_outer(state, around);
        make_context();
        add_backprop_counter(state, count);
        return;
    }
    // How often the inner loop ran differs from one round of the outer loop to the next.
    static_cast<FlowContext*>(around)->add_name(count);
    const Output history_count = outer_->add_forward_accumulator(state, count);
    outer_->enter(state);
    make_context();
    const Output real_count = outer_->add_backprop_value(state, history_count, count);
    add_backprop_counter(state, real_count);
    outer_->exit(state);
}

/// WhileContext.AddForwardLoopCounter.
Output LoopGrad::add_forward_counter(GraphState& state) {
    const Output zero = state.constant(Tensor::scalar<std::int32_t>(0), "f_count");
    if (outer_ != nullptr) {
        // Pushes of one run of the inner loop come before those of the next.
        const NodeId outer_add = state.graph.node(outer_->forward_index_.node).inputs[0].node;
        state.graph.add_control_input(zero.node, outer_add);
    }
    const InContext within(state, forward_);
    const Output entered = enter_named(state, *forward_, zero, "f_count");
    const Output merged = merge(state, {entered, entered});
    const NodeId switched = switch_op(state, merged, forward_->loop_cond);
    const Output index = op_output(state, "Add", {wrap(state, Output{switched, 1}), Value(1)});
    forward_index_ = next_iteration(state, index);
    state.graph.set_input(merged.node, 1, forward_index_);
    return exit_named(state, *forward_, Output{switched, 0}, "f_count");
}

/// WhileContext.AddBackpropLoopCounter.
void LoopGrad::add_backprop_counter(GraphState& state, Output count) {
    const Output one = state.constant(Tensor::scalar<std::int32_t>(1), "b_count");
    const InContext within(state, grad_);
    const Output entered = enter_named(state, *grad_, count, "b_count");
    const Output merged = merge(state, {entered, entered});
    grad_->pivot_for_pred = merged;
    const Output goes_on = op2(state, "GreaterEqual", merged, one);
    grad_->loop_cond = state.op({.op = "LoopCond", .inputs = {goes_on}, .attrs = {}, .name = "b_count"});
    const NodeId switched = switch_op(state, merged, grad_->loop_cond);
    const Output index = op2(state, "Sub", Output{switched, 1}, one);
    grad_->pivot_for_body = index;
    grad_index_ = next_iteration(state, index);
    state.graph.set_input(merged.node, 1, grad_index_);
    const Output left = exit_frame(state, Output{switched, 0}, "b_count");
    grad_->loop_exits.push_back(left);
    // Pops of one run of the inner loop come before those of the next.
    if (outer_ != nullptr) state.graph.add_control_input(outer_->grad_sync(state), left.node);
    grad_->exit_result({left});
}

NodeId LoopGrad::forward_sync(GraphState& state) {
    if (!forward_sync_.valid()) {
        {
            const auto cleared = ControlDependenciesScope::clear(state);
            forward_sync_ = state.apply_op({.op = "ControlTrigger", .inputs = {}, .attrs = {}, .name = "f_sync"});
        }
        state.context_of[forward_sync_] = forward_;
        state.graph.add_control_input(forward_index_.node, forward_sync_);
    }
    return forward_sync_;
}

NodeId LoopGrad::grad_sync(GraphState& state) {
    if (!grad_sync_.valid()) {
        {
            const auto cleared = ControlDependenciesScope::clear(state);
            grad_sync_ = state.apply_op({.op = "ControlTrigger", .inputs = {}, .attrs = {}, .name = "b_sync"});
        }
        state.context_of[grad_sync_] = grad_;
        state.graph.add_control_input(grad_index_.node, grad_sync_);
    }
    return grad_sync_;
}

Output LoopGrad::add_forward_accumulator(GraphState& state, Output value, bool dead_branch) {
    ControlFlowContext* const current = state.control_flow; // where gradients() was called
    const auto cleared = ControlDependenciesScope::clear(state);
    Output stack;
    {
        const InContext within(state, current);
        const ColocateScope colocated(state, value.node);
        const Output size = state.constant(Tensor::scalar<std::int32_t>(-1));
        stack =
            op_output(state, "StackV2", {wrap(state, size)}, {{"elem_type", state.graph.info(value).dtype}}, "f_acc");
    }
    const Output entered = forward_->add_value(state, stack);
    const auto push = [&](ControlFlowContext* context) {
        const InContext within(state, context);
        return call_op(state, "StackPushV2", {wrap(state, entered), wrap(state, value)},
                       {{"swap_memory", forward_->options().swap_memory}});
    };
    ControlFlowContext* const context = output_context(state, value.node);
    NodeId pushed;
    if (context == forward_) {
        pushed = push(forward_);
        state.graph.add_control_input(forward_index_.node, pushed);
    } else {
        if (context == nullptr || context->is_while())
            raise("TypeError",
                  fmt::format("value_ctxt is not a CondContext: {}", context == nullptr ? "None" : context->name()));
        pushed = push(dead_branch ? context->outer : context);
        if (dead_branch) state.context_of[pushed] = context;
        state.graph.add_control_input(forward_sync(state), pushed);
    }
    state.graph.add_control_input(pushed, state.graph.node(forward_index_.node).inputs[0].node);
    return stack;
}

Output LoopGrad::real_predicate(GraphState& state, Output pred) {
    if (const auto found = history.find(pred); found != history.end()) return found->second;
    exit(state);
    const Output pushed = add_forward_accumulator(state, pred);
    enter(state);
    const Output real = add_backprop_value(state, pushed, pred);
    history[pred] = real;
    return real;
}

Output LoopGrad::add_backprop_value(GraphState& state, Output history_value, Output value, bool dead_branch) {
    const ControlFlowContext* const outside = context_of(state, history_value.node);
    CondContext* branch = nullptr; // what decides whether the value was pushed
    for (ControlFlowContext* context = context_of(state, value.node); context != nullptr && context != outside;
         context = context->outer) {
        if (context->is_while()) continue;
        branch = static_cast<CondContext*>(context);
        break;
    }
    Output popped;
    {
        const auto cleared = ControlDependenciesScope::clear(state);
        enter(state);
        if (branch != nullptr) {
            Output pred = branch->pred();
            for (const LoopGrad* grad = this; grad != nullptr; grad = grad->outer_) {
                const auto found = grad->history.find(branch->pred());
                if (found == grad->history.end()) continue;
                pred = found->second;
                break;
            }
            const int side = dead_branch ? 1 - branch->branch() : branch->branch();
            history_value = Output{colocated_switch(state, history_value, pred), side};
        }
        const OutputInfo info = state.graph.info(value);
        popped = op_output(state, "StackPopV2", {wrap(state, history_value)}, {{"elem_type", info.dtype}});
        set_shape(state, popped, info.shape);
        exit(state);
    }
    if (grad_->options().parallel_iterations > 1) state.graph.add_control_input(grad_sync(state), popped.node);
    return popped;
}

Output LoopGrad::real_value(GraphState& state, Output value) {
    if (const auto found = history.find(value); found != history.end()) return found->second;
    Output current = value, real, pushed;
    LoopGrad* grad = this;
    while (true) {
        const NodeId invariant = loop_constant_enter(state, current);
        if (invariant.valid()) {
            current = state.graph.node(invariant).inputs[0];
            grad = grad->outer_;
            if (grad != nullptr) continue;
            // Outside of all loops of these gradients: no history is needed.
            real = grad_->add_value(state, current);
            break;
        }
        const Node& node = state.graph.node(current.node);
        if (node.op == "Const") {
            real = state.constant(*node.attr<Tensor>("value"));
            break;
        }
        exit(state);
        pushed = grad->add_forward_accumulator(state, current);
        enter(state);
        break;
    }
    if (!real.valid()) {
        real = grad->add_backprop_value(state, pushed, current);
        if (grad != this) real = grad_->add_value(state, real);
    }
    history[value] = real;
    return real;
}

Output LoopGrad::add_backprop_accumulator(GraphState& state, NodeId enter_op, Output grad) {
    exit(state);
    const OutputInfo info = state.graph.info(grad);
    ControlFlowContext* const around = grad_->outer;
    Output sum;
    if (info.shape.fully_defined()) {
        const InContext within = in_outer(state, around);
        sum = zero_constant(state, info.dtype, info.shape, "b_acc");
    } else {
        // Its shape at run time matters when the loop does not run at all.
        const Output invariant = state.graph.node(enter_op).inputs[0];
        if (outer_ != nullptr) {
            Output shape;
            {
                const InContext within(state, forward_->outer);
                shape = shape_tensor(state, invariant);
            }
            const Output pushed = outer_->add_forward_accumulator(state, shape);
            outer_->enter(state);
            const Output real = outer_->add_backprop_value(state, pushed, shape);
            sum = zeros(state, wrap(state, real), info.dtype);
            outer_->exit(state);
        } else {
            const InContext within = in_outer(state, around);
            sum = zeros(state, wrap(state, shape_tensor(state, invariant)), info.dtype);
        }
    }
    enter(state);
    const Output entered = enter_named(state, *grad_, sum, "b_acc");
    const Output merged = merge(state, {entered, entered}, "b_acc");
    const NodeId switched = switch_op(state, merged, grad_->loop_cond);
    const Output added = op2(state, "Add", Output{switched, 1}, grad);
    state.graph.set_input(merged.node, 1, next_iteration(state, added));
    return exit_named(state, *grad_, Output{switched, 0}, "b_acc");
}

// --- LoopGrads ------------------------------------------------------------------------------------------------

LoopGrad* LoopGrads::of(WhileContext* forward) const {
    const auto found =
        std::find_if(grads_.begin(), grads_.end(), [&](const auto& entry) { return entry.first == forward; });
    return forward == nullptr || found == grads_.end() ? nullptr : found->second;
}

void LoopGrads::add_loop(GraphState& state, NodeId exit, std::vector<NodeId>& between,
                         std::unordered_set<NodeId>& is_between) {
    WhileContext* const forward = while_context_of(context_of(state, exit));
    if (forward == nullptr || of(forward) != nullptr) return;
    LoopGrad& grad = LoopGrad::make(state, *forward, of(while_context_of(forward->outer)));
    grads_.emplace_back(forward, &grad);
    for (const Output value : grad.forward_loop_exits)
        if (is_between.insert(value.node).second) between.push_back(value.node);
}

LoopGrad* LoopGrads::find(const GraphState& state, NodeId op, bool before) const {
    ControlFlowContext* context = context_of(state, op);
    if (before && context != nullptr && is_loop_exit(state.graph.node(op))) context = context->outer;
    return of(while_context_of(context));
}

std::vector<Output> LoopGrads::unused_exits(std::unordered_map<NodeId, std::int64_t>& pending,
                                            const std::set<NodeId>& to_ops) {
    std::vector<Output> result;
    for (const auto& [forward, grad] : grads_) {
        for (const Output exit : grad->forward_loop_exits) {
            if (pending[exit.node] != 0) continue;
            --grad->pending_exits;
            if (!to_ops.contains(exit.node)) grad->unused_exits.push_back(exit);
            if (grad->pending_exits == 0)
                result.insert(result.end(), grad->unused_exits.begin(), grad->unused_exits.end());
        }
        for (const Output enter : forward->loop_enters)
            if (pending[enter.node] == 0) pending[enter.node] = 1;
    }
    return result;
}

Output LoopGrads::zeros_for_exit(GraphState& state, Output exit) {
    const OutputInfo info = state.graph.info(exit);
    ControlFlowContext* const around = context_of(state, exit.node)->outer;
    LoopGrad* const outer = of(while_context_of(around));
    if (outer == nullptr) {
        if (info.shape.fully_defined()) return tf1::zeros(state, Value(info.shape), info.dtype);
        return zeros_like(state, wrap(state, exit), DType::invalid, "", false);
    }
    if (info.shape.fully_defined()) {
        outer->enter(state);
        const Output result = tf1::zeros(state, Value(info.shape), info.dtype);
        outer->exit(state);
        return result;
    }
    Output shape;
    {
        const InContext within(state, around);
        shape = shape_tensor(state, exit);
    }
    const Output pushed = outer->add_forward_accumulator(state, shape);
    outer->enter(state);
    const Output real = outer->add_backprop_value(state, pushed, shape);
    const Output result = tf1::zeros(state, wrap(state, real), info.dtype);
    outer->exit(state);
    return result;
}

Output LoopGrads::zeros_in_loop(GraphState& state, LoopGrad& grad, NodeId op, int index, bool dead_branch) {
    const OutputInfo info = state.graph.info(Output{op, index});
    ControlFlowContext* const context = context_of(state, op);
    CondContext* const branch = dead_branch ? static_cast<CondContext*>(context) : nullptr;
    if (info.shape.fully_defined()) {
        const Output zero = zero_constant(state, info.dtype, info.shape);
        if (branch == nullptr) return zero;
        const Output pred = grad.real_predicate(state, branch->pred());
        return Output{colocated_switch(state, zero, pred), 1 - branch->branch()};
    }
    Output shape;
    if (branch != nullptr) {
        const InContext within(state, context->outer);
        const NodeId guarded = colocated_switch(state, state.graph.node(op).inputs[0], branch->pred());
        shape = shape_tensor(state, Output{guarded, 1 - branch->branch()});
        state.context_of[guarded] = context;
        state.context_of[shape.node] = context;
    } else {
        const InContext within(state, context);
        shape = shape_tensor(state, Output{op, index});
    }
    grad.exit(state);
    const Output pushed = grad.add_forward_accumulator(state, shape, dead_branch);
    grad.enter(state);
    const Output real = grad.add_backprop_value(state, pushed, shape, dead_branch);
    return tf1::zeros(state, wrap(state, real), info.dtype);
}

Gradient LoopGrads::zeros(GraphState& state, NodeId op, int index) {
    if (!grads_.empty() && is_loop_switch(state, op)) return {};
    const Node& node = state.graph.node(op);
    const bool dead_branch = is_switch(node);
    if (LoopGrad* const grad = of(while_context_of(context_of(state, op))))
        return zeros_in_loop(state, *grad, op, index, dead_branch);
    const Output value{op, index};
    const DType dtype = state.graph.info(value).dtype;
    if (dtype == DType::resource) return {};
    ControlFlowContext* const context = context_of(state, op);
    if (!dead_branch || context == nullptr) return zeros_like(state, wrap(state, value), DType::invalid, "", false);
    // Of a branch that is not taken: zeros only when they are needed.
    const auto& branch = static_cast<const CondContext&>(*context);
    const NodeId guarded = switch_op(state, node.inputs[0], branch.pred());
    const Output other{guarded, 1 - branch.branch()};
    const Output pivot = op1(state, "Identity", other);
    const Output shape = shape_tensor(state, other);
    const ControlDependenciesScope waiting(state, {pivot.node});
    return tf1::zeros(state, wrap(state, shape), dtype);
}

void LoopGrads::finish(GraphState& state) {
    for (const auto& [forward, grad] : grads_) {
        for (const auto& [node, merged] : grad->switch_map) {
            const Output first = state.graph.node(merged.node).inputs[0];
            if (first != state.graph.node(merged.node).inputs[1]) continue;
            // The value of one round does not depend on that of the round before: zeros for all rounds but the last.
            const OutputInfo info = state.graph.info(first);
            Output zero;
            if (!info.shape.fully_defined()) {
                const InContext within = in_outer(state, grad->grad_context().outer);
                const Output entered = state.graph.node(first.node).inputs[0];
                const Value shape = wrap(state, shape_tensor(state, entered));
                zero = tf1::zeros(state, shape);
            }
            grad->enter(state);
            if (!zero.valid()) zero = zero_constant(state, info.dtype, info.shape);
            state.graph.set_input(merged.node, 1, next_iteration(state, zero));
            grad->exit(state);
        }
    }
}

} // namespace rnnscope::tf1
