#include "core/debug/command.hpp"
#include "tests/ui/harness.hpp"
#include "ui/shell/samples.hpp"
#include "ui/shell/ui_commands.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <unistd.h>

using namespace rnnscope;
using namespace rnnscope::ui;

TEST(Shell, TheWelcomeScreenNamesItsSamples) {
    Harness h;
    h.settle();
    ImVec2 at;
    EXPECT_TRUE(h.find_text("rnnscope", at));
    EXPECT_TRUE(h.find_text("Start with a failure", at));
    EXPECT_TRUE(h.find_text("Init built too early", at));
}

TEST(Shell, FromTheSampleToTheFixByClicks) {
    Harness h;
    h.settle();
    ASSERT_TRUE(h.click_text("Init built too early"));
    ASSERT_TRUE(h.debugger().is_open());
    EXPECT_EQ(h.debugger().program().file, "seed_a_init_early.json");

    h.press(compat::function_key(5)); // continue
    ASSERT_TRUE(h.debugger().error_at_position());
    const auto& error = *h.debugger().error_at_position();
    EXPECT_EQ(error.error_class, "FailedPreconditionError");
    EXPECT_EQ(error.op, "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel/read");
    EXPECT_EQ(h.debugger().selection().kind, debug::Selection::Kind::node) << "the failing op is selected by itself";
    EXPECT_EQ(h.debugger().selection().node, error.node);

    ASSERT_TRUE(h.click_text("Apply and rerun"));
    EXPECT_FALSE(h.debugger().error_at_position());
    EXPECT_TRUE(h.debugger().at_end());
    EXPECT_TRUE(h.debugger().modified());
    ImVec2 at;
    EXPECT_TRUE(h.find_text("No problem: every run of the program succeeded.", at));

    h.press(compat::letter_key('Z'), true); // the fix can be taken back
    EXPECT_FALSE(h.debugger().modified());
}

TEST(Shell, TheFixedTwinIsOneClickAway) {
    Harness h;
    h.settle();
    ASSERT_TRUE(h.click_text("fixed twin"));
    EXPECT_EQ(h.debugger().program().file, "seed_a_ok.json");
}

TEST(Shell, ThePaletteRunsACommandByALettersOfItsName) {
    Harness h;
    ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
    h.settle();
    h.press(compat::letter_key('P'), true);
    for (const char c : std::string("switch th")) {
        ImGui::GetIO().AddInputCharacter(static_cast<unsigned>(c));
        h.frame();
    }
    h.press(compat::key_enter);
    EXPECT_EQ(h.shell().settings().theme, "light");
}

/// A folder with one file in it, gone afterwards.
class SaveAsTest : public testing::Test {
  protected:
    SaveAsTest() : folder_(std::filesystem::temp_directory_path() / ("rnnscope_save_as_" + std::to_string(getpid()))) {
        std::filesystem::create_directory(folder_);
        std::ofstream(taken()) << "mine";
        EXPECT_TRUE(h_.shell().open_sample("seed_a_ok.json"));
        h_.settle();
    }
    ~SaveAsTest() override { std::filesystem::remove_all(folder_); }

