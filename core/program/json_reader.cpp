#include "core/program/json_reader.hpp"

#include "core/base/suggest.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace rnnscope::program {
namespace {

constexpr std::string_view format_name = "rnnscope/1";
/// Paths of deeply nested values with long keys add up; more than this is no program that a person wrote.
constexpr std::size_t max_pointer_bytes = std::size_t{64} << 20;

} // namespace

std::string shortened(std::string_view text) {
    constexpr std::size_t longest = 60;
    if (text.size() <= longest) return std::string(text);
    std::size_t cut = longest;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0U) == 0x80U) --cut; // not inside a character
    return std::string(text.substr(0, cut)) + "...";
}

std::optional<Program> read_program(std::string_view text, const ApiNames& names, std::string file,
                                    std::string directory, Diagnostics& mistakes, GraphFiles known) {
    const JsonTree json = JsonTree::parse(text, file, mistakes);
    if (json.empty()) return std::nullopt;
    Program program = JsonReader(json, names, std::move(file), std::move(directory), std::move(known)).read(mistakes);
    if (!mistakes.empty()) return std::nullopt;
    program.python = to_python(program);
    for (Statement& statement : program.statements)
        statement.where.python_line = program.python.statements[statement.id.index()].first;
    return program;
}

Program JsonReader::read(Diagnostics& mistakes) {
    const Index root = json_.root();
    if (expect(root, Kind::object, "a program")) {
        read_header(root);
        if (const Index body = json_.member(root, "program"); body != none)
            program_.body = read_block(body, StatementId{}, "\"program\"");
        else
            complain(root, "program.missing-key", "the key \"program\" is missing",
                     "add \"program\": [...] with the statements");
    }
    resolve_deferred();
    std::stable_sort(mistakes_.begin(), mistakes_.end(), [](const Diagnostic& a, const Diagnostic& b) {
        return std::pair(a.where.line, a.where.column) < std::pair(b.where.line, b.where.column);
    });
    if (more_mistakes_ > 0)
        mistakes_.push_back({"program.more",
                             fmt::format("... and {} more mistakes", more_mistakes_),
                             {program_.file, 0, 0, {}, 0},
                             {}});
    mistakes.insert(mistakes.end(), mistakes_.begin(), mistakes_.end());
    return std::move(program_);
}

void JsonReader::read_header(Index root) {
    check_keys(root, {"format", "title", "description", "tags", "tensorflow", "graph_seed", "rounding", "fixed_twin",
                      "program", "$schema", "comment"});
    if (const Index format = json_.member(root, "format"); format == none)
        complain(root, "program.missing-key", "the key \"format\" is missing",
                 fmt::format("add \"format\": \"{}\"", format_name));
    else if (expect(format, Kind::string, "the name of the format") && json_.text(format) != format_name)
        complain(format, "program.format", fmt::format("unknown format \"{}\"", shortened(json_.text(format))),
                 fmt::format("this version reads \"{}\"", format_name));
    const auto text = [&](std::string_view key) {
        const Index node = json_.member(root, key);
        return node != none && expect(node, Kind::string, "text") ? json_.text(node) : std::string{};
    };
    program_.title = text("title");
    program_.description = text("description");
    program_.fixed_twin = text("fixed_twin");
    if (const Index tags = json_.member(root, "tags"); tags != none && expect(tags, Kind::array, "a list of words"))
        for (const Index tag : children(tags))
            if (expect(tag, Kind::string, "a word")) program_.tags.push_back(json_.text(tag));
    if (const Index seed = json_.member(root, "graph_seed"); seed != none && json_[seed].kind != Kind::null)
        if (expect(seed, Kind::integer, "a whole number")) program_.graph_seed = json_[seed].integer;
    if (const Index rounding = json_.member(root, "rounding");
        rounding != none && expect(rounding, Kind::string, "the name of a rounding")) {
        const std::string& wanted = json_.text(rounding);
        if (const auto known = ops::rounding_from_name(wanted))
            program_.rounding = *known;
        else
            complain(rounding, "program.rounding", fmt::format("unknown rounding \"{}\"", shortened(wanted)),
                     "write \"fast\" or \"tf1.15\"");
    }
    if (const Index version = json_.member(root, "tensorflow");
        version != none && expect(version, Kind::string, "a version such as \"1.15\"")) {
        const std::string& wanted = json_.text(version);
        int minor = -1;
        for (int candidate = 4; candidate <= 15; ++candidate)
            if (wanted == fmt::format("1.{}", candidate)) minor = candidate;
        if (minor < 0)
            complain(version, "program.version", fmt::format("unknown TensorFlow version \"{}\"", shortened(wanted)),
                     "write \"1.4\" to \"1.15\"");
        else
            program_.tf_minor = minor;
    }
}

