#include "core/tf1/gradients.hpp"
#include "core/tf1/op_call.hpp"

#include "program.hpp"

#include <algorithm>

// What gradients are made of, and what is refused.
namespace rnnscope::tf1 {
namespace {

TEST(Gradients, ErrorsAreTensorFlows) {
    Tf tf;
    const Value x = tf("constant", {2.0}, {{"name", "x"}});
    EXPECT_EQ(tf.error("train.AdamOptimizer", {}, {{"name", ""}}), "ValueError: Must specify the optimizer name");
    const Value optimizer = tf("train.GradientDescentOptimizer", {0.1});
    const auto error = [&](std::vector<Value> positional) {
        const auto result = call_method(tf.context, optimizer, "minimize", std::move(positional), {});
        return result.ok() ? "" : result.error().code + ": " + result.error().message;
    };
    EXPECT_EQ(error({x}), "ValueError: No variables to optimize.");
    tf("get_variable", {"v", ints({2})});
    EXPECT_EQ(error({x}), "ValueError: No gradients provided for any variable, check your graph for ops that do not "
                          "support gradients, between variables [\"<tf.Variable 'v:0' shape=(2,) dtype=float32_ref>\"] "
                          "and loss Tensor(\"x:0\", shape=(), dtype=float32).");
    EXPECT_EQ(tf.error("gradients", {x, x}, {{"grad_ys", Value::list({x, x})}}),
              "ValueError: Passed 2 grad_ys for 1 ys");
    EXPECT_EQ(tf.error("train.AdagradOptimizer", {0.1, 0.0}),
              "ValueError: initial_accumulator_value must be positive: 0.0");
}

TEST(Gradients, WhatIsNotConnectedIsNoneOrZero) {
    Tf tf;
    const Value x = tf("constant", {2.0}, {{"name", "x"}}), y = tf("square", {tf("constant", {3.0})});
    const Value none = tf("gradients", {y, x}), zeros = tf("gradients", {y, x}, {{"unconnected_gradients", "zero"}});
    EXPECT_TRUE((*items_of(none))[0].is_none());
    const Value zero = (*items_of(zeros))[0];
    EXPECT_EQ(tf.name(zero), "gradients_1/zeros_like:0");
}

/// What `gradients` made in the scope of an op, with the scope written "@".
Lines gradient_nodes(Tf& tf, const std::string& op) {
    const std::string scope = "gradients/" + op + "_grad/";
    Lines lines;
    for (std::string line : tf.nodes()) {
        if (line.find(" " + scope) == std::string::npos) continue;
        for (std::size_t at = 0; (at = line.find(scope, at)) != std::string::npos;) line.replace(at, scope.size(), "@");
        lines.push_back(line);
    }
    return lines;
}

TEST(Gradients, OfDiagonalsAreNamedAsTheirFunctions) {
    const std::pair<const char*, const char*> cases[] = {{"MatrixDiagPart", "MatrixDiag @diag(gradients/Fill)"},
                                                         {"MatrixDiag", "MatrixDiagPart @diag_part(gradients/Fill)"}};
    for (const auto& [type, line] : cases) {
        Tf tf;
        const Value x = tf("placeholder", {DType::float32, ints({2, 2})});
        const Value y = op_value(tf.context.default_graph(), type, {x}, {}, "y");
        tf("gradients", {y, x});
        EXPECT_EQ(gradient_nodes(tf, "y"), Lines{line});
    }
}

TEST(Gradients, OfAProductIsTensorFlowsGraph) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, Value::list({Value(), Value(3)})}, {{"name", "x"}});
    const Value grads = tf("gradients", {tf("reduce_prod", {x, 1}), x});
    const Lines lines = gradient_nodes(tf, "Prod");
    const auto from = std::find(lines.begin(), lines.end(), "Tile @Tile(@Reshape_1, @floordiv)");
    ASSERT_NE(from, lines.end());
    const Lines expected{
        "Tile @Tile(@Reshape_1, @floordiv)",
        "Const @Rank()",
        "AddV2 @add_1(@Reshape, @Rank)",
        "FloorMod @mod_1(@add_1, @Rank)",
        "Const @range_1/start()",
        "Const @range_1/delta()",
        "Range @range_1(@range_1/start, @Rank, @range_1/delta)",
        "ListDiff @ListDiff(@range_1, @mod_1)",
        "Const @concat/axis()",
        "ConcatV2 @concat(@mod_1, @ListDiff, @concat/axis)",
        "Const @GatherV2/axis()",
        "GatherV2 @GatherV2(@Shape, @mod_1, @GatherV2/axis)",
        "Const @Const()",
        "Prod @Prod(@GatherV2, @Const)",
        "Const @GatherV2_1/axis()",
        "GatherV2 @GatherV2_1(@Shape, @ListDiff, @GatherV2_1/axis)",
        "Const @Const_1()",
        "Prod @Prod_1(@GatherV2_1, @Const_1)",
        "Transpose @transpose(x, @concat)",
        "Shape @Shape_2(@transpose)",
        "Pack @Reshape_2/shape(@Prod, @Prod_1)",
        "Reshape @Reshape_2(@transpose, @Reshape_2/shape)",
        "Const @Cumprod/axis()",
        "Cumprod @Cumprod(@Reshape_2, @Cumprod/axis)",
        "Const @Cumprod_1/axis()",
        "Cumprod @Cumprod_1(@Reshape_2, @Cumprod_1/axis)",
        "Mul @mul(@Cumprod, @Cumprod_1)",
        "Reshape @Reshape_3(@mul, @Shape_2)",
        "InvertPermutation @InvertPermutation(@concat)",
        "Transpose @transpose_1(@Reshape_3, @InvertPermutation)",
        "Mul @mul_1(@Tile, @transpose_1)",
        "Reshape @Reshape_4(@mul_1, @Shape)",
    };
    EXPECT_EQ(Lines(from, lines.end()), expected);
    EXPECT_EQ(tf.name((*items_of(grads))[0]), "gradients/Prod_grad/Reshape_4:0");
    EXPECT_EQ(tf.graph().node(tf.graph().find("gradients/Prod_grad/ListDiff")).device, "/device:CPU:0");
}

