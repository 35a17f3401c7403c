#include "core/tf1/gradient_loops.hpp"
#include "core/tf1/gradient_registry.hpp"
#include "core/tf1/tensor_array.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

// --- python/ops/control_flow_grad.py, 1.15 --------------------------------------------------------------------

std::vector<Gradient> loop_switch_grad(GradientCall& call) {
    const auto known = call.loop->switch_map.find(call.op);
    if (known != call.loop->switch_map.end()) {
        // The second visit, from the loop's body.
        if (!is_none(call.grads[1])) {
            const Output next = next_iteration(call.state, call.grad(1));
            call.state.graph.set_input(known->second.node, 1, next);
        }
        return {Gradient{}, Gradient{}};
    }
    if (is_none(call.grads[0])) return {Gradient{}, Gradient{}};
    // The first visit, from the Exit. The second input is set when there is one.
    const Output merged = merge(call.state, {call.grad(0), call.grad(0)}, "b_switch");
    call.loop->switch_map[call.op] = merged;
    return {merged, Gradient{}};
}

std::vector<Gradient> switch_grad(GradientCall& call) {
    ControlFlowContext* const context = context_of(call.state, call.op);
    if (context != nullptr && context->is_while()) {
        if (call.loop != nullptr) return loop_switch_grad(call);
    } else if (context != nullptr) {
        const auto branch = static_cast<std::size_t>(static_cast<CondContext*>(context)->branch());
        if (is_none(call.grads[1 - branch])) {
            if (call.state.graph.info(call.input(0)).dtype != DType::resource) return {Gradient{}, Gradient{}};
            const Output grad = call.grad(branch);
            return {merge(call.state, {grad, grad}, "cond_resource_grad"), Gradient{}};
        }
        return {merge(call.state, {call.grad(0), call.grad(1)}, "cond_grad"), Gradient{}};
    }
    const Output in_false{switch_op(call.state, call.grad(0), call.input(1)), 0};
    const Output in_true{switch_op(call.state, call.grad(1), call.input(1)), 1};
    return {merge(call.state, {in_false, in_true}), Gradient{}};
}

std::vector<Gradient> merge_grad(GradientCall& call) {
    GraphState& state = call.state;
    ControlFlowContext* const context = output_context(state, call.input(0).node);
    const auto both = [&](NodeId node) { return std::vector<Gradient>{Output{node, 0}, Output{node, 1}}; };
    if (context != nullptr && context->is_while()) {
        assert(call.loop != nullptr);
        return both(colocated_switch(state, call.grad(), call.loop->grad_context().loop_cond));
    }
    if (context != nullptr) {
        Output pred = static_cast<CondContext*>(context)->pred();
        if (call.loop != nullptr) pred = call.loop->real_predicate(state, pred);
        return both(colocated_switch(state, call.grad(), pred, "cond_grad"));
    }
    std::vector<Gradient> result;
    std::vector<Output> taken;
    const auto count = static_cast<std::int64_t>(call.node().inputs.size());
    for (std::int64_t i = 0; i < count; ++i) taken.push_back(op_output(state, "Equal", {call.y(1), Value(i)}));
    for (const Output chosen : taken) result.emplace_back(Output{colocated_switch(state, call.grad(), chosen), 1});
    return result;
}

std::vector<Gradient> exit_grad(GradientCall& call) {
    GraphState& state = call.state;
    if (call.loop == nullptr || !call.loop->grad_context().options().back_prop) return {};
    const auto* context = static_cast<const WhileContext*>(context_of(state, call.op));
    if (context->options().grad_state != nullptr)
        raise("TypeError", "Second-order gradient for while loops not supported.");
    WhileContext& loop = call.loop->grad_context();
    const Output grad = call.grad();
    loop.add_name(grad);
    call.loop->enter(state);
    const Shape shape = state.graph.info(grad).shape;
    const Output entered = loop.enter_frame(state, grad, false, "b_exit");
    set_shape(state, entered, shape);
    loop.loop_enters.push_back(entered);
    call.loop->exit(state);
    return {entered};
}

std::vector<Gradient> enter_grad(GradientCall& call) {
    GraphState& state = call.state;
    if (call.loop == nullptr || !call.loop->grad_context().options().back_prop) return {call.grads[0]};
    if (call.attr<bool>("is_constant")) return {call.loop->add_backprop_accumulator(state, call.op, call.grad())};
    WhileContext& loop = call.loop->grad_context();
    const Output left = exit_frame(state, call.grad());
    loop.loop_exits.push_back(left);
    loop.exit_result({left});
    return {left};
}

