#include "core/view/cell_view.hpp"

#include "core/view/cell_equations.hpp"

#include "core/runtime/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rnnscope::view {

using debug::Debugger;

namespace {

constexpr std::size_t most_products = 6;
constexpr std::size_t most_inputs = 64; ///< of x; more are not looked at

struct QuantityDef {
    char letter;
    std::string_view word;
    CellScale scale;
};

std::vector<QuantityDef> quantities_of(CellKind kind) {
    switch (kind) {
    case CellKind::basic_rnn:
        return {{'h', "state", CellScale::state}};
    case CellKind::gru:
        return {{'r', "reset", CellScale::gate},
                {'u', "update", CellScale::gate},
                {'c', "candidate", CellScale::state},
                {'h', "state", CellScale::state}};
    case CellKind::lstm:
        return {{'i', "input", CellScale::gate},       {'j', "candidate", CellScale::state},
                {'f', "forget", CellScale::gate},      {'o', "output", CellScale::gate},
                {'c', "cell state", CellScale::state}, {'h', "state", CellScale::state}};
    }
    return {};
}

/// Of the values of this quantity: do they lie within ±1 by construction?
bool is_bounded(const CellVariant& variant, char letter) {
    const bool is_squashed = variant.activation == "Tanh" || variant.activation == "Softsign";
    return is_squashed && !(variant.kind == CellKind::lstm && letter == 'c') &&
           !(letter == 'h' && (variant.projection || !variant.activates_output));
}

class CellBuilder {
  public:
    CellBuilder(const Debugger& debugger, const CellOptions& options) : debugger_(debugger), options_(options) {}

    CellView build() {
        if (debugger_.graph() == nullptr || debugger_.visible_nodes() == 0)
            return refuse("Nothing was built yet. Run the program to see its cells.", "", "");
        const auto& cells = debugger_.graph_roles().cells;
        view_.tracks = cell_tracks(cells);
        std::erase_if(view_.tracks, [&](const CellTrack& track) { return !exists(track); });
        if (view_.tracks.empty())
            return refuse("This graph has no GRU, LSTM or BasicRNN cell that is known by its form.", "", "");
        view_.track = std::min(options_.track, view_.tracks.size() - 1);
        const CellTrack& track = view_.tracks[view_.track];
        view_.run = run_of_track(debugger_, track);
        const CellSteps steps(debugger_, track, view_.run);
        describe(steps, track);
        choose_step(steps);
        say_whose(steps);
        choose_unit(steps);
        add_quantities(steps);
        if (view_.run.valid())
            add_numbers(steps);
        else
            add_symbols(steps);
        return std::move(view_);
    }

  private:
    CellView refuse(std::string why, std::string label, std::string argument) {
        CellView view;
        view.empty = std::move(why);
        view.go_label = std::move(label);
        view.go_argument = std::move(argument);
        return view;
    }

    bool exists(const CellTrack& track) const {
        const CellInstance& first = debugger_.graph_roles().cells[track.cell].instances[track.instances[0]];
        return std::ranges::all_of(first.nodes, [&](NodeId node) { return node.index() < debugger_.visible_nodes(); });
    }

    void describe(const CellSteps& steps, const CellTrack& track) {
        const RecognizedCell& cell = steps.cell();
        view_.kind = cell.variant.kind;
        view_.title = to_text(cell.variant.kind);
        view_.path = track.path;
        view_.summary = rnnscope::summary(cell);
        view_.units = cell.units;
        view_.output_size = cell.output_size;
        view_.inputs = cell.input_size;
        view_.steps = steps.size();
        view_.resets_product = cell.variant.kind == CellKind::gru && cell.variant.reset_after;
        view_.update_keeps = cell.variant.update_keeps;
        for (const CellWeight& weight : cell.weights) {
            const std::string_view role = weight.role;
            // Keras has both biases in two rows of one variable.
            if (view_.resets_product && (role == "recurrent bias" || role == "candidate recurrent bias" ||
                                         (role == "bias" && shape_of(weight).rank() == 2)))
                view_.has_recurrent_bias = true;
            if (view_.resets_product && (role == "recurrent kernel" || role == "candidate recurrent kernel"))
                view_.recurrent_weight = kernel_text(weight, "recurrent");
            if (!weight.role.ends_with("kernel") || weight.role.starts_with("projection")) continue;
            const std::string text = kernel_text(weight);
            const bool is_candidate = weight.role.starts_with("candidate");
            std::string& to = is_candidate ? view_.candidate_weight : view_.gates_weight;
            if (to.empty()) to = text;
        }
        if (!view_.run.valid()) return;
        const record::RecordedRun& run = debugger_.recording().run(view_.run);
        view_.failed = run.outcome.error.has_value();
        if (view_.failed)
            view_.not_reached = fmt::format("Not reached: {} {}", run_text(view_.run), stop_text(view_.run));
    }

