// Conditional stops, watchpoints and searches, through the commands that everyone uses.

#include "core/debug/command.hpp"
#include "core/debug/terminal_text.hpp"

#include <cmath>
#include <filesystem>
#include <gtest/gtest.h>
#include <limits>

namespace rnnscope::debug {
namespace {

class StopsTest : public testing::Test {
  protected:
    void open(const std::string& name) {
        const auto path = std::filesystem::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs" / (name + ".json");
        const Diagnostics mistakes = debugger_.open(path.string());
        ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    }
    /// What the command says; its error, if it has one.
    std::string run(const std::string& id, const std::string& argument = "") {
        const Result<std::string> said = execute(debugger_, {id, argument, "terminal"});
        debugger_.wait();
        return said ? *said : said.error().message;
    }
    std::string first_line() const {
        const std::string text = location_text(debugger_);
        return text.substr(0, text.find('\n'));
    }
    /// The op that ran just before the position.
    std::string op_before() const {
        const RunId run = debugger_.current_run();
        if (!run.valid()) return "not in a run";
        const auto visit =
            debugger_.recording().visit(run, debugger_.recording().events_at(run, debugger_.position()) - 1);
        return debugger_.graph()->node(visit.node).name + " t=" + std::to_string(visit.iteration);
    }

    Debugger debugger_;
    const std::string gates_ = "rnn/rnn/while/rnn/multi_rnn_cell/cell_0/gru_cell/Sigmoid";
};

TEST(Condition, IsReadAndWrittenAndHolds) {
    const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
    struct Case {
        const char* text;
        std::vector<float> value, previous;
        bool is_sigmoid, holds;
    };
    const Case cases[] = {
        {"nan", {1, nan}, {}, false, true},
        {"nan", {1, inf}, {}, false, false},
        {"inf", {1, -inf}, {}, false, true},
        {"bad", {inf, 1}, {}, false, true},
        {"bad", {2, 1}, {}, false, false},
        {"outside -1 1", {0, 1.5F}, {}, false, true},
        {"outside -1 1", {-1, 1}, {}, false, false},
        {"outside -1 1", {nan, 0}, {}, false, false},
        {"equals 2.5", {2.5F, 0}, {}, false, true},
        {"equals 2.5", {2.25F, 0}, {}, false, false},
        {"saturated 0.1", {0.05F, 0.5F}, {}, true, true},
        {"saturated 0.1", {0.05F, 0.5F}, {}, false, false},
        {"saturated 0.1", {-0.95F, 0.5F}, {}, false, true},
        {"saturated 0.1", {0.95F, 0.5F}, {}, true, true},
        {"changed 0.5", {1, 2}, {1, 1.4F}, false, true},
        {"changed 0.5", {1, 2}, {1, 1.6F}, false, false},
        {"changed 0.5", {1, 2}, {}, false, false},
        {"changed 0.5", {1, nan}, {1, 2}, false, true},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        const Result<Condition> condition = parse_condition(c.text);
        ASSERT_TRUE(condition.ok());
        EXPECT_EQ(to_text(*condition), c.text);
        const auto tensor = [](const std::vector<float>& values) {
            return values.empty() ? Tensor()
                                  : Tensor::of<float>(Shape{static_cast<std::int64_t>(values.size())}, values);
        };
        EXPECT_EQ(fulfils({tensor(c.value), tensor(c.previous), c.is_sigmoid}, *condition), c.holds);
    }
    for (const char* wrong : {"", "nann", "nan 1", "outside 1", "equals x", "changed", "outside 1 2 3"})
        EXPECT_FALSE(parse_condition(wrong).ok()) << wrong;
    EXPECT_EQ(parse_condition("eq 1").error().message,
              "\"eq\" is no condition; a condition is: nan, inf, bad, outside A B, equals X, saturated [DISTANCE] or "
              "changed X");
}

TEST_F(StopsTest, AConditionStopsJustAfterTheOpThatGaveSuchAValue) {
    open("seed_a_ok");
    EXPECT_EQ(run("break.if", gates_ + " if saturated 0.45"), "breakpoint set at " + gates_ + " if saturated 0.45");
    EXPECT_EQ(debugger_.undo_label(), "Set breakpoint");
    run("run.continue");
    EXPECT_EQ(debugger_.stop_reason(), StopReason::breakpoint);
    EXPECT_EQ(first_line(), "-- breakpoint: " + gates_ + " if saturated 0.45");
    EXPECT_EQ(op_before(), gates_ + " t=0");
    const Position first = debugger_.position();
    run("run.continue");
    EXPECT_EQ(op_before(), gates_ + " t=1");
    run("run.reverse-continue");
    EXPECT_EQ(debugger_.position(), first);
    EXPECT_EQ(run("break.if", gates_ + " if nan"), "breakpoint changed at " + gates_ + " if nan");
    EXPECT_EQ(run("print.breakpoints"), "breakpoint at " + gates_ + " if nan");
    run("run.continue");
    EXPECT_EQ(debugger_.stop_reason(), StopReason::finished) << "no value is NaN";
    run("edit.undo");
    EXPECT_EQ(run("print.breakpoints"), "breakpoint at " + gates_ + " if saturated 0.45");
    EXPECT_EQ(run("break.toggle", gates_), "breakpoint cleared at " + gates_);
    EXPECT_EQ(run("print.breakpoints"), "there are no breakpoints");
}

TEST_F(StopsTest, MistakesAreExplained) {
    open("seed_a_ok");
    run("run.continue");
    EXPECT_EQ(run("break.if", gates_), "give a place and a condition, such as: rnn/while/add if nan");
    EXPECT_EQ(run("break.if", "36 if nan"),
              "the condition of a line is about a tensor or variable: 17 if logits:0 nan; no condition is given; a "
              "condition is: nan, inf, bad, outside A B, equals X, saturated [DISTANCE] or changed X");
    EXPECT_EQ(run("watch.write"), "select a variable, or name one");
    EXPECT_EQ(run("watch.write", "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernl"),
              "there is no variable \"rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernl\"; did you mean "
              "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel?");
    EXPECT_EQ(run("watch.value"), "select an op, or name a tensor");
    EXPECT_EQ(run("go.time", "x"), "give the number of a run, from 1; then a time step and an op: 2 5 add");
}

TEST_F(StopsTest, EveryOpCanBeLookedAt) {
    open("seed_a_ok");
    EXPECT_EQ(run("break.if", "* if equals 3"), "breakpoint set at any op if equals 3");
    run("run.continue");
    EXPECT_EQ(debugger_.stop_reason(), StopReason::breakpoint);
    const RunId run_here = debugger_.current_run();
    ASSERT_TRUE(run_here.valid());
    const std::uint32_t event = debugger_.recording().events_at(run_here, debugger_.position()) - 1;
    bool has_three = false;
    for (const record::RecordedValue& value : debugger_.recording().event(run_here, event).outputs)
        for (std::int64_t i = 0; i < value.tensor.elements(); ++i) has_three |= value.tensor.number(i) == 3;
    EXPECT_TRUE(has_three);
    EXPECT_EQ(run("break.toggle", "*"), "\"*\" is every op; give a condition, such as: * if bad");
}

TEST_F(StopsTest, WatchpointsStopAfterWritesAndReads) {
    open("seed_a_ok");
    const std::string kernel = "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel";
    EXPECT_EQ(run("watch.write", kernel), "watchpoint set at writes of " + kernel);
    EXPECT_EQ(debugger_.undo_label(), "Set watchpoint");
    run("run.continue");
    EXPECT_EQ(debugger_.stop_reason(), StopReason::watchpoint);
    EXPECT_EQ(first_line(), "-- watchpoint: writes of " + kernel);
    EXPECT_EQ(op_before(), kernel + "/Assign t=0");
    const Position written = debugger_.position();
    run("watch.read", kernel);
    run("run.continue");
    EXPECT_EQ(first_line(), "-- watchpoint: reads of " + kernel);
    EXPECT_EQ(op_before(), kernel + "/read t=0");
    run("run.reverse-continue");
    EXPECT_EQ(debugger_.position(), written);
    EXPECT_EQ(run("watch.write", kernel), "watchpoint cleared at writes of " + kernel);
    run("go.start");
    run("watch.write", kernel + " if outside -100 100");
    run("watch.read", kernel);
    run("run.continue");
    EXPECT_EQ(debugger_.stop_reason(), StopReason::finished);
}

TEST_F(StopsTest, AWatchedTensorStopsWhereItGivesAnotherValue) {
    open("seed_a_ok");
    run("watch.value", "rnn/rnn/while/Identity");
    run("run.continue");
    EXPECT_EQ(op_before(), "rnn/rnn/while/Identity t=1") << "the first value is no change";
    run("run.continue");
    EXPECT_EQ(op_before(), "rnn/rnn/while/Identity t=2");
    run("run.reverse-continue");
    EXPECT_EQ(op_before(), "rnn/rnn/while/Identity t=1");
    run("run.reverse-continue");
    EXPECT_TRUE(debugger_.at_start());
}

TEST_F(StopsTest, ALineStopsWhereWhatItIsAskedForHolds) {
    open("seed_a_ok");
    const int last = debugger_.program().statements.back().where.python_line;
    const std::string bias = "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/bias";
    run("break.if", std::to_string(last) + " if " + bias + " equals 0");
    EXPECT_EQ(run("print.breakpoints"), "breakpoint at line " + std::to_string(last) + " if " + bias + " equals 0");
    run("run.continue");
    EXPECT_EQ(debugger_.stop_reason(), StopReason::breakpoint) << "the sample says so";
    EXPECT_EQ(debugger_.current_statement(), debugger_.program().statements.back().id);
    run("go.start");
    run("break.if", std::to_string(last) + " if " + bias + " equals 2");
    run("run.continue");
    EXPECT_EQ(debugger_.stop_reason(), StopReason::finished);
}

TEST_F(StopsTest, SearchesForErrorsGoBothWays) {
    open("seed_a_noinit");
    run("break.toggle", "1");
    run("go.next-uninitialized");
    EXPECT_EQ(debugger_.stop_reason(), StopReason::uninitialized_read);
    const Position read = debugger_.position();
    run("go.next-error");
    EXPECT_EQ(debugger_.stop_reason(), StopReason::error) << "the program ends with it";
    run("go.previous-error");
    EXPECT_EQ(debugger_.position(), read);
    EXPECT_EQ(run("go.previous-uninitialized"), "there is no uninitialized read before this position");
    EXPECT_EQ(debugger_.position(), read);
}

TEST_F(StopsTest, GoesToATimeThatIsRecordedOrNot) {
    open("seed_a_ok");
    run("go.time", "2 3 " + gates_);
    EXPECT_EQ(debugger_.stop_reason(), StopReason::step);
    ASSERT_TRUE(debugger_.current_run().valid());
    EXPECT_EQ(debugger_.current_run(), RunId(1));
    const auto visit = debugger_.recording().visit(RunId(1), debugger_.current_event());
    EXPECT_EQ(debugger_.graph()->node(visit.node).name, gates_);
    EXPECT_EQ(visit.iteration, 3);
    const Position there = debugger_.position();
    run("go.time", "2 3");
    EXPECT_LT(debugger_.position(), there);
    run("run.to-cursor", gates_);
    EXPECT_EQ(debugger_.position(), there);
    run("run.to-cursor", gates_);
    EXPECT_GT(debugger_.position(), there);
    run("run.back-to-cursor", gates_);
    EXPECT_EQ(debugger_.position(), there);
    run("go.time", "2 300000");
    EXPECT_EQ(debugger_.stop_reason(), StopReason::not_found);
    EXPECT_EQ(debugger_.position(), there);
    run("go.time", "1");
    EXPECT_EQ(debugger_.current_run(), RunId(0));
    EXPECT_EQ(debugger_.current_event(), 0u);
}

} // namespace
} // namespace rnnscope::debug
