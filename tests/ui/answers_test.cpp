// The answers' panel, by mouse and keyboard.

#include "core/debug/command.hpp"
#include "core/debug/comparison.hpp"
#include "tests/ui/harness.hpp"

#include <gtest/gtest.h>

#include <algorithm>

using namespace rnnscope;
using namespace rnnscope::ui;

namespace {

const std::string kernel = "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel";

class Answers : public ::testing::Test {
  protected:
    void open(const char* sample) {
        ASSERT_TRUE(h.shell().open_sample(sample));
        h.press(compat::function_key(5));
    }
    void run(const std::string& id, const std::string& argument = "") {
        ASSERT_TRUE(h.shell().execute({id, argument, "test"})) << id;
        h.settle();
    }
    const debug::Answer& shown() { return *h.debugger().answers().shown(); }
    /// The right part of the bottom: where the panel is.
    static Harness::Region panel() { return {{1040, 700}, {1600, 976}}; }
    /// The middle: where the comparison is.
    static Harness::Region middle() { return {{430, 40}, {1200, 706}}; }

    Harness h;
};

TEST_F(Answers, AQuestionShowsItsAnswerWithoutAnythingElse) {
    open("seed_a_ok.json");
    run("select.variable", kernel);
    run("ask.history");
    EXPECT_EQ(h.shell().focused_panel(), "answers");
    EXPECT_TRUE(h.shows("declared")) << "the first row";
    run("panel.show", "problems");
    ImVec2 at;
    EXPECT_FALSE(h.find_text("session", at, panel()));
    run("panel.show", "answers");
    EXPECT_TRUE(h.find_text("session", at, panel())) << "the head of a column";
}

TEST_F(Answers, APositionIsGoneToAndANameSelected) {
    open("seed_a_ok.json");
    run("ask.history", kernel);
    std::vector<record::Position> places;
    for (const debug::AnswerRow& row : shown().rows)
        if (row.at) places.push_back(*row.at);
    ASSERT_GT(places.size(), 2U);
    ASSERT_TRUE(h.click_text(std::to_string(places[1].ticks), panel()));
    EXPECT_EQ(h.debugger().position(), places[1]);
    run("go.end");
    run("ask.from", "rnn/rnn/transpose_1");
    ASSERT_TRUE(h.click_text("transpose_1", {{1040, 775}, {1600, 976}})) << "below the tabs";
    EXPECT_EQ(h.debugger().selection().kind, debug::Selection::Kind::node);
}

TEST_F(Answers, TheKeyboardReachesEveryRow) {
    open("seed_a_ok.json");
    run("ask.history", kernel);
    std::vector<record::Position> places;
    for (const debug::AnswerRow& row : shown().rows)
        if (row.at) places.push_back(*row.at);
    h.press(compat::key_down);
    h.press(compat::key_down);
    h.press(compat::key_enter);
    EXPECT_EQ(h.debugger().position(), places[1]) << "the second row";
    h.press(compat::key_up);
    h.press(compat::key_enter);
    EXPECT_EQ(h.debugger().position(), places[0]);
}

TEST_F(Answers, TheFilterLeavesWhatFits) {
    open("seed_a_ok.json");
    run("ask.to", kernel);
    ImVec2 at;
    ASSERT_FALSE(h.find_text("hidden", at, panel()));
    h.press(compat::letter_key('F'), true);
    h.type("t=3");
    h.settle();
    EXPECT_TRUE(h.find_text("hidden", at, panel())) << "the panel has the keyboard, so its filter is meant";
    h.type(" nothing such");
    h.settle();
    EXPECT_TRUE(h.shows("No row matches"));
}

TEST_F(Answers, SeveralAreKept) {
    open("seed_a_ok.json");
    run("ask.history", kernel);
    run("ask.from", kernel);
    EXPECT_EQ(shown().title, "Comes from");
    ASSERT_TRUE(h.click_text("History", panel()));
    EXPECT_EQ(shown().title, "History");
    run("answer.forward");
    EXPECT_EQ(shown().title, "Comes from");
    run("answer.close");
    run("answer.close");
    EXPECT_TRUE(h.shows("Ask where a value came from"));
}

TEST_F(Answers, AWhatIfIsWorkedOnWhileTheWindowLives) {
    open("seed_a_ok.json");
    run("go.time", "1");
    run("whatif.set", kernel + " zeros(74,128)");
    ASSERT_TRUE(h.shell().execute({"whatif.run", "", "test"}));
    ASSERT_NE(h.debugger().inquiry(), nullptr) << "it was only begun";
    ImGui::NewFrame();
    h.shell().draw();
    ImGui::Render();
    EXPECT_TRUE(h.shows("running the what-if")) << "says what it is at";
    EXPECT_TRUE(h.shows("Cancel"));
    h.settle();
    EXPECT_EQ(h.debugger().inquiry(), nullptr);
    ASSERT_NE(shown().compared, nullptr);
    EXPECT_TRUE(h.shows("the what-if, not shown"));
    EXPECT_TRUE(h.shows("Only differences"));
    // Escape gives up.
    ASSERT_TRUE(h.shell().execute({"whatif.run", "", "test"}));
    ASSERT_TRUE(h.shell().execute({"run.stop", "", "key"}));
    EXPECT_EQ(h.debugger().inquiry(), nullptr);
}

TEST_F(Answers, TheFirstDivergenceIsOneClickAway) {
    open("seed_a_ok.json");
    run("go.time", "2");
    run("whatif.set", kernel + " zeros(74,128)");
    run("whatif.run");
    const debug::Divergence& first = shown().compared->result.divergences.front();
    ASSERT_TRUE(h.click_text(std::to_string(first.here.ticks), middle()));
    EXPECT_EQ(h.debugger().position(), first.here);
    // A larger tolerance, typed in.
    run("ask.tolerance", "1e9");
    EXPECT_EQ(shown().compared->result.differing, 0U);
    EXPECT_TRUE(h.shows("all equal"));
}

} // namespace
