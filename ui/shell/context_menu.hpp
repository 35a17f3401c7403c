#pragma once

#include "core/view/context_menu.hpp"
#include "ui/panels/panel.hpp"

#include <cstddef>

namespace rnnscope::ui {

class Shell;

/// What can be done with what is selected, where the pointer is: by a right click on a name in any panel, or by
/// ui.menu. It acts on the selection only, so what it does is what the commands do.
class ContextMenu {
  public:
    void open();
    bool is_open() const { return open_; }
    void draw(const PanelContext& ctx, const Shell& shell);

  private:
    void draw_title(const PanelContext& ctx, const view::ContextMenu& menu, ImVec2 at, float width) const;
    bool draw_item(const PanelContext& ctx, const view::ContextMenu& menu, std::size_t index, ImVec2 at, float width);
    float width_of(const Look& look, const view::ContextMenu& menu) const;
    /// By the arrow keys: the next entry in the direction that is not blocked.
    void step(const view::ContextMenu& menu, bool forward);

    bool open_ = false;
    ImVec2 at_{};
    std::size_t chosen_ = SIZE_MAX; ///< SIZE_MAX: none
};

} // namespace rnnscope::ui
