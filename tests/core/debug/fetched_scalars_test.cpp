// Numbers that runs fetch, by run: what the terminal prints of them, and the file.

#include "core/debug/fetched_scalars.hpp"
#include "tests/core/debug/command_test.hpp"
#include "tests/core/golden_text.hpp"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <unistd.h>

namespace rnnscope::debug {
namespace {

class FetchedScalarsTest : public tests::CommandTest {
  protected:
    std::vector<std::string> names() {
        FetchedScalars scalars;
        scalars.update(debugger_);
        std::vector<std::string> out;
        for (const ScalarSeries& series : scalars.series()) out.push_back(series.name);
        return out;
    }
};

TEST_F(FetchedScalarsTest, ATrainingLoopAsTheTerminalPrintsIt) {
    open("training_loop");
    rnnscope::testing::expect_golden("debug", "scalars_training_loop", run("ask.scalars") + "\n");
}

TEST_F(FetchedScalarsTest, EveryPointIsWhatTheRunFetchedAndItsPositionIsJustAfterTheRun) {
    open("training_loop");
    FetchedScalars scalars;
    scalars.update(debugger_);
    ASSERT_EQ(scalars.series().size(), 2u);
    EXPECT_EQ(scalars.series()[0].name, "loss:0");
    EXPECT_EQ(scalars.series()[0].points.size(), 31u);
    EXPECT_EQ(scalars.series()[1].points.size(), 30u) << "the last run fetches the loss alone";
    for (const ScalarSeries& series : scalars.series())
        for (const ScalarPoint& point : series.points) {
            const record::RecordedRun& recorded = debugger_.recording().run(point.run);
            const auto& fetches = recorded.info.request.fetches;
            const auto at = static_cast<std::size_t>(std::ranges::find(fetches, series.fetch) - fetches.begin());
            ASSERT_LT(at, fetches.size());
            EXPECT_EQ(point.number(), recorded.outcome.results[at].number(0));
            debugger_.go(point.after);
            debugger_.wait();
            EXPECT_FALSE(debugger_.current_run().valid());
            EXPECT_EQ(point.after.ticks, recorded.last_tick + 1);
        }
}

TEST_F(FetchedScalarsTest, GrowsWithTheRecordingAndBeginsAnewWithAnother) {
    const std::string path = std::string(RNNSCOPE_SOURCE_DIR) + "/samples/programs/training_loop.json";
    ASSERT_TRUE(debugger_.open(path).empty());
    FetchedScalars scalars;
    std::size_t points = 0;
    std::uint64_t version = scalars.version();
    for (int i = 0; i < 8; ++i) {
        run("step.run");
        scalars.update(debugger_);
        const std::size_t now = scalars.series().empty() ? 0 : scalars.series()[0].points.size();
        EXPECT_GE(now, points);
        EXPECT_EQ(scalars.version() != version, now != points || i == 0);
        points = now;
        version = scalars.version();
    }
    EXPECT_EQ(points, 7u);
    run("run.restart");
    scalars.update(debugger_);
    EXPECT_TRUE(scalars.series().empty());
}

TEST_F(FetchedScalarsTest, OnlySingleNumbersCount) {
    open("seed_a_ok");
    EXPECT_TRUE(names().empty()) << "it fetches a tensor";
    EXPECT_EQ(run("ask.scalars"), "no run fetched a single number");
    EXPECT_EQ(run("plot.export", "x.csv"), "No run fetched a single number.");
    open_text(R"({"format": "rnnscope/1", "title": "t", "tensorflow": "1.15", "program": [
        {"let": "a", "call": "constant", "args": [3], "kwargs": {"name": "a"}},
        {"let": "b", "call": "constant", "args": ["text"], "kwargs": {"name": "b"}},
        {"let": "c", "call": "constant", "args": [[[2.5]]], "kwargs": {"name": "c"}},
        {"let": "d", "call": "equal", "args": ["$a", 3], "kwargs": {"name": "d"}},
        {"let": "sess", "call": "Session"},
        {"call": "$sess.run", "args": [["$a", "$b", "$c", "$d", "$a"]]}]})");
    EXPECT_EQ(names(), (std::vector<std::string>{"a:0", "c:0", "d:0"}));
    EXPECT_EQ(scalars_csv(debugger_), "run,line,a:0,c:0,d:0\n1,8,3,2.5,True\n");
}

TEST_F(FetchedScalarsTest, TheFileHasALineForEachRunAndAllDigits) {
    open("training_loop");
    const std::string path = ::testing::TempDir() + "scalars_" + std::to_string(getpid()) + ".csv";
    EXPECT_EQ(run("plot.export", path), "2 series are in " + path);
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    std::remove(path.c_str());
    ASSERT_EQ(lines.size(), 32u);
    EXPECT_EQ(lines[0], "run,line,loss:0,global_norm/global_norm:0");
    EXPECT_TRUE(lines[1].starts_with("2,")) << lines[1];
    EXPECT_TRUE(lines.back().starts_with("32,") && lines.back().ends_with(",")) << lines.back();
    FetchedScalars scalars;
    scalars.update(debugger_);
    std::istringstream row(lines[1]);
    std::string cell;
    for (int i = 0; i < 3; ++i) std::getline(row, cell, ',');
    EXPECT_EQ(std::stof(cell), static_cast<float>(scalars.series()[0].points[0].number()));
    EXPECT_EQ(run("plot.export", "numbers.txt"), "the file's name ends in .csv");
}

} // namespace
} // namespace rnnscope::debug
