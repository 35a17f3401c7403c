#include "core/tf1/cells.hpp"

#include "core/tf1/api.hpp"
#include "core/tf1/control_flow.hpp"
#include "core/tf1/nest.hpp"
#include "core/tf1/op_call.hpp"
#include "core/tf1/op_helpers.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// _zero_state_tensors: zeros for every size.
Value zero_state_tensors(GraphState& state, const Value& sizes, const Value& batch_size, DType dtype) {
    return nest::map_structure(
        [&](const Value& size) {
            const Output tensor = zeros(state, wrap(state, prefixed_shape(state, batch_size, size)), dtype);
            set_shape(state, tensor, static_prefixed_shape(state, batch_size, size));
            return tensor_value(state, tensor);
        },
        sizes);
}

void check_supported(DType dtype) {
    const bool complex = dtype == DType::complex64 || dtype == DType::complex128;
    if (dtype == DType::invalid || is_floating(dtype) || complex) return;
    raise("ValueError",
          fmt::format("RNN cell only supports floating point inputs, but saw dtype: <dtype: '{}'>", dtype_name(dtype)));
}

std::int64_t to_size(const Value& value) {
    const std::int64_t* size = value.as<std::int64_t>();
    if (size == nullptr) raise("TypeError", fmt::format("unsupported size of a cell's state: {}", repr(value)));
    return *size;
}

} // namespace

void RnnCell::check_has_weights() const {
    if (first_weight().empty() || built()) return;
    raise("AttributeError", fmt::format("'{}' object has no attribute '{}'", type_name(), first_weight()));
}

std::pair<Value, Value> RnnCell::step(GraphState& state, const Value& inputs, const Value& cell_state,
                                      const Value& scope) {
    VariableScopeArgs args;
    if (!scope.is_none())
        args.name_or_scope = scope;
    else if (rnncell_scope_)
        args.name_or_scope = Value(rnncell_scope_);
    else
        args.name_or_scope = Value(state.variable_scope);
    VariableScopeEntry entry(state, args);
    if (scope.is_none() && !rnncell_scope_) rnncell_scope_ = entry.scope();
    const Value result = apply(state, inputs, {cell_state}, scope.is_none() ? Value() : Value(entry.scope()));
    entry.leave();
    const std::vector<Value>& pair = *items_of(result);
    return {pair[0], pair[1]};
}

Value RnnCell::run(GraphState& state, const Value& inputs, const std::vector<Value>& arguments) {
    auto [output, new_state] = step_once(state, inputs, arguments[0]);
    return Value::tuple({std::move(output), std::move(new_state)});
}

Value RnnCell::zero_state(GraphState& state, const Value& batch_size, DType dtype) const {
    const NameScope scope(state, type_name() + "ZeroState");
    return zero_state_tensors(state, state_size(state.context), batch_size, dtype);
}

Value RnnCell::call(Context& context, std::vector<Value> positional,
                    std::vector<std::pair<std::string, Value>> keywords) {
    static constexpr std::string_view names[] = {"inputs", "state", "scope"};
    Value given[3];
    bool is_given[3] = {};
    if (positional.size() > 3) {
        raise("TypeError", fmt::format("__call__() takes from 3 to 4 positional arguments but {} were given",
                                       positional.size() + 1));
    }
    for (std::size_t i = 0; i < positional.size(); ++i) given[i] = std::move(positional[i]), is_given[i] = true;
    for (auto& [key, value] : keywords) {
        std::size_t i = 0;
        while (i < 3 && names[i] != key) ++i;
        if (i == 3) raise("TypeError", fmt::format("__call__() got an unexpected keyword argument '{}'", key));
        if (is_given[i]) raise("TypeError", fmt::format("__call__() got multiple values for argument '{}'", key));
        given[i] = std::move(value);
        is_given[i] = true;
    }
    if (!is_given[0] && !is_given[1])
        raise("TypeError", "__call__() missing 2 required positional arguments: 'inputs' and 'state'");
    for (std::size_t i = 0; i < 2; ++i) {
        if (!is_given[i])
            raise("TypeError", fmt::format("__call__() missing 1 required positional argument: '{}'", names[i]));
    }
    auto [output, new_state] = step(context.default_graph(), given[0], given[1], given[2]);
    return Value::tuple({std::move(output), std::move(new_state)});
}

