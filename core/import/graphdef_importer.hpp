#pragma once

#include "core/base/diagnostic.hpp"
#include "core/graph/graph.hpp"
#include "core/graph/graphdef.hpp"

#include <vector>

namespace rnnscope {

struct ImportOptions {
    /// `file`: the nodes keep the order of the file, which is the order in which their author made them.
    /// `tensorflow`: the order in which import_graph_def makes them again: of the nodes whose inputs are there, always
    /// the first of the file. In loops the two differ, because an Enter may stand behind its consumer.
    enum class Order : std::uint8_t { file, tensorflow } order = Order::file;
    OriginId origin; ///< whose statement the nodes belong to
};

/// Adds the nodes to the graph, checked and with types and shapes inferred, and lists their variables (a GraphDef holds
/// no collections, so nothing is added to those). Returns everything that is wrong with the nodes; if that is anything,
/// the graph is unchanged.
Diagnostics import_graphdef(Graph& graph, const std::vector<NodeDefData>& nodes, const ImportOptions& options = {});

} // namespace rnnscope
