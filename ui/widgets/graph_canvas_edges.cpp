#include "core/view/scene_portals.hpp"
#include "ui/widgets/draw.hpp"
#include "ui/widgets/graph_canvas_labels.hpp"
#include "ui/widgets/graph_canvas_paint.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace rnnscope::ui {

using view::BoxKind;
using view::EdgeKind;
using view::no_box;
using view::SceneBox;
using view::SceneEdge;

namespace {

class EdgePainter : public GraphBrush {
  public:
    EdgePainter(ImDrawList& list, const GraphPaint& paint) : GraphBrush(list, paint), labels_(list, paint) {}

    struct Style {
        Color color;
        float width;
        float dash = 0, gap = 0;
        bool ring = false, arrow = true;
    };

    Style style_of(const SceneEdge& edge, bool lit) const {
        const float w = look_.px(1.5f);
        switch (edge.kind) {
        case EdgeKind::control:
            return {look_[lit ? Token::text2 : Token::e_ctrl], look_.px(1.2f), look_.px(3), look_.px(3)};
        case EdgeKind::reference:
            return {look_[Token::e_ref], w, 0, 0, true};
        case EdgeKind::back:
            return {look_[lit ? Token::text2 : Token::e_data], w, look_.px(2), look_.px(3)};
        case EdgeKind::data:
            break;
        }
        return {look_[lit ? Token::text2 : Token::e_data], w};
    }

    Style on_trace(Style style) const {
        style.color = look_[Token::text1];
        style.width = look_.px(2.2f);
        return style;
    }

    Style style_on_trace(const SceneEdge& edge, bool lit) const {
        return edge.next_on_trace ? on_trace(style_of(edge, true)) : style_of(edge, lit);
    }

    void draw_edges(std::uint32_t scope) {
        const SceneBox& box = scene_.boxes[scope];
        const bool far = em(12) < 4.5f * look_.scale;
        std::size_t budget = far ? 300 : 4000;
        for (std::uint32_t e = box.first_edge; e < box.last_edge && budget > 0; ++e) {
            const SceneEdge& edge = scene_.edges[e];
            if (edge.portal || edge.points.size() < 2 || (far && (edge.kind != EdgeKind::data || edge.around)))
                continue;
            if (p_.is_lit[e] || covered_by_path(e)) continue; // later, over the others
            if (draw_edge(scope, edge, style_on_trace(edge, false))) --budget;
        }
        if (!far)
            for (std::uint32_t p = box.first_port; p < box.last_port; ++p) draw_port(scene_.ports[p], Token::line3);
        labels_.draw();
    }

    void draw_port(const view::ScenePort& port, Token token) {
        const PlacedBox& box = p_.placed[port.box];
        const ImVec2 at = this->at(box.x + port_x(port), box.y + port_y(port));
        if (at.x < p_.a.x - 8 || at.y < p_.a.y - 8 || at.x > p_.b.x + 8 || at.y > p_.b.y + 8) return;
        const float r = std::clamp(3.5f * p_.unit, look_.px(1.5f), look_.px(5));
        list_.AddCircleFilled(at, r, faded(look_[Token::bg1], port.box), 14);
        list_.AddCircle(at, r, faded(look_[token], port.box), 14, look_.px(1.2f));
    }
    /// On the border, also while that moves.
    float port_x(const view::ScenePort& port) const {
        const SceneBox& box = scene_.boxes[port.box];
        return port.at.x + (port.at.x > box.width - 0.5f ? p_.placed[port.box].width - box.width : 0);
    }
    float port_y(const view::ScenePort& port) const {
        const SceneBox& box = scene_.boxes[port.box];
        return port.at.y + (port.at.y > box.height - 0.5f ? p_.placed[port.box].height - box.height : 0);
    }

