#include "program.hpp"

/// Cells and layers of tf.keras.layers, node by node. Expected after python/keras/layers/recurrent.py and
/// python/keras/backend.py of 1.15.
namespace rnnscope::tf1 {
namespace {

Value placeholder(Tf& tf, const char* name, std::vector<std::int64_t> dims, DType dtype = DType::float32) {
    return tf("placeholder", {dtype, ints(dims)}, {{"name", name}});
}

Value called(Tf& tf, const Value& callee, std::vector<Value> positional, Keywords keywords = {}) {
    const Result<Value> result = call_value(tf.context, callee, std::move(positional), std::move(keywords));
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
    return result.ok() ? *result : Value();
}

std::string error_of(Tf& tf, const Value& callee, std::vector<Value> positional, Keywords keywords = {}) {
    const Result<Value> result = call_value(tf.context, callee, std::move(positional), std::move(keywords));
    return result.ok() ? "" : result.error().code + ": " + result.error().message;
}

Lines names_of(Tf& tf, const Value& variables) {
    Lines names;
    for (const Value& variable : *items_of(variables)) names.push_back(tf.name(variable));
    return names;
}

/// From node `from` on: op type and name without `scope`, and without the parts of slices, reads and variables.
Lines steps(Tf& tf, const std::string& scope, std::size_t from = 0) {
    Lines lines;
    for (std::size_t i = from; i < tf.graph().size(); ++i) {
        const Node& node = tf.graph().node(NodeId(i));
        if (node.name.rfind(scope, 0) != 0) continue;
        const std::string name = node.name.substr(scope.size());
        const bool is_part = name.find("/stack") != std::string::npos || name.rfind("kernel/", 0) == 0 ||
                             name.rfind("recurrent_kernel/", 0) == 0 || name.rfind("bias/", 0) == 0;
        if (!is_part && node.op != "VarHandleOp") lines.push_back(node.op + " " + name);
    }
    return lines;
}

TEST(KerasCells, HaveResourceVariablesInTheirNameScope) {
    Tf tf;
    const Value x = placeholder(tf, "x", {2, 3}), h = placeholder(tf, "h", {2, 4});
    const Value cell = tf("keras.layers.GRUCell", {4}), second = tf("keras.layers.GRUCell", {4});
    EXPECT_EQ(tf.name(cell), "gru_cell");
    EXPECT_EQ(tf.name(second), "gru_cell_1");
    EXPECT_EQ(tf.name(tf("nn.rnn_cell.GRUCell", {4})), "gru_cell_3") << "counted together, from 1";
    EXPECT_EQ(repr(tf.get(cell, "state_size")), "4");
    EXPECT_EQ(repr(tf.get(tf("keras.layers.LSTMCell", {4}), "state_size")), "[4, 4]");
    tf.scope({"s"}, {}, [&](const Value&) {
        called(tf, cell, {x, Value::list({h})});
        const Value pair = called(tf, cell, {x, Value::list({h})});
        EXPECT_EQ(tf.name((*items_of(pair))[0]), "s/gru_cell_1/add_5:0") << "a new name scope, the same variables";
        EXPECT_EQ(tf.name((*items_of((*items_of(pair))[1]))[0]), "s/gru_cell_1/add_5:0");
    });
    const Lines variables{"s/gru_cell/kernel:0", "s/gru_cell/recurrent_kernel:0", "s/gru_cell/bias:0"};
    EXPECT_EQ(names_of(tf, tf("trainable_variables")), variables);
    EXPECT_EQ(names_of(tf, tf("global_variables")), variables);
    EXPECT_EQ(names_of(tf, tf.get(cell, "weights")), variables);
    const Lines kernel = tf.nodes(2);
    EXPECT_EQ(Lines(kernel.begin(), kernel.begin() + 11),
              (Lines{"Const s/gru_cell/kernel/Initializer/random_uniform/shape()",
                     "Const s/gru_cell/kernel/Initializer/random_uniform/min()",
                     "Const s/gru_cell/kernel/Initializer/random_uniform/max()",
                     "RandomUniform s/gru_cell/kernel/Initializer/random_uniform/RandomUniform("
                     "s/gru_cell/kernel/Initializer/random_uniform/shape)",
                     "Sub s/gru_cell/kernel/Initializer/random_uniform/sub("
                     "s/gru_cell/kernel/Initializer/random_uniform/max, "
                     "s/gru_cell/kernel/Initializer/random_uniform/min)",
                     "Mul s/gru_cell/kernel/Initializer/random_uniform/mul("
                     "s/gru_cell/kernel/Initializer/random_uniform/RandomUniform, "
                     "s/gru_cell/kernel/Initializer/random_uniform/sub)",
                     "Add s/gru_cell/kernel/Initializer/random_uniform("
                     "s/gru_cell/kernel/Initializer/random_uniform/mul, "
                     "s/gru_cell/kernel/Initializer/random_uniform/min)",
                     "VarHandleOp s/gru_cell/kernel()",
                     "VarIsInitializedOp s/gru_cell/kernel/IsInitialized/VarIsInitializedOp(s/gru_cell/kernel)",
                     "AssignVariableOp s/gru_cell/kernel/Assign(s/gru_cell/kernel, "
                     "s/gru_cell/kernel/Initializer/random_uniform)",
                     "ReadVariableOp s/gru_cell/kernel/Read/ReadVariableOp(s/gru_cell/kernel)"}));
}

TEST(KerasCells, GruResetsBeforeTheProductAndItsGatesAreLines) {
    Tf tf;
    const Value x = placeholder(tf, "x", {2, 3}), h = placeholder(tf, "h", {2, 4});
    called(tf, tf("keras.layers.GRUCell", {4}), {x, Value::list({h})});
    EXPECT_EQ(steps(tf, "gru_cell/"), (Lines{"ReadVariableOp ReadVariableOp",
                                             "StridedSlice strided_slice",
                                             "MatMul MatMul",
                                             "ReadVariableOp ReadVariableOp_1",
                                             "StridedSlice strided_slice_1",
                                             "MatMul MatMul_1",
                                             "ReadVariableOp ReadVariableOp_2",
                                             "StridedSlice strided_slice_2",
                                             "MatMul MatMul_2",
                                             "ReadVariableOp ReadVariableOp_3",
                                             "StridedSlice strided_slice_3",
                                             "BiasAdd BiasAdd",
                                             "ReadVariableOp ReadVariableOp_4",
                                             "StridedSlice strided_slice_4",
                                             "BiasAdd BiasAdd_1",
                                             "ReadVariableOp ReadVariableOp_5",
                                             "StridedSlice strided_slice_5",
                                             "BiasAdd BiasAdd_2",
                                             "ReadVariableOp ReadVariableOp_6",
                                             "StridedSlice strided_slice_6",
                                             "MatMul MatMul_3",
                                             "ReadVariableOp ReadVariableOp_7",
                                             "StridedSlice strided_slice_7",
                                             "MatMul MatMul_4",
                                             "AddV2 add",
                                             "Const Const",
                                             "Const Const_1",
                                             "Mul Mul",
                                             "Add Add_1",
                                             "Const clip_by_value/Minimum/y",
                                             "Minimum clip_by_value/Minimum",
                                             "Const clip_by_value/y",
                                             "Maximum clip_by_value",
                                             "AddV2 add_2",
                                             "Const Const_2",
                                             "Const Const_3",
                                             "Mul Mul_1",
                                             "Add Add_3",
                                             "Const clip_by_value_1/Minimum/y",
                                             "Minimum clip_by_value_1/Minimum",
                                             "Const clip_by_value_1/y",
                                             "Maximum clip_by_value_1",
                                             "Mul mul_2",
                                             "ReadVariableOp ReadVariableOp_8",
                                             "StridedSlice strided_slice_8",
                                             "MatMul MatMul_5",
                                             "AddV2 add_4",
                                             "Tanh Tanh",
                                             "Mul mul_3",
                                             "Const sub/x",
                                             "Sub sub",
                                             "Mul mul_4",
                                             "AddV2 add_5"}));
    const Lines slice = tf.nodes(0, {"begin_mask", "end_mask"});
    EXPECT_NE(std::find(slice.begin(), slice.end(),
                        "StridedSlice gru_cell/strided_slice_1(gru_cell/ReadVariableOp_1, "
                        "gru_cell/strided_slice_1/stack, gru_cell/strided_slice_1/stack_1, "
                        "gru_cell/strided_slice_1/stack_2) begin_mask=1 end_mask=1"),
              slice.end());
}

TEST(KerasCells, GruOfTwoIsOneProductAndResetsAfterIt) {
    Tf tf;
    const Value x = placeholder(tf, "x", {2, 3}), h = placeholder(tf, "h", {2, 4});
    const Value cell = tf("compat.v2.keras.layers.GRUCell", {4});
    called(tf, cell, {x, Value::list({h})});
    EXPECT_EQ(repr(tf.get(tf.get(cell, "bias"), "shape")), "TensorShape([Dimension(2), Dimension(12)])");
    EXPECT_EQ(steps(tf, "gru_cell/"), (Lines{"ReadVariableOp ReadVariableOp",
                                             "Unpack unstack",
                                             "ReadVariableOp MatMul/ReadVariableOp",
                                             "MatMul MatMul",
                                             "BiasAdd BiasAdd",
                                             "StridedSlice strided_slice",
                                             "StridedSlice strided_slice_1",
                                             "StridedSlice strided_slice_2",
                                             "ReadVariableOp MatMul_1/ReadVariableOp",
                                             "MatMul MatMul_1",
                                             "BiasAdd BiasAdd_1",
                                             "StridedSlice strided_slice_3",
                                             "StridedSlice strided_slice_4",
                                             "AddV2 add",
                                             "Sigmoid Sigmoid",
                                             "AddV2 add_1",
                                             "Sigmoid Sigmoid_1",
                                             "StridedSlice strided_slice_5",
                                             "Mul mul",
                                             "AddV2 add_2",
                                             "Tanh Tanh",
                                             "Mul mul_1",
                                             "Const sub/x",
                                             "Sub sub",
                                             "Mul mul_2",
                                             "AddV2 add_3"}));
}

TEST(KerasCells, LstmSplitsItsKernelAndSlicesTheRecurrentOne) {
    Tf tf;
    const Value x = placeholder(tf, "x", {2, 3}), h = placeholder(tf, "h", {2, 4}), c = placeholder(tf, "c", {2, 4});
    called(tf, tf("keras.layers.LSTMCell", {4}, {{"recurrent_activation", "sigmoid"}}), {x, Value::list({h, c})});
    EXPECT_EQ(steps(tf, "lstm_cell/"), (Lines{"Const Const",
                                              "Const split/split_dim",
                                              "ReadVariableOp split/ReadVariableOp",
                                              "Split split",
                                              "MatMul MatMul",
                                              "MatMul MatMul_1",
                                              "MatMul MatMul_2",
                                              "MatMul MatMul_3",
                                              "Const Const_1",
                                              "Const split_1/split_dim",
                                              "ReadVariableOp split_1/ReadVariableOp",
                                              "Split split_1",
                                              "BiasAdd BiasAdd",
                                              "BiasAdd BiasAdd_1",
                                              "BiasAdd BiasAdd_2",
                                              "BiasAdd BiasAdd_3",
                                              "ReadVariableOp ReadVariableOp",
                                              "StridedSlice strided_slice",
                                              "MatMul MatMul_4",
                                              "AddV2 add",
                                              "Sigmoid Sigmoid",
                                              "ReadVariableOp ReadVariableOp_1",
                                              "StridedSlice strided_slice_1",
                                              "MatMul MatMul_5",
                                              "AddV2 add_1",
                                              "Sigmoid Sigmoid_1",
                                              "Mul mul",
                                              "ReadVariableOp ReadVariableOp_2",
                                              "StridedSlice strided_slice_2",
                                              "MatMul MatMul_6",
                                              "AddV2 add_2",
                                              "Tanh Tanh",
                                              "Mul mul_1",
                                              "AddV2 add_3",
                                              "ReadVariableOp ReadVariableOp_3",
                                              "StridedSlice strided_slice_3",
                                              "MatMul MatMul_7",
                                              "AddV2 add_4",
                                              "Sigmoid Sigmoid_2",
                                              "Tanh Tanh_1",
                                              "Mul mul_2"}));
    Lines bias;
    for (const std::string& line : tf.nodes())
        if (line.find("lstm_cell/bias/Initializer/") != std::string::npos) bias.push_back(line);
    const std::string in = "lstm_cell/bias/Initializer/";
    EXPECT_EQ(
        Lines(bias.begin(), bias.begin() + 5),
        (Lines{"Const " + in + "zeros()", "Const " + in + "ones()", "Const " + in + "zeros_1()",
               "Const " + in + "concat/axis()",
               "ConcatV2 " + in + "concat(" + in + "zeros, " + in + "ones, " + in + "zeros_1, " + in + "concat/axis)"}))
        << "unit_forget_bias";
}

TEST(KerasCells, InDynamicRnnMakeTheirVariablesInTheLoopsNameScope) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, Value::list({Value(), Value(5), Value(3)})}, {{"name", "x"}});
    const Value result = tf("nn.dynamic_rnn", {tf("keras.layers.LSTMCell", {4}), x}, {{"dtype", DType::float32}});
    EXPECT_EQ(names_of(tf, tf("global_variables")),
              (Lines{"rnn/while/lstm_cell/kernel:0", "rnn/while/lstm_cell/recurrent_kernel:0",
                     "rnn/while/lstm_cell/bias:0"}));
    EXPECT_EQ(repr((*items_of(result))[1]), "[<tf.Tensor 'rnn/while/Exit_3:0' shape=(?, 4) dtype=float32>, "
                                            "<tf.Tensor 'rnn/while/Exit_4:0' shape=(?, 4) dtype=float32>]");
    // np.prod of a shape that holds a tensor leaves a product and a comparison behind.
    EXPECT_EQ(Lines(steps(tf, "rnn/zeros")),
              (Lines{"Const /mul/y", "Mul /mul", "Const /Less/y", "Less /Less", "Const /packed/1", "Pack /packed",
                     "Const /Const", "Fill ", "Const _1/mul/y", "Mul _1/mul", "Const _1/Less/y", "Less _1/Less",
                     "Const _1/packed/1", "Pack _1/packed", "Const _1/Const", "Fill _1", "Const _2/Const", "Fill _2"}));
    const Graph& graph = tf.graph();
    const Node& assign = graph.node(graph.find("rnn/while/lstm_cell/kernel/Assign"));
    EXPECT_EQ(graph.input_text(assign.inputs[1]), "rnn/while/lstm_cell/kernel/Initializer/random_uniform");
    EXPECT_EQ(graph.node(graph.find("rnn/while/lstm_cell/split/ReadVariableOp")).op, "ReadVariableOp");
    EXPECT_EQ(graph.node(graph.node(graph.find("rnn/while/lstm_cell/split/ReadVariableOp")).inputs[0].node).op,
              "Enter");

    Tf single;
    const Value steps_of_gru =
        single("nn.dynamic_rnn", {single("keras.layers.GRUCell", {4}), placeholder(single, "x", {2, 5, 3})},
               {{"dtype", DType::float32}, {"sequence_length", ints({3, 5})}});
    EXPECT_EQ(single.name((*items_of(steps_of_gru))[1]), "rnn/while/Exit_3:0") << "one state is no list";
}

