#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rnnscope {

/// The candidate nearest to `word` by edit distance (case ignored), or "" when none is near enough to be what was
/// meant. Ties go to the candidate that comes first.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

} // namespace rnnscope
