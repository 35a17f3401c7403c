#include "core/tf1/sums.hpp"

#include "core/tf1/gradients.hpp"
#include "core/tf1/op_call.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

Value add_n(GraphState& state, const Value& list, const std::string& name) {
    const std::vector<Value>* items = items_of(list);
    if (items == nullptr || items->empty())
        raise("ValueError", "inputs must be a list of at least one Tensor/IndexedSlices with the same dtype and shape");
    std::vector<Value> inputs;
    for (const Value& item : *items) inputs.push_back(wrap(state, to_tensor(state, item)));
    if (inputs.size() > 1) return op_value(state, "AddN", {Value::list(inputs)}, {}, name);
    if (name.empty()) return inputs[0];
    return op_value(state, "Identity", {inputs[0]}, {}, name);
}

Value accumulate_n(GraphState& state, const Value& list, const Value& shape, const Value& tensor_dtype,
                   const std::string& name) {
    const auto refuse = [] {
        raise("ValueError", "inputs must be a list of at least one Tensor with the same dtype and shape");
    };
    const std::vector<Value>* items = items_of(list);
    if (items == nullptr || items->empty()) refuse();
    std::vector<Value> inputs;
    Shape known = to_shape(shape);
    DType dtype = DType::invalid;
    for (const Value& item : *items) {
        if (item.object<IndexedSlicesObject>()) refuse();
        const Output input = to_tensor(state, item);
        const OutputInfo& info = state.graph.info(input);
        if (dtype != DType::invalid && info.dtype != dtype) refuse();
        dtype = info.dtype;
        inputs.push_back(wrap(state, input));
    }
    for (const Value& input : inputs) {
        const Shape& own = state.graph.info(input.as<TensorValue>()->output).shape;
        const auto merged = known.merged(own);
        if (!merged)
            raise("ValueError", fmt::format("Shapes {} and {} are not compatible", to_python(known), to_python(own)));
        known = *merged;
    }
    if (!tensor_dtype.is_none() && to_dtype(tensor_dtype) != dtype)
        raise("TypeError",
              fmt::format("tensor_dtype is {}, but input is of type {}", str(tensor_dtype), str(Value(dtype))));
    if (inputs.size() > 1) return op_value(state, "AccumulateNV2", {Value::list(inputs)}, {{"shape", known}}, name);
    if (name.empty()) return inputs[0];
    return op_value(state, "Identity", {inputs[0]}, {}, name);
}

} // namespace rnnscope::tf1
