// Cells compute their formulas: the cells below are run by dynamic_rnn over three steps, with weights that differ, and
// compared with what the formula gives, written down with plain matrices in double.

#include "core/import/cell_recognizer.hpp"
#include "core/runtime/session.hpp"
#include "tests/core/runtime/matrix.hpp"
#include "tests/core/tf1/program.hpp"

namespace rnnscope {
namespace {

using tf1::Tf;
using tf1::Value;

constexpr std::size_t batch = 2, steps = 3, inputs = 3, units = 4;

/// Variables by their name without the scopes of the loop: "gru_cell/gates/kernel".
using Weights = std::map<std::string, Matrix>;
/// The parts of a state in the order of nest.flatten: h; or c and h.
using State = std::vector<Matrix>;
struct Step {
    Matrix output;
    State state;
};

struct Formula {
    const char* name;
    DType dtype; ///< float32 for ops that have no other kernel
    std::function<Value(Tf& tf)> cell;
    std::function<Step(const Weights& w, const Matrix& x, const State& before)> step;
    std::size_t outputs = units;
    const char* recognized = nullptr; ///< how the recognizer describes it, where that is to be checked here
};

Matrix sigmoid(const Matrix& a) {
    return applied(a, "Sigmoid");
}
Matrix linear(const Matrix& x, const Matrix& kernel, const Matrix& bias) {
    return plus(product(x, kernel), bias);
}
/// u h + (1 - u) c
Matrix blend(const Matrix& u, const Matrix& h, const Matrix& c) {
    return plus(times(u, h), each(u, c, [](double kept, double fresh) { return (1 - kept) * fresh; }));
}

struct GruNames {
    const char *gate_kernel = "gates/kernel", *gate_bias = "gates/bias", *kernel = "candidate/kernel",
               *bias = "candidate/bias";
};

Matrix gru(const Weights& w, const std::string& scope, const Matrix& x, const Matrix& h, const GruNames& names = {}) {
    const Matrix gates = sigmoid(linear(joined(x, h), w.at(scope + names.gate_kernel), w.at(scope + names.gate_bias)));
    const Matrix r = columns(gates, 0, units), u = columns(gates, units, units);
    const Matrix c =
        applied(linear(joined(x, times(r, h)), w.at(scope + names.kernel), w.at(scope + names.bias)), "Tanh");
    return blend(u, h, c);
}

/// Gates i, j, f, o, and a state of c and h.
Step lstm(const Weights& w, const std::string& scope, const Matrix& x, const State& before, double forget_bias) {
    const Matrix gates = linear(joined(x, before[1]), w.at(scope + "kernel"), w.at(scope + "bias"));
    const Matrix i = sigmoid(columns(gates, 0, units)), j = applied(columns(gates, units, units), "Tanh"),
                 forget = columns(gates, 2 * units, units), o = sigmoid(columns(gates, 3 * units, units));
    const Matrix f = sigmoid(each(forget, forget, [&](double a, double) { return a + forget_bias; }));
    const Matrix c = plus(times(i, j), times(f, before[0]));
    const Matrix h = times(applied(c, "Tanh"), o);
    return Step{h, {c, h}};
}

/// keras/layers/recurrent.py: gates z, r, h, of which the last reads r h, or r multiplies its product with h.
Step keras_gru(const Weights& w, const Matrix& x, const Matrix& h, const std::string& gate, bool reset_after) {
    const Matrix &kernel = w.at("gru_cell/kernel"), &recurrent = w.at("gru_cell/recurrent_kernel"),
                 &bias = w.at("gru_cell/bias");
    const Matrix of_x = linear(x, kernel, row(bias, 0));
    Matrix of_h = product(h, recurrent);
    if (reset_after) of_h = plus(of_h, row(bias, 1));
    const auto sum = [&](std::size_t k) {
        return plus(columns(of_x, k * units, units), columns(of_h, k * units, units));
    };
    const Matrix z = applied(sum(0), gate), r = applied(sum(1), gate);
    const Matrix reset = reset_after ? times(r, columns(of_h, 2 * units, units))
                                     : product(times(r, h), columns(recurrent, 2 * units, units));
    const Matrix next = blend(z, h, applied(plus(columns(of_x, 2 * units, units), reset), "Tanh"));
    return Step{next, {next}};
}

/// Gates i, f, c, o, and a state of h and c.
Step keras_lstm(const Weights& w, const Matrix& x, const State& before, const std::string& gate) {
    const Matrix sums = plus(linear(x, w.at("lstm_cell/kernel"), w.at("lstm_cell/bias")),
                             product(before[0], w.at("lstm_cell/recurrent_kernel")));
    const auto part = [&](std::size_t k, const std::string& activation) {
        return applied(columns(sums, k * units, units), activation);
    };
    const Matrix c = plus(times(part(1, gate), before[1]), times(part(0, gate), part(2, "Tanh")));
    const Matrix h = times(part(3, gate), applied(c, "Tanh"));
    return Step{h, {h, c}};
}

Value keras_cell(Tf& tf, std::string_view name, tf1::Keywords keywords = {}) {
    return tf(name, {static_cast<std::int64_t>(units)}, std::move(keywords));
}

Value gru_cell(Tf& tf) {
    return tf("nn.rnn_cell.GRUCell", {static_cast<std::int64_t>(units)});
}

const Formula formulas[] = {
    {"GruCell", DType::float64, gru_cell,
     [](const Weights& w, const Matrix& x, const State& before) {
         const Matrix h = gru(w, "gru_cell/", x, before[0]);
         return Step{h, {h}};
     }},
    {"OutputProjectionWrapper", DType::float64,
     [](Tf& tf) {
         return tf("contrib.rnn.OutputProjectionWrapper", {gru_cell(tf), 2},
                   {{"activation", *tf1::find_constant("nn.tanh")}});
     },
     [](const Weights& w, const Matrix& x, const State& before) {
         const std::string scope = "output_projection_wrapper/";
         const Matrix h = gru(w, scope + "gru_cell/", x, before[0]);
         return Step{applied(linear(h, w.at(scope + "kernel"), w.at(scope + "bias")), "Tanh"), {h}};
     },
     2},
    {"InputProjectionWrapper", DType::float64,
     [](Tf& tf) {
         return tf("contrib.rnn.InputProjectionWrapper", {gru_cell(tf), 5});
     },
     [](const Weights& w, const Matrix& x, const State& before) {
         const std::string scope = "input_projection_wrapper/";
         const Matrix h =
             gru(w, scope + "gru_cell/", linear(x, w.at(scope + "kernel"), w.at(scope + "bias")), before[0]);
         return Step{h, {h}};
     }},
    {"GRUBlockCell", DType::float32,
     [](Tf& tf) { return tf("contrib.rnn.GRUBlockCell", {static_cast<std::int64_t>(units)}); },
     [](const Weights& w, const Matrix& x, const State& before) {
         const Matrix h = gru(w, "gru_cell/", x, before[0], {"w_ru", "b_ru", "w_c", "b_c"});
         return Step{h, {h}};
     }},
    {"GRUBlockCellV2", DType::float32,
     [](Tf& tf) { return tf("contrib.rnn.GRUBlockCellV2", {static_cast<std::int64_t>(units)}); },
     [](const Weights& w, const Matrix& x, const State& before) {
         const Matrix h = gru(w, "gru_cell/", x, before[0]);
         return Step{h, {h}};
     }},
    {"LSTMBlockCell", DType::float32,
     [](Tf& tf) { return tf("contrib.rnn.LSTMBlockCell", {static_cast<std::int64_t>(units)}); },
     [](const Weights& w, const Matrix& x, const State& before) { return lstm(w, "lstm_cell/", x, before, 1); }},
    {"CudnnCompatibleLSTMCell", DType::float32,
     [](Tf& tf) { return tf("contrib.cudnn_rnn.CudnnCompatibleLSTMCell", {static_cast<std::int64_t>(units)}); },
     [](const Weights& w, const Matrix& x, const State& before) {
         return lstm(w, "cudnn_compatible_lstm_cell/", x, before, 0);
     }},
    {"CudnnCompatibleGRUCell", DType::float64,
     [](Tf& tf) { return tf("contrib.cudnn_rnn.CudnnCompatibleGRUCell", {static_cast<std::int64_t>(units)}); },
     [](const Weights& w, const Matrix& x, const State& before) {
         const std::string scope = "cudnn_compatible_gru_cell/";
         const auto projected = [&](const Matrix& of, const std::string& name) {
             return linear(of, w.at(scope + "candidate/" + name + "/kernel"),
                           w.at(scope + "candidate/" + name + "/bias"));
         };
         const Matrix& h = before[0];
         const Matrix gates = sigmoid(linear(joined(x, h), w.at(scope + "gates/kernel"), w.at(scope + "gates/bias")));
         const Matrix r = columns(gates, 0, units), u = columns(gates, units, units);
         const Matrix hidden = projected(h, "hidden_projection"); // the reset gate comes after the product
         const Matrix c = applied(plus(projected(x, "input_projection"), times(r, hidden)), "Tanh");
         const Matrix next = blend(u, h, c);
         return Step{next, {next}};
     }},
    {"KerasSimpleRNNCell", DType::float64, [](Tf& tf) { return keras_cell(tf, "keras.layers.SimpleRNNCell"); },
     [](const Weights& w, const Matrix& x, const State& before) {
         const std::string scope = "simple_rnn_cell/";
         const Matrix of_x = linear(x, w.at(scope + "kernel"), w.at(scope + "bias"));
         const Matrix h = applied(plus(of_x, product(before[0], w.at(scope + "recurrent_kernel"))), "Tanh");
         return Step{h, {h}};
     },
     units, "BasicRNN, 4 units, input 3, Tanh"},
    {"KerasGRUCell", DType::float64, [](Tf& tf) { return keras_cell(tf, "keras.layers.GRUCell"); },
     [](const Weights& w, const Matrix& x, const State& before) {
         return keras_gru(w, x, before[0], "HardSigmoid", false);
     },
     units, "GRU, 4 units, input 3, Tanh, gates HardSigmoid, gate order urc, reset before the product"},
    {"KerasGRUCellOneProduct", DType::float64,
     [](Tf& tf) {
         return keras_cell(tf, "keras.layers.GRUCell", {{"implementation", 2}});
     },
     [](const Weights& w, const Matrix& x, const State& before) {
         return keras_gru(w, x, before[0], "HardSigmoid", false);
     },
     units, "GRU, 4 units, input 3, Tanh, gates HardSigmoid, gate order urc, reset before the product"},
    {"KerasGRUCellResetAfter", DType::float64,
     [](Tf& tf) {
         return keras_cell(tf, "keras.layers.GRUCell", {{"reset_after", true}});
     },
     [](const Weights& w, const Matrix& x, const State& before) {
         return keras_gru(w, x, before[0], "HardSigmoid", true);
     },
     units, "GRU, 4 units, input 3, Tanh, gates HardSigmoid, gate order urc, reset after the product"},
    {"KerasGRUCellV2", DType::float64, [](Tf& tf) { return keras_cell(tf, "compat.v2.keras.layers.GRUCell"); },
     [](const Weights& w, const Matrix& x, const State& before) { return keras_gru(w, x, before[0], "Sigmoid", true); },
     units, "GRU, 4 units, input 3, Tanh, gate order urc, reset after the product"},
    {"KerasLSTMCell", DType::float64, [](Tf& tf) { return keras_cell(tf, "keras.layers.LSTMCell"); },
     [](const Weights& w, const Matrix& x, const State& before) { return keras_lstm(w, x, before, "HardSigmoid"); },
     units, "LSTM, 4 units, input 3, Tanh, gates HardSigmoid, gate order ifjo"},
    {"KerasLSTMCellV2", DType::float64, [](Tf& tf) { return keras_cell(tf, "compat.v2.keras.layers.LSTMCell"); },
     [](const Weights& w, const Matrix& x, const State& before) { return keras_lstm(w, x, before, "Sigmoid"); }, units,
     "LSTM, 4 units, input 3, Tanh, gate order ifjo"},
};

Tensor tensor_of(DType dtype, const Shape& shape, std::vector<double> values) {
    if (dtype == DType::float64) return Tensor::of<double>(shape, std::move(values));
    return Tensor::of<float>(shape, std::vector<float>(values.begin(), values.end()));
}

/// Numbers between -1 and 1 that are the same in float32.
Tensor numbers(DType dtype, const Shape& shape, int seed) {
    std::vector<double> values(static_cast<std::size_t>(shape.elements()));
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<double>(static_cast<float>(std::sin(1.3 * static_cast<double>(i) + seed)));
    return tensor_of(dtype, shape, std::move(values));
}

/// A row of a tensor of three dimensions, as a matrix.
Matrix slice_of(const Tensor& tensor, std::size_t at) {
    const auto dims = tensor.shape().dims();
    Matrix result(static_cast<std::size_t>(dims[1]), static_cast<std::size_t>(dims[2]));
    for (std::size_t i = 0; i < result.values.size(); ++i)
        result.values[i] = tensor.number(static_cast<std::int64_t>(at * result.values.size() + i));
    return result;
}

struct Silent : runtime::RunObserver {
    void on_event(const runtime::Event&) override {}
};

std::vector<Tensor> results_of(runtime::Session& session, runtime::RunRequest request) {
    auto run = session.start(std::move(request));
    if (!run) {
        ADD_FAILURE() << run.error().message;
        return {};
    }
    Silent observer;
    (*run)->finish(observer);
    if ((*run)->error()) {
        ADD_FAILURE() << (*run)->error()->message;
        return {};
    }
    return (*run)->results();
}

void expect_near(const Matrix& actual, const Matrix& expected, double tolerance, const std::string& what) {
    ASSERT_EQ(actual.values.size(), expected.values.size()) << what;
    for (std::size_t i = 0; i < actual.values.size(); ++i)
        ASSERT_NEAR(actual.values[i], expected.values[i], tolerance) << what << ", element " << i;
}

Output output_of(const Value& value) {
    return value.as<tf1::TensorValue>()->output;
}

/// The cell of a formula in dynamic_rnn, and numbers to begin with for its variables, which their initializers are fed.
struct Network {
    explicit Network(const Formula& formula) {
        x = tf("placeholder", {formula.dtype, tf1::ints({steps, batch, inputs})}, {{"name", "x"}});
        const Value cell = formula.cell(tf);
        const Value zero = tf.method(cell, "get_initial_state", {},
                                     {{"batch_size", static_cast<std::int64_t>(batch)}, {"dtype", formula.dtype}});
        result = tf("nn.dynamic_rnn", {cell, x}, {{"initial_state", zero}, {"time_major", true}});
        fed = numbers(formula.dtype, {steps, batch, inputs}, 0);
        int seed = 1;
        for (const Variable& variable : tf.graph().variables())
            values.push_back(numbers(formula.dtype, variable.shape, seed++));
    }
    std::vector<Tensor> run(std::vector<Output> fetches) {
        runtime::Session session(tf.graph());
        runtime::RunRequest initialization, request;
        for (const Variable& variable : tf.graph().variables()) {
            const std::size_t at = initialization.targets.size();
            initialization.feeds.push_back({variable.initial_value, values[at]});
            initialization.targets.push_back(variable.initializer);
        }
        results_of(session, std::move(initialization));
        request.feeds.push_back({output_of(x), fed});
        request.fetches = std::move(fetches);
        return results_of(session, std::move(request));
    }

