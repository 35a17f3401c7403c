#include "core/debug/bookmark_commands.hpp"

#include "core/debug/terminal_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rnnscope::debug {

std::string position_name(const Debugger& debugger) {
    if (debugger.at_end()) return "end";
    if (const RunId run = debugger.current_run(); run.valid()) {
        return fmt::format("run {}, event {}", run.index() + 1, debugger.current_event());
    }
    const StatementId statement = debugger.current_statement();
    if (!statement.valid()) return "start";
    return fmt::format("line {}", debugger.program().python.statements[statement.index()].first);
}

Result<std::string> toggle_bookmark(Debugger& debugger, std::string_view name) {
    const bool set =
        debugger.toggle_bookmark({debugger.position(), name.empty() ? position_name(debugger) : std::string(name)});
    return set ? "bookmark " + debugger.bookmark_here()->name : std::string("the bookmark is gone");
}

template <bool forward> Result<std::string> go_bookmark(Debugger& debugger, std::string_view) {
    const std::vector<Bookmark>& all = debugger.bookmarks();
    const Position here = debugger.position();
    const Bookmark* target = nullptr;
    if (forward) {
        const auto next = std::ranges::upper_bound(all, here, {}, &Bookmark::at);
        target = next != all.end() ? &*next : &all.front();
    } else {
        const auto next = std::ranges::lower_bound(all, here, {}, &Bookmark::at);
        target = next != all.begin() ? &*std::prev(next) : &all.back();
    }
    if (debugger.recording().end() < target->at)
        return Error{"bookmark.not-reached", fmt::format("the program has not come to \"{}\" since it was restarted; "
                                                         "continue first",
                                                         target->name)};
    debugger.go(target->at);
    return std::string();
}
template Result<std::string> go_bookmark<true>(Debugger&, std::string_view);
template Result<std::string> go_bookmark<false>(Debugger&, std::string_view);

std::string bookmarks_text(const Debugger& debugger) {
    std::string text;
    for (const Bookmark& bookmark : debugger.bookmarks())
        text += fmt::format("{} {}  at {}\n", bookmark.at == debugger.position() ? "->" : "  ", bookmark.name,
                            bookmark.at.ticks);
    if (text.empty()) return "there are no bookmarks";
    text.pop_back();
    return text;
}

} // namespace rnnscope::debug
