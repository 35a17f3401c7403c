#include "core/view/first_steps.hpp"

#include "core/debug/session_choices.hpp"
#include "core/debug/session_commands.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rnnscope::view {

using debug::Debugger;

namespace {

/// "a, b and 3 more", each of the first few a link.
void add_names(const Debugger& debugger, const std::vector<NodeId>& nodes, std::vector<Link>& sentence) {
    constexpr std::size_t most = 3;
    const Graph& graph = *debugger.graph();
    const std::size_t shown = nodes.size() > most + 1 ? most : nodes.size();
    for (std::size_t i = 0; i < shown; ++i) {
        const bool is_last = i + 1 == nodes.size();
        if (i > 0) sentence.push_back(Link::plain(is_last ? " and " : ", "));
        sentence.push_back({graph.node(nodes[i]).name, select_node(debugger, nodes[i])});
    }
    if (shown < nodes.size())
        sentence.push_back(Link::plain(fmt::format(" and {} more", grouped(nodes.size() - shown))));
}

/// What `name` needs is asked for before it runs, so the button says so.
ProblemAction run_to(const Debugger& debugger, const std::string& name) {
    const bool lacks_nothing = missing_feeds(debugger, name).empty();
    return {lacks_nothing ? "Run to " + name : "Feed and run to " + name + "…", "session.run", name};
}

/// What gives variables values. A checkpoint that is there is worth more than random weights.
void add_value_steps(const Debugger& debugger, const std::vector<VariableId>& variables, ProblemsView& view) {
    if (variables.empty()) return;
    const Graph& graph = *debugger.graph();
    if (std::ranges::any_of(variables, [&](VariableId id) { return graph.variable(id).initializer.valid(); }))
        view.next.push_back({"Run initializers", "session.init", "all"});
    const bool can_restore = std::ranges::any_of(debugger.graph_roles().savers,
                                                 [](const SaverRole& saver) { return saver.restore_op.valid(); });
    if (!can_restore) return;
    const bool has_checkpoint = !debug::checkpoint_proposals(debugger).empty();
    view.next.insert(has_checkpoint ? view.next.begin() : view.next.end(),
                     {"Restore a checkpoint…", "session.restore", ""});
}

} // namespace

std::vector<Output> missing_feeds(const Debugger& debugger, std::string_view names) {
    const Graph& graph = *debugger.graph();
    std::vector<NodeId> wanted;
    while (!names.empty()) {
        const std::string_view name = names.substr(0, names.find(' '));
        names.remove_prefix(std::min(name.size() + 1, names.size()));
        if (const NodeId node = graph.find(name.substr(0, name.find(':'))); node.valid()) wanted.push_back(node);
    }
    std::vector<Output> missing;
    for (const NodeId placeholder : debug::needs_of(graph, wanted).placeholders) missing.push_back({placeholder, 0});
    for (const auto& run : debugger.recording().runs())
        for (const auto& feed : run.info.request.feeds) std::erase(missing, feed.output);
    return missing;
}

void add_first_steps(const Debugger& debugger, ProblemsView& view) {
    const Graph& graph = *debugger.graph();
    const GraphRoles& roles = debugger.graph_roles();
    const auto output = std::ranges::find_if(
        roles.outputs, [&](const OutputRole& role) { return !debug::cannot_fetch(debugger, role.output); });
    std::vector<Link> steps;
    if (output == roles.outputs.end()) {
        steps.push_back(Link::plain("Nothing ran yet. Right-click a name to fetch it or to run it as a target."));
        view.quiet.push_back(std::move(steps));
        return;
    }
    const std::string name = graph.tensor_name(output->output);
    steps.push_back(Link::plain("Nothing ran yet. Right-click a name to run it; the likeliest output is "));
    steps.push_back({name, select_node(debugger, output->output.node)});
    steps.push_back(Link::plain(fmt::format(" ({}).", to_text(output->kind))));
    view.quiet.push_back(std::move(steps));
    const debug::Needs needs = debug::needs_of(graph, {output->output.node});
    std::vector<Link> what;
    if (!needs.placeholders.empty()) {
        what.push_back(Link::plain("It needs "));
        add_names(debugger, needs.placeholders, what);
        what.push_back(Link::plain(" to be fed"));
    }
    if (!needs.variables.empty())
        what.push_back(Link::plain(
            fmt::format("{} {} to have a value: restore or initialize {}.", what.empty() ? "It needs" : " and",
                        count_text(needs.variables.size(), "variable"), needs.variables.size() == 1 ? "it" : "them")));
    else
        what.push_back(Link::plain(what.empty() ? "It needs nothing else: no feed and no variable." : "."));
    view.quiet.push_back(std::move(what));
    add_value_steps(debugger, needs.variables, view);
    view.next.push_back(run_to(debugger, name));
}

void add_next_step(const Debugger& debugger, ProblemsView& view) {
    if (!debugger.document().is_graph() || debug::cannot_add_statements(debugger)) return;
    const Graph& graph = *debugger.graph();
    const auto runs = debugger.recording().runs();
    for (std::size_t i = runs.size(); i-- > 0;) {
        const std::vector<Output>& fetches = runs[i].info.request.fetches;
        if (runs[i].outcome.results.empty() || fetches.empty()) continue;
        std::vector<Link> sentence = {Link::plain(fmt::format("{} fetched ", run_text(runs[i].info.id)))};
        sentence.front().text[0] = 'R';
        sentence.push_back({graph.tensor_name(fetches.front()), select_node(debugger, fetches.front().node)});
        const std::size_t others = fetches.size() - 1;
        sentence.push_back(Link::plain(others == 0 ? "." : fmt::format(" and {} more.", count_text(others, "tensor"))));
        return view.quiet.push_back(std::move(sentence));
    }
    const std::vector<OutputRole>& outputs = debugger.graph_roles().outputs;
    const auto output = std::ranges::find_if(
        outputs, [&](const OutputRole& role) { return !debug::cannot_fetch(debugger, role.output); });
    if (output == outputs.end()) return;
    const std::string name = graph.tensor_name(output->output);
    view.quiet.push_back({Link::plain("Nothing was fetched yet; the likeliest output is "),
                          {name, select_node(debugger, output->output.node)},
                          Link::plain(fmt::format(" ({}).", to_text(output->kind)))});
    view.next.push_back(run_to(debugger, name));
}

} // namespace rnnscope::view
