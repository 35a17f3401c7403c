#include "ui/panels/graph_panel.hpp"

#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <cmath>
#include <utility>

namespace rnnscope::ui {

void GraphPanel::draw(const PanelContext& ctx, const Rect& rect) {
    const Look& look = ctx.look;
    Child panel("graph", rect, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const PanelHeader body = panel_header(ctx, rect, icon::graph, "Graph", 160);
    const float left = body.left + look.px(16);
    const Graph* graph = ctx.debugger.is_open() ? ctx.debugger.graph() : nullptr;
    if (!graph || ctx.debugger.visible_nodes() == 0) {
        nodes_ = 0;
        draw_path(ctx, {{left, rect.a.y}, {rect.b.x - look.px(10), body.a.y}});
        draw_empty(look, body, "No op exists yet at this position.");
        const float width = button_width(look, icon::resume, "Continue");
        const ImVec2 at{body.a.x + (body.width() - width) / 2, body.a.y + body.height() / 3 + look.px(30)};
        if (ctx.debugger.is_open() && !ctx.stamp.busy && !ctx.debugger.at_end() &&
            button(look, "continue", at, look.px(28), icon::resume, "Continue", ButtonTone::accent, true, nullptr))
            ctx.commands.push("run.continue", "", "panel:graph");
        return;
    }
    draw_tools(ctx, {{body.left, rect.a.y}, {rect.b.x, body.a.y}});
    float right = draw_search(ctx, {{left, rect.a.y}, {rect.b.x, body.a.y}});
    right = draw_trace_chip(ctx, {{left, rect.a.y}, {right, body.a.y}}, body);
    draw_path(ctx, {{left, rect.a.y}, {right, body.a.y}});
    draw_graph(ctx, body);
}

void GraphPanel::trace(const debug::Debugger& debugger, view::TraceWay way) {
    Trace asked{way, {}, false};
    using Kind = debug::Selection::Kind;
    const debug::Selection& selection = debugger.selection();
    const Graph& graph = *debugger.graph();
    asked.is_scope = selection.kind == Kind::scope;
    if (asked.is_scope) asked.name = selection.scope;
    if (selection.kind == Kind::node && selection.node.index() < graph.size())
        asked.name = graph.node(selection.node).name;
    if (selection.kind == Kind::variable && selection.variable.index() < graph.variables().size())
        asked.name = graph.variable(selection.variable).name;
    trace_ = asked == trace_ || asked.name.empty() ? Trace{} : std::move(asked);
}

/// What is traced, and the way out of it: in the header, or where that has no room over the graph. Returns the place to
/// its left.
float GraphPanel::draw_trace_chip(const PanelContext& ctx, const Rect& header, const Rect& body) {
    if (trace_.way == view::TraceWay::none) return header.b.x;
    const Look& look = ctx.look;
    const bool is_here = !input(ctx).traced.empty(); // not in another graph, or before the op was made
    const char* words = !is_here                               ? "not in this graph: "
                        : trace_.way == view::TraceWay::inputs ? "inputs of "
                                                               : "outputs of ";
    const float height = look.px(20), close = look.px(20), pad = look.px(8), least_path = look.px(110);
    const float fixed = pad + text_width(look, TextRole::caption, words) + close;
    const std::string_view name = view::last_segments(trace_.name, 2);
    const float wanted = fixed + text_width(look, TextRole::mono_small, name);
    const bool is_over = header.width() < wanted + least_path;
    const float room = (is_over ? body.width() - look.px(16) : header.width() - least_path);
    const float width = std::min(wanted, room);
    const ImVec2 at = is_over
                          ? ImVec2{body.a.x + look.px(8), body.a.y + look.px(8)}
                          : ImVec2{header.b.x - look.px(6) - width, std::floor((header.a.y + header.b.y - height) / 2)};
    const Rect place{at, {at.x + width, at.y + height}};
    // Over the graph it is a window of its own, so that the pointer finds it first.
    Child own("trace", place, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoBackground);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    draw_box(list, place.a, place.b, look[is_here ? Token::accent_bg : Token::bg3],
             look[is_here ? Token::accent : Token::line3], height / 2);
    float x = at.x + pad;
    x += draw_text_in_row(list, look, TextRole::caption, x, at.y, height, Token::text2, words);
    draw_text_in_row(list, look, TextRole::mono_small, x, at.y, height, is_here ? Token::text1 : Token::text2,
                     fit_text(look, TextRole::mono_small,
                              fit_path(look, TextRole::mono_small, name, place.b.x - close - x),
                              place.b.x - close - x));
    (void)hit("what", at, {place.b.x - close, place.b.y});
    tooltip(look, is_here ? "Bright is next to " + trace_.name +
                                ", dimmed is further away, dark is none of it. Escape ends the trace."
                          : "The graph has no " + trace_.name + " at this position. Escape ends the trace.");
    if (icon_button(look, "end", {place.b.x - close / 2 - look.px(1), at.y + height / 2}, icon::close, true,
                    "End the trace, Escape", 10))
        ctx.commands.push("graph.trace-end", "", "panel:graph");
    return is_over ? header.b.x : at.x - look.px(8);
}

void GraphPanel::draw_tools(const PanelContext& ctx, const Rect& header) {
    const Look& look = ctx.look;
    // From the right, as many as there is room for: the others are in the menus, too.
    const auto tool = [&](const char* id, float from_right, std::string_view icon, bool enabled, std::string_view tip) {
        const ImVec2 at{header.b.x - look.px(from_right), (header.a.y + header.b.y) / 2};
        return at.x - look.px(12) > header.a.x && icon_button(look, id, at, icon, enabled, tip);
    };
    if (tool("fit", 20, icon::zoom_fit, true, "Zoom to fit")) canvas_.fit();
    if (tool("selection", 46, icon::zoom_selection, true, "Zoom to selection")) show_selected_ = true;
    if (tool("forward", 72, icon::forward, canvas_.can_go_forward(), "Forward to where the view was"))
        canvas_.forward();
    if (tool("back", 96, icon::back, canvas_.can_go_back(), "Back to where the view was")) canvas_.back();
    if (tool("find", 122, icon::find, true, "Search the graph")) {
        search_open_ = !search_open_;
        focus_search_ = search_open_;
        if (!search_open_) search_.clear();
    }
    if (tool("colors", 148, icon::colors, true, "What the colours say: " + std::string(view::describe(color_by_))))
        ImGui::OpenPopup("colors");
    draw_color_menu(ctx);
}

void GraphPanel::draw_color_menu(const PanelContext& ctx) {
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ctx.look.px(8, 4));
    if (ImGui::BeginPopup("colors")) {
        for (const view::ColorBy by : view::all_color_by())
            if (ImGui::MenuItem(std::string(view::describe(by)).c_str(), nullptr, by == color_by_))
                ctx.commands.push("graph.color", std::string(view::name_of(by)), "panel:graph");
        ImGui::EndPopup();
    }
    ImGui::PopStyleVar();
}

/// Of the position, made anew only when the scene or the colours are others.
const view::SceneColors& GraphPanel::scene_colors(const PanelContext& ctx, const view::Scene& scene) {
    const view::NodeColors& nodes = colors_.get(ctx.debugger, ctx.debugger.visible_nodes(), color_by_);
    const std::array made_of{scene.topology, scene.revision, nodes.version};
    if (made_of != colored_) scene_colors_ = view::scene_colors(scene, nodes);
    colored_ = made_of;
    return scene_colors_;
}

/// Opens what the position and the selection are about.
void GraphPanel::follow(const PanelContext& ctx, const view::SceneInput& input) {
    // Another program, or the same one from its start. What was opened by hand is kept, by name.
    if (nodes_ == 0 && input.nodes > 0) {
        failed_ = {};
        canvas_.fit();
    }
    if (!arranged_ && input.nodes != nodes_ && !input.failure) view_.expand_outer(input);
    nodes_ = input.nodes;
    if (expand_all_) view_.expand_all(input);
    expand_all_ = false;
    const NodeId failed = input.failure ? input.failure->node : NodeId{};
    const bool is_new_failure = failed.valid() && failed != failed_;
    if (is_new_failure) {
        if (!arranged_) view_.collapse_all(); // what was opened only to have something on the screen
        view_.auto_expand_to(input);
        canvas_.show_failure();
    }
    failed_ = failed;
    view_.unfold(input, input.current);
    for (const debug::Breakpoint& breakpoint : ctx.debugger.breakpoints())
        if (breakpoint.kind == debug::Breakpoint::Kind::op) view_.unfold(input, input.graph->find(breakpoint.name));
    if (show_failed_ && input.failure) {
        view_.auto_expand_to(input);
        canvas_.show_failure();
    }
    show_failed_ = false;
    const debug::Selection& selection = ctx.debugger.selection();
    const bool changed = !(selection == shown_);
    shown_ = selection;
    NodeId node = selection.node;
    if (selection.kind == debug::Selection::Kind::variable &&
        selection.variable.index() < input.graph->variables().size())
        node = input.graph->variable(selection.variable).op;
    const bool named =
        selection.kind == debug::Selection::Kind::variable || selection.kind == debug::Selection::Kind::node;
    // Selected is what the person did last, whatever else the position brought; the failure itself is shown with its
    // path.
    const bool is_wanted = show_selected_ || (changed && !(is_new_failure && node == failed));
    if (named && is_wanted && node.valid() && node.index() < input.nodes) {
        view_.reveal(input, node);
        canvas_.show(node, show_selected_);
    }
    if (selection.kind == debug::Selection::Kind::scope && is_wanted) show_scope(input, selection.scope);
    show_selected_ = false;
}

/// Opens what is around it; an open scope comes into sight by the first op in it.
void GraphPanel::show_scope(const view::SceneInput& input, const std::string& path) {
    for (std::size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1))
        view_.set_expanded(path.substr(0, end), true);
    const std::string inside = path + "/";
    for (std::size_t i = 0; i < input.nodes; ++i)
        if (input.graph->node(NodeId(i)).name.starts_with(inside)) return canvas_.show(NodeId(i), show_selected_);
}

