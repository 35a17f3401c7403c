#include "ui/widgets/draw.hpp"
#include "ui/widgets/graph_canvas.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace rnnscope::ui {

using view::EdgeKind;
using view::no_box;
using view::SceneEdge;

namespace {

void paint_legend(const GraphPaint& paint, ImVec2 at) {
    std::array<bool, 4> there{};
    for (const SceneEdge& edge : paint.scene.edges)
        if (!edge.portal) there[static_cast<std::size_t>(edge.kind)] = true;
    const Look& look = paint.look;
    struct Entry {
        EdgeKind kind;
        const char* name;
    };
    float x = at.x, y = at.y;
    for (const Entry& entry : {Entry{EdgeKind::data, "data"}, Entry{EdgeKind::control, "control"},
                               Entry{EdgeKind::reference, "reference"}, Entry{EdgeKind::back, "next iteration"}}) {
        if (!there[static_cast<std::size_t>(entry.kind)]) continue;
        const float middle = y + look.px(8), length = look.px(20);
        const ImVec2 p{x, middle}, q{x + length, middle};
        if (entry.kind == EdgeKind::data) {
            paint.list.AddLine(p, q, look[Token::e_data], look.px(1.5f));
        } else if (entry.kind == EdgeKind::reference) {
            paint.list.AddLine({p.x + look.px(6), p.y}, q, look[Token::e_ref], look.px(1.5f));
            paint.list.AddCircle({p.x + look.px(3), p.y}, look.px(3), look[Token::e_ref], 12, look.px(1.5f));
        } else {
            const bool control = entry.kind == EdgeKind::control;
            draw_dashed_line(paint.list, p, q, look[control ? Token::e_ctrl : Token::e_data], look.px(1.2f),
                             look.px(control ? 3 : 2), look.px(3));
        }
        const float width = draw_text_in_row(paint.list, look, TextRole::caption, x + length + look.px(6), y,
                                             look.px(16), Token::text2, entry.name);
        x += length + look.px(6) + width + look.px(14);
        if (x > at.x + look.px(130)) {
            x = at.x;
            y += look.px(16);
        }
    }
}

} // namespace

void paint_minimap(const GraphPaint& paint) {
    const Look& look = paint.look;
    const view::Scene& scene = paint.scene;
    const float width = look.px(150), height = look.px(70), margin = look.px(12);
    if (paint.b.x - paint.a.x < 3 * width || paint.b.y - paint.a.y < 4 * height) return;
    const ImVec2 p{std::round(paint.a.x + margin), std::round(paint.b.y - margin - height - look.px(36))};
    const ImVec2 q{p.x + width, p.y + height};
    paint.list.AddRectFilled({p.x - look.px(6), p.y - look.px(6)}, {q.x + look.px(6), q.y + look.px(40)},
                             look[Token::bg1], look.px(4));
    paint.list.AddRectFilled(p, q, look[Token::bg1b], look.px(3));
    const float inner = look.px(4);
    const double scale = std::min((width - 2 * inner) / std::max(scene.root().width, 1.0f),
                                  (height - 2 * inner) / std::max(scene.root().height, 1.0f));
    const double left = p.x + (width - scene.root().width * scale) / 2,
                 top = p.y + (height - scene.root().height * scale) / 2;
    const auto point = [&](double x, double y) {
        return ImVec2{static_cast<float>(left + x * scale), static_cast<float>(top + y * scale)};
    };
    paint.list.PushClipRect(p, q, true);
    for (std::uint32_t i = 1; i < scene.boxes.size();) {
        const PlacedBox& box = paint.placed[i];
        const ImVec2 a = point(box.x, box.y), b = point(box.x + box.width, box.y + box.height);
        const bool deep = scene.boxes[i].expanded && b.x - a.x > 6 && b.y - a.y > 6;
        if (scene.boxes[i].expanded)
            compat::add_rect(paint.list, a, b, look[Token::line2], 1, 1);
        else
            paint.list.AddRectFilled(a, {std::max(b.x, a.x + 1), std::max(b.y, a.y + 1)}, look[Token::bg3], 1);
        i = deep ? i + 1 : scene.boxes[i].end;
    }
    if (scene.failed_box != no_box) {
        const PlacedBox& box = paint.placed[scene.failed_box];
        const ImVec2 center = point(box.x + box.width / 2, box.y + box.height / 2);
        paint.list.AddRectFilled({center.x - look.px(3), center.y - look.px(2.5f)},
                                 {center.x + look.px(3), center.y + look.px(2.5f)}, look[Token::fail], 1);
    }
    const ImVec2 a = point(paint.camera_x, paint.camera_y);
    const ImVec2 b = point(paint.camera_x + (paint.b.x - paint.a.x) / paint.unit,
                           paint.camera_y + (paint.b.y - paint.a.y) / paint.unit);
    compat::add_rect(paint.list, {std::max(a.x, p.x), std::max(a.y, p.y)}, {std::min(b.x, q.x), std::min(b.y, q.y)},
                     look[Token::text3], 1, 1);
    paint.list.PopClipRect();
    compat::add_rect(paint.list, p, q, look[Token::line2], look.px(3), 1);
    paint_legend(paint, {p.x, q.y + look.px(4)});
}

} // namespace rnnscope::ui
