// Restores that fail: what the diagnosis reads from a checkpoint on disk, under the names of all versions.

#include "core/debug/debugger.hpp"
#include "core/import/checkpoint.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>

namespace rnnscope::debug {
namespace {

namespace fs = std::filesystem;

class Restores : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "rnnscope_restores_XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { fs::remove_all(folder_); }

    void write(const std::vector<std::pair<std::string, Shape>>& tensors) {
        std::vector<ops::NamedTensor> named;
        for (const auto& [name, shape] : tensors) named.push_back({name, Tensor::zeros(DType::float32, shape)});
        std::ranges::sort(named, {}, &ops::NamedTensor::name);
        const Status status = write_checkpoint((folder_ / "model").string(), named);
        ASSERT_TRUE(status.ok()) << status.error().message;
    }
    const Diagnosis* diagnose(const std::string& text) {
        const Diagnostics mistakes = debugger_.open_text(text, "gru.json", folder_.string());
        EXPECT_TRUE(mistakes.empty()) << to_text(mistakes);
        for (int stops = 0; !debugger_.at_end() && stops < 100; ++stops) {
            debugger_.run_on(true);
            debugger_.wait();
        }
        EXPECT_EQ(debugger_.diagnoses().size(), 1u);
        return debugger_.diagnoses().empty() ? nullptr : &debugger_.diagnoses()[0];
    }
    /// Statements, then a saver, a session `sess`, statements in it and the restore.
    const Diagnosis* diagnose_restore(const std::string& statements, const std::string& in_session = "") {
        return diagnose(R"({"format": "rnnscope/1", "program": [)" + statements +
                        R"(, {"let": "saver", "call": "train.Saver"}, {"let": "sess", "call": "Session"}, )" +
                        in_session + R"({"call": "$saver.restore", "args": ["$sess", "./model"]}]})");
    }
    /// A GRU of four units that is restored from the checkpoint and run.
    const Diagnosis* diagnose_gru() {
        return diagnose(R"({"format": "rnnscope/1", "program": [
            {"let": "x", "call": "placeholder", "args": ["$tf.float32", [null, 5, 3]]},
            {"let": "cell", "call": "nn.rnn_cell.GRUCell", "args": [4]},
            {"let": ["y", "h"], "call": "nn.dynamic_rnn", "args": ["$cell", "$x"], "kwargs": {"dtype": "$tf.float32"}},
            {"let": "saver", "call": "train.Saver"},
            {"let": "sess", "call": "Session"},
            {"call": "$saver.restore", "args": ["$sess", "./model"]},
            {"let": "out", "call": "$sess.run", "args": ["$y", {"$x": {"generate": "sin", "shape": [2, 5, 3]}}]}]})");
    }
    static std::string get_variable(const std::string& name, const std::string& shape) {
        return fmt::format(R"({{"let": "v{}", "call": "get_variable", "args": ["{}", {}]}})", name.size(), name, shape);
    }
    static std::vector<std::string> titles(const Diagnosis& diagnosis) {
        std::vector<std::string> found;
        for (const Fix& fix : diagnosis.fixes) found.push_back(fix.title);
        return found;
    }
    /// The cause and the check of the best fix: "names-moved verified".
    std::string outcome() {
        const Diagnosis* diagnosis = diagnose_gru();
        if (!diagnosis) return "nothing failed";
        if (diagnosis->fixes.empty()) return diagnosis->cause + " without a fix";
        return diagnosis->cause + (diagnosis->fixes[0].check == Fix::Check::verified ? " verified" : " not verified");
    }

    fs::path folder_;
    Debugger debugger_;
};

TEST_F(Restores, KnowTheNamesOfTheFirstVersions) {
    write({{"RNN/GRUCell/Gates/Linear/Matrix", {7, 8}},
           {"RNN/GRUCell/Gates/Linear/Bias", {8}},
           {"RNN/GRUCell/Candidate/Linear/Matrix", {7, 4}},
           {"RNN/GRUCell/Candidate/Linear/Bias", {4}}});
    EXPECT_EQ(outcome(), "names-moved verified");
    EXPECT_NE(debugger_.diagnoses()[0].fixes[0].new_line.find(
                  R"("RNN/GRUCell/Gates/Linear/Matrix": tf.global_variables("rnn/gru_cell/gates/kernel:0")[0])"),
              std::string::npos)
        << debugger_.diagnoses()[0].fixes[0].new_line;
}

