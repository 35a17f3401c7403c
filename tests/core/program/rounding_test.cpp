// Rounding::tf1_15 against what TensorFlow printed: the five forward programs of chapter 14 of the notebooks to
// "Hands-On Machine Learning" (ageron/handson-ml), executed by their author with TensorFlow 1.x on a CPU, graph
// seed 42.

#include "core/program/document.hpp"
#include "core/program/evaluator.hpp"

#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rnnscope::program {
namespace {

struct Printed {
    const char* name;
    const char* build;
    const char* run;                         ///< fetches and feeds
    std::vector<std::vector<double>> values; ///< by fetch, as printed: 8 decimals at most
};

constexpr const char* two_placeholders = R"(
  {"let": "X0", "call": "placeholder", "args": ["$tf.float32", [null, 3]]},
  {"let": "X1", "call": "placeholder", "args": ["$tf.float32", [null, 3]]},)";
constexpr const char* one_placeholder = R"(
  {"let": "X", "call": "placeholder", "args": ["$tf.float32", [null, 2, 3]]},)";
constexpr const char* cell = R"({"let": "cell", "call": "nn.rnn_cell.BasicRNNCell", "args": {"num_units": 5}},)";
constexpr const char* feed_two = R"({"$X0": {"array": [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 0, 1]]},
  "$X1": {"array": [[9, 8, 7], [0, 0, 0], [6, 5, 4], [3, 2, 1]]}})";
constexpr const char* feed_one = R"("$X": {"array": [[[0, 1, 2], [9, 8, 7]], [[3, 4, 5], [0, 0, 0]],
  [[6, 7, 8], [6, 5, 4]], [[9, 0, 1], [3, 2, 1]]]})";

