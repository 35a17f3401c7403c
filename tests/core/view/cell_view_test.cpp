// The cell's view: its numbers are compared with the cell computed here from inputs and weights alone.

#include "core/debug/command.hpp"
#include "core/view/cell_maps.hpp"
#include "core/view/cell_view.hpp"
#include "tests/core/debug/real_model.hpp"
#include "tests/core/golden_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <gtest/gtest.h>

using namespace rnnscope;

namespace {

using Row = std::vector<double>;

void run(debug::Debugger& debugger, const std::string& id, const std::string& argument = "") {
    const auto result = debug::execute(debugger, {id, argument, "test"});
    ASSERT_TRUE(result.ok()) << result.error().message;
    debugger.wait();
}

void open_sample(debug::Debugger& debugger, const std::string& sample) {
    const Diagnostics mistakes = debugger.open(std::string(RNNSCOPE_SOURCE_DIR) + "/samples/programs/" + sample);
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
}

/// A program with one dynamic_rnn over sin(0.1 n), run to its end.
void open_rnn(debug::Debugger& debugger, const std::string& cell, int batch, int steps) {
    const std::string text = fmt::format(R"({{
      "format": "rnnscope/1", "title": "t", "tensorflow": "1.15", "graph_seed": 42,
      "program": [
        {{"let": "x", "call": "placeholder", "args": ["$tf.float32", [null, null, 3]]}},
        {{"let": "cell", {}}},
        {{"let": ["outputs", "state"], "call": "nn.dynamic_rnn", "args": ["$cell", "$x"], "kwargs": {{"dtype": "$tf.float32"}}}},
        {{"let": "init", "call": "global_variables_initializer"}},
        {{"let": "sess", "call": "Session"}},
        {{"call": "$sess.run", "args": ["$init"]}},
        {{"let": "xs", "generate": "sin", "shape": [{}, {}, 3], "step": 0.1}},
        {{"let": "y", "call": "$sess.run", "args": ["$outputs"], "kwargs": {{"feed_dict": {{"$x": "$xs"}}}}}}
      ]}})",
                                         cell, batch, steps);
    const Diagnostics mistakes = debugger.open_text(text, "t.json", "");
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    run(debugger, "run.continue");
}

const std::string lstm = R"("call": "nn.rnn_cell.BasicLSTMCell", "args": [4])";
const std::string gru = R"("call": "nn.rnn_cell.GRUCell", "args": [4])";

/// Just after time step `t` of the track.
void go_to_step(debug::Debugger& debugger, const view::CellOptions& options, std::size_t t) {
    const view::CellView view = view::build_cell(debugger, options);
    ASSERT_TRUE(view.run.valid());
    const view::CellSteps steps(debugger, view.tracks[view.track], view.run);
    run(debugger, "go.position", std::to_string(steps.tick_after(t)));
}

view::CellMaps whole_maps(const debug::Debugger& debugger, const view::CellView& view) {
    view::CellMaps maps;
    maps.want(debugger, view);
    while (!maps.work(debugger, std::chrono::milliseconds(5))) {
    }
    return maps;
}

double sigmoid(double x) {
    return 1 / (1 + std::exp(-x));
}

/// A weight at the position, by the end of its variable's name.
Tensor weight(const debug::Debugger& debugger, const std::string& end) {
    for (const Variable& variable : debugger.graph()->variables())
        if (variable.name.ends_with(end))
            return debugger.recording().value_at(debugger.current_session(), variable.name, debugger.position());
    ADD_FAILURE() << "no variable ends with " << end;
    return {};
}

/// [x, h] times column `column` of the kernel, plus the bias.
double affine(const Row& x, const Row& h, const Tensor& kernel, const Tensor& bias, std::int64_t column) {
    double sum = bias.number(column);
    const std::int64_t columns = kernel.shape().dim(1);
    for (std::size_t i = 0; i < x.size() + h.size(); ++i)
        sum += (i < x.size() ? x[i] : h[i - x.size()]) * kernel.number(static_cast<std::int64_t>(i) * columns + column);
    return sum;
}

