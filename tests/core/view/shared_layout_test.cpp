#include "core/view/graph_scene.hpp"

#include "tests/core/view/scene_checks.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

/// What layout promises, on the graphs that its measurements are about: their generator stands beside the checkout.
namespace rnnscope::view {
namespace {

namespace fs = std::filesystem;

fs::path generator() {
    return fs::path(RNNSCOPE_SHARED_DIR) / "check" / "gen_layout_graphs.py";
}

struct Case {
    const char* family; ///< a function of the generator
    int nodes;
};

void PrintTo(const Case& c, std::ostream* out) {
    *out << c.family << "_" << c.nodes;
}

std::unique_ptr<Graph> graph_of(const nlohmann::json& json) {
    auto graph = std::make_unique<Graph>();
    struct Late {
        NodeId node;
        std::size_t slot;
        NodeId source;
    };
    std::vector<Late> late;
    std::vector<Node> nodes(json["nodes"].size());
    for (const auto& edge : json["edges"]) {
        const auto from = edge[0].get<std::size_t>(), to = edge[1].get<std::size_t>();
        if (edge[2] == 1) {
            nodes[to].control_inputs.push_back(NodeId(from));
            continue;
        }
        // A way back comes from a node that does not exist yet.
        if (from >= to) late.push_back({NodeId(to), nodes[to].inputs.size(), NodeId(from)});
        nodes[to].inputs.push_back({NodeId(from < to ? from : 0), 0});
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const auto& json_node = json["nodes"][i];
        const auto base = json_node["name"].get<std::string>();
        nodes[i].name = base;
        for (int n = 1; graph->find(nodes[i].name).valid(); ++n) nodes[i].name = fmt::format("{}_{}", base, n);
        nodes[i].op = json_node["op"].get<std::string>();
        nodes[i].outputs.push_back({DType::float32, false, Shape({2, 128})});
        graph->append(std::move(nodes[i]));
    }
    for (const Late& edge : late) graph->set_input(edge.node, edge.slot, {edge.source, 0});
    return graph;
}

class SharedLayout : public testing::TestWithParam<Case> {
  protected:
    void SetUp() override {
        if (!fs::exists(generator())) GTEST_SKIP() << generator().string() << " is not there: nothing to lay out";
        if (std::system("python3 -c '' 2> /dev/null") != 0)
            GTEST_SKIP() << "python3 is not there: the graphs cannot be generated";
        const fs::path file = fs::temp_directory_path() / fmt::format("rnnscope-layout-{}-{}-{}.json", ::getpid(),
                                                                      GetParam().family, GetParam().nodes);
        // As a module: run as a program it writes graphs of every size.
        const std::string command =
            fmt::format("python3 -B -c 'import sys; sys.path.insert(0, sys.argv[1]); import gen_layout_graphs as g; "
                        "g.{}({}).dump(sys.argv[2])' '{}' '{}' > /dev/null",
                        GetParam().family, GetParam().nodes, generator().parent_path().string(), file.string());
        ASSERT_EQ(std::system(command.c_str()), 0);
        graph_ = graph_of(nlohmann::json::parse(std::ifstream(file)));
        fs::remove(file);
        ASSERT_GT(graph_->size(), static_cast<std::size_t>(GetParam().nodes) / 2);
        input_.graph = graph_.get();
        input_.nodes = graph_->size();
    }

    std::unique_ptr<Graph> graph_;
    SceneInput input_;
};

TEST_P(SharedLayout, IsWellFormedAndTheSameTwice) {
    for (const bool series : {true, false}) {
        input_.fold_series = series;
        GraphView view, other;
        view.expand_all(input_);
        const Scene& scene = view.scene(input_);
        test::expect_well_formed(scene);
        other.expand_all(input_);
        EXPECT_EQ(to_text(scene, true), to_text(other.scene(input_), true));
        for (std::size_t i = 0; i < graph_->size(); ++i) {
            const SceneBox& box = scene.boxes[scene.box_of(NodeId(i))];
            ASSERT_TRUE(box.kind != BoxKind::scope || box.repeats > 0) << "a box, a chip of one, or in a series";
        }
    }
}

TEST_P(SharedLayout, OpeningAndClosingIsUndone) {
    GraphView view;
    view.expand_outer(input_, 40);
    const std::string before = to_text(view.scene(input_), true);
    const auto open = view.expanded();
    view.expand_all(input_);
    EXPECT_NE(to_text(view.scene(input_), true), before);
    view.collapse_all();
    for (const std::string& path : open) view.set_expanded(path, true);
    EXPECT_EQ(to_text(view.scene(input_), true), before);
}

INSTANTIATE_TEST_SUITE_P(All, SharedLayout,
                         testing::Values(Case{"rnn", 100}, Case{"rnn", 1000}, Case{"rnn", 2500}, Case{"wide", 100},
                                         Case{"wide", 1000}, Case{"wide", 2500}),
                         [](const auto& one) { return fmt::format("{}_{}", one.param.family, one.param.nodes); });

} // namespace
} // namespace rnnscope::view
