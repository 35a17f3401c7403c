#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

#include <limits>

#include <fmt/format.h>

// The same elements under another shape.
namespace rnnscope::ops {
namespace {

/// Product of the known dimensions, and where the one unknown dimension is.
struct PartialSize {
    std::int64_t known = 1;
    std::optional<std::size_t> unknown_dim;
    bool several_unknown = false;
};

PartialSize partial_size(const Shape& shape) {
    PartialSize size;
    for (std::size_t i = 0; i < shape.rank(); ++i) {
        if (shape.dim(i) == Shape::unknown) {
            size.several_unknown = size.several_unknown || size.unknown_dim.has_value();
            size.unknown_dim = i;
        } else if (__builtin_mul_overflow(size.known, shape.dim(i), &size.known)) {
            size.several_unknown = true; // nothing can be concluded
            size.known = 0;
        }
    }
    return size;
}

Result<std::int64_t> divide_evenly(std::int64_t dividend, std::int64_t divisor) {
    if (dividend % divisor != 0)
        return invalid_argument(
            fmt::format("Dimension size must be evenly divisible by {} but is {}", divisor, dividend));
    return dividend / divisor;
}

Status reshape_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank(ctx.input(1), 1));
    const Shape& in = ctx.input(0);
    Shape out = ctx.input_as_shape(1);
    ctx.set_output(0, out);
    if (!out.has_rank() || !in.has_rank()) return {};
    const PartialSize in_size = partial_size(in), out_size = partial_size(out);
    if (in_size.several_unknown || out_size.several_unknown) return {};
    if (!in_size.unknown_dim && !out_size.unknown_dim) {
        if (in_size.known != out_size.known)
            return invalid_argument(fmt::format("Cannot reshape a tensor with {} elements to shape {} ({} elements)",
                                                in_size.known, debug_text(out), out_size.known));
    } else if (!in_size.unknown_dim && out_size.known > 0) {
        const auto inferred = divide_evenly(in_size.known, out_size.known);
        if (!inferred) return inferred.error();
        ctx.set_output(0, with_dim(std::move(out), *out_size.unknown_dim, *inferred));
    } else if (in_size.unknown_dim && !out_size.unknown_dim && in_size.known != 0) {
        const auto inferred = divide_evenly(out_size.known, in_size.known);
        if (!inferred) return inferred.error();
    }
    return {};
}

Status expand_dims_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    const auto axis = ctx.constant_input(1);
    if (!axis || axis->elements() != 1) {
        if (axis) return invalid_argument(fmt::format("'dim' input must be a tensor with a single value"));
        ctx.set_output(0, input.has_rank() ? Shape::unknown_dims(input.rank() + 1) : Shape::unknown_rank());
        return {};
    }
    if (!input.has_rank()) {
        ctx.set_output(0, Shape::unknown_rank());
        return {};
    }
    const auto rank = static_cast<std::int64_t>(input.rank());
    const std::int64_t given = axis->integer(0);
    if (given < -1 - rank || given > rank)
        return invalid_argument(fmt::format("dim {} not in the interval [{}, {}].", given, -1 - rank, rank));
    const std::int64_t at = given < 0 ? given + rank + 1 : given;
    std::vector<std::int64_t> dims(input.dims().begin(), input.dims().end());
    dims.insert(dims.begin() + at, 1);
    ctx.set_output(0, Shape(std::move(dims)));
    return {};
}

Status squeeze_shape(ShapeContext& ctx) {
    const Shape& input = ctx.input(0);
    if (!input.has_rank()) {
        ctx.set_output(0, Shape::unknown_rank());
        return {};
    }
    const auto rank = static_cast<std::int64_t>(input.rank());
    const AttrList& squeeze = ctx.attr<AttrList>("squeeze_dims");
    std::vector<bool> named(input.rank(), false);
    for (const AttrValue& entry : squeeze.entries) {
        const std::int64_t dim = *entry.as<std::int64_t>();
        if (dim < -rank || dim >= rank)
            return invalid_argument(fmt::format("squeeze_dims[{}] not in [{},{}).", dim, -rank, rank));
        named[static_cast<std::size_t>(dim < 0 ? dim + rank : dim)] = true;
    }
    std::vector<std::int64_t> dims;
    for (std::size_t i = 0; i < input.rank(); ++i) {
        const std::int64_t dim = input.dim(i);
        if (squeeze.entries.empty()) {
            if (dim == Shape::unknown) { // it may be a 1, so the rank of the result is not known
                ctx.set_output(0, Shape::unknown_rank());
                return {};
            }
            if (dim != 1) dims.push_back(dim);
        } else if (!named[i]) {
            dims.push_back(dim);
        } else if (dim != 1 && dim != Shape::unknown) {
            return invalid_argument(fmt::format("Can not squeeze dim[{}], expected a dimension of 1, got {}", i, dim));
        }
    }
    ctx.set_output(0, Shape(std::move(dims)));
    return {};
}