/// By name: the same op in the program's next evaluation is traced, too.
std::vector<NodeId> GraphPanel::traced_nodes(const Graph& graph, std::size_t nodes) const {
    if (trace_.way == view::TraceWay::none) return {};
    std::vector<NodeId> found;
    if (!trace_.is_scope) {
        const NodeId node = graph.find(trace_.name);
        if (node.valid() && node.index() < nodes) found.push_back(node);
        return found;
    }
    const std::string inside = trace_.name + "/";
    for (std::size_t i = 0; i < nodes; ++i)
        if (graph.node(NodeId(i)).name.starts_with(inside)) found.emplace_back(i);
    return found;
}

const view::SceneInput& GraphPanel::input(const PanelContext& ctx) {
    const Graph& graph = *ctx.debugger.graph();
    const Asked asked{trace_, search_, fold_series_};
    return input_.get(ctx.stamp, asked, [&] {
        view::SceneInput made = view::scene_input(ctx.debugger);
        made.fold_series = asked.fold_series;
        made.traced = view::trace_nodes(graph, traced_nodes(graph, made.nodes), trace_.way, made.nodes);
        matches_ = view::search_nodes(graph, asked.search, made.nodes);
        if (!matches_.empty()) made.found.assign(made.nodes, false);
        for (const NodeId node : matches_) made.found[node.index()] = true;
        made.version = ++version_;
        return made;
    });
}