    std::string taken() const { return (folder_ / "taken.json").string(); }
    static std::string text_of(const std::string& file) {
        std::ifstream stream(file);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    void save_as(const std::string& file) {
        (void)h_.shell().execute({"file.save-as", "", "menu"});
        h_.settle();
        h_.type(file);
        h_.press(compat::key_enter);
    }

    Harness h_;
    std::filesystem::path folder_;
};

TEST_F(SaveAsTest, AFileThatExistsIsAskedForAgain) {
    save_as(taken());
    EXPECT_EQ(text_of(taken()), "mine");
    EXPECT_TRUE(h_.shows("taken.json exists. Replace it?"));
    h_.press(compat::key_enter); // the first proposal keeps both
    EXPECT_EQ(text_of(taken()), "mine");
    EXPECT_NE(text_of((folder_ / "taken-2.json").string()).find("rnnscope/1"), std::string::npos);
}

TEST_F(SaveAsTest, ItIsReplacedWhereThatIsTheAnswer) {
    save_as(taken());
    h_.press(compat::key_down);
    h_.press(compat::key_enter);
    EXPECT_NE(text_of(taken()).find("rnnscope/1"), std::string::npos);
    save_as(taken()); // it is the program's own file now
    EXPECT_FALSE(h_.shows("taken.json exists. Replace it?"));
}

TEST_F(SaveAsTest, EscapeIsNoAnswer) {
    save_as(taken());
    h_.press(compat::key_escape);
    save_as(taken());
    EXPECT_EQ(text_of(taken()), "mine");
    EXPECT_TRUE(h_.shows("taken.json exists. Replace it?"));
}

TEST_F(SaveAsTest, ASampleHasNoFileUntilItIsSaved) {
    h_.press(compat::letter_key('S'), true);
    EXPECT_FALSE(std::filesystem::exists("seed_a_ok.json"));
    h_.type((folder_ / "own.json").string());
    h_.press(compat::key_enter);
    EXPECT_EQ(h_.debugger().file(), (folder_ / "own.json").string());
    h_.press(compat::function_key(5));
    (void)h_.shell().execute({"session.init", "", "test"}); // a change
    h_.settle();
    ASSERT_TRUE(h_.debugger().modified());
    h_.press(compat::letter_key('Q'), true);
    EXPECT_TRUE(h_.shows("Keep the changes to own.json?")) << "it is a file of the user's";
}

TEST_F(SaveAsTest, ARecordingIsNotWrittenOverTheProgram) {
    save_as((folder_ / "own.json").string());
    const std::string program = text_of((folder_ / "own.json").string());
    (void)h_.shell().execute({"recording.save", "", "menu"});
    h_.settle();
    h_.type((folder_ / "own.json").string());
    h_.press(compat::key_enter);
    EXPECT_EQ(text_of((folder_ / "own.json").string()), program);
}

TEST_F(SaveAsTest, AnotherNameThatExistsIsAskedForToo) {
    const std::string other = (folder_ / "other.json").string();
    std::ofstream(other) << "mine too";
    save_as(taken());
    h_.type(other);
    h_.press(compat::key_enter);
    EXPECT_EQ(text_of(other), "mine too");
    EXPECT_TRUE(h_.shows("other.json exists. Replace it?"));
}

/// A copy of a sample in the folder, changed by its fix and not saved.
class UnsavedTest : public SaveAsTest {
  protected:
    UnsavedTest() {
        std::filesystem::copy_file(std::string(RNNSCOPE_SOURCE_DIR) + "/samples/programs/seed_a_noinit.json", mine());
        EXPECT_TRUE(h_.shell().open_path(mine()));
        h_.press(compat::function_key(5));
        h_.press(compat::key_enter, true);
        EXPECT_TRUE(h_.debugger().modified());
    }
    std::string mine() const { return (folder_ / "mine.json").string(); }
    void answer(const std::string& letters) {
        EXPECT_TRUE(h_.shows("Keep the changes to mine.json?"));
        h_.type(letters);
        h_.press(compat::key_enter);
    }
    const std::string before_ = text_of(std::string(RNNSCOPE_SOURCE_DIR) + "/samples/programs/seed_a_noinit.json");
};

TEST_F(UnsavedTest, QuittingAsksAndSaves) {
    h_.press(compat::letter_key('Q'), true);
    EXPECT_FALSE(h_.shell().wants_quit());
    answer("sa");
    EXPECT_TRUE(h_.shell().wants_quit());
    EXPECT_NE(text_of(mine()), before_);
}

TEST_F(UnsavedTest, AnotherProgramComesOnlyAfterTheAnswer) {
    (void)h_.shell().execute({"ui.sample", "seed_a_ok.json", "welcome"});
    h_.settle();
    EXPECT_EQ(h_.debugger().file(), mine());
    answer("ca");
    EXPECT_EQ(h_.debugger().file(), mine()) << "cancelled";
    EXPECT_TRUE(h_.debugger().modified());
    (void)h_.shell().execute({"ui.sample", "seed_a_ok.json", "welcome"});
    h_.settle();
    answer("di");
    EXPECT_EQ(h_.debugger().program().file, "seed_a_ok.json");
    EXPECT_EQ(text_of(mine()), before_);
}

TEST_F(UnsavedTest, OfASampleGoOnOnceItIsSaved) {
    (void)h_.shell().open_sample("seed_a_noinit.json");
    h_.press(compat::function_key(5));
    h_.press(compat::key_enter, true);
    ASSERT_TRUE(h_.debugger().modified());
    h_.press(compat::letter_key('Q'), true);
    h_.type("sa");
    h_.press(compat::key_enter);
    EXPECT_FALSE(h_.shell().wants_quit());
    h_.type((folder_ / "kept.json").string());
    h_.press(compat::key_enter);
    EXPECT_TRUE(std::filesystem::exists(folder_ / "kept.json"));
    EXPECT_TRUE(h_.shell().wants_quit());
}

TEST_F(UnsavedTest, EscapeForgetsWhatWaited) {
    h_.press(compat::letter_key('Q'), true);
    h_.press(compat::key_escape);
    EXPECT_FALSE(h_.shell().execute({"ui.changes", "discard", "test"}).ok());
    EXPECT_FALSE(h_.shell().wants_quit());
}

TEST_F(UnsavedTest, WithoutChangesNobodyIsAsked) {
    (void)h_.shell().execute({"file.save", "", "key"});
    h_.press(compat::letter_key('Q'), true);
    EXPECT_TRUE(h_.shell().wants_quit());
}

TEST(Shell, AFailureUncoversItsProblem) {
    Harness h;
    ASSERT_TRUE(h.shell().open_sample("seed_a_noinit.json"));
    h.shell().show_panel("answers");
    h.settle();
    EXPECT_FALSE(h.shows("Apply and rerun"));
    h.press(compat::function_key(5));
    EXPECT_TRUE(h.shows("Apply and rerun"));
}

TEST(Shell, EscapeAndTheNextProgramTakeNoticesAway) {
    Harness h;
    ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
    EXPECT_FALSE(h.shell().open_path("no/such/file.json"));
    h.settle();
    EXPECT_TRUE(h.shows("cannot read the file"));
    h.press(compat::key_escape);
    EXPECT_FALSE(h.shows("cannot read the file"));
    EXPECT_FALSE(h.shell().open_path("no/such/file.json"));
    ASSERT_TRUE(h.shell().open_sample("seed_a_noinit.json"));
    h.settle();
    EXPECT_FALSE(h.shows("cannot read the file"));
}

TEST(Shell, DrawingAloneAsksForNothing) {
    Harness h;
    ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
    for (int i = 0; i < 5; ++i) h.frame();
    EXPECT_EQ(h.debugger().position().ticks, 0u);
    EXPECT_FALSE(h.shell().work(std::chrono::microseconds(1)));
}

TEST(Shell, EverySizeAndScaleCanBeDrawn) {
    for (const auto& [width, height] :
         {std::pair{1600.0f, 1000.0f}, {1024.0f, 640.0f}, {640.0f, 400.0f}, {3840.0f, 2160.0f}})
        for (const int percent : {80, 100, 200}) {
            Harness h(width, height);
            h.shell().settings().font_percent = percent;
            h.settle();
            ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
            h.press(compat::function_key(5));
            EXPECT_TRUE(h.debugger().error_at_position()) << width << " x " << height << " at " << percent;
        }
}

TEST(Commands, BothTablesTogetherHaveUniqueIdsAndKeysThatExist) {
    std::set<std::string_view> ids, keys;
    for (const CommandInfo& command : every_command()) {
        EXPECT_TRUE(ids.insert(command.id).second) << command.id;
        EXPECT_TRUE(command.summary.ends_with('.')) << command.id;
        EXPECT_FALSE(command.title.ends_with('.')) << command.id;
        EXPECT_EQ(command.title.ends_with("…"), !command.argument.empty()) << command.id;
        if (command.key.empty()) continue;
        EXPECT_TRUE(keys.insert(command.key).second) << command.id << " shares " << command.key;
        EXPECT_TRUE(parse_shortcut(command.key)) << command.id << ": " << command.key;
    }
    std::set<std::string_view> menus(menu_names().begin(), menu_names().end());
    for (const CommandInfo& command : every_command())
        EXPECT_TRUE(command.menu.empty() || menus.contains(command.menu))
            << command.id << " is in no menu of the title bar";
}

TEST(Commands, PanelsAskOnlyForCommandsThatExist) {
    const std::regex push("push\\(\"([a-z.-]+)\"");
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(RNNSCOPE_SOURCE_DIR) + "/ui")) {
        if (entry.path().extension() != ".cpp") continue;
        std::ifstream file(entry.path());
        std::stringstream text;
        text << file.rdbuf();
        const std::string source = text.str();
        for (std::sregex_iterator it(source.begin(), source.end(), push), end; it != end; ++it, ++found) {
            const std::string id = (*it)[1];
            EXPECT_TRUE(debug::find_command(id) || find_ui_command(id)) << entry.path() << ": " << id;
        }
    }
    EXPECT_GT(found, 20u);
}

