#pragma once

#include "ui/panels/panel.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::ui {

/// How a workspace divides the window: a place with tabs, or two parts beside or below each other, and so on down.
/// Plain data, kept in the settings; it knows panels only by name.
struct Dock {
    enum class Kind : unsigned char { tabs, columns, rows };
    /// What `size` says: pixels of the look (1x) for one of the parts, which then stays as it is when the window
    /// grows, or the first part's share of the room.
    enum class Measure : unsigned char { first, second, share };

    Kind kind = Kind::tabs;
    std::vector<std::string> panels; ///< of a place, in the order of its tabs
    std::size_t front = 0;           ///< the tab that is shown
    Measure measure = Measure::share;
    float size = 0.5f;
    std::vector<Dock> parts; ///< two, unless this is a place

    static Dock place(std::vector<std::string> panels) {
        return {Kind::tabs, std::move(panels), 0, Measure::share, 0.5f, {}};
    }
    static Dock split(Kind kind, Measure measure, float size, Dock first, Dock second);
    friend bool operator==(const Dock&, const Dock&) = default;
};

/// Where a panel goes that is dropped on another one: among its tabs, or into half of its room.
enum class DropZone : unsigned char { tabs, left, right, top, bottom };

bool holds(const Dock& dock, std::string_view panel);
bool is_in_front(const Dock& dock, std::string_view panel);
/// Makes it the shown tab of its place. A panel that is not there joins the place of the first of `beside` that is,
/// else the last place.
void bring_to_front(Dock& dock, std::string_view panel, std::span<const std::string_view> beside = {});
/// Takes it out; its place goes with the last tab. False: it is not there, or it is the only panel.
bool remove_panel(Dock& dock, std::string_view panel);
/// False, and nothing changes: one of the two is not there, or the panel is dropped on itself alone.
bool move_panel(Dock& dock, std::string_view panel, std::string_view target, DropZone zone);
/// Drops names that `known` does not have and those that come twice, then parts without panels. False: nothing is left.
bool tidy(Dock& dock, std::span<const std::string_view> known);

/// A workspace as it is drawn.
struct DockPlace {
    std::vector<std::string> panels;
    std::size_t front = 0;
    Rect rect;
};
/// A line between two parts, which can be dragged.
struct DockLine {
    Dock* split = nullptr;
    Rect line;
    bool vertical = false;
    float room = 0; ///< pixels of both parts together, across the line
};
struct DockDrawing {
    std::vector<DockPlace> places;
    std::vector<DockLine> lines;
};
struct DockFold {
    std::string_view panel, into; ///< where there is little room, `panel`'s place is closed and it is a tab of `into`'s
    bool in_front = false;        ///< it is the shown tab there
};
/// Divides `rect`. `scale`: pixels for one pixel of the look.
DockDrawing arrange(Dock& dock, const Rect& rect, float scale, const DockFold* fold = nullptr);
/// Pixels of the first part of `room`, within what is allowed.
float first_part(const Dock& split, float room, float scale);
/// The size that puts the line at `position` pixels from the beginning of the split's room, within what is allowed.
float size_at(const Dock& split, float position, float room, float scale);
/// What dropping at `at` would do to `place`: the outer quarters split it, the middle takes it among the tabs.
DropZone zone_at(const Rect& place, ImVec2 at);
Rect zone_rect(const Rect& place, DropZone zone);

} // namespace rnnscope::ui