    /// "stopped at event 46": of a run that failed.
    std::string stop_text(RunId run) const {
        const std::size_t events = debugger_.recording().event_count(run);
        return fmt::format("stopped at event {}", grouped(std::max<std::size_t>(events, 1) - 1));
    }

    /// The run at the position, else the last before it.
    RunId newest_run() const {
        if (debugger_.current_run().valid()) return debugger_.current_run();
        RunId newest;
        for (const record::RecordedRun& run : debugger_.recording().runs())
            if (run.first_tick < debugger_.position().ticks) newest = run.info.id;
        return newest;
    }

    /// Is the run on its way, with the cell among what it is to compute?
    bool comes_to(const CellSteps& steps, RunId run) const {
        const record::RecordedRun& recorded = debugger_.recording().run(run);
        if (recorded.done || recorded.info.graph != debugger_.current_graph()) return false;
        const Result<runtime::Plan> plan = runtime::make_plan(*debugger_.graph(), recorded.info.request);
        return plan && std::ranges::any_of(steps.instance(0).parts, [&](const CellPart& part) {
                   const std::size_t node = part.output.node.index();
                   return node < plan->by_node.size() && plan->by_node[node] != runtime::Plan::none;
               });
    }

    /// After the time step is chosen.
    void say_whose(const CellSteps& steps) {
        const RunId newest = newest_run();
        if (newest.valid() && newest != view_.run) view_.is_coming = comes_to(steps, newest);
        // A run that lacks the cell: because it stopped before it came to it, or because nothing asked for it.
        const auto why_not = [&] {
            if (view_.is_coming) return fmt::format("{} has not come to this cell yet", run_text(newest));
            const bool failed = debugger_.recording().run(newest).outcome.error.has_value();
            return failed ? fmt::format("{} {}, before this cell", run_text(newest), stop_text(newest))
                          : fmt::format("{} does not compute this cell", run_text(newest));
        };
        if (!view_.run.valid()) {
            view_.whose =
                newest.valid() ? fmt::format("No value: {}", why_not()) : "No value: no run has computed this cell yet";
            if (debugger_.error_at_position() && newest.valid()) view_.hint = view_.whose;
            return;
        }
        const std::string run = run_text(view_.run);
        view_.is_of_older_run = newest.valid() && newest != view_.run;
        if (view_.is_of_older_run)
            view_.whose = fmt::format("Values of {}: {}", run, why_not());
        else if (view_.steps == 0 || (!view_.now && !view_.is_peek))
            view_.whose = view_.steps == 0 && view_.failed
                              ? fmt::format("No value: {} {}, before this cell", run, stop_text(view_.run))
                              : fmt::format("No value: {} is before its first time step", run);
        else if (view_.failed)
            view_.whose = fmt::format("{}, t = {}; up to t = {}, where it {}", run, view_.step, view_.steps - 1,
                                      stop_text(view_.run));
        else
            view_.whose = fmt::format("{}, t = {} of 0 … {}", run, view_.step, view_.steps - 1);
    }

    std::string kernel_text(const CellWeight& weight) const {
        return kernel_text(weight, weight.role.substr(0, weight.role.find(' ')));
    }

    std::string kernel_text(const CellWeight& weight, std::string_view word) const {
        return fmt::format("{} {}", word, shape_text(shape_of(weight)));
    }

    Shape shape_of(const CellWeight& weight) const {
        const Graph& graph = *debugger_.graph();
        if (const Variable* variable = graph.variable_of(weight.source.node)) return variable->shape;
        return graph.info(weight.source).shape;
    }

