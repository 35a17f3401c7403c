#include "tests/core/tf1/program.hpp"

/// What tf.nn.dynamic_rnn and static_rnn say of arguments that do not fit (rnn.py, 1.15).
namespace rnnscope::tf1 {
namespace {

Value placeholder(Tf& tf, std::vector<Value> dims) {
    return tf("placeholder", {Value(DType::float32), Value::list(std::move(dims))});
}

Value gru(Tf& tf) {
    return tf("nn.rnn_cell.GRUCell", {Value(3)});
}

TEST(DynamicRnnArguments, AreRefusedAsTensorFlowRefusesThem) {
    Tf tf;
    const Keywords float32{{"dtype", Value(DType::float32)}};
    const auto with = [&](std::string_view name, Value value) {
        Keywords keywords = float32;
        keywords.emplace_back(std::string(name), std::move(value));
        return keywords;
    };
    const Value x = placeholder(tf, {Value(2), Value(4), Value(3)});
    EXPECT_TRUE(tf.error("nn.dynamic_rnn", {Value(3), x}).starts_with("TypeError: The argument 'cell' (3) is not an"));
    EXPECT_EQ(tf.error("nn.dynamic_rnn", {gru(tf), placeholder(tf, {Value(2), Value(3)})}, float32),
              "ValueError: Shape (3, 2) must have rank at least 3");
    EXPECT_EQ(tf.error("nn.dynamic_rnn", {gru(tf), placeholder(tf, {Value(2), Value(4), Value()})}, float32),
              "ValueError: Input size (depth of inputs) must be accessible via shape inference, but saw value None.");
    EXPECT_EQ(tf.error("nn.dynamic_rnn", {gru(tf), x}),
              "ValueError: If there is no initial_state, you must give a dtype.");
    const Value matrix = Value::list({Value::list({Value(2), Value(2)})});
    EXPECT_EQ(tf.error("nn.dynamic_rnn", {gru(tf), x}, with("sequence_length", matrix)),
              "ValueError: sequence_length must be a vector of length batch_size, but saw shape: (1, 2)");
}

TEST(StaticRnnArguments, AreRefusedAsTensorFlowRefusesThem) {
    Tf tf;
    const Keywords float32{{"dtype", Value(DType::float32)}};
    const Value x = placeholder(tf, {Value(2), Value(3)});
    const auto refusal = [&](std::vector<Value> inputs, Keywords keywords) {
        return tf.error("nn.static_rnn", {gru(tf), Value::list(std::move(inputs))}, std::move(keywords));
    };
    EXPECT_EQ(tf.error("nn.static_rnn", {gru(tf), x}, float32), "TypeError: inputs must be a sequence");
    EXPECT_EQ(refusal({}, float32), "ValueError: inputs must not be empty");
    EXPECT_EQ(refusal({Value(1.5)}, float32), "AttributeError: 'float' object has no attribute 'get_shape'");
    EXPECT_EQ(refusal({Value(Tensor::zeros(DType::float32, Shape{2, 3}))}, float32),
              "AttributeError: 'numpy.ndarray' object has no attribute 'get_shape'");
    EXPECT_EQ(refusal({x, placeholder(tf, {Value(2)})}, float32), "ValueError: Shape (2,) must have rank at least 2");
    EXPECT_EQ(refusal({x, placeholder(tf, {Value(4), Value(3)})}, float32),
              "ValueError: Dimensions 2 and 4 are not compatible");
    EXPECT_EQ(refusal({placeholder(tf, {Value(2), Value()})}, float32),
              "ValueError: Input size (dimension 0 of inputs) must be accessible via shape inference, but saw value "
              "None.");
    EXPECT_EQ(refusal({x}, {}), "ValueError: If no initial_state is provided, dtype must be specified");
    const Value matrix = Value::list({Value::list({Value(2), Value(2)})});
    EXPECT_EQ(refusal({x}, {{"dtype", Value(DType::float32)}, {"sequence_length", matrix}}),
              "ValueError: sequence_length must be a vector of length batch_size");
}

} // namespace
} // namespace rnnscope::tf1
