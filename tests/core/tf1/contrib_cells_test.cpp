#include "program.hpp"

/// Cells around cells: the graphs of tf.contrib.rnn's wrappers and of what DropoutWrapper can do.
namespace rnnscope::tf1 {
namespace {

Value placeholder(Tf& tf, const char* name, std::vector<std::int64_t> dims) {
    return tf("placeholder", {DType::float32, ints(dims)}, {{"name", name}});
}

/// Ops in order, without those of variables.
Lines computing(Tf& tf) {
    Lines lines;
    for (std::string& line : tf.nodes())
        if (line.find("/Initializer/") == std::string::npos && line.find("VariableV2") == std::string::npos &&
            line.find("/Assign(") == std::string::npos && line.find("/read(") == std::string::npos)
            lines.push_back(std::move(line));
    return lines;
}

Lines names_of(Tf& tf, const Value& variables) {
    Lines names;
    for (const Value& variable : *items_of(variables)) names.push_back(tf.name(variable));
    return names;
}

TEST(ProjectionWrappers, HaveAScopeOfTheirOwn) {
    Tf tf;
    const Value x = placeholder(tf, "x", {2, 3}), h = placeholder(tf, "h", {2, 4});
    const Value cell =
        tf("contrib.rnn.OutputProjectionWrapper", {tf("contrib.rnn.BasicRNNCell", {4})}, {{"output_size", 1}});
    EXPECT_EQ(repr(tf.get(cell, "output_size")), "1");
    EXPECT_EQ(repr(tf.get(cell, "state_size")), "4");
    tf.scope({"s"}, {}, [&](const Value&) {
        const auto step = [&] { return call_value(tf.context, cell, {x, h}, {}); };
        ASSERT_TRUE(step().ok());
        ASSERT_TRUE(step().ok());
    });
    // The first step enters the wrapper's scope twice more, for the kernel and for the bias; neither makes ops there.
    const std::string in = "s/s/output_projection_wrapper/", cell_in = in + "basic_rnn_cell/";
    EXPECT_EQ(computing(tf),
              (Lines{"Placeholder x()", "Placeholder h()", "Const " + cell_in + "concat/axis()",
                     "ConcatV2 " + cell_in + "concat(x, h, " + cell_in + "concat/axis)",
                     "MatMul " + cell_in + "MatMul(" + cell_in +
                         "concat, s/output_projection_wrapper/basic_rnn_cell/kernel/read)",
                     "BiasAdd " + cell_in + "BiasAdd(" + cell_in +
                         "MatMul, s/output_projection_wrapper/basic_rnn_cell/bias/read)",
                     "Tanh " + cell_in + "Tanh(" + cell_in + "BiasAdd)",
                     "MatMul " + in + "MatMul(" + cell_in + "Tanh, s/output_projection_wrapper/kernel/read)",
                     "BiasAdd " + in + "BiasAdd(" + in + "MatMul, s/output_projection_wrapper/bias/read)",
                     "Const " + cell_in + "concat_1/axis()",
                     "ConcatV2 " + cell_in + "concat_1(x, h, " + cell_in + "concat_1/axis)",
                     "MatMul " + cell_in + "MatMul_1(" + cell_in +
                         "concat_1, s/output_projection_wrapper/basic_rnn_cell/kernel/read)",
                     "BiasAdd " + cell_in + "BiasAdd_1(" + cell_in +
                         "MatMul_1, s/output_projection_wrapper/basic_rnn_cell/bias/read)",
                     "Tanh " + cell_in + "Tanh_1(" + cell_in + "BiasAdd_1)",
                     "MatMul " + in + "MatMul_1(" + cell_in + "Tanh_1, s/output_projection_wrapper/kernel/read)",
                     "BiasAdd " + in + "BiasAdd_1(" + in + "MatMul_1, s/output_projection_wrapper/bias/read)"}));
    const Lines variables{"s/output_projection_wrapper/basic_rnn_cell/kernel:0",
                          "s/output_projection_wrapper/basic_rnn_cell/bias:0", "s/output_projection_wrapper/kernel:0",
                          "s/output_projection_wrapper/bias:0"};
    EXPECT_EQ(names_of(tf, tf("trainable_variables")), variables);
    EXPECT_EQ(names_of(tf, tf.get(cell, "trainable_weights")), variables);
    const std::string again = "s/s/output_projection_wrapper/output_projection_wrapper/output_projection_wrapper";
    EXPECT_EQ(tf.context.default_graph().names_in_use.count(again), 1U);
}

TEST(ProjectionWrappers, OfInputsMakeTheirVariablesFirst) {
    Tf tf;
    const Value x = placeholder(tf, "x", {2, 3}), h = placeholder(tf, "h", {2, 4});
    const Value cell = tf("contrib.rnn.InputProjectionWrapper", {tf("nn.rnn_cell.GRUCell", {4}), 5},
                          {{"activation", *find_constant("nn.relu")}});
    EXPECT_EQ(repr(tf.get(cell, "output_size")), "4");
    ASSERT_TRUE(call_value(tf.context, cell, {x, h}, {}).ok());
    const std::string scope = "input_projection_wrapper/";
    EXPECT_EQ(
        names_of(tf, tf.get(cell, "variables")),
        (Lines{scope + "kernel:0", scope + "bias:0", scope + "gru_cell/gates/kernel:0", scope + "gru_cell/gates/bias:0",
               scope + "gru_cell/candidate/kernel:0", scope + "gru_cell/candidate/bias:0"}));
    const Lines nodes = computing(tf);
    EXPECT_EQ(
        Lines(nodes.begin() + 2, nodes.begin() + 7),
        (Lines{"MatMul " + scope + "MatMul(x, " + scope + "kernel/read)",
               "BiasAdd " + scope + "BiasAdd(" + scope + "MatMul, " + scope + "bias/read)",
               "Relu " + scope + "Relu(" + scope + "BiasAdd)", "Const " + scope + "gru_cell/concat/axis()",
               "ConcatV2 " + scope + "gru_cell/concat(" + scope + "Relu, h, " + scope + "gru_cell/concat/axis)"}));
}

TEST(ProjectionWrappers, ComplainAsTensorFlowDoes) {
    Tf tf;
    const Value gru = tf("nn.rnn_cell.GRUCell", {4});
    EXPECT_EQ(tf.error("contrib.rnn.OutputProjectionWrapper", {gru, 0}),
              "ValueError: Parameter output_size must be > 0: 0.");
    EXPECT_EQ(tf.error("contrib.rnn.OutputProjectionWrapper", {3, 1}),
              "TypeError: The argument 'cell' (3) is not an RNNCell: 'output_size' property is missing, 'state_size' "
              "property is missing, either 'zero_state' or 'get_initial_state' method is required, is not callable.");
    const Value cell = tf("contrib.rnn.InputProjectionWrapper", {gru, 5});
    const Value h = placeholder(tf, "h", {2, 4});
    const Value unknown = tf("placeholder", {DType::float32, Value::list({Value(2), Value()})});
    const auto error = [&](const Value& x) { return call_value(tf.context, cell, {x, h}, {}).error().message; };
    EXPECT_EQ(error(unknown), "linear expects shape[1] to be provided for shape (2, ?), but saw ?");
    EXPECT_EQ(error(placeholder(tf, "y", {2, 3, 4})),
              "linear is expecting 2D arguments: [TensorShape([Dimension(2), Dimension(3), Dimension(4)])]");
}

TEST(DropoutWrapper, SharesItsMasksOverTimeWhenItIsVariational) {
    Tf tf;
    const Value x = placeholder(tf, "x", {2, 3}), c = placeholder(tf, "c", {2, 4}), h = placeholder(tf, "h", {2, 4});
    const Value cell = tf("nn.rnn_cell.DropoutWrapper", {tf("nn.rnn_cell.BasicLSTMCell", {4})},
                          {{"input_keep_prob", 0.5},
                           {"state_keep_prob", 0.25},
                           {"variational_recurrent", true},
                           {"input_size", 3},
                           {"dtype", DType::float32},
                           {"seed", 42}});
    const Lines made = tf.nodes(3);
    // One mask for the inputs, one for each part of the state, one for the outputs, although those are not dropped.
    const Lines first{"Const DropoutWrapperInit/Const()",
                      "Const DropoutWrapperInit/Const_1()",
                      "Const DropoutWrapperInit/Const_2()",
                      "Const concat/values_0()",
                      "Const concat/values_1()",
                      "Const concat/axis()",
                      "ConcatV2 concat(concat/values_0, concat/values_1, concat/axis)",
                      "Const random_uniform/min()",
                      "Const random_uniform/max()",
                      "RandomUniform random_uniform/RandomUniform(concat)",
                      "Sub random_uniform/sub(random_uniform/max, random_uniform/min)",
                      "Mul random_uniform/mul(random_uniform/RandomUniform, random_uniform/sub)",
                      "Add random_uniform(random_uniform/mul, random_uniform/min)"};
    ASSERT_EQ(made.size(), 3 + 4 * 10U);
    EXPECT_EQ(Lines(made.begin(), made.begin() + 13), first);
    EXPECT_EQ(made.back(), "Add random_uniform_3(random_uniform_3/mul, random_uniform_3/min)");

    const std::size_t from = tf.graph().size();
    const Value state = tf("nn.rnn_cell.LSTMStateTuple", {c, h});
    ASSERT_TRUE(call_value(tf.context, cell, {x, state}, {}).ok());
    const Lines nodes = tf.nodes(from);
    EXPECT_EQ(Lines(nodes.begin(), nodes.begin() + 6),
              (Lines{"Const add/x()", "AddV2 add(add/x, random_uniform)", "Floor Floor(add)", "Const div/y()",
                     "RealDiv div(x, div/y)", "Mul mul(div, Floor)"}));
    // The memory of the LSTM is left alone: the mask of the second part.
    EXPECT_EQ(Lines(nodes.end() - 6, nodes.end()),
              (Lines{"Const add_1/x()", "AddV2 add_1(add_1/x, random_uniform_2)", "Floor Floor_1(add_1)",
                     "Const div_1/y()", "RealDiv div_1(basic_lstm_cell/Mul_2, div_1/y)", "Mul mul_1(div_1, Floor_1)"}));
    EXPECT_EQ(tf.error("nn.rnn_cell.DropoutWrapper", {cell}, {{"variational_recurrent", true}}),
              "ValueError: When variational_recurrent=True, dtype must be provided");
    EXPECT_EQ(tf.error("nn.rnn_cell.DropoutWrapper", {cell, 0.5},
                       {{"variational_recurrent", true}, {"dtype", DType::float32}}),
              "ValueError: When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, input_size must be "
              "provided");
    EXPECT_EQ(tf.error("nn.rnn_cell.DropoutWrapper", {cell}, {{"dropout_state_filter_visitor", 3}}),
              "TypeError: dropout_state_filter_visitor must be callable");
}

TEST(DeviceWrapper, PlacesTheOpsOfItsCell) {
    Tf tf;
    const Value x = placeholder(tf, "x", {2, 3});
    const Value cell = tf("nn.rnn_cell.DeviceWrapper", {tf("nn.rnn_cell.BasicRNNCell", {4}), "/gpu:1"});
    const Value state = tf.method(cell, "zero_state", {2, DType::float32});
    EXPECT_EQ(tf.name(state), "DeviceWrapperZeroState/BasicRNNCellZeroState/zeros:0");
    ASSERT_TRUE(call_value(tf.context, cell, {x, state}, {}).ok());
    for (const char* name : {"DeviceWrapperZeroState/BasicRNNCellZeroState/zeros", "basic_rnn_cell/Tanh"})
        EXPECT_EQ(tf.graph().node(tf.graph().find(name)).device, "/device:GPU:1") << name;
}

TEST(BlockCells, AreOneOp) {
    Tf tf;
    const Value x = placeholder(tf, "x", {2, 3}), h = placeholder(tf, "h", {2, 4}), c = placeholder(tf, "c", {2, 4});
    const Value lstm_state = tf("nn.rnn_cell.LSTMStateTuple", {c, h});
    const struct {
        const char* cell;
        Keywords keywords;
        Value state;
        Lines variables, nodes;
    } cases[] = {
        {"contrib.rnn.GRUBlockCell",
         {},
         h,
         {"gru_cell/w_ru:0", "gru_cell/b_ru:0", "gru_cell/w_c:0", "gru_cell/b_c:0"},
         {"GRUBlockCell gru_cell/GRUBlockCell(x, h, gru_cell/w_ru/read, gru_cell/w_c/read, gru_cell/b_ru/read, "
          "gru_cell/b_c/read)"}},
        {"contrib.rnn.GRUBlockCellV2",
         {{"name", "v2"}},
         h,
         {"v2/gates/kernel:0", "v2/gates/bias:0", "v2/candidate/kernel:0", "v2/candidate/bias:0"},
         {"GRUBlockCell v2/GRUBlockCell(x, h, v2/gates/kernel/read, v2/candidate/kernel/read, v2/gates/bias/read, "
          "v2/candidate/bias/read)"}},
        {"contrib.rnn.LSTMBlockCell",
         {},
         lstm_state,
         {"lstm_cell/kernel:0", "lstm_cell/bias:0"},
         {"Const lstm_cell/zeros()",
          "LSTMBlockCell lstm_cell/LSTMBlockCell(x, c, h, lstm_cell/kernel/read, lstm_cell/zeros, lstm_cell/zeros, "
          "lstm_cell/zeros, lstm_cell/bias/read) cell_clip=-1 forget_bias=1 use_peephole=false"}},
        {"contrib.rnn.LSTMBlockCell",
         {{"name", "peep"}, {"use_peephole", true}, {"cell_clip", 3}},
         lstm_state,
         {"peep/kernel:0", "peep/bias:0", "peep/w_i_diag:0", "peep/w_f_diag:0", "peep/w_o_diag:0"},
         {"LSTMBlockCell peep/LSTMBlockCell(x, c, h, peep/kernel/read, peep/w_i_diag/read, peep/w_f_diag/read, "
          "peep/w_o_diag/read, peep/bias/read) cell_clip=3 forget_bias=1 use_peephole=true"}},
        {"contrib.cudnn_rnn.CudnnCompatibleLSTMCell",
         {},
         lstm_state,
         {"cudnn_compatible_lstm_cell/kernel:0", "cudnn_compatible_lstm_cell/bias:0"},
         {"Const cudnn_compatible_lstm_cell/zeros()",
          "LSTMBlockCell cudnn_compatible_lstm_cell/LSTMBlockCell(x, c, h, cudnn_compatible_lstm_cell/kernel/read, "
          "cudnn_compatible_lstm_cell/zeros, cudnn_compatible_lstm_cell/zeros, cudnn_compatible_lstm_cell/zeros, "
          "cudnn_compatible_lstm_cell/bias/read) cell_clip=-1 forget_bias=0 use_peephole=false"}},
    };
    for (const auto& test : cases) {
        const Value cell = tf(test.cell, {4}, test.keywords);
        const std::size_t from = tf.graph().size();
        ASSERT_TRUE(call_value(tf.context, cell, {x, test.state}, {}).ok()) << test.cell;
        EXPECT_EQ(names_of(tf, tf.get(cell, "variables")), test.variables) << test.cell;
        Lines nodes = tf.nodes(from, {"cell_clip", "forget_bias", "use_peephole"});
        ASSERT_GE(nodes.size(), test.nodes.size());
        EXPECT_EQ(Lines(nodes.end() - static_cast<std::ptrdiff_t>(test.nodes.size()), nodes.end()), test.nodes);
    }
    EXPECT_EQ(tf.error("contrib.rnn.GRUBlockCell"),
              "ValueError: Exactly one of num_units or cell_size must be provided.");
    const Value gru = tf("contrib.rnn.GRUBlockCell", {5}, {{"name", "five"}});
    EXPECT_EQ(call_value(tf.context, gru, {x, h}, {}).error().message,
              "Shape of h_prev[1] incorrect: cell_size 5 vs 4");
    const Value lstm = tf("contrib.rnn.LSTMBlockCell", {4}, {{"name", "three"}});
    EXPECT_EQ(call_value(tf.context, lstm, {x, Value::tuple({c, h, h})}, {}).error().message,
              "Expecting state to be a tuple with length 2.");
}

TEST(LstmBlockFusedCell, IsOneOpForAllSteps) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, Value::list({Value(), Value(2), Value(3)})}, {{"name", "x"}});
    const Value cell = tf("contrib.rnn.LSTMBlockFusedCell", {4});
    const Result<Value> result = call_value(tf.context, cell, {x}, {{"dtype", DType::float32}});
    ASSERT_TRUE(result.ok()) << result.error().message;
    const std::string s = "lstm_fused_cell/";
    EXPECT_EQ(repr(*result),
              "(<tf.Tensor 'lstm_fused_cell/BlockLSTM:6' shape=(?, 2, 4) dtype=float32>, "
              "LSTMStateTuple(c=<tf.Tensor 'lstm_fused_cell/strided_slice_2:0' shape=(2, 4) dtype=float32>, "
              "h=<tf.Tensor 'lstm_fused_cell/strided_slice_3:0' shape=(2, 4) dtype=float32>))");
    EXPECT_EQ(names_of(tf, tf.get(cell, "variables")), (Lines{s + "kernel:0", s + "bias:0"}));
    Lines nodes;
    for (const std::string& line : computing(tf)) // without the bounds of slices
        if (line.substr(0, line.find('(')).find("/strided_slice") == std::string::npos ||
            line.rfind("StridedSlice ", 0) == 0)
            nodes.push_back(line);
    ASSERT_GE(nodes.size(), 11U);
    EXPECT_EQ(Lines(nodes.begin() + 1, nodes.begin() + 11),
              (Lines{"Shape " + s + "Shape(x)",
                     "StridedSlice " + s + "strided_slice(" + s + "Shape, " + s + "strided_slice/stack, " + s +
                         "strided_slice/stack_1, " + s + "strided_slice/stack_2)",
                     "Const " + s + "stack()", "Const " + s + "zeros/Const()",
                     "Fill " + s + "zeros(" + s + "stack, " + s + "zeros/Const)", "Shape " + s + "Shape_1(x)",
                     "StridedSlice " + s + "strided_slice_1(" + s + "Shape_1, " + s + "strided_slice_1/stack, " + s +
                         "strided_slice_1/stack_1, " + s + "strided_slice_1/stack_2)",
                     "Const " + s + "zeros_1()", "Cast " + s + "Cast(" + s + "strided_slice_1)",
                     "BlockLSTM " + s + "BlockLSTM(" + s + "Cast, x, " + s + "zeros, " + s + "zeros, " + s +
                         "kernel/read, " + s + "zeros_1, " + s + "zeros_1, " + s + "zeros_1, " + s + "bias/read)"}));
    const auto error = [&](std::vector<Value> positional, Keywords keywords = {}) {
        return call_value(tf.context, cell, std::move(positional), std::move(keywords)).error().message;
    };
    EXPECT_EQ(error({x}), "Either initial_state or dtype needs to be specified");
    EXPECT_EQ(error({x, Value::tuple({x})}), "Expecting initial_state to be a tuple with length 2 or None");
}

