#include "core/tf1/control_flow.hpp"

#include "core/tf1/array_ops.hpp"
#include "core/tf1/cells.hpp"
#include "core/tf1/context.hpp"
#include "core/tf1/md5.hpp"
#include "core/tf1/nest.hpp"
#include "core/tf1/tensor_array.hpp"

#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace rnnscope::tf1 {
namespace {

class ControlFlow : public ::testing::Test {
  protected:
    GraphState& state() { return context_.default_graph(); }
    Value number(float value) { return wrap(state(), state().constant(Tensor::scalar(value))); }
    Value integer(std::int32_t value) { return wrap(state(), state().constant(Tensor::scalar(value))); }
    Value operate(const char* op, const Value& x, const Value& y) {
        return wrap(state(), binary_operator(state(), op, x, y));
    }
    Value count_to(const Value& start, const std::function<Value(const Value&)>& next) {
        return while_loop(
            state(), [&](const std::vector<Value>& v) { return operate("<", v[0], Value(3)); },
            [&](const std::vector<Value>& v) { return next(v[0]); }, Value::list({start}), {});
    }
    const Node& node(const std::string& name) {
        const NodeId id = state().graph.find(name);
        EXPECT_TRUE(id.valid()) << "there is no node " << name;
        return id.valid() ? state().graph.node(id) : missing_;
    }
    std::string inputs(const std::string& name) {
        std::string text;
        for (const Output input : node(name).inputs)
            text += (text.empty() ? "" : " ") + state().graph.input_text(input);
        for (const NodeId control : node(name).control_inputs) text += " ^" + state().graph.node(control).name;
        return text;
    }

