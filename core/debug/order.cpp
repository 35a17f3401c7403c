#include "core/debug/order.hpp"

#include "core/debug/symbols.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <queue>
#include <set>
#include <utility>

namespace rnnscope::debug {

namespace {

using runtime::Plan;
using runtime::PlanEdge;
using runtime::PlanKind;
using runtime::PlanNode;

constexpr std::uint32_t none = Plan::none;

/// Something that a branch hangs on: the output that a Switch asks, and which side it goes to.
struct Literal {
    std::uint32_t node = 0;
    std::uint32_t output = 0;
    bool side = true;
    friend auto operator<=>(const Literal&, const Literal&) = default;
};
using Guard = std::vector<Literal>; ///< all of them must hold; sorted

/// The edges of a plan seen from their targets. Back edges of loops are left out: only first time steps are looked at.
class Sources {
  public:
    struct Source {
        std::uint32_t node = none, output = 0; ///< node `none`: an input that only comes back around a loop
    };
    Sources(const Plan& plan, const Pause& pause)
        : plan_(plan), first_(plan.nodes.size()), controls_(plan.nodes.size()) {
        std::size_t count = 0;
        for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
            first_[i] = count;
            count += plan.nodes[i].inputs;
        }
        data_.resize(count);
        for (std::uint32_t i = 0; i < plan.nodes.size(); ++i) {
            pause.here();
            if (plan.nodes[i].kind == PlanKind::next_iteration) continue;
            for (const PlanEdge& edge : plan.edges_of(plan.nodes[i]))
                if (edge.output < 0)
                    controls_[edge.target].push_back(i);
                else
                    data_[first_[edge.target] + static_cast<std::size_t>(edge.input)] = {
                        i, static_cast<std::uint32_t>(edge.output)};
        }
    }
    std::span<const Source> data(std::uint32_t node) const {
        return {data_.data() + first_[node], plan_.nodes[node].inputs};
    }
    std::span<const std::uint32_t> controls(std::uint32_t node) const { return controls_[node]; }
    std::size_t first(std::uint32_t node) const { return first_[node]; }
    std::size_t inputs() const { return data_.size(); }

  private:
    const Plan& plan_;
    std::vector<std::size_t> first_;
    std::vector<Source> data_;
    std::vector<std::vector<std::uint32_t>> controls_;
};

/// Under which branches each node runs.
class Guards {
  public:
    Guards(const Plan& plan, const Sources& sources, const Pause& pause)
        : plan_(plan), sources_(sources), guards_(plan.nodes.size()) {
        std::vector<std::size_t> pending(plan.nodes.size());
        std::vector<std::uint32_t> ready;
        for (std::uint32_t i = 0; i < plan.nodes.size(); ++i) {
            pending[i] = sources.controls(i).size();
            for (const Sources::Source& source : sources.data(i)) pending[i] += source.node != none ? 1 : 0;
            if (pending[i] == 0) ready.push_back(i);
        }
        for (std::size_t next = 0; next < ready.size(); ++next) {
            pause.here();
            const std::uint32_t node = ready[next];
            guards_[node] = find(node);
            if (plan.nodes[node].kind == PlanKind::next_iteration) continue;
            for (const PlanEdge& edge : plan.edges_of(plan.nodes[node]))
                if (--pending[edge.target] == 0) ready.push_back(edge.target);
        }
    }
    const Guard& of(std::uint32_t node) const { return guards_[node]; }
    /// Under which a value comes from there: what of() says of the op, and the side of a Switch.
    Guard along(const Sources::Source& source) const {
        Guard guard = guards_[source.node];
        if (is_switch(source.node)) add(guard, {decided_by(sources_.data(source.node)[1], source.output == 1)});
        return guard;
    }

  private:
    static void add(Guard& guard, const Guard& other) {
        if (other.empty()) return;
        guard.insert(guard.end(), other.begin(), other.end());
        std::ranges::sort(guard);
        guard.erase(std::unique(guard.begin(), guard.end()), guard.end());
    }

    bool is_switch(std::uint32_t node) const {
        const Node* op = plan_.nodes[node].node;
        return op != nullptr && (op->op == "Switch" || op->op == "RefSwitch");
    }

