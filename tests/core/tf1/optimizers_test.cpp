#include "program.hpp"

// Optimizers: their slots, and the nodes of their updates.
namespace rnnscope::tf1 {
namespace {

TEST(Optimizers, SlotsHaveTensorFlowsNames) {
    const struct {
        const char* constructor;
        std::vector<Value> arguments;
        std::vector<std::string> variables, slots;
    } cases[] = {
        {"train.GradientDescentOptimizer", {0.1}, {"v"}, {}},
        {"train.MomentumOptimizer", {0.1, 0.9}, {"v", "v/Momentum"}, {"momentum"}},
        {"train.AdamOptimizer", {}, {"v", "beta1_power", "beta2_power", "v/Adam", "v/Adam_1"}, {"m", "v"}},
        {"train.RMSPropOptimizer", {0.1}, {"v", "v/RMSProp", "v/RMSProp_1"}, {"momentum", "rms"}},
        {"train.RMSPropOptimizer",
         {0.1, 0.9, 0.0, 1e-10, false, true},
         {"v", "v/RMSProp", "v/RMSProp_1", "v/RMSProp_2"},
         {"mg", "momentum", "rms"}},
        {"train.AdagradOptimizer", {0.1}, {"v", "v/Adagrad"}, {"accumulator"}},
    };
    for (const auto& test : cases)
        for (const bool use_resource : {false, true}) {
            Tf tf;
            const Value v = tf("get_variable", {"v", ints({2})}, {{"use_resource", use_resource}});
            const Value optimizer = tf(test.constructor, test.arguments);
            const Value step = tf("train.get_or_create_global_step");
            tf.method(optimizer, "minimize", {tf("reduce_sum", {tf("square", {v})})}, {{"global_step", step}});
            std::vector<std::string> names;
            for (const Variable& variable : tf.graph().variables())
                if (variable.name != "global_step") names.push_back(variable.name);
            EXPECT_EQ(names, test.variables) << test.constructor;
            std::vector<std::string> slots;
            const Value listed = tf.method(optimizer, "get_slot_names");
            for (const Value& slot : *items_of(listed)) slots.push_back(str(slot));
            EXPECT_EQ(slots, test.slots) << test.constructor;
        }
}

/// The nodes of the update of `v` by a gradient of some of its rows, after those that sum rows up.
Lines row_update(Tf& tf, const char* constructor, std::vector<Value> arguments, Keywords keywords, bool use_resource) {
    const Value v = tf("get_variable", {"v", ints({3, 2})}, {{"use_resource", use_resource}});
    const Value loss = tf("reduce_sum", {tf("gather", {v, ints({2, 0})})});
    const Value optimizer = tf(constructor, std::move(arguments), std::move(keywords));
    tf.method(optimizer, "minimize", {loss}, {{"name", "train"}});
    Lines result;
    for (std::string line : tf.nodes()) {
        const std::string scope = "train/update_v/";
        if (line.find(" " + scope) == std::string::npos) continue;
        for (std::size_t at = 0; (at = line.find(scope, at)) != std::string::npos;) line.replace(at, scope.size(), "@");
        result.push_back(line);
    }
    return result;
}

TEST(Optimizers, OfRowsSumUpRowsFirst) {
    const std::string gradient = "gradients/GatherV2_grad/Reshape";
    const Lines expected{
        "Unique @Unique(gradients/GatherV2_grad/Reshape_1)",
        "Shape @Shape(@Unique)",
        "Const @strided_slice/stack()",
        "Const @strided_slice/stack_1()",
        "Const @strided_slice/stack_2()",
        "StridedSlice @strided_slice(@Shape, @strided_slice/stack, @strided_slice/stack_1, @strided_slice/stack_2)",
        "UnsortedSegmentSum @UnsortedSegmentSum(gradients/GatherV2_grad/Reshape, @Unique:1, @strided_slice)",
        "SparseApplyAdagrad @SparseApplyAdagrad(v, v/Adagrad, train/learning_rate, @UnsortedSegmentSum, @Unique)",
    };
    Tf tf;
    EXPECT_EQ(row_update(tf, "train.AdagradOptimizer", {0.1}, {}, false), expected);
}

TEST(Optimizers, OfRowsAreTensorFlowsOps) {
    const std::string rows = ", @UnsortedSegmentSum, @Unique";
    const struct {
        const char* constructor;
        std::vector<Value> arguments;
        Keywords keywords;
        std::string name, inputs; ///< of the last op
    } cases[] = {
        {"train.MomentumOptimizer",
         {0.1, 0.9},
         {},
         "SparseApplyMomentum",
         "(v, v/Momentum, train/learning_rate" + rows + ", train/momentum)"},
        {"train.RMSPropOptimizer",
         {0.1},
         {},
         "SparseApplyRMSProp",
         "(v, v/RMSProp, v/RMSProp_1, train/learning_rate, train/decay, train/momentum, train/epsilon" + rows + ")"},
        {"train.RMSPropOptimizer",
         {0.1},
         {{"centered", true}},
         "SparseApplyCenteredRMSProp",
         "(v, v/RMSProp_1, v/RMSProp, v/RMSProp_2, train/learning_rate, train/decay, train/momentum, train/epsilon" +
             rows + ")"},
        {"train.AdagradOptimizer", {0.1}, {}, "SparseApplyAdagrad", "(v, v/Adagrad, train/learning_rate" + rows + ")"},
    };
    for (const auto& test : cases)
        for (const bool use_resource : {false, true}) {
            Tf tf;
            const Lines lines = row_update(tf, test.constructor, test.arguments, test.keywords, use_resource);
            const std::string op = (use_resource ? "Resource" : "") + test.name;
            ASSERT_FALSE(lines.empty());
            EXPECT_EQ(lines.back(), op + " @" + op + test.inputs);
        }
}

// The learning rate as it was given, not the constant.
TEST(Optimizers, DescentOfRowsScatters) {
    Tf ref, resource;
    EXPECT_EQ(row_update(ref, "train.GradientDescentOptimizer", {0.1}, {}, false),
              (Lines{"Mul @mul(gradients/GatherV2_grad/Reshape, train/learning_rate)",
                     "ScatterSub @ScatterSub(v, gradients/GatherV2_grad/Reshape_1, @mul)"}));
    EXPECT_EQ(row_update(resource, "train.GradientDescentOptimizer", {0.1}, {}, true),
              (Lines{"Neg @Neg(gradients/Gather_grad/Reshape)", "Const @mul/y()", "Mul @mul(@Neg, @mul/y)",
                     "ResourceScatterAdd @ResourceScatterAdd(v, gradients/Gather_grad/Reshape_1, @mul)"}));
}

TEST(Optimizers, AdamOfRowsOfAResourceReadsAfterItWrites) {
    Tf tf;
    const Lines lines = row_update(tf, "train.AdamOptimizer", {0.1}, {}, true);
    const Lines end(lines.begin() + 7, lines.end());
    const Lines expected{
        "ReadVariableOp @ReadVariableOp(beta2_power)",
        "Const @sub/x()",
        "Sub @sub(@sub/x, @ReadVariableOp)",
        "Sqrt @Sqrt(@sub)",
        "Mul @mul(train/learning_rate, @Sqrt)",
        "ReadVariableOp @ReadVariableOp_1(beta1_power)",
        "Const @sub_1/x()",
        "Sub @sub_1(@sub_1/x, @ReadVariableOp_1)",
        "RealDiv @truediv(@mul, @sub_1)",
        "Const @sub_2/x()",
        "Sub @sub_2(@sub_2/x, train/beta1)",
        "Mul @mul_1(@UnsortedSegmentSum, @sub_2)",
        "ReadVariableOp @ReadVariableOp_2(v/Adam)",
        "Mul @mul_2(@ReadVariableOp_2, train/beta1)",
        "AssignVariableOp @AssignVariableOp(v/Adam, @mul_2)",
        "ReadVariableOp @ReadVariableOp_3(v/Adam, ^@AssignVariableOp)",
        "ResourceScatterAdd @ResourceScatterAdd(v/Adam, @Unique, @mul_1, ^@AssignVariableOp)",
        "ReadVariableOp @ReadVariableOp_4(v/Adam, ^@AssignVariableOp, ^@ResourceScatterAdd)",
        "Mul @mul_3(@UnsortedSegmentSum, @UnsortedSegmentSum)",
        "Const @sub_3/x()",
        "Sub @sub_3(@sub_3/x, train/beta2)",
        "Mul @mul_4(@mul_3, @sub_3)",
        "ReadVariableOp @ReadVariableOp_5(v/Adam_1)",
        "Mul @mul_5(@ReadVariableOp_5, train/beta2)",
        "AssignVariableOp @AssignVariableOp_1(v/Adam_1, @mul_5)",
        "ReadVariableOp @ReadVariableOp_6(v/Adam_1, ^@AssignVariableOp_1)",
        "ResourceScatterAdd @ResourceScatterAdd_1(v/Adam_1, @Unique, @mul_4, ^@AssignVariableOp_1)",
        "ReadVariableOp @ReadVariableOp_7(v/Adam_1, ^@AssignVariableOp_1, ^@ResourceScatterAdd_1)",
        "Sqrt @Sqrt_1(@ReadVariableOp_7)",
        "Mul @mul_6(@truediv, @ReadVariableOp_4)",
        "AddV2 @add(@Sqrt_1, train/epsilon)",
        "RealDiv @truediv_1(@mul_6, @add)",
        "AssignSubVariableOp @AssignSubVariableOp(v, @truediv_1)",
        "ReadVariableOp @ReadVariableOp_8(v, ^@AssignSubVariableOp)",
        "NoOp @group_deps(^@AssignSubVariableOp, ^@ReadVariableOp_4, ^@ReadVariableOp_7)",
    };
    EXPECT_EQ(end, expected);
}

} // namespace
} // namespace rnnscope::tf1
