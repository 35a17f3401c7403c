#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rnnscope::view {

/// Which way the ranks of a drawing follow each other.
enum class Direction : std::uint8_t { down, right };

struct Point {
    float x = 0, y = 0;
    friend bool operator==(const Point&, const Point&) = default;
};

struct Size {
    float width = 0, height = 0;
    friend bool operator==(const Size&, const Size&) = default;
};

/// An edge of one scope's own graph. `back`: known to close a loop, so it takes no part in ranks and orders.
struct LayoutEdge {
    std::uint32_t from = 0, to = 0;
    std::uint32_t weight = 1; ///< how many base edges it stands for
    bool back = false;
    friend auto operator<=>(const LayoutEdge&, const LayoutEdge&) = default;
};

struct LayoutLimits {
    /// Edges over more ranks than this get no bends: unrolled loops would otherwise make millions of them.
    std::uint32_t max_span = 16;
    /// Network simplex: not above so many nodes, and never more node and edge visits than this.
    std::size_t simplex_nodes = 2000;
    std::uint64_t simplex_work = 4'000'000;
    /// Edge visits that ordering may spend. Counted, never timed: the same graph gets the same drawing everywhere.
    std::uint64_t order_work = 4'000'000;
    int sweeps = 24;
};

/// Ranks and orders of a graph. Depends on its topology only, never on sizes: compute once, keep.
struct LayoutOrder {
    std::vector<std::uint32_t> rank; ///< by node, then by bend
    /// By rank, in order: node indices, and from `nodes` on the bends of long edges.
    std::vector<std::vector<std::uint32_t>> layers;
    /// By edge: its bends from the end with the lower rank to the end with the higher one.
    std::vector<std::vector<std::uint32_t>> bends;
    /// By edge: runs against the ranks (known back edges, and edges turned around to break cycles).
    std::vector<bool> against;
    std::size_t nodes = 0;
    std::uint64_t crossings = 0;

    std::size_t bend_count() const { return rank.size() - nodes; }
};

/// Edges whose ends are equal are ignored. Deterministic. Nodes of `first` come as early in their ranks as costs no
/// crossing.
LayoutOrder order_graph(std::size_t nodes, std::span<const LayoutEdge> edges, const LayoutLimits& limits = {},
                        std::span<const std::uint32_t> first = {});

struct LayoutSpacing {
    float node_gap = 16; ///< between neighbours of one rank
    float bend_gap = 10; ///< beside an edge that passes
    float rank_gap = 34; ///< between ranks
    /// By rank, may be shorter: at least so deep.
    std::vector<float> rank_depth = {};
};

/// What the ends of edges keep to, on the sides of the nodes that the flow enters (`start`) and leaves (`end`). All may
/// be empty.
struct LayoutEnds {
    static constexpr std::uint32_t own_place = UINT32_MAX;
    struct Range {
        float low = 0, high = -1; ///< from the node's side with low coordinates; high < low: as always
    };
    /// The end of an edge from outside. `towards` in [-1, 1]: on which side it comes.
    struct Outer {
        std::uint32_t node = 0;
        bool leaves = false; ///< the node
        std::uint32_t port = own_place;
        float towards = 0;
    };
    /// By edge. Ends of a node with the same port are in the same place, wherever they come from.
    std::vector<std::uint32_t> from_port, to_port;
    std::vector<Outer> outer;
    std::vector<Range> start, end; ///< by node
};

/// Top left corners of the nodes and the points of the edges, all in a frame that starts at (0, 0).
struct Layout {
    Size size;
    std::vector<Point> nodes;
    /// By edge, from its `from` to its `to`: two ends on the borders of the nodes, bends between them. Edges against
    /// the ranks, or over more than `max_span` of them, keep to the sides that follow the flow: of them there are the
    /// ends, and the places where they come out of one rank and into the other, for the caller to lead them around.
    std::vector<std::vector<Point>> edges;
    std::vector<bool> low_side;              ///< by edge that is led around: where the coordinates are low
    std::vector<Point> outer;                ///< by LayoutEnds::outer
    std::vector<float> rank_start, rank_end; ///< along the flow
};

/// Coordinates (Brandes and Koepf, four alignments, compaction on the block graph). Pure function of its arguments.
Layout place_graph(const LayoutOrder& order, std::span<const LayoutEdge> edges, std::span<const Size> sizes,
                   Direction direction, const LayoutSpacing& spacing = {}, const LayoutEnds& ports = {});

/// For tests: crossings between neighbouring layers, by an accumulator tree.
std::uint64_t count_crossings(const LayoutOrder& order, std::span<const LayoutEdge> edges);

} // namespace rnnscope::view
