#include "core/tf1/api_families.hpp"
#include "core/tf1/collections.hpp"
#include "core/tf1/control_flow.hpp"
#include "core/tf1/graph_object.hpp"
#include "core/tf1/variables.hpp"

#include <charconv>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

std::vector<NodeId> operations_of(GraphState& state, const Value& values) {
    std::vector<NodeId> nodes;
    const std::vector<Value>* items = items_of(values);
    if (items == nullptr) raise("TypeError", fmt::format("'{}' object is not iterable", python_type_name(values)));
    // group() flattens what it is given; lists inside lists are walked by a work list.
    std::vector<Value> work(items->rbegin(), items->rend());
    while (!work.empty()) {
        const Value value = std::move(work.back());
        work.pop_back();
        if (const std::vector<Value>* inner = items_of(value))
            work.insert(work.end(), inner->rbegin(), inner->rend());
        else
            nodes.push_back(to_operation(state, value));
    }
    return nodes;
}

Value group_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    std::vector<NodeId> nodes;
    std::vector<Value> work(items_of(a[0])->rbegin(), items_of(a[0])->rend());
    while (!work.empty()) {
        const Value value = std::move(work.back());
        work.pop_back();
        if (const std::vector<Value>* inner = items_of(value)) {
            work.insert(work.end(), inner->rbegin(), inner->rend());
            continue;
        }
        if (!value.is<OperationValue>() && !value.is<TensorValue>() && !value.is<VariableValue>())
            raise("TypeError",
                  fmt::format("Expected tf.group() expected Tensor objects not '{}' with type '<class '{}'>'",
                              str(value), python_type_name(value)));
        nodes.push_back(to_operation(state, value));
    }
    return OperationValue{&state, group(state, nodes, text_or(a[1], ""))};
}

Value tuple_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const std::vector<Value>* items = items_of(a[0]);
    if (items == nullptr) raise("TypeError", fmt::format("'{}' object is not iterable", python_type_name(a[0])));
    const NameScope scope(state, text_or(a[1], "tuple"));
    std::vector<Value> tensors;
    std::vector<NodeId> gating;
    for (const Value& item : *items) {
        const bool is_kept = item.is_none() || item.is<OperationValue>() || item.is<TensorValue>();
        tensors.push_back(is_kept ? item : wrap(state, to_tensor(state, item)));
        if (!item.is_none()) gating.push_back(to_operation(state, tensors.back()));
    }
    if (!a[2].is_none())
        for (const NodeId node : operations_of(state, a[2])) gating.push_back(node);
    std::sort(gating.begin(), gating.end());
    gating.erase(std::unique(gating.begin(), gating.end()), gating.end());
    if (gating.empty()) raise("ValueError", fmt::format("Must have at least one Tensor: {}", repr(a[0])));
    const NodeId gate = group(state, gating, "");
    for (Value& tensor : tensors) {
        if (const auto* t = tensor.as<TensorValue>()) {
            tensor = wrap(state, with_dependencies(state, {gate}, t->output));
        } else if (const auto* op = tensor.as<OperationValue>()) {
            const ControlDependenciesScope wait(state, {gate});
            tensor = OperationValue{&state, group(state, {op->node}, "")};
        }
    }
    return Value::list(std::move(tensors));
}

std::string quoted(const std::string& text) {
    return repr(Value(text));
}

constexpr std::string_view tensor_name_form = "Tensor names must be of the form \"<op_name>:<output_index>\".";

/// Graph.as_graph_element(name, allow_operation=False)
Value tensor_by_name(GraphState& state, const std::string& name) {
    const std::size_t colon = name.find(':');
    if (colon == std::string::npos)
        raise("ValueError",
              state.graph.find(name).valid()
                  ? fmt::format("The name {} refers to an Operation, not a Tensor. {}", quoted(name), tensor_name_form)
                  : fmt::format("The name {} looks like an (invalid) Operation name, not a Tensor. {}", quoted(name),
                                tensor_name_form));
    const std::string op = name.substr(0, colon);
    int index = 0;
    const char* end = name.data() + name.size();
    const auto [stop, problem] = std::from_chars(name.data() + colon + 1, end, index);
    if (problem != std::errc{} || stop != end)
        raise("ValueError", fmt::format("The name {} looks a like a Tensor name, but is not a valid one. {}",
                                        quoted(name), tensor_name_form));
    const NodeId node = state.graph.find(op);
    if (!node.valid())
        raise("KeyError",
              fmt::format("The name {} refers to a Tensor which does not exist. The operation, {}, does not "
                          "exist in the graph.",
                          quoted(name), quoted(op)));
    const auto outputs = static_cast<int>(state.graph.node(node).outputs.size());
    if (index >= outputs || index < 0)
        raise("KeyError",
              fmt::format("The name {} refers to a Tensor which does not exist. The operation, {}, exists but "
                          "only has {} outputs.",
                          quoted(name), quoted(op), outputs));
    return TensorValue{&state, Output{node, index}};
}

Value operation_by_name(GraphState& state, const std::string& name) {
    if (name.find(':') != std::string::npos)
        raise("ValueError", fmt::format("Name {} appears to refer to a Tensor, not a Operation.", quoted(name)));
    const NodeId node = state.graph.find(name);
    if (!node.valid())
        raise("KeyError", fmt::format("The name {} refers to an Operation not in the graph.", quoted(name)));
    return OperationValue{&state, node};
}