/// The field at the right of the header, with how many ops are found; Enter goes from one to the next. Returns the
/// place to its left.
float GraphPanel::draw_search(const PanelContext& ctx, const Rect& header) {
    const Look& look = ctx.look;
    const float right = header.b.x - look.px(164);
    if (!search_open_) return right;
    const float left = std::max(header.a.x + look.px(80), right - look.px(220));
    const float middle = (header.a.y + header.b.y) / 2;
    const bool typed = text_field(look, "##search", {left, middle - look.px(11)}, {right, middle + look.px(11)},
                                  search_, "Name or type of an op", icon::find, focus_search_);
    focus_search_ = false;
    if (typed) match_ = 0;
    if (typed) input(ctx); // for the count beside the field
    // Dear ImGui ends the typing at Enter; it goes on here, for the next match.
    if (ImGui::IsItemDeactivated() && compat::key_pressed(compat::key_enter) && !matches_.empty()) {
        next_match(ctx);
        focus_search_ = true;
    }
    float at = left - look.px(8);
    if (!search_.empty()) {
        const std::string count = matches_.empty() ? "none" : view::count_text(matches_.size(), "op");
        const float width = text_width(look, TextRole::caption, count);
        draw_text_in_row(*ImGui::GetWindowDrawList(), look, TextRole::caption, at - width, header.a.y, header.height(),
                         matches_.empty() ? Token::warn : Token::text2, count);
        at -= width + look.px(8);
    }
    return at;
}

void GraphPanel::next_match(const PanelContext& ctx) {
    const NodeId node = matches_[match_++ % matches_.size()];
    push_select(ctx, view::select_node(ctx.debugger, node), "panel:graph:search");
    show_selected_ = true;
}

/// The scene of the input, or while that is being made the one before; null: there is none yet.
const view::Scene* GraphPanel::scene(const view::SceneInput& input) {
    laying_out_ = false;
    if (!background_) return &view_.scene(input);
    constexpr std::chrono::milliseconds patience{4}; // small graphs are there at once, and the frame is not late
    const view::Scene* scene = view_.scene_soon(input, patience);
    laying_out_ = view_.is_waiting();
    frames_waited_ = laying_out_ ? frames_waited_ + 1 : 0;
    return scene;
}

void GraphPanel::draw_waiting(const PanelContext& ctx, const Rect& body, const view::SceneInput& input,
                              bool any) const {
    constexpr int noticeable = 12; // frames; sooner it would only flicker
    const std::string text = "Laying out " + view::count_text(input.nodes, "op") + "…";
    if (!any)
        draw_empty(ctx.look, body, text);
    else if (frames_waited_ > noticeable)
        draw_text_in_row(*ImGui::GetWindowDrawList(), ctx.look, TextRole::caption, body.a.x + ctx.look.px(16), body.a.y,
                         ctx.look.px(28), Token::text2, text);
}

