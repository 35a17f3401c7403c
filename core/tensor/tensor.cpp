#include "core/tensor/tensor.hpp"

#include "core/tensor/half.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <new>

namespace rnnscope {
namespace {

bool holds_strings(DType dtype) {
    return dtype == DType::string || dtype == DType::resource || dtype == DType::variant;
}

using Strings = std::vector<std::string>;

std::shared_ptr<const std::byte> own(Strings strings) {
    auto owner = std::make_shared<const Strings>(std::move(strings));
    return {owner, reinterpret_cast<const std::byte*>(owner.get())};
}

float bfloat16_to_float(std::uint16_t bits) {
    const std::uint32_t wide = static_cast<std::uint32_t>(bits) << 16;
    float value = 0;
    std::memcpy(&value, &wide, sizeof value);
    return value;
}

template <class Out> Out element(const std::byte* data, DType dtype, std::size_t i) {
    const auto read = [&](auto zero) {
        std::memcpy(&zero, data + i * sizeof zero, sizeof zero);
        return zero;
    };
    switch (dtype) {
    case DType::float32:
        return static_cast<Out>(read(float{}));
    case DType::float64:
        return static_cast<Out>(read(double{}));
    case DType::int32:
    case DType::qint32:
        return static_cast<Out>(read(std::int32_t{}));
    case DType::int64:
        return static_cast<Out>(read(std::int64_t{}));
    case DType::uint8:
    case DType::quint8:
        return static_cast<Out>(read(std::uint8_t{}));
    case DType::int8:
    case DType::qint8:
        return static_cast<Out>(read(std::int8_t{}));
    case DType::int16:
    case DType::qint16:
        return static_cast<Out>(read(std::int16_t{}));
    case DType::uint16:
    case DType::quint16:
        return static_cast<Out>(read(std::uint16_t{}));
    case DType::uint32:
        return static_cast<Out>(read(std::uint32_t{}));
    case DType::uint64:
        return static_cast<Out>(read(std::uint64_t{}));
    case DType::boolean:
        return static_cast<Out>(read(std::uint8_t{}) != 0);
    case DType::half:
        return static_cast<Out>(read(Half{}));
    case DType::bfloat16:
        return static_cast<Out>(bfloat16_to_float(read(std::uint16_t{})));
    default:
        assert(false && "not a number");
        return Out{};
    }
}

} // namespace

Tensor Tensor::allocate(DType dtype, Shape shape) {
    assert(shape.fully_defined());
    assert(!holds_strings(dtype) && dtype_size(dtype) > 0);
    Tensor tensor;
    tensor.dtype_ = dtype;
    tensor.elements_ = shape.elements();
    tensor.shape_ = std::move(shape);
    // Values and their count of owners in one allocation: small tensors come and go by the thousand.
    struct alignas(16) Chunk {
        std::byte bytes[16];
    };
    const std::size_t chunks = std::max<std::size_t>(1, (tensor.byte_size() + sizeof(Chunk) - 1) / sizeof(Chunk));
    const auto buffer = std::make_shared_for_overwrite<Chunk[]>(chunks);
    tensor.buffer_ = std::shared_ptr<const std::byte>(buffer, buffer[0].bytes);
    return tensor;
}

struct Tensor::Repeated {
    std::vector<std::byte> head; ///< at least one element
    std::size_t element = 0;     ///< bytes
    mutable std::once_flag once;
    mutable std::shared_ptr<const std::byte> values; ///< null until somebody asks

