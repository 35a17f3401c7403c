#include "core/ops/kernel_util.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

bool holds_strings(DType dtype) {
    return dtype == DType::string || dtype == DType::resource || dtype == DType::variant;
}

} // namespace

Status check_allocation(DType dtype, const Shape& shape) {
    constexpr std::int64_t most_bytes = std::int64_t{2} << 30;
    const auto element = static_cast<std::int64_t>(holds_strings(dtype) ? sizeof(std::string) : dtype_size(dtype));
    std::int64_t bytes = std::max<std::int64_t>(1, element);
    bool too_many = false, empty = false;
    for (const std::int64_t dim : shape.dims()) {
        if (dim < 0) return invalid_argument(fmt::format("Dimension {} must be >= 0", dim));
        empty = empty || dim == 0;
        too_many = too_many || __builtin_mul_overflow(bytes, std::max<std::int64_t>(1, dim), &bytes);
    }
    if (empty || (!too_many && bytes <= most_bytes)) return {};
    return Error{"ResourceExhaustedError", fmt::format("OOM when allocating tensor with shape{} and type {} on "
                                                       "/job:localhost/replica:0/task:0/device:CPU:0 by allocator cpu",
                                                       to_text(shape), dtype_cpp_name(dtype))};
}

Error no_kernel(const KernelContext& ctx, DType dtype) {
    return {"UnimplementedError", fmt::format("{} of {} cannot be computed here", ctx.node().op, dtype_name(dtype))};
}

std::vector<std::int64_t> strides_of(const Shape& shape) {
    std::vector<std::int64_t> strides(shape.rank());
    std::int64_t stride = 1;
    for (std::size_t i = shape.rank(); i-- > 0;) {
        strides[i] = stride;
        stride *= shape.dim(i);
    }
    return strides;
}

ElementWriter::ElementWriter(DType dtype, Shape shape)
    : dtype_(dtype), shape_(std::move(shape)), element_size_(dtype_size(dtype)) {
    if (holds_strings(dtype))
        strings_.resize(static_cast<std::size_t>(shape_.elements()));
    else
        tensor_ = Tensor::make_bytes(dtype, shape_, data_);
}

void ElementWriter::copy(std::int64_t to, const Tensor& source, std::int64_t from, std::int64_t count) {
    assert(from >= 0 && to >= 0 && from + count <= source.elements() && to + count <= shape_.elements());
    if (count == 0) return;
    if (data_ == nullptr) {
        std::copy_n(source.strings().begin() + from, count, strings_.begin() + to);
        return;
    }
    std::memcpy(data_ + static_cast<std::size_t>(to) * element_size_,
                source.bytes().data() + static_cast<std::size_t>(from) * element_size_,
                static_cast<std::size_t>(count) * element_size_);
}

Tensor ElementWriter::finish() && {
    if (data_ != nullptr) return std::move(tensor_);
    if (dtype_ == DType::resource && shape_.is_scalar()) return Tensor::resource(std::move(strings_[0]));
    return Tensor::of<std::string>(std::move(shape_), std::move(strings_));
}

namespace {

/// Does the view hold all elements in the order in which they lie?
bool is_whole(const Tensor& source, const Shape& shape, std::int64_t offset, std::span<const std::int64_t> strides) {
    if (offset != 0 || shape.elements() != source.elements()) return false;
    std::int64_t stride = 1;
    for (std::size_t d = shape.rank(); d-- > 0; stride *= shape.dim(d))
        if (shape.dim(d) != 1 && strides[d] != stride) return false;
    return true;
}

/// Calls copy_run(to, from) for each run along the last dimension.
template <class CopyRun>
void for_each_run(const Shape& shape, std::int64_t from, std::span<const std::int64_t> strides, CopyRun&& copy_run) {
    const std::size_t rank = shape.rank();
    const std::int64_t elements = shape.elements(), run = rank == 0 ? 1 : shape.dim(rank - 1);
    std::vector<std::int64_t> at(rank, 0);
    for (std::int64_t to = 0; to < elements; to += run) {
        copy_run(to, from);
        for (std::size_t d = rank < 2 ? 0 : rank - 1; d-- > 0;) {
            from += strides[d];
            if (++at[d] < shape.dim(d)) break;
            from -= strides[d] * shape.dim(d);
            at[d] = 0;
        }
    }
}

/// take_strided() of elements as wide as T.
template <class T>
void copy_strided(const std::byte* source, std::byte* result, const Shape& shape, std::int64_t offset,
                  std::span<const std::int64_t> strides) {
    const auto* in = reinterpret_cast<const T*>(source);
    auto* out = reinterpret_cast<T*>(result);
    const std::size_t rank = shape.rank();
    const std::int64_t run = rank == 0 ? 1 : shape.dim(rank - 1), stride = rank == 0 ? 1 : strides[rank - 1];
    for_each_run(shape, offset, strides, [&](std::int64_t to, std::int64_t from) {
        if (stride == 1)
            std::copy_n(in + from, run, out + to);
        else
            for (std::int64_t i = 0; i < run; ++i) out[to + i] = in[from + i * stride];
    });
}

} // namespace

