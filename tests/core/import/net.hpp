#pragma once

#include "core/graph/graph.hpp"
#include "core/ops/op_def.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

namespace rnnscope::testing {

/// Builds graphs whose names say nothing: n0, n1, ... Shapes are checked by add_node.
class Net {
  public:
    Graph graph;

    Output add(std::string op, std::vector<Output> inputs, AttrMap attrs = {}) {
        std::vector<NodeId> controls;
        if (op == "Const" && pivot_.valid()) controls.push_back(pivot_);
        auto node = ops::add_node(graph, {"n" + std::to_string(graph.size()),
                                          std::move(op),
                                          std::move(inputs),
                                          std::move(controls),
                                          std::move(attrs),
                                          "",
                                          {}});
        EXPECT_TRUE(node.ok()) << (node.ok() ? "" : node.error().message);
        return node.ok() ? Output{*node, 0} : Output{NodeId(0), 0};
    }
    Output constant(Tensor value) { return add("Const", {}, {{"dtype", value.dtype()}, {"value", value}}); }
    Output number(float value) { return constant(Tensor::scalar(value)); }
    Output integer(std::int32_t value) { return constant(Tensor::scalar(value)); }
    Output integers(std::vector<std::int32_t> values) {
        const Shape shape{static_cast<std::int64_t>(values.size())};
        return constant(Tensor::of<std::int32_t>(shape, std::move(values)));
    }
    /// Values that are all different and small.
    Output weight(std::vector<std::int64_t> dims) {
        const Shape shape(std::move(dims));
        std::vector<float> values(static_cast<std::size_t>(shape.elements()));
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<float>((i * 37 + graph.size() * 11) % 41) / 41.0F - 0.45F;
        return constant(Tensor::of<float>(shape, std::move(values)));
    }
    Output placeholder(Shape shape) {
        return add("Placeholder", {}, {{"dtype", DType::float32}, {"shape", std::move(shape)}});
    }
    Output identity(Output x) { return add("Identity", {x}); }
    Output matmul(Output x, Output w) { return add("MatMul", {x, w}); }
    Output mul(Output a, Output b) { return add("Mul", {a, b}); }
    Output sum(Output a, Output b) { return add("Add", {a, b}); }
    Output concat(Output a, Output b) { return add("ConcatV2", {a, b, integer(1)}); }
    Output dense(Output x, Output w, Output b) { return add("BiasAdd", {matmul(x, w), b}); }
    std::vector<Output> split(Output x, int parts) {
        const Output first = add("Split", {integer(1), x}, {{"num_split", std::int64_t{parts}}});
        std::vector<Output> result;
        for (int i = 0; i < parts; ++i) result.push_back({first.node, i});
        return result;
    }
    /// Columns [from, to) of a matrix, as x[:, from:to] makes them.
    Output columns(Output x, int from, int to) {
        return add("StridedSlice", {x, integers({0, from}), integers({0, to}), integers({1, 1})},
                   {{"begin_mask", std::int64_t{1}}, {"end_mask", std::int64_t{1}}});
    }

    /// A loop variable: where it comes round, and what the body reads.
    struct LoopVariable {
        Output merge, value;
    };
    /// Begins a loop over `limit` steps; until leave_loop, constants are made inside of it.
    void enter_loop(int limit) {
        const Output start = enter(integer(0), false), most = enter(integer(limit), true),
                     one = enter(integer(1), true);
        const Output counter = add("Merge", {start, start});
        condition_ = add("LoopCond", {add("Less", {counter, most})});
        const Output body = identity({add("Switch", {counter, condition_}).node, 1});
        graph.set_input(counter.node, 1, add("NextIteration", {sum(body, one)}));
        pivot_ = body.node;
    }
    void leave_loop() { pivot_ = {}; }
    Output enter(Output x, bool is_constant) {
        return add("Enter", {x}, {{"frame_name", "loop"}, {"is_constant", is_constant}});
    }
    LoopVariable loop_variable(Output start) {
        const Output entered = enter(start, false);
        const Output merge = add("Merge", {entered, entered});
        const Output switched{add("Switch", {merge, condition_}).node, 1};
        return {merge, identity(switched)};
    }
    /// Gives the variable its next value; returns its last one.
    Output close(const LoopVariable& variable, Output next) {
        graph.set_input(variable.merge.node, 1, add("NextIteration", {next}));
        const Node& merge = graph.node(variable.merge.node);
        for (const NodeId user : graph.consumers(merge.id))
            if (graph.node(user).op == "Switch") return add("Exit", {{user, 0}});
        return {};
    }

