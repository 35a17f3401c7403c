#pragma once

#include "core/debug/command.hpp"
#include "core/view/common.hpp"
#include "core/view/time_spot.hpp"
#include "ui/theme/look.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rnnscope::ui {

/// What panels ask for. The shell carries it out between frames, so no panel sees half a change.
class CommandQueue {
  public:
    void push(std::string id, std::string argument, std::string origin) {
        pending_.push_back({std::move(id), std::move(argument), std::move(origin)});
    }
    std::vector<debug::Command> take() { return std::exchange(pending_, {}); }
    bool empty() const { return pending_.empty(); }

  private:
    std::vector<debug::Command> pending_;
};

struct Rect {
    ImVec2 a, b;
    float width() const { return b.x - a.x; }
    float height() const { return b.y - a.y; }
    bool has(ImVec2 p) const { return p.x >= a.x && p.x < b.x && p.y >= a.y && p.y < b.y; }
};

/// The panels that share a place of the workspace. The header of the one in front draws them as tabs and notes what the
/// person did with them; the shell acts on that after the frame.
struct PanelTabs {
    struct Tab {
        std::string_view name, title, icon;
        std::size_t count = 0; ///< in a badge; 0: none
        bool shouts = false;   ///< the badge is about failures
    };
    std::vector<Tab> tabs;
    std::size_t front = 0;
    bool focused = false; ///< the keyboard's panel
    std::string_view chosen, dragged, maximized, menu;
};

/// All that a panel can reach: a debugger to read, a queue to ask with, and how things look.
struct PanelContext {
    const debug::Debugger& debugger;
    CommandQueue& commands;
    const Look& look;
    const debug::Selection& lit;    ///< what the pointer was over in the frame before, in any panel
    debug::Selection& hovered;      ///< to be set by who is under the pointer
    const view::TimeSpot& lit_time; ///< likewise, of times
    view::TimeSpot& hovered_time;
    view::Stamp stamp;         ///< of the debugger, in this frame
    PanelTabs* tabs = nullptr; ///< null: the panel is alone and its place is not the workspace's
};

/// The commands that select `selection`: a name in any panel is a link.
void push_select(const PanelContext& ctx, const debug::Selection& selection, const char* origin);

/// Selects it and opens the menu of what is selected: every name has one.
void push_menu(const PanelContext& ctx, const debug::Selection& selection, const char* origin);

/// A view that is rebuilt only when what it was built from changed.
template <class View, class Options = int> class Cached {
  public:
    template <class Build> const View& get(const view::Stamp& stamp, const Options& options, Build build) {
        if (!filled_ || !(stamp == stamp_) || !(options == options_)) {
            view_ = build();
            stamp_ = stamp;
            options_ = options;
            filled_ = true;
        }
        return view_;
    }
    void clear() { filled_ = false; }

  private:
    bool filled_ = false;
    view::Stamp stamp_;
    Options options_{};
    View view_;
};

} // namespace rnnscope::ui
