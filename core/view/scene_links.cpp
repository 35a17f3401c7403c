#include "core/view/scene_links.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>
#include <set>
#include <utility>
#include <vector>

namespace rnnscope::view {
namespace {

constexpr double line_clearance = 4;   ///< that a line keeps from boxes
constexpr double bend_cost = 40;       ///< of a bend, as length
constexpr double shared_cost = 0.3;    ///< of length, where another of the lines runs
constexpr double looked_around = 240;  ///< how far around the ends boxes are looked at
constexpr std::size_t most_boxes = 72; ///< so many are looked at: the grid has the square of it in places

struct Area {
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
    bool holds(double x, double y) const { return x > x0 && x < x1 && y > y0 && y < y1; }
    Area grown(double by) const { return {x0 - by, y0 - by, x1 + by, y1 + by}; }
    bool meets(const Area& other) const { return x0 < other.x1 && other.x0 < x1 && y0 < other.y1 && other.y0 < y1; }
};

Area area_of(const Scene& scene, std::uint32_t box) {
    const Scene::Corner at = scene.corner(box);
    return {at.x, at.y, at.x + scene.boxes[box].width, at.y + scene.boxes[box].height};
}

/// What lines must not cross: what stands beside the ends and beside the scopes around them, and those scopes' names.
class Obstacles {
  public:
    Obstacles(const Scene& scene, std::vector<std::uint32_t> ends) : scene_(scene), ends_(std::move(ends)) {
        around_ = area_of(scene, ends_.front());
        for (const std::uint32_t end : ends_) {
            const Area area = area_of(scene, end);
            around_ = {std::min(around_.x0, area.x0), std::min(around_.y0, area.y0), std::max(around_.x1, area.x1),
                       std::max(around_.y1, area.y1)};
        }
        around_ = around_.grown(looked_around);
        for (const std::uint32_t end : ends_) add_beside(end);
    }
    const std::vector<Area>& areas() const { return areas_; }
    const Area& around() const { return around_; } ///< nothing is known of what lies outside
    bool are_too_many() const { return areas_.size() > most_boxes; }

  private:
    bool holds_an_end(std::uint32_t box) const {
        return std::ranges::any_of(ends_, [&](std::uint32_t end) { return box < end && end < scene_.boxes[box].end; });
    }
    void add(const Area& area) {
        if (area.meets(around_)) areas_.push_back(area);
    }
    /// A scope's name at the left of its header, and what is counted at the right.
    void add_header(std::uint32_t scope) {
        const Area outer = area_of(scene_, scope);
        const HeaderTexts texts = header_texts(scene_, scope);
        const double bottom = outer.y0 + SceneMetrics::header;
        add({outer.x0, outer.y0, outer.x0 + texts.title_end, bottom});
        add({outer.x0 + texts.count_start, outer.y0, outer.x1, bottom});
    }
    void add_beside(std::uint32_t end) {
        for (std::uint32_t box = end; box != 0; box = scene_.boxes[box].parent) {
            const std::uint32_t scope = scene_.boxes[box].parent;
            if (!known_.insert(scope).second) return; // and what is around it
            if (scope != 0) add_header(scope);
            for (std::uint32_t i = scope + 1; i < scene_.boxes[scope].end; i = scene_.boxes[i].end)
                if (!holds_an_end(i)) add(area_of(scene_, i));
        }
    }

    const Scene& scene_;
    std::vector<std::uint32_t> ends_;
    Area around_;
    std::set<std::uint32_t> known_; ///< scopes
    std::vector<Area> areas_;
};

/// In [low, high], each once.
std::vector<double> sorted(std::vector<double> values, double low, double high) {
    std::erase_if(values, [&](double value) { return value < low || value > high; });
    std::ranges::sort(values);
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
}

/// A box has four places where lines begin or end: the middles of its sides.
struct Door {
    Point border, outside;
    bool level = false; ///< lines leave it to the left or right
};
std::array<Door, 4> doors_of(const Area& box) {
    const auto point = [](double x, double y) { return Point{static_cast<float>(x), static_cast<float>(y)}; };
    const double x = (box.x0 + box.x1) / 2, y = (box.y0 + box.y1) / 2, out = line_clearance + 1;
    return {{{point(box.x0, y), point(box.x0 - out, y), true},
             {point(box.x1, y), point(box.x1 + out, y), true},
             {point(x, box.y0), point(x, box.y0 - out), false},
             {point(x, box.y1), point(x, box.y1 + out), false}}};
}

/// The shortest ways on the lines beside the obstacles (the Hanan grid), by Dijkstra's algorithm over places and
/// directions.
class Router {
  public:
    Router(const Scene& scene, const std::vector<std::uint32_t>& ends, const Obstacles& obstacles) {
        std::vector<double> xs, ys;
        for (const Area& area : obstacles.areas()) {
            const Area grown = area.grown(line_clearance + 1);
            xs.insert(xs.end(), {grown.x0, grown.x1});
            ys.insert(ys.end(), {grown.y0, grown.y1});
        }
        for (const std::uint32_t end : ends)
            for (const Door& door : doors_of(area_of(scene, end))) {
                xs.push_back(door.outside.x);
                ys.push_back(door.outside.y);
            }
        const Area& around = obstacles.around();
        xs_ = sorted(std::move(xs), around.x0, around.x1);
        ys_ = sorted(std::move(ys), around.y0, around.y1);
        used_.assign(2 * xs_.size() * ys_.size(), false);
        free_.assign(used_.size(), false);
        find_free(obstacles.areas());
    }

