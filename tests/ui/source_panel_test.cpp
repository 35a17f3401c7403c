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

bool sees(Harness& h, int line) {
    const auto [first, last] = h.shell().source().lines_in_sight();
    return first <= line && line <= last;
}

TEST(SourcePanel, ALinkToALineBringsItIntoSight) {
    Harness h(900, 560);
    open_small(h);
    ASSERT_FALSE(sees(h, 10)) << "the position's line is far below";
    ASSERT_TRUE(h.shell().execute({"select.line", "10", "panel:problems"}));
    h.frame();
    EXPECT_TRUE(h.shell().animating()) << "it lights up";
    h.settle();
    EXPECT_TRUE(sees(h, 10));
    for (int i = 0; i < 60; ++i) h.frame();
    EXPECT_FALSE(h.shell().source().animating()) << "once";
    ASSERT_TRUE(h.shell().execute({"select.line", "36", "panel:problems"}));
    h.settle();
    EXPECT_TRUE(sees(h, 36));
    h.shell().settings().reduce_motion = true;
    ASSERT_TRUE(h.shell().execute({"select.line", "10", "panel:problems"}));
    h.frame();
    h.frame();
    EXPECT_FALSE(h.shell().source().animating());
    EXPECT_TRUE(sees(h, 10));
}

TEST(SourcePanel, WhatAFixChangedIsInSightOnceTheProgramHasRun) {
    Harness h(900, 560);
    open_small(h);
    const int changed = 29; // where init was built too early
    ASSERT_TRUE(h.shell().execute({"fix.apply", "", "test"}));
    h.settle();
    ASSERT_TRUE(h.debugger().at_end());
    EXPECT_TRUE(sees(h, changed));
    ASSERT_TRUE(h.shell().execute({"select.line", "7", "panel:problems"}));
    h.settle();
    ASSERT_TRUE(h.shell().execute({"go.end", "", "test"}));
    h.settle();
    EXPECT_TRUE(sees(h, 7)) << "the end has no line of its own";
}

TEST(SourcePanel, WhatIsClickedStaysWhereItIs) {
    Harness h(900, 560);
    open_small(h);
    ASSERT_TRUE(h.shell().execute({"select.line", "18", "panel:problems"}));
    h.settle();
    const auto before = h.shell().source().lines_in_sight();
    const Rect rect = h.shell().panel_rects().at("source");
    for (const float from_below : {8.0f, 24.0f, 40.0f}) {
        const debug::Selection selected = h.debugger().selection();
        h.click({rect.a.x + 150, rect.b.y - from_below});
        if (h.debugger().selection() == selected) continue; // an empty line
        EXPECT_EQ(h.debugger().selection().kind, debug::Selection::Kind::statement);
        EXPECT_EQ(h.shell().source().lines_in_sight(), before) << from_below;
    }
    EXPECT_NE(h.debugger().selection().statement, StatementId());
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