Block JsonReader::read_block(Index node, StatementId parent, std::string_view what) {
    Block block;
    if (!expect(node, Kind::array, fmt::format("{}, a list of statements", what))) return block;
    for (const Index child : children(node))
        if (expect(child, Kind::object, "a statement")) block.push_back(read_statement(child, parent));
    return block;
}

/// A new statement, of which only what all kinds have is known.
StatementId JsonReader::add_statement(Index node, StatementId parent) {
    const StatementId id{program_.statements.size()};
    Statement statement;
    statement.id = id;
    statement.parent = parent;
    statement.where = where(node);
    if (const Index comment = json_.member(node, "comment");
        comment != none && expect(comment, Kind::string, "a comment"))
        statement.comment = json_.text(comment);
    program_.statements.push_back(std::move(statement));
    return id;
}

StatementId JsonReader::read_statement(Index node, StatementId parent) {
    const StatementId id = add_statement(node, parent);
    Statement statement = program_.statements[id.index()];

    static constexpr std::array<std::string_view, 7> kinds{"with", "for", "def", "return", "try", "if", "let"};
    std::vector<std::string_view> found;
    for (const std::string_view kind : kinds)
        if (json_.member(node, kind) != none) found.push_back(kind);
    // {"let": "x", "if": c, "then": a, "else": b}: the keys of a value inline.
    if (found.size() == 2 && found[0] == "if" && json_.member(node, "body") == none) found.erase(found.begin());
    if (found.size() > 1)
        complain(node, "program.conflicting-keys",
                 fmt::format("a statement cannot be both \"{}\" and \"{}\"", found[0], found[1]),
                 "make it two statements");
    const std::string_view kind = found.empty() ? std::string_view{} : found[0];
    if (kind == "with")
        read_with(node, id);
    else if (kind == "for")
        read_for(node, id);
    else if (kind == "def")
        read_def(node, id);
    else if (kind == "try")
        read_try(node, id);
    else if (kind == "if")
        read_if(node, id);
    else {
        if (kind == "return")
            read_return(node, statement);
        else if (kind == "let")
            read_assign(node, statement);
        else if (json_.member(node, "call") != none)
            statement.node = ExpressionStatement{read_expression(node, Place::statement)};
        else if (json_.member(node, "elif") != none || json_.member(node, "else") != none)
            complain(node, "program.unknown-statement", "\"elif\" and \"else\" are no statements of their own",
                     "move them into the object of their \"if\"");
        else
            complain(
                node, "program.unknown-statement",
                json_[node].count == 0 ? "an empty statement" : fmt::format("no statement has only {}", describe(node)),
                "a statement has one of \"let\", \"call\", \"with\", \"for\", \"if\", \"def\", \"return\", \"try\"");
        program_.statements[id.index()] = std::move(statement);
    }
    return id;
}

void JsonReader::read_assign(Index node, Statement& statement) {
    AssignStatement assign;
    // The value is read before its names exist, as in Python.
    if (const Index value = json_.member(node, "value"); value != none) {
        check_keys(node, {"let", "value", "comment"});
        assign.value = read_expression(value, Place::statement);
    } else {
        assign.value = read_object(node, Place::statement);
    }
    const Index let = json_.member(node, "let");
    if (json_[let].kind == Kind::array) {
        for (const Index name : children(let)) assign.targets.push_back(read_name(name, "a variable"));
        if (assign.targets.size() < 2)
            complain(let, "program.type", "a list of names unpacks a value and needs two names or more",
                     "write a single name without the list");
    } else {
        assign.targets.push_back(read_name(let, "a variable"));
    }
    for (const std::string& name : assign.targets) define(name);
    statement.node = std::move(assign);
}

