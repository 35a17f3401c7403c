#pragma once

#include "core/graph/graph.hpp"

namespace rnnscope::testing {

/// Appends a node as is: for tests that need a graph but no ops.
inline NodeId add(Graph& graph, std::string name, std::string op, std::vector<Output> inputs = {}, AttrMap attrs = {},
                  OutputInfo output = {DType::float32, false, Shape{}}, std::vector<NodeId> controls = {}) {
    Node node;
    node.name = std::move(name);
    node.op = std::move(op);
    node.inputs = std::move(inputs);
    node.control_inputs = std::move(controls);
    node.attrs = std::move(attrs);
    node.outputs = {std::move(output)};
    return graph.append(std::move(node));
}

} // namespace rnnscope::testing
