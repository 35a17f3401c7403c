#include "tests/ui/harness.hpp"

#include <gtest/gtest.h>

namespace rnnscope::ui {
namespace {

/// A failure in a window where Source has room for a few lines.
void open_small(Harness& h) {
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
    h.press(compat::function_key(5));
    ASSERT_TRUE(h.debugger().error_at_position());
}

TEST(SourcePanel, ALinkToALineBringsItIntoSight) {
    Harness h(900, 560);
    open_small(h);
    const auto sees = [&](int line) {
        const auto [first, last] = h.shell().source().lines_in_sight();
        return first <= line && line <= last;
    };
    ASSERT_FALSE(sees(10)) << "the position's line is far below";
    ASSERT_TRUE(h.shell().execute({"select.line", "10", "panel:problems"}));
    h.frame();
    EXPECT_TRUE(h.shell().animating()) << "it lights up";
    h.settle();
    EXPECT_TRUE(sees(10));
    for (int i = 0; i < 60; ++i) h.frame();
    EXPECT_FALSE(h.shell().source().animating()) << "once";
    ASSERT_TRUE(h.shell().execute({"select.line", "36", "panel:problems"}));
    h.settle();
    EXPECT_TRUE(sees(36));
    h.shell().settings().reduce_motion = true;
    ASSERT_TRUE(h.shell().execute({"select.line", "10", "panel:problems"}));
    h.frame();
    h.frame();
    EXPECT_FALSE(h.shell().source().animating());
    EXPECT_TRUE(sees(10));
}

TEST(SourcePanel, ALinkToALineBringsThePanelToTheFront) {
    Harness h;
    open_small(h);
    ASSERT_TRUE(h.shell().execute({"workspace.teach", "", "test"}));
    ASSERT_TRUE(h.shell().execute({"panel.show", "variables", "test"})); // in the place of Source
    h.settle();
    ASSERT_FALSE(h.shell().panel_rects().contains("source"));
    ASSERT_TRUE(h.shell().execute({"select.line", "29", "panel:problems"}));
    h.settle();
    EXPECT_TRUE(h.shell().panel_rects().contains("source"));
    ASSERT_TRUE(h.shell().execute({"workspace.cell", "", "test"})); // has no Source
    h.settle();
    ASSERT_FALSE(h.shell().panel_rects().contains("source"));
    ASSERT_TRUE(h.shell().execute({"select.line", "18", "panel:problems"}));
    h.settle();
    EXPECT_TRUE(h.shell().panel_rects().contains("source"));
    ASSERT_TRUE(h.shell().execute({"workspace.debug", "", "test"}));
    ASSERT_TRUE(h.shell().execute({"panel.maximize", "problems", "test"}));
    h.settle();
    ASSERT_FALSE(h.shell().panel_rects().contains("source"));
    ASSERT_TRUE(h.shell().execute({"select.line", "29", "panel:problems"}));
    h.settle();
    EXPECT_TRUE(h.shell().panel_rects().contains("source")) << "nothing large hides it";
}

} // namespace
} // namespace rnnscope::ui
