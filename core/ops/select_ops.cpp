#include "core/ops/elementwise.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <fmt/format.h>

// Ops that choose between two tensors.
namespace rnnscope::ops {
namespace {

Status select_shape(ShapeContext& ctx) {
    auto merged = merge_shapes(ctx.input(1), ctx.input(2));
    if (!merged) return merged.error();
    const Shape data = *std::move(merged);
    const Shape& condition = ctx.input(0);
    ctx.set_output(0, data);
    if (!condition.has_rank() || !data.has_rank() || condition.rank() == 0) return {};
    if (condition.rank() == 1) { // a vector chooses rows
        RNNSCOPE_TRY(with_rank_at_least(data, 1));
        RNNSCOPE_TRY(merge_dims(condition.dim(0), data.dim(0)));
        return {};
    }
    auto whole = merge_shapes(data, condition);
    if (!whole) return whole.error();
    ctx.set_output(0, *std::move(whole));
    return {};
}

Status select_v2_shape(ShapeContext& ctx) {
    const auto data = broadcast_shapes(ctx.input(1), ctx.input(2));
    if (!data) return data.error();
    auto whole = broadcast_shapes(ctx.input(0), *data);
    if (!whole) return whole.error();
    ctx.set_output(0, *std::move(whole));
    return {};
}

Status select(KernelContext& ctx) {
    const Tensor& condition = ctx.input(0);
    const Tensor& yes = ctx.input(1);
    const Tensor& no = ctx.input(2);
    const auto chosen = condition.values<bool>();
    const std::size_t rank = condition.shape().rank();
    if (rank == 0 || (rank == 1 && condition.shape() != yes.shape())) {
        if (yes.shape() != no.shape())
            return invalid_argument(fmt::format("'then' and 'else' must have the same size.  but received: {} vs. {}",
                                                to_text(yes.shape()), to_text(no.shape())));
    }
    if (rank == 0) {
        ctx.forward(chosen[0] ? 1 : 2, 0);
        return {};
    }
    if (rank == 1 && condition.shape() != yes.shape()) {
        if (yes.shape().rank() < 1)
            return invalid_argument(
                fmt::format("'then' must be at least a vector, but saw shape: {}", to_text(yes.shape())));
        if (yes.shape().dim(0) != condition.elements())
            return invalid_argument(
                fmt::format("Number of batches of 'then' must match size of 'cond', but saw: {} vs. {}",
                            yes.shape().dim(0), condition.elements()));
    } else {
        RNNSCOPE_TRY(same_shapes(ctx, 0, 1));
        RNNSCOPE_TRY(same_shapes(ctx, 0, 2));
    }
    ElementWriter writer(yes.dtype(), yes.shape());
    const std::int64_t row = condition.elements() == 0 ? 0 : yes.elements() / condition.elements();
    for (std::int64_t i = 0; i < condition.elements(); ++i)
        writer.copy(i * row, chosen[static_cast<std::size_t>(i)] ? yes : no, i * row, row);
    ctx.set_output(0, std::move(writer).finish());
    return {};
}

Status select_v2(KernelContext& ctx) {
    const Tensor &condition = ctx.input(0), &yes = ctx.input(1), &no = ctx.input(2);
    const auto data = broadcast_shapes(yes.shape(), no.shape());
    if (!data)
        return invalid_argument(
            fmt::format("then {} and else {} must be broadcastable", to_text(yes.shape()), to_text(no.shape())));
    const auto shape = broadcast_shapes(condition.shape(), *data);
    if (!shape)
        return invalid_argument(fmt::format("condition {}, then {}, and else {} must be broadcastable",
                                            to_text(condition.shape()), to_text(yes.shape()), to_text(no.shape())));
    RNNSCOPE_TRY(check_allocation(yes.dtype(), *shape));
    const auto chosen = condition.values<bool>();
    ElementWriter writer(yes.dtype(), *shape);
    for (const bool wanted : {true, false}) {
        const Tensor& source = wanted ? yes : no;
        visit_broadcast(condition.shape(), source.shape(), *shape,
                        [&](std::int64_t i, std::int64_t decides, std::int64_t from) {
                            if (chosen[static_cast<std::size_t>(decides)] == wanted) writer.copy(i, source, from);
                        });
    }
    ctx.set_output(0, std::move(writer).finish());
    return {};
}

} // namespace

void add_select_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("Select")
                      .input("condition: bool")
                      .input("t: T")
                      .input("e: T")
                      .output("output: T")
                      .attr("T: type")
                      .summary("Elements of t where the condition holds, else of e; a vector chooses whole rows.")
                      .shape(select_shape)
                      .kernel(select)
                      .example({{example::bools({2}, {true, false}), example::floats({2, 2}, {1.0F, 2.0F, 3.0F, 4.0F}),
                                 example::floats({2, 2}, {5.0F, 6.0F, 7.0F, 8.0F})},
                                {},
                                {example::floats({2, 2}, {1.0F, 2.0F, 7.0F, 8.0F})}}));
    const Tensor column = example::floats({2, 1}, {1.0F, 2.0F}), row = example::floats({3}, {5.0F, 6.0F, 7.0F});
    ops.push_back(
        OpBuilder("SelectV2")
            .input("condition: bool")
            .input("t: T")
            .input("e: T")
            .output("output: T")
            .attr("T: type")
            .summary("Elements of t where the condition holds, else of e; all three are broadcast.")
            .shape(select_v2_shape)
            .kernel(select_v2)
            .example({{example::bools({3}, {true, false, true}), column, row},
                      {},
                      {example::floats({2, 3}, {1.0F, 6.0F, 1.0F, 2.0F, 6.0F, 2.0F})}})
            .example({{example::bools({2, 1}, {false, true}), example::floats({}, {9.0F}), row},
                      {},
                      {example::floats({2, 3}, {5.0F, 6.0F, 7.0F, 9.0F, 9.0F, 9.0F})}})
            .example({{example::bools({}, {false}), example::strings({2}, {"a", "b"}), example::strings({1}, {"c"})},
                      {},
                      {example::strings({2}, {"c", "c"})}}));
}

} // namespace rnnscope::ops
