#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

// Elements in another order, or several times.
namespace rnnscope::ops {
namespace {

Status transpose_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    const Shape& perm_shape = ctx.input(1);
    RNNSCOPE_TRY(with_rank(perm_shape, 1));
    const auto perm = ctx.constant_input(1);
    const std::int64_t length = perm_shape.dim_or_unknown(0);
    std::optional<std::size_t> rank;
    if (perm)
        rank = static_cast<std::size_t>(perm->elements());
    else if (length >= 0 && length < 255)
        rank = static_cast<std::size_t>(length);
    else if (input.has_rank())
        rank = input.rank();
    if (!rank) {
        ctx.set_output(0, Shape::unknown_rank());
        return {};
    }
    const auto checked = with_rank(input, *rank);
    if (!checked) return checked.error();
    std::vector<std::int64_t> dims(*rank, Shape::unknown);
    const bool small = input.has_rank() && input.rank() < 2;
    if (perm) {
        for (std::size_t i = 0; i < *rank; ++i) {
            const std::int64_t source = perm->integer(static_cast<std::int64_t>(i));
            if (source < 0 || source >= static_cast<std::int64_t>(*rank))
                return invalid_argument(fmt::format("perm dim {} is out of range of input rank {}", source, *rank));
            dims[i] = checked->dim(static_cast<std::size_t>(source));
        }
    } else if (small) { // one dimension has one order
        dims.assign(input.dims().begin(), input.dims().end());
    }
    ctx.set_output(0, Shape(std::move(dims)));
    return {};
}

Status invert_permutation_shape(ShapeContext& ctx) {
    auto shape = with_rank(ctx.input(0), 1);
    if (!shape) return shape.error();
    ctx.set_output(0, *std::move(shape));
    return {};
}

Status tile_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    RNNSCOPE_TRY(with_rank(ctx.input(1), 1));
    const Shape multiples = ctx.input_as_shape(1);
    if (!multiples.has_rank()) {
        ctx.set_output(0, input.has_rank() ? Shape::unknown_dims(input.rank()) : Shape::unknown_rank());
        return {};
    }
    const auto checked = with_rank(input, multiples.rank());
    if (!checked) return checked.error();
    std::vector<std::int64_t> dims(multiples.rank(), Shape::unknown);
    for (std::size_t i = 0; i < dims.size(); ++i) {
        const std::int64_t size = checked->dim(i), times = multiples.dim(i);
        if (size == 0 || times == 0)
            dims[i] = 0;
        else if (size == 1)
            dims[i] = times;
        else if (size != Shape::unknown && times != Shape::unknown && __builtin_mul_overflow(size, times, &dims[i]))
            return invalid_argument(
                fmt::format("Negative dimension size from overflow when multiplying {} and {}", size, times));
    }
    ctx.set_output(0, Shape(std::move(dims)));
    return {};
}

Status reverse_v2_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    RNNSCOPE_TRY(with_rank(ctx.input(1), 1));
    if (const auto axes = ctx.constant_input(1); axes && input.has_rank()) {
        const auto rank = static_cast<std::int64_t>(input.rank());
        std::vector<bool> seen(input.rank(), false);
        for (const std::int64_t axis : integers_of(*axes)) {
            const std::int64_t canonical = axis < 0 ? axis + rank : axis;
            if (canonical < 0 || canonical >= rank)
                return invalid_argument(fmt::format("'axis'[{}] = {} is out of valid range [0, {}", 0, axis, rank - 1));
            if (seen[static_cast<std::size_t>(canonical)])
                return invalid_argument(fmt::format("axis {} specified more than once.", canonical));
            seen[static_cast<std::size_t>(canonical)] = true;
        }
    }
    ctx.set_output(0, input);
    return {};
}

