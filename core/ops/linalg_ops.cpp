#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

// Factors of matrices, and equations that they stand for.
namespace rnnscope::ops {
namespace {

Status qr_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    RNNSCOPE_TRY(with_rank_at_least(input, 2));
    if (!input.has_rank()) return unknown_shape(ctx);
    const std::int64_t m = input.dim(input.rank() - 2), n = input.dim(input.rank() - 1);
    const Shape batch = subshape(input, 0, input.rank() - 2);
    const std::int64_t p = m == Shape::unknown || n == Shape::unknown ? Shape::unknown : std::min(m, n);
    const bool full = ctx.attr<bool>("full_matrices");
    ctx.set_output(0, concatenated(batch, {m, full ? m : p}));
    ctx.set_output(1, concatenated(batch, {full ? m : p, n}));
    return {};
}

/// One m x n matrix by Householder reflections, with the signs that LAPACK and Eigen choose; `a` becomes R.
/// q is m x p, p between min(m, n) and m.
void householder_qr(std::vector<double>& a, std::vector<double>& q, std::int64_t m, std::int64_t n, std::int64_t p) {
    const auto at = [](std::int64_t i, std::int64_t j, std::int64_t columns) {
        return static_cast<std::size_t>(i * columns + j);
    };
    std::vector<std::vector<double>> reflectors; // v with v[0] = 1, from row k on
    std::vector<double> taus;
    const auto reflect = [&](std::vector<double>& matrix, std::int64_t columns, std::int64_t k, std::int64_t from) {
        const std::vector<double>& v = reflectors[static_cast<std::size_t>(k)];
        for (std::int64_t j = from; j < columns; ++j) {
            double dot = 0;
            for (std::int64_t i = k; i < m; ++i) dot += v[static_cast<std::size_t>(i - k)] * matrix[at(i, j, columns)];
            dot *= taus[static_cast<std::size_t>(k)];
            for (std::int64_t i = k; i < m; ++i) matrix[at(i, j, columns)] -= dot * v[static_cast<std::size_t>(i - k)];
        }
    };
    for (std::int64_t k = 0; k < std::min(m, n); ++k) {
        std::vector<double> v;
        double tail = 0;
        for (std::int64_t i = k; i < m; ++i) {
            v.push_back(a[at(i, k, n)]);
            if (i > k) tail += v.back() * v.back();
        }
        const double head = v[0];
        double beta = head, tau = 0;
        if (tail > 0) {
            beta = std::sqrt(head * head + tail) * (head >= 0 ? -1 : 1);
            for (double& x : v) x /= head - beta;
            tau = (beta - head) / beta;
        }
        v[0] = 1;
        reflectors.push_back(std::move(v));
        taus.push_back(tau);
        reflect(a, n, k, k + 1);
        a[at(k, k, n)] = beta;
        for (std::int64_t i = k + 1; i < m; ++i) a[at(i, k, n)] = 0;
    }
    for (std::int64_t i = 0; i < std::min(m, p); ++i) q[at(i, i, p)] = 1;
    for (std::int64_t k = std::min(m, n); k-- > 0;) reflect(q, p, k, 0);
}

template <class T> void qr_of(const T* matrix, T* q, T* r, std::int64_t m, std::int64_t n, std::int64_t p) {
    std::vector<double> a(matrix, matrix + m * n), orthogonal(static_cast<std::size_t>(m * p), 0.0);
    householder_qr(a, orthogonal, m, n, p);
    std::transform(orthogonal.begin(), orthogonal.end(), q, [](double x) { return static_cast<T>(x); });
    std::transform(a.begin(), a.begin() + p * n, r, [](double x) { return static_cast<T>(x); });
}

Status qr(KernelContext& ctx) {
    const Tensor& input = ctx.input(0);
    const std::size_t rank = input.shape().rank();
    if (rank < 2) return invalid_argument(fmt::format("Input tensor 0 must have rank >= 2"));
    const std::int64_t m = input.shape().dim(rank - 2), n = input.shape().dim(rank - 1);
    const std::int64_t p = ctx.attr<bool>("full_matrices") ? m : std::min(m, n);
    const Shape batch = subshape(input.shape(), 0, rank - 2);
    const Shape q_shape = concatenated(batch, {m, p}), r_shape = concatenated(batch, {p, n});
    RNNSCOPE_TRY(check_allocation(input.dtype(), q_shape));
    RNNSCOPE_TRY(check_allocation(input.dtype(), r_shape));
    const bool known = visit_float(input.dtype(), [&](auto zero) {
        using T = decltype(zero);
        T *q = nullptr, *r = nullptr;
        Tensor q_tensor = Tensor::make<T>(q_shape, q), r_tensor = Tensor::make<T>(r_shape, r);
        const std::int64_t matrices = m * n == 0 ? 0 : input.elements() / (m * n);
        for (std::int64_t b = 0; b < matrices; ++b)
            qr_of(input.values<T>().data() + b * m * n, q + b * m * p, r + b * p * n, m, n, p);
        ctx.set_output(0, std::move(q_tensor));
        ctx.set_output(1, std::move(r_tensor));
    });
    if (!known) return no_kernel(ctx, input.dtype());
    if (m * n == 0) { // nothing was written into the factors of empty matrices
        ctx.set_output(0, Tensor::zeros(input.dtype(), q_shape));
        ctx.set_output(1, Tensor::zeros(input.dtype(), r_shape));
    }
    return {};
}

} // namespace

void add_linalg_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("Qr")
                      .input("input: T")
                      .output("q: T")
                      .output("r: T")
                      .attr("full_matrices: bool = false")
                      .attr("T: {double, float, half, complex64, complex128}")
                      .summary("Orthogonal and upper triangular factor of matrices.")
                      .shape(qr_shape)
                      .kernel(qr)
                      .example({{example::floats({2, 2}, {3.0F, 1.0F, 4.0F, 2.0F})},
                                {},
                                {example::floats({2, 2}, {-0.6F, -0.8F, -0.8F, 0.6F}),
                                 example::floats({2, 2}, {-5.0F, -2.2F, 0.0F, 0.4F})}}));
}

} // namespace rnnscope::ops
