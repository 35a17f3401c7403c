#include "ui/panels/panel.hpp"

namespace rnnscope::ui {

void push_select(const PanelContext& ctx, const debug::Selection& selection, const char* origin) {
    using Kind = debug::Selection::Kind;
    const Graph* graph = ctx.debugger.graph();
    switch (selection.kind) {
    case Kind::none:
        break;
    case Kind::node:
        if (graph && selection.node.index() < graph->size())
            ctx.commands.push("select.node", graph->node(selection.node).name, origin);
        break;
    case Kind::variable:
        if (graph && selection.variable.index() < graph->variables().size())
            ctx.commands.push("select.variable", graph->variable(selection.variable).name, origin);
        break;
    case Kind::scope:
        ctx.commands.push("select.scope", selection.scope, origin);
        break;
    case Kind::statement:
        ctx.commands.push("select.line", std::to_string(view::line_of(ctx.debugger, selection.statement)), origin);
        break;
    }
}

void push_menu(const PanelContext& ctx, const debug::Selection& selection, const char* origin) {
    push_select(ctx, selection, origin);
    ctx.commands.push("ui.menu", "", origin);
}

} // namespace rnnscope::ui
