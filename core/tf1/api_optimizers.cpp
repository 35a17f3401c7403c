#include "core/tf1/api_families.hpp"
#include "core/tf1/initializers.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/optimizers.hpp"
#include "core/tf1/variable_scope.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// python/training/gradient_descent.py
class GradientDescentOptimizer : public Optimizer {
  public:
    GradientDescentOptimizer(Value learning_rate, bool use_locking, std::string name)
        : Optimizer("GradientDescentOptimizer", std::move(name), use_locking), rate_(std::move(learning_rate)) {}

  protected:
    void create_slots(GraphState&, const std::vector<VariableId>&) override {}
    void prepare(GraphState& state) override { rate_tensor_ = hyperparameter(state, rate_, "learning_rate"); }
    NodeId apply_dense(GraphState& state, VariableId id, Output grad) override {
        return call_apply(state, "ApplyGradientDescent", id,
                          {buffer(state, id), as_type_of(state, id, wrap(state, rate_tensor_)), wrap(state, grad)});
    }
    NodeId apply_rows(GraphState& state, VariableId id, const IndexedSlices& grad) override {
        const Value rows = wrap(state, grad.indices), values = wrap(state, grad.values);
        if (state.graph.variable(id).is_resource) {
            const Value minus = op_value(state, "Neg", {values});
            const Value delta = wrap(state, binary_operator(state, "*", minus, rate_));
            return call_op(state, "ResourceScatterAdd", {buffer(state, id), rows, delta});
        }
        const Value rate = as_type_of(state, id, wrap(state, rate_tensor_));
        const Value delta = wrap(state, binary_operator(state, "*", values, rate));
        return call_op(state, "ScatterSub", {buffer(state, id), rows, delta}, {{"use_locking", use_locking()}});
    }

  private:
    Value rate_;
    Output rate_tensor_;
};

/// python/training/momentum.py
class MomentumOptimizer : public Optimizer {
  public:
    MomentumOptimizer(Value learning_rate, Value momentum, bool use_locking, std::string name, bool use_nesterov)
        : Optimizer("MomentumOptimizer", std::move(name), use_locking), rate_(std::move(learning_rate)),
          momentum_(std::move(momentum)), use_nesterov_(use_nesterov) {}

  protected:
    void create_slots(GraphState& state, const std::vector<VariableId>& ids) override {
        for (const VariableId id : ids) zeros_slot(state, id, "momentum");
    }
    void prepare(GraphState& state) override {
        rate_tensor_ = hyperparameter(state, rate_, "learning_rate");
        momentum_tensor_ = hyperparameter(state, momentum_, "momentum");
    }
    NodeId apply_dense(GraphState& state, VariableId id, Output grad) override {
        const Value rate = as_type_of(state, id, wrap(state, rate_tensor_));
        const Value momentum = as_type_of(state, id, wrap(state, momentum_tensor_));
        return call_apply(state, "ApplyMomentum", id,
                          {buffer(state, id), buffer(state, *slot(id, "momentum")), rate, wrap(state, grad), momentum},
                          {{"use_nesterov", use_nesterov_}});
    }
    NodeId apply_sparse(GraphState& state, VariableId id, const IndexedSlices& grad) override {
        const Value rate = as_type_of(state, id, wrap(state, rate_tensor_));
        const Value momentum = as_type_of(state, id, wrap(state, momentum_tensor_));
        return call_apply(state, "SparseApplyMomentum", id,
                          {buffer(state, id), buffer(state, *slot(id, "momentum")), rate, wrap(state, grad.values),
                           wrap(state, grad.indices), momentum},
                          {{"use_nesterov", use_nesterov_}});
    }

  private:
    Value rate_, momentum_;
    bool use_nesterov_;
    Output rate_tensor_, momentum_tensor_;
};

/// python/training/adam.py
class AdamOptimizer : public Optimizer {
  public:
    AdamOptimizer(Value learning_rate, Value beta1, Value beta2, Value epsilon, bool use_locking, std::string name)
        : Optimizer("AdamOptimizer", std::move(name), use_locking), numbers_{std::move(learning_rate), std::move(beta1),
                                                                             std::move(beta2), std::move(epsilon)} {}

