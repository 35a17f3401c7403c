#include "core/debug/selection_commands.hpp"
#include "core/view/variables_view.hpp"
#include "ui/shell/shell.hpp"
#include "ui/shell/ui_commands.hpp"
#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

namespace rnnscope::ui {

namespace {

/// A ring with an arrow: the loop that the program is about.
void draw_logo(ImDrawList& list, const Look& look, ImVec2 center) {
    const float r = look.px(7);
    list.PathArcTo(center, r, -0.5f, 4.9f, 24);
    list.PathStroke(look[Token::accent], 0, look.px(2));
    const ImVec2 tip{center.x + r * 0.95f, center.y - r * 0.55f};
    const float s = look.px(4);
    list.AddTriangleFilled({tip.x - s, tip.y}, {tip.x + s * 0.8f, tip.y + s * 0.2f},
                           {tip.x + s * 0.2f, tip.y - s * 1.3f}, look[Token::accent]);
}

struct Tool {
    std::string_view command, icon;
    bool gap_after;
    std::size_t rank; ///< 0 is the last to go where there is little room
};

constexpr std::array<Tool, 9> tools = {{{"step.back-over", icon::step_back, false, 5},
                                        {"run.reverse-continue", icon::reverse_continue, true, 6},
                                        {"run.continue", icon::resume, false, 0},
                                        {"step.over", icon::step_over, false, 1},
                                        {"step.into", icon::step_into, false, 2},
                                        {"step.out", icon::step_out, false, 3},
                                        {"go.failure", icon::go_to_failure, true, 7},
                                        {"run.restart", icon::restart, false, 8},
                                        {"run.stop", icon::stop, false, 4}}};

// Look pixels.
constexpr float tool_width = 32, tool_gap = 10, find_width = 196, session_width = 112, menu_gap = 18;
constexpr std::size_t least_tools = 4; ///< before the menus give way

/// The next popup hangs from the button that opens it, as a menu does, and leaves the bar in sight.
void popup_below(const Look& look, const Rect& button) {
    const bool is_right = (button.a.x + button.b.x) / 2 > ImGui::GetIO().DisplaySize.x / 2;
    ImGui::SetNextWindowPos({is_right ? button.b.x : button.a.x, look.whole_px(40) + look.px(2)}, ImGuiCond_Always,
                            {is_right ? 1.0f : 0.0f, 0});
}

/// What commands are about, by the first word of their ids.
std::string_view group_of(const CommandInfo& command) {
    const std::string_view group = command.id.substr(0, command.id.find('.'));
    if (group == "rounding") return "poison"; // how a run computes
    if (group == "watch") return "break";
    return group;
}

const CommandInfo& info_of(std::string_view id) {
    for (const CommandInfo& command : every_command())
        if (command.id == id) return command;
    assert(false && "the title bar shows commands of the table");
    return every_command().front();
}

} // namespace

/// What fits, given up in this order: the version, the find field's words, the workspaces' tabs, the choice of the
/// session, tools but the first few, the menus' names, more tools. What is given up stands behind one button.
Shell::TitlePlan Shell::plan_title_bar() const {
    TitlePlan plan;
    const bool is_open = debugger_.is_open(), has_sessions = is_open && debugger_.recording().sessions() > 0;
    float menus = 0, tabs = 0, drop = 0;
    for (const std::string_view menu : menu_names())
        menus += text_width(look_, TextRole::body, menu) + look_.px(menu_gap);
    for (const WorkspaceDef& workspace : all_workspaces()) {
        const float width = text_width(look_, TextRole::body_bold, workspace.title);
        tabs += width + look_.px(22);
        drop = std::max(drop, width + look_.px(44));
    }
    plan.workspace_width = drop;
    const float tools_all = look_.px(tool_width * static_cast<float>(tools.size()) + tool_gap * 2);
    const float version = text_width(look_, TextRole::body, "TF 1.15") + look_.px(14);
    const auto needed = [&](std::size_t shown) {
        float width = look_.px(36 + 78 + 14); // logo, theme and settings, the line after the menus
        width += plan.menus ? menus : text_width(look_, TextRole::body, "Menu") + look_.px(menu_gap);
        width += plan.find_field ? look_.px(find_width + 10) : look_.px(30);
        if (!is_open) return width;
        width += (plan.tabs ? tabs : drop) + look_.px(16 + 16);
        width += shown == tools.size() ? tools_all : look_.px(tool_width * static_cast<float>(shown) + tool_gap + 6);
        if (plan.version) width += version;
        if (has_sessions && plan.session) width += look_.px(session_width + 10);
        if (!plan.session || shown < tools.size()) width += look_.px(28);
        return width;
    };
    const float room = ImGui::GetIO().DisplaySize.x;
    plan.tools = tools.size();
    const auto is_tight = [&] { return needed(plan.tools) > room; };
    plan.version = is_open;
    if (is_tight()) plan.version = false;
    if (is_tight()) plan.find_field = false;
    if (is_tight()) plan.tabs = false;
    if (is_tight()) plan.session = false;
    while (is_tight() && plan.tools > least_tools) --plan.tools;
    if (is_tight()) {
        plan.menus = false;
        plan.tools = tools.size();
    }
    while (is_tight() && plan.tools > 0) --plan.tools;
    return plan;
}

void Shell::draw_title_bar() {
    const TitlePlan plan = plan_title_bar();
    const float height = look_.whole_px(40);
    const float padding = std::floor((height - ImGui::GetFontSize()) / 2);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(look_.px(8), padding));
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(look_.px(9), look_.px(4)));
    ImGui::PushStyleColor(ImGuiCol_MenuBarBg, look_[Token::bg0]);
    if (ImGui::BeginMainMenuBar()) {
        ImDrawList& list = *ImGui::GetWindowDrawList();
        const Hit logo = hit("logo", {look_.px(6), look_.px(4)}, {look_.px(36), height - look_.px(4)});
        draw_logo(list, look_, {look_.px(20), height / 2});
        tooltip(look_, "Welcome screen");
        if (logo.clicked) queue_.push("ui.welcome", "", "menu");
        ImGui::SetCursorScreenPos({look_.px(36), 0});
        draw_menus(plan);
        float x = ImGui::GetCursorScreenPos().x + look_.px(4);
        if (debugger_.is_open()) draw_vline(list, x, look_.px(10), height - look_.px(10), look_[Token::line2]);
        x += look_.px(14);
        if (debugger_.is_open())
            x = plan.tabs ? draw_workspace_tabs(x, height) : draw_workspace_choice(plan, x, height);
        const float right = draw_title_right(plan, height);
        draw_toolbar(plan, x, right, height);
        draw_hline(list, 0, ImGui::GetIO().DisplaySize.x, height - 1, look_[Token::line1]);
        ImGui::EndMainMenuBar();
    }
    ImGui::PopStyleColor();
    ImGui::PopStyleVar(2);
}

