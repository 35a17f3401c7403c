#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

Status arg_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    if (!input.has_rank()) {
        ctx.set_output(0, Shape::unknown_rank());
        return {};
    }
    const auto rank = static_cast<std::int64_t>(input.rank());
    if (rank <= 1) { // a scalar or vector has one dimension to reduce at most
        ctx.set_output(0, Shape{});
        return {};
    }
    const auto axis = ctx.constant_input(1);
    if (!axis) {
        ctx.set_output(0, Shape::unknown_dims(input.rank() - 1));
        return {};
    }
    const std::int64_t given = axis->integer(0);
    const std::int64_t at = given < 0 ? given + rank : given;
    if (at < 0 || at >= rank)
        return invalid_argument(fmt::format("Dimension ({}) must be in the range [{}, {}), where {} is the number of "
                                            "dimensions in the input.",
                                            at, -rank, rank, rank));
    const auto dim = static_cast<std::size_t>(at);
    ctx.set_output(0, concatenated(subshape(input, 0, dim), subshape(input, dim + 1)));
    return {};
}

OpBuilder reduction(std::string_view name, std::string_view type, std::string_view summary) {
    return OpBuilder(name)
        .input("input: T")
        .input("reduction_indices: Tidx")
        .output("output: T")
        .attr("keep_dims: bool = false")
        .attr(type)
        .attr("Tidx: {int32, int64} = DT_INT32")
        .summary(summary)
        .shape(reduction_shape);
}

OpBuilder bool_reduction(std::string_view name, std::string_view summary) {
    return OpBuilder(name)
        .input("input: bool")
        .input("reduction_indices: Tidx")
        .output("output: bool")
        .attr("keep_dims: bool = false")
        .attr("Tidx: {int32, int64} = DT_INT32")
        .summary(summary)
        .shape(reduction_shape);
}

OpBuilder arg_reduction(std::string_view name, std::string_view summary) {
    return OpBuilder(name)
        .input("input: T")
        .input("dimension: Tidx")
        .output("output: output_type")
        .attr("T: numbertype")
        .attr("Tidx: {int32, int64} = DT_INT32")
        .attr("output_type: {int32, int64} = DT_INT64")
        .summary(summary)
        .shape(arg_shape);
}

} // namespace

void add_reduction_ops(OpRecords& ops) {
    ops.push_back(reduction("Sum", "T: numbertype", "Sum along dimensions."));
    ops.push_back(reduction("Mean", "T: numbertype", "Mean along dimensions."));
    ops.push_back(reduction("Prod", "T: numbertype", "Product along dimensions."));
    ops.push_back(reduction("Max", "T: numbertype", "Largest element along dimensions."));
    ops.push_back(reduction("Min", "T: numbertype", "Smallest element along dimensions."));
    ops.push_back(bool_reduction("All", "Do all elements along dimensions hold?"));
    ops.push_back(bool_reduction("Any", "Does any element along dimensions hold?"));
    ops.push_back(arg_reduction("ArgMax", "Index of the largest element along a dimension."));
    ops.push_back(arg_reduction("ArgMin", "Index of the smallest element along a dimension."));
}

} // namespace rnnscope::ops
