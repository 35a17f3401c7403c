#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <algorithm>
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
    if (axis_value && axis_value->elements() != 1)
        return invalid_argument(fmt::format("Input must be scalar but has rank {}", axis_value->shape().rank()));
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
    if (depth && depth->elements() != 1)
        return invalid_argument(fmt::format("Input must be scalar but has rank {}", depth->shape().rank()));
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

Status dynamic_partition_shape(ShapeContext& ctx) {
    const Shape &data = ctx.input(0), &partitions = ctx.input(1);
    if (!partitions.has_rank()) return unknown_shape(ctx);
    RNNSCOPE_TRY(with_rank_at_least(data, partitions.rank()));
    if (data.has_rank()) RNNSCOPE_TRY(merge_shapes(subshape(data, 0, partitions.rank()), partitions));
    for (std::size_t i = 0; i < ctx.outputs(); ++i)
        ctx.set_output(i, concatenated(Shape{Shape::unknown}, subshape(data, partitions.rank())));
    return {};
}

Status gather_rows(KernelContext& ctx) {
    if (ctx.input(0).shape().rank() < 1) return invalid_argument("params must be at least 1 dimensional");
    auto result = gather(ctx.input(0), ctx.input(1), 0);
    if (!result) return result.error();
    ctx.set_output(0, *std::move(result));
    return {};
}

Status gather_v2(KernelContext& ctx) {
    const Tensor& params = ctx.input(0);
    const auto rank = static_cast<std::int64_t>(params.shape().rank());
    if (ctx.input(2).shape().rank() != 0) return invalid_argument("axis must be scalar");
    if (rank < 1) return invalid_argument("params must be at least 1 dimensional");
    const std::int64_t given = scalar_input(ctx, 2), axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis >= rank)
        return invalid_argument(fmt::format("Expected axis in the range [{}, {}), but got {}", -rank, rank, given));
    if (ctx.attr<std::int64_t>("batch_dims") != 0)
        return Error{"UnimplementedError", "GatherV2 with batch_dims cannot be computed here"};
    auto result = gather(params, ctx.input(1), static_cast<std::size_t>(axis));
    if (!result) return result.error();
    ctx.set_output(0, *std::move(result));
    return {};
}

Status one_hot(KernelContext& ctx) {
    const Tensor& indices = ctx.input(0);
    const auto given = ctx.attr<std::int64_t>("axis");
    if (given < -1 || given > static_cast<std::int64_t>(indices.shape().rank()))
        return invalid_argument(fmt::format("Expected axis to be -1 or between [0, {}).  But received: {}",
                                            indices.shape().rank() + 1, given));
    static constexpr const char* names[] = {"", "depth", "on_value", "off_value"};
    for (std::size_t i = 1; i <= 3; ++i)
        if (ctx.input(i).shape().rank() != 0)
            return invalid_argument(
                fmt::format("{} must be a scalar, but got: {}", names[i], to_text(ctx.input(i).shape())));
    const std::int64_t depth = scalar_input(ctx, 1);
    if (depth < 0) return invalid_argument(fmt::format("depth must be non-negative, got: {}", depth));
    const std::size_t axis = given == -1 ? indices.shape().rank() : static_cast<std::size_t>(given);
    const Shape before = subshape(indices.shape(), 0, axis), after = subshape(indices.shape(), axis);
    const Shape shape = concatenated(concatenated(before, {depth}), after);
    RNNSCOPE_TRY(check_allocation(ctx.input(2).dtype(), shape));
    ElementWriter writer(ctx.input(2).dtype(), shape);
    const Tensor off = filled(ctx.input(3), shape);
    writer.copy(0, off, 0, off.elements());
    const std::int64_t inner = after.elements();
    for (std::int64_t i = 0; i < indices.elements(); ++i) {
        const std::int64_t hot = indices.integer(i);
        if (hot >= 0 && hot < depth) writer.copy((i / inner * depth + hot) * inner + i % inner, ctx.input(2), 0);
    }
    ctx.set_output(0, std::move(writer).finish());
    return {};
}

