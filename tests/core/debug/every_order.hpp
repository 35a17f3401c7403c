#pragma once

// Random runs of small graphs, and what each order of their ops would do, found by trying all of them.

#include "core/debug/order.hpp"
#include "core/graph/graph.hpp"
#include "core/runtime/executor.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace rnnscope::debug {

/// A random graph of variables, reads, writes, sums, conds and control edges, and a run of it.
class RandomRun {
  public:
    RandomRun(std::uint32_t seed, bool has_branches) : random_(seed), has_branches_(has_branches) {
        const int variables = 1 + pick(3);
        for (int i = 0; i < variables; ++i) add_variable();
        const int ops = 5 + pick(has_branches ? 4 : 6);
        for (int i = 0; i < ops; ++i) add_op();
        for (const Node& node : graph.nodes())
            if (graph.consumers(node.id).empty() && pick(8) > 0) wanted_.push_back(node.id);
        for (const NodeId id : wanted_)
            if (graph.node(id).outputs.empty() || graph.node(id).op == "VarHandleOp" || pick(3) > 0)
                request.targets.push_back(id);
            else
                request.fetches.push_back({id, 0});
    }

    Graph graph;
    runtime::RunRequest request;
    std::set<NodeId> initialized; ///< before the run

  private:
    int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
    template <class T> T& one_of(std::vector<T>& from) {
        return from[static_cast<std::size_t>(pick(static_cast<int>(from.size())))];
    }

    NodeId add(std::string op, std::vector<Output> inputs, std::vector<OutputInfo> outputs) {
        Node node;
        node.name = fmt::format("{}{}", op, graph.size());
        node.op = std::move(op);
        node.inputs = std::move(inputs);
        node.outputs = std::move(outputs);
        // Merges do not get control inputs here: they are about which data comes first.
        if (node.op != "Merge" && node.op != "VariableV2" && node.op != "VarHandleOp" && pick(4) == 0)
            node.control_inputs.push_back(NodeId(static_cast<std::size_t>(pick(static_cast<int>(graph.size())))));
        return graph.append(std::move(node));
    }

    void add_variable() {
        const bool is_resource = pick(2) == 0;
        const OutputInfo info{is_resource ? DType::resource : DType::float32, !is_resource, Shape{}};
        const NodeId id = add(is_resource ? "VarHandleOp" : "VariableV2", {}, {info});
        (is_resource ? handles_ : references_).push_back({id, 0});
        if (pick(4) == 0) initialized.insert(id);
        if (values_.empty()) values_.push_back({add("Const", {}, {value_}), 0});
    }

    void add_op() {
        const int kind = pick(has_branches_ ? 10 : 8);
        if (kind <= 2) {
            if (const Output read = read_something(); read.valid()) values_.push_back(read);
        } else if (kind <= 4) {
            write_something();
        } else if (kind <= 6) {
            std::vector<Output> inputs{one_of(values_), one_of(values_)};
            if (!references_.empty() && pick(3) == 0) inputs[0] = one_of(references_);
            if (!references_.empty() && pick(3) == 0) inputs[1] = one_of(references_);
            values_.push_back({add("Add", inputs, {value_}), 0});
        } else if (kind == 7) {
            values_.push_back({add("Const", {}, {value_}), 0});
        } else {
            add_cond();
        }
    }

    Output read_something() {
        if (!handles_.empty() && (references_.empty() || pick(2) == 0))
            return {add("ReadVariableOp", {one_of(handles_)}, {value_}), 0};
        return {add("Identity", {one_of(references_)}, {value_}), 0};
    }

    void write_something() {
        if (!handles_.empty() && (references_.empty() || pick(2) == 0))
            add("AssignVariableOp", {one_of(handles_), one_of(values_)}, {});
        else
            references_.push_back({add("Assign", {one_of(references_), one_of(values_)}, {reference_}), 0});
    }

