#include "test_names.hpp"

#include "core/program/json_format.hpp"

#include <cstdlib>
#include <fmt/format.h>

namespace rnnscope::program {
namespace {

std::vector<std::filesystem::path> samples() {
    std::vector<std::filesystem::path> files = json_files("programs");
    for (auto& file : json_files("graphs")) files.push_back(std::move(file));
    return files;
}

TEST(Samples, ReadWithoutMistakesAndSayWhatTheyAre) {
    ASSERT_GE(samples().size(), 50u);
    for (const auto& path : samples()) {
        Diagnostics mistakes;
        const auto program =
            read_program(read_text_file(path), tensorflow_names(), path.filename(), path.parent_path(), mistakes);
        ASSERT_TRUE(program) << to_text(mistakes);
        EXPECT_FALSE(program->title.empty()) << path;
        EXPECT_FALSE(program->description.empty()) << path;
        EXPECT_FALSE(program->tags.empty()) << path;
        if (!program->fixed_twin.empty()) {
            EXPECT_TRUE(std::filesystem::exists(path.parent_path() / program->fixed_twin)) << path;
        }
    }
}

TEST(Samples, FailuresHaveAHealthyTwin) {
    for (const auto& path : json_files("programs")) {
        Diagnostics mistakes;
        const auto program =
            read_program(read_text_file(path), tensorflow_names(), path.filename(), path.parent_path(), mistakes);
        ASSERT_TRUE(program) << to_text(mistakes);
        const bool healthy = std::find(program->tags.begin(), program->tags.end(), "healthy") != program->tags.end();
        EXPECT_EQ(program->fixed_twin.empty(), healthy) << path;
    }
}

TEST(Samples, HaveTheOneLayout) {
    for (const auto& path : samples()) {
        const std::string text = read_text_file(path), formatted = format_json(text);
        if (update_golden() && text != formatted)
            std::ofstream(path, std::ios::binary) << formatted;
        else
            EXPECT_EQ(text, formatted) << path;
        EXPECT_EQ(format_json(formatted), formatted) << path;
    }
}

TEST(Samples, ArePythonThatCompiles) {
    if (std::system("python3 -c pass") != 0) GTEST_SKIP() << "needs python3";
    const auto folder = std::filesystem::temp_directory_path() /
                        fmt::format("rnnscope_samples_{}", ::testing::UnitTest::GetInstance()->random_seed());
    std::filesystem::create_directories(folder);
    for (const auto& path : samples()) {
        Diagnostics mistakes;
        const auto program =
            read_program(read_text_file(path), tensorflow_names(), path.filename(), path.parent_path(), mistakes);
        ASSERT_TRUE(program) << to_text(mistakes);
        std::ofstream out(folder / (path.stem().string() + ".py"));
        for (const std::string& line : program->python.lines) {
            EXPECT_LE(line.size(), 79u) << path << ": " << line;
            out << line << '\n';
        }
    }
    EXPECT_EQ(std::system(fmt::format("python3 -m compileall -q -f '{}'", folder.string()).c_str()), 0);
    std::filesystem::remove_all(folder);
}

} // namespace
} // namespace rnnscope::program
