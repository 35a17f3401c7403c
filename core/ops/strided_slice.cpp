#include "core/ops/strided_slice.hpp"

#include "core/ops/shape_fns.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

bool bit(std::int64_t mask, std::size_t i) {
    return i < 63 && ((mask >> i) & 1) != 0;
}

/// The specification spread over the dimensions of the input.
struct DenseSpec {
    std::vector<std::int64_t> begin, end, strides;
    std::vector<bool> begin_masked, end_masked, shrink;
    std::vector<std::int64_t> gather; ///< for each output dimension: an input dimension, or one of the marks below
};
constexpr std::int64_t new_axis = -1;

Result<DenseSpec> spread(std::size_t rank, const std::vector<std::int64_t>& begin, const std::vector<std::int64_t>& end,
                         const std::vector<std::int64_t>& strides, const SliceMasks& masks) {
    const std::size_t entries = strides.size();
    std::int64_t ellipses = 0, new_axes_after = 0;
    for (std::size_t i = 0; i < entries; ++i) {
        if (ellipses > 0 && bit(masks.new_axis, i)) ++new_axes_after;
        if (bit(masks.ellipsis, i) && ++ellipses > 1)
            return invalid_argument("Multiple ellipses in slice spec not allowed");
    }
    const bool implicit_ellipsis = ellipses == 0;
    DenseSpec dense;
    const auto add = [&](std::int64_t b, std::int64_t e, std::int64_t s, bool bm, bool em, bool shrink) {
        dense.begin.push_back(b);
        dense.end.push_back(e);
        dense.strides.push_back(s);
        dense.begin_masked.push_back(bm);
        dense.end_masked.push_back(em);
        dense.shrink.push_back(shrink);
    };
    for (std::size_t i = 0; i < entries + (implicit_ellipsis ? 1 : 0); ++i) {
        if (i == entries || bit(masks.ellipsis, i)) {
            // As many whole dimensions as the entries that follow leave over.
            const auto left =
                static_cast<std::int64_t>(entries) - static_cast<std::int64_t>(i) - (i == entries ? 0 : 1);
            const std::int64_t until =
                std::min(static_cast<std::int64_t>(rank) - left + (i == entries ? 0 : new_axes_after),
                         static_cast<std::int64_t>(rank));
            while (static_cast<std::int64_t>(dense.begin.size()) < until) {
                dense.gather.push_back(static_cast<std::int64_t>(dense.begin.size()));
                add(0, 0, 1, true, true, false);
            }
        } else if (bit(masks.new_axis, i)) {
            dense.gather.push_back(new_axis);
        } else {
            if (dense.begin.size() == rank)
                return invalid_argument(
                    fmt::format("Index out of range using input dim {}; input has only {} dims", rank, rank));
            const bool shrink = bit(masks.shrink_axis, i);
            if (!shrink) dense.gather.push_back(static_cast<std::int64_t>(dense.begin.size()));
            add(begin.empty() ? 0 : begin[i], end.empty() ? 0 : end[i], strides[i], bit(masks.begin, i),
                bit(masks.end, i), shrink);
        }
    }
    return dense;
}

/// Length and start of one dimension of known size; a length of -1 is not known.
Result<SliceRange> range_of(const DenseSpec& dense, std::size_t i, std::int64_t size, bool values_known) {
    const std::int64_t stride = dense.strides[i];
    if (!values_known) {
        if (dense.shrink[i]) return SliceRange{0, 1};
        if (dense.begin_masked[i] && dense.end_masked[i]) return slice_range(size, {}, {}, stride);
        return SliceRange{0, Shape::unknown};
    }
    if (dense.shrink[i]) {
        const std::int64_t index = dense.begin[i] < 0 ? size + dense.begin[i] : dense.begin[i];
        if (index < 0 || index >= size)
            return invalid_argument(fmt::format("slice index {} of dimension {} out of bounds.", index, i));
        return SliceRange{index, 1};
    }
    return slice_range(size, dense.begin_masked[i] ? std::nullopt : std::optional(dense.begin[i]),
                       dense.end_masked[i] ? std::nullopt : std::optional(dense.end[i]), stride);
}

} // namespace

SliceRange slice_range(std::int64_t size, std::optional<std::int64_t> begin, std::optional<std::int64_t> end,
                       std::int64_t stride) {
    const std::int64_t low = stride > 0 ? 0 : -1, high = stride > 0 ? size : size - 1;
    const auto canonical = [&](std::int64_t x) { return std::clamp(x < 0 ? size + x : x, low, high); };
    const std::int64_t from = begin ? canonical(*begin) : (stride > 0 ? low : high);
    const std::int64_t to = end ? canonical(*end) : (stride > 0 ? high : low);
    const std::int64_t interval = to - from;
    if (interval == 0 || (interval < 0) != (stride < 0)) return {from, 0};
    return {from, interval / stride + (interval % stride != 0 ? 1 : 0)};
}

Result<StridedSlicePlan> plan_strided_slice(const Shape& input, const Tensor* begin, const Tensor* end,
                                            const Tensor& strides, const SliceMasks& masks) {
    const bool values_known = begin != nullptr && end != nullptr;
    const auto dense = spread(input.rank(), begin ? integers_of(*begin) : std::vector<std::int64_t>{},
                              end ? integers_of(*end) : std::vector<std::int64_t>{}, integers_of(strides), masks);
    if (!dense) return dense.error();
    StridedSlicePlan plan;
    plan.strides = dense->strides;
    std::vector<std::int64_t> processed;
    for (std::size_t i = 0; i < input.rank(); ++i) {
        if (plan.strides[i] == 0) return invalid_argument(fmt::format("strides[{}] must be non-zero", i));
        // -2^63 has no counterpart; no dimension is that large.
        plan.strides[i] = std::max(plan.strides[i], -std::numeric_limits<std::int64_t>::max());
        if (input.dim(i) == Shape::unknown) {
            plan.ranges.push_back({});
            processed.push_back(dense->shrink[i] ? 1 : Shape::unknown);
            continue;
        }
        if (dense->shrink[i] && plan.strides[i] <= 0)
            return invalid_argument("only stride 1 allowed on non-range indexing.");
        const auto range = range_of(*dense, i, input.dim(i), values_known);
        if (!range) return range.error();
        plan.ranges.push_back(*range);
        processed.push_back(range->length);
    }
    std::vector<std::int64_t> result;
    for (const std::int64_t source : dense->gather)
        result.push_back(source == new_axis ? 1 : processed[static_cast<std::size_t>(source)]);
    plan.processed = Shape(std::move(processed));
    plan.result = Shape(std::move(result));
    return plan;
}

} // namespace rnnscope::ops
