#include "core/tf1/graph_state.hpp"

#include "core/tf1/control_flow.hpp"
#include "core/tf1/device.hpp"
#include "core/tf1/variable_scope.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace rnnscope::tf1 {

void raise(std::string type, std::string message) {
    throw PythonError{std::move(type), std::move(message)};
}

namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

bool is_name_character(char c, bool first) {
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.') return true;
    return !first && (c == '_' || c == '-' || c == '/' || c == '\\');
}

/// ^[A-Za-z0-9.][A-Za-z0-9_.\-/]*$ ; a backslash passes as TensorFlow's expression lets it pass.
bool valid_op_name(std::string_view name) {
    if (name.empty() || !is_name_character(name[0], true)) return false;
    return std::all_of(name.begin() + 1, name.end(), [](char c) { return is_name_character(c, false); });
}

bool valid_nested_scope(std::string_view name) {
    return std::all_of(name.begin(), name.end(), [](char c) { return is_name_character(c, false); });
}

/// random_seed._truncate_seed
std::int64_t truncated(std::int64_t seed) {
    constexpr std::int64_t modulus = 2147483647;
    const std::int64_t rest = seed % modulus;
    return rest < 0 ? rest + modulus : rest; // Python's % takes the sign of the divisor
}

} // namespace

GraphState::GraphState(Context& the_context, GraphId id)
    : context(the_context), graph(id), variable_scope(std::make_shared<VariableScope>()) {}

GraphState::~GraphState() = default;

std::string GraphState::unique_name(std::string_view name, bool mark_as_used) {
    std::string full = name_stack.empty() ? std::string(name) : name_stack + "/" + std::string(name);
    const std::string base = lower(full);
    const auto it = names_in_use.find(base);
    int i = it == names_in_use.end() ? 0 : it->second;
    if (mark_as_used) names_in_use[base] = i + 1;
    if (i == 0) return full;
    std::string key = base;
    while (names_in_use.count(key) > 0) key = fmt::format("{}_{}", base, i++);
    if (mark_as_used) names_in_use[key] = 1;
    return fmt::format("{}_{}", full, i - 1);
}

std::pair<std::int64_t, std::int64_t> GraphState::get_seed(std::optional<std::int64_t> op_seed) const {
    constexpr std::int64_t default_graph_seed = 87654321;
    if (!seed && !op_seed) return {0, 0};
    const std::int64_t first = truncated(seed.value_or(default_graph_seed));
    const std::int64_t second = truncated(op_seed.value_or(last_id()));
    // (0, 0) would mean "not deterministic" to the kernels.
    if (first == 0 && second == 0) return {0, 2147483647};
    return {first, second};
}

namespace {

/// Graph._control_dependencies_for_inputs: a block is skipped when an input already waits for it.
std::vector<NodeId> control_inputs_for(const GraphState& state, const std::vector<Output>& inputs) {
    std::vector<NodeId> result;
    const auto is_input = [&](NodeId op) {
        return std::any_of(inputs.begin(), inputs.end(), [&](const Output& input) { return input.node == op; });
    };
    std::size_t first = 0;
    for (std::size_t i = 0; i < state.control_stack.size(); ++i)
        if (state.control_stack[i].clears) first = i;
    for (std::size_t i = first; i < state.control_stack.size(); ++i) {
        const GraphState::ControlDependencies& block = state.control_stack[i];
        if (std::any_of(inputs.begin(), inputs.end(), [&](const Output& o) { return block.seen.count(o.node) > 0; }))
            continue;
        for (const NodeId op : block.ops)
            if (!is_input(op) && std::find(result.begin(), result.end(), op) == result.end()) result.push_back(op);
    }
    return result;
}

/// Operation.colocation_groups
std::vector<std::string> colocation_groups(const Node& node) {
    std::vector<std::string> groups;
    if (const auto* classes = node.attr<AttrList>("_class"))
        for (const AttrValue& entry : classes->entries)
            if (const auto* text = entry.as<std::string>(); text != nullptr && text->rfind("loc:@", 0) == 0)
                groups.push_back(*text);
    if (groups.empty()) groups.push_back("loc:@" + node.name);
    return groups;
}

/// Graph._apply_device_functions: from the innermost block outwards until one says None.
std::string device_from_stack(const GraphState& state) {
    DeviceSpec device;
    for (auto it = state.device_stack.rbegin(); it != state.device_stack.rend() && it->has_value(); ++it)
        if (const auto spec = parse_device(**it)) device = device.merged_over(*spec);
    return device.to_string();
}

} // namespace

NodeId GraphState::create_op(OpSpec spec) {
    std::string name = spec.name.empty() ? spec.op : std::move(spec.name);
    if (!valid_op_name(name)) raise("ValueError", fmt::format("'{}' is not a valid node name", name));
    if (name.back() == '/')
        name.pop_back();
    else
        name = unique_name(name);

    ops::NodeSpec node;
    node.name = std::move(name);
    node.op = std::move(spec.op);
    node.control_inputs = control_inputs_for(*this, spec.inputs);
    node.inputs = std::move(spec.inputs);
    node.attrs = std::move(spec.attrs);
    node.origin = context.origin();
    if (graph.find(node.name).valid())
        raise("ValueError", fmt::format("Duplicate node name in graph: '{}'", node.name));
    // The class that the layers below name is Python's where TensorFlow raises one; graph building knows no others.
    Result<NodeId> made = ops::add_node(graph, std::move(node));
    if (!made) {
        const Error& error = made.error();
        raise(error.code == "InvalidArgumentError" ? "ValueError" : error.code, error.message);
    }
    const NodeId id = *made;

    ControlFlowContext* const inside = control_flow;
    if (inside != nullptr) context_of[id] = inside;
    for (const Output input : graph.node(id).inputs) check_input_context(*this, id, input.node);
    if (inside != nullptr) inside->add_op(*this, id);
    for (const auto& [key, value] : attr_scope)
        if (graph.node(id).attrs.find(key) == graph.node(id).attrs.end()) graph.set_attr(id, key, value);
    for (std::size_t i = control_stack.size(); i-- > 0;) {
        control_stack[i].seen.insert(id);
        if (control_stack[i].clears) break;
    }
    apply_placement(id);
    return id;
}

