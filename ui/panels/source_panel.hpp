#pragma once

#include "core/view/source_view.hpp"
#include "ui/panels/panel.hpp"

namespace rnnscope::ui {

/// The program as Python: current line, breakpoints, the failing line and the line to change.
class SourcePanel {
  public:
    void draw(const PanelContext& ctx, const Rect& rect);

  private:
    void draw_line(const PanelContext& ctx, const view::SourceLine& line, ImVec2 at, float width);
    void draw_gutter(const PanelContext& ctx, const view::SourceLine& line, ImVec2 at, float height);

    Cached<view::SourceView> view_;
    float scrolled_ = 0;    ///< sideways
    int followed_line_ = 0; ///< the line that was scrolled to last
    std::shared_ptr<const program::Program> followed_program_;
};

} // namespace rnnscope::ui
