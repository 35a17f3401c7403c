#pragma once

#include "core/view/graph_scene.hpp"
#include "ui/panels/panel.hpp"
#include "ui/widgets/graph_canvas.hpp"

#include <optional>

namespace rnnscope::ui {

/// The graph: a header with the path of what is selected, and the canvas.
class GraphPanel {
  public:
    void draw(const PanelContext& ctx, const Rect& rect);

    void fit() { canvas_.fit(); }
    void show_selection() { show_selected_ = true; } ///< zooms to it
    void show_failure() { show_failed_ = true; }
    void zoom_by(float factor) { canvas_.zoom_by(factor); }
    void expand_all() { expand_all_ = true; }
    void collapse_all() {
        view_.collapse_all();
        arranged_ = true;
    }
    bool moving() const { return canvas_.moving(); } ///< wants another frame soon
    void set_reduce_motion(bool reduce) { reduce_motion_ = reduce; }

  private:
    void draw_path(const PanelContext& ctx, const Rect& header);
    void draw_tools(const PanelContext& ctx, const Rect& header);
    void draw_graph(const PanelContext& ctx, const Rect& body);
    void follow(const PanelContext& ctx, const view::SceneInput& input);

    view::GraphView view_;
    GraphCanvas canvas_;
    Cached<view::SceneInput> input_;
    NodeId failed_; ///< the failure that was already opened and shown
    debug::Selection shown_;
    std::size_t nodes_ = 0;
    std::uint64_t version_ = 0;
    bool show_selected_ = false, show_failed_ = false, expand_all_ = false, reduce_motion_ = false;
    bool arranged_ = false; ///< a scope was opened or closed by hand
};

} // namespace rnnscope::ui