/// The inputs of `sin` data: sin(0.1 n), n counted over [batch, steps, inputs].
Row input(std::int64_t example, std::size_t t, std::size_t steps, std::size_t width) {
    Row row;
    for (std::size_t i = 0; i < width; ++i)
        row.push_back(std::sin(0.1 * static_cast<double>((static_cast<std::size_t>(example) * steps + t) * width + i)));
    return row;
}

struct Gru {
    Row r, u, c, h;
};
/// One step of a GRU as TensorFlow's GRUCell: reset before the product, u keeps the old state.
Gru gru_step(const Row& x, const Row& before, const Tensor& gates, const Tensor& gates_bias, const Tensor& candidate,
             const Tensor& candidate_bias) {
    Gru out;
    const auto units = static_cast<std::int64_t>(before.size());
    Row reset;
    for (std::int64_t k = 0; k < units; ++k) {
        out.r.push_back(sigmoid(affine(x, before, gates, gates_bias, k)));
        out.u.push_back(sigmoid(affine(x, before, gates, gates_bias, units + k)));
        reset.push_back(out.r.back() * before[static_cast<std::size_t>(k)]);
    }
    for (std::size_t k = 0; k < before.size(); ++k) {
        out.c.push_back(std::tanh(affine(x, reset, candidate, candidate_bias, static_cast<std::int64_t>(k))));
        out.h.push_back(out.u[k] * before[k] + (1 - out.u[k]) * out.c[k]);
    }
    return out;
}

double number_of(const view::CellView& view, char letter) {
    const view::CellQuantity* quantity = view.quantity(letter);
    EXPECT_NE(quantity, nullptr) << letter;
    EXPECT_TRUE(quantity != nullptr && quantity->known) << letter;
    return quantity != nullptr ? quantity->value : std::nan("");
}

void expect_golden(const std::string& name, const std::string& text) {
    rnnscope::testing::expect_golden("view", name, text);
}

} // namespace

TEST(CellView, ShowsWhatAGruOfTwoLayersComputes) {
    debug::Debugger debugger;
    open_sample(debugger, "seed_a_ok.json");
    run(debugger, "run.continue");
    const std::size_t steps = 5, width = 10, units = 64;
    for (const std::int64_t example : {0, 1}) {
        Row first(units, 0.0), second(units, 0.0);
        for (std::size_t t = 0; t < steps; ++t) {
            const auto layer = [&](const std::string& name, const Row& x, const Row& before) {
                return gru_step(x, before, weight(debugger, name + "/gru_cell/gates/kernel"),
                                weight(debugger, name + "/gru_cell/gates/bias"),
                                weight(debugger, name + "/gru_cell/candidate/kernel"),
                                weight(debugger, name + "/gru_cell/candidate/bias"));
            };
            const Gru cells[] = {layer("cell_0", input(example, t, steps, width), first),
                                 layer("cell_1", layer("cell_0", input(example, t, steps, width), first).h, second)};
            for (std::size_t track = 0; track < 2; ++track) {
                const Row& before = track == 0 ? first : second;
                for (const std::int64_t unit : {0, 11, 63}) {
                    view::CellOptions options{track, unit, example, t, 0};
                    const view::CellView view = view::build_cell(debugger, options);
                    const auto k = static_cast<std::size_t>(unit);
                    EXPECT_EQ(view.examples, 2);
                    EXPECT_NEAR(number_of(view, 'r'), cells[track].r[k], 1e-5);
                    EXPECT_NEAR(number_of(view, 'u'), cells[track].u[k], 1e-5);
                    EXPECT_NEAR(number_of(view, 'c'), cells[track].c[k], 1e-5);
                    EXPECT_NEAR(number_of(view, 'h'), cells[track].h[k], 1e-5);
                    EXPECT_NEAR(view.previous, before[k], 1e-5);
                    ASSERT_EQ(view.equations.size(), 4u);
                    for (const view::CellEquation& equation : view.equations)
                        EXPECT_TRUE(equation.explained) << equation.letter << " at t = " << t;
                    EXPECT_NEAR(sigmoid(view.equations[1].sum), cells[track].u[k], 1e-5);
                    EXPECT_NEAR(view.equations[3].summands[0], cells[track].u[k] * before[k], 1e-5);
                    double sum = 0;
                    for (const view::CellTerm& term : view.equations[2].terms) sum += term.value;
                    EXPECT_NEAR(std::tanh(sum), cells[track].c[k], 1e-5);
                }
            }
            first = cells[0].h;
            second = cells[1].h;
        }
    }
    EXPECT_EQ(view::build_cell(debugger).tracks[1].label, "cell_1/gru_cell");
}

