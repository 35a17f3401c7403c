#include "core/debug/session_choices.hpp"
#include "ui/shell/samples.hpp"
#include "ui/shell/shell.hpp"
#include "ui/shell/ui_commands.hpp"

#include <filesystem>

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

} // namespace

/// An argument that is still to be given: always when a person calls the command by its name, and where a panel names
/// only what is to be fed.
bool Shell::wants_answer(const debug::Command& command) const {
    if (command.origin == "terminal" || command.origin == "palette-argument") return false;
    if (command.id == "session.feed") return command.argument.find('=') == std::string::npos;
    const debug::CommandDef* def = debug::find_command(command.id);
    if (!def || def->argument.empty() || !command.argument.empty()) return false;
    const bool by_hand = command.origin == "menu" || command.origin == "key" || command.origin == "palette" ||
                         command.origin == "panel:problems";
    return by_hand;
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
            question.title = "Feed " + feed.tensor;
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
    } else if (command == "file.save-as") {
        question.proposals.push_back({debugger_.file(), "beside the files that it names"});
    } else if (command == "panel.show") {
        for (const PanelDef& panel : all_panels())
            question.proposals.push_back({std::string(panel.name), std::string(panel.title)});
    } else if (command == "lesson.start") {
        for (const Lesson& lesson : all_lessons()) question.proposals.push_back({lesson.file, lesson.title});
    } else if (command == "ui.sample") {
        for (const Sample& sample : all_samples()) question.proposals.push_back({sample.file, sample.title});
    } else if (command == "help.explain") {
        for (const debug::CauseDef& cause : debug::all_causes())
            question.proposals.push_back({std::string(cause.code), std::string(cause.title)});
    }
    for (const std::string_view closed : {"panel.show", "lesson.start", "ui.sample", "help.explain"})
        question.closed |= command == closed;
    palette_.ask(std::move(question));
}

} // namespace rnnscope::ui
