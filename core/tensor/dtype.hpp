#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rnnscope {

/// TensorFlow's DataType; values are the wire numbers of types.proto (1.15). References (DT_FLOAT_REF, +100) are not
/// types of their own here: a node output says separately whether it is a reference.
enum class DType : std::uint8_t {
    invalid = 0,
    float32 = 1,
    float64 = 2,
    int32 = 3,
    uint8 = 4,
    int16 = 5,
    int8 = 6,
    string = 7,
    complex64 = 8,
    int64 = 9,
    boolean = 10,
    qint8 = 11,
    quint8 = 12,
    qint32 = 13,
    bfloat16 = 14,
    qint16 = 15,
    quint16 = 16,
    uint16 = 17,
    complex128 = 18,
    half = 19,
    resource = 20,
    variant = 21,
    uint32 = 22,
    uint64 = 23,
};

std::string_view dtype_name(DType dtype);      ///< Python's: "float32", "bool", "string"
std::string_view dtype_enum_name(DType dtype); ///< protobuf's: "DT_FLOAT"
std::string_view dtype_cpp_name(DType dtype);  ///< as kernels print it: "float", "double", "int32"
std::size_t dtype_size(DType dtype);           ///< bytes of one element; 0 for string, resource, variant, invalid
DType dtype_from_name(std::string_view name);  ///< any of the three spellings; invalid when unknown
bool is_floating(DType dtype);
bool is_integer(DType dtype); ///< signed or unsigned, not bool, not quantized

/// The DType that stores a C++ type (std::string is DType::string).
template <class T> inline constexpr DType dtype_of = DType::invalid;
template <> inline constexpr DType dtype_of<float> = DType::float32;
template <> inline constexpr DType dtype_of<double> = DType::float64;
template <> inline constexpr DType dtype_of<std::int32_t> = DType::int32;
template <> inline constexpr DType dtype_of<std::int64_t> = DType::int64;
template <> inline constexpr DType dtype_of<std::uint8_t> = DType::uint8;
template <> inline constexpr DType dtype_of<std::int8_t> = DType::int8;
template <> inline constexpr DType dtype_of<std::int16_t> = DType::int16;
template <> inline constexpr DType dtype_of<std::uint16_t> = DType::uint16;
template <> inline constexpr DType dtype_of<std::uint32_t> = DType::uint32;
template <> inline constexpr DType dtype_of<std::uint64_t> = DType::uint64;
template <> inline constexpr DType dtype_of<bool> = DType::boolean;
template <> inline constexpr DType dtype_of<std::string> = DType::string;

} // namespace rnnscope
