#pragma once

#include "core/view/common.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::view {

/// A command as the palette knows it: the tables of the debugger and of the window give these.
struct PaletteCommand {
    std::string id, title, summary, key, argument;
    std::optional<std::string> blocked; ///< why not
};

struct PaletteItem {
    std::string title, detail, key;
    std::optional<std::string> blocked;
    std::string command;              ///< id; "" for names
    bool asks = false;                ///< needs an argument: choosing it goes on to ask
    debug::Selection target;          ///< for names
    std::vector<std::size_t> matched; ///< bytes of `title` that the query matched
    int score = 0;
};

/// Letters of `query` in order in `text`, case ignored. Whole words, starts of words and neighbours count more.
/// nullopt: not all are there.
struct FuzzyMatch {
    int score = 0;
    std::vector<std::size_t> positions;
};
std::optional<FuzzyMatch> fuzzy_match(std::string_view query, std::string_view text);

/// Best first: commands, then variables, scopes and ops of the graph. At most `limit`. `debugger` may have nothing
/// open.
std::vector<PaletteItem> build_palette(const debug::Debugger& debugger, std::span<const PaletteCommand> commands,
                                       std::string_view query, std::size_t limit = 50);
std::string to_text(std::span<const PaletteItem> items);

} // namespace rnnscope::view
