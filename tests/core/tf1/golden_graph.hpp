#pragma once

#include "core/graph/graph.hpp"

#include <string>
#include <vector>

namespace rnnscope::tf1::test {

/// Where the golden files are; "" when this machine has none.
std::string golden_folder();

/// What differs between golden/<name>.graphdef.json and the graph: nodes in creation order, with name, op, inputs,
/// control inputs (as a set) and attributes (absent ones are equal to their default). At most `most` sentences.
std::vector<std::string> differences_from_golden(const Graph& graph, const std::string& name, std::size_t most = 10);

} // namespace rnnscope::tf1::test
