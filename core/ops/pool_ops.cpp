#include "core/ops/elementwise.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include "core/ops/windows.hpp"

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

/// Output shape in the order of data_format; sizes may be unknown.
Result<Shape> pooled_shape(const WindowAttrs& attrs, const Shape& input) {
    const bool nchw = attrs.data_format == "NCHW";
    const std::size_t row = nchw ? 2 : 1;
    std::vector<std::int64_t> dims(input.dims().begin(), input.dims().end());
    for (std::size_t i = 0; i < 2; ++i) {
        const auto dim = windowed_dim(attrs, 1 + i, input.dim(row + i), attrs.ksize[1 + i]);
        if (!dim) return dim.error();
        dims[row + i] = dim->output;
    }
    return Shape(std::move(dims));
}

Status max_pool_shape(ShapeContext& ctx) {
    const auto attrs = window_attrs(ctx.node());
    if (!attrs) return attrs.error();
    const auto input = with_rank(ctx.input(0), 4);
    if (!input) return input.error();
    auto shape = pooled_shape(*attrs, *input);
    if (!shape) return shape.error();
    ctx.set_output(0, *std::move(shape));
    return {};
}

Status max_pool_grad_shape(ShapeContext& ctx) {
    auto input = with_rank(ctx.input(0), 4);
    if (!input) return input.error();
    ctx.set_output(0, *std::move(input));
    return {};
}

/// orig_input and grad have one shape, orig_output and what is computed the other.
Status max_pool_grad_grad_shape(ShapeContext& ctx) {
    const auto attrs = window_attrs(ctx.node());
    if (!attrs) return attrs.error();
    const auto input = with_rank(ctx.input(0), 4);
    if (!input) return input.error();
    auto shape = pooled_shape(*attrs, *input);
    if (!shape) return shape.error();
    RNNSCOPE_TRY(merge_shapes(ctx.input(0), ctx.input(2)));
    RNNSCOPE_TRY(merge_shapes(ctx.input(1), *shape));
    ctx.set_output(0, *std::move(shape));
    return {};
}

Result<Windows> plan(const KernelContext& ctx, const Shape& input) {
    const auto attrs = window_attrs(ctx.node());
    if (!attrs) return attrs.error();
    if (attrs->data_format != "NHWC")
        return Error{
            "UnimplementedError",
            fmt::format("The {} op currently only supports the NHWC tensor format on the CPU. The op was given "
                        "the format: {}",
                        ctx.node().op, attrs->data_format)};
    if (attrs->ksize[0] != 1 || attrs->ksize[3] != 1)
        return Error{"UnimplementedError", "Pooling is not yet supported on the batch or depth dimension."};
    if (input.rank() != 4) return invalid_argument("tensor_in must be 4-dimensional");
    Windows windows{input.dim(0), input.dim(3), {}, {}};
    const auto rows = windowed_dim(*attrs, 1, input.dim(1), attrs->ksize[1]);
    if (!rows) return rows.error();
    const auto columns = windowed_dim(*attrs, 2, input.dim(2), attrs->ksize[2]);
    if (!columns) return columns.error();
    windows.rows = *rows;
    windows.columns = *columns;
    return windows;
}

/// For each output the place of the first largest input of its window; -1 for a window that is empty.
template <class T> std::vector<std::int64_t> places_of_largest(const Windows& windows, std::span<const T> input) {
    const WindowedDim &rows = windows.rows, &columns = windows.columns;
    std::vector<std::int64_t> places(
        static_cast<std::size_t>(windows.batch * rows.output * columns.output * windows.channels), -1);
    for (std::int64_t n = 0; n < windows.batch; ++n)
        visit_windows(rows, columns, [&](auto oy, auto ox, auto, auto, auto iy, auto ix) {
            const std::int64_t from = ((n * rows.input + iy) * columns.input + ix) * windows.channels;
            const std::int64_t to = ((n * rows.output + oy) * columns.output + ox) * windows.channels;
            for (std::int64_t c = 0; c < windows.channels; ++c) {
                std::int64_t& place = places[static_cast<std::size_t>(to + c)];
                const T candidate = input[static_cast<std::size_t>(from + c)];
                if (place < 0 || candidate > input[static_cast<std::size_t>(place)]) place = from + c;
            }
        });
    return places;
}

Status max_pool(KernelContext& ctx) {
    const Tensor& input = ctx.input(0);
    const auto windows = plan(ctx, input.shape());
    if (!windows) return windows.error();
    const Shape shape{windows->batch, windows->rows.output, windows->columns.output, windows->channels};
    RNNSCOPE_TRY(check_allocation(input.dtype(), shape));
    const bool known = visit_number(input.dtype(), [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        Tensor result = Tensor::make<T>(shape, data);
        std::size_t to = 0;
        for (const std::int64_t place : places_of_largest(*windows, input.values<T>()))
            data[to++] = place < 0 ? T{} : input.values<T>()[static_cast<std::size_t>(place)];
        ctx.set_output(0, std::move(result));
    });
    if (!known) return no_kernel(ctx, input.dtype());
    return {};
}