    /// Those of what is hovered or selected, all the way through the borders of open scopes.
    void draw_lit_edges() {
        for (const std::uint32_t e : p_.lit_edges) {
            if (covered_by_path(e)) continue;
            const SceneEdge& edge = scene_.edges[e];
            const std::uint32_t scope = scene_.scope_of(edge);
            if (scope > 0 && (!visible(scope) || is_flat(scope))) continue;
            if (edge.portal)
                draw_portal_edge(scope, edge);
            else
                draw_edge(scope, edge, style_on_trace(edge, true));
            for (const std::uint32_t port : {edge.from_port, edge.to_port})
                if (port != view::no_port) draw_port(scene_.ports[port], Token::text2);
        }
        labels_.draw();
    }

    /// Of a portal there is no line but for whom it is pointed at.
    void draw_portal_edge(std::uint32_t scope, const SceneEdge& edge) {
        if (!portals_ || portal_scope_ != scope) portals_.emplace(scene_, portal_scope_ = scope);
        SceneEdge routed = edge;
        routed.around = true;
        routed.points = portals_->way(edge);
        draw_edge(scope, routed, style_of(edge, true));
    }

    /// The failing path is drawn by itself, so the edges below it are not.
    bool covered_by_path(std::uint32_t e) const {
        return std::any_of(scene_.failing_path.begin(), scene_.failing_path.end(), [&](const view::SceneLink& l) {
            return std::find(l.edges.begin(), l.edges.end(), e) != l.edges.end();
        });
    }

    bool draw_edge(std::uint32_t scope, const SceneEdge& edge, Style style) {
        // Where the ends have moved to, so have the points between them.
        points_.clear();
        const ImVec2 from = end_moved(scope, edge.from, edge.from_port), to = end_moved(scope, edge.to, edge.to_port);
        const auto last = static_cast<float>(edge.points.size() - 1);
        ImVec2 low{FLT_MAX, FLT_MAX}, high{-FLT_MAX, -FLT_MAX};
        for (std::size_t i = 0; i < edge.points.size(); ++i) {
            const float t = static_cast<float>(i) / last;
            const view::Point q = edge.points[i];
            points_.push_back(at(p_.placed[scope].x + q.x + from.x + (to.x - from.x) * t,
                                 p_.placed[scope].y + q.y + from.y + (to.y - from.y) * t));
            low = {std::min(low.x, points_.back().x), std::min(low.y, points_.back().y)};
            high = {std::max(high.x, points_.back().x), std::max(high.y, points_.back().y)};
        }
        if (high.x < p_.a.x || high.y < p_.a.y || low.x > p_.b.x || low.y > p_.b.y) return false;
        if (std::max(high.x - low.x, high.y - low.y) < 3) return false;
        const float shown = std::min(p_.placed[edge.from].shown, p_.placed[edge.to].shown) * trace_strength(edge.trace);
        if (shown < 1) style.color = with_alpha(style.color, shown);
        const bool down = edge.down;
        style.arrow = style.arrow && edge.to_port == view::no_port;
        style.ring = style.ring && edge.from_port == view::no_port;
        stroke(down, edge.around, style);
        if (edge.around || em(12) < 8 * look_.scale) return true;
        if (edge.count > 1)
            labels_.add_count(scope, curve_, edge.count, down, shown);
        else if (!edge.label.empty())
            labels_.add_shape(scope, points_, edge.label, shown);
        return true;
    }

    /// How far the end of an edge is from where it comes to rest, in the scope that the edge is drawn in.
    ImVec2 end_moved(std::uint32_t scope, std::uint32_t end, std::uint32_t port) const {
        ImVec2 moved = end == scope ? ImVec2{0, 0} : p_.placed[end].moved;
        if (port != view::no_port) {
            moved.x += port_x(scene_.ports[port]) - scene_.ports[port].at.x;
            moved.y += port_y(scene_.ports[port]) - scene_.ports[port].at.y;
        }
        return moved;
    }

