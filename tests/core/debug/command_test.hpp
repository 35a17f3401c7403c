#pragma once

#include "core/debug/command.hpp"

#include <filesystem>
#include <gtest/gtest.h>
#include <string>

namespace rnnscope::tests {

/// A program that was run to its end, and commands as the terminal gives them.
class CommandTest : public ::testing::Test {
  protected:
    /// A sample by its name.
    void open(const std::string& name) {
        const auto folder = std::filesystem::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs";
        expect_opened(debugger_.open((folder / (name + ".json")).string()));
    }
    void open_text(const std::string& text) { expect_opened(debugger_.open_text(text, "t.json", ".")); }
    /// What it prints, or the message of the error.
    std::string run(const std::string& id, const std::string& argument = "") {
        const Result<std::string> said = debug::execute(debugger_, {id, argument, "terminal"});
        debugger_.wait();
        return said ? *said : said.error().message;
    }

    debug::Debugger debugger_;

  private:
    void expect_opened(const Diagnostics& mistakes) {
        ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
        run("run.continue");
    }
};

} // namespace rnnscope::tests
