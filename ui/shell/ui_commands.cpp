#include "ui/shell/ui_commands.hpp"

#include "core/debug/command.hpp"
#include "core/debug/value_export.hpp"
#include "ui/shell/samples.hpp"
#include "ui/shell/shell.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

namespace rnnscope::ui {

namespace {

using Blocked = std::optional<std::string>;
using Text = Result<std::string>;

Text done(const Status& status) {
    if (!status) return status.error();
    return std::string();
}

/// The panel that a command is about: the one that it names, else the one with the keyboard.
Result<std::string> panel_meant(const Shell& shell, std::string_view named) {
    const std::string name = named.empty() ? shell.focused_panel() : std::string(named);
    if (name.empty()) return Error{"panel.none", "No panel has the keyboard. Click into one first."};
    if (find_panel(name)) return name;
    std::string known;
    for (const std::string_view panel : panel_names()) known += (known.empty() ? "" : ", ") + std::string(panel);
    return Error{"panel.unknown", "There is no panel \"" + name + "\". There are " + known + "."};
}

template <void (Shell::*act)(std::string_view)> Text on_panel(Shell& shell, std::string_view named) {
    const auto panel = panel_meant(shell, named);
    if (!panel) return panel.error();
    (shell.*act)(*panel);
    return std::string();
}

Blocked nothing_shown(const Shell& shell) {
    return shell.welcome() ? Blocked("No program is open.") : Blocked();
}

Text change_font(Shell& shell, int by) {
    int& percent = shell.settings().font_percent;
    percent = std::clamp(percent + by, 80, 200);
    return "Font size " + std::to_string(percent) + " %";
}

Text switch_theme(Shell& shell, std::string_view wanted) {
    const std::string theme = !wanted.empty() ? std::string(wanted) : shell.theme() == "dark" ? "light" : "dark";
    if (theme != "desktop" && find_theme(theme).name() != theme)
        return Error{"theme.unknown", "There is no theme of this name. Themes are dark, light and desktop."};
    shell.settings().theme = theme;
    return std::string();
}

Blocked no_twin(const Shell& shell) {
    if (!shell.debugger().is_open()) return "No program is open.";
    return shell.debugger().program().fixed_twin.empty() ? Blocked("This program names no fixed twin.") : Blocked();
}

Text open_twin(Shell& shell, std::string_view) {
    const program::Program& program = shell.debugger().program();
    const std::string twin = program.fixed_twin;
    if (find_sample(twin) && find_sample(program.file)) return done(shell.open_sample(twin));
    const std::string path = program.directory.empty() ? twin : program.directory + "/" + twin;
    return done(shell.open_path(path));
}

Blocked no_error(const Shell& shell) {
    const bool any = shell.debugger().is_open() && shell.debugger().error_at_position();
    return any ? Blocked() : Blocked("There is no error at the position.");
}

Blocked no_lesson(const Shell& shell) {
    return shell.lesson().lesson() ? Blocked() : Blocked("No lesson is going on.");
}

Blocked no_graph(const Shell& shell) {
    const bool any = shell.debugger().is_open() && shell.debugger().graph() && shell.debugger().visible_nodes() > 0;
    return any ? Blocked() : Blocked("Nothing was built yet.");
}

Text copy_error(Shell& shell, std::string_view) {
    const program::ProgramError& error = *shell.debugger().error_at_position();
    const std::string text = error.error_class + ": " + (error.text.empty() ? error.message : error.text);
    ImGui::SetClipboardText(text.c_str());
    return std::string("The error is on the clipboard");
}

Blocked nothing_selected(const Shell& shell) {
    const bool any = shell.debugger().is_open() && shell.debugger().selection().kind != debug::Selection::Kind::none;
    return any ? Blocked() : Blocked("Nothing is selected.");
}

Blocked nothing_to_trace(const Shell& shell) {
    if (const Blocked why = no_graph(shell)) return why;
    using Kind = debug::Selection::Kind;
    const Kind kind = shell.debugger().selection().kind;
    const bool can = kind == Kind::node || kind == Kind::variable || kind == Kind::scope;
    return can ? Blocked() : Blocked("Select an op, a variable or a scope.");
}

/// Of what is selected now, in sight.
template <view::TraceWay way> Text trace(Shell& shell, std::string_view) {
    shell.graph().trace(shell.debugger(), way);
    shell.lead_to("graph");
    return std::string();
}

Text toggle_scope(Shell& shell, std::string_view path) {
    if (const Blocked why = nothing_to_trace(shell); why && path.empty()) return Error{"command.blocked", *why};
    shell.graph().toggle(path.empty() ? view::build_context_menu(shell.debugger()).title : std::string(path));
    return std::string();
}

Text copy_name(Shell& shell, std::string_view) {
    const debug::Debugger& debugger = shell.debugger();
    const debug::Selection& selection = debugger.selection();
    const std::string name = selection.kind == debug::Selection::Kind::statement
                                 ? program::python_line(debugger.program(), selection.statement)
                                 : view::build_context_menu(debugger).title;
    ImGui::SetClipboardText(name.c_str());
    return "On the clipboard: " + name;
}

Text show_keys(Shell& shell, std::string_view) {
    shell.page().show_keys();
    return std::string();
}

Text wrong_number(std::string_view what, std::string_view argument) {
    return Error{"command.argument", std::string(what) + " is a number from 0, not \"" + std::string(argument) + "\""};
}

/// The argument as a number from 0 to below a million.
std::optional<std::int64_t> number_in(std::string_view argument) {
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(argument.data(), argument.data() + argument.size(), number);
    const bool is_whole = problem == std::errc() && end == argument.data() + argument.size();
    return is_whole && number >= 0 && number < 1000000 ? std::optional(number) : std::nullopt;
}

Text show_layer(Shell& shell, std::string_view argument) {
    const auto number = number_in(argument);
    if (!number) return wrong_number("a layer", argument);
    shell.cell().show_track(static_cast<std::size_t>(*number));
    return std::string();
}

Text show_unit(Shell& shell, std::string_view argument) {
    const auto number = number_in(argument);
    if (!number) return wrong_number("a unit", argument);
    shell.cell().show_unit(*number);
    return std::string();
}

Text show_example(Shell& shell, std::string_view argument) {
    const auto number = number_in(argument);
    if (!number) return wrong_number("an example", argument);
    shell.cell().show_example(*number);
    return std::string();
}

Text show_products(Shell& shell, std::string_view argument) {
    constexpr std::string_view letters = "rucijfoh";
    if (argument.size() != 1 || letters.find(argument[0]) == std::string_view::npos)
        return Error{"command.argument", "one of r, u, c, i, j, f, o, h is expected"};
    shell.cell().show_products(argument[0]);
    return std::string();
}

Text show_form(Shell& shell, std::string_view argument) {
    const auto form = view::value_form(argument);
    if (!form) return Error{"command.argument", "a value is shown as map, numbers, histogram, over-time or change"};
    shell.inspector().value().show_form(*form);
    return std::string();
}

/// Whole numbers, separated by blanks; nothing where one is none.
std::optional<std::vector<std::int64_t>> numbers_in(std::string_view argument) {
    std::vector<std::int64_t> numbers;
    while (!argument.empty()) {
        const std::size_t end = std::min(argument.find_first_of(" ,"), argument.size());
        if (end > 0) {
            const auto number = number_in(argument.substr(0, end));
            if (!number) return std::nullopt;
            numbers.push_back(*number);
        }
        argument.remove_prefix(std::min(end + 1, argument.size()));
    }
    return numbers;
}

Text show_slice(Shell& shell, std::string_view argument) {
    auto numbers = numbers_in(argument);
    if (!numbers) return wrong_number("an index", argument);
    shell.inspector().value().show_slice(*std::move(numbers));
    return std::string();
}

Text show_element(Shell& shell, std::string_view argument) {
    const auto numbers = numbers_in(argument);
    if (!numbers || numbers->empty() || numbers->size() > 2)
        return Error{"command.argument", "row and column of the element are expected"};
    shell.inspector().value().show_element(numbers->size() == 2 ? numbers->front() : 0, numbers->back());
    shell.inspector().value().show_form(view::ValueForm::over_time);
    return std::string();
}

Text show_coverage(Shell& shell, std::string_view of) {
    shell.variables().show_coverage(of == "none" ? std::string() : std::string(of));
    if (of == "none") return std::string();
    const view::Coverage coverage = view::coverage_of(shell.debugger(), of);
    if (!coverage.problem.empty()) return Error{"command.argument", coverage.problem};
    return view::to_text(coverage);
}

Text copy_value(Shell& shell, std::string_view name) {
    const auto here = debug::value_here(shell.debugger(), name);
    if (!here) return here.error();
    const auto text = debug::numpy_text(here->value);
    if (!text) return text.error();
    ImGui::SetClipboardText(text->c_str());
    return "The value of " + here->name + " is on the clipboard";
}

Text toggle_plot(Shell& shell, std::string_view series) {
    if (shell.plots().toggle(shell.debugger(), series)) return std::string();
    return Error{"command.argument", "no run fetched a single number \"" + std::string(series) + "\""};
}

Text color_graph(Shell& shell, std::string_view argument) {
    const auto by = view::color_by(argument);
    if (!by) return Error{"command.argument", "a graph is coloured by state, op, device, health or executions"};
    shell.settings().graph_color = view::name_of(*by);
    return std::string();
}

// clang-format off
constexpr UiCommandDef commands[] = {
    {"ui.welcome", "Welcome screen", "Shows samples and recent files.", "File", "", "",
     [](const Shell& s) { return s.welcome() ? Blocked("It is shown already.") : Blocked(); },
     [](Shell& s, std::string_view) -> Text { s.set_welcome(true); return std::string(); }},
    {"ui.sample", "Open sample…", "Opens one of the programs that come with rnnscope.", "File", "", "sample file", nullptr,
     [](Shell& s, std::string_view file) -> Text { return done(s.open_sample(file)); }},
    {"ui.twin", "Open the fixed twin", "Opens the same program without the fault.", "File", "Ctrl+Shift+T", "", no_twin, open_twin},
    {"panel.screenshot", "Save picture of the panel", "Saves a picture of the panel with the keyboard as PNG in the current folder.", "File", "", "", nothing_shown, on_panel<&Shell::ask_screenshot>},
    {"ui.screenshot", "Save screenshot", "Saves a picture of the window as PNG in the current folder.", "File", "Ctrl+Shift+P", "", nullptr,
     [](Shell& s, std::string_view) -> Text { s.ask_screenshot(); return std::string(); }},
    {"ui.settings", "Settings", "Theme, size, motion and what the graph folds.", "File", "Ctrl+Comma", "", nullptr,
     [](Shell& s, std::string_view) -> Text { s.open_settings(); return std::string(); }},
    {"ui.quit", "Quit", "Closes the window.", "File", "Ctrl+Q", "", nullptr,
     [](Shell& s, std::string_view) -> Text { s.quit(); return std::string(); }},
    {"ui.changes", "Keep or discard changes…", "Answers what becomes of changes that are not saved: save, discard or cancel.", "", "", "save, discard or cancel",
     [](const Shell& s) { return s.asks_about_changes() ? Blocked() : Blocked("Nothing is about to discard changes."); },
     [](Shell& s, std::string_view answer) -> Text { return s.settle_changes(answer); }},
    {"ui.copy-error", "Copy error", "Copies TensorFlow's text of the failure.", "Edit", "", "", no_error, copy_error},
    {"ui.copy-name", "Copy name", "Copies the whole name of what is selected.", "Edit", "Ctrl+C", "", nothing_selected, copy_name},
    {"value.copy", "Copy value as numpy", "Copies the value of the selected op or variable as Python that makes it.", "Edit", "Ctrl+Shift+N", "", nothing_selected, copy_value},
    {"value.form", "Show value as…", "Shows the inspector's value as map, numbers, histogram, over-time or change.", "View", "", "map, numbers, histogram, over-time or change", nullptr, show_form},
    {"value.slice", "Slice value…", "Holds the axes before the last two at these indices.", "View", "", "indices, separated by blanks", nullptr, show_slice},
    {"value.element", "Follow element…", "Shows one element of the value over time.", "View", "", "row and column", nullptr, show_element},
    {"ui.menu", "Menu of the selection", "Shows what can be done with what is selected, as a right click on it does.", "Edit", "Menu", "", nothing_selected,
     [](Shell& s, std::string_view) -> Text { s.open_menu(); return std::string(); }},
    {"ui.palette", "Find a name or command", "Finds every command, variable and op by a few letters.", "View", "Ctrl+P", "", nullptr,
     [](Shell& s, std::string_view) -> Text { s.ask_palette(); return std::string(); }},
    {"ui.filter", "Filter", "Puts the cursor into the filter of the list that has the keyboard, else of the variables.", "View", "Ctrl+F", "", nullptr,
     [](Shell& s, std::string_view) -> Text { s.focus_filter(); return std::string(); }},
    {"variables.uninitialized", "Only uninitialized variables", "Shows only variables without a value, or all again.", "View", "", "", no_graph,
     [](Shell& s, std::string_view) -> Text { s.variables().show_only_uninitialized(!s.variables().options().only_uninitialized); return std::string(); }},
    {"variables.trainable", "Only trainable variables", "Shows only trainable variables, or all again.", "View", "", "", no_graph,
     [](Shell& s, std::string_view) -> Text { s.variables().show_only_trainable(!s.variables().options().only_trainable); return std::string(); }},
    {"variables.coverage", "Which variables does it take in…", "Marks the variables that an init op, a collection or scope=REGEX takes in, and those it misses; \"none\" ends that.", "View", "", "op, collection, scope=REGEX or none", no_graph, show_coverage},
    {"ui.theme", "Switch theme", "Switches between dark and light.", "View", "Ctrl+T", "", nullptr, switch_theme},
    {"ui.reduce-motion", "Reduce motion", "Lets nothing in the window move by itself, or lets it again.", "View", "", "", nullptr,
     [](Shell& s, std::string_view) -> Text {
         s.settings().reduce_motion = !s.settings().reduce_motion;
         return std::string(s.settings().reduce_motion ? "Nothing moves by itself now" : "Graph and camera move again");
     }},
    {"ui.font-larger", "Larger font", "Makes everything larger, up to 200 %.", "View", "Ctrl+Plus", "",
     [](const Shell& s) { return s.settings().font_percent >= 200 ? Blocked("200 % is the largest.") : Blocked(); },
     [](Shell& s, std::string_view) -> Text { return change_font(s, 10); }},
    {"ui.font-smaller", "Smaller font", "Makes everything smaller, down to 80 %.", "View", "Ctrl+Minus", "",
     [](const Shell& s) { return s.settings().font_percent <= 80 ? Blocked("80 % is the smallest.") : Blocked(); },
     [](Shell& s, std::string_view) -> Text { return change_font(s, -10); }},
    {"ui.font-reset", "Normal font", "Sets the font size to 100 %.", "View", "Ctrl+0", "", nullptr,
     [](Shell& s, std::string_view) -> Text { return change_font(s, 100 - s.settings().font_percent); }},
    {"workspace.debug", "Debug workspace", "Program, variables, graph, timeline and problems together.", "View", "Alt+1", "", nullptr,
     [](Shell& s, std::string_view) -> Text { s.show_workspace("debug"); return std::string(); }},
    {"workspace.graph", "Graph workspace", "Gives nearly all of the window to the graph.", "View", "Alt+2", "", nullptr,
     [](Shell& s, std::string_view) -> Text { s.show_workspace("graph"); return std::string(); }},
    {"workspace.cell", "Cell workspace", "Shows the inside of a recurrent cell: diagram, equations with numbers, gates and states over time.", "View", "Alt+3", "", nullptr,
     [](Shell& s, std::string_view) -> Text { s.show_workspace("cell"); return std::string(); }},
    {"workspace.teach", "Teach workspace", "A large program and graph, with what is wrong beside them.", "View", "Alt+4", "", nullptr,
     [](Shell& s, std::string_view) -> Text { s.show_workspace("teach"); return std::string(); }},
    {"panel.show", "Show panel…", "Brings a panel to the front and gives it the keyboard.", "View", "", "the panel's name", nullptr, on_panel<&Shell::show_panel>},
    {"panel.next", "Next panel", "Gives the keyboard to the next panel.", "View", "Ctrl+F6", "", nullptr,
     [](Shell& s, std::string_view) -> Text { s.focus_next(true); return std::string(); }},
    {"panel.previous", "Previous panel", "Gives the keyboard to the panel before.", "View", "Ctrl+Shift+F6", "", nullptr,
     [](Shell& s, std::string_view) -> Text { s.focus_next(false); return std::string(); }},
    {"panel.maximize", "Maximize panel", "Gives the whole window to the panel with the keyboard, or takes it back.", "View", "Alt+Enter", "", nullptr, on_panel<&Shell::maximize_panel>},
    {"panel.close", "Close panel", "Takes the panel with the keyboard out of the workspace.", "View", "Ctrl+F4", "", nullptr, on_panel<&Shell::close_panel>},
    {"ui.reset-layout", "Reset workspace", "Puts every panel of the workspace where it was at first.", "View", "", "", nullptr,
     [](Shell& s, std::string_view) -> Text { s.reset_layout(); return std::string(); }},
    {"cell.layer", "Cell of layer…", "Shows the cell of another layer, numbered from 0 in the order of the graph.", "View", "", "number of the layer", no_graph, show_layer},
    {"cell.unit", "Cell unit…", "Puts the numbers of this unit into the cell's equations.", "View", "", "number of the unit", no_graph, show_unit},
    {"cell.example", "Cell example…", "Shows the cell for another row of the batch.", "View", "", "number of the example", no_graph, show_example},
    {"cell.products", "Largest products in…", "Shows which products make most of a gate or candidate of the cell.", "View", "", "letter of the equation", no_graph, show_products},
    {"cell.next-unit", "Next unit", "Shows the next unit of the cell.", "View", "Alt+Shift+Down", "", no_graph,
     [](Shell& s, std::string_view) -> Text { s.cell().move_unit(1); return std::string(); }},
    {"cell.previous-unit", "Previous unit", "Shows the unit of the cell before this one.", "View", "Alt+Shift+Up", "", no_graph,
     [](Shell& s, std::string_view) -> Text { s.cell().move_unit(-1); return std::string(); }},
    {"cell.play", "Play time steps", "Goes from time step to time step of the cell, or stops doing so.", "View", "Alt+P", "", no_graph,
     [](Shell& s, std::string_view) -> Text { s.cell().toggle_play(); return std::string(); }},
    {"plot.log", "Log scale of plots", "Shows fetched numbers on a log scale, or on a linear one again.", "View", "", "", nullptr,
     [](Shell& s, std::string_view) -> Text { s.plots().set_log(!s.plots().is_log()); return std::string(); }},
    {"plot.toggle", "Hide or show a plotted line…", "Hides the line of a number that runs fetched, or shows it again.", "View", "", "tensor name", no_graph, toggle_plot},
    {"graph.fit", "Zoom to fit", "Shows the whole graph.", "Graph", "Ctrl+1", "", no_graph,
     [](Shell& s, std::string_view) -> Text { s.graph().fit(); return std::string(); }},
    {"graph.selection", "Zoom to selection", "Shows the selected op or variable at a readable size.", "Graph", "Ctrl+2", "", no_graph,
     [](Shell& s, std::string_view) -> Text { s.graph().show_selection(); return std::string(); }},
    {"graph.failure", "Zoom to failure", "Shows the variable, the op that failed, and the path between them.", "Graph", "Ctrl+3", "", no_error,
     [](Shell& s, std::string_view) -> Text { s.graph().show_failure(); return std::string(); }},
    {"graph.zoom-in", "Zoom in", "Makes the graph larger.", "Graph", "", "", no_graph,
     [](Shell& s, std::string_view) -> Text { s.graph().zoom_by(1.25f); return std::string(); }},
    {"graph.zoom-out", "Zoom out", "Makes the graph smaller.", "Graph", "", "", no_graph,
     [](Shell& s, std::string_view) -> Text { s.graph().zoom_by(0.8f); return std::string(); }},
    {"graph.back", "Back in the graph", "Shows what the graph showed before it went somewhere.", "Graph", "", "",
     [](const Shell& s) { return s.graph().can_go_back() ? Blocked() : Blocked("It went nowhere yet."); },
     [](Shell& s, std::string_view) -> Text { s.graph().back(); return std::string(); }},
    {"graph.forward", "Forward in the graph", "Shows again what was left by going back.", "Graph", "", "",
     [](const Shell& s) { return s.graph().can_go_forward() ? Blocked() : Blocked("There is nothing to go forward to."); },
     [](Shell& s, std::string_view) -> Text { s.graph().forward(); return std::string(); }},
    {"graph.search", "Search the graph", "Marks the ops with a name or of a type, and says how many there are.", "Graph", "Ctrl+Shift+F", "", no_graph,
     [](Shell& s, std::string_view text) -> Text { s.graph().open_search(std::string(text)); return std::string(); }},
    {"graph.trace-inputs", "Trace inputs", "Lights up what the selection depends on, the nearest most; again: ends that.", "Graph", "", "", nothing_to_trace, trace<view::TraceWay::inputs>},
    {"graph.trace-outputs", "Trace outputs", "Lights up what depends on the selection, the nearest most; again: ends that.", "Graph", "", "", nothing_to_trace, trace<view::TraceWay::outputs>},
    {"graph.trace-end", "End the trace", "Shows the graph without a trace; Escape does, too.", "Graph", "", "",
     [](const Shell& s) { return s.graph().traced() == view::TraceWay::none ? Blocked("Nothing is traced.") : Blocked(); },
     [](Shell& s, std::string_view) -> Text { s.graph().end_trace(); return std::string(); }},
    {"graph.color", "Colour the graph by…", "Lets the fills of ops say their type, device, how their values are, or how often they ran; \"state\" ends that.", "Graph", "", "state, op, device, health or executions", nullptr, color_graph},
    {"graph.series", "Fold equal steps", "Shows runs of equal steps, as of an unrolled loop, as one box that can be opened; again: every step by itself.", "Graph", "", "", no_graph,
     [](Shell& s, std::string_view) -> Text {
         s.settings().fold_series = !s.settings().fold_series;
         return std::string(s.settings().fold_series ? "Runs of equal steps are one box each" : "Every step is drawn by itself");
     }},
    {"graph.toggle", "Open or close scope", "Opens the selected scope in the graph, or closes it; of an op, the scope that it is in.", "Graph", "Ctrl+E", "", no_graph, toggle_scope},
    {"graph.expand-all", "Expand all scopes", "Opens every scope; runs of equal steps stay one box.", "Graph", "", "", no_graph,
     [](Shell& s, std::string_view) -> Text { s.graph().expand_all(); return std::string(); }},
    {"graph.collapse-all", "Collapse all scopes", "Closes every scope.", "Graph", "", "", no_graph,
     [](Shell& s, std::string_view) -> Text { s.graph().collapse_all(); return std::string(); }},
    {"lesson.start", "Start a lesson…", "Opens a lesson and its sample: a walk through a failure, step by step.", "Help", "", "the lesson's file", nullptr,
     [](Shell& s, std::string_view file) { return done(s.start_lesson(file)); }},
    {"lesson.show", "Do the lesson's step", "Does what the step of the lesson asks for.", "Help", "", "", no_lesson,
     [](Shell& s, std::string_view) { return done(s.show_lesson_step()); }},
    {"lesson.next", "Next step of the lesson", "Goes on to the next step of the lesson.", "Help", "Alt+Down", "", no_lesson,
     [](Shell& s, std::string_view) -> Text { s.next_lesson_step(); return std::string(); }},
    {"lesson.back", "Back in the lesson", "Shows the step of the lesson before.", "Help", "Alt+Up", "", no_lesson,
     [](Shell& s, std::string_view) -> Text { s.lesson().go_back(); return std::string(); }},
    {"lesson.stop", "End the lesson", "Closes the lesson; the program stays open.", "Help", "", "", no_lesson,
     [](Shell& s, std::string_view) -> Text { s.lesson().stop(); return std::string(); }},
    {"ui.keys", "Keys", "Lists every key.", "Help", "F1", "", nullptr, show_keys},
};
// clang-format on

} // namespace

std::span<const UiCommandDef> ui_commands() {
    return commands;
}

const UiCommandDef* find_ui_command(std::string_view id) {
    const auto found = std::ranges::find(commands, id, &UiCommandDef::id);
    return found == std::end(commands) ? nullptr : &*found;
}

std::span<const CommandInfo> every_command() {
    static const std::vector<CommandInfo> all = [] {
        std::vector<CommandInfo> out;
        for (const debug::CommandDef& c : debug::all_commands())
            out.push_back({c.id, c.title, c.summary, c.menu, c.key, c.argument});
        for (const UiCommandDef& c : commands) out.push_back({c.id, c.title, c.summary, c.menu, c.key, c.argument});
        return out;
    }();
    return all;
}

std::optional<std::string> why_blocked(const Shell& shell, std::string_view id) {
    if (const UiCommandDef* command = find_ui_command(id))
        return command->blocked ? command->blocked(shell) : std::nullopt;
    const debug::CommandDef* command = debug::find_command(id);
    if (!command) return "There is no such command.";
    return command->blocked ? command->blocked(shell.debugger()) : std::nullopt;
}

std::span<const std::string_view> menu_names() {
    static constexpr std::array<std::string_view, 8> names = {"File", "Edit",  "View",    "Run",
                                                              "Go",   "Graph", "Session", "Help"};
    return names;
}

} // namespace rnnscope::ui
