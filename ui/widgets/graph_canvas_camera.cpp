#include "ui/widgets/graph_canvas.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

// Where the canvas looks: first views, flights, what stays where it is.
namespace rnnscope::ui {

using view::no_box;
using view::Scene;
using view::SceneBox;

namespace {

constexpr float expand_seconds = 0.2f, fly_seconds = 0.18f, ring_seconds = 0.4f;
constexpr double readable_zoom = 0.84;                   // names of 12 px are then drawn with 10
constexpr double legible_zoom = 0.66;                    // and here with 8
constexpr double least_first_zoom = legible_zoom / 1.35; // small names, for all of a graph at once

float ease_in_out(float t) {
    return t < 0.5f ? 4 * t * t * t : 1 - std::pow(-2 * t + 2, 3.0f) / 2;
}

} // namespace

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

void GraphCanvas::Area::add(const PlacedBox& box) {
    add(Area{box.x, box.y, box.x + box.width, box.y + box.height});
}

void GraphCanvas::Area::add(const Area& other) {
    x0 = std::min(x0, other.x0);
    y0 = std::min(y0, other.y0);
    x1 = std::max(x1, other.x1);
    y1 = std::max(y1, other.y1);
}

/// `strip`: look pixels at the lower end of the canvas that stay free.
GraphCanvas::Camera GraphCanvas::framing(const Area& area, double most, double strip) const {
    const double width = (b_.x - a_.x) / scale_, height = (b_.y - a_.y) / scale_ - strip;
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

/// All of it, above minimap and legends where they would cover some of it.
GraphCanvas::Camera GraphCanvas::whole_camera(const Scene& scene, const Look& look, const Options& options) const {
    Area all;
    all.add(Area{0, 0, scene.root().width, scene.root().height});
    const Camera camera = framing(all, 1);
    if (!options.minimap) return camera;
    std::vector<PlacedBox> placed;
    for (std::uint32_t i = 0; i < scene.boxes.size(); ++i) placed.push_back(at_rest(scene, i));
    const float unit = static_cast<float>(camera.zoom) * scale_;
    const std::vector<bool> no_edge;
    const std::vector<std::uint32_t> no_edges;
    const GraphPaint paint{scene,  look,   placed,  a_,       b_, camera.x, camera.y,       unit, no_box,
                           no_box, no_box, no_edge, no_edges, 1,  kinds_,   options.colors, {}};
    const double strip = overview_strip(paint) / scale_;
    return strip > 0 ? framing(all, 1, strip) : camera;
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
    // The init op that should have led there: with it the picture tells the cause, too.
    if (scene.init_box != no_box && !scene.missing.empty()) {
        constexpr double caption = 36;
        Area larger = area;
        Area init = with_margin(scene.init_box);
        init.y1 += caption;
        larger.add(init);
        if (framing(larger, 1).zoom >= legible_zoom) area = larger;
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
        if (fits(larger)) area = framing(airy, 1).zoom >= std::max(0.93 * least, legible_zoom) ? airy : larger;
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

GraphCanvas::Camera GraphCanvas::wished_camera(const Scene& scene, const Look& look, const Options& options,
                                               const Framing& wished, bool& go) const {
    Area all;
    all.add(Area{0, 0, scene.root().width, scene.root().height});
    const double zoom = framing(all, 1).zoom;
    const bool small = zoom < readable_zoom;
    if (scene.failed_box != no_box && small &&
        (wished.wish == Wish::failure || (wished.wish == Wish::fit && wished.is_first)))
        return failure_camera(scene);
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
    if (wished.is_first && zoom < least_first_zoom) return first_camera(scene);
    return whole_camera(scene, look, options);
}

void GraphCanvas::jump(const Camera& to) {
    x_ = to.x;
    y_ = to.y;
    zoom_ = to.zoom;
    flying_ = 1;
}

/// The canvas has another size, or its look another scale: what was framed stays framed, and else the middle stays.
void GraphCanvas::follow_size(const Scene& scene, const Look& look, const Options& options, ImVec2 size_before,
                              float scale_before) {
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
    const Camera camera = wished_camera(scene, look, options, framed_, go);
    if (go) jump(camera);
}

void GraphCanvas::move_camera(const Scene& scene, const Look& look, const Options& options) {
    const float seconds = ImGui::GetIO().DeltaTime;
    if (wished_.wish != Wish::none && (first_ || !options.is_waiting)) {
        bool go = true;
        wished_.is_first = first_;
        const Camera camera = wished_camera(scene, look, options, wished_, go);
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

} // namespace rnnscope::ui
