#pragma once

#include "core/graph/graphdef.hpp"
#include "core/import/graphdef_importer.hpp"
#include "core/ops/op_def.hpp"
#include "core/runtime/session.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rnnscope::testing {

inline std::filesystem::path golden_folder() {
    return std::filesystem::path(RNNSCOPE_SHARED_DIR) / "golden";
}

inline std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.good()) << path;
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

/// Imports a golden graph. What is inside loops may not be fetched: a GraphDef does not say so, but TensorFlow's Python
/// marks those ops.
inline void load_golden(Graph& graph, const std::string& name) {
    const auto nodes = parse_graphdef_json(read_text(golden_folder() / (name + ".graphdef.json")));
    ASSERT_TRUE(nodes.ok()) << nodes.error().message;
    const Diagnostics problems = import_graphdef(graph, *nodes);
    ASSERT_TRUE(problems.empty()) << to_text(problems);
    for (std::size_t i = 0; i < graph.size(); ++i) {
        const Node& node = graph.node(NodeId(i));
        if (node.name.find("while/") != std::string::npos && node.op != "Exit")
            graph.set_fetchable(node.id, false, false);
    }
}

/// Numbers of a JSON value, however deep it is nested.
inline void flatten(const nlohmann::json& json, std::vector<double>& out) {
    if (json.is_array())
        for (const auto& entry : json) flatten(entry, out);
    else
        out.push_back(json.get<double>());
}

/// {"shape", "dtype", "data"} as the goldens write tensors.
inline Tensor tensor_of(const nlohmann::json& json) {
    const Shape shape(json.at("shape").get<std::vector<std::int64_t>>());
    const DType dtype = dtype_from_name(json.at("dtype").get<std::string>());
    switch (dtype) {
    case DType::string:
        return Tensor::of<std::string>(shape, json.at("data").get<std::vector<std::string>>());
    case DType::int64:
        return Tensor::of<std::int64_t>(shape, json.at("data").get<std::vector<std::int64_t>>());
    case DType::int32:
        return Tensor::of<std::int32_t>(shape, json.at("data").get<std::vector<std::int32_t>>());
    case DType::float32:
        return Tensor::of<float>(shape, json.at("data").get<std::vector<float>>());
    default:
        ADD_FAILURE() << "no golden has a tensor of type " << json.at("dtype");
        return {};
    }
}

/// Counts; keeps what a test wants to look at.
struct Watcher : runtime::RunObserver {
    struct Seen {
        std::string name;
        std::uint32_t frame;
        std::int64_t iteration;
        bool dead;
        bool failed;
        std::size_t reads, writes;
    };
    const Graph& graph;
    std::vector<Seen> events;
    std::vector<runtime::FrameInfo> frames;

    explicit Watcher(const Graph& g) : graph(g) {}
    void on_frame(const runtime::FrameInfo& frame) override { frames.push_back(frame); }
    void on_event(const runtime::Event& event) override {
        const std::string name = event.node.valid()                       ? graph.node(event.node).name
                                 : event.kind == runtime::VisitKind::feed ? "_arg"
                                                                          : "_retval";
        std::size_t reads = 0, writes = 0;
        for (const ops::VariableAccess& access : event.accesses)
            ++(access.kind == ops::VariableAccess::Kind::read ? reads : writes);
        events.push_back({name, event.frame, event.iteration, event.dead, event.error != nullptr, reads, writes});
    }
};

inline bool has_kernel(const Node& node) {
    const ops::OpDef* def = ops::find_op(node.op);
    return def != nullptr && def->kernel != nullptr;
}

/// Types of the ops that have no kernel: of the whole graph, or of what a run would visit.
inline std::set<std::string> ops_without_kernel(const Graph& graph, const runtime::Run* run = nullptr) {
    std::set<std::string> missing;
    for (const Node& node : graph.nodes())
        if ((run == nullptr || run->is_planned(node.id)) && !has_kernel(node)) missing.insert(node.op);
    return missing;
}

} // namespace rnnscope::testing
