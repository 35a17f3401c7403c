#include "core/tf1/gradients.hpp"

#include "core/tf1/gradient_loops.hpp"
#include "core/tf1/gradient_registry.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/sums.hpp"
#include "core/tf1/variables.hpp"

#include <algorithm>
#include <cassert>
#include <deque>
#include <map>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// IsTrainable, and bfloat16, which gradients flow through.
bool is_trainable(DType dtype) {
    return is_floating(dtype) || dtype == DType::complex64 || dtype == DType::complex128 || dtype == DType::resource ||
           dtype == DType::variant;
}

/// What has arrived at one output: a list until it is added up.
struct Slot {
    std::vector<Gradient> received;
    bool is_summed = false;
    Gradient sum;
};

/// One call of tf.gradients.
class Backprop {
  public:
    Backprop(GraphState& state, const GradientsArgs& args) : state_(state), args_(args) {}
    std::vector<Gradient> run();

  private:
    void convert();
    Gradient default_grad(std::size_t i);
    void count_pending();
    void mark_reached();
    void visit(NodeId op);
    std::vector<Gradient> input_grads(NodeId op, std::vector<Slot>& slots);
    std::vector<Gradient> call_function(NodeId op, GradientFn function, std::vector<Slot>& slots);
    void pass_on(NodeId op, const std::vector<Gradient>& grads);
    void sum_up(NodeId op, std::vector<Slot>& slots);
    Gradient sum_of(NodeId op, const std::vector<Gradient>& grads);
    Shape accumulator_shape(const std::vector<Gradient>& grads) const;
    Output sum_over_devices(const std::vector<Gradient>& grads);
    void enqueue_ready(NodeId op);
    void enqueue_exit(Output exit);
    bool has_grad(NodeId op) const;
    std::vector<Slot>& slots_of(NodeId op);
    void add_grad(Output value, const Gradient& grad);
    Gradient result(Output x);
    std::unique_ptr<ColocateScope> colocated(NodeId op) const;
    const Node& node(NodeId op) const { return state_.graph.node(op); }
    std::size_t data_inputs(NodeId op) const { return node(op).inputs.size(); }

    GraphState& state_;
    const GradientsArgs& args_;
    std::vector<Output> ys_, xs_;
    std::vector<Gradient> grad_ys_;
    std::unordered_map<NodeId, std::vector<Slot>> grads_;
    std::unordered_map<NodeId, std::int64_t> pending_;
    std::unordered_set<NodeId> reached_, reachable_to_;
    std::set<NodeId> stop_ops_;
    std::deque<NodeId> queue_;
    LoopGrads loops_;
};

void Backprop::convert() {
    for (const Value& y : args_.ys) ys_.push_back(to_tensor(state_, y, DType::invalid, "y"));
    for (const Value& x : args_.xs) {
        if (const auto* variable = x.as<VariableValue>())
            xs_.push_back(Output{state_.graph.variable(variable->id).op, 0});
        else
            xs_.push_back(to_tensor(state_, x, DType::invalid, "x"));
    }
}

std::unique_ptr<ColocateScope> Backprop::colocated(NodeId op) const {
    if (!args_.colocate_gradients_with_ops) return nullptr;
    return std::make_unique<ColocateScope>(state_, op);
}

Gradient Backprop::default_grad(std::size_t i) {
    const auto scope = colocated(ys_[i].node);
    const DType dtype = state_.graph.info(ys_[i]).dtype;
    const Value y = wrap(state_, ys_[i]);
    const std::string name = fmt::format("grad_ys_{}", i);
    if (i >= args_.grad_ys.size() || args_.grad_ys[i].is_none()) {
        if (dtype == DType::complex64 || dtype == DType::complex128)
            raise("TypeError",
                  fmt::format("Gradients of complex tensors must set grad_ys (y.dtype = {})", repr(Value(dtype))));
        const Value shape = wrap(state_, shape_of(state_, y));
        const Value one = wrap(state_, state_.constant(make_tensor(Value(1), dtype), name));
        return op_output(state_, "Fill", {shape, one});
    }
    const Gradient given = to_gradient(state_, args_.grad_ys[i]);
    const auto* slices = std::get_if<IndexedSlices>(&given);
    const Output values = slices != nullptr ? slices->values : std::get<Output>(given);
    const DType found = state_.graph.info(values).dtype;
    const auto is_real = [](DType type) { return is_floating(type) || is_integer(type); };
    if (is_real(dtype) && !is_real(found))
        raise("TypeError", fmt::format("Gradient type {} generated for real or integer-valued tensor {} with type {} "
                                       "must be real or integer",
                                       dtype_name(found), str(y), dtype_name(dtype)));
    if (!is_real(dtype))
        raise("TypeError", fmt::format("Tensor {} with type {} must be numeric to obtain a default gradient", str(y),
                                       dtype_name(dtype)));
    if (slices == nullptr) return op1(state_, "Identity", values, name);
    IndexedSlices copy;
    copy.indices = op1(state_, "Identity", slices->indices, name + "_indices");
    copy.values = op1(state_, "Identity", slices->values, name + "_values");
    if (slices->dense_shape.valid()) copy.dense_shape = op1(state_, "Identity", slices->dense_shape, name + "_shape");
    return copy;
}

