#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

Status gather_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank_at_least(ctx.input(0), 1));
    ctx.set_output(0, concatenated(ctx.input(1), subshape(ctx.input(0), 1)));
    return {};
}

Status gather_v2_shape(ShapeContext& ctx) {
    const Shape& params = ctx.input(0);
    const Shape& indices = ctx.input(1);
    RNNSCOPE_TRY(with_rank_at_least(params, 1));
    RNNSCOPE_TRY(with_rank(ctx.input(2), 0));
    const auto axis_value = ctx.constant_input(2);
    if (!axis_value) {
        const bool known = params.has_rank() && indices.has_rank();
        ctx.set_output(0, known ? Shape::unknown_dims(indices.rank() + params.rank() - 1) : Shape::unknown_rank());
        return {};
    }
    const std::int64_t axis = axis_value->integer(0);
    RNNSCOPE_TRY(with_rank_at_least(params, static_cast<std::size_t>(axis < 0 ? -axis : axis + 1)));
    if (!params.has_rank()) {
        ctx.set_output(0, Shape::unknown_rank());
        return {};
    }
    const auto at = static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(params.rank()) : axis);
    ctx.set_output(0, concatenated(concatenated(subshape(params, 0, at), indices), subshape(params, at + 1)));
    return {};
}

Status one_hot_shape(ShapeContext& ctx) {
    const auto axis = ctx.attr<std::int64_t>("axis");
    const Shape& indices = ctx.input(0);
    if (axis < -1) return invalid_argument("axis must be >= -1");
    for (std::size_t i = 1; i <= 3; ++i) RNNSCOPE_TRY(with_rank(ctx.input(i), 0));
    if (!indices.has_rank()) {
        ctx.set_output(0, Shape::unknown_rank());
        return {};
    }
    if (axis > static_cast<std::int64_t>(indices.rank()))
        return invalid_argument(fmt::format("Shape must be at least rank {} but is rank {}", axis, indices.rank()));
    const auto depth = ctx.constant_input(1);
    if (depth && depth->integer(0) < 0)
        return invalid_argument(
            fmt::format("Dimension size, given by scalar input 1, must be non-negative but is {}", depth->integer(0)));
    const std::size_t at = axis == -1 ? indices.rank() : static_cast<std::size_t>(axis);
    const Shape depth_shape{depth ? depth->integer(0) : Shape::unknown};
    ctx.set_output(0, concatenated(concatenated(subshape(indices, 0, at), depth_shape), subshape(indices, at)));
    return {};
}

Status where_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    ctx.set_output(0, {Shape::unknown, input.has_rank() ? static_cast<std::int64_t>(input.rank()) : Shape::unknown});
    return {};
}

Status dynamic_stitch_shape(ShapeContext& ctx) {
    const std::size_t n = ctx.inputs() / 2;
    bool all_known = true;
    std::int64_t largest = -1;
    Shape element = Shape::unknown_rank();
    for (std::size_t i = 0; i < n; ++i) {
        const Shape& indices = ctx.input(i);
        const Shape& data = ctx.input(n + i);
        if (const auto values = ctx.constant_input(i)) {
            for (const std::int64_t index : integers_of(*values)) largest = std::max(largest, index);
        } else {
            all_known = false;
        }
        if (!indices.has_rank()) continue;
        // The data of one index is what is left of the data's shape after that of the indices.
        RNNSCOPE_TRY(with_rank_at_least(data, indices.rank()));
        if (!data.has_rank()) continue;
        const auto prefix = merge_shapes(indices, subshape(data, 0, indices.rank()));
        if (!prefix) return prefix.error();
        auto merged = merge_shapes(element, subshape(data, indices.rank()));
        if (!merged) return merged.error();
        element = *std::move(merged);
    }
    ctx.set_output(0, concatenated(Shape{all_known ? largest + 1 : Shape::unknown}, element));
    return {};
}

} // namespace

void add_gather_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("Gather")
                      .input("params: Tparams")
                      .input("indices: Tindices")
                      .output("output: Tparams")
                      .attr("validate_indices: bool = true")
                      .attr("Tparams: type")
                      .attr("Tindices: {int32, int64}")
                      .summary("Rows of a tensor, picked by index.")
                      .shape(gather_shape));
    ops.push_back(OpBuilder("GatherV2")
                      .input("params: Tparams")
                      .input("indices: Tindices")
                      .input("axis: Taxis")
                      .output("output: Tparams")
                      .attr("batch_dims: int = 0")
                      .attr("Tparams: type")
                      .attr("Tindices: {int32, int64}")
                      .attr("Taxis: {int32, int64}")
                      .summary("Slices of a tensor along an axis, picked by index.")
                      .shape(gather_v2_shape));
    ops.push_back(OpBuilder("OneHot")
                      .input("indices: TI")
                      .input("depth: int32")
                      .input("on_value: T")
                      .input("off_value: T")
                      .output("output: T")
                      .attr("axis: int = -1")
                      .attr("T: type")
                      .attr("TI: {uint8, int32, int64} = DT_INT64")
                      .summary("For each index a vector that is on at the index and off elsewhere.")
                      .shape(one_hot_shape));
    ops.push_back(OpBuilder("Where")
                      .input("input: T")
                      .output("index: int64")
                      .attr("T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, "
                            "bfloat16, uint16, complex128, half, uint32, uint64, bool} = DT_BOOL")
                      .summary("Coordinates of the elements that are not zero, in row-major order.")
                      .shape(where_shape));
    ops.push_back(OpBuilder("DynamicStitch")
                      .input("indices: N * int32")
                      .input("data: N * T")
                      .output("merged: T")
                      .attr("N: int >= 1")
                      .attr("T: type")
                      .summary("Puts slices of several tensors where their indices say.")
                      .shape(dynamic_stitch_shape));
}

} // namespace rnnscope::ops