    /// Where element `i` can be read without making the others.
    const std::byte* at(std::size_t i) const { return head.data() + std::min(i * element, head.size() - element); }
};

Tensor Tensor::repeated(DType dtype, Shape shape, std::span<const std::byte> head) {
    assert(shape.fully_defined() && !holds_strings(dtype) && head.size() % dtype_size(dtype) == 0);
    auto made = std::make_shared<Repeated>();
    made->element = dtype_size(dtype);
    made->head.assign(head.begin(), head.end());
    if (head.empty()) made->head.resize(made->element);
    Tensor tensor;
    tensor.dtype_ = dtype;
    tensor.is_repeated_ = true;
    tensor.elements_ = shape.elements();
    tensor.shape_ = std::move(shape);
    tensor.buffer_ = {made, reinterpret_cast<const std::byte*>(made.get())};
    return tensor;
}

const std::byte* Tensor::made_values() const {
    const Repeated& from = repetition();
    std::call_once(from.once, [&] {
        const Tensor whole = allocate(dtype_, shape_);
        auto* const out = const_cast<std::byte*>(whole.buffer_.get());
        const std::size_t bytes = byte_size();
        std::size_t at = std::min(bytes, from.head.size());
        std::copy_n(from.head.begin(), at, out);
        for (; at < bytes; at += from.element) std::memcpy(out + at, out + at - from.element, from.element);
        from.values = whole.buffer_;
    });
    return from.values.get();
}

std::size_t Tensor::byte_size() const {
    if (!holds_strings(dtype_)) return static_cast<std::size_t>(elements_) * dtype_size(dtype_);
    std::size_t bytes = 0;
    for (const std::string& s : strings()) bytes += s.size();
    return bytes;
}

Tensor Tensor::zeros(DType dtype, Shape shape) {
    if (holds_strings(dtype)) {
        Tensor tensor = of<std::string>(shape, Strings(static_cast<std::size_t>(shape.elements())));
        tensor.dtype_ = dtype;
        return tensor;
    }
    Tensor tensor = allocate(dtype, std::move(shape));
    std::memset(const_cast<std::byte*>(tensor.buffer_.get()), 0, tensor.byte_size());
    return tensor;
}

template <> Tensor Tensor::of<std::string>(Shape shape, Strings values) {
    assert(shape.fully_defined() && static_cast<std::size_t>(shape.elements()) == values.size());
    Tensor tensor;
    tensor.dtype_ = DType::string;
    tensor.elements_ = shape.elements();
    tensor.shape_ = std::move(shape);
    tensor.buffer_ = own(std::move(values));
    return tensor;
}

Tensor Tensor::of_bools(Shape shape, const std::vector<bool>& values) {
    bool* data = nullptr;
    Tensor tensor = make<bool>(std::move(shape), data);
    assert(values.size() == static_cast<std::size_t>(tensor.elements_));
    std::copy(values.begin(), values.end(), data);
    return tensor;
}

Tensor Tensor::resource(std::string handle) {
    Tensor tensor = of<std::string>(Shape{}, {std::move(handle)});
    tensor.dtype_ = DType::resource;
    return tensor;
}

Tensor Tensor::from_bytes(DType dtype, Shape shape, std::span<const std::byte> bytes) {
    Tensor tensor = allocate(dtype, std::move(shape));
    assert(bytes.size() == tensor.byte_size());
    if (!bytes.empty()) std::memcpy(const_cast<std::byte*>(tensor.buffer_.get()), bytes.data(), bytes.size());
    return tensor;
}

std::span<const std::string> Tensor::strings() const {
    assert(holds_strings(dtype_));
    return *reinterpret_cast<const Strings*>(buffer_.get());
}

std::span<const std::byte> Tensor::bytes() const {
    assert(!holds_strings(dtype_));
    return {data(), byte_size()};
}

double Tensor::number(std::int64_t i) const {
    assert(i >= 0 && i < elements_);
    const auto at = static_cast<std::size_t>(i);
    if (is_repeated_) return element<double>(repetition().at(at), dtype_, 0);
    return element<double>(buffer_.get(), dtype_, at);
}

std::int64_t Tensor::integer(std::int64_t i) const {
    assert(i >= 0 && i < elements_);
    const auto at = static_cast<std::size_t>(i);
    if (is_repeated_) return element<std::int64_t>(repetition().at(at), dtype_, 0);
    return element<std::int64_t>(buffer_.get(), dtype_, at);
}

Tensor Tensor::reshaped(Shape shape) const {
    assert(shape.fully_defined() && shape.elements() == elements_);
    Tensor tensor = *this;
    tensor.shape_ = std::move(shape);
    return tensor;
}

bool Tensor::identical(const Tensor& other) const {
    if (dtype_ != other.dtype_ || shape_ != other.shape_) return false;
    if (dtype_ == DType::invalid || same_buffer(other)) return true;
    if (holds_strings(dtype_)) return std::ranges::equal(strings(), other.strings());
    if (is_repeated_ && other.is_repeated_ && repetition().head == other.repetition().head) return true;
    return std::memcmp(data(), other.data(), byte_size()) == 0;
}

namespace {

/// `number`: an element as a double.
template <class Number> TensorStatistics statistics_of(std::int64_t elements, Number&& number) {
    TensorStatistics result;
    result.elements = elements;
    std::int64_t finite = 0;
    double sum = 0;
    for (std::int64_t i = 0; i < elements; ++i) {
        const double x = number(i);
        if (std::isnan(x)) {
            ++result.nans;
        } else if (std::isinf(x)) {
            ++result.infinities;
        } else {
            if (x == 0) ++result.zeros;
            result.minimum = finite == 0 ? x : std::min(result.minimum, x);
            result.maximum = finite == 0 ? x : std::max(result.maximum, x);
            sum += x;
            ++finite;
        }
    }
    if (finite == 0) return result;
    result.mean = sum / static_cast<double>(finite);
    double squares = 0; // second pass: the one-pass formula cancels for large means
    for (std::int64_t i = 0; i < elements; ++i) {
        const double x = number(i);
        if (std::isfinite(x)) squares += (x - result.mean) * (x - result.mean);
    }
    result.standard_deviation = std::sqrt(squares / static_cast<double>(finite));
    return result;
}

} // namespace

TensorStatistics statistics(const Tensor& tensor) {
    if (!tensor || holds_strings(tensor.dtype())) {
        TensorStatistics none;
        none.elements = tensor.elements();
        return none;
    }
    if (tensor.dtype() == DType::float32) { // what nearly all are, several times faster
        const auto values = tensor.values<float>();
        return statistics_of(tensor.elements(),
                             [&](std::int64_t i) { return static_cast<double>(values[static_cast<std::size_t>(i)]); });
    }
    return statistics_of(tensor.elements(), [&](std::int64_t i) { return tensor.number(i); });
}

} // namespace rnnscope
