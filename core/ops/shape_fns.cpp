#include "core/ops/shape_fns.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

namespace rnnscope::ops {

std::string debug_text(const Shape& shape) {
    return shape.has_rank() ? to_text(shape) : "?";
}

std::string debug_text(std::int64_t dim) {
    return dim == Shape::unknown ? "?" : std::to_string(dim);
}

Result<Shape> with_rank(const Shape& shape, std::size_t rank) {
    if (!shape.has_rank()) return Shape::unknown_dims(rank);
    if (shape.rank() != rank)
        return invalid_argument(fmt::format("Shape must be rank {} but is rank {}", rank, shape.rank()));
    return shape;
}

Status with_rank_at_least(const Shape& shape, std::size_t rank) {
    if (shape.has_rank() && shape.rank() < rank)
        return invalid_argument(fmt::format("Shape must be at least rank {} but is rank {}", rank, shape.rank()));
    return {};
}

Status with_rank_at_most(const Shape& shape, std::size_t rank) {
    if (shape.has_rank() && shape.rank() > rank)
        return invalid_argument(fmt::format("Shape must be at most rank {} but is rank {}", rank, shape.rank()));
    return {};
}

Result<std::int64_t> merge_dims(std::int64_t a, std::int64_t b) {
    if (a == Shape::unknown) return b;
    if (b == Shape::unknown || a == b) return a;
    return invalid_argument(fmt::format("Dimensions must be equal, but are {} and {}", a, b));
}

Result<Shape> merge_shapes(const Shape& a, const Shape& b) {
    if (auto merged = a.merged(b)) return *std::move(merged);
    if (a.rank() != b.rank())
        return invalid_argument(fmt::format("Shapes must be equal rank, but are {} and {}", a.rank(), b.rank()));
    std::size_t i = 0;
    while (merge_dims(a.dim(i), b.dim(i)).ok()) ++i;
    return invalid_argument(
        fmt::format("Dimension {} in both shapes must be equal, but are {} and {}. Shapes are {} and {}.", i, a.dim(i),
                    b.dim(i), debug_text(a), debug_text(b)));
}

Status dim_is(std::int64_t dim, std::int64_t value) {
    if (dim == Shape::unknown || dim == value) return {};
    return invalid_argument(fmt::format("Dimension must be {} but is {}", value, dim));
}

Shape concatenated(const Shape& a, const Shape& b) {
    if (!a.has_rank() || !b.has_rank()) return Shape::unknown_rank();
    std::vector<std::int64_t> dims(a.dims().begin(), a.dims().end());
    dims.insert(dims.end(), b.dims().begin(), b.dims().end());
    return Shape(std::move(dims));
}

Shape subshape(const Shape& shape, std::size_t begin, std::size_t end) {
    if (!shape.has_rank()) return Shape::unknown_rank();
    end = std::min(end, shape.rank());
    begin = std::min(begin, end);
    return Shape(std::vector<std::int64_t>(shape.dims().begin() + static_cast<std::ptrdiff_t>(begin),
                                           shape.dims().begin() + static_cast<std::ptrdiff_t>(end)));
}

Shape with_dim(Shape shape, std::size_t i, std::int64_t value) {
    if (!shape.has_rank()) return shape;
    std::vector<std::int64_t> dims(shape.dims().begin(), shape.dims().end());
    dims[i] = value;
    return Shape(std::move(dims));
}

Result<Shape> broadcast_shapes(const Shape& a, const Shape& b) {
    if (!a.has_rank() || !b.has_rank()) return Shape::unknown_rank();
    const std::size_t rank = std::max(a.rank(), b.rank());
    std::vector<std::int64_t> dims(rank);
    for (std::size_t i = 0; i < rank; ++i) {
        const std::size_t missing_a = rank - a.rank(), missing_b = rank - b.rank();
        const std::int64_t x = i < missing_a ? 1 : a.dim(i - missing_a);
        const std::int64_t y = i < missing_b ? 1 : b.dim(i - missing_b);
        if (x == Shape::unknown || y == Shape::unknown) {
            // A known size above 1 wins: the other side must be that or 1. Nothing follows from a 1.
            if (x > 1)
                dims[i] = x;
            else if (y > 1)
                dims[i] = y;
            else if (x == 1)
                dims[i] = y;
            else if (y == 1)
                dims[i] = x;
            else
                dims[i] = Shape::unknown;
        } else if (x == 1) {
            dims[i] = y;
        } else if (y == 1) {
            dims[i] = x;
        } else {
            const auto merged = merge_dims(x, y);
            if (!merged) return merged.error();
            dims[i] = *merged;
        }
    }
    return Shape(std::move(dims));
}

std::int64_t known_elements(const Shape& shape) {
    if (!shape.has_rank()) return Shape::unknown;
    bool unknown = false;
    std::int64_t count = 1;
    for (const std::int64_t d : shape.dims()) {
        if (d == 0) return 0;
        if (d == Shape::unknown)
            unknown = true;
        else if (__builtin_mul_overflow(count, d, &count))
            return Shape::unknown;
    }
    return unknown ? Shape::unknown : count;
}

std::vector<std::int64_t> integers_of(const Tensor& tensor) {
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(tensor.elements()));
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = tensor.integer(static_cast<std::int64_t>(i));
    return numbers;
}

