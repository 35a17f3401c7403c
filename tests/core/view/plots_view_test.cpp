// Fetched numbers as lines: scales, what does not fit on them, and how many runs share a pixel.

#include "core/view/plots_view.hpp"
#include "tests/core/debug/command_test.hpp"

#include <gtest/gtest.h>

#include <cmath>

using namespace rnnscope;

namespace {

/// Fetches b / (3 - i) for i = 0 ... 4: positive, infinite, negative.
constexpr const char* falling = R"({
  "format": "rnnscope/1", "title": "t", "tensorflow": "1.15",
  "program": [
    {"let": "x", "call": "placeholder", "args": ["$tf.float32", []], "kwargs": {"name": "x"}},
    {"let": "y", "call": "divide", "args": [6.0, {"-": [3.0, "$x"]}], "kwargs": {"name": "y"}},
    {"let": "z", "call": "square", "args": ["$x"], "kwargs": {"name": "z"}},
    {"let": "sess", "call": "Session"},
    {"for": "i", "in": {"range": [5]}, "body": [
      {"call": "$sess.run", "args": [["$y", "$z"]], "kwargs": {"feed_dict": {"$x": "$i"}}}]}
  ]})";

class Plots : public tests::CommandTest {
  protected:
    view::PlotsView build(const view::PlotOptions& options = {}) {
        scalars_.update(debugger_);
        return view::build_plots(debugger_, scalars_, options);
    }
    debug::FetchedScalars scalars_;
};

} // namespace

TEST_F(Plots, SaysWhyThereIsNothing) {
    EXPECT_EQ(build().empty, "No run yet.");
    open_text(R"({"format": "rnnscope/1", "title": "t", "tensorflow": "1.15", "program": [
        {"let": "a", "call": "constant", "args": [[1, 2]]}, {"let": "sess", "call": "Session"},
        {"call": "$sess.run", "args": ["$a"]}]})");
    EXPECT_EQ(build().empty, "No run fetched a single number, such as a loss.");
}

TEST_F(Plots, InWords) {
    open_text(falling);
    EXPECT_EQ(to_text(build()), "runs 1 to 5, linear scale from −10 to 20, at run 5\n"
                                "y:0: −6.0000 of 5 runs, 1 not on the scale\n"
                                "z:0: 16.000 of 5 runs\n");
    EXPECT_EQ(to_text(build({true, {"z:0"}})), "runs 1 to 5, log scale from 1 to 10, at run 5\n"
                                               "y:0: −6.0000 of 5 runs, 2 not on the scale\n"
                                               "(hidden) z:0: 16.000 of 5 runs, 1 not on the scale\n");
}

/// Between two neighbours among the numbers no scale can be written; they are drawn as one.
TEST_F(Plots, ValuesThatDifferInTheLastBitAreOnALine) {
    open_text(R"({"format": "rnnscope/1", "title": "t", "tensorflow": "1.15", "program": [
        {"let": "x", "call": "placeholder", "args": ["$tf.float64", []], "kwargs": {"name": "x"}},
        {"let": "y", "call": "identity", "args": ["$x"], "kwargs": {"name": "y"}},
        {"let": "sess", "call": "Session"},
        {"call": "$sess.run", "args": ["$y"], "kwargs": {"feed_dict": {"$x": 0.1}}},
        {"call": "$sess.run", "args": ["$y"], "kwargs": {"feed_dict": {"$x": 0.10000000000000002}}}]})");
    const view::PlotsView view = build();
    ASSERT_EQ(view.lines.size(), 1u);
    EXPECT_NE(view.lines[0].points[0].value, view.lines[0].points[1].value);
    EXPECT_LE(view.ticks.size(), 12u);
    for (const view::PlotLine::Point& point : view.lines[0].points) EXPECT_NEAR(point.height, 0.5, 0.2);
}

TEST_F(Plots, ThePositionSaysWhatIsTheNewest) {
    open_text(falling);
    const std::uint64_t after_second = scalars_.series().empty() ? build().lines[0].points[1].tick : 0;
    run("go.position", std::to_string(after_second));
    const view::PlotsView view = build();
    EXPECT_EQ(view.now, 2u);
    EXPECT_EQ(view.lines[0].now, "3.0000");
    EXPECT_EQ(view.last_run, 5u) << "the lines are of the whole recording";
    run("go.start");
    EXPECT_FALSE(build().now);
    EXPECT_EQ(build().lines[0].now, "");
}

TEST_F(Plots, HeightsAreOfTheScale) {
    open_text(falling);
    for (const bool log : {false, true}) {
        const view::PlotsView view = build({log, {}});
        ASSERT_GE(view.ticks.size(), 2u);
        EXPECT_EQ(view.ticks.front().height, 0);
        EXPECT_DOUBLE_EQ(view.ticks.back().height, 1);
        for (const view::PlotLine& line : view.lines)
            for (const view::PlotLine::Point& point : line.points) {
                const bool fits = std::isfinite(point.value) && (!log || point.value > 0);
                EXPECT_EQ(std::isnan(point.height), !fits);
                if (!fits) continue;
                EXPECT_GE(point.height, -1e-9);
                EXPECT_LE(point.height, 1 + 1e-9);
                const double back = log ? view.low * std::pow(view.high / view.low, point.height)
                                        : view.low + (view.high - view.low) * point.height;
                EXPECT_NEAR(back, point.value, 1e-9 * std::fabs(point.value) + 1e-12);
            }
    }
}

TEST_F(Plots, APieceEndsWhereALineLeavesTheScale) {
    open_text(falling);
    const view::PlotsView view = build();
    const auto pieces = view::plot_columns(view, view.lines[0], 401);
    ASSERT_EQ(pieces.size(), 2u) << "run 4 divides by zero";
    EXPECT_EQ(pieces[0].size(), 3u);
    EXPECT_EQ(pieces[1].size(), 1u);
    EXPECT_EQ(pieces[0].front().column, 0u);
    EXPECT_EQ(pieces[1].back().column, 400u);
    const auto narrow = view::plot_columns(view, view.lines[1], 2);
    ASSERT_EQ(narrow.size(), 1u);
    ASSERT_EQ(narrow[0].size(), 2u) << "five runs on two pixels";
    EXPECT_EQ(narrow[0][0].first, view.lines[1].points[0].height);
    EXPECT_EQ(narrow[0][0].last, view.lines[1].points[3].height);
    EXPECT_EQ(narrow[0][0].highest, view.lines[1].points[3].height);
}

TEST_F(Plots, ThePointerFindsTheNearestRunThatIsShown) {
    open_text(falling);
    EXPECT_EQ(view::nearest_run(build(), 2.4), 2u);
    EXPECT_EQ(view::nearest_run(build(), 2.6), 3u);
    EXPECT_EQ(view::nearest_run(build(), -7), 1u);
    EXPECT_EQ(view::nearest_run(build(), 99), 5u);
    EXPECT_FALSE(view::nearest_run(build({false, {"y:0", "z:0"}}), 2));
}