  protected:
    void create_slots(GraphState& state, const std::vector<VariableId>& ids) override {
        const auto name = [&](VariableId id) { return state.graph.variable(id).name + ":0"; };
        const VariableId first =
            *std::min_element(ids.begin(), ids.end(), [&](VariableId a, VariableId b) { return name(a) < name(b); });
        powers_[0] = make_non_slot(state, numbers_[1], "beta1_power", first);
        powers_[1] = make_non_slot(state, numbers_[2], "beta2_power", first);
        for (const VariableId id : ids) {
            zeros_slot(state, id, "m");
            zeros_slot(state, id, "v");
        }
    }
    void prepare(GraphState& state) override {
        constexpr std::string_view names[] = {"learning_rate", "beta1", "beta2", "epsilon"};
        for (std::size_t i = 0; i < 4; ++i) tensors_[i] = hyperparameter(state, numbers_[i], names[i]);
    }
    NodeId apply_dense(GraphState& state, VariableId id, Output grad) override {
        std::vector<Value> inputs{buffer(state, id), buffer(state, *slot(id, "m")), buffer(state, *slot(id, "v"))};
        for (const VariableId power : powers_)
            inputs.push_back(as_type_of(state, id, Value(VariableValue{&state, power})));
        for (const Output number : tensors_) inputs.push_back(as_type_of(state, id, wrap(state, number)));
        inputs.push_back(wrap(state, grad));
        return call_apply(state, "ApplyAdam", id, inputs);
    }
    NodeId apply_sparse(GraphState& state, VariableId id, const IndexedSlices& grad) override;
    NodeId finish(GraphState& state, const std::vector<NodeId>& updates, const std::string& scope) override {
        std::vector<NodeId> all = updates;
        {
            const ControlDependenciesScope after(state, updates);
            const ColocateScope beside(state, state.graph.variable(powers_[0]).op);
            for (std::size_t i = 0; i < 2; ++i) {
                const Value power = VariableValue{&state, powers_[i]};
                const Output product = binary_operator(state, "*", power, wrap(state, tensors_[i + 1]));
                const Output done = assign(state, powers_[i], wrap(state, product), "Assign", "", use_locking());
                all.push_back(assignment(state, done));
            }
        }
        return group(state, all, scope);
    }

  private:
    std::array<Value, 4> numbers_; ///< learning rate, beta1, beta2, epsilon
    std::array<Output, 4> tensors_;
    std::array<VariableId, 2> powers_;
};

/// _apply_sparse: all rows of the moments decay, the rows of the gradient get their share.
NodeId AdamOptimizer::apply_sparse(GraphState& state, VariableId id, const IndexedSlices& grad) {
    const auto binary = [&](std::string_view op, const Value& x, const Value& y) {
        return wrap(state, binary_operator(state, op, x, y));
    };
    std::array<Value, 2> powers;
    for (std::size_t i = 0; i < 2; ++i) powers[i] = as_type_of(state, id, Value(VariableValue{&state, powers_[i]}));
    std::array<Value, 4> numbers;
    for (std::size_t i = 0; i < 4; ++i) numbers[i] = as_type_of(state, id, wrap(state, tensors_[i]));
    const Value root = op_value(state, "Sqrt", {binary("-", Value(1), powers[1])});
    const Value corrected = binary("*", numbers[0], root);
    const Value rate = binary("/", corrected, binary("-", Value(1), powers[0]));
    const Value values = wrap(state, grad.values);
    const auto moment = [&](const char* name, const Value& beta, const Value& share) {
        const VariableId slot_id = *slot(id, name);
        const Value slot_value = VariableValue{&state, slot_id};
        const Value decayed = binary("*", slot_value, beta);
        const Output assigned = assign(state, slot_id, decayed, "Assign", "", use_locking());
        const ControlDependenciesScope after(state, {assignment(state, assigned)});
        const std::vector<Value> inputs{buffer(state, slot_id), wrap(state, grad.indices), share};
        if (!state.graph.variable(slot_id).is_resource)
            return op_value(state, "ScatterAdd", inputs, {{"use_locking", use_locking()}});
        const ControlDependenciesScope added(state, {call_op(state, "ResourceScatterAdd", inputs)});
        return wrap(state, variable_value(state, slot_id));
    };
    const Value first_share = binary("*", values, binary("-", Value(1), numbers[1]));
    const Value m = moment("m", numbers[1], first_share);
    const Value squared = binary("*", values, values);
    const Value second_share = binary("*", squared, binary("-", Value(1), numbers[2]));
    const Value v = moment("v", numbers[2], second_share);
    const Value v_root = op_value(state, "Sqrt", {v});
    const Value scaled = binary("*", rate, m);
    const Value step = binary("/", scaled, binary("+", v_root, numbers[3]));
    const Output updated = assign(state, id, step, "AssignSub", "", use_locking());
    return group(state,
                 {assignment(state, updated), m.as<TensorValue>()->output.node, v.as<TensorValue>()->output.node});
}

/// python/training/rmsprop.py
class RMSPropOptimizer : public Optimizer {
  public:
    RMSPropOptimizer(std::array<Value, 4> numbers, bool use_locking, bool centered, std::string name)
        : Optimizer("RMSPropOptimizer", std::move(name), use_locking), numbers_(std::move(numbers)),
          centered_(centered) {}

