#include "core/program/names.hpp"

#include <algorithm>
#include <array>

namespace rnnscope::program {
namespace {

constexpr std::array<std::string_view, 2> builtins{"len", "range"};
// Python 3's keywords, and the modules that the printed program imports.
constexpr std::array<std::string_view, 39> reserved{
    "False",    "None",   "True",   "and",  "as",   "assert", "async",    "await", "break", "class",
    "continue", "def",    "del",    "elif", "else", "except", "finally",  "for",   "from",  "global",
    "if",       "import", "in",     "is",   "json", "lambda", "nonlocal", "not",   "np",    "or",
    "pass",     "raise",  "return", "tf",   "try",  "while",  "with",     "yield", "os"};

} // namespace

bool is_builtin(std::string_view name) {
    return std::find(builtins.begin(), builtins.end(), name) != builtins.end();
}

std::vector<std::string> builtin_names() {
    return {builtins.begin(), builtins.end()};
}

bool is_identifier(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    return !name.empty() && letter(name[0]) &&
           std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool is_reserved(std::string_view name) {
    return std::find(reserved.begin(), reserved.end(), name) != reserved.end();
}

} // namespace rnnscope::program
