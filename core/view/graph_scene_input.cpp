#include "core/view/graph_scene.hpp"

#include "core/debug/poison.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace rnnscope::view {
namespace {

using debug::Debugger;

/// What the run needs: everything that its fetches and targets depend on, up to what is fed. By node.
std::vector<bool> needed_nodes(const Graph& graph, const runtime::RunRequest& request, std::size_t nodes) {
    std::vector<bool> needed(graph.size(), false);
    std::vector<NodeId> todo;
    const auto need = [&](NodeId node) {
        if (!node.valid() || node.index() >= needed.size() || needed[node.index()]) return;
        needed[node.index()] = true;
        todo.push_back(node);
    };
    const auto is_fed = [&](Output output) {
        return std::ranges::any_of(request.feeds, [&](const auto& feed) { return feed.output == output; });
    };
    for (const Output& fetch : request.fetches)
        if (!is_fed(fetch)) need(fetch.node);
    for (const NodeId target : request.targets) need(target);
    while (!todo.empty()) {
        const Node& node = graph.node(todo.back());
        todo.pop_back();
        for (const Output& input : node.inputs)
            if (!is_fed(input)) need(input.node);
        for (const NodeId control : node.control_inputs) need(control);
    }
    needed.resize(std::min(needed.size(), nodes));
    return needed;
}

void read_run(const Debugger& debugger, SceneInput& input) {
    const RunId run = debugger.current_run();
    if (!run.valid()) return;
    const record::Recording& recording = debugger.recording();
    const record::RecordedRun& recorded = recording.run(run);
    if (recorded.info.graph != input.graph->id()) return;
    const std::vector<bool> needed = needed_nodes(*input.graph, recorded.info.request, input.nodes);
    input.runs.assign(needed.size(), RunMark::none);
    for (std::size_t i = 0; i < needed.size(); ++i)
        if (needed[i]) input.runs[i] = RunMark::not_reached;
    const std::uint32_t now = debugger.current_event();
    const auto look_at = [&](std::uint32_t e) {
        const record::RecordedVisit event = recording.visit(run, e);
        if (!event.node.valid() || event.node.index() >= input.runs.size()) return;
        RunMark& mark = input.runs[event.node.index()];
        if (e < now)
            mark = RunMark::ran;
        else
            mark = event.failed ? RunMark::failed : RunMark::running;
        if (e == now) input.current = event.node;
        if (event.frame != 0)
            input.iterations = std::max(input.iterations, static_cast<std::uint64_t>(event.iteration) + 1);
    };
    for (const record::EventPiece& piece : recording.pieces(run)) {
        if (piece.first > now) break;
        // Of a block the first and the last round that were reached tell all.
        const std::uint32_t end = std::min(piece.end(), now + 1);
        const std::uint32_t last_round = end - std::min(end - piece.first, piece.visits + 1);
        const std::uint32_t first_round = piece.block != nullptr ? std::min(piece.first + piece.visits, end) : end;
        for (std::uint32_t e = piece.first; e < first_round; ++e) look_at(e);
        for (std::uint32_t e = std::max(first_round, last_round); e < end; ++e) look_at(e);
    }
    constexpr std::uint32_t most_recent = 6;
    for (std::uint32_t e = now; e > 0 && now - e < most_recent; --e)
        if (const NodeId node = recording.visit(run, e - 1).node; node.valid() && node.index() < input.nodes)
            input.recent.push_back(node);
}

/// In the run at the position, or else in all runs so far.
void read_poison(const Debugger& debugger, SceneInput& input) {
    if (debugger.poison() == nullptr) return;
    const record::Recording& recording = debugger.recording();
    for (const record::RecordedRun& run : recording.runs()) {
        const bool counts = !debugger.current_run().valid() || debugger.current_run() == run.info.id;
        if (!counts || run.info.graph != input.graph->id()) continue;
        const std::uint32_t now = recording.events_at(run.info.id, debugger.position());
        for (const debug::Poison::Mark& mark : debugger.poison()->marks(run.info.id)) {
            if (mark.event >= now) break;
            if (!mark.node.valid() || mark.node.index() >= input.nodes) continue;
            input.poisoned.resize(input.nodes, false);
            input.poisoned[mark.node.index()] = true;
        }
    }
}

/// All ops that must run before `node` because of control edges, through groups.
std::vector<NodeId> ops_of_group(const Graph& graph, NodeId node) {
    std::vector<NodeId> members, todo{node};
    for (std::size_t i = 0; i < todo.size(); ++i)
        for (const NodeId control : graph.node(todo[i]).control_inputs) {
            if (std::ranges::find(members, control) != members.end()) continue;
            members.push_back(control);
            if (graph.node(control).op == "NoOp") todo.push_back(control);
        }
    return members;
}

/// The init op that the failure is about: the one that the diagnosis speaks of, else the last group that ran before.
NodeId init_op(const Debugger& debugger, const Graph& graph, const debug::Diagnosis* diagnosis) {
    const auto is_group = [&](NodeId node) {
        return node.valid() && node.index() < graph.size() && graph.node(node).op == "NoOp";
    };
    if (diagnosis)
        for (const debug::Evidence& evidence : diagnosis->evidence)
            if (is_group(evidence.node)) return evidence.node;
    const RunId current = debugger.current_run();
    NodeId found;
    for (const record::RecordedRun& run : debugger.recording().runs()) {
        if (current.valid() && run.info.id >= current) break;
        if (run.info.graph != graph.id()) continue;
        for (const NodeId target : run.info.request.targets)
            if (is_group(target)) found = target;
    }
    return found;
}

void read_missing(const Debugger& debugger, SceneFailure& failure, std::size_t nodes) {
    const Graph& graph = *debugger.graph();
    const debug::Diagnosis* diagnosis = debugger.current_diagnosis();
    failure.init = init_op(debugger, graph, diagnosis);
    if (!failure.init.valid() || failure.init.index() >= nodes) return;
    const std::vector<NodeId> covered = ops_of_group(graph, failure.init);
    std::size_t count = 0;
    bool own_is_missing = false;
    for (const Variable& variable : graph.variables()) {
        if (variable.op.index() >= nodes || !variable.initializer.valid()) continue;
        ++count;
        if (std::ranges::find(covered, variable.initializer) != covered.end()) continue;
        failure.uncovered.push_back(variable.initializer);
        own_is_missing |= variable.id == failure.variable;
    }
    if (!own_is_missing) { // this init op would have set it: the cause is another
        failure.uncovered.clear();
        failure.init = {};
        return;
    }
    const std::string line = line_text(debugger, debugger.evaluator().statement_of(graph.node(failure.init)));
    if (covered.empty())
        failure.init_caption =
            fmt::format("no input edge{}, before any variable existed", line.empty() ? "" : ": built at " + line);
    else
        failure.init_caption = fmt::format("covers {} of {} variables{}", count - failure.uncovered.size(), count,
                                           line.empty() ? "" : ", built at " + line);
}

/// At the end of the program there is no current event any more, but the run still failed at its own.
std::string failed_tag(const Debugger& debugger, RunId run) {
    if (!run.valid()) return "failed";
    if (debugger.current_run() == run) return fmt::format("failed, event {}", debugger.current_event());
    const auto events = static_cast<std::uint32_t>(debugger.recording().event_count(run));
    if (events == 0 || !debugger.recording().visit(run, events - 1).failed) return "failed";
    return fmt::format("failed, event {}", events - 1);
}

std::optional<SceneFailure> read_failure(const Debugger& debugger, const SceneInput& input) {
    const auto& error = debugger.error_at_position();
    if (!error || !error->node.valid() || error->graph != input.graph->id() || error->node.index() >= input.nodes)
        return std::nullopt;
    const Graph& graph = *input.graph;
    SceneFailure failure;
    failure.node = error->node;
    failure.tag = failed_tag(debugger, error->run);
    for (const Variable& variable : graph.variables())
        if (!error->variable.empty() && variable.name == error->variable) failure.variable = variable.id;
    if (!failure.variable.valid()) return failure;
    failure.path = path_to_first_computation(graph, failure.node, input.nodes);
    read_missing(debugger, failure, input.nodes);
    return failure;
}

} // namespace

SceneInput scene_input(const Debugger& debugger) {
    SceneInput input;
    if (!debugger.is_open() || !debugger.graph()) return input;
    input.graph = debugger.graph();
    input.nodes = debugger.visible_nodes();
    for (const Variable& variable : input.graph->variables()) input.states.push_back(mark_of(debugger, variable));
    read_run(debugger, input);
    read_poison(debugger, input);
    for (const debug::Breakpoint& breakpoint : debugger.breakpoints()) {
        using Kind = debug::Breakpoint::Kind;
        NodeId node;
        if (breakpoint.kind == Kind::op || breakpoint.kind == Kind::variable) node = input.graph->find(breakpoint.name);
        if (breakpoint.kind == Kind::tensor)
            if (const auto tensor = input.graph->find_tensor(breakpoint.name)) node = tensor->node;
        if (node.valid() && node.index() < input.nodes) input.breakpoints.push_back(node);
    }
    input.failure = read_failure(debugger, input);
    return input;
}

} // namespace rnnscope::view
