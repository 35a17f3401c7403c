#pragma once

#include "core/tf1/api.hpp"
#include "core/tf1/attributes.hpp"
#include "core/tf1/graph_state.hpp"
#include "core/tf1/variable_scope.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace rnnscope::tf1 {

/// A program in C++: calls functions of the API by name, as the evaluator does.
class Tf {
  public:
    explicit Tf(TfVersion version = {}) : context(version) {}
    Context context;

    Value operator()(std::string_view function, std::vector<Value> positional = {}, Keywords keywords = {}) {
        const Result<Value> result = attempt(function, std::move(positional), std::move(keywords));
        EXPECT_TRUE(result.ok()) << function << ": " << (result.ok() ? "" : result.error().message);
        return result.ok() ? *result : Value();
    }
    Result<Value> attempt(std::string_view function, std::vector<Value> positional = {}, Keywords keywords = {}) {
        const ApiDef* api = find_api(function);
        if (api == nullptr) return Error{"test", "no function " + std::string(function)};
        return call_api(context, *api, std::move(positional), std::move(keywords));
    }
    /// "ValueError: text", or "" when nothing went wrong.
    std::string error(std::string_view function, std::vector<Value> positional = {}, Keywords keywords = {}) {
        const Result<Value> result = attempt(function, std::move(positional), std::move(keywords));
        return result.ok() ? "" : result.error().code + ": " + result.error().message;
    }
    Value method(const Value& self, std::string_view name, std::vector<Value> positional = {}, Keywords keywords = {}) {
        const Result<Value> result = call_method(context, self, name, std::move(positional), std::move(keywords));
        EXPECT_TRUE(result.ok()) << name << ": " << (result.ok() ? "" : result.error().message);
        return result.ok() ? *result : Value();
    }
    Value get(const Value& value, std::string_view name) {
        const Result<Value> result = get_attribute(context, value, name);
        EXPECT_TRUE(result.ok()) << name << ": " << (result.ok() ? "" : result.error().message);
        return result.ok() ? *result : Value();
    }
    Value op(std::string_view symbol, std::vector<Value> operands) {
        const Result<Value> result = apply_operator(context, symbol, operands);
        EXPECT_TRUE(result.ok()) << symbol << ": " << (result.ok() ? "" : result.error().message);
        return result.ok() ? *result : Value();
    }
    std::string name(const Value& value) { return str(get(value, "name")); }

    /// `with manager as bound: body(bound)`
    void with(const Value& manager, const std::function<void(const Value&)>& body) {
        const Result<Value> bound = enter(context, manager);
        ASSERT_TRUE(bound.ok()) << bound.error().message;
        body(*bound);
        const Status left = exit(context, manager);
        EXPECT_TRUE(left.ok()) << (left.ok() ? "" : left.error().message);
    }
    void scope(std::vector<Value> positional, Keywords keywords, const std::function<void(const Value&)>& body) {
        with((*this)("variable_scope", std::move(positional), std::move(keywords)), body);
    }

    const Graph& graph() { return context.default_graph().graph; }
    /// One line per node from number `from` on: "Mul mul(a, b:1, ^c) {_class=[\"loc:@v\"]}"; attributes are those in
    /// `shown`.
    std::vector<std::string> nodes(std::size_t from = 0, const std::vector<std::string>& shown = {}) {
        std::vector<std::string> lines;
        for (std::size_t i = from; i < graph().size(); ++i) {
            const Node& node = graph().node(NodeId(i));
            std::string inputs;
            for (const Output input : node.inputs) inputs += (inputs.empty() ? "" : ", ") + graph().input_text(input);
            for (const NodeId control : node.control_inputs)
                inputs += (inputs.empty() ? "^" : ", ^") + graph().node(control).name;
            std::string line = node.op + " " + node.name + "(" + inputs + ")";
            for (const std::string& key : shown)
                if (const auto it = node.attrs.find(key); it != node.attrs.end())
                    line += " " + key + "=" + to_text(it->second);
            lines.push_back(std::move(line));
        }
        return lines;
    }
};

inline Value ints(const std::vector<std::int64_t>& values) {
    return Value::list({values.begin(), values.end()});
}
inline const Value auto_reuse_value = auto_reuse();

using Lines = std::vector<std::string>;

} // namespace rnnscope::tf1
