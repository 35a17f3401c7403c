// A recognized cell is right when what it says is enough to compute the cell: from x, the states before, the weights by
// their roles, and the variant alone. Every instance is computed so, in every iteration, and compared with what the
// graph computes.

#include "core/import/cell_recognizer.hpp"
#include "core/import/graph_file.hpp"
#include "core/import/graphdef_importer.hpp"
#include "core/runtime/session.hpp"
#include "tests/core/import/net.hpp"
#include "tests/core/runtime/matrix.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

namespace rnnscope {
namespace {

/// Keeps what the wanted tensors are, by frame and iteration.
class Keeper : public runtime::RunObserver {
  public:
    using Moment = std::pair<std::uint32_t, std::int64_t>;
    Keeper(std::set<NodeId> wanted, const std::vector<runtime::RunRequest::Feed>& feeds) : wanted_(std::move(wanted)) {
        for (const auto& feed : feeds) values_[feed.output][{0, 0}] = feed.value;
    }
    void on_event(const runtime::Event& event) override {
        if (event.kind != runtime::VisitKind::node || event.dead || !wanted_.contains(event.node)) return;
        for (std::size_t i = 0; i < event.outputs.size(); ++i)
            if (const auto* tensor = std::get_if<Tensor>(&event.outputs[i]))
                values_[{event.node, static_cast<int>(i)}][{event.frame, event.iteration}] = *tensor;
    }
    const std::map<Moment, Tensor>& all(Output output) { return values_[output]; }
    /// The value at a moment; that of the root for tensors from outside of the loop.
    Matrix at(Output output, Moment moment) {
        const auto& values = values_[output];
        auto found = values.find(moment);
        if (found == values.end()) found = values.find({0, 0});
        EXPECT_NE(found, values.end());
        return found == values.end() ? Matrix() : matrix(found->second);
    }

  private:
    std::set<NodeId> wanted_;
    std::map<Output, std::map<Moment, Tensor>> values_;
};

class Checker {
  public:
    Checker(const RecognizedCell& cell, const CellInstance& instance, Keeper& keeper, Keeper::Moment moment)
        : cell_(cell), instance_(instance), keeper_(keeper), moment_(moment) {}

    void check() {
        for (const Output& x : instance_.inputs) x_ = joined(x_, value(x));
        h_ = value(instance_.previous_h);
        if (cell_.variant.kind == CellKind::gru) check_gru();
        if (cell_.variant.kind == CellKind::lstm) check_lstm();
        if (cell_.variant.kind == CellKind::basic_rnn)
            expect("h",
                   applied(plus(product(joined(x_, h_), weight("kernel")), weight("bias")), cell_.variant.activation));
    }

  private:
    Matrix value(Output output) { return keeper_.at(output, moment_); }
    Matrix weight(const std::string& role) {
        for (const CellWeight& weight : cell_.weights)
            if (weight.role == role) return keeper_.at(weight.source, {0, 0});
        ADD_FAILURE() << "no weight \"" << role << '"';
        return {};
    }
    /// Some cells have none.
    Matrix bias() {
        const bool has_one = std::ranges::find(cell_.weights, "bias", &CellWeight::role) != cell_.weights.end();
        return has_one ? weight("bias") : Matrix(1, 1);
    }
    void expect(const std::string& part, const Matrix& expected) {
        const Matrix actual = value(instance_.part(part));
        ASSERT_EQ(actual.values.size(), expected.values.size()) << part;
        for (std::size_t i = 0; i < actual.values.size(); ++i)
            ASSERT_NEAR(actual.values[i], expected.values[i], 2e-6) << part << ", element " << i;
    }
    /// The columns of a gate in what the shared kernel gives.
    Matrix gate(const Matrix& all, char letter) {
        const std::size_t place = cell_.variant.gate_order.find(letter);
        EXPECT_NE(place, std::string::npos);
        const auto units = static_cast<std::size_t>(cell_.units);
        return columns(all, place * units, units);
    }