TEST_F(Restores, KnowTheNamesOfOneZero) {
    write({{"rnn/gru_cell/gates/weights", {7, 8}},
           {"rnn/gru_cell/gates/biases", {8}},
           {"rnn/gru_cell/candidate/weights", {7, 4}},
           {"rnn/gru_cell/candidate/biases", {4}}});
    EXPECT_EQ(outcome(), "names-moved verified");
}

TEST_F(Restores, FindAScopeThatWasRenamed) {
    write({{"encoder/gru_cell/gates/kernel", {7, 8}},
           {"encoder/gru_cell/gates/bias", {8}},
           {"encoder/gru_cell/candidate/kernel", {7, 4}},
           {"encoder/gru_cell/candidate/bias", {4}},
           {"step", {}}});
    EXPECT_EQ(outcome(), "names-moved verified");
}

/// Two values that could be it are none.
TEST_F(Restores, DoNotGuess) {
    std::vector<std::pair<std::string, Shape>> tensors;
    for (const char* scope : {"encoder", "decoder"})
        for (const auto& [name, shape] : std::vector<std::pair<std::string, Shape>>{
                 {"gates/kernel", {7, 8}}, {"gates/bias", {8}}, {"candidate/kernel", {7, 4}}, {"candidate/bias", {4}}})
            tensors.emplace_back(fmt::format("{}/gru_cell/{}", scope, name), shape);
    write(tensors);
    EXPECT_EQ(outcome(), "not-in-checkpoint without a fix");
}

TEST_F(Restores, TakeWhatIsThere) {
    write({{"rnn/gru_cell/gates/kernel", {7, 8}}, {"rnn/gru_cell/gates/bias", {8}}});
    EXPECT_EQ(outcome(), "not-in-checkpoint verified");
    EXPECT_EQ(debugger_.diagnoses()[0].summary,
              "The checkpoint ./model has 2 of the 4 variables that the saver asks for; rnn/gru_cell/candidate/bias is "
              "not among them.");
}

TEST_F(Restores, FindTheNumberOfUnits) {
    write({{"rnn/gru_cell/gates/kernel", {9, 12}},
           {"rnn/gru_cell/gates/bias", {12}},
           {"rnn/gru_cell/candidate/kernel", {9, 6}},
           {"rnn/gru_cell/candidate/bias", {6}}});
    EXPECT_EQ(outcome(), "shape-changed verified");
    EXPECT_EQ(debugger_.diagnoses()[0].fixes[0].new_line, "cell = tf.nn.rnn_cell.GRUCell(6)");
}

/// Another number of features is no number of units: two of the four variables can be kept.
TEST_F(Restores, KeepTheVariablesThatFit) {
    write({{"rnn/gru_cell/gates/kernel", {14, 8}},
           {"rnn/gru_cell/gates/bias", {8}},
           {"rnn/gru_cell/candidate/kernel", {14, 4}},
           {"rnn/gru_cell/candidate/bias", {4}}});
    EXPECT_EQ(outcome(), "shape-changed verified");
    EXPECT_EQ(debugger_.diagnoses()[0].fixes[0].title, "Initialize, and restore only what fits: 2 variables");
}

/// The slots of another optimizer have the shape of those that are missing, and nothing else in common.
TEST_F(Restores, DoNotTakeOneOptimizersSlotsForAnothers) {
    write({{"weights", {4}}, {"weights/Adagrad", {4}}});
    const Diagnosis* diagnosis =
        diagnose_restore(get_variable("weights", "[4]") + ", " + get_variable("weights/Momentum", "[4]"));
    ASSERT_NE(diagnosis, nullptr);
    EXPECT_EQ(diagnosis->cause, "not-in-checkpoint");
}

TEST_F(Restores, DoNotTakeABiasForABias) {
    write({{"w", {4}}, {"attention/bias", {4}}});
    const Diagnosis* diagnosis = diagnose_restore(get_variable("w", "[4]") + ", " + get_variable("head/bias", "[4]"));
    ASSERT_NE(diagnosis, nullptr);
    EXPECT_EQ(diagnosis->cause, "not-in-checkpoint");
}

