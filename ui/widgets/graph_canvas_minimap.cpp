#include "ui/widgets/draw.hpp"
#include "ui/widgets/graph_canvas.hpp"
#include "ui/widgets/graph_canvas_colors.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace rnnscope::ui {

using view::EdgeKind;
using view::no_box;

namespace {

/// Two rows, and one for the edges that are missing.
float legend_height(const GraphPaint& paint) {
    return paint.look.px(paint.scene.missing.empty() ? 36 : 52);
}

void paint_legend(ImDrawList& list, const GraphPaint& paint, ImVec2 at) {
    const Look& look = paint.look;
    struct Entry {
        EdgeKind kind;
        const char* name;
    };
    float x = at.x, y = at.y;
    for (const Entry& entry : {Entry{EdgeKind::data, "data"}, Entry{EdgeKind::control, "control"},
                               Entry{EdgeKind::reference, "reference"}, Entry{EdgeKind::back, "loop back"}}) {
        if (!paint.kinds[static_cast<std::size_t>(entry.kind)]) continue;
        const float middle = y + look.px(8), length = look.px(20);
        const ImVec2 p{x, middle}, q{x + length, middle};
        if (entry.kind == EdgeKind::data) {
            list.AddLine(p, q, look[Token::e_data], look.px(1.5f));
        } else if (entry.kind == EdgeKind::reference) {
            list.AddLine({p.x + look.px(6), p.y}, q, look[Token::e_ref], look.px(1.5f));
            list.AddCircle({p.x + look.px(3), p.y}, look.px(3), look[Token::e_ref], 12, look.px(1.5f));
        } else {
            const bool control = entry.kind == EdgeKind::control;
            draw_dashed_line(list, p, q, look[control ? Token::e_ctrl : Token::e_data], look.px(1.2f),
                             look.px(control ? 3 : 2), look.px(3));
        }
        const float width = draw_text_in_row(list, look, TextRole::caption, x + length + look.px(6), y, look.px(16),
                                             Token::text2, entry.name);
        x += length + look.px(6) + width + look.px(14);
        if (x > at.x + look.px(130)) {
            x = at.x;
            y += look.px(16);
        }
    }
    if (paint.scene.missing.empty()) return;
    if (x > at.x) y += look.px(16);
    x = at.x;
    draw_dashed_line(list, {x, y + look.px(8)}, {x + look.px(20), y + look.px(8)}, look[Token::fix], look.px(1.5f),
                     look.px(5), look.px(4));
    draw_text_in_row(list, look, TextRole::caption, x + look.px(26), y, look.px(16), Token::text2, "missing");
}

Color leaf_color(const GraphPaint& paint, std::uint32_t box) {
    return paint.look_of(box) ? *paint.look_of(box)->hue : paint.look[Token::bg3];
}

void paint_minimap(ImDrawList& list, const GraphPaint& paint, ImVec2 p, ImVec2 q) {
    const Look& look = paint.look;
    const view::Scene& scene = paint.scene;
    const float width = q.x - p.x, height = q.y - p.y;
    list.AddRectFilled(p, q, look[Token::bg1b], look.px(3));
    const float inner = look.px(4);
    const double scale = std::min((width - 2 * inner) / std::max(scene.root().width, 1.0f),
                                  (height - 2 * inner) / std::max(scene.root().height, 1.0f));
    const double left = p.x + (width - scene.root().width * scale) / 2,
                 top = p.y + (height - scene.root().height * scale) / 2;
    const auto point = [&](double x, double y) {
        return ImVec2{static_cast<float>(left + x * scale), static_cast<float>(top + y * scale)};
    };
    list.PushClipRect(p, q, true);
    for (std::uint32_t i = 1; i < scene.boxes.size();) {
        const PlacedBox& box = paint.placed[i];
        const ImVec2 a = point(box.x, box.y), b = point(box.x + box.width, box.y + box.height);
        const bool deep = scene.boxes[i].expanded && b.x - a.x > 6 && b.y - a.y > 6;
        const bool seen = b.x - a.x > 0.6f || b.y - a.y > 0.6f;
        if (seen && scene.boxes[i].expanded)
            compat::add_rect(list, a, b, look[Token::line2], 1, 1);
        else if (seen)
            list.AddRectFilled(a, {std::max(b.x, a.x + 1), std::max(b.y, a.y + 1)}, leaf_color(paint, i), 1);
        i = deep ? i + 1 : scene.boxes[i].end;
    }
    if (scene.failed_box != no_box) {
        const PlacedBox& box = paint.placed[scene.failed_box];
        const ImVec2 center = point(box.x + box.width / 2, box.y + box.height / 2);
        list.AddRectFilled({center.x - look.px(3), center.y - look.px(2.5f)},
                           {center.x + look.px(3), center.y + look.px(2.5f)}, look[Token::fail], 1);
    }
    const ImVec2 a = point(paint.camera_x, paint.camera_y);
    const ImVec2 b = point(paint.camera_x + (paint.b.x - paint.a.x) / paint.unit,
                           paint.camera_y + (paint.b.y - paint.a.y) / paint.unit);
    compat::add_rect(list, {std::max(a.x, p.x), std::max(a.y, p.y)}, {std::min(b.x, q.x), std::min(b.y, q.y)},
                     look[Token::text3], 1, 1);
    list.PopClipRect();
    compat::add_rect(list, p, q, look[Token::line2], look.px(3), 1);
}

/// What stands in a corner.
struct Plate {
    ImVec2 a, b;
    bool there = false;
};

Plate plate_at(const GraphPaint& paint, OverviewCorner corner, ImVec2 size) {
    const Look& look = paint.look;
    const float wide = paint.b.x - paint.a.x, high = paint.b.y - paint.a.y;
    Plate plate;
    plate.there = corner != OverviewCorner::hidden && wide >= 3 * size.x && high >= look.px(280) && high >= 2 * size.y;
    const bool left = corner == OverviewCorner::lower_left || corner == OverviewCorner::upper_left;
    const bool low = corner == OverviewCorner::lower_left || corner == OverviewCorner::lower_right;
    const float margin = look.px(6);
    plate.a = {std::round(left ? paint.a.x + margin : paint.b.x - margin - size.x),
               std::round(low ? paint.b.y - margin - size.y : paint.a.y + margin)};
    plate.b = {plate.a.x + size.x, plate.a.y + size.y};
    return plate;
}

/// The scene is hardly larger than the canvas: then there is no minimap, only the legend of the edges.
bool has_minimap(const GraphPaint& paint) {
    const float wide = paint.b.x - paint.a.x, high = paint.b.y - paint.a.y;
    return std::max(paint.scene.root().width * paint.unit / wide, paint.scene.root().height * paint.unit / high) > 1.5f;
}

ImVec2 overview_size(const GraphPaint& paint) {
    return {paint.look.px(176), paint.look.px(has_minimap(paint) ? 80 : 4) + legend_height(paint)};
}

/// The corner, other than `taken`, where a plate of this size covers least.
OverviewCorner best_corner(const GraphPaint& paint, ImVec2 size, OverviewCorner taken) {
    const auto overlap = [&](const Plate& plate, std::uint32_t box, float grown, bool header = false) {
        const PlacedBox& placed = paint.placed[box];
        const double height = header ? static_cast<double>(view::SceneMetrics::header) : placed.height;
        const ImVec2 a = paint.at(placed.x, placed.y), b = paint.at(placed.x + placed.width, placed.y + height);
        const float x = std::min(plate.b.x, b.x + grown) - std::max(plate.a.x, a.x - grown);
        const float y = std::min(plate.b.y, b.y + grown) - std::max(plate.a.y, a.y - grown);
        return x > 0 && y > 0 ? x * y : 0.0f;
    };
    const auto covers_line = [&](const Plate& plate, const view::SceneLink& link) {
        const PlacedBox &from = paint.placed[link.from], &to = paint.placed[link.to];
        const ImVec2 a = paint.at(from.x + from.width / 2, from.y + from.height / 2);
        const ImVec2 b = paint.at(to.x + to.width / 2, to.y + to.height / 2);
        constexpr int steps = 64;
        for (int i = 0; i <= steps; ++i) {
            const float t = static_cast<float>(i) / steps, x = a.x + (b.x - a.x) * t, y = a.y + (b.y - a.y) * t;
            if (x > plate.a.x && x < plate.b.x && y > plate.a.y && y < plate.b.y) return true;
        }
        return false;
    };
    OverviewCorner best = OverviewCorner::hidden;
    float least = 0;
    for (const OverviewCorner corner : {OverviewCorner::lower_left, OverviewCorner::lower_right,
                                        OverviewCorner::upper_left, OverviewCorner::upper_right}) {
        if (corner == taken) continue;
        const Plate plate = plate_at(paint, corner, size);
        bool covers = paint.scene.failed_box != no_box && overlap(plate, paint.scene.failed_box, paint.look.px(30)) > 0;
        for (const view::SceneLink& link : paint.scene.failing_path)
            covers = covers || overlap(plate, link.from, 4) > 0 || overlap(plate, link.to, 4) > 0 ||
                     covers_line(plate, link);
        if (covers) continue;
        float below = 0;
        constexpr float header_counts = 4; // the name of a scope is missed more than one of its ops
        for (std::uint32_t i = 1; i < paint.scene.boxes.size(); ++i) {
            const bool open = paint.scene.boxes[i].expanded;
            below += overlap(plate, i, 0, open) * (open ? header_counts : 1);
        }
        if (best != OverviewCorner::hidden && below >= least) continue;
        best = corner;
        least = below;
    }
    return best;
}

} // namespace

