#pragma once

#include "core/debug/command.hpp"
#include "core/debug/debugger.hpp"

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

} // namespace rnnscope::view
