#pragma once

#include "core/tf1/api.hpp"
#include "core/tf1/cells.hpp"

#include <optional>
#include <vector>

namespace rnnscope::tf1 {

/// core_rnn_cell._Linear of contrib: a linear map whose variables "kernel" and "bias" are made at its first use, in the
/// variable scope of that moment.
class LazyLinear {
  public:
    /// `args`: a matrix, or a list of matrices that are joined along their columns.
    Output apply(GraphState& state, const Value& args, std::int64_t output_size);
    bool made() const { return made_; }
    std::vector<VariableValue> variables() const { return {kernel_, bias_}; }

  private:
    void make(GraphState& state, const std::vector<Value>& args, std::int64_t output_size);

    bool made_ = false;
    VariableValue kernel_, bias_;
};

/// What InputProjectionWrapper and OutputProjectionWrapper share (contrib/rnn/python/ops/core_rnn_cell.py, 1.15). They
/// are cells of their own, with a scope, not wrappers without one.
class ProjectionWrapper : public RnnCell {
  public:
    Value state_size(Context& context) const override { return cell_->state_size(context); }
    Value zero_state(GraphState& state, const Value& batch_size, DType dtype) const override;
    std::vector<VariableValue> trainable_weights() const override;
    std::vector<VariableValue> non_trainable_weights() const override;

  protected:
    explicit ProjectionWrapper(Value activation) : activation_(std::move(activation)) {}
    void init(GraphState& state, std::string_view class_name, Reuse reuse, const Value& cell);
    /// The cell's step; variables that it makes meanwhile belong to the wrapper, too.
    std::pair<Value, Value> inner_step(GraphState& state, const Value& inputs, const Value& cell_state);
    Value projected(GraphState& state, const Value& args, std::int64_t size);

    std::shared_ptr<RnnCell> cell_;

  private:
    Value activation_; ///< a function, or None
    LazyLinear linear_;
    std::vector<VariableValue> trainable_, non_trainable_;
};

class InputProjectionWrapper : public ProjectionWrapper {
  public:
    InputProjectionWrapper(GraphState& state, const Value& cell, std::int64_t num_proj, Value activation, Reuse reuse);
    std::string type_name() const override { return "InputProjectionWrapper"; }
    Value output_size(Context& context) const override { return cell_->output_size(context); }
    std::pair<Value, Value> step_once(GraphState& state, const Value& inputs, const Value& cell_state) override;

  private:
    std::int64_t num_proj_;
};

class OutputProjectionWrapper : public ProjectionWrapper {
  public:
    OutputProjectionWrapper(GraphState& state, const Value& cell, std::int64_t output_size, Value activation,
                            Reuse reuse);
    std::string type_name() const override { return "OutputProjectionWrapper"; }
    Value output_size(Context&) const override { return output_size_; }
    std::pair<Value, Value> step_once(GraphState& state, const Value& inputs, const Value& cell_state) override;

  private:
    std::int64_t output_size_;
};

/// tf.contrib.rnn.GRUBlockCell, and V2 with the names that GRUCell gives its variables (gru_ops.py, 1.15).
class GruBlockCell : public LayerRnnCell {
  public:
    GruBlockCell(GraphState& state, std::optional<std::int64_t> num_units, std::optional<std::int64_t> cell_size,
                 Layer::Options options, bool is_v2);
    std::string type_name() const override { return is_v2_ ? "GRUBlockCellV2" : "GRUBlockCell"; }
    std::string_view first_weight() const override { return "_gate_kernel"; }
    Value state_size(Context&) const override { return cell_size_; }
    Value output_size(Context&) const override { return cell_size_; }
    std::pair<Value, Value> step_once(GraphState& state, const Value& inputs, const Value& h_prev) override;

  protected:
    void build(GraphState& state, const Value& input_shape) override;

  private:
    bool is_v2_;
    std::int64_t cell_size_ = 0;
    VariableValue w_ru_, w_c_, b_ru_, b_c_;
};

struct LstmBlockOptions {
    std::int64_t num_units = 0;
    double forget_bias = 1.0;
    std::optional<double> cell_clip;
    bool use_peephole = false;
    std::string class_name = "LSTMBlockCell"; ///< or "CudnnCompatibleLSTMCell"
    Layer::Options layer;
};

/// tf.contrib.rnn.LSTMBlockCell (lstm_ops.py, 1.15).
class LstmBlockCell : public LayerRnnCell {
  public:
    LstmBlockCell(GraphState& state, LstmBlockOptions options);
    std::string type_name() const override { return options_.class_name; }
    std::string_view first_weight() const override { return options_.use_peephole ? "_w_i_diag" : "_kernel"; }
    Value state_size(Context&) const override;
    Value output_size(Context&) const override { return options_.num_units; }
    std::pair<Value, Value> step_once(GraphState& state, const Value& inputs, const Value& cell_state) override;

  protected:
    void build(GraphState& state, const Value& input_shape) override;

  private:
    LstmBlockOptions options_;
    VariableValue kernel_, bias_, w_i_diag_, w_f_diag_, w_o_diag_;
};

/// tf.contrib.cudnn_rnn.CudnnCompatibleGRUCell (cudnn_rnn_ops.py, 1.15): the reset gate multiplies the product.
class CudnnCompatibleGruCell : public LayerRnnCell {
  public:
    CudnnCompatibleGruCell(GraphState& state, std::int64_t num_units, Value kernel_initializer, Layer::Options options);
    std::string type_name() const override { return "CudnnCompatibleGRUCell"; }
    std::string_view first_weight() const override { return "_gate_kernel"; }
    Value state_size(Context&) const override { return num_units_; }
    Value output_size(Context&) const override { return num_units_; }
    std::pair<Value, Value> step_once(GraphState& state, const Value& inputs, const Value& cell_state) override;

  protected:
    void build(GraphState& state, const Value& input_shape) override;

  private:
    std::int64_t num_units_;
    Value kernel_initializer_;
    VariableValue gate_kernel_, gate_bias_, input_kernel_, hidden_kernel_, input_bias_, hidden_bias_;
};

/// The records of tf.contrib.rnn.*: cells that are there alone, and other names of those of tf.nn.
std::vector<ApiDef> contrib_rnn_api();
/// tf.contrib.rnn.LSTMBlockFusedCell, which takes a whole sequence and is no cell.
std::vector<ApiDef> fused_rnn_api();

} // namespace rnnscope::tf1