Status reshape(KernelContext& ctx) {
    const Tensor& tensor = ctx.input(0);
    const Tensor& sizes = ctx.input(1);
    if (sizes.shape().rank() != 1)
        return invalid_argument(fmt::format("sizes input must be 1-D, not {}", to_text(sizes.shape())));
    std::vector<std::int64_t> dims = integers_of(sizes);
    std::int64_t product = 1;
    std::optional<std::size_t> open;
    for (std::size_t i = 0; i < dims.size(); ++i) {
        if (dims[i] == -1) {
            if (open)
                return invalid_argument(fmt::format("Only one input size may be -1, not both {} and {}", *open, i));
            open = i;
        } else if (dims[i] < 0) {
            return invalid_argument(fmt::format("Size {} must be non-negative, not {}", i, dims[i]));
        } else if (__builtin_mul_overflow(product, dims[i], &product)) {
            product = std::numeric_limits<std::int64_t>::max(); // more than any tensor holds
        }
    }
    if (open) {
        if (product == 0)
            return invalid_argument("Reshape cannot infer the missing input size for an empty tensor unless all "
                                    "specified input sizes are non-zero");
        if (tensor.elements() % product != 0)
            return invalid_argument(fmt::format(
                "Input to reshape is a tensor with {} values, but the requested shape requires a multiple of {}",
                tensor.elements(), product));
        dims[*open] = tensor.elements() / product;
    } else if (product != tensor.elements()) {
        return invalid_argument(fmt::format(
            "Input to reshape is a tensor with {} values, but the requested shape has {}", tensor.elements(), product));
    }
    ctx.set_output(0, tensor.reshaped(Shape(std::move(dims))));
    return {};
}

Status expand_dims(KernelContext& ctx) {
    const Tensor& tensor = ctx.input(0);
    if (ctx.input(1).elements() != 1) return invalid_argument("'dim' must be a tensor with a single value");
    const auto rank = static_cast<std::int64_t>(tensor.shape().rank());
    const std::int64_t given = scalar_input(ctx, 1);
    if (given < -1 - rank || given > rank)
        return invalid_argument(
            fmt::format("Tried to expand dim index {} for tensor with {} dimensions.", given, rank));
    std::vector<std::int64_t> dims(tensor.shape().dims().begin(), tensor.shape().dims().end());
    dims.insert(dims.begin() + (given < 0 ? given + rank + 1 : given), 1);
    ctx.set_output(0, tensor.reshaped(Shape(std::move(dims))));
    return {};
}

Status squeeze(KernelContext& ctx) {
    const Tensor& tensor = ctx.input(0);
    const auto rank = static_cast<std::int64_t>(tensor.shape().rank());
    const auto squeeze_dims = ctx.attr<AttrList>("squeeze_dims");
    std::vector<bool> named(tensor.shape().rank(), false);
    for (const AttrValue& entry : squeeze_dims.entries) {
        const std::int64_t dim = *entry.as<std::int64_t>();
        if (dim < -rank || dim >= rank)
            return invalid_argument(
                fmt::format("Tried to squeeze dim index {} for tensor with {} dimensions.", dim, rank));
        named[static_cast<std::size_t>(dim < 0 ? dim + rank : dim)] = true;
    }
    std::vector<std::int64_t> dims;
    for (std::size_t i = 0; i < named.size(); ++i) {
        const std::int64_t size = tensor.shape().dim(i);
        if (named[i] && size != 1)
            return invalid_argument(fmt::format("Can not squeeze dim[{}], expected a dimension of 1, got {}", i, size));
        const bool drop = squeeze_dims.entries.empty() ? size == 1 : named[i];
        if (!drop) dims.push_back(size);
    }
    ctx.set_output(0, tensor.reshaped(Shape(std::move(dims))));
    return {};
}

} // namespace

void add_reshape_ops(OpRecords& ops) {
    ops.push_back(
        OpBuilder("Reshape")
            .input("tensor: T")
            .input("shape: Tshape")
            .output("output: T")
            .attr("T: type")
            .attr("Tshape: {int32, int64} = DT_INT32")
            .summary("The same values under another shape; one -1 stands for what is left.")
            .shape(reshape_shape)
            .kernel(reshape)
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::ints({2}, {3, -1})},
                      {},
                      {example::floats({3, 2}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F})}}));
    ops.push_back(
        OpBuilder("ExpandDims")
            .input("input: T")
            .input("dim: Tdim")
            .output("output: T")
            .attr("T: type")
            .attr("Tdim: {int32, int64} = DT_INT32")
            .summary("Adds a dimension of size 1.")
            .shape(expand_dims_shape)
            .kernel(expand_dims)
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::ints({}, {-1})},
                      {},
                      {example::floats({2, 3, 1}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F})}}));
    ops.push_back(OpBuilder("Squeeze")
                      .input("input: T")
                      .output("output: T")
                      .attr("T: type")
                      .attr("squeeze_dims: list(int) >= 0 = []")
                      .summary("Drops dimensions of size 1: the named ones, or all.")
                      .shape(squeeze_shape)
                      .kernel(squeeze)
                      .example({{example::floats({1, 2, 1}, {1.0F, 2.0F})}, {}, {example::floats({2}, {1.0F, 2.0F})}})
                      .example({{example::floats({1, 2, 1}, {1.0F, 2.0F})},
                                {{"squeeze_dims", attr_list(std::vector<std::int64_t>{-1})}},
                                {example::floats({1, 2}, {1.0F, 2.0F})}}));
}

} // namespace rnnscope::ops
