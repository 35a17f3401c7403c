#include "core/view/graph_scene_tree.hpp"

#include <algorithm>
#include <cmath>

namespace rnnscope::view {
namespace {

/// A drawing with everything inside closed, for both directions.
struct Extent {
    double length = 0, across = 0;
};
struct Extents {
    Extent down, right;
};

Extents extents_of(const SceneTree& tree, const SceneItem& item, const LayoutOrder& order) {
    const LayoutSpacing spacing;
    Extents both;
    for (const auto& layer : order.layers) {
        double width = 0, height = 0, widest = 0, highest = 0;
        for (const std::uint32_t v : layer) {
            if (v >= order.nodes) continue;
            const Size size = tree.item(item.children[v]).closed;
            width += size.width + spacing.node_gap;
            height += size.height + spacing.node_gap;
            widest = std::max<double>(widest, size.width);
            highest = std::max<double>(highest, size.height);
        }
        both.down.length += highest + spacing.rank_gap;
        both.down.across = std::max(both.down.across, width);
        both.right.length += widest + spacing.rank_gap;
        both.right.across = std::max(both.right.across, height);
    }
    return both;
}

/// The one whose shape is nearer to a page's.
Direction nearer_to_page(const Extents& both) {
    constexpr double page = 1.6;
    const double down = std::abs(std::log(both.down.across / std::max(both.down.length, 1.0) / page));
    const double right = std::abs(std::log(both.right.length / std::max(both.right.across, 1.0) / page));
    return right < down ? Direction::right : Direction::down;
}

} // namespace

Direction flow_direction(const SceneTree& tree, std::uint32_t index, const LayoutOrder& order) {
    const SceneItem& item = tree.item(index);
    if (item.is_variable_group || item.repeats > 0) return Direction::right;
    // What is in a whole graph are layers, losses and gradients, no chain with a time axis.
    if (index == 0) return nearer_to_page(extents_of(tree, item, order));
    if (item.has_loop) return Direction::down;
    // Their time runs to the right, so they stand below each other.
    if (const std::vector<SeriesRow> rows = series_rows(tree, index); !rows.empty())
        return rows_depend(tree, index, rows) ? Direction::down : Direction::right;
    std::size_t in_scopes = 0;
    for (const std::uint32_t child : item.children)
        if (tree.item(child).kind == BoxKind::scope && !tree.item(child).fold) in_scopes += tree.item(child).ops;
    if (2 * in_scopes >= item.ops) return Direction::right; // a chain of cells: its time axis
    return nearer_to_page(extents_of(tree, item, order));
}

} // namespace rnnscope::view
