#include "core/debug/session_commands.hpp"

#include "core/debug/program_facts.hpp"
#include "core/debug/session_choices.hpp"
#include "core/program/json_tree.hpp"
#include "core/program/session_statements.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rnnscope::debug {
namespace {

using Json = nlohmann::ordered_json;
using program::SessionStatements;

/// Where statements that use a session go: its name, and the JSON Pointer of the end of its block.
struct SessionPlace {
    std::string session = "sess", end = "/program/-";
    bool is_new = true; ///< the program has no session yet
};

bool makes_session(const program::Expr& expr) {
    const auto* call = std::get_if<program::CallExpr>(&expr.node);
    return call != nullptr && dotted_name(*call->callee) == "tf.Session";
}

/// The last session of the program's top level: `sess = tf.Session()`, or `with tf.Session() as sess:`.
SessionPlace find_place(const program::Program& program) {
    SessionPlace place;
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

SessionStatements statements_for(const Debugger& debugger, const SessionPlace& place) {
    static const Graph empty;
    const Graph* graph = debugger.graph();
    return {graph != nullptr ? *graph : empty, place.session, debugger.program().directory, debugger.program().file};
}

Json adding(const std::string& path, Json value) {
    return {{"op", "add"}, {"path", path}, {"value", std::move(value)}};
}

Result<std::string> add_statement(Debugger& debugger, const SessionPlace& place,
                                  const std::optional<std::string>& statement, const Diagnostics& problems,
                                  std::string label) {
    if (!problems.empty()) return Error{problems.front().code, to_text(problems)};
    if (!statement) return Error{"command.argument", "there is nothing to run"};
    Json patch = Json::array();
    if (place.is_new) patch.push_back(adding(place.end, {{"let", place.session}, {"call", "Session"}}));
    patch.push_back(adding(place.end, Json::parse(*statement)));
    if (const Status edited = debugger.edit(patch.dump(), std::move(label)); !edited.ok()) return edited.error();
    return std::string();
}

constexpr std::string_view separators = " \t,";

/// Whether the text begins with NAME=. No name of a graph holds what ends the search.
bool begins_feed(std::string_view text) {
    const std::size_t end = text.find_first_of(" \t,=()[]{}\"@");
    return end != std::string_view::npos && text[end] == '=';
}

/// Where the NAME=VALUE ends that the text begins with: before the next one, since literals and names of files may hold
/// blanks. Within brackets and quotes there is no next one; in a name of a file they mean nothing.
std::size_t end_of_feed(std::string_view text) {
    const std::size_t value = text.find('=') + 1;
    const bool is_file = text.substr(value).starts_with('@');
    bool is_quoted = false;
    int depth = 0;
    for (std::size_t i = value; i < text.size(); ++i) {
        const char c = text[i];
        if (is_quoted && c == '\\') {
            ++i;
        } else if (!is_file && c == '"') {
            is_quoted = !is_quoted;
        } else if (!is_file && !is_quoted) {
            if (c == '(' || c == '[' || c == '{') ++depth;
            if (c == ')' || c == ']' || c == '}') --depth;
        }
        if (is_quoted || depth > 0 || separators.find(c) == std::string_view::npos) continue;
        if (begins_feed(text.substr(i + 1))) return i;
    }
    return text.size();
}

/// What session.run is told: names, then feeds.
struct RunWords {
    std::vector<std::string> names, feeds;
};
RunWords words_of(std::string_view text) {
    RunWords words;
    while (true) {
        const std::size_t start = text.find_first_not_of(separators);
        if (start == std::string_view::npos) return words;
        text.remove_prefix(start);
        const bool is_feed = begins_feed(text);
        const std::size_t end = is_feed ? end_of_feed(text) : std::min(text.find_first_of(separators), text.size());
        const std::string_view word = text.substr(0, end);
        (is_feed ? words.feeds : words.names).emplace_back(word.substr(0, word.find_last_not_of(separators) + 1));
        text.remove_prefix(end);
    }
}

/// The last run in the order of the program's text.
struct LastRun {
    const program::Statement* statement = nullptr; ///< null: the program has no run
    RunCall run;
};
LastRun last_run(const program::Program& program) {
    LastRun last;
    for (const program::Statement& statement : program.statements)
        if (auto call = run_call(statement)) last = {&statement, *std::move(call)};
    return last;
}

/// A key of a feed_dict as a tensor's name; "" where it is a name of the program.
std::string fed_tensor(const std::string& key) {
    if (!key.starts_with('$')) return key;
    return key.starts_with("$$") ? key.substr(1) : std::string();
}

/// What earlier runs fed to tensors that `names` need, the latest of each: to go on in a graph does not begin with
/// typing the same values again. An object as feed_dict has it.
Json feeds_as_before(const Debugger& debugger, const std::vector<std::string>& names) {
    const Graph& graph = *debugger.graph();
    std::vector<NodeId> wanted;
    for (const std::string& name : names)
        if (const NodeId node = graph.find(name.substr(0, name.find(':'))); node.valid()) wanted.push_back(node);
    const std::vector<bool> needed = needs_of(graph, wanted).nodes;
    Json feeds = Json::object();
    const Json document = Json::parse(debugger.document().text());
    for (const program::Statement& statement : debugger.program().statements) {
        const auto run = run_call(statement);
        if (!run) continue;
        const Json& call = document.at(Json::json_pointer(run->call.expr->where.pointer));
        if (!call.contains("kwargs") || !call.at("kwargs").contains("feed_dict")) continue;
        const Json& given = call.at("kwargs").at("feed_dict");
        if (!given.is_object()) continue;
        for (const auto& [key, value] : given.items()) {
            const auto tensor = graph.find_tensor(fed_tensor(key));
            if (tensor && needed[tensor->node.index()]) feeds[key] = value;
        }
    }
    return feeds;
}

/// Keys of a feed_dict: a tensor can be spelled in more than one way, "x" or "x:0".
bool is_same_tensor(const Graph& graph, const std::string& one, const std::string& other) {
    const auto first = graph.find_tensor(fed_tensor(one)), second = graph.find_tensor(fed_tensor(other));
    return one == other || (first && second && *first == *second);
}

/// `feeds` are added to those that the statement has, which are the newer ones.
std::optional<std::string> with_feeds(const Graph& graph, const std::optional<std::string>& statement,
                                      const Json& feeds) {
    if (!statement || feeds.empty()) return statement;
    Json run = Json::parse(*statement);
    const Json own = run.contains("kwargs") ? run["kwargs"]["feed_dict"] : Json::object();
    Json merged = Json::object();
    for (const auto& [before, value] : feeds.items()) {
        bool is_replaced = false;
        for (const auto& [key, newer] : own.items()) is_replaced |= is_same_tensor(graph, key, before);
        if (!is_replaced) merged[before] = value;
    }
    merged.update(own);
    run["kwargs"]["feed_dict"] = std::move(merged);
    return run.dump();
}

/// Why nothing can be added to the fetches of the last run.
std::optional<std::string> cannot_extend(const LastRun& last) {
    if (last.statement == nullptr) return "There is no run yet: run something first.";
    if (const auto* assign = std::get_if<program::AssignStatement>(&last.statement->node))
        if (assign->targets.size() > 1) return "The last run unpacks what it fetches: change it in the program.";
    const program::CallExpr& call = *last.run.call.call;
    if (call.args.empty() || !std::holds_alternative<program::ListExpr>(call.args[0]->node))
        return "The last run does not fetch a list: change it in the program.";
    return std::nullopt;
}

} // namespace

std::optional<std::string> cannot_add_statements(const Debugger& debugger) {
    if (!debugger.is_open()) return "No program is open.";
    if (debugger.busy()) return "The program is running.";
    if (!debugger.recording_file().empty()) return "A recording shows what happened: open its program to change it.";
    const bool is_over = debugger.at_end() || debugger.evaluator().done() || debugger.evaluator().error();
    if (!is_over) return "Statements are added at the end: run the program to it first.";
    if (debugger.graph() == nullptr || debugger.graph()->size() == 0) return "The program has no graph.";
    return std::nullopt;
}

Result<std::string> run_names(Debugger& debugger, std::string_view what) {
    const Graph& graph = *debugger.graph();
    const SessionPlace place = find_place(debugger.program());
    SessionStatements statements = statements_for(debugger, place);
    const RunWords words = words_of(what);
    std::vector<std::string> fetches, targets;
    for (const std::string& name : words.names) {
        const NodeId node = graph.find(name);
        const bool is_operation = node.valid() && graph.node(node).outputs.empty();
        (is_operation ? targets : fetches).push_back(name);
    }
    const auto statement =
        with_feeds(graph, statements.run(fetches, targets, words.feeds), feeds_as_before(debugger, words.names));
    return add_statement(
        debugger, place, statement, statements.problems(),
        fmt::format("{} {}", words.feeds.empty() ? "Run" : "Feed and run", fmt::join(words.names, " ")));
}

std::optional<std::string> cannot_fetch_selection(const Debugger& debugger) {
    if (auto reason = cannot_add_statements(debugger)) return reason;
    const Output output = selected_tensor(debugger, debugger.selection());
    if (output.valid()) return cannot_fetch(debugger, output);
    const NodeId target = selected_target(debugger, debugger.selection());
    if (!target.valid()) return "No op or variable is selected.";
    return cannot_fetch(debugger, {target, 0});
}

Result<std::string> fetch_selection(Debugger& debugger) {
    return run_names(debugger, debugger.graph()->tensor_name(selected_tensor(debugger, debugger.selection())));
}

std::optional<std::string> cannot_fetch_too(const Debugger& debugger) {
    if (auto reason = cannot_fetch_selection(debugger)) return reason;
    return cannot_extend(last_run(debugger.program()));
}

Result<std::string> fetch_selection_too(Debugger& debugger) {
    const LastRun last = last_run(debugger.program());
    const Graph& graph = *debugger.graph();
    const std::string name = graph.tensor_name(selected_tensor(debugger, debugger.selection()));
    const std::string& call = last.run.call.expr->where.pointer;
    const Json document = Json::parse(debugger.document().text());
    const Json& object = document.at(Json::json_pointer(call));
    if (!object.at("args").at(0).is_array())
        return Error{"command.argument", "the last run does not fetch a list: change it in the program"};
    const Json fetch = program::escaped_text(name);
    for (const Json& there : object.at("args").at(0))
        if (there == fetch) return Error{"command.argument", fmt::format("the last run fetches {} already", name)};
    Json patch = Json::array();
    patch.push_back(adding(call + "/args/0/-", fetch));
    const bool has_kwargs = object.contains("kwargs");
    const bool has_feeds = has_kwargs && object.at("kwargs").contains("feed_dict");
    if (has_feeds || object.at("args").size() == 1) {
        const Json before = feeds_as_before(debugger, {name});
        if (!before.empty() && !has_kwargs) patch.push_back(adding(call + "/kwargs", Json::object()));
        if (!before.empty() && !has_feeds) patch.push_back(adding(call + "/kwargs/feed_dict", Json::object()));
        for (const auto& [key, value] : before.items())
            if (!has_feeds || !object.at("kwargs").at("feed_dict").contains(key))
                patch.push_back(
                    adding(fmt::format("{}/kwargs/feed_dict/{}", call, program::json_pointer_token(key)), value));
    }
    if (const Status edited = debugger.edit(patch.dump(), fmt::format("Fetch {} too", name)); !edited.ok())
        return edited.error();
    return std::string();
}

std::optional<std::string> cannot_run_selection(const Debugger& debugger) {
    if (auto reason = cannot_add_statements(debugger)) return reason;
    if (const NodeId target = selected_target(debugger, debugger.selection()); target.valid()) {
        if (debugger.graph()->node(target).fetchable) return std::nullopt;
        return fmt::format("{} lives inside a loop or cond, and TensorFlow does not run it by itself.",
                           debugger.graph()->node(target).name);
    }
    const bool is_variable = debugger.selection().kind == Selection::Kind::variable;
    return is_variable ? "The graph has no initializer of this variable." : "No op is selected.";
}

Result<std::string> run_selection(Debugger& debugger) {
    const std::string name = debugger.graph()->node(selected_target(debugger, debugger.selection())).name;
    const SessionPlace place = find_place(debugger.program());
    SessionStatements statements = statements_for(debugger, place);
    const auto statement =
        with_feeds(*debugger.graph(), statements.run({}, {name}, {}), feeds_as_before(debugger, {name}));
    return add_statement(debugger, place, statement, statements.problems(), fmt::format("Run {}", name));
}

std::optional<std::string> cannot_feed_now(const Debugger& debugger) {
    if (auto reason = cannot_add_statements(debugger)) return reason;
    if (last_run(debugger.program()).statement == nullptr)
        return "There is no run yet: a feed belongs to a run, so run something first.";
    return std::nullopt;
}

Result<std::string> feed_last_run(Debugger& debugger, std::string_view feed) {
    const program::Program& program = debugger.program();
    const LastRun found = last_run(program);
    if (found.statement == nullptr)
        return Error{"command.argument", "the program has no run that could be fed: add one with session.run"};
    const RunCall& last = found.run;
    SessionStatements statements = statements_for(debugger, find_place(program));
    const auto entry = statements.feed(std::string(feed));
    if (!entry) return Error{statements.problems().front().code, to_text(statements.problems())};
    if (!statements.problems().empty())
        return Error{statements.problems().front().code, to_text(statements.problems())};

    const std::string& call = last.call.expr->where.pointer;
    const Json document = Json::parse(debugger.document().text());
    const Json& object = document.at(Json::json_pointer(call));
    if (last.call.call->args.size() > 1)
        return Error{"command.argument", "the run has its feeds by position: change them in the program"};
    Json patch = Json::array();
    if (!object.contains("kwargs")) patch.push_back(adding(call + "/kwargs", Json::object()));
    if (!object.contains("kwargs") || !object.at("kwargs").contains("feed_dict"))
        patch.push_back(adding(call + "/kwargs/feed_dict", Json::object()));
    patch.push_back(adding(fmt::format("{}/kwargs/feed_dict/{}", call, program::json_pointer_token(entry->first)),
                           Json::parse(entry->second)));
    if (const Status edited = debugger.edit(patch.dump(), fmt::format("Feed {}", entry->first)); !edited.ok())
        return edited.error();
    return std::string();
}

Result<std::string> run_initializers(Debugger& debugger, std::string_view pattern) {
    const SessionPlace place = find_place(debugger.program());
    SessionStatements statements = statements_for(debugger, place);
    const auto statement = statements.init({pattern.empty() ? std::string("all") : std::string(pattern)});
    return add_statement(debugger, place, statement, statements.problems(), "Run initializers");
}

Result<std::string> restore_checkpoint(Debugger& debugger, std::string_view prefix) {
    if (prefix.empty()) return Error{"command.argument", "which checkpoint? Give its prefix: model.ckpt-100"};
    const SessionPlace place = find_place(debugger.program());
    SessionStatements statements = statements_for(debugger, place);
    const auto statement = statements.restore(std::string(prefix), SessionStatements::find_restorer(*debugger.graph()));
    return add_statement(debugger, place, statement, statements.problems(), fmt::format("Restore {}", prefix));
}

} // namespace rnnscope::debug
