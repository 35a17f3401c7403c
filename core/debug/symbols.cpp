#include "core/debug/symbols.hpp"

#include "core/record/recording.hpp"

#include <fmt/format.h>

namespace rnnscope::debug {

namespace {

/// Does the op need the value behind the handle? Those that make, ask or pass it on do not.
bool needs_resource(const Node& node) {
    return node.op == "ReadVariableOp" || node.op == "VariableShape" || node.op == "AssignAddVariableOp" ||
           node.op == "AssignSubVariableOp" || node.op.starts_with("Resource");
}

bool has_no_elements(const Node& node) {
    const Shape* shape = node.attr<Shape>("shape");
    return node.op != "VarHandleOp" && shape && shape->fully_defined() && shape->elements() == 0;
}

void choose_branch(std::span<const Symbol> inputs, std::span<Symbol> outputs) {
    for (Symbol& output : outputs) output.boolean = inputs[0].boolean;
    if (inputs.size() < 2 || !inputs[1].boolean || outputs.size() < 2) return;
    outputs[*inputs[1].boolean ? 0 : 1] = Symbol();
}

std::optional<bool> known_bool(const Node& node, std::span<const Symbol> inputs, const HasValue& has_value) {
    const auto input = [&](std::size_t i) { return i < inputs.size() ? inputs[i].boolean : std::nullopt; };
    if (node.op == "Const") {
        const Tensor* value = node.attr<Tensor>("value");
        return value ? scalar_bool(*value) : std::nullopt;
    }
    if (node.op == "IsVariableInitialized" || node.op == "VarIsInitializedOp") {
        if (inputs.empty() || inputs[0].storage < 0) return std::nullopt;
        return has_value(inputs[0].storage);
    }
    if (node.op == "LogicalNot") return input(0) ? std::optional(!*input(0)) : std::nullopt;
    const bool is_and = node.op == "LogicalAnd";
    if (is_and || node.op == "LogicalOr") {
        for (const std::size_t i : {std::size_t{0}, std::size_t{1}})
            if (input(i) && *input(i) != is_and) return !is_and;
        return input(0) && input(1) ? std::optional(is_and) : std::nullopt;
    }
    // A loop goes on and ends; which of the two happens now is not asked.
    const bool passes_on = node.op == "Identity" || node.op == "Enter" || node.op == "Exit" || node.op == "Merge";
    if (!passes_on) return std::nullopt;
    for (const Symbol& symbol : inputs)
        if (symbol.kind != Symbol::Kind::none) return symbol.boolean;
    return std::nullopt;
}

} // namespace

std::int32_t StorageTable::of(const Node& node) {
    const std::string* container = node.attr<std::string>("container");
    const std::string name = record::storage_name(node);
    const std::string key = (container ? *container : std::string()) + "\n" + name;
    const auto [it, is_new] = by_key_.try_emplace(key, static_cast<std::int32_t>(storages_.size()));
    if (is_new) {
        Storage storage;
        storage.op = &node;
        storage.variable = graph_.variable_of(node.id);
        storage.name = storage.variable ? storage.variable->name : node.name;
        storage.initialized = has_value_before(node, storage.variable);
        storages_.push_back(std::move(storage));
    }
    return it->second;
}

bool StorageTable::has_value_before(const Node& node, const Variable* variable) const {
    if (variable) return is_initialized_(*variable) || has_no_elements(node);
    Variable unlisted; // storage that belongs to no tf.Variable: an imported graph
    unlisted.name = node.name;
    unlisted.op = node.id;
    unlisted.is_resource = node.op == "VarHandleOp";
    return is_initialized_(unlisted) || has_no_elements(node);
}

bool makes_variable(const Node& node) {
    return node.op == "VariableV2" || node.op == "Variable" || node.op == "VarHandleOp";
}

bool sets_variable(const Node& node) {
    return node.op == "Assign" || node.op == "AssignVariableOp";
}

bool reads_variable(const runtime::PlanNode& node, const Symbol& input) {
    if (input.storage < 0) return false;
    if (input.kind == Symbol::Kind::reference) return node.node == nullptr || !node.allows_uninitialized;
    return node.node != nullptr && needs_resource(*node.node);
}

void set_symbols(const Node& node, std::int32_t storage, std::span<const Symbol> inputs, std::span<Symbol> outputs,
                 const HasValue& has_value) {
    if (makes_variable(node)) {
        outputs[0].storage = storage;
        outputs[0].kind = node.op == "VarHandleOp" ? Symbol::Kind::handle : Symbol::Kind::reference;
        return;
    }
    const Symbol* passed = nullptr;
    for (const Symbol& input : inputs)
        if (!passed && input.kind != Symbol::Kind::none) passed = &input;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        Symbol& output = outputs[i];
        const OutputInfo& info = node.outputs[i];
        output.kind = Symbol::Kind::value;
        if (passed && passed->storage >= 0 && (info.is_ref || info.dtype == DType::resource)) {
            output.kind = info.is_ref ? Symbol::Kind::reference : Symbol::Kind::handle;
            output.storage = passed->storage;
        }
    }
    if (node.op == "Switch" || node.op == "RefSwitch")
        choose_branch(inputs, outputs);
    else if (!outputs.empty() && node.outputs[0].dtype == DType::boolean)
        outputs[0].boolean = known_bool(node, inputs, has_value);
}

std::optional<bool> scalar_bool(const Tensor& tensor) {
    if (tensor.dtype() != DType::boolean || tensor.elements() != 1) return std::nullopt;
    return tensor.integer(0) != 0;
}

std::string plan_name(const Graph& graph, const runtime::RunRequest& request, const runtime::Plan& plan,
                      const runtime::PlanNode& node) {
    if (node.node) return node.node->name;
    const auto slot = static_cast<std::size_t>(node.slot);
    const bool is_feed = node.kind == runtime::PlanKind::arg;
    const Output output = is_feed ? request.feeds[slot].output : plan.fetches[slot];
    return fmt::format("{}_{}_{}_{}", is_feed ? "_arg" : "_retval", graph.node(output.node).name, output.index,
                       node.slot);
}

} // namespace rnnscope::debug
