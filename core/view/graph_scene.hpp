#pragma once

#include "core/graph/graph.hpp"
#include "core/view/common.hpp"
#include "core/view/layout.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::view {

class SceneTree;

enum class BoxKind : std::uint8_t { scope, op, variable, placeholder, constant };
enum class EdgeKind : std::uint8_t { data, control, reference, back };
/// What the run at the position did with an op. `none`: the position is in no run, or the run does not need the op.
enum class RunMark : std::uint8_t { none, ran, not_reached, running, failed };
constexpr std::uint32_t no_box = std::numeric_limits<std::uint32_t>::max();
/// How far an op is from a traced one, counted in ops that compute something.
using TraceDistance = std::uint8_t;
constexpr TraceDistance off_trace = std::numeric_limits<TraceDistance>::max(); ///< not on the trace

/// Measures of an open scope.
struct SceneMetrics {
    static constexpr float header = 30, padding = 14, root_padding = 24, bottom = 14;
    static constexpr float lane = 8; ///< between edges that run around
    /// Of a header, from the left: a margin, the triangle, the mark of its variables if there is one, and the name. At
    /// the right stands what is counted. Lines from above keep away from both texts.
    static constexpr float header_start = 8, triangle = 16, mark = 16, header_end = 10, text_to_line = 6;
    static constexpr float title_start(bool marked) { return header_start + triangle + (marked ? mark : 0); }
};

/// A small label inside a box, in place of an edge: a constant that only this op uses, or an op that very many use.
struct SceneChip {
    std::string text; ///< "axis 1", "while/Identity"
    NodeId node;
    bool portal = false;
    float width = 0;
};

/// A rectangle of the drawing. Measures are in the look's pixels at zoom 1, relative to the parent's top left corner.
struct SceneBox {
    BoxKind kind = BoxKind::op;
    bool expanded = false;
    bool fold = false;                           ///< a scope that only the drawing has: helpers that stand together
    std::uint32_t repeats = 0;                   ///< a series: a fold of so many equal steps
    int depth = 0;                               ///< 0: the root
    std::uint32_t item = 0;                      ///< the same thing has the same number in all scenes of one topology
    std::uint32_t parent = 0;                    ///< index of a box; the root's own for the root
    std::uint32_t end = 0;                       ///< one past the last box inside
    std::uint32_t first_edge = 0, last_edge = 0; ///< edges drawn directly inside: [first, last)
    std::uint32_t first_port = 0, last_port = 0; ///< of its border, when it is open: [first, last)
    float x = 0, y = 0, width = 0, height = 0;
    NodeId node;               ///< invalid for scopes, unless an op has the scope's name
    std::string path;          ///< full name of the op or scope
    std::string title, detail; ///< "kernel", "VariableV2"; detail may be empty
    std::string count;         ///< scopes: "28 ops"; series: "×200"
    std::vector<SceneChip> chips;

    // The state at the position.
    RunMark run = RunMark::none;
    StateMark state = StateMark::none;
    bool failed_inside = false;  ///< a scope that holds the failed op
    bool frames_failure = false; ///< the innermost scope that holds the variable and its failed reader
    bool on_path = false;        ///< from the variable over the failed read to the first computation: lacks it
    bool is_current = false;     ///< the op that is about to run (or the closest scope on screen)
    bool has_breakpoint = false; ///< on it, or on something in it that is not drawn by itself
    TraceDistance trace = 0;     ///< of the nearest op in it; 0 also while nothing is traced
    std::uint8_t recent = 0;     ///< 1: ran last, 2: ran before that, ...; 0: not lately
    std::uint32_t found = 0;     ///< how many of the ops in it a search found
    std::uint32_t variables = 0, with_value = 0; ///< in it, and how many of them have a value
};

/// Where edges cross the border of an open scope: those outside end (or begin) where those inside go on.
struct ScenePort {
    std::uint32_t box = 0;
    bool out = false; ///< they leave the scope
    Point at;         ///< on the border, relative to the box
};
constexpr std::uint32_t no_port = std::numeric_limits<std::uint32_t>::max();

