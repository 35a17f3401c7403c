#include "ui/shell/workspaces.hpp"

#include "core/debug/answer.hpp"
#include "ui/shell/shell.hpp"
#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"

#include <algorithm>
#include <array>

namespace rnnscope::ui {

namespace {

using Kind = Dock::Kind;
using Measure = Dock::Measure;

constexpr float narrow_window = 1280; // look pixels; below it the Inspector is a tab beside Problems

void count_problems(Shell& shell, const PanelContext& ctx, PanelTabs::Tab& tab) {
    const view::ProblemsView& view = shell.problems().shown(ctx);
    tab.count = view.cards.size() + view.warnings.size();
    tab.shouts = !view.cards.empty();
}

void count_preflight(Shell& shell, const PanelContext& ctx, PanelTabs::Tab& tab) {
    tab.count = shell.problems().shown(ctx).preflight.size();
}

void count_answers(Shell& shell, const PanelContext&, PanelTabs::Tab& tab) {
    tab.count = shell.debugger().answers().all().size();
}

// clang-format off
const std::array panels = {
    PanelDef{"source", "Source", icon::source, "variables",
             [](Shell& s, const PanelContext& ctx, const Rect& rect) { s.source().draw(ctx, rect); }},
    PanelDef{"variables", "Variables", icon::variables, "source",
             [](Shell& s, const PanelContext& ctx, const Rect& rect) { s.variables().draw(ctx, rect); }},
    PanelDef{"graph", "Graph", icon::graph, "source",
             [](Shell& s, const PanelContext& ctx, const Rect& rect) { s.graph().draw(ctx, rect); }},
    PanelDef{"inspector", "Inspector", icon::inspector, "problems",
             [](Shell& s, const PanelContext& ctx, const Rect& rect) { s.inspector().draw(ctx, rect); }},
    PanelDef{"timeline", "Timeline", icon::timeline, "problems",
             [](Shell& s, const PanelContext& ctx, const Rect& rect) { s.timeline().draw(ctx, rect); }},
    PanelDef{"problems", "Problems", icon::problems, "inspector",
             [](Shell& s, const PanelContext& ctx, const Rect& rect) { s.problems().draw(ctx, rect); }, count_problems},
    PanelDef{"preflight", "Preflight", icon::preflight, "problems",
             [](Shell& s, const PanelContext& ctx, const Rect& rect) { s.problems().draw_preflight(ctx, rect); }, count_preflight},
    PanelDef{"cell", "Cell", icon::cell, "graph",
             [](Shell& s, const PanelContext& ctx, const Rect& rect) { s.cell().draw(ctx, rect); }},
    PanelDef{"states", "States over time", icon::states, "graph",
             [](Shell& s, const PanelContext& ctx, const Rect& rect) { s.cell().draw_states(ctx, rect); }},
    PanelDef{"answers", "Answers", icon::answers, "problems",
             [](Shell& s, const PanelContext& ctx, const Rect& rect) { s.answers().draw(ctx, rect); }, count_answers},
    PanelDef{"plots", "Plots", icon::plots, "timeline",
             [](Shell& s, const PanelContext& ctx, const Rect& rect) { s.plots().draw(ctx, rect); }},
    PanelDef{"comparison", "Comparison", icon::compare, "graph",
             [](Shell& s, const PanelContext& ctx, const Rect& rect) { s.comparison().draw(ctx, rect); }},
    PanelDef{"lesson", "Lesson", icon::lesson, "problems",
             [](Shell& s, const PanelContext& ctx, const Rect& rect) { s.lesson().draw(ctx, rect); }},
};
// clang-format on

Dock debug_dock() {
    Dock left = Dock::split(Kind::rows, Measure::share, 0.527f, Dock::place({"source"}), Dock::place({"variables"}));
    Dock top = Dock::split(Kind::columns, Measure::second, 399, Dock::place({"graph"}), Dock::place({"inspector"}));
    Dock bottom = Dock::split(Kind::columns, Measure::share, 0.521f, Dock::place({"timeline", "plots"}),
                              Dock::place({"problems", "preflight"}));
    return Dock::split(Kind::columns, Measure::first, 430, std::move(left),
                       Dock::split(Kind::rows, Measure::second, 288, std::move(top), std::move(bottom)));
}

/// Nearly all of the window is the graph; what is selected stays beside it.
Dock graph_dock() {
    Dock left = Dock::split(Kind::rows, Measure::share, 0.5f, Dock::place({"variables", "source"}),
                            Dock::place({"inspector", "problems"}));
    return Dock::split(Kind::columns, Measure::first, 360, std::move(left), Dock::place({"graph", "timeline"}));
}

/// The inside of a recurrent cell: what it computes, and beside it how that went over time.
Dock cell_dock() {
    return Dock::split(Kind::columns, Measure::first, 620, Dock::place({"cell"}), Dock::place({"states", "timeline"}));
}

/// What is said and where it stands in the program, large enough for a room.
Dock teach_dock() {
    Dock left =
        Dock::split(Kind::rows, Measure::share, 0.58f, Dock::place({"source", "variables"}), Dock::place({"lesson"}));
    Dock bottom = Dock::split(Kind::columns, Measure::share, 0.5f, Dock::place({"timeline", "plots"}),
                              Dock::place({"problems", "inspector"}));
    Dock right = Dock::split(Kind::rows, Measure::second, 300, Dock::place({"graph"}), std::move(bottom));
    return Dock::split(Kind::columns, Measure::first, 560, std::move(left), std::move(right));
}

constexpr std::array workspaces = {
    WorkspaceDef{"debug", "Debug", debug_dock},
    WorkspaceDef{"graph", "Graph", graph_dock},
    WorkspaceDef{"cell", "Cell", cell_dock},
    WorkspaceDef{"teach", "Teach", teach_dock},
};

} // namespace

std::span<const PanelDef> all_panels() {
    return panels;
}

const PanelDef* find_panel(std::string_view name) {
    const auto found = std::ranges::find(panels, name, &PanelDef::name);
    return found == panels.end() ? nullptr : &*found;
}

std::span<const std::string_view> panel_names() {
    static const std::vector<std::string_view> names = [] {
        std::vector<std::string_view> out;
        for (const PanelDef& panel : panels) out.push_back(panel.name);
        return out;
    }();
    return names;
}

std::span<const WorkspaceDef> all_workspaces() {
    return workspaces;
}

const WorkspaceDef* find_workspace(std::string_view name) {
    const auto found = std::ranges::find(workspaces, name, &WorkspaceDef::name);
    return found == workspaces.end() ? nullptr : &*found;
}

Dock& Shell::dock() {
    const WorkspaceDef* def = find_workspace(settings_.workspace);
    if (!def) def = &workspaces.front();
    settings_.workspace = def->name;
    const auto [kept, fresh] = settings_.docks.try_emplace(settings_.workspace);
    // What an older or newer version kept may name panels that this one does not have.
    if (fresh || (!checked_docks_.contains(settings_.workspace) && !tidy(kept->second, panel_names())))
        kept->second = def->dock();
    checked_docks_.insert(settings_.workspace);
    return kept->second;
}

void Shell::show_workspace(std::string_view name) {
    settings_.workspace = name;
    maximized_.clear();
    welcome_ = false;
}

void Shell::show_panel(std::string_view name) {
    const PanelDef* def = find_panel(name);
    if (!def) return;
    bring_to_front(dock(), name, std::span(&def->beside, 1));
    folded_in_front_ = name == "inspector";
    if (!maximized_.empty()) maximized_ = name;
    wants_focus_ = name;
}

void Shell::uncover_panel(std::string_view name) {
    const PanelDef* def = find_panel(name);
    if (def && holds(dock(), name)) bring_to_front(dock(), name, std::span(&def->beside, 1));
}

void Shell::lead_to(std::string_view name) {
    if (!maximized_.empty() && maximized_ != name) maximized_ = name; // else it would be behind what is large
    const std::string keyboard = wants_focus_;
    if (holds(dock(), name))
        uncover_panel(name);
    else
        show_panel(name);
    wants_focus_ = keyboard;
}

void Shell::show_statement() {
    if (welcome()) return;
    lead_to("source");
    source_.show_selected();
}

void Shell::close_panel(std::string_view name) {
    remove_panel(dock(), name);
    if (maximized_ == name) maximized_.clear();
}

void Shell::maximize_panel(std::string_view name) {
    maximized_ = maximized_ == name ? "" : std::string(name);
}

/// The panel after the focused one, in the order of the places: through all of them by one key.
void Shell::focus_next(bool forward) {
    if (order_.empty()) return;
    const auto at = std::ranges::find(order_, focused_);
    const std::size_t n = order_.size(), i = static_cast<std::size_t>(at - order_.begin());
    wants_focus_ = at == order_.end() ? order_.front() : order_[(i + (forward ? 1 : n - 1)) % n];
}

void Shell::draw_workspace(const PanelContext& ctx, const Rect& body) {
    const DockFold fold{"inspector", "problems", folded_in_front_};
    const bool narrow = body.width() / look_.scale < narrow_window;
    DockDrawing drawing = arrange(dock(), body, look_.scale, narrow ? &fold : nullptr);
    if (!maximized_.empty() && holds(dock(), maximized_)) {
        drawing.lines.clear();
        std::erase_if(drawing.places, [&](const DockPlace& place) {
            return std::ranges::find(place.panels, maximized_) == place.panels.end();
        });
        for (DockPlace& place : drawing.places) place.rect = body;
    }
    order_.clear();
    panel_rects_.clear();
    for (const DockPlace& place : drawing.places) draw_place(ctx, place);
    draw_tab_menu();
    if (const LessonStep* step = lesson_.current(); step && !step->look_at.empty())
        for (const DockPlace& place : drawing.places)
            if (place.panels[place.front] == step->look_at)
                compat::add_rect(*ImGui::GetForegroundDrawList(), place.rect.a, place.rect.b, look_[Token::accent], 0,
                                 look_.px(2));
    // After the panels, so that the hairlines are above them.
    int id = 0;
    for (const DockLine& line : drawing.lines) {
        ImGui::PushID(id++);
        const Rect& at = line.line;
        const float before = line.vertical ? at.a.x : at.a.y;
        const float start = before - first_part(*line.split, line.room, look_.scale);
        if (const auto moved = drag_line(look_, "split", at, line.vertical))
            line.split->size = size_at(*line.split, *moved - start, line.room, look_.scale);
        ImGui::PopID();
    }
    if (!dragged_.empty()) drag_panel(drawing);
}

void Shell::draw_place(const PanelContext& ctx, const DockPlace& place) {
    PanelTabs tabs;
    tabs.front = place.front;
    PanelContext inner = ctx;
    for (const std::string& name : place.panels) {
        const PanelDef* def = find_panel(name);
        assert(def && "tidy drops what nobody knows");
        PanelTabs::Tab& tab = tabs.tabs.emplace_back(PanelTabs::Tab{def->name, def->title, def->icon, 0, false});
        if (def->count) def->count(*this, ctx, tab);
    }
    inner.tabs = &tabs;
    const PanelDef& front = *find_panel(place.panels[place.front]);
    order_.emplace_back(front.name);
    panel_rects_.emplace(front.name, place.rect);
    if (wants_focus_ == front.name) {
        ImGui::SetNextWindowFocus();
        wants_focus_.clear();
    }
    front.draw(*this, inner, place.rect);
    if (tabs.focused) focused_ = front.name;
    if (!tabs.chosen.empty() && dragged_.empty()) queue_.push("panel.show", std::string(tabs.chosen), "tab");
    if (!tabs.maximized.empty()) queue_.push("panel.maximize", std::string(tabs.maximized), "tab");
    if (!tabs.dragged.empty() && dragged_.empty()) dragged_ = tabs.dragged;
    if (!tabs.menu.empty()) {
        tab_menu_ = tabs.menu;
        ImGui::OpenPopup("tab-menu");
    }
}

void Shell::draw_tab_menu() {
    if (!ImGui::BeginPopup("tab-menu")) return;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(look_.px(16), look_.px(6))); // as in the menus
    const bool only = order_.size() == 1 && maximized_.empty();
    if (menu_item(look_, maximized_ == tab_menu_ ? "Normal size" : "Maximize", "Alt+Enter"))
        queue_.push("panel.maximize", tab_menu_, "tab");
    if (menu_item(look_, "Close", "Ctrl+F4", std::nullopt, !only)) queue_.push("panel.close", tab_menu_, "tab");
    ImGui::Separator();
    for (const PanelDef& panel : panels)
        if (!holds(dock(), panel.name) && ImGui::MenuItem(("Show " + std::string(panel.title)).c_str()))
            queue_.push("panel.show", std::string(panel.name), "tab");
    ImGui::Separator();
    if (ImGui::MenuItem("Reset workspace")) queue_.push("ui.reset-layout", "", "tab");
    ImGui::PopStyleVar();
    ImGui::EndPopup();
}

