#include "app/cli.hpp"

#include "app/report.hpp"
#include "core/debug/command.hpp"
#include "core/debug/pasted_error.hpp"
#include "core/debug/poison.hpp"
#include "core/debug/terminal_text.hpp"
#include "core/graph/graphdef.hpp"
#include "core/import/graph_file.hpp"
#include "core/import/graphdef_importer.hpp"
#include "core/runtime/restore.hpp"
#include "core/view/graph_scene.hpp"
#include "core/view/graph_text.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

namespace rnnscope::app {
namespace {

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}
void complain(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
}

/// Has the program round so; "" leaves it to the program. The exit status.
int round_as(debug::Debugger& debugger, const std::string& rounding) {
    const auto known = ops::rounding_from_name(rounding);
    if (!known || debugger.program().rounding == *known) return exit_ok; // the command line allows no others
    if (const Status status = debugger.set_rounding(*known); !status) {
        complain(fmt::format("rnnscope: {}\n", status.error().message));
        return exit_usage;
    }
    debugger.wait();
    debugger.go({});
    debugger.wait();
    return exit_ok;
}

/// Opens the file, or says why not; the exit status.
int open(debug::Debugger& debugger, const std::string& file, bool json, const program::GraphSession& session = {}) {
    if (session.any() && !is_graph_file(file)) {
        complain(
            "rnnscope: --fetch, --target, --feed, --restore and --init are for graph files; a program says what it "
            "runs\n");
        return exit_usage;
    }
    const Diagnostics problems = session.any() ? debugger.open_graph(file, session) : debugger.open(file);
    if (problems.empty()) {
        complain(to_text(debugger.damage()));
        while (!debugger.pump(std::chrono::seconds(1))) { // a graph is imported at once, and then commands can follow
        }
        return exit_ok;
    }
    if (json) print(diagnostics_json(problems));
    complain(to_text(problems));
    return problems[0].code.starts_with("usage.") ? exit_usage : exit_unreadable;
}

/// The library of a graph: what its nodes call, and what rnnscope shows but does not run.
std::string functions_text(const GraphFile& file) {
    if (file.functions.empty()) return {};
    std::size_t nodes = 0;
    for (const FunctionData& function : file.functions) nodes += function.nodes.size();
    std::string text =
        fmt::format("\nfunctions ({}, with {} nodes; they are shown, not run)\n", file.functions.size(), nodes);
    constexpr std::size_t most = 20;
    for (std::size_t i = 0; i < std::min(file.functions.size(), most); ++i) {
        const FunctionData& function = file.functions[i];
        text += fmt::format("  {}  {} inputs, {} outputs, {} nodes\n", function.name, function.inputs.size(),
                            function.outputs.size(), function.nodes.size());
    }
    if (file.functions.size() > most) text += fmt::format("  ... and {} more\n", file.functions.size() - most);
    return text;
}

/// A file's graph in the file's order, which import_graph_def would change; `functions` is for the summary.
bool read_graph(const std::string& file, Graph& graph, std::string& functions) {
    const LoadedGraph loaded = load_graph_file(file);
    const auto* content = std::get_if<std::shared_ptr<const GraphFile>>(&loaded);
    const Diagnostics problems = content == nullptr ? std::get<Diagnostics>(loaded) : import_graph(graph, **content);
    if (problems.empty()) {
        complain(to_text((*content)->notes));
        import_collections(graph, **content);
        functions = functions_text(**content);
        return true;
    }
    complain(to_text(problems));
    return false;
}

/// To the end of the program, past errors that it catches itself.
void run_to_end(debug::Debugger& debugger) {
    while (!debugger.at_end()) {
        debugger.run_on(true);
        debugger.wait();
    }
}

bool any_run_failed(const debug::Debugger& debugger) {
    for (const record::RecordedRun& run : debugger.recording().runs())
        if (run.outcome.error) return true;
    if (debugger.poison() != nullptr && !debugger.poison()->reads().empty()) return true; // TensorFlow's would have
    return debugger.evaluator().error().has_value();
}

/// What the checkpoint has for the graph's variables, and what of it has no variable; "" where it cannot be read (the
/// run that restores says why).
std::string checkpoint_text(const debug::Debugger& debugger, const std::string& prefix) {
    if (prefix.empty() || debugger.graph() == nullptr) return {};
    const auto checkpoint = Checkpoint::open(prefix);
    if (!checkpoint) return {};
    runtime::Session trial(*debugger.graph());
    const auto report = runtime::restore_session(trial, *checkpoint);
    return report ? fmt::format("checkpoint {}: {}\n", prefix, runtime::to_text(*report)) : std::string();
}

/// The command table as a terminal shows it, menu by menu.
std::string help_text() {
    std::string text, menu;
    for (const debug::CommandDef& command : debug::all_commands()) {
        if (menu != command.menu && !command.menu.empty()) {
            menu = command.menu;
            text += fmt::format("\n{}\n", menu);
        }
        const std::string usage =
            command.argument.empty() ? std::string(command.id) : fmt::format("{} <{}>", command.id, command.argument);
        text += fmt::format("  {:<34} {}\n", usage, command.summary);
    }
    return text + "\nThe part after the dot is enough where it is unique: continue for run.continue. quit leaves.\n";
}

/// The id that the word stands for: an id, or the part after its dot where only one command has it, or one of `file.`.
std::string full_id(std::string_view word) {
    if (debug::find_command(word) != nullptr) return std::string(word);
    std::string found;
    for (const debug::CommandDef& command : debug::all_commands()) {
        if (command.id.substr(command.id.find('.') + 1) != word || found.starts_with("file.")) continue;
        if (!found.empty()) return std::string(word);
        found = command.id;
    }
    return found.empty() ? std::string(word) : found;
}

/// The drawing of the window's graph, with as many scopes open as one page takes, and those around a failure that the
/// program ended with.
std::string graph_svg(const debug::Debugger& debugger, const Graph& graph) {
    view::SceneInput input;
    if (debugger.graph() != nullptr) {
        input = view::scene_input(debugger);
    } else {
        input.graph = &graph;
        input.nodes = graph.size();
    }
    view::GraphView drawing;
    drawing.auto_expand_to(input);
    drawing.expand_outer(input, 60);
    return view::to_svg(drawing.scene(input));
}

} // namespace

