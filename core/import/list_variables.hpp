#pragma once

#include "core/graph/graph.hpp"

namespace rnnscope {

/// Lists the variables among the nodes from `first` on in Graph::variables, with the initializer, read and check that
/// TensorFlow's naming and the graph's structure show. They are in no collection.
void list_variables(Graph& graph, std::size_t first, OriginId origin);

} // namespace rnnscope
