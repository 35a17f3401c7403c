#include "tests/ui/command_drives.hpp"
#include "ui/shell/ui_commands.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <unistd.h>

namespace rnnscope::ui {
namespace {

namespace fs = std::filesystem;

const Drive* drive_of(std::string_view id) {
    for (const std::span<const Drive> drives : {debugger_drives(), window_drives()}) {
        const auto found = std::ranges::find(drives, id, &Drive::id);
        if (found != drives.end()) return &*found;
    }
    return nullptr;
}

/// The commands of one menu, or of none.
class EveryCommand : public testing::TestWithParam<std::string_view> {
  protected:
    EveryCommand() : home_(fs::current_path()) {
        // Tests run side by side, each in a process of its own.
        folder_ = fs::temp_directory_path() / ("rnnscope_commands_" + std::to_string(::getpid()));
        fs::create_directories(folder_);
        fs::current_path(folder_);
    }
    ~EveryCommand() override {
        fs::current_path(home_);
        fs::remove_all(folder_);
    }
    std::string filled(std::string text) const {
        for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@', at))
            text.replace(at, 1, folder_.string());
        return text;
    }
    /// Leads to where the command is possible.
    void prepare(Harness& h, const std::string& commands) {
        for (std::size_t begin = 0; begin < commands.size();) {
            const std::size_t end = std::min(commands.find("; ", begin), commands.size());
            std::string text = filled(commands.substr(begin, end - begin));
            const bool by_hand = text.starts_with('!'), goes_on = text.starts_with('~');
            if (by_hand || goes_on) text.erase(0, 1);
            const Status done = h.shell().execute(parse_command(text, by_hand ? "key" : "test"));
            EXPECT_TRUE(done.ok()) << text << ": " << (done.ok() ? "" : done.error().message);
            if (!goes_on) h.settle();
            begin = end + 2;
        }
    }

    fs::path home_, folder_;
};

void call(Harness& h, const CommandInfo& command) {
    if (const auto key = parse_shortcut(command.key)) return h.press(key->key, key->ctrl, key->shift, key->alt);
    h.press(compat::letter_key('P'), true);
    std::string title(command.title);
    if (title.ends_with("…")) title.resize(title.size() - std::string_view("…").size());
    h.type(title);
    h.press(compat::key_enter);
}

TEST_P(EveryCommand, IsReachedByKeyOrPaletteAndDoesWhatItSays) {
    for (const CommandInfo& command : every_command()) {
        if (command.menu != GetParam()) continue;
        const std::string id(command.id);
        const Drive* drive = drive_of(id);
        ASSERT_TRUE(drive) << id << " is driven by no row of tests/ui/command_drives*.cpp";
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        fs::current_path(folder_);
        Harness h;
        h.settle();
        prepare(h, drive->before);
        const auto blocked = why_blocked(h.shell(), id);
        ASSERT_FALSE(blocked) << id << ": " << *blocked;
        std::set<std::string> done;
        h.shell().set_command_log([&](const debug::Command& each) { done.insert(each.id); });
        Before before{h.debugger().is_open() ? h.debugger().position() : record::Position{},
                      static_cast<float>(h.shell().settings().font_percent), h.debugger().answers().all().size(),
                      h.debugger().is_open() ? h.debugger().recording().runs().size() : 0, h.shell().theme()};
        call(h, command);
        if (!command.argument.empty()) {
            h.type(filled(drive->typed));
            h.press(compat::key_enter);
        }
        const std::string carried = id == "recording.open" ? "file.open" : id; // the dialog opens what it finds
        EXPECT_TRUE(done.contains(carried)) << id << " was not carried out: " << h.shell().message();
        EXPECT_TRUE(drive->has_come(h, before)) << id << " did not do what it says: " << h.shell().message();
    }
}

/// With nothing open, nothing that needs a program is done, and each command says why.
TEST(Commands, SayWhyTheyAreNotPossible) {
    Harness h;
    h.settle();
    std::size_t blocked = 0;
    for (const CommandInfo& command : every_command()) {
        const auto why = why_blocked(h.shell(), command.id);
        if (!why) continue;
        ++blocked;
        EXPECT_TRUE(why->ends_with('.')) << command.id << ": " << *why;
        (void)h.shell().execute({std::string(command.id), "", "key"});
        h.settle();
        EXPECT_NE(h.shell().message().find(*why), std::string::npos) << command.id << ": " << h.shell().message();
        EXPECT_FALSE(h.debugger().is_open()) << command.id;
    }
    EXPECT_GT(blocked, 100u);
}

TEST(Commands, AreDrivenOnce) {
    std::set<std::string_view> ids;
    for (const std::span<const Drive> drives : {debugger_drives(), window_drives()})
        for (const Drive& drive : drives) {
            EXPECT_TRUE(ids.insert(drive.id).second) << drive.id;
            EXPECT_TRUE(debug::find_command(drive.id) || find_ui_command(drive.id)) << drive.id << " does not exist";
        }
}

std::string name_of_menu(const testing::TestParamInfo<std::string_view>& menu) {
    return menu.param.empty() ? "OfNoMenu" : "Of" + std::string(menu.param);
}

INSTANTIATE_TEST_SUITE_P(Menu, EveryCommand,
                         testing::Values("File", "Edit", "View", "Run", "Go", "Graph", "Session", "Help", ""),
                         name_of_menu);

} // namespace
} // namespace rnnscope::ui