    /// The same predicate arrives at a cond's Switches as itself and as copies.
    Literal decided_by(Sources::Source source, bool side) const {
        while (true) {
            const PlanNode& node = plan_.nodes[source.node];
            const bool is_copy = node.node != nullptr && (node.node->op == "Identity" || node.node->op == "Enter");
            if (!is_copy || sources_.data(source.node)[0].node == none) return {source.node, source.output, side};
            source = sources_.data(source.node)[0];
        }
    }

    Guard find(std::uint32_t node) const {
        Guard guard;
        if (plan_.nodes[node].kind == PlanKind::merge) {
            guard = merged(node);
        } else {
            for (const Sources::Source& source : sources_.data(node)) add(guard, along(source));
        }
        for (const std::uint32_t control : sources_.controls(node)) add(guard, guards_[control]);
        // A loop is left for sure, after however many time steps.
        if (plan_.nodes[node].kind == PlanKind::exit)
            std::erase_if(guard, [&](const Literal& literal) {
                const PlanNode& by = plan_.nodes[literal.node];
                return by.is_loop_cond && by.frame == plan_.nodes[node].frame;
            });
        return guard;
    }

    /// One of its inputs arrives: when they differ in nothing but the side of one branch, there is always one.
    Guard merged(std::uint32_t node) const {
        std::vector<Guard> sides;
        for (const Sources::Source& source : sources_.data(node))
            if (source.node != none) sides.push_back(along(source));
        if (sides.size() == 1 || std::ranges::adjacent_find(sides, std::not_equal_to<>()) == sides.end())
            return sides.empty() ? Guard() : sides.front();
        if (sides.size() == 2)
            for (Literal literal : sides[0]) {
                Guard left = sides[0], right = sides[1];
                std::erase(left, literal);
                literal.side = !literal.side;
                if (std::erase(right, literal) == 1 && left == right) return left;
            }
        return {{node, 0, true}}; // it stands for itself: "m is reached"
    }

    const Plan& plan_;
    const Sources& sources_;
    std::vector<Guard> guards_;
};

/// All that can run, in some order, under a condition: what is reached in none of them is not here. Grows as far as it
/// gets, the earliest of what is ready first; reads of variables without value wait for a write.
struct Reach {
    std::int32_t forbidden = -1; ///< this storage is never written
    bool reads_wait = true;      ///< false: as if every variable had a value

    std::vector<std::uint32_t> order;
    std::vector<std::uint32_t> index;                        ///< by node: its place in `order`, or none
    std::vector<std::uint32_t> fired_by;                     ///< by node, of merges: the input that came first
    std::vector<std::uint32_t> written_by;                   ///< by storage: the first write, or none
    std::vector<std::vector<std::uint32_t>> waiting;         ///< by storage: reads
    std::vector<Symbol> inputs;                              ///< by input
    std::set<std::pair<std::uint32_t, std::uint32_t>> known; ///< outputs that are scalar bools with a known value
};

class Explorer {
  public:
    Explorer(const Graph& graph, const runtime::RunRequest& request, const Plan& plan,
             const std::function<bool(const Variable&)>& is_initialized, const Pause& pause)
        : graph_(graph), request_(request), plan_(plan), pause_(pause), storages_(graph, is_initialized),
          sources_(plan, pause) {}

    OrderReport explore() {
        find_storages();
        if (all_initialized()) return {};
        Reach everything;
        everything.reads_wait = false;
        reach(everything);
        find_uses(everything);
        if (reads_.empty()) return std::move(report_);
        guards_.emplace(plan_, sources_, pause_);
        works_.emplace();
        reach(*works_);
        std::vector<Use> by_storage = reads_;
        std::ranges::stable_sort(by_storage, {}, &Use::storage);
        for (auto use = by_storage.begin(); use != by_storage.end();) {
            const std::int32_t storage = use->storage;
            Reach forbidding;
            // Where there is no write, forbidding it changes nothing.
            if (!writes_[at(storage)].empty()) {
                forbidding.forbidden = storage;
                reach(forbidding);
            }
            for (; use != by_storage.end() && use->storage == storage; ++use)
                judge(*use, writes_[at(storage)].empty() ? *works_ : forbidding);
        }
        std::ranges::stable_sort(found_, {}, &Found::first);
        for (Found& found : found_) report_.reads.push_back(std::move(found.second));
        return std::move(report_);
    }

