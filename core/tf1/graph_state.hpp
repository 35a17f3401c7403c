#pragma once

#include "core/graph/graph.hpp"
#include "core/ops/op_def.hpp"
#include "core/tf1/context.hpp"
#include "core/tf1/value.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace rnnscope::tf1 {

class GraphState;
class VariableScope; // variable_scope.hpp

/// A while loop or a cond branch that is being built (py/ops/control_flow_ops.py, 1.15). control_flow.hpp has the two.
class ControlFlowContext {
  public:
    virtual ~ControlFlowContext() = default;
    virtual std::string name() const = 0;
    ControlFlowContext* outer = nullptr;
    virtual bool is_while() const = 0;
    /// ControlFlowContext.AddOp: called for every op made inside; rewires its inputs through Enter or Switch, adds the
    /// pivot as control input where it has no other.
    virtual void add_op(GraphState& state, NodeId op) = 0;
    /// ControlFlowContext.AddValue: the tensor as it is known inside.
    virtual Output add_value(GraphState& state, Output value) = 0;
    /// The op that every op inside waits for.
    virtual NodeId pivot() const = 0;
};

/// One op to make. `name` follows TensorFlow's rules: ending in "/" it is used as it is (minus the slash), otherwise it
/// is uniquified in the current name scope; "" means the op type.
struct OpSpec {
    std::string op;
    std::vector<Output> inputs;
    AttrMap attrs;
    std::string name;
};

/// What TensorFlow's Python `Graph` object knows beside the nodes: names in use, stacks of name scopes, control
/// dependencies, colocations, devices, control-flow contexts; the variable store and the variable scopes.
/// Functions that can fail throw PythonError (see value.hpp).
class GraphState {
  public:
    explicit GraphState(Context& context, GraphId id);
    ~GraphState();

    Context& context;
    Graph graph;
    std::optional<std::int64_t> seed; ///< tf.set_random_seed

    // --- ops (ops.py: Graph.create_op, op_def_library.py: apply_op) ---------------------------------------------
    /// Python's generated wrapper `gen_*.op(..., name=name)`: opens name_scope(name or op type), makes the op under
    /// exactly that scope's name. Applies control dependencies, colocation, device, control-flow context.
    NodeId apply_op(OpSpec spec);
    Output op(OpSpec spec) { return Output{apply_op(std::move(spec)), 0}; }
    /// Graph.create_op without the wrapper's name scope.
    NodeId create_op(OpSpec spec);
    Output constant(Tensor value, std::string_view name = "Const"); ///< tf.constant
    /// Number of ops made so far: Graph._last_id, which seeds depend on.
    std::int64_t last_id() const { return static_cast<std::int64_t>(graph.size()); }
    /// random_seed.get_seed(op_seed): attributes seed and seed2.
    std::pair<std::int64_t, std::int64_t> get_seed(std::optional<std::int64_t> op_seed) const;

    // --- names ----------------------------------------------------------------------------------------------------
    std::string unique_name(std::string_view name, bool mark_as_used = true);
    std::string name_stack;
    std::unordered_map<std::string, int> names_in_use; ///< keys in lower case

    // --- stacks; use the guards below ---------------------------------------------------------------------------
    struct ControlDependencies {
        std::vector<NodeId> ops;
        bool clears = false; ///< control_dependencies(None)
        ControlFlowContext* context_before = nullptr;
        std::unordered_set<NodeId> seen; ///< ops made under it: they need not wait twice
    };
    std::vector<ControlDependencies> control_stack;
    std::vector<NodeId> colocation_stack;                 ///< ops; an invalid id hides what is below (ignore_existing)
    std::vector<std::optional<std::string>> device_stack; ///< nullopt (device(None)) hides what is below
    AttrMap attr_scope;                                   ///< Graph._attr_scope: given to ops that lack them
    ControlFlowContext* control_flow = nullptr;
    std::vector<std::unique_ptr<ControlFlowContext>> contexts;  ///< all that were ever made, for ops refer to them
    std::unordered_map<NodeId, ControlFlowContext*> context_of; ///< absent: outside of any

    // --- variables (variable_scope.py) --------------------------------------------------------------------------
    std::map<std::string, VariableId> variable_store; ///< _VariableStore._vars, by full name
    std::shared_ptr<VariableScope> variable_scope;    ///< current
    std::map<std::string, int> variable_scopes_count;

    // Tensor-level facts that TensorFlow keeps in Python attributes.
    std::unordered_map<std::string, Value> attached; ///< free for families: "_keras_mask" and the like

