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

constexpr float expand_seconds = 0.2f, fly_seconds = 0.18f, ring_seconds = 0.4f;
constexpr double most_zoom = 3;
constexpr double readable_zoom = 0.84; // names of 12 px are then drawn with 10
constexpr double legible_zoom = 0.66;  // and here with 8

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
    wished_ = {Wish::fit, {}, false, false};
}

void GraphCanvas::show(NodeId node, bool zoom) {
    wished_ = {Wish::node, node, zoom, false};
}

void GraphCanvas::show_failure() {
    wished_ = {Wish::failure, {}, false, false};
}

void GraphCanvas::zoom_by(float factor) {
    const double middle_x = x_ + (b_.x - a_.x) / 2 / (zoom_ * scale_);
    const double middle_y = y_ + (b_.y - a_.y) / 2 / (zoom_ * scale_);
    const double zoom = std::clamp(zoom_ * factor, least_zoom_, most_zoom);
    fly({middle_x - (b_.x - a_.x) / 2 / (zoom * scale_), middle_y - (b_.y - a_.y) / 2 / (zoom * scale_), zoom}, false);
}

void GraphCanvas::fly(const Camera& to, bool remember) {
    constexpr std::size_t most = 50;
    start_ = {x_, y_, zoom_};
    target_ = to;
    flying_ = 0;
    framed_ = {};
    if (!remember) return;
    behind_.push_back(start_);
    if (behind_.size() > most) behind_.erase(behind_.begin());
    ahead_.clear();
}

void GraphCanvas::back() {
    if (behind_.empty()) return;
    ahead_.push_back({x_, y_, zoom_});
    fly(behind_.back(), false);
    behind_.pop_back();
}