void JsonReader::read_with(Index node, StatementId id) {
    check_keys(node, {"with", "as", "body", "comment"});
    WithStatement with;
    const Index managers = json_.member(node, "with");
    std::vector<Index> items = json_[managers].kind == Kind::array ? children(managers) : std::vector<Index>{managers};
    if (items.empty()) complain(managers, "program.type", "\"with\" needs something to enter");
    for (const Index item : items) with.items.push_back({read_expression(item), {}});
    if (const Index as = json_.member(node, "as"); as != none) {
        const std::vector<Index> names = json_[as].kind == Kind::array ? children(as) : std::vector<Index>{as};
        if (names.size() > with.items.size())
            complain(as, "program.type", "more names after \"as\" than things to enter");
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (json_[names[i]].kind == Kind::null) continue;
            const std::string name = read_name(names[i], "a variable");
            define(name);
            if (i < with.items.size()) with.items[i].as = name;
        }
    }
    if (const Index body = json_.member(node, "body"); body != none)
        with.body = read_block(body, id, "\"body\"");
    else
        complain(node, "program.missing-key", "\"with\" needs a \"body\"", "add \"body\": [...]");
    program_.statements[id.index()].node = std::move(with);
}

void JsonReader::read_for(Index node, StatementId id) {
    check_keys(node, {"for", "in", "body", "comment"});
    ForStatement loop;
    if (const Index in = json_.member(node, "in"); in != none)
        loop.iterable = read_expression(in);
    else
        complain(node, "program.missing-key", "\"for\" needs \"in\"", "add \"in\": {\"range\": [n]}");
    loop.target = read_name(json_.member(node, "for"), "a variable");
    define(loop.target);
    if (const Index body = json_.member(node, "body"); body != none)
        loop.body = read_block(body, id, "\"body\"");
    else
        complain(node, "program.missing-key", "\"for\" needs a \"body\"", "add \"body\": [...]");
    program_.statements[id.index()].node = std::move(loop);
}

void JsonReader::read_def(Index node, StatementId id) {
    check_keys(node, {"def", "params", "body", "comment"});
    FunctionStatement function;
    function.name = read_name(json_.member(node, "def"), "a function");
    if (program_.statements[id.index()].parent.valid() || function_)
        complain(node, "program.misplaced-def", "functions are defined at the top of the program, not inside a block",
                 "move it out of the block");
    if (const Index params = json_.member(node, "params"); params != none)
        function.parameters = read_parameters(params);
    // Known before its body is read: a body may call its own function.
    define(function.name, function.parameters);
    std::optional<Scope> outer = std::exchange(function_, Scope{});
    for (const Parameter& parameter : function.parameters) define(parameter.name);
    if (const Index body = json_.member(node, "body"); body != none)
        function.body = read_block(body, id, "\"body\"");
    else
        complain(node, "program.missing-key", "\"def\" needs a \"body\"", "add \"body\": [...]");
    function_ = std::move(outer);
    program_.statements[id.index()].node = std::move(function);
}

std::vector<Parameter> JsonReader::read_parameters(Index node) {
    std::vector<Parameter> parameters;
    if (!expect(node, Kind::array, "a list of parameters")) return parameters;
    std::set<std::string> seen;
    for (const Index child : children(node)) {
        Parameter parameter;
        if (json_[child].kind == Kind::object) {
            check_keys(child, {"name", "default"});
            if (const Index name = json_.member(child, "name"); name != none)
                parameter.name = read_name(name, "a parameter");
            else
                complain(child, "program.missing-key", "a parameter needs a \"name\"");
            if (const Index value = json_.member(child, "default"); value != none)
                parameter.default_value = read_expression(value);
        } else {
            parameter.name = read_name(child, "a parameter");
        }
        if (!parameter.default_value && !parameters.empty() && parameters.back().default_value)
            complain(child, "program.parameter-order", "a parameter without a default stands after one with a default",
                     "give it a default or move it forward");
        if (!parameter.name.empty() && !seen.insert(parameter.name).second)
            complain(child, "program.duplicate-name", fmt::format("two parameters are called \"{}\"", parameter.name),
                     "give one of them another name");
        parameters.push_back(std::move(parameter));
    }
    return parameters;
}

void JsonReader::read_return(Index node, Statement& statement) {
    check_keys(node, {"return", "comment"});
    if (!function_) complain(node, "program.misplaced-return", "\"return\" stands outside of a function", "remove it");
    ReturnStatement result;
    if (const Index value = json_.member(node, "return"); json_[value].kind != Kind::null)
        result.value = read_expression(value);
    statement.node = std::move(result);
}