/// All edges between two neighbours inside one scope, or between a port of the scope and something directly inside.
struct SceneEdge {
    EdgeKind kind = EdgeKind::data;
    bool portal = false;                                  ///< only drawn for a hovered or selected end; has no points
    bool around = false;                                  ///< runs around the rest, in straight pieces
    bool down = true;                                     ///< arrives downwards; to the right otherwise
    std::uint32_t from = 0, to = 0;                       ///< boxes; the scope itself for an edge of one of its ports
    std::uint32_t from_port = no_port, to_port = no_port; ///< of an open scope, where the edge begins or ends
    std::uint32_t count = 1;                              ///< edges of the graph that it stands for
    NodeId source, target;                                ///< ends of the first of them
    std::uint32_t first_line = 0, last_line = 0;          ///< all of them: of the scene's lines, [first, last)
    TraceDistance trace = 0;    ///< of the nearest of them, by its farther end; 0 also while nothing is traced
    bool next_on_trace = false; ///< one of them leads from what is traced to a neighbour, or lies in it
    std::vector<Point> points;  ///< relative to the scope's box
    std::string label;          ///< shape, when it stands for one edge; may be empty
};

/// What the header of an open scope with variables counts: "2 of 4 set · 14 ops".
std::string header_count(const SceneBox& box);

/// An arrow between any two boxes, whatever scopes are between them.
struct SceneLink {
    std::uint32_t from = 0, to = 0;
    NodeId source, target;
    /// Of the scene, from port to port: its way, which may lead through boxes that only pass a value on. Empty where no
    /// edges lead there.
    std::vector<std::uint32_t> edges;
    std::vector<Point> points; ///< without edges: its way from border to border; may be empty (route_links)
};

/// A failure as the scene shows it.
struct SceneFailure {
    NodeId node;                   ///< the failed op
    VariableId variable;           ///< the variable that had no value; may be invalid
    std::vector<NodeId> path;      ///< after `node`: its consumers up to the first computation
    std::string tag;               ///< "failed, event 47"
    NodeId init;                   ///< the init op that should have covered more; may be invalid
    std::vector<NodeId> uncovered; ///< Assign ops without an edge to it
    std::string init_caption;      ///< "no input edge: built at line 6, before any variable existed"
};

/// What is drawn: boxes in depth first order (0 is the root, and a box is followed by all that is inside it).
struct Scene {
    std::uint64_t topology = 0; ///< changes with the set of things that could be drawn
    std::uint64_t revision = 0; ///< changes with the geometry
    std::vector<SceneBox> boxes;
    std::vector<SceneEdge> edges;
    std::vector<ScenePort> ports;
    std::vector<SceneLink> failing_path; ///< the first is variable to reader
    std::vector<SceneLink> missing;      ///< Assign to init op; at most 3
    std::size_t missing_more = 0;
    std::uint32_t failed_box = no_box, init_box = no_box, current_box = no_box;
    std::string failure_tag, init_caption;
    bool is_traced = false; ///< boxes and edges have distances
    /// By edge: the graph's edges that it stands for, as the tree has them (SceneTree::base_edges). Through one port
    /// lead lines of many ops; these tell which of them go on where.
    std::vector<std::uint32_t> lines;
    std::shared_ptr<const SceneTree> tree; ///< that the scene is of

    const SceneBox& root() const { return boxes.front(); }
    /// Top left corner in the root's frame; doubles, because deep graphs are millions of pixels large.
    struct Corner {
        double x = 0, y = 0;
    };
    Corner corner(std::uint32_t box) const;
    /// The innermost box that is in the scene and is, or holds, the node; the root when it is unknown.
    std::uint32_t box_of(NodeId node) const;
    std::uint32_t box_of_scope(std::string_view path) const; ///< no_box when it is not in the scene
    /// `inner` is the box, or in it.
    bool holds(std::uint32_t box, std::uint32_t inner) const { return box <= inner && inner < boxes[box].end; }
    /// The open scope that the edge is drawn in: the one of whose ports it is one, or the one around its ends.
    std::uint32_t scope_of(const SceneEdge& edge) const;

    std::vector<std::uint32_t> box_by_node; ///< for box_of
};

/// Where the texts in the header of an open scope end and begin, from its left, without fonts.
struct HeaderTexts {
    float title_end = 0, count_start = 0;
};
HeaderTexts header_texts(const Scene& scene, std::uint32_t box);

/// What a scene is made of besides what the user opened. Vectors may be short: the rest has the default.
struct SceneInput {
    const Graph* graph = nullptr;
    std::size_t nodes = 0;         ///< the graph's first so many nodes: what existed at the position
    bool fold_series = true;       ///< runs of equal steps are one box, until it is opened
    std::vector<StateMark> states; ///< by VariableId
    std::vector<RunMark> runs;     ///< by NodeId
    std::vector<bool> poisoned;    ///< by NodeId: computed something from a missing value
    NodeId current;                ///< the op that is about to run
    std::vector<NodeId> recent;    ///< the ops that ran before it, the latest first
    std::vector<NodeId> breakpoints;
    std::vector<TraceDistance> traced; ///< by NodeId; empty: nothing is traced
    std::vector<bool> found;           ///< by NodeId; empty: nothing is searched
    std::optional<SceneFailure> failure;
    /// Not 0: inputs of equal version are equal, and asking again for their scene costs nothing.
    std::uint64_t version = 0;
    std::uint64_t iterations = 0; ///< of the innermost loop, so far; 0: none
};

