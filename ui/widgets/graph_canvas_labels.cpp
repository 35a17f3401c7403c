#include "ui/widgets/graph_canvas_labels.hpp"

#include "ui/widgets/draw.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

namespace rnnscope::ui {
namespace {

float distance(ImVec2 a, ImVec2 b) {
    return std::hypot(b.x - a.x, b.y - a.y);
}

/// Where so large a part of the line's length is behind.
ImVec2 along(std::span<const ImVec2> line, float part) {
    float left = 0;
    for (std::size_t i = 1; i < line.size(); ++i) left += distance(line[i - 1], line[i]) * part;
    for (std::size_t i = 1; i < line.size(); ++i) {
        const ImVec2 a = line[i - 1], b = line[i];
        const float length = distance(a, b);
        if (length >= left) {
            const float t = length > 0 ? left / length : 0;
            return {a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t};
        }
        left -= length;
    }
    return line.back();
}

} // namespace

/// Neither over one of the boxes directly in the scope, nor over the scope's own name, nor over another label.
bool EdgeLabels::has_room(std::uint32_t scope, const Area& area) const {
    if (scope != 0 && area.low.y < low(scope).y + view::SceneMetrics::header * p_.unit) return false;
    for (std::uint32_t i = scope + 1; i < scene_.boxes[scope].end; i = scene_.boxes[i].end)
        if (area.meets({low(i), high(i)})) return false;
    return std::ranges::none_of(labels_, [&](const Label& label) { return area.meets(label.area); });
}

void EdgeLabels::add_shape(std::uint32_t scope, std::span<const ImVec2> line, std::string_view text, float shown) {
    const ImVec2 size = text_size(look_, TextRole::caption, text);
    const float least = std::max(look_.px(60), size.x + look_.px(16)), gap = look_.px(2);
    struct Piece {
        ImVec2 from, to;
    };
    std::vector<Piece> level;
    for (std::size_t i = 1; i < line.size(); ++i)
        if (std::abs(line[i].y - line[i - 1].y) <= 0.5f && line[i].x - line[i - 1].x >= least)
            level.push_back({line[i - 1], line[i]});
    std::ranges::stable_sort(level, std::greater(), [](const Piece& p) { return p.to.x - p.from.x; });
    for (const Piece& piece : level) {
        const float x = (piece.from.x + piece.to.x - size.x) / 2;
        for (const float y : {piece.from.y - size.y - gap, piece.from.y + gap}) {
            const Area area{{x, y}, {x + size.x, y + size.y}};
            if (!has_room(scope, area)) continue;
            labels_.push_back({area, area.low, std::string(text), shown, false});
            return;
        }
    }
}

void EdgeLabels::add_count(std::uint32_t scope, std::span<const ImVec2> line, std::uint32_t count, bool down,
                           float shown) {
    std::string text = fmt::format("×{}", count);
    const float scale = std::clamp(p_.unit / look_.scale, 0.8f, 1.0f);
    const ImVec2 size = text_size(look_, TextRole::caption, text);
    const float gap = down ? line.back().y - line.front().y : line.back().x - line.front().x;
    if (gap < (down ? size.y + 8 : size.x + 22) * scale) return;
    const ImVec2 half{(size.x / 2 + 5) * scale, (size.y / 2 + 1) * scale};
    for (const float part : {0.5f, 0.4f, 0.6f, 0.3f, 0.7f}) {
        const ImVec2 middle = along(line, part);
        const Area area{{middle.x - half.x, middle.y - half.y}, {middle.x + half.x, middle.y + half.y}};
        if (!has_room(scope, area)) continue;
        labels_.push_back({area, {middle.x - size.x / 2, middle.y - size.y / 2}, std::move(text), shown, true});
        return;
    }
}

void EdgeLabels::draw() {
    for (const Label& label : labels_) {
        if (label.filled)
            list_.AddRectFilled(label.area.low, label.area.high, with_alpha(look_[Token::bg3], label.shown),
                                (label.area.high.y - label.area.low.y) / 2);
        draw_text(list_, look_, TextRole::caption, label.at,
                  with_alpha(look_[label.filled ? Token::text2 : Token::text3], label.shown), label.text);
    }
    labels_.clear();
}

} // namespace rnnscope::ui