void Backprop::mark_reached() {
    std::deque<NodeId> queue;
    for (const Output x : xs_) queue.push_back(x.node);
    while (!queue.empty()) {
        const NodeId op = queue.front();
        queue.pop_front();
        if (!reached_.insert(op).second) continue;
        const auto passes = [&](Output input) {
            return input.node == op && is_trainable(state_.graph.info(input).dtype);
        };
        for (const NodeId consumer : state_.graph.consumers(op)) {
            const std::vector<Output>& inputs = node(consumer).inputs;
            if (std::any_of(inputs.begin(), inputs.end(), passes)) queue.push_back(consumer);
        }
    }
}

/// _PendingCount.
void Backprop::count_pending() {
    mark_reached();
    std::unordered_set<NodeId> is_between;
    std::vector<NodeId> between;
    std::deque<NodeId> queue;
    for (const Output y : ys_) {
        if (reached_.contains(y.node)) reachable_to_.insert(y.node);
        queue.push_back(y.node);
    }
    while (!queue.empty()) {
        const NodeId op = queue.front();
        queue.pop_front();
        if (reached_.erase(op) == 0) continue;
        is_between.insert(op);
        between.push_back(op);
        for (const Output input : node(op).inputs) queue.push_back(input.node);
    }
    // Loops add their other exits to the list while it is read.
    for (std::size_t i = 0; i < between.size(); ++i) {
        const NodeId op = between[i];
        if (!is_loop_exit(node(op))) continue;
        const auto scope = colocated(op);
        loops_.add_loop(state_, op, between, is_between);
    }
    for (const NodeId op : between)
        for (const Output input : node(op).inputs)
            if (is_between.contains(input.node)) ++pending_[input.node];
}

std::vector<Slot>& Backprop::slots_of(NodeId op) {
    const auto [it, is_new] = grads_.try_emplace(op);
    if (is_new) it->second.resize(node(op).outputs.size());
    return it->second;
}

void Backprop::add_grad(Output value, const Gradient& grad) {
    Slot& slot = slots_of(value.node)[static_cast<std::size_t>(value.index)];
    if (slot.is_summed)
        slot.sum = grad; // the Switch of a loop is visited twice
    else
        slot.received.push_back(grad);
}

/// _MultiDeviceAddN.
Output Backprop::sum_over_devices(const std::vector<Gradient>& grads) {
    std::map<std::string, std::vector<Value>> by_device;
    for (const Gradient& grad : grads) {
        const Output tensor = std::get<Output>(grad);
        by_device[node(tensor.node).device].push_back(wrap(state_, tensor));
    }
    const auto add_n = [&](const std::vector<Value>& tensors) {
        return tensors.size() == 1 ? tensors[0] : op_value(state_, "AddN", {Value::list(tensors)});
    };
    std::vector<Value> sums;
    for (const auto& [device, tensors] : by_device) {
        const ColocateScope together(state_, tensors[0].as<TensorValue>()->output.node, true);
        sums.push_back(add_n(tensors));
    }
    return add_n(sums).as<TensorValue>()->output;
}

/// backprop.aggregate_indexed_slices_gradients: slices one after the other.
Gradient concatenated_slices(GraphState& state, const std::vector<Gradient>& grads) {
    std::vector<Value> values, indices;
    IndexedSlices sum;
    for (const Gradient& grad : grads) {
        if (const auto* slices = std::get_if<IndexedSlices>(&grad)) {
            values.push_back(wrap(state, slices->values));
            indices.push_back(wrap(state, slices->indices));
            if (slices->dense_shape.valid()) sum.dense_shape = slices->dense_shape;
            continue;
        }
        // A dense gradient among slices: slices of all of its rows.
        const Output tensor = std::get<Output>(grad);
        const Value shape = wrap(state, shape_of(state, wrap(state, tensor)));
        const Value rows = wrap(state, strided_slice(state, shape, Value(0)));
        indices.push_back(wrap(state, range(state, Value(0), rows)));
        values.push_back(wrap(state, tensor));
        sum.dense_shape = shape.as<TensorValue>()->output;
    }
    sum.values = concat(state, Value::list(values), Value(0));
    sum.indices = concat(state, Value::list(indices), Value(0));
    return sum;
}

