#include "core/view/layout.hpp"
#include "core/view/layout_rank.hpp"

#include "tests/core/view/random_graphs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace rnnscope::view {
namespace {

using test::random_graph;
using test::RandomGraph;

void expect_no_overlaps(const Layout& layout, const std::vector<Size>& sizes) {
    for (std::size_t a = 0; a < sizes.size(); ++a) {
        EXPECT_GE(layout.nodes[a].x, -0.01f);
        EXPECT_GE(layout.nodes[a].y, -0.01f);
        EXPECT_LE(layout.nodes[a].x + sizes[a].width, layout.size.width + 0.5f);
        EXPECT_LE(layout.nodes[a].y + sizes[a].height, layout.size.height + 0.5f);
        for (std::size_t b = a + 1; b < sizes.size(); ++b) {
            const bool apart = layout.nodes[a].x + sizes[a].width <= layout.nodes[b].x + 0.01f ||
                               layout.nodes[b].x + sizes[b].width <= layout.nodes[a].x + 0.01f ||
                               layout.nodes[a].y + sizes[a].height <= layout.nodes[b].y + 0.01f ||
                               layout.nodes[b].y + sizes[b].height <= layout.nodes[a].y + 0.01f;
            EXPECT_TRUE(apart) << a << " and " << b << " overlap";
        }
    }
}

TEST(Layout, AChainFollowsItsDirection) {
    const std::vector<LayoutEdge> edges{{0, 1}, {1, 2}};
    const std::vector<Size> sizes(3, Size{100, 30});
    const LayoutOrder order = order_graph(3, edges);
    const Layout down = place_graph(order, edges, sizes, Direction::down, {16, 10, 40});
    EXPECT_EQ(down.nodes, (std::vector<Point>{{0, 0}, {0, 70}, {0, 140}}));
    EXPECT_EQ(down.size, (Size{100, 170}));
    EXPECT_EQ(down.edges[0], (std::vector<Point>{{50, 30}, {50, 70}}));
    const Layout right = place_graph(order, edges, sizes, Direction::right, {16, 10, 40});
    EXPECT_EQ(right.nodes, (std::vector<Point>{{0, 0}, {140, 0}, {280, 0}}));
    EXPECT_EQ(right.edges[1], (std::vector<Point>{{240, 15}, {280, 15}}));
}

TEST(Layout, NothingAndOneNodeHaveALayout) {
    const Layout none = place_graph(order_graph(0, {}), {}, {}, Direction::down);
    EXPECT_EQ(none.size, (Size{0, 0}));
    const std::vector<Size> one{{50, 20}};
    EXPECT_EQ(place_graph(order_graph(1, {}), {}, one, Direction::right).size, (Size{50, 20}));
}

TEST(Layout, UnmarkedCyclesAreBrokenAndMarkedOnesIgnored) {
    const std::vector<LayoutEdge> marked{{0, 1}, {1, 2}, {2, 0, 1, true}};
    const LayoutOrder order = order_graph(3, marked);
    EXPECT_EQ(order.rank, (std::vector<std::uint32_t>{0, 1, 2}));
    EXPECT_EQ(order.against, (std::vector<bool>{false, false, true}));
    const std::vector<LayoutEdge> unmarked{{0, 1}, {1, 2}, {2, 0}, {1, 1}};
    const LayoutOrder broken = order_graph(3, unmarked);
    EXPECT_EQ(std::count(broken.against.begin(), broken.against.end(), true), 1);
}

TEST(Layout, NoOverlapsAndEdgesRunForward) {
    for (std::uint32_t seed = 1; seed <= 24; ++seed) {
        const RandomGraph g = random_graph(seed, 5 + seed * 4, 0.5 + 0.1 * seed, seed % 4);
        const LayoutOrder order = order_graph(g.sizes.size(), g.edges);
        for (const Direction direction : {Direction::down, Direction::right}) {
            const Layout layout = place_graph(order, g.edges, g.sizes, direction);
            SCOPED_TRACE(testing::Message() << "seed " << seed);
            expect_no_overlaps(layout, g.sizes);
            for (std::size_t i = 0; i < g.edges.size(); ++i) {
                const auto [from, to, weight, back] = g.edges[i];
                const Point a = layout.nodes[from], b = layout.nodes[to];
                const bool down = direction == Direction::down;
                const float end = down ? a.y + g.sizes[from].height : a.x + g.sizes[from].width;
                if (!order.against[i]) {
                    EXPECT_LE(end, (down ? b.y : b.x) + 0.01f) << "edge " << i;
                }
            }
        }
    }
}

TEST(Layout, OrderDependsOnTopologyOnlyAndSizesNeverReorder) {
    const RandomGraph g = random_graph(7, 60, 1.6, 2);
    const LayoutOrder order = order_graph(g.sizes.size(), g.edges);
    std::vector<Size> grown = g.sizes;
    for (std::size_t v = 0; v < grown.size(); v += 3) grown[v] = {900, 700};
    const Layout layout = place_graph(order, g.edges, grown, Direction::down);
    expect_no_overlaps(layout, grown);
    for (const auto& layer : order.layers)
        for (std::size_t i = 0; i < layer.size(); ++i)
            for (std::size_t j = i + 1; j < layer.size(); ++j)
                if (layer[i] < order.nodes && layer[j] < order.nodes) {
                    EXPECT_LT(layout.nodes[layer[i]].x, layout.nodes[layer[j]].x);
                }
}

TEST(Layout, TheSameGraphGetsTheSameDrawing) {
    const RandomGraph g = random_graph(3, 200, 1.8, 5);
    const LayoutOrder a = order_graph(200, g.edges), b = order_graph(200, g.edges);
    EXPECT_EQ(a.layers, b.layers);
    const Layout one = place_graph(a, g.edges, g.sizes, Direction::down);
    const Layout two = place_graph(b, g.edges, g.sizes, Direction::down);
    EXPECT_EQ(one.nodes, two.nodes);
    EXPECT_EQ(one.edges, two.edges);
}

/// The least total length over all ranks up to `limit`, by trying everything.
std::int64_t least_length(std::size_t nodes, const std::vector<RankEdge>& edges, std::uint32_t limit) {
    std::vector<std::uint32_t> rank(nodes, 0);
    std::int64_t best = 1'000'000;
    while (true) {
        std::int64_t length = 0;
        bool feasible = true;
        for (const RankEdge& e : edges) {
            feasible = feasible && rank[e.to] > rank[e.from];
            length += e.weight * (static_cast<std::int64_t>(rank[e.to]) - rank[e.from]);
        }
        if (feasible) best = std::min(best, length);
        std::size_t v = 0;
        while (v < nodes && ++rank[v] > limit) rank[v++] = 0;
        if (v == nodes) return best;
    }
}

TEST(Layout, RanksAreOptimal) {
    for (std::uint32_t seed = 1; seed <= 30; ++seed) {
        const RandomGraph g = random_graph(seed, 6, 1.5, 0);
        std::vector<RankEdge> edges;
        for (const LayoutEdge& e : g.edges) edges.push_back({e.from, e.to, e.weight});
        const auto rank = assign_ranks(6, edges, {});
        std::int64_t length = 0;
        for (const RankEdge& e : edges) {
            ASSERT_GT(rank[e.to], rank[e.from]);
            length += e.weight * (static_cast<std::int64_t>(rank[e.to]) - rank[e.from]);
        }
        EXPECT_EQ(length, least_length(6, edges, 5)) << "seed " << seed;
    }
}

TEST(Layout, CrossingsAreCountedExactlyAndReduced) {
    for (std::uint32_t seed = 1; seed <= 10; ++seed) {
        const RandomGraph g = random_graph(seed, 40, 1.6, 0);
        const LayoutOrder order = order_graph(40, g.edges);
        std::vector<std::uint32_t> position(order.rank.size());
        for (const auto& layer : order.layers)
            for (std::uint32_t i = 0; i < layer.size(); ++i) position[layer[i]] = i;
        std::vector<std::pair<std::uint32_t, std::uint32_t>> steps;
        for (std::size_t i = 0; i < g.edges.size(); ++i) {
            std::uint32_t at = g.edges[i].from;
            for (const std::uint32_t bend : order.bends[i]) steps.emplace_back(std::exchange(at, bend), bend);
            steps.emplace_back(at, g.edges[i].to);
        }
        std::uint64_t crossings = 0;
        for (const auto& [a, b] : steps)
            for (const auto& [c, d] : steps)
                if (order.rank[a] == order.rank[c] && position[a] < position[c] && position[b] > position[d])
                    ++crossings;
        EXPECT_EQ(order.crossings, crossings);
        EXPECT_EQ(count_crossings(order, g.edges), crossings);
    }
}

/// More places in a layer than the count for narrow ones takes, and more than a sort in place does.
TEST(Layout, CrossingsOfWideLayersAreCountedExactly) {
    std::mt19937 engine(5);
    constexpr std::uint32_t wide = 90;
    std::vector<LayoutEdge> edges;
    for (std::uint32_t v = 0; v < wide; ++v) {
        edges.push_back({v, wide + (v * 37) % wide}); // every node has an edge: others would be dealt out
        edges.push_back({v, wide + static_cast<std::uint32_t>(engine()) % wide});
    }
    const LayoutOrder order = order_graph(2 * wide, edges);
    std::vector<std::uint32_t> position(order.rank.size());
    for (const auto& layer : order.layers)
        for (std::uint32_t i = 0; i < layer.size(); ++i) position[layer[i]] = i;
    ASSERT_EQ(order.layers.size(), 2u);
    std::uint64_t crossings = 0, before = 0;
    for (const LayoutEdge& a : edges)
        for (const LayoutEdge& b : edges) {
            if (position[a.from] < position[b.from] && position[a.to] > position[b.to]) ++crossings;
            if (a.from < b.from && a.to > b.to) ++before;
        }
    EXPECT_EQ(order.crossings, crossings);
    EXPECT_EQ(count_crossings(order, edges), crossings);
    EXPECT_LT(2 * crossings, before);
}

TEST(Layout, LongEdgesGetNoBends) {
    // A chain with a shortcut over all of it, as unrolled loops have from every step to the first.
    std::vector<LayoutEdge> edges;
    for (std::uint32_t v = 0; v + 1 < 3000; ++v) edges.push_back({v, v + 1});
    for (std::uint32_t v = 100; v < 3000; ++v) edges.push_back({0, v});
    const LayoutOrder order = order_graph(3000, edges);
    EXPECT_LE(order.bend_count(), 8 * edges.size());
    const std::vector<Size> sizes(3000, Size{80, 28});
    const Layout layout = place_graph(order, edges, sizes, Direction::right);
    EXPECT_GT(layout.size.width, 3000 * 80.f);
}

/// On a long side lines may begin anywhere, but those of one port in one place.
TEST(Layout, LinesOfOnePortDoNotPartBeforeTheyMust) {
    const std::vector<LayoutEdge> edges{{0, 1}, {0, 2}, {1, 3}, {2, 4}};
    const std::vector<Size> sizes{{900, 100}, {60, 30}, {60, 30}, {400, 100}, {400, 100}};
    const LayoutOrder order = order_graph(5, edges);
    const auto apart = [&](std::uint32_t second_port) {
        LayoutEnds ends;
        ends.from_port = {0, second_port, LayoutEnds::own_place, LayoutEnds::own_place};
        ends.to_port.assign(4, LayoutEnds::own_place);
        const Layout layout = place_graph(order, edges, sizes, Direction::down, {}, ends);
        expect_no_overlaps(layout, sizes);
        return std::abs(layout.nodes[2].x - layout.nodes[1].x);
    };
    EXPECT_LT(apart(0), 120);
    EXPECT_GT(apart(1), 2 * apart(0));
}

TEST(Layout, ManyLooseNodesMakeABlockNotALine) {
    const std::vector<Size> sizes(100, Size{100, 28});
    const Layout layout = place_graph(order_graph(100, {}), {}, sizes, Direction::right);
    EXPECT_LT(layout.size.height, 1000);
    EXPECT_LT(layout.size.width, 1500);
    expect_no_overlaps(layout, sizes);
}

} // namespace
} // namespace rnnscope::view