Status where(KernelContext& ctx) {
    const Tensor& input = ctx.input(0);
    if (dtype_size(input.dtype()) == 0 || input.dtype() == DType::complex64 || input.dtype() == DType::complex128)
        return no_kernel(ctx, input.dtype());
    const std::vector<std::int64_t> strides = strides_of(input.shape());
    std::vector<std::int64_t> coordinates;
    std::int64_t found = 0;
    for (std::int64_t i = 0; i < input.elements(); ++i) {
        if (input.number(i) == 0) continue;
        ++found;
        std::int64_t rest = i;
        for (const std::int64_t stride : strides) {
            coordinates.push_back(rest / stride);
            rest %= stride;
        }
    }
    const Shape shape{found, static_cast<std::int64_t>(strides.size())};
    ctx.set_output(0, Tensor::of<std::int64_t>(shape, std::move(coordinates)));
    return {};
}

Status dynamic_stitch(KernelContext& ctx) {
    const std::size_t n = ctx.inputs() / 2;
    std::int64_t largest = -1;
    const Tensor& first_data = ctx.input(n);
    const std::size_t first_rank = ctx.input(0).shape().rank();
    if (first_data.shape().rank() < first_rank)
        return invalid_argument(fmt::format("data[0].shape = {} does not start with indices[0].shape = {}",
                                            to_text(first_data.shape()), to_text(ctx.input(0).shape())));
    const Shape slice_shape = subshape(first_data.shape(), first_rank);
    for (std::size_t i = 0; i < n; ++i) {
        const Tensor& indices = ctx.input(i);
        const Tensor& data = ctx.input(n + i);
        if (data.shape() != concatenated(indices.shape(), subshape(data.shape(), indices.shape().rank())))
            return invalid_argument(fmt::format("data[{}].shape = {} does not start with indices[{}].shape = {}", i,
                                                to_text(data.shape()), i, to_text(indices.shape())));
        if (subshape(data.shape(), indices.shape().rank()) != slice_shape)
            return invalid_argument(fmt::format(
                "Need data[0].shape[{}:] = data[{}].shape[{}:], got data[0].shape = {}, data[{}].shape = {}, "
                "indices[0].shape = {}, indices[{}].shape = {}",
                first_rank, i, indices.shape().rank(), to_text(first_data.shape()), i, to_text(data.shape()),
                to_text(ctx.input(0).shape()), i, to_text(indices.shape())));
        for (const std::int64_t index : integers_of(indices)) {
            if (index < 0) return invalid_argument(fmt::format("indices[{}] is out of range", i));
            largest = std::max(largest, index);
        }
    }
    const Shape shape = concatenated({largest + 1}, slice_shape);
    RNNSCOPE_TRY(check_allocation(first_data.dtype(), shape));
    ElementWriter writer(first_data.dtype(), shape);
    const Tensor zeros = dtype_size(first_data.dtype()) == 0 ? Tensor() : Tensor::zeros(first_data.dtype(), shape);
    if (zeros) writer.copy(0, zeros, 0, zeros.elements()); // rows that no index names
    const std::int64_t row = slice_shape.elements();
    for (std::size_t i = 0; i < n; ++i)
        for (std::int64_t k = 0; k < ctx.input(i).elements(); ++k)
            writer.copy(ctx.input(i).integer(k) * row, ctx.input(n + i), k * row, row);
    ctx.set_output(0, std::move(writer).finish());
    return {};
}

Status dynamic_partition(KernelContext& ctx) {
    const Tensor &data = ctx.input(0), &partitions = ctx.input(1);
    const auto count = ctx.attr<std::int64_t>("num_partitions");
    const std::size_t rank = partitions.shape().rank();
    if (data.shape().rank() < rank || subshape(data.shape(), 0, rank) != partitions.shape())
        return invalid_argument(
            fmt::format("data.shape must start with partitions.shape, got data.shape = {}, partitions.shape = {}",
                        to_text(data.shape()), to_text(partitions.shape())));
    std::vector<std::int64_t> sizes(static_cast<std::size_t>(count), 0);
    for (std::int64_t i = 0; i < partitions.elements(); ++i) {
        const std::int64_t partition = partitions.integer(i);
        if (partition < 0 || partition >= count)
            return invalid_argument(fmt::format("partitions[{}] = {} is not in [0, {})", i, partition, count));
        ++sizes[static_cast<std::size_t>(partition)];
    }
    const Shape row_shape = subshape(data.shape(), rank);
    const std::int64_t row = row_shape.elements();
    for (std::int64_t p = 0; p < count; ++p) {
        ElementWriter writer(data.dtype(), concatenated(Shape{sizes[static_cast<std::size_t>(p)]}, row_shape));
        std::int64_t to = 0;
        for (std::int64_t i = 0; i < partitions.elements(); ++i)
            if (partitions.integer(i) == p) writer.copy(row * to++, data, i * row, row);
        ctx.set_output(static_cast<std::size_t>(p), std::move(writer).finish());
    }
    return {};
}

