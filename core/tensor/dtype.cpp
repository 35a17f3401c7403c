#include "core/tensor/dtype.hpp"

#include <array>

namespace rnnscope {
namespace {

struct DTypeRow {
    std::string_view name, enum_name, cpp_name;
    std::size_t size;
};

// Indexed by the wire number.
constexpr std::array<DTypeRow, 24> table = {{
    {"invalid", "DT_INVALID", "invalid", 0},
    {"float32", "DT_FLOAT", "float", 4},
    {"float64", "DT_DOUBLE", "double", 8},
    {"int32", "DT_INT32", "int32", 4},
    {"uint8", "DT_UINT8", "uint8", 1},
    {"int16", "DT_INT16", "int16", 2},
    {"int8", "DT_INT8", "int8", 1},
    {"string", "DT_STRING", "string", 0},
    {"complex64", "DT_COMPLEX64", "complex64", 8},
    {"int64", "DT_INT64", "int64", 8},
    {"bool", "DT_BOOL", "bool", 1},
    {"qint8", "DT_QINT8", "qint8", 1},
    {"quint8", "DT_QUINT8", "quint8", 1},
    {"qint32", "DT_QINT32", "qint32", 4},
    {"bfloat16", "DT_BFLOAT16", "bfloat16", 2},
    {"qint16", "DT_QINT16", "qint16", 2},
    {"quint16", "DT_QUINT16", "quint16", 2},
    {"uint16", "DT_UINT16", "uint16", 2},
    {"complex128", "DT_COMPLEX128", "complex128", 16},
    {"float16", "DT_HALF", "half", 2},
    {"resource", "DT_RESOURCE", "resource", 0},
    {"variant", "DT_VARIANT", "variant", 0},
    {"uint32", "DT_UINT32", "uint32", 4},
    {"uint64", "DT_UINT64", "uint64", 8},
}};

const DTypeRow& row(DType dtype) {
    return table[static_cast<std::size_t>(dtype)];
}

} // namespace

std::string_view dtype_name(DType dtype) {
    return row(dtype).name;
}
std::string_view dtype_enum_name(DType dtype) {
    return row(dtype).enum_name;
}
std::string_view dtype_cpp_name(DType dtype) {
    return row(dtype).cpp_name;
}
std::size_t dtype_size(DType dtype) {
    return row(dtype).size;
}

DType dtype_from_name(std::string_view name) {
    for (std::size_t i = 1; i < table.size(); ++i)
        if (name == table[i].name || name == table[i].enum_name || name == table[i].cpp_name)
            return static_cast<DType>(i);
    return DType::invalid;
}

bool is_floating(DType dtype) {
    return dtype == DType::float32 || dtype == DType::float64 || dtype == DType::half || dtype == DType::bfloat16;
}

bool is_integer(DType dtype) {
    switch (dtype) {
    case DType::int8:
    case DType::int16:
    case DType::int32:
    case DType::int64:
    case DType::uint8:
    case DType::uint16:
    case DType::uint32:
    case DType::uint64:
        return true;
    default:
        return false;
    }
}

} // namespace rnnscope