TEST_F(Restores, AskCellsOnlyAboutVariablesOfCells) {
    for (const char* shapes : {"[2, 8]", "[2, 0]"}) {
        write({{"a", shapes[4] == '8' ? Shape{2, 12} : Shape{2, 3}}});
        const Diagnosis* diagnosis = diagnose_restore(
            R"({"let": "cell", "call": "nn.rnn_cell.GRUCell", "args": [4]}, )" + get_variable("a", shapes));
        ASSERT_NE(diagnosis, nullptr);
        EXPECT_EQ(diagnosis->cause, "shape-changed");
        EXPECT_EQ(titles(*diagnosis), std::vector<std::string>{}) << shapes;
    }
}

/// A run that initializes other variables is none for those that the restore leaves out.
TEST_F(Restores, InitializeWhatNothingInitialized) {
    write({{"a", {4}}});
    const Diagnosis* diagnosis =
        diagnose_restore(get_variable("a", "[4]") + ", " + get_variable("bb", "[4]"),
                         R"({"call": "$sess.run", "args": [{"call": "local_variables_initializer"}]}, )");
    ASSERT_NE(diagnosis, nullptr);
    EXPECT_EQ(titles(*diagnosis), std::vector<std::string>{"Initialize, and restore only what fits: 1 variable"});
}

/// A graph file can hold anything: here, what is restored goes round in a loop, or through a very long chain.
TEST_F(Restores, FollowLoopsAndLongChains) {
    write({{"other", {}}});
    const std::string restore = R"(
        node { name: "file" op: "Const" attr { key: "dtype" value { type: DT_STRING } } attr { key: "value" value { tensor { dtype: DT_STRING tensor_shape { } string_val: "./model" } } } }
        node { name: "names" op: "Const" attr { key: "dtype" value { type: DT_STRING } } attr { key: "value" value { tensor { dtype: DT_STRING tensor_shape { dim { size: 1 } } string_val: "w" } } } }
        node { name: "slices" op: "Const" attr { key: "dtype" value { type: DT_STRING } } attr { key: "value" value { tensor { dtype: DT_STRING tensor_shape { dim { size: 1 } } string_val: "" } } } }
        node { name: "restore" op: "RestoreV2" input: "file" input: "names" input: "slices" attr { key: "dtypes" value { list { type: DT_FLOAT } } } }
        )";
    const std::string type = R"(attr { key: "T" value { type: DT_FLOAT } } })";
    const std::string loop = R"(
        node { name: "enter" op: "Enter" input: "restore" attr { key: "frame_name" value { s: "f" } } )" +
                             type + R"(
        node { name: "merge" op: "Merge" input: "enter" input: "next" attr { key: "N" value { i: 2 } } )" +
                             type + R"(
        node { name: "less" op: "Less" input: "merge" input: "merge" )" +
                             type + R"(
        node { name: "cond" op: "LoopCond" input: "less" }
        node { name: "switch" op: "Switch" input: "merge" input: "cond" )" +
                             type + R"(
        node { name: "body" op: "Identity" input: "switch" )" +
                             type + R"(
        node { name: "next" op: "NextIteration" input: "body" )" +
                             type;
    std::string chain;
    for (int i = 0; i < 20'000; ++i)
        chain += fmt::format("node {{ name: \"n{}\" op: \"Identity\" input: \"{}\" {}\n", i,
                             i == 0 ? "restore" : fmt::format("n{}", i - 1), type);
    for (const std::string& graph : {restore + loop, restore + chain}) {
        std::ofstream(folder_ / "graph.pbtxt") << graph;
        const Diagnosis* diagnosis = diagnose(R"({"format": "rnnscope/1", "program": [
            {"let": "graph", "file": "graph.pbtxt"},
            {"call": "import_graph_def", "args": ["$graph"], "kwargs": {"name": ""}},
            {"let": "sess", "call": "Session"},
            {"call": "$sess.run", "args": ["restore:0"]}]})");
        ASSERT_NE(diagnosis, nullptr);
        EXPECT_NE(debugger_.recording().errors()[0].error.text.find("not found in checkpoint"), std::string::npos);
    }
}

} // namespace
} // namespace rnnscope::debug
