#pragma once

#include "core/tf1/value.hpp"

#include <cstdint>

/// Python's numbers: int, float and bool, which counts as 0 or 1.
namespace rnnscope::tf1 {

inline bool is_number(const Value& value) {
    return value.is<std::int64_t>() || value.is<double>() || value.is<bool>();
}

/// float(value) of a number.
inline double as_double(const Value& value) {
    if (const auto* d = value.as<double>()) return *d;
    if (const auto* i = value.as<std::int64_t>()) return static_cast<double>(*i);
    return *value.as<bool>() ? 1 : 0;
}

/// int(value) of a number.
inline std::int64_t as_integer(const Value& value) {
    if (const auto* i = value.as<std::int64_t>()) return *i;
    if (const auto* d = value.as<double>()) return static_cast<std::int64_t>(*d);
    return *value.as<bool>() ? 1 : 0;
}

} // namespace rnnscope::tf1