/// Returns where they end.
float Shell::draw_workspace_tabs(float x, float height) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float top = look_.px(7), bottom = height - look_.px(7);
    for (const WorkspaceDef& workspace : all_workspaces()) {
        const bool chosen = !welcome() && settings_.workspace == workspace.name;
        const TextRole role = chosen ? TextRole::body_bold : TextRole::body;
        const float w = text_width(look_, TextRole::body_bold, workspace.title) + look_.px(20);
        ImGui::PushID(workspace.name.data());
        const Hit state = hit("workspace", {x, top}, {x + w, bottom});
        ImGui::PopID();
        if (chosen || state.hovered) list.AddRectFilled({x, top}, {x + w, bottom}, look_[Token::bg3], look_.px(4));
        draw_text_in_row(list, look_, role, x + (w - text_width(look_, role, workspace.title)) / 2, 0, height,
                         chosen ? Token::text1 : Token::text2, workspace.title);
        const std::string command = "workspace." + std::string(workspace.name);
        const CommandInfo& info = info_of(command);
        tooltip(look_, std::string(info.summary) + "\n" + std::string(info.key));
        if (state.clicked) queue_.push(command, "", "toolbar");
        x += w + look_.px(2);
    }
    return x + look_.px(14);
}

/// The tabs as one field that opens them. Returns where it ends.
float Shell::draw_workspace_choice(const TitlePlan& plan, float x, float height) {
    const WorkspaceDef* shown = find_workspace(settings_.workspace);
    const std::string_view title = shown && !welcome() ? shown->title : "Welcome";
    const float end = x + plan.workspace_width;
    if (drop_button(look_, "workspace-choice", {x, look_.px(8)}, {end, height - look_.px(8)}, title, "Workspace"))
        ImGui::OpenPopup("workspace-popup");
    popup_below(look_, {{x, look_.px(8)}, {end, height - look_.px(8)}});
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, look_.px(8, 4));
    if (ImGui::BeginPopup("workspace-popup")) {
        for (const WorkspaceDef& workspace : all_workspaces()) {
            const std::string command = "workspace." + std::string(workspace.name);
            const bool chosen = !welcome() && settings_.workspace == workspace.name;
            if (menu_item(look_, std::string(workspace.title), info_of(command).key, chosen))
                queue_.push(command, "", "toolbar");
        }
        ImGui::EndPopup();
    }
    ImGui::PopStyleVar();
    return end + look_.px(14);
}

