// A recording that was saved and opened says the same as the one it was made of, at every position.

#include "tests/core/debug/block_maker.hpp"
#include "tests/core/record/same_recording.hpp"
#include "tests/core/short_sample.hpp"

#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace rnnscope::tests {
namespace {

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class RecordingFileTest : public testing::Test {
  protected:
    /// Saves, opens, compares, and saves what was opened: the same bytes again.
    void round_trip(const Evaluated& original) {
        const std::string path = folder_.file("a.rnnrec"), again = folder_.file("b.rnnrec");
        const Status saved = record::save_recording(original.parts(), path);
        ASSERT_TRUE(saved.ok()) << saved.error().message;
        const record::OpenedRecording copy = opened(path);
        EXPECT_TRUE(copy.damage.empty()) << to_text(copy.damage);
        EXPECT_EQ(copy.is_finished, original.evaluator->done());
        EXPECT_EQ(copy.recording->end(), original.recording->end());
        expect_same_errors(original.evaluator->error(), copy.evaluated->error());
        expect_same_program(*original.document, *original.evaluator, copy);
        expect_same(*original.recording, *copy.recording, *original.evaluator);
        ASSERT_TRUE(
            record::save_recording({*copy.recording, *copy.document, *copy.evaluated, copy.is_finished}, again).ok());
        EXPECT_TRUE(bytes_of(path) == bytes_of(again));
        EXPECT_FALSE(fs::exists(path + ".part"));
    }

    Folder folder_;
};

class SampleTest : public RecordingFileTest, public testing::WithParamInterface<std::string> {};

std::vector<std::string> samples() {
    std::vector<std::string> files;
    for (const char* folder : {"programs", "graphs"})
        for (const auto& entry : fs::directory_iterator(fs::path(RNNSCOPE_SOURCE_DIR) / "samples" / folder))
            if (entry.path().extension() == ".json") files.push_back(entry.path().string());
    std::ranges::sort(files);
    return files;
}

TEST_P(SampleTest, OpensAsItWas) {
    const fs::path path = GetParam();
    const auto read = program::Document::read(short_sample(path), path.string(), path.parent_path().string());
    ASSERT_EQ(read.index(), 0u) << to_text(std::get<Diagnostics>(read));
    Evaluated original(std::get<0>(read));
    original.finish();
    round_trip(original);
}

INSTANTIATE_TEST_SUITE_P(Samples, SampleTest, testing::ValuesIn(samples()), [](const auto& parameter) {
    std::string name = fs::path(parameter.param).stem().string();
    for (char& c : name)
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    return name + std::to_string(parameter.index);
});

/// A recurrent layer over `steps` time steps: most of it is executed in rounds.
std::string loop_program(int steps, const char* cell = "GRUCell") {
    return fmt::format(
        R"({{"format": "rnnscope/1", "title": "loop", "graph_seed": 42, "program": [
        {{"let": "x", "call": "placeholder", "args": ["$tf.float32", [null, null, 2]], "kwargs": {{"name": "x"}}}},
        {{"let": "cell", "call": "nn.rnn_cell.{}", "args": [3]}},
        {{"let": ["outputs", "state"], "call": "nn.dynamic_rnn", "args": ["$cell", "$x"],
          "kwargs": {{"dtype": "$tf.float32"}}}},
        {{"let": "init", "call": "global_variables_initializer"}},
        {{"let": "session", "call": "Session"}},
        {{"call": "$session.run", "args": ["$init"]}},
        {{"let": "y", "call": "$session.run", "args": ["$outputs"],
          "kwargs": {{"feed_dict": {{"$x": {{"generate": "sin", "shape": [2, {}, 2], "step": 0.1}}}}}}}}]}})",
        cell, steps);
}

std::size_t blocks_of(const Recording& recording) {
    std::size_t blocks = 0;
    for (const record::RecordedRun& run : recording.runs())
        for (const record::EventPiece& piece : recording.pieces(run.info.id)) blocks += piece.block != nullptr ? 1 : 0;
    return blocks;
}

TEST_F(RecordingFileTest, ErrorsThatWerePassedOverStayInTheirRuns) {
    auto read = program::open_file(fs::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs" / "seed_b_noinit.json");
    program::EvaluatorOptions options;
    options.session.passes_missing_values = true;
    Evaluated original(std::get<0>(read), options);
    original.finish();
    const auto errors = original.recording->errors();
    ASSERT_TRUE(std::ranges::any_of(errors, &record::RecordedError::passed));
    ASSERT_LT(errors.front().first, original.recording->end());
    round_trip(original);
}

TEST_F(RecordingFileTest, RoundsOfLoopsStayRounds) {
    Evaluated original = evaluated_text(loop_program(200));
    original.finish();
    ASSERT_GT(blocks_of(*original.recording), 0u);
    round_trip(original);
    EXPECT_EQ(blocks_of(*opened(folder_.file("a.rnnrec")).recording), blocks_of(*original.recording));
}

TEST_F(RecordingFileTest, RoundsThatWereKeptAsStatesAreStoredInFull) {
    Evaluated all = evaluated_text(loop_program(100)), states = evaluated_text(loop_program(100));
    states.recording->set_budget(0);
    all.finish();
    states.finish();
    ASSERT_TRUE(states.recording->keeps_states());
    round_trip(states);
    expect_same(*all.recording, *opened(folder_.file("a.rnnrec")).recording, *all.evaluator);
}

TEST_F(RecordingFileTest, BlocksWithoutRowsAreStoredAsTheirEvents) {
    Evaluated original = evaluated_text(loop_program(20, "BasicLSTMCell"));
    while (!original.evaluator->done()) BlockMaker::advance(*original.evaluator, *original.recording, 1000);
    ASSERT_GT(blocks_of(*original.recording), 0u);
    round_trip(original);
}

TEST_F(RecordingFileTest, AProgramInTheMiddleOfARunIsSavedUpToThere) {
    Evaluated original = evaluated_text(loop_program(50));
    while (original.recording->runs().size() < 2) original.evaluator->advance(*original.recording);
    for (int i = 0; i < 100; ++i) original.evaluator->advance(*original.recording);
    ASSERT_FALSE(original.recording->runs().back().done);
    round_trip(original);
    EXPECT_FALSE(opened(folder_.file("a.rnnrec")).is_finished);
}

TEST_F(RecordingFileTest, BehindALinkLeavesTheLink) {
    const std::string link = folder_.file("link.rnnrec");
    fs::create_symlink("a.rnnrec", link); // not there yet; then there
    const Evaluated original = evaluated_text(loop_program(1));
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(record::save_recording(original.parts(), link).ok());
        EXPECT_TRUE(fs::is_symlink(link));
        EXPECT_TRUE(opened(folder_.file("a.rnnrec")).damage.empty());
    }
}