TEST(Style, NoColourIsWrittenInPanels) {
    const std::regex colour("IM_COL32|0x[0-9A-Fa-f]{8}|ImVec4\\((0|1)?\\.[0-9]|ImColor");
    for (const char* folder : {"/ui/panels", "/ui/shell", "/ui/widgets"})
        for (const auto& entry :
             std::filesystem::recursive_directory_iterator(std::string(RNNSCOPE_SOURCE_DIR) + folder)) {
            std::ifstream file(entry.path());
            std::string line;
            for (int number = 1; std::getline(file, line); ++number)
                EXPECT_FALSE(std::regex_search(line, colour)) << entry.path() << ":" << number << ": " << line;
        }
}

TEST(Samples, EveryOneIsEmbeddedAndEveryTwinExists) {
    std::size_t files = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(RNNSCOPE_SOURCE_DIR) + "/samples/programs"))
        files += entry.path().extension() == ".json";
    EXPECT_EQ(all_samples().size(), files);
    for (const Sample& sample : all_samples())
        EXPECT_TRUE(sample.fixed_twin.empty() || find_sample(sample.fixed_twin)) << sample.file;
    for (const Featured& featured : featured_samples()) EXPECT_TRUE(find_sample(featured.file)) << featured.file;
}

TEST(Settings, AreReadBackAsTheyWereWritten) {
    Settings settings;
    settings.theme = "light";
    settings.font_percent = 150;
    settings.workspace = "graph";
    settings.docks["graph"] = all_workspaces()[1].dock();
    bring_to_front(settings.docks["graph"], "source");
    settings.remember("/tmp/a.json");
    settings.remember("/tmp/b.json");
    settings.remember("/tmp/a.json");
    ASSERT_EQ(settings.recent.size(), 2u);
    EXPECT_EQ(settings.recent[0].path, "/tmp/a.json");
    EXPECT_EQ(read_settings(write_settings(settings)), settings);
}

