#pragma once

#include "core/tf1/graph_state.hpp"

#include <string>
#include <utility>
#include <vector>

namespace rnnscope::tf1 {

/// What a collection holds, as the program sees it: variables, tensors, ops; contexts and strings by name.
Value collection_value(GraphState& state, const CollectionItem& item);
/// graph.get_collection(key, scope); scope None: all. Throws for a malformed expression.
Value get_collection(GraphState& state, const std::string& key, const Value& scope);
/// graph.add_to_collection(key, value).
void add_to_collection(GraphState& state, const std::string& key, const Value& value);
/// GraphKeys: attribute name and the name of the collection.
const std::vector<std::pair<std::string, std::string>>& graph_keys();

} // namespace rnnscope::tf1
