#pragma once

#include "core/graph/graph.hpp"
#include "core/graph/graphdef.hpp"

#include <charconv>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <unordered_map>

namespace rnnscope::view::test {

inline std::string read_text(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// A graph file as a Graph, without shape inference: enough for drawing. Variables are found by their ops; null when
/// the file cannot be read. Back edges are set after their nodes exist, as TensorFlow does.
inline std::unique_ptr<Graph> load_graph(const std::string& file) {
    const std::string text = read_text(file);
    if (text.empty()) return nullptr;
    auto defs = parse_graphdef_json(text);
    if (!defs) return nullptr;
    struct Reference {
        std::string name;
        int index = 0;
        bool control = false;
    };
    const auto parse = [](const std::string& input) {
        Reference r;
        r.control = input.starts_with('^');
        const std::size_t colon = input.rfind(':');
        r.name = input.substr(r.control ? 1 : 0, colon == std::string::npos ? colon : colon - (r.control ? 1 : 0));
        if (colon != std::string::npos) std::from_chars(input.data() + colon + 1, input.data() + input.size(), r.index);
        return r;
    };
    std::unordered_map<std::string, int> outputs;
    std::unordered_map<std::string, std::size_t> place;
    for (std::size_t i = 0; i < defs->size(); ++i) {
        place[(*defs)[i].name] = i;
        for (const std::string& input : (*defs)[i].inputs) {
            const Reference r = parse(input);
            if (!r.control) outputs[r.name] = std::max(outputs[r.name], r.index + 1);
        }
    }
    auto graph = std::make_unique<Graph>();
    struct Later {
        NodeId node;
        std::size_t slot;
        Reference reference;
    };
    std::vector<Later> later;
    for (std::size_t i = 0; i < defs->size(); ++i) {
        const NodeDefData& def = (*defs)[i];
        Node node;
        node.name = def.name;
        node.op = def.op;
        node.attrs = def.attrs;
        node.outputs.resize(static_cast<std::size_t>(std::max(outputs[def.name], 1)));
        if (const auto* dtype = node.attr<DType>("dtype")) node.outputs[0].dtype = *dtype;
        if (const auto* shape = node.attr<Shape>("shape")) node.outputs[0].shape = *shape;
        for (std::size_t slot = 0; slot < def.inputs.size(); ++slot) {
            const Reference r = parse(def.inputs[slot]);
            const bool known = place.at(r.name) < i;
            if (!known) later.push_back({NodeId(i), slot, r});
            if (r.control) {
                if (known) node.control_inputs.push_back(NodeId(place.at(r.name)));
            } else {
                node.inputs.push_back({NodeId(known ? place.at(r.name) : 0), known ? r.index : 0});
            }
        }
        graph->append(std::move(node));
    }
    for (const Later& l : later) {
        const NodeId source(place.at(l.reference.name));
        if (l.reference.control)
            graph->add_control_input(l.node, source);
        else
            graph->set_input(l.node, l.slot, {source, l.reference.index});
    }
    for (std::size_t i = 0; i < graph->size(); ++i) {
        const Node& node = graph->node(NodeId(i));
        if (node.op != "VariableV2" && node.op != "VarHandleOp") continue;
        Variable variable;
        variable.name = node.name;
        variable.op = node.id;
        variable.initializer = graph->find(node.name + "/Assign");
        variable.snapshot = {graph->find(node.name + "/read"), 0};
        graph->add_variable(std::move(variable));
    }
    return graph;
}

} // namespace rnnscope::view::test
