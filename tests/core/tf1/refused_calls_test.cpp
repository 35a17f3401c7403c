#include "tests/core/tf1/program.hpp"

/// Calls that Python refuses, or takes in ways that surprise: cells before they are built, inputs that are no tensors,
/// names in place of objects (1.15).
namespace rnnscope::tf1 {
namespace {

Value float_placeholder(Tf& tf, std::vector<Value> dims) {
    return tf("placeholder", {Value(DType::float32), Value::list(std::move(dims))});
}

/// `layer(*positional, **keywords)`
std::string refused_call(Tf& tf, const Value& layer, std::vector<Value> positional, Keywords keywords = {}) {
    const Result<Value> made = call_value(tf.context, layer, std::move(positional), std::move(keywords));
    return made ? "taken" : made.error().code + ": " + made.error().message;
}

TEST(CellsBeforeBuild, HaveNoWeights) {
    struct Case {
        const char *cell, *weight;
        bool lists_states;
    };
    for (const Case& c : {Case{"nn.rnn_cell.GRUCell", "_gate_kernel", false},
                          {"nn.rnn_cell.BasicRNNCell", "_kernel", false},
                          {"contrib.rnn.GRUBlockCellV2", "_gate_kernel", false},
                          {"keras.layers.SimpleRNNCell", "kernel", true},
                          {"keras.layers.GRUCell", "bias", true}}) {
        Tf tf;
        const Value x = float_placeholder(tf, {2, 4}), cell = tf(c.cell, {4});
        const Value state = c.lists_states ? Value::list({x}) : x;
        const std::string type = std::string(c.cell).substr(std::string(c.cell).rfind('.') + 1);
        EXPECT_EQ(refused_call(tf, tf.get(cell, "call"), {x, state}),
                  fmt::format("AttributeError: '{}' object has no attribute '{}'", type, c.weight));
    }
    for (const char* name : {"nn.rnn_cell.LSTMCell", "nn.rnn_cell.BasicLSTMCell", "contrib.rnn.LSTMBlockCell"}) {
        Tf tf;
        const Value x = float_placeholder(tf, {2, 4}), cell = tf(name, {4});
        EXPECT_TRUE(refused_call(tf, tf.get(cell, "call"), {x, Value::tuple({x, x})}).ends_with("'_kernel'")) << name;
    }
}

TEST(KerasLayerCalls, AreRefusedAsPythonRefusesThem) {
    Tf tf;
    const Value x = float_placeholder(tf, {2, 5, 3}), h = float_placeholder(tf, {2, 4});
    const auto gru = [&](Keywords keywords = {}) { return tf("keras.layers.GRU", {4}, std::move(keywords)); };
    EXPECT_EQ(refused_call(tf, gru(), {}), "TypeError: __call__() missing 1 required positional argument: 'inputs'");
    EXPECT_EQ(refused_call(tf, gru(), {}, {{"inputs", x}}), "taken");
    EXPECT_EQ(refused_call(tf, gru(), {x}, {{"inputs", x}}),
              "TypeError: __call__() got multiple values for argument 'inputs'");
    EXPECT_EQ(refused_call(tf, gru({{"unroll", true}}), {float_placeholder(tf, {2, 0, 3})}),
              "IndexError: list index out of range");
    EXPECT_EQ(refused_call(tf, gru(), {x, float_placeholder(tf, {2, 7})}),
              "ValueError: An `initial_state` was passed that is not compatible with `cell.state_size`. Received "
              "`state_spec`=[InputSpec(shape=(2, 7), ndim=2)]; however `cell.state_size` is [4]");
    EXPECT_TRUE(
        refused_call(tf, tf("keras.layers.LSTM", {4}), {x, h}).ends_with("however `cell.state_size` is [4, 4]"));
    EXPECT_TRUE(
        refused_call(tf, gru(), {x, Value::dict({{Value("a"), h}})}).starts_with("TypeError: Failed to convert"));
    const Value rnn = tf("keras.layers.RNN", {tf("keras.layers.GRUCell", {4})});
    EXPECT_EQ(refused_call(tf, rnn, {x}), "taken");
    EXPECT_EQ(refused_call(tf, rnn, {tf("placeholder", {DType::float32})}),
              "ValueError: Input 0 of layer rnn is incompatible with the layer: its rank is undefined, but the layer "
              "requires a defined rank.");
    const std::int64_t huge = std::int64_t{1} << 62;
    EXPECT_TRUE(refused_call(tf, tf("keras.layers.GRU", {huge}), {x}).starts_with("OverflowError"));
}

TEST(FusedCells, AreRefusedAsPythonRefusesThem) {
    Tf tf;
    const Value x = float_placeholder(tf, {5, 2, 3});
    const auto cell = [&](std::int64_t units) { return tf("contrib.rnn.LSTMBlockFusedCell", {units}); };
    const Keywords float32{{"dtype", Value(DType::float32)}};
    EXPECT_EQ(refused_call(tf, cell(4), {Value()}, float32),
              "AttributeError: 'NoneType' object has no attribute 'shape'");
    const Value one = cell(4);
    EXPECT_EQ(refused_call(tf, one, {one}), "AttributeError: 'LSTMBlockFusedCell' object has no attribute 'shape'");
    EXPECT_EQ(refused_call(tf, one, {x, Value()}, {{"initial_state", Value()}, {"dtype", Value(DType::float32)}}),
              "TypeError: call() got multiple values for argument 'initial_state'");
    EXPECT_EQ(refused_call(tf, one, {}, {{"inputs", x}, {"dtype", Value(DType::float32)}}), "taken");
    EXPECT_TRUE(refused_call(tf, cell(std::int64_t{1} << 62), {x}, float32).starts_with("OverflowError"));
}

TEST(Initializers, MayBeNamedOrLeftOut) {
    for (const char* name : {"zero", "one", "uniform", "normal", "GlorotUniform", "GlorotNormal", "orthogonal"}) {
        Tf tf;
        const Value cell = tf("keras.layers.GRUCell", {4}, {{"kernel_initializer", name}});
        const Value x = float_placeholder(tf, {2, 3}), h = float_placeholder(tf, {2, 4});
        EXPECT_EQ(refused_call(tf, cell, {x, Value::list({h})}), "taken") << name;
    }
    Tf tf;
    const Keywords none{
        {"kernel_initializer", Value()}, {"recurrent_initializer", Value()}, {"bias_initializer", Value()}};
    const Value x = float_placeholder(tf, {2, 5, 3});
    EXPECT_EQ(refused_call(tf, tf("keras.layers.GRU", {4}, none), {x}), "taken");
    EXPECT_EQ(refused_call(tf, tf("keras.layers.LSTM", {4}, none), {x}), "TypeError: 'NoneType' object is not callable")
        << "its bias is put together from what the initializer gives";
    EXPECT_EQ(tf.error("keras.layers.GRU", {4}, {{"kernel_initializer", 5}}),
              "ValueError: Could not interpret initializer identifier: 5");
}

TEST(Regularizers, MayBeNamed) {
    Tf tf;
    const Value x = float_placeholder(tf, {2, 3});
    for (const char* name : {"l1", "l2", "l1_l2"}) tf("layers.dense", {x, 4}, {{"kernel_regularizer", name}});
    EXPECT_EQ(items_of(tf("get_collection", {"regularization_losses"}))->size(), 3U);
    EXPECT_EQ(tf.error("layers.dense", {x, 4}, {{"kernel_regularizer", "l3"}}), "ValueError: Unknown regularizer:l3");
    EXPECT_EQ(tf.error("contrib.layers.l2_regularizer", {true}), "ValueError: scale cannot be an integer: True");
    Value sum = tf("contrib.layers.l2_regularizer", {0.5});
    for (int i = 0; i < 2000; ++i) sum = tf("contrib.layers.sum_regularizer", {Value::list({sum})});
    EXPECT_EQ(tf.error("layers.dense", {x, 4}, {{"kernel_regularizer", sum}}),
              "RecursionError: maximum recursion depth exceeded");
}

/// make_tensor_proto makes np.empty(shape) of any value when there are no elements.
TEST(Constants, MayBeEmpty) {
    Tf tf;
    EXPECT_EQ(str(tf("zeros", {Value::list({0, 3})})), "Tensor(\"zeros:0\", shape=(0, 3), dtype=float32)");
    tf("constant", {0.0}, {{"shape", Value::list({0})}});
    tf("get_variable", {"v", Value::list({0, 3})}, {{"initializer", tf("zeros_initializer")}});
}

} // namespace
} // namespace rnnscope::tf1
