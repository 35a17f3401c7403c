#include "core/debug/fixes.hpp"

#include "core/debug/arrangement.hpp"
#include "core/program/json_tree.hpp"

#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rnnscope::debug {

namespace {

using Json = nlohmann::ordered_json;
using Pointer = Json::json_pointer;

/// "/program/3/body/2": the array "/program/3/body" and the index 2.
struct Place {
    std::string block;
    std::size_t index = 0;
    std::string pointer() const { return fmt::format("{}/{}", block, index); }
};

std::optional<Place> place_of(const std::string& pointer) {
    const std::size_t slash = pointer.rfind('/');
    if (slash == std::string::npos) return std::nullopt;
    Place place{pointer.substr(0, slash), 0};
    const char* end = pointer.data() + pointer.size();
    const auto [stop, error] = std::from_chars(pointer.data() + slash + 1, end, place.index);
    if (error != std::errc() || stop != end) return std::nullopt;
    return place;
}

/// Where `pointer` is once the statement at `removed` is gone.
std::string after_removal(const std::string& pointer, const Place& removed) {
    const std::string prefix = removed.block + "/";
    if (!pointer.starts_with(prefix)) return pointer;
    std::size_t index = 0;
    const char* begin = pointer.data() + prefix.size();
    const auto [stop, error] = std::from_chars(begin, pointer.data() + pointer.size(), index);
    if (error != std::errc() || index <= removed.index) return pointer;
    return fmt::format("{}{}{}", prefix, index - 1, std::string(stop, pointer.data() + pointer.size()));
}

/// Where `pointer` is once a statement was added at `added`.
std::string after_insertion(const std::string& pointer, const Place& added) {
    const std::string prefix = added.block + "/";
    if (!pointer.starts_with(prefix)) return pointer;
    std::size_t index = 0;
    const char* begin = pointer.data() + prefix.size();
    const auto [stop, error] = std::from_chars(begin, pointer.data() + pointer.size(), index);
    if (error != std::errc() || index < added.index) return pointer;
    return fmt::format("{}{}{}", prefix, index + 1, std::string(stop, pointer.data() + pointer.size()));
}

std::string pointer_of(const Facts& facts, StatementId statement) {
    return facts.program().statement(statement).where.pointer;
}

/// Of the statement in its block; of an `elif` that of the whole `if`: nothing can stand between its branches.
std::optional<Place> place_of(const Facts& facts, StatementId statement) {
    while (facts.program().is_elif(statement)) statement = facts.program().statement(statement).parent;
    return place_of(pointer_of(facts, statement));
}

Json parse(const Facts& facts) {
    return Json::parse(facts.evaluation().document().text(), nullptr, false);
}

const Json* value_at(const Json& document, std::string_view pointer) {
    if (document.is_discarded()) return nullptr;
    const Pointer path{std::string(pointer)};
    return document.contains(path) ? &document.at(path) : nullptr;
}

StatementId statement_at(const program::Program& program, std::string_view pointer) {
    for (const program::Statement& statement : program.statements)
        if (statement.where.pointer == pointer) return statement.id;
    return {};
}

/// Turns the operations into a fix; the line that the card shows is the statement at `shown` of the new program.
std::optional<Fix> finish(const Facts& facts, const Json& operations, const std::string& shown, std::string title) {
    Fix fix;
    fix.title = std::move(title);
    fix.patch = operations.dump();
    const auto patched = facts.evaluation().document().patched(fix.patch);
    const auto* document = std::get_if<std::shared_ptr<const program::Document>>(&patched);
    if (!document) return std::nullopt;
    const program::Program& program = (*document)->program();
    fix.new_line = python_line(program, statement_at(program, shown));
    return fix;
}

Json operation(std::string_view kind, std::string path) {
    return Json{{"op", kind}, {"path", std::move(path)}};
}

Json add(std::string path, Json value) {
    Json op = operation("add", std::move(path));
    op["value"] = std::move(value);
    return op;
}

Json replace(std::string path, Json value) {
    Json op = operation("replace", std::move(path));
    op["value"] = std::move(value);
    return op;
}

/// The operation that sets a named argument of the call at `pointer`.
Json set_keyword(const Json& call, const std::string& pointer, std::string_view name, Json value) {
    if (call.contains("args") && call["args"].is_object())
        return add(fmt::format("{}/args/{}", pointer, program::json_pointer_token(name)), std::move(value));
    if (call.contains("kwargs"))
        return add(fmt::format("{}/kwargs/{}", pointer, program::json_pointer_token(name)), std::move(value));
    Json words = Json::object();
    words[std::string(name)] = std::move(value);
    return add(pointer + "/kwargs", std::move(words));
}

} // namespace

