#include "core/import/checkpoint_overlay.hpp"
#include "core/import/graph_file.hpp"
#include "core/import/graphdef_importer.hpp"
#include "core/runtime/client.hpp"
#include "core/runtime/session.hpp"
#include "tests/core/runtime/golden_run.hpp"

#include <cmath>
#include <fmt/format.h>

/// Models that real people trained with TensorFlow 0.11 to 1.15, run from their own checkpoints or constants.
namespace rnnscope {
namespace {

namespace fs = std::filesystem;

fs::path models_folder() {
    return fs::path(RNNSCOPE_SHARED_DIR) / "data" / "tf1";
}

/// A placeholder (or any tensor) and made-up values that fit it.
struct Feed {
    std::string tensor;
    DType dtype;
    Shape shape;
    std::int64_t below = 0; ///< integers are 1, 2, ... below - 1, 0 in turn; -n: all are n; floats lie in [0, 1)
};

struct Model {
    std::string file;
    std::string checkpoint; ///< beside the file; "": its initializers run, or there are no variables
    std::vector<Feed> feeds;
    std::string fetch;      ///< an output of inference
    std::string train = {}; ///< an op that makes a training step; "": the graph has none
    std::string init = {};  ///< the op that initializes, where no checkpoint is
    bool is_long = false;   ///< minutes without an optimizing compiler
};

void PrintTo(const Model& model, std::ostream* out) {
    *out << model.file;
}

constexpr DType f32 = DType::float32, i32 = DType::int32, i64 = DType::int64;

std::vector<Model> models() {
    return {
        {"gru-process-model/GRU.ckpt.meta",
         "GRU.ckpt",
         {{"Placeholder", f32, {2, 30, 4}}, {"Placeholder_1", f32, {2, 1}}},
         "Sigmoid",
         "Adam"},
        {"char-rnn-lstm-unrolled/model-85340.meta",
         "model-85340",
         {{"training/inputs", i64, {20, 10}, 65}, {"training/targets", i64, {20, 10}, 65}},
         "training/softmax/Softmax",
         "training/Adam"},
        {"seq2seq-letters-lstm/best_model.ckpt.meta",
         "best_model.ckpt",
         {{"input", i32, {128, 7}, 28},
          {"targets", i32, {128, 2}, 28},
          {"learning_rate", f32, {}},
          {"target_sequence_length", i32, {128}, -2},
          {"source_sequence_length", i32, {128}, -7}},
         "predictions",
         "optimization/Adam"},
        {"sentiment-lstm-training-run/model.ckpt-10006.meta",
         "model.ckpt-10006",
         {{"input_placeholder", f32, {24, 2450, 300}}, {"labels_placeholder", f32, {24, 3}}},
         "Softmax",
         "Adam",
         "",
         true},
        {"handson-basicrnn/my_time_series_model.meta",
         "my_time_series_model",
         {{"Placeholder", f32, {2, 20, 1}}, {"Placeholder_1", f32, {2, 20, 1}}},
         "dense/BiasAdd",
         "Adam"},
        {"har-lstm-unrolled-6862/frozen_har.pb", "", {{"input", f32, {2, 200, 3}}}, "y_", ""},
        {"kws-gru/GRU_S.pb", "", {{"Mfcc", f32, {1, 25, 10}}}, "labels_softmax", ""},
        {"kws-gru/GRU_L.pb", "", {{"Mfcc", f32, {1, 49, 10}}}, "labels_softmax", ""},
        {"kws-crnn/CRNN_S.pb", "", {{"Mfcc", f32, {1, 49, 10}}}, "labels_softmax", ""},
        {"kws-crnn/CRNN_M.pb", "", {{"Mfcc", f32, {1, 49, 10}}}, "labels_softmax", ""},
        {"kws-lstm/LSTM_S.pb", "", {{"Mfcc", f32, {1, 25, 10}}}, "labels_softmax", ""},
        {"kws-lstm/Basic_LSTM_S.pb", "", {{"Mfcc", f32, {1, 49, 10}}}, "labels_softmax", ""},
        {"g2p-gru-attention/model_epoch_14_gs_27956.meta",
         "",
         {{"grapheme", i32, {2, 20}, 29}, {"phoneme", i32, {2, 20}, 72}},
         "ArgMax",
         "Adam",
         "init"},
        {"mcfa-train-pbtxt-2301/MCFA.pb",
         "",
         {{"mn_input_y", f32, {2, 2}},
          {"dropout_keep_prob", f32, {}},
          {"is_training", DType::boolean, {}},
          {"en_input_x", i32, {2, 71}, 50},
          {"mn_input_x", i32, {2, 67}, 50}},
         "Softmax_2",
         "Adadelta",
         "init"},
        {"notebook-static-rnn/d9bef07_cell23_42n.pbtxt",
         "",
         {{"Placeholder", f32, {4, 3}}, {"Placeholder_1", f32, {4, 3}}},
         "rnn/basic_rnn_cell/Tanh_1",
         "",
         "init"},
    };
}

Tensor made_up(const Feed& feed) {
    const auto count = static_cast<std::size_t>(feed.shape.elements());
    if (feed.dtype == DType::boolean) return Tensor::of_bools(feed.shape, std::vector<bool>(count, true));
    if (feed.dtype == f32 && feed.shape == Shape{}) return Tensor::scalar(0.9F); // a rate
    std::vector<float> floats;
    std::vector<std::int64_t> integers;
    std::uint32_t state = 12345;
    for (std::size_t i = 0; i < count; ++i) {
        state = state * 1664525 + 1013904223;
        floats.push_back(static_cast<float>(state >> 8) / static_cast<float>(1 << 24));
        integers.push_back(feed.below <= 0 ? -feed.below : (1 + static_cast<std::int64_t>(i)) % feed.below);
    }
    if (feed.dtype == i64) return Tensor::of<std::int64_t>(feed.shape, integers);
    if (feed.dtype == i32)
        return Tensor::of<std::int32_t>(feed.shape, std::vector<std::int32_t>(integers.begin(), integers.end()));
    return Tensor::of<float>(feed.shape, floats);
}

Output output_of(const Graph& graph, const std::string& name) {
    const auto output = graph.find_tensor(name);
    EXPECT_TRUE(output.ok()) << name;
    return output ? *output : Output{};
}

/// Runs and says what went wrong, or "".
std::string run(runtime::Session& session, runtime::RunRequest request, std::vector<Tensor>* results = nullptr) {
    auto started = session.start(std::move(request));
    if (!started) return started.error().message;
    struct : runtime::RunObserver {
        void on_event(const runtime::Event&) override {}
    } silent;
    (*started)->finish(silent);
    if ((*started)->error()) return fmt::format("{}: {}", (*started)->error()->op, (*started)->error()->message);
    if (results != nullptr) *results = (*started)->results();
    return "";
}

bool all_finite(const Tensor& tensor) {
    const TensorStatistics found = statistics(tensor);
    return found.nans == 0 && found.infinities == 0;
}

void expect_probabilities(const Tensor& tensor) {
    const std::int64_t classes = tensor.shape().dim(tensor.shape().rank() - 1);
    for (std::int64_t i = 0; i < tensor.elements(); i += classes) {
        double sum = 0;
        for (std::int64_t k = 0; k < classes; ++k) sum += tensor.number(i + k);
        EXPECT_NEAR(sum, 1, 1e-5);
    }
}

/// An imported graph and a session on it, restored or initialized.
class Loaded {
  public:
    Loaded(const fs::path& file, const std::string& checkpoint, const std::string& init) {
        const LoadedGraph read = load_graph_file(file.string());
        const auto* content = std::get_if<std::shared_ptr<const GraphFile>>(&read);
        if (content == nullptr) {
            ADD_FAILURE() << to_text(std::get<Diagnostics>(read));
            return;
        }
        const Diagnostics problems = import_graph(graph, **content);
        EXPECT_TRUE(problems.empty()) << to_text(problems);
        runtime::SessionOptions options;
        options.checkpoints = std::make_shared<CheckpointOverlay>(file.parent_path().string());
        session = std::make_unique<runtime::Session>(graph, options);
        runtime::RunRequest request;
        if (!checkpoint.empty()) {
            EXPECT_TRUE((*content)->saver.has_value());
            request.targets = {graph.find((*content)->saver->restore_op)};
            request.feeds = {
                {output_of(graph, (*content)->saver->filename_tensor), Tensor::scalar<std::string>(checkpoint)}};
        } else if (!init.empty()) {
            request.targets = {graph.find(init)};
        } else {
            return;
        }
        EXPECT_EQ(run(*session, std::move(request)), "");
        for (const Variable& variable : graph.variables())
            EXPECT_TRUE(session->is_initialized(variable)) << variable.name;
    }

