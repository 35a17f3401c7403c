#include "core/program/session_statements.hpp"

#include "core/base/suggest.hpp"
#include "core/import/graph_roles.hpp"
#include "core/program/generate.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <fmt/format.h>

namespace rnnscope::program {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// The number, if the whole text is one.
template <class T> std::optional<T> number_of(std::string_view text) {
    T value{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    return problem == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t end = text.find(separator);
        std::string_view part = text.substr(0, end);
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        parts.push_back(part);
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

/// `normal(2,5;7)` or `uniform(3;seed=1,low=-1)`; nothing when the text is no formula.
std::optional<Json> formula(std::string_view text) {
    const std::size_t open = text.find('(');
    if (open == std::string_view::npos || !text.ends_with(')')) return std::nullopt;
    const GeneratorInfo* info = find_generator(text.substr(0, open));
    if (info == nullptr) return std::nullopt;
    const auto parts = split(text.substr(open + 1, text.size() - open - 2), ';');
    if (parts.size() > 2) return std::nullopt;
    Json shape = Json::array();
    if (!parts[0].empty())
        for (const std::string_view part : split(parts[0], ',')) {
            const auto dim = number_of<std::int64_t>(part);
            if (!dim) return std::nullopt;
            shape.push_back(*dim);
        }
    Json value{{"generate", info->name}, {"shape", std::move(shape)}};
    if (parts.size() == 1) return value;
    std::size_t position = 0;
    for (const std::string_view part : split(parts[1], ',')) {
        const std::size_t equals = part.find('=');
        if (equals == std::string_view::npos && position >= info->parameters.size()) return std::nullopt;
        const std::string name(equals == std::string_view::npos ? std::string_view(info->parameters[position++])
                                                                : part.substr(0, equals));
        const std::string_view given = equals == std::string_view::npos ? part : part.substr(equals + 1);
        if (const auto integer = number_of<std::int64_t>(given))
            value[name] = *integer;
        else if (const auto real = number_of<double>(given))
            value[name] = *real;
        else
            return std::nullopt;
    }
    return value;
}

/// Variables by the regular expressions; a mark for each. `all` stands for "all".
class VariableChoice {
  public:
    explicit VariableChoice(const Graph& graph) : graph_(graph), chosen_(graph.variables().size(), false) {}

    Status add(const std::string& pattern) {
        if (pattern == "all") {
            chosen_.assign(chosen_.size(), true);
            return {};
        }
        // The rules of get_collection are the collection's; a graph that holds nothing else has one of all variables.
        Graph names;
        for (const Variable& variable : graph_.variables()) {
            Node node;
            node.name = variable.name;
            node.outputs.resize(1);
            names.add_to_collection("all", Output{names.append(std::move(node)), 0});
        }
        const auto matched = names.collection("all", pattern);
        if (!matched) return matched.error();
        if (matched->empty()) return Error{"usage.init", "matches no variable"};
        for (const CollectionItem& item : *matched) chosen_[std::get<Output>(item).node.index()] = true;
        return {};
    }
    bool contains(const Variable& variable) const { return chosen_[variable.id.index()]; }

  private:
    const Graph& graph_;
    std::vector<bool> chosen_;
};

} // namespace

/// Text of the user's as a string of the program, where "$" would begin a reference.
std::string escaped_text(const std::string& text) {
    return text.starts_with('$') ? "$" + text : text;
}

std::optional<SessionStatements::Restorer> SessionStatements::find_restorer(const Graph& graph) {
    const GraphRoles roles = graph_roles(graph);
    for (const SaverRole& saver : roles.savers)
        if (saver.restore_op.valid())
            return Restorer{graph.node(saver.restore_op).name, graph.tensor_name(saver.filename)};
    return std::nullopt;
}

void SessionStatements::report(std::string code, std::string message, std::string remedy) {
    problems_.push_back({std::move(code), std::move(message), {file_, 0, 0, {}, 0}, std::move(remedy)});
}

std::string SessionStatements::relative(const std::string& path) const {
    const fs::path home = (fs::current_path() / directory_).lexically_normal(); // "" is the current folder
    return fs::absolute(path).lexically_normal().lexically_relative(home).string();
}

std::optional<std::string> SessionStatements::init(const std::vector<std::string>& patterns) {
    VariableChoice chosen(graph_);
    for (const std::string& pattern : patterns)
        if (const Status added = chosen.add(pattern); !added)
            report("usage.init", fmt::format("--init \"{}\": {}", pattern, added.error().message),
                   "the expression has to match the beginning of a variable's name, as in get_collection");
    Json initializers = Json::array();
    for (const Variable& variable : graph_.variables())
        if (chosen.contains(variable) && variable.initializer.valid())
            initializers.push_back(escaped_text(graph_.node(variable.initializer).name));
    if (initializers.empty()) return std::nullopt;
    return Json{{"call", fmt::format("${}.run", session_)}, {"args", Json::array({std::move(initializers)})}}.dump();
}

std::optional<std::string> SessionStatements::restore(const std::string& prefix,
                                                      const std::optional<Restorer>& restorer) {
    if (!restorer) {
        report("usage.restore", "the graph holds no saver that could restore",
               graph_.variables().empty() ? "it has no variables either: there is nothing to restore"
                                          : "use the .meta file that was saved with the checkpoint");
        return std::nullopt;
    }
    return Json{{"call", fmt::format("${}.run", session_)},
                {"args", Json::array({escaped_text(restorer->op)})},
                {"kwargs", {{"feed_dict", {{escaped_text(restorer->filename), escaped_text(relative(prefix))}}}}}}
        .dump();
}

std::optional<std::string> SessionStatements::run(const std::vector<std::string>& fetches,
                                                  const std::vector<std::string>& targets,
                                                  const std::vector<std::string>& feeds) {
    Json names = Json::array();
    for (const std::string& name : fetches) names.push_back(tensor(name));
    for (const std::string& name : targets) names.push_back(operation(name));
    Json fed = Json::object();
    for (const std::string& text : feeds)
        if (const auto entry = feed(text)) fed[entry->first] = Json::parse(entry->second);
    if (names.empty()) {
        if (!feeds.empty())
            report("usage.feed", "something is fed, but nothing is run",
                   "name the tensors or ops to run: with --fetch and --target, or before the feeds of session.run");
        return std::nullopt;
    }
    Json statement{
        {"let", "values"}, {"call", fmt::format("${}.run", session_)}, {"args", Json::array({std::move(names)})}};
    if (!fed.empty()) statement["kwargs"] = {{"feed_dict", std::move(fed)}};
    return statement.dump();
}

std::optional<std::pair<std::string, std::string>> SessionStatements::feed(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        report("usage.feed", fmt::format("\"{}\" is not NAME=VALUE", text),
               "write a tensor of the graph, \"=\" and its value, such as x:0=zeros(2,5)");
        return std::nullopt;
    }
    std::string key = tensor(text.substr(0, equals));
    auto given = value(std::string_view(text).substr(equals + 1));
    if (!given) return std::nullopt;
    return std::pair(std::move(key), *std::move(given));
}

std::optional<std::string> SessionStatements::value(std::string_view given) {
    if (given.starts_with('@')) return Json{{"file", escaped_text(relative(std::string(given.substr(1))))}}.dump();
    if (const auto data = formula(given)) return data->dump();
    Json value = Json::parse(given, nullptr, false);
    if (value.is_string()) value = escaped_text(value.get<std::string>());
    if (value.is_string() || value.is_number() || value.is_boolean() || value.is_array()) return value.dump();
    report("usage.feed", fmt::format("cannot read the value \"{}\"", given),
           fmt::format("write a JSON literal (text in double quotes), @FILE, or a formula: {}",
                       fmt::join(generator_names(), ", ")));
    return std::nullopt;
}

std::string SessionStatements::nearest_name(const std::string& name) const {
    std::vector<std::string> names;
    for (const Node& node : graph_.nodes()) names.push_back(node.name);
    const std::string near = nearest(name, names);
    return near.empty() ? "rnnscope graph FILE lists what is in it" : fmt::format("did you mean \"{}\"?", near);
}

std::string SessionStatements::tensor(const std::string& name) {
    const std::string full = name.find(':') == std::string::npos ? name + ":0" : name;
    const std::string op = full.substr(0, full.rfind(':'));
    if (!graph_.find(op).valid())
        report("usage.unknown-name", fmt::format("the graph has no tensor \"{}\"", name), nearest_name(op));
    else if (!graph_.find_tensor(full))
        report("usage.unknown-name", fmt::format("the graph has no tensor \"{}\"", name),
               fmt::format("\"{}\" has {} outputs", op, graph_.node(graph_.find(op)).outputs.size()));
    return escaped_text(full);
}

std::string SessionStatements::operation(const std::string& name) {
    if (!graph_.find(name).valid())
        report("usage.unknown-name", fmt::format("the graph has no op \"{}\"", name), nearest_name(name));
    return escaped_text(name);
}

} // namespace rnnscope::program