void JsonReader::read_try(Index node, StatementId id) {
    check_keys(node, {"try", "except", "as", "comment"});
    TryStatement attempt;
    if (const Index error = json_.member(node, "except"); error != none && json_[error].kind != Kind::null)
        if (expect(error, Kind::string, "the class of an error")) {
            std::string name = json_.text(error);
            for (const std::string_view prefix : {"$", "tf.", "errors."})
                if (name.starts_with(prefix)) name.erase(0, prefix.size());
            if (is_identifier(name) && !is_reserved(name))
                attempt.error_class = name;
            else
                complain(error, "program.bad-name",
                         fmt::format("\"{}\" is no class of errors", shortened(json_.text(error))),
                         "write for example \"FailedPreconditionError\"");
        }
    attempt.body = read_block(json_.member(node, "try"), id, "\"try\"");
    if (const Index as = json_.member(node, "as"); as != none) {
        attempt.as = read_name(as, "a variable");
        define(attempt.as);
    }
    program_.statements[id.index()].node = std::move(attempt);
}

void JsonReader::read_if(Index node, StatementId id) {
    if (const Index then = json_.member(node, "then"); then != none)
        complain_at_key(then, "program.unknown-key", "unknown key \"then\"",
                        "the statements of an \"if\" stand in its \"body\"; \"then\" is for values");
    check_keys(node, {"if", "body", "then", "elif", "else", "comment"});
    IfStatement first;
    read_branch(node, id, first);
    program_.statements[id.index()].node = std::move(first);
    // Each `elif` stands in the `otherwise` of the one before.
    StatementId last = id;
    const Index others = json_.member(node, "elif");
    if (others != none && expect(others, Kind::array, "\"elif\", a list of objects with \"if\" and \"body\""))
        for (const Index child : children(others)) {
            if (!expect(child, Kind::object, "an object with \"if\" and \"body\"")) continue;
            check_keys(child, {"if", "body", "comment"});
            const StatementId clause = add_statement(child, last);
            IfStatement branch;
            branch.is_elif = true;
            read_branch(child, clause, branch);
            program_.statements[clause.index()].node = std::move(branch);
            std::get<IfStatement>(program_.statements[last.index()].node).otherwise = {clause};
            last = clause;
        }
    if (const Index otherwise = json_.member(node, "else"); otherwise != none) {
        Block block = read_block(otherwise, last, "\"else\"");
        std::get<IfStatement>(program_.statements[last.index()].node).otherwise = std::move(block);
    }
}

/// The condition and the statements of an `if` or `elif`.
void JsonReader::read_branch(Index node, StatementId id, IfStatement& branch) {
    const std::string_view kind = branch.is_elif ? "elif" : "if";
    if (const Index condition = json_.member(node, "if"); condition != none)
        branch.condition = read_expression(condition);
    else
        complain(node, "program.missing-key", fmt::format("\"{}\" needs a condition", kind), "add \"if\": ...");
    if (const Index body = json_.member(node, "body"); body != none)
        branch.body = read_block(body, id, "\"body\"");
    else
        complain(node, "program.missing-key", fmt::format("\"{}\" needs a \"body\"", kind), "add \"body\": [...]");
}

std::string JsonReader::read_name(Index node, std::string_view what) {
    if (!expect(node, Kind::string, fmt::format("the name of {}", what))) return {};
    const std::string& name = json_.text(node);
    if (is_identifier(name) && !is_reserved(name)) return name;
    std::string remedy = "use letters, digits and _, and begin with a letter";
    if (name.starts_with("$"))
        remedy = "a name that is being defined has no \"$\"";
    else if (is_reserved(name))
        remedy = fmt::format("\"{}\" means something in Python; take another name", name);
    complain(node, "program.bad-name", fmt::format("\"{}\" cannot be the name of {}", shortened(name), what), remedy);
    return {};
}

void JsonReader::define(const std::string& name, std::optional<std::vector<Parameter>> function) {
    if (name.empty()) return;
    Scope& scope = function_ ? *function_ : module_;
    const auto [at, is_new] = scope.try_emplace(name);
    // A name that is bound a second time is whatever it is at run time: its calls are checked then.
    if (is_new)
        at->second.function = std::move(function);
    else
        at->second.function.reset();
}

const JsonReader::Definition* JsonReader::find(std::string_view name) const {
    if (function_)
        if (const auto at = function_->find(name); at != function_->end()) return &at->second;
    const auto at = module_.find(name);
    return at == module_.end() ? nullptr : &at->second;
}

