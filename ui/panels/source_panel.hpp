#pragma once

#include "core/view/source_view.hpp"
#include "ui/panels/panel.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rnnscope::ui {

/// The program as Python: current line, breakpoints, the failing line and the line to change.
class SourcePanel {
  public:
    void draw(const PanelContext& ctx, const Rect& rect);
    /// Brings the selected statement into sight in the next frame, and lights it up for a moment.
    void show_selected() { shows_selected_ = true; }
    void set_reduce_motion(bool reduce) { reduce_motion_ = reduce; }
    void begin_frame() { drawn_ = false; } ///< the panel is not on the screen unless it is drawn
    bool animating() const { return drawn_ && flash_ < 1; }
    /// First and last line that were seen whole in the last frame, from 1.
    std::pair<int, int> lines_in_sight() const { return in_sight_; }

  private:
    void note_change(const view::SourceView& view);
    void follow(const PanelContext& ctx, const view::SourceView& view, float visible_height);
    void draw_line(const PanelContext& ctx, const view::SourceLine& line, ImVec2 at, float width);
    void draw_gutter(const PanelContext& ctx, const view::SourceLine& line, ImVec2 at, float height);

    Cached<view::SourceView> view_;
    float scrolled_ = 0;            ///< sideways
    int followed_line_ = 0;         ///< the line that was scrolled to last
    std::string title_;             ///< of the program that is followed
    std::vector<std::string> text_; ///< its lines
    int changed_line_ = 0;          ///< the first that differs from those before; shown when the program has run
    std::shared_ptr<const program::Program> followed_program_;
    debug::Selection followed_selection_;
    debug::Selection pushed_; ///< what was clicked here, and so is in sight already
    bool shows_selected_ = false, reduce_motion_ = false, drawn_ = false;
    float flash_ = 1; ///< of the line that was shown: 0 to 1, 1 when it is over
    std::pair<int, int> in_sight_{};
};

} // namespace rnnscope::ui