    Context context_;
    const Node missing_{};
};

std::string error_of(const std::function<void()>& f) {
    try {
        f();
    } catch (const PythonError& error) {
        return error.type + ": " + error.message;
    }
    return "no error";
}

TEST_F(ControlFlow, ALoopOfOneVariableReturnsItAlone) {
    const Value result = count_to(integer(0), [&](const Value& i) { return operate("+", i, Value(1)); });
    ASSERT_TRUE(result.is<TensorValue>());
    EXPECT_EQ(state().graph.tensor_name(result.as<TensorValue>()->output), "while/Exit:0");
    EXPECT_EQ(inputs("while/Merge"), "while/Enter while/NextIteration");
    EXPECT_TRUE(node("while/Exit").fetchable);
    EXPECT_FALSE(node("while/add").fetchable);
    EXPECT_FALSE(node("while/add").feedable);
    EXPECT_FALSE(node("while/Enter").feedable);
    EXPECT_EQ(state().graph.collection("while_context").size(), 1U);
}

TEST_F(ControlFlow, InnerLoopsTakeValuesThroughTheOuterLoop) {
    const Value limit = number(2);
    count_to(integer(0), [&](const Value& i) {
        count_to(integer(0), [&](const Value& j) {
            operate("*", limit, Value(3.0));
            return operate("+", j, Value(1));
        });
        return operate("+", i, Value(1));
    });
    // The invariant enters the outer frame first, under the name of its first consumer.
    EXPECT_EQ(inputs("while/while/mul"), "while/while/mul/Enter_1 while/while/mul/y");
    EXPECT_EQ(inputs("while/while/mul/Enter_1"), "while/while/mul/Enter");
    EXPECT_EQ(inputs("while/while/mul/Enter"), "Const");
    EXPECT_EQ(*node("while/while/mul/Enter").attr<std::string>("frame_name"), "while/while_context");
    EXPECT_EQ(*node("while/while/mul/Enter_1").attr<std::string>("frame_name"), "while/while/while_context");
    EXPECT_EQ(state().graph.collection("while_context").size(), 1U) << "inner loops are part of the outer one";
    EXPECT_FALSE(node("while/while/Exit").fetchable);
}

TEST_F(ControlFlow, LoopVariablesMustKeepTheirShape) {
    const std::string error = error_of([&] {
        const Value vector = wrap(state(), state().constant(Tensor::of<float>(Shape{2}, {1, 2})));
        while_loop(
            state(), [&](const std::vector<Value>&) { return operate("<", integer(0), Value(3)); },
            [&](const std::vector<Value>& v) {
                return wrap(state(), concat(state(), Value::list({v[0], v[0]}), Value(0)));
            },
            Value::list({vector}), {});
    });
    EXPECT_EQ(error, "ValueError: Input tensor 'Const:0' enters the loop with shape (2,), but has shape (4,) after one "
                     "iteration. To allow the shape to vary across iterations, use the `shape_invariants` argument of "
                     "tf.while_loop to specify a less-specific shape.");
}

TEST_F(ControlFlow, ShapeInvariantsLetAShapeVary) {
    const Value vector = wrap(state(), state().constant(Tensor::of<float>(Shape{2}, {1, 2})));
    WhileLoopOptions options;
    options.shape_invariants = Value::list({Value(Shape{Shape::unknown})});
    const Value result = while_loop(
        state(), [&](const std::vector<Value>&) { return operate("<", integer(0), Value(3)); },
        [&](const std::vector<Value>& v) {
            return wrap(state(), concat(state(), Value::list({v[0], v[0]}), Value(0)));
        },
        Value::list({vector}), options);
    EXPECT_EQ(state().graph.info(result.as<TensorValue>()->output).shape, Shape{Shape::unknown});
}

TEST_F(ControlFlow, LoopValuesCannotBeUsedOutside) {
    Value inside;
    count_to(integer(0), [&](const Value& i) { return inside = operate("+", i, Value(1)); });
    EXPECT_EQ(
        error_of([&] { operate("+", inside, Value(1)); }),
        "ValueError: Cannot use 'while/add' as input to 'add' because 'while/add' is in a while loop. See info log "
        "for more details.");
}

TEST_F(ControlFlow, ControlInputsFromOutsideComeInThroughAnIdentity) {
    const Value outside = number(1);
    count_to(integer(0), [&](const Value& i) {
        const ControlDependenciesScope waiting(state(), {outside.as<TensorValue>()->output.node});
        return operate("+", i, Value(1));
    });
    // The constant is the first op that would have to wait; the addition waits for the constant.
    EXPECT_EQ(inputs("while/add/Identity"), "while/add/Identity/Enter ^while/Identity");
    EXPECT_EQ(inputs("while/add/y"), " ^while/Identity ^while/add/Identity");
    EXPECT_EQ(inputs("while/add"), "while/Identity while/add/y");
}

TEST_F(ControlFlow, CondSwitchesWhatComesFromOutside) {
    const Value x = number(1);
    const Value p = wrap(state(), state().op({.op = "Placeholder",
                                              .inputs = {},
                                              .attrs = {{"dtype", DType::boolean}, {"shape", Shape{}}},
                                              .name = "p"}));
    const Value result = cond(
        state(), p, [&] { return x; }, [&] { return operate("*", x, Value(2.0)); });
    EXPECT_EQ(state().graph.tensor_name(result.as<TensorValue>()->output), "cond/Merge:0");
    EXPECT_EQ(inputs("cond/Switch_1"), "Const cond/pred_id");
    EXPECT_EQ(inputs("cond/Merge"), "cond/mul cond/Switch_1:1");
    EXPECT_EQ(inputs("cond/mul"), "cond/mul/Switch cond/mul/y");
    EXPECT_EQ(inputs("cond/mul/y"), " ^cond/switch_f");
    EXPECT_FALSE(node("cond/mul").fetchable);
    EXPECT_TRUE(node("cond/Merge").fetchable);
    EXPECT_EQ(state().graph.collection("cond_context").size(), 2U);
}

TEST_F(ControlFlow, CondRefusesWhatTensorFlowRefuses) {
    const auto one = [&] { return number(1); };
    EXPECT_EQ(error_of([&] { cond(state(), Value(true), one, one); }), "TypeError: pred must not be a Python bool");
    const Value p = operate("<", integer(0), Value(1));
    EXPECT_EQ(error_of([&] { cond(state(), p, one, [&] { return integer(1); }); }),
              "ValueError: Outputs of true_fn and false_fn must have the same type: float32, int32");
    EXPECT_EQ(error_of([&] {
                  cond(
                      state(), p, [] { return Value(); }, one);
              }),
              "ValueError: true_fn must have a return value.");
}

TEST_F(ControlFlow, TensorArraysTravelAsTheirFlow) {
    TensorArray::Options options;
    options.dtype = DType::float32;
    options.size = Value(3);
    const Value array(std::make_shared<TensorArray>(state(), options));
    const Value result = while_loop(
        state(), [&](const std::vector<Value>& v) { return operate("<", v[0], Value(3)); },
        [&](const std::vector<Value>& v) {
            const Value written(v[1].object<TensorArray>()->write(state(), v[0], number(1)));
            return Value::list({operate("+", v[0], Value(1)), written});
        },
        Value::list({integer(0), array}), {});
    const auto after = (*items_of(result))[1].object<TensorArray>();
    ASSERT_TRUE(after);
    EXPECT_EQ(state().graph.tensor_name(after->flow()), "while/Exit_1:0");
    EXPECT_EQ(state().graph.tensor_name(after->handle()), "TensorArray:0");
    EXPECT_EQ(after->element_shape(), Shape{}) << "learnt from the write inside of the loop";
    EXPECT_EQ(inputs("while/TensorArrayWrite/TensorArrayWriteV3/Enter"), "TensorArray");
}

TEST(Nest, FlattensDictsBySortedKey) {
    const Value structure = Value::dict({{Value("b"), Value(1)}, {Value("a"), Value::tuple({Value(2), Value(3)})}});
    const std::vector<Value> leaves = nest::flatten(structure);
    ASSERT_EQ(leaves.size(), 3U);
    EXPECT_EQ(*leaves[0].as<std::int64_t>(), 2);
    EXPECT_EQ(*leaves[2].as<std::int64_t>(), 1);
    const Value packed = nest::pack_sequence_as(structure, {Value(20), Value(30), Value(10)});
    EXPECT_EQ(repr(packed), "{'b': 10, 'a': (20, 30)}");
}

TEST(Nest, NamesWhatDiffers) {
    const std::string error = error_of([] {
        nest::assert_same_structure(Value::list({Value(1)}), Value::list({Value(1), Value(2)}));
    });
    EXPECT_EQ(error,
              "ValueError: The two structures don't have the same nested structure.\n\nFirst structure: type=list "
              "str=[1]\n\nSecond structure: type=list str=[1, 2]\n\nMore specifically: The two structures don't "
              "have the same number of elements. First structure: 1. Second structure: 2");
    EXPECT_EQ(error_of([] { nest::pack_sequence_as(Value::list({Value(1)}), {}); }),
              "ValueError: Could not pack sequence. Structure had 1 elements, but flat_sequence had 0 elements.  "
              "Structure: [1].");
}

TEST(Layers, AreNamedAsKerasNamesThem) {
    EXPECT_EQ(to_snake_case("GRUCell"), "gru_cell");
    EXPECT_EQ(to_snake_case("BasicRNNCell"), "basic_rnn_cell");
    EXPECT_EQ(to_snake_case("BasicLSTMCell"), "basic_lstm_cell");
    EXPECT_EQ(to_snake_case("MultiRNNCell"), "multi_rnn_cell");
    EXPECT_EQ(to_snake_case("Dense"), "dense");
}

TEST(Md5, IsThatOfRfc1321) {
    EXPECT_EQ(md5_first_32_bits(""), 0xd41d8cd9U);
    EXPECT_EQ(md5_first_32_bits("abc"), 0x90015098U);
    EXPECT_EQ(md5_first_32_bits("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
              0x57edf4a2U);
}

} // namespace
} // namespace rnnscope::tf1
