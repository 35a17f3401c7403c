#pragma once

#include "core/graph/graph.hpp"
#include "core/tensor/tensor.hpp"

#include <cstdint>
#include <string_view>

namespace rnnscope::debug {

/// The ends of the function that gave a value, and that a gate is saturated at.
enum class GateRange : std::uint8_t { none, sigmoid, tanh }; ///< 0 to 1, -1 to 1

/// Of the op, or of the one whose value it only cuts or passes on.
GateRange gate_range(const Graph& graph, NodeId node);

/// What is striking about a value: the later, the more it wants to be looked at.
enum class ValueHealth : std::uint8_t {
    unknown,   ///< there is no value
    fine,      ///< nothing is striking
    zero,      ///< all of several numbers are 0
    saturated, ///< most of a gate's units stand at an end of its range
    infinite,  ///< at least one infinity, no NaN
    nan,
    poisoned ///< derived from a missing value; not seen from the numbers
};
constexpr std::size_t health_count = static_cast<std::size_t>(ValueHealth::poisoned) + 1;
/// In words: "NaN", "all zero", "no value".
std::string_view describe(ValueHealth health);

/// How near to an end a unit counts as saturated, where nothing else is said.
constexpr double near_the_end = 0.01;

/// From the numbers alone.
ValueHealth health_of(const Tensor& value, GateRange range);

} // namespace rnnscope::debug