  protected:
    void create_slots(GraphState& state, const std::vector<VariableId>& ids) override {
        for (const VariableId id : ids) {
            make_slot(state, id, "rms", ones_initializer(state.graph.variable(id).dtype));
            if (centered_) zeros_slot(state, id, "mg");
            zeros_slot(state, id, "momentum");
        }
    }
    void prepare(GraphState& state) override {
        constexpr std::string_view names[] = {"learning_rate", "decay", "momentum", "epsilon"};
        for (std::size_t i = 0; i < 4; ++i) tensors_[i] = hyperparameter(state, numbers_[i], names[i]);
    }
    NodeId apply_dense(GraphState& state, VariableId id, Output grad) override {
        std::vector<Value> inputs = variables_and_numbers(state, id);
        inputs.push_back(wrap(state, grad));
        return call_apply(state, centered_ ? "ApplyCenteredRMSProp" : "ApplyRMSProp", id, inputs);
    }
    NodeId apply_sparse(GraphState& state, VariableId id, const IndexedSlices& grad) override {
        std::vector<Value> inputs = variables_and_numbers(state, id);
        inputs.push_back(wrap(state, grad.values));
        inputs.push_back(wrap(state, grad.indices));
        return call_apply(state, centered_ ? "SparseApplyCenteredRMSProp" : "SparseApplyRMSProp", id, inputs);
    }

  private:
    std::vector<Value> variables_and_numbers(GraphState& state, VariableId id) const {
        std::vector<Value> inputs{buffer(state, id)};
        if (centered_) inputs.push_back(buffer(state, *slot(id, "mg")));
        inputs.push_back(buffer(state, *slot(id, "rms")));
        inputs.push_back(buffer(state, *slot(id, "momentum")));
        for (const Output number : tensors_) inputs.push_back(as_type_of(state, id, wrap(state, number)));
        return inputs;
    }

    std::array<Value, 4> numbers_; ///< learning rate, decay, momentum, epsilon
    bool centered_;
    std::array<Output, 4> tensors_;
};

/// python/training/adagrad.py
class AdagradOptimizer : public Optimizer {
  public:
    AdagradOptimizer(Value learning_rate, double initial, bool use_locking, std::string name)
        : Optimizer("AdagradOptimizer", std::move(name), use_locking), rate_(std::move(learning_rate)),
          initial_(initial) {
        if (initial <= 0)
            raise("ValueError", fmt::format("initial_accumulator_value must be positive: {}", str(Value(initial))));
    }

  protected:
    void create_slots(GraphState& state, const std::vector<VariableId>& ids) override {
        for (const VariableId id : ids)
            make_slot(state, id, "accumulator", constant_initializer(Value(initial_), state.graph.variable(id).dtype));
    }
    void prepare(GraphState& state) override { rate_tensor_ = hyperparameter(state, rate_, "learning_rate"); }
    NodeId apply_dense(GraphState& state, VariableId id, Output grad) override {
        const Value rate = as_type_of(state, id, wrap(state, rate_tensor_));
        return call_apply(state, "ApplyAdagrad", id,
                          {buffer(state, id), buffer(state, *slot(id, "accumulator")), rate, wrap(state, grad)});
    }
    NodeId apply_sparse(GraphState& state, VariableId id, const IndexedSlices& grad) override {
        const Value rate = as_type_of(state, id, wrap(state, rate_tensor_));
        return call_apply(state, "SparseApplyAdagrad", id,
                          {buffer(state, id), buffer(state, *slot(id, "accumulator")), rate, wrap(state, grad.values),
                           wrap(state, grad.indices)});
    }

  private:
    Value rate_;
    double initial_;
    Output rate_tensor_;
};

// --- functions ------------------------------------------------------------------------------------------------

Optimizer& optimizer_of(const Value& self) {
    return *self.object<Optimizer>();
}

Value pairs(GraphState& state, const std::vector<GradAndVar>& grads) {
    std::vector<Value> list;
    for (const auto& [grad, variable] : grads)
        list.push_back(Value::tuple({gradient_value(state, grad), Value(variable)}));
    return Value::list(std::move(list));
}

/// Arguments of minimize from position `first` on: gate_gradients, aggregation_method, colocate_gradients_with_ops.
Optimizer::ComputeArgs compute_args(const Arguments& a, std::size_t gate, std::size_t grad_loss) {
    return {.loss = a[1],
            .var_list = a[gate - 1],
            .grad_loss = a[grad_loss],
            .gate_gradients = optional_int(a[gate]).value_or(1),
            .aggregation_method = optional_int(a[gate + 1]).value_or(0),
            .colocate_gradients_with_ops = a[gate + 2].truthy()};
}

