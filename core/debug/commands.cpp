#include "core/debug/answer_commands.hpp"
#include "core/debug/command.hpp"

#include "core/debug/bookmark_commands.hpp"
#include "core/debug/command_argument.hpp"
#include "core/debug/comparison.hpp"
#include "core/debug/fetched_scalars.hpp"
#include "core/debug/poison.hpp"
#include "core/debug/questions.hpp"
#include "core/debug/selection_commands.hpp"
#include "core/debug/session_commands.hpp"
#include "core/debug/stop_commands.hpp"
#include "core/debug/terminal_text.hpp"
#include "core/debug/value_export.hpp"
#include "core/debug/whatif_commands.hpp"

#include "core/base/suggest.hpp"
#include "core/record/chunk_file.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::debug {

namespace {

using Blocked = std::optional<std::string>;
using Text = Result<std::string>;

Blocked nothing_open(const Debugger& debugger) {
    return debugger.is_open() ? Blocked() : "No program is open.";
}

/// A recording that was opened shows what happened.
Blocked only_shown(const Debugger& debugger) {
    return debugger.recording_file().empty() ? Blocked() : "This is a recording: open its program to change it.";
}

Blocked nothing_or_busy(const Debugger& debugger) {
    if (!debugger.is_open()) return "No program is open.";
    return debugger.busy() ? Blocked("The program is running.") : Blocked();
}

Blocked cannot_go_on(const Debugger& debugger) {
    if (const Blocked reason = nothing_or_busy(debugger)) return reason;
    if (!debugger.at_end()) return Blocked();
    return debugger.recording_file().empty() ? "The program is finished." : "The recording ends here.";
}

Blocked cannot_go_back(const Debugger& debugger) {
    if (const Blocked reason = nothing_or_busy(debugger)) return reason;
    return debugger.at_start() ? Blocked("This is the start of the program.") : Blocked();
}

template <Granularity granularity, bool forward> Text step(Debugger& debugger, std::string_view) {
    debugger.move(granularity, forward);
    return std::string();
}

// --- file -------------------------------------------------------------------------------------------------------

Text open_file(Debugger& debugger, std::string_view path) {
    if (path.empty()) return bad_argument("which file is to be opened?");
    if (const Diagnostics mistakes = debugger.open(std::string(path)); !mistakes.empty())
        return Error{mistakes.front().code, to_text(mistakes)};
    const std::string damage = debugger.damage().empty() ? "" : "\n" + to_text(debugger.damage());
    return fmt::format("opened {}{}", path, damage);
}

Text open_recording(Debugger& debugger, std::string_view path) {
    if (path.empty()) return bad_argument("which recording is to be opened?");
    if (record::is_recording_file(std::string(path))) return open_file(debugger, path);
    return Error{"recording.unknown", fmt::format("{} is no recording of rnnscope, or cannot be read", path)};
}

Text save_recording(Debugger& debugger, std::string_view path) {
    if (path.empty()) return bad_argument("to which file is the recording to be saved?");
    if (const Status saved = debugger.save_recording(std::string(path)); !saved.ok()) return saved.error();
    return fmt::format("saved the recording up to position {} in {}", debugger.recording().end().ticks, path);
}

Text reload_file(Debugger& debugger, std::string_view) {
    // Its own copy: the document goes when the next one is there.
    const std::string recording = debugger.recording_file(), document = debugger.document().opened_from();
    return open_file(debugger, recording.empty() ? document : recording);
}

Text save_file(Debugger& debugger, std::string_view path) {
    const std::string file = path.empty() ? debugger.file() : std::string(path);
    if (const Status saved = debugger.save(file); !saved.ok()) return saved.error();
    return fmt::format("saved {}", file);
}

// --- poison -----------------------------------------------------------------------------------------------------

template <bool on> Blocked is_switched(const Debugger& debugger) {
    if (const Blocked reason = only_shown(debugger)) return reason;
    if (const Blocked reason = nothing_or_busy(debugger)) return reason;
    if (debugger.poisons() != on) return Blocked();
    return on ? "Runs go on past missing values already." : "Runs stop at missing values already.";
}

template <bool on> Text switch_poison(Debugger& debugger, std::string_view) {
    debugger.set_poisons(on);
    return std::string(on ? "runs go on past missing values, and what is derived from those is poisoned"
                          : "runs stop at missing values");
}

// --- rounding ---------------------------------------------------------------------------------------------------

template <ops::Rounding rounding> Blocked rounds_so(const Debugger& debugger) {
    if (const Blocked reason = only_shown(debugger)) return reason;
    if (const Blocked reason = nothing_or_busy(debugger)) return reason;
    if (debugger.program().rounding != rounding) return Blocked();
    return "The program's sessions round so already.";
}

template <ops::Rounding rounding> Text switch_rounding(Debugger& debugger, std::string_view) {
    if (const Status status = debugger.set_rounding(rounding); !status) return status.error();
    return fmt::format("\"rounding\" is \"{}\" in the program now", ops::rounding_name(rounding));
}

// --- go ---------------------------------------------------------------------------------------------------------

Text go_start(Debugger& debugger, std::string_view) {
    debugger.go({});
    return std::string();
}

Text go_end(Debugger& debugger, std::string_view) {
    debugger.go(debugger.recording().end());
    return std::string();
}

Text go_position(Debugger& debugger, std::string_view argument) {
    const auto position = whole_number(argument);
    if (!position) return bad_argument(fmt::format("\"{}\" is no position; give a number", argument));
    debugger.go({*position});
    return std::string();
}

Text export_value_to(Debugger& debugger, std::string_view argument) {
    return export_value(debugger, argument);
}

Text go_failure(Debugger& debugger, std::string_view) {
    const auto errors = debugger.recording().errors();
    const auto next = std::ranges::find_if(
        errors, [&](const record::RecordedError& error) { return error.first > debugger.position(); });
    debugger.go(next != errors.end() ? next->first : errors.front().first);
    return std::string();
}

/// The next or previous entry in the history of the selected variable.
template <record::HistoryEntry::Kind kind, bool forward> Text go_access(Debugger& debugger, std::string_view) {
    const Graph& graph = *debugger.graph();
    const Variable& variable = graph.variable(debugger.selection().variable);
    std::optional<Position> target;
    for (const record::HistoryEntry& entry :
         debugger.recording().history(debugger.current_session(), record::storage_name(graph, variable))) {
        const bool is_read =
            entry.kind == record::HistoryEntry::Kind::uninitialized_read && kind == record::HistoryEntry::Kind::read;
        if (entry.kind != kind && !is_read) continue;
        const Position after{entry.tick + 1};
        if (forward && after > debugger.position() && !target) target = after;
        if (!forward && after < debugger.position()) target = after;
    }
    if (!target) return fmt::format("{} has no such access in this direction", variable.name);
    debugger.go(*target);
    return std::string();
}

Blocked no_variable_selected(const Debugger& debugger) {
    if (const Blocked reason = nothing_or_busy(debugger)) return reason;
    const Selection& selection = debugger.selection();
    const bool selected =
        selection.kind == Selection::Kind::variable && debugger.graph() && selection.graph == debugger.graph()->id();
    return selected ? Blocked() : Blocked("No variable is selected.");
}

Blocked no_failure(const Debugger& debugger) {
    if (const Blocked reason = nothing_or_busy(debugger)) return reason;
    return debugger.recording().errors().empty() ? Blocked("Nothing has failed so far.") : Blocked();
}

// --- breakpoints ------------------------------------------------------------------------------------------------

Text clear_breakpoints(Debugger& debugger, std::string_view) {
    while (!debugger.breakpoints().empty()) debugger.toggle_breakpoint(debugger.breakpoints().back());
    return std::string("all breakpoints cleared");
}

Blocked no_bookmarks(const Debugger& debugger) {
    if (const Blocked blocked = nothing_or_busy(debugger)) return blocked;
    return debugger.bookmarks().empty() ? Blocked("There are no bookmarks.") : Blocked();
}

Blocked no_breakpoints(const Debugger& debugger) {
    if (const Blocked reason = nothing_open(debugger)) return reason;
    return debugger.breakpoints().empty() ? Blocked("There are no breakpoints.") : Blocked();
}

// --- selection --------------------------------------------------------------------------------------------------

Blocked nothing_built(const Debugger& debugger) {
    if (const Blocked reason = nothing_open(debugger)) return reason;
    return debugger.graph() && debugger.visible_nodes() > 0 ? Blocked() : Blocked("Nothing was built yet.");
}

Blocked nothing_built_or_busy(const Debugger& debugger) {
    if (const Blocked reason = only_shown(debugger)) return reason;
    if (const Blocked reason = nothing_or_busy(debugger)) return reason;
    return nothing_built(debugger);
}

/// Of questions that are worked on in pieces.
Blocked cannot_ask(const Debugger& debugger) {
    if (const Blocked reason = nothing_or_busy(debugger)) return reason;
    return nothing_built(debugger);
}

// --- fixes, undo, words -----------------------------------------------------------------------------------------

Blocked no_diagnosis(const Debugger& debugger) {
    if (const Blocked reason = nothing_or_busy(debugger)) return reason;
    if (!debugger.recording_file().empty()) return "A recording shows what happened: open its program to change it.";
    const auto& all = debugger.diagnoses();
    const bool any = std::ranges::any_of(all, [](const Diagnosis& diagnosis) { return !diagnosis.fixes.empty(); });
    return any ? Blocked() : Blocked("There is nothing to fix.");
}

Text apply_fix(Debugger& debugger, std::string_view argument) {
    const auto& all = debugger.diagnoses();
    std::size_t which = 0;
    if (const Diagnosis* here = debugger.current_diagnosis())
        which = static_cast<std::size_t>(here - all.data());
    else
        while (all[which].fixes.empty()) ++which;
    const auto chosen = argument.empty() ? std::optional<std::uint64_t>(1) : whole_number(argument);
    if (!chosen || *chosen == 0 || *chosen > all[which].fixes.size())
        return bad_argument(fmt::format("this failure has {} fixes, numbered from 1", all[which].fixes.size()));
    const std::string title = all[which].fixes[*chosen - 1].title;
    if (const Status applied = debugger.apply_fix(which, static_cast<std::size_t>(*chosen - 1)); !applied.ok())
        return applied.error();
    return fmt::format("applied: {}", title);
}

Text explain(Debugger& debugger, std::string_view code) {
    std::string wanted(code);
    if (wanted.empty() && debugger.is_open() && debugger.current_diagnosis())
        wanted = debugger.current_diagnosis()->cause;
    if (const CauseDef* cause = find_cause(wanted)) return explain_text(*cause);
    std::vector<std::string> codes;
    for (const CauseDef& cause : all_causes()) codes.emplace_back(cause.code);
    return unknown_name("cause", wanted, codes);
}

Result<Answer> poison_question(const Debugger& debugger, std::string_view, const Pause& pause) {
    return answer_poison(debugger, pause);
}

using Kind = record::HistoryEntry::Kind;

// clang-format off
    constexpr CommandDef commands[] = {
        {"file.open", "Open…", "Opens a program, a graph or a recording and stops before its first statement.", "File", "Ctrl+O", "file", nullptr, open_file},
        {"file.reload", "Reload", "Reads the file again and stops before its first statement.", "File", "Ctrl+R", "", nothing_or_busy, reload_file},
        {"file.save", "Save", "Writes the program with the fixes that were applied.", "File", "Ctrl+S", "", nothing_open, save_file},
        {"file.save-as", "Save as…", "Writes the program to another file.", "File", "Ctrl+Shift+S", "file", nothing_open, save_file},
        {"recording.save", "Save recording…", "Writes everything that happened so far to a file that opens without the program's files.", "File", "", "file", nothing_or_busy, save_recording},
        {"recording.open", "Open recording…", "Opens a saved recording at its start: time runs both ways as far as it goes.", "File", "", "file", nullptr, open_recording},

        {"edit.undo", "Undo", "Takes back the last fix or breakpoint.", "Edit", "Ctrl+Z", "",
         [](const Debugger& d) { return d.can_undo() ? Blocked() : Blocked("There is nothing to undo."); },
         [](Debugger& d, std::string_view) -> Text { const std::string label = d.undo_label(); d.undo(); return "undone: " + label; }},
        {"edit.redo", "Redo", "Does again what was undone.", "Edit", "Ctrl+Shift+Z", "",
         [](const Debugger& d) { return d.can_redo() ? Blocked() : Blocked("There is nothing to redo."); },
         [](Debugger& d, std::string_view) -> Text { const std::string label = d.redo_label(); d.redo(); return "redone: " + label; }},
        {"fix.apply", "Apply fix", "Changes the program as the best fix of the failure says, and runs it from the start.", "Edit", "Ctrl+Enter", "", no_diagnosis, apply_fix},

        {"session.fetch", "Run to here", "Adds a run that fetches what is selected to the program, and runs it; feeds are those of earlier runs.", "Session", "Ctrl+F10", "", cannot_fetch_selection,
         [](Debugger& d, std::string_view) -> Text { return fetch_selection(d); }},
        {"session.fetch-too", "Fetch together with the last run", "Adds what is selected to the fetches of the last run of the program.", "Session", "Ctrl+Shift+F10", "", cannot_fetch_too,
         [](Debugger& d, std::string_view) -> Text { return fetch_selection_too(d); }},
        {"session.target", "Run as target", "Adds a run of the selected op to the program, of a variable a run of its initializer; nothing is fetched.", "Session", "Ctrl+F11", "", cannot_run_selection,
         [](Debugger& d, std::string_view) -> Text { return run_selection(d); }},
        {"session.run", "Run tensors and ops…", "Adds a run of them to the program, fed with what follows their names, and runs it: y:0 x:0=sin(2,5,10).", "Session", "", "names, then NAME=VALUE of feeds, separated by blanks", cannot_add_statements, run_names},
        {"session.feed", "Feed…", "Feeds a tensor in the last run of the program: a JSON literal, @file, or a formula such as sin(2,5,10).", "Session", "", "NAME=VALUE", cannot_feed_now, feed_last_run},
        {"session.init", "Run initializers…", "Runs the initializers of all variables, or of those whose name the expression matches.", "Session", "", "regular expression, or nothing", cannot_add_statements, run_initializers},
        {"session.restore", "Restore a checkpoint…", "Restores a checkpoint with the graph's own saver.", "Session", "", "prefix of the checkpoint", cannot_add_statements, restore_checkpoint},

        {"run.continue", "Continue", "Runs to the next breakpoint, uninitialized read, error or the end.", "Run", "F5", "", cannot_go_on,
         [](Debugger& d, std::string_view) -> Text { d.run_on(true); return std::string(); }},
        {"run.reverse-continue", "Reverse continue", "Runs backwards to the last breakpoint, failure or the start.", "Run", "Shift+F5", "", cannot_go_back,
         [](Debugger& d, std::string_view) -> Text { d.run_on(false); return std::string(); }},
        {"poison.on", "Go on past missing values", "Lets runs go on after a read of a variable without a value, with zeros in its place, and marks all that is derived from them as poisoned.", "Run", "", "", is_switched<true>, switch_poison<true>},
        {"rounding.tensorflow", "Round as TensorFlow 1.15", "Lets the program's sessions round as TensorFlow 1.15's CPU kernels do, to the last digit that it prints, and runs the program again.", "Run", "", "", rounds_so<ops::Rounding::tf1_15>, switch_rounding<ops::Rounding::tf1_15>},
        {"rounding.fast", "Round accurately and fast", "Lets the program's sessions use the fastest kernels, whose last digit may not be TensorFlow's, and runs the program again.", "Run", "", "", rounds_so<ops::Rounding::fast>, switch_rounding<ops::Rounding::fast>},
        {"poison.off", "Stop at missing values", "Lets runs end at a read of a variable without a value, as TensorFlow does.", "Run", "", "", is_switched<false>, switch_poison<false>},
        {"run.stop", "Stop work", "Stops the movement that is going on and stays where it got to.", "Run", "Ctrl+Shift+C", "",
         [](const Debugger& d) { return d.busy() ? Blocked() : Blocked("Nothing is running."); },
         [](Debugger& d, std::string_view) -> Text { d.cancel(); return std::string("stopped"); }},
        {"run.restart", "Restart", "Forgets the recording and stops before the first statement.", "Run", "Ctrl+Shift+F5", "", nothing_open,
         [](Debugger& d, std::string_view) -> Text { d.restart(); return std::string(); }},
        {"step.over", "Step over", "Runs the current line, with the functions and runs that it calls, to the next one.", "Run", "F10", "", cannot_go_on, step<Granularity::statement_over, true>},
        {"step.back-over", "Step back over", "Goes back to the line before, past the functions and runs that it called.", "Run", "Shift+F10", "", cannot_go_back, step<Granularity::statement_over, false>},
        {"step.into", "Step into", "Runs to the next line, also inside a function, or to the first op of a run.", "Run", "F11", "", cannot_go_on, step<Granularity::statement_into, true>},
        {"step.back-into", "Step back into", "Goes back to the line before, also inside a function, or to the op before.", "Run", "Shift+F11", "", cannot_go_back, step<Granularity::statement_into, false>},
        {"step.out", "Step out", "Runs to the end of the run, function or block.", "Run", "F12", "", cannot_go_on, step<Granularity::statement_out, true>},
        {"step.back-out", "Step back out", "Goes back to the line that started the run, function or block.", "Run", "Shift+F12", "", cannot_go_back, step<Granularity::statement_out, false>},
        {"step.op", "Step one op", "Runs one op, or one line outside of a run.", "Run", "F8", "", cannot_go_on, step<Granularity::op, true>},
        {"step.back-op", "Step back one op", "Goes back one op, or one line outside of a run.", "Run", "Shift+F8", "", cannot_go_back, step<Granularity::op, false>},
        {"step.time", "Step one time step", "Runs to the start of the next loop iteration.", "Run", "F7", "", cannot_go_on, step<Granularity::time_step, true>},
        {"step.back-time", "Step back one time step", "Goes back to the start of the loop iteration before.", "Run", "Shift+F7", "", cannot_go_back, step<Granularity::time_step, false>},
        {"step.run", "Step one run", "Runs to the end of the next Session.run.", "Run", "F6", "", cannot_go_on, step<Granularity::run, true>},
        {"step.back-run", "Step back one run", "Goes back to the end of the Session.run before.", "Run", "Shift+F6", "", cannot_go_back, step<Granularity::run, false>},
        {"run.to-cursor", "Run to selection", "Runs to the next occurrence of the selected op, scope, variable or line, or of what is named.", "Run", "Ctrl+F8", "", cannot_go_on, run_to_cursor<true>},
        {"run.back-to-cursor", "Run back to selection", "Runs backwards to the last occurrence of the selected op, scope, variable or line.", "Run", "Ctrl+Shift+F8", "", cannot_go_back, run_to_cursor<false>},
        {"break.toggle", "Toggle breakpoint", "Sets or clears a breakpoint at a line, an op or a scope; without a name at the current line. With \"if\" and a condition, as break.if.", "Run", "F9", "", nothing_open, toggle_breakpoint},
        {"break.if", "Conditional breakpoint…", "Stops where a value is nan, inf, bad (either), outside A B, equals X, saturated [DISTANCE] or has changed by X since the time step before.", "Run", "Ctrl+F9", "NAME or * if CONDITION, or LINE if NAME CONDITION", nothing_open, toggle_conditional_breakpoint},
        {"watch.write", "Watch writes", "Stops after each write of the selected variable, or the one that is named.", "Run", "", "", nothing_open, watch_variable<Breakpoint::Access::write>},
        {"watch.read", "Watch reads", "Stops after each read of the selected variable, or the one that is named.", "Run", "", "", nothing_open, watch_variable<Breakpoint::Access::read>},
        {"watch.access", "Watch reads and writes", "Stops after each read or write of the selected variable, or the one that is named.", "Run", "", "", nothing_open, watch_variable<Breakpoint::Access::any>},
        {"watch.value", "Watch changes", "Stops where the selected op, or the tensor that is named, gives another value than before.", "Run", "", "", nothing_open, watch_tensor},
        {"break.clear", "Clear all breakpoints", "Removes every breakpoint.", "Run", "Ctrl+Shift+F9", "", no_breakpoints, clear_breakpoints},

        {"whatif.set", "What if a value were…", "Changes a tensor or variable from the position on, once, in a what-if: at the next event that gives it, or before the next op.", "Run", "", "NAME VALUE", nothing_built_or_busy, change_value},
        {"whatif.feed", "What if this were fed…", "Feeds something else in a what-if: in the run at the position, or the next.", "Run", "", "NAME VALUE", nothing_built_or_busy, change_feed},
        {"whatif.skip", "What if an op were skipped…", "Does not execute the op when it is next due, in a what-if: it gives zeros, or hands on its reference.", "Run", "", "op name", nothing_built_or_busy, change_skip},
        {"whatif.run", "Run the what-if", "Evaluates the program once more with the changes, and prints where the values differ first; the recording stays as it is.", "Run", "", "", nothing_changes,
         [](Debugger& d, std::string_view) -> Text { return run_what_if(d); }},
        {"whatif.keep", "Keep the what-if", "Shows the what-if as a second recording, at the same position.", "Run", "", "", no_diversion,
         [](Debugger& d, std::string_view) -> Text { return keep_what_if(d); }},
        {"whatif.switch", "Switch recordings", "Shows the original instead of the what-if, or the other way round.", "Run", "", "", no_diversion,
         [](Debugger& d, std::string_view) -> Text { return switch_recording(d); }},
        {"whatif.discard", "Discard the what-if", "Forgets the what-if and its changes, and shows the original.", "Run", "", "", nothing_to_discard,
         [](Debugger& d, std::string_view) -> Text { return discard_what_if(d); }},

        {"go.start", "Go to the start", "Shows the state before the first statement.", "Go", "Ctrl+Home", "", cannot_go_back, go_start},
        {"go.end", "Go to the end of the recording", "Shows the newest recorded state.", "Go", "Ctrl+End", "", nothing_or_busy, go_end},
        {"go.position", "Go to position…", "Shows the state at a position of the recording.", "Go", "Ctrl+G", "position", nothing_or_busy, go_position},
        {"go.failure", "Go to failure", "Shows the next failure, and after the last one the first.", "Go", "F4", "", no_failure, go_failure},
        {"go.next-error", "Next error", "Runs to the next error, past all breakpoints.", "Go", "", "", cannot_go_on, seek<Sought::error, true>},
        {"go.previous-error", "Previous error", "Goes back to the last error.", "Go", "", "", cannot_go_back, seek<Sought::error, false>},
        {"go.next-uninitialized", "Next uninitialized read", "Runs to the next read of a variable without a value, past all breakpoints and other errors.", "Go", "", "", cannot_go_on, seek<Sought::uninitialized_read, true>},
        {"go.previous-uninitialized", "Previous uninitialized read", "Goes back to the last read of a variable without a value.", "Go", "", "", cannot_go_back, seek<Sought::uninitialized_read, false>},
        {"go.time", "Go to time…", "Goes to a run, a time step in it, and an op in that.", "Go", "", "RUN [TIME STEP] [OP]", nothing_or_busy, go_time},
        {"bookmark.toggle", "Toggle bookmark", "Marks the position, under a name if one is given, or takes the mark away.", "Go", "Ctrl+F2", "", nothing_or_busy, toggle_bookmark},
        {"bookmark.next", "Next bookmark", "Goes to the next bookmark, and after the last one to the first.", "Go", "F2", "", no_bookmarks, go_bookmark<true>},
        {"bookmark.previous", "Previous bookmark", "Goes to the bookmark before, and from the first one to the last.", "Go", "Shift+F2", "", no_bookmarks, go_bookmark<false>},
        {"go.next-write", "Next write", "Goes to the next write of the selected variable.", "Go", "Ctrl+Right", "", no_variable_selected, go_access<Kind::write, true>},
        {"go.previous-write", "Previous write", "Goes back to the last write of the selected variable.", "Go", "Ctrl+Left", "", no_variable_selected, go_access<Kind::write, false>},
        {"go.next-read", "Next read", "Goes to the next read of the selected variable.", "Go", "Ctrl+Shift+Right", "", no_variable_selected, go_access<Kind::read, true>},
        {"go.previous-read", "Previous read", "Goes back to the last read of the selected variable.", "Go", "Ctrl+Shift+Left", "", no_variable_selected, go_access<Kind::read, false>},
        {"ask.history", "History of the variable", "Prints every read, write and restore of the selected variable in all sessions, or of the one that is named.", "Go", "", "", nothing_built, ask<answer_accesses>},
        {"ask.initialized", "Who initialized this", "Prints what gave the selected variable its first value, and what its value now.", "Go", "", "", nothing_built, ask<answer_initialization>},
        {"ask.from", "Where did this value come from", "Prints what the newest value of the selected op or variable was computed from, back to feeds, constants and writes of variables.", "Go", "Ctrl+Up", "", cannot_ask,
         [](Debugger& d, std::string_view name) { return ask_in_pieces(d, "following the value back", name, answer_where_from); }},
        {"ask.to", "Where does this value go", "Prints what was computed from the newest value of the selected op or variable, up to fetches and writes of variables.", "Go", "Ctrl+Down", "", cannot_ask,
         [](Debugger& d, std::string_view name) { return ask_in_pieces(d, "following the value on", name, answer_where_to); }},
        {"ask.right", "When was this last right", "Prints when the selected op or variable last had no NaN and no infinity; with \"if\" and a condition, when it fulfilled that.", "Go", "", "", cannot_ask,
         [](Debugger& d, std::string_view argument) { return ask_in_pieces(d, "looking at earlier values", argument, answer_last_right); }},
        {"ask.order", "Which orders fail", "Prints what other orders of the run at the position would do with variables that have no value before it; or of run N, or of fetches that are named.", "Go", "", "", cannot_ask,
         [](Debugger& d, std::string_view argument) { return ask_in_pieces(d, "trying other orders", argument, answer_orders); }},
        {"ask.compare", "Compare with…", "Runs another program or graph and prints where the values of ops of the same name differ first; \"within 1e-6\" allows for rounding.", "Go", "", "FILE [within TOLERANCE]", nothing_built_or_busy, begin_question<ask_comparison>},
        {"ask.tolerance", "Compare within…", "Compares what the shown comparison compared once more, with another tolerance.", "Go", "", "TOLERANCE", no_comparison, begin_question<ask_tolerance>},
        {"ask.poison", "What did the missing values reach", "Prints which variables, ops, time steps and fetches are derived from values that were missing, and how many of their elements.", "Go", "", "", nothing_or_busy,
         [](Debugger& d, std::string_view) { return ask_in_pieces(d, "following missing values", "", poison_question); }},
        {"ask.scalars", "How did fetched numbers go", "Prints every single number that runs fetched (a loss, a norm, an accuracy), run by run.", "Go", "", "", nothing_open,
         [](Debugger& d, std::string_view) -> Text { return give(d, answer_scalars(d)); }},
        {"answer.back", "Answer before", "Shows the answer that was given before the shown one.", "Go", "Alt+Shift+Left", "", no_answer_before, show_answer_before},
        {"answer.forward", "Answer after", "Shows the answer that was given after the shown one.", "Go", "Alt+Shift+Right", "", no_answer_after, show_answer_after},
        {"answer.show", "Show answer…", "Shows an answer that was given earlier, by its number.", "Go", "", "number", no_answer, show_answer},
        {"answer.close", "Close answer", "Forgets the answer that is shown, or the one with the number.", "Go", "", "", no_answer, close_answer},
        {"answer.next", "Next place of the answer", "Goes to the next position that the shown answer names.", "Go", "F3", "", no_answer_places, go_next_place},
        {"answer.previous", "Previous place of the answer", "Goes back to the last position that the shown answer names.", "Go", "Shift+F3", "", no_answer_places, go_previous_place},
        {"select.back", "Back", "Selects what was selected before.", "Go", "Alt+Left", "",
         [](const Debugger& d) { return d.can_select_back() ? Blocked() : Blocked("Nothing was selected before."); },
         [](Debugger& d, std::string_view) -> Text { d.select_back(); return std::string(); }},
        {"select.forward", "Forward", "Selects again what was left by going back.", "Go", "Alt+Right", "",
         [](const Debugger& d) { return d.can_select_forward() ? Blocked() : Blocked("Nothing was selected after this."); },
         [](Debugger& d, std::string_view) -> Text { d.select_forward(); return std::string(); }},
        {"select.node", "Select op…", "Selects an op by its name.", "Go", "", "op name", nothing_built, select_node},
        {"select.variable", "Select variable…", "Selects a variable by its name.", "Go", "", "variable name", nothing_built, select_variable},
        {"select.scope", "Select scope…", "Selects a scope by its path.", "Go", "", "scope path", nothing_built, select_scope},
        {"select.line", "Select line…", "Selects the statement at a line of the Python form.", "Go", "", "line number", nothing_open, select_statement},
        {"session.choose", "Choose session…", "Shows the values of another session.", "Go", "", "session number", nothing_open, choose_session},

        {"help.explain", "Explain cause…", "Explains a cause of a failure, with an example.", "Help", "Shift+F1", "cause code", nullptr, explain},
        {"print.where", "Print position", "Prints the position, the current line and the failure there.", "", "", "", nothing_open,
         [](Debugger& d, std::string_view) -> Text { return where_text(d); }},
        {"print.source", "Print source", "Prints the program as Python, with the current line marked.", "", "", "", nothing_open,
         [](Debugger& d, std::string_view) -> Text { return source_text(d); }},
        {"print.value", "Print value…", "Prints the value that a tensor, op or variable had last.", "", "", "name", nothing_open,
         [](Debugger& d, std::string_view name) -> Text { return value_text(d, name); }},
        {"value.numpy", "Print value as numpy", "Prints the value of the selected op or variable, or of the one that is named, as Python that makes it.", "", "", "", nothing_built,
         [](Debugger& d, std::string_view name) -> Text { const auto here = value_here(d, name); return here ? numpy_text(here->value) : Text(here.error()); }},
        {"value.export", "Export value…", "Writes the value of the selected op or variable, or of the one that is named, to a file of numpy, as comma-separated numbers or as a picture.", "File", "", "FILE.npy, .csv or .png [NAME]", nothing_built, export_value_to},
        {"plot.export", "Export fetched numbers…", "Writes every single number that runs fetched to a file, a line for each run.", "File", "", "FILE.csv", nothing_open,
         [](Debugger& d, std::string_view path) -> Text { return export_scalars(d, path); }},
        {"print.variables", "Print variables", "Prints every variable with its state in the current session.", "", "", "", nothing_open,
         [](Debugger& d, std::string_view) -> Text { return variables_text(d); }},
        {"print.history", "Print history…", "Prints all writes and reads of a variable.", "", "", "variable name", nothing_open,
         [](Debugger& d, std::string_view name) -> Text { return history_text(d, name); }},
        {"print.breakpoints", "Print breakpoints", "Prints all breakpoints and watchpoints.", "", "", "", nothing_open,
         [](Debugger& d, std::string_view) -> Text { return breakpoints_text(d); }},
        {"print.bookmarks", "Print bookmarks", "Prints all bookmarks.", "", "", "", nothing_open,
         [](Debugger& d, std::string_view) -> Text { return bookmarks_text(d); }},
        {"print.locals", "Print locals", "Prints the names that the current line can use, with their values.", "", "", "", nothing_open,
         [](Debugger& d, std::string_view) -> Text { return locals_text(d); }},
        {"print.problems", "Print problems", "Prints the diagnosis of every failure so far.", "", "", "", nothing_open,
         [](Debugger& d, std::string_view) -> Text { return problems_text(d); }},
        {"print.preflight", "Print preflight", "Prints every uninitialized read that the program would meet.", "", "", "", nothing_or_busy,
         [](Debugger& d, std::string_view) -> Text { return preflight_text(d); }},
    };
// clang-format on

} // namespace