std::string whole_initializer(const Facts& facts, const InitOp& op) {
    const Json document = parse(facts);
    const Json* old = value_at(document, op.call->where.pointer);
    if (!old || !old->is_object()) return {};
    Json call = Json::object();
    for (const char* key : {"let", "comment"})
        if (old->contains(key)) call[key] = old->at(key);
    call["call"] = "global_variables_initializer";
    return call.dump();
}

std::string json_string(std::string_view text) {
    return Json(std::string(text)).dump();
}

std::string json_at(const Facts& facts, std::string_view pointer) {
    const Json document = parse(facts);
    const Json* value = value_at(document, pointer);
    return value ? value->dump() : std::string();
}

std::optional<Fix> move_after(const Facts& facts, StatementId moved, StatementId after, std::string title) {
    const auto from = place_of(facts, moved);
    auto to = place_of(facts, after);
    if (!from || !to) return std::nullopt;
    ++to->index;
    const std::string target = after_removal(to->pointer(), *from);
    Json op = operation("move", target);
    op["from"] = from->pointer();
    auto fix = finish(facts, Json::array({op}), target, std::move(title));
    if (fix) {
        fix->changed = moved;
        fix->after = after;
    }
    return fix;
}

std::optional<Fix> move_before(const Facts& facts, const std::vector<StatementId>& moved, StatementId before,
                               std::string title) {
    auto to = place_of(facts, before);
    if (!to || moved.empty()) return std::nullopt;
    Json operations = Json::array();
    std::string shown;
    // Each removal shifts what stands behind it, so the sources are followed as they move.
    std::vector<std::string> sources;
    for (const StatementId id : moved) sources.push_back(pointer_of(facts, id));
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const auto from = place_of(sources[i]);
        if (!from || from->block == to->block) return std::nullopt;
        Json op = operation("move", to->pointer());
        op["from"] = from->pointer();
        operations.push_back(std::move(op));
        if (i == 0) shown = to->pointer();
        for (std::string& source : sources) source = after_insertion(after_removal(source, *from), *to);
        ++to->index;
    }
    auto fix = finish(facts, operations, shown, std::move(title));
    if (!fix) return fix;
    fix->changed = moved.front();
    fix->after = sibling(facts, before, -1);
    return fix;
}

std::optional<Fix> wrap(const Facts& facts, StatementId first, StatementId last, std::string_view manager,
                        bool drop_before, std::string title) {
    const Json document = parse(facts);
    const auto from = place_of(facts, first);
    const auto to = place_of(facts, last);
    const Json* block = from ? value_at(document, from->block) : nullptr;
    if (!to || !block || to->block != from->block || to->index < from->index) return std::nullopt;
    Json body = Json::array();
    for (std::size_t i = from->index; i <= to->index; ++i) body.push_back(block->at(i));
    Json with = Json::object();
    with["with"] = Json::parse(manager, nullptr, false);
    with["body"] = std::move(body);
    Place place = *from;
    if (drop_before) --place.index;
    Json operations = Json::array();
    const std::size_t gone = to->index - place.index;
    for (std::size_t i = 0; i < gone; ++i)
        operations.push_back(operation("remove", Place{place.block, place.index + 1}.pointer()));
    operations.push_back(replace(place.pointer(), std::move(with)));
    auto fix = finish(facts, operations, place.pointer(), std::move(title));
    if (fix) fix->changed = statement_at(facts.program(), place.pointer());
    return fix;
}