const std::vector<Printed>& printed() {
    static const std::vector<Printed> programs{
        {"by_hand",
         R"({"let": "Wx", "call": "Variable", "args": [{"call": "random_normal", "kwargs": {"shape": [3, 5], "dtype": "$tf.float32"}}]},
            {"let": "Wy", "call": "Variable", "args": [{"call": "random_normal", "kwargs": {"shape": [5, 5], "dtype": "$tf.float32"}}]},
            {"let": "b", "call": "Variable", "args": [{"call": "zeros", "args": [[1, 5]], "kwargs": {"dtype": "$tf.float32"}}]},
            {"let": "Y0", "call": "tanh", "args": [{"+": [{"call": "matmul", "args": ["$X0", "$Wx"]}, "$b"]}]},
            {"let": "Y1", "call": "tanh", "args": [{"+": [{"+": [{"call": "matmul", "args": ["$Y0", "$Wy"]},
              {"call": "matmul", "args": ["$X1", "$Wx"]}]}, "$b"]}]},)",
         R"(["$Y0", "$Y1"])",
         {{-0.0664006, 0.9625767, 0.68105793, 0.7091854,  -0.898216,   0.9977755,  -0.719789,
           -0.9965761, 0.9673924, -0.9998972, 0.99999774, -0.99898803, -0.9999989, 0.9967762,
           -0.9999999, 1.0,       -1.0,       -1.0,       -0.99818915, 0.9995087},
          {1.0,        -1.0,       -1.0,        0.4020025,  -0.9999998, -0.12210419, 0.62805265,
           0.9671843,  -0.9937122, -0.2583937,  0.9999983,  -0.9999994, -0.9999975,  -0.85943305,
           -0.9999881, 0.99928284, -0.99999815, -0.9999058, 0.9857963,  -0.92205757}}},
        {"static_rnn",
         R"({"let": ["Y", "states"], "call": "nn.static_rnn", "args": ["$cell", ["$X0", "$X1"]], "kwargs": {"dtype": "$tf.float32"}},
            {"let": ["Y0", "Y1"], "value": "$Y"},)",
         R"(["$Y0", "$Y1"])",
         {{0.30741334, -0.32884315, -0.6542847,  -0.9385059, 0.52089024,  0.99122757, -0.9542541,
           -0.7518079, -0.9995208,  0.9820235,   0.9999268,  -0.99783254, -0.8247353, -0.9999963,
           0.99947774, 0.996771,    -0.68750614, 0.8419969,  0.9303911,   0.8120684},
          {0.99998885,  -0.99976057, -0.0667929,  -0.9999803, 0.99982214,  -0.6524943,  -0.51520866,
           -0.37968948, -0.5922594,  -0.08968379, 0.99862397, -0.99715203, -0.03308626, -0.9991566,
           0.9932902,   0.99681675,  -0.9598194,  0.39660627, -0.8307606,  0.79671973}}},
        {"static_rnn_of_one_tensor",
         R"({"let": "Xs", "call": "unstack", "args": [{"call": "transpose", "args": ["$X"], "kwargs": {"perm": [1, 0, 2]}}]},
            {"let": "cell", "call": "nn.rnn_cell.BasicRNNCell", "args": {"num_units": 5}},
            {"let": ["Y", "states"], "call": "nn.static_rnn", "args": ["$cell", "$Xs"], "kwargs": {"dtype": "$tf.float32"}},
            {"let": "outputs", "call": "transpose", "args": [{"call": "stack", "args": ["$Y"]}], "kwargs": {"perm": [1, 0, 2]}},)",
         R"(["$outputs"])",
         {{-0.45652324, -0.68064123, 0.40938237, 0.63104504,  -0.45732826, -0.9428799, -0.9998869, 0.94055814,
           0.9999985,   -0.9999997,  -0.8001535, -0.9921827,  0.7817797,   0.9971032,  -0.9964609, -0.637116,
           0.11300927,  0.5798437,   0.4310559,  -0.6371699,  -0.93605185, -0.9998379, 0.9308867,  0.9999815,
           -0.99998295, -0.9165386,  -0.9945604, 0.896054,    0.99987197,  -0.9999751, 0.9927369,  -0.9981933,
           -0.55543643, 0.9989031,   -0.9953323, -0.02746338, -0.73191994, 0.7827872,  0.9525682,  -0.9781773}}},
        {"dynamic_rnn",
         R"({"let": ["outputs", "states"], "call": "nn.dynamic_rnn", "args": ["$cell", "$X"], "kwargs": {"dtype": "$tf.float32"}},)",
         R"(["$outputs"])",
         {{-0.85115266, 0.87358344,  0.5802911,  0.8954789,   -0.0557505, -0.999996,   0.99999577, 0.9981815,
           1.0,         0.37679607,  -0.9983293, 0.9992038,   0.98071456, 0.999985,    0.25192663, -0.7081804,
           -0.0772338,  -0.85227895, 0.5845349,  -0.78780943, -0.9999827, 0.99999535,  0.9992863,  1.0,
           0.5159072,   -0.9993956,  0.9984095,  0.83422637,  0.99999976, -0.47325212, 0.87888587, 0.07356028,
           0.97216916,  0.9998546,   -0.7351168, -0.9134514,  0.3600957,  0.7624866,   0.99817705, 0.80142}}},
        {"dynamic_rnn_with_lengths",
         R"({"let": "n", "call": "placeholder", "args": ["$tf.int32", [null]]},
            {"let": ["outputs", "states"], "call": "nn.dynamic_rnn", "args": ["$cell", "$X"],
             "kwargs": {"dtype": "$tf.float32", "sequence_length": "$n"}},)",
         R"(["$outputs", "$states"])",
         {{-0.9123188,  0.16516446, 0.5548655,  -0.39159346, 0.20846416,  -1.0,       0.956726,    0.99831694,
           0.99970174,  0.96518576, -0.9998612, 0.6702289,   0.9723653,   0.6631046,  0.74457586,  0,
           0,           0,          0,          0,           -0.99999976, 0.8967997,  0.9986295,   0.9647514,
           0.93662,     -0.9999526, 0.9681953,  0.96002865,  0.98706263,  0.85459226, -0.96435434, 0.99501586,
           -0.36150697, 0.9983378,  0.999497,   -0.9613586,  0.9568762,   0.7132288,  0.97729224,  -0.0958299},
          {-1.0,       0.956726,   0.99831694, 0.99970174, 0.96518576, -0.9998612, 0.6702289,
           0.9723653,  0.6631046,  0.74457586, -0.9999526, 0.9681953,  0.96002865, 0.98706263,
           0.85459226, -0.9613586, 0.9568762,  0.7132288,  0.97729224, -0.0958299}}}};
    return programs;
}

struct LastRun : EvaluationObserver {
    std::vector<Tensor> results;
    std::uint64_t in_steps = 0;
    void on_event(const runtime::Event&) override { ++in_steps; }
    void on_run_done(RunId, const RunOutcome& outcome) override {
        EXPECT_FALSE(outcome.error.has_value());
        results = outcome.results;
    }
};

