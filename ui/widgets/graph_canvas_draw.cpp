#include "ui/widgets/graph_canvas_paint.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace rnnscope::ui {
namespace {

template <class WidthOf> std::string shorten(std::string_view text, float room, WidthOf width_of, bool from_left) {
    std::size_t kept = text.size();
    std::string result;
    do {
        --kept;
        while (kept > 0 && !from_left && (static_cast<unsigned char>(text[kept]) & 0xC0) == 0x80) --kept;
        std::string_view part = from_left ? text.substr(text.size() - kept) : text.substr(0, kept);
        while (from_left && !part.empty() && (static_cast<unsigned char>(part[0]) & 0xC0) == 0x80)
            part.remove_prefix(1);
        result = from_left ? "…" + std::string(part) : std::string(part) + "…";
    } while (kept > 1 && width_of(result) > room);
    return result;
}

} // namespace

float GraphBrush::label(TextRole role, float nominal_em, ImVec2 where, float middle_height, Color color,
                        std::string_view text, float room, bool from_left) {
    const float wanted = std::max(nominal_em * p_.unit, (nominal_em >= 12 ? 8.0f : 7.5f) * look_.scale);
    if (wanted < least_em * look_.scale || room < wanted || text.empty()) return 0;
    const ImFont* font = pick(role, wanted);
    // Dear ImGui's sizes run from ascent to descent.
    const bool mono = role == TextRole::mono || role == TextRole::mono_bold;
    const float size = std::round(wanted * (mono ? 16.0f / 12 : 13.0f / 11));
    const auto width_of = [&](std::string_view t) {
        return font->CalcTextSizeA(size, FLT_MAX, 0, t.data(), t.data() + t.size()).x;
    };
    std::string shortened;
    if (width_of(text) > room) {
        shortened = shorten(text, room, width_of, from_left);
        // A few letters say less than none.
        if (shortened.size() < 3 + 5 || 2 * shortened.size() < text.size()) return 0;
        text = shortened;
    }
    const ImVec2 place{std::round(where.x), std::round(where.y + (middle_height - size) / 2)};
    list_.AddText(font, size, place, color, text.data(), text.data() + text.size());
    return width_of(text);
}

/// The nearest baked size at or above the wanted one.
const ImFont* GraphBrush::pick(TextRole role, float wanted) const {
    if (role == TextRole::mono && wanted <= 11 * look_.scale) return look_.font(TextRole::mono_small);
    if (role == TextRole::mono && wanted > 13.5f * look_.scale) return look_.font(TextRole::mono_large);
    if (role == TextRole::caption && wanted > 11.5f * look_.scale)
        return look_.font(wanted > 12.5f * look_.scale ? TextRole::body : TextRole::secondary);
    if (role == TextRole::mono_bold && wanted > 13 * look_.scale) return look_.font(TextRole::mono_result);
    return look_.font(role);
}

/// From back to front.
void paint_graph(ImDrawList& list, const GraphPaint& paint) {
    const GraphBrush brush(list, paint);
    const view::Scene& scene = paint.scene;
    for (std::uint32_t i = 0; i < scene.boxes.size();) {
        const view::SceneBox& box = scene.boxes[i];
        if (i > 0 && !brush.visible(i)) {
            i = box.end;
            continue;
        }
        const bool flat = i > 0 && brush.is_flat(i);
        if (i > 0) draw_graph_box(list, paint, i, flat);
        if (box.expanded && !flat) draw_graph_edges(list, paint, i);
        i = box.expanded && !flat ? i + 1 : box.end;
    }
    draw_lit_edges(list, paint);
    draw_failure(list, paint);
}

} // namespace rnnscope::ui
