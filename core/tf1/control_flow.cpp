#include "core/tf1/control_flow.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// IsContainingContext: is `context` inside of `maybe_containing`, or the same?
bool is_inside(const ControlFlowContext* context, const ControlFlowContext* maybe_containing) {
    while (context != maybe_containing) {
        if (context == nullptr) return false;
        context = context->outer;
    }
    return true;
}

/// Graph._control_dependencies_for_inputs: the control inputs that an op with these inputs would get now.
std::vector<NodeId> control_dependencies_for(const GraphState& state, NodeId input) {
    std::size_t first = state.control_stack.size();
    while (first > 0 && !state.control_stack[first - 1].clears) --first;
    std::vector<NodeId> result;
    for (std::size_t i = first; i < state.control_stack.size(); ++i) {
        const GraphState::ControlDependencies& controller = state.control_stack[i];
        if (controller.seen.contains(input)) continue;
        for (const NodeId control : controller.ops)
            if (control != input) result.push_back(control);
    }
    return result;
}

void note_seen(GraphState& state, NodeId op) {
    for (std::size_t i = state.control_stack.size(); i-- > 0;) {
        state.control_stack[i].seen.insert(op);
        if (state.control_stack[i].clears) break;
    }
}

bool has_context(const GraphState& state, NodeId op, const ControlFlowContext* context) {
    return is_inside(context_of(state, op), context);
}

} // namespace

// --- control_flow_util.py -------------------------------------------------------------------------------------

ControlFlowContext* context_of(const GraphState& state, NodeId op) {
    const auto it = state.context_of.find(op);
    return it == state.context_of.end() ? nullptr : it->second;
}

ControlFlowContext* output_context(const GraphState& state, NodeId op) {
    ControlFlowContext* context = context_of(state, op);
    return context != nullptr && is_loop_exit(state.graph.node(op)) ? context->outer : context;
}

WhileContext* while_context_of(ControlFlowContext* context) {
    while (context != nullptr && !context->is_while()) context = context->outer;
    return static_cast<WhileContext*>(context);
}

bool is_loop_exit(const Node& node) {
    return node.op == "Exit" || node.op == "RefExit";
}

bool is_loop_constant_enter(const Node& node) {
    if (node.op != "Enter" && node.op != "RefEnter") return false;
    const bool* constant = node.attr<bool>("is_constant");
    return constant != nullptr && *constant;
}

void check_input_context(const GraphState& state, NodeId op, NodeId input) {
    ControlFlowContext* const op_context = context_of(state, op);
    ControlFlowContext* const input_context = output_context(state, input);
    if (input_context == nullptr || op_context == input_context) return;
    WhileContext* const loop = while_context_of(op_context);
    WhileContext* const input_loop = while_context_of(input_context);
    const Node& node = state.graph.node(op);
    if (loop == nullptr) {
        // Ops of conds may be used outside of them while building; running then fails if the branch is not taken.
        if (input_loop == nullptr) return;
        // _BuildLoop and CondContext.AddValue make these without a context and set it afterwards.
        if (node.op == "Enter" || node.op == "RefEnter" || node.op == "Switch" || node.op == "RefSwitch") return;
    } else {
        if (is_inside(loop, input_loop)) return;
        LoopGradState* const grad = loop->options().grad_state;
        if (grad != nullptr && (is_inside(&grad->forward_context(), input_loop) ||
                                (input_loop != nullptr && &grad->forward_context() == input_loop->outer)))
            return;
        LoopGradState* const input_grad = input_loop != nullptr ? input_loop->options().grad_state : nullptr;
        if (input_grad != nullptr && &input_grad->forward_context() == loop) return;
    }
    const std::string& input_name = state.graph.node(input).name;
    const std::string reason = loop != nullptr ? std::string("they are in different while loops.")
                                               : fmt::format("'{}' is in a while loop.", input_name);
    raise("ValueError", fmt::format("Cannot use '{}' as input to '{}' because {} See info log for more details.",
                                    input_name, node.name, reason));
}

