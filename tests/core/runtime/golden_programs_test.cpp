// Replays the runs of every golden program on its final graph and compares outcomes: values, errors and their texts,
// variable values. Each case runs with several numbers of parallel iterations.

#include "core/import/checkpoint_overlay.hpp"
#include "core/runtime/client.hpp"
#include "core/runtime/error_text.hpp"
#include "tests/core/runtime/golden_run.hpp"
#include "tests/core/runtime/sha256.hpp"
#include "tests/core/runtime/transcript.hpp"

#include <unistd.h>

#include <algorithm>

namespace rnnscope::runtime {
namespace {

using nlohmann::json;
using namespace rnnscope::testing;

std::vector<std::string> golden_programs() {
    std::vector<std::string> cases;
    const std::filesystem::path folder = golden_folder() / "programs";
    if (!std::filesystem::exists(folder)) return cases;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (const std::size_t end = name.find(".expect.json"); end != std::string::npos)
            cases.push_back(name.substr(0, end));
    }
    std::ranges::sort(cases);
    return cases;
}

class GoldenProgram : public ::testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
        expect_ = json::parse(read_text(golden_folder() / "programs" / (GetParam() + ".expect.json")));
        load_golden(graph_, "programs/" + GetParam());
        scratch_ =
            std::filesystem::temp_directory_path() / ("rnnscope_" + GetParam() + "_" + std::to_string(::getpid()));
        std::filesystem::create_directories(scratch_);
    }
    void TearDown() override { std::filesystem::remove_all(scratch_); }

    void replay(int parallel, ops::Rounding rounding = ops::Rounding::fast);
    void replay_run(Session& session, Session& twin, Keep keep, const json& run);
    void check_state(Session& session, const json& state);
    void check_error(const runtime::Run& run, const json& expected);
    Result<RunRequest> request_of(const json& run);

    json expect_;
    Graph graph_;
    std::filesystem::path scratch_;
    std::set<std::string> missing_;
    bool trained_ = false; ///< the golden values come from arithmetic, not from an initializer: equal up to rounding
};

/// Feeds and fetches through the client's checks. Names are those that Python resolved them to.
Result<RunRequest> GoldenProgram::request_of(const json& run) {
    RunRequest request;
    if (run.contains("feeds")) {
        for (const auto& [name, value] : run.at("feeds").items()) {
            const auto output = feed_by_name(graph_, name);
            if (!output) return output.error();
            auto checked = check_feed(graph_, *output, tensor_of(value));
            if (!checked) return checked.error();
            request.feeds.push_back({*output, *checked});
        }
    }
    const bool resolved = run.contains("resolved_fetches");
    for (const std::string name : run.at(resolved ? "resolved_fetches" : "fetches")) {
        const auto fetch = fetch_by_name(graph_, name.starts_with("^") ? name.substr(1) : name);
        if (!fetch) return fetch.error();
        if (fetch->output.valid())
            request.fetches.push_back(fetch->output);
        else
            request.targets.push_back(fetch->operation);
    }
    return request;
}

void GoldenProgram::check_error(const runtime::Run& run, const json& expected) {
    ASSERT_TRUE(run.error().has_value()) << "expected: " << expected.at("message");
    const RunError& error = *run.error();
    EXPECT_EQ(error.error_class, expected.at("class"));
    EXPECT_EQ(error.message, expected.at("message"));
    EXPECT_EQ(error.op, expected.at("failing_node"));
    EXPECT_EQ(error_text(graph_, error, 15, [](const Node&) { return ""; }), expected.at("status_text"));
    EXPECT_EQ(error_text(graph_, error, 15, [](const Node&) { return "<FILE>:<LINE>"; }), expected.at("python_text"));
    if (expected.contains("uninitialized_reads")) {
        EXPECT_EQ(error.variable, expected.at("uninitialized_reads").at(0).at("variable"));
    }
}

void GoldenProgram::replay_run(Session& session, Session& twin, Keep keep, const json& run) {
    const json& outcome = run.at("outcome");
    const auto request = request_of(run);
    if (!request.ok()) { // refused by the client
        ASSERT_FALSE(outcome.at("ok").get<bool>()) << request.error().message;
        EXPECT_EQ(request.error().code, outcome.at("error").at("class"));
        EXPECT_EQ(request.error().message, outcome.at("error").at("message"));
        return;
    }
    auto started = session.start(*request);
    ASSERT_TRUE(started.ok()) << started.error().message;
    for (const Node& node : graph_.nodes())
        trained_ = trained_ || (node.op.starts_with("Apply") && (*started)->is_planned(node.id));
    missing_ = ops_without_kernel(graph_, started->get());
    if (!missing_.empty()) return;
    // Loops in rounds, and in the twin all visits one at a time.
    Transcript at_once, one_by_one;
    at_once.wanted = keep;
    (*started)->finish(at_once);
    const auto twin_run = twin.start(*request);
    while (!(*twin_run)->done()) (*twin_run)->step(one_by_one);
    expect_same(graph_, one_by_one, at_once);
    expect_thinned_same(at_once, 3);
    if (HasFatalFailure()) return;
    if (!outcome.at("ok").get<bool>()) return check_error(**started, outcome.at("error"));
    ASSERT_FALSE((*started)->error().has_value()) << (*started)->error()->message;
    EXPECT_EQ((*started)->live_frames(), 0U);
    if (!outcome.contains("values")) return;
    const json& values = outcome.at("values");
    ASSERT_EQ((*started)->results().size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const Tensor expected = tensor_of(values[i]);
        const Tensor& actual = (*started)->results()[i];
        ASSERT_EQ(actual.dtype(), expected.dtype());
        ASSERT_EQ(actual.shape(), expected.shape()) << to_text(actual.shape());
        for (std::int64_t j = 0; j < actual.elements(); ++j)
            ASSERT_NEAR(actual.number(j), expected.number(j), outcome.at("tolerance_abs").get<double>())
                << i << ", " << j;
    }
}