std::vector<Gradient> pass_grad(GradientCall& call) {
    return {call.grads[0]};
}

// --- python/ops/tensor_array_grad.py --------------------------------------------------------------------------

/// _GetGradSource: which call of gradients a node belongs to, by its name.
std::string grad_source(const GraphState& state, Output value) {
    const std::string name = state.graph.tensor_name(value);
    std::size_t end = std::string::npos;
    for (std::size_t begin = 0; begin <= name.size();) {
        const std::size_t slash = std::min(name.find('/', begin), name.size());
        if (name.compare(begin, 9, "gradients") == 0) end = slash;
        begin = slash + 1;
    }
    if (end != std::string::npos) return name.substr(0, end);
    raise("ValueError",
          fmt::format("Expected op/tensor name to start with gradients (excluding scope), got: {}. This means that a "
                      "tf.gradients op with this op in its dependency path has a custom name that does not start with "
                      "'gradients'. Please make sure all calls to tf.gradients that include non-empty 'name' scopes "
                      "have that name start with 'gradients'.",
                      name));
}

/// The array that collects gradients of elements of the array `handle`.
std::shared_ptr<TensorArray> grad_array(GradientCall& call, DType dtype, Output flow) {
    const std::string source = grad_source(call.state, call.grad());
    TensorArray::Options options;
    options.dtype = dtype;
    options.handle = call.input(0);
    options.flow = flow;
    options.colocate_with_first_write_call = false;
    const TensorArray array(call.state, options);
    return array.grad(call.state, source, flow);
}

std::vector<Gradient> array_read_grad(GradientCall& call) {
    const auto array = grad_array(call, call.attr<DType>("dtype"), call.input(2));
    return {Gradient{}, Gradient{}, array->write(call.state, call.x(1), call.dy())->flow()};
}

std::vector<Gradient> array_write_grad(GradientCall& call) {
    const auto array = grad_array(call, call.attr<DType>("T"), call.grad());
    const Output grad = array->read(call.state, call.x(1));
    return {Gradient{}, Gradient{}, grad, call.grad()};
}

std::vector<Gradient> array_gather_grad(GradientCall& call) {
    const auto array = grad_array(call, call.attr<DType>("dtype"), call.input(2));
    return {Gradient{}, Gradient{}, array->scatter(call.state, call.x(1), call.dy())->flow()};
}

std::vector<Gradient> array_scatter_grad(GradientCall& call) {
    const auto array = grad_array(call, call.attr<DType>("T"), call.grad());
    const Output grad = array->gather(call.state, call.x(1));
    return {Gradient{}, Gradient{}, grad, call.grad()};
}

std::vector<Gradient> array_concat_grad(GradientCall& call) {
    const auto array = grad_array(call, call.attr<DType>("dtype"), call.input(1));
    return {Gradient{}, array->split(call.state, call.dy(), call.y(1))->flow()};
}

std::vector<Gradient> array_split_grad(GradientCall& call) {
    const auto array = grad_array(call, call.attr<DType>("T"), call.grad());
    const Output grad = array->concat(call.state);
    return {Gradient{}, grad, Gradient{}, call.grad()};
}

} // namespace

std::vector<GradientDef> control_flow_gradients() {
    return {
        {"Switch", switch_grad},
        {"RefSwitch", switch_grad},
        {"Merge", merge_grad},
        {"RefMerge", merge_grad},
        {"Exit", exit_grad},
        {"RefExit", exit_grad},
        {"NextIteration", pass_grad},
        {"RefNextIteration", pass_grad},
        {"Enter", enter_grad},
        {"RefEnter", enter_grad},
        {"LoopCond"},
    };
}

std::vector<GradientDef> tensor_array_gradients() {
    return {
        {"TensorArrayV3"},
        {"TensorArrayGradV3"},
        {"TensorArraySizeV3"},
        {"TensorArrayCloseV3"},
        {"TensorArrayReadV3", array_read_grad},
        {"TensorArrayWriteV3", array_write_grad},
        {"TensorArrayGatherV3", array_gather_grad},
        {"TensorArrayScatterV3", array_scatter_grad},
        {"TensorArrayConcatV3", array_concat_grad},
        {"TensorArraySplitV3", array_split_grad},
    };
}

} // namespace rnnscope::tf1
