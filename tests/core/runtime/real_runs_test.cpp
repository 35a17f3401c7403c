// Graphs that people trained are run: a step of training changes every variable it is about, and a frozen classifier's
// probabilities add up to 1. Inputs are constants, because only the arithmetic is looked at.

#include "core/import/graph_file.hpp"
#include "core/import/graphdef_importer.hpp"
#include "tests/core/runtime/golden_run.hpp"

#include <algorithm>
#include <cmath>

namespace rnnscope::runtime {
namespace {

using namespace rnnscope::testing;
namespace fs = std::filesystem;

struct RealFeed {
    std::string node;
    Shape shape;
    double value = 0;
};

struct RealRun {
    std::string file; ///< below data/tf1
    std::vector<RealFeed> feeds;
    std::string classes; ///< the tensor of probabilities; empty: a step of training
};

std::vector<RealRun> real_runs() {
    const std::string kws = "labels_softmax:0";
    return {{"char-rnn-lstm-unrolled/model-85340.meta",
             {{"training/inputs", {20, 10}, 1}, {"training/targets", {20, 10}, 2}},
             ""},
            {"g2p-gru-attention/model_epoch_14_gs_27956.meta", {{"grapheme", {2, 20}, 1}, {"phoneme", {2, 20}, 1}}, ""},
            {"gru-process-model/GRU.ckpt.meta", {{"Placeholder", {2, 30, 4}, 0.1}, {"Placeholder_1", {2, 1}, 0.3}}, ""},
            {"handson-basicrnn/my_time_series_model.meta",
             {{"Placeholder", {2, 20, 1}, 0.1}, {"Placeholder_1", {2, 20, 1}, 0.3}},
             ""},
            {"mcfa-train-pbtxt-2301/MCFA.pb",
             {{"mn_input_y", {1, 2}, 0.5},
              {"dropout_keep_prob", {}, 0.9},
              {"is_training", {}, 1},
              {"en_input_x", {1, 71}, 1},
              {"mn_input_x", {1, 67}, 1}},
             ""},
            {"seq2seq-letters-lstm/best_model.ckpt.meta",
             {{"input", {128, 3}, 1},
              {"targets", {128, 3}, 2},
              {"learning_rate", {}, 0.01},
              {"target_sequence_length", {128}, 3},
              {"source_sequence_length", {128}, 3}},
             ""},
            {"kws-gru/GRU_S.pb", {{"Mfcc", {1, 25, 10}, 0.5}}, kws},
            {"kws-crnn/CRNN_S.pb", {{"Mfcc", {1, 49, 10}, 0.5}}, kws},
            {"kws-lstm/LSTM_S.pb", {{"Mfcc", {1, 25, 10}, 0.5}}, kws},
            {"kws-lstm/Basic_LSTM_S.pb", {{"Mfcc", {1, 49, 10}, 0.5}}, kws},
            {"har-lstm-unrolled-6862/frozen_har.pb", {{"input", {2, 200, 3}, 0.1}}, "y_:0"}};
}

Tensor constant_tensor(DType dtype, const Shape& shape, double value) {
    const auto count = static_cast<std::size_t>(shape.elements());
    switch (dtype) {
    case DType::float32:
        return Tensor::of<float>(shape, std::vector<float>(count, static_cast<float>(value)));
    case DType::int32:
        return Tensor::of<std::int32_t>(shape, std::vector<std::int32_t>(count, static_cast<std::int32_t>(value)));
    case DType::int64:
        return Tensor::of<std::int64_t>(shape, std::vector<std::int64_t>(count, static_cast<std::int64_t>(value)));
    case DType::boolean:
        return Tensor::of_bools(shape, std::vector<bool>(count, value != 0));
    default:
        ADD_FAILURE() << "no input has the type " << dtype_name(dtype);
        return {};
    }
}

class RealRuns : public ::testing::TestWithParam<RealRun> {
  protected:
    void SetUp() override {
        const fs::path file = fs::path(RNNSCOPE_SHARED_DIR) / "data" / "tf1" / GetParam().file;
        if (!fs::exists(file)) GTEST_SKIP() << "the graph is not here: " << file;
        const LoadedGraph loaded = load_graph_file(file.string());
        ASSERT_TRUE(std::holds_alternative<std::shared_ptr<const GraphFile>>(loaded))
            << to_text(std::get<Diagnostics>(loaded));
        const Diagnostics problems = import_graph(graph_, *std::get<std::shared_ptr<const GraphFile>>(loaded));
        ASSERT_TRUE(problems.empty()) << to_text(problems);
        session_ = std::make_unique<Session>(graph_);
    }

