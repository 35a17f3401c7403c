#pragma once

#include "core/graph/graph.hpp"

#include <string>

namespace rnnscope {

/// The graph in a few lines: sizes, op types by count, scopes at the top with their variables.
std::string graph_summary(const Graph& graph);

/// What the graph offers to somebody who did not write it: placeholders, outputs, initializers, cells
/// (graph_roles.hpp).
std::string graph_offer(const Graph& graph);

/// The graph for Graphviz: scopes as clusters, control edges dashed, reference edges with a ring.
std::string graph_dot(const Graph& graph);

} // namespace rnnscope
