#include "core/import/cell_match.hpp"

#include <algorithm>

namespace rnnscope::cells {
namespace {

/// Is the parameter's place known, and do these gates lie in one kernel? Then they have an order.
void add_order(Match& match, char letter, const Gate& gate, const Gate& reference) {
    if (gate.pre.part() < 0 || gate.pre.terms[0].weight.source != reference.pre.terms[0].weight.source) return;
    match.order.emplace_back(gate.pre.part(), letter);
}

bool is_plain(const Affine& pre) {
    return pre.products.empty() && pre.others.empty();
}

bool is_product(const Node& node) {
    return node.op == "Mul" && node.inputs.size() == 2;
}

bool uses_state(const Dataflow& flow, const Affine& pre, Output state) {
    return std::ranges::any_of(pre.operands(), [&](Output operand) { return flow.same_up_to_dropout(operand, state); });
}

/// u and its complement, the candidate and the state as one reading of h' = u h + (1-u) c has them.
struct Blend {
    Output u, candidate, state;
    NodeId complement;
    bool update_keeps = true;
};

struct Reset {
    Gate r;
    bool after = false;
    Affine state_part; ///< reset after: what r multiplies
    NodeId product;
};

/// r h among what the candidate's kernel is multiplied with, or r (h U + b) among its summands.
std::optional<Reset> find_reset(const Dataflow& flow, const Affine& candidate, Output state) {
    for (const Output& operand : candidate.operands()) {
        const Node& product = flow.node(flow.stripped(operand));
        if (!is_product(product)) continue;
        for (const std::size_t k : {std::size_t{0}, std::size_t{1}})
            if (flow.same_up_to_dropout(product.inputs[1 - k], state))
                if (auto r = gate(flow, product.inputs[k])) return Reset{*std::move(r), false, {}, product.id};
    }
    for (const Output& summand : candidate.products) {
        const Node& product = flow.node(summand);
        for (const std::size_t k : {std::size_t{0}, std::size_t{1}})
            if (auto r = gate(flow, product.inputs[k])) {
                Affine state_part = affine(flow, product.inputs[1 - k]);
                if (is_plain(state_part) && uses_state(flow, state_part, state))
                    return Reset{*std::move(r), true, std::move(state_part), product.id};
            }
    }
    return {};
}

std::optional<Match> match_blend(const Dataflow& flow, const Blend& blend) {
    const auto u = gate(flow, blend.u);
    if (!u || !is_plain(u->pre) || !uses_state(flow, u->pre, blend.state)) return {};
    const auto c = gate(flow, blend.candidate);
    if (!c || !c->pre.others.empty()) return {};
    const auto reset = find_reset(flow, c->pre, blend.state);
    if (!reset || !is_plain(reset->r.pre) || c->pre.products.size() != (reset->after ? 1U : 0U)) return {};
    if (flow.same(reset->r.value, blend.u)) return {};

    Match match;
    match.variant.kind = CellKind::gru;
    match.variant.activation = c->activation;
    match.variant.gate_activation = u->activation;
    match.variant.reset_after = reset->after;
    match.variant.update_keeps = blend.update_keeps;
    for (const Output& operand : u->pre.operands())
        if (!flow.same_up_to_dropout(operand, blend.state)) match.instance.inputs.push_back(operand);
    if (match.instance.inputs.empty()) return {};
    match.operands = u->pre.operands();
    match.instance.previous_h = blend.state;
    add_part(match, "r", flow.stripped(reset->r.value));
    add_part(match, "u", flow.stripped(blend.u));
    add_part(match, "c", flow.stripped(blend.candidate));
    add_gate(match, 'r', reset->r);
    add_gate(match, 'u', *u);
    add_gate(match, 'c', *c);
    add_order(match, 'r', reset->r, *u);
    add_order(match, 'u', *u, *u);
    add_order(match, 'c', *c, *u);
    add_nodes(match, {reset->product, blend.complement});
    add_nodes(match, reset->state_part.nodes);
    for (const AffineTerm& term : reset->state_part.terms)
        match.weights.push_back({WeightUse::What::kernel, "c", term.weight.source, term.operands, true});
    for (const Parameter& bias : reset->state_part.biases)
        match.weights.push_back({WeightUse::What::bias, "c", bias.source, {}, true});
    return match;
}

struct LstmGates {
    Gate f, i, j;
    Output previous_c;
};

/// Peepholes are the only products that may stand before a gate: w c.
bool add_peepholes(const Dataflow& flow, Match& match, char letter, const Gate& gate, Output c) {
    if (!gate.pre.others.empty()) return false;
    for (const Output& output : gate.pre.products) {
        const Node& product = flow.node(output);
        std::optional<Parameter> weight;
        for (const std::size_t k : {std::size_t{0}, std::size_t{1}})
            if (!weight && flow.same(product.inputs[1 - k], c)) weight = flow.parameter(product.inputs[k]);
        if (!weight) return false;
        match.variant.peepholes = true;
        match.weights.push_back({WeightUse::What::peephole, std::string(1, letter), weight->source, {}, false});
    }
    return true;
}

/// Reads c' = f c + i j; `f_at`, `i_at` say which operand of its product the gate is.
std::optional<LstmGates> read_lstm_gates(const Dataflow& flow, const Node& fc, std::size_t f_at, const Node& ij,
                                         std::size_t i_at) {
    auto f = gate(flow, fc.inputs[f_at]);
    if (!f) return {};
    auto i = gate(flow, ij.inputs[i_at]);
    if (!i || i->activation != f->activation || !i->shares_operands(*f)) return {};
    auto j = gate(flow, ij.inputs[1 - i_at]);
    if (!j || !j->shares_operands(*f) || !is_plain(j->pre)) return {};
    // With one activation for all, only the order in the kernel tells i from j; i comes first in all known orders.
    if (j->activation == i->activation && j->pre.part() < i->pre.part()) return {};
    return LstmGates{*std::move(f), *std::move(i), *std::move(j), fc.inputs[1 - f_at]};
}

/// Is `o` none of the gates again? The next step has gates with the same weights, and reads the same c.
bool is_new(const Gate& o, const LstmGates& gates) {
    const auto lies_at = [&](const Gate& other) {
        return o.pre.part() == other.pre.part() && o.pre.terms[0].weight.source == other.pre.terms[0].weight.source;
    };
    return !lies_at(gates.f) && !lies_at(gates.i) && !lies_at(gates.j);
}

/// h' and, where h' is multiplied with a parameter, what would be h' if that is a projection.
void add_choices(const Dataflow& flow, Match& match, Output h) {
    match.choices.push_back({h, {}, {}, {}});
    if (const auto clip = flow.clipped(h)) match.choices.push_back({clip->output, {}, clip->limit, clip->nodes});
    for (const NodeId user : flow.users(h.node)) {
        const Node& product = flow.graph().node(user);
        if (product.op != "MatMul" || product.inputs.size() != 2 || product.inputs[0] != h) continue;
        const auto kernel = flow.parameter(product.inputs[1]);
        if (!kernel) continue;
        const WeightUse use{WeightUse::What::projection, "", kernel->source, {h}, false};
        const Output projected{user, 0};
        match.choices.push_back({projected, use, {}, {user}});
        if (auto clip = flow.clipped(projected)) {
            clip->nodes.push_back(user);
            match.choices.push_back({clip->output, use, clip->limit, clip->nodes});
        }
    }
}

/// The product of the output gate with `state`, which is c' or act(c'), among the users of `state`.
bool add_output_product(const Dataflow& flow, Match& match, const LstmGates& gates, Output state, Output c) {
    for (const NodeId id : flow.users(state.node)) {
        const Node& product = flow.graph().node(id);
        if (!is_product(product)) continue;
        const std::size_t at = product.inputs[0] == state ? 1 : 0;
        const auto o = gate(flow, product.inputs[at]);
        if (!o || !o->shares_operands(gates.f) || !is_new(*o, gates)) continue;
        if (!add_peepholes(flow, match, 'o', *o, c)) continue;
        add_part(match, "o", flow.stripped(o->value));
        add_part(match, "c", c);
        add_gate(match, 'o', *o);
        add_order(match, 'o', *o, gates.f);
        add_nodes(match, {state.node, id});
        add_choices(flow, match, {id, 0});
        return true;
    }
    return false;
}

/// h' = act(c') o, searched forward from c'; some write h' = c' o.
bool add_lstm_output(const Dataflow& flow, Match& match, const LstmGates& gates, Output c) {
    for (const NodeId user : flow.users(c.node)) {
        const auto activation = flow.activation({user, 0});
        if (activation && activation->nodes.size() == 1 && flow.same(activation->input, c) &&
            add_output_product(flow, match, gates, {user, 0}, c))
            return true;
    }
    match.variant.activates_output = false;
    return add_output_product(flow, match, gates, c, c);
}

std::optional<Match> build_lstm(const Dataflow& flow, const Node& sum, const LstmGates& gates) {
    Match match;
    match.variant.kind = CellKind::lstm;
    match.variant.activation = gates.j.activation;
    match.variant.gate_activation = gates.f.activation;
    match.variant.forget_bias = gates.f.pre.constant;
    match.operands = gates.f.pre.operands();
    if (match.operands.size() < 2) return {};
    match.instance.previous_c = gates.previous_c;
    add_part(match, "i", flow.stripped(gates.i.value));
    add_part(match, "j", flow.stripped(gates.j.value));
    add_part(match, "f", flow.stripped(gates.f.value));
    for (const auto& [letter, gate] : {std::pair('i', &gates.i), std::pair('j', &gates.j), std::pair('f', &gates.f)}) {
        add_gate(match, letter, *gate);
        add_order(match, letter, *gate, gates.f);
        if (!add_peepholes(flow, match, letter, *gate, gates.previous_c)) return {};
    }
    Output c{sum.id, 0};
    if (const auto clip = flow.clipped(c)) {
        c = clip->output;
        match.variant.cell_clip = clip->limit;
        add_nodes(match, clip->nodes);
    }
    if (!add_lstm_output(flow, match, gates, c)) return {};
    return match;
}

} // namespace

std::optional<Match> match_gru(const Dataflow& flow, const Node& sum) {
    for (const std::size_t k : {std::size_t{1}, std::size_t{0}}) {
        const Node& mixed = flow.node(flow.stripped(sum.inputs[k]));
        const Node& kept = flow.node(flow.stripped(sum.inputs[1 - k]));
        if (!is_product(mixed) || !is_product(kept)) return {};
        for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
            const Node& complement = flow.node(flow.stripped(mixed.inputs[side]));
            if (complement.op != "Sub" || complement.inputs.size() != 2) continue;
            if (flow.constant(complement.inputs[0]) != 1.0) continue;
            const Output u = flow.stripped(complement.inputs[1]), other = mixed.inputs[1 - side];
            for (const std::size_t at : {std::size_t{0}, std::size_t{1}}) {
                if (!flow.same(kept.inputs[at], u)) continue;
                const Output weighed = kept.inputs[1 - at];
                auto match = match_blend(flow, {u, other, weighed, complement.id, true});
                if (!match) match = match_blend(flow, {u, weighed, other, complement.id, false});
                if (!match) continue;
                add_part(*match, "h", {sum.id, 0});
                add_nodes(*match, {sum.id, mixed.id, kept.id});
                return match;
            }
        }
    }
    return {};
}

