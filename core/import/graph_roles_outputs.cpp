#include "core/import/role_finder.hpp"

#include <algorithm>
#include <map>

namespace rnnscope::roles {
namespace {

template <std::size_t n> bool is_one_of(std::string_view op, const std::string_view (&ops)[n]) {
    return std::ranges::find(ops, op) != std::end(ops);
}

/// Ops whose results depend on shapes, or on whether there is a value, but not on values.
bool ignores_values(std::string_view op) {
    static constexpr std::string_view ops[] = {"Shape",
                                               "ShapeN",
                                               "Size",
                                               "Rank",
                                               "IsVariableInitialized",
                                               "ZerosLike",
                                               "OnesLike",
                                               "VarIsInitializedOp",
                                               "BroadcastGradientArgs"};
    return is_one_of(op, ops);
}

/// Ops that are there for their effect, or that only hand something on inside of a loop.
bool has_no_result(std::string_view op) {
    static constexpr std::string_view ops[] = {"NoOp",     "Assert",         "Print",     "Enter",
                                               "RefEnter", "NextIteration",  "LoopCond",  "Const",
                                               "Switch",   "ControlTrigger", "RefSwitch", "InvertPermutation"};

    static constexpr std::string_view prefixes[] = {"Save",        "Restore", "Assign", "Placeholder",
                                                    "TensorArray", "Stack",   "Queue",  "FIFO",
                                                    "Scatter",     "MergeV2", "Random"};
    return is_one_of(op, ops) || is_variable(op) || is_apply(op) || is_summary(op) || ignores_values(op) ||
           (op != "TensorArrayGatherV3" && std::ranges::any_of(prefixes, [&](auto p) { return op.starts_with(p); }));
}

class Finder {
  public:
    explicit Finder(Facts& facts) : facts_(facts), graph_(facts.graph) {}

    void run() {
        find_values();
        find_initial_values();
        find_helpers();
        for (const Node& node : graph_.nodes()) {
            add_preferred(node);
            if (!is_forward(node) || !is_sink(node)) continue;
            for (std::size_t k = 0; k < node.outputs.size(); ++k) {
                const Output output{node.id, static_cast<int>(k)};
                if (k == 0 || (node.op != "Split" && is_class_index(node.op))) add(output, kind_of(node, output), true);
            }
        }
        for (const TrainRole& train : facts_.roles.trains) {
            if (!train.loss.valid()) continue;
            found_.insert_or_assign(train.loss, OutputRole{train.loss, OutputKind::scalar, true});
            const bool has_logits =
                std::ranges::any_of(found_, [](const auto& each) { return each.second.kind <= OutputKind::logits; });
            if (!has_logits) add_compared(train.loss);
        }
        std::vector<OutputRole>& outputs = facts_.roles.outputs;
        for (const auto& [output, role] : found_) outputs.push_back(role);
        // The likeliest first; what was built last is what the rest was built for.
        std::ranges::stable_sort(outputs, [](const OutputRole& a, const OutputRole& b) {
            if (a.kind != b.kind) return a.kind < b.kind;
            return a.is_sink != b.is_sink ? a.is_sink : a.output > b.output;
        });
    }

  private:
    std::vector<bool> influenced(std::vector<NodeId> sources) const;
    void find_values();
    void find_initial_values();
    void find_helpers();
    void add_preferred(const Node& node);
    void add_compared(Output loss);
    bool is_forward(const Node& node) const;
    bool is_sink(const Node& node) const;
    OutputKind kind_of(const Node& node, Output output) const;

    static bool is_class_index(std::string_view op) {
        static constexpr std::string_view ops[] = {"ArgMax", "ArgMin", "Multinomial", "TopKV2", "TopK"};
        return is_one_of(op, ops);
    }
    static bool is_softmax(std::string_view op) { return op == "Softmax" || op == "LogSoftmax"; }

    void add(Output output, OutputKind kind, bool is_sink) {
        const auto [found, is_new] = found_.try_emplace(output, OutputRole{output, kind, is_sink});
        if (is_new) return;
        found->second.kind = std::min(found->second.kind, kind);
        found->second.is_sink = found->second.is_sink || is_sink;
    }

