#pragma once

#include "core/graph/graph.hpp"
#include "core/record/byte_coding.hpp"
#include "core/tensor/tensor.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace rnnscope::record {

/// The number by which a tensor is named, from 1; 0 for none.
using TensorNumber = std::function<std::uint64_t(const Tensor&)>;

void put_output(ByteWriter& out, Output output);
void put_node(ByteWriter& out, const Node& node, const TensorNumber& number);
void put_variable(ByteWriter& out, const Variable& variable);
void put_item(ByteWriter& out, const CollectionItem& item);

Tensor get_tensor_named(ByteReader& in, std::span<const Tensor> tensors);
/// Of a graph that is there; may be invalid where `may_be_none`.
Output get_output(ByteReader& in, const Graph& graph, bool may_be_none);

/// Puts a graph together of what was read: inputs may name nodes that come later (loops). What does not fit together
/// is refused by `build`, not here.
class StoredGraph {
  public:
    void add_node(ByteReader& in, std::span<const Tensor> tensors, std::size_t origins);
    /// Null when it is no graph: names twice, inputs that do not exist.
    std::shared_ptr<Graph> build(GraphId id);

  private:
    bool is_sound(const Node& node) const;
    std::vector<Node> nodes_;
};
/// Of the graph, whose nodes are there.
void add_variable(ByteReader& in, Graph& graph, std::size_t origins);
void add_collection_item(ByteReader& in, Graph& graph);

} // namespace rnnscope::record
