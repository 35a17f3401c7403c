#include "core/debug/session_choices.hpp"
#include "core/view/first_steps.hpp"
#include "ui/shell/samples.hpp"
#include "ui/shell/shell.hpp"
#include "ui/shell/ui_commands.hpp"

#include <filesystem>
#include <utility>

namespace rnnscope::ui {

namespace {

void add_proposals(Question& question, const std::vector<debug::Proposal>& proposals) {
    for (const debug::Proposal& proposal : proposals) question.proposals.push_back({proposal.text, proposal.about});
}

/// The tensor to be fed: the one that was named, else the selected one.
Output tensor_to_feed(const debug::Debugger& debugger, std::string_view named) {
    if (debugger.graph() == nullptr) return {};
    if (const auto found = debugger.graph()->find_tensor(named); !named.empty() && found) return *found;
    const Output selected = debug::selected_tensor(debugger, debugger.selection());
    return selected.valid() && !debug::cannot_feed(debugger, selected) ? selected : Output{};
}

/// The file that a command writes, as its argument names it; empty where it writes none.
std::string_view written_file(const debug::Command& command) {
    if (command.id == "file.save-as" || command.id == "recording.save" || command.id == "plot.export")
        return command.argument;
    if (command.id == "value.export") return std::string_view(command.argument).substr(0, command.argument.find(' '));
    return {};
}

bool is_same_file(const std::filesystem::path& one, const std::filesystem::path& other) {
    std::error_code unknown;
    return std::filesystem::equivalent(one, other, unknown);
}

/// "gru.json" becomes "gru-2.json", or the first number that is free.
std::string free_name_beside(const std::filesystem::path& file) {
    for (int number = 2;; ++number) {
        std::filesystem::path other = file;
        other.replace_filename(file.stem().string() + "-" + std::to_string(number) + file.extension().string());
        if (std::error_code unknown; !std::filesystem::exists(other, unknown)) return other.string();
    }
}

} // namespace

/// Nobody loses a file by a name that was typed: what would be written over is asked for again. A program may be saved
/// as itself; a built-in sample has no file, whatever stands under its name.
bool Shell::asks_before_replacing(const debug::Command& command) {
    if (command.origin != "palette-argument") return false; // programs and scripts know what they write
    const bool was_asked = std::exchange(to_replace_, {}) == command.argument;
    const std::filesystem::path file = written_file(command);
    std::error_code unknown;
    if (was_asked || file.empty() || !std::filesystem::exists(file, unknown)) return false;
    if (command.id == "file.save-as" && opened_sample_.empty() && is_same_file(file, debugger_.file())) return false;
    to_replace_ = command.argument;
    const std::string rest = command.argument.substr(written_file(command).size());
    Question question;
    question.command = command.id;
    question.title = file.filename().string() + " exists. Replace it?";
    question.what = "the file, or another name for it";
    question.proposals.push_back({free_name_beside(file) + rest, "keeps both"});
    question.proposals.push_back({command.argument, "replaces what is there"});
    palette_.ask(std::move(question));
    return true;
}

/// The first step that is offered for a graph is one that succeeds: what it needs is asked for before it begins, and is
/// one edit with it. Who names a run otherwise wants just that run.
bool Shell::asks_for_feeds(const debug::Command& command) {
    if (command.id == "session.run" && command.origin == "panel:problems" && debugger_.graph() != nullptr) {
        FedRun run{command.argument, {}, {}};
        for (const Output& tensor : view::missing_feeds(debugger_, command.argument))
            run.left.push_back(debugger_.graph()->tensor_name(tensor));
        if (run.left.empty()) return false;
        fed_run_ = std::move(run);
    } else if (command.id == "session.feed" && command.origin == "palette-argument" && fed_run_) {
        fed_run_->given.push_back(command.argument);
        fed_run_->left.erase(fed_run_->left.begin());
    } else {
        return false;
    }
    if (!fed_run_->left.empty()) {
        const std::string next = fed_run_->left.front();
        ask("session.feed", next);
        return true;
    }
    debug::Command run{"session.run", fed_run_->names, "feeds"};
    for (const std::string& feed : fed_run_->given) run.argument += " " + feed;
    later_.push_back(std::move(run));
    fed_run_.reset();
    return true;
}

/// An argument that is still to be given: always when a person calls the command by its name, and where a panel names
/// only what is to be fed.
bool Shell::wants_answer(const debug::Command& command) const {
    if (command.origin == "terminal" || command.origin == "palette-argument") return false;
    if (command.id == "session.feed") return command.argument.find('=') == std::string::npos;
    const debug::CommandDef* def = debug::find_command(command.id);
    if (!def || def->argument.empty() || !command.argument.empty()) return false;
    const bool by_hand = command.origin == "menu" || command.origin == "key" || command.origin == "palette" ||
                         command.origin.starts_with("panel:");
    return by_hand;
}

void Shell::ask_file() {
    const std::string& file = debugger_.file();
    const std::string folder = std::filesystem::path(file).parent_path().string();
    browser_.open(folder.empty() ? settings_.last_directory : folder);
}

void Shell::ask(std::string_view command, std::string_view about) {
    Question question;
    for (const CommandInfo& row : every_command()) {
        if (row.id != command) continue;
        question.command = row.id;
        question.title = row.title;
        question.what = row.argument;
    }
    if (question.title.ends_with("…")) question.title.resize(question.title.size() - std::string_view("…").size());
    question.names = question.what.find("name") != std::string::npos || question.what.find("path") != std::string::npos;
    if (command == "session.feed") {
        if (const Output tensor = tensor_to_feed(debugger_, about); tensor.valid()) {
            const debug::FeedProposals feed = debug::feed_proposals(debugger_, tensor);
            question.title = "Feed " + feed.tensor + (fed_run_ ? ", then run to " + fed_run_->names : "");
            question.detail = view::type_text(debugger_.graph()->info(tensor)) +
                              (feed.is_guess ? ", probably " + view::shape_text(feed.shape) : "");
            question.what = "a JSON literal, @file.npy, @file.csv, or a formula such as sin(2,5,10)";
            question.prefix = feed.tensor + "=";
            add_proposals(question, feed.values);
        }
    } else if (command == "session.restore") {
        add_proposals(question, debug::checkpoint_proposals(debugger_));
    } else if (command == "session.init") {
        question.proposals.push_back({"all", "of every variable"});
    } else if (command == "value.export") {
        const std::string title = view::build_context_menu(debugger_).title; // of what is selected
        const std::string name(view::last_segments(title, 1));
        if (!name.empty())
            question.proposals = {
                {name + ".npy", "for numpy"}, {name + ".csv", "as text"}, {name + ".png", "as a map"}};
    } else if (command == "file.save-as") {
        question.proposals.push_back({debugger_.file(), "beside the files that it names"});
    } else if (command == "panel.show") {
        for (const PanelDef& panel : all_panels())
            question.proposals.push_back({std::string(panel.name), std::string(panel.title)});
    } else if (command == "graph.color") {
        for (const view::ColorBy by : view::all_color_by())
            question.proposals.push_back({std::string(view::name_of(by)), std::string(view::describe(by))});
    } else if (command == "lesson.start") {
        for (const Lesson& lesson : all_lessons()) question.proposals.push_back({lesson.file, lesson.title});
    } else if (command == "ui.sample") {
        for (const Sample& sample : all_samples()) question.proposals.push_back({sample.file, sample.title});
    } else if (command == "help.explain") {
        for (const debug::CauseDef& cause : debug::all_causes())
            question.proposals.push_back({std::string(cause.code), std::string(cause.title)});
    }
    for (const std::string_view closed : {"panel.show", "graph.color", "lesson.start", "ui.sample", "help.explain"})
        question.closed |= command == closed;
    palette_.ask(std::move(question));
}

} // namespace rnnscope::ui