    /// points_ as smooth pieces along the flow, or as straight ones with round corners.
    void stroke(bool down, bool straight, const Style& style) {
        curve_.clear();
        curve_.push_back(points_[0]);
        const float head = !style.arrow || em(12) < 4 * look_.scale
                               ? 0
                               : std::max(std::min(look_.px(7), 7 * p_.unit), style.width * 3.4f);
        const ImVec2 tip = points_.back();
        if (head > 0) {
            ImVec2& end = points_.back();
            if (down)
                end.y -= head * 0.8f;
            else
                end.x -= head * 0.8f;
        }
        for (std::size_t i = 1; i < points_.size(); ++i) {
            const ImVec2 a = points_[i - 1], b = points_[i];
            if (straight || std::abs(a.x - b.x) < 0.5f || std::abs(a.y - b.y) < 0.5f) {
                curve_.push_back(b);
                continue;
            }
            const ImVec2 c = down ? ImVec2{a.x, (a.y + b.y) / 2} : ImVec2{(a.x + b.x) / 2, a.y};
            const ImVec2 d = down ? ImVec2{b.x, (a.y + b.y) / 2} : ImVec2{(a.x + b.x) / 2, b.y};
            bezier(a, c, d, b);
        }
        polyline(style);
        if (style.ring) {
            const float r = std::max(look_.px(2.2f), 3.4f * p_.unit);
            list_.AddCircleFilled(points_[0], r, look_[Token::bg1], 14);
            list_.AddCircle(points_[0], r, style.color, 14, style.width);
        }
        if (head > 0) arrow(tip, down ? ImVec2{0, 1} : ImVec2{1, 0}, head, style.color);
    }

    void bezier(ImVec2 a, ImVec2 c, ImVec2 d, ImVec2 b) {
        const float extent = std::abs(a.x - b.x) + std::abs(a.y - b.y);
        const int steps = extent < 24 ? 4 : extent < 80 ? 10 : extent < 300 ? 18 : 40;
        for (int s = 1; s <= steps; ++s) {
            const float t = static_cast<float>(s) / static_cast<float>(steps), m = 1 - t;
            const float wa = m * m * m, wc = 3 * m * m * t, wd = 3 * m * t * t, wb = t * t * t;
            curve_.push_back({a.x * wa + c.x * wc + d.x * wd + b.x * wb, a.y * wa + c.y * wc + d.y * wd + b.y * wb});
        }
    }

    void polyline(const Style& style) {
        if (style.dash > 0) {
            dashes(style);
            return;
        }
        // Only the runs of it that can be seen: Dear ImGui does not clip, and most of a long edge is elsewhere.
        const auto seen = [&](ImVec2 a, ImVec2 b) {
            const float w = style.width;
            return std::max(a.x, b.x) >= p_.a.x - w && std::min(a.x, b.x) <= p_.b.x + w &&
                   std::max(a.y, b.y) >= p_.a.y - w && std::min(a.y, b.y) <= p_.b.y + w;
        };
        std::size_t first = 0;
        for (std::size_t i = 1; i <= curve_.size(); ++i) {
            if (i < curve_.size() && seen(curve_[i - 1], curve_[i])) continue;
            if (i - first > 1)
                compat::add_polyline(list_, curve_.data() + first, static_cast<int>(i - first), style.color,
                                     style.width);
            first = i;
        }
    }

    void dashes(const Style& style) {
        float phase = 0;
        const float period = style.dash + style.gap;
        for (std::size_t i = 1; i < curve_.size(); ++i) {
            const ImVec2 a = curve_[i - 1], b = curve_[i];
            const float length = std::hypot(b.x - a.x, b.y - a.y);
            // What lies outside needs no dashes; a line can be millions of pixels long.
            const bool outside = std::max(a.x, b.x) < p_.a.x || std::min(a.x, b.x) > p_.b.x ||
                                 std::max(a.y, b.y) < p_.a.y || std::min(a.y, b.y) > p_.b.y;
            if (outside || length < 0.01f) continue;
            float from = 0, to = length;
            if (length > 4000) { // straight and partly outside: keep the part near the canvas
                const ImVec2 middle{(p_.a.x + p_.b.x) / 2, (p_.a.y + p_.b.y) / 2};
                const float t = ((middle.x - a.x) * (b.x - a.x) + (middle.y - a.y) * (b.y - a.y)) / (length * length);
                from = std::clamp(t * length - 3000, 0.0f, length);
                to = std::clamp(t * length + 3000, 0.0f, length);
            }
            for (float done = from; done < to;) {
                const bool on = phase < style.dash;
                const float take = std::max(std::min(to - done, on ? style.dash - phase : period - phase), 0.05f);
                if (on) {
                    const float s = done / length, e = std::min((done + take) / length, 1.0f);
                    list_.AddLine({a.x + (b.x - a.x) * s, a.y + (b.y - a.y) * s},
                                  {a.x + (b.x - a.x) * e, a.y + (b.y - a.y) * e}, style.color, style.width);
                }
                done += take;
                phase += take;
                if (phase >= period) phase = 0;
            }
        }
    }

