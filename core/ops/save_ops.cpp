#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

/// prefix, tensor_names, shape_and_slices: a scalar and two vectors of one length.
Status check_names(ShapeContext& ctx, std::int64_t tensors) {
    RNNSCOPE_TRY(with_rank(ctx.input(0), 0));
    for (std::size_t i = 1; i <= 2; ++i) {
        const auto names = with_rank(ctx.input(i), 1);
        if (!names) return names.error();
        RNNSCOPE_TRY(dim_is(names->dim(0), tensors));
    }
    return {};
}

Status save_shape(ShapeContext& ctx) {
    return check_names(ctx, static_cast<std::int64_t>(ctx.inputs()) - 3);
}

Status restore_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank(ctx.input(0), 0));
    const auto names = with_rank(ctx.input(1), 1);
    if (!names) return names.error();
    const auto slices = with_rank(ctx.input(2), 1);
    if (!slices) return slices.error();
    RNNSCOPE_TRY(merge_shapes(*names, *slices));
    return unknown_shape(ctx);
}

} // namespace

void add_save_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("SaveV2")
                      .input("prefix: string")
                      .input("tensor_names: string")
                      .input("shape_and_slices: string")
                      .input("tensors: dtypes")
                      .attr("dtypes: list(type) >= 1")
                      .stateful()
                      .summary("Writes tensors to a checkpoint.")
                      .shape(save_shape));
    ops.push_back(OpBuilder("RestoreV2")
                      .input("prefix: string")
                      .input("tensor_names: string")
                      .input("shape_and_slices: string")
                      .output("tensors: dtypes")
                      .attr("dtypes: list(type) >= 1")
                      .stateful()
                      .summary("Reads tensors from a checkpoint.")
                      .shape(restore_shape));
}

} // namespace rnnscope::ops
