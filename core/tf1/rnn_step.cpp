#include "core/tf1/rnn_step.hpp"

#include "core/tf1/control_flow.hpp"
#include "core/tf1/nest.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/tensor_array.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

VariableScopeArgs rnn_scope_args(const Value& scope, std::string_view default_scope) {
    VariableScopeArgs args;
    args.name_or_scope = scope.truthy() ? scope : Value(std::string(default_scope));
    return args;
}

void set_rnn_caching(GraphState& state, VariableScope& scope) {
    // In a loop, cached variables would not be read again after a training step.
    if (while_context_of(state.control_flow) != nullptr) return;
    if (!scope.caching_device) scope.caching_device = "";
}

DType state_dtype(GraphState& state, DType given, const Value& cell_state) {
    if (given != DType::invalid) return given;
    const std::vector<Value> leaves = nest::flatten(cell_state);
    if (leaves.empty()) raise("ValueError", "Unable to infer dtype from empty state.");
    DType dtype = DType::invalid;
    for (const Value& leaf : leaves) {
        const DType own = state.graph.info(to_tensor(state, leaf)).dtype;
        if (dtype != DType::invalid && own != dtype) {
            raise("ValueError", "State has tensors of different inferred_dtypes. Unable to infer a single "
                                "representative dtype.");
        }
        dtype = own;
    }
    return dtype;
}

Shape shape_attribute(GraphState& state, const Value& value, std::string_view attribute) {
    if (!is_tensor_value(value)) {
        const std::string type = value.is<Tensor>() ? "numpy.ndarray" : python_type_name(value);
        raise("AttributeError", fmt::format("'{}' object has no attribute '{}'", type, attribute));
    }
    return state.graph.info(to_tensor(state, value)).shape;
}

Value copy_one_through(GraphState& state, Output ended, const Value& old, const Value& renewed) {
    if (old.object<TensorArray>()) return renewed;
    const Output before = to_tensor(state, old);
    if (state.graph.info(before).shape.is_scalar()) return renewed;
    if (renewed.is_none())
        raise("ValueError", "Trying to reset colocation (op is None) but ignore_existing is not True");
    const ColocateScope colocated(state, to_tensor(state, renewed).node);
    return wrap(state, op_output(state, "Select", {wrap(state, ended), wrap(state, before), renewed}));
}

Value state_for_cell(const RnnCell& cell, const Value& cell_state) {
    return cell.lists_states() && !nest::is_sequence(cell_state) ? Value::list({cell_state}) : cell_state;
}

Value state_of_run(const RnnCell& cell, const Value& cell_state) {
    const std::vector<Value>* items = cell.lists_states() ? items_of(cell_state) : nullptr;
    return items != nullptr && items->size() == 1 ? items->front() : cell_state;
}

namespace {

using Leaves = std::vector<Value>;

Leaves joined(const Leaves& first, const Leaves& second) {
    Leaves all = first;
    all.insert(all.end(), second.begin(), second.end());
    return all;
}

Leaves copy_some_through(GraphState& state, Output ended, const Leaves& old, const Leaves& renewed) {
    Leaves result;
    for (std::size_t i = 0; i < old.size() && i < renewed.size(); ++i)
        result.push_back(copy_one_through(state, ended, old[i], renewed[i]));
    return result;
}

/// `time >= lengths` or `time < lengths`. With a number on the left Python asks the tensor for the mirrored operator.
Output compare_time(GraphState& state, std::string_view op, const Value& time, Output lengths) {
    if (time.is<TensorValue>()) return binary_operator(state, op, time, wrap(state, lengths));
    return binary_operator(state, op == ">=" ? "<=" : ">", wrap(state, lengths), time);
}

Leaves leaves_of(const Value& list) {
    const std::vector<Value>* items = items_of(list);
    return items != nullptr ? *items : Leaves{list};
}

} // namespace

std::pair<Value, Value> rnn_step(GraphState& state, const RnnStep& step) {
    const Leaves flat_state = nest::flatten(step.state);
    const Leaves flat_zero = nest::flatten(step.zero_output);
    const Leaves old = joined(flat_zero, flat_state);
    const Output ended = compare_time(state, ">=", step.time, step.sequence_length);
    const auto call = [&] {
        auto [output, new_state] = step.call_cell();
        nest::assert_same_structure(step.zero_output, output);
        nest::assert_same_structure(step.state, new_state);
        return joined(nest::flatten(output), nest::flatten(new_state));
    };
    Leaves result;
    if (step.skip_conditionals) {
        result = copy_some_through(state, ended, old, call());
    } else {
        const auto calculate = [&]() -> Value {
            const Leaves renewed = call();
            const Output nobody = compare_time(state, "<", step.time, *step.min_sequence_length);
            return cond(
                state, wrap(state, nobody), [&] { return Value::list(renewed); },
                [&] { return Value::list(copy_some_through(state, ended, old, renewed)); });
        };
        const Output all = compare_time(state, ">=", step.time, *step.max_sequence_length);
        result = leaves_of(cond(
            state, wrap(state, all), [&] { return Value::list(old); }, calculate));
    }
    if (result.size() != old.size())
        raise("ValueError", "Internal error: state and output were not concatenated correctly.");
    for (std::size_t i = 0; i < result.size(); ++i) {
        const TensorValue* tensor = result[i].as<TensorValue>();
        if (tensor == nullptr || old[i].object<TensorArray>()) continue;
        set_shape(state, tensor->output, state.graph.info(to_tensor(state, old[i])).shape);
    }
    const auto middle = result.begin() + static_cast<std::ptrdiff_t>(flat_zero.size());
    return {nest::pack_sequence_as(step.zero_output, Leaves(result.begin(), middle)),
            nest::pack_sequence_as(step.state, Leaves(middle, result.end()))};
}

} // namespace rnnscope::tf1
