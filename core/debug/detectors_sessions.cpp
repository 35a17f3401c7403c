#include "core/debug/detectors.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::debug {

using record::RecordedRun;

StatementId outside_of_loops(const Facts& facts, StatementId statement, const std::string& session) {
    const program::Program& program = facts.program();
    StatementId best = statement;
    for (StatementId at = statement; at.valid(); at = program.statement(at).parent) {
        if (assigned_name(program.statement(at)) == session) break;
        const StatementId parent = program.statement(at).parent;
        if (!parent.valid()) break;
        const program::Statement& around = program.statement(parent);
        const auto* loop = std::get_if<program::ForStatement>(&around.node);
        if (!loop && !std::holds_alternative<program::IfStatement>(around.node)) break;
        const bool opens_session = std::ranges::any_of(program.statements, [&](const program::Statement& inner) {
            return inner.parent == parent && assigned_name(inner) == session;
        });
        if (opens_session) break;
        if (loop) best = parent; // a branch is left only together with a loop around it
    }
    return best;
}

std::vector<Facts::InitRun> earlier_init_runs(const ReadCase& read) {
    return read.facts.init_runs(read.run.info.session, read.start());
}

std::string session_of(const ReadCase& read) {
    const program::Statement& statement = read.facts.program().statement(read.statement());
    if (const auto call = run_call(statement)) return call->session;
    // saver.save(sess, path)
    for (const Call& call : calls_of(statement)) {
        if (!call.name.ends_with(".save") && !call.name.ends_with(".restore")) continue;
        const program::Expr* session = argument(*call.call, "sess", 0);
        const auto* name = session ? std::get_if<program::NameExpr>(&session->node) : nullptr;
        if (name) return name->name;
    }
    return read.facts.session_name(read.run.info.session);
}

namespace {

/// Of an imported GraphDef: no function that makes an initializer knows of the variable.
bool is_in_no_collection(const ReadCase& read, const UninitializedRead& other) {
    return other.variable.valid() && read.graph().collections_of(other.variable).empty();
}

/// A NoOp of the graph that waits for the initializers of all variables that the run misses, and for nothing else than
/// initializers.
NodeId group_of_initializers(const ReadCase& read) {
    const Graph& graph = read.graph();
    std::vector<bool> initializes(graph.size(), false);
    for (const Variable& variable : graph.variables())
        if (variable.initializer.valid()) initializes[variable.initializer.index()] = true;
    for (const Node& node : graph.nodes()) {
        if (node.op != "NoOp" || node.control_inputs.empty()) continue;
        const bool groups =
            std::ranges::all_of(node.control_inputs, [&](NodeId waited) { return initializes[waited.index()]; });
        const bool covers = std::ranges::all_of(read.all, [&](const UninitializedRead& other) {
            const NodeId initializer = graph.variable(other.variable).initializer;
            return std::ranges::find(node.control_inputs, initializer) != node.control_inputs.end();
        });
        if (groups && covers) return node.id;
    }
    return {};
}

/// What an imported graph has to set the variables that the run misses: its initializer, or the assignments one by one.
/// JSON text of a fetch, and how to call it; nothing where the program's own initializers do.
std::optional<std::pair<std::string, std::string>> imported_initializer(const ReadCase& read) {
    std::vector<std::string> assigns;
    for (const UninitializedRead& other : read.all) {
        if (!is_in_no_collection(read, other)) return std::nullopt;
        const NodeId initializer = read.graph().variable(other.variable).initializer;
        if (!initializer.valid()) return std::nullopt;
        assigns.push_back(read.graph().node(initializer).name);
    }
    if (assigns.empty()) return std::nullopt;
    if (const NodeId group = group_of_initializers(read); group.valid()) {
        const std::string& name = read.graph().node(group).name;
        return std::pair(json_string(name), fmt::format("the imported op {}", name));
    }
    std::string list;
    for (const std::string& name : assigns) list += (list.empty() ? "" : ", ") + json_string(name);
    return std::pair(fmt::format("[{}]", list), "the imported initializers");
}

} // namespace

std::optional<Fix> run_initializer(const ReadCase& read, InitOp::Kind kind) {
    const Facts& facts = read.facts;
    const StatementId place = outside_of_loops(facts, read.statement(), session_of(read));
    if (const auto imported = imported_initializer(read))
        return run_before(facts, place, session_of(read), imported->first,
                          fmt::format("Run {} before {}", imported->second, facts.line_text(place)));
    for (const InitOp& op : facts.init_ops()) {
        if (!op.is_named || op.graph != read.graph().id() || op.kind != kind) continue;
        const bool at_top = !facts.program().statement(op.statement).parent.valid();
        const bool covers_all = std::ranges::all_of(read.all, [&](const UninitializedRead& other) {
            return other.variable.valid() && op.sets(other.variable);
        });
        const bool is_earlier = op.statement < place && op.node.index() < read.run.info.graph_nodes;
        if (at_top && covers_all && is_earlier)
            return run_before(facts, place, session_of(read), json_string("$" + op.name),
                              fmt::format("Run {} before {}", op.name, facts.line_text(place)));
    }
    const std::string_view function =
        kind == InitOp::Kind::local ? "local_variables_initializer" : "global_variables_initializer";
    return run_before(facts, place, session_of(read), fmt::format(R"({{"call": "{}"}})", function),
                      fmt::format("Run tf.{}() before {}", function, facts.line_text(place)));
}

