#include "core/program/evaluator_impl.hpp"
#include "core/program/names.hpp"
#include "core/program/session_manager.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::program {

using tf1::PythonError;
using tf1::Value;

namespace {

tf1::GraphState* graph_behind(const Value& value) {
    if (const auto* tensor = value.as<tf1::TensorValue>()) return tensor->graph;
    if (const auto* operation = value.as<tf1::OperationValue>()) return operation->graph;
    if (const auto* variable = value.as<tf1::VariableValue>()) return variable->graph;
    return nullptr;
}

} // namespace

std::vector<Value> bound(std::string_view function, const std::vector<std::string>& parameters, std::size_t required,
                         std::vector<Value> positional, tf1::Keywords keywords) {
    if (positional.size() > parameters.size())
        throw PythonError{"TypeError", fmt::format("{}() takes {} positional arguments but {} were given", function,
                                                   parameters.size() + 1, positional.size() + 1)};
    std::vector<Value> values = std::move(positional);
    std::vector<bool> given(parameters.size(), false);
    std::fill_n(given.begin(), values.size(), true);
    values.resize(parameters.size());
    for (auto& [name, value] : keywords) {
        const auto at = std::find(parameters.begin(), parameters.end(), name);
        if (at == parameters.end())
            throw PythonError{"TypeError", fmt::format("{}() got an unexpected keyword argument '{}'", function, name)};
        const auto i = static_cast<std::size_t>(at - parameters.begin());
        if (given[i])
            throw PythonError{"TypeError", fmt::format("{}() got multiple values for argument '{}'", function, name)};
        values[i] = std::move(value);
        given[i] = true;
    }
    for (std::size_t i = 0; i < required; ++i)
        if (!given[i])
            throw PythonError{
                "TypeError", fmt::format("{}() missing 1 required positional argument: '{}'", function, parameters[i])};
    return values;
}

Value Evaluator::Impl::make_session(const tf1::ApiDef& api, std::vector<Value> positional, tf1::Keywords keywords) {
    std::vector<std::string> parameters;
    for (const tf1::Param& parameter : api.params) parameters.push_back(parameter.name);
    const std::vector<Value> arguments = bound("__init__", parameters, 0, std::move(positional), std::move(keywords));
    tf1::GraphState& graph = arguments[1].is_none() ? context_->default_graph() : graph_behind_object(arguments[1]);
    open_session(graph);
    // An interactive session stays the default one; nothing ends its "with".
    if (api.name == "InteractiveSession") sessions_.back()->push(*context_);
    return Value(sessions_.back());
}

std::shared_ptr<SessionObject> Evaluator::Impl::open_session(tf1::GraphState& graph) {
    const SessionId id(sessions_.size());
    sessions_.push_back(std::make_shared<SessionObject>(id, graph, default_sessions_, options_.session));
    if (observer_) observer_->on_session(id, graph.graph.id());
    restore_session(*sessions_.back());
    return sessions_.back();
}

std::shared_ptr<SessionObject> Evaluator::Impl::session_for(const Value& given, tf1::GraphState& graph,
                                                            std::string_view what) {
    // what: "evaluate tensor using `eval()`" or "execute operation using `run()`"
    const bool tensor = what == "eval";
    const std::string_view doing = tensor ? "evaluate tensor" : "execute operation";
    const std::string_view thing = tensor ? "tensor" : "operation";
    const std::string method(what);
    std::shared_ptr<SessionObject> session = given.object<SessionObject>();
    if (!given.is_none() && !session)
        throw PythonError{"AttributeError",
                          fmt::format("'{}' object has no attribute 'graph'", tf1::python_type_name(given))};
    if (session) {
        if (&session->graph != &graph)
            throw PythonError{
                "ValueError",
                fmt::format("Cannot use the given session to {}: the {}'s graph is different from the session's graph.",
                            doing, thing)};
        return session;
    }
    if (default_sessions_->empty())
        throw PythonError{"ValueError",
                          fmt::format("Cannot {} using `{}()`: No default session is registered. Use `with "
                                      "sess.as_default()` or pass an explicit session to `{}(session=sess)`",
                                      doing, method, method)};
    session = default_sessions_->back();
    if (&session->graph != &graph)
        throw PythonError{
            "ValueError",
            fmt::format("Cannot use the default session to {}: the {}'s graph is different from the session's "
                        "graph. Pass an explicit session to `{}(session=sess)`.",
                        doing, thing, method)};
    return session;
}

/// Methods that need a session: of sessions themselves, tensor.eval, operation.run, variable.eval and variable.load.
std::optional<Evaluator::Impl::CallOutcome> Evaluator::Impl::call_session_method(const Value& object,
                                                                                 const std::string& method,
                                                                                 std::vector<Value>& positional,
                                                                                 tf1::Keywords& keywords) {
    if (const auto session = object.object<SessionObject>()) {
        if (method == "run") {
            const std::vector<Value> arguments = bound("run", {"fetches", "feed_dict", "options", "run_metadata"}, 1,
                                                       std::move(positional), std::move(keywords));
            return SessionRun{session, arguments[0], arguments[1]};
        }
        if (method == "close") {
            bound("close", {}, 0, std::move(positional), std::move(keywords));
            session->closed = true;
            return Value();
        }
        if (method == "as_default") {
            bound("as_default", {}, 0, std::move(positional), std::move(keywords));
            return Value(std::make_shared<DefaultSession>(session));
        }
        return std::nullopt;
    }
    if (const auto saver = object.object<tf1::SaverObject>(); saver && (method == "save" || method == "restore"))
        return call_saver_method(saver, method, std::move(positional), std::move(keywords));
    const auto manager = object.object<SessionManagerObject>();
    if (manager && (method == "prepare_session" || method == "wait_for_session"))
        return call_manager_method(manager, method, std::move(positional), std::move(keywords));
    tf1::GraphState* graph = graph_behind(object);
    if (!graph) return std::nullopt;
    const bool operation = object.is<tf1::OperationValue>();
    if (method == "eval" && !operation) {
        const bool tensor = object.is<tf1::TensorValue>();
        std::vector<std::string> parameters{"session"};
        if (tensor) parameters.insert(parameters.begin(), "feed_dict");
        const std::vector<Value> arguments = bound("eval", parameters, 0, std::move(positional), std::move(keywords));
        return SessionRun{session_for(arguments.back(), *graph, "eval"), object, tensor ? arguments[0] : Value()};
    }
    if (method == "run" && operation) {
        const std::vector<Value> arguments =
            bound("run", {"feed_dict", "session"}, 0, std::move(positional), std::move(keywords));
        return SessionRun{session_for(arguments[1], *graph, "run"), object, arguments[0]};
    }
    if (const auto* variable = object.as<tf1::VariableValue>(); variable && method == "load") {
        // Variable.load runs the initializer with another initial value.
        const std::vector<Value> arguments =
            bound("load", {"value", "session"}, 1, std::move(positional), std::move(keywords));
        const Variable& v = graph->graph.variable(variable->id);
        const Output initial = graph->graph.node(v.initializer).inputs[1];
        std::vector<std::pair<Value, Value>> feeds{{Value(tf1::TensorValue{graph, initial}), arguments[0]}};
        return SessionRun{session_for(arguments[1], *graph, "run"), Value(tf1::OperationValue{graph, v.initializer}),
                          Value::dict(std::move(feeds))};
    }
    return std::nullopt;
}

} // namespace rnnscope::program