TEST(Gradients, OfAChoiceThatIsBroadcastIsTensorFlowsGraph) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, Value::list({Value(), Value(3)})}, {{"name", "x"}});
    const Value y = tf("constant", {Value::list({1.0, 2.0, 3.0})}, {{"name", "y"}});
    const Value is_chosen = tf("placeholder", {DType::boolean, Value::list({Value(), Value(1)})}, {{"name", "c"}});
    tf("gradients", {tf("where_v2", {is_chosen, x, y}), Value::list({x, y})});
    EXPECT_EQ(gradient_nodes(tf, "SelectV2"), (Lines{
                                                  "Const @zeros()",
                                                  "SelectV2 @SelectV2(c, gradients/Fill, @zeros)",
                                                  "Shape @Shape(x)",
                                                  "Shape @Shape_1(SelectV2)",
                                                  "BroadcastGradientArgs @BroadcastGradientArgs(@Shape, @Shape_1)",
                                                  "Sum @Sum(@SelectV2, @BroadcastGradientArgs)",
                                                  "Reshape @Reshape(@Sum, @Shape)",
                                                  "SelectV2 @SelectV2_1(c, @zeros, gradients/Fill)",
                                                  "Const @Shape_2()",
                                                  "BroadcastGradientArgs @BroadcastGradientArgs_1(@Shape_2, @Shape_1)",
                                                  "Sum @Sum_1(@SelectV2_1, @BroadcastGradientArgs_1)",
                                                  "Reshape @Reshape_1(@Sum_1, @Shape_2)",
                                              }));
}

TEST(Gradients, OfOrthogonalFactorsIsTensorFlowsGraph) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, ints({3, 2})}, {{"name", "x"}});
    const Value factors = tf("linalg.qr", {x});
    tf("gradients", {(*items_of(factors))[1], x});
    const auto turned = [](const std::string& scope, const std::string& of) {
        const std::string name = "@" + scope + "/matrix_transpose/transpose";
        return Lines{"Const " + name + "/perm()", "Transpose " + name + "(" + of + ", " + name + "/perm)"};
    };
    Lines expected;
    const auto add = [&](const Lines& lines) { expected.insert(expected.end(), lines.begin(), lines.end()); };
    const std::string end = "/matrix_transpose/transpose";
    add({"MatMul @MatMul(Qr, gradients/zeros_like)"});
    add(turned("adjoint", "@MatMul"));
    add({"Sub @sub(@MatMul, @adjoint" + end + ")", "MatMul @MatMul_1(Qr:1, gradients/Fill)"});
    add(turned("adjoint_1", "@MatMul_1"));
    add({"Sub @sub_1(@MatMul_1, @adjoint_1" + end + ")", "AddV2 @add(@sub, @sub_1)",
         "Const @MatrixBandPart/num_lower()", "Const @MatrixBandPart/num_upper()",
         "MatrixBandPart @MatrixBandPart(@add, @MatrixBandPart/num_lower, @MatrixBandPart/num_upper)"});
    add(turned("adjoint_2", "@MatrixBandPart"));
    add({"MatrixTriangularSolve @MatrixTriangularSolve(Qr:1, @adjoint_2" + end + ")"});
    add(turned("adjoint_3", "@MatrixTriangularSolve"));
    add({"AddV2 @add_1(gradients/Fill, @adjoint_3" + end + ")", "MatMul @MatMul_2(Qr, @add_1)",
         "MatMul @MatMul_3(Qr, @MatMul)", "Sub @sub_2(gradients/zeros_like, @MatMul_3)"});
    add(turned("adjoint_4", "@sub_2"));
    add({"MatrixTriangularSolve @MatrixTriangularSolve_1(Qr:1, @adjoint_4" + end + ")"});
    add(turned("adjoint_5", "@MatrixTriangularSolve_1"));
    add({"AddV2 @add_2(@MatMul_2, @adjoint_5" + end + ")"});
    EXPECT_EQ(gradient_nodes(tf, "Qr"), expected);
}

