#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rnnscope::debug {

/// What commands make of the text that they are given.

/// All of the text as a decimal number.
std::optional<std::uint64_t> whole_number(std::string_view text);
/// "command.argument"
Error bad_argument(std::string message);
/// "there is no WHAT "NAME"; did you mean …?", with the nearest of the names, if one is near.
Error unknown_name(std::string_view what, std::string_view name, std::span<const std::string> names);

} // namespace rnnscope::debug
