#include "ui/widgets/graph_canvas.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace rnnscope::ui {

using view::BoxKind;
using view::no_box;
using view::Scene;
using view::SceneBox;

namespace {

float ease_out(float t) {
    const float u = 1 - t;
    return 1 - u * u * u;
}

std::uint32_t box_of(const Scene& scene, const GraphMark& mark) {
    if (mark.node.valid()) return scene.box_of(mark.node);
    return mark.path.empty() ? no_box : scene.box_of_scope(mark.path);
}

} // namespace

ImVec2 GraphCanvas::to_screen(double x, double y) const {
    return {a_.x + static_cast<float>((x - x_) * zoom_ * scale_), a_.y + static_cast<float>((y - y_) * zoom_ * scale_)};
}

void GraphCanvas::fit() {
    wished_ = {Wish::fit, {}, false, false};
}

void GraphCanvas::show(NodeId node, bool zoom) {
    wished_ = {Wish::node, node, zoom, false};
}

void GraphCanvas::show_failure() {
    wished_ = {Wish::failure, {}, false, false};
}

/// When the scene changed: where everything was is where the motion starts.
void GraphCanvas::follow_scene(const Scene& scene, const Options& options) {
    if (scene.revision == revision_ && scene.topology == topology_) return;
    const bool same_things = topology_ == scene.topology && !rest_.empty() && !options.reduce_motion;
    before_ = same_things ? rest_ : std::unordered_map<std::uint32_t, Rest>{};
    expanding_ = same_things ? 0.0f : 1.0f;
    if (topology_ != scene.topology) anchor_item_ = no_box;
    topology_ = scene.topology;
    revision_ = scene.revision;
    choose_corner_ = true;
    rest_.clear();
    for (const SceneBox& box : scene.boxes) rest_[box.item] = {box.x, box.y, box.width, box.height};
    kinds_ = {};
    for (const view::SceneEdge& edge : scene.edges)
        if (!edge.portal) kinds_[static_cast<std::size_t>(edge.kind)] = true;
    // Far enough out that all of the graph can be seen, however large it is.
    const double width = std::max((b_.x - a_.x) / scale_, 1.0f), height = std::max((b_.y - a_.y) / scale_, 1.0f);
    least_zoom_ = std::min(
        0.02, 0.8 * std::min(width / std::max(scene.root().width, 1.0f), height / std::max(scene.root().height, 1.0f)));
}

/// Boxes on this frame: between where they were and where they will be.
void GraphCanvas::place(const Scene& scene) {
    if (expanding_ >= 1 && placed_revision_ == scene.revision && placed_.size() == scene.boxes.size()) return;
    placed_revision_ = expanding_ >= 1 ? scene.revision : 0;
    const float t = ease_out(expanding_);
    placed_.assign(scene.boxes.size(), {});
    for (std::uint32_t i = 0; i < scene.boxes.size(); ++i) {
        const SceneBox& box = scene.boxes[i];
        PlacedBox& placed = placed_[i];
        float x = box.x, y = box.y;
        placed.width = box.width;
        placed.height = box.height;
        if (expanding_ < 1) {
            if (const auto it = before_.find(box.item); it != before_.end()) {
                const Rest& old = it->second;
                x = old.x + (box.x - old.x) * t;
                y = old.y + (box.y - old.y) * t;
                placed.width = old.width + (box.width - old.width) * t;
                placed.height = old.height + (box.height - old.height) * t;
                placed.moved = {x - box.x, y - box.y};
            } else {
                placed.shown = t;
            }
            if (i > 0) placed.shown = std::min(placed.shown, placed_[box.parent].shown);
        }
        if (i == 0) continue;
        placed.x = placed_[box.parent].x + x;
        placed.y = placed_[box.parent].y + y;
    }
}

