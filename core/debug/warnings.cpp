#include "core/debug/detectors.hpp"
#include "core/debug/diagnose.hpp"
#include "core/ops/op_def.hpp"
#include "core/runtime/plan.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

namespace rnnscope::debug {

namespace {

std::vector<std::string> names_of(const Graph& graph, const std::vector<VariableId>& ids) {
    std::vector<std::string> names;
    for (const VariableId id : ids) names.push_back(graph.variable(id).name);
    return names;
}

/// Several layers of a MultiRNNCell that are one cell object, and that could be built: nothing fails.
void shared_weights(const Facts& facts, std::vector<Warning>& warnings) {
    if (facts.evaluation().evaluator().error()) return; // sharing is not silent here
    for (const SharedCell& shared : shared_cells(facts)) {
        std::vector<std::string> layers, variables;
        for (std::size_t i = 0; i < shared.layers; ++i) layers.push_back(fmt::format("cell_{}", i));
        for (std::size_t g = 0; g < facts.evaluation().evaluator().graph_count(); ++g)
            for (const Variable& variable : facts.graph(GraphId(g)).variables())
                if (variable.name.find("/cell_0/") != std::string::npos) variables.push_back(variable.name);
        if (variables.empty()) continue; // it was never built
        warnings.push_back({"shared-weights",
                            fmt::format("{} are one cell object and share one set of weights.", joined(layers)),
                            shared.statement, std::move(variables)});
    }
}

/// A bidirectional network whose two directions are one cell object. Before 1.2 TensorFlow refused it.
void shared_directions(const Facts& facts, std::vector<Warning>& warnings) {
    if (facts.evaluation().evaluator().error()) return;
    const program::Program& program = facts.program();
    for (const program::Statement& statement : program.statements)
        for (const Call& call : calls_of(statement)) {
            if (call.name.find("bidirectional") == std::string::npos || !call.name.ends_with("_rnn")) continue;
            const program::Expr* forward = argument(*call.call, "cell_fw", 0);
            const program::Expr* backward = argument(*call.call, "cell_bw", 1);
            if (!forward || !backward) continue;
            // A call makes an object of its own each time; names that lead to one assignment are one object.
            const auto* one = std::get_if<program::NameExpr>(&forward->node);
            const auto* other = std::get_if<program::NameExpr>(&backward->node);
            const bool is_one = one && other &&
                                (one->name == other->name ||
                                 resolve(program, *forward, statement.id) == resolve(program, *backward, statement.id));
            std::vector<std::string> variables;
            for (std::size_t g = 0; g < facts.evaluation().evaluator().graph_count() && is_one; ++g)
                for (const Variable& variable : facts.graph(GraphId(g)).variables())
                    if (facts.created_at(GraphId(g), variable) == statement.id) variables.push_back(variable.name);
            if (variables.empty()) continue;
            warnings.push_back({"shared-weights",
                                "fw and bw are one cell object and share one set of weights: both directions use the "
                                "same kernels.",
                                statement.id, std::move(variables)});
        }
}

/// "rnn_1/kernel" has the numbered scope "rnn_1" of "rnn", which was made again.
struct Numbered {
    std::string scope, original; ///< paths
    std::string twin;            ///< the name without the number
};

std::optional<Numbered> numbered_scope(const std::string& name) {
    for (std::size_t end = name.find('/'); end != std::string::npos; end = name.find('/', end + 1)) {
        std::size_t digits = end;
        while (digits > 0 && std::isdigit(static_cast<unsigned char>(name[digits - 1]))) --digits;
        if (digits < end && digits > 1 && name[digits - 1] == '_')
            return Numbered{name.substr(0, end), name.substr(0, digits - 1),
                            name.substr(0, digits - 1) + name.substr(end)};
    }
    return std::nullopt;
}

/// Does what is computed with `copy` depend on `original`? Then the two are layers of one network, not two networks.
bool is_stacked_on(const Graph& graph, const Variable& copy, const Variable& original) {
    std::vector<bool> behind(graph.size());
    std::vector<NodeId> to_visit{original.op};
    while (!to_visit.empty()) {
        const NodeId at = to_visit.back();
        to_visit.pop_back();
        for (const NodeId next : graph.consumers(at))
            if (!behind[next.index()]) {
                behind[next.index()] = true;
                to_visit.push_back(next);
            }
    }
    for (const NodeId reader : graph.consumers(copy.op)) {
        if (reader == copy.initializer) continue;
        for (const NodeId user : graph.consumers(reader)) {
            // An Enter hands a weight into a loop; what uses it there is one step further.
            const bool is_enter = graph.node(user).op == "Enter";
            if (!is_enter && behind[user.index()]) return true;
            for (const NodeId inside : graph.consumers(user))
                if (is_enter && behind[inside.index()]) return true;
        }
    }
    return false;
}

void duplicate_copies(const Facts& facts, const Graph& graph, std::vector<Warning>& warnings) {
    std::map<std::string, Warning> copies; // by scope of the copy
    for (const Variable& variable : graph.variables()) {
        const auto numbered = numbered_scope(variable.name);
        if (!numbered) continue;
        const auto twin = std::ranges::find(graph.variables(), numbered->twin, &Variable::name);
        if (twin == graph.variables().end() || !(twin->shape == variable.shape) || twin->dtype != variable.dtype)
            continue;
        const auto known = copies.find(numbered->scope);
        if (known == copies.end() && is_stacked_on(graph, variable, *twin)) continue;
        Warning& warning = copies[numbered->scope];
        if (!warning.statement.valid()) warning.statement = facts.created_at(graph.id(), variable);
        warning.code = "duplicate-copy";
        warning.variables.push_back(variable.name);
        warning.summary = fmt::format("{} is a second copy of {}: {} of its own, not shared.", numbered->scope,
                                      numbered->original, counted(warning.variables.size(), "variable"));
    }
    for (auto& [scope, warning] : copies) warnings.push_back(std::move(warning));
}

/// A filter that was meant as a scope and took variables beside it, which lost their values.
void too_wide_filters(const Facts& facts, std::vector<Warning>& warnings) {
    for (const record::RecordedRun& run : facts.recording().runs())
        for (const InitOp* op : facts.init_ops_of(run)) {
            const auto filter = facts.filter_of(*op);
            if (!filter || !filter->literal) continue;
            const Graph& graph = facts.graph(op->graph);
            std::vector<VariableId> beside;
            for (const VariableId id : op->covers) {
                const std::string& name = graph.variable(id).name;
                const bool inside =
                    name.starts_with(filter->scope + "/") || name == filter->scope || filter->scope.ends_with('/');
                const auto history =
                    facts.recording().history(run.info.session, record::storage_name(graph, graph.variable(id)));
                const bool lost = std::ranges::any_of(history, [&](const record::HistoryEntry& entry) {
                    return entry.run == run.info.id && entry.state == record::InitState::updated &&
                           entry.kind == record::HistoryEntry::Kind::write;
                });
                if (!inside && name.starts_with(filter->scope) && lost) beside.push_back(id);
            }
            if (beside.empty() || beside.size() == op->covers.size()) continue;
            const auto names = names_of(graph, beside);
            warnings.push_back({"scope-prefix-too-wide",
                                fmt::format("The filter \"{}\" also takes {}, which had values and lost them.",
                                            filter->scope, joined(names)),
                                op->statement, names});
        }
}

/// A value that came from a checkpoint and was overwritten by the variable's own initializer.
void init_after_restore(const Facts& facts, std::vector<Warning>& warnings) {
    const record::Recording& recording = facts.recording();
    for (std::size_t s = 0; s < recording.sessions(); ++s) {
        const Graph& graph = facts.graph(recording.graph_of(SessionId(s)));
        std::map<std::pair<RunId, RunId>, std::vector<std::string>> lost; // by run that restored and run that overwrote
        for (const Variable& variable : graph.variables()) {
            RunId restored;
            for (const record::HistoryEntry& entry :
                 recording.history(SessionId(s), record::storage_name(graph, variable))) {
                if (entry.kind != record::HistoryEntry::Kind::write) continue;
                if (entry.state == record::InitState::restored)
                    restored = entry.run;
                else if (restored.valid() && entry.node == variable.initializer)
                    lost[{std::exchange(restored, RunId()), entry.run}].push_back(variable.name);
            }
        }
        for (auto& [runs, names] : lost) {
            const StatementId restore = facts.statement_of_run(recording.run(runs.first));
            const StatementId init = facts.statement_of_run(recording.run(runs.second));
            warnings.push_back({"init-after-restore",
                                fmt::format("Restored at {}, overwritten by the initializer at {}. {} lost {} weights.",
                                            facts.line_text(restore), facts.line_text(init),
                                            counted(names.size(), "variable"), names.size() == 1 ? "its" : "their"),
                                init, std::move(names)});
        }
    }
}

bool cannot_run(std::string_view op) {
    const ops::OpDef* def = ops::find_op(op);
    return def == nullptr || def->kernel == nullptr;
}

/// Runs that need an op which rnnscope shows but cannot compute. A run that comes that far fails there.
void missing_kernels(const Facts& facts, std::vector<Warning>& warnings) {
    for (std::size_t g = 0; g < facts.evaluation().evaluator().graph_count(); ++g) {
        const Graph& graph = facts.graph(GraphId(g));
        // Plans are made only where a graph has such ops at all.
        if (std::ranges::none_of(graph.nodes(), [](const Node& node) { return cannot_run(node.op); })) continue;
        for (const record::RecordedRun& run : facts.recording().runs()) {
            if (run.info.graph != graph.id()) continue;
            const auto plan = runtime::make_plan(graph, run.info.request);
            if (!plan) continue;
            std::vector<std::string> nodes, types;
            for (const runtime::PlanNode& node : plan->nodes) {
                if (node.kind != runtime::PlanKind::plain || node.node == nullptr || !cannot_run(node.node->op))
                    continue;
                nodes.push_back(node.node->name);
                if (std::ranges::find(types, node.node->op) == types.end()) types.push_back(node.node->op);
            }
            if (nodes.empty()) continue;
            warnings.push_back({"no-kernel",
                                fmt::format("The run needs {} of {}, which rnnscope shows but cannot compute.",
                                            counted(nodes.size(), "node"), joined(types)),
                                facts.statement_of_run(run), std::move(nodes)});
        }
    }
}

} // namespace

std::vector<Warning> find_warnings(const Evaluation& evaluation) {
    const Facts facts(evaluation);
    std::vector<Warning> warnings;
    shared_weights(facts, warnings);
    shared_directions(facts, warnings);
    for (std::size_t i = 0; i < evaluation.evaluator().graph_count(); ++i)
        duplicate_copies(facts, facts.graph(GraphId(i)), warnings);
    too_wide_filters(facts, warnings);
    init_after_restore(facts, warnings);
    missing_kernels(facts, warnings);
    several_devices(facts, warnings);
    return warnings;
}

} // namespace rnnscope::debug
