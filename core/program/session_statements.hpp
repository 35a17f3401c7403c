#pragma once

#include "core/base/diagnostic.hpp"
#include "core/graph/graph.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rnnscope::program {

/// Makes statements, as JSON text of the program format, that do something with a session on a graph: what the command
/// line's options and the window's commands ask for. Names are checked against the graph; what is wrong is collected,
/// with codes that begin with "usage.".
class SessionStatements {
  public:
    /// `session`: its name in the program. `directory`: the program's, which file names become relative to. `file`: for
    /// reports.
    SessionStatements(const Graph& graph, std::string session, std::filesystem::path directory, std::string file)
        : graph_(graph), session_(std::move(session)), directory_(std::move(directory)), file_(std::move(file)) {}

    struct Restorer {
        std::string op, filename; ///< a node; the tensor that is fed with the prefix
    };
    /// How the graph's first saver restores; nothing when it has none.
    static std::optional<Restorer> find_restorer(const Graph& graph);

    /// Runs initializers that are in the graph: all, or those of the variables whose name matches one of the regular
    /// expressions as `scope` of get_collection does. nullopt when there is nothing to run.
    std::optional<std::string> init(const std::vector<std::string>& patterns);
    std::optional<std::string> restore(const std::string& prefix, const std::optional<Restorer>& restorer);
    /// `feeds` are NAME=VALUE (GraphSession::feeds).
    std::optional<std::string> run(const std::vector<std::string>& fetches, const std::vector<std::string>& targets,
                                   const std::vector<std::string>& feeds);
    /// One entry of a feed_dict: key and JSON text of the value. nullopt after a report.
    std::optional<std::pair<std::string, std::string>> feed(const std::string& text);
    /// The VALUE of NAME=VALUE as JSON text of the program format. nullopt after a report.
    std::optional<std::string> value(std::string_view given);

    const Diagnostics& problems() const { return problems_; }
    /// The path as the program writes it.
    std::string relative(const std::string& path) const;

  private:
    void report(std::string code, std::string message, std::string remedy = "");
    std::string tensor(const std::string& name);
    std::string operation(const std::string& name);
    std::string nearest_name(const std::string& name) const;

    const Graph& graph_;
    std::string session_;
    std::filesystem::path directory_;
    std::string file_;
    Diagnostics problems_;
};

/// Text of the user's as a string of the program, where "$" would begin a reference.
std::string escaped_text(const std::string& text);

} // namespace rnnscope::program