/// _AccumulatorShape: what is known of the shape of all of them.
Shape Backprop::accumulator_shape(const std::vector<Gradient>& grads) const {
    Shape shape = Shape::unknown_rank();
    for (const Gradient& grad : grads)
        if (const auto merged = shape.merged(state_.graph.info(std::get<Output>(grad)).shape)) shape = *merged;
    return shape;
}

Gradient Backprop::sum_of(NodeId op, const std::vector<Gradient>& grads) {
    if (grads.size() == 1) return grads[0];
    const auto is_tensor = [](const Gradient& grad) { return std::holds_alternative<Output>(grad); };
    if (!std::all_of(grads.begin(), grads.end(), is_tensor)) return concatenated_slices(state_, grads);
    if (args_.aggregation_method == 0) return sum_over_devices(grads);
    if (args_.aggregation_method == 2 && grads.size() > 2 && accumulator_shape(grads).fully_defined()) {
        std::vector<Value> tensors;
        for (const Gradient& grad : grads) tensors.push_back(wrap(state_, std::get<Output>(grad)));
        return accumulate_n(state_, Value::list(std::move(tensors))).as<TensorValue>()->output;
    }
    const NameScope scope(state_, node(op).name + "_gradient_sum");
    Output sum = std::get<Output>(grads[0]);
    for (std::size_t i = 1; i < grads.size(); ++i)
        sum = op_output(state_, "AddN", {Value::list({wrap(state_, sum), wrap(state_, std::get<Output>(grads[i]))})});
    return sum;
}

/// _AggregatedGrads.
void Backprop::sum_up(NodeId op, std::vector<Slot>& slots) {
    for (Slot& slot : slots) {
        if (slot.is_summed) continue;
        if (!slot.received.empty()) slot.sum = sum_of(op, slot.received);
        slot.is_summed = true;
    }
}

std::vector<Gradient> Backprop::call_function(NodeId op, GradientFn function, std::vector<Slot>& slots) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
        // The result does not depend on that output.
        const Output value{op, static_cast<int>(i)};
        if (is_none(slots[i].sum) && is_trainable(state_.graph.info(value).dtype))
            slots[i].sum = loops_.zeros(state_, op, value.index);
    }
    const NameScope scope(state_, node(op).name + "_grad");
    GradientCall call{state_, op, {}, nullptr};
    for (const Slot& slot : slots) call.grads.push_back(slot.sum);
    if (WhileContext* const loop = while_context_of(state_.control_flow))
        call.loop = static_cast<LoopGrad*>(loop->options().grad_state);
    std::vector<Gradient> grads = function(call);
    grads.resize(data_inputs(op));
    const auto given = std::count_if(grads.begin(), grads.end(), [](const Gradient& grad) { return !is_none(grad); });
    if (!args_.gate_gradients || given < 2) return grads;
    const DeviceScope anywhere(state_, std::nullopt);
    const ColocateScope alone(state_, NodeId{}, true);
    return gate(state_, grads);
}

std::vector<Gradient> Backprop::input_grads(NodeId op, std::vector<Slot>& slots) {
    std::vector<Gradient> none(data_inputs(op));
    const bool has_any = std::any_of(slots.begin(), slots.end(), [](const Slot& slot) { return !is_none(slot.sum); });
    if (!has_any || stop_ops_.contains(op) || data_inputs(op) == 0) return none;
    const std::string& type = node(op).op;
    const GradientDef* def = find_gradient(type);
    if (def == nullptr) {
        const auto unsupported = unsupported_gradients();
        if (std::find(unsupported.begin(), unsupported.end(), type) != unsupported.end())
            raise("NotImplementedError",
                  fmt::format("the gradient of {} (operation '{}') is not supported", type, node(op).name));
        raise("LookupError", fmt::format("No gradient defined for operation '{}' (op type: {})", node(op).name, type));
    }
    ControlFlowContext* const context = context_of(state_, op);
    if (is_switch(node(op)) && context != nullptr && context->is_while() && context == state_.control_flow)
        raise("ValueError",
              fmt::format("Cannot compute gradient inside while loop with respect to op '{}'. We do not support taking "
                          "the gradient wrt or through the initial value of a loop variable. Gradients can be computed "
                          "through loop invariants or wrt the input parameters to the loop body.",
                          node(xs_.front().node).name));
    return def->gradient == nullptr ? none : call_function(op, def->gradient, slots);
}

