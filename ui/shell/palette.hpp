#pragma once

#include "core/view/palette_view.hpp"
#include "ui/panels/panel.hpp"

#include <string>
#include <vector>

namespace rnnscope::ui {

class Shell;

/// What a command wants to know before it runs.
struct Question {
    std::string command; ///< id
    std::string title;   ///< "Feed x:0"
    std::string detail;  ///< beside the title: "float32 [?, 74]"
    std::string what;    ///< where it is typed: "a JSON literal, @file, or a formula"
    std::string prefix;  ///< stands before the answer in the argument: "x:0="
    bool names = false;  ///< the answer can be a name of the graph: those that match are listed
    struct Answer {
        std::string text, about;
    };
    bool closed = false;           ///< only a proposal is an answer: they are searched, as names and commands are
    std::vector<Answer> proposals; ///< the first is what Enter takes while nothing is typed
};

/// Ctrl+P: every command and every name of the graph. A command that needs an argument asks for it in the same field.
class Palette {
  public:
    void open();
    void ask(Question question);
    bool is_open() const { return open_; }
    void draw(const PanelContext& ctx, const Shell& shell);

  private:
    void add_proposals();
    void build(const PanelContext& ctx, const Shell& shell);
    void read_enter(const PanelContext& ctx);
    void answer(const PanelContext& ctx, const std::string& text);
    void choose(const PanelContext& ctx, const view::PaletteItem& item);
    void draw_question(const Look& look, ImVec2 at, float width) const;
    void draw_item(const PanelContext& ctx, const view::PaletteItem& item, std::size_t index, float x, float y,
                   float width);

    bool open_ = false, focus_ = false;
    std::string query_;
    Question asking_; ///< without a command: it finds
    std::size_t chosen_ = 0;
    std::vector<view::PaletteItem> items_;
    std::string built_for_;
};

} // namespace rnnscope::ui
