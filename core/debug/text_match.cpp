#include "core/debug/text_match.hpp"

#include <algorithm>
#include <cassert>

#include <re2/re2.h>

namespace rnnscope::debug {
namespace {

/// The first match at or after `from`; moves `from` behind it.
std::optional<TextMatch> match_from(std::string_view text, const RE2& expression, std::size_t& from) {
    assert(expression.ok());
    const re2::StringPiece input(text.data(), text.size());
    std::vector<re2::StringPiece> found(static_cast<std::size_t>(expression.NumberOfCapturingGroups()) + 1);
    if (!expression.Match(input, from, input.size(), RE2::UNANCHORED, found.data(), static_cast<int>(found.size())))
        return std::nullopt;
    TextMatch match;
    for (const re2::StringPiece& group : found) match.groups.emplace_back(group.data(), group.size());
    const auto begin = static_cast<std::size_t>(found[0].data() - text.data());
    from = std::max(begin + found[0].size(), from + 1);
    return match;
}

re2::StringPiece piece(std::string_view text) {
    return {text.data(), text.size()};
}

} // namespace

bool has_match(std::string_view text, std::string_view expression) {
    return first_match(text, expression).has_value();
}

std::optional<TextMatch> first_match(std::string_view text, std::string_view expression) {
    std::size_t from = 0;
    return match_from(text, RE2(piece(expression)), from);
}

std::vector<TextMatch> all_matches(std::string_view text, std::string_view expression) {
    const RE2 compiled(piece(expression));
    std::vector<TextMatch> matches;
    for (std::size_t from = 0; from <= text.size();) {
        std::optional<TextMatch> match = match_from(text, compiled, from);
        if (!match) break;
        matches.push_back(std::move(*match));
    }
    return matches;
}

} // namespace rnnscope::debug
