#include "core/debug/preflight.hpp"

#include "core/ops/op_def.hpp"
#include "core/runtime/plan.hpp"

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <map>
#include <set>

namespace rnnscope::debug {

namespace {

/// What is known of a value without computing it.
struct Symbol {
    enum class Kind : std::uint8_t { none, value, reference, handle } kind = Kind::none;
    std::int32_t storage = -1;   ///< of references and resource handles
    std::optional<bool> boolean; ///< of a scalar bool that is known
    bool behind = false;         ///< only there when an earlier read is repaired
};

struct Storage {
    const Node* op = nullptr;
    const Variable* variable = nullptr;
    std::string name;
    bool initialized = false;
    bool is_noted = false;
};

bool is_variable_op(const Node& node) {
    return node.op == "VariableV2" || node.op == "Variable" || node.op == "VarHandleOp";
}

/// Does the op need the value behind the handle? Those that make, ask or pass it on do not.
bool needs_resource(const Node& node) {
    return node.op == "ReadVariableOp" || node.op == "VariableShape" || node.op == "AssignAddVariableOp" ||
           node.op == "AssignSubVariableOp" || node.op.starts_with("Resource");
}

bool allows_uninitialized(const runtime::PlanNode& node) {
    return node.node == nullptr ? false : node.allows_uninitialized;
}

/// Executes a plan with symbols in the place of values, in the executor's order: first in, first out. Every node is
/// visited once: loops do one iteration, and both branches of a cond are taken unless its predicate is known.
class DryRun {
  public:
    DryRun(const Graph& graph, const runtime::RunRequest& request, const runtime::Plan& plan,
           const std::function<bool(const Variable&)>& is_initialized)
        : graph_(graph), request_(request), plan_(plan), is_initialized_(is_initialized) {}

    std::vector<UninitializedRead> run() {
        prepare();
        for (const std::uint32_t root : plan_.roots) queue_.push_back({root, false});
        while (!queue_.empty()) {
            const Task task = queue_.front();
            queue_.pop_front();
            visit(task);
        }
        return std::move(reads_);
    }

  private:
    struct Task {
        std::uint32_t node = 0;
        bool dead = false;
    };

    void prepare() {
        first_input_.resize(plan_.nodes.size());
        std::size_t inputs = 0;
        for (std::size_t i = 0; i < plan_.nodes.size(); ++i) {
            const runtime::PlanNode& node = plan_.nodes[i];
            first_input_[i] = inputs;
            inputs += node.inputs;
            pending_.push_back(plan_.frames[node.frame].pending[node.local]);
        }
        inputs_.resize(inputs);
        dead_.assign(plan_.nodes.size(), 0);
        behind_.assign(plan_.nodes.size(), false);
        visited_.assign(plan_.nodes.size(), false);
    }

