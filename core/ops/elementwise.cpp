#include "core/ops/elementwise.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace rnnscope::ops {

Tensor map_floats(const Tensor& x, simd::Kernels::Unary kernel) {
    float* data = nullptr;
    Tensor result = Tensor::make<float>(x.shape(), data);
    kernel(x.values<float>().data(), data, static_cast<std::size_t>(x.elements()));
    return result;
}

Result<Shape> broadcast_at_run_time(const Shape& a, const Shape& b) {
    if (a == b) return a;
    auto shape = broadcast_shapes(a, b);
    if (!shape) return invalid_argument(fmt::format("Incompatible shapes: {} vs. {}", to_text(a), to_text(b)));
    return shape;
}

std::vector<std::int64_t> broadcast_strides(const Shape& own, const Shape& shape) {
    const std::vector<std::int64_t> strides = strides_of(own);
    std::vector<std::int64_t> result(shape.rank(), 0);
    const std::size_t missing = shape.rank() - own.rank();
    for (std::size_t i = 0; i < own.rank(); ++i) result[missing + i] = own.dim(i) == 1 ? 0 : strides[i];
    return result;
}

} // namespace rnnscope::ops
