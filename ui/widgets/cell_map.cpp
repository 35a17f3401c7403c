#include "ui/widgets/cell_map.hpp"

#include "ui/widgets/draw.hpp"

#include <algorithm>
#include <cmath>

namespace rnnscope::ui {

namespace {

constexpr std::uint8_t tones = 64, tone_nan = 64, tone_below = 65, tone_above = 66, tone_none = 67;
constexpr float most_cells = 12000; ///< drawn: a draw list without offsets holds 16 384 rectangles

/// What a block of cells shows: the value that is farthest from the middle; a NaN wins.
std::uint8_t tone_of(const view::CellMap& map, double value) {
    if (std::isnan(value)) return tone_nan;
    if (std::isinf(value)) return value < 0 ? tone_below : tone_above;
    const double t = ((value - map.middle) / map.range + 1) / 2;
    return static_cast<std::uint8_t>(std::lround(std::clamp(t, 0.0, 1.0) * (tones - 1)));
}

std::size_t parts(float pixels, float least, std::size_t most) {
    return std::clamp<std::size_t>(static_cast<std::size_t>(pixels / least), 1, std::max<std::size_t>(most, 1));
}

} // namespace

Color cell_color(const Look& look, view::CellScale scale, double value, double middle, double range) {
    const double t = (value - middle) / range;
    return scale == view::CellScale::gate ? look.theme->sequential((t + 1) / 2) : look.theme->diverging(t);
}

void CellPicture::build(const view::CellMaps& maps, const view::CellMap& map) {
    tones_.assign(key_.rows * key_.columns, tone_none);
    marks_.assign(key_.rows * key_.columns, 0);
    const auto units = static_cast<std::size_t>(map.units);
    for (std::size_t c = 0; c < key_.columns; ++c) {
        const std::size_t column0 = c * maps.columns() / key_.columns;
        const std::size_t column1 = std::max(column0 + 1, (c + 1) * maps.columns() / key_.columns);
        for (std::size_t r = 0; r < key_.rows; ++r) {
            const std::size_t unit0 = r * units / key_.rows, unit1 = std::max(unit0 + 1, (r + 1) * units / key_.rows);
            double shown = map.middle;
            std::uint8_t flags = 0;
            for (std::size_t column = column0; column < std::min(column1, maps.filled()); ++column)
                for (std::size_t unit = unit0; unit < unit1; ++unit) {
                    const std::size_t at = map.at(column, static_cast<std::int64_t>(unit));
                    if ((map.flags[at] & view::CellMap::computed) == 0) continue;
                    const double value = map.values[at];
                    if (flags == 0 || std::isnan(value) ||
                        (!std::isnan(shown) && std::fabs(value - map.middle) > std::fabs(shown - map.middle)))
                        shown = value;
                    flags |= map.flags[at];
                }
            if (flags == 0) continue;
            tones_[r * key_.columns + c] = tone_of(map, shown);
            marks_[r * key_.columns + c] = flags;
        }
    }
}

void CellPicture::draw(ImDrawList& list, const Look& look, ImVec2 a, ImVec2 b, const view::CellMaps& maps,
                       const view::CellMap& map) {
    if (map.units <= 0 || maps.columns() == 0) return;
    const float width = b.x - a.x, height = b.y - a.y;
    float least = look.px(2);
    while (width / least * (height / least) > most_cells) least *= 1.1f;
    const Key key{maps.generation(), parts(height, least, static_cast<std::size_t>(map.units)),
                  parts(width, least, maps.columns())};
    if (!(key == key_) || tones_.empty()) {
        key_ = key;
        build(maps, map);
    }
    Color colors[tones];
    for (int i = 0; i < tones; ++i)
        colors[i] =
            cell_color(look, map.scale, map.middle + map.range * (2.0 * i / (tones - 1) - 1), map.middle, map.range);
    const float cell_w = width / static_cast<float>(key_.columns), cell_h = height / static_cast<float>(key_.rows);
    const auto x_of = [&](std::size_t c) { return std::floor(a.x + cell_w * static_cast<float>(c)); };
    for (std::size_t r = 0; r < key_.rows; ++r) {
        const float y0 = std::floor(a.y + cell_h * static_cast<float>(r)),
                    y1 = std::floor(a.y + cell_h * static_cast<float>(r + 1));
        const std::uint8_t* row = &tones_[r * key_.columns];
        for (std::size_t c = 0; c < key_.columns;) { // neighbours of one tone are one rectangle
            std::size_t end = c + 1;
            while (end < key_.columns && row[end] == row[c]) ++end;
            const std::uint8_t tone = row[c];
            if (tone < tones)
                list.AddRectFilled({x_of(c), y0}, {x_of(end), y1}, colors[tone]);
            else if (tone != tone_none)
                list.AddRectFilled({x_of(c), y0}, {x_of(end), y1},
                                   tone == tone_nan ? look[Token::bg2] : colors[tone == tone_below ? 0 : tones - 1]);
            for (; c < end; ++c)
                if (tone == tone_nan || tone == tone_below || tone == tone_above)
                    list.AddLine({x_of(c), y1}, {x_of(c + 1), y0}, look[tone == tone_nan ? Token::fail : Token::text1],
                                 1);
        }
    }
    const bool has_room = cell_w >= look.px(5) && cell_h >= look.px(5);
    for (std::size_t i = 0; i < marks_.size(); ++i) {
        const std::size_t r = i / key_.columns, c = i % key_.columns;
        const float x1 = x_of(c + 1), y0 = std::floor(a.y + cell_h * static_cast<float>(r)),
                    y1 = std::floor(a.y + cell_h * static_cast<float>(r + 1));
        if ((marks_[i] & view::CellMap::poisoned) != 0) {
            const float size = std::clamp(std::min(x1 - x_of(c), y1 - y0) * 0.5f, look.px(2), look.px(7));
            list.AddTriangleFilled({x1 - size, y1}, {x1, y1 - size}, {x1, y1}, look[Token::s_pois]);
        }
        if (has_room && (marks_[i] & view::CellMap::saturated) != 0 && tones_[i] < tones)
            list.AddRectFilled({x_of(c) + 1, y0 + 1}, {x_of(c) + 1 + look.px(2), y0 + 1 + look.px(2)},
                               look.theme->text_on(colors[tones_[i]]));
    }
}

} // namespace rnnscope::ui
