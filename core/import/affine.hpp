#pragma once

#include "core/import/dataflow.hpp"

#include <string>
#include <vector>

namespace rnnscope {

/// A matrix product with a parameter.
struct AffineTerm {
    std::vector<Output> operands; ///< what is multiplied; several when they are concatenated for it
    Parameter weight;
    std::int64_t part = -1; ///< which columns of the product are meant, as in Parameter::part; -1: all
};

/// x W + h U + b + ..., taken apart: what stands before an activation in every RNN cell, no matter whether there is one
/// product of concatenated inputs, or one for each, and whether gates share a kernel that is split.
struct Affine {
    std::vector<AffineTerm> terms;
    std::vector<Parameter> biases;
    std::optional<double> constant; ///< sum of scalar constants: the forget bias
    std::vector<Output> products;   ///< element-wise products among the summands: peepholes, a reset gate
    std::vector<Output> others;     ///< summands of other kinds
    std::vector<NodeId> nodes;      ///< what was looked at

    std::vector<Output> operands() const; ///< of all terms, each once, in order
    /// The columns that are meant, from the terms or, if kernels are sliced, from their weights.
    std::int64_t part() const;
};

/// Nothing is a summand of "others" only: then `terms` is empty.
Affine affine(const Dataflow& flow, Output output);

/// An activation of an affine function: a gate, a candidate, or a whole BasicRNN. The activation may stand before or
/// after the Split that divides a shared kernel's product.
struct Gate {
    Output value;
    std::string activation;
    Affine pre;

    bool shares_operands(const Gate& other) const;
};

std::optional<Gate> gate(const Dataflow& flow, Output value); ///< with at least one term

} // namespace rnnscope
