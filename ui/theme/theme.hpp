#pragma once

#include "core/base/result.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rnnscope::ui {

/// Every colour that the window uses, by what it means. A theme gives each one a value; code never holds one.
enum class Token : std::uint8_t {
    bg0,       ///< window behind panels, title bar, status line
    bg1,       ///< panel body, graph canvas
    bg1b,      ///< every second level of nested scopes
    bg2,       ///< raised: node body, card, field, table header
    bg3,       ///< hover fill, chips, idle buttons
    line1,     ///< hairline between panels and rows
    line2,     ///< node border, field border, tree guides
    line3,     ///< border that must be seen alone: checkbox, ports, axis
    text1,     ///< names, values, body
    text2,     ///< secondary: shapes, types, captions
    text3,     ///< hints, line numbers, disabled but readable
    accent,    ///< what the person selected or can click
    accent_bg, ///< selected row, selected node
    on_accent, ///< text on accent, fail, now or fix
    now,       ///< the current position
    now_bg,
    fail, ///< the failure, and nothing else
    fail_bg,
    fix, ///< a value that exists, or the change that makes it exist
    fix_bg,
    warn,
    s_decl, ///< init states: declared, initialized, restored, partly, read while uninitialized, poisoned
    s_init,
    s_rest,
    s_part,
    s_unin,
    s_pois,
    e_data, ///< edges of the graph
    e_ctrl,
    e_ref,
    kw, ///< code: keywords, strings, numbers, TF names
    str,
    num,
    fn,
    count_
};
constexpr std::size_t token_count = static_cast<std::size_t>(Token::count_);
/// The name in a theme file: "accentBg".
std::string_view token_name(Token token);

/// 0xAABBGGRR, as Dear ImGui's ImU32.
using Color = std::uint32_t;

constexpr std::size_t categorical_count = 7;

/// One table of colours (assets/themes/*.json).
class Theme {
  public:
    /// Reads a theme file. Every token must be there; the error names the first that is not.
    static Result<Theme> read(std::string_view json);

    const std::string& name() const { return name_; }
    Color operator[](Token token) const { return colors_[static_cast<std::size_t>(token)]; }
    /// `t` from -1 (most negative) to 1; outside it is clamped.
    Color diverging(double t) const;
    /// `t` from 0 to 1; outside it is clamped.
    Color sequential(double t) const;
    /// Hues of classes that have no order (op types, devices): told apart with any vision. `i` < categorical_count.
    Color categorical(std::size_t i) const { return categorical_[i]; }
    /// A hue as the fill below text1 and text2: as much of it as leaves them readable.
    Color tint(Color hue) const;
    /// Of `text1` of this theme and its opposite, the one that is easier to read on `fill`.
    Color text_on(Color fill) const;

  private:
    std::string name_;
    std::array<Color, token_count> colors_{};
    std::array<Color, 9> diverging_{}, sequential_{};
    std::array<Color, categorical_count> categorical_{};
};

/// The embedded theme of that name; "dark" when there is none.
const Theme& find_theme(std::string_view name);
std::span<const Theme> all_themes();

/// WCAG 2.1 contrast ratio of two opaque colours, from 1 to 21.
double contrast(Color a, Color b);
Color with_alpha(Color color, double alpha);
Color mix(Color a, Color b, double t); ///< linear in sRGB

} // namespace rnnscope::ui
