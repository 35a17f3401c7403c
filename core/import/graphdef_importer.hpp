#pragma once

#include "core/base/diagnostic.hpp"
#include "core/graph/graph.hpp"
#include "core/import/node_defs.hpp"

#include <vector>

namespace rnnscope {

struct FunctionData;
struct GraphFile;

struct ImportOptions {
    /// `file`: the nodes keep the order of the file, which is the order in which their author made them.
    /// `tensorflow`: the order in which import_graph_def makes them again: of the nodes whose inputs are there, always
    /// the first of the file. In loops the two differ, because an Enter may stand behind its consumer.
    enum class Order : std::uint8_t { file, tensorflow } order = Order::file;
    OriginId origin; ///< whose statement the nodes belong to
    /// What all names begin with, without the "/" that follows it; "" for none.
    std::string prefix;
    /// Names that the graph has already get "_1", "_2", ... (GraphConstructor::UniquifyNames of 1.15); else they are
    /// refused.
    bool uniquifies = false;
    /// GraphDef version that wrote the nodes. Up to 21 a placeholder of shape [] may have any shape, because there was
    /// no other way to say that.
    int producer = 134;
    /// The functions that nodes may call; may be null.
    const std::vector<FunctionData>* functions = nullptr;
};

/// Adds the nodes to the graph, checked and with types and shapes inferred, and lists their variables (a GraphDef holds
/// no collections, so nothing is added to those). Returns everything that is wrong with the nodes; if that is anything,
/// the graph is unchanged. A node of an op that is not known is taken as it is: its outputs are those that others use.
Diagnostics import_graphdef(Graph& graph, const NodeDefs& nodes, const ImportOptions& options = {});

/// The same for a file, with its function library; the places of complaints are in the file.
Diagnostics import_graph(Graph& graph, const GraphFile& file, ImportOptions options = {});

/// What import_meta_graph does after its nodes are there (py/framework/meta_graph.py, 1.15): the collections of the
/// file, by key. Variables that the graph lists by their ops get the names that their VariableDefs say. Entries that
/// name what is not in the graph are left out and returned (TensorFlow raises KeyError there).
Diagnostics import_collections(Graph& graph, const GraphFile& file, const std::string& prefix = "");

} // namespace rnnscope
