#include "core/import/dataflow.hpp"

#include <algorithm>
#include <cmath>

namespace rnnscope {
namespace {

constexpr int longest_chain = 32;            ///< of Identity, Enter, ...: real graphs have at most a handful
constexpr std::int64_t most_elements = 4096; ///< of a constant that is compared with one number

template <std::size_t n> bool is_one_of(std::string_view op, const std::string_view (&ops)[n]) {
    return std::ranges::find(ops, op) != std::end(ops);
}

bool passes_unchanged(std::string_view op) {
    static constexpr std::string_view ops[] = {"Identity",      "RefIdentity", "StopGradient", "PreventGradient",
                                               "CheckNumerics", "Snapshot",    "EnsureShape"};
    return is_one_of(op, ops);
}

/// Ops between a parameter and its use whose first input is the parameter.
bool carries_parameter(std::string_view op) {
    static constexpr std::string_view ops[] = {"Enter", "RefEnter", "Switch",  "RefSwitch",  "ReadVariableOp",
                                               "Cast",  "Reshape",  "Squeeze", "ExpandDims", "Transpose"};
    return passes_unchanged(op) || is_one_of(op, ops);
}

bool is_activation(std::string_view op) {
    static constexpr std::string_view ops[] = {"Tanh", "Sigmoid", "Relu",     "Relu6",    "Softsign",
                                               "Elu",  "Selu",    "Softplus", "LeakyRelu"};
    return is_one_of(op, ops);
}

bool is_sum(std::string_view op) {
    return op == "Add" || op == "AddV2";
}

/// The types in which cells are computed, and the integers that are cast to them.
bool has_numbers(DType dtype) {
    return dtype == DType::float32 || dtype == DType::float64 || dtype == DType::half || dtype == DType::bfloat16 ||
           dtype == DType::int32 || dtype == DType::int64;
}

/// First element of the last dimension of a slice's `begin`; -1 when it is not a constant.
std::int64_t last_begin(const Graph& graph, Output begin) {
    const auto* value = graph.node(begin.node).attr<Tensor>("value");
    if (graph.node(begin.node).op != "Const" || value == nullptr || value->elements() == 0) return -1;
    if (value->dtype() != DType::int32 && value->dtype() != DType::int64) return -1;
    return value->integer(value->elements() - 1);
}

} // namespace

Dataflow::Dataflow(const Graph& graph) : graph_(graph), first_user_(graph.size() + 1, 0) {
    std::vector<NodeId> last(graph.size()); // the user that was counted last, so that each counts once
    const auto each_use = [&](const auto& count) {
        std::ranges::fill(last, NodeId());
        for (const Node& node : graph.nodes())
            for (const Output& input : node.inputs)
                if (last[input.node.index()] != node.id) {
                    last[input.node.index()] = node.id;
                    count(input.node, node.id);
                }
    };
    each_use([&](NodeId source, NodeId) { ++first_user_[source.index() + 1]; });
    for (std::size_t i = 1; i < first_user_.size(); ++i) first_user_[i] += first_user_[i - 1];
    users_.resize(first_user_.back());
    std::vector<std::size_t> next(first_user_.begin(), first_user_.end() - 1);
    each_use([&](NodeId source, NodeId user) { users_[next[source.index()]++] = user; });
}

std::span<const NodeId> Dataflow::users(NodeId id) const {
    const std::size_t first = first_user_[id.index()];
    return {users_.data() + first, first_user_[id.index() + 1] - first};
}

Output Dataflow::stripped(Output output) const {
    for (int i = 0; i < longest_chain && passes_unchanged(node(output).op) && !node(output).inputs.empty(); ++i)
        output = node(output).inputs[0];
    return output;
}

bool Dataflow::same_up_to_dropout(Output a, Output b, int depth) const {
    a = stripped(a);
    if (a == stripped(b)) return true;
    const Node& product = node(a);
    if (depth == 0 || (product.op != "Mul" && product.op != "RealDiv")) return false;
    return std::ranges::any_of(product.inputs, [&](Output input) { return same_up_to_dropout(input, b, depth - 1); });
}

std::optional<std::pair<Output, std::int64_t>> Dataflow::part_of(Output output) const {
    const Node& n = node(output);
    if (n.op == "Split" && n.inputs.size() == 2) return std::pair(n.inputs[1], std::int64_t{output.index});
    if ((n.op == "SplitV" || n.op == "Unpack") && !n.inputs.empty())
        return std::pair(n.inputs[0], std::int64_t{output.index});
    if ((n.op == "StridedSlice" || n.op == "Slice") && n.inputs.size() >= 3)
        return std::pair(n.inputs[0], last_begin(graph_, n.inputs[1]));
    return {};
}

std::optional<Parameter> Dataflow::parameter(Output output, int depth) const {
    Parameter result;
    for (int i = 0; i < longest_chain; ++i) {
        const Node& n = node(output);
        if (n.op == "Const" || n.op == "VariableV2" || n.op == "Variable" || n.op == "VarHandleOp") {
            result.source = output;
            return result;
        }
        if (const auto part = part_of(output)) {
            // Of nested slices the one nearest to the use counts.
            if (result.part < 0) result.part = part->second;
            output = part->first;
        } else if (n.op == "ConcatV2" && depth == 0) {
            const std::vector<Output> shards = concatenated(output);
            if (!std::ranges::all_of(shards, [&](Output shard) { return parameter(shard, depth + 1).has_value(); }))
                return {};
            result.source = output;
            return result;
        } else if (carries_parameter(n.op) && !n.inputs.empty()) {
            output = n.inputs[0];
        } else {
            return {};
        }
    }
    return {};
}

std::optional<double> Dataflow::constant(Output output) const {
    for (int i = 0; i < longest_chain; ++i) {
        const Node& n = node(output);
        if (n.op == "OnesLike") return 1.0;
        if (n.op == "Fill" && n.inputs.size() == 2) {
            output = n.inputs[1];
        } else if (n.op == "Const") {
            const auto* value = n.attr<Tensor>("value");
            if (value == nullptr || !has_numbers(value->dtype())) return {};
            if (value->elements() == 0 || value->elements() > most_elements) return {};
            const double first = value->number(0);
            for (std::int64_t k = 1; k < value->elements(); ++k)
                if (value->number(k) != first) return {};
            return first;
        } else if ((passes_unchanged(n.op) || n.op == "Enter" || n.op == "Switch" || n.op == "Cast") &&
                   !n.inputs.empty()) {
            output = n.inputs[0];
        } else {
            return {};
        }
    }
    return {};
}

/// Keras: max(min(0.2 x + 0.5, 1), 0), in either order of the limits.
std::optional<Activation> Dataflow::hard_sigmoid(Output output) const {
    Activation result{"HardSigmoid", {}, {}};
    const auto take = [&](std::string_view op, double number) {
        output = stripped(output);
        const Node& n = node(output);
        if (!(n.op == op || (op == "Add" && is_sum(n.op))) || n.inputs.size() != 2) return false;
        for (const std::size_t k : {std::size_t{1}, std::size_t{0}})
            if (const auto value = constant(n.inputs[k]); value && std::abs(*value - number) < 1e-6) {
                result.nodes.push_back(n.id);
                output = n.inputs[1 - k];
                return true;
            }
        return false;
    };
    if (node(output).op == "Maximum") {
        if (!take("Maximum", 0.0) || !take("Minimum", 1.0)) return {};
    } else {
        if (!take("Minimum", 1.0) || !take("Maximum", 0.0)) return {};
    }
    if (!take("Add", 0.5) || !take("Mul", 0.2)) return {};
    result.input = output;
    return result;
}

std::optional<Activation> Dataflow::activation(Output output) const {
    output = stripped(output);
    const Node& n = node(output);
    if (is_activation(n.op) && n.inputs.size() == 1) return Activation{n.op, n.inputs[0], {n.id}};
    if (n.op == "Maximum" || n.op == "Minimum") return hard_sigmoid(output);
    return {};
}

std::optional<Clip> Dataflow::clipped(Output output) const {
    const auto limited = [&](Output at, std::string_view op) -> std::optional<std::pair<NodeId, double>> {
        for (const NodeId user : users(at.node)) {
            const Node& n = graph_.node(user);
            if (n.op != op || n.inputs.size() != 2) continue;
            for (const std::size_t k : {std::size_t{0}, std::size_t{1}})
                if (const auto limit = constant(n.inputs[1 - k]); limit && n.inputs[k] == at)
                    return std::pair(user, *limit);
        }
        return {};
    };
    for (const NodeId user : users(output.node)) {
        const Node& n = graph_.node(user);
        if (n.op != "ClipByValue" || n.inputs.size() != 3 || n.inputs[0] != output) continue;
        if (const auto limit = constant(n.inputs[2])) return Clip{{user, 0}, *limit, {user}};
    }
    for (const auto& [inner, outer] : {std::pair("Minimum", "Maximum"), std::pair("Maximum", "Minimum")})
        if (const auto first = limited(output, inner))
            if (const auto second = limited({first->first, 0}, outer))
                return Clip{{second->first, 0}, std::abs(first->second), {first->first, second->first}};
    return {};
}

Clip Dataflow::behind_clip(Output output) const {
    const Output top = stripped(output);
    const Node& n = node(top);
    if (n.op == "ClipByValue" && n.inputs.size() == 3)
        if (const auto limit = constant(n.inputs[2])) return {stripped(n.inputs[0]), *limit, {n.id}};
    // The operand of a limit, and the limit.
    const auto limited = [&](Output at, std::string_view op) -> std::optional<std::pair<Output, double>> {
        const Node& limiter = node(at);
        if (limiter.op != op || limiter.inputs.size() != 2) return {};
        for (const std::size_t k : {std::size_t{1}, std::size_t{0}})
            if (const auto limit = constant(limiter.inputs[k]))
                return std::pair(stripped(limiter.inputs[1 - k]), *limit);
        return {};
    };
    for (const auto& [outer, inner] : {std::pair("Maximum", "Minimum"), std::pair("Minimum", "Maximum")})
        if (const auto first = limited(top, outer))
            if (const auto second = limited(first->first, inner))
                return {second->first, std::abs(second->second), {n.id, first->first.node}};
    return {output, 0, {}};
}

std::vector<Output> Dataflow::concatenated(Output output) const {
    const Node& n = node(stripped(output));
    if (n.op == "ConcatV2" && n.inputs.size() > 1) return {n.inputs.begin(), n.inputs.end() - 1};
    if (n.op == "Concat" && n.inputs.size() > 1) return {n.inputs.begin() + 1, n.inputs.end()};
    return {output};
}

Shape parameter_shape(const Graph& graph, Output source) {
    const Node& node = graph.node(source.node);
    if (const auto* value = node.attr<Tensor>("value"); value != nullptr && node.op == "Const") return value->shape();
    if (const auto* declared = node.attr<Shape>("shape")) return *declared;
    return graph.info(source).shape;
}

std::int64_t last_dim(const Shape& shape) {
    return shape.has_rank() && shape.rank() > 0 ? shape.dim(shape.rank() - 1) : Shape::unknown;
}

std::string common_scope(std::string_view a, std::string_view b) {
    std::size_t end = 0; // of what both have in common, at a slash or at the end
    for (std::size_t i = 0;; ++i) {
        const bool a_ends = i == a.size() || a[i] == '/', b_ends = i == b.size() || b[i] == '/';
        if (a_ends && b_ends) end = i;
        if (i == a.size() || i == b.size() || a[i] != b[i]) break;
    }
    return std::string(a.substr(0, end));
}

std::string_view scope_of(std::string_view name) {
    const std::size_t slash = name.rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : name.substr(0, slash);
}

} // namespace rnnscope
