#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rnnscope::ops {

/// How single precision is rounded where ops leave a choice. Both are deterministic.
enum class Rounding : std::uint8_t {
    fast,  ///< accurate and fast: close to the correctly rounded result
    tf1_15 ///< as TensorFlow 1.15's CPU kernels: Sigmoid, Tanh and MatMul, to the last digit that it prints
};

/// As programs, the command line and the window write it, in the order of the enumeration.
inline constexpr std::array<std::string_view, 2> rounding_names{"fast", "tf1.15"};

constexpr std::string_view rounding_name(Rounding rounding) {
    return rounding_names[static_cast<std::size_t>(rounding)];
}
constexpr std::optional<Rounding> rounding_from_name(std::string_view name) {
    for (std::size_t i = 0; i < rounding_names.size(); ++i)
        if (rounding_names[i] == name) return static_cast<Rounding>(i);
    return std::nullopt;
}

} // namespace rnnscope::ops