std::optional<Fix> remove_statement(const Facts& facts, StatementId statement, std::string title) {
    auto fix = finish(facts, Json::array({operation("remove", pointer_of(facts, statement))}), "", std::move(title));
    if (fix) fix->changed = statement;
    return fix;
}

StatementId sibling(const Facts& facts, StatementId statement, int distance) {
    const auto place = place_of(facts, statement);
    if (!place || (distance < 0 && place->index < static_cast<std::size_t>(-distance))) return {};
    const std::size_t index = place->index + static_cast<std::size_t>(distance);
    return statement_at(facts.program(), Place{place->block, index}.pointer());
}

namespace {

std::optional<Fix> run_at(const Facts& facts, const Place& place, StatementId parent, std::string_view session,
                          std::string_view fetch, std::string title) {
    if (session.empty()) return std::nullopt;
    Json run = Json::object();
    run["call"] = fmt::format("${}.run", session);
    run["args"] = Json::array({Json::parse(fetch, nullptr, false)});
    auto fix = finish(facts, Json::array({add(place.pointer(), std::move(run))}), place.pointer(), std::move(title));
    if (fix)
        fix->after =
            place.index == 0 ? parent : statement_at(facts.program(), Place{place.block, place.index - 1}.pointer());
    return fix;
}

} // namespace

std::optional<Fix> run_before(const Facts& facts, StatementId before, std::string_view session, std::string_view fetch,
                              std::string title) {
    const auto place = place_of(facts, before);
    if (!place) return std::nullopt;
    const StatementId whole = statement_at(facts.program(), place->pointer());
    return run_at(facts, *place, facts.program().statement(whole).parent, session, fetch, std::move(title));
}

std::optional<Fix> run_after(const Facts& facts, StatementId after, std::string_view session, std::string_view fetch,
                             std::string title) {
    auto place = place_of(facts, after);
    if (!place) return std::nullopt;
    ++place->index;
    return run_at(facts, *place, {}, session, fetch, std::move(title));
}

std::optional<Fix> replace_value(const Facts& facts, StatementId statement, std::string_view pointer,
                                 std::string_view json, std::string title) {
    Json value = Json::parse(json, nullptr, false);
    if (value.is_discarded() || pointer.empty()) return std::nullopt;
    auto fix = finish(facts, Json::array({replace(std::string(pointer), std::move(value))}),
                      pointer_of(facts, statement), std::move(title));
    if (fix) fix->changed = statement;
    return fix;
}

std::optional<Fix> set_argument(const Facts& facts, StatementId statement, const Call& call, std::string_view name,
                                std::size_t position, std::string_view json, std::string title) {
    const Json document = parse(facts);
    const std::string& pointer = call.expr->where.pointer;
    const Json* object = value_at(document, pointer);
    Json value = Json::parse(json, nullptr, false);
    if (!object || !object->is_object() || value.is_discarded()) return std::nullopt;
    const bool by_position = !keyword(*call.call, name) && position < call.call->args.size();
    const Json op = by_position ? replace(fmt::format("{}/args/{}", pointer, position), std::move(value))
                                : set_keyword(*object, pointer, name, std::move(value));
    auto fix = finish(facts, Json::array({op}), pointer_of(facts, statement), std::move(title));
    if (fix) fix->changed = statement;
    return fix;
}

std::optional<Fix> exchange_argument(const Facts& facts, StatementId statement, const Call& call,
                                     std::string_view removed, std::string_view name, std::string_view json,
                                     std::string title) {
    const Json document = parse(facts);
    const std::string& pointer = call.expr->where.pointer;
    const Json* object = value_at(document, pointer);
    const program::Keyword* old = keyword(*call.call, removed);
    Json value = Json::parse(json, nullptr, false);
    if (!object || !object->is_object() || !old || value.is_discarded()) return std::nullopt;
    Json operations = Json::array();
    operations.push_back(set_keyword(*object, pointer, name, std::move(value)));
    operations.push_back(operation("remove", old->where.pointer));
    auto fix = finish(facts, operations, pointer_of(facts, statement), std::move(title));
    if (fix) fix->changed = statement;
    return fix;
}

