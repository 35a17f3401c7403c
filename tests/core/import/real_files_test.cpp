#include "core/import/graph_file.hpp"
#include "core/import/graphdef_importer.hpp"
#include "core/ops/op_def.hpp"

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

struct Row {
    std::size_t nodes = 0, function_nodes = 0;
    std::map<std::string, int> without_kernel;
};

std::string no_kernel_text(const std::map<std::string, int>& ops) {
    std::string text;
    for (const auto& [op, count] : ops) text += fmt::format(" {}x{}", op, count);
    return text.empty() ? " none" : text;
}

class RealGraph : public ::testing::TestWithParam<std::string> {};

TEST_P(RealGraph, LoadsAndBecomesAGraph) {
    const LoadedGraph loaded = load_graph_file(GetParam());
    ASSERT_TRUE(std::holds_alternative<std::shared_ptr<const GraphFile>>(loaded))
        << to_text(std::get<Diagnostics>(loaded));
    const GraphFile& file = *std::get<std::shared_ptr<const GraphFile>>(loaded);
    Graph graph;
    const Diagnostics problems = import_graph(graph, file);
    ASSERT_TRUE(problems.empty()) << to_text(problems);
    const Diagnostics left_out = import_collections(graph, file);
    EXPECT_LE(left_out.size(), 1U) << to_text(left_out); // impala's file names a summary that it does not hold
    EXPECT_EQ(graph.size(), file.nodes.size());
    Row row{graph.size(), 0, {}};
    for (const FunctionData& function : file.functions) row.function_nodes += function.nodes.size();
    for (const Node& node : graph.nodes()) {
        const ops::OpDef* def = ops::find_op(node.op);
        if (def == nullptr || def->kernel == nullptr) ++row.without_kernel[node.op];
    }
    fmt::print("| {} | {} nodes | {} in {} functions | producer {} | without kernel:{} |\n", short_name(GetParam()),
               row.nodes, row.function_nodes, file.functions.size(), file.producer, no_kernel_text(row.without_kernel));
}

std::vector<std::string> all_files() {
    const fs::path shared(RNNSCOPE_SHARED_DIR);
    std::vector<std::string> files = graph_files(shared / "data" / "tf1");
    for (const std::string& file : graph_files(shared / "data" / "golden")) files.push_back(file);
    for (const std::string& file : graph_files(shared / "golden")) files.push_back(file);
    return files;
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
    std::string name = short_name(info.param);
    std::ranges::replace_if(
        name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
    return name;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RealGraph);
INSTANTIATE_TEST_SUITE_P(Shared, RealGraph, ::testing::ValuesIn(all_files()), test_name);

TEST(RealGraphs, AreThere) {
    if (!fs::exists(fs::path(RNNSCOPE_SHARED_DIR) / "data"))
        GTEST_SKIP() << "the real files are not here: " << RNNSCOPE_SHARED_DIR;
    EXPECT_GE(all_files().size(), 200U);
    const std::string broken = RNNSCOPE_SHARED_DIR "/data/tf1/tf-control-flow-small/graph-malformed.pbtxt";
    EXPECT_FALSE(is_graph_file(broken));
}

} // namespace
} // namespace rnnscope
