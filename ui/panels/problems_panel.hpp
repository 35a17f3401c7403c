#pragma once

#include "core/view/problems_view.hpp"
#include "ui/panels/panel.hpp"
#include "ui/widgets/controls.hpp"

#include <string>

namespace rnnscope::ui {

/// What is wrong: a card for each failure, silent problems, and the preflight list.
class ProblemsPanel {
  public:
    void draw(const PanelContext& ctx, const Rect& rect);
    /// The preflight list, a panel of its own: both are about the same findings.
    void draw_preflight(const PanelContext& ctx, const Rect& rect);
    /// What either of them shows now.
    const view::ProblemsView& shown(const PanelContext& ctx);

  private:
    void draw_cards(const PanelContext& ctx, const Rect& body, const view::ProblemsView& view);
    float draw_card(const PanelContext& ctx, const view::ProblemCard& card, ImVec2 at, float width, bool open);
    float draw_open_card(const PanelContext& ctx, const view::ProblemCard& card, ImVec2 at, float top, float width);
    float draw_why(const PanelContext& ctx, const std::vector<view::Link>& parts, ImVec2 at, float width);
    float draw_more(const PanelContext& ctx, const view::ProblemCard& card, ImVec2 at, float width);
    float draw_code(const PanelContext& ctx, const view::ProblemCard& card, ImVec2 at, float width);
    float draw_code_line(const PanelContext& ctx, const view::CardLine& line, TextRole role, ImVec2 at, float width);
    float draw_buttons(const PanelContext& ctx, const view::ProblemCard& card, ImVec2 at, float width,
                       bool has_one_row);
    float draw_warning(const PanelContext& ctx, const view::WarningCard& warning, ImVec2 at, float width);
    void draw_quiet(const PanelContext& ctx, const Rect& body, const view::ProblemsView& view);
    float draw_actions(const PanelContext& ctx, const std::vector<view::ProblemAction>& actions, ImVec2 at, float width,
                       ButtonTone first_tone);
    void draw_reads(const PanelContext& ctx, const Rect& body, const view::ProblemsView& view);

    std::size_t open_ = SIZE_MAX; ///< the card that was opened by hand
    /// Of the open card's buttons, as the frame before had them: their height, and whether they would be below the
    /// panel's end if they stood where the card has them.
    float buttons_height_ = 0;
    bool are_buttons_below_ = false;
    Cached<view::ProblemsView> view_;
    view::ProblemsView shown_; ///< kept while the program runs
};

} // namespace rnnscope::ui