TEST(CellView, GoesWithThePosition) {
    debug::Debugger debugger;
    open_sample(debugger, "seed_a_ok.json");
    run(debugger, "run.continue");
    go_to_step(debugger, {}, 3);
    view::CellOptions options;
    options.unit = 11;
    const view::CellView view = view::build_cell(debugger, options);
    EXPECT_EQ(view.now, 3u);
    EXPECT_FALSE(view.is_peek);
    expect_golden("seed_a_ok_cell", to_text(view) + to_text(whole_maps(debugger, view)));

    // In the middle of a time step the rest of it is not there yet.
    const view::CellSteps steps(debugger, view.tracks[view.track], view.run);
    const auto r = steps.event("u", 4);
    ASSERT_TRUE(r);
    run(debugger, "go.position", std::to_string(debugger.recording().tick_of(view.run, *r) + 1));
    const view::CellView half = view::build_cell(debugger, options);
    EXPECT_EQ(half.now, 4u);
    EXPECT_TRUE(half.quantity('u')->known);
    EXPECT_FALSE(half.quantity('h')->known);
    EXPECT_TRUE(half.quantity('h')->later);
    EXPECT_FALSE(half.equations[3].known);
}

TEST(CellView, IsADiagramBeforeAnythingRan) {
    debug::Debugger debugger;
    open_sample(debugger, "seed_a_ok.json");
    EXPECT_EQ(to_text(view::build_cell(debugger)), "Nothing was built yet. Run the program to see its cells.\n");
    while (debugger.recording().sessions() == 0) run(debugger, "step.over");
    const view::CellView view = view::build_cell(debugger);
    EXPECT_FALSE(view.run.valid());
    EXPECT_EQ(view.units, 64);
    expect_golden("seed_a_ok_cell_not_run", to_text(view));
}

TEST(CellView, SaysThatAFailedRunDidNotReachTheCell) {
    debug::Debugger debugger;
    open_sample(debugger, "seed_a_init_early.json");
    run(debugger, "run.continue");
    ASSERT_TRUE(debugger.error_at_position());
    const view::CellView view = view::build_cell(debugger);
    EXPECT_TRUE(view.empty.empty());
    EXPECT_FALSE(view.hint.empty());
    EXPECT_EQ(view.steps, 0u);
    for (const view::CellQuantity& quantity : view.quantities) EXPECT_FALSE(quantity.known);
}

TEST(CellView, MarksWhatIsDerivedFromMissingValues) {
    debug::Debugger debugger;
    debugger.set_poisons(true);
    open_sample(debugger, "seed_b_scope_miss_layer1.json");
    run(debugger, "run.continue");
    run(debugger, "go.end");
    const view::CellView layer0 = view::build_cell(debugger, {0, 0, 0, {}, 0}),
                         layer1 = view::build_cell(debugger, {1, 0, 0, {}, 0});
    ASSERT_EQ(layer1.tracks.size(), 2u);
    EXPECT_FALSE(layer0.quantity('r')->poisoned);
    EXPECT_TRUE(layer1.quantity('h')->poisoned);
    const view::CellMaps maps = whole_maps(debugger, layer1);
    for (const std::uint8_t flags : maps.maps().back().flags) EXPECT_TRUE((flags & view::CellMap::poisoned) != 0);
}

