#include "core/import/cell_match.hpp"

#include <algorithm>

namespace rnnscope::cells {
namespace {

Output output_of(const Node& node, int index) {
    return {node.id, index};
}

void add_fused_weight(const Dataflow& flow, Match& match, WeightUse::What what, std::string gate, Output output,
                      std::vector<Output> operands = {}) {
    const auto weight = flow.parameter(output);
    match.weights.push_back(
        {what, std::move(gate), weight ? weight->source : flow.stripped(output), std::move(operands), false});
}

/// GRUBlockCell(x, h_prev, w_ru, w_c, b_ru, b_c) -> r, u, c, h   (contrib/rnn/ops/gru_ops.cc)
Match fused_gru(const Dataflow& flow, const Node& node) {
    Match match;
    match.variant.kind = CellKind::gru;
    match.variant.activation = "Tanh";
    match.variant.gate_activation = "Sigmoid";
    match.order = {{0, 'r'}, {1, 'u'}};
    match.instance.inputs = {node.inputs[0]};
    match.instance.previous_h = node.inputs[1];
    match.operands = {match.instance.inputs[0], match.instance.previous_h};
    for (const auto& [name, index] : {std::pair("r", 0), std::pair("u", 1), std::pair("c", 2), std::pair("h", 3)})
        add_part(match, name, output_of(node, index));
    for (const char* gate : {"r", "u", "c"}) {
        const bool is_candidate = *gate == 'c';
        add_fused_weight(flow, match, WeightUse::What::kernel, gate, node.inputs[is_candidate ? 3 : 2], match.operands);
        add_fused_weight(flow, match, WeightUse::What::bias, gate, node.inputs[is_candidate ? 5 : 4]);
    }
    return match;
}

/// LSTMBlockCell([seq_len_max,] x, cs_prev, h_prev, w, wci, wcf, wco, b) -> i, cs, f, o, ci, co, h   (lstm_ops.cc)
Match fused_lstm(const Dataflow& flow, const Node& node) {
    const std::size_t x = node.op == "LSTMBlockCell" ? 0 : 1;
    Match match;
    match.variant.kind = CellKind::lstm;
    match.variant.activation = "Tanh";
    match.variant.gate_activation = "Sigmoid";
    match.order = {{0, 'i'}, {1, 'j'}, {2, 'f'}, {3, 'o'}};
    if (node.op == "BlockLSTMV2") match.order = {{0, 'i'}, {1, 'f'}, {2, 'j'}, {3, 'o'}};
    if (const auto* bias = node.attr<float>("forget_bias")) match.variant.forget_bias = static_cast<double>(*bias);
    if (const auto* clip = node.attr<float>("cell_clip"); clip != nullptr && *clip > 0)
        match.variant.cell_clip = static_cast<double>(*clip);
    match.instance.inputs = {node.inputs[x]};
    match.instance.previous_c = node.inputs[x + 1];
    match.instance.previous_h = node.inputs[x + 2];
    match.operands = {match.instance.inputs[0], match.instance.previous_h};
    for (const auto& [name, index] : {std::pair("i", 0), std::pair("j", 4), std::pair("f", 2), std::pair("o", 3),
                                      std::pair("c", 1), std::pair("h", 6)})
        add_part(match, name, output_of(node, index));
    for (const char* gate : {"i", "j", "f", "o"}) {
        add_fused_weight(flow, match, WeightUse::What::kernel, gate, node.inputs[x + 3], match.operands);
        add_fused_weight(flow, match, WeightUse::What::bias, gate, node.inputs[x + 7]);
    }
    const auto* peepholes = node.attr<bool>("use_peephole");
    match.variant.peepholes = peepholes != nullptr && *peepholes;
    if (match.variant.peepholes)
        for (const auto& [gate, at] : {std::pair("i", x + 4), std::pair("f", x + 5), std::pair("o", x + 6)})
            add_fused_weight(flow, match, WeightUse::What::peephole, gate, node.inputs[at]);
    return match;
}

bool has_form(const Node& node, std::size_t inputs, std::size_t outputs) {
    return node.inputs.size() == inputs && node.outputs.size() >= outputs;
}

} // namespace

void add_part(Match& match, std::string name, Output output) {
    match.instance.parts.push_back({std::move(name), output});
}

void add_nodes(Match& match, const std::vector<NodeId>& nodes) {
    match.instance.nodes.insert(match.instance.nodes.end(), nodes.begin(), nodes.end());
}

void add_gate(Match& match, char letter, const Gate& gate) {
    const std::string name(1, letter);
    for (const AffineTerm& term : gate.pre.terms)
        match.weights.push_back({WeightUse::What::kernel, name, term.weight.source, term.operands, false});
    for (const Parameter& bias : gate.pre.biases)
        match.weights.push_back({WeightUse::What::bias, name, bias.source, {}, false});
    add_nodes(match, gate.pre.nodes);
}

void match_fused(const Dataflow& flow, std::vector<Match>& matches) {
    for (const Node& node : flow.graph().nodes()) {
        std::optional<Match> match;
        if (node.op == "GRUBlockCell" && has_form(node, 6, 4)) match = fused_gru(flow, node);
        if (node.op == "LSTMBlockCell" && has_form(node, 8, 7)) match = fused_lstm(flow, node);
        if ((node.op == "BlockLSTM" || node.op == "BlockLSTMV2") && has_form(node, 9, 7))
            match = fused_lstm(flow, node);
        if (!match) continue;
        match->variant.fused_op = node.op;
        add_nodes(*match, {node.id});
        matches.push_back(*std::move(match));
    }
}

void match_basic(const Dataflow& flow, std::vector<Match>& matches) {
    std::vector<bool> is_taken(flow.graph().size(), false);
    for (const Match& match : matches)
        for (const NodeId id : match.instance.nodes) is_taken[id.index()] = true;
    for (const Node& node : flow.graph().nodes()) {
        const Output output{node.id, 0};
        if (is_taken[node.id.index()] || node.inputs.size() != 1) continue;
        const auto activation = flow.activation(output);
        if (!activation || activation->nodes[0] != node.id) continue;
        const auto cell = gate(flow, output);
        if (!cell || !cell->pre.products.empty() || !cell->pre.others.empty() || cell->pre.part() >= 0) continue;
        Match match;
        match.variant.activation = cell->activation;
        match.operands = cell->pre.operands();
        if (match.operands.size() < 2) continue;
        add_part(match, "h", output);
        add_gate(match, 'h', *cell);
        matches.push_back(std::move(match));
    }
}

} // namespace rnnscope::cells
