#include "program.hpp"

#include <algorithm>

namespace rnnscope::tf1 {
namespace {

TEST(Binding, SaysWhatPythonSays) {
    Tf tf;
    EXPECT_EQ(tf.error("placeholder", {DType::float32}, {{"shap", 1}}),
              "TypeError: placeholder() got an unexpected keyword argument 'shap'");
    EXPECT_EQ(tf.error("placeholder"), "TypeError: placeholder() missing 1 required positional argument: 'dtype'");
    EXPECT_EQ(tf.error("add"), "TypeError: add() missing 2 required positional arguments: 'x' and 'y'");
    EXPECT_EQ(tf.error("slice"),
              "TypeError: slice() missing 3 required positional arguments: 'input_', 'begin', and 'size'");
    EXPECT_EQ(tf.error("add", {1, 2}, {{"x", 1}}), "TypeError: add() got multiple values for argument 'x'");
    EXPECT_EQ(tf.error("add", {1, 2, "n", 4}),
              "TypeError: add() takes from 2 to 3 positional arguments but 4 were given");
    EXPECT_EQ(tf.error("get_default_graph", {1}),
              "TypeError: get_default_graph() takes 0 positional arguments but 1 was given");
    EXPECT_EQ(tf.error("zeros_initializer", {}, {{"x", 1}}),
              "TypeError: __init__() got an unexpected keyword argument 'x'");
}

TEST(ApiList, IsComplete) {
    for (const ApiDef& api : all_api()) {
        EXPECT_TRUE(api.call != nullptr) << api.name;
        EXPECT_FALSE(api.doc.empty()) << api.name;
        EXPECT_EQ(find_api(api.name), &api) << api.name << " stands in the list twice";
    }
    for (const char* name : {"placeholder",
                             "placeholder_with_default",
                             "constant",
                             "zeros",
                             "ones",
                             "fill",
                             "zeros_like",
                             "ones_like",
                             "Variable",
                             "get_variable",
                             "variable_scope",
                             "name_scope",
                             "control_dependencies",
                             "Graph",
                             "get_default_graph",
                             "reset_default_graph",
                             "set_random_seed",
                             "device",
                             "identity",
                             "shape",
                             "rank",
                             "size",
                             "reshape",
                             "transpose",
                             "expand_dims",
                             "squeeze",
                             "concat",
                             "stack",
                             "unstack",
                             "split",
                             "slice",
                             "strided_slice",
                             "tile",
                             "gather",
                             "one_hot",
                             "cast",
                             "to_float",
                             "to_int32",
                             "matmul",
                             "add",
                             "subtract",
                             "multiply",
                             "divide",
                             "truediv",
                             "negative",
                             "abs",
                             "square",
                             "sqrt",
                             "exp",
                             "log",
                             "pow",
                             "maximum",
                             "minimum",
                             "tanh",
                             "sigmoid",
                             "nn.relu",
                             "nn.softmax",
                             "nn.bias_add",
                             "nn.tanh",
                             "nn.sigmoid",
                             "reduce_sum",
                             "reduce_mean",
                             "reduce_max",
                             "reduce_min",
                             "reduce_prod",
                             "reduce_all",
                             "reduce_any",
                             "equal",
                             "not_equal",
                             "less",
                             "greater",
                             "less_equal",
                             "greater_equal",
                             "logical_and",
                             "logical_or",
                             "logical_not",
                             "where",
                             "argmax",
                             "random_uniform",
                             "random_normal",
                             "truncated_normal",
                             "squared_difference",
                             "no_op",
                             "group",
                             "tuple",
                             "add_n",
                             "assign",
                             "assign_add",
                             "assign_sub",
                             "range",
                             "global_variables_initializer"})
        EXPECT_NE(find_api(name), nullptr) << name;
    EXPECT_EQ(*find_constant("float32")->as<DType>(), DType::float32);
    EXPECT_EQ(*find_constant("GraphKeys.TRAINABLE_VARIABLES")->as<std::string>(), "trainable_variables");
    EXPECT_FALSE(find_constant("no_such_thing"));
}

TEST(Functions, AreValues) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, Value::list({Value(), Value(2)})}, {{"name", "x"}});
    const Result<Value> y = call_value(tf.context, *find_constant("nn.tanh"), {x}, {});
    ASSERT_TRUE(y.ok());
    EXPECT_EQ(repr(*y), "<tf.Tensor 'Tanh:0' shape=(?, 2) dtype=float32>");
    EXPECT_EQ(repr(tf.get(*y, "op")), "<tf.Operation 'Tanh' type=Tanh>");
    EXPECT_EQ(repr(tf.get(x, "shape")), "TensorShape([Dimension(None), Dimension(2)])");
    EXPECT_EQ(repr(tf.method(tf.method(x, "get_shape"), "as_list")), "[None, 2]");
    EXPECT_FALSE(get_attribute(tf.context, x, "shap").ok());
}

