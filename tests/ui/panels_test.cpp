#include "tests/ui/harness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace rnnscope::ui {
namespace {

class EveryPanel : public testing::TestWithParam<std::string> {
  protected:
    void run(Harness& h, const std::string& command) {
        ASSERT_TRUE(h.shell().execute(parse_command(command, "test"))) << command << ": " << h.shell().message();
        h.settle();
    }
    /// Something to show in each of them.
    void fill(Harness& h) {
        run(h, "ui.sample training_loop.json");
        run(h, "run.continue");
        run(h, "go.time 16 3");
        run(h, "select.node rnn/while/gru_cell/MatMul");
        run(h, "ask.from");
        run(h, "ask.compare " RNNSCOPE_SOURCE_DIR "/samples/programs/seed_b_ok.json");
    }
};

/// Nothing that a pointer can do in a panel ends the program, loses what is open, or leaves it without the panel.
TEST_P(EveryPanel, TakesAClickAnywhere) {
    constexpr int columns = 9, rows = 7;
    Harness h;
    h.settle();
    fill(h);
    for (int i = 0; i < columns * rows; ++i) {
        run(h, "panel.show " + GetParam());
        const auto found = h.shell().panel_rects().find(GetParam());
        ASSERT_NE(found, h.shell().panel_rects().end()) << GetParam() << " before click " << i;
        const Rect rect = found->second;
        h.click({rect.a.x + rect.width() * (static_cast<float>(i % columns) + 0.5f) / columns,
                 rect.a.y + rect.height() * (static_cast<float>(i / columns) + 0.5f) / rows},
                i % 4 == 3 ? 1 : 0);
        for (int closed = 0; closed < 2; ++closed) h.press(compat::key_escape);
        ASSERT_TRUE(h.debugger().is_open()) << "click " << i;
        ASSERT_FALSE(h.shell().wants_quit()) << "click " << i;
    }
}

TEST(Newcomer, IsToldBeforeAnythingRanWhatIsAhead) {
    Harness h;
    ASSERT_TRUE(h.shell().open_sample("D03_optimizer_after_init.json"));
    for (int i = 0; i < 20; ++i) h.frame(); // the preflight comes from the background
    EXPECT_TRUE(h.shows("10 reads of variables"));
    ASSERT_TRUE(h.click_text("Continue to the failure"));
    EXPECT_TRUE(h.debugger().error_at_position());
}

TEST(Newcomer, SeesTheVariableOfAFailureAmongMany) {
    Harness h(1100, 700);
    ASSERT_TRUE(h.shell().open_sample("D03_optimizer_after_init.json"));
    h.press(compat::function_key(5));
    const Rect rect = h.shell().panel_rects().find("variables")->second;
    ImVec2 ignored;
    EXPECT_TRUE(h.find_text("beta1_power", ignored, {rect.a, rect.b}));
    EXPECT_TRUE(h.find_text("read too early", ignored, {rect.a, rect.b})) << "what its mark means";
    EXPECT_FALSE(h.find_text("restored", ignored, {rect.a, rect.b})) << "no variable has this mark";
}

TEST(Newcomer, FindsEveryFailureListedWithoutItsTwin) {
    Harness h(1600, 3000);
    h.settle();
    ASSERT_TRUE(h.click_text("All samples"));
    EXPECT_TRUE(h.shows("The optimizer is made after the initializer"));
    EXPECT_FALSE(h.shows("The initializer is built last")) << "a twin is a link in the row of what it repairs";
    ASSERT_TRUE(h.click_text("The optimizer is made after the initializer"));
    EXPECT_EQ(h.debugger().program().file, "D03_optimizer_after_init.json");
}

std::vector<std::string> panels() {
    std::vector<std::string> names;
    for (const PanelDef& panel : all_panels()) names.emplace_back(panel.name);
    return names;
}

INSTANTIATE_TEST_SUITE_P(Window, EveryPanel, testing::ValuesIn(panels()),
                         [](const testing::TestParamInfo<std::string>& panel) { return panel.param; });

} // namespace
} // namespace rnnscope::ui