void Shell::draw_menus(const TitlePlan& plan) {
    // Below the bar, whatever they hold: what is longer than the window scrolls.
    const ImVec2 most{1e5f, ImGui::GetIO().DisplaySize.y - look_.whole_px(40) - look_.px(4)};
    const auto begin = [&](const std::string& name) {
        ImGui::SetNextWindowSizeConstraints({0, 0}, most);
        return ImGui::BeginMenu(name.c_str());
    };
    ImGui::PushStyleColor(ImGuiCol_Text, look_[Token::text2]);
    if (plan.menus || begin("Menu")) {
        for (const std::string_view menu : menu_names()) {
            if (!begin(std::string(menu))) continue;
            if (compat::key_pressed(compat::key_escape, false)) ImGui::CloseCurrentPopup();
            ImGui::PushStyleColor(ImGuiCol_Text, look_[Token::text1]);
            ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(look_.px(16), look_.px(6)));
            draw_menu_items(menu);
            ImGui::PopStyleVar();
            ImGui::PopStyleColor();
            ImGui::EndMenu();
        }
        if (!plan.menus) ImGui::EndMenu();
    }
    ImGui::PopStyleColor();
}

void Shell::draw_command_item(std::string_view id, const char* origin) {
    const CommandInfo& command = info_of(id);
    const auto blocked = why_blocked(*this, command.id);
    std::string title(command.title);
    if (command.id == "edit.undo" && !blocked) title += " " + debugger_.undo_label();
    if (command.id == "edit.redo" && !blocked) title += " " + debugger_.redo_label();
    ImGui::PushID(command.id.data(), command.id.data() + command.id.size());
    if (menu_item(look_, title, command.key, std::nullopt, !blocked)) queue_.push(std::string(command.id), "", origin);
    if (ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled)) {
        const std::string tip = blocked ? *blocked : std::string(command.summary);
        ImGui::SetTooltip("%s", tip.c_str());
    }
    ImGui::PopID();
}

void Shell::draw_menu_items(std::string_view menu) {
    // A line where something else begins, if that is more than one command.
    std::vector<const CommandInfo*> items;
    for (const CommandInfo& command : every_command())
        if (command.menu == menu) items.push_back(&command);
    for (std::size_t i = 0; i < items.size(); ++i) {
        const bool begins = i > 0 && i + 1 < items.size() && group_of(*items[i]) != group_of(*items[i - 1]) &&
                            group_of(*items[i]) == group_of(*items[i + 1]);
        if (begins) ImGui::Separator();
        draw_command_item(items[i]->id, "menu");
    }
    if (menu != "File" || settings_.recent.empty()) return;
    ImGui::Separator();
    for (const Settings::Recent& recent : settings_.recent)
        if (ImGui::MenuItem(recent.path.c_str())) queue_.push("file.open", recent.path, "recent");
}

void Shell::draw_toolbar(const TitlePlan& plan, float x, float right, float height) {
    if (!debugger_.is_open()) return;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    x += look_.px(16);
    bool has_more = !plan.session && debugger_.recording().sessions() > 0, has_gap = false;
    const float end = right - look_.px(plan.tools < tools.size() || has_more ? 28 : 0);
    for (const Tool& tool : tools) {
        if (tool.command == "run.stop" && !debugger_.busy()) continue;
        if (tool.rank >= plan.tools || x + look_.px(14) > end) {
            has_more = true;
            continue;
        }
        if (has_gap) {
            draw_vline(list, x - look_.px(8), look_.px(13), height - look_.px(13), look_[Token::line2]);
            x += look_.px(tool_gap);
        }
        has_gap = tool.gap_after;
        const CommandInfo& command = info_of(tool.command);
        const auto blocked = why_blocked(*this, tool.command);
        const std::string tip =
            std::string(command.title) + ", " + std::string(command.key) + (blocked ? "\n" + *blocked : "");
        ImGui::PushID(tool.command.data());
        if (icon_button(look_, "tool", {x, height / 2}, tool.icon, !blocked, tip, 14, Token::text1))
            queue_.push(std::string(tool.command), "", "toolbar");
        ImGui::PopID();
        x += look_.px(tool_width);
    }
    if (has_more) draw_title_overflow(plan, x, height);
}

