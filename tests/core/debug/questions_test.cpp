// Questions about values, on a sample and on a real graph.

#include "core/debug/command.hpp"
#include "core/debug/questions.hpp"
#include "tests/core/debug/command_test.hpp"
#include "tests/core/debug/real_model.hpp"
#include "tests/core/golden_text.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace rnnscope::debug {
namespace {

class QuestionsTest : public tests::CommandTest {
  protected:
    static void expect_golden(const std::string& name, const std::string& text) {
        rnnscope::testing::expect_golden("debug", name, text);
    }

    const std::string cell_ = "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/";
    const std::string loop_ = "rnn/rnn/while/rnn/multi_rnn_cell/cell_0/gru_cell/";
};

TEST_F(QuestionsTest, OfASample) {
    open("seed_a_ok");
    const std::string kernel = cell_ + "gates/kernel", sigmoid = loop_ + "Sigmoid";
    const std::pair<const char*, std::string> questions[] = {
        {"ask.history", kernel},
        {"ask.initialized", kernel},
        {"ask.from", sigmoid},
        {"ask.from", kernel},
        {"ask.from", "rnn/rnn/transpose_1"},
        {"ask.to", sigmoid},
        {"ask.to", kernel},
        {"ask.to", "rnn/rnn/transpose_1"},
        {"ask.right", sigmoid},
        {"ask.right", sigmoid + " if outside -1 0.7"},
        {"ask.right", "rnn/rnn/while/Identity if equals 2"},
        {"ask.right", kernel + " if nan"},
        {"ask.right", kernel + " if changed 1"},
        {"ask.initialized", sigmoid},
        {"ask.from", "rnn/rnn/while/Identitty"},
        {"ask.from", ""},
    };
    std::string text;
    for (const auto& [id, argument] : questions)
        text += fmt::format("> {} {}\n{}\n\n", id, argument, run(id, argument));
    run("select.variable", kernel);
    EXPECT_EQ(run("ask.history"), run("ask.history", kernel)) << "the selection is meant";
    EXPECT_EQ(run("ask.history", kernel + "/read"), run("ask.history", kernel)) << "what it is read through is it";
    run("go.time", "1");
    text += fmt::format("> at position {}\n{}\n", debugger_.position().ticks, run("ask.initialized"));
    text += run("ask.from") + "\n";
    expect_golden("questions_seed_a_ok", text);
}

TEST_F(QuestionsTest, OfARealGraph) {
    if (!std::filesystem::exists(tests::process_model())) GTEST_SKIP() << tests::process_model() << " is not there";
    tests::open_process_model(debugger_);
    run("run.continue");
    ASSERT_EQ(debugger_.stop_reason(), StopReason::finished);
    std::string text;
    const Variable& kernel = debugger_.graph()->variables().front();
    const std::pair<const char*, std::string> questions[] = {
        {"ask.from", "Sigmoid"}, {"ask.to", kernel.name}, {"ask.initialized", kernel.name}, {"ask.right", "Sigmoid"}};
    for (const auto& [id, argument] : questions)
        text += fmt::format("> {} {}\n{}\n\n", id, argument, run(id, argument));
    expect_golden("questions_gru_process_model", text);
}

TEST_F(QuestionsTest, ASliceKeepsToWhatBelongsTogether) {
    open("seed_a_ok");
    const Graph& graph = *debugger_.graph();
    const record::Recording& recording = debugger_.recording();
    const Output gates{graph.find(loop_ + "Sigmoid"), 0};
    const record::EventNumbers events = recording.events_of(RunId(1), gates.node);
    ASSERT_EQ(events.size(), 6u) << "five time steps, and a dead one";
    std::size_t before = 0;
    for (const std::uint32_t event : events) {
        if (recording.visit(RunId(1), event).dead) continue;
        debugger_.go({recording.tick_of(RunId(1), event) + 1});
        const Result<Slice> from = where_from(debugger_, gates), to = where_to(debugger_, gates);
        ASSERT_TRUE(from.ok() && to.ok());
        EXPECT_EQ(from->start.event, event);
        EXPECT_GT(from->ops, before) << "each step is made of those before";
        before = from->ops;
        for (const SliceEntry& near : from->nearest) EXPECT_LE(near.after, from->start.after);
        for (const SliceEntry& near : to->nearest) EXPECT_GT(near.after, to->start.after);
        const auto is_variable = [](const SliceEntry& end) { return end.kind == SliceEntry::Kind::variable; };
        EXPECT_EQ(std::ranges::count_if(from->ends, is_variable), event == events.front() ? 2 : 4)
            << "its layer's; the first step reads the gates only";
        EXPECT_TRUE(from->is_complete && to->is_complete);
    }
}

// A resource variable is read anew in every time step of a loop.
/// A history tells of init ops that leave a variable out; not of other ops without results, nor of runs that failed or
/// are not over.
TEST_F(QuestionsTest, OnlyInitOpsLeaveVariablesOut) {
    open_text(R"({"format": "rnnscope/1", "program": [
        {"let": "a", "call": "get_variable", "args": ["a", [2]]},
        {"let": "some", "call": "variables_initializer", "args": [["$a"]]},
        {"let": "c", "call": "get_variable", "args": ["c", [2]]},
        {"let": "fed", "call": "placeholder", "args": ["$tf.float32", []]},
        {"let": "d", "call": "Variable", "args": ["$fed"], "kwargs": {"name": "d"}},
        {"let": "reset", "call": "group", "args": [{"call": "assign", "args": ["$a", [0.0, 0.0]]}]},
        {"let": "both", "call": "group", "args": ["$reset", {"call": "no_op"}]},
        {"let": "init", "call": "global_variables_initializer"},
        {"with": {"call": "Session"}, "as": "sess", "body": [
            {"call": "$sess.run", "args": ["$some"]},
            {"call": "$sess.run", "args": ["$reset"]},
            {"call": "$sess.run", "args": ["$both"]},
            {"call": "$sess.run", "args": [{"call": "no_op"}]},
            {"call": "$sess.run", "args": ["$init"]}]}]})");
    run("run.continue");
    const std::string told = run("ask.history", "c");
    EXPECT_NE(told.find("not written by init, run 1"), std::string::npos) << told;
    EXPECT_EQ(told.find("not written", told.find("run 1")), std::string::npos) << told;
}

