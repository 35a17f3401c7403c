// What is not ready for a run beside variables: tables without content, and models that a session manager waits for.

#include "core/debug/detectors.hpp"
#include "core/debug/text_match.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::debug {

using namespace program;

namespace {

/// The op that fills the table of a handle.
NodeId filler_of(const Graph& graph, NodeId table) {
    for (const NodeId consumer : graph.consumers(table)) {
        const std::string& op = graph.node(consumer).op;
        if (op.starts_with("LookupTableImport") || op.starts_with("InitializeTable")) return consumer;
    }
    return {};
}

/// Runs that made a node of the graph compute before the failure, in any session.
const record::RecordedRun* run_of(const Facts& facts, GraphId graph, NodeId node, std::uint64_t before) {
    for (const record::RecordedRun& run : facts.recording().runs())
        if (run.info.graph == graph && run.first_tick < before && !run.outcome.error &&
            !facts.recording().events_of(run.info.id, node).empty())
            return &run;
    return nullptr;
}

/// Variables of the list in the message "Variables not initialized: a, b".
std::vector<VariableId> variables_in(const std::string& message, const Graph& graph) {
    std::vector<VariableId> found;
    const auto match = first_match(message, "Variables not initialized: (.*)$");
    if (!match) return found;
    for (const TextMatch& name : all_matches(match->str(1), "[^, ]+"))
        if (const Variable* variable = graph.variable_of(graph.find(name.str(0)))) found.push_back(variable->id);
    return found;
}

/// Takes the variable out of the collection that the manager waits for; not where the program says itself in which
/// collections it is.
std::optional<Fix> make_local(const Facts& facts, const Variable& variable, StatementId made) {
    if (!made.valid()) return std::nullopt;
    for (const Call& call : calls_of(facts.program().statement(made))) {
        if (call.name != "Variable" && call.name != "get_variable") continue;
        const std::size_t position = call.name == "Variable" ? 2 : 6;
        if (argument(*call.call, "collections", position)) return std::nullopt;
        return set_argument(facts, made, call, "collections", position, R"(["$tf.GraphKeys.LOCAL_VARIABLES"])",
                            fmt::format("Make {} a local variable", short_name(variable.name)));
    }
    return std::nullopt;
}

/// Initializers that ran in the session and do not set the variable.
std::vector<const InitOp*> inits_without(const Facts& facts, SessionId session, VariableId variable) {
    std::vector<const InitOp*> found;
    for (const record::RecordedRun& run : facts.recording().runs()) {
        if (run.info.session != session) continue;
        for (const InitOp* op : facts.init_ops_of(run))
            if (!op->sets(variable) && std::ranges::find(found, op) == found.end()) found.push_back(op);
    }
    return found;
}

} // namespace

std::optional<Finding> table_not_initialized(const FailureCase& failure) {
    const ProgramError& error = failure.error();
    if (!error.message.starts_with("Table not initialized") || !error.node.valid()) return std::nullopt;
    const Facts& facts = failure.facts;
    const Graph& graph = facts.graph(failure.graph());
    const Node& lookup = graph.node(error.node);
    const NodeId table = lookup.inputs.empty() ? NodeId() : lookup.inputs[0].node;
    if (!table.valid()) return std::nullopt;
    const auto& evaluator = facts.evaluation().evaluator();
    Finding finding;
    finding.summary = fmt::format("The table {} has no content: tables have an initializer of their own, and it was "
                                  "not run.",
                                  graph.node(table).name);
    const StatementId made = evaluator.statement_of(graph.node(table));
    const NodeId filler = filler_of(graph, table);
    if (filler.valid()) {
        finding.evidence.push_back({fmt::format("{} would fill it.", graph.node(filler).name), made, filler});
        const std::uint64_t before = facts.recording().run(error.run).first_tick;
        if (const auto* run = run_of(facts, graph.id(), filler, before))
            finding.evidence.push_back(
                {fmt::format("It was filled in another session, at {}.", facts.line_text(facts.statement_of_run(*run))),
                 facts.statement_of_run(*run),
                 {}});
    }
    finding.evidence.push_back({fmt::format("{} asks it.", lookup.name), evaluator.statement_of(lookup), lookup.id});
    finding.fix_at = error.statement;
    const auto run = run_call(failure.statement());
    const std::string session = run ? run->session : facts.session_name(facts.recording().run(error.run).info.session);
    const StatementId place = outside_of_loops(facts, error.statement, session);
    offer(finding, run_before(facts, place, session, R"({"call": "tables_initializer"})",
                              fmt::format("Run tf.tables_initializer() before {}", facts.line_text(place))));
    return finding;
}

std::optional<Finding> model_not_ready(const FailureCase& failure) {
    const std::string& message = failure.error().message;
    const bool applies = has_match(failure.error().text, "Init operations did not make model ready|"
                                                         "wait_for_session would wait for ever|"
                                                         "Session was not ready after waiting");
    const Facts& facts = failure.facts;
    const std::size_t sessions = facts.recording().sessions();
    if (!applies || sessions == 0) return std::nullopt;
    const SessionId session(sessions - 1); // the manager opened it
    const Graph& graph = facts.graph(facts.recording().graph_of(session));
    Finding finding;
    finding.fix_at = failure.error().statement;
    const std::vector<VariableId> missing = variables_in(failure.error().text, graph);
    if (missing.empty()) {
        finding.summary =
            "The session manager waits until all variables have a value, and nothing in this session sets "
            "them.";
        finding.evidence.push_back({message, failure.error().statement, {}});
        return finding;
    }
    const Variable& first = graph.variable(missing[0]);
    finding.summary = fmt::format("The session manager waits until every variable that it was told of has a value; {} "
                                  "has none, and no op that it runs sets {}.",
                                  missing.size() == 1 ? short_name(first.name) : counted(missing.size(), "variable"),
                                  missing.size() == 1 ? "it" : "them");
    for (const VariableId id : missing) {
        const Variable& variable = graph.variable(id);
        finding.evidence.push_back({fmt::format("{} is in {}.", variable.name, joined(graph.collections_of(id))),
                                    facts.created_at(graph.id(), variable), variable.op});
    }
    const std::vector<const InitOp*> inits = inits_without(facts, session, first.id);
    for (const InitOp* op : inits)
        if (op->kind != InitOp::Kind::local)
            finding.evidence.push_back({fmt::format("{} sets {} and not {}.", op->name,
                                                    counted(op->covers.size(), "variable"), short_name(first.name)),
                                        op->statement, op->node});
    const StatementId made = facts.created_at(graph.id(), first);
    // What no other process needs is not what the others wait for.
    if (missing.size() == 1 && !first.trainable) offer(finding, make_local(facts, first, made));
    for (const InitOp* op : inits)
        if (op->kind == InitOp::Kind::list)
            offer(finding, replace_value(facts, op->statement, op->call->where.pointer, whole_initializer(facts, *op),
                                         "Initialize all variables"));
    if (!finding.fixes.empty()) finding.fix_at = finding.fixes[0].changed;
    return finding;
}

} // namespace rnnscope::debug
