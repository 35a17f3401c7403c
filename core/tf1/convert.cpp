#include "core/tf1/graph_state.hpp"
#include "core/tf1/variables.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

constexpr int deepest_list = 32; // numpy's limit of dimensions

/// Output of a tensor or the value of a variable; nullopt for what is neither.
std::optional<DType> tensor_dtype(const Value& value) {
    if (const auto* t = value.as<TensorValue>()) return t->graph->graph.info(t->output).dtype;
    if (const auto* x = value.as<VariableValue>()) return x->graph->graph.variable(x->id).dtype;
    return std::nullopt;
}

/// array_ops._get_dtype_from_nested_lists: the first tensor decides.
std::optional<DType> packed_dtype(const std::vector<Value>& items, int depth) {
    if (depth > deepest_list) raise("ValueError", "Argument must be a dense tensor: lists are nested too deeply");
    for (const Value& item : items) {
        if (const auto dtype = tensor_dtype(item)) return dtype;
        if (const std::vector<Value>* inner = items_of(item))
            if (const auto dtype = packed_dtype(*inner, depth + 1)) return dtype;
    }
    return std::nullopt;
}

void check_same(const GraphState& state, const GraphState* other, const Value& value) {
    if (other != &state)
        raise("ValueError", fmt::format("{} must be from the same graph as the current default graph.", str(value)));
}

Output from_tensor(GraphState& state, const Value& value, const TensorValue& tensor, DType dtype) {
    check_same(state, tensor.graph, value);
    const DType found = state.graph.info(tensor.output).dtype;
    if (dtype != DType::invalid && dtype != found)
        raise("ValueError", fmt::format("Tensor conversion requested dtype {} for Tensor with dtype {}: {}",
                                        dtype_name(dtype), dtype_name(found), repr(Value(str(value)))));
    return tensor.output;
}

Output from_variable(GraphState& state, const Value& value, const VariableValue& variable, DType dtype) {
    check_same(state, variable.graph, value);
    const Variable& v = state.graph.variable(variable.id);
    if (dtype != DType::invalid && dtype != v.dtype)
        raise("ValueError",
              fmt::format("Incompatible type conversion requested to type '{}' for variable of type '{}{}'",
                          dtype_name(dtype), dtype_name(v.dtype), v.is_resource ? "" : "_ref"));
    return variable_value(state, variable.id);
}

/// array_ops._autopacking_helper: a list that holds tensors becomes a Pack, its numbers Consts named by position.
Output pack_list(GraphState& state, const std::vector<Value>& items, DType dtype, const std::string& name) {
    const NameScope scope(state, name);
    std::vector<Value> converted;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const Value& item = items[i];
        if (const auto found = tensor_dtype(item); found && *found != dtype)
            raise("TypeError",
                  fmt::format("Cannot convert a list containing a tensor of dtype {} to {} (Tensor is: {})",
                              str(Value(*found)), str(Value(dtype)), repr(item)));
        const std::vector<Value>* inner = items_of(item);
        if (inner != nullptr && packed_dtype(*inner, 0))
            converted.push_back(tensor_value(state, pack_list(state, *inner, dtype, std::to_string(i))));
        else
            converted.push_back(item);
    }
    std::vector<Output> inputs;
    for (std::size_t i = 0; i < converted.size(); ++i)
        if (tensor_dtype(converted[i]))
            inputs.push_back({}); // read below, when all constants are there
        else
            inputs.push_back(state.constant(make_tensor(converted[i], dtype), std::to_string(i)));
    const NameScope pack_scope(state, scope.scope());
    for (std::size_t i = 0; i < converted.size(); ++i)
        if (!inputs[i].valid()) inputs[i] = to_tensor(state, converted[i], dtype);
    return Output{state.create_op({"Pack", std::move(inputs), {{"axis", 0}}, scope.scope()}), 0};
}

} // namespace

Value tensor_value(GraphState& state, Output output) {
    return Value(TensorValue{&state, output});
}

Output to_tensor(GraphState& state, const Value& value, DType dtype, std::string_view name) {
    if (const auto* tensor = value.as<TensorValue>()) return from_tensor(state, value, *tensor, dtype);
    if (const auto* variable = value.as<VariableValue>()) return from_variable(state, value, *variable, dtype);
    if (const std::vector<Value>* items = items_of(value))
        if (const auto found = packed_dtype(*items, 0))
            return pack_list(state, *items, dtype == DType::invalid ? *found : dtype,
                             name.empty() ? "packed" : std::string(name));
    const std::string const_name = name.empty() ? "Const" : std::string(name);
    if (const auto* shape = value.as<Shape>()) {
        if (!shape->fully_defined())
            raise("ValueError",
                  fmt::format("Cannot convert a partially known TensorShape to a Tensor: {}", to_python(*shape)));
        const DType integer = dtype == DType::int64 ? DType::int64 : DType::int32;
        if (dtype != DType::invalid && dtype != integer)
            raise("TypeError", fmt::format("Cannot convert a TensorShape to dtype: {}", str(Value(dtype))));
        return state.constant(make_tensor(value, integer), name.empty() ? "shape_as_tensor" : std::string(name));
    }
    if (value.is<OperationValue>())
        raise("TypeError",
              fmt::format("Can't convert Operation '{}' to Tensor",
                          value.as<OperationValue>()->graph->graph.node(value.as<OperationValue>()->node).name));
    return state.constant(make_tensor(value, dtype), const_name);
}

void check_graph(const GraphState& state, const Value& value) {
    if (const auto* variable = value.as<VariableValue>()) check_same(state, variable->graph, value);
    if (const auto* tensor = value.as<TensorValue>()) check_same(state, tensor->graph, value);
}

Output to_ref(GraphState& state, const Value& value) {
    if (const auto* x = value.as<VariableValue>()) {
        check_same(state, x->graph, value);
        return Output{state.graph.variable(x->id).op, 0};
    }
    if (const auto* t = value.as<TensorValue>()) {
        check_same(state, t->graph, value);
        return t->output;
    }
    return to_tensor(state, value);
}

NodeId to_operation(GraphState& state, const Value& value) {
    if (const auto* op = value.as<OperationValue>()) {
        if (op->graph != &state)
            raise("ValueError", fmt::format("Operation {} is not an element of this graph.", repr(value)));
        return op->node;
    }
    if (const auto* tensor = value.as<TensorValue>()) {
        if (tensor->graph != &state)
            raise("ValueError", fmt::format("Tensor {} is not an element of this graph.", str(value)));
        return tensor->output.node;
    }
    if (const auto* variable = value.as<VariableValue>()) {
        if (variable->graph != &state)
            raise("ValueError", fmt::format("Tensor {} is not an element of this graph.", repr(value)));
        return state.graph.variable(variable->id).op;
    }
    raise("TypeError", fmt::format("Can not convert a {} into a Tensor or Operation.", python_type_name(value)));
}

} // namespace rnnscope::tf1