  private:
    void apply_placement(NodeId id); ///< device and `_class` from the stacks
};

/// `with graph.name_scope(name)`. A name ending in "/" re-enters that scope; nullopt or "" goes to the root.
class NameScope {
  public:
    NameScope(GraphState& state, std::optional<std::string> name);
    ~NameScope();
    NameScope(const NameScope&) = delete;
    NameScope& operator=(const NameScope&) = delete;
    const std::string& scope() const { return scope_; } ///< with trailing "/"; "" at the root

  private:
    GraphState& state_;
    std::string scope_, old_;
};

/// `with graph.control_dependencies(ops)`; `clear` is control_dependencies(None).
class ControlDependenciesScope {
  public:
    ControlDependenciesScope(GraphState& state, std::vector<NodeId> ops);
    static ControlDependenciesScope clear(GraphState& state) { return ControlDependenciesScope(state); }
    ~ControlDependenciesScope();
    ControlDependenciesScope(const ControlDependenciesScope&) = delete;
    ControlDependenciesScope& operator=(const ControlDependenciesScope&) = delete;

  private:
    explicit ControlDependenciesScope(GraphState& state);
    GraphState& state_;
};

/// `with ops.init_scope()` in graph mode: no control dependencies, no control-flow context, the same name scope.
class InitScope {
  public:
    explicit InitScope(GraphState& state);
    ~InitScope();
    InitScope(const InitScope&) = delete;
    InitScope& operator=(const InitScope&) = delete;

  private:
    GraphState& state_;
    std::string name_;
    ControlDependenciesScope cleared_;
};

/// `with ops.colocate_with(op, ignore_existing=...)`.
class ColocateScope {
  public:
    /// An invalid `op` with `ignore_existing` is colocate_with(None, ignore_existing=True). Devices around are hidden.
    ColocateScope(GraphState& state, NodeId op, bool ignore_existing = false);
    ~ColocateScope();
    ColocateScope(const ColocateScope&) = delete;
    ColocateScope& operator=(const ColocateScope&) = delete;

  private:
    GraphState& state_;
    std::size_t pushed_ = 0;
    std::vector<std::optional<std::string>> devices_;
};

/// `with tf.device(device)`. nullopt: ignore all devices around. Throws ValueError for a malformed device.
class DeviceScope {
  public:
    DeviceScope(GraphState& state, std::optional<std::string> device);
    ~DeviceScope();
    DeviceScope(const DeviceScope&) = delete;
    DeviceScope& operator=(const DeviceScope&) = delete;

  private:
    GraphState& state_;
};

/// `with graph._attr_scope({"_class": ["loc:@name"]})`: colocation with an op that does not exist yet.
class AttrScope {
  public:
    AttrScope(GraphState& state, std::string_view key, AttrValue value);
    ~AttrScope();
    AttrScope(const AttrScope&) = delete;
    AttrScope& operator=(const AttrScope&) = delete;

  private:
    GraphState& state_;
    AttrMap saved_;
};

/// ops.convert_to_tensor: numbers, lists and arrays become Const ops, variables their read value.
/// Lists that contain tensors are packed. Throws TypeError or ValueError with TensorFlow's text.
Output to_tensor(GraphState& state, const Value& value, DType dtype = DType::invalid, std::string_view name = "");
/// A tensor or variable of another graph is a ValueError; other values have none. To be asked before its number is
/// used.
void check_graph(const GraphState& state, const Value& value);
/// A reference to the variable's buffer: for ops whose input is a ref. Anything but a ref variable is a TypeError.
Output to_ref(GraphState& state, const Value& value);
/// tensor_util.make_tensor_proto: a number, a nested list or an array as values. `shape`: fewer values are filled up
/// with the last one, as tf.constant does; with `verify_shape` they must fit.
Tensor make_tensor(const Value& value, DType dtype = DType::invalid, const std::optional<Shape>& shape = {},
                   bool verify_shape = false);
/// tensor_shape.as_shape: TensorShape, int, list with None, None (unknown rank). Throws TypeError.
Shape to_shape(const Value& value);
/// dtypes.as_dtype: DType or a name. Throws TypeError.
DType to_dtype(const Value& value);
/// Graph.as_graph_element(..., allow_tensor=False) as control_dependencies uses it: ops, tensors, variables.
NodeId to_operation(GraphState& state, const Value& value);
/// Wraps for the program.
Value tensor_value(GraphState& state, Output output);

[[noreturn]] void raise(std::string type, std::string message);

} // namespace rnnscope::tf1
