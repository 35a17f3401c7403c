#pragma once

#include "core/view/graph_colors.hpp"
#include "core/view/graph_scene.hpp"
#include "ui/theme/look.hpp"
#include "ui/widgets/graph_canvas_colors.hpp"

#include <imgui.h>

#include <array>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace rnnscope::ui {

/// What the person did on the canvas. The canvas changes nothing itself.
struct GraphRequest {
    enum class Kind { select_node, select_scope, clear_selection, toggle_scope, open_menu } kind = Kind::select_node;
    NodeId node;
    std::string path; ///< of the op or scope
};

/// What is selected and what is pointed at somewhere else; `path` of a scope when `node` is invalid.
struct GraphMark {
    NodeId node;
    std::string path;
    bool empty() const { return !node.valid() && path.empty(); }
};

/// A box as it stands on this frame, in the root's frame.
struct PlacedBox {
    double x = 0, y = 0;
    float width = 0, height = 0;
    float shown = 1; ///< below 1 while it appears
    ImVec2 moved;    ///< from where it will come to rest, relative to its parent
};

/// Where the minimap with the legend of edges, or the legend of colours stands; `hidden` where they would cover the
/// failing path everywhere.
enum class OverviewCorner { lower_left, lower_right, upper_left, upper_right, hidden };

/// One frame of drawing.
struct GraphPaint {
    const view::Scene& scene;
    const Look& look;
    const std::vector<PlacedBox>& placed;
    ImVec2 a, b;               ///< the canvas
    double camera_x, camera_y; ///< world at `a`
    float unit;                ///< screen pixels of one look pixel
    std::uint32_t selected, hovered, lit;
    const std::vector<bool>& is_lit;             ///< by edge: of what is hovered or selected
    const std::vector<std::uint32_t>& lit_edges; ///< those
    float ring = 1;                              ///< of the first arrival at the failure; 1: over
    std::array<bool, 4> kinds;                   ///< of edges that the scene has, by EdgeKind
    const view::SceneColors* colors = nullptr;   ///< null: fills say nothing
    std::span<const ClassLook> class_looks;      ///< of its classes

    /// Of a box; null: it looks as always.
    const ClassLook* look_of(std::uint32_t box) const {
        const bool any = colors && box < colors->boxes.size() && colors->boxes[box].of < class_looks.size();
        return any && class_looks[colors->boxes[box].of].hue ? &class_looks[colors->boxes[box].of] : nullptr;
    }

    ImVec2 at(double x, double y) const {
        return {a.x + static_cast<float>((x - camera_x) * unit), a.y + static_cast<float>((y - camera_y) * unit)};
    }
};
void paint_graph(ImDrawList& list, const GraphPaint& paint);
/// Minimap and legends, each in its corner.
struct OverviewPlaces {
    OverviewCorner minimap = OverviewCorner::lower_left, colors = OverviewCorner::lower_right;
};
/// Whether the map is there, and not the legends alone.
bool paint_overview(ImDrawList& list, const GraphPaint& paint, const OverviewPlaces& places);
/// The first corners, lower left first, that cover nothing of the failing path, and there those with least below. Both
/// in one corner stand above each other.
OverviewPlaces overview_places(const GraphPaint& paint);
/// How much of the canvas, from below, they need for themselves so as to cover no box; 0 where they cover none anyway.
float overview_strip(const GraphPaint& paint);

/// Draws a scene into a rectangle of the current window: pan, zoom, select, open and close. Keeps only the camera and
/// what moves; losing it loses nothing.
class GraphCanvas {
  public:
    struct Options {
        GraphMark selected, lit;
        bool reduce_motion = false;
        bool minimap = true;
        bool is_waiting = false; ///< another scene is on its way: the camera goes nowhere before it is there
        const view::SceneColors* colors = nullptr; ///< of the scene that is drawn
    };

    /// Appends to `requests`. `scene` may be another one in each frame.
    void draw(const view::Scene& scene, const Look& look, ImVec2 a, ImVec2 b, const Options& options,
              std::vector<GraphRequest>& requests);

    void fit();  ///< everything, in the next frame
    void back(); ///< to where the camera was before it flew
    void forward();
    bool can_go_back() const { return !behind_.empty(); }
    bool can_go_forward() const { return !ahead_.empty(); }
    /// Moves only if it is not in the middle, or too small to be found; `zoom`: to a comfortable size.
    void show(NodeId node, bool zoom = false);
    void show_failure();        ///< the failing path as large as fits
    void zoom_by(float factor); ///< around the middle

