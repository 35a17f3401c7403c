#include "ui/widgets/graph_canvas.hpp"

#include <algorithm>
#include <cmath>

namespace rnnscope::ui {

using view::BoxKind;
using view::no_box;
using view::Scene;
using view::SceneBox;

namespace {

constexpr float expand_seconds = 0.2f, fly_seconds = 0.18f, ring_seconds = 0.4f;
constexpr double least_zoom = 0.02, most_zoom = 3;

float ease_out(float t) {
    const float u = 1 - t;
    return 1 - u * u * u;
}

float ease_in_out(float t) {
    return t < 0.5f ? 4 * t * t * t : 1 - std::pow(-2 * t + 2, 3.0f) / 2;
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
    wish_ = Wish::fit;
}

void GraphCanvas::show(NodeId node, bool zoom) {
    wish_ = Wish::node;
    wished_node_ = node;
    wished_zoom_ = zoom;
}

void GraphCanvas::show_failure() {
    wish_ = Wish::failure;
}

void GraphCanvas::zoom_by(float factor) {
    const double middle_x = x_ + (b_.x - a_.x) / 2 / (zoom_ * scale_);
    const double middle_y = y_ + (b_.y - a_.y) / 2 / (zoom_ * scale_);
    start_ = {x_, y_, zoom_};
    const double zoom = std::clamp(zoom_ * factor, least_zoom, most_zoom);
    target_ = {middle_x - (b_.x - a_.x) / 2 / (zoom * scale_), middle_y - (b_.y - a_.y) / 2 / (zoom * scale_), zoom};
    flying_ = 0;
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
    rest_.clear();
    for (const SceneBox& box : scene.boxes) rest_[box.item] = {box.x, box.y, box.width, box.height};
}

/// Boxes on this frame: between where they were and where they will be.
void GraphCanvas::place(const Scene& scene) {
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

GraphCanvas::Camera GraphCanvas::framing(double x0, double y0, double x1, double y1, double most) const {
    const double width = (b_.x - a_.x) / scale_, height = (b_.y - a_.y) / scale_;
    Camera camera;
    camera.zoom =
        std::clamp(std::min(width / std::max(x1 - x0, 1.0), height / std::max(y1 - y0, 1.0)), least_zoom, most);
    camera.x = (x0 + x1) / 2 - width / camera.zoom / 2;
    camera.y = (y0 + y1) / 2 - height / camera.zoom / 2;
    return camera;
}

void GraphCanvas::move_camera(const Scene& scene, const Options& options) {
    const float seconds = ImGui::GetIO().DeltaTime;
    if (wish_ != Wish::none) {
        const SceneBox& root = scene.root();
        Camera camera = framing(0, 0, root.width, root.height, 1);
        const double readable = 0.62;
        bool go = true;
        std::vector<std::uint32_t> wanted;
        if (wish_ == Wish::failure ||
            (wish_ == Wish::fit && first_ && scene.failed_box != no_box && camera.zoom < readable)) {
            for (const view::SceneLink& link : scene.failing_path) {
                wanted.push_back(link.from);
                wanted.push_back(link.to);
            }
            if (scene.failed_box != no_box) wanted.push_back(scene.failed_box);
        } else if (wish_ == Wish::node) {
            wanted.push_back(scene.box_of(wished_node_));
        }
        if (!wanted.empty()) {
            double x0 = 1e300, y0 = 1e300, x1 = -1e300, y1 = -1e300;
            for (const std::uint32_t i : wanted) {
                x0 = std::min(x0, placed_[i].x);
                y0 = std::min(y0, placed_[i].y);
                x1 = std::max(x1, placed_[i].x + placed_[i].width);
                y1 = std::max(y1, placed_[i].y + placed_[i].height);
            }
            if (wish_ == Wish::node) {
                const ImVec2 p = to_screen(x0, y0), q = to_screen(x1, y1);
                const float mx = (b_.x - a_.x) * 0.2f, my = (b_.y - a_.y) * 0.2f;
                const bool seen = p.x >= a_.x + mx && q.x <= b_.x - mx && p.y >= a_.y + my && q.y <= b_.y - my;
                go = !seen || (wished_zoom_ && zoom_ < readable);
                camera = framing(x0, y0, x1, y1, wished_zoom_ ? std::max(zoom_, 1.0) : zoom_);
            } else {
                constexpr double margin = 60;
                camera = framing(x0 - margin, y0 - margin, x1 + margin, y1 + margin, 1);
            }
        } else if (first_ && camera.zoom < 0.55) {
            // Too much for one screen: the start of the flow, readable.
            camera.zoom = 0.68;
            camera.x = 0;
            camera.y = root.height / 2.0 - (b_.y - a_.y) / scale_ / camera.zoom / 2;
        }
        if (go) {
            start_ = {x_, y_, zoom_};
            target_ = camera;
            flying_ = first_ || options.reduce_motion ? 1.0f : 0.0f;
            if (flying_ >= 1) {
                x_ = camera.x;
                y_ = camera.y;
                zoom_ = camera.zoom;
            }
        }
        wish_ = Wish::none;
        first_ = false;
    }
    if (flying_ < 1) {
        flying_ = std::min(1.0f, flying_ + seconds / fly_seconds);
        const double t = ease_in_out(flying_);
        // The zoom changes by equal factors, so that it looks even.
        zoom_ = start_.zoom * std::pow(target_.zoom / start_.zoom, t);
        x_ = start_.x + (target_.x - start_.x) * t;
        y_ = start_.y + (target_.y - start_.y) * t;
    }
    if (anchor_item_ != no_box) {
        // The header that was clicked stays under the pointer.
        for (std::uint32_t i = 0; i < scene.boxes.size(); ++i) {
            if (scene.boxes[i].item != anchor_item_) continue;
            x_ = placed_[i].x - (anchor_at_.x - a_.x) / (zoom_ * scale_);
            y_ = placed_[i].y - (anchor_at_.y - a_.y) / (zoom_ * scale_);
        }
        if (expanding_ >= 1 && revision_ != 0 && !pressed_) anchor_item_ = no_box;
    }
    if (ring_ < 1) ring_ = std::min(1.0f, ring_ + seconds / ring_seconds);
    if (expanding_ < 1) expanding_ = std::min(1.0f, expanding_ + seconds / expand_seconds);
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
    if (hovered_box_ != no_box) {
        const SceneBox& box = scene.boxes[hovered_box_];
        hovered_ = {box.kind == BoxKind::scope ? NodeId{} : box.node, box.path};
    }
    if (over && io.MouseWheel != 0) {
        const double factor = std::pow(1.15, io.MouseWheel);
        const double zoom = std::clamp(zoom_ * factor, least_zoom, most_zoom);
        x_ += (io.MousePos.x - a_.x) / scale_ * (1 / zoom_ - 1 / zoom);
        y_ += (io.MousePos.y - a_.y) / scale_ * (1 / zoom_ - 1 / zoom);
        zoom_ = zoom;
        flying_ = 1;
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
    if (scope && (on_triangle(scene, hit, press_at_) || twice)) {
        anchor_item_ = box.item;
        anchor_at_ = to_screen(placed_[hit].x, placed_[hit].y);
        last_click_ = -1;
        requests.push_back({GraphRequest::Kind::toggle_scope, {}, box.path});
        return;
    }
    requests.push_back({scope ? GraphRequest::Kind::select_scope : GraphRequest::Kind::select_node,
                        scope ? NodeId{} : box.node, box.path});
}

void GraphCanvas::draw(const Scene& scene, const Look& look, ImVec2 a, ImVec2 b, const Options& options,
                       std::vector<GraphRequest>& requests) {
    a_ = a;
    b_ = b;
    scale_ = look.scale;
    if (scene.boxes.empty() || b.x - a.x < 2 || b.y - a.y < 2) return;
    follow_scene(scene, options);
    const NodeId failed = scene.failed_box == no_box ? NodeId{} : scene.boxes[scene.failed_box].node;
    if (failed.valid() && failed != ringed_ && !options.reduce_motion) ring_ = 0;
    ringed_ = failed;
    place(scene);
    handle_input(scene, requests);
    move_camera(scene, options);

    ImDrawList& list = *ImGui::GetWindowDrawList();
    list.PushClipRect(a, b, true);
    const GraphPaint paint{list,
                           scene,
                           look,
                           placed_,
                           a,
                           b,
                           x_,
                           y_,
                           unit(),
                           box_of(scene, options.selected),
                           hovered_box_,
                           box_of(scene, options.lit),
                           ring_};
    paint_graph(paint);
    if (options.minimap) paint_minimap(paint);
    list.PopClipRect();
}

} // namespace rnnscope::ui
