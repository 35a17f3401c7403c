#include "core/graph/graph.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>

#include <fmt/format.h>
#include <re2/re2.h>

namespace rnnscope {

NodeId Graph::find(std::string_view name) const {
    const auto it = by_name_.find(std::string(name));
    return it == by_name_.end() ? NodeId{} : it->second;
}

std::string Graph::tensor_name(Output output) const {
    return fmt::format("{}:{}", node(output.node).name, output.index);
}

std::string Graph::input_text(Output output) const {
    return output.index == 0 ? node(output.node).name : tensor_name(output);
}

Result<Output> Graph::find_tensor(std::string_view name) const {
    const std::size_t colon = name.rfind(':');
    int index = 0;
    std::string_view op = name;
    if (colon != std::string_view::npos) {
        const std::string_view digits = name.substr(colon + 1);
        const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
        if (problem != std::errc{} || end != digits.data() + digits.size() || index < 0)
            return Error{"graph.tensor-name", fmt::format("\"{}\" is not a tensor name: expected \"op:index\"", name)};
        op = name.substr(0, colon);
    }
    const NodeId id = find(op);
    if (!id.valid()) return Error{"graph.unknown-op", fmt::format("the graph has no op \"{}\"", op)};
    const auto outputs = static_cast<int>(node(id).outputs.size());
    if (index >= outputs)
        return Error{"graph.unknown-output", fmt::format("op \"{}\" has {} outputs, not {}", op, outputs, index + 1)};
    return Output{id, index};
}

std::vector<NodeId> Graph::consumers(NodeId id) const {
    std::vector<NodeId> result = consumers_[id.index()];
    std::sort(result.begin(), result.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
    return result;
}

NodeId Graph::append(Node node) {
    const NodeId id(nodes_.size());
    node.id = id;
    [[maybe_unused]] const bool is_new = by_name_.emplace(node.name, id).second;
    assert(is_new && "node names are unique");
    consumers_.emplace_back();
    for (const Output& input : node.inputs) consumers_[input.node.index()].push_back(id);
    for (const NodeId control : node.control_inputs) consumers_[control.index()].push_back(id);
    nodes_.push_back(std::move(node));
    return id;
}

void Graph::set_input(NodeId id, std::size_t slot, Output output) {
    ++rewirings_;
    Output& input = nodes_[id.index()].inputs[slot];
    auto& old = consumers_[input.node.index()];
    old.erase(std::find(old.begin(), old.end(), id));
    input = output;
    consumers_[output.node.index()].push_back(id);
}

void Graph::add_control_input(NodeId id, NodeId control) {
    auto& controls = nodes_[id.index()].control_inputs;
    if (std::find(controls.begin(), controls.end(), control) != controls.end()) return;
    ++rewirings_;
    controls.push_back(control);
    consumers_[control.index()].push_back(id);
}

void Graph::set_control_inputs(NodeId id, std::vector<NodeId> controls) {
    ++rewirings_;
    auto& old = nodes_[id.index()].control_inputs;
    for (const NodeId control : old) {
        auto& uses = consumers_[control.index()];
        uses.erase(std::find(uses.begin(), uses.end(), id));
    }
    old.clear();
    for (const NodeId control : controls) add_control_input(id, control);
}

void Graph::set_attr(NodeId id, std::string_view key, AttrValue value) {
    nodes_[id.index()].attrs.insert_or_assign(std::string(key), std::move(value));
}

void Graph::set_output_shape(Output output, Shape shape) {
    nodes_[output.node.index()].outputs[static_cast<std::size_t>(output.index)].shape = std::move(shape);
}

void Graph::set_device(NodeId id, std::string device) {
    nodes_[id.index()].device = std::move(device);
}

void Graph::set_fetchable(NodeId id, bool fetchable, bool feedable) {
    nodes_[id.index()].fetchable = fetchable;
    nodes_[id.index()].feedable = feedable;
}

VariableId Graph::add_variable(Variable variable) {
    const VariableId id(variables_.size());
    variable.id = id;
    variable_by_op_.emplace(variable.op, id);
    variables_.push_back(std::move(variable));
    return id;
}

const Variable* Graph::variable_of(NodeId op) const {
    const auto it = variable_by_op_.find(op);
    return it == variable_by_op_.end() ? nullptr : &variable(it->second);
}

void Graph::add_to_collection(std::string_view key, CollectionItem item) {
    auto it = collections_.find(key);
    if (it == collections_.end()) it = collections_.emplace(std::string(key), std::vector<CollectionItem>{}).first;
    it->second.push_back(std::move(item));
}

std::span<const CollectionItem> Graph::collection(std::string_view key) const {
    const auto it = collections_.find(key);
    return it == collections_.end() ? std::span<const CollectionItem>{} : it->second;
}

Result<std::vector<CollectionItem>> Graph::collection(std::string_view key, std::string_view scope) const {
    // RE2 cannot be made to hang or to overflow the stack by a program's expression, which std::regex can.
    RE2::Options options;
    options.set_log_errors(false);
    const RE2 expression(re2::StringPiece(scope.data(), scope.size()), options);
    if (!expression.ok())
        return Error{"re.error", fmt::format("\"{}\" is not a regular expression: {}", scope, expression.error())};
    std::vector<CollectionItem> found;
    for (const CollectionItem& item : collection(key)) {
        const std::string name = item_name(item);
        if (!name.empty() && expression.Match(name, 0, name.size(), RE2::ANCHOR_START, nullptr, 0))
            found.push_back(item);
    }
    return found;
}

std::string Graph::item_name(const CollectionItem& item) const {
    struct Namer {
        const Graph& graph;
        std::string operator()(VariableId id) const { return graph.variable(id).name + ":0"; }
        std::string operator()(Output output) const { return graph.tensor_name(output); }
        std::string operator()(NodeId id) const { return graph.node(id).name; }
        std::string operator()(const ControlFlowName& context) const { return context.name; }
        std::string operator()(const std::string&) const { return {}; }
    };
    return std::visit(Namer{*this}, item);
}

std::vector<std::string> Graph::collections_of(VariableId id) const {
    std::vector<std::string> keys;
    for (const auto& [key, items] : collections_)
        if (std::find(items.begin(), items.end(), CollectionItem(id)) != items.end()) keys.push_back(key);
    return keys;
}

} // namespace rnnscope