    void arrow(ImVec2 tip, ImVec2 direction, float size, Color color) {
        const ImVec2 side{-direction.y, direction.x};
        const ImVec2 base{tip.x - direction.x * size, tip.y - direction.y * size};
        const float half = size * 0.5f;
        list_.AddTriangleFilled(tip, {base.x + side.x * half, base.y + side.y * half},
                                {base.x - side.x * half, base.y - side.y * half}, color);
    }

    /// Along level and upright pieces, round at the corners.
    void routed(const std::vector<view::Point>& points, const Style& style) {
        points_.clear();
        for (const view::Point& point : points) points_.push_back(at(point.x, point.y));
        const std::size_t n = points_.size();
        const float head = look_.px(8);
        const ImVec2 tip = points_.back(), way{tip.x - points_[n - 2].x, tip.y - points_[n - 2].y};
        const float length = std::max(std::hypot(way.x, way.y), 1.0f);
        const ImVec2 direction{way.x / length, way.y / length};
        points_.back() = {tip.x - direction.x * head * 0.8f, tip.y - direction.y * head * 0.8f};
        curve_.assign(1, points_[0]);
        for (std::size_t i = 1; i + 1 < n; ++i) round_corner(points_[i - 1], points_[i], points_[i + 1]);
        curve_.push_back(points_.back());
        polyline(style);
        arrow(tip, direction, head, style.color);
    }

    void round_corner(ImVec2 before, ImVec2 corner, ImVec2 after) {
        const float a = std::hypot(before.x - corner.x, before.y - corner.y);
        const float b = std::hypot(after.x - corner.x, after.y - corner.y);
        const float r = std::min({8 * p_.unit, a / 2, b / 2});
        if (a < 1 || b < 1) return curve_.push_back(corner);
        const ImVec2 from{corner.x + (before.x - corner.x) / a * r, corner.y + (before.y - corner.y) / a * r};
        const ImVec2 to{corner.x + (after.x - corner.x) / b * r, corner.y + (after.y - corner.y) / b * r};
        curve_.push_back(from);
        bezier(from, corner, corner, to);
    }

