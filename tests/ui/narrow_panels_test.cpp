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