OverviewPlaces overview_places(const GraphPaint& paint) {
    OverviewPlaces places;
    places.minimap = best_corner(paint, overview_size(paint), OverviewCorner::hidden);
    if (paint.colors)
        places.colors = best_corner(paint, color_legend_size(paint.look, *paint.colors->nodes), places.minimap);
    return places;
}

void paint_overview(ImDrawList& list, const GraphPaint& paint, const OverviewPlaces& places) {
    const Look& look = paint.look;
    if (const Plate plate = plate_at(paint, places.minimap, overview_size(paint)); plate.there) {
        list.AddRectFilled(plate.a, plate.b, look[Token::bg1], look.px(4));
        const ImVec2 inside{plate.a.x + look.px(6), plate.a.y + look.px(6)};
        if (has_minimap(paint)) paint_minimap(list, paint, inside, {inside.x + look.px(150), inside.y + look.px(70)});
        paint_legend(list, paint, {inside.x, plate.b.y - legend_height(paint)});
    }
    if (!paint.colors || paint.colors->nodes->classes.empty()) return;
    const view::NodeColors& colors = *paint.colors->nodes;
    if (const Plate plate = plate_at(paint, places.colors, color_legend_size(look, colors)); plate.there)
        paint_color_legend(list, look, colors, plate.a);
}

} // namespace rnnscope::ui
