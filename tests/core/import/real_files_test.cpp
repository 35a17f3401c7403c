#include "core/import/graph_file.hpp"
#include "core/import/graphdef_importer.hpp"
#include "core/ops/op_def.hpp"
#include "tests/core/import/op_coverage.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <map>

namespace rnnscope {
namespace {

namespace fs = std::filesystem;

/// The graph files of a folder, sorted: everything that looks like one from its content.
std::vector<std::string> graph_files(const fs::path& folder) {
    std::vector<std::string> files;
    if (!fs::exists(folder)) return files;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file() && is_graph_file(entry.path().string())) files.push_back(entry.path().string());
    std::ranges::sort(files);
    return files;
}

std::string short_name(const std::string& path) {
    return fs::path(path).lexically_relative(RNNSCOPE_SHARED_DIR).string();
}

std::string no_kernel_text(const std::map<std::string, int>& ops) {
    std::string text;
    for (const auto& [op, count] : ops) text += fmt::format(" {}x{}", op, count);
    return text.empty() ? " none" : text;
}

/// One row of the table, after the checks; "" when they failed.
std::string load(const std::string& path, Coverage& coverage) {
    const LoadedGraph loaded = load_graph_file(path);
    if (const auto* problems = std::get_if<Diagnostics>(&loaded)) return ADD_FAILURE() << to_text(*problems), "";
    const GraphFile& file = *std::get<std::shared_ptr<const GraphFile>>(loaded);
    coverage.read(file, path);
    Graph graph;
    if (const Diagnostics problems = import_graph(graph, file); !problems.empty())
        return ADD_FAILURE() << to_text(problems), "";
    const Diagnostics left_out = import_collections(graph, file);
    EXPECT_LE(left_out.size(), 1U) << to_text(left_out); // impala's file names a summary that it does not hold
    EXPECT_EQ(graph.size(), file.nodes.size());
    std::size_t function_nodes = 0;
    for (const FunctionData& function : file.functions) function_nodes += function.nodes.size();
    std::map<std::string, int> without_kernel;
    for (const Node& node : graph.nodes()) {
        const ops::OpDef* def = ops::find_op(node.op);
        if (def == nullptr || def->kernel == nullptr) ++without_kernel[node.op];
    }
    return fmt::format("| {} | {} nodes | {} in {} functions | producer {} | without kernel:{} |\n", short_name(path),
                       graph.size(), function_nodes, file.functions.size(), file.producer,
                       no_kernel_text(without_kernel));
}

std::vector<std::string> all_files() {
    const fs::path shared(RNNSCOPE_SHARED_DIR);
    std::vector<std::string> files = graph_files(shared / "data" / "tf1");
    for (const std::string& file : graph_files(shared / "data" / "golden")) files.push_back(file);
    for (const std::string& file : graph_files(shared / "golden")) files.push_back(file);
    return files;
}

/// All that graphs outside of functions need can be computed, too: reading the files takes longest, so they are read
/// once.
TEST(RealGraphs, AllLoadAndBecomeGraphsOfKnownOps) {
    if (!fs::exists(fs::path(RNNSCOPE_SHARED_DIR) / "data"))
        GTEST_SKIP() << "the real files are not here: " << RNNSCOPE_SHARED_DIR;
    const std::vector<std::string> files = all_files();
    EXPECT_GE(files.size(), 200U);
    Coverage coverage;
    for (const std::string& file : files) {
        SCOPED_TRACE(file);
        fmt::print("{}", load(file, coverage));
    }
    EXPECT_EQ(to_text(coverage.unknown), "");
    EXPECT_EQ(to_text(coverage.without_kernel), "");
    EXPECT_GE(coverage.files, 200);
    EXPECT_GE(coverage.nodes, 50000);
    EXPECT_FALSE(is_graph_file(RNNSCOPE_SHARED_DIR "/data/tf1/tf-control-flow-small/graph-malformed.pbtxt"));
}

/// A graph of a file that must load.
void load_into(Graph& graph, const std::string& path) {
    const LoadedGraph loaded = load_graph_file(path);
    ASSERT_TRUE(std::holds_alternative<std::shared_ptr<const GraphFile>>(loaded))
        << to_text(std::get<Diagnostics>(loaded));
    const Diagnostics problems = import_graph(graph, *std::get<std::shared_ptr<const GraphFile>>(loaded));
    ASSERT_TRUE(problems.empty()) << to_text(problems);
}

TEST(RealGraphs, GoldenBinariesAreTheirJson) {
    const fs::path golden = fs::path(RNNSCOPE_SHARED_DIR) / "golden";
    if (!fs::exists(golden)) GTEST_SKIP() << "the golden graphs are not here: " << golden;
    int compared = 0;
    for (const std::string& file : graph_files(golden)) {
        if (!file.ends_with(".graphdef.pb")) continue;
        SCOPED_TRACE(file);
        Graph from_binary, from_json;
        load_into(from_binary, file);
        load_into(from_json, fs::path(file).replace_extension(".json").string());
        EXPECT_EQ(to_graphdef_json(from_binary), to_graphdef_json(from_json));
        ++compared;
    }
    EXPECT_GE(compared, 60);
}

/// Names, types and inputs; the notebook's large constants are stripped, and defaults are written differently.
std::vector<std::string> structure(const Graph& graph) {
    std::vector<std::string> lines;
    for (const Node& node : graph.nodes()) {
        std::vector<std::string> controls;
        for (const NodeId control : node.control_inputs) controls.push_back(graph.node(control).name);
        std::ranges::sort(controls);
        std::string line = fmt::format("{} {}(", node.op, node.name);
        for (const Output& input : node.inputs) line += graph.input_text(input) + " ";
        lines.push_back(fmt::format("{}^{})", line, fmt::join(controls, " ^")));
    }
    std::ranges::sort(lines);
    return lines;
}

TEST(RealGraphs, TheNewestNotebookIsTheGoldenProgram) {
    const fs::path shared(RNNSCOPE_SHARED_DIR);
    const fs::path notebook = shared / "data/tf1/notebook-static-rnn/d9bef07_cell23_42n.pbtxt";
    if (!fs::exists(notebook)) GTEST_SKIP() << "the notebook's graph is not here: " << notebook;
    Graph actual, expected;
    load_into(actual, notebook.string());
    load_into(expected, (shared / "golden/programs/nb17_static_rnn.graphdef.json").string());
    EXPECT_EQ(structure(actual), structure(expected));
}

} // namespace
} // namespace rnnscope
