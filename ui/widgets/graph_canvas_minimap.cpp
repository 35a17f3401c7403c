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

constexpr float plate_margin = 6; // look pixels

/// What stands in a corner.
struct Plate {
    ImVec2 a, b;
    bool there = false;
};

/// `shift`: how far from the corner's end, in pixels, because another plate stands there.
Plate plate_at(const GraphPaint& paint, OverviewCorner corner, ImVec2 size, float shift = 0) {
    const Look& look = paint.look;
    const float wide = paint.b.x - paint.a.x, high = paint.b.y - paint.a.y;
    Plate plate;
    plate.there =
        corner != OverviewCorner::hidden && wide >= 3 * size.x && high >= look.px(280) && high >= 2 * (size.y + shift);
    const bool left = corner == OverviewCorner::lower_left || corner == OverviewCorner::upper_left;
    const bool low = corner == OverviewCorner::lower_left || corner == OverviewCorner::lower_right;
    const float margin = look.px(plate_margin), away = margin + shift;
    plate.a = {std::round(left ? paint.a.x + margin : paint.b.x - margin - size.x),
               std::round(low ? paint.b.y - away - size.y : paint.a.y + away)};
    plate.b = {plate.a.x + size.x, plate.a.y + size.y};
    return plate;
}

/// The scene is hardly larger than the canvas, or the canvas is so small that what the map would cover is worth more
/// than it: then there is no minimap, only the legend of the edges.
bool has_minimap(const GraphPaint& paint) {
    const float wide = paint.b.x - paint.a.x, high = paint.b.y - paint.a.y;
    if (wide < paint.look.px(600) || high < paint.look.px(440)) return false;
    return std::max(paint.scene.root().width * paint.unit / wide, paint.scene.root().height * paint.unit / high) > 1.5f;
}

ImVec2 overview_size(const GraphPaint& paint) {
    return {paint.look.px(176), paint.look.px(has_minimap(paint) ? 80 : 4) + legend_height(paint)};
}

struct CornerChoice {
    OverviewCorner corner = OverviewCorner::hidden;
    float below = 0; ///< what it covers
};

/// What a plate would cover.
class PlateCover {
  public:
    PlateCover(const GraphPaint& paint, const Plate& plate) : p_(paint), plate_(plate) {}

    bool covers_failing_path() const {
        const view::Scene& scene = p_.scene;
        if (scene.failed_box != no_box && box(scene.failed_box, p_.look.px(30)) > 0) return true;
        return std::ranges::any_of(scene.failing_path, [&](const view::SceneLink& link) {
            return box(link.from, 4) > 0 || box(link.to, 4) > 0 || covers_line(link);
        });
    }
    /// Boxes as large as they are; names of open scopes, and what is said of a missing edge, are missed more than an
    /// op.
    float area() const {
        constexpr float names_count = 8;
        float sum = names_count * missing_caption();
        for (std::uint32_t i = 1; i < p_.scene.boxes.size(); ++i)
            sum += p_.scene.boxes[i].expanded ? names_count * header(i) : box(i, 0);
        return sum;
    }

  private:
    float overlap(ImVec2 a, ImVec2 b) const {
        const float x = std::min(plate_.b.x, b.x) - std::max(plate_.a.x, a.x);
        const float y = std::min(plate_.b.y, b.y) - std::max(plate_.a.y, a.y);
        return x > 0 && y > 0 ? x * y : 0.0f;
    }
    ImVec2 low(std::uint32_t i) const { return p_.at(p_.placed[i].x, p_.placed[i].y); }
    ImVec2 high(std::uint32_t i) const {
        return p_.at(p_.placed[i].x + p_.placed[i].width, p_.placed[i].y + p_.placed[i].height);
    }
    float box(std::uint32_t i, float grown) const {
        const ImVec2 a = low(i), b = high(i);
        return overlap({a.x - grown, a.y - grown}, {b.x + grown, b.y + grown});
    }
    /// Its name at the left and its count at the right; nothing stands between them.
    float header(std::uint32_t i) const {
        const view::SceneBox& scope = p_.scene.boxes[i];
        const float letter = 7.3f * std::max(p_.unit, 0.66f * p_.look.scale),
                    height = view::SceneMetrics::header * p_.unit;
        const ImVec2 a = low(i);
        const float right = high(i).x;
        if (overlap(a, {right, a.y + height}) <= 0) return 0;
        const auto wide = [&](const std::string& text) { return letter * static_cast<float>(text.size()); };
        return overlap(a, {std::min(a.x + wide(scope.title) + p_.look.px(40), right), a.y + height}) +
               overlap({std::max(right - wide(view::header_count(scope)) - p_.look.px(12), a.x), a.y},
                       {right, a.y + height});
    }
    /// Below the init op, beside the line that should lead there.
    float missing_caption() const {
        if (p_.scene.missing.empty() || p_.scene.init_box == no_box) return 0;
        const ImVec2 a = low(p_.scene.init_box), b = high(p_.scene.init_box);
        const float left = std::max(a.x, p_.a.x);
        return overlap({left, b.y}, {left + p_.look.px(240), b.y + p_.look.px(40)});
    }
    bool covers_line(const view::SceneLink& link) const {
        const PlacedBox &from = p_.placed[link.from], &to = p_.placed[link.to];
        const ImVec2 a = p_.at(from.x + from.width / 2, from.y + from.height / 2);
        const ImVec2 b = p_.at(to.x + to.width / 2, to.y + to.height / 2);
        constexpr int steps = 64;
        for (int i = 0; i <= steps; ++i) {
            const float t = static_cast<float>(i) / steps, x = a.x + (b.x - a.x) * t, y = a.y + (b.y - a.y) * t;
            if (x > plate_.a.x && x < plate_.b.x && y > plate_.a.y && y < plate_.b.y) return true;
        }
        return false;
    }

