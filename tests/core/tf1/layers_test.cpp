#include "program.hpp"

#include <algorithm>

// tf.layers.dense, tf.tensordot, tf.nn.embedding_lookup and metrics with weights: the nodes that TensorFlow 1.15 makes.
namespace rnnscope::tf1 {
namespace {

Value placeholder(Tf& tf, const char* name, const Value& shape, DType dtype = DType::float32) {
    return tf("placeholder", {dtype, shape}, {{"name", name}});
}

/// The lines of nodes whose names begin with `prefix`, which is left out.
Lines below(Tf& tf, const std::string& prefix, const std::vector<std::string>& shown = {}) {
    Lines result;
    for (std::string line : tf.nodes(0, shown)) {
        if (line.find(" " + prefix) == std::string::npos) continue;
        for (std::size_t at = 0; (at = line.find(prefix, at)) != std::string::npos; ++at)
            line.replace(at, prefix.size(), "@");
        result.push_back(std::move(line));
    }
    return result;
}

std::vector<std::string> variable_names(Tf& tf) {
    std::vector<std::string> names;
    for (const Variable& variable : tf.graph().variables()) names.push_back(variable.name);
    return names;
}

TEST(Dense, OfAMatrixIsTensorFlowsGraph) {
    Tf tf;
    const Value x = placeholder(tf, "x", Value::list({Value(), Value(3)}));
    const Value y = tf("layers.dense", {x, 4}, {{"activation", function_value(*find_api("nn.relu"))}});
    const Value z = tf("layers.dense", {y, 2}, {{"use_bias", false}});
    EXPECT_EQ(tf.name(y), "dense/Relu:0");
    EXPECT_EQ(variable_names(tf), (Lines{"dense/kernel", "dense/bias", "dense_1/kernel"}));
    const Lines lines = tf.nodes();
    const auto has = [&](const std::string& line) {
        return std::find(lines.begin(), lines.end(), line) != lines.end();
    };
    EXPECT_TRUE(has("Const dense/bias/Initializer/zeros()"));
    EXPECT_TRUE(has("Add dense/kernel/Initializer/random_uniform(dense/kernel/Initializer/random_uniform/mul, "
                    "dense/kernel/Initializer/random_uniform/min)"));
    EXPECT_TRUE(has("MatMul dense/MatMul(x, dense/kernel/read)"));
    EXPECT_TRUE(has("BiasAdd dense/BiasAdd(dense/MatMul, dense/bias/read)"));
    EXPECT_TRUE(has("Relu dense/Relu(dense/BiasAdd)"));
    EXPECT_EQ(lines.back(), "MatMul dense_1/MatMul(dense/Relu, dense_1/kernel/read)");
    EXPECT_EQ(str(tf.get(z, "shape")), "(?, 2)");
}

TEST(Dense, OfMoreDimensionsIsATensordot) {
    Tf tf;
    const Value x = placeholder(tf, "x", Value::list({Value(), Value(5), Value(3)}));
    const Value y = tf("layers.dense", {x, 4}, {{"name", "out"}});
    EXPECT_EQ(str(tf.get(y, "shape")), "(?, 5, 4)");
    const Lines expected{
        "Const @axes()",
        "Const @free()",
        "Shape @Shape(x)",
        "Const @GatherV2/axis()",
        "GatherV2 @GatherV2(@Shape, @free, @GatherV2/axis)",
        "Const @GatherV2_1/axis()",
        "GatherV2 @GatherV2_1(@Shape, @axes, @GatherV2_1/axis)",
        "Const @Const()",
        "Prod @Prod(@GatherV2, @Const)",
        "Const @Const_1()",
        "Prod @Prod_1(@GatherV2_1, @Const_1)",
        "Const @concat/axis()",
        "ConcatV2 @concat(@free, @axes, @concat/axis)",
        "Pack @stack(@Prod, @Prod_1)",
        "Transpose @transpose(x, @concat)",
        "Reshape @Reshape(@transpose, @stack)",
        "Const @transpose_1/perm()",
        "Transpose @transpose_1(out/kernel/read, @transpose_1/perm)",
        "Const @Reshape_1/shape()",
        "Reshape @Reshape_1(@transpose_1, @Reshape_1/shape)",
        "MatMul @MatMul(@Reshape, @Reshape_1)",
        "Const @Const_2()",
        "Const @concat_1/axis()",
        "ConcatV2 @concat_1(@GatherV2, @Const_2, @concat_1/axis)",
        "Reshape out/Tensordot(@MatMul, @concat_1)",
    };
    EXPECT_EQ(below(tf, "out/Tensordot/"), expected);
    EXPECT_EQ(tf.nodes().back(), "BiasAdd out/BiasAdd(out/Tensordot, out/bias/read)");
}

TEST(Dense, LayersKeepTheirVariables) {
    Tf tf;
    const Value x = placeholder(tf, "x", ints({2, 3}));
    const Value layer = tf("layers.Dense", {4, "tanh"});
    const auto called = call_value(tf.context, layer, {x}, {});
    ASSERT_TRUE(called.ok()) << called.error().message;
    EXPECT_EQ(tf.name(*called), "dense/Tanh:0");
    EXPECT_EQ(tf.name(tf.method(layer, "apply", {x})), "dense/Tanh_1:0");
    EXPECT_EQ(variable_names(tf), (Lines{"dense/kernel", "dense/bias"}));
    EXPECT_EQ(tf.name(tf.get(layer, "kernel")), "dense/kernel:0");
    tf("layers.dense", {x, 4}, {{"name", "a"}});
    tf("layers.dense", {x, 4}, {{"name", "a"}, {"reuse", true}});
    EXPECT_EQ(variable_names(tf), (Lines{"dense/kernel", "dense/bias", "a/kernel", "a/bias"}));
    EXPECT_TRUE(tf.error("layers.dense", {x, 4}, {{"name", "a"}}).starts_with("ValueError: Variable a/kernel already"));
}

TEST(Dense, RefusesWhatTensorFlowRefuses) {
    Tf tf;
    EXPECT_EQ(tf.error("layers.dense", {placeholder(tf, "x", ints({3})), 4}),
              "ValueError: Input 0 of layer dense_1 is incompatible with the layer: : expected min_ndim=2, found "
              "ndim=1. Full shape received: [3]");
    EXPECT_EQ(tf.error("layers.dense", {placeholder(tf, "y", Value::list({Value(2), Value()})), 4}),
              "ValueError: The last dimension of the inputs to `Dense` should be defined. Found `None`.");
    const Value layer = tf("layers.Dense", {4}, {{"name", "d"}});
    tf.method(layer, "apply", {placeholder(tf, "z", ints({2, 3}))});
    const auto again = call_method(tf.context, layer, "apply", {placeholder(tf, "w", ints({2, 5}))}, {});
    ASSERT_FALSE(again.ok());
    EXPECT_EQ(again.error().message, "Input 0 of layer d is incompatible with the layer: expected axis -1 of input "
                                     "shape to have value 3 but received input with shape [2, 5]");
}

TEST(Tensordot, OfKnownShapesIsShort) {
    Tf tf;
    const Value a = placeholder(tf, "a", ints({2, 3, 4})), b = placeholder(tf, "b", ints({4, 3, 5}));
    const Value product = tf("tensordot", {a, b, Value::list({ints({1, 2}), ints({1, 0})})});
    EXPECT_EQ(str(tf.get(product, "shape")), "(2, 5)");
    const Lines expected{
        "Const Tensordot/transpose/perm()",
        "Transpose Tensordot/transpose(a, Tensordot/transpose/perm)",
        "Const Tensordot/Reshape/shape()",
        "Reshape Tensordot/Reshape(Tensordot/transpose, Tensordot/Reshape/shape)",
        "Const Tensordot/transpose_1/perm()",
        "Transpose Tensordot/transpose_1(b, Tensordot/transpose_1/perm)",
        "Const Tensordot/Reshape_1/shape()",
        "Reshape Tensordot/Reshape_1(Tensordot/transpose_1, Tensordot/Reshape_1/shape)",
        "MatMul Tensordot/MatMul(Tensordot/Reshape, Tensordot/Reshape_1)",
        "Const Tensordot/shape()",
        "Reshape Tensordot(Tensordot/MatMul, Tensordot/shape)",
    };
    EXPECT_EQ(tf.nodes(2), expected);
    EXPECT_EQ(str(tf.get(tf("tensordot", {a, b, 1}), "shape")), "(2, 3, 3, 5)");
    EXPECT_EQ(tf.error("tensordot", {a, b, 4}), "ValueError: 'axes' must not be larger than the number of dimensions "
                                                "of tensor Tensor(\"a:0\", shape=(2, 3, 4), dtype=float32).");
    // Where the rank is not known, no list of so many axes is made to find out that they are too many.
    const Value most = std::int64_t{1'000'000'000'000}, unknown = placeholder(tf, "u", Value());
    EXPECT_TRUE(tf.error("tensordot", {a, b, most}).starts_with("ValueError: 'axes' must not be larger"));
    EXPECT_EQ(tf.error("tensordot", {unknown, b, most}),
              "NotImplementedError: tensordot of a tensor of unknown rank is not supported");
}

// --- embeddings -----------------------------------------------------------------------------------------------

TEST(EmbeddingLookup, OfOneTableIsAGather) {
    for (const bool use_resource : {false, true}) {
        Tf tf;
        const Value table = tf("get_variable", {"table", ints({5, 2})}, {{"use_resource", use_resource}});
        const Value ids = placeholder(tf, "ids", Value::list({Value()}), DType::int32);
        const std::size_t from = tf.graph().size();
        const Value rows = tf("nn.embedding_lookup", {table, ids});
        EXPECT_EQ(str(tf.get(rows, "shape")), "(?, 2)");
        const std::string beside = " _class=[\"loc:@table\"]";
        const Lines ref{"Const embedding_lookup/axis()" + beside,
                        "GatherV2 embedding_lookup(table/read, ids, embedding_lookup/axis)" + beside,
                        "Identity embedding_lookup/Identity(embedding_lookup)"};
        const Lines resource{"ResourceGather embedding_lookup(table, ids)" + beside,
                             "Identity embedding_lookup/Identity(embedding_lookup)" + beside,
                             "Identity embedding_lookup/Identity_1(embedding_lookup/Identity)"};
        EXPECT_EQ(tf.nodes(from, {"_class"}), use_resource ? resource : ref);
    }
}

/// What a lookup in constant tables of 3 and 2 rows finds: row r of table t is 10 t + r.
std::vector<double> looked_up(const char* strategy, const std::vector<std::int64_t>& ids) {
    Tf tf;
    const auto table = [&](std::vector<double> rows) {
        std::vector<Value> values;
        for (const double row : rows) values.push_back(Value::list({row}));
        return tf("constant", {Value::list(std::move(values))});
    };
    const Value tables = Value::list({table({0, 1, 2}), table({10, 11})});
    const Value rows = tf("nn.embedding_lookup", {tables, ints(ids)}, {{"partition_strategy", strategy}});
    EXPECT_EQ(str(tf.get(rows, "shape")), "(" + std::to_string(ids.size()) + ", 1)");
    const auto value = ops::evaluate_constant(tf.graph(), rows.as<TensorValue>()->output);
    std::vector<double> result;
    for (std::int64_t i = 0; value && i < value->elements(); ++i) result.push_back(value->number(i));
    return result;
}

TEST(EmbeddingLookup, InPartsFindsRowsByEitherStrategy) {
    EXPECT_EQ(looked_up("mod", {4, 0, 3, 1, 2}), (std::vector<double>{2, 0, 11, 10, 1}));
    EXPECT_EQ(looked_up("div", {4, 0, 3, 1, 2}), (std::vector<double>{11, 0, 10, 1, 2}));
    Tf tf;
    const Value t = tf("ones", {ints({2, 2})});
    EXPECT_EQ(tf.error("nn.embedding_lookup", {Value::list({t, t}), ints({1})}, {{"partition_strategy", "x"}}),
              "ValueError: Unrecognized partition strategy: x");
    EXPECT_EQ(tf.error("nn.embedding_lookup", {Value::list({}), ints({1})}), "ValueError: Need at least one param");
}

TEST(EmbeddingLookup, TakesNumbersBesideAResource) {
    for (const char* strategy : {"mod", "div"}) {
        Tf tf;
        const Value rows = tf("get_variable", {"rows", ints({2, 2})}, {{"use_resource", true}});
        const Value numbers = Value::list({Value::list({Value(1.0), Value(2.0)})});
        EXPECT_EQ(tf.error("nn.embedding_lookup", {Value::list({rows, numbers}), ints({1})},
                           {{"partition_strategy", strategy}}),
                  "");
    }
}

TEST(EmbeddingLookup, InPartsIsTensorFlowsGraph) {
    Tf tf;
    const Value a = tf("get_variable", {"a", ints({3, 2})}), b = tf("get_variable", {"b", ints({2, 2})});
    const Value ids = placeholder(tf, "ids", Value::list({Value(), Value(4)}), DType::int32);
    tf("nn.embedding_lookup", {Value::list({a, b}), ids});
    const Lines expected{
        "Const @Reshape/shape()",
        "Reshape @Reshape(ids, @Reshape/shape)",
        "Size @Size(@Reshape)",
        "Const @range/start()",
        "Const @range/delta()",
        "Range @range(@range/start, @Size, @range/delta)",
        "Const @mod/y()",
        "FloorMod @mod(@Reshape, @mod/y)",
        "Const @floordiv/y()",
        "FloorDiv @floordiv(@Reshape, @floordiv/y)",
        "DynamicPartition @DynamicPartition(@floordiv, @mod)",
        "DynamicPartition @DynamicPartition_1(@range, @mod)",
        "Const @GatherV2/axis() _class=[\"loc:@a\"]",
        "GatherV2 @GatherV2(a/read, @DynamicPartition, @GatherV2/axis) _class=[\"loc:@a\"]",
        "Const @GatherV2_1/axis() _class=[\"loc:@b\"]",
        "GatherV2 @GatherV2_1(b/read, @DynamicPartition:1, @GatherV2_1/axis) _class=[\"loc:@b\"]",
        "ParallelDynamicStitch embedding_lookup(@DynamicPartition_1, @DynamicPartition_1:1, @GatherV2, @GatherV2_1)",
        "Shape @Shape(ids)",
        "Const @concat/values_1()",
        "Const @concat/axis()",
        "ConcatV2 @concat(@Shape, @concat/values_1, @concat/axis)",
        "Reshape @Reshape_1(embedding_lookup, @concat)",
    };
    EXPECT_EQ(below(tf, "embedding_lookup/", {"_class"}), expected);
}

// --- metrics --------------------------------------------------------------------------------------------------

TEST(Metrics, WithWeightsDivideByTheirSum) {
    Tf tf;
    const Value x = placeholder(tf, "x", Value::list({Value(), Value(2)})),
                w = placeholder(tf, "w", Value::list({Value()}));
    tf("metrics.mean", {x, w});
    const Lines lines = tf.nodes();
    const auto has = [&](const std::string& line) {
        return std::find(lines.begin(), lines.end(), line) != lines.end();
    };
    EXPECT_TRUE(has("ExpandDims mean/ExpandDims(w, mean/ExpandDims/dim)"));
    EXPECT_TRUE(has("Mul mean/broadcast_weights(mean/ExpandDims, mean/broadcast_weights/ones_like)"));
    EXPECT_TRUE(has("Mul mean/Mul(x, mean/broadcast_weights)"));
    EXPECT_TRUE(has("Sum mean/Sum(mean/broadcast_weights, mean/Const)"));
    EXPECT_TRUE(has("Sum mean/Sum_1(mean/Mul, mean/Const_1)"));
    EXPECT_TRUE(has("AssignAdd mean/AssignAdd(mean/total, mean/Sum_1)"));
    EXPECT_TRUE(has("AssignAdd mean/AssignAdd_1(mean/count, mean/Sum, ^mean/Mul)"));
}

/// Nodes after TensorFlow's contrib/layers/python/layers/regularizers.py, in the scope of layers/base.py.
TEST(Dense, RegularizersMakeLossesUnderTheLayer) {
    Tf tf;
    const Value x = placeholder(tf, "x", Value::list({Value(), Value(3)}));
    const auto dense = [&](double scale, Keywords more = {}) {
        more.insert(more.begin(), {"kernel_regularizer", tf("contrib.layers.l2_regularizer", {scale})});
        return tf("layers.dense", {x, 2}, std::move(more));
    };
    dense(0.5, {{"bias_regularizer", tf("contrib.layers.l1_regularizer", {0.25})}, {"name", "fc"}});
    EXPECT_EQ(below(tf, "fc/kernel/Regularizer/"),
              (Lines{"Const @l2_regularizer/scale()", "L2Loss @l2_regularizer/L2Loss(fc/kernel/read)",
                     "Mul @l2_regularizer(@l2_regularizer/scale, "
                     "@l2_regularizer/L2Loss)"}));
    EXPECT_EQ(
        below(tf, "fc/bias/Regularizer/"),
        (Lines{"Const @l1_regularizer/scale()", "Abs @l1_regularizer/Abs(fc/bias/read)",
               "Const @l1_regularizer/Const()", "Sum @l1_regularizer/Sum(@l1_regularizer/Abs, @l1_regularizer/Const)",
               "Mul @l1_regularizer(@l1_regularizer/scale, @l1_regularizer/Sum)"}));
    const auto losses = [&] {
        Lines names;
        const Value found = tf("losses.get_regularization_losses");
        for (const Value& loss : *items_of(found)) names.push_back(tf.name(loss));
        return names;
    };
    const Lines both{"fc/kernel/Regularizer/l2_regularizer:0", "fc/bias/Regularizer/l1_regularizer:0"};
    EXPECT_EQ(losses(), both);
    dense(0.5, {{"name", "fc"}, {"reuse", true}});
    EXPECT_EQ(losses(), both) << "variables that are used again are not counted again";
    EXPECT_EQ(tf.name(tf("losses.get_regularization_loss")), "total_regularization_loss:0");
    dense(0.0);
    EXPECT_EQ(losses(), both) << "a scale of 0";
    const Value sum = tf("contrib.layers.l1_l2_regularizer", {0.5, 0.25});
    const Result<Value> loss = call_value(tf.context, sum, {tf("constant", {Value::list({1.0, -2.0})})}, {});
    ASSERT_TRUE(loss.ok());
    EXPECT_EQ(below(tf, "l1_l2_regularizer").back(), "AddN @(@/l1_regularizer, @/l2_regularizer)");
    EXPECT_EQ(tf.error("contrib.layers.l2_regularizer", {1}), "ValueError: scale cannot be an integer: 1");
    EXPECT_EQ(tf.error("contrib.layers.l1_regularizer", {-0.5}),
              "ValueError: Setting a scale less than 0 on a regularizer: -0.5");
}

TEST(Dense, TakesKerassRegularizersToo) {
    Tf tf;
    const Value x = placeholder(tf, "x", Value::list({Value(), Value(3)}));
    tf("layers.dense", {x, 2}, {{"kernel_regularizer", tf("keras.regularizers.l1_l2", {0.5, 0.25})}});
    EXPECT_EQ(below(tf, "dense/kernel/Regularizer/"),
              (Lines{"Abs @Abs(dense/kernel/read)", "Const @mul/x()", "Mul @mul(@mul/x, @Abs)", "Const @Const()",
                     "Sum @Sum(@mul, @Const)", "Const @add/x()", "AddV2 @add(@add/x, @Sum)",
                     "Square @Square(dense/kernel/read)", "Const @mul_1/x()", "Mul @mul_1(@mul_1/x, @Square)",
                     "Const @Const_1()", "Sum @Sum_1(@mul_1, @Const_1)", "AddV2 @add_1(@add, @Sum_1)"}));
}

TEST(Metrics, AccuracySqueezesLabels) {
    Tf tf;
    const Value labels = placeholder(tf, "labels", Value::list({Value(), Value(1)}), DType::int64),
                found = placeholder(tf, "found", Value::list({Value()}), DType::int64);
    tf("metrics.accuracy", {labels, found}, {{"weights", 0.5}});
    const Lines lines = tf.nodes();
    const auto has = [&](const std::string& line) {
        return std::find(lines.begin(), lines.end(), line) != lines.end();
    };
    EXPECT_TRUE(has("Squeeze remove_squeezable_dimensions/Squeeze(labels)"));
    EXPECT_TRUE(has("Equal Equal(found, remove_squeezable_dimensions/Squeeze)"));
    EXPECT_TRUE(has("Mul accuracy/Mul(Cast, accuracy/broadcast_weights)"));
}

} // namespace
} // namespace rnnscope::tf1
