#pragma once

#include "core/tf1/layer.hpp"

#include <string>
#include <utility>
#include <vector>

namespace rnnscope::tf1 {

/// tf.nn.rnn_cell.RNNCell of 1.15 (rnn_cell_impl.py). Sizes are ints, shapes or (named) tuples of them; states and
/// outputs are nested in the same way.
class RnnCell : public Layer {
  public:
    virtual Value state_size(Context& context) const = 0;
    virtual Value output_size(Context& context) const = 0;
    /// `cell(inputs, state, scope)`: a pair (output, new_state).
    virtual std::pair<Value, Value> step(GraphState& state, const Value& inputs, const Value& cell_state,
                                         const Value& scope = {});
    virtual Value zero_state(GraphState& state, const Value& batch_size, DType dtype) const;
    /// `cell.get_initial_state(inputs=None, ...)`: what a run begins with that is given no state.
    virtual Value initial_state(GraphState& state, const Value& batch_size, DType dtype) const {
        return zero_state(state, batch_size, dtype);
    }
    /// Does its state come in a list, even a single one? So it is with cells of tf.keras.layers.
    virtual bool lists_states() const { return false; }
    /// Of cells that make variables: the attribute that `call` needs first. Python has none before `build`.
    virtual std::string_view first_weight() const { return {}; }
    void check_has_weights() const; ///< throws AttributeError when `call` would not find it
    /// `cell.call(inputs, state)`: without scope and build.
    virtual std::pair<Value, Value> step_once(GraphState& state, const Value& inputs, const Value& cell_state) = 0;

    Value call(Context& context, std::vector<Value> positional,
               std::vector<std::pair<std::string, Value>> keywords) override;
    Value attribute(Context& context, std::string_view name) override;
    std::vector<std::string> attribute_names() const override;
    std::vector<std::string> bases() const override { return {"RNNCell", "Layer"}; }

  protected:
    void build(GraphState&, const Value&) override {}
    Value run(GraphState& state, const Value& inputs, const std::vector<Value>& arguments) final;
    void check_dtype() const; ///< _check_supported_dtypes(self.dtype)

  private:
    std::shared_ptr<VariableScope> rnncell_scope_; ///< of the first call, for cells that are not layers
};

/// A cell that makes its variables in `build` (LayerRNNCell).
class LayerRnnCell : public RnnCell {
  public:
    std::pair<Value, Value> step(GraphState& state, const Value& inputs, const Value& cell_state,
                                 const Value& scope = {}) override;

  protected:
    Output activate(GraphState& state, Output x) const; ///< the activation that the program chose, or tanh
    static void check_input_dtypes(GraphState& state, const Value& inputs, const Value& cell_state);
    /// The last dimension of the inputs; throws ValueError when it is not known.
    static std::int64_t input_depth(const Value& input_shape);

    Value activation_; ///< None, a name, or a function
};

struct CellOptions {
    std::int64_t num_units = 0;
    Value activation, kernel_initializer, bias_initializer;
    Layer::Options layer;
};

class GruCell : public LayerRnnCell {
  public:
    GruCell(GraphState& state, CellOptions options);
    std::string type_name() const override { return "GRUCell"; }
    std::string_view first_weight() const override { return "_gate_kernel"; }
    Value state_size(Context&) const override { return num_units_; }
    Value output_size(Context&) const override { return num_units_; }

    std::pair<Value, Value> step_once(GraphState& state, const Value& inputs, const Value& cell_state) override;

  protected:
    void build(GraphState& state, const Value& input_shape) override;

  private:
    std::int64_t num_units_;
    Value kernel_initializer_, bias_initializer_;
    VariableValue gate_kernel_, gate_bias_, candidate_kernel_, candidate_bias_;
};

class BasicRnnCell : public LayerRnnCell {
  public:
    BasicRnnCell(GraphState& state, CellOptions options);
    std::string type_name() const override { return "BasicRNNCell"; }
    std::string_view first_weight() const override { return "_kernel"; }
    Value state_size(Context&) const override { return num_units_; }
    Value output_size(Context&) const override { return num_units_; }

    std::pair<Value, Value> step_once(GraphState& state, const Value& inputs, const Value& cell_state) override;

  protected:
    void build(GraphState& state, const Value& input_shape) override;

  private:
    std::int64_t num_units_;
    VariableValue kernel_, bias_;
};

struct LstmOptions {
    std::int64_t num_units = 0;
    double forget_bias = 1.0;
    bool state_is_tuple = true;
    Value activation;
    Layer::Options layer;
    // LSTMCell alone:
    bool use_peepholes = false;
    std::optional<double> cell_clip, proj_clip;
    std::optional<std::int64_t> num_proj;
    Value initializer;
};

class BasicLstmCell : public LayerRnnCell {
  public:
    BasicLstmCell(GraphState& state, LstmOptions options);
    std::string type_name() const override { return "BasicLSTMCell"; }
    std::string_view first_weight() const override { return "_kernel"; }
    Value state_size(Context& context) const override;
    Value output_size(Context&) const override { return options_.num_units; }

    std::pair<Value, Value> step_once(GraphState& state, const Value& inputs, const Value& cell_state) override;

  protected:
    void build(GraphState& state, const Value& input_shape) override;

