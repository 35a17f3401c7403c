#pragma once

#include "core/base/result.hpp"
#include "core/graph/graph.hpp"

#include <string>
#include <vector>

namespace rnnscope {

/// The graph as a GraphDef (producer 134, as TensorFlow 1.15 writes it): control inputs
/// after data inputs and sorted by name, tensors encoded as Python's make_tensor_proto does.
std::string to_graphdef_json(const Graph& graph);   ///< protobuf-JSON with the original field names
std::string to_graphdef_text(const Graph& graph);   ///< .pbtxt
std::string to_graphdef_binary(const Graph& graph); ///< .pb; deterministic

/// One line per node in creation order: number, type, `name(inputs)`, `{attributes}`; for reading and for comparing.
std::string to_ops_text(const Graph& graph);

/// One NodeDef of a file, before it is checked against the registered ops.
struct NodeDefData {
    std::string name, op, device;
    std::vector<std::string> inputs; ///< "a", "a:1", "^control"
    AttrMap attrs;
};

std::string to_node_def_binary(const NodeDefData& node); ///< deterministic

/// Reads the protobuf-JSON form (both spellings of field names).
Result<std::vector<NodeDefData>> parse_graphdef_json(const std::string& text);
/// Reads the binary form.
Result<std::vector<NodeDefData>> parse_graphdef_binary(const std::string& bytes);

} // namespace rnnscope
