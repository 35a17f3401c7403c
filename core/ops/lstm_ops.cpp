#include "core/ops/lstm_cell.hpp"

#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <array>

#include <fmt/format.h>

// The fused LSTM ops of contrib.rnn (core/ops/rnn_ops.cc, core/kernels/lstm_ops.cc).
namespace rnnscope::ops {
namespace {

Status block_cell_shape(ShapeContext& ctx) {
    const auto x = with_rank(ctx.input(0), 2), cs_prev = with_rank(ctx.input(1), 2);
    if (!x) return x.error();
    if (!cs_prev) return cs_prev.error();
    for (std::size_t i = 0; i < ctx.outputs(); ++i) ctx.set_output(i, {x->dim(0), cs_prev->dim(1)});
    return {};
}

Status block_cell_grad_shape(ShapeContext& ctx) {
    const auto x = with_rank(ctx.input(0), 2), cs_prev = with_rank(ctx.input(1), 2);
    if (!x) return x.error();
    if (!cs_prev) return cs_prev.error();
    const std::int64_t batch = x->dim(0), cells = cs_prev->dim(1);
    ctx.set_output(0, {batch, cells});
    std::int64_t columns = cells;
    if (cells != Shape::unknown && __builtin_mul_overflow(cells, std::int64_t{4}, &columns))
        return invalid_argument(fmt::format("a state of {} columns is too wide", cells));
    ctx.set_output(1, {batch, columns});
    for (std::size_t i = 2; i < 5; ++i) ctx.set_output(i, {cells});
    return {};
}

Status block_shape(ShapeContext& ctx) {
    const auto x = with_rank(ctx.input(1), 3), b = with_rank(ctx.input(8), 1);
    if (!x) return x.error();
    if (!b) return b.error();
    std::int64_t cells = b->dim(0);
    if (cells != Shape::unknown) {
        if (cells % 4 != 0)
            return invalid_argument(fmt::format("Dimension size must be evenly divisible by 4 but is {}", cells));
        cells /= 4;
    }
    for (std::size_t i = 0; i < ctx.outputs(); ++i) ctx.set_output(i, {x->dim(0), x->dim(1), cells});
    return {};
}

Status block_grad_shape(ShapeContext& ctx) {
    constexpr std::array<std::size_t, 8> ranks = {3, 2, 2, 2, 1, 1, 1, 1};
    for (std::size_t i = 0; i < ranks.size(); ++i) {
        const auto shape = with_rank(ctx.input(i + 1), ranks[i]);
        if (!shape) return shape.error();
        ctx.set_output(i, *shape);
    }
    return {};
}

Status expect(bool holds, std::string_view what, std::int64_t is, std::int64_t wanted) {
    if (holds) return {};
    return invalid_argument(fmt::format("{}: {} vs. {}", what, is, wanted));
}

/// The inputs that all four ops have in this order: x, cs_prev, h_prev, w, wci, wcf, wco, b. `x_rank` is 3 with time.
struct Sizes {
    std::int64_t time = 1, batch = 0;
    LstmWeights weights;
};
Result<Sizes> read_inputs(const KernelContext& ctx, std::size_t first, std::size_t x_rank) {
    constexpr std::array<const char*, 8> names = {"x", "cs_prev", "h_prev", "w", "wci", "wcf", "wco", "b"};
    const std::array<std::size_t, 8> ranks = {x_rank, 2, 2, 2, 1, 1, 1, 1};
    Sizes sizes;
    sizes.weights.use_peephole = ctx.attr<bool>("use_peephole");
    const auto shape = [&](std::size_t i) -> const Shape& { return ctx.input(first + i).shape(); };
    for (std::size_t i = 0; i < names.size(); ++i)
        if (const bool used = sizes.weights.use_peephole || i < 4 || i > 6; used && shape(i).rank() != ranks[i])
            return invalid_argument(fmt::format("{} must be {}D", names[i], ranks[i]));
    if (x_rank == 3) sizes.time = shape(0).dim(0);
    const std::int64_t batch = sizes.batch = shape(0).dim(x_rank - 2);
    const std::int64_t inputs = sizes.weights.inputs = shape(0).dim(x_rank - 1);
    const std::int64_t cells = sizes.weights.cells = shape(1).dim(1);
    RNNSCOPE_TRY(expect(shape(1).dim(0) == batch, "cs_prev.dims(0) != batch_size", shape(1).dim(0), batch));
    RNNSCOPE_TRY(expect(shape(2).dim(0) == batch, "h_prev.dims(0) != batch_size", shape(2).dim(0), batch));
    RNNSCOPE_TRY(expect(shape(2).dim(1) == cells, "h_prev.dims(1) != cell_size", shape(2).dim(1), cells));
    RNNSCOPE_TRY(expect(shape(3).dim(0) == inputs + cells, "w.dim_size(0) != input_size + cell_size", shape(3).dim(0),
                        inputs + cells));
    RNNSCOPE_TRY(expect(shape(3).dim(1) == cells * 4, "w.dim_size(1) != cell_size * 4", shape(3).dim(1), cells * 4));
    RNNSCOPE_TRY(expect(shape(7).dim(0) == cells * 4, "b.dim_size(0) != cell_size * 4", shape(7).dim(0), cells * 4));
    if (!is_dense_type(ctx.input(first).dtype())) return no_kernel(ctx, ctx.input(first).dtype());
    LstmWeights& weights = sizes.weights;
    weights.w = numbers_of(ctx.input(first + 3));
    weights.b = numbers_of(ctx.input(first + 7));
    if (!weights.use_peephole) return sizes;
    Numbers* const peepholes[] = {&weights.wci, &weights.wcf, &weights.wco};
    for (std::size_t i = 0; i < 3; ++i) {
        const std::int64_t size = shape(4 + i).dim(0);
        RNNSCOPE_TRY(expect(size == cells, fmt::format("{}.dim_size(0) != cell_size", names[4 + i]), size, cells));
        *peepholes[i] = numbers_of(ctx.input(first + 4 + i));
    }
    return sizes;
}

void set_outputs(KernelContext& ctx, const Shape& shape, const LstmGates& gates) {
    const Numbers* const outputs[] = {&gates.i, &gates.cs, &gates.f, &gates.o, &gates.ci, &gates.co, &gates.h};
    for (std::size_t i = 0; i < 7; ++i) ctx.set_output(i, rounded_to(ctx.attr<DType>("T"), shape, *outputs[i]));
}

Status block_cell(KernelContext& ctx) {
    auto sizes = read_inputs(ctx, 0, 2);
    if (!sizes) return sizes.error();
    sizes->weights.forget_bias = static_cast<double>(ctx.attr<float>("forget_bias"));
    sizes->weights.cell_clip = static_cast<double>(ctx.attr<float>("cell_clip"));
    set_outputs(ctx, {sizes->batch, sizes->weights.cells},
                lstm_forward(sizes->weights, sizes->batch, numbers_of(ctx.input(0)), numbers_of(ctx.input(1)),
                             numbers_of(ctx.input(2))));
    return {};
}

/// Inputs from `first` on must all have this shape.
Status all_of_shape(const KernelContext& ctx, std::size_t first, const Shape& shape) {
    for (std::size_t i = first; i < ctx.inputs(); ++i)
        if (ctx.input(i).shape() != shape)
            return invalid_argument(fmt::format("input {} of {} has shape {}, not {}", i, ctx.node().op,
                                                to_text(ctx.input(i).shape()), to_text(shape)));
    return {};
}

Status block_cell_grad(KernelContext& ctx) {
    const auto sizes = read_inputs(ctx, 0, 2);
    if (!sizes) return sizes.error();
    const Shape shape{sizes->batch, sizes->weights.cells};
    RNNSCOPE_TRY(all_of_shape(ctx, 8, shape));
    LstmGates gates;
    Numbers* const made[] = {&gates.i, &gates.cs, &gates.f, &gates.o, &gates.ci, &gates.co};
    for (std::size_t i = 0; i < 6; ++i) *made[i] = numbers_of(ctx.input(8 + i));
    const LstmGradients gradients = lstm_backward(sizes->weights, sizes->batch, numbers_of(ctx.input(1)), gates,
                                                  numbers_of(ctx.input(14)), numbers_of(ctx.input(15)));
    const auto dtype = ctx.attr<DType>("T");
    const std::int64_t cells = sizes->weights.cells;
    ctx.set_output(0, rounded_to(dtype, shape, gradients.cs_prev));
    ctx.set_output(1, rounded_to(dtype, {sizes->batch, 4 * cells}, gradients.dicfo));
    ctx.set_output(2, rounded_to(dtype, {cells}, gradients.wci));
    ctx.set_output(3, rounded_to(dtype, {cells}, gradients.wcf));
    ctx.set_output(4, rounded_to(dtype, {cells}, gradients.wco));
    return {};
}

/// The number of steps that are computed, at most as many as there are.
Result<std::int64_t> steps_of(const KernelContext& ctx, std::int64_t time) {
    const Tensor& most = ctx.input(0);
    if (most.shape().rank() != 0)
        return invalid_argument(fmt::format("seq_len_max must be a scalar, got shape {}", to_text(most.shape())));
    const std::int64_t steps = most.integer(0);
    if (steps < 0 || steps > time)
        return invalid_argument(fmt::format("seq_len_max must be in [0, {}], but is {}", time, steps));
    return steps;
}

/// What the next step would read back from a tensor of this type.
void round_in_place(DType dtype, Numbers& numbers) {
    visit_float(dtype, [&](auto zero) {
        for (double& x : numbers) x = static_cast<double>(static_cast<decltype(zero)>(x));
    });
}

/// Step `t` of a tensor [time, ...] that was read as numbers.
std::span<const double> step_of(const Numbers& numbers, std::int64_t t, std::int64_t time) {
    const std::size_t size = numbers.size() / static_cast<std::size_t>(time);
    return std::span(numbers).subspan(static_cast<std::size_t>(t) * size, size);
}

Status block(KernelContext& ctx) {
    auto sizes = read_inputs(ctx, 1, 3);
    if (!sizes) return sizes.error();
    const auto steps = steps_of(ctx, sizes->time);
    if (!steps) return steps.error();
    LstmWeights& weights = sizes->weights;
    weights.forget_bias = static_cast<double>(ctx.attr<float>("forget_bias"));
    weights.cell_clip = static_cast<double>(ctx.attr<float>("cell_clip"));
    const Shape shape{sizes->time, sizes->batch, weights.cells};
    const auto dtype = ctx.attr<DType>("T");
    RNNSCOPE_TRY(check_allocation(dtype, shape));
    const Numbers x = numbers_of(ctx.input(1));
    Numbers cs = numbers_of(ctx.input(2)), h = numbers_of(ctx.input(3));
    LstmGates all;
    for (std::int64_t t = 0; t < *steps; ++t) {
        LstmGates gates = lstm_forward(weights, sizes->batch, step_of(x, t, sizes->time), cs, h);
        cs = gates.cs;
        h = gates.h;
        round_in_place(dtype, cs);
        round_in_place(dtype, h);
        const auto append = [](Numbers& to, const Numbers& from) { to.insert(to.end(), from.begin(), from.end()); };
        append(all.i, gates.i);
        append(all.cs, gates.cs);
        append(all.f, gates.f);
        append(all.o, gates.o);
        append(all.ci, gates.ci);
        append(all.co, gates.co);
        append(all.h, gates.h);
    }
    // Steps after the last one are 0, as TensorFlow makes them for cs and h.
    for (Numbers* output : {&all.i, &all.cs, &all.f, &all.o, &all.ci, &all.co, &all.h})
        output->resize(static_cast<std::size_t>(shape.elements()), 0.0);
    set_outputs(ctx, shape, all);
    return {};
}

void add_to(Numbers& sum, std::span<const double> terms) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += terms[i];
}

/// One step of BlockLSTMGrad: what arrives from the step after it is in `cs_grad` and `h_grad`, and what it hands to
/// the step before is left there.
struct BlockGradient {
    const LstmWeights& weights;
    std::int64_t batch;
    Numbers cs_grad, h_grad, w, wci, wcf, wco, b;