    void check_gru() {
        const std::string& act = cell_.variant.activation;
        const Matrix gates = plus(product(joined(x_, h_), weight("gates kernel")), weight("gates bias"));
        const Matrix r = applied(gate(gates, 'r'), "Sigmoid"), u = applied(gate(gates, 'u'), "Sigmoid");
        ASSERT_FALSE(cell_.variant.reset_after);
        const Matrix c =
            applied(plus(product(joined(x_, times(r, h_)), weight("candidate kernel")), weight("candidate bias")), act);
        expect("r", r);
        expect("u", u);
        expect("c", c);
        const Matrix rest = each(u, c, [](double weight_of_old, double fresh) { return (1 - weight_of_old) * fresh; });
        expect("h", plus(times(u, h_), rest));
    }

    void check_lstm() {
        const CellVariant& variant = cell_.variant;
        const Matrix before = value(instance_.previous_c);
        const Matrix all = plus(product(joined(x_, h_), weight("kernel")), bias());
        const auto sigmoid = [&](char letter, const Matrix& state, double bias) {
            Matrix z = gate(all, letter);
            if (variant.peepholes) z = plus(z, times(state, weight(std::string("peephole of ") + letter)));
            for (double& x : z.values) x += bias;
            return applied(z, "Sigmoid");
        };
        const Matrix i = sigmoid('i', before, 0), f = sigmoid('f', before, variant.forget_bias.value_or(0));
        const Matrix j = applied(gate(all, 'j'), variant.activation);
        const auto clipped = [](Matrix a, std::optional<double> limit) {
            if (limit)
                for (double& x : a.values) x = std::clamp(x, -*limit, *limit);
            return a;
        };
        Matrix c = plus(clipped(times(f, before), variant.product_clip), clipped(times(i, j), variant.product_clip));
        c = clipped(c, variant.cell_clip);
        const Matrix o = sigmoid('o', c, 0);
        Matrix h = times(variant.activates_output ? applied(c, variant.activation) : c, o);
        if (variant.projection) h = product(h, weight("projection kernel"));
        h = clipped(h, variant.output_clip);
        expect("i", i);
        expect("f", f);
        expect("j", j);
        expect("o", o);
        expect("c", c);
        expect("h", h);
    }

