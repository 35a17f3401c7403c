#include "core/tf1/control_flow.hpp"
#include "core/tf1/nest.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/tensor_array.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

Output output_of(const Value& value) {
    const TensorValue* tensor = value.as<TensorValue>();
    assert(tensor != nullptr && "leaves were converted to tensors");
    return tensor->output;
}

/// TensorArrays travel through loops and branches as their flow.
Value flow_of(GraphState& state, const Value& value) {
    const auto array = value.object<TensorArray>();
    return array ? tensor_value(state, array->flow()) : value;
}

std::vector<Value> flows_to_arrays(GraphState& state, const std::vector<Value>& originals,
                                   const std::vector<Output>& tensors) {
    if (originals.size() != tensors.size()) {
        raise("ValueError", fmt::format("Lengths of original Tensor list and new list do not match: {} vs. {}",
                                        originals.size(), tensors.size()));
    }
    std::vector<Value> result;
    for (std::size_t i = 0; i < originals.size(); ++i) {
        if (const auto array = originals[i].object<TensorArray>())
            result.emplace_back(array->with_flow(state, tensors[i]));
        else
            result.push_back(tensor_value(state, tensors[i]));
    }
    return result;
}

/// _ShapeLessThanOrEqual: is `shape` at least as specific as `bound`?
bool within(const Shape& shape, const Shape& bound) {
    if (!bound.has_rank()) return true;
    if (!shape.has_rank() || shape.rank() != bound.rank()) return false;
    for (std::size_t i = 0; i < shape.rank(); ++i)
        if (bound.dim(i) != Shape::unknown && shape.dim(i) != bound.dim(i)) return false;
    return true;
}

/// Builds one loop; lives as long as the call of while_loop.
class LoopBuilder {
  public:
    LoopBuilder(GraphState& state, WhileContext& loop) : state_(state), loop_(loop) {}

    Value build(const BodyFunction& cond, const BodyFunction& body, const Value& loop_vars,
                const std::optional<std::vector<Shape>>& invariants, bool return_same_structure);

  private:
    std::vector<Output> enter(const std::vector<Output>& values, const std::vector<Shape>& invariants);
    std::vector<Value> arguments(const std::vector<Output>& tensors) const;
    Value run_body(const BodyFunction& body, const std::vector<NodeId>& switches);
    void close(const std::vector<Output>& merges, const Value& body_result);

    GraphState& state_;
    WhileContext& loop_;
    Value structure_;         ///< loop variables as the caller nested them
    std::vector<Value> flat_; ///< their leaves, TensorArrays as such
};

std::vector<Output> LoopBuilder::enter(const std::vector<Output>& values, const std::vector<Shape>& invariants) {
    loop_.initialize_values(values);
    std::vector<Output> real = values;
    if (loop_.outer != nullptr)
        for (Output& value : real) value = loop_.outer->add_value(state_, value);
    std::vector<Output> enters;
    {
        const auto cleared = ControlDependenciesScope::clear(state_);
        for (const Output value : real) {
            enters.push_back(loop_.enter_frame(state_, value, false));
            const NodeId node = enters.back().node;
            state_.graph.set_fetchable(node, state_.graph.node(node).fetchable, false);
        }
    }
    // A loop inside of a loop or branch must not start with an outer invariant before its surroundings run.
    if (loop_.outer != nullptr) {
        for (const Output value : enters) {
            const Output input = state_.graph.node(value.node).inputs[0];
            if (is_loop_constant_enter(state_.graph.node(input.node)))
                state_.graph.add_control_input(value.node, loop_.outer->pivot());
        }
    }
    for (std::size_t i = 0; i < enters.size(); ++i) {
        const Shape& shape = state_.graph.info(real[i]).shape;
        if (!within(shape, invariants[i])) {
            raise("ValueError",
                  fmt::format("The shape invariant specified for {} is not compatible with the initial shape of the "
                              "loop variable. It enters the loop with shape {}, but the specified shape invariant is "
                              "{}.",
                              state_.graph.tensor_name(real[i]), to_python(shape), to_python(invariants[i])));
        }
        set_shape(state_, enters[i], invariants[i]);
    }
    for (const Output value : enters) loop_.adopt_enter(state_, value);
    loop_.initialize_values(enters);
    loop_.loop_enters = enters;
    return enters;
}

