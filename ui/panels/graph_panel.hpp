#pragma once

#include "core/view/graph_colors.hpp"
#include "core/view/graph_scene.hpp"
#include "ui/panels/panel.hpp"
#include "ui/widgets/graph_canvas.hpp"

#include <array>
#include <string>
#include <vector>

namespace rnnscope::ui {

/// The graph: a header with the path of what is selected, and the canvas.
class GraphPanel {
  public:
    void draw(const PanelContext& ctx, const Rect& rect);

    void fit() { canvas_.fit(); }
    void show_selection() { show_selected_ = true; } ///< zooms to it
    void show_failure() { show_failed_ = true; }
    void zoom_by(float factor) { canvas_.zoom_by(factor); }
    double zoom() const { return canvas_.zoom(); }
    void back() { canvas_.back(); } ///< to where the camera was
    void forward() { canvas_.forward(); }
    bool can_go_back() const { return canvas_.can_go_back(); }
    bool can_go_forward() const { return canvas_.can_go_forward(); }
    /// Lights up what the selected op, variable or scope depends on, or what depends on it: the nearest most. It stays
    /// while others are selected, until the same is asked again or `end_trace`.
    void trace(const debug::Debugger& debugger, view::TraceWay way);
    void end_trace() { trace_ = {}; }
    view::TraceWay traced() const { return trace_.way; }
    const std::string& traced_name() const { return trace_.name; }
    /// Opens the field, with what is searched for; empty: as it was.
    void open_search(std::string text) {
        search_open_ = focus_search_ = true;
        if (!text.empty()) search_ = std::move(text);
        match_ = 0;
    }
    /// Opens or closes, in the next frame, the scope, or the one that the op is in.
    void toggle(std::string path) { toggled_ = std::move(path); }
    void expand_all() { expand_all_ = true; }
    void collapse_all() {
        view_.collapse_all();
        arranged_ = true;
    }
    void begin_frame() { drawn_ = false; } ///< the graph is not on the screen unless it is drawn
    /// Wants another frame soon: something moves, a scene is made, or values were not read yet.
    bool moving() const { return drawn_ && (canvas_.moving() || laying_out_ || !colors_.is_complete()); }
    /// Scenes are made on another thread, and appear in the frame after they are done. Otherwise every frame shows the
    /// scene of its own position.
    void set_background(bool background) { view_.set_background(background_ = background); }
    void set_color_by(view::ColorBy by) { color_by_ = by; } ///< what the fills say
    void set_reduce_motion(bool reduce) { reduce_motion_ = reduce; }
    void set_fold_series(bool fold) { fold_series_ = fold; }

  private:
    void draw_path(const PanelContext& ctx, const Rect& header);
    void draw_tools(const PanelContext& ctx, const Rect& header);
    void draw_graph(const PanelContext& ctx, const Rect& body);
    float draw_search(const PanelContext& ctx, const Rect& header);
    void next_match(const PanelContext& ctx);
    const view::SceneInput& input(const PanelContext& ctx);
    void follow(const PanelContext& ctx, const view::SceneInput& input);
    void show_scope(const view::SceneInput& input, const std::string& path);
    const view::Scene* scene(const view::SceneInput& input);
    void draw_waiting(const PanelContext& ctx, const Rect& body, const view::SceneInput& input, bool any) const;

    std::vector<NodeId> traced_nodes(const Graph& graph, std::size_t nodes) const;
    float draw_trace_chip(const PanelContext& ctx, const Rect& header, const Rect& body);
    void draw_color_menu(const PanelContext& ctx);
    const view::SceneColors& scene_colors(const PanelContext& ctx, const view::Scene& scene);

    void toggle_asked(const view::Scene& scene);

    view::GraphView view_;
    view::ColorBy color_by_ = view::ColorBy::state;
    view::GraphColors colors_;
    view::SceneColors scene_colors_;
    std::array<std::uint64_t, 3> colored_{}; ///< topology, revision and colours that scene_colors_ is of
    GraphCanvas canvas_;
    /// What the input depends on besides the debugger.
    struct Trace {
        view::TraceWay way = view::TraceWay::none;
        std::string name; ///< of the op, variable or scope
        bool is_scope = false;
        bool operator==(const Trace&) const = default;
    };
    struct Asked {
        Trace trace;
        std::string search;
        bool fold_series = true;
        bool operator==(const Asked&) const = default;
    };
    Cached<view::SceneInput, Asked> input_;
    Trace trace_;
    bool search_open_ = false, focus_search_ = false;
    std::string search_, toggled_;
    std::vector<NodeId> matches_;
    std::size_t match_ = 0; ///< the next one to go to
    NodeId failed_;         ///< the failure that was already opened and shown
    debug::Selection shown_;
    std::size_t nodes_ = 0;
    std::uint64_t version_ = 0;
    bool show_selected_ = false, show_failed_ = false, expand_all_ = false, reduce_motion_ = false;
    bool arranged_ = false; ///< a scope was opened or closed by hand
    bool drawn_ = false, background_ = false, laying_out_ = false, fold_series_ = true;
    int frames_waited_ = 0; ///< for the scene that is being made
};

} // namespace rnnscope::ui
