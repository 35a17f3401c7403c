#include "core/ops/elementwise.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <map>

#include <fmt/format.h>

// Ops that compare and group the elements of vectors.
namespace rnnscope::ops {
namespace {

Status unique_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank(ctx.input(0), 1));
    ctx.set_output(0, Shape::unknown_dims(1));
    ctx.set_output(1, ctx.input(0));
    return {};
}

Status list_diff_shape(ShapeContext& ctx) {
    for (std::size_t i = 0; i < 2; ++i) {
        RNNSCOPE_TRY(with_rank(ctx.input(i), 1));
        ctx.set_output(i, Shape::unknown_dims(1));
    }
    return {};
}

Status segment_sum_shape(ShapeContext& ctx) {
    const Shape& data = ctx.input(0);
    const Shape& ids = ctx.input(1);
    RNNSCOPE_TRY(with_rank(ctx.input(2), 0));
    if (!ids.has_rank()) return unknown_shape(ctx);
    if (data.has_rank()) {
        RNNSCOPE_TRY(with_rank_at_least(data, ids.rank()));
        for (std::size_t i = 0; i < ids.rank(); ++i) RNNSCOPE_TRY(merge_dims(data.dim(i), ids.dim(i)));
    }
    const auto count = ctx.constant_input(2);
    if (count && count->elements() != 1)
        return invalid_argument(fmt::format("Input must be scalar but has rank {}", count->shape().rank()));
    if (count && count->integer(0) < 0)
        return invalid_argument(
            fmt::format("Dimension size, given by scalar input 2, must be non-negative but is {}", count->integer(0)));
    ctx.set_output(0, concatenated({count ? count->integer(0) : Shape::unknown}, subshape(data, ids.rank())));
    return {};
}

/// Elements as keys that are equal when the elements are. -0 and 0 are one element; a NaN is equal to nothing, so each
/// gets a key of its own.
std::vector<std::string> keys_of(const Tensor& vector) {
    std::vector<std::string> keys;
    const std::size_t size = dtype_size(vector.dtype());
    for (std::int64_t i = 0; i < vector.elements(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (size == 0) {
            keys.push_back(vector.strings()[at]);
            continue;
        }
        const auto bytes = vector.bytes().subspan(at * size, size);
        std::string key(reinterpret_cast<const char*>(bytes.data()), size);
        if (is_floating(vector.dtype())) {
            const double x = vector.number(i);
            if (x == 0) key.assign(size, '\0');
            if (x != x) key = fmt::format("NaN at {}", i);
        }
        keys.push_back(std::move(key));
    }
    return keys;
}

/// The elements of `vector` at the given places.
Tensor picked(const Tensor& vector, const std::vector<std::int64_t>& places) {
    ElementWriter writer(vector.dtype(), {static_cast<std::int64_t>(places.size())});
    std::int64_t to = 0;
    for (const std::int64_t place : places) writer.copy(to++, vector, place);
    return std::move(writer).finish();
}

Status unique(KernelContext& ctx) {
    const Tensor& x = ctx.input(0);
    if (x.shape().rank() != 1) return invalid_argument("unique expects a 1D vector.");
    std::map<std::string, std::int64_t> seen;
    std::vector<std::int64_t> first, index;
    std::int64_t i = 0;
    for (const std::string& key : keys_of(x)) {
        const auto [entry, is_new] = seen.emplace(key, static_cast<std::int64_t>(first.size()));
        if (is_new) first.push_back(i);
        index.push_back(entry->second);
        ++i;
    }
    ctx.set_output(0, picked(x, first));
    ctx.set_output(1, integer_vector(ctx.attr<DType>("out_idx"), index));
    return {};
}

Status list_diff(KernelContext& ctx) {
    for (std::size_t i = 0; i < 2; ++i)
        if (ctx.input(i).shape().rank() != 1)
            return invalid_argument(fmt::format("{} should be a 1D vector.", i == 0 ? "x" : "y"));
    std::map<std::string, bool> excluded;
    for (const std::string& key : keys_of(ctx.input(1))) excluded.emplace(key, true);
    std::vector<std::int64_t> kept;
    std::int64_t i = 0;
    for (const std::string& key : keys_of(ctx.input(0))) {
        const bool is_nan = key.starts_with("NaN at "); // its place in y is another one
        if (is_nan || !excluded.contains(key)) kept.push_back(i);
        ++i;
    }
    ctx.set_output(0, picked(ctx.input(0), kept));
    ctx.set_output(1, integer_vector(ctx.attr<DType>("out_idx"), kept));
    return {};
}

Status unsorted_segment_sum(KernelContext& ctx) {
    const Tensor& data = ctx.input(0);
    const Tensor& ids = ctx.input(1);
    if (ctx.input(2).shape().rank() != 0)
        return invalid_argument(
            fmt::format("num_segments should be a scalar, not shape {}", to_text(ctx.input(2).shape())));
    if (data.shape().rank() < ids.shape().rank() || subshape(data.shape(), 0, ids.shape().rank()) != ids.shape())
        return invalid_argument(fmt::format("data.shape = {} does not start with segment_ids.shape = {}",
                                            to_text(data.shape()), to_text(ids.shape())));
    const std::int64_t segments = scalar_input(ctx, 2);
    const Shape row = subshape(data.shape(), ids.shape().rank());
    for (std::int64_t i = 0; i < ids.elements(); ++i) {
        if (ids.integer(i) < segments) continue;
        std::string at; // the coordinates of the id
        std::int64_t rest = i;
        for (const std::int64_t stride : strides_of(ids.shape())) {
            at += (at.empty() ? "" : ",") + std::to_string(rest / stride);
            rest %= stride;
        }
        return invalid_argument(fmt::format("segment_ids{} = {} is out of range [0, {})",
                                            at.empty() ? "" : "[" + at + "]", ids.integer(i), segments));
    }
    const Shape shape = concatenated({segments}, row);
    RNNSCOPE_TRY(check_allocation(data.dtype(), shape));
    const auto width = static_cast<std::size_t>(row.elements());
    const bool known = visit_number(data.dtype(), [&](auto zero) {
        using T = decltype(zero);
        std::vector<Wide<T>> sums(static_cast<std::size_t>(shape.elements()), Wide<T>{});
        for (std::int64_t i = 0; i < ids.elements(); ++i) {
            if (ids.integer(i) < 0) continue; // dropped
            for (std::size_t k = 0; k < width; ++k) {
                auto& sum = sums[static_cast<std::size_t>(ids.integer(i)) * width + k];
                sum = wrapped_add(sum, static_cast<Wide<T>>(data.values<T>()[static_cast<std::size_t>(i) * width + k]));
            }
        }
        T* out = nullptr;
        Tensor result = Tensor::make<T>(shape, out);
        for (std::size_t i = 0; i < sums.size(); ++i) out[i] = static_cast<T>(sums[i]);
        ctx.set_output(0, std::move(result));
    });
    if (!known) return no_kernel(ctx, data.dtype());
    return {};
}

} // namespace

