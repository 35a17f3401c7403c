#include "ui/widgets/axis.hpp"

#include <algorithm>

namespace rnnscope::ui {

std::size_t mark_distance(std::size_t count, float pixels, float least) {
    const float each = pixels / static_cast<float>(std::max<std::size_t>(count, 1));
    std::size_t distance = 1;
    for (const std::size_t factor : {2U, 5U, 10U, 20U, 50U, 100U, 200U, 500U, 1000U, 2000U, 5000U, 10000U, 100000U}) {
        if (each * static_cast<float>(distance) >= least) break;
        distance = factor;
    }
    return distance;
}

} // namespace rnnscope::ui
