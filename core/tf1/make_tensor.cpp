#include "core/tf1/graph_state.hpp"
#include "core/tf1/numbers.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

constexpr std::size_t most_dimensions = 32; // numpy's

/// What a sequence holds one level down; nullopt for a scalar.
std::optional<std::vector<Value>> sub_items(const Value& value) {
    if (const std::vector<Value>* items = items_of(value)) return *items;
    if (const auto* shape = value.as<Shape>(); shape != nullptr && shape->fully_defined()) {
        const auto dims = shape->dims();
        return std::vector<Value>(dims.begin(), dims.end());
    }
    const auto* array = value.as<Tensor>();
    if (array == nullptr || array->shape().rank() == 0) return std::nullopt;
    const auto dims = array->shape().dims();
    Shape inner(std::vector<std::int64_t>(dims.begin() + 1, dims.end()));
    const std::int64_t size = inner.elements();
    std::vector<Value> rows;
    for (std::int64_t row = 0; row < dims[0]; ++row) {
        if (array->dtype() == DType::string) {
            const auto all =
                array->strings().subspan(static_cast<std::size_t>(row * size), static_cast<std::size_t>(size));
            rows.emplace_back(Tensor::of<std::string>(inner, {all.begin(), all.end()}));
        } else {
            const std::size_t bytes = dtype_size(array->dtype()) * static_cast<std::size_t>(size);
            rows.emplace_back(Tensor::from_bytes(array->dtype(), inner,
                                                 array->bytes().subspan(static_cast<std::size_t>(row) * bytes, bytes)));
        }
    }
    return rows;
}

/// An array of rank 0 as the number that it holds.
Value plain_scalar(const Value& value) {
    const auto* array = value.as<Tensor>();
    if (array == nullptr) return value;
    if (array->dtype() == DType::string) return array->strings()[0];
    if (array->dtype() == DType::boolean) return array->number(0) != 0;
    if (is_integer(array->dtype())) return array->integer(0);
    return array->number(0);
}

struct Flat {
    std::vector<std::int64_t> dims;
    std::vector<Value> scalars;
};

std::string dims_text(const std::vector<std::int64_t>& dims) {
    return fmt::format("[{}]", fmt::join(dims, ", "));
}

Flat flatten(const Value& root) {
    Flat flat;
    std::vector<Value> level{root};
    while (true) {
        std::vector<Value> next;
        std::size_t sequences = 0;
        std::optional<std::size_t> length;
        bool ragged = false;
        for (const Value& value : level) {
            std::optional<std::vector<Value>> items = sub_items(value);
            if (!items) continue;
            ++sequences;
            ragged = ragged || (length && *length != items->size());
            length = items->size();
            next.insert(next.end(), items->begin(), items->end());
        }
        if (sequences == 0) break;
        if (ragged || sequences != level.size() || flat.dims.size() == most_dimensions) {
            std::vector<std::int64_t> wanted = flat.dims;
            if (length) wanted.push_back(static_cast<std::int64_t>(*length));
            raise("ValueError", fmt::format("Argument must be a dense tensor: {} - got shape {}, but wanted {}.",
                                            repr(root), dims_text(flat.dims), dims_text(wanted)));
        }
        flat.dims.push_back(static_cast<std::int64_t>(*length));
        level = std::move(next);
        if (level.empty()) break;
    }
    for (const Value& value : level) flat.scalars.push_back(plain_scalar(value));
    return flat;
}

[[noreturn]] void not_expected(DType dtype, const Value& value) {
    raise("TypeError", fmt::format("Expected {}, got {} of type '{}' instead.", dtype_name(dtype), repr(value),
                                   python_type_name(value)));
}

/// numpy's choice for Python values, with float64 and small int64 narrowed as make_tensor_proto does.
DType inferred_dtype(const Value& root, const std::vector<Value>& scalars) {
    if (scalars.empty()) return DType::float32;
    bool any_float = false, any_int = false, any_string = false, wide = false, any_bool = false;
    for (const Value& value : scalars) {
        if (value.is<double>())
            any_float = true;
        else if (const auto* i = value.as<std::int64_t>()) {
            any_int = true;
            wide = wide || *i > INT32_MAX || *i < INT32_MIN;
        } else if (value.is<bool>())
            any_bool = true;
        else if (value.is<std::string>())
            any_string = true;
        else if (value.is_none())
            raise("ValueError", "None values not supported.");
        else
            raise("TypeError", fmt::format("Failed to convert object of type <class '{}'> to Tensor. Contents: {}. "
                                           "Consider casting elements to a supported type.",
                                           python_type_name(root), repr(root)));
    }
    if (any_string) {
        for (const Value& value : scalars)
            if (!value.is<std::string>())
                raise("TypeError", fmt::format("Expected binary or unicode string, got {}", repr(value)));
        return DType::string;
    }
    if (any_float) return DType::float32;
    if (any_int) return wide ? DType::int64 : DType::int32;
    return any_bool ? DType::boolean : DType::float32;
}

