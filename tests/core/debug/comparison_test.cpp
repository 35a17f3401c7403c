// Two programs side by side.

#include "core/debug/command.hpp"
#include "core/debug/comparison.hpp"
#include "tests/core/debug/real_model.hpp"
#include "tests/core/golden_text.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <limits>

namespace rnnscope::debug {
namespace {

/// y = x * `weight`, twice; then a second op that only one of the two may have.
std::string program(double weight, const std::string& more = "") {
    return fmt::format(R"({{"format": "rnnscope/1", "title": "t", "tensorflow": "1.15", "program": [
      {{"let": "x", "call": "constant", "args": [[1.0, 2.0, 4.0]], "kwargs": {{"name": "x"}}}},
      {{"let": "w", "call": "constant", "args": [{}], "kwargs": {{"name": "w"}}}},
      {{"let": "y", "call": "multiply", "args": ["$x", "$w"], "kwargs": {{"name": "y"}}}},
      {{"let": "z", "call": "tanh", "args": ["$y"], "kwargs": {{"name": "z{}"}}}},
      {{"let": "session", "call": "Session"}},
      {{"call": "$session.run", "args": ["$z"]}}]}})",
                       weight, more);
}

class ComparisonTest : public ::testing::Test {
  protected:
    Debugger left_, right_;
    static void open(Debugger& debugger, const std::string& text) {
        const Diagnostics mistakes = debugger.open_text(text, "t.json", "");
        ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
        debugger.run_on(true);
        debugger.wait();
        ASSERT_TRUE(debugger.at_end());
    }
};

TEST_F(ComparisonTest, TheSameProgramIsEqual) {
    open(left_, program(0.5));
    open(right_, program(0.5));
    const Comparison result = compare(left_.evaluation(), right_.evaluation());
    EXPECT_EQ(result.runs.size(), 1U);
    EXPECT_EQ(result.ops, 4U);
    EXPECT_EQ(result.values, 4U);
    EXPECT_EQ(result.differing, 0U);
    EXPECT_TRUE(result.divergences.empty());
}

TEST_F(ComparisonTest, TheFirstDifferenceComesFirst) {
    open(left_, program(0.5));
    open(right_, program(0.75));
    const Comparison result = compare(left_.evaluation(), right_.evaluation());
    EXPECT_EQ(result.differing, 3U);
    ASSERT_EQ(result.divergences.size(), 3U);
    EXPECT_EQ(result.divergences[0].tensor, "w:0"); // where it comes from, not where it is seen
    EXPECT_EQ(result.divergences[0].difference.what, "0.5 and 0.75");
    EXPECT_EQ(result.divergences[1].tensor, "y:0");
    EXPECT_EQ(result.divergences[1].difference.what, "0.5 and 0.75 at [0]; 3 of 3 differ, by 1 at most");
    EXPECT_EQ(result.divergences[1].difference.largest, 1);
    // The position is just after the op ran.
    const Position here = result.divergences[1].here;
    EXPECT_EQ(left_.recording().tick(here.ticks - 1).event, result.divergences[1].event);
}

TEST_F(ComparisonTest, ToleranceAndLimitHold) {
    open(left_, program(0.5));
    open(right_, program(0.5000001));
    EXPECT_GT(compare(left_.evaluation(), right_.evaluation()).differing, 0U);
    EXPECT_EQ(compare(left_.evaluation(), right_.evaluation(), {1e-5, 0, 1000}).differing, 0U);
    EXPECT_EQ(compare(left_.evaluation(), right_.evaluation(), {0, 1e-5, 1000}).differing, 0U);
    const Comparison few = compare(left_.evaluation(), right_.evaluation(), {0, 0, 1});
    EXPECT_EQ(few.divergences.size(), 1U);
    EXPECT_GT(few.differing, 1U);
}

/// Floats are counted from one to the other; across zero, too.
TEST_F(ComparisonTest, UnitsInTheLastPlaceAreCounted) {
    const auto ulps = [](auto a, auto b) {
        const auto found = difference(Tensor::scalar(a), Tensor::scalar(b), {});
        return found ? found->ulps : std::int64_t{0};
    };
    EXPECT_EQ(ulps(1.0f, std::nextafter(1.0f, 2.0f)), 1);
    EXPECT_EQ(ulps(1.0, std::nextafter(1.0, 2.0)), 1);
    EXPECT_EQ(ulps(0.0f, -0.0f), 0) << "they are equal";
    const float smallest = std::numeric_limits<float>::denorm_min();
    EXPECT_EQ(ulps(smallest, -smallest), 2);
    EXPECT_EQ(ulps(1.0f, 2.0f), 1 << 23);
    EXPECT_EQ(ulps(1.0f, std::numeric_limits<float>::infinity()), -1);
    EXPECT_EQ(ulps(std::int32_t{1}, std::int32_t{4}), -1);
}

/// Both runs side by side: every event of an op stands once, in the order of its side.
TEST_F(ComparisonTest, RunsGoInLockstep) {
    const auto folder = std::filesystem::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs";
    ASSERT_TRUE(left_.open((folder / "seed_a_ok.json").string()).empty());
    ASSERT_TRUE(right_.open((folder / "seed_a_init_early.json").string()).empty());
    for (Debugger* debugger : {&left_, &right_}) {
        debugger->run_on(true);
        debugger->wait();
    }
    const Comparison result = compare(left_.evaluation(), right_.evaluation());
    ASSERT_FALSE(result.runs.empty());
    for (const ComparedRun& run : result.runs) {
        std::vector<std::int32_t> left, right;
        for (const ComparedRun::Pair& pair : run.pairs) {
            if (pair.left >= 0) left.push_back(pair.left);
            if (pair.right >= 0) right.push_back(pair.right);
            EXPECT_FALSE(pair.left < 0 && pair.right < 0);
            EXPECT_FALSE(pair.differs && (pair.left < 0 || pair.right < 0));
        }
        EXPECT_TRUE(std::ranges::is_sorted(left));
        std::ranges::sort(right);
        EXPECT_EQ(std::ranges::adjacent_find(right), right.end());
        const auto ops = [](const record::Recording& recording, RunId id) {
            std::size_t count = 0;
            for (std::uint32_t i = 0; i < recording.event_count(id); ++i) count += recording.visit(id, i).node.valid();
            return count;
        };
        EXPECT_EQ(left.size(), ops(left_.recording(), run.left));
        EXPECT_EQ(right.size(), ops(right_.recording(), run.right));
    }
}

