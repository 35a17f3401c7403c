#pragma once

#include "core/graph/graph.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

/// Graphs of any size for layout and canvas: the same graph for the same size, everywhere.
namespace rnnscope::view::test {

/// Appends ops; a name that is taken gets a number, as TensorFlow does it.
class GraphWriter {
  public:
    NodeId add(std::string_view scope, std::string_view leaf, std::string_view op, const std::vector<NodeId>& inputs) {
        Node node;
        const std::string base = scope.empty() ? std::string(leaf) : fmt::format("{}/{}", scope, leaf);
        node.name = base;
        for (int i = 1; graph_->find(node.name).valid(); ++i) node.name = fmt::format("{}_{}", base, i);
        node.op = op;
        for (const NodeId input : inputs) node.inputs.push_back({input, 0});
        node.outputs.push_back({DType::float32, false, Shape({2, 128})});
        const NodeId id = graph_->append(std::move(node));
        if (op == "VariableV2") {
            Variable variable;
            variable.name = graph_->node(id).name;
            variable.op = id;
            graph_->add_variable(std::move(variable));
        }
        return id;
    }
    Graph& graph() { return *graph_; }
    std::unique_ptr<Graph> done() { return std::move(graph_); }

  private:
    std::unique_ptr<Graph> graph_ = std::make_unique<Graph>();
};

/// An unrolled GRU network with its gradients and updates, and a decoder loop: about `ops` ops in scopes four to six
/// deep, weights that every step reads, and two ways back.
class RnnGraph {
  public:
    explicit RnnGraph(int ops) {
        layers_ = ops < 400 ? 1 : ops < 4000 ? 2 : ops < 40000 ? 4 : 8;
        steps_ = std::max(1, (ops - 40 - 30 * layers_) / (26 * layers_));
        forward();
        decoder();
        backward();
    }
    std::unique_ptr<Graph> done() { return w_.done(); }

  private:
    struct Weights {
        std::vector<NodeId> variables, reads; ///< gates kernel and bias, candidate kernel and bias
    };
    struct Cell {
        NodeId concat, sigmoid, split, candidate_concat, tanh, h;
    };

    Cell cell(const std::string& scope, NodeId x, NodeId h, const Weights& w) {
        const std::string gates = scope + "/gates", candidate = scope + "/candidate";
        Cell c;
        c.concat = w_.add(scope, "concat", "ConcatV2", {x, h});
        const NodeId gemm = w_.add(gates, "MatMul", "MatMul", {c.concat, w.reads[0]});
        const NodeId sum = w_.add(gates, "BiasAdd", "BiasAdd", {gemm, w.reads[1]});
        c.sigmoid = w_.add(gates, "Sigmoid", "Sigmoid", {sum});
        c.split = w_.add(gates, "split", "Split", {c.sigmoid});
        const NodeId reset = w_.add(scope, "mul", "Mul", {c.split, h});
        c.candidate_concat = w_.add(candidate, "concat", "ConcatV2", {x, reset});
        const NodeId gemm_1 = w_.add(candidate, "MatMul", "MatMul", {c.candidate_concat, w.reads[2]});
        const NodeId sum_1 = w_.add(candidate, "BiasAdd", "BiasAdd", {gemm_1, w.reads[3]});
        c.tanh = w_.add(candidate, "Tanh", "Tanh", {sum_1});
        const NodeId old = w_.add(scope, "mul_1", "Mul", {c.split, h});
        const NodeId rest = w_.add(scope, "sub", "Sub", {c.split});
        const NodeId fresh = w_.add(scope, "mul_2", "Mul", {rest, c.tanh});
        c.h = w_.add(scope, "add", "AddV2", {old, fresh});
        return c;
    }