std::optional<Match> match_lstm(const Dataflow& flow, const Node& sum) {
    for (int reading = 0; reading < 8; ++reading) {
        const std::size_t first = reading & 1, f_at = reading >> 1 & 1, i_at = reading >> 2 & 1;
        const Clip kept = flow.behind_clip(sum.inputs[first]), added = flow.behind_clip(sum.inputs[1 - first]);
        const Node &fc = flow.node(flow.stripped(kept.output)), &ij = flow.node(flow.stripped(added.output));
        const auto gates = read_lstm_gates(flow, fc, f_at, ij, i_at);
        if (!gates) continue;
        auto match = build_lstm(flow, sum, *gates);
        if (!match) continue;
        if (!kept.nodes.empty()) match->variant.product_clip = kept.limit;
        add_nodes(*match, kept.nodes);
        add_nodes(*match, added.nodes);
        add_nodes(*match, {sum.id, fc.id, ij.id});
        return match;
    }
    return {};
}

void match_gated(const Dataflow& flow, std::vector<Match>& matches) {
    for (const Node& node : flow.graph().nodes()) {
        // Where a gated cell blends what it keeps with what is new.
        if ((node.op != "Add" && node.op != "AddV2" && node.op != "AddN") || node.inputs.size() != 2) continue;
        const auto blends = [&](Output input) {
            return is_product(flow.node(flow.stripped(flow.behind_clip(input).output)));
        };
        if (!blends(node.inputs[0]) || !blends(node.inputs[1])) continue;
        auto match = match_gru(flow, node);
        if (!match) match = match_lstm(flow, node);
        if (match) matches.push_back(*std::move(match));
    }
}

} // namespace rnnscope::cells
