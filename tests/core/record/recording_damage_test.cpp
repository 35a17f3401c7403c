// Files that are cut, changed, or of a program that was killed while it wrote them.

#include "core/import/crc32c.hpp"
#include "tests/core/record/same_recording.hpp"

#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <random>
#include <sys/wait.h>

namespace rnnscope::tests {
namespace {

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A loop whose rows fill several chunks, so that there is much to cut between.
class DamageTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        const Folder folder;
        std::string text = R"({"format": "rnnscope/1", "title": "loop", "graph_seed": 42, "program": [
            {"let": "x", "call": "placeholder", "args": ["$tf.float32", [null, null, 2]], "kwargs": {"name": "x"}},
            {"let": "cell", "call": "nn.rnn_cell.BasicRNNCell", "args": [24]},
            {"let": ["outputs", "state"], "call": "nn.dynamic_rnn", "args": ["$cell", "$x"], "kwargs": {"dtype": "$tf.float32"}},
            {"let": "session", "call": "Session"},
            {"call": "$session.run", "args": [{"call": "global_variables_initializer"}]},
            {"call": "$session.run", "args": ["$state"],
             "kwargs": {"feed_dict": {"$x": {"generate": "sin", "shape": [10, 100, 2], "step": 0.1}}}}]})";
        original_ = new Evaluated(evaluated_text(text));
        original_->finish();
        const std::string path = folder.file("whole.rnnrec");
        ASSERT_TRUE(record::save_recording(original_->parts(), path).ok());
        bytes_ = new std::string(bytes_of(path));
    }
    static void TearDownTestSuite() {
        delete std::exchange(original_, nullptr);
        delete std::exchange(bytes_, nullptr);
    }

    /// Refused with a reason, or opened with one, as a true beginning of what it was.
    void expect_refused_or_beginning(const std::string& bytes, std::uint64_t* end = nullptr, bool compares = true) {
        const std::string path = folder_.file("damaged.rnnrec");
        std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
        auto result = record::open_recording(path);
        if (const auto* problems = std::get_if<Diagnostics>(&result)) {
            EXPECT_FALSE(problems->empty());
            if (end != nullptr) *end = 0;
            return;
        }
        const auto& part = std::get<record::OpenedRecording>(result);
        ASSERT_EQ(part.damage.size(), 1u);
        EXPECT_EQ(part.damage[0].code, "recording.damaged");
        EXPECT_FALSE(part.is_finished);
        const std::string position = fmt::format("up to position {}", part.recording->end().ticks);
        EXPECT_NE(part.damage[0].message.find(position), std::string::npos) << part.damage[0].message;
        if (compares) expect_same(*original_->recording, *part.recording, *original_->evaluator);
        if (end != nullptr) *end = part.recording->end().ticks;
    }

    /// Where chunks begin, and the file's end.
    static std::vector<std::size_t> borders() {
        std::vector<std::size_t> borders;
        const auto number = [](std::size_t at) {
            std::uint32_t value = 0;
            std::memcpy(&value, bytes_->data() + at, sizeof value);
            return std::size_t{value};
        };
        for (std::size_t at = 16; at + 24 <= bytes_->size(); at += 24 + number(at + 12)) borders.push_back(at);
        borders.push_back(bytes_->size());
        return borders;
    }

    static inline Evaluated* original_ = nullptr;
    static inline std::string* bytes_ = nullptr;
    Folder folder_;
};

TEST_F(DamageTest, CutBetweenChunksOpensUpToThere) {
    ASSERT_GE(borders().size(), 6u);
    std::uint64_t last = 0;
    for (const std::size_t border : borders()) {
        if (border == bytes_->size()) continue;
        std::uint64_t end = 0;
        expect_refused_or_beginning(bytes_->substr(0, border), &end);
        EXPECT_GE(end, last) << "a longer file shows no less";
        last = end;
    }
    EXPECT_EQ(last, original_->recording->end().ticks) << "only the index is missing";
}

TEST_F(DamageTest, CutAnywhereIsRefusedOrOpensUpToThere) {
    std::vector<std::size_t> places{0, 1, 7, 8, 12, 15, 16, 17, bytes_->size() - 1};
    for (const std::size_t border : borders())
        for (const std::size_t by : {1u, 23u, 25u}) places.push_back(std::min(border + by, bytes_->size() - 1));
    std::mt19937 random(7);
    for (int i = 0; i < 10; ++i) places.push_back(random() % bytes_->size());
    for (const std::size_t place : places) expect_refused_or_beginning(bytes_->substr(0, place), nullptr, false);
}

TEST_F(DamageTest, AFlippedByteIsNoticed) {
    std::mt19937 random(11);
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < 40; i += 2) places.push_back(i);
    for (const std::size_t border : borders())
        for (std::size_t i = 1; i < 24 && border + i < bytes_->size(); i += 6) places.push_back(border + i);
    for (int i = 0; i < 24; ++i) places.push_back(random() % bytes_->size());
    for (std::size_t i = 0; i < places.size(); ++i) {
        std::string bytes = *bytes_;
        bytes[places[i]] = static_cast<char>(bytes[places[i]] ^ (1 << random() % 8));
        expect_refused_or_beginning(bytes, nullptr, i % 24 == 0);
    }
}

