#pragma once

#include "core/graph/graph.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rnnscope {

/// Where a parameter is stored, and which part of it is meant.
struct Parameter {
    Output source;          ///< VariableV2, VarHandleOp, Const or the ConcatV2 of a partitioned variable
    std::int64_t part = -1; ///< index of a Split or Unpack, first column of a slice; -1: all of it
    friend bool operator==(const Parameter&, const Parameter&) = default;
};

/// An element-wise function and what it is applied to.
struct Activation {
    std::string name; ///< op type, or "HardSigmoid"
    Output input;
    std::vector<NodeId> nodes;
};

/// A limit applied to a tensor by clip_by_value: min(max(x, -limit), limit).
struct Clip {
    Output output;
    double limit = 0;
    std::vector<NodeId> nodes;
};

/// Questions about the data edges of a graph. Each answer looks at a bounded number of nodes.
class Dataflow {
  public:
    explicit Dataflow(const Graph& graph);

    const Graph& graph() const { return graph_; }
    const Node& node(Output output) const { return graph_.node(output.node); }
    /// Nodes that read an output of `id`, ascending, each once; control edges do not count.
    std::span<const NodeId> users(NodeId id) const;

    /// The tensor behind ops that pass their input on unchanged (Identity, StopGradient, CheckNumerics, ...).
    Output stripped(Output output) const;
    bool same(Output a, Output b) const { return stripped(a) == stripped(b); }
    /// Is `a` the tensor `b`, or `b` after dropout (a product or quotient with something)?
    bool same_up_to_dropout(Output a, Output b) const { return same_up_to_dropout(a, b, 3); }

    std::optional<Parameter> parameter(Output output) const { return parameter(output, 0); }
    /// The number that all elements of a constant are: behind Identity, Enter, Switch and Cast.
    std::optional<double> constant(Output output) const;
    std::optional<Activation> activation(Output output) const;
    /// The clip_by_value that is applied to `output`, if there is exactly this kind of use.
    std::optional<Clip> clipped(Output output) const;
    /// What `output` is the clip_by_value of, with the limit; `output` itself, without nodes, when it is none.
    Clip behind_clip(Output output) const;
    /// The tensors of which `output` is the concatenation; itself when it is none.
    std::vector<Output> concatenated(Output output) const;
    /// The tensor of which `output` is a column range, and the range's place as in Parameter::part; nothing when it is
    /// not the output of a Split, Unpack or slice.
    std::optional<std::pair<Output, std::int64_t>> part_of(Output output) const;

  private:
    std::optional<Parameter> parameter(Output output, int depth) const;
    bool same_up_to_dropout(Output a, Output b, int depth) const;
    std::optional<Activation> hard_sigmoid(Output output) const;

    const Graph& graph_;
    std::vector<std::size_t> first_user_; ///< of node i: users_[first_user_[i]] to users_[first_user_[i + 1]]
    std::vector<NodeId> users_;
};

/// The shape of what a Parameter's source stores: of a resource handle, the variable's.
Shape parameter_shape(const Graph& graph, Output source);
/// The part of a static shape that matters for weights.
std::int64_t last_dim(const Shape& shape);
/// "a/b" for "a/b/c" and "a/b/d/e"; "" when they have no scope in common.
std::string common_scope(std::string_view a, std::string_view b);
/// Everything before the last slash.
std::string_view scope_of(std::string_view name);

} // namespace rnnscope
