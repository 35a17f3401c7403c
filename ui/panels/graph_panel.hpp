#pragma once

#include "ui/panels/panel.hpp"

namespace rnnscope::ui {

/// The graph: a header with the path of what is selected, and the canvas.
class GraphPanel {
  public:
    void draw(const PanelContext& ctx, const Rect& rect);

  private:
    void draw_path(const PanelContext& ctx, const Rect& header);
};

} // namespace rnnscope::ui
