#include "core/graph/graphdef.hpp"
#include "core/program/evaluator.hpp"
#include "core/program/graph_program.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fmt/format.h>
#include <fstream>

namespace rnnscope::program {
namespace {

namespace fs = std::filesystem;

using Opened = std::variant<std::shared_ptr<const Document>, Diagnostics>;

/// A folder with a graph in it: y = x * w + b, with the initializers of w and b.
class GraphProgramTest : public ::testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() /
                  fmt::format("rnnscope_{}", ::testing::UnitTest::GetInstance()->current_test_info()->name());
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        const Opened program = Document::read(R"({"format": "rnnscope/1", "program": [
            {"let": "x", "call": "placeholder", "args": ["$tf.float32", [null, 2]], "kwargs": {"name": "x"}},
            {"let": "w", "call": "get_variable", "args": ["dense/w", [2, 3]], "kwargs": {"initializer": {"call": "ones_initializer"}}},
            {"let": "b", "call": "get_variable", "args": ["b", [3]], "kwargs": {"initializer": {"call": "zeros_initializer"}}},
            {"let": "y", "call": "nn.bias_add", "args": [{"call": "matmul", "args": ["$x", "$w"]}, "$b"], "kwargs": {"name": "y"}},
            {"call": "global_variables_initializer"}]})",
                                              "made.json", "");
        ASSERT_TRUE(std::holds_alternative<std::shared_ptr<const Document>>(program))
            << to_text(std::get<Diagnostics>(program));
        Evaluator evaluator(std::get<0>(program)->program_ptr());
        EvaluationObserverStub observer;
        evaluator.finish(observer);
        ASSERT_FALSE(evaluator.error()) << evaluator.error()->message;
        write("model.pb", to_graphdef_binary(evaluator.graph(GraphId(0))));
        write("model.pbtxt", to_graphdef_text(evaluator.graph(GraphId(0))));
        write("model.json", to_graphdef_json(evaluator.graph(GraphId(0))));
    }
    void TearDown() override { fs::remove_all(folder_); }

    struct EvaluationObserverStub : EvaluationObserver {
        void on_event(const runtime::Event&) override {}
        void on_run_done(RunId, const RunOutcome& outcome) override { outcomes.push_back(outcome); }
        std::vector<RunOutcome> outcomes;
    };

    void write(const std::string& name, const std::string& content) const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
    }
    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    std::string refusal(const GraphSession& session) const {
        const Opened opened = open_graph(path("model.pb"), session);
        const auto* problems = std::get_if<Diagnostics>(&opened);
        return problems != nullptr ? to_text(*problems) : "accepted";
    }
    /// The outcomes of the runs; and why the program could not be opened, if so.
    std::vector<RunOutcome> run(const std::string& name, const GraphSession& session) const {
        const Opened opened = open_graph(path(name), session);
        if (const auto* problems = std::get_if<Diagnostics>(&opened)) {
            ADD_FAILURE() << to_text(*problems);
            return {};
        }
        Evaluator evaluator(std::get<0>(opened)->program_ptr());
        EvaluationObserverStub observer;
        evaluator.finish(observer);
        return observer.outcomes;
    }

    fs::path folder_;
};

TEST_F(GraphProgramTest, AGraphIsAProgramThatImportsIt) {
    const Opened opened = open_file(path("model.pb"));
    ASSERT_TRUE(std::holds_alternative<std::shared_ptr<const Document>>(opened));
    const Program& program = std::get<0>(opened)->program();
    std::string python;
    for (const std::string& line : program.python.lines) python += line + "\n";
    EXPECT_NE(python.find("tf.import_graph_def("), std::string::npos) << python;
    EXPECT_NE(python.find("tf.GraphDef.FromString(open(\"model.pb\", \"rb\").read()), name=\"\")"), std::string::npos)
        << python;
    EXPECT_EQ(program.title, "model.pb");
    EXPECT_EQ(program.file, path("model.pb") + ".json") << "saving it must not overwrite the graph";
}

TEST_F(GraphProgramTest, EveryFormRunsToTheSameValues) {
    GraphSession session;
    session.fetches = {"y"};
    session.feeds = {"x=[[1, 2]]"};
    session.init = {"all"};
    for (const char* name : {"model.pb", "model.pbtxt", "model.json"}) {
        const auto outcomes = run(name, session);
        ASSERT_EQ(outcomes.size(), 2U) << name;
        ASSERT_FALSE(outcomes[1].error) << outcomes[1].error->message;
        EXPECT_TRUE(outcomes[1].results[0].identical(Tensor::of<float>({1, 3}, {3, 3, 3}))) << name;
    }
}

TEST_F(GraphProgramTest, InitTakesRegularExpressionsOfVariables) {
    GraphSession session;
    session.fetches = {"y:0"};
    session.feeds = {"x:0=zeros(4,2)"};
    session.init = {"dense/"};
    const auto outcomes = run("model.pb", session);
    ASSERT_EQ(outcomes.size(), 2U);
    ASSERT_TRUE(outcomes[1].error);
    EXPECT_EQ(outcomes[1].error->variable, "b");
    session.init = {"conv"};
    EXPECT_NE(refusal(session).find("[usage.init] --init \"conv\": matches no variable"), std::string::npos);
    session.init = {"("};
    EXPECT_NE(refusal(session).find("[usage.init]"), std::string::npos);
}

