#pragma once

#include "core/tf1/graph_state.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rnnscope::tf1 {

/// The arguments of tf.Variable after its factory function: where the initial value comes from, and the rest.
struct NewVariable {
    Value initial_value;                       ///< a value or a tensor; used when `make_initial_value` is empty
    std::function<Value()> make_initial_value; ///< a callable initial value: its ops go under "<name>/Initializer/"
    std::optional<std::string> name;           ///< absent: "Variable"; may end in "/"
    DType dtype = DType::invalid;
    bool trainable = true;
    Value collections; ///< None: [GLOBAL_VARIABLES]
    std::optional<std::string> caching_device;
    bool validate_shape = true;
    std::optional<bool> use_resource; ///< absent: the variable scope's, then False
};

/// Makes the variable's nodes as RefVariable or ResourceVariable does; throws what TensorFlow raises.
VariableValue make_variable(GraphState& state, NewVariable args);

/// variable.value(): the snapshot, or for resources the cached value or a new ReadVariableOp.
Output variable_value(GraphState& state, VariableId id);
/// variable.read_value(): a new Identity "read", or Read/ReadVariableOp and Identity.
Output read_value(GraphState& state, VariableId id);
/// variable.initialized_value(): cond(is initialized, read, initial value).
Output initialized_value(GraphState& state, VariableId id);
/// variables._try_guard_against_uninitialized_dependencies: the initial value with every ref variable that it reads
/// replaced by its initialized value; ops on the way are cloned as "<op>_<name>". `name` is a scope, ending in "/".
Output guard_initial_value(GraphState& state, const std::string& name, Output initial_value);
/// tf.is_variable_initialized(variable).
Output is_variable_initialized(GraphState& state, VariableId id, std::string_view name = "");
/// What as_graph_element makes of a variable: "v:0", or "v/Read/ReadVariableOp:0".
Output graph_element(const GraphState& state, VariableId id);

/// tf.variables_initializer(variables, name).
NodeId variables_initializer(GraphState& state, const std::vector<VariableId>& variables,
                             std::string_view name = "init");
/// The variables of a collection, in order, without anything else that is in it.
std::vector<VariableId> collection_variables(const GraphState& state, std::string_view key);
/// control_flow_ops.group(inputs, name): one NoOp that waits for all; by device where there are several.
NodeId group(GraphState& state, const std::vector<NodeId>& inputs, std::string_view name = "group_deps");
/// state_ops.assign / assign_add / assign_sub on a variable; the op, and what the function returns of it.
Output assign(GraphState& state, VariableId id, const Value& value, std::string_view op = "Assign",
              std::string_view name = "", bool use_locking = false, bool validate_shape = true);

} // namespace rnnscope::tf1
