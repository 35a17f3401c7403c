// Two programs side by side.

#include "core/debug/command.hpp"
#include "core/debug/comparison.hpp"
#include "tests/core/debug/real_model.hpp"
#include "tests/core/golden_text.hpp"

#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>

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
    EXPECT_EQ(result.runs, 1U);
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
    EXPECT_EQ(result.divergences[0].what, "0.5 and 0.75");
    EXPECT_EQ(result.divergences[1].tensor, "y:0");
    EXPECT_EQ(result.divergences[1].what, "0.5 and 0.75 at [0]; 3 of 3 differ, by 1 at most");
    EXPECT_EQ(result.divergences[1].largest_difference, 1);
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

TEST_F(ComparisonTest, OpsOfOneSideAreNamed) {
    open(left_, program(0.5));
    open(right_, program(0.5, "_other"));
    const Comparison result = compare(left_.evaluation(), right_.evaluation());
    EXPECT_EQ(result.runs, 0U); // they ask for different things
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
    EXPECT_GE(result.runs, std::min(left_.recording().runs().size(), right_.recording().runs().size()) - 1);
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
    rnnscope::testing::expect_golden("debug", "compare_gru_process_model",
                                     to_text(compare(left_.evaluation(), right_.evaluation()), "itself") + "\n" +
                                         to_text(compare(left_.evaluation(), other.evaluation()), "other inputs") +
                                         "\n");
}

} // namespace
} // namespace rnnscope::debug
