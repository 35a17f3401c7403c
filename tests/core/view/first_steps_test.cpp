#include "core/debug/command.hpp"
#include "core/graph/graphdef.hpp"
#include "core/view/context_menu.hpp"
#include "core/view/first_steps.hpp"
#include "core/view/problems_view.hpp"
#include "tests/core/golden_text.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace rnnscope::view {
namespace {

namespace fs = std::filesystem;

/// A graph that was opened by itself: what is offered before and after its first runs.
class FirstSteps : public ::testing::Test {
  protected:
    void SetUp() override {
        // Tests run side by side, each in a process of its own.
        file_ = fs::temp_directory_path() / ("rnnscope_first_steps_" + std::to_string(::getpid()) + ".pb");
        debug::Debugger maker;
        ASSERT_TRUE(maker.open(RNNSCOPE_SOURCE_DIR "/samples/programs/seed_a_noinit.json").empty());
        maker.run_on(true);
        maker.wait();
        std::ofstream(file_, std::ios::binary) << to_graphdef_binary(*maker.graph());
        ASSERT_TRUE(debugger_.open(file_.string()).empty());
        debugger_.wait();
    }
    void TearDown() override { fs::remove(file_); }

    void perform(const std::string& id, const std::string& argument) {
        const auto result = debug::execute(debugger_, {id, argument, "test"});
        ASSERT_TRUE(result.ok()) << result.error().message;
        debugger_.wait();
    }
    std::string problems() const { return to_text(build_problems(debugger_)); }
    std::string menu_of(const std::string& command, const std::string& name) {
        perform(command, name);
        return to_text(build_context_menu(debugger_)) + "\n";
    }
    static void expect_golden(const std::string& name, const std::string& text) {
        rnnscope::testing::expect_golden("view", name, text);
    }

    fs::path file_;
    debug::Debugger debugger_;
};

TEST_F(FirstSteps, AGraphWithoutARunSaysWhatToDo) {
    std::string text = "opened\n" + problems();
    perform("session.run", "rnn/rnn/transpose_1:0");
    text += "\nfetched\n" + problems();
    perform("session.feed", "Placeholder=sin(2,5,10)");
    perform("fix.apply", "");
    text += "\nfed and initialized\n" + problems();
    expect_golden("first_steps", text);
}

TEST_F(FirstSteps, OnceVariablesHaveValuesTheOutputIsOfferedAgain) {
    perform("session.init", "all");
    EXPECT_NE(problems().find("Nothing was fetched yet; the likeliest output is <rnn/rnn/transpose_1:0>"),
              std::string::npos)
        << problems();
    EXPECT_NE(problems().find("[Feed and run to rnn/rnn/transpose_1:0…]"), std::string::npos);
}

TEST_F(FirstSteps, WhatAnEarlierRunFedIsNotMissing) {
    const Output placeholder{debugger_.graph()->find("Placeholder"), 0};
    EXPECT_EQ(missing_feeds(debugger_, "rnn/rnn/transpose_1:0"), std::vector{placeholder});
    EXPECT_EQ(missing_feeds(debugger_, "init rnn/rnn/transpose_1:0"), std::vector{placeholder});
    EXPECT_TRUE(missing_feeds(debugger_, "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel").empty());
    EXPECT_TRUE(missing_feeds(debugger_, "no_such_op:0 ").empty());
    perform("session.run", "rnn/rnn/transpose_1:0");
    EXPECT_EQ(missing_feeds(debugger_, "rnn/rnn/transpose_1:0").size(), 1u) << "it ran without";
    perform("session.feed", "Placeholder=sin(2,5,10)");
    EXPECT_TRUE(missing_feeds(debugger_, "rnn/rnn/transpose_1:0").empty());
}

TEST_F(FirstSteps, EveryKindOfNameHasAMenu) {
    EXPECT_TRUE(build_context_menu(debugger_).items.empty()) << "nothing is selected";
    std::string text = menu_of("select.node", "Placeholder");
    text += menu_of("select.node", "rnn/rnn/while/TensorArrayReadV3");
    text += menu_of("select.variable", "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel");
    text += menu_of("select.scope", "rnn/rnn/multi_rnn_cell/cell_0");
    perform("session.run", "rnn/rnn/transpose_1:0");
    perform("break.toggle", "rnn/rnn/transpose");
    text += "after a run\n";
    text += menu_of("select.node", "Placeholder");
    text += menu_of("select.node", "rnn/rnn/transpose");
    text += menu_of("select.line", "3");
    expect_golden("context_menus", text);
}

} // namespace
} // namespace rnnscope::view