    bool moving() const { return expanding_ < 1 || flying_ < 1 || ring_ < 1; } ///< wants another frame
    float zoom() const { return static_cast<float>(zoom_); }
    bool shows_minimap() const { return shows_minimap_; }
    const GraphMark& hovered() const { return hovered_; } ///< empty when nothing
    std::string hovered_text() const { return hovered_.path; }
    /// Where a box of the last scene stands on the screen.
    ImVec2 low_corner(std::uint32_t box) const { return to_screen(placed_[box].x, placed_[box].y); }
    ImVec2 high_corner(std::uint32_t box) const {
        return to_screen(placed_[box].x + placed_[box].width, placed_[box].y + placed_[box].height);
    }

  private:
    static constexpr double most_zoom = 3;
    struct Camera {
        double x = 0, y = 0, zoom = 1; ///< world at the top left corner of the canvas
    };
    struct Rest {
        float x, y, width, height;
    };

    enum class Wish { none, fit, failure, node };
    struct Framing { ///< what the camera is to show
        Wish wish = Wish::none;
        NodeId node;
        bool zoom = false;     ///< to a comfortable size
        bool is_first = false; ///< nothing was shown before
    };

    void follow_scene(const view::Scene& scene, const Options& options);
    void place(const view::Scene& scene);
    void light_edges(const view::Scene& scene, std::uint32_t selected);
    struct Area {
        double x0 = 1e300, y0 = 1e300, x1 = -1e300, y1 = -1e300;
        void add(const PlacedBox& box);
        void add(const Area& other);
    };
    void move_camera(const view::Scene& scene, const Look& look, const Options& options);
    void anchor(const view::Scene& scene);
    void fly(const Camera& to, bool remember);
    Camera framing(const Area& area, double most, double strip = 0) const;
    Camera whole_camera(const view::Scene& scene, const Look& look, const Options& options) const;
    Camera wished_camera(const view::Scene& scene, const Look& look, const Options& options, const Framing& wished,
                         bool& go) const;
    static PlacedBox at_rest(const view::Scene& scene, std::uint32_t box);
    void jump(const Camera& to);
    void follow_size(const view::Scene& scene, const Look& look, const Options& options, ImVec2 size_before,
                     float scale_before);
    Camera failure_camera(const view::Scene& scene) const;
    Camera first_camera(const view::Scene& scene) const;
    void keep_inside(const view::Scene& scene, Camera& camera) const;
    void handle_input(const view::Scene& scene, std::vector<GraphRequest>& requests);
    std::uint32_t box_at(const view::Scene& scene, ImVec2 at) const;
    bool on_triangle(const view::Scene& scene, std::uint32_t box, ImVec2 at) const;
    ImVec2 to_screen(double x, double y) const;
    float unit() const { return static_cast<float>(zoom_) * scale_; } ///< screen pixels of one look pixel

    // Camera.
    double x_ = 0, y_ = 0, zoom_ = 1, least_zoom_ = 0.02;
    Camera start_, target_;
    float flying_ = 1;                   ///< 0 to 1
    std::vector<Camera> behind_, ahead_; ///< where it was, the latest last
    ImVec2 a_{}, b_{};
    float scale_ = 1;

    // The scene before, for the motion to the present one.
    std::uint64_t topology_ = 0, revision_ = 0;
    std::unordered_map<std::uint32_t, Rest> rest_, before_; ///< by item
    float expanding_ = 1;
    std::uint32_t anchor_item_ = view::no_box;
    ImVec2 anchor_at_{};
    std::uint64_t anchor_revision_ = 0; ///< of the scene that was clicked
    int anchor_frames_ = 0;             ///< how long to wait for the next one
    std::vector<PlacedBox> placed_;
    std::uint64_t placed_revision_ = 0; ///< of the scene whose boxes have come to rest in placed_
    std::array<bool, 4> kinds_{};
    std::vector<bool> is_lit_;
    std::vector<std::uint32_t> lit_edges_;
    view::PortEdges by_port_;                                           ///< of the scene of lit_revision_
    std::array<std::uint32_t, 2> lit_ends_{view::no_box, view::no_box}; ///< what lit_edges_ are of
    std::uint64_t lit_revision_ = 0;

    Framing wished_{Wish::fit, {}, false, false};
    Framing framed_; ///< what it shows, and goes on showing in another size; none once the person has moved it
    bool first_ = true;

    OverviewPlaces overview_;
    bool choose_corner_ = true, shows_minimap_ = false;
    view::ColorBy colored_by_ = view::ColorBy::state; ///< when the corners were chosen

    NodeId ringed_;
    float ring_ = 1;

    bool pressed_ = false, dragging_ = false;
    ImVec2 press_at_{};
    double last_click_ = -1;
    std::uint32_t last_box_ = view::no_box;
    std::uint32_t hovered_box_ = view::no_box;
    GraphMark hovered_;
};

} // namespace rnnscope::ui
