#include "core/debug/command.hpp"
#include "core/debug/debugger.hpp"
#include "core/debug/session_choices.hpp"
#include "core/graph/graphdef.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace rnnscope::debug {
namespace {

namespace fs = std::filesystem;

/// A graph on disk, opened by itself and worked with through commands.
class SessionCommands : public ::testing::Test {
  protected:
    void SetUp() override {
        // Tests run side by side, each in a process of its own.
        folder_ = fs::temp_directory_path() / ("rnnscope_session_commands_" + std::to_string(::getpid()));
        fs::create_directories(folder_);
        Debugger maker;
        ASSERT_TRUE(maker.open(RNNSCOPE_SOURCE_DIR "/samples/programs/seed_a_noinit.json").empty());
        maker.run_on(true);
        maker.wait();
        std::ofstream(folder_ / "model.pb", std::ios::binary) << to_graphdef_binary(*maker.graph());
        ASSERT_TRUE(debugger_.open((folder_ / "model.pb").string()).empty());
        debugger_.wait();
    }
    void TearDown() override { fs::remove_all(folder_); }

    std::string perform(const std::string& id, const std::string& argument) {
        const Result<std::string> said = execute(debugger_, {id, argument, "test"});
        debugger_.wait();
        return said ? "" : said.error().message;
    }
    /// The last statement on one line.
    std::string last_line() const { return program::python_line(debugger_.program(), debugger_.program().body.back()); }