// --- single ops -----------------------------------------------------------------------------------------------

Output merge(GraphState& state, const std::vector<Output>& inputs, std::string_view name) {
    const bool all_refs =
        std::all_of(inputs.begin(), inputs.end(), [&](Output x) { return state.graph.info(x).is_ref; });
    // Python opens the scope "Merge" for both ops, so that a RefMerge is called Merge as well.
    return state.op({.op = all_refs ? "RefMerge" : "Merge",
                     .inputs = inputs,
                     .attrs = {},
                     .name = name.empty() ? "Merge" : std::string(name)});
}

NodeId switch_op(GraphState& state, Output data, Output pred) {
    return state.apply_op({.op = "Switch", .inputs = {data, pred}, .attrs = {}, .name = "Switch"});
}

NodeId switch_ref_or_tensor(GraphState& state, Output data, Output pred) {
    // The data's device wins over that of any update op that is being built around.
    const ColocateScope colocated(state, data.node, true);
    if (!state.graph.info(data).is_ref) return switch_op(state, data, pred);
    return state.apply_op({.op = "RefSwitch", .inputs = {data, pred}, .attrs = {}, .name = "Switch"});
}

Output next_iteration(GraphState& state, Output value) {
    return state.op({.op = state.graph.info(value).is_ref ? "RefNextIteration" : "NextIteration",
                     .inputs = {value},
                     .attrs = {},
                     .name = ""});
}

Output exit_frame(GraphState& state, Output value, std::string_view name) {
    return state.op({.op = state.graph.info(value).is_ref ? "RefExit" : "Exit",
                     .inputs = {value},
                     .attrs = {},
                     .name = std::string(name)});
}

void set_shape(GraphState& state, Output output, const Shape& shape) {
    const Shape& known = state.graph.info(output).shape;
    std::optional<Shape> merged = known.merged(shape);
    if (merged) {
        state.graph.set_output_shape(output, std::move(*merged));
        return;
    }
    if (known.rank() != shape.rank()) {
        raise("ValueError", fmt::format("Shapes must be equal rank, but are {} and {}", known.rank(), shape.rank()));
    }
    std::size_t i = 0;
    while (known.dim(i) == Shape::unknown || shape.dim(i) == Shape::unknown || known.dim(i) == shape.dim(i)) ++i;
    raise("ValueError", fmt::format("Dimension {} in both shapes must be equal, but are {} and {}. Shapes are {} and "
                                    "{}.",
                                    i, known.dim(i), shape.dim(i), to_text(known), to_text(shape)));
}

// --- contexts -------------------------------------------------------------------------------------------------

FlowContext::FlowContext(GraphState& state) {
    outer = state.control_flow;
}

void FlowContext::exit_result(const std::vector<Output>& results) {
    if (outer == nullptr) return;
    for (const Output result : results) outer_flow()->values_.insert(result);
}

FlowContext::ControlInputs FlowContext::remove_external_control_edges(GraphState& state, NodeId op) {
    const std::vector<NodeId> all = state.graph.node(op).control_inputs;
    WhileContext* const loop = while_context_of(this);
    if (loop == nullptr) return {.internal = all, .external = {}};
    ControlInputs result;
    for (const NodeId control : all) {
        ControlFlowContext* const context = output_context(state, control);
        const bool inside = context != nullptr && while_context_of(context) == loop;
        (inside ? result.internal : result.external).push_back(control);
    }
    if (!result.external.empty()) state.graph.set_control_inputs(op, result.internal);
    return result;
}

CondContext::CondContext(GraphState& state, Output pred, Output pivot, int branch)
    : FlowContext(state), pred_(pred), pivot_(pivot), branch_(branch) {
    name_ = state.unique_name("cond_text");
    values_.insert(pred);
    external_values_[pred] = pred;
    values_.insert(pivot);
    state.context_of[pivot.node] = this;
}

