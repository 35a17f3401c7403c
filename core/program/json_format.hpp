#pragma once

#include <string>
#include <string_view>

namespace rnnscope::program {

/// A program's JSON text in the one layout that our samples and edited programs have: two spaces per level, one
/// statement per entry, whatever is short on one line. `text` must be valid JSON.
std::string format_json(std::string_view text);

/// `text` after a JSON Patch (RFC 6902), formatted. Both must be valid JSON; an empty result means that the patch does
/// not fit, and `problem` says why.
std::string patch_json(std::string_view text, std::string_view patch, std::string& problem);

} // namespace rnnscope::program