TEST(Gradients, OfOrthogonalFactorsExistForSquareOnesAlone) {
    const struct {
        Value shape;
        bool is_full;
        std::string error;
    } cases[] = {
        {ints({2, 3}), false, "when ncols > nrows or full_matrices is true and ncols != nrows."},
        {ints({3, 2}), true, "when ncols > nrows or full_matrices is true and ncols != nrows."},
        {Value::list({Value(), Value(2)}), false, "with dynamic shapes."},
        {Value(), false, "with dynamic shapes."},
    };
    for (const auto& test : cases) {
        Tf tf;
        const Value x = tf("placeholder", {DType::float32, test.shape});
        const Value factors = tf("qr", {x}, {{"full_matrices", test.is_full}});
        EXPECT_EQ(tf.error("gradients", {(*items_of(factors))[0], x}),
                  "NotImplementedError: QrGrad not implemented " + test.error);
    }
}

TEST(Gradients, OfTriangularEquationsIsTensorFlowsGraph) {
    Tf tf;
    const Value a = tf("placeholder", {DType::float32, ints({2, 2})}, {{"name", "a"}});
    const Value b = tf("placeholder", {DType::float32, ints({2, 1})}, {{"name", "b"}});
    tf("gradients", {tf("linalg.triangular_solve", {a, b}, {{"lower", false}}), Value::list({a, b})});
    EXPECT_EQ(gradient_nodes(tf, "MatrixTriangularSolve"),
              (Lines{
                  "MatrixTriangularSolve @MatrixTriangularSolve(a, gradients/Fill)",
                  "MatMul @MatMul(@MatrixTriangularSolve, MatrixTriangularSolve)",
                  "Neg @Neg(@MatMul)",
                  "Const @MatrixBandPart/num_lower()",
                  "Const @MatrixBandPart/num_upper()",
                  "MatrixBandPart @MatrixBandPart(@Neg, @MatrixBandPart/num_lower, @MatrixBandPart/num_upper)",
              }));
    const Graph& graph = tf.graph();
    const std::string scope = "gradients/MatrixTriangularSolve_grad/";
    EXPECT_TRUE(*graph.node(graph.find(scope + "MatrixTriangularSolve")).attr<bool>("adjoint"));
    EXPECT_EQ(graph.node(graph.find(scope + "MatrixBandPart/num_upper")).attr<Tensor>("value")->integer(0), -1);
}

TEST(Gradients, OfDepthwiseConvolutionsIsTensorFlowsGraph) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, ints({1, 2, 2, 1})}, {{"name", "x"}});
    const Value y = tf("placeholder", {DType::float32, ints({1, 1, 1, 2})}, {{"name", "y"}});
    const Value made = op_value(tf.context.default_graph(), "DepthwiseConv2dNative", {x, y},
                                {{"strides", attr_list(std::vector<std::int64_t>{1, 2, 2, 1})}, {"padding", "SAME"}});
    tf("gradients", {made, Value::list({x, y})});
    EXPECT_EQ(
        gradient_nodes(tf, "DepthwiseConv2dNative"),
        (Lines{
            "Const @Shape()",
            "DepthwiseConv2dNativeBackpropInput @DepthwiseConv2dNativeBackpropInput(@Shape, y, gradients/Fill)",
            "Const @Shape_1()",
            "DepthwiseConv2dNativeBackpropFilter @DepthwiseConv2dNativeBackpropFilter(x, @Shape_1, gradients/Fill)",
        }));
    const Graph& graph = tf.graph();
    const NodeId node = graph.find("gradients/DepthwiseConv2dNative_grad/DepthwiseConv2dNativeBackpropFilter");
    EXPECT_EQ(*graph.node(node).attr<std::string>("padding"), "SAME");
}

