// A time under the pointer in one panel is the same time in the others.

#include "core/view/time_spot.hpp"
#include "tests/core/debug/command_test.hpp"

#include <gtest/gtest.h>

using namespace rnnscope;

namespace {

constexpr const char* cell = "rnn/rnn/while/rnn/multi_rnn_cell/cell_0/gru_cell/";

class TimeSpots : public tests::CommandTest {
  protected:
    void SetUp() override { open("seed_a_ok"); }
    view::ValueDetail line_of(const std::string& op) {
        view::ValueOptions options;
        options.form = view::ValueForm::over_time;
        return view::build_value(debugger_, cell + op, options);
    }
};

} // namespace

TEST_F(TimeSpots, AValueOfALineIsItsOwnSpot) {
    const view::ValueDetail line = line_of("Sigmoid");
    ASSERT_EQ(line.line.size(), 5u);
    for (std::size_t i = 0; i < line.line.size(); ++i) {
        const view::TimeSpot spot = view::spot_of_line(debugger_, line, i);
        ASSERT_TRUE(spot.run.valid());
        EXPECT_EQ(spot.unit, 0);
        EXPECT_EQ(view::line_index_at(debugger_, line, spot), i);
        const auto event = view::event_at(debugger_, spot);
        ASSERT_TRUE(event);
        EXPECT_EQ(debugger_.recording().visit(spot.run, *event).iteration, static_cast<std::int64_t>(i));
    }
}

// Whether the other op of the time step ran before or after.
TEST_F(TimeSpots, AnotherOpOfTheSameTimeStepIsTheSameTime) {
    const view::ValueDetail early = line_of("MatMul"), late = line_of("add");
    ASSERT_EQ(early.line.size(), 5u);
    ASSERT_EQ(late.line.size(), 5u);
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(view::line_index_at(debugger_, late, view::spot_of_line(debugger_, early, i)), i);
        EXPECT_EQ(view::line_index_at(debugger_, early, view::spot_of_line(debugger_, late, i)), i);
    }
}

TEST_F(TimeSpots, OutsideOfARunThereIsNone) {
    const view::ValueDetail line = line_of("Sigmoid");
    EXPECT_FALSE(view::event_at(debugger_, {}));
    const RunId run = view::spot_of_line(debugger_, line, 0).run;
    EXPECT_FALSE(view::event_at(debugger_, {run, 0, {}, -1}));
    EXPECT_FALSE(view::event_at(debugger_, {run, debugger_.recording().end().ticks, {}, -1}));
    EXPECT_FALSE(
        view::line_index_at(debugger_, line, {RunId(0), debugger_.recording().run(RunId(0)).first_tick + 1, {}, -1}))
        << "another run";
    EXPECT_FALSE(view::spot_of_line(debugger_, line, 99).run.valid());
}
