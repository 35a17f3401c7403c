#pragma once

#include "core/view/variables_view.hpp"
#include "ui/panels/panel.hpp"

namespace rnnscope::ui {

/// The tree of variables with their state in the session that is looked at.
class VariablesPanel {
  public:
    void draw(const PanelContext& ctx, const Rect& rect);
    void focus_filter() { focus_ = true; }

  private:
    struct Columns {
        float shape, written, read, right;
    };
    Columns columns(const Look& look, const Rect& rect) const;
    void draw_row(const PanelContext& ctx, const view::VariableRow& row, ImVec2 at, const Rect& rect);
    void draw_legend(const Look& look, const Rect& rect) const;

    view::VariablesOptions options_;
    Cached<view::VariablesView, view::VariablesOptions> view_;
    bool focus_ = false;
    debug::Selection followed_;
};

} // namespace rnnscope::ui
