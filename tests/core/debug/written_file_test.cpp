#include "core/debug/arrangement.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

#include <gtest/gtest.h>

namespace rnnscope::debug {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

class WrittenFile : public testing::Test {
  protected:
    void SetUp() override { fs::create_directories(folder_); }
    void TearDown() override { fs::remove_all(folder_); }

    const fs::path folder_ = fs::path(testing::TempDir()) / ("written_file_" + std::to_string(getpid()));
};

TEST_F(WrittenFile, TakesThePlaceOfTheOldOne) {
    const fs::path file = folder_ / "file";
    for (const char* text : {"a long first text", "second"}) {
        ASSERT_TRUE(write_file_atomically(file.string(), text));
        EXPECT_EQ(content_of(file), text);
    }
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1) << "nothing stays beside it";
}

TEST_F(WrittenFile, BehindALinkLeavesTheLink) {
    const fs::path file = folder_ / "file", link = folder_ / "link";
    std::ofstream(file) << "old";
    fs::create_symlink(file, link);
    ASSERT_TRUE(write_file_atomically(link.string(), "new"));
    EXPECT_TRUE(fs::is_symlink(link));
    EXPECT_EQ(content_of(file), "new");
}

TEST_F(WrittenFile, BehindALinkToNothingIsMadeThere) {
    const fs::path file = folder_ / "later", link = folder_ / "link";
    fs::create_symlink(file, link);
    ASSERT_TRUE(write_file_atomically(link.string(), "new"));
    EXPECT_TRUE(fs::is_symlink(link));
    EXPECT_EQ(content_of(file), "new");
}

TEST_F(WrittenFile, KeepsWhoMayReadIt) {
    const fs::path file = folder_ / "secret";
    std::ofstream(file) << "old";
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    ASSERT_TRUE(write_file_atomically(file.string(), "new"));
    EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(content_of(file), "new");
}

TEST_F(WrittenFile, IsNotPutInPlaceOfADevice) {
    const fs::path link = folder_ / "nothing";
    fs::create_symlink("/dev/null", link);
    ASSERT_TRUE(write_file_atomically(link.string(), "gone"));
    EXPECT_TRUE(fs::is_character_file(link));
}

TEST_F(WrittenFile, SaysWhereItCannotBe) {
    const Status refused = write_file_atomically((folder_ / "missing" / "file").string(), "x");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "file.write");
    EXPECT_FALSE(write_file_atomically(folder_.string(), "x")) << "a folder";
    EXPECT_TRUE(fs::is_empty(folder_));
}

} // namespace
} // namespace rnnscope::debug
