#include "core/ops/dense.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

// The fused GRU ops of contrib.rnn (core/ops/rnn_ops.cc, core/kernels/gru_ops.cc). The reset gate multiplies the state
// before the candidate's product.
namespace rnnscope::ops {
namespace {

Status gru_shape(ShapeContext& ctx) {
    const auto x = with_rank(ctx.input(0), 2), h_prev = with_rank(ctx.input(1), 2);
    if (!x) return x.error();
    if (!h_prev) return h_prev.error();
    for (std::size_t i = 0; i < ctx.outputs(); ++i) ctx.set_output(i, {x->dim(0), h_prev->dim(1)});
    return {};
}

Status gru_grad_shape(ShapeContext& ctx) {
    const auto x = with_rank(ctx.input(0), 2), h_prev = with_rank(ctx.input(1), 2), w_ru = with_rank(ctx.input(2), 2);
    if (!x) return x.error();
    if (!h_prev) return h_prev.error();
    if (!w_ru) return w_ru.error();
    const std::int64_t batch = x->dim(0), cells = h_prev->dim(1);
    ctx.set_output(0, *x);
    ctx.set_output(1, {batch, cells});
    ctx.set_output(2, {batch, cells});
    ctx.set_output(3, {batch, w_ru->dim(1)});
    return {};
}

struct Gru {
    std::int64_t batch = 0, inputs = 0, cells = 0;
    Numbers x, h_prev, w_ru, w_c, b_ru, b_c;
    Shape state() const { return {batch, cells}; }
};

/// The first six inputs, which both ops have.
Result<Gru> read_inputs(const KernelContext& ctx) {
    constexpr std::array<const char*, 6> names = {"x", "h_prev", "w_ru", "w_c", "b_ru", "b_c"};
    constexpr std::array<std::size_t, 6> ranks = {2, 2, 2, 2, 1, 1};
    for (std::size_t i = 0; i < names.size(); ++i)
        if (ctx.input(i).shape().rank() != ranks[i])
            return invalid_argument(
                fmt::format("{} must be rank {} but is rank {}", names[i], ranks[i], ctx.input(i).shape().rank()));
    Gru gru;
    gru.batch = ctx.input(0).shape().dim(0);
    gru.inputs = ctx.input(0).shape().dim(1);
    gru.cells = ctx.input(1).shape().dim(1);
    struct Check {
        std::size_t input, dim;
        std::int64_t wanted;
        const char* text;
    };
    const Check checks[] = {{1, 0, gru.batch, "h_prev.dims(0) != batch_size"},
                            {2, 0, gru.inputs + gru.cells, "w_ru.dim_size(0) != input_size + cell_size"},
                            {2, 1, 2 * gru.cells, "w_ru.dim_size(1) != cell_size * 2"},
                            {3, 0, gru.inputs + gru.cells, "w_c.dim_size(0) != input_size + cell_size"},
                            {3, 1, gru.cells, "w_c.dim_size(1) != cell_size"},
                            {4, 0, 2 * gru.cells, "b_ru.dim_size(0) != cell_size * 2"},
                            {5, 0, gru.cells, "b_c.dim_size(0) != cell_size"}};
    for (const Check& check : checks)
        if (const std::int64_t is = ctx.input(check.input).shape().dim(check.dim); is != check.wanted)
            return invalid_argument(fmt::format("{}: {} vs. {}", check.text, is, check.wanted));
    if (!is_dense_type(ctx.input(0).dtype())) return no_kernel(ctx, ctx.input(0).dtype());
    Numbers* const parts[] = {&gru.x, &gru.h_prev, &gru.w_ru, &gru.w_c, &gru.b_ru, &gru.b_c};
    for (std::size_t i = 0; i < 6; ++i) *parts[i] = numbers_of(ctx.input(i));
    return gru;
}

Status gru_cell(KernelContext& ctx) {
    const auto read = read_inputs(ctx);
    if (!read) return read.error();
    const Gru& gru = *read;
    const std::int64_t rows = gru.inputs + gru.cells;
    Numbers gates = repeated(gru.b_ru, gru.batch), c = repeated(gru.b_c, gru.batch);
    add_product(side_by_side(gru.x, gru.h_prev, gru.batch), gru.w_ru, gates, gru.batch, rows, 2 * gru.cells);
    for (double& gate : gates) gate = 1 / (1 + std::exp(-gate));
    const Numbers r = columns_of(gates, gru.batch, 0, gru.cells),
                  u = columns_of(gates, gru.batch, gru.cells, gru.cells);
    Numbers reset = gru.h_prev;
    for (std::size_t i = 0; i < reset.size(); ++i) reset[i] *= r[i];
    add_product(side_by_side(gru.x, reset, gru.batch), gru.w_c, c, gru.batch, rows, gru.cells);
    Numbers h(c.size());
    for (std::size_t i = 0; i < c.size(); ++i) {
        c[i] = std::tanh(c[i]);
        h[i] = u[i] * gru.h_prev[i] + (1 - u[i]) * c[i];
    }
    const Numbers* const outputs[] = {&r, &u, &c, &h};
    for (std::size_t i = 0; i < 4; ++i) ctx.set_output(i, rounded_to(ctx.attr<DType>("T"), gru.state(), *outputs[i]));
    return {};
}

Status gru_cell_grad(KernelContext& ctx) {
    const auto read = read_inputs(ctx);
    if (!read) return read.error();
    const Gru& gru = *read;
    for (std::size_t i = 6; i < 10; ++i)
        if (ctx.input(i).shape() != gru.state())
            return invalid_argument(fmt::format("input {} of GRUBlockCellGrad has shape {}, not {}", i,
                                                to_text(ctx.input(i).shape()), to_text(gru.state())));
    const Numbers r = numbers_of(ctx.input(6)), u = numbers_of(ctx.input(7)), c = numbers_of(ctx.input(8)),
                  d_h = numbers_of(ctx.input(9));
    const std::int64_t rows = gru.inputs + gru.cells, batch = gru.batch;
    Numbers d_c_bar(c.size()), d_r_bar(c.size()), d_u_bar(c.size());
    for (std::size_t i = 0; i < c.size(); ++i) {
        d_c_bar[i] = d_h[i] * (1 - u[i]) * (1 - c[i] * c[i]);
        d_u_bar[i] = d_h[i] * (gru.h_prev[i] - c[i]) * u[i] * (1 - u[i]);
    }
    Numbers from_c(static_cast<std::size_t>(batch * rows), 0.0), from_ru = from_c;
    add_product_right_transposed(d_c_bar, gru.w_c, from_c, batch, gru.cells, rows);
    const Numbers d_reset = columns_of(from_c, batch, gru.inputs, gru.cells);
    for (std::size_t i = 0; i < c.size(); ++i) d_r_bar[i] = d_reset[i] * gru.h_prev[i] * r[i] * (1 - r[i]);
    const Numbers d_ru_bar = side_by_side(d_r_bar, d_u_bar, batch);
    add_product_right_transposed(d_ru_bar, gru.w_ru, from_ru, batch, 2 * gru.cells, rows);
    Numbers d_x = columns_of(from_c, batch, 0, gru.inputs),
            d_h_prev = columns_of(from_ru, batch, gru.inputs, gru.cells);
    const Numbers d_x_ru = columns_of(from_ru, batch, 0, gru.inputs);
    for (std::size_t i = 0; i < d_x.size(); ++i) d_x[i] += d_x_ru[i];
    for (std::size_t i = 0; i < c.size(); ++i) d_h_prev[i] += d_reset[i] * r[i] + d_h[i] * u[i];
    const auto dtype = ctx.attr<DType>("T");
    ctx.set_output(0, rounded_to(dtype, ctx.input(0).shape(), d_x));
    ctx.set_output(1, rounded_to(dtype, gru.state(), d_h_prev));
    ctx.set_output(2, rounded_to(dtype, gru.state(), d_c_bar));
    ctx.set_output(3, rounded_to(dtype, {batch, 2 * gru.cells}, d_ru_bar));
    return {};
}

constexpr auto gru_formula = R"(r_bar, u_bar = split(concat([x, h_prev], 1) @ w_ru + b_ru, 2, 1)
r = sigmoid(r_bar)
u = sigmoid(u_bar)
c = tanh(concat([x, r * h_prev], 1) @ w_c + b_c)
h = u * h_prev + (1 - u) * c)";

constexpr auto gru_grad_formula = R"(d_c_bar = d_h * (1 - u) * (1 - c * c)
d_u_bar = d_h * (h_prev - c) * u * (1 - u)
d_x_c, d_reset = split(d_c_bar @ transpose(w_c), [input_size, cell_size], 1)
d_r_bar = d_reset * h_prev * r * (1 - r)
d_r_bar_u_bar = concat([d_r_bar, d_u_bar], 1)
d_x_ru, d_h_prev_ru = split(d_r_bar_u_bar @ transpose(w_ru), [input_size, cell_size], 1)
d_x = d_x_c + d_x_ru
d_h_prev = d_h_prev_ru + d_reset * r + d_h * u)";

