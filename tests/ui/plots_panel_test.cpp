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
    EXPECT_TRUE(h.shows("global_norm:0"));
    EXPECT_TRUE(h.shows("run 32 of 32"));
}

TEST_F(PlotsPanelTest, AClickGoesToTheRunUnderThePointer) {
    ImVec2 legend, axis;
    ASSERT_TRUE(h.find_text("loss:0", legend));
    // "15" of the axis of runs: the plot above it.
    const Harness::Region below{{430, 700}, {legend.x, 1000}};
    ASSERT_TRUE(h.find_text("15", axis, below));
    h.click({axis.x, axis.y - 80});
    EXPECT_FALSE(h.debugger().current_run().valid());
    EXPECT_EQ(h.debugger().position().ticks, h.debugger().recording().run(RunId(14)).last_tick + 1);
    EXPECT_TRUE(h.shows("run 15 of 32"));
}

TEST_F(PlotsPanelTest, TheScaleIsSwitchedByItsButton) {
    EXPECT_FALSE(h.shell().plots().is_log());
    ASSERT_TRUE(h.click_text("linear"));
    EXPECT_TRUE(h.shell().plots().is_log());
    EXPECT_TRUE(h.shows("log"));
}

TEST_F(PlotsPanelTest, ALineIsHiddenAndShownAgain) {
    const Harness::Region plot{{430, 712}, {800, 1000}};
    ImVec2 ignored;
    EXPECT_TRUE(h.find_text("0.6", ignored, plot)) << "the loss begins there";
    EXPECT_FALSE(h.find_text("1.0", ignored, plot));
    run("plot.toggle", "loss:0");
    EXPECT_FALSE(h.find_text("0.6", ignored, plot)) << "the norm is smaller";
    run("plot.toggle", "global_norm/global_norm:0");
    EXPECT_TRUE(h.find_text("1.0", ignored, plot)) << "nothing is left to scale by";
    EXPECT_FALSE(h.shell().execute({"plot.toggle", "no such", "test"}));
}

} // namespace
} // namespace rnnscope::ui
