#pragma once

#include <cstddef>

namespace rnnscope::ui {

/// A round distance between marks of an axis with `count` things on `pixels`, so that they are `least` pixels apart.
std::size_t mark_distance(std::size_t count, float pixels, float least);

} // namespace rnnscope::ui