TEST(CellView, ShowsWhatAnLstmComputes) {
    debug::Debugger debugger;
    open_rnn(debugger, lstm, 2, 6);
    Row h(4, 0.0), c(4, 0.0);
    for (std::size_t t = 0; t < 6; ++t) {
        const Tensor kernel = weight(debugger, "kernel"), bias = weight(debugger, "bias");
        const Row x = input(1, t, 6, 3), before = c;
        Row next = h;
        for (std::int64_t k = 0; k < 4; ++k) { // i, j, f, o; forget_bias is 1
            const double i = sigmoid(affine(x, h, kernel, bias, k)), j = std::tanh(affine(x, h, kernel, bias, 4 + k)),
                         f = sigmoid(affine(x, h, kernel, bias, 8 + k) + 1),
                         o = sigmoid(affine(x, h, kernel, bias, 12 + k));
            const auto at = static_cast<std::size_t>(k);
            c[at] = f * before[at] + i * j;
            next[at] = o * std::tanh(c[at]);
            const view::CellView view = view::build_cell(debugger, {0, k, 1, t, 0});
            EXPECT_NEAR(number_of(view, 'i'), i, 1e-5);
            EXPECT_NEAR(number_of(view, 'j'), j, 1e-5);
            EXPECT_NEAR(number_of(view, 'f'), f, 1e-5);
            EXPECT_NEAR(number_of(view, 'o'), o, 1e-5);
            EXPECT_NEAR(number_of(view, 'c'), c[at], 1e-5);
            EXPECT_NEAR(number_of(view, 'h'), next[at], 1e-5);
            EXPECT_NEAR(view.previous_c, before[at], 1e-5);
            ASSERT_EQ(view.equations.size(), 6u);
            for (const view::CellEquation& equation : view.equations)
                EXPECT_TRUE(equation.explained) << equation.letter;
            EXPECT_EQ(view.equations[2].terms.back().caption, "forget_bias");
        }
        h = next;
    }
    const view::CellView view = view::build_cell(debugger, {0, 2, 1, {}, 0});
    EXPECT_EQ(view.now, 5u) << "at the end of the program the last time step is shown";
    expect_golden("lstm_cell", to_text(view) + to_text(whole_maps(debugger, view)));
}

/// Kernels of x and of h apart, gates in other orders, biases in two rows or two variables, and r before or after the
/// product: every equation comes out as the run did.
TEST(CellView, ExplainsWhatCellsOfKerasAndCuDNNCompute) {
    for (const auto& [name, equations] : {std::pair<std::string, std::size_t>{"keras.layers.SimpleRNNCell", 1},
                                          {"keras.layers.GRUCell", 4},
                                          {"compat.v2.keras.layers.GRUCell", 4},
                                          {"keras.layers.LSTMCell", 6},
                                          {"compat.v2.keras.layers.LSTMCell", 6},
                                          {"contrib.cudnn_rnn.CudnnCompatibleGRUCell", 4}}) {
        debug::Debugger debugger;
        const bool has_initializer = name.find("keras") != std::string::npos;
        open_rnn(debugger,
                 fmt::format(R"("call": "{}", "args": [4]{})", name,
                             has_initializer ? R"(, "kwargs": {"bias_initializer": "ones"})" : ""),
                 2, 3);
        for (std::size_t t = 0; t < 3; ++t)
            for (std::int64_t unit = 0; unit < 4; ++unit) {
                const view::CellView view = view::build_cell(debugger, {0, unit, 1, t, 0});
                ASSERT_EQ(view.equations.size(), equations) << name;
                for (const view::CellEquation& equation : view.equations)
                    EXPECT_TRUE(equation.explained) << name << ", " << equation.letter << ", unit " << unit;
            }
        const view::CellView view = view::build_cell(debugger, {0, 0, 0, 0, 0});
        const bool is_gru = name.find("GRU") != std::string::npos;
        EXPECT_EQ(view.resets_product, is_gru && name != "keras.layers.GRUCell") << name;
        EXPECT_EQ(view.has_recurrent_bias, view.resets_product) << name;
        const char* recurrent = has_initializer ? "recurrent [4, 12]" : "recurrent [4, 4]";
        EXPECT_EQ(view.recurrent_weight, view.resets_product ? recurrent : "") << name;
        if (name == "compat.v2.keras.layers.GRUCell")
            expect_golden("keras_gru_cell", to_text(view::build_cell(debugger, {0, 2, 1, {}, 0})));
    }
}

