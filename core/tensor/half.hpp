#pragma once

#include "core/tensor/dtype.hpp"

#include <bit>
#include <compare>
#include <cstdint>
#include <type_traits>

namespace rnnscope {

/// A value of DType::half: IEEE binary16. It is computed with as a float and rounded to nearest, ties to even, as
/// Eigen::half is.
class Half {
  public:
    Half() = default;
    template <class Number>
    requires std::is_arithmetic_v<Number>
    explicit constexpr Half(Number value) : bits_(rounded(static_cast<float>(value))) {}
    static constexpr Half from_bits(std::uint16_t bits) {
        Half half;
        half.bits_ = bits;
        return half;
    }

    constexpr std::uint16_t bits() const { return bits_; }
    template <class Number>
    requires std::is_arithmetic_v<Number>
    explicit constexpr operator Number() const { return static_cast<Number>(widened(bits_)); }

    friend constexpr Half operator+(Half a, Half b) { return Half(a.value() + b.value()); }
    friend constexpr Half operator-(Half a, Half b) { return Half(a.value() - b.value()); }
    friend constexpr Half operator*(Half a, Half b) { return Half(a.value() * b.value()); }
    friend constexpr Half operator/(Half a, Half b) { return Half(a.value() / b.value()); }
    friend constexpr bool operator==(Half a, Half b) { return a.value() == b.value(); }
    friend constexpr std::partial_ordering operator<=>(Half a, Half b) { return a.value() <=> b.value(); }

  private:
    constexpr float value() const { return widened(bits_); }

    static constexpr float widened(std::uint16_t bits) {
        const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
        const std::uint32_t magnitude = bits & 0x7FFFU;
        if (magnitude >= 0x7C00U) // infinite or NaN
            return std::bit_cast<float>(sign | 0x7F800000U | ((magnitude & 0x3FFU) << 13));
        if (magnitude >= 0x400U) return std::bit_cast<float>(sign | ((magnitude << 13) + 0x38000000U));
        const float subnormal = static_cast<float>(magnitude) * 0x1p-24F;
        return sign != 0 ? -subnormal : subnormal;
    }

    static constexpr std::uint16_t rounded(float value) {
        auto bits = std::bit_cast<std::uint32_t>(value);
        const std::uint32_t sign = (bits >> 16) & 0x8000U;
        bits &= 0x7FFFFFFFU;
        std::uint32_t magnitude = 0;
        if (bits > 0x7F800000U) {
            magnitude = 0x7E00U; // a NaN stays one
        } else if (bits >= 0x47800000U) {
            magnitude = 0x7C00U;
        } else if (bits < 0x38800000U) {
            // Adding a number whose last place is the smallest half makes the processor round to it.
            constexpr float aligner = 0.5F;
            magnitude = std::bit_cast<std::uint32_t>(std::bit_cast<float>(bits) + aligner) -
                        std::bit_cast<std::uint32_t>(aligner);
        } else {
            magnitude = (bits - 0x38000000U + 0xFFFU + ((bits >> 13) & 1U)) >> 13;
        }
        return static_cast<std::uint16_t>(sign | magnitude);
    }

    std::uint16_t bits_ = 0;
};
static_assert(sizeof(Half) == 2 && std::is_trivially_copyable_v<Half>);

template <> inline constexpr DType dtype_of<Half> = DType::half;

} // namespace rnnscope
