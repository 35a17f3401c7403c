#include "core/base/diagnostic.hpp"

#include <fmt/format.h>

namespace rnnscope {

std::string to_text(const Diagnostic& diagnostic) {
    const SourcePosition& where = diagnostic.where;
    std::string text = where.file;
    if (where.line > 0) text += fmt::format(":{}:{}", where.line, where.column);
    if (!text.empty()) text += ": ";
    text += fmt::format("error [{}] {}\n", diagnostic.code, diagnostic.message);
    if (!where.pointer.empty()) text += fmt::format("  at {}\n", where.pointer);
    if (!diagnostic.remedy.empty()) text += fmt::format("  fix: {}\n", diagnostic.remedy);
    return text;
}

std::string to_text(const Diagnostics& diagnostics) {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics) text += to_text(diagnostic);
    return text;
}

} // namespace rnnscope
