#include "core/import/cell_recognizer.hpp"

#include "tests/core/import/net.hpp"

#include <fmt/format.h>

namespace rnnscope {
namespace {

using testing::gru_cell;
using testing::gru_weights;
using testing::lstm_cell;
using testing::LstmState;
using testing::Net;

/// "GRU, 4 units, ... (2 instances)" of each cell.
std::vector<std::string> summaries(const Graph& graph) {
    std::vector<std::string> result;
    for (const RecognizedCell& cell : recognize_cells(graph))
        result.push_back(fmt::format("{} ({})", summary(cell), cell.instances.size()));
    return result;
}
using Texts = std::vector<std::string>;

std::string roles(const RecognizedCell& cell) {
    std::string text;
    for (const CellWeight& weight : cell.weights) text += (text.empty() ? "" : ", ") + weight.role;
    return text;
}

TEST(CellRecognizer, GruUnrolled) {
    Net net;
    const Output x0 = net.placeholder({2, 3}), x1 = net.placeholder({2, 3}), start = net.weight({2, 4});
    const auto weights = gru_weights(net, 3, 4);
    const Output h1 = gru_cell(net, x0, start, weights);
    const Output h2 = gru_cell(net, x1, h1, weights);
    const auto cells = recognize_cells(net.graph);
    ASSERT_EQ(cells.size(), 1U);
    const RecognizedCell& cell = cells[0];
    EXPECT_EQ(summary(cell), "GRU, 4 units, input 3, Tanh, gate order ru, reset before the product");
    EXPECT_EQ(roles(cell), "gates kernel, gates bias, candidate kernel, candidate bias");
    EXPECT_EQ(cell.weights[0].source, weights.kernel);
    EXPECT_EQ(cell.weights[3].source, weights.candidate_bias);
    ASSERT_EQ(cell.instances.size(), 2U);
    EXPECT_EQ(cell.instances[0].inputs, std::vector<Output>{x0});
    EXPECT_EQ(cell.instances[0].previous_h, start);
    EXPECT_EQ(cell.instances[0].part("h"), h1);
    EXPECT_FALSE(cell.instances[0].previous.has_value());
    EXPECT_EQ(cell.instances[1].inputs, std::vector<Output>{x1});
    EXPECT_EQ(cell.instances[1].previous_h, h1);
    EXPECT_EQ(cell.instances[1].part("h"), h2);
    EXPECT_EQ(cell.instances[1].previous, std::optional<std::size_t>(0));
    EXPECT_EQ(cell.instances[1].frame, "");
    EXPECT_EQ(cell.instances[1].part("f"), Output{});
}

TEST(CellRecognizer, GruInALoop) {
    Net net;
    const Output start = net.weight({2, 4});
    const auto weights = gru_weights(net, 3, 4);
    const Output x_outside = net.placeholder({2, 3});
    net.enter_loop(5);
    const auto state = net.loop_variable(start);
    const Output x = net.enter(x_outside, true);
    const testing::GruWeights inside{
        net.enter(net.identity(weights.kernel), true), net.enter(net.identity(weights.bias), true),
        net.enter(net.identity(weights.candidate_kernel), true), net.enter(net.identity(weights.candidate_bias), true)};
    const Output h = gru_cell(net, x, state.value, inside);
    net.close(state, h);
    const auto cells = recognize_cells(net.graph);
    ASSERT_EQ(cells.size(), 1U);
    EXPECT_EQ(summary(cells[0]), "GRU, 4 units, input 3, Tanh, gate order ru, reset before the product");
    EXPECT_EQ(cells[0].weights[0].source, weights.kernel) << "followed through Enter and Identity";
    ASSERT_EQ(cells[0].instances.size(), 1U);
    const CellInstance& instance = cells[0].instances[0];
    EXPECT_EQ(instance.frame, "loop");
    EXPECT_EQ(instance.previous_h, state.value);
    EXPECT_FALSE(instance.previous.has_value()) << "the step before is the same node";
    EXPECT_EQ(instance.part("h"), h);
}

/// Everything that an author can write differently without computing something else.
TEST(CellRecognizer, GruWrittenInOtherWays) {
    const std::string expected = "GRU, 4 units, input 3, Tanh, gate order ru, reset before the product (1)";
    for (int way = 0; way < 64; ++way) {
        SCOPED_TRACE(way);
        const bool swapped = way & 1, add_for_bias = way & 2, old_concat = way & 4, state_first = way & 8,
                   split_before = way & 16, identities = way & 32;
        Net net;
        const Output x = net.placeholder({2, 3}), h = net.placeholder({2, 4});
        const auto w = gru_weights(net, 3, 4);
        const auto mul = [&](Output a, Output b) {
            if (identities) a = net.identity(net.add("StopGradient", {a}));
            return swapped ? net.mul(b, a) : net.mul(a, b);
        };
        const auto join = [&](Output state) {
            const Output first = state_first ? state : x, second = state_first ? x : state;
            return old_concat ? net.add("Concat", {net.integer(1), first, second}) : net.concat(first, second);
        };
        const auto dense = [&](Output a, Output kernel, Output bias) {
            const Output product = net.matmul(a, identities ? net.identity(kernel) : kernel);
            if (!add_for_bias) return net.add("BiasAdd", {product, bias});
            return swapped ? net.sum(bias, product) : net.sum(product, bias);
        };
        const Output before = dense(join(h), w.kernel, w.bias);
        std::vector<Output> gates;
        if (split_before)
            for (const Output& part : net.split(before, 2)) gates.push_back(net.add("Sigmoid", {part}));
        else
            gates = net.split(net.add("Sigmoid", {before}), 2);
        const Output c = net.add("Tanh", {dense(join(mul(gates[0], h)), w.candidate_kernel, w.candidate_bias)});
        const Output one = identities ? net.identity(net.number(1)) : net.number(1);
        const Output fresh = mul(net.add("Sub", {one, gates[1]}), c), kept = mul(gates[1], h);
        const Output next = swapped ? net.sum(fresh, kept) : net.sum(kept, fresh);
        EXPECT_EQ(summaries(net.graph), Texts{expected});
        const auto cells = recognize_cells(net.graph);
        ASSERT_EQ(cells.size(), 1U);
        const CellInstance& instance = cells[0].instances[0];
        EXPECT_EQ(instance.part("r"), gates[0]);
        EXPECT_EQ(instance.part("u"), gates[1]);
        EXPECT_EQ(instance.part("c"), c);
        EXPECT_EQ(instance.part("h"), next);
        EXPECT_EQ(instance.inputs, std::vector<Output>{x});
        EXPECT_EQ(roles(cells[0]), "gates kernel, gates bias, candidate kernel, candidate bias");
    }
}

TEST(CellRecognizer, GruWithKernelsOfItsOwnForEveryGate) {
    Net net;
    const Output x = net.placeholder({2, 3}), h = net.placeholder({2, 4});
    const auto affine = [&](Output state) {
        return net.sum(net.sum(net.matmul(x, net.weight({3, 4})), net.matmul(state, net.weight({4, 4}))),
                       net.weight({4}));
    };
    const Output u = net.add("Sigmoid", {affine(h)}), r = net.add("Sigmoid", {affine(h)});
    const Output c = net.add("Relu", {affine(net.mul(h, r))});
    // The form of the paper (Cho et al. 2014 has both): here u weighs the candidate.
    net.sum(net.mul(net.add("Sub", {net.number(1), u}), h), net.mul(u, c));
    const auto cells = recognize_cells(net.graph);
    ASSERT_EQ(cells.size(), 1U);
    EXPECT_EQ(summary(cells[0]), "GRU, 4 units, input 3, Relu, reset before the product, u weighs the candidate");
    EXPECT_EQ(roles(cells[0]), "reset kernel, reset recurrent kernel, reset bias, update kernel, update recurrent "
                               "kernel, update bias, candidate kernel, candidate recurrent kernel, candidate bias");
    EXPECT_EQ(cells[0].instances[0].part("r"), r);
    EXPECT_EQ(cells[0].instances[0].part("c"), c);
}

/// Keras 1.15, reset_after=True, implementation=2: z, r, h lie in one product for x and in one for h.
TEST(CellRecognizer, KerasGruResetAfter) {
    Net net;
    const Output x = net.placeholder({2, 3}), h = net.placeholder({2, 4});
    const Output kernel = net.weight({3, 12}), recurrent = net.weight({4, 12}), biases = net.weight({2, 12});
    const Output unpacked = net.add("Unpack", {biases}, {{"num", std::int64_t{2}}, {"axis", std::int64_t{0}}});
    const Output of_x = net.dense(x, kernel, unpacked), of_h = net.dense(h, recurrent, {unpacked.node, 1});
    const auto part = [&](Output whole, int k) { return net.columns(whole, 4 * k, 4 * k + 4); };
    const Output z = net.add("Sigmoid", {net.sum(part(of_x, 0), part(of_h, 0))});
    const Output r = net.add("Sigmoid", {net.sum(part(of_x, 1), part(of_h, 1))});
    const Output c = net.add("Tanh", {net.sum(part(of_x, 2), net.mul(r, part(of_h, 2)))});
    net.sum(net.mul(z, h), net.mul(net.add("Sub", {net.number(1), z}), c));
    const auto cells = recognize_cells(net.graph);
    ASSERT_EQ(cells.size(), 1U);
    EXPECT_EQ(summary(cells[0]), "GRU, 4 units, input 3, Tanh, gate order urc, reset after the product");
    EXPECT_EQ(roles(cells[0]), "kernel, recurrent kernel, bias");
    EXPECT_EQ(cells[0].instances[0].part("u"), z);
    EXPECT_EQ(cells[0].instances[0].part("r"), r);
}

/// Keras 1.15, implementation=1, hard sigmoid: the kernels are sliced, not the products.
TEST(CellRecognizer, KerasGruWithSlicedKernels) {
    Net net;
    const Output x = net.placeholder({2, 3}), h = net.placeholder({2, 4});
    const Output kernel = net.weight({3, 12}), recurrent = net.weight({4, 12}), bias = net.weight({12});
    const auto hard_sigmoid = [&](Output v) {
        const Output line = net.sum(net.mul(net.number(0.2F), v), net.number(0.5F));
        return net.add("Maximum", {net.add("Minimum", {line, net.number(1)}), net.number(0)});
    };
    const auto affine = [&](Output state, int k) {
        const Output b =
            net.add("StridedSlice", {bias, net.integers({4 * k}), net.integers({4 * k + 4}), net.integers({1})});
        return net.sum(net.dense(x, net.columns(kernel, 4 * k, 4 * k + 4), b),
                       net.matmul(state, net.columns(recurrent, 4 * k, 4 * k + 4)));
    };
    const Output z = hard_sigmoid(affine(h, 0)), r = hard_sigmoid(affine(h, 1));
    const Output c = net.add("Tanh", {affine(net.mul(r, h), 2)});
    net.sum(net.mul(z, h), net.mul(net.add("Sub", {net.number(1), z}), c));
    const auto cells = recognize_cells(net.graph);
    ASSERT_EQ(cells.size(), 1U);
    EXPECT_EQ(summary(cells[0]),
              "GRU, 4 units, input 3, Tanh, gates HardSigmoid, gate order urc, reset before the product");
    EXPECT_EQ(roles(cells[0]), "kernel, recurrent kernel, bias");
}

TEST(CellRecognizer, LstmUnrolledAndItsOrderInTime) {
    Net net;
    const Output kernel = net.weight({7, 16}), bias = net.weight({16});
    LstmState state{net.placeholder({2, 4}), net.placeholder({2, 4})};
    const LstmState start = state;
    std::vector<Output> hidden;
    for (int step = 0; step < 4; ++step) {
        state = lstm_cell(net, net.placeholder({2, 3}), state, kernel, bias);
        hidden.push_back(state.h);
    }
    const auto cells = recognize_cells(net.graph);
    ASSERT_EQ(cells.size(), 1U);
    EXPECT_EQ(summary(cells[0]), "LSTM, 4 units, input 3, Tanh, gate order ijfo, forget bias 1");
    EXPECT_EQ(roles(cells[0]), "kernel, bias");
    ASSERT_EQ(cells[0].instances.size(), 4U);
    EXPECT_EQ(cells[0].instances[0].previous_h, start.h);
    EXPECT_EQ(cells[0].instances[0].previous_c, start.c);
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(cells[0].instances[i].part("h"), hidden[i]);
        EXPECT_EQ(cells[0].instances[i].previous, i == 0 ? std::nullopt : std::optional(i - 1));
    }
}

TEST(CellRecognizer, LstmWithPeepholesClipAndProjection) {
    for (const bool projects : {false, true}) {
        Net net;
        const int width = projects ? 2 : 4; // of h
        const Output start = net.weight({2, width}), cell_start = net.weight({2, 4});
        const Output kernel = net.weight({3 + width, 16}), bias = net.weight({16}), projection = net.weight({4, 2});
        const Output wi = net.weight({4}), wf = net.weight({4}), wo = net.weight({4});
        const Output x_outside = net.placeholder({2, 3});
        const Output bias_of_f = net.number(0.5F), most = net.number(3), least = net.number(-3);
        net.enter_loop(3);
        const auto h = net.loop_variable(start), c = net.loop_variable(cell_start);
        const Output x = net.enter(x_outside, true);
        const auto gates =
            net.split(net.dense(net.concat(x, h.value), net.enter(kernel, true), net.enter(bias, true)), 4);
        const auto peep = [&](Output gate, Output weight, Output state) {
            return net.add("Sigmoid", {net.sum(gate, net.mul(net.enter(weight, true), state))});
        };
        const Output f = peep(net.sum(gates[2], net.enter(bias_of_f, true)), wf, c.value);
        const Output i = peep(gates[0], wi, c.value);
        const Output sum = net.sum(net.mul(f, c.value), net.mul(i, net.add("Softsign", {gates[1]})));
        const Output next_c =
            net.add("Maximum", {net.add("Minimum", {sum, net.enter(most, true)}), net.enter(least, true)});
        const Output o = peep(gates[3], wo, next_c);
        const Output m = net.mul(o, net.add("Softsign", {next_c}));
        const Output projected = net.matmul(m, net.enter(projection, true)); // else a dense layer in the loop
        const Output next_h = projects ? projected : m;
        net.close(h, next_h);
        net.close(c, next_c);
        const auto cells = recognize_cells(net.graph);
        ASSERT_EQ(cells.size(), 1U);
        EXPECT_EQ(summary(cells[0]), std::string("LSTM, 4 units, input 3, Softsign, gate order ijfo, forget bias 0.5, "
                                                 "peepholes, ") +
                                         (projects ? "projection to 2, " : "") + "cell clip 3");
        EXPECT_EQ(roles(cells[0]), std::string("kernel, bias, peephole of i, peephole of f, peephole of o") +
                                       (projects ? ", projection kernel" : ""));
        EXPECT_EQ(cells[0].output_size, width);
        const CellInstance& instance = cells[0].instances[0];
        EXPECT_EQ(instance.part("h"), next_h);
        EXPECT_EQ(instance.part("c"), next_c);
        EXPECT_EQ(instance.part("i"), i);
        EXPECT_EQ(instance.part("f"), f);
        EXPECT_EQ(instance.part("o"), o);
        EXPECT_EQ(instance.previous_h, h.value);
        EXPECT_EQ(instance.previous_c, c.value);
    }
}

/// Keras 1.15: i, f, c, o, in one product for x and one for h.
TEST(CellRecognizer, KerasLstm) {
    Net net;
    const Output x = net.placeholder({2, 3}), h = net.placeholder({2, 4}), c = net.placeholder({2, 4});
    const Output before = net.add(
        "BiasAdd", {net.sum(net.matmul(x, net.weight({3, 16})), net.matmul(h, net.weight({4, 16}))), net.weight({16})});
    const auto gates = net.split(before, 4);
    const Output i = net.add("Sigmoid", {gates[0]}), f = net.add("Sigmoid", {gates[1]});
    const Output next_c = net.sum(net.mul(f, c), net.mul(i, net.add("Tanh", {gates[2]})));
    net.mul(net.add("Sigmoid", {gates[3]}), net.add("Tanh", {next_c}));
    const auto cells = recognize_cells(net.graph);
    ASSERT_EQ(cells.size(), 1U);
    EXPECT_EQ(summary(cells[0]), "LSTM, 4 units, input 3, Tanh, gate order ifjo");
    EXPECT_EQ(roles(cells[0]), "kernel, recurrent kernel, bias");
    EXPECT_EQ(cells[0].instances[0].inputs, std::vector<Output>{x});
    EXPECT_EQ(cells[0].instances[0].previous_h, h);
}

TEST(CellRecognizer, LayersInOneLoop) {
    Net net;
    const Output starts[] = {net.weight({2, 4}), net.weight({2, 4})};
    const testing::GruWeights weights[] = {gru_weights(net, 3, 4), gru_weights(net, 4, 4)};
    const Output x_outside = net.placeholder({2, 3});
    net.enter_loop(3);
    const Net::LoopVariable states[] = {net.loop_variable(starts[0]), net.loop_variable(starts[1])};
    Output x = net.enter(x_outside, true);
    Output first;
    for (const std::size_t layer : {0U, 1U}) {
        const testing::GruWeights& w = weights[layer];
        x = gru_cell(net, x, states[layer].value,
                     {net.enter(w.kernel, true), net.enter(w.bias, true), net.enter(w.candidate_kernel, true),
                      net.enter(w.candidate_bias, true)});
        if (layer == 0) first = x;
        net.close(states[layer], x);
    }
    const auto cells = recognize_cells(net.graph);
    ASSERT_EQ(cells.size(), 2U);
    EXPECT_EQ(cells[0].input_size, 3);
    EXPECT_EQ(cells[1].input_size, 4);
    EXPECT_EQ(cells[1].instances[0].inputs, std::vector<Output>{first});
    EXPECT_EQ(cells[1].instances[0].previous_h, states[1].value);
}

/// Every product clipped, h = o c without an activation, finished rows kept by a mask: the LSTM of tfcompile's tests.
TEST(CellRecognizer, LstmWithClipsAndAMask) {
    Net net;
    const std::vector<Output> hidden = testing::clipped_lstm(net, 3);
    const auto cells = recognize_cells(net.graph);
    ASSERT_EQ(cells.size(), 1U);
    EXPECT_EQ(summary(cells[0]),
              "LSTM, 4 units, input 3, Tanh, gate order jifo, cell clip 2, clip of products 2, output "
              "clip 2, output not activated");
    ASSERT_EQ(cells[0].instances.size(), 3U);
    for (std::size_t k = 0; k < 3; ++k) {
        EXPECT_EQ(cells[0].instances[k].part("h"), hidden[k]);
        EXPECT_EQ(cells[0].instances[k].previous, k == 0 ? std::nullopt : std::optional(k - 1));
    }
}

/// state_is_tuple=False: one loop variable for c and h, cut apart and joined again; sequence_length keeps finished
/// rows.
TEST(CellRecognizer, LstmWithOneStateForBoth) {
    Net net;
    const Output kernel = net.weight({7, 16}), bias = net.weight({16}), start = net.weight({2, 8});
    const Output x_outside = net.placeholder({2, 3}),
                 finished_outside = net.constant(Tensor::of_bools({2}, {true, false}));
    net.enter_loop(3);
    const auto state = net.loop_variable(start);
    const auto parts = net.split(state.value, 2);
    const LstmState next = lstm_cell(net, net.enter(x_outside, true), {parts[0], parts[1]}, net.enter(kernel, true),
                                     net.enter(bias, true));
    const Output joined = net.concat(next.c, next.h);
    net.close(state, net.add("Select", {net.enter(finished_outside, true), state.value, joined}));
    const auto cells = recognize_cells(net.graph);
    ASSERT_EQ(cells.size(), 1U);
    EXPECT_EQ(summary(cells[0]), "LSTM, 4 units, input 3, Tanh, gate order ijfo, forget bias 1");
    EXPECT_EQ(cells[0].instances[0].previous_c, parts[0]);
    EXPECT_EQ(cells[0].instances[0].previous_h, parts[1]);
    EXPECT_EQ(cells[0].instances[0].part("h"), next.h);
}

/// DropoutWrapper: before x, after h, and on the state that comes round.
TEST(CellRecognizer, DropoutAroundACell) {
    Net net;
    const Output mask = net.placeholder({2, 4}), keep = net.number(0.5F);
    const auto dropout = [&](Output v) { return net.mul(net.add("RealDiv", {v, keep}), mask); };
    const Output kernel = net.weight({8, 4}), bias = net.weight({4}), start = net.weight({2, 4});
    Output h = start;
    std::vector<Output> hidden;
    for (int step = 0; step < 3; ++step) {
        const Output x = dropout(net.placeholder({2, 4}));
        hidden.push_back(net.add("Tanh", {net.dense(net.concat(x, h), kernel, bias)}));
        h = dropout(hidden.back());
        net.identity(dropout(h)); // the output, which is not fed back
    }
    const auto cells = recognize_cells(net.graph);
    ASSERT_EQ(cells.size(), 1U);
    ASSERT_EQ(cells[0].instances.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(cells[0].instances[i].part("h"), hidden[i]);
        EXPECT_EQ(cells[0].instances[i].previous, i == 0 ? std::nullopt : std::optional(i - 1));
    }
}

/// CudnnCompatibleGRUCell (contrib): x and h have candidate products of their own, r multiplies the one of h.
TEST(CellRecognizer, CudnnCompatibleGru) {
    Net net;
    const Output x = net.placeholder({2, 3}), h = net.placeholder({2, 4});
    const auto gates =
        net.split(net.add("Sigmoid", {net.dense(net.concat(x, h), net.weight({7, 8}), net.weight({8}))}), 2);
    const Output of_h = net.dense(h, net.weight({4, 4}), net.weight({4}));
    const Output of_x = net.dense(x, net.weight({3, 4}), net.weight({4}));
    const Output c = net.add("Tanh", {net.sum(of_x, net.mul(gates[0], of_h))});
    net.sum(net.mul(net.add("Sub", {net.number(1), gates[1]}), c), net.mul(gates[1], h));
    const auto cells = recognize_cells(net.graph);
    ASSERT_EQ(cells.size(), 1U);
    EXPECT_EQ(summary(cells[0]), "GRU, 4 units, input 3, Tanh, gate order ru, reset after the product");
    EXPECT_EQ(roles(cells[0]),
              "gates kernel, gates bias, candidate kernel, candidate bias, candidate recurrent kernel, "
              "candidate recurrent bias");
}

TEST(CellRecognizer, BasicRnn) {
    {
        Net net; // unrolled, the order of the operands turned round
        const Output kernel = net.weight({7, 4}), bias = net.weight({4});
        Output h = net.weight({2, 4});
        for (int step = 0; step < 3; ++step)
            h = net.add("Tanh", {net.dense(net.concat(h, net.placeholder({2, 3})), kernel, bias)});
        EXPECT_EQ(summaries(net.graph), Texts{"BasicRNN, 4 units, input 3, Tanh (3)"});
    }
    Net net; // in a loop
    const Output start = net.weight({2, 4}), kernel = net.weight({7, 4}), bias = net.weight({4});
    const Output x_outside = net.placeholder({2, 3});
    net.enter_loop(3);
    const auto state = net.loop_variable(start);
    const Output x = net.enter(x_outside, true);
    const Output h =
        net.add("Relu", {net.dense(net.concat(x, state.value), net.enter(kernel, true), net.enter(bias, true))});
    net.close(state, h);
    const auto cells = recognize_cells(net.graph);
    ASSERT_EQ(cells.size(), 1U);
    EXPECT_EQ(summary(cells[0]), "BasicRNN, 4 units, input 3, Relu");
    EXPECT_EQ(cells[0].instances[0].previous_h, state.value);
    EXPECT_EQ(cells[0].instances[0].inputs, std::vector<Output>{x});
    EXPECT_EQ(cells[0].instances[0].frame, "loop");
}

TEST(CellRecognizer, WhatIsNoCell) {
    Net net;
    const Output x = net.placeholder({2, 4}), y = net.placeholder({2, 4});
    // Dense layers, one after the other, of joined inputs, and twice with the same weights.
    Output dense = net.add("Tanh", {net.dense(x, net.weight({4, 4}), net.weight({4}))});
    dense = net.add("Relu", {net.dense(net.concat(dense, y), net.weight({8, 4}), net.weight({4}))});
    const Output shared = net.weight({8, 4}), bias = net.weight({4});
    net.add("Tanh", {net.dense(net.concat(x, y), shared, bias)});
    net.add("Tanh", {net.dense(net.concat(y, x), shared, bias)});
    // A highway layer: t H(x) + (1-t) x.
    const Output t = net.add("Sigmoid", {net.dense(x, net.weight({4, 4}), net.weight({4}))});
    net.sum(net.mul(t, dense), net.mul(net.add("Sub", {net.number(1), t}), x));
    // A moving average.
    const Output decay = net.number(0.9F);
    net.sum(net.mul(decay, x), net.mul(net.add("Sub", {net.number(1), decay}), y));
    // SRU: the candidate is linear, nothing resets the state.
    const auto parts = net.split(net.matmul(x, net.weight({4, 16})), 4);
    const auto gates =
        net.split(net.add("Sigmoid", {net.add("BiasAdd", {net.concat(parts[1], parts[2]), net.weight({8})})}), 2);
    const Output c = net.sum(net.mul(gates[0], y), net.mul(net.add("Sub", {net.number(1), gates[0]}), parts[0]));
    net.sum(net.mul(gates[1], net.add("Tanh", {c})), net.mul(net.add("Sub", {net.number(1), gates[1]}), parts[3]));
    // A gated sum that is never read as an LSTM reads c.
    const auto four = net.split(net.dense(net.concat(x, y), net.weight({8, 16}), net.weight({16})), 4);
    net.sum(net.mul(net.add("Sigmoid", {four[2]}), y),
            net.mul(net.add("Sigmoid", {four[0]}), net.add("Tanh", {four[1]})));
    EXPECT_EQ(summaries(net.graph), Texts{});
    EXPECT_EQ(summaries(Graph{}), Texts{});
}

TEST(CellRecognizer, ExchangingOneOpMakesItNoCell) {
    // Every node of a cell matters: with another op in its place nothing may be recognized as the same cell.
    Net net;
    const auto weights = gru_weights(net, 3, 4);
    const std::size_t first = net.graph.size() + 2;
    const Output x = net.placeholder({2, 3}), h = net.placeholder({2, 4});
    gru_cell(net, x, h, weights);
    int exchanged = 0;
    for (std::size_t i = first; i < net.graph.size(); ++i) {
        Graph copy;
        for (const Node& node : net.graph.nodes()) {
            Node changed = node;
            if (node.id == NodeId(i)) changed.op = "Unknown";
            copy.append(std::move(changed));
        }
        if (net.graph.node(NodeId(i)).op == "Const" && net.graph.node(NodeId(i)).outputs[0].dtype != DType::float32)
            continue; // axes are not looked at
        EXPECT_EQ(summaries(copy), Texts{}) << net.graph.node(NodeId(i)).op;
        ++exchanged;
    }
    EXPECT_GE(exchanged, 15);
}

/// The same recurrence for a long time is looked at once per step, not once per pair of steps.
TEST(CellRecognizer, LongUnrollsAreGroupedInOrder) {
    Net net;
    const Output kernel = net.weight({7, 16}), bias = net.weight({16}), x = net.placeholder({2, 3});
    LstmState state{net.placeholder({2, 4}), net.placeholder({2, 4})};
    for (int step = 0; step < 300; ++step) state = lstm_cell(net, x, state, kernel, bias);
    const auto cells = recognize_cells(net.graph);
    ASSERT_EQ(cells.size(), 1U);
    ASSERT_EQ(cells[0].instances.size(), 300U);
    for (std::size_t i = 1; i < 300; ++i) ASSERT_EQ(cells[0].instances[i].previous, std::optional(i - 1));
}

TEST(CellRecognizer, Text) {
    Net net;
    const Output kernel = net.weight({7, 4}), bias = net.weight({4});
    Output h = net.weight({2, 4});
    for (int step = 0; step < 4; ++step)
        h = net.add("Tanh", {net.dense(net.concat(net.placeholder({2, 3}), h), kernel, bias)});
    EXPECT_EQ(to_text(recognize_cells(net.graph), net.graph), R"((no scope)
  BasicRNN, 4 units, input 3, Tanh
    kernel               n0 [7,4]
    bias                 n1 [4]
    instance 0
      x          n3:0
      h before   n2:0
      h          n8:0
    instance 1
      x          n9:0
      h before   n8:0
      h          n14:0
    instance 2
      x          n15:0
      h before   n14:0
      h          n20:0
    and 1 more instances
)");
}

} // namespace
} // namespace rnnscope
