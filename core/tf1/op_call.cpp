#include "core/tf1/op_call.hpp"

#include <cassert>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// One application of an op definition: what _apply_op_helper keeps in `attrs`, `inferred_from` and `inputs`.
struct Application {
    GraphState& state;
    const ops::OpDef& def;
    AttrMap attrs;
    std::map<std::string, std::string> inferred_from;
    std::vector<Output> inputs;

    DType type_attr(const std::string& name) const {
        const auto it = attrs.find(name);
        const DType* type = it == attrs.end() ? nullptr : it->second.as<DType>();
        return type == nullptr ? DType::invalid : *type;
    }

    DType default_type(const std::string& name) const {
        const ops::AttrDef* attr = name.empty() ? nullptr : def.attr(name);
        if (attr == nullptr || !attr->default_value) return DType::invalid;
        const DType* type = attr->default_value->as<DType>();
        return type == nullptr ? DType::invalid : *type;
    }

    DType dtype_of_output(Output output) const { return state.graph.info(output).dtype; }
};

/// internal_convert_to_tensor with preferred_dtype: tried first, and forgotten when the value does not fit.
Output convert(GraphState& state, const Value& value, DType dtype, DType preferred, const std::string& name) {
    if (dtype == DType::invalid && preferred != DType::invalid && !value.is<TensorValue>() &&
        !value.is<VariableValue>()) {
        try {
            return to_tensor(state, value, preferred, name);
        } catch (const PythonError& error) {
            if (error.type != "TypeError" && error.type != "ValueError") throw;
        }
    }
    return to_tensor(state, value, dtype, name);
}

/// The type that a value would have by itself, for messages; makes the same nodes as TensorFlow's attempt.
std::string observed_type(GraphState& state, const Value& value) {
    try {
        const OutputInfo& info = state.graph.info(to_tensor(state, value));
        return std::string(dtype_name(info.dtype));
    } catch (const PythonError&) {
        return "<NOT CONVERTIBLE TO TENSOR>";
    }
}

Output convert_single(Application& app, const ops::ArgDef& arg, const Value& value) {
    if (arg.is_ref) return to_ref(app.state, value);
    DType dtype = arg.dtype;
    DType preferred = DType::invalid;
    if (dtype == DType::invalid) dtype = app.type_attr(arg.type_attr);
    if (dtype == DType::invalid) preferred = app.default_type(arg.type_attr);
    if (dtype == DType::resource)
        if (const auto* variable = value.as<VariableValue>())
            return Output{app.state.graph.variable(variable->id).op, 0};
    try {
        return convert(app.state, value, dtype, preferred, arg.name);
    } catch (const PythonError& error) {
        if (error.type == "TypeError") {
            if (dtype == DType::invalid) throw;
            raise("TypeError",
                  fmt::format("Expected {} passed to parameter '{}' of op '{}', got {} of type '{}' instead. Error: {}",
                              dtype_name(dtype), arg.name, app.def.name, repr(value), python_type_name(value),
                              error.message));
        }
        if (error.type != "ValueError") throw;
        const bool is_foreign = error.message.find("must be from the same graph") != std::string::npos;
        if (is_foreign) throw;
        const std::string observed = observed_type(app.state, value);
        if (observed.front() == '<')
            raise("ValueError",
                  fmt::format("Tried to convert '{}' to a tensor and failed. Error: {}", arg.name, error.message));
        const std::string prefix =
            fmt::format("Input '{}' of '{}' Op has type {} that does not match", arg.name, app.def.name, observed);
        if (arg.dtype != DType::invalid)
            raise("TypeError", fmt::format("{} expected type of {}.", prefix, dtype_name(arg.dtype)));
        const auto from = app.inferred_from.find(arg.type_attr);
        raise("TypeError", fmt::format("{} type {} of argument '{}'.", prefix, dtype_name(dtype),
                                       from == app.inferred_from.end() ? "Default in OpDef" : from->second));
    }
}

void add_single(Application& app, const ops::ArgDef& arg, const Value& value) {
    const Output output = convert_single(app, arg, value);
    app.inputs.push_back(output);
    const OutputInfo& info = app.state.graph.info(output);
    if (arg.is_ref && !info.is_ref)
        raise("TypeError", fmt::format("'{}' Op requires that input '{}' be a mutable tensor (e.g.: a tf.Variable)",
                                       app.def.name, arg.name));
    if (arg.type_attr.empty()) return;
    const DType known = app.type_attr(arg.type_attr);
    if (known == DType::invalid) {
        app.attrs[arg.type_attr] = info.dtype;
        app.inferred_from[arg.type_attr] = arg.name;
    } else if (known != info.dtype) {
        raise("TypeError",
              fmt::format("Input '{}' of '{}' Op has type {} that does not match type {} of argument '{}'.", arg.name,
                          app.def.name, dtype_name(info.dtype), dtype_name(known), app.inferred_from[arg.type_attr]));
    }
}

