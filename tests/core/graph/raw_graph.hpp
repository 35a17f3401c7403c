#pragma once

#include "core/graph/graphdef.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace rnnscope::testing {

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

/// Appends the nodes in file order without knowing their ops: outputs are as many as are used, types unknown.
inline void append_raw(Graph& graph, const std::vector<NodeDefData>& nodes) {
    struct Later {
        NodeId node;
        std::size_t slot;
        std::string name;
        int index;
    };
    std::vector<Later> inputs;
    std::vector<std::pair<NodeId, std::string>> controls;
    for (const NodeDefData& data : nodes) {
        Node node;
        node.name = data.name;
        node.op = data.op;
        node.device = data.device;
        node.attrs = data.attrs;
        node.outputs.resize(64);
        const NodeId id(graph.size());
        for (const std::string& input : data.inputs) {
            if (input[0] == '^') {
                controls.emplace_back(id, input.substr(1));
                continue;
            }
            const std::size_t colon = input.find(':');
            int index = 0;
            if (colon != std::string::npos)
                std::from_chars(input.data() + colon + 1, input.data() + input.size(), index);
            inputs.push_back({id, node.inputs.size(), input.substr(0, colon), index});
            node.inputs.push_back({id, 0}); // stands in for itself until every node is there
        }
        graph.append(std::move(node));
    }
    for (const Later& input : inputs) graph.set_input(input.node, input.slot, {graph.find(input.name), input.index});
    for (const auto& [node, control] : controls) graph.add_control_input(node, graph.find(control));
}

} // namespace rnnscope::testing
