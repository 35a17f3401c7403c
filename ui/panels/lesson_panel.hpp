#pragma once

#include "ui/panels/lessons.hpp"
#include "ui/panels/panel.hpp"

#include <string>
#include <vector>

namespace rnnscope::ui {

/// A lesson, step by step: what to do now, a button that does it, and what was done so far.
class LessonPanel {
  public:
    void start(const Lesson& lesson);
    void stop() { lesson_ = nullptr; }
    const Lesson* lesson() const { return lesson_; }
    /// Index of the shown step; the number of steps when all are done.
    std::size_t step() const { return step_; }
    const LessonStep* current() const {
        return lesson_ && step_ < lesson_->steps.size() ? &lesson_->steps[step_] : nullptr;
    }
    void go_next();
    void go_back();
    /// Something was done by hand: the step's own commands tick it off, whatever they came from.
    void note(const debug::Command& command);
    bool step_done() const { return step_ < done_.size() && done_[step_]; }

    void draw(const PanelContext& ctx, const Rect& rect);

  private:
    void draw_progress(const Look& look, const Rect& rect) const;
    float draw_paragraph(const PanelContext& ctx, const std::string& text, ImVec2 at, float width);
    void draw_buttons(const PanelContext& ctx, ImVec2 at);
    void draw_choice(const PanelContext& ctx, const Rect& rect);

    const Lesson* lesson_ = nullptr;
    std::size_t step_ = 0;
    std::vector<bool> done_;        ///< by step
    std::size_t commands_left_ = 0; ///< of the step, until it is done
};

} // namespace rnnscope::ui