Status reverse_sequence_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    const auto lengths = with_rank(ctx.input(1), 1);
    if (!lengths) return lengths.error();
    const auto seq_dim = ctx.attr<std::int64_t>("seq_dim"), batch_dim = ctx.attr<std::int64_t>("batch_dim");
    ctx.set_output(0, input);
    if (!input.has_rank()) return {};
    const auto rank = static_cast<std::int64_t>(input.rank());
    if (batch_dim < 0 || batch_dim >= rank)
        return invalid_argument(fmt::format("batch_dim must be < input rank: {} vs. {}", batch_dim, rank));
    if (seq_dim < 0 || seq_dim >= rank)
        return invalid_argument(fmt::format("seq_dim must be < input rank: {} vs. {}", seq_dim, rank));
    const auto batch = static_cast<std::size_t>(batch_dim);
    const auto merged = merge_dims(input.dim(batch), lengths->dim(0));
    if (!merged) return merged.error();
    ctx.set_output(0, with_dim(input, batch, *merged));
    return {};
}

Status transpose(KernelContext& ctx) {
    const Tensor& tensor = ctx.input(0);
    const Tensor& perm = ctx.input(1);
    const std::size_t rank = tensor.shape().rank();
    if (perm.shape().rank() != 1)
        return invalid_argument(fmt::format("perm must be a vector, not {}", to_text(perm.shape())));
    if (static_cast<std::size_t>(perm.elements()) != rank)
        return invalid_argument(fmt::format(
            "transpose expects a vector of size {}. But input(1) is a vector of size {}", rank, perm.elements()));
    const std::vector<std::int64_t> strides = strides_of(tensor.shape());
    std::vector<std::int64_t> dims, out_strides;
    std::vector<bool> used(rank, false);
    for (const std::int64_t source : integers_of(perm)) {
        if (source < 0 || source >= static_cast<std::int64_t>(rank))
            return invalid_argument(fmt::format("{} is out of range [0 .. {})", source, rank));
        const auto d = static_cast<std::size_t>(source);
        used[d] = true;
        dims.push_back(tensor.shape().dim(d));
        out_strides.push_back(strides[d]);
    }
    for (std::size_t d = 0; d < rank; ++d)
        if (!used[d]) {
            std::string text;
            for (const std::int64_t p : integers_of(perm)) text += fmt::format("{}{}", text.empty() ? "" : ", ", p);
            return invalid_argument(fmt::format("{} is missing from {{{}}}.", d, text));
        }
    ctx.set_output(0, take_strided(tensor, Shape(std::move(dims)), 0, out_strides));
    return {};
}

Status invert_permutation(KernelContext& ctx) {
    const Tensor& perm = ctx.input(0);
    if (perm.shape().rank() != 1) return invalid_argument("invert_permutation expects a 1D vector.");
    std::vector<std::int64_t> inverse(static_cast<std::size_t>(perm.elements()), -1);
    for (std::int64_t i = 0; i < perm.elements(); ++i) {
        const std::int64_t d = perm.integer(i);
        if (d < 0 || d >= perm.elements())
            return invalid_argument(fmt::format("{} is not between 0 and {}", d, perm.elements()));
        if (inverse[static_cast<std::size_t>(d)] != -1)
            return invalid_argument(fmt::format("{} is duplicated in the input.", d));
        inverse[static_cast<std::size_t>(d)] = i;
    }
    ctx.set_output(0, integer_vector(perm.dtype(), inverse));
    return {};
}

