#pragma once

#include "core/import/graph_file.hpp"
#include "core/import/graphdef_importer.hpp"
#include "tests/core/view/generated_graphs.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace rnnscope::bench {

/// The file of a graph that is known by a name of its own: "har", "dtln"; else the name itself.
inline std::string file_of(const std::string& name) {
    const std::string folder = std::string(RNNSCOPE_SHARED_DIR) + "/data/tf1/";
    if (name == "har") return folder + "har-lstm-unrolled-6862/frozen_har.pb";
    if (name == "dtln") return folder + "dtln-savedmodel-tf2/saved_model.pb";
    return name;
}

/// rnn_N or wide_N: generated, about N ops; else a graph file, of which some have names.
inline std::unique_ptr<Graph> open_graph(const std::string& name) {
    for (const std::string family : {"rnn_", "wide_"}) {
        int ops = 0;
        if (!name.starts_with(family)) continue;
        const auto [end, error] = std::from_chars(name.data() + family.size(), name.data() + name.size(), ops);
        if (error == std::errc() && *end == '\0')
            return family == "rnn_" ? view::test::rnn_graph(ops) : view::test::wide_graph(ops);
    }
    const LoadedGraph loaded = load_graph_file(file_of(name));
    const auto* file = std::get_if<std::shared_ptr<const GraphFile>>(&loaded);
    auto graph = std::make_unique<Graph>();
    if (file != nullptr && import_graph(*graph, **file).empty()) return graph;
    std::fprintf(stderr, "cannot read %s\n", name.c_str());
    std::exit(2);
}

} // namespace rnnscope::bench
