#include "core/debug/command.hpp"
#include "tests/ui/harness.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace rnnscope::ui {
namespace {

namespace fs = std::filesystem;

/// answers = softmax(x_in · weights), and an op without outputs, as a graph file opened by itself.
constexpr const char* graph_text = R"(
node { name: "x_in" op: "Placeholder"
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: -1 } dim { size: 3 } } } } }
node { name: "start" op: "Const"
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { dim { size: 3 } dim { size: 2 } } float_val: 0.5 } } } }
node { name: "weights" op: "VariableV2"
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: 3 } dim { size: 2 } } } }
  attr { key: "container" value { s: "" } } attr { key: "shared_name" value { s: "" } } }
node { name: "weights/Assign" op: "Assign" input: "weights" input: "start"
  attr { key: "T" value { type: DT_FLOAT } }
  attr { key: "use_locking" value { b: true } } attr { key: "validate_shape" value { b: true } } }
node { name: "weights/read" op: "Identity" input: "weights" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "product" op: "MatMul" input: "x_in" input: "weights/read"
  attr { key: "T" value { type: DT_FLOAT } }
  attr { key: "transpose_a" value { b: false } } attr { key: "transpose_b" value { b: false } } }
node { name: "answers" op: "Softmax" input: "product" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "everything" op: "NoOp" input: "^answers" }
)";

class ContextMenuTest : public testing::Test {
  protected:
    void SetUp() override {
        // Tests run side by side, each in a process of its own.
        folder_ = fs::temp_directory_path() / ("rnnscope_context_menu_" + std::to_string(::getpid()));
        fs::create_directories(folder_);
        std::ofstream(folder_ / "model.pbtxt") << graph_text;
        ASSERT_TRUE(h_.shell().open_path((folder_ / "model.pbtxt").string()));
        h_.settle();
    }
    void TearDown() override { fs::remove_all(folder_); }

    std::string selected() {
        const debug::Selection& selection = h_.debugger().selection();
        const Graph& graph = *h_.debugger().graph();
        if (selection.kind == debug::Selection::Kind::node) return graph.node(selection.node).name;
        if (selection.kind == debug::Selection::Kind::variable) return graph.variable(selection.variable).name;
        return {};
    }
    void select(const std::string& op) {
        ASSERT_TRUE(h_.shell().execute({"select.node", op, "test"}));
        h_.settle();
    }
    std::string last_line() {
        const program::Program& program = h_.debugger().program();
        return program::python_line(program, program.body.back());
    }
    bool menu_is_open() { return h_.shows("Copy name"); }
    static constexpr float width = 1600, height = 1000;
    const Harness::Region left_{{0, 540}, {430, 970}}, right_{{1200, 40}, {width, 730}},
        middle_{{440, 75}, {1195, 725}}, problems_{{1050, 760}, {width, 970}};

    fs::path folder_;
    Harness h_{width, height};
};

TEST_F(ContextMenuTest, EveryPanelHasIt) {
    struct Place {
        const char* text;
        const Harness::Region& region;
        const char* name;
    };
    for (const Place& place : {Place{"answers:0", right_, "answers"}, Place{"answers", middle_, "answers"},
                               Place{"weights", left_, "weights"}, Place{"x_in", problems_, "x_in"}}) {
        ASSERT_TRUE(h_.shell().open_path((folder_ / "model.pbtxt").string())); // nothing is selected again
        h_.settle();
        ASSERT_FALSE(menu_is_open());
        ASSERT_TRUE(h_.click_text(place.text, place.region, 1)) << place.text << " is not on the screen";
        EXPECT_EQ(selected(), place.name);
        EXPECT_TRUE(menu_is_open()) << place.name;
        h_.press(compat::key_escape);
        EXPECT_FALSE(menu_is_open()) << place.name;
    }
}

