#include "core/view/graph_scene.hpp"
#include "core/view/graph_scene_tree.hpp"
#include "core/view/scene_links.hpp"

#include <algorithm>
#include <optional>

namespace rnnscope::view {
namespace {

/// As view::combine does for a list, but for one more.
StateMark worst_mark(StateMark a, StateMark b) {
    if (a == StateMark::none || b == StateMark::none) return std::max(a, b);
    for (const StateMark bad : {StateMark::uninitialized, StateMark::poisoned})
        if (a == bad || b == bad) return bad;
    const auto has_value = [](StateMark m) { return m != StateMark::declared; };
    if (a == b) return a;
    if (a == StateMark::partly || b == StateMark::partly || has_value(a) != has_value(b)) return StateMark::partly;
    // All have values: restored beside initialized is worth seeing, an update is not.
    return a == StateMark::restored || b == StateMark::restored ? StateMark::restored : StateMark::initialized;
}

/// Writes what the position says about the boxes into a scene whose geometry is done.
class StateWriter {
  public:
    StateWriter(Scene& scene, const SceneTree& tree) : scene_(scene), tree_(tree) {}

    void apply_states(const SceneInput& input) {
        scene_.is_traced = !input.traced.empty();
        for (SceneBox& box : scene_.boxes) {
            box.run = RunMark::none;
            box.state = StateMark::none;
            box.failed_inside = box.frames_failure = box.on_path = box.is_current = false;
            box.has_breakpoint = false;
            box.trace = scene_.is_traced ? off_trace : 0;
            box.recent = 0;
            box.found = box.variables = box.with_value = 0;
            for (const VariableId id : tree_.item(box.item).variables)
                if (id.index() < input.states.size()) add_state(box, input.states[id.index()]);
        }
        apply_marks(input);
        apply_trace(input);
        apply_poison(input);
        apply_runs(input);
        scene_.current_box = no_box;
        if (input.current.valid()) {
            scene_.current_box = scene_.box_of(input.current);
            scene_.boxes[scene_.current_box].is_current = true;
        }
        apply_failure(input);
    }

  private:
    static void add_state(SceneBox& box, StateMark mark) {
        box.state = worst_mark(box.state, mark);
        if (mark == StateMark::none) return;
        ++box.variables;
        if (mark != StateMark::declared && mark != StateMark::uninitialized) ++box.with_value;
    }

    /// An edge is on a trace as one of its lines is: both of its ends can be for other reasons.
    void apply_trace(const SceneInput& input) {
        const std::vector<BaseEdge>& base = tree_.base_edges();
        for (SceneEdge& edge : scene_.edges) {
            edge.trace = scene_.is_traced ? off_trace : 0;
            edge.next_on_trace = false;
            if (!scene_.is_traced) continue;
            for (std::uint32_t line = edge.first_line; line < edge.last_line; ++line) {
                const BaseEdge& own = base[scene_.lines[line]];
                if (own.kind == EdgeKind::back || std::max(own.source, own.target).index() >= input.traced.size())
                    continue; // to other time steps it is not followed
                const auto [near, far] =
                    std::minmax(input.traced[own.source.index()], input.traced[own.target.index()]);
                edge.trace = std::min(edge.trace, far);
                edge.next_on_trace = edge.next_on_trace || (near == 0 && far <= 1);
            }
        }
    }

    /// Breakpoints, what ran lately, and what was traced and found: on the box that shows the op.
    void apply_marks(const SceneInput& input) {
        for (const NodeId node : input.breakpoints)
            if (node.index() < scene_.box_by_node.size()) scene_.boxes[scene_.box_of(node)].has_breakpoint = true;
        for (std::size_t i = input.recent.size(); i-- > 0;)
            scene_.boxes[scene_.box_of(input.recent[i])].recent = static_cast<std::uint8_t>(i + 1);
        for (std::size_t i = 0; i < scene_.box_by_node.size(); ++i) {
            if (i < input.traced.size())
                for (std::uint32_t box = scene_.box_by_node[i]; scene_.boxes[box].trace > input.traced[i];
                     box = scene_.boxes[box].parent)
                    scene_.boxes[box].trace = input.traced[i];
            if (i < input.found.size() && input.found[i]) ++scene_.boxes[scene_.box_by_node[i]].found;
        }
    }

    /// Of an op, and of all scopes around it.
    void apply_poison(const SceneInput& input) {
        for (std::size_t i = 0; i < std::min(input.poisoned.size(), scene_.box_by_node.size()); ++i) {
            if (!input.poisoned[i]) continue;
            for (std::uint32_t box = scene_.box_by_node[i]; box != 0; box = scene_.boxes[box].parent)
                scene_.boxes[box].state = worst_mark(scene_.boxes[box].state, StateMark::poisoned);
        }
    }

    void apply_runs(const SceneInput& input) {
        const std::size_t known = std::min(input.runs.size(), scene_.box_by_node.size());
        std::vector<bool> ran(scene_.boxes.size(), false), waiting(scene_.boxes.size(), false);
        for (std::size_t i = 0; i < known; ++i) {
            const RunMark mark = input.runs[i];
            SceneBox& box = scene_.boxes[scene_.box_by_node[i]];
            if (box.kind != BoxKind::scope) {
                if (tree_.item(box.item).node == NodeId(i)) box.run = mark;
            }
            ran[scene_.box_by_node[i]] =
                ran[scene_.box_by_node[i]] || (mark != RunMark::none && mark != RunMark::not_reached);
            waiting[scene_.box_by_node[i]] = waiting[scene_.box_by_node[i]] || mark == RunMark::not_reached;
        }
        for (std::size_t i = scene_.boxes.size(); i-- > 0;) {
            SceneBox& box = scene_.boxes[i];
            if (box.kind == BoxKind::scope)
                box.run = ran[i] ? RunMark::ran : waiting[i] ? RunMark::not_reached : RunMark::none;
            if (i == 0) break;
            if (ran[i]) ran[box.parent] = true;
            if (waiting[i]) waiting[box.parent] = true;
        }
    }

