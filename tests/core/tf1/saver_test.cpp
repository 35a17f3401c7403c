#include "core/tf1/saver.hpp"
#include "golden_graph.hpp"
#include "program.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rnnscope::tf1 {
namespace {

Value float_variable(Tf& tf, const char* name, std::int64_t size, bool resource = false) {
    return tf("get_variable", {name, ints({size})}, {{"use_resource", resource}});
}

/// programs/D12: GRU, initializer, saver, and an assignment, node for node.
TEST(Saver, MakesTensorFlowsNodes) {
    if (test::golden_folder().empty()) GTEST_SKIP() << "there are no golden graphs on this machine";
    Tf tf;
    tf("set_random_seed", {42});
    const Value x = tf("placeholder", {DType::float32, Value::list({Value(), Value(5), Value(3)})}, {{"name", "x"}});
    tf("nn.dynamic_rnn", {tf("nn.rnn_cell.GRUCell", {4}), x}, {{"dtype", DType::float32}});
    tf("global_variables_initializer");
    tf("train.Saver");
    const Value bias = (*items_of(tf("global_variables")))[3];
    tf("assign", {bias, Value::list({0.5, 0.5, 0.5, 0.5})}, {{"name", "bump"}});
    const auto differences = test::differences_from_golden(tf.graph(), "programs/D12_init_after_restore");
    EXPECT_TRUE(differences.empty()) << fmt::format("{}", fmt::join(differences, "\n"));
}

TEST(Saver, ReadsResourcesThroughTheirGraphElement) {
    Tf tf;
    float_variable(tf, "w", 2, true);
    float_variable(tf, "a", 3);
    const std::size_t before = tf.graph().size();
    const auto saver = tf("train.Saver").object<SaverObject>();
    ASSERT_NE(saver, nullptr);
    EXPECT_EQ(saver->filename_tensor, "save/Const:0");
    EXPECT_EQ(saver->save_tensor, "save/control_dependency:0");
    EXPECT_EQ(saver->restore_op, "save/restore_all");
    EXPECT_EQ(
        tf.nodes(before),
        (Lines{"Const save/filename/input()", "PlaceholderWithDefault save/filename(save/filename/input)",
               "PlaceholderWithDefault save/Const(save/filename)", "Const save/SaveV2/tensor_names()",
               "Const save/SaveV2/shape_and_slices()",
               "SaveV2 save/SaveV2(save/Const, save/SaveV2/tensor_names, save/SaveV2/shape_and_slices, a, "
               "w/Read/ReadVariableOp)",
               "Identity save/control_dependency(save/Const, ^save/SaveV2)", "Const save/RestoreV2/tensor_names()",
               "Const save/RestoreV2/shape_and_slices()",
               "RestoreV2 save/RestoreV2(save/Const, save/RestoreV2/tensor_names, save/RestoreV2/shape_and_slices)",
               "Assign save/Assign(a, save/RestoreV2)", "Identity save/Identity(save/RestoreV2:1)",
               "AssignVariableOp save/AssignVariableOp(w, save/Identity)",
               "NoOp save/restore_all(^save/Assign, ^save/AssignVariableOp)"}));
    EXPECT_EQ(tf("train.Saver").object<SaverObject>()->restore_op, "save_1/restore_all");
}

TEST(Saver, TakesListsAndNames) {
    Tf tf;
    const Value a = float_variable(tf, "a", 2), b = float_variable(tf, "b", 2);
    const auto names = [&](const Value& var_list) {
        std::string text;
        for (const auto& [name, id] : saveables_of(tf.context.default_graph(), var_list))
            text += fmt::format("{}={} ", name, tf.graph().variable(id).name);
        return text;
    };
    EXPECT_EQ(names({}), "a=a b=b ");
    EXPECT_EQ(names(Value::list({b})), "b=b ");
    EXPECT_EQ(names(Value::dict({{Value("z"), a}, {Value("y"), b}})), "y=b z=a ");
}

TEST(Saver, RefusesWhatTensorFlowRefuses) {
    Tf tf;
    EXPECT_EQ(tf.error("train.Saver"), "ValueError: No variables to save");
    EXPECT_TRUE(tf("train.Saver", {}, {{"allow_empty", true}}).object<SaverObject>()->empty);
    const Value a = float_variable(tf, "a", 2);
    EXPECT_EQ(tf.error("train.Saver", {Value::list({a, a})}),
              "ValueError: At least two variables have the same name: a");
    EXPECT_EQ(tf.error("train.Saver", {Value::dict({{Value("x"), a}, {Value("y"), a}})}),
              "ValueError: The same saveable will be restored with two names: y");
    EXPECT_TRUE(
        tf.error("train.Saver", {Value::list({1})}).starts_with("TypeError: Variable to save is not a Variable"));
    EXPECT_TRUE(tf.error("train.Saver", {}, {{"sharded", true}}).starts_with("NotImplementedError"));
}

TEST(Saver, KeepsTheNewest) {
    SaverObject saver;
    saver.max_to_keep = 2;
    EXPECT_EQ(saver.record("m-1"), std::nullopt);
    EXPECT_EQ(saver.record("m-2"), std::nullopt);
    EXPECT_EQ(saver.record("m-1"), std::nullopt) << "the same name again is no further one";
    EXPECT_EQ(saver.record("m-3"), "m-2");
    EXPECT_EQ(saver.last_checkpoints, (std::vector<std::string>{"m-1", "m-3"}));
}

} // namespace
} // namespace rnnscope::tf1