    /// As Variable(other.initialized_value()) has it, or with a predicate that only the run knows.
    void add_cond() {
        const bool asks = !references_.empty() && pick(2) == 0;
        const Output asked = asks ? one_of(references_) : Output();
        const Output predicate = asks ? Output{add("IsVariableInitialized", {asked}, {flag_}), 0}
                                      : Output{add("Placeholder", {}, {flag_}), 0};
        const NodeId other = add("Switch", {one_of(values_), predicate}, {value_, value_});
        Output yes;
        if (asks) {
            const NodeId both = add("RefSwitch", {asked, predicate}, {reference_, reference_});
            yes = pick(2) == 0 ? Output{add("Identity", {{both, 1}}, {value_}), 0}
                               : Output{add("Add", {{both, 1}, one_of(references_)}, {value_}), 0};
        } else {
            yes = {add("Add", {{other, 1}, references_.empty() ? one_of(values_) : one_of(references_)}, {value_}), 0};
        }
        values_.push_back({add("Merge", {{other, 0}, yes}, {value_, {DType::int32, false, Shape{}}}), 0});
    }

    std::mt19937 random_;
    bool has_branches_;
    std::vector<Output> references_, handles_, values_;
    std::vector<NodeId> wanted_;
    const OutputInfo value_{DType::float32, false, Shape{}}, reference_{DType::float32, true, Shape{}},
        flag_{DType::boolean, false, Shape{}};
};

/// Runs a graph in every order, as TensorFlow's executor would: values are dead or alive, and a read of a variable
/// without value ends the order.
class EveryOrder {
  public:
    struct Outcome {
        bool fails = false, works = false;
    };
    using Outcomes = std::map<std::pair<std::string, std::string>, Outcome>; ///< by op and variable

    explicit EveryOrder(const RandomRun& run) : run_(run) {
        std::vector<NodeId> to_visit = run.request.targets;
        std::set<NodeId> needed;
        for (const Output& fetch : run.request.fetches) to_visit.push_back(fetch.node);
        while (!to_visit.empty()) {
            const Node& node = run.graph.node(to_visit.back());
            to_visit.pop_back();
            if (!needed.insert(node.id).second) continue;
            for (const Output& input : node.inputs) to_visit.push_back(input.node);
            to_visit.insert(to_visit.end(), node.control_inputs.begin(), node.control_inputs.end());
        }
        for (const NodeId id : needed) {
            const Node& node = run.graph.node(id);
            place_[id] = ops_.size();
            ops_.push_back({node.name, node.op, node.inputs, node.control_inputs, {}, {}});
            Op& op = ops_.back();
            for (const Output& input : node.inputs)
                if (reads(node, input) && std::ranges::find(op.reads, variable(input)) == op.reads.end())
                    op.reads.push_back(variable(input));
            if (node.op.starts_with("Assign")) op.writes = variable(node.inputs[0]);
        }
        std::vector<Output> fetched;
        for (const Output& fetch : run.request.fetches) {
            if (std::ranges::find(fetched, fetch) != fetched.end()) continue;
            Op op{fmt::format("_retval_{}_0_{}", run.graph.node(fetch.node).name, fetched.size()),
                  "",
                  {fetch},
                  {},
                  {},
                  {}};
            if (run.graph.info(fetch).is_ref) op.reads.push_back(variable(fetch));
            ops_.push_back(std::move(op));
            fetched.push_back(fetch);
        }
    }

    Outcomes explore() {
        std::vector<std::size_t> unknown;
        for (std::size_t i = 0; i < ops_.size(); ++i) {
            if (ops_[i].type == "Placeholder") unknown.push_back(i);
            for (const NodeId read : ops_[i].reads)
                if (!run_.initialized.contains(read)) outcomes_[{ops_[i].name, run_.graph.node(read).name}];
        }
        for (std::size_t bits = 0; bits < (std::size_t{1} << unknown.size()); ++bits) {
            chosen_.clear();
            for (std::size_t i = 0; i < unknown.size(); ++i) chosen_[unknown[i]] = (bits >> i & 1U) != 0;
            seen_.clear();
            visit(std::string(ops_.size(), idle));
        }
        return outcomes_;
    }

    /// Is it the beginning of an order, up to its last op, at which it fails or not?
    bool is_order(const std::vector<std::string>& order, const std::string& fails_at) {
        chosen_.clear();
        std::string state(ops_.size(), idle);
        for (std::size_t i = 0; i < order.size(); ++i) {
            const auto op = std::ranges::find(ops_, order[i], &Op::name);
            const auto at = static_cast<std::size_t>(op - ops_.begin());
            if (op == ops_.end() || state[at] != idle || !is_ready(state, at) || is_dead(state, at)) return false;
            const NodeId missing = missing_of(state, at);
            const bool is_last = i + 1 == order.size();
            if (missing.valid()) return is_last && run_.graph.node(missing).name == fails_at;
            state[at] = result(state, at);
        }
        return fails_at.empty();
    }

