#include "core/view/cell_equations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace rnnscope::view {

namespace {

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

std::string function_name(const std::string& activation) {
    if (activation == "Sigmoid") return "σ";
    if (activation == "Tanh") return "tanh";
    std::string name = activation;
    std::ranges::transform(name, name.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
    return name;
}

/// NaN for functions that are not known here.
double activate(const std::string& activation, double x) {
    if (activation == "Sigmoid") return 1 / (1 + std::exp(-x));
    if (activation == "Tanh") return std::tanh(x);
    if (activation == "Relu") return std::max(x, 0.0);
    if (activation == "Relu6") return std::clamp(x, 0.0, 6.0);
    if (activation == "HardSigmoid") return std::clamp(0.2 * x + 0.5, 0.0, 1.0);
    if (activation == "Elu") return x < 0 ? std::expm1(x) : x;
    if (activation == "Softsign") return x / (1 + std::fabs(x));
    if (activation == "Softplus") return std::log1p(std::exp(x));
    if (activation == "Identity" || activation.empty()) return x;
    return not_known;
}

/// Both were computed in other orders and precisions: equal means equal as far as float32 sums go.
bool agree(double ours, double theirs) {
    return std::fabs(ours - theirs) <= 2e-3 * (1 + std::fabs(theirs));
}

/// The gates that a weight with this role serves, by letters; `what` gets what is left: "kernel", "recurrent bias".
std::string gates_of(std::string_view role, CellKind kind, std::string_view& what) {
    struct Prefix {
        std::string_view text, gates;
    };
    const std::string_view candidate = kind == CellKind::lstm ? "j" : "c";
    const Prefix prefixes[] = {{"gates ", "ru"},          {"reset ", "r"},      {"update ", "u"},
                               {"candidate ", candidate}, {"input gate ", "i"}, {"forget gate ", "f"},
                               {"output gate ", "o"}};
    for (const Prefix& prefix : prefixes)
        if (role.starts_with(prefix.text)) {
            what = role.substr(prefix.text.size());
            return std::string(prefix.gates);
        }
    what = role;
    return kind == CellKind::lstm ? "ijfo" : kind == CellKind::gru ? "ruc" : "h";
}

double dot(const std::vector<double>& values, const Tensor& kernel, std::int64_t first_row, std::int64_t column) {
    const std::int64_t columns = kernel.shape().dim(1);
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
        sum += values[i] * kernel.number((first_row + static_cast<std::int64_t>(i)) * columns + column);
    return sum;
}

bool is_matrix(const Tensor& tensor, std::size_t rows, std::int64_t column) {
    return tensor && tensor.shape().rank() == 2 && is_floating(tensor.dtype()) &&
           tensor.shape().dim(0) == static_cast<std::int64_t>(rows) && tensor.shape().dim(1) > column;
}

} // namespace

CellEquations::CellEquations(const CellSteps& steps, std::size_t step, std::int64_t unit, std::int64_t example)
    : steps_(steps), cell_(steps.cell()), step_(step), unit_(unit), example_(example) {
    x_.name = "x";
    for (const Tensor& input : steps.inputs(step)) {
        const std::vector<double> row = row_of(input);
        x_.values.insert(x_.values.end(), row.begin(), row.end());
    }
    h_ = {"h", row_of(steps.previous_h(step))};
    const std::vector<double> c = row_of(steps.previous_c(step));
    const auto at = static_cast<std::size_t>(unit);
    previous_h_ = at < h_.values.size() ? h_.values[at] : not_known;
    previous_c_ = at < c.size() ? c[at] : not_known;
}

std::vector<double> CellEquations::row_of(const Tensor& tensor) const {
    if (!tensor || !is_floating(tensor.dtype()) || tensor.shape().rank() != 2) return {};
    const std::int64_t columns = tensor.shape().dim(1);
    const std::int64_t row = std::min(example_, tensor.shape().dim(0) - 1);
    if (row < 0) return {};
    std::vector<double> values;
    for (std::int64_t i = 0; i < columns; ++i) values.push_back(tensor.number(row * columns + i));
    return values;
}

double CellEquations::part(std::string_view name) const {
    const std::vector<double> row = row_of(steps_.value(name, step_));
    const auto at = static_cast<std::size_t>(unit_);
    return at < row.size() ? row[at] : not_known;
}

CellEquations::Weights CellEquations::weights_of(char letter) const {
    Weights found;
    for (const CellWeight& weight : cell_.weights) {
        std::string_view what;
        const std::string gates = gates_of(weight.role, cell_.variant.kind, what);
        if (gates.find(letter) == std::string::npos || what.starts_with("peephole") || what.starts_with("projection"))
            continue;
        std::string order; // of the gates in this weight
        for (const char gate : cell_.variant.gate_order)
            if (gates.find(gate) != std::string::npos) order += gate;
        const std::size_t place = gates.size() == 1 ? 0 : order.find(letter);
        if (gates.size() > 1 && (order.size() != gates.size() || place == std::string::npos)) continue;
        const Tensor value = steps_.weight(weight.role, step_);
        if (what == "kernel") {
            found.kernel = value;
            found.column = static_cast<std::int64_t>(place) * cell_.units + unit_;
            found.node = weight.source.node;
        } else if (what == "recurrent kernel") {
            found.recurrent = value;
        } else if (what == "bias") {
            found.bias = value;
        } else if (what == "recurrent bias") {
            found.recurrent_bias = value;
        }
    }
    return found;
}

/// The biases of the two products; Keras keeps both in one variable, a row each. Nullopt: there is none.
CellEquations::Biases CellEquations::biases_of(const Weights& weights) const {
    const auto at = [](const Tensor& bias, std::int64_t place) {
        return bias && place >= 0 && place < bias.elements() ? std::optional(bias.number(place)) : std::nullopt;
    };
    const bool has_rows = weights.bias && weights.bias.shape().rank() == 2;
    const std::int64_t below = has_rows ? weights.bias.shape().dim(1) : 0;
    return {at(weights.bias, weights.column),
            has_rows ? at(weights.bias, below + weights.column) : at(weights.recurrent_bias, weights.column)};
}

/// What the lower rows of a kernel are multiplied with.
CellEquations::Operand CellEquations::state_of(char letter) const {
    if (cell_.variant.kind != CellKind::gru || letter != 'c' || resets_product(letter)) return h_;
    const std::vector<double> r = row_of(steps_.value("r", step_));
    Operand operand{"r·h", {}};
    for (std::size_t i = 0; i < std::min(r.size(), h_.values.size()); ++i)
        operand.values.push_back(r[i] * h_.values[i]);
    return operand;
}

/// Peepholes and the LSTM's forget bias, which stand beside the kernel.
void CellEquations::add_extras(CellEquation& equation, char letter) const {
    if (cell_.variant.kind != CellKind::lstm) return;
    if (cell_.variant.peepholes && letter != 'j') {
        const Tensor peephole = steps_.weight(fmt::format("peephole of {}", letter), step_);
        const double state = letter == 'o' ? part("c") : previous_c_;
        const double weight = peephole && unit_ < peephole.elements() ? peephole.number(unit_) : not_known;
        equation.terms.push_back({letter == 'o' ? "peephole × new c" : "peephole × c", weight * state});
    }
    if (letter == 'f' && cell_.variant.forget_bias.value_or(0) != 0)
        equation.terms.push_back({"forget_bias", *cell_.variant.forget_bias});
}

/// Fills in the terms; false when they do not give what the run computed.
bool CellEquations::explain(CellEquation& equation, char letter, bool state_first) {
    equation.terms.clear();
    equation.sum = 0;
    const Weights weights = weights_of(letter);
    const Operand state = state_of(letter);
    if (weights.column < 0 || x_.values.empty() || state.values.empty()) return false;
    const auto inputs = x_.values.size(), states = state.values.size();
    const std::string state_name = state.name == "r·h" ? "r·h" : "h";
    const Biases biases = biases_of(weights);
    if (weights.recurrent) {
        if (!is_matrix(weights.kernel, inputs, weights.column) || !is_matrix(weights.recurrent, states, weights.column))
            return false;
        equation.terms.push_back({"x·kernel", dot(x_.values, weights.kernel, 0, weights.column)});
        const double product = dot(state.values, weights.recurrent, 0, weights.column);
        if (!resets_product(letter))
            equation.terms.push_back({state_name + "·recurrent", product});
        else if (biases.recurrent)
            equation.terms.push_back({"r×(h·recurrent + its bias)", part("r") * (product + *biases.recurrent)});
        else
            equation.terms.push_back({"r×(h·recurrent)", part("r") * product});
    } else {
        if (resets_product(letter) || !is_matrix(weights.kernel, inputs + states, weights.column)) return false;
        const auto x_row = static_cast<std::int64_t>(state_first ? states : 0);
        const auto state_row = static_cast<std::int64_t>(state_first ? 0 : inputs);
        const std::size_t split = state_first ? states : inputs;
        const std::string above = fmt::format("[:{}]", split), below = fmt::format("[{}:]", split);
        equation.terms.push_back(
            {"x·kernel" + (state_first ? below : above), dot(x_.values, weights.kernel, x_row, weights.column)});
        equation.terms.push_back({state_name + "·kernel" + (state_first ? above : below),
                                  dot(state.values, weights.kernel, state_row, weights.column)});
    }
    if (biases.input) equation.terms.push_back({"bias", *biases.input});
    if (biases.recurrent && !resets_product(letter)) equation.terms.push_back({"recurrent bias", *biases.recurrent});
    add_extras(equation, letter);
    for (const CellTerm& term : equation.terms) equation.sum += term.value;
    const bool is_gate = cell_.variant.kind != CellKind::basic_rnn && letter != 'c' && letter != 'j';
    const double ours = activate(is_gate ? cell_.variant.gate_activation : cell_.variant.activation, equation.sum);
    return agree(ours, equation.result);
}

std::string CellEquations::symbols_of(char letter, const std::string& function) const {
    const bool is_candidate = cell_.variant.kind == CellKind::gru && letter == 'c';
    const bool resets_state = is_candidate && !resets_product(letter);
    std::string state = fmt::format("{}·U{}", resets_state ? "(r×h)" : "h", letter);
    if (biases_of(weights_of(letter)).recurrent) state += fmt::format(" + b′{}", letter);
    if (resets_product(letter)) state = fmt::format("r×({})", state);
    std::string text = fmt::format("{}(x·W{} + {} + b{}", function, letter, state, letter);
    if (cell_.variant.kind == CellKind::basic_rnn) text = fmt::format("{}(x·W + h·U + b", function);
    if (cell_.variant.peepholes && letter != 'j') text += fmt::format(" + p{}×{}", letter, letter == 'o' ? "c′" : "c");
    if (letter == 'f' && cell_.variant.forget_bias.value_or(0) != 0)
        text += fmt::format(" + {:.3g}", *cell_.variant.forget_bias);
    return text + ")";
}

CellEquation CellEquations::activated(const CellView& view, char letter) {
    CellEquation equation;
    equation.letter = letter;
    const bool is_gate = cell_.variant.kind != CellKind::basic_rnn && letter != 'c' && letter != 'j';
    equation.function = function_name(is_gate ? cell_.variant.gate_activation : cell_.variant.activation);
    equation.symbols = symbols_of(letter, equation.function);
    const CellQuantity* quantity = view.quantity(letter);
    equation.known = quantity != nullptr && quantity->known;
    if (!equation.known) return equation;
    equation.result = quantity->value;
    equation.explained = explain(equation, letter, false) || explain(equation, letter, true);
    if (!equation.explained) {
        equation.terms.clear();
        equation.note = "its sum is not x, h and b alone: no numbers";
    }
    return equation;
}

CellEquation CellEquations::gru_state(const CellView& view) const {
    CellEquation equation;
    const CellQuantity *u = view.quantity('u'), *c = view.quantity('c'), *h = view.quantity('h');
    const bool keeps = cell_.variant.update_keeps;
    equation.symbols = keeps ? "u·h + (1−u)·c" : "(1−u)·h + u·c";
    if (h == nullptr || !h->known || u == nullptr || c == nullptr) return equation;
    equation.known = true;
    equation.result = h->value;
    const double old_share = keeps ? u->value : 1 - u->value;
    equation.terms = {{keeps ? "u" : "1−u", old_share},
                      {"h before", previous_h_},
                      {keeps ? "1−u" : "u", 1 - old_share},
                      {"c", c->value}};
    equation.summands = {old_share * previous_h_, (1 - old_share) * c->value};
    equation.sum = equation.summands[0] + equation.summands[1];
    equation.explained = agree(equation.sum, equation.result);
    equation.note = fmt::format("keeps {:.0f} % of the old state", old_share * 100);
    return equation;
}

CellEquation CellEquations::lstm_cell(const CellView& view) const {
    CellEquation equation;
    equation.letter = 'c';
    equation.symbols = "f·c + i·j";
    if (cell_.variant.cell_clip) equation.symbols += fmt::format(", within ±{:.3g}", *cell_.variant.cell_clip);
    const CellQuantity *i = view.quantity('i'), *j = view.quantity('j'), *f = view.quantity('f');
    const CellQuantity* c = view.quantity('c');
    if (c == nullptr || !c->known || i == nullptr || j == nullptr || f == nullptr) return equation;
    equation.known = true;
    equation.result = c->value;
    equation.terms = {{"f", f->value}, {"c before", previous_c_}, {"i", i->value}, {"j", j->value}};
    equation.summands = {f->value * previous_c_, i->value * j->value};
    equation.sum = equation.summands[0] + equation.summands[1];
    const double limit = cell_.variant.cell_clip.value_or(std::numeric_limits<double>::infinity());
    equation.explained = agree(std::clamp(equation.sum, -limit, limit), equation.result);
    equation.note = fmt::format("keeps {:.0f} % of the old cell", f->value * 100);
    return equation;
}

CellEquation CellEquations::lstm_output(const CellView& view) const {
    CellEquation equation;
    const std::string function = function_name(cell_.variant.activation);
    equation.symbols = cell_.variant.activates_output ? fmt::format("o·{}(c)", function) : "o·c";
    if (cell_.variant.projection) equation.symbols = fmt::format("({})·P", equation.symbols);
    const CellQuantity *o = view.quantity('o'), *c = view.quantity('c'), *h = view.quantity('h');
    if (h == nullptr || !h->known || o == nullptr || c == nullptr) return equation;
    equation.known = true;
    equation.result = h->value;
    if (cell_.variant.projection) {
        equation.note = fmt::format("a sum over all {} units", cell_.units);
        return equation;
    }
    const double shown = cell_.variant.activates_output ? activate(cell_.variant.activation, c->value) : c->value;
    equation.terms = {{"o", o->value}, {cell_.variant.activates_output ? function + "(c)" : "c", shown}};
    equation.summands = {o->value * shown};
    equation.sum = equation.summands[0];
    equation.explained = agree(equation.sum, equation.result);
    equation.note = fmt::format("shows {:.0f} % of the cell", o->value * 100);
    return equation;
}

std::vector<CellEquation> CellEquations::all(const CellView& view) {
    switch (cell_.variant.kind) {
    case CellKind::basic_rnn:
        return {activated(view, 'h')};
    case CellKind::gru:
        return {activated(view, 'r'), activated(view, 'u'), activated(view, 'c'), gru_state(view)};
    case CellKind::lstm:
        return {activated(view, 'i'), activated(view, 'j'), activated(view, 'f'),
                activated(view, 'o'), lstm_cell(view),      lstm_output(view)};
    }
    return {};
}

std::vector<CellProduct> CellEquations::products(char letter) {
    const Weights weights = weights_of(letter);
    const Operand state = state_of(letter);
    if (weights.column < 0 || weights.recurrent ||
        !is_matrix(weights.kernel, x_.values.size() + state.values.size(), weights.column))
        return {};
    const std::int64_t columns = weights.kernel.shape().dim(1);
    std::vector<CellProduct> products;
    for (const Operand* operand : {static_cast<const Operand*>(&x_), &state})
        for (std::size_t i = 0; i < operand->values.size(); ++i) {
            const auto row = static_cast<std::int64_t>(products.size());
            products.push_back({fmt::format("{}[{}]", operand->name, i), operand->values[i],
                                weights.kernel.number(row * columns + weights.column)});
        }
    std::ranges::stable_sort(products, [](const CellProduct& a, const CellProduct& b) {
        return std::fabs(a.product()) > std::fabs(b.product());
    });
    return products;
}

} // namespace rnnscope::view
