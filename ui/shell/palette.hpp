#pragma once

#include "core/view/palette_view.hpp"
#include "ui/panels/panel.hpp"

#include <string>
#include <vector>

namespace rnnscope::ui {

class Shell;

/// Ctrl+P: every command and every name of the graph. A command that needs an argument asks for it in the same field.
class Palette {
  public:
    void open();
    /// Asks for the argument of a command.
    void ask(std::string command, std::string title, std::string what);
    bool is_open() const { return open_; }
    void draw(const PanelContext& ctx, const Shell& shell);

  private:
    void choose(const PanelContext& ctx, const view::PaletteItem& item);
    void draw_item(const PanelContext& ctx, const view::PaletteItem& item, std::size_t index, float x, float y,
                   float width);

    bool open_ = false, focus_ = false;
    std::string query_, asking_, asking_title_, asking_what_;
    std::size_t chosen_ = 0;
    std::vector<view::PaletteItem> items_;
    std::string built_for_;
};

} // namespace rnnscope::ui