    std::int32_t storage_of(const Node& node) {
        const std::string* container = node.attr<std::string>("container");
        const std::string name = record::storage_name(node);
        const std::string key = (container ? *container : std::string()) + "\n" + name;
        const auto [it, is_new] = storage_by_key_.try_emplace(key, static_cast<std::int32_t>(storages_.size()));
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

    bool has_value_before(const Node& node, const Variable* variable) const {
        if (variable) return is_initialized_(*variable) || has_no_elements(node);
        Variable unlisted; // storage that belongs to no tf.Variable: an imported graph
        unlisted.name = node.name;
        unlisted.op = node.id;
        unlisted.is_resource = node.op == "VarHandleOp";
        return is_initialized_(unlisted) || has_no_elements(node);
    }

    static bool has_no_elements(const Node& node) {
        const Shape* shape = node.attr<Shape>("shape");
        return node.op != "VarHandleOp" && shape && shape->fully_defined() && shape->elements() == 0;
    }

    std::span<Symbol> inputs_of(std::uint32_t position) {
        return {inputs_.data() + first_input_[position], plan_.nodes[position].inputs};
    }

    void visit(const Task& task) {
        if (visited_[task.node]) return;
        visited_[task.node] = true;
        const runtime::PlanNode& node = plan_.nodes[task.node];
        std::vector<Symbol> outputs(node.outputs);
        if (!task.dead) compute(task.node, outputs);
        const bool passes_on =
            node.kind != runtime::PlanKind::next_iteration && !(node.kind == runtime::PlanKind::exit && task.dead);
        if (passes_on) activate(task, outputs);
    }

    void compute(std::uint32_t position, std::vector<Symbol>& outputs) {
        const runtime::PlanNode& node = plan_.nodes[position];
        if (node.kind == runtime::PlanKind::arg) {
            outputs[0].kind = Symbol::Kind::value;
            outputs[0].boolean = scalar_bool(request_.feeds[static_cast<std::size_t>(node.slot)].value);
            return;
        }
        bool behind = behind_[position];
        for (const Symbol& input : inputs_of(position)) behind = behind || input.behind;
        const bool failed = check_reads(position, behind);
        if (node.node == nullptr) return;
        set_outputs(*node.node, inputs_of(position), outputs);
        behind_[position] = behind || failed;
        for (Symbol& output : outputs) output.behind = behind || failed;
    }

    /// Notes the inputs that have no value; true when there are any.
    bool check_reads(std::uint32_t position, bool behind) {
        const runtime::PlanNode& node = plan_.nodes[position];
        bool failed = false;
        for (const Symbol& input : inputs_of(position)) {
            if (input.storage < 0 || storages_[static_cast<std::size_t>(input.storage)].initialized) continue;
            const bool reads = input.kind == Symbol::Kind::reference
                                   ? !allows_uninitialized(node)
                                   : node.node != nullptr && needs_resource(*node.node);
            if (!reads) continue;
            failed = true;
            // A reference handed on by a read that failed: with that repaired, it has its value here, too.
            if (input.behind && storages_[static_cast<std::size_t>(input.storage)].is_noted) continue;
            storages_[static_cast<std::size_t>(input.storage)].is_noted = true;
            if (noted_.emplace(position, input.storage).second) note(node, input.storage, behind);
        }
        return failed;
    }

    void note(const runtime::PlanNode& node, std::int32_t storage_at, bool behind) {
        const Storage& storage = storages_[static_cast<std::size_t>(storage_at)];
        UninitializedRead read;
        if (node.node) {
            read.node = node.node->id;
            read.op = node.node->name;
        } else {
            const Output fetch = plan_.fetches[static_cast<std::size_t>(node.slot)];
            read.op = fmt::format("_retval_{}_{}_{}", graph_.node(fetch.node).name, fetch.index, node.slot);
        }
        if (storage.variable) read.variable = storage.variable->id;
        read.variable_name = storage.name;
        read.behind_another = behind;
        reads_.push_back(std::move(read));
    }

    void set_outputs(const Node& node, std::span<const Symbol> inputs, std::vector<Symbol>& outputs) {
        if (is_variable_op(node)) {
            outputs[0].storage = storage_of(node);
            outputs[0].kind = node.op == "VarHandleOp" ? Symbol::Kind::handle : Symbol::Kind::reference;
            return;
        }
        if ((node.op == "Assign" || node.op == "AssignVariableOp") && !inputs.empty() && inputs[0].storage >= 0)
            storages_[static_cast<std::size_t>(inputs[0].storage)].initialized = true;
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
            outputs[0].boolean = known_bool(node, inputs);
    }

    static void choose_branch(std::span<const Symbol> inputs, std::vector<Symbol>& outputs) {
        for (Symbol& output : outputs) output.boolean = inputs[0].boolean;
        if (inputs.size() < 2 || !inputs[1].boolean || outputs.size() < 2) return;
        outputs[*inputs[1].boolean ? 0 : 1] = Symbol();
    }

    std::optional<bool> known_bool(const Node& node, std::span<const Symbol> inputs) const {
        const auto input = [&](std::size_t i) { return i < inputs.size() ? inputs[i].boolean : std::nullopt; };
        if (node.op == "Const") {
            const Tensor* value = node.attr<Tensor>("value");
            return value ? scalar_bool(*value) : std::nullopt;
        }
        if (node.op == "IsVariableInitialized" || node.op == "VarIsInitializedOp") {
            if (inputs.empty() || inputs[0].storage < 0) return std::nullopt;
            return storages_[static_cast<std::size_t>(inputs[0].storage)].initialized;
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

    static std::optional<bool> scalar_bool(const Tensor& tensor) {
        if (tensor.dtype() != DType::boolean || tensor.elements() != 1) return std::nullopt;
        return tensor.integer(0) != 0;
    }

    /// The executor's propagation rules (tf1-semantics 7.4) on a single iteration.
    void activate(const Task& task, const std::vector<Symbol>& outputs) {
        const runtime::PlanNode& source = plan_.nodes[task.node];
        for (const runtime::PlanEdge& edge : plan_.edges_of(source)) {
            const runtime::PlanNode& target = plan_.nodes[edge.target];
            const bool is_control = edge.output < 0;
            const bool live =
                is_control ? !task.dead : outputs[static_cast<std::size_t>(edge.output)].kind != Symbol::Kind::none;
            std::uint32_t& pending = pending_[edge.target];
            bool ready = false, dead = false, wanted = !is_control && live;
            if (target.kind == runtime::PlanKind::merge) {
                if (is_control) {
                    pending -= 2;
                    dead = dead_[edge.target] == target.inputs;
                    ready = pending == 0 || (pending == 1 && dead);
                } else if (live) {
                    ready = pending == 1;
                    wanted = (pending & 1U) != 0;
                    pending &= ~1U;
                } else {
                    dead = ++dead_[edge.target] == target.inputs || source.kind == runtime::PlanKind::enter;
                    ready = pending == 1 && dead;
                }
            } else {
                if (!live) ++dead_[edge.target];
                ready = --pending == 0;
                dead = dead_[edge.target] > 0 && target.kind != runtime::PlanKind::control_trigger;
            }
            if (is_control && live && behind_[task.node]) behind_[edge.target] = true;
            if (wanted)
                inputs_[first_input_[edge.target] + static_cast<std::size_t>(edge.input)] =
                    outputs[static_cast<std::size_t>(edge.output)];
            if (ready) queue_.push_back({edge.target, dead});
        }
    }

    const Graph& graph_;
    const runtime::RunRequest& request_;
    const runtime::Plan& plan_;
    const std::function<bool(const Variable&)>& is_initialized_;
    std::vector<std::size_t> first_input_;
    std::vector<Symbol> inputs_;
    std::vector<std::uint32_t> pending_, dead_;
    std::vector<bool> behind_, visited_;
    std::vector<Storage> storages_;
    std::map<std::string, std::int32_t> storage_by_key_;
    std::set<std::pair<std::uint32_t, std::int32_t>> noted_;
    std::deque<Task> queue_;
    std::vector<UninitializedRead> reads_;
};

} // namespace

std::vector<UninitializedRead> preflight(const Graph& graph, const runtime::RunRequest& request,
                                         const std::function<bool(const Variable&)>& is_initialized) {
    const Result<runtime::Plan> plan = runtime::make_plan(graph, request);
    if (!plan) return {}; // the run fails before anything is read
    return DryRun(graph, request, *plan, is_initialized).run();
}

} // namespace rnnscope::debug