void GraphState::apply_placement(NodeId id) {
    if (const std::string device = device_from_stack(*this); !device.empty()) graph.set_device(id, device);
    std::size_t first = 0;
    for (std::size_t i = 0; i < colocation_stack.size(); ++i)
        if (!colocation_stack[i].valid()) first = i + 1;
    if (first == colocation_stack.size()) return;
    std::vector<std::string> groups;
    for (std::size_t i = first; i < colocation_stack.size(); ++i) {
        const Node& other = graph.node(colocation_stack[i]);
        for (std::string& group : colocation_groups(other)) groups.push_back(std::move(group));
        if (!other.device.empty()) graph.set_device(id, other.device);
    }
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    graph.set_attr(id, "_class", attr_list(std::move(groups)));
}

NodeId GraphState::apply_op(OpSpec spec) {
    const NameScope scope(*this, spec.name.empty() ? spec.op : spec.name);
    spec.name = scope.scope();
    // An op stays with the variables whose buffers it is given.
    std::vector<std::unique_ptr<ColocateScope>> colocated;
    if (const ops::OpDef* def = ops::find_op(spec.op)) {
        std::size_t position = 0;
        for (const ops::ArgDef& arg : def->inputs) {
            if (arg.is_ref && position < spec.inputs.size())
                colocated.push_back(std::make_unique<ColocateScope>(*this, spec.inputs[position].node));
            if (!arg.number_attr.empty() || !arg.type_list_attr.empty()) break; // refs come before lists
            ++position;
        }
    }
    const NodeId id = create_op(std::move(spec));
    while (!colocated.empty()) colocated.pop_back();
    return id;
}

Output GraphState::constant(Tensor value, std::string_view name) {
    const DType dtype = value.dtype();
    return Output{create_op({"Const", {}, {{"value", std::move(value)}, {"dtype", dtype}}, std::string(name)}), 0};
}

// --- guards
// ------------------------------------------------------------------------------------------------------------

NameScope::NameScope(GraphState& state, std::optional<std::string> name) : state_(state), old_(state.name_stack) {
    if (!name || name->empty()) {
        state_.name_stack.clear();
        return;
    }
    if (state_.name_stack.empty() ? !valid_op_name(*name) : !valid_nested_scope(*name))
        raise("ValueError", fmt::format("'{}' is not a valid scope name", *name));
    state_.name_stack = name->back() == '/' ? name->substr(0, name->size() - 1) : state_.unique_name(*name);
    scope_ = state_.name_stack + "/";
}

NameScope::~NameScope() {
    state_.name_stack = old_;
}

ControlDependenciesScope::ControlDependenciesScope(GraphState& state, std::vector<NodeId> ops) : state_(state) {
    GraphState::ControlDependencies block;
    std::unordered_set<NodeId> current;
    for (std::size_t i = state.control_stack.size(); i-- > 0;) {
        current.insert(state.control_stack[i].ops.begin(), state.control_stack[i].ops.end());
        if (state.control_stack[i].clears) break;
    }
    for (const NodeId op : ops)
        if (current.insert(op).second) block.ops.push_back(op);
    block.context_before = state.control_flow;
    state.control_stack.push_back(std::move(block));
}

ControlDependenciesScope::ControlDependenciesScope(GraphState& state) : state_(state) {
    GraphState::ControlDependencies block;
    block.clears = true;
    block.context_before = state.control_flow;
    state.control_stack.push_back(std::move(block));
    state.control_flow = nullptr;
}

ControlDependenciesScope::~ControlDependenciesScope() {
    if (state_.control_stack.back().clears) state_.control_flow = state_.control_stack.back().context_before;
    state_.control_stack.pop_back();
}

InitScope::InitScope(GraphState& state)
    : state_(state), name_(state.name_stack), cleared_(ControlDependenciesScope::clear(state)) {}

InitScope::~InitScope() {
    state_.name_stack = name_;
}

ColocateScope::ColocateScope(GraphState& state, NodeId op, bool ignore_existing)
    : state_(state), devices_(std::move(state.device_stack)) {
    state_.device_stack.clear();
    if (ignore_existing) state_.colocation_stack.emplace_back(), ++pushed_;
    if (op.valid()) state_.colocation_stack.push_back(op), ++pushed_;
}

ColocateScope::~ColocateScope() {
    state_.colocation_stack.resize(state_.colocation_stack.size() - pushed_);
    state_.device_stack = std::move(devices_);
}

DeviceScope::DeviceScope(GraphState& state, std::optional<std::string> device) : state_(state) {
    if (device && !parse_device(*device))
        raise("ValueError",
              fmt::format("Unknown attribute: '{}' in '{}'", device->substr(0, device->find(':')), *device));
    state_.device_stack.push_back(std::move(device));
}

DeviceScope::~DeviceScope() {
    state_.device_stack.pop_back();
}

AttrScope::AttrScope(GraphState& state, std::string_view key, AttrValue value)
    : state_(state), saved_(state.attr_scope) {
    state_.attr_scope.insert_or_assign(std::string(key), std::move(value));
}

AttrScope::~AttrScope() {
    state_.attr_scope = std::move(saved_);
}

} // namespace rnnscope::tf1