void Backprop::pass_on(NodeId op, const std::vector<Gradient>& grads) {
    for (std::size_t i = 0; i < grads.size(); ++i) {
        if (is_none(grads[i])) continue;
        const Output input = node(op).inputs[i];
        const OutputInfo& info = state_.graph.info(input);
        if (const auto* tensor = std::get_if<Output>(&grads[i]); tensor != nullptr && info.dtype != DType::resource) {
            try {
                set_shape(state_, *tensor, info.shape);
            } catch (const PythonError& error) {
                if (error.type != "ValueError") throw;
                raise("ValueError",
                      fmt::format("Incompatible shapes between op input and calculated input gradient.  Forward "
                                  "operation: {}.  Input index: {}. Original input shape: {}.  Calculated input "
                                  "gradient shape: {}",
                                  node(op).name, i, to_python(info.shape),
                                  to_python(state_.graph.info(*tensor).shape)));
            }
        }
        add_grad(input, grads[i]);
    }
}

bool Backprop::has_grad(NodeId op) const {
    const auto found = grads_.find(op);
    if (found == grads_.end()) return false;
    return std::any_of(found->second.begin(), found->second.end(),
                       [](const Slot& slot) { return slot.is_summed ? !is_none(slot.sum) : !slot.received.empty(); });
}

/// An Exit is not visited before all exits of its loop can be.
void Backprop::enqueue_exit(Output exit) {
    LoopGrad* const grad = loops_.find(state_, exit.node, false);
    assert(grad != nullptr);
    grad->deferred_exits.push_back(exit);
    if (--grad->pending_exits != 0) return;
    bool has_real = false;
    for (const Output other : grad->deferred_exits) {
        if (has_grad(other.node)) {
            has_real = true;
            queue_.push_back(other.node);
        } else {
            grad->unused_exits.push_back(other);
        }
    }
    for (const Output other : grad->unused_exits) {
        if (has_real && is_trainable(state_.graph.info(other).dtype))
            add_grad(other, loops_.zeros_for_exit(state_, other));
        queue_.push_back(other.node);
    }
}

/// _UpdatePendingAndEnqueueReady.
void Backprop::enqueue_ready(NodeId op) {
    for (const Output input : std::vector<Output>(node(op).inputs)) {
        const std::int64_t left = --pending_[input.node];
        const bool ready = left == 0 || (left > 0 && !loops_.empty() && is_loop_switch(state_, input.node));
        if (!ready) continue;
        if (is_loop_exit(node(input.node)))
            enqueue_exit(input);
        else
            queue_.push_back(input.node);
    }
}

void Backprop::visit(NodeId op) {
    const auto scope = colocated(op);
    std::vector<Slot>& slots = slots_of(op);
    LoopGrad* const before = loops_.find(state_, op, true);
    if (before != nullptr) before->enter(state_);
    sum_up(op, slots);
    if (before != nullptr) before->exit(state_);
    LoopGrad* const inside = loops_.find(state_, op, false);
    if (inside != nullptr) inside->enter(state_);
    pass_on(op, input_grads(op, slots));
    if (inside != nullptr) inside->exit(state_);
}

Gradient Backprop::result(Output x) {
    const auto found = grads_.find(x.node);
    if (found != grads_.end()) {
        const Slot& slot = found->second[static_cast<std::size_t>(x.index)];
        return slot.is_summed || slot.received.empty() ? slot.sum : slot.received[0];
    }
    if (!args_.zero_when_unconnected) return {};
    const Node& op = node(x.node);
    if (state_.graph.info(x).dtype != DType::resource) return zeros_like(state_, wrap(state_, x));
    const Variable* variable = state_.graph.variable_of(op.id);
    return zeros(state_, Value(variable->shape), variable->dtype);
}