Output CondContext::add_value(GraphState& state, Output value) {
    if (values_.contains(value)) {
        // A value of the context around is known by its name there: nested conds need the real one.
        const auto it = external_values_.find(value);
        return it == external_values_.end() ? value : it->second;
    }
    Output result = value;
    values_.insert(value);
    if (outer != nullptr) {
        result = outer->add_value(state, value);
        values_.insert(result);
        external_values_[result] = result;
    }
    {
        const auto cleared = ControlDependenciesScope::clear(state);
        result = Output{switch_ref_or_tensor(state, result, pred_), branch_};
    }
    state.graph.set_fetchable(result.node, false, state.graph.node(result.node).feedable);
    state.context_of[result.node] = this;
    for (FlowContext* context = this; context != nullptr; context = context->outer_flow())
        context->values_.insert(result);
    external_values_[value] = result;
    return result;
}

void CondContext::add_op(GraphState& state, NodeId op) {
    if (state.graph.node(op).inputs.empty()) {
        remove_external_control_edges(state, op);
        const std::vector<NodeId>& controls = state.graph.node(op).control_inputs;
        const bool waits = std::any_of(controls.begin(), controls.end(),
                                       [&](NodeId control) { return has_context(state, control, this); });
        if (!waits) state.graph.add_control_input(op, pivot_.node);
    } else {
        for (std::size_t i = 0; i < state.graph.node(op).inputs.size(); ++i) {
            const Output input = state.graph.node(op).inputs[i];
            const bool back_edge =
                state.graph.node(op).op == "Merge" && state.graph.node(input.node).op == "NextIteration";
            const Output real = back_edge ? input : add_value(state, input);
            if (real != input) state.graph.set_input(op, i, real);
        }
        remove_external_control_edges(state, op);
    }
    const Node& node = state.graph.node(op);
    for (FlowContext* context = this; context != nullptr; context = context->outer_flow())
        for (int i = 0; i < static_cast<int>(node.outputs.size()); ++i) context->values_.insert(Output{op, i});
    if (outer != nullptr || !is_loop_exit(node)) state.graph.set_fetchable(op, false, node.feedable);
}

WhileContext::WhileContext(GraphState& state, Options options) : FlowContext(state), options_(std::move(options)) {
    if (options_.parallel_iterations <= 0) {
        raise("ValueError",
              fmt::format("`parallel_iterations` must be a positive integer: {}", options_.parallel_iterations));
    }
    name_ = state.unique_name(options_.name);
}

Output WhileContext::enter_frame(GraphState& state, Output value, bool is_constant, std::string_view name) {
    return state.op({.op = state.graph.info(value).is_ref ? "RefEnter" : "Enter",
                     .inputs = {value},
                     .attrs = {{"frame_name", name_},
                               {"is_constant", is_constant},
                               {"parallel_iterations", options_.parallel_iterations}},
                     .name = std::string(name)});
}

void WhileContext::adopt_enter(GraphState& state, Output enter) {
    const NodeId input = state.graph.node(enter.node).inputs[0].node;
    std::vector<NodeId> kept;
    for (const NodeId control : control_dependencies_for(state, input)) {
        // Kept: what is in any context around this one, up to the next loop.
        const ControlFlowContext* const context = output_context(state, control);
        const ControlFlowContext* around = outer;
        const ControlFlowContext* const outer_loop = while_context_of(outer);
        bool keep = true;
        while (around != context) {
            if (around == nullptr || around == outer_loop) {
                keep = false;
                break;
            }
            around = around->outer;
        }
        if (keep) kept.push_back(control);
    }
    state.context_of[enter.node] = this;
    for (const NodeId control : kept) state.graph.add_control_input(enter.node, control);
    note_seen(state, enter.node);
}

void WhileContext::initialize_values(const std::vector<Output>& values) {
    values_.clear();
    values_.insert(values.begin(), values.end());
}