std::span<const CommandDef> all_commands() {
    return commands;
}

const CommandDef* find_command(std::string_view id) {
    const auto found = std::ranges::find(commands, id, &CommandDef::id);
    return found == std::end(commands) ? nullptr : &*found;
}

Result<std::string> begin(Debugger& debugger, const Command& command) {
    const CommandDef* def = find_command(command.id);
    if (!def) {
        std::vector<std::string> ids;
        for (const CommandDef& other : commands) ids.emplace_back(other.id);
        const std::string near = nearest(command.id, ids);
        return Error{"command.unknown",
                     near.empty() ? fmt::format("unknown command \"{}\"", command.id)
                                  : fmt::format("unknown command \"{}\"; did you mean {}?", command.id, near)};
    }
    if (def->blocked)
        if (const Blocked reason = def->blocked(debugger)) return Error{"command.blocked", *reason};
    return def->run(debugger, command.argument);
}

Result<std::string> execute(Debugger& debugger, const Command& command) {
    Result<std::string> said = begin(debugger, command);
    if (!said || debugger.inquiry() == nullptr) return said;
    while (!debugger.pump(std::chrono::seconds(1))) {
    }
    const std::optional<Result<std::string>> outcome = debugger.take_outcome();
    return outcome ? *outcome : said;
}

} // namespace rnnscope::debug
