#include "core/debug/command_argument.hpp"

#include "core/base/suggest.hpp"

#include <charconv>
#include <fmt/format.h>

namespace rnnscope::debug {

std::optional<std::uint64_t> whole_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

Error bad_argument(std::string message) {
    return {"command.argument", std::move(message)};
}

Error unknown_name(std::string_view what, std::string_view name, std::span<const std::string> names) {
    const std::string near = nearest(name, names);
    if (near.empty()) return bad_argument(fmt::format("there is no {} \"{}\"", what, name));
    return bad_argument(fmt::format("there is no {} \"{}\"; did you mean {}?", what, name, near));
}

} // namespace rnnscope::debug
