#pragma once

#include "core/debug/command.hpp"
#include "core/debug/debugger.hpp"

#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace rnnscope::view {

/// Views of a sample that ran to its end or to its failure.
class SampleTest : public testing::Test {
  protected:
    debug::Debugger debugger_;

    /// `sample`: with ".json".
    void open(const std::string& sample) {
        const std::string path = std::string(RNNSCOPE_SOURCE_DIR) + "/samples/programs/" + sample;
        ASSERT_TRUE(debugger_.open(path).empty()) << sample;
        ASSERT_TRUE(debug::execute(debugger_, {"run.continue", "", "test"}));
        debugger_.wait();
    }
};

/// But those that train for long.
inline std::set<std::filesystem::path> sample_programs() {
    std::set<std::filesystem::path> programs;
    for (const auto& entry : std::filesystem::directory_iterator(RNNSCOPE_SOURCE_DIR "/samples/programs"))
        if (!entry.path().filename().string().starts_with("train_")) programs.insert(entry.path());
    return programs;
}

} // namespace rnnscope::view
