#include "tests/ui/harness.hpp"

#include <gtest/gtest.h>

namespace rnnscope::ui {
namespace {

class PlotsPanelTest : public ::testing::Test {
  protected:
    void SetUp() override {
        h.settle();
        ASSERT_TRUE(h.shell().open_sample("training_loop.json"));
        h.settle();
        run("run.continue");
        run("panel.show", "plots");
    }
    void run(const char* command, const char* argument = "") {
        ASSERT_TRUE(h.shell().execute({command, argument, "test"})) << command;
        h.settle();
    }
    Harness h;
};

TEST_F(PlotsPanelTest, ShowsEverySeriesWithItsNewestNumber) {
    EXPECT_TRUE(h.shows("loss:0"));
    EXPECT_TRUE(h.shows("global_norm/global_norm:0"));
    EXPECT_TRUE(h.shows("run 32 of 32"));
}

TEST_F(PlotsPanelTest, AClickGoesToTheRunUnderThePointer) {
    ImVec2 legend, axis;
    ASSERT_TRUE(h.find_text("loss:0", legend));
    // "10" of the axis of runs: the plot above it.
    Harness::Region below{{0, 700}, {legend.x, 1000}};
    ASSERT_TRUE(h.find_text("16", axis, below));
    h.click({axis.x, axis.y - 80});
    EXPECT_FALSE(h.debugger().current_run().valid());
    EXPECT_EQ(h.debugger().position().ticks, h.debugger().recording().run(RunId(15)).last_tick + 1);
    EXPECT_TRUE(h.shows("run 16 of 32"));
}

TEST_F(PlotsPanelTest, TheScaleIsSwitchedByItsButton) {
    EXPECT_FALSE(h.shell().plots().is_log());
    ASSERT_TRUE(h.click_text("linear"));
    EXPECT_TRUE(h.shell().plots().is_log());
    EXPECT_TRUE(h.shows("log"));
}

TEST_F(PlotsPanelTest, ALineIsHiddenAndShownAgain) {
    EXPECT_TRUE(h.shows("0.08")); // on the scale, because of the loss
    run("plot.toggle", "loss:0");
    run("plot.toggle", "global_norm/global_norm:0");
    EXPECT_FALSE(h.shell().execute({"plot.toggle", "no such", "test"}));
}

} // namespace
} // namespace rnnscope::ui
