#pragma once

#include "core/graph/scope_tree.hpp"
#include "core/view/graph_scene.hpp"
#include "core/view/graph_snapshot.hpp"

#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

namespace rnnscope::view {

/// A lifted edge: between two children of one item, by their ordinals.
struct LocalEdge {
    std::uint32_t from = 0, to = 0;
    EdgeKind kind = EdgeKind::data;
    bool portal = false;
    std::uint32_t count = 0;
    std::uint32_t first = 0, last = 0; ///< of the tree's base edges: those between the two, [first, last)
    NodeId source, target;
    int output = 0;    ///< of source
    std::string label; ///< shape, when it stands for one edge; may be empty
};

/// An edge of the graph, lifted to the item that holds both its ends.
struct BaseEdge {
    std::uint32_t around = 0;       ///< the item
    std::uint32_t from = 0, to = 0; ///< ordinals of its children
    EdgeKind kind = EdgeKind::data;
    NodeId source, target;
    int output = 0; ///< of source
};

/// Where a base edge leads out of an item, or into it.
struct Crossing {
    std::uint32_t edge = 0, child = 0; ///< of the tree's base edges; the ordinal of the child that has its inner end
    bool out = false;
};

/// Something that can be drawn: a scope or an op.
struct SceneItem {
    BoxKind kind = BoxKind::op;
    int depth = 0;
    std::uint32_t parent = 0;
    NodeId node;
    ScopeId scope;    ///< the innermost one that this item stands for; invalid for ops
    std::string path; ///< of the op or of `scope`
    std::string title, detail;
    std::vector<std::uint32_t> children; ///< items, in creation order
    std::span<LocalEdge> edges;          ///< between the children; the tree's
    std::span<const Crossing> crossings; ///< of its border, by base edge; the tree's
    std::vector<SceneChip> chips;
    std::vector<VariableId> variables; ///< inside
    std::size_t ops = 0;
    Size closed; ///< size when it is not open
    bool is_variable_group = false, has_loop = false;
    std::uint32_t repeats = 0; ///< a fold of so many equal steps
    bool fold = false; ///< not a scope of the program: helpers that stand together, drawn as one box until opened
};

/// What could be drawn of a graph: ScopeTree rearranged for reading. Chains of scopes with one child are one item;
/// small helpers ("MatMul/Enter" beside "MatMul") stand beside what they help; constants with one consumer are chips;
/// ops that only compute shapes, those that turn a loop, and the steps of an unrolled loop are folded.
class SceneTree {
  public:
    SceneTree(const Graph& graph, std::size_t nodes, bool series = true)
        : SceneTree(GraphSnapshot(graph, nodes), series) {}
    /// `series`: runs of equal steps are folded. Once `stop` is requested what is made is of no use.
    explicit SceneTree(const GraphSnapshot& graph, bool series = true, const std::stop_token& stop = {});

    SceneTree(const SceneTree&) = delete;
    SceneTree& operator=(const SceneTree&) = delete;

    const std::vector<SceneItem>& items() const { return items_; } ///< 0 is the root
    const SceneItem& item(std::uint32_t index) const { return items_[index]; }
    const std::vector<BaseEdge>& base_edges() const { return base_edges_; }
    std::uint32_t item_of(NodeId node) const { return item_of_[node.index()]; }
    std::size_t nodes() const { return item_of_.size(); }
    /// All that can be drawn, each after what is around it.
    const std::vector<std::uint32_t>& outer_first() const { return outer_first_; }
    std::uint32_t parent_of(std::uint32_t item) const { return places_[item].parent; }

  private:
    struct Plan; ///< how scopes are rearranged
    class Folder;
    class SeriesFolder;
    void add_items(const GraphSnapshot& graph, const ScopeTree& scopes, const Plan& plan);
    std::uint32_t add_op(const GraphSnapshot& graph, NodeId node, std::uint32_t parent);
    std::uint32_t add_scope(const ScopeTree& scopes, ScopeId outer, ScopeId inner, std::uint32_t parent);
    void dock_constants(const GraphSnapshot& graph);
    void fold_series(const GraphSnapshot& graph);
    void fold_helpers(const GraphSnapshot& graph);
    std::uint32_t add_fold(std::uint32_t around, std::vector<std::uint32_t> members, std::string path,
                           std::string title);
    void set_places();
    void lift_edges(const GraphSnapshot& graph);
    void sort_base_edges(const std::vector<BaseEdge>& edges);
    void add_local_edges();
    void note_crossings();
    void label_edges(const GraphSnapshot& graph);
    void make_portals(const GraphSnapshot& graph);
    void measure();

    std::vector<SceneItem> items_;
    std::vector<BaseEdge> base_edges_; ///< by the item around them and the children that they connect
    std::vector<std::uint32_t> item_of_;
    /// Of an item; close together, for edges are lifted over very many.
    struct Place {
        std::uint32_t parent = 0;
        int depth = 0;
        std::uint32_t ordinal = 0; ///< among its parent's children
    };
    std::vector<Place> places_; ///< by item
    std::vector<std::uint32_t> outer_first_;
    std::vector<LocalEdge> local_edges_; ///< by the item around them, as the base edges
    std::vector<Crossing> crossings_;    ///< by item
};

/// Writes runs, init states, current op and failure into a scene whose geometry is done.
void apply_states(Scene& scene, const SceneTree& tree, const SceneInput& input);

/// Widths of text without fonts: JetBrains Mono's advance is 0.6 em, Inter's is a mean.
float mono_width(std::string_view text, float em = 12);
float sans_width(std::string_view text, float em = 11);

bool is_variable_node(const GraphSnapshot::Node& node);
std::string shape_label(const Shape& shape); ///< "[?, 5, 10]", "?" when nothing is known

/// The edges of an item as the layout sees them: one per pair of children. `edge_of`: by local edge, its index here, or
/// no_box for portals and self edges.
std::vector<LayoutEdge> layout_edges(const SceneItem& item, std::vector<std::uint32_t>& edge_of);

/// A child of an item that is, or is little else than, a series: the items from the child to the series.
using SeriesRow = std::vector<std::uint32_t>;
/// The children with as many steps each: layers, or both directions, over the same time. Of several such sets the
/// largest; empty when there are no two.
std::vector<SeriesRow> series_rows(const SceneTree& tree, std::uint32_t item);
/// Does one of the rows need another? Then they stand below each other where the item runs down, else where it runs to
/// the right.
bool rows_depend(const SceneTree& tree, std::uint32_t item, const std::vector<SeriesRow>& rows);

/// Which way the inside of an item runs: from its topology alone, so that opening a scope never turns another. Loops
/// run down and chains of cells to the right; everything else, the root too, runs the way that makes it more like a
/// page.
Direction flow_direction(const SceneTree& tree, std::uint32_t item, const LayoutOrder& order);

} // namespace rnnscope::view
