#include "ui/shell/dock.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace rnnscope::ui {

namespace {

constexpr float least_part = 120; // look pixels: a title and a few rows

Dock* place_of(Dock& dock, std::string_view panel) {
    if (dock.kind == Dock::Kind::tabs)
        return std::ranges::find(dock.panels, panel) != dock.panels.end() ? &dock : nullptr;
    for (Dock& part : dock.parts)
        if (Dock* found = place_of(part, panel)) return found;
    return nullptr;
}

const Dock* place_of(const Dock& dock, std::string_view panel) {
    return place_of(const_cast<Dock&>(dock), panel); // only looked at
}

Dock& last_place(Dock& dock) {
    return dock.kind == Dock::Kind::tabs ? dock : last_place(dock.parts.back());
}

std::size_t count_panels(const Dock& dock) {
    std::size_t count = dock.panels.size();
    for (const Dock& part : dock.parts) count += count_panels(part);
    return count;
}

/// A split with an empty part becomes the other part.
void collapse(Dock& dock) {
    if (dock.kind == Dock::Kind::tabs) return;
    for (Dock& part : dock.parts) collapse(part);
    for (std::size_t i = 0; i < 2; ++i)
        if (dock.parts[i].kind == Dock::Kind::tabs && dock.parts[i].panels.empty()) {
            Dock other = std::move(dock.parts[1 - i]);
            dock = std::move(other);
            return;
        }
}

void take_out(Dock& place, std::string_view panel) {
    const auto at = std::ranges::find(place.panels, panel);
    assert(at != place.panels.end());
    const auto index = static_cast<std::size_t>(at - place.panels.begin());
    place.panels.erase(at);
    if (place.front > index || place.front >= place.panels.size()) place.front -= place.front > 0;
}

void prune(Dock& dock, std::span<const std::string_view> known, std::vector<std::string>& seen) {
    if (dock.kind != Dock::Kind::tabs) {
        for (Dock& part : dock.parts) prune(part, known, seen);
        return;
    }
    std::erase_if(dock.panels, [&](const std::string& panel) {
        const bool drop =
            std::ranges::find(known, panel) == known.end() || std::ranges::find(seen, panel) != seen.end();
        if (!drop) seen.push_back(panel);
        return drop;
    });
    if (dock.front >= dock.panels.size()) dock.front = 0;
}

class Arranger {
  public:
    Arranger(float scale, const DockFold* fold) : scale_(scale), fold_(fold) {}

    void run(Dock& dock, const Rect& rect) {
        if (dock.kind == Dock::Kind::tabs) return add_place(dock, rect);
        for (std::size_t i = 0; i < 2; ++i)
            if (vanishes(dock.parts[i])) return run(dock.parts[1 - i], rect);
        const bool columns = dock.kind == Dock::Kind::columns;
        const float room = columns ? rect.width() : rect.height();
        const float first = first_part(dock, room, scale_);
        Rect a = rect, b = rect, line = rect;
        if (columns) {
            a.b.x = line.a.x = line.b.x = rect.a.x + first;
            b.a.x = rect.a.x + first + 1; // the line's own pixel
        } else {
            a.b.y = line.a.y = line.b.y = rect.a.y + first;
            b.a.y = rect.a.y + first + 1;
        }
        run(dock.parts[0], a);
        run(dock.parts[1], b);
        out.lines.push_back({&dock, line, columns, room});
    }

    DockDrawing out;

  private:
    bool folded(std::string_view panel) const { return fold_ && panel == fold_->panel; }
    bool vanishes(const Dock& dock) const {
        return dock.kind == Dock::Kind::tabs && dock.panels.size() == 1 && folded(dock.panels[0]);
    }
    void add_place(const Dock& dock, const Rect& rect) {
        DockPlace place{dock.panels, dock.front, rect};
        if (fold_ && std::ranges::find(place.panels, fold_->into) != place.panels.end() &&
            std::ranges::find(place.panels, fold_->panel) == place.panels.end()) {
            place.panels.emplace_back(fold_->panel);
            if (fold_->in_front) place.front = place.panels.size() - 1;
        }
        out.places.push_back(std::move(place));
    }

    float scale_;
    const DockFold* fold_;
};

} // namespace

Dock Dock::split(Kind kind, Measure measure, float size, Dock first, Dock second) {
    assert(kind != Kind::tabs);
    Dock out{kind, {}, 0, measure, size, {}};
    out.parts.push_back(std::move(first));
    out.parts.push_back(std::move(second));
    return out;
}

