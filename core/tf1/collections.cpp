#include "core/tf1/collections.hpp"

namespace rnnscope::tf1 {

Value collection_value(GraphState& state, const CollectionItem& item) {
    if (const auto* id = std::get_if<VariableId>(&item)) return VariableValue{&state, *id};
    if (const auto* output = std::get_if<Output>(&item)) return TensorValue{&state, *output};
    if (const auto* node = std::get_if<NodeId>(&item)) return OperationValue{&state, *node};
    if (const auto* context = std::get_if<ControlFlowName>(&item)) return context->name;
    return std::get<std::string>(item);
}

Value get_collection(GraphState& state, const std::string& key, const Value& scope) {
    std::vector<Value> values;
    if (scope.is_none()) {
        for (const CollectionItem& item : state.graph.collection(key)) values.push_back(collection_value(state, item));
        return Value::list(std::move(values));
    }
    const auto* text = scope.as<std::string>();
    if (text == nullptr) raise("TypeError", "first argument must be string or compiled pattern");
    if (text->empty()) return get_collection(state, key, {}); // `if scope:` in Python
    const Result<std::vector<CollectionItem>> found = state.graph.collection(key, *text);
    if (!found) raise(found.error().code, found.error().message);
    for (const CollectionItem& item : *found) values.push_back(collection_value(state, item));
    return Value::list(std::move(values));
}

void add_to_collection(GraphState& state, const std::string& key, const Value& value) {
    if (const auto* x = value.as<VariableValue>())
        state.graph.add_to_collection(key, x->id);
    else if (const auto* t = value.as<TensorValue>())
        state.graph.add_to_collection(key, t->output);
    else if (const auto* o = value.as<OperationValue>())
        state.graph.add_to_collection(key, o->node);
    else
        state.graph.add_to_collection(key, str(value));
}

const std::vector<std::pair<std::string, std::string>>& graph_keys() {
    static const std::vector<std::pair<std::string, std::string>> keys{
        {"GLOBAL_VARIABLES", "variables"},
        {"VARIABLES", "variables"},
        {"LOCAL_VARIABLES", "local_variables"},
        {"METRIC_VARIABLES", "metric_variables"},
        {"MODEL_VARIABLES", "model_variables"},
        {"TRAINABLE_VARIABLES", "trainable_variables"},
        {"SUMMARIES", "summaries"},
        {"QUEUE_RUNNERS", "queue_runners"},
        {"TABLE_INITIALIZERS", "table_initializer"},
        {"ASSET_FILEPATHS", "asset_filepaths"},
        {"MOVING_AVERAGE_VARIABLES", "moving_average_variables"},
        {"REGULARIZATION_LOSSES", "regularization_losses"},
        {"CONCATENATED_VARIABLES", "concatenated_variables"},
        {"SAVERS", "savers"},
        {"WEIGHTS", "weights"},
        {"BIASES", "biases"},
        {"ACTIVATIONS", "activations"},
        {"UPDATE_OPS", "update_ops"},
        {"LOSSES", "losses"},
        {"SAVEABLE_OBJECTS", "saveable_objects"},
        {"RESOURCES", "resources"},
        {"LOCAL_RESOURCES", "local_resources"},
        {"TRAINABLE_RESOURCE_VARIABLES", "trainable_resource_variables"},
        {"INIT_OP", "init_op"},
        {"LOCAL_INIT_OP", "local_init_op"},
        {"READY_OP", "ready_op"},
        {"READY_FOR_LOCAL_INIT_OP", "ready_for_local_init_op"},
        {"SUMMARY_OP", "summary_op"},
        {"GLOBAL_STEP", "global_step"},
        {"EVAL_STEP", "eval_step"},
        {"TRAIN_OP", "train_op"},
        {"COND_CONTEXT", "cond_context"},
        {"WHILE_CONTEXT", "while_context"},
    };
    return keys;
}

} // namespace rnnscope::tf1