std::vector<Value> LoopBuilder::arguments(const std::vector<Output>& tensors) const {
    const Value packed = nest::pack_sequence_as(structure_, flows_to_arrays(state_, flat_, tensors));
    return *items_of(packed);
}

Value LoopBuilder::run_body(const BodyFunction& body, const std::vector<NodeId>& switches) {
    std::vector<Output> identities;
    for (const NodeId node : switches) {
        const Output taken{node, 1};
        const bool is_ref = state_.graph.info(taken).is_ref;
        identities.push_back(
            state_.op({.op = is_ref ? "RefIdentity" : "Identity", .inputs = {taken}, .attrs = {}, .name = ""}));
    }
    loop_.pivot_for_body = identities[0];
    std::vector<Value> args = arguments(identities);
    Value result = body(args);
    if (!nest::is_sequence(result)) result = Value::list({result});
    const std::vector<Value>* items = items_of(result);
    nest::assert_same_structure(Value::list(std::move(args)),
                                items != nullptr ? Value::list(*items) : Value::list(nest::flatten(result)));
    return result;
}

void LoopBuilder::close(const std::vector<Output>& merges, const Value& body_result) {
    std::vector<Output> results;
    for (const Value& leaf : nest::flatten(body_result)) results.push_back(to_tensor(state_, flow_of(state_, leaf)));
    if (merges.size() != results.size()) {
        raise("ValueError", fmt::format("Number of inputs and outputs of body must match loop_vars: {}, {}",
                                        merges.size(), results.size()));
    }
    for (std::size_t i = 0; i < merges.size(); ++i) {
        const Output next = next_iteration(state_, results[i]);
        const Shape& after = state_.graph.info(next).shape;
        const Output enter = state_.graph.node(merges[i].node).inputs[0];
        const Output initial = state_.graph.node(enter.node).inputs[0];
        if (!within(after, state_.graph.info(merges[i]).shape)) {
            raise("ValueError",
                  fmt::format("Input tensor '{}' enters the loop with shape {}, but has shape {} after one iteration. "
                              "To allow the shape to vary across iterations, use the `shape_invariants` argument of "
                              "tf.while_loop to specify a less-specific shape.",
                              state_.graph.tensor_name(initial), to_python(state_.graph.info(initial).shape),
                              to_python(after)));
        }
        const DType expected = state_.graph.info(merges[i]).dtype;
        const DType got = state_.graph.info(next).dtype;
        if (expected != got) {
            // TF_UpdateEdge refuses with the C API's text.
            raise("TypeError", fmt::format("Input {} of node {} was passed {} from {} incompatible with expected {}.",
                                           1, state_.graph.node(merges[i].node).name, dtype_cpp_name(got),
                                           state_.graph.tensor_name(next), dtype_cpp_name(expected)));
        }
        state_.graph.set_input(merges[i].node, 1, next);
    }
}

