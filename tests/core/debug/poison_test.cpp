// Runs that go on past missing values, and what those reach: on samples, on small programs and on a real graph.

#include "core/debug/command.hpp"
#include "core/debug/poison.hpp"
#include "tests/core/debug/real_model.hpp"
#include "tests/core/golden_text.hpp"
#include "tests/core/short_sample.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rnnscope::debug {
namespace {

namespace fs = std::filesystem;

class PoisonTest : public ::testing::Test {
  protected:
    void open(const std::string& name, bool poisons = true) {
        debugger_.set_poisons(poisons);
        const auto path = fs::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs" / (name + ".json");
        const Diagnostics mistakes = debugger_.open(path.string());
        ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    }
    void open_program(const std::string& statements) {
        debugger_.set_poisons(true);
        const Diagnostics mistakes =
            debugger_.open_text(R"({"format": "rnnscope/1", "program": [)" + statements + "]}", "p.json", ".");
        ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    }
    std::string run(const std::string& id, const std::string& argument = "") {
        const Result<std::string> said = execute(debugger_, {id, argument, "terminal"});
        debugger_.wait();
        return said ? *said : said.error().message;
    }
    std::string ask(const std::string& id, const std::string& argument = "") {
        return fmt::format("> {}{}{}\n{}\n\n", id, argument.empty() ? "" : " ", argument, run(id, argument));
    }
    PoisonMask mask_of(const std::string& variable) const {
        return debugger_.poison()->variable_at(SessionId(0), variable, debugger_.position());
    }

    Debugger debugger_;
};

TEST_F(PoisonTest, OfASample) {
    open("seed_b_scope_miss_layer1");
    run("run.continue");
    EXPECT_EQ(debugger_.stop_reason(), StopReason::finished);
    EXPECT_TRUE(debugger_.poison()->is_complete());
    std::string text;
    for (const char* id : {"ask.poison", "print.variables", "print.problems", "go.failure", "ask.poison"})
        text += ask(id);
    rnnscope::testing::expect_golden("debug", "poison_seed_b_scope_miss_layer1", text);
}

TEST_F(PoisonTest, OfARealGraph) {
    if (!std::filesystem::exists(tests::process_model())) GTEST_SKIP() << tests::process_model() << " is not there";
    debugger_.set_poisons(true);
    tests::open_process_model(debugger_, {"rnn/multi_rnn_cell/cell_1", "Variable"});
    run("run.continue");
    ASSERT_EQ(debugger_.stop_reason(), StopReason::finished);
    EXPECT_TRUE(debugger_.poison()->is_complete());
    rnnscope::testing::expect_golden("debug", "poison_gru_process_model", ask("ask.poison"));
}

/// The second half of the time steps is a variable without a value.
constexpr auto late_program = R"(
    {"let": "x", "call": "placeholder", "args": ["$tf.float32", [2, 3, 4]], "kwargs": {"name": "x"}},
    {"let": "late", "call": "get_variable", "args": ["late", [2, 3, 4]]},
    {"let": "sequence", "call": "concat", "args": [["$x", "$late"], 1], "kwargs": {"name": "sequence"}},
    {"let": "cell", "call": "nn.rnn_cell.GRUCell", "args": [5]},
    {"let": ["outputs", "state"], "call": "nn.dynamic_rnn", "args": ["$cell", "$sequence"],
     "kwargs": {"dtype": "$tf.float32"}},
    {"let": "weights", "call": "get_collection", "args": ["$tf.GraphKeys.GLOBAL_VARIABLES"],
     "kwargs": {"scope": "rnn"}},
    {"let": "init", "call": "variables_initializer", "args": ["$weights"]},
    {"let": "sess", "call": "Session"},
    {"call": "$sess.run", "args": ["$init"]},
    {"let": "y", "call": "$sess.run", "args": [["$outputs", "$state", "$x"]],
     "kwargs": {"feed_dict": {"$x": {"generate": "sin", "shape": [2, 3, 4], "step": 0.1}}}})";

