// What becomes of changes that are not saved, when something else is about to be opened or the window to be closed.

#include "ui/shell/shell.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

namespace rnnscope::ui {

namespace {

/// After these, what was open is gone.
constexpr std::array<std::string_view, 7> leaving = {"file.open", "file.reload",  "recording.open", "ui.sample",
                                                     "ui.twin",   "lesson.start", "ui.quit"};
/// Those who can answer: a lesson, a script or the command line cannot.
constexpr std::array<std::string_view, 12> people = {"key",     "menu",    "palette",      "palette-argument",
                                                     "recent",  "welcome", "file browser", "drop",
                                                     "toolbar", "window",  "panel:lesson", "panel:problems"};

template <std::size_t n> bool is_one_of(const std::array<std::string_view, n>& all, std::string_view word) {
    return std::ranges::find(all, word) != all.end();
}

} // namespace

/// Holds the command back and asks in the palette; the answer comes as "ui.changes".
bool Shell::asks_about_changes(const debug::Command& command) {
    if (!is_one_of(leaving, command.id) || !is_one_of(people, command.origin)) return false;
    if (!debugger_.is_open() || !debugger_.modified()) return false;
    const bool is_builtin = !opened_sample_.empty();
    // The twin of a built-in sample is what its changes were meant to arrive at.
    if (is_builtin && command.id == "ui.twin") return false;
    const bool comes_again = command.argument.empty() && command.id != "ui.quit" && command.id != "file.reload" &&
                             command.id != "ui.twin"; // its argument is asked for first
    if (comes_again) return false;
    waiting_ = command;
    Question question;
    question.command = "ui.changes";
    question.title = "Keep the changes to " + std::filesystem::path(debugger_.file()).filename().string() + "?";
    question.what = "save, discard or cancel";
    question.closed = true;
    question.proposals = {
        {"save", is_builtin ? "asks for a file: the sample itself stays" : "writes " + debugger_.file()},
        {"discard", "the changes are lost"},
        {"cancel", "everything stays as it is"}};
    palette_.ask(std::move(question));
    return true;
}

Result<std::string> Shell::settle_changes(std::string_view answer) {
    if (answer != "save" && answer != "discard" && answer != "cancel")
        return Error{"command.argument", "The answer is save, discard or cancel."};
    const std::optional<debug::Command> held_back = std::exchange(waiting_, std::nullopt);
    if (!held_back || answer == "cancel") return std::string();
    if (answer == "save" && !opened_sample_.empty()) {
        ask("file.save-as");
        after_save_ = held_back;
        return std::string();
    }
    if (answer == "save")
        if (const Status saved = execute({"file.save", "", "changes"}); !saved) return saved.error();
    if (const Status done = execute({held_back->id, held_back->argument, "changes"}); !done) return done.error();
    return std::string();
}

} // namespace rnnscope::ui
