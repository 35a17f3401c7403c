#pragma once

#include <span>
#include <string_view>

namespace rnnscope::ui {

/// A file that was put into the program when it was built (cmake/embed.cmake).
struct EmbeddedFile {
    std::string_view name;
    std::string_view bytes;
};

std::span<const EmbeddedFile> embedded_themes();  ///< "dark", "light": assets/themes
std::span<const EmbeddedFile> embedded_fonts();   ///< "sans", "sans_bold", "mono", "mono_bold", "icons", "fallback"
std::span<const EmbeddedFile> embedded_samples(); ///< by path below samples/programs, sorted

std::span<const EmbeddedFile> embedded_lessons(); ///< by name below assets/lessons, sorted

} // namespace rnnscope::ui