    void apply_failure(const SceneInput& input) {
        scene_.failing_path.clear();
        scene_.missing.clear();
        scene_.missing_more = 0;
        scene_.failed_box = scene_.init_box = no_box;
        scene_.failure_tag.clear();
        scene_.init_caption.clear();
        if (!input.failure) return;
        const SceneFailure& failure = *input.failure;
        const Graph& graph = *input.graph;
        const auto shown = [&](NodeId node) { return node.valid() && node.index() < scene_.box_by_node.size(); };
        if (!shown(failure.node)) return;
        scene_.failure_tag = failure.tag;
        scene_.failed_box = scene_.box_of(failure.node);
        SceneBox& failed = scene_.boxes[scene_.failed_box];
        if (failed.kind != BoxKind::scope) failed.run = RunMark::failed;
        for (std::uint32_t box = scene_.failed_box; box != 0; box = scene_.boxes[box].parent)
            if (scene_.boxes[box].kind == BoxKind::scope) scene_.boxes[box].failed_inside = true;

        std::vector<NodeId> known{failure.node};
        if (failure.variable.valid() && shown(graph.variable(failure.variable).op)) {
            const NodeId variable = graph.variable(failure.variable).op;
            const std::vector<NodeId> way = way_to_read(graph, variable, failure.node);
            link(scene_.failing_path, variable, failure.node, way);
            for (std::size_t i = 1; i + 1 < way.size(); ++i) put_on_path(way[i]);
            frame_failure(scene_.box_of(variable), scene_.failed_box);
        }
        for (const NodeId next : failure.path) {
            if (!shown(next)) continue;
            for (const Output& output : graph.node(next).inputs)
                if (std::find(known.begin(), known.end(), output.node) != known.end()) {
                    link(scene_.failing_path, output.node, next, {output.node, next});
                    break;
                }
            known.push_back(next);
            put_on_path(next);
        }
        show_missing(failure, graph);
        route_links(scene_);
    }

    void put_on_path(NodeId node) {
        SceneBox& box = scene_.boxes[scene_.box_of(node)];
        if (box.kind != BoxKind::scope) box.on_path = true;
    }

    /// `way`: the ops that it leads through, with both ends; empty: none.
    void link(std::vector<SceneLink>& links, NodeId from, NodeId to, const std::vector<NodeId>& way) {
        SceneLink link{scene_.box_of(from), scene_.box_of(to), from, to, {}, {}};
        const bool there = std::any_of(links.begin(), links.end(),
                                       [&](const SceneLink& l) { return l.from == link.from && l.to == link.to; });
        if (link.from == link.to || there) return;
        link.edges = edges_along(way);
        links.push_back(std::move(link));
    }

    /// Empty where the drawing has no way for one of the steps.
    std::vector<std::uint32_t> edges_along(const std::vector<NodeId>& way) {
        if (!by_port_) by_port_.emplace(scene_);
        std::vector<std::uint32_t> edges;
        for (std::size_t i = 1; i < way.size(); ++i) {
            const std::uint32_t from = scene_.box_of(way[i - 1]), to = scene_.box_of(way[i]);
            if (from == to) continue;
            const std::vector<std::uint32_t> step = way_between(scene_, *by_port_, from, to);
            if (step.empty()) return {};
            edges.insert(edges.end(), step.begin(), step.end());
        }
        return edges;
    }

    void frame_failure(std::uint32_t a, std::uint32_t b) {
        std::uint32_t scope = scene_.boxes[a].kind == BoxKind::scope ? a : scene_.boxes[a].parent;
        while (scope != 0 && !scene_.holds(scope, b)) scope = scene_.boxes[scope].parent;
        scene_.boxes[scope].frames_failure = scope != 0;
    }

    void show_missing(const SceneFailure& failure, const Graph& graph) {
        constexpr std::size_t most = 3;
        if (!failure.init.valid() || failure.init.index() >= scene_.box_by_node.size()) return;
        scene_.init_box = scene_.box_of(failure.init);
        scene_.init_caption = failure.init_caption;
        std::vector<NodeId> assigns = failure.uncovered;
        // The one of the failing variable comes first.
        if (failure.variable.valid())
            std::stable_partition(assigns.begin(), assigns.end(),
                                  [&](NodeId n) { return n == graph.variable(failure.variable).initializer; });
        std::size_t covered = 0;
        for (const NodeId assign : assigns) {
            if (assign.index() >= scene_.box_by_node.size()) continue;
            ++covered;
            if (scene_.missing.size() < most) link(scene_.missing, assign, failure.init, {});
        }
        scene_.missing_more = covered - std::min(covered, scene_.missing.size());
    }

    Scene& scene_;
    const SceneTree& tree_;
    std::optional<PortEdges> by_port_; ///< once a way is looked for
};

} // namespace

void apply_states(Scene& scene, const SceneTree& tree, const SceneInput& input) {
    StateWriter(scene, tree).apply_states(input);
}

} // namespace rnnscope::view