    const GraphPaint& p_;
    const Plate& plate_;
};

/// The corner, other than `taken`, where a plate of this size covers least.
CornerChoice best_corner(const GraphPaint& paint, ImVec2 size, OverviewCorner taken) {
    CornerChoice best;
    for (const OverviewCorner corner : {OverviewCorner::lower_left, OverviewCorner::lower_right,
                                        OverviewCorner::upper_left, OverviewCorner::upper_right}) {
        if (corner == taken) continue;
        const Plate plate = plate_at(paint, corner, size);
        const PlateCover cover(paint, plate);
        if (cover.covers_failing_path()) continue;
        const float below = cover.area();
        if (best.corner == OverviewCorner::hidden || below < best.below) best = {corner, below};
    }
    return best;
}

/// How far a plate is from the end of the corner where the minimap stands.
float shift_beside_minimap(const GraphPaint& paint, OverviewCorner corner) {
    const ImVec2 size = overview_size(paint);
    return plate_at(paint, corner, size).there ? size.y + paint.look.px(plate_margin) : 0;
}

/// The legend of the colours has a corner of its own, or stands next to the minimap where every other one covers more.
CornerChoice colors_corner(const GraphPaint& paint, OverviewCorner minimap) {
    const ImVec2 size = color_legend_size(paint.look, *paint.colors->nodes);
    CornerChoice best = best_corner(paint, size, minimap);
    if (minimap == OverviewCorner::hidden || (best.corner != OverviewCorner::hidden && best.below <= 0)) return best;
    const Plate plate = plate_at(paint, minimap, size, shift_beside_minimap(paint, minimap));
    const PlateCover cover(paint, plate);
    if (!plate.there || cover.covers_failing_path()) return best;
    const float below = cover.area();
    if (best.corner == OverviewCorner::hidden || below < best.below) best = {minimap, below};
    return best;
}

} // namespace

OverviewPlaces overview_places(const GraphPaint& paint) {
    OverviewPlaces places;
    places.minimap = best_corner(paint, overview_size(paint), OverviewCorner::hidden).corner;
    if (paint.colors) places.colors = colors_corner(paint, places.minimap).corner;
    return places;
}

float overview_strip(const GraphPaint& paint) {
    float strip = 0;
    const auto add = [&](const CornerChoice& choice, ImVec2 size) {
        const bool is_drawn = plate_at(paint, OverviewCorner::lower_left, size).there; // in a canvas of this size
        const bool covers = choice.corner == OverviewCorner::hidden || choice.below > 0;
        if (is_drawn && covers) strip = std::max(strip, size.y + paint.look.px(plate_margin + 2));
    };
    const ImVec2 size = overview_size(paint);
    const CornerChoice minimap = best_corner(paint, size, OverviewCorner::hidden);
    add(minimap, size);
    if (paint.colors && !paint.colors->nodes->classes.empty())
        add(colors_corner(paint, minimap.corner), color_legend_size(paint.look, *paint.colors->nodes));
    return strip;
}

bool paint_overview(ImDrawList& list, const GraphPaint& paint, const OverviewPlaces& places) {
    const Look& look = paint.look;
    bool is_map_there = false;
    if (const Plate plate = plate_at(paint, places.minimap, overview_size(paint)); plate.there) {
        list.AddRectFilled(plate.a, plate.b, look[Token::bg1], look.px(4));
        const ImVec2 inside{plate.a.x + look.px(6), plate.a.y + look.px(6)};
        is_map_there = has_minimap(paint);
        if (is_map_there) paint_minimap(list, paint, inside, {inside.x + look.px(150), inside.y + look.px(70)});
        paint_legend(list, paint, {inside.x, plate.b.y - legend_height(paint)});
    }
    if (!paint.colors || paint.colors->nodes->classes.empty()) return is_map_there;
    const view::NodeColors& colors = *paint.colors->nodes;
    const float shift = places.colors == places.minimap ? shift_beside_minimap(paint, places.minimap) : 0;
    if (const Plate plate = plate_at(paint, places.colors, color_legend_size(look, colors), shift); plate.there)
        paint_color_legend(list, look, colors, plate.a);
    return is_map_there;
}

} // namespace rnnscope::ui