  private:
    Output condition_;
    NodeId pivot_; ///< in a loop: what its constants wait for
};

/// The weights of GRUCell for `in` inputs and `units` units.
struct GruWeights {
    Output kernel, bias, candidate_kernel, candidate_bias;
};
inline GruWeights gru_weights(Net& net, int in, int units) {
    return {net.weight({in + units, 2 * units}), net.weight({2 * units}), net.weight({in + units, units}),
            net.weight({units})};
}
/// GRUCell of TensorFlow 1.15, without names.
inline Output gru_cell(Net& net, Output x, Output h, const GruWeights& w) {
    const auto gates = net.split(net.add("Sigmoid", {net.dense(net.concat(x, h), w.kernel, w.bias)}), 2);
    const Output c =
        net.add("Tanh", {net.dense(net.concat(x, net.mul(gates[0], h)), w.candidate_kernel, w.candidate_bias)});
    const Output kept = net.mul(gates[1], h);
    const Output complement = net.add("Sub", {net.number(1), gates[1]});
    return net.add("AddV2", {kept, net.mul(complement, c)});
}

struct LstmState {
    Output c, h;
};
/// BasicLSTMCell of TensorFlow 1.15, without names.
inline LstmState lstm_cell(Net& net, Output x, const LstmState& state, Output kernel, Output bias) {
    const auto gates = net.split(net.dense(net.concat(x, state.h), kernel, bias), 4);
    const Output f = net.add("Sigmoid", {net.sum(gates[2], net.number(1))});
    const Output kept = net.mul(state.c, f);
    const Output i = net.add("Sigmoid", {gates[0]});
    const Output c = net.sum(kept, net.mul(i, net.add("Tanh", {gates[1]})));
    const Output activated = net.add("Tanh", {c});
    return {c, net.mul(activated, net.add("Sigmoid", {gates[3]}))};
}

/// The LSTM of tfcompile's tests: every product clipped, no activation of c, finished rows kept by a mask. Returns the
/// h of every step, as the cell has it.
inline std::vector<Output> clipped_lstm(Net& net, int steps) {
    const Output kernel = net.weight({7, 16}), mask = net.placeholder({2, 1});
    const auto clip = [&](Output v) {
        return net.add("Maximum", {net.add("Minimum", {v, net.number(2)}), net.number(-2)});
    };
    const auto keep = [&](Output before, Output after) {
        return net.sum(net.mul(before, mask), net.mul(after, net.add("Sub", {net.number(1), mask})));
    };
    LstmState state{net.weight({2, 4}), net.weight({2, 4})};
    std::vector<Output> hidden;
    for (int step = 0; step < steps; ++step) {
        const auto gates = net.split(net.matmul(net.concat(net.placeholder({2, 3}), state.h), kernel), 4);
        const Output j = net.add("Tanh", {gates[0]}), i = net.add("Sigmoid", {gates[1]});
        const Output f = net.add("Sigmoid", {gates[2]}), o = net.add("Sigmoid", {gates[3]});
        const Output c = clip(net.sum(clip(net.mul(f, state.c)), clip(net.mul(i, j))));
        hidden.push_back(clip(net.mul(o, c)));
        state = {keep(state.c, c), keep(state.h, hidden.back())};
    }
    return hidden;
}

} // namespace rnnscope::testing
