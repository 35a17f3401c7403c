#include "ui/shell/shell.hpp"

#include "core/debug/answer.hpp"
#include "ui/shell/samples.hpp"
#include "ui/shell/ui_commands.hpp"

#include <imgui_internal.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace rnnscope::ui {

Shell::Shell(debug::Debugger& debugger, Settings settings) : debugger_(debugger), settings_(std::move(settings)) {
    for (const CommandInfo& command : every_command())
        if (const auto shortcut = parse_shortcut(command.key)) keys_.emplace_back(*shortcut, command.id);
    look_.theme = &find_theme(theme());
    look_.fonts = &fonts_;
}

bool Shell::prepare(float screen_scale) {
    look_.theme = &find_theme(theme());
    look_.scale = screen_scale * static_cast<float>(settings_.font_percent) / 100;
    if (fonts_.scale() == look_.scale) return false;
    fonts_.build(look_.scale);
    return true;
}

std::string Shell::theme() const {
    if (settings_.theme != "desktop") return settings_.theme;
    return desktop_theme_ == "light" ? "light" : "dark";
}

PanelContext Shell::context() {
    return {debugger_, queue_, look_, lit_, hovered_, lit_time_, hovered_time_, view::stamp(debugger_)};
}

void Shell::draw() {
    apply_style(look_);
    ImGui::PushFont(look_.font(TextRole::body));
    hovered_ = {};
    hovered_time_ = {};
    selected_ahead_ = false;
    cell_.begin_frame();
    source_.begin_frame();
    source_.set_reduce_motion(settings_.reduce_motion);
    graph_.begin_frame();
    graph_.set_reduce_motion(settings_.reduce_motion);
    graph_.set_fold_series(settings_.fold_series);
    graph_.set_color_by(view::color_by(settings_.graph_color).value_or(view::ColorBy::state));
    const PanelContext ctx = context();
    read_keys();
    draw_title_bar();

    const ImGuiIO& io = ImGui::GetIO();
    const float top = look_.whole_px(40), status = look_.whole_px(24);
    Rect body{{0, top}, {io.DisplaySize.x, io.DisplaySize.y - status}};
    const NoticeStrip notices = plan_notices(body);
    const Rect below{{0, body.b.y - notices.height}, body.b};
    body.b.y = below.a.y;
    ImGui::SetNextWindowPos({0, top});
    ImGui::SetNextWindowSize({io.DisplaySize.x, io.DisplaySize.y - top});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::Begin("##body", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoScrollWithMouse |
                     ImGuiWindowFlags_NoBackground); // what the frame was cleared to
    ImGui::PopStyleVar();
    if (welcome())
        draw_welcome(ctx, body);
    else
        draw_workspace(ctx, body);
    draw_notices(notices, below);
    draw_status(ctx, {{0, below.b.y}, io.DisplaySize});
    ImGui::End();

    palette_.draw(ctx, *this);
    menu_.draw(ctx, *this);
    browser_.draw(ctx, settings_.last_directory);
    page_.draw(ctx, body);
    ImGui::PopFont();
    lit_ = hovered_;
    lit_time_ = hovered_time_;
}

void Shell::read_keys() {
    if (compat::key_pressed(compat::key_escape, false)) {
        // One thing at a time, the newest first.
        const bool has_popup = ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
        const bool is_over_panels = has_popup || palette_.is_open() || menu_.is_open() || browser_.is_open();
        if (has_popup) ImGui::ClosePopupToLevel(0, true);
        const bool is_free = !page_.is_open() && notices_.empty() && !debugger_.busy() && !is_over_panels &&
                             !ImGui::GetIO().WantTextInput && dragged_.empty();
        if (is_free && graph_.traced() != view::TraceWay::none) queue_.push("graph.trace-end", "", "key");
        if (!is_over_panels) {
            if (!page_.is_open() && !notices_.empty()) notices_.pop_back();
            page_.close();
            if (debugger_.busy()) queue_.push("run.stop", "", "key");
        }
    }
    const bool typing = ImGui::GetIO().WantTextInput;
    for (const auto& [shortcut, id] : keys_)
        if (pressed(shortcut) && !(typing && is_typing(shortcut))) queue_.push(std::string(id), "", "key");
}

