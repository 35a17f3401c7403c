#include "core/ops/elementwise.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include "core/ops/simd_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

Status matmul_shape(ShapeContext& ctx) {
    const auto a = with_rank(ctx.input(0), 2);
    if (!a) return a.error();
    const auto b = with_rank(ctx.input(1), 2);
    if (!b) return b.error();
    const bool transpose_a = ctx.attr<bool>("transpose_a"), transpose_b = ctx.attr<bool>("transpose_b");
    RNNSCOPE_TRY(merge_dims(a->dim(transpose_a ? 0 : 1), b->dim(transpose_b ? 1 : 0)));
    ctx.set_output(0, {a->dim(transpose_a ? 1 : 0), b->dim(transpose_b ? 0 : 1)});
    return {};
}

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

Status diag_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    RNNSCOPE_TRY(with_rank_at_least(input, 1));
    ctx.set_output(0, concatenated(input, input));
    return {};
}

Status diag_part_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    if (!input.has_rank()) return unknown_shape(ctx);
    if (input.rank() % 2 != 0 || input.rank() == 0)
        return invalid_argument(fmt::format("Input must have even and non-zero rank, input rank is {}", input.rank()));
    const std::size_t half = input.rank() / 2;
    std::vector<std::int64_t> dims;
    for (std::size_t i = 0; i < half; ++i) {
        const auto merged = merge_dims(input.dim(i), input.dim(i + half));
        if (!merged) return merged.error();
        dims.push_back(*merged);
    }
    ctx.set_output(0, Shape(std::move(dims)));
    return {};
}

Status matrix_diag_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    RNNSCOPE_TRY(with_rank_at_least(input, 1));
    if (!input.has_rank()) return unknown_shape(ctx);
    ctx.set_output(0, concatenated(input, {input.dim(input.rank() - 1)}));
    return {};
}

Status matrix_diag_part_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    RNNSCOPE_TRY(with_rank_at_least(input, 2));
    if (!input.has_rank()) return unknown_shape(ctx);
    const std::int64_t m = input.dim(input.rank() - 2), n = input.dim(input.rank() - 1);
    const std::int64_t p = m == Shape::unknown || n == Shape::unknown ? Shape::unknown : std::min(m, n);
    ctx.set_output(0, concatenated(subshape(input, 0, input.rank() - 2), {p}));
    return {};
}

Status matrix_set_diag_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    RNNSCOPE_TRY(with_rank_at_least(input, 2));
    RNNSCOPE_TRY(with_rank_at_least(ctx.input(1), 1));
    ctx.set_output(0, input);
    return {};
}

/// a [m,k] times b [k,n], both row-major. Sums are double, so that a result is rounded once.
template <class T> void multiply(const T* a, const T* b, T* out, std::int64_t m, std::int64_t k, std::int64_t n) {
    std::vector<Wide<T>> row(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < m; ++i) {
        std::fill(row.begin(), row.end(), Wide<T>{});
        for (std::int64_t p = 0; p < k; ++p) {
            const auto factor = static_cast<Wide<T>>(a[i * k + p]);
            const T* other = b + p * n;
            for (std::int64_t j = 0; j < n; ++j) {
                auto& sum = row[static_cast<std::size_t>(j)];
                sum = wrapped_add(sum, wrapped_mul(factor, static_cast<Wide<T>>(other[j])));
            }
        }
        for (std::int64_t j = 0; j < n; ++j) out[i * n + j] = static_cast<T>(row[static_cast<std::size_t>(j)]);
    }
}

Tensor transposed(const Tensor& matrix) {
    const std::int64_t swapped[] = {1, matrix.shape().dim(1)};
    return take_strided(matrix, {matrix.shape().dim(1), matrix.shape().dim(0)}, 0, swapped);
}

/// The right-hand side that a MatMul had the last time, packed when it comes again: weights do, values do not.
struct RightHandSide {
    Tensor matrix;
    bool transposed = false;
    std::shared_ptr<const simd::PackedMatrix> packed;
};