Value RnnCell::attribute(Context& context, std::string_view name) {
    if (name == "state_size") return state_size(context);
    if (name == "output_size") return output_size(context);
    return Layer::attribute(context, name);
}

std::vector<std::string> RnnCell::attribute_names() const {
    std::vector<std::string> names = Layer::attribute_names();
    names.insert(names.begin(), {"state_size", "output_size"});
    return names;
}

void RnnCell::check_dtype() const {
    check_supported(dtype());
}

// --- cells that are layers ------------------------------------------------------------------------------------

std::pair<Value, Value> LayerRnnCell::step(GraphState& state, const Value& inputs, const Value& cell_state,
                                           const Value& scope) {
    const Value result = apply(state, inputs, {cell_state}, scope);
    const std::vector<Value>& pair = *items_of(result);
    return {pair[0], pair[1]};
}

Output LayerRnnCell::activate(GraphState& state, Output x) const {
    if (!activation_.truthy()) return op1(state, "Tanh", x);
    const Value function = activation_function(activation_);
    if (function.is_none()) return x;
    return to_tensor(state, call_function(state.context, function, {wrap(state, x)}));
}

void LayerRnnCell::check_input_dtypes(GraphState& state, const Value& inputs, const Value& cell_state) {
    for (const Value& leaf : nest::flatten(Value::list({inputs, cell_state}))) {
        if (const TensorValue* tensor = leaf.as<TensorValue>())
            check_supported(state.graph.info(tensor->output).dtype);
        else if (const VariableValue* variable = leaf.as<VariableValue>())
            check_supported(state.graph.variable(variable->id).dtype);
    }
}

std::int64_t LayerRnnCell::input_depth(const Value& input_shape) {
    const Shape* known = input_shape.as<Shape>();
    const Shape shape = known != nullptr ? *known : Shape::unknown_rank();
    const std::int64_t depth = shape.rank() == 0 ? Shape::unknown : shape.dim(shape.rank() - 1);
    if (depth != Shape::unknown) return depth;
    std::string text; // tf_utils.shape_type_conversion hands the shape over as a tuple
    for (std::size_t i = 0; i < shape.rank(); ++i) {
        if (i > 0) text += ", ";
        text += shape.dim(i) == Shape::unknown ? std::string("None") : std::to_string(shape.dim(i));
    }
    if (shape.rank() == 1) text += ",";
    raise("ValueError", fmt::format("Expected inputs.shape[-1] to be known, saw shape: ({})", text));
}

// --- MultiRNNCell ---------------------------------------------------------------------------------------------

MultiRnnCell::MultiRnnCell(GraphState& state, Value cells, bool state_is_tuple)
    : cells_(std::move(cells)), state_is_tuple_(state_is_tuple) {
    init_layer(state, "MultiRNNCell", {});
    if (!cells_.truthy()) raise("ValueError", "Must specify at least one cell for MultiRNNCell.");
    if (!nest::is_sequence(cells_))
        raise("TypeError", fmt::format("cells must be a list or tuple, but saw: {}.", str(cells_)));
    if (state_is_tuple_) return;
    std::vector<Value> sizes;
    bool any_tuple = false;
    for (const auto& cell : this->cells()) {
        sizes.push_back(cell->state_size(state.context));
        any_tuple |= nest::is_sequence(sizes.back());
    }
    if (any_tuple) {
        raise("ValueError", fmt::format("Some cells return tuples of states, but the flag state_is_tuple is not set.  "
                                        "State sizes are: {}",
                                        str(Value::list(std::move(sizes)))));
    }
}

