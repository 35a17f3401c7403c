#pragma once

#include "core/view/graph_scene.hpp"

#include <gtest/gtest.h>

namespace rnnscope::view::test {

/// Children inside their parents, no overlaps, edges between siblings, and along the flow unless they run around.
inline void expect_well_formed(const Scene& scene) {
    for (std::uint32_t i = 1; i < scene.boxes.size(); ++i) {
        const SceneBox& box = scene.boxes[i];
        const SceneBox& parent = scene.boxes[box.parent];
        ASSERT_LT(box.parent, i);
        EXPECT_LE(box.end, parent.end);
        EXPECT_TRUE(parent.expanded);
        EXPECT_GE(box.x, 0) << box.path;
        EXPECT_GE(box.y, 0) << box.path;
        EXPECT_LE(box.x + box.width, parent.width + 0.5f) << box.path;
        EXPECT_LE(box.y + box.height, parent.height + 0.5f) << box.path;
        for (std::uint32_t j = box.end; j < parent.end; j = scene.boxes[j].end) {
            const SceneBox& other = scene.boxes[j];
            const bool apart = box.x + box.width <= other.x + 0.01f || other.x + other.width <= box.x + 0.01f ||
                               box.y + box.height <= other.y + 0.01f || other.y + other.height <= box.y + 0.01f;
            EXPECT_TRUE(apart) << box.path << " overlaps " << other.path;
        }
    }
    for (const SceneEdge& edge : scene.edges) {
        EXPECT_EQ(scene.boxes[edge.from].parent, scene.boxes[edge.to].parent);
        EXPECT_NE(edge.from, edge.to);
        EXPECT_EQ(edge.points.empty(), edge.portal);
        if (edge.portal || edge.around) continue;
        const SceneBox &a = scene.boxes[edge.from], &b = scene.boxes[edge.to];
        EXPECT_TRUE(a.y + a.height <= b.y + 0.01f || a.x + a.width <= b.x + 0.01f)
            << a.path << " does not come before " << b.path;
    }
}

} // namespace rnnscope::view::test
