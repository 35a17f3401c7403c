#include "tests/ui/harness.hpp"

#include <gtest/gtest.h>

// Panels as narrow as they get in usual windows: what they say is there, whole.

using namespace rnnscope;
using namespace rnnscope::ui;

namespace {

Harness::Region panel(Harness& h, const char* name) {
    const Rect& rect = h.shell().panel_rects().at(name);
    return {rect.a, rect.b};
}

} // namespace

TEST(VariablesPanel, NamesHaveWhatTheColumnsLeave) {
    for (const int percent : {100, 150, 200}) {
        const float scale = static_cast<float>(percent) / 100;
        Harness h(1280 * scale, 800 * scale);
        h.shell().settings().font_percent = percent;
        h.settle();
        ASSERT_TRUE(h.shell().open_sample("keras_gru_init_early.json"));
        h.press(compat::function_key(5));
        ASSERT_TRUE(h.shell().execute({"workspace.graph", "", "test"}));
        h.settle();
        ImVec2 at;
        const Harness::Region region = panel(h, "variables");
        ASSERT_LT(region.b.x - region.a.x, 370 * scale);
        for (const char* text : {"recurrent_kernel", "[4, 12]", "never", "line 16"})
            EXPECT_TRUE(h.find_text(text, at, region)) << text << " at " << percent << " %";
    }
}

TEST(ProblemsPanel, CodeIsWrappedAndNotCut) {
    Harness h(1280, 800);
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
    h.press(compat::function_key(5));
    ASSERT_TRUE(h.debugger().error_at_position());
    ImVec2 begin, end, at;
    const Harness::Region region = panel(h, "problems");
    ASSERT_LT(region.b.x - region.a.x, 420);
    ASSERT_TRUE(h.find_text("y, h = sess.run([outputs,", begin, region));
    ASSERT_TRUE(h.find_text("feed_dict={input_tensor: x_value})", end, region));
    EXPECT_GT(end.y, begin.y + 10) << "in a line of its own";
    EXPECT_TRUE(h.find_text("init = tf.global_variables_initializer()", at, {{region.a.x, end.y}, region.b}))
        << "what is to be changed";
    EXPECT_TRUE(h.find_text("init = tf.global_variables_initializer()", at, {{region.a.x, at.y + 9}, region.b}))
        << "and to what";
    EXPECT_TRUE(h.find_text("Apply and rerun", at, region));
}

TEST(ProblemsPanel, WhatToDoStaysInSight) {
    Harness h(1280, 660);
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
    h.press(compat::function_key(5));
    ASSERT_TRUE(h.debugger().error_at_position());
    const Harness::Region region = panel(h, "problems");
    ImVec2 at, code;
    ASSERT_TRUE(h.find_text("Apply and rerun", at, region));
    EXPECT_LT(at.y, region.b.y - 12);
    ASSERT_TRUE(h.find_text("y, h = sess.run([outputs,", code, region)) << "the card goes on behind it";
    h.click({at.x, at.y});
    EXPECT_TRUE(h.debugger().diagnoses().empty());
}
