#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <algorithm>

#include <fmt/format.h>

// Diagonals and bands of matrices.
namespace rnnscope::ops {
namespace {

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

Status matrix_band_part(KernelContext& ctx) {
    const Tensor& input = ctx.input(0);
    const std::size_t rank = input.shape().rank();
    if (rank < 2)
        return invalid_argument(
            fmt::format("input must be at least 2-dim, received shape: {}", to_text(input.shape())));
    const std::int64_t m = input.shape().dim(rank - 2), n = input.shape().dim(rank - 1);
    for (const std::size_t i : {1, 2}) {
        const char* name = i == 1 ? "num_lower" : "num_upper";
        const Shape& shape = ctx.input(i).shape();
        if (shape.rank() != 0)
            return invalid_argument(fmt::format("{} must be scalar, got shape {}", name, to_text(shape)));
        const std::int64_t most = i == 1 ? m : n, given = scalar_input(ctx, i);
        if (given > most)
            return invalid_argument(fmt::format("{} must be negative or less or equal to number of {} ({}) got: {}",
                                                name, i == 1 ? "rows" : "columns", most, given));
    }
    if (dtype_size(input.dtype()) == 0) return no_kernel(ctx, input.dtype());
    const std::int64_t below = scalar_input(ctx, 1), above = scalar_input(ctx, 2);
    const Tensor nothing = Tensor::zeros(input.dtype(), {n});
    ElementWriter writer(input.dtype(), input.shape());
    for (std::int64_t at = 0; at < input.elements(); at += n) { // row by row
        const std::int64_t row = at / n % m;
        const std::int64_t begin = below < 0 ? 0 : std::clamp<std::int64_t>(row - below, 0, n);
        const std::int64_t end = above < 0 ? n : std::clamp<std::int64_t>(row + above + 1, begin, n);
        writer.copy(at, nothing, 0, begin);
        writer.copy(at + begin, input, at + begin, end - begin);
        writer.copy(at + end, nothing, 0, n - end);
    }
    ctx.set_output(0, std::move(writer).finish());
    return {};
}

} // namespace

void add_diagonal_ops(OpRecords& ops) {
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
    const Tensor square = example::floats({3, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F, 7.0F, 8.0F, 9.0F});
    ops.push_back(OpBuilder("MatrixBandPart")
                      .input("input: T")
                      .input("num_lower: Tindex")
                      .input("num_upper: Tindex")
                      .output("band: T")
                      .attr("T: type")
                      .attr("Tindex: {int32, int64} = DT_INT64")
                      .summary("Matrices with zeros outside of a band around the diagonal; -1 keeps a whole side.")
                      .shape(unchanged_shape)
                      .kernel(matrix_band_part)
                      .example({{square, example::longs({}, {-1}), example::longs({}, {0})},
                                {},
                                {example::floats({3, 3}, {1.0F, 0.0F, 0.0F, 4.0F, 5.0F, 0.0F, 7.0F, 8.0F, 9.0F})}})
                      .example({{square, example::ints({}, {0}), example::ints({}, {1})},
                                {},
                                {example::floats({3, 3}, {1.0F, 2.0F, 0.0F, 0.0F, 5.0F, 6.0F, 0.0F, 0.0F, 9.0F})}})
                      .example({{example::floats({2, 3, 1}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}),
                                 example::longs({}, {1}), example::longs({}, {0})},
                                {},
                                {example::floats({2, 3, 1}, {1.0F, 2.0F, 0.0F, 4.0F, 5.0F, 0.0F})}}));
}

} // namespace rnnscope::ops
