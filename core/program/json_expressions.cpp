#include "core/program/json_reader.hpp"

#include "core/base/suggest.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

namespace rnnscope::program {
namespace {

struct OperatorInfo {
    std::string_view name;
    int operands; ///< exactly
    bool chains;  ///< more operands are taken from left to right
};
constexpr std::array<OperatorInfo, 22> operators{
    {{"+", 2, true},       {"-", 2, true},   {"*", 2, true},       {"/", 2, true},   {"//", 2, false},
     {"%", 2, false},      {"**", 2, false}, {"@", 2, true},       {"<", 2, false},  {"<=", 2, false},
     {">", 2, false},      {">=", 2, false}, {"==", 2, false},     {"!=", 2, false}, {"is", 2, false},
     {"is not", 2, false}, {"in", 2, false}, {"not in", 2, false}, {"and", 2, true}, {"or", 2, true},
     {"not", 1, false},    {"neg", 1, false}}};

const OperatorInfo* find_operator(std::string_view name) {
    const auto at =
        std::find_if(operators.begin(), operators.end(), [&](const OperatorInfo& o) { return o.name == name; });
    return at == operators.end() ? nullptr : &*at;
}

const std::vector<std::string>& expression_kinds() {
    static const std::vector<std::string> kinds{"call",     "tuple", "dict", "index", "range",
                                                "generate", "array", "file", "if"};
    return kinds;
}

/// `tf.train.import_meta_graph("model.meta")`: TensorFlow takes the name of the file.
bool takes_graph_file(const CallExpr& call) {
    const auto* attribute = std::get_if<AttributeExpr>(&call.callee->node);
    return attribute != nullptr && attribute->name == "import_meta_graph";
}

/// Looks like the use of a session: `sess.run(...)`, `tensor.eval(...)`.
bool runs_session(const CallExpr& call) {
    const auto* attribute = std::get_if<AttributeExpr>(&call.callee->node);
    return attribute && (attribute->name == "run" || attribute->name == "eval");
}

} // namespace

ExprPtr JsonReader::read_expression(Index node, Place place) {
    const JsonNode& value = json_[node];
    switch (value.kind) {
    case Kind::null:
        return make(node, Literal{});
    case Kind::boolean:
        return make(node, Literal{value.boolean});
    case Kind::integer:
        return make(node, Literal{value.integer});
    case Kind::number:
        return make(node, Literal{value.number});
    case Kind::string: {
        const std::string& text = json_.text(node);
        if (!text.starts_with('$')) return make(node, Literal{text});
        if (text.starts_with("$$")) return make(node, Literal{text.substr(1)});
        return read_reference(node, std::string_view(text).substr(1));
    }
    case Kind::array: {
        ListExpr list;
        list.items.reserve(value.count);
        for (const Index child : children(node)) list.items.push_back(read_expression(child));
        return make(node, std::move(list));
    }
    case Kind::object:
        return read_object(node, place);
    }
    return make(node, Literal{});
}

ExprPtr JsonReader::read_object(Index node, Place place) {
    std::vector<Index> found;
    for (const Index child : children(node)) {
        const std::string& key = json_.key(child);
        const auto& kinds = expression_kinds();
        if (std::find(kinds.begin(), kinds.end(), key) != kinds.end() || find_operator(key)) found.push_back(child);
    }
    if (found.size() > 1) {
        complain_at_key(
            found[1], "program.conflicting-keys",
            fmt::format("a value cannot be both \"{}\" and \"{}\"", json_.key(found[0]), json_.key(found[1])),
            "nest one in the other, or give one a name with \"let\"");
        return make(node, Literal{});
    }
    if (found.empty()) {
        std::string remedy = "write \"call\", \"tuple\", \"dict\", \"index\", \"range\", \"generate\", \"array\", "
                             "\"file\", \"if\" or an operator";
        for (const Index child : children(node))
            if (const std::string meant = did_you_mean(json_.key(child), expression_kinds());
                !meant.empty() && json_.key(child) != "let")
                remedy = meant;
        if (json_.member(node, "let") != none && json_[node].count <= (json_.member(node, "comment") != none ? 2U : 1U))
            complain(node, "program.missing-key", "\"let\" has no value", "add \"value\", or the keys of a call");
        else
            complain(node, "program.unknown-expression", fmt::format("{} is no value", describe(node)), remedy);
        return make(node, Literal{});
    }
    const std::string& kind = json_.key(found[0]);
    if (kind == "call") return read_call(node, place);
    if (find_operator(kind)) return read_operator(node, found[0], kind);
    if (kind == "dict") return read_dict(node);
    if (kind == "index") return read_index(node);
    if (kind == "range") return read_range(node);
    if (kind == "generate") return read_generate(node);
    if (kind == "array") return read_array(node);
    if (kind == "file") return read_file(node);
    if (kind == "if") return read_conditional(node);
    check_keys(node, {"tuple", "let", "comment"});
    TupleExpr tuple;
    if (expect(found[0], Kind::array, "a list of values"))
        for (const Index child : children(found[0])) tuple.items.push_back(read_expression(child));
    return make(node, std::move(tuple));
}

// --- calls ----------------------------------------------------------------------------------------------------------

ExprPtr JsonReader::read_call(Index node, Place place) {
    check_keys(node, {"call", "args", "kwargs", "let", "comment"});
    CallExpr call;
    const Index callee = json_.member(node, "call");
    if (!expect(callee, Kind::string, "the name of a function")) {
        call.callee = make(callee, Literal{});
        return make(node, std::move(call));
    }
    const std::string& text = json_.text(callee);
    const bool own = text.starts_with('$');
    const std::string path = own ? text.substr(1) : "tf." + text;
    call.callee = read_reference(callee, path, true);
    const bool runs = runs_session(call);
    read_arguments(node, call, runs);

    const auto* name = std::get_if<NameExpr>(&call.callee->node);
    const Definition* definition = own && name ? find(name->name) : nullptr;
    const bool calls_function = definition && definition->function;
    if (place == Place::nested && (calls_function || runs))
        complain(node, calls_function ? "program.nested-call" : "program.nested-run",
                 fmt::format("{} is called inside of another value", calls_function ? "\"" + text + "\"" : "a session"),
                 "make it a statement of its own with \"let\", and use the name");
    if (calls_function) {
        std::vector<std::string> parameters;
        std::set<std::string> optional;
        for (const Parameter& parameter : *definition->function) {
            parameters.push_back(parameter.name);
            if (parameter.default_value) optional.insert(parameter.name);
        }
        check_call(node, text.substr(1), call, parameters, optional);
    } else if (const std::string tensorflow = path.starts_with("tf.") ? path.substr(3) : std::string{};
               const tf1::ApiDef* api = names_.function(tensorflow)) {
        std::vector<std::string> parameters;
        std::set<std::string> optional;
        for (const tf1::Param& parameter : api->params) {
            parameters.push_back(parameter.name);
            if (parameter.default_value) optional.insert(parameter.name);
        }
        check_call(node, tensorflow, call, parameters, optional);
    }
    return make(node, std::move(call));
}

void JsonReader::read_arguments(Index node, CallExpr& call, bool runs) {
    const auto keywords = [&](Index object) {
        for (const Index child : children(object)) {
            const std::string& name = json_.key(child);
            if (!is_identifier(name) || is_reserved(name))
                complain_at_key(child, "program.bad-name",
                                fmt::format("\"{}\" cannot be the name of an argument", shortened(name)),
                                "use letters, digits and _");
            SourcePosition position = where(child);
            const bool names_file = name == "meta_graph_or_file" && takes_graph_file(call) && is_plain_text(child);
            ExprPtr value = name == "feed_dict" ? read_feeds(child)
                            : names_file        ? make(child, file_named(child))
                                                : read_expression(child);
            const bool twice = std::any_of(call.keywords.begin(), call.keywords.end(),
                                           [&](const Keyword& k) { return k.name == name; });
            if (twice)
                complain_at_key(child, "program.duplicate-argument",
                                fmt::format("the argument \"{}\" is given twice", shortened(name)),
                                "remove one of them");
            call.keywords.push_back({name, std::move(value), std::move(position)});
        }
    };
    if (const Index args = json_.member(node, "args"); args != none) {
        if (json_[args].kind == Kind::object)
            keywords(args);
        else if (expect(args, Kind::array, "a list of arguments, or an object with named ones"))
            for (const Index child : children(args)) {
                // run(fetches, feeds), tensor.eval(feeds), operation.run(feeds)
                const bool feeds = runs && (call.args.size() == 1 || (call.args.empty() && looks_like_feeds(child)));
                const bool names_file = call.args.empty() && takes_graph_file(call) && is_plain_text(child);
                call.args.push_back(feeds        ? read_feeds(child)
                                    : names_file ? make(child, file_named(child))
                                                 : read_expression(child));
            }
    }
    if (const Index kwargs = json_.member(node, "kwargs"); kwargs != none)
        if (expect(kwargs, Kind::object, "an object with named arguments")) keywords(kwargs);
}

bool JsonReader::is_plain_text(Index node) const {
    return json_[node].kind == Kind::string && !json_.text(node).starts_with('$');
}

/// Keys that are references or tensor names: {"$x": ...}, {"x:0": ...}.
bool JsonReader::looks_like_feeds(Index node) const {
    if (json_[node].kind != Kind::object || json_[node].count == 0) return false;
    const std::string& key = json_.key(json_[node].first_child);
    return key.starts_with('$') || key.find(':') != std::string::npos;
}

ExprPtr JsonReader::read_feeds(Index node) {
    if (json_[node].kind != Kind::object || json_.member(node, "dict") != none || json_.member(node, "call") != none ||
        json_.member(node, "index") != none)
        return read_expression(node);
    DictExpr feeds;
    for (const Index child : children(node)) {
        const std::string& key = json_.key(child);
        ExprPtr name = key.starts_with("$$")  ? make(child, Literal{key.substr(1)})
                       : key.starts_with('$') ? read_reference(child, std::string_view(key).substr(1))
                                              : make(child, Literal{key});
        feeds.items.emplace_back(std::move(name), read_expression(child));
    }
    return make(node, std::move(feeds));
}

void JsonReader::check_call(Index node, std::string_view name, const CallExpr& call,
                            const std::vector<std::string>& parameters, const std::set<std::string>& optional) {
    // "*inputs" takes any number of positional arguments, "**kwargs" any named ones.
    std::vector<std::string> named;
    bool any_position = false, any_name = false;
    std::size_t positions = 0;
    for (const std::string& parameter : parameters) {
        if (parameter.starts_with("**"))
            any_name = true;
        else if (parameter.starts_with("*"))
            any_position = true;
        else {
            named.push_back(parameter);
            if (!any_position) ++positions;
        }
    }
    if (!any_position && call.args.size() > positions)
        complain(node, "program.too-many-arguments",
                 fmt::format("{} takes {} argument{} but {} are given by position", name, positions,
                             positions == 1 ? "" : "s", call.args.size()),
                 named.empty() ? "it has no parameters" : fmt::format("its parameters are {}", fmt::join(named, ", ")));
    std::set<std::string> given, meant;
    for (std::size_t i = 0; i < std::min(call.args.size(), positions); ++i) given.insert(named[i]);
    for (const Keyword& keyword : call.keywords) {
        if (std::find(named.begin(), named.end(), keyword.name) == named.end()) {
            if (any_name) continue;
            meant.insert(nearest(keyword.name, named));
            std::string remedy = did_you_mean(keyword.name, named);
            if (remedy.empty())
                remedy = named.empty() ? "it has no parameters"
                                       : fmt::format("its parameters are {}", fmt::join(named, ", "));
            add({"program.unknown-argument", fmt::format("{} has no argument \"{}\"", name, shortened(keyword.name)),
                 keyword.where, std::move(remedy)});
        } else if (!given.insert(keyword.name).second) {
            add({"program.duplicate-argument",
                 fmt::format("the argument \"{}\" is given by position and by name", keyword.name), keyword.where,
                 "remove one of them"});
        }
    }
    // What was only misspelt is not missing too.
    for (const std::string& parameter : named)
        if (!given.contains(parameter) && !optional.contains(parameter) && !meant.contains(parameter))
            complain(node, "program.missing-argument", fmt::format("{} needs the argument \"{}\"", name, parameter),
                     "add it to \"args\"");
}

// --- references -----------------------------------------------------------------------------------------------------

/// "cell.state_size", "state[0].h", "tf.nn.tanh".
ExprPtr JsonReader::read_reference(Index node, std::string_view text, bool callee) {
    const auto bad = [&](std::string_view why) {
        complain(node, "program.bad-reference", fmt::format("cannot read the reference {}: {}", describe(node), why),
                 "write for example \"$x\", \"$cell.state_size\" or \"$state[0]\"; \"$$\" begins text with a \"$\"");
        return make(node, Literal{});
    };
    const auto identifier = [&text] {
        std::size_t length = 0;
        while (length < text.size() && (std::isalnum(static_cast<unsigned char>(text[length])) || text[length] == '_'))
            ++length;
        const std::string_view name = text.substr(0, length);
        text.remove_prefix(length);
        return name;
    };
    if (text.size() > 1000) return bad("it is too long");
    const std::string_view whole = text;
    const std::string root(identifier());
    if (!is_identifier(root)) return bad("it begins with no name");
    ExprPtr expr = make(node, NameExpr{root});
    std::string path; // of attributes after "tf"
    while (!text.empty()) {
        const char mark = text.front();
        text.remove_prefix(1);
        if (mark == '.') {
            const std::string_view name = identifier();
            if (!is_identifier(name)) return bad("a name is missing after \".\"");
            if (root == "tf") path += (path.empty() ? "" : ".") + std::string(name);
            expr = make(node, AttributeExpr{std::move(expr), std::string(name)});
        } else if (mark == '[') {
            const std::size_t end = text.find(']');
            if (end == std::string_view::npos) return bad("\"[\" is not closed");
            const std::string_view inside = text.substr(0, end);
            text.remove_prefix(end + 1);
            Literal index;
            const bool quoted =
                inside.size() >= 2 && (inside[0] == '\'' || inside[0] == '"') && inside.back() == inside[0];
            if (quoted) {
                index.value = std::string(inside.substr(1, inside.size() - 2));
            } else {
                std::int64_t number = 0;
                const auto [stop, error] = std::from_chars(inside.data(), inside.data() + inside.size(), number);
                if (error != std::errc{} || stop != inside.data() + inside.size())
                    return bad("between [ and ] stands a whole number; for more use {\"index\": ..., \"at\": [...]}");
                index.value = number;
            }
            IndexExpr item;
            item.object = std::move(expr);
            Subscript subscript;
            subscript.index = make(node, std::move(index));
            item.subscripts.push_back(std::move(subscript));
            expr = make(node, std::move(item));
        } else {
            return bad(
                fmt::format("unexpected \"{}\"", mark >= ' ' && mark < 0x7f ? std::string(1, mark) : "character"));
        }
    }
    if (root == "tf") {
        if (path.empty()) return bad("\"tf\" alone is no value");
        const bool plain = whole == "tf." + path;
        check_tensorflow_name(node, path, callee && plain);
    } else {
        check_defined(node, root);
    }
    return expr;
}

bool JsonReader::check_tensorflow_name(Index node, std::string_view path, bool callee) {
    if (callee) {
        if (names_.function(path)) return true;
        std::string remedy = did_you_mean(path, names_.all());
        if (const std::string_view plain = path.substr(path.rfind('.') + 1); find(plain) || is_builtin(plain))
            remedy = fmt::format("to call something of this program write \"${}\"", plain);
        complain(node, "program.unknown-function", fmt::format("TensorFlow has no function \"{}\"", shortened(path)),
                 std::move(remedy));
        return false;
    }
    // "GraphKeys.GLOBAL_VARIABLES" is a constant; "float32.name" an attribute of one.
    for (std::string_view prefix = path;;) {
        if (names_.is_constant(prefix) || (prefix == path && names_.function(prefix))) return true;
        const std::size_t dot = prefix.rfind('.');
        if (dot == std::string_view::npos) break;
        prefix = prefix.substr(0, dot);
    }
    complain(node, "program.unknown-name", fmt::format("TensorFlow has no \"{}\"", shortened(path)),
             did_you_mean(path, names_.all()));
    return false;
}

// --- other values ---------------------------------------------------------------------------------------------------

ExprPtr JsonReader::read_dict(Index node) {
    check_keys(node, {"dict", "let", "comment"});
    DictExpr dict;
    const Index items = json_.member(node, "dict");
    if (json_[items].kind == Kind::object) return read_feeds(items);
    if (expect(items, Kind::array, "a list of [key, value] pairs"))
        for (const Index item : children(items)) {
            if (json_[item].kind != Kind::array || json_[item].count != 2) {
                complain(item, "program.type", fmt::format("expected a pair [key, value], found {}", describe(item)));
                continue;
            }
            const Index key = json_[item].first_child;
            ExprPtr name = read_expression(key);
            dict.items.emplace_back(std::move(name), read_expression(json_[key].next));
        }
    return make(node, std::move(dict));
}

ExprPtr JsonReader::read_index(Index node) {
    check_keys(node, {"index", "at", "let", "comment"});
    IndexExpr index;
    index.object = read_expression(json_.member(node, "index"));
    const Index at = json_.member(node, "at");
    if (at == none) {
        complain(node, "program.missing-key", "\"index\" needs \"at\"", "add \"at\": [0]");
        return make(node, std::move(index));
    }
    const std::vector<Index> items = json_[at].kind == Kind::array ? children(at) : std::vector<Index>{at};
    if (items.empty()) complain(at, "program.type", "an empty list of subscripts");
    for (const Index item : items) {
        Subscript subscript;
        const Index slice = json_.member(item, "slice");
        if (slice == none) {
            subscript.index = read_expression(item);
        } else if (check_keys(item, {"slice"}); expect(slice, Kind::array, "a list [start, stop, step]")) {
            ExprPtr* parts[] = {&subscript.start, &subscript.stop, &subscript.step};
            if (json_[slice].count > 3) complain(slice, "program.type", "a slice has start, stop and step, no more");
            std::size_t i = 0;
            for (const Index part : children(slice)) {
                if (i == 3) break;
                if (json_[part].kind != Kind::null) *parts[i] = read_expression(part);
                ++i;
            }
        }
        index.subscripts.push_back(std::move(subscript));
    }
    return make(node, std::move(index));
}

ExprPtr JsonReader::read_operator(Index node, Index operands, const std::string& op) {
    const OperatorInfo& info = *find_operator(op);
    check_keys(node, {op, "let", "comment"});
    std::vector<ExprPtr> values;
    if (info.operands == 1 && json_[operands].kind != Kind::array)
        values.push_back(read_expression(operands));
    else if (expect(operands, Kind::array, "a list of operands"))
        for (const Index child : children(operands)) values.push_back(read_expression(child));
    const auto wanted = static_cast<std::size_t>(info.operands);
    if (values.size() < wanted || (values.size() > wanted && !info.chains)) {
        complain(operands, "program.operands",
                 fmt::format("\"{}\" takes {} operand{}, found {}", op, info.operands, info.operands == 1 ? "" : "s",
                             values.size()),
                 op == "-" && values.size() == 1 ? "write {\"neg\": ...} for the negative of a value" : "");
        return make(node, Literal{});
    }
    if (info.operands == 1) return make(node, OperatorExpr{op, std::move(values)});
    // A chain of a thousand operands would nest as deep: it is refused like any other deep nesting.
    if (values.size() > JsonTree::max_depth) {
        complain(operands, "program.operands",
                 fmt::format("\"{}\" has more than {} operands", op, JsonTree::max_depth));
        return make(node, Literal{});
    }
    ExprPtr result = values[0];
    for (std::size_t i = 1; i < values.size(); ++i) result = make(node, OperatorExpr{op, {result, values[i]}});
    return result;
}

/// {"range": [start, stop, step]}: Python's range, not tf.range.
ExprPtr JsonReader::read_range(Index node) {
    check_keys(node, {"range", "let", "comment"});
    CallExpr call;
    call.callee = make(node, NameExpr{"range"});
    const Index arguments = json_.member(node, "range");
    if (json_[arguments].kind == Kind::array)
        for (const Index child : children(arguments)) call.args.push_back(read_expression(child));
    else
        call.args.push_back(read_expression(arguments));
    if (call.args.empty() || call.args.size() > 3)
        complain(arguments, "program.operands", "\"range\" takes [stop], [start, stop] or [start, stop, step]");
    return make(node, std::move(call));
}

/// {"if": condition, "then": value, "else": otherwise}.
ExprPtr JsonReader::read_conditional(Index node) {
    check_keys(node, {"if", "then", "else", "let", "comment"});
    const auto part = [&](std::string_view key) {
        const Index child = json_.member(node, key);
        if (child != none) return read_expression(child);
        complain(node, "program.missing-key", fmt::format("a value with \"if\" needs \"{}\"", key),
                 fmt::format("add \"{}\": ...", key));
        return make(node, Literal{});
    };
    ConditionalExpr conditional;
    conditional.condition = part("if");
    conditional.value = part("then");
    conditional.otherwise = part("else");
    return make(node, std::move(conditional));
}

} // namespace rnnscope::program
