#pragma once

#include "core/base/id.hpp"
#include "core/base/result.hpp"
#include "core/graph/attr.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace rnnscope {

/// Output `index` of a node: what TensorFlow calls a tensor ("a:0") while it builds a graph.
struct Output {
    NodeId node;
    int index = 0;
    bool valid() const { return node.valid(); }
    friend auto operator<=>(const Output&, const Output&) = default;
};

/// What is statically known of one output.
struct OutputInfo {
    DType dtype = DType::invalid;
    bool is_ref = false; ///< a reference to a variable's buffer (DT_FLOAT_REF, ...)
    Shape shape = Shape::unknown_rank();
};

/// One operation of a graph.
struct Node {
    NodeId id;
    std::string name;
    std::string op; ///< type: "MatMul"
    std::string device;
    std::vector<Output> inputs;
    std::vector<NodeId>
        control_inputs; ///< creation order; GraphDef export sorts them by name as TensorFlow >= 1.8 does
    AttrMap attrs;
    std::vector<OutputInfo> outputs;
    OriginId origin;       ///< who made it; invalid for imported nodes
    bool fetchable = true; ///< false inside while loops and conds (TF: graph.prevent_fetching)
    bool feedable = true;  ///< false likewise (TF: graph.prevent_feeding)

    template <class T> const T* attr(std::string_view key) const {
        const auto it = attrs.find(key);
        return it == attrs.end() ? nullptr : it->second.as<T>();
    }
};

/// A tf.Variable (VariableDef of variable.proto). Every one of them is listed in its graph, also those in no
/// collection.
struct Variable {
    VariableId id;
    std::string name; ///< op name, without ":0"
    NodeId op;        ///< VariableV2 or VarHandleOp
    bool is_resource = false;
    bool trainable = true;
    DType dtype = DType::invalid;
    Shape shape;
    NodeId initializer;    ///< Assign or AssignVariableOp
    Output snapshot;       ///< `v/read:0`, or for resources `v/Read/ReadVariableOp:0` (their graph element)
    Output cached;         ///< with a caching device, what every use of the variable reads instead; else invalid
    Output initial_value;  ///< the unguarded initial value
    Output is_initialized; ///< resources: `v/IsInitialized/VarIsInitializedOp:0`; else invalid
    OriginId origin;
};

/// A while_loop or cond entry of the collections "while_context" and "cond_context": only its name matters here.
struct ControlFlowName {
    std::string name;
    friend bool operator==(const ControlFlowName&, const ControlFlowName&) = default;
};
using CollectionItem = std::variant<VariableId, Output, NodeId, ControlFlowName, std::string>;

/// Nodes in creation order, as TensorFlow would have them. Nodes are only ever added; the two things that TensorFlow
/// itself changes later are inputs of ops in loops and conds (`set_input`) and control inputs. A Node reference stays
/// valid for ever.
class Graph {
  public:
    explicit Graph(GraphId id = GraphId(0)) : id_(id) {}
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;

    GraphId id() const { return id_; }
    std::size_t size() const { return nodes_.size(); }
    const Node& node(NodeId id) const { return nodes_[id.index()]; }
    const std::deque<Node>& nodes() const { return nodes_; }
    NodeId find(std::string_view name) const; ///< invalid when there is none
    const OutputInfo& info(Output output) const {
        return node(output.node).outputs[static_cast<std::size_t>(output.index)];
    }
    /// "a:0", always with the index; `input_text` is the NodeDef spelling: "a", "a:1".
    std::string tensor_name(Output output) const;
    std::string input_text(Output output) const;
    Result<Output> find_tensor(std::string_view name) const; ///< "a:0"; "a" means output 0

    /// Nodes that use an output of `id`, or wait for it, in creation order, each once.
    std::vector<NodeId> consumers(NodeId id) const;
    /// Appends as is; names must be unique and inputs must exist. Use ops::add_node, which checks and infers.
    NodeId append(Node node);
    void set_input(NodeId node, std::size_t slot, Output output); ///< Merge's back edge
    void add_control_input(NodeId node, NodeId control);
    /// Loops take away the control inputs from outside of them (TF: Operation._remove_all_control_inputs).
    void set_control_inputs(NodeId node, std::vector<NodeId> controls);
    /// How often inputs or control inputs of a node that was there changed.
    std::uint64_t rewirings() const { return rewirings_; }
    void set_attr(NodeId node, std::string_view key, AttrValue value);
    void set_output_shape(Output output, Shape shape);
    void set_device(NodeId node, std::string device);
    void set_fetchable(NodeId node, bool fetchable, bool feedable);

    VariableId add_variable(Variable variable);
    std::span<const Variable> variables() const { return variables_; }
    const Variable& variable(VariableId id) const { return variables_[id.index()]; }
    Variable& variable(VariableId id) { return variables_[id.index()]; }
    /// The variable whose op this is; null when `op` is not one.
    const Variable* variable_of(NodeId op) const;

    void add_to_collection(std::string_view key, CollectionItem item);
    std::span<const CollectionItem> collection(std::string_view key) const; ///< empty when unknown
    /// Items whose name matches `scope` as Python's re.match does: a regular expression, anchored at the start only, on
    /// the full tensor name ("v:0"). Items without a name are dropped. Fails with code "re.error" for a bad expression.
    Result<std::vector<CollectionItem>> collection(std::string_view key, std::string_view scope) const;
    const std::map<std::string, std::vector<CollectionItem>, std::less<>>& collections() const { return collections_; }
    std::string item_name(const CollectionItem& item) const; ///< "v:0", "op", or "" when it has none
    /// Names of the collections that hold the variable, sorted.
    std::vector<std::string> collections_of(VariableId id) const;

  private:
    GraphId id_;
    std::deque<Node> nodes_;
    std::uint64_t rewirings_ = 0;
    std::unordered_map<std::string, NodeId> by_name_;
    std::vector<std::vector<NodeId>> consumers_;
    std::vector<Variable> variables_;
    std::unordered_map<NodeId, VariableId> variable_by_op_;
    std::map<std::string, std::vector<CollectionItem>, std::less<>> collections_;
};

} // namespace rnnscope