TEST(CudnnCompatibleGru, ResetsAProduct) {
    Tf tf;
    const Value x = placeholder(tf, "x", {2, 3}), h = placeholder(tf, "h", {2, 4});
    const Value cell = tf("contrib.cudnn_rnn.CudnnCompatibleGRUCell", {4});
    ASSERT_TRUE(call_value(tf.context, cell, {x, h}, {}).ok());
    const std::string s = "cudnn_compatible_gru_cell/", in = s + "candidate/input_projection/",
                      of_h = s + "candidate/hidden_projection/";
    EXPECT_EQ(names_of(tf, tf.get(cell, "variables")), (Lines{s + "gates/kernel:0", s + "gates/bias:0", in + "kernel:0",
                                                              of_h + "kernel:0", in + "bias:0", of_h + "bias:0"}));
    const Lines nodes = computing(tf);
    EXPECT_EQ(Lines(nodes.begin() + 10, nodes.end()),
              (Lines{"MatMul " + s + "MatMul_1(x, " + in + "kernel/read)",
                     "BiasAdd " + s + "BiasAdd_1(" + s + "MatMul_1, " + in + "bias/read)",
                     "MatMul " + s + "MatMul_2(h, " + of_h + "kernel/read)",
                     "BiasAdd " + s + "BiasAdd_2(" + s + "MatMul_2, " + of_h + "bias/read)",
                     "Mul " + s + "mul(" + s + "split, " + s + "BiasAdd_2)",
                     "AddV2 " + s + "add(" + s + "BiasAdd_1, " + s + "mul)", "Tanh " + s + "Tanh(" + s + "add)",
                     "Const " + s + "sub/x()", "Sub " + s + "sub(" + s + "sub/x, " + s + "split:1)",
                     "Mul " + s + "mul_1(" + s + "sub, " + s + "Tanh)", "Mul " + s + "mul_2(" + s + "split:1, h)",
                     "AddV2 " + s + "add_1(" + s + "mul_1, " + s + "mul_2)"}));
}

