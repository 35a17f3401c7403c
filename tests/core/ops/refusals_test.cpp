#include "core/ops/shape_fns.hpp"
#include "tests/core/ops/harness.hpp"

// What kernels say of values that they cannot be given, and what is known of shapes before there are values.
namespace rnnscope::ops {
namespace {

using test::Harness;

/// Small numbers that are not 0.
Tensor numbers(Shape shape) {
    std::vector<float> values;
    for (std::int64_t i = 0; i < shape.elements(); ++i) values.push_back(static_cast<float>(i + 1));
    return test::floats(std::move(shape), std::move(values));
}

Tensor long_scalar(std::int64_t value) {
    return Tensor::of<std::int64_t>({}, {value});
}

struct Refusal {
    std::string op;
    std::vector<Tensor> inputs;
    AttrMap attrs;
    std::string message;
};

AttrMap strides(std::int64_t rows, std::int64_t columns) {
    return {{"strides", attr_list(std::vector<std::int64_t>{1, rows, columns, 1})}, {"padding", "VALID"}};
}

TEST(Refusals, AreTensorFlowsTexts) {
    const Tensor yes = Tensor::of_bools({2}, {true, false});
    const Tensor filter = numbers({2, 1, 2, 3}), sizes = test::ints({4}, {1, 3, 2, 2});
    const std::string backprop = "DepthwiseConv2DBackpropInput: ";
    const std::vector<Refusal> cases{
        {"SelectV2", {yes, numbers({2}), numbers({3})}, {}, "then [2] and else [3] must be broadcastable"},
        {"SelectV2",
         {yes, numbers({3}), numbers({1})},
         {},
         "condition [2], then [3], and else [1] must be broadcastable"},
        {"MatrixBandPart",
         {numbers({3}), long_scalar(0), long_scalar(0)},
         {},
         "input must be at least 2-dim, received shape: [3]"},
        {"MatrixBandPart",
         {numbers({2, 3}), long_scalar(3), long_scalar(0)},
         {},
         "num_lower must be negative or less or equal to number of rows (2) got: 3"},
        {"MatrixBandPart",
         {numbers({2, 3}), long_scalar(2), long_scalar(4)},
         {},
         "num_upper must be negative or less or equal to number of columns (3) got: 4"},
        {"MatrixTriangularSolve", {numbers({2}), numbers({2})}, {}, "Input tensor 0 must have rank >= 2, got 1"},
        {"MatrixTriangularSolve",
         {numbers({2, 2}), numbers({1, 2, 2})},
         {},
         "All input tensors must have the same rank."},
        {"MatrixTriangularSolve",
         {numbers({1, 2, 2}), numbers({2, 2, 2})},
         {},
         "All input tensors must have the same outer dimensions."},
        {"MatrixTriangularSolve", {numbers({2, 3}), numbers({2, 1})}, {}, "First input (lhs) must be a square matrix."},
        {"MatrixTriangularSolve", {numbers({2, 2}), numbers({3, 1})}, {}, "Input matrix and rhs are incompatible."},
        {"MatrixTriangularSolve",
         {test::floats({2, 2}, {1, 0, 1, 0}), numbers({2, 1})},
         {},
         "Input matrix is not invertible."},
        {"DepthwiseConv2dNative",
         {numbers({1, 3, 3, 2}), filter},
         strides(1, 2),
         "Current implementation only supports equal length strides in the row and column dimensions."},
        {"DepthwiseConv2dNative",
         {numbers({1, 3, 3, 1}), filter},
         strides(1, 1),
         "input and filter must have the same depth: 1 vs 2"},
        {"DepthwiseConv2dNativeBackpropInput",
         {sizes, filter, numbers({1, 2, 12})},
         strides(1, 1),
         backprop + "out_backprop must be 4-dimensional"},
        {"DepthwiseConv2dNativeBackpropInput",
         {sizes, filter, numbers({2, 2, 2, 6})},
         strides(1, 1),
         backprop + "input and out_backprop must have the same batch size"},
        {"DepthwiseConv2dNativeBackpropInput",
         {sizes, filter, numbers({1, 2, 2, 4})},
         strides(1, 1),
         backprop + "depth_multiplier * in_depth not equal to out_depth"},
        {"DepthwiseConv2dNativeBackpropInput",
         {sizes, filter, numbers({1, 3, 2, 6})},
         strides(1, 1),
         backprop + "Number of rows of out_backprop doesn't match computed: actual = 3, computed = 2"},
    };
    for (const Refusal& test : cases) {
        Harness harness; // of unknown shape until they are there, so that it is the kernel that refuses
        std::vector<Output> inputs;
        for (const Tensor& input : test.inputs)
            inputs.push_back(harness.add("PlaceholderWithDefault", {harness.constant(input)},
                                         {{"dtype", input.dtype()}, {"shape", Shape::unknown_rank()}}));
        EXPECT_EQ(harness.failure(harness.add(test.op, inputs, test.attrs)), "InvalidArgumentError: " + test.message)
            << test.op;
    }
}

TEST(StaticShapes, OfChoicesAndEquations) {
    const Shape unknown = Shape::unknown_rank();
    const std::int64_t any = Shape::unknown;
    const struct {
        std::string op;
        std::vector<Shape> inputs;
        std::string expected; ///< the shape, or why there is none
    } cases[] = {
        {"SelectV2", {{2, 1}, {3}, {any}}, "[2,3]"},
        {"SelectV2", {{}, {any, 1}, {4}}, "[?,4]"},
        {"SelectV2", {unknown, {2}, {2}}, "?"},
        {"SelectV2", {{2}, {2}, {3}}, "Dimensions must be equal, but are 2 and 3"},
        {"MatrixTriangularSolve", {{4, any, any}, {any, 3, 2}}, "[4,3,2]"},
        {"MatrixTriangularSolve", {{3, 3}, unknown}, "[3,?]"},
        {"MatrixTriangularSolve", {unknown, {any, 2}}, "[?,2]"},
        {"MatrixTriangularSolve", {unknown, unknown}, "?"},
        {"MatrixTriangularSolve", {{3, 2}, {3, 1}}, "Dimensions must be equal, but are 3 and 2"},
        {"MatrixTriangularSolve", {{3, 3}, {2, 1}}, "Dimensions must be equal, but are 3 and 2"},
        {"MatrixTriangularSolve", {{3}, {3, 1}}, "Shape must be at least rank 2 but is rank 1"},
    };
    for (const auto& test : cases) {
        Harness harness;
        std::vector<Output> inputs;
        for (const Shape& shape : test.inputs) {
            const bool is_condition = test.op == "SelectV2" && inputs.empty();
            inputs.push_back(harness.placeholder(shape, is_condition ? DType::boolean : DType::float32));
        }
        const auto node = harness.try_add(test.op, inputs);
        const std::string got = node.ok() ? debug_text(harness.shape({*node, 0})) : node.error().message;
        EXPECT_EQ(got.substr(0, test.expected.size()), test.expected) << test.op;
    }
}

} // namespace
} // namespace rnnscope::ops