/// What the toolbar has no room for.
void Shell::draw_title_overflow(const TitlePlan& plan, float x, float height) {
    if (icon_button(look_, "more", {x - look_.px(4), height / 2}, icon::more, true, "More"))
        ImGui::OpenPopup("title-more");
    popup_below(look_, {{x - look_.px(16), look_.px(8)}, {x + look_.px(8), height - look_.px(8)}});
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, look_.px(8, 4));
    if (ImGui::BeginPopup("title-more")) {
        for (const Tool& tool : tools)
            if (tool.rank >= plan.tools) draw_command_item(tool.command, "toolbar");
        if (!plan.session && debugger_.recording().sessions() > 0) {
            if (plan.tools < tools.size()) ImGui::Separator();
            draw_session_items();
        }
        ImGui::EndPopup();
    }
    ImGui::PopStyleVar();
}

/// Returns where it begins.
float Shell::draw_title_right(const TitlePlan& plan, float height) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    float x = ImGui::GetIO().DisplaySize.x;
    const float top = look_.px(8), bottom = height - look_.px(8);
    if (icon_button(look_, "settings", {x - look_.px(22), height / 2}, icon::settings, true, "Settings, Ctrl+Comma"))
        open_settings_ = true;
    if (icon_button(look_, "theme", {x - look_.px(52), height / 2}, icon::theme, true, "Switch theme, Ctrl+T"))
        queue_.push("ui.theme", "", "toolbar");
    x -= look_.px(78);
    if (!plan.find_field) {
        if (icon_button(look_, "find", {x - look_.px(4), height / 2}, icon::find, true,
                        "Find a name or command, Ctrl+P"))
            queue_.push("ui.palette", "", "toolbar");
        x -= look_.px(30);
    } else {
        const float width = look_.px(find_width);
        const Hit state = hit("find", {x - width, top}, {x, bottom});
        draw_box(list, {x - width, top}, {x, bottom}, look_[state.hovered ? Token::bg3 : Token::bg2],
                 look_[Token::line2], look_.px(4));
        draw_text_in_row(list, look_, TextRole::body, x - width + look_.px(9), top, bottom - top, Token::text2,
                         icon::find);
        draw_text_in_row(list, look_, TextRole::body, x - width + look_.px(28), top, bottom - top, Token::text3,
                         "Find a name or command");
        tooltip(look_, "Find a name or command, Ctrl+P");
        if (state.clicked) queue_.push("ui.palette", "", "toolbar");
        x -= width + look_.px(10);
    }
    if (plan.version) {
        const std::string version = "TF 1." + std::to_string(debugger_.program().tf_minor);
        const float w = text_width(look_, TextRole::body, version);
        draw_text_in_row(list, look_, TextRole::body, x - w, 0, height, Token::text2, version);
        x -= w + look_.px(14);
    }
    if (debugger_.is_open() && plan.session && debugger_.recording().sessions() > 0) {
        const SessionId current = debugger_.current_session();
        const std::string name = current.valid() ? debug::session_text(current) : "no session yet";
        const float width = look_.px(session_width);
        if (drop_button(look_, "session", {x - width, top}, {x, bottom}, name, "Whose values are shown"))
            ImGui::OpenPopup("session-popup");
        popup_below(look_, {{x - width, top}, {x, bottom}});
        draw_session_popup();
        x -= width + look_.px(10);
    }
    draw_settings_popup();
    return x;
}

void Shell::draw_session_popup() {
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, look_.px(8, 4));
    if (ImGui::BeginPopup("session-popup")) {
        draw_session_items();
        ImGui::EndPopup();
    }
    ImGui::PopStyleVar();
}

void Shell::draw_session_items() {
    for (std::size_t i = 0; i < debugger_.recording().sessions(); ++i) {
        const std::string name = debug::session_text(SessionId(i));
        if (ImGui::MenuItem(name.c_str(), nullptr, debugger_.current_session() == SessionId(i)))
            queue_.push("session.choose", debug::session_number(SessionId(i)), "toolbar");
    }
}

} // namespace rnnscope::ui