TEST_F(ContextMenuTest, FromAnOpenedGraphToASavedProgramByClicks) {
    EXPECT_TRUE(h_.shows("Nothing ran yet."));
    ASSERT_TRUE(h_.click_text("answers:0", right_, 1));
    ASSERT_TRUE(h_.click_text("Run to here"));
    EXPECT_EQ(last_line(), "values = sess.run([\"answers:0\"])");
    ASSERT_FALSE(h_.debugger().diagnoses().empty());
    EXPECT_EQ(h_.debugger().diagnoses().back().cause, "placeholder-not-fed");

    ASSERT_TRUE(h_.click_text("Feed x_in", problems_));
    ASSERT_TRUE(h_.shows("zeros(1,3)")) << "what fits is proposed";
    ASSERT_TRUE(h_.click_text("ones(1,3)"));
    EXPECT_NE(last_line().find("np.ones"), std::string::npos) << last_line();
    ASSERT_FALSE(h_.debugger().diagnoses().empty());
    EXPECT_EQ(h_.debugger().diagnoses().back().cause, "init-never-run");
    ASSERT_TRUE(h_.click_text("Apply and rerun"));
    EXPECT_TRUE(h_.debugger().diagnoses().empty());
    EXPECT_TRUE(h_.shows("No problem: every run of the program succeeded."));
    const Tensor value = h_.debugger().recording().runs().back().outcome.results.at(0);
    EXPECT_EQ(value.number(0), 0.5) << "the softmax of two equal numbers";

    h_.press(compat::letter_key('S'), true, true);
    const std::string saved = (folder_ / "work.json").string();
    h_.type(saved);
    h_.press(compat::key_enter);
    ASSERT_TRUE(fs::exists(saved)) << h_.shell().message();
    EXPECT_FALSE(h_.debugger().modified());
    EXPECT_EQ(h_.shell().settings().recent.at(0).path, saved) << "it is among the recent files";
    debug::Debugger again;
    ASSERT_TRUE(again.open(saved).empty());
    again.run_on(true);
    again.wait();
    ASSERT_TRUE(again.at_end());
    EXPECT_EQ(again.recording().runs().size(), h_.debugger().recording().runs().size());
    EXPECT_EQ(again.recording().runs().back().outcome.results.at(0).number(0), 0.5);
}

TEST_F(ContextMenuTest, TheFirstStepsSucceedInTheOrderOfTheirButtons) {
    ASSERT_TRUE(h_.click_text("Run initializers", problems_));
    EXPECT_TRUE(h_.debugger().diagnoses().empty());
    const std::size_t statements = h_.debugger().program().body.size();
    ASSERT_TRUE(h_.click_text("Feed and run to answers:0", problems_));
    ASSERT_TRUE(h_.shows("Feed x_in:0, then run to answers:0"));
    EXPECT_TRUE(h_.shows("zeros(1,3)")) << "what fits is proposed";
    h_.press(compat::key_escape);
    EXPECT_EQ(h_.debugger().program().body.size(), statements) << "who gives no value adds no run";

    ASSERT_TRUE(h_.click_text("Feed and run to answers:0", problems_));
    ASSERT_TRUE(h_.click_text("ones(1,3)"));
    EXPECT_EQ(last_line(), "values = sess.run([\"answers:0\"], feed_dict={\"x_in:0\": np.ones((1, 3))})");
    EXPECT_EQ(h_.debugger().program().body.size(), statements + 1);
    EXPECT_TRUE(h_.debugger().diagnoses().empty());
    EXPECT_EQ(h_.debugger().recording().runs().back().outcome.results.at(0).number(0), 0.5);
    EXPECT_TRUE(h_.shows("No problem: every run of the program succeeded."));

    EXPECT_EQ(h_.debugger().undo_label(), "Feed and run answers:0");
    h_.press(compat::letter_key('Z'), true);
    EXPECT_EQ(h_.debugger().program().body.size(), statements) << "one undo takes the run and its feed away";
}