void add_segment_ops(OpRecords& ops) {
    using example::floats;
    using example::ints;
    ops.push_back(OpBuilder("Unique")
                      .input("x: T")
                      .output("y: T")
                      .output("idx: out_idx")
                      .attr("T: type")
                      .attr("out_idx: {int32, int64} = DT_INT32")
                      .summary("The different elements of a vector, and where each element is among them.")
                      .shape(unique_shape)
                      .kernel(unique)
                      .example({{ints({5}, {4, 1, 4, 2, 1})}, {}, {ints({3}, {4, 1, 2}), ints({5}, {0, 1, 0, 2, 1})}})
                      .example({{floats({3}, {0.0F, -0.0F, 1.0F})},
                                {{"out_idx", DType::int64}},
                                {floats({2}, {0.0F, 1.0F}), example::longs({3}, {0, 0, 1})}}));
    ops.push_back(
        OpBuilder("ListDiff")
            .input("x: T")
            .input("y: T")
            .output("out: T")
            .output("idx: out_idx")
            .attr("T: type")
            .attr("out_idx: {int32, int64} = DT_INT32")
            .summary("The elements of x that are not in y, and where they are.")
            .shape(list_diff_shape)
            .kernel(list_diff)
            .example({{ints({4}, {1, 2, 3, 2}), ints({2}, {3, 1})}, {}, {ints({2}, {2, 2}), ints({2}, {1, 3})}})
            .example({{example::strings({2}, {"a", "b"}), example::strings({1}, {"a"})},
                      {},
                      {example::strings({1}, {"b"}), ints({1}, {1})}}));
    ops.push_back(
        OpBuilder("UnsortedSegmentSum")
            .input("data: T")
            .input("segment_ids: Tindices")
            .input("num_segments: Tnumsegments")
            .output("output: T")
            .attr("T: numbertype")
            .attr("Tindices: {int32, int64}")
            .attr("Tnumsegments: {int32, int64} = DT_INT32")
            .summary("Sums of the rows with the same id; rows with a negative id are left out.")
            .shape(segment_sum_shape)
            .kernel(unsorted_segment_sum)
            .example({{floats({4, 2}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F, 7.0F, 8.0F}), ints({4}, {2, 0, 2, -1}),
                       ints({}, {3})},
                      {},
                      {floats({3, 2}, {3.0F, 4.0F, 0.0F, 0.0F, 6.0F, 8.0F})}})
            .example({{Tensor::of<double>({2, 2}, {1.0, 2.0, 3.0, 4.0}), ints({2, 2}, {0, 1, 1, 1}), ints({}, {2})},
                      {},
                      {Tensor::of<double>({2}, {1.0, 9.0})}}));
}

} // namespace rnnscope::ops
