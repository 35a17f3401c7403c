#include "core/tf1/array_ops.hpp"
#include "core/tf1/context.hpp"
#include "core/tf1/control_flow.hpp"
#include "core/tf1/graph_state.hpp"
#include "core/tf1/initializers.hpp"
#include "core/tf1/rnn.hpp"
#include "core/tf1/variables.hpp"
#include "tests/core/tf1/golden_graph.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

/// The graphs of golden/*: TensorFlow 1.15's, node for node.
namespace rnnscope::tf1 {
namespace {

class RnnGolden : public ::testing::Test {
  protected:
    void SetUp() override {
        if (test::golden_folder().empty()) GTEST_SKIP() << "there are no golden graphs on this machine";
    }

    GraphState& state() { return context_.default_graph(); }

    Value placeholder(const char* name, DType dtype, Shape shape) {
        return wrap(state(), state().op({.op = "Placeholder",
                                         .inputs = {},
                                         .attrs = {{"dtype", dtype}, {"shape", std::move(shape)}},
                                         .name = name}));
    }

    Value gru(std::int64_t units) {
        CellOptions options;
        options.num_units = units;
        return Value(std::make_shared<GruCell>(state(), options));
    }

    RnnArgs rnn_args(Value cell, Value inputs) {
        RnnArgs args;
        args.cell = std::move(cell);
        args.inputs = std::move(inputs);
        args.dtype = DType::float32;
        return args;
    }

    void expect_golden(const std::string& name) {
        const std::vector<std::string> differences = test::differences_from_golden(state().graph, name);
        EXPECT_TRUE(differences.empty()) << fmt::format("{}", fmt::join(differences, "\n"));
    }

    /// What TensorFlow would raise becomes a failure with its text.
    template <class F> void build(F&& f) {
        try {
            f();
        } catch (const PythonError& error) {
            FAIL() << error.type << ": " << error.message;
        }
    }

