#include "app/cli.hpp"
#include "core/base/process_memory.hpp"
#include "core/ops/rounding.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>

#ifdef RNNSCOPE_WITH_UI
#include "app/render.hpp"
#include "app/window.hpp"
#endif

namespace rnnscope::app {
namespace {

/// Options of `run` and `check` that say what to do with a graph file. Programs say it themselves.
void add_graph_options(CLI::App& command, program::GraphSession& session) {
    command.add_option("--fetch", session.fetches, "tensor to fetch (graph files)");
    command.add_option("--target", session.targets, "op to run (graph files)");
    command.add_option("--feed", session.feeds,
                       "NAME=VALUE: a JSON literal, @file, or a formula such as sin(2,5,10) (graph files)");
    command.add_option("--restore", session.restore, "checkpoint prefix (graph files)");
    command.add_option("--init", session.init,
                       "'all', or a regular expression of variables to initialize (graph files)");
}

int open_window(const std::string& file, const std::string& log) {
#ifdef RNNSCOPE_WITH_UI
    return open_window(WindowOptions{file, log});
#else
    (void)file, (void)log;
    std::cerr << "rnnscope: built without the window; run, check, graph, python, debug and explain work\n";
    return exit_usage;
#endif
}

#ifdef RNNSCOPE_WITH_UI
void add_render(CLI::App& cli, RenderOptions& options, std::string& size) {
    CLI::App* command = cli.add_subcommand("render", "draw the window without a display and save it as PNG");
    command->add_option("FILE", options.file, "program");
    command->add_option("-x", options.commands, "command to execute before the picture is taken, in order");
    command->add_option("-o", options.output, "PNG file")->required();
    command->add_option("--size", size, "WIDTHxHEIGHT in points")->default_val("1600x1000");
    command->add_option("--scale", options.scale, "pixels per point")->default_val(1.0F);
    command->add_option("--theme", options.theme, "dark or light")->check(CLI::IsMember({"dark", "light"}));
}

int run_render(RenderOptions& options, const std::string& size) {
    if (std::sscanf(size.c_str(), "%dx%d", &options.width, &options.height) != 2) {
        std::cerr << "rnnscope: --size is WIDTHxHEIGHT, not \"" << size << "\"\n";
        return exit_usage;
    }
    return render(options);
}
#endif

int dispatch(int argc, char** argv) {
    CLI::App cli("rnnscope: a debugger for TensorFlow 1.x recurrent graphs", "rnnscope");
    cli.require_subcommand(0, 1);
    std::string file, format = "summary", output, code, text, record, rounding, log;
    std::vector<std::string> commands;
    program::GraphSession session;
    bool json = false, poison = false;

    CLI::App* open = cli.add_subcommand("open", "the window");
    open->add_option("FILE", file, "program or graph; without it the welcome screen");
    open->add_option("--log", log, "file to write every command to, one a line, as debug -x and render -x take them");
    CLI::App* run =
        cli.add_subcommand("run", "run a program or a graph; print outcomes, values, and the diagnosis on failure");
    CLI::App* check = cli.add_subcommand("check", "list every uninitialized read, and warnings, without running");
    for (CLI::App* command : {run, check}) {
        command->add_option("FILE", file, "program or graph")->required();
        command->add_flag("--json", json, "one JSON object");
        add_graph_options(*command, session);
    }
    constexpr auto about_poison = "go on past reads of variables without a value, and say what is derived from them";
    run->add_flag("--poison", poison, about_poison);
    run->add_option("--record", record, "file to save the recording to: what happened, for debug to open again");
    const auto add_rounding = [&](CLI::App& command) {
        command.add_option("--rounding", rounding, "fast, or tf1.15: as TensorFlow's CPU kernels, to the last digit")
            ->check(CLI::IsMember(std::vector<std::string>(ops::rounding_names.begin(), ops::rounding_names.end())))
            ->needs(command.get_option("FILE")); // it is a property of the program
    };
    add_rounding(*run);
    CLI::App* graph = cli.add_subcommand("graph", "print the graph as it stands when the program ends or fails");
    graph->add_option("FILE", file, "program or graph")->required();
    graph->add_option("--format", format, "summary, ops, json, pbtxt, dot or svg")
        ->check(CLI::IsMember({"summary", "ops", "json", "pbtxt", "dot", "svg"}));
    graph->add_option("-o", output, "file to write instead of standard output");
    CLI::App* python = cli.add_subcommand("python", "print the program as TensorFlow 1 Python");
    python->add_option("FILE", file, "program or graph")->required();
    CLI::App* debug = cli.add_subcommand("debug", "the debugger in the terminal");
    debug->add_option("FILE", file, "program, graph or recording");
    debug->add_option("-x", commands, "command to execute, in order; without any, commands are read");
    debug->add_flag("--poison", poison, about_poison);
    add_rounding(*debug);
    CLI::App* explain = cli.add_subcommand("explain", "explain a cause, or a pasted TensorFlow error");
    explain->add_option("CODE", code, "cause: init-built-too-early, ...");
    explain->add_option("--text", text, "the error as TensorFlow printed it");
#ifdef RNNSCOPE_WITH_UI
    RenderOptions render_options;
    std::string size;
    add_render(cli, render_options, size);
#endif

    // `rnnscope FILE` is short for `rnnscope open FILE`; a file that is called like a command needs the long form.
    std::vector<std::string> words(argv + 1, argv + argc);
    const auto is_command = [&](const std::string& word) {
        return !cli.get_subcommands([&](const CLI::App* command) { return command->get_name() == word; }).empty();
    };
    if (!words.empty() && words[0].rfind('-', 0) != 0 && !is_command(words[0])) words.insert(words.begin(), "open");
    std::reverse(words.begin(), words.end());
    try {
        cli.parse(words);
    } catch (const CLI::ParseError& problem) {
        return cli.exit(problem) == 0 ? exit_ok : exit_usage;
    }

    if (run->parsed()) return cli_run(file, session, json, poison, record, rounding);
    if (check->parsed()) return cli_check(file, session, json);
    if (graph->parsed()) return cli_graph(file, format, output);
    if (python->parsed()) return cli_python(file);
    if (debug->parsed()) return cli_debug(file, commands, poison, rounding);
    if (explain->parsed()) {
        if (code.empty() == text.empty()) {
            std::cerr << "rnnscope: explain takes a CODE or --text \"error\"\n";
            return exit_usage;
        }
        return cli_explain(code, text);
    }
#ifdef RNNSCOPE_WITH_UI
    if (cli.got_subcommand("render")) return run_render(render_options, size);
#endif
    return open_window(file, log);
}

} // namespace
} // namespace rnnscope::app

int main(int argc, char** argv) {
    rnnscope::keep_freed_memory();
    try {
        return rnnscope::app::dispatch(argc, argv);
    } catch (const std::exception& problem) {
        std::cerr << "rnnscope made a mistake here: " << problem.what() << ". Your file is unchanged.\n";
        return rnnscope::app::exit_our_fault;
    }
}