Value minimize(Context& context, const Arguments& a) {
    return optimizer_of(a[0]).minimize(context.default_graph(), compute_args(a, 4, 8), a[2], text_or(a[7], ""));
}

Value compute_gradients(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    return pairs(state, optimizer_of(a[0]).compute_gradients(state, compute_args(a, 3, 6)));
}

Value apply_gradients(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    return optimizer_of(a[0]).apply_gradients(state, grads_and_vars_of(state, a[1]), a[2], text_or(a[3], ""));
}

Value get_slot(Context&, const Arguments& a) {
    const auto* variable = a[1].as<VariableValue>();
    if (variable == nullptr) return {};
    const auto slot = optimizer_of(a[0]).slot(variable->id, text_or(a[2], ""));
    return slot ? Value(VariableValue{variable->graph, *slot}) : Value();
}

} // namespace

std::vector<ApiDef> optimizer_api() {
    return {
        {"train.GradientDescentOptimizer", params("learning_rate, use_locking=False, name='GradientDescent'"),
         "Gradient descent.",
         [](Context&, const Arguments& a) -> Value {
             return std::make_shared<GradientDescentOptimizer>(a[0], a[1].truthy(), text_or(a[2], ""));
         }},
        {"train.MomentumOptimizer",
         params("learning_rate, momentum, use_locking=False, name='Momentum', use_nesterov=False"),
         "Gradient descent with momentum.",
         [](Context&, const Arguments& a) -> Value {
             return std::make_shared<MomentumOptimizer>(a[0], a[1], a[2].truthy(), text_or(a[3], ""), a[4].truthy());
         }},
        {"train.AdamOptimizer",
         params("learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=0.00000001, use_locking=False, name='Adam'"),
         "The Adam algorithm.",
         [](Context&, const Arguments& a) -> Value {
             return std::make_shared<AdamOptimizer>(a[0], a[1], a[2], a[3], a[4].truthy(), text_or(a[5], ""));
         }},
        {"train.RMSPropOptimizer",
         params("learning_rate, decay=0.9, momentum=0.0, epsilon=0.0000000001, use_locking=False, centered=False, "
                "name='RMSProp'"),
         "The RMSProp algorithm.",
         [](Context&, const Arguments& a) -> Value {
             return std::make_shared<RMSPropOptimizer>(std::array<Value, 4>{a[0], a[1], a[2], a[3]}, a[4].truthy(),
                                                       a[5].truthy(), text_or(a[6], ""));
         }},
        {"train.AdagradOptimizer",
         params("learning_rate, initial_accumulator_value=0.1, use_locking=False, name='Adagrad'"),
         "The Adagrad algorithm.",
         [](Context&, const Arguments& a) -> Value {
             return std::make_shared<AdagradOptimizer>(a[0], number_of(a[1]), a[2].truthy(), text_or(a[3], ""));
         }},
        {"Optimizer.minimize",
         params("self, loss, global_step=None, var_list=None, gate_gradients=1, aggregation_method=None, "
                "colocate_gradients_with_ops=False, name=None, grad_loss=None"),
         "Adds the ops of one training step.", minimize},
        {"Optimizer.compute_gradients",
         params("self, loss, var_list=None, gate_gradients=1, aggregation_method=None, "
                "colocate_gradients_with_ops=False, grad_loss=None"),
         "Pairs of gradient and variable.", compute_gradients},
        {"Optimizer.apply_gradients", params("self, grads_and_vars, global_step=None, name=None"),
         "Adds the ops that apply gradients to variables.", apply_gradients},
        {"Optimizer.get_slot", params("self, var, name"), "The slot of a variable, or None.", get_slot},
        {"Optimizer.get_slot_names", params("self"), "The names of the slots, sorted.",
         [](Context&, const Arguments& a) -> Value {
             std::vector<Value> names;
             for (const std::string& name : optimizer_of(a[0]).slot_names()) names.emplace_back(name);
             return Value::list(std::move(names));
         }},
        {"Optimizer.variables", params("self"), "Slots and all else that the optimizer keeps.",
         [](Context& context, const Arguments& a) -> Value {
             std::vector<Value> list;
             for (const VariableValue& variable : optimizer_of(a[0]).variables(context.default_graph()))
                 list.emplace_back(variable);
             return Value::list(std::move(list));
         }},
        {"Optimizer.get_name", params("self"), "The optimizer's name.",
         [](Context&, const Arguments& a) -> Value { return optimizer_of(a[0]).name(); }},
    };
}

} // namespace rnnscope::tf1