    void choose_step(const CellSteps& steps) {
        if (view_.run.valid()) view_.now = steps.now(debugger_.position());
        view_.step = view_.now.value_or(0);
        if (options_.step && *options_.step < view_.steps) {
            view_.is_peek = *options_.step != view_.step || !view_.now;
            view_.step = *options_.step;
        }
        if (view_.run.valid() && view_.steps > 0 && (view_.now || view_.is_peek)) return;
        if (debugger_.error_at_position() || view_.failed) {
            view_.hint = view_.failed ? view_.not_reached : "The program failed before the cell ran.";
        } else if (!view_.run.valid()) {
            view_.hint = "No run has computed this cell yet.";
            view_.go_label = "Continue";
        } else {
            view_.hint = "The position is before the first time step.";
            view_.go_label = "Go to t = 0";
            view_.go_argument = fmt::format("{}", steps.size() > 0 ? steps.tick_after(0) : 0);
        }
    }

    void choose_unit(const CellSteps& steps) {
        const Tensor h = view_.run.valid() && view_.steps > 0 ? any_value(steps) : Tensor();
        if (h && h.shape().rank() == 2) {
            view_.examples = h.shape().dim(0);
            if (view_.units < 0) view_.units = h.shape().dim(1);
        }
        view_.unit = std::clamp<std::int64_t>(options_.unit, 0, std::max<std::int64_t>(view_.units - 1, 0));
        view_.example = std::clamp<std::int64_t>(options_.example, 0, std::max<std::int64_t>(view_.examples - 1, 0));
    }

    Tensor any_value(const CellSteps& steps) const {
        for (const CellPart& part : steps.instance(0).parts)
            if (Tensor value = steps.value(part.name, 0)) return value;
        return {};
    }

    void add_quantities(const CellSteps& steps) {
        for (const QuantityDef& def : quantities_of(view_.kind)) {
            CellQuantity quantity;
            quantity.letter = def.letter;
            quantity.word = def.word;
            quantity.scale = def.scale;
            quantity.bounded = is_bounded(steps.cell().variant, def.letter);
            quantity.output = steps.instance(view_.step).part(std::string(1, def.letter));
            if (quantity.output.valid())
                quantity.link = {std::string(last_segments(debugger_.graph()->node(quantity.output.node).name, 1)),
                                 select_node(debugger_, quantity.output.node)};
            if (view_.run.valid() && view_.steps > 0) read(steps, quantity);
            view_.quantities.push_back(std::move(quantity));
        }
    }

    void read(const CellSteps& steps, CellQuantity& quantity) {
        const std::string name(1, quantity.letter);
        const auto event = steps.event(name, view_.step);
        if (!event) return;
        const bool happened = *event < debugger_.recording().events_at(view_.run, debugger_.position());
        quantity.later = !happened;
        if (!happened && !view_.is_peek) return;
        const Tensor value = steps.value(name, view_.step);
        if (!value || value.shape().rank() != 2 || view_.example >= value.shape().dim(0)) return;
        const std::int64_t width = value.shape().dim(1), first = view_.example * width;
        const std::int64_t unit = std::min(view_.unit, width - 1);
        if (unit < 0) return;
        quantity.known = true;
        quantity.value = value.number(first + unit);
        quantity.saturated = is_saturated(quantity.scale, quantity.bounded, quantity.value);
        quantity.poisoned = steps.poison(name, view_.step).at(first + unit);
        for (std::int64_t k = 0; k < width; ++k) quantity.units.push_back(static_cast<float>(value.number(first + k)));
    }