TEST_F(DamageTest, ChunksThatAreMissingTwiceOrExchangedAreNoticed) {
    const std::vector<std::size_t> at = borders();
    const auto chunk = [&](std::size_t i) { return bytes_->substr(at[i], at[i + 1] - at[i]); };
    const std::string begin = bytes_->substr(0, at[2]), end = bytes_->substr(at[4]);
    expect_refused_or_beginning(begin + chunk(3) + end);
    expect_refused_or_beginning(begin + chunk(2) + chunk(2) + chunk(3) + end);
    expect_refused_or_beginning(begin + chunk(3) + chunk(2) + end);
    expect_refused_or_beginning(*bytes_ + "more");
}

TEST_F(DamageTest, OtherFilesAndOtherFormatsAreRefusedWithAReason) {
    const auto refused = [&](const std::string& bytes) {
        const std::string path = folder_.file("other");
        std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
        const auto result = record::open_recording(path);
        const auto* problems = std::get_if<Diagnostics>(&result);
        return problems == nullptr || problems->empty() ? std::string() : problems->front().code;
    };
    EXPECT_EQ(refused("{\"format\": \"rnnscope/1\"}"), "recording.unknown");
    EXPECT_EQ(refused(""), "recording.damaged");
    std::string newer = *bytes_;
    newer[8] = static_cast<char>(record::recording_version + 1);
    EXPECT_EQ(refused(newer), "recording.damaged") << "the checksum says so first";
    const std::uint32_t crc = masked_crc(crc32c(newer.substr(0, 12)));
    std::memcpy(newer.data() + 12, &crc, sizeof crc);
    EXPECT_EQ(refused(newer), "recording.version");
    EXPECT_TRUE(std::holds_alternative<Diagnostics>(record::open_recording(folder_.file("absent"))));
    EXPECT_TRUE(std::holds_alternative<Diagnostics>(record::open_recording(folder_.path().string())));
}

/// Checksums hold, but the content is another: as from someone who wants to do harm.
TEST_F(DamageTest, ContentThatNobodyWroteIsRefusedToo) {
    std::mt19937 random(3);
    const std::vector<std::size_t> at = borders();
    for (int i = 0; i < 60; ++i) {
        std::string bytes = *bytes_;
        const std::size_t chunk = random() % (at.size() - 1), begin = at[chunk] + 24, end = at[chunk + 1];
        if (end <= begin) continue;
        for (int changes = 1 + static_cast<int>(random() % 3); changes > 0; --changes)
            bytes[begin + random() % (end - begin)] = static_cast<char>(random());
        std::uint32_t stored = 0;
        std::memcpy(&stored, bytes.data() + at[chunk] + 12, sizeof stored);
        std::uint32_t crc = masked_crc(crc32c(bytes.substr(begin, stored)));
        std::memcpy(bytes.data() + at[chunk] + 16, &crc, sizeof crc);
        crc = masked_crc(crc32c(bytes.substr(at[chunk], 20)));
        std::memcpy(bytes.data() + at[chunk] + 20, &crc, sizeof crc);
        const std::string path = folder_.file("forged.rnnrec");
        std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
        auto result = record::open_recording(path);
        auto* part = std::get_if<record::OpenedRecording>(&result);
        if (part == nullptr) continue;
        for (const record::RecordedRun& run : part->recording->runs()) // whatever it says can be looked at
            for (std::uint32_t e = 0; e < part->recording->event_count(run.info.id); e += 97)
                part->recording->event(run.info.id, e);
    }
}

TEST_F(DamageTest, AFileThatCannotBeWrittenIsSaid) {
    const Status saved = record::save_recording(original_->parts(), folder_.file("no/such/folder.rnnrec"));
    ASSERT_FALSE(saved.ok());
    EXPECT_EQ(saved.error().code, "file.write");
}

TEST_F(DamageTest, AProcessThatIsKilledLeavesTheOldFile) {
    const std::string path = folder_.file("kept.rnnrec");
    ASSERT_TRUE(record::save_recording(original_->parts(), path).ok());
    const std::string before = bytes_of(path);
    for (int i = 0; i < 6; ++i) {
        const pid_t child = fork();
        if (child == 0)
            for (;;)
                if (!record::save_recording(original_->parts(), path).ok()) _exit(1);
        ASSERT_GT(child, 0);
        usleep(static_cast<useconds_t>(3'000 + 7'000 * i));
        ASSERT_EQ(kill(child, SIGKILL), 0);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFSIGNALED(status)) << "it was still saving";
        EXPECT_TRUE(bytes_of(path) == before);
        EXPECT_TRUE(opened(path).damage.empty());
    }
    ASSERT_TRUE(record::save_recording(original_->parts(), path).ok()) << "what it left does not stand in the way";
    EXPECT_TRUE(bytes_of(path) == before);
}

} // namespace
} // namespace rnnscope::tests
