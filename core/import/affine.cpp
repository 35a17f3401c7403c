#include "core/import/affine.hpp"

#include <algorithm>

namespace rnnscope {
namespace {

constexpr std::size_t most_nodes = 24; ///< of one affine function; LSTMCell with peepholes needs 7

class Parser {
  public:
    explicit Parser(const Dataflow& flow) : flow_(flow) {}

    void add(Output output, std::int64_t part) {
        output = flow_.stripped(output);
        if (result.nodes.size() >= most_nodes) return result.others.push_back(output);
        const Node& n = flow_.node(output);
        result.nodes.push_back(n.id);
        if (n.op == "BiasAdd" || n.op == "BiasAddV1") return add_bias(n, part);
        if ((n.op == "Add" || n.op == "AddV2" || n.op == "AddN") && !n.inputs.empty()) return add_sum(n, part);
        if (n.op == "MatMul" && n.inputs.size() == 2) return add_product(n, part);
        if (n.op == "Mul" && n.inputs.size() == 2) return result.products.push_back(output);
        // A range of columns of an affine function is one of a range of its weights.
        if (const auto whole = flow_.part_of(output)) return add(whole->first, part < 0 ? whole->second : part);
        result.others.push_back(output);
    }

    Affine result;

  private:
    void add_bias(const Node& n, std::int64_t part) {
        if (n.inputs.size() != 2) return result.others.push_back({n.id, 0});
        add(n.inputs[0], part);
        if (const auto bias = flow_.parameter(n.inputs[1])) return result.biases.push_back(*bias);
        result.others.push_back(n.inputs[1]);
    }

    void add_sum(const Node& n, std::int64_t part) {
        for (const Output& summand : n.inputs) {
            const auto bias = flow_.parameter(summand);
            if (!bias) {
                add(summand, part);
            } else if (parameter_shape(flow_.graph(), bias->source).is_scalar() && flow_.constant(summand)) {
                result.constant = result.constant.value_or(0.0) + *flow_.constant(summand);
            } else {
                result.biases.push_back(*bias);
            }
        }
    }

    void add_product(const Node& n, std::int64_t part) {
        for (const std::size_t k : {std::size_t{1}, std::size_t{0}})
            if (const auto weight = flow_.parameter(n.inputs[k])) {
                std::vector<Output> operands = flow_.concatenated(n.inputs[1 - k]);
                if (operands.size() > 1) result.nodes.push_back(flow_.stripped(n.inputs[1 - k]).node);
                result.terms.push_back({std::move(operands), *weight, part});
                return;
            }
        result.others.push_back({n.id, 0});
    }

    const Dataflow& flow_;
};

} // namespace

std::vector<Output> Affine::operands() const {
    std::vector<Output> result;
    for (const AffineTerm& term : terms)
        for (const Output& operand : term.operands)
            if (std::ranges::find(result, operand) == result.end()) result.push_back(operand);
    return result;
}

std::int64_t Affine::part() const {
    for (const AffineTerm& term : terms) {
        if (term.part >= 0) return term.part;
        if (term.weight.part >= 0) return term.weight.part;
    }
    return -1;
}

Affine affine(const Dataflow& flow, Output output) {
    Parser parser(flow);
    parser.add(output, -1);
    return std::move(parser.result);
}

bool Gate::shares_operands(const Gate& other) const {
    if (pre.operands() == other.pre.operands()) return true;
    // Keras drops out another part of x for every gate; the kernel is then what they share.
    const auto uses = [](const Affine& affine, Output source) {
        return std::ranges::any_of(affine.terms, [&](const AffineTerm& term) { return term.weight.source == source; });
    };
    return std::ranges::all_of(pre.terms, [&](const AffineTerm& term) { return uses(other.pre, term.weight.source); });
}

std::optional<Gate> gate(const Dataflow& flow, Output value) {
    const Output top = flow.stripped(value);
    Gate result;
    result.value = value;
    auto activation = flow.activation(top);
    std::int64_t part = -1;
    std::vector<NodeId> nodes;
    if (!activation)
        if (const auto whole = flow.part_of(top)) {
            activation = flow.activation(whole->first);
            part = whole->second;
            nodes.push_back(top.node);
        }
    if (!activation) return {};
    Parser parser(flow);
    parser.add(activation->input, part);
    result.activation = activation->name;
    result.pre = std::move(parser.result);
    if (result.pre.terms.empty()) return {};
    nodes.insert(nodes.end(), activation->nodes.begin(), activation->nodes.end());
    result.pre.nodes.insert(result.pre.nodes.end(), nodes.begin(), nodes.end());
    return result;
}

} // namespace rnnscope
