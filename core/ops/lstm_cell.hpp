#pragma once

#include "core/ops/dense.hpp"

#include <span>

/// The arithmetic of TensorFlow's fused LSTM ops (lstm_ops.h, LSTMBlockCellFprop and LSTMBlockCellBprop), in double.
namespace rnnscope::ops {

struct LstmWeights {
    std::int64_t inputs = 0, cells = 0;
    Numbers w; ///< [inputs + cells, 4 cells], columns i, ci, f, o
    Numbers wci, wcf, wco, b;
    bool use_peephole = false;
    double forget_bias = 0;
    double cell_clip = 0; ///< no clipping when it is not positive
};

/// What one time step makes, each [batch, cells].
struct LstmGates {
    Numbers i, cs, f, o, ci, co, h;
};

LstmGates lstm_forward(const LstmWeights& weights, std::int64_t batch, std::span<const double> x,
                       std::span<const double> cs_prev, std::span<const double> h_prev);

struct LstmGradients {
    Numbers cs_prev; ///< [batch, cells]
    Numbers dicfo;   ///< [batch, 4 cells], with respect to what the gates' activations get
    Numbers wci, wcf, wco;
};

/// `gates` are what the forward step made; the gradients arrive at its cs and h.
LstmGradients lstm_backward(const LstmWeights& weights, std::int64_t batch, std::span<const double> cs_prev,
                            const LstmGates& gates, std::span<const double> cs_grad, std::span<const double> h_grad);

} // namespace rnnscope::ops