    /// A smooth line between the nearest sides.
    void link(std::uint32_t from, std::uint32_t to, const Style& style, bool backwards) {
        const ImVec2 a0 = low(from), a1 = high(from), b0 = low(to), b1 = high(to);
        points_.clear();
        const bool siblings = scene_.boxes[from].parent == scene_.boxes[to].parent;
        const bool below = b0.y >= a1.y + look_.px(6) && (siblings || (b0.x < a1.x && b1.x > a0.x));
        if (below) {
            const float x =
                std::clamp((a0.x + a1.x) / 2, b0.x + look_.px(8), std::max(b0.x + look_.px(8), b1.x - look_.px(8)));
            points_.push_back({(a0.x + a1.x) / 2, a1.y});
            points_.push_back({x, b0.y});
            return stroke(true, false, style);
        }
        const bool right = !backwards && b0.x >= a1.x - look_.px(4);
        if (right && left_is_blocked(from, to)) {
            // Along the strip above its neighbours, and in from above.
            const ImVec2 from_at{a1.x, (a0.y + a1.y) / 2}, tip{(b0.x + b1.x) / 2, b0.y};
            const float head = std::max(std::min(look_.px(7), 7 * p_.unit), style.width * 3.4f);
            const float strip = b0.y - 14 * p_.unit, turn = std::min(16 * p_.unit, (tip.x - b0.x) * 0.8f);
            const ImVec2 enter{std::max(low(scene_.boxes[to].parent).x + 8 * p_.unit, from_at.x + look_.px(20)), strip};
            curve_.assign(1, from_at);
            bezier(from_at, {(from_at.x + enter.x) / 2, from_at.y}, {(from_at.x + enter.x) / 2, enter.y}, enter);
            curve_.push_back({tip.x - turn, strip});
            bezier({tip.x - turn, strip}, {tip.x, strip}, {tip.x, strip}, {tip.x, tip.y - head * 0.8f});
            polyline(style);
            arrow(tip, {0, 1}, head, style.color);
            return;
        }
        if (right) {
            points_.push_back({a1.x, (a0.y + a1.y) / 2});
            points_.push_back({b0.x, (b0.y + b1.y) / 2});
            return stroke(false, false, style);
        }
        // Against the flow: out at the near side, in at the far one.
        const float fx = b1.x <= a0.x ? a0.x : (a0.x + a1.x) / 2, tx = b1.x <= a0.x ? b1.x : (b0.x + b1.x) / 2;
        const float fy = b1.x <= a0.x ? (a0.y + a1.y) / 2 : (b0.y > a1.y ? a1.y : a0.y);
        const float ty = b1.x <= a0.x ? (b0.y + b1.y) / 2 : (b0.y > a1.y ? b0.y : b1.y);
        curve_.assign(1, {fx, fy});
        const float bow = std::max(look_.px(30), std::abs(fx - tx) / 3);
        const ImVec2 tip{tx, ty};
        if (b1.x <= a0.x)
            bezier({fx, fy}, {fx - bow, fy}, {tx + bow, ty}, {tx + look_.px(6), ty});
        else
            bezier({fx, fy}, {fx, (fy + ty) / 2}, {tx, (fy + ty) / 2}, tip);
        polyline(style);
        const ImVec2 direction = b1.x <= a0.x ? ImVec2{-1, 0} : ImVec2{0, ty > fy ? 1.0f : -1.0f};
        arrow(tip, direction, look_.px(8), style.color);
    }

    /// A sibling stands at the left of the box, where an edge would come in.
    bool left_is_blocked(std::uint32_t from, std::uint32_t box) const {
        const PlacedBox& own = p_.placed[box];
        const std::uint32_t parent = scene_.boxes[box].parent;
        for (std::uint32_t i = parent + 1; i < scene_.boxes[parent].end; i = scene_.boxes[i].end) {
            const PlacedBox& other = p_.placed[i];
            const double middle = own.y + own.height / 2;
            const bool is_source = i <= from && from < scene_.boxes[i].end;
            if (i != box && !is_source && other.x + other.width <= own.x && other.x + other.width > own.x - 160 &&
                other.y < middle + 4 && other.y + other.height > middle - 4)
                return true;
        }
        return false;
    }

    void draw_failing_path() {
        for (std::size_t i = 0; i < scene_.failing_path.size(); ++i) {
            const view::SceneLink& l = scene_.failing_path[i];
            const bool first = i == 0 && scene_.boxes[l.from].kind == BoxKind::variable;
            Style style{look_[Token::fail], look_.px(first ? 3 : 2.5f)};
            for (const std::uint32_t e : l.edges) {
                style.ring = first && e == l.edges.front();
                draw_edge(scene_.scope_of(scene_.edges[e]), scene_.edges[e], style);
            }
            if (l.edges.empty() && l.points.empty()) link(l.from, l.to, style, false);
            if (!l.points.empty()) routed(l.points, style);
        }
        labels_.draw();
    }