OpBuilder stitch(std::string_view name, std::string_view summary) {
    return OpBuilder(name)
        .input("indices: N * int32")
        .input("data: N * T")
        .output("merged: T")
        .attr("N: int >= 1")
        .attr("T: type")
        .summary(summary)
        .shape(dynamic_stitch_shape)
        .kernel(dynamic_stitch)
        .example({{example::ints({2}, {2, 0}), example::ints({1}, {1}), example::floats({2, 1}, {30.0F, 10.0F}),
                   example::floats({1, 1}, {20.0F})},
                  {{"N", 2}},
                  {example::floats({3, 1}, {10.0F, 20.0F, 30.0F})}});
}

} // namespace

void add_gather_ops(OpRecords& ops) {
    ops.push_back(
        OpBuilder("Gather")
            .input("params: Tparams")
            .input("indices: Tindices")
            .output("output: Tparams")
            .attr("validate_indices: bool = true")
            .attr("Tparams: type")
            .attr("Tindices: {int32, int64}")
            .summary("Rows of a tensor, picked by index.")
            .shape(gather_shape)
            .kernel(gather_rows)
            .example({{example::floats({3, 2}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::ints({2}, {2, 0})},
                      {},
                      {example::floats({2, 2}, {5.0F, 6.0F, 1.0F, 2.0F})}}));
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
                      .shape(gather_v2_shape)
                      .kernel(gather_v2)
                      .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}),
                                 example::ints({2}, {2, 0}), example::ints({}, {1})},
                                {},
                                {example::floats({2, 2}, {3.0F, 1.0F, 6.0F, 4.0F})}}));
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
                      .shape(one_hot_shape)
                      .kernel(one_hot)
                      .example({{example::ints({3}, {0, 2, -1}), example::ints({}, {3}), example::floats({}, {1.0F}),
                                 example::floats({}, {0.0F})},
                                {},
                                {example::floats({3, 3}, {1.0F, 0.0F, 0.0F, 0.0F, 0.0F, 1.0F, 0.0F, 0.0F, 0.0F})}}));
    ops.push_back(
        OpBuilder("Where")
            .input("input: T")
            .output("index: int64")
            .attr("T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, "
                  "bfloat16, uint16, complex128, half, uint32, uint64, bool} = DT_BOOL")
            .summary("Coordinates of the elements that are not zero, in row-major order.")
            .shape(where_shape)
            .kernel(where)
            .example(
                {{example::bools({2, 2}, {true, false, false, true})}, {}, {example::longs({2, 2}, {0, 0, 1, 1})}}));
    ops.push_back(stitch("DynamicStitch", "Puts slices of several tensors where their indices say."));
    ops.push_back(stitch("ParallelDynamicStitch", "Rows of several tensors, put where indices say, in any order."));
    ops.push_back(
        OpBuilder("DynamicPartition")
            .input("data: T")
            .input("partitions: int32")
            .output("outputs: num_partitions * T")
            .attr("num_partitions: int >= 1")
            .attr("T: type")
            .summary("Rows sorted into several tensors by the number that each has.")
            .shape(dynamic_partition_shape)
            .kernel(dynamic_partition)
            .example({{example::floats({3, 2}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::ints({3}, {1, 0, 1})},
                      {{"num_partitions", 3}},
                      {example::floats({1, 2}, {3.0F, 4.0F}), example::floats({2, 2}, {1.0F, 2.0F, 5.0F, 6.0F}),
                       example::floats({0, 2}, {})}}));
}

} // namespace rnnscope::ops
