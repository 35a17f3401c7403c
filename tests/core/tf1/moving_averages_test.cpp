#include "program.hpp"

// tf.train.ExponentialMovingAverage: the nodes that TensorFlow 1.15 makes, names and what to restore.
namespace rnnscope::tf1 {
namespace {

/// The lines of nodes of the scope that updates are in, with "@" for it.
Lines updates(Tf& tf, const std::vector<std::string>& shown = {}) {
    Lines result;
    const std::string scope = "ExponentialMovingAverage/";
    for (std::string line : tf.nodes(0, shown)) {
        if (line.find(" " + scope) == std::string::npos) continue;
        std::size_t at = 0;
        while ((at = line.find(scope, at)) != std::string::npos)
            if (at > 0 && line[at - 1] == '/')
                ++at;
            else
                line.replace(at, scope.size(), "@");
        result.push_back(std::move(line));
    }
    return result;
}

TEST(ExponentialMovingAverage, OfAVariableIsTensorFlowsGraph) {
    Tf tf;
    const Value v = tf("get_variable", {"v", ints({2})});
    const Value ema = tf("train.ExponentialMovingAverage", {0.9});
    EXPECT_EQ(str(tf.method(ema, "average_name", {v})), "v/ExponentialMovingAverage");
    EXPECT_TRUE(tf.method(ema, "average", {v}).is_none());
    const Value op = tf.method(ema, "apply");
    EXPECT_EQ(tf.name(op), "ExponentialMovingAverage");
    const std::string beside = " _class=[\"loc:@v\"]"; // where the shadow is, too
    const Lines expected{
        "Const @decay()",
        "Const @AssignMovingAvg/sub/x()",
        "Sub @AssignMovingAvg/sub(@AssignMovingAvg/sub/x, @decay)",
        "Sub @AssignMovingAvg/sub_1(v/ExponentialMovingAverage/read, v/read)" + beside,
        "Mul @AssignMovingAvg/mul(@AssignMovingAvg/sub_1, @AssignMovingAvg/sub)" + beside,
        "AssignSub @AssignMovingAvg(v/ExponentialMovingAverage, @AssignMovingAvg/mul)" + beside,
    };
    EXPECT_EQ(updates(tf, {"_class"}), expected);
    EXPECT_EQ(tf.nodes().back(), "NoOp ExponentialMovingAverage(^ExponentialMovingAverage/AssignMovingAvg)");
    EXPECT_EQ(tf.name(tf.method(ema, "average", {v})), "v/ExponentialMovingAverage:0");
    EXPECT_EQ(str(tf.method(ema, "average_name", {v})), "v/ExponentialMovingAverage");
    const Value averaged = tf("moving_average_variables");
    ASSERT_EQ(items_of(averaged)->size(), 1u);
    EXPECT_EQ(tf.name((*items_of(averaged))[0]), "v:0");
    EXPECT_EQ(items_of(tf("trainable_variables"))->size(), 1u);
    EXPECT_EQ(items_of(tf("global_variables"))->size(), 2u);
}

TEST(ExponentialMovingAverage, OfAResourceReadsIt) {
    Tf tf;
    const Value v = tf("get_variable", {"v", ints({2})}, {{"use_resource", true}});
    tf.method(tf("train.ExponentialMovingAverage", {0.9}), "apply", {Value::list({v})});
    const Lines expected{
        "Const @decay()",
        "Const @AssignMovingAvg/sub/x()",
        "Sub @AssignMovingAvg/sub(@AssignMovingAvg/sub/x, @decay)",
        "ReadVariableOp @AssignMovingAvg/ReadVariableOp(v/ExponentialMovingAverage)",
        "ReadVariableOp @AssignMovingAvg/sub_1/ReadVariableOp(v)",
        "Sub @AssignMovingAvg/sub_1(@AssignMovingAvg/ReadVariableOp, @AssignMovingAvg/sub_1/ReadVariableOp)",
        "Mul @AssignMovingAvg/mul(@AssignMovingAvg/sub_1, @AssignMovingAvg/sub)",
        "AssignSubVariableOp @AssignMovingAvg(v/ExponentialMovingAverage, @AssignMovingAvg/mul)",
        "ReadVariableOp @AssignMovingAvg/ReadVariableOp_1(v/ExponentialMovingAverage, ^@AssignMovingAvg)",
    };
    EXPECT_EQ(updates(tf), expected);
    EXPECT_EQ(tf.nodes().back(), "NoOp ExponentialMovingAverage(^ExponentialMovingAverage/AssignMovingAvg)");
}

TEST(ExponentialMovingAverage, DecaysSlowerWithSteps) {
    Tf tf;
    tf("get_variable", {"v", ints({2})});
    const Value step = tf("train.get_or_create_global_step");
    tf.method(tf("train.ExponentialMovingAverage", {0.9, step}), "apply");
    const Lines lines = updates(tf);
    const Lines expected{
        "Const @decay()",
        "Cast @num_updates(global_step/read)",
        "Const @add/x()",
        "AddV2 @add(@add/x, @num_updates)",
        "Const @add_1/x()",
        "AddV2 @add_1(@add_1/x, @num_updates)",
        "RealDiv @truediv(@add, @add_1)",
        "Minimum @Minimum(@decay, @truediv)",
    };
    ASSERT_GT(lines.size(), expected.size());
    EXPECT_EQ(Lines(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(expected.size())), expected);
}

TEST(ExponentialMovingAverage, OfTensorsDividesTheZeroOfTheStartAway) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, ints({2})}, {{"name", "x"}});
    const Value ema = tf("train.ExponentialMovingAverage", {0.9}, {{"zero_debias", true}});
    tf.method(ema, "apply", {Value::list({x})});
    std::vector<std::string> names;
    for (const Variable& variable : tf.graph().variables()) names.push_back(variable.name);
    EXPECT_EQ(names, (Lines{"x/ExponentialMovingAverage", "x/ExponentialMovingAverage/biased",
                            "x/ExponentialMovingAverage/local_step"}));
    const Lines lines = updates(tf);
    const Lines expected{
        "Const @decay()",
        "Const @AssignMovingAvg/sub/x()",
        "Sub @AssignMovingAvg/sub(@AssignMovingAvg/sub/x, @decay)",
        "Sub @AssignMovingAvg/sub_1(x/ExponentialMovingAverage/biased/read, x)",
        "Mul @AssignMovingAvg/mul(@AssignMovingAvg/sub_1, @AssignMovingAvg/sub)",
        "AssignSub @AssignMovingAvg/AssignSub(x/ExponentialMovingAverage/biased, @AssignMovingAvg/mul)",
        "Const @AssignMovingAvg/AssignAdd/value()",
        "AssignAdd @AssignMovingAvg/AssignAdd(x/ExponentialMovingAverage/local_step, @AssignMovingAvg/AssignAdd/value)",
        "Const @AssignMovingAvg/sub_2/x()",
        "Sub @AssignMovingAvg/sub_2(@AssignMovingAvg/sub_2/x, @AssignMovingAvg/sub)",
        "Pow @AssignMovingAvg/Pow(@AssignMovingAvg/sub_2, @AssignMovingAvg/AssignAdd)",
        "Const @AssignMovingAvg/sub_3/x()",
        "Sub @AssignMovingAvg/sub_3(@AssignMovingAvg/sub_3/x, @AssignMovingAvg/Pow)",
        "RealDiv @AssignMovingAvg/truediv(@AssignMovingAvg/AssignSub, @AssignMovingAvg/sub_3)",
        "Assign @AssignMovingAvg(x/ExponentialMovingAverage, @AssignMovingAvg/truediv)",
    };
    EXPECT_EQ(lines, expected);
    EXPECT_TRUE(items_of(tf("moving_average_variables"))->empty());
}

TEST(ExponentialMovingAverage, SaysWhatToRestore) {
    Tf tf;
    const Value v = tf("get_variable", {"v", ints({2})});
    tf("get_variable", {"w", ints({2})}, {{"trainable", false}});
    const Value ema = tf("train.ExponentialMovingAverage", {0.9}, {{"name", "avg"}});
    tf.method(ema, "apply");
    const Value map = tf.method(ema, "variables_to_restore");
    Lines entries;
    for (const auto& [name, variable] : **map.as<DictValue>()) entries.push_back(str(name) + " " + tf.name(variable));
    // The shadow itself is a global variable, too, but its name is taken.
    EXPECT_EQ(entries, (Lines{"v/avg v:0", "w w:0"}));
    const Value step = tf("train.get_or_create_global_step");
    const auto result = call_method(tf.context, ema, "apply", {Value::list({step})}, {});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().message, "The variables must be half, float, or double: global_step:0");
}

} // namespace
} // namespace rnnscope::tf1