    void forward() {
        const NodeId x = w_.add("input", "Placeholder", "Placeholder", {});
        const NodeId table = w_.add("embedding", "weights", "VariableV2", {});
        const NodeId read = w_.add("embedding", "read", "Identity", {table});
        const NodeId rows = w_.add("embedding", "GatherV2", "GatherV2", {read, x});
        const NodeId unstacked = w_.add("rnn", "unstack", "Unpack", {rows});
        std::vector<NodeId> xs;
        for (int t = 0; t < steps_; ++t) xs.push_back(w_.add("rnn", "strided_slice", "StridedSlice", {unstacked}));
        for (int l = 0; l < layers_; ++l) {
            const std::string scope = fmt::format("rnn/layer_{}", l);
            Weights weights;
            for (const char* name : {"gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias"}) {
                weights.variables.push_back(
                    w_.add(fmt::format("{}/vars/{}", scope, name), "Variable", "VariableV2", {}));
                weights.reads.push_back(
                    w_.add(fmt::format("{}/vars/{}", scope, name), "read", "Identity", {weights.variables.back()}));
            }
            NodeId h = w_.add(scope, "zero_state", "Fill", {});
            std::vector<Cell> cells;
            for (int t = 0; t < steps_; ++t) {
                cells.push_back(
                    cell(fmt::format("{}/cell_{}/gru_cell", scope, t), xs[static_cast<std::size_t>(t)], h, weights));
                h = cells.back().h;
            }
            for (int t = 0; t < steps_; ++t) xs[static_cast<std::size_t>(t)] = cells[static_cast<std::size_t>(t)].h;
            weights_.push_back(std::move(weights));
            cells_.push_back(std::move(cells));
        }
        outputs_ = {xs.end() - std::min<std::ptrdiff_t>(8, std::ssize(xs)), xs.end()};
    }

    void decoder() {
        const std::string scope = "decoder/while";
        const NodeId counter = w_.add(scope, "iteration_counter", "Const", {});
        const NodeId maximum = w_.add(scope, "maximum_iterations", "Const", {});
        const std::vector<NodeId> enter{w_.add(scope, "Enter", "Enter", {counter}),
                                        w_.add(scope, "Enter", "Enter", {outputs_.back()})};
        const NodeId most = w_.add(scope + "/Less", "Enter", "Enter", {maximum});
        std::vector<NodeId> merge, state;
        for (const NodeId e : enter) merge.push_back(w_.add(scope, "Merge", "Merge", {e, e}));
        const NodeId less = w_.add(scope, "Less", "Less", {merge[0], most});
        const NodeId condition = w_.add(scope, "LoopCond", "LoopCond", {less});
        NodeId last;
        for (const NodeId m : merge) {
            last = w_.add(scope, "Switch", "Switch", {m, condition});
            state.push_back(w_.add(scope, "Identity", "Identity", {last}));
        }
        const NodeId one = w_.add(scope + "/add", "y", "Const", {});
        const NodeId sum = w_.add(scope, "add", "AddV2", {state[0], one});
        const NodeId h = cell(scope + "/gru_cell", state[1], state[1], weights_[0]).h;
        w_.graph().set_input(merge[0], 1, {w_.add(scope, "NextIteration", "NextIteration", {sum}), 0});
        w_.graph().set_input(merge[1], 1, {w_.add(scope, "NextIteration", "NextIteration", {h}), 0});
        w_.add(scope, "Exit", "Exit", {last});
    }

    void backward() {
        const NodeId stack = w_.add("rnn", "stack", "Pack", outputs_);
        const NodeId weights = w_.add("logits", "weights", "VariableV2", {});
        const NodeId logits = w_.add("logits", "MatMul", "MatMul", {stack, weights});
        const NodeId entropy = w_.add("loss", "xent", "SparseSoftmaxCrossEntropyWithLogits", {logits});
        const NodeId loss = w_.add("loss", "Mean", "Mean", {entropy});
        NodeId dh = w_.add("gradients", "Fill", "Fill", {loss});
        for (int l = layers_ - 1; l >= 0; --l) {
            std::vector<std::vector<NodeId>> parts(4);
            for (int t = steps_ - 1; t >= 0; --t) dh = gradient(l, t, dh, parts);
            for (std::size_t k = 0; k < 4; ++k) update(l, k, parts[k]);
        }
    }