void GraphPanel::draw_graph(const PanelContext& ctx, const Rect& body) {
    drawn_ = true;
    const view::SceneInput& input = this->input(ctx);
    follow(ctx, input);
    const auto mark = [&](const debug::Selection& selection) {
        GraphMark result;
        using Kind = debug::Selection::Kind;
        if (selection.kind == Kind::node && selection.node.index() < input.nodes) result.node = selection.node;
        if (selection.kind == Kind::variable && selection.variable.index() < input.graph->variables().size())
            result.node = input.graph->variable(selection.variable).op;
        if (selection.kind == Kind::scope) result.path = selection.scope;
        return result;
    };
    GraphCanvas::Options options;
    options.selected = mark(ctx.debugger.selection());
    options.lit = mark(ctx.lit);
    options.reduce_motion = reduce_motion_;
    std::vector<GraphRequest> requests;
    const view::Scene* scene = this->scene(input);
    options.is_waiting = laying_out_;
    if (scene && !toggled_.empty()) toggle_asked(*scene);
    if (scene) options.colors = &scene_colors(ctx, *scene);
    if (scene) canvas_.draw(*scene, ctx.look, body.a, body.b, options, requests);
    if (laying_out_) draw_waiting(ctx, body, input, scene != nullptr);
    // What is drawn can be of a position before, with more ops than there are now.
    std::erase_if(requests, [&](const GraphRequest& r) { return r.node.valid() && r.node.index() >= input.nodes; });
    const auto selection_of = [&](NodeId node, const std::string& path) {
        if (!node.valid()) return view::select_scope(ctx.debugger, path);
        const Variable* variable = input.graph->variable_of(node);
        return variable ? view::select_variable(ctx.debugger, variable->id) : view::select_node(ctx.debugger, node);
    };
    const GraphMark& hovered = canvas_.hovered();
    const bool exists = !hovered.node.valid() || hovered.node.index() < input.nodes;
    if (scene && exists && !hovered.empty()) ctx.hovered = selection_of(hovered.node, hovered.path);
    for (const GraphRequest& request : requests) {
        switch (request.kind) {
        case GraphRequest::Kind::toggle_scope:
            ctx.commands.push("graph.toggle", request.path, "panel:graph");
            break;
        case GraphRequest::Kind::select_node:
        case GraphRequest::Kind::select_scope:
            shown_ = selection_of(request.node, request.path); // it is on the screen already
            push_select(ctx, shown_, "panel:graph");
            break;
        case GraphRequest::Kind::open_menu:
            shown_ = selection_of(request.node, request.path);
            push_menu(ctx, shown_, "panel:graph");
            break;
        case GraphRequest::Kind::clear_selection:
            break;
        }
    }
}

/// A scope that has no box of its own is the first that is drawn inside it, as "rnn / while" stands for rnn.
void GraphPanel::toggle_asked(const view::Scene& scene) {
    for (std::string path = std::exchange(toggled_, {}); !path.empty();) {
        const std::string inside = path + "/";
        for (const view::SceneBox& box : scene.boxes) {
            if (box.kind != view::BoxKind::scope || (box.path != path && !box.path.starts_with(inside))) continue;
            arranged_ = true;
            return view_.toggle(box.path);
        }
        const std::size_t end = path.rfind('/'); // an op: the scope around it
        path.resize(end == std::string::npos ? 0 : end);
    }
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
    float x = header.a.x;
    const float right = header.b.x;
    if (right - x < look.px(40)) return;
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
        const std::string word = fit_text(look, TextRole::mono, part, right - x);
        const bool last = slash == std::string_view::npos;
        ImDrawList& list = *ImGui::GetWindowDrawList();
        const float width = text_width(look, TextRole::mono, word);
        ImGui::PushID(id++);
        const Hit state = hit("part", {x, header.a.y}, {x + width, header.b.y});
        ImGui::PopID();
        draw_text_in_row(list, look, TextRole::mono, x, header.a.y, header.height(),
                         last || state.hovered ? Token::text1 : Token::text2, word);
        if (state.hovered && !last) draw_hline(list, x, x + width, header.b.y - look.px(8), look[Token::accent]);
        if (state.clicked && !last)
            push_select(ctx, view::select_scope(ctx.debugger, path.substr(0, offset + part.size())), "panel:graph");
        if (state.wants_menu)
            push_menu(ctx, last ? selection : view::select_scope(ctx.debugger, path.substr(0, offset + part.size())),
                      "panel:graph");
        x += width;
        if (last || word != part || x + text_width(look, TextRole::mono, " / ") > right) break;
        x += draw_text_in_row(list, look, TextRole::mono, x, header.a.y, header.height(), Token::text3, " / ");
        offset += slash + 1;
        rest = rest.substr(slash + 1);
    }
}

} // namespace rnnscope::ui