class PrintedByTensorFlow : public ::testing::TestWithParam<Printed> {
  protected:
    /// `most`: events at once; 1 visits one node after the other.
    std::vector<Tensor> run(std::string_view rounding, std::uint64_t most) {
        const std::string name = GetParam().name;
        const bool is_two = name == "by_hand" || name == "static_rnn";
        const bool has_cell = name != "by_hand" && name != "static_rnn_of_one_tensor"; // which makes it later
        std::string feed = is_two ? std::string(feed_two) : fmt::format("{{{}", feed_one);
        if (!is_two) feed += name == "dynamic_rnn_with_lengths" ? R"(, "$n": {"array": [2, 1, 2, 2]}})" : "}";
        const std::string text = fmt::format(
            R"({{"format": "rnnscope/1", "graph_seed": 42, "rounding": "{}", "program": [{}{}{}
              {{"let": "init", "call": "global_variables_initializer"}}, {{"let": "sess", "call": "Session"}},
              {{"call": "$sess.run", "args": ["$init"]}}, {{"call": "$sess.run", "args": [{}, {}]}}]}})",
            rounding, is_two ? two_placeholders : one_placeholder, has_cell ? cell : "", GetParam().build,
            GetParam().run, feed);
        const auto document = Document::read(text, "printed.json", "");
        if (const auto* mistakes = std::get_if<Diagnostics>(&document)) {
            ADD_FAILURE() << to_text(*mistakes);
            return {};
        }
        Evaluator evaluator(std::get<0>(document)->program_ptr());
        LastRun last;
        while (!evaluator.done()) evaluator.advance(last, most);
        if (evaluator.error()) ADD_FAILURE() << evaluator.error()->message;
        return last.results;
    }
};

/// numpy prints at most 8 decimals: the nearest that tell a float from its neighbours.
std::string digits(double value) {
    std::string shortest = fmt::format("{}", static_cast<float>(value));
    const std::string rounded = fmt::format("{:.8f}", value);
    return shortest.size() > rounded.size() ? rounded : shortest;
}

TEST_P(PrintedByTensorFlow, IsTheSameToTheLastDigit) {
    for (const std::uint64_t most : {std::uint64_t{1}, std::numeric_limits<std::uint64_t>::max()}) {
        const std::vector<Tensor> results = run("tf1.15", most);
        ASSERT_EQ(results.size(), GetParam().values.size());
        for (std::size_t i = 0; i < results.size(); ++i) {
            const auto& expected = GetParam().values[i];
            ASSERT_EQ(static_cast<std::size_t>(results[i].elements()), expected.size());
            for (std::size_t j = 0; j < expected.size(); ++j) {
                const double value = results[i].number(static_cast<std::int64_t>(j));
                EXPECT_EQ(digits(std::stod(digits(value))), digits(expected[j])) << i << ", " << j;
            }
        }
    }
}

TEST_P(PrintedByTensorFlow, IsNearWithTheFastRounding) {
    const std::vector<Tensor> results = run("fast", std::numeric_limits<std::uint64_t>::max());
    ASSERT_EQ(results.size(), GetParam().values.size());
    for (std::size_t i = 0; i < results.size(); ++i)
        for (std::size_t j = 0; j < GetParam().values[i].size(); ++j)
            EXPECT_NEAR(results[i].number(static_cast<std::int64_t>(j)), GetParam().values[i][j], 2e-6);
}

INSTANTIATE_TEST_SUITE_P(Notebook, PrintedByTensorFlow, ::testing::ValuesIn(printed()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(RoundingOfPrograms, IsOneOfTwo) {
    const auto read = [](std::string_view rounding) {
        return Document::read(fmt::format(R"({{"format": "rnnscope/1", "rounding": {}, "program": []}})", rounding),
                              "x.json", "");
    };
    EXPECT_EQ(std::get<0>(read(R"("tf1.15")"))->program().rounding, ops::Rounding::tf1_15);
    EXPECT_EQ(std::get<0>(read(R"("fast")"))->program().rounding, ops::Rounding::fast);
    const auto wrong = read(R"("exact")");
    ASSERT_TRUE(std::holds_alternative<Diagnostics>(wrong));
    EXPECT_EQ(std::get<Diagnostics>(wrong)[0].code, "program.rounding");
    EXPECT_TRUE(std::holds_alternative<Diagnostics>(read("1")));
}

} // namespace
} // namespace rnnscope::program
