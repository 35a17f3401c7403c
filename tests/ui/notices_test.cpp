#include "tests/ui/harness.hpp"

#include <gtest/gtest.h>

using namespace rnnscope;
using namespace rnnscope::ui;

namespace {

/// What went wrong, in more lines than one.
const std::string long_text = "model.json:4:36: error [type.positive-int] expected a positive integer\n"
                              "  at /layers/1/units\n  fix: write a whole number above 0";

class Notices : public testing::TestWithParam<std::pair<float, float>> {
  protected:
    Notices() : h_(GetParam().first, GetParam().second) {
        h_.settle();
        (void)h_.shell().open_sample("seed_a_init_early.json");
        h_.press(compat::function_key(5));
    }
    Harness h_;
};

} // namespace

TEST_P(Notices, CoverNothingThatCouldBeClicked) {
    ASSERT_TRUE(h_.debugger().error_at_position());
    const float body_end = GetParam().second - 24;
    for (int i = 0; i < 6; ++i) h_.shell().notify("Open…", i % 2 == 0 ? "There is no file." : long_text);
    h_.settle();
    ImVec2 title;
    ASSERT_TRUE(h_.find_text("Open", title, {{0, GetParam().second / 2}, {GetParam().first, body_end}}));
    ASSERT_FALSE(h_.shell().panel_rects().empty());
    for (const auto& [name, rect] : h_.shell().panel_rects()) {
        EXPECT_LE(rect.b.y, title.y) << name << " reaches below a notice";
        EXPECT_GE(rect.height(), 60) << name;
    }
    EXPECT_TRUE(h_.click_text("Apply and rerun"));
    EXPECT_TRUE(h_.debugger().diagnoses().empty()) << "the button of the card was reached";
}

TEST_P(Notices, GiveTheirPlaceBack) {
    const float before = h_.shell().panel_rects().at("problems").b.y;
    h_.shell().notify("First", "There is no file.");
    h_.shell().notify("Second", long_text);
    h_.settle();
    EXPECT_TRUE(h_.shows("fix: write a whole number above 0"));
    EXPECT_LT(h_.shell().panel_rects().at("problems").b.y, before);
    h_.press(compat::key_escape);
    EXPECT_FALSE(h_.shows("Second")) << "the newest is closed first";
    EXPECT_TRUE(h_.shows("There is no file."));
    ImVec2 first;
    ASSERT_TRUE(h_.find_text("First", first));
    h_.click({GetParam().first - 20, first.y});
    EXPECT_FALSE(h_.shows("First"));
    EXPECT_EQ(h_.shell().panel_rects().at("problems").b.y, before);
}

INSTANTIATE_TEST_SUITE_P(Windows, Notices,
                         testing::Values(std::pair{1600.0f, 1000.0f}, std::pair{1280.0f, 800.0f},
                                         std::pair{1000.0f, 700.0f}));

TEST(WelcomeScreen, HasNoticesBelowIt) {
    Harness h;
    h.settle();
    h.shell().notify("Title", "What went wrong.");
    h.settle();
    ImVec2 title, text;
    ASSERT_TRUE(h.find_text("Title", title));
    ASSERT_TRUE(h.find_text("What went wrong.", text));
    EXPECT_GT(title.y, 1000 - 24 - 32);
    EXPECT_NEAR(title.y, text.y, 4) << "what is short stands beside its title";
}