void JsonReader::check_defined(Index node, const std::string& name) {
    if (is_builtin(name) || find(name)) return;
    if (function_) {
        SourcePosition position = where(node);
        deferred_.emplace_back(name, std::move(position));
        return;
    }
    complain(node, "program.undefined-name", fmt::format("\"{}\" is not defined here", shortened(name)),
             did_you_mean(name, names_in_scope()));
}

void JsonReader::resolve_deferred() {
    for (auto& [name, position] : deferred_) {
        if (module_.contains(name)) continue;
        add({"program.undefined-name", fmt::format("\"{}\" is not defined", shortened(name)), std::move(position),
             did_you_mean(name, names_in_scope())});
    }
}

std::vector<std::string> JsonReader::names_in_scope() const {
    std::vector<std::string> names;
    if (function_)
        for (const auto& [name, definition] : *function_) names.push_back(name);
    for (const auto& [name, definition] : module_) names.push_back(name);
    for (std::string& name : builtin_names()) names.push_back(std::move(name));
    return names;
}

// --- helpers ------------------------------------------------------------------------------------------------------

SourcePosition JsonReader::where(Index node) {
    SourcePosition position;
    if (pointer_bytes_ < max_pointer_bytes) {
        position = json_.position(node);
        pointer_bytes_ += position.pointer.size();
        if (pointer_bytes_ >= max_pointer_bytes)
            add({"program.too-large", "the program is too large and too deeply nested", position,
                 "keep large data in a .npy file and refer to it with {\"file\": \"x.npy\"}"});
    }
    position.file = program_.file;
    return position;
}

ExprPtr JsonReader::make(Index node, decltype(Expr::node) value) {
    return std::make_shared<const Expr>(Expr{std::move(value), where(node)});
}

void JsonReader::add(Diagnostic mistake) {
    if (mistakes_.size() < max_mistakes)
        mistakes_.push_back(std::move(mistake));
    else
        ++more_mistakes_;
}

void JsonReader::complain(Index node, std::string code, std::string message, std::string remedy) {
    if (mistakes_.size() < max_mistakes)
        add({std::move(code), std::move(message), json_.position(node), std::move(remedy)});
    else
        ++more_mistakes_;
}

void JsonReader::complain_at_key(Index node, std::string code, std::string message, std::string remedy) {
    if (mistakes_.size() < max_mistakes)
        add({std::move(code), std::move(message), json_.key_position(node), std::move(remedy)});
    else
        ++more_mistakes_;
}

bool JsonReader::expect(Index node, Kind kind, std::string_view what) {
    if (json_[node].kind == kind) return true;
    complain(node, "program.type", fmt::format("expected {}, found {}", what, describe(node)));
    return false;
}

std::string JsonReader::describe(Index node) const {
    const JsonNode& value = json_[node];
    switch (value.kind) {
    case Kind::null:
        return "null";
    case Kind::boolean:
        return value.boolean ? "true" : "false";
    case Kind::integer:
        return fmt::format("{}", value.integer);
    case Kind::number:
        return fmt::format("{}", value.number);
    case Kind::string:
        return fmt::format("\"{}\"", shortened(json_.text(node)));
    case Kind::array:
        return value.count == 0 ? "an empty list" : "a list";
    case Kind::object:
        if (value.count == 0) return "an empty object";
        return fmt::format("an object with the key \"{}\"", shortened(json_.key(value.first_child)));
    }
    return {};
}

void JsonReader::check_keys(Index node, std::initializer_list<std::string_view> allowed) {
    for (const Index child : children(node)) {
        const std::string& key = json_.key(child);
        if (std::find(allowed.begin(), allowed.end(), key) != allowed.end()) continue;
        complain_at_key(child, "program.unknown-key", fmt::format("unknown key \"{}\"", shortened(key)),
                        did_you_mean(key, {allowed.begin(), allowed.end()}));
    }
}

std::string JsonReader::did_you_mean(std::string_view word, const std::vector<std::string>& candidates) const {
    // Of very short names every other one is near.
    if (mistakes_.size() >= max_mistakes || word.size() < 3) return {};
    const std::string found = nearest(word, candidates);
    return found.empty() ? std::string{} : fmt::format("did you mean \"{}\"?", found);
}

std::vector<JsonReader::Index> JsonReader::children(Index node) const {
    std::vector<Index> result;
    result.reserve(json_[node].count);
    for (Index child = json_[node].first_child; child != none; child = json_[child].next) result.push_back(child);
    return result;
}

} // namespace rnnscope::program
