#include "tests/core/ops/harness.hpp"

namespace rnnscope::ops {
namespace {

using test::floats;
using test::Harness;
using test::ints;

std::string refusal(const Result<NodeId>& result) {
    return result.ok() ? "" : result.error().code + ": " + result.error().message;
}

TEST(AddNode, InfersTypesNumbersAndDefaults) {
    Harness h;
    const Output a = h.constant(floats({2}, {1, 2}));
    const Output packed = h.add("Pack", {a, a, a});
    const Node& node = h.graph.node(packed.node);
    EXPECT_EQ(*node.attr<std::int64_t>("N"), 3);
    EXPECT_EQ(*node.attr<DType>("T"), DType::float32);
    EXPECT_EQ(*node.attr<std::int64_t>("axis"), 0);
    EXPECT_EQ(h.shape(packed), (Shape{3, 2}));
}

TEST(AddNode, RefusesAsPythonDoes) {
    Harness h;
    const Output f = h.constant(floats({2}, {1, 2})), i = h.constant(ints({2}, {1, 2}));
    EXPECT_EQ(refusal(h.try_add("Mul", {f, i})),
              "TypeError: Input 'y' of 'Mul' Op has type int32 that does not match type float32 of argument 'x'.");
    EXPECT_EQ(refusal(h.try_add("LogicalNot", {f})),
              "TypeError: Input 'x' of 'LogicalNot' Op has type float32 that does not match expected type of bool.");
    EXPECT_EQ(refusal(h.try_add("Tanh", {i})),
              "TypeError: Value passed to parameter 'x' has DataType int32 not in list of allowed values: bfloat16, "
              "float16, float32, float64, complex64, complex128");
    EXPECT_EQ(
        refusal(h.try_add("Pack", {f, i})),
        "TypeError: Tensors in list passed to 'values' of 'Pack' Op have types [float32, int32] that don't all match.");
    EXPECT_EQ(refusal(h.try_add("ConcatV2", {f, h.constant(ints({}, {0}))})),
              "ValueError: List argument 'values' to 'ConcatV2' Op with length 1 shorter than minimum length 2.");
    EXPECT_EQ(refusal(h.try_add("Assign", {f, f})),
              "TypeError: 'Assign' Op requires that input 'ref' be a mutable tensor (e.g.: a tf.Variable)");
    EXPECT_EQ(refusal(h.try_add("NoSuchOp", {})).substr(0, 10), "op.unknown");
}

TEST(AddNode, ShapeErrorsNameTheNodeAndItsInputs) {
    Harness h;
    const Output a = h.placeholder({Shape::unknown, 8}), b = h.placeholder({7, 8});
    const std::size_t before = h.graph.size();
    EXPECT_EQ(
        refusal(h.try_add("MatMul", {a, b}, {}, "rnn/MatMul_2")),
        "ValueError: Dimensions must be equal, but are 8 and 7 for 'rnn/MatMul_2' (op: 'MatMul') with input shapes: "
        "[?,8], [7,8].");
    EXPECT_EQ(h.graph.size(), before) << "a node that is refused is not added";
    const Output v = h.placeholder({3});
    EXPECT_EQ(refusal(h.try_add("MatMul", {v, b}, {}, "m")),
              "ValueError: Shape must be rank 2 but is rank 1 for 'm' (op: 'MatMul') with input shapes: [3], [7,8].");
    EXPECT_EQ(
        refusal(h.try_add("Add", {h.placeholder({2, 3}), h.placeholder({2, 4})}, {}, "add")),
        "ValueError: Dimensions must be equal, but are 3 and 4 for 'add' (op: 'Add') with input shapes: [2,3], [2,4].");
    const Output axis = h.constant(ints({}, {0}));
    EXPECT_EQ(
        refusal(h.try_add("ConcatV2", {h.placeholder({2, 3}), h.placeholder({2, 4}), axis}, {}, "c")),
        "ValueError: Dimension 0 in both shapes must be equal, but are 3 and 4. Shapes are [3] and [4]. for 'c' (op: "
        "'ConcatV2') with input shapes: [2,3], [2,4], [] and with computed input tensors: input[2] = <0>.");
    EXPECT_EQ(
        refusal(h.try_add("Reshape", {h.placeholder({2, 3}), h.constant(ints({2}, {4, 2}))}, {}, "r")),
        "ValueError: Cannot reshape a tensor with 6 elements to shape [4,2] (8 elements) for 'r' (op: 'Reshape') with "
        "input shapes: [2,3], [2] and with input tensors computed as partial shapes: input[1] = [4,2].");
}

TEST(Shapes, FlowThroughTheZeroStateOfACell) {
    // What dynamic_rnn builds for a batch that is not known: [batch] and [units] joined, then Fill.
    Harness h;
    const Output x = h.placeholder({Shape::unknown, 5, 3});
    const auto one = [&](std::int32_t v) { return h.constant(ints({1}, {v})); };
    const Output batch =
        h.add("StridedSlice", {h.add("Shape", {x}), one(0), one(1), one(1)}, {{"shrink_axis_mask", 1}});
    EXPECT_EQ(h.shape(batch), Shape{});
    const Output rows = h.add("ExpandDims", {batch, h.constant(ints({}, {0}))});
    const Output sizes = h.add("ConcatV2", {rows, one(4), h.constant(ints({}, {0}))});
    EXPECT_EQ(h.shape(h.add("Fill", {sizes, h.constant(floats({}, {0}))})), (Shape{Shape::unknown, 4}));
    // And the time-major transposition, whose permutation is computed from constants.
    const auto scalar = [&](std::int32_t v) { return h.constant(ints({}, {v})); };
    const Output range = h.add("Range", {scalar(2), scalar(3), scalar(1)});
    const Output perm = h.add("ConcatV2", {h.constant(ints({2}, {1, 0})), range, scalar(0)});
    EXPECT_EQ(h.shape(h.add("Transpose", {x, perm})), (Shape{5, Shape::unknown, 3}));
}

TEST(Shapes, OfLoopsAndArrays) {
    Harness h;
    const Output state = h.placeholder({Shape::unknown, 4});
    const Output enter = h.add("Enter", {state}, {{"frame_name", "f"}});
    EXPECT_FALSE(h.shape(enter).has_rank()) << "C++ knows nothing of a variable that goes round";
    EXPECT_EQ(h.shape(h.add("Enter", {state}, {{"frame_name", "f"}, {"is_constant", true}})), h.shape(state));
    const Output array = h.add(
        "TensorArrayV3", {h.constant(ints({}, {5}))},
        {{"dtype", DType::float32}, {"element_shape", Shape{Shape::unknown, 4}}, {"identical_element_shapes", true}});
    const Output handle = h.add("Enter", {array}, {{"frame_name", "f"}, {"is_constant", true}});
    const Output read =
        h.add("TensorArrayReadV3", {handle, h.constant(ints({}, {0})), {array.node, 1}}, {{"dtype", DType::float32}});
    EXPECT_EQ(h.shape(read), (Shape{Shape::unknown, 4}));
    const Output gathered = h.add("TensorArrayGatherV3", {array, h.placeholder({7}, DType::int32), {array.node, 1}},
                                  {{"dtype", DType::float32}});
    EXPECT_EQ(h.shape(gathered), (Shape{7, Shape::unknown, 4}));
    const Output merged = h.add("Merge", {h.placeholder({2, 3}), h.placeholder({2, 4})});
    EXPECT_EQ(h.shape(merged), (Shape{2, Shape::unknown}));
}

TEST(ConstantValue, KnowsWhatPythonKnows) {
    Harness h;
    const Output two = h.constant(ints({}, {2})), three = h.constant(ints({}, {3}));
    EXPECT_FALSE(constant_value(h.graph, h.add("Add", {two, three})).has_value()) << "Python does no arithmetic";
    EXPECT_EQ(evaluate_constant(h.graph, h.add("Add", {two, three}))->integer(0), 5);
    EXPECT_TRUE(constant_value(h.graph, h.add("Pack", {two, three}))->identical(ints({2}, {2, 3})));
    EXPECT_TRUE(
        constant_value(h.graph, h.add("Range", {two, h.constant(ints({}, {6})), three}))->identical(ints({2}, {2, 5})));
    const Output x = h.placeholder({Shape::unknown, 4});
    EXPECT_FALSE(constant_value(h.graph, h.add("Shape", {x})).has_value());
    EXPECT_EQ(constant_value(h.graph, h.add("Rank", {x}))->integer(0), 2);
    EXPECT_EQ(constant_value_as_shape(h.graph, h.add("Shape", {x})), h.shape(x));
    const Output batch = h.placeholder({}, DType::int32);
    EXPECT_EQ(constant_value_as_shape(h.graph, h.add("Pack", {batch, three})), (Shape{Shape::unknown, 3}));
    EXPECT_FALSE(constant_value_as_shape(h.graph, h.placeholder({Shape::unknown}, DType::int32)).has_rank());
}

} // namespace
} // namespace rnnscope::ops