    std::vector<Point> route(const Area& from, const Area& to) {
        cost_.assign(used_.size(), std::numeric_limits<double>::infinity());
        before_.assign(used_.size(), none);
        queue_ = {};
        const auto first = doors_of(from), last = doors_of(to);
        for (const Door& door : first) reach(state_at(door), 0, none);
        std::array<std::size_t, 4> goals{};
        for (std::size_t i = 0; i < last.size(); ++i) goals[i] = state_at(last[i]);
        while (!queue_.empty()) {
            const auto [cost, state] = queue_.top();
            queue_.pop();
            if (cost > cost_[state]) continue;
            if (const auto goal = std::ranges::find(goals, state); goal != goals.end())
                return path_to(state, first, last[static_cast<std::size_t>(goal - goals.begin())]);
            expand(state);
        }
        return {};
    }

  private:
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    using Entry = std::pair<double, std::size_t>;

    /// States are places with the direction of the line there: even ones level, odd ones upright.
    std::size_t state(std::size_t x, std::size_t y, bool level) const {
        return 2 * (y * xs_.size() + x) + (level ? 0 : 1);
    }
    std::size_t state_at(const Door& door) const {
        const auto index = [](const std::vector<double>& values, double value) {
            return static_cast<std::size_t>(std::ranges::lower_bound(values, value) - values.begin());
        };
        return state(index(xs_, door.outside.x), index(ys_, door.outside.y), door.level);
    }
    Point place(std::size_t state) const {
        const std::size_t at = state / 2;
        return {static_cast<float>(xs_[at % xs_.size()]), static_cast<float>(ys_[at / xs_.size()])};
    }
    bool is_free(Point a, Point b, const std::vector<Area>& obstacles) const {
        const double x = (a.x + b.x) / 2, y = (a.y + b.y) / 2;
        return std::ranges::none_of(obstacles,
                                    [&](const Area& area) { return area.grown(line_clearance).holds(x, y); });
    }
    void find_free(const std::vector<Area>& obstacles) {
        for (std::size_t y = 0; y < ys_.size(); ++y)
            for (std::size_t x = 0; x < xs_.size(); ++x)
                for (const bool level : {true, false}) {
                    const bool is_last = level ? x + 1 == xs_.size() : y + 1 == ys_.size();
                    const std::size_t from = state(x, y, level);
                    if (!is_last) free_[from] = is_free(place(from), place(from + stride(level)), obstacles);
                }
    }
    /// From a state to the next place in its direction.
    std::size_t stride(bool level) const { return level ? 2 : 2 * xs_.size(); }
    void reach(std::size_t state, double cost, std::size_t from) {
        if (cost >= cost_[state]) return;
        cost_[state] = cost;
        before_[state] = from;
        queue_.emplace(cost, state);
    }
    void expand(std::size_t from) {
        const bool level = from % 2 == 0;
        reach(from ^ 1U, cost_[from] + bend_cost, from);
        const std::size_t at = from / 2, x = at % xs_.size(), y = at / xs_.size();
        const std::size_t here = level ? x : y, count = level ? xs_.size() : ys_.size();
        const auto step = [&](std::size_t to) {
            if (!free_[std::min(from, to)]) return;
            const Point a = place(from), b = place(to);
            const double length = std::abs(a.x - b.x) + std::abs(a.y - b.y);
            reach(to, cost_[from] + length * (used_[from] && used_[to] ? shared_cost : 1), from);
        };
        if (here > 0) step(from - stride(level));
        if (here + 1 < count) step(from + stride(level));
    }
    std::vector<Point> path_to(std::size_t state, const std::array<Door, 4>& first, const Door& last) {
        std::vector<Point> points{last.border};
        for (; state != none; state = before_[state]) {
            used_[state] = true;
            const Point at = place(state);
            const std::size_t n = points.size();
            const auto on_line = [&](Point a, Point b) {
                return (a.x == b.x && b.x == at.x) || (a.y == b.y && b.y == at.y);
            };
            if (points[n - 1].x == at.x && points[n - 1].y == at.y) continue;
            if (n > 1 && on_line(points[n - 2], points[n - 1])) points.pop_back();
            points.push_back(at);
        }
        for (const Door& door : first)
            if (door.outside.x == points.back().x && door.outside.y == points.back().y) points.push_back(door.border);
        std::ranges::reverse(points);
        return points;
    }

    std::vector<double> xs_, ys_, cost_;
    std::vector<std::size_t> before_;
    std::vector<bool> used_; ///< by an earlier line
    std::vector<bool> free_; ///< by state: the piece from there to the next place in its direction
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

/// Those of one purpose: they may run together.
void route(const Scene& scene, std::vector<SceneLink>& links) {
    std::vector<SceneLink*> wanted;
    for (SceneLink& link : links) {
        link.points.clear();
        if (link.edges.empty()) wanted.push_back(&link);
    }
    if (wanted.empty()) return;
    std::vector<std::uint32_t> ends;
    for (const SceneLink* link : wanted) ends.insert(ends.end(), {link->from, link->to});
    const Obstacles obstacles(scene, ends);
    if (obstacles.are_too_many()) return;
    Router router(scene, ends, obstacles);
    for (SceneLink* link : wanted) link->points = router.route(area_of(scene, link->from), area_of(scene, link->to));
}

} // namespace

void route_links(Scene& scene) {
    route(scene, scene.failing_path);
    route(scene, scene.missing);
}

} // namespace rnnscope::view
