#include "core/debug/preflight.hpp"

#include "core/debug/symbols.hpp"
#include "core/runtime/plan.hpp"

#include <deque>
#include <set>

namespace rnnscope::debug {

namespace {

/// Executes a plan with symbols in the place of values, in the executor's order: first in, first out. Every node is
/// visited once: loops do one iteration, and both branches of a cond are taken unless its predicate is known.
class DryRun {
  public:
    DryRun(const Graph& graph, const runtime::RunRequest& request, const runtime::Plan& plan,
           const std::function<bool(const Variable&)>& is_initialized)
        : graph_(graph), request_(request), plan_(plan), storages_(graph, is_initialized) {}

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
            if (!reads_variable(node, input) || storages_[input.storage].initialized) continue;
            failed = true;
            // A reference handed on by a read that failed: with that repaired, it has its value here, too.
            if (input.behind && is_noted_.contains(input.storage)) continue;
            is_noted_.insert(input.storage);
            if (noted_.emplace(position, input.storage).second) note(node, input.storage, behind);
        }
        return failed;
    }

    void note(const runtime::PlanNode& node, std::int32_t storage_at, bool behind) {
        const Storage& storage = storages_[storage_at];
        UninitializedRead read;
        if (node.node) read.node = node.node->id;
        read.op = plan_name(graph_, request_, plan_, node);
        if (storage.variable) read.variable = storage.variable->id;
        read.variable_name = storage.name;
        read.behind_another = behind;
        reads_.push_back(std::move(read));
    }

    void set_outputs(const Node& node, std::span<const Symbol> inputs, std::vector<Symbol>& outputs) {
        if (sets_variable(node) && !inputs.empty() && inputs[0].storage >= 0)
            storages_[inputs[0].storage].initialized = true;
        const std::int32_t storage = makes_variable(node) ? storages_.of(node) : -1;
        set_symbols(node, storage, inputs, outputs,
                    [&](std::int32_t asked) { return std::optional(storages_[asked].initialized); });
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
    std::vector<std::size_t> first_input_;
    std::vector<Symbol> inputs_;
    std::vector<std::uint32_t> pending_, dead_;
    std::vector<bool> behind_, visited_;
    StorageTable storages_;
    std::set<std::int32_t> is_noted_; ///< storages that a read was noted of
    std::set<std::pair<std::uint32_t, std::int32_t>> noted_;
    std::deque<Task> queue_;
    std::vector<UninitializedRead> reads_;
};

} // namespace

std::vector<UninitializedRead> preflight(const Graph& graph, const runtime::RunRequest& request,
                                         const runtime::Plan& plan,
                                         const std::function<bool(const Variable&)>& is_initialized) {
    return DryRun(graph, request, plan, is_initialized).run();
}

std::vector<UninitializedRead> preflight(const Graph& graph, const runtime::RunRequest& request,
                                         const std::function<bool(const Variable&)>& is_initialized) {
    const Result<runtime::Plan> plan = runtime::make_plan(graph, request);
    if (!plan) return {}; // the run fails before anything is read
    return preflight(graph, request, *plan, is_initialized);
}

} // namespace rnnscope::debug
