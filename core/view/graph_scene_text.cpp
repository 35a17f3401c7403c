#include "core/view/graph_scene.hpp"

#include <array>

#include <fmt/format.h>

namespace rnnscope::view {
namespace {

constexpr std::array kind_names{"scope", "op", "variable", "placeholder", "constant"};
constexpr std::array edge_names{"data", "control", "reference", "back"};
constexpr std::array run_names{"", "ran", "not reached", "running", "failed"};
constexpr std::array state_names{"",         "declared", "initialized",   "updated",
                                 "restored", "partly",   "uninitialized", "poisoned"};

template <class Names, class Value> std::string_view name_of(const Names& names, Value value) {
    return names[static_cast<std::size_t>(value)];
}

std::string title(const SceneBox& box) {
    return box.path.empty() ? "graph" : box.title;
}

void append_box(std::string& text, const SceneBox& box, bool with_geometry) {
    text.append(static_cast<std::size_t>(box.depth) * 2, ' ');
    text += fmt::format("{} {}",
                        box.repeats > 0 ? "series"
                        : box.fold      ? "fold"
                                        : name_of(kind_names, box.kind),
                        title(box));
    if (!box.detail.empty()) text += fmt::format(" ({})", box.detail);
    if (box.kind == BoxKind::scope) text += fmt::format(" ({}){}", box.count, box.expanded ? " open" : "");
    for (const SceneChip& chip : box.chips) text += fmt::format(" [{}{}]", chip.portal ? "portal " : "", chip.text);
    if (box.run != RunMark::none) text += fmt::format(", {}", name_of(run_names, box.run));
    if (box.state != StateMark::none) text += fmt::format(", {}", name_of(state_names, box.state));
    if (box.failed_inside) text += ", failure inside";
    if (box.frames_failure) text += ", frames failure";
    if (box.on_path) text += ", on the failing path";
    if (box.is_current) text += ", current";
    if (with_geometry)
        text += fmt::format("  at {:.1f},{:.1f} size {:.1f}x{:.1f}", box.x, box.y, box.width, box.height);
    text += '\n';
}

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '<')
            result += "&lt;";
        else if (c == '>')
            result += "&gt;";
        else if (c == '&')
            result += "&amp;";
        else
            result += c;
    }
    return result;
}

struct Svg {
    std::string text;

    void rect(double x, double y, double w, double h, double r, std::string_view fill, std::string_view stroke,
              double width) {
        text += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"{:.1f}\" "
                            "fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>\n",
                            x, y, w, h, r, fill, stroke, width);
    }
    void label(double x, double y, std::string_view what, std::string_view fill, double size, bool mono,
               std::string_view anchor = "start") {
        text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"{}\" font-size=\"{}\" font-family=\"{}\" "
                            "text-anchor=\"{}\">{}</text>\n",
                            x, y, fill, size, mono ? "JetBrains Mono, monospace" : "Inter, sans-serif", anchor,
                            escaped(what));
    }
    struct Line {
        std::string_view stroke;
        double width = 1.5;
        std::string_view dash = "none";
        bool down = true, straight = false, arrow = true;
    };
    void path(const std::vector<Scene::Corner>& points, const Line& line) {
        std::string d = fmt::format("M{:.1f} {:.1f}", points[0].x, points[0].y);
        for (std::size_t i = 1; i < points.size(); ++i) {
            const auto a = points[i - 1], b = points[i];
            if (line.straight)
                d += fmt::format(" L{:.1f} {:.1f}", b.x, b.y);
            else if (line.down)
                d += fmt::format(" C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", a.x, (a.y + b.y) / 2, b.x,
                                 (a.y + b.y) / 2, b.x, b.y);
            else
                d += fmt::format(" C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", (a.x + b.x) / 2, a.y, (a.x + b.x) / 2,
                                 b.y, b.x, b.y);
        }
        text +=
            fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-dasharray=\"{}\"{}/>\n",
                        d, line.stroke, line.width, line.dash, line.arrow ? " marker-end=\"url(#a)\"" : "");
    }
};

void draw_box(Svg& svg, const SceneBox& box, Scene::Corner at) {
    const bool failed = box.run == RunMark::failed, dim = box.run == RunMark::not_reached;
    const std::string_view stroke = failed || box.frames_failure || box.on_path ? "#AD1F08"
                                    : dim                                       ? "#DFE3E9"
                                                                                : "#C3CAD4";
    const std::string_view ink = dim ? "#5C6674" : "#1A1F27";
    if (box.kind == BoxKind::scope && box.expanded) {
        svg.rect(at.x, at.y, box.width, box.height, 6, box.depth % 2 == 0 ? "#F1F3F6" : "#F6F7F9", stroke, 1);
        svg.label(at.x + 26, at.y + 20, box.title, ink, 12, true);
        svg.label(at.x + box.width - 12, at.y + 20, box.count, "#4B5563", 11, false, "end");
        return;
    }
    const double radius = box.kind == BoxKind::variable ? box.height / 2.0 : 4;
    for (int sheet = box.repeats > 0 ? 2 : 0; sheet > 0; --sheet) // under a series: the steps behind the first
        svg.rect(at.x + 3 * sheet, at.y + 3 * sheet, box.width, box.height, radius, "#FFFFFF", stroke, 1);
    svg.rect(at.x, at.y, box.width, box.height, radius, failed ? "#FDE7E1" : "#FFFFFF", stroke, failed ? 2 : 1);
    const double left = at.x + (box.kind == BoxKind::scope ? 26 : box.kind == BoxKind::variable ? 36 : 12);
    const double first = box.kind == BoxKind::scope ? 20 : 18;
    svg.label(left, at.y + first, box.title, ink, 12, true);
    if (box.kind == BoxKind::scope) svg.label(at.x + box.width - 12, at.y + 20, box.count, "#4B5563", 11, false, "end");
    if (!box.detail.empty()) svg.label(left, at.y + 33, box.detail, "#4B5563", 11, false);
    double x = at.x + 6;
    for (const SceneChip& chip : box.chips) {
        svg.rect(x, at.y + box.height - 21, chip.width, 16, chip.portal ? 8 : 3, "#EEF0F4", "none", 0);
        svg.label(x + 6, at.y + box.height - 9, chip.text, "#4B5563", 11, true);
        x += chip.width + 4;
    }
}

