#include "core/import/cell_match.hpp"
#include "core/import/loop_frames.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace rnnscope::cells {
namespace {

constexpr std::size_t farthest = 64; ///< nodes to look at between a state and the cell that made it

/// The data inputs of an op that passes a state on, perhaps cut, joined, selected or with dropout; none for others.
/// Exit and Enter are not among them: a state that comes from another loop is not this cell's step before.
std::vector<Output> carried_inputs(const Graph& graph, const Node& node) {
    const auto first = [&](std::size_t count) {
        return std::vector<Output>(node.inputs.begin(), node.inputs.begin() + static_cast<std::ptrdiff_t>(
                                                                                  std::min(count, node.inputs.size())));
    };
    static const std::map<std::string_view, int> ops = {
        {"Identity", 1},    {"RefIdentity", 1},    {"StopGradient", 1}, {"CheckNumerics", 1},
        {"Snapshot", 1},    {"Switch", 1},         {"RefSwitch", 1},    {"NextIteration", 1},
        {"Slice", 1},       {"StridedSlice", 1},   {"SplitV", 1},       {"Unpack", 1},
        {"Squeeze", 1},     {"ExpandDims", 1},     {"Reshape", 1},      {"Cast", 1},
        {"Merge", 9},       {"ConcatV2", 9},       {"Concat", 9},       {"Pack", 9},
        {"Mul", 2},         {"RealDiv", 2},        {"Minimum", 2},      {"Maximum", 2},
        {"ClipByValue", 1}, {"PreventGradient", 1}};
    if ((node.op == "Select" || node.op == "SelectV2") && node.inputs.size() == 3)
        return {node.inputs[1], node.inputs[2]};
    // m a + (1-m) b, which keeps the state of finished rows without Select.
    if ((node.op == "Add" || node.op == "AddV2") &&
        std::ranges::all_of(node.inputs, [&](const Output& input) { return graph.node(input.node).op == "Mul"; }))
        return node.inputs;
    if (node.op == "Split" && node.inputs.size() == 2) return {node.inputs[1]};
    const auto found = ops.find(node.op);
    return found == ops.end() ? std::vector<Output>{} : first(static_cast<std::size_t>(found->second));
}

struct Maker {
    std::size_t match = 0, choice = 0;
};
struct Recurrence {
    Maker maker;
    bool through_loop = false;
};

/// Goes back from `state` to the nearest of `outputs`.
std::optional<Recurrence> find_maker(const Graph& graph, Output state, const std::map<Output, Maker>& outputs) {
    std::vector<std::pair<Output, bool>> queue = {{state, false}};
    for (std::size_t next = 0; next < queue.size() && next < farthest; ++next) {
        const auto [at, looped] = queue[next];
        if (const auto found = outputs.find(at); found != outputs.end()) return Recurrence{found->second, looped};
        const Node& node = graph.node(at.node);
        const bool loops = looped || node.op == "NextIteration";
        for (const Output& input : carried_inputs(graph, node))
            if (std::ranges::none_of(queue, [&](const auto& seen) { return seen.first == input; }))
                queue.emplace_back(input, loops);
    }
    return {};
}

/// The matches that use the same weights: one cell.
class Group {
  public:
    Group(const Dataflow& flow, const LoopFrames& frames, std::vector<Match> matches)
        : flow_(flow), frames_(frames), matches_(std::move(matches)), previous_(matches_.size()) {}

    /// Nothing when the matches have the form of a BasicRNN but no recurrence.
    std::optional<RecognizedCell> cell() {
        find_recurrence();
        const Match& first = matches_.front();
        if (first.variant.kind == CellKind::basic_rnn && !is_recurrent_) return {};
        choose_state();
        choose_output();
        RecognizedCell result;
        result.variant = variant_of(first);
        name_weights(result);
        measure(result);
        const std::vector<std::size_t> order = in_time();
        std::vector<std::size_t> place(matches_.size());
        for (std::size_t k = 0; k < order.size(); ++k) place[order[k]] = k;
        for (const std::size_t i : order) {
            result.instances.push_back(instance(i));
            if (previous_[i]) result.instances.back().previous = place[*previous_[i]];
        }
        for (const CellWeight& weight : result.weights) {
            const std::string& name = flow_.graph().node(weight.source.node).name;
            result.name = &weight == result.weights.data() ? std::string(scope_of(name))
                                                           : common_scope(result.name, scope_of(name));
        }
        if (result.name.empty()) result.name = result.instances.front().scope;
        return result;
    }

