#pragma once

#include "core/view/page_view.hpp"
#include "ui/panels/panel.hpp"

#include <string>
#include <utility>
#include <vector>

namespace rnnscope::ui {

/// A text that lies over the panels until it is closed: the explanation of a cause, what a command has said, or the
/// table of all keys.
class Page {
  public:
    void show(view::PageView page);
    void show_keys();
    void close();
    bool is_open() const { return is_open_; }
    const std::string& text() const { return page_.text; } ///< all of it, for the clipboard
    void draw(const PanelContext& ctx, const Rect& body);

  private:
    float draw_blocks(const PanelContext& ctx, ImVec2 at, float width);
    float draw_code(const Look& look, const view::PageBlock& block, ImVec2 at, float width);
    float draw_keys(const Look& look, ImVec2 at, float width) const;
    float draw_spans(const PanelContext& ctx, const view::PageBlock& block, ImVec2 at, float width);

    view::PageView page_;
    bool is_open_ = false, is_keys_ = false, focus_search_ = false;
    std::string search_; ///< in the keys
    float content_ = 0;  ///< height that all of it needs, in pixels; 0: not known yet
    bool to_top_ = false;
    std::vector<float> heights_;            ///< of the blocks; below 0: not known yet
    std::pair<float, float> measured_at_{}; ///< width and scale that they are of
};

} // namespace rnnscope::ui