constexpr Svg::Line failing{"#AD1F08", 2.5};

void draw_edge(Svg& svg, const SceneEdge& edge, Scene::Corner corner, const Svg::Line* style = nullptr) {
    if (edge.points.empty()) return;
    std::vector<Scene::Corner> points;
    for (const Point p : edge.points) points.push_back({corner.x + p.x, corner.y + p.y});
    Svg::Line line{edge.kind == EdgeKind::reference ? "#6A4FC4" : "#7F8998"};
    if (edge.kind == EdgeKind::back) line.dash = "2 3";
    if (edge.kind == EdgeKind::control) line.dash = "3 3";
    if (style) line = *style;
    line.down = edge.down;
    line.straight = edge.around;
    line.arrow = edge.to_port == no_port;
    svg.path(points, line);
}

Scene::Corner middle(const Scene& scene, std::uint32_t box, double fx) {
    const Scene::Corner at = scene.corner(box);
    return {at.x + scene.boxes[box].width * fx, at.y + scene.boxes[box].height / 2.0};
}

/// Its own way; straight from one place to the other where it has none.
void draw_link(Svg& svg, const SceneLink& link, Scene::Corner from, Scene::Corner to, Svg::Line line) {
    std::vector<Scene::Corner> points{from, to};
    line.straight = !link.points.empty();
    if (line.straight) points.clear();
    for (const Point& point : link.points) points.push_back({point.x, point.y});
    svg.path(points, line);
}

} // namespace

std::string to_text(const Scene& scene, bool with_geometry) {
    std::string text;
    for (const SceneBox& box : scene.boxes) append_box(text, box, with_geometry);
    for (const SceneBox& box : scene.boxes)
        for (std::uint32_t e = box.first_edge; e < box.last_edge; ++e) {
            const SceneEdge& edge = scene.edges[e];
            const bool enters = edge.to > edge.from && edge.to < scene.boxes[edge.from].end;
            const bool leaves = edge.from > edge.to && edge.from < scene.boxes[edge.to].end;
            text += fmt::format("{}: {}{} -> {}{}", name_of(edge_names, edge.kind), enters ? "into " : "",
                                scene.boxes[edge.from].path, leaves ? "out of " : "", scene.boxes[edge.to].path);
            if (edge.count > 1) text += fmt::format(" x{}", edge.count);
            if (!edge.label.empty()) text += fmt::format(" [{}]", edge.label);
            if (edge.portal) text += ", portal";
            if (edge.around) text += ", around";
            text += '\n';
        }
    if (with_geometry)
        for (const ScenePort& port : scene.ports)
            text += fmt::format("port {} {} at {:.1f},{:.1f}\n", port.out ? "out of" : "into",
                                scene.boxes[port.box].path, port.at.x, port.at.y);
    for (const SceneLink& link : scene.failing_path)
        text += fmt::format("failing: {} -> {}\n", scene.boxes[link.from].path, scene.boxes[link.to].path);
    for (const SceneLink& link : scene.missing)
        text += fmt::format("missing: {} -> {}\n", scene.boxes[link.from].path, scene.boxes[link.to].path);
    if (scene.missing_more > 0) text += fmt::format("missing: +{}\n", scene.missing_more);
    return text;
}

std::string to_svg(const Scene& scene) {
    Svg svg;
    const SceneBox& root = scene.root();
    svg.text = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
        "{1:.0f}\">\n"
        "<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
        "markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#7F8998\"/></marker></defs>\n",
        root.width, root.height);
    svg.rect(0, 0, root.width, root.height, 0, "#F6F7F9", "none", 0);
    std::vector<Scene::Corner> corners(scene.boxes.size());
    for (std::uint32_t i = 0; i < scene.boxes.size(); ++i) {
        const SceneBox& box = scene.boxes[i];
        if (i > 0) {
            corners[i] = {corners[box.parent].x + box.x, corners[box.parent].y + box.y};
            draw_box(svg, box, corners[i]);
        }
        for (std::uint32_t e = box.first_edge; e < box.last_edge; ++e) draw_edge(svg, scene.edges[e], corners[i]);
        for (std::uint32_t p = box.first_port; p < box.last_port; ++p)
            svg.text +=
                fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"#F6F7F9\" stroke=\"#757F8D\"/>\n",
                            corners[i].x + scene.ports[p].at.x, corners[i].y + scene.ports[p].at.y);
    }
    for (const SceneLink& link : scene.failing_path) {
        for (const std::uint32_t e : link.edges) {
            const std::uint32_t around = scene.scope_of(scene.edges[e]);
            draw_edge(svg, scene.edges[e], corners[around], &failing);
        }
        if (link.edges.empty()) draw_link(svg, link, middle(scene, link.from, 1), middle(scene, link.to, 0), failing);
    }
    for (const SceneLink& link : scene.missing)
        draw_link(svg, link, middle(scene, link.from, 0), middle(scene, link.to, 1), {"#08785C", 1.5, "5 4"});
    return svg.text + "</svg>\n";
}

} // namespace rnnscope::view