Status tile(KernelContext& ctx) {
    const Tensor& input = ctx.input(0);
    const Tensor& multiples = ctx.input(1);
    const std::size_t rank = input.shape().rank();
    if (multiples.shape().rank() != 1 || static_cast<std::size_t>(multiples.elements()) != rank)
        return invalid_argument(fmt::format("Expected multiples argument to be a vector of length {} but got length {}",
                                            rank, multiples.shape().rank() == 1 ? multiples.elements() : 0));
    std::vector<std::int64_t> dims;
    for (std::size_t i = 0; i < rank; ++i) {
        const std::int64_t times = multiples.integer(static_cast<std::int64_t>(i));
        if (times < 0) return invalid_argument(fmt::format("Expected multiples[{}] >= 0, but got {}", i, times));
        std::int64_t size = 0;
        if (__builtin_mul_overflow(times, input.shape().dim(i), &size)) size = std::numeric_limits<std::int64_t>::max();
        dims.push_back(size);
    }
    const Shape shape(std::move(dims));
    RNNSCOPE_TRY(check_allocation(input.dtype(), shape));
    // Each dimension in two: which repetition (which moves nothing), and where in the original.
    std::vector<std::int64_t> doubled, strides;
    const std::vector<std::int64_t> own = strides_of(input.shape());
    for (std::size_t i = 0; i < rank; ++i) {
        doubled.insert(doubled.end(), {multiples.integer(static_cast<std::int64_t>(i)), input.shape().dim(i)});
        strides.insert(strides.end(), {0, own[i]});
    }
    ctx.set_output(0, take_strided(input, Shape(std::move(doubled)), 0, strides).reshaped(shape));
    return {};
}

Status reverse_v2(KernelContext& ctx) {
    const Tensor& tensor = ctx.input(0);
    const Tensor& axes = ctx.input(1);
    const auto rank = static_cast<std::int64_t>(tensor.shape().rank());
    if (axes.shape().rank() != 1)
        return invalid_argument(fmt::format("'dims' must be 1-dimension, not {}", axes.shape().rank()));
    std::vector<std::int64_t> strides = strides_of(tensor.shape());
    std::vector<bool> reversed(tensor.shape().rank(), false);
    std::int64_t offset = 0;
    for (std::int64_t i = 0; i < axes.elements(); ++i) {
        const std::int64_t given = axes.integer(i), axis = given < 0 ? given + rank : given;
        if (axis < 0 || axis >= rank)
            return invalid_argument(
                fmt::format("'axis'[{}] = {} is out of valid range [{}, {}", i, given, 0, rank - 1));
        const auto d = static_cast<std::size_t>(axis);
        if (reversed[d]) return invalid_argument(fmt::format("axis {} specified more than once.", axis));
        reversed[d] = true;
        offset += strides[d] * std::max<std::int64_t>(0, tensor.shape().dim(d) - 1);
        strides[d] = -strides[d];
    }
    ctx.set_output(0, take_strided(tensor, tensor.shape(), offset, strides));
    return {};
}

Status reverse_sequence(KernelContext& ctx) {
    const Tensor& input = ctx.input(0);
    const Tensor& lengths = ctx.input(1);
    const auto rank = static_cast<std::int64_t>(input.shape().rank());
    const auto seq_dim = ctx.attr<std::int64_t>("seq_dim"), batch_dim = ctx.attr<std::int64_t>("batch_dim");
    if (lengths.shape().rank() != 1)
        return invalid_argument(fmt::format("seq_lens input must be 1-dim, not {}", lengths.shape().rank()));
    if (batch_dim == seq_dim) return invalid_argument(fmt::format("batch_dim == seq_dim == {}", seq_dim));
    if (seq_dim < 0 || seq_dim >= rank)
        return invalid_argument(fmt::format("seq_dim must be < input rank ( {} vs. {})", seq_dim, rank));
    if (batch_dim < 0 || batch_dim >= rank)
        return invalid_argument(fmt::format("batch_dim must be < input rank ( {} vs. {})", batch_dim, rank));
    const auto seq = static_cast<std::size_t>(seq_dim), batch = static_cast<std::size_t>(batch_dim);
    if (lengths.elements() != input.shape().dim(batch))
        return invalid_argument(fmt::format("Length of seq_lens != input.dims({}), ({} vs. {})", batch_dim,
                                            lengths.elements(), input.shape().dim(batch)));
    for (std::int64_t b = 0; b < lengths.elements(); ++b) {
        if (lengths.integer(b) < 0) return invalid_argument(fmt::format("seq_lens({}) < 0", b));
        if (lengths.integer(b) > input.shape().dim(seq))
            return invalid_argument(fmt::format("seq_lens({}) > input.dims({})", b, seq_dim));
    }
    const std::vector<std::int64_t> strides = strides_of(input.shape());
    ElementWriter writer(input.dtype(), input.shape());
    for (std::int64_t to = 0; to < input.elements(); ++to) {
        const std::int64_t t = to / strides[seq] % input.shape().dim(seq);
        const std::int64_t length = lengths.integer(to / strides[batch] % input.shape().dim(batch));
        writer.copy(to, input, t < length ? to + (length - 1 - 2 * t) * strides[seq] : to);
    }
    ctx.set_output(0, std::move(writer).finish());
    return {};
}

} // namespace