    void add_numbers(const CellSteps& steps) {
        CellEquations equations(steps, view_.step, view_.unit, view_.example);
        view_.equations = equations.all(view_);
        add_columns(steps);
        const bool began = std::ranges::any_of(view_.quantities, &CellQuantity::known);
        if (!began) return;
        const auto number = [&](const Tensor& tensor, std::int64_t at) {
            const bool has = tensor && tensor.shape().rank() == 2 && at < tensor.shape().dim(1) &&
                             view_.example < tensor.shape().dim(0);
            return has ? runtime::number_or_nan(tensor, view_.example * tensor.shape().dim(1) + at) : std::nan("");
        };
        view_.previous = number(steps.previous_h(view_.step), view_.unit);
        view_.previous_c = number(steps.previous_c(view_.step), view_.unit);
        view_.previous_known = !std::isnan(view_.previous);
        for (const Tensor& input : steps.inputs(view_.step)) {
            if (!input || input.shape().rank() != 2 || view_.example >= input.shape().dim(0)) continue;
            for (std::int64_t i = 0; i < input.shape().dim(1) && view_.x.size() < most_inputs; ++i)
                view_.x.push_back(number(input, i));
        }
        const char candidate = view_.kind == CellKind::gru ? 'c' : view_.kind == CellKind::lstm ? 'j' : 'h';
        const char letter = options_.products_of != 0 ? options_.products_of : candidate;
        const CellQuantity* of = view_.quantity(letter);
        if (of == nullptr || !of->known) return;
        view_.products = equations.products(letter);
        view_.products_of = std::string(1, letter);
        view_.products_in_all = view_.products.size();
        if (view_.products.size() > most_products) view_.products.resize(most_products);
    }

    void add_symbols(const CellSteps& steps) {
        CellEquations equations(steps, 0, view_.unit, view_.example);
        view_.equations = equations.all(view_);
        add_columns(steps);
    }

    /// Which column of which kernel makes the unit.
    void add_columns(const CellSteps& steps) {
        const Graph& graph = *debugger_.graph();
        for (CellEquation& equation : view_.equations) {
            if (equation.is_products()) continue;
            const auto found = column_of(steps.cell(), equation.letter);
            if (!found) continue;
            const std::string& name = graph.node(found->first.node).name;
            const Variable* variable = graph.variable_of(found->first.node);
            equation.weight = {fmt::format("{} column {}", last_segments(name, 2), found->second + view_.unit),
                               variable != nullptr ? select_variable(debugger_, variable->id)
                                                   : select_node(debugger_, found->first.node)};
        }
    }

    /// Source of the kernel and first column of the gate in it.
    std::optional<std::pair<Output, std::int64_t>> column_of(const RecognizedCell& cell, char letter) const {
        const auto& order = cell.variant.gate_order;
        for (const CellWeight& weight : cell.weights) {
            if (weight.role.find("recurrent") != std::string::npos || !weight.role.ends_with("kernel") ||
                weight.role.starts_with("projection"))
                continue;
            const bool is_shared = weight.role == "kernel" || weight.role == "gates kernel";
            if (is_shared && weight.role == "gates kernel" && letter == 'c') continue;
            if (!is_shared && !serves(weight.role, letter, cell.variant.kind)) continue;
            const std::size_t place = is_shared ? order.find(letter) : 0;
            if (cell.variant.kind != CellKind::basic_rnn && place == std::string::npos) continue;
            return std::pair(weight.source, place == std::string::npos ? 0
                                                                       : static_cast<std::int64_t>(place) *
                                                                             std::max<std::int64_t>(cell.units, 0));
        }
        return std::nullopt;
    }

    static bool serves(std::string_view role, char letter, CellKind kind) {
        const char candidate = kind == CellKind::lstm ? 'j' : 'c';
        return (role.starts_with("candidate") && letter == candidate) || (role.starts_with("reset") && letter == 'r') ||
               (role.starts_with("update") && letter == 'u') || (role.starts_with("input") && letter == 'i') ||
               (role.starts_with("forget") && letter == 'f') || (role.starts_with("output") && letter == 'o');
    }

