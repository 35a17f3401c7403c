#include "ui/theme/theme.hpp"

#include "ui/theme/embedded.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <optional>
#include <vector>

namespace rnnscope::ui {

namespace {

constexpr std::array<std::string_view, token_count> names = {
    "bg0",      "bg1",      "bg1b",  "bg2",   "bg3",   "line1",  "line2", "line3", "text1", "text2", "text3", "accent",
    "accentBg", "onAccent", "now",   "nowBg", "fail",  "failBg", "fix",   "fixBg", "warn",  "sDecl", "sInit", "sRest",
    "sPart",    "sUnin",    "sPois", "eData", "eCtrl", "eRef",   "kw",    "str",   "num",   "fn"};

std::optional<Color> parse_color(const nlohmann::json& value) {
    if (!value.is_string()) return std::nullopt;
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() != 7 || text[0] != '#') return std::nullopt;
    std::array<Color, 3> parts{};
    for (std::size_t i = 0; i < 6; ++i) {
        const char c = text[i + 1];
        const bool digit = c >= '0' && c <= '9', upper = c >= 'A' && c <= 'F', lower = c >= 'a' && c <= 'f';
        if (!digit && !upper && !lower) return std::nullopt;
        const int nibble = digit ? c - '0' : upper ? c - 'A' + 10 : c - 'a' + 10;
        parts[i / 2] = parts[i / 2] * 16 + static_cast<Color>(nibble);
    }
    return 0xFF000000u | parts[2] << 16 | parts[1] << 8 | parts[0];
}

std::array<double, 3> channels(Color color) {
    return {static_cast<double>(color & 0xFF), static_cast<double>(color >> 8 & 0xFF),
            static_cast<double>(color >> 16 & 0xFF)};
}

double luminance(Color color) {
    const auto linear = [](double c) {
        c /= 255;
        return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    const auto [r, g, b] = channels(color);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

Color on_scale(const std::array<Color, 9>& stops, double t) {
    const double at = std::clamp(std::isnan(t) ? 0 : t, 0.0, 1.0) * 8;
    const auto below = std::min(static_cast<std::size_t>(at), std::size_t{7});
    return mix(stops[below], stops[below + 1], at - static_cast<double>(below));
}

std::vector<Theme> read_embedded() {
    std::vector<Theme> themes;
    for (const EmbeddedFile& file : embedded_themes()) {
        auto theme = Theme::read(file.bytes);
        assert(theme.ok() && "an embedded theme is broken");
        if (theme) themes.push_back(std::move(theme).value());
    }
    return themes;
}

} // namespace

std::string_view token_name(Token token) {
    return names[static_cast<std::size_t>(token)];
}

Result<Theme> Theme::read(std::string_view text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return Error{"theme.syntax", "The theme is not a JSON object."};
    Theme theme;
    theme.name_ = json.value("name", "");
    const auto colors = json.value("colors", nlohmann::json::object());
    for (std::size_t i = 0; i < token_count; ++i) {
        const std::string name(names[i]);
        const auto color = colors.contains(name) ? parse_color(colors.at(name)) : std::nullopt;
        if (!color) return Error{"theme.color", "The theme gives no colour \"#RRGGBB\" for \"" + name + "\"."};
        theme.colors_[i] = *color;
    }
    using Colors = std::span<Color>;
    for (const auto& [key, scale] : {std::pair<std::string, Colors>{"diverging", theme.diverging_},
                                     {"sequential", theme.sequential_},
                                     {"categorical", theme.categorical_}}) {
        const auto list = json.value(key, nlohmann::json::array());
        if (!list.is_array() || list.size() != scale.size())
            return Error{"theme.scale",
                         "The theme needs " + std::to_string(scale.size()) + " colours in \"" + key + "\"."};
        for (std::size_t i = 0; i < scale.size(); ++i) {
            const auto color = parse_color(list[i]);
            if (!color) return Error{"theme.color", "A colour of \"" + key + "\" is not \"#RRGGBB\"."};
            scale[i] = *color;
        }
    }
    return theme;
}

Color Theme::diverging(double t) const {
    return on_scale(diverging_, (t + 1) / 2);
}

Color Theme::sequential(double t) const {
    return on_scale(sequential_, t);
}

Color Theme::tint(Color hue) const {
    constexpr double most = 0.25, step = 0.01, least_contrast = 4.5;
    double share = most;
    while (share > step && contrast((*this)[Token::text2], mix((*this)[Token::bg2], hue, share)) < least_contrast)
        share -= step;
    return mix((*this)[Token::bg2], hue, share);
}

Color Theme::text_on(Color fill) const {
    const Color mine = (*this)[Token::text1], other = (*this)[Token::bg2];
    return contrast(mine, fill) >= contrast(other, fill) ? mine : other;
}

std::span<const Theme> all_themes() {
    static const std::vector<Theme> themes = read_embedded();
    return themes;
}

const Theme& find_theme(std::string_view name) {
    const auto themes = all_themes();
    for (const Theme& theme : themes)
        if (theme.name() == name) return theme;
    assert(!themes.empty());
    return themes.front();
}

double contrast(Color a, Color b) {
    const double x = luminance(a), y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

Color with_alpha(Color color, double alpha) {
    return (color & 0x00FFFFFFu) | static_cast<Color>(std::lround(std::clamp(alpha, 0.0, 1.0) * 255)) << 24;
}

Color mix(Color a, Color b, double t) {
    const auto x = channels(a), y = channels(b);
    Color out = 0xFF000000u;
    for (std::size_t i = 0; i < 3; ++i) out |= static_cast<Color>(std::lround(x[i] + (y[i] - x[i]) * t)) << (8 * i);
    return out;
}

} // namespace rnnscope::ui
