#include "tests/ui/command_drives.hpp"
#include "ui/shell/ui_commands.hpp"

#include <vector>

/// Every command of the window's table, as ui_commands has them.
namespace rnnscope::ui {
namespace {

using Expect = std::function<bool(Harness&, const Before&)>;

bool is_light(Harness& h, const Before& before) {
    return h.shell().theme() != before.theme;
}
Expect clipboard_has(std::string text) {
    return [text](Harness&, const Before&) {
        const char* now = ImGui::GetClipboardText();
        return now != nullptr && std::string(now).find(text) != std::string::npos;
    };
}
Expect shows(std::string text) {
    return [text](Harness& h, const Before&) { return h.shows(text); };
}
Expect workspace_is(std::string_view name) {
    return [name](Harness& h, const Before&) { return h.shell().settings().workspace == name; };
}
Expect traces(view::TraceWay way) {
    return [way](Harness& h, const Before&) { return h.shell().graph().traced() == way; };
}
Expect saves_picture_of(std::string_view panel) {
    return [panel](Harness& h, const Before&) {
        const auto shot = h.shell().take_screenshot_request();
        return shot && shot->panel == panel && shot->part.width() > 100;
    };
}
bool is_drawn(Harness& h, const Before&) {
    return h.shell().panel_rects().contains("graph");
}

const std::string in_graph = "; panel.show graph", lesson = "lesson.start lazy_variables.json";

const std::vector<Drive>& all() {
    // clang-format off
    static const std::vector<Drive> drives = {
        {"ui.welcome", ended, "", [](Harness& h, const Before&) { return h.shell().welcome(); }},
        {"ui.sample", "", "seed_a_ok.json", [](Harness& h, const Before&) { return h.debugger().is_open(); }},
        {"ui.twin", failed, "", [](Harness& h, const Before&) { return h.debugger().program().file == "seed_a_ok.json"; }},
        {"panel.screenshot", ended + in_graph, "", saves_picture_of("graph")},
        {"ui.screenshot", ended, "", saves_picture_of("")},
        {"ui.settings", ended, "", shows("Size of everything")},
        {"ui.quit", ended, "", [](Harness& h, const Before&) { return h.shell().wants_quit(); }},
        {"ui.changes", failed + "; file.save-as @/own.json; fix.apply; !ui.quit", "discard", [](Harness& h, const Before&) { return h.shell().wants_quit(); }},
        {"ui.copy-error", failed, "", clipboard_has("FailedPreconditionError")},
        {"ui.copy-name", ended + on_kernel, "", clipboard_has(kernel)},
        {"value.copy", ended + on_kernel, "", clipboard_has("np.array")},
        {"value.form", ended + in_the_loop + on_product, "numbers", [](Harness& h, const Before&) { return h.shell().inspector().value().options().form == view::ValueForm::numbers; }},
        {"value.slice", ended + in_the_loop + on_product, "1", [](Harness& h, const Before&) { return h.shell().inspector().value().options().at == std::vector<std::int64_t>{1}; }},
        {"value.element", ended + in_the_loop + on_product, "1 2", [](Harness& h, const Before&) { return h.shell().inspector().value().options().column == 2; }},
        {"ui.menu", ended + on_kernel, "", shows("Copy name")},
        {"ui.palette", ended, "", shows("Find a name or command")},
        {"ui.filter", ended, "", [](Harness&, const Before&) { return ImGui::GetIO().WantTextInput; }},
        {"variables.uninitialized", ended, "", [](Harness& h, const Before&) { return h.shell().variables().options().only_uninitialized; }},
        {"variables.trainable", ended, "", [](Harness& h, const Before&) { return h.shell().variables().options().only_trainable; }},
        {"variables.coverage", ended, "scope=cell_0", [](Harness& h, const Before&) { return h.shell().variables().options().coverage == "scope=cell_0"; }},
        {"ui.theme", ended, "", is_light},
        {"ui.reduce-motion", ended, "", [](Harness& h, const Before&) { return h.shell().settings().reduce_motion; }},
        {"ui.font-larger", ended, "", [](Harness& h, const Before& b) { return h.shell().settings().font_percent == static_cast<int>(b.font_percent) + 10; }},
        {"ui.font-smaller", ended, "", [](Harness& h, const Before& b) { return h.shell().settings().font_percent == static_cast<int>(b.font_percent) - 10; }},
        {"ui.font-reset", ended + "; ui.font-larger; ui.font-larger", "", [](Harness& h, const Before&) { return h.shell().settings().font_percent == 100; }},
        {"workspace.debug", ended + "; workspace.graph", "", workspace_is("debug")},
        {"workspace.graph", ended, "", workspace_is("graph")},
        {"workspace.cell", ended, "", workspace_is("cell")},
        {"workspace.teach", ended, "", workspace_is("teach")},
        {"panel.show", ended, "plots", [](Harness& h, const Before&) { return h.shell().focused_panel() == "plots"; }},
        {"panel.next", ended + in_graph, "", [](Harness& h, const Before&) { return h.shell().focused_panel() != "graph"; }},
        {"panel.previous", ended + in_graph, "", [](Harness& h, const Before&) { return h.shell().focused_panel() != "graph"; }},
        {"panel.maximize", ended + in_graph, "", [](Harness& h, const Before&) { return h.shell().panel_rects().size() == 1; }},
        {"panel.close", ended + "; panel.show timeline", "", [](Harness& h, const Before&) { return !h.shell().panel_rects().contains("timeline"); }},
        {"ui.reset-layout", ended + "; panel.close timeline", "", [](Harness& h, const Before&) { return h.shell().dock() == find_workspace("debug")->dock(); }},
        {"cell.layer", ended, "1", [](Harness& h, const Before&) { return h.shell().cell().chosen().track == 1; }},
        {"cell.unit", ended, "7", [](Harness& h, const Before&) { return h.shell().cell().chosen().unit == 7; }},
        {"cell.example", ended, "1", [](Harness& h, const Before&) { return h.shell().cell().chosen().example == 1; }},
        {"cell.products", ended, "c", [](Harness& h, const Before&) { return h.shell().cell().chosen().products_of == 'c'; }},
        {"cell.next-unit", ended + "; workspace.cell; cell.unit 7", "", [](Harness& h, const Before&) { return h.shell().cell().chosen().unit == 8; }},
        {"cell.previous-unit", ended + "; workspace.cell; cell.unit 7", "", [](Harness& h, const Before&) { return h.shell().cell().chosen().unit == 6; }},
        {"cell.play", ended + "; workspace.cell", "", [](Harness& h, const Before&) { return h.shell().cell().is_playing(); }},
        {"plot.log", trained, "", [](Harness& h, const Before&) { return h.shell().plots().is_log(); }},
        {"plot.toggle", trained, "loss:0", [](Harness& h, const Before&) { return !h.shell().plots().toggle(h.debugger(), "no such"); }},
        {"graph.fit", ended, "", is_drawn},
        {"graph.selection", ended + on_product, "", shows("MatMul")},
        {"graph.failure", failed, "", is_drawn},
        {"graph.zoom-in", ended, "", is_drawn},
        {"graph.zoom-out", ended, "", is_drawn},
        {"graph.back", ended + on_product + "; graph.selection" + on_kernel + "; graph.selection", "", [](Harness& h, const Before&) { return h.shell().graph().can_go_forward(); }},
        {"graph.forward", ended + on_product + "; graph.selection" + on_kernel + "; graph.selection; graph.back", "", [](Harness& h, const Before&) { return !h.shell().graph().can_go_forward(); }},
        {"graph.search", ended, "", [](Harness&, const Before&) { return ImGui::GetIO().WantTextInput; }},
        {"graph.trace-inputs", ended + on_product, "", traces(view::TraceWay::inputs)},
        {"graph.trace-outputs", ended + on_product, "", traces(view::TraceWay::outputs)},
        {"graph.trace-end", ended + on_product + "; graph.trace-inputs", "", traces(view::TraceWay::none)},
        {"graph.color", ended, "device", [](Harness& h, const Before&) { return h.shell().settings().graph_color == "device"; }},
        {"graph.series", ended, "", [](Harness& h, const Before&) { return !h.shell().settings().fold_series; }},
        {"graph.toggle", ended + "; graph.collapse-all; select.scope rnn/rnn", "", is_drawn},
        {"graph.expand-all", ended, "", is_drawn},
        {"graph.collapse-all", ended, "", is_drawn},
        {"lesson.start", "", "inside_the_loop.json", [](Harness& h, const Before&) { return h.shell().lesson().lesson() != nullptr; }},
        {"lesson.show", lesson, "", [](Harness& h, const Before&) { return h.shell().lesson().step_done(); }},
        {"lesson.next", lesson, "", [](Harness& h, const Before&) { return h.shell().lesson().step() == 1; }},
        {"lesson.back", lesson + "; lesson.next", "", [](Harness& h, const Before&) { return h.shell().lesson().step() == 0; }},
        {"lesson.stop", lesson, "", [](Harness& h, const Before&) { return h.shell().lesson().lesson() == nullptr; }},
        {"ui.keys", ended, "", [](Harness& h, const Before&) { return h.shell().page().is_open(); }},
    };
    // clang-format on
    return drives;
}

} // namespace

std::span<const Drive> window_drives() {
    return all();
}

} // namespace rnnscope::ui