Result<std::int64_t> range_size(const Tensor& start, const Tensor& limit, const Tensor& delta) {
    for (const Tensor* input : {&start, &limit, &delta})
        if (input->elements() != 1)
            return invalid_argument(fmt::format("Input must be scalar but has rank {}", input->shape().rank()));
    if (is_floating(start.dtype())) {
        const double from = start.number(0), to = limit.number(0), step = delta.number(0);
        if (step == 0) return invalid_argument("Requires delta != 0");
        if (step > 0 && from > to)
            return invalid_argument(fmt::format("Requires start <= limit when delta > 0: {}/{}", from, to));
        if (step < 0 && from < to)
            return invalid_argument(fmt::format("Requires start >= limit when delta < 0: {}/{}", from, to));
        const double size = std::ceil(std::abs((to - from) / step));
        constexpr double most = 9.0e18;
        if (!(size < most)) return invalid_argument(fmt::format("Requires ((limit - start) / delta) <= {}", INT64_MAX));
        return static_cast<std::int64_t>(size);
    }
    const std::int64_t from = start.integer(0), to = limit.integer(0), step = delta.integer(0);
    if (step == 0) return invalid_argument("Requires delta != 0");
    if (step > 0 && from > to)
        return invalid_argument(fmt::format("Requires start <= limit when delta > 0: {}/{}", from, to));
    if (step < 0 && from < to)
        return invalid_argument(fmt::format("Requires start >= limit when delta < 0: {}/{}", from, to));
    // In unsigned arithmetic, which also holds the distance between the extremes.
    const auto distance = step > 0 ? static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from)
                                   : static_cast<std::uint64_t>(from) - static_cast<std::uint64_t>(to);
    const auto width =
        step > 0 ? static_cast<std::uint64_t>(step) : std::uint64_t{0} - static_cast<std::uint64_t>(step);
    return static_cast<std::int64_t>(distance / width + (distance % width != 0 ? 1 : 0));
}

Status unchanged_shape(ShapeContext& ctx) {
    ctx.set_output(0, ctx.input(0));
    return {};
}

Status scalar_shape(ShapeContext& ctx) {
    for (std::size_t i = 0; i < ctx.outputs(); ++i) ctx.set_output(i, Shape{});
    return {};
}

Status unknown_shape(ShapeContext& ctx) {
    for (std::size_t i = 0; i < ctx.outputs(); ++i) ctx.set_output(i, Shape::unknown_rank());
    return {};
}

Status no_outputs(ShapeContext&) {
    return {};
}

Status merge_both_shape(ShapeContext& ctx) {
    auto merged = merge_shapes(ctx.input(0), ctx.input(1));
    if (!merged) return merged.error();
    ctx.set_output(0, *std::move(merged));
    return {};
}

Status broadcast_shape(ShapeContext& ctx) {
    auto shape = broadcast_shapes(ctx.input(0), ctx.input(1));
    if (!shape) return shape.error();
    ctx.set_output(0, *std::move(shape));
    return {};
}

Status reduction_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    const Shape& indices = ctx.input(1);
    RNNSCOPE_TRY(with_rank_at_most(indices, 1));
    const bool keep_dims = ctx.attr<bool>("keep_dims");
    const auto axes = ctx.constant_input(1);
    if (!axes) {
        ctx.set_output(0, keep_dims && input.has_rank() ? Shape::unknown_dims(input.rank()) : Shape::unknown_rank());
        return {};
    }
    if (!input.has_rank()) {
        ctx.set_output(0, Shape::unknown_rank());
        return {};
    }
    const auto rank = static_cast<std::int64_t>(input.rank());
    std::vector<bool> reduced(input.rank(), false);
    for (const std::int64_t axis : integers_of(*axes)) {
        if (axis < -rank || axis >= rank)
            return invalid_argument(
                fmt::format("Invalid reduction dimension {} for input with {} dimensions.", axis, rank));
        reduced[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = true;
    }
    std::vector<std::int64_t> dims;
    for (std::size_t i = 0; i < input.rank(); ++i) {
        if (!reduced[i])
            dims.push_back(input.dim(i));
        else if (keep_dims)
            dims.push_back(1);
    }
    ctx.set_output(0, Shape(std::move(dims)));
    return {};
}

std::optional<HandleData> handle_data(const Graph& graph, Output handle) {
    // Loops have back edges, but none is followed: a Merge passes no handle data on in TensorFlow either.
    for (std::size_t steps = 0; steps <= graph.size(); ++steps) {
        const Node& node = graph.node(handle.node);
        if (node.op == "TensorArrayV3") {
            const Shape* shape = node.attr<Shape>("element_shape");
            const bool* identical = node.attr<bool>("identical_element_shapes");
            if (shape == nullptr || identical == nullptr || !(shape->fully_defined() || *identical)) return {};
            return HandleData{*shape, *node.attr<DType>("dtype")};
        }
        if (node.op == "VarHandleOp") return HandleData{*node.attr<Shape>("shape"), *node.attr<DType>("dtype")};
        const bool passes = node.op == "Enter" || node.op == "Identity" || node.op == "Switch" || node.op == "Exit" ||
                            node.op == "NextIteration" || node.op == "TensorArrayGradV3";
        if (!passes || node.inputs.empty()) return {};
        handle = node.inputs[0];
    }
    return {};
}

} // namespace rnnscope::ops
