#pragma once

#include "core/ops/op_def.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// The geometry that convolutions and pooling have in common (TensorFlow's GetWindowedOutputSize).
namespace rnnscope::ops {

/// One spatial dimension. A window that begins at `begin(o)` belongs to output o; parts of it may lie outside.
struct WindowedDim {
    std::int64_t input = 0, window = 1, stride = 1, dilation = 1;
    std::int64_t before = 0; ///< padding in front
    std::int64_t output = 0;
    std::int64_t begin(std::int64_t o) const { return o * stride - before; }
};

struct Windows {
    std::int64_t batch = 0, channels = 0;
    WindowedDim rows, columns;
};

/// Attributes strides, padding and, where the op has them, ksize, dilations and explicit_paddings, in NHWC.
struct WindowAttrs {
    std::vector<std::int64_t> ksize = {1, 1, 1, 1}, strides = {1, 1, 1, 1}, dilations = {1, 1, 1, 1}, explicit_paddings;
    std::string padding, data_format;
};
Result<WindowAttrs> window_attrs(const Node& node);

/// Output size and padding of one dimension; -1 inputs or windows give -1 outputs. "Computed output size would be
/// negative: ...".
Result<WindowedDim> windowed_dim(const WindowAttrs& attrs, std::size_t dim, std::int64_t input, std::int64_t window);

/// Calls visit(output row, output column, window row, window column, input row, input column) for each place of each
/// window that lies inside the input.
template <class Visit> void visit_windows(const WindowedDim& rows, const WindowedDim& columns, Visit&& visit) {
    for (std::int64_t oy = 0; oy < rows.output; ++oy)
        for (std::int64_t ox = 0; ox < columns.output; ++ox)
            for (std::int64_t ky = 0; ky < rows.window; ++ky) {
                const std::int64_t iy = rows.begin(oy) + ky * rows.dilation;
                if (iy < 0 || iy >= rows.input) continue;
                for (std::int64_t kx = 0; kx < columns.window; ++kx) {
                    const std::int64_t ix = columns.begin(ox) + kx * columns.dilation;
                    if (ix >= 0 && ix < columns.input) visit(oy, ox, ky, kx, iy, ix);
                }
            }
}

} // namespace rnnscope::ops
