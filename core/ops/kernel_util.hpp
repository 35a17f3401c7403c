#pragma once

#include "core/ops/kernel.hpp"
#include "core/ops/shape_fns.hpp"
#include "core/tensor/half.hpp"

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

/// Building blocks of kernels.
namespace rnnscope::ops {

/// Refuses what no program means: "OOM when allocating tensor with shape[...] and type float ...". Shapes with
/// negative dimensions or more elements than can be counted are refused, too.
Status check_allocation(DType dtype, const Shape& shape);
/// "ResourceExhaustedError" as above, for a size that has no shape.
Error no_kernel(const KernelContext& ctx, DType dtype);

/// Calls `f` with a zero of the C++ type of a numeric dtype; false when it is no type that kernels compute with.
template <class F> bool visit_number(DType dtype, F&& f) {
    switch (dtype) {
    case DType::float32:
        return f(float{}), true;
    case DType::float64:
        return f(double{}), true;
    case DType::half:
        return f(Half{}), true;
    case DType::int32:
        return f(std::int32_t{}), true;
    case DType::int64:
        return f(std::int64_t{}), true;
    case DType::uint8:
        return f(std::uint8_t{}), true;
    case DType::int8:
        return f(std::int8_t{}), true;
    case DType::int16:
        return f(std::int16_t{}), true;
    case DType::uint16:
        return f(std::uint16_t{}), true;
    case DType::uint32:
        return f(std::uint32_t{}), true;
    case DType::uint64:
        return f(std::uint64_t{}), true;
    default:
        return false;
    }
}
template <class F> bool visit_float(DType dtype, F&& f) {
    if (dtype == DType::float32) return f(float{}), true;
    if (dtype == DType::float64) return f(double{}), true;
    if (dtype == DType::half) return f(Half{}), true;
    return false;
}
/// The same without half, for numbers that are not made by rounding wider ones.
template <class F> bool visit_wide_float(DType dtype, F&& f) {
    if (dtype == DType::float32) return f(float{}), true;
    if (dtype == DType::float64) return f(double{}), true;
    return false;
}

/// Row-major strides, in elements.
std::vector<std::int64_t> strides_of(const Shape& shape);

/// Copies elements of tensors of any type, strings included, into a new tensor.
class ElementWriter {
  public:
    /// `shape` must have passed check_allocation.
    ElementWriter(DType dtype, Shape shape);
    /// Elements [from, from + count) of `source` become elements [to, to + count) of the result.
    void copy(std::int64_t to, const Tensor& source, std::int64_t from, std::int64_t count = 1);
    Tensor finish() &&;

  private:
    DType dtype_;
    Shape shape_;
    std::size_t element_size_ = 0;
    Tensor tensor_;
    std::byte* data_ = nullptr;
    std::vector<std::string> strings_;
};

/// The tensor of `shape` whose element at coordinates c is element `offset + sum(c[d] * strides[d])` of `source`.
/// Slices, transpositions, reversals and broadcasts are all of this kind.
Tensor take_strided(const Tensor& source, Shape shape, std::int64_t offset, std::span<const std::int64_t> strides);

/// A tensor of one repeated element.
Tensor filled(const Tensor& scalar, Shape shape);

/// "Inputs to operation x of type T must have the same size and shape.  Input 0: [2] != input 1: [3]".
Status same_shapes(const KernelContext& ctx, std::size_t i, std::size_t j);

/// The value of an input that must be a scalar of an integer type.
std::int64_t scalar_input(const KernelContext& ctx, std::size_t i);

/// Slices of `params` along `axis` (0 <= axis < rank), picked by index: "indices[1] = 5 is not in [0, 3)".
Result<Tensor> gather(const Tensor& params, const Tensor& indices, std::size_t axis);

/// A vector of int32 or int64 as the dtype asks.
Tensor integer_vector(DType dtype, const std::vector<std::int64_t>& values);

} // namespace rnnscope::ops