bool Shell::work(std::chrono::microseconds budget) {
    bool changed = false;
    for (const debug::Command& command : queue_.take()) {
        (void)execute(command); // execute has told the user
        changed = true;
    }
    if (!palette_.is_open()) { // whatever it asked was answered, or is not to be done
        waiting_.reset();
        after_save_.reset();
        to_replace_.clear();
        fed_run_.reset();
    }
    if (!debugger_.busy() && !later_.empty()) {
        const debug::Command command = std::move(later_.front());
        later_.pop_front();
        if (!execute(command)) later_.clear();
        changed = true;
    }
    if (debugger_.busy()) {
        debugger_.pump(budget);
        changed = true;
    } else if (debugger_.has_background_work()) {
        changed = debugger_.pump_background(budget) || changed;
    }
    report_outcome();
    const bool is_moving = moving();
    if (was_moving_ && !is_moving) {
        select_failure();
        selected_ahead_ = false;
    }
    was_moving_ = is_moving;
    return changed;
}

/// A question that took long was answered, or there is no answer.
void Shell::report_outcome() {
    const auto outcome = debugger_.take_outcome();
    if (!outcome) return;
    if (*outcome)
        show_answer();
    else
        notify("No answer", outcome->error().message);
}

void Shell::show_answer() {
    const debug::Answer* shown = debugger_.answers().shown();
    if (shown != nullptr && shown->compared) show_panel("comparison");
    show_panel("answers");
}

void Shell::focus_filter() {
    if (focused_ == "answers")
        answers_.focus_filter();
    else if (focused_ == "comparison")
        comparison_.focus_filter();
    else
        variables_.focus_filter();
}

/// A movement that ends at a failure shows it: that is what everybody would do next, and who selected something after
/// the command that moved, before either was seen, did not.
void Shell::select_failure() {
    if (!debugger_.is_open()) return;
    const auto& error = debugger_.error_at_position();
    if (!error || !error->node.valid() || error->graph != debugger_.current_graph()) return;
    if (!selected_ahead_) (void)execute({"select.node", debugger_.graph()->node(error->node).name, "failure"});
    message_.clear();
    uncover_panel("problems"); // its reason and its fix
}

debug::Command parse_command(std::string_view text, std::string origin) {
    const std::size_t blank = text.find(' ');
    const std::string_view argument = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
    return {std::string(text.substr(0, blank)), std::string(argument), std::move(origin)};
}

Status Shell::execute(const debug::Command& command) {
    if (asks_about_changes(command)) return {};
    Status status;
    if (run_ui_command(command, status)) return status;
    const debug::CommandDef* def = debug::find_command(command.id);
    if (def && wants_answer(command)) {
        if (const auto reason = why_blocked(*this, command.id)) {
            message_ = std::string(def->title) + ": " + *reason;
            return {};
        }
        if (command.id == "help.explain" && debugger_.is_open() && debugger_.current_diagnosis() &&
            !debugger_.current_diagnosis()->cause.empty())
            return execute({command.id, debugger_.current_diagnosis()->cause, "shell"});
        if (command.id == "file.open" || command.id == "recording.open")
            ask_file();
        else
            ask(command.id, command.argument);
        return {};
    }
    if (asks_before_replacing(command) || asks_for_feeds(command)) return {};
    if (command.id == "file.save" && !opened_sample_.empty() &&
        (command.origin == "key" || command.origin == "menu" || command.origin == "palette")) {
        ask("file.save-as"); // a built-in sample has no file
        return {};
    }
    using Kind = debug::Selection::Kind;
    const Kind selected = debugger_.selection().kind;
    if (command.id == "break.toggle" && command.argument.empty() && debugger_.graph() &&
        (selected == Kind::node || selected == Kind::variable || selected == Kind::scope))
        return execute({command.id, view::build_context_menu(debugger_).title, command.origin});
    const std::uint64_t answers = debugger_.answers().revision();
    const auto program = debugger_.is_open() ? debugger_.document().program_ptr() : nullptr;
    const auto result = debug::begin(debugger_, command);
    if (debugger_.is_open() && debugger_.document().program_ptr() != program) page_.close(); // its links are of that
    if (result && debugger_.answers().revision() != answers && debugger_.answers().shown() != nullptr)
        show_answer(); // where its text is
    else
        report(command, result);
    if (!result) return result.error();
    note(command);
    if (command.id == "select.line" && command.origin != "panel:source") show_statement();
    if (moving()) was_moving_ = true;
    if (command.id.starts_with("select.")) selected_ahead_ = was_moving_;
    if (command.id == "file.save-as") {
        opened_sample_.clear(); // it is a file of the user's now
        remember(debugger_.file());
        if (const auto next = std::exchange(after_save_, std::nullopt))
            return execute({next->id, next->argument, "changes"});
    }
    if (command.id == "file.open" || command.id == "recording.open") {
        opened_sample_.clear();
        welcome_ = false;
        forget_what_was_open();
        remember(command.argument);
    }
    return {};
}

void Shell::remember(const std::string& file) {
    std::error_code problem;
    const std::filesystem::path path = std::filesystem::absolute(file, problem);
    if (!problem) settings_.remember(path.lexically_normal().string());
}