Tensor take_strided(const Tensor& source, Shape shape, std::int64_t offset, std::span<const std::int64_t> strides) {
    if (is_whole(source, shape, offset, strides)) return source.reshaped(std::move(shape));
    const std::size_t width = holds_strings(source.dtype()) ? 0 : dtype_size(source.dtype());
    if (shape.elements() > 0 && (width == 4 || width == 8)) {
        std::byte* data = nullptr;
        Tensor result = Tensor::make_bytes(source.dtype(), shape, data);
        const auto copy = width == 4 ? copy_strided<std::uint32_t> : copy_strided<std::uint64_t>;
        copy(source.bytes().data(), data, shape, offset, strides);
        return result;
    }
    ElementWriter writer(source.dtype(), shape);
    if (shape.elements() == 0) return std::move(writer).finish();
    const std::size_t rank = shape.rank();
    const std::int64_t run = rank == 0 ? 1 : shape.dim(rank - 1), stride = rank == 0 ? 1 : strides[rank - 1];
    for_each_run(shape, offset, strides, [&](std::int64_t to, std::int64_t from) {
        if (stride == 1)
            writer.copy(to, source, from, run);
        else
            for (std::int64_t i = 0; i < run; ++i) writer.copy(to + i, source, from + i * stride);
    });
    return std::move(writer).finish();
}

Tensor filled(const Tensor& scalar, Shape shape) {
    const std::vector<std::int64_t> still(shape.rank(), 0);
    return take_strided(scalar, std::move(shape), 0, still);
}

Status same_shapes(const KernelContext& ctx, std::size_t i, std::size_t j) {
    if (ctx.input(i).shape() == ctx.input(j).shape()) return {};
    return invalid_argument(fmt::format(
        "Inputs to operation {} of type {} must have the same size and shape.  Input {}: "
        "{} != input {}: {}",
        ctx.node().name, ctx.node().op, i, to_text(ctx.input(i).shape()), j, to_text(ctx.input(j).shape())));
}

std::int64_t scalar_input(const KernelContext& ctx, std::size_t i) {
    return ctx.input(i).integer(0);
}

Result<Tensor> gather(const Tensor& params, const Tensor& indices, std::size_t axis) {
    const Shape& shape = params.shape();
    const std::int64_t size = shape.dim(axis);
    for (std::int64_t i = 0; i < indices.elements(); ++i) {
        if (indices.integer(i) >= 0 && indices.integer(i) < size) continue;
        std::string at; // the coordinates of the index
        std::int64_t rest = i;
        for (const std::int64_t stride : strides_of(indices.shape())) {
            at += (at.empty() ? "" : ",") + std::to_string(rest / stride);
            rest %= stride;
        }
        return invalid_argument(fmt::format("indices{} = {} is not in [0, {})",
                                            indices.shape().rank() == 0 ? "" : "[" + at + "]", indices.integer(i),
                                            size));
    }
    const Shape before = subshape(shape, 0, axis), after = subshape(shape, axis + 1);
    const Shape result = concatenated(concatenated(before, indices.shape()), after);
    RNNSCOPE_TRY(check_allocation(params.dtype(), result));
    ElementWriter writer(params.dtype(), result);
    const std::int64_t outer = before.elements(), inner = after.elements();
    std::int64_t to = 0;
    for (std::int64_t o = 0; o < outer; ++o)
        for (std::int64_t i = 0; i < indices.elements(); ++i) {
            writer.copy(to, params, (o * size + indices.integer(i)) * inner, inner);
            to += inner;
        }
    return std::move(writer).finish();
}

Tensor integer_vector(DType dtype, const std::vector<std::int64_t>& values) {
    const Shape shape{static_cast<std::int64_t>(values.size())};
    if (dtype == DType::int64) return Tensor::of<std::int64_t>(shape, values);
    std::vector<std::int32_t> narrow;
    for (const std::int64_t value : values) narrow.push_back(static_cast<std::int32_t>(value));
    return Tensor::of<std::int32_t>(shape, std::move(narrow));
}

} // namespace rnnscope::ops
