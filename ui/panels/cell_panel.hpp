#pragma once

#include "core/view/cell_maps.hpp"
#include "core/view/cell_view.hpp"
#include "ui/panels/panel.hpp"
#include "ui/widgets/cell_map.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rnnscope::ui {

/// The inside of a recurrent cell, in two panels: its diagram and equations with numbers, and its quantities over time.
/// What the pointer is over is shown in all of them.
class CellPanel {
  public:
    void draw(const PanelContext& ctx, const Rect& rect);        ///< diagram and equations
    void draw_states(const PanelContext& ctx, const Rect& rect); ///< maps and lines
    bool animating() const { return drawn_ && (is_playing_ || !maps_.is_complete()); }

    void show_track(std::size_t track);
    void show_unit(std::int64_t unit) { chosen_.unit = unit; }
    void show_example(std::int64_t example) { chosen_.example = example; }
    void show_products(char letter) { chosen_.products_of = letter; }
    void move_unit(std::int64_t by);
    void toggle_play() { is_playing_ = !is_playing_; }
    bool is_playing() const { return is_playing_; }
    const view::CellOptions& chosen() const { return chosen_; }
    /// What the pointer is over, for tests and other panels.
    std::optional<std::size_t> step_under_pointer() const { return peek_.step; }
    void begin_frame() { drawn_ = false; } ///< the panel is not on the screen unless it is drawn

  private:
    struct Peek { ///< under the pointer in the frame before
        std::optional<std::size_t> step;
        std::optional<std::int64_t> unit;
        friend bool operator==(const Peek&, const Peek&) = default;
    };
    struct Axis { ///< where time goes in all maps and in the lines
        float left, right;
        std::size_t columns;
        float x_of(double column) const {
            return left + (right - left) * static_cast<float>(column / static_cast<double>(columns));
        }
    };

    struct Rows { ///< where the maps are, one below the other, down to the end of the lines
        float top, pitch, bottom;
        std::size_t count;
    };

    /// Built once in a frame, by the panel that is drawn first.
    const view::CellView& shown(const PanelContext& ctx);
    void follow_selection(const PanelContext& ctx);
    void peek_at(const PanelContext& ctx);
    void play(const PanelContext& ctx, const view::CellView& view);
    void go_to_step(const PanelContext& ctx, const view::CellView& view, std::size_t step);

    // cell_panel.cpp
    float draw_header(const PanelContext& ctx, const view::CellView& view, const Rect& rect, float left);
    void draw_choices(const PanelContext& ctx, const view::CellView& view);
    void draw_hint(const PanelContext& ctx, const view::CellView& view, const Rect& rect);
    // cell_diagram.cpp
    void draw_diagram(const PanelContext& ctx, const view::CellView& view, const Rect& rect);
    void draw_chip(const PanelContext& ctx, const view::CellView& view, char letter, ImVec2 at, float zoom);
    // cell_equations_panel.cpp
    void draw_equations(const PanelContext& ctx, const view::CellView& view, const Rect& rect);
    float draw_equation(const PanelContext& ctx, const view::CellView& view, const view::CellEquation& equation,
                        ImVec2 at, float right);
    float draw_products(const PanelContext& ctx, const view::CellView& view, ImVec2 at, float right);
    // cell_states.cpp
    void draw_states_header(const PanelContext& ctx, const view::CellView& view, const Rect& rect, float left);
    void draw_maps(const PanelContext& ctx, const view::CellView& view, const Rect& body);
    void draw_map(const PanelContext& ctx, const view::CellView& view, std::size_t index, const Axis& axis, float top,
                  float bottom, const Rect& rect);
    void draw_unit_row(const Look& look, const view::CellView& view, const view::CellMap& map, const Axis& axis,
                       float top, float bottom);
    void draw_map_legend(const PanelContext& ctx, const view::CellMap& map, float x, float top, float bottom);
    void draw_units_now(const PanelContext& ctx, const view::CellView& view, const view::CellMap& map,
                        const Rect& rect);
    void draw_lines(const PanelContext& ctx, const view::CellView& view, const Axis& axis, const Rect& rect);
    void draw_step(const Look& look, const Axis& axis, const Rows& rows, std::size_t step, Color color,
                   float thickness);
    void draw_steps(const PanelContext& ctx, const view::CellView& view, const Axis& axis, const Rows& rows);

    view::CellOptions chosen_;
    Peek peek_, next_peek_;
    Cached<view::CellView, view::CellOptions> view_;
    view::CellMaps maps_;
    struct Last { ///< what was shown in the frame before
        view::Stamp stamp;
        RunId run;
        view::CellTrack track;
    } last_;
    std::vector<CellPicture> pictures_; ///< by map
    debug::Selection followed_;
    std::int64_t units_ = 0;
    int frame_ = -1; ///< of Dear ImGui, that the view is of
    bool is_playing_ = false, drawn_ = false;
    float since_step_ = 0; ///< s, while playing
};

} // namespace rnnscope::ui