bool holds(const Dock& dock, std::string_view panel) {
    return place_of(dock, panel) != nullptr;
}

bool is_in_front(const Dock& dock, std::string_view panel) {
    const Dock* place = place_of(dock, panel);
    return place && place->panels[place->front] == panel;
}

void bring_to_front(Dock& dock, std::string_view panel, std::span<const std::string_view> beside) {
    Dock* place = place_of(dock, panel);
    if (!place) {
        for (const std::string_view name : beside)
            if (!place) place = place_of(dock, name);
        if (!place) place = &last_place(dock);
        place->panels.emplace_back(panel);
    }
    place->front = static_cast<std::size_t>(std::ranges::find(place->panels, panel) - place->panels.begin());
}

bool remove_panel(Dock& dock, std::string_view panel) {
    Dock* place = place_of(dock, panel);
    if (!place || count_panels(dock) == 1) return false;
    take_out(*place, panel);
    collapse(dock);
    return true;
}

bool move_panel(Dock& dock, std::string_view panel, std::string_view target, DropZone zone) {
    Dock* from = place_of(dock, panel);
    Dock* to = place_of(dock, target);
    if (!from || !to) return false;
    if (from == to && (from->panels.size() == 1 || (panel == target && zone == DropZone::tabs))) return false;
    const std::string name(panel); // it may be a view of what is about to move
    take_out(*from, name);
    if (zone == DropZone::tabs) {
        const auto before = std::ranges::find(to->panels, target);
        to->front = static_cast<std::size_t>(before - to->panels.begin());
        to->panels.insert(before, name);
    } else {
        const bool columns = zone == DropZone::left || zone == DropZone::right;
        const bool first = zone == DropZone::left || zone == DropZone::top;
        Dock moved = Dock::place({name}), rest = std::move(*to);
        *to = Dock::split(columns ? Dock::Kind::columns : Dock::Kind::rows, Dock::Measure::share, 0.5f,
                          first ? std::move(moved) : std::move(rest), first ? std::move(rest) : std::move(moved));
    }
    collapse(dock);
    return true;
}

bool tidy(Dock& dock, std::span<const std::string_view> known) {
    std::vector<std::string> seen;
    prune(dock, known, seen);
    collapse(dock);
    return count_panels(dock) > 0;
}

DockDrawing arrange(Dock& dock, const Rect& rect, float scale, const DockFold* fold) {
    Arranger arranger(scale, fold && holds(dock, fold->into) ? fold : nullptr);
    arranger.run(dock, rect);
    return std::move(arranger.out);
}

float first_part(const Dock& split, float room, float scale) {
    const float most_share = split.kind == Dock::Kind::columns ? 0.45f : 0.6f; // the other one grows with the window
    const float least = std::min(least_part * scale, room / 3);
    float first = room * split.size;
    if (split.measure != Dock::Measure::share) {
        const float fixed = std::clamp(split.size * scale, least, std::max(least, room * most_share));
        first = split.measure == Dock::Measure::first ? fixed : room - fixed;
    }
    return std::floor(std::clamp(first, least, room - least));
}

float size_at(const Dock& split, float position, float room, float scale) {
    Dock wanted = split;
    switch (split.measure) {
    case Dock::Measure::first:
        wanted.size = position / scale;
        return first_part(wanted, room, scale) / scale;
    case Dock::Measure::second:
        wanted.size = (room - position) / scale;
        return (room - first_part(wanted, room, scale)) / scale;
    case Dock::Measure::share:
        break;
    }
    wanted.size = position / room;
    return first_part(wanted, room, scale) / room;
}

DropZone zone_at(const Rect& place, ImVec2 at) {
    const float x = (at.x - place.a.x) / place.width(), y = (at.y - place.a.y) / place.height();
    const float nearest = std::min({x, 1 - x, y, 1 - y});
    if (nearest > 0.25f) return DropZone::tabs;
    if (nearest == x) return DropZone::left;
    if (nearest == 1 - x) return DropZone::right;
    return nearest == y ? DropZone::top : DropZone::bottom;
}

Rect zone_rect(const Rect& place, DropZone zone) {
    Rect out = place;
    const ImVec2 middle{std::floor((place.a.x + place.b.x) / 2), std::floor((place.a.y + place.b.y) / 2)};
    if (zone == DropZone::left) out.b.x = middle.x;
    if (zone == DropZone::right) out.a.x = middle.x;
    if (zone == DropZone::top) out.b.y = middle.y;
    if (zone == DropZone::bottom) out.a.y = middle.y;
    return out;
}

} // namespace rnnscope::ui
