#pragma once

#include "core/base/result.hpp"
#include "core/tensor/tensor.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace rnnscope::debug {

/// What must hold of a value so that a breakpoint stops. One element that fulfils it is enough.
struct Condition {
    enum class Kind : std::uint8_t {
        always,
        nan,
        infinite,
        not_finite, ///< NaN or infinite
        outside,    ///< below `a` or above `b`
        equals,     ///< `a`
        saturated,  ///< within `a` of an end of the function's range: 0 and 1 for sigmoids, else -1 and 1
        changed,    ///< by more than `a` since the time step before
    };
    Kind kind = Kind::always;
    double a = 0, b = 0;

    bool always() const { return kind == Kind::always; }
    /// Is it fulfilled by nothing but NaN and infinities?
    bool wants_unfinite() const { return kind == Kind::nan || kind == Kind::infinite || kind == Kind::not_finite; }
    friend auto operator<=>(const Condition&, const Condition&) = default;
};

/// What a condition looks at.
struct Watched {
    Tensor value;
    Tensor previous;         ///< of the time step before; empty: none
    bool is_sigmoid = false; ///< the value is one of a sigmoid, or a part of one
};

/// "nan", "inf", "bad" (NaN or infinite), "outside A B", "equals X", "saturated [DISTANCE]", "changed X".
Result<Condition> parse_condition(std::string_view text);
std::string to_text(const Condition& condition);
/// False for strings and resources, and where there is no value.
bool fulfils(const Watched& watched, const Condition& condition);

} // namespace rnnscope::debug