    Tf tf;
    Value x, result;
    Tensor fed;
    std::vector<Tensor> values; ///< of the graph's variables, in order
};

class CellFormulas : public ::testing::TestWithParam<Formula> {};

TEST_P(CellFormulas, AreWhatDynamicRnnComputes) {
    const Formula& formula = GetParam();
    Network net(formula);
    Weights weights;
    for (const Variable& variable : net.tf.graph().variables()) {
        ASSERT_EQ(variable.name.rfind("rnn/", 0), 0U) << variable.name;
        const std::size_t scopes = variable.name.rfind("rnn/while/", 0) == 0 ? 10 : 4;
        weights[variable.name.substr(scopes)] = matrix(net.values[weights.size()]);
    }
    const std::vector<Value>& pair = *tf1::items_of(net.result);
    std::vector<Output> fetches{output_of(pair[0])};
    const std::vector<Value> states = tf1::items_of(pair[1]) ? *tf1::items_of(pair[1]) : std::vector<Value>{pair[1]};
    for (const Value& state : states) fetches.push_back(output_of(state));
    const std::vector<Tensor> results = net.run(std::move(fetches));
    ASSERT_EQ(results.size(), 1 + states.size());

    const double tolerance = formula.dtype == DType::float64 ? 1e-13 : 1e-6;
    State state(states.size(), Matrix(batch, units));
    for (std::size_t t = 0; t < steps; ++t) {
        Step step = formula.step(weights, slice_of(net.fed, t), state);
        ASSERT_EQ(step.output.columns, formula.outputs);
        expect_near(slice_of(results[0], t), step.output, tolerance, "output of step " + std::to_string(t));
        state = std::move(step.state);
    }
    for (std::size_t i = 0; i < states.size(); ++i)
        expect_near(matrix(results[1 + i]), state[i], tolerance, "state " + std::to_string(i));
    if (formula.recognized == nullptr) return;
    const std::vector<RecognizedCell> cells = recognize_cells(net.tf.graph());
    ASSERT_EQ(cells.size(), 1U);
    EXPECT_EQ(summary(cells[0]), formula.recognized);
}

/// Through the loop and all ops of the cell: gradients of a loss of all outputs against differences.
TEST_P(CellFormulas, HaveGradientsThatAreSlopes) {
    const Formula& formula = GetParam();
    if (formula.dtype != DType::float64) GTEST_SKIP() << "differences in float32 say too little";
    Network net(formula);
    Tf& tf = net.tf;
    const Value loss = tf("reduce_sum", {tf("square", {(*tf1::items_of(net.result))[0]})});
    const Value grads = tf("gradients", {loss, tf("trainable_variables")});
    std::vector<Output> fetches;
    for (const Value& grad : *tf1::items_of(grads)) fetches.push_back(output_of(grad));
    ASSERT_EQ(fetches.size(), net.values.size());
    const std::vector<Tensor> found = net.run(fetches);
    ASSERT_EQ(found.size(), fetches.size());
    for (std::size_t k = 0; k < found.size(); ++k) {
        const Tensor original = net.values[k];
        ASSERT_EQ(found[k].shape(), original.shape());
        for (std::int64_t i = 0; i < original.elements(); i += 7) {
            const auto loss_at = [&](double by) {
                std::vector<double> moved(original.values<double>().begin(), original.values<double>().end());
                moved[static_cast<std::size_t>(i)] += by;
                net.values[k] = Tensor::of<double>(original.shape(), std::move(moved));
                const std::vector<Tensor> value = net.run({output_of(loss)});
                return value.empty() ? 0.0 : value[0].number(0);
            };
            const double slope = (loss_at(1e-6) - loss_at(-1e-6)) / 2e-6;
            EXPECT_NEAR(found[k].number(i), slope, 1e-7 * (1 + std::abs(slope)))
                << tf.graph().variables()[k].name << ", element " << i;
        }
        net.values[k] = original;
    }
}

INSTANTIATE_TEST_SUITE_P(Cells, CellFormulas, ::testing::ValuesIn(formulas),
                         [](const auto& formula) { return std::string(formula.param.name); });

} // namespace
} // namespace rnnscope