Output WhileContext::add_value(GraphState& state, Output value) {
    if (values_.contains(value) || tf1::context_of(state, value.node) == this) {
        const auto it = external_values_.find(value);
        return it == external_values_.end() ? value : it->second;
    }
    values_.insert(value);
    // Gradients reach values of the forward loop through stacks.
    if (WhileContext* const current = while_context_of(state.control_flow)) {
        if (LoopGradState* const grad = current->options_.grad_state) {
            WhileContext* forward = while_context_of(tf1::context_of(state, value.node));
            if (forward != nullptr && is_loop_exit(state.graph.node(value.node)))
                forward = while_context_of(forward->outer);
            if (forward == &grad->forward_context()) {
                const Output real = grad->real_value(state, value);
                external_values_[value] = real;
                return real;
            }
        }
    }
    Output result = outer != nullptr ? outer->add_value(state, value) : value;
    {
        const auto cleared = ControlDependenciesScope::clear(state);
        const Shape shape = state.graph.info(result).shape;
        result = enter_frame(state, result, true);
        set_shape(state, result, shape);
        state.graph.set_fetchable(result.node, state.graph.node(result.node).fetchable, false);
    }
    adopt_enter(state, result);
    values_.insert(result);
    external_values_[value] = result;
    return result;
}

void WhileContext::add_op(GraphState& state, NodeId op) {
    // A gradient's Shape, Size or Rank of a forward value moves into the forward loop, so that only the small result
    // is kept for the way back.
    const Node& node = state.graph.node(op);
    if (node.op == "Shape" || node.op == "Size" || node.op == "Rank") {
        WhileContext* const current = while_context_of(state.control_flow);
        LoopGradState* const grad = current != nullptr ? current->options_.grad_state : nullptr;
        if (grad != nullptr) {
            ControlFlowContext* const context = tf1::context_of(state, node.inputs[0].node);
            if (while_context_of(context) == &grad->forward_context()) {
                state.context_of[op] = context;
                if (context->is_while())
                    static_cast<WhileContext*>(context)->add_op_internal(state, op);
                else
                    context->add_op(state, op);
                return;
            }
        }
    }
    add_op_internal(state, op);
}

void WhileContext::add_op_internal(GraphState& state, NodeId op) {
    std::vector<NodeId> external;
    const std::size_t inputs = state.graph.node(op).inputs.size();
    if (inputs == 0) {
        ControlInputs controls = remove_external_control_edges(state, op);
        if (controls.internal.empty()) state.graph.add_control_input(op, pivot());
        external = std::move(controls.external);
    } else {
        for (std::size_t i = 0; i < inputs; ++i) {
            const Output input = state.graph.node(op).inputs[i];
            const Output real = add_value(state, input);
            if (real != input) state.graph.set_input(op, i, real);
        }
        external = remove_external_control_edges(state, op).external;
        // An op that only depends on loop invariants would otherwise run although the loop is not.
        const Node& node = state.graph.node(op);
        const bool invariant = node.control_inputs.empty() &&
                               std::all_of(node.inputs.begin(), node.inputs.end(),
                                           [&](Output x) { return is_loop_constant_enter(state.graph.node(x.node)); });
        if (invariant) state.graph.add_control_input(op, pivot());
    }
    const auto outputs = static_cast<int>(state.graph.node(op).outputs.size());
    for (int i = 0; i < outputs; ++i) values_.insert(Output{op, i});
    if (!external.empty()) pull_inside(state, op, external);
    if (outer != nullptr || !is_loop_exit(state.graph.node(op))) state.graph.set_fetchable(op, false, false);
}

/// Control inputs from outside become data inputs: an Identity inside of the loop, which `op` then waits for.
void WhileContext::pull_inside(GraphState& state, NodeId op, const std::vector<NodeId>& external) {
    std::vector<NodeId> inside;
    {
        const auto cleared = ControlDependenciesScope::clear(state);
        const InContext within(state, this);
        for (const NodeId control : external) {
            if (state.graph.node(control).outputs.empty()) continue;
            inside.push_back(
                state.apply_op({.op = "Identity", .inputs = {Output{control, 0}}, .attrs = {}, .name = ""}));
        }
    }
    for (const NodeId control : inside) state.graph.add_control_input(op, control);
}

} // namespace rnnscope::tf1
