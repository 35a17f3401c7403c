#pragma once

#include <array>
#include <cstddef>

struct ImFont;

namespace rnnscope::ui {

/// What a text is for; the font and size follow (look: section 3). Icons are merged into `body`, `caption` and `title`.
enum class TextRole : unsigned char {
    caption,     ///< Inter 11: axis, hints, counts
    secondary,   ///< Inter 12: secondary body in inspectors
    body,        ///< Inter 13: rows, buttons, menus
    body_bold,   ///< Inter 600 13: panel titles
    title,       ///< Inter 600 15: card title, selected object
    section,     ///< Inter 600 20: section title (welcome)
    product,     ///< Inter 600 28: product name
    mono_small,  ///< Mono 11: axis numbers, codes, line numbers
    mono,        ///< Mono 12: code, names, values, node labels
    mono_bold,   ///< Mono 700 12
    mono_large,  ///< Mono 13: numbers in equations
    mono_result, ///< Mono 700 15: results in equations
    icons,       ///< Font Awesome 14
    count_
};

/// The fonts of one scale. Rebuilt whole when the scale changes (Dear ImGui 1.86 bakes its atlas).
class Fonts {
  public:
    /// Puts every role into the current ImGui context's atlas, at `scale` times the sizes of the look. The atlas is
    /// cleared first; the renderer must upload its texture again. Missing files fall back to Dear ImGui's own font.
    void build(float scale);
    ImFont* operator[](TextRole role) const { return fonts_[static_cast<std::size_t>(role)]; }
    float scale() const { return scale_; }

  private:
    std::array<ImFont*, static_cast<std::size_t>(TextRole::count_)> fonts_{};
    float scale_ = 0;
};

} // namespace rnnscope::ui