    void draw_missing() {
        if (scene_.init_box == no_box) return;
        for (const view::SceneLink& l : scene_.missing) {
            Style style{look_[Token::fix], look_.px(1.5f), look_.px(5), look_.px(4)};
            if (l.points.empty())
                link(l.from, l.to, style, true);
            else
                routed(l.points, style);
        }
        const ImVec2 p = low(scene_.init_box), q = high(scene_.init_box);
        const float out = look_.px(1);
        draw_dashed_rect(list_, {p.x - out, p.y - out}, {q.x + out, q.y + out}, look_[Token::fix], look_.px(2),
                         look_.px(5), look_.px(4));
        if (em(12) < 6 * look_.scale || !visible(scene_.init_box)) return;
        std::string caption = scene_.init_caption;
        if (scene_.missing_more > 0)
            caption += fmt::format("{}+{} more", caption.empty() ? "" : " ", scene_.missing_more);
        const float width = std::max(q.x - p.x, look_.px(190));
        const float line = look_.px(15);
        float top = q.y + look_.px(5), left = std::max(p.x, p_.a.x + look_.px(8)); // whole, where the box is cut off
        // Beside a line that comes from below, or below one that turns at once.
        for (const view::SceneLink& l : scene_.missing) {
            if (l.points.size() < 2 || l.points.back().x != l.points[l.points.size() - 2].x) continue;
            const ImVec2 turn = at(l.points.back().x, l.points[l.points.size() - 2].y);
            if (turn.y > top + 2 * line)
                left = std::max(left, turn.x + look_.px(7));
            else
                top = std::max(top, turn.y + look_.px(4));
        }
        draw_wrapped(&list_, look_, TextRole::caption, {left, top}, width, line, Token::fix, caption, 2);
    }

    void draw_marks() {
        if (scene_.failed_box == no_box) return;
        const ImVec2 p = low(scene_.failed_box), q = high(scene_.failed_box);
        if (p_.ring < 1) {
            const float grown = look_.px(2) + look_.px(8) * p_.ring;
            compat::add_rect(list_, {p.x - grown, p.y - grown}, {q.x + grown, q.y + grown},
                             with_alpha(look_[Token::fail], 1 - p_.ring), look_.px(4) + grown, look_.px(2));
        }
        if (scene_.failure_tag.empty() || em(12) < 4 * look_.scale) return;
        const ImVec2 size = text_size(look_, TextRole::caption, scene_.failure_tag);
        const bool ringed = p_.selected == scene_.failed_box;
        const float top = q.y + look_.px(ringed ? 10 : 7), right = std::max(q.x, p.x + size.x + look_.px(14));
        const ImVec2 low_corner{right - size.x - look_.px(14), top}, high_corner{right, top + size.y + look_.px(4)};
        const float tip = std::clamp((p.x + q.x) / 2, low_corner.x + look_.px(8), high_corner.x - look_.px(8));
        list_.AddTriangleFilled({tip, top - look_.px(5)}, {tip - look_.px(6), top + 1}, {tip + look_.px(6), top + 1},
                                look_[Token::fail]);
        list_.AddRectFilled(low_corner, high_corner, look_[Token::fail], look_.px(3));
        draw_text(list_, look_, TextRole::caption, {low_corner.x + look_.px(7), top + look_.px(2)}, Token::on_accent,
                  scene_.failure_tag);
    }

    std::vector<ImVec2> points_, curve_;
    std::optional<view::PortalWays> portals_; ///< of the scope that a portal edge was drawn in last
    std::uint32_t portal_scope_ = no_box;
    EdgeLabels labels_;
};

} // namespace

void draw_graph_edges(ImDrawList& list, const GraphPaint& paint, std::uint32_t scope) {
    EdgePainter(list, paint).draw_edges(scope);
}

void draw_lit_edges(ImDrawList& list, const GraphPaint& paint) {
    EdgePainter(list, paint).draw_lit_edges();
}

void draw_failure(ImDrawList& list, const GraphPaint& paint) {
    EdgePainter painter(list, paint);
    painter.draw_missing();
    painter.draw_failing_path();
    painter.draw_marks();
}

} // namespace rnnscope::ui