void GoldenProgram::check_state(Session& session, const json& state) {
    for (const auto& [name, expected] : state.items()) {
        SCOPED_TRACE(name);
        const Variable* variable = graph_.variable_of(graph_.find(name));
        ASSERT_NE(variable, nullptr);
        ASSERT_TRUE(session.is_initialized(*variable));
        const Tensor& value = *session.storage(*variable)->value;
        ASSERT_EQ(value.shape(), Shape(expected.at("shape").get<std::vector<std::int64_t>>()));
        for (std::size_t i = 0; i < expected.at("first").size(); ++i)
            EXPECT_NEAR(value.number(static_cast<std::int64_t>(i)), expected.at("first")[i].get<double>(), 1e-6);
        double sum = 0;
        for (std::int64_t i = 0; i < value.elements(); ++i) sum += value.number(i);
        EXPECT_NEAR(sum, expected.at("sum").get<double>(), 1e-6 * static_cast<double>(value.elements()));
        if (!trained_) {
            EXPECT_EQ(sha256(value.bytes()), expected.at("sha256_f32le"));
        }
    }
}

void GoldenProgram::replay(int parallel, ops::Rounding rounding) {
    SCOPED_TRACE("parallel iterations: " + std::to_string(parallel));
    SCOPED_TRACE(ops::rounding_name(rounding));
    std::map<int, std::unique_ptr<Session>> sessions, twins;
    trained_ = false;
    SessionOptions options{parallel, 1};
    options.rounding = rounding;
    SessionOptions twin_options = options;
    options.checkpoints = std::make_shared<CheckpointOverlay>(scratch_.string()); // the program's sessions share files
    twin_options.checkpoints = std::make_shared<CheckpointOverlay>(scratch_.string());
    for (const json& run : expect_.at("runs")) {
        SCOPED_TRACE(run.at("label").dump());
        auto& session = sessions[run.at("session").get<int>()];
        auto& twin = twins[run.at("session").get<int>()];
        if (!session) session = std::make_unique<Session>(graph_, options);
        if (!twin) twin = std::make_unique<Session>(graph_, twin_options);
        if (run.contains("state"))
            check_state(*session, run.at("state"));
        else
            replay_run(*session, *twin, parallel == 3 ? Keep{Keep::What::states, 3} : Keep{}, run);
        if (HasFatalFailure() || !missing_.empty()) return;
    }
}

/// Runs of what ran before follow what was learnt of it (trace.hpp); those one at a time do not.
TEST_P(GoldenProgram, RunsAgainAsOneByOne) {
    for (const int parallel : {1, 0}) {
        SessionOptions options{parallel, 1};
        options.checkpoints = std::make_shared<CheckpointOverlay>(scratch_.string());
        Session session(graph_, options);
        options.checkpoints = std::make_shared<CheckpointOverlay>(scratch_.string());
        Session twin(graph_, options);
        for (const json& run : expect_.at("runs")) {
            const auto request = run.contains("state") ? Error{"", ""} : request_of(run);
            if (!request) continue;
            SCOPED_TRACE(run.at("label").dump());
            for (int again = 0; again < 4; ++again) {
                const auto first = session.start(*request), second = twin.start(*request);
                if (!first.ok()) break;
                Transcript at_once, one_by_one;
                (*first)->finish(at_once);
                while (!(*second)->done()) (*second)->step(one_by_one);
                expect_same(graph_, one_by_one, at_once);
                EXPECT_EQ(at_once.frames, one_by_one.frames);
                ASSERT_EQ((*first)->error().has_value(), (*second)->error().has_value());
                if ((*first)->error()) {
                    EXPECT_EQ((*first)->error()->message, (*second)->error()->message);
                }
                EXPECT_TRUE(std::ranges::equal((*first)->results(), (*second)->results(), same_tensor));
                EXPECT_EQ((*first)->live_frames(), (*second)->live_frames());
                if (HasFatalFailure()) return;
            }
        }
    }
}

TEST_P(GoldenProgram, RunsAsTensorFlowDoes) {
    if (expect_.at("runs").empty()) GTEST_SKIP() << "the program fails while it builds: nothing runs";
    for (const int parallel : {1, 3, 0}) {
        replay(parallel);
        if (HasFatalFailure()) return;
        if (missing_.empty()) continue;
        std::string ops;
        for (const std::string& op : missing_) ops += " " + op;
        GTEST_SKIP() << "these ops have no kernel yet:" << ops;
    }
}

/// The golden values are correctly rounded ones; either rounding is near them, and the same however it is executed.
TEST_P(GoldenProgram, RunsWithTensorFlowsRounding) {
    if (expect_.at("runs").empty()) GTEST_SKIP() << "the program fails while it builds: nothing runs";
    for (const int parallel : {1, 3}) {
        replay(parallel, ops::Rounding::tf1_15);
        if (HasFatalFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenProgram, ::testing::ValuesIn(golden_programs()),
                         [](const auto& program) { return program.param; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(GoldenProgram);

TEST(GoldenPrograms, AreThere) {
    if (!std::filesystem::exists(golden_folder()))
        GTEST_SKIP() << "the golden programs are not here: " << golden_folder();
    EXPECT_GE(golden_programs().size(), 44U);
}

} // namespace
} // namespace rnnscope::runtime
