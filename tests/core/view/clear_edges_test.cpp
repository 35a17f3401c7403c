// Edges run over no box and no name, in graphs as people have them.

#include "core/import/graph_file.hpp"
#include "core/import/graphdef_importer.hpp"
#include "core/view/graph_scene.hpp"
#include "tests/core/view/sample_test.hpp"
#include "tests/core/view/scene_checks.hpp"

#include <filesystem>

namespace rnnscope::view {
namespace {

namespace fs = std::filesystem;

/// Graph files of the folder beside the checkout; empty without it.
std::set<fs::path> real_graphs() {
    std::set<fs::path> graphs;
    for (const char* folder : {"golden", "data"}) {
        const fs::path root = fs::path(RNNSCOPE_SHARED_DIR) / folder;
        if (!fs::exists(root)) continue;
        for (const auto& entry : fs::recursive_directory_iterator(root)) {
            const std::string end = entry.path().extension().string();
            if (end == ".pb" || end == ".meta" || end == ".pbtxt") graphs.insert(entry.path());
        }
    }
    return graphs;
}

enum class Open { as_a_window_starts, failure, all };

Scene scene_of(const SceneInput& input, Open what) {
    GraphView view;
    if (what == Open::failure) view.auto_expand_to(input);
    if (what == Open::all)
        view.expand_all(input);
    else
        view.expand_outer(input);
    return view.scene(input);
}

void expect_clear(const SceneInput& input) {
    for (const Open what : {Open::as_a_window_starts, Open::failure, Open::all}) {
        SCOPED_TRACE(static_cast<int>(what));
        if (what == Open::failure && !input.failure) continue;
        test::expect_none(test::edges_over_something(scene_of(input, what)));
    }
}

TEST(ClearEdges, OfSamples) {
    for (const fs::path& program : sample_programs()) {
        SCOPED_TRACE(program.filename());
        debug::Debugger debugger;
        if (!debugger.open(program.string()).empty()) continue;
        ASSERT_TRUE(debug::execute(debugger, {"run.continue", "", "test"}));
        debugger.wait();
        if (debugger.graph() != nullptr) expect_clear(scene_input(debugger));
    }
}

TEST(ClearEdges, OfRealGraphs) {
    const std::set<fs::path> files = real_graphs();
    if (files.empty()) GTEST_SKIP() << "no graphs beside the checkout";
    std::size_t looked_at = 0;
    for (const fs::path& file : files) {
        SCOPED_TRACE(file);
        const LoadedGraph loaded = load_graph_file(file.string());
        const auto* content = std::get_if<std::shared_ptr<const GraphFile>>(&loaded);
        Graph graph;
        if (content == nullptr || !import_graph(graph, **content).empty()) continue;
        ++looked_at;
        SceneInput input;
        input.graph = &graph;
        input.nodes = graph.size();
        expect_clear(input);
    }
    EXPECT_GE(looked_at, 30U);
}

} // namespace
} // namespace rnnscope::view