TEST(KerasCells, InStaticRnnTakeAnotherNameScopeEachStep) {
    Tf tf;
    const Value x0 = placeholder(tf, "x0", {2, 3}), x1 = placeholder(tf, "x1", {2, 3});
    const Value result =
        tf("nn.static_rnn", {tf("keras.layers.GRUCell", {4}), Value::list({x0, x1})}, {{"dtype", DType::float32}});
    EXPECT_EQ(tf.name((*items_of(result))[1]), "rnn/gru_cell_1/add_5:0");
    EXPECT_EQ(names_of(tf, tf("global_variables")),
              (Lines{"rnn/gru_cell/kernel:0", "rnn/gru_cell/recurrent_kernel:0", "rnn/gru_cell/bias:0"}));
}

TEST(KerasCells, ComplainAsPythonDoes) {
    Tf tf;
    const Value x = placeholder(tf, "x", {2, 3}), h = placeholder(tf, "h", {2, 4});
    const Value cell = tf("keras.layers.GRUCell", {4});
    EXPECT_EQ(error_of(tf, cell, {x}), "TypeError: call() missing 1 required positional argument: 'states'");
    EXPECT_EQ(error_of(tf, cell, {x, h}, {{"scope", "s"}}),
              "TypeError: call() got an unexpected keyword argument 'scope'");
    EXPECT_EQ(tf.error("keras.layers.GRUCell", {4}, {{"dropout", 0.5}}),
              "NotImplementedError: GRUCell: dropout is not supported");
    EXPECT_EQ(tf.error("keras.layers.GRUCell", {4}, {{"activation", "tanhh"}}),
              "ValueError: Unknown activation function:tanhh");
    EXPECT_EQ(tf.error("keras.layers.GRUCell", {4}, {{"kernel_initializer", "glorot"}}),
              "ValueError: Unknown initializer:glorot");
    // Cells around cells of Keras hand over a state that is no list, of which the cell then takes the first row.
    const Value multi = tf("nn.rnn_cell.MultiRNNCell", {Value::list({cell})});
    EXPECT_EQ(tf.error("nn.dynamic_rnn", {multi, placeholder(tf, "y", {2, 5, 3})}, {{"dtype", DType::float32}}),
              "AttributeError: 'GRUCell' object has no attribute 'zero_state'");
    const Value unknown = tf("placeholder", {DType::float32, Value::list({Value(2), Value()})});
    EXPECT_EQ(error_of(tf, tf("keras.layers.GRUCell", {4}), {unknown, Value::list({h})}),
              "TypeError: unsupported operand type(s) for +: 'NoneType' and 'int'");
}

