#include "core/view/graph_snapshot.hpp"

#include <algorithm>
#include <functional>

namespace rnnscope::view {

GraphSnapshot::GraphSnapshot(const Graph& graph, std::size_t nodes) {
    nodes = std::min(nodes, graph.size());
    std::size_t characters = 0, inputs = 0, controls = 0, outputs = 0;
    for (std::size_t i = 0; i < nodes; ++i) {
        const rnnscope::Node& node = graph.node(NodeId(i));
        characters += node.name.size() + node.op.size();
        inputs += node.inputs.size();
        controls += node.control_inputs.size();
        outputs += node.outputs.size();
    }
    // All room at once: the views into the text stay valid.
    text_.reserve(characters);
    inputs_.reserve(inputs);
    controls_.reserve(controls);
    outputs_.reserve(outputs);
    for (auto* views : {&names_, &ops_}) views->reserve(nodes);
    for (Ends* ends : {&input_ends_, &control_ends_, &output_ends_}) ends->reserve(nodes);
    const auto keep = [&](std::string_view text) {
        const std::size_t at = text_.size();
        text_.insert(text_.end(), text.begin(), text.end());
        return std::string_view(text_.data() + at, text.size());
    };
    for (std::size_t i = 0; i < nodes; ++i) {
        const rnnscope::Node& node = graph.node(NodeId(i));
        names_.push_back(keep(node.name));
        ops_.push_back(keep(node.op));
        inputs_.insert(inputs_.end(), node.inputs.begin(), node.inputs.end());
        controls_.insert(controls_.end(), node.control_inputs.begin(), node.control_inputs.end());
        outputs_.insert(outputs_.end(), node.outputs.begin(), node.outputs.end());
        input_ends_.push_back(static_cast<std::uint32_t>(inputs_.size()));
        control_ends_.push_back(static_cast<std::uint32_t>(controls_.size()));
        output_ends_.push_back(static_cast<std::uint32_t>(outputs_.size()));
        if (node.op != "Const") continue;
        if (const auto it = node.attrs.find("value"); it != node.attrs.end()) values_.emplace_back(node.id, it->second);
    }
    variables_.resize(nodes);
    for (const Variable& variable : graph.variables())
        if (variable.op.index() < nodes) variables_[variable.op.index()] = variable.id;
    index_consumers();
}

void GraphSnapshot::index_consumers() {
    // Two passes over all inputs: one counts, the other one fills in. A user with several inputs from one node counts
    // once; as users come in order, looking at the last one is enough.
    std::vector<NodeId> last(size());
    std::vector<std::uint32_t> next(size(), 0);
    const auto for_all = [&](auto&& use) {
        std::ranges::fill(last, NodeId());
        for (std::size_t i = 0; i < size(); ++i) {
            const auto visit = [&](NodeId source) {
                if (source.index() >= size() || last[source.index()] == NodeId(i)) return;
                last[source.index()] = NodeId(i);
                use(source, NodeId(i));
            };
            for (const Output& input : part(inputs_, input_ends_, NodeId(i))) visit(input.node);
            for (const NodeId control : part(controls_, control_ends_, NodeId(i))) visit(control);
        }
    };
    for_all([&](NodeId source, NodeId) { ++next[source.index()]; });
    std::uint32_t end = 0;
    for (std::uint32_t& count : next) {
        const std::uint32_t begin = end;
        end += count;
        consumer_ends_.push_back(end);
        count = begin;
    }
    consumers_.resize(end);
    for_all([&](NodeId source, NodeId user) { consumers_[next[source.index()]++] = user; });
}

GraphSnapshot::Node GraphSnapshot::node(NodeId id) const {
    if (id.index() >= size()) return {id, {}, {}, {}, {}, {}};
    return {id,
            names_[id.index()],
            ops_[id.index()],
            part(inputs_, input_ends_, id),
            part(controls_, control_ends_, id),
            part(outputs_, output_ends_, id)};
}

const AttrValue& GraphSnapshot::value_of(NodeId constant) const {
    static const AttrValue none;
    const auto it = std::ranges::lower_bound(values_, constant, {}, [](const auto& value) { return value.first; });
    return it != values_.end() && it->first == constant ? it->second : none;
}

std::uint64_t fingerprint(const Graph& graph, std::size_t nodes) {
    std::uint64_t hash = 14695981039346656037u;
    const auto mix = [&](std::uint64_t value) { hash = (hash ^ value) * 1099511628211u; };
    mix(graph.id().value);
    for (std::size_t i = 0; i < nodes; ++i) {
        const Node& node = graph.node(NodeId(i));
        mix(std::hash<std::string>{}(node.name));
        for (const Output& input : node.inputs) mix(input.node.value * 8ull + static_cast<std::uint64_t>(input.index));
        mix(~0ull);
        for (const NodeId control : node.control_inputs) mix(control.value);
    }
    return hash;
}

} // namespace rnnscope::view