    const RecognizedCell& cell_;
    const CellInstance& instance_;
    Keeper& keeper_;
    Keeper::Moment moment_;
    Matrix x_, h_;
};

/// Placeholders get numbers that differ, unknown dimensions are 2.
std::vector<runtime::RunRequest::Feed> feeds_of(const Graph& graph) {
    std::vector<runtime::RunRequest::Feed> feeds;
    for (const Node& node : graph.nodes()) {
        if (node.op != "Placeholder") continue;
        std::vector<std::int64_t> dims;
        for (const std::int64_t dim : node.outputs[0].shape.dims()) dims.push_back(dim < 0 ? 2 : dim);
        const Shape shape(dims);
        std::vector<double> values(static_cast<std::size_t>(shape.elements()));
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i * 29 % 17) / 8.0 - 1.0;
        feeds.push_back({{node.id, 0},
                         node.outputs[0].dtype == DType::float64
                             ? Tensor::of<double>(shape, values)
                             : Tensor::of<float>(shape, std::vector<float>(values.begin(), values.end()))});
    }
    return feeds;
}

/// Runs everything and checks every instance; returns how many cells were computed, iterations counted each.
int check_graph(const Graph& graph) {
    const std::vector<RecognizedCell> cells = recognize_cells(graph);
    std::set<NodeId> wanted;
    for (const RecognizedCell& cell : cells) {
        for (const CellWeight& weight : cell.weights) wanted.insert(weight.source.node);
        for (const CellInstance& instance : cell.instances) {
            for (const CellPart& part : instance.parts) wanted.insert(part.output.node);
            for (const Output& x : instance.inputs) wanted.insert(x.node);
            wanted.insert(instance.previous_h.node);
            if (instance.previous_c.valid()) wanted.insert(instance.previous_c.node);
        }
    }
    runtime::RunRequest request;
    const auto feeds = feeds_of(graph);
    request.feeds = feeds;
    for (const Node& node : graph.nodes())
        if (graph.consumers(node.id).empty() && node.op != "Placeholder") request.targets.push_back(node.id);
    runtime::Session session(graph);
    auto run = session.start(std::move(request));
    EXPECT_TRUE(run.ok()) << (run.ok() ? "" : run.error().message);
    if (!run.ok()) return 0;
    Keeper keeper(std::move(wanted), feeds);
    (*run)->finish(keeper);
    if ((*run)->error()) ADD_FAILURE() << (*run)->error()->message;
    int checked = 0;
    for (const RecognizedCell& cell : cells)
        for (const CellInstance& instance : cell.instances)
            for (const auto& [moment, value] : keeper.all(instance.part("h"))) {
                if (value.shape().rank() != 2) continue; // BlockLSTM: a whole sequence
                Checker(cell, instance, keeper, moment).check();
                ++checked;
            }
    return checked;
}

TEST(RecognizedCells, ComputeTheGruOfTheGraph) {
    testing::Net net;
    const auto weights = testing::gru_weights(net, 3, 4);
    const Output x_outside = net.placeholder({2, 3}), start = net.weight({2, 4});
    Output h = start;
    for (int step = 0; step < 2; ++step) h = testing::gru_cell(net, x_outside, h, weights);
    net.enter_loop(5);
    const auto state = net.loop_variable(h);
    net.close(state,
              testing::gru_cell(net, net.enter(x_outside, true), state.value,
                                {net.enter(weights.kernel, true), net.enter(weights.bias, true),
                                 net.enter(weights.candidate_kernel, true), net.enter(weights.candidate_bias, true)}));
    EXPECT_EQ(check_graph(net.graph), 7);
}

TEST(RecognizedCells, ComputeTheLstmOfTheGraph) {
    testing::Net net;
    const Output kernel = net.weight({7, 16}), bias = net.weight({16});
    testing::LstmState state{net.weight({2, 4}), net.weight({2, 4})};
    for (int step = 0; step < 4; ++step) state = testing::lstm_cell(net, net.placeholder({2, 3}), state, kernel, bias);
    EXPECT_EQ(check_graph(net.graph), 4);
}

TEST(RecognizedCells, ComputeAClippedLstm) {
    testing::Net net;
    testing::clipped_lstm(net, 3);
    EXPECT_EQ(check_graph(net.graph), 3);
}

TEST(RecognizedCells, ComputeTheCellsOfRealGraphs) {
    const std::filesystem::path folder = std::filesystem::path(RNNSCOPE_SHARED_DIR) / "data/golden/dl4j-tf-golden";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the real graphs are not here: " << folder;
    int graphs = 0, checked = 0;
    for (const char* kind : {"grucell", "grublockcellv2", "basicrnncell", "basiclstmcell", "lstmcell", "lstmblockcell",
                             "bidir_basic", "bstack", "fused_adapt_basic", "primitive"})
        for (const auto& entry : std::filesystem::directory_iterator(folder / kind)) {
            SCOPED_TRACE(entry.path());
            LoadedGraph loaded = load_graph_file((entry.path() / "frozen_model.pb").string());
            auto* file = std::get_if<std::shared_ptr<const GraphFile>>(&loaded);
            ASSERT_NE(file, nullptr) << to_text(std::get<Diagnostics>(loaded));
            Graph graph;
            const Diagnostics problems = import_graph(graph, **file);
            ASSERT_TRUE(problems.empty()) << to_text(problems);
            const int cells = check_graph(graph);
            EXPECT_GT(cells, 0);
            checked += cells;
            ++graphs;
        }
    EXPECT_EQ(graphs, 36);
    EXPECT_EQ(checked, 210) << "instances times iterations";
}

} // namespace
} // namespace rnnscope