  private:
    /// A node that reads a variable without value before.
    struct Use {
        std::uint32_t node = 0;
        std::int32_t storage = -1;
    };
    using Found = std::pair<std::uint32_t, OrderedRead>; ///< with its place in the plan

    static std::size_t at(std::int32_t storage) { return static_cast<std::size_t>(storage); }

    void find_storages() {
        storage_of_.assign(plan_.nodes.size(), -1);
        for (std::size_t i = 0; i < plan_.nodes.size(); ++i)
            if (const Node* node = plan_.nodes[i].node; node != nullptr && makes_variable(*node))
                storage_of_[i] = storages_.of(*node);
        writes_.resize(storages_.size());
    }

    bool all_initialized() const {
        for (std::size_t i = 0; i < storages_.size(); ++i)
            if (!storages_[static_cast<std::int32_t>(i)].initialized) return false;
        return true;
    }

    // --- what can run -----------------------------------------------------------------------------------------------

    std::span<const Symbol> inputs_of(const Reach& reach, std::uint32_t node) const {
        return {reach.inputs.data() + sources_.first(node), plan_.nodes[node].inputs};
    }

    /// Everything that is ready, the earliest first.
    using Heap = std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>>;

    void reach(Reach& reach) const {
        reach.index.assign(plan_.nodes.size(), none);
        reach.fired_by.assign(plan_.nodes.size(), none);
        reach.written_by.assign(storages_.size(), none);
        reach.waiting.resize(storages_.size());
        reach.inputs.resize(sources_.inputs());
        std::vector<std::size_t> pending(plan_.nodes.size());
        Heap ready;
        for (std::uint32_t i = 0; i < plan_.nodes.size(); ++i) {
            const PlanNode& node = plan_.nodes[i];
            pending[i] = sources_.controls(i).size() + (node.kind == PlanKind::merge ? 1 : node.inputs);
            if (pending[i] == 0) ready.push(i);
        }
        while (!ready.empty()) {
            pause_.here();
            const std::uint32_t node = ready.top();
            ready.pop();
            if (const std::int32_t missing = missing_for(reach, node); missing >= 0 && reach.reads_wait)
                reach.waiting[at(missing)].push_back(node);
            else
                execute(reach, node, pending, ready);
        }
    }

    /// The first of its inputs' variables that it reads and that has no value; -1: none.
    std::int32_t missing_for(const Reach& reach, std::uint32_t node) const {
        for (const Symbol& input : inputs_of(reach, node))
            if (reads_variable(plan_.nodes[node], input) && !has_value(reach, input.storage)) return input.storage;
        return -1;
    }
    bool has_value(const Reach& reach, std::int32_t storage) const {
        return storages_[storage].initialized || reach.written_by[at(storage)] != none;
    }

    /// The variable that it gives a value; -1: none.
    std::int32_t written(const Reach& reach, std::uint32_t node) const {
        const Node* op = plan_.nodes[node].node;
        return op != nullptr && sets_variable(*op) && plan_.nodes[node].inputs > 0 ? inputs_of(reach, node)[0].storage
                                                                                   : -1;
    }

    void execute(Reach& reach, std::uint32_t node, std::vector<std::size_t>& pending, Heap& ready) const {
        const std::int32_t target = written(reach, node);
        if (target >= 0 && target == reach.forbidden) return;
        reach.index[node] = static_cast<std::uint32_t>(reach.order.size());
        reach.order.push_back(node);
        const std::vector<Symbol> outputs = outputs_of(reach, node);
        for (std::uint32_t i = 0; i < outputs.size(); ++i)
            if (outputs[i].boolean) reach.known.emplace(node, i);
        if (target >= 0 && reach.written_by[at(target)] == none) {
            reach.written_by[at(target)] = node;
            for (const std::uint32_t read : std::exchange(reach.waiting[at(target)], {})) ready.push(read);
        }
        if (plan_.nodes[node].kind == PlanKind::next_iteration) return;
        for (const PlanEdge& edge : plan_.edges_of(plan_.nodes[node])) {
            if (edge.output >= 0) {
                const Symbol& symbol = outputs[static_cast<std::size_t>(edge.output)];
                if (symbol.kind == Symbol::Kind::none) continue;
                reach.inputs[sources_.first(edge.target) + static_cast<std::size_t>(edge.input)] = symbol;
                if (plan_.nodes[edge.target].kind == PlanKind::merge) {
                    if (reach.fired_by[edge.target] != none) continue;
                    reach.fired_by[edge.target] = static_cast<std::uint32_t>(edge.input);
                }
            }
            if (--pending[edge.target] == 0) ready.push(edge.target);
        }
    }