Value LoopBuilder::build(const BodyFunction& cond, const BodyFunction& body, const Value& loop_vars,
                         const std::optional<std::vector<Shape>>& invariants, bool return_same_structure) {
    structure_ = loop_vars;
    flat_ = nest::flatten(loop_vars);
    std::vector<Output> values;
    for (const Value& leaf : flat_) values.push_back(to_tensor(state_, flow_of(state_, leaf)));
    std::vector<Shape> shapes;
    if (invariants)
        shapes = *invariants;
    else
        for (const Output value : values) shapes.push_back(state_.graph.info(value).shape);

    std::vector<Output> exits;
    Value body_result;
    {
        const InContext within_loop(state_, &loop_);
        std::vector<Output> merges;
        for (const Output value : enter(values, shapes)) merges.push_back(merge(state_, {value, value}));
        loop_.pivot_for_pred = merges[0];
        const Output condition = to_tensor(state_, cond(arguments(merges)));
        loop_.loop_cond = state_.op({.op = "LoopCond", .inputs = {condition}, .attrs = {}, .name = "LoopCond"});
        std::vector<NodeId> switches;
        for (const Output value : merges) switches.push_back(switch_ref_or_tensor(state_, value, loop_.loop_cond));
        body_result = run_body(body, switches);
        close(merges, body_result);
        for (const NodeId node : switches) exits.push_back(exit_frame(state_, Output{node, 0}));
        loop_.loop_exits = exits;
        loop_.exit_result(exits);
    }
    const Value packed =
        nest::pack_sequence_as(body_result, flows_to_arrays(state_, nest::flatten(body_result), exits));
    if (return_same_structure || exits.size() != 1) return packed;
    const std::vector<Value>* items = items_of(packed);
    return items != nullptr ? (*items)[0] : packed;
}

std::optional<std::vector<Shape>> shape_invariants(GraphState& state, const Value& given, const Value& loop_vars) {
    if (given.is_none()) return {};
    nest::assert_same_structure(loop_vars, given);
    std::vector<Shape> shapes;
    for (const Value& leaf : nest::flatten(given)) {
        const Shape* shape = leaf.as<Shape>();
        if (shape == nullptr) raise("ValueError", "`shapes` must be a (possibly nested) list of shapes.");
        shapes.push_back(*shape);
    }
    static_cast<void>(state);
    return shapes;
}

/// What a branch returned: its values as the program nested them, and the tensors that stand for them.
struct Branch {
    Value returned;
    std::vector<Output> outputs;
};

Branch build_branch(GraphState& state, CondContext& context, const std::function<Value()>& function,
                    std::string_view function_name) {
    const InContext within_branch(state, &context);
    Branch branch{function(), {}};
    if (branch.returned.is_none()) raise("ValueError", fmt::format("{} must have a return value.", function_name));
    for (const Value& leaf : nest::flatten(branch.returned))
        branch.outputs.push_back(context.output(state, flow_of(state, leaf)));
    context.exit_result(branch.outputs);
    return branch;
}

Value unpacked_if_single(const Value& value) {
    const std::vector<Value>* items = items_of(value);
    return items != nullptr && items->size() == 1 ? (*items)[0] : value;
}

void check_same_branches(const Value& in_true, const Value& in_false) {
    try {
        nest::assert_same_structure(in_true, in_false);
    } catch (const PythonError& error) {
        const std::string_view what = error.type == "TypeError" ? "types" : "values";
        raise(error.type, fmt::format("Incompatible return {} of true_fn and false_fn: {}", what, error.message));
    }
}

} // namespace

Output CondContext::output(GraphState& state, const Value& value) {
    if (const OperationValue* op = value.as<OperationValue>()) return with_dependencies(state, {op->node}, pivot_);
    const Output tensor = to_tensor(state, value);
    if (values_.contains(tensor)) {
        const auto it = external_values_.find(tensor);
        return it == external_values_.end() ? tensor : it->second;
    }
    // The branch returned a tensor from outside as it is.
    Output real = tensor;
    values_.insert(tensor);
    if (outer != nullptr) {
        real = outer->add_value(state, tensor);
        values_.insert(real);
        external_values_[real] = real;
    }
    real = Output{switch_ref_or_tensor(state, real, pred_), branch_};
    external_values_[tensor] = real;
    return real;
}

