// Replays the runs of the golden programs on their golden graphs and compares what the preflight predicts with what
// TensorFlow reads too early.

#include "core/debug/preflight.hpp"
#include "core/graph/graphdef.hpp"
#include "core/import/checkpoint_overlay.hpp"
#include "core/import/graphdef_importer.hpp"
#include "core/runtime/client.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

namespace rnnscope::debug {
namespace {

using Json = nlohmann::json;

std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::filesystem::path golden_folder() {
    return std::filesystem::path(RNNSCOPE_SHARED_DIR) / "golden" / "programs";
}

std::vector<std::string> golden_cases() {
    std::vector<std::string> cases;
    if (!std::filesystem::is_directory(golden_folder())) return cases;
    for (const auto& entry : std::filesystem::directory_iterator(golden_folder())) {
        const std::string name = entry.path().filename().string();
        constexpr std::string_view suffix = ".expect.json";
        if (name.ends_with(suffix)) cases.push_back(name.substr(0, name.size() - suffix.size()));
    }
    std::ranges::sort(cases);
    return cases;
}

Tensor tensor_of(const Json& feed) {
    const std::vector<std::int64_t> dims = feed.value("shape", std::vector<std::int64_t>());
    const std::string dtype = feed.at("dtype");
    const Json& data = feed.at("data");
    const auto values = [&]<class T>(T) {
        return data.is_array() ? data.get<std::vector<T>>() : std::vector<T>{data.get<T>()};
    };
    if (dtype == "float32") return Tensor::of<float>(Shape(dims), values(float{}));
    if (dtype == "int32") return Tensor::of<std::int32_t>(Shape(dims), values(std::int32_t{}));
    if (dtype == "int64") return Tensor::of<std::int64_t>(Shape(dims), values(std::int64_t{}));
    return Tensor::of<std::string>(Shape(dims), values(std::string{}));
}

/// "variable < consumer", with "later: " before those behind another failure.
std::vector<std::string> lines_of(const Json& reads) {
    std::vector<std::string> lines;
    for (const Json& read : reads)
        lines.push_back((read.value("behind_another_failure", false) ? "later: " : "") +
                        read.at("variable").get<std::string>() + " < " + read.at("consumer").get<std::string>());
    return lines;
}

std::vector<std::string> lines_of(const std::vector<UninitializedRead>& reads) {
    std::vector<std::string> lines;
    for (const UninitializedRead& read : reads)
        lines.push_back((read.behind_another ? "later: " : "") + read.variable_name + " < " + read.op);
    return lines;
}

class Ignore : public runtime::RunObserver {
  public:
    void on_event(const runtime::Event&) override {}
};

class PreflightGolden : public testing::TestWithParam<std::string> {};

TEST_P(PreflightGolden, PredictsWhatEveryRunReadsTooEarly) {
    const Json expected = Json::parse(read_text(golden_folder() / (GetParam() + ".expect.json")));
    const auto nodes = parse_graphdef_json(read_text(golden_folder() / (GetParam() + ".graphdef.json")));
    ASSERT_TRUE(nodes.ok()) << nodes.error().message;
    runtime::SessionOptions options;
    options.checkpoints = std::make_shared<CheckpointOverlay>(""); // what one session saves the next restores
    Graph graph;
    const Diagnostics mistakes = import_graphdef(graph, *nodes);
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);

    std::map<int, std::unique_ptr<runtime::Session>> sessions;
    for (const Json& run : expected.at("runs")) {
        if (!run.contains("outcome") || !run.contains("resolved_fetches")) continue;
        const Json error = run["outcome"].value("error", Json::object());
        if (error.is_object() && !error.empty() && error["failing_node"].is_null()) continue; // refused by the client
        runtime::RunRequest request;
        for (const std::string name : run["resolved_fetches"]) {
            if (name.starts_with("^"))
                request.targets.push_back(graph.find(name.substr(1)));
            else
                request.fetches.push_back(*graph.find_tensor(name));
        }
        const Json feeds = run.value("feeds", Json::object());
        for (const auto& [name, value] : feeds.items())
            request.feeds.push_back({*graph.find_tensor(name), tensor_of(value)});

        auto& session = sessions[run.value("session", 0)];
        if (!session) session = std::make_unique<runtime::Session>(graph, options);
        const auto reads =
            preflight(graph, request, [&](const Variable& variable) { return session->is_initialized(variable); });
        const Json wanted = error.value("uninitialized_reads", Json::array());
        std::vector<std::string> expected_lines = lines_of(wanted), actual_lines = lines_of(reads);
        if (!expected_lines.empty()) {
            ASSERT_FALSE(actual_lines.empty()) << run.value("label", "");
            EXPECT_EQ(expected_lines.front(), actual_lines.front()) << "the executor's first";
        }
        std::ranges::sort(expected_lines);
        std::ranges::sort(actual_lines);
        EXPECT_EQ(expected_lines, actual_lines) << run.value("label", "");

        auto started = session->start(std::move(request));
        ASSERT_TRUE(started.ok()) << started.error().message;
        Ignore ignore;
        (*started)->finish(ignore);
        EXPECT_EQ((*started)->error().has_value(), !error.empty()) << run.value("label", "");
        if ((*started)->error()) {
            EXPECT_EQ((*started)->error()->op, error.value("failing_node", ""));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Cases, PreflightGolden, testing::ValuesIn(golden_cases()),
                         [](const auto& case_info) { return case_info.param; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PreflightGolden);

} // namespace
} // namespace rnnscope::debug
