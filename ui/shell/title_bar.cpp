#include "core/view/variables_view.hpp"
#include "ui/shell/shell.hpp"
#include "ui/shell/ui_commands.hpp"
#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"

#include <algorithm>
#include <array>

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
};

} // namespace

void Shell::draw_title_bar(const PanelContext& ctx) {
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
        draw_menus(ctx);
        float x = ImGui::GetCursorScreenPos().x + look_.px(4);
        draw_vline(list, x, look_.px(10), height - look_.px(10), look_[Token::line2]);
        x += look_.px(14);
        if (debugger_.is_open()) x = draw_workspace_tabs(x, height);
        const float right = draw_title_right(ctx, height);
        draw_toolbar(ctx, x, right, height);
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
        for (const CommandInfo& info : every_command())
            if (info.id == command) tooltip(look_, std::string(info.summary) + "\n" + std::string(info.key));
        if (state.clicked) queue_.push(command, "", "toolbar");
        x += w + look_.px(2);
    }
    return x + look_.px(14);
}

void Shell::draw_menus(const PanelContext& ctx) {
    (void)ctx;
    ImGui::PushStyleColor(ImGuiCol_Text, look_[Token::text2]);
    for (const std::string_view menu : menu_names()) {
        const std::string name(menu);
        const bool open = ImGui::BeginMenu(name.c_str());
        if (!open) continue;
        if (compat::key_pressed(compat::key_escape, false)) ImGui::CloseCurrentPopup();
        ImGui::PushStyleColor(ImGuiCol_Text, look_[Token::text1]);
        ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(look_.px(16), look_.px(6)));
        for (const CommandInfo& command : every_command()) {
            if (command.menu != menu) continue;
            const auto blocked = why_blocked(*this, command.id);
            std::string title(command.title);
            if (command.id == "edit.undo" && !blocked) title += " " + debugger_.undo_label();
            if (command.id == "edit.redo" && !blocked) title += " " + debugger_.redo_label();
            ImGui::PushID(command.id.data(), command.id.data() + command.id.size());
            if (ImGui::MenuItem(title.c_str(), std::string(command.key).c_str(), false, !blocked))
                queue_.push(std::string(command.id), "", "menu");
            if (ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled)) {
                const std::string tip = blocked ? *blocked : std::string(command.summary);
                ImGui::SetTooltip("%s", tip.c_str());
            }
            ImGui::PopID();
        }
        if (menu == "File" && !settings_.recent.empty()) {
            ImGui::Separator();
            for (const Settings::Recent& recent : settings_.recent)
                if (ImGui::MenuItem(recent.path.c_str())) queue_.push("file.open", recent.path, "recent");
        }
        ImGui::PopStyleVar();
        ImGui::PopStyleColor();
        ImGui::EndMenu();
    }
    ImGui::PopStyleColor();
}

void Shell::draw_toolbar(const PanelContext& ctx, float x, float right, float height) {
    (void)ctx;
    if (!debugger_.is_open()) return;
    const std::array<Tool, 9> tools = {{{"step.back-over", icon::step_back, false},
                                        {"run.reverse-continue", icon::reverse_continue, true},
                                        {"run.continue", icon::resume, false},
                                        {"step.over", icon::step_over, false},
                                        {"step.into", icon::step_into, false},
                                        {"step.out", icon::step_out, false},
                                        {"go.failure", icon::go_to_failure, true},
                                        {"run.restart", icon::restart, false},
                                        {"run.stop", icon::stop, false}}};
    x += look_.px(16);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    for (const Tool& tool : tools) {
        if (tool.command == "run.stop" && !debugger_.busy()) continue;
        if (x + look_.px(16) > right) break; // every tool is in a menu, too
        const auto blocked = why_blocked(*this, tool.command);
        std::string tip;
        for (const CommandInfo& command : every_command())
            if (command.id == tool.command)
                tip = std::string(command.title) + ", " + std::string(command.key) + (blocked ? "\n" + *blocked : "");
        ImGui::PushID(tool.command.data());
        if (icon_button(look_, "tool", {x, height / 2}, tool.icon, !blocked, tip, 14, Token::text1))
            queue_.push(std::string(tool.command), "", "toolbar");
        ImGui::PopID();
        x += look_.px(32);
        if (!tool.gap_after) continue;
        draw_vline(list, x - look_.px(8), look_.px(13), height - look_.px(13), look_[Token::line2]);
        x += look_.px(10);
    }
}

