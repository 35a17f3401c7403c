// Stepping through the branches of an `if`, stopping in them, and repairing what fails in one.

#include "tests/core/debug/command_test.hpp"

#include <fmt/format.h>

namespace rnnscope::debug {
namespace {

class Branches : public tests::CommandTest {
  protected:
    void open_program(const std::string& statements) {
        open_text(R"({"format": "rnnscope/1", "program": [)" + statements + "]}");
        run("go.start");
    }
    int line() const {
        const StatementId statement = debugger_.current_statement();
        return statement.valid() ? debugger_.program().statement(statement).where.python_line : 0;
    }
    /// The lines at which a command stops, up to the end.
    std::vector<int> lines_of(const std::string& command) {
        std::vector<int> lines;
        for (int i = 0; i < 100 && !debugger_.at_end(); ++i) {
            lines.push_back(line());
            run(command);
        }
        return lines;
    }
};

/// Its lines: 3 n, 4 for, 5 if, 6 a, 7 elif, 8 a, 9 elif, 10 a, 11 else, 12 a, 13 b, 15 c.
constexpr const char* const loop = R"(
    {"let": "n", "value": 2},
    {"for": "i", "in": {"range": ["$n"]}, "body": [
        {"if": {"==": ["$i", 5]}, "body": [{"let": "a", "value": 1}],
         "elif": [{"if": {"==": ["$i", 0]}, "body": [{"let": "a", "value": 2}]},
                  {"if": {"<": ["$i", 0]}, "body": [{"let": "a", "value": 3}]}],
         "else": [{"let": "a", "value": 4}]},
        {"let": "b", "value": "$a"}]},
    {"let": "c", "value": "$b"})";

TEST_F(Branches, StepsVisitTheConditionsUntilOneHolds) {
    open_program(loop);
    const std::vector<int> visited{3, 4, 5, 7, 8, 13, 4, 5, 7, 9, 12, 13, 15};
    EXPECT_EQ(lines_of("step.into"), visited);
    std::vector<int> backwards{};
    while (!debugger_.at_start()) {
        run("step.back-into");
        backwards.push_back(line());
    }
    std::ranges::reverse(backwards);
    EXPECT_EQ(backwards, visited);
    run("go.start");
    EXPECT_EQ(lines_of("step.over"), visited);
}

TEST_F(Branches, StepOutLeavesTheBranchAndNotTheLoop) {
    open_program(loop);
    while (line() != 8) run("step.into");
    run("step.out");
    EXPECT_EQ(line(), 13);
    // A condition stands where its `if` does.
    run("go.start");
    while (line() != 7) run("step.into");
    run("step.out");
    EXPECT_EQ(line(), 4);
}

TEST_F(Branches, BreakpointsStopAtConditionsAndInBranches) {
    open_program(loop);
    run("break.toggle", "9");
    run("break.toggle", "12");
    run("run.continue");
    EXPECT_EQ(debugger_.stop_reason(), StopReason::breakpoint);
    EXPECT_EQ(line(), 9);
    run("run.continue");
    EXPECT_EQ(line(), 12);
    run("run.continue");
    EXPECT_TRUE(debugger_.at_end());
    EXPECT_NE(run("break.toggle", "11"), "") << "else: is no statement";
}

/// The read fails in a branch: a repair in front of the loop works for all rounds, one in the branch where there is
/// none.
TEST_F(Branches, RepairsFindTheirPlaceAroundBranches) {
    for (const bool in_loop : {true, false}) {
        const std::string branch = R"({"if": {"is": ["$w", null]}, "body": [],
            "elif": [{"if": {">": ["$n", 0]}, "body": [{"call": "$sess.run", "args": ["$w"]}]}]})";
        const std::string repeated = R"({"for": "i", "in": {"range": [2]}, "body": [)" + branch + "]}";
        open_program(R"({"let": "n", "value": 1}, {"let": "w", "call": "get_variable", "args": ["w", [2]]},
            {"let": "init", "call": "global_variables_initializer"},
            {"with": {"call": "Session"}, "as": "sess", "body": [)" +
                     (in_loop ? repeated : branch) + "]}");
        run("run.continue");
        ASSERT_FALSE(debugger_.diagnoses().empty());
        ASSERT_FALSE(debugger_.diagnoses()[0].fixes.empty());
        const Fix& fix = debugger_.diagnoses()[0].fixes[0];
        EXPECT_EQ(fix.new_line, "sess.run(init)");
        ASSERT_TRUE(debugger_.apply_fix(0, 0).ok());
        run("run.continue");
        EXPECT_TRUE(debugger_.diagnoses().empty());
        std::vector<std::string> around;
        for (const program::Statement& statement : debugger_.program().statements)
            if (python_line(debugger_.program(), statement.id) == "sess.run(init)")
                around.push_back(python_line(debugger_.program(), statement.parent));
        EXPECT_EQ(around, std::vector<std::string>{in_loop ? "with tf.Session() as sess:" : "elif n > 0:"});
        run("edit.undo");
        EXPECT_TRUE(debugger_.program().statements.back().where.pointer.ends_with("/elif/0/body/0"));
    }
}

/// A filter is followed to what it was set to, not to what another branch would have set it to.
TEST_F(Branches, NamesAreNotLookedUpInBranchesThatExcludeTheUse) {
    const std::string use = R"({"let": "init", "call": "variables_initializer", "args": [{"call": "get_collection",
        "args": ["$tf.GraphKeys.GLOBAL_VARIABLES"], "kwargs": {"scope": "$scope"}}]}, {"call": "$sess.run", "args": ["$init"]})";
    const std::string other = R"({"let": "scope", "value": "dec"})";
    const std::string cases[] = {
        R"({"if": false, "body": [)" + other + R"(], "else": [)" + use + "]}",
        R"({"if": false, "body": [)" + other + R"(], "elif": [{"if": true, "body": [)" + use + "]}]}",
        R"({"if": true, "body": [)" + use + R"(], "else": [)" + other + "]}",
    };
    for (const std::string& branches : cases) {
        open_program(R"({"let": "scope", "value": "enc"},
            {"let": "a", "call": "get_variable", "args": ["enc/a", [2]]},
            {"let": "b", "call": "get_variable", "args": ["b", [2]]},
            {"let": "c", "call": "get_variable", "args": ["dec/c", [2]]},
            {"let": "s", "call": "add", "args": ["$b", "$a"], "kwargs": {"name": "s"}},
            {"with": {"call": "Session"}, "as": "sess", "body": [)" +
                     branches + R"(, {"call": "$sess.run", "args": ["$s"]}]})");
        run("run.continue");
        ASSERT_FALSE(debugger_.diagnoses().empty());
        std::string text = debugger_.diagnoses()[0].summary;
        for (const Evidence& evidence : debugger_.diagnoses()[0].evidence) text += "\n" + evidence.text;
        EXPECT_EQ(text.find("\"dec\""), std::string::npos) << text;
        EXPECT_NE(text.find("\"enc\""), std::string::npos) << text;
    }
}

} // namespace
} // namespace rnnscope::debug