TEST_F(PoisonTest, ArrivesInTheTimeStepThatUsesIt) {
    open_program(late_program);
    run("run.continue");
    ASSERT_EQ(debugger_.stop_reason(), StopReason::finished);
    const PoisonReport report = poison_report(debugger_);
    ASSERT_EQ(report.loops.size(), 1u);
    EXPECT_EQ(report.loops[0].first, 3);
    EXPECT_EQ(report.loops[0].last, 5);
    EXPECT_EQ(report.loops[0].time_steps, 3u);
    EXPECT_EQ(report.loops[0].of, 6u);
    ASSERT_EQ(report.fetches.size(), 2u) << "what is fed and fetched is no result of the run";
    EXPECT_EQ(report.fetches[0].poisoned, 2 * 3 * 5);
    EXPECT_EQ(report.fetches[0].elements, 2 * 6 * 5);
    EXPECT_EQ(report.fetches[1].poisoned, 2 * 5);
    EXPECT_TRUE(report.decisions.empty());
    const std::string text = ask("ask.poison");
    rnnscope::testing::expect_golden("debug", "poison_late", text + ask("print.value", "sequence"));
}

/// Statements that make `v`, without a value, and `w` of four elements; then those that are given, and a session.
std::string two_variables(const std::string& statements) {
    return R"({"let": "v", "call": "get_variable", "args": ["v", [2]]},
        {"let": "w", "call": "get_variable", "args": ["w", [4]]},)" +
           statements;
}