    Context context_;
};

TEST_F(RnnGolden, GruWithStaticShapes) {
    build([&] { dynamic_rnn(state(), rnn_args(gru(4), placeholder("x", DType::float32, {2, 5, 3}))); });
    expect_golden("gru1_static");
}

TEST_F(RnnGolden, GruWithSequenceLengths) {
    build([&] {
        const Value x = placeholder("x", DType::float32, {2, 5, 3});
        const Value lengths = placeholder("len", DType::int32, {Shape::unknown});
        RnnArgs args = rnn_args(gru(4), x);
        args.sequence_length = lengths;
        dynamic_rnn(state(), args);
    });
    expect_golden("gru1_seqlen");
}

TEST_F(RnnGolden, GruTimeMajor) {
    build([&] {
        RnnArgs args = rnn_args(gru(4), placeholder("x", DType::float32, {5, 2, 3}));
        args.time_major = true;
        dynamic_rnn(state(), args);
    });
    expect_golden("gru1_timemajor");
}

TEST_F(RnnGolden, BasicRnn) {
    build([&] {
        CellOptions options;
        options.num_units = 4;
        const Value x = placeholder("x", DType::float32, {2, 5, 3});
        dynamic_rnn(state(), rnn_args(Value(std::make_shared<BasicRnnCell>(state(), options)), x));
    });
    expect_golden("basicrnn");
}

TEST_F(RnnGolden, BasicLstm) {
    build([&] {
        LstmOptions options;
        options.num_units = 4;
        const Value x = placeholder("x", DType::float32, {2, 5, 3});
        dynamic_rnn(state(), rnn_args(Value(std::make_shared<BasicLstmCell>(state(), options)), x));
    });
    expect_golden("basiclstm");
}

TEST_F(RnnGolden, Lstm) {
    build([&] {
        LstmOptions options;
        options.num_units = 4;
        const Value x = placeholder("x", DType::float32, {2, 5, 3});
        dynamic_rnn(state(), rnn_args(Value(std::make_shared<LstmCell>(state(), options)), x));
    });
    expect_golden("lstm");
}

TEST_F(RnnGolden, StaticRnn) {
    build([&] {
        const Value x0 = placeholder("x0", DType::float32, {2, 3});
        const Value x1 = placeholder("x1", DType::float32, {2, 3});
        static_rnn(state(), rnn_args(gru(4), Value::list({x0, x1})));
    });
    expect_golden("static_gru");
}

TEST_F(RnnGolden, TwoLayersUnderAScope) {
    for (const bool seeded : {false, true}) {
        context_.reset_default_graph();
        build([&] {
            if (seeded) state().seed = 42;
            const Value x = placeholder("x", DType::float32, {Shape::unknown, 5, 3});
            VariableScopeArgs args;
            args.name_or_scope = Value("rnn");
            VariableScopeEntry scope(state(), args);
            const Value cells = Value::list({gru(4), gru(4)});
            dynamic_rnn(state(), rnn_args(Value(std::make_shared<MultiRnnCell>(state(), cells, true)), x));
        });
        expect_golden(seeded ? "gru2_seed_gs42" : "gru2_seed");
    }
}

TEST_F(RnnGolden, ResourceVariables) {
    build([&] {
        VariableScopeArgs args;
        args.name_or_scope = Value("rnn");
        args.use_resource = true;
        VariableScopeEntry scope(state(), args);
        const Value x = placeholder("x", DType::float32, {Shape::unknown, 5, 3});
        dynamic_rnn(state(), rnn_args(Value(std::make_shared<MultiRnnCell>(state(), Value::list({gru(4)}), true)), x));
    });
    expect_golden("gru1_resource");
}

TEST_F(RnnGolden, Bidirectional) {
    build([&] {
        BidirectionalArgs args;
        args.cell_fw = gru(4);
        args.cell_bw = gru(4);
        args.common = rnn_args(Value(), placeholder("x", DType::float32, {2, 5, 3}));
        bidirectional_dynamic_rnn(state(), args);
    });
    expect_golden("bidir");
}

TEST_F(RnnGolden, DropoutWrapper) {
    build([&] {
        DropoutOptions options;
        options.cell = gru(4);
        options.input_keep_prob = 0.9;
        options.output_keep_prob = 0.5;
        options.state_keep_prob = 0.8;
        const Value cell(std::make_shared<tf1::DropoutWrapper>(state(), options));
        dynamic_rnn(state(), rnn_args(cell, placeholder("x", DType::float32, {2, 5, 3})));
    });
    expect_golden("dropoutwrapper");
}

TEST_F(RnnGolden, ResidualWrapper) {
    build([&] {
        const Value cell(std::make_shared<tf1::ResidualWrapper>(state(), gru(3), Value()));
        dynamic_rnn(state(), rnn_args(cell, placeholder("x", DType::float32, {2, 5, 3})));
    });
    expect_golden("residualwrapper");
}

VariableValue one(GraphState& state, const char* name, bool resource) {
    NewVariable variable;
    variable.initial_value = 1.0;
    variable.name = name;
    variable.use_resource = resource;
    return make_variable(state, std::move(variable));
}

TEST_F(RnnGolden, WhileLoopWithVariables) {
    build([&] {
        const Value v(one(state(), "v", false));
        GetVariableArgs args;
        args.name = "r";
        args.shape = Shape{};
        args.initializer = ones_initializer();
        args.use_resource = true;
        const Value r(get_variable(state(), args));
        const Value i = wrap(state(), state().constant(Tensor::scalar(std::int32_t{0})));
        const Value a = wrap(state(), state().constant(Tensor::scalar(0.0F)));
        const auto operate = [&](const char* op, const Value& x, const Value& y) {
            return wrap(state(), binary_operator(state(), op, x, y));
        };
        while_loop(
            state(), [&](const std::vector<Value>& vars) { return operate("<", vars[0], Value(3)); },
            [&](const std::vector<Value>& vars) {
                const Value next = operate("+", vars[0], Value(1));
                return Value::list({next, operate("+", vars[1], operate("*", v, r))});
            },
            Value::list({i, a}), {});
    });
    expect_golden("while_var");
}

TEST_F(RnnGolden, CondWithVariable) {
    build([&] {
        const Value v(one(state(), "v", false));
        const Value p = placeholder("p", DType::boolean, {});
        cond(
            state(), p, [&] { return wrap(state(), binary_operator(state(), "+", v, Value(1.0))); },
            [&] { return wrap(state(), state().constant(Tensor::scalar(0.0F))); });
    });
    expect_golden("cond_var");
}

} // namespace
} // namespace rnnscope::tf1