TEST_F(QuestionsTest, ReadsOfOneOpInOneRunAreOneLineOfTheHistory) {
    open_text(R"({"format": "rnnscope/1", "title": "t", "tensorflow": "1.15", "program": [
        {"let": "w", "call": "get_variable", "args": ["w", [2]],
         "kwargs": {"use_resource": true, "initializer": {"call": "ones_initializer"}}},
        {"def": "goes_on", "params": ["t", "h"], "body": [{"return": {"<": ["$t", 5]}}]},
        {"def": "step", "params": ["t", "h"], "body": [{"return": [{"+": ["$t", 1]}, {"+": ["$h", "$w"]}]}]},
        {"let": ["t", "h"], "call": "while_loop", "args": ["$goes_on", "$step", [0, {"call": "zeros", "args": [[2]]}]]},
        {"let": "init", "call": "global_variables_initializer"},
        {"let": "sess", "call": "Session"},
        {"call": "$sess.run", "args": ["$init"]},
        {"call": "$sess.run", "args": ["$h"]},
        {"call": "$sess.run", "args": ["$h"]}]})");
    const std::string text = run("ask.history", "w");
    std::size_t lines = 0;
    for (std::size_t at = text.find("5 times up to event"); at != std::string::npos; at = text.find("5 times", at + 1))
        ++lines;
    EXPECT_EQ(lines, 2u) << "one for each run: " << text;
    const Variable* variable = debugger_.graph()->variable_of(debugger_.graph()->find("w"));
    ASSERT_NE(variable, nullptr);
    EXPECT_EQ(accesses_of(debugger_, *variable).size(), 12u) << "declared, written, and five reads in each run";
}

} // namespace
} // namespace rnnscope::debug