/// However little time there is at once, the answer is the same.
TEST_F(ComparisonTest, InPiecesItIsTheSame) {
    open(left_, program(0.5));
    open(right_, program(0.75));
    ComparisonJob job(left_.evaluation(), right_.evaluation(), {});
    int pieces = 1;
    while (!job.pump(std::chrono::steady_clock::now())) ++pieces;
    const Comparison result = job.take(), whole = compare(left_.evaluation(), right_.evaluation());
    EXPECT_GT(pieces, 1);
    EXPECT_EQ(result.values, whole.values);
    EXPECT_EQ(result.differing, whole.differing);
    ASSERT_EQ(result.divergences.size(), whole.divergences.size());
    for (std::size_t i = 0; i < whole.divergences.size(); ++i)
        EXPECT_EQ(result.divergences[i].tensor, whole.divergences[i].tensor);
}

TEST_F(ComparisonTest, OpsOfOneSideAreNamed) {
    open(left_, program(0.5));
    open(right_, program(0.5, "_other"));
    const Comparison result = compare(left_.evaluation(), right_.evaluation());
    EXPECT_TRUE(result.runs.empty()); // they ask for different things
    EXPECT_EQ(result.only_left, std::vector<std::string>{"z"});
    EXPECT_EQ(result.only_right, std::vector<std::string>{"z_other"});
}

/// A program and its repaired form differ in a run or two; the others still go together.
TEST_F(ComparisonTest, RunsAreFoundAgain) {
    const auto folder = std::filesystem::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs";
    for (const auto& [debugger, name] :
         {std::pair{&left_, "D12_init_after_restore.json"}, {&right_, "D12_fixed.json"}}) {
        ASSERT_TRUE(debugger->open((folder / name).string()).empty());
        debugger->run_on(true);
        debugger->wait();
    }
    const Comparison result = compare(left_.evaluation(), right_.evaluation());
    EXPECT_GE(result.runs.size(), std::min(left_.recording().runs().size(), right_.recording().runs().size()) - 1);
    EXPECT_TRUE(result.only_left.empty());
    EXPECT_TRUE(result.only_right.empty());
    EXPECT_GT(result.differing, 0U);
}

/// A restore that an initializer undoes, and its repaired form.
TEST_F(ComparisonTest, TheCommandRunsTheOther) {
    const auto folder = std::filesystem::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs";
    ASSERT_TRUE(left_.open((folder / "seed_a_ok.json").string()).empty());
    left_.run_on(true);
    left_.wait();
    const auto said = [&](const std::string& argument) {
        const Result<std::string> text = execute(left_, {"ask.compare", argument, "terminal"});
        return text ? *text : "error: " + text.error().message;
    };
    const std::string same = said("seed_a_ok.json");
    EXPECT_NE(same.find("compared with seed_a_ok.json: all equal"), std::string::npos) << same;
    // It stops at its error: what ran up to there is compared.
    const std::string failing = said("seed_a_init_early.json");
    EXPECT_NE(failing.find("ops ran here only: "), std::string::npos) << failing;
    EXPECT_NE(said("seed_a_ok.json within much").find("\"much\" is no tolerance"), std::string::npos);
    EXPECT_NE(said("not_there.json").find("error: "), std::string::npos);
    EXPECT_NE(said("").find("which program"), std::string::npos);
}

TEST_F(ComparisonTest, OfASampleAndItsRepairedFormReads) {
    const auto folder = std::filesystem::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs";
    std::string text;
    for (const auto& [name, other] :
         {std::pair("D12_init_after_restore", "D12_fixed"), std::pair("seed_b_scope_miss_layer1", "seed_b_ok")}) {
        ASSERT_TRUE(left_.open((folder / (std::string(name) + ".json")).string()).empty()) << name;
        left_.run_on(true);
        left_.wait();
        const Result<std::string> said = execute(left_, {"ask.compare", std::string(other) + ".json", "terminal"});
        text += fmt::format("> {}: ask.compare {}\n{}\n\n", name, other, said ? *said : said.error().message);
    }
    rnnscope::testing::expect_golden("debug", "compare_samples", text);
}

/// A real model, restored, with itself and with other inputs.
TEST_F(ComparisonTest, OfARealGraphReads) {
    if (!std::filesystem::exists(tests::process_model())) GTEST_SKIP() << tests::process_model() << " is not there";
    Debugger other;
    tests::open_process_model(left_);
    tests::open_process_model(right_);
    tests::open_process_model(other, {}, "ones(1,30,4)");
    for (Debugger* debugger : {&left_, &right_, &other}) {
        debugger->run_on(true);
        debugger->wait();
    }
    const auto text = [&](const Debugger& right, std::string_view name) {
        Answer answer;
        add_comparison(answer, left_.evaluation(), compare(left_.evaluation(), right.evaluation()), name);
        return to_text(answer) + "\n\n";
    };
    rnnscope::testing::expect_golden("debug", "compare_gru_process_model",
                                     text(right_, "itself") + text(other, "other inputs"));
}

} // namespace
} // namespace rnnscope::debug