TEST_F(PoisonTest, StaysInAVariableUntilACleanWrite) {
    open_program(two_variables(R"(
        {"let": "two", "call": "zeros", "args": [[2]]},
        {"let": "halves", "call": "concat", "args": [["$two", "$v"], 0]},
        {"let": "write", "call": "assign", "args": ["$w", "$halves"]},
        {"let": "twice", "call": "assign_add", "args": ["$w", "$w"]},
        {"let": "clean", "call": "assign", "args": ["$w", {"call": "ones", "args": [[4]]}]},
        {"let": "sess", "call": "Session"},
        {"call": "$sess.run", "args": ["$write.op"]},
        {"let": "a", "call": "$sess.run", "args": ["$w"]},
        {"call": "$sess.run", "args": ["$twice.op"]},
        {"call": "$sess.run", "args": ["$clean.op"]},
        {"let": "b", "call": "$sess.run", "args": ["$w"]})"));
    run("run.continue");
    ASSERT_EQ(debugger_.stop_reason(), StopReason::finished) << run("print.where");
    const PoisonMask half = PoisonMask::of({false, false, true, true});
    for (const std::uint32_t run_number : {0U, 1U, 2U}) {
        debugger_.go({debugger_.recording().run(RunId(run_number)).last_tick});
        EXPECT_EQ(mask_of("w"), half) << run_number;
        EXPECT_EQ(mask_of("v"), PoisonMask::all()) << "it was read without a value";
        EXPECT_EQ(debugger_.state_of(*debugger_.graph()->variable_of(debugger_.graph()->find("w"))),
                  record::InitState::poisoned);
    }
    EXPECT_EQ(debugger_.poison()->fetch(RunId(1), 0), half);
    EXPECT_NE(run("ask.history", "w").find("poisoned by Assign, run 1"), std::string::npos) << run("ask.history", "w");
    debugger_.go(debugger_.recording().end());
    EXPECT_EQ(mask_of("w"), PoisonMask());
    EXPECT_EQ(debugger_.poison()->fetch(RunId(4), 0), PoisonMask());
    EXPECT_TRUE(debugger_.poison()->marks(RunId(4)).empty());
    EXPECT_EQ(debugger_.poison()->reads().size(), 1u);
}

TEST_F(PoisonTest, AMissingValueIsUpdatedAndStaysMissingForOthers) {
    open_program(two_variables(R"(
        {"let": "more", "call": "assign_add", "args": ["$v", {"call": "ones", "args": [[2]]}]},
        {"let": "has", "call": "is_variable_initialized", "args": ["$w"]},
        {"let": "sess", "call": "Session"},
        {"let": "a", "call": "$sess.run", "args": ["$w"]},
        {"let": "b", "call": "$sess.run", "args": ["$has"]},
        {"let": "c", "call": "$sess.run", "args": ["$more"]})"));
    run("run.continue");
    ASSERT_EQ(debugger_.stop_reason(), StopReason::finished) << run("print.where");
    const auto runs = debugger_.recording().runs();
    ASSERT_EQ(runs.size(), 3u);
    EXPECT_FALSE(runs[1].outcome.results[0].values<bool>()[0]) << "who asks whether it has a value hears the truth";
    EXPECT_EQ(runs[2].outcome.results[0].number(0), 1);
    EXPECT_EQ(debugger_.poison()->fetch(RunId(0), 0), PoisonMask::all());
    EXPECT_EQ(debugger_.poison()->fetch(RunId(1), 0), PoisonMask());
    EXPECT_EQ(debugger_.poison()->fetch(RunId(2), 0), PoisonMask::all());
    EXPECT_EQ(debugger_.poison()->reads().size(), 2u);
}

TEST_F(PoisonTest, GoesThroughACheckpoint) {
    open_program(two_variables(R"(
        {"let": "saver", "call": "train.Saver"},
        {"let": "write", "call": "assign", "args": ["$w", {"call": "concat", "args": [["$v", "$v"], 0]}]},
        {"let": "clean", "call": "assign", "args": ["$v", {"call": "ones", "args": [[2]]}]},
        {"let": "sess", "call": "Session"},
        {"call": "$sess.run", "args": ["$write.op"]},
        {"call": "$sess.run", "args": ["$clean.op"]},
        {"let": "path", "call": "$saver.save", "args": ["$sess", "model.ckpt"]},
        {"let": "other", "call": "Session"},
        {"call": "$saver.restore", "args": ["$other", "$path"]},
        {"let": "a", "call": "$other.run", "args": [["$v", "$w"]]})"));
    run("run.continue");
    ASSERT_EQ(debugger_.stop_reason(), StopReason::finished) << run("print.where");
    const RunId last = debugger_.recording().runs().back().info.id;
    EXPECT_EQ(debugger_.poison()->fetch(last, 0), PoisonMask());
    EXPECT_EQ(debugger_.poison()->fetch(last, 1), PoisonMask::all());
}

TEST_F(PoisonTest, ABranchThatItChoosesIsPoisonedWhateverItComputes) {
    open_program(two_variables(R"(
        {"def": "one", "params": [], "body": [{"return": {"call": "constant", "args": [1.0]}}]},
        {"def": "other", "params": [], "body": [{"return": {"call": "constant", "args": [2.0]}}]},
        {"let": "is_large", "call": "less", "args": [{"call": "reduce_sum", "args": ["$v"]}, 1.0]},
        {"let": "chosen", "call": "cond", "args": ["$is_large", "$one", "$other"]},
        {"let": "sess", "call": "Session"},
        {"let": "a", "call": "$sess.run", "args": ["$chosen"]})"));
    run("run.continue");
    ASSERT_EQ(debugger_.stop_reason(), StopReason::finished) << run("print.where");
    EXPECT_TRUE(debugger_.poison()->fetch(RunId(0), 0).whole());
    EXPECT_FALSE(poison_report(debugger_).decisions.empty());
    EXPECT_NE(run("ask.poison").find("a poisoned value decided what runs"), std::string::npos);
}

TEST_F(PoisonTest, WhatHasNoKnownShapeCannotBeReplaced) {
    open_program(R"(
        {"let": "x", "call": "placeholder", "args": ["$tf.float32"]},
        {"let": "v", "call": "Variable", "args": ["$x"], "kwargs": {"validate_shape": false, "name": "v"}},
        {"let": "y", "call": "add", "args": ["$v", 1.0]},
        {"let": "sess", "call": "Session"},
        {"let": "a", "call": "$sess.run", "args": ["$y"]})");
    run("run.continue");
    EXPECT_EQ(debugger_.stop_reason(), StopReason::uninitialized_read);
    EXPECT_NE(run("ask.poison").find("a run ended at v: its shape is not known"), std::string::npos)
        << run("ask.poison");
}

TEST_F(PoisonTest, ResourcesToo) {
    open("D26_resource_message");
    run("run.continue");
    EXPECT_EQ(debugger_.stop_reason(), StopReason::finished);
    EXPECT_TRUE(debugger_.poison()->is_complete());
    const PoisonReport report = poison_report(debugger_);
    EXPECT_EQ(report.sources.size(), 4u);
    for (const PoisonReport::Fetch& fetch : report.fetches) EXPECT_EQ(fetch.poisoned, fetch.elements) << fetch.name;
}

TEST_F(PoisonTest, IsSwitchedOnWhereARunStopped) {
    open("seed_b_scope_miss_layer1", false);
    run("run.continue");
    ASSERT_EQ(debugger_.stop_reason(), StopReason::uninitialized_read);
    EXPECT_EQ(debugger_.poison(), nullptr);
    EXPECT_NE(run("ask.poison").find("poison.on"), std::string::npos);
    const Position failure = debugger_.position();
    run("poison.on");
    EXPECT_EQ(debugger_.position(), failure);
    ASSERT_NE(debugger_.current_diagnosis(), nullptr) << "the error stays a problem";
    EXPECT_EQ(debugger_.current_diagnosis()->cause, "not-in-initialized-set");
    run("run.continue");
    EXPECT_EQ(debugger_.stop_reason(), StopReason::finished);
    EXPECT_EQ(debugger_.diagnoses().size(), 1u) << "one that tells of all reads of the run";
    EXPECT_EQ(debugger_.recording().errors().size(), 4u);
    run("go.start");
    for (const record::RecordedError& error : debugger_.recording().errors()) {
        run("go.next-uninitialized");
        EXPECT_EQ(debugger_.position(), error.first);
    }
    run("go.end");
    run("poison.off");
    EXPECT_EQ(debugger_.position(), failure) << "what came after it is another story";
    run("run.continue");
    EXPECT_TRUE(debugger_.evaluator().error());
    EXPECT_EQ(run("poison.off"), "Runs stop at missing values already.");
}

TEST_F(PoisonTest, ChangesNothingWhereNothingIsMissing) {
    open("seed_a_ok", false);
    run("run.continue");
    const std::uint64_t end = debugger_.recording().end().ticks;
    const Tensor result = debugger_.recording().runs().back().outcome.results.front();
    open("seed_a_ok");
    run("run.continue");
    EXPECT_EQ(debugger_.recording().end().ticks, end);
    EXPECT_TRUE(debugger_.recording().runs().back().outcome.results.front().identical(result));
    for (const record::RecordedRun& r : debugger_.recording().runs())
        EXPECT_TRUE(debugger_.poison()->marks(r.info.id).empty());
    EXPECT_EQ(run("ask.poison"), "no run has read a missing value at this position");
}

TEST_F(PoisonTest, OfEverySampleIsFollowedToItsEnd) {
    const fs::path folder = fs::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs";
    std::size_t reached = 0;
    for (const fs::directory_entry& file : fs::directory_iterator(folder)) {
        if (file.path().extension() != ".json") continue;
        debugger_.set_poisons(true);
        ASSERT_TRUE(
            debugger_.open_text(tests::short_sample(file.path()), file.path().string(), folder.string()).empty());
        while (!debugger_.at_end()) {
            debugger_.run_on(true);
            while (!debugger_.pump(std::chrono::seconds(1))) {
            }
        }
        EXPECT_TRUE(debugger_.poison()->is_complete() && debugger_.poison()->is_caught_up()) << file.path();
        reached += !debugger_.poison()->reads().empty();
    }
    EXPECT_GT(reached, 10u);
}

} // namespace
} // namespace rnnscope::debug
