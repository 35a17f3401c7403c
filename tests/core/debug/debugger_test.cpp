// Movement over a real program: every granularity, both ways, stops and breakpoints.

#include "core/debug/command.hpp"
#include "core/debug/debugger.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace rnnscope::debug {
namespace {

std::string sample(const std::string& name) {
    return (std::filesystem::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs" / (name + ".json")).string();
}

class DebuggerTest : public testing::Test {
  protected:
    void open(const std::string& name) {
        const Diagnostics mistakes = debugger_.open(sample(name));
        ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    }
    void move(Granularity granularity, bool forward = true) {
        debugger_.move(granularity, forward);
        debugger_.wait();
    }
    void run_on(bool forward = true) {
        debugger_.run_on(forward);
        debugger_.wait();
    }
    int line() const {
        const StatementId statement = debugger_.current_statement();
        return statement.valid() ? debugger_.program().statement(statement).where.python_line : 0;
    }
    /// Positions of all stops from here to the end of the program.
    std::vector<std::uint64_t> stops(Granularity granularity) {
        std::vector<std::uint64_t> positions;
        while (!debugger_.at_end()) {
            move(granularity);
            positions.push_back(debugger_.position().ticks);
        }
        return positions;
    }

    Debugger debugger_;
};

TEST_F(DebuggerTest, OpensBeforeTheFirstStatement) {
    open("seed_a_ok");
    EXPECT_TRUE(debugger_.at_start());
    EXPECT_FALSE(debugger_.at_end());
    EXPECT_EQ(debugger_.stop_reason(), StopReason::opened);
    EXPECT_EQ(debugger_.visible_nodes(), 0u);
    EXPECT_TRUE(debugger_.current_statement().valid());
}

TEST_F(DebuggerTest, BackwardsMeetsTheStopsOfForwards) {
    for (const Granularity granularity : {Granularity::op, Granularity::time_step, Granularity::statement_into}) {
        open("D16b_shared_cell_silent");
        const std::vector<std::uint64_t> forwards = stops(granularity);
        ASSERT_GT(forwards.size(), 5u);
        std::vector<std::uint64_t> backwards;
        const std::size_t nodes = debugger_.visible_nodes();
        while (!debugger_.at_start()) {
            backwards.push_back(debugger_.position().ticks);
            move(granularity, false);
        }
        if (granularity == Granularity::statement_into) continue; // inside a run it goes op by op
        std::ranges::reverse(backwards);
        EXPECT_EQ(forwards, backwards);
        debugger_.go(debugger_.recording().end());
        EXPECT_EQ(debugger_.visible_nodes(), nodes);
    }
}

TEST_F(DebuggerTest, StepOverPassesFunctionsAndRuns) {
    open("seed_a_ok");
    std::vector<int> lines;
    while (!debugger_.at_end()) {
        lines.push_back(line());
        EXPECT_FALSE(debugger_.current_run().valid());
        move(Granularity::statement_over);
    }
    EXPECT_TRUE(std::ranges::is_sorted(lines)) << "never into the function above";
    EXPECT_EQ(debugger_.stop_reason(), StopReason::finished);
}

TEST_F(DebuggerTest, StepIntoEntersTheFunctionAndStepOutLeavesIt) {
    open("seed_a_ok");
    bool entered = false;
    for (int i = 0; i < 100 && !entered; ++i) {
        const int before = line();
        move(Granularity::statement_into);
        entered = line() < before;
    }
    ASSERT_TRUE(entered);
    const int inside = line();
    move(Granularity::statement_out);
    EXPECT_GT(line(), inside);
}

TEST_F(DebuggerTest, StopsAtTheUninitializedReadAndAtTheEnd) {
    open("seed_a_noinit");
    run_on();
    EXPECT_EQ(debugger_.stop_reason(), StopReason::uninitialized_read);
    ASSERT_TRUE(debugger_.current_run().valid());
    const record::RecordedEvent& event =
        debugger_.recording().event(debugger_.current_run(), debugger_.current_event());
    EXPECT_TRUE(event.failed);
    const Graph& graph = *debugger_.graph();
    EXPECT_EQ(graph.node(event.node).name, "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel/read");
    ASSERT_TRUE(debugger_.error_at_position());
    ASSERT_NE(debugger_.current_diagnosis(), nullptr);
    EXPECT_EQ(debugger_.current_diagnosis()->reads.size(), 8u);
    EXPECT_EQ(debugger_.current_diagnosis()->headline, "gates/kernel was read before it had a value");
    EXPECT_TRUE(debugger_.recording().read_uninitialized(
        debugger_.current_session(), "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel", debugger_.position()));
    run_on();
    EXPECT_TRUE(debugger_.at_end());
    EXPECT_EQ(debugger_.stop_reason(), StopReason::error);
    run_on(false);
    EXPECT_EQ(debugger_.stop_reason(), StopReason::uninitialized_read);
    run_on(false);
    EXPECT_TRUE(debugger_.at_start());
}

TEST_F(DebuggerTest, BreakpointsStopBothWays) {
    open("seed_a_ok");
    const StatementId last = debugger_.program().statements.back().id;
    debugger_.toggle_breakpoint({.kind = Breakpoint::Kind::statement, .statement = last, .name = {}, .enabled = true});
    debugger_.toggle_breakpoint(
        {.kind = Breakpoint::Kind::op, .statement = {}, .name = "rnn/rnn/while/LoopCond", .enabled = true});
    run_on();
    EXPECT_EQ(debugger_.stop_reason(), StopReason::breakpoint);
    EXPECT_EQ(debugger_.current_statement(), last);
    run_on();
    EXPECT_EQ(debugger_.stop_reason(), StopReason::breakpoint);
    ASSERT_TRUE(debugger_.current_run().valid());
    const Position at_op = debugger_.position();
    move(Granularity::op);
    EXPECT_EQ(debugger_.graph()
                  ->node(debugger_.recording().event(debugger_.current_run(), debugger_.current_event() - 1).node)
                  .name,
              "rnn/rnn/while/LoopCond");
    run_on(false);
    EXPECT_EQ(debugger_.position(), at_op);
    run_on(false);
    EXPECT_EQ(debugger_.current_statement(), last);
    debugger_.undo();
    EXPECT_EQ(debugger_.breakpoints().size(), 1u);
    debugger_.redo();
    EXPECT_EQ(debugger_.breakpoints().size(), 2u);
}

TEST_F(DebuggerTest, AFailedOpenLeavesWhatWasOpen) {
    open("seed_a_ok");
    move(Granularity::statement_over);
    const Position before = debugger_.position();
    EXPECT_FALSE(debugger_.open_text("{", "bad.json", ".").empty());
    EXPECT_FALSE(debugger_.open("no/such/file.json").empty());
    EXPECT_EQ(debugger_.program().file, sample("seed_a_ok"));
    EXPECT_EQ(debugger_.position(), before);
}

TEST_F(DebuggerTest, MovesWithinABudgetAndCanBeCancelled) {
    open("seed_a_ok");
    debugger_.run_on(true);
    EXPECT_TRUE(debugger_.busy());
    debugger_.pump(std::chrono::microseconds(0));
    EXPECT_FALSE(debugger_.at_end());
    debugger_.cancel();
    EXPECT_FALSE(debugger_.busy());
    EXPECT_EQ(debugger_.stop_reason(), StopReason::paused);
    run_on();
    EXPECT_TRUE(debugger_.at_end());
    const std::uint64_t end = debugger_.recording().end().ticks;
    debugger_.restart();
    EXPECT_TRUE(debugger_.at_start());
    run_on();
    EXPECT_EQ(debugger_.recording().end().ticks, end) << "evaluating again gives the same";
}

TEST_F(DebuggerTest, BackgroundWorkWaitsForTheUser) {
    open("seed_a_init_early");
    EXPECT_TRUE(debugger_.has_background_work());
    EXPECT_FALSE(debugger_.pump_background(std::chrono::microseconds(0)));
    EXPECT_EQ(debugger_.known_preflight(), nullptr);
    debugger_.run_on(true);
    while (!debugger_.pump(std::chrono::seconds(1))) {
    }
    ASSERT_NE(debugger_.current_diagnosis(), nullptr);
    EXPECT_EQ(debugger_.current_diagnosis()->fixes[0].check, Fix::Check::not_run);
    EXPECT_FALSE(debugger_.pump_background(std::chrono::microseconds(0)));
    EXPECT_FALSE(debugger_.busy()) << "the fixes are not checked yet, and the user can go on";
    debugger_.move(Granularity::op, false);
    while (!debugger_.pump(std::chrono::seconds(1))) {
    }
    EXPECT_EQ(debugger_.stop_reason(), StopReason::step);
    while (!debugger_.pump_background(std::chrono::milliseconds(1))) {
    }
    EXPECT_EQ(debugger_.diagnoses()[0].fixes[0].check, Fix::Check::verified);
    ASSERT_NE(debugger_.known_preflight(), nullptr);
    EXPECT_EQ(debugger_.known_preflight()->reads.size(), 8u);
}

TEST_F(DebuggerTest, SavesWhatAFixChanged) {
    open("seed_a_noinit");
    run_on();
    ASSERT_FALSE(debugger_.diagnoses().empty());
    ASSERT_TRUE(debugger_.apply_fix(0, 0).ok());
    debugger_.wait();
    EXPECT_TRUE(debugger_.modified());
    const auto path = std::filesystem::temp_directory_path() / "rnnscope_saved_fix.json";
    ASSERT_TRUE(debugger_.save(path.string()).ok());
    EXPECT_FALSE(debugger_.modified());
    Debugger again;
    EXPECT_TRUE(again.open(path.string()).empty());
    std::filesystem::remove(path);
    EXPECT_FALSE(debugger_.save("/no/such/folder/file.json").ok());
}

TEST_F(DebuggerTest, AProgramWithoutAFolderIsSavedAndRestored) {
    // As a built-in sample is opened, or one that comes through a pipe.
    const std::string text = R"({"format": "rnnscope/1", "program": [
        {"let": "v", "call": "get_variable", "args": ["v", [2]]},
        {"let": "saver", "call": "train.Saver"},
        {"let": "sess", "call": "Session"}]})";
    const Diagnostics mistakes = debugger_.open_text(text, "builtin.json", "");
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    run_on();
    const auto path = std::filesystem::temp_directory_path() / ("rnnscope_folderless_" + std::to_string(getpid()));
    EXPECT_TRUE(debugger_.save(path.string()).ok());
    std::filesystem::remove(path);
    (void)execute(debugger_, {"session.restore", "no/such.ckpt", "test"}); // adds the statement, which fails
    EXPECT_NE(debugger_.document().text().find("no/such.ckpt"), std::string::npos);
}