TEST(Settings, BehindALinkAreSavedToItsFile) {
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("rnnscope_settings_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder / "dotfiles");
    std::filesystem::create_symlink("dotfiles/settings.json", folder / "settings.json");
    Settings settings;
    settings.font_percent = 150;
    EXPECT_TRUE(save_settings(settings, folder / "settings.json"));
    EXPECT_TRUE(std::filesystem::is_symlink(folder / "settings.json"));
    EXPECT_EQ(load_settings(folder / "dotfiles" / "settings.json"), settings);
    std::filesystem::remove_all(folder);
}

TEST(Settings, ABrokenFileGivesTheDefaults) {
    EXPECT_EQ(read_settings("{"), Settings{});
    EXPECT_EQ(read_settings("{\"font_percent\": 9000, \"theme\": 3}").font_percent, 200);
}

TEST(Settings, TheWindowsSettingsAreCommands) {
    Harness h;
    h.settle();
    ASSERT_TRUE(h.shell().execute({"ui.settings", "", "test"}));
    h.settle();
    const Harness::Region right{{1200, 40}, {1600, 400}};
    ImVec2 at;
    ASSERT_TRUE(h.find_text("Settings", at, right)) << "below its button";
    ASSERT_TRUE(h.click_text("Light", right));
    EXPECT_EQ(h.shell().settings().theme, "light");
    ASSERT_TRUE(h.click_text("Larger", right));
    ASSERT_TRUE(h.click_text("110 %", right)) << "and it stays open";
    EXPECT_EQ(h.shell().settings().font_percent, 100);
    ASSERT_TRUE(h.click_text("Reduce motion", right)) << "the whole row is the switch";
    EXPECT_TRUE(h.shell().settings().reduce_motion);
    ASSERT_TRUE(h.click_text("Fold equal steps", right));
    EXPECT_TRUE(h.shell().settings().fold_series) << "there is no graph yet";
    h.press(compat::key_escape);
    EXPECT_FALSE(h.find_text("Reduce motion", at, right));
}

TEST(Shell, ACheckpointIsOpenedAndReloadedWithItsValues) {
    const std::string file = RNNSCOPE_SHARED_DIR "/data/tf1/gru-process-model/GRU.ckpt.index";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not there";
    Harness h;
    ASSERT_TRUE(h.shell().open_path(file));
    for (const char* command : {"", "file.reload"}) {
        if (*command != 0) {
            ASSERT_TRUE(h.shell().execute({command, "", "test"}));
        }
        EXPECT_EQ(h.shell().message(), "opened " + file) << command;
        h.settle();
        EXPECT_TRUE(h.shows("restored")) << command;
        EXPECT_TRUE(h.shows("0 uninitialized")) << command;
    }
}

TEST(Shell, KeysOfAMenuEndBelowEachOther) {
    Harness h;
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
    h.settle();
    ASSERT_TRUE(h.click_text("Run", {{0, 0}, {500, 40}}));
    float end = 0, begin = 0;
    for (const char* key : {"Shift+F5", "F10", "Ctrl+F8"}) {
        ImVec2 at;
        ASSERT_TRUE(h.find_text(key, at, {{0, 40}, {800, 960}})) << key;
        float right = 0, left = 1e6f;
        for (const Harness::Glyph& glyph : h.glyphs({{at.x - 40, at.y - 6}, {at.x + 60, at.y + 6}})) {
            right = std::max(right, glyph.b.x);
            left = std::min(left, glyph.a.x);
        }
        if (end > 0) {
            EXPECT_NEAR(right, end, 1.5f) << key;
            EXPECT_GT(std::abs(left - begin), 3) << key << " is as long as the one before: that says nothing";
        }
        end = right;
        begin = left;
    }
}

TEST(Keys, AreReadAsTheTablesWriteThem) {
    EXPECT_EQ(parse_shortcut("Ctrl+Shift+F5")->key, compat::function_key(5));
    EXPECT_TRUE(parse_shortcut("Ctrl+Shift+F5")->shift);
    EXPECT_EQ(parse_shortcut("Ctrl+P")->key, compat::letter_key('P'));
    EXPECT_FALSE(parse_shortcut("Hyper+X"));
    EXPECT_FALSE(parse_shortcut("F13"));
    EXPECT_FALSE(parse_shortcut(""));
}

TEST(Shell, ABookmarkIsARibbonToClick) {
    Harness h;
    ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
    h.press(compat::function_key(5));
    ASSERT_TRUE(h.shell().execute({"go.time", "2 3", "key"}));
    h.settle();
    h.press(compat::function_key(2), true);
    ASSERT_EQ(h.debugger().bookmarks().size(), 1u);
    const record::Position here = h.debugger().position();
    ASSERT_TRUE(h.shell().execute({"go.end", "", "key"}));
    h.settle();
    ASSERT_NE(h.debugger().position(), here);
    h.press(compat::function_key(2));
    EXPECT_EQ(h.debugger().position(), here);
}

TEST(Shell, WhereOnlyProposalsArePossibleAFewLettersChooseOne) {
    Harness h;
    h.settle();
    h.shell().ask("ui.sample");
    h.settle();
    h.type("qqq zz");
    h.press(compat::key_enter);
    EXPECT_FALSE(h.debugger().is_open()) << "nothing matches: nothing happens";
    h.shell().ask("ui.sample");
    h.settle();
    h.type("seed_a_o");
    h.press(compat::key_enter);
    ASSERT_TRUE(h.debugger().is_open());
    EXPECT_EQ(h.debugger().program().file, "seed_a_ok.json");
    h.shell().ask("lesson.start");
    h.settle();
    h.type("step by step");
    h.press(compat::key_enter);
    ASSERT_TRUE(h.shell().lesson().lesson());
    EXPECT_EQ(h.shell().lesson().lesson()->file, "inside_the_loop.json") << "by its title";
}