void check_compatible(const std::vector<Value>& scalars, DType dtype) {
    for (const Value& value : scalars) {
        if (value.is_none()) raise("ValueError", "None values not supported.");
        bool fits = false;
        if (dtype == DType::string)
            fits = value.is<std::string>();
        else if (dtype == DType::boolean)
            fits = value.is<bool>();
        else if (is_integer(dtype))
            fits = value.is<std::int64_t>() || value.is<bool>();
        else
            fits = is_number(value);
        if (fits) continue;
        if (dtype == DType::string)
            raise("TypeError", fmt::format("Expected binary or unicode string, got {}", repr(value)));
        not_expected(dtype, value);
    }
}

/// IEEE half from float, to nearest even.
std::uint16_t half_bits(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = (bits >> 16) & 0x8000u;
    const std::uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return static_cast<std::uint16_t>(sign | 0x7e00u);
    if (magnitude >= 0x477ff000u) return static_cast<std::uint16_t>(sign | 0x7c00u);
    if (magnitude < 0x38800000u) // subnormal or zero: scaled so that the float unit rounds
        return static_cast<std::uint16_t>(
            sign | static_cast<std::uint32_t>(std::nearbyint(std::ldexp(std::bit_cast<float>(magnitude), 24))));
    const std::uint32_t rounded = magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u);
    return static_cast<std::uint16_t>(sign | (rounded >> 13));
}

std::uint16_t bfloat16_bits(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if (std::isnan(value)) return 0x7fc0;
    return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

template <class T> Tensor numbers(Shape shape, const std::vector<Value>& scalars) {
    T* data = nullptr;
    Tensor tensor = Tensor::make<T>(std::move(shape), data);
    for (const Value& value : scalars) {
        if constexpr (std::is_floating_point_v<T>)
            *data++ = static_cast<T>(as_double(value));
        else
            *data++ = static_cast<T>(as_integer(value));
    }
    return tensor;
}

Tensor halves(DType dtype, Shape shape, const std::vector<Value>& scalars) {
    std::byte* data = nullptr;
    Tensor tensor = Tensor::make_bytes(dtype, std::move(shape), data);
    for (const Value& value : scalars) {
        const auto narrow = static_cast<float>(as_double(value));
        const std::uint16_t bits = dtype == DType::half ? half_bits(narrow) : bfloat16_bits(narrow);
        std::memcpy(data, &bits, sizeof bits);
        data += sizeof bits;
    }
    return tensor;
}

Tensor build(DType dtype, Shape shape, const std::vector<Value>& scalars) {
    switch (dtype) {
    case DType::float32:
        return numbers<float>(std::move(shape), scalars);
    case DType::float64:
        return numbers<double>(std::move(shape), scalars);
    case DType::int32:
        return numbers<std::int32_t>(std::move(shape), scalars);
    case DType::int64:
        return numbers<std::int64_t>(std::move(shape), scalars);
    case DType::uint8:
        return numbers<std::uint8_t>(std::move(shape), scalars);
    case DType::int8:
        return numbers<std::int8_t>(std::move(shape), scalars);
    case DType::int16:
        return numbers<std::int16_t>(std::move(shape), scalars);
    case DType::uint16:
        return numbers<std::uint16_t>(std::move(shape), scalars);
    case DType::uint32:
        return numbers<std::uint32_t>(std::move(shape), scalars);
    case DType::uint64:
        return numbers<std::uint64_t>(std::move(shape), scalars);
    case DType::half:
    case DType::bfloat16:
        return halves(dtype, std::move(shape), scalars);
    case DType::boolean: {
        std::vector<bool> bools;
        for (const Value& value : scalars) bools.push_back(as_double(value) != 0);
        return Tensor::of_bools(std::move(shape), bools);
    }
    case DType::string: {
        std::vector<std::string> strings;
        for (const Value& value : scalars) strings.push_back(*value.as<std::string>());
        return Tensor::of<std::string>(std::move(shape), std::move(strings));
    }
    default:
        raise("TypeError", fmt::format("Unrecognized data type: {}", dtype_name(dtype)));
    }
}

std::string tuple_text(const Shape& shape) {
    return to_python(shape);
}

} // namespace

