#pragma once

#include "core/base/result.hpp"
#include "core/tensor/shape.hpp"
#include "core/tensor/tensor.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace rnnscope::ops {

/// Indices begin, begin + stride, ... of one dimension: `length` of them.
struct SliceRange {
    std::int64_t begin = 0;
    std::int64_t length = 0;
};
/// Python's range of `x[begin:end:stride]` for a dimension of `size`; nothing given means the whole side. `stride` is
/// not 0.
SliceRange slice_range(std::int64_t size, std::optional<std::int64_t> begin, std::optional<std::int64_t> end,
                       std::int64_t stride);

struct SliceMasks {
    std::int64_t begin = 0, end = 0, ellipsis = 0, new_axis = 0, shrink_axis = 0;
};

/// What a StridedSlice does to each dimension of its input (TensorFlow's ValidateStridedSliceOp).
struct StridedSlicePlan {
    std::vector<SliceRange> ranges;    ///< one for each dimension of the input; only for known sizes
    std::vector<std::int64_t> strides; ///< one for each dimension of the input
    Shape processed;                   ///< sizes after slicing, before dimensions are dropped and added; may be partial
    Shape result;                      ///< the output's shape; may be partial
};

/// `begin` and `end` are null where their values are not known. `input` must have a rank. Texts are TensorFlow's.
Result<StridedSlicePlan> plan_strided_slice(const Shape& input, const Tensor* begin, const Tensor* end,
                                            const Tensor& strides, const SliceMasks& masks);

} // namespace rnnscope::ops
