#pragma once

#include "ui/panels/answers_panel.hpp"
#include "ui/panels/cell_panel.hpp"
#include "ui/panels/comparison_panel.hpp"
#include "ui/panels/graph_panel.hpp"
#include "ui/panels/inspector_panel.hpp"
#include "ui/panels/lesson_panel.hpp"
#include "ui/panels/plots_panel.hpp"
#include "ui/panels/problems_panel.hpp"
#include "ui/panels/source_panel.hpp"
#include "ui/panels/timeline_panel.hpp"
#include "ui/panels/variables_panel.hpp"
#include "ui/shell/context_menu.hpp"
#include "ui/shell/file_browser.hpp"
#include "ui/shell/keys.hpp"
#include "ui/shell/page.hpp"
#include "ui/shell/palette.hpp"
#include "ui/shell/settings.hpp"
#include "ui/shell/workspaces.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace rnnscope::ui {

struct Sample;

/// A command as it is typed: its id, and after a blank its argument.
debug::Command parse_command(std::string_view text, std::string origin);

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
    /// Hears of every command that was carried out: their row is a macro, a bug report, a test.
    void set_command_log(std::function<void(const debug::Command&)> log) { log_ = std::move(log); }
    Status open_path(const std::string& path);
    Status open_sample(std::string_view file);

    /// For a window, whose frames nothing may hold up. Otherwise every frame is complete.
    void set_background(bool background) { graph_.set_background(background); }
    /// Wants frames although nothing happens.
    bool animating() const { return graph_.moving() || cell_.animating() || source_.animating(); }

    debug::Debugger& debugger() { return debugger_; }
    const debug::Debugger& debugger() const { return debugger_; }
    Settings& settings() { return settings_; }
    const Settings& settings() const { return settings_; }
    const Look& look() const { return look_; }
    /// "dark" or "light"; anything else means that the desktop has no preference.
    void set_desktop_theme(std::string theme) { desktop_theme_ = std::move(theme); }
    /// The theme that is shown: the chosen one, or the desktop's.
    std::string theme() const;
    void set_welcome(bool shown) { welcome_ = shown; }
    bool welcome() const { return welcome_ || !debugger_.is_open(); }
    void ask_palette() { palette_.open(); }
    /// Asks for what a command of either table needs, with proposals where some are known. `about` narrows it: the
    /// tensor that session.feed is for.
    void ask(std::string_view command, std::string_view about = {});
    void open_menu() { menu_.open(); }
    void open_settings() { open_settings_ = true; }
    void ask_file();               ///< beside what is open
    Page& page() { return page_; } ///< what lies over the panels to be read
    void notify(std::string title, std::string text);
    /// Puts the cursor into the filter of the list that has the keyboard, else of the variables.
    void focus_filter();
    SourcePanel& source() { return source_; }
    AnswersPanel& answers() { return answers_; }
    ComparisonPanel& comparison() { return comparison_; }
    VariablesPanel& variables() { return variables_; }
    GraphPanel& graph() { return graph_; }
    const GraphPanel& graph() const { return graph_; }
    InspectorPanel& inspector() { return inspector_; }
    TimelinePanel& timeline() { return timeline_; }
    ProblemsPanel& problems() { return problems_; }
    PlotsPanel& plots() { return plots_; }
    CellPanel& cell() { return cell_; }
    const CellPanel& cell() const { return cell_; }
    LessonPanel& lesson() { return lesson_; }
    const LessonPanel& lesson() const { return lesson_; }
    /// What was said and shown of the program before is not of the one that is open now.
    void forget_what_was_open();
    /// Opens the lesson's sample and its first step; what is open now is closed.
    Status start_lesson(std::string_view file);
    Status show_lesson_step(); ///< does what the step asks for
    void next_lesson_step();

    /// The shown workspace's division; what is done to it is kept in the settings.
    Dock& dock();
    void show_workspace(std::string_view name);
    /// Brings it to the front, where it is or beside its usual neighbour, and gives it the keyboard.
    void show_panel(std::string_view name);
    /// Brings it to the front of its place, if the workspace has it; the keyboard stays where it is.
    void uncover_panel(std::string_view name);
    /// Shows it wherever it is, in front and of all of them the large one; the keyboard stays with who asked.
    void lead_to(std::string_view name);
    /// Source at the selected statement, in front of what shares its place.
    void show_statement();
    void close_panel(std::string_view name);
    void maximize_panel(std::string_view name); ///< or back to its size
    void focus_next(bool forward);
    /// The panel with the keyboard; "" when none had it yet.
    const std::string& focused_panel() const { return focused_; }

    void quit() { quit_ = true; }
    /// "save", "discard" or "cancel": the answer to what becomes of changes, before the command that waits for it.
    Result<std::string> settle_changes(std::string_view answer);
    bool asks_about_changes() const { return waiting_.has_value(); }
    bool wants_quit() const { return quit_; }
    /// A picture of the window, or of one panel, after the next frame.
    void ask_screenshot(std::string_view panel = {});
    /// The part of the window that is to be saved, in Dear ImGui's coordinates, and what it is called.
    struct Shot {
        Rect part;
        std::string panel; ///< "": all of the window
    };
    std::optional<Shot> take_screenshot_request();
    void reset_layout();
    const std::string& message() const { return message_; }
    /// The time under the pointer, in any panel, which all others show, too.
    const view::TimeSpot& lit_time() const { return lit_time_; }
    /// Where the panels in front were drawn last, by name.
    const std::map<std::string, Rect, std::less<>>& panel_rects() const { return panel_rects_; }

  private:
    struct Notice {
        int id;
        std::string title, text;
    };

    /// A run that begins once the placeholders it needs were given values.
    struct FedRun {
        std::string names;                    ///< what it fetches
        std::vector<std::string> given, left; ///< NAME=VALUE; tensors
    };

    struct PlacedNotice {
        const Notice* notice;
        float height = 0;
        int lines = 0;            ///< of its text, at most
        bool is_one_line = false; ///< the text stands beside the title
    };
    struct NoticeStrip {
        std::vector<PlacedNotice> shown; ///< from above, the newest last
        float height = 0;
    };

    /// How the title bar shares its width.
    struct TitlePlan {
        bool version = true, find_field = true, tabs = true, session = true, menus = true;
        std::size_t tools = 0; ///< how many of the toolbar's
        float workspace_width = 0;
    };

    PanelContext context();
    void read_keys();
    void note(const debug::Command& command);
    void remember(const std::string& file); ///< among the recent files
    bool run_ui_command(const debug::Command& command, Status& status);
    bool wants_answer(const debug::Command& command) const;
    bool asks_before_replacing(const debug::Command& command);
    bool asks_for_feeds(const debug::Command& command);
    bool asks_about_changes(const debug::Command& command);
    void report(const debug::Command& command, const Result<std::string>& result);
    bool moving() const { return debugger_.busy() && debugger_.inquiry() == nullptr; }
    void report_outcome();
    void show_answer();
    void select_failure();
    void draw_title_bar();
    float draw_workspace_tabs(float x, float height);
    TitlePlan plan_title_bar() const;
    float draw_workspace_choice(const TitlePlan& plan, float x, float height);
    void draw_menus(const TitlePlan& plan);
    void draw_menu_items(std::string_view menu);
    void draw_command_item(std::string_view id, const char* origin);
    void draw_toolbar(const TitlePlan& plan, float x, float right, float height);
    void draw_title_overflow(const TitlePlan& plan, float x, float height);
    float draw_title_right(const TitlePlan& plan, float height);
    void draw_session_popup();
    void draw_session_items();
    void draw_settings_popup();
    void draw_workspace(const PanelContext& ctx, const Rect& body);
    void draw_place(const PanelContext& ctx, const DockPlace& place);
    void draw_tab_menu();
    void drag_panel(const DockDrawing& drawing);
    void draw_status(const PanelContext& ctx, const Rect& rect);
    void draw_welcome(const PanelContext& ctx, const Rect& body);
    float draw_welcome_left(float left, float y, float width, bool wide);
    float draw_recent(float left, float y, float width);
    float draw_lesson_rows(float left, float y, float width);
    float draw_first_keys(float left, float y, float width);
    float draw_welcome_samples(float x, float y, float width);
    float draw_every_sample(float x, float y, float width);
    void draw_sample_row(const Sample& sample, float x, float y, float width);
    NoticeStrip plan_notices(const Rect& body) const;
    void draw_notices(const NoticeStrip& strip, const Rect& rect);
    bool draw_notice(const PlacedNotice& placed, const Rect& rect, std::size_t hidden) const;

    debug::Debugger& debugger_;
    Settings settings_;
    std::string desktop_theme_;
    Look look_;
    Fonts fonts_;
    CommandQueue queue_;
    std::function<void(const debug::Command&)> log_;
    std::deque<debug::Command>
        later_; ///< of a lesson's step, or what a question led to: each when the one before is done
    debug::Selection lit_, hovered_;
    view::TimeSpot lit_time_, hovered_time_;
    std::vector<std::pair<Shortcut, std::string_view>> keys_;

    SourcePanel source_;
    VariablesPanel variables_;
    GraphPanel graph_;
    CellPanel cell_;
    InspectorPanel inspector_;
    TimelinePanel timeline_;
    ProblemsPanel problems_;
    PlotsPanel plots_;
    AnswersPanel answers_;
    ComparisonPanel comparison_;
    LessonPanel lesson_;
    Palette palette_;
    FileBrowser browser_;
    ContextMenu menu_;

    bool welcome_ = false, quit_ = false, was_moving_ = false, open_settings_ = false;
    bool selected_ahead_ = false;                      ///< while a movement went on, since the last frame
    std::set<std::string, std::less<>> checked_docks_; ///< workspaces whose kept division was looked through
    bool folded_in_front_ = false;                     ///< the Inspector as a tab, where there is little room
    std::string maximized_, dragged_, focused_, wants_focus_, tab_menu_; ///< panels
    std::optional<std::string> screenshot_;                              ///< of this panel, or of everything
    std::map<std::string, Rect, std::less<>> panel_rects_;               ///< of the panels in front, as drawn last
    std::vector<std::string> order_;                                     ///< panels in front, as drawn last
    bool all_samples_ = false;                                           ///< the welcome screen lists every sample
    std::string opened_sample_;                ///< file name of the embedded sample that is open; "" for files
    std::optional<debug::Command> waiting_;    ///< for what becomes of changes
    std::optional<debug::Command> after_save_; ///< what is done once a built-in sample has a file
    std::optional<FedRun> fed_run_;            ///< for which the palette asks values
    std::string to_replace_;                   ///< argument whose file exists, about which the palette asks
    std::string message_;                      ///< what the last command said
    std::vector<Notice> notices_;
    int next_notice_ = 0;
    Page page_;
};

} // namespace rnnscope::ui
