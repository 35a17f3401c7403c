#include "core/ops/lstm_cell.hpp"

#include <algorithm>
#include <cmath>

namespace rnnscope::ops {
namespace {

double sigmoid(double x) {
    return 1 / (1 + std::exp(-x));
}

} // namespace

LstmGates lstm_forward(const LstmWeights& weights, std::int64_t batch, std::span<const double> x,
                       std::span<const double> cs_prev, std::span<const double> h_prev) {
    const auto cells = static_cast<std::size_t>(weights.cells);
    Numbers icfo = repeated(weights.b, batch);
    add_product(side_by_side(x, h_prev, batch), weights.w, icfo, batch, weights.inputs + weights.cells,
                4 * weights.cells);
    LstmGates gates;
    for (Numbers* gate : {&gates.i, &gates.cs, &gates.f, &gates.o, &gates.ci, &gates.co, &gates.h})
        gate->resize(cells * static_cast<std::size_t>(batch));
    for (std::size_t k = 0; k < gates.i.size(); ++k) {
        const std::size_t c = k % cells;
        const double* z = icfo.data() + k / cells * 4 * cells + c;
        const auto peep = [&](const Numbers& w, double state) { return weights.use_peephole ? w[c] * state : 0; };
        gates.i[k] = sigmoid(z[0] + peep(weights.wci, cs_prev[k]));
        gates.ci[k] = std::tanh(z[cells]);
        gates.f[k] = sigmoid(z[2 * cells] + weights.forget_bias + peep(weights.wcf, cs_prev[k]));
        double state = gates.ci[k] * gates.i[k] + gates.f[k] * cs_prev[k];
        if (weights.cell_clip > 0 && !std::isnan(state)) // clamp() must not see a NaN
            state = std::clamp(state, -weights.cell_clip, weights.cell_clip);
        gates.cs[k] = state;
        gates.co[k] = std::tanh(state);
        gates.o[k] = sigmoid(z[3 * cells] + peep(weights.wco, state));
        gates.h[k] = gates.o[k] * gates.co[k];
    }
    return gates;
}

LstmGradients lstm_backward(const LstmWeights& weights, std::int64_t batch, std::span<const double> cs_prev,
                            const LstmGates& gates, std::span<const double> cs_grad, std::span<const double> h_grad) {
    const auto cells = static_cast<std::size_t>(weights.cells);
    LstmGradients result;
    result.cs_prev.resize(cells * static_cast<std::size_t>(batch));
    result.dicfo.resize(4 * result.cs_prev.size());
    for (Numbers* w : {&result.wci, &result.wcf, &result.wco}) w->assign(cells, 0.0);
    for (std::size_t k = 0; k < result.cs_prev.size(); ++k) {
        const std::size_t c = k % cells;
        const double i = gates.i[k], ci = gates.ci[k], f = gates.f[k], o = gates.o[k], co = gates.co[k];
        const double d_o = o * (1 - o) * h_grad[k] * co;
        double dcs = (1 - co * co) * h_grad[k] * o + cs_grad[k];
        if (weights.use_peephole) dcs += d_o * weights.wco[c];
        const double di = i * (1 - i) * dcs * ci, df = f * (1 - f) * dcs * cs_prev[k];
        double* dicfo = result.dicfo.data() + k / cells * 4 * cells + c;
        dicfo[0] = di;
        dicfo[cells] = (1 - ci * ci) * dcs * i;
        dicfo[2 * cells] = df;
        dicfo[3 * cells] = d_o;
        result.cs_prev[k] = dcs * f;
        if (!weights.use_peephole) continue;
        result.cs_prev[k] += di * weights.wci[c] + df * weights.wcf[c];
        result.wci[c] += di * cs_prev[k];
        result.wcf[c] += df * cs_prev[k];
        result.wco[c] += d_o * gates.cs[k];
    }
    return result;
}

} // namespace rnnscope::ops