/// a [m,k] times b, or its transpose, in single precision.
Tensor float_product(KernelContext& ctx, const Tensor& a, const Tensor& b, bool transpose_b, const Shape& shape) {
    constexpr std::int64_t rows_that_pay = 8; ///< as many rows pay for packing at once
    const auto dim = [&](std::size_t i) { return static_cast<std::size_t>(b.shape().dim(i)); };
    const float* right = b.values<float>().data();
    auto& last = ctx.state().get<RightHandSide>([] { return RightHandSide(); });
    const bool again =
        last.matrix && last.matrix.same_buffer(b) && last.matrix.shape() == b.shape() && last.transposed == transpose_b;
    if (!again) last = {b, transpose_b, nullptr};
    if (!last.packed && (again || transpose_b || shape.dim(0) >= rows_that_pay))
        last.packed =
            std::make_shared<const simd::PackedMatrix>(simd::PackedMatrix::pack(right, dim(0), dim(1), transpose_b));
    std::vector<float> tail;
    const simd::Panels panels = last.packed ? last.packed->panels() : simd::row_major(right, dim(0), dim(1), tail);
    float* data = nullptr;
    Tensor result = Tensor::make<float>(shape, data);
    simd::kernels(ctx.rounding())
        .matmul(a.values<float>().data(), panels.depth, panels, data, panels.columns,
                static_cast<std::size_t>(shape.dim(0)));
    return result;
}

Status matmul(KernelContext& ctx) {
    for (std::size_t i = 0; i < 2; ++i)
        if (ctx.input(i).shape().rank() != 2)
            return invalid_argument(
                fmt::format("In[{}] is not a matrix. Instead it has shape {}", i, to_text(ctx.input(i).shape())));
    const bool transpose_a = ctx.attr<bool>("transpose_a"), transpose_b = ctx.attr<bool>("transpose_b");
    const Shape& sa = ctx.input(0).shape();
    const Shape& sb = ctx.input(1).shape();
    if (sa.dim(transpose_a ? 0 : 1) != sb.dim(transpose_b ? 1 : 0))
        return invalid_argument(
            fmt::format("Matrix size-incompatible: In[0]: {}, In[1]: {}", to_text(sa), to_text(sb)));
    const Tensor a = transpose_a ? transposed(ctx.input(0)) : ctx.input(0);
    const Shape shape{a.shape().dim(0), sb.dim(transpose_b ? 0 : 1)};
    RNNSCOPE_TRY(check_allocation(a.dtype(), shape));
    if (a.dtype() == DType::float32) {
        ctx.set_output(0, float_product(ctx, a, ctx.input(1), transpose_b, shape));
        return {};
    }
    const Tensor b = transpose_b ? transposed(ctx.input(1)) : ctx.input(1);
    const bool known = visit_number(a.dtype(), [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        Tensor result = Tensor::make<T>(shape, data);
        multiply(a.values<T>().data(), b.values<T>().data(), data, shape.dim(0), a.shape().dim(1), shape.dim(1));
        ctx.set_output(0, std::move(result));
    });
    if (!known) return no_kernel(ctx, a.dtype());
    return {};
}

/// Batch dimensions, rows, columns and what the product adds up over.
Status batch_matmul_shape_with(ShapeContext& ctx, bool broadcasts) {
    const Shape &a = ctx.input(0), &b = ctx.input(1);
    RNNSCOPE_TRY(with_rank_at_least(a, 2));
    RNNSCOPE_TRY(with_rank_at_least(b, 2));
    if (!a.has_rank() || !b.has_rank()) return unknown_shape(ctx);
    const bool adj_x = ctx.attr<bool>("adj_x"), adj_y = ctx.attr<bool>("adj_y");
    const std::size_t ra = a.rank(), rb = b.rank();
    const Shape batch_a = subshape(a, 0, ra - 2), batch_b = subshape(b, 0, rb - 2);
    auto batch = broadcasts ? broadcast_shapes(batch_a, batch_b) : merge_shapes(batch_a, batch_b);
    if (!batch) return batch.error();
    RNNSCOPE_TRY(merge_dims(a.dim(adj_x ? ra - 2 : ra - 1), b.dim(adj_y ? rb - 1 : rb - 2)));
    ctx.set_output(0, concatenated(*batch, {a.dim(adj_x ? ra - 1 : ra - 2), b.dim(adj_y ? rb - 2 : rb - 1)}));
    return {};
}
Status batch_matmul_shape(ShapeContext& ctx) {
    return batch_matmul_shape_with(ctx, false);
}
Status batch_matmul_v2_shape(ShapeContext& ctx) {
    return batch_matmul_shape_with(ctx, true);
}

