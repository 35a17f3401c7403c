#pragma once

#include "core/tf1/api.hpp"
#include "core/tf1/cells.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Recurrent cells and layers of tf.keras.layers in graph mode (python/keras/layers/recurrent.py, 1.15). Their
/// variables are resource variables in the name scope of the first call.
namespace rnnscope::tf1 {

struct KerasCellOptions {
    std::string class_name; ///< "GRUCell"
    std::int64_t units = 0;
    Value activation, recurrent_activation; ///< functions; None is the identity
    bool use_bias = true;
    Value kernel_initializer, recurrent_initializer, bias_initializer; ///< called with a shape and a dtype
    bool unit_forget_bias = true;                                      ///< LSTM: the bias of f begins with ones
    bool one_product = false; ///< implementation=2: all gates by one product, not one for each
    bool reset_after = false; ///< GRU: r multiplies the product, which has a bias of its own, not h before it
    Layer::Options layer;
};

class KerasCell : public RnnCell {
  public:
    std::string type_name() const override { return options_.class_name; }
    std::string_view first_weight() const override { return "kernel"; }
    std::vector<std::string> bases() const override { return {"AbstractRNNCell", "Layer"}; }
    Value state_size(Context&) const override { return options_.units; }
    Value output_size(Context&) const override { return options_.units; }
    bool lists_states() const override { return true; }
    /// Throws AttributeError: these cells have get_initial_state only.
    Value zero_state(GraphState& state, const Value& batch_size, DType dtype) const override;
    Value initial_state(GraphState& state, const Value& batch_size, DType dtype) const override;
    std::pair<Value, Value> step(GraphState& state, const Value& inputs, const Value& states,
                                 const Value& scope = {}) override;
    Value call(Context& context, std::vector<Value> positional,
               std::vector<std::pair<std::string, Value>> keywords) override;
    Value attribute(Context& context, std::string_view name) override;
    std::vector<std::string> attribute_names() const override;

  protected:
    KerasCell(GraphState& state, KerasCellOptions options);
    /// Makes "kernel", "recurrent_kernel" and "bias" for so many gates.
    void make_weights(GraphState& state, const Value& input_shape, std::int64_t gates);
    virtual Value initial_bias(GraphState& state, const std::vector<std::int64_t>& shape) const;
    Output recurrent(GraphState& state, Output x) const; ///< recurrent_activation(x)
    Output activate(GraphState& state, Output x) const;  ///< activation(x)

    KerasCellOptions options_;
    VariableValue kernel_, recurrent_kernel_, bias_;
};

class KerasSimpleRnnCell : public KerasCell {
  public:
    KerasSimpleRnnCell(GraphState& state, KerasCellOptions options) : KerasCell(state, std::move(options)) {}
    std::pair<Value, Value> step_once(GraphState& state, const Value& inputs, const Value& states) override;

  protected:
    void build(GraphState& state, const Value& input_shape) override { make_weights(state, input_shape, 1); }
};

/// Gates in the order z (the u of GRUCell), r, and the candidate.
class KerasGruCell : public KerasCell {
  public:
    KerasGruCell(GraphState& state, KerasCellOptions options) : KerasCell(state, std::move(options)) {}
    std::string_view first_weight() const override { return options_.use_bias ? "bias" : "kernel"; }
    std::pair<Value, Value> step_once(GraphState& state, const Value& inputs, const Value& states) override;

  protected:
    void build(GraphState& state, const Value& input_shape) override { make_weights(state, input_shape, 3); }

  private:
    struct Gates {
        Output z, candidate;
    };
    Gates by_gate(GraphState& state, const Value& inputs, const Value& h, const Value& input_bias,
                  const Value& recurrent_bias) const;
    Gates by_product(GraphState& state, const Value& inputs, const Value& h, const Value& input_bias,
                     const Value& recurrent_bias) const;
};

/// Gates in the order i, f, the candidate, o. The state is the list [h, c].
class KerasLstmCell : public KerasCell {
  public:
    KerasLstmCell(GraphState& state, KerasCellOptions options) : KerasCell(state, std::move(options)) {}
    Value state_size(Context&) const override { return Value::list({options_.units, options_.units}); }
    std::pair<Value, Value> step_once(GraphState& state, const Value& inputs, const Value& states) override;

  protected:
    void build(GraphState& state, const Value& input_shape) override { make_weights(state, input_shape, 4); }
    Value initial_bias(GraphState& state, const std::vector<std::int64_t>& shape) const override;

  private:
    struct Memory {
        Output c, o;
    };
    Memory by_gate(GraphState& state, const Value& inputs, const Value& h, const Value& c) const;
    Memory by_product(GraphState& state, const Value& inputs, const Value& h, const Value& c) const;
};

struct KerasRnnOptions {
    std::string class_name = "RNN"; ///< "GRU", ...
    std::shared_ptr<KerasCell> cell;
    bool return_sequences = false, return_state = false, go_backwards = false, unroll = false, time_major = false;
    Layer::Options layer;
};

/// A layer that runs a cell over time: tf.keras.layers.RNN, and GRU, LSTM and SimpleRNN, which bring their cells.
class KerasRnn : public Layer {
  public:
    KerasRnn(GraphState& state, KerasRnnOptions options);
    std::string type_name() const override { return options_.class_name; }
    std::vector<std::string> bases() const override { return {"RNN", "Layer"}; }
    std::vector<VariableValue> trainable_weights() const override;
    std::vector<VariableValue> non_trainable_weights() const override;
    Value call(Context& context, std::vector<Value> positional,
               std::vector<std::pair<std::string, Value>> keywords) override;
    Value attribute(Context& context, std::string_view name) override;
    std::vector<std::string> attribute_names() const override;

  protected:
    void build(GraphState& state, const Value& input_shape) override;
    Value run(GraphState& state, const Value& inputs, const std::vector<Value>& arguments) override;

  private:
    void check_first_states(GraphState& state, const Value& states) const;

    KerasRnnOptions options_;
    Shape input_spec_ = Shape::unknown_rank(); ///< of the inputs, once it is built
    bool has_run_ = false;
};

std::vector<ApiDef> keras_api();

} // namespace rnnscope::tf1
