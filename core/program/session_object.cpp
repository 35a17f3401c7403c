#include "core/program/session_object.hpp"

#include "core/program/array_values.hpp"
#include "core/runtime/client.hpp"
#include "core/tf1/graph_object.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::program {

using tf1::PythonError;
using tf1::Value;

namespace {

/// str(operation) as the client's messages show it.
std::string operation_text(const Node& node) {
    return fmt::format("Operation name: \"{}\"\nop: \"{}\"\n", node.name, node.op);
}

template <class T> const T& checked(const Result<T>& result) {
    if (!result) throw PythonError{result.error().code, result.error().message};
    return *result;
}
void check(const Status& status) {
    if (!status) throw PythonError{status.error().code, status.error().message};
}

} // namespace

std::string SessionObject::repr() const {
    return "<tensorflow.python.client.session.Session object>";
}

Value SessionObject::attribute(tf1::Context& context, std::string_view name) {
    if (name == "graph") return tf1::graph_object(graph);
    return Object::attribute(context, name);
}

void SessionObject::push(tf1::Context& context) {
    stack_->push_back(shared_from_this());
    context.push_graph(graph);
}

void SessionObject::pop(tf1::Context& context) {
    context.pop_graph();
    stack_->pop_back();
}

Value SessionObject::enter(tf1::Context& context) {
    push(context);
    return Value(shared_from_this());
}

void SessionObject::exit(tf1::Context& context) {
    pop(context);
    closed = true;
}

Value DefaultSession::enter(tf1::Context& context) {
    session_->push(context);
    return Value(session_);
}

void DefaultSession::exit(tf1::Context& context) {
    session_->pop(context);
}

tf1::GraphState& graph_behind_object(const Value& graph) {
    const auto object = graph.object<tf1::GraphObject>();
    if (!object)
        throw PythonError{"TypeError",
                          fmt::format("graph must be a tf.Graph, but got {}", tf1::python_type_name(graph))};
    return object->state();
}

// --- runs -----------------------------------------------------------------------------------------------------------

RunCall::RunCall(SessionObject& session, const Value& fetches, const Value& feed_dict, int minor)
    : session_(session), graph_(session.graph.graph), minor_(minor) {
    if (session.closed) throw PythonError{"RuntimeError", "Attempted to use a closed Session."};
    if (graph_.size() == 0)
        throw PythonError{"RuntimeError",
                          "The Session graph is empty.  Add operations to the graph before calling run()."};
    if (!feed_dict.is_none()) add_feeds(feed_dict);
    root_ = part_of(fetches, 0);
}

void RunCall::add_feeds(const Value& feed_dict) {
    const tf1::DictValue* feeds = feed_dict.as<tf1::DictValue>();
    if (!feeds)
        throw PythonError{"TypeError", fmt::format("feed_dict must be a dictionary mapping to numpy arrays, got {}",
                                                   tf1::python_type_name(feed_dict))};
    for (const auto& [key, value] : **feeds) add_feed(key, value);
}

void RunCall::add_feed(const Value& key, const Value& value) {
    // A tuple of tensors is fed with a tuple of values (nest.flatten_dict_items).
    if (const auto* keys = tf1::items_of(key)) {
        const auto* values = tf1::items_of(value);
        if (!values || values->size() != keys->size())
            throw PythonError{
                "ValueError",
                fmt::format("Could not flatten dictionary. Key had {} elements, but value had {} elements. "
                            "Key: {}, value: {}.",
                            keys->size(), values ? values->size() : 1, tf1::repr(key), tf1::repr(value))};
        for (std::size_t i = 0; i < keys->size(); ++i) add_feed((*keys)[i], (*values)[i]);
        return;
    }
    const auto bad_key = [&](const std::string& reason) {
        throw PythonError{"TypeError", "Cannot interpret feed_dict key as Tensor: " + reason};
    };
    Output output;
    if (const auto* name = key.as<std::string>()) {
        output = checked(runtime::feed_by_name(graph_, *name));
    } else if (const auto* tensor = key.as<tf1::TensorValue>()) {
        if (tensor->graph != &session_.graph)
            bad_key(fmt::format("Tensor {} is not an element of this graph.", tf1::str(key)));
        output = tensor->output;
    } else if (const auto* variable = key.as<tf1::VariableValue>()) {
        if (variable->graph != &session_.graph)
            bad_key(fmt::format("{} is not an element of this graph.", tf1::str(key)));
        const Variable& v = graph_.variable(variable->id);
        output = v.is_resource ? v.snapshot : Output{v.op, 0};
    } else {
        bad_key(fmt::format("Can not convert a {} into a Tensor.", tf1::python_type_name(key)));
    }
    if (value.is<tf1::TensorValue>() || value.is<tf1::VariableValue>())
        throw PythonError{"TypeError",
                          "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include "
                          "Python scalars, strings, lists, numpy ndarrays, or TensorHandles. For "
                          "reference, the tensor object was " +
                              tf1::str(value) + " which was passed to the feed with key " + tf1::str(key) + "."};
    Tensor converted = checked(runtime::check_feed(graph_, output, to_array(value)));
    for (runtime::RunRequest::Feed& feed : request_.feeds)
        if (feed.output == output) {
            feed.value = std::move(converted); // as a Python dict: the later one wins
            return;
        }
    request_.feeds.push_back({output, std::move(converted)});
}