/// They are looked for through the whole scene, so only when something changed.
void GraphCanvas::light_edges(const Scene& scene, std::uint32_t selected) {
    const std::array<std::uint32_t, 2> ends{selected, hovered_box_};
    const bool same_scene = lit_revision_ == scene.revision && is_lit_.size() == scene.edges.size();
    if (same_scene && ends == lit_ends_) return;
    if (!same_scene) by_port_ = view::PortEdges(scene);
    lit_revision_ = scene.revision;
    lit_ends_ = ends;
    is_lit_.assign(scene.edges.size(), false);
    lit_edges_.clear();
    for (const std::uint32_t end : ends) {
        if (end == no_box || end == 0) continue;
        for (const std::uint32_t e : view::edges_of(scene, by_port_, end)) {
            if (!is_lit_[e]) lit_edges_.push_back(e);
            is_lit_[e] = true;
        }
    }
    std::ranges::sort(lit_edges_); // in the order of all others
}

std::uint32_t GraphCanvas::box_at(const Scene& scene, ImVec2 at) const {
    std::uint32_t found = no_box;
    for (std::uint32_t i = 1; i < scene.boxes.size();) {
        const PlacedBox& box = placed_[i];
        const ImVec2 p = to_screen(box.x, box.y);
        const float width = box.width * unit(), height = box.height * unit();
        const bool inside = at.x >= p.x && at.x < p.x + width && at.y >= p.y && at.y < p.y + height;
        if (inside) found = i;
        // What is drawn as one flat box has no inside.
        const bool descend = inside && scene.boxes[i].expanded && std::max(width, height) >= 36 * scale_;
        i = descend ? i + 1 : scene.boxes[i].end;
    }
    return found;
}

bool GraphCanvas::on_triangle(const Scene& scene, std::uint32_t box, ImVec2 at) const {
    if (box == no_box || scene.boxes[box].kind != BoxKind::scope) return false;
    const ImVec2 p = to_screen(placed_[box].x, placed_[box].y);
    const float side = std::max(22 * scale_, 28 * unit());
    return at.x < p.x + side && at.y < p.y + std::max(22 * scale_, view::SceneMetrics::header * unit());
}

void GraphCanvas::handle_input(const Scene& scene, std::vector<GraphRequest>& requests) {
    ImGui::SetCursorScreenPos(a_);
    const ImVec2 size{std::max(b_.x - a_.x, 1.0f), std::max(b_.y - a_.y, 1.0f)};
    ImGui::InvisibleButton("graph canvas", size, ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonMiddle);
    const ImGuiIO& io = ImGui::GetIO();
    const bool over = ImGui::IsItemHovered();
    hovered_box_ = over && !dragging_ ? box_at(scene, io.MousePos) : no_box;
    hovered_ = {};
    if (hovered_box_ != no_box && !scene.boxes[hovered_box_].fold) {
        const SceneBox& box = scene.boxes[hovered_box_];
        hovered_ = {box.kind == BoxKind::scope ? NodeId{} : box.node, box.path};
    }
    if (over && !dragging_ && ImGui::IsMouseReleased(1) && !hovered_.empty())
        requests.push_back({GraphRequest::Kind::open_menu, hovered_.node, hovered_.path});
    if (over && io.MouseWheel != 0) {
        const double factor = std::pow(1.15, io.MouseWheel);
        const double zoom = std::clamp(zoom_ * factor, least_zoom_, most_zoom);
        x_ += (io.MousePos.x - a_.x) / scale_ * (1 / zoom_ - 1 / zoom);
        y_ += (io.MousePos.y - a_.y) / scale_ * (1 / zoom_ - 1 / zoom);
        zoom_ = zoom;
        flying_ = 1;
        anchor_item_ = no_box;
        framed_ = {};
    }
    if (ImGui::IsItemActivated()) {
        pressed_ = true;
        dragging_ = false;
        press_at_ = io.MousePos;
    }
    if (!pressed_) return;
    const bool down = io.MouseDown[0] || io.MouseDown[2];
    const float dx = io.MousePos.x - press_at_.x, dy = io.MousePos.y - press_at_.y;
    if (down) {
        if (!dragging_ && dx * dx + dy * dy > 16 * scale_ * scale_) dragging_ = true;
        if (dragging_) {
            x_ -= io.MouseDelta.x / (zoom_ * scale_);
            y_ -= io.MouseDelta.y / (zoom_ * scale_);
            flying_ = 1;
            anchor_item_ = no_box;
            framed_ = {};
        }
        return;
    }
    pressed_ = false;
    if (dragging_) {
        dragging_ = false;
        return;
    }
    const std::uint32_t hit = box_at(scene, press_at_);
    if (hit == no_box) {
        requests.push_back({GraphRequest::Kind::clear_selection, {}, {}});
        return;
    }
    const SceneBox& box = scene.boxes[hit];
    const bool scope = box.kind == BoxKind::scope;
    const bool twice = io.MouseClickedTime[0] >= 0 && ImGui::GetIO().MouseDownDuration[0] < 0 &&
                       ImGui::GetTime() - last_click_ < io.MouseDoubleClickTime && last_box_ == box.item;
    last_click_ = ImGui::GetTime();
    last_box_ = box.item;
    // A folded box is nothing of the program that could be selected.
    if (scope && (box.fold || on_triangle(scene, hit, press_at_) || twice)) {
        anchor_item_ = box.item;
        anchor_revision_ = revision_;
        anchor_frames_ = 30;
        anchor_at_ = to_screen(placed_[hit].x, placed_[hit].y);
        last_click_ = -1;
        framed_ = {}; // the header that was clicked stays where it is
        requests.push_back({GraphRequest::Kind::toggle_scope, {}, box.path});
        return;
    }
    requests.push_back({scope ? GraphRequest::Kind::select_scope : GraphRequest::Kind::select_node,
                        scope ? NodeId{} : box.node, box.path});
}

