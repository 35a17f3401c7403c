#include "core/tf1/api.hpp"

#include "core/tf1/attributes.hpp"
#include "core/tf1/graph_state.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

Error to_error(const PythonError& error) {
    return Error{error.type, error.message};
}

/// The classes whose methods a value has, nearest first.
std::vector<std::string> classes_of(const Value& value) {
    if (const auto* object = value.as<ObjectValue>()) {
        std::vector<std::string> classes{(*object)->type_name()};
        for (std::string& base : (*object)->bases()) classes.push_back(std::move(base));
        return classes;
    }
    if (value.is<VariableValue>()) return {"Variable"};
    if (const auto* tuple = value.as<TupleValue>(); tuple != nullptr && !tuple->type_name.empty())
        return {tuple->type_name, "tuple"};
    return {python_type_name(value)};
}

const ApiDef* find_method(const Value& value, std::string_view method) {
    for (const std::string& name : classes_of(value)) {
        const ApiDef* api = find_api(fmt::format("{}.{}", name, method));
        if (api != nullptr && !api->params.empty() && api->params[0].name == "self") return api;
    }
    return nullptr;
}

class Function : public Object {
  public:
    explicit Function(const ApiDef& api) : api_(api) {}
    std::string type_name() const override { return tf1::is_class(api_) ? "type" : "function"; }
    std::string repr() const override {
        if (tf1::is_class(api_)) return fmt::format("<class 'tensorflow.{}'>", api_.name);
        return fmt::format("<function {}>", api_.name.substr(api_.name.rfind('.') + 1));
    }
    Value attribute(Context& context, std::string_view name) override {
        if (name == "__name__") return api_.name.substr(api_.name.rfind('.') + 1);
        return Object::attribute(context, name);
    }
    bool callable() const override { return true; }
    bool is_class() const override { return tf1::is_class(api_); }
    Value call(Context& context, std::vector<Value> positional, Keywords keywords) override {
        return api_.call(context, bind(api_, std::move(positional), std::move(keywords)));
    }

  private:
    const ApiDef& api_;
};

class BoundMethod : public Object {
  public:
    BoundMethod(Value self, const ApiDef& api) : self_(std::move(self)), api_(api) {}
    std::string type_name() const override { return "method"; }
    std::string repr() const override { return fmt::format("<bound method {}>", api_.name); }
    bool callable() const override { return true; }
    Value call(Context& context, std::vector<Value> positional, Keywords keywords) override {
        positional.insert(positional.begin(), self_);
        return api_.call(context, bind(api_, std::move(positional), std::move(keywords)));
    }

  private:
    Value self_;
    const ApiDef& api_;
};

Value call_object(Context& context, const Value& callee, std::vector<Value> positional, Keywords keywords) {
    if (const ApiDef* method = find_method(callee, "__call__")) {
        positional.insert(positional.begin(), callee);
        return method->call(context, bind(*method, std::move(positional), std::move(keywords)));
    }
    const auto* object = callee.as<ObjectValue>();
    if (object == nullptr) raise("TypeError", fmt::format("'{}' object is not callable", python_type_name(callee)));
    return (*object)->call(context, std::move(positional), std::move(keywords));
}

} // namespace

Value function_value(const ApiDef& api) {
    return Value(std::make_shared<Function>(api));
}

Value method_value(const Value& value, std::string_view name) {
    const ApiDef* api = find_method(value, name);
    return api == nullptr ? Value() : Value(std::make_shared<BoundMethod>(value, *api));
}

Result<Value> call_api(Context& context, const ApiDef& api, std::vector<Value> positional, Keywords keywords) {
    try {
        return api.call(context, bind(api, std::move(positional), std::move(keywords)));
    } catch (const PythonError& error) {
        return to_error(error);
    }
}

Result<Value> call_method(Context& context, const Value& object, std::string_view method, std::vector<Value> positional,
                          Keywords keywords) {
    try {
        if (const ApiDef* api = find_method(object, method)) {
            positional.insert(positional.begin(), object);
            return api->call(context, bind(*api, std::move(positional), std::move(keywords)));
        }
        return call_object(context, attribute_of(context, object, method), std::move(positional), std::move(keywords));
    } catch (const PythonError& error) {
        return to_error(error);
    }
}

Result<Value> call_value(Context& context, const Value& callee, std::vector<Value> positional, Keywords keywords) {
    try {
        return call_object(context, callee, std::move(positional), std::move(keywords));
    } catch (const PythonError& error) {
        return to_error(error);
    }
}

Result<Value> get_attribute(Context& context, const Value& value, std::string_view name) {
    try {
        return attribute_of(context, value, name);
    } catch (const PythonError& error) {
        return to_error(error);
    }
}

Result<Value> enter(Context& context, const Value& manager) {
    try {
        const auto* object = manager.as<ObjectValue>();
        if (object == nullptr || !(*object)->enterable()) raise("AttributeError", "__enter__");
        return (*object)->enter(context);
    } catch (const PythonError& error) {
        return to_error(error);
    }
}

Status exit(Context& context, const Value& manager) {
    try {
        (*manager.as<ObjectValue>())->exit(context);
        return {};
    } catch (const PythonError& error) {
        return to_error(error);
    }
}

} // namespace rnnscope::tf1