void add_transpose_ops(OpRecords& ops) {
    ops.push_back(
        OpBuilder("Transpose")
            .input("x: T")
            .input("perm: Tperm")
            .output("y: T")
            .attr("T: type")
            .attr("Tperm: {int32, int64} = DT_INT32")
            .summary("Dimensions in another order.")
            .shape(transpose_shape)
            .kernel(transpose)
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::ints({2}, {1, 0})},
                      {},
                      {example::floats({3, 2}, {1.0F, 4.0F, 2.0F, 5.0F, 3.0F, 6.0F})}}));
    ops.push_back(OpBuilder("InvertPermutation")
                      .input("x: T")
                      .output("y: T")
                      .attr("T: {int32, int64} = DT_INT32")
                      .summary("The permutation that undoes the input.")
                      .shape(invert_permutation_shape)
                      .kernel(invert_permutation)
                      .example({{example::ints({3}, {2, 0, 1})}, {}, {example::ints({3}, {1, 2, 0})}}));
    ops.push_back(OpBuilder("Tile")
                      .input("input: T")
                      .input("multiples: Tmultiples")
                      .output("output: T")
                      .attr("T: type")
                      .attr("Tmultiples: {int32, int64} = DT_INT32")
                      .summary("Repeats a tensor along each dimension.")
                      .shape(tile_shape)
                      .kernel(tile)
                      .example({{example::floats({1, 2}, {1.0F, 2.0F}), example::ints({2}, {2, 2})},
                                {},
                                {example::floats({2, 4}, {1.0F, 2.0F, 1.0F, 2.0F, 1.0F, 2.0F, 1.0F, 2.0F})}}));
    ops.push_back(
        OpBuilder("ReverseV2")
            .input("tensor: T")
            .input("axis: Tidx")
            .output("output: T")
            .attr("Tidx: {int32, int64} = DT_INT32")
            .attr("T: {uint8, int8, uint16, int16, int32, int64, bool, bfloat16, half, float, double, "
                  "complex64, complex128, string}")
            .summary("Reverses the named dimensions.")
            .shape(reverse_v2_shape)
            .kernel(reverse_v2)
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::ints({1}, {1})},
                      {},
                      {example::floats({2, 3}, {3.0F, 2.0F, 1.0F, 6.0F, 5.0F, 4.0F})}}));
    ops.push_back(
        OpBuilder("ReverseSequence")
            .input("input: T")
            .input("seq_lengths: Tlen")
            .output("output: T")
            .attr("seq_dim: int")
            .attr("batch_dim: int = 0")
            .attr("T: type")
            .attr("Tlen: {int32, int64} = DT_INT64")
            .summary("Reverses the first entries of each sequence, as many as its length says.")
            .shape(reverse_sequence_shape)
            .kernel(reverse_sequence)
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::longs({2}, {2, 3})},
                      {{"seq_dim", 1}},
                      {example::floats({2, 3}, {2.0F, 1.0F, 3.0F, 6.0F, 5.0F, 4.0F})}}));
}

} // namespace rnnscope::ops
