#include "core/program/graph_program.hpp"

#include "core/import/graph_file.hpp"
#include "core/import/graphdef_importer.hpp"
#include "core/program/json_format.hpp"
#include "core/program/session_statements.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

namespace rnnscope::program {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Opened = std::variant<std::shared_ptr<const Document>, Diagnostics>;

/// A program names files in its own folder and below: the folder that holds all that are used.
fs::path common_folder(const std::string& path, const GraphSession& session) {
    fs::path folder = fs::absolute(path).lexically_normal().parent_path();
    const auto widen = [&](const std::string& other) {
        const fs::path file = fs::absolute(other).lexically_normal();
        while (folder.has_relative_path() && *file.lexically_relative(folder).begin() == "..")
            folder = folder.parent_path();
    };
    if (!session.restore.empty()) widen(session.restore);
    for (const std::string& feed : session.feeds)
        if (const std::size_t at = feed.find("=@"); at != std::string::npos) widen(feed.substr(at + 2));
    return folder;
}

Json import_statement(const GraphFile& file, const std::string& name) {
    const Json argument{{"file", escaped_text(name)}};
    if (file.kind != GraphFile::Kind::graph_def)
        return {{"let", "saver"}, {"call", "train.import_meta_graph"}, {"args", Json::array({argument})}};
    return {{"call", "import_graph_def"}, {"args", Json::array({argument})}, {"kwargs", {{"name", ""}}}};
}

/// By the saver that came with a MetaGraph, else by the one that the graph's structure shows.
std::optional<std::string> restore_statement(SessionStatements& statements, const Graph& graph, const GraphFile& file,
                                             const std::string& prefix) {
    if (!file.saver || !graph.find(file.saver->restore_op).valid())
        return statements.restore(prefix, SessionStatements::find_restorer(graph));
    return Json{{"call", "$saver.restore"}, {"args", Json::array({"$sess", escaped_text(statements.relative(prefix))})}}
        .dump();
}

/// `opened_from`: what the person opened, which reloading opens again.
Opened open_graph_as(const std::string& path, const GraphSession& session, const std::string& opened_from) {
    LoadedGraph loaded = load_graph_file(path);
    if (auto* problems = std::get_if<Diagnostics>(&loaded)) return std::move(*problems);
    const auto file = std::get<std::shared_ptr<const GraphFile>>(std::move(loaded));
    Graph graph; // for looking things up; the program imports its own
    if (Diagnostics problems = import_graph(graph, *file); !problems.empty()) return problems;
    import_collections(graph, *file);

    const fs::path folder = common_folder(path, session);
    SessionStatements statements(graph, "sess", folder, path);
    const std::string name = statements.relative(path);
    Json body = Json::array({import_statement(*file, name)});
    const auto add = [&](const std::optional<std::string>& statement) {
        if (statement) body.push_back(Json::parse(*statement));
    };
    if (session.any()) {
        body.push_back({{"let", "sess"}, {"call", "Session"}});
        add(statements.init(session.init));
        if (!session.restore.empty()) add(restore_statement(statements, graph, *file, session.restore));
        add(statements.run(session.fetches, session.targets, session.feeds));
    }
    if (!statements.problems().empty()) return statements.problems();
    const Json program{{"format", "rnnscope/1"}, {"title", fs::path(path).filename().string()}, {"program", body}};
    // Saved, the program stands beside the graph, never in its place.
    const std::string beside = folder == fs::absolute(path).lexically_normal().parent_path()
                                   ? path
                                   : (folder / fs::path(path).filename()).string();
    return Document::read(format_json(program.dump()), beside + ".json", folder.string(), {{name, file}}, opened_from);
}

} // namespace

Opened open_graph(const std::string& path, const GraphSession& session) {
    return open_graph_as(path, session, path);
}

std::string checkpoint_prefix(const std::string& path) {
    std::error_code failure;
    std::string prefix = path;
    const fs::path file(path);
    if (file.filename() == "checkpoint") { // text: model_checkpoint_path: "model.ckpt-100"
        std::ifstream in(path);
        std::string line;
        std::getline(in, line);
        const std::size_t begin = line.find('"'), end = line.rfind('"');
        if (!line.starts_with("model_checkpoint_path:") || end <= begin || end == std::string::npos) return {};
        const fs::path named(line.substr(begin + 1, end - begin - 1));
        prefix = (named.is_absolute() ? named : file.parent_path() / named).string();
        // Where the folder was moved to another machine the name alone still fits.
        if (!fs::exists(prefix + ".index", failure)) prefix = (file.parent_path() / named.filename()).string();
    } else if (prefix.ends_with(".index")) {
        prefix.resize(prefix.size() - std::string_view(".index").size());
    } else if (const std::size_t data = prefix.rfind(".data-"); data != std::string::npos) {
        prefix.resize(data);
    } else if (fs::exists(file, failure)) {
        return {};
    }
    return fs::is_regular_file(prefix + ".index", failure) ? prefix : std::string();
}

Opened open_file(const std::string& path) {
    if (const std::string prefix = checkpoint_prefix(path); !prefix.empty()) {
        std::error_code failure;
        const std::string graph = prefix + ".meta";
        GraphSession values;
        values.restore = prefix;
        if (fs::exists(graph, failure)) return open_graph_as(graph, values, path);
        SourcePosition where;
        where.file = path;
        return Diagnostics{{"file.checkpoint",
                            "this is a checkpoint: values of variables without the graph they are of", where,
                            "open the graph or the program that saved it, and restore the checkpoint there"}};
    }
    return is_graph_file(path) ? open_graph(path) : Document::open(path);
}

} // namespace rnnscope::program
