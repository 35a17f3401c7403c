#include "ui/panels/graph_panel.hpp"

#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"

namespace rnnscope::ui {

void GraphPanel::draw(const PanelContext& ctx, const Rect& rect) {
    const Look& look = ctx.look;
    Child panel("graph", rect, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const Rect body = panel_header(ctx, rect, icon::graph, "Graph");
    draw_path(ctx, {rect.a, {rect.b.x, body.a.y}});
    const Graph* graph = ctx.debugger.is_open() ? ctx.debugger.graph() : nullptr;
    if (!graph || ctx.debugger.visible_nodes() == 0)
        return draw_empty(look, body, "No op exists yet at this position.");
    draw_empty(look, body, view::count_text(ctx.debugger.visible_nodes(), "op") + " at this position.");
}

/// Every scope of the selected name is a link.
void GraphPanel::draw_path(const PanelContext& ctx, const Rect& header) {
    const Look& look = ctx.look;
    const Graph* graph = ctx.debugger.is_open() ? ctx.debugger.graph() : nullptr;
    if (!graph) return;
    const debug::Selection& selection = ctx.debugger.selection();
    std::string path;
    using Kind = debug::Selection::Kind;
    if (selection.kind == Kind::node && selection.node.index() < graph->size()) path = graph->node(selection.node).name;
    if (selection.kind == Kind::variable && selection.variable.index() < graph->variables().size())
        path = graph->variable(selection.variable).name;
    if (selection.kind == Kind::scope) path = selection.scope;
    if (path.empty()) return;
    float x = header.a.x + look.px(92);
    const float right = header.b.x - look.px(110);
    const std::string shown = fit_path(look, TextRole::mono, path, (right - x) * 0.75f);
    std::size_t skipped = path.size() - shown.size();
    std::size_t start = 0;
    if (shown != path) {
        start = shown.find('/') + 1;
        skipped = path.size() - (shown.size() - start);
        x += draw_text_in_row(*ImGui::GetWindowDrawList(), look, TextRole::mono, x, header.a.y, header.height(),
                              Token::text3, "… / ");
    } else {
        skipped = 0;
    }
    std::string_view rest = std::string_view(path).substr(skipped);
    std::size_t offset = skipped;
    int id = 0;
    while (!rest.empty() && x < right) {
        const std::size_t slash = rest.find('/');
        const std::string part(rest.substr(0, slash));
        const bool last = slash == std::string_view::npos;
        ImDrawList& list = *ImGui::GetWindowDrawList();
        const float width = text_width(look, TextRole::mono, part);
        ImGui::PushID(id++);
        const Hit state = hit("part", {x, header.a.y}, {x + width, header.b.y});
        ImGui::PopID();
        draw_text_in_row(list, look, TextRole::mono, x, header.a.y, header.height(),
                         last || state.hovered ? Token::text1 : Token::text2, part);
        if (state.hovered && !last) draw_hline(list, x, x + width, header.b.y - look.px(8), look[Token::accent]);
        if (state.clicked && !last)
            push_select(ctx, view::select_scope(ctx.debugger, path.substr(0, offset + part.size())), "panel:graph");
        x += width;
        if (last) break;
        x += draw_text_in_row(list, look, TextRole::mono, x, header.a.y, header.height(), Token::text3, " / ");
        offset += slash + 1;
        rest = rest.substr(slash + 1);
    }
}

} // namespace rnnscope::ui