TEST_F(GraphProgramTest, FeedsAreLiteralsFilesOrFormulas) {
    write("x.csv", "1,2\n3,4\n");
    for (const char* feed : {"x=[[1,2],[3,4]]", "x=arange(2,2;1)", "x=arange(2,2;start=1,step=1)"}) {
        GraphSession session;
        session.fetches = {"x"};
        session.targets = {"MatMul"};
        session.init = {"all"};
        session.feeds = {feed};
        const auto outcomes = run("model.pb", session);
        ASSERT_EQ(outcomes.size(), 2U) << feed;
        EXPECT_FALSE(outcomes[1].error) << feed << outcomes[1].error->message;
    }
    GraphSession session;
    session.fetches = {"y"};
    session.init = {"all"};
    session.feeds = {"x=@" + path("x.csv")};
    EXPECT_TRUE(run("model.pb", session).at(1).results.at(0).identical(Tensor::of<float>({2, 3}, {3, 3, 3, 7, 7, 7})));
}

TEST_F(GraphProgramTest, WrongOptionsAreToldAllAtOnce) {
    GraphSession session;
    session.fetches = {"yy", "y:3"};
    session.targets = {"MatMull"};
    session.feeds = {"x", "x=what is it", "x=sin(2;nonsense)"};
    session.restore = path("model.ckpt");
    const std::string text = refusal(session);
    for (const char* part :
         {"no tensor \"yy\"", "did you mean \"y\"", "no tensor \"y:3\"", "\"y\" has 1 outputs", "no op \"MatMull\"",
          "did you mean \"MatMul\"", "\"x\" is not NAME=VALUE", "and its value, such as x:0=zeros(2,5)",
          "cannot read the value", "no saver that could restore"})
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST_F(GraphProgramTest, ACheckpointIsKnownByAnyOfItsFiles) {
    for (const char* file : {"m.ckpt-7.index", "m.ckpt-7.data-00000-of-00001", "other.index.json"}) write(file, "");
    write("checkpoint", "model_checkpoint_path: \"/gone/m.ckpt-7\"\nall_model_checkpoint_paths: \"m.ckpt-7\"\n");
    for (const char* file : {"m.ckpt-7", "m.ckpt-7.index", "m.ckpt-7.data-00000-of-00001", "checkpoint"})
        EXPECT_EQ(checkpoint_prefix(path(file)), path("m.ckpt-7")) << file;
    for (const char* file : {"model.pb", "m.ckpt-8", "m.ckpt-8.index", "other.index.json"})
        EXPECT_EQ(checkpoint_prefix(path(file)), "") << file;
    const Opened alone = open_file(path("m.ckpt-7.index"));
    ASSERT_TRUE(std::holds_alternative<Diagnostics>(alone));
    EXPECT_EQ(std::get<Diagnostics>(alone)[0].code, "file.checkpoint") << "there is no graph beside it";
}

TEST_F(GraphProgramTest, AProgramMayImportAGraphUnderAScope) {
    write("p.json", R"({"format": "rnnscope/1", "program": [
        {"let": "y", "call": "import_graph_def", "args": [{"file": "model.pb"}], "kwargs": {"return_elements": ["y:0"]}},
        {"call": "import_graph_def", "args": [{"file": "model.pbtxt"}], "kwargs": {"name": ""}},
        {"call": "import_graph_def", "args": [{"file": "model.json"}], "kwargs": {"name": ""}}]})");
    const Opened opened = open_file(path("p.json"));
    ASSERT_TRUE(std::holds_alternative<std::shared_ptr<const Document>>(opened))
        << to_text(std::get<Diagnostics>(opened));
    Evaluator evaluator(std::get<0>(opened)->program_ptr());
    EvaluationObserverStub observer;
    evaluator.finish(observer);
    ASSERT_FALSE(evaluator.error()) << evaluator.error()->message;
    const Graph& graph = evaluator.graph(GraphId(0));
    EXPECT_TRUE(graph.find("import/y").valid());
    EXPECT_TRUE(graph.find("y").valid());
    EXPECT_TRUE(graph.find("y_1").valid()) << "the second time the names are taken";
}

TEST_F(GraphProgramTest, ADamagedGraphIsReportedWhereTheProgramNamesIt) {
    write("model.pb", "node { name: \"x\" op: }");
    write("p.json", R"({"format": "rnnscope/1", "program": [
  {"call": "import_graph_def", "args": [{"file": "model.pb"}]},
  {"call": "train.import_meta_graph", "args": ["missing.meta"]}]})");
    const Opened opened = open_file(path("p.json"));
    ASSERT_TRUE(std::holds_alternative<Diagnostics>(opened));
    const Diagnostics& problems = std::get<Diagnostics>(opened);
    ASSERT_EQ(problems.size(), 2U) << to_text(problems);
    EXPECT_EQ(problems[0].where.line, 2);
    EXPECT_NE(problems[0].message.find("\"model.pb\" line 1, column 22"), std::string::npos) << problems[0].message;
    EXPECT_EQ(problems[1].code, "file.unreadable");
}

} // namespace
} // namespace rnnscope::program