  private:
    static constexpr char idle = '.', dead = 'd', live = 'f', live_true = 't';
    struct Op {
        std::string name, type;
        std::vector<Output> inputs;
        std::vector<NodeId> controls;
        std::vector<NodeId> reads; ///< variables, in the order of the inputs
        NodeId writes;
    };

    NodeId variable(Output output) const {
        const Node& node = run_.graph.node(output.node);
        if (node.op == "VariableV2" || node.op == "VarHandleOp") return node.id;
        return variable(node.inputs[0]); // Assign and RefSwitch hand on what they got
    }
    bool reads(const Node& node, Output input) const {
        if (node.op == "ReadVariableOp") return true;
        return run_.graph.info(input).is_ref && (node.op == "Identity" || node.op == "Add");
    }
    bool has_value(const std::string& state, NodeId variable) const {
        if (run_.initialized.contains(variable)) return true;
        for (std::size_t i = 0; i < ops_.size(); ++i)
            if (ops_[i].writes == variable && state[i] == live) return true;
        return false;
    }
    NodeId missing_of(const std::string& state, std::size_t at) const {
        for (const NodeId read : ops_[at].reads)
            if (!has_value(state, read)) return read;
        return {};
    }
    bool is_alive(const std::string& state, Output from) const {
        const std::size_t at = place_.at(from.node);
        if (state[at] == idle || state[at] == dead) return false;
        if (!ops_[at].type.ends_with("Switch")) return true;
        return (state[place_.at(ops_[at].inputs[1].node)] == live_true) == (from.index == 1);
    }
    bool has_run(const std::string& state, NodeId node) const { return state[place_.at(node)] != idle; }

    bool is_ready(const std::string& state, std::size_t at) const {
        const Op& op = ops_[at];
        const auto has = [&](const Output& input) { return has_run(state, input.node); };
        if (op.type == "Merge")
            return std::ranges::all_of(op.inputs, has) ||
                   std::ranges::any_of(op.inputs, [&](const Output& input) { return is_alive(state, input); });
        return std::ranges::all_of(op.inputs, has) &&
               std::ranges::all_of(op.controls, [&](NodeId control) { return has_run(state, control); });
    }
    bool is_dead(const std::string& state, std::size_t at) const {
        const Op& op = ops_[at];
        const auto alive = [&](const Output& input) { return is_alive(state, input); };
        if (op.type == "Merge") return std::ranges::none_of(op.inputs, alive);
        return !std::ranges::all_of(op.inputs, alive) ||
               std::ranges::any_of(op.controls, [&](NodeId control) { return state[place_.at(control)] == dead; });
    }
    char result(const std::string& state, std::size_t at) const {
        if (is_dead(state, at)) return dead;
        if (ops_[at].type == "IsVariableInitialized")
            return has_value(state, variable(ops_[at].inputs[0])) ? live_true : live;
        const auto chosen = chosen_.find(at);
        return chosen != chosen_.end() && chosen->second ? live_true : live;
    }

    void visit(const std::string& state) {
        if (!seen_.insert(state).second) return;
        for (std::size_t i = 0; i < ops_.size(); ++i) {
            if (state[i] != idle || !is_ready(state, i)) continue;
            if (!is_dead(state, i)) {
                if (const NodeId missing = missing_of(state, i); missing.valid()) {
                    outcomes_[{ops_[i].name, run_.graph.node(missing).name}].fails = true;
                    continue;
                }
                for (const NodeId read : ops_[i].reads)
                    if (!run_.initialized.contains(read))
                        outcomes_[{ops_[i].name, run_.graph.node(read).name}].works = true;
            }
            std::string next = state;
            next[i] = result(state, i);
            visit(next);
        }
    }

    const RandomRun& run_;
    std::vector<Op> ops_;
    std::map<NodeId, std::size_t> place_;
    std::map<std::size_t, bool> chosen_;
    std::set<std::string> seen_;
    Outcomes outcomes_;
};

} // namespace rnnscope::debug
