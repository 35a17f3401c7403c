// Whole models with the weights that Keras trained, and the outputs that Keras itself computed for them.

#include "core/runtime/session.hpp"
#include "tests/core/runtime/golden_run.hpp"
#include "tests/core/tf1/program.hpp"

#include <sstream>

namespace rnnscope::runtime {
namespace {

using nlohmann::json;
using namespace rnnscope::testing;
using tf1::Keywords;
using tf1::Tf;
using tf1::Value;

struct Model {
    const char *folder, *name;
    int implementation = 1; ///< of the recurrent layer
};

std::vector<float> numbers_of(const std::filesystem::path& csv) {
    std::istringstream in(read_text(csv));
    std::vector<float> numbers;
    for (float number = 0; in >> number;) numbers.push_back(number);
    return numbers;
}

std::int64_t width_of(const json& layer) {
    return layer.at("shape").back().get<std::int64_t>();
}

/// A layer of the file on top of `x`.
Value built(Tf& tf, const json& layer, int implementation, const Value& x) {
    const std::string type = layer.at("type"), activation = layer.at("activation");
    if (type == "dense" || type == "time-distributed-dense") {
        const Value function = activation.empty() ? Value() : *tf1::find_constant("nn." + activation);
        return tf("layers.dense", {x, width_of(layer)}, {{"activation", function}});
    }
    Keywords keywords{{"activation", activation},
                      {"recurrent_activation", "sigmoid"},
                      {"implementation", implementation},
                      {"return_sequences", true}};
    if (type == "gru") keywords.emplace_back("reset_after", true);
    const Value recurrent = tf(type == "gru" ? "keras.layers.GRU" : "keras.layers.LSTM", {width_of(layer)}, keywords);
    const Result<Value> result = tf1::call_value(tf.context, recurrent, {x}, {});
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
    return result.ok() ? *result : Value();
}

std::vector<Tensor> results_of(Session& session, const Graph& graph, RunRequest request) {
    auto run = session.start(std::move(request));
    EXPECT_TRUE(run.ok()) << (run.ok() ? "" : run.error().message);
    if (!run.ok()) return {};
    Watcher watcher(graph);
    (*run)->finish(watcher);
    EXPECT_FALSE((*run)->error().has_value()) << ((*run)->error() ? (*run)->error()->message : "");
    return (*run)->error() ? std::vector<Tensor>{} : (*run)->results();
}

class KerasModels : public ::testing::TestWithParam<Model> {};

TEST_P(KerasModels, ComputeWhatKerasComputed) {
    const Model& model = GetParam();
    const std::filesystem::path folder = std::filesystem::path(RNNSCOPE_SHARED_DIR) / "data" / "golden" / model.folder;
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the models are not here: " << folder;
    const std::string name = model.name;
    const json layers = json::parse(read_text(folder / (name + ".json"))).at("layers");
    const std::vector<float> given = numbers_of(folder / (name + "_x_python.csv")),
                             expected = numbers_of(folder / (name + "_y_python.csv"));
    ASSERT_EQ(given.size(), expected.size());
    const auto steps = static_cast<std::int64_t>(given.size());
    ASSERT_GT(steps, 10);

    Tf tf;
    const Value x = tf("placeholder", {DType::float32, tf1::ints({1, steps, 1})});
    Value y = x;
    RunRequest first, second;
    std::vector<Tensor> weights;
    for (const json& layer : layers) {
        y = built(tf, layer, model.implementation, y);
        for (const json& weight : layer.at("weights")) {
            std::vector<double> numbers;
            flatten(weight, numbers);
            const std::size_t at = weights.size();
            ASSERT_LT(at, tf.graph().variables().size());
            const Shape& shape = tf.graph().variables()[at].shape;
            ASSERT_EQ(shape.elements(), static_cast<std::int64_t>(numbers.size()));
            weights.push_back(Tensor::of<float>(shape, std::vector<float>(numbers.begin(), numbers.end())));
        }
    }
    const Graph& graph = tf.graph();
    ASSERT_EQ(weights.size(), graph.variables().size());
    for (std::size_t i = 0; i < weights.size(); ++i) {
        first.feeds.push_back({graph.variables()[i].initial_value, weights[i]});
        first.targets.push_back(graph.variables()[i].initializer);
    }
    second.feeds.push_back({x.as<tf1::TensorValue>()->output, Tensor::of<float>({1, steps, 1}, given)});
    second.fetches = {y.as<tf1::TensorValue>()->output};
    Session session(graph);
    results_of(session, graph, std::move(first));
    const std::vector<Tensor> results = results_of(session, graph, std::move(second));
    ASSERT_EQ(results.size(), 1U);
    ASSERT_EQ(results[0].shape(), (Shape{1, steps, 1}));
    for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_NEAR(results[0].number(static_cast<std::int64_t>(i)), expected[i], 1e-6) << "step " << i;
}

INSTANTIATE_TEST_SUITE_P(Models, KerasModels,
                         ::testing::Values(Model{"rtneural-gru-1d", "gru_1d"}, Model{"rtneural-gru", "gru"},
                                           Model{"rtneural-gru", "gru", 2}, Model{"rtneural-lstm-1d", "lstm_1d"},
                                           Model{"rtneural-lstm-1d", "lstm_1d", 2}),
                         [](const auto& test) {
                             return std::string(test.param.name) + "_" + std::to_string(test.param.implementation);
                         });

} // namespace
} // namespace rnnscope::runtime
