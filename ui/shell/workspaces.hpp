#pragma once

#include "ui/shell/dock.hpp"

#include <span>
#include <string_view>

namespace rnnscope::ui {

class Shell;

/// A panel that a workspace can show. Places know it by `name`.
struct PanelDef {
    std::string_view name, title, icon;
    std::string_view beside; ///< whose place it joins as a tab when it is asked for and is nowhere
    void (*draw)(Shell&, const PanelContext&, const Rect&) = nullptr;
    /// The number on its tab; null: none.
    void (*count)(Shell&, const PanelContext&, PanelTabs::Tab&) = nullptr;
};
std::span<const PanelDef> all_panels();
const PanelDef* find_panel(std::string_view name);
std::span<const std::string_view> panel_names();

/// An arrangement of panels for one kind of work. Each keeps what the person made of it.
struct WorkspaceDef {
    std::string_view name, title;
    Dock (*dock)() = nullptr; ///< as it is at first
};
std::span<const WorkspaceDef> all_workspaces();
const WorkspaceDef* find_workspace(std::string_view name);

} // namespace rnnscope::ui