    const Debugger& debugger_;
    CellOptions options_;
    CellView view_;
};

std::string sign_of(double value) {
    return number_text(value, 4, true);
}

std::string equation_text(const CellEquation& equation) {
    std::string text = fmt::format("{} = {}", equation.letter, equation.symbols);
    if (!equation.known) return text + "\n    not computed\n";
    text += fmt::format("  =  {}\n", number_text(equation.result));
    if (equation.explained && !equation.is_products()) {
        text += fmt::format("    = {}(", equation.function);
        for (const CellTerm& term : equation.terms)
            text += fmt::format("{}{} [{}]", &term == equation.terms.data() ? "" : " + ", sign_of(term.value),
                                term.caption);
        text += fmt::format(") = {}({})\n", equation.function, sign_of(equation.sum));
    } else if (equation.explained) {
        text += "    =";
        for (std::size_t i = 0; i < equation.summands.size(); ++i)
            text += fmt::format("{} {} × {}", i > 0 ? "  +" : "", number_text(equation.terms[2 * i].value),
                                sign_of(equation.terms[2 * i + 1].value));
        text += "\n";
    }
    if (!equation.note.empty()) text += "    " + equation.note + "\n";
    if (!equation.weight.text.empty()) text += "    " + equation.weight.text + "\n";
    return text;
}

} // namespace

bool is_saturated(CellScale scale, bool bounded, double value) {
    if (scale == CellScale::gate) return value < gate_saturation || value > 1 - gate_saturation;
    return bounded && std::fabs(value) > tanh_saturation;
}

const CellQuantity* CellView::quantity(char letter) const {
    const auto found = std::ranges::find(quantities, letter, &CellQuantity::letter);
    return found == quantities.end() ? nullptr : &*found;
}

CellView build_cell(const Debugger& debugger, const CellOptions& options) {
    if (!debugger.is_open()) {
        CellView view;
        view.empty = "No program is open.";
        return view;
    }
    return CellBuilder(debugger, options).build();
}

std::optional<std::size_t> track_of(const Debugger& debugger, NodeId node) {
    if (debugger.graph() == nullptr || !node.valid()) return std::nullopt;
    const auto& cells = debugger.graph_roles().cells;
    const std::vector<CellTrack> tracks = cell_tracks(cells);
    for (std::size_t i = 0; i < tracks.size(); ++i)
        for (const std::size_t instance : tracks[i].instances)
            if (std::ranges::binary_search(cells[tracks[i].cell].instances[instance].nodes, node)) return i;
    return std::nullopt;
}

std::string to_text(const CellView& view) {
    if (!view.empty.empty()) return view.empty + "\n";
    std::string out = fmt::format("{}  {}\n{}\n", view.title, view.path, view.summary);
    for (std::size_t i = 0; i < view.tracks.size(); ++i)
        out += fmt::format("{} {}\n", i == view.track ? "->" : "  ", view.tracks[i].label);
    out += fmt::format("unit {} of {}, example {} of {}, ", view.unit, view.units, view.example, view.examples);
    if (view.run.valid())
        out += fmt::format("{}, {}, t = {}{}\n", run_text(view.run), count_text(view.steps, "time step"), view.step,
                           view.is_peek ? " (not the position)" : "");
    else
        out += "no run\n";
    out += view.whose + "\n";
    if (!view.hint.empty())
        out += view.hint + (view.go_label.empty() ? "" : fmt::format("  [{}]", view.go_label)) + "\n";
    out += fmt::format("kernels: {}; {}\n", view.gates_weight, view.candidate_weight);
    if (view.previous_known) out += fmt::format("h before {}\n", sign_of(view.previous));
    if (!view.x.empty()) {
        out += "x";
        for (std::size_t i = 0; i < std::min<std::size_t>(view.x.size(), 8); ++i) out += " " + sign_of(view.x[i]);
        out += view.x.size() > 8 ? " …\n" : "\n";
    }
    for (const CellQuantity& q : view.quantities)
        out += fmt::format("{} {:<10} {}{}{}  {}\n", q.letter, q.word,
                           q.known   ? sign_of(q.value)
                           : q.later ? "later"
                                     : "—",
                           q.saturated ? " saturated" : "", q.poisoned ? " poisoned" : "", q.link.text);
    for (const CellEquation& equation : view.equations) out += equation_text(equation);
    if (!view.products.empty())
        out += fmt::format("largest of {} products in {}\n", view.products_in_all, view.products_of);
    for (const CellProduct& product : view.products)
        out += fmt::format("  {:<8} {} × {} = {}\n", product.operand, sign_of(product.value), sign_of(product.weight),
                           sign_of(product.product()));
    return out;
}

} // namespace rnnscope::view
