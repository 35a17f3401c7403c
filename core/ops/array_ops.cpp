#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

Status const_shape(ShapeContext& ctx) {
    ctx.set_output(0, ctx.attr<Tensor>("value").shape());
    return {};
}

Status identity_n_shape(ShapeContext& ctx) {
    for (std::size_t i = 0; i < ctx.inputs(); ++i) ctx.set_output(i, ctx.input(i));
    return {};
}

Status placeholder_shape(ShapeContext& ctx) {
    const Shape& shape = ctx.attr<Shape>("shape");
    // Graphs written before producer 24 say "no shape" with a scalar; every graph we make is newer.
    ctx.set_output(0, shape);
    return {};
}

Status placeholder_with_default_shape(ShapeContext& ctx) {
    const Shape& declared = ctx.attr<Shape>("shape");
    auto merged = merge_shapes(ctx.input(0), declared);
    if (!merged) return merged.error();
    // A feed may be anything that the declaration allows, so the declaration is the answer.
    ctx.set_output(0, declared);
    return {};
}

Status shape_shape(ShapeContext& ctx) {
    for (std::size_t i = 0; i < ctx.inputs(); ++i) {
        const Shape& input = ctx.input(i);
        ctx.set_output(i, {input.has_rank() ? static_cast<std::int64_t>(input.rank()) : Shape::unknown});
    }
    return {};
}

Status fill_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank(ctx.input(0), 1));
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    ctx.set_output(0, ctx.input_as_shape(0));
    return {};
}

Status constant(KernelContext& ctx) {
    ctx.set_output(0, ctx.attr<Tensor>("value"));
    return {};
}

Status forward_all(KernelContext& ctx) {
    for (std::size_t i = 0; i < ctx.inputs(); ++i) ctx.forward(i, i);
    return {};
}

Status placeholder(KernelContext& ctx) {
    const Shape shape = ctx.attr<Shape>("shape");
    const auto dtype = dtype_cpp_name(ctx.attr<DType>("dtype"));
    std::string text =
        fmt::format("You must feed a value for placeholder tensor '{}' with dtype {}", ctx.node().name, dtype);
    if (shape.has_rank() && shape.rank() > 0) text += " and shape " + to_text(shape);
    return invalid_argument(std::move(text));
}

Status shape_of_inputs(KernelContext& ctx) {
    const auto dtype = ctx.attr<DType>("out_type");
    for (std::size_t i = 0; i < ctx.inputs(); ++i) {
        const auto dims = ctx.input(i).shape().dims();
        ctx.set_output(i, integer_vector(dtype, {dims.begin(), dims.end()}));
    }
    return {};
}

Status rank(KernelContext& ctx) {
    ctx.set_output(0, Tensor::scalar(static_cast<std::int32_t>(ctx.input(0).shape().rank())));
    return {};
}

Status size(KernelContext& ctx) {
    ctx.set_output(0, integer_vector(ctx.attr<DType>("out_type"), {ctx.input(0).elements()}).reshaped({}));
    return {};
}

Status fill(KernelContext& ctx) {
    const Tensor& dims = ctx.input(0);
    const Tensor& value = ctx.input(1);
    if (dims.shape().rank() != 1)
        return invalid_argument(fmt::format("dims must be a vector of int32, got shape {}", to_text(dims.shape())));
    if (value.shape().rank() != 0)
        return invalid_argument(fmt::format("value must be a scalar, got shape {}", to_text(value.shape())));
    Shape shape(integers_of(dims));
    RNNSCOPE_TRY(check_allocation(value.dtype(), shape));
    ctx.set_output(0, filled(value, std::move(shape)));
    return {};
}

Status zeros_like(KernelContext& ctx) {
    if (dtype_size(ctx.input(0).dtype()) == 0 && ctx.input(0).dtype() != DType::string)
        return no_kernel(ctx, ctx.input(0).dtype());
    ctx.set_output(0, Tensor::zeros(ctx.input(0).dtype(), ctx.input(0).shape()));
    return {};
}

Status ones_like(KernelContext& ctx) {
    const DType dtype = ctx.input(0).dtype();
    if (dtype == DType::boolean) {
        ctx.set_output(0, filled(Tensor::scalar(true), ctx.input(0).shape()));
        return {};
    }
    const bool known = visit_number(dtype, [&](auto zero) {
        ctx.set_output(0, filled(Tensor::scalar(static_cast<decltype(zero)>(1)), ctx.input(0).shape()));
    });
    if (!known) return no_kernel(ctx, dtype);
    return {};
}

} // namespace

