// Every op type of the graph files is known, and all that graphs outside of functions need can be computed.

#include "core/import/graph_file.hpp"
#include "core/ops/op_def.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

namespace rnnscope {
namespace {

namespace fs = std::filesystem;

/// Ops that are shown and not computed: sound, calls of functions, and the lists that only those loops use.
const std::set<std::string>& shown_only() {
    static const std::set<std::string> ops = {"AudioSpectrogram",
                                              "DecodeWav",
                                              "Mfcc",
                                              "PartitionedCall",
                                              "StatefulPartitionedCall",
                                              "While",
                                              "StatelessWhile",
                                              "_Retval",
                                              "_Arg",
                                              "TensorListReserve",
                                              "TensorListSetItem",
                                              "TensorListGetItem",
                                              "TensorListStack",
                                              "TensorListFromTensor"};
    return ops;
}

struct Coverage {
    std::map<std::string, std::string> unknown, without_kernel; ///< op type: a file that has it
    int files = 0, nodes = 0;

    void read(const fs::path& path) {
        const LoadedGraph loaded = load_graph_file(path.string());
        const auto* file = std::get_if<std::shared_ptr<const GraphFile>>(&loaded);
        if (file == nullptr) return; // that is another test's business
        ++files;
        std::set<std::string> functions;
        for (const FunctionData& function : (*file)->functions) functions.insert(function.name);
        const auto look = [&](const NodeDefData& node, bool runs) {
            ++nodes;
            if (functions.contains(node.op)) return;
            const ops::OpDef* def = ops::find_op(node.op);
            if (def == nullptr)
                unknown.emplace(node.op, path.string());
            else if (runs && def->kernel == nullptr && !shown_only().contains(node.op))
                without_kernel.emplace(node.op, path.string());
        };
        for (const NodeDefData& node : (*file)->nodes) look(node, true);
        for (const FunctionData& function : (*file)->functions)
            for (const NodeDefData& node : function.nodes) look(node, false);
    }
};

std::string to_text(const std::map<std::string, std::string>& ops) {
    std::string text;
    for (const auto& [op, file] : ops) text += op + " in " + file + "\n";
    return text;
}

TEST(OpCoverage, OfTheGraphFilesIsComplete) {
    const fs::path data = fs::path(RNNSCOPE_SHARED_DIR) / "data";
    if (!fs::exists(data)) GTEST_SKIP() << "the graph files are not here: " << data;
    Coverage coverage;
    for (const fs::path& folder : {data / "tf1", data / "golden"})
        for (const auto& entry : fs::recursive_directory_iterator(folder))
            if (entry.is_regular_file() && is_graph_file(entry.path().string())) coverage.read(entry.path());
    EXPECT_EQ(to_text(coverage.unknown), "");
    EXPECT_EQ(to_text(coverage.without_kernel), "");
    EXPECT_GE(coverage.files, 150);
    EXPECT_GE(coverage.nodes, 50000);
}

TEST(OpCoverage, OpsThatAreOnlyShownHaveNoKernel) {
    for (const std::string& op : shown_only()) {
        ASSERT_NE(ops::find_op(op), nullptr) << op;
        EXPECT_EQ(ops::find_op(op)->kernel, nullptr) << op << " can be computed by now: take it off the list";
    }
}

} // namespace
} // namespace rnnscope