/// The last two dimensions swapped.
Tensor adjoint(const Tensor& matrices) {
    const std::size_t rank = matrices.shape().rank();
    std::vector<std::int64_t> dims(matrices.shape().dims().begin(), matrices.shape().dims().end());
    std::vector<std::int64_t> strides = strides_of(matrices.shape());
    std::swap(dims[rank - 2], dims[rank - 1]);
    std::swap(strides[rank - 2], strides[rank - 1]);
    return take_strided(matrices, Shape(std::move(dims)), 0, strides);
}

template <bool broadcasts> Status batch_matmul(KernelContext& ctx) {
    const Shape &sa = ctx.input(0).shape(), &sb = ctx.input(1).shape();
    if (!broadcasts && sa.rank() != sb.rank())
        return invalid_argument(
            fmt::format("In[0] and In[1] has different ndims: {} vs. {}", to_text(sa), to_text(sb)));
    if (sa.rank() < 2 || sb.rank() < 2)
        return invalid_argument(fmt::format("In[0] and In[1] ndims must be >= 2: {}", std::min(sa.rank(), sb.rank())));
    const Shape batch_a = subshape(sa, 0, sa.rank() - 2), batch_b = subshape(sb, 0, sb.rank() - 2);
    const auto batch = broadcast_shapes(batch_a, batch_b);
    if (!batch || (!broadcasts && batch_a != batch_b))
        return invalid_argument(
            fmt::format("In[0] and In[1] must have compatible batch dimensions: {} vs. {}", to_text(sa), to_text(sb)));
    const bool adj_x = ctx.attr<bool>("adj_x"), adj_y = ctx.attr<bool>("adj_y");
    const std::int64_t k = sa.dim(sa.rank() - (adj_x ? 2 : 1)), k_b = sb.dim(sb.rank() - (adj_y ? 1 : 2));
    if (k != k_b)
        return invalid_argument(fmt::format("In[0] mismatch In[1] shape: {} vs. {}: {} {} {} {}", k, k_b, to_text(sa),
                                            to_text(sb), adj_x, adj_y));
    const std::int64_t m = sa.dim(sa.rank() - (adj_x ? 1 : 2)), n = sb.dim(sb.rank() - (adj_y ? 2 : 1));
    const Shape shape = concatenated(*batch, {m, n});
    RNNSCOPE_TRY(check_allocation(ctx.input(0).dtype(), shape));
    const Tensor a = adj_x ? adjoint(ctx.input(0)) : ctx.input(0), b = adj_y ? adjoint(ctx.input(1)) : ctx.input(1);
    const bool known = visit_number(a.dtype(), [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        Tensor result = Tensor::make<T>(shape, data);
        visit_broadcast(batch_a, batch_b, *batch, [&](std::int64_t i, std::int64_t ia, std::int64_t ib) {
            multiply(a.values<T>().data() + ia * m * k, b.values<T>().data() + ib * k * n, data + i * m * n, m, k, n);
        });
        ctx.set_output(0, std::move(result));
    });
    if (!known) return no_kernel(ctx, a.dtype());
    return {};
}