std::vector<Gradient> Backprop::run() {
    // Contexts are entered and left by hand; an error leaves them all.
    const InContext restored(state_, state_.control_flow);
    const NameScope scope(state_, args_.name.empty() ? "gradients" : args_.name);
    state_.unique_name("uid");
    convert();
    if (!args_.grad_ys.empty() && args_.grad_ys.size() != ys_.size())
        raise("ValueError", fmt::format("Passed {} grad_ys for {} ys", args_.grad_ys.size(), ys_.size()));
    for (std::size_t i = 0; i < ys_.size(); ++i) grad_ys_.push_back(default_grad(i));
    count_pending();
    for (std::size_t i = 0; i < ys_.size(); ++i) add_grad(ys_[i], grad_ys_[i]);

    std::set<NodeId> to_ops;
    for (const Output y : ys_)
        if (pending_[y.node] == 0 && reachable_to_.contains(y.node) && to_ops.insert(y.node).second)
            queue_.push_back(y.node);
    for (const Output exit : loops_.unused_exits(pending_, to_ops)) {
        if (!is_trainable(state_.graph.info(exit).dtype)) continue;
        add_grad(exit, loops_.zeros_for_exit(state_, exit));
        queue_.push_back(exit.node);
    }
    for (const Output x : xs_) {
        const std::vector<Output>& inputs = node(x.node).inputs;
        if (std::none_of(inputs.begin(), inputs.end(), [&](Output input) { return pending_[input.node] > 0; }))
            stop_ops_.insert(x.node);
    }
    for (const Value& stop : args_.stop_gradients)
        stop_ops_.insert(to_tensor(state_, stop, DType::invalid, "stop").node);
    while (!queue_.empty()) {
        const NodeId op = queue_.front();
        queue_.pop_front();
        visit(op);
        enqueue_ready(op);
    }
    loops_.finish(state_);
    std::vector<Gradient> results;
    for (const Output x : xs_) results.push_back(result(x));
    return results;
}

} // namespace

std::vector<Gradient> gradients(GraphState& state, const GradientsArgs& args) {
    return Backprop(state, args).run();
}

// --- values ---------------------------------------------------------------------------------------------------

std::string IndexedSlicesObject::repr() const {
    const auto name = [&](Output output) { return str(wrap(state_, output)); };
    std::string text = fmt::format("IndexedSlices(indices={}, values={}", name(slices_.indices), name(slices_.values));
    if (slices_.dense_shape.valid()) text += ", dense_shape=" + name(slices_.dense_shape);
    return text + ")";
}

Value IndexedSlicesObject::attribute(Context& context, std::string_view name) {
    if (name == "values") return wrap(state_, slices_.values);
    if (name == "indices") return wrap(state_, slices_.indices);
    if (name == "dense_shape") return slices_.dense_shape.valid() ? wrap(state_, slices_.dense_shape) : Value();
    return Object::attribute(context, name);
}

Value gradient_value(GraphState& state, const Gradient& gradient) {
    if (const auto* tensor = std::get_if<Output>(&gradient)) return wrap(state, *tensor);
    if (const auto* slices = std::get_if<IndexedSlices>(&gradient))
        return Value(std::make_shared<IndexedSlicesObject>(state, *slices));
    return {};
}

Gradient to_gradient(GraphState& state, const Value& value) {
    if (value.is_none()) return {};
    if (const auto slices = value.object<IndexedSlicesObject>()) return slices->slices();
    return to_tensor(state, value);
}

Output to_dense(GraphState& state, const Gradient& gradient, std::string_view name) {
    if (const auto* tensor = std::get_if<Output>(&gradient)) return *tensor;
    const auto& slices = std::get<IndexedSlices>(gradient);
    if (!slices.dense_shape.valid())
        raise("ValueError", fmt::format("Tensor conversion requested for IndexedSlices without dense_shape: {}",
                                        str(gradient_value(state, gradient))));
    const Value rows = wrap(state, strided_slice(state, wrap(state, slices.dense_shape), Value(0)));
    return op_output(state, "UnsortedSegmentSum", {wrap(state, slices.values), wrap(state, slices.indices), rows}, {},
                     name);
}

std::vector<Gradient> gate(GraphState& state, const std::vector<Gradient>& gradients, std::string_view name) {
    const NameScope scope(state, std::string(name));
    std::vector<NodeId> ops;
    for (const Gradient& gradient : gradients) {
        if (const auto* tensor = std::get_if<Output>(&gradient)) ops.push_back(tensor->node);
        if (const auto* slices = std::get_if<IndexedSlices>(&gradient)) ops.push_back(slices->values.node);
    }
    std::sort(ops.begin(), ops.end());
    ops.erase(std::unique(ops.begin(), ops.end()), ops.end());
    const NodeId all = group(state, ops);
    std::vector<Gradient> result;
    for (const Gradient& gradient : gradients) {
        if (const auto* tensor = std::get_if<Output>(&gradient)) {
            result.emplace_back(with_dependencies(state, {all}, *tensor));
        } else if (const auto* slices = std::get_if<IndexedSlices>(&gradient)) {
            IndexedSlices copy = *slices;
            copy.values = with_dependencies(state, {all}, slices->values);
            result.emplace_back(copy);
        } else {
            result.emplace_back();
        }
    }
    return result;
}

} // namespace rnnscope::tf1