int cli_run(const std::string& file, const program::GraphSession& session, bool json, bool poison,
            const std::string& record, const std::string& rounding) {
    debug::Debugger debugger;
    debugger.set_poisons(poison);
    if (const int status = open(debugger, file, json, session); status != exit_ok) return status;
    if (const int status = round_as(debugger, rounding); status != exit_ok) return status;
    run_to_end(debugger);
    if (!json) print(checkpoint_text(debugger, session.restore));
    print(json ? run_json(debugger) : run_text(debugger));
    if (!json && !session.any() && debugger.document().is_graph() && debugger.graph() != nullptr)
        print("nothing was asked for: --fetch, --target, --feed, --init and --restore do something with the graph\n" +
              graph_offer(*debugger.graph()));
    if (!record.empty())
        if (const Status saved = debugger.save_recording(record); !saved.ok()) {
            complain(fmt::format("rnnscope: {}\n", saved.error().message));
            return exit_unreadable;
        }
    return any_run_failed(debugger) ? exit_program_failed : exit_ok;
}

int cli_check(const std::string& file, const program::GraphSession& session, bool json) {
    debug::Debugger debugger;
    if (const int status = open(debugger, file, json, session); status != exit_ok) return status;
    run_to_end(debugger); // variables and their states are those at the end; the preflight does not depend on it
    print(json ? check_json(debugger) : check_text(debugger));
    const debug::Debugger::PreflightReport& report = debugger.preflight();
    return report.reads.empty() && report.warnings.empty() ? exit_ok : exit_program_failed;
}