Value all_operations(GraphState& state) {
    std::vector<Value> list;
    for (const Node& node : state.graph.nodes()) list.emplace_back(OperationValue{&state, node.id});
    return Value::list(std::move(list));
}

/// `with graph.as_default():` binds the graph itself.
Value as_default(Context&, const Arguments& a) {
    GraphState& state = graph_of(a[0]);
    const Value self = a[0];
    return Value(std::make_shared<ScopeManager>(
        "_GeneratorContextManager", [&state, self](Context& context, ScopeManager::Guards& guards) -> Value {
            context.push_graph(state);
            guards.push_back(std::shared_ptr<void>(&state, [&context](void*) { context.pop_graph(); }));
            return self;
        }));
}

} // namespace

std::vector<ApiDef> graph_api() {
    return {
        {"Graph",
         {},
         "A new, empty graph.",
         [](Context& context, const Arguments&) { return graph_object(context.new_graph()); }},
        {"get_default_graph",
         {},
         "The graph that new ops go into.",
         [](Context& context, const Arguments&) { return graph_object(context.default_graph()); }},
        {"reset_default_graph",
         {},
         "Starts a new default graph.",
         [](Context& context, const Arguments&) -> Value {
             context.reset_default_graph();
             return None{};
         }},
        {"no_op", params("name=None"), "An op that does nothing.",
         [](Context& context, const Arguments& a) -> Value {
             GraphState& state = context.default_graph();
             return OperationValue{&state, state.apply_op({"NoOp", {}, {}, text_or(a[0], "")})};
         }},
        {"group", params("*inputs, name=None"), "An op that waits for all inputs.", group_function},
        {"tuple", params("tensors, name=None, control_inputs=None"), "The tensors, available when all of them are.",
         tuple_function},
        {"get_collection", params("key, scope=None"), "What is in a collection of the default graph.",
         [](Context& context, const Arguments& a) {
             return get_collection(context.default_graph(), text_or(a[0], ""), a[1]);
         }},
        {"get_collection_ref", params("key"), "What is in a collection of the default graph.",
         [](Context& context, const Arguments& a) {
             return get_collection(context.default_graph(), text_or(a[0], ""), {});
         }},
        {"add_to_collection", params("name, value"), "Adds a value to a collection of the default graph.",
         [](Context& context, const Arguments& a) -> Value {
             add_to_collection(context.default_graph(), text_or(a[0], ""), a[1]);
             return None{};
         }},
        {"add_to_collections", params("names, value"), "Adds a value to several collections of the default graph.",
         [](Context& context, const Arguments& a) -> Value {
             if (const std::vector<Value>* names = items_of(a[0]))
                 for (const Value& name : *names) add_to_collection(context.default_graph(), text_or(name, ""), a[1]);
             else
                 add_to_collection(context.default_graph(), text_or(a[0], ""), a[1]);
             return None{};
         }},
    };
}

std::vector<ApiDef> graph_methods() {
    return {
        {"Graph.as_default", params("self"), "Makes it the default graph inside a with block.", as_default},
        {"Graph.get_operation_by_name", params("self, name"), "The op of that name.",
         [](Context&, const Arguments& a) { return operation_by_name(graph_of(a[0]), text_or(a[1], "")); }},
        {"Graph.get_tensor_by_name", params("self, name"), "The tensor of that name, \"op:index\".",
         [](Context&, const Arguments& a) { return tensor_by_name(graph_of(a[0]), text_or(a[1], "")); }},
        {"Graph.get_operations", params("self"), "All ops in the order they were made.",
         [](Context&, const Arguments& a) { return all_operations(graph_of(a[0])); }},
        {"Graph.get_collection", params("self, name, scope=None"), "What is in a collection.",
         [](Context&, const Arguments& a) { return get_collection(graph_of(a[0]), text_or(a[1], ""), a[2]); }},
        {"Graph.get_collection_ref", params("self, name"), "What is in a collection.",
         [](Context&, const Arguments& a) { return get_collection(graph_of(a[0]), text_or(a[1], ""), {}); }},
        {"Graph.add_to_collection", params("self, name, value"), "Adds a value to a collection.",
         [](Context&, const Arguments& a) -> Value {
             add_to_collection(graph_of(a[0]), text_or(a[1], ""), a[2]);
             return None{};
         }},
        {"Graph.get_all_collection_keys", params("self"), "The names of all collections.",
         [](Context&, const Arguments& a) {
             std::vector<Value> keys;
             for (const auto& [key, items] : graph_of(a[0]).graph.collections()) keys.emplace_back(key);
             return Value::list(std::move(keys));
         }},
        {"Graph.get_name_scope", params("self"), "The current name scope.",
         [](Context&, const Arguments& a) -> Value { return graph_of(a[0]).name_stack; }},
        {"Graph.unique_name", params("self, name, mark_as_used=True"), "A name that no op has yet.",
         [](Context&, const Arguments& a) -> Value {
             return graph_of(a[0]).unique_name(text_or(a[1], ""), a[2].truthy());
         }},
    };
}

} // namespace rnnscope::tf1
