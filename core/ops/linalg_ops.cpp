#include "core/ops/dense.hpp"
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

/// matrix [..., m, m], rhs [..., m, k]
Status solve_shape(ShapeContext& ctx) {
    const Shape &matrix = ctx.input(0), &rhs = ctx.input(1);
    RNNSCOPE_TRY(with_rank_at_least(matrix, 2));
    std::int64_t m = Shape::unknown;
    if (matrix.has_rank()) {
        const auto square = merge_dims(matrix.dim(matrix.rank() - 2), matrix.dim(matrix.rank() - 1));
        if (!square) return square.error();
        m = *square;
    }
    RNNSCOPE_TRY(with_rank_at_least(rhs, 2));
    const auto batch_of = [](const Shape& shape) {
        return shape.has_rank() ? subshape(shape, 0, shape.rank() - 2) : Shape::unknown_rank();
    };
    const auto batch = merge_shapes(batch_of(matrix), batch_of(rhs));
    if (!batch) return batch.error();
    const auto rows = merge_dims(m, rhs.has_rank() ? rhs.dim(rhs.rank() - 2) : Shape::unknown);
    if (!rows) return rows.error();
    if (!batch->has_rank()) return unknown_shape(ctx);
    const std::int64_t columns = rhs.has_rank() ? rhs.dim(rhs.rank() - 1) : Shape::unknown;
    ctx.set_output(0, concatenated(*batch, {*rows, columns}));
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

/// Do the inputs stand for equations: square matrices, and as many right-hand sides of as many rows?
Status check_equations(const KernelContext& ctx) {
    const Shape &matrix = ctx.input(0).shape(), &rhs = ctx.input(1).shape();
    const std::size_t rank = matrix.rank();
    if (rank < 2) return invalid_argument(fmt::format("Input tensor 0 must have rank >= 2, got {}", rank));
    if (rhs.rank() != rank) return invalid_argument("All input tensors must have the same rank.");
    if (subshape(matrix, 0, rank - 2) != subshape(rhs, 0, rank - 2))
        return invalid_argument("All input tensors must have the same outer dimensions.");
    if (matrix.dim(rank - 2) != matrix.dim(rank - 1))
        return invalid_argument("First input (lhs) must be a square matrix.");
    if (matrix.dim(rank - 2) != rhs.dim(rank - 2)) return invalid_argument("Input matrix and rhs are incompatible.");
    return {};
}

/// A triangle of an m x m matrix, read as it is or transposed.
struct Triangle {
    const double* elements;
    std::int64_t m;
    bool is_lower, is_transposed;
    double at(std::int64_t i, std::int64_t j) const { return elements[is_transposed ? j * m + i : i * m + j]; }
    bool is_invertible() const {
        for (std::int64_t i = 0; i < m; ++i)
            if (at(i, i) == 0) return false;
        return true;
    }
};

/// Substitutes row by row, from the one that has a single unknown on; `x` [m, k] holds the right-hand side before.
void solve_triangle(const Triangle& triangle, double* x, std::int64_t k) {
    const bool is_forward = triangle.is_lower != triangle.is_transposed;
    for (std::int64_t step = 0; step < triangle.m; ++step) {
        const std::int64_t i = is_forward ? step : triangle.m - 1 - step;
        double* row = x + i * k;
        for (std::int64_t known = 0; known < step; ++known) {
            const std::int64_t j = is_forward ? known : triangle.m - 1 - known;
            const double factor = triangle.at(i, j);
            for (std::int64_t column = 0; column < k; ++column) row[column] -= factor * x[j * k + column];
        }
        const double pivot = triangle.at(i, i);
        for (std::int64_t column = 0; column < k; ++column) row[column] /= pivot;
    }
}

Status matrix_triangular_solve(KernelContext& ctx) {
    RNNSCOPE_TRY(check_equations(ctx));
    const Tensor &matrix = ctx.input(0), &rhs = ctx.input(1);
    if (!is_dense_type(matrix.dtype())) return no_kernel(ctx, matrix.dtype());
    const std::int64_t m = rhs.shape().dim(rhs.shape().rank() - 2), k = rhs.shape().dim(rhs.shape().rank() - 1);
    const Numbers triangles = numbers_of(matrix);
    Numbers x = numbers_of(rhs);
    const std::int64_t systems = x.empty() ? 0 : rhs.elements() / (m * k);
    for (std::int64_t b = 0; b < systems; ++b) {
        const Triangle triangle{triangles.data() + b * m * m, m, ctx.attr<bool>("lower"), ctx.attr<bool>("adjoint")};
        if (!triangle.is_invertible()) return invalid_argument("Input matrix is not invertible.");
        solve_triangle(triangle, x.data() + b * m * k, k);
    }
    ctx.set_output(0, rounded_to(rhs.dtype(), rhs.shape(), x));
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
    const Tensor matrix = example::floats({2, 2}, {2.0F, 4.0F, 1.0F, 5.0F});
    const Tensor rhs = example::floats({2, 2}, {2.0F, 4.0F, 11.0F, 7.0F});
    ops.push_back(
        OpBuilder("MatrixTriangularSolve")
            .input("matrix: T")
            .input("rhs: T")
            .output("output: T")
            .attr("lower: bool = true")
            .attr("adjoint: bool = false")
            .attr("T: {double, float, half, complex64, complex128}")
            .summary("What triangular matrices must be multiplied with to give the right-hand sides.")
            .shape(solve_shape)
            .kernel(matrix_triangular_solve)
            .example({{matrix, rhs}, {}, {example::floats({2, 2}, {1.0F, 2.0F, 2.0F, 1.0F})}})
            .example({{matrix, rhs}, {{"lower", false}}, {example::floats({2, 2}, {-3.4F, -0.8F, 2.2F, 1.4F})}})
            .example({{matrix, rhs}, {{"adjoint", true}}, {example::floats({2, 2}, {-0.1F, 1.3F, 2.2F, 1.4F})}})
            .example({{example::floats({2, 1, 1}, {2.0F, 4.0F}), example::floats({2, 1, 2}, {2.0F, 6.0F, 8.0F, 4.0F})},
                      {{"lower", false}, {"adjoint", true}},
                      {example::floats({2, 1, 2}, {1.0F, 3.0F, 2.0F, 1.0F})}}));
}

} // namespace rnnscope::ops