    Numbers step(std::span<const double> x, std::span<const double> cs_prev, std::span<const double> h_prev,
                 const LstmGates& gates) {
        const std::int64_t cells = weights.cells, rows = weights.inputs + cells;
        const LstmGradients back = lstm_backward(weights, batch, cs_prev, gates, cs_grad, h_grad);
        Numbers xh(static_cast<std::size_t>(batch * rows), 0.0);
        add_product_right_transposed(back.dicfo, weights.w, xh, batch, 4 * cells, rows);
        add_product_left_transposed(side_by_side(x, h_prev, batch), back.dicfo, w, rows, batch, 4 * cells);
        for (std::size_t k = 0; k < back.dicfo.size(); ++k) b[k % b.size()] += back.dicfo[k];
        add_to(wci, back.wci);
        add_to(wcf, back.wcf);
        add_to(wco, back.wco);
        cs_grad = back.cs_prev;
        h_grad = columns_of(xh, batch, weights.inputs, cells);
        return columns_of(xh, batch, 0, weights.inputs);
    }
};

Status block_grad(KernelContext& ctx) {
    const auto sizes = read_inputs(ctx, 1, 3);
    if (!sizes) return sizes.error();
    const auto steps = steps_of(ctx, sizes->time);
    if (!steps) return steps.error();
    const LstmWeights& weights = sizes->weights;
    const std::int64_t time = sizes->time, batch = sizes->batch, cells = weights.cells;
    RNNSCOPE_TRY(all_of_shape(ctx, 9, {time, batch, cells}));
    std::array<Numbers, 18> in;
    for (std::size_t i = 1; i < in.size(); ++i) in[i] = numbers_of(ctx.input(i));
    const auto zeros = [](std::int64_t count) { return Numbers(static_cast<std::size_t>(count), 0.0); };
    BlockGradient gradient{weights,
                           batch,
                           zeros(batch * cells),
                           zeros(batch * cells),
                           zeros((weights.inputs + cells) * 4 * cells),
                           zeros(cells),
                           zeros(cells),
                           zeros(cells),
                           zeros(4 * cells)};
    Numbers x_grad = zeros(time * batch * weights.inputs);
    for (std::int64_t t = *steps; t-- > 0;) {
        const auto now = [&](std::size_t i) { return step_of(in[i], t, time); };
        const auto before = [&](std::size_t all, std::size_t first) {
            return t == 0 ? std::span<const double>(in[first]) : step_of(in[all], t - 1, time);
        };
        const auto own = [&](std::size_t i) { return Numbers(now(i).begin(), now(i).end()); };
        add_to(gradient.cs_grad, now(16));
        add_to(gradient.h_grad, now(17));
        const LstmGates gates{own(9), own(10), own(11), own(12), own(13), own(14), {}};
        const Numbers x = gradient.step(now(1), before(10, 2), before(15, 3), gates);
        std::copy(x.begin(), x.end(), x_grad.begin() + t * batch * weights.inputs);
    }
    const Numbers* const outputs[] = {&x_grad,       &gradient.cs_grad, &gradient.h_grad, &gradient.w,
                                      &gradient.wci, &gradient.wcf,     &gradient.wco,    &gradient.b};
    for (std::size_t i = 0; i < 8; ++i) {
        const bool unused = i >= 4 && i < 7 && !weights.use_peephole;
        ctx.set_output(i, unused ? Tensor::zeros(ctx.attr<DType>("T"), ctx.input(i + 1).shape())
                                 : rounded_to(ctx.attr<DType>("T"), ctx.input(i + 1).shape(), *outputs[i]));
    }
    return {};
}

constexpr auto lstm_formula = R"(i_bar, ci_bar, f_bar, o_bar = split(concat([x, h_prev], 1) @ w + b, 4, 1)
i = sigmoid(i_bar + use_peephole * wci * cs_prev)
ci = tanh(ci_bar)
f = sigmoid(f_bar + forget_bias + use_peephole * wcf * cs_prev)
cs = ci * i + f * cs_prev
cs = clip_by_value(cs, -cell_clip, cell_clip) if cell_clip > 0 else cs
o = sigmoid(o_bar + use_peephole * wco * cs)
co = tanh(cs)
h = o * co)";

