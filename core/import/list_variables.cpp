#include "core/import/list_variables.hpp"

#include <string>
#include <string_view>

namespace rnnscope {
namespace {

/// The node among the consumers of `op` with the given type; the one with the given name, else the first.
NodeId consumer_of(const Graph& graph, NodeId op, std::string_view type, const std::string& name) {
    NodeId found;
    for (const NodeId id : graph.consumers(op)) {
        const Node& node = graph.node(id);
        if (node.op != type || node.inputs.empty() || node.inputs[0].node != op) continue;
        if (node.name == name) return id;
        if (!found.valid()) found = id;
    }
    return found;
}

} // namespace

void list_variables(Graph& graph, std::size_t first, OriginId origin) {
    for (std::size_t i = first; i < graph.size(); ++i) {
        const Node& node = graph.node(NodeId(i));
        const bool is_resource = node.op == "VarHandleOp";
        if (!is_resource && node.op != "VariableV2" && node.op != "Variable") continue;
        Variable variable;
        variable.name = node.name;
        variable.op = node.id;
        variable.is_resource = is_resource;
        variable.trainable = false; // only a collection could say so
        if (const auto* dtype = node.attr<DType>("dtype")) variable.dtype = *dtype;
        if (const auto* shape = node.attr<Shape>("shape")) variable.shape = *shape;
        variable.origin = origin;
        variable.initializer =
            consumer_of(graph, node.id, is_resource ? "AssignVariableOp" : "Assign", node.name + "/Assign");
        if (variable.initializer.valid() && graph.node(variable.initializer).inputs.size() > 1)
            variable.initial_value = graph.node(variable.initializer).inputs[1];
        const NodeId read = is_resource
                                ? consumer_of(graph, node.id, "ReadVariableOp", node.name + "/Read/ReadVariableOp")
                                : consumer_of(graph, node.id, "Identity", node.name + "/read");
        if (read.valid()) variable.snapshot = {read, 0};
        const NodeId check =
            consumer_of(graph, node.id, "VarIsInitializedOp", node.name + "/IsInitialized/VarIsInitializedOp");
        if (check.valid()) variable.is_initialized = {check, 0};
        graph.add_variable(std::move(variable));
    }
}

} // namespace rnnscope