TEST_F(ContextMenuTest, AValueThatCannotBeReadAddsNoRun) {
    const std::string before = h_.debugger().document().text();
    ASSERT_TRUE(h_.click_text("Feed and run to answers:0", problems_));
    h_.type("nonsense");
    h_.press(compat::key_enter);
    h_.settle();
    EXPECT_TRUE(h_.shows("cannot read the value \"nonsense\""));
    EXPECT_EQ(h_.debugger().document().text(), before);
    EXPECT_FALSE(h_.debugger().can_undo());
}

TEST_F(ContextMenuTest, ThePaletteTakesFeedsWithTheNamesOfARun) {
    ASSERT_TRUE(h_.click_text("Run initializers", problems_));
    h_.shell().ask("session.run");
    h_.settle();
    h_.type("answers:0 x_in:0=ones(1,3)");
    h_.press(compat::key_enter);
    h_.settle();
    EXPECT_EQ(last_line(), "values = sess.run([\"answers:0\"], feed_dict={\"x_in:0\": np.ones((1, 3))})");
    EXPECT_TRUE(h_.debugger().diagnoses().empty());
}

TEST_F(ContextMenuTest, AFeedThatIsNoAnswerToTheFirstStepAddsNoRun) {
    ASSERT_TRUE(h_.click_text("Feed and run to answers:0", problems_));
    h_.press(compat::key_escape);
    select("answers");
    h_.press(compat::function_key(10), true);
    const std::size_t statements = h_.debugger().program().body.size();
    h_.shell().ask("session.feed", "x_in:0");
    h_.settle();
    EXPECT_FALSE(h_.shows("then run to"));
    ASSERT_TRUE(h_.click_text("ones(1,3)"));
    EXPECT_EQ(h_.debugger().program().body.size(), statements);
}

TEST_F(ContextMenuTest, TheKeyboardReachesIt) {
    select("product");
    h_.press(compat::key_menu);
    ASSERT_TRUE(menu_is_open());
    h_.press(compat::key_down);
    h_.press(compat::key_enter);
    EXPECT_FALSE(menu_is_open());
    EXPECT_EQ(last_line(), "values = sess.run([\"product:0\"])");
    select("answers");
    h_.press(compat::function_key(10), true, true);
    EXPECT_EQ(last_line(), "values = sess.run([\"product:0\", \"answers:0\"])");
    select("everything");
    h_.press(compat::function_key(11), true);
    EXPECT_EQ(last_line(), "values = sess.run([\"everything\"])");
}

TEST_F(ContextMenuTest, WhatIsTypedForAFeedIsTakenAsItStands) {
    select("answers");
    h_.press(compat::function_key(10), true);
    select("product");
    h_.press(compat::key_menu);
    ASSERT_TRUE(h_.click_text("Feed this"));
    h_.type("[[1, 2]]");
    h_.press(compat::key_enter);
    EXPECT_NE(last_line().find("{\"product:0\": [[1, 2]]}"), std::string::npos) << last_line();
    EXPECT_TRUE(h_.debugger().diagnoses().empty()) << "neither x_in nor weights is needed any more";
}

TEST_F(ContextMenuTest, ABlockedEntrySaysWhyAndDoesNothing) {
    select("everything");
    h_.press(compat::key_menu);
    const std::size_t statements = h_.debugger().program().body.size();
    ASSERT_TRUE(h_.click_text("Run to here"));
    EXPECT_EQ(h_.debugger().program().body.size(), statements);
    EXPECT_TRUE(menu_is_open());
    for (int i = 0; i < 40; ++i) h_.frame();
    EXPECT_TRUE(h_.shows("everything has no output. Run it as a target."));
    ASSERT_TRUE(h_.click_text("Set a breakpoint here"));
    ASSERT_EQ(h_.debugger().breakpoints().size(), 1u);
    EXPECT_EQ(h_.debugger().breakpoints()[0].name, "everything");
    h_.press(compat::key_menu);
    EXPECT_TRUE(h_.shows("Clear the breakpoint here"));
}

} // namespace
} // namespace rnnscope::ui