TEST(Linalg, MatricesOfUnknownRankAreTurned) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32}, {{"name", "x"}});
    const Value turned = tf("linalg.adjoint", {x});
    EXPECT_EQ(tf.name(turned), "adjoint/matrix_transpose/transpose:0");
    const std::string at = "adjoint/matrix_transpose/";
    const Lines nodes = tf.nodes();
    for (const std::string& line :
         {"Rank " + at + "Rank(x)",
          "Range " + at + "Range(" + at + "Range/start, " + at + "sub, " + at + "Range/delta)",
          "Pack " + at + "concat/values_1(" + at + "sub_1, " + at + "sub_2)",
          "ConcatV2 " + at + "concat(" + at + "Range, " + at + "concat/values_1, " + at + "concat/axis)"})
        EXPECT_NE(std::find(nodes.begin(), nodes.end(), line), nodes.end()) << line;
    EXPECT_EQ(tf.error("matrix_transpose", {tf("placeholder", {DType::float32, ints({3})})}),
              "ValueError: Argument `a` should be a (batch) matrix, with rank >= 2.  Found: (3,)");
}

TEST(Gradients, OfSlicesGatheredOffTheFirstAxisIsTensorFlowsGraph) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, ints({2, 3})}, {{"name", "x"}});
    tf("gradients", {tf("gather", {x, ints({2, 0})}, {{"axis", 1}}), x});
    Lines lines;
    for (const std::string& line : gradient_nodes(tf, "GatherV2"))
        if (!line.starts_with("Const")) lines.push_back(line);
    const std::string range = "@range/start, @range/limit, @range/delta";
    const Lines expected{
        "Cast @Cast(@Shape)",
        "ExpandDims @ExpandDims(@Size, @ExpandDims/dim)",
        "Pack @strided_slice/stack_1(GatherV2/axis)",
        "StridedSlice @strided_slice(@Cast, @strided_slice/stack, @strided_slice/stack_1, @strided_slice/stack_2)",
        "Pack @strided_slice_1/stack(GatherV2/axis)",
        "StridedSlice @strided_slice_1(@Cast, @strided_slice_1/stack, @strided_slice_1/stack_1, "
        "@strided_slice_1/stack_2)",
        "StridedSlice @strided_slice_2(@strided_slice_1, @strided_slice_2/stack, @strided_slice_2/stack_1, "
        "@strided_slice_2/stack_2)",
        "ConcatV2 @concat(@strided_slice, @concat/values_1, @strided_slice_2, @concat/axis)",
        "Range @range(" + range + ")",
        "Range @range_1(@range_1/start, @Size_2, @range_1/delta)",
        "AddV2 @add(@Size_2, @add/y)",
        "Range @range_2(@add, @Size_1, @range_2/delta)",
        "Reshape @Reshape(gradients/Fill, @concat)",
        "Pack @concat_1/values_1(@Size_2)",
        "ConcatV2 @concat_1(@range, @concat_1/values_1, @range_1, @range_2, @concat_1/axis)",
        "Transpose @transpose(@Reshape, @concat_1)",
        "AddV2 @add_1(GatherV2/axis, @add_1/y)",
        "Pack @strided_slice_3/stack(GatherV2/axis)",
    };
    ASSERT_GE(lines.size(), expected.size());
    EXPECT_EQ(Lines(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(expected.size())), expected);
    const Lines last{
        "ExpandDims @ExpandDims_1(@Size_3, @ExpandDims_1/dim)",
        "Reshape @Reshape_1(GatherV2/indices, @ExpandDims_1)",
        "UnsortedSegmentSum @UnsortedSegmentSum(@transpose, @Reshape_1, @strided_slice_3)",
        "AddV2 @add_2(@range_1, @add_2/y)",
        "ConcatV2 @concat_2(@range, @add_2, @concat_2/values_2, @range_2, @concat_2/axis)",
        "Transpose @transpose_1(@UnsortedSegmentSum, @concat_2)",
    };
    EXPECT_EQ(Lines(lines.end() - static_cast<std::ptrdiff_t>(last.size()), lines.end()), last);
}

TEST(Gradients, PreventGradientSaysWhy) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, ints({1, 3})}), y = tf("constant", {ints({1})});
    const Value loss = tf("nn.sparse_softmax_cross_entropy_with_logits", {}, {{"labels", y}, {"logits", x}});
    const Value gradient = (*items_of(tf("gradients", {loss, x})))[0];
    EXPECT_TRUE(tf.error("gradients", {gradient, x})
                    .starts_with("LookupError: Gradient explicitly disabled. Reason: Currently there is no way to "
                                 "take the second derivative of sparse_softmax_cross_entropy_with_logits"));
}