[[noreturn]] void list_mismatch(Application& app, const ops::ArgDef& arg, const std::vector<Value>& values,
                                DType dtype) {
    std::string observed;
    for (const Value& value : values) observed += (observed.empty() ? "" : ", ") + observed_type(app.state, value);
    const std::string prefix =
        fmt::format("Tensors in list passed to '{}' of '{}' Op have types [{}]", arg.name, app.def.name, observed);
    if (!arg.number_attr.empty() && arg.dtype != DType::invalid)
        raise("TypeError", fmt::format("{} that do not match expected type {}.", prefix, dtype_name(arg.dtype)));
    if (!arg.number_attr.empty() && app.type_attr(arg.type_attr) != DType::invalid)
        raise("TypeError",
              fmt::format("{} that do not match type {} inferred from earlier arguments.", prefix, dtype_name(dtype)));
    if (!arg.number_attr.empty()) raise("TypeError", fmt::format("{} that don't all match.", prefix));
    raise("TypeError", fmt::format("{} that are invalid. Tensors: {}", prefix, repr(Value::list(values))));
}

void add_list(Application& app, const ops::ArgDef& arg, const Value& value) {
    const std::vector<Value>* values = items_of(value);
    if (values == nullptr)
        raise("TypeError",
              fmt::format("Expected list for '{}' argument to '{}' Op, not {}.", arg.name, app.def.name, str(value)));
    DType dtype = arg.dtype;
    if (dtype == DType::invalid && !arg.number_attr.empty()) {
        dtype = app.type_attr(arg.type_attr);
        for (const Value& item : *values)
            if (const auto* tensor = item.as<TensorValue>(); tensor != nullptr && dtype == DType::invalid)
                dtype = tensor->graph->graph.info(tensor->output).dtype;
    }
    const DType preferred = dtype == DType::invalid ? app.default_type(arg.type_attr) : DType::invalid;
    std::vector<DType> types;
    try {
        for (std::size_t i = 0; i < values->size(); ++i) {
            const Output output = convert(app.state, (*values)[i], dtype, preferred, fmt::format("{}_{}", arg.name, i));
            app.inputs.push_back(output);
            types.push_back(app.dtype_of_output(output));
            if (!arg.number_attr.empty() && types.back() != types.front()) raise("TypeError", "");
        }
    } catch (const PythonError& error) {
        if ((error.type != "TypeError" && error.type != "ValueError") ||
            error.message.find("must be from the same graph") != std::string::npos)
            throw;
        list_mismatch(app, arg, *values, dtype);
    }
    if (!arg.type_list_attr.empty()) {
        app.attrs[arg.type_list_attr] = attr_list(types);
        return;
    }
    app.attrs[arg.number_attr] = static_cast<std::int64_t>(values->size());
    if (values->empty())
        raise("ValueError", fmt::format("List argument '{}' to '{}' Op with length 0 shorter than minimum length 1.",
                                        arg.name, app.def.name));
    if (!arg.type_attr.empty() && app.type_attr(arg.type_attr) == DType::invalid) {
        app.attrs[arg.type_attr] = types.front();
        app.inferred_from[arg.type_attr] = arg.name;
    }
}

} // namespace

NodeId call_op(GraphState& state, std::string_view op, const std::vector<Value>& arguments, AttrMap attrs,
               std::string_view name) {
    const ops::OpDef* def = ops::find_op(op);
    if (def == nullptr) raise("RuntimeError", fmt::format("Unrecognized Op name {}", op));
    assert(arguments.size() == def->inputs.size());
    const NameScope scope(state, std::string(name.empty() ? op : name));
    Application app{state, *def, std::move(attrs), {}, {}};
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const ops::ArgDef& arg = def->inputs[i];
        if (arg.number_attr.empty() && arg.type_list_attr.empty())
            add_single(app, arg, arguments[i]);
        else
            add_list(app, arg, arguments[i]);
    }
    return state.apply_op({std::string(op), std::move(app.inputs), std::move(app.attrs), scope.scope()});
}

Output op_output(GraphState& state, std::string_view op, const std::vector<Value>& arguments, AttrMap attrs,
                 std::string_view name) {
    return Output{call_op(state, op, arguments, std::move(attrs), name), 0};
}

Value op_value(GraphState& state, std::string_view op, const std::vector<Value>& arguments, AttrMap attrs,
               std::string_view name) {
    return tensor_value(state, op_output(state, op, arguments, std::move(attrs), name));
}

} // namespace rnnscope::tf1
