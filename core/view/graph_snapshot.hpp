#pragma once

#include "core/graph/graph.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::view {

/// What drawing reads of a graph's first nodes, copied, so that another thread can work with it while the graph goes on
/// growing. Inputs that are not among these nodes stay in their places and are nodes without a name and a type.
class GraphSnapshot {
  public:
    struct Node {
        NodeId id;
        std::string_view name, op;
        std::span<const Output> inputs;
        std::span<const NodeId> control_inputs;
        std::span<const OutputInfo> outputs;
    };

    GraphSnapshot() : GraphSnapshot(Graph(), 0) {}
    GraphSnapshot(const Graph& graph, std::size_t nodes);
    GraphSnapshot(const GraphSnapshot&) = delete;
    GraphSnapshot& operator=(const GraphSnapshot&) = delete;

    std::size_t size() const { return names_.size(); }
    Node node(NodeId id) const;
    /// Those of these nodes that use an output of `id` or wait for it, in creation order, each once.
    std::span<const NodeId> consumers(NodeId id) const { return part(consumers_, consumer_ends_, id); }
    VariableId variable_of(NodeId op) const { return variables_[op.index()]; } ///< invalid when it is none
    const AttrValue& value_of(NodeId constant) const; ///< of a Const; std::monostate for all others

    std::span<const std::string_view> names() const { return names_; }   ///< by node
    std::span<const VariableId> variables() const { return variables_; } ///< by node

  private:
    using Ends = std::vector<std::uint32_t>; ///< by node: where its part of a list ends

    template <class T> static std::span<const T> part(const std::vector<T>& all, const Ends& ends, NodeId id) {
        const std::size_t begin = id.index() == 0 ? 0 : ends[id.index() - 1];
        return std::span<const T>(all).subspan(begin, ends[id.index()] - begin);
    }
    void index_consumers();

    std::vector<char> text_; ///< names and types, one after another
    std::vector<std::string_view> names_, ops_;
    std::vector<Output> inputs_;
    std::vector<NodeId> controls_, consumers_;
    std::vector<OutputInfo> outputs_;
    Ends input_ends_, control_ends_, output_ends_, consumer_ends_;
    std::vector<VariableId> variables_;
    std::vector<std::pair<NodeId, AttrValue>> values_; ///< of constants, by node
};

/// Equal for graphs whose first nodes have the same names and inputs.
std::uint64_t fingerprint(const Graph& graph, std::size_t nodes);

} // namespace rnnscope::view
