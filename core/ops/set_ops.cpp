#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

// Sets as the last dimension of tensors: what the checks of weights compare shapes with.
namespace rnnscope::ops {
namespace {

/// How many dimensions say which set an element is in: all but the last.
Status set_operation_shape(ShapeContext& ctx) {
    const Shape &first = ctx.input(0), &second = ctx.input(1);
    RNNSCOPE_TRY(with_rank_at_least(first, 2));
    if (first.has_rank()) {
        RNNSCOPE_TRY(with_rank(second, first.rank()));
        if (second.has_rank())
            RNNSCOPE_TRY(merge_shapes(subshape(first, 0, first.rank() - 1), subshape(second, 0, first.rank() - 1)));
    } else {
        RNNSCOPE_TRY(with_rank_at_least(second, 2));
    }
    const Shape& known = first.has_rank() ? first : second;
    const std::int64_t rank = known.has_rank() ? static_cast<std::int64_t>(known.rank()) : Shape::unknown;
    ctx.set_output(0, {Shape::unknown, rank});
    ctx.set_output(1, {Shape::unknown});
    ctx.set_output(2, {rank});
    return {};
}

enum class SetOperation { a_minus_b, b_minus_a, intersection, united };

Result<SetOperation> operation_of(const KernelContext& ctx) {
    std::string text = ctx.attr<std::string>("set_operation");
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (text == "a-b") return SetOperation::a_minus_b;
    if (text == "b-a") return SetOperation::b_minus_a;
    if (text == "intersection") return SetOperation::intersection;
    if (text == "union") return SetOperation::united;
    return invalid_argument(fmt::format("Invalid set_operation {}.", text));
}

template <class T> std::vector<T> combined(SetOperation operation, const std::set<T>& a, const std::set<T>& b) {
    std::vector<T> result;
    const auto out = std::back_inserter(result);
    switch (operation) {
    case SetOperation::a_minus_b:
        std::set_difference(a.begin(), a.end(), b.begin(), b.end(), out);
        break;
    case SetOperation::b_minus_a:
        std::set_difference(b.begin(), b.end(), a.begin(), a.end(), out);
        break;
    case SetOperation::intersection:
        std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), out);
        break;
    case SetOperation::united:
        std::set_union(a.begin(), a.end(), b.begin(), b.end(), out);
        break;
    }
    return result;
}

/// The elements of set `group`.
template <class T> std::set<T> set_of(const Tensor& tensor, std::int64_t group) {
    const std::int64_t size = tensor.shape().dim(tensor.shape().rank() - 1);
    std::set<T> result;
    for (std::int64_t i = group * size; i < (group + 1) * size; ++i)
        if constexpr (std::is_same_v<T, std::string>)
            result.insert(tensor.strings()[static_cast<std::size_t>(i)]);
        else
            result.insert(tensor.values<T>()[static_cast<std::size_t>(i)]);
    return result;
}

template <class T> void compute_sets(KernelContext& ctx, SetOperation operation) {
    const Tensor &a = ctx.input(0), &b = ctx.input(1);
    const Shape groups = subshape(a.shape(), 0, a.shape().rank() - 1);
    std::vector<std::int64_t> indices, shape(groups.dims().begin(), groups.dims().end());
    std::vector<T> values;
    std::int64_t largest = 0;
    for (std::int64_t group = 0; group < groups.elements(); ++group) {
        const std::vector<T> found = combined(operation, set_of<T>(a, group), set_of<T>(b, group));
        for (std::size_t i = 0; i < found.size(); ++i) {
            const auto strides = strides_of(groups);
            for (std::size_t d = 0; d < groups.rank(); ++d) indices.push_back(group / strides[d] % groups.dim(d));
            indices.push_back(static_cast<std::int64_t>(i));
            values.push_back(found[i]);
        }
        largest = std::max(largest, static_cast<std::int64_t>(found.size()));
    }
    shape.push_back(largest);
    const auto count = static_cast<std::int64_t>(values.size()), rank = static_cast<std::int64_t>(shape.size());
    ctx.set_output(0, Tensor::of<std::int64_t>({count, rank}, std::move(indices)));
    ctx.set_output(1, Tensor::of<T>({count}, std::move(values)));
    ctx.set_output(2, Tensor::of<std::int64_t>({rank}, std::move(shape)));
}

Status set_operation(KernelContext& ctx) {
    const Shape &a = ctx.input(0).shape(), &b = ctx.input(1).shape();
    if (a.rank() < 2) return invalid_argument(fmt::format("Invalid rank {}.", a.rank()));
    if (b.rank() != a.rank()) return invalid_argument(fmt::format("Mismatched ranks {} vs. {}.", a.rank(), b.rank()));
    if (subshape(a, 0, a.rank() - 1) != subshape(b, 0, a.rank() - 1))
        return invalid_argument(fmt::format("Mismatched group shapes {} vs. {}.", to_text(a), to_text(b)));
    const auto operation = operation_of(ctx);
    if (!operation) return operation.error();
    if (ctx.input(0).dtype() == DType::string) return compute_sets<std::string>(ctx, *operation), Status();
    const bool known = visit_number(ctx.input(0).dtype(), [&](auto zero) {
        if constexpr (std::is_integral_v<decltype(zero)>) compute_sets<decltype(zero)>(ctx, *operation);
    });
    if (!known || is_floating(ctx.input(0).dtype())) return no_kernel(ctx, ctx.input(0).dtype());
    return {};
}

} // namespace

void add_set_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("DenseToDenseSetOperation")
                      .input("set1: T")
                      .input("set2: T")
                      .output("result_indices: int64")
                      .output("result_values: T")
                      .output("result_shape: int64")
                      .attr("set_operation: string")
                      .attr("validate_indices: bool = true")
                      .attr("T: {int8, int16, int32, int64, uint8, uint16, string}")
                      .summary("Difference, intersection or union of sets, which are rows of tensors.")
                      .shape(set_operation_shape)
                      .kernel(set_operation)
                      .example({{example::ints({2, 3}, {3, 1, 2, 5, 5, 4}), example::ints({2, 2}, {1, 7, 6, 6})},
                                {{"set_operation", "a-b"}},
                                {example::longs({4, 2}, {0, 0, 0, 1, 1, 0, 1, 1}), example::ints({4}, {2, 3, 4, 5}),
                                 example::longs({2}, {2, 2})}})
                      .example({{example::strings({1, 2}, {"b", "a"}), example::strings({1, 2}, {"c", "b"})},
                                {{"set_operation", "union"}},
                                {example::longs({3, 2}, {0, 0, 0, 1, 0, 2}), example::strings({3}, {"a", "b", "c"}),
                                 example::longs({2}, {1, 3})}}));
}

} // namespace rnnscope::ops
