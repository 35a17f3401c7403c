#include "tests/ui/harness.hpp"
#include "ui/widgets/controls.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

using namespace rnnscope;
using namespace rnnscope::ui;

namespace {

/// The first place where two glyphs lie over each other; "" when there is none. Neighbours in a word may touch.
std::string overlap_in(const Harness& h, const Harness::Region& region) {
    const std::vector<Harness::Glyph> glyphs = h.glyphs(region);
    for (std::size_t i = 0; i < glyphs.size(); ++i)
        for (std::size_t j = i + 1; j < glyphs.size(); ++j) {
            const Harness::Glyph &a = glyphs[i], &b = glyphs[j];
            const float x = std::min(a.b.x, b.b.x) - std::max(a.a.x, b.a.x);
            const float y = std::min(a.b.y, b.b.y) - std::max(a.a.y, b.a.y);
            const float least = std::min(a.b.x - a.a.x, b.b.x - b.a.x);
            if (x > std::max(2.5f, least * 0.3f) && y > 2)
                return "at " + std::to_string(a.a.x) + ", " + std::to_string(a.a.y) + " and " + std::to_string(b.a.x) +
                       ", " + std::to_string(b.a.y);
        }
    return "";
}

} // namespace

class Sizes : public testing::TestWithParam<std::tuple<std::pair<float, float>, int>> {};

TEST_P(Sizes, NoTwoTextsOfATitleRowOverlap) {
    const auto& [size, percent] = GetParam();
    Harness h(size.first, size.second);
    h.shell().settings().font_percent = percent;
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
    h.press(compat::function_key(5));
    ASSERT_TRUE(h.shell().execute({"go.time", "2 3", "key"}));
    h.settle();
    ASSERT_TRUE(h.shell().execute({"ask.history", "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel", "test"}));
    h.settle();
    const float scale = static_cast<float>(percent) / 100;
    for (const WorkspaceDef& workspace : all_workspaces()) {
        ASSERT_TRUE(h.shell().execute({"workspace." + std::string(workspace.name), "", "key"}));
        h.settle();
        const std::string where = std::string(workspace.title) + " workspace: ";
        EXPECT_EQ(overlap_in(h, {{0, 0}, {size.first, 40 * scale}}), "") << where << "title bar";
        EXPECT_EQ(overlap_in(h, {{0, size.second - 24 * scale}, {size.first, size.second}}), "") << where << "status";
        const auto rects = h.shell().panel_rects();
        EXPECT_FALSE(rects.empty());
        for (const auto& [panel, rect] : rects) {
            EXPECT_EQ(overlap_in(h, {rect.a, {rect.b.x, rect.a.y + panel_header_height * scale}}), "")
                << where << panel;
            if (panel != "variables" && panel != "answers") continue;
            EXPECT_EQ(overlap_in(h, {rect.a, rect.b}), "") << where << "rows of " << panel;
        }
    }
}

/// Columns give way to each other where there is no room for all of them.
TEST_P(Sizes, NoTwoTextsOfARowOverlap) {
    const auto& [size, percent] = GetParam();
    Harness h(size.first, size.second);
    h.shell().settings().font_percent = percent;
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("D03_optimizer_after_init.json"));
    h.press(compat::function_key(5));
    ASSERT_TRUE(h.debugger().error_at_position());
    const std::string other = RNNSCOPE_SOURCE_DIR "/samples/programs/D03_fixed.json";
    for (const char* panel : {"problems", "preflight", "inspector", "timeline", "comparison", "answers"}) {
        if (panel == std::string("comparison")) {
            ASSERT_TRUE(h.shell().execute({"ask.compare", other, "test"}));
            h.settle();
        }
        ASSERT_TRUE(h.shell().execute({"panel.show", panel, "test"}));
        h.settle();
        const Rect rect = h.shell().panel_rects().find(panel)->second;
        EXPECT_EQ(overlap_in(h, {rect.a, rect.b}), "") << panel;
    }
}

TEST_P(Sizes, EveryToolAndTabCanBeReached) {
    const auto& [size, percent] = GetParam();
    Harness h(size.first, size.second);
    h.shell().settings().font_percent = percent;
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
    h.press(compat::function_key(5));
    const Harness::Region bar{{0, 0}, {size.first, 40.0f * static_cast<float>(percent) / 100}};
    ImVec2 at;
    const bool has_tabs = h.find_text("Teach", at, bar);
    if (!has_tabs) {
        ASSERT_TRUE(h.click_text("Debug", bar)) << "neither a tab nor the choice of them";
    }
    ASSERT_TRUE(h.click_text("Teach"));
    EXPECT_EQ(h.shell().settings().workspace, "teach");
}

INSTANTIATE_TEST_SUITE_P(Windows, Sizes,
                         testing::Combine(testing::Values(std::pair{700.0f, 500.0f}, std::pair{1000.0f, 700.0f},
                                                          std::pair{1600.0f, 1000.0f}),
                                          testing::Values(100, 150, 200)));
