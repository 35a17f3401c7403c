#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <algorithm>

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
                      .shape(matmul_shape));
    ops.push_back(OpBuilder("Qr")
                      .input("input: T")
                      .output("q: T")
                      .output("r: T")
                      .attr("full_matrices: bool = false")
                      .attr("T: {double, float, half, complex64, complex128}")
                      .summary("Orthogonal and upper triangular factor of matrices.")
                      .shape(qr_shape));
    ops.push_back(OpBuilder("Diag")
                      .input("diagonal: T")
                      .output("output: T")
                      .attr("T: {bfloat16, half, float, double, int32, int64, complex64, complex128}")
                      .summary("A tensor with the given diagonal, zero elsewhere.")
                      .shape(diag_shape));
    ops.push_back(OpBuilder("DiagPart")
                      .input("input: T")
                      .output("diagonal: T")
                      .attr("T: {bfloat16, half, float, double, int32, int64, complex64, complex128}")
                      .summary("The diagonal of a tensor.")
                      .shape(diag_part_shape));
    ops.push_back(OpBuilder("MatrixDiag")
                      .input("diagonal: T")
                      .output("output: T")
                      .attr("T: type")
                      .summary("Matrices with the given diagonals, zero elsewhere.")
                      .shape(matrix_diag_shape));
    ops.push_back(OpBuilder("MatrixDiagPart")
                      .input("input: T")
                      .output("diagonal: T")
                      .attr("T: type")
                      .summary("The diagonals of matrices.")
                      .shape(matrix_diag_part_shape));
    ops.push_back(OpBuilder("MatrixSetDiag")
                      .input("input: T")
                      .input("diagonal: T")
                      .output("output: T")
                      .attr("T: type")
                      .summary("Matrices with their diagonals replaced.")
                      .shape(matrix_set_diag_shape));
}

} // namespace rnnscope::ops
