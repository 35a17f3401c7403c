#include "core/debug/fixes.hpp"

#include "core/debug/arrangement.hpp"

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

std::string pointer_of(const Facts& facts, StatementId statement) {
    return facts.program().statement(statement).where.pointer;
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

std::string escaped(std::string_view key) {
    std::string text;
    for (const char c : key) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    return text;
}

/// The operation that sets a named argument of the call at `pointer`.
Json set_keyword(const Json& call, const std::string& pointer, std::string_view name, Json value) {
    if (call.contains("args") && call["args"].is_object())
        return add(fmt::format("{}/args/{}", pointer, escaped(name)), std::move(value));
    if (call.contains("kwargs")) return add(fmt::format("{}/kwargs/{}", pointer, escaped(name)), std::move(value));
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
    const auto from = place_of(pointer_of(facts, moved));
    auto to = place_of(pointer_of(facts, after));
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

std::optional<Fix> run_before(const Facts& facts, StatementId before, std::string_view session, std::string_view fetch,
                              std::string title) {
    const auto place = place_of(pointer_of(facts, before));
    if (!place || session.empty()) return std::nullopt;
    Json run = Json::object();
    run["call"] = fmt::format("${}.run", session);
    run["args"] = Json::array({Json::parse(fetch, nullptr, false)});
    auto fix = finish(facts, Json::array({add(place->pointer(), std::move(run))}), place->pointer(), std::move(title));
    if (!fix) return fix;
    const program::Statement& statement = facts.program().statement(before);
    fix->after = place->index == 0 ? statement.parent
                                   : statement_at(facts.program(), Place{place->block, place->index - 1}.pointer());
    return fix;
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

std::optional<Fix> copy_feed(const Facts& facts, StatementId statement, const Call& run, StatementId from,
                             std::string_view key, std::string title) {
    const Json document = parse(facts);
    const auto giver = run_call(facts.program().statement(from));
    if (!giver) return std::nullopt;
    const Json* source = value_at(document, giver->call.expr->where.pointer);
    const Json* target = value_at(document, run.expr->where.pointer);
    if (!source || !target) return std::nullopt;
    const Pointer feeds_at("/kwargs/feed_dict");
    const std::string word(key);
    if (!source->contains(feeds_at) || !source->at(feeds_at).contains(word)) return std::nullopt;
    Json feeds = target->contains(feeds_at) ? target->at(feeds_at) : Json::object();
    if (!feeds.is_object()) return std::nullopt;
    feeds[word] = source->at(feeds_at)[word];
    const Json op = set_keyword(*target, run.expr->where.pointer, "feed_dict", std::move(feeds));
    auto fix = finish(facts, Json::array({op}), pointer_of(facts, statement), std::move(title));
    if (fix) fix->changed = statement;
    return fix;
}

} // namespace rnnscope::debug