OpBuilder batch_product(std::string_view name) {
    return OpBuilder(name)
        .input("x: T")
        .input("y: T")
        .output("output: T")
        .attr("T: {bfloat16, half, float, double, int32, int64, complex64, complex128}")
        .attr("adj_x: bool = false")
        .attr("adj_y: bool = false");
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

/// Copies `diagonal`, whose last dimension is `size`, onto the diagonals of a zero tensor of `shape`, whose matrices
/// have `columns` columns and `area` elements.
Tensor on_diagonals(Tensor base, const Tensor& diagonal, std::int64_t size, std::int64_t columns, std::int64_t area) {
    ElementWriter writer(base.dtype(), base.shape());
    writer.copy(0, base, 0, base.elements());
    for (std::int64_t i = 0; i < diagonal.elements(); ++i)
        writer.copy(i / size * area + i % size * (columns + 1), diagonal, i);
    return std::move(writer).finish();
}

Status diag(KernelContext& ctx) {
    const Tensor& diagonal = ctx.input(0);
    if (diagonal.shape().rank() < 1) return invalid_argument("Input must be at least rank 1, got 0");
    const Shape shape = concatenated(diagonal.shape(), diagonal.shape());
    RNNSCOPE_TRY(check_allocation(diagonal.dtype(), shape));
    const std::int64_t n = diagonal.elements();
    ctx.set_output(
        0, on_diagonals(Tensor::zeros(diagonal.dtype(), shape), diagonal, std::max<std::int64_t>(1, n), n, n * n));
    return {};
}

Status diag_part(KernelContext& ctx) {
    const Tensor& input = ctx.input(0);
    const std::size_t rank = input.shape().rank();
    if (rank % 2 != 0 || rank == 0)
        return invalid_argument(
            fmt::format("The rank of the tensor should be even and positive, got shape {}", to_text(input.shape())));
    for (std::size_t i = 0; i < rank / 2; ++i)
        if (input.shape().dim(i) != input.shape().dim(i + rank / 2))
            return invalid_argument(fmt::format("Invalid shape {}: dimensions {} and {} do not match.",
                                                to_text(input.shape()), i, i + rank / 2));
    const Shape half = subshape(input.shape(), 0, rank / 2);
    const std::int64_t step[] = {half.elements() + 1};
    ctx.set_output(0, take_strided(input, {half.elements()}, 0, step).reshaped(half));
    return {};
}

Status matrix_diag(KernelContext& ctx) {
    const Tensor& diagonal = ctx.input(0);
    const std::size_t rank = diagonal.shape().rank();
    if (rank < 1)
        return invalid_argument(
            fmt::format("input must be at least 1-dim, received shape: {}", to_text(diagonal.shape())));
    if (dtype_size(diagonal.dtype()) == 0) return no_kernel(ctx, diagonal.dtype());
    const std::int64_t n = diagonal.shape().dim(rank - 1);
    const Shape shape = concatenated(diagonal.shape(), {n});
    RNNSCOPE_TRY(check_allocation(diagonal.dtype(), shape));
    ctx.set_output(
        0, on_diagonals(Tensor::zeros(diagonal.dtype(), shape), diagonal, std::max<std::int64_t>(1, n), n, n * n));
    return {};
}

Status matrix_diag_part(KernelContext& ctx) {
    const Tensor& input = ctx.input(0);
    const std::size_t rank = input.shape().rank();
    if (rank < 2)
        return invalid_argument(
            fmt::format("input must be at least 2-dim, received shape: {}", to_text(input.shape())));
    const std::int64_t n = input.shape().dim(rank - 1);
    const Shape batch = subshape(input.shape(), 0, rank - 2);
    std::vector<std::int64_t> strides = strides_of(input.shape());
    strides.pop_back();
    strides.back() = n + 1;
    const Shape shape = concatenated(batch, {std::min(input.shape().dim(rank - 2), n)});
    ctx.set_output(0, take_strided(input, shape, 0, strides));
    return {};
}

Status matrix_set_diag(KernelContext& ctx) {
    const Tensor& input = ctx.input(0);
    const Tensor& diagonal = ctx.input(1);
    const std::size_t rank = input.shape().rank();
    if (rank < 2)
        return invalid_argument(
            fmt::format("input must be at least 2-dim, received shape: {}", to_text(input.shape())));
    const std::int64_t m = input.shape().dim(rank - 2), n = input.shape().dim(rank - 1);
    const Shape expected = concatenated(subshape(input.shape(), 0, rank - 2), {std::min(m, n)});
    if (diagonal.shape() != expected)
        return invalid_argument(fmt::format("must have diagonal.shape == input.shape[:-2] + min(input.shape[-2:]), but "
                                            "received input shape: {} and diagonal shape: {}",
                                            to_text(input.shape()), to_text(diagonal.shape())));
    ctx.set_output(0, on_diagonals(input, diagonal, std::max<std::int64_t>(1, std::min(m, n)), n, m * n));
    return {};
}

} // namespace