TEST(StaticBidirectionalRnn, JoinsTheOutputsOfEachStep) {
    Tf tf;
    const Value x0 = placeholder(tf, "x0", {2, 3}), x1 = placeholder(tf, "x1", {2, 3});
    const auto cell = [&] { return tf("nn.rnn_cell.BasicRNNCell", {4}); };
    const Value result =
        tf("nn.static_bidirectional_rnn", {cell(), cell(), Value::list({x0, x1})}, {{"dtype", DType::float32}});
    const std::vector<Value>& parts = *items_of(result);
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_EQ(tf.name(parts[1]), "bidirectional_rnn/fw/fw/basic_rnn_cell/Tanh_1:0");
    EXPECT_EQ(tf.name(parts[2]), "bidirectional_rnn/bw/bw/basic_rnn_cell/Tanh_1:0");
    const Lines nodes = tf.nodes();
    EXPECT_EQ(Lines(nodes.end() - 4, nodes.end()),
              (Lines{"Const concat/axis()",
                     "ConcatV2 concat(bidirectional_rnn/fw/fw/basic_rnn_cell/Tanh, "
                     "bidirectional_rnn/bw/bw/basic_rnn_cell/Tanh_1, concat/axis)",
                     "Const concat_1/axis()",
                     "ConcatV2 concat_1(bidirectional_rnn/fw/fw/basic_rnn_cell/Tanh_1, "
                     "bidirectional_rnn/bw/bw/basic_rnn_cell/Tanh, concat_1/axis)"}));
    EXPECT_EQ(tf.error("nn.static_bidirectional_rnn", {cell(), cell(), x0}), "TypeError: inputs must be a sequence");
    EXPECT_EQ(tf.error("nn.static_bidirectional_rnn", {cell(), cell(), Value::list({})}),
              "ValueError: inputs must not be empty");
}