Value while_loop(GraphState& state, BodyFunction cond, BodyFunction body, Value loop_vars,
                 const WhileLoopOptions& options) {
    if (options.parallel_iterations < 1) raise("TypeError", "parallel_iterations must be a positive integer.");
    const NameScope scope(state, options.name.empty() ? "while" : options.name);
    const std::vector<Value>* items = items_of(loop_vars);
    if (items == nullptr || items->empty()) raise("ValueError", "No loop variables provided");

    std::optional<std::vector<Shape>> invariants = shape_invariants(state, options.shape_invariants, loop_vars);
    std::optional<Output> maximum;
    if (!options.maximum_iterations.is_none()) {
        maximum = to_tensor(state, options.maximum_iterations, DType::invalid, "maximum_iterations");
        const OutputInfo& info = state.graph.info(*maximum);
        if (!info.shape.is_scalar()) {
            raise("ValueError",
                  fmt::format("maximum_iterations must be a scalar, saw shape: {}", to_python(info.shape)));
        }
        // The loop gets a counter in front; the caller's variables become its second variable.
        const Output counter = state.constant(Tensor::zeros(info.dtype, Shape{}), "iteration_counter");
        const bool single = items->size() == 1 && !options.return_same_structure;
        const Value inner = single ? (*items)[0] : loop_vars;
        const auto own = [single](const Value& value) { return single ? std::vector<Value>{value} : *items_of(value); };
        BodyFunction caller_cond = std::move(cond);
        BodyFunction caller_body = std::move(body);
        cond = [&state, limit = *maximum, caller_cond, own](const std::vector<Value>& vars) {
            const Output below =
                state.op({.op = "Less", .inputs = {output_of(vars[0]), limit}, .attrs = {}, .name = ""});
            const Output goes_on = to_tensor(state, caller_cond(own(vars[1])));
            return tensor_value(state,
                                state.op({.op = "LogicalAnd", .inputs = {below, goes_on}, .attrs = {}, .name = ""}));
        };
        body = [&state, caller_body, own](const std::vector<Value>& vars) {
            const Value next = tensor_value(state, binary_operator(state, "+", vars[0], Value(1)));
            return Value::tuple({next, caller_body(own(vars[1]))});
        };
        loop_vars = Value::tuple({tensor_value(state, counter), inner});
        if (invariants) invariants->insert(invariants->begin(), Shape{});
    }

    auto context =
        std::make_unique<WhileContext>(state, WhileContext::Options{.maximum_iterations = maximum,
                                                                    .parallel_iterations = options.parallel_iterations,
                                                                    .back_prop = options.back_prop,
                                                                    .swap_memory = options.swap_memory,
                                                                    .name = "while_context",
                                                                    .grad_state = nullptr});
    WhileContext& loop = *context;
    state.contexts.push_back(std::move(context));
    if (loop.outer == nullptr) state.graph.add_to_collection("while_context", ControlFlowName{loop.name()});
    const bool same = options.return_same_structure;
    const Value result = LoopBuilder(state, loop).build(cond, body, loop_vars, invariants, same);
    return maximum ? (*items_of(result))[1] : result;
}

