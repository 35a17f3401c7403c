#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

/// The groups of a match; group 0 is all of it, a group that took no part is "".
struct TextMatch {
    std::vector<std::string> groups;
    const std::string& str(std::size_t group) const { return groups[group]; }
};

/// Matches of a regular expression (RE2's syntax) in an error's text. std::regex would overflow the stack on names of
/// some hundred thousand characters, which a program can have. The expressions are ours: a mistake in one asserts.
bool has_match(std::string_view text, std::string_view expression);
std::optional<TextMatch> first_match(std::string_view text, std::string_view expression);
std::vector<TextMatch> all_matches(std::string_view text, std::string_view expression);

} // namespace rnnscope::debug