Status max_pool_grad(KernelContext& ctx) {
    const Tensor& input = ctx.input(0);
    const Tensor& gradient = ctx.input(2);
    const auto windows = plan(ctx, input.shape());
    if (!windows) return windows.error();
    const Shape shape{windows->batch, windows->rows.output, windows->columns.output, windows->channels};
    for (std::size_t i = 1; i <= 2; ++i)
        if (ctx.input(i).shape() != shape)
            return invalid_argument(fmt::format("Expected {} shape to be {}, but got {}",
                                                i == 1 ? "orig_output" : "grad", to_text(shape),
                                                to_text(ctx.input(i).shape())));
    const bool known = visit_number(input.dtype(), [&](auto zero) {
        using T = decltype(zero);
        std::vector<Wide<T>> sums(static_cast<std::size_t>(input.elements()), Wide<T>{});
        std::size_t from = 0;
        for (const std::int64_t place : places_of_largest(*windows, input.values<T>())) {
            const auto term = static_cast<Wide<T>>(gradient.values<T>()[from++]);
            if (place < 0) continue;
            auto& sum = sums[static_cast<std::size_t>(place)];
            sum = wrapped_add(sum, term);
        }
        T* data = nullptr;
        Tensor result = Tensor::make<T>(input.shape(), data);
        for (std::size_t i = 0; i < sums.size(); ++i) data[i] = static_cast<T>(sums[i]);
        ctx.set_output(0, std::move(result));
    });
    if (!known) return no_kernel(ctx, input.dtype());
    return {};
}

Status max_pool_grad_grad(KernelContext& ctx) {
    const Tensor &input = ctx.input(0), &gradient = ctx.input(2);
    const auto windows = plan(ctx, input.shape());
    if (!windows) return windows.error();
    const Shape shape{windows->batch, windows->rows.output, windows->columns.output, windows->channels};
    if (ctx.input(1).shape() != shape)
        return invalid_argument(fmt::format("Expected orig_output shape to be {}, but got {}", to_text(shape),
                                            to_text(ctx.input(1).shape())));
    if (gradient.shape() != input.shape())
        return invalid_argument(
            fmt::format("Expected grad shape to be {}, but got {}", to_text(input.shape()), to_text(gradient.shape())));
    const bool known = visit_number(input.dtype(), [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        Tensor result = Tensor::make<T>(shape, data);
        for (const std::int64_t place : places_of_largest(*windows, input.values<T>()))
            *data++ = place < 0 ? T{} : gradient.values<T>()[static_cast<std::size_t>(place)];
        ctx.set_output(0, std::move(result));
    });
    if (!known) return no_kernel(ctx, input.dtype());
    return {};
}

/// The arguments of the gradients of MaxPool.
OpBuilder pool_gradient(std::string_view name, std::string_view types) {
    return OpBuilder(name)
        .input("orig_input: T")
        .input("orig_output: T")
        .input("grad: T")
        .output("output: T")
        .attr("ksize: list(int) >= 4")
        .attr("strides: list(int) >= 4")
        .attr("padding: {'SAME', 'VALID'}")
        .attr("data_format: {'NHWC', 'NCHW'} = 'NHWC'")
        .attr(types);
}

AttrMap attrs(const std::string& padding) {
    return {{"ksize", attr_list(std::vector<std::int64_t>{1, 2, 2, 1})},
            {"strides", attr_list(std::vector<std::int64_t>{1, 2, 2, 1})},
            {"padding", padding}};
}

} // namespace

void add_pool_ops(OpRecords& ops) {
    using example::floats;
    const Tensor image = floats({1, 3, 3, 1}, {1.0F, 5.0F, 3.0F, 4.0F, 5.0F, 6.0F, -7.0F, -8.0F, -9.0F});
    ops.push_back(OpBuilder("MaxPool")
                      .input("input: T")
                      .output("output: T")
                      .attr("T: {half, bfloat16, float, double, int32, int64, uint8, int16, int8, uint16, qint8} = "
                            "DT_FLOAT")
                      .attr("ksize: list(int) >= 4")
                      .attr("strides: list(int) >= 4")
                      .attr("padding: {'SAME', 'VALID'}")
                      .attr("data_format: {'NHWC', 'NCHW', 'NCHW_VECT_C'} = 'NHWC'")
                      .summary("The largest number of each window.")
                      .shape(max_pool_shape)
                      .kernel(max_pool)
                      .example({{image}, attrs("VALID"), {floats({1, 1, 1, 1}, {5.0F})}})
                      .example({{image}, attrs("SAME"), {floats({1, 2, 2, 1}, {5.0F, 6.0F, -7.0F, -9.0F})}}));
    const Tensor pooled = floats({1, 2, 2, 1}, {5.0F, 6.0F, -7.0F, -9.0F});
    ops.push_back(pool_gradient("MaxPoolGrad", "T: realnumbertype = DT_FLOAT")
                      .summary("Gradient of MaxPool: it goes to the first largest number of each window.")
                      .shape(max_pool_grad_shape)
                      .kernel(max_pool_grad)
                      .example({{image, pooled, floats({1, 2, 2, 1}, {1.0F, 2.0F, 3.0F, 4.0F})},
                                attrs("SAME"),
                                {floats({1, 3, 3, 1}, {0.0F, 1.0F, 0.0F, 0.0F, 0.0F, 2.0F, 3.0F, 0.0F, 4.0F})}}));
    const Tensor numbered = floats({1, 3, 3, 1}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F, 7.0F, 8.0F, 9.0F});
    ops.push_back(
        pool_gradient("MaxPoolGradGrad", "T: realnumbertype")
            .summary("Gradient of MaxPoolGrad: what belongs to the first largest number of each window.")
            .shape(max_pool_grad_grad_shape)
            .kernel(max_pool_grad_grad)
            .example({{image, pooled, numbered}, attrs("SAME"), {floats({1, 2, 2, 1}, {2.0F, 6.0F, 7.0F, 9.0F})}})
            .example(
                {{image, floats({1, 1, 1, 1}, {5.0F}), numbered}, attrs("VALID"), {floats({1, 1, 1, 1}, {2.0F})}}));
}

} // namespace rnnscope::ops
