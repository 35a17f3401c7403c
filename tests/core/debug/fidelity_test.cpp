// What TensorFlow itself recorded of a loop's inside, and what a restore that an initializer undoes looks like.

#include "core/debug/command.hpp"
#include "core/debug/questions.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rnnscope::debug {
namespace {

namespace fs = std::filesystem;

void open_and_finish(Debugger& debugger, const std::string& sample) {
    const Diagnostics mistakes =
        debugger.open((fs::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs" / (sample + ".json")).string());
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    while (!debugger.at_end()) { // past errors that the program catches
        debugger.run_on(true);
        debugger.wait();
    }
}

/// A value inside of a loop cannot be fetched; a recording shows the one of each time step.
TEST(Fidelity, TheLoopsInsideIsWhatTensorFlowComputes) {
    const fs::path golden = fs::path(RNNSCOPE_SHARED_DIR) / "golden" / "programs" / "D19_fetch_inside_loop.expect.json";
    if (!fs::exists(golden)) GTEST_SKIP() << golden << " is not there";
    const nlohmann::json expected = nlohmann::json::parse(std::ifstream(golden)).at("inside_the_loop");
    Debugger debugger;
    open_and_finish(debugger, "D19_fixed");
    const record::Recording& recording = debugger.recording();
    const record::RecordedRun& run = recording.runs().back();
    const Graph& graph = debugger.evaluator().graph(run.info.graph);
    const NodeId node = graph.find(expected.at("node").get<std::string>());
    ASSERT_TRUE(node.valid());
    std::vector<Tensor> steps;
    for (const std::uint32_t event : recording.events_of(run.info.id, node))
        if (const Tensor value = recording.output(run.info.id, event, 0)) steps.push_back(value);
    const nlohmann::json& iterations = expected.at("per_iteration");
    ASSERT_EQ(steps.size(), iterations.size());
    for (std::size_t t = 0; t < steps.size(); ++t) {
        const std::vector<double> numbers = iterations[t].at("data").get<std::vector<double>>();
        ASSERT_EQ(static_cast<std::size_t>(steps[t].elements()), numbers.size());
        for (std::size_t i = 0; i < numbers.size(); ++i)
            EXPECT_NEAR(steps[t].number(static_cast<std::int64_t>(i)), numbers[i], 1e-6) << "t=" << t << ", " << i;
    }
}

/// The silent fault: restored weights are initialized again, and the history of each variable says so.
TEST(Fidelity, AnInitAfterARestoreIsASecondWrite) {
    Debugger debugger;
    open_and_finish(debugger, "D12_init_after_restore");
    const Variable* bias = debugger.graph()->variable_of(debugger.graph()->find("rnn/gru_cell/candidate/bias"));
    ASSERT_NE(bias, nullptr);
    std::vector<AccessEntry> writes;
    for (const AccessEntry& entry : accesses_of(debugger, *bias))
        if (entry.session == SessionId(1) && entry.kind == record::HistoryEntry::Kind::write) writes.push_back(entry);
    ASSERT_EQ(writes.size(), 2U);
    EXPECT_EQ(writes[0].state, record::InitState::restored);
    EXPECT_EQ(writes[0].value.number(0), 0.5) << "as it was trained";
    EXPECT_EQ(writes[1].node, bias->initializer);
    EXPECT_EQ(writes[1].value.number(0), 0.0) << "as in an untrained network";
    const Result<std::string> said = execute(debugger, {"ask.history", bias->name, "terminal"});
    ASSERT_TRUE(said.ok());
    const std::size_t restored = said->find("session 2  restored by save/Assign");
    const std::size_t again = said->find("session 2  updated by rnn/gru_cell/candidate/bias/Assign");
    EXPECT_LT(restored, again) << *said;
    EXPECT_NE(again, std::string::npos) << *said;
}

} // namespace
} // namespace rnnscope::debug