    /// The error's text, or "".
    std::string run(RunRequest request, std::vector<Tensor>* results = nullptr) {
        auto run = session_->start(std::move(request));
        if (!run) return run.error().message;
        Watcher watcher(graph_);
        (*run)->finish(watcher);
        if (const auto& error = (*run)->error()) return error->op + ": " + error->message;
        EXPECT_EQ((*run)->live_frames(), 0U);
        if (results != nullptr) *results = (*run)->results();
        return "";
    }

    RunRequest request() {
        RunRequest request;
        for (const RealFeed& feed : GetParam().feeds) {
            const auto output = graph_.find_tensor(feed.node);
            EXPECT_TRUE(output.ok()) << feed.node;
            if (output)
                request.feeds.push_back({*output, constant_tensor(graph_.info(*output).dtype, feed.shape, feed.value)});
        }
        return request;
    }

    /// Initial values may depend on other variables (slots on what they belong to), so it takes several rounds.
    void initialize() {
        std::string problem = "no round yet";
        for (int round = 0; round < 4 && !problem.empty(); ++round) {
            problem.clear();
            for (const Variable& variable : graph_.variables())
                if (variable.initializer.valid())
                    if (std::string text = run({{}, {}, {variable.initializer}}); !text.empty()) problem = text;
        }
        ASSERT_EQ(problem, "");
    }

    /// Optimizers' ops and the variables that they change.
    std::map<NodeId, const Variable*> steps() {
        std::map<NodeId, const Variable*> found;
        for (const Node& node : graph_.nodes())
            if (node.op.starts_with("Apply") || node.op.starts_with("SparseApply"))
                found.emplace(node.id, graph_.variable_of(node.inputs[0].node));
        return found;
    }

    void train() {
        initialize();
        const auto applied = steps();
        ASSERT_FALSE(applied.empty());
        std::map<NodeId, Tensor> before;
        RunRequest step = request();
        for (const auto& [node, variable] : applied) {
            ASSERT_NE(variable, nullptr);
            before[node] = *session_->storage(*variable)->value;
            step.targets.push_back(node);
        }
        ASSERT_EQ(run(std::move(step)), "");
        for (const auto& [node, variable] : applied) {
            const Tensor& after = *session_->storage(*variable)->value;
            EXPECT_FALSE(after.identical(before[node])) << variable->name << " did not change";
            const TensorStatistics numbers = statistics(after);
            EXPECT_EQ(numbers.nans + numbers.infinities, 0) << variable->name;
        }
    }

    void classify() {
        RunRequest wanted = request();
        wanted.fetches.push_back(*graph_.find_tensor(GetParam().classes));
        std::vector<Tensor> results;
        ASSERT_EQ(run(std::move(wanted), &results), "");
        const Tensor& probabilities = results[0];
        const std::int64_t rows = probabilities.shape().dim(0), classes = probabilities.elements() / rows;
        EXPECT_GT(classes, 1);
        for (std::int64_t row = 0; row < rows; ++row) {
            double sum = 0, largest = 0;
            for (std::int64_t c = 0; c < classes; ++c) {
                sum += probabilities.number(row * classes + c);
                largest = std::max(largest, probabilities.number(row * classes + c));
            }
            EXPECT_NEAR(sum, 1, 1e-5);
            EXPECT_GT(largest, 1.5 / static_cast<double>(classes)) << "what was trained prefers a class";
        }
    }

    Graph graph_;
    std::unique_ptr<Session> session_;
};

TEST_P(RealRuns, Run) {
    if (GetParam().classes.empty())
        train();
    else
        classify();
}

INSTANTIATE_TEST_SUITE_P(Graphs, RealRuns, ::testing::ValuesIn(real_runs()), [](const auto& test) {
    std::string name = test.param.file;
    std::ranges::replace_if(
        name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
    return name;
});

} // namespace
} // namespace rnnscope::runtime