/// Shows where the dragged panel would go, and puts it there when the button is let go.
void Shell::drag_panel(const DockDrawing& drawing) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    if (compat::key_pressed(compat::key_escape, false)) dragged_.clear();
    ImDrawList& list = *ImGui::GetForegroundDrawList();
    for (const DockPlace& place : drawing.places) {
        if (dragged_.empty() || !place.rect.has(mouse)) continue;
        const DropZone zone = zone_at(place.rect, mouse);
        const std::string& target = place.panels[place.front];
        const bool alone = place.panels.size() == 1 && target == dragged_;
        const Rect zone_at_place = zone_rect(place.rect, alone ? DropZone::tabs : zone);
        list.AddRectFilled(zone_at_place.a, zone_at_place.b, with_alpha(look_[Token::accent], 0.18));
        compat::add_rect(list, zone_at_place.a, zone_at_place.b, look_[Token::accent], look_.px(2), look_.px(2));
        if (!ImGui::IsMouseDown(0)) move_panel(dock(), dragged_, target, zone);
    }
    if (!ImGui::IsMouseDown(0)) dragged_.clear();
    if (dragged_.empty()) return;
    const std::string_view title = find_panel(dragged_)->title;
    const float w = text_width(look_, TextRole::body_bold, title) + look_.px(20), h = look_.px(24);
    const ImVec2 at{mouse.x + look_.px(12), mouse.y + look_.px(8)};
    draw_box(list, at, {at.x + w, at.y + h}, look_[Token::bg2], look_[Token::line2], look_.px(4));
    draw_text_in_row(list, look_, TextRole::body_bold, at.x + look_.px(10), at.y, h, Token::text1, title);
}

} // namespace rnnscope::ui
