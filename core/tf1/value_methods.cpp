#include "core/tf1/api_families.hpp"
#include "core/tf1/variables.hpp"

#include <fmt/format.h>

/// Methods of tensors, ops, shapes, and of Python's lists, dicts and strings, as far as programs use them.
namespace rnnscope::tf1 {

namespace {

const OutputInfo& info_of(const Value& self) {
    const auto& tensor = *self.as<TensorValue>();
    return tensor.graph->graph.info(tensor.output);
}

Value set_shape(Context&, const Arguments& a) {
    const auto& self = *a[0].as<TensorValue>();
    const Shape shape = to_shape(a[1]);
    const Shape& known = info_of(a[0]).shape;
    const std::optional<Shape> merged = known.merged(shape);
    if (!merged)
        raise("ValueError", fmt::format("Shapes {} and {} are not compatible", to_python(known), to_python(shape)));
    self.graph->graph.set_output_shape(self.output, *merged);
    return None{};
}

Value consumers(Context&, const Arguments& a) {
    const auto& self = *a[0].as<TensorValue>();
    std::vector<Value> list;
    for (const NodeId id : self.graph->graph.consumers(self.output.node)) {
        const std::vector<Output>& inputs = self.graph->graph.node(id).inputs;
        if (std::find(inputs.begin(), inputs.end(), self.output) != inputs.end())
            list.emplace_back(OperationValue{self.graph, id});
    }
    return Value::list(std::move(list));
}

Value get_attr(Context&, const Arguments& a) {
    const auto& self = *a[0].as<OperationValue>();
    const Node& node = self.graph->graph.node(self.node);
    const std::string name = text_or(a[1], "");
    const auto found = node.attrs.find(name);
    if (found == node.attrs.end())
        raise("ValueError", fmt::format("Operation '{}' has no attr named '{}'.", node.name, name));
    const AttrValue& attr = found->second;
    if (const auto* x = attr.as<std::string>()) return *x;
    if (const auto* x = attr.as<std::int64_t>()) return *x;
    if (const auto* x = attr.as<float>()) return static_cast<double>(*x);
    if (const auto* x = attr.as<bool>()) return *x;
    if (const auto* x = attr.as<DType>()) return *x;
    if (const auto* x = attr.as<Shape>()) return *x;
    if (const auto* x = attr.as<Tensor>()) return *x;
    return to_text(attr);
}

Value as_list(Context&, const Arguments& a) {
    const Shape& shape = *a[0].as<Shape>();
    if (!shape.has_rank()) raise("ValueError", "as_list() is not defined on an unknown TensorShape.");
    std::vector<Value> dims;
    for (const std::int64_t dim : shape.dims()) dims.push_back(dim == Shape::unknown ? Value() : Value(dim));
    return Value::list(std::move(dims));
}

Value extend(Context&, const Arguments& a) {
    const std::vector<Value>* more = items_of(a[1]);
    if (more == nullptr) raise("TypeError", fmt::format("'{}' object is not iterable", python_type_name(a[1])));
    const std::vector<Value> copy = *more; // a list may be extended by itself
    auto& list = **a[0].as<ListValue>();
    list.insert(list.end(), copy.begin(), copy.end());
    return None{};
}

Value dict_items(const Value& self, int which) {
    std::vector<Value> list;
    for (const auto& [key, value] : **self.as<DictValue>())
        list.push_back(which == 0 ? key : which == 1 ? value : Value::tuple({key, value}));
    return Value::list(std::move(list));
}

/// "{}_{}".format(a, b), "{0}".format(a), "{name}" is not supported.
Value format(Context&, const Arguments& a) {
    const std::string& text = *a[0].as<std::string>();
    const std::vector<Value>& values = *items_of(a[1]);
    std::string out;
    std::size_t next = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_double = i + 1 < text.size() && text[i + 1] == text[i];
        if ((text[i] == '{' || text[i] == '}') && is_double) {
            out += text[i++];
            continue;
        }
        if (text[i] != '{') {
            out += text[i];
            continue;
        }
        const std::size_t end = text.find('}', i);
        if (end == std::string::npos) raise("ValueError", "expected '}' before end of string");
        const std::string field = text.substr(i + 1, end - i - 1);
        std::size_t index = next;
        if (field.empty())
            ++next;
        else if (field.size() == 1 && field[0] >= '0' && field[0] <= '9')
            index = static_cast<std::size_t>(field[0] - '0');
        else
            raise("KeyError", repr(Value(field)));
        if (index >= values.size()) raise("IndexError", "tuple index out of range");
        out += str(values[index]);
        i = end;
    }
    return out;
}

} // namespace

std::vector<ApiDef> value_methods() {
    return {
        {"Tensor.get_shape", params("self"), "The static shape.",
         [](Context&, const Arguments& a) -> Value { return info_of(a[0]).shape; }},
        {"Tensor.set_shape", params("self, shape"), "Adds to what is known of the static shape.", set_shape},
        {"Tensor.consumers", params("self"), "The ops that use the tensor.", consumers},
        {"Operation.get_attr", params("self, name"), "An attribute of the op.", get_attr},
        {"TensorShape.as_list", params("self"), "The dimensions, None where unknown.", as_list},
        {"TensorShape.is_fully_defined", params("self"), "Are all dimensions known?",
         [](Context&, const Arguments& a) -> Value { return a[0].as<Shape>()->fully_defined(); }},
        {"TensorShape.num_elements", params("self"), "The number of elements, None when unknown.",
         [](Context&, const Arguments& a) -> Value {
             const Shape& shape = *a[0].as<Shape>();
             return shape.fully_defined() ? Value(shape.elements()) : Value();
         }},
        {"list.append", params("self, object"), "Adds an item.",
         [](Context&, const Arguments& a) -> Value {
             (*a[0].as<ListValue>())->push_back(a[1]);
             return None{};
         }},
        {"list.extend", params("self, iterable"), "Adds several items.", extend},
        {"list.reverse", params("self"), "Reverses the order.",
         [](Context&, const Arguments& a) -> Value {
             std::reverse((*a[0].as<ListValue>())->begin(), (*a[0].as<ListValue>())->end());
             return None{};
         }},
        {"dict.keys", params("self"), "The keys.", [](Context&, const Arguments& a) { return dict_items(a[0], 0); }},
        {"dict.values", params("self"), "The values.",
         [](Context&, const Arguments& a) { return dict_items(a[0], 1); }},
        {"dict.items", params("self"), "Keys and values.",
         [](Context&, const Arguments& a) { return dict_items(a[0], 2); }},
        {"str.format", params("self, *args"), "Puts values into a text.", format},
    };
}

} // namespace rnnscope::tf1