TEST(KerasLayers, RunTheirCellInALoop) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, Value::list({Value(), Value(5), Value(3)})}, {{"name", "x"}});
    const Value layer = tf("keras.layers.GRU", {4}, {{"return_sequences", true}, {"return_state", true}});
    EXPECT_EQ(tf.name(layer), "gru");
    EXPECT_EQ(tf.name(tf("keras.layers.GRUCell", {4})), "gru_cell_1") << "the layer's cell took the first name";
    const Value result = called(tf, layer, {x});
    EXPECT_EQ(repr(result), "[<tf.Tensor 'gru/transpose_1:0' shape=(?, 5, 4) dtype=float32>, "
                            "<tf.Tensor 'gru/while/Exit_2:0' shape=(?, 4) dtype=float32>]");
    const Lines variables{"gru/kernel:0", "gru/recurrent_kernel:0", "gru/bias:0"};
    EXPECT_EQ(names_of(tf, tf("trainable_variables")), variables);
    EXPECT_EQ(names_of(tf, tf.get(layer, "weights")), variables);
    const Lines lines = steps(tf, "gru/");
    EXPECT_EQ(Lines(lines.begin(), lines.begin() + 16),
              (Lines{"Shape Shape", "StridedSlice strided_slice", "Const zeros/mul/y", "Mul zeros/mul",
                     "Const zeros/Less/y", "Less zeros/Less", "Const zeros/packed/1", "Pack zeros/packed",
                     "Const zeros/Const", "Fill zeros", "Const transpose/perm", "Transpose transpose", "Shape Shape_1",
                     "StridedSlice strided_slice_1", "TensorArrayV3 TensorArray", "Shape TensorArrayUnstack/Shape"}));
    // The cell's ops are there for the first step, too, and without a name scope of their own.
    for (const char* name : {"gru/MatMul", "gru/add_5", "gru/while/MatMul", "gru/while/add_5", "gru/TensorArray_1",
                             "gru/time", "gru/TensorArrayStack/TensorArrayGatherV3"})
        EXPECT_TRUE(tf.graph().find(name).valid()) << name;
    EXPECT_FALSE(tf.graph().find("gru/while/iteration_counter").valid()) << "no maximum_iterations";
}