TEST(Operators, OpenTheirScopeBeforeTheyConvert) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, ints({2})}, {{"name", "x"}});
    tf.op("+", {x, 1});
    tf.op("-", {1.0, x});
    tf.op("/", {x, 2.0});
    tf.op("<", {x, 0});
    tf.op("neg", {x});
    tf.op("**", {x, 2});
    EXPECT_EQ(tf.nodes(1), (Lines{"Const add/y()", "AddV2 add(x, add/y)", "Const sub/x()", "Sub sub(sub/x, x)",
                                  "Const truediv/y()", "RealDiv truediv(x, truediv/y)", "Const Less/y()",
                                  "Less Less(x, Less/y)", "Neg Neg(x)", "Const pow/y()", "Pow pow(x, pow/y)"}));
    EXPECT_TRUE(*tf.op("==", {x, x}).as<bool>());
    const Result<Value> mixed = apply_operator(tf.context, "+", {tf("constant", {1}), 1.5});
    ASSERT_FALSE(mixed.ok());
    EXPECT_EQ(mixed.error().message,
              "Input 'y' of 'AddV2' Op has type float32 that does not match type int32 of argument 'x'.");
}

TEST(Operators, ArePythonsOnNumbers) {
    Tf tf;
    EXPECT_EQ(repr(tf.op("/", {7, 2})), "3.5");
    EXPECT_EQ(repr(tf.op("//", {-7, 2})), "-4");
    EXPECT_EQ(repr(tf.op("%", {-7, 2})), "1");
    EXPECT_EQ(repr(tf.op("**", {2, 10})), "1024");
    EXPECT_EQ(repr(tf.op("*", {Value::list({1}), 2})), "[1, 1]");
    EXPECT_EQ(repr(tf.op("%", {"cell_%d", 3})), "'cell_3'");
    EXPECT_EQ(repr(tf.op("and", {0, 5})), "0");
    EXPECT_EQ(apply_operator(tf.context, "//", {1, 0}).error().code, "ZeroDivisionError");
    EXPECT_EQ(apply_operator(tf.context, "+", {1, "a"}).error().message,
              "unsupported operand type(s) for +: 'int' and 'str'");
}

TEST(Items, OfListsShapesAndTensors) {
    Tf tf;
    const auto item = [&](const Value& value, const Value& index) { return *get_item(tf.context, value, index); };
    EXPECT_EQ(repr(item(ints({1, 2, 3}), -1)), "3");
    EXPECT_EQ(repr(item(ints({1, 2, 3}), Value::tuple({1, {}, {}}))), "[2, 3]");
    EXPECT_EQ(repr(item(ints({1, 2, 3}), Value::tuple({{}, {}, -1}))), "[3, 2, 1]");
    EXPECT_EQ(get_item(tf.context, ints({1}), 1).error().message, "list index out of range");
    const Value x = tf("placeholder", {DType::float32, ints({4, 5})}, {{"name", "x"}});
    const Value y = item(x, Value::list({Value(0), Value::tuple({1, 3, {}})}));
    EXPECT_EQ(repr(y), "<tf.Tensor 'strided_slice:0' shape=(2,) dtype=float32>");
    EXPECT_EQ(tf.nodes(1, {"shrink_axis_mask"}),
              (Lines{"Const strided_slice/stack()", "Const strided_slice/stack_1()", "Const strided_slice/stack_2()",
                     "StridedSlice strided_slice(x, strided_slice/stack, strided_slice/stack_1, strided_slice/stack_2) "
                     "shrink_axis_mask=1"}));
}

