#include "core/debug/detectors.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::debug {

using record::RecordedRun;

namespace {

/// Where a run is to be added so that it happens once: outside of the loops around the failure, as far as the session
/// is known there.
StatementId outside_of_loops(const Facts& facts, StatementId statement, const std::string& session) {
    const program::Program& program = facts.program();
    StatementId best = statement;
    for (StatementId at = statement; at.valid(); at = program.statement(at).parent) {
        if (assigned_name(program.statement(at)) == session) break;
        const StatementId parent = program.statement(at).parent;
        if (!parent.valid()) break;
        const auto* loop = std::get_if<program::ForStatement>(&program.statement(parent).node);
        if (!loop) break;
        const bool opens_session = std::ranges::any_of(
            loop->body, [&](StatementId inner) { return assigned_name(program.statement(inner)) == session; });
        if (opens_session) break;
        best = parent;
    }
    return best;
}

} // namespace

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

std::optional<Fix> run_initializer(const ReadCase& read, InitOp::Kind kind) {
    const Facts& facts = read.facts;
    const StatementId place = outside_of_loops(facts, read.statement(), session_of(read));
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
    finding.evidence.push_back({fmt::format("{} was restored.", counted(restored, "variable")), at, {}});
    finding.fix_at = at;
    // Before the restore, so that what was restored stays.
    offer(finding, run_before(read.facts, at, session_of(read), R"({"call": "global_variables_initializer"})",
                              fmt::format("Initialize before the restore at {}", read.facts.line_text(at))));
    return finding;
}

std::optional<Finding> collections_lost(const ReadCase& read) {
    if (read.variable()) return std::nullopt; // the graph knows its tf.Variable: it was not imported bare
    const auto runs = earlier_init_runs(read);
    if (runs.empty()) return std::nullopt;
    Finding finding;
    finding.summary = fmt::format("The graph was imported without its collections, so {} covers {}.", runs[0].op->name,
                                  counted(runs[0].op->covers.size(), "variable"));
    finding.evidence.push_back({fmt::format("{} is a node of the graph and in no collection.", read.read.variable_name),
                                runs[0].op->statement, read.read.node});
    finding.fix_at = runs[0].op->statement;
    const std::string assign = read.read.variable_name + "/Assign";
    if (read.graph().find(assign).valid())
        offer(finding, run_before(read.facts, read.statement(), session_of(read), json_string(assign),
                                  fmt::format("Run {} before {}", assign, read.facts.line_text(read.statement()))));
    return finding;
}

} // namespace rnnscope::debug
