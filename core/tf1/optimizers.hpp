#pragma once

#include "core/tf1/gradients.hpp"
#include "core/tf1/variables.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rnnscope::tf1 {

/// One gradient and the variable that it belongs to.
using GradAndVar = std::pair<Gradient, VariableValue>;

/// tf.train.Optimizer (python/training/optimizer.py, 1.15): computes gradients, makes slots, applies.
class Optimizer : public Object {
  public:
    /// `name`: of the scope of the update ops and of the slots. Throws ValueError when it is empty.
    Optimizer(std::string class_name, std::string name, bool use_locking);

    enum class Gate { none = 0, op = 1, graph = 2 };
    struct ComputeArgs {
        Value loss, var_list, grad_loss;
        std::int64_t gate_gradients = 1;
        std::int64_t aggregation_method = 0;
        bool colocate_gradients_with_ops = false;
    };
    std::vector<GradAndVar> compute_gradients(GraphState& state, const ComputeArgs& args) const;
    /// The train op, or with `global_step` the step after it.
    Value apply_gradients(GraphState& state, const std::vector<GradAndVar>& grads, const Value& global_step,
                          const std::string& name);
    Value minimize(GraphState& state, const ComputeArgs& args, const Value& global_step, const std::string& name);

    std::vector<std::string> slot_names() const;
    std::optional<VariableId> slot(VariableId variable, std::string_view slot_name) const;
    std::vector<VariableValue> variables(GraphState& state) const; ///< slots and what else it made, sorted by name
    const std::string& name() const { return name_; }

    std::string type_name() const override { return class_name_; }
    std::string repr() const override;
    std::vector<std::string> bases() const override { return {"Optimizer"}; }

  protected:
    virtual void create_slots(GraphState& state, const std::vector<VariableId>& variables) = 0;
    /// The hyperparameters as constants.
    virtual void prepare(GraphState& state) = 0;
    /// The op that updates one variable.
    virtual NodeId apply_dense(GraphState& state, VariableId variable, Output grad) = 0;
    /// The same for a gradient of rows of it, each named once. Unless an optimizer has a form of its own:
    /// NotImplementedError.
    virtual NodeId apply_sparse(GraphState& state, VariableId variable, const IndexedSlices& grad);
    /// _apply_sparse_duplicate_indices: rows may be named several times. Sums them up, then `apply_sparse`.
    virtual NodeId apply_rows(GraphState& state, VariableId variable, const IndexedSlices& grad);
    /// The op of the whole step, named `scope`.
    virtual NodeId finish(GraphState& state, const std::vector<NodeId>& updates, const std::string& scope);

    VariableId make_slot(GraphState& state, VariableId variable, const std::string& slot_name,
                         const Value& initializer);
    VariableId zeros_slot(GraphState& state, VariableId variable, const std::string& slot_name);
    VariableId make_non_slot(GraphState& state, const Value& value, const std::string& name, VariableId beside);
    /// `number` as a constant `name`; a tensor as it is.
    Output hyperparameter(GraphState& state, const Value& number, std::string_view name) const;
    /// Op inputs: the variable's buffer (a reference or a handle).
    static Value buffer(GraphState& state, VariableId id);
    Value as_type_of(GraphState& state, VariableId variable, const Value& value) const;
    /// "ApplyAdam", or "ResourceApplyAdam" for a resource variable.
    NodeId call_apply(GraphState& state, std::string_view op, VariableId variable, const std::vector<Value>& inputs,
                      AttrMap attrs = {}) const;
    bool use_locking() const { return use_locking_; }

  private:
    NodeId update(GraphState& state, VariableId variable, const Gradient& grad);

    std::string class_name_, name_;
    bool use_locking_;
    std::vector<std::pair<std::string, std::map<VariableId, VariableId>>> slots_; ///< by name, in order of creation
    std::map<std::pair<std::string, const GraphState*>, VariableId> non_slots_;
};

/// (gradient, variable) pairs of a list as the program has it. Throws what TensorFlow raises.
std::vector<GradAndVar> grads_and_vars_of(GraphState& state, const Value& list);

} // namespace rnnscope::tf1
