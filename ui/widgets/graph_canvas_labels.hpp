#pragma once

#include "ui/widgets/graph_canvas_paint.hpp"

#include <span>
#include <string>

namespace rnnscope::ui {

/// The labels of edges: each finds room where it covers no box and no other label, or is left out. They are drawn when
/// all edges are there, over lines that pass.
class EdgeLabels : public GraphBrush {
  public:
    using GraphBrush::GraphBrush;

    /// The shape of a value, above or below a level piece of the line, the longest first.
    void add_shape(std::uint32_t scope, std::span<const ImVec2> line, std::string_view text, float shown);
    /// How many edges the line stands for, in its middle or elsewhere on it. `down`: which way it runs.
    void add_count(std::uint32_t scope, std::span<const ImVec2> line, std::uint32_t count, bool down, float shown);
    void draw();

  private:
    struct Area { ///< on the screen
        ImVec2 low, high;
        bool meets(const Area& other) const {
            return low.x < other.high.x && other.low.x < high.x && low.y < other.high.y && other.low.y < high.y;
        }
    };
    struct Label {
        Area area;
        ImVec2 at;
        std::string text;
        float shown = 1;
        bool filled = false;
    };
    bool has_room(std::uint32_t scope, const Area& area) const;

    std::vector<Label> labels_;
};

} // namespace rnnscope::ui