    NodeId gradient(int l, int t, NodeId dh, std::vector<std::vector<NodeId>>& parts) {
        const Cell& c = cells_[static_cast<std::size_t>(l)][static_cast<std::size_t>(t)];
        const Weights& w = weights_[static_cast<std::size_t>(l)];
        const std::string scope = fmt::format("gradients/rnn/layer_{}/cell_{}/gru_cell", l, t);
        const NodeId sum = w_.add(scope + "/add_grad", "Identity", "Identity", {dh});
        const NodeId product = w_.add(scope + "/mul_2_grad", "Mul", "Mul", {sum, c.tanh});
        const NodeId tanh = w_.add(scope + "/candidate/Tanh_grad", "TanhGrad", "TanhGrad", {product, c.tanh});
        parts[3].push_back(w_.add(scope + "/candidate/BiasAdd_grad", "Sum", "Sum", {tanh}));
        const NodeId back = w_.add(scope + "/candidate/MatMul_grad", "MatMul", "MatMul", {tanh, w.reads[2]});
        parts[2].push_back(w_.add(scope + "/candidate/MatMul_grad", "MatMul_1", "MatMul", {c.candidate_concat, tanh}));
        const NodeId reset = w_.add(scope + "/mul_grad", "Mul", "Mul", {back, c.split});
        const NodeId gates = w_.add(scope + "/gates/Sigmoid_grad", "SigmoidGrad", "SigmoidGrad", {reset, c.sigmoid});
        parts[1].push_back(w_.add(scope + "/gates/BiasAdd_grad", "Sum", "Sum", {gates}));
        const NodeId input = w_.add(scope + "/gates/MatMul_grad", "MatMul", "MatMul", {gates, w.reads[0]});
        parts[0].push_back(w_.add(scope + "/gates/MatMul_grad", "MatMul_1", "MatMul", {c.concat, gates}));
        return w_.add(scope, "AddN", "AddN", {input, reset});
    }

    /// Sums of at most eight, and Adam.
    void update(int l, std::size_t k, std::vector<NodeId> parts) {
        static constexpr const char* names[] = {"gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias"};
        while (parts.size() > 1) {
            std::vector<NodeId> sums;
            for (std::size_t i = 0; i < parts.size(); i += 8)
                sums.push_back(w_.add(fmt::format("gradients/AddN_{}_{}", l, k), "AddN", "AddN",
                                      {parts.begin() + static_cast<std::ptrdiff_t>(i),
                                       parts.begin() + static_cast<std::ptrdiff_t>(std::min(i + 8, parts.size()))}));
            parts = std::move(sums);
        }
        const std::string scope = fmt::format("Adam/update_layer_{}/{}", l, names[k]);
        const NodeId m = w_.add(scope, "m", "VariableV2", {});
        w_.add(scope, "ApplyAdam", "ApplyAdam", {parts[0], m, weights_[static_cast<std::size_t>(l)].variables[k]});
    }

    GraphWriter w_;
    int layers_ = 1, steps_ = 1;
    std::vector<Weights> weights_;
    std::vector<std::vector<Cell>> cells_;
    std::vector<NodeId> outputs_;
};

inline std::unique_ptr<Graph> rnn_graph(int ops) {
    return RnnGraph(ops).done();
}

/// A random acyclic graph with mostly near edges, in scopes of twelve ops or scopes: hard to draw without crossings.
inline std::unique_ptr<Graph> wide_graph(int ops) {
    std::mt19937 engine(7); // own arithmetic instead of distributions: those differ between standard libraries
    const auto below = [&](int n) { return static_cast<int>(engine() % static_cast<std::uint32_t>(n)); };
    static constexpr const char* types[] = {"MatMul", "AddV2",    "Mul",      "Sigmoid", "Tanh",
                                            "Split",  "ConcatV2", "Identity", "Relu",    "Reshape"};
    GraphWriter writer;
    for (int i = 0; i < ops; ++i) {
        const int a = i / 12, b = a / 12, c = b / 12;
        std::string scope = ops > 1728 ? fmt::format("block_{}/", c) : "";
        if (ops > 144) scope += fmt::format("layer_{}/", ops > 1728 ? b % 12 : b);
        scope += fmt::format("cell_{}", ops > 144 ? a % 12 : a);
        std::vector<NodeId> inputs;
        for (int k = below(100) < 55 ? 1 : 2; k > 0 && i > 0; --k) {
            int back = 1; // geometric, 12 in the mean
            while (below(12) != 0) ++back;
            const NodeId from(static_cast<std::size_t>(below(100) < 93 ? std::max(0, i - back) : below(i)));
            if (inputs.empty() || inputs[0] != from) inputs.push_back(from);
        }
        const char* op = types[below(10)];
        writer.add(scope, fmt::format("{}_{}", op, i), op, inputs);
    }
    return writer.done();
}

} // namespace rnnscope::view::test
