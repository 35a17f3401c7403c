#include "core/debug/command.hpp"

#include <gtest/gtest.h>
#include <set>

namespace rnnscope::debug {
namespace {

TEST(Commands, IdsAndKeysAreUnique) {
    std::set<std::string_view> ids, keys;
    for (const CommandDef& command : all_commands()) {
        EXPECT_TRUE(ids.insert(command.id).second) << command.id;
        if (!command.key.empty()) {
            EXPECT_TRUE(keys.insert(command.key).second) << command.key;
        }
        EXPECT_NE(command.run, nullptr) << command.id;
        EXPECT_EQ(find_command(command.id), &command);
    }
}

TEST(Commands, SummariesAreSentencesAndTitlesAreNot) {
    for (const CommandDef& command : all_commands()) {
        EXPECT_TRUE(command.summary.ends_with('.')) << command.id;
        EXPECT_FALSE(command.title.ends_with('.')) << command.id;
        EXPECT_FALSE(command.title.empty()) << command.id;
        EXPECT_EQ(command.title.ends_with("…"), !command.argument.empty()) << command.id;
    }
}

TEST(Commands, UnknownOnesNameTheNearest) {
    Debugger debugger;
    const auto result = execute(debugger, {"step.ovr", "", "terminal"});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, "command.unknown");
    EXPECT_EQ(result.error().message, "unknown command \"step.ovr\"; did you mean step.over?");
}

TEST(Commands, BlockedOnesSayWhy) {
    Debugger debugger;
    for (const CommandDef& command : all_commands()) {
        if (!command.blocked || command.id.starts_with("select.")) continue;
        const auto result = execute(debugger, {std::string(command.id), "", "terminal"});
        ASSERT_FALSE(result.ok()) << command.id;
        EXPECT_EQ(result.error().code, "command.blocked") << command.id;
        EXPECT_TRUE(result.error().message.ends_with('.')) << command.id;
    }
}

/// Whatever is typed where an argument is asked for, at the start and at the end of a program, with and without
/// something selected: it is done, or refused with a reason.
TEST(Commands, AwkwardArgumentsAreDoneOrRefused) {
    const std::string_view arguments[] = {"",         " ",           "0",   "-1",   "99999999999999999999999999",
                                          "1e999",    ":",           ":0",  "x:0",  "=",
                                          "x=",       "x=zeros(-1)", "x=@", "/",    "a b c d",
                                          "\xff\xfe", "\"",          "(*",  "* if", "* if changed",
                                          "x [[[[",   "init 3 4 5"};
    const std::string program = R"({"format": "rnnscope/1", "program": [
        {"let": "x", "call": "placeholder", "args": ["$tf.float32", [2]], "kwargs": {"name": "x"}},
        {"let": "v", "call": "get_variable", "args": ["v", [2]]},
        {"let": "y", "call": "add", "args": ["$x", "$v"], "kwargs": {"name": "y"}},
        {"let": "init", "call": "global_variables_initializer"},
        {"let": "sess", "call": "Session"},
        {"call": "$sess.run", "args": ["$y"]},
        {"call": "$sess.run", "args": ["$init"]}]})";
    for (const CommandDef& command : all_commands()) {
        if (command.menu == "File") continue; // writes files
        for (const bool at_end : {false, true}) {
            Debugger debugger;
            ASSERT_TRUE(debugger.open_text(program, "t.json", "").empty());
            if (at_end) (void)execute(debugger, {"run.continue", "", "test"});
            (void)execute(debugger, {"select.variable", "v", "test"});
            for (const std::string_view argument : arguments) {
                const auto result = execute(debugger, {std::string(command.id), std::string(argument), "test"});
                if (!result) {
                    EXPECT_FALSE(result.error().message.empty()) << command.id << " " << argument;
                }
            }
        }
    }
}

TEST(Commands, ExplainKnowsEveryCauseAndGuesses) {
    Debugger debugger;
    for (const CauseDef& cause : all_causes()) {
        const auto page = execute(debugger, {"help.explain", std::string(cause.code), "terminal"});
        ASSERT_TRUE(page.ok()) << cause.code;
        EXPECT_NE(page->find(cause.title), std::string::npos);
    }
    const auto typo = execute(debugger, {"help.explain", "init-never-ran", "terminal"});
    ASSERT_FALSE(typo.ok());
    EXPECT_NE(typo.error().message.find("did you mean init-never-run?"), std::string::npos) << typo.error().message;
}

TEST(Causes, EveryCauseHasItsPage) {
    std::set<std::string_view> codes;
    for (const CauseDef& cause : all_causes()) {
        EXPECT_TRUE(codes.insert(cause.code).second) << cause.code;
        EXPECT_FALSE(cause.title.empty() || cause.title.ends_with('.')) << cause.code;
        EXPECT_TRUE(cause.explanation.ends_with('.')) << cause.code;
        EXPECT_TRUE(cause.remedy.ends_with('.')) << cause.code;
        EXPECT_FALSE(cause.example.empty()) << cause.code;
        EXPECT_EQ(find_cause(cause.code), &cause);
    }
    for (const std::string_view code : {"init-never-run",   "init-built-too-early", "not-in-initialized-set",
                                        "wrong-session",    "wrong-graph",          "collections-lost",
                                        "partial-restore",  "init-order",           "control-flow-initializer",
                                        "local-not-global", "optimizer-slot",       "failed-init",
                                        "already-exists",   "does-not-exist",       "shape-mismatch",
                                        "dtype-mismatch",   "leaked-reuse",         "order-dependent",
                                        "shared-weights",   "init-after-restore",   "scope-prefix-too-wide",
                                        "duplicate-copy",   "not-fetchable",        "placeholder-not-fed",
                                        "names-moved",      "shape-changed",        "table-not-initialized",
                                        "model-not-ready",  "several-devices",      "not-in-checkpoint"})
        EXPECT_TRUE(codes.contains(code)) << code;
}

} // namespace
} // namespace rnnscope::debug
