#include "core/tf1/graph_def.hpp"

#include "core/import/graphdef_importer.hpp"
#include "core/tf1/api.hpp"
#include "core/tf1/api_families.hpp"
#include "core/tf1/graph_object.hpp"
#include "core/tf1/saver.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::tf1 {
namespace {

/// What Python's Graph learns of nodes that the C API made (Graph._add_new_tf_operations): their names are in use.
void learn_names(GraphState& state, std::size_t first) {
    for (std::size_t i = first; i < state.graph.size(); ++i) {
        std::string key = state.graph.node(NodeId(i)).name;
        std::ranges::transform(key, key.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        state.names_in_use.emplace(std::move(key), 1);
    }
}

void import_nodes(GraphState& state, const GraphFile& file, const std::string& prefix) {
    const std::size_t first = state.graph.size();
    ImportOptions options;
    options.order = ImportOptions::Order::tensorflow;
    options.origin = state.context.origin();
    options.prefix = prefix;
    options.uniquifies = true;
    const Diagnostics problems = import_graph(state.graph, file, options);
    if (!problems.empty()) {
        std::string text = problems[0].message;
        if (problems.size() > 1) text += fmt::format(" (and {} more problems)", problems.size() - 1);
        raise("ValueError", text);
    }
    learn_names(state, first);
}

/// importer._GatherReturnElements: "op" or "op:0", as the GraphDef calls them.
Value return_element(GraphState& state, const std::string& name, const std::string& prefix) {
    const std::string full = prefix.empty() ? name : prefix + "/" + name;
    if (name.find(':') == std::string::npos) {
        const NodeId node = state.graph.find(full);
        if (!node.valid())
            raise("ValueError", fmt::format("Requested return_element '{}' not found in graph_def.", name));
        return OperationValue{&state, node};
    }
    const auto tensor = state.graph.find_tensor(full);
    if (!tensor) raise("ValueError", fmt::format("Requested return_element '{}' not found in graph_def.", name));
    return TensorValue{&state, *tensor};
}

const GraphDefObject& graph_def_argument(const Value& value, bool wants_meta_graph) {
    const auto object = value.object<GraphDefObject>();
    if (object == nullptr || object->is_meta_graph() != wants_meta_graph)
        raise("TypeError", wants_meta_graph ? "meta_graph_or_file must be a MetaGraphDef proto or the name of a file."
                                            : "graph_def must be a GraphDef proto.");
    return *object;
}

Value import_graph_def_function(Context& context, const Arguments& a) {
    const GraphDefObject& def = graph_def_argument(a[0], false);
    const auto* map = a[1].as<DictValue>();
    if (!a[1].is_none() && (map == nullptr || !(*map)->empty()))
        raise("NotImplementedError", "input_map is not supported: feed the imported placeholders instead.");
    return import_graph_def(context.default_graph(), def.file(), a[2], a[3]);
}

Value import_meta_graph_function(Context& context, const Arguments& a) {
    const GraphDefObject& def = graph_def_argument(a[0], true);
    return import_meta_graph(context.default_graph(), def.file(), text_or(a[2], ""));
}

} // namespace

Value GraphDefObject::attribute(Context& context, std::string_view name) {
    if (is_meta_graph_ && name == "graph_def") return Value(std::make_shared<GraphDefObject>(file_, false));
    return Object::attribute(context, name);
}

std::vector<std::string> GraphDefObject::attribute_names() const {
    return is_meta_graph_ ? std::vector<std::string>{"graph_def"} : std::vector<std::string>{};
}

Value as_graph_def(const GraphState& state) {
    const LoadedGraph def = read_graph_file(to_graphdef_binary(state.graph), "");
    const auto* file = std::get_if<std::shared_ptr<const GraphFile>>(&def);
    assert(file != nullptr && "what we write we can read");
    return Value(std::make_shared<GraphDefObject>(*file));
}

Value import_graph_def(GraphState& state, const GraphFile& file, const Value& return_elements, const Value& name) {
    // name_scope(name, "import"): "" stays at the root, anything else is made unique.
    const NameScope scope(state, name.is_none() ? "import" : text_or(name, ""));
    const std::string prefix = scope.scope().empty() ? "" : scope.scope().substr(0, scope.scope().size() - 1);
    import_nodes(state, file, prefix);
    if (return_elements.is_none()) return None{};
    const std::vector<Value>* names = items_of(return_elements);
    if (names == nullptr) raise("TypeError", "return_elements must be a list of strings.");
    std::vector<Value> elements;
    for (const Value& element : *names) {
        const auto* text = element.as<std::string>();
        if (text == nullptr) raise("TypeError", "return_elements must be a list of strings.");
        elements.push_back(return_element(state, *text, prefix));
    }
    return Value::list(std::move(elements));
}

Value import_meta_graph(GraphState& state, const GraphFile& file, const std::string& import_scope) {
    const std::string prefix = import_scope.empty() ? "" : state.unique_name(import_scope);
    import_nodes(state, file, prefix);
    // What a collection names and the graph does not have is left out, where TensorFlow raises KeyError: the graph is
    // worth looking at without it.
    import_collections(state.graph, file, prefix);
    if (!file.saver) {
        // saver._import_meta_graph_with_return_elements: a graph with variables gets a new saver.
        const Saveables saveables = saveables_of(state, None{});
        return saveables.empty() ? Value(None{}) : Value(make_saver(state, saveables, "", "model", false));
    }
    const std::string scope = prefix.empty() ? "" : prefix + "/";
    auto saver = std::make_shared<SaverObject>();
    saver->filename_tensor = scope + file.saver->filename_tensor;
    saver->save_tensor = scope + file.saver->save_tensor;
    saver->restore_op = scope + file.saver->restore_op;
    return Value(std::move(saver));
}

std::vector<ApiDef> import_api() {
    return {
        {"import_graph_def",
         params("graph_def, input_map=None, return_elements=None, name=None, op_dict=None, producer_op_list=None"),
         "Adds the nodes of a GraphDef to the default graph; it has no collections.", import_graph_def_function},
        {"train.import_meta_graph", params("meta_graph_or_file, clear_devices=False, import_scope=None"),
         "Adds the nodes and collections of a MetaGraphDef to the default graph.", import_meta_graph_function},
        {"Graph.as_graph_def", params("self, from_version=None, add_shapes=False"), "The graph as a GraphDef.",
         [](Context&, const Arguments& a) { return as_graph_def(graph_of(a[0])); }},
    };
}

} // namespace rnnscope::tf1