int cli_graph(const std::string& file, const std::string& format, const std::string& output) {
    Graph as_written;
    std::string functions;
    debug::Debugger debugger;
    if (is_graph_file(file)) {
        if (!read_graph(file, as_written, functions)) return exit_unreadable;
    } else if (const int status = open(debugger, file, false); status != exit_ok) {
        return status;
    } else {
        run_to_end(debugger);
    }
    const Graph& graph = debugger.graph() == nullptr ? as_written : *debugger.graph();
    const std::string text = format == "json"    ? to_graphdef_json(graph)
                             : format == "pbtxt" ? to_graphdef_text(graph)
                             : format == "ops"   ? to_ops_text(graph)
                             : format == "dot"   ? graph_dot(graph)
                             : format == "svg"   ? graph_svg(debugger, graph)
                                                 : graph_summary(graph) + functions + graph_offer(graph);
    if (output.empty()) {
        print(text);
        return exit_ok;
    }
    std::ofstream out(output, std::ios::binary);
    out << text;
    if (!out.flush()) {
        complain(fmt::format("rnnscope: cannot write {}\n", output));
        return exit_unreadable;
    }
    return exit_ok;
}

int cli_python(const std::string& file) {
    debug::Debugger debugger;
    if (const int status = open(debugger, file, false); status != exit_ok) return status;
    for (const std::string& line : debugger.program().python.lines) print(line + "\n");
    return exit_ok;
}

int cli_debug(const std::string& file, const std::vector<std::string>& commands, bool poison,
              const std::string& rounding) {
    debug::Debugger debugger;
    debugger.set_poisons(poison);
    if (!file.empty()) {
        if (const int status = open(debugger, file, false); status != exit_ok) return status;
        if (const int status = round_as(debugger, rounding); status != exit_ok) return status;
    }
    bool all_done = true;
    const auto perform = [&](const std::string& line) {
        const std::size_t start = line.find_first_not_of(" \t");
        if (start == std::string::npos || line[start] == '#') return;
        const std::size_t space = line.find(' ', start);
        const std::string word = line.substr(start, space == std::string::npos ? space : space - start);
        if (word == "help") return print(help_text());
        debug::Command command{full_id(word), "", "terminal"};
        const std::size_t argument = space == std::string::npos ? space : line.find_first_not_of(' ', space);
        if (argument != std::string::npos) command.argument = line.substr(argument);
        const Result<std::string> said = debug::execute(debugger, command);
        debugger.wait();
        if (said) {
            if (!said->empty()) print(*said + "\n");
            print(debug::location_text(debugger));
        } else {
            all_done = false;
            complain(fmt::format("error [{}] {}\n", said.error().code, said.error().message));
        }
        std::fflush(stdout);
    };
    for (const std::string& line : commands) perform(line);
    if (!commands.empty()) return all_done ? exit_ok : exit_usage;
    print(debug::location_text(debugger));
    for (std::string line; print("(rnnscope) "), std::fflush(stdout), std::getline(std::cin, line);) {
        if (line == "quit" || line == "exit" || line == "q") break;
        perform(line);
    }
    return exit_ok;
}

int cli_explain(const std::string& code, const std::string& text) {
    if (!text.empty()) {
        const std::optional<debug::PastedError> found = debug::recognize_error(text);
        if (!found) {
            complain("rnnscope: this is no TensorFlow 1.x error that rnnscope knows; paste the whole message, from the "
                     "exception's class on\n");
            return exit_program_failed;
        }
        print(debug::to_text(*found));
        return exit_ok;
    }
    if (const debug::CauseDef* cause = debug::find_cause(code)) {
        print(debug::explain_text(*cause));
        return exit_ok;
    }
    complain(fmt::format("rnnscope: no cause is called \"{}\"; these are known:\n", code));
    for (const debug::CauseDef& cause : debug::all_causes())
        complain(fmt::format("  {:<24} {}\n", cause.code, cause.title));
    return exit_usage;
}

} // namespace rnnscope::app
