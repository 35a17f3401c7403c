#include "tests/ui/harness.hpp"
#include "ui/shell/ui_commands.hpp"

#include <gtest/gtest.h>

namespace rnnscope::ui {
namespace {

void open_failure(Harness& h) {
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
    h.press(compat::function_key(5));
    ASSERT_TRUE(h.debugger().error_at_position());
}

TEST(Page, ACauseIsSetWithWhatIsKnownOfTheFailureAndItsLinksLeadThere) {
    Harness h;
    open_failure(h);
    ASSERT_TRUE(h.shell().execute({"help.explain", "init-built-too-early", "test"}));
    h.settle();
    ASSERT_TRUE(h.shell().page().is_open());
    for (const char* text : {"The initializer was built before the variables", "init-built-too-early",
                             "In this program", "What to do", "as it fails", "as it works"})
        EXPECT_TRUE(h.shows(text)) << text;
    const Harness::Region page{{440, 190}, {1160, 400}}; // below what the graph says of the init op
    ASSERT_TRUE(h.click_text("line 29", page));
    EXPECT_FALSE(h.shell().page().is_open()) << "what the link leads to was below it";
    EXPECT_EQ(h.debugger().selection().kind, debug::Selection::Kind::statement);
}

TEST(Page, ACauseThatIsNotTheFailuresIsExplainedInGeneral) {
    Harness h;
    open_failure(h);
    ASSERT_TRUE(h.shell().execute({"help.explain", "shared-weights", "test"}));
    h.settle();
    EXPECT_TRUE(h.shows("Several layers share one set of weights"));
    EXPECT_FALSE(h.shows("In this program"));
    h.press(compat::key_escape);
    EXPECT_FALSE(h.shell().page().is_open());
}

TEST(Page, NamesInAListingAreLinks) {
    Harness h;
    open_failure(h);
    ASSERT_TRUE(h.shell().execute({"print.variables", "", "test"}));
    h.settle();
    ASSERT_TRUE(h.shell().page().is_open());
    const Harness::Region page{{430, 100}, {1170, 900}};
    ASSERT_TRUE(h.click_text("rnn/rnn/multi_rnn_cell/cell_1/gru_cell/gates/bias", page));
    EXPECT_EQ(h.debugger().selection().kind, debug::Selection::Kind::variable);
}

TEST(Page, KeysAreATableByAreaThatCanBeSearched) {
    Harness h;
    open_failure(h);
    h.press(compat::function_key(1));
    const Harness::Region page{{420, 40}, {1180, 980}};
    ImVec2 run, view;
    ASSERT_TRUE(h.find_text("Key or command", run, page));
    ASSERT_TRUE(h.find_text("Save", run, page));
    ASSERT_TRUE(h.find_text("Undo", view, page));
    EXPECT_LT(run.y, view.y) << "File comes before Edit, as in the title bar";
    h.type("uninitialized");
    h.settle();
    EXPECT_TRUE(h.find_text("Continue", run, page)) << "what a command does is searched, too";
    EXPECT_FALSE(h.find_text("Undo", view, page));
    h.type(" zzz");
    h.settle();
    EXPECT_TRUE(h.find_text("No key matches", run, page));
    h.press(compat::key_escape);
    EXPECT_FALSE(h.shell().page().is_open());
}

TEST(Page, EscapeClosesOneThingAtATime) {
    Harness h;
    open_failure(h);
    ASSERT_TRUE(h.shell().execute({"select.node", "rnn/rnn/while/NextIteration", "test"}));
    ASSERT_TRUE(h.shell().execute({"graph.trace-inputs", "", "test"}));
    ASSERT_TRUE(h.shell().execute({"help.explain", "shared-weights", "test"}));
    h.settle();
    ASSERT_TRUE(h.shell().page().is_open());
    h.press(compat::key_escape);
    EXPECT_FALSE(h.shell().page().is_open());
    ASSERT_EQ(h.shell().graph().traced(), view::TraceWay::inputs);
    ASSERT_TRUE(h.click_text("Help", {{0, 0}, {900, 40}})); // the menu
    h.settle();
    ASSERT_TRUE(h.shows("Keys"));
    h.press(compat::key_escape);
    EXPECT_FALSE(h.shows("Keys"));
    EXPECT_EQ(h.shell().graph().traced(), view::TraceWay::inputs) << "the menu was the newest";
    h.press(compat::key_escape);
    EXPECT_EQ(h.shell().graph().traced(), view::TraceWay::none);
}

TEST(Page, ClosesWithTheProgramThatItsLinksAreOf) {
    Harness h;
    open_failure(h);
    const auto explain = [&] {
        ASSERT_TRUE(h.shell().execute({"help.explain", "init-built-too-early", "test"}));
        h.settle();
        ASSERT_TRUE(h.shell().page().is_open());
    };
    explain();
    ASSERT_TRUE(h.shell().execute({"fix.apply", "", "test"}));
    h.settle();
    EXPECT_FALSE(h.shell().page().is_open()) << "it is another program now";
    explain();
    ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
    EXPECT_FALSE(h.shell().page().is_open());
}

TEST(Page, BeginsAtItsTopAndIsNotSeenBeforeItHasItsHeight) {
    Harness h(1600, 500);
    open_failure(h);
    ASSERT_TRUE(h.shell().execute({"help.explain", "init-built-too-early", "test"}));
    h.frame();
    EXPECT_FALSE(h.shows("In this program"));
    h.settle();
    ASSERT_TRUE(h.shows("In this program"));
    compat::set_mouse({800, 250});
    ImGui::GetIO().MouseWheel = -30;
    h.frame();
    h.settle();
    ASSERT_FALSE(h.shows("In this program")) << "scrolled away";
    ASSERT_TRUE(h.shell().execute({"help.explain", "init-built-too-early", "test"}));
    h.settle();
    EXPECT_TRUE(h.shows("In this program"));
}

TEST(Page, TheKeysAreCopiedByMenu) {
    Harness h;
    open_failure(h);
    h.press(compat::function_key(1));
    ASSERT_TRUE(h.shell().page().is_open());
    EXPECT_LT(h.shell().page().text().find("\tSave\n"), h.shell().page().text().find("\tUndo\n"));
}

TEST(Page, EverySizeCanBeDrawn) {
    for (const auto& [width, height] : {std::pair{640.0f, 400.0f}, {1600.0f, 1000.0f}})
        for (const int percent : {100, 200}) {
            Harness h(width, height);
            h.shell().settings().font_percent = percent;
            open_failure(h);
            h.press(compat::function_key(1));
            EXPECT_TRUE(h.shows("Keys"));
            h.press(compat::key_escape);
            ASSERT_TRUE(h.shell().execute({"help.explain", "init-built-too-early", "test"}));
            h.settle();
            EXPECT_TRUE(h.shows("In this program")) << width << " at " << percent;
        }
}

} // namespace
} // namespace rnnscope::ui