    std::vector<Symbol> outputs_of(const Reach& reach, std::uint32_t at_node) const {
        const PlanNode& node = plan_.nodes[at_node];
        std::vector<Symbol> outputs(node.outputs);
        if (node.kind == PlanKind::arg) {
            outputs[0].kind = Symbol::Kind::value;
            outputs[0].boolean = scalar_bool(request_.feeds[static_cast<std::size_t>(node.slot)].value);
        } else if (node.kind == PlanKind::merge) {
            // Either of its inputs may be the one: what they are is not known.
            for (Symbol& output : outputs) output.kind = Symbol::Kind::value;
        } else if (node.node != nullptr) {
            set_symbols(*node.node, storage_of_[at_node], inputs_of(reach, at_node), outputs,
                        [&](std::int32_t storage) { return value_is_known(reach, storage); });
        }
        return outputs;
    }

    /// Whether the variable has a value, where that is the same in all orders.
    std::optional<bool> value_is_known(const Reach& reach, std::int32_t storage) const {
        if (storages_[storage].initialized) return true;
        const bool is_never_written = reach.reads_wait && (storage == reach.forbidden || writes_[at(storage)].empty());
        return is_never_written && report_.not_decided.empty() ? std::optional(false) : std::nullopt;
    }

    // --- who reads and writes ---------------------------------------------------------------------------------------

    void find_uses(const Reach& everything) {
        for (std::uint32_t i = 0; i < plan_.nodes.size(); ++i) {
            pause_.here();
            if (everything.index[i] == none) continue;
            if (const std::int32_t storage = written(everything, i); storage >= 0)
                writes_[at(storage)].push_back(plan_.nodes[i].node->id);
            std::set<std::int32_t> seen;
            for (const Symbol& input : inputs_of(everything, i))
                if (reads_variable(plan_.nodes[i], input) && !storages_[input.storage].initialized &&
                    seen.insert(input.storage).second)
                    reads_.push_back({i, input.storage});
            note_undecided(everything, i);
        }
    }

    /// References and handles that cannot be followed.
    void note_undecided(const Reach& everything, std::uint32_t at_node) {
        const Node* node = plan_.nodes[at_node].node;
        if (node == nullptr) return;
        const auto inputs = inputs_of(everything, at_node);
        const bool takes_variable = std::ranges::any_of(
            inputs, [&](const Symbol& input) { return input.storage >= 0 && !storages_[input.storage].initialized; });
        if (!takes_variable) return;
        if (plan_.nodes[at_node].kind == PlanKind::merge)
            report_.not_decided.push_back(
                fmt::format("{} hands on one of several variables; what reads or sets it behind that was not looked at",
                            node->name));
        static constexpr std::string_view calls[] = {"PartitionedCall", "StatefulPartitionedCall", "If", "StatelessIf",
                                                     "While",           "StatelessWhile"};
        if (std::ranges::find(calls, node->op) != std::end(calls))
            report_.not_decided.push_back(fmt::format(
                "{} calls a function with a variable; what that reads or sets was not looked at", node->name));
        if (node->op == "DestroyResourceOp")
            report_.not_decided.push_back(
                fmt::format("{} takes a variable's value away; what comes after it was not looked at", node->name));
    }

    // --- verdicts ---------------------------------------------------------------------------------------------------

