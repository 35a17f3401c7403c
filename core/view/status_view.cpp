#include "core/view/status_view.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace rnnscope::view {

using debug::Debugger;

StatusView build_status(const Debugger& debugger) {
    StatusView view;
    if (!debugger.is_open()) {
        view.mark = StateMark::declared;
        view.left.push_back(Link::plain("no program"));
        return view;
    }
    view.failed = debugger.error_at_position().has_value();
    view.mark = view.failed         ? StateMark::uninitialized
                : debugger.at_end() ? StateMark::initialized
                                    : StateMark::declared;
    const RunId run = debugger.current_run();
    if (debugger.busy()) view.left.push_back(Link::plain("running"));
    if (run.valid()) {
        view.left.push_back(Link::plain(run_text(run)));
        view.left.push_back(Link::plain(fmt::format("event {}", grouped(debugger.current_event()))));
    } else if (debugger.at_end()) {
        view.left.push_back(Link::plain(view.failed ? "ended by an error" : "finished"));
    } else {
        view.left.push_back(Link::plain("building"));
    }
    StatementId at = debugger.current_statement();
    if (!at.valid() && debugger.error_at_position()) at = debugger.error_at_position()->statement;
    const std::string file = std::filesystem::path(debugger.program().file).filename().string();
    if (at.valid())
        view.left.push_back({fmt::format("{}, {}", file, line_text(debugger, at)), select_statement(at)});
    else
        view.left.push_back(Link::plain(file));
    if (!debugger.recording_file().empty())
        view.left.push_back(
            Link::plain("recording " + std::filesystem::path(debugger.recording_file()).filename().string()));
    if (debugger.modified()) view.left.push_back(Link::plain("changed, not saved"));

    view.right.push_back(count_text(debugger.visible_nodes(), "node"));
    view.right.push_back(count_text(visible_variables(debugger).size(), "variable"));
    const record::Recording& recording = debugger.recording();
    view.right.push_back("recording " + bytes_text(recording.bytes()) +
                         (recording.keeps_states() ? ", loops as states" : ""));
    if (debugger.poisons()) view.right.push_back("runs go on past missing values");
    const bool nothing_to_run = debugger.at_end() && debugger.recording().runs().empty();
    if (const auto* report = debugger.known_preflight(); report != nullptr && !nothing_to_run) {
        const std::size_t reads = report->reads.size();
        view.right.push_back(reads == 0 ? std::string("preflight: no uninitialized read")
                                        : "preflight: " + count_text(reads, "uninitialized read"));
    }
    return view;
}

std::string to_text(const StatusView& view) {
    std::string out(glyph(view.mark));
    for (const Link& part : view.left) out += "  " + part.text;
    out += "  |";
    for (const std::string& part : view.right) out += "  " + part;
    return out + "\n";
}

} // namespace rnnscope::view
