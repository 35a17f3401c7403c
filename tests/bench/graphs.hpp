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

/// rnn_N or wide_N: generated, about N ops; else a graph file.
inline std::unique_ptr<Graph> open_graph(const std::string& name) {
    for (const std::string family : {"rnn_", "wide_"}) {
        int ops = 0;
        if (!name.starts_with(family)) continue;
        const auto [end, error] = std::from_chars(name.data() + family.size(), name.data() + name.size(), ops);
        if (error == std::errc() && *end == '\0')
            return family == "rnn_" ? view::test::rnn_graph(ops) : view::test::wide_graph(ops);
    }
    const LoadedGraph loaded = load_graph_file(name);
    const auto* file = std::get_if<std::shared_ptr<const GraphFile>>(&loaded);
    auto graph = std::make_unique<Graph>();
    if (file != nullptr && import_graph(*graph, **file).empty()) return graph;
    std::fprintf(stderr, "cannot read %s\n", name.c_str());
    std::exit(2);
}

} // namespace rnnscope::bench