std::vector<std::shared_ptr<RnnCell>> MultiRnnCell::cells() const {
    std::vector<std::shared_ptr<RnnCell>> result;
    for (const Value& cell : nest::flatten(cells_)) result.push_back(to_cell("cell", cell));
    return result;
}

Value MultiRnnCell::state_size(Context& context) const {
    std::vector<Value> sizes;
    for (const auto& cell : cells()) sizes.push_back(cell->state_size(context));
    if (state_is_tuple_) return Value::tuple(std::move(sizes));
    std::int64_t sum = 0;
    for (const Value& size : sizes) sum += to_size(size);
    return sum;
}

Value MultiRnnCell::output_size(Context& context) const {
    return cells().back()->output_size(context);
}

Value MultiRnnCell::zero_state(GraphState& state, const Value& batch_size, DType dtype) const {
    const NameScope scope(state, "MultiRNNCellZeroState");
    if (!state_is_tuple_) return RnnCell::zero_state(state, batch_size, dtype);
    std::vector<Value> states;
    for (const auto& cell : cells()) states.push_back(cell->zero_state(state, batch_size, dtype));
    return Value::tuple(std::move(states));
}

std::vector<VariableValue> MultiRnnCell::trainable_weights() const {
    std::vector<VariableValue> all;
    if (!trainable_) return all;
    for (const auto& cell : cells()) {
        const std::vector<VariableValue> weights = cell->trainable_weights();
        all.insert(all.end(), weights.begin(), weights.end());
    }
    return all;
}

std::vector<VariableValue> MultiRnnCell::non_trainable_weights() const {
    std::vector<VariableValue> all;
    for (const auto& cell : cells()) {
        const std::vector<VariableValue> weights = cell->non_trainable_weights();
        all.insert(all.end(), weights.begin(), weights.end());
    }
    return all;
}

std::pair<Value, Value> MultiRnnCell::step_once(GraphState& state, const Value& inputs, const Value& cell_state) {
    Value current = inputs;
    std::vector<Value> new_states;
    std::int64_t position = 0;
    const std::vector<std::shared_ptr<RnnCell>> layers = cells();
    for (std::size_t i = 0; i < layers.size(); ++i) {
        VariableScopeArgs args;
        args.name_or_scope = Value(fmt::format("cell_{}", i));
        VariableScopeEntry entry(state, args);
        Value own;
        if (state_is_tuple_) {
            const std::vector<Value>* states = items_of(cell_state);
            if (states == nullptr) {
                raise("ValueError", fmt::format("Expected state to be a tuple of length {}, but received: {}",
                                                layers.size(), str(cell_state)));
            }
            if (i >= states->size()) raise("IndexError", "tuple index out of range");
            own = (*states)[i];
        } else {
            const std::int64_t size = to_size(layers[i]->state_size(state.context));
            own = wrap(state, slice(state, to_tensor(state, cell_state), {0, position}, {-1, size}));
            position += size;
        }
        auto [output, new_state] = layers[i]->step(state, current, own);
        current = std::move(output);
        new_states.push_back(std::move(new_state));
        entry.leave();
    }
    if (state_is_tuple_) return {current, Value::tuple(std::move(new_states))};
    return {current, wrap(state, concat(state, Value::list(std::move(new_states)), Value(1)))};
}

std::shared_ptr<RnnCell> to_cell(std::string_view argument, const Value& value) {
    if (auto cell = value.object<RnnCell>()) return cell;
    const ObjectValue* object = value.as<ObjectValue>();
    const bool callable = object != nullptr && *object && (*object)->callable();
    raise("TypeError",
          fmt::format("The argument '{}' ({}) is not an RNNCell: 'output_size' property is missing, 'state_size' "
                      "property is missing, either 'zero_state' or 'get_initial_state' method is required{}.",
                      argument, str(value), callable ? "" : ", is not callable"));
}

} // namespace rnnscope::tf1