/// The state of a debugger as the graph view needs it.
SceneInput scene_input(const debug::Debugger& debugger);

enum class TraceWay : std::uint8_t { none, inputs, outputs };
/// By node: how far what `from` depends on, or what depends on it, is from it over data and control edges; 0 for `from`
/// itself. Ops that only pass a value on (Identity, Switch, Enter, ...) do not count. From NextIteration to Merge it is
/// not followed: the time steps before and after would be everything in the loop. Empty: there is nothing to trace.
std::vector<TraceDistance> trace_nodes(const Graph& graph, std::span<const NodeId> from, TraceWay way,
                                       std::size_t nodes);
/// Ops with the text in their name or as their type, in either case; creation order.
std::vector<NodeId> search_nodes(const Graph& graph, std::string_view text, std::size_t nodes);

/// From a variable's op to the read that failed: both, and what passes the value on between them (Enter, Switch, ...).
/// The shortest way; empty when there is none.
std::vector<NodeId> way_to_read(const Graph& graph, NodeId variable, NodeId read);

/// From the failed read on: its consumers, up to the first op that computes with the value.
std::vector<NodeId> path_to_first_computation(const Graph& graph, NodeId read, std::size_t nodes);

/// The graph panel's model: what is open, and the scene of it. Ranks and orders are kept by topology, so going back to
/// an earlier position or opening a scope again gives the same picture. Where a window waits for its frames, scenes are
/// made on another thread, from copies; they are the same ones.
class GraphView {
  public:
    GraphView();
    ~GraphView();
    GraphView(GraphView&&) noexcept;
    GraphView& operator=(GraphView&&) noexcept;

    /// Scopes by path, open or closed; paths that the graph does not have (yet) are remembered.
    bool is_expanded(std::string_view path) const;
    void set_expanded(std::string_view path, bool expanded);
    void toggle(std::string_view path) { set_expanded(path, !is_expanded(path)); }
    void expand_all(const SceneInput& input); ///< but series, which are many times the same
    void collapse_all();
    std::set<std::string, std::less<>> expanded() const;

    /// Opens what must be open so that the node is visible: all scopes around it.
    void reveal(const SceneInput& input, NodeId node);
    /// Opens the folded box that the node would otherwise hide in, unless the scope around it is closed.
    void unfold(const SceneInput& input, NodeId node);
    /// Opens the scopes around the failed op, its variable and the path to the first computation.
    void auto_expand_to(const SceneInput& input);
    /// What a new graph starts with: outer scopes as long as few things are on the screen.
    void expand_outer(const SceneInput& input, std::size_t most_boxes = 24);

    /// Cheap when nothing but states changed. Valid until the next call.
    const Scene& scene(const SceneInput& input);

    /// With a background nothing of the above makes a scene, and `scene_soon` is to be asked for it.
    void set_background(bool background);
    /// The latest scene that is done, with the states of `input`: the one wished for, if it takes no longer than
    /// `patience`, and otherwise the one before, until it is replaced between two calls. What was overtaken by other
    /// wishes is never shown. Null while there is none of this graph. Valid until the next call.
    const Scene* scene_soon(const SceneInput& input, std::chrono::microseconds patience);
    bool is_waiting() const; ///< the scene is not the one wished for yet: ask again

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// Edges by the port that they begin at, and end at. Of one revision of a scene.
struct PortEdges {
    PortEdges() = default;
    explicit PortEdges(const Scene& scene);
    std::vector<std::vector<std::uint32_t>> begin, end;
};
/// Ascending: the edges that lead to or from the box, from one port to the next, across the borders of all open scopes
/// on their way. Not what leads elsewhere through the same ports.
std::vector<std::uint32_t> edges_of(const Scene& scene, const PortEdges& by_port, std::uint32_t box);
/// The edges from one box to another, from port to port; empty when there is no such way.
std::vector<std::uint32_t> way_between(const Scene& scene, const PortEdges& by_port, std::uint32_t from,
                                       std::uint32_t to);

/// For reading and for tests: one line per box, with its position when `with_geometry`, then the edges.
std::string to_text(const Scene& scene, bool with_geometry = false);
/// A drawing of the scene in plain colours of a light theme.
std::string to_svg(const Scene& scene);

} // namespace rnnscope::view