    fs::path folder_;
    Debugger debugger_;
};

TEST_F(SessionCommands, AGraphIsThereWhenItIsOpened) {
    ASSERT_NE(debugger_.graph(), nullptr);
    EXPECT_GT(debugger_.graph()->size(), 100U);
    EXPECT_TRUE(debugger_.at_end());
}

TEST_F(SessionCommands, ARunFailsIsRepairedAndIsTheProgram) {
    EXPECT_EQ(perform("session.run", "rnn/rnn/transpose_1"), "");
    EXPECT_EQ(last_line(), "values = sess.run([\"rnn/rnn/transpose_1:0\"])");
    ASSERT_FALSE(debugger_.diagnoses().empty());
    EXPECT_EQ(debugger_.diagnoses().back().cause, "placeholder-not-fed");
    EXPECT_NE(debugger_.diagnoses().back().summary.find("The run needs Placeholder,"), std::string::npos);
    EXPECT_EQ(perform("session.feed", "Placeholder=sin(2,5,10)"), "");
    EXPECT_NE(last_line().find("np.sin"), std::string::npos) << last_line();
    ASSERT_FALSE(debugger_.diagnoses().empty());
    EXPECT_EQ(debugger_.diagnoses().back().cause, "init-never-run");
    while (!debugger_.pump_background(std::chrono::seconds(10))) {
    }
    EXPECT_EQ(debugger_.diagnoses().back().fixes.at(0).check, Fix::Check::verified);
    EXPECT_EQ(perform("fix.apply", ""), "");
    EXPECT_TRUE(debugger_.diagnoses().empty());

    const std::string saved = (folder_ / "work.json").string();
    EXPECT_EQ(perform("file.save-as", saved), "");
    Debugger again;
    ASSERT_TRUE(again.open(saved).empty());
    again.run_on(true);
    again.wait();
    EXPECT_TRUE(again.at_end());
    EXPECT_FALSE(again.evaluator().error());
    EXPECT_EQ(perform("edit.undo", ""), "");
    EXPECT_FALSE(debugger_.diagnoses().empty());
}

TEST_F(SessionCommands, ARunAndItsFeedsAreOneEdit) {
    EXPECT_EQ(perform("session.init", "all"), "");
    const std::string before = debugger_.document().text();
    EXPECT_EQ(perform("session.run", "rnn/rnn/transpose_1 Placeholder=sin(2, 5, 10)"), "");
    EXPECT_EQ(last_line().find("values = sess.run([\"rnn/rnn/transpose_1:0\"], feed_dict={\"Placeholder:0\": np.sin("),
              0u)
        << last_line();
    EXPECT_TRUE(debugger_.diagnoses().empty());
    EXPECT_EQ(debugger_.undo_label(), "Feed and run rnn/rnn/transpose_1");
    EXPECT_EQ(perform("edit.undo", ""), "");
    EXPECT_EQ(debugger_.document().text(), before) << "one undo takes all of it away";
}

TEST_F(SessionCommands, WhatIsFedWithARunComesBeforeWhatWasFedEarlier) {
    EXPECT_EQ(perform("session.init", "all"), "");
    EXPECT_EQ(perform("session.run", "rnn/rnn/transpose_1 Placeholder=zeros(2,5,10)"), "");
    EXPECT_EQ(perform("session.run", "rnn/rnn/transpose_1 Placeholder:0=ones(2,5,10)"), "");
    EXPECT_EQ(last_line(),
              "values = sess.run([\"rnn/rnn/transpose_1:0\"], feed_dict={\"Placeholder:0\": np.ones((2, 5, 10))})");
    EXPECT_EQ(perform("session.run", "rnn/rnn/transpose_1 rnn/rnn/transpose=zeros(5,2,10)"), "");
    EXPECT_NE(last_line().find("\"Placeholder:0\": np.ones((2, 5, 10))"), std::string::npos) << last_line();
    EXPECT_NE(last_line().find("\"rnn/rnn/transpose:0\": np.zeros((5, 2, 10))"), std::string::npos) << last_line();
    EXPECT_TRUE(debugger_.diagnoses().empty());
}

TEST_F(SessionCommands, AValueGoesOnToTheNextFeed) {
    fs::create_directories(folder_ / "my (own data");
    std::ofstream(folder_ / "my (own data" / "x 1.csv") << "1,2\n";
    const std::string file = (folder_ / "my (own data" / "x 1.csv").string();
    EXPECT_EQ(perform("session.run", "Placeholder Placeholder=@" + file + ", rnn/rnn/transpose=[[[1, 2],\t[3, 4]]] "),
              "");
    EXPECT_NE(last_line().find("my (own data/x 1.csv\""), std::string::npos) << last_line();
    EXPECT_NE(last_line().find("\"rnn/rnn/transpose:0\": [[[1, 2], [3, 4]]]"), std::string::npos) << last_line();
    EXPECT_EQ(perform("session.run", R"(Placeholder Placeholder="a=1, b=\"2 c=3")"), "")
        << "quotes hold what they hold";
    EXPECT_NE(last_line().find("a=1, b="), std::string::npos) << last_line();
    EXPECT_EQ(perform("session.run", "Placeholder Placeholder=normal(2,5,10; seed=1, mean=2)"), "");
}

TEST_F(SessionCommands, AllThatIsWrongWithAFedRunIsSaidAndNothingChanges) {
    EXPECT_EQ(perform("session.init", "all"), "");
    const std::string before = debugger_.document().text();
    const std::string said = perform("session.run", "no_such Placeholde=ones(2,5,10) Placeholder=what =1");
    for (const char* part :
         {"no tensor \"no_such\"", "no tensor \"Placeholde\"", "did you mean \"Placeholder\"?",
          "cannot read the value \"what\"", "a formula: ", "\"=1\" is not NAME=VALUE", "such as x:0=zeros(2,5)"})
        EXPECT_NE(said.find(part), std::string::npos) << part << "\n" << said;
    const std::string alone = perform("session.run", "Placeholder=ones(2,5,10)");
    EXPECT_NE(alone.find("nothing is run"), std::string::npos) << alone;
    EXPECT_NE(alone.find("before the feeds of session.run"), std::string::npos) << alone;
    EXPECT_EQ(debugger_.document().text(), before);
    EXPECT_EQ(debugger_.undo_label(), "Run initializers");
}

TEST_F(SessionCommands, WhatIsSelectedRunsAndIsFedAsBefore) {
    EXPECT_EQ(perform("session.fetch", ""), "No op or variable is selected.");
    EXPECT_EQ(perform("session.init", "all"), "");
    EXPECT_EQ(perform("select.node", "rnn/rnn/transpose_1"), "");
    EXPECT_EQ(perform("session.fetch", ""), "");
    EXPECT_EQ(last_line(), "values = sess.run([\"rnn/rnn/transpose_1:0\"])");
    EXPECT_EQ(perform("session.feed", "Placeholder=sin(2,5,10)"), "");
    const std::string fed = last_line();
    EXPECT_TRUE(debugger_.diagnoses().empty());
    EXPECT_EQ(debugger_.graph()->node(debugger_.selection().node).name, "rnn/rnn/transpose_1") << "still selected";

    EXPECT_EQ(perform("select.node", "rnn/rnn/transpose"), "");
    EXPECT_EQ(perform("session.fetch", ""), "");
    EXPECT_EQ(last_line(), "values = sess.run([\"rnn/rnn/transpose:0\"]" + fed.substr(fed.find(", feed_dict")));
    EXPECT_TRUE(debugger_.diagnoses().empty()) << "the feed of the run before was taken over";

    EXPECT_EQ(perform("session.fetch-too", ""), "the last run fetches rnn/rnn/transpose:0 already");
    EXPECT_EQ(perform("select.variable", "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/bias"), "");
    EXPECT_EQ(perform("session.fetch-too", ""), "");
    EXPECT_NE(last_line().find("gates/bias/read:0\"]"), std::string::npos) << last_line();
    EXPECT_TRUE(debugger_.diagnoses().empty());
    EXPECT_EQ(perform("session.target", ""), "");
    EXPECT_EQ(last_line(), "values = sess.run([\"rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/bias/Assign\"])")
        << "of a variable, its initializer; and it needs no feed";
    EXPECT_EQ(perform("edit.undo", ""), "");
    EXPECT_NE(last_line().find("gates/bias/read:0"), std::string::npos) << "one command, one undo";
}

TEST_F(SessionCommands, WhatIsFedIsSpelledByTheCommand) {
    const Graph& graph = *debugger_.graph();
    const Output x{graph.find("Placeholder"), 0};
    ASSERT_TRUE(x.valid());
    std::ofstream(folder_ / "b.csv") << "1,2\n";
    std::ofstream(folder_ / "a.npy") << "";
    const FeedProposals feed = feed_proposals(debugger_, x);
    EXPECT_EQ(feed.tensor, "Placeholder:0");
    std::vector<std::string> texts;
    for (const Proposal& value : feed.values) texts.push_back(value.text);
    ASSERT_GE(texts.size(), 3U);
    EXPECT_TRUE(texts[0].starts_with("zeros(")) << texts[0];
    EXPECT_EQ(texts[texts.size() - 2], "@" + (folder_ / "a.npy").string());
    EXPECT_EQ(texts.back(), "@" + (folder_ / "b.csv").string());
    EXPECT_EQ(perform("session.init", "all"), "");
    EXPECT_EQ(perform("session.run", "rnn/rnn/transpose"), "");
    for (std::size_t i = 0; i + 2 < texts.size(); ++i) {
        EXPECT_EQ(perform("session.feed", feed.tensor + "=" + texts[i]), "") << texts[i];
        EXPECT_TRUE(debugger_.diagnoses().empty()) << texts[i];
    }
}

TEST_F(SessionCommands, TheReasonsAreTrue) {
    const Graph& graph = *debugger_.graph();
    const auto output = [&](const char* name) { return Output{graph.find(name), 0}; };
    const Output inside = output("rnn/rnn/while/TensorArrayReadV3");
    ASSERT_TRUE(inside.valid());
    ASSERT_TRUE(cannot_fetch(debugger_, inside));
    EXPECT_NE(cannot_fetch(debugger_, inside)->find("inside a loop"), std::string::npos);
    EXPECT_TRUE(cannot_feed(debugger_, inside));
    EXPECT_FALSE(cannot_fetch(debugger_, output("rnn/rnn/while/Exit"))) << "it leaves the loop";
    EXPECT_TRUE(cannot_fetch(debugger_, output("rnn/rnn/TensorArray"))) << "a handle";
    EXPECT_FALSE(cannot_fetch(debugger_, output("rnn/rnn/transpose")));
    EXPECT_FALSE(cannot_feed(debugger_, output("rnn/rnn/transpose"))) << "anything outside of loops can be fed";
    EXPECT_TRUE(cannot_feed(debugger_, output("rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/bias"))) << "a buffer";
    EXPECT_EQ(perform("select.node", "rnn/rnn/while/TensorArrayReadV3"), "");
    EXPECT_NE(perform("session.fetch", "").find("inside a loop"), std::string::npos);
}

TEST_F(SessionCommands, WhatWasDoneRunsAgainFromItsFile) {
    EXPECT_EQ(perform("session.init", "all"), "");
    EXPECT_EQ(perform("session.run", "rnn/rnn/transpose_1"), "");
    EXPECT_EQ(perform("session.feed", "Placeholder=sin(2,5,10)"), "");
    const auto result = [](const Debugger& debugger) {
        const record::RecordedRun& run = debugger.recording().runs().back();
        return run.outcome.results.at(0);
    };
    const Tensor before = result(debugger_);

    const fs::path elsewhere = folder_ / "elsewhere";
    fs::create_directories(elsewhere);
    EXPECT_NE(perform("file.save-as", (elsewhere / "work.json").string()).find("has no model.pb"), std::string::npos);
    EXPECT_FALSE(fs::exists(elsewhere / "work.json"));
    EXPECT_NE(perform("file.save-as", (folder_ / "model.pb").string()).find("the program reads model.pb"),
              std::string::npos);
    fs::copy(folder_ / "model.pb", elsewhere / "model.pb");
    EXPECT_TRUE(debugger_.modified());
    EXPECT_EQ(perform("file.save-as", (elsewhere / "work.json").string()), "");
    EXPECT_FALSE(debugger_.modified());
    EXPECT_EQ(debugger_.file(), (elsewhere / "work.json").string()) << "where Save writes from now on";

    Debugger again;
    ASSERT_TRUE(again.open((elsewhere / "work.json").string()).empty());
    again.run_on(true);
    again.wait();
    ASSERT_TRUE(again.at_end());
    const Tensor after = result(again);
    ASSERT_EQ(after.elements(), before.elements());
    for (std::int64_t i = 0; i < before.elements(); ++i) EXPECT_EQ(after.number(i), before.number(i));
}

TEST_F(SessionCommands, InitializersRunByTheirNames) {
    EXPECT_EQ(perform("session.init", "rnn/.*cell_0"), "");
    EXPECT_NE(last_line().find("cell_0/gru_cell/candidate/bias/Assign"), std::string::npos) << last_line();
    EXPECT_EQ(last_line().find("cell_1"), std::string::npos);
    EXPECT_EQ(perform("session.init", ""), "");
    EXPECT_NE(last_line().find("cell_1"), std::string::npos);
    const std::string& text = debugger_.document().text();
    EXPECT_EQ(text.find("\"Session\""), text.rfind("\"Session\"")) << "one session for both runs";
}

TEST_F(SessionCommands, WhatCannotBeDoneIsSaid) {
    EXPECT_NE(perform("session.run", "no_such").find("no tensor \"no_such\""), std::string::npos);
    EXPECT_NE(perform("session.run", "").find("nothing to run"), std::string::npos);
    EXPECT_NE(perform("session.feed", "x=1").find("no run"), std::string::npos);
    EXPECT_NE(perform("session.restore", "model.ckpt").find("no saver"), std::string::npos);
    EXPECT_NE(perform("session.init", "nothing_like_it").find("matches no variable"), std::string::npos);
    Debugger empty;
    EXPECT_FALSE(execute(empty, {"session.run", "x", "test"}).ok());
}

TEST(MissingKernels, ARunThatNeedsOneIsWarnedOf) {
    const fs::path file =
        fs::temp_directory_path() / ("rnnscope_missing_kernel_" + std::to_string(::getpid()) + ".pbtxt");
    std::ofstream(file) << R"(
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }
node { name: "odd" op: "FromAnotherWorld" input: "x" }
node { name: "y" op: "Identity" input: "odd:1" attr { key: "T" value { type: DT_FLOAT } } })";
    const auto warnings = [&](const std::vector<std::string>& fetches, const std::vector<std::string>& feeds) {
        Debugger debugger;
        program::GraphSession session;
        session.fetches = fetches;
        session.feeds = feeds;
        EXPECT_TRUE(debugger.open_graph(file.string(), session).empty());
        debugger.run_on(true);
        debugger.wait();
        std::vector<std::string> texts;
        for (const Warning& warning : debugger.preflight().warnings)
            texts.push_back(warning.code + ": " + warning.summary);
        return texts;
    };
    EXPECT_EQ(warnings({"y"}, {"x=1"}),
              std::vector<std::string>{
                  "no-kernel: The run needs 1 node of FromAnotherWorld, which rnnscope shows but cannot compute."});
    EXPECT_EQ(warnings({"y"}, {"odd:1=1"}), std::vector<std::string>{}) << "a feed takes its place";
    EXPECT_EQ(warnings({"x"}, {"x=1"}), std::vector<std::string>{});
    fs::remove(file);
}

} // namespace
} // namespace rnnscope::debug