std::optional<Fix> repeat_value(const Facts& facts, StatementId statement, std::string_view pointer,
                                StatementId value_of, std::size_t times, std::string title) {
    const Json document = parse(facts);
    const Json* assignment = value_at(document, pointer_of(facts, value_of));
    if (!assignment || !assignment->is_object()) return std::nullopt;
    Json value = *assignment;
    if (value.contains("value")) {
        Json inner = value["value"];
        value = std::move(inner);
    } else {
        value.erase("let");
        value.erase("comment");
    }
    Json list = Json::array();
    for (std::size_t i = 0; i < times; ++i) list.push_back(value);
    return replace_value(facts, statement, pointer, list.dump(), std::move(title));
}

namespace {

/// Where the feeds of a run are: a pointer inside its call; "" when it has none.
std::string feeds_at(const Json& call) {
    for (const char* pointer : {"/kwargs/feed_dict", "/args/feed_dict", "/args/1"}) {
        const Pointer path{std::string(pointer)};
        if (call.contains(path)) return pointer;
    }
    return {};
}

} // namespace

std::optional<Fix> feed_value(const Facts& facts, StatementId statement, const Call& run, std::string_view key,
                              std::string_view json, std::string title) {
    const Json document = parse(facts);
    const std::string& pointer = run.expr->where.pointer;
    const Json* call = value_at(document, pointer);
    Json value = Json::parse(json, nullptr, false);
    if (!call || !call->is_object() || value.is_discarded()) return std::nullopt;
    const std::string place = feeds_at(*call);
    Json op;
    if (place.empty()) {
        Json feeds = Json::object();
        feeds[std::string(key)] = std::move(value);
        op = set_keyword(*call, pointer, "feed_dict", std::move(feeds));
    } else {
        const Json& feeds = call->at(Pointer(place));
        if (!feeds.is_object() || feeds.contains("dict")) return std::nullopt;
        op = add(fmt::format("{}{}/{}", pointer, place, program::json_pointer_token(key)), std::move(value));
    }
    auto fix = finish(facts, Json::array({op}), pointer_of(facts, statement), std::move(title));
    if (fix) fix->changed = statement;
    return fix;
}

std::optional<Fix> copy_feed(const Facts& facts, StatementId statement, const Call& run, StatementId from,
                             std::string_view key, std::string title) {
    const Json document = parse(facts);
    const auto giver = run_call(facts.program().statement(from));
    const Json* source = giver ? value_at(document, giver->call.expr->where.pointer) : nullptr;
    const std::string place = source ? feeds_at(*source) : std::string();
    const std::string word(key);
    if (place.empty() || !source->at(Pointer(place)).is_object() || !source->at(Pointer(place)).contains(word))
        return std::nullopt;
    return feed_value(facts, statement, run, key, source->at(Pointer(place))[word].dump(), std::move(title));
}

std::optional<Fix> both(const Facts& facts, const std::optional<Fix>& first, const std::optional<Fix>& second,
                        std::string title) {
    if (!first || !second) return std::nullopt;
    Json operations = Json::parse(first->patch, nullptr, false);
    for (Json& op : Json::parse(second->patch, nullptr, false)) operations.push_back(std::move(op));
    Fix fix = *first;
    fix.title = std::move(title);
    fix.patch = operations.dump();
    const auto patched = facts.evaluation().document().patched(fix.patch);
    const bool fits = std::holds_alternative<std::shared_ptr<const program::Document>>(patched);
    return fits ? std::optional(std::move(fix)) : std::nullopt;
}

} // namespace rnnscope::debug