// --- sessions and graphs --------------------------------------------------------------------------------------------

std::optional<Finding> wrong_session(const ReadCase& read) {
    const Variable* variable = read.variable();
    if (!variable || !earlier_init_runs(read).empty()) return std::nullopt;
    const record::Recording& recording = read.facts.recording();
    for (std::size_t i = 0; i < recording.sessions(); ++i) {
        const SessionId other(i);
        if (other == read.run.info.session || recording.graph_of(other) != read.graph().id()) continue;
        const std::string storage = record::storage_name(read.graph(), *variable);
        if (!recording.value_at(other, storage, read.start())) continue;
        const std::string here = session_of(read), there = read.facts.session_name(other);
        Finding finding;
        finding.summary =
            fmt::format("{} has a value in the session {}; {} is another session, and it has its own, empty "
                        "variables.",
                        short_name(variable->name), there, here == there ? "this" : here);
        for (const Facts::InitRun& run : read.facts.init_runs(other, read.start()))
            finding.evidence.push_back({fmt::format("{} ran in the session {}.", run.op->name, there),
                                        read.facts.statement_of_run(*run.run), run.op->node});
        finding.fix_at = read.statement();
        const auto call = run_call(read.facts.program().statement(read.statement()));
        if (call && here != there && !there.empty())
            offer(finding, replace_value(read.facts, read.statement(), call->call.expr->where.pointer + "/call",
                                         json_string(fmt::format("${}.run", there)),
                                         fmt::format("Run it in the session {}", there)));
        offer(finding, run_initializer(read));
        return finding;
    }
    return std::nullopt;
}

std::optional<Finding> wrong_graph(const ReadCase& read) {
    if (!earlier_init_runs(read).empty()) return std::nullopt;
    for (const RecordedRun& run : read.facts.recording().runs()) {
        if (run.first_tick >= read.run.first_tick || run.info.graph == read.run.info.graph) continue;
        const auto ops = read.facts.init_ops_of(run);
        if (ops.empty()) continue;
        Finding finding;
        finding.summary = fmt::format("{} belongs to another graph than {}, so running it sets nothing in this one.",
                                      ops[0]->name, short_name(read.read.variable_name));
        finding.evidence.push_back(
            {fmt::format("{} was built at {} and sets {} of that graph.", ops[0]->name,
                         read.facts.line_text(ops[0]->statement), counted(ops[0]->covers.size(), "variable")),
             ops[0]->statement,
             {}});
        finding.fix_at = ops[0]->statement;
        offer(finding, run_initializer(read));
        return finding;
    }
    return std::nullopt;
}

std::optional<Finding> partial_restore(const ReadCase& read) {
    const record::Recording& recording = read.facts.recording();
    std::size_t restored = 0;
    StatementId at;
    for (const Variable& variable : read.graph().variables()) {
        const auto history = recording.history(read.run.info.session, record::storage_name(read.graph(), variable));
        const auto entry = std::ranges::find(history, record::InitState::restored, &record::HistoryEntry::state);
        if (entry == history.end() || entry->tick >= read.run.first_tick) continue;
        ++restored;
        at = entry->run.valid() ? read.facts.statement_of_run(recording.run(entry->run))
                                : recording.step(recording.tick(entry->tick).step).step.statement;
    }
    if (restored == 0 || !earlier_init_runs(read).empty()) return std::nullopt;
    Finding finding;
    finding.summary =
        fmt::format("The restore at {} set {} of {} variables; {} was not among them.", read.facts.line_text(at),
                    restored, read.graph().variables().size(), short_name(read.read.variable_name));
    finding.evidence.push_back(
        {fmt::format("{} {} restored.", counted(restored, "variable"), restored == 1 ? "was" : "were"), at, {}});
    finding.fix_at = at;
    // Before the restore, so that what was restored stays.
    offer(finding, run_before(read.facts, at, session_of(read), R"({"call": "global_variables_initializer"})",
                              fmt::format("Initialize before the restore at {}", read.facts.line_text(at))));
    return finding;
}

std::optional<Finding> collections_lost(const ReadCase& read) {
    const auto runs = earlier_init_runs(read);
    if (runs.empty() || !is_in_no_collection(read, read.read)) return std::nullopt;
    const Variable& variable = *read.variable();
    const StatementId imported = read.facts.created_at(read.graph().id(), variable);
    if (!imported.valid() || !find_call(read.facts.program().statement(imported), "import_graph_def"))
        return std::nullopt;
    Finding finding;
    finding.summary =
        fmt::format("The graph was imported at {} without its collections, so {} covers {}.",
                    read.facts.line_text(imported), runs[0].op->name, counted(runs[0].op->covers.size(), "variable"));
    finding.evidence.push_back(
        {fmt::format("{} is a node of the graph and in no collection.", variable.name), imported, variable.op});
    finding.evidence.push_back({fmt::format("{} sets what is in the collection variables.", runs[0].op->name),
                                runs[0].op->statement, runs[0].op->node});
    finding.fix_at = read.facts.statement_of_run(*runs[0].run);
    offer(finding, run_initializer(read));
    return finding;
}

} // namespace rnnscope::debug