    Facts& facts_;
    const Graph& graph_;
    // By node.
    std::vector<bool> is_fed_;     ///< depends on a value that is fed
    std::vector<bool> is_trained_; ///< depends on a variable
    std::vector<bool> has_value_;  ///< depends on either
    std::vector<bool> is_initial_; ///< only there for a variable's initial value
    std::vector<bool> is_helper_;  ///< only there for gradients
    std::map<Output, OutputRole> found_;
};

/// What the values of `sources` have an influence on.
std::vector<bool> Finder::influenced(std::vector<NodeId> sources) const {
    std::vector<bool> result(graph_.size(), false);
    for (const NodeId source : sources) result[source.index()] = true;
    while (!sources.empty()) {
        const NodeId at = sources.back();
        sources.pop_back();
        for (const NodeId user : facts_.flow.users(at)) {
            if (result[user.index()] || ignores_values(graph_.node(user).op)) continue;
            result[user.index()] = true;
            sources.push_back(user);
        }
    }
    return result;
}

void Finder::find_values() {
    std::vector<NodeId> fed, variables, constants;
    for (const Node& node : graph_.nodes()) {
        if (node.op.starts_with("Placeholder") || node.op.find("Dequeue") != std::string::npos ||
            node.op == "Unstage" || node.op == "IteratorGetNext")
            fed.push_back(node.id);
        if (is_variable(node.op)) variables.push_back(node.id);
        if (node.op == "Const" && !node.outputs.empty() && facts_.is_float({node.id, 0}) &&
            !node.outputs[0].shape.is_scalar())
            constants.push_back(node.id);
    }
    is_fed_ = influenced(fed);
    is_trained_ = influenced(variables);
    // A frozen graph that is fed by constants: then these are its values.
    has_value_ = fed.empty() && variables.empty() ? influenced(constants) : is_fed_;
    for (std::size_t i = 0; i < has_value_.size(); ++i) has_value_[i] = has_value_[i] || is_trained_[i];
}

/// What a loss compares with something that is fed and not computed from variables: the prediction.
void Finder::add_compared(Output loss) {
    std::vector<bool> seen(graph_.size(), false);
    std::vector<NodeId> waiting = {loss.node};
    while (!waiting.empty()) {
        const Node& node = graph_.node(waiting.back());
        waiting.pop_back();
        const bool compares = std::ranges::any_of(
            node.inputs, [&](Output input) { return is_fed_[input.node.index()] && !is_trained_[input.node.index()]; });
        for (const Output& input : node.inputs) {
            const std::size_t i = input.node.index();
            if (!is_trained_[i] || seen[i] || !facts_.is_float(input)) continue;
            seen[i] = true;
            if (!compares)
                waiting.push_back(input.node);
            else if (is_forward(facts_.flow.node(input)))
                add(input, OutputKind::result, false);
        }
    }
}

void Finder::find_initial_values() {
    is_initial_.assign(graph_.size(), false);
    // Users come after what they use, except in loops, which initial values seldom have.
    for (std::size_t i = graph_.size(); i-- > 0;) {
        const auto users = facts_.flow.users(NodeId(i));
        if (users.empty() || is_variable(graph_.node(NodeId(i)).op)) continue;
        is_initial_[i] = std::ranges::all_of(users, [&](NodeId user) {
            const Node& node = graph_.node(user);
            if (!is_assign(node.op)) return static_cast<bool>(is_initial_[user.index()]);
            const Variable* variable = graph_.variable_of(facts_.variable_of(node.inputs[0]));
            return variable != nullptr && variable->initializer == user;
        });
    }
}

/// What was made after the first gradient for gradients alone: a softmax that is computed again, factors.
void Finder::find_helpers() {
    const std::vector<bool>& is_gradient = facts_.roles.is_gradient;
    const auto first = static_cast<std::size_t>(std::ranges::find(is_gradient, true) - is_gradient.begin());
    is_helper_.assign(graph_.size(), false);
    for (std::size_t i = graph_.size(); i-- > first;) {
        const auto users = facts_.flow.users(NodeId(i));
        is_helper_[i] = !users.empty() && std::ranges::all_of(users, [&](NodeId user) {
            return is_gradient[user.index()] || is_helper_[user.index()];
        });
    }
}

bool Finder::is_forward(const Node& node) const {
    const std::size_t i = node.id.index();
    if (node.outputs.empty() || has_no_result(node.op) || facts_.roles.is_gradient[i] || is_initial_[i]) return false;
    if (!has_value_[i] || (facts_.roles.loops.frame_of[i] >= 0 && node.op != "Exit")) return false;
    if (node.op == "Exit" && facts_.roles.loops.frame_of[i] >= 0 &&
        facts_.roles.loops.frames[static_cast<std::size_t>(facts_.roles.loops.frame_of[i])].parent >= 0)
        return false;
    const DType dtype = node.outputs[0].dtype;
    if (dtype == DType::string || dtype == DType::resource || dtype == DType::variant || node.outputs[0].is_ref)
        return false;
    if (dtype == DType::boolean && facts_.flow.node(facts_.flow.stripped({node.id, 0})).op == "Switch")
        return false;                                                                         // the pivot of a cond
    if (is_helper_[i] || (node.op == "Exit" && !facts_.is_float({node.id, 0}))) return false; // counters of steps
    return !facts_.flow.parameter({node.id, 0});
}

/// Is there no use of its value, except to look at it or to store it? What only gradients or updates of variables use
/// is a step on their way.
bool Finder::is_sink(const Node& node) const {
    return std::ranges::all_of(facts_.flow.users(node.id), [&](NodeId id) {
        const std::string& op = graph_.node(id).op;
        return ignores_values(op) || is_summary(op) || op.starts_with("Save") || op == "Assert" || op == "Print";
    });
}

/// Softmax, its logits and what is chosen from them count even where something else uses them.
void Finder::add_preferred(const Node& node) {
    const bool is_loss = node.op == "SoftmaxCrossEntropyWithLogits" || node.op == "SparseSoftmaxCrossEntropyWithLogits";
    if ((!is_softmax(node.op) && !is_loss) || node.inputs.empty() || !is_forward(node)) {
        if (is_class_index(node.op) && is_forward(node)) add({node.id, 0}, OutputKind::class_index, is_sink(node));
        return;
    }
    if (is_softmax(node.op)) add({node.id, 0}, OutputKind::probabilities, is_sink(node));
    // tf.nn reshapes logits to a matrix for the op.
    Output logits = facts_.flow.stripped(node.inputs[0]);
    if (facts_.flow.node(logits).op == "Reshape") logits = facts_.flow.stripped(facts_.flow.node(logits).inputs[0]);
    if (is_forward(facts_.flow.node(logits))) add(logits, OutputKind::logits, false);
}

OutputKind Finder::kind_of(const Node& node, Output output) const {
    const bool is_scalar = graph_.info(output).shape.is_scalar();
    if (is_softmax(node.op)) return OutputKind::probabilities;
    if (is_class_index(node.op)) return OutputKind::class_index;
    if (!facts_.is_float(output)) return OutputKind::other;
    if (is_scalar) return OutputKind::scalar;
    return node.op == "Exit" ? OutputKind::final_state : OutputKind::result;
}

} // namespace

void find_outputs(Facts& facts) {
    Finder(facts).run();
}

} // namespace rnnscope::roles
