#pragma once

#include "core/view/graph_scene.hpp"

namespace rnnscope::view {

/// Gives the links of the failing path that no edges of the scene stand for, and those of `missing`, their way: level
/// and upright pieces that cross borders of scopes, but neither boxes nor the names of open scopes, and that run
/// together where they can. Deterministic; a link between whose ends there is too much to look at gets no points.
void route_links(Scene& scene);

} // namespace rnnscope::view