void GraphCanvas::draw(const Scene& scene, const Look& look, ImVec2 a, ImVec2 b, const Options& options,
                       std::vector<GraphRequest>& requests) {
    if (scene.boxes.empty() || b.x - a.x < 2 || b.y - a.y < 2) return;
    const ImVec2 size_before{b_.x - a_.x, b_.y - a_.y};
    const float scale_before = std::exchange(scale_, look.scale);
    a_ = a;
    b_ = b;
    follow_scene(scene, options);
    const NodeId failed = scene.failed_box == no_box ? NodeId{} : scene.boxes[scene.failed_box].node;
    if (failed.valid() && failed != ringed_ && !options.reduce_motion) ring_ = 0;
    ringed_ = failed;
    place(scene);
    follow_size(scene, look, options, size_before, scale_before);
    handle_input(scene, requests);
    move_camera(scene, look, options);

    const std::vector<ClassLook> looks =
        options.colors ? class_looks(look, *options.colors->nodes) : std::vector<ClassLook>();
    const std::uint32_t selected = box_of(scene, options.selected);
    light_edges(scene, selected);
    const GraphPaint paint{scene,
                           look,
                           placed_,
                           a,
                           b,
                           x_,
                           y_,
                           unit(),
                           selected,
                           hovered_box_,
                           box_of(scene, options.lit),
                           is_lit_,
                           lit_edges_,
                           ring_,
                           kinds_,
                           options.colors,
                           looks};
    ImDrawList& list = *ImGui::GetWindowDrawList();
    list.PushClipRect(a, b, true);
    paint_graph(list, paint);
    // Only where the camera has come to rest, so that the overview does not jump about while it moves.
    if (options.colors && options.colors->nodes->by != colored_by_) {
        colored_by_ = options.colors->nodes->by;
        choose_corner_ = true;
    }
    if (choose_corner_ && !moving() && !dragging_) {
        overview_ = overview_places(paint);
        choose_corner_ = false;
    }
    shows_minimap_ = options.minimap && paint_overview(list, paint, overview_);
    list.PopClipRect();
}

} // namespace rnnscope::ui
