#pragma once

#include "core/program/document.hpp"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace rnnscope::program {

/// What to do with a graph file: what `rnnscope run` and `check` take as options.
struct GraphSession {
    std::vector<std::string> fetches; ///< tensors: "op:0", or "op" for its first output
    std::vector<std::string> targets; ///< ops
    /// NAME=VALUE. VALUE is a JSON literal, a data file (`@x.npy`), or a formula of generate.hpp with its shape and,
    /// after a semicolon, its parameters: `zeros(2,5)`, `sin(2,5,10)`, `normal(2,5;7)` (a seed),
    /// `uniform(3;seed=1,low=-1)`.
    std::vector<std::string> feeds;
    std::string restore;           ///< prefix of a checkpoint; the graph's own saver restores it
    std::vector<std::string> init; ///< "all", or regular expressions of variables, as `scope` of get_collection
    bool any() const {
        return !fetches.empty() || !targets.empty() || !feeds.empty() || !restore.empty() || !init.empty();
    }
};

/// The program that imports the graph at `path` and does what `session` says: a graph file is debugged like any
/// program, and the program can be saved. What is wrong with the file is reported as load_graph_file and import_graph
/// do; what is wrong with the session has codes that begin with "usage.".
std::variant<std::shared_ptr<const Document>, Diagnostics> open_graph(const std::string& path,
                                                                      const GraphSession& session = {});

/// The prefix of the checkpoint that the path names: the prefix itself, its index, one of its data files, or the file
/// "checkpoint" that names the latest of its folder. "": it names none that is there.
std::string checkpoint_prefix(const std::string& path);

/// Opens a program or a graph, whichever the file holds; of a checkpoint the graph beside it, with its values restored.
std::variant<std::shared_ptr<const Document>, Diagnostics> open_file(const std::string& path);

} // namespace rnnscope::program
