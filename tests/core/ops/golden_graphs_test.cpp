#include "core/graph/graphdef.hpp"
#include "core/ops/op_def.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

// Every node of every golden graph must be one that add_node would have made: op, inputs and all attributes.
namespace rnnscope::ops {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<fs::path> golden_graphs() {
    std::vector<fs::path> paths;
    const fs::path golden = fs::path(RNNSCOPE_SHARED_DIR) / "golden";
    for (const fs::path& folder : {golden, golden / "programs"}) {
        if (!fs::exists(folder)) continue;
        for (const auto& entry : fs::directory_iterator(folder))
            if (entry.path().string().ends_with(".graphdef.json")) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

/// Are all inputs there but the back edge of a loop?
bool is_ready(const Graph& graph, const NodeDefData& data) {
    for (std::size_t i = 0; i < data.inputs.size(); ++i) {
        const bool may_miss = data.inputs[i].starts_with("^") || (data.op == "Merge" && i == 1);
        if (!may_miss && !graph.find_tensor(data.inputs[i]).ok()) return false;
    }
    return true;
}

/// Adds the node of a file. The back edge of a loop is not there yet: it is set when its source comes.
std::string add(Graph& graph, const NodeDefData& data, std::vector<std::pair<NodeId, std::string>>& back_edges) {
    NodeSpec spec;
    spec.name = data.name;
    spec.op = data.op;
    spec.device = data.device;
    std::string missing;
    for (const std::string& input : data.inputs) {
        if (input.starts_with("^")) {
            const NodeId control = graph.find(input.substr(1));
            if (control.valid()) spec.control_inputs.push_back(control);
            continue;
        }
        const auto output = graph.find_tensor(input);
        if (output) {
            spec.inputs.push_back(*output);
        } else {
            spec.inputs.push_back(spec.inputs.at(0));
            missing = input;
        }
    }
    // Without the type attributes, which add_node has to find out by itself.
    const OpDef* def = find_op(data.op);
    if (def == nullptr) return "op " + data.op + " is not registered";
    for (const auto& [key, value] : data.attrs) {
        const bool inferable = std::ranges::any_of(def->inputs, [&k = key](const ArgDef& arg) {
            return arg.type_attr == k || arg.number_attr == k || arg.type_list_attr == k;
        });
        const AttrDef* attr = def->attr(key);
        const bool is_default = attr != nullptr && attr->default_value && *attr->default_value == value;
        if (!inferable && !is_default) spec.attrs.emplace(key, value);
    }
    const auto id = add_node(graph, std::move(spec));
    if (!id) return id.error().code + ": " + id.error().message;
    if (!missing.empty()) back_edges.emplace_back(*id, missing);
    for (const auto& [key, value] : graph.node(*id).attrs) {
        const auto expected = data.attrs.find(key);
        if (expected == data.attrs.end()) return data.name + ": attribute " + key + " is too many";
        if (!(expected->second == value))
            return data.name + ": attribute " + key + " is " + to_text(value) + ", not " + to_text(expected->second);
    }
    for (const auto& [key, value] : data.attrs)
        if (!graph.node(*id).attrs.contains(key)) return data.name + ": attribute " + key + " is missing";
    return {};
}

TEST(GoldenGraphs, EveryNodeIsAddedWithTheSameAttributes) {
    const auto paths = golden_graphs();
    if (paths.empty()) GTEST_SKIP() << "The golden graphs are not here.";
    for (const fs::path& path : paths) {
        const auto nodes = parse_graphdef_json(contents(path));
        ASSERT_TRUE(nodes.ok()) << path << nodes.error().message;
        Graph graph;
        std::vector<std::pair<NodeId, std::string>> back_edges;
        // An Enter follows the op it was made for, so the order of the file is not one of inputs first.
        for (std::size_t before = nodes->size() + 1; graph.size() < nodes->size() && before != graph.size();) {
            before = graph.size();
            for (const NodeDefData& node : *nodes) {
                if (graph.find(node.name).valid() || !is_ready(graph, node)) continue;
                const std::string problem = add(graph, node, back_edges);
                ASSERT_EQ(problem, "") << path << " at " << node.name;
            }
        }
        for (const auto& [merge, source] : back_edges) {
            const auto output = graph.find_tensor(source);
            ASSERT_TRUE(output.ok()) << source;
            graph.set_input(merge, 1, *output);
            refresh_shapes(graph, merge);
        }
        EXPECT_EQ(graph.size(), nodes->size()) << path;
    }
}

} // namespace
} // namespace rnnscope::ops
