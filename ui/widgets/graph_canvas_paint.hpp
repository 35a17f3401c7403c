#pragma once

#include "ui/widgets/graph_canvas.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::ui {

/// What the painters of boxes and edges share. Lives for one frame.
class GraphBrush {
  public:
    GraphBrush(ImDrawList& list, const GraphPaint& paint)
        : p_(paint), list_(list), look_(paint.look), scene_(paint.scene) {}

    ImVec2 at(double x, double y) const { return p_.at(x, y); }
    ImVec2 low(std::uint32_t i) const {
        const ImVec2 q = at(p_.placed[i].x, p_.placed[i].y);
        return {std::round(q.x), std::round(q.y)};
    }
    ImVec2 high(std::uint32_t i) const {
        const ImVec2 q = at(p_.placed[i].x + p_.placed[i].width, p_.placed[i].y + p_.placed[i].height);
        return {std::round(q.x), std::round(q.y)};
    }
    bool visible(std::uint32_t i) const {
        const ImVec2 p = low(i), q = high(i);
        return q.x >= p_.a.x && q.y >= p_.a.y && p.x <= p_.b.x && p.y <= p_.b.y;
    }
    bool is_flat(std::uint32_t i) const {
        const ImVec2 p = low(i), q = high(i);
        const float least = scene_.boxes[i].kind == view::BoxKind::scope ? flat_below : flat_op_below;
        return std::max(q.x - p.x, q.y - p.y) < least * look_.scale || q.y - p.y < 7 * look_.scale;
    }
    /// Screen size of a text of `size` look pixels, at least the smallest readable one.
    float em(float size) const { return size * p_.unit; }

    float strength(std::uint32_t box) const { return p_.placed[box].shown * trace_strength(scene_.boxes[box].trace); }
    Color faded(Color color, std::uint32_t box) const {
        return strength(box) >= 1 ? color : with_alpha(color, strength(box));
    }
    /// At a size that follows the zoom in whole pixels, or somewhat smaller where it fits whole then, else shortened;
    /// nothing below the smallest readable size. Returns the width.
    float label(TextRole role, float nominal_em, ImVec2 where, float middle_height, Color color, std::string_view text,
                float room, bool from_left);

  protected:
    static constexpr float flat_below = 36; ///< a box smaller than this on the screen is one flat shape
    static constexpr float flat_op_below = 22;
    static constexpr float least_em = 7;       ///< the smallest readable text
    static constexpr float least_share = 0.8f; ///< of its size, before a name is cut
    /// How much is left of a box on a trace: all of the nearest, less with every op between, little of the rest.
    static float trace_strength(view::TraceDistance distance) {
        constexpr std::array by_distance{1.0f, 1.0f, 0.72f, 0.56f, 0.46f};
        return distance == view::off_trace ? 0.22f : by_distance[std::min<std::size_t>(distance, 4)];
    }

    const ImFont* pick(TextRole role, float wanted) const;

    const GraphPaint& p_;
    ImDrawList& list_;
    const Look& look_;
    const view::Scene& scene_;
};

/// As much of a name as is no wider than `room`, or an ellipsis alone: its beginning, or its end, which begins where a
/// part of the name does if enough of it is left then ("…/gru_cell/read").
std::string shorten_name(std::string_view name, float room, bool from_left,
                         const std::function<float(std::string_view)>& width_of);

void draw_graph_box(ImDrawList& list, const GraphPaint& paint, std::uint32_t box, bool flat);

/// Edges of one scope; those of what is hovered or selected come later, over all others.
void draw_graph_edges(ImDrawList& list, const GraphPaint& paint, std::uint32_t scope);
void draw_lit_edges(ImDrawList& list, const GraphPaint& paint);
/// The failing path, the edges that are missing, and their marks. Drawn last.
void draw_failure(ImDrawList& list, const GraphPaint& paint);

} // namespace rnnscope::ui
