#include "core/runtime/round_steps.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <string_view>

namespace rnnscope::runtime {
namespace {

using Operands = std::span<const OperandType>;

/// Integer arithmetic as the kernels do it: it wraps around.
template <class F> struct Wrapping {
    std::int32_t operator()(std::int32_t a, std::int32_t b) const {
        return static_cast<std::int32_t>(F{}(static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b)));
    }
};

template <class In, class Out, class F> bool scalar_binary(const Step& step, const Cursor& at) {
    *at.out<Out>(step.out) = F{}(*at.in<In>(step.in[0]), *at.in<In>(step.in[1]));
    return true;
}
bool scalar_not(const Step& step, const Cursor& at) {
    *at.out<bool>(step.out) = !*at.in<bool>(step.in[0]);
    return true;
}

struct ScalarOp {
    DType dtype;
    Step::Function function;
};

/// Counters and conditions: what decides whether a loop goes on is computed from scalars.
const std::multimap<std::string_view, ScalarOp>& scalar_ops() {
    constexpr DType number = DType::int32, truth = DType::boolean;
    using Int = std::int32_t;
    static const std::multimap<std::string_view, ScalarOp> ops{
        {"Add", {number, scalar_binary<Int, Int, Wrapping<std::plus<std::uint32_t>>>}},
        {"AddV2", {number, scalar_binary<Int, Int, Wrapping<std::plus<std::uint32_t>>>}},
        {"Sub", {number, scalar_binary<Int, Int, Wrapping<std::minus<std::uint32_t>>>}},
        {"Mul", {number, scalar_binary<Int, Int, Wrapping<std::multiplies<std::uint32_t>>>}},
        {"Less", {number, scalar_binary<Int, bool, std::less<Int>>}},
        {"LessEqual", {number, scalar_binary<Int, bool, std::less_equal<Int>>}},
        {"Greater", {number, scalar_binary<Int, bool, std::greater<Int>>}},
        {"GreaterEqual", {number, scalar_binary<Int, bool, std::greater_equal<Int>>}},
        {"Equal", {number, scalar_binary<Int, bool, std::equal_to<Int>>}},
        {"NotEqual", {number, scalar_binary<Int, bool, std::not_equal_to<Int>>}},
        {"LogicalAnd", {truth, scalar_binary<bool, bool, std::logical_and<bool>>}},
        {"LogicalOr", {truth, scalar_binary<bool, bool, std::logical_or<bool>>}},
        {"LogicalNot", {truth, scalar_not}},
    };
    return ops;
}

std::optional<FastStep> scalar_step(const Node& node, Operands inputs) {
    const auto [first, last] = scalar_ops().equal_range(node.op);
    for (auto it = first; it != last; ++it) {
        const bool fits = std::ranges::all_of(inputs, [&](const OperandType& input) {
            return input.dtype == it->second.dtype && input.shape.is_scalar();
        });
        if (!fits) continue;
        FastStep step;
        step.function = it->second.function;
        for (std::uint32_t i = 0; i < inputs.size(); ++i) step.reads.push_back(i);
        return step;
    }
    return std::nullopt;
}

} // namespace

std::optional<FastStep> fast_step(const Node& node, Operands inputs, Operands /*outputs*/) {
    return scalar_step(node, inputs);
}

} // namespace rnnscope::runtime