constexpr auto lstm_grad_formula = R"(d_o = o * (1 - o) * h_grad * co
d_cs = (1 - co * co) * h_grad * o + cs_grad + use_peephole * d_o * wco
d_i = i * (1 - i) * d_cs * ci
d_ci = (1 - ci * ci) * d_cs * i
d_f = f * (1 - f) * d_cs * cs_prev
dicfo = concat([d_i, d_ci, d_f, d_o], 1)
cs_prev_grad = d_cs * f + use_peephole * (d_i * wci + d_f * wcf)
wci_grad = use_peephole * reduce_sum(d_i * cs_prev, 0)
wcf_grad = use_peephole * reduce_sum(d_f * cs_prev, 0)
wco_grad = use_peephole * reduce_sum(d_o * cs, 0))";

// Step t of a sequence is [t]; what no step makes is 0.
constexpr auto sequence_formula = R"(cs[-1], h[-1] = cs_prev, h_prev
for t in range(seq_len_max):
    i[t], cs[t], f[t], o[t], ci[t], co[t], h[t] = LSTMBlockCell(x[t], cs[t - 1], h[t - 1], w, wci, wcf, wco, b))";

constexpr auto sequence_grad_formula = R"(cs[-1], h[-1] = cs_prev, h_prev
cs_prev_grad, h_prev_grad, w_grad, wci_grad, wcf_grad, wco_grad, b_grad = 0, 0, 0, 0, 0, 0, 0
for t in reversed(range(seq_len_max)):
    d_cs, d_h = cs_grad[t] + cs_prev_grad, h_grad[t] + h_prev_grad
    cs_prev_grad, dicfo, d_wci, d_wcf, d_wco = LSTMBlockCellGrad(x[t], cs[t - 1], h[t - 1], w, wci, wcf, wco, b, i[t], cs[t], f[t], o[t], ci[t], co[t], d_cs, d_h)
    x_grad[t], h_prev_grad = split(dicfo @ transpose(w), [input_size, cell_size], 1)
    w_grad += transpose(concat([x[t], h[t - 1]], 1)) @ dicfo
    wci_grad, wcf_grad, wco_grad = wci_grad + d_wci, wcf_grad + d_wcf, wco_grad + d_wco
    b_grad += reduce_sum(dicfo, 0))";

