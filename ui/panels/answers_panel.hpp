#pragma once

#include "core/view/answers_view.hpp"
#include "ui/panels/panel.hpp"

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace rnnscope::ui {

/// The answers to questions: each a list whose names select and whose positions are gone to.
class AnswersPanel {
  public:
    void draw(const PanelContext& ctx, const Rect& rect);
    void focus_filter() { focus_filter_ = true; }

  private:
    struct Columns {
        std::array<float, debug::answer_columns> x{}, width{};
        std::array<bool, debug::answer_columns> is_shown{}; ///< it has something to say, and there is room for it
        float marks = 0, right = 0;
    };
    Rect draw_tabs(const PanelContext& ctx, const Rect& rect);
    void draw_header(const PanelContext& ctx, const Rect& header);
    Rect draw_head(const PanelContext& ctx, const Rect& body);
    void measure(const Look& look);
    Columns place_columns(const Look& look, const Rect& body) const;
    void draw_list(const PanelContext& ctx, const Rect& body);
    void lay_out(const Look& look, float width);
    void draw_line(const PanelContext& ctx, std::size_t line, ImVec2 at, const Columns& columns);
    void draw_entry(const PanelContext& ctx, const view::AnswerLine& line, ImVec2 at, const Columns& columns);
    float draw_sentence(const PanelContext& ctx, const view::AnswerLine& line, ImVec2 at, float width, bool draws);
    float draw_part(const PanelContext& ctx, const debug::AnswerPart& part, std::string_view shown, TextRole role,
                    float x, float y, float height, Token ink);
    void read_keys(const PanelContext& ctx);
    void go(const PanelContext& ctx, record::Position position);

    view::AnswersView view_;
    view::Stamp stamp_;
    std::uint64_t revision_ = UINT64_MAX;
    std::string filter_, built_filter_;
    std::array<float, debug::answer_columns> wanted_{}; ///< width of each column, if there is room
    const debug::Answer* measured_ = nullptr;
    float measured_scale_ = 0, laid_out_width_ = 0;
    std::vector<float> tops_; ///< of each line, and the end
    std::size_t cursor_ = SIZE_MAX;
    record::Position followed_{UINT64_MAX};
    bool over_link_ = false; ///< the pointer, in the row that is being drawn
    bool focus_filter_ = false, is_focused_ = false, show_cursor_ = false;
};

} // namespace rnnscope::ui
