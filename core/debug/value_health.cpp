#include "core/debug/value_health.hpp"

#include "core/runtime/event_block.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace rnnscope::debug {

GateRange gate_range(const Graph& graph, NodeId id) {
    static constexpr std::string_view passing[] = {"Identity", "Reshape", "Slice", "StridedSlice", "Switch", "Merge"};
    constexpr int most_steps = 8;
    for (int steps = 0; steps < most_steps; ++steps) {
        const Node& node = graph.node(id);
        if (node.op == "Sigmoid") return GateRange::sigmoid;
        if (node.op == "Tanh") return GateRange::tanh;
        const bool splits = node.op == "Split";
        const std::size_t input = splits ? 1 : 0;
        const bool passes = splits || node.op == "SplitV" || std::ranges::count(passing, node.op) > 0;
        if (!passes || node.inputs.size() <= input) return GateRange::none;
        id = node.inputs[input].node;
    }
    return GateRange::none;
}

std::string_view describe(ValueHealth health) {
    static constexpr std::array<std::string_view, health_count> words = {"no value", "fine", "all zero", "saturated",
                                                                         "infinite", "NaN",  "poisoned"};
    return words[static_cast<std::size_t>(health)];
}

namespace {

bool any_nan(const Tensor& value) {
    for (std::int64_t i = 0; i < value.elements(); ++i)
        if (std::isnan(value.number(i))) return true;
    return false;
}

bool all_zero(const Tensor& value) {
    for (std::int64_t i = 0; i < value.elements(); ++i)
        if (value.number(i) != 0) return false;
    return true;
}

bool mostly_saturated(const Tensor& value, GateRange range) {
    const double low = range == GateRange::sigmoid ? 0 : -1;
    std::int64_t at_end = 0;
    for (std::int64_t i = 0; i < value.elements(); ++i) {
        const double x = value.number(i);
        at_end += x <= low + near_the_end || x >= 1 - near_the_end;
    }
    return 2 * at_end > value.elements();
}

} // namespace

ValueHealth health_of(const Tensor& value, GateRange range) {
    if (!value) return ValueHealth::unknown;
    if (!is_floating(value.dtype()) || value.elements() == 0) return ValueHealth::fine;
    if (!runtime::all_finite(value)) return any_nan(value) ? ValueHealth::nan : ValueHealth::infinite;
    if (value.elements() > 1 && all_zero(value)) return ValueHealth::zero;
    if (range != GateRange::none && mostly_saturated(value, range)) return ValueHealth::saturated;
    return ValueHealth::fine;
}

} // namespace rnnscope::debug
