#pragma once

#include "core/debug/poison_mask.hpp"
#include "core/graph/graph.hpp"
#include "core/tensor/tensor.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

/// What a node computed, and what of its inputs was poisoned. A reference counts as the value behind it. Tensors may be
/// empty where there is none.
struct PoisonedVisit {
    const Graph& graph;
    const Node& node;
    std::span<const Tensor> inputs;
    std::span<const PoisonMask> masks; ///< by input
    std::span<const Tensor> outputs;
};

/// Which elements of the outputs are poisoned, one mask for each: at least those that can be different when the
/// poisoned elements of the inputs are. By a rule for each op (poison_rules.cpp); an op without one gives poison to all
/// that it computes. Ops whose outputs depend on more than their inputs (variables, arrays, control flow) are not done
/// here.
std::vector<PoisonMask> spread_poison(const PoisonedVisit& visit);

/// Does the op's rule say exactly which elements depend on which, whatever their values are? Where inputs that say how
/// to compute (axes, sizes) are poisoned no rule does.
bool is_exact_poison_rule(std::string_view op);
/// Does the op compute with the elements of this input (of so many), or do they say how? True where nothing is known.
bool computes_with(std::string_view op, std::size_t input, std::size_t inputs);

/// Poisoned in one or the other, where a tensor of `shape` is computed from tensors of `shapes` element by element with
/// broadcasting.
PoisonMask spread_elementwise(const Shape& shape, std::span<const Shape> shapes, std::span<const PoisonMask> masks);

} // namespace rnnscope::debug