namespace {

/// TensorFlow keeps constants in protobuf messages, which end at 2 GB; its text.
void check_constant_size(DType dtype, const Shape& shape) {
    constexpr std::size_t limit = std::numeric_limits<std::int32_t>::max();
    const std::size_t element = std::max<std::size_t>(1, dtype_size(dtype));
    if (static_cast<std::size_t>(shape.elements()) > limit / element)
        raise("ValueError", "Cannot create a tensor proto whose content is larger than 2GB.");
}

/// The values in row-major order, the last one repeated up to the size of `shape`.
Tensor filled_up(const Tensor& values, const Shape& shape) {
    std::byte* data = nullptr;
    Tensor tensor = Tensor::make_bytes(values.dtype(), shape, data);
    const std::span<const std::byte> given = values.bytes();
    const std::span<const std::byte> last = given.last(dtype_size(values.dtype()));
    std::byte* const end = data + tensor.byte_size();
    for (std::byte* at = std::copy(given.begin(), given.end(), data); at != end;)
        at = std::copy(last.begin(), last.end(), at);
    return tensor;
}

} // namespace

Tensor make_tensor(const Value& value, DType dtype, const std::optional<Shape>& shape, bool verify_shape) {
    const auto* array = value.as<Tensor>();
    if (array != nullptr && !shape && (dtype == DType::invalid || dtype == array->dtype())) return *array;
    Flat flat = flatten(value);
    DType wanted = dtype;
    if (array != nullptr) {
        if (wanted == DType::invalid) wanted = array->dtype();
    } else if (wanted == DType::invalid) {
        wanted = inferred_dtype(value, flat.scalars);
    } else {
        check_compatible(flat.scalars, wanted);
    }
    Shape own(flat.dims);
    if (!shape) return build(wanted, std::move(own), flat.scalars);
    if (verify_shape && !(own == *shape))
        raise("TypeError", fmt::format("Expected Tensor's shape: {}, got {}.", tuple_text(*shape), tuple_text(own)));
    check_constant_size(wanted, *shape);
    const auto needed = static_cast<std::size_t>(shape->elements());
    if (needed == 0 && array == nullptr) flat.scalars.clear(); // Python makes np.empty(shape), whatever the value
    if (flat.scalars.size() > needed)
        raise("ValueError", fmt::format("Too many elements provided. Needed at most {}, but received {}", needed,
                                        flat.scalars.size()));
    if (flat.scalars.empty()) flat.scalars.emplace_back(0);
    if (flat.scalars.size() >= needed || dtype_size(wanted) == 0) {
        flat.scalars.resize(needed, Value(flat.scalars.back()));
        return build(wanted, *shape, flat.scalars);
    }
    return filled_up(build(wanted, Shape{static_cast<std::int64_t>(flat.scalars.size())}, flat.scalars), *shape);
}

Shape to_shape(const Value& value) {
    if (value.is_none()) return Shape::unknown_rank();
    if (const auto* shape = value.as<Shape>()) return *shape;
    const auto dimension = [](const Value& item) -> std::int64_t {
        const Value plain = plain_scalar(item);
        if (plain.is_none()) return Shape::unknown;
        if (const auto* i = plain.as<std::int64_t>()) {
            if (*i < 0) raise("ValueError", fmt::format("Dimension {} must be >= 0", *i));
            return *i;
        }
        raise("TypeError", fmt::format("int() argument must be a string, a bytes-like object or a number, not '{}'",
                                       python_type_name(item)));
    };
    if (value.is<std::int64_t>()) return Shape{dimension(value)};
    if (const auto items = sub_items(value)) {
        std::vector<std::int64_t> dims;
        for (const Value& item : *items) dims.push_back(dimension(item));
        return Shape(std::move(dims));
    }
    return Shape{dimension(value)};
}

DType to_dtype(const Value& value) {
    if (const auto* dtype = value.as<DType>()) return *dtype;
    if (const auto* name = value.as<std::string>()) {
        if (*name == "float") return DType::float32;
        if (*name == "double") return DType::float64;
        if (const DType dtype = dtype_from_name(*name); dtype != DType::invalid) return dtype;
    }
    raise("TypeError", fmt::format("Cannot convert value {} to a TensorFlow DType.", repr(value)));
}

} // namespace rnnscope::tf1
