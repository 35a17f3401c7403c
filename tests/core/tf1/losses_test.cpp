#include "program.hpp"

#include <cmath>

// Cross entropies and losses: the nodes that TensorFlow 1.15 makes of them, their values, and their slopes.
namespace rnnscope::tf1 {
namespace {

Value placeholder(Tf& tf, const char* name, const Value& shape, DType dtype = DType::float32) {
    return tf("placeholder", {dtype, shape}, {{"name", name}});
}

/// The lines of a graph with "@" for a scope and "^ok" for the op that they wait for.
Lines shortened(const Lines& lines, const std::string& scope, const std::string& check) {
    Lines result;
    for (std::string line : lines) {
        for (const auto& [from, to] : {std::pair{"^" + scope + check, std::string("^ok")}, {scope, std::string("@")}})
            for (std::size_t at = 0; (at = line.find(from, at)) != std::string::npos; at += to.size())
                line.replace(at, from.size(), to);
        result.push_back(line);
    }
    return result;
}

// As TensorFlow 1.x wrote it into a graph file.
TEST(Losses, MeanSquaredErrorIsTensorFlowsGraph) {
    Tf tf;
    const Value x = placeholder(tf, "x", ints({100, 1})), y = placeholder(tf, "y", ints({100, 1}));
    const Value loss = tf("losses.mean_squared_error", {y, x});
    EXPECT_EQ(tf.name(loss), "mean_squared_error/value:0");
    const Lines expected{
        "SquaredDifference @SquaredDifference(x, y)",
        "Const @assert_broadcastable/weights()",
        "Const @assert_broadcastable/weights/shape()",
        "Const @assert_broadcastable/weights/rank()",
        "Const @assert_broadcastable/values/shape()",
        "Const @assert_broadcastable/values/rank()",
        "NoOp @assert_broadcastable/static_scalar_check_success()",
        "Const @Cast/x(^ok)",
        "Mul @Mul(@SquaredDifference, @Cast/x)",
        "Const @Const(^ok)",
        "Sum @Sum(@Mul, @Const)",
        "Const @num_present/Equal/y(^ok)",
        "Equal @num_present/Equal(@Cast/x, @num_present/Equal/y)",
        "Const @num_present/zeros_like(^ok)",
        "Const @num_present/ones_like/Shape(^ok)",
        "Const @num_present/ones_like/Const(^ok)",
        "Fill @num_present/ones_like(@num_present/ones_like/Shape, @num_present/ones_like/Const)",
        "Select @num_present/Select(@num_present/Equal, @num_present/zeros_like, @num_present/ones_like)",
        "Const @num_present/broadcast_weights/assert_broadcastable/weights/shape(^ok)",
        "Const @num_present/broadcast_weights/assert_broadcastable/weights/rank(^ok)",
        "Const @num_present/broadcast_weights/assert_broadcastable/values/shape(^ok)",
        "Const @num_present/broadcast_weights/assert_broadcastable/values/rank(^ok)",
        "NoOp @num_present/broadcast_weights/assert_broadcastable/static_scalar_check_success(^ok)",
        "Const @num_present/broadcast_weights/ones_like/Shape(^ok, "
        "^@num_present/broadcast_weights/assert_broadcastable/static_scalar_check_success)",
        "Const @num_present/broadcast_weights/ones_like/Const(^ok, "
        "^@num_present/broadcast_weights/assert_broadcastable/static_scalar_check_success)",
        "Fill @num_present/broadcast_weights/ones_like(@num_present/broadcast_weights/ones_like/Shape, "
        "@num_present/broadcast_weights/ones_like/Const)",
        "Mul @num_present/broadcast_weights(@num_present/Select, @num_present/broadcast_weights/ones_like)",
        "Const @num_present/Const(^ok)",
        "Sum @num_present(@num_present/broadcast_weights, @num_present/Const)",
        "Const @Const_1(^ok)",
        "Sum @Sum_1(@Sum, @Const_1)",
        "DivNoNan @value(@Sum_1, @num_present)",
    };
    EXPECT_EQ(shortened(tf.nodes(2), "mean_squared_error/", "assert_broadcastable/static_scalar_check_success"),
              expected);
    const Value losses = tf("get_collection", {"losses"});
    ASSERT_EQ(items_of(losses)->size(), 1u);
    EXPECT_EQ((*items_of(losses))[0].as<TensorValue>()->output, loss.as<TensorValue>()->output);
}

TEST(Losses, WeightsOfUnknownShapeAreCheckedByTheRun) {
    Tf tf;
    const Value x = placeholder(tf, "x", Value::list({Value(), Value(3)})),
                w = placeholder(tf, "w", Value::list({Value(), Value()}));
    tf("losses.compute_weighted_loss", {x, w}, {{"reduction", "weighted_sum"}});
    Lines checks;
    for (const std::string& line : tf.nodes(2))
        if (line.find("is_valid_shape/has_valid_nonscalar_shape/has_invalid_dims") != std::string::npos ||
            line.find("AssertGuard/Assert(") != std::string::npos || line.starts_with("Mul"))
            checks.push_back(line);
    const std::string invalid =
        "@assert_broadcastable/is_valid_shape/has_valid_nonscalar_shape/has_invalid_dims"; // of the name scope
    const Lines found = shortened(checks, "weighted_loss/", "-");
    const auto has = [&](const std::string& start) {
        return std::any_of(found.begin(), found.end(),
                           [&](const std::string& line) { return line.starts_with(start); });
    };
    EXPECT_TRUE(has("DenseToDenseSetOperation " + invalid + "/DenseToDenseSetOperation(" + invalid + "/ExpandDims_1, " +
                    invalid + "/concat"));
    EXPECT_TRUE(has("Size " + invalid + "/num_invalid_dims(" + invalid + "/DenseToDenseSetOperation:1"));
    EXPECT_TRUE(has("Equal " + invalid + "(" + invalid + "/x, " + invalid + "/num_invalid_dims"));
    EXPECT_TRUE(has("Mul @Mul(x, w, ^@assert_broadcastable/AssertGuard/Merge)"));
}

TEST(Losses, WeightsThatDoNotFitAreRefused) {
    Tf tf;
    const Value x = tf("ones", {ints({2, 3})}), y = tf("zeros", {ints({2, 3})});
    const auto error = [&](const Value& weights) {
        return tf.error("losses.absolute_difference", {x, y}, {{"weights", weights}});
    };
    EXPECT_EQ(error(tf("ones", {ints({2})})), "ValueError: weights can not be broadcast to values. values.rank=2. "
                                              "weights.rank=1. values.shape=(2, 3). weights.shape=(2,).");
    EXPECT_EQ(error(tf("ones", {ints({2, 2})})), "ValueError: weights can not be broadcast to values. Mismatch at dim "
                                                 "1. values.shape=[2 3] weights.shape=[2 2].");
    const Value wide = tf("ones", {ints({10, 3})});
    EXPECT_EQ(tf.error("losses.absolute_difference", {wide, wide}, {{"weights", tf("ones", {ints({2, 3})})}}),
              "ValueError: weights can not be broadcast to values. Mismatch at dim 0. values.shape=[10  3] "
              "weights.shape=[2 3].");
    EXPECT_EQ(tf.error("losses.absolute_difference", {x, y}, {{"reduction", "mean"}}),
              "ValueError: Invalid Reduction Key mean.");
    EXPECT_EQ(tf.error("losses.absolute_difference", {Value(), y}), "ValueError: labels must not be None.");
    EXPECT_EQ(tf.error("losses.mean_squared_error", {x, tf("ones", {ints({3})})}),
              "ValueError: Shapes (3,) and (2, 3) are incompatible");
    EXPECT_EQ(tf.error("nn.softmax_cross_entropy_with_logits", {x, y}),
              "ValueError: Only call `softmax_cross_entropy_with_logits` with named arguments (labels=..., "
              "logits=..., ...)");
    EXPECT_EQ(tf.error("nn.sigmoid_cross_entropy_with_logits", {}, {{"labels", x}}),
              "ValueError: Both labels and logits must be provided.");
    EXPECT_EQ(tf.error("nn.sigmoid_cross_entropy_with_logits", {}, {{"labels", x}, {"logits", tf("ones", {3})}}),
              "ValueError: logits and labels must have the same shape ((3,) vs (2, 3))");
    EXPECT_EQ(tf.error("nn.sparse_softmax_cross_entropy_with_logits", {}, {{"labels", x}, {"logits", y}}),
              "ValueError: Rank mismatch: Rank of labels (received 2) should equal rank of logits minus 1 (received "
              "2).");
}

TEST(CrossEntropy, OfASoftmaxIsTensorFlowsGraph) {
    Tf tf;
    const Value x = placeholder(tf, "x", Value::list({Value(), Value(3)})),
                y = placeholder(tf, "y", Value::list({Value(), Value(3)}));
    const Value loss = tf("nn.softmax_cross_entropy_with_logits", {}, {{"labels", y}, {"logits", x}});
    const Lines expected{
        "StopGradient @labels_stop_gradient(y)",
        "Const @Rank()",
        "Shape @Shape(x)",
        "Const @Rank_1()",
        "Shape @Shape_1(x)",
        "Const @Sub/y()",
        "Sub @Sub(@Rank_1, @Sub/y)",
        "Pack @Slice/begin(@Sub)",
        "Const @Slice/size()",
        "Slice @Slice(@Shape_1, @Slice/begin, @Slice/size)",
        "Const @concat/values_0()",
        "Const @concat/axis()",
        "ConcatV2 @concat(@concat/values_0, @Slice, @concat/axis)",
        "Reshape @Reshape(x, @concat)",
        "Const @Rank_2()",
        "Shape @Shape_2(@labels_stop_gradient)",
        "Const @Sub_1/y()",
        "Sub @Sub_1(@Rank_2, @Sub_1/y)",
        "Pack @Slice_1/begin(@Sub_1)",
        "Const @Slice_1/size()",
        "Slice @Slice_1(@Shape_2, @Slice_1/begin, @Slice_1/size)",
        "Const @concat_1/values_0()",
        "Const @concat_1/axis()",
        "ConcatV2 @concat_1(@concat_1/values_0, @Slice_1, @concat_1/axis)",
        "Reshape @Reshape_1(@labels_stop_gradient, @concat_1)",
        "SoftmaxCrossEntropyWithLogits softmax_cross_entropy_with_logits_sg(@Reshape, @Reshape_1)",
        "Const @Sub_2/y()",
        "Sub @Sub_2(@Rank, @Sub_2/y)",
        "Const @Slice_2/begin()",
        "Pack @Slice_2/size(@Sub_2)",
        "Slice @Slice_2(@Shape, @Slice_2/begin, @Slice_2/size)",
        "Reshape @Reshape_2(softmax_cross_entropy_with_logits_sg, @Slice_2)",
    };
    EXPECT_EQ(shortened(tf.nodes(2), "softmax_cross_entropy_with_logits_sg/", "-"), expected);
    EXPECT_EQ(str(tf.get(loss, "shape")), "(?,)");
}

// The same as in the graph of a reinforcement learner that TensorFlow wrote, except that `+` was Add before 1.15.
TEST(CrossEntropy, OfClassesInMoreDimensionsIsReshaped) {
    Tf tf;
    const Value x = placeholder(tf, "x", ints({4, 2, 3})), y = placeholder(tf, "y", ints({4, 2}), DType::int32);
    const Value loss = tf("nn.sparse_softmax_cross_entropy_with_logits", {}, {{"labels", y}, {"logits", x}});
    const Lines expected{
        "Const @Shape()",
        "Const @Shape_1()",
        "Const @Rank()",
        "Const @sub/y()",
        "Sub @sub(@Rank, @sub/y)",
        "Const @add/y()",
        "AddV2 @add(@sub, @add/y)",
        "Pack @strided_slice/stack(@sub)",
        "Pack @strided_slice/stack_1(@add)",
        "Const @strided_slice/stack_2()",
        "StridedSlice @strided_slice(@Shape_1, @strided_slice/stack, @strided_slice/stack_1, @strided_slice/stack_2)",
        "Const @Reshape/shape/0()",
        "Pack @Reshape/shape(@Reshape/shape/0, @strided_slice)",
        "Reshape @Reshape(x, @Reshape/shape)",
        "Const @Reshape_1/shape()",
        "Reshape @Reshape_1(y, @Reshape_1/shape)",
        "SparseSoftmaxCrossEntropyWithLogits @SparseSoftmaxCrossEntropyWithLogits(@Reshape, @Reshape_1)",
        "Reshape @Reshape_2(@SparseSoftmaxCrossEntropyWithLogits, @Shape)",
    };
    EXPECT_EQ(shortened(tf.nodes(2), "SparseSoftmaxCrossEntropyWithLogits/", "-"), expected);
    EXPECT_EQ(str(tf.get(loss, "shape")), "(4, 2)");
}

TEST(CrossEntropy, OfClassesOfUnknownShapeIsCheckedByTheRun) {
    Tf tf;
    const Value x = placeholder(tf, "x", Value::list({Value(), Value(2), Value(3)})),
                y = placeholder(tf, "y", Value::list({Value(), Value(2)}), DType::int32);
    tf("nn.sparse_softmax_cross_entropy_with_logits", {}, {{"labels", y}, {"logits", x}, {"name", "loss"}});
    const Lines lines = tf.nodes(2);
    const auto has = [&](const std::string& line) {
        return std::find(lines.begin(), lines.end(), line) != lines.end();
    };
    EXPECT_TRUE(has("Equal loss/assert_equal/Equal(loss/Shape_1, loss/strided_slice)"));
    EXPECT_TRUE(has("All loss/assert_equal/All(loss/assert_equal/Equal, loss/assert_equal/Const)"));
    EXPECT_TRUE(has("Shape loss/Shape_3(x, ^loss/assert_equal/Assert/Assert)"));
}

TEST(CrossEntropy, OfSigmoidsIsTensorFlowsGraph) {
    Tf tf;
    const Value x = placeholder(tf, "x", Value::list({Value(), Value(3)})),
                y = placeholder(tf, "y", Value::list({Value(), Value(3)}));
    tf("nn.sigmoid_cross_entropy_with_logits", {}, {{"labels", y}, {"logits", x}});
    const Lines expected{
        "ZerosLike @zeros_like(x)",
        "GreaterEqual @GreaterEqual(x, @zeros_like)",
        "Select @Select(@GreaterEqual, x, @zeros_like)",
        "Neg @Neg(x)",
        "Select @Select_1(@GreaterEqual, @Neg, x)",
        "Mul @mul(x, y)",
        "Sub @sub(@Select, @mul)",
        "Exp @Exp(@Select_1)",
        "Log1p @Log1p(@Exp)",
        "Add logistic_loss(@sub, @Log1p)",
    };
    EXPECT_EQ(shortened(tf.nodes(2), "logistic_loss/", "-"), expected);
}

Value matrix(Tf& tf, std::vector<double> values, DType dtype = DType::float64) {
    const auto rows = static_cast<std::int64_t>(values.size()) / 3;
    return tf("constant", {Value(Tensor::of<double>({rows, 3}, std::move(values))), dtype});
}

double value_of(Tf& tf, const Value& tensor) {
    const auto value = ops::evaluate_constant(tf.graph(), tensor.as<TensorValue>()->output);
    EXPECT_TRUE(value && value->elements() == 1);
    return value ? value->number(0) : std::nan("");
}

// Differences 1, 2, 4 in the first row and none in the second; weights 2 and 0.
TEST(Losses, ReductionsDivideByWhatTheySay) {
    const struct {
        const char* reduction;
        double expected;
    } cases[] = {{"weighted_sum", 14},
                 {"weighted_mean", 14.0 / 6},
                 {"weighted_sum_over_batch_size", 14.0 / 6},
                 {"weighted_sum_by_nonzero_weights", 14.0 / 3}};
    for (const auto& test : cases) {
        Tf tf;
        const Value x = matrix(tf, {1, 2, 4, 5, 5, 5}, DType::float32), y = matrix(tf, {0, 0, 0, 5, 5, 5});
        const Value w = tf("constant", {Value::list({Value::list({2.0}), Value::list({0.0})})});
        const Value loss = tf("losses.absolute_difference", {y, x}, {{"weights", w}, {"reduction", test.reduction}});
        EXPECT_NEAR(value_of(tf, loss), test.expected, 1e-6) << test.reduction;
    }
    Tf tf;
    const Value x = matrix(tf, {1, 2, 4});
    const Value each = tf("losses.mean_squared_error", {x, matrix(tf, {0, 0, 0})}, {{"reduction", "none"}});
    EXPECT_EQ(str(tf.get(each, "shape")), "(1, 3)");
    EXPECT_NEAR(value_of(tf, tf("reduce_sum", {each})), 21, 1e-6);
}

TEST(Losses, OfDifferencesAndMarginsAreTheirFormulas) {
    Tf tf;
    const Value y = tf("constant", {Value::list({0.0, 1.0, 1.0})}), x = tf("constant", {Value::list({0.5, 0.25, 3.5})});
    // Differences of 1/2, 3/4 and 5/2.
    EXPECT_NEAR(value_of(tf, tf("losses.absolute_difference", {y, x})), 3.75 / 3, 1e-6);
    EXPECT_NEAR(value_of(tf, tf("losses.huber_loss", {y, x})), (0.125 + 0.28125 + 2.0) / 3, 1e-6);
    EXPECT_NEAR(value_of(tf, tf("losses.huber_loss", {y, x}, {{"delta", 2.0}})), (0.125 + 0.28125 + 3.0) / 3, 1e-6);
    // Labels of -1, 1, 1.
    EXPECT_NEAR(value_of(tf, tf("losses.hinge_loss", {y, x})), (1.5 + 0.75 + 0.0) / 3, 1e-6);
    const Value p = tf("constant", {Value::list({0.5, 0.25, 0.75})});
    EXPECT_NEAR(value_of(tf, tf("losses.log_loss", {y, p})), -(std::log(0.5) + std::log(0.25) + std::log(0.75)) / 3,
                1e-5);
    const auto matrix = [&](double a, double b, double c, double d) {
        return tf("constant", {Value::list({Value::list({a, b}), Value::list({c, d})})});
    };
    const Value directions = matrix(0.6, 0.8, 1.0, 0.0), others = matrix(0.8, 0.6, 0.6, 0.8);
    EXPECT_NEAR(value_of(tf, tf("losses.cosine_distance", {directions, others}, {{"axis", 1}})), (2 - 0.96 - 0.6) / 2,
                1e-6);
    EXPECT_EQ(tf.error("losses.cosine_distance", {directions, others}), "ValueError: You must specify 'axis'.");
    EXPECT_EQ(tf.error("losses.cosine_distance", {directions, others}, {{"axis", 1}, {"dim", 1}}),
              "ValueError: Cannot specify both 'dim' and 'axis'");
    EXPECT_EQ(tf.error("losses.hinge_loss", {y, Value()}), "ValueError: logits must not be None.");
}

TEST(Losses, OfPairsAreTheirFormula) {
    Tf tf;
    const auto matrix = [&](double a, double b, double c, double d, double e, double f) {
        return tf("constant", {Value::list({Value::list({a, b, c}), Value::list({d, e, f})})});
    };
    const Value labels = matrix(0, 1, 2, 0, 0, 0), x = matrix(1, 1, 5, 0, 2, 1);
    // Differences 1, 0, 3 and 0, 2, 1: of their pairs 1, 4, 9 and 4, 1, 1, of which there are three each.
    const Value loss = tf("losses.mean_pairwise_squared_error", {labels, x});
    EXPECT_NEAR(value_of(tf, loss), (1 + 4 + 9) / 3.0 + (4 + 1 + 1) / 3.0, 1e-5);
    EXPECT_NEAR(value_of(tf, tf("losses.mean_pairwise_squared_error", {labels, x}, {{"weights", 0.5}})),
                (1 + 4 + 9) / 6.0 + (4 + 1 + 1) / 6.0, 1e-5);
    EXPECT_EQ(items_of(tf("losses.get_losses"))->size(), 2U);
    Lines own; // without what checks and counts
    for (const std::string& line : tf.nodes()) {
        const std::string scope = "mean_pairwise_squared_error/";
        if (line.find(" " + scope) == std::string::npos) continue;
        std::string name = line.substr(line.find(' ') + 1 + scope.size());
        name = line.substr(0, line.find(' ') + 1) + name.substr(0, name.find('('));
        if (name.find("assert_") == std::string::npos && name.find("num_present") == std::string::npos)
            own.push_back(std::move(name));
    }
    EXPECT_EQ(
        own,
        (Lines{"Const Cast/x",      "Sub Sub",           "Const Rank",       "Const range/start", "Const range/delta",
               "Range range",       "Square Square",     "Sum Sum",          "Const sub_1/y",     "Sub sub_1",
               "Const Maximum/y",   "Maximum Maximum",   "DivNoNan value",   "Const mul/x",       "Mul mul",
               "Sum Sum_1",         "Square Square_1",   "Const sub_2/y",    "Sub sub_2",         "Mul Mul_1",
               "Const Maximum_1/y", "Maximum Maximum_1", "DivNoNan value_1", "Const mul_2/x",     "Mul mul_2",
               "Sub sub_3",         "Mul Mul_3",         "Const Const",      "Sum Sum_2",         "Const Const_1",
               "Sum Sum_3",         "Const Greater/y",   "Greater Greater",  "Const zeros_like",  "Select value_2"}));
}

/// Up to where the weights begin; after python/ops/losses/losses_impl.py.
TEST(Losses, OfDifferencesAndMarginsAreTensorFlowsGraphs) {
    Tf tf;
    const Value x = placeholder(tf, "x", ints({3})), y = placeholder(tf, "y", ints({3}));
    const auto ops_of = [&](const char* function, const std::string& scope, Keywords keywords = {}) {
        const std::size_t from = tf.graph().size();
        tf(function, {y, x}, std::move(keywords));
        Lines lines;
        for (const std::string& line : tf.nodes(from)) {
            if (line.find("assert_broadcastable") != std::string::npos) break;
            lines.push_back(line);
        }
        return shortened(lines, scope, "none");
    };
    EXPECT_EQ(ops_of("losses.huber_loss", "huber_loss/"),
              (Lines{"Sub @Sub(x, y)", "Abs @Abs(@Sub)", "Const @Minimum/y()", "Minimum @Minimum(@Abs, @Minimum/y)",
                     "Sub @Sub_1(@Abs, @Minimum)", "Const @Const()", "Mul @Mul(@Minimum, @Minimum)",
                     "Mul @Mul_1(@Const, @Mul)", "Const @Mul_2/x()", "Mul @Mul_2(@Mul_2/x, @Sub_1)",
                     "Add @Add(@Mul_1, @Mul_2)"}));
    EXPECT_EQ(ops_of("losses.hinge_loss", "hinge_loss/"),
              (Lines{"Const @ones_like/Shape()", "Const @ones_like/Const()",
                     "Fill @ones_like(@ones_like/Shape, @ones_like/Const)", "Const @mul/x()", "Mul @mul(@mul/x, y)",
                     "Sub @Sub(@mul, @ones_like)", "Mul @Mul_1(@Sub, x)", "Sub @Sub_1(@ones_like, @Mul_1)",
                     "Relu @Relu(@Sub_1)"}));
    EXPECT_EQ(ops_of("losses.log_loss", "log_loss/"),
              (Lines{"Const @add/y()", "AddV2 @add(x, @add/y)", "Log @Log(@add)", "Mul @Mul(y, @Log)", "Neg @Neg(@Mul)",
                     "Const @sub/x()", "Sub @sub(@sub/x, y)", "Const @sub_1/x()", "Sub @sub_1(@sub_1/x, x)",
                     "Const @add_1/y()", "AddV2 @add_1(@sub_1, @add_1/y)", "Log @Log_1(@add_1)",
                     "Mul @Mul_1(@sub, @Log_1)", "Sub @sub_2(@Neg, @Mul_1)"}));
    EXPECT_EQ(ops_of("losses.cosine_distance", "cosine_distance_loss/", {{"axis", 0}}),
              (Lines{"Mul @Mul(x, y)", "Const @Sum/reduction_indices()", "Sum @Sum(@Mul, @Sum/reduction_indices)",
                     "Const @sub/x()", "Sub @sub(@sub/x, @Sum)"}));
}

TEST(Losses, OfLogitsAreTheirFormulas) {
    Tf tf;
    const Value x = matrix(tf, {1, 2, 3}, DType::float32);
    const double total = std::log(std::exp(1) + std::exp(2) + std::exp(3));
    const Value classes = tf("constant", {ints({2})}), ones = matrix(tf, {0, 0, 1}, DType::float32);
    EXPECT_NEAR(value_of(tf, tf("losses.sparse_softmax_cross_entropy", {classes, x})), total - 3, 1e-6);
    EXPECT_NEAR(value_of(tf, tf("losses.softmax_cross_entropy", {ones, x})), total - 3, 1e-6);
    // Smoothed: 0.1 / 3 more for every class, 0.9 of the one.
    EXPECT_NEAR(value_of(tf, tf("losses.softmax_cross_entropy", {ones, x}, {{"label_smoothing", 0.1}})),
                total - 0.9 * 3 - 0.1 / 3 * 6, 1e-6);
    const auto logistic = [](double logit, double label) { return std::log1p(std::exp(logit)) - logit * label; };
    EXPECT_NEAR(value_of(tf, tf("losses.sigmoid_cross_entropy", {ones, x})),
                (logistic(1, 0) + logistic(2, 0) + logistic(3, 1)) / 3, 1e-6);
    EXPECT_NEAR(value_of(tf, tf("losses.sigmoid_cross_entropy", {ones, x}, {{"label_smoothing", 0.2}})),
                (logistic(1, 0.1) + logistic(2, 0.1) + logistic(3, 0.9)) / 3, 1e-6);
    EXPECT_EQ(tf.name(tf("losses.get_total_loss")), "total_loss:0");
    EXPECT_EQ(items_of(tf("losses.get_losses"))->size(), 5u);
    tf("add_to_collection", {"regularization_losses", tf("constant", {1.0})});
    const Value sum = tf("losses.get_total_loss"), kept = tf("losses.get_total_loss", {false});
    EXPECT_NEAR(value_of(tf, sum) - value_of(tf, kept), 1, 1e-6);
    EXPECT_EQ(tf.name(tf("losses.get_regularization_loss")), "total_regularization_loss:0");
}

/// A number computed from a cross entropy of constant logits, and its gradient with respect to them.
struct Slope {
    Slope(const std::string& function, const std::vector<double>& logits, bool of_classes, bool of_gradient) {
        x = matrix(tf, logits);
        const Value labels = of_classes ? tf("constant", {ints({2, 0})}) : matrix(tf, {0.2, 0.5, 0.3, 0.1, 0.1, 0.8});
        const Value losses = tf(function, {}, {{"labels", labels}, {"logits", x}});
        loss = tf("reduce_sum", {tf("square", {losses})});
        if (of_gradient) loss = tf("reduce_sum", {tf("square", {gradient()})});
    }
    Value gradient() { return (*items_of(tf("gradients", {loss, x})))[0]; }
    Tf tf;
    Value x, loss;
};

void expect_slopes(const std::string& function, bool of_classes, bool of_gradient) {
    const std::vector<double> logits{0.5, -1.5, 2.0, 1.0, 0.25, -0.75};
    Slope slope(function, logits, of_classes, of_gradient);
    const auto gradient = ops::evaluate_constant(slope.tf.graph(), slope.gradient().as<TensorValue>()->output);
    ASSERT_TRUE(gradient) << function;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        std::vector<double> above = logits, below = logits;
        above[i] += 1e-6;
        below[i] -= 1e-6;
        Slope up(function, above, of_classes, of_gradient), down(function, below, of_classes, of_gradient);
        const double difference = (value_of(up.tf, up.loss) - value_of(down.tf, down.loss)) / 2e-6;
        EXPECT_NEAR(gradient->number(static_cast<std::int64_t>(i)), difference, 1e-6 * (1 + std::abs(difference)))
            << function << " " << i;
    }
}

TEST(CrossEntropy, GradientsAreSlopes) {
    expect_slopes("nn.sigmoid_cross_entropy_with_logits", false, false);
    expect_slopes("nn.softmax_cross_entropy_with_logits", false, false);
    expect_slopes("nn.softmax_cross_entropy_with_logits_v2", false, false);
    expect_slopes("nn.sparse_softmax_cross_entropy_with_logits", true, false);
}

TEST(CrossEntropy, GradientsOfGradientsAreSlopesWhereTensorFlowHasThem) {
    expect_slopes("nn.sigmoid_cross_entropy_with_logits", false, true);
    expect_slopes("nn.softmax_cross_entropy_with_logits", false, true);
    Slope slope("nn.sparse_softmax_cross_entropy_with_logits", {1, 2, 3, 4, 5, 6}, true, false);
    const Value gradient = slope.gradient();
    EXPECT_TRUE(slope.tf.error("gradients", {gradient, slope.x}).starts_with("LookupError"));
}

} // namespace
} // namespace rnnscope::tf1