TEST(CellView, FollowsAStaticUnroll) {
    debug::Debugger debugger;
    open_sample(debugger, "nb17_static_rnn.json");
    run(debugger, "run.continue");
    const view::CellView view = view::build_cell(debugger, {0, 1, 2, {}, 0});
    ASSERT_EQ(view.tracks.size(), 1u);
    EXPECT_EQ(view.steps, 2u);
    const Tensor kernel = weight(debugger, "kernel"), bias = weight(debugger, "bias");
    Row h;
    for (std::int64_t k = 0; k < 5; ++k) h.push_back(std::tanh(affine({6, 7, 8}, Row(5, 0.0), kernel, bias, k)));
    EXPECT_NEAR(view::build_cell(debugger, {0, 1, 2, 0, 0}).quantity('h')->value, h[1], 1e-5);
    EXPECT_NEAR(number_of(view, 'h'), std::tanh(affine({6, 5, 4}, h, kernel, bias, 1)), 1e-5);
    expect_golden("nb17_cell", to_text(view));
}

TEST(CellView, TenThousandTimeStepsAreSummedUp) {
    debug::Debugger debugger;
    open_rnn(debugger, gru, 1, 10000);
    const view::CellView view = view::build_cell(debugger, {0, 3, 0, {}, 0});
    ASSERT_EQ(view.steps, 10000u);
    view::CellMaps maps;
    maps.want(debugger, view);
    EXPECT_FALSE(maps.work(debugger, std::chrono::microseconds(1))) << "not all at once";
    EXPECT_GT(maps.filled(), 0u);
    while (!maps.work(debugger, std::chrono::milliseconds(5))) {
    }
    EXPECT_EQ(maps.columns(), view::CellMaps::most_columns);
    const view::CellMap& h = maps.maps().back();
    ASSERT_EQ(h.of_unit.size(), 10000u);
    for (const std::size_t column : {std::size_t{0}, std::size_t{777}, maps.columns() - 1}) {
        double farthest = 0;
        for (std::size_t t = maps.first_step(column); t < maps.end_step(column); ++t) {
            EXPECT_EQ(maps.column_of(t), column);
            if (std::fabs(h.of_unit[t]) > std::fabs(farthest)) farthest = h.of_unit[t];
        }
        EXPECT_NEAR(h.values[h.at(column, 3)], farthest, 1e-6);
    }
    const std::size_t generation = maps.generation();
    maps.want(debugger, view);
    EXPECT_TRUE(maps.work(debugger, std::chrono::milliseconds(5)));
    EXPECT_EQ(maps.generation(), generation) << "what is known is not read again";
}

TEST(CellView, ShowsTheCellOfARealGraph) {
    if (!std::filesystem::exists(tests::process_model())) GTEST_SKIP() << "the real graph is not here";
    debug::Debugger debugger;
    tests::open_process_model(debugger, {}, "sin(1,30,4)");
    run(debugger, "run.continue");
    const view::CellView view = view::build_cell(debugger, {0, 5, 0, {}, 0});
    for (const view::CellEquation& equation : view.equations) EXPECT_TRUE(equation.explained) << equation.letter;
    expect_golden("process_model_cell", to_text(view) + to_text(whole_maps(debugger, view)));
}

TEST(CellView, ARunOnItsWayHasNotComeToTheCellYet) {
    debug::Debugger debugger;
    open_sample(debugger, "seed_a_ok.json");
    std::vector<std::string> said;
    for (int i = 0; i < 600; ++i) {
        run(debugger, "step.op");
        const view::CellView view = view::build_cell(debugger, {});
        if (view.run.valid()) break; // it has come to it
        if (!view.empty.empty() || !debugger.current_run().valid()) continue;
        EXPECT_EQ(view.is_coming, view.whose.find("has not come to this cell yet") != std::string::npos) << view.whose;
        if (said.empty() || said.back() != view.whose) said.push_back(view.whose);
    }
    // The init op computes no cell, also not later; the run after it does.
    const std::vector<std::string> expected = {"No value: run 1 does not compute this cell",
                                               "No value: run 2 has not come to this cell yet"};
    EXPECT_EQ(said, expected);
}

TEST(CellView, SaturationIsNearTheEnds) {
    EXPECT_TRUE(view::is_saturated(view::CellScale::gate, false, 0.96));
    EXPECT_TRUE(view::is_saturated(view::CellScale::gate, false, 0.04));
    EXPECT_FALSE(view::is_saturated(view::CellScale::gate, false, 0.9));
    EXPECT_TRUE(view::is_saturated(view::CellScale::state, true, -0.97));
    EXPECT_FALSE(view::is_saturated(view::CellScale::state, false, -3)) << "an LSTM's c has no ends";
}