RunCall::Part RunCall::output_part(Output output) {
    Part part;
    for (std::size_t i = 0; i < request_.feeds.size(); ++i)
        if (request_.feeds[i].output == output) {
            part.kind = Part::Kind::fed;
            part.index = i;
            return part;
        }
    part.kind = Part::Kind::output;
    const auto at = std::find(request_.fetches.begin(), request_.fetches.end(), output);
    part.index = static_cast<std::size_t>(at - request_.fetches.begin());
    if (at == request_.fetches.end()) request_.fetches.push_back(output);
    return part;
}

RunCall::Part RunCall::part_of(const Value& fetch, int depth) {
    // A list can be made to hold itself; Python recurses until it gives up.
    if (depth > 100) throw PythonError{"RecursionError", "maximum recursion depth exceeded"};
    Part part;
    const auto structure = [&](Part::Kind kind, const std::vector<Value>& items) {
        part.kind = kind;
        part.original = fetch;
        for (const Value& item : items) part.parts.push_back(part_of(item, depth + 1));
        return part;
    };
    const auto target = [&](NodeId node) {
        check(runtime::check_fetchable(graph_, node, minor_));
        if (std::find(request_.targets.begin(), request_.targets.end(), node) == request_.targets.end())
            request_.targets.push_back(node);
        return part; // an operation yields None
    };
    const auto foreign = [&](const std::string& what) {
        throw PythonError{
            "ValueError",
            fmt::format("Fetch argument {} cannot be interpreted as a Tensor. ({} is not an element of this graph.)",
                        tf1::repr(fetch), what)};
    };
    if (const auto* list = fetch.as<tf1::ListValue>()) return structure(Part::Kind::list, **list);
    if (const auto* tuple = fetch.as<tf1::TupleValue>()) return structure(Part::Kind::tuple, *tuple->items);
    if (const auto* dict = fetch.as<tf1::DictValue>()) {
        std::vector<Value> values;
        for (const auto& [key, value] : **dict) values.push_back(value);
        return structure(Part::Kind::dict, values);
    }
    if (const auto* name = fetch.as<std::string>()) {
        const runtime::Fetch found = checked(runtime::fetch_by_name(graph_, *name, minor_));
        return found.output.valid() ? output_part(found.output) : target(found.operation);
    }
    if (const auto* tensor = fetch.as<tf1::TensorValue>()) {
        if (tensor->graph != &session_.graph) foreign("Tensor " + tf1::str(fetch));
        check(runtime::check_fetchable(graph_, tensor->output.node, minor_));
        return output_part(tensor->output);
    }
    if (const auto* variable = fetch.as<tf1::VariableValue>()) {
        const Graph& graph = variable->graph->graph;
        const Variable& v = graph.variable(variable->id);
        const Output output = v.is_resource ? v.snapshot : Output{v.op, 0};
        if (variable->graph != &session_.graph)
            foreign("Tensor " + tf1::str(Value(tf1::TensorValue{variable->graph, output})));
        check(runtime::check_fetchable(graph_, output.node, minor_));
        return output_part(output);
    }
    if (const auto* operation = fetch.as<tf1::OperationValue>()) {
        if (operation->graph != &session_.graph) foreign(operation_text(operation->graph->graph.node(operation->node)));
        return target(operation->node);
    }
    const std::string type = fetch.is_none() ? "NoneType" : tf1::python_type_name(fetch);
    throw PythonError{"TypeError",
                      fmt::format("Fetch argument {} has invalid type <class '{}'>", tf1::repr(fetch), type)};
}

Value RunCall::value(const std::vector<Tensor>& results) const {
    return value_of(root_, results);
}

Value RunCall::value_of(const Part& part, const std::vector<Tensor>& results) const {
    std::vector<Value> values;
    for (const Part& item : part.parts) values.push_back(value_of(item, results));
    switch (part.kind) {
    case Part::Kind::output:
        return Value(results[part.index]);
    case Part::Kind::fed:
        return Value(request_.feeds[part.index].value);
    case Part::Kind::operation:
        return {};
    case Part::Kind::list:
        return Value::list(std::move(values));
    case Part::Kind::tuple: {
        tf1::TupleValue tuple = *part.original.as<tf1::TupleValue>(); // a namedtuple stays one
        tuple.items = std::make_shared<const std::vector<Value>>(std::move(values));
        return Value(std::move(tuple));
    }
    case Part::Kind::dict: {
        std::vector<std::pair<Value, Value>> items;
        const auto& keys = **part.original.as<tf1::DictValue>();
        for (std::size_t i = 0; i < values.size(); ++i) items.emplace_back(keys[i].first, std::move(values[i]));
        return Value::dict(std::move(items));
    }
    }
    return {};
}

} // namespace rnnscope::program
