#pragma once

#include "core/view/variables_view.hpp"
#include "ui/panels/panel.hpp"

#include <utility>

namespace rnnscope::ui {

/// The tree of variables with their state in the session that is looked at.
class VariablesPanel {
  public:
    void draw(const PanelContext& ctx, const Rect& rect);
    void focus_filter() { focus_ = true; }
    void show_only_uninitialized(bool on) { options_.only_uninitialized = on; }
    void show_only_trainable(bool on) { options_.only_trainable = on; }
    void show_coverage(std::string of) { options_.coverage = std::move(of); }
    const view::VariablesOptions& options() const { return options_; }

  private:
    /// Of the widest text in each column. Names with their place in the tree, and where that is drawn tightly.
    struct Widths {
        float name = 0, tight_name = 0, shape = 0, written = 0, read = 0;
    };
    static Widths measure(const Look& look, const view::VariablesView& view);
    struct Columns {
        float shape, written, read, right;       ///< where they begin; `right`: where the last one ends
        float indent;                            ///< of a level, in look pixels
        bool has_shape = true, has_lines = true; ///< what there is room for
    };
    static Columns columns(const Look& look, const Rect& rect, const Widths& widths);
    void draw_row(const PanelContext& ctx, const view::VariableRow& row, ImVec2 at, const Rect& rect,
                  const Columns& column);
    /// What is shown at all, and what of it an init op, a collection or a scope takes in.
    void draw_choices(const PanelContext& ctx, const view::VariablesView& view, const Rect& strip);
    void draw_coverage_popup(const PanelContext& ctx);
    void draw_legend(const Look& look, const view::VariablesView& view, const Rect& rect) const;

    view::VariablesOptions options_;
    Cached<view::VariablesView, view::VariablesOptions> view_;
    Cached<Widths, std::pair<view::VariablesOptions, float>> widths_; ///< of those rows, at that scale
    bool focus_ = false;
    std::string typed_scope_;
    debug::Selection followed_;
};

} // namespace rnnscope::ui