/// Returns where it begins.
float Shell::draw_title_right(const PanelContext& ctx, float height) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    float x = ImGui::GetIO().DisplaySize.x;
    const float top = look_.px(8), bottom = height - look_.px(8);
    if (icon_button(look_, "settings", {x - look_.px(22), height / 2}, icon::settings, true, "Settings"))
        ImGui::OpenPopup("settings-popup");
    if (icon_button(look_, "theme", {x - look_.px(52), height / 2}, icon::theme, true, "Switch theme, Ctrl+T"))
        queue_.push("ui.theme", "", "toolbar");
    x -= look_.px(78);
    const float room = x / look_.scale; // what gives way first when there is little: the field, then the version
    if (room > 1120) {
        const float width = look_.px(196);
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
    if (debugger_.is_open() && room > 640) {
        const std::string version = "TF 1." + std::to_string(debugger_.program().tf_minor);
        const float w = text_width(look_, TextRole::body, version);
        if (room > 900) draw_text_in_row(list, look_, TextRole::body, x - w, 0, height, Token::text2, version);
        if (room > 900) x -= w + look_.px(14);
        const std::size_t sessions = debugger_.recording().sessions();
        if (sessions > 0) {
            const SessionId current = debugger_.current_session();
            const std::string name =
                current.valid() ? "session " + std::to_string(current.index() + 1) : "no session yet";
            const float width = look_.px(112);
            if (drop_button(look_, "session", {x - width, top}, {x, bottom}, name, "Whose values are shown"))
                ImGui::OpenPopup("session-popup");
            x -= width + look_.px(10);
        }
    }
    draw_session_popup(ctx);
    draw_settings_popup(ctx);
    return x;
}

void Shell::draw_session_popup(const PanelContext& ctx) {
    (void)ctx;
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, look_.px(8, 4));
    if (ImGui::BeginPopup("session-popup")) {
        for (std::size_t i = 0; i < debugger_.recording().sessions(); ++i) {
            const std::string name = "session " + std::to_string(i + 1);
            if (ImGui::MenuItem(name.c_str(), nullptr, debugger_.current_session() == SessionId(i)))
                queue_.push("session.choose", std::to_string(i), "toolbar");
        }
        ImGui::EndPopup();
    }
    ImGui::PopStyleVar();
}

void Shell::draw_settings_popup(const PanelContext& ctx) {
    (void)ctx;
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, look_.px(8, 4));
    if (ImGui::BeginPopup("settings-popup")) {
        ImGui::TextDisabled("Theme");
        for (const Theme& theme : all_themes()) {
            const std::string name = theme.name();
            if (ImGui::MenuItem(name.c_str(), nullptr, settings_.theme == name))
                queue_.push("ui.theme", name, "settings");
        }
        if (ImGui::MenuItem("as the desktop", nullptr, settings_.theme == "desktop"))
            queue_.push("ui.theme", "desktop", "settings");
        ImGui::Separator();
        ImGui::TextDisabled("Font size");
        for (const int percent : {80, 100, 125, 150, 200}) {
            const std::string name = std::to_string(percent) + " %";
            if (ImGui::MenuItem(name.c_str(), nullptr, settings_.font_percent == percent))
                settings_.font_percent = percent;
        }
        ImGui::Separator();
        if (ImGui::MenuItem("Reduce motion", nullptr, settings_.reduce_motion))
            queue_.push("ui.reduce-motion", "", "settings");
        if (ImGui::MenuItem("Reset workspace")) queue_.push("ui.reset-layout", "", "settings");
        ImGui::EndPopup();
    }
    ImGui::PopStyleVar();
}

} // namespace rnnscope::ui