Value cond(GraphState& state, const Value& pred, const std::function<Value()>& true_fn,
           const std::function<Value()>& false_fn, bool strict, std::string_view name) {
    const NameScope scope(state, name.empty() ? "cond" : std::string(name));
    if (pred.is<bool>()) raise("TypeError", "pred must not be a Python bool");
    const Output predicate = to_tensor(state, pred, DType::invalid, "pred");
    const NodeId both = switch_op(state, predicate, predicate);
    const auto identity = [&](Output value, const char* text) {
        return state.op({.op = "Identity", .inputs = {value}, .attrs = {}, .name = text});
    };
    const Output pivot_true = identity(Output{both, 1}, "switch_t");
    const Output pivot_false = identity(Output{both, 0}, "switch_f");
    const Output pred_id = identity(predicate, "pred_id");
    for (const NodeId node : {both, pivot_true.node, pivot_false.node, pred_id.node})
        state.graph.set_fetchable(node, false, state.graph.node(node).feedable);

    const auto build = [&](Output pivot, int branch, const std::function<Value()>& function, const char* text) {
        auto context = std::make_unique<CondContext>(state, pred_id, pivot, branch);
        CondContext& in_branch = *context;
        state.contexts.push_back(std::move(context));
        return std::make_pair(&in_branch, build_branch(state, in_branch, function, text));
    };
    auto [context_true, in_true] = build(pivot_true, 1, true_fn, "true_fn");
    auto [context_false, in_false] = build(pivot_false, 0, false_fn, "false_fn");
    if (!strict) {
        in_true.returned = unpacked_if_single(in_true.returned);
        in_false.returned = unpacked_if_single(in_false.returned);
    }
    check_same_branches(in_true.returned, in_false.returned);
    if (in_true.outputs.empty()) raise("ValueError", "true_fn and false_fn must return at least one result.");
    for (std::size_t i = 0; i < in_true.outputs.size(); ++i) {
        const OutputInfo& x = state.graph.info(in_true.outputs[i]);
        const OutputInfo& y = state.graph.info(in_false.outputs[i]);
        if (x.dtype == y.dtype) continue;
        const auto python = [](const OutputInfo& info) {
            return std::string(dtype_name(info.dtype)) + (info.is_ref ? "_ref" : "");
        };
        raise("ValueError",
              fmt::format("Outputs of true_fn and false_fn must have the same type: {}, {}", python(x), python(y)));
    }
    std::vector<Output> merges;
    for (std::size_t i = 0; i < in_true.outputs.size(); ++i)
        merges.push_back(merge(state, {in_false.outputs[i], in_true.outputs[i]}));
    const std::vector<Value> leaves = flows_to_arrays(state, nest::flatten(in_true.returned), merges);
    if (context_true->outer == nullptr) {
        state.graph.add_to_collection("cond_context", ControlFlowName{context_true->name()});
        state.graph.add_to_collection("cond_context", ControlFlowName{context_false->name()});
    }
    const Value result = nest::pack_sequence_as(in_true.returned, leaves);
    return strict ? result : unpacked_if_single(result);
}

Output with_dependencies(GraphState& state, const std::vector<NodeId>& dependencies, Output output,
                         std::string_view name) {
    const NameScope scope(state, name.empty() ? "control_dependency" : std::string(name));
    const ColocateScope colocated(state, output.node);
    const ControlDependenciesScope waiting(state, dependencies);
    return state.op({.op = state.graph.info(output).is_ref ? "RefIdentity" : "Identity",
                     .inputs = {output},
                     .attrs = {},
                     .name = scope.scope()});
}

NodeId assert_op(GraphState& state, const Value& condition, const std::vector<Value>& data,
                 std::optional<std::int64_t> summarize, std::string_view name) {
    const NameScope scope(state, name.empty() ? "Assert" : std::string(name));
    std::vector<Output> converted;
    for (const Value& value : data) converted.push_back(to_tensor(state, value));
    const auto make = [&](Output truth) {
        // The op's wrapper converts the data once more: what is not a tensor becomes a second constant.
        const NameScope op_scope(state, "Assert");
        std::vector<Output> inputs{truth};
        for (std::size_t i = 0; i < data.size(); ++i)
            inputs.push_back(to_tensor(state, data[i], DType::invalid, fmt::format("data_{}", i)));
        return state.apply_op({.op = "Assert",
                               .inputs = std::move(inputs),
                               .attrs = {{"summarize", summarize.value_or(3)}},
                               .name = op_scope.scope()});
    };
    const bool on_host = std::all_of(converted.begin(), converted.end(), [&](Output x) {
        const DType dtype = state.graph.info(x).dtype;
        return dtype == DType::string || dtype == DType::int32;
    });
    if (on_host) return make(to_tensor(state, condition));
    const Output truth = to_tensor(state, condition, DType::invalid, "Condition");
    const auto guard = [&] { return Value(OperationValue{&state, make(truth)}); };
    const auto nothing = [&] {
        return Value(OperationValue{&state, state.apply_op({.op = "NoOp", .inputs = {}, .attrs = {}, .name = ""})});
    };
    const Value guarded = cond(state, tensor_value(state, truth), nothing, guard, false, "AssertGuard");
    return output_of(guarded).node;
}

} // namespace rnnscope::tf1
