#include "ui/widgets/graph_canvas_paint.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace rnnscope::ui {
namespace {

bool continues(char c) { // a character that began before
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

constexpr std::string_view ellipsis = "…";

/// A few letters say less than none.
bool says_enough(std::string_view shortened, std::string_view name) {
    return shortened.size() >= ellipsis.size() + 5 && 2 * shortened.size() >= name.size();
}

/// The last `kept` bytes of a name, or less: from where a part of it begins.
std::string_view from_a_part_on(std::string_view name, std::size_t kept) {
    constexpr std::string_view borders = "/_";
    const std::string_view end = name.substr(name.size() - kept);
    if (kept < name.size() && borders.find(name[name.size() - kept - 1]) != std::string_view::npos) return end;
    return end.substr(std::min(end.find_first_of(borders), end.size()));
}

} // namespace

std::string shorten_name(std::string_view name, float room, bool from_left,
                         const std::function<float(std::string_view)>& width_of) {
    const std::string dots(ellipsis);
    for (std::size_t kept = name.size(); kept > 1;) {
        --kept;
        while (kept > 0 && continues(name[from_left ? name.size() - kept : kept])) --kept;
        const std::string_view part = from_left ? name.substr(name.size() - kept) : name.substr(0, kept);
        std::string cut = from_left ? dots + std::string(part) : std::string(part) + dots;
        if (width_of(cut) > room) continue;
        const std::string at_border = dots + std::string(from_a_part_on(name, kept));
        return from_left && says_enough(at_border, name) ? at_border : cut;
    }
    return dots;
}

float GraphBrush::label(TextRole role, float nominal_em, ImVec2 where, float middle_height, Color color,
                        std::string_view text, float room, bool from_left) {
    const float wanted = std::max(nominal_em * p_.unit, (nominal_em >= 12 ? 8.0f : 7.5f) * look_.scale);
    if (wanted < least_em * look_.scale || room < wanted || text.empty()) return 0;
    const ImFont* font = pick(role, wanted);
    // Dear ImGui's sizes run from ascent to descent.
    const bool mono = role == TextRole::mono || role == TextRole::mono_bold;
    const float line = mono ? 16.0f / 12 : 13.0f / 11;
    float size = std::round(wanted * line);
    const auto width_of = [&](std::string_view t) {
        return font->CalcTextSizeA(size, FLT_MAX, 0, t.data(), t.data() + t.size()).x;
    };
    // A whole name somewhat smaller says more than a part of it: whole pixels alone can make it too wide.
    const float fitting = std::floor(size * room / std::max(width_of(text), 1.0f));
    if (fitting < size && fitting >= line * std::max(least_em * look_.scale, least_share * wanted)) size = fitting;
    std::string shortened;
    if (width_of(text) > room) {
        shortened = shorten_name(text, room, from_left, width_of);
        if (!says_enough(shortened, text)) return 0;
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
