#include "core/debug/session_commands.hpp"

#include "core/debug/program_facts.hpp"
#include "core/program/session_statements.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rnnscope::debug {
namespace {

using Json = nlohmann::ordered_json;
using program::SessionStatements;

/// Where statements that use a session go: its name, and the JSON Pointer of the end of its block.
struct Place {
    std::string session = "sess", end = "/program/-";
    bool is_new = true; ///< the program has no session yet
};

bool makes_session(const program::Expr& expr) {
    const auto* call = std::get_if<program::CallExpr>(&expr.node);
    return call != nullptr && dotted_name(*call->callee) == "tf.Session";
}

/// The last session of the program's top level: `sess = tf.Session()`, or `with tf.Session() as sess:`.
Place find_place(const program::Program& program) {
    Place place;
    for (const StatementId id : program.body) {
        const program::Statement& statement = program.statement(id);
        if (const auto* assign = std::get_if<program::AssignStatement>(&statement.node))
            if (assign->targets.size() == 1 && makes_session(*assign->value))
                place = {assign->targets[0], "/program/-", false};
        if (const auto* with = std::get_if<program::WithStatement>(&statement.node))
            for (const auto& item : with->items)
                if (!item.as.empty() && makes_session(*item.manager))
                    place = {item.as, statement.where.pointer + "/body/-", false};
    }
    return place;
}

SessionStatements statements_for(const Debugger& debugger, const Place& place) {
    static const Graph empty;
    const Graph* graph = debugger.graph();
    return {graph != nullptr ? *graph : empty, place.session, debugger.program().directory, debugger.program().file};
}

Json adding(const std::string& path, Json value) {
    return {{"op", "add"}, {"path", path}, {"value", std::move(value)}};
}

Result<std::string> add_statement(Debugger& debugger, const Place& place, const std::optional<std::string>& statement,
                                  const Diagnostics& problems, std::string label) {
    if (!problems.empty()) return Error{problems.front().code, to_text(problems)};
    if (!statement) return Error{"command.argument", "there is nothing to run"};
    Json patch = Json::array();
    if (place.is_new) patch.push_back(adding(place.end, {{"let", place.session}, {"call", "Session"}}));
    patch.push_back(adding(place.end, Json::parse(*statement)));
    if (const Status edited = debugger.edit(patch.dump(), std::move(label)); !edited.ok()) return edited.error();
    return std::string();
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (true) {
        const std::size_t start = text.find_first_not_of(" \t,");
        if (start == std::string_view::npos) return words;
        text.remove_prefix(start);
        const std::size_t end = std::min(text.find_first_of(" \t,"), text.size());
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

std::string escaped_key(std::string_view key) {
    std::string text;
    for (const char c : key) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    return text;
}

} // namespace

std::optional<std::string> cannot_add_statements(const Debugger& debugger) {
    if (!debugger.is_open()) return "No program is open.";
    if (debugger.busy()) return "The program is running.";
    const bool is_over = debugger.at_end() || debugger.evaluator().done() || debugger.evaluator().error();
    if (!is_over) return "Statements are added at the end: run the program to it first.";
    if (debugger.graph() == nullptr || debugger.graph()->size() == 0) return "The program has no graph.";
    return std::nullopt;
}

Result<std::string> run_names(Debugger& debugger, std::string_view names) {
    const Place place = find_place(debugger.program());
    SessionStatements statements = statements_for(debugger, place);
    std::vector<std::string> fetches, targets;
    for (std::string& name : words_of(names)) {
        const NodeId node = debugger.graph()->find(name);
        const bool is_operation = node.valid() && debugger.graph()->node(node).outputs.empty();
        (is_operation ? targets : fetches).push_back(std::move(name));
    }
    const auto statement = statements.run(fetches, targets, {});
    return add_statement(debugger, place, statement, statements.problems(), fmt::format("Run {}", names));
}

Result<std::string> feed_last_run(Debugger& debugger, std::string_view feed) {
    const program::Program& program = debugger.program();
    std::optional<RunCall> last;
    for (const program::Statement& statement : program.statements)
        if (auto call = run_call(statement)) last = std::move(call);
    if (!last) return Error{"command.argument", "the program has no run that could be fed: add one with session.run"};
    SessionStatements statements = statements_for(debugger, find_place(program));
    const auto entry = statements.feed(std::string(feed));
    if (!entry) return Error{statements.problems().front().code, to_text(statements.problems())};
    if (!statements.problems().empty())
        return Error{statements.problems().front().code, to_text(statements.problems())};

    const std::string& call = last->call.expr->where.pointer;
    const Json document = Json::parse(debugger.document().text());
    const Json& object = document.at(Json::json_pointer(call));
    if (last->call.call->args.size() > 1)
        return Error{"command.argument", "the run has its feeds by position: change them in the program"};
    Json patch = Json::array();
    if (!object.contains("kwargs")) patch.push_back(adding(call + "/kwargs", Json::object()));
    if (!object.contains("kwargs") || !object.at("kwargs").contains("feed_dict"))
        patch.push_back(adding(call + "/kwargs/feed_dict", Json::object()));
    patch.push_back(
        adding(fmt::format("{}/kwargs/feed_dict/{}", call, escaped_key(entry->first)), Json::parse(entry->second)));
    if (const Status edited = debugger.edit(patch.dump(), fmt::format("Feed {}", entry->first)); !edited.ok())
        return edited.error();
    return std::string();
}

Result<std::string> run_initializers(Debugger& debugger, std::string_view pattern) {
    const Place place = find_place(debugger.program());
    SessionStatements statements = statements_for(debugger, place);
    const auto statement = statements.init({pattern.empty() ? std::string("all") : std::string(pattern)});
    return add_statement(debugger, place, statement, statements.problems(), "Run initializers");
}

Result<std::string> restore_checkpoint(Debugger& debugger, std::string_view prefix) {
    if (prefix.empty()) return Error{"command.argument", "which checkpoint? Give its prefix: model.ckpt-100"};
    const Place place = find_place(debugger.program());
    SessionStatements statements = statements_for(debugger, place);
    const auto statement = statements.restore(std::string(prefix), SessionStatements::find_restorer(*debugger.graph()));
    return add_statement(debugger, place, statement, statements.problems(), fmt::format("Restore {}", prefix));
}

} // namespace rnnscope::debug
