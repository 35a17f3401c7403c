// Loops whose layers are executed one after the other for many rounds: the same, bit by bit, as one visit at a time.

#include "core/runtime/round_run.hpp"
#include "tests/core/runtime/loop_graph.hpp"
#include "tests/core/runtime/transcript.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace rnnscope::runtime {
namespace {

using namespace rnnscope::testing;

struct Size {
    int rows, hidden, limit;
};

/// x goes its way; two layers, h = tanh([x, h] w) and g = tanh([h, g] w); and y = g w.
class GroupedRounds : public ::testing::TestWithParam<Size> {
  protected:
    LoopGraph loop_;
    std::vector<Output> fetches_;

    Tensor wave(std::int64_t rows, std::int64_t columns, float scale) const {
        std::vector<float> values;
        for (std::int64_t i = 0; i < rows * columns; ++i)
            values.push_back(scale * std::sin(static_cast<float>(i) * 0.7F));
        return Tensor::of<float>({rows, columns}, std::move(values));
    }
    Output constant(const std::string& name, Tensor value) {
        return loop_.enter(name + "/enter", loop_.constant(name, std::move(value)), true);
    }
    Output product(const std::string& name, Output a, std::int64_t depth) {
        const Output weights = constant(name + "/weights", wave(depth, GetParam().hidden, 0.1F));
        return {loop_.node(name, "MatMul", {a, weights}, {{"transpose_a", false}, {"transpose_b", false}}), 0};
    }
    Output layer(const std::string& name, Output input, Output state) {
        const Output axis = constant(name + "/axis", Tensor::scalar(1));
        const Output joined{loop_.node(name + "/joined", "ConcatV2", {input, state, axis}), 0};
        return {loop_.node(name + "/tanh", "Tanh", {product(name, joined, std::int64_t{2} * GetParam().hidden)}), 0};
    }
    void SetUp() override {
        const auto [rows, hidden, rounds] = GetParam();
        const Output limit = constant("limit", Tensor::scalar(rounds));
        const Output half = constant("half", Tensor::scalar(0.5F));
        auto i = loop_.carry("i", loop_.constant("zero", Tensor::scalar(0)));
        const Output less{loop_.node("less", "Less", {{i.merge, 0}, limit}), 0};
        const Output condition{loop_.node("cond", "LoopCond", {less}), 0};
        loop_.decide("i", i, condition);
        loop_.close("i", i, {loop_.node("add", "Add", {i.body, constant("one", Tensor::scalar(1))}), 0});
        const auto carry = [&, rows = rows, hidden = hidden](const std::string& name) {
            auto carried = loop_.carry(name, loop_.constant(name + "0", wave(rows, hidden, 0.9F)));
            loop_.decide(name, carried, condition);
            fetches_.push_back(carried.exit);
            return carried;
        };
        const auto x = carry("x"), h = carry("h"), g = carry("g"), y = carry("y");
        const Output square{loop_.node("square", "Mul", {x.body, x.body}), 0};
        const Output moved{loop_.node("moved", "Sub", {square, half}), 0};
        loop_.close("x", x, moved);
        const Output first = layer("first", moved, h.body), second = layer("second", first, g.body);
        loop_.close("h", h, first);
        loop_.close("g", g, second);
        loop_.close("y", y, product("projection", second, hidden));
    }
    Transcript run(std::uint64_t most, Keep keep, std::vector<Tensor>& results) {
        Session session(loop_.graph, SessionOptions{1, 1});
        auto run = session.start({fetches_, {}, {}});
        EXPECT_TRUE(run.ok());
        Transcript transcript;
        transcript.wanted = keep;
        while (!(*run)->done()) (*run)->advance(transcript, most);
        EXPECT_FALSE((*run)->error().has_value());
        results = (*run)->results();
        return transcript;
    }
};

TEST_P(GroupedRounds, AreWhatSingleVisitsWouldBe) {
    constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
    std::vector<Tensor> expected, results;
    const Transcript one_by_one = run(1, {}, expected);
    for (const Keep keep : {Keep{Keep::What::all, 1}, Keep{Keep::What::states, 1}, Keep{Keep::What::states, 5}}) {
        const Transcript at_once = run(all, keep, results);
        expect_same(loop_.graph, one_by_one, at_once);
        EXPECT_GT(at_once.in_blocks, at_once.lines.size() / 2);
        expect_thinned_same(at_once, 7);
        for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(results[i].identical(expected[i]));
    }
    run(all, {Keep::What::nothing, 1}, results);
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(results[i].identical(expected[i]));
}

TEST_P(GroupedRounds, BeginProductsBeforeTheirTurn) {
    std::vector<Tensor> results;
    const Transcript transcript = run(std::numeric_limits<std::uint64_t>::max(), {}, results);
    ASSERT_FALSE(transcript.heard.empty());
    const Round& round = *transcript.heard[0]->round_values()->round;
    EXPECT_EQ(std::ranges::max(round.groups), 4U); // x, two layers, and what reads the second
    const std::int64_t hidden = GetParam().hidden;
    std::vector<std::int64_t> known; // columns: of all three products
    for (const KnownColumns& columns : round.known)
        if (columns.columns > 0) known.push_back(columns.columns);
    EXPECT_EQ(known, (std::vector{hidden, hidden, hidden}));
}

INSTANTIATE_TEST_SUITE_P(Sizes, GroupedRounds,
                         ::testing::Values(Size{1, 100, 9}, Size{1, 100, 200}, Size{1, 128, 77}, Size{3, 100, 150},
                                           Size{9, 96, 70}));

} // namespace
} // namespace rnnscope::runtime