    Graph graph;
    std::unique_ptr<runtime::Session> session;
};

class RealModel : public ::testing::TestWithParam<Model> {};

TEST_P(RealModel, InfersAndTrains) {
    const Model& model = GetParam();
    const fs::path file = models_folder() / model.file;
    if (!fs::exists(file)) GTEST_SKIP() << "the real models are not here: " << models_folder();
#ifndef NDEBUG
    if (model.is_long) GTEST_SKIP() << "takes minutes in a build that is not optimized";
#endif
    Loaded loaded(file, model.checkpoint, model.init);
    const Graph& graph = loaded.graph;
    ASSERT_NE(loaded.session, nullptr);

    runtime::RunRequest inference;
    for (const Feed& feed : model.feeds) inference.feeds.push_back({output_of(graph, feed.tensor), made_up(feed)});
    inference.fetches = {output_of(graph, model.fetch)};
    const runtime::RunRequest request = inference;
    std::vector<Tensor> results;
    const std::string inferred = run(*loaded.session, request, &results);
    EXPECT_EQ(inferred, "");
    ASSERT_EQ(results.size(), 1U);
    EXPECT_GT(results[0].elements(), 0);
    EXPECT_TRUE(all_finite(results[0]));
    if (graph.node(request.fetches[0].node).op == "Softmax") expect_probabilities(results[0]);

    std::string trained = "has none";
    if (!model.train.empty()) {
        std::map<std::string, Tensor> before;
        for (const Variable& variable : graph.variables())
            before[variable.name] = *loaded.session->storage(variable)->value;
        runtime::RunRequest step = request;
        step.fetches.clear();
        step.targets = {graph.find(model.train)};
        trained = run(*loaded.session, std::move(step));
        EXPECT_EQ(trained, "");
        std::size_t changed = 0;
        for (const Node& node : graph.nodes()) {
            const bool applies = node.op.starts_with("Apply") || node.op.starts_with("SparseApply");
            const Variable* variable = applies ? graph.variable_of(node.inputs[0].node) : nullptr;
            if (variable == nullptr) continue;
            const Tensor& after = *loaded.session->storage(*variable)->value;
            EXPECT_FALSE(after.identical(before[variable->name])) << variable->name;
            EXPECT_TRUE(all_finite(after)) << variable->name;
            ++changed;
        }
        EXPECT_GT(changed, 0U);
        trained = trained.empty() ? fmt::format("ran, {} variables changed", changed) : trained;
    }
    fmt::print("| {} | {} nodes | inference: {} | training step: {} |\n", model.file, graph.size(),
               inferred.empty() ? "ran" : inferred, trained);
}

std::string model_name(const ::testing::TestParamInfo<Model>& info) {
    std::string name = fs::path(info.param.file).replace_extension().string();
    for (char& c : name)
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    return name;
}

INSTANTIATE_TEST_SUITE_P(Shared, RealModel, ::testing::ValuesIn(models()), model_name);

std::vector<std::vector<double>> read_csv(const fs::path& path) {
    std::ifstream in(path);
    std::vector<std::vector<double>> rows;
    for (std::string line; std::getline(in, line);) {
        std::istringstream cells(line);
        rows.emplace_back();
        for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(std::stod(cell));
    }
    return rows;
}

/// The author's program normalised the columns with the ranges of parameter.json, took 30 rows as the time steps, and
/// wrote down what it predicted.
TEST(RealModels, TheProcessModelPredictsWhatItsAuthorWroteDown) {
    const fs::path folder = models_folder() / "gru-process-model";
    if (!fs::exists(folder)) GTEST_SKIP() << "the real models are not here: " << models_folder();
    const auto ranges = nlohmann::json::parse(testing::read_text(folder / "parameter.json"));
    const auto range = [&](std::size_t column) {
        const auto& pair = ranges.at(std::to_string(column));
        return std::pair(pair.at(0).get<double>(), pair.at(1).get<double>());
    };
    const auto rows = read_csv(folder / "train.csv"), expected = read_csv(folder / "train_out.csv");
    constexpr std::size_t steps = 30, inputs = 4, first_row = 71;
    ASSERT_EQ(expected.size(), 4900U);
    ASSERT_EQ(rows.size(), expected.size() + 100);

    std::vector<float> windows;
    for (std::size_t k = 0; k < expected.size(); ++k)
        for (std::size_t step = 0; step < steps; ++step)
            for (std::size_t column = 1; column <= inputs; ++column) {
                const auto [low, high] = range(column);
                windows.push_back(static_cast<float>((rows[k + first_row + step][column] - low) / (high - low)));
            }
    Loaded loaded(folder / "GRU.ckpt.meta", "GRU.ckpt", "");
    runtime::RunRequest request;
    request.feeds = {{output_of(loaded.graph, "Placeholder"),
                      Tensor::of<float>({static_cast<std::int64_t>(expected.size()), steps, inputs}, windows)}};
    request.fetches = {output_of(loaded.graph, "Sigmoid")};
    std::vector<Tensor> results;
    ASSERT_EQ(run(*loaded.session, std::move(request), &results), "");
    const auto [low, high] = range(0);
    double worst = 0;
    for (std::size_t k = 0; k < expected.size(); ++k) {
        const double predicted = results[0].number(static_cast<std::int64_t>(k)) * (high - low) + low;
        worst = std::max(worst, std::abs(predicted - expected[k][1]));
    }
    EXPECT_LT(worst, 2e-5);
    fmt::print("4900 predictions, largest difference {:.2g}\n", worst);
}

} // namespace
} // namespace rnnscope