TEST(KerasLayers, UnrollReverseAndReturnTheLastOutput) {
    Tf tf;
    const Value x = placeholder(tf, "x", {2, 3, 3}), h = placeholder(tf, "h", {2, 4});
    const Value lstm = tf("keras.layers.LSTM", {4}, {{"unroll", true}, {"go_backwards", true}});
    const Value output = called(tf, lstm, {x});
    EXPECT_EQ(repr(output), "<tf.Tensor 'lstm/mul_17:0' shape=(2, 4) dtype=float32>");
    const Graph& graph = tf.graph();
    EXPECT_EQ(graph.input_text(graph.node(graph.find("lstm/MatMul")).inputs[0]), "lstm/unstack:2");
    const Value rnn = tf("keras.layers.SimpleRNN", {4}, {{"time_major", true}});
    EXPECT_EQ(tf.name(called(tf, rnn, {x}, {{"initial_state", placeholder(tf, "h3", {3, 4})}})),
              "simple_rnn/strided_slice_2:0");
    EXPECT_FALSE(graph.find("simple_rnn/zeros").valid());
    EXPECT_EQ(error_of(tf, lstm, {x, Value::list({h})}),
              "ValueError: Layer has 2 states but was passed 1 initial states.");
    EXPECT_EQ(error_of(tf, lstm, {h}), "ValueError: Input 0 of layer lstm is incompatible with the layer: expected "
                                       "ndim=3, found ndim=2. Full shape received: [2, 4]");
    EXPECT_EQ(error_of(tf, lstm, {placeholder(tf, "wide", {2, 3, 5})}),
              "ValueError: Input 0 is incompatible with layer lstm: expected shape=(None, None, 3), found shape=[2, 3, "
              "5]");
    EXPECT_EQ(tf.error("keras.layers.GRU", {4}, {{"stateful", true}}),
              "NotImplementedError: GRU: stateful is not supported");
    EXPECT_EQ(tf.error("keras.layers.RNN", {tf("nn.rnn_cell.GRUCell", {4})}),
              "NotImplementedError: RNN: only a single cell of tf.keras.layers is supported");
}

} // namespace
} // namespace rnnscope::tf1