void Shell::note(const debug::Command& command) {
    lesson_.note(command);
    if (log_) log_(command);
}

bool Shell::run_ui_command(const debug::Command& command, Status& status) {
    const UiCommandDef* def = find_ui_command(command.id);
    if (!def) return false;
    if (def->blocked)
        if (const auto reason = def->blocked(*this)) {
            message_ = std::string(def->title) + ": " + *reason;
            status = Error{"command.blocked", *reason};
            return true;
        }
    if (!def->argument.empty() && command.argument.empty()) {
        ask(command.id);
        return true;
    }
    const auto result = def->run(*this, command.argument);
    report(command, result);
    if (result)
        note(command);
    else
        status = result.error();
    return true;
}

void Shell::report(const debug::Command& command, const Result<std::string>& result) {
    const CommandInfo* info = nullptr;
    for (const CommandInfo& row : every_command())
        if (row.id == command.id) info = &row;
    std::string title = info ? std::string(info->title) : command.id;
    if (title.ends_with("…")) title.resize(title.size() - std::string_view("…").size());
    if (!result) {
        if (result.error().code == "command.blocked")
            message_ = title + ": " + result.error().message; // one line is enough: nothing went wrong
        else
            notify(title, result.error().message);
        return;
    }
    const std::string& text = *result;
    if (command.id == "help.explain")
        if (const debug::CauseDef* cause = debug::find_cause(command.argument))
            return page_.show(view::cause_page(debugger_, *cause));
    constexpr std::size_t line = 240; // what the status line can hold at most
    if (text.size() > line || text.find('\n') != std::string::npos)
        page_.show(view::text_page(debugger_, title, text));
    else if (!text.starts_with("selected"))
        message_ = text;
}

Status Shell::open_path(const std::string& path) {
    return execute({"file.open", path, "shell"});
}

Status Shell::open_sample(std::string_view file) {
    const Sample* sample = find_sample(file);
    if (!sample) return Error{"sample.unknown", "There is no sample \"" + std::string(file) + "\"."};
    const Diagnostics mistakes = debugger_.open_text(std::string(sample->text), sample->file, "");
    if (!mistakes.empty()) return Error{mistakes.front().code, to_text(mistakes)};
    opened_sample_ = sample->file;
    welcome_ = false;
    message_.clear();
    page_.close();
    forget_what_was_open();
    return {};
}

void Shell::forget_what_was_open() {
    notices_.clear();
    graph_.end_trace();
}

Status Shell::start_lesson(std::string_view file) {
    const Lesson* lesson = find_lesson(file);
    if (!lesson) {
        std::string known;
        for (const Lesson& each : all_lessons()) known += (known.empty() ? "" : ", ") + each.file;
        return Error{"lesson.unknown", "There is no lesson \"" + std::string(file) + "\". There are " + known + "."};
    }
    if (const Status opened = open_sample(lesson->sample); !opened) return opened;
    lesson_.start(*lesson);
    show_workspace("teach");
    show_panel("lesson");
    return {};
}

Status Shell::show_lesson_step() {
    const LessonStep* step = lesson_.current();
    if (!step) return Error{"lesson.none", "No lesson is going on."};
    for (const std::string& command : step->commands) later_.push_back(parse_command(command, "lesson"));
    return {};
}

void Shell::next_lesson_step() {
    lesson_.go_next();
    const Lesson* lesson = lesson_.lesson();
    if (!lesson || lesson_.current()) return;
    if (std::ranges::find(settings_.lessons_done, lesson->file) == settings_.lessons_done.end())
        settings_.lessons_done.push_back(lesson->file);
}

void Shell::ask_screenshot(std::string_view panel) {
    if (!panel.empty()) show_panel(panel);
    screenshot_ = std::string(panel);
}

std::optional<Shell::Shot> Shell::take_screenshot_request() {
    if (!screenshot_) return std::nullopt;
    Shot shot{{{0, 0}, ImGui::GetIO().DisplaySize}, *screenshot_};
    const auto panel = panel_rects_.find(*screenshot_);
    if (panel != panel_rects_.end()) shot.part = panel->second;
    if (!screenshot_->empty() && panel == panel_rects_.end()) return std::nullopt; // it comes with the next frame
    screenshot_.reset();
    return shot;
}

void Shell::notify(std::string title, std::string text) {
    notices_.push_back({next_notice_++, std::move(title), std::move(text)});
    if (notices_.size() > 4) notices_.erase(notices_.begin());
}

void Shell::reset_layout() {
    settings_.docks.erase(settings_.workspace);
    maximized_.clear();
}

} // namespace rnnscope::ui
