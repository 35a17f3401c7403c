#pragma once

#include "core/view/comparison_view.hpp"
#include "ui/panels/panel.hpp"

#include <string>

namespace rnnscope::ui {

/// Two recordings in lockstep, and the values of the chosen row: of the answer that is shown, or the last that
/// compares.
class ComparisonPanel {
  public:
    void draw(const PanelContext& ctx, const Rect& rect);
    void focus_filter() { focus_filter_ = true; }

  private:
    struct Columns { ///< left edges, or right edges (`_r`) of numbers
        float step_r = 0, mark = 0, op = 0, op_end = 0;
        struct Side {
            float event_r = 0, at_r = 0, value = 0, end = 0;
        } left, right;
        float apart_r = 0, ulps_r = 0;
    };
    void draw_bar(const PanelContext& ctx, const Rect& bar);
    Columns place_columns(const Look& look, const Rect& list) const;
    void draw_names(const PanelContext& ctx, const Rect& head, const Columns& columns);
    void draw_rows(const PanelContext& ctx, const Rect& rows, const Columns& columns);
    void draw_row(const PanelContext& ctx, std::size_t row, ImVec2 at, float right, const Columns& columns);
    void draw_side(const PanelContext& ctx, const view::ComparisonSide& side, const Columns::Side& columns,
                   const std::string& other, bool differs, float y);
    void draw_values(const PanelContext& ctx, const Rect& rect, bool is_wide); ///< is_wide: three maps in a row
    void draw_map(const PanelContext& ctx, const char* id, const view::ValueView& value, const Rect& rect);
    void read_keys(const PanelContext& ctx);
    void choose(std::size_t row);

    view::ComparisonView view_;
    view::ComparisonOptions options_, built_options_;
    std::uint64_t revision_ = UINT64_MAX;
    view::Stamp stamp_;
    const debug::Answer* answer_ = nullptr; ///< whose rows were shown last
    std::string tolerance_;
    std::size_t chosen_ = SIZE_MAX;
    view::ComparedValues values_; ///< of the chosen row
    std::size_t values_of_ = SIZE_MAX;
    std::size_t show_ = SIZE_MAX; ///< the row to bring into sight
    bool over_link_ = false, focus_filter_ = false;
};

} // namespace rnnscope::ui