  private:
    LstmOptions options_;
    VariableValue kernel_, bias_;
};

class LstmCell : public LayerRnnCell {
  public:
    LstmCell(GraphState& state, LstmOptions options);
    std::string type_name() const override { return "LSTMCell"; }
    std::string_view first_weight() const override { return "_kernel"; }
    Value state_size(Context& context) const override;
    Value output_size(Context&) const override { return options_.num_proj.value_or(options_.num_units); }

    std::pair<Value, Value> step_once(GraphState& state, const Value& inputs, const Value& cell_state) override;

  protected:
    void build(GraphState& state, const Value& input_shape) override;

  private:
    Output gate(GraphState& state, const Value& x, const VariableValue& peephole, const Value& memory) const;

    LstmOptions options_;
    VariableValue kernel_, bias_, w_f_diag_, w_i_diag_, w_o_diag_, proj_kernel_;
};

/// tf.nn.rnn_cell.LSTMStateTuple(c, h).
Value lstm_state_tuple(Value c, Value h);

class MultiRnnCell : public RnnCell {
  public:
    /// `cells` is kept as it is: a list that grows later makes the cell grow, as in Python.
    MultiRnnCell(GraphState& state, Value cells, bool state_is_tuple);
    std::string type_name() const override { return "MultiRNNCell"; }
    Value state_size(Context& context) const override;
    Value output_size(Context& context) const override;
    Value zero_state(GraphState& state, const Value& batch_size, DType dtype) const override;
    std::vector<VariableValue> trainable_weights() const override;
    std::vector<VariableValue> non_trainable_weights() const override;
    std::pair<Value, Value> step_once(GraphState& state, const Value& inputs, const Value& cell_state) override;

  private:
    std::vector<std::shared_ptr<RnnCell>> cells() const;

    Value cells_;
    bool state_is_tuple_;
};

/// A cell around another one: it has no scope and no variables of its own (_RNNCellWrapperV1).
class CellWrapper : public RnnCell {
  public:
    Value state_size(Context& context) const override { return cell_->state_size(context); }
    Value output_size(Context& context) const override { return cell_->output_size(context); }
    Value zero_state(GraphState& state, const Value& batch_size, DType dtype) const override;
    std::vector<VariableValue> trainable_weights() const override { return cell_->trainable_weights(); }
    std::vector<VariableValue> non_trainable_weights() const override { return cell_->non_trainable_weights(); }
    std::pair<Value, Value> step_once(GraphState& state, const Value& inputs, const Value& cell_state) override;
    Value attribute(Context& context, std::string_view name) override;

  protected:
    explicit CellWrapper(const Value& cell);
    std::shared_ptr<RnnCell> cell_;
};

struct DropoutOptions {
    Value cell;
    Value input_keep_prob = 1.0, output_keep_prob = 1.0, state_keep_prob = 1.0;
    Value seed; ///< an int or None
    bool variational_recurrent = false;
    Value input_size;   ///< sizes of the inputs, nested as they are; with `variational_recurrent`
    Value dtype;        ///< of the masks; with `variational_recurrent`
    Value state_filter; ///< function of a state that says which of its parts are dropped; None: TensorFlow's own
};

class DropoutWrapper : public CellWrapper {
  public:
    DropoutWrapper(GraphState& state, const DropoutOptions& options);
    std::string type_name() const override { return "DropoutWrapper"; }
    std::pair<Value, Value> step(GraphState& state, const Value& inputs, const Value& cell_state,
                                 const Value& scope = {}) override;

  private:
    void make_masks(GraphState& state, const DropoutOptions& options);
    std::optional<std::int64_t> seed_for(std::string_view salt, std::size_t index) const;
    Value dropped(GraphState& state, const Value& values, std::string_view salt, const Value& keep_prob,
                  const Value& noise) const;
    Value dropped_state(GraphState& state, const Value& cell_state) const;
    Value dropped_leaf(GraphState& state, const Value& leaf, std::string_view salt, std::size_t index,
                       const Value& keep_prob, const Value& noise) const;

    Value input_keep_prob_, output_keep_prob_, state_keep_prob_; ///< a float when it is constant, else a tensor
    std::optional<std::int64_t> seed_;
    bool variational_;
    Value input_noise_, state_noise_, output_noise_; ///< random tensors that all steps share; None unless variational
    Value state_filter_;
};

class ResidualWrapper : public CellWrapper {
  public:
    ResidualWrapper(GraphState& state, const Value& cell, Value residual_fn);
    std::string type_name() const override { return "ResidualWrapper"; }
    std::pair<Value, Value> step(GraphState& state, const Value& inputs, const Value& cell_state,
                                 const Value& scope = {}) override;

  private:
    Value residual_fn_;
};

/// Runs its cell on a device.
class DeviceWrapper : public CellWrapper {
  public:
    DeviceWrapper(GraphState& state, const Value& cell, std::optional<std::string> device);
    std::string type_name() const override { return "DeviceWrapper"; }
    Value zero_state(GraphState& state, const Value& batch_size, DType dtype) const override;
    std::pair<Value, Value> step(GraphState& state, const Value& inputs, const Value& cell_state,
                                 const Value& scope = {}) override;

  private:
    std::optional<std::string> device_;
};

/// rnn_cell_impl.assert_like_rnncell: the cell, or TypeError "The argument 'cell' (...) is not an RNNCell: ...".
std::shared_ptr<RnnCell> to_cell(std::string_view argument, const Value& value);

} // namespace rnnscope::tf1