void GraphCanvas::forward() {
    if (ahead_.empty()) return;
    behind_.push_back({x_, y_, zoom_});
    fly(ahead_.back(), false);
    ahead_.pop_back();
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

void GraphCanvas::Area::add(const PlacedBox& box) {
    add(Area{box.x, box.y, box.x + box.width, box.y + box.height});
}

void GraphCanvas::Area::add(const Area& other) {
    x0 = std::min(x0, other.x0);
    y0 = std::min(y0, other.y0);
    x1 = std::max(x1, other.x1);
    y1 = std::max(y1, other.y1);
}

GraphCanvas::Camera GraphCanvas::framing(const Area& area, double most) const {
    const double width = (b_.x - a_.x) / scale_, height = (b_.y - a_.y) / scale_;
    Camera camera;
    camera.zoom =
        std::clamp(std::min(width / std::max(area.x1 - area.x0, 1.0), height / std::max(area.y1 - area.y0, 1.0)),
                   least_zoom_, most);
    camera.x = (area.x0 + area.x1) / 2 - width / camera.zoom / 2;
    camera.y = (area.y0 + area.y1) / 2 - height / camera.zoom / 2;
    return camera;
}

/// No empty canvas beside a graph that could fill it.
void GraphCanvas::keep_inside(const Scene& scene, Camera& camera) const {
    const auto clamp = [](double at, double seen, double all) {
        return seen >= all ? (all - seen) / 2 : std::clamp(at, 0.0, all - seen);
    };
    camera.x = clamp(camera.x, (b_.x - a_.x) / scale_ / camera.zoom, scene.root().width);
    camera.y = clamp(camera.y, (b_.y - a_.y) / scale_ / camera.zoom, scene.root().height);
}

/// Where the box will have come to, while everything still moves there.
PlacedBox GraphCanvas::at_rest(const Scene& scene, std::uint32_t box) {
    const Scene::Corner corner = scene.corner(box);
    PlacedBox placed;
    placed.x = corner.x;
    placed.y = corner.y;
    placed.width = scene.boxes[box].width;
    placed.height = scene.boxes[box].height;
    return placed;
}

/// From the variable along the path, as far as its names stay readable, with as much around it as fits.
GraphCanvas::Camera GraphCanvas::failure_camera(const Scene& scene) const {
    constexpr double margin = 28, tag = 24;
    std::vector<std::uint32_t> path{scene.failed_box};
    for (const view::SceneLink& link : scene.failing_path) path.insert(path.end(), {link.from, link.to});
    double least = readable_zoom;
    const auto fits = [&](const Area& area) { return framing(area, 1).zoom >= least; };
    const auto with_margin = [&](std::uint32_t box) {
        const PlacedBox placed = at_rest(scene, box);
        return Area{placed.x - margin, placed.y - margin, placed.x + placed.width + margin,
                    placed.y + placed.height + margin + (box == scene.failed_box ? tag : 0)};
    };
    // A path that fits with somewhat smaller names is worth more than half a path.
    Area whole, area;
    for (const std::uint32_t box : path) whole.add(with_margin(box));
    if (!fits(whole) && framing(whole, 1).zoom >= legible_zoom) least = legible_zoom;
    // The reader in any case, and its variable as long as names can be read: what is marked without a name says little.
    for (std::size_t i = 0; i < path.size(); ++i) {
        Area larger = area;
        larger.add(with_margin(path[i]));
        if (i == 0 || (i < 3 && framing(larger, 1).zoom >= legible_zoom) || fits(larger)) area = larger;
    }
    // Then the scopes around them, the inner ones first.
    std::vector<std::uint32_t> around;
    for (std::uint32_t box : path)
        for (; box != 0; box = scene.boxes[box].parent) around.push_back(scene.boxes[box].parent);
    std::sort(around.begin(), around.end(), std::greater<>());
    around.erase(std::unique(around.begin(), around.end()), around.end());
    constexpr double air = 12; // beside a scope's border, worth a little of the size of its names
    for (const std::uint32_t box : around) {
        const PlacedBox placed = at_rest(scene, box);
        Area larger = area, airy = area;
        larger.add(placed);
        airy.add(Area{placed.x - air, placed.y - air, placed.x + placed.width + air, placed.y + placed.height + air});
        if (fits(larger)) area = framing(airy, 1).zoom >= 0.93 * least ? airy : larger;
    }
    Camera camera = framing(area, 1);
    if (camera.zoom < legible_zoom) { // no room even for the reader and what is around it
        const PlacedBox failed = at_rest(scene, scene.failed_box);
        camera.zoom = legible_zoom;
        camera.x = failed.x + failed.width / 2 - (b_.x - a_.x) / scale_ / camera.zoom / 2;
        camera.y = failed.y + failed.height / 2 - (b_.y - a_.y) / scale_ / camera.zoom / 2;
    }
    keep_inside(scene, camera);
    return camera;
}

/// Too much for one screen: names of full size if that leaves room for the shorter side of the graph, and what is being
/// looked at, or the start of the flow, with what stands beside it in the middle.
GraphCanvas::Camera GraphCanvas::first_camera(const Scene& scene) const {
    const SceneBox& root = scene.root();
    const double width = (b_.x - a_.x) / scale_, height = (b_.y - a_.y) / scale_;
    Camera camera;
    camera.zoom = std::clamp(std::max(width / std::max(root.width, 1.0f), height / std::max(root.height, 1.0f)),
                             legible_zoom, 1.0);
    const double seen_x = width / camera.zoom, seen_y = height / camera.zoom;
    const bool is_wide = root.width / width >= root.height / height;
    Area looked_at;
    if (scene.current_box != no_box && scene.current_box != 0) {
        looked_at.add(at_rest(scene, scene.current_box));
        camera.x = (looked_at.x0 + looked_at.x1 - seen_x) / 2;
        camera.y = (looked_at.y0 + looked_at.y1 - seen_y) / 2;
    } else {
        // Along the flow from its start; across it, the boxes that are then on the screen.
        for (std::uint32_t i = 1; i < scene.boxes.size(); i = scene.boxes[i].end) {
            const SceneBox& box = scene.boxes[i];
            if (is_wide ? box.x < seen_x : box.y < seen_y) looked_at.add(at_rest(scene, i));
        }
        if (is_wide)
            camera.y = (looked_at.y0 + looked_at.y1 - seen_y) / 2;
        else
            camera.x = (looked_at.x0 + looked_at.x1 - seen_x) / 2;
    }
    keep_inside(scene, camera);
    return camera;
}

GraphCanvas::Camera GraphCanvas::wished_camera(const Scene& scene, const Framing& wished, bool& go) const {
    Area all;
    all.add(Area{0, 0, scene.root().width, scene.root().height});
    Camera camera = framing(all, 1);
    const bool small = camera.zoom < readable_zoom;
    if (scene.failed_box != no_box &&
        (wished.wish == Wish::failure || (wished.wish == Wish::fit && wished.is_first && small)))
        return small ? failure_camera(scene) : camera;
    if (wished.wish == Wish::node) {
        const PlacedBox box = at_rest(scene, scene.box_of(wished.node));
        const ImVec2 p = to_screen(box.x, box.y), q = to_screen(box.x + box.width, box.y + box.height);
        const float mx = (b_.x - a_.x) * 0.2f, my = (b_.y - a_.y) * 0.2f;
        const bool seen = p.x >= a_.x + mx && q.x <= b_.x - mx && p.y >= a_.y + my && q.y <= b_.y - my;
        const double least = wished.zoom ? readable_zoom : legible_zoom;
        go = !seen || zoom_ < least;
        Area area;
        area.add(box);
        return framing(area, zoom_ < least ? (wished.zoom ? 1.0 : least) : zoom_);
    }
    if (wished.is_first && camera.zoom < legible_zoom) return first_camera(scene);
    return camera;
}

void GraphCanvas::jump(const Camera& to) {
    x_ = to.x;
    y_ = to.y;
    zoom_ = to.zoom;
    flying_ = 1;
}

/// The canvas has another size, or its look another scale: what was framed stays framed, and else the middle stays.
void GraphCanvas::follow_size(const Scene& scene, ImVec2 size_before, float scale_before) {
    const ImVec2 size{b_.x - a_.x, b_.y - a_.y};
    if (first_ || (size.x == size_before.x && size.y == size_before.y && scale_ == scale_before)) return;
    choose_corner_ = true;
    anchor_item_ = no_box;
    if (framed_.wish == Wish::none) {
        const ImVec2 grown{size_before.x / scale_before - size.x / scale_,
                           size_before.y / scale_before - size.y / scale_};
        const auto shift = [&](double& x, double& y, double zoom) {
            x += grown.x / zoom / 2;
            y += grown.y / zoom / 2;
        };
        shift(x_, y_, zoom_);
        shift(start_.x, start_.y, start_.zoom); // of a flight, too
        shift(target_.x, target_.y, target_.zoom);
        return;
    }
    bool go = true;
    const Camera camera = wished_camera(scene, framed_, go);
    if (go) jump(camera);
}

void GraphCanvas::move_camera(const Scene& scene, const Options& options) {
    const float seconds = ImGui::GetIO().DeltaTime;
    if (wished_.wish != Wish::none && (first_ || !options.is_waiting)) {
        bool go = true;
        wished_.is_first = first_;
        const Camera camera = wished_camera(scene, wished_, go);
        if (go) {
            anchor_item_ = no_box;
            fly(camera, !first_);
            if (first_ || options.reduce_motion) jump(camera);
            choose_corner_ = true;
        }
        if (!options.is_waiting) {
            framed_ = std::exchange(wished_, {});
            first_ = false;
        }
    }
    if (flying_ < 1) {
        flying_ = std::min(1.0f, flying_ + seconds / fly_seconds);
        const double t = ease_in_out(flying_);
        // The zoom changes by equal factors, so that it looks even.
        zoom_ = start_.zoom * std::pow(target_.zoom / start_.zoom, t);
        x_ = start_.x + (target_.x - start_.x) * t;
        y_ = start_.y + (target_.y - start_.y) * t;
    }
    if (!options.is_waiting || revision_ != anchor_revision_) anchor(scene);
    if (ring_ < 1) ring_ = std::min(1.0f, ring_ + seconds / ring_seconds);
    if (expanding_ < 1) expanding_ = std::min(1.0f, expanding_ + seconds / expand_seconds);
}

/// The header that was clicked stays under the pointer.
void GraphCanvas::anchor(const Scene& scene) {
    if (anchor_item_ == no_box) return;
    for (std::uint32_t i = 0; i < scene.boxes.size(); ++i) {
        if (scene.boxes[i].item != anchor_item_) continue;
        x_ = placed_[i].x - (anchor_at_.x - a_.x) / (zoom_ * scale_);
        y_ = placed_[i].y - (anchor_at_.y - a_.y) / (zoom_ * scale_);
    }
    // The scene changes some frames after the click, or not at all.
    const bool changed = revision_ != anchor_revision_;
    if (changed ? expanding_ >= 1 : --anchor_frames_ < 0) anchor_item_ = no_box;
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
    follow_size(scene, size_before, scale_before);
    handle_input(scene, requests);
    move_camera(scene, options);

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
    if (options.minimap) paint_overview(list, paint, overview_);
    list.PopClipRect();
}

} // namespace rnnscope::ui
