#include "core/ops/elementwise.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include "core/ops/simd_kernels.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

// Products of matrices.
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

} // namespace

void add_matmul_ops(OpRecords& ops) {
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
}

} // namespace rnnscope::ops
