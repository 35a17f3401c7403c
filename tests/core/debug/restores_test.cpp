// Restores that fail: what the diagnosis reads from a checkpoint on disk, under the names of all versions.

#include "core/debug/debugger.hpp"
#include "core/import/checkpoint.hpp"

#include <filesystem>
#include <fmt/format.h>
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
    /// A GRU of four units that is restored from the checkpoint and run.
    const Diagnosis* diagnose_gru() {
        const std::string text = R"({"format": "rnnscope/1", "program": [
            {"let": "x", "call": "placeholder", "args": ["$tf.float32", [null, 5, 3]]},
            {"let": "cell", "call": "nn.rnn_cell.GRUCell", "args": [4]},
            {"let": ["y", "h"], "call": "nn.dynamic_rnn", "args": ["$cell", "$x"], "kwargs": {"dtype": "$tf.float32"}},
            {"let": "saver", "call": "train.Saver"},
            {"let": "sess", "call": "Session"},
            {"call": "$saver.restore", "args": ["$sess", "./model"]},
            {"let": "out", "call": "$sess.run", "args": ["$y", {"$x": {"generate": "sin", "shape": [2, 5, 3]}}]}]})";
        const Diagnostics mistakes = debugger_.open_text(text, "gru.json", folder_.string());
        EXPECT_TRUE(mistakes.empty()) << to_text(mistakes);
        for (int stops = 0; !debugger_.at_end() && stops < 100; ++stops) {
            debugger_.run_on(true);
            debugger_.wait();
        }
        EXPECT_EQ(debugger_.diagnoses().size(), 1u);
        return debugger_.diagnoses().empty() ? nullptr : &debugger_.diagnoses()[0];
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

} // namespace
} // namespace rnnscope::debug