  private:
    using Kind = std::pair<Output, bool>; ///< of an OutputChoice: its projection, if any, and whether h is clipped

    void find_recurrence();
    void choose_state();
    Kind fitting_choice(const Match& match) const;
    void choose_output();
    CellVariant variant_of(const Match& match) const;
    void name_weights(RecognizedCell& cell) const;
    void measure(RecognizedCell& cell) const;
    CellInstance instance(std::size_t i) const;
    std::vector<std::size_t> in_time() const;

    bool is_state(const Match& match, Output operand) const {
        return flow_.same_up_to_dropout(operand, match.instance.previous_h);
    }
    /// Which of a match's choices is h: of the kind that comes back; the first where there is none of it.
    const OutputChoice* choice_of(const Match& match) const {
        if (match.choices.empty()) return nullptr;
        const auto found = std::ranges::find(match.choices, kind_, kind_of);
        return found == match.choices.end() ? &match.choices.front() : &*found;
    }
    static Kind kind_of(const OutputChoice& choice) {
        return {choice.weight ? choice.weight->source : Output{}, choice.clip.has_value()};
    }

    const Dataflow& flow_;
    const LoopFrames& frames_;
    std::vector<Match> matches_;
    std::vector<std::optional<std::size_t>> previous_; ///< by match: the match one step before, when unrolled
    bool is_recurrent_ = false;
    std::optional<std::size_t> state_at_; ///< which operand h is, where an instance shows it
    std::optional<Kind> seen_;            ///< which choice comes back as h
    Kind kind_;
};

void Group::find_recurrence() {
    std::map<Output, Maker> outputs;
    for (std::size_t i = 0; i < matches_.size(); ++i) {
        const Match& match = matches_[i];
        if (match.choices.empty()) outputs.emplace(match.instance.part("h"), Maker{i, 0});
        for (std::size_t k = 0; k < match.choices.size(); ++k) outputs.emplace(match.choices[k].h, Maker{i, k});
    }
    std::map<std::size_t, std::size_t> votes; // operand: instances that show it to be h
    for (std::size_t i = 0; i < matches_.size(); ++i) {
        const Match& match = matches_[i];
        const auto examine = [&](Output state) {
            const auto found = find_maker(flow_.graph(), state, outputs);
            if (!found) return false;
            is_recurrent_ = true;
            if (const Match& maker = matches_[found->maker.match]; !seen_ && !maker.choices.empty())
                seen_ = kind_of(maker.choices[found->maker.choice]);
            if (!found->through_loop && found->maker.match != i) previous_[i] = found->maker.match;
            return true;
        };
        if (match.instance.previous_h.valid()) {
            examine(match.instance.previous_h);
            continue;
        }
        // Where h is also fed as x, the last operand is the state: [x, h] in all of TensorFlow's cells.
        for (std::size_t k = match.operands.size(); k-- > 0;)
            if (examine(match.operands[k])) {
                ++votes[k];
                break;
            }
    }
    std::size_t most = 0;
    for (const auto& [operand, count] : votes)
        if (count >= most) {
            most = count;
            state_at_ = operand;
        }
}

/// Without a recurrence (one step, unrolled), the operand that is as wide as the output is h, and the last one where
/// that does not tell.
void Group::choose_state() {
    for (Match& match : matches_) {
        CellInstance& instance = match.instance;
        if (instance.previous_h.valid()) continue;
        std::optional<std::size_t> at = state_at_;
        if (!at || *at >= match.operands.size()) {
            const Output c = instance.previous_c.valid() ? instance.previous_c : instance.part("h");
            const std::int64_t width = last_dim(flow_.graph().info(c).shape);
            const auto fits = [&](Output operand) {
                return width != Shape::unknown && last_dim(flow_.graph().info(operand).shape) == width;
            };
            at = match.operands.size() - 1;
            if (std::ranges::count_if(match.operands, fits) == 1)
                at = static_cast<std::size_t>(std::ranges::find_if(match.operands, fits) - match.operands.begin());
        }
        instance.previous_h = match.operands[*at];
        for (std::size_t k = 0; k < match.operands.size(); ++k)
            if (k != *at) instance.inputs.push_back(match.operands[k]);
    }
}

/// Without a recurrence: the choice that has the width of h, where c has another.
Group::Kind Group::fitting_choice(const Match& match) const {
    const Graph& graph = flow_.graph();
    const std::int64_t width = last_dim(graph.info(match.instance.previous_h).shape);
    const bool differs = last_dim(graph.info(match.instance.part("c")).shape) != width && width != Shape::unknown;
    for (const OutputChoice& choice : match.choices)
        if (differs && last_dim(graph.info(choice.h).shape) == width) return kind_of(choice);
    return {};
}

void Group::choose_output() {
    const Match& first = matches_.front();
    if (first.choices.empty()) return;
    kind_ = seen_ ? *seen_ : fitting_choice(first);
    for (Match& match : matches_) {
        const OutputChoice* choice = choice_of(match);
        add_part(match, "h", choice->h);
        add_nodes(match, choice->nodes);
        if (choice->weight) match.weights.push_back(*choice->weight);
    }
}

CellVariant Group::variant_of(const Match& match) const {
    CellVariant result = match.variant;
    if (const OutputChoice* choice = choice_of(match)) {
        result.projection = choice->weight.has_value();
        result.output_clip = choice->clip;
    }
    auto order = match.order;
    std::ranges::sort(order);
    std::set<std::int64_t> places;
    for (const auto& [place, letter] : order) places.insert(place);
    if (order.size() > 1 && places.size() == order.size())
        for (const auto& [place, letter] : order) result.gate_order += letter;
    return result;
}

/// A weight is named after the gates that use it: not at all when all do, "gates" for the GRU's r and u.
void Group::name_weights(RecognizedCell& cell) const {
    struct Role {
        Output source;
        WeightUse::What what = WeightUse::What::kernel;
        std::string gates; // letters
        bool on_state = true;
    };
    const Match& match = matches_.front();
    std::vector<Role> roles;
    std::string all;
    bool has_recurrent_bias = false;
    for (const WeightUse& use : match.weights) {
        auto role = std::ranges::find(roles, use.source, &Role::source);
        if (role == roles.end()) role = roles.insert(role, {use.source, use.what, "", true});
        if (role->gates.find(use.gate) == std::string::npos) role->gates += use.gate;
        if (all.find(use.gate) == std::string::npos) all += use.gate;
        const bool is_bias = use.what == WeightUse::What::bias;
        if (is_bias && use.on_state) has_recurrent_bias = true;
        // r h counts as the state, too.
        if (!use.on_state &&
            (is_bias || std::ranges::any_of(use.operands, [&](Output x) { return !is_state(match, x); })))
            role->on_state = false;
    }
    static const std::map<std::string, std::string, std::less<>> names = {
        {"r", "reset "},      {"u", "update "},    {"c", "candidate "},   {"ru", "gates "},
        {"i", "input gate "}, {"j", "candidate "}, {"f", "forget gate "}, {"o", "output gate "}};
    for (const Role& role : roles) {
        const auto name = names.find(role.gates);
        std::string text = role.gates.size() < all.size() && name != names.end() ? name->second : "";
        const bool is_bias = role.what == WeightUse::What::bias;
        if (role.on_state && (!is_bias || has_recurrent_bias)) text += "recurrent ";
        text += is_bias ? "bias" : "kernel";
        if (role.what == WeightUse::What::peephole) text = "peephole of " + role.gates;
        if (role.what == WeightUse::What::projection) text = "projection kernel";
        cell.weights.push_back({std::move(text), role.source});
    }
}

void Group::measure(RecognizedCell& cell) const {
    const Graph& graph = flow_.graph();
    const Match& match = matches_.front();
    const auto kernel = std::ranges::find(match.weights, WeightUse::What::kernel, &WeightUse::what);
    const auto sharing = std::ranges::count_if(match.weights, [&](const WeightUse& use) {
        return use.what == WeightUse::What::kernel && use.source == kernel->source;
    });
    const Output c = match.instance.part(cell.variant.kind == CellKind::lstm ? "c" : "h");
    cell.units = last_dim(graph.info(c).shape);
    if (const std::int64_t columns = last_dim(parameter_shape(graph, kernel->source)); cell.units < 0 && columns >= 0)
        cell.units = columns / sharing;
    cell.output_size = cell.units;
    if (const OutputChoice* choice = choice_of(match); choice != nullptr && choice->weight)
        cell.output_size = last_dim(parameter_shape(graph, choice->weight->source));

    cell.input_size = 0;
    for (const Output& x : match.instance.inputs)
        if (const std::int64_t width = last_dim(graph.info(x).shape); width < 0 || cell.input_size < 0)
            cell.input_size = Shape::unknown;
        else
            cell.input_size += width;
    if (cell.input_size > 0) return;
    const Shape rows = parameter_shape(graph, kernel->source);
    cell.input_size = rows.has_rank() && rows.rank() == 2 ? rows.dim(0) : Shape::unknown;
    if (cell.input_size < 0 || kernel->operands.size() < 2) return;
    cell.input_size = cell.output_size < 0 ? Shape::unknown : cell.input_size - cell.output_size;
}

CellInstance Group::instance(std::size_t i) const {
    CellInstance result = matches_[i].instance;
    std::ranges::sort(result.nodes);
    result.nodes.erase(std::unique(result.nodes.begin(), result.nodes.end()), result.nodes.end());
    const Output h = result.part("h");
    result.frame = frames_.name_of(h.node);
    result.scope = scope_of(flow_.graph().node(h.node).name);
    for (const NodeId id : result.nodes)
        result.scope = common_scope(result.scope, scope_of(flow_.graph().node(id).name));
    return result;
}

/// Every chain of unrolled steps from its first to its last, the chains in node order.
std::vector<std::size_t> Group::in_time() const {
    std::vector<std::vector<std::size_t>> next(matches_.size());
    std::vector<std::size_t> result, waiting;
    for (std::size_t i = matches_.size(); i-- > 0;)
        if (previous_[i])
            next[*previous_[i]].push_back(i); // descending, so that the first is taken last from the stack
        else
            waiting.push_back(i);
    while (!waiting.empty()) {
        const std::size_t at = waiting.back();
        waiting.pop_back();
        result.push_back(at);
        waiting.insert(waiting.end(), next[at].begin(), next[at].end());
    }
    return result;
}

/// Which cell a match belongs to: the same weights, used in the same way.
using Key = std::tuple<CellKind, std::string, std::string, std::vector<Output>>;

Key key_of(const Match& match) {
    std::vector<Output> sources;
    for (const WeightUse& use : match.weights)
        if (use.what != WeightUse::What::projection) sources.push_back(use.source);
    std::ranges::sort(sources);
    sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
    return {match.variant.kind, match.variant.fused_op, match.variant.activation, std::move(sources)};
}

NodeId first_node(const Match& match) {
    return *std::ranges::min_element(match.instance.nodes);
}

} // namespace

std::vector<RecognizedCell> link(const Dataflow& flow, std::vector<Match> matches) {
    std::ranges::stable_sort(matches, {}, first_node);
    std::map<Key, std::size_t> index;
    std::vector<std::vector<Match>> groups;
    for (Match& match : matches) {
        const auto [found, is_new] = index.try_emplace(key_of(match), groups.size());
        if (is_new) groups.emplace_back();
        groups[found->second].push_back(std::move(match));
    }
    const LoopFrames frames = groups.empty() ? LoopFrames{} : loop_frames(flow.graph());
    std::vector<RecognizedCell> result;
    for (std::vector<Match>& group : groups)
        if (auto cell = Group(flow, frames, std::move(group)).cell()) result.push_back(*std::move(cell));
    return result;
}

} // namespace rnnscope::cells