constexpr auto lstm_types = "T: {half, float}";

OpBuilder with_args(OpBuilder builder, std::initializer_list<const char*> inputs,
                    std::initializer_list<const char*> outputs) {
    for (const char* input : inputs) std::move(builder).input(std::string(input) + ": T");
    for (const char* output : outputs) std::move(builder).output(std::string(output) + ": T");
    return builder;
}

} // namespace

void add_lstm_ops(OpRecords& ops) {
    using example::floats;
    const Tensor w = floats({2, 4}, {0.1F, 0.2F, 0.3F, 0.4F, -0.5F, 0.6F, 0.7F, -0.8F});
    const Tensor peep_i = floats({1}, {0.5F}), peep_f = floats({1}, {-0.25F}), peep_o = floats({1}, {0.75F});
    const Tensor b = floats({4}, {0.01F, 0.02F, 0.03F, 0.04F});
    ops.push_back(
        with_args(OpBuilder("LSTMBlockCell"), {"x", "cs_prev", "h_prev", "w", "wci", "wcf", "wco", "b"},
                  {"i", "cs", "f", "o", "ci", "co", "h"})
            .attr("forget_bias: float = 1")
            .attr("cell_clip: float = 3")
            .attr("use_peephole: bool = false")
            .attr(lstm_types)
            .summary("One step of an LSTM; gates in the order i, ci, f, o.")
            .formula(lstm_formula)
            .shape(block_cell_shape)
            .kernel(block_cell)
            .example({{floats({2, 1}, {1.0F, -2.0F}), floats({2, 1}, {0.5F, -4.0F}), floats({2, 1}, {0.25F, 0.5F}), w,
                       peep_i, peep_f, peep_o, b},
                      {{"use_peephole", true}},
                      {floats({2, 1}, {0.558481112F, 0.0801729122F}), floats({2, 1}, {0.597193186F, -3.0F}),
                       floats({2, 1}, {0.798991F, 0.855696866F}), floats({2, 1}, {0.665498471F, 0.0319843975F}),
                       floats({2, 1}, {0.353991712F, -0.0798297691F}), floats({2, 1}, {0.53504929F, -0.995054754F}),
                       floats({2, 1}, {0.356074485F, -0.0318262268F})}})
            .example({{floats({1, 1}, {1.0F}), floats({1, 1}, {0.5F}), floats({1, 1}, {0.25F}), w, peep_i, peep_f,
                       peep_o, b},
                      {{"forget_bias", 2.0F}, {"cell_clip", -1.0F}},
                      {floats({1, 1}, {0.49625007F}), floats({1, 1}, {0.63791421F}), floats({1, 1}, {0.924491596F}),
                       floats({1, 1}, {0.559713649F}), floats({1, 1}, {0.353991712F}), floats({1, 1}, {0.563477689F}),
                       floats({1, 1}, {0.315386154F})}}));
    ops.push_back(
        with_args(OpBuilder("LSTMBlockCellGrad"),
                  {"x", "cs_prev", "h_prev", "w", "wci", "wcf", "wco", "b", "i", "cs", "f", "o", "ci", "co", "cs_grad",
                   "h_grad"},
                  {"cs_prev_grad", "dicfo", "wci_grad", "wcf_grad", "wco_grad"})
            .attr("use_peephole: bool")
            .attr(lstm_types)
            .summary("Gradient of LSTMBlockCell.")
            .formula(lstm_grad_formula)
            .shape(block_cell_grad_shape)
            .kernel(block_cell_grad)
            .example(
                {{floats({1, 1}, {1.0F}), floats({1, 1}, {0.5F}), floats({1, 1}, {0.25F}), w, peep_i, peep_f, peep_o, b,
                  floats({1, 1}, {0.558481112F}), floats({1, 1}, {0.597193186F}), floats({1, 1}, {0.798991F}),
                  floats({1, 1}, {0.665498471F}), floats({1, 1}, {0.353991712F}), floats({1, 1}, {0.53504929F}),
                  floats({1, 1}, {0.3F}), floats({1, 1}, {-0.7F})},
                 {{"use_peephole", true}},
                 {floats({1, 1}, {-0.0781580553F}),
                  floats({1, 4}, {-0.00829387553F, -0.0464161621F, -0.00763016693F, -0.0833752217F}),
                  floats({1}, {-0.00414693775F}), floats({1}, {-0.00381508342F}), floats({1}, {-0.0497911142F})}}));
    const Tensor sequence = floats({3, 1, 1}, {1.0F, -2.0F, 5.0F});
    ops.push_back(with_args(OpBuilder("BlockLSTM").input("seq_len_max: int64"),
                            {"x", "cs_prev", "h_prev", "w", "wci", "wcf", "wco", "b"},
                            {"i", "cs", "f", "o", "ci", "co", "h"})
                      .attr("forget_bias: float = 1")
                      .attr("cell_clip: float = 3")
                      .attr("use_peephole: bool = false")
                      .attr(lstm_types)
                      .summary("All steps of an LSTM; gates in the order i, ci, f, o.")
                      .formula(sequence_formula)
                      .shape(block_shape)
                      .kernel(block)
                      .example({{example::longs({}, {2}), sequence, floats({1, 1}, {0.5F}), floats({1, 1}, {0.25F}), w,
                                 peep_i, peep_f, peep_o, b},
                                {{"use_peephole", true}},
                                {floats({3, 1, 1}, {0.558481112F, 0.48264681F, 0.0F}),
                                 floats({3, 1, 1}, {0.597193186F, 0.296358287F, 0.0F}),
                                 floats({3, 1, 1}, {0.798991F, 0.629472346F, 0.0F}),
                                 floats({3, 1, 1}, {0.665498471F, 0.305213967F, 0.0F}),
                                 floats({3, 1, 1}, {0.353991712F, -0.164837531F, 0.0F}),
                                 floats({3, 1, 1}, {0.53504929F, 0.287976422F, 0.0F}),
                                 floats({3, 1, 1}, {0.356074485F, 0.087894426F, 0.0F})}}));
    ops.push_back(
        with_args(OpBuilder("BlockLSTMGrad").input("seq_len_max: int64"),
                  {"x", "cs_prev", "h_prev", "w", "wci", "wcf", "wco", "b", "i", "cs", "f", "o", "ci", "co", "h",
                   "cs_grad", "h_grad"},
                  {"x_grad", "cs_prev_grad", "h_prev_grad", "w_grad", "wci_grad", "wcf_grad", "wco_grad", "b_grad"})
            .attr("use_peephole: bool")
            .attr(lstm_types)
            .summary("Gradient of BlockLSTM.")
            .formula(sequence_grad_formula)
            .shape(block_grad_shape)
            .kernel(block_grad)
            .example({{example::longs({}, {2}), sequence, floats({1, 1}, {0.5F}), floats({1, 1}, {0.25F}), w, peep_i,
                       peep_f, peep_o, b, floats({3, 1, 1}, {0.558481112F, 0.48264681F, 0.0F}),
                       floats({3, 1, 1}, {0.597193186F, 0.296358287F, 0.0F}),
                       floats({3, 1, 1}, {0.798991F, 0.629472346F, 0.0F}),
                       floats({3, 1, 1}, {0.665498471F, 0.305213967F, 0.0F}),
                       floats({3, 1, 1}, {0.353991712F, -0.164837531F, 0.0F}),
                       floats({3, 1, 1}, {0.53504929F, 0.287976422F, 0.0F}),
                       floats({3, 1, 1}, {0.356074485F, 0.087894426F, 0.0F}), floats({3, 1, 1}, {0.3F, -0.2F, 9.0F}),
                       floats({3, 1, 1}, {-0.7F, 0.4F, 9.0F})},
                      {{"use_peephole", true}},
                      {floats({3, 1, 1}, {-0.0567268756F, 0.000597491015F, 0.0F}), floats({1, 1}, {-0.13308891F}),
                       floats({1, 1}, {0.021761765F}),
                       floats({2, 4}, {-0.0198621628F, -0.0135678715F, 0.00642909719F, -0.137876991F, -0.00250894682F,
                                       -0.0314157309F, -0.00670601341F, -0.0135578067F}),
                       floats({1}, {-0.00534777116F}), floats({1}, {-0.0122956981F}), floats({1}, {-0.0459245889F}),
                       floats({4}, {-0.0112533541F, -0.111773449F, -0.022703722F, -0.064595607F})}}));
}

} // namespace rnnscope::ops