void add_array_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("Const")
                      .output("output: dtype")
                      .attr("value: tensor")
                      .attr("dtype: type")
                      .summary("A constant.")
                      .shape(const_shape)
                      .kernel(constant)
                      .example({{},
                                {{"value", example::floats({2}, {1.0F, 2.0F})}, {"dtype", DType::float32}},
                                {example::floats({2}, {1.0F, 2.0F})}}));
    ops.push_back(OpBuilder("Identity")
                      .input("input: T")
                      .output("output: T")
                      .attr("T: type")
                      .summary("The input, unchanged.")
                      .shape(unchanged_shape)
                      .kernel(forward_all)
                      .example({{example::floats({2}, {1.0F, 2.0F})}, {}, {example::floats({2}, {1.0F, 2.0F})}}));
    ops.push_back(OpBuilder("IdentityN")
                      .input("input: T")
                      .output("output: T")
                      .attr("T: list(type) >= 1")
                      .summary("The inputs, unchanged.")
                      .shape(identity_n_shape)
                      .kernel(forward_all)
                      .example({{example::floats({2}, {1.0F, 2.0F}), example::ints({}, {3})},
                                {},
                                {example::floats({2}, {1.0F, 2.0F}), example::ints({}, {3})}}));
    ops.push_back(OpBuilder("StopGradient")
                      .input("input: T")
                      .output("output: T")
                      .attr("T: type")
                      .summary("The input; gradients stop here.")
                      .shape(unchanged_shape)
                      .kernel(forward_all)
                      .example({{example::floats({2}, {1.0F, 2.0F})}, {}, {example::floats({2}, {1.0F, 2.0F})}}));
    ops.push_back(OpBuilder("PreventGradient")
                      .input("input: T")
                      .output("output: T")
                      .attr("T: type")
                      .attr("message: string = ''")
                      .summary("The input; asking for a gradient through it is an error.")
                      .shape(unchanged_shape)
                      .kernel(forward_all)
                      .example({{example::floats({2}, {1.0F, 2.0F})}, {}, {example::floats({2}, {1.0F, 2.0F})}}));
    ops.push_back(OpBuilder("Placeholder")
                      .output("output: dtype")
                      .attr("dtype: type")
                      .attr("shape: shape = { unknown_rank: true }")
                      .summary("A value that every run has to feed.")
                      .shape(placeholder_shape)
                      .kernel(placeholder));
    ops.push_back(OpBuilder("PlaceholderV2")
                      .output("output: dtype")
                      .attr("dtype: type")
                      .attr("shape: shape")
                      .summary("A value that every run has to feed.")
                      .shape(placeholder_shape)
                      .kernel(placeholder));
    ops.push_back(OpBuilder("PlaceholderWithDefault")
                      .input("input: dtype")
                      .output("output: dtype")
                      .attr("dtype: type")
                      .attr("shape: shape")
                      .summary("The fed value, or the input when nothing is fed.")
                      .shape(placeholder_with_default_shape)
                      .kernel(forward_all)
                      .example({{example::floats({2}, {1.0F, 2.0F})},
                                {{"shape", Shape{Shape::unknown}}},
                                {example::floats({2}, {1.0F, 2.0F})}}));
    ops.push_back(
        OpBuilder("Shape")
            .input("input: T")
            .output("output: out_type")
            .attr("T: type")
            .attr("out_type: {int32, int64} = DT_INT32")
            .summary("Shape of a tensor, as a vector.")
            .shape(shape_shape)
            .kernel(shape_of_inputs)
            .example(
                {{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F})}, {}, {example::ints({2}, {2, 3})}}));
    ops.push_back(
        OpBuilder("ShapeN")
            .input("input: N * T")
            .output("output: N * out_type")
            .attr("N: int >= 1")
            .attr("T: type")
            .attr("out_type: {int32, int64} = DT_INT32")
            .summary("Shapes of several tensors, as vectors.")
            .shape(shape_shape)
            .kernel(shape_of_inputs)
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}), example::floats({}, {1.0F})},
                      {},
                      {example::ints({2}, {2, 3}), example::ints({0}, {})}}));
    ops.push_back(
        OpBuilder("Rank")
            .input("input: T")
            .output("output: int32")
            .attr("T: type")
            .summary("Number of dimensions of a tensor.")
            .shape(scalar_shape)
            .kernel(rank)
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F})}, {}, {example::ints({}, {2})}}));
    ops.push_back(
        OpBuilder("Size")
            .input("input: T")
            .output("output: out_type")
            .attr("T: type")
            .attr("out_type: {int32, int64} = DT_INT32")
            .summary("Number of elements of a tensor.")
            .shape(scalar_shape)
            .kernel(size)
            .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F})}, {}, {example::ints({}, {6})}}));
    ops.push_back(OpBuilder("Fill")
                      .input("dims: index_type")
                      .input("value: T")
                      .output("output: T")
                      .attr("T: type")
                      .attr("index_type: {int32, int64} = DT_INT32")
                      .summary("A tensor of the given shape, filled with one value.")
                      .shape(fill_shape)
                      .kernel(fill)
                      .example({{example::ints({2}, {2, 2}), example::floats({}, {7.0F})},
                                {},
                                {example::floats({2, 2}, {7.0F, 7.0F, 7.0F, 7.0F})}}));
    ops.push_back(OpBuilder("ZerosLike")
                      .input("x: T")
                      .output("y: T")
                      .attr("T: type")
                      .summary("Zeros in the shape of the input.")
                      .shape(unchanged_shape)
                      .kernel(zeros_like)
                      .example({{example::floats({2, 3}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F})},
                                {},
                                {example::floats({2, 3}, {0.0F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F})}}));
    ops.push_back(OpBuilder("OnesLike")
                      .input("x: T")
                      .output("y: T")
                      .attr("T: {bfloat16, half, float, double, int8, uint8, int16, uint16, int32, int64, complex64, "
                            "complex128, bool}")
                      .summary("Ones in the shape of the input.")
                      .shape(unchanged_shape)
                      .kernel(ones_like)
                      .example({{example::ints({2}, {5, 6})}, {}, {example::ints({2}, {1, 1})}}));
}

} // namespace rnnscope::ops