OpBuilder gru_op(std::string_view name) {
    return OpBuilder(name)
        .input("x: T")
        .input("h_prev: T")
        .input("w_ru: T")
        .input("w_c: T")
        .input("b_ru: T")
        .input("b_c: T")
        .attr("T: {float}");
}

} // namespace

void add_gru_ops(OpRecords& ops) {
    using example::floats;
    const std::vector<Tensor> cell = {
        floats({1, 1}, {1.5F}),
        floats({1, 2}, {0.5F, -0.25F}),
        floats({3, 4}, {0.1F, 0.2F, 0.3F, 0.4F, -0.5F, 0.6F, 0.7F, -0.8F, 0.9F, -1.0F, 1.1F, 1.2F}),
        floats({3, 2}, {0.1F, -0.2F, 0.3F, 0.4F, 0.5F, -0.6F}),
        floats({4}, {0.01F, 0.02F, 0.03F, 0.04F}),
        floats({2}, {0.05F, 0.06F})};
    std::vector<Tensor> with_gradient = cell;
    for (const Tensor& more :
         {floats({1, 2}, {0.421894767F, 0.704745698F}), floats({1, 2}, {0.635294849F, 0.485004498F}),
          floats({1, 2}, {0.173420422F, -0.0498677931F}), floats({1, 2}, {0.3F, -0.7F})})
        with_gradient.push_back(more);
    ops.push_back(
        gru_op("GRUBlockCell")
            .output("r: T")
            .output("u: T")
            .output("c: T")
            .output("h: T")
            .summary("One step of a GRU: h = u h_prev + (1 - u) c.")
            .formula(gru_formula)
            .shape(gru_shape)
            .kernel(gru_cell)
            .example(
                {cell,
                 {},
                 {floats({1, 2}, {0.421894767F, 0.704745698F}), floats({1, 2}, {0.635294849F, 0.485004498F}),
                  floats({1, 2}, {0.173420422F, -0.0498677931F}), floats({1, 2}, {0.380894746F, -0.146932814F})}}));
    ops.push_back(gru_op("GRUBlockCellGrad")
                      .input("r: T")
                      .input("u: T")
                      .input("c: T")
                      .input("d_h: T")
                      .output("d_x: T")
                      .output("d_h_prev: T")
                      .output("d_c_bar: T")
                      .output("d_r_bar_u_bar: T")
                      .summary("Gradient of GRUBlockCell.")
                      .formula(gru_grad_formula)
                      .shape(gru_grad_shape)
                      .kernel(gru_cell_grad)
                      .example({with_gradient,
                                {},
                                {floats({1, 1}, {0.0991761719F}), floats({1, 2}, {0.129670396F, -0.0814017934F}),
                                 floats({1, 2}, {0.106121032F, -0.359600369F}),
                                 floats({1, 4}, {-0.0136588441F, -0.0139840009F, 0.0227000863F, 0.0349916343F})}}));
}

} // namespace rnnscope::ops
