#include "core/import/graph_file.hpp"
#include "core/import/graphdef_importer.hpp"

#include <fmt/format.h>

namespace rnnscope {
namespace {

std::string op_name(std::string_view tensor) {
    return std::string(tensor.substr(0, tensor.rfind(':')));
}

class CollectionImporter {
  public:
    CollectionImporter(Graph& graph, const GraphFile& file, const std::string& prefix)
        : graph_(graph), file_(file), prefix_(prefix.empty() ? prefix : prefix + "/") {}

    Diagnostics run() {
        for (const auto& [key, collection] : file_.collections) {
            for (const std::string& name : collection.names) add_named(key, name);
            for (const VariableData& variable : collection.variables) add_variable(key, variable);
            for (const std::string& context : collection.contexts)
                graph_.add_to_collection(key, ControlFlowName{prefix_ + context});
        }
        return std::move(left_out_);
    }

  private:
    void leave_out(const std::string& key, const std::string& name) {
        left_out_.push_back({"import.collection",
                             fmt::format("collection \"{}\" names \"{}\", which is not in the graph", key, name),
                             {file_.path, 0, 0, {}, 0},
                             ""});
    }
    void add_named(const std::string& key, const std::string& name) {
        if (name.find(':') == std::string::npos) {
            const NodeId node = graph_.find(prefix_ + name);
            return node.valid() ? graph_.add_to_collection(key, node) : leave_out(key, name);
        }
        const auto tensor = graph_.find_tensor(prefix_ + name);
        return tensor ? graph_.add_to_collection(key, *tensor) : leave_out(key, name);
    }
    void add_variable(const std::string& key, const VariableData& data) {
        const NodeId op = graph_.find(prefix_ + op_name(data.variable));
        const Variable* known = op.valid() ? graph_.variable_of(op) : nullptr;
        if (known == nullptr) return leave_out(key, data.variable);
        Variable& variable = graph_.variable(known->id);
        if (const NodeId initializer = graph_.find(prefix_ + data.initializer); initializer.valid())
            variable.initializer = initializer;
        if (const auto snapshot = graph_.find_tensor(prefix_ + data.snapshot)) variable.snapshot = *snapshot;
        if (const auto value = graph_.find_tensor(prefix_ + data.initial_value); value && !data.initial_value.empty())
            variable.initial_value = *value;
        variable.trainable = variable.trainable || data.trainable || key == "trainable_variables";
        graph_.add_to_collection(key, variable.id);
    }

    Graph& graph_;
    const GraphFile& file_;
    std::string prefix_;
    Diagnostics left_out_;
};

} // namespace

Diagnostics import_collections(Graph& graph, const GraphFile& file, const std::string& prefix) {
    return CollectionImporter(graph, file, prefix).run();
}

} // namespace rnnscope
