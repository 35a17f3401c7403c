// A recording that was opened is moved through, looked at and asked as the program that it was made of.

#include "core/debug/command.hpp"
#include "core/debug/terminal_text.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace rnnscope::debug {
namespace {

namespace fs = std::filesystem;

class RecordingCommandsTest : public testing::TestWithParam<const char*> {
  protected:
    RecordingCommandsTest()
        : file_((fs::temp_directory_path() / ("rnnscope_commands_" + std::to_string(getpid()) + ".rnnrec")).string()) {}
    ~RecordingCommandsTest() override { fs::remove(file_); }

    static std::string sample(const std::string& name) {
        return (fs::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs" / (name + ".json")).string();
    }
    static std::string say(Debugger& debugger, const std::string& id, const std::string& argument = {}) {
        const Result<std::string> said = execute(debugger, {id, argument, "terminal"});
        while (!debugger.pump(std::chrono::seconds(1))) {
        }
        std::string text = said ? *said : "error [" + said.error().code + "] " + said.error().message;
        // Fixes are tried on programs, which recordings are not; and where both end, each says what it is.
        const std::pair<std::string, std::string> words[] = {{"(verified)", "(not checked)"},
                                                             {"(does not repair it alone)", "(not checked)"},
                                                             {"The program is finished.", "The recording ends here."}};
        for (const auto& [word, other] : words)
            for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos;)
                text.replace(at, word.size(), other);
        return text + "\n" + location_text(debugger);
    }
    /// Runs the program to its end, saves the recording and opens it.
    void record(const std::string& name) {
        ASSERT_TRUE(program_.open(sample(name)).empty());
        while (!program_.at_end()) say(program_, "run.continue");
        say(program_, "go.start");
        const std::string saved = say(program_, "recording.save", file_);
        ASSERT_TRUE(saved.starts_with("saved")) << saved;
        ASSERT_TRUE(recording_.open(file_).empty());
        EXPECT_EQ(recording_.recording_file(), file_);
        EXPECT_TRUE(recording_.damage().empty());
        say(recording_, "go.start");
    }
    void expect_same(const std::string& id, const std::string& argument = {}) {
        const std::string said = say(program_, id, argument);
        EXPECT_EQ(say(recording_, id, argument), said) << id << ' ' << argument;
        ASSERT_EQ(recording_.position(), program_.position()) << id;
    }

    std::string file_;
    Debugger program_, recording_;
};

TEST_P(RecordingCommandsTest, SayTheSameAtEveryPosition) {
    record(GetParam());
    const std::uint64_t end = program_.recording().end().ticks;
    ASSERT_EQ(recording_.recording().end().ticks, end);
    std::string variable, node;
    for (std::uint64_t i = 0; i <= end && !HasFatalFailure(); i += 1 + end / 40) {
        expect_same("go.position", std::to_string(i));
        if (const Graph* graph = program_.graph(); graph != nullptr && program_.visible_nodes() > 0) {
            node = graph->node(NodeId(i % program_.visible_nodes())).name;
            if (!graph->variables().empty()) variable = graph->variables()[i % graph->variables().size()].name;
        }
        for (const char* id : {"print.where", "print.variables", "print.locals", "print.source"}) expect_same(id);
        if (!node.empty())
            for (const char* id : {"print.value", "ask.from", "ask.to", "ask.right"}) expect_same(id, node);
        if (!variable.empty())
            for (const char* id : {"print.history", "ask.history", "ask.initialized"}) expect_same(id, variable);
    }
    for (const char* id : {"print.problems", "print.preflight", "go.start", "run.continue", "run.continue",
                           "run.reverse-continue", "go.end", "step.back-over", "step.back-into", "go.start"})
        expect_same(id);
    for (const char* id : {"step.into", "step.over", "step.op", "step.time"})
        for (int i = 0; i < 25; ++i) expect_same(id);
}
INSTANTIATE_TEST_SUITE_P(Samples, RecordingCommandsTest,
                         testing::Values("seed_a_init_early", "seed_a_ok", "D16b_shared_cell_silent"));

TEST_F(RecordingCommandsTest, TheEndIsSaidAndNothingCanBeChanged) {
    record("seed_a_init_early");
    say(recording_, "go.end");
    EXPECT_NE(say(recording_, "step.into").find("The recording ends here."), std::string::npos);
    EXPECT_NE(say(recording_, "fix.apply").find("open its program to change it"), std::string::npos);
    EXPECT_NE(say(recording_, "session.init", "all").find("open its program to change it"), std::string::npos);
    EXPECT_NE(say(recording_, "file.save").find("file.no-name"), std::string::npos);
    recording_.restart();
    EXPECT_TRUE(recording_.at_start());
    EXPECT_TRUE(recording_.edit("[]", "x").error().code == "edit.recording");
    EXPECT_TRUE(say(recording_, "file.reload").starts_with("opened " + file_));
    EXPECT_NE(say(recording_, "recording.open", sample("seed_a_ok")).find("recording.unknown"), std::string::npos);
    ASSERT_TRUE(recording_.open(sample("seed_a_ok")).empty());
    EXPECT_EQ(recording_.recording_file(), "");
}

TEST_F(RecordingCommandsTest, OneThatEndsBeforeItsProgramSaysSo) {
    ASSERT_TRUE(program_.open(sample("seed_a_ok")).empty());
    for (int i = 0; i < 60; ++i) say(program_, "step.into");
    ASSERT_TRUE(say(program_, "recording.save", file_).starts_with("saved"));
    ASSERT_TRUE(recording_.open(file_).empty());
    EXPECT_NE(say(recording_, "run.continue").find("the recording ends here"), std::string::npos);
    EXPECT_EQ(recording_.position(), program_.recording().end());
    EXPECT_EQ(recording_.stop_reason(), StopReason::recording_end);
    EXPECT_FALSE(recording_.preflight().is_complete);
}

TEST_F(RecordingCommandsTest, DamageIsSaidWhenItIsOpened) {
    record("seed_a_ok");
    fs::resize_file(file_, fs::file_size(file_) - 30);
    Debugger debugger;
    const std::string said = say(debugger, "file.open", file_);
    EXPECT_TRUE(said.starts_with("opened " + file_)) << said;
    EXPECT_NE(said.find("recording.damaged"), std::string::npos) << said;
    fs::resize_file(file_, 100);
    EXPECT_NE(say(debugger, "file.open", file_).find("error [recording.damaged]"), std::string::npos);
    EXPECT_EQ(debugger.damage().size(), 1u) << "what was open stays";
}

} // namespace
} // namespace rnnscope::debug