TEST(Functions, MakeTheNodesOfTensorFlow) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, Value::list({Value(), Value(4)})}, {{"name", "x"}});
    tf("reduce_mean", {x});
    tf("reduce_sum", {x}, {{"axis", 1}});
    tf("transpose", {x});
    tf("split", {x, 2}, {{"axis", 1}});
    tf("concat", {Value::list({x, x}), 1});
    tf("zeros", {Value::list({tf("constant", {3}), Value(4)})});
    tf("one_hot", {tf("constant", {1}, {{"name", "i"}}), 3});
    EXPECT_EQ(tf.nodes(1), (Lines{"Const Const()",
                                  "Mean Mean(x, Const)",
                                  "Const Sum/reduction_indices()",
                                  "Sum Sum(x, Sum/reduction_indices)",
                                  "Const transpose/perm()",
                                  "Transpose transpose(x, transpose/perm)",
                                  "Const Const_1()",
                                  "Const split/split_dim()",
                                  "Split split(split/split_dim, x)",
                                  "Const concat/axis()",
                                  "ConcatV2 concat(x, x, concat/axis)",
                                  "Const Const_2()",
                                  "Const zeros/mul/y()",
                                  "Mul zeros/mul(Const_2, zeros/mul/y)",
                                  "Const zeros/Less/y()",
                                  "Less zeros/Less(zeros/mul, zeros/Less/y)",
                                  "Const zeros/packed/1()",
                                  "Pack zeros/packed(Const_2, zeros/packed/1)",
                                  "Const zeros/Const()",
                                  "Fill zeros(zeros/packed, zeros/Const)",
                                  "Const i()",
                                  "Const one_hot/on_value()",
                                  "Const one_hot/off_value()",
                                  "Const one_hot/depth()",
                                  "OneHot one_hot(i, one_hot/depth, one_hot/on_value, one_hot/off_value)"}));
}

TEST(Functions, ComplainAsTensorFlowDoes) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, Value::list({Value(), Value(8)})}, {{"name", "x"}});
    const Value w = tf("constant", {1.0, {}, ints({7, 8})}, {{"name", "w"}});
    EXPECT_EQ(tf.error("matmul", {x, w}, {{"name", "m"}}), "ValueError: Dimensions must be equal, but are 8 and 7 for "
                                                           "'m' (op: 'MatMul') with input shapes: [?,8], [7,8].");
    EXPECT_EQ(tf.error("constant", {Value()}), "ValueError: None values not supported.");
    EXPECT_EQ(tf.error("constant", {1.5, DType::int32}), "TypeError: Expected int32, got 1.5 of type 'float' instead.");
    EXPECT_EQ(tf.error("constant", {Value::list({ints({1, 2}), ints({3})})})
                  .rfind("ValueError: Argument must be a dense tensor", 0),
              0u);
}

TEST(Graphs, HoldTheirOwnNodesAndFindThemByName) {
    Tf tf;
    const Value a = tf("constant", {1}, {{"name", "a"}});
    const Value graph = tf("Graph");
    tf.with(tf.method(graph, "as_default"), [&](const Value& bound) {
        EXPECT_EQ(bound.as<ObjectValue>()->get(), graph.as<ObjectValue>()->get());
        tf("constant", {1}, {{"name", "b"}});
        EXPECT_NE(tf.error("identity", {a}).find("must be from the same graph"), std::string::npos);
    });
    EXPECT_EQ(tf.name(tf.method(graph, "get_tensor_by_name", {"b:0"})), "b:0");
    const auto failing = [&](const char* method, const char* name) {
        return call_method(tf.context, graph, method, {name}, {}).error().message;
    };
    EXPECT_EQ(
        failing("get_tensor_by_name", "a:0"),
        "The name 'a:0' refers to a Tensor which does not exist. The operation, 'a', does not exist in the graph.");
    EXPECT_EQ(failing("get_tensor_by_name", "b"),
              "The name 'b' refers to an Operation, not a Tensor. Tensor names must be of "
              "the form \"<op_name>:<output_index>\".");
    EXPECT_EQ(failing("get_operation_by_name", "a"), "The name 'a' refers to an Operation not in the graph.");
    EXPECT_EQ(tf.name(tf("get_default_graph").is_none() ? Value() : a), "a:0");
}

TEST(Groups, WaitForTheirInputs) {
    Tf tf;
    const Value a = tf("constant", {1}, {{"name", "a"}}), b = tf("no_op", {}, {{"name", "b"}});
    tf("group", {a, b}, {{"name", "g"}});
    tf("tuple", {Value::list({a})});
    EXPECT_EQ(tf.nodes(2), (Lines{"NoOp g(^a, ^b)", "NoOp tuple/group_deps(^a)",
                                  "Identity tuple/control_dependency(a, ^tuple/group_deps)"}));
}

} // namespace
} // namespace rnnscope::tf1
