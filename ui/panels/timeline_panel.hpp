#pragma once

#include "core/view/timeline_view.hpp"
#include "ui/panels/panel.hpp"

#include <optional>

namespace rnnscope::ui {

/// Statements, runs, time steps, ops and the selected variable over time. Dragging anywhere moves the position.
class TimelinePanel {
  public:
    void draw(const PanelContext& ctx, const Rect& rect);

  private:
    struct Lanes { ///< top edges and the stretch that all lanes share
        float left, right, statements, runs, steps, ops, pips;
    };
    /// Where ticks go in the lanes of statements and runs: wide enough to read, so not to scale.
    float x_of_tick(const Lanes& lanes, std::uint64_t tick) const;
    float x_of_event(const Lanes& lanes, double event) const;
    std::uint64_t tick_at(const Lanes& lanes, ImVec2 pointer) const;
    void place_boxes(const Look& look, const Lanes& lanes, const view::TimelineView& view);
    void draw_boxes(const PanelContext& ctx, const Lanes& lanes, const view::TimelineView& view);
    void draw_run(const PanelContext& ctx, const Lanes& lanes, const view::TimelineView& view);
    void draw_lane(const PanelContext& ctx, const Lanes& lanes, const view::TimelineView& view);
    void place_bookmarks(const PanelContext& ctx, const Lanes& lanes, const view::TimelineView& view);
    void draw_bookmarks(const Look& look) const;
    void draw_lit_time(const PanelContext& ctx, const Lanes& lanes, const view::TimelineView& view);
    void draw_playhead(const PanelContext& ctx, const Lanes& lanes, const view::TimelineView& view);
    void scrub(const PanelContext& ctx, const Lanes& lanes, const Rect& body);
    void zoom(float pointer_x, float wheel, const Lanes& lanes);

    Cached<view::TimelineView> view_;
    std::vector<ImVec2> ribbons_;                 ///< of bookmarks: the middle of their upper edges
    const view::TimelineView* shown_ = nullptr;   ///< in this frame
    std::vector<std::pair<float, float>> places_; ///< by statement box: left and right
    double zoom_from_ = 0, zoom_to_ = 1;          ///< shown part of the run's events
    RunId zoomed_run_;
    std::uint64_t asked_ = UINT64_MAX; ///< the tick asked for by the drag that is going on
};

} // namespace rnnscope::ui
