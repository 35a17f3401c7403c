#pragma once

#include "core/view/value_detail.hpp"
#include "ui/panels/panel.hpp"

#include <string>

namespace rnnscope::ui {

/// One tensor in the inspector: map, numbers, histogram, over time, what changed; sliced where it has more dimensions
/// than two.
class ValuePanel {
  public:
    /// Draws the value of `name` between `left` and `right` from `y` on, and returns where it ends.
    float draw(const PanelContext& ctx, const std::string& name, float left, float right, float y);

    void show_form(view::ValueForm form) { options_.form = form; }
    void show_slice(std::vector<std::int64_t> at) { options_.at = std::move(at); }
    void show_element(std::int64_t row, std::int64_t column) {
        options_.row = row;
        options_.column = column;
    }
    const view::ValueOptions& options() const { return options_; }

  private:
    struct Key {
        std::string name;
        view::ValueOptions options;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct Room {
        float left, right;
    };
    float draw_forms(const PanelContext& ctx, const view::ValueDetail& detail, Room room, float y);
    float draw_axes(const PanelContext& ctx, const view::ValueDetail& detail, Room room, float y);
    float draw_map(const PanelContext& ctx, const view::ValueDetail& detail, Room room, float y);
    float draw_numbers(const PanelContext& ctx, const view::ValueDetail& detail, Room room, float y);
    float draw_line(const PanelContext& ctx, const view::ValueDetail& detail, Room room, float y);
    float draw_statistics(const PanelContext& ctx, const view::ValueDetail& detail, Room room, float y);

    view::ValueOptions options_;
    std::string name_; ///< that was drawn last: another tensor begins at its first slice
    Cached<view::ValueDetail, Key> detail_;
};

} // namespace rnnscope::ui