TEST_F(RecordingFileTest, NothingOfAProgramIsARecordingToo) {
    round_trip(evaluated_text(loop_program(1)));
}

TEST_F(RecordingFileTest, EqualTensorsAreStoredOnce) {
    const auto program = [](int runs) {
        return fmt::format(R"({{"format": "rnnscope/1", "program": [
            {{"let": "v", "call": "get_variable", "args": ["v"], "kwargs": {{"initializer": {{"generate": "normal", "shape": [20000], "seed": 1}}}}}},
            {{"let": "session", "call": "Session"}},
            {{"call": "$session.run", "args": [{{"call": "global_variables_initializer"}}]}},
            {{"for": "i", "in": {{"range": [{}]}}, "body": [{{"call": "$session.run", "args": ["$v"]}}]}}]}})",
                           runs);
    };
    std::size_t sizes[2] = {};
    for (const int runs : {1, 50}) {
        Evaluated original = evaluated_text(program(runs));
        original.finish();
        ASSERT_FALSE(original.evaluator->error()) << original.evaluator->error()->message;
        round_trip(original);
        sizes[runs == 1 ? 0 : 1] = fs::file_size(folder_.file("a.rnnrec"));
    }
    EXPECT_GT(sizes[0], 20000u * 4);
    EXPECT_LT(sizes[1], sizes[0] + 20000u);
}

TEST_F(RecordingFileTest, TheSameRecordingGivesTheSameBytes) {
    for (const char* name : {"a", "b"}) {
        Evaluated original = evaluated_text(loop_program(70));
        original.finish();
        ASSERT_TRUE(record::save_recording(original.parts(), folder_.file(name)).ok());
    }
    EXPECT_TRUE(bytes_of(folder_.file("a")) == bytes_of(folder_.file("b")));
}

TEST_F(RecordingFileTest, FilesThatAProgramReadNeedNotBeThere) {
    const std::string program = folder_.file("program.json"), data = folder_.file("x.csv");
    std::ofstream(data) << "1,2\n3,4\n";
    std::ofstream(program) << R"({"format": "rnnscope/1", "program": [
        {"let": "x", "call": "placeholder", "args": ["$tf.float32", [2, 2]]},
        {"let": "y", "call": "tanh", "args": ["$x"]},
        {"let": "session", "call": "Session"},
        {"call": "$session.run", "args": ["$y"], "kwargs": {"feed_dict": {"$x": {"file": "x.csv"}}}}]})";
    Evaluated original = evaluated(program);
    original.finish();
    ASSERT_FALSE(original.evaluator->error()) << original.evaluator->error()->message;
    fs::remove(data);
    fs::remove(program);
    round_trip(original);
}

TEST_F(RecordingFileTest, AGraphsFileNeedNotBeThere) {
    const fs::path golden = fs::path(RNNSCOPE_SHARED_DIR) / "golden" / "gru1_seqlen.graphdef.pb";
    if (!fs::exists(golden)) GTEST_SKIP() << "needs shared/golden beside the checkout";
    const std::string graph = folder_.file("graph.pb");
    fs::copy_file(golden, graph);
    program::GraphSession session;
    session.init = {"all"};
    Evaluated original = evaluated(graph, session);
    original.finish();
    fs::remove(graph);
    round_trip(original);
    EXPECT_TRUE(opened(folder_.file("a.rnnrec")).document->is_graph());
}

TEST_F(RecordingFileTest, GoldenGraphsOpenAsTheyWere) {
    const fs::path golden = fs::path(RNNSCOPE_SHARED_DIR) / "golden";
    if (!fs::exists(golden)) GTEST_SKIP() << "needs shared/golden beside the checkout";
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(golden))
        if (entry.path().string().ends_with(".graphdef.pb")) files.push_back(entry.path().string());
    ASSERT_GE(files.size(), 10u);
    std::ranges::sort(files);
    for (const std::string& file : files) {
        SCOPED_TRACE(file);
        program::GraphSession session;
        session.init = {"all"};
        Evaluated original = evaluated(file, session);
        original.finish();
        round_trip(original);
    }
}

} // namespace
} // namespace rnnscope::tests
