#pragma once

#include "core/debug/diagnosis.hpp"
#include "core/view/common.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::view {

/// A piece of a page's line: words, code, or a name that can be selected.
struct PageSpan {
    std::string text;
    bool is_code = false;
    debug::Selection target = {}; ///< kind none: no link
};

/// What a page is set from, from top to bottom.
struct PageBlock {
    enum class Kind : std::uint8_t {
        heading,
        paragraph,
        item,    ///< of a list
        code,    ///< lines of Python
        listing, ///< lines as the terminal shows them
    } kind = Kind::paragraph;
    std::vector<PageSpan> spans;
    std::string label; ///< of code: "as it fails"; "" for none
};

/// A text to read, which lies over the panels until it is closed.
struct PageView {
    std::string title;
    std::string code; ///< of a cause: "init-built-too-early"; else ""
    std::vector<PageBlock> blocks;
    std::string text; ///< all of it, for the clipboard
};

/// The page of a cause. Where the failure at the position has it, that comes first: what is known of it, with links.
PageView cause_page(const debug::Debugger& debugger, const debug::CauseDef& cause);
/// What a command has said in several lines: a listing, in which names of the graph and lines of the program are links.
PageView text_page(const debug::Debugger& debugger, std::string title, std::string text);
/// "# heading", "`code`", "[link]".
std::string to_text(const PageView& view);

} // namespace rnnscope::view
