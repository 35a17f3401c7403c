#include "tests/ui/harness.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace rnnscope;
using namespace rnnscope::ui;

namespace fs = std::filesystem;

/// Two folders with a program in one of them and something else beside it.
class OpenDialog : public testing::Test {
  protected:
    OpenDialog() : folder_(fs::temp_directory_path() / ("rnnscope_open_" + std::to_string(getpid()))) {
        fs::create_directories(folder_ / "samples" / "programs");
        fs::create_directories(folder_ / "other");
        const fs::path programs = folder_ / "samples" / "programs";
        fs::copy_file(std::string(RNNSCOPE_SOURCE_DIR) + "/samples/programs/seed_a_ok.json",
                      programs / "seed_a_ok.json");
        std::ofstream(programs / "notes.txt") << "words";
        h_.shell().settings().last_directory = folder_.string();
        h_.settle();
        h_.shell().ask_file();
        h_.settle();
    }
    ~OpenDialog() override { fs::remove_all(folder_); }

    Harness h_;
    fs::path folder_;
};

TEST_F(OpenDialog, APartialPathListsItsFolderAndEnterOpensTheMatch) {
    h_.type("samples/programs/seed_a");
    h_.settle();
    EXPECT_TRUE(h_.shows("seed_a_ok.json"));
    h_.press(compat::key_enter);
    ASSERT_TRUE(h_.debugger().is_open());
    EXPECT_TRUE(h_.debugger().program().file.ends_with("/samples/programs/seed_a_ok.json"));
}

TEST_F(OpenDialog, AWholePathIsOpened) {
    h_.type((folder_ / "samples" / "programs" / "seed_a_ok.json").string());
    h_.settle();
    EXPECT_TRUE(h_.shows("seed_a_ok.json"));
    h_.press(compat::key_enter);
    EXPECT_TRUE(h_.debugger().is_open());
}

TEST_F(OpenDialog, WhatDoesNotExistIsSaidAndStaysToBeCorrected) {
    h_.type("samples/programs/seed_x");
    h_.settle();
    EXPECT_TRUE(h_.shows("No match for"));
    h_.press(compat::key_enter);
    EXPECT_FALSE(h_.debugger().is_open());
    EXPECT_TRUE(h_.shows("No match for")) << "the dialog is still there";
}

TEST_F(OpenDialog, TabCompletesFolderByFolder) {
    h_.type("sam");
    h_.press(compat::key_tab);
    EXPECT_TRUE(h_.shows("samples/"));
    h_.type("pro");
    h_.press(compat::key_tab);
    EXPECT_TRUE(h_.shows("samples/programs/"));
    EXPECT_TRUE(h_.shows("seed_a_ok.json"));
}

TEST_F(OpenDialog, OnlyWhatCanBeOpenedIsListedUntilAllFilesAre) {
    h_.type("samples/programs/");
    h_.settle();
    EXPECT_TRUE(h_.shows("seed_a_ok.json"));
    EXPECT_FALSE(h_.shows("notes.txt"));
    ASSERT_TRUE(h_.click_text("All files"));
    EXPECT_TRUE(h_.shows("notes.txt"));
}

TEST_F(OpenDialog, ItBeginsBesideTheOpenFile) {
    ASSERT_TRUE(h_.shell().open_path((folder_ / "samples" / "programs" / "seed_a_ok.json").string()));
    h_.press(compat::key_escape);
    h_.shell().ask_file();
    h_.settle();
    EXPECT_TRUE(h_.shows("seed_a_ok.json"));
    h_.type("seed_a");
    h_.settle();
    EXPECT_FALSE(h_.shows("No match for"));
}
