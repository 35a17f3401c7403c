#pragma once

#include "core/tensor/dtype.hpp"
#include "core/tensor/shape.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace rnnscope {

/// Values of one type in row-major order. The values are immutable and shared: copying a Tensor never copies them, so
/// variables, recordings, views and history can all hold the same one.
///
/// A resource tensor holds its handle as a string, "container/name"; see core/ops/kernel.hpp.
class Tensor {
  public:
    Tensor() = default; ///< no tensor: DType::invalid

    static Tensor zeros(DType dtype, Shape shape); ///< 0, false or ""
    /// `values.size()` must be the number of elements of `shape`, which must be fully defined.
    template <class T> static Tensor of(Shape shape, std::vector<T> values);
    template <class T> static Tensor scalar(T value) { return of<T>(Shape{}, std::vector<T>{std::move(value)}); }
    static Tensor of_bools(Shape shape, const std::vector<bool>& values);
    /// A handle ("container/name") as a scalar of DType::resource.
    static Tensor resource(std::string handle);
    /// Copies `bytes`, which must be dtype_size(dtype) * elements long. Not for string types.
    static Tensor from_bytes(DType dtype, Shape shape, std::span<const std::byte> bytes);
    /// As a short field of TensorProto stands for a tensor: the elements in `head`, then the last of them again and
    /// again; zeros without any. They are made when they are first asked for, and take no memory before: a graph holds
    /// many constants that no run needs. Not for string types.
    static Tensor repeated(DType dtype, Shape shape, std::span<const std::byte> head);
    bool is_repeated() const { return is_repeated_; } ///< made by `repeated`

    explicit operator bool() const { return dtype_ != DType::invalid; }
    DType dtype() const { return dtype_; }
    const Shape& shape() const { return shape_; }
    std::int64_t elements() const { return elements_; }
    std::size_t byte_size() const;

    /// The values; T must be the C++ type of dtype(). Strings and resource handles are read with strings().
    template <class T> std::span<const T> values() const {
        static_assert(dtype_of<T> != DType::invalid && dtype_of<T> != DType::string);
        assert(dtype_ == dtype_of<T>);
        return {reinterpret_cast<const T*>(data()), static_cast<std::size_t>(elements_)};
    }
    std::span<const std::string> strings() const;
    std::span<const std::byte> bytes() const; ///< not for string types

    /// Element `i` (row-major) as a number; only for numeric types and bool.
    double number(std::int64_t i) const;
    std::int64_t integer(std::int64_t i) const;

    /// The same values under another shape with as many elements.
    Tensor reshaped(Shape shape) const;

    /// Same type, shape and bits (NaNs with equal bits are equal here).
    bool identical(const Tensor& other) const;
    /// Do both share their values' memory?
    bool same_buffer(const Tensor& other) const { return buffer_ == other.buffer_; }

    /// Uninitialised values to be filled before the tensor is shared: `data` points into the new tensor.
    template <class T> static Tensor make(Shape shape, T*& data) {
        Tensor tensor = allocate(dtype_of<T>, std::move(shape));
        data = reinterpret_cast<T*>(const_cast<std::byte*>(tensor.buffer_.get()));
        return tensor;
    }
    static Tensor make_bytes(DType dtype, Shape shape, std::byte*& data) {
        Tensor tensor = allocate(dtype, std::move(shape));
        data = const_cast<std::byte*>(tensor.buffer_.get());
        return tensor;
    }

  private:
    struct Repeated;
    static Tensor allocate(DType dtype, Shape shape);
    const std::byte* data() const { return is_repeated_ ? made_values() : buffer_.get(); }
    const std::byte* made_values() const;
    const Repeated& repetition() const { return *reinterpret_cast<const Repeated*>(buffer_.get()); }

    DType dtype_ = DType::invalid;
    bool is_repeated_ = false;
    Shape shape_;
    std::int64_t elements_ = 0;
    std::shared_ptr<const std::byte> buffer_; ///< string types: a std::vector<std::string>; is_repeated_: a Repeated
};

template <class T> Tensor Tensor::of(Shape shape, std::vector<T> values) {
    static_assert(!std::is_same_v<T, bool>, "use of_bools: std::vector<bool> has no contiguous values");
    T* data = nullptr;
    Tensor tensor = make<T>(std::move(shape), data);
    assert(values.size() == static_cast<std::size_t>(tensor.elements_));
    std::copy(values.begin(), values.end(), data);
    return tensor;
}
template <> Tensor Tensor::of<std::string>(Shape shape, std::vector<std::string> values);
template <> inline Tensor Tensor::scalar<bool>(bool value) {
    return of_bools(Shape{}, {value});
}

struct PrintOptions {
    int precision = 8;    ///< digits after the point, trailing zeros dropped together, as numpy does
    int threshold = 1000; ///< more elements than this are summarised with "..."
    int edge_items = 3;
    int line_width = 75;
};

/// The tensor as numpy 1.x prints an array: [[1.  2.5]\n [3.  4. ]]
std::string to_text(const Tensor& tensor, const PrintOptions& options = {});

/// What a person wants to know about a tensor before looking at its numbers. NaN and infinities are counted, not
/// averaged. For bool, true counts as 1; for strings only `elements` is set.
struct TensorStatistics {
    std::int64_t elements = 0;
    std::int64_t nans = 0, infinities = 0, zeros = 0;
    double minimum = 0, maximum = 0, mean = 0,
           standard_deviation = 0; ///< over the finite values; 0 when there are none
};
TensorStatistics statistics(const Tensor& tensor);

} // namespace rnnscope