/// Each sequence of the batch is turned around up to its length, before the cell and behind it.
TEST(StaticBidirectionalRnn, ReversesUpToTheLengths) {
    Tf tf;
    const Value x0 = placeholder(tf, "x0", {2, 3}), x1 = placeholder(tf, "x1", {2, 3});
    const Value n = tf("placeholder", {DType::int64, ints({2})}, {{"name", "n"}});
    const auto cell = [&] { return tf("nn.rnn_cell.BasicRNNCell", {4}); };
    tf("nn.static_bidirectional_rnn", {cell(), cell(), Value::list({x0, x1})},
       {{"dtype", DType::float32}, {"sequence_length", n}, {"scope", "both"}});
    Lines found;
    for (const std::string& line : tf.nodes(0, {"seq_dim", "batch_dim", "Tlen"}))
        for (const char* op : {"Pack ", "ReverseSequence ", "Unpack ", "ConcatV2 concat"})
            if (line.rfind(op, 0) == 0) found.push_back(line);
    EXPECT_EQ(found,
              (Lines{"Pack both/bw/stack(x0, x1)",
                     "ReverseSequence both/bw/ReverseSequence(both/bw/stack, n) seq_dim=0 batch_dim=1 "
                     "Tlen=int64",
                     "Unpack both/bw/unstack(both/bw/ReverseSequence)",
                     "Pack stack(both/bw/bw/cond/Merge, both/bw/bw/cond_1/Merge)",
                     "ReverseSequence ReverseSequence(stack, n) seq_dim=0 batch_dim=1 Tlen=int64",
                     "Unpack unstack(ReverseSequence)", "ConcatV2 concat(both/fw/fw/cond/Merge, unstack, concat/axis)",
                     "ConcatV2 concat_1(both/fw/fw/cond_1/Merge, unstack:1, concat_1/axis)"}));
}

} // namespace
} // namespace rnnscope::tf1