TEST_F(DebuggerTest, AFixKeepsWhatIsSelectedByName) {
    open("seed_a_init_early");
    run_on();
    Selection selection;
    selection.kind = Selection::Kind::node;
    selection.graph = GraphId(0);
    selection.node = debugger_.graph()->find("rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel/read");
    const NodeId before = selection.node;
    debugger_.select(selection);
    ASSERT_TRUE(debugger_.apply_fix(0, 0).ok());
    debugger_.wait();
    ASSERT_EQ(debugger_.selection().kind, Selection::Kind::node);
    EXPECT_EQ(debugger_.graph()->node(debugger_.selection().node).name,
              "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel/read");
    EXPECT_NE(debugger_.selection().node, before) << "init was moved, so all later nodes have other numbers";
}

TEST_F(DebuggerTest, SelectionGoesBackAndForward) {
    open("seed_a_ok");
    Selection first, second;
    first.kind = second.kind = Selection::Kind::statement;
    first.statement = StatementId(0);
    second.statement = StatementId(1);
    debugger_.select(first);
    debugger_.select(second);
    debugger_.select_back();
    EXPECT_EQ(debugger_.selection(), first);
    EXPECT_TRUE(debugger_.can_select_forward());
    debugger_.select_forward();
    EXPECT_EQ(debugger_.selection(), second);
    EXPECT_FALSE(debugger_.can_select_forward());
}

} // namespace
} // namespace rnnscope::debug