TEST(Gradients, AreAggregatedAsAskedFor) {
    const std::string sum = "gradients/AddN", tree = "gradients/x_gradient_sum/AddN_1";
    const struct {
        std::int64_t method;
        bool is_static;
        std::string name;
    } cases[] = {{0, true, sum}, {1, true, tree}, {2, true, "gradients/AccumulateNV2"}, {2, false, tree}};
    for (const auto& test : cases) {
        Tf tf;
        const Value shape = Value::list({test.is_static ? Value(2) : Value()});
        const Value x = tf("placeholder", {DType::float32, shape}, {{"name", "x"}});
        std::vector<Value> ys;
        for (int i = 0; i < 3; ++i) ys.push_back(tf("multiply", {x, 2.0 + i}));
        const Value grads = tf("gradients", {Value::list(ys), x}, {{"aggregation_method", Value(test.method)}});
        EXPECT_EQ(tf.name((*items_of(grads))[0]), test.name + ":0");
    }
}

TEST(Sums, AccumulateNKnowsTheShape) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, Value::list({Value(), Value(3)})}),
                y = tf("placeholder", {DType::float32, Value::list({Value(2), Value()})});
    const Value sum = tf("accumulate_n", {Value::list({x, y})});
    EXPECT_EQ(tf.nodes(2, {"N", "shape"}),
              Lines{"AccumulateNV2 AccumulateNV2(Placeholder, Placeholder_1) N=2 shape=[2,3]"});
    EXPECT_EQ(str(tf.get(sum, "shape")), "(2, 3)");
    EXPECT_EQ(tf.name(tf("accumulate_n", {Value::list({x})})), "Placeholder:0");
    EXPECT_EQ(tf.name(tf("accumulate_n", {Value::list({x})}, {{"name", "same"}})), "same:0");
    EXPECT_EQ(tf.error("accumulate_n", {Value::list({})}),
              "ValueError: inputs must be a list of at least one Tensor with the same dtype and shape");
    EXPECT_EQ(tf.error("accumulate_n", {Value::list({x, tf("constant", {1})})}),
              "ValueError: inputs must be a list of at least one Tensor with the same dtype and shape");
    EXPECT_EQ(tf.error("accumulate_n", {Value::list({x, y})}, {{"tensor_dtype", DType::float64}}),
              "TypeError: tensor_dtype is <dtype: 'float64'>, but input is of type <dtype: 'float32'>");
}

TEST(Gradients, OfGatheredRowsOfAResourceKnowItsShape) {
    Tf tf;
    const Value v = tf("get_variable", {"v", ints({3, 2})}, {{"use_resource", true}});
    const std::size_t from = tf.graph().size();
    const Value grads = tf("gradients", {tf("gather", {v, ints({2, 0})}), v});
    Lines lines;
    for (const std::string& line : tf.nodes(from))
        if (line.find(" gradients/Gather_grad/") != std::string::npos) lines.push_back(line);
    const Lines expected{
        "Const gradients/Gather_grad/Const()",
        "Const gradients/Gather_grad/Size()",
        "Const gradients/Gather_grad/ExpandDims/dim()",
        "ExpandDims gradients/Gather_grad/ExpandDims(gradients/Gather_grad/Size, gradients/Gather_grad/ExpandDims/dim)",
        "Const gradients/Gather_grad/strided_slice/stack()",
        "Const gradients/Gather_grad/strided_slice/stack_1()",
        "Const gradients/Gather_grad/strided_slice/stack_2()",
        "StridedSlice gradients/Gather_grad/strided_slice(gradients/Gather_grad/Const, "
        "gradients/Gather_grad/strided_slice/stack, gradients/Gather_grad/strided_slice/stack_1, "
        "gradients/Gather_grad/strided_slice/stack_2)",
        "Const gradients/Gather_grad/concat/axis()",
        "ConcatV2 gradients/Gather_grad/concat(gradients/Gather_grad/ExpandDims, gradients/Gather_grad/strided_slice, "
        "gradients/Gather_grad/concat/axis)",
        "Reshape gradients/Gather_grad/Reshape(gradients/Fill, gradients/Gather_grad/concat)",
        "Reshape gradients/Gather_grad/Reshape_1(Gather/indices, gradients/Gather_grad/ExpandDims)",
    };
    EXPECT_EQ(lines, expected);
    EXPECT_EQ(tf.name(tf.get((*items_of(grads))[0], "dense_shape")), "gradients/Gather_grad/Const:0");
}

} // namespace
} // namespace rnnscope::tf1
