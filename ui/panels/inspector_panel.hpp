#pragma once

#include "core/view/inspector_view.hpp"
#include "core/view/variable_history.hpp"
#include "ui/panels/panel.hpp"
#include "ui/panels/value_panel.hpp"

#include <vector>

namespace rnnscope::ui {

/// The selected op, variable, scope or statement.
class InspectorPanel {
  public:
    void draw(const PanelContext& ctx, const Rect& rect);
    ValuePanel& value() { return value_; }
    const ValuePanel& value() const { return value_; }

  private:
    enum class Tab : unsigned char { value, inputs, attributes, history };
    struct Pen { ///< where the next thing goes
        float left, right, y;
    };

    void draw_title(const PanelContext& ctx, const view::InspectorView& view, Pen& pen);
    void draw_tab(const PanelContext& ctx, const view::InspectorView& view, Pen& pen);
    void draw_tabs(const PanelContext& ctx, const view::InspectorView& view, Pen& pen);
    void draw_value(const PanelContext& ctx, const view::ValueView& value, Pen& pen, const std::string& name);
    void draw_rows(const PanelContext& ctx, const std::vector<view::PropertyRow>& rows, Pen& pen, std::size_t most);
    void draw_history(const PanelContext& ctx, const view::InspectorView& view, Pen& pen, std::size_t most);

    Tab tab_ = Tab::value;
    bool as_histogram_ = false;
    ValuePanel value_; ///< of the first output, or the variable
    Cached<view::InspectorView> view_;
    view::ValueSummaries summaries_; ///< of the history
};

} // namespace rnnscope::ui
