#pragma once

#include "core/tf1/graph_state.hpp"
#include "core/tf1/variable_scope.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rnnscope::tf1 {

/// keras.activations.get: a function for its name, None for "linear", and anything else as it is.
Value activation_function(const Value& activation);
/// keras.initializers.get: an initializer with Keras's defaults for its name, and anything else as it is.
Value initializer_object(Context& context, const Value& initializer);
/// Shape.as_list() as Python prints it: "[None, 3]". The rank is known.
std::string as_python_list(const Shape& shape);

/// tf.layers.Layer of 1.15 (layers/base.py over keras/engine/base_layer.py): a named object that makes its variables
/// at its first call, in a variable scope that it chooses then and keeps, and its ops in the name scope of that moment.
/// Layers of tf.keras know no variable scopes: ops and variables go into a new name scope at each call.
class Layer : public Object {
  public:
    struct Options {
        Value name;                   ///< a string or None
        DType dtype = DType::invalid; ///< invalid: that of the first input
        bool trainable = true;
        Reuse reuse = Reuse::none;
        Value scope; ///< `_scope`: a string or a VariableScope that is entered at once
    };

    const std::string& layer_name() const { return name_; }
    DType dtype() const { return dtype_; }
    bool built() const { return built_; }
    virtual std::vector<VariableValue> trainable_weights() const;
    virtual std::vector<VariableValue> non_trainable_weights() const;

    /// Layer.__call__: scope, first-call build, then `run`. `arguments` are those after the inputs.
    Value apply(GraphState& state, Value inputs, const std::vector<Value>& arguments, const Value& scope = {});
    /// `layer.build(input_shape)` called by the program.
    void build_with(GraphState& state, const Value& input_shape);

    Value attribute(Context& context, std::string_view name) override;
    std::vector<std::string> attribute_names() const override;
    std::vector<std::string> bases() const override { return {"Layer"}; }
    bool callable() const override { return true; }

  protected:
    /// To be called by the constructors of classes, which know their name. `class_name`: "GRUCell".
    void init_layer(GraphState& state, std::string_view class_name, const Options& options);
    /// The same for layers of tf.keras.layers, whose names are counted from 0: "gru_cell", "gru_cell_1".
    void init_keras_layer(GraphState& state, std::string_view class_name, const Options& options);
    /// `build(input_shape)`: makes the variables. The shape is nested as the inputs are.
    virtual void build(GraphState& state, const Value& input_shape) = 0;
    virtual Value run(GraphState& state, const Value& inputs, const std::vector<Value>& arguments) = 0;
    VariableValue add_variable(GraphState& state, const std::string& name, Shape shape, Value initializer = {},
                               bool trainable = true);

    /// Layer.add_weight of Keras: a trainable resource variable in the current name scope.
    VariableValue add_weight(GraphState& state, const std::string& name, std::function<Value()> initial_value);
    /// `initializer(shape, dtype=dtype)`, to be asked for within `initial_value`.
    Value initial_value(GraphState& state, const Value& initializer, const std::vector<std::int64_t>& shape) const;

    std::optional<std::size_t> input_ndim_; ///< input_spec: the rank that inputs must have
    bool trainable_ = true;

  private:
    void build_once(GraphState& state, const Value& inputs); ///< Layer._maybe_build
    void set_scope(GraphState& state, const Value& scope);
    void check_inputs(GraphState& state, const Value& inputs) const;

    std::string name_;      ///< "gru_cell_1": counted in the graph
    std::string base_name_; ///< "gru_cell": what the scope is called
    DType dtype_ = DType::invalid;
    Reuse reuse_ = Reuse::none;
    bool built_ = false;
    bool is_keras_ = false;
    std::shared_ptr<VariableScope> scope_, current_scope_;
    std::vector<VariableValue> trainable_weights_, non_trainable_weights_;
};

/// generic_utils.to_snake_case: "BasicRNNCell" -> "basic_rnn_cell".
std::string to_snake_case(std::string_view name);
/// Calls a function value of the program; its error goes on as Python's would.
Value call_function(Context& context, const Value& function, std::vector<Value> arguments);

} // namespace rnnscope::tf1