    /// `without`: all that can run when nobody writes the storage.
    void judge(const Use& use, const Reach& without) {
        const auto& [node, storage] = use;
        const std::vector<std::uint32_t>& waiting = without.waiting[at(storage)];
        const bool can_fail = std::ranges::find(waiting, node) != waiting.end();
        const bool can_work = works_->index[node] != none;
        if (!can_fail && can_work) {
            ++report_.safe;
            return;
        }
        OrderedRead read;
        const PlanNode& planned = plan_.nodes[node];
        if (planned.node) read.node = planned.node->id;
        read.op = plan_name(graph_, request_, plan_, planned);
        if (const Variable* variable = storages_[storage].variable) read.variable = variable->id;
        read.variable_name = storages_[storage].name;
        read.writes = writes_[at(storage)];
        read.verdict = can_fail ? can_work ? OrderedRead::Verdict::sometimes : OrderedRead::Verdict::always
                                : OrderedRead::Verdict::unreached;
        if (can_fail) read.fails = witness(without, node);
        if (can_fail && can_work) read.works = witness(*works_, node);
        found_.emplace_back(node, std::move(read));
    }

    /// The ops that `last` needs, in the order in which they ran; `last` itself last.
    OrderedRead::Order witness(const Reach& reach, std::uint32_t last) const {
        std::set<std::uint32_t> needed;
        std::vector<std::uint32_t> to_visit{last};
        while (!to_visit.empty()) {
            pause_.here();
            const std::uint32_t node = to_visit.back();
            to_visit.pop_back();
            if (!needed.insert(node).second) continue;
            const auto data = sources_.data(node);
            if (plan_.nodes[node].kind == PlanKind::merge)
                to_visit.push_back(data[reach.fired_by[node]].node);
            else
                for (const Sources::Source& source : data) to_visit.push_back(source.node);
            for (const std::uint32_t control : sources_.controls(node)) to_visit.push_back(control);
            for (const Symbol& input : inputs_of(reach, node))
                if (reads_variable(plan_.nodes[node], input) && !storages_[input.storage].initialized &&
                    reach.written_by[at(input.storage)] != none)
                    to_visit.push_back(reach.written_by[at(input.storage)]);
        }
        needed.erase(last);
        std::vector<std::uint32_t> nodes(needed.begin(), needed.end());
        std::ranges::sort(nodes, {}, [&](std::uint32_t node) { return reach.index[node]; });
        nodes.push_back(last);
        OrderedRead::Order order;
        for (const std::uint32_t node : nodes) {
            pause_.here();
            order.ops.push_back(plan_name(graph_, request_, plan_, plan_.nodes[node]));
        }
        add_branches(reach, nodes, order);
        return order;
    }

    void add_branches(const Reach& reach, const std::vector<std::uint32_t>& nodes, OrderedRead::Order& order) const {
        std::set<Literal> taken;
        for (const std::uint32_t node : nodes) {
            pause_.here();
            // A Merge that is reached in any case is reached in this order by one of its sides.
            const bool is_merge = plan_.nodes[node].kind == PlanKind::merge;
            const Guard guard =
                is_merge ? guards_->along(sources_.data(node)[reach.fired_by[node]]) : guards_->of(node);
            for (const Literal& literal : guard)
                if (!reach.known.contains({literal.node, literal.output})) taken.insert(literal);
        }
        for (const Literal& literal : taken) {
            order.if_taken.push_back(text_of(literal));
            order.contradicts = order.contradicts || taken.contains({literal.node, literal.output, !literal.side});
        }
    }

    std::string text_of(const Literal& literal) const {
        const PlanNode& by = plan_.nodes[literal.node];
        const std::string name = plan_name(graph_, request_, plan_, by);
        if (by.kind == PlanKind::merge) return name + " is reached";
        return fmt::format("{} is {}", name, literal.side ? "true" : "false");
    }

    const Graph& graph_;
    const runtime::RunRequest& request_;
    const Plan& plan_;
    const Pause& pause_;
    StorageTable storages_;
    Sources sources_;
    std::optional<Guards> guards_;
    std::vector<std::int32_t> storage_of_;    ///< by node, of those that make variables
    std::vector<std::vector<NodeId>> writes_; ///< by storage
    std::vector<Use> reads_;
    std::vector<Found> found_;
    std::optional<Reach> works_;
    OrderReport report_;
};

} // namespace

OrderReport explore_orders(const Graph& graph, const runtime::RunRequest& request, const Plan& plan,
                           const std::function<bool(const Variable&)>& is_initialized, const Pause& pause) {
    return Explorer(graph, request, plan, is_initialized, pause).explore();
}

} // namespace rnnscope::debug
