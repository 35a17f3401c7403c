// Poison of a run that was recorded: what its file keeps of it, in another debugger.

#include "core/debug/command.hpp"
#include "core/debug/evaluation.hpp"
#include "core/debug/poison.hpp"
#include "core/import/crc32c.hpp"
#include "core/record/recording_file.hpp"
#include "tests/core/debug/real_model.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <unistd.h>

namespace rnnscope::debug {
namespace {

namespace fs = std::filesystem;

class PoisonRecordingTest : public ::testing::Test {
  protected:
    PoisonRecordingTest()
        : file_((fs::temp_directory_path() / ("rnnscope_poison_" + std::to_string(getpid()) + ".rnnrec")).string()) {}
    ~PoisonRecordingTest() override { fs::remove(file_); }

    void run_to_end() {
        while (!program_.at_end()) {
            program_.run_on(true);
            while (!program_.pump(std::chrono::seconds(1))) {
            }
        }
    }
    void run_sample(const std::string& name) {
        program_.set_poisons(true);
        const auto path = fs::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs" / (name + ".json");
        ASSERT_TRUE(program_.open(path.string()).empty());
        run_to_end();
    }
    void save_and_open() {
        ASSERT_TRUE(program_.save_recording(file_).ok());
        ASSERT_TRUE(recording_.open(file_).empty());
        ASSERT_TRUE(recording_.damage().empty());
    }
    static std::string say(Debugger& debugger, const std::string& id, const std::string& argument = "") {
        const Result<std::string> said = execute(debugger, {id, argument, "terminal"});
        while (!debugger.pump(std::chrono::seconds(1))) {
        }
        return said ? *said : said.error().message;
    }
    std::string bytes() const {
        std::ifstream file(file_, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }
    void write(const std::string& bytes) const { std::ofstream(file_, std::ios::binary | std::ios::trunc) << bytes; }

    /// The same recording, with something else in place of its poison.
    void save_with(std::string poison) const {
        const Evaluation& evaluation = program_.evaluation();
        ASSERT_TRUE(record::save_recording({evaluation.recording(), evaluation.document(), evaluation.evaluator(),
                                            evaluation.is_finished(), evaluation.visible_names(), std::move(poison)},
                                           file_)
                        .ok());
    }

    void expect_same_marks() const {
        const Poison &a = *program_.poison(), &b = *recording_.poison();
        EXPECT_EQ(a.is_complete(), b.is_complete());
        EXPECT_EQ(a.reads().size(), b.reads().size());
        std::size_t marks = 0;
        for (const record::RecordedRun& run : program_.recording().runs()) {
            const auto left = a.marks(run.info.id), right = b.marks(run.info.id);
            ASSERT_EQ(left.size(), right.size());
            for (std::size_t i = 0; i < left.size(); ++i) {
                EXPECT_EQ(left[i].event, right[i].event);
                EXPECT_EQ(left[i].node, right[i].node);
                EXPECT_EQ(left[i].outputs, right[i].outputs);
                EXPECT_EQ(left[i].decides, right[i].decides);
            }
            for (std::size_t i = 0; i < run.info.request.fetches.size(); ++i)
                EXPECT_EQ(a.fetch(run.info.id, i), b.fetch(run.info.id, i));
            marks += left.size();
        }
        EXPECT_GT(marks, 0U);
        EXPECT_EQ(a.encoded(), b.encoded());
    }

    std::string file_;
    Debugger program_, recording_;
};

TEST_F(PoisonRecordingTest, ShowsTheSameAtEveryPosition) {
    for (const char* sample : {"seed_b_scope_miss_layer1", "seed_b_noinit", "D09_restored_in_part"}) {
        SCOPED_TRACE(sample);
        run_sample(sample);
        save_and_open();
        EXPECT_TRUE(recording_.poisons());
        ASSERT_NE(recording_.poison(), nullptr);
        EXPECT_TRUE(recording_.poison()->is_caught_up());
        expect_same_marks();
        const std::uint64_t end = program_.recording().end().ticks;
        for (std::uint64_t at = 0; at <= end; at += 1 + end / 10)
            for (const char* id : {"ask.poison", "print.variables"}) {
                say(program_, "go.position", std::to_string(at));
                say(recording_, "go.position", std::to_string(at));
                EXPECT_EQ(say(recording_, id), say(program_, id)) << id << " at " << at;
            }
        const std::string saved = bytes();
        ASSERT_TRUE(recording_.save_recording(file_).ok());
        EXPECT_TRUE(bytes() == saved) << "what was opened is saved as it was";
    }
}

TEST_F(PoisonRecordingTest, OfARealGraph) {
    if (!fs::exists(tests::process_model())) GTEST_SKIP() << tests::process_model() << " is not there";
    program_.set_poisons(true);
    tests::open_process_model(program_);
    run_to_end();
    save_and_open();
    EXPECT_EQ(recording_.poison()->encoded(), program_.poison()->encoded());
}

/// Files of the first format keep no poison, and open as before.
TEST_F(PoisonRecordingTest, OlderFilesStillOpen) {
    run_sample("seed_b_noinit");
    save_with("");
    std::string old = bytes();
    old[8] = 1;
    const std::uint32_t crc = masked_crc(crc32c(old.substr(0, 12)));
    std::memcpy(old.data() + 12, &crc, sizeof crc);
    write(old);
    ASSERT_TRUE(recording_.open(file_).empty());
    EXPECT_TRUE(recording_.damage().empty());
    EXPECT_EQ(recording_.recording().end(), program_.recording().end());
    EXPECT_EQ(recording_.poison(), nullptr);
    EXPECT_EQ(say(recording_, "ask.poison"),
              "this recording holds no poison: open its program, and let it go on past missing values");
}

/// The checksums hold, but nobody wrote this: it is not shown, or is about what is there.
TEST_F(PoisonRecordingTest, WhatNobodyWroteDoesNoHarm) {
    run_sample("seed_b_noinit");
    const std::string good = program_.poison()->encoded();
    std::size_t refused = 0, tried = 0;
    for (std::size_t at = 0; at < good.size(); at += 1 + good.size() / 20)
        for (const char change : {'\x01', '\x7f', '\x80'}) {
            std::string bad = good;
            bad[at] = static_cast<char>(bad[at] ^ change);
            save_with(bad);
            ASSERT_TRUE(recording_.open(file_).empty());
            say(recording_, "go.end");
            EXPECT_FALSE(say(recording_, "ask.poison").empty());
            say(recording_, "print.variables");
            ++tried;
            refused += recording_.poison()->is_complete() ? 0 : 1;
        }
    EXPECT_GT(tried, 40U);
    EXPECT_GT(refused, tried / 4);
    save_with(good.substr(0, good.size() / 2));
    ASSERT_TRUE(recording_.open(file_).empty());
    EXPECT_FALSE(recording_.poison()->is_complete());
    EXPECT_TRUE(recording_.poison()->reads().empty());
}

} // namespace
} // namespace rnnscope::debug
