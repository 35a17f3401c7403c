#pragma once

#include "ui/panels/graph_panel.hpp"
#include "ui/panels/inspector_panel.hpp"
#include "ui/panels/problems_panel.hpp"
#include "ui/panels/source_panel.hpp"
#include "ui/panels/timeline_panel.hpp"
#include "ui/panels/variables_panel.hpp"
#include "ui/shell/context_menu.hpp"
#include "ui/shell/file_browser.hpp"
#include "ui/shell/keys.hpp"
#include "ui/shell/palette.hpp"
#include "ui/shell/settings.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace rnnscope::ui {

/// The window's content: title bar, workspace, status line, and what floats above them. It draws into the current Dear
/// ImGui context and knows no window system. Panels ask through the queue; `work` carries it out between frames.
class Shell {
  public:
    Shell(debug::Debugger& debugger, Settings settings);

    /// Before a frame: builds the fonts for the screen's scale when it or the setting changed. True: the renderer must
    /// upload the atlas again.
    bool prepare(float screen_scale);
    void draw(); ///< one frame, between NewFrame and Render
    /// Between frames. True when there is something new to draw at once.
    bool work(std::chrono::microseconds budget);
    /// Carries out a command of either table and tells the user what came of it.
    Status execute(const debug::Command& command);
    Status open_path(const std::string& path);
    Status open_sample(std::string_view file);

    bool animating() const { return graph_.moving(); } ///< wants frames although nothing happens

    debug::Debugger& debugger() { return debugger_; }
    const debug::Debugger& debugger() const { return debugger_; }
    Settings& settings() { return settings_; }
    const Settings& settings() const { return settings_; }
    const Look& look() const { return look_; }
    void set_welcome(bool shown) { welcome_ = shown; }
    bool welcome() const { return welcome_ || !debugger_.is_open(); }
    void ask_palette() { palette_.open(); }
    /// Asks for what a command of either table needs, with proposals where some are known. `about` narrows it: the
    /// tensor that session.feed is for.
    void ask(std::string_view command, std::string_view about = {});
    void open_menu() { menu_.open(); }
    void ask_file() { browser_.open(settings_.last_directory); }
    void show_page(std::string title, std::string text);
    void notify(std::string title, std::string text);
    VariablesPanel& variables() { return variables_; }
    GraphPanel& graph() { return graph_; }
    void quit() { quit_ = true; }
    bool wants_quit() const { return quit_; }
    void ask_screenshot() { screenshot_ = true; }
    bool take_screenshot_request() { return std::exchange(screenshot_, false); }
    void reset_layout();
    const std::string& message() const { return message_; }

  private:
    struct Notice {
        int id;
        std::string title, text;
    };

    PanelContext context();
    void read_keys();
    bool run_ui_command(const debug::Command& command, Status& status);
    bool wants_answer(const debug::Command& command) const;
    void report(const debug::Command& command, const Result<std::string>& result);
    void select_failure();
    void draw_title_bar(const PanelContext& ctx);
    void draw_menus(const PanelContext& ctx);
    void draw_toolbar(const PanelContext& ctx, float x, float right, float height);
    float draw_title_right(const PanelContext& ctx, float height);
    void draw_session_popup(const PanelContext& ctx);
    void draw_settings_popup(const PanelContext& ctx);
    void draw_workspace(const PanelContext& ctx, const Rect& body);
    void draw_bottom(const PanelContext& ctx, const Rect& rect, bool with_inspector);
    void draw_status(const PanelContext& ctx, const Rect& rect);
    void draw_welcome(const PanelContext& ctx, const Rect& body);
    void draw_notices(const PanelContext& ctx, const Rect& body);
    void draw_page(const PanelContext& ctx, const Rect& body);

    debug::Debugger& debugger_;
    Settings settings_;
    Look look_;
    Fonts fonts_;
    CommandQueue queue_;
    debug::Selection lit_, hovered_;
    std::vector<std::pair<Shortcut, std::string_view>> keys_;

    SourcePanel source_;
    VariablesPanel variables_;
    GraphPanel graph_;
    InspectorPanel inspector_;
    TimelinePanel timeline_;
    ProblemsPanel problems_;
    Palette palette_;
    FileBrowser browser_;
    ContextMenu menu_;

    bool welcome_ = false, quit_ = false, screenshot_ = false, was_busy_ = false, inspector_tab_ = false;
    bool all_samples_ = false;  ///< the welcome screen lists every sample
    std::string opened_sample_; ///< file name of the embedded sample that is open; "" for files
    std::string message_;       ///< what the last command said
    std::vector<Notice> notices_;
    int next_notice_ = 0;
    std::string page_title_, page_text_;
};

} // namespace rnnscope::ui