void add_linalg_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("MatMul")
                      .input("a: T")
                      .input("b: T")
                      .output("product: T")
                      .attr("transpose_a: bool = false")
                      .attr("transpose_b: bool = false")
                      .attr("T: {bfloat16, half, float, double, int32, int64, complex64, complex128}")
                      .summary("Matrix product.")
                      .shape(matmul_shape)
                      .kernel(matmul)
                      .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}),
                                 example::floats({3, 2}, {1.0F, 0.0F, 0.0F, 1.0F, 1.0F, 1.0F})},
                                {},
                                {example::floats({2, 2}, {4.0F, 5.0F, 10.0F, 11.0F})}})
                      .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}),
                                 example::floats({2, 3}, {1.0F, 0.0F, 1.0F, 0.0F, 1.0F, 1.0F})},
                                {{"transpose_b", true}},
                                {example::floats({2, 2}, {4.0F, 5.0F, 10.0F, 11.0F})}}));
    const Tensor stacked = example::floats({2, 1, 2}, {1.0F, 2.0F, 3.0F, 4.0F});
    ops.push_back(batch_product("BatchMatMul")
                      .summary("Products of the matrices in the last two dimensions.")
                      .shape(batch_matmul_shape)
                      .kernel(batch_matmul<false>)
                      .example({{stacked, example::floats({2, 2, 1}, {5.0F, 6.0F, 7.0F, 8.0F})},
                                {},
                                {example::floats({2, 1, 1}, {17.0F, 53.0F})}})
                      .example({{stacked, stacked},
                                {{"adj_x", true}},
                                {example::floats({2, 2, 2}, {1.0F, 2.0F, 2.0F, 4.0F, 9.0F, 12.0F, 12.0F, 16.0F})}}));
    ops.push_back(batch_product("BatchMatMulV2")
                      .summary("Products of the matrices in the last two dimensions; the others are broadcast.")
                      .shape(batch_matmul_v2_shape)
                      .kernel(batch_matmul<true>)
                      .example({{stacked, example::floats({1, 2}, {5.0F, 6.0F})},
                                {{"adj_y", true}},
                                {example::floats({2, 1, 1}, {17.0F, 39.0F})}}));
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
    ops.push_back(
        OpBuilder("Diag")
            .input("diagonal: T")
            .output("output: T")
            .attr("T: {bfloat16, half, float, double, int32, int64, complex64, complex128}")
            .summary("A tensor with the given diagonal, zero elsewhere.")
            .shape(diag_shape)
            .kernel(diag)
            .example({{example::floats({2}, {1.0F, 2.0F})}, {}, {example::floats({2, 2}, {1.0F, 0.0F, 0.0F, 2.0F})}}));
    ops.push_back(
        OpBuilder("DiagPart")
            .input("input: T")
            .output("diagonal: T")
            .attr("T: {bfloat16, half, float, double, int32, int64, complex64, complex128}")
            .summary("The diagonal of a tensor.")
            .shape(diag_part_shape)
            .kernel(diag_part)
            .example({{example::floats({2, 2}, {1.0F, 2.0F, 3.0F, 4.0F})}, {}, {example::floats({2}, {1.0F, 4.0F})}}));
    ops.push_back(
        OpBuilder("MatrixDiag")
            .input("diagonal: T")
            .output("output: T")
            .attr("T: type")
            .summary("Matrices with the given diagonals, zero elsewhere.")
            .shape(matrix_diag_shape)
            .kernel(matrix_diag)
            .example({{example::floats({2}, {1.0F, 2.0F})}, {}, {example::floats({2, 2}, {1.0F, 0.0F, 0.0F, 2.0F})}}));
    ops.push_back(OpBuilder("MatrixDiagPart")
                      .input("input: T")
                      .output("diagonal: T")
                      .attr("T: type")
                      .summary("The diagonals of matrices.")
                      .shape(matrix_diag_part_shape)
                      .kernel(matrix_diag_part)
                      .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F})},
                                {},
                                {example::floats({2}, {1.0F, 5.0F})}}));
    ops.push_back(OpBuilder("MatrixSetDiag")
                      .input("input: T")
                      .input("diagonal: T")
                      .output("output: T")
                      .attr("T: type")
                      .summary("Matrices with their diagonals replaced.")
                      .shape(matrix_set_diag_shape)
                      .kernel(matrix_set_diag)
                      .example({{example::floats({2, 2}, {1.0F, 2.0F, 3.0F, 4.0F}), example::floats({2}, {8.0F, 9.0F})},
                                {},
                                {example::floats({2, 2}, {8.0F, 2.0F, 3.0F, 9.0F})}}));
}

} // namespace rnnscope::ops
