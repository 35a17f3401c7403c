#pragma once

#include "core/view/graph_scene_tree.hpp"
#include "core/view/scene_ports.hpp"
#include "core/view/scene_routes.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace rnnscope::view {

using OpenScopes = std::set<std::string, std::less<>>; ///< by path

/// What somebody wants to have open or closed.
struct SceneWish {
    enum class Kind : std::uint8_t {
        open,       ///< the scope `path`, and all around it
        close,      ///< the scope `path`
        open_all,   ///< every scope, but no series and nothing in them
        close_all,  ///< every scope
        reveal,     ///< what must be open so that `nodes` are visible
        mark,       ///< likewise, but no series: they show that there is something in them
        unfold,     ///< the folded helpers that `nodes` would otherwise hide in, unless the scope around them is closed
        open_outer, ///< outer scopes, as long as `most_boxes` are not exceeded
    } kind = Kind::open;
    std::string path;
    std::vector<NodeId> nodes;
    std::size_t most_boxes = 0;
    friend bool operator==(const SceneWish&, const SceneWish&) = default;
};

/// The scopes that carrying out a wish opens, in order; all that it needs is what is open. For open, reveal, mark,
/// unfold and open_outer.
std::vector<std::string> scopes_to_open(const SceneTree& tree, const SceneWish& wish,
                                        const std::function<bool(std::string_view path)>& is_open);

/// Makes scenes, without the state at the position: from a snapshot of the graph and from what is open. Orders and
/// places of scopes that did not change are kept from one scene to the next. Belongs to one thread at a time, and the
/// result depends on nothing but what was asked of it.
class SceneBuilder {
  public:
    SceneBuilder();

    /// False: stopped, and nothing changed.
    bool set_graph(const GraphSnapshot& graph, bool fold_series, const std::stop_token& stop);
    void carry_out(const SceneWish& wish);
    void touch() { dirty_ = true; } ///< the next scene is made although nothing changed
    bool dirty() const { return dirty_; }
    /// False: stopped, and it is still to be done.
    bool build(const std::stop_token& stop);
    Scene take_scene() { return std::exchange(scene_, {}); } ///< that was built

    std::shared_ptr<const SceneTree> tree() const { return tree_; }
    std::shared_ptr<const OpenScopes> open_scopes() const { return open_; }

  private:
    /// What one item needs to be open.
    struct ItemLayout {
        std::shared_ptr<const LayoutOrder> order;
        std::vector<LayoutEdge> edges;
        std::vector<std::uint32_t> edge_of; ///< by local edge
        Direction direction = Direction::down;
        PortPlan ports;
        std::vector<std::uint32_t> port_edges; ///< those of the plan that are drawn; LayoutEnds::outer is as long
        std::vector<Size> sizes;               ///< that `layout` was made for
        std::vector<bool> open;                ///< by child, when it was made
        LayoutEnds ends;
        Layout layout;
        SceneLanes lanes;
        std::vector<SeriesRow> rows;    ///< of the contents
        std::uint32_t row_of = no_box;  ///< a series: the item whose row it is
        std::vector<float> rank_depth;  ///< that `layout` was made with
        float moved = 0, unaligned = 0; ///< the contents, so that steps stand below each other; the width without
        Size size;
        bool placed = false;
    };

    bool is_open(std::uint32_t item) const { return is_open_[item]; }
    ItemLayout& layout(std::uint32_t item) {
        if (!layouts_[item]) layouts_[item] = std::make_unique<ItemLayout>();
        return *layouts_[item];
    }
    const ItemLayout& layout(std::uint32_t item) const { return layouts_[item] ? *layouts_[item] : never_open_; }
    ItemLayout& ordered(std::uint32_t item);
    Size size_of(std::uint32_t item) const { return is_open(item) ? layout(item).size : tree_->item(item).closed; }
    Direction direction_around(std::uint32_t item) const { return layout(tree_->item(item).parent).direction; }
    std::vector<std::uint32_t> placing_order(const std::vector<std::uint32_t>& open) const;
    void place(std::uint32_t item);
    std::vector<float> step_widths(std::uint32_t series) const;
    bool is_open(const SeriesRow& row) const;
    void align_rows(const std::vector<SeriesRow>& rows);
    LayoutEnds ends_of(std::uint32_t item) const;
    SceneFrame frame_of(std::uint32_t item) const;
    void reserve(const std::vector<std::uint32_t>& open);
    void emit_boxes();
    void emit_ports();
    void emit_port(std::uint32_t box, std::uint32_t port, Point at);
    void emit_edges();
    void add_lines(SceneEdge& edge, const LocalEdge& local);
    void emit_inner_edges(std::uint32_t box);
    void emit_port_edges(std::uint32_t box);
    std::uint32_t scene_port(std::uint32_t box, std::uint32_t port) const;

    std::shared_ptr<const SceneTree> tree_;
    /// Others may hold it: a change makes another one.
    std::shared_ptr<const OpenScopes> open_ = std::make_shared<OpenScopes>();
    std::vector<bool> is_open_; ///< by item, in the scene that is being built
    bool dirty_ = true;
    std::vector<std::unique_ptr<ItemLayout>> layouts_; ///< by item; none of what was never open
    const ItemLayout never_open_;
    std::map<std::vector<std::uint32_t>, std::shared_ptr<const LayoutOrder>> orders_;
    std::vector<std::uint32_t> box_of_item_;
    std::uint64_t topology_ = 0, revision_ = 0;
    Scene scene_;
};

} // namespace rnnscope::view
