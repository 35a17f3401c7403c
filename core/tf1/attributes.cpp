#include "core/tf1/attributes.hpp"

#include "core/tf1/graph_object.hpp"
#include "core/tf1/graph_state.hpp"
#include "core/tf1/variables.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// Value of an attribute, or nothing when the type has no such attribute.
using Found = std::optional<Value>;

Value dimension(std::int64_t dim) {
    return dim == Shape::unknown ? Value() : Value(dim);
}

Value operations(GraphState& state, const std::vector<NodeId>& nodes) {
    std::vector<Value> list;
    for (const NodeId node : nodes) list.emplace_back(OperationValue{&state, node});
    return Value::list(std::move(list));
}

Found of_tensor(const TensorValue& tensor, std::string_view name) {
    GraphState& state = *tensor.graph;
    const OutputInfo& info = state.graph.info(tensor.output);
    if (name == "name") return state.graph.tensor_name(tensor.output);
    if (name == "dtype") return info.dtype;
    if (name == "shape") return info.shape;
    if (name == "op") return OperationValue{&state, tensor.output.node};
    if (name == "graph") return graph_object(state);
    if (name == "device") return state.graph.node(tensor.output.node).device;
    if (name == "value_index") return tensor.output.index;
    return std::nullopt;
}

Found of_operation(const OperationValue& operation, std::string_view name) {
    GraphState& state = *operation.graph;
    const Node& node = state.graph.node(operation.node);
    if (name == "name") return node.name;
    if (name == "type") return node.op;
    if (name == "device") return node.device;
    if (name == "graph") return graph_object(state);
    if (name == "control_inputs") return operations(state, node.control_inputs);
    std::vector<Value> list;
    if (name == "inputs") {
        for (const Output input : node.inputs) list.push_back(tensor_value(state, input));
        return Value::list(std::move(list));
    }
    if (name == "outputs") {
        for (int i = 0; i < static_cast<int>(node.outputs.size()); ++i)
            list.push_back(tensor_value(state, Output{node.id, i}));
        return Value::list(std::move(list));
    }
    return std::nullopt;
}

Found of_variable(const VariableValue& value, std::string_view name) {
    GraphState& state = *value.graph;
    const Variable& variable = state.graph.variable(value.id);
    if (name == "name") return variable.name + ":0";
    if (name == "dtype") return variable.dtype;
    if (name == "shape") return variable.shape;
    if (name == "op") return OperationValue{&state, variable.op};
    if (name == "initializer") return OperationValue{&state, variable.initializer};
    if (name == "initial_value") return tensor_value(state, variable.initial_value);
    if (name == "graph") return graph_object(state);
    if (name == "device") return state.graph.node(variable.op).device;
    if (name == "trainable") return variable.trainable;
    if (name == "handle" && variable.is_resource) return tensor_value(state, Output{variable.op, 0});
    return std::nullopt;
}

Found of_shape(const Shape& shape, std::string_view name) {
    if (name == "ndims" || name == "rank")
        return shape.has_rank() ? Value(static_cast<std::int64_t>(shape.rank())) : Value();
    if (name != "dims") return std::nullopt;
    if (!shape.has_rank()) return Value();
    std::vector<Value> dims;
    for (const std::int64_t dim : shape.dims()) dims.push_back(dimension(dim));
    return Value::list(std::move(dims));
}

Found of_dtype(DType dtype, std::string_view name) {
    if (name == "name") return std::string(dtype_name(dtype));
    if (name == "base_dtype") return dtype;
    if (name == "is_floating") return is_floating(dtype);
    if (name == "is_integer") return is_integer(dtype);
    if (name == "is_bool") return dtype == DType::boolean;
    if (name == "size") return static_cast<std::int64_t>(dtype_size(dtype));
    if (name == "as_datatype_enum") return static_cast<std::int64_t>(dtype);
    return std::nullopt;
}

Found of_array(const Tensor& array, std::string_view name) {
    if (name == "dtype") return array.dtype();
    if (name == "ndim") return static_cast<std::int64_t>(array.shape().rank());
    if (name == "size") return array.elements();
    if (name != "shape") return std::nullopt;
    const auto dims = array.shape().dims();
    return Value::tuple(std::vector<Value>(dims.begin(), dims.end()));
}

Found of_tuple(const TupleValue& tuple, std::string_view name) {
    for (std::size_t i = 0; i < tuple.fields.size(); ++i)
        if (tuple.fields[i] == name) return (*tuple.items)[i];
    return std::nullopt;
}

Found plain_attribute(const Value& value, std::string_view name) {
    if (const auto* x = value.as<TensorValue>()) return of_tensor(*x, name);
    if (const auto* x = value.as<OperationValue>()) return of_operation(*x, name);
    if (const auto* x = value.as<VariableValue>()) return of_variable(*x, name);
    if (const auto* x = value.as<Shape>()) return of_shape(*x, name);
    if (const auto* x = value.as<DType>()) return of_dtype(*x, name);
    if (const auto* x = value.as<Tensor>()) return of_array(*x, name);
    if (const auto* x = value.as<TupleValue>()) return of_tuple(*x, name);
    return std::nullopt;
}

} // namespace

Value attribute_of(Context& context, const Value& value, std::string_view name) {
    if (const Found found = plain_attribute(value, name)) return *found;
    if (Value method = method_value(value, name); !method.is_none()) return method;
    if (const auto* object = value.as<ObjectValue>()) return (*object)->attribute(context, name);
    raise("AttributeError", fmt::format("'{}' object has no attribute '{}'", python_type_name(value), name));
}

} // namespace rnnscope::tf1
