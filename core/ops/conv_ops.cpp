#include "core/ops/dense.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include "core/ops/windows.hpp"

#include <fmt/format.h>

// Convolutions over the two middle dimensions of [batch, rows, columns, channels]. The filter is [rows, columns, in,
// out].
namespace rnnscope::ops {
namespace {

std::size_t channel_dim(const WindowAttrs& attrs) {
    return attrs.data_format == "NCHW" ? 1 : 3;
}
std::size_t row_dim(const WindowAttrs& attrs) {
    return attrs.data_format == "NCHW" ? 2 : 1;
}

/// Output shape of a convolution whose output has `depth` channels.
Result<Shape> output_shape(const WindowAttrs& attrs, const Shape& input, const Shape& filter, std::int64_t depth) {
    const std::size_t row = row_dim(attrs);
    const auto rows = windowed_dim(attrs, 1, input.dim(row), filter.dim(0));
    if (!rows) return rows.error();
    const auto columns = windowed_dim(attrs, 2, input.dim(row + 1), filter.dim(1));
    if (!columns) return columns.error();
    std::vector<std::int64_t> dims(4, input.dim(0));
    dims[row] = rows->output;
    dims[row + 1] = columns->output;
    dims[channel_dim(attrs)] = depth;
    return Shape(std::move(dims));
}

Status conv_shape(ShapeContext& ctx) {
    const auto attrs = window_attrs(ctx.node());
    if (!attrs) return attrs.error();
    const auto input = with_rank(ctx.input(0), 4), filter = with_rank(ctx.input(1), 4);
    if (!input) return input.error();
    if (!filter) return filter.error();
    const std::int64_t in = input->dim(channel_dim(*attrs)), filter_in = filter->dim(2);
    if (in != Shape::unknown && filter_in != Shape::unknown && filter_in > 0 && in % filter_in != 0)
        return invalid_argument(
            fmt::format("Depth of input ({}) is not a multiple of input depth of filter ({})", in, filter_in));
    auto shape = output_shape(*attrs, *input, *filter, filter->dim(3));
    if (!shape) return shape.error();
    ctx.set_output(0, *std::move(shape));
    return {};
}

Status depthwise_shape(ShapeContext& ctx) {
    const auto attrs = window_attrs(ctx.node());
    if (!attrs) return attrs.error();
    const auto input = with_rank(ctx.input(0), 4), filter = with_rank(ctx.input(1), 4);
    if (!input) return input.error();
    if (!filter) return filter.error();
    const auto depth = merge_dims(input->dim(channel_dim(*attrs)), filter->dim(2));
    if (!depth) return depth.error();
    std::int64_t out = Shape::unknown;
    if (*depth != Shape::unknown && filter->dim(3) != Shape::unknown &&
        __builtin_mul_overflow(*depth, filter->dim(3), &out))
        return invalid_argument("the filter makes more channels than can be counted");
    auto shape = output_shape(*attrs, *input, *filter, out);
    if (!shape) return shape.error();
    ctx.set_output(0, *std::move(shape));
    return {};
}

/// The output has the shape that input `i` holds.
template <std::size_t i> Status shape_from_input(ShapeContext& ctx) {
    auto shape = with_rank(ctx.input_as_shape(i), 4);
    if (!shape) return shape.error();
    ctx.set_output(0, *std::move(shape));
    return {};
}

/// What the kernels know of one convolution.
struct Conv {
    std::int64_t batch = 0, in = 0, out = 0;
    WindowedDim rows, columns;
    std::size_t input_at(std::int64_t n, std::int64_t y, std::int64_t x) const {
        return static_cast<std::size_t>(((n * rows.input + y) * columns.input + x) * in);
    }
    std::size_t output_at(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t channels) const {
        return static_cast<std::size_t>(((n * rows.output + y) * columns.output + x) * channels);
    }
    std::size_t filter_at(std::int64_t y, std::int64_t x) const {
        return static_cast<std::size_t>((y * columns.window + x) * in * out);
    }
};

/// Checks everything but the gradient. `depthwise`: the filter's last dimension counts the outputs of each channel.
Result<Conv> plan(const KernelContext& ctx, const Shape& input, const Shape& filter, bool depthwise) {
    const auto attrs = window_attrs(ctx.node());
    if (!attrs) return attrs.error();
    if (attrs->data_format != "NHWC")
        return Error{"UnimplementedError",
                     fmt::format("The {} op currently only supports the NHWC tensor format on the "
                                 "CPU. The op was given the format: {}",
                                 ctx.node().op, attrs->data_format)};
    if (input.rank() != 4) return invalid_argument("input must be 4-dimensional" + to_text(input));
    if (filter.rank() != 4) return invalid_argument("filter must be 4-dimensional: " + to_text(filter));
    if (depthwise && input.dim(3) != filter.dim(2))
        return invalid_argument(
            fmt::format("input and filter must have the same depth: {} vs {}", input.dim(3), filter.dim(2)));
    if (input.dim(3) != filter.dim(2)) {
        if (filter.dim(2) == 0 || input.dim(3) % filter.dim(2) != 0)
            return invalid_argument(fmt::format("input depth must be evenly divisible by filter depth: {} vs {}",
                                                input.dim(3), filter.dim(2)));
        return Error{"UnimplementedError",
                     fmt::format("The {} op does not support grouped convolutions here: {} channels, filters of {}",
                                 ctx.node().op, input.dim(3), filter.dim(2))};
    }
    if (depthwise && attrs->strides[1] != attrs->strides[2])
        return invalid_argument(
            "Current implementation only supports equal length strides in the row and column dimensions.");
    Conv conv{input.dim(0), input.dim(3), filter.dim(3), {}, {}};
    const auto rows = windowed_dim(*attrs, 1, input.dim(1), filter.dim(0));
    if (!rows) return rows.error();
    const auto columns = windowed_dim(*attrs, 2, input.dim(2), filter.dim(1));
    if (!columns) return columns.error();
    conv.rows = *rows;
    conv.columns = *columns;
    return conv;
}

Status conv2d(KernelContext& ctx) {
    const auto conv = plan(ctx, ctx.input(0).shape(), ctx.input(1).shape(), false);
    if (!conv) return conv.error();
    const DType dtype = ctx.input(0).dtype();
    const Shape shape{conv->batch, conv->rows.output, conv->columns.output, conv->out};
    RNNSCOPE_TRY(check_allocation(dtype, shape));
    if (!is_dense_type(dtype)) return no_kernel(ctx, dtype);
    const Numbers input = numbers_of(ctx.input(0)), filter = numbers_of(ctx.input(1));
    Numbers output(static_cast<std::size_t>(shape.elements()), 0.0);
    for (std::int64_t n = 0; n < conv->batch; ++n)
        visit_windows(conv->rows, conv->columns, [&](auto oy, auto ox, auto ky, auto kx, auto iy, auto ix) {
            add_product(std::span(input).subspan(conv->input_at(n, iy, ix)),
                        std::span(filter).subspan(conv->filter_at(ky, kx)),
                        std::span(output).subspan(conv->output_at(n, oy, ox, conv->out)), 1, conv->in, conv->out);
        });
    ctx.set_output(0, rounded_to(dtype, shape, output));
    return {};
}

/// Calls product(place in the input, in the filter, in the output) for each that a depthwise convolution adds up.
template <class Product> void visit_depthwise(const Conv& conv, Product&& product) {
    const std::int64_t depth = conv.in * conv.out;
    for (std::int64_t n = 0; n < conv.batch; ++n)
        visit_windows(conv.rows, conv.columns, [&](auto oy, auto ox, auto ky, auto kx, auto iy, auto ix) {
            std::size_t x = conv.input_at(n, iy, ix), w = conv.filter_at(ky, kx);
            std::size_t y = conv.output_at(n, oy, ox, depth);
            for (std::int64_t channel = 0; channel < conv.in; ++channel, ++x)
                for (std::int64_t k = 0; k < conv.out; ++k) product(x, w++, y++);
        });
}

Status depthwise(KernelContext& ctx) {
    const auto conv = plan(ctx, ctx.input(0).shape(), ctx.input(1).shape(), true);
    if (!conv) return conv.error();
    const DType dtype = ctx.input(0).dtype();
    std::int64_t depth = 0;
    if (__builtin_mul_overflow(conv->in, conv->out, &depth)) return invalid_argument("too many channels");
    const Shape shape{conv->batch, conv->rows.output, conv->columns.output, depth};
    RNNSCOPE_TRY(check_allocation(dtype, shape));
    if (!is_dense_type(dtype)) return no_kernel(ctx, dtype);
    const Numbers input = numbers_of(ctx.input(0)), filter = numbers_of(ctx.input(1));
    Numbers output(static_cast<std::size_t>(shape.elements()), 0.0);
    visit_depthwise(*conv, [&](auto x, auto w, auto y) { output[y] += input[x] * filter[w]; });
    ctx.set_output(0, rounded_to(dtype, shape, output));
    return {};
}

/// A shape given as an input, which must have four dimensions.
Result<Shape> given_shape(const Tensor& sizes, std::string_view op) {
    if (sizes.shape().rank() != 1 || sizes.elements() != 4)
        return invalid_argument(
            fmt::format("{}: sizes must be a vector of 4 numbers, not of shape {}", op, to_text(sizes.shape())));
    const Shape shape(integers_of(sizes));
    RNNSCOPE_TRY(check_allocation(DType::float64, shape));
    return shape;
}

Status check_gradient(const KernelContext& ctx, const Conv& conv) {
    const Shape shape{conv.batch, conv.rows.output, conv.columns.output, conv.out};
    if (ctx.input(2).shape() == shape) return {};
    return invalid_argument(fmt::format("{}: Size of out_backprop doesn't match computed: actual = {}, computed = {}",
                                        ctx.node().op, to_text(ctx.input(2).shape()), to_text(shape)));
}

Status conv2d_backprop_input(KernelContext& ctx) {
    const auto shape = given_shape(ctx.input(0), ctx.node().op);
    if (!shape) return shape.error();
    const auto conv = plan(ctx, *shape, ctx.input(1).shape(), false);
    if (!conv) return conv.error();
    RNNSCOPE_TRY(check_gradient(ctx, *conv));
    const DType dtype = ctx.input(1).dtype();
    if (!is_dense_type(dtype)) return no_kernel(ctx, dtype);
    const Numbers filter = numbers_of(ctx.input(1)), gradient = numbers_of(ctx.input(2));
    Numbers input(static_cast<std::size_t>(shape->elements()), 0.0);
    for (std::int64_t n = 0; n < conv->batch; ++n)
        visit_windows(conv->rows, conv->columns, [&](auto oy, auto ox, auto ky, auto kx, auto iy, auto ix) {
            add_product_right_transposed(std::span(gradient).subspan(conv->output_at(n, oy, ox, conv->out)),
                                         std::span(filter).subspan(conv->filter_at(ky, kx)),
                                         std::span(input).subspan(conv->input_at(n, iy, ix)), 1, conv->out, conv->in);
        });
    ctx.set_output(0, rounded_to(dtype, *shape, input));
    return {};
}

Status conv2d_backprop_filter(KernelContext& ctx) {
    const auto shape = given_shape(ctx.input(1), ctx.node().op);
    if (!shape) return shape.error();
    const auto conv = plan(ctx, ctx.input(0).shape(), *shape, false);
    if (!conv) return conv.error();
    RNNSCOPE_TRY(check_gradient(ctx, *conv));
    const DType dtype = ctx.input(0).dtype();
    if (!is_dense_type(dtype)) return no_kernel(ctx, dtype);
    const Numbers input = numbers_of(ctx.input(0)), gradient = numbers_of(ctx.input(2));
    Numbers filter(static_cast<std::size_t>(shape->elements()), 0.0);
    for (std::int64_t n = 0; n < conv->batch; ++n)
        visit_windows(conv->rows, conv->columns, [&](auto oy, auto ox, auto ky, auto kx, auto iy, auto ix) {
            add_product_left_transposed(std::span(input).subspan(conv->input_at(n, iy, ix)),
                                        std::span(gradient).subspan(conv->output_at(n, oy, ox, conv->out)),
                                        std::span(filter).subspan(conv->filter_at(ky, kx)), conv->in, 1, conv->out);
        });
    ctx.set_output(0, rounded_to(dtype, *shape, filter));
    return {};
}

/// The plan of a depthwise convolution whose gradient is input 2. `label`: TensorFlow's name in its messages.
Result<Conv> plan_depthwise_gradient(const KernelContext& ctx, const Shape& input, const Shape& filter,
                                     std::string_view label) {
    const Shape& gradient = ctx.input(2).shape();
    const auto refuse = [&](std::string_view why) { return invalid_argument(fmt::format("{}: {}", label, why)); };
    if (gradient.rank() != 4) return refuse("out_backprop must be 4-dimensional");
    auto conv = plan(ctx, input, filter, true);
    if (!conv) return conv.error();
    if (conv->batch != gradient.dim(0)) return refuse("input and out_backprop must have the same batch size");
    std::int64_t depth = 0;
    if (__builtin_mul_overflow(conv->in, conv->out, &depth) || depth != gradient.dim(3))
        return refuse("depth_multiplier * in_depth not equal to out_depth");
    for (const std::size_t i : {1, 2}) {
        const std::int64_t computed = i == 1 ? conv->rows.output : conv->columns.output;
        if (gradient.dim(i) != computed)
            return refuse(fmt::format("Number of {} of out_backprop doesn't match computed: actual = {}, computed = {}",
                                      i == 1 ? "rows" : "cols", gradient.dim(i), computed));
    }
    return conv;
}

Status depthwise_backprop_input(KernelContext& ctx) {
    const auto shape = given_shape(ctx.input(0), ctx.node().op);
    if (!shape) return shape.error();
    const auto conv = plan_depthwise_gradient(ctx, *shape, ctx.input(1).shape(), "DepthwiseConv2DBackpropInput");
    if (!conv) return conv.error();
    const DType dtype = ctx.input(1).dtype();
    if (!is_dense_type(dtype)) return no_kernel(ctx, dtype);
    const Numbers filter = numbers_of(ctx.input(1)), gradient = numbers_of(ctx.input(2));
    Numbers input(static_cast<std::size_t>(shape->elements()), 0.0);
    visit_depthwise(*conv, [&](auto x, auto w, auto y) { input[x] += gradient[y] * filter[w]; });
    ctx.set_output(0, rounded_to(dtype, *shape, input));
    return {};
}

Status depthwise_backprop_filter(KernelContext& ctx) {
    const auto shape = given_shape(ctx.input(1), ctx.node().op);
    if (!shape) return shape.error();
    const auto conv = plan_depthwise_gradient(ctx, ctx.input(0).shape(), *shape, "DepthwiseConv2DBackpropFilter");
    if (!conv) return conv.error();
    const DType dtype = ctx.input(0).dtype();
    if (!is_dense_type(dtype)) return no_kernel(ctx, dtype);
    const Numbers input = numbers_of(ctx.input(0)), gradient = numbers_of(ctx.input(2));
    Numbers filter(static_cast<std::size_t>(shape->elements()), 0.0);
    visit_depthwise(*conv, [&](auto x, auto w, auto y) { filter[w] += input[x] * gradient[y]; });
    ctx.set_output(0, rounded_to(dtype, *shape, filter));
    return {};
}

/// The arguments come first; all six share the rest.
OpBuilder convolution(OpBuilder builder, bool explicit_paddings, std::string_view summary) {
    std::move(builder)
        .output("output: T")
        .attr("T: {half, bfloat16, float, double}")
        .attr("strides: list(int)")
        .summary(summary);
    if (explicit_paddings)
        std::move(builder)
            .attr("use_cudnn_on_gpu: bool = true")
            .attr("padding: {'SAME', 'VALID', 'EXPLICIT'}")
            .attr("explicit_paddings: list(int) = []");
    else
        std::move(builder).attr("padding: {'SAME', 'VALID'}");
    std::move(builder).attr("data_format: {'NHWC', 'NCHW'} = 'NHWC'").attr("dilations: list(int) = [1, 1, 1, 1]");
    return builder;
}

AttrMap attrs(const std::string& padding, std::int64_t stride) {
    return {{"strides", attr_list(std::vector<std::int64_t>{1, stride, stride, 1})}, {"padding", padding}};
}

} // namespace

void add_conv_ops(OpRecords& ops) {
    using example::floats;
    using example::ints;
    const Tensor image = floats({1, 3, 3, 1}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F, 7.0F, 8.0F, 9.0F});
    const Tensor filter = floats({2, 2, 1, 2}, {1.0F, -1.0F, 2.0F, 0.5F, 3.0F, 0.25F, 4.0F, 2.0F});
    ops.push_back(
        convolution(OpBuilder("Conv2D").input("input: T").input("filter: T"), true, "Two-dimensional convolution.")
            .shape(conv_shape)
            .kernel(conv2d)
            .example({{image, filter},
                      attrs("VALID", 1),
                      {floats({1, 2, 2, 2}, {37.0F, 11.0F, 47.0F, 12.75F, 67.0F, 16.25F, 77.0F, 18.0F})}})
            .example({{image, filter},
                      attrs("SAME", 2),
                      {floats({1, 2, 2, 2}, {37.0F, 11.0F, 21.0F, -1.5F, 23.0F, -3.0F, 9.0F, -9.0F})}}));
    const Tensor gradient = floats({1, 2, 2, 2}, {1.0F, 2.0F, -1.0F, 0.5F, 3.0F, 1.0F, 0.0F, -2.0F});
    ops.push_back(
        convolution(
            OpBuilder("Conv2DBackpropInput").input("input_sizes: int32").input("filter: T").input("out_backprop: T"),
            true, "Gradient of Conv2D for the input.")
            .shape(shape_from_input<0>)
            .kernel(conv2d_backprop_input)
            .example({{ints({4}, {1, 3, 3, 1}), filter, gradient},
                      attrs("VALID", 1),
                      {floats({1, 3, 3, 1}, {-1.0F, 1.5F, -1.75F, 5.5F, 13.625F, -4.0F, 9.25F, 13.5F, -4.0F})}})
            .example({{ints({4}, {1, 3, 3, 1}), filter, gradient},
                      attrs("SAME", 2),
                      {floats({1, 3, 3, 1}, {-1.0F, 3.0F, -1.5F, 3.5F, 8.0F, -2.875F, 2.0F, 6.5F, 2.0F})}}));
    ops.push_back(
        convolution(
            OpBuilder("Conv2DBackpropFilter").input("input: T").input("filter_sizes: int32").input("out_backprop: T"),
            true, "Gradient of Conv2D for the filter.")
            .shape(shape_from_input<1>)
            .kernel(conv2d_backprop_filter)
            .example({{image, ints({4}, {2, 2, 1, 2}), gradient},
                      attrs("VALID", 1),
                      {floats({2, 2, 1, 2}, {11.0F, -3.0F, 14.0F, -1.5F, 20.0F, 1.5F, 23.0F, 3.0F})}})
            .example({{image, ints({4}, {2, 2, 1, 2}), gradient},
                      attrs("SAME", 2),
                      {floats({2, 2, 1, 2}, {19.0F, -7.5F, 26.0F, 12.0F, -2.0F, 11.0F, 5.0F, 10.0F})}}));
    const Tensor pixels = floats({1, 2, 2, 2}, {1.0F, 10.0F, 2.0F, 20.0F, 3.0F, 30.0F, 4.0F, 40.0F});
    const Tensor columns = floats({2, 1, 2, 1}, {1.0F, 2.0F, 3.0F, 4.0F});
    const Tensor several = floats({1, 1, 2, 2}, {1.0F, -1.0F, 2.0F, 0.5F}); // two filters for each channel
    ops.push_back(
        convolution(OpBuilder("DepthwiseConv2dNative").input("input: T").input("filter: T"), false,
                    "Convolution of each channel with filters of its own.")
            .shape(depthwise_shape)
            .kernel(depthwise)
            .example({{pixels, columns}, attrs("VALID", 1), {floats({1, 1, 2, 2}, {10.0F, 140.0F, 14.0F, 200.0F})}})
            .example({{pixels, several}, attrs("SAME", 2), {floats({1, 1, 1, 4}, {1.0F, -1.0F, 20.0F, 5.0F})}}));
    const Tensor of_columns = floats({1, 1, 2, 2}, {1.0F, 2.0F, -1.0F, 0.5F});
    const Tensor of_several = floats({1, 1, 1, 4}, {1.0F, 2.0F, -1.0F, 0.5F});
    ops.push_back(convolution(OpBuilder("DepthwiseConv2dNativeBackpropInput")
                                  .input("input_sizes: int32")
                                  .input("filter: T")
                                  .input("out_backprop: T"),
                              false, "Gradient of DepthwiseConv2dNative for the input.")
                      .shape(shape_from_input<0>)
                      .kernel(depthwise_backprop_input)
                      .example({{ints({4}, {1, 2, 2, 2}), columns, of_columns},
                                attrs("VALID", 1),
                                {floats({1, 2, 2, 2}, {1.0F, 4.0F, -1.0F, 1.0F, 3.0F, 8.0F, -3.0F, 2.0F})}})
                      .example({{ints({4}, {1, 2, 2, 2}), several, of_several},
                                attrs("SAME", 2),
                                {floats({1, 2, 2, 2}, {-1.0F, -1.75F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F})}}));
    ops.push_back(convolution(OpBuilder("DepthwiseConv2dNativeBackpropFilter")
                                  .input("input: T")
                                  .input("filter_sizes: int32")
                                  .input("out_backprop: T"),
                              false, "Gradient of DepthwiseConv2dNative for the filter.")
                      .shape(shape_from_input<1>)
                      .kernel(depthwise_backprop_filter)
                      .example({{pixels, ints({4}, {2, 1, 2, 1}), of_columns},
                                attrs("VALID", 1),
                                {floats({2, 1, 2, 1}, {-1.0F, 30.0F, -1.0F, 80.0F})}})
                      .example({{pixels, ints({4}, {1, 1, 2, 2}), of_several},
                                attrs("SAME", 2),
                                {floats({1, 1, 2, 2}, {1.0F, 2.0F, -10.0F, 5.0F})}}));
}

} // namespace rnnscope::ops
